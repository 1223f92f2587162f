/*
 * idempotency_test.c: what must not happen twice does not: submits, refusals, throttling, with the
 * requests counted that the exchange sees.
 */
#include "venue_fixture.h"

/* Waits for a request to a path, without answering any to it. */
static ex_request next_request(fixture *f, const char *path, int64_t longest_ns)
{
    int64_t end = f->now + longest_ns;
    while (find_request(f, path) < 0) {
        if (f->ex.pending_count > 0)
            answer(f, 0);
        else if (venue_due_ns(f->venue) <= end)
            step_to(f, venue_due_ns(f->venue));
        else
            fail_msg("no request to %s within %lld ms", path, (long long)(longest_ns / MS));
    }
    return take_request(f, find_request(f, path));
}

/* How many requests to a path leave within a while; all others are answered. */
static int count_requests(fixture *f, const char *path, int64_t ns)
{
    int64_t end = f->now + ns;
    int count = 0;
    for (;;) {
        take_actions(f);
        if (find_request(f, path) >= 0) {
            (void)take_request(f, find_request(f, path));
            count++;
        } else if (f->ex.pending_count > 0) {
            answer(f, 0);
        } else if (venue_due_ns(f->venue) <= end) {
            step_to(f, venue_due_ns(f->venue));
        } else {
            return count;
        }
    }
}

static void idempotency_same_order_twice_is_refused_before_it_leaves(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    hean_error error;
    hean_intent intent = {.kind = HEAN_INTENT_PLACE,
                          .side = HEAN_SIDE_BUY,
                          .order_type = HEAN_ORDER_LIMIT,
                          .order_id = place_order(f, 0, true, 10000, 10),
                          .price_ticks = 10000,
                          .qty_lots = 10};
    assert_int_equal(venue_intent(f->venue, 0, &intent, f->now, &error), HEAN_E_EXISTS);
    run_on(f, S);
    assert_int_equal(f->ex.creates_seen, 1);
    /* Nor after it has ended. */
    cancel_order(f, intent.order_id);
    run_on(f, S);
    assert_int_equal(venue_intent(f->venue, 0, &intent, f->now, &error), HEAN_E_EXISTS);
    run_on(f, S);
    assert_int_equal(f->ex.creates_seen, 1);
    fixture_close(f);
}

static void idempotency_client_ids_differ_by_run_strategy_and_number(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    char seen[8][64];
    int count = 0;
    for (int run = 0; run < 2; run++) {
        options.run = run == 0 ? "run00001" : "run00002";
        fixture *f = fixture_open(&options);
        run_on(f, 3 * S);
        for (uint16_t strategy = 0; strategy < 2; strategy++)
            for (int i = 0; i < 2; i++)
                (void)place_order(f, strategy, true, 10000, 10);
        for (int i = 0; i < 4; i++) {
            ex_field(f->ex.pending[i].body, "orderLinkId", seen[count], sizeof seen[0]);
            assert_true(strlen(seen[count]) <= 36);
            assert_int_equal(strspn(seen[count], "abcdefghijklmnopqrstuvwxyz0123456789-_"),
                             strlen(seen[count]));
            for (int k = 0; k < count; k++)
                assert_string_not_equal(seen[k], seen[count]);
            count++;
        }
        fixture_close(f);
    }
}

static void idempotency_doubled_submit_is_one_order(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request first = next_request(f, "order/create", 0);
    char result[TEXT_BYTES];
    /* It arrived, the answer did not; the exchange hides it from queries for a while. */
    respond(f, &first, WIRE_UNKNOWN, 0, "", NULL);
    ex_request again = next_request(f, "order/create", 5 * S);
    assert_string_equal(first.body, again.body);
    assert_int_equal(ex_act(f, &first, result, sizeof result), 0);
    drop_frames(f);
    assert_int_equal(ex_act(f, &again, result, sizeof result), 110072);
    respond_code(f, &again, 110072);
    run_on(f, 2 * S);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_OPEN);
    assert_int_equal(f->ex.order_count, 1);
    fixture_close(f);
}

static void idempotency_each_try_is_signed_anew(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    venue *machine = f->venue;
    hean_error error;
    hean_intent intent = {.kind = HEAN_INTENT_PLACE,
                          .side = HEAN_SIDE_BUY,
                          .order_type = HEAN_ORDER_LIMIT,
                          .order_id = 1,
                          .price_ticks = 10000,
                          .qty_lots = 10};
    char headers[2][600];
    f->orders[f->order_count++] = (host_order){.id = 1, .qty = 10, .price = 10000};
    assert_status(venue_intent(machine, 0, &intent, f->now, &error), HEAN_OK, &error);
    for (int i = 0; i < 2; i++) {
        wire_action action;
        while (!venue_take_action(machine, &action)) {
            f->now = venue_due_ns(machine);
            assert_status(venue_advance(machine, f->now, &error), HEAN_OK, &error);
        }
        assert_non_null(strstr(action.url, "order/create"));
        (void)snprintf(headers[i], sizeof headers[i], "%s", action.headers);
        wire_response response = {.id = action.id,
                                  .outcome = WIRE_DONE,
                                  .http_status = 200,
                                  .headers = "",
                                  .body = "{\"retCode\":10006,\"retMsg\":\"slow\",\"result\":{}}"};
        response.body_bytes = strlen(response.body);
        assert_status(venue_response(machine, &response, f->now, &error), HEAN_OK, &error);
    }
    assert_string_not_equal(headers[0], headers[1]);
    fixture_close(f);
}

