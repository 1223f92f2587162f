/*
 * cmd_backtest.c: one strategy over recorded or synthetic data; prints what came of it.
 */
#include "cli.h"

#include <host/backtest.h>
#include <host/latency.h>

#include <stdlib.h>
#include <string.h>

typedef struct backtest_arguments {
    cli_list data, instruments, set;
    const char *symbol, *queue, *isolation, *latency_file;
    hean_decimal capital, latency_ms, entry_ms, response_ms, maker_bps, taker_bps, queue_power;
    int64_t seed, from_ns, to_ns, deadline_ns, memory_mb;
    const char *store, *process;
    bool as_json, strict, quiet, no_store;
} backtest_arguments;

#define UNSET INT32_MIN /* exponent10 of a decimal that was not given */

/* ---- options ---- */

int cli_params_json(const cli_list *set, base_buffer *out)
{
    cli_json json;

    if (set->count == 0)
        return -1;
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    for (size_t i = 0; i < set->count; i++) {
        const char *equals = strchr(set->items[i], '=');
        char key[64];
        hean_decimal number;

        if (equals == NULL || equals == set->items[i] ||
            (size_t)(equals - set->items[i]) >= sizeof key) {
            base_buffer_deinit(&json.buffer);
            return cli_usage("--set %s: expected NAME=VALUE", set->items[i]);
        }
        memcpy(key, set->items[i], (size_t)(equals - set->items[i]));
        key[equals - set->items[i]] = 0;
        if (strcmp(equals + 1, "true") == 0 || strcmp(equals + 1, "false") == 0)
            cli_json_bool(&json, key, equals[1] == 't');
        else if (decimal_parse(equals + 1, strlen(equals + 1), &number) == HEAN_OK &&
                 number.exponent10 >= -30 && number.exponent10 <= 30)
            cli_json_units(&json, key, 1, number);
        else
            cli_json_text(&json, key, equals + 1);
    }
    cli_json_object_end(&json);
    *out = json.buffer;
    return -1;
}

static int read_queue(const backtest_arguments *arguments, backtest_options *options)
{
    static const char *const names[] = {"risk-averse", "prob", "prob-log"};
    static const hean_queue_model models[] = {HEAN_QUEUE_RISK_AVERSE, HEAN_QUEUE_PROB_POWER,
                                              HEAN_QUEUE_PROB_LOG};
    int64_t power_e8;

    if (arguments->queue_power.exponent10 != UNSET) {
        if (decimal_to_scaled(arguments->queue_power, 8, &power_e8) != HEAN_OK || power_e8 <= 0 ||
            power_e8 > 100 * BASE_E8)
            return cli_usage("--queue-power: expected a number over 0 and up to 100");
        options->queue_power = (double)power_e8 / (double)BASE_E8;
    }
    if (arguments->queue == NULL)
        return -1;
    for (size_t i = 0; i < BASE_COUNT(names); i++) {
        if (strcmp(arguments->queue, names[i]) == 0) {
            options->queue = models[i];
            return -1;
        }
    }
    return cli_usage("--queue %s: expected risk-averse, prob (f(x) = x^power) or prob-log",
                     arguments->queue);
}

static int read_scaled(const char *name, hean_decimal value, int scale10, int64_t min, int64_t max,
                       int64_t *out)
{
    int64_t scaled;

    if (value.exponent10 == UNSET)
        return -1;
    if (decimal_to_scaled(value, scale10, &scaled) != HEAN_OK || scaled < min || scaled > max) {
        char low[48], high[48];
        return cli_usage("%s: expected a number from %s to %s", name,
                         decimal_format_scaled(min, scale10, low, sizeof low),
                         decimal_format_scaled(max, scale10, high, sizeof high));
    }
    *out = scaled;
    return -1;
}

