/*
 * engine_test.c: the loop: time, order of events, subscriptions, timers, bars, failures.
 */
#include "engine_fixture.h"

#include <stdlib.h>

static const char *const kind_names[] = {"none", "book", "trade", "bar",   "quote", "mark",
                                         "fund", "conn", "start", "timer", "order", "fill"};

/* Notes "strategy:kind@local" for every event. */
static hean_status notes(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    note(self->fixture, "%u:%s@%lld ", self->id, kind_names[event->kind],
         (long long)event->local_ns);
    return HEAN_OK;
}

/* ---- E1: time ---- */

static void engine_needs_a_start(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event event = level_event(5, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1);
    assert_status(fixture_try_open(self, &error), HEAN_OK, &error);
    assert_int_equal(engine_push(self->engine, &event, &error), HEAN_E_STATE);
    assert_int_equal(engine_advance(self->engine, 5, &error), HEAN_E_STATE);
    assert_int_equal(engine_start(self->engine, -1, &error), HEAN_E_RANGE);
    assert_int_equal(engine_start(self->engine, 0, &error), HEAN_OK);
    assert_int_equal(engine_start(self->engine, 0, &error), HEAN_E_STATE);
    assert_int_equal(engine_push(self->engine, &event, &error), HEAN_OK);
}

static void engine_takes_instruments_and_strategies_only_before_the_start(void **state)
{
    fixture *self = *state;
    market_instrument instrument;
    hean_error error;
    uint16_t id;
    assert_status(fixture_try_open(self, &error), HEAN_OK, &error);
    assert_int_equal(market_instrument_init(&instrument, &self->specs[0], &error), HEAN_OK);
    assert_int_equal(engine_add_instrument(self->engine, &instrument, &id, &error), HEAN_E_EXISTS);
    assert_int_equal(engine_start(self->engine, 0, &error), HEAN_OK);
    assert_int_equal(engine_add_instrument(self->engine, &instrument, &id, &error), HEAN_E_STATE);
    assert_int_equal(engine_add_strategy(self->engine, &self->strategies[0], &id, &error),
                     HEAN_E_STATE);
}

static void engine_refuses_strategies_that_cannot_be(void **state)
{
    fixture *self = *state;
    const int64_t interval = 1;
    hean_error error;
    uint16_t id;
    self->strategy_count = 0;
    assert_status(fixture_try_open(self, &error), HEAN_OK, &error);
    engine_strategy strategy = self->strategies[0];
    strategy.capital_e8 = -1;
    assert_int_equal(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_E_RANGE);
    strategy.capital_e8 = 0;
    strategy.limits.max_drawdown_e8 = 1;
    assert_int_equal(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_E_INVALID);
    strategy.limits.max_drawdown_e8 = 0;
    strategy.limits.max_open_orders = -1;
    assert_int_equal(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_E_RANGE);
    strategy.limits.max_open_orders = 0;
    strategy.subscription.bar_intervals_ns = &interval;
    strategy.subscription.bar_interval_count = 1;
    assert_int_equal(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_E_RANGE);
    strategy.subscription.bar_interval_count = 0;
    strategy.ops = NULL;
    assert_int_equal(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_E_INVALID);
}

static void engine_refuses_an_older_event_and_goes_on(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event older = level_event(9, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1);
    fixture_start(self);
    push_trade(self, 10, HEAN_SIDE_BUY, 100, 1);
    assert_int_equal(engine_push(self->engine, &older, &error), HEAN_E_TIME_ORDER);
    assert_int_equal(engine_advance(self->engine, 9, &error), HEAN_E_TIME_ORDER);
    push_trade(self, 10, HEAN_SIDE_BUY, 100, 1);
    assert_int_equal(engine_now_ns(self->engine), 10);
    assert_int_equal(engine_events(self->engine), 2);
}

static void engine_replay_refuses_events_that_go_back(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event events[] = {level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1),
                           level_event(9, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1)};
    fixture_start(self);
    assert_int_equal(engine_replay(self->engine, events, 2, NULL, NULL, NULL, &error),
                     HEAN_E_TIME_ORDER);
    assert_non_null(strstr(error.message, "event 2"));
    assert_int_equal(engine_push(self->engine, events, &error), HEAN_E_STATE);
}

