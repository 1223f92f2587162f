/*
 * import_test.c: what an import does with dirt: bad rows, disorder, late discoveries, cuts; and
 * with memory that runs out.
 */
#include "import_fixture.h"

static import_fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&fixture, "import");
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

#define TRADES "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
#define L2     "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"

/* ---- bad rows ---- */

static void bad_row_is_counted_with_its_line_and_what_was_expected(void **state)
{
    static const char *const cases[][2] = {
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.5", "expected 8 columns, found 7"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.5,1,x", "expected 8 columns, found 9"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,ten,1", "price \"ten\": expected a number"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,,1", "price: expected a number, found"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,-10.5,1", "price \"-10.5\": expected no"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.5,-1", "size \"-1\": expected no"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,0,1", "price of a trade"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.5,0", "quantity of a trade"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.55,1",
         "price 10.55: expected a multiple of the tick 0.1"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,10.5,0.5",
         "size 0.5: expected a multiple of the lot 1"},
        {"v,ABC,1700000000000300,1700000000000400,2,bought,10.5,1",
         "side \"bought\": expected buy"},
        {"v,ABC,soon,1700000000000400,2,buy,10.5,1", "time \"soon\": expected a time"},
        {"v,ABC,,1700000000000400,2,buy,10.5,1", "time \"\": expected a time"},
        {"v,ABC,5,1700000000000400,2,buy,10.5,1", "time 5: expected a time between"},
        {"v,ABC,1700000000000300,x,2,buy,10.5,1", "local time \"x\": expected a time"},
        {"v,,1700000000000300,1700000000000400,2,buy,10.5,1", "symbol \"\": expected"},
        {"v,A C,1700000000000300,1700000000000400,2,buy,10.5,1", "symbol \"A C\": expected"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,123456789012345678901,1", "fewer digits"},
        {"v,ABC,1700000000000300,1700000000000400,2,buy,9999999999999999.9,1", "2^53"},
        {"", "expected a row, found an empty line"},
        {"\x1b[31m", "expected 8 columns, found 1"}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char text[500];
        (void)snprintf(text, sizeof text,
                       TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n%s\n"
                              "v,ABC,1700000000000500,1700000000000600,3,buy,10.5,1\n\n\n",
                       cases[i][0]);
        fixture_put(&fixture, "t.csv", text);
        fixture_instrument(&fixture, "tick=0.1,lot=1");
        assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
        assert_string_equal(fixture_tell(&fixture), "200 100 ABC trade buy 10.5 1 #1\n"
                                                    "600 500 ABC trade buy 10.5 1 #3\n");
        assert_int_equal(fixture.report.rows, 3);
        assert_int_equal(fixture.report.bad_rows, 1);
        assert_int_equal(fixture.report.files[0].bad_count, 1);
        assert_int_equal(fixture.report.files[0].bad[0].line, 3);
        if (strstr(fixture.report.files[0].bad[0].message, cases[i][1]) == NULL)
            print_error("%s: %s\n", cases[i][0], fixture.report.files[0].bad[0].message);
        assert_non_null(strstr(fixture.report.files[0].bad[0].message, cases[i][1]));
        fixture_close(&fixture);
        fixture_open(&fixture, "import");
    }
}

static void bad_book_rows_do_not_hide_in_the_quick_way(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "v,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.4,3,9\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.45,3\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.3,x\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,0,1\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.2\n"
                   "v,ABC,1700000000000100,1700000000000200,maybe,bid,10.2,1\n"
                   "v,ABC,1700000000000100,1700000000000200,true,both,10.2,1\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.1,3\n");
    fixture_instrument(&fixture, "tick=0.1,lot=1");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.rows, 9);
    assert_int_equal(fixture.report.bad_rows, 7);
    assert_string_equal(fixture_tell(&fixture), "200 100 ABC book bid 10.5 3 clear snapshot\n"
                                                "200 100 ABC book bid 10.1 3 snapshot last\n");
}