static int fill_options(const backtest_arguments *arguments, backtest_options *options)
{
    const int64_t minute_ns = 60 * BASE_NS_PER_S;
    int result = -1;

    options->paths = arguments->data.items;
    options->path_count = arguments->data.count;
    options->symbol = arguments->symbol;
    options->instrument_texts = arguments->instruments.items;
    options->instrument_count = arguments->instruments.count;
    options->from_ns = arguments->from_ns;
    options->to_ns = arguments->to_ns;
    options->strict = arguments->strict;
    options->seed = (uint64_t)arguments->seed;
    options->process = arguments->process;
    options->stop = &cli_stop;
    if (arguments->deadline_ns > 0)
        options->deadline_ns = arguments->deadline_ns;
    if (arguments->memory_mb > 0)
        options->memory_bytes_max = (size_t)arguments->memory_mb << 20;
    if (arguments->isolation != NULL && strcmp(arguments->isolation, "in-process") == 0)
        options->isolation = HEAN_ISOLATION_IN_PROCESS;
    else if (arguments->isolation != NULL && strcmp(arguments->isolation, "process") != 0)
        return cli_usage("--isolation %s: expected process or in-process", arguments->isolation);
    if (arguments->data.count == 0)
        return cli_usage("--data is missing: files, folders or sim:SEED");
    if (result < 0)
        result = read_scaled("--capital", arguments->capital, 8, BASE_E8,
                             INT64_C(10000000000) * BASE_E8, &options->capital_e8);
    if (result < 0)
        result = read_scaled("--latency-ms", arguments->latency_ms, 6, 0, minute_ns,
                             &options->entry_latency_ns);
    options->response_latency_ns = arguments->latency_ms.exponent10 != UNSET
                                       ? options->entry_latency_ns
                                       : options->response_latency_ns;
    if (result < 0)
        result = read_scaled("--entry-latency-ms", arguments->entry_ms, 6, 0, minute_ns,
                             &options->entry_latency_ns);
    if (result < 0)
        result = read_scaled("--response-latency-ms", arguments->response_ms, 6, 0, minute_ns,
                             &options->response_latency_ns);
    if (result < 0) /* 1 basis point is 1e4 in e8 */
        result = read_scaled("--maker-bps", arguments->maker_bps, 4, -BASE_E8, BASE_E8,
                             &options->maker_fee_e8);
    if (result < 0)
        result = read_scaled("--taker-bps", arguments->taker_bps, 4, -BASE_E8, BASE_E8,
                             &options->taker_fee_e8);
    if (result < 0)
        result = read_queue(arguments, options);
    return result;
}

/* ---- results ---- */

static void print_rejects_json(cli_json *json, const backtest_result *result)
{
    cli_json_object(json, "rejects_by_reason");
    for (int i = 0; i < HEAN_REASON_COUNT; i++) {
        if (result->rejects_by_reason[i] > 0)
            cli_json_whole(json, hean_reason_text((hean_reason)i),
                           (int64_t)result->rejects_by_reason[i]);
    }
    cli_json_object_end(json);
}

static void print_positions_json(cli_json *json, const backtest_result *result)
{
    cli_json_array(json, "positions");
    for (size_t i = 0; i < result->position_count; i++) {
        const hean_position *position = &result->positions[i].position;
        cli_json_object(json, NULL);
        cli_json_text(json, "symbol", result->positions[i].symbol);
        cli_json_whole(json, "qty_lots", position->qty_lots);
        cli_json_scaled(json, "cost", position->cost_e8, 8);
        cli_json_scaled(json, "realized", position->realized_e8, 8);
        cli_json_scaled(json, "unrealized", position->unrealized_e8, 8);
        cli_json_scaled(json, "fees", position->fees_e8, 8);
        cli_json_scaled(json, "funding", position->funding_e8, 8);
        cli_json_object_end(json);
    }
    cli_json_array_end(json);
}

static void print_data_json(cli_json *json, const backtest_result *result)
{
    cli_json_object(json, "data");
    cli_json_text(json, "sha256", result->data_sha256);
    cli_json_time(json, "first_time", result->first_ns);
    cli_json_time(json, "last_time", result->last_ns);
    cli_json_bool(json, "imported", result->imported);
    cli_json_whole(json, "rows", (int64_t)result->import.rows);
    cli_json_whole(json, "bad_rows", (int64_t)result->import.bad_rows);
    cli_json_whole(json, "out_of_order_rows", (int64_t)result->import.out_of_order_rows);
    cli_json_real(json, "import_seconds", result->import_seconds);
    cli_json_object_end(json);
}

static hean_status print_group_json(void *context, const ledger_group *group, hean_error *error)
{
    (void)error;
    cli_json_object(context, NULL);
    cli_ledger_group_json(context, group);
    cli_json_object_end(context);
    return HEAN_OK;
}

/* What `hean ledger balances --run RUN` says once it is recorded. */
static hean_status print_ledger_json(cli_json *json, const backtest_result *result, bool recorded)
{
    ledger_filter all = ledger_filter_all();
    hean_status status = HEAN_OK;

    cli_json_text(json, "run", result->run);
    cli_json_bool(json, "recorded", recorded);
    cli_json_text(json, "ledger_hash", result->ledger_hash);
    cli_json_array(json, "ledger");
    if (result->ledger != NULL)
        status = ledger_balances(result->ledger, &all, 0, print_group_json, json, NULL);
    cli_json_array_end(json);
    return status;
}

