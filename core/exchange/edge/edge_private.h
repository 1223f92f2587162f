/*
 * edge_private.h: between the loop (edge.c), HTTP exchanges (edge_http.c), connections kept warm
 * for orders (edge_lane.c) and WebSocket connections (edge_socket.c).
 *
 * Invariants
 *   D1  an owner (request or socket) is in exactly one list; it is freed only by edge.c's loop,
 *       never below a callback of curl or wslay that still has it on its stack.
 *   D2  curl's multi handle is never entered from inside one of curl's own callbacks.
 */
#ifndef EDGE_PRIVATE_H
#define EDGE_PRIVATE_H

#include <curl/curl.h>
#include <exchange/edge.h>
#include <uv.h>

typedef struct edge_request edge_request;
typedef struct edge_socket edge_socket;
typedef struct edge_lane edge_lane;

/* libuv's status and events. */
typedef void (*edge_ready_fn)(void *owner, int status, int events);

/* One file descriptor that libuv watches. */
typedef struct edge_watch {
    uv_poll_t poll; /* first: it is what libuv hands back */
    edge *edge;
    edge_ready_fn ready; /* NULL: it is curl's */
    void *owner;
    curl_socket_t fd;
} edge_watch;

struct edge {
    const hean_allocator *allocator;
    edge_options options;
    char *ca_file, *no_proxy;
    edge_sink sink;
    uv_loop_t loop;
    uv_timer_t curl_timer, deadline;
    uv_async_t wake;
    bool loop_open;
    CURLM *multi;
    edge_request *requests; /* under way */
    edge_request *spare;    /* ended: their handles are used again */
    edge_request **done_last, *done;
    edge_socket *sockets;
    edge_lane *lanes;
    uint64_t told; /* callbacks so far */
};

/* ---- edge.c ---- */

/* The options that every handle has. */
bool edge_set_common(edge *edge, CURL *handle);
edge_watch *edge_watch_open(edge *edge, curl_socket_t fd, edge_ready_fn ready, void *owner);
bool edge_watch_start(edge_watch *watch, bool read, bool write);
/* Frees it once libuv lets go of it. */
void edge_watch_close(edge_watch *watch);

/* ---- edge_http.c ---- */

/* `kick`: curl has something to do. */
hean_status edge_http_start(edge *edge, const wire_action *action, bool *kick, hean_error *error);
/* curl says that a handle is through. */
void edge_http_done(edge *edge, edge_request *request, CURLcode code);
/* Tells what has ended. */
void edge_http_deliver(edge *edge);
void edge_http_close_all(edge *edge);

/* ---- edge_socket.c ---- */

hean_status edge_socket_open(edge *edge, const wire_action *action, hean_error *error);
hean_status edge_socket_send(edge *edge, const wire_action *action, hean_error *error);
void edge_socket_shut(edge *edge, uint64_t id);
/* The connection stands (or not): the upgrade follows. */
void edge_socket_connected(edge_socket *socket, CURLcode code);
void edge_socket_ready(void *owner, int status, int events);
/* Tells which went down, ends idle ones, frees what is closed. Returns when the next is due. */
int64_t edge_socket_sweep(edge *edge, int64_t now_ns);
void edge_socket_close_all(edge *edge);

/* ---- edge_lane.c ---- */

/* Sends a POST over a warm connection, if there is one; else may open one for the next. */
bool edge_lane_start(edge *edge, const wire_action *action);
void edge_lane_connected(edge_lane *lane, CURLcode code);
void edge_lane_ready(void *owner, int status, int events);
/* As edge_socket_sweep: also tells the answers. */
int64_t edge_lane_sweep(edge *edge, int64_t now_ns);
void edge_lane_close_all(edge *edge);

/* CURLOPT_PRIVATE of every handle: who it belongs to. */
typedef struct edge_owner {
    edge_request *request; /* one of the three */
    edge_socket *socket;
    edge_lane *lane;
} edge_owner;

#endif
