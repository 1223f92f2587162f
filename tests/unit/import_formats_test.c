/*
 * import_formats_test.c: a few invented rows of every format, and the events they become.
 */
#include "import_fixture.h"

static import_fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&fixture, "import_formats");
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

#define L2 "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"

static void book_rows_of_one_local_time_are_one_message(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "venue,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"
                   "venue,ABC,1700000000000100,1700000000000200,true,ask,10.6,4\n"
                   "venue,ABC,1700000000000300,1700000000000400,false,bid,10.5,0\n"
                   "venue,ABC,1700000000000300,1700000000000400,false,bid,10.4,7\n"
                   "venue,ABC,1700000000000500,1700000000000600,false,ask,10.6,1\n"
                   "venue,ABC,1700000000000700,1700000000000800,true,bid,10.2,2\n"
                   "venue,ABC,1700000000000700,1700000000000900,true,ask,10.3,2\n");
    fixture_instrument(&fixture, "tick=0.1,lot=1");
    fixture_expect(&fixture, "200 100 ABC book bid 10.5 3 clear snapshot\n"
                             "200 100 ABC book ask 10.6 4 snapshot last\n"
                             "400 300 ABC book bid 10.5 0\n"
                             "400 300 ABC book bid 10.4 7 last\n"
                             "600 500 ABC book ask 10.6 1 last\n"
                             "800 700 ABC book bid 10.2 2 clear snapshot last\n"
                             "900 700 ABC book ask 10.3 2 snapshot last\n");
    assert_string_equal(fixture.report.files[0].format, "tardis incremental_book_L2");
    assert_int_equal(fixture.report.books[0].messages, 5);
    assert_int_equal(fixture.report.books[0].snapshots, 2);
    assert_int_equal(fixture.report.books[0].bid_ticks, 102);
    assert_int_equal(fixture.report.books[0].ask_lots, 2);
}

static void messages_of_two_symbols_at_one_time_are_two(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                L2 "venue,ABC,1700000000000100,1700000000000200,true,bid,10.5,3\n"
                   "venue,XYZ,1700000000000100,1700000000000200,true,bid,7,1\n"
                   "venue,ABC,1700000000000100,1700000000000200,false,bid,10.5,2\n");
    fixture_expect(&fixture, "200 100 ABC book bid 10.5 3 clear snapshot last\n"
                             "200 100 XYZ book bid 7 1 clear snapshot last\n"
                             "200 100 ABC book bid 10.5 2 last\n");
}

static void columns_of_book_rows_may_stand_in_any_order(void **state)
{
    (void)state;
    fixture_put(&fixture, "book.csv",
                "price,amount,note,side,is_snapshot,timestamp,symbol\n"
                "10.5,3,x,bid,true,1700000000000100,ABC\n"
                "10.6,4,y,ask,true,1700000000000100,ABC\n");
    fixture_expect(&fixture, "100 100 ABC book bid 10.5 3 clear snapshot\n"
                             "100 100 ABC book ask 10.6 4 snapshot last\n");
}

static void tardis_trades_keep_side_and_number(void **state)
{
    (void)state;
    fixture_put(&fixture, "t.csv",
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                "venue,ABC,1700000000000100,1700000000000200,41,buy,10.5,3\n"
                "venue,ABC,1700000000000100,1700000000000200,42,sell,10.4,0.5\n"
                "venue,ABC,1700000000000300,,a-b-c,unknown,10.4,0.25\n");
    fixture_expect(&fixture, "200 100 ABC trade buy 10.5 3 #41\n"
                             "200 100 ABC trade sell 10.4 0.5 #42\n"
                             "300 300 ABC trade - 10.4 0.25\n");
}

