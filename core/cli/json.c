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
