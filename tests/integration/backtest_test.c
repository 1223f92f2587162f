/*
 * backtest_test.c: whole backtests, on the simulated market and on recorded data.
 */
#include <support.h>

#include <host/backtest.h>
#include <script/script.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SIM "sim:7,hours=0.05,instruments=1"

/* ---- helpers ---- */

typedef struct sink {
    char text[20000];
    size_t lines;
} sink;

static void sink_write(void *context, hean_log_level level, int64_t time_ns, const char *source,
                       const char *text)
{
    sink *self = context;
    size_t length = strlen(self->text);
    (void)level;
    (void)time_ns;
    self->lines++;
    (void)snprintf(self->text + length, sizeof self->text - length, "%s: %s\n", source, text);
}

static backtest_options options_for(const char *source, const char *const *paths, size_t count)
{
    backtest_options options = backtest_options_default();
    options.source = source;
    options.paths = paths;
    options.path_count = count;
    return options;
}

static backtest_options sim_options(const char *source)
{
    static const char *const paths[] = {SIM};
    return options_for(source, paths, 1);
}

static void expect_words(const char *text, const char *word)
{
    if (strstr(text, word) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", word, text);
}

/* A taker that goes in and out, so that there are fills on any market. */
static const char taker[] = "local s = { name = 'taker', subscribe = { trades = true } }\n"
                            "local n = 0\n"
                            "function s.on_trade(ctx, trade)\n"
                            "  n = n + 1\n"
                            "  if n % 10 == 0 then\n"
                            "    local step = ctx:instrument().lot\n"
                            "    local o = { qty = ctx:instrument().lot * 5, type = 'market' }\n"
                            "    if ctx:position().qty > 0 then ctx:sell(o) else ctx:buy(o) end\n"
                            "  end\n"
                            "end\n"
                            "function s.on_fill(ctx, fill)\n"
                            "  ctx:metric('last_price', fill.price)\n"
                            "  ctx:log('filled at', fill.price)\n"
                            "end\n"
                            "return s\n";

/* ---- the same in both isolations, every time ---- */

static void run_both_ways(backtest_options options, backtest_result *out)
{
    static const hean_isolation order[] = {HEAN_ISOLATION_PROCESS, HEAN_ISOLATION_IN_PROCESS,
                                           HEAN_ISOLATION_PROCESS};
    char first[HASH_SHA256_HEX_BYTES] = "";

    for (size_t i = 0; i < BASE_COUNT(order); i++) {
        backtest_result result;
        hean_error error;
        options.isolation = order[i];
        assert_status(backtest_run(&options, &result, &error), HEAN_OK, &error);
        assert_true(result.complete);
        assert_int_equal(strlen(result.orders_hash), 64);
        if (i == 0)
            memcpy(first, result.orders_hash, sizeof first);
        assert_string_equal(result.orders_hash, first);
        assert_true(result.net_pnl_e8 == result.gross_pnl_e8 - result.fees_e8 + result.funding_e8);
        assert_true(result.fills == result.maker_fills + result.taker_fills);
        if (i + 1 < BASE_COUNT(order))
            backtest_result_deinit(NULL, &result);
        else
            *out = result;
    }
}

static void backtest_gives_the_same_hash_in_both_isolations(void **state)
{
    backtest_result result;
    sink log = {.lines = 0};
    backtest_options options = sim_options(taker);

    (void)state;
    options.log = (hean_log_sink){sink_write, &log};
    run_both_ways(options, &result);
    assert_string_equal(result.strategy, "taker");
    assert_true(result.imported);
    assert_true(result.events > 1000);
    assert_true(result.fills > 0 && result.taker_fills == result.fills);
    assert_true(result.volume_e8 > 0);
    assert_true(result.fees_e8 > 0);
    assert_true(result.wall_seconds > 0 && result.events_per_second > 0);
    assert_true(result.peak_rss_bytes > 1 << 20);
    assert_int_equal(result.position_count, 1);
    assert_int_equal(result.metric_count, 1);
    assert_string_equal(result.metrics[0].name, "last_price");
    assert_true(result.log_lines >= result.fills);
    assert_true(log.lines == 3 * result.log_lines);
    expect_words(log.text, "taker: filled at");
    backtest_result_deinit(NULL, &result);
}

static void backtest_gives_another_hash_for_another_latency(void **state)
{
    backtest_options options = sim_options(taker);
    backtest_result a, b;
    hean_error error;

    (void)state;
    assert_status(backtest_run(&options, &a, &error), HEAN_OK, &error);
    options.entry_latency_ns *= 30;
    assert_status(backtest_run(&options, &b, &error), HEAN_OK, &error);
    assert_string_not_equal(a.orders_hash, b.orders_hash);
    assert_string_equal(a.data_sha256, b.data_sha256);
    assert_string_equal(a.script_sha256, b.script_sha256);
    backtest_result_deinit(NULL, &a);
    backtest_result_deinit(NULL, &b);
}

/* ---- money is conserved ---- */

typedef struct sums {
    base_int128 realized_e8, fees_e8, funding_e8;
    uint64_t fills;
} sums;

static void add_account_event(void *context, const hean_event *event)
{
    sums *self = context;
    if (event->kind == HEAN_EVENT_FILL) {
        self->realized_e8 += event->data.fill.realized_e8;
        self->fees_e8 += event->data.fill.fee_e8;
        self->fills++;
    } else if (event->kind == HEAN_EVENT_FUNDING) {
        self->funding_e8 += event->data.funding.paid_e8;
    }
}

/* Engine and script without the host: what was told must be what the account holds. */
static void check_conservation(const market_data *data, const char *file, const char *source)
{
    static const engine_strategy_ops ops = {script_vm_on_event};
    const hean_allocator *allocator = base_allocator_default();
    engine_options options = engine_options_default();
    script_options script = script_options_default();
    engine_strategy strategy = {.name = "s", .ops = &ops, .capital_e8 = 10000 * BASE_E8};
    const script_info *info;
    script_vm *vm = NULL;
    engine *loop = NULL;
    hean_account account;
    base_int128 realized = 0, unrealized = 0, fees = 0, funding = 0;
    sums told = {0};
    hean_error error;
    uint16_t id;

    options.paper.entry_latency_ns = options.paper.response_latency_ns = BASE_NS_PER_MS;
    options.observer = (engine_observer){.context = &told, .on_account_event = add_account_event};
    assert_status(engine_open(&options, &loop, &error), HEAN_OK, &error);
    for (size_t i = 0; i < data->info.instruments; i++)
        assert_status(engine_add_instrument(loop, &data->instruments[i], &id, &error), HEAN_OK,
                      &error);
    script.allocator = allocator;
    script.file = file;
    script.source = source;
    script.source_bytes = strlen(source);
    script.instruments = data->instruments;
    script.instrument_count = data->info.instruments;
    script.capital_e8 = strategy.capital_e8;
    assert_status(script_vm_open(&script, &vm, &error), HEAN_OK, &error);
    assert_status(script_vm_load(vm, &error), HEAN_OK, &error);
    info = script_vm_info(vm);
    strategy.context = vm;
    strategy.subscription = (engine_subscription){.kinds = info->kinds,
                                                  .bar_intervals_ns = info->bar_intervals_ns,
                                                  .bar_interval_count = info->bar_interval_count,
                                                  .instruments = info->instruments};
    assert_status(engine_add_strategy(loop, &strategy, &id, &error), HEAN_OK, &error);
    script_vm_set_books(vm, engine_books(loop));
    assert_status(engine_start(loop, data->info.first_local_ns, &error), HEAN_OK, &error);
    assert_status(
        engine_replay(loop, data->events, data->info.events, data->exch_order, NULL, NULL, &error),
        HEAN_OK, &error);
    assert_int_equal(engine_account(loop, 0, &account), HEAN_OK);
    for (size_t i = 0; i < data->info.instruments; i++) {
        hean_position position;
        assert_int_equal(engine_position(loop, 0, (uint16_t)i, &position), HEAN_OK);
        realized += position.realized_e8;
        unrealized += position.unrealized_e8;
        fees += position.fees_e8;
        funding += position.funding_e8;
    }
    assert_true(told.fills == account.fills);
    assert_true(told.realized_e8 == account.realized_e8 && realized == account.realized_e8);
    assert_true(told.fees_e8 == account.fees_e8 && fees == account.fees_e8);
    assert_true(told.funding_e8 == account.funding_e8 && funding == account.funding_e8);
    assert_true(unrealized == account.unrealized_e8);
    assert_true(account.equity_e8 == account.capital_e8 + account.realized_e8 +
                                         account.unrealized_e8 - account.fees_e8 +
                                         account.funding_e8);
    engine_close(loop);
    script_vm_close(vm);
}

static const char *const examples[] = {"hello", "market_maker", "impulse", "funding_harvester",
                                       "basis_arbitrage"};
/* Two instruments for the strategies that need them. */
static const char *const sim_data = "sim:3,hours=0.2,funding=30s";

static const struct {
    const char *name, *instrument;
} recorded[] = {
    {"binance-futures-ethusdt-20240808", "tick=0.01,lot=0.001"},
    {"binance-spot-btcusdt-20240808", "tick=0.01,lot=0.00001"},
    {"bybit-xrpusdt-orderbook500-20241201.jsonl.gz", "tick=0.0001,lot=1"},
    {"btc-perp-1m-20211231-20220201.csv.gz", "tick=0.5,lot=0.001"},
};

static char *read_example(const char *name)
{
    base_buffer text;
    hean_error error;
    char path[600];

    (void)snprintf(path, sizeof path, "%s/strategies/%s.lua", TEST_SOURCE_DIR, name);
    base_buffer_init(&text, base_allocator_default());
    assert_status(base_buffer_read_file(&text, path, 1 << 20, &error), HEAN_OK, &error);
    return text.data;
}

/* Every example on one source of data: twice the same hash in each isolation, and conservation. */
static void check_examples(const char *path, const char *instrument)
{
    const hean_allocator *allocator = base_allocator_default();
    const char *paths[] = {path}, *texts[] = {instrument};
    market_import_options wanted = {.paths = paths,
                                    .path_count = 1,
                                    .instrument_texts = texts,
                                    .instrument_count = instrument != NULL};
    market_import_report report;
    market_data data;
    hean_error error;
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_status(market_import_run(allocator, &wanted, fileno(file), &report, &error), HEAN_OK,
                  &error);
    market_import_report_deinit(allocator, &report);
    assert_status(market_data_open(allocator, fileno(file), "test", &data, &error), HEAN_OK,
                  &error);
    for (size_t i = 0; i < BASE_COUNT(examples); i++) {
        backtest_options options = options_for(NULL, paths, 1);
        backtest_result result;
        char *source = read_example(examples[i]);

        if (strcmp(examples[i], "basis_arbitrage") == 0 && data.info.instruments < 2) {
            free(source);
            continue; /* it says itself that it needs two */
        }
        options.source = source;
        options.instrument_texts = texts;
        options.instrument_count = instrument != NULL;
        run_both_ways(options, &result);
        print_message("%s on %s: %llu orders, %llu fills\n", examples[i], path,
                      (unsigned long long)result.orders, (unsigned long long)result.fills);
        backtest_result_deinit(NULL, &result);
        check_conservation(&data, examples[i], source);
        free(source);
    }
    market_data_close(&data);
    (void)fclose(file);
}

static void every_example_conserves_money_on_the_simulated_market(void **state)
{
    (void)state;
    check_examples(sim_data, NULL);
}

static void every_example_conserves_money_on_recorded_data(void **state)
{
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(recorded); i++) {
        const char *path = test_data_path(recorded[i].name);
        char copy[600];
        if (path == NULL)
            continue;
        (void)snprintf(copy, sizeof copy, "%s", path);
        check_examples(copy, recorded[i].instrument);
        found++;
    }
    if (found == 0)
        skip();
}

