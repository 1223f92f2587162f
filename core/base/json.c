/*
 * json.c: see json.h.
 *
 * Invariant: every call leaves the text a prefix of valid JSON; running out of memory shows in
 * buffer.failed.
 */
#include <base/json.h>

#include <math.h>
#include <string.h>

void base_json_init(base_json *json, const hean_allocator *allocator)
{
    base_buffer_init(&json->buffer, allocator);
    json->comma = false;
}

/* How many bytes stand for themselves: ASCII without control characters, quote and backslash. */
static size_t plain_bytes(const unsigned char *text)
{
    size_t bytes = 0;

    while (text[bytes] >= 0x20 && text[bytes] < 0x7f && text[bytes] != '"' && text[bytes] != '\\')
        bytes++;
    return bytes;
}

static void quote(base_buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    base_buffer_append(out, "\"", 1);
    while (*at != 0) {
        size_t length = plain_bytes(at);
        if (length > 0) {
            base_buffer_append(out, at, length);
            at += length;
            continue;
        }
        length = base_utf8_length(at);
        if (length == 0) { /* not UTF-8: the replacement character */
            base_buffer_append(out, "\xef\xbf\xbd", 3);
            length = 1;
        } else if (*at == '"' || *at == '\\') {
            base_buffer_printf(out, "\\%c", *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            base_buffer_printf(out, "\\u%04x", *at);
        } else {
            base_buffer_append(out, at, length);
        }
        at += length;
    }
    base_buffer_append(out, "\"", 1);
}

static void start_value(base_json *json, const char *key)
{
    if (json->comma)
        base_buffer_append(&json->buffer, ",", 1);
    json->comma = true;
    if (key != NULL) {
        quote(&json->buffer, key);
        base_buffer_append(&json->buffer, ":", 1);
    }
}

static void open_group(base_json *json, const char *key, const char *bracket)
{
    start_value(json, key);
    base_buffer_append(&json->buffer, bracket, 1);
    json->comma = false;
}

static void close_group(base_json *json, const char *bracket)
{
    base_buffer_append(&json->buffer, bracket, 1);
    json->comma = true;
}

void base_json_object(base_json *json, const char *key)
{
    open_group(json, key, "{");
}

void base_json_object_end(base_json *json)
{
    close_group(json, "}");
}

void base_json_array(base_json *json, const char *key)
{
    open_group(json, key, "[");
}

void base_json_array_end(base_json *json)
{
    close_group(json, "]");
}

void base_json_text(base_json *json, const char *key, const char *text)
{
    start_value(json, key);
    quote(&json->buffer, text);
}

static void raw(base_json *json, const char *key, const char *text)
{
    start_value(json, key);
    base_buffer_append(&json->buffer, text, strlen(text));
}

void base_json_whole(base_json *json, const char *key, int64_t value)
{
    base_json_scaled(json, key, value, 0);
}

void base_json_bool(base_json *json, const char *key, bool value)
{
    raw(json, key, value ? "true" : "false");
}

void base_json_null(base_json *json, const char *key)
{
    raw(json, key, "null");
}

void base_json_scaled(base_json *json, const char *key, base_int128 value, int scale10)
{
    char text[64];
    raw(json, key, decimal_format_scaled(value, scale10, text, sizeof text));
}

void base_json_units(base_json *json, const char *key, int64_t units, hean_decimal step)
{
    char text[64];
    raw(json, key, decimal_format_units(units, step, text, sizeof text));
}

void base_json_real(base_json *json, const char *key, double value)
{
    char text[64];
    if (!isfinite(value)) {
        base_json_null(json, key);
        return;
    }
    (void)snprintf(text, sizeof text, "%.10g", value);
    raw(json, key, text);
}

void base_json_time(base_json *json, const char *key, int64_t time_ns)
{
    char text[40];
    base_json_text(json, key, base_time_format(time_ns, text, sizeof text));
}
