/*
 * worker_test.c: real strategies in the real worker process.
 */
#include <script/script.h>
#include <support.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char worker_program[] = TEST_BUILD_DIR "/hean-worker";
static market_instrument instrument;

static int set_up_instrument(void **state)
{
    hean_instrument spec = {.symbol = "ETHUSDT", .tick_size = {1, -2}, .lot_size = {1, -3}};
    hean_error error;

    (void)state;
    return market_instrument_init(&instrument, &spec, &error) == HEAN_OK ? 0 : -1;
}

static script_worker_options options_for(const char *source)
{
    script_worker_options options = {.worker_path = worker_program};

    options.script = script_options_default();
    options.script.file = "strategies/market_maker.lua";
    options.script.source = source;
    options.script.source_bytes = strlen(source);
    options.script.instruments = &instrument;
    options.script.instrument_count = 1;
    options.script.strategy = 3;
    options.script.capital_e8 = 1000 * BASE_E8;
    return options;
}

static script_worker *open_source(const char *source)
{
    script_worker_options options = options_for(source);
    script_worker *worker = NULL;
    hean_error error = {0};

    assert_status(script_worker_open(&options, &worker, &error), HEAN_OK, &error);
    return worker;
}

static hean_event trade_event(int64_t price_ticks)
{
    hean_event event = {.kind = HEAN_EVENT_TRADE, .side = HEAN_SIDE_BUY, .local_ns = 1000};

    event.data.level.price_ticks = price_ticks;
    event.data.level.qty_lots = 5;
    return event;
}

static hean_event book_event(hean_side side, int64_t price_ticks, int64_t qty_lots, uint8_t flags)
{
    hean_event event = {.kind = HEAN_EVENT_BOOK, .side = (uint8_t)side, .flags = flags};

    event.data.level.price_ticks = price_ticks;
    event.data.level.qty_lots = qty_lots;
    return event;
}

static engine_intents push(script_worker *worker, hean_event event)
{
    engine_intents intents;
    hean_error error = {0};

    assert_status(script_worker_on_event(worker, &event, &intents, &error), HEAN_OK, &error);
    return intents;
}

static void expect(hean_status status, hean_status expected, const hean_error *error,
                   const char *words)
{
    if (status != expected || strstr(error->message, words) == NULL)
        print_error("got %s: %s\nexpected: %s\n", hean_status_name(status), error->message, words);
    assert_int_equal(status, expected);
    assert_non_null(strstr(error->message, words));
}

static const char ping[] = "return { name = 'ping', subscribe = { trades = true },\n"
                           "  on_trade = function(ctx, t) ctx:metric('price', t.price) end }";

static double metric_of(engine_intents intents)
{
    assert_int_equal(intents.count, 1);
    assert_int_equal(intents.items[0].kind, HEAN_INTENT_METRIC);
    return intents.items[0].value;
}

/* ---- what a strategy does ---- */

static void worker_hands_events_over_and_brings_intents_back(void **state)
{
    script_worker *worker =
        open_source("return { name = 'buyer', subscribe = { trades = true },\n"
                    "  on_trade = function(ctx, t)\n"
                    "    ctx:buy{ price = t.price - 0.01, qty = 0.002, tif = 'post_only' }\n"
                    "    ctx:log('saw ' .. t.price)\n"
                    "  end }");
    engine_intents intents = push(worker, trade_event(250000));

    (void)state;
    assert_string_equal(script_worker_info(worker)->name, "buyer");
    assert_true(script_worker_info(worker)->kinds & 1u << HEAN_EVENT_TRADE);
    assert_int_equal(intents.count, 2);
    assert_int_equal(intents.items[0].kind, HEAN_INTENT_PLACE);
    assert_int_equal(intents.items[0].side, HEAN_SIDE_BUY);
    assert_int_equal(intents.items[0].price_ticks, 249999);
    assert_int_equal(intents.items[0].qty_lots, 2);
    assert_int_equal(intents.items[0].time_in_force, HEAN_TIF_POST_ONLY);
    assert_int_equal(intents.items[0].order_id, (UINT64_C(3) << 48) | 1);
    assert_int_equal(intents.items[1].kind, HEAN_INTENT_LOG);
    assert_memory_equal(intents.text + intents.items[1].text_offset, "saw 2500", 8);
    intents = push(worker, trade_event(250001));
    assert_int_equal(intents.items[0].order_id, (UINT64_C(3) << 48) | 2);
    script_worker_close(worker);
}

