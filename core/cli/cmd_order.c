/*
 * cmd_order.c: orders by hand: place, amend, cancel, list; positions and balance of the account.
 *
 * What changes something at the venue passes the same gate as a session. --dry-run sends nothing:
 * it prints the request as it would be sent, byte for byte, so that a signature can be checked.
 */
#include "cmd_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- what is asked for ---- */

static const struct {
    const char *name;
    bybit_route route;
    bool changes;
    const char *about;
} verbs[] = {
    {"place", BYBIT_ORDER_CREATE, true, "send an order"},
    {"amend", BYBIT_ORDER_AMEND, true, "change price or quantity of an open order"},
    {"cancel", BYBIT_ORDER_CANCEL, true, "cancel an open order"},
    {"list", BYBIT_ORDERS_OPEN, false, "the open orders of the account"},
    {"positions", BYBIT_POSITIONS, false, "what the account holds"},
    {"balance", BYBIT_WALLET, false, "the account's coins"},
};

static bool read_word(const char *option, const char *given, const char *const *words, size_t count,
                      uint8_t *out)
{
    char list[100] = "";

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list);
        if (strcmp(given, words[i]) == 0) {
            *out = (uint8_t)i;
            return true;
        }
        (void)snprintf(list + length, sizeof list - length, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    (void)cli_usage("%s %s: expected one of %s", option, given, list);
    return false;
}

/* A step that all of the given numbers are multiples of, and their units of it. */
static bool as_units(const hean_decimal *values, size_t count, hean_decimal *step, int64_t *units)
{
    step->mantissa = 1;
    step->exponent10 = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i].mantissa != 0 && values[i].exponent10 < step->exponent10)
            step->exponent10 = values[i].exponent10;
    }
    for (size_t i = 0; i < count; i++) {
        units[i] = 0;
        if (values[i].mantissa < 0 ||
            (values[i].mantissa > 0 && decimal_to_units(values[i], *step, &units[i]) != HEAN_OK))
            return false;
    }
    return true;
}

/* Prices and quantities go out as they were typed; whether they are on the venue's tick and lot is
 * for the venue to say. */
static bool fill_intent(const order_arguments *a, market_instrument *instrument,
                        hean_intent *intent)
{
    static const char *const sides[] = {"", "buy", "sell"};
    static const char *const types[] = {"limit", "market", "stop", "stop-limit"};
    static const char *const tifs[] = {"gtc", "ioc", "fok", "post-only"};
    const hean_decimal prices[] = {a->price, a->trigger};
    int64_t price_units[2], qty_units;

    memset(instrument, 0, sizeof *instrument);
    memset(intent, 0, sizeof *intent);
    if (!base_text_copy(instrument->spec.symbol, sizeof instrument->spec.symbol, a->symbol))
        return false;
    if (!read_word("--side", a->side, sides, BASE_COUNT(sides), &intent->side) ||
        !read_word("--type", a->type, types, BASE_COUNT(types), &intent->order_type) ||
        !read_word("--tif", a->tif, tifs, BASE_COUNT(tifs), &intent->time_in_force))
        return false;
    if (!as_units(prices, 2, &instrument->spec.tick_size, price_units) ||
        !as_units(&a->qty, 1, &instrument->spec.lot_size, &qty_units)) {
        (void)cli_usage("--qty, --price, --trigger: expected positive numbers");
        return false;
    }
    intent->price_ticks = price_units[0];
    intent->trigger_ticks = price_units[1];
    intent->qty_lots = qty_units;
    intent->flags = a->reduce_only ? HEAN_INTENT_REDUCE_ONLY : 0;
    return true;
}

/* ---- building the request ---- */

static hean_status build_query(const order_arguments *a, bybit_request *out, hean_error *error)
{
    bool wallet = a->route == BYBIT_WALLET;
    hean_status status;

    bybit_request_init(out, a->route);
    status = wallet ? bybit_query_add(out, "accountType", "UNIFIED")
                    : bybit_query_add(out, "category", bybit_category_text(a->venue->category));
    if (status == HEAN_OK && !wallet && a->symbol[0] != 0)
        status = bybit_query_add(out, "symbol", a->symbol);
    else if (status == HEAN_OK && !wallet && a->venue->category == VENUE_LINEAR)
        status = bybit_query_add(out, "settleCoin", a->coin);
    if (status == HEAN_OK && !wallet)
        status = bybit_query_add(out, "limit", a->route == BYBIT_POSITIONS ? "200" : "50");
    return status == HEAN_OK ? status
                             : base_fail(error, status, "the question cannot be put to the venue");
}

