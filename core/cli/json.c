/*
 * json.c: the JSON of the commands' results, to standard output.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>

void cli_json_init(cli_json *json)
{
    base_json_init(json, base_allocator_default());
}

#define LINES_BYTES_MAX (256 * 1024)

static int write_out(cli_json *json)
{
    if (json->buffer.failed) {
        (void)fprintf(stderr, "hean: out of memory\n");
        return CLI_EXIT_FAILED;
    }
    if (fwrite(json->buffer.data, 1, json->buffer.length, stdout) != json->buffer.length ||
        fflush(stdout) != 0) {
        (void)fprintf(stderr, "hean: standard output: %s\n", strerror(errno));
        return CLI_EXIT_FAILED;
    }
    json->buffer.length = 0;
    return CLI_EXIT_DONE;
}

int cli_json_line(cli_json *json)
{
    base_buffer_append(&json->buffer, "\n", 1);
    json->comma = false;
    return json->buffer.length < LINES_BYTES_MAX ? CLI_EXIT_DONE : write_out(json);
}

int cli_json_print(cli_json *json)
{
    int result;

    if (json->comma)
        base_buffer_append(&json->buffer, "\n", 1);
    result = write_out(json);
    base_buffer_deinit(&json->buffer);
    return result;
}
