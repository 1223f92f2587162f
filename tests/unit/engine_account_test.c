/*
 * engine_account_test.c: intents of any bytes, the gate in the loop, money, external brokers, logs.
 */
#include "engine_fixture.h"

#include <math.h>

/* Sends one intent on every trade: the one in the test's `wish`. */
typedef struct wish {
    hean_intent intent;
    hean_reason reason; /* expected */
} wish;

static const wish *wished;
static hean_event last_order;
static int orders_told;

static hean_status sends_the_wish(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE && wished != NULL)
        actor_add(self, wished->intent);
    if (event->kind == HEAN_EVENT_ORDER) {
        last_order = *event;
        orders_told++;
    }
    return HEAN_OK;
}

static hean_intent good(void)
{
    return (hean_intent){.kind = HEAN_INTENT_PLACE,
                         .side = HEAN_SIDE_BUY,
                         .order_type = HEAN_ORDER_LIMIT,
                         .order_id = 1,
                         .price_ticks = 90,
                         .qty_lots = 1};
}

static void intents_of_any_bytes_are_answered_with_a_reason(void **state)
{
    fixture *self = *state;
    wish wishes[40];
    size_t count = 0;
    int64_t now = 5;
#define WISH(change, why)                                                                          \
    do {                                                                                           \
        hean_intent i = good();                                                                    \
        change;                                                                                    \
        wishes[count++] = (wish){i, why};                                                          \
    } while (0)
    WISH(i.kind = HEAN_INTENT_NONE, HEAN_REASON_INVALID_INTENT);
    WISH(i.kind = HEAN_INTENT_KIND_COUNT, HEAN_REASON_INVALID_INTENT);
    WISH(i.kind = 255, HEAN_REASON_INVALID_INTENT);
    WISH(i.order_id = 0, HEAN_REASON_INVALID_INTENT);
    WISH(i.order_id = UINT64_C(1) << 48 | 1, HEAN_REASON_INVALID_INTENT); /* not its own */
    WISH(i.order_id = UINT64_MAX, HEAN_REASON_INVALID_INTENT);
    WISH(i.side = HEAN_SIDE_NONE; i.order_id = 10, HEAN_REASON_INVALID_INTENT);
    WISH(i.side = 3; i.order_id = 11, HEAN_REASON_INVALID_INTENT);
    WISH(i.order_type = HEAN_ORDER_TYPE_COUNT; i.order_id = 12, HEAN_REASON_INVALID_INTENT);
    WISH(i.time_in_force = HEAN_TIF_COUNT; i.order_id = 13, HEAN_REASON_INVALID_INTENT);
    WISH(i.flags = 0x82; i.order_id = 14, HEAN_REASON_INVALID_INTENT);
    WISH(i.reserved = 1; i.order_id = 15, HEAN_REASON_INVALID_INTENT);
    WISH(i.instrument = 1; i.order_id = 16, HEAN_REASON_UNKNOWN_INSTRUMENT);
    WISH(i.instrument = 65535; i.order_id = 17, HEAN_REASON_UNKNOWN_INSTRUMENT);
    WISH(i.trigger_ticks = 5; i.order_id = 18, HEAN_REASON_INVALID_INTENT);
    WISH(i.order_type = HEAN_ORDER_MARKET; i.order_id = 19, HEAN_REASON_INVALID_INTENT);
    WISH(i.order_type = HEAN_ORDER_MARKET; i.price_ticks = 0; i.time_in_force = HEAN_TIF_POST_ONLY;
         i.order_id = 20, HEAN_REASON_INVALID_INTENT);
    WISH(i.price_ticks = HEAN_NOT_ON_STEP; i.order_id = 21, HEAN_REASON_PRICE_NOT_ON_TICK);
    WISH(i.qty_lots = HEAN_NOT_ON_STEP; i.order_id = 22, HEAN_REASON_QTY_NOT_ON_LOT);
    WISH(i.price_ticks = -1; i.order_id = 23, HEAN_REASON_PRICE_OUT_OF_RANGE);
    WISH(i.price_ticks = INT64_MAX; i.order_id = 24, HEAN_REASON_PRICE_OUT_OF_RANGE);
    WISH(i.qty_lots = INT64_MAX; i.order_id = 25, HEAN_REASON_QTY_TOO_LARGE);
    WISH(i.qty_lots = INT64_C(1) << 53; i.order_id = 26, HEAN_REASON_NOTIONAL_TOO_LARGE);
    WISH(i.order_id = 26, HEAN_REASON_DUPLICATE_ORDER);
    WISH(i.order_id = 1, HEAN_REASON_DUPLICATE_ORDER);
    WISH(i.kind = HEAN_INTENT_CANCEL; i.order_id = 999, HEAN_REASON_UNKNOWN_ORDER);
    WISH(i.kind = HEAN_INTENT_CANCEL; i.order_id = 0, HEAN_REASON_UNKNOWN_ORDER);
    WISH(i.kind = HEAN_INTENT_AMEND; i.order_id = UINT64_MAX, HEAN_REASON_UNKNOWN_ORDER);
    WISH(i.kind = HEAN_INTENT_SET_TIMER; i.timer_ns = -1, HEAN_REASON_INVALID_INTENT);
    WISH(i.kind = HEAN_INTENT_SET_TIMER; i.timer_ns = INT64_MAX, HEAN_REASON_INVALID_INTENT);
    WISH(i.kind = HEAN_INTENT_LOG; i.text_bytes = 1, HEAN_REASON_INVALID_INTENT); /* no text */
    WISH(i.kind = HEAN_INTENT_METRIC; i.text_bytes = UINT32_MAX, HEAN_REASON_INVALID_INTENT);
    self->actors[0].act = sends_the_wish;
    fixture_start(self);
    push_book(self, now);
    for (size_t i = 0; i < count; i++) {
        wished = &wishes[i];
        orders_told = 0;
        push_trade(self, ++now, HEAN_SIDE_BUY, 102, 1);
        if (orders_told != 1 || last_order.reason != wishes[i].reason ||
            last_order.data.order.status != HEAN_ORDER_REJECTED)
            fail_msg("wish %zu: %d answers, %s instead of %s", i, orders_told,
                     hean_reason_text((hean_reason)last_order.reason),
                     hean_reason_text(wishes[i].reason));
    }
    assert_int_equal(account_of(self, 0).orders, 0);
    assert_int_equal(self->stopped, 0);
}

