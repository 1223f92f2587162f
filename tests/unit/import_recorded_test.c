/*
 * import_recorded_test.c: recorded data of real venues: every row is understood, and the book that
 * is built is the one that the venue's own quotes describe.
 */
#include "import_fixture.h"

static import_fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&fixture, "import_recorded");
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

/* Imports one recording; skips the test where it is absent. */
static const market_import_report *import_recorded(const char *name, const char *instrument)
{
    const char *path = test_data_path(name);

    if (path == NULL)
        skip();
    fixture.paths[fixture.options.path_count++] = strdup(path);
    if (instrument != NULL)
        fixture_instrument(&fixture, instrument);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.bad_rows, 0);
    return &fixture.report;
}

static void assert_price(int64_t units, hean_decimal step, const char *expected)
{
    char text[48];
    assert_string_equal(decimal_format_units(units, step, text, sizeof text), expected);
}

static void futures_book_agrees_with_every_quote(void **state)
{
    const market_import_report *report =
        import_recorded("binance-futures-ethusdt-20240808", "tick=0.01,lot=0.001");
    const market_import_book *book = &report->books[0];
    const hean_instrument *spec = &book->instrument.spec;
    (void)state;
    assert_int_equal(report->file_count, 3);
    assert_int_equal(report->files[0].rows, 430358);
    assert_int_equal(report->files[1].rows, 53992);
    assert_int_equal(report->files[2].rows, 14076);
    assert_int_equal(report->data.events, 430358 + 53992 + 14076);
    assert_int_equal(report->data.events_by_kind[HEAN_EVENT_BOOK], 430358);
    assert_int_equal(report->out_of_order_rows + report->rounded_rows, 0);
    assert_string_equal(spec->symbol, "ETHUSDT");
    assert_int_equal(book->messages, 6580);
    assert_int_equal(book->snapshots, 1);
    assert_int_equal(book->crossed_messages, 0);
    assert_int_equal(book->bid_levels, 3181);
    assert_int_equal(book->ask_levels, 3013);
    assert_price(book->bid_ticks, spec->tick_size, "2681.38");
    assert_price(book->bid_lots, spec->lot_size, "8.486");
    assert_price(book->ask_ticks, spec->tick_size, "2681.39");
    assert_price(book->ask_lots, spec->lot_size, "22.624");
    assert_true(book->quotes_compared > 3000);
    assert_int_equal(book->quotes_agreeing, book->quotes_compared);
}

static void spot_book_agrees_with_every_quote(void **state)
{
    const market_import_report *report =
        import_recorded("binance-spot-btcusdt-20240808", "tick=0.01,lot=0.00001");
    const market_import_book *book = &report->books[0];
    (void)state;
    assert_int_equal(report->files[0].rows, 126073);
    assert_int_equal(report->files[1].rows, 28040);
    assert_int_equal(report->files[2].rows, 9757);
    assert_int_equal(report->data.events, 126073 + 28040 + 9757);
    assert_int_equal(report->rounded_rows, 3); /* three old orders, finer than the lot */
    assert_int_equal(book->crossed_messages, 0);
    assert_true(book->quotes_compared > 2000);
    assert_int_equal(book->quotes_agreeing, book->quotes_compared);
}

static void tick_and_lot_of_recorded_data_are_found(void **state)
{
    const market_import_report *report = import_recorded("binance-futures-ethusdt-20240808", NULL);
    const hean_instrument *spec = &report->books[0].instrument.spec;
    (void)state;
    assert_price(1, spec->tick_size, "0.01");
    assert_price(1, spec->lot_size, "0.001");
}

static void bybit_lines_make_a_book_of_500_levels(void **state)
{
    const market_import_report *report =
        import_recorded("bybit-xrpusdt-orderbook500-20241201.jsonl.gz", "tick=0.0001,lot=1");
    const market_import_book *book = &report->books[0];
    (void)state;
    assert_int_equal(report->rows, 50);
    assert_int_equal(book->messages, 50);
    assert_int_equal(book->snapshots, 1);
    assert_int_equal(report->files[0].sequence_gaps, 0);
    assert_int_equal(book->crossed_messages, 0);
    assert_int_equal(book->bid_levels, 500);
    assert_int_equal(book->ask_levels, 500);
}

static void one_minute_bars_are_whole(void **state)
{
    const market_import_report *report =
        import_recorded("btc-perp-1m-20211231-20220201.csv.gz", "tick=0.5,lot=1,symbol=BTCUSD");
    const hean_event *first = &fixture.data.events[0];
    (void)state;
    assert_int_equal(report->rows, 45031);
    assert_int_equal(report->data.events_by_kind[HEAN_EVENT_BAR], 45031);
    assert_int_equal(report->files[0].longest_gap_ns, 60 * BASE_NS_PER_S);
    /* 2021-12-31 23:01:00, open; the bar is known a minute later. */
    assert_int_equal(first->local_ns, INT64_C(1640991720) * BASE_NS_PER_S);
    assert_int_equal(first->data.bar.interval_ns, 60 * BASE_NS_PER_S);
    assert_int_equal(first->data.bar.open_ticks, 92638);
    assert_int_equal(first->data.bar.volume_lots, 2300413);
    assert_int_equal(report->rounded_rows, 10); /* minutes that somebody interpolated */
}

static void importing_twice_gives_the_same_data(void **state)
{
    uint8_t first[HASH_SHA256_BYTES];
    (void)state;
    (void)import_recorded("binance-spot-btcusdt-20240808", "tick=0.01,lot=0.00001");
    memcpy(first, fixture.report.data.sha256, sizeof first);
    fixture_reset(&fixture);
    (void)import_recorded("binance-spot-btcusdt-20240808", "tick=0.01,lot=0.00001");
    assert_memory_equal(first, fixture.report.data.sha256, sizeof first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(futures_book_agrees_with_every_quote),
                                       TEST(spot_book_agrees_with_every_quote),
                                       TEST(tick_and_lot_of_recorded_data_are_found),
                                       TEST(bybit_lines_make_a_book_of_500_levels),
                                       TEST(one_minute_bars_are_whole),
                                       TEST(importing_twice_gives_the_same_data)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
