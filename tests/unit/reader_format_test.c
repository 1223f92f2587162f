/*
 * reader_format_test.c: what the first line tells; the symbol in a file's name; frames of the order
 * book as strict JSON.
 */
#include "support.h"

#include "../../core/market/reader_format.h"
#include "../../core/market/reader_orderbook.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- formats ---- */

static const char *label_of(const char *line)
{
    static char label[80];
    reader_layout layout;
    hean_error error;
    hean_status status =
        reader_layout_detect(base_allocator_default(), line, strlen(line), &layout, &error);
    if (status != HEAN_OK)
        return hean_status_name(status);
    (void)snprintf(label, sizeof label, "%s%s", layout.label, layout.has_header ? "" : ", bare");
    reader_layout_deinit(base_allocator_default(), &layout);
    return label;
}

#define TARDIS "exchange,symbol,timestamp,local_timestamp,"

static void first_line_tells_the_format(void **state)
{
    static const char *const cases[][2] = {
        {TARDIS "is_snapshot,side,price,amount", "tardis incremental_book_L2"},
        {TARDIS "id,side,price,amount", "tardis trades"},
        {TARDIS "ask_amount,ask_price,bid_price,bid_amount", "tardis quotes"},
        {TARDIS "funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,"
                "index_price,mark_price",
         "tardis derivative_ticker"},
        {TARDIS "asks[0].price,asks[0].amount,bids[0].price,bids[0].amount",
         "tardis book_snapshot"},
        {"timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,"
         "foreignNotional,RPI",
         "bybit trades"},
        {"id,timestamp,price,volume,side,rpi", "bybit spot trades"},
        {"id,timestamp,price,volume,side", "bybit spot trades"},
        {"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
         "binance aggTrades"},
        {"id,price,qty,quote_qty,time,is_buyer_maker", "binance trades"},
        {"update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,"
         "event_time",
         "binance bookTicker"},
        {"open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
         "taker_buy_quote_volume,ignore",
         "binance klines"},
        {"calc_time,funding_interval_hours,last_funding_rate", "binance fundingRate"},
        {"timestamp,open,high,low,close,volume", "ohlcv"},
        {"Date,Open,High,Low,Close,Volume", "ohlcv"},
        {"volume,close,low,high,open,DateTime", "ohlcv"},
        {"\"unix\",\"date\",\"symbol\",\"open\",\"high\",\"low\",\"close\",\"Volume\"", "ohlcv"},
        {"{\"topic\":\"orderbook.50.X\"}", "bybit order book lines, bare"},
        {"  {", "bybit order book lines, bare"},
        {"1,100.5,2,201,1700000000000,True,True", "binance trades, bare"},
        {"1,100.5,2,201,1700000000000,true", "binance trades, bare"},
        {"1,100.5,2,1,3,1700000000000000,True,True", "binance aggTrades, bare"},
        {"1,100.5,2,1,3,1700000000000,false", "binance aggTrades, bare"},
        {"7,100.5,2,100.6,3,1700000000000,1700000000001", "binance bookTicker, bare"},
        {"1700000000000,1,2,0.5,1.5,10,1700000059999,15,3,5,7,0", "binance klines, bare"},
        {"a,b,c", "HEAN_E_FORMAT"},
        {"timestamp,open,high,low,close", "HEAN_E_FORMAT"},
        {"timestamp,percentage,depth,notional", "HEAN_E_FORMAT"},
        {"1,2,3", "HEAN_E_FORMAT"},
        {"", "HEAN_E_FORMAT"},
        {"some words", "HEAN_E_FORMAT"}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        assert_string_equal(label_of(cases[i][0]), cases[i][1]);
}

static void columns_are_bound_by_name_in_any_order(void **state)
{
    static const char line[] = "price,extra,amount,side,is_snapshot,timestamp,symbol";
    reader_layout layout;
    hean_error error;
    (void)state;
    assert_status(
        reader_layout_detect(base_allocator_default(), line, strlen(line), &layout, &error),
        HEAN_OK, &error);
    assert_int_equal(layout.columns, 7);
    assert_int_equal(layout.column[READER_PRICE], 0);
    assert_int_equal(layout.column[READER_QTY], 2);
    assert_int_equal(layout.column[READER_SYMBOL], 6);
    assert_int_equal(layout.column[READER_LOCAL_TIME], -1);
    reader_layout_deinit(base_allocator_default(), &layout);
}

static void snapshot_levels_are_bound_up_to_the_first_that_lacks_a_column(void **state)
{
    static const char line[] =
        TARDIS "asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,"
               "bids[1].price,bids[1].amount,asks[1].amount,asks[1].price,"
               "asks[2].price,asks[2].amount,bids[2].price,bids[99999].price";
    reader_layout layout;
    hean_error error;
    (void)state;
    assert_status(
        reader_layout_detect(base_allocator_default(), line, strlen(line), &layout, &error),
        HEAN_OK, &error);
    assert_int_equal(layout.level_count, 2);
    assert_int_equal(layout.levels[0][0].column[0], 6);
    assert_int_equal(layout.levels[0][1].column[1], 9);
    assert_int_equal(layout.levels[1][1].column[0], 11);
    assert_int_equal(layout.levels[1][1].column[1], 10);
    reader_layout_deinit(base_allocator_default(), &layout);
}

static void unknown_format_is_quoted_without_control_characters(void **state)
{
    static const char line[] =
        "\033[31mred\007 and a very long line that goes on and on and on and "
        "on and on and on and on and on and on";
    reader_layout layout;
    hean_error error;
    (void)state;
    assert_status(
        reader_layout_detect(base_allocator_default(), line, strlen(line), &layout, &error),
        HEAN_E_FORMAT, &error);
    assert_non_null(strstr(error.message, "\"?[31mred? and a very"));
    assert_non_null(strstr(error.message, "incremental_book_L2"));
    assert_non_null(strstr(error.message, "own"));
    assert_null(strstr(error.message, "on and on and on and on and on and on and on and on"));
}

static void names_of_files_give_symbols(void **state)
{
    static const struct {
        const char *path;
        reader_naming naming;
        const char *symbol;
    } cases[] = {{"/a/b-c/ETHUSDT-trades-2024-08-08.csv", READER_NAME_DASH, "ETHUSDT"},
                 {"BTCUSD_PERP-1m-2024-08.csv", READER_NAME_DASH, "BTCUSD_PERP"},
                 {"BTCUSDT_2024-08-08.csv.gz", READER_NAME_STEM, "BTCUSDT"},
                 {"BTCUSDT-2024-08.csv.gz", READER_NAME_STEM, "BTCUSDT"},
                 {"btc-perp-1m-20211231.csv.gz", READER_NAME_FREE, "BTC-PERP"},
                 {"eth_usdt_1h.csv", READER_NAME_FREE, "ETH_USDT"},
                 {"1INCHUSDT-1m.csv", READER_NAME_FREE, "1INCHUSDT"},
                 {"BTCUSDT", READER_NAME_FREE, "BTCUSDT"},
                 {"/data/.csv", READER_NAME_FREE, ""}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char symbol[HEAN_SYMBOL_BYTES];
        reader_name_symbol(cases[i].path, cases[i].naming, symbol, sizeof symbol);
        assert_string_equal(symbol, cases[i].symbol);
    }
}

/* ---- frames ---- */

static hean_status parse(reader_orderbook *book, const char *line, hean_error *error)
{
    return reader_orderbook_parse(book, line, strlen(line), error);
}

static void assert_field(reader_field field, const char *expected)
{
    assert_int_equal(field.bytes, strlen(expected));
    assert_memory_equal(field.text, expected, field.bytes);
}

static void frame_is_read_in_any_spelling_of_json(void **state)
{
    static const char *const frames[] = {
        "{\"topic\":\"orderbook.50.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000000120,\"data\":{"
        "\"s\":\"SOLUSDT\",\"b\":[[\"171.20\",\"44.1\"],[\"171.15\",\"9.0\"]],\"a\":[[\"171.25\","
        "\"12.5\"]],\"u\":900100,\"seq\":55000000123},\"cts\":1790000000117}",
        /* Other order, blanks, times in quotes, keys that are not known. */
        " { \"cts\" : \"1790000000117\", \"data\": {\"seq\": 5, \"a\" : [ [\"171.25\", \"12.5\"] ],"
        " \"u\": 900100, \"x\": {\"y\": [1, null]}, \"b\": [[\"171.20\",\"44.1\"],"
        "[\"171.15\",\"9.0\"]], \"s\": \"SOL\\u0055SDT\"}, \"id\": \"q\", \"ts\": 1790000000120,"
        " \"type\": \"snapshot\", \"topic\": \"orderbook.50.SOLUSDT\" } "};
    reader_orderbook book;
    hean_error error;
    (void)state;
    reader_orderbook_init(&book, base_allocator_default());
    for (size_t i = 0; i < BASE_COUNT(frames); i++) {
        assert_status(parse(&book, frames[i], &error), HEAN_OK, &error);
        assert_true(book.snapshot);
        assert_field(book.symbol, "SOLUSDT");
        assert_int_equal(book.sent_ms, 1790000000120);
        assert_int_equal(book.matched_ms, 1790000000117);
        assert_int_equal(book.update, 900100);
        assert_int_equal(book.bid_count, 2);
        assert_int_equal(book.ask_count, 1);
        assert_field(book.levels[1].price, "171.15");
        assert_field(book.levels[1].qty, "9.0");
        assert_field(book.levels[2].price, "171.25");
    }
    reader_orderbook_deinit(&book);
}

#define FRAME(ts, data)                                                                            \
    "{\"topic\":\"orderbook.1.X\",\"type\":\"delta\",\"ts\":" ts ",\"data\":" data "}"
#define DATA(b, u) "{\"s\":\"X\",\"b\":" b ",\"a\":[],\"u\":" u "}"

static void frame_without_levels_or_matching_time_is_good(void **state)
{
    reader_orderbook book;
    hean_error error;
    (void)state;
    reader_orderbook_init(&book, base_allocator_default());
    assert_status(parse(&book, FRAME("5", DATA("[]", "7")), &error), HEAN_OK, &error);
    assert_false(book.snapshot);
    assert_int_equal(book.matched_ms, 0);
    assert_int_equal(book.bid_count + book.ask_count, 0);
    reader_orderbook_deinit(&book);
}

static void what_is_no_frame_is_told_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"", "JSON"},
        {"{", "JSON"},
        {"[]", "object"},
        {"{}", "a key"},
        {"{\"topic\":1}", "topic"},
        {FRAME("5", DATA("[]", "7")) "x", "JSON"},
        {FRAME("5", DATA("[]", "7")) FRAME("5", DATA("[]", "7")), "JSON"},
        {FRAME("5", DATA("[]", "\"a\"")), "u and seq"},
        {FRAME("5", DATA("[]", "1.5")), "u and seq"},
        {FRAME("5", DATA("[]", "-1")), "u and seq"},
        {FRAME("5", DATA("[]", "1e3")), "u and seq"},
        {FRAME("5", DATA("[]", "01")), "JSON"},
        {FRAME("5", DATA("[]", "12345678901234567890")), "JSON"},
        {FRAME("true", DATA("[]", "7")), "ts"},
        {FRAME("5", "[]"), "data"},
        {FRAME("5", DATA("{}", "7")), "lists"},
        {FRAME("5", DATA("[1]", "7")), "each level"},
        {FRAME("5", DATA("[[1,2]]", "7")), "each level"},
        {FRAME("5", DATA("[[\"1\"]]", "7")), "each level"},
        {FRAME("5", DATA("[[\"1\",\"2\",\"3\"]]", "7")), "each level"},
        {FRAME("5", DATA("[[\"1\",\"2\"]", "7")), "JSON"},
        {FRAME("5", "{\"s\":\"X\",\"b\":[],\"b\":[],\"a\":[],\"u\":1}"), "duplicate"},
        {FRAME("5", "{\"s\":\"X\",\"z\":1,\"z\":2,\"b\":[],\"a\":[],\"u\":1}"), "duplicate"},
        {FRAME("5", "{\"s\":\"X\",\"b\":[],\"u\":1}"), "s, b, a and u"},
        {"{\"topic\":\"orderbook.1.X\",\"type\":\"delta\",\"ts\":5}", "topic, type, ts and data"},
        {"{\"topic\":\"publicTrade.X\",\"type\":\"delta\",\"ts\":5,\"data\":" DATA("[]", "7") "}",
         "orderbook.DEPTH"},
        {"{\"topic\":\"orderbook.1.X\",\"type\":\"other\",\"ts\":5,\"data\":" DATA("[]", "7") "}",
         "snapshot or delta"}};
    reader_orderbook book;
    hean_error error;
    (void)state;
    reader_orderbook_init(&book, base_allocator_default());
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        error.message[0] = 0;
        assert_status(parse(&book, cases[i][0], &error), HEAN_E_PARSE, &error);
        if (strstr(error.message, cases[i][1]) == NULL && strcmp(cases[i][1], "JSON") != 0)
            print_error("%s: %s\n", cases[i][0], error.message);
        assert_non_null(strstr(error.message, cases[i][1]));
    }
    reader_orderbook_deinit(&book);
}

