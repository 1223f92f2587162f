/*
 * cmd_run.c: the trading session. Status lines and results on stdout, log lines on stderr.
 */
#include "cli.h"

#include <host/run.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef struct run_arguments {
    const char *config, *store, *listen, *token_file;
    int64_t duration_ns;
    bool live, keys, as_json, listen_public;
} run_arguments;

static const char *risk_name(hean_risk_state state)
{
    static const char *const names[] = {"NORMAL", "SOFT_BRAKE", "QUARANTINE", "HARD_STOP"};
    return (size_t)state < BASE_COUNT(names) ? names[state] : "?";
}

static int64_t net_e8(const hean_account *account)
{
    return account->equity_e8 - account->capital_e8;
}

static void print_status_json(const run_status *status)
{
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_time(&json, "time", status->time_ns);
    cli_json_text(&json, "mode", status->mode);
    cli_json_text(&json, "market", status->market);
    cli_json_bool(&json, "actions_enabled", status->actions_enabled);
    cli_json_bool(&json, "last", status->last);
    cli_json_scaled(&json, "elapsed_seconds", status->elapsed_ns / BASE_NS_PER_MS, 3);
    cli_json_whole(&json, "events", (int64_t)status->events);
    cli_json_array(&json, "strategies");
    for (size_t i = 0; i < status->strategy_count; i++) {
        const run_strategy *strategy = &status->strategies[i];
        cli_json_object(&json, NULL);
        cli_json_text(&json, "name", strategy->name);
        cli_json_bool(&json, "running", strategy->running);
        if (!strategy->running)
            cli_json_text(&json, "error", strategy->why);
        cli_json_text(&json, "risk_state", risk_name(strategy->account.risk_state));
        cli_json_whole(&json, "orders", (int64_t)strategy->account.orders);
        cli_json_whole(&json, "open_orders", (int64_t)strategy->open_orders);
        cli_json_whole(&json, "fills", (int64_t)strategy->account.fills);
        cli_json_whole(&json, "rejects", (int64_t)strategy->account.rejects);
        cli_json_scaled(&json, "equity", strategy->account.equity_e8, 8);
        cli_json_scaled(&json, "realized", strategy->account.realized_e8, 8);
        cli_json_scaled(&json, "unrealized", strategy->account.unrealized_e8, 8);
        cli_json_scaled(&json, "fees", strategy->account.fees_e8, 8);
        cli_json_scaled(&json, "funding", strategy->account.funding_e8, 8);
        cli_json_scaled(&json, "net_pnl", net_e8(&strategy->account), 8);
        cli_json_scaled(&json, "max_drawdown_pct", strategy->account.max_drawdown_e8, 6);
        cli_json_array(&json, "positions_lots");
        for (size_t j = 0; j < status->instrument_count; j++)
            cli_json_whole(&json, NULL, strategy->positions[j].qty_lots);
        cli_json_array_end(&json);
        cli_json_object_end(&json);
    }
    cli_json_array_end(&json);
    cli_json_object_end(&json);
    (void)cli_json_print(&json); /* a reader that went away shows at the end of the session */
}

static void print_status_line(const run_status *status)
{
    int64_t net = 0, cents = 0;
    uint64_t orders = 0, fills = 0, rejects = 0;
    size_t running = 0;
    char when[40], money[48];

    for (size_t i = 0; i < status->strategy_count; i++) {
        const run_strategy *strategy = &status->strategies[i];
        net += net_e8(&strategy->account);
        orders += strategy->account.orders;
        fills += strategy->account.fills;
        rejects += strategy->account.rejects;
        running += strategy->running;
    }
    (void)!decimal_divide(net, 1000000, &cents);
    printf("%s %s %s  events %llu  strategies %zu/%zu  orders %llu  fills %llu  rejects %llu  net "
           "%s\n",
           base_time_format(status->time_ns, when, sizeof when), status->mode, status->market,
           (unsigned long long)status->events, running, status->strategy_count,
           (unsigned long long)orders, (unsigned long long)fills, (unsigned long long)rejects,
           decimal_format_scaled(cents, 2, money, sizeof money));
    (void)fflush(stdout);
}

static void print_table(const run_status *status)
{
    printf("\n%-18s %8s %8s %8s %14s %14s %14s  %s\n", "strategy", "orders", "fills", "rejects",
           "fees", "funding", "net PnL", "state");
    for (size_t i = 0; i < status->strategy_count; i++) {
        const run_strategy *strategy = &status->strategies[i];
        char fees[48], funding[48], net[48];
        printf(
            "%-18s %8llu %8llu %8llu %14s %14s %14s  %s\n", strategy->name,
            (unsigned long long)strategy->account.orders,
            (unsigned long long)strategy->account.fills,
            (unsigned long long)strategy->account.rejects,
            decimal_format_scaled(strategy->account.fees_e8 / 10000, 4, fees, sizeof fees),
            decimal_format_scaled(strategy->account.funding_e8 / 10000, 4, funding, sizeof funding),
            decimal_format_scaled(net_e8(&strategy->account) / 10000, 4, net, sizeof net),
            strategy->running ? risk_name(strategy->account.risk_state) : strategy->why);
    }
}

static void on_status(void *context, const run_status *status)
{
    const run_arguments *arguments = context;

    if (arguments->as_json) {
        print_status_json(status);
        return;
    }
    print_status_line(status);
    if (status->last)
        print_table(status);
}

static int print_keys(void)
{
    base_buffer text;
    bool printed;

    base_buffer_init(&text, base_allocator_default());
    config_describe(&text);
    printed = !text.failed && fputs(text.data, stdout) >= 0 && fflush(stdout) == 0;
    base_buffer_deinit(&text);
    return printed ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}