static void engine_refuses_events_that_no_venue_sends(void **state)
{
    fixture *self = *state;
    hean_error error;
    fixture_start(self);
    hean_event event = level_event(5, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1);
    for (int kind = 0; kind < 256; kind++) {
        if (kind >= HEAN_EVENT_BOOK && kind <= HEAN_EVENT_CONNECTION)
            continue;
        event.kind = (uint8_t)kind;
        assert_int_equal(engine_push(self->engine, &event, &error), HEAN_E_INVALID);
    }
    event.kind = HEAN_EVENT_TRADE;
    event.instrument = 1;
    assert_int_equal(engine_push(self->engine, &event, &error), HEAN_E_INVALID);
    event.instrument = 0;
    event.data.level.price_ticks = 0;
    assert_int_equal(engine_push(self->engine, &event, &error), HEAN_E_INVALID);
    event.data.level.price_ticks = 1;
    assert_int_equal(engine_push(self->engine, &event, &error), HEAN_OK);
}

static void engine_replay_refuses_a_venue_order_that_points_beyond_the_events(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event events[] = {level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1),
                           level_event(11, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1)};
    const uint32_t order[] = {0, 2};
    fixture_start(self);
    /* Without an order at the venue nobody looks there. */
    assert_int_equal(engine_replay(self->engine, events, 2, order, NULL, NULL, &error), HEAN_OK);
}

static hean_status buys_at_the_start(actor *self, const hean_event *event, hean_error *error)
{
    if (event->kind == HEAN_EVENT_START)
        actor_place(self, HEAN_SIDE_BUY, 1, 1);
    return notes(self, event, error);
}

static void engine_replay_finds_a_bad_venue_order_when_it_is_needed(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event events[] = {level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1),
                           level_event(11, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1)};
    const uint32_t order[] = {0, 2};
    self->actors[0].act = buys_at_the_start;
    fixture_start(self);
    assert_int_equal(engine_replay(self->engine, events, 2, order, NULL, NULL, &error),
                     HEAN_E_CORRUPT);
}

static void engine_replay_can_be_interrupted(void **state)
{
    fixture *self = *state;
    hean_error error;
    const volatile int stop = 1;
    volatile uint64_t progress = 77;
    hean_event event = level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1);
    fixture_start(self);
    assert_int_equal(engine_replay(self->engine, &event, 1, NULL, &stop, &progress, &error),
                     HEAN_E_INTERRUPTED);
    assert_int_equal(progress, 0);
}

static void engine_replay_of_nothing_is_over_at_once(void **state)
{
    fixture *self = *state;
    hean_error error;
    volatile uint64_t progress = 77;
    fixture_start(self);
    assert_int_equal(engine_replay(self->engine, NULL, 0, NULL, NULL, &progress, &error), HEAN_OK);
    assert_int_equal(progress, 0);
}

/* ---- E2: who sees what when ---- */

static hean_status refused_on_trade(actor *self, const hean_event *event, hean_error *error)
{
    if (event->kind == HEAN_EVENT_TRADE)
        actor_place(self, HEAN_SIDE_BUY, 100, 0);
    return notes(self, event, error);
}

static void engine_tells_refusals_after_all_strategies_saw_the_event(void **state)
{
    fixture *self = *state;
    self->strategy_count = 3;
    for (size_t i = 0; i < 3; i++)
        self->actors[i].act = refused_on_trade;
    fixture_start(self);
    push_trade(self, 7, HEAN_SIDE_BUY, 100, 1);
    assert_string_equal(self->text, "0:start@0 1:start@0 2:start@0 "
                                    "0:trade@7 1:trade@7 2:trade@7 "
                                    "0:order@7 1:order@7 2:order@7 ");
}

