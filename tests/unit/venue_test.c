/*
 * venue_test.c: the venue machine's way to READY, its connections and market data.
 */
#include "venue_fixture.h"

/* ---- ready ---- */

static void venue_becomes_ready_once_all_is_known(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    assert_false(venue_ready(f->venue));
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->ready_count, 1);
    assert_int_equal(f->instruments, 1);
    assert_int_equal(f->wallets, 1);
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.clock_offset_ns, SKEW_NS);
    assert_int_equal(counters.bad_messages, 0);
    assert_int_equal(f->differences, 0);
    fixture_close(f);
}

static void venue_without_keys_is_ready_for_market_data_alone(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    options.api_key = options.api_secret = NULL;
    options.trade = false;
    fixture *f = fixture_open(&options);
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->opened_count, 1);
    uint64_t id = place_order(f, 0, true, 10000, 10);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
    assert_int_equal(f->ex.pending_count, 0);
    fixture_close(f);
}

static void venue_that_may_not_trade_sends_no_order(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    options.trade = false;
    fixture *f = fixture_open(&options);
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    uint64_t id = place_order(f, 0, true, 10000, 10);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
    assert_int_equal(find_request(f, "order/create"), -1);
    fixture_close(f);
}

static void venue_halts_where_a_symbol_does_not_exist(void **state)
{
    (void)state;
    static const char *const symbols[] = {"SOLUSDT", "NOSUCHUSDT"};
    venue_options options = fixture_options(base_allocator_default());
    options.symbols = symbols;
    options.symbol_count = 2;
    fixture *f = fixture_open(&options);
    run_on(f, 3 * S);
    assert_int_equal(f->halts, 1);
    assert_non_null(strstr(f->last_halt, "NOSUCHUSDT"));
    fixture_close(f);
}

static void venue_clock_believes_the_shortest_way(void **state)
{
    (void)state;
    static const int64_t trips_ms[] = {80, 10, 200, 60, 900};
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    take_actions(f);
    for (size_t i = 0; i < BASE_COUNT(trips_ms); i++) {
        char result[200];
        ex_request request = take_request(f, find_request(f, "market/time"));
        /* All of the delay is on the way back: the error is half of it. */
        assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
        f->now += trips_ms[i] * MS;
        respond_ok(f, &request, result);
    }
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.clock_offset_ns, SKEW_NS - 5 * MS);
    fixture_close(f);
}

static void venue_clock_is_taken_again_every_ten_minutes(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    venue_counters before, after;
    venue_get_counters(f->venue, &before);
    int64_t end = f->now + 601 * S;
    int samples = 0;
    while (venue_due_ns(f->venue) <= end) {
        step_to(f, venue_due_ns(f->venue));
        while (f->ex.pending_count > 0) {
            samples += strstr(f->ex.pending[0].url, "market/time") != NULL;
            answer(f, 0);
        }
    }
    assert_int_equal(samples, 5);
    venue_get_counters(f->venue, &after);
    assert_true(venue_ready(f->venue));
    fixture_close(f);
}

static void venue_options_that_cannot_be_are_named(void **state)
{
    (void)state;
    const venue_options good = fixture_options(base_allocator_default());
    static const char *const twice[] = {"SOLUSDT", "SOLUSDT"};
    venue_options rows[8];
    const char *names[] = {"book_depth", "api_secret", "recv_window_ms", "symbols",
                           "run",        "twice",      "api_key",        "100"};
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        rows[i] = good;
    rows[0].book_depth = 500;
    rows[1].api_secret = NULL;
    rows[2].recv_window_ms = 0;
    rows[3].symbol_count = 0;
    rows[4].run = "Run00001";
    rows[5].symbols = twice;
    rows[5].symbol_count = 2;
    rows[6].api_key = "a\nb";
    rows[7].ceiling_percent = 0;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        venue *machine = NULL;
        hean_error error;
        hean_status status = venue_open(&rows[i], &machine, &error);
        assert_int_not_equal(status, HEAN_OK);
        assert_null(machine);
        if (strstr(error.message, names[i]) == NULL)
            fail_msg("%s is not named by: %s", names[i], error.message);
    }
}