static void idempotency_429_waits_as_long_as_it_is_told(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = next_request(f, "order/create", 0);
    int64_t refused_ns = f->now;
    respond(f, &request, WIRE_DONE, 429, "Retry-After: 3\r\n", "slow down");
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_PENDING_NEW);
    ex_request again = next_request(f, "order/create", 4 * S);
    assert_true(f->now >= refused_ns + 3 * S);
    assert_string_equal(request.body, again.body);
    char result[TEXT_BYTES];
    assert_int_equal(ex_act(f, &again, result, sizeof result), 0);
    respond_ok(f, &again, result);
    run_on(f, S);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_OPEN);
    assert_int_equal(f->ex.creates_seen, 1);
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.rate_refusals, 1);
    assert_int_equal(counters.retries, 1);
    fixture_close(f);
}

static void idempotency_429_without_end_is_an_unknown_outcome_not_a_refusal(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = next_request(f, "order/create", S);
    char result[TEXT_BYTES];
    /* The gateway refuses, and yet it came through. */
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    drop_frames(f);
    respond(f, &request, WIRE_DONE, 429, "", "slow down");
    cancel_order(f, id);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_UNKNOWN);
    run_on(f, 5 * S);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_CANCELLED);
    assert_false(ex_open(&f->ex.orders[0]));
    assert_int_equal(f->ex.creates_seen, 1);
    fixture_close(f);
}

static void idempotency_429_of_a_query_backs_off_and_gives_up_in_the_end(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request create = next_request(f, "order/create", 0);
    respond(f, &create, WIRE_UNKNOWN, 0, "", NULL);
    int64_t last_ns = f->now;
    for (int tries = 1; tries <= 5; tries++) {
        ex_request query = next_request(f, "order/realtime", 20 * S);
        if (tries > 1)
            assert_true(f->now - last_ns >= S);
        last_ns = f->now;
        respond(f, &query, WIRE_DONE, 429, "Retry-After: 1\r\n", "slow down");
    }
    /* The question as such is asked again later: an order in doubt is never dropped. */
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_UNKNOWN);
    (void)next_request(f, "order/realtime", 20 * S);
    fixture_close(f);
}

static void idempotency_10006_waits_for_the_reset_that_the_header_names(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    (void)place_order(f, 0, true, 10000, 10);
    ex_request request = next_request(f, "order/create", 0);
    char headers[200];
    int64_t reset_ms = ex_ms(f) + 2500;
    (void)snprintf(headers, sizeof headers,
                   "X-Bapi-Limit: 10\r\nX-Bapi-Limit-Status: 0\r\n"
                   "X-Bapi-Limit-Reset-Timestamp: %lld\r\n",
                   (long long)reset_ms);
    int64_t refused_ns = f->now;
    respond(f, &request, WIRE_DONE, 200, headers,
            "{\"retCode\":10006,\"retMsg\":\"Too many visits\",\"result\":{},\"time\":1}");
    /* Another order of the same route waits too. */
    (void)place_order(f, 0, true, 10000, 10);
    assert_int_equal(find_request(f, "order/create"), -1);
    (void)next_request(f, "order/create", 4 * S);
    assert_true(f->now >= refused_ns + 2500 * MS && f->now < refused_ns + 2700 * MS);
    fixture_close(f);
}

static void idempotency_refusals_that_will_not_change_are_not_repeated(void **state)
{
    (void)state;
    static const struct {
        int code;
        hean_reason reason;
    } rows[] = {{10001, HEAN_REASON_VENUE},
                {10017, HEAN_REASON_VENUE},
                {110003, HEAN_REASON_VENUE},
                {110094, HEAN_REASON_VENUE},
                {110021, HEAN_REASON_VENUE},
                {110007, HEAN_REASON_INSUFFICIENT_BALANCE},
                {110012, HEAN_REASON_INSUFFICIENT_BALANCE}};
    fixture *f = fixture_ready();
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        uint64_t id = place_order(f, 0, true, 10000, 10);
        ex_request request = next_request(f, "order/create", S);
        respond_code(f, &request, rows[i].code);
        assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
        assert_int_equal(host_find(f, id)->reason, rows[i].reason);
        assert_int_equal(count_requests(f, "order/create", 20 * S), 0);
    }
    assert_int_equal(f->ex.creates_seen, 0);
    assert_int_equal(f->halts, 0);
    fixture_close(f);
}

