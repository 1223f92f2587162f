/*
 * engine_fixture.h: an engine with strategies that are C functions, for tests of the loop.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "support.h"

#include <engine/engine.h>

#include <string.h>

#define FIXTURE_STRATEGIES 4
#define FIXTURE_TEXT       8192
#define ALL_KINDS          0xffffffffu

struct fixture;

typedef struct actor {
    struct fixture *fixture;
    uint16_t id;
    /* What to do on an event; NULL: nothing. Adds to `out` by actor_add. */
    hean_status (*act)(struct actor *actor, const hean_event *event, hean_error *error);
    hean_intent out[ENGINE_INTENTS_MAX + 8];
    size_t count;
    const char *text;
    uint64_t last_id;
    int64_t number; /* the test's own */
} actor;

typedef struct fixture {
    engine_options options;
    engine *engine;
    actor actors[FIXTURE_STRATEGIES];
    engine_strategy strategies[FIXTURE_STRATEGIES];
    size_t strategy_count;
    hean_instrument specs[2];
    size_t instrument_count;
    char text[FIXTURE_TEXT]; /* what tests note */
    size_t length;
    int stopped;
    hean_error why;
} fixture;

__attribute__((format(printf, 2, 3))) static inline void note(fixture *self, const char *format,
                                                              ...)
{
    va_list args;
    va_start(args, format);
    int length =
        vsnprintf(self->text + self->length, sizeof self->text - self->length, format, args);
    va_end(args);
    assert_true(length >= 0 && self->length + (size_t)length < sizeof self->text);
    self->length += (size_t)length;
}

static inline hean_intent *actor_add(actor *self, hean_intent intent)
{
    assert_true(self->count < BASE_COUNT(self->out));
    self->out[self->count] = intent;
    return &self->out[self->count++];
}

static inline uint64_t actor_place(actor *self, hean_side side, int64_t price, int64_t qty)
{
    uint64_t id = (uint64_t)self->id << 48 | ++self->last_id;
    actor_add(self, (hean_intent){.kind = HEAN_INTENT_PLACE,
                                  .side = (uint8_t)side,
                                  .order_type = price == 0 ? HEAN_ORDER_MARKET : HEAN_ORDER_LIMIT,
                                  .order_id = id,
                                  .price_ticks = price,
                                  .qty_lots = qty});
    return id;
}

static inline void actor_cancel(actor *self, uint64_t id)
{
    actor_add(self, (hean_intent){.kind = HEAN_INTENT_CANCEL, .order_id = id});
}

static inline void actor_timer(actor *self, int64_t delay_ns, uint64_t tag)
{
    actor_add(self,
              (hean_intent){.kind = HEAN_INTENT_SET_TIMER, .order_id = tag, .timer_ns = delay_ns});
}

static inline hean_status fixture_on_event(void *context, const hean_event *event,
                                           engine_intents *intents, hean_error *error)
{
    actor *self = context;
    self->count = 0;
    hean_status status = self->act != NULL ? self->act(self, event, error) : HEAN_OK;
    intents->items = self->out;
    intents->count = self->count;
    intents->text = self->text;
    intents->text_bytes = self->text != NULL ? strlen(self->text) : 0;
    return status;
}

static inline void fixture_on_stopped(void *context, uint16_t strategy, const hean_error *error)
{
    fixture *self = context;
    (void)strategy;
    self->stopped++;
    self->why = *error;
}