static void only_the_first_bad_rows_are_kept_but_all_are_counted(void **state)
{
    base_buffer text;
    (void)state;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n");
    for (int i = 0; i < 50; i++)
        base_buffer_printf(&text, "rubbish %d\n", i);
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.bad_rows, 50);
    assert_int_equal(fixture.report.files[0].bad_count, MARKET_IMPORT_SAMPLES);
    assert_int_equal(fixture.report.files[0].bad[19].line, 22);
}

static void strict_import_fails_at_the_first_bad_row(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv",
                TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\nrubbish\n");
    fixture.options.strict = true;
    fixture_expect_failure(&fixture, HEAN_E_PARSE, "t.csv:3: expected 8 columns");
}

static void file_without_a_good_row_is_an_error(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv", TRADES "rubbish\nmore rubbish\n");
    fixture_expect_failure(&fixture, HEAN_E_PARSE, "none of its 2 rows is good; line 2: expected");
}

static void empty_files_are_errors(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv", "");
    fixture_expect_failure(&fixture, HEAN_E_TRUNCATED, "t.csv: the file is empty");
    fixture_close(&fixture);
    fixture_open(&fixture, "import");
    fixture_put(&fixture, "t.csv", TRADES);
    fixture_expect_failure(&fixture, HEAN_E_TRUNCATED, "no rows");
}

static void header_without_rows_is_a_note_where_others_have_rows(void **state)
{
    (void)state;
    fixture_put(&fixture, "a.csv", TRADES);
    fixture_put(&fixture, "b.csv", TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n");
    fixture_expect(&fixture, "200 100 ABC trade buy 10.5 1 #1\n");
    assert_string_equal(fixture.report.files[0].note, "no rows");
}

static void sizes_between_large_lots_are_rounded_and_counted(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "v,ABC,1700000000000100,1700000000000200,true,bid,10.5,25.426189\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.4,0.000019\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.3,0.00002\n");
    fixture_instrument(&fixture, "tick=0.1,lot=0.00001");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_string_equal(fixture_tell(&fixture),
                        "200 100 ABC book bid 10.5 25.42619 clear snapshot\n"
                        "200 100 ABC book bid 10.3 0.00002 snapshot last\n");
    assert_int_equal(fixture.report.rounded_rows, 1);
    assert_int_equal(fixture.report.bad_rows, 1);
}

static void venue_times_after_the_local_time_are_clamped(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv", TRADES "v,ABC,1700000000000300,1700000000000200,1,buy,10.5,1\n");
    fixture_expect(&fixture, "200 200 ABC trade buy 10.5 1 #1\n");
    assert_int_equal(fixture.report.files[0].clamped_rows, 1);
}

static void header_that_comes_again_is_no_row(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv",
                TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n" TRADES
                       "v,ABC,1700000000000300,1700000000000400,2,buy,10.5,1");
    fixture_expect(&fixture, "200 100 ABC trade buy 10.5 1 #1\n"
                             "400 300 ABC trade buy 10.5 1 #2\n");
    assert_int_equal(fixture.report.rows, 2);
}

/* ---- order ---- */

static void add_trade(base_buffer *text, int64_t us, int number)
{
    base_buffer_printf(text, "v,ABC,%lld,%lld,%d,buy,10.5,1\n",
                       (long long)(INT64_C(1700000000000000) + us),
                       (long long)(INT64_C(1700000000000000) + us), number);
}

/* Events in order, of equal times in the order of their numbers, none lost. */
static void assert_all_in_order(uint64_t expected)
{
    const hean_event *events = fixture.data.events;
    assert_int_equal(fixture.data.info.events, expected);
    for (uint64_t i = 1; i < expected; i++) {
        assert_true(events[i].local_ns >= events[i - 1].local_ns);
        if (events[i].local_ns == events[i - 1].local_ns)
            assert_true(events[i].data.level.sequence > events[i - 1].data.level.sequence);
    }
}

