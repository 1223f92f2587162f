/*
 * bars_test.c: time bars from trades and from shorter bars.
 */
#include "support.h"

#include <market/bars.h>

#include <string.h>

#define SECOND BASE_NS_PER_S
#define MINUTE (60 * BASE_NS_PER_S)

static hean_event trade_at(int64_t exch_ns, int64_t price_ticks, int64_t qty_lots)
{
    return (hean_event){.kind = HEAN_EVENT_TRADE,
                        .side = HEAN_SIDE_BUY,
                        .local_ns = exch_ns + 5,
                        .exch_ns = exch_ns,
                        .data.level = {.price_ticks = price_ticks, .qty_lots = qty_lots}};
}

static hean_event bar_until(int64_t end_ns, int64_t interval_ns, int64_t low, int64_t high)
{
    return (hean_event){.kind = HEAN_EVENT_BAR,
                        .local_ns = end_ns + 7,
                        .exch_ns = end_ns,
                        .data.bar = {low + 1, high, low, high - 1, 10, interval_ns}};
}

static bool push(market_bars *bars, hean_event event, hean_event *closed)
{
    return market_bars_push(bars, &event, closed);
}

static void assert_bar(const hean_event *bar, int64_t end_ns, int64_t open, int64_t high,
                       int64_t low, int64_t close, int64_t volume)
{
    assert_int_equal(bar->kind, HEAN_EVENT_BAR);
    assert_int_equal(bar->exch_ns, end_ns);
    assert_int_equal(bar->data.bar.open_ticks, open);
    assert_int_equal(bar->data.bar.high_ticks, high);
    assert_int_equal(bar->data.bar.low_ticks, low);
    assert_int_equal(bar->data.bar.close_ticks, close);
    assert_int_equal(bar->data.bar.volume_lots, volume);
}

static void trades_of_an_interval_make_its_bar(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, MINUTE);
    assert_false(push(&bars, trade_at(10 * MINUTE, 100, 1), &closed));
    assert_false(push(&bars, trade_at(10 * MINUTE + 1, 105, 2), &closed));
    assert_false(push(&bars, trade_at(10 * MINUTE + 2, 98, 3), &closed));
    assert_false(push(&bars, trade_at(11 * MINUTE - 1, 101, 4), &closed));
    assert_true(push(&bars, trade_at(11 * MINUTE, 120, 5), &closed));
    assert_bar(&closed, 11 * MINUTE, 100, 105, 98, 101, 10);
    assert_int_equal(closed.local_ns, 11 * MINUTE + 5);
    assert_int_equal(closed.data.bar.interval_ns, MINUTE);
    assert_true(push(&bars, trade_at(12 * MINUTE, 1, 1), &closed));
    assert_bar(&closed, 12 * MINUTE, 120, 120, 120, 120, 5);
}

static void any_event_of_the_instrument_closes_a_bar(void **state)
{
    market_bars bars;
    hean_event closed;
    hean_event level = {.kind = HEAN_EVENT_BOOK, .exch_ns = MINUTE, .local_ns = MINUTE + 1};
    (void)state;

    market_bars_init(&bars, 3, MINUTE);
    level.instrument = 2;
    closed = trade_at(5, 100, 1);
    closed.instrument = 3;
    assert_false(push(&bars, closed, &closed));
    assert_false(push(&bars, level, &closed));
    level.instrument = 3;
    assert_true(push(&bars, level, &closed));
    assert_bar(&closed, MINUTE, 100, 100, 100, 100, 1);
    assert_int_equal(closed.instrument, 3);
    assert_false(push(&bars, level, &closed));
}

