/*
 * book_test.c: the order book, alone, against a naive model, and against recorded data.
 */
#include "support.h"

#include <market/book.h>
#include <market/event.h>

#include <stdlib.h>
#include <string.h>

static market_book open_book(void)
{
    market_book book;
    assert_int_equal(market_book_init(&book, base_allocator_default()), HEAN_OK);
    return book;
}

static void set(market_book *book, int side, int64_t price_ticks, int64_t qty_lots)
{
    assert_int_equal(market_book_set(book, side, price_ticks, qty_lots, NULL), HEAN_OK);
}

static void assert_best(const market_book *book, int side, int64_t price_ticks, int64_t qty_lots)
{
    assert_int_equal(book->best[side].price_ticks, price_ticks);
    assert_int_equal(book->best[side].qty_lots, qty_lots);
}

static hean_event level_event(int side, int64_t price_ticks, int64_t qty_lots, unsigned flags)
{
    return (hean_event){.kind = HEAN_EVENT_BOOK,
                        .side = (uint8_t)side,
                        .flags = (uint8_t)flags,
                        .local_ns = 2,
                        .exch_ns = 1,
                        .data.level = {.price_ticks = price_ticks, .qty_lots = qty_lots}};
}

static hean_event quote_event(int64_t bid, int64_t bid_lots, int64_t ask, int64_t ask_lots)
{
    return (hean_event){.kind = HEAN_EVENT_QUOTE,
                        .local_ns = 5,
                        .exch_ns = 4,
                        .data.quote = {bid, bid_lots, ask, ask_lots, 0}};
}

/* ---- facts ---- */

static void book_knows_its_best_levels(void **state)
{
    market_book book = open_book();
    (void)state;

    assert_best(&book, MARKET_BID, 0, 0);
    assert_int_equal(market_book_mid2_ticks(&book), 0);
    set(&book, MARKET_BID, 100, 5);
    set(&book, MARKET_BID, 99, 6);
    set(&book, MARKET_BID, 101, 7);
    set(&book, MARKET_ASK, 103, 1);
    set(&book, MARKET_ASK, 104, 2);
    assert_best(&book, MARKET_BID, 101, 7);
    assert_best(&book, MARKET_ASK, 103, 1);
    assert_int_equal(market_book_mid2_ticks(&book), 204);
    assert_false(market_book_crossed(&book));
    market_book_deinit(&book);
}

static void book_removes_a_level_at_size_zero(void **state)
{
    market_book book = open_book();
    int64_t previous = -1;
    (void)state;

    set(&book, MARKET_ASK, 103, 1);
    set(&book, MARKET_ASK, 200, 2);
    assert_int_equal(market_book_set(&book, MARKET_ASK, 103, 0, &previous), HEAN_OK);
    assert_int_equal(previous, 1);
    assert_best(&book, MARKET_ASK, 200, 2);
    assert_int_equal(market_book_levels(&book, MARKET_ASK), 1);
    assert_int_equal(market_book_qty(&book, MARKET_ASK, 103), 0);
    set(&book, MARKET_ASK, 200, 0);
    assert_best(&book, MARKET_ASK, 0, 0);
    market_book_deinit(&book);
}

static void book_ignores_the_removal_of_an_unknown_level(void **state)
{
    market_book book = open_book();
    int64_t previous = -1;
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    assert_int_equal(market_book_set(&book, MARKET_BID, 99, 0, &previous), HEAN_OK);
    assert_int_equal(previous, 0);
    assert_best(&book, MARKET_BID, 100, 5);
    market_book_deinit(&book);
}

static void book_reports_a_crossed_book_and_does_not_repair_it(void **state)
{
    market_book book = open_book();
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    set(&book, MARKET_ASK, 101, 5);
    assert_false(market_book_crossed(&book));
    set(&book, MARKET_BID, 101, 1);
    assert_true(market_book_crossed(&book));
    assert_best(&book, MARKET_BID, 101, 1);
    assert_best(&book, MARKET_ASK, 101, 5);
    market_book_deinit(&book);
}

