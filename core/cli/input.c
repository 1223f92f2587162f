/*
 * input.c: a command's whole input, from a file or from stdin.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

hean_status cli_read_input(const char *path, base_buffer *buffer, size_t bytes_max,
                           hean_error *error)
{
    char piece[65536];

    if (strcmp(path, "-") != 0)
        return base_buffer_read_file(buffer, path, bytes_max, error);
    for (;;) {
        ssize_t bytes = read(STDIN_FILENO, piece, sizeof piece);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return base_fail(error, HEAN_E_IO, "stdin: %s", strerror(errno));
        if (bytes == 0)
            return HEAN_OK;
        if (buffer->length + (size_t)bytes > bytes_max)
            return base_fail(error, HEAN_E_LIMIT, "stdin: more than %zu bytes", bytes_max);
        base_buffer_append(buffer, piece, (size_t)bytes);
        if (buffer->failed)
            return base_fail(error, HEAN_E_NO_MEMORY, "stdin: out of memory");
    }
}