/* ---- scripts that fail ---- */

static void backtest_tells_file_line_and_callback_of_a_script_that_raises(void **state)
{
    static const struct {
        const char *callback, *subscribe, *start, *more;
    } cases[] = {
        {"on_start", "", "", ""},
        {"on_trade", "trades = true", "", ""},
        {"on_book", "book = true", "", ""},
        {"on_bar", "bars = { '1s' }", "", ""},
        {"on_funding", "funding = true", "", ""},
        {"on_timer", "", "ctx:after(1000)", ""},
        {"on_order", "", "ctx:buy { qty = 0.01, type = 'market' }", ""}, /* refused: no price */
        {"on_fill", "", "ctx:after(1000)",
         "function s.on_timer(ctx) ctx:buy { qty = 0.01, type = 'market' } end"},
    };
    static const char *const paths[] = {"sim:7,hours=0.05,instruments=1,funding=20s"};

    (void)state;
    for (size_t i = 0; i < 2 * BASE_COUNT(cases); i++) {
        const char *callback = cases[i / 2].callback;
        backtest_options options;
        backtest_result result;
        hean_error error;
        char source[1000], line[40];

        (void)snprintf(source, sizeof source,
                       "local s = { name = 's', subscribe = { %s } }\n"
                       "function s.on_start(ctx) %s end %s\n"
                       "function s.%s(ctx)\n"
                       "  error('boom')\n"
                       "end\n"
                       "return s\n",
                       cases[i / 2].subscribe, cases[i / 2].start, cases[i / 2].more, callback);
        (void)snprintf(line, sizeof line, "(in %s)", callback);
        options = options_for(source, paths, 1);
        options.file = "dir/raises.lua";
        options.isolation = i % 2 == 0 ? HEAN_ISOLATION_PROCESS : HEAN_ISOLATION_IN_PROCESS;
        assert_status(backtest_run(&options, &result, &error), HEAN_E_SCRIPT, &error);
        expect_words(error.message, "raises.lua:4:");
        expect_words(error.message, "boom");
        expect_words(error.message, line);
        assert_false(result.complete);
        assert_string_equal(result.strategy, "s");
        assert_true(strcmp(callback, "on_start") == 0 || result.callbacks > 0);
        assert_int_equal(strlen(result.orders_hash), 64);
        backtest_result_deinit(NULL, &result);
    }
}

