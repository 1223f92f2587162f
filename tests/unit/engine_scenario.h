/*
 * engine_scenario.h: scenarios for the engine as text: what the market does, what a strategy wants,
 * and what then must have happened.
 *
 * One line each, times in ns:
 *   T bid P Q | T ask P Q      a level, the end of its message     T bid+ / ask+: more follows
 *   T clear                    an empty book
 *   T lift P Q | T hit P Q     a trade, the taker bought | sold    T print P Q: side unknown
 *   T quote BP BQ AP AQ        T bar O H L C INTERVAL
 *   T mark P                   T fund RATE_E12 MARK
 *   T buy|sell ID TYPE TIF P Q [TRIGGER] [reduce]   TYPE: limit market stop stoplimit
 *   T amend ID P Q             T cancel ID          T noop
 * Market lines carry their local time; the venue's is `feed_ns` earlier. Intents are sent by a
 * timer, that is after the market events of the same time.
 * What happened is told as lines of text: see scenario_tell.
 */
#ifndef ENGINE_SCENARIO_H
#define ENGINE_SCENARIO_H

#include "support.h"

#include <engine/engine.h>
#include <market/instrument.h>

#include <stdlib.h>
#include <string.h>

#define SCENARIO_EVENTS  512
#define SCENARIO_INTENTS 64
#define SCENARIO_TEXT    65536

typedef struct scenario {
    engine_options options;
    hean_instrument spec;
    hean_risk_limits limits;
    int64_t capital_e8;
    int64_t feed_ns;
    uint32_t kinds; /* beyond START, TIMER, ORDER and FILL */
    bool replay;    /* else pushed */
    bool far_order; /* keeps an order far away, so that the venue is never idle */
    /* made by scenario_run */
    engine *engine;
    hean_event events[SCENARIO_EVENTS];
    size_t event_count;
    struct {
        int64_t time_ns;
        hean_intent intent;
    } intents[SCENARIO_INTENTS];
    size_t intent_count;
    hean_intent out[SCENARIO_INTENTS];
    char text[SCENARIO_TEXT];
    size_t text_length;
    uint8_t hash[HASH_SHA256_BYTES];
} scenario;

static const char *const scenario_statuses[] = {"none",      "pending",        "open",
                                                "partly",    "pending_cancel", "filled",
                                                "cancelled", "rejected",       "unknown"};

__attribute__((format(printf, 2, 3))) static void scenario_say(scenario *run, const char *format,
                                                               ...)
{
    va_list args;
    va_start(args, format);
    int length =
        vsnprintf(run->text + run->text_length, sizeof run->text - run->text_length, format, args);
    va_end(args);
    assert_true(length >= 0 && run->text_length + (size_t)length < sizeof run->text);
    run->text_length += (size_t)length;
}

/* "15/20 fill 1 buy 2@100 maker" is: made at 15, known at 20. */
static void scenario_tell(scenario *run, const hean_event *event)
{
    unsigned long long id = event->data.order.order_id & 0xffffffffffffULL;
    const char *side = event->side == HEAN_SIDE_BUY ? "buy" : "sell";
    if (run->far_order && id == 1)
        return;
    if (event->kind == HEAN_EVENT_FILL)
        scenario_say(run, "%lld/%lld fill %llu %s %lld@%lld %s\n", (long long)event->exch_ns,
                     (long long)event->local_ns, id, side, (long long)event->data.fill.qty_lots,
                     (long long)event->data.fill.price_ticks,
                     (event->flags & HEAN_EVENT_MAKER) != 0 ? "maker" : "taker");
    else if (event->kind == HEAN_EVENT_ORDER)
        scenario_say(run, "%lld/%lld order %llu %s%s%s\n", (long long)event->exch_ns,
                     (long long)event->local_ns, id, scenario_statuses[event->data.order.status],
                     event->reason != 0 ? " " : "",
                     event->reason != 0 ? hean_reason_text((hean_reason)event->reason) : "");
    else if (event->kind == HEAN_EVENT_FUNDING)
        scenario_say(run, "%lld fund %lld\n", (long long)event->local_ns,
                     (long long)event->data.funding.paid_e8);
    else if (event->kind == HEAN_EVENT_BAR)
        scenario_say(run, "%lld bar %lld %lld %lld %lld\n", (long long)event->local_ns,
                     (long long)event->data.bar.open_ticks, (long long)event->data.bar.high_ticks,
                     (long long)event->data.bar.low_ticks, (long long)event->data.bar.close_ticks);
}

