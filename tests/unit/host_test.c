/*
 * host_test.c: the embedding interface, in both isolations, as an embedder uses it.
 */
#include "host_fixture.h"

#include <signal.h>
#include <string.h>

static const char raiser[] = "local s = { name = 'raiser', subscribe = { trades = true } }\n"
                             "function s.on_start(ctx)\n"
                             "  ctx:buy { price = 99, qty = 1 }\n"
                             "end\n"
                             "function s.on_trade(ctx, trade)\n"
                             "  error('enough')\n"
                             "end\n"
                             "return s\n";

static const char hanger[] = "local s = { name = 'hanger', subscribe = { trades = true } }\n"
                             "function s.on_trade() while true do end end\n"
                             "return s\n";

/* ---- the whole way ---- */

static void host_runs_a_strategy_from_open_to_close(void **state)
{
    char hashes[2][HEAN_HASH_BYTES];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sink log;
        hean_host_options options = options_for(isolations[i], &log);
        hean_host *host = open_host(&options);
        uint16_t id = load(host, quoter);
        hean_strategy_state about;
        hean_position position;
        hean_account account;
        hean_error error;

        start(host);
        push_market(host);
        assert_int_equal(hean_host_position(host, id, 0, &position), HEAN_OK);
        assert_true(position.qty_lots == 1000);
        assert_int_equal(hean_host_account(host, id, &account), HEAN_OK);
        assert_int_equal(account.orders, 1);
        assert_true(account.fees_e8 > 0);
        assert_true(account.equity_e8 == account.capital_e8 + account.realized_e8 +
                                             account.unrealized_e8 - account.fees_e8 +
                                             account.funding_e8);
        assert_true(metric_value(host, id, "position") == 1);
        assert_true(metric_value(host, id, "books") == 4);
        assert_true(metric_value(host, HEAN_NO_STRATEGY, "events") == 9);
        assert_non_null(strstr(log.text, "quoter: bidding 99.99"));
        assert_int_equal(hean_host_open_orders(host, id, NULL, 0), 0);
        assert_int_equal(hean_host_strategy_state(host, id, &about), HEAN_OK);
        assert_string_equal(about.name, "quoter");
        assert_true(about.running);
        assert_true(about.saves);
        assert_true((about.worker_pid != 0) == (isolations[i] == HEAN_ISOLATION_PROCESS));
        assert_true(hean_host_next_due_ns(host) == START_NS + 5 * BASE_NS_PER_S);
        assert_status(hean_host_advance(host, START_NS + 5 * BASE_NS_PER_S, &error), HEAN_OK,
                      &error);
        assert_true(metric_value(host, id, "timer") == (double)(START_NS / 1000000 + 5000));
        hean_host_orders_hash(host, hashes[i]);
        hean_host_close(host);
    }
    assert_int_equal(strlen(hashes[0]), 64);
    assert_string_equal(hashes[0], hashes[1]);
}

static void host_shows_open_orders(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host = open_host(&options);
    uint16_t id = load(host, quoter);
    hean_event book[] = {level(1, HEAN_SIDE_BUY, 9999, 500, false),
                         level(1, HEAN_SIDE_SELL, 10001, 500, true)};
    hean_event order;

    (void)state;
    start(host);
    push(host, book, 2);
    assert_int_equal(hean_host_open_orders(host, id, &order, 1), 1);
    assert_true(order.data.order.price_ticks == 9999);
    assert_true(order.data.order.qty_lots == 1000);
    assert_int_equal(hean_host_open_orders(host, 7, &order, 1), 0);
    hean_host_close(host);
}

/* ---- failures of strategies ---- */

static void host_stops_a_strategy_that_raises_and_the_others_go_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sink log;
        hean_host_options options = options_for(isolations[i], &log);
        hean_host *host = open_host(&options);
        uint16_t bad = load(host, raiser), good = load(host, quoter);
        hean_strategy_state about;
        const char *text;
        size_t bytes;

        start(host);
        push_market(host);
        assert_int_equal(hean_host_strategy_state(host, bad, &about), HEAN_OK);
        assert_false(about.running);
        assert_int_equal(about.why.status, HEAN_E_SCRIPT);
        assert_non_null(strstr(about.why.message, "enough"));
        assert_non_null(strstr(about.why.message, ":6"));
        assert_non_null(strstr(about.why.message, "on_trade"));
        assert_int_equal(about.worker_pid, 0);
        assert_non_null(strstr(log.text, "raiser stopped"));
        assert_int_equal(hean_host_open_orders(host, bad, NULL, 0), 0);
        assert_int_equal(hean_host_strategy_state(host, good, &about), HEAN_OK);
        assert_true(about.running);
        assert_true(metric_value(host, good, "position") == 1);
        assert_int_equal(hean_host_save(host, bad, &text, &bytes, NULL), HEAN_E_STATE);
        hean_host_close(host);
    }
}

