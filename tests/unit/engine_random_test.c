/*
 * engine_random_test.c: random markets, random strategies, and what must hold whatever happens.
 *
 * A model that knows only the observer's events follows orders, positions and money, and is
 * compared with the engine's answers after every market event. The same run is repeated with an
 * order that keeps the venue busy, and must not differ.
 */
#include "engine_fixture.h"

#include <base/hash.h>

#include <stdlib.h>

#define EVENTS 4000
#define ORDERS 8192

typedef enum market_kind { BOOKS, QUOTES, TRADES, BARS, MARKET_KINDS } market_kind;

typedef struct model_order {
    bool known, ended;
    int64_t qty_lots, filled_lots;
    uint16_t instrument;
} model_order;

typedef struct model {
    fixture *fixture;
    hash_sha256 *hash; /* of strategy 0's events only */
    model_order orders[ORDERS];
    int64_t open;
    int64_t qty_lots[2], realized_e8[2], fees_e8[2], funding_e8[2];
    uint64_t fills, accepted;
    int64_t last_ns;
    int64_t max_position_lots;
} model;

typedef struct world {
    fixture fixture;
    model model;
    hean_event events[EVENTS];
    uint32_t order[EVENTS];
    base_random random; /* the strategy's */
    int64_t middle[2];
} world;

/* ---- the market ---- */

static hean_event draw_event(base_random *random, market_kind kind, int64_t middle)
{
    bool buy = base_random_below(random, 2) == 0;
    int64_t away = (int64_t)base_random_below(random, 12);
    hean_event event = level_event(0, HEAN_EVENT_BOOK, buy ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                                   buy ? middle - away : middle + 1 + away,
                                   (int64_t)base_random_below(random, 30));
    uint64_t dice = base_random_below(random, 20);
    if (dice == 0) {
        event.kind = HEAN_EVENT_FUNDING;
        memset(&event.data, 0, sizeof event.data);
        event.data.funding.rate_e12 = (int64_t)base_random_below(random, 2000000) - 1000000;
    } else if (dice == 1) {
        event.kind = HEAN_EVENT_MARK;
        memset(&event.data, 0, sizeof event.data);
        event.data.mark.mark_ticks = middle;
    } else if (kind == BARS) {
        memset(&event.data, 0, sizeof event.data);
        event.kind = HEAN_EVENT_BAR;
        event.data.bar.open_ticks = middle - 2 + (int64_t)base_random_below(random, 5);
        event.data.bar.close_ticks = middle - 2 + (int64_t)base_random_below(random, 5);
        event.data.bar.high_ticks = middle + 3 + away;
        event.data.bar.low_ticks = middle - 3 - away;
        event.data.bar.interval_ns = 20;
    } else if (kind == TRADES || dice < 5) {
        event.kind = HEAN_EVENT_TRADE;
        event.side = (uint8_t)base_random_below(random, 3);
        event.data.level.price_ticks = middle - 6 + (int64_t)base_random_below(random, 13);
        event.data.level.qty_lots++;
    } else if (kind == QUOTES) {
        memset(&event.data, 0, sizeof event.data);
        event.kind = HEAN_EVENT_QUOTE;
        event.data.quote.bid_ticks = middle - away / 4;
        event.data.quote.ask_ticks = middle + 1 + away / 4;
        event.data.quote.bid_lots = (int64_t)base_random_below(random, 30);
        event.data.quote.ask_lots = (int64_t)base_random_below(random, 30);
    } else {
        event.flags = base_random_below(random, 3) == 0 ? 0 : HEAN_EVENT_LAST;
        if (base_random_below(random, 300) == 0)
            event.flags |= HEAN_EVENT_CLEAR;
    }
    return event;
}

static int by_venue_time(const void *a, const void *b, void *context)
{
    const hean_event *events = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (events[x].exch_ns != events[y].exch_ns)
        return events[x].exch_ns < events[y].exch_ns ? -1 : 1;
    return x < y ? -1 : 1;
}

static void make_market(world *self, market_kind kind, uint64_t seed)
{
    base_random random;
    int64_t now = 100;
    base_random_init(&random, seed);
    self->middle[0] = self->middle[1] = 1000;
    for (size_t i = 0; i < EVENTS; i++) {
        size_t instrument = base_random_below(&random, 2);
        int64_t *middle = &self->middle[instrument];
        if (base_random_below(&random, 4) == 0)
            *middle += (int64_t)base_random_below(&random, 5) - 2;
        if (*middle < 100)
            *middle = 100;
        self->events[i] = draw_event(&random, kind, *middle);
        now += (int64_t)base_random_below(&random, 12);
        self->events[i].instrument = (uint16_t)instrument;
        self->events[i].local_ns = now;
        self->events[i].exch_ns = now - (int64_t)base_random_below(&random, 15);
        self->order[i] = (uint32_t)i;
    }
    qsort_r(self->order, EVENTS, sizeof self->order[0], by_venue_time, self->events);
}