static void rows_a_little_late_are_put_in_order(void **state)
{
    base_random random;
    base_buffer text;
    uint64_t back = 0;
    int64_t before_us = -1;
    (void)state;
    base_random_init(&random, test_seed());
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES);
    for (int i = 0; i < 20000; i++) {
        int64_t us = i / 2 * 2 + 1000 - (int64_t)base_random_below(&random, 1000);
        back += us < before_us ? 1 : 0;
        before_us = us;
        add_trade(&text, us, i + 1);
    }
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_all_in_order(20000);
    assert_int_equal(fixture.report.out_of_order_rows, back);
    assert_string_equal(fixture.report.files[0].note, "");
}

static void rows_far_too_late_are_sorted_on_disk(void **state)
{
    base_buffer text;
    (void)state;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES);
    /* Two days in the wrong order, with times that both have: more than several runs hold. */
    for (int i = 0; i < 150000; i++)
        add_trade(&text, INT64_C(50000) + i, i + 1);
    for (int i = 0; i < 150000; i++)
        add_trade(&text, i, 150001 + i);
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_all_in_order(300000);
    assert_int_equal(fixture.report.out_of_order_rows, 1);
    assert_string_equal(fixture.report.files[0].note, "rows far out of order: sorted on disk");
}

static void large_files_that_are_newest_first_are_turned_round(void **state)
{
    base_buffer text;
    (void)state;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES);
    for (int i = 140000; i > 0; i--)
        add_trade(&text, i / 3, i);
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_all_in_order(140000);
    assert_int_equal(fixture.report.out_of_order_rows, 0);
}

static void book_rows_out_of_order_still_make_whole_messages(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "v,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"
                   "v,ABC,1700000000000100,1700000000000400,false,bid,10.3,3\n"
                   "v,ABC,1700000000000100,1700000000000200,true,bid,10.4,3\n"
                   "v,ABC,1700000000000100,1700000000000400,false,bid,10.2,3\n");
    fixture_expect(&fixture, "200 100 ABC book bid 10.5 3 clear snapshot\n"
                             "200 100 ABC book bid 10.4 3 snapshot last\n"
                             "400 100 ABC book bid 10.3 3\n"
                             "400 100 ABC book bid 10.2 3 last\n");
    assert_int_equal(fixture.report.out_of_order_rows, 1);
}

static void files_merge_by_time_and_at_equal_times_by_their_order(void **state)
{
    (void)state;
    fixture_put(&fixture, "b.csv",
                TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n"
                       "v,ABC,1700000000000100,1700000000000300,2,buy,10.5,1\n"
                       "v,ABC,1700000000000100,1700000000000300,3,buy,10.5,1\n"
                       "v,ABC,1700000000000100,1700000000000500,4,buy,10.5,1\n");
    fixture_put(&fixture, "a.csv",
                L2 "v,ABC,1700000000000100,1700000000000300,true,bid,10.5,3\n"
                   "v,ABC,1700000000000100,1700000000000300,true,ask,10.6,3\n"
                   "v,ABC,1700000000000100,1700000000000400,false,bid,10.5,4\n");
    fixture_expect(&fixture, "200 100 ABC trade buy 10.5 1 #1\n"
                             "300 100 ABC trade buy 10.5 1 #2\n"
                             "300 100 ABC trade buy 10.5 1 #3\n"
                             "300 100 ABC book bid 10.5 3 clear snapshot\n"
                             "300 100 ABC book ask 10.6 3 snapshot last\n"
                             "400 100 ABC book bid 10.5 4 last\n"
                             "500 100 ABC trade buy 10.5 1 #4\n");
}

