/*
 * venue_orders_test.c: races between requests, answers, frames and cuts, one by one, by name.
 */
#include "venue_fixture.h"

static host_order *order_of(fixture *f, uint64_t id)
{
    host_order *order = host_find(f, id);
    assert_non_null(order);
    return order;
}

static void expect(fixture *f, uint64_t id, hean_order_status status, hean_reason reason)
{
    const host_order *order = order_of(f, id);
    assert_int_equal(order->status, status);
    assert_int_equal(order->reason, reason);
}

static ex_order *ex_of(fixture *f, uint64_t id)
{
    char client_id[64];
    for (int i = 0; i < f->ex.order_count; i++) {
        (void)snprintf(client_id, sizeof client_id, "-%llx",
                       (unsigned long long)(id & ((UINT64_C(1) << 48) - 1)));
        size_t length = strlen(f->ex.orders[i].client_id), end = strlen(client_id);
        if (length > end && strcmp(f->ex.orders[i].client_id + length - end, client_id) == 0)
            return &f->ex.orders[i];
    }
    return NULL;
}

/* Places an order of 1.0 at 100.00 that rests, and was told so. */
static uint64_t resting(fixture *f)
{
    uint64_t id = place_order(f, 0, true, 10000, 10);
    run_on(f, 10 * MS);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    return id;
}

static void lose(fixture *f, const char *path, bool arrived)
{
    static char result[TEXT_BYTES * 16];
    int at = find_request(f, path);
    assert_true(at >= 0);
    ex_request request = take_request(f, at);
    if (arrived)
        (void)ex_act(f, &request, result, sizeof result);
    respond(f, &request, WIRE_UNKNOWN, 0, "", NULL);
}

/* ---- the usual way ---- */

static void order_acknowledged_then_streamed_is_open_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    assert_int_equal(order_of(f, id)->tells, 1);
    assert_int_equal(venue_open_orders(f->venue), 1);
    run_on(f, 5 * S);
    assert_int_equal(order_of(f, id)->tells, 1);
    fixture_close(f);
}

static void order_streamed_before_its_acknowledgement_is_open_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = take_request(f, find_request(f, "order/create"));
    char result[TEXT_BYTES];
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    deliver_all(f);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    respond_ok(f, &request, result);
    run_on(f, 5 * S);
    assert_int_equal(order_of(f, id)->tells, 1);
    fixture_close(f);
}

static void order_filled_before_its_acknowledgement_is_filled_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = take_request(f, find_request(f, "order/create"));
    char result[TEXT_BYTES];
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    ex_fill(f, ex_of(f, id), 10);
    deliver_all(f);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    respond_ok(f, &request, result);
    run_on(f, 5 * S);
    assert_int_equal(order_of(f, id)->fills, 1);
    assert_int_equal(venue_open_orders(f->venue), 0);
    fixture_close(f);
}

static void order_status_before_its_executions_waits_for_them(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    ex_fill(f, ex_of(f, id), 10); /* frames: execution, order */
    deliver_frame(f, 1);
    assert_false(order_of(f, id)->ended);
    deliver_frame(f, 0);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    fixture_close(f);
}

static void order_filled_with_all_frames_lost_is_found_by_the_audit(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    ex_fill(f, ex_of(f, id), 4);
    ex_fill(f, ex_of(f, id), 6);
    drop_frames(f);
    run_on(f, 60 * S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    assert_int_equal(order_of(f, id)->fills, 2);
    assert_int_equal(f->ready_count, 1);
    fixture_close(f);
}

static void order_cancelled_by_hand_is_told_as_the_venues(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    ex_end(f, ex_of(f, id), "Cancelled", "EC_PerCancelRequest");
    deliver_all(f);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_VENUE);
    fixture_close(f);
}

static void order_post_only_that_would_take_is_rejected_with_its_reason(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request request = take_request(f, find_request(f, "order/create"));
    char result[TEXT_BYTES];
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    drop_frames(f); /* "New" is skipped */
    ex_end(f, ex_of(f, id), "Cancelled", "EC_PostOnlyWillTakeLiquidity");
    respond_ok(f, &request, result);
    deliver_all(f);
    expect(f, id, HEAN_ORDER_REJECTED, HEAN_REASON_POST_ONLY_WOULD_TAKE);
    fixture_close(f);
}