/* ---- the strategy ---- */

static hean_intent draw_place(world *self, actor *by)
{
    size_t instrument = base_random_below(&self->random, 2);
    hean_intent intent = {.kind = HEAN_INTENT_PLACE,
                          .side = 1 + (uint8_t)base_random_below(&self->random, 2),
                          .instrument = (uint16_t)instrument,
                          .order_id = ++by->last_id,
                          .qty_lots = 1 + (int64_t)base_random_below(&self->random, 20)};
    int64_t price = self->middle[instrument] - 10 + (int64_t)base_random_below(&self->random, 21);
    intent.order_type = (uint8_t)base_random_below(&self->random, HEAN_ORDER_TYPE_COUNT);
    if (base_random_below(&self->random, 2) == 0)
        intent.order_type = HEAN_ORDER_LIMIT;
    bool priced =
        intent.order_type == HEAN_ORDER_LIMIT || intent.order_type == HEAN_ORDER_STOP_LIMIT;
    intent.time_in_force = (uint8_t)base_random_below(&self->random, priced ? 4 : 3);
    if (base_random_below(&self->random, 2) == 0)
        intent.time_in_force = HEAN_TIF_GTC;
    intent.price_ticks = priced ? price : 0;
    if (intent.order_type == HEAN_ORDER_STOP || intent.order_type == HEAN_ORDER_STOP_LIMIT)
        intent.trigger_ticks =
            self->middle[instrument] - 10 + (int64_t)base_random_below(&self->random, 21);
    intent.flags = base_random_below(&self->random, 8) == 0 ? HEAN_INTENT_REDUCE_ONLY : 0;
    return intent;
}

static hean_status acts_at_random(actor *by, const hean_event *event, hean_error *error)
{
    world *self = (world *)by->fixture;
    (void)error;
    if (event->kind == HEAN_EVENT_BOOK || event->kind == HEAN_EVENT_TRADE)
        self->middle[event->instrument] = event->data.level.price_ticks;
    else if (event->kind == HEAN_EVENT_BAR)
        self->middle[event->instrument] = event->data.bar.close_ticks;
    else if (event->kind == HEAN_EVENT_QUOTE)
        self->middle[event->instrument] = event->data.quote.ask_ticks;
    if (event->kind >= HEAN_EVENT_ORDER && base_random_below(&self->random, 10) != 0)
        return HEAN_OK;
    uint64_t wishes = base_random_below(&self->random, 4);
    for (uint64_t i = 0; i < wishes; i++) {
        uint64_t dice = base_random_below(&self->random, 20);
        uint64_t id = by->last_id - base_random_below(&self->random, 12);
        if (dice < 8) {
            actor_add(by, draw_place(self, by));
        } else if (dice < 13) {
            actor_cancel(by, id);
        } else if (dice < 16) {
            hean_intent place = draw_place(self, by);
            by->last_id--;
            actor_add(by, (hean_intent){.kind = HEAN_INTENT_AMEND,
                                        .order_id = id,
                                        .price_ticks = place.price_ticks,
                                        .qty_lots = place.qty_lots});
        } else if (dice < 18) {
            actor_timer(by, (int64_t)base_random_below(&self->random, 50), 1);
        } else { /* nonsense */
            hean_intent intent;
            for (size_t k = 0; k < sizeof intent; k++)
                ((uint8_t *)&intent)[k] = (uint8_t)base_random_next(&self->random);
            intent.kind = (uint8_t)base_random_below(&self->random, 8);
            if (intent.kind == HEAN_INTENT_SET_TIMER && intent.timer_ns > 0)
                intent.timer_ns %= 1000;
            actor_add(by, intent);
        }
    }
    return HEAN_OK;
}

static hean_status keeps_an_order_far_away(actor *by, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_START)
        actor_place(by, HEAN_SIDE_BUY, 1, 1);
    return HEAN_OK;
}

/* ---- the model ---- */

