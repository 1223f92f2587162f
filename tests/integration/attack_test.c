/*
 * attack_test.c: runs every script of tests/jail/corpus in the worker and in the jail of backtests.
 *
 * A script says what must become of it:
 *   -- expect: error|refused|deadline|memory|killed [words that the error's message holds]
 *   -- expect: harmless      it is not stopped, and shows so by the metric "escaped" with value 0
 * with one or more of the kinds. Whatever it expects, a script that ever reports "escaped" with
 * another value has got out. In the worker an innocent strategy runs beside it and must not notice;
 * the orders that come through are looked at as the venue would.
 */
#include <engine/engine.h>
#include <script/script.h>
#include <support.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPUS           TEST_SOURCE_DIR "/tests/jail/corpus"
#define ATTACKS_MIN      60
#define ATTACKS_MAX      400
#define MEMORY_BYTES_MAX (8u << 20)
#define TRADES           12
#define ATTACKER         0
#define INNOCENT         1

static const char innocent_source[] =
    "local seen = 0\n"
    "return { name = 'innocent', subscribe = { trades = true, book = true },\n"
    "  on_trade = function(ctx, trade)\n"
    "    seen = seen + 1\n"
    "    if seen == 1 then ctx:buy { price = 1000, qty = 0.001 } end\n"
    "    ctx:metric('seen', seen)\n"
    "    ctx:metric('open', #ctx:orders())\n"
    "    ctx:metric('mid', ctx:book().mid)\n"
    "  end }";

typedef struct attack_script {
    char name[128];
    char expect[64]; /* the kinds, "a|b" */
    char words[128];
    const char *saved;
    char saved_text[256];
    base_buffer source;
} attack_script;

/* What a run came to. Plain bytes, so that it can come out of a jail. */
typedef struct outcome {
    bool loaded;
    hean_status status; /* of the attacker: HEAN_OK if it was never stopped */
    char message[sizeof(((hean_error *)0)->message)];
    int reports; /* of "escaped" */
    bool escaped;
    double innocent_seen, innocent_open, innocent_mid;
    bool innocent_stopped;
    char complaint[128]; /* what is wrong about what came through */
} outcome;

static market_instrument instrument;
static bool verbose;

static int set_up(void **state)
{
    hean_instrument spec = {.symbol = "ETHUSDT",
                            .tick_size = {1, -2},
                            .lot_size = {1, -3},
                            .min_qty_lots = 1,
                            .max_qty_lots = 1000000,
                            .max_price_ticks = 100000000};
    hean_error error;

    (void)state;
    verbose = getenv("HEAN_TEST_VERBOSE") != NULL;
    return market_instrument_init(&instrument, &spec, &error) == HEAN_OK ? 0 : -1;
}

/* ---- the corpus ---- */

/* The rest of the line after `key`, in the first bytes of the text. */
static bool read_header(const base_buffer *source, const char *key, char *out, size_t bytes)
{
    size_t head = source->length < 2000 ? source->length : 2000;
    const char *at = memmem(source->data, head, key, strlen(key));
    size_t length = 0;

    if (at == NULL)
        return false;
    at += strlen(key);
    while (at[length] != '\n' && at[length] != 0 && length + 1 < bytes)
        length++;
    memcpy(out, at, length);
    out[length] = 0;
    return true;
}

static void read_attack(const char *name, attack_script *out)
{
    char path[512], line[200];
    char *space;
    hean_error error;

    memset(out, 0, sizeof *out);
    base_buffer_init(&out->source, base_allocator_default());
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    (void)snprintf(path, sizeof path, "%s/%s", CORPUS, name);
    assert_status(base_buffer_read_file(&out->source, path, 1u << 20, &error), HEAN_OK, &error);
    if (!read_header(&out->source, "-- expect: ", line, sizeof line) ||
        !read_header(&out->source, "-- attack: ", path, sizeof path)) {
        print_error("%s says neither what it expects nor what it tries\n", name);
        fail();
    }
    space = strchr(line, ' ');
    if (space != NULL) {
        *space = 0;
        (void)base_text_copy(out->words, sizeof out->words, space + 1);
    }
    (void)base_text_copy(out->expect, sizeof out->expect, line);
    if (read_header(&out->source, "-- saved: ", out->saved_text, sizeof out->saved_text))
        out->saved = out->saved_text;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_corpus(char *names[ATTACKS_MAX])
{
    DIR *folder = opendir(CORPUS);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".lua") != 0)
            continue;
        assert_true(count < ATTACKS_MAX);
        names[count] = strdup(entry->d_name);
        assert_non_null(names[count++]);
    }
    (void)closedir(folder);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