static void host_ends_a_worker_that_hangs_and_the_others_go_on(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_PROCESS, NULL);
    hean_host *host = open_host(&options);
    uint16_t bad = load(host, hanger), good = load(host, quoter);
    hean_strategy_state about;

    (void)state;
    start(host);
    push_market(host);
    assert_int_equal(hean_host_strategy_state(host, bad, &about), HEAN_OK);
    assert_false(about.running);
    assert_int_equal(about.why.status, HEAN_E_SCRIPT_DEADLINE);
    assert_non_null(strstr(about.why.message, "on_trade"));
    assert_true(metric_value(host, good, "position") == 1);
    assert_true(metric_value(host, HEAN_NO_STRATEGY, "strategies_running") == 1);
    hean_host_close(host);
}

static void host_goes_on_after_a_worker_was_killed_from_outside(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_PROCESS, NULL);
    hean_host *host = open_host(&options);
    uint16_t victim = load(host, raiser), good = load(host, quoter);
    hean_strategy_state about;

    (void)state;
    start(host);
    assert_int_equal(hean_host_strategy_state(host, victim, &about), HEAN_OK);
    assert_int_equal(kill(about.worker_pid, SIGKILL), 0);
    push_market(host);
    assert_int_equal(hean_host_strategy_state(host, victim, &about), HEAN_OK);
    assert_false(about.running);
    assert_int_equal(about.why.status, HEAN_E_WORKER);
    assert_non_null(strstr(about.why.message, "raiser"));
    assert_true(metric_value(host, good, "position") == 1);
    hean_host_close(host);
}

static void host_refuses_a_script_that_cannot_be_loaded_and_stays_as_it_was(void **state)
{
    static const struct {
        const char *source, *params, *word;
        hean_status status;
    } cases[] = {
        {"local s = {", NULL, ":1:", HEAN_E_SCRIPT},
        {"return 5", NULL, "table", HEAN_E_SCRIPT},
        {quoter, "{\"qyt\":1}", "qty", HEAN_E_NOT_FOUND},
        {quoter, "{\"qty\":0}", "0.001", HEAN_E_RANGE},
        {"return { name = '../etc' }", NULL, "name", HEAN_E_SCRIPT},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        hean_host_options options = options_for(isolations[i], NULL);
        hean_host *host = open_host(&options);

        for (size_t j = 0; j < BASE_COUNT(cases); j++) {
            hean_strategy strategy = {
                .source = cases[j].source, .params_json = cases[j].params, .capital_e8 = BASE_E8};
            hean_error error;
            uint16_t id = 99;
            assert_status(hean_host_load_strategy(host, &strategy, &id, &error), cases[j].status,
                          &error);
            if (strstr(error.message, cases[j].word) == NULL)
                fail_msg("\"%s\" is not in \"%s\"", cases[j].word, error.message);
            assert_int_equal(id, 99);
        }
        assert_int_equal(load(host, quoter), 0);
        hean_host_close(host);
    }
}

static void host_keeps_what_a_strategy_saves(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        hean_host_options options = options_for(isolations[i], NULL);
        hean_host *host = open_host(&options);
        uint16_t id = load(host, quoter);
        hean_strategy again = {.source = quoter, .capital_e8 = BASE_E8};
        char saved[200];
        const char *text = NULL;
        hean_error error;
        size_t bytes = 0;

        assert_int_equal(hean_host_save(host, id, &text, &bytes, &error), HEAN_E_STATE);
        start(host);
        push_market(host);
        assert_status(hean_host_save(host, id, &text, &bytes, &error), HEAN_OK, &error);
        assert_true(bytes > 0 && bytes < sizeof saved);
        memcpy(saved, text, bytes);
        saved[bytes] = 0;
        assert_string_equal(saved, "{\"count\":4}");
        hean_host_close(host);

        host = open_host(&options);
        again.saved = saved;
        again.saved_bytes = bytes;
        assert_status(hean_host_load_strategy(host, &again, &id, &error), HEAN_OK, &error);
        start(host);
        push_market(host);
        assert_true(metric_value(host, id, "books") == 8);
        hean_host_close(host);

        host = open_host(&options);
        again.saved = "{\"count\":";
        again.saved_bytes = strlen(again.saved);
        assert_int_not_equal(hean_host_load_strategy(host, &again, &id, &error), HEAN_OK);
        hean_host_close(host);
    }
}