static void worker_keeps_its_own_books(void **state)
{
    script_worker *worker =
        open_source("local seen = 0\n"
                    "return { name = 'books', subscribe = { book = true },\n"
                    "  on_book = function(ctx, book)\n"
                    "    seen = seen + 1\n"
                    "    local n = #book:depth('bid', 200)\n"
                    "    ctx:metric('seen', seen) ctx:metric('bid', book.bid or -1)\n"
                    "    ctx:metric('levels', n)\n"
                    "  end }");
    script_worker_stats stats;
    engine_intents intents;

    (void)state;
    /* A snapshot that is longer than the ring holds. */
    for (int i = 0; i < 1500; i++) {
        intents = push(worker, book_event(HEAN_SIDE_BUY, 1000 + i, 7,
                                          i == 0 ? HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT
                                                 : HEAN_EVENT_SNAPSHOT));
        assert_int_equal(intents.count, 0);
    }
    intents = push(worker, book_event(HEAN_SIDE_SELL, 2600, 7, HEAN_EVENT_LAST));
    assert_int_equal(intents.count, 3);
    assert_true(intents.items[0].value == 1);
    assert_true(intents.items[1].value == 24.99);
    assert_true(intents.items[2].value == 200);
    intents = push(worker, book_event(HEAN_SIDE_BUY, 2499, 0, HEAN_EVENT_LAST));
    assert_true(intents.items[0].value == 2);
    assert_true(intents.items[1].value == 24.98);
    script_worker_get_stats(worker, &stats);
    assert_int_equal(stats.round_trips, 4); /* two because the ring was full */
    script_worker_close(worker);
}

static void worker_takes_book_events_without_waiting_if_no_callback_sees_them(void **state)
{
    script_worker *worker =
        open_source("return { name = 'looker', subscribe = { trades = true },\n"
                    "  on_trade = function(ctx, t) ctx:metric('bid', ctx:book().bid or -1) end }");
    script_worker_stats stats;

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)push(worker, book_event(HEAN_SIDE_BUY, 1000 + i, 7, HEAN_EVENT_LAST));
    script_worker_get_stats(worker, &stats);
    assert_int_equal(stats.round_trips, 0);
    assert_true(metric_of(push(worker, trade_event(1))) == 10.99);
    script_worker_close(worker);
}

static void worker_saves_and_restores(void **state)
{
    static const char source[] =
        "local count = 0\n"
        "return { name = 'counter', subscribe = { trades = true },\n"
        "  on_trade = function(ctx) count = count + 1 ctx:metric('count', count) end,\n"
        "  on_save = function() return { count = count } end,\n"
        "  on_restore = function(_, saved) count = saved.count end }";
    script_worker_options options = options_for(source);
    script_worker *worker = open_source(source), *second = NULL;
    const char *text;
    size_t bytes;
    hean_error error = {0};

    (void)state;
    (void)push(worker, trade_event(1));
    (void)push(worker, trade_event(1));
    assert_status(script_worker_save(worker, &text, &bytes, &error), HEAN_OK, &error);
    assert_string_equal(text, "{\"count\":2}");
    assert_int_equal(bytes, strlen(text));
    options.script.saved = text;
    options.script.saved_bytes = bytes;
    assert_status(script_worker_open(&options, &second, &error), HEAN_OK, &error);
    script_worker_close(worker);
    assert_true(metric_of(push(second, trade_event(1))) == 3);
    script_worker_close(second);
}

static void worker_sets_parameters(void **state)
{
    script_worker_options options =
        options_for("return { name = 'p', params = { n = { default = 1, min = 1, max = 9 } },\n"
                    "  subscribe = { trades = true },\n"
                    "  on_trade = function(ctx) ctx:metric('n', ctx.params.n) end }");
    script_worker *worker = NULL;
    hean_error error = {0};

    (void)state;
    options.script.params_json = "{\"n\": 4}";
    assert_status(script_worker_open(&options, &worker, &error), HEAN_OK, &error);
    assert_string_equal(script_worker_info(worker)->params[0].text, "4");
    assert_true(metric_of(push(worker, trade_event(1))) == 4);
    script_worker_close(worker);
    options.script.params_json = "{\"n\": 10}";
    expect(script_worker_open(&options, &worker, &error), HEAN_E_RANGE, &error, "from 1 to 9");
    options.script.params_json = "{\"m\": 1}";
    expect(script_worker_open(&options, &worker, &error), HEAN_E_NOT_FOUND, &error, "'m'");
}