/* Many files of random times, some of which begin late or with a late row. */
static void many_files_merge_like_a_sort(void **state)
{
    base_random random;
    uint64_t total = 0;
    (void)state;
    base_random_init(&random, test_seed());
    for (int file = 0; file < 12; file++) {
        base_buffer text;
        char name[20];
        int64_t us = (int64_t)base_random_below(&random, 40000);
        int rows = (int)base_random_below(&random, 6000) + 1;
        base_buffer_init(&text, base_allocator_default());
        base_buffer_printf(&text, TRADES);
        for (int i = 0; i < rows; i++) {
            us += (int64_t)base_random_below(&random, 5);
            /* Late rows far into the file: earlier than its first one. */
            int64_t late = base_random_below(&random, 2000) == 0 ? us / 2 : 0;
            add_trade(&text, us - late, file * 1000000 + i + 1);
        }
        total += (uint64_t)rows;
        (void)snprintf(name, sizeof name, "%02d.csv", file);
        fixture_put(&fixture, name, text.data);
        base_buffer_deinit(&text);
    }
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_all_in_order(total);
}

/* ---- instruments ---- */

static void tick_and_lot_that_are_not_given_are_those_of_all_the_data(void **state)
{
    base_buffer text;
    (void)state;
    /* A finer price far behind the first look: the import starts again with it. */
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES);
    for (int i = 0; i < 5000; i++)
        base_buffer_printf(&text, "v,ABC,%lld,%lld,%d,buy,%d.5,%d00\n",
                           (long long)(INT64_C(1700000000000000) + i),
                           (long long)(INT64_C(1700000000000000) + i), i, 100 + i % 7, i % 5 + 1);
    base_buffer_printf(&text, "v,ABC,1700000000009000,1700000000009000,9,buy,100.02,130\n");
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.bad_rows, 0);
    assert_int_equal(fixture.data.info.events, 5001);
    const hean_instrument *spec = &fixture.data.instruments[0].spec;
    assert_int_equal(spec->tick_size.mantissa, 2);
    assert_int_equal(spec->tick_size.exponent10, -2);
    assert_int_equal(spec->lot_size.mantissa, 1);
    assert_int_equal(spec->lot_size.exponent10, 1);
    assert_int_equal(fixture.data.events[5000].data.level.price_ticks, 5001);
}

static void symbol_that_comes_late_is_an_instrument_too(void **state)
{
    base_buffer text;
    (void)state;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, TRADES);
    for (int i = 0; i < 5000; i++)
        add_trade(&text, i, i + 1);
    base_buffer_printf(&text, "v,LATE,1700000000009000,1700000000009000,9,buy,7,1\n");
    fixture_put(&fixture, "t.csv", text.data);
    base_buffer_deinit(&text);
    fixture_instrument(&fixture, "symbol=LATE,tick=0.5,lot=1");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.book_count, 2);
    assert_int_equal(fixture.data.info.events, 5001);
    assert_int_equal(fixture.data.events[5000].data.level.price_ticks, 14);
}

static void one_symbol_of_two_exchanges_is_two_instruments(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv",
                TRADES "one,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n"
                       "two,ABC,1700000000000100,1700000000000300,2,buy,10.5,1\n"
                       "two,XYZ,1700000000000100,1700000000000400,3,buy,10.5,1\n");
    fixture_expect(&fixture, "200 100 one:ABC trade buy 10.5 1 #1\n"
                             "300 100 two:ABC trade buy 10.5 1 #2\n"
                             "400 100 XYZ trade buy 10.5 1 #3\n");
}

static void files_without_an_exchange_join_the_one_that_has(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "one,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n");
    fixture_put(&fixture, "ABC-trades-2023.csv", "5,10.5,2,21,1700000000001,true\n");
    fixture_expect(&fixture, "200 100 ABC book bid 10.5 3 clear snapshot last\n"
                             "1000 1000 ABC trade sell 10.5 2 #5\n");
}