static void tardis_quotes_have_the_ask_first_and_may_lack_a_side(void **state)
{
    (void)state;
    fixture_put(&fixture, "q.csv",
                "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_"
                "amount\n"
                "venue,ABC,1700000000000100,1700000000000200,4,10.6,10.5,3\n"
                "venue,ABC,1700000000000300,1700000000000400,,,10.5,3\n");
    fixture_expect(&fixture, "200 100 ABC quote 10.5 3 10.6 4\n"
                             "400 300 ABC quote 10.5 3 0 0\n");
}

static void tardis_ticker_gives_marks_on_change_and_funding_once(void **state)
{
    (void)state;
    fixture_put(&fixture, "ticker.csv",
                "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,"
                "predicted_funding_rate,open_interest,last_price,index_price,mark_price\n"
                "v,ABC,1700000000000100,1700000000000200,1700000001000000,0.0001,,100,10.5,10.51,"
                "10.512\n"
                "v,ABC,1700000000000300,1700000000000400,1700000001000000,0.0001,,100,10.5,10.51,"
                "10.512\n"
                "v,ABC,1700000000000500,1700000000000600,1700000001000000,0.0002,,100,10.6,10.51,"
                "10.556\n"
                "v,ABC,1700000001000100,1700000001000200,1700003601000000,-0.0003,,100,10.6,10.51,"
                "10.556\n"
                "v,ABC,1700000001000300,1700000001000400,1700003601000000,-0.0003,,100,10.6,10.51,"
                "10.556\n"
                "v,ABC,1700003601000000,1700003601000100,1700003601000000,-0.0003,,100,10.6,10.51,"
                "\n");
    fixture_instrument(&fixture, "tick=0.1,lot=1");
    fixture_expect(&fixture,
                   "200 100 ABC mark 10.5 10.5 10.5 rate 100000000 next 1000000\n"
                   "600 500 ABC mark 10.6 10.5 10.6 rate 200000000 next 1000000\n"
                   "1000200 1000000 ABC funding 200000000 interval 0\n"
                   "1000200 1000100 ABC mark 10.6 10.5 10.6 rate -300000000 next 3601000000\n"
                   "3601000100 3601000000 ABC funding -300000000 interval 3600\n"
                   "3601000100 3601000000 ABC mark 0 10.5 10.6 rate -300000000 next 3601000000\n");
}

static void book_snapshots_replace_the_book_and_leave_out_missing_levels(void **state)
{
    (void)state;
    fixture_put(&fixture, "s.csv",
                "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,"
                "bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,"
                "bids[1].amount\n"
                "v,ABC,1700000000000100,1700000000000200,10.6,4,10.5,3,10.7,8,10.4,6\n"
                "v,ABC,1700000000000300,1700000000000400,10.6,4,10.5,3,,,10.4,0\n"
                "v,ABC,1700000000000500,1700000000000600,,,,,,,,\n");
    fixture_expect(&fixture, "200 100 ABC book bid 10.5 3 clear snapshot\n"
                             "200 100 ABC book bid 10.4 6 snapshot\n"
                             "200 100 ABC book ask 10.6 4 snapshot\n"
                             "200 100 ABC book ask 10.7 8 snapshot last\n"
                             "400 300 ABC book bid 10.5 3 clear snapshot\n"
                             "400 300 ABC book ask 10.6 4 snapshot last\n"
                             "600 500 ABC book - 0 0 clear snapshot last\n");
    assert_string_equal(fixture.report.files[0].format, "tardis book_snapshot_2");
}

static void liquidations_are_left_out_and_said(void **state)
{
    (void)state;
    fixture_put(&fixture, "bybit_liquidations_2024.csv",
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                "venue,ABC,1700000000000100,1700000000000200,41,buy,10.5,3\n");
    fixture_put(&fixture, "trades.csv",
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                "venue,ABC,1700000000000100,1700000000000300,41,buy,10.5,3\n");
    fixture_expect(&fixture, "300 100 ABC trade buy 10.5 3 #41\n");
    assert_non_null(strstr(fixture.report.files[0].note, "liquidations"));
}

