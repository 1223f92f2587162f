/*
 * risk_test.c: every limit and every transition of the gate, below, at and above its threshold.
 */
#include "support.h"

#include <engine/risk.h>

#include <string.h>

static market_instrument instrument;
static risk_gate gate;
static risk_order order;

/* One lot at one tick is worth one unit; a buy of 10 at 100 with the market at 100. */
static void begin(hean_risk_limits limits)
{
    hean_instrument spec = {
        .symbol = "TEST", .kind = HEAN_INSTRUMENT_LINEAR, .tick_size = {1, 0}, .lot_size = {1, 0}};
    hean_error error;
    assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
    assert_status(risk_init(&gate, &limits, &error), HEAN_OK, &error);
    order = (risk_order){.instrument = &instrument,
                         .side = HEAN_SIDE_BUY,
                         .type = HEAN_ORDER_LIMIT,
                         .price_ticks = 100,
                         .qty_lots = 10,
                         .reference2_ticks = 200};
}

static hean_reason check(void)
{
    return risk_check(&gate, &order, 0);
}

static void risk_no_limits_let_everything_pass(void **state)
{
    (void)state;
    begin((hean_risk_limits){0});
    order.qty_lots = 1000000;
    order.open_orders = 1000;
    assert_int_equal(check(), HEAN_REASON_NONE);
}

static void risk_negative_limits_are_named(void **state)
{
    hean_risk_limits limits = {.price_band_e8 = -1};
    hean_error error;
    (void)state;
    assert_int_equal(risk_init(&gate, &limits, &error), HEAN_E_RANGE);
    assert_non_null(strstr(error.message, "price_band_e8"));
}

static void risk_max_position_counts_open_orders_of_the_side(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_position_lots = 50});
    order.position_lots = 20;
    order.open_lots[0] = 20;
    order.open_lots[1] = 1000;
    assert_int_equal(check(), HEAN_REASON_NONE); /* 50 */
    order.qty_lots = 11;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
    order.side = HEAN_SIDE_SELL;
    order.open_lots[1] = 59;
    assert_int_equal(check(), HEAN_REASON_NONE); /* -20 + 59 + 11 = 50 short */
    order.qty_lots = 12;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
}

static void risk_max_position_lets_reductions_pass(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_position_lots = 50});
    order.position_lots = 500;
    order.side = HEAN_SIDE_SELL;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.qty_lots = 550;
    assert_int_equal(check(), HEAN_REASON_NONE); /* 50 short */
    order.qty_lots = 551;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
}

static void risk_max_position_counts_reduce_only_orders_that_use_up_the_room(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_position_lots = 50});
    order.position_lots = 20;
    order.side = HEAN_SIDE_SELL;
    order.qty_lots = 70;
    assert_int_equal(check(), HEAN_REASON_NONE); /* 50 short */
    order.reduce_lots[1] = 1;                    /* if it fills first: 51 */
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
    order.qty_lots = 50;
    order.reduce_lots[1] = 1000; /* no more than the position */
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.reduce_only = true;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.open_lots[1] = 51;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
    order.side = HEAN_SIDE_BUY; /* nothing to reduce: cannot make a position */
    order.open_lots[0] = 0;
    order.position_lots = 0;
    assert_int_equal(check(), HEAN_REASON_NONE);
}

static void risk_max_position_notional_is_valued_at_the_orders_price(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_position_notional_e8 = 3000 * BASE_E8});
    order.position_lots = 20;
    assert_int_equal(check(), HEAN_REASON_NONE); /* 30 * 100 */
    order.price_ticks = 101;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_NOTIONAL);
    order.type = HEAN_ORDER_MARKET; /* at the reference, 100 */
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.reference2_ticks = 201; /* 100.5 rounds up */
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_NOTIONAL);
    order.reference2_ticks = 0;
    assert_int_equal(check(), HEAN_REASON_NO_REFERENCE_PRICE);
}

static void risk_max_order_notional_is_of_the_order_alone(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_order_notional_e8 = 1000 * BASE_E8});
    order.position_lots = 1000;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.qty_lots = 11;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_NOTIONAL);
    order.reduce_only = true;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_NOTIONAL);
    order.type = HEAN_ORDER_STOP;
    order.reference2_ticks = 0;
    assert_int_equal(check(), HEAN_REASON_NO_REFERENCE_PRICE);
}

static void risk_max_open_orders_counts_orders_but_not_amendments(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_open_orders = 3});
    order.open_orders = 2;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.open_orders = 3;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_OPEN_ORDERS);
    order.amend = true;
    assert_int_equal(check(), HEAN_REASON_NONE);
    begin((hean_risk_limits){0});
    order.open_orders = RISK_OPEN_ORDERS_MAX - 1;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.open_orders = RISK_OPEN_ORDERS_MAX;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_OPEN_ORDERS);
}