/* ---- where metrics and the status page are ---- */

#define LISTEN_DEFAULT "127.0.0.1:9090"
#define TOKEN_BYTES    256

typedef struct listen_place {
    char address[64], token[TOKEN_BYTES], json_path[1024], prom_path[1024];
} listen_place;

/* "ADDR:PORT", "[::1]:9090", ":0"; -1: fine. */
static int parse_listen(const char *text, listen_place *place, run_metrics_options *out)
{
    const char *colon = strrchr(text, ':');
    const char *from = text[0] == '[' ? text + 1 : text;
    size_t length;
    char *end;
    long port;

    if (colon == NULL)
        return cli_usage("--metrics-listen %s: expected ADDRESS:PORT or off", text);
    length = (size_t)(colon - from) - (text[0] == '[' && colon > text && colon[-1] == ']');
    port = strtol(colon + 1, &end, 10);
    if (colon[1] == 0 || *end != 0 || port < 0 || port > 65535 || length >= sizeof place->address)
        return cli_usage("--metrics-listen %s: expected ADDRESS:PORT or off", text);
    memcpy(place->address, from, length);
    place->address[length] = 0;
    out->address = length > 0 ? place->address : "127.0.0.1";
    out->port = (uint16_t)port;
    return -1;
}

/* A token from a file, its line end dropped; else from $HEAN_METRICS_TOKEN. */
static int read_token(const char *file, listen_place *place, run_metrics_options *out)
{
    const char *given = getenv("HEAN_METRICS_TOKEN");
    base_buffer text;
    hean_error error;

    base_buffer_init(&text, base_allocator_default());
    if (file != NULL) {
        if (base_buffer_read_file(&text, file, TOKEN_BYTES, &error) != HEAN_OK) {
            base_buffer_deinit(&text);
            return cli_fail(&error);
        }
        text.data[strcspn(text.data, "\r\n")] = 0;
        given = text.data;
    }
    if (given != NULL && given[0] != 0 && base_text_copy(place->token, sizeof place->token, given))
        out->token = place->token;
    base_buffer_deinit(&text);
    return -1;
}

static int set_metrics(const run_arguments *arguments, listen_place *place,
                       run_metrics_options *out)
{
    const char *slash = strrchr(arguments->store, '/');
    int folder = slash != NULL ? (int)(slash - arguments->store) + 1 : 0;
    const char *listen = arguments->listen != NULL ? arguments->listen : LISTEN_DEFAULT;
    int code;

    if (strcmp(listen, "off") == 0)
        return -1;
    code = parse_listen(listen, place, out);
    if (code < 0)
        code = read_token(arguments->token_file, place, out);
    out->by_name = arguments->listen != NULL;
    out->public_without_token = arguments->listen_public;
    /* Beside the ledger. */
    if (snprintf(place->json_path, sizeof place->json_path, "%.*smetrics.json", folder,
                 arguments->store) < (int)sizeof place->json_path)
        out->json_path = place->json_path;
    if (snprintf(place->prom_path, sizeof place->prom_path, "%.*smetrics.prom", folder,
                 arguments->store) < (int)sizeof place->prom_path)
        out->prom_path = place->prom_path;
    return code;
}

int cmd_run(int argc, char **argv)
{
    run_arguments a = {.config = NULL, .store = CLI_STORE_DEFAULT};
    const cli_option options[] = {
        {"--config", CLI_TEXT, &a.config, "FILE", "a Lua configuration; else the built-in one"},
        {"--duration", CLI_DURATION, &a.duration_ns, "T", "stop after this time, such as 30s"},
        {"--store", CLI_TEXT, &a.store, "FILE", "the ledger; " CLI_STORE_DEFAULT},
        {"--metrics-listen", CLI_TEXT, &a.listen, "ADDR:PORT",
         "metrics and the status page; " LISTEN_DEFAULT ", or off"},
        {"--metrics-token-file", CLI_TEXT, &a.token_file, "FILE",
         "what readers must know; else $HEAN_METRICS_TOKEN"},
        {"--metrics-public", CLI_FLAG, &a.listen_public, NULL,
         "an address that others reach, without a token"},
        {"--keys", CLI_FLAG, &a.keys, NULL, "list the keys of a configuration, and end"},
        {"--live", CLI_FLAG, &a.live, NULL, "one of the three switches for real orders"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object per status, on stdout"}};
    const cli_command command = {"hean run [--config FILE] [--duration T]",
                                 "Trades on a simulated venue of its own, unless the configuration "
                                 "says otherwise.",
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    listen_place place = {{0}, {0}, {0}, {0}};
    run_options session;
    hean_error error;
    config settings;
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    if (a.keys)
        return print_keys();
    cli_stop_on_signals();
    (void)signal(SIGPIPE, SIG_IGN); /* a peer or a reader of stdout that is gone ends no session */
    if (config_load(base_allocator_default(), a.config, &cli_stop, &settings, &error) != HEAN_OK)
        return cli_fail(&error);
    memset(&session, 0, sizeof session);
    session.config = &settings;
    session.gate = gate_from_environment(settings.mode == CONFIG_MODE_LIVE, a.live);
    session.store_path = a.store;
    session.duration_ns = a.duration_ns;
    session.log.write = cli_log;
    session.on_status = on_status;
    session.status_context = &a;
    session.stop = &cli_stop;
    result = set_metrics(&a, &place, &session.metrics);
    if (result >= 0) {
        config_deinit(&settings);
        return result;
    }
    result = run_session(&session, &error) == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
    config_deinit(&settings);
    if (ferror(stdout) && result == CLI_EXIT_DONE) {
        (void)fprintf(stderr, "hean: standard output could not be written\n");
        result = CLI_EXIT_FAILED;
    }
    return result;
}