static void engine_sends_only_what_is_subscribed(void **state)
{
    fixture *self = *state;
    const uint8_t only_b[] = {0x02};
    self->instrument_count = 2;
    self->strategy_count = 4;
    for (size_t i = 0; i < 4; i++)
        self->actors[i].act = notes;
    self->strategies[0].subscription.kinds = 1u << HEAN_EVENT_TRADE;
    self->strategies[1].subscription.instruments = only_b;
    self->strategies[2].subscription.kinds = 1u << HEAN_EVENT_BOOK;
    self->strategies[2].subscription.every_level = true;
    self->strategies[3].subscription.kinds = 0;
    fixture_start(self);
    push_trade(self, 1, HEAN_SIDE_BUY, 100, 1);
    hean_event level = level_event(2, HEAN_EVENT_BOOK, HEAN_SIDE_BUY, 99, 1);
    level.flags = 0;
    push(self, level);
    level.flags = HEAN_EVENT_LAST;
    level.instrument = 1;
    level.local_ns = 3;
    push(self, level);
    assert_string_equal(self->text, "1:start@0 0:trade@1 2:book@2 1:book@3 2:book@3 ");
}

static void engine_replays_and_pushes_alike(void **state)
{
    fixture *self = *state;
    hean_event events[40];
    uint8_t pushed[HASH_SHA256_BYTES], replayed[HASH_SHA256_BYTES];
    char text[FIXTURE_TEXT];
    hean_error error;
    for (int i = 0; i < 40; i++)
        events[i] =
            level_event(10 * (i + 1), i % 3 == 0 ? HEAN_EVENT_TRADE : HEAN_EVENT_BOOK,
                        i % 2 == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL, i % 2 == 0 ? 100 : 102, 5);
    self->options.paper.entry_latency_ns = 3;
    self->options.paper.response_latency_ns = 4;
    self->actors[0].act = buys_at_the_start;
    fixture_start(self);
    for (int i = 0; i < 40; i++)
        push(self, events[i]);
    engine_orders_hash(self->engine, pushed);
    memcpy(text, self->text, sizeof text);
    fixture_end(self);
    self->length = 0;
    self->actors[0].last_id = 0;
    fixture_start(self);
    assert_status(engine_replay(self->engine, events, 40, NULL, NULL, NULL, &error), HEAN_OK,
                  &error);
    engine_orders_hash(self->engine, replayed);
    assert_string_equal(self->text, text);
    assert_memory_equal(pushed, replayed, sizeof pushed);
}

/* ---- timers ---- */

static hean_status sets_timers(actor *self, const hean_event *event, hean_error *error)
{
    if (event->kind == HEAN_EVENT_START) {
        actor_timer(self, 20, 1);
        actor_timer(self, 10, 2);
        actor_timer(self, 20, 3);
        actor_timer(self, 0, 4);
    }
    if (event->kind == HEAN_EVENT_TIMER)
        note(self->fixture, "tag %lld due %lld ", (long long)event->data.timer.tag,
             (long long)event->data.timer.due_ns);
    return notes(self, event, error);
}

static void engine_fires_timers_in_order_of_time_then_of_setting(void **state)
{
    fixture *self = *state;
    self->actors[0].act = sets_timers;
    fixture_start(self);
    assert_int_equal(engine_next_due_ns(self->engine), 0);
    advance(self, 30);
    assert_string_equal(self->text, "0:start@0 tag 4 due 0 0:timer@0 tag 2 due 10 0:timer@10 "
                                    "tag 1 due 20 0:timer@20 tag 3 due 20 0:timer@20 ");
    assert_true(engine_next_due_ns(self->engine) == INT64_MAX);
}

static void engine_fires_timers_after_market_events_of_the_same_time(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event events[] = {level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1),
                           level_event(10, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1),
                           level_event(20, HEAN_EVENT_TRADE, HEAN_SIDE_BUY, 100, 1)};
    self->actors[0].act = sets_timers;
    fixture_start(self);
    assert_status(engine_replay(self->engine, events, 3, NULL, NULL, NULL, &error), HEAN_OK,
                  &error);
    assert_string_equal(self->text, "0:start@0 tag 4 due 0 0:timer@0 0:trade@10 0:trade@10 "
                                    "tag 2 due 10 0:timer@10 0:trade@20 tag 1 due 20 0:timer@20 "
                                    "tag 3 due 20 0:timer@20 ");
}

