/*
 * subcommand.c: commands below a command, from a table.
 */
#include "cli.h"

#include <string.h>

#define ROWS_MAX 32

static void print_usage(FILE *out, const char *parent, const cli_subcommand *rows, size_t count)
{
    (void)fprintf(out, "usage: hean %s COMMAND [options]\n\n", parent);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "  %-10s %s\n", rows[i].name, rows[i].about);
    (void)fprintf(out, "\n`hean %s COMMAND --help` tells more.\n", parent);
}

int cli_subcommand_run(const char *parent, const cli_subcommand *rows, size_t count, int argc,
                       char **argv)
{
    const char *names[ROWS_MAX];
    const char *near;

    BASE_ASSERT(count <= ROWS_MAX);
    if (argc < 2) {
        print_usage(stderr, parent, rows, count);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout, parent, rows, count);
        return CLI_EXIT_DONE;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = rows[i].name;
        if (strcmp(argv[1], rows[i].name) == 0)
            return rows[i].run(argc - 1, argv + 1);
    }
    near = base_text_nearest(argv[1], names, count);
    return cli_usage("unknown command %s %s%s%s%s; `hean %s --help` lists them", parent, argv[1],
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "", parent);
}