/* One linear instrument of tick 1 and lot 1, one strategy that gets everything. */
static inline void fixture_init(fixture *self)
{
    static const engine_strategy_ops ops = {fixture_on_event};
    memset(self, 0, sizeof *self);
    self->options = engine_options_default();
    self->options.observer.context = self;
    self->options.observer.on_strategy_stopped = fixture_on_stopped;
    self->instrument_count = 1;
    self->strategy_count = 1;
    for (size_t i = 0; i < BASE_COUNT(self->specs); i++)
        self->specs[i] = (hean_instrument){
            .symbol = "A", .kind = HEAN_INSTRUMENT_LINEAR, .tick_size = {1, 0}, .lot_size = {1, 0}};
    self->specs[1].symbol[0] = 'B';
    for (size_t i = 0; i < FIXTURE_STRATEGIES; i++) {
        self->actors[i].fixture = self;
        self->actors[i].id = (uint16_t)i;
        self->strategies[i] = (engine_strategy){.name = "test",
                                                .ops = &ops,
                                                .context = &self->actors[i],
                                                .subscription = {.kinds = ALL_KINDS},
                                                .capital_e8 = 1000000 * BASE_E8};
    }
}

static inline hean_status fixture_try_open(fixture *self, hean_error *error)
{
    uint16_t id;
    hean_status status = engine_open(&self->options, &self->engine, error);
    for (size_t i = 0; status == HEAN_OK && i < self->instrument_count; i++) {
        market_instrument instrument;
        status = market_instrument_init(&instrument, &self->specs[i], error);
        if (status == HEAN_OK)
            status = engine_add_instrument(self->engine, &instrument, &id, error);
    }
    for (size_t i = 0; status == HEAN_OK && i < self->strategy_count; i++)
        status = engine_add_strategy(self->engine, &self->strategies[i], &id, error);
    return status;
}

static inline void fixture_start(fixture *self)
{
    hean_error error;
    assert_status(fixture_try_open(self, &error), HEAN_OK, &error);
    assert_status(engine_start(self->engine, 0, &error), HEAN_OK, &error);
}

static inline void fixture_end(fixture *self)
{
    engine_close(self->engine);
    self->engine = NULL;
}

static inline hean_event level_event(int64_t time_ns, hean_event_kind kind, hean_side side,
                                     int64_t price, int64_t qty)
{
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = event.exch_ns = time_ns;
    event.kind = (uint8_t)kind;
    event.side = (uint8_t)side;
    event.flags = kind == HEAN_EVENT_BOOK ? HEAN_EVENT_LAST : 0;
    event.data.level.price_ticks = price;
    event.data.level.qty_lots = qty;
    return event;
}

static inline void push(fixture *self, hean_event event)
{
    hean_error error;
    assert_status(engine_push(self->engine, &event, &error), HEAN_OK, &error);
}

static inline void push_level(fixture *self, int64_t time_ns, hean_side side, int64_t price,
                              int64_t qty)
{
    push(self, level_event(time_ns, HEAN_EVENT_BOOK, side, price, qty));
}

static inline void push_trade(fixture *self, int64_t time_ns, hean_side side, int64_t price,
                              int64_t qty)
{
    push(self, level_event(time_ns, HEAN_EVENT_TRADE, side, price, qty));
}

/* bid 100 x 50, ask 102 x 50 */
static inline void push_book(fixture *self, int64_t time_ns)
{
    push_level(self, time_ns, HEAN_SIDE_BUY, 100, 50);
    push_level(self, time_ns, HEAN_SIDE_SELL, 102, 50);
}

static inline void advance(fixture *self, int64_t time_ns)
{
    hean_error error;
    assert_status(engine_advance(self->engine, time_ns, &error), HEAN_OK, &error);
}

static inline hean_account account_of(const fixture *self, uint16_t strategy)
{
    hean_account account;
    assert_int_equal(engine_account(self->engine, strategy, &account), HEAN_OK);
    return account;
}

static inline hean_position position_of(const fixture *self, uint16_t strategy, uint16_t instrument)
{
    hean_position position;
    assert_int_equal(engine_position(self->engine, strategy, instrument, &position), HEAN_OK);
    return position;
}

static inline int fixture_setup(void **state)
{
    static fixture one; /* the tests of a program run one after another */
    fixture_init(&one);
    *state = &one;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_end(*state);
    return 0;
}

#define WITH_ENGINE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