static void symbol_option_leaves_the_others_out(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv",
                TRADES "one,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n"
                       "one,XYZ,1700000000000100,1700000000000300,2,buy,10.5,1\n");
    fixture.options.symbol = "XYZ";
    fixture_expect(&fixture, "300 100 XYZ trade buy 10.5 1 #2\n");
    assert_int_equal(fixture.report.rows, 2);
    assert_int_equal(fixture.report.book_count, 1);
    fixture_reset(&fixture);
    fixture_put(&fixture, "t.csv",
                TRADES "one,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n"
                       "two,ABC,1700000000000100,1700000000000300,2,buy,10.5,1\n");
    fixture.options.symbol = "two:ABC";
    fixture_expect(&fixture, "300 100 ABC trade buy 10.5 1 #2\n");
    fixture_reset(&fixture);
    fixture_put(&fixture, "t.csv",
                TRADES "one,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n");
    fixture.options.symbol = "NOPE";
    fixture_expect_failure(&fixture, HEAN_E_NOT_FOUND,
                           "symbol NOPE is not in the data; there are: ABC");
}

static void texts_about_instruments_must_fit_the_data(void **state)
{
    static const struct {
        const char *text;
        hean_status status;
        const char *part;
    } cases[] = {{"symbol=NOPE,tick=1,lot=1", HEAN_E_NOT_FOUND, "NOPE is not in the data"},
                 {"tick=1,lot=1", HEAN_E_INVALID, "there are several (ABC, XYZ)"},
                 {"symbol=ABC,tik=1", HEAN_E_NOT_FOUND, "tick"},
                 {"symbol=ABC,tick=x", HEAN_E_PARSE, "tick=x"}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        fixture_put(&fixture, "t.csv",
                    TRADES "one,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n"
                           "one,XYZ,1700000000000100,1700000000000300,2,buy,10.5,1\n");
        fixture_instrument(&fixture, cases[i].text);
        assert_status(fixture_run(&fixture), cases[i].status, &fixture.error);
        assert_non_null(strstr(fixture.error.message, cases[i].part));
        fixture_close(&fixture);
        fixture_open(&fixture, "import");
    }
}

/* ---- cuts ---- */

#define CUT_DATA                                                                                   \
    L2 "v,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"                                 \
       "v,ABC,1700000000000100,1700000000000200,true,ask,10.6,4\n"                                 \
       "v,ABC,1700000000000100,1700000000000300,false,bid,10.4,5\n"                                \
       "v,ABC,1700000000000300,1700000000000400,false,bid,10.5,0\n"                                \
       "v,ABC,1700000000000400,1700000000000500,false,ask,10.6,2\n"

static void cut_in_the_middle_begins_with_the_book_as_it_was(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv", CUT_DATA);
    fixture.options.from_ns = IMPORT_T0_NS + 350000;
    fixture.options.to_ns = IMPORT_T0_NS + 500000;
    fixture_expect(&fixture, "350 100 ABC book bid 10.5 3 clear snapshot\n"
                             "350 100 ABC book bid 10.4 5 snapshot\n"
                             "350 100 ABC book ask 10.6 4 snapshot last\n"
                             "400 300 ABC book bid 10.5 0 last\n");
}

static void cut_before_the_data_changes_nothing(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv", CUT_DATA);
    fixture.options.from_ns = IMPORT_T0_NS;
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.data.info.events, 5);
    assert_int_equal(fixture.data.events[0].local_ns, IMPORT_T0_NS + 200000);
}

static void cut_without_events_is_an_error(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv", CUT_DATA);
    fixture.options.from_ns = IMPORT_T0_NS + 900000;
    fixture_expect_failure(&fixture, HEAN_E_NOT_FOUND, "between the times given");
    fixture_reset(&fixture);
    fixture_put(&fixture, "book.csv", CUT_DATA);
    fixture.options.to_ns = IMPORT_T0_NS + 100000;
    fixture_expect_failure(&fixture, HEAN_E_NOT_FOUND, "between the times given");
}

/* ---- the report ---- */