static void order_frames_after_the_end_change_nothing(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    ex_order *order = ex_of(f, id);
    char late[1200], again[1200];
    ex_order_row(order, late, sizeof late); /* "New" */
    ex_fill(f, order, 10);
    ex_exec_row(f, &f->ex.execs[0], again, sizeof again);
    deliver_all(f);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    ex_stream(f, "execution", again);
    deliver_all(f); /* the host would fail at a second execution */
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.duplicate_executions, 1);
    ex_stream(f, "order", late);
    deliver_all(f);
    run_on(f, 20 * S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    fixture_close(f);
}

static void order_older_frame_does_not_undo_a_newer_one(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    amend_order(f, id, 9900, 0);
    char older[1200];
    ex_order_row(ex_of(f, id), older, sizeof older);
    f->now += 5 * MS;
    run_on(f, 10 * MS);
    assert_int_equal(order_of(f, id)->price, 9900);
    ex_stream(f, "order", older);
    deliver_all(f);
    assert_int_equal(order_of(f, id)->price, 9900);
    fixture_close(f);
}

/* ---- unknown outcomes ---- */

static void unknown_create_that_arrived_is_found_and_goes_on(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    f->ex.silent = true;
    lose(f, "order/create", true);
    expect(f, id, HEAN_ORDER_UNKNOWN, HEAN_REASON_NONE);
    run_on(f, 2 * S);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    assert_int_equal(f->ex.creates_seen, 1);
    fixture_close(f);
}