/* More loops than LuaJIT keeps machine code for, so that it makes, drops and makes it again. */
static void append_loops(base_buffer *source)
{
    base_buffer_printf(source, "local f = {}\n");
    for (int i = 1; i <= 2500; i++)
        base_buffer_printf(source,
                           "f[%d] = function(n) local x = 0 for i = 1, n do x = x + i %% %d end "
                           "return x end\n",
                           i, i);
}

/* Everything that a strategy may make the process ask of the kernel: memory taken and given back,
 * machine code, collections, coroutines, deep stacks, sleep and wake. */
static void worker_runs_long_under_load_inside_its_jail(void **state)
{
    script_worker_options options;
    script_worker *worker = NULL;
    script_worker_stats stats;
    base_buffer source;
    hean_error error = {0};
    double sum = 0;

    (void)state;
    base_buffer_init(&source, base_allocator_default());
    append_loops(&source);
    base_buffer_printf(
        &source, "local kept, at = {}, 0\n"
                 "local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end\n"
                 "return { name = 'load', subscribe = { trades = true }, on_trade = function(ctx)\n"
                 "  for _ = 1, 25 do at = at %% #f + 1 f[at](200) end\n"
                 "  kept[#kept + 1] = ('x'):rep(200000) .. at\n"
                 "  if #kept > 20 then kept = {} end\n"
                 "  local co = coroutine.wrap(function() deep(5000) coroutine.yield(1) end) co()\n"
                 "  ctx:metric('at', at)\n"
                 "end }");
    options = options_for(source.data);
    options.deadline_ns = 2 * BASE_NS_PER_S;
    assert_status(script_worker_open(&options, &worker, &error), HEAN_OK, &error);
    for (int i = 0; i < 600; i++)
        sum += metric_of(push(worker, trade_event(i)));
    assert_true(sum > 0);
    script_worker_get_stats(worker, &stats);
    assert_true(stats.memory_bytes > 1u << 20);
    script_worker_close(worker);
    base_buffer_deinit(&source);
}

/* ---- what goes wrong ---- */

static void worker_reports_the_errors_of_the_script_with_file_and_line(void **state)
{
    static const char *const broken[] = {
        "return {\n  name = = 1 }",
        "local x = nil\nlocal y = x.z",
        "return { name = 'p',\n on_trade = 7 }",
    };
    script_worker *worker = NULL;
    engine_intents intents;
    hean_event event = trade_event(1);
    hean_error error = {0};

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(broken); i++) {
        script_worker_options options = options_for(broken[i]);
        expect(script_worker_open(&options, &worker, &error), HEAN_E_SCRIPT, &error,
               "strategies/market_maker.lua:");
    }
    worker = open_source("return { name = 'p', subscribe = { trades = true },\n"
                         "on_trade = function(ctx, t)\n  error('no more') end }");
    expect(script_worker_on_event(worker, &event, &intents, &error), HEAN_E_SCRIPT, &error,
           "strategies/market_maker.lua:3: no more");
    script_worker_close(worker);
}

static void worker_that_misses_its_deadline_is_ended_by_name(void **state)
{
    script_worker *worker =
        open_source("return { name = 'market_maker', subscribe = { trades = true },\n"
                    "  on_trade = function() while true do end end }");
    hean_event event = trade_event(1);
    engine_intents intents;
    script_worker_stats stats;
    hean_error error = {0};

    (void)state;
    assert_int_equal(script_worker_on_event(worker, &event, &intents, &error),
                     HEAN_E_SCRIPT_DEADLINE);
    assert_string_equal(error.message, "market_maker: on_trade ran longer than 50 ms");
    script_worker_get_stats(worker, &stats);
    assert_int_equal(stats.pid, 0);
    script_worker_close(worker);
}

static void worker_has_a_deadline_for_loading(void **state)
{
    script_worker_options options = options_for("while true do end");
    script_worker *worker = NULL;
    hean_error error = {0};

    (void)state;
    options.load_deadline_ns = 100 * BASE_NS_PER_MS;
    expect(script_worker_open(&options, &worker, &error), HEAN_E_SCRIPT_DEADLINE, &error,
           "strategies/market_maker.lua: load ran longer than 100 ms");
}

