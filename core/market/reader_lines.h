/*
 * reader_lines.h: a stream of bytes as lines, in constant memory.
 *
 * LF or CRLF; a last line without an end counts; a UTF-8 byte order mark at the start is dropped.
 * What is no text (a 0 byte) or too long is told to the caller, who counts it as a bad row.
 */
#ifndef MARKET_READER_LINES_H
#define MARKET_READER_LINES_H

#include "reader_bytes.h"

/* The longest line; an order-book snapshot of thousands of levels fits. */
#define READER_LINE_BYTES_MAX (1u << 20)
/* Bytes after a line that may be read (not written), so that scanners need no end check each. */
#define READER_LINE_PADDING 16

typedef enum reader_line_kind {
    READER_LINE_TEXT,
    READER_LINE_TOO_LONG, /* its text is not given */
    READER_LINE_BINARY,   /* holds a 0 byte */
    READER_LINE_END       /* no more lines */
} reader_line_kind;

typedef struct reader_lines {
    reader_bytes *bytes;
    const hean_allocator *allocator;
    char *buffer;
    size_t capacity, begin, end;
    uint64_t line; /* number of the line that was given last, from 1 */
    bool at_end;   /* of the bytes */
    bool has_zero; /* somewhere in the buffer */
} reader_lines;

hean_status reader_lines_open(const hean_allocator *allocator, const char *path,
                              const reader_part *part, reader_lines *out,
                              hean_error *error) HEAN_WARN_UNUSED;
void reader_lines_close(reader_lines *lines);

/* The next line without its end; it lives until the next call, and a byte that is neither digit
 * nor letter follows it. */
hean_status reader_lines_next(reader_lines *lines, const char **text, size_t *bytes,
                              reader_line_kind *kind, hean_error *error) HEAN_WARN_UNUSED;

#endif