static void idempotency_a_refused_key_halts_and_nothing_private_leaves_after(void **state)
{
    (void)state;
    static const int codes[] = {10003, 10004, 10005, 10007, 10010, 33004};
    for (size_t i = 0; i < BASE_COUNT(codes); i++) {
        fixture *f = fixture_ready();
        uint64_t id = place_order(f, 0, true, 10000, 10);
        ex_request request = next_request(f, "order/create", S);
        respond_code(f, &request, codes[i]);
        assert_int_equal(f->halts, 1);
        assert_false(venue_ready(f->venue));
        assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
        uint64_t later = place_order(f, 0, true, 10000, 10);
        assert_int_equal(host_find(f, later)->status, HEAN_ORDER_REJECTED);
        assert_int_equal(count_requests(f, "/v5/order", 120 * S), 0);
        assert_int_equal(count_requests(f, "/v5/execution", 60 * S), 0);
        fixture_close(f);
    }
}

static void idempotency_a_ban_stops_everything_until_its_end(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t open = place_order(f, 0, true, 10000, 10);
    run_on(f, S);
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = next_request(f, "order/create", S);
    int64_t banned_ns = f->now;
    respond(f, &request, WIRE_DONE, 403, "", "access too frequent");
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
    assert_int_equal(f->halts, 1);
    cancel_order(f, open);
    pass(f, 599 * S);
    assert_int_equal(f->ex.pending_count, 0);
    assert_false(venue_ready(f->venue));
    run_on(f, 30 * S);
    assert_true(f->now - banned_ns > 600 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(host_find(f, open)->status, HEAN_ORDER_CANCELLED);
    fixture_close(f);
}

static void idempotency_a_wrong_clock_is_mended_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = next_request(f, "order/create", S);
    respond_code(f, &request, 10002);
    int samples = 0;
    while (find_request(f, "market/time") >= 0) {
        samples++;
        answer(f, find_request(f, "market/time"));
    }
    assert_int_equal(samples, 5);
    request = next_request(f, "order/create", S);
    respond_code(f, &request, 10002);
    assert_int_equal(host_find(f, id)->status, HEAN_ORDER_REJECTED);
    assert_int_equal(count_requests(f, "order/create", 20 * S), 0);
    fixture_close(f);
}

static void idempotency_orders_that_could_not_leave_in_time_are_refused(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t ids[60];
    for (int i = 0; i < 60; i++) /* eight a second: forty leave within five seconds */
        ids[i] = place_order(f, 0, true, 10000, 10);
    run_on(f, 20 * S);
    int open = 0;
    for (int i = 0; i < 60; i++)
        open += host_find(f, ids[i])->status == HEAN_ORDER_OPEN;
    assert_int_equal(open, 40);
    assert_int_equal(f->ex.creates_seen, 40);
    assert_int_equal(venue_open_orders(f->venue), 40);
    fixture_close(f);
}

static void idempotency_breaker_stops_asking_a_venue_that_does_not_answer(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    (void)place_order(f, 0, true, 10000, 10);
    int requests = 0;
    int64_t end = f->now + 120 * S;
    while (f->now < end) {
        while (f->ex.pending_count > 0) {
            ex_request request = take_request(f, 0);
            requests++;
            respond(f, &request, WIRE_UNKNOWN, 0, "", NULL);
        }
        step_to(f, venue_due_ns(f->venue) < end ? venue_due_ns(f->venue) : end);
    }
    assert_true(requests < 20); /* five, then one after 1, 2, 4 ... 30 s */
    run_on(f, 120 * S);
    assert_int_equal(venue_open_orders(f->venue), f->ex.order_count);
    assert_true(venue_ready(f->venue));
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idempotency_same_order_twice_is_refused_before_it_leaves),
        cmocka_unit_test(idempotency_client_ids_differ_by_run_strategy_and_number),
        cmocka_unit_test(idempotency_doubled_submit_is_one_order),
        cmocka_unit_test(idempotency_each_try_is_signed_anew),
        cmocka_unit_test(idempotency_429_waits_as_long_as_it_is_told),
        cmocka_unit_test(idempotency_429_without_end_is_an_unknown_outcome_not_a_refusal),
        cmocka_unit_test(idempotency_429_of_a_query_backs_off_and_gives_up_in_the_end),
        cmocka_unit_test(idempotency_10006_waits_for_the_reset_that_the_header_names),
        cmocka_unit_test(idempotency_refusals_that_will_not_change_are_not_repeated),
        cmocka_unit_test(idempotency_a_refused_key_halts_and_nothing_private_leaves_after),
        cmocka_unit_test(idempotency_a_ban_stops_everything_until_its_end),
        cmocka_unit_test(idempotency_a_wrong_clock_is_mended_once),
        cmocka_unit_test(idempotency_orders_that_could_not_leave_in_time_are_refused),
        cmocka_unit_test(idempotency_breaker_stops_asking_a_venue_that_does_not_answer),
    };
    return cmocka_run_group_tests_name("idempotency", tests, NULL, NULL);
}