/* Whatever one wrong letter makes of a frame: what is taken is JSON, without a key twice. */
static void accepted_frames_are_strict_json(void **state)
{
    static const char frame[] = FRAME("1790000000120", DATA("[[\"1.5\",\"20\"]]", "7"));
    static const char letters[] = "{}[]\",:0159.-+eEtn\\ \n\x01\xff";
    base_random random;
    reader_orderbook book;
    (void)state;
    base_random_init(&random, test_seed());
    reader_orderbook_init(&book, base_allocator_default());
    for (int i = 0; i < 50000; i++) {
        char text[sizeof frame];
        hean_error error;
        json_error_t why;
        memcpy(text, frame, sizeof frame);
        for (uint64_t j = base_random_below(&random, 3) + 1; j > 0; j--)
            text[base_random_below(&random, sizeof frame - 1)] =
                letters[base_random_below(&random, sizeof letters - 1)];
        if (parse(&book, text, &error) != HEAN_OK)
            continue;
        json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
        if (json == NULL)
            print_error("%s: %s\n", text, why.text);
        assert_non_null(json);
        json_decref(json);
    }
    reader_orderbook_deinit(&book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_line_tells_the_format),
        cmocka_unit_test(columns_are_bound_by_name_in_any_order),
        cmocka_unit_test(snapshot_levels_are_bound_up_to_the_first_that_lacks_a_column),
        cmocka_unit_test(unknown_format_is_quoted_without_control_characters),
        cmocka_unit_test(names_of_files_give_symbols),
        cmocka_unit_test(frame_is_read_in_any_spelling_of_json),
        cmocka_unit_test(frame_without_levels_or_matching_time_is_good),
        cmocka_unit_test(what_is_no_frame_is_told_in_words),
        cmocka_unit_test(accepted_frames_are_strict_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
