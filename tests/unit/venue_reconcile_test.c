/*
 * venue_reconcile_test.c: what rounds of comparison find and how it is settled; what executions are
 * remembered; that memory running out is told, not crashed upon.
 */
#include "venue_fixture.h"

/* ---- differences ---- */

static void difference_vanished_order_is_taken_for_cancelled_after_a_while(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    run_on(f, S);
    f->ex.order_count = 0; /* the exchange has lost its memory, and says nothing */
    run_on(f, 60 * S);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_OPEN);
    run_on(f, 60 * S);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_CANCELLED);
    assert_int_equal(host_find(f, id)->reason, HEAN_REASON_VENUE);
    assert_non_null(strstr(f->last_difference, "vanished"));
    fixture_close(f);
}

static void difference_overfilled_order_takes_the_larger_quantity(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    run_on(f, S);
    f->ex.orders[0].qty = 15; /* nobody asked for that */
    ex_fill(f, &f->ex.orders[0], 12);
    deliver_all(f);
    assert_int_equal(host_find(f, id)->filled, 12);
    assert_non_null(strstr(f->last_difference, "overfilled"));
    run_on(f, 10 * S);
    assert_int_equal(f->position, f->ex.position);
    fixture_close(f);
}

static void difference_earlier_order_that_cannot_be_cancelled_keeps_it_from_ready(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    ex_order *earlier = ex_make(f, "hn-run00000-aaaaaaaa-1", true, 10000, 10);
    for (int i = 0; i < 400; i++) {
        if (f->ex.pending_count == 0)
            pass(f, 100 * MS);
        else if (strstr(f->ex.pending[0].url, "order/cancel") == NULL)
            answer(f, 0);
        else {
            ex_request request = take_request(f, 0);
            respond_code(f, &request, 110079);
        }
    }
    assert_false(venue_ready(f->venue));
    run_on(f, 20 * S);
    assert_true(venue_ready(f->venue));
    assert_false(ex_open(earlier));
    assert_int_equal(f->differences, 1);
    fixture_close(f);
}

static void difference_position_waits_until_the_host_has_said_what_it_holds(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    f->ex.position = 30;
    f->position = 30; /* from the host's ledger */
    venue_set_held(f->venue, 0, 30);
    run_on(f, 10 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->differences, 0);
    fixture_close(f);
}

static void difference_hedge_mode_halts(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    for (int i = 0; i < 200 && f->halts == 0; i++) {
        take_actions(f);
        int at = find_request(f, "position/list");
        if (at >= 0) {
            ex_request request = take_request(f, at);
            respond_ok(f, &request,
                       "{\"category\":\"linear\",\"nextPageCursor\":\"\",\"list\":[{"
                       "\"positionIdx\":1,\"symbol\":\"SOLUSDT\",\"side\":\"Buy\",\"size\":\"1\","
                       "\"avgPrice\":\"100\",\"positionValue\":\"100\",\"updatedTime\":\"1\"}]}");
        } else if (f->ex.pending_count > 0) {
            answer(f, 0);
        } else {
            pass(f, 100 * MS);
        }
    }
    assert_int_equal(f->halts, 1);
    assert_non_null(strstr(f->last_halt, "hedge"));
    assert_false(venue_ready(f->venue));
    fixture_close(f);
}

static void difference_key_that_may_not_trade_halts(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    take_actions(f);
    while (find_request(f, "query-api") < 0)
        answer(f, 0);
    ex_request request = take_request(f, find_request(f, "query-api"));
    respond_ok(f, &request,
               "{\"readOnly\":1,\"permissions\":{\"ContractTrade\":[]},\"ips\":[],"
               "\"deadlineDay\":1,\"expiredAt\":\"\",\"uta\":1}");
    assert_int_equal(f->halts, 1);
    fixture_close(f);
}

/* ---- lists ---- */