static void intents_about_anothers_order_are_unknown(void **state)
{
    fixture *self = *state;
    self->strategy_count = 2;
    wish place = {good(), HEAN_REASON_NONE};
    self->actors[0].act = sends_the_wish;
    wished = &place;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 1);
    wish cancel = {{.kind = HEAN_INTENT_CANCEL, .order_id = 1}, HEAN_REASON_UNKNOWN_ORDER};
    self->actors[0].act = NULL;
    self->actors[1].act = sends_the_wish;
    wished = &cancel;
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(last_order.reason, HEAN_REASON_UNKNOWN_ORDER);
    assert_int_equal(last_order.strategy, 1);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 1);
}

static void intents_amend_is_checked_like_a_new_order_and_leaves_it_as_it_was(void **state)
{
    fixture *self = *state;
    wish place = {good(), HEAN_REASON_NONE};
    const wish wishes[] = {
        {{.price_ticks = 0, .qty_lots = 0}, HEAN_REASON_INVALID_INTENT},
        {{.price_ticks = 90, .trigger_ticks = 1}, HEAN_REASON_INVALID_INTENT},
        {{.price_ticks = -1}, HEAN_REASON_PRICE_OUT_OF_RANGE},
        {{.price_ticks = HEAN_NOT_ON_STEP}, HEAN_REASON_PRICE_NOT_ON_TICK},
        {{.qty_lots = HEAN_NOT_ON_STEP}, HEAN_REASON_QTY_NOT_ON_LOT},
        {{.qty_lots = -1}, HEAN_REASON_QTY_TOO_SMALL},
        {{.qty_lots = 11}, HEAN_REASON_RISK_MAX_POSITION},
    };
    hean_event open;
    self->strategies[0].limits.max_position_lots = 10;
    self->actors[0].act = sends_the_wish;
    wished = &place;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    for (size_t i = 0; i < BASE_COUNT(wishes); i++) {
        wish amend = wishes[i];
        amend.intent.kind = HEAN_INTENT_AMEND;
        amend.intent.order_id = 1;
        wished = &amend;
        push_trade(self, 7 + (int64_t)i, HEAN_SIDE_BUY, 102, 1);
        assert_int_equal(last_order.reason, wishes[i].reason);
        assert_int_equal(last_order.data.order.status, HEAN_ORDER_OPEN);
        assert_int_equal(engine_open_orders(self->engine, 0, &open, 1), 1);
        assert_int_equal(open.data.order.price_ticks, 90);
        assert_int_equal(open.data.order.qty_lots, 1);
    }
    wish amend = {{.kind = HEAN_INTENT_AMEND, .order_id = 1, .qty_lots = 10, .price_ticks = 91}, 0};
    wished = &amend;
    push_trade(self, 50, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(last_order.reason, HEAN_REASON_NONE);
    assert_int_equal(last_order.data.order.qty_lots, 10);
    assert_int_equal(last_order.data.order.price_ticks, 91);
}

static void intents_count_amendments_under_way_at_their_worst(void **state)
{
    fixture *self = *state;
    wish place = {good(), HEAN_REASON_NONE};
    wish amend = {{.kind = HEAN_INTENT_AMEND, .order_id = 1, .qty_lots = 8}, 0};
    wish other = {good(), 0};
    self->strategies[0].limits.max_position_lots = 10;
    self->options.paper.entry_latency_ns = 10;
    self->actors[0].act = sends_the_wish;
    fixture_start(self);
    push_book(self, 5);
    wished = &place;
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    wished = &amend;
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    other.intent.order_id = 2;
    other.intent.qty_lots = 3;
    wished = &other;
    push_trade(self, 8, HEAN_SIDE_BUY, 102, 1); /* 8 + 3 */
    assert_int_equal(last_order.reason, HEAN_REASON_RISK_MAX_POSITION);
    amend.intent.qty_lots = 2; /* lower again: as long as it is under way, 8 may be true */
    wished = &amend;
    push_trade(self, 9, HEAN_SIDE_BUY, 102, 1);
    wished = NULL;
    push_trade(self, 30, HEAN_SIDE_BUY, 102, 1);
    other.intent.order_id = 3;
    other.intent.qty_lots = 8;
    wished = &other;
    push_trade(self, 31, HEAN_SIDE_BUY, 102, 1); /* 2 + 8 */
    wished = NULL;
    advance(self, 50);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 2);
}