static int print_json(const backtest_result *result, bool recorded, const hean_error *error)
{
    hean_status status;
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "strategy", result->strategy);
    cli_json_bool(&json, "complete", result->complete);
    if (error != NULL)
        cli_json_text(&json, "error", error->message);
    cli_json_whole(&json, "events", (int64_t)result->events);
    cli_json_whole(&json, "callbacks", (int64_t)result->callbacks);
    cli_json_whole(&json, "orders", (int64_t)result->orders);
    cli_json_whole(&json, "fills", (int64_t)result->fills);
    cli_json_whole(&json, "maker_fills", (int64_t)result->maker_fills);
    cli_json_whole(&json, "taker_fills", (int64_t)result->taker_fills);
    cli_json_whole(&json, "cancels", (int64_t)result->cancels);
    cli_json_whole(&json, "rejects", (int64_t)result->rejects);
    print_rejects_json(&json, result);
    cli_json_scaled(&json, "capital", result->capital_e8, 8);
    cli_json_scaled(&json, "volume", result->volume_e8, 8);
    cli_json_scaled(&json, "gross_pnl", result->gross_pnl_e8, 8);
    cli_json_scaled(&json, "fees", result->fees_e8, 8);
    cli_json_scaled(&json, "funding", result->funding_e8, 8);
    cli_json_scaled(&json, "net_pnl", result->net_pnl_e8, 8);
    cli_json_scaled(&json, "max_drawdown_pct", result->max_drawdown_e8, 6);
    cli_json_whole(&json, "risk_state", result->risk_state);
    print_positions_json(&json, result);
    cli_json_object(&json, "metrics");
    for (size_t i = 0; i < result->metric_count; i++)
        cli_json_real(&json, result->metrics[i].name, result->metrics[i].value);
    cli_json_object_end(&json);
    cli_json_whole(&json, "log_lines", (int64_t)result->log_lines);
    cli_json_whole(&json, "log_lines_dropped", (int64_t)result->log_lines_dropped);
    cli_json_text(&json, "orders_hash", result->orders_hash);
    status = print_ledger_json(&json, result, recorded);
    cli_json_text(&json, "script_sha256", result->script_sha256);
    print_data_json(&json, result);
    cli_json_real(&json, "wall_seconds", result->wall_seconds);
    cli_json_real(&json, "events_per_second", result->events_per_second);
    cli_json_whole(&json, "peak_rss_bytes", (int64_t)result->peak_rss_bytes);
    cli_json_object_end(&json);
    if (status != HEAN_OK) {
        base_buffer_deinit(&json.buffer);
        return cli_fail(&(hean_error){status, "backtest: the ledger's sums"});
    }
    return cli_json_print(&json);
}

static void print_money(const char *label, int64_t value_e8)
{
    int64_t cents;
    char text[48];

    /* Shown in cents, rounded once; --json has every digit. */
    if (decimal_divide(value_e8, 1000000, &cents) == HEAN_OK)
        printf("  %-14s %16s\n", label, decimal_format_scaled(cents, 2, text, sizeof text));
}

