/*
 * cmd_process.c: the commands about processes; each is a file process_<name>.c.
 */
#include "cmd_process.h"

static const cli_subcommand subcommands[] = {
    {"attribute", process_attribute, "tell what runs really earned"},
    {"scan", process_scan, "take a snapshot of the environment"},
    {"select", process_select, "let a policy decide about processes from their runs"},
};

int cmd_process(int argc, char **argv)
{
    return cli_subcommand_run("process", subcommands, BASE_COUNT(subcommands), argc, argv);
}