static hean_status sets_too_many_timers(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE)
        for (int i = 0; i < 64; i++)
            actor_timer(self, 1000000, 9);
    if (event->kind == HEAN_EVENT_ORDER) {
        assert_int_equal(event->reason, HEAN_REASON_INVALID_INTENT);
        assert_int_equal(event->data.order.order_id, 0);
        self->number++;
    }
    return HEAN_OK;
}

static void engine_bounds_pending_timers(void **state)
{
    fixture *self = *state;
    self->actors[0].act = sets_too_many_timers;
    fixture_start(self);
    for (int i = 0; i < 17; i++)
        push_trade(self, 5, HEAN_SIDE_BUY, 100, 1);
    assert_int_equal(self->actors[0].number, 64);
}

static hean_status sets_a_timer_again_and_again(actor *self, const hean_event *event,
                                                hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE || event->kind == HEAN_EVENT_TIMER)
        actor_timer(self, 1, 1);
    self->number += event->kind == HEAN_EVENT_TIMER;
    return HEAN_OK;
}

static void engine_bounds_timers_in_a_second_of_event_time(void **state)
{
    fixture *self = *state;
    self->actors[0].act = sets_a_timer_again_and_again;
    fixture_start(self);
    push_trade(self, 5, HEAN_SIDE_BUY, 100, 1);
    advance(self, BASE_NS_PER_S - 1);
    assert_int_equal(self->actors[0].number, 10000);
    push_trade(self, BASE_NS_PER_S, HEAN_SIDE_BUY, 100, 1); /* a new second */
    advance(self, BASE_NS_PER_S + 10);
    assert_int_equal(self->actors[0].number, 10010);
}

/* ---- bars ---- */

static hean_status notes_bars(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_BAR)
        note(self->fixture, "%u:%llds %lld-%lld v%lld@%lld ", self->id,
             (long long)(event->data.bar.interval_ns / BASE_NS_PER_S),
             (long long)event->data.bar.open_ticks, (long long)event->data.bar.close_ticks,
             (long long)event->data.bar.volume_lots, (long long)(event->local_ns / BASE_NS_PER_S));
    else if (event->kind == HEAN_EVENT_TRADE)
        note(self->fixture, "trade ");
    return HEAN_OK;
}

static void engine_builds_the_bars_that_strategies_want(void **state)
{
    static const int64_t seconds[] = {BASE_NS_PER_S, 2 * BASE_NS_PER_S};
    fixture *self = *state;
    self->strategy_count = 2;
    self->actors[0].act = self->actors[1].act = notes_bars;
    self->strategies[0].subscription.bar_intervals_ns = seconds;
    self->strategies[0].subscription.bar_interval_count = 2;
    self->strategies[1].subscription.bar_intervals_ns = seconds;
    self->strategies[1].subscription.bar_interval_count = 1;
    self->strategies[1].subscription.kinds = 1u << HEAN_EVENT_BAR;
    fixture_start(self);
    push_trade(self, 10 * BASE_NS_PER_S, HEAN_SIDE_BUY, 100, 1);
    push_trade(self, 10 * BASE_NS_PER_S + 5, HEAN_SIDE_BUY, 105, 2);
    push_trade(self, 11 * BASE_NS_PER_S, HEAN_SIDE_BUY, 107, 4);
    push_level(self, 12 * BASE_NS_PER_S, HEAN_SIDE_BUY, 99, 1); /* time passes with any event */
    assert_string_equal(self->text, "trade trade 0:1s 100-105 v3@11 1:1s 100-105 v3@11 trade "
                                    "0:1s 107-107 v4@12 1:1s 107-107 v4@12 0:2s 100-107 v7@12 ");
}