static void book_refuses_impossible_levels_and_stays_as_it_was(void **state)
{
    market_book book = open_book();
    int64_t previous = -7;
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    assert_int_equal(market_book_set(&book, MARKET_BID, 100, -1, &previous), HEAN_E_INVALID);
    assert_int_equal(market_book_set(&book, 2, 100, 1, &previous), HEAN_E_INVALID);
    assert_int_equal(market_book_set(&book, -1, 100, 1, &previous), HEAN_E_INVALID);
    assert_int_equal(market_book_set(&book, MARKET_BID, 0, 1, &previous), HEAN_E_RANGE);
    assert_int_equal(market_book_set(&book, MARKET_BID, INT64_MIN, 1, &previous), HEAN_E_RANGE);
    assert_int_equal(market_book_set(&book, MARKET_BID, INT64_MAX, 1, &previous), HEAN_E_RANGE);
    assert_int_equal(market_book_set(&book, MARKET_BID, 100, INT64_MAX, &previous), HEAN_E_RANGE);
    assert_int_equal(previous, -7);
    assert_best(&book, MARKET_BID, 100, 5);
    assert_int_equal(market_book_qty(&book, MARKET_BID, INT64_MAX), 0);
    market_book_deinit(&book);
}

static void book_takes_prices_up_to_2_53(void **state)
{
    market_book book = open_book();
    (void)state;

    for (int side = 0; side < 2; side++) {
        set(&book, side, 1, 3);
        set(&book, side, MARKET_TICKS_MAX, 4);
        assert_int_equal(market_book_qty(&book, side, 1), 3);
        assert_int_equal(market_book_qty(&book, side, MARKET_TICKS_MAX), 4);
    }
    assert_best(&book, MARKET_BID, MARKET_TICKS_MAX, 4);
    assert_best(&book, MARKET_ASK, 1, 3);
    market_book_deinit(&book);
}

static void book_holds_no_more_levels_than_its_limit(void **state)
{
    market_book book = open_book();
    (void)state;

    for (int64_t i = 0; i < MARKET_BOOK_LEVELS_MAX; i++)
        set(&book, MARKET_ASK, 1 + i * 7919 % (INT64_C(1) << 53), 1);
    assert_int_equal(market_book_set(&book, MARKET_ASK, MARKET_TICKS_MAX, 1, NULL), HEAN_E_LIMIT);
    set(&book, MARKET_ASK, 1, 9);
    assert_best(&book, MARKET_ASK, 1, 9);
    assert_int_equal(market_book_levels(&book, MARKET_ASK), MARKET_BOOK_LEVELS_MAX);
    market_book_clear(&book);
    set(&book, MARKET_ASK, MARKET_TICKS_MAX, 1);
    assert_int_equal(market_book_levels(&book, MARKET_ASK), 1);
    market_book_deinit(&book);
}

/* ---- events ---- */

static void apply_clears_before_a_snapshot(void **state)
{
    market_book book = open_book();
    hean_event event = level_event(HEAN_SIDE_BUY, 90, 1, HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT);
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    set(&book, MARKET_ASK, 101, 5);
    assert_int_equal(market_book_apply(&book, &event), HEAN_OK);
    assert_best(&book, MARKET_BID, 90, 1);
    assert_best(&book, MARKET_ASK, 0, 0);
    assert_int_equal(book.local_ns, 2);
    assert_int_equal(book.exch_ns, 1);
    assert_int_equal(book.updates, 1);
    event = level_event(HEAN_SIDE_NONE, 0, 0, HEAN_EVENT_CLEAR);
    assert_int_equal(market_book_apply(&book, &event), HEAN_OK);
    assert_best(&book, MARKET_BID, 0, 0);
    assert_int_equal(book.updates, 2);
    market_book_deinit(&book);
}

