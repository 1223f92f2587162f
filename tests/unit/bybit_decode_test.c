/*
 * bybit_decode_test.c: frames of the streams, good ones to the last field, bad ones to nothing.
 */
#include "bybit_fixture.h"

static kept told;

static hean_status decode(const char *text, bybit_frame_kind *kind, hean_error *error)
{
    bybit_frame_sink sink = fixture_sink(&told);
    bybit_decoder *decoder = NULL;
    hean_status status;

    memset(&told, 0, sizeof told);
    assert_int_equal(bybit_decoder_open(base_allocator_default(), &fixture_symbols, &decoder),
                     HEAN_OK);
    /* In memory of exactly its size, so that a sanitizer sees a byte read too far. */
    char *exact = malloc(strlen(text) + 1);
    assert_non_null(exact);
    memcpy(exact, text, strlen(text));
    exact = realloc(exact, strlen(text) > 0 ? strlen(text) : 1);
    status = bybit_decode(decoder, exact, strlen(text), LOCAL_NS, &sink, kind, error);
    free(exact);
    bybit_decoder_close(decoder);
    return status;
}

static void decode_good(const char *text, bybit_frame_kind expected)
{
    bybit_frame_kind kind = BYBIT_FRAME_OTHER;
    hean_error error;
    assert_status(decode(text, &kind, &error), HEAN_OK, &error);
    assert_int_equal(kind, expected);
}

static void assert_level(const hean_event *event, hean_side side, int64_t ticks, int64_t lots,
                         unsigned flags)
{
    assert_int_equal(event->kind, HEAN_EVENT_BOOK);
    assert_int_equal(event->side, side);
    assert_int_equal(event->data.level.price_ticks, ticks);
    assert_int_equal(event->data.level.qty_lots, lots);
    assert_int_equal(event->flags, flags);
    assert_int_equal(event->local_ns, LOCAL_NS);
}

static void a_book_snapshot_is_one_message_that_clears(void **state)
{
    const unsigned flags = HEAN_EVENT_SNAPSHOT;
    (void)state;
    decode_good(FRAME_BOOK_SNAPSHOT, BYBIT_FRAME_BOOK);
    assert_int_equal(told.head.depth, 50);
    assert_true(told.head.snapshot);
    assert_int_equal(told.head.update_id, 900100);
    assert_int_equal(told.head.sequence, 55000000123);
    assert_int_equal(told.head.exch_ns, 1790000000117 * MS);
    assert_int_equal(told.head.sent_ns, 1790000000120 * MS);
    assert_int_equal(told.event_count, 4);
    assert_level(&told.events[0], HEAN_SIDE_BUY, 3424, 441, flags | HEAN_EVENT_CLEAR);
    assert_level(&told.events[1], HEAN_SIDE_BUY, 3423, 90, flags);
    assert_level(&told.events[2], HEAN_SIDE_SELL, 3425, 125, flags);
    assert_level(&told.events[3], HEAN_SIDE_SELL, 3426, 803, flags | HEAN_EVENT_LAST);
    assert_int_equal(told.events[3].exch_ns, 1790000000117 * MS);
}

static void a_book_delta_keeps_its_removals(void **state)
{
    (void)state;
    decode_good(FRAME_BOOK_DELTA, BYBIT_FRAME_BOOK);
    assert_false(told.head.snapshot);
    assert_int_equal(told.event_count, 2);
    assert_level(&told.events[0], HEAN_SIDE_BUY, 3424, 0, 0);
    assert_level(&told.events[1], HEAN_SIDE_BUY, 3422, 310, HEAN_EVENT_LAST);
    assert_int_equal(told.events[1].data.level.sequence, 900101);
}

