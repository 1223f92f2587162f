/*
 * wire.h: the seam between what decides (pure state machines: venue.h, and the language model's
 * client) and what moves bytes (edge.h, or a simulator).
 *
 * A state machine is asked for actions until it has none; whoever carries them out tells it what
 * came of each. Nobody here reads a clock: time comes with every call.
 *
 * Invariants
 *   W1  every HTTP action gets exactly one response, whatever happens.
 *   W2  NOT_SENT is said only when not one byte of the request can have reached the peer. Anything
 *       doubtful is UNKNOWN.
 *   W3  texts of an action are valid until the next call into the machine that made it.
 */
#ifndef EXCHANGE_WIRE_H
#define EXCHANGE_WIRE_H

#include <base/base.h>

typedef enum wire_action_kind {
    WIRE_HTTP,
    WIRE_SOCKET_OPEN,
    WIRE_SOCKET_SEND, /* one text message */
    WIRE_SOCKET_CLOSE /* no more of it is told */
} wire_action_kind;

typedef struct wire_action {
    wire_action_kind kind;
    uint64_t id;        /* HTTP: of the request. SOCKET: of the connection, chosen by the machine */
    const char *method; /* HTTP: "GET", "POST" */
    const char *url;    /* HTTP, SOCKET_OPEN: whole, sent as it stands */
    const char *headers; /* HTTP: "Name: value\n" lines; secrets may be in it: never logged */
    const char *body;    /* HTTP, SOCKET_SEND; NULL: none (a GET never has one) */
    size_t body_bytes;
    int64_t timeout_ns; /* HTTP: for the whole exchange */
    size_t response_bytes_max;
} wire_action;

typedef enum wire_outcome {
    WIRE_DONE,     /* an answer was read whole */
    WIRE_NOT_SENT, /* no connection: certainly not received */
    WIRE_UNKNOWN   /* timed out or cut after something was sent; or an answer over the size cap */
} wire_outcome;

typedef struct wire_response {
    uint64_t id;
    wire_outcome outcome;
    const char *why; /* not DONE: in words */
    int http_status;
    const char *headers; /* as received: "Name: value" lines, ended by \n or \r\n; terminated */
    const char *body;    /* terminated */
    size_t body_bytes;
    int64_t sent_ns, received_ns; /* wall clock, for latency and clock offset */
} wire_response;

/* What a Retry-After header says: seconds, or a date as HTTP writes it; at most a week. -1:
 * neither.
 */
int64_t wire_retry_after_ns(const char *value, size_t bytes, int64_t now_ns);
/* The value of a header, its blanks cut off; false: it is not there. */
bool wire_header(const char *headers, const char *name, const char **value, size_t *bytes);

typedef enum wire_socket_event {
    WIRE_SOCKET_UP,
    WIRE_SOCKET_MESSAGE, /* one whole text message */
    WIRE_SOCKET_DOWN     /* closed by the peer, cut, or never opened: `text` says why */
} wire_socket_event;

#endif