static void bybit_trades_have_seconds_with_a_fraction(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT2023-11-14.csv",
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,"
                "foreignNotional,RPI\n"
                "1700000000.1234,ABCUSDT,Sell,3.5,171.25,ZeroMinusTick,0aa0bb0c,5.99375e+10,3.5,"
                "599.375,0\n"
                "1700000000.2,ABCUSDT,Buy,1,171.3,PlusTick,0aa0bb0d,1.7e+10,1,171.3,1\n");
    fixture_expect(&fixture, "123400 123400 ABCUSDT trade sell 171.25 3.5\n"
                             "200000 200000 ABCUSDT trade buy 171.3 1\n");
    assert_int_equal(fixture.data.instruments[0].spec.kind, HEAN_INSTRUMENT_LINEAR);
}

static void files_that_are_newest_first_are_turned_round(void **state)
{
    (void)state;
    fixture_put(&fixture, "old.csv",
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID\n"
                "1700000000.4,ABC,Sell,4,10,x,x\n"
                "1700000000.3,ABC,Sell,3,10,x,x\n"
                "1700000000.2,ABC,Sell,22,10,x,x\n"
                "1700000000.2,ABC,Sell,21,10,x,x\n"
                "1700000000.1,ABC,Sell,1,10,x,x\n");
    fixture_expect(&fixture, "100000 100000 ABC trade sell 10 1\n"
                             "200000 200000 ABC trade sell 10 21\n"
                             "200000 200000 ABC trade sell 10 22\n"
                             "300000 300000 ABC trade sell 10 3\n"
                             "400000 400000 ABC trade sell 10 4\n");
    assert_int_equal(fixture.report.out_of_order_rows, 0);
    assert_non_null(strstr(fixture.report.files[0].note, "newest first"));
}

static void bybit_spot_trades_take_the_symbol_from_the_name(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT_2023-11-14.csv",
                "id,timestamp,price,volume,side,rpi\n"
                "1,1700000000123,171.3,0.82,buy,0\n");
    fixture_expect(&fixture, "123000 123000 ABCUSDT trade buy 171.3 0.82 #1\n");
    assert_int_equal(fixture.data.instruments[0].spec.kind, HEAN_INSTRUMENT_SPOT);
}

#define FRAME(type, ts, bids, asks, u)                                                             \
    "{\"topic\":\"orderbook.50.ABC\",\"type\":\"" type "\",\"ts\":17000000000" ts                  \
    ",\"data\":{\"s\":\"ABC\",\"b\":[" bids "],\"a\":[" asks "],\"u\":" u                          \
    ",\"seq\":1},\"cts\":1700000000000}\n"

static void bybit_frames_are_messages_with_gaps_flagged(void **state)
{
    (void)state;
    fixture_put(
        &fixture, "2023-11-14_ABC_ob500.data",
        FRAME("snapshot", "01", "[\"10.5\",\"3\"],[\"10.4\",\"0\"]", "[\"10.6\",\"4\"]", "7")
            FRAME("delta", "02", "[\"10.5\",\"0\"],[\"10.4\",\"1\"]", "", "8")
                FRAME("delta", "03", "", "", "9") FRAME("delta", "03", "", "[\"10.6\",\"5\"]", "10")
                    FRAME("delta", "04", "", "[\"10.7\",\"1\"],[\"10.8\",\"2\"]", "12")
                        FRAME("delta", "05", "[\"10.3\",\"1\"]", "", "1")
                            FRAME("delta", "06", "", "", "5"));
    fixture_expect(&fixture, "1000 0 ABC book bid 10.5 3 clear snapshot #7\n"
                             "1000 0 ABC book ask 10.6 4 snapshot last #7\n"
                             "2000 0 ABC book bid 10.5 0 #8\n"
                             "2000 0 ABC book bid 10.4 1 last #8\n"
                             "3000 0 ABC book ask 10.6 5 last #10\n"
                             "4000 0 ABC book ask 10.7 1 gap #12\n"
                             "4000 0 ABC book ask 10.8 2 last #12\n"
                             "5000 0 ABC book bid 10.3 1 clear snapshot last #1\n"
                             "6000 0 ABC book - 0 0 gap last #5\n");
    assert_int_equal(fixture.report.files[0].sequence_gaps, 2);
}

