/*
 * portfolio_test.c: positions at average cost, exact to the last digit.
 */
#include "support.h"

#include <engine/portfolio.h>

static market_instrument make(hean_instrument_kind kind, int tick10, int lot10)
{
    hean_instrument spec = {
        .symbol = "TEST", .kind = kind, .tick_size = {1, tick10}, .lot_size = {1, lot10}};
    market_instrument instrument;
    hean_error error;
    assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
    return instrument;
}

static int64_t fill(hean_position *position, const market_instrument *instrument, hean_side side,
                    int64_t price, int64_t qty)
{
    int64_t realized;
    assert_int_equal(portfolio_fill(position, instrument, side, price, qty, 0, &realized), HEAN_OK);
    return realized;
}

static void portfolio_opens_at_the_value_of_the_fill(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, -2, -3);
    hean_position position = {0};
    (void)state;
    /* 2500.10 * 0.003 = 7.5003 */
    assert_int_equal(fill(&position, &linear, HEAN_SIDE_BUY, 250010, 3), 0);
    assert_int_equal(position.qty_lots, 3);
    assert_int_equal(position.cost_e8, 750030000);
}

static void portfolio_closes_a_part_at_average_cost(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    hean_position position = {0};
    (void)state;
    fill(&position, &linear, HEAN_SIDE_BUY, 100, 1);
    fill(&position, &linear, HEAN_SIDE_BUY, 110, 1);
    assert_int_equal(fill(&position, &linear, HEAN_SIDE_SELL, 107, 1), 2 * BASE_E8);
    assert_int_equal(position.qty_lots, 1);
    assert_int_equal(position.cost_e8, 105 * BASE_E8);
}

static void portfolio_shorts_gain_when_the_price_falls(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    hean_position position = {0};
    (void)state;
    fill(&position, &linear, HEAN_SIDE_SELL, 100, 4);
    assert_int_equal(position.qty_lots, -4);
    assert_int_equal(position.cost_e8, 400 * BASE_E8);
    assert_int_equal(fill(&position, &linear, HEAN_SIDE_BUY, 90, 4), 40 * BASE_E8);
    assert_int_equal(position.cost_e8, 0);
}

static void portfolio_fill_through_zero_closes_and_opens_the_rest(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    hean_position position = {0};
    (void)state;
    fill(&position, &linear, HEAN_SIDE_BUY, 100, 2);
    assert_int_equal(fill(&position, &linear, HEAN_SIDE_SELL, 120, 5), 40 * BASE_E8);
    assert_int_equal(position.qty_lots, -3);
    assert_int_equal(position.cost_e8, 360 * BASE_E8);
}

static void portfolio_inverse_gains_in_coin(void **state)
{
    market_instrument inverse = make(HEAN_INSTRUMENT_INVERSE, -1, 0);
    hean_position position = {0};
    (void)state;
    /* 10000 USD at 50000.0: 0.2 coin; at 40000.0: 0.25 coin */
    fill(&position, &inverse, HEAN_SIDE_BUY, 500000, 10000);
    assert_int_equal(position.cost_e8, 20000000);
    assert_int_equal(fill(&position, &inverse, HEAN_SIDE_SELL, 400000, 10000), -5000000);
    fill(&position, &inverse, HEAN_SIDE_SELL, 500000, 10000);
    assert_int_equal(fill(&position, &inverse, HEAN_SIDE_BUY, 400000, 10000), 5000000);
}

static void portfolio_marks_at_half_a_tick(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    market_instrument inverse = make(HEAN_INSTRUMENT_INVERSE, 0, 0);
    hean_position position = {0};
    (void)state;
    fill(&position, &linear, HEAN_SIDE_SELL, 100, 2);
    assert_int_equal(portfolio_mark(&position, &linear, 2 * 100 + 1), HEAN_OK);
    assert_int_equal(position.unrealized_e8, -BASE_E8);
    position = (hean_position){0};
    fill(&position, &inverse, HEAN_SIDE_BUY, 2, 10); /* 5 coin */
    assert_int_equal(portfolio_mark(&position, &inverse, 5), HEAN_OK);
    assert_int_equal(position.unrealized_e8, BASE_E8); /* 10 / 2.5 = 4 coin */
    assert_int_equal(portfolio_mark(&position, &inverse, 0), HEAN_E_INVALID);
}

static void portfolio_long_pays_a_positive_funding_rate(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    hean_position position = {0};
    int64_t paid;
    (void)state;
    fill(&position, &linear, HEAN_SIDE_BUY, 100, 10);
    assert_int_equal(portfolio_fund(&position, &linear, 100000000, 200, &paid), HEAN_OK);
    assert_int_equal(paid, -20000000); /* 1 bp of 2000 */
    assert_int_equal(portfolio_fund(&position, &linear, -100000000, 200, &paid), HEAN_OK);
    assert_int_equal(paid, 20000000);
    assert_int_equal(position.funding_e8, 0);
}