static hean_status scenario_on_event(void *context, const hean_event *event,
                                     engine_intents *intents, hean_error *error)
{
    scenario *run = context;
    (void)error;
    intents->items = run->out;
    if (event->kind == HEAN_EVENT_START) {
        for (size_t i = 0; i < run->intent_count; i++)
            run->out[intents->count++] = (hean_intent){
                .kind = HEAN_INTENT_SET_TIMER, .order_id = i, .timer_ns = run->intents[i].time_ns};
        if (run->far_order)
            run->out[intents->count++] = (hean_intent){.kind = HEAN_INTENT_PLACE,
                                                       .side = HEAN_SIDE_BUY,
                                                       .order_type = HEAN_ORDER_LIMIT,
                                                       .order_id = 1,
                                                       .price_ticks = 1,
                                                       .qty_lots = 1};
    } else if (event->kind == HEAN_EVENT_TIMER) {
        run->out[intents->count++] = run->intents[event->data.timer.tag].intent;
    } else {
        scenario_tell(run, event);
    }
    return HEAN_OK;
}

static int scenario_word(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    return -1;
}

static bool scenario_read_intent(scenario *run, int64_t time_ns, const char *verb, const char *rest)
{
    static const char *const types[] = {"limit", "market", "stop", "stoplimit"};
    static const char *const tifs[] = {"gtc", "ioc", "fok", "post"};
    hean_intent *intent = &run->intents[run->intent_count].intent;
    char type[16] = "";
    char tif[16] = "";
    long long id = 0, price = 0, qty = 0, trigger = 0;
    memset(intent, 0, sizeof *intent);
    if (strcmp(verb, "buy") == 0 || strcmp(verb, "sell") == 0) {
        int read =
            sscanf(rest, "%lld %15s %15s %lld %lld %lld", &id, type, tif, &price, &qty, &trigger);
        assert_true(read >= 5);
        intent->kind = HEAN_INTENT_PLACE;
        intent->side = verb[0] == 'b' ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        assert_true(scenario_word(type, types, 4) >= 0 && scenario_word(tif, tifs, 4) >= 0);
        intent->order_type = (uint8_t)scenario_word(type, types, 4);
        intent->time_in_force = (uint8_t)scenario_word(tif, tifs, 4);
        intent->flags = strstr(rest, "reduce") != NULL ? HEAN_INTENT_REDUCE_ONLY : 0;
    } else if (strcmp(verb, "amend") == 0) {
        assert_int_equal(sscanf(rest, "%lld %lld %lld", &id, &price, &qty), 3);
        intent->kind = HEAN_INTENT_AMEND;
    } else if (strcmp(verb, "cancel") == 0) {
        assert_int_equal(sscanf(rest, "%lld", &id), 1);
        intent->kind = HEAN_INTENT_CANCEL;
    } else {
        return false;
    }
    intent->order_id = (uint64_t)id;
    intent->price_ticks = price;
    intent->qty_lots = qty;
    intent->trigger_ticks = trigger;
    run->intents[run->intent_count++].time_ns = time_ns;
    assert_true(run->intent_count < SCENARIO_INTENTS);
    return true;
}

static bool scenario_read_event(scenario *run, int64_t time_ns, const char *verb, const char *rest)
{
    static const char *const verbs[] = {"bid",   "ask",   "bid+", "ask+", "clear", "lift", "hit",
                                        "print", "quote", "bar",  "mark", "fund",  "noop"};
    hean_event *event = &run->events[run->event_count];
    long long a[5] = {0};
    memset(event, 0, sizeof *event);
    (void)sscanf(rest, "%lld %lld %lld %lld %lld", &a[0], &a[1], &a[2], &a[3], &a[4]);
    int what = scenario_word(verb, verbs, BASE_COUNT(verbs));
    event->local_ns = time_ns;
    event->exch_ns = time_ns - run->feed_ns;
    event->data.level.price_ticks = a[0];
    event->data.level.qty_lots = a[1];
    if (what < 0)
        return false;
    if (what <= 3) {
        event->kind = HEAN_EVENT_BOOK;
        event->side = what % 2 == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        event->flags = what < 2 ? HEAN_EVENT_LAST : 0;
    } else if (what == 4) {
        event->kind = HEAN_EVENT_BOOK;
        event->flags = HEAN_EVENT_CLEAR | HEAN_EVENT_LAST;
    } else if (what <= 7) {
        event->kind = HEAN_EVENT_TRADE;
        event->side = what == 5 ? HEAN_SIDE_BUY : what == 6 ? HEAN_SIDE_SELL : HEAN_SIDE_NONE;
    } else if (what == 8) {
        event->kind = HEAN_EVENT_QUOTE;
        event->data.quote.bid_ticks = a[0];
        event->data.quote.bid_lots = a[1];
        event->data.quote.ask_ticks = a[2];
        event->data.quote.ask_lots = a[3];
    } else if (what == 9) {
        event->kind = HEAN_EVENT_BAR;
        event->exch_ns = time_ns;
        event->data.bar.open_ticks = a[0];
        event->data.bar.high_ticks = a[1];
        event->data.bar.low_ticks = a[2];
        event->data.bar.close_ticks = a[3];
        event->data.bar.volume_lots = 1;
        event->data.bar.interval_ns = a[4];
    } else if (what == 10) {
        event->kind = HEAN_EVENT_MARK;
        event->data.mark.mark_ticks = a[0];
        event->data.level.qty_lots = 0;
    } else if (what == 11) {
        event->kind = HEAN_EVENT_FUNDING;
        event->data.funding.rate_e12 = a[0];
        event->data.funding.mark_ticks = a[1];
    } else {
        event->kind = HEAN_EVENT_CONNECTION;
        event->data.connection.state = 1;
    }
    run->event_count++;
    assert_true(run->event_count < SCENARIO_EVENTS);
    return true;
}