static void backtest_ends_a_script_that_hangs_and_keeps_what_it_reached(void **state)
{
    static const char hanging[] = "local s = { name = 'hanging', subscribe = { trades = true } }\n"
                                  "local n = 0\n"
                                  "function s.on_trade(ctx)\n"
                                  "  n = n + 1\n"
                                  "  if n == 10 then ctx:buy { qty = 0.01, type = 'market' } end\n"
                                  "  if n == 50 then ctx:log('now') end\n"
                                  "  if n == 60 then while true do end end\n"
                                  "end\n"
                                  "return s\n";
    backtest_options options = sim_options(hanging);
    backtest_result result;
    hean_error error;
    sink log = {.lines = 0};

    (void)state;
    options.deadline_ns = 200 * BASE_NS_PER_MS;
    options.log = (hean_log_sink){sink_write, &log};
    assert_status(backtest_run(&options, &result, &error), HEAN_E_SCRIPT_DEADLINE, &error);
    expect_words(error.message, "on_trade");
    expect_words(error.message, "200 ms");
    expect_words(log.text, "hanging: now");
    assert_false(result.complete);
    assert_string_equal(result.orders_hash, "");
    assert_int_equal(result.fills, 1);
    assert_true(result.fees_e8 > 0);
    assert_true(result.events > 0);
    backtest_result_deinit(NULL, &result);
}