static void apply_refuses_a_bad_level_before_it_clears(void **state)
{
    market_book book = open_book();
    hean_event bad[] = {level_event(HEAN_SIDE_BUY, 0, 1, HEAN_EVENT_CLEAR),
                        level_event(HEAN_SIDE_SELL, 5, -1, HEAN_EVENT_CLEAR),
                        level_event(3, 5, 1, HEAN_EVENT_CLEAR), quote_event(5, -1, 6, 1),
                        quote_event(5, 1, -6, 1)};
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    for (size_t i = 0; i < BASE_COUNT(bad); i++) {
        assert_int_not_equal(market_book_apply(&book, &bad[i]), HEAN_OK);
        assert_best(&book, MARKET_BID, 100, 5);
        assert_int_equal(book.updates, 0);
    }
    market_book_deinit(&book);
}

static void quotes_are_the_book_until_a_book_event_is_seen(void **state)
{
    market_book book = open_book();
    hean_event quote = quote_event(100, 5, 101, 6);
    hean_event level = level_event(HEAN_SIDE_BUY, 98, 1, HEAN_EVENT_LAST);
    (void)state;

    assert_int_equal(market_book_apply(&book, &quote), HEAN_OK);
    quote = quote_event(99, 7, 0, 0);
    assert_int_equal(market_book_apply(&book, &quote), HEAN_OK);
    assert_best(&book, MARKET_BID, 99, 7);
    assert_best(&book, MARKET_ASK, 0, 0);
    assert_int_equal(market_book_levels(&book, MARKET_BID), 1);
    assert_int_equal(market_book_apply(&book, &level), HEAN_OK);
    assert_best(&book, MARKET_BID, 98, 1);
    assert_int_equal(market_book_levels(&book, MARKET_BID), 1);
    assert_int_equal(market_book_apply(&book, &quote), HEAN_OK);
    assert_best(&book, MARKET_BID, 98, 1);
    market_book_deinit(&book);
}

static void other_events_do_not_touch_the_book(void **state)
{
    market_book book = open_book();
    hean_event trade = {.kind = HEAN_EVENT_TRADE,
                        .side = HEAN_SIDE_SELL,
                        .data.level = {.price_ticks = 100, .qty_lots = 1}};
    (void)state;

    set(&book, MARKET_BID, 100, 5);
    assert_int_equal(market_book_apply(&book, &trade), HEAN_OK);
    assert_best(&book, MARKET_BID, 100, 5);
    assert_int_equal(book.updates, 0);
    market_book_deinit(&book);
}

/* ---- against a naive model ---- */

#define MODEL_PRICES 600

typedef struct model {
    int64_t lots[2][MODEL_PRICES];
    int64_t base_ticks, step_ticks; /* price = base + index * step */
} model;

static void compare(const market_book *book, const model *expected)
{
    static market_level depth[MODEL_PRICES + 1];

    for (int side = 0; side < 2; side++) {
        size_t count = market_book_depth(book, side, depth, BASE_COUNT(depth)), at = 0;
        for (int i = 0; i < MODEL_PRICES; i++) {
            int index = side == MARKET_BID ? MODEL_PRICES - 1 - i : i;
            int64_t price = expected->base_ticks + index * expected->step_ticks;
            int64_t lots = expected->lots[side][index];
            assert_true(market_book_qty(book, side, price) == lots);
            if (lots == 0)
                continue;
            assert_true(at < count);
            assert_true(depth[at].price_ticks == price && depth[at].qty_lots == lots);
            at++;
        }
        assert_int_equal(at, count);
        assert_int_equal(market_book_levels(book, side), count);
        assert_best(book, side, count > 0 ? depth[0].price_ticks : 0,
                    count > 0 ? depth[0].qty_lots : 0);
    }
}