static void follow_order(model *self, const hean_event *event)
{
    uint64_t id = event->data.order.order_id;
    int64_t status = event->data.order.status;
    if (event->reason == HEAN_REASON_UNKNOWN_ORDER ||
        event->reason == HEAN_REASON_DUPLICATE_ORDER || id == 0 || id >= ORDERS)
        return;
    model_order *order = &self->orders[id];
    if (status == HEAN_ORDER_PENDING_NEW && !order->known) {
        *order = (model_order){true, false, event->data.order.qty_lots, 0, event->instrument};
        self->open++;
        self->accepted++;
        return;
    }
    if (!order->known) { /* refused before it was one */
        assert_int_equal(status, HEAN_ORDER_REJECTED);
        return;
    }
    assert_false(order->ended); /* E4: nothing after the end */
    assert_int_equal(event->data.order.filled_lots, order->filled_lots);
    order->qty_lots = event->data.order.qty_lots;
    if (status == HEAN_ORDER_FILLED)
        assert_int_equal(order->filled_lots, order->qty_lots);
    else if (status != HEAN_ORDER_REJECTED)
        assert_true(status == HEAN_ORDER_CANCELLED || order->filled_lots < order->qty_lots);
    if (status == HEAN_ORDER_REJECTED)
        assert_int_equal(order->filled_lots, 0);
    if (status == HEAN_ORDER_FILLED || status == HEAN_ORDER_CANCELLED ||
        status == HEAN_ORDER_REJECTED) {
        order->ended = true;
        self->open--;
    }
}

static void follow_fill(model *self, const hean_event *event)
{
    const engine *loop = self->fixture->engine;
    uint16_t instrument = event->instrument;
    int64_t lots = event->data.fill.qty_lots;
    model_order *order = &self->orders[event->data.fill.order_id];
    assert_true(order->known && !order->ended && lots > 0);
    assert_int_equal(order->instrument, instrument);
    order->filled_lots += lots;
    assert_true(order->filled_lots <= order->qty_lots); /* E4 */
    self->qty_lots[instrument] += event->side == HEAN_SIDE_BUY ? lots : -lots;
    self->fees_e8[instrument] += event->data.fill.fee_e8;
    self->realized_e8[instrument] += event->data.fill.realized_e8;
    self->fills++;
    int64_t value, fee;
    const market_instrument *spec = engine_instrument(loop, instrument);
    assert_int_equal(market_value_e8(spec, event->data.fill.price_ticks, lots, &value), HEAN_OK);
    assert_int_equal(market_fee_e8(value,
                                   (event->flags & HEAN_EVENT_MAKER) != 0 ? spec->spec.maker_fee_e8
                                                                          : spec->spec.taker_fee_e8,
                                   &fee),
                     HEAN_OK);
    assert_int_equal(fee, event->data.fill.fee_e8);
    assert_true(llabs(self->qty_lots[instrument]) <= self->max_position_lots);
}

static void follow(void *context, const hean_event *event)
{
    model *self = &((world *)context)->model;
    if (event->strategy != 0)
        return;
    hash_sha256_update(self->hash, event, sizeof *event);
    assert_true(event->local_ns >= self->last_ns); /* E2 */
    assert_true(event->exch_ns <= event->local_ns);
    self->last_ns = event->local_ns;
    if (event->kind == HEAN_EVENT_ORDER)
        follow_order(self, event);
    else if (event->kind == HEAN_EVENT_FILL)
        follow_fill(self, event);
    else if (event->kind == HEAN_EVENT_FUNDING)
        self->funding_e8[event->instrument] += event->data.funding.paid_e8;
}

static void compare(const model *self)
{
    hean_account account = account_of(self->fixture, 0);
    int64_t unrealized = 0, realized = 0, fees = 0, funding = 0;
    for (uint16_t i = 0; i < 2; i++) {
        hean_position position = position_of(self->fixture, 0, i);
        assert_int_equal(position.qty_lots, self->qty_lots[i]);
        assert_int_equal(position.realized_e8, self->realized_e8[i]);
        assert_int_equal(position.fees_e8, self->fees_e8[i]);
        assert_int_equal(position.funding_e8, self->funding_e8[i]);
        if (position.qty_lots == 0)
            assert_true(position.cost_e8 == 0 && position.unrealized_e8 == 0);
        unrealized += position.unrealized_e8;
        realized += position.realized_e8;
        fees += position.fees_e8;
        funding += position.funding_e8;
    }
    assert_int_equal(account.unrealized_e8, unrealized);
    assert_int_equal(account.realized_e8, realized);
    assert_int_equal(account.fees_e8, fees);
    assert_int_equal(account.funding_e8, funding);
    assert_int_equal(account.equity_e8,
                     account.capital_e8 + realized + unrealized - fees + funding);
    assert_true(account.peak_equity_e8 >= account.equity_e8);
    assert_true(account.max_drawdown_e8 >= account.drawdown_e8);
    assert_int_equal(account.orders, self->accepted);
    assert_int_equal(account.fills, self->fills);
    assert_int_equal(engine_open_orders(self->fixture->engine, 0, NULL, 0), self->open);
}

/* ---- runs ---- */

typedef struct setting {
    market_kind kind;
    uint64_t seed;
    engine_queue_model queue;
    bool partial;
    int64_t entry_ns, response_ns;
} setting;