static void backtest_ends_a_script_that_hangs_while_it_loads(void **state)
{
    backtest_options options = sim_options("while true do end");
    backtest_result result;
    hean_error error;

    (void)state;
    options.deadline_ns = 200 * BASE_NS_PER_MS;
    assert_status(backtest_run(&options, &result, &error), HEAN_E_SCRIPT_DEADLINE, &error);
}

static void backtest_stops_a_script_at_its_memory_limit(void **state)
{
    static const char hungry[] = "local s = { name = 'hungry', subscribe = { trades = true } }\n"
                                 "local kept = {}\n"
                                 "function s.on_trade(ctx)\n"
                                 "  for i = 1, 10000 do kept[#kept + 1] = { i } end\n"
                                 "end\n"
                                 "return s\n";
    backtest_options options = sim_options(hungry);
    backtest_result result;
    hean_error error;

    (void)state;
    options.memory_bytes_max = (size_t)16 << 20;
    assert_status(backtest_run(&options, &result, &error), HEAN_E_SCRIPT_MEMORY, &error);
    expect_words(error.message, "on_trade");
    assert_false(result.complete);
    assert_true(result.callbacks > 0);
    backtest_result_deinit(NULL, &result);
}

static void backtest_refuses_what_cannot_be_loaded(void **state)
{
    static const char with_param[] = "return { params = { n = { default = 1, max = 5 } } }";
    static const struct {
        const char *source, *params, *word;
        hean_status status;
    } cases[] = {
        {"local x = = 1", NULL, "strategy:1:", HEAN_E_SCRIPT},
        {"error('at load')", NULL, "at load", HEAN_E_SCRIPT},
        {with_param, "{\"m\":1}", "unknown parameter 'm'", HEAN_E_NOT_FOUND},
        {with_param, "{\"n\":6}", "at most 5", HEAN_E_RANGE},
        {with_param, "{", "JSON", HEAN_E_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < 2 * BASE_COUNT(cases); i++) {
        backtest_options options = sim_options(cases[i / 2].source);
        backtest_result result;
        hean_error error;
        options.params_json = cases[i / 2].params;
        options.isolation = i % 2 == 0 ? HEAN_ISOLATION_PROCESS : HEAN_ISOLATION_IN_PROCESS;
        memset(&result, 0x5a, sizeof result);
        assert_status(backtest_run(&options, &result, &error), cases[i / 2].status, &error);
        expect_words(error.message, cases[i / 2].word);
        assert_int_equal(result.strategy[0], 0x5a); /* untouched */
    }
}

static void backtest_drops_log_lines_beyond_its_bound_and_counts_them(void **state)
{
    static const char chatty[] =
        "local s = { name = 'chatty', subscribe = { trades = true, book = true } }\n"
        "local line = string.rep('x', 200)\n"
        "local function log(ctx) for i = 1, 20 do ctx:log(line) end end\n"
        "s.on_trade, s.on_book = log, log\n"
        "return s\n";
    static const char *const paths[] = {"sim:7,hours=0.3,instruments=1"};
    backtest_options options = options_for(chatty, paths, 1);
    backtest_result result;
    hean_error error;
    sink log = {.lines = 0};

    (void)state;
    options.log = (hean_log_sink){sink_write, &log};
    assert_status(backtest_run(&options, &result, &error), HEAN_OK, &error);
    assert_true(result.log_lines_dropped > 0);
    assert_true(log.lines == result.log_lines - result.log_lines_dropped);
    backtest_result_deinit(NULL, &result);
}

/* ---- stopping ---- */

static void stop_soon(void *context, const char *stage, double fraction, uint64_t count)
{
    volatile int *stop = context;
    (void)count;
    if (strcmp(stage, "replay") == 0 && fraction >= 0)
        *stop = 1;
}

static void backtest_ends_cleanly_when_it_is_interrupted(void **state)
{
    /* Long enough for a look at the stop flag, whatever the machine. */
    static const char slow[] = "local s = { name = 'slow', subscribe = { trades = true } }\n"
                               "function s.on_trade(ctx) for i = 1, 3e5 do end end\n"
                               "return s\n";
    static const char *const paths[] = {"sim:7,hours=0.5,instruments=1"};
    static const hean_isolation ways[] = {HEAN_ISOLATION_PROCESS, HEAN_ISOLATION_IN_PROCESS};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        backtest_options options = options_for(slow, paths, 1);
        volatile int stop = 0;
        backtest_result result;
        hean_error error;

        options.isolation = ways[i];
        options.stop = &stop;
        options.progress = stop_soon;
        options.progress_context = (void *)(uintptr_t)&stop;
        assert_status(backtest_run(&options, &result, &error), HEAN_E_INTERRUPTED, &error);
        assert_false(result.complete);
        assert_int_equal(strlen(result.orders_hash), 64);
        backtest_result_deinit(NULL, &result);
    }
}