static void empty_intervals_give_no_bar(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, MINUTE);
    assert_false(market_bars_advance(&bars, 5 * MINUTE, &closed));
    assert_false(push(&bars, trade_at(5 * MINUTE, 100, 1), &closed));
    assert_true(push(&bars, trade_at(99 * MINUTE, 101, 1), &closed));
    assert_bar(&closed, 6 * MINUTE, 100, 100, 100, 100, 1);
    assert_false(market_bars_advance(&bars, 100 * MINUTE - 1, &closed));
    assert_true(market_bars_advance(&bars, 100 * MINUTE, &closed));
    assert_bar(&closed, 100 * MINUTE, 101, 101, 101, 101, 1);
    assert_int_equal(closed.local_ns, 100 * MINUTE);
    assert_false(market_bars_advance(&bars, 200 * MINUTE, &closed));
}

static void late_trades_count_in_the_next_bar(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, MINUTE);
    assert_false(push(&bars, trade_at(10, 100, 1), &closed));
    assert_true(market_bars_advance(&bars, MINUTE, &closed));
    assert_false(push(&bars, trade_at(20, 90, 2), &closed)); /* late, and none is open */
    assert_false(push(&bars, trade_at(MINUTE + 1, 101, 3), &closed));
    assert_false(push(&bars, trade_at(30, 80, 4), &closed)); /* late, while one is open */
    assert_true(market_bars_advance(&bars, 2 * MINUTE, &closed));
    assert_bar(&closed, 2 * MINUTE, 90, 101, 80, 80, 9);
}

static void shorter_bars_merge_and_complete_at_once(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, 5 * MINUTE);
    for (int64_t i = 1; i < 5; i++)
        assert_false(push(&bars, bar_until(i * MINUTE, MINUTE, 100 - i, 110 + i), &closed));
    assert_true(push(&bars, bar_until(5 * MINUTE, MINUTE, 99, 130), &closed));
    assert_bar(&closed, 5 * MINUTE, 100, 130, 96, 129, 50);
    assert_int_equal(closed.local_ns, 5 * MINUTE + 7);
    /* A gap: the bar that comes after it closes the one before, and then itself by time. */
    assert_false(push(&bars, bar_until(6 * MINUTE, MINUTE, 50, 60), &closed));
    assert_true(push(&bars, bar_until(15 * MINUTE, MINUTE, 70, 80), &closed));
    assert_bar(&closed, 10 * MINUTE, 51, 60, 50, 59, 10);
    assert_true(market_bars_advance(&bars, 15 * MINUTE, &closed));
    assert_bar(&closed, 15 * MINUTE, 71, 80, 70, 79, 10);
}

static void bars_that_do_not_divide_the_interval_are_left_alone(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, 5 * MINUTE);
    assert_false(push(&bars, bar_until(5 * MINUTE, 5 * MINUTE, 1, 9), &closed));
    assert_false(push(&bars, bar_until(6 * MINUTE, 3 * MINUTE, 1, 9), &closed));
    assert_false(push(&bars, bar_until(60 * MINUTE, 60 * MINUTE, 1, 9), &closed));
    assert_false(push(&bars, bar_until(60 * MINUTE, 0, 1, 9), &closed));
    assert_false(bars.open);
}

static void trades_and_bars_of_the_same_market_are_not_counted_twice(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, 5 * MINUTE);
    assert_false(push(&bars, trade_at(1, 100, 7), &closed));
    assert_false(push(&bars, bar_until(MINUTE, MINUTE, 1, 900), &closed));
    assert_true(market_bars_advance(&bars, 5 * MINUTE, &closed));
    assert_bar(&closed, 5 * MINUTE, 100, 100, 100, 100, 7);
}

static void volume_saturates(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, SECOND);
    assert_false(push(&bars, trade_at(1, 100, INT64_MAX), &closed));
    assert_false(push(&bars, trade_at(2, 100, 1), &closed));
    assert_true(market_bars_advance(&bars, SECOND, &closed));
    assert_int_equal(closed.data.bar.volume_lots, INT64_MAX);
}