static void print_summary(const backtest_result *result)
{
    static const char *const states[] = {"NORMAL", "SOFT_BRAKE", "QUARANTINE", "HARD_STOP"};
    char first[40], last[40], drawdown[48];

    printf("%s: %s to %s\n", result->strategy,
           base_time_format(result->first_ns, first, sizeof first),
           base_time_format(result->last_ns, last, sizeof last));
    printf("  %-14s %16llu   %.2f million a second, %.2f s\n", "events",
           (unsigned long long)result->events, result->events_per_second / 1e6,
           result->wall_seconds);
    printf("  %-14s %16llu\n", "orders", (unsigned long long)result->orders);
    printf("  %-14s %16llu   %llu maker, %llu taker\n", "fills", (unsigned long long)result->fills,
           (unsigned long long)result->maker_fills, (unsigned long long)result->taker_fills);
    printf("  %-14s %16llu  ", "rejects", (unsigned long long)result->rejects);
    for (int i = 0; i < HEAN_REASON_COUNT; i++) {
        if (result->rejects_by_reason[i] > 0)
            printf(" %s %llu", hean_reason_text((hean_reason)i),
                   (unsigned long long)result->rejects_by_reason[i]);
    }
    printf("\n");
    print_money("volume", result->volume_e8);
    print_money("gross PnL", result->gross_pnl_e8);
    print_money("fees", result->fees_e8);
    print_money("funding", result->funding_e8);
    print_money("net PnL", result->net_pnl_e8);
    printf("  %-14s %15s%%\n", "max drawdown",
           decimal_format_scaled(result->max_drawdown_e8, 6, drawdown, sizeof drawdown));
    for (size_t i = 0; i < result->position_count; i++) {
        if (result->positions[i].position.qty_lots != 0)
            printf("  %-14s %16lld lots of %s\n", "still holds",
                   (long long)result->positions[i].position.qty_lots, result->positions[i].symbol);
    }
    for (size_t i = 0; i < result->metric_count; i++)
        printf("  %-14s %16.6g\n", result->metrics[i].name, result->metrics[i].value);
    if (result->risk_state != HEAN_RISK_NORMAL && result->risk_state <= HEAN_RISK_HARD_STOP)
        printf("  %-14s %16s\n", "risk state", states[result->risk_state]);
    printf("  %-14s %s\n", "orders hash", result->orders_hash);
    if (result->ledger != NULL)
        printf("  %-14s %s, run %s, %llu entries\n", "ledger hash", result->ledger_hash,
               result->run, (unsigned long long)ledger_entries(result->ledger));
}

/* Rows that were not used are said in every output mode. */
static void print_data_notes(const backtest_result *result)
{
    for (size_t i = 0; i < result->import.file_count; i++) {
        const market_import_file *file = &result->import.files[i];
        for (size_t j = 0; j < file->bad_count; j++)
            (void)fprintf(stderr, "hean: %s:%llu: %s (row skipped)\n", file->path,
                          (unsigned long long)file->bad[j].line, file->bad[j].message);
    }
    if (result->import.bad_rows > 0)
        (void)fprintf(stderr, "hean: %llu of %llu rows were bad and skipped\n",
                      (unsigned long long)result->import.bad_rows,
                      (unsigned long long)result->import.rows);
    if (result->import.out_of_order_rows > 0)
        (void)fprintf(stderr, "hean: %llu rows went back in time and were put in order\n",
                      (unsigned long long)result->import.out_of_order_rows);
}

static void on_progress(void *context, const char *stage, double fraction, uint64_t count)
{
    (void)context;
    (void)count;
    cli_progress(stage, fraction);
}

/* Keeps the run in the store. A backtest that cannot be recorded has still ended: its result is
 * shown, and the exit code says that something failed. */
static int record(const backtest_arguments *arguments, const backtest_result *result,
                  bool *recorded)
{
    const char *path = arguments->store != NULL ? arguments->store : CLI_STORE_DEFAULT;
    ledger_result posted;
    hean_error error = {HEAN_OK, ""};
    store *into = NULL;
    hean_status status;

    *recorded = false;
    if (arguments->no_store || result->ledger == NULL)
        return CLI_EXIT_DONE;
    status = store_open(NULL, path, STORE_WRITE, &into, &error);
    if (status == HEAN_OK)
        status = backtest_record(result, into, &posted, &error);
    store_close(into);
    *recorded = status == HEAN_OK;
    if (status == HEAN_OK)
        return CLI_EXIT_DONE;
    (void)base_fail_prefix(&error, "the backtest is not recorded (--no-store runs without)");
    return cli_fail(&error);
}

static int run(const char *file, const backtest_arguments *arguments)
{
    backtest_options options = backtest_options_default();
    backtest_result result;
    hean_error error = {HEAN_OK, ""};
    base_buffer params;
    hean_latency_sample *latency = NULL;
    hean_status status = HEAN_OK;
    bool recorded = false;
    int code;

    memset(&result, 0, sizeof result);
    base_buffer_init(&params, base_allocator_default());
    options.file = file;
    code = cli_params_json(&arguments->set, &params);
    if (code < 0)
        code = fill_options(arguments, &options);
    if (code >= 0) {
        base_buffer_deinit(&params);
        return code;
    }
    if (arguments->latency_file != NULL)
        status = latency_read_file(base_allocator_default(), arguments->latency_file, &latency,
                                   &options.latency_count, &error);
    if (status != HEAN_OK) {
        base_buffer_deinit(&params);
        return cli_fail(&error);
    }
    options.latency = latency;
    options.params_json = params.length > 0 ? params.data : NULL;
    options.progress = on_progress;
    if (!arguments->quiet)
        options.log.write = cli_log;
    cli_stop_on_signals();
    status = backtest_run(&options, &result, &error);
    cli_progress("", -1);
    code = status == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
    print_data_notes(&result);
    if (status == HEAN_OK)
        code = record(arguments, &result, &recorded);
    if (result.strategy[0] != 0) { /* it began: say how far it got, whatever ended it */
        int printed = CLI_EXIT_DONE;
        if (arguments->as_json)
            printed = print_json(&result, recorded, status == HEAN_OK ? NULL : &error);
        else
            print_summary(&result);
        if (printed != CLI_EXIT_DONE)
            code = printed;
    }
    backtest_result_deinit(NULL, &result);
    base_buffer_deinit(&params);
    base_free(base_allocator_default(), latency);
    return code;
}

