/*
 * main.c: the hean program: finds the command and hands over.
 */
#include "cli.h"

#include <string.h>

typedef struct command_row {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} command_row;

static const command_row commands[] = {
    {"run", cmd_run, "trade: on the simulated market by default, in paper mode"},
    {"backtest", cmd_backtest, "run a strategy over recorded or synthetic data, in a jail"},
    {"sweep", cmd_sweep, "run a strategy once for every point of a grid of parameters"},
    {"data", cmd_data, "check, import and describe market data"},
    {"strategy", cmd_strategy, "start a new strategy, check one for errors"},
    {"process", cmd_process, "decide which processes live, scale, wait or die"},
    {"exchange-sim", cmd_exchange_sim, "a venue on loopback that speaks Bybit v5"},
    {"order", cmd_order, "place, amend, cancel and list orders by hand; positions, balance"},
    {"ledger", cmd_ledger, "sums and entries of the ledger; verify, export and copy it"},
    {"doctor", cmd_doctor, "check this machine"},
    {"version", cmd_version, "print versions"},
};

static void print_usage(FILE *out)
{
    (void)fprintf(out, "usage: hean COMMAND [options]\n\n");
    for (size_t i = 0; i < BASE_COUNT(commands); i++)
        (void)fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].about);
    (void)fprintf(out, "\n`hean COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 usage, "
                       "3 a gate is closed,\n4 an invariant is broken.\n");
}

int main(int argc, char **argv)
{
    const char *names[BASE_COUNT(commands)];
    const char *near;

    if (argc < 2) {
        print_usage(stderr);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return CLI_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return cmd_version(1, argv);
    for (size_t i = 0; i < BASE_COUNT(commands); i++) {
        names[i] = commands[i].name;
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    near = base_text_nearest(argv[1], names, BASE_COUNT(names));
    return cli_usage("unknown command %s%s%s%s; `hean --help` lists them", argv[1],
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}