static void worker_keeps_the_memory_limit(void **state)
{
    script_worker *worker =
        open_source("local all = {}\n"
                    "return { name = 'eater', subscribe = { trades = true },\n"
                    "  on_trade = function() all[#all + 1] = ('x'):rep(4000000) .. #all end }");
    engine_intents intents;
    hean_event event = trade_event(1);
    hean_error error = {0};
    hean_status status = HEAN_OK;

    (void)state;
    for (int i = 0; i < 100 && status == HEAN_OK; i++)
        status = script_worker_on_event(worker, &event, &intents, &error);
    expect(status, HEAN_E_SCRIPT_MEMORY, &error, "memory limit");
    script_worker_close(worker);
}

static void worker_that_is_killed_from_outside_is_reported(void **state)
{
    script_worker *worker = open_source(ping);
    script_worker_stats stats;
    engine_intents intents;
    hean_event event = trade_event(1);
    hean_error error = {0};

    (void)state;
    script_worker_get_stats(worker, &stats);
    assert_int_equal(kill(stats.pid, SIGKILL), 0);
    expect(script_worker_on_event(worker, &event, &intents, &error), HEAN_E_WORKER, &error,
           "SIGKILL");
    expect(script_worker_on_event(worker, &event, &intents, &error), HEAN_E_STATE, &error, "ended");
    script_worker_close(worker);
}

static void worker_open_says_what_is_wrong_with_the_program(void **state)
{
    script_worker_options options = options_for(ping);
    script_worker *worker = NULL;
    hean_error error = {0};

    (void)state;
    options.worker_path = "/nowhere/hean-worker";
    expect(script_worker_open(&options, &worker, &error), HEAN_E_NOT_FOUND, &error,
           "/nowhere/hean-worker");
    options.worker_path = "/dev/null";
    expect(script_worker_open(&options, &worker, &error), HEAN_E_IO, &error, "/dev/null");
    options.worker_path = "/bin/true";
    expect(script_worker_open(&options, &worker, &error), HEAN_E_WORKER, &error,
           "without an answer");
}

static void worker_open_refuses_texts_that_are_too_long(void **state)
{
    script_worker_options options = options_for(ping);
    script_worker *worker = NULL;
    hean_error error = {0};

    (void)state;
    options.script.source_bytes = SCRIPT_SOURCE_BYTES_MAX + 1;
    expect(script_worker_open(&options, &worker, &error), HEAN_E_LIMIT, &error, "1048577 bytes");
    options = options_for(ping);
    options.script.saved = "";
    options.script.saved_bytes = SCRIPT_SAVED_BYTES_MAX + 1;
    expect(script_worker_open(&options, &worker, &error), HEAN_E_LIMIT, &error, "saved");
    options = options_for(ping);
    options.script.instrument_count = MARKET_INSTRUMENTS_MAX + 1;
    expect(script_worker_open(&options, &worker, &error), HEAN_E_LIMIT, &error, "instruments");
}

/* ---- processes, signals, threads ---- */

static void worker_ignores_the_signals_that_reach_whole_groups(void **state)
{
    script_worker *worker = open_source(ping);
    script_worker_stats stats;

    (void)state;
    script_worker_get_stats(worker, &stats);
    assert_int_equal(kill(stats.pid, SIGINT), 0);
    assert_int_equal(kill(stats.pid, SIGQUIT), 0);
    assert_int_equal(kill(stats.pid, SIGTERM), 0);
    assert_int_equal(kill(stats.pid, SIGHUP), 0);
    assert_true(metric_of(push(worker, trade_event(100))) == 1);
    script_worker_close(worker);
}

static void *resume_later(void *argument)
{
    struct timespec pause = {0, 700 * BASE_NS_PER_MS};

    (void)nanosleep(&pause, NULL);
    (void)kill(*(int *)argument, SIGCONT);
    return NULL;
}