static void engine_closes_bars_when_time_passes_without_events(void **state)
{
    static const int64_t second = BASE_NS_PER_S;
    fixture *self = *state;
    self->actors[0].act = notes_bars;
    self->strategies[0].subscription.bar_intervals_ns = &second;
    self->strategies[0].subscription.bar_interval_count = 1;
    fixture_start(self);
    push_trade(self, 10 * BASE_NS_PER_S, HEAN_SIDE_BUY, 100, 1);
    advance(self, 11 * BASE_NS_PER_S - 1);
    assert_string_equal(self->text, "trade ");
    advance(self, 11 * BASE_NS_PER_S);
    advance(self, 15 * BASE_NS_PER_S);
    assert_string_equal(self->text, "trade 0:1s 100-100 v1@11 ");
}

static hean_event bar_event(int64_t end_s, int64_t interval_s, int64_t price)
{
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = event.exch_ns = end_s * BASE_NS_PER_S;
    event.kind = HEAN_EVENT_BAR;
    event.data.bar.open_ticks = event.data.bar.high_ticks = price;
    event.data.bar.low_ticks = event.data.bar.close_ticks = price;
    event.data.bar.volume_lots = 1;
    event.data.bar.interval_ns = interval_s * BASE_NS_PER_S;
    return event;
}

static void engine_passes_bars_of_the_data_and_merges_shorter_ones(void **state)
{
    static const int64_t seconds[] = {BASE_NS_PER_S, 3 * BASE_NS_PER_S};
    fixture *self = *state;
    self->actors[0].act = notes_bars;
    self->strategies[0].subscription.bar_intervals_ns = seconds;
    self->strategies[0].subscription.bar_interval_count = 2;
    fixture_start(self);
    for (int64_t end = 10; end <= 12; end++)
        push(self, bar_event(end, 1, 90 + end));
    push(self, bar_event(15, 1, 105)); /* 13 and 14 are missing */
    push(self, bar_event(17, 1, 107));
    push(self, bar_event(20, 1, 110)); /* 18 is missing: that bar ended before this event */
    push(self, bar_event(20, 7, 1));   /* nobody wants it */
    assert_string_equal(self->text, "0:1s 100-100 v1@10 0:1s 101-101 v1@11 0:1s 102-102 v1@12 "
                                    "0:3s 100-102 v3@12 0:1s 105-105 v1@15 0:3s 105-105 v1@15 "
                                    "0:1s 107-107 v1@17 0:3s 107-107 v1@20 0:1s 110-110 v1@20 ");
}

static void engine_without_intervals_passes_every_bar(void **state)
{
    fixture *self = *state;
    self->actors[0].act = notes_bars;
    fixture_start(self);
    push(self, bar_event(10, 1, 100));
    push(self, bar_event(60, 60, 100));
    assert_string_equal(self->text, "0:1s 100-100 v1@10 0:60s 100-100 v1@60 ");
}

/* ---- E6: failures ---- */

static hean_status fails_on_trade(actor *self, const hean_event *event, hean_error *error)
{
    if (event->kind == HEAN_EVENT_START)
        actor_place(self, HEAN_SIDE_BUY, 50, 1);
    if (event->kind == HEAN_EVENT_TRADE)
        return self->number != 0 ? base_fail(error, HEAN_E_SCRIPT, "line 7: boom") : HEAN_E_WORKER;
    return HEAN_OK;
}

static void note_account(void *context, const hean_event *event)
{
    if (event->kind == HEAN_EVENT_ORDER)
        note(context, "%u: status %lld %s ", event->strategy, (long long)event->data.order.status,
             hean_reason_text((hean_reason)event->reason));
    else
        note(context, "%u: %s ", event->strategy, kind_names[event->kind]);
}

static void engine_stops_a_failing_strategy_cancels_its_orders_and_goes_on(void **state)
{
    fixture *self = *state;
    self->strategy_count = 2;
    self->actors[0].act = fails_on_trade;
    self->actors[0].number = 1;
    self->actors[1].act = notes;
    self->options.paper.entry_latency_ns = 1;
    self->options.observer.on_account_event = note_account;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    push_trade(self, 9, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(self->stopped, 1);
    assert_int_equal(self->why.status, HEAN_E_SCRIPT);
    assert_string_equal(self->why.message, "line 7: boom");
    assert_string_equal(self->text,
                        "0: status 1 none 1:start@0 0: status 2 none 1:book@5 1:book@5 1:trade@7 "
                        "0: status 6 cancelled_by_host 1:trade@9 ");
    assert_int_equal(account_of(self, 0).callbacks, 1 + 2 + 1 + 1); /* the last one failed */
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 0);
}