static void gaps_and_crossed_books_are_reported(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "v,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"
                   "v,ABC,1700000000000100,1700000000000200,true,ask,10.6,4\n"
                   "v,ABC,1700000000000100,1700000005000200,false,bid,10.7,5\n"
                   "v,ABC,1700000000000100,1700000006000200,false,bid,10.7,0\n");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.files[0].longest_gap_ns, 5 * BASE_NS_PER_S);
    assert_int_equal(fixture.report.files[0].longest_gap_at_ns, IMPORT_T0_NS + 200000);
    assert_int_equal(fixture.report.books[0].crossed_messages, 1);
    assert_int_equal(fixture.report.books[0].messages, 3);
}

static void quotes_are_compared_with_the_book_where_both_stand_still(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "v,ABC,1700000000010000,1700000000011000,true,bid,10.5,3\n"
                   "v,ABC,1700000000010000,1700000000011000,true,ask,10.6,4\n"
                   "v,ABC,1700000000020000,1700000000021000,false,bid,10.5,2\n"
                   "v,ABC,1700000000030000,1700000000031000,false,bid,10.5,9\n"
                   "v,ABC,1700000000042000,1700000000043000,false,bid,10.5,8\n");
    fixture_put(&fixture, "quotes.csv",
                "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_"
                "amount\n"
                "v,ABC,1700000000002000,1700000000003000,4,10.6,10.5,3\n"   /* 10 ms: agrees */
                "v,ABC,1700000000018000,1700000000019000,4,10.6,10.5,2\n"   /* 20 ms: too young */
                "v,ABC,1700000000022000,1700000000023000,4,10.6,10.5,2\n"   /* 30 ms: disagrees */
                "v,ABC,1700000000045000,1700000000046000,4,10.6,10.5,8\n"); /* 42 ms: too near */
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.books[0].quotes_compared, 2);
    assert_int_equal(fixture.report.books[0].quotes_agreeing, 1);
}

/* ---- paths ---- */

static void folders_are_read_by_name_and_others_are_noted(void **state)
{
    char child[2300];
    (void)state;
    (void)fixture_put_bytes(&fixture, "b.csv",
                            TRADES "v,ABC,1700000000000100,1700000000000200,2,buy,10.5,1\n",
                            strlen(TRADES) + 53);
    (void)fixture_put_bytes(&fixture, "a.csv",
                            TRADES "v,ABC,1700000000000100,1700000000000200,1,buy,10.5,1\n",
                            strlen(TRADES) + 53);
    (void)fixture_put_bytes(&fixture, "README.md", "words\n", 6);
    (void)fixture_put_bytes(&fixture, ".hidden.csv", "words\n", 6);
    (void)snprintf(child, sizeof child, "%s/below", fixture.folder);
    assert_int_equal(mkdir(child, 0700), 0);
    fixture.paths[fixture.options.path_count++] = strdup(fixture.folder);
    fixture_expect(&fixture, "200 100 ABC trade buy 10.5 1 #1\n"
                             "200 100 ABC trade buy 10.5 1 #2\n");
    assert_int_equal(fixture.report.note_count, 2);
    assert_non_null(strstr(fixture.report.notes[0], "README.md"));
    assert_non_null(strstr(fixture.report.notes[1], "below"));
    fixture_reset(&fixture);
    fixture.paths[fixture.options.path_count++] = strdup(child);
    fixture_expect_failure(&fixture, HEAN_E_NOT_FOUND, "no data files");
}

static void paths_that_are_not_there_are_errors(void **state)
{
    (void)state;
    fixture.paths[fixture.options.path_count++] = strdup("/nowhere/at/all.csv");
    fixture_expect_failure(&fixture, HEAN_E_NOT_FOUND, "/nowhere/at/all.csv");
    fixture_reset(&fixture);
    fixture_expect_failure(&fixture, HEAN_E_INVALID, "no data");
    fixture.paths[fixture.options.path_count++] = strdup("sim:x");
    fixture_expect_failure(&fixture, HEAN_E_PARSE, "sim");
}

/* ---- memory ---- */

