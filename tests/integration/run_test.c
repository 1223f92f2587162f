/*
 * run_test.c: sessions on the simulated market, faster than the clock, with jailed workers.
 */
#include <support.h>

#include <host/run.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- helpers ---- */

typedef struct watcher {
    size_t calls, last_calls;
    uint64_t events;
    int64_t time_ns;
    size_t running;
    uint64_t orders;
    char why[600];
    char log[20000];
    volatile int stop;
    size_t stop_after; /* calls; 0: never */
} watcher;

static void on_status(void *context, const run_status *status)
{
    watcher *self = context;

    self->calls++;
    self->last_calls += status->last;
    assert_true(status->time_ns >= self->time_ns);
    assert_true(status->events >= self->events);
    self->events = status->events;
    self->time_ns = status->time_ns;
    self->running = 0;
    self->orders = 0;
    for (size_t i = 0; i < status->strategy_count; i++) {
        const run_strategy *strategy = &status->strategies[i];
        self->running += strategy->running;
        self->orders += strategy->account.orders;
        if (!strategy->running)
            (void)base_text_copy(self->why, sizeof self->why, strategy->why);
        assert_true(strategy->positions[0].cost_e8 >= 0);
    }
    if (self->stop_after > 0 && self->calls >= self->stop_after)
        self->stop = 1;
}

static void on_log(void *context, hean_log_level level, int64_t time_ns, const char *source,
                   const char *text)
{
    watcher *self = context;
    size_t length = strlen(self->log);
    (void)level;
    (void)time_ns;
    (void)snprintf(self->log + length, sizeof self->log - length, "%s: %s\n", source, text);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[600];
    hean_error error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_status(base_file_replace(path, text, strlen(text), &error), HEAN_OK, &error);
}

/* The folder with a configuration of these strategies, which the test writes as well. */
static void write_config(const char *folder, const char *more, const char *strategies)
{
    char text[2000];
    (void)snprintf(text, sizeof text,
                   "return { status_interval_s = 0.1, state_dir = 'state/deep', %s\n"
                   "  venue = { seed = 3, speed = 20, instruments = 1 },\n"
                   "  strategies = { %s } }\n",
                   more, strategies);
    write_file(folder, "hean.lua", text);
}

static hean_status run(const char *folder, watcher *watch, int64_t duration_ns, hean_error *error)
{
    run_options options = {.duration_ns = duration_ns,
                           .worker_path = TEST_BUILD_DIR "/hean-worker",
                           .log = {on_log, watch},
                           .on_status = on_status,
                           .status_context = watch,
                           .stop = &watch->stop};
    config settings;
    char path[600];
    hean_status status;

    (void)snprintf(path, sizeof path, "%s/hean.lua", folder);
    assert_status(config_load(NULL, path, NULL, &settings, error), HEAN_OK, error);
    options.config = &settings;
    status = run_session(&options, error);
    config_deinit(&settings);
    return status;
}