static void venue_survives_failed_allocations(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator memory;
        test_allocator_init(&memory, fail_at);
        venue_options options = fixture_options(&memory.allocator);
        venue *machine = NULL;
        hean_error error;
        hean_status status = venue_open(&options, &machine, &error);
        if (status == HEAN_OK)
            status = venue_start(machine, BEGIN_NS, &error);
        venue_close(machine);
        assert_int_equal(memory.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

/* ---- connections ---- */

static void stream_pings_every_twenty_seconds(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    int before = f->pings;
    run_on(f, 100 * S);
    assert_int_equal(f->pings - before, 10); /* two connections */
    assert_int_equal(f->opened_count, 2);
    fixture_close(f);
}

static void stream_without_a_pong_is_given_up_and_opened_again(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    f->mute = true;
    run_on(f, 31 * S);
    assert_false(venue_ready(f->venue));
    f->mute = false;
    run_on(f, 30 * S);
    assert_true(venue_ready(f->venue));
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_true(counters.reconnects >= 2);
    fixture_close(f);
}

static void stream_that_does_not_open_is_tried_less_and_less(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    f->keep_closed = true;
    run_on(f, 300 * S);
    /* Far below the venue's 500 in five minutes. */
    assert_true(f->opened_count > 10 && f->opened_count < 60);
    f->keep_closed = false;
    run_on(f, 60 * S);
    assert_true(venue_ready(f->venue));
    fixture_close(f);
}

static void stream_one_bad_topic_costs_only_itself(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    f->refused_topic = "allLiquidation.SOLUSDT";
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->logs[HEAN_LOG_ERROR], 1);
    /* One frame with all four, then four with one each; and the private one. */
    assert_int_equal(f->subscribes, 6);
    fixture_close(f);
}

static void stream_answers_without_numbers_are_taken_in_order(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    f->unnumbered = true;
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    fixture_close(f);
}

static void stream_that_refuses_the_key_halts_after_a_few_tries(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    f->refuse_auth = true;
    run_on(f, 60 * S);
    assert_int_equal(f->halts, 1);
    assert_int_equal(f->auths, 3);
    run_on(f, 300 * S);
    assert_int_equal(f->auths, 3);
    fixture_close(f);
}

static void stream_answers_of_one_that_was_given_up_are_ignored(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t old = f->ex.private_socket;
    cut_private(f);
    socket_text(f, old, "{\"success\":true,\"op\":\"auth\"}");
    socket_text(f, 999, "rubbish");
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.bad_messages, 0);
    fixture_close(f);
}

/* ---- book ---- */

static void book_frame(fixture *f, bool snapshot, int64_t update, const char *bids,
                       const char *asks)
{
    char text[600];
    (void)snprintf(text, sizeof text,
                   "{\"topic\":\"orderbook.50.SOLUSDT\",\"type\":\"%s\",\"ts\":%lld,\"data\":{"
                   "\"s\":\"SOLUSDT\",\"b\":[%s],\"a\":[%s],\"u\":%lld,\"seq\":7},\"cts\":%lld}",
                   snapshot ? "snapshot" : "delta", (long long)ex_ms(f), bids, asks,
                   (long long)update, (long long)ex_ms(f));
    f->market_count = 0;
    socket_text(f, f->ex.public_socket, text);
    take_actions(f);
}

