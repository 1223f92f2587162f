/*
 * cmd_exchange_sim.c: `hean exchange-sim` runs a venue on loopback that speaks Bybit v5: for
 * demos, for tests, and as the default venue of `hean run`.
 *
 * Its first line says where it listens; it runs until a signal, or until the end of its input.
 */
#include "cli.h"

#include <exchange/sim_server.h>
#include <market/import.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define KEY_BYTES 40

typedef struct settings {
    int64_t port, seed, limit_factor;
    int64_t latency_ns, history_ns, book_push_ns;
    hean_decimal speed, wallet;
    const char *api_key, *api_secret;
    const char *tls_cert, *tls_key;
    cli_list market, instruments, faults;
    bool until_eof, json;
    bool secret_made; /* by this program */
} settings;

/* ---- options ---- */

static hean_status set_fault(sim_faults *faults, const char *text, hean_error *error)
{
    const char *equals = strchr(text, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - text);
    double *rate = NULL;
    char *end = NULL;
    double value = equals == NULL ? -1 : strtod(equals + 1, &end);
    if (length == strlen("clock_skew") && strncmp(text, "clock_skew", length) == 0) {
        const char *duration = equals[1] == '-' ? equals + 2 : equals + 1;
        if (base_duration_parse(duration, &faults->clock_skew_ns) != HEAN_OK)
            return base_fail(error, HEAN_E_PARSE, "--faults %s: expected a duration", text);
        if (duration != equals + 1)
            faults->clock_skew_ns = -faults->clock_skew_ns;
        return HEAN_OK;
    }
#define FIND_RATE(name)                                                                            \
    if (length == sizeof(#name) - 1 && strncmp(text, #name, length) == 0)                          \
        rate = &faults->name;
    SIM_FAULT_MAP(FIND_RATE)
#undef FIND_RATE
    if (rate == NULL || end == equals + 1 || *end != '\0' || !(value >= 0 && value <= 1)) {
#define NAME_OF(name) " " #name
        return base_fail(error, HEAN_E_PARSE,
                         "--faults %s: expected NAME=RATE, 0 to 1, or clock_skew=DURATION; the "
                         "names are" SIM_FAULT_MAP(NAME_OF),
                         text);
#undef NAME_OF
    }
    *rate = value;
    return HEAN_OK;
}

static hean_status set_faults(sim_faults *faults, const cli_list *list, hean_error *error)
{
    hean_status status = HEAN_OK;
    for (size_t i = 0; i < list->count && status == HEAN_OK; i++) {
        const char *at = list->items[i];
        while (*at != '\0' && status == HEAN_OK) {
            char text[64] = "";
            size_t length = strcspn(at, ",");
            if (length >= sizeof text)
                return base_fail(error, HEAN_E_PARSE, "--faults %s: too long", at);
            memcpy(text, at, length);
            status = set_fault(faults, text, error);
            at += length + (at[length] == ',' ? 1 : 0);
        }
    }
    return status;
}

/* The key of this run, where none was given. */
static hean_status random_text(char out[KEY_BYTES], hean_error *error)
{
    uint8_t bytes[(KEY_BYTES - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return base_fail(error, HEAN_E_IO, "no random bytes for a key");
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return HEAN_OK;
}

static const char *given(const char *option, const char *variable)
{
    const char *text = option != NULL ? option : getenv(variable);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* ---- recorded data ---- */

/* What an ordinary account pays, where neither data nor options say. */
static void set_fees(market_data *data)
{
    for (size_t i = 0; i < data->info.instruments; i++) {
        hean_instrument *spec = &data->instruments[i].spec;
        bool spot = spec->kind == HEAN_INSTRUMENT_SPOT;
        if (spec->maker_fee_e8 != 0 || spec->taker_fee_e8 != 0)
            continue;
        spec->maker_fee_e8 = spot ? 100000 : 20000;
        spec->taker_fee_e8 = spot ? 100000 : 55000;
    }
}

static hean_status load_market(const settings *set, sim_options *options, market_data *data,
                               hean_error *error)
{
    market_import_options wanted = {.paths = set->market.items,
                                    .path_count = set->market.count,
                                    .instrument_texts = set->instruments.items,
                                    .instrument_count = set->instruments.count,
                                    .stop = &cli_stop};
    market_import_report report;
    if (set->market.count == 0)
        return HEAN_OK; /* the default */
    if (set->market.count == 1 && strncmp(set->market.items[0], "sim:", 4) == 0) {
        options->market = set->market.items[0];
        return HEAN_OK;
    }
    FILE *file = tmpfile();
    if (file == NULL)
        return base_fail(error, HEAN_E_IO, "no temporary file for the imported data");
    hean_status status =
        market_import_run(options->allocator, &wanted, fileno(file), &report, error);
    if (status == HEAN_OK) {
        market_import_report_deinit(options->allocator, &report);
        status = market_data_open(options->allocator, fileno(file), "imported data", data, error);
    }
    (void)fclose(file); /* the mapping keeps what it needs */
    if (status != HEAN_OK)
        return status;
    set_fees(data);
    options->market = NULL;
    options->events = data->events;
    options->event_count = data->info.events;
    options->instruments = data->instruments;
    options->instrument_count = data->info.instruments;
    return HEAN_OK;
}

/* ---- what is printed ---- */

/* A secret that was given is not repeated: it may be the one of a real account. */
static int print_ready(const settings *set, uint16_t port, const sim_options *options)
{
    const char *secret = set->secret_made ? options->api_secret : NULL;
    const char *s = set->tls_cert != NULL ? "s" : "";
    static const char *const sockets[][2] = {{"public", "/v5/public/linear"},
                                             {"public_spot", "/v5/public/spot"},
                                             {"public_inverse", "/v5/public/inverse"},
                                             {"private", "/v5/private"},
                                             {"trade", "/v5/trade"}};
    char url[80];
    cli_json json;
    (void)snprintf(url, sizeof url, "http%s://127.0.0.1:%u", s, port);
    if (!set->json) {
        (void)printf("rest %s public ws%s://127.0.0.1:%u/v5/public/linear private "
                     "ws%s://127.0.0.1:%u/v5/private key %s secret %s\n",
                     url, s, port, s, port, options->api_key,
                     secret != NULL ? secret : "(as given)");
        return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    }
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "rest", url);
    for (size_t i = 0; i < BASE_COUNT(sockets); i++) {
        (void)snprintf(url, sizeof url, "ws%s://127.0.0.1:%u%s", s, port, sockets[i][1]);
        cli_json_text(&json, sockets[i][0], url);
    }
    cli_json_text(&json, "api_key", options->api_key);
    if (secret != NULL)
        cli_json_text(&json, "api_secret", secret);
    else
        cli_json_null(&json, "api_secret");
    cli_json_object_end(&json);
    int code = cli_json_print(&json);
    return fflush(stdout) == 0 ? code : CLI_EXIT_FAILED;
}

static hean_status serve(const settings *set, const sim_options *options, int *code,
                         hean_error *error)
{
    sim_venue *venue = NULL;
    sim_server *server = NULL;
    sim_server_options server_options = {.allocator = options->allocator,
                                         .port = (uint16_t)set->port,
                                         .tls_cert = set->tls_cert,
                                         .tls_key = set->tls_key};
    hean_status status = sim_open(options, &venue, error);
    server_options.venue = venue;
    if (status == HEAN_OK)
        status = sim_server_open(&server_options, &server, error);
    if (status == HEAN_OK)
        *code = print_ready(set, sim_server_port(server), options);
    if (status == HEAN_OK && *code == CLI_EXIT_DONE)
        status = sim_server_run(server, &cli_stop, set->until_eof ? STDIN_FILENO : -1, error);
    sim_server_close(server);
    sim_close(venue);
    return status;
}

static hean_status start(settings *set, int *code, hean_error *error)
{
    sim_options options = sim_options_default();
    market_data data = {0};
    char key[KEY_BYTES] = "";
    char secret[KEY_BYTES] = "";
    hean_status status = HEAN_OK;
    options.seed = (uint64_t)set->seed;
    options.latency_ns = set->latency_ns;
    options.history_ns = set->history_ns;
    options.book_push_ns = set->book_push_ns;
    options.limit_factor = set->limit_factor > 1000 ? 0 : (int32_t)set->limit_factor;
    options.api_key = given(set->api_key, "BYBIT_API_KEY");
    options.api_secret = given(set->api_secret, "BYBIT_API_SECRET");
    if (options.api_key == NULL) {
        status = random_text(key, error);
        options.api_key = key;
    }
    if (status == HEAN_OK && options.api_secret == NULL) {
        status = random_text(secret, error);
        options.api_secret = secret;
        set->secret_made = true;
    }
    if (status == HEAN_OK && decimal_to_scaled(set->speed, 3, &options.speed_e3) != HEAN_OK)
        status = base_fail(error, HEAN_E_RANGE, "--speed: expected 0.001 to 1000");
    if (status == HEAN_OK && decimal_to_scaled(set->wallet, 8, &options.wallet_usdt_e8) != HEAN_OK)
        status = base_fail(error, HEAN_E_RANGE, "--wallet: too large");
    if (status == HEAN_OK)
        status = set_faults(&options.faults, &set->faults, error);
    if (status == HEAN_OK)
        status = load_market(set, &options, &data, error);
    if (status == HEAN_OK)
        status = serve(set, &options, code, error);
    if (data.mapping != NULL)
        market_data_close(&data);
    return status;
}

int cmd_exchange_sim(int argc, char **argv)
{
    settings set = {
        .seed = 1, .limit_factor = 1, .book_push_ns = -1, .speed = {1, 0}, .wallet = {100000, 0}};
    const cli_option options[] = {
        {"--port", CLI_WHOLE, &set.port, "N", "on 127.0.0.1; 0, the default: any that is free"},
        {"--market", CLI_LIST, &set.market, "SIM|PATH...",
         "sim:SEED[,instruments=N]... or recorded data; sim:1"},
        {"--instrument", CLI_LIST, &set.instruments, "TEXT...", "tick=0.01,lot=0.001,... of data"},
        {"--seed", CLI_WHOLE, &set.seed, "N", "of ids and faults; 1"},
        {"--speed", CLI_DECIMAL, &set.speed, "X", "of the market; 1"},
        {"--history", CLI_DURATION, &set.history_ns, "TIME", "that the market has behind it; 0"},
        {"--latency", CLI_DURATION, &set.latency_ns, "TIME", "from answer to outcome; 0"},
        {"--wallet", CLI_DECIMAL, &set.wallet, "USDT", "at the start; 100000"},
        {"--faults", CLI_LIST, &set.faults, "NAME=RATE,...", "also by POST /sim/faults"},
        {"--limit-factor", CLI_WHOLE, &set.limit_factor, "N", "quotas times N; 1"},
        {"--book-push", CLI_DURATION, &set.book_push_ns, "TIME",
         "between frames of a book; as the venue does"},
        {"--api-key", CLI_TEXT, &set.api_key, "KEY", "BYBIT_API_KEY, else random"},
        {"--api-secret", CLI_TEXT, &set.api_secret, "SECRET", "BYBIT_API_SECRET, else random"},
        {"--tls-cert", CLI_TEXT, &set.tls_cert, "FILE", "PEM; with it https and wss"},
        {"--tls-key", CLI_TEXT, &set.tls_key, "FILE", "PEM"},
        {"--until-eof", CLI_FLAG, &set.until_eof, NULL, "end when the input ends"},
        {"--json", CLI_FLAG, &set.json, NULL, "print one JSON object"},
    };
    const cli_command command = {.usage = "hean exchange-sim [options]",
                                 .about = "Runs a simulated venue that speaks Bybit v5.",
                                 .options = options,
                                 .option_count = BASE_COUNT(options)};
    cli_list positional = {0};
    hean_error error = {.status = HEAN_OK};
    int result = CLI_EXIT_DONE;
    int code = cli_parse(&command, argc, argv, &positional);
    if (code < 0 && set.port > 65535) {
        code = cli_usage("--port: expected 0 to 65535");
    } else if (code < 0) {
        cli_stop_on_signals();
        (void)signal(SIGPIPE, SIG_IGN); /* a client that hung up is no reason to end */
        hean_status status = start(&set, &result, &error);
        code = status == HEAN_OK ? result : cli_fail(&error);
    }
    cli_list_deinit(&positional);
    cli_list_deinit(&set.market);
    cli_list_deinit(&set.instruments);
    cli_list_deinit(&set.faults);
    return code;
}
