/*
 * post_test.c: account events and hours as postings.
 */
#include <support.h>

#include <host/post.h>
#include <market/instrument.h>

#include <string.h>

#define HOUR_NS  (3600 * BASE_NS_PER_S)
#define START_NS (INT64_C(1000000) * HOUR_NS + HOUR_NS / 4) /* a quarter past an hour */

typedef struct taken {
    char id[LEDGER_ID_BYTES + 1], strategy[40], process[40], symbol[40], currency[20];
    ledger_kind kind;
    int64_t amount_e8, time_ns;
    size_t batch; /* entries that came with it */
} taken;

typedef struct fixture {
    hean_instrument linear, inverse;
    const hean_instrument *instruments[2];
    taken items[64];
    size_t count;
    hean_status answer;
    post *poster;
} fixture;

static hean_status emit(void *context, const ledger_posting *postings, size_t count,
                        hean_error *error)
{
    fixture *self = context;

    if (self->answer != HEAN_OK)
        return base_fail(error, self->answer, "the ledger is shut");
    for (size_t i = 0; i < count; i++) {
        const ledger_posting *posting = &postings[i];
        taken *item = &self->items[self->count++];
        assert_status(ledger_check(posting, error), HEAN_OK, error);
        assert_string_equal(posting->account.run, "run1");
        assert_int_equal(posting->account.mode, LEDGER_PAPER);
        assert_true(base_text_copy(item->id, sizeof item->id, posting->id));
        assert_true(
            base_text_copy(item->strategy, sizeof item->strategy, posting->account.strategy));
        assert_true(base_text_copy(item->process, sizeof item->process, posting->account.process));
        assert_true(base_text_copy(item->symbol, sizeof item->symbol, posting->account.symbol));
        assert_true(
            base_text_copy(item->currency, sizeof item->currency, posting->account.currency));
        item->kind = posting->kind;
        item->amount_e8 = posting->amount_e8;
        item->time_ns = posting->time_ns;
        item->batch = count;
    }
    return HEAN_OK;
}

static post_options options_of(fixture *self, const hean_allocator *allocator)
{
    static const post_strategy strategies[] = {
        {.process = "p1", .name = "maker", .capital_e8 = 10000 * BASE_E8},
        {.process = "p2", .name = "taker", .capital_e8 = 1}};

    *self = (fixture){.linear = {.symbol = "ETHUSDT"},
                      .inverse = {.symbol = "BTCUSD", .kind = HEAN_INSTRUMENT_INVERSE}};
    self->instruments[0] = &self->linear;
    self->instruments[1] = &self->inverse;
    return (post_options){.allocator = allocator,
                          .mode = LEDGER_PAPER,
                          .run = "run1",
                          .strategies = strategies,
                          .strategy_count = 2,
                          .instruments = self->instruments,
                          .instrument_count = 2,
                          .opportunity_e12 = POST_OPPORTUNITY_E12,
                          .start_ns = START_NS,
                          .emit = emit,
                          .context = self};
}

static void open_with(fixture *self, int64_t opportunity_e12)
{
    post_options options = options_of(self, base_allocator_default());
    hean_error error;
    options.opportunity_e12 = opportunity_e12;
    assert_status(post_open(&options, &self->poster, &error), HEAN_OK, &error);
}

static hean_event fill_at(int64_t time_ns, int64_t realized_e8, int64_t fee_e8)
{
    hean_event event = {.local_ns = time_ns,
                        .exch_ns = time_ns - 5,
                        .kind = HEAN_EVENT_FILL,
                        .side = HEAN_SIDE_BUY};
    event.data.fill.realized_e8 = realized_e8;
    event.data.fill.fee_e8 = fee_e8;
    event.data.fill.execution_id = 7;
    return event;
}

/* ---- events ---- */

static void a_fill_posts_pnl_and_fee_together(void **state)
{
    fixture self;
    hean_event event = fill_at(START_NS + 10, -25, 0);
    hean_error error;
    (void)state;
    open_with(&self, 0);
    event.strategy = 1;
    event.instrument = 1;
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_OK, &error);
    assert_int_equal(self.count, 2);
    assert_string_equal(self.items[0].id, "exec:run1.7:pnl");
    assert_string_equal(self.items[1].id, "exec:run1.7:fee");
    assert_int_equal(self.items[0].kind, LEDGER_PNL);
    assert_int_equal(self.items[0].amount_e8, -25);
    assert_int_equal(self.items[1].kind, LEDGER_FEE);
    assert_int_equal(self.items[1].amount_e8, 0); /* posted all the same: a trace of the fill */
    assert_int_equal(self.items[0].batch, 2);
    assert_int_equal(self.items[0].time_ns, START_NS + 5);
    assert_string_equal(self.items[0].process, "p2");
    assert_string_equal(self.items[0].strategy, "taker");
    assert_string_equal(self.items[0].symbol, "BTCUSD");
    assert_string_equal(self.items[0].currency, "BTC");
    post_close(self.poster);
}