static void stop_at_once(void *context, const char *stage, double fraction, uint64_t count)
{
    volatile int *stop = context;
    (void)fraction;
    (void)count;
    assert_string_equal(stage, "import"); /* and nothing after it */
    *stop = 1;
}

static void backtest_ends_cleanly_when_it_is_interrupted_while_it_imports(void **state)
{
    static const char *const paths[] = {"sim:7,hours=100,instruments=1"};
    backtest_options options = options_for(taker, paths, 1);
    volatile int stop = 0;
    backtest_result result;
    hean_error error;

    (void)state;
    options.stop = &stop;
    options.progress = stop_at_once;
    options.progress_context = (void *)(uintptr_t)&stop;
    assert_status(backtest_run(&options, &result, &error), HEAN_E_INTERRUPTED, &error);
}

/* ---- data ---- */

static void backtest_says_what_is_wrong_with_the_data(void **state)
{
    static const char *const missing[] = {"/nowhere/data.csv"};
    char path[600];
    const char *empty[] = {path};
    backtest_options options = options_for(taker, missing, 1);
    backtest_result result;
    hean_error error;

    (void)state;
    assert_status(backtest_run(&options, &result, &error), HEAN_E_NOT_FOUND, &error);
    expect_words(error.message, "/nowhere/data.csv");
    (void)snprintf(path, sizeof path, "%s/empty.csv", test_folder("backtest"));
    assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    options.paths = empty;
    assert_int_not_equal(backtest_run(&options, &result, &error), HEAN_OK);
    expect_words(error.message, "empty.csv");
    options.path_count = 0;
    assert_status(backtest_run(&options, &result, &error), HEAN_E_INVALID, &error);
    options = sim_options(taker);
    options.to_ns = 1;
    assert_int_not_equal(backtest_run(&options, &result, &error), HEAN_OK);
}