static script_options options_for(const char *name, const char *source, size_t bytes,
                                  uint16_t strategy)
{
    script_options options = script_options_default();

    options.file = name;
    options.source = source;
    options.source_bytes = bytes;
    options.instruments = &instrument;
    options.instrument_count = 1;
    options.strategy = strategy;
    options.capital_e8 = 100000 * BASE_E8;
    options.memory_bytes_max = MEMORY_BYTES_MAX;
    return options;
}

/* ---- a session in a real engine ---- */

static void complain(outcome *result, const char *what)
{
    if (result->complaint[0] == 0)
        (void)base_text_copy(result->complaint, sizeof result->complaint, what);
}

static void on_metric(void *context, uint16_t strategy, const char *name, size_t bytes,
                      double value)
{
    outcome *result = context;

    if (strategy == ATTACKER && bytes == 7 && memcmp(name, "escaped", 7) == 0) {
        result->reports++;
        if (value != 0)
            result->escaped = true;
    }
    if (strategy == ATTACKER && (value - value != 0 || bytes == 0 || bytes > 64))
        complain(result, "a metric that is none");
    if (strategy == INNOCENT && bytes == 4 && memcmp(name, "seen", 4) == 0)
        result->innocent_seen = value;
    if (strategy == INNOCENT && bytes == 4 && memcmp(name, "open", 4) == 0)
        result->innocent_open = value;
    if (strategy == INNOCENT && bytes == 3 && memcmp(name, "mid", 3) == 0)
        result->innocent_mid = value;
}

static void on_log(void *context, uint16_t strategy, hean_log_level level, int64_t time_ns,
                   const char *text, size_t bytes)
{
    outcome *result = context;

    (void)strategy;
    (void)time_ns;
    (void)text; /* the host cleans it */
    if (bytes > 4096 || level > HEAN_LOG_ERROR)
        complain(result, "a log line that is too long");
}

static void on_account_event(void *context, const hean_event *event)
{
    outcome *result = context;

    if (event->kind == HEAN_EVENT_ORDER && (event->data.order.status == HEAN_ORDER_OPEN ||
                                            event->data.order.status == HEAN_ORDER_FILLED)) {
        if (event->data.order.qty_lots < 1 || event->data.order.qty_lots > 1000000 ||
            event->data.order.price_ticks < 0 || event->data.order.price_ticks > 100000000)
            complain(result, "an order that no venue takes was taken");
    }
    if (event->kind == HEAN_EVENT_FILL &&
        (event->data.fill.qty_lots < 1 || event->data.fill.qty_lots > 500))
        complain(result, "a fill above the risk limit");
    if (event->strategy == INNOCENT && event->kind == HEAN_EVENT_ORDER &&
        event->data.order.status == HEAN_ORDER_CANCELLED)
        complain(result, "the order of the innocent strategy was cancelled");
}

static void on_strategy_stopped(void *context, uint16_t strategy, const hean_error *error)
{
    outcome *result = context;

    if (strategy == INNOCENT) {
        result->innocent_stopped = true;
        complain(result, error->message);
        return;
    }
    result->status = error->status;
    (void)snprintf(result->message, sizeof result->message, "%s", error->message);
}

static hean_event market_event(hean_event_kind kind, int64_t now_ns)
{
    return (hean_event){.kind = (uint8_t)kind, .local_ns = now_ns, .exch_ns = now_ns};
}

static hean_status push_book(engine *market, int64_t now_ns, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (int i = 0; i < 10 && status == HEAN_OK; i++) {
        hean_event event = market_event(HEAN_EVENT_BOOK, now_ns);
        event.side = i < 5 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        event.flags = (uint8_t)((i == 0 ? HEAN_EVENT_CLEAR : 0) | (i == 9 ? HEAN_EVENT_LAST : 0));
        event.data.level.price_ticks = i < 5 ? 199999 - i : 200001 + i - 5;
        event.data.level.qty_lots = 400;
        status = engine_push(market, &event, error);
    }
    return status;
}

static hean_status push_others(engine *market, int64_t now_ns, hean_error *error)
{
    hean_event quote = market_event(HEAN_EVENT_QUOTE, now_ns);
    hean_event mark = market_event(HEAN_EVENT_MARK, now_ns);
    hean_event connection = market_event(HEAN_EVENT_CONNECTION, now_ns);
    hean_status status;

    quote.data.quote.bid_ticks = 199999;
    quote.data.quote.ask_ticks = 200001;
    quote.data.quote.bid_lots = quote.data.quote.ask_lots = 400;
    mark.data.mark.mark_ticks = 200000;
    connection.data.connection.state = 2;
    status = engine_push(market, &quote, error);
    if (status == HEAN_OK)
        status = engine_push(market, &mark, error);
    return status == HEAN_OK ? engine_push(market, &connection, error) : status;
}

