/*
 * cmd_ledger.c: the commands about the ledger, and the options that most of them share.
 */
#include "cmd_ledger.h"

#include <string.h>

static const cli_subcommand subcommands[] = {
    {"balances", ledger_show_balances, "what was earned, split as you like"},
    {"show", ledger_show_entries, "the entries themselves"},
    {"export", ledger_export, "entries as CSV or JSON lines"},
    {"import", ledger_import, "a venue's account statement, each row once"},
    {"verify", ledger_verify_store, "compute everything again and compare"},
    {"backup", ledger_backup, "copy the store while others write to it"},
};

int cmd_ledger(int argc, char **argv)
{
    return cli_subcommand_run("ledger", subcommands, BASE_COUNT(subcommands), argc, argv);
}

#define DAY_NS     (86400 * BASE_NS_PER_S)
#define NO_TIME    INT64_MIN
#define OPTION_MAX 24

char *ledger_day_text(int64_t day, char *out, size_t bytes)
{
    (void)base_time_format(day * DAY_NS, out, bytes);
    out[10] = 0;
    return out;
}

static int read_day(const char *name, int64_t time_ns, int64_t *day)
{
    if (time_ns == NO_TIME)
        return -1;
    if (time_ns % DAY_NS != 0)
        return cli_usage("%s: expected a whole day, such as 2024-08-08", name);
    *day = time_ns / DAY_NS;
    return -1;
}

static int finish_filter(ledger_arguments *out)
{
    ledger_mode mode = LEDGER_BACKTEST;
    ledger_kind kind = LEDGER_PNL;
    int code;

    if (out->mode != NULL) {
        if (ledger_mode_parse(out->mode, &mode) != HEAN_OK)
            return cli_usage("--mode %s: expected backtest, paper, live or imported", out->mode);
        out->filter.mode = (int)mode;
    }
    if (out->kind != NULL) {
        if (ledger_kind_parse(out->kind, &kind) != HEAN_OK)
            return cli_usage("--kind %s: expected PNL, FEE, FUNDING, REWARD or OPPORTUNITY_COST",
                             out->kind);
        out->filter.kind = (int)kind;
    }
    code = read_day("--from", out->from_ns, &out->filter.from_day);
    return code >= 0 ? code : read_day("--to", out->to_ns, &out->filter.to_day);
}

int ledger_start(ledger_arguments *out, const char *usage, const char *about,
                 const cli_option *more, size_t count, int argc, char **argv, store **opened)
{
    cli_option options[OPTION_MAX] = {
        {"--store", CLI_TEXT, &out->store, "FILE", "the store; " CLI_STORE_DEFAULT},
        {"--mode", CLI_TEXT, &out->mode, "MODE", "only backtest, paper, live or imported"},
        {"--run", CLI_TEXT, &out->filter.run, "RUN", "only this run"},
        {"--process", CLI_TEXT, &out->filter.process, "P", "only this process"},
        {"--strategy", CLI_TEXT, &out->filter.strategy, "S", "only this strategy"},
        {"--symbol", CLI_TEXT, &out->filter.symbol, "S", "only this symbol"},
        {"--currency", CLI_TEXT, &out->filter.currency, "C", "only this currency"},
        {"--kind", CLI_TEXT, &out->kind, "KIND", "only PNL, FEE, FUNDING, REWARD or ..."},
        {"--from", CLI_TIME, &out->from_ns, "DAY", "first day (UTC), such as 2024-08-08"},
        {"--to", CLI_TIME, &out->to_ns, "DAY", "end, not included"}};
    size_t used = 0;
    cli_command command = {usage, about, options, 0, 0, 0};
    cli_list positional;
    hean_error error = {HEAN_OK, ""};
    int code;

    *out = (ledger_arguments){.store = CLI_STORE_DEFAULT,
                              .from_ns = NO_TIME,
                              .to_ns = NO_TIME,
                              .filter = ledger_filter_all()};
    while (used < OPTION_MAX && options[used].name != NULL)
        used++;
    BASE_ASSERT(used + count <= OPTION_MAX);
    memcpy(options + used, more, count * sizeof *more);
    command.option_count = used + count;
    code = cli_parse(&command, argc, argv, &positional);
    if (code >= 0)
        return code;
    cli_list_deinit(&positional);
    code = finish_filter(out);
    if (code >= 0)
        return code;
    if (store_open(NULL, out->store, STORE_READ, opened, &error) != HEAN_OK)
        return cli_fail(&error);
    return -1;
}