static void book_snapshot_then_deltas_on_top_of_each_other(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    book_frame(f, true, 10, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    assert_int_equal(f->market_count, 2);
    assert_int_equal(f->market[0].flags, HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT);
    assert_int_equal(f->market[1].flags, HEAN_EVENT_LAST | HEAN_EVENT_SNAPSHOT);
    assert_int_equal(f->market[0].local_ns, f->now);
    assert_true(f->market[0].exch_ns <= f->now); /* their clock is ahead */
    book_frame(f, false, 11, "[\"99.00\",\"0\"]", "");
    assert_int_equal(f->market_count, 1);
    assert_int_equal(f->market[0].data.level.qty_lots, 0);
    book_frame(f, false, 11, "[\"99.00\",\"5\"]", ""); /* again */
    assert_int_equal(f->market_count, 0);
    book_frame(f, false, 12, "[\"98.00\",\"5\"]", "");
    assert_int_equal(f->market_count, 1);
    fixture_close(f);
}

static void book_delta_before_a_snapshot_is_dropped(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    book_frame(f, false, 11, "[\"99.00\",\"1\"]", "");
    assert_int_equal(f->market_count, 0);
    fixture_close(f);
}

static void book_gap_empties_the_book_and_asks_for_a_snapshot(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    venue_counters counters;
    book_frame(f, true, 10, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    int sends = f->sends;
    book_frame(f, false, 12, "[\"98.00\",\"1\"]", "");
    assert_int_equal(f->market_count, 1);
    assert_int_equal(f->market[0].flags, HEAN_EVENT_CLEAR | HEAN_EVENT_GAP | HEAN_EVENT_LAST);
    assert_int_equal(f->market[0].side, HEAN_SIDE_NONE);
    assert_int_equal(f->sends - sends, 2); /* unsubscribe, subscribe */
    book_frame(f, false, 13, "[\"98.00\",\"1\"]", "");
    assert_int_equal(f->market_count, 0);
    book_frame(f, true, 20, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    assert_int_equal(f->market[0].flags, HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT | HEAN_EVENT_GAP);
    book_frame(f, false, 21, "[\"98.00\",\"1\"]", "");
    assert_int_equal(f->market[0].flags & HEAN_EVENT_GAP, 0);
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.sequence_gaps, 1);
    fixture_close(f);
}

static void book_restart_of_the_service_is_a_snapshot(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    book_frame(f, true, 10, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    book_frame(f, false, 1, "[\"97.00\",\"1\"]", "[\"102.00\",\"2\"]");
    assert_int_equal(f->market_count, 2);
    assert_true((f->market[0].flags & HEAN_EVENT_CLEAR) != 0);
    fixture_close(f);
}

static void book_of_a_cut_stream_is_emptied_and_connection_is_told(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    hean_error error;
    book_frame(f, true, 10, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    f->market_count = 0;
    assert_status(
        venue_socket(f->venue, f->ex.public_socket, WIRE_SOCKET_DOWN, "cut", 3, f->now, &error),
        HEAN_OK, &error);
    take_actions(f);
    assert_int_equal(f->market_count, 2);
    assert_int_equal(f->market[0].flags, HEAN_EVENT_CLEAR | HEAN_EVENT_GAP | HEAN_EVENT_LAST);
    assert_int_equal(f->market[1].kind, HEAN_EVENT_CONNECTION);
    assert_int_equal(f->market[1].data.connection.state, 0);
    assert_false(venue_ready(f->venue));
    f->market_count = 0;
    run_on(f, 5 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->market[f->market_count - 1].data.connection.state, 2);
    fixture_close(f);
}

static void book_that_never_comes_is_asked_for_less_and_less(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    int before = f->subscribes;
    run_on(f, 600 * S);
    assert_true(f->subscribes - before >= 4 && f->subscribes - before <= 8);
    fixture_close(f);
}

static void book_bad_frame_moves_nothing_and_is_told_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    book_frame(f, true, 10, "[\"99.00\",\"1\"]", "[\"101.00\",\"2\"]");
    for (int i = 0; i < 3; i++) {
        book_frame(f, false, 11, "[\"99.001\",\"1\"]", "");
        assert_int_equal(f->market_count, 0);
    }
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.bad_messages, 3);
    assert_int_equal(f->logs[HEAN_LOG_ERROR], 1);
    fixture_close(f);
}

/* ---- other market data ---- */

static void ticker_delta_keeps_what_it_does_not_say(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    f->market_count = 0;
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"delta\",\"data\":{\"symbol\":"
                "\"SOLUSDT\",\"markPrice\":\"171.24\"},\"cs\":1,\"ts\":1790000000100}");
    assert_int_equal(f->market_count, 0); /* before a snapshot */
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"snapshot\",\"data\":{\"symbol\":"
                "\"SOLUSDT\",\"lastPrice\":\"171.25\",\"markPrice\":\"171.237\",\"indexPrice\":"
                "\"171.20\",\"fundingRate\":\"0.0001\",\"nextFundingTime\":\"1790006400000\","
                "\"openInterest\":\"5100.0\"},\"cs\":2,\"ts\":1790000000111}");
    assert_int_equal(f->market_count, 1);
    assert_int_equal(f->market[0].kind, HEAN_EVENT_MARK);
    assert_int_equal(f->market[0].data.mark.mark_ticks, 17124); /* the nearest tick */
    assert_int_equal(f->market[0].data.mark.next_rate_e12, 100000000);
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"delta\",\"data\":{\"symbol\":"
                "\"SOLUSDT\",\"markPrice\":\"171.30\"},\"cs\":3,\"ts\":1790000000120}");
    assert_int_equal(f->market_count, 2);
    assert_int_equal(f->market[1].data.mark.mark_ticks, 17130);
    assert_int_equal(f->market[1].data.mark.last_ticks, 17125);
    assert_int_equal(f->market[1].data.mark.index_ticks, 17120);
    assert_int_equal(f->market[1].data.mark.open_interest_lots, 51000);
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"delta\",\"data\":{\"symbol\":"
                "\"SOLUSDT\",\"bid1Price\":\"171.20\"},\"cs\":4,\"ts\":1790000000130}");
    assert_int_equal(f->market_count, 2); /* nothing that a MARK holds */
    fixture_close(f);
}

