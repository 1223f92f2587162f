/*
 * venue_random_test.c: random orders through random faults; at the end host and exchange agree.
 *
 * Requests are lost before or after they were carried out, carried out twice or late, refused,
 * answered with rubbish; frames are lost, doubled, delivered in any order; connections are cut;
 * orders fill and are cancelled meanwhile. The host of the fixture fails at once when an execution
 * is told twice, an ended order is told of again, or more is filled than was ordered.
 */
#include "venue_fixture.h"

#include <base/random.h>

#define STEPS      1500
#define COPIES_MAX 64

typedef struct world {
    fixture *f;
    base_random random;
    ex_request copies[COPIES_MAX]; /* on their way though their sender gave up */
    int64_t copy_ns[COPIES_MAX];
    int copy_count;
    bool mild;
    int cuts, lost, doubled, late;
} world;

static uint64_t below(world *w, uint64_t bound)
{
    return base_random_below(&w->random, bound);
}

/* ---- requests ---- */

static void fail_with(world *w, const ex_request *request, int http_status, const char *headers,
                      const char *body)
{
    respond(w->f, request, WIRE_DONE, http_status, headers, body);
}

static void answer_somehow(world *w, int at)
{
    static char result[TEXT_BYTES * 16];
    fixture *f = w->f;
    ex_request request = take_request(f, at);
    /* Some worlds are mild, so that much is traded in them. */
    uint64_t dice = below(w, w->mild ? 400 : 100);
    if (dice < 5) {
        w->lost++;
        respond(f, &request, WIRE_UNKNOWN, 0, "", NULL);
        return;
    }
    if (dice < 9 && request.post && w->copy_count < COPIES_MAX) {
        w->late++;
        w->copies[w->copy_count] = request;
        w->copy_ns[w->copy_count++] = request.sent_ns + (int64_t)below(w, 4400) * MS;
        respond(f, &request, WIRE_UNKNOWN, 0, "", NULL);
        return;
    }
    switch (dice) {
    case 10:
    case 11:
        respond(f, &request, WIRE_NOT_SENT, 0, "", NULL);
        return;
    case 12:
        respond_code(f, &request, 10006);
        return;
    case 13:
        fail_with(w, &request, 429, "Retry-After: 1\r\n", "slow down");
        return;
    case 14:
        fail_with(w, &request, 502, "", "<html>bad gateway</html>");
        return;
    case 15:
        respond_code(f, &request, 10002);
        return;
    case 16:
        respond_code(f, &request, 10000);
        return;
    default:
        break;
    }
    int code = ex_act(f, &request, result, sizeof result);
    if (dice == 17 || dice == 18) {
        w->doubled++;
        static char again[TEXT_BYTES * 16];
        (void)ex_act(f, &request, again, sizeof again);
    } else if (dice < 24) {
        w->lost++;
        respond(f, &request, WIRE_UNKNOWN, 0, "", NULL);
        return;
    } else if (dice == 24) {
        fail_with(w, &request, 502, "", "<html>bad gateway</html>");
        return;
    } else if (dice == 25) {
        fail_with(w, &request, 200, "", "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{\"list\":[{");
        return;
    } else if (dice == 26) {
        respond_code(f, &request, 10016);
        return;
    }
    if (code == 0)
        respond_ok(f, &request, result);
    else
        respond_code(f, &request, code);
}

static void copies_arrive(world *w)
{
    char result[TEXT_BYTES];
    for (int i = w->copy_count; i-- > 0;) {
        if (w->copy_ns[i] > w->f->now)
            continue;
        (void)ex_act(w->f, &w->copies[i], result, sizeof result);
        w->copies[i] = w->copies[--w->copy_count];
        w->copy_ns[i] = w->copy_ns[w->copy_count];
    }
}

/* ---- frames ---- */

static void frame_somehow(world *w)
{
    fixture *f = w->f;
    if (f->ex.frame_count == 0)
        return;
    int at = below(w, 3) == 0 ? (int)below(w, (uint64_t)f->ex.frame_count) : 0;
    uint64_t dice = below(w, 20);
    if (dice == 0) {
        free(f->ex.frames[at]);
        memmove(&f->ex.frames[at], &f->ex.frames[at + 1],
                (size_t)(f->ex.frame_count - at - 1) * sizeof *f->ex.frames);
        f->ex.frame_count--;
    } else if (dice < 3 && f->ex.frame_count < PENDING_MAX) {
        f->ex.frames[f->ex.frame_count++] = strdup(f->ex.frames[at]);
    } else if (dice == 3 && below(w, 10) == 0) {
        socket_text(f, f->ex.private_socket, "{\"topic\":\"order\",\"data\":[{]}");
        take_actions(f);
    } else {
        deliver_frame(f, at);
    }
}

/* ---- what happens at the exchange, and what strategies want ---- */

static void market_moves(world *w)
{
    fixture *f = w->f;
    for (int tries = 0; tries < 4 && f->ex.order_count > 0; tries++) {
        ex_order *order = &f->ex.orders[below(w, (uint64_t)f->ex.order_count)];
        if (!ex_open(order))
            continue;
        if (below(w, 6) == 0)
            ex_end(f, order, "Cancelled", "EC_Others");
        else
            ex_fill(f, order, 1 + (int64_t)below(w, (uint64_t)(order->qty - order->filled)));
        return;
    }
}