static void a_venues_execution_id_is_the_entrys(void **state)
{
    fixture self;
    hean_event event = fill_at(START_NS + 10, 1, 2), funding = {0};
    hean_error error;
    (void)state;
    open_with(&self, 0);
    assert_status(post_event(self.poster, &event, "ab-cd", &error), HEAN_OK, &error);
    assert_string_equal(self.items[0].id, "exec:ab-cd:pnl");
    assert_string_equal(self.items[1].id, "exec:ab-cd:fee");
    funding.kind = HEAN_EVENT_FUNDING;
    funding.local_ns = funding.exch_ns = START_NS + 20;
    funding.data.funding.paid_e8 = -9;
    assert_status(post_event(self.poster, &funding, "ef", &error), HEAN_OK, &error);
    assert_status(post_event(self.poster, &funding, NULL, &error), HEAN_OK, &error);
    assert_string_equal(self.items[2].id, "fund:ef:maker");
    assert_string_equal(self.items[3].id, "fund:run1:maker:ETHUSDT:3600000900000000020");
    assert_int_equal(self.items[3].kind, LEDGER_FUNDING);
    assert_int_equal(self.items[3].amount_e8, -9);
    post_close(self.poster);
}

static void other_events_post_nothing(void **state)
{
    fixture self;
    hean_event event = fill_at(START_NS + 10, 1, 2);
    hean_error error;
    (void)state;
    open_with(&self, 0);
    event.kind = HEAN_EVENT_ORDER;
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_OK, &error);
    assert_int_equal(self.count, 0);
    post_close(self.poster);
}

static void what_does_not_exist_is_refused(void **state)
{
    fixture self;
    hean_event event = fill_at(START_NS + 10, 1, 2);
    char name[LEDGER_ID_BYTES];
    hean_error error;
    (void)state;
    open_with(&self, 0);
    event.strategy = 2;
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_E_INVALID, &error);
    event.strategy = 0;
    event.instrument = 2;
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_E_INVALID, &error);
    event.instrument = 0;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_status(post_event(self.poster, &event, name, &error), HEAN_E_RANGE, &error);
    assert_int_equal(self.count, 0);
    self.answer = HEAN_E_IO;
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_E_IO, &error);
    post_close(self.poster);
}

/* ---- hours ---- */

static void hours_end_before_the_events_that_follow_them(void **state)
{
    fixture self;
    hean_event event = fill_at(START_NS + HOUR_NS, 1, 2);
    hean_error error;
    (void)state;
    open_with(&self, POST_OPPORTUNITY_E12);
    assert_status(post_event(self.poster, &event, NULL, &error), HEAN_OK, &error);
    /* 10,000 at 5 % for three quarters of an hour; the other's capital is too small to cost. */
    assert_int_equal(self.count, 3);
    assert_string_equal(self.items[0].id, "cost:run1:maker:1000000");
    assert_int_equal(self.items[0].kind, LEDGER_OPPORTUNITY_COST);
    assert_int_equal(self.items[0].amount_e8, 4280822); /* 0.0428082191... */
    assert_int_equal(self.items[0].time_ns, INT64_C(1000001) * HOUR_NS);
    assert_string_equal(self.items[0].symbol, "");
    assert_string_equal(self.items[0].currency, "USDT");
    assert_string_equal(self.items[1].id, "exec:run1.7:pnl");
    post_close(self.poster);
}

static void the_end_posts_what_is_left_of_an_hour_once(void **state)
{
    fixture self;
    hean_error error;
    int64_t sum = 0;
    (void)state;
    open_with(&self, POST_OPPORTUNITY_E12);
    assert_status(post_end(self.poster, START_NS + 5 * HOUR_NS, &error), HEAN_OK, &error);
    assert_status(post_end(self.poster, START_NS + 5 * HOUR_NS, &error), HEAN_OK, &error);
    assert_int_equal(self.count, 6); /* 45 min, 4 hours, 15 min */
    for (size_t i = 0; i < self.count; i++)
        sum += self.items[i].amount_e8;
    assert_in_range(sum, 28538812 - 3, 28538812 + 3); /* each is rounded once */
    assert_int_equal(self.items[5].time_ns, START_NS + 5 * HOUR_NS);
    post_close(self.poster);
}