static void expect_words(const char *text, const char *word)
{
    if (strstr(text, word) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", word, text);
}

static const char counter[] =
    "local s = { subscribe = { trades = true } }\n"
    "local count = 0\n"
    "function s.on_trade(ctx) count = count + 1 end\n"
    "function s.on_start(ctx) ctx:log('starting at', count) end\n"
    "function s.on_save() return { count = count } end\n"
    "function s.on_restore(ctx, saved) count = saved.count + 1000000 end\n"
    "return s\n";

static const char hanger[] = "local s = { subscribe = { trades = true } }\n"
                             "function s.on_trade() while true do end end\n"
                             "return s\n";

/* ---- the session ---- */

static void session_trades_saves_and_restores(void **state)
{
    const char *folder = test_folder("run");
    watcher watch = {.stop_after = 4};
    base_buffer saved;
    hean_error error;
    char path[600];

    (void)state;
    write_file(folder, "counter.lua", counter);
    write_config(folder, "", "{ file = 'counter.lua' }, { file = 'counter.lua', name = 'second' }");
    assert_status(run(folder, &watch, 0, &error), HEAN_OK, &error);
    assert_true(watch.calls >= 2);
    assert_int_equal(watch.last_calls, 1);
    assert_int_equal(watch.running, 2);
    assert_true(watch.events > 100);
    expect_words(watch.log, "counter: starting at 0");

    (void)snprintf(path, sizeof path, "%s/state/deep/counter.json", folder);
    base_buffer_init(&saved, base_allocator_default());
    assert_status(base_buffer_read_file(&saved, path, 1000, &error), HEAN_OK, &error);
    expect_words(saved.data, "{\"count\":");
    base_buffer_deinit(&saved);

    watch = (watcher){.stop_after = 2};
    assert_status(run(folder, &watch, 0, &error), HEAN_OK, &error);
    expect_words(watch.log, "counter: starting at 1000");
    expect_words(watch.log, "restored from");

    /* A broken file is no fresh start. */
    write_file(folder, "state/deep/second.json", "{\"count\":");
    assert_status(run(folder, &watch, 0, &error), HEAN_E_PARSE, &error);
    expect_words(error.message, "state/deep/second.json");
    write_file(folder, "state/deep/second.json", "[1, 2");
    assert_status(run(folder, &watch, 0, &error), HEAN_E_PARSE, &error);
    write_file(folder, "state/deep/second.json", "{\"other\":1}");
    assert_status(run(folder, &watch, 0, &error), HEAN_E_SCRIPT, &error);
    expect_words(error.message, "counter.lua:6:");
}

static void session_stops_when_it_is_told(void **state)
{
    const char *folder = test_folder("run_stop");
    watcher watch = {.stop_after = 2};
    hean_error error;

    (void)state;
    write_file(folder, "counter.lua", counter);
    write_config(folder, "", "{ file = 'counter.lua' }");
    assert_status(run(folder, &watch, 0, &error), HEAN_OK, &error);
    assert_int_equal(watch.last_calls, 1);
    assert_int_equal(watch.calls, 3);
}

static void session_goes_on_without_a_worker_that_failed(void **state)
{
    const char *folder = test_folder("run_fail");
    watcher watch = {.stop_after = 5};
    hean_error error;

    (void)state;
    write_file(folder, "counter.lua", counter);
    write_file(folder, "hanger.lua", hanger);
    write_config(folder, "", "{ file = 'hanger.lua' }, { file = 'counter.lua' }");
    assert_status(run(folder, &watch, 0, &error), HEAN_OK, &error);
    assert_int_equal(watch.running, 1);
    expect_words(watch.why, "on_trade");
    expect_words(watch.log, "hanger stopped");

    /* Alone, its end is the session's. */
    memset(&watch, 0, sizeof watch);
    write_config(folder, "", "{ file = 'hanger.lua' }");
    assert_status(run(folder, &watch, 30 * BASE_NS_PER_S, &error), HEAN_E_SCRIPT, &error);
    expect_words(error.message, "hanger");
    assert_int_equal(watch.last_calls, 1);
}

static void session_refuses_a_strategy_that_cannot_be_loaded(void **state)
{
    const char *folder = test_folder("run_load");
    watcher watch = {.calls = 0};
    hean_error error;

    (void)state;
    write_config(folder, "", "{ file = 'missing.lua' }");
    assert_status(run(folder, &watch, BASE_NS_PER_S, &error), HEAN_E_NOT_FOUND, &error);
    expect_words(error.message, "missing.lua");
    write_file(folder, "broken.lua", "return {");
    write_config(folder, "", "{ file = 'broken.lua' }");
    assert_status(run(folder, &watch, BASE_NS_PER_S, &error), HEAN_E_SCRIPT, &error);
    expect_words(error.message, "broken.lua:1:");
    write_file(folder, "counter.lua", counter);
    write_config(folder, "instruments = { 'symbol=OTHER,tick=1' },", "{ file = 'counter.lua' }");
    assert_status(run(folder, &watch, BASE_NS_PER_S, &error), HEAN_E_INVALID, &error);
    expect_words(error.message, "instruments");
}

static void session_needs_all_three_switches_for_live_trading(void **state)
{
    static const struct {
        bool config_live, flag;
        const char *confirm;
        hean_status status;
        const char *closed[3];
    } cases[] = {
        {true, false, NULL, HEAN_E_GATE, {"--live", "LIVE_CONFIRM=YES", NULL}},
        {true, true, NULL, HEAN_E_GATE, {"LIVE_CONFIRM=YES", NULL, NULL}},
        {true, true, "yes", HEAN_E_GATE, {"LIVE_CONFIRM=YES", NULL, NULL}},
        {true, false, "YES", HEAN_E_GATE, {"--live", NULL, NULL}},
        {false, true, "YES", HEAN_E_GATE, {"mode", NULL, NULL}},
        {false, true, NULL, HEAN_E_GATE, {"mode", "LIVE_CONFIRM=YES", NULL}},
        {true, true, "YES", HEAN_E_INVALID, {"bybit", NULL, NULL}},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char json[200];
        config settings;
        run_options options = {
            .config = &settings,
            .gate = {cases[i].config_live, cases[i].flag, cases[i].confirm, NULL, NULL}};
        hean_error error;

        (void)snprintf(json, sizeof json,
                       "{\"mode\":\"%s\",\"strategies\":[{\"file\":\"strategies/hello.lua\"}]}",
                       cases[i].config_live ? "live" : "paper");
        assert_status(
            config_from_json(base_allocator_default(), NULL, json, strlen(json), &settings, &error),
            HEAN_OK, &error);
        assert_status(run_session(&options, &error), cases[i].status, &error);
        for (size_t j = 0; cases[i].closed[j] != NULL; j++)
            expect_words(error.message, cases[i].closed[j]);
        config_deinit(&settings);
    }
}

static void session_replays_recorded_data_to_its_end(void **state)
{
    const char *folder = test_folder("run_data");
    watcher watch = {.calls = 0};
    hean_error error;

    (void)state;
    write_file(folder, "counter.lua", counter);
    write_file(folder, "hean.lua",
               "return { status_interval_s = 0.1, state_dir = 'state',\n"
               "  venue = { source = 'data', paths = { 'sim:3,hours=0.01,instruments=1' },\n"
               "            speed = 100000 },\n"
               "  strategies = { { file = 'counter.lua' } } }\n");
    assert_status(run(folder, &watch, 0, &error), HEAN_OK, &error);
    assert_int_equal(watch.last_calls, 1);
    assert_true(watch.events > 100);
}

/* Processor time of this process and its children, in seconds. */
static double cpu_seconds(void)
{
    double total = 0;
    static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    for (size_t i = 0; i < 2; i++) {
        struct rusage usage;
        assert_int_equal(getrusage(who[i], &usage), 0);
        total += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    }
    return total;
}

static void session_sleeps_while_the_market_is_quiet(void **state)
{
    const char *folder = test_folder("run_quiet");
    watcher watch = {.calls = 0};
    hean_error error;
    double before = cpu_seconds();

    (void)state;
    write_file(folder, "counter.lua", counter);
    write_file(folder, "hean.lua",
               "return { status_interval_s = 10, state_dir = 'state',\n"
               "  venue = { events_per_second = 1, instruments = 1 },\n"
               "  strategies = { { file = 'counter.lua' } } }\n");
    assert_status(run(folder, &watch, 2 * BASE_NS_PER_S, &error), HEAN_OK, &error);
    /* Busy waiting would be 2 s here and 2 s in the worker; starting is most of what is left. */
    assert_true(cpu_seconds() - before < 1.0);
}

/* ---- the built-in configuration ---- */

static void built_in_configuration_runs_the_examples(void **state)
{
    char folder[600], before[600];
    watcher watch = {.stop_after = 2};
    config settings;
    hean_error error;
    run_options options = {.config = &settings,
                           .stop = &watch.stop,
                           .worker_path = TEST_BUILD_DIR "/hean-worker",
                           .program_path = TEST_BUILD_DIR "/hean",
                           .log = {on_log, &watch},
                           .on_status = on_status,
                           .status_context = &watch};

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    (void)snprintf(folder, sizeof folder, "%s", test_folder("run_built_in"));
    assert_int_equal(chdir(folder), 0); /* its state_dir is below the current folder */
    assert_status(config_load(NULL, NULL, NULL, &settings, &error), HEAN_OK, &error);
    assert_int_equal(settings.strategy_count, 5);
    settings.status_interval_ns = BASE_NS_PER_S / 2;
    assert_status(run_session(&options, &error), HEAN_OK, &error);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(watch.running, 5);
    assert_true(watch.orders > 0);
    config_deinit(&settings);
}

static void built_in_configuration_shows_the_defaults(void **state)
{
    static const char json[] = "{\"strategies\":[{\"file\":\"strategies/hello.lua\"}]}";
    config built_in, defaults;
    hean_error error;

    (void)state;
    assert_status(config_load(NULL, NULL, NULL, &built_in, &error), HEAN_OK, &error);
    assert_status(
        config_from_json(base_allocator_default(), NULL, json, strlen(json), &defaults, &error),
        HEAN_OK, &error);
    assert_memory_equal(&built_in.risk, &defaults.risk, sizeof defaults.risk);
    assert_memory_equal(&built_in.paper, &defaults.paper, sizeof defaults.paper);
    assert_int_equal(built_in.mode, defaults.mode);
    assert_true(built_in.seed == defaults.seed);
    assert_string_equal(built_in.state_dir, defaults.state_dir);
    assert_true(built_in.save_interval_ns == defaults.save_interval_ns);
    assert_true(built_in.status_interval_ns == defaults.status_interval_ns);
    assert_true(built_in.deadline_ns == defaults.deadline_ns);
    assert_true(built_in.memory_bytes_max == defaults.memory_bytes_max);
    assert_true(built_in.venue.speed == defaults.venue.speed);
    assert_true(built_in.venue.events_per_second == defaults.venue.events_per_second);
    config_deinit(&built_in);
    config_deinit(&defaults);
}

/* ---- configuration files ---- */

static void configuration_files_run_in_a_jail(void **state)
{
    static const struct {
        const char *source, *word;
        hean_status status;
    } cases[] = {
        {"return { strategies = ", "hean.lua:1:", HEAN_E_SCRIPT},
        {"return 5", "hean.lua", HEAN_E_SCRIPT},
        {"local x = io.open('/etc/passwd') return {}", "hean.lua:1:", HEAN_E_SCRIPT},
        {"return { api_key = 'x' }", "environment", HEAN_E_INVALID},
        {"return { strateges = {} }", "did you mean \"strategies\"", HEAN_E_INVALID},
        {"while true do end", "", HEAN_E_SCRIPT_DEADLINE},
        {"local t = {} for i = 1, 1e9 do t[i] = { i } end", "", HEAN_E_SCRIPT_MEMORY},
    };
    const char *folder = test_folder("config");
    char path[600];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/hean.lua", folder);
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        config settings;
        hean_error error;
        write_file(folder, "hean.lua", cases[i].source);
        assert_status(config_load(NULL, path, NULL, &settings, &error), cases[i].status, &error);
        expect_words(error.message, cases[i].word);
    }
    {
        config settings;
        hean_error error;
        assert_status(config_load(NULL, "/nowhere/hean.lua", NULL, &settings, &error),
                      HEAN_E_NOT_FOUND, &error);
        expect_words(error.message, "/nowhere/hean.lua");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_trades_saves_and_restores),
        cmocka_unit_test(session_stops_when_it_is_told),
        cmocka_unit_test(session_goes_on_without_a_worker_that_failed),
        cmocka_unit_test(session_refuses_a_strategy_that_cannot_be_loaded),
        cmocka_unit_test(session_needs_all_three_switches_for_live_trading),
        cmocka_unit_test(session_replays_recorded_data_to_its_end),
        cmocka_unit_test(session_sleeps_while_the_market_is_quiet),
        cmocka_unit_test(built_in_configuration_runs_the_examples),
        cmocka_unit_test(built_in_configuration_shows_the_defaults),
        cmocka_unit_test(configuration_files_run_in_a_jail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