static void only_trades_on_the_book_are_told(void **state)
{
    (void)state;
    decode_good(FRAME_TRADES, BYBIT_FRAME_TRADES);
    assert_int_equal(told.markets, 1);
    assert_int_equal(told.event_count, 2);
    assert_int_equal(told.events[0].kind, HEAN_EVENT_TRADE);
    assert_int_equal(told.events[0].side, HEAN_SIDE_BUY);
    assert_int_equal(told.events[0].data.level.price_ticks, 3425);
    assert_int_equal(told.events[0].data.level.qty_lots, 35);
    assert_int_equal(told.events[0].data.level.sequence, 55000000170);
    assert_int_equal(told.events[0].exch_ns, 1790000000670 * MS);
    assert_int_equal(told.events[1].side, HEAN_SIDE_SELL);
    assert_int_equal(told.events[1].data.level.qty_lots, 70);
}

static void tickers_say_which_fields_changed(void **state)
{
    (void)state;
    decode_good(FRAME_TICKER_SNAPSHOT, BYBIT_FRAME_TICKER);
    assert_true(told.ticker.snapshot);
    assert_int_equal(told.ticker.fields, 0x7ff);
    assert_int_equal(told.ticker.ticker.last_ticks, 3425);
    assert_int_equal(told.ticker.ticker.mark_e8, 17123000000);
    assert_int_equal(told.ticker.ticker.index_e8, 17120000000);
    assert_int_equal(told.ticker.ticker.bid_ticks, 3424);
    assert_int_equal(told.ticker.ticker.bid_lots, 441);
    assert_int_equal(told.ticker.ticker.ask_lots, 125);
    assert_int_equal(told.ticker.ticker.funding_rate_e12, 100000000);
    assert_int_equal(told.ticker.ticker.next_funding_ns, 1790006400000 * MS);
    assert_int_equal(told.ticker.ticker.funding_interval_ns, 8 * 3600 * BASE_NS_PER_S);
    assert_int_equal(told.ticker.ticker.open_interest_lots, 51000000);
    decode_good(FRAME_TICKER_DELTA, BYBIT_FRAME_TICKER);
    assert_false(told.ticker.snapshot);
    assert_int_equal(told.ticker.fields,
                     BYBIT_TICKER_MARK | BYBIT_TICKER_ASK_SIZE | BYBIT_TICKER_NEXT);
    assert_int_equal(told.ticker.ticker.mark_e8, 17124000000);
    assert_int_equal(told.ticker.ticker.ask_lots, 100);
    assert_int_equal(told.ticker.ticker.next_funding_ns, 0);
    assert_int_equal(told.ticker.sent_ns, 1790000000211 * MS);
}

static void only_bars_that_have_ended_are_told(void **state)
{
    const int64_t end_ns = 1790000300000 * MS;
    (void)state;
    decode_good(FRAME_KLINE, BYBIT_FRAME_KLINE);
    assert_int_equal(told.event_count, 1);
    assert_int_equal(told.events[0].kind, HEAN_EVENT_BAR);
    assert_true(told.events[0].exch_ns == LOCAL_NS && LOCAL_NS < end_ns); /* our clock is behind */
    assert_int_equal(told.events[0].data.bar.interval_ns, 300 * BASE_NS_PER_S);
    assert_int_equal(told.events[0].data.bar.open_ticks, 3420);
    assert_int_equal(told.events[0].data.bar.high_ticks, 3428);
    assert_int_equal(told.events[0].data.bar.low_ticks, 3419);
    assert_int_equal(told.events[0].data.bar.close_ticks, 3425);
    assert_int_equal(told.events[0].data.bar.volume_lots, 20812);
}

static void a_liquidated_long_is_a_taker_who_sells(void **state)
{
    (void)state;
    decode_good(FRAME_LIQUIDATION, BYBIT_FRAME_LIQUIDATION);
    assert_int_equal(told.liquidation_calls, 1);
    assert_int_equal(told.events[0].side, HEAN_SIDE_SELL);
    assert_int_equal(told.events[0].data.level.price_ticks, 3390); /* 169.48: the nearest */
    assert_int_equal(told.events[0].data.level.qty_lots, 200);
}