static void engine_names_a_failure_that_has_no_words(void **state)
{
    fixture *self = *state;
    self->actors[0].act = fails_on_trade;
    fixture_start(self);
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(self->why.status, HEAN_E_WORKER);
    assert_string_equal(self->why.message, hean_status_text(HEAN_E_WORKER));
}

static hean_status wants_too_much(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    for (int64_t i = 0; event->kind == HEAN_EVENT_TRADE && i < self->number; i++)
        actor_timer(self, 1000, 1);
    return HEAN_OK;
}

static void engine_stops_a_strategy_with_too_many_intents(void **state)
{
    fixture *self = *state;
    self->actors[0].act = wants_too_much;
    self->actors[0].number = ENGINE_INTENTS_MAX;
    fixture_start(self);
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(self->stopped, 0);
    self->actors[0].number = ENGINE_INTENTS_MAX + 1;
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(self->stopped, 1);
    assert_int_equal(self->why.status, HEAN_E_LIMIT);
}

static hean_status plays_ping_pong(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE || event->kind == HEAN_EVENT_ORDER)
        actor_place(self, HEAN_SIDE_BUY, 100, 0); /* refused, which is an event again */
    return HEAN_OK;
}

static hean_status quotes_at_once(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_BOOK || event->kind == HEAN_EVENT_FILL)
        actor_place(self, HEAN_SIDE_BUY, 0, 1);
    return HEAN_OK;
}

static hean_status sets_timers_of_no_delay(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE || event->kind == HEAN_EVENT_TIMER)
        actor_timer(self, 0, 1);
    return HEAN_OK;
}

static void engine_stops_chains_of_intents_at_one_instant(void **state)
{
    fixture *self = *state;
    self->strategy_count = 4;
    self->actors[0].act = plays_ping_pong;
    self->actors[1].act = quotes_at_once;
    self->actors[2].act = sets_timers_of_no_delay;
    self->actors[3].act = notes;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    advance(self, 8);
    assert_int_equal(self->stopped, 3);
    assert_int_equal(self->why.status, HEAN_E_LIMIT);
    assert_true(account_of(self, 1).fills > 1000);
    push_trade(self, 9, HEAN_SIDE_BUY, 102, 1);
    assert_non_null(strstr(self->text, "3:trade@9"));
}

static void engine_lets_time_pass_between_the_links_of_a_chain(void **state)
{
    fixture *self = *state;
    self->options.paper.response_latency_ns = 1;
    self->actors[0].act = quotes_at_once;
    fixture_start(self);
    push_book(self, 5);
    advance(self, 3000);
    assert_int_equal(self->stopped, 0);
    assert_true(account_of(self, 0).fills > 2000);
}

static void engine_stop_strategy_cancels_and_silences(void **state)
{
    fixture *self = *state;
    hean_error why;
    self->actors[0].act = buys_at_the_start;
    fixture_start(self);
    push_book(self, 5);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 1);
    (void)base_fail(&why, HEAN_E_INTERRUPTED, "by hand");
    assert_int_equal(engine_stop_strategy(self->engine, 0, &why), HEAN_OK);
    assert_int_equal(engine_stop_strategy(self->engine, 0, &why), HEAN_OK);
    assert_int_equal(engine_stop_strategy(self->engine, 1, &why), HEAN_E_NOT_FOUND);
    assert_int_equal(self->stopped, 1);
    self->length = 0;
    self->text[0] = 0;
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 0);
    assert_string_equal(self->text, "");
}

/* ---- questions ---- */