static void intents_amend_an_order_only_so_often_before_an_answer(void **state)
{
    fixture *self = *state;
    wish place = {good(), HEAN_REASON_NONE};
    wish amend = {{.kind = HEAN_INTENT_AMEND, .order_id = 1, .qty_lots = 2}, 0};
    self->options.paper.entry_latency_ns = 1000;
    self->actors[0].act = sends_the_wish;
    fixture_start(self);
    wished = &place;
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    wished = &amend;
    orders_told = 0;
    for (int i = 0; i < 8; i++)
        push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(orders_told, 0);
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(orders_told, 1);
    assert_int_equal(last_order.reason, HEAN_REASON_RISK_ORDER_RATE);
    assert_int_equal(last_order.data.order.status, HEAN_ORDER_PENDING_NEW);
}

/* ---- money ---- */

static hean_status buys_and_sells(actor *self, const hean_event *event, hean_error *error)
{
    (void)error;
    if (event->kind == HEAN_EVENT_TRADE && event->data.level.qty_lots == 7)
        actor_place(self, (hean_side)event->side, 0, 10);
    if (event->kind == HEAN_EVENT_FUNDING)
        self->number = event->data.funding.paid_e8;
    return HEAN_OK;
}

static void account_adds_up_fees_funding_and_profit(void **state)
{
    fixture *self = *state;
    self->specs[0].taker_fee_e8 = 100000; /* 10 basis points */
    self->actors[0].act = buys_and_sells;
    self->strategies[0].capital_e8 = 10000 * BASE_E8;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 7); /* buys 10 at 102 */
    hean_account account = account_of(self, 0);
    assert_int_equal(account.fees_e8, 102000000);           /* 1.02 */
    assert_int_equal(account.unrealized_e8, -10 * BASE_E8); /* marked at 101 */
    assert_int_equal(account.equity_e8, 10000 * BASE_E8 - 10 * BASE_E8 - 102000000);
    push_level(self, 7, HEAN_SIDE_SELL, 102, 0);
    push_level(self, 8, HEAN_SIDE_SELL, 111, 50);
    push_level(self, 9, HEAN_SIDE_BUY, 110, 50); /* mid 110.5 */
    assert_int_equal(account_of(self, 0).unrealized_e8, 85 * BASE_E8);
    hean_event funding = level_event(10, HEAN_EVENT_FUNDING, 0, 0, 0);
    funding.data.funding.rate_e12 = 100000000; /* 1 basis point */
    funding.data.funding.mark_ticks = 200;
    push(self, funding);
    assert_int_equal(self->actors[0].number, -20000000);
    push_trade(self, 11, HEAN_SIDE_SELL, 110, 7); /* sells 10 at 110 */
    account = account_of(self, 0);
    assert_int_equal(account.realized_e8, 80 * BASE_E8);
    assert_int_equal(account.unrealized_e8, 0);
    assert_int_equal(account.fees_e8, 102000000 + 110000000);
    assert_int_equal(account.funding_e8, -20000000);
    assert_int_equal(account.equity_e8, 10000 * BASE_E8 + 80 * BASE_E8 - 212000000 - 20000000);
    assert_int_equal(account.fills, 2);
    assert_int_equal(account.orders, 2);
    hean_position position = position_of(self, 0, 0);
    assert_int_equal(position.qty_lots, 0);
    assert_int_equal(position.realized_e8, 80 * BASE_E8);
}