static void an_execution_has_its_money_exactly(void **state)
{
    const bybit_execution *row = &told.execution[0];
    (void)state;
    decode_good(FRAME_EXECUTION, BYBIT_FRAME_EXECUTION);
    assert_int_equal(told.executions, 1);
    assert_int_equal(row->index, 0);
    assert_int_equal(row->kind, BYBIT_EXEC_TRADE);
    assert_string_equal(row->exec_id, "11111111-2222-5333-8444-555555555555");
    assert_string_equal(row->order_id, "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
    assert_string_equal(row->client_id, "h1-000042");
    assert_string_equal(row->fee_coin, "USDT");
    assert_int_equal(row->side, HEAN_SIDE_SELL);
    assert_true(row->maker && !row->forced);
    assert_int_equal(row->price_ticks, 3425);
    assert_int_equal(row->qty_lots, 35);
    assert_int_equal(row->value_e8, 59937500000);
    assert_int_equal(row->fee_e8, -2996875);
    assert_int_equal(row->realized_e8, 150000000);
    assert_int_equal(row->rate_e12, -50000000);
    assert_int_equal(row->time_ns, 1790000001203 * MS);
}

static void orders_of_another_category_are_told_without_numbers(void **state)
{
    (void)state;
    decode_good(FRAME_ORDER, BYBIT_FRAME_ORDER);
    assert_int_equal(told.orders, 2);
    assert_int_equal(told.order[0].index, 0);
    assert_int_equal(told.order[0].status, HEAN_ORDER_CANCELLED);
    assert_int_equal(told.order[0].reason, HEAN_REASON_POST_ONLY_WOULD_TAKE);
    assert_string_equal(told.order[0].reject, "EC_PostOnlyWillTakeLiquidity");
    assert_int_equal(told.order[0].price_ticks, 3425);
    assert_int_equal(told.order[0].qty_lots, 35);
    assert_int_equal(told.order[0].filled_lots, 0);
    assert_int_equal(told.order[0].created_ns, 1790000001200 * MS);
    assert_int_equal(told.order[0].updated_ns, 1790000001204 * MS);
    assert_int_equal(told.order[1].index, -1);
    assert_int_equal(told.order[1].status, HEAN_ORDER_UNKNOWN);
    assert_int_equal(told.order[1].qty_lots, 0);
    assert_string_equal(told.order[1].symbol, "SOLUSDT");
}

static void positions_and_coins_are_told_each(void **state)
{
    (void)state;
    decode_good(FRAME_POSITION, BYBIT_FRAME_POSITION);
    assert_int_equal(told.positions, 2);
    assert_int_equal(told.position[0].qty_lots, -35);
    assert_int_equal(told.position[0].entry_price_e8, 17125123457);
    assert_int_equal(told.position[0].value_e8, 59937500000);
    assert_int_equal(told.position[0].unrealized_e8, -7000000);
    assert_int_equal(told.position[0].leverage_e8, 1000000000);
    assert_int_equal(told.position[1].index, 1);
    assert_int_equal(told.position[1].qty_lots, 0);
    decode_good(FRAME_WALLET, BYBIT_FRAME_WALLET);
    assert_int_equal(told.coins, 2);
    assert_string_equal(told.coin[0].coin, "USDT");
    assert_int_equal(told.coin[0].wallet_e8, 100019500000);
    assert_int_equal(told.coin[0].equity_e8, 100012500000);
    assert_int_equal(told.coin[0].unrealized_e8, -7000000);
    assert_string_equal(told.coin[1].coin, "BTC");
    assert_int_equal(told.coin[1].locked_e8, 0);
}

static void every_kind_of_answer_to_what_we_sent_is_read(void **state)
{
    static const struct {
        const char *text, *op, *request_id, *words;
        bool success, pong;
    } rows[] = {
        {"{\"success\":true,\"ret_msg\":\"\",\"conn_id\":\"c1\",\"req_id\":\"s1\",\"op\":"
         "\"subscribe\"}",
         "subscribe", "s1", "", true, false},
        {"{\"success\":true,\"ret_msg\":\"subscribe\",\"conn_id\":\"c2\",\"op\":\"subscribe\"}",
         "subscribe", "", "subscribe", true, false},
        {"{\"success\":true,\"conn_id\":\"c3\",\"data\":{\"failTopics\":[],\"successTopics\":"
         "[\"orderbook.100.X\"]},\"type\":\"COMMAND_RESP\"}",
         "", "", "", true, false},
        {"{\"success\":true,\"ret_msg\":\"pong\",\"conn_id\":\"c1\",\"req_id\":\"p7\",\"op\":"
         "\"ping\"}",
         "ping", "p7", "pong", true, true},
        {"{\"args\":[\"1790000000456\"],\"op\":\"pong\"}", "pong", "", "", true, true},
        {"{\"req_id\":\"p7\",\"op\":\"pong\",\"args\":[\"1790000000456\"],\"conn_id\":\"c4\"}",
         "pong", "p7", "", true, true},
        {"{\"retCode\":0,\"retMsg\":\"OK\",\"op\":\"pong\",\"data\":[\"1\"],\"connId\":\"c5\"}",
         "pong", "", "OK", true, true},
        {"{\"success\":false,\"ret_msg\":\"error:handler not found,topic:x\",\"op\":\"subscribe\"}",
         "subscribe", "", "error:handler not found,topic:x", false, false},
        {"{\"op\":\"auth\",\"success\":false,\"retCode\":10003,\"retMsg\":\"key\\u0007\"}", "auth",
         "", "10003 key?", false, false},
        {"{\"retCode\":20001,\"retMsg\":\"again\",\"op\":\"auth\",\"reqId\":\"a1\"}", "auth", "a1",
         "20001 again", true, false},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        decode_good(rows[i].text, BYBIT_FRAME_CONTROL);
        assert_int_equal(told.controls, 1);
        assert_string_equal(told.control.op, rows[i].op);
        assert_string_equal(told.control.request_id, rows[i].request_id);
        assert_string_equal(told.control.text, rows[i].words);
        assert_int_equal(told.control.success, rows[i].success);
        assert_int_equal(told.control.pong, rows[i].pong);
    }
}

static void a_frame_no_larger_than_one_before_needs_no_memory(void **state)
{
    static const char *const frames[] = {FRAME_BOOK_SNAPSHOT, FRAME_BOOK_DELTA,  FRAME_TRADES,
                                         FRAME_KLINE,         FRAME_EXECUTION,   FRAME_ORDER,
                                         FRAME_WALLET,        FRAME_TICKER_DELTA};
    bybit_frame_sink sink = fixture_sink(&told);
    bybit_decoder *decoder = NULL;
    bybit_frame_kind kind;
    test_allocator memory;
    uint64_t calls = 0;
    (void)state;
    test_allocator_init(&memory, 0);
    assert_int_equal(bybit_decoder_open(&memory.allocator, &fixture_symbols, &decoder), HEAN_OK);
    for (size_t i = 0; i < BASE_COUNT(frames); i++) {
        assert_int_equal(
            bybit_decode(decoder, frames[i], strlen(frames[i]), LOCAL_NS, &sink, &kind, NULL),
            HEAN_OK);
        if (i == 0)
            calls = memory.calls;
    }
    assert_int_equal(memory.calls, calls);
    bybit_decoder_close(decoder);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_book_snapshot_is_one_message_that_clears),
        cmocka_unit_test(a_book_delta_keeps_its_removals),
        cmocka_unit_test(only_trades_on_the_book_are_told),
        cmocka_unit_test(tickers_say_which_fields_changed),
        cmocka_unit_test(only_bars_that_have_ended_are_told),
        cmocka_unit_test(a_liquidated_long_is_a_taker_who_sells),
        cmocka_unit_test(an_execution_has_its_money_exactly),
        cmocka_unit_test(orders_of_another_category_are_told_without_numbers),
        cmocka_unit_test(positions_and_coins_are_told_each),
        cmocka_unit_test(every_kind_of_answer_to_what_we_sent_is_read),
        cmocka_unit_test(a_frame_no_larger_than_one_before_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, fixture_open, NULL);
}