/* Fails every allocation in turn: the import fails each time, and leaks nothing. */
static void memory_that_runs_out_is_an_error_and_no_leak(void **state)
{
    test_allocator allocator;
    (void)state;
    for (uint64_t at = 1;; at++) {
        fixture_put(&fixture, "book.csv", CUT_DATA);
        fixture_put(&fixture, "old.csv",
                    TRADES "one,ABC,1700000000000100,1700000000000300,1,buy,10.5,1\nrubbish\n"
                           "one,ABC,1700000000000100,1700000000000200,2,buy,10.55,1\n");
        fixture_put(&fixture, "q.csv",
                    "symbol,timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
                    "ABC,1700000000000100,1,11,10,1\n");
        fixture_put(&fixture, "x.jsonl",
                    "{ \"topic\":\"orderbook.50.ABC\",\"type\":\"delta\",\"ts\":1700000000001,"
                    "\"data\":{\"s\":\"ABC\",\"b\":[[\"1\",\"1\"]],\"a\":[],\"u\":2}}\n");
        test_allocator_init(&allocator, at);
        fixture.allocator = &allocator.allocator;
        hean_status status = market_import_run(&allocator.allocator, &fixture.options, -1,
                                               &fixture.report, &fixture.error);
        if (status == HEAN_OK)
            market_import_report_deinit(&allocator.allocator, &fixture.report);
        assert_int_equal(allocator.live, 0);
        for (size_t i = 0; i < fixture.options.path_count; i++)
            free((char *)(uintptr_t)fixture.paths[i]);
        fixture.options.path_count = 0;
        if (status == HEAN_OK) {
            assert_true(at > 50);
            assert_true(allocator.calls < at);
            break;
        }
        assert_status(status, HEAN_E_NO_MEMORY, &fixture.error);
    }
    fixture.allocator = base_allocator_default();
}

static void import_can_be_stopped(void **state)
{
    static const volatile int stop = 1;
    (void)state;
    fixture_put(&fixture, "book.csv", CUT_DATA);
    fixture.options.stop = &stop;
    fixture_expect_failure(&fixture, HEAN_E_INTERRUPTED, "stopped");
    fixture.options.stop = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_row_is_counted_with_its_line_and_what_was_expected),
        TEST(bad_book_rows_do_not_hide_in_the_quick_way),
        TEST(only_the_first_bad_rows_are_kept_but_all_are_counted),
        TEST(strict_import_fails_at_the_first_bad_row),
        TEST(file_without_a_good_row_is_an_error),
        TEST(empty_files_are_errors),
        TEST(header_without_rows_is_a_note_where_others_have_rows),
        TEST(sizes_between_large_lots_are_rounded_and_counted),
        TEST(venue_times_after_the_local_time_are_clamped),
        TEST(header_that_comes_again_is_no_row),
        TEST(rows_a_little_late_are_put_in_order),
        TEST(rows_far_too_late_are_sorted_on_disk),
        TEST(large_files_that_are_newest_first_are_turned_round),
        TEST(book_rows_out_of_order_still_make_whole_messages),
        TEST(files_merge_by_time_and_at_equal_times_by_their_order),
        TEST(many_files_merge_like_a_sort),
        TEST(tick_and_lot_that_are_not_given_are_those_of_all_the_data),
        TEST(symbol_that_comes_late_is_an_instrument_too),
        TEST(one_symbol_of_two_exchanges_is_two_instruments),
        TEST(files_without_an_exchange_join_the_one_that_has),
        TEST(symbol_option_leaves_the_others_out),
        TEST(texts_about_instruments_must_fit_the_data),
        TEST(cut_in_the_middle_begins_with_the_book_as_it_was),
        TEST(cut_before_the_data_changes_nothing),
        TEST(cut_without_events_is_an_error),
        TEST(gaps_and_crossed_books_are_reported),
        TEST(quotes_are_compared_with_the_book_where_both_stand_still),
        TEST(folders_are_read_by_name_and_others_are_noted),
        TEST(paths_that_are_not_there_are_errors),
        TEST(memory_that_runs_out_is_an_error_and_no_leak),
        TEST(import_can_be_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
