/*
 * http1.c: HTTP/1.1 requests out of bytes. See http1.h.
 *
 * Must not know: sockets, what requests mean.
 */
#include "http1.h"

#include <string.h>
#include <strings.h>

void http1_init(http1 *parser, const hean_allocator *allocator)
{
    memset(parser, 0, sizeof *parser);
    base_buffer_init(&parser->in, allocator);
    base_buffer_init(&parser->method, allocator);
    base_buffer_init(&parser->target, allocator);
    base_buffer_init(&parser->headers, allocator);
}

void http1_deinit(http1 *parser)
{
    base_buffer_deinit(&parser->in);
    base_buffer_deinit(&parser->method);
    base_buffer_deinit(&parser->target);
    base_buffer_deinit(&parser->headers);
}

static void drop_taken(http1 *parser)
{
    if (parser->taken == 0)
        return;
    parser->in.length -= parser->taken;
    memmove(parser->in.data, parser->in.data + parser->taken, parser->in.length);
    parser->in.data[parser->in.length] = '\0';
    parser->taken = 0;
}

hean_status http1_feed(http1 *parser, const void *data, size_t bytes)
{
    drop_taken(parser);
    base_buffer_append(&parser->in, data, bytes);
    return parser->in.failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

static http1_result refuse(http1 *parser, int status)
{
    parser->failed = true;
    parser->status = status;
    return HTTP1_REFUSED;
}

/* ---- the head ---- */

static bool is_token(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static void assign(base_buffer *out, const char *text, size_t bytes)
{
    out->length = 0;
    base_buffer_append(out, text, bytes);
}

/* "GET /path HTTP/1.1"; 0 or the status to refuse with. */
static int read_request_line(http1 *parser, const char *line, size_t bytes)
{
    const char *end = line + bytes;
    const char *method = line;
    while (line < end && is_token(*line))
        line++;
    if (line == method || line - method > 16 || line == end || *line != ' ')
        return 400;
    assign(&parser->method, method, (size_t)(line - method));
    const char *target = ++line;
    while (line < end && (unsigned char)*line > 0x20 && (unsigned char)*line < 0x7f)
        line++;
    if (line == target || *target != '/' || line == end || *line != ' ')
        return 400;
    assign(&parser->target, target, (size_t)(line - target));
    line++;
    if (end - line != 8 || strncmp(line, "HTTP/1.", 7) != 0)
        return 400;
    if (line[7] != '0' && line[7] != '1')
        return 505;
    parser->request.keep_alive = line[7] == '1';
    return 0;
}

static bool has_word(const char *value, size_t bytes, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length <= bytes; i++)
        if (strncasecmp(value + i, word, length) == 0)
            return true;
    return false;
}

typedef struct head {
    bool length_given, expect, websocket, connection_upgrade, version13;
} head;

static int read_length(http1 *parser, head *seen, const char *value, size_t bytes)
{
    size_t length = 0;
    if (seen->length_given || bytes == 0)
        return 400;
    seen->length_given = true;
    for (size_t i = 0; i < bytes; i++) {
        if (value[i] < '0' || value[i] > '9')
            return 400;
        length = length * 10 + (size_t)(value[i] - '0');
        if (length > HTTP1_BODY_BYTES_MAX)
            return 413;
    }
    parser->body_bytes = length;
    return 0;
}

static int use_header(http1 *parser, head *seen, const char *name, size_t name_bytes,
                      const char *value, size_t bytes)
{
    http1_request *request = &parser->request;
#define IS(text) (name_bytes == sizeof(text) - 1 && strncasecmp(name, text, name_bytes) == 0)
    if (IS("Content-Length"))
        return read_length(parser, seen, value, bytes);
    if (IS("Transfer-Encoding"))
        return 411;
    if (IS("Connection")) {
        if (has_word(value, bytes, "close"))
            request->keep_alive = false;
        else if (has_word(value, bytes, "keep-alive"))
            request->keep_alive = true;
        seen->connection_upgrade = has_word(value, bytes, "upgrade");
    } else if (IS("Upgrade")) {
        seen->websocket = has_word(value, bytes, "websocket");
    } else if (IS("Sec-WebSocket-Version")) {
        seen->version13 = bytes == 2 && strncmp(value, "13", 2) == 0;
    } else if (IS("Sec-WebSocket-Key") && bytes < sizeof request->websocket_key) {
        memcpy(request->websocket_key, value, bytes);
        request->websocket_key[bytes] = '\0';
    } else if (IS("Expect")) {
        seen->expect = has_word(value, bytes, "100-continue");
    }
#undef IS
    return 0;
}

static int read_header_line(http1 *parser, head *seen, const char *line, size_t bytes)
{
    size_t name = 0;
    while (name < bytes && is_token(line[name]))
        name++;
    if (name == 0 || name == bytes || line[name] != ':')
        return 400;
    const char *value = line + name + 1;
    const char *end = line + bytes;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (const char *at = value; at < end; at++)
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
            return 400;
    base_buffer_append(&parser->headers, line, name);
    base_buffer_append(&parser->headers, ": ", 2);
    base_buffer_append(&parser->headers, value, (size_t)(end - value));
    base_buffer_append(&parser->headers, "\n", 1);
    return use_header(parser, seen, line, name, value, (size_t)(end - value));
}

static int read_head(http1 *parser, head *seen)
{
    const char *at = parser->in.data;
    const char *end = at + parser->head_bytes - 2; /* its last empty line is left out */
    bool first = true;
    assign(&parser->headers, "", 0);
    while (at < end) {
        const char *stop = memchr(at, '\r', (size_t)(end - at));
        if (stop == NULL || stop[1] != '\n')
            return 400;
        int status = first ? read_request_line(parser, at, (size_t)(stop - at))
                           : read_header_line(parser, seen, at, (size_t)(stop - at));
        if (status != 0)
            return status;
        first = false;
        at = stop + 2;
    }
    return parser->method.failed || parser->target.failed || parser->headers.failed ? 500 : 0;
}

/* ---- requests ---- */

static http1_result find_head(http1 *parser)
{
    head seen = {0};
    size_t from = parser->scanned > 3 ? parser->scanned - 3 : 0;
    const char *end = parser->in.length > from
                          ? memmem(parser->in.data + from, parser->in.length - from, "\r\n\r\n", 4)
                          : NULL;
    parser->scanned = parser->in.length;
    if (end == NULL)
        return parser->in.length > HTTP1_HEAD_BYTES_MAX ? refuse(parser, 431) : HTTP1_MORE;
    parser->head_bytes = (size_t)(end - parser->in.data) + 4;
    if (parser->head_bytes > HTTP1_HEAD_BYTES_MAX)
        return refuse(parser, 431);
    memset(&parser->request, 0, sizeof parser->request);
    parser->body_bytes = 0;
    parser->continue_told = true;
    int status = read_head(parser, &seen);
    if (status != 0)
        return refuse(parser, status);
    parser->continue_told = !seen.expect;
    parser->request.upgrade = seen.websocket && seen.connection_upgrade && seen.version13 &&
                              parser->request.websocket_key[0] != '\0';
    return HTTP1_REQUEST;
}

http1_result http1_next(http1 *parser)
{
    if (parser->failed)
        return HTTP1_REFUSED;
    drop_taken(parser);
    if (parser->head_bytes == 0) {
        http1_result found = find_head(parser);
        if (found != HTTP1_REQUEST)
            return found;
    }
    if (parser->in.length - parser->head_bytes < parser->body_bytes) {
        if (parser->continue_told)
            return HTTP1_MORE;
        parser->continue_told = true;
        return HTTP1_CONTINUE;
    }
    parser->request.method = parser->method.data;
    parser->request.target = parser->target.data;
    parser->request.headers = parser->headers.data != NULL ? parser->headers.data : "";
    parser->request.body = parser->in.data + parser->head_bytes;
    parser->request.body_bytes = parser->body_bytes;
    parser->taken = parser->head_bytes + parser->body_bytes;
    parser->head_bytes = 0;
    parser->scanned = 0;
    return HTTP1_REQUEST;
}

const char *http1_rest(const http1 *parser, size_t *bytes)
{
    *bytes = parser->in.length - parser->taken;
    return parser->in.data + parser->taken;
}
