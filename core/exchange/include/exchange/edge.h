/*
 * edge.h: moves the bytes that the state machines ask for (wire.h): libcurl multi for HTTP, wslay
 * over a libcurl connection for WebSocket, all in one libuv loop.
 *
 * TLS is verified; HTTP/2 where offered; proxies from the environment; timeouts on connect, TLS,
 * first byte and idle; redirects are never followed.
 */
#ifndef EXCHANGE_EDGE_H
#define EXCHANGE_EDGE_H

#include <exchange/wire.h>

typedef struct edge edge;

/* Called from edge_run, never from inside another call. */
typedef struct edge_sink {
    void *context;
    void (*response)(void *context, const wire_response *response);
    void (*socket)(void *context, uint64_t socket, wire_socket_event what, const char *text,
                   size_t bytes, int64_t now_ns);
} edge_sink;

typedef struct edge_options {
    const hean_allocator *allocator;
    const char *ca_file; /* NULL: the system's; for tests against a certificate of their own */
    int64_t connect_timeout_ns, idle_timeout_ns;
    size_t message_bytes_max; /* of one WebSocket message; 16 MiB */
    size_t warm_connections;  /* of POST requests, HTTP/1.1, one request at a time each; 4 */
} edge_options;

edge_options edge_options_default(void);
hean_status edge_open(const edge_options *options, const edge_sink *sink, edge **out,
                      hean_error *error) HEAN_WARN_UNUSED;
void edge_close(edge *edge);
/* Takes an action over; its texts are copied. W1 holds from here on. */
hean_status edge_do(edge *edge, const wire_action *action, hean_error *error) HEAN_WARN_UNUSED;
/* Moves what can be moved, waits at most until `until_ns` (monotonic), returns after anything
 * happened. */
hean_status edge_run(edge *edge, int64_t until_ns, hean_error *error) HEAN_WARN_UNUSED;
/* From a signal handler or another thread: edge_run returns soon. */
void edge_wake(edge *edge);

#endif
