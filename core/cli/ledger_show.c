/*
 * ledger_show.c: `hean ledger balances`, `show` and `export`: what the ledger says, for people and
 * programs.
 */
#include "cmd_ledger.h"

#include <errno.h>
#include <string.h>

/* ---- balances ---- */

static const struct {
    const char *name;
    unsigned bit;
} splits[] = {{"mode", LEDGER_BY_MODE},       {"run", LEDGER_BY_RUN},
              {"process", LEDGER_BY_PROCESS}, {"strategy", LEDGER_BY_STRATEGY},
              {"symbol", LEDGER_BY_SYMBOL},   {"day", LEDGER_BY_DAY}};

static int read_by(const char *text, unsigned *by)
{
    *by = 0;
    while (text != NULL && *text != 0) {
        size_t length = strcspn(text, ","), i;
        for (i = 0; i < BASE_COUNT(splits); i++) {
            if (strlen(splits[i].name) == length && memcmp(splits[i].name, text, length) == 0)
                break;
        }
        if (i == BASE_COUNT(splits))
            return cli_usage("--by %s: expected some of mode,run,process,strategy,symbol,day",
                             text);
        *by |= splits[i].bit;
        text += length + (text[length] == ',');
    }
    return -1;
}

static hean_status balance_line(void *context, const ledger_group *group, hean_error *error)
{
    cli_json *json = context;

    cli_json_object(json, NULL);
    cli_ledger_group_json(json, group);
    cli_json_object_end(json);
    return cli_json_line(json) == CLI_EXIT_DONE ? HEAN_OK
                                                : base_fail(error, HEAN_E_IO, "standard output");
}

typedef struct balance_table {
    cli_table table;
    unsigned by;
    bool illusion;
} balance_table;

static hean_status balance_row(void *context, const ledger_group *group, hean_error *error)
{
    balance_table *out = context;
    const char *texts[] = {group->mode != LEDGER_ANY ? ledger_mode_text((ledger_mode)group->mode)
                                                     : NULL,
                           group->run, group->process, group->strategy, group->symbol};
    const int64_t *amounts = group->sums.amount_e8;
    bool illusion = ledger_profit_illusion(amounts[LEDGER_PNL], group->net_e8);
    char day[40];

    (void)error;
    for (size_t i = 0; i < BASE_COUNT(texts); i++) {
        if ((out->by & splits[i].bit) != 0)
            cli_table_text(&out->table, texts[i]);
    }
    if ((out->by & LEDGER_BY_DAY) != 0)
        cli_table_text(&out->table, ledger_day_text(group->day, day, sizeof day));
    cli_table_text(&out->table, group->currency);
    cli_table_scaled(&out->table, amounts[LEDGER_PNL], 8);
    cli_table_scaled(&out->table, amounts[LEDGER_FUNDING], 8);
    cli_table_scaled(&out->table, amounts[LEDGER_REWARD], 8);
    cli_table_scaled(&out->table, amounts[LEDGER_FEE], 8);
    cli_table_scaled(&out->table, amounts[LEDGER_OPPORTUNITY_COST], 8);
    cli_table_scaled(&out->table, group->net_e8, 8);
    cli_table_scaled(&out->table, (int64_t)group->sums.entries, 0);
    cli_table_scaled(&out->table, (int64_t)group->sums.estimated, 0);
    cli_table_text(&out->table, illusion ? "profit illusion" : "");
    out->illusion = out->illusion || illusion;
    return HEAN_OK;
}

static void start_table(balance_table *out, unsigned by)
{
    static const char *const sums[] = {"currency",         "pnl", "funding", "rewards",   "fees",
                                       "opportunity cost", "net", "entries", "estimated", ""};
    const char *heads[BASE_COUNT(splits) + BASE_COUNT(sums)];
    size_t count = 0, names;

    for (size_t i = 0; i < BASE_COUNT(splits); i++) {
        if ((by & splits[i].bit) != 0)
            heads[count++] = splits[i].name;
    }
    names = count + 1;
    for (size_t i = 0; i < BASE_COUNT(sums); i++)
        heads[count++] = sums[i];
    *out = (balance_table){.by = by};
    cli_table_init(&out->table, heads, count, ((UINT64_C(1) << 8) - 1) << names);
}

