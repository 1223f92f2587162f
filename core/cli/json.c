/*
 * json.c: a JSON writer for the commands' results.
 *
 * Not jansson: its numbers are doubles, and money printed here must be exact to the last digit.
 * Invariant: every call leaves the text a prefix of valid JSON; running out of memory shows in
 * cli_json_print.
 */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void cli_json_init(cli_json *json)
{
    base_buffer_init(&json->buffer, base_allocator_default());
    json->comma = false;
}

static void quote(base_buffer *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    base_buffer_append(out, "\"", 1);
    while (*at != 0) {
        size_t length = base_utf8_length(at);
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

static void start_value(cli_json *json, const char *key)
{
    if (json->comma)
        base_buffer_append(&json->buffer, ",", 1);
    json->comma = true;
    if (key != NULL) {
        quote(&json->buffer, key);
        base_buffer_append(&json->buffer, ":", 1);
    }
}

static void open_group(cli_json *json, const char *key, const char *bracket)
{
    start_value(json, key);
    base_buffer_append(&json->buffer, bracket, 1);
    json->comma = false;
}

static void close_group(cli_json *json, const char *bracket)
{
    base_buffer_append(&json->buffer, bracket, 1);
    json->comma = true;
}

void cli_json_object(cli_json *json, const char *key)
{
    open_group(json, key, "{");
}

void cli_json_object_end(cli_json *json)
{
    close_group(json, "}");
}

void cli_json_array(cli_json *json, const char *key)
{
    open_group(json, key, "[");
}

void cli_json_array_end(cli_json *json)
{
    close_group(json, "]");
}

void cli_json_text(cli_json *json, const char *key, const char *text)
{
    start_value(json, key);
    quote(&json->buffer, text);
}

static void raw(cli_json *json, const char *key, const char *text)
{
    start_value(json, key);
    base_buffer_append(&json->buffer, text, strlen(text));
}

void cli_json_whole(cli_json *json, const char *key, int64_t value)
{
    cli_json_scaled(json, key, value, 0);
}

void cli_json_bool(cli_json *json, const char *key, bool value)
{
    raw(json, key, value ? "true" : "false");
}

void cli_json_null(cli_json *json, const char *key)
{
    raw(json, key, "null");
}

void cli_json_scaled(cli_json *json, const char *key, int64_t value, int scale10)
{
    char text[64];
    raw(json, key, decimal_format_scaled(value, scale10, text, sizeof text));
}

void cli_json_units(cli_json *json, const char *key, int64_t units, hean_decimal step)
{
    char text[64];
    raw(json, key, decimal_format_units(units, step, text, sizeof text));
}

void cli_json_real(cli_json *json, const char *key, double value)
{
    char text[64];
    if (!isfinite(value)) {
        cli_json_null(json, key);
        return;
    }
    (void)snprintf(text, sizeof text, "%.10g", value);
    raw(json, key, text);
}

void cli_json_time(cli_json *json, const char *key, int64_t time_ns)
{
    char text[40];
    cli_json_text(json, key, base_time_format(time_ns, text, sizeof text));
}

int cli_json_print(cli_json *json)
{
    int result = CLI_EXIT_DONE;

    base_buffer_append(&json->buffer, "\n", 1);
    if (json->buffer.failed) {
        (void)fprintf(stderr, "hean: out of memory\n");
        result = CLI_EXIT_FAILED;
    } else if (fwrite(json->buffer.data, 1, json->buffer.length, stdout) != json->buffer.length ||
               fflush(stdout) != 0) {
        (void)fprintf(stderr, "hean: standard output: %s\n", strerror(errno));
        result = CLI_EXIT_FAILED;
    }
    base_buffer_deinit(&json->buffer);
    return result;
}