static void backtest_says_where_temporary_data_could_not_be_written(void **state)
{
    backtest_options options = sim_options(taker);
    backtest_result result;
    hean_error error;
    struct rlimit before, small;
    void (*handler)(int);

    (void)state;
    assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
    assert_status(backtest_run(&options, &result, &error), HEAN_E_IO, &error);
    expect_words(error.message, "/nowhere");
    expect_words(error.message, "TMPDIR");
    assert_int_equal(unsetenv("TMPDIR"), 0);

    /* A full disk, by the limit on the size of files. */
    handler = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_status(backtest_run(&options, &result, &error), HEAN_E_IO, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    expect_words(error.message, "TMPDIR");
}

/* Imports the simulated market into a file in the binary form. */
static void import_to(const char *path)
{
    static const char *const paths[] = {SIM};
    market_import_options wanted = {.paths = paths, .path_count = 1};
    market_import_report report;
    hean_error error;
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);

    assert_true(fd >= 0);
    assert_status(market_import_run(base_allocator_default(), &wanted, fd, &report, &error),
                  HEAN_OK, &error);
    market_import_report_deinit(base_allocator_default(), &report);
    assert_int_equal(close(fd), 0);
}

static void backtest_maps_the_binary_form_and_gives_the_same_hash(void **state)
{
    char path[600];
    const char *paths[] = {path};
    static const char *const fees[] = {"maker_bps=1,taker_bps=7"};
    backtest_options options = sim_options(taker);
    backtest_result imported, mapped, part;
    hean_error error;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/sim.hean", test_folder("backtest"));
    import_to(path);
    assert_status(backtest_run(&options, &imported, &error), HEAN_OK, &error);
    options.paths = paths;
    assert_status(backtest_run(&options, &mapped, &error), HEAN_OK, &error);
    assert_true(imported.imported);
    assert_false(mapped.imported);
    assert_string_equal(imported.orders_hash, mapped.orders_hash);
    assert_string_equal(imported.data_sha256, mapped.data_sha256);
    assert_true(imported.fees_e8 == mapped.fees_e8);

    options.instrument_texts = fees;
    options.instrument_count = 1;
    assert_status(backtest_run(&options, &part, &error), HEAN_OK, &error);
    assert_false(part.imported);
    assert_true(part.fees_e8 != mapped.fees_e8 && part.volume_e8 == mapped.volume_e8);
    backtest_result_deinit(NULL, &part);
    options.instrument_count = 0;

    options.from_ns = mapped.first_ns + (mapped.last_ns - mapped.first_ns) / 2;
    assert_status(backtest_run(&options, &part, &error), HEAN_OK, &error);
    assert_true(part.imported);
    assert_true(part.events < mapped.events && part.first_ns >= options.from_ns);
    backtest_result_deinit(NULL, &part);
    backtest_result_deinit(NULL, &imported);
    backtest_result_deinit(NULL, &mapped);
}