static hean_status push_session(engine *market, hean_error *error)
{
    int64_t now_ns = 1700000000 * BASE_NS_PER_S;
    hean_status status = engine_start(market, now_ns, error);

    for (int i = 0; i < TRADES && status == HEAN_OK; i++) {
        hean_event trade;
        now_ns += 100 * BASE_NS_PER_MS;
        status = push_book(market, now_ns, error);
        if (status == HEAN_OK)
            status = push_others(market, now_ns, error);
        trade = market_event(HEAN_EVENT_TRADE, now_ns);
        trade.side = i % 2 == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        trade.data.level.price_ticks = 200000;
        trade.data.level.qty_lots = 3;
        if (status == HEAN_OK)
            status = engine_push(market, &trade, error);
    }
    return status == HEAN_OK ? engine_advance(market, now_ns + BASE_NS_PER_S, error) : status;
}

typedef struct player {
    const engine_strategy_ops *ops;
    void *context;
    const script_info *info;
    script_vm *vm; /* NULL: a worker, with books of its own */
} player;

/* Runs the session; the outcome says what became of the attacker. */
static hean_status play(const player *players, size_t count, outcome *result, hean_error *error)
{
    engine_options options = engine_options_default();
    engine *market = NULL;
    uint16_t id;
    hean_status status;

    options.observer = (engine_observer){.context = result,
                                         .on_account_event = on_account_event,
                                         .on_log = on_log,
                                         .on_metric = on_metric,
                                         .on_strategy_stopped = on_strategy_stopped};
    status = engine_open(&options, &market, error);
    if (status == HEAN_OK)
        status = engine_add_instrument(market, &instrument, &id, error);
    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        engine_strategy strategy = {
            .name = i == ATTACKER ? "attacker" : "innocent",
            .ops = players[i].ops,
            .context = players[i].context,
            .subscription = {.kinds = players[i].info->kinds | 1u << HEAN_EVENT_BOOK |
                                      1u << HEAN_EVENT_QUOTE,
                             .every_level = players[i].vm == NULL,
                             .bar_intervals_ns = players[i].info->bar_intervals_ns,
                             .bar_interval_count = players[i].info->bar_interval_count},
            .limits = {.max_position_lots = 500,
                       .max_order_notional_e8 = 2000 * BASE_E8,
                       .max_open_orders = 30},
            .capital_e8 = 100000 * BASE_E8,
        };
        status = engine_add_strategy(market, &strategy, &id, error);
        if (players[i].vm != NULL)
            script_vm_set_books(players[i].vm, engine_books(market));
    }
    if (status == HEAN_OK)
        status = push_session(market, error);
    engine_close(market);
    return status;
}

static void note_failure(outcome *result, hean_status status, const hean_error *error)
{
    result->status = status;
    (void)snprintf(result->message, sizeof result->message, "%s", error->message);
}

/* ---- in workers ---- */

static const engine_strategy_ops worker_ops = {script_worker_on_event};

static script_worker *open_innocent(void)
{
    script_worker_options options = {.worker_path = TEST_BUILD_DIR "/hean-worker"};
    script_worker *worker = NULL;
    hean_error error = {0};

    options.script =
        options_for("innocent.lua", innocent_source, sizeof innocent_source - 1, INNOCENT);
    assert_status(script_worker_open(&options, &worker, &error), HEAN_OK, &error);
    return worker;
}

/* Short for scripts that must miss it, so that the test is quick; out of reach for the others, so
 * that no busy machine and no sanitizer makes an innocent script late. */
static int64_t deadline_of(const attack_script *attack)
{
    return strstr(attack->expect, "deadline") != NULL ? 50 * BASE_NS_PER_MS : 10 * BASE_NS_PER_S;
}