static void time_in_small_steps_posts_the_same(void **state)
{
    fixture large, small;
    uint64_t seed = test_seed();
    base_random random;
    hean_error error;
    int64_t now_ns = START_NS;
    (void)state;
    open_with(&large, POST_OPPORTUNITY_E12);
    open_with(&small, POST_OPPORTUNITY_E12);
    base_random_init(&random, seed);
    while (now_ns < START_NS + 6 * HOUR_NS) {
        now_ns += (int64_t)base_random_below(&random, HOUR_NS);
        assert_status(post_time(small.poster, now_ns, &error), HEAN_OK, &error);
    }
    assert_status(post_end(small.poster, now_ns, &error), HEAN_OK, &error);
    assert_status(post_end(large.poster, now_ns, &error), HEAN_OK, &error);
    assert_int_equal(small.count, large.count);
    for (size_t i = 0; i < small.count; i++) {
        assert_string_equal(small.items[i].id, large.items[i].id);
        assert_int_equal(small.items[i].amount_e8, large.items[i].amount_e8);
    }
    post_close(small.poster);
    post_close(large.poster);
}

static void the_largest_capital_costs_without_overflow(void **state)
{
    fixture self;
    post_strategy strategy = {
        .process = "p", .name = "s", .capital_e8 = INT64_C(1000000000000000000)};
    post_options options = options_of(&self, base_allocator_default());
    hean_error error;
    (void)state;
    options.strategies = &strategy;
    options.strategy_count = 1;
    assert_status(post_open(&options, &self.poster, &error), HEAN_OK, &error);
    assert_status(post_time(self.poster, START_NS + HOUR_NS, &error), HEAN_OK, &error);
    assert_int_equal(self.items[0].amount_e8,
                     INT64_C(4280821917808)); /* 1e18 * 0.05 / 8760 * 3/4 */
    post_close(self.poster);
}

/* ---- opening ---- */

static void opening_survives_every_failed_allocation(void **state)
{
    fixture self;
    (void)state;
    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator allocator;
        post_options options;
        hean_error error;
        hean_status status;
        test_allocator_init(&allocator, fail_at);
        options = options_of(&self, &allocator.allocator);
        status = post_open(&options, &self.poster, &error);
        if (status == HEAN_OK)
            post_close(self.poster);
        assert_int_equal(allocator.live, 0);
        if (status == HEAN_OK)
            break;
        assert_status(status, HEAN_E_NO_MEMORY, &error);
    }
}

static void opening_wants_run_and_instrument(void **state)
{
    fixture self;
    post_options options = options_of(&self, base_allocator_default());
    hean_error error;
    (void)state;
    options.run = NULL;
    assert_status(post_open(&options, &self.poster, &error), HEAN_E_INVALID, &error);
    options.run = "run1";
    options.instrument_count = 0;
    assert_status(post_open(&options, &self.poster, &error), HEAN_E_INVALID, &error);
}

/* ---- currencies ---- */

static void the_settlement_currency_follows_the_symbol(void **state)
{
    static const struct {
        const char *symbol;
        hean_instrument_kind kind;
        const char *currency;
    } rows[] = {
        {"ETHUSDT", HEAN_INSTRUMENT_LINEAR, "USDT"},
        {"SIMUSDT-SPOT", HEAN_INSTRUMENT_SPOT, "USDT"},
        {"BTCUSDT-21FEB25", HEAN_INSTRUMENT_LINEAR, "USDT"},
        {"BTCPERP", HEAN_INSTRUMENT_LINEAR, "USDC"},
        {"ETHBTC", HEAN_INSTRUMENT_SPOT, "BTC"},
        {"BTCUSD", HEAN_INSTRUMENT_INVERSE, "BTC"},
        {"ETHUSDH23", HEAN_INSTRUMENT_INVERSE, "ETH"},
        {"BTC-PERPETUAL", HEAN_INSTRUMENT_INVERSE, "COIN"},
        {"USDT", HEAN_INSTRUMENT_LINEAR, "QUOTE"},
        {"ABC", HEAN_INSTRUMENT_LINEAR, "QUOTE"},
        {"ABCDEFGHIJKLMNOPQRSTUSD", HEAN_INSTRUMENT_INVERSE, "COIN"},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        hean_instrument spec = {.kind = rows[i].kind};
        char currency[MARKET_CURRENCY_BYTES];
        assert_true(base_text_copy(spec.symbol, sizeof spec.symbol, rows[i].symbol));
        market_settlement(&spec, currency);
        assert_string_equal(currency, rows[i].currency);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_posts_pnl_and_fee_together),
        cmocka_unit_test(a_venues_execution_id_is_the_entrys),
        cmocka_unit_test(other_events_post_nothing),
        cmocka_unit_test(what_does_not_exist_is_refused),
        cmocka_unit_test(hours_end_before_the_events_that_follow_them),
        cmocka_unit_test(the_end_posts_what_is_left_of_an_hour_once),
        cmocka_unit_test(time_in_small_steps_posts_the_same),
        cmocka_unit_test(the_largest_capital_costs_without_overflow),
        cmocka_unit_test(opening_survives_every_failed_allocation),
        cmocka_unit_test(opening_wants_run_and_instrument),
        cmocka_unit_test(the_settlement_currency_follows_the_symbol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