static void lists_of_executions_reach_back_in_windows_of_a_week(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    options.known_execution_ns = BEGIN_NS - 20 * 24 * 3600 * S;
    fixture *f = fixture_open(&options);
    ex_order *order = ex_make(f, "hn-run00000-aaaaaaaa-1", true, 10000, 10);
    static const int days[] = {15, 9, 2};
    for (int i = 0; i < 3; i++) {
        ex_fill(f, order, 3);
        f->ex.execs[i].time_ms -= days[i] * INT64_C(86400000);
    }
    order->status = "Cancelled";
    int windows = 0;
    for (int i = 0; i < 300 && !venue_ready(f->venue); i++) {
        take_actions(f);
        if (f->ex.pending_count == 0) {
            pass(f, 100 * MS);
            continue;
        }
        windows += strstr(f->ex.pending[0].url, "execution/list") != NULL;
        answer(f, 0);
    }
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->late_fills, 3);
    assert_true(windows >= 3);
    assert_string_equal(f->execs[0], "exec-1"); /* the oldest first */
    assert_string_equal(f->execs[2], "exec-3");
    fixture_close(f);
}

static void lists_with_a_cursor_that_repeats_come_to_an_end(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    int lists = 0;
    for (int i = 0; i < 300 && !venue_ready(f->venue); i++) {
        take_actions(f);
        int at = find_request(f, "order/realtime");
        if (at >= 0) {
            ex_request request = take_request(f, at);
            lists++;
            respond_ok(f, &request,
                       "{\"category\":\"linear\",\"list\":[],\"nextPageCursor\":\"same\"}");
        } else if (f->ex.pending_count > 0) {
            answer(f, 0);
        } else {
            pass(f, 100 * MS);
        }
    }
    assert_true(venue_ready(f->venue));
    assert_int_equal(lists, 2);
    fixture_close(f);
}

/* ---- what is remembered of executions ---- */

static void stream_execution(fixture *f, int number, int64_t time_ms)
{
    ex_exec exec = {.order = 0, .price = 10000, .qty = 1, .time_ms = time_ms};
    char row[1200];
    (void)snprintf(exec.exec_id, sizeof exec.exec_id, "many-%d", number);
    ex_exec_row(f, &exec, row, sizeof row);
    ex_stream(f, "execution", row);
    deliver_all(f);
}

static void executions_of_the_last_hour_are_remembered_and_older_ones_refused(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    venue_counters counters;
    (void)ex_make(f, "by-hand", true, 10000, 100000);
    int64_t first_ms = ex_ms(f);
    for (int i = 0; i < 300; i++) /* one a minute, for five hours */
        stream_execution(f, i, first_ms + i * 60000);
    assert_int_equal(f->foreign_fills, 300);
    for (int i = 240; i < 300; i++) /* the host would fail at a second time */
        stream_execution(f, i, first_ms + i * 60000);
    stream_execution(f, 0, first_ms);
    stream_execution(f, 1000, first_ms + 60000); /* new, but nobody could know */
    assert_int_equal(f->foreign_fills, 300);
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.duplicate_executions, 62);
    fixture_close(f);
}

static void executions_that_share_an_id_on_both_sides_are_two(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    char row[1200];
    ex_order *buy = ex_make(f, "hand-1", true, 10000, 10);
    ex_order *sell = ex_make(f, "hand-2", false, 10000, 10);
    ex_exec exec = {.price = 10000, .qty = 1, .time_ms = ex_ms(f), .exec_id = "both"};
    exec.order = (int)(buy - f->ex.orders);
    ex_exec_row(f, &exec, row, sizeof row);
    socket_text(f, f->ex.private_socket, ""); /* rubbish in between does not matter */
    ex_stream(f, "execution", row);
    f->exec_count = 0;
    deliver_all(f);
    exec.order = (int)(sell - f->ex.orders);
    ex_exec_row(f, &exec, row, sizeof row);
    ex_stream(f, "execution", row);
    f->exec_count = 0; /* the fixture knows them by id alone */
    deliver_all(f);
    assert_int_equal(f->foreign_fills, 2);
    fixture_close(f);
}

/* ---- many symbols ---- */