static int print_balances(store *from, const ledger_arguments *a, unsigned by)
{
    hean_error error = {HEAN_OK, ""};
    balance_table table;
    cli_json json;
    hean_status status;
    int code;

    if (a->as_json) {
        cli_json_init(&json);
        status = store_balances(from, &a->filter, by, balance_line, &json, &error);
        code = cli_json_print(&json);
    } else {
        start_table(&table, by);
        status = store_balances(from, &a->filter, by, balance_row, &table, &error);
        code = cli_table_print(&table.table);
        if (table.illusion)
            printf("profit illusion: the PnL is positive, but costs have eaten it\n");
    }
    return status != HEAN_OK ? cli_fail(&error) : code;
}

int ledger_show_balances(int argc, char **argv)
{
    ledger_arguments a;
    const char *by_text = NULL;
    const cli_option more[] = {
        {"--by", CLI_TEXT, &by_text, "K,...", "split by mode,run,process,strategy,symbol,day"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object a group"}};
    unsigned by;
    store *from;
    int code = ledger_start(&a, "hean ledger balances [--store FILE] [--by K,...] [filters]",
                            "Prints the sums of the ledger, exactly, by currency.", more,
                            BASE_COUNT(more), argc, argv, &from);

    if (code >= 0)
        return code;
    code = read_by(by_text, &by);
    if (code < 0)
        code = print_balances(from, &a, by);
    store_close(from);
    return code;
}

/* ---- entries ---- */

static void entry_json(cli_json *json, const store_entry *entry)
{
    const ledger_posting *posting = &entry->posting;
    char hash[HASH_SHA256_HEX_BYTES];

    hash_hex(entry->hash, sizeof entry->hash, hash);
    cli_json_object(json, NULL);
    cli_json_whole(json, "sequence", (int64_t)entry->sequence);
    cli_json_text(json, "id", posting->id);
    cli_json_time(json, "time", posting->time_ns);
    cli_json_whole(json, "time_ns", posting->time_ns);
    cli_json_text(json, "mode", ledger_mode_text(posting->account.mode));
    cli_json_text(json, "run", posting->account.run);
    cli_json_text(json, "process", posting->account.process);
    cli_json_text(json, "strategy", posting->account.strategy);
    cli_json_text(json, "symbol", posting->account.symbol);
    cli_json_text(json, "currency", posting->account.currency);
    cli_json_text(json, "kind", ledger_kind_text(posting->kind));
    cli_json_scaled(json, "amount", posting->amount_e8, 8);
    cli_json_text(json, "basis", posting->basis);
    cli_json_text(json, "hash", hash);
    cli_json_object_end(json);
}

static hean_status entry_line(void *context, const store_entry *entry, hean_error *error)
{
    cli_json *json = context;

    entry_json(json, entry);
    return cli_json_line(json) == CLI_EXIT_DONE ? HEAN_OK
                                                : base_fail(error, HEAN_E_IO, "standard output");
}

static hean_status entry_row(void *context, const store_entry *entry, hean_error *error)
{
    const ledger_posting *posting = &entry->posting;
    cli_table *table = context;
    char time[40];

    (void)error;
    cli_table_scaled(table, (int64_t)entry->sequence, 0);
    cli_table_text(table, base_time_format(posting->time_ns, time, sizeof time));
    cli_table_text(table, ledger_mode_text(posting->account.mode));
    cli_table_text(table, posting->account.run);
    cli_table_text(table, posting->account.process);
    cli_table_text(table, posting->account.symbol);
    cli_table_text(table, ledger_kind_text(posting->kind));
    cli_table_scaled(table, posting->amount_e8, 8);
    cli_table_text(table, posting->account.currency);
    cli_table_text(table, posting->id);
    cli_table_text(table, posting->basis);
    return HEAN_OK;
}

#define SHOW_DEFAULT 50

static int print_entries(store *from, const ledger_arguments *a, int64_t after, int64_t limit)
{
    static const char *const heads[] = {"entry",    "time",   "mode",          "run",
                                        "process",  "symbol", "kind",          "amount",
                                        "currency", "id",     "estimated from"};
    hean_error error = {HEAN_OK, ""};
    cli_table table;
    cli_json json;
    hean_status status;
    int code;

    if (a->as_json) {
        cli_json_init(&json);
        status = store_each_entry(from, &a->filter, (uint64_t)after, (uint64_t)limit, entry_line,
                                  &json, &error);
        code = cli_json_print(&json);
    } else {
        cli_table_init(&table, heads, BASE_COUNT(heads), 1u << 0 | 1u << 7);
        status = store_each_entry(from, &a->filter, (uint64_t)after, (uint64_t)limit, entry_row,
                                  &table, &error);
        code = cli_table_print(&table);
    }
    return status != HEAN_OK ? cli_fail(&error) : code;
}

int ledger_show_entries(int argc, char **argv)
{
    ledger_arguments a;
    int64_t after = 0, limit = SHOW_DEFAULT;
    const cli_option more[] = {
        {"--after", CLI_WHOLE, &after, "N", "only entries after this one"},
        {"--limit", CLI_WHOLE, &limit, "N", "at most so many; 50, 0 for all"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object an entry"}};
    store *from;
    int code = ledger_start(&a, "hean ledger show [--store FILE] [--after N] [filters]",
                            "Prints entries of the ledger in their order.", more, BASE_COUNT(more),
                            argc, argv, &from);

    if (code >= 0)
        return code;
    code = print_entries(from, &a, after, limit);
    store_close(from);
    return code;
}

/* ---- export ---- */

/* RFC 4180: a text with a comma or a quote stands in quotes, quotes doubled. Entries have no line
 * ends. */
static void csv_text(const char *text, char separator)
{
    if (strpbrk(text, ",\"") == NULL) {
        printf("%s%c", text, separator);
        return;
    }
    (void)putchar('"');
    for (; *text != 0; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    printf("\"%c", separator);
}

static hean_status csv_line(void *context, const store_entry *entry, hean_error *error)
{
    const ledger_posting *posting = &entry->posting;
    const ledger_account *account = &posting->account;
    char time[40], amount[48], hash[HASH_SHA256_HEX_BYTES];

    (void)context;
    hash_hex(entry->hash, sizeof entry->hash, hash);
    printf("%llu,", (unsigned long long)entry->sequence);
    csv_text(posting->id, ',');
    printf("%s,%lld,%s,", base_time_format(posting->time_ns, time, sizeof time),
           (long long)posting->time_ns, ledger_mode_text(account->mode));
    csv_text(account->run, ',');
    csv_text(account->process, ',');
    csv_text(account->strategy, ',');
    csv_text(account->symbol, ',');
    csv_text(account->currency, ',');
    printf("%s,%s,", ledger_kind_text(posting->kind),
           decimal_format_scaled(posting->amount_e8, 8, amount, sizeof amount));
    csv_text(posting->basis, ',');
    printf("%s\n", hash);
    if (ferror(stdout) != 0)
        return base_fail(error, HEAN_E_IO, "standard output: %s", strerror(errno));
    return HEAN_OK;
}

static int export_csv(store *from, const ledger_filter *filter)
{
    hean_error error = {HEAN_OK, ""};
    hean_status status;

    printf("sequence,id,time,time_ns,mode,run,process,strategy,symbol,currency,kind,amount,basis,"
           "hash\n");
    status = store_each_entry(from, filter, 0, 0, csv_line, NULL, &error);
    if (fflush(stdout) != 0 && status == HEAN_OK)
        status = base_fail(&error, HEAN_E_IO, "standard output: %s", strerror(errno));
    return status != HEAN_OK ? cli_fail(&error) : CLI_EXIT_DONE;
}

int ledger_export(int argc, char **argv)
{
    ledger_arguments a;
    const char *format = "csv";
    const cli_option more[] = {{"--format", CLI_TEXT, &format, "F", "csv (default) or jsonl"},
                               {"--json", CLI_FLAG, &a.as_json, NULL, "--format jsonl"}};
    store *from;
    int code = ledger_start(&a, "hean ledger export [--store FILE] [--format csv|jsonl] [filters]",
                            "Writes all entries, or those that the filters take, to standard "
                            "output.",
                            more, BASE_COUNT(more), argc, argv, &from);

    if (code >= 0)
        return code;
    a.as_json = a.as_json || strcmp(format, "jsonl") == 0;
    if (a.as_json)
        code = print_entries(from, &a, 0, 0);
    else if (strcmp(format, "csv") == 0)
        code = export_csv(from, &a.filter);
    else
        code = cli_usage("--format %s: expected csv or jsonl", format);
    store_close(from);
    return code;
}