static void times_that_no_venue_sends_are_ignored(void **state)
{
    market_bars bars;
    hean_event closed;
    (void)state;

    market_bars_init(&bars, 0, SECOND);
    assert_false(push(&bars, trade_at(-1, 100, 1), &closed));
    assert_false(push(&bars, trade_at(INT64_MAX - 5, 100, 1), &closed));
    assert_false(push(&bars, bar_until(5, SECOND / 2, 3, 4), &closed));
    assert_false(bars.open);
}

static void intervals_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t interval_ns;
    } good[] = {{"1s", SECOND},
                {"90s", 90 * SECOND},
                {"1m", MINUTE},
                {"5m", 5 * MINUTE},
                {"4h", 240 * MINUTE},
                {"1d", 1440 * MINUTE},
                {"7d", 7 * 1440 * MINUTE},
                {"1w", 7 * 1440 * MINUTE}};
    static const char *const bad[] = {"",
                                      "m",
                                      "0m",
                                      "1",
                                      "1ms",
                                      "8d",
                                      "2w",
                                      "-1m",
                                      "1 m",
                                      "1M",
                                      "01m",
                                      "1.5m",
                                      "99999999999999999999s"};
    int64_t interval_ns = -1;
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(good); i++) {
        assert_int_equal(market_bars_interval_parse(good[i].text, &interval_ns), HEAN_OK);
        assert_int_equal(interval_ns, good[i].interval_ns);
    }
    interval_ns = -1;
    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        assert_int_equal(market_bars_interval_parse(bad[i], &interval_ns), HEAN_E_PARSE);
    assert_int_equal(interval_ns, -1);
}

/* R1 to R3 for random trades, times stepping back included. */
static void bars_conserve_what_went_in(void **state)
{
    base_random random;
    market_bars bars;
    int64_t time_ns = INT64_C(1700000000) * SECOND, volume_in = 0, volume_out = 0, last_end = 0;
    int64_t high_in = 0, high_out = 0;
    hean_event closed;
    (void)state;

    base_random_init(&random, test_seed());
    market_bars_init(&bars, 0, SECOND);
    for (int i = 0; i < 100000; i++) {
        hean_event trade;
        time_ns += (int64_t)base_random_below(&random, 400000000) - 100000000;
        trade = trade_at(time_ns, 1 + (int64_t)base_random_below(&random, 1000000),
                         1 + (int64_t)base_random_below(&random, 1000));
        volume_in += trade.data.level.qty_lots;
        if (trade.data.level.price_ticks > high_in)
            high_in = trade.data.level.price_ticks;
        if (!market_bars_push(&bars, &trade, &closed))
            continue;
        volume_out += closed.data.bar.volume_lots;
        if (closed.data.bar.high_ticks > high_out)
            high_out = closed.data.bar.high_ticks;
        assert_true(closed.exch_ns % SECOND == 0);
        assert_true(closed.exch_ns - SECOND >= last_end);
        assert_true(closed.exch_ns <= trade.exch_ns);
        last_end = closed.exch_ns;
    }
    assert_true(market_bars_advance(&bars, INT64_MAX, &closed));
    volume_out += closed.data.bar.volume_lots;
    if (closed.data.bar.high_ticks > high_out)
        high_out = closed.data.bar.high_ticks;
    assert_true(volume_in == volume_out);
    assert_true(high_in == high_out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trades_of_an_interval_make_its_bar),
        cmocka_unit_test(any_event_of_the_instrument_closes_a_bar),
        cmocka_unit_test(empty_intervals_give_no_bar),
        cmocka_unit_test(late_trades_count_in_the_next_bar),
        cmocka_unit_test(shorter_bars_merge_and_complete_at_once),
        cmocka_unit_test(bars_that_do_not_divide_the_interval_are_left_alone),
        cmocka_unit_test(trades_and_bars_of_the_same_market_are_not_counted_twice),
        cmocka_unit_test(volume_saturates),
        cmocka_unit_test(times_that_no_venue_sends_are_ignored),
        cmocka_unit_test(intervals_are_read),
        cmocka_unit_test(bars_conserve_what_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
