/*
 * edge_answer.h: HTTP/1.1 answers, as bytes: what a warm connection and an upgrade to WebSocket
 * read. Pure.
 */
#ifndef EDGE_ANSWER_H
#define EDGE_ANSWER_H

#include <base/base.h>

#define EDGE_HEAD_BYTES_MAX ((size_t)64 << 10)

typedef struct edge_answer {
    int status;
    size_t head_at, head_bytes; /* the header lines, each ended by \r\n */
    bool closes;                /* the connection is over after it */
} edge_answer;

typedef enum edge_parsed {
    EDGE_PARSED_MORE,  /* so far good, not whole */
    EDGE_PARSED_WHOLE, /* and nothing after it */
    EDGE_PARSED_WRONG
} edge_parsed;

/* Reads an answer to a POST from its first byte; interim ones (1xx) are skipped. `ended`: no more
 * bytes will come. `body` gets what it carries, chunks joined; its `failed` is the caller's to
 * check. */
edge_parsed edge_answer_read(const char *data, size_t bytes, bool ended, size_t body_bytes_max,
                             edge_answer *out, base_buffer *body);

/* The value of a header among lines, trimmed; NULL: it is not there. */
const char *edge_header_find(const char *lines, size_t lines_bytes, const char *name,
                             size_t *bytes);

#endif