static void worker_that_gets_no_processor_time_is_not_blamed(void **state)
{
    script_worker_options options = options_for(ping);
    script_worker *worker = NULL;
    script_worker_stats stats;
    pthread_t thread;
    hean_error error = {0};

    (void)state;
    options.deadline_ns = 500 * BASE_NS_PER_MS;
    assert_status(script_worker_open(&options, &worker, &error), HEAN_OK, &error);
    script_worker_get_stats(worker, &stats);
    assert_int_equal(kill(stats.pid, SIGSTOP), 0);
    assert_int_equal(pthread_create(&thread, NULL, resume_later, &stats.pid), 0);
    assert_true(metric_of(push(worker, trade_event(100))) == 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    script_worker_get_stats(worker, &stats);
    assert_true(stats.round_trip_ns_max > 500 * BASE_NS_PER_MS);
    script_worker_close(worker);
}

static bool process_is_gone(pid_t pid)
{
    char path[64], text[256] = "";
    const char *end;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    (void)!read(fd, text, sizeof text - 1);
    (void)close(fd);
    end = strrchr(text, ')'); /* a zombie waits for whoever adopted it */
    return end == NULL || end[2] == 'Z' || end[2] == 'X';
}

/* A host that dies without a word; `busy` workers are inside a callback then. */
static void check_that_worker_follows_its_host(bool busy)
{
    int ends[2];
    pid_t host, worker_pid = 0;
    bool gone = false;

    assert_int_equal(pipe(ends), 0);
    host = fork();
    if (host == 0) {
        script_worker_options options =
            options_for("return { name = 'busy', subscribe = { trades = true },\n"
                        "  on_trade = function() while true do end end }");
        hean_event event = trade_event(1);
        script_worker *worker = NULL;
        script_worker_stats stats;
        engine_intents intents;
        hean_error error;
        options.deadline_ns = 3600 * BASE_NS_PER_S;
        if (script_worker_open(&options, &worker, &error) != HEAN_OK)
            _exit(1);
        script_worker_get_stats(worker, &stats);
        if (write(ends[1], &stats.pid, sizeof stats.pid) != sizeof stats.pid)
            _exit(1);
        if (busy)
            (void)!script_worker_on_event(worker, &event, &intents, &error);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &worker_pid, sizeof worker_pid), sizeof worker_pid);
    if (busy) {
        struct timespec pause = {0, 100 * BASE_NS_PER_MS};
        (void)nanosleep(&pause, NULL); /* it should be in the loop by now */
        assert_int_equal(kill(host, SIGKILL), 0);
    }
    assert_int_equal(waitpid(host, NULL, 0), host);
    for (int i = 0; i < 600 && !gone; i++) { /* a second, or much longer on a busy machine */
        struct timespec pause = {0, 50 * BASE_NS_PER_MS};
        gone = process_is_gone(worker_pid);
        (void)nanosleep(&pause, NULL);
    }
    assert_true(gone);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void worker_ends_when_its_host_is_gone(void **state)
{
    (void)state;
    check_that_worker_follows_its_host(false);
    check_that_worker_follows_its_host(true);
}

static void *open_in_thread(void *unused)
{
    (void)unused;
    return open_source(ping);
}

static void worker_outlives_the_thread_that_opened_it(void **state)
{
    struct timespec pause = {1, 200 * BASE_NS_PER_MS};
    pthread_t thread;
    void *worker;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, open_in_thread, NULL), 0);
    assert_int_equal(pthread_join(thread, &worker), 0);
    (void)nanosleep(&pause, NULL); /* it looks for its host every second */
    assert_true(metric_of(push(worker, trade_event(100))) == 1);
    script_worker_close(worker);
}

static void *run_worker(void *argument)
{
    script_worker *worker = open_source(ping);

    for (int i = 0; i < 500; i++)
        if (metric_of(push(worker, trade_event(i * 100))) != i)
            return NULL;
    script_worker_close(worker);
    return argument;
}

static void worker_works_in_several_threads_at_once(void **state)
{
    pthread_t threads[4];
    int token;

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &token), 0);
    for (size_t i = 0; i < BASE_COUNT(threads); i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &token);
    }
}

/* A program that closed its standard descriptors gives the ring descriptor 0. */
static void worker_starts_from_a_program_without_standard_descriptors(void **state)
{
    int code = -1;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        script_worker_options options = options_for(ping);
        hean_event event = trade_event(1);
        script_worker *worker = NULL;
        engine_intents intents;
        hean_error error;
        for (int fd = 0; fd < 3; fd++)
            (void)close(fd);
        if (script_worker_open(&options, &worker, &error) != HEAN_OK)
            _exit(2);
        if (script_worker_on_event(worker, &event, &intents, &error) != HEAN_OK)
            _exit(3);
        script_worker_close(worker);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_int_equal(code, 0);
}