static void many_symbols_are_shared_out_over_connections(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static char names[COUNT][24];
    static const char *symbols[COUNT];
    static char list[COUNT * 420 + 200];
    size_t used = (size_t)sprintf(list, "{\"category\":\"linear\",\"nextPageCursor\":\"\","
                                        "\"list\":[");
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "LONGNAME%03dUSDT", i);
        symbols[i] = names[i];
        used += (size_t)sprintf(
            list + used,
            "%s{\"symbol\":\"%s\",\"contractType\":\"LinearPerpetual\",\"status\":\"Trading\","
            "\"baseCoin\":\"S\",\"quoteCoin\":\"USDT\",\"settleCoin\":\"USDT\",\"priceFilter\":{"
            "\"minPrice\":\"0.01\",\"maxPrice\":\"9999.99\",\"tickSize\":\"0.01\"},"
            "\"lotSizeFilter\":{\"maxOrderQty\":\"4100\",\"minOrderQty\":\"0.1\",\"qtyStep\":"
            "\"0.1\",\"minNotionalValue\":\"5\"},\"fundingInterval\":480}",
            i > 0 ? "," : "", names[i]);
    }
    (void)sprintf(list + used, "]}");
    venue_options options = fixture_options(base_allocator_default());
    options.api_key = options.api_secret = NULL;
    options.symbols = symbols;
    options.symbol_count = COUNT;
    fixture *f = fixture_open(&options);
    f->instruments_text = list;
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    /* 300 symbols of about 110 letters of topics each, at most 20,000 on a connection. */
    assert_true(f->opened_count >= 2 && f->opened_count <= 4);
    assert_true(f->subscribes >= COUNT * 4 / 10);
    fixture_close(f);
}

/* ---- memory ---- */

static void memory_that_runs_out_is_told_and_nothing_is_lost_from_it(void **state)
{
    (void)state;
    int failures = 0;
    for (uint64_t fail_at = 20; fail_at < 400; fail_at += 3) {
        test_allocator memory;
        test_allocator_init(&memory, fail_at);
        venue_options options = fixture_options(&memory.allocator);
        fixture *f = calloc(1, sizeof *f);
        hean_error error;
        f->now = BEGIN_NS;
        f->ex.page = 50;
        f->may_fail = true;
        if (venue_open(&options, &f->venue, &error) == HEAN_OK) {
            fixture_check(f, venue_start(f->venue, f->now, &error), &error);
            run_on(f, 3 * S);
            for (int i = 0; i < 12 && !f->failed; i++)
                (void)place_order(f, 0, true, 10000, 10);
            run_on(f, 2 * S);
            for (int i = 0; i < f->ex.order_count && !f->failed; i++)
                ex_fill(f, &f->ex.orders[i], 10);
            run_on(f, 2 * S);
            failures += f->failed;
        } else {
            assert_int_equal(error.status, HEAN_E_NO_MEMORY);
        }
        fixture_close(f);
        assert_int_equal(memory.live, 0);
    }
    assert_true(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_vanished_order_is_taken_for_cancelled_after_a_while),
        cmocka_unit_test(difference_overfilled_order_takes_the_larger_quantity),
        cmocka_unit_test(difference_earlier_order_that_cannot_be_cancelled_keeps_it_from_ready),
        cmocka_unit_test(difference_position_waits_until_the_host_has_said_what_it_holds),
        cmocka_unit_test(difference_hedge_mode_halts),
        cmocka_unit_test(difference_key_that_may_not_trade_halts),
        cmocka_unit_test(lists_of_executions_reach_back_in_windows_of_a_week),
        cmocka_unit_test(lists_with_a_cursor_that_repeats_come_to_an_end),
        cmocka_unit_test(executions_of_the_last_hour_are_remembered_and_older_ones_refused),
        cmocka_unit_test(executions_that_share_an_id_on_both_sides_are_two),
        cmocka_unit_test(many_symbols_are_shared_out_over_connections),
        cmocka_unit_test(memory_that_runs_out_is_told_and_nothing_is_lost_from_it),
    };
    return cmocka_run_group_tests_name("venue reconcile", tests, NULL, NULL);
}