static void scenario_read(scenario *run, const char *script)
{
    run->event_count = run->intent_count = run->text_length = 0;
    run->text[0] = 0;
    while (*script != 0) {
        char line[128];
        char verb[16] = "";
        long long time_ns = 0;
        int used = 0;
        size_t length = strcspn(script, "\n");
        assert_true(length < sizeof line);
        memcpy(line, script, length);
        line[length] = 0;
        script += length + (script[length] == '\n');
        if (sscanf(line, "%lld %15s %n", &time_ns, verb, &used) < 2)
            continue;
        if (!scenario_read_intent(run, time_ns, verb, line + used) &&
            !scenario_read_event(run, time_ns, verb, line + used))
            fail_msg("scenario: cannot read '%s'", line);
    }
}

/* One lot of one tick is worth 1 e8 unless the test sets another instrument. */
static scenario *scenario_new(void)
{
    scenario *run = calloc(1, sizeof *run);
    run->options = engine_options_default();
    run->replay = true;
    run->spec = (hean_instrument){
        .symbol = "TEST", .kind = HEAN_INSTRUMENT_LINEAR, .tick_size = {1, 0}, .lot_size = {1, 0}};
    run->capital_e8 = 1000000 * BASE_E8;
    return run;
}

static void scenario_free(scenario *run)
{
    engine_close(run->engine);
    free(run);
}

static void scenario_run(scenario *run, const char *script)
{
    static const engine_strategy_ops ops = {scenario_on_event};
    market_instrument instrument;
    hean_error error;
    uint16_t id;
    engine_close(run->engine);
    run->engine = NULL;
    scenario_read(run, script);
    engine_strategy strategy = {.name = "test",
                                .ops = &ops,
                                .context = run,
                                .limits = run->limits,
                                .capital_e8 = run->capital_e8};
    strategy.subscription.kinds = run->kinds | 1u << HEAN_EVENT_START | 1u << HEAN_EVENT_TIMER |
                                  1u << HEAN_EVENT_ORDER | 1u << HEAN_EVENT_FILL;
    assert_status(market_instrument_init(&instrument, &run->spec, &error), HEAN_OK, &error);
    assert_status(engine_open(&run->options, &run->engine, &error), HEAN_OK, &error);
    assert_status(engine_add_instrument(run->engine, &instrument, &id, &error), HEAN_OK, &error);
    assert_status(engine_add_strategy(run->engine, &strategy, &id, &error), HEAN_OK, &error);
    assert_status(engine_start(run->engine, 0, &error), HEAN_OK, &error);
    if (run->replay) {
        assert_status(
            engine_replay(run->engine, run->events, run->event_count, NULL, NULL, NULL, &error),
            HEAN_OK, &error);
    } else {
        for (size_t i = 0; i < run->event_count; i++)
            assert_status(engine_push(run->engine, &run->events[i], &error), HEAN_OK, &error);
    }
    engine_orders_hash(run->engine, run->hash);
}

/* Runs the script and compares what happened, line by line. */
static void scenario_expect(scenario *run, const char *script, const char *expected)
{
    scenario_run(run, script);
    if (strcmp(run->text, expected) != 0)
        fail_msg("the scenario\n%s\ngave\n%sinstead of\n%s", script, run->text, expected);
}

static int scenario_setup(void **state)
{
    *state = scenario_new();
    return 0;
}

static int scenario_teardown(void **state)
{
    scenario_free(*state);
    return 0;
}

#define SCENARIO(test) cmocka_unit_test_setup_teardown(test, scenario_setup, scenario_teardown)

#endif