static void a_repeated_bybit_frame_is_a_bad_row(void **state)
{
    (void)state;
    fixture_put(&fixture, "x.jsonl",
                FRAME("snapshot", "01", "[\"10.5\",\"3\"]", "", "7")
                    FRAME("delta", "02", "[\"10.5\",\"2\"]", "", "8")
                        FRAME("delta", "02", "[\"10.5\",\"2\"]", "", "8"));
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.bad_rows, 1);
    assert_int_equal(fixture.report.files[0].bad[0].line, 3);
    assert_non_null(strstr(fixture.report.files[0].bad[0].message, "u 8: expected 9"));
}

static void binance_trades_with_and_without_a_header(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT-trades-2023-11-14.csv",
                "id,price,qty,quote_qty,time,is_buyer_maker\n"
                "5,10.5,2,21,1700000000001,true\n");
    fixture_put(&fixture, "ABCUSDT-aggTrades-2023-11-14.csv",
                "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,"
                "is_buyer_maker\n"
                "6,10.5,2,1,3,1700000000002,false\n");
    fixture_put(&fixture, "XYZUSDT-trades-2025-01.csv", "7,10.5,2,21,1700000000003000,True,True\n");
    fixture_put(&fixture, "XYZUSDT-aggTrades-2025-01.csv",
                "8,10.5,2,1,3,1700000000004000,False,True\n");
    fixture_expect(&fixture, "1000 1000 ABCUSDT trade sell 10.5 2 #5\n"
                             "2000 2000 ABCUSDT trade buy 10.5 2 #6\n"
                             "3000 3000 XYZUSDT trade sell 10.5 2 #7\n"
                             "4000 4000 XYZUSDT trade buy 10.5 2 #8\n");
}

static void binance_book_ticker_is_sorted_by_time(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT-bookTicker-2023-11-14.csv",
                "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_"
                "time,event_time\n"
                "1,10.5,2,10.6,3,1700000000001,1700000000005\n"
                "3,10.5,4,10.6,3,1700000000003,1700000000009\n"
                "2,10.5,3,10.6,3,1700000000002,1700000000007\n"
                "4,10.5,3,10.6,4,1700000000008,1700000000010\n");
    fixture_expect(&fixture, "5000 1000 ABCUSDT quote 10.5 2 10.6 3\n"
                             "7000 2000 ABCUSDT quote 10.5 3 10.6 3\n"
                             "9000 3000 ABCUSDT quote 10.5 4 10.6 3\n"
                             "10000 8000 ABCUSDT quote 10.5 3 10.6 4\n");
    assert_int_equal(fixture.report.out_of_order_rows, 1);
}

static void binance_klines_are_bars_at_their_end(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT-1m-2023-11-14.csv",
                "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_"
                "volume,taker_buy_quote_volume,ignore\n"
                "1700000000000,10.5,10.7,10.4,10.6,12.5,1700000059999,1,1,1,1,0\n");
    fixture_put(&fixture, "XYZUSDT-1h-2025-01.csv",
                "1700000000000000,10.5,10.7,10.4,10.6,12.5,1700003599999999,1,1,1,1,0\n");
    fixture_expect(&fixture,
                   "60000000 60000000 ABCUSDT bar 10.5 10.7 10.4 10.6 12.5 interval 60\n"
                   "3600000000 3600000000 XYZUSDT bar 10.5 10.7 10.4 10.6 12.5 interval 3600\n");
}