static void funding_ticker(fixture *f, int64_t next_ms)
{
    char text[400];
    (void)snprintf(text, sizeof text,
                   "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"snapshot\",\"data\":{\"symbol\":"
                   "\"SOLUSDT\",\"lastPrice\":\"171.25\",\"markPrice\":\"171.23\",\"indexPrice\":"
                   "\"171.20\",\"fundingRate\":\"0.0001\",\"nextFundingTime\":\"%lld\"},\"cs\":2,"
                   "\"ts\":1790000000111}",
                   (long long)next_ms);
    socket_text(f, f->ex.public_socket, text);
}

static void funding_is_asked_for_once_it_was_settled(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    char text[400];
    int64_t settled_ms = ex_ms(f) - 1000;
    funding_ticker(f, settled_ms);
    funding_ticker(f, settled_ms + 28800000);
    take_actions(f);
    ex_request request = take_request(f, find_request(f, "funding/history"));
    f->market_count = 0;
    /* Not there yet: asked again. */
    respond_ok(f, &request, "{\"category\":\"linear\",\"list\":[]}");
    assert_int_equal(f->market_count, 0);
    pass(f, S);
    request = take_request(f, find_request(f, "funding/history"));
    (void)snprintf(text, sizeof text,
                   "{\"category\":\"linear\",\"list\":[{\"symbol\":\"SOLUSDT\",\"fundingRate\":"
                   "\"0.00012\",\"fundingRateTimestamp\":\"%lld\"}]}",
                   (long long)settled_ms);
    respond_ok(f, &request, text);
    assert_int_equal(f->market_count, 1);
    assert_int_equal(f->market[0].kind, HEAN_EVENT_FUNDING);
    assert_int_equal(f->market[0].data.funding.rate_e12, 120000000);
    assert_int_equal(f->market[0].data.funding.interval_ns, 480 * 60 * S);
    fixture_close(f);
}

static void liquidations_are_told_apart_from_trades(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    f->market_count = 0;
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"allLiquidation.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000000100,"
                "\"data\":[{\"T\":1790000000090,\"s\":\"SOLUSDT\",\"S\":\"Buy\",\"v\":\"1.0\","
                "\"p\":\"170.00\"}]}");
    assert_int_equal(f->liquidations, 1);
    assert_int_equal(f->market_count, 0);
    socket_text(f, f->ex.public_socket,
                "{\"topic\":\"publicTrade.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000000100,"
                "\"data\":[{\"T\":1790000000090,\"s\":\"SOLUSDT\",\"S\":\"Buy\",\"v\":\"1.0\","
                "\"p\":\"170.00\",\"i\":\"t1\",\"BT\":false}]}");
    assert_int_equal(f->market_count, 1);
    assert_int_equal(f->market[0].kind, HEAN_EVENT_TRADE);
    fixture_close(f);
}