static void run_in_worker(const attack_script *attack, outcome *result)
{
    script_worker_options options = {.worker_path = TEST_BUILD_DIR "/hean-worker"};
    script_worker *worker = NULL, *innocent;
    player players[2] = {{.ops = &worker_ops}, {.ops = &worker_ops}};
    const char *text;
    size_t bytes;
    hean_error error = {0};
    hean_status status;

    memset(result, 0, sizeof *result);
    options.script =
        options_for(attack->name, attack->source.data, attack->source.length, ATTACKER);
    options.script.saved = attack->saved;
    options.script.saved_bytes = attack->saved != NULL ? strlen(attack->saved) : 0;
    options.deadline_ns = deadline_of(attack);
    options.load_deadline_ns = 4 * deadline_of(attack);
    status = script_worker_open(&options, &worker, &error);
    if (status != HEAN_OK) {
        note_failure(result, status, &error);
        return;
    }
    result->loaded = true;
    innocent = open_innocent();
    players[ATTACKER].context = worker;
    players[ATTACKER].info = script_worker_info(worker);
    players[INNOCENT].context = innocent;
    players[INNOCENT].info = script_worker_info(innocent);
    assert_status(play(players, 2, result, &error), HEAN_OK, &error);
    if (result->status == HEAN_OK) {
        status = script_worker_save(worker, &text, &bytes, &error);
        if (status != HEAN_OK)
            note_failure(result, status, &error);
    }
    script_worker_close(worker);
    script_worker_close(innocent);
}

/* ---- in the jail of backtests ---- */

typedef struct jailed_run {
    const attack_script *attack;
    script_heartbeat *heartbeat;
} jailed_run;

static hean_status play_alone(script_vm *vm, outcome *result, hean_error *error)
{
    static const engine_strategy_ops vm_ops = {script_vm_on_event};
    player attacker = {.ops = &vm_ops, .context = vm, .info = script_vm_info(vm), .vm = vm};
    const char *text;
    size_t bytes;
    hean_status status = play(&attacker, 1, result, error);

    if (status == HEAN_OK && result->status == HEAN_OK) {
        hean_status saved = script_vm_save(vm, &text, &bytes, error);
        if (saved != HEAN_OK)
            note_failure(result, saved, error);
    }
    return status;
}

static hean_status run_jailed(void *context, base_buffer *out, hean_error *error)
{
    jailed_run *run = context;
    const attack_script *attack = run->attack;
    script_options options =
        options_for(attack->name, attack->source.data, attack->source.length, ATTACKER);
    outcome result;
    script_vm *vm = NULL;
    hean_status status, loaded;

    memset(&result, 0, sizeof result);
    options.saved = attack->saved;
    options.saved_bytes = attack->saved != NULL ? strlen(attack->saved) : 0;
    status = script_vm_open(&options, &vm, error);
    if (status == HEAN_OK)
        script_vm_set_heartbeat(vm, run->heartbeat);
    if (status == HEAN_OK)
        status = script_jail_enter(SCRIPT_JAIL_BACKTEST, MEMORY_BYTES_MAX, error);
    if (status != HEAN_OK)
        return status;
    loaded = script_vm_load(vm, error);
    result.loaded = loaded == HEAN_OK;
    if (loaded != HEAN_OK)
        note_failure(&result, loaded, error);
    else
        status = play_alone(vm, &result, error);
    base_buffer_append(out, &result, sizeof result);
    return status;
}

static void run_in_backtest(const attack_script *attack, outcome *result)
{
    jailed_run run = {.attack = attack};
    script_jail_call call = {.body = run_jailed,
                             .context = &run,
                             .memory_bytes_max = MEMORY_BYTES_MAX,
                             .deadline_ns = deadline_of(attack)};
    base_buffer out;
    hean_error error = {0};
    hean_status status;

    memset(result, 0, sizeof *result);
    assert_status(script_heartbeat_open(&run.heartbeat, &error), HEAN_OK, &error);
    call.heartbeat = run.heartbeat;
    base_buffer_init(&out, base_allocator_default());
    status = script_jail_run(&call, &out, &error);
    if (status != HEAN_OK) {
        note_failure(result, status, &error);
    } else {
        assert_int_equal(out.length, sizeof *result);
        memcpy(result, out.data, sizeof *result);
    }
    base_buffer_deinit(&out);
    script_heartbeat_close(run.heartbeat);
}

/* ---- judging ---- */

static const char *kind_of(const outcome *result)
{
    switch (result->status) {
    case HEAN_OK:
        return "harmless";
    case HEAN_E_SCRIPT_DEADLINE:
        return "deadline";
    case HEAN_E_SCRIPT_MEMORY:
        return "memory";
    case HEAN_E_SCRIPT:
    case HEAN_E_RANGE:
    case HEAN_E_LIMIT:
        return result->loaded ? "error" : "refused";
    case HEAN_E_WORKER: /* by a signal, such as that of a stack that ran over */
        return "killed";
    default:
        return hean_status_name(result->status);
    }
}