static setting draw_setting(base_random *random)
{
    return (setting){.kind = (market_kind)base_random_below(random, MARKET_KINDS),
                     .seed = base_random_next(random),
                     .queue = (engine_queue_model)base_random_below(random, 3),
                     .partial = base_random_below(random, 2) == 0,
                     .entry_ns = (int64_t)base_random_below(random, 3) * 13,
                     .response_ns = (int64_t)base_random_below(random, 3) * 11};
}

static void begin(world *self, const setting *how, size_t strategies)
{
    fixture *with = &self->fixture;
    memset(&self->model, 0, sizeof self->model);
    fixture_init(with);
    make_market(self, how->kind, how->seed);
    base_random_init(&self->random, how->seed + 1);
    self->middle[0] = self->middle[1] = 1000;
    self->model.fixture = with;
    self->model.max_position_lots = 60;
    assert_int_equal(hash_sha256_open(base_allocator_default(), &self->model.hash), HEAN_OK);
    with->options.observer.context = self;
    with->options.observer.on_account_event = follow;
    with->options.observer.on_strategy_stopped = NULL;
    with->options.paper.queue = how->queue;
    with->options.paper.partial_fills = how->partial;
    with->options.paper.entry_latency_ns = how->entry_ns;
    with->options.paper.response_latency_ns = how->response_ns;
    with->instrument_count = 2;
    with->specs[0].taker_fee_e8 = 12345;
    with->specs[1].maker_fee_e8 = -6789;
    with->strategy_count = strategies;
    with->strategies[0].limits.max_position_lots = self->model.max_position_lots;
    with->strategies[0].limits.max_open_orders = 50;
    with->actors[0].act = acts_at_random;
    with->actors[1].act = keeps_an_order_far_away;
    fixture_start(with);
}

static void end(world *self, uint8_t digest[HASH_SHA256_BYTES], uint8_t hash[HASH_SHA256_BYTES])
{
    hash_sha256_digest(self->model.hash, digest);
    engine_orders_hash(self->fixture.engine, hash);
    hash_sha256_close(self->model.hash);
    fixture_end(&self->fixture);
}

static void replay(world *self, const setting *how, size_t strategies,
                   uint8_t digest[HASH_SHA256_BYTES], uint8_t hash[HASH_SHA256_BYTES])
{
    hean_error error;
    begin(self, how, strategies);
    assert_status(
        engine_replay(self->fixture.engine, self->events, EVENTS, self->order, NULL, NULL, &error),
        HEAN_OK, &error);
    compare(&self->model);
    end(self, digest, hash);
}

static void engine_keeps_its_promises_on_random_markets(void **state)
{
    world *self = calloc(1, sizeof *self);
    uint64_t fills = 0;
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int round = 0; round < 40; round++) {
        uint8_t digest[HASH_SHA256_BYTES], hash[HASH_SHA256_BYTES];
        setting how = draw_setting(&random);
        begin(self, &how, 1);
        for (size_t i = 0; i < EVENTS; i++) {
            push(&self->fixture, self->events[i]);
            compare(&self->model);
        }
        advance(&self->fixture, self->events[EVENTS - 1].local_ns + 100000);
        compare(&self->model);
        fills += self->model.fills;
        end(self, digest, hash);
    }
    assert_true(fills > 1000);
    free(self);
}

static void engine_a_venue_that_stays_behind_changes_nothing(void **state)
{
    world *self = calloc(1, sizeof *self);
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int round = 0; round < 40; round++) {
        uint8_t lazy[HASH_SHA256_BYTES], eager[HASH_SHA256_BYTES], hash[HASH_SHA256_BYTES];
        setting how = draw_setting(&random);
        replay(self, &how, 1, lazy, hash);
        replay(self, &how, 2, eager, hash);
        if (memcmp(lazy, eager, sizeof lazy) != 0)
            fail_msg("round %d: kind %d, seed %llu", round, (int)how.kind,
                     (unsigned long long)how.seed);
    }
    free(self);
}

static void engine_gives_the_same_hash_for_the_same_run(void **state)
{
    world *self = calloc(1, sizeof *self);
    uint8_t digest[HASH_SHA256_BYTES], first[HASH_SHA256_BYTES], second[HASH_SHA256_BYTES];
    setting how = {.kind = BOOKS, .seed = 5, .partial = true, .entry_ns = 13};
    (void)state;
    replay(self, &how, 1, digest, first);
    replay(self, &how, 1, digest, second);
    assert_memory_equal(first, second, sizeof first);
    how.seed = 6;
    replay(self, &how, 1, digest, second);
    assert_memory_not_equal(first, second, sizeof first);
    free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_keeps_its_promises_on_random_markets),
        cmocka_unit_test(engine_a_venue_that_stays_behind_changes_nothing),
        cmocka_unit_test(engine_gives_the_same_hash_for_the_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