int cmd_backtest(int argc, char **argv)
{
    const hean_decimal unset = {0, UNSET};
    backtest_arguments a = {.capital = unset,
                            .latency_ms = unset,
                            .entry_ms = unset,
                            .response_ms = unset,
                            .maker_bps = unset,
                            .taker_bps = unset,
                            .queue_power = unset,
                            .seed = 1};
    const cli_option options[] = {
        {"--data", CLI_LIST, &a.data, "PATH...", "files, folders, .hean files or sim:SEED"},
        {"--symbol", CLI_TEXT, &a.symbol, "S", "only this instrument of the data"},
        {"--instrument", CLI_LIST, &a.instruments, "K=V,...",
         "tick=0.01,lot=0.001[,symbol=S][,kind=inverse]..."},
        {"--set", CLI_LIST, &a.set, "K=V...", "parameters of the strategy"},
        {"--capital", CLI_DECIMAL, &a.capital, "USD", "capital"},
        {"--latency-ms", CLI_DECIMAL, &a.latency_ms, "N", "order latency, each way"},
        {"--entry-latency-ms", CLI_DECIMAL, &a.entry_ms, "N", "to the venue only"},
        {"--response-latency-ms", CLI_DECIMAL, &a.response_ms, "N", "from the venue only"},
        {"--latency-file", CLI_TEXT, &a.latency_file, "CSV", "recorded: time,entry_ms,response_ms"},
        {"--queue", CLI_TEXT, &a.queue, "MODEL", "risk-averse (default), prob, prob-log"},
        {"--queue-power", CLI_DECIMAL, &a.queue_power, "N", "of prob; 3"},
        {"--maker-bps", CLI_DECIMAL, &a.maker_bps, "X", "maker fee, basis points"},
        {"--taker-bps", CLI_DECIMAL, &a.taker_bps, "X", "taker fee, basis points"},
        {"--seed", CLI_WHOLE, &a.seed, "N", "of math.random in the script; 1"},
        {"--from", CLI_TIME, &a.from_ns, "TIME", "first local time"},
        {"--to", CLI_TIME, &a.to_ns, "TIME", "end, not included"},
        {"--deadline", CLI_DURATION, &a.deadline_ns, "T", "processor time per callback; 5s"},
        {"--memory-mb", CLI_WHOLE, &a.memory_mb, "N", "Lua memory; 64"},
        {"--isolation", CLI_TEXT, &a.isolation, "MODE", "process (default), in-process"},
        {"--process", CLI_TEXT, &a.process, "ID", "whose run it is; the strategy's name"},
        {"--store", CLI_TEXT, &a.store, "FILE", "where it is recorded; " CLI_STORE_DEFAULT},
        {"--no-store", CLI_FLAG, &a.no_store, NULL, "it is not recorded"},
        {"--strict", CLI_FLAG, &a.strict, NULL, "a bad row ends it"},
        {"--quiet", CLI_FLAG, &a.quiet, NULL, "no log lines of the strategy"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object on stdout"}};
    const cli_command command = {"hean backtest STRATEGY --data PATH... [options]",
                                 "Runs a Lua strategy over market data, in a jail.",
                                 options,
                                 BASE_COUNT(options),
                                 1,
                                 1};
    cli_list positional;
    int result = cli_parse(&command, argc, argv, &positional);

    if (result < 0) {
        result = run(positional.items[0], &a);
        cli_list_deinit(&positional);
    }
    cli_list_deinit(&a.data);
    cli_list_deinit(&a.instruments);
    cli_list_deinit(&a.set);
    return result;
}