static void binance_funding_rates_are_funding(void **state)
{
    (void)state;
    fixture_put(&fixture, "ABCUSDT-fundingRate-2023-11.csv",
                "calc_time,funding_interval_hours,last_funding_rate\n"
                "1700000000003,8,0.00010000\n"
                "1700028800000,4,-0.00005\n");
    fixture_expect(&fixture, "3000 3000 ABCUSDT funding 100000000 interval 28800\n"
                             "28800000000 28800000000 ABCUSDT funding -50000000 interval 14400\n");
}

static void ohlcv_bars_find_their_interval(void **state)
{
    (void)state;
    /* A hole first: the interval is the smallest step, not the first. */
    fixture_put(&fixture, "abc-perp-1m.csv",
                "Volume,Close,Low,High,Open,Date\n"
                "12.5,10.5,10,11,10.5,2023-11-14 22:13:00\n"
                "12.75, 10.5 ,10,\"11\",10.5, 2023-11-14T22:15:00Z\r\n"
                "13,10.5,10,11,10.5,2023-11-14 22:16\n");
    fixture_expect(&fixture, "40000000 40000000 ABC-PERP bar 10.5 11 10 10.5 12.5 interval 60\n"
                             "160000000 160000000 ABC-PERP bar 10.5 11 10 10.5 12.75 interval 60\n"
                             "220000000 220000000 ABC-PERP bar 10.5 11 10 10.5 13 interval 60\n");
}

static void ohlcv_times_may_be_epochs_of_any_unit(void **state)
{
    static const char *const times[][2] = {{"1700000000", "1700000060"},
                                           {"1700000000000", "1700000060000"},
                                           {"1700000000000000", "1700000060000000"},
                                           {"1700000000000000000", "1700000060000000000"},
                                           {"1700000000.0", "1700000060.0"}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(times); i++) {
        char text[300];
        (void)snprintf(text, sizeof text,
                       "time,open,high,low,close,volume\n%s,1,1,1,1,5\n%s,1,1,1,1,6\n", times[i][0],
                       times[i][1]);
        fixture_put(&fixture, "ABC.csv", text);
        fixture_expect(&fixture, "60000000 60000000 ABC bar 1 1 1 1 5 interval 60\n"
                                 "120000000 120000000 ABC bar 1 1 1 1 6 interval 60\n");
        fixture_close(&fixture);
        fixture_open(&fixture, "import_formats");
    }
}

static void ohlcv_volume_is_rounded_down_to_the_lot_that_is_given(void **state)
{
    (void)state;
    fixture_put(&fixture, "abc-1m.csv",
                "timestamp,open,high,low,close,volume\n"
                "2023-11-14 22:13:00,10.5,11,10,10.5,2300413.7295\n"
                "2023-11-14 22:14:00,10.5,11,10,10.5,203889.11713750003\n");
    fixture_instrument(&fixture, "symbol=ABCUSD,tick=0.5,lot=1,kind=inverse");
    fixture_expect(&fixture, "40000000 40000000 ABCUSD bar 10.5 11 10 10.5 2300413 interval 60\n"
                             "100000000 100000000 ABCUSD bar 10.5 11 10 10.5 203889 interval 60\n");
    assert_int_equal(fixture.data.instruments[0].spec.kind, HEAN_INSTRUMENT_INVERSE);
}

static void ohlcv_with_a_symbol_column_holds_several_instruments(void **state)
{
    (void)state;
    fixture_put(&fixture, "all.csv",
                "timestamp,symbol,open,high,low,close,volume\n"
                "1700000000,ABC,1,1,1,1,5\n1700000000,XYZ,2,2,2,2,6\n"
                "1700000060,ABC,1,1,1,1,7\n1700000060,XYZ,2,2,2,2,8\n");
    fixture_expect(&fixture, "60000000 60000000 ABC bar 1 1 1 1 5 interval 60\n"
                             "60000000 60000000 XYZ bar 2 2 2 2 6 interval 60\n"
                             "120000000 120000000 ABC bar 1 1 1 1 7 interval 60\n"
                             "120000000 120000000 XYZ bar 2 2 2 2 8 interval 60\n");
}