static void risk_order_rate_is_a_bucket_of_one_second(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_orders_per_second = 4});
    int64_t now = 1000 * BASE_NS_PER_S;
    for (int i = 0; i < 4; i++)
        assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_NONE);
    assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_RISK_ORDER_RATE);
    now += BASE_NS_PER_S / 4 - 1;
    assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_RISK_ORDER_RATE);
    now += 1;
    assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_NONE);
    assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_RISK_ORDER_RATE);
    now += 3600 * BASE_NS_PER_S; /* never more than one second's worth */
    for (int i = 0; i < 4; i++)
        assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_NONE);
    assert_int_equal(risk_check(&gate, &order, now), HEAN_REASON_RISK_ORDER_RATE);
}

static void risk_order_rate_takes_no_token_for_a_refused_order(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_orders_per_second = 1, .max_position_lots = 10});
    order.qty_lots = 11;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_POSITION);
    order.qty_lots = 10;
    assert_int_equal(check(), HEAN_REASON_NONE);
}

static void risk_price_band_is_symmetric_about_the_reference(void **state)
{
    (void)state;
    begin((hean_risk_limits){.price_band_e8 = BASE_E8 / 10});
    const struct {
        int64_t price;
        hean_reason reason;
    } cases[] = {{89, HEAN_REASON_RISK_PRICE_BAND},
                 {90, HEAN_REASON_NONE},
                 {110, HEAN_REASON_NONE},
                 {111, HEAN_REASON_RISK_PRICE_BAND}};
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        order.price_ticks = cases[i].price;
        assert_int_equal(check(), cases[i].reason);
    }
    order.type = HEAN_ORDER_STOP_LIMIT; /* against its trigger */
    order.trigger_ticks = 101;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.trigger_ticks = 100;
    assert_int_equal(check(), HEAN_REASON_RISK_PRICE_BAND);
    order.type = HEAN_ORDER_MARKET;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.type = HEAN_ORDER_LIMIT;
    order.reference2_ticks = 0;
    assert_int_equal(check(), HEAN_REASON_NO_REFERENCE_PRICE);
}

static void risk_numbers_that_overflow_are_refused(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_position_notional_e8 = INT64_MAX,
                             .max_order_notional_e8 = INT64_MAX,
                             .price_band_e8 = INT64_MAX});
    order.price_ticks = INT64_MAX;
    order.qty_lots = INT64_MAX;
    assert_int_equal(check(), HEAN_REASON_RISK_MAX_NOTIONAL);
    begin((hean_risk_limits){0});
    order.qty_lots = INT64_MAX;
    order.position_lots = INT64_MAX;
    order.open_lots[0] = INT64_MAX;
    assert_int_equal(check(), HEAN_REASON_QTY_TOO_LARGE);
    begin((hean_risk_limits){0});
    order.reduce_only = true;
    order.reduce_lots[0] = INT64_MAX / 2;
    assert_int_equal(check(), HEAN_REASON_QTY_TOO_LARGE);
    begin((hean_risk_limits){0});
    order.price_ticks = INT64_C(1) << 53;
    order.qty_lots = INT64_C(1) << 53;
    assert_int_equal(check(), HEAN_REASON_NOTIONAL_TOO_LARGE);
}

/* ---- filters ---- */

static void risk_filters_refuse_below_and_above(void **state)
{
    (void)state;
    begin((hean_risk_limits){0});
    instrument.spec.min_price_ticks = 50;
    instrument.spec.max_price_ticks = 200;
    instrument.spec.min_qty_lots = 5;
    instrument.spec.max_qty_lots = 40;
    instrument.spec.min_notional_e8 = 600 * BASE_E8;
    instrument.spec.max_notional_e8 = 3000 * BASE_E8;
    const struct {
        int64_t price, qty;
        hean_reason reason;
    } cases[] = {
        {49, 20, HEAN_REASON_PRICE_OUT_OF_RANGE},
        {50, 20, HEAN_REASON_NONE},
        {200, 10, HEAN_REASON_NONE},
        {201, 10, HEAN_REASON_PRICE_OUT_OF_RANGE},
        {200, 4, HEAN_REASON_QTY_TOO_SMALL},
        {200, 5, HEAN_REASON_NONE},
        {60, 40, HEAN_REASON_NONE},
        {60, 41, HEAN_REASON_QTY_TOO_LARGE},
        {100, 5, HEAN_REASON_NOTIONAL_TOO_SMALL},
        {100, 6, HEAN_REASON_NONE},
        {100, 30, HEAN_REASON_NONE},
        {100, 31, HEAN_REASON_NOTIONAL_TOO_LARGE},
        {0, 20, HEAN_REASON_PRICE_OUT_OF_RANGE},
        {-1, 20, HEAN_REASON_PRICE_OUT_OF_RANGE},
        {100, 0, HEAN_REASON_QTY_TOO_SMALL},
        {100, -1, HEAN_REASON_QTY_TOO_SMALL},
        {100, INT64_MAX, HEAN_REASON_QTY_TOO_LARGE},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        order.price_ticks = cases[i].price;
        order.qty_lots = cases[i].qty;
        if (risk_filter(&order) != cases[i].reason)
            fail_msg("%lld x %lld: %s instead of %s", (long long)cases[i].price,
                     (long long)cases[i].qty, hean_reason_text(risk_filter(&order)),
                     hean_reason_text(cases[i].reason));
    }
}