static void unknown_create_that_was_filled_is_told_fill_by_fill(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    f->ex.silent = true;
    lose(f, "order/create", true);
    ex_fill(f, ex_of(f, id), 3);
    ex_fill(f, ex_of(f, id), 7);
    run_on(f, 3 * S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    assert_int_equal(order_of(f, id)->fills, 2);
    fixture_close(f);
}

static void unknown_create_that_never_arrived_is_sent_once_more(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    lose(f, "order/create", false);
    expect(f, id, HEAN_ORDER_UNKNOWN, HEAN_REASON_NONE);
    run_on(f, 5 * S);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    assert_int_equal(f->ex.order_count, 1);
    fixture_close(f);
}

static void unknown_create_that_never_arrives_ends_after_the_receive_window(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    int64_t first_ns = f->now, last_ns = f->now;
    int creates = 0;
    for (int i = 0; i < 40 && !order_of(f, id)->ended; i++) {
        if (find_request(f, "order/create") >= 0) {
            creates++;
            last_ns = f->now;
            lose(f, "order/create", false);
        }
        while (f->ex.pending_count > 0 && find_request(f, "order/create") < 0)
            answer(f, 0);
        pass(f, S / 2);
    }
    expect(f, id, HEAN_ORDER_REJECTED, HEAN_REASON_VENUE);
    assert_int_equal(creates, 2);
    assert_true(last_ns - first_ns < 5 * S + S / 2);
    assert_true(f->now - last_ns >= 6 * S); /* no copy can arrive any more */
    fixture_close(f);
}

static void unknown_create_whose_cancel_is_wanted_is_not_sent_again(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    lose(f, "order/create", false);
    cancel_order(f, id);
    run_on(f, 20 * S);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    assert_int_equal(f->ex.creates_seen, 0);
    fixture_close(f);
}

static void unknown_create_that_arrives_after_its_denial_is_known_again(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    ex_request copy = f->ex.pending[find_request(f, "order/create")];
    lose(f, "order/create", false);
    char result[TEXT_BYTES];
    run_on(f, 1 * S); /* denied */
    assert_int_equal(ex_act(f, &copy, result, sizeof result), 0);
    drop_frames(f);
    run_on(f, 10 * S);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    assert_int_equal(f->ex.order_count, 1);
    fixture_close(f);
}

/* ---- cancels ---- */

static void cancel_of_an_order_that_was_not_sent_needs_no_request(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t ids[12];
    for (int i = 0; i < 12; i++) /* eight go at once, by the limiter */
        ids[i] = place_order(f, 0, true, 10000, 10);
    assert_int_equal(f->ex.pending_count, 8);
    cancel_order(f, ids[11]);
    expect(f, ids[11], HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    run_on(f, 5 * S);
    assert_int_equal(f->ex.order_count, 11);
    fixture_close(f);
}

static void cancel_waits_for_the_answer_of_the_create(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    cancel_order(f, id);
    assert_int_equal(find_request(f, "order/cancel"), -1);
    answer(f, find_request(f, "order/create"));
    assert_true(find_request(f, "order/cancel") >= 0);
    run_on(f, S);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    fixture_close(f);
}

static void cancel_acknowledged_is_not_cancelled_yet(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    cancel_order(f, id);
    answer(f, find_request(f, "order/cancel"));
    assert_false(order_of(f, id)->ended);
    deliver_all(f);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    fixture_close(f);
}

static void cancel_that_lost_to_a_fill_is_a_fill(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    f->ex.silent = true;
    cancel_order(f, id);
    ex_fill(f, ex_of(f, id), 10);
    answer(f, find_request(f, "order/cancel")); /* 110001 */
    assert_false(order_of(f, id)->ended);
    run_on(f, S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    fixture_close(f);
}

static void cancel_after_a_partial_fill_keeps_the_fill(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    cancel_order(f, id);
    ex_fill(f, ex_of(f, id), 4);
    answer(f, find_request(f, "order/cancel"));
    /* Last to first: the end comes before the execution it speaks of. */
    while (f->ex.frame_count > 0)
        deliver_frame(f, f->ex.frame_count - 1);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    assert_int_equal(order_of(f, id)->filled, 4);
    fixture_close(f);
}

static void cancel_that_is_lost_is_sent_again_until_it_ends(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    cancel_order(f, id);
    for (int i = 0; i < 7; i++) { /* more than one request's tries */
        while (find_request(f, "order/cancel") < 0) {
            if (f->ex.pending_count > 0)
                answer(f, 0);
            else
                pass(f, 100 * MS);
        }
        lose(f, "order/cancel", false);
    }
    run_on(f, 60 * S);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    fixture_close(f);
}

static void cancel_all_ends_ours_and_leaves_foreign_orders(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    hean_error error;
    uint64_t one = resting(f), two = resting(f);
    ex_order *foreign = ex_make(f, "by-hand", true, 9000, 5);
    assert_status(venue_cancel_all(f->venue, f->now, &error), HEAN_OK, &error);
    run_on(f, S);
    expect(f, one, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_HOST);
    expect(f, two, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_HOST);
    assert_true(ex_open(foreign));
    assert_int_equal(f->foreign_orders, 1);
    fixture_close(f);
}

/* ---- amendments ---- */

static void amend_is_answered_by_the_order_as_it_then_stands(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    amend_order(f, id, 9900, 20);
    assert_int_equal(order_of(f, id)->price, 10000);
    run_on(f, 10 * MS);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    assert_int_equal(order_of(f, id)->price, 9900);
    assert_int_equal(order_of(f, id)->qty, 20);
    assert_int_equal(order_of(f, id)->tells, 2);
    fixture_close(f);
}

static void amend_confirmed_before_its_acknowledgement_is_answered_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    char result[TEXT_BYTES];
    amend_order(f, id, 9900, 0);
    amend_order(f, id, 9800, 0);
    ex_request request = take_request(f, find_request(f, "order/amend"));
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    deliver_all(f);
    assert_int_equal(order_of(f, id)->price, 9900);
    assert_int_equal(find_request(f, "order/amend"), -1); /* one at a time */
    respond_ok(f, &request, result);
    run_on(f, S);
    assert_int_equal(order_of(f, id)->price, 9800);
    assert_int_equal(order_of(f, id)->tells, 3);
    fixture_close(f);
}

static void amend_that_is_refused_leaves_the_order_as_it_was(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    amend_order(f, id, 9900, 0);
    ex_request request = take_request(f, find_request(f, "order/amend"));
    respond_code(f, &request, 110003);
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_VENUE);
    assert_int_equal(order_of(f, id)->price, 10000);
    fixture_close(f);
}

static void amend_of_an_order_that_filled_meanwhile_is_a_fill(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    amend_order(f, id, 9900, 0);
    ex_fill(f, ex_of(f, id), 10);
    answer(f, find_request(f, "order/amend")); /* 110001 */
    run_on(f, S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    assert_int_equal(order_of(f, id)->tells, 1);
    fixture_close(f);
}

static void amend_that_raised_the_quantity_unseen_lets_the_fill_pass(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    char result[TEXT_BYTES];
    amend_order(f, id, 0, 20);
    ex_request request = take_request(f, find_request(f, "order/amend"));
    assert_int_equal(ex_act(f, &request, result, sizeof result), 0);
    drop_frames(f); /* the change is not streamed */
    ex_fill(f, ex_of(f, id), 15);
    deliver_frame(f, 0); /* the execution */
    assert_int_equal(order_of(f, id)->filled, 15);
    assert_false(order_of(f, id)->ended);
    respond_ok(f, &request, result);
    ex_fill(f, ex_of(f, id), 5);
    run_on(f, 2 * S);
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    assert_int_equal(order_of(f, id)->filled, 20);
    fixture_close(f);
}

static void amend_without_an_answer_is_asked_for(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    f->ex.silent = true;
    amend_order(f, id, 9900, 0);
    for (int i = 0; i < 5; i++) {
        while (find_request(f, "order/amend") < 0)
            pass(f, 100 * MS);
        lose(f, "order/amend", i == 0);
    }
    run_on(f, 5 * S);
    assert_int_equal(order_of(f, id)->price, 9900);
    assert_int_equal(order_of(f, id)->tells, 2);
    fixture_close(f);
}

/* ---- cuts and restarts ---- */

static void cut_refuses_orders_and_reconciles_before_ready(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t open = resting(f), filled = resting(f), cancelled = resting(f);
    cut_private(f);
    assert_false(venue_ready(f->venue));
    uint64_t refused = place_order(f, 0, true, 10000, 10);
    expect(f, refused, HEAN_ORDER_REJECTED, HEAN_REASON_VENUE);
    ex_fill(f, ex_of(f, open), 3);
    ex_fill(f, ex_of(f, filled), 10);
    ex_end(f, ex_of(f, cancelled), "Cancelled", "EC_PerCancelRequest");
    run_on(f, 10 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(order_of(f, open)->filled, 3);
    assert_int_equal(order_of(f, filled)->status, HEAN_ORDER_FILLED);
    expect(f, cancelled, HEAN_ORDER_CANCELLED, HEAN_REASON_VENUE);
    assert_int_equal(f->differences, 0);
    fixture_close(f);
}

static void cut_while_a_create_is_under_way_settles_it_before_ready(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = place_order(f, 0, true, 10000, 10);
    cut_private(f);
    lose(f, "order/create", true);
    run_on(f, 10 * S);
    assert_true(venue_ready(f->venue));
    expect(f, id, HEAN_ORDER_OPEN, HEAN_REASON_NONE);
    fixture_close(f);
}

static void cut_does_not_stop_a_cancel(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    cut_private(f);
    cancel_order(f, id);
    assert_true(find_request(f, "order/cancel") >= 0);
    run_on(f, 10 * S);
    expect(f, id, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    fixture_close(f);
}

static void restart_cancels_orders_of_an_earlier_run_and_tells_their_fills(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *first = fixture_ready();
    uint64_t id = resting(first);
    char client_id[64];
    (void)snprintf(client_id, sizeof client_id, "%s", ex_of(first, id)->client_id);
    fixture_close(first);

    options.run = "run00002";
    fixture *f = fixture_open(&options);
    ex_order *earlier = ex_make(f, client_id, true, 10000, 10);
    ex_order *foreign = ex_make(f, "hn-not-ours", true, 9000, 5);
    ex_fill(f, earlier, 4);
    run_on(f, 10 * S);
    assert_true(venue_ready(f->venue));
    assert_false(ex_open(earlier));
    assert_true(ex_open(foreign));
    assert_int_equal(f->late_fills, 1);
    assert_int_equal(f->position, 4);
    assert_int_equal(f->differences, 1);
    assert_non_null(strstr(f->last_difference, "earlier_order"));
    assert_int_equal(f->foreign_orders, 1);
    fixture_close(f);
}

static void position_that_nobody_explains_is_told_once(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    f->ex.position += 7;
    run_on(f, 120 * S);
    assert_int_equal(f->differences, 1);
    assert_non_null(strstr(f->last_difference, "position"));
    assert_true(venue_ready(f->venue));
    fixture_close(f);
}

static void position_that_foreign_fills_explain_is_no_difference(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    ex_order *foreign = ex_make(f, "by-hand", true, 9000, 5);
    ex_fill(f, foreign, 5);
    run_on(f, 120 * S);
    assert_int_equal(f->foreign_fills, 1);
    assert_int_equal(f->foreign_lots, 5);
    assert_int_equal(f->differences, 0);
    fixture_close(f);
}

static void funding_is_told_once_and_moves_no_order(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    ex_exec *exec = &f->ex.execs[f->ex.exec_count++];
    char row[1200];
    memset(exec, 0, sizeof *exec);
    exec->funding = true;
    (void)snprintf(exec->exec_id, sizeof exec->exec_id, "funding-1");
    exec->price = 10000;
    exec->qty = 10;
    exec->time_ms = ex_ms(f);
    ex_exec_row(f, exec, row, sizeof row);
    ex_stream(f, "execution", row);
    run_on(f, 60 * S); /* the stream, and the audit's list */
    assert_int_equal(f->fundings, 1);
    fixture_close(f);
}

static void private_frame_that_cannot_be_read_moves_nothing_and_is_looked_into(void **state)
{
    (void)state;
    fixture *f = fixture_ready();
    uint64_t id = resting(f);
    ex_fill(f, ex_of(f, id), 10);
    drop_frames(f);
    socket_text(f, f->ex.private_socket,
                "{\"topic\":\"execution\",\"data\":[{\"symbol\":\"SOLUSDT\"");
    assert_int_equal(order_of(f, id)->filled, 0);
    assert_int_equal(f->logs[HEAN_LOG_ERROR], 1);
    run_on(f, 6 * S); /* well before the next audit */
    assert_int_equal(order_of(f, id)->status, HEAN_ORDER_FILLED);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_acknowledged_then_streamed_is_open_once),
        cmocka_unit_test(order_streamed_before_its_acknowledgement_is_open_once),
        cmocka_unit_test(order_filled_before_its_acknowledgement_is_filled_once),
        cmocka_unit_test(order_status_before_its_executions_waits_for_them),
        cmocka_unit_test(order_filled_with_all_frames_lost_is_found_by_the_audit),
        cmocka_unit_test(order_cancelled_by_hand_is_told_as_the_venues),
        cmocka_unit_test(order_post_only_that_would_take_is_rejected_with_its_reason),
        cmocka_unit_test(order_frames_after_the_end_change_nothing),
        cmocka_unit_test(order_older_frame_does_not_undo_a_newer_one),
        cmocka_unit_test(unknown_create_that_arrived_is_found_and_goes_on),
        cmocka_unit_test(unknown_create_that_was_filled_is_told_fill_by_fill),
        cmocka_unit_test(unknown_create_that_never_arrived_is_sent_once_more),
        cmocka_unit_test(unknown_create_that_never_arrives_ends_after_the_receive_window),
        cmocka_unit_test(unknown_create_whose_cancel_is_wanted_is_not_sent_again),
        cmocka_unit_test(unknown_create_that_arrives_after_its_denial_is_known_again),
        cmocka_unit_test(cancel_of_an_order_that_was_not_sent_needs_no_request),
        cmocka_unit_test(cancel_waits_for_the_answer_of_the_create),
        cmocka_unit_test(cancel_acknowledged_is_not_cancelled_yet),
        cmocka_unit_test(cancel_that_lost_to_a_fill_is_a_fill),
        cmocka_unit_test(cancel_after_a_partial_fill_keeps_the_fill),
        cmocka_unit_test(cancel_that_is_lost_is_sent_again_until_it_ends),
        cmocka_unit_test(cancel_all_ends_ours_and_leaves_foreign_orders),
        cmocka_unit_test(amend_is_answered_by_the_order_as_it_then_stands),
        cmocka_unit_test(amend_confirmed_before_its_acknowledgement_is_answered_once),
        cmocka_unit_test(amend_that_is_refused_leaves_the_order_as_it_was),
        cmocka_unit_test(amend_of_an_order_that_filled_meanwhile_is_a_fill),
        cmocka_unit_test(amend_that_raised_the_quantity_unseen_lets_the_fill_pass),
        cmocka_unit_test(amend_without_an_answer_is_asked_for),
        cmocka_unit_test(cut_refuses_orders_and_reconciles_before_ready),
        cmocka_unit_test(cut_while_a_create_is_under_way_settles_it_before_ready),
        cmocka_unit_test(cut_does_not_stop_a_cancel),
        cmocka_unit_test(restart_cancels_orders_of_an_earlier_run_and_tells_their_fills),
        cmocka_unit_test(position_that_nobody_explains_is_told_once),
        cmocka_unit_test(position_that_foreign_fills_explain_is_no_difference),
        cmocka_unit_test(funding_is_told_once_and_moves_no_order),
        cmocka_unit_test(private_frame_that_cannot_be_read_moves_nothing_and_is_looked_into),
    };
    return cmocka_run_group_tests_name("venue orders", tests, NULL, NULL);
}