static void account_funding_takes_the_best_price_it_knows(void **state)
{
    fixture *self = *state;
    const struct {
        int64_t given, mark, expected;
    } cases[] = {{200, 150, -2000}, {0, 150, -1500}, {0, 0, -1010}};
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        fixture_init(self);
        self->actors[0].act = buys_and_sells;
        fixture_start(self);
        push_book(self, 5);
        push_trade(self, 6, HEAN_SIDE_BUY, 102, 7);
        if (cases[i].mark != 0) {
            hean_event mark = level_event(7, HEAN_EVENT_MARK, 0, 0, 0);
            mark.data.mark.mark_ticks = cases[i].mark;
            push(self, mark);
        }
        hean_event funding = level_event(10, HEAN_EVENT_FUNDING, 0, 0, 0);
        funding.data.funding.rate_e12 = BASE_E12 / BASE_E8;
        funding.data.funding.mark_ticks = cases[i].given;
        push(self, funding);
        assert_int_equal(self->actors[0].number, cases[i].expected);
        fixture_end(self);
    }
}

static void account_funding_is_settled_whether_or_not_it_is_wanted(void **state)
{
    fixture *self = *state;
    self->strategy_count = 2;
    self->actors[0].act = self->actors[1].act = buys_and_sells;
    self->strategies[0].subscription.kinds &= ~(1u << HEAN_EVENT_FUNDING);
    self->actors[0].number = self->actors[1].number = 77;
    self->strategies[1].subscription.kinds = 1u << HEAN_EVENT_FUNDING; /* holds nothing */
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 7);
    hean_event funding = level_event(10, HEAN_EVENT_FUNDING, 0, 0, 0);
    funding.data.funding.rate_e12 = -1000000;
    funding.data.funding.mark_ticks = 100;
    push(self, funding);
    assert_int_equal(account_of(self, 0).funding_e8, 100000);
    assert_int_equal(self->actors[0].number, 77);
    assert_int_equal(self->actors[1].number, 0);
}

static void account_tells_fees_and_realized_with_each_fill(void **state)
{
    fixture *self = *state;
    wish buy = {{.kind = HEAN_INTENT_PLACE,
                 .side = HEAN_SIDE_BUY,
                 .order_type = HEAN_ORDER_LIMIT,
                 .order_id = 1,
                 .price_ticks = 101,
                 .qty_lots = 3},
                0};
    self->specs[0].maker_fee_e8 = -10000; /* a rebate of 1 basis point */
    self->actors[0].act = sends_the_wish;
    wished = &buy;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    wished = NULL;
    push_level(self, 7, HEAN_SIDE_SELL, 101, 1);
    assert_int_equal(account_of(self, 0).fees_e8, -3030000);
    assert_int_equal(position_of(self, 0, 0).fees_e8, -3030000);
}

/* ---- the gate in the loop ---- */

static void note_risk(void *context, uint16_t strategy, hean_risk_state from, hean_risk_state to,
                      const char *why)
{
    note(context, "%u: %d>%d %s ", strategy, (int)from, (int)to, why);
}