/* ---- events from strangers ---- */

/* A good trade with one field changed; -1 is written as all ones. */
static const struct {
    size_t offset, bytes;
    int64_t value;
} damages[] = {
    {offsetof(hean_event, kind), 1, HEAN_EVENT_KIND_COUNT},
    {offsetof(hean_event, kind), 1, HEAN_EVENT_NONE},
    {offsetof(hean_event, kind), 1, HEAN_EVENT_TIMER},
    {offsetof(hean_event, kind), 1, HEAN_EVENT_START},
    {offsetof(hean_event, kind), 1, HEAN_EVENT_ORDER}, /* the paper broker makes these */
    {offsetof(hean_event, kind), 1, HEAN_EVENT_FILL},
    {offsetof(hean_event, kind), 1, HEAN_EVENT_BAR}, /* of these numbers: low above high */
    {offsetof(hean_event, side), 1, 3},
    {offsetof(hean_event, flags), 1, 0x80},
    {offsetof(hean_event, instrument), 2, 1},
    {offsetof(hean_event, local_ns), 8, 0},
    {offsetof(hean_event, local_ns), 8, INT64_MAX},
    {offsetof(hean_event, exch_ns), 8, -1},
    {offsetof(hean_event, data.level.price_ticks), 8, 0},
    {offsetof(hean_event, data.level.price_ticks), 8, HEAN_UNITS_MAX + 1},
    {offsetof(hean_event, data.level.qty_lots), 8, INT64_MIN},
};

static void host_refuses_a_batch_with_a_bad_event_whole(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host = open_host(&options);

    (void)state;
    start(host);
    for (size_t i = 0; i < BASE_COUNT(damages); i++) {
        hean_event batch[] = {trade(1, HEAN_SIDE_BUY, 100, 1), trade(10, HEAN_SIDE_BUY, 100, 1)};
        hean_error error;
        memcpy((char *)&batch[1] + damages[i].offset, &damages[i].value, damages[i].bytes);
        assert_status(hean_host_push(host, batch, 2, &error), HEAN_E_INVALID, &error);
        assert_non_null(strstr(error.message, "event 1 of 2"));
        assert_true(metric_value(host, HEAN_NO_STRATEGY, "events") == 0);
    }
    assert_int_equal(hean_host_push(host, NULL, 1, NULL), HEAN_E_INVALID);
    push(host, NULL, 0);
    hean_host_close(host);
}

static void host_refuses_time_that_goes_backwards(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host = open_host(&options);
    hean_event batch[] = {trade(5, HEAN_SIDE_BUY, 100, 1), trade(4, HEAN_SIDE_BUY, 100, 1)};
    hean_error error;

    (void)state;
    start(host);
    assert_status(hean_host_push(host, batch, 2, &error), HEAN_E_TIME_ORDER, &error);
    push(host, batch, 1);
    assert_status(hean_host_push(host, batch + 1, 1, &error), HEAN_E_TIME_ORDER, &error);
    assert_status(hean_host_advance(host, START_NS, &error), HEAN_E_TIME_ORDER, &error);
    push(host, batch, 1);
    hean_host_close(host);
}

static void host_takes_a_venue_clock_that_runs_ahead(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host = open_host(&options);
    hean_event ahead = trade(5, HEAN_SIDE_BUY, 100, 1), unknown = trade(6, HEAN_SIDE_BUY, 100, 1);

    (void)state;
    start(host);
    ahead.exch_ns += BASE_NS_PER_S;
    unknown.exch_ns = 0;
    push(host, &ahead, 1);
    push(host, &unknown, 1);
    hean_host_close(host);
}

/* Any bytes: no crash, and a host that still answers. */
static void host_survives_random_events(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host;
    base_random random;

    (void)state;
    options.broker = HEAN_BROKER_EXTERNAL;
    host = open_host(&options);
    base_random_init(&random, test_seed());
    (void)load(host, quoter);
    start(host);
    for (int i = 0; i < 20000; i++) {
        hean_event event = trade(1 + i, HEAN_SIDE_BUY, 9999, 1);
        unsigned char *bytes = (unsigned char *)&event;
        uint64_t changes = base_random_below(&random, 6);
        event.kind = (uint8_t)base_random_below(&random, HEAN_EVENT_KIND_COUNT + 1);
        for (uint64_t j = 0; j < changes; j++)
            bytes[base_random_below(&random, sizeof event)] =
                (unsigned char)base_random_next(&random);
        if (event.local_ns > START_NS + INT64_C(3600) * BASE_NS_PER_S)
            event.local_ns = START_NS + i * BASE_NS_PER_MS; /* else time would soon be over */
        (void)!hean_host_push(host, &event, 1, NULL);
    }
    hean_host_close(host);
}