static void portfolio_a_failing_call_changes_nothing(void **state)
{
    market_instrument linear = make(HEAN_INSTRUMENT_LINEAR, 0, 0);
    hean_position position = {0};
    int64_t out = 77;
    (void)state;
    fill(&position, &linear, HEAN_SIDE_BUY, 100, 10);
    hean_position before = position;
    assert_int_equal(
        portfolio_fill(&position, &linear, HEAN_SIDE_BUY, INT64_MAX, INT64_MAX, 0, &out),
        HEAN_E_RANGE);
    assert_int_equal(portfolio_fill(&position, &linear, HEAN_SIDE_NONE, 1, 1, 0, &out),
                     HEAN_E_INVALID);
    assert_int_equal(portfolio_fill(&position, &linear, HEAN_SIDE_BUY, 1, 0, 0, &out),
                     HEAN_E_INVALID);
    position.fees_e8 = before.fees_e8 = INT64_MAX;
    assert_int_equal(portfolio_fill(&position, &linear, HEAN_SIDE_BUY, 1, 1, 1, &out),
                     HEAN_E_RANGE);
    assert_int_equal(portfolio_fund(&position, &linear, INT64_MAX, INT64_MAX / 2, &out),
                     HEAN_E_RANGE);
    assert_int_equal(portfolio_mark(&position, &linear, INT64_MAX), HEAN_E_RANGE);
    assert_memory_equal(&position, &before, sizeof before);
    assert_int_equal(out, 77);
}

/* The exact model: value bought and sold, summed. What was realized is their difference plus what
 * is still held, at every step; and the cost is the exact average but for one rounding per
 * reduction. */
static void random_fills(hean_instrument_kind kind, uint64_t seed)
{
    market_instrument instrument = make(kind, -2, kind == HEAN_INSTRUMENT_INVERSE ? 0 : -3);
    hean_position position = {0};
    base_random random;
    base_int128 bought = 0, sold = 0, realized_sum = 0;
    long double cost = 0;
    int reductions = 0;
    base_random_init(&random, seed);
    for (int step = 0; step < 20000; step++) {
        bool flatten = position.qty_lots != 0 && base_random_below(&random, 10) == 0;
        bool buy = flatten ? position.qty_lots < 0 : base_random_below(&random, 2) == 0;
        int64_t price = 100000 + (int64_t)base_random_below(&random, 50000);
        int64_t qty = 1 + (int64_t)base_random_below(&random, 100000);
        int64_t held = position.qty_lots;
        int64_t value;
        if (flatten)
            qty = held < 0 ? -held : held;
        int64_t fee = (int64_t)base_random_below(&random, 100) - 50;
        int64_t fees = position.fees_e8;
        int64_t realized;
        assert_int_equal(market_value_e8(&instrument, price, qty, &value), HEAN_OK);
        assert_int_equal(portfolio_fill(&position, &instrument,
                                        buy ? HEAN_SIDE_BUY : HEAN_SIDE_SELL, price, qty, fee,
                                        &realized),
                         HEAN_OK);
        *(buy ? &bought : &sold) += value;
        realized_sum += realized;
        assert_int_equal(position.qty_lots, held + (buy ? qty : -qty));
        assert_true(position.cost_e8 >= 0);
        assert_int_equal(position.fees_e8, fees + fee);
        base_int128 in_hand =
            position.qty_lots < 0 ? -(base_int128)position.cost_e8 : (base_int128)position.cost_e8;
        base_int128 expected = sold - bought + in_hand;
        assert_true(realized_sum == (kind == HEAN_INSTRUMENT_INVERSE ? -expected : expected));
        assert_true(position.realized_e8 == (int64_t)realized_sum);
        /* the exact average */
        int64_t held_size = held < 0 ? -held : held;
        if (held == 0 || (held > 0) == buy) {
            cost += (long double)value;
        } else if (qty < held_size) {
            cost -= cost * (long double)qty / (long double)held_size;
            reductions++;
        } else {
            cost = (long double)position.cost_e8;
            reductions = 0;
        }
        long double off = cost - (long double)position.cost_e8;
        assert_true(off <= reductions + 1 && off >= -(reductions + 1));
        if (position.qty_lots == 0)
            assert_int_equal(position.cost_e8, 0);
    }
}

static void portfolio_random_fills_conserve_value_exactly(void **state)
{
    uint64_t seed = test_seed();
    (void)state;
    random_fills(HEAN_INSTRUMENT_LINEAR, seed);
    random_fills(HEAN_INSTRUMENT_INVERSE, seed + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portfolio_opens_at_the_value_of_the_fill),
        cmocka_unit_test(portfolio_closes_a_part_at_average_cost),
        cmocka_unit_test(portfolio_shorts_gain_when_the_price_falls),
        cmocka_unit_test(portfolio_fill_through_zero_closes_and_opens_the_rest),
        cmocka_unit_test(portfolio_inverse_gains_in_coin),
        cmocka_unit_test(portfolio_marks_at_half_a_tick),
        cmocka_unit_test(portfolio_long_pays_a_positive_funding_rate),
        cmocka_unit_test(portfolio_a_failing_call_changes_nothing),
        cmocka_unit_test(portfolio_random_fills_conserve_value_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