static void engine_answers_questions_about_what_is_not_there(void **state)
{
    fixture *self = *state;
    hean_account account;
    hean_position position;
    fixture_start(self);
    assert_null(engine_book(self->engine, 1));
    assert_null(engine_instrument(self->engine, 1));
    assert_non_null(engine_instrument(self->engine, 0));
    assert_int_equal(engine_instruments(self->engine), 1);
    assert_int_equal(engine_account(self->engine, 1, &account), HEAN_E_NOT_FOUND);
    assert_int_equal(engine_position(self->engine, 0, 1, &position), HEAN_E_NOT_FOUND);
    assert_int_equal(engine_position(self->engine, 1, 0, &position), HEAN_E_NOT_FOUND);
    assert_int_equal(engine_open_orders(self->engine, 1, NULL, 0), 0);
    assert_ptr_equal(engine_books(self->engine)[0], engine_book(self->engine, 0));
}

static void engine_books_stay_where_they_are(void **state)
{
    fixture *self = *state;
    hean_error error;
    uint16_t id;
    self->strategy_count = 0;
    assert_status(fixture_try_open(self, &error), HEAN_OK, &error);
    const market_book *const *books = engine_books(self->engine);
    const market_book *first = books[0];
    for (int i = 0; i < 100; i++) {
        market_instrument instrument;
        hean_instrument spec = self->specs[0];
        snprintf(spec.symbol, sizeof spec.symbol, "S%d", i);
        assert_int_equal(market_instrument_init(&instrument, &spec, &error), HEAN_OK);
        assert_int_equal(engine_add_instrument(self->engine, &instrument, &id, &error), HEAN_OK);
    }
    assert_int_equal(engine_start(self->engine, 0, &error), HEAN_OK);
    assert_ptr_equal(engine_books(self->engine), books);
    assert_ptr_equal(books[0], first);
    assert_ptr_equal(books[100], engine_book(self->engine, 100));
}

/* ---- memory ---- */

static hean_status replaces_its_order(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind != HEAN_EVENT_TRADE)
        return HEAN_OK;
    if (self->number != 0)
        actor_cancel(self, (uint64_t)self->number);
    self->number = (int64_t)actor_place(self, HEAN_SIDE_BUY, 50, 1);
    return HEAN_OK;
}

static void engine_memory_does_not_grow_with_orders_that_ended(void **state)
{
    fixture *self = *state;
    test_allocator allocator;
    test_allocator_init(&allocator, 0);
    self->options.allocator = &allocator.allocator;
    self->options.paper.entry_latency_ns = 2;
    self->options.paper.response_latency_ns = 2;
    self->actors[0].act = replaces_its_order;
    fixture_start(self);
    for (int i = 0; i < 100; i++)
        push_trade(self, i, HEAN_SIDE_BUY, 100, 1);
    uint64_t calls = allocator.calls;
    for (int i = 100; i < 20000; i++)
        push_trade(self, i, HEAN_SIDE_BUY, 100, 1);
    assert_int_equal(account_of(self, 0).orders, 20000);
    assert_int_equal(allocator.calls, calls);
    fixture_end(self);
    assert_int_equal(allocator.live, 0);
}

static hean_status does_a_bit_of_everything(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_START) {
        actor_timer(self, 15, 1);
        self->number = (int64_t)actor_place(self, HEAN_SIDE_BUY, 99, 5);
    } else if (event->kind == HEAN_EVENT_BOOK) {
        actor_place(self, HEAN_SIDE_BUY, 0, 1);
        actor_place(self, HEAN_SIDE_SELL, 105, 1);
        actor_place(self, HEAN_SIDE_SELL, 0, 0);
        actor_add(self, (hean_intent){.kind = HEAN_INTENT_PLACE,
                                      .side = HEAN_SIDE_SELL,
                                      .order_type = HEAN_ORDER_STOP,
                                      .order_id = ++self->last_id,
                                      .trigger_ticks = 90,
                                      .qty_lots = 1});
    } else if (event->kind == HEAN_EVENT_TIMER) {
        actor_add(self, (hean_intent){.kind = HEAN_INTENT_AMEND,
                                      .order_id = (uint64_t)self->number,
                                      .price_ticks = 98,
                                      .qty_lots = 7});
        actor_cancel(self, 3);
    }
    return HEAN_OK;
}