static void risk_filters_know_the_order_types(void **state)
{
    (void)state;
    begin((hean_risk_limits){0});
    order.type = HEAN_ORDER_STOP;
    order.price_ticks = 0;
    assert_int_equal(risk_filter(&order), HEAN_REASON_PRICE_OUT_OF_RANGE); /* no trigger */
    order.trigger_ticks = 1;
    assert_int_equal(risk_filter(&order), HEAN_REASON_NONE);
    order.type = HEAN_ORDER_STOP_LIMIT;
    assert_int_equal(risk_filter(&order), HEAN_REASON_PRICE_OUT_OF_RANGE); /* no price */
    order.type = HEAN_ORDER_MARKET;
    order.reference2_ticks = 0;
    assert_int_equal(risk_filter(&order), HEAN_REASON_NONE);
    instrument.spec.min_notional_e8 = 1;
    assert_int_equal(risk_filter(&order), HEAN_REASON_NO_REFERENCE_PRICE);
    order.reference2_ticks = 200;
    instrument.spec.min_notional_e8 = 1001 * BASE_E8;
    assert_int_equal(risk_filter(&order), HEAN_REASON_NOTIONAL_TOO_SMALL);
    order.reduce_only = true; /* a small rest can always be closed */
    assert_int_equal(risk_filter(&order), HEAN_REASON_NONE);
}

/* ---- states ---- */

static void risk_soft_brake_begins_at_its_drawdown_and_ends_at_half_of_it(void **state)
{
    (void)state;
    begin((hean_risk_limits){.soft_drawdown_e8 = BASE_E8 / 10, .max_drawdown_e8 = BASE_E8 / 2});
    const struct {
        int64_t equity;
        hean_risk_state state;
    } steps[] = {{901, HEAN_RISK_NORMAL},     {900, HEAN_RISK_SOFT_BRAKE},
                 {901, HEAN_RISK_SOFT_BRAKE}, {949, HEAN_RISK_SOFT_BRAKE},
                 {950, HEAN_RISK_NORMAL},     {901, HEAN_RISK_NORMAL},
                 {899, HEAN_RISK_SOFT_BRAKE}, {1000, HEAN_RISK_NORMAL}};
    for (size_t i = 0; i < BASE_COUNT(steps); i++) {
        risk_equity(&gate, steps[i].equity, 1000);
        assert_int_equal(risk_state(&gate), steps[i].state);
    }
}

static void risk_soft_brake_lets_only_reductions_pass(void **state)
{
    (void)state;
    begin((hean_risk_limits){.soft_drawdown_e8 = BASE_E8 / 10});
    risk_equity(&gate, 0, 1000);
    order.position_lots = 20;
    assert_int_equal(check(), HEAN_REASON_RISK_STATE);
    order.side = HEAN_SIDE_SELL;
    order.open_lots[1] = 10;
    assert_int_equal(check(), HEAN_REASON_NONE); /* to zero */
    order.reduce_only = true;
    order.open_lots[1] = 0;
    order.qty_lots = 1000;
    assert_int_equal(check(), HEAN_REASON_NONE);
    order.reduce_only = false;
    order.open_lots[1] = 10;
    order.qty_lots = 11;
    assert_int_equal(check(), HEAN_REASON_RISK_STATE);
}

static void risk_hard_stop_begins_at_its_drawdown_and_is_final(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_drawdown_e8 = BASE_E8 / 4, .max_rejects_in_row = 1});
    risk_equity(&gate, 751, 1000);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    risk_equity(&gate, 750, 1000);
    assert_int_equal(risk_state(&gate), HEAN_RISK_HARD_STOP);
    risk_equity(&gate, 5000, 5000);
    risk_refused(&gate, HEAN_REASON_VENUE, 0);
    risk_accepted(&gate);
    risk_advance(&gate, INT64_MAX / 4);
    assert_int_equal(risk_state(&gate), HEAN_RISK_HARD_STOP);
    order.reduce_only = true;
    assert_int_equal(check(), HEAN_REASON_RISK_STATE);
}