static void binary_data_is_a_source_and_merges_with_others(void **state)
{
    char path[2300];
    market_import_report report;
    int fd;
    (void)state;
    fixture_put(&fixture, "t.csv",
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                "v,ABC,1700000000000100,1700000000000200,41,buy,10.5,3\n"
                "v,ABC,1700000000000300,1700000000000400,42,buy,10.5,3\n");
    (void)snprintf(path, sizeof path, "%s/binary.hean", fixture.folder);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    fixture_instrument(&fixture, "tick=0.5,lot=1,symbol=ABC");
    assert_status(
        market_import_run(base_allocator_default(), &fixture.options, fd, &report, &fixture.error),
        HEAN_OK, &fixture.error);
    market_import_report_deinit(base_allocator_default(), &report);
    assert_int_equal(close(fd), 0);
    fixture_close(&fixture);
    fixture.options.instrument_count = 0;
    fixture.paths[fixture.options.path_count++] = strdup(path);
    fixture_put(&fixture, "t.csv",
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
                "v,ABC,1700000000000200,1700000000000300,43,buy,11,3\n"
                "v,ABC,1700000000000200,1700000000000300,44,buy,11.25,3\n");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_string_equal(fixture_tell(&fixture), "200 100 ABC trade buy 10.5 3 #41\n"
                                                "300 200 ABC trade buy 11 3 #43\n"
                                                "400 300 ABC trade buy 10.5 3 #42\n");
    assert_int_equal(fixture.report.bad_rows, 1); /* the tick is that of the binary data */
    assert_non_null(strstr(fixture.report.files[1].bad[0].message, "tick 0.5"));
}

static void simulator_is_a_source(void **state)
{
    (void)state;
    fixture.paths[fixture.options.path_count++] = strdup("sim:7,hours=0.01");
    assert_status(fixture_run(&fixture), HEAN_OK, &fixture.error);
    assert_int_equal(fixture.report.book_count, 2);
    assert_true(fixture.data.info.events > 1000);
    assert_true(fixture.data.info.last_local_ns - fixture.data.info.first_local_ns <
                36 * BASE_NS_PER_S);
    assert_int_equal(fixture.report.books[0].crossed_messages, 0);
    assert_int_equal(fixture.report.rows, fixture.data.info.events);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(book_rows_of_one_local_time_are_one_message),
        TEST(messages_of_two_symbols_at_one_time_are_two),
        TEST(columns_of_book_rows_may_stand_in_any_order),
        TEST(tardis_trades_keep_side_and_number),
        TEST(tardis_quotes_have_the_ask_first_and_may_lack_a_side),
        TEST(tardis_ticker_gives_marks_on_change_and_funding_once),
        TEST(book_snapshots_replace_the_book_and_leave_out_missing_levels),
        TEST(liquidations_are_left_out_and_said),
        TEST(bybit_trades_have_seconds_with_a_fraction),
        TEST(files_that_are_newest_first_are_turned_round),
        TEST(bybit_spot_trades_take_the_symbol_from_the_name),
        TEST(bybit_frames_are_messages_with_gaps_flagged),
        TEST(a_repeated_bybit_frame_is_a_bad_row),
        TEST(binance_trades_with_and_without_a_header),
        TEST(binance_book_ticker_is_sorted_by_time),
        TEST(binance_klines_are_bars_at_their_end),
        TEST(binance_funding_rates_are_funding),
        TEST(ohlcv_bars_find_their_interval),
        TEST(ohlcv_times_may_be_epochs_of_any_unit),
        TEST(ohlcv_volume_is_rounded_down_to_the_lot_that_is_given),
        TEST(ohlcv_with_a_symbol_column_holds_several_instruments),
        TEST(binary_data_is_a_source_and_merges_with_others),
        TEST(simulator_is_a_source)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
