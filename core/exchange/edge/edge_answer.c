/*
 * edge_answer.c: see edge_answer.h. What is not plainly right is WRONG: the connection is closed
 * then, and the outcome of its request is not known.
 */
#include "edge_answer.h"

#include <string.h>
#include <strings.h>

static const char *line_end(const char *at, const char *end)
{
    return at < end ? memmem(at, (size_t)(end - at), "\r\n", 2) : NULL;
}

const char *edge_header_find(const char *lines, size_t lines_bytes, const char *name, size_t *bytes)
{
    const char *at = lines, *end = lines + lines_bytes, *stop;
    size_t name_bytes = strlen(name);

    for (; (stop = line_end(at, end)) != NULL; at = stop + 2) {
        if ((size_t)(stop - at) <= name_bytes || at[name_bytes] != ':' ||
            strncasecmp(at, name, name_bytes) != 0)
            continue;
        at += name_bytes + 1;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        *bytes = (size_t)(stop - at);
        return at;
    }
    return NULL;
}

/* Is `word` in the value? One that is absurdly long is taken for a yes: both who ask then close. */
static bool header_has(const char *lines, size_t lines_bytes, const char *name, const char *word)
{
    size_t bytes = 0;
    const char *value = edge_header_find(lines, lines_bytes, name, &bytes);
    char text[64];

    if (value == NULL || bytes >= sizeof text)
        return value != NULL;
    memcpy(text, value, bytes);
    text[bytes] = 0;
    return strcasestr(text, word) != NULL;
}

/* A whole number in `base`; `at` is left behind it. False: none, or absurd. */
static bool read_size(const char **at, const char *end, int base, size_t *out)
{
    const char *begin = *at;
    size_t value = 0;

    for (; *at < end; (*at)++) {
        char letter = **at;
        int digit = letter >= '0' && letter <= '9'   ? letter - '0'
                    : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
                    : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                                     : 99;
        if (digit >= base)
            break;
        if (value > SIZE_MAX / 32)
            return false;
        value = value * (size_t)base + (size_t)digit;
    }
    *out = value;
    return *at > begin;
}

/* From the first chunk each time: bodies of answers to orders are short. Trailers are WRONG. */
static edge_parsed read_chunks(const char *at, const char *end, size_t body_bytes_max,
                               base_buffer *body)
{
    body->length = 0;
    for (;;) {
        const char *stop = line_end(at, end);
        size_t bytes;
        if (stop == NULL)
            return end - at > 64 ? EDGE_PARSED_WRONG : EDGE_PARSED_MORE;
        if (!read_size(&at, stop, 16, &bytes) || (at < stop && *at != ';'))
            return EDGE_PARSED_WRONG;
        at = stop + 2;
        if (bytes > body_bytes_max - body->length)
            return EDGE_PARSED_WRONG;
        if ((size_t)(end - at) < bytes + 2)
            return EDGE_PARSED_MORE;
        if (memcmp(at + bytes, "\r\n", 2) != 0)
            return EDGE_PARSED_WRONG;
        base_buffer_append(body, at, bytes);
        at += bytes + 2;
        if (body->failed || bytes == 0)
            return at == end ? EDGE_PARSED_WHOLE : EDGE_PARSED_WRONG;
    }
}

static edge_parsed read_body(const char *lines, size_t lines_bytes, const char *at, const char *end,
                             bool ended, size_t body_bytes_max, base_buffer *body)
{
    size_t bytes = 0, wanted = 0;
    const char *length = edge_header_find(lines, lines_bytes, "Content-Length", &bytes);

    if (edge_header_find(lines, lines_bytes, "Transfer-Encoding", &bytes) != NULL)
        return header_has(lines, lines_bytes, "Transfer-Encoding", "chunked") && length == NULL
                   ? read_chunks(at, end, body_bytes_max, body)
                   : EDGE_PARSED_WRONG;
    if (length == NULL) { /* up to the connection's end */
        if ((size_t)(end - at) > body_bytes_max)
            return EDGE_PARSED_WRONG;
        if (!ended)
            return EDGE_PARSED_MORE;
        wanted = (size_t)(end - at);
    } else {
        const char *digits = length;
        if (!read_size(&digits, length + bytes, 10, &wanted) || digits != length + bytes)
            return EDGE_PARSED_WRONG;
    }
    if (wanted > body_bytes_max)
        return EDGE_PARSED_WRONG;
    if ((size_t)(end - at) < wanted)
        return EDGE_PARSED_MORE;
    body->length = 0;
    base_buffer_append(body, at, wanted);
    return (size_t)(end - at) == wanted ? EDGE_PARSED_WHOLE : EDGE_PARSED_WRONG;
}

edge_parsed edge_answer_read(const char *data, size_t bytes, bool ended, size_t body_bytes_max,
                             edge_answer *out, base_buffer *body)
{
    const char *at = data, *end = data + bytes;

    for (;;) {
        const char *head_end = at < end ? memmem(at, (size_t)(end - at), "\r\n\r\n", 4) : NULL;
        const char *first, *digits = at + 9;
        edge_parsed result;
        size_t status = 0;
        if (head_end == NULL)
            return (size_t)(end - at) > EDGE_HEAD_BYTES_MAX ? EDGE_PARSED_WRONG : EDGE_PARSED_MORE;
        first = line_end(at, head_end + 2);
        if (first - at < 12 || strncmp(at, "HTTP/1.1 ", 9) != 0 ||
            !read_size(&digits, first, 10, &status) || status < 100 || status > 999)
            return EDGE_PARSED_WRONG;
        if (status < 200) {
            at = head_end + 4;
            continue;
        }
        out->status = (int)status;
        out->head_at = (size_t)(first + 2 - data);
        out->head_bytes = (size_t)(head_end - first);
        first += 2;
        result = read_body(first, out->head_bytes, head_end + 4, end, ended, body_bytes_max, body);
        out->closes = ended || header_has(first, out->head_bytes, "Connection", "close");
        return result;
    }
}