hean_status order_build(const order_arguments *a, bybit_request *out, hean_error *error)
{
    venue_category category = a->venue->category;

    switch (a->route) {
    case BYBIT_ORDER_CREATE:
        return bybit_order_create(category, &a->instrument, a->client_id, &a->intent, out, error);
    case BYBIT_ORDER_AMEND:
        return bybit_order_amend(category, &a->instrument, a->client_id, &a->intent, out, error);
    case BYBIT_ORDER_CANCEL:
        return bybit_order_cancel(category, &a->instrument, a->client_id, out, error);
    default:
        return build_query(a, out, error);
    }
}

/* ---- the dry run ---- */

static void print_headers(cli_json *json, const char *headers, bool as_json)
{
    while (*headers != 0) {
        size_t bytes = strcspn(headers, "\n"), name_bytes = strcspn(headers, ":");
        char name[64], value[300];
        (void)snprintf(name, sizeof name, "%.*s", (int)name_bytes, headers);
        (void)snprintf(value, sizeof value, "%.*s", (int)(bytes - name_bytes - 2),
                       headers + name_bytes + 2);
        if (as_json)
            cli_json_text(json, name, value);
        else
            printf("%s: %s\n", name, value);
        headers += bytes + (headers[bytes] == '\n');
    }
}

static int dry_run(const order_arguments *a, const bybit_request *request, const keys *held)
{
    const bybit_route_info *route = bybit_route_get(request->route);
    const char *body = strcmp(route->method, "GET") == 0 ? "" : request->payload;
    int64_t now_ms = a->timestamp_ms > 0 ? a->timestamp_ms : base_clock_wall_ns() / BASE_NS_PER_MS;
    base_buffer url, headers;
    int result = CLI_EXIT_DONE;
    cli_json json;

    base_buffer_init(&url, base_allocator_default());
    base_buffer_init(&headers, base_allocator_default());
    if (bybit_seal(request, a->venue->rest_url, keys_key(held), keys_secret(held), now_ms,
                   a->recv_window_ms, &url, &headers) != HEAN_OK) {
        result = cli_usage("the request cannot be signed");
    } else if (!a->as_json) {
        printf("%s %s\n", route->method, url.data);
        print_headers(NULL, headers.data, false);
        printf("\n%s%s", body, body[0] != 0 ? "\n" : "");
    } else {
        cli_json_init(&json);
        cli_json_object(&json, NULL);
        cli_json_text(&json, "method", route->method);
        cli_json_text(&json, "url", url.data);
        cli_json_object(&json, "headers");
        print_headers(&json, headers.data, true);
        cli_json_object_end(&json);
        cli_json_text(&json, "body", body);
        cli_json_object_end(&json);
        result = cli_json_print(&json);
    }
    base_buffer_deinit(&headers);
    base_buffer_deinit(&url);
    return result;
}

/* ---- the command ---- */

/* A name that no order had before. */
static bool make_client_id(char out[VENUE_CLIENT_ID_BYTES])
{
    uint8_t bytes[12];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    (void)base_text_copy(out, VENUE_CLIENT_ID_BYTES, "hand-");
    hash_hex(bytes, sizeof bytes, out + 5);
    return true;
}

static bool complete(order_arguments *a, bool changes)
{
    if (changes && a->symbol[0] == 0) {
        (void)cli_usage("expected --symbol");
        return false;
    }
    if (a->route == BYBIT_ORDER_CREATE &&
        (a->side[0] == 0 || a->qty.mantissa == 0 ||
         (strstr(a->type, "limit") != NULL && a->price.mantissa == 0) ||
         (strncmp(a->type, "stop", 4) == 0 && a->trigger.mantissa == 0))) {
        (void)cli_usage("expected --side and --qty, --price of a limit and --trigger of a stop");
        return false;
    }
    if (!base_text_copy(a->client_id, sizeof a->client_id, a->given_id)) {
        (void)cli_usage("--client-id: expected at most %d characters", VENUE_CLIENT_ID_BYTES - 1);
        return false;
    }
    if (a->route == BYBIT_ORDER_CREATE && a->client_id[0] == 0 && !make_client_id(a->client_id)) {
        (void)cli_usage("no random bytes: %s", strerror(errno));
        return false;
    }
    if ((a->route == BYBIT_ORDER_AMEND || a->route == BYBIT_ORDER_CANCEL) && a->client_id[0] == 0) {
        (void)cli_usage("expected --client-id, as hean order list shows it");
        return false;
    }
    return fill_intent(a, &a->instrument, &a->intent);
}