/* Is `word` one of "a|b|c"? */
static bool is_one_of(const char *word, const char *list)
{
    size_t length = strlen(word);

    for (const char *at = list; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, length) == 0 && (at[length] == 0 || at[length] == '|'))
            return true;
    }
    return false;
}

/* The first complaint about an outcome, or NULL. */
static const char *judge(const attack_script *attack, const outcome *result)
{
    const char *kind = kind_of(result);

    if (result->escaped)
        return "it escaped";
    if (result->complaint[0] != 0)
        return result->complaint;
    if (!is_one_of(kind, attack->expect))
        return "another outcome than it expects";
    if (result->status != HEAN_OK && strstr(result->message, attack->words) == NULL)
        return "the message does not hold the words that it expects";
    for (const char *at = result->message; *at != 0; at++)
        if ((unsigned char)*at < 0x20 && *at != '\t')
            return "control bytes in the message";
    if (strcmp(kind, "harmless") == 0 && result->reports == 0)
        return "it did not report whether it escaped";
    return NULL;
}

static bool check(const attack_script *attack, const outcome *result, const char *where)
{
    const char *complaint = judge(attack, result);

    if (verbose || complaint != NULL)
        print_message("%s in the %s: %s: %s\n", attack->name, where, kind_of(result),
                      result->message);
    if (complaint != NULL)
        print_error("%s in the %s: %s (expects %s %s)\n", attack->name, where, complaint,
                    attack->expect, attack->words);
    return complaint == NULL;
}

static void check_corpus(const char *where, void (*run)(const attack_script *, outcome *))
{
    char *names[ATTACKS_MAX];
    const char *only = getenv("HEAN_TEST_ATTACK");
    size_t count = list_corpus(names), failed = 0;

    assert_true(count >= ATTACKS_MIN);
    for (size_t i = 0; i < count; i++) {
        attack_script attack;
        outcome result;

        if (only == NULL || strstr(names[i], only) != NULL) {
            read_attack(names[i], &attack);
            run(&attack, &result);
            failed += !check(&attack, &result, where);
            if (run == run_in_worker && result.loaded &&
                (result.innocent_stopped || result.innocent_seen != TRADES ||
                 result.innocent_open != 1 || result.innocent_mid != 2000)) {
                print_error("%s disturbed the innocent strategy\n", names[i]);
                failed++;
            }
            base_buffer_deinit(&attack.source);
        }
        free(names[i]);
    }
    print_message("%zu attacks in the %s, %zu not contained\n", count, where, failed);
    assert_int_equal(failed, 0);
}

static void attacks_on_the_worker_are_contained(void **state)
{
    (void)state;
    check_corpus("worker", run_in_worker);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no process is left */
}

static void attacks_on_a_backtest_are_contained(void **state)
{
    (void)state;
    check_corpus("backtest", run_in_backtest);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* The judge itself: what would be wrong is called wrong. */
static void attacks_that_succeed_fail_this_test(void **state)
{
    attack_script harmless = {.expect = "harmless"};
    attack_script stopped = {.expect = "error|deadline", .words = "on_trade"};
    outcome result = {.loaded = true, .reports = 1};

    (void)state;
    assert_null(judge(&harmless, &result));
    assert_non_null(judge(&stopped, &result)); /* it was not stopped */
    result.escaped = true;
    assert_non_null(judge(&harmless, &result));
    result = (outcome){.loaded = true}; /* and no report */
    assert_non_null(judge(&harmless, &result));
    result = (outcome){.loaded = true, .status = HEAN_E_SCRIPT_DEADLINE, .message = "x: on_trade"};
    assert_null(judge(&stopped, &result));
    assert_non_null(judge(&harmless, &result));
    result.status = HEAN_E_SCRIPT_MEMORY;
    assert_non_null(judge(&stopped, &result));
    result = (outcome){.loaded = true, .status = HEAN_E_SCRIPT, .message = "x: on_fill"};
    assert_non_null(judge(&stopped, &result));
    result = (outcome){.status = HEAN_E_SCRIPT, .message = "on_trade"}; /* refused, not stopped */
    assert_non_null(judge(&stopped, &result));
    result = (outcome){.loaded = true, .reports = 1, .complaint = "a fill above the limit"};
    assert_non_null(judge(&harmless, &result));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_that_succeed_fail_this_test),
        cmocka_unit_test(attacks_on_the_worker_are_contained),
        cmocka_unit_test(attacks_on_a_backtest_are_contained),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