/* ---- secrets ---- */

static void secrets_are_in_no_event(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    hean_error error;
    f->refuse_auth = true; /* loud */
    for (int i = 0; i < 2000 && f->now < BEGIN_NS + 30 * S; i++) {
        venue_event event;
        wire_action action;
        while (venue_take_event(f->venue, &event))
            assert_null(memmem(&event, sizeof event, "HostDemoSecret", 14));
        if (venue_take_action(f->venue, &action)) {
            assert_true(action.url == NULL || strstr(action.url, "HostDemo") == NULL);
            assert_true(action.headers == NULL || strstr(action.headers, "HostDemoSecret") == NULL);
            assert_true(action.body == NULL || strstr(action.body, "HostDemoSecret") == NULL);
            if (action.kind == WIRE_SOCKET_OPEN)
                assert_status(
                    venue_socket(f->venue, action.id, WIRE_SOCKET_UP, NULL, 0, f->now, &error),
                    HEAN_OK, &error);
            if (action.kind != WIRE_HTTP)
                continue;
            ex_request request = {.id = action.id, .sent_ns = f->now};
            char result[TEXT_BYTES], body[2 * TEXT_BYTES];
            (void)snprintf(request.url, sizeof request.url, "%s", action.url);
            assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
            int bytes = snprintf(body, sizeof body, "{\"retCode\":0,\"retMsg\":\"\",\"result\":%s}",
                                 result);
            wire_response response = {.id = action.id,
                                      .outcome = WIRE_DONE,
                                      .http_status = 200,
                                      .headers = "",
                                      .body = body,
                                      .body_bytes = (size_t)bytes,
                                      .sent_ns = f->now,
                                      .received_ns = f->now};
            assert_status(venue_response(f->venue, &response, f->now, &error), HEAN_OK, &error);
        } else {
            f->now += 100 * MS;
            assert_status(venue_advance(f->venue, f->now, &error), HEAN_OK, &error);
        }
    }
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(venue_becomes_ready_once_all_is_known),
        cmocka_unit_test(venue_without_keys_is_ready_for_market_data_alone),
        cmocka_unit_test(venue_that_may_not_trade_sends_no_order),
        cmocka_unit_test(venue_halts_where_a_symbol_does_not_exist),
        cmocka_unit_test(venue_clock_believes_the_shortest_way),
        cmocka_unit_test(venue_clock_is_taken_again_every_ten_minutes),
        cmocka_unit_test(venue_options_that_cannot_be_are_named),
        cmocka_unit_test(venue_survives_failed_allocations),
        cmocka_unit_test(stream_pings_every_twenty_seconds),
        cmocka_unit_test(stream_without_a_pong_is_given_up_and_opened_again),
        cmocka_unit_test(stream_that_does_not_open_is_tried_less_and_less),
        cmocka_unit_test(stream_one_bad_topic_costs_only_itself),
        cmocka_unit_test(stream_answers_without_numbers_are_taken_in_order),
        cmocka_unit_test(stream_that_refuses_the_key_halts_after_a_few_tries),
        cmocka_unit_test(stream_answers_of_one_that_was_given_up_are_ignored),
        cmocka_unit_test(book_snapshot_then_deltas_on_top_of_each_other),
        cmocka_unit_test(book_delta_before_a_snapshot_is_dropped),
        cmocka_unit_test(book_gap_empties_the_book_and_asks_for_a_snapshot),
        cmocka_unit_test(book_restart_of_the_service_is_a_snapshot),
        cmocka_unit_test(book_of_a_cut_stream_is_emptied_and_connection_is_told),
        cmocka_unit_test(book_that_never_comes_is_asked_for_less_and_less),
        cmocka_unit_test(book_bad_frame_moves_nothing_and_is_told_once),
        cmocka_unit_test(ticker_delta_keeps_what_it_does_not_say),
        cmocka_unit_test(funding_is_asked_for_once_it_was_settled),
        cmocka_unit_test(liquidations_are_told_apart_from_trades),
        cmocka_unit_test(secrets_are_in_no_event),
    };
    return cmocka_run_group_tests_name("venue", tests, NULL, NULL);
}