static void gate_hard_stop_cancels_all_orders_for_good(void **state)
{
    fixture *self = *state;
    wish rest = {good(), HEAN_REASON_NONE};
    wish more = {good(), HEAN_REASON_RISK_STATE};
    rest.intent.order_id = 100;
    more.intent.order_id = 101;
    self->strategies[0].capital_e8 = 100 * BASE_E8;
    self->strategies[0].limits.soft_drawdown_e8 = BASE_E8 / 10;
    self->strategies[0].limits.max_drawdown_e8 = BASE_E8 / 5;
    self->options.observer.on_risk_state = note_risk;
    self->actors[0].act = buys_and_sells;
    fixture_start(self);
    push_book(self, 5);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 7); /* 10 at 102, marked at 101: 10 of 100 lost */
    assert_string_equal(self->text, "0: 0>1 drawdown ");
    assert_int_equal(account_of(self, 0).risk_state, HEAN_RISK_SOFT_BRAKE);
    self->actors[0].act = sends_the_wish;
    rest.intent.side = HEAN_SIDE_SELL;
    rest.intent.price_ticks = 120;
    wished = &rest;
    push_trade(self, 7, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 1);
    wished = NULL;
    push_level(self, 8, HEAN_SIDE_BUY, 99, 5);
    push_level(self, 9, HEAN_SIDE_BUY, 100, 0); /* mid 100.5: 15 */
    assert_int_equal(account_of(self, 0).drawdown_e8, 15 * BASE_E8 / 100);
    push_level(self, 10, HEAN_SIDE_BUY, 99, 0); /* no mid: the last trade, 102 */
    assert_int_equal(account_of(self, 0).drawdown_e8, 0);
    assert_int_equal(account_of(self, 0).risk_state, HEAN_RISK_NORMAL);
    push_level(self, 11, HEAN_SIDE_BUY, 98, 5); /* mid 100: 20 */
    assert_string_equal(self->text, "0: 0>1 drawdown 0: 1>0 drawdown 0: 0>3 drawdown ");
    advance(self, 12);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 0);
    assert_int_equal(last_order.reason, HEAN_REASON_CANCELLED_BY_HOST);
    push_level(self, 13, HEAN_SIDE_BUY, 101, 5);
    wished = &more;
    push_trade(self, 14, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(last_order.reason, HEAN_REASON_RISK_STATE);
    assert_int_equal(account_of(self, 0).max_drawdown_e8, BASE_E8 / 5);
    assert_int_equal(self->stopped, 0);
}

static void gate_quarantine_ends_by_itself(void **state)
{
    fixture *self = *state;
    wish bad = {good(), 0};
    int64_t now = 10;
    self->strategies[0].limits.max_rejects_in_row = 3;
    self->options.observer.on_risk_state = note_risk;
    self->actors[0].act = sends_the_wish;
    bad.intent.qty_lots = 0;
    wished = &bad;
    fixture_start(self);
    for (int i = 0; i < 4; i++) {
        bad.intent.order_id++;
        push_trade(self, now, HEAN_SIDE_BUY, 102, 1);
    }
    assert_string_equal(self->text, "0: 0>2 orders refused in a row ");
    assert_int_equal(engine_next_due_ns(self->engine), now + 30 * BASE_NS_PER_S);
    advance(self, now + 30 * BASE_NS_PER_S);
    assert_string_equal(self->text, "0: 0>2 orders refused in a row 0: 2>0 quarantine is over ");
}