static void host_answers_null_with_a_status(void **state)
{
    hean_position position;
    hean_account account;
    hean_strategy_state about;
    char hash[HEAN_HASH_BYTES] = "x";
    uint16_t id;

    (void)state;
    assert_int_equal(hean_host_add_instrument(NULL, &ethusdt, &id, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_load_strategy(NULL, NULL, &id, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_start(NULL, START_NS, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_push(NULL, NULL, 0, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_advance(NULL, START_NS, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_save(NULL, 0, NULL, NULL, NULL), HEAN_E_INVALID);
    assert_int_equal(hean_host_position(NULL, 0, 0, &position), HEAN_E_INVALID);
    assert_int_equal(hean_host_account(NULL, 0, &account), HEAN_E_INVALID);
    assert_int_equal(hean_host_strategy_state(NULL, 0, &about), HEAN_E_INVALID);
    assert_int_equal(hean_host_take_intents(NULL, NULL, 0), 0);
    assert_int_equal(hean_host_open_orders(NULL, 0, NULL, 0), 0);
    assert_int_equal(hean_host_metrics(NULL, NULL, 0), 0);
    assert_true(hean_host_next_due_ns(NULL) == INT64_MAX);
    hean_host_orders_hash(NULL, hash);
    assert_string_equal(hash, "");
}

/* ---- the embedder's own broker ---- */

static void host_hands_intents_to_an_external_broker_and_takes_its_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        hean_host_options options = options_for(isolations[i], NULL);
        hean_host *host;
        uint16_t id;
        hean_order_intent taken[4];
        hean_position position;
        hean_event answer = event_at(400, HEAN_EVENT_ORDER), fill = event_at(500, HEAN_EVENT_FILL);
        hean_error error;

        options.broker = HEAN_BROKER_EXTERNAL;
        host = open_host(&options);
        id = load(host, quoter);
        start(host);
        push_market(host);
        assert_int_equal(hean_host_take_intents(host, taken, 4), 1);
        assert_int_equal(hean_host_take_intents(host, taken + 1, 3), 0);
        assert_int_equal(taken[0].strategy, id);
        assert_int_equal(taken[0].intent.kind, HEAN_INTENT_PLACE);
        assert_true(taken[0].intent.price_ticks == 9999);
        assert_true(taken[0].intent.qty_lots == 1000);

        answer.side = HEAN_SIDE_BUY;
        answer.strategy = id;
        answer.data.order.order_id = taken[0].intent.order_id;
        answer.data.order.price_ticks = 9999;
        answer.data.order.qty_lots = 1000;
        answer.data.order.status = HEAN_ORDER_OPEN;
        push(host, &answer, 1);
        fill.side = HEAN_SIDE_BUY;
        fill.strategy = id;
        fill.flags = HEAN_EVENT_MAKER;
        fill.data.fill.order_id = taken[0].intent.order_id;
        fill.data.fill.execution_id = 77;
        fill.data.fill.price_ticks = 9999;
        fill.data.fill.qty_lots = 400;
        fill.data.fill.fee_e8 = 1234;
        push(host, &fill, 1);
        push(host, &fill, 1); /* the same execution again counts once */
        assert_int_equal(hean_host_position(host, id, 0, &position), HEAN_OK);
        assert_true(position.qty_lots == 400);
        assert_true(position.fees_e8 == 1234);

        fill.data.fill.execution_id = 78;
        fill.data.fill.qty_lots = 601; /* more than is open */
        assert_status(hean_host_push(host, &fill, 1, &error), HEAN_E_INVALID, &error);
        fill.data.fill.order_id++;
        assert_status(hean_host_push(host, &fill, 1, &error), HEAN_E_NOT_FOUND, &error);
        fill.data.fill.order_id--;
        fill.data.fill.qty_lots = 600;
        push(host, &fill, 1); /* the host went on */
        assert_int_equal(hean_host_position(host, id, 0, &position), HEAN_OK);
        assert_true(position.qty_lots == 1000);
        hean_host_close(host);
    }
}

/* ---- states and arguments ---- */

static void host_refuses_calls_out_of_order(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_host *host = open_host(&options);
    hean_event event = trade(5, HEAN_SIDE_BUY, 100, 1);
    hean_strategy strategy = {.source = quoter, .capital_e8 = BASE_E8};
    hean_instrument other = ethusdt;
    hean_error error;
    uint16_t id;

    (void)state;
    assert_status(hean_host_push(host, &event, 1, &error), HEAN_E_STATE, &error);
    assert_status(hean_host_advance(host, START_NS, &error), HEAN_E_STATE, &error);
    assert_true(hean_host_next_due_ns(host) == INT64_MAX);
    assert_status(hean_host_add_instrument(host, &ethusdt, &id, &error), HEAN_E_EXISTS, &error);
    memset(other.symbol, 'A', sizeof other.symbol);
    assert_status(hean_host_add_instrument(host, &other, &id, &error), HEAN_E_INVALID, &error);
    (void)load(host, quoter);
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_EXISTS, &error);
    memcpy(other.symbol, "BTCUSDT", 8);
    assert_status(hean_host_add_instrument(host, &other, &id, &error), HEAN_E_STATE, &error);
    assert_status(hean_host_start(host, -1, &error), HEAN_E_RANGE, &error);
    start(host);
    assert_status(hean_host_start(host, START_NS, &error), HEAN_E_STATE, &error);
    strategy.name = "second";
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_STATE, &error);
    hean_host_close(host);
    hean_host_close(NULL);
}

static void host_refuses_bad_options_and_strategies(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    hean_strategy strategy = {.source = quoter, .capital_e8 = BASE_E8};
    hean_host *host = NULL;
    hean_error error;
    uint16_t id;

    (void)state;
    options.entry_latency_ns = -1;
    assert_status(hean_host_open(&options, &host, &error), HEAN_E_RANGE, &error);
    options.entry_latency_ns = 0;
    options.isolation = (hean_isolation)9;
    assert_status(hean_host_open(&options, &host, &error), HEAN_E_INVALID, &error);
    options.isolation = HEAN_ISOLATION_IN_PROCESS;
    options.memory_bytes_max = 10;
    assert_status(hean_host_open(&options, &host, &error), HEAN_E_RANGE, &error);
    assert_status(hean_host_open(NULL, NULL, &error), HEAN_E_INVALID, &error);
    assert_null(host);
    options.memory_bytes_max = (size_t)64 << 20;
    host = open_host(&options);
    assert_status(hean_host_load_strategy(host, NULL, &id, &error), HEAN_E_INVALID, &error);
    strategy.capital_e8 = 0;
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_RANGE, &error);
    strategy.capital_e8 = BASE_E8;
    strategy.name = "../up";
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_INVALID, &error);
    strategy.name = NULL;
    strategy.source = NULL;
    strategy.file = "/nowhere/strategy.lua";
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_NOT_FOUND, &error);
    assert_non_null(strstr(error.message, "/nowhere/strategy.lua"));
    assert_int_equal(hean_host_position(host, 0, 0, &(hean_position){0}), HEAN_E_NOT_FOUND);
    assert_int_equal(hean_host_account(host, 0, &(hean_account){0}), HEAN_E_NOT_FOUND);
    hean_host_close(host);

    options.isolation = HEAN_ISOLATION_PROCESS;
    options.worker_path = "/nowhere/hean-worker";
    host = open_host(&options);
    strategy.source = quoter;
    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_E_NOT_FOUND, &error);
    hean_host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_runs_a_strategy_from_open_to_close),
        cmocka_unit_test(host_shows_open_orders),
        cmocka_unit_test(host_stops_a_strategy_that_raises_and_the_others_go_on),
        cmocka_unit_test(host_ends_a_worker_that_hangs_and_the_others_go_on),
        cmocka_unit_test(host_goes_on_after_a_worker_was_killed_from_outside),
        cmocka_unit_test(host_refuses_a_script_that_cannot_be_loaded_and_stays_as_it_was),
        cmocka_unit_test(host_keeps_what_a_strategy_saves),
        cmocka_unit_test(host_refuses_a_batch_with_a_bad_event_whole),
        cmocka_unit_test(host_refuses_time_that_goes_backwards),
        cmocka_unit_test(host_takes_a_venue_clock_that_runs_ahead),
        cmocka_unit_test(host_survives_random_events),
        cmocka_unit_test(host_hands_intents_to_an_external_broker_and_takes_its_answers),
        cmocka_unit_test(host_answers_null_with_a_status),
        cmocka_unit_test(host_refuses_calls_out_of_order),
        cmocka_unit_test(host_refuses_bad_options_and_strategies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
