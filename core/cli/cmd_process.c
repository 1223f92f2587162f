/*
 * cmd_process.c: the commands about processes; each is a file process_<name>.c.
 */
#include "cmd_process.h"

#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} subcommands[] = {
    {"attribute", process_attribute, "tell what runs really earned"},
    {"select", process_select, "let a policy decide about processes from their runs"},
};

static void print_usage(FILE *out)
{
    (void)fprintf(out, "usage: hean process COMMAND [options]\n\n");
    for (size_t i = 0; i < BASE_COUNT(subcommands); i++)
        (void)fprintf(out, "  %-10s %s\n", subcommands[i].name, subcommands[i].about);
}

int cmd_process(int argc, char **argv)
{
    const char *names[BASE_COUNT(subcommands)];
    const char *near;

    if (argc < 2) {
        print_usage(stderr);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return CLI_EXIT_DONE;
    }
    for (size_t i = 0; i < BASE_COUNT(subcommands); i++) {
        names[i] = subcommands[i].name;
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    }
    near = base_text_nearest(argv[1], names, BASE_COUNT(names));
    return cli_usage("unknown command process %s%s%s%s; `hean process --help` lists them", argv[1],
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}
