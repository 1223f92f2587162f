/*
 * http1.h: HTTP/1.1 requests out of bytes, as they come: a pure state machine.
 *
 * Strict: CRLF lines, one Content-Length of digits, no chunked bodies (411), no folded headers, no
 * control bytes. Whatever bytes come, in whatever pieces, the same requests come out.
 */
#ifndef EXCHANGE_HTTP1_H
#define EXCHANGE_HTTP1_H

#include <base/base.h>

#define HTTP1_HEAD_BYTES_MAX (16u << 10)
#define HTTP1_BODY_BYTES_MAX (1u << 20)

typedef enum http1_result {
    HTTP1_MORE,     /* bytes are missing */
    HTTP1_CONTINUE, /* the client waits for "100 Continue" before it sends the body; told once */
    HTTP1_REQUEST,
    HTTP1_REFUSED /* `status` says how; the connection is of no more use */
} http1_result;

/* Texts live until the next call. */
typedef struct http1_request {
    const char *method, *target;
    const char *headers; /* "Name: value\n" lines, terminated */
    const char *body;
    size_t body_bytes;
    bool keep_alive;
    bool upgrade;           /* to WebSocket, version 13 */
    char websocket_key[32]; /* "" where it is none */
} http1_request;

typedef struct http1 {
    base_buffer in;
    size_t taken;                  /* bytes of `in` that the last request used */
    size_t scanned;                /* no end of head before here */
    size_t head_bytes, body_bytes; /* head 0: not read yet */
    bool continue_told, failed;
    base_buffer method, target, headers;
    http1_request request;
    int status; /* REFUSED: 400, 411, 413, 431, 505 */
} http1;

void http1_init(http1 *parser, const hean_allocator *allocator);
void http1_deinit(http1 *parser);
/* HEAN_E_NO_MEMORY. */
hean_status http1_feed(http1 *parser, const void *data, size_t bytes) HEAN_WARN_UNUSED;
/* The next request, or why there is none; ask again after REQUEST and CONTINUE. */
http1_result http1_next(http1 *parser);
/* What came behind the last request. */
const char *http1_rest(const http1 *parser, size_t *bytes);

#endif