static void backtest_refuses_a_damaged_binary_file(void **state)
{
    char path[600];
    const char *paths[] = {path};
    backtest_options options = options_for(taker, paths, 1);
    backtest_result result;
    hean_error error;
    FILE *file;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/damaged.hean", test_folder("backtest"));
    import_to(path);
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 50000, SEEK_SET), 0);
    assert_int_equal(fputs("damage", file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    assert_int_not_equal(backtest_run(&options, &result, &error), HEAN_OK);
    expect_words(error.message, "damaged.hean");
}

static void backtest_charges_the_fees_it_was_given(void **state)
{
    backtest_options options = sim_options(taker);
    backtest_result result;
    hean_error error;

    (void)state;
    options.maker_fee_e8 = options.taker_fee_e8 = 0;
    assert_status(backtest_run(&options, &result, &error), HEAN_OK, &error);
    assert_true(result.fills > 0 && result.fees_e8 == 0);
    backtest_result_deinit(NULL, &result);
}

static void backtest_survives_every_failed_allocation(void **state)
{
    static const char *const paths[] = {"sim:7,hours=0.001,instruments=1"};
    backtest_options options = options_for("return { name = 'x' }", paths, 1);
    test_allocator allocator;
    backtest_result result;
    hean_error error;
    uint64_t calls, step = 1;

    (void)state;
    test_allocator_init(&allocator, 0);
    options.allocator = &allocator.allocator;
    options.isolation = HEAN_ISOLATION_IN_PROCESS;
    assert_status(backtest_run(&options, &result, &error), HEAN_OK, &error);
    backtest_result_deinit(&allocator.allocator, &result);
    assert_true(allocator.live == 0);
    calls = allocator.calls;
    for (uint64_t fail_at = 1; fail_at <= calls; fail_at += step) {
        hean_status status;
        if (fail_at > 200)
            step = 1 + calls / 100; /* Lua's own, all alike */
        test_allocator_init(&allocator, fail_at);
        status = backtest_run(&options, &result, &error);
        if (status == HEAN_OK && allocator.calls < fail_at) { /* LuaJIT made fewer this time */
            backtest_result_deinit(&allocator.allocator, &result);
            assert_true(fail_at > 200 && allocator.live == 0);
            break;
        }
        if (status != HEAN_E_NO_MEMORY)
            fail_msg("allocation %llu: %s: %s", (unsigned long long)fail_at,
                     hean_status_name(status), error.message);
        if (allocator.live != 0)
            fail_msg("allocation %llu: %lld not freed", (unsigned long long)fail_at,
                     (long long)allocator.live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backtest_gives_the_same_hash_in_both_isolations),
        cmocka_unit_test(backtest_gives_another_hash_for_another_latency),
        cmocka_unit_test(every_example_conserves_money_on_the_simulated_market),
        cmocka_unit_test(every_example_conserves_money_on_recorded_data),
        cmocka_unit_test(backtest_tells_file_line_and_callback_of_a_script_that_raises),
        cmocka_unit_test(backtest_ends_a_script_that_hangs_and_keeps_what_it_reached),
        cmocka_unit_test(backtest_ends_a_script_that_hangs_while_it_loads),
        cmocka_unit_test(backtest_stops_a_script_at_its_memory_limit),
        cmocka_unit_test(backtest_refuses_what_cannot_be_loaded),
        cmocka_unit_test(backtest_drops_log_lines_beyond_its_bound_and_counts_them),
        cmocka_unit_test(backtest_ends_cleanly_when_it_is_interrupted),
        cmocka_unit_test(backtest_ends_cleanly_when_it_is_interrupted_while_it_imports),
        cmocka_unit_test(backtest_says_what_is_wrong_with_the_data),
        cmocka_unit_test(backtest_says_where_temporary_data_could_not_be_written),
        cmocka_unit_test(backtest_maps_the_binary_form_and_gives_the_same_hash),
        cmocka_unit_test(backtest_refuses_a_damaged_binary_file),
        cmocka_unit_test(backtest_charges_the_fees_it_was_given),
        cmocka_unit_test(backtest_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