static void risk_drawdown_of_lost_capital_does_not_overflow(void **state)
{
    (void)state;
    begin((hean_risk_limits){.soft_drawdown_e8 = INT64_MAX, .max_drawdown_e8 = INT64_MAX});
    risk_equity(&gate, INT64_MIN, INT64_MAX);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    begin((hean_risk_limits){.max_drawdown_e8 = 2 * BASE_E8});
    risk_equity(&gate, -999, 1000);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    risk_equity(&gate, -1000, 1000);
    assert_int_equal(risk_state(&gate), HEAN_RISK_HARD_STOP);
}

static void risk_quarantine_begins_after_refusals_in_a_row(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_rejects_in_row = 3});
    risk_refused(&gate, HEAN_REASON_VENUE, 5);
    risk_refused(&gate, HEAN_REASON_VENUE, 6);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    risk_accepted(&gate);
    risk_refused(&gate, HEAN_REASON_VENUE, 7);
    risk_refused(&gate, HEAN_REASON_VENUE, 8);
    risk_refused(&gate, HEAN_REASON_RISK_STATE, 8); /* the gate's own state: does not count */
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    risk_refused(&gate, HEAN_REASON_VENUE, 9);
    assert_int_equal(risk_state(&gate), HEAN_RISK_QUARANTINE);
    assert_int_equal(check(), HEAN_REASON_RISK_STATE);
    order.reduce_only = true;
    assert_int_equal(check(), HEAN_REASON_RISK_STATE);
}

static void risk_quarantine_ends_after_its_time_and_the_row_starts_anew(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_rejects_in_row = 2});
    risk_refused(&gate, HEAN_REASON_VENUE, 5);
    risk_refused(&gate, HEAN_REASON_VENUE, 5);
    risk_refused(&gate, HEAN_REASON_VENUE, 5); /* inside: does not count */
    risk_advance(&gate, 5 + RISK_QUARANTINE_NS - 1);
    assert_int_equal(risk_state(&gate), HEAN_RISK_QUARANTINE);
    risk_advance(&gate, 5 + RISK_QUARANTINE_NS);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
    risk_refused(&gate, HEAN_REASON_VENUE, 6 + RISK_QUARANTINE_NS);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
}

static void risk_quarantine_returns_to_the_brake_while_the_drawdown_lasts(void **state)
{
    (void)state;
    begin((hean_risk_limits){.max_rejects_in_row = 1, .soft_drawdown_e8 = BASE_E8 / 10});
    risk_equity(&gate, 900, 1000);
    risk_refused(&gate, HEAN_REASON_VENUE, 5);
    assert_int_equal(risk_state(&gate), HEAN_RISK_QUARANTINE);
    risk_advance(&gate, 5 + RISK_QUARANTINE_NS);
    assert_int_equal(risk_state(&gate), HEAN_RISK_SOFT_BRAKE);
    risk_refused(&gate, HEAN_REASON_VENUE, 5);
    risk_equity(&gate, 1000, 1000);
    assert_int_equal(risk_state(&gate), HEAN_RISK_QUARANTINE);
    risk_advance(&gate, 5 + RISK_QUARANTINE_NS);
    assert_int_equal(risk_state(&gate), HEAN_RISK_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(risk_no_limits_let_everything_pass),
        cmocka_unit_test(risk_negative_limits_are_named),
        cmocka_unit_test(risk_max_position_counts_open_orders_of_the_side),
        cmocka_unit_test(risk_max_position_lets_reductions_pass),
        cmocka_unit_test(risk_max_position_counts_reduce_only_orders_that_use_up_the_room),
        cmocka_unit_test(risk_max_position_notional_is_valued_at_the_orders_price),
        cmocka_unit_test(risk_max_order_notional_is_of_the_order_alone),
        cmocka_unit_test(risk_max_open_orders_counts_orders_but_not_amendments),
        cmocka_unit_test(risk_order_rate_is_a_bucket_of_one_second),
        cmocka_unit_test(risk_order_rate_takes_no_token_for_a_refused_order),
        cmocka_unit_test(risk_price_band_is_symmetric_about_the_reference),
        cmocka_unit_test(risk_numbers_that_overflow_are_refused),
        cmocka_unit_test(risk_filters_refuse_below_and_above),
        cmocka_unit_test(risk_filters_know_the_order_types),
        cmocka_unit_test(risk_soft_brake_begins_at_its_drawdown_and_ends_at_half_of_it),
        cmocka_unit_test(risk_soft_brake_lets_only_reductions_pass),
        cmocka_unit_test(risk_hard_stop_begins_at_its_drawdown_and_is_final),
        cmocka_unit_test(risk_drawdown_of_lost_capital_does_not_overflow),
        cmocka_unit_test(risk_quarantine_begins_after_refusals_in_a_row),
        cmocka_unit_test(risk_quarantine_ends_after_its_time_and_the_row_starts_anew),
        cmocka_unit_test(risk_quarantine_returns_to_the_brake_while_the_drawdown_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