static void gate_refusals_by_the_venue_count_and_acceptances_end_the_row(void **state)
{
    fixture *self = *state;
    wish crosses = {good(), 0};
    self->strategies[0].limits.max_rejects_in_row = 2;
    self->actors[0].act = sends_the_wish;
    crosses.intent.time_in_force = HEAN_TIF_POST_ONLY;
    wished = &crosses;
    fixture_start(self);
    push_book(self, 5);
    for (int i = 0; i < 5; i++) { /* refused, accepted, refused, accepted, refused */
        crosses.intent.price_ticks = i % 2 == 0 ? 102 : 90;
        crosses.intent.order_id = (uint64_t)i + 1;
        push_trade(self, 6 + i, HEAN_SIDE_BUY, 102, 1);
    }
    assert_int_equal(account_of(self, 0).risk_state, HEAN_RISK_NORMAL);
    assert_int_equal(account_of(self, 0).rejects, 3);
    crosses.intent.price_ticks = 102;
    crosses.intent.order_id = 9;
    push_trade(self, 20, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(account_of(self, 0).risk_state, HEAN_RISK_QUARANTINE);
}

/* ---- external brokers ---- */

static hean_intent sent[8];
static int sent_count;

static void keep_intent(void *context, uint16_t strategy, const hean_intent *intent)
{
    (void)context;
    (void)strategy;
    sent[sent_count++ % 8] = *intent;
}

static hean_event report(int64_t time_ns, uint64_t id, hean_order_status status, int64_t qty)
{
    hean_event event = level_event(time_ns, HEAN_EVENT_ORDER, 0, 0, 0);
    event.data.order.order_id = id;
    event.data.order.status = status;
    event.data.order.price_ticks = 90;
    event.data.order.qty_lots = qty;
    return event;
}

static hean_event execution(int64_t time_ns, uint64_t id, uint64_t number, int64_t qty)
{
    hean_event event = level_event(time_ns, HEAN_EVENT_FILL, 0, 0, 0);
    event.data.fill.order_id = id;
    event.data.fill.price_ticks = 90;
    event.data.fill.qty_lots = qty;
    event.data.fill.fee_e8 = 5;
    event.data.fill.execution_id = number;
    return event;
}

static void external_broker_gets_intents_and_brings_reports(void **state)
{
    fixture *self = *state;
    hean_error error;
    hean_event open;
    wish place = {good(), 0};
    place.intent.qty_lots = 5;
    sent_count = 0;
    self->options.external_broker = true;
    self->options.observer.on_order_intent = keep_intent;
    self->actors[0].act = sends_the_wish;
    wished = &place;
    fixture_start(self);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    wished = NULL;
    assert_int_equal(sent_count, 1);
    assert_memory_equal(&sent[0], &place.intent, sizeof sent[0]);
    assert_int_equal(engine_open_orders(self->engine, 0, &open, 1), 1);
    assert_int_equal(open.data.order.status, HEAN_ORDER_PENDING_NEW);
    push(self, report(7, 1, HEAN_ORDER_OPEN, 5));
    assert_int_equal(last_order.data.order.status, HEAN_ORDER_OPEN);
    push(self, execution(8, 1, 55, 2));
    push(self, execution(8, 1, 55, 2)); /* told twice, applied once */
    assert_int_equal(position_of(self, 0, 0).qty_lots, 2);
    assert_int_equal(account_of(self, 0).fees_e8, 5);
    hean_event bad[] = {execution(9, 1, 56, 4), execution(9, 1, 56, 0),
                        report(9, 1, HEAN_ORDER_NONE, 5), report(9, 1, 99, 5),
                        report(9, 1, HEAN_ORDER_OPEN, 1)};
    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        assert_int_equal(engine_push(self->engine, &bad[i], &error), HEAN_E_INVALID);
    push(self, execution(10, 1, 56, 3));
    assert_int_equal(last_order.data.order.status, HEAN_ORDER_FILLED);
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 0);
    push(self, report(11, 1, HEAN_ORDER_FILLED, 5)); /* no news */
    hean_event late = execution(12, 1, 57, 1);
    assert_int_equal(engine_push(self->engine, &late, &error), HEAN_E_NOT_FOUND);
    late.local_ns = 3;
    assert_int_equal(engine_push(self->engine, &late, &error), HEAN_E_TIME_ORDER);
    assert_int_equal(engine_replay(self->engine, &late, 1, NULL, NULL, NULL, &error), HEAN_E_STATE);
    assert_int_equal(account_of(self, 0).fills, 2);
}

static void external_broker_gets_cancels_of_a_stopped_strategy(void **state)
{
    fixture *self = *state;
    wish place = {good(), 0};
    hean_error why = {HEAN_E_INTERRUPTED, "by hand"};
    sent_count = 0;
    self->options.external_broker = true;
    self->options.observer.on_order_intent = keep_intent;
    self->actors[0].act = sends_the_wish;
    wished = &place;
    fixture_start(self);
    push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    assert_int_equal(engine_stop_strategy(self->engine, 0, &why), HEAN_OK);
    assert_int_equal(sent_count, 2);
    assert_int_equal(sent[1].kind, HEAN_INTENT_CANCEL);
    assert_int_equal(sent[1].order_id, 1);
    push(self, report(8, 1, HEAN_ORDER_CANCELLED, 1));
    assert_int_equal(engine_open_orders(self->engine, 0, NULL, 0), 0);
}

/* ---- logs and metrics ---- */