static void worker_works_in_a_program_that_ignores_its_children(void **state)
{
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    script_worker *worker = open_source(ping);
    script_worker_stats stats;
    engine_intents intents;
    hean_event event = trade_event(1);
    hean_error error = {0};

    (void)state;
    (void)push(worker, trade_event(100));
    script_worker_get_stats(worker, &stats);
    assert_int_equal(kill(stats.pid, SIGKILL), 0);
    expect(script_worker_on_event(worker, &event, &intents, &error), HEAN_E_WORKER, &error, "ping");
    script_worker_close(worker);
    assert_true(signal(SIGCHLD, before) == SIG_IGN);
}

static void worker_program_refuses_to_be_started_by_hand(void **state)
{
    int code;

    (void)state;
    code = system(TEST_BUILD_DIR "/hean-worker </dev/null >/dev/null 2>&1");
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 2);
}

/* ---- nothing is left behind ---- */

static int count_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void worker_leaves_nothing_behind_however_it_ends(void **state)
{
    static const char *const sources[] = {
        ping,
        "syntax error",
        "return { name = 'x', subscribe = { trades = true },\n"
        "  on_trade = function() error('x') end }",
        "return { name = 'x', subscribe = { trades = true },\n"
        "  on_trade = function() while true do end end }",
    };
    int fds = count_fds();

    (void)state;
    for (int i = 0; i < 200; i++) {
        script_worker_options options = options_for(sources[i % 4]);
        hean_event event = trade_event(1);
        script_worker *worker = NULL;
        engine_intents intents;
        hean_error error;

        options.deadline_ns = 5 * BASE_NS_PER_MS;
        if (script_worker_open(&options, &worker, &error) != HEAN_OK)
            continue;
        (void)!script_worker_on_event(worker, &event, &intents, &error);
        script_worker_close(worker);
    }
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void worker_survives_allocation_failures(void **state)
{
    bool done = false;

    (void)state;
    for (uint64_t fail_at = 1; !done; fail_at++) {
        static const char source[] = "return { name = 'p', on_save = function() return {} end }";
        script_worker_options options = options_for(source);
        test_allocator allocator;
        script_worker *worker = NULL;
        const char *text;
        size_t bytes;
        hean_error error;
        hean_status status;

        test_allocator_init(&allocator, fail_at);
        options.script.allocator = &allocator.allocator;
        status = script_worker_open(&options, &worker, &error);
        if (status == HEAN_OK)
            status = script_worker_save(worker, &text, &bytes, &error);
        script_worker_close(worker);
        done = status == HEAN_OK;
        if (!done)
            assert_int_equal(status, HEAN_E_NO_MEMORY);
        assert_int_equal(allocator.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_hands_events_over_and_brings_intents_back),
        cmocka_unit_test(worker_keeps_its_own_books),
        cmocka_unit_test(worker_takes_book_events_without_waiting_if_no_callback_sees_them),
        cmocka_unit_test(worker_saves_and_restores),
        cmocka_unit_test(worker_sets_parameters),
        cmocka_unit_test(worker_runs_long_under_load_inside_its_jail),
        cmocka_unit_test(worker_reports_the_errors_of_the_script_with_file_and_line),
        cmocka_unit_test(worker_that_misses_its_deadline_is_ended_by_name),
        cmocka_unit_test(worker_has_a_deadline_for_loading),
        cmocka_unit_test(worker_keeps_the_memory_limit),
        cmocka_unit_test(worker_that_is_killed_from_outside_is_reported),
        cmocka_unit_test(worker_open_says_what_is_wrong_with_the_program),
        cmocka_unit_test(worker_open_refuses_texts_that_are_too_long),
        cmocka_unit_test(worker_ignores_the_signals_that_reach_whole_groups),
        cmocka_unit_test(worker_that_gets_no_processor_time_is_not_blamed),
        cmocka_unit_test(worker_ends_when_its_host_is_gone),
        cmocka_unit_test(worker_outlives_the_thread_that_opened_it),
        cmocka_unit_test(worker_works_in_several_threads_at_once),
        cmocka_unit_test(worker_starts_from_a_program_without_standard_descriptors),
        cmocka_unit_test(worker_works_in_a_program_that_ignores_its_children),
        cmocka_unit_test(worker_program_refuses_to_be_started_by_hand),
        cmocka_unit_test(worker_leaves_nothing_behind_however_it_ends),
        cmocka_unit_test(worker_survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, set_up_instrument, NULL);
}