static void random_updates(base_random *random, int64_t base_ticks, int64_t step_ticks)
{
    market_book book = open_book();
    model expected = {.base_ticks = base_ticks, .step_ticks = step_ticks};

    for (int i = 0; i < 60000; i++) {
        /* Phases that fill and phases that empty, so that pages split, join and vanish. */
        bool filling = i / 3000 % 2 == 0;
        int side = (int)base_random_below(random, 2);
        int index = (int)base_random_below(random, MODEL_PRICES);
        int64_t lots = 0, previous = -1;

        if (base_random_below(random, 10) < (filling ? 8u : 2u))
            lots = 1 + (int64_t)base_random_below(random, 1000);
        if (base_random_below(random, 4) == 0 && book.best[side].qty_lots > 0) {
            index = (int)((book.best[side].price_ticks - base_ticks) / step_ticks);
            lots = 0; /* the best goes */
        }
        assert_int_equal(
            market_book_set(&book, side, base_ticks + index * step_ticks, lots, &previous),
            HEAN_OK);
        assert_true(previous == expected.lots[side][index]);
        expected.lots[side][index] = lots;
        if (base_random_below(random, 9000) == 0) {
            market_book_clear(&book);
            memset(expected.lots, 0, sizeof expected.lots);
        }
        if (i % 37 == 0)
            compare(&book, &expected);
    }
    compare(&book, &expected);
    market_book_deinit(&book);
}

static void book_agrees_with_a_naive_model(void **state)
{
    base_random random;
    (void)state;

    base_random_init(&random, test_seed());
    random_updates(&random, 1, 1);
    random_updates(&random, 268000, 1);
    random_updates(&random, 1000, 977);
    random_updates(&random, 1, (MARKET_TICKS_MAX - 1) / MODEL_PRICES);
}

/* ---- memory ---- */

static void book_survives_every_failed_allocation_unchanged(void **state)
{
    (void)state;

    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator failing;
        market_book book;
        int64_t refused = 0, price;
        bool opened;

        test_allocator_init(&failing, fail_at);
        opened = market_book_init(&book, &failing.allocator) == HEAN_OK;
        for (price = 1; opened && price <= 3000; price++) {
            hean_status status = market_book_set(&book, MARKET_BID, price * 7 % 3001, price, NULL);
            if (status == HEAN_OK)
                continue;
            assert_int_equal(status, HEAN_E_NO_MEMORY);
            assert_int_equal(market_book_levels(&book, MARKET_BID), price - 1 - refused);
            assert_int_equal(market_book_qty(&book, MARKET_BID, price * 7 % 3001), 0);
            refused++;
        }
        if (opened)
            market_book_deinit(&book);
        assert_int_equal(failing.live, 0);
        if (failing.calls < fail_at) {
            assert_true(fail_at > 10);
            break;
        }
        assert_true(!opened || refused > 0);
    }
}

static void memory_follows_the_levels_down(void **state)
{
    test_allocator counting;
    market_book book;
    uint64_t calls;
    (void)state;

    test_allocator_init(&counting, 0);
    assert_int_equal(market_book_init(&book, &counting.allocator), HEAN_OK);
    for (int64_t price = 1; price <= 100000; price++)
        set(&book, MARKET_BID, price, 1);
    calls = counting.calls;
    /* A market that wanders: the same number of levels at ever new prices needs nothing new. */
    for (int64_t price = 1; price <= 300000; price++) {
        set(&book, MARKET_BID, price, 0);
        set(&book, MARKET_BID, price + 100000, 1);
    }
    assert_true(counting.calls <= calls + 8);
    market_book_deinit(&book);
    assert_int_equal(counting.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(book_knows_its_best_levels),
        cmocka_unit_test(book_removes_a_level_at_size_zero),
        cmocka_unit_test(book_ignores_the_removal_of_an_unknown_level),
        cmocka_unit_test(book_reports_a_crossed_book_and_does_not_repair_it),
        cmocka_unit_test(book_refuses_impossible_levels_and_stays_as_it_was),
        cmocka_unit_test(book_takes_prices_up_to_2_53),
        cmocka_unit_test(book_holds_no_more_levels_than_its_limit),
        cmocka_unit_test(apply_clears_before_a_snapshot),
        cmocka_unit_test(apply_refuses_a_bad_level_before_it_clears),
        cmocka_unit_test(quotes_are_the_book_until_a_book_event_is_seen),
        cmocka_unit_test(other_events_do_not_touch_the_book),
        cmocka_unit_test(book_agrees_with_a_naive_model),
        cmocka_unit_test(book_survives_every_failed_allocation_unchanged),
        cmocka_unit_test(memory_follows_the_levels_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
