/*
 * reader_lines.c: one buffer, refilled from behind; it grows to the longest line and no further
 * than READER_LINE_BYTES_MAX.
 */
#include "reader_lines.h"

#include <string.h>

#define START_BYTES 65536u

hean_status reader_lines_open(const hean_allocator *allocator, const char *path,
                              const reader_part *part, reader_lines *out, hean_error *error)
{
    hean_status status;

    memset(out, 0, sizeof *out);
    out->allocator = allocator;
    status = reader_bytes_open(allocator, path, part, &out->bytes, error);
    if (status != HEAN_OK)
        return status;
    out->capacity = START_BYTES;
    out->buffer = base_alloc(allocator, START_BYTES + READER_LINE_PADDING);
    if (out->buffer == NULL) {
        reader_lines_close(out);
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
    }
    return HEAN_OK;
}

void reader_lines_close(reader_lines *lines)
{
    reader_bytes_close(lines->bytes);
    base_free(lines->allocator, lines->buffer);
    memset(lines, 0, sizeof *lines);
}

/* Moves what is left to the front and reads more behind it. */
static hean_status refill(reader_lines *lines, hean_error *error)
{
    size_t left = lines->end - lines->begin;
    size_t got;
    hean_status status;

    memmove(lines->buffer, lines->buffer + lines->begin, left);
    lines->begin = 0;
    lines->end = left;
    if (left == lines->capacity) {
        size_t grown_bytes = lines->capacity * 2;
        char *grown =
            base_resize(lines->allocator, lines->buffer, grown_bytes + READER_LINE_PADDING);
        if (grown == NULL)
            return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
        memset(grown + lines->capacity, 0, grown_bytes + READER_LINE_PADDING - lines->capacity);
        lines->buffer = grown;
        lines->capacity = grown_bytes;
    }
    status =
        reader_bytes_read(lines->bytes, lines->buffer + left, lines->capacity - left, &got, error);
    if (status != HEAN_OK)
        return status;
    lines->at_end = got == 0;
    lines->end = left + got;
    lines->has_zero = memchr(lines->buffer, 0, lines->end) != NULL;
    memset(lines->buffer + lines->end, 0, READER_LINE_PADDING);
    if (lines->line == 0 && left == 0 && got >= 3 && memcmp(lines->buffer, "\xef\xbb\xbf", 3) == 0)
        lines->begin = 3;
    return HEAN_OK;
}

/* Drops the rest of a line that is longer than the buffer may be. */
static hean_status skip_line(reader_lines *lines, hean_error *error)
{
    for (;;) {
        char *end = memchr(lines->buffer + lines->begin, '\n', lines->end - lines->begin);
        if (end != NULL) {
            lines->begin = (size_t)(end + 1 - lines->buffer);
            return HEAN_OK;
        }
        lines->begin = lines->end;
        if (lines->at_end)
            return HEAN_OK;
        hean_status status = refill(lines, error);
        if (status != HEAN_OK)
            return status;
    }
}

hean_status reader_lines_next(reader_lines *lines, const char **text, size_t *bytes,
                              reader_line_kind *kind, hean_error *error)
{
    size_t searched = 0, length;
    const char *start, *end = NULL;
    hean_status status;

    for (;;) {
        size_t left = lines->end - lines->begin;
        start = lines->buffer + lines->begin;
        if (left > searched)
            end = memchr(start + searched, '\n', left - searched);
        if (end != NULL || lines->at_end || left > READER_LINE_BYTES_MAX)
            break;
        searched = left;
        status = refill(lines, error);
        if (status != HEAN_OK)
            return status;
        if (lines->begin > 0)
            searched = 0; /* a byte order mark was dropped */
    }
    if (end == NULL && lines->begin == lines->end) {
        *kind = READER_LINE_END;
        return HEAN_OK;
    }
    lines->line++;
    *kind = READER_LINE_TEXT;
    if (end == NULL && !lines->at_end) {
        *kind = READER_LINE_TOO_LONG;
        *text = "";
        *bytes = 0;
        return skip_line(lines, error);
    }
    length = end != NULL ? (size_t)(end - start) : lines->end - lines->begin;
    lines->begin += length + (end != NULL ? 1 : 0);
    if (length > 0 && start[length - 1] == '\r')
        length--;
    if (length > READER_LINE_BYTES_MAX)
        *kind = READER_LINE_TOO_LONG;
    else if (lines->has_zero && memchr(start, 0, length) != NULL)
        *kind = READER_LINE_BINARY;
    *text = start;
    *bytes = length;
    return HEAN_OK;
}