static hean_status run_everything(fixture *self, hean_error *error)
{
    static const int64_t second = BASE_NS_PER_S;
    hean_event events[40];
    for (int i = 0; i < 40; i++)
        events[i] = level_event(i + 1, i % 4 == 3 ? HEAN_EVENT_TRADE : HEAN_EVENT_BOOK,
                                i % 2 == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                                i % 2 == 0 ? 100 - i % 5 : 102 + i % 5, 5);
    self->strategies[0].subscription.bar_intervals_ns = &second;
    self->strategies[0].subscription.bar_interval_count = 1;
    self->options.paper.entry_latency_ns = 2;
    self->actors[0].act = does_a_bit_of_everything;
    hean_status status = fixture_try_open(self, error);
    if (status == HEAN_OK)
        status = engine_start(self->engine, 0, error);
    if (status == HEAN_OK)
        status = engine_replay(self->engine, events, 40, NULL, NULL, NULL, error);
    return status;
}

static void engine_survives_each_failing_allocation(void **state)
{
    fixture *self = *state;
    uint64_t failing = 0;
    hean_status status;
    do {
        test_allocator allocator;
        hean_error error = {0};
        fixture_init(self);
        test_allocator_init(&allocator, ++failing);
        self->options.allocator = &allocator.allocator;
        status = run_everything(self, &error);
        if (status != HEAN_OK) {
            assert_int_equal(status, HEAN_E_NO_MEMORY);
            assert_int_equal(error.status, HEAN_E_NO_MEMORY);
        }
        fixture_end(self);
        assert_int_equal(allocator.live, 0);
    } while (status != HEAN_OK);
    assert_true(failing > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(engine_needs_a_start),
        WITH_ENGINE(engine_takes_instruments_and_strategies_only_before_the_start),
        WITH_ENGINE(engine_refuses_strategies_that_cannot_be),
        WITH_ENGINE(engine_refuses_an_older_event_and_goes_on),
        WITH_ENGINE(engine_replay_refuses_events_that_go_back),
        WITH_ENGINE(engine_refuses_events_that_no_venue_sends),
        WITH_ENGINE(engine_replay_refuses_a_venue_order_that_points_beyond_the_events),
        WITH_ENGINE(engine_replay_finds_a_bad_venue_order_when_it_is_needed),
        WITH_ENGINE(engine_replay_can_be_interrupted),
        WITH_ENGINE(engine_replay_of_nothing_is_over_at_once),
        WITH_ENGINE(engine_tells_refusals_after_all_strategies_saw_the_event),
        WITH_ENGINE(engine_sends_only_what_is_subscribed),
        WITH_ENGINE(engine_replays_and_pushes_alike),
        WITH_ENGINE(engine_fires_timers_in_order_of_time_then_of_setting),
        WITH_ENGINE(engine_fires_timers_after_market_events_of_the_same_time),
        WITH_ENGINE(engine_bounds_pending_timers),
        WITH_ENGINE(engine_bounds_timers_in_a_second_of_event_time),
        WITH_ENGINE(engine_builds_the_bars_that_strategies_want),
        WITH_ENGINE(engine_closes_bars_when_time_passes_without_events),
        WITH_ENGINE(engine_passes_bars_of_the_data_and_merges_shorter_ones),
        WITH_ENGINE(engine_without_intervals_passes_every_bar),
        WITH_ENGINE(engine_stops_a_failing_strategy_cancels_its_orders_and_goes_on),
        WITH_ENGINE(engine_names_a_failure_that_has_no_words),
        WITH_ENGINE(engine_stops_a_strategy_with_too_many_intents),
        WITH_ENGINE(engine_stops_chains_of_intents_at_one_instant),
        WITH_ENGINE(engine_lets_time_pass_between_the_links_of_a_chain),
        WITH_ENGINE(engine_stop_strategy_cancels_and_silences),
        WITH_ENGINE(engine_answers_questions_about_what_is_not_there),
        WITH_ENGINE(engine_books_stay_where_they_are),
        WITH_ENGINE(engine_memory_does_not_grow_with_orders_that_ended),
        WITH_ENGINE(engine_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