static int run(order_arguments *a, bool changes, const config *settings)
{
    const char *file = a->credentials != NULL ? a->credentials : settings->venue.credentials_file;
    gate_switches gate = gate_from_environment(settings->mode == CONFIG_MODE_LIVE, a->live);
    keys *held = NULL;
    bybit_request request;
    hean_error error = {0};
    int result;

    if (order_build(a, &request, &error) != HEAN_OK)
        return cli_fail(&error);
    if (changes && !a->dry_run && gate_check(GATE_ORDERS, &gate, &error) != HEAN_OK)
        return cli_fail(&error);
    if (keys_load(file, &held, &error) != HEAN_OK)
        return cli_fail(&error);
    result = a->dry_run ? dry_run(a, &request, held) : order_send(a, &request, held);
    keys_close(held);
    return result;
}

static int order(size_t verb, int argc, char **argv)
{
    order_arguments a = {.route = verbs[verb].route,
                         .symbol = "",
                         .side = "",
                         .type = "limit",
                         .tif = "gtc",
                         .given_id = "",
                         .coin = "USDT",
                         .recv_window_ms = 5000};
    const cli_option options[] = {
        {"--config", CLI_TEXT, &a.config, "FILE", "the venue and the mode are its"},
        {"--symbol", CLI_TEXT, &a.symbol, "S", "such as BTCUSDT"},
        {"--side", CLI_TEXT, &a.side, "S", "buy or sell"},
        {"--qty", CLI_DECIMAL, &a.qty, "Q", "quantity"},
        {"--price", CLI_DECIMAL, &a.price, "P", "of a limit order"},
        {"--trigger", CLI_DECIMAL, &a.trigger, "P", "of a stop"},
        {"--type", CLI_TEXT, &a.type, "T", "limit, market, stop, stop-limit"},
        {"--tif", CLI_TEXT, &a.tif, "T", "gtc, ioc, fok, post-only"},
        {"--reduce-only", CLI_FLAG, &a.reduce_only, NULL, "never opens or turns a position"},
        {"--client-id", CLI_TEXT, &a.given_id, "ID", "the order's name; place makes one up"},
        {"--coin", CLI_TEXT, &a.coin, "C", "list, positions without --symbol: settled in it; USDT"},
        {"--credentials", CLI_TEXT, &a.credentials, "FILE",
         "else the configuration's, else the "
         "environment"},
        {"--recv-window", CLI_WHOLE, &a.recv_window_ms, "MS",
         "how late a request may arrive; 5000"},
        {"--dry-run", CLI_FLAG, &a.dry_run, NULL, "print the request and send nothing"},
        {"--timestamp", CLI_WHOLE, &a.timestamp_ms, "MS", "--dry-run: in place of now"},
        {"--live", CLI_FLAG, &a.live, NULL, "one of the three switches for real orders"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object, or one a line"},
    };
    const cli_command command = {"hean order place|amend|cancel|list|positions|balance [options]",
                                 verbs[verb].about,
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    hean_error error = {0};
    config settings;
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    if (!complete(&a, verbs[verb].changes))
        return CLI_EXIT_USAGE;
    cli_stop_on_signals();
    if (config_load(base_allocator_default(), a.config, &cli_stop, &settings, &error) != HEAN_OK)
        return cli_fail(&error);
    a.venue = &settings.venue;
    result = run(&a, verbs[verb].changes, &settings);
    config_deinit(&settings);
    return result;
}

int cmd_order(int argc, char **argv)
{
    const char *names[BASE_COUNT(verbs)], *near;

    for (size_t i = 0; argc >= 2 && i < BASE_COUNT(verbs); i++) {
        names[i] = verbs[i].name;
        if (strcmp(argv[1], verbs[i].name) == 0)
            return order(i, argc - 1, argv + 1);
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        FILE *out = argc < 2 ? stderr : stdout;
        (void)fprintf(out, "usage: hean order COMMAND [options]\n\n");
        for (size_t i = 0; i < BASE_COUNT(verbs); i++)
            (void)fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].about);
        return argc < 2 ? CLI_EXIT_USAGE : CLI_EXIT_DONE;
    }
    near = base_text_nearest(argv[1], names, BASE_COUNT(names));
    return cli_usage("unknown command order %s%s%s%s; `hean order --help` lists them", argv[1],
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}