static void strategy_wants(world *w)
{
    fixture *f = w->f;
    uint64_t dice = below(w, 10);
    const host_order *order =
        f->order_count > 0 ? &f->orders[below(w, (uint64_t)f->order_count)] : NULL;
    if (dice < 5 || order == NULL)
        (void)place_order(f, (uint16_t)below(w, 2), below(w, 2) == 0, 9000 + (int64_t)below(w, 99),
                          1 + (int64_t)below(w, 20));
    else if (order->ended)
        return;
    else if (dice < 7)
        amend_order(f, order->id, below(w, 2) == 0 ? 0 : 9100 + (int64_t)below(w, 99),
                    order->filled + 1 + (int64_t)below(w, 20));
    else
        cancel_order(f, order->id);
}

static void step(world *w)
{
    fixture *f = w->f;
    hean_error error;
    uint64_t dice = below(w, 100);
    if (dice < 35 && f->ex.pending_count > 0)
        answer_somehow(w, (int)below(w, (uint64_t)f->ex.pending_count));
    else if (dice < 60)
        frame_somehow(w);
    else if (dice < 72)
        strategy_wants(w);
    else if (dice < 80)
        market_moves(w);
    else if (dice == 80 && below(w, w->mild ? 20 : 3) == 0) {
        w->cuts++;
        cut_private(f);
    } else if (dice == 81 && below(w, w->mild ? 20 : 3) == 0) {
        assert_status(
            venue_socket(f->venue, f->ex.public_socket, WIRE_SOCKET_DOWN, "cut", 3, f->now, &error),
            HEAN_OK, &error);
        take_actions(f);
    } else {
        pass(f, (int64_t)below(w, 120) * MS);
    }
    copies_arrive(w);
}

/* ---- at the end ---- */

static void compare(const world *w)
{
    fixture *f = w->f;
    size_t open = 0;
    for (int i = 0; i < f->order_count; i++) {
        host_order *host = &f->orders[i];
        char end[64];
        ex_order *order = NULL;
        (void)snprintf(end, sizeof end, "-%llx",
                       (unsigned long long)(host->id & ((UINT64_C(1) << 48) - 1)));
        for (int k = 0; k < f->ex.order_count; k++) {
            size_t length = strlen(f->ex.orders[k].client_id);
            if (strcmp(f->ex.orders[k].client_id + length - strlen(end), end) == 0) {
                assert_null(order); /* one id, one order */
                order = &f->ex.orders[k];
            }
        }
        if (order == NULL) {
            assert_true(host->ended);
            assert_int_equal(host->filled, 0);
            continue;
        }
        if (f->late_fills == 0)
            assert_int_equal(host->filled, order->filled);
        if (!ex_open(order)) {
            if (!host->ended)
                fail_msg("%s is %s, filled %lld of %lld; the host believes %lld, filled %lld of "
                         "%lld",
                         order->client_id, order->status, (long long)order->filled,
                         (long long)order->qty, (long long)host->status, (long long)host->filled,
                         (long long)host->qty);
            continue;
        }
        open++;
        assert_false(host->ended);
        assert_int_equal(host->filled, order->filled);
        assert_int_equal(host->price, order->price);
        assert_int_equal(host->qty, order->qty);
    }
    assert_int_equal(venue_open_orders(f->venue), open);
    assert_int_equal(f->exec_count, f->ex.exec_count); /* each once (host_exec sees doubles) */
    assert_int_equal(f->position, f->ex.position);
}

static void run_world(uint64_t seed)
{
    world *w = calloc(1, sizeof *w);
    venue_options options = fixture_options(base_allocator_default());
    options.seed = seed;
    base_random_init(&w->random, seed);
    w->f = fixture_open(&options);
    w->mild = seed % 2 == 0;
    w->f->echo = getenv("HEAN_TEST_ECHO") != NULL;
    w->f->ex.page = 1 + (int)below(w, 6);
    run_on(w->f, 3 * S);
    for (int i = 0; i < STEPS; i++)
        step(w);
    while (w->copy_count > 0) {
        pass(w->f, 100 * MS);
        copies_arrive(w);
    }
    run_on(w->f, 200 * S);
    assert_true(venue_ready(w->f->venue));
    compare(w);
    venue_counters counters;
    venue_get_counters(w->f->venue, &counters);
    print_message("orders %d of %d wanted, executions %d (%d late), %d lost, %d doubled, %d late, "
                  "%d cuts, %llu requests, %llu unknown, ready %d times, %d differences\n",
                  w->f->ex.order_count, w->f->order_count, w->f->ex.exec_count, w->f->late_fills,
                  w->lost, w->doubled, w->late, w->cuts, (unsigned long long)counters.requests,
                  (unsigned long long)counters.unknown_outcomes, w->f->ready_count,
                  w->f->differences);
    if (w->f->differences > 0)
        print_message("difference: %s\n", w->f->last_difference);
    fixture_close(w->f);
    free(w);
}

static void random_faults_leave_host_and_exchange_in_agreement(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    const char *runs = getenv("HEAN_TEST_RUNS");
    for (int i = 0; i < (runs != NULL ? atoi(runs) : 40); i++) {
        print_message("run %d: seed %llu\n", i, (unsigned long long)seed + (unsigned)i);
        run_world(seed + (uint64_t)i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_faults_leave_host_and_exchange_in_agreement),
    };
    return cmocka_run_group_tests_name("venue random", tests, NULL, NULL);
}