static void note_log(void *context, uint16_t strategy, hean_log_level level, int64_t time_ns,
                     const char *text, size_t bytes)
{
    (void)time_ns;
    note(context, "%u/%d:%.*s ", strategy, (int)level, (int)bytes, text);
}

static void note_metric(void *context, uint16_t strategy, const char *name, size_t bytes,
                        double value)
{
    note(context, "%u:%.*s=%g ", strategy, (int)bytes, name, value);
}

static void log_lines_and_metrics_reach_the_observer(void **state)
{
    fixture *self = *state;
    const wish wishes[] = {
        {{.kind = HEAN_INTENT_LOG, .side = HEAN_LOG_WARN, .text_offset = 0, .text_bytes = 5}, 0},
        {{.kind = HEAN_INTENT_METRIC, .text_offset = 5, .text_bytes = 4, .value = 2.5}, 0},
        {{.kind = HEAN_INTENT_LOG, .side = 4, .text_offset = 0, .text_bytes = 5}, 1},
        {{.kind = HEAN_INTENT_LOG, .text_offset = 5, .text_bytes = 5}, 1},
        {{.kind = HEAN_INTENT_LOG, .text_offset = UINT32_MAX, .text_bytes = 2}, 1},
        {{.kind = HEAN_INTENT_METRIC, .text_offset = 5, .text_bytes = 0, .value = 2.5}, 1},
        {{.kind = HEAN_INTENT_METRIC, .text_offset = 5, .text_bytes = 4, .value = NAN}, 1},
        {{.kind = HEAN_INTENT_METRIC, .text_offset = 5, .text_bytes = 4, .value = INFINITY}, 1},
    };
    self->options.observer.on_log = note_log;
    self->options.observer.on_metric = note_metric;
    self->actors[0].act = sends_the_wish;
    self->actors[0].text = "hellogain";
    fixture_start(self);
    orders_told = 0;
    for (size_t i = 0; i < BASE_COUNT(wishes); i++) {
        wished = &wishes[i];
        push_trade(self, 6 + (int64_t)i, HEAN_SIDE_BUY, 102, 1);
    }
    assert_string_equal(self->text, "0/2:hello 0:gain=2.5 ");
    assert_int_equal(orders_told, 6);
}

static void log_lines_are_limited_by_event_time(void **state)
{
    fixture *self = *state;
    const wish line = {{.kind = HEAN_INTENT_LOG, .text_offset = 0, .text_bytes = 1}, 0};
    self->options.observer.on_log = note_log;
    self->options.log_lines_per_second = 2;
    self->actors[0].act = sends_the_wish;
    self->actors[0].text = "x";
    wished = &line;
    fixture_start(self);
    for (int i = 0; i < 5; i++)
        push_trade(self, 6, HEAN_SIDE_BUY, 102, 1);
    push_trade(self, BASE_NS_PER_S, HEAN_SIDE_BUY, 102, 1);
    assert_string_equal(self->text,
                        "0/0:x 0/0:x 0/2:3 log lines dropped (limit: 2 a second) 0/0:x ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENGINE(intents_of_any_bytes_are_answered_with_a_reason),
        WITH_ENGINE(intents_about_anothers_order_are_unknown),
        WITH_ENGINE(intents_amend_is_checked_like_a_new_order_and_leaves_it_as_it_was),
        WITH_ENGINE(intents_count_amendments_under_way_at_their_worst),
        WITH_ENGINE(intents_amend_an_order_only_so_often_before_an_answer),
        WITH_ENGINE(account_adds_up_fees_funding_and_profit),
        WITH_ENGINE(account_funding_takes_the_best_price_it_knows),
        WITH_ENGINE(account_funding_is_settled_whether_or_not_it_is_wanted),
        WITH_ENGINE(account_tells_fees_and_realized_with_each_fill),
        WITH_ENGINE(gate_hard_stop_cancels_all_orders_for_good),
        WITH_ENGINE(gate_quarantine_ends_by_itself),
        WITH_ENGINE(gate_refusals_by_the_venue_count_and_acceptances_end_the_row),
        WITH_ENGINE(external_broker_gets_intents_and_brings_reports),
        WITH_ENGINE(external_broker_gets_cancels_of_a_stopped_strategy),
        WITH_ENGINE(log_lines_and_metrics_reach_the_observer),
        WITH_ENGINE(log_lines_are_limited_by_event_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
