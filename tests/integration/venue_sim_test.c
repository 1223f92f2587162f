/*
 * venue_sim_test.c: the venue machine against the exchange simulator, in simulated time: signatures
 * checked, real matching, rate limits, and faults by seed. At the end both agree.
 */
#include "../unit/venue_fixture.h"

#include <base/random.h>
#include <exchange/sim.h>

#define SECONDS 90

typedef struct world {
    fixture *f;
    sim_venue *sim;
    base_random random;
    int64_t price; /* the last */
    uint64_t requests, frames, cuts;
} world;

static uint64_t below(world *w, uint64_t bound)
{
    return base_random_below(&w->random, bound);
}

/* ---- wires ---- */

static void to_sim(world *w, const wire_action *action)
{
    fixture *f = w->f;
    hean_error error;
    if (action->kind == WIRE_HTTP) {
        sim_request request = {.id = action->id,
                               .method = action->method,
                               .target = action->url + strlen("https://venue.test"),
                               .headers = action->headers,
                               .body = action->body,
                               .body_bytes = action->body_bytes};
        w->requests++;
        assert_int_equal(sim_http(w->sim, &request, f->now), HEAN_OK);
    } else if (action->kind == WIRE_SOCKET_OPEN) {
        uint64_t id = action->id;
        assert_int_equal(
            sim_socket_open(w->sim, id, action->url + strlen("wss://venue.test"), f->now), HEAN_OK);
        assert_status(venue_socket(f->venue, id, WIRE_SOCKET_UP, NULL, 0, f->now, &error), HEAN_OK,
                      &error);
    } else if (action->kind == WIRE_SOCKET_SEND) {
        assert_int_equal(
            sim_socket_message(w->sim, action->id, action->body, action->body_bytes, f->now),
            HEAN_OK);
    } else {
        sim_socket_closed(w->sim, action->id);
    }
}

static void to_venue(world *w, const sim_output *output)
{
    fixture *f = w->f;
    hean_error error;
    if (output->kind == SIM_FRAME) {
        w->frames++;
        assert_status(venue_socket(f->venue, output->id, WIRE_SOCKET_MESSAGE, output->body,
                                   output->bytes, f->now, &error),
                      HEAN_OK, &error);
        return;
    }
    if (output->kind == SIM_SOCKET_CUT) {
        w->cuts++;
        assert_status(
            venue_socket(f->venue, output->id, WIRE_SOCKET_DOWN, "cut", 3, f->now, &error), HEAN_OK,
            &error);
        return;
    }
    bool whole = output->kind == SIM_ANSWER;
    wire_response response = {.id = output->id,
                              .outcome = whole ? WIRE_DONE : WIRE_UNKNOWN,
                              .why = whole ? NULL : "cut",
                              .http_status = whole ? output->http_status : 0,
                              .headers = whole ? output->headers : "",
                              .body = whole ? output->body : "",
                              .body_bytes = whole ? output->bytes : 0,
                              .sent_ns = f->now,
                              .received_ns = f->now};
    assert_status(venue_response(f->venue, &response, f->now, &error), HEAN_OK, &error);
}

static bool move(world *w)
{
    fixture *f = w->f;
    wire_action action;
    sim_output output;
    bool moved = false;
    while (venue_take_action(f->venue, &action)) {
        to_sim(w, &action);
        moved = true;
    }
    if (sim_take_output(w->sim, f->now, &output)) {
        to_venue(w, &output);
        moved = true;
    }
    f->market_count = 0;
    drain_events(f);
    for (int i = 0; i < f->market_count; i++)
        if (f->market[i].kind == HEAN_EVENT_TRADE && f->market[i].instrument == 0)
            w->price = f->market[i].data.level.price_ticks;
    return moved;
}

static void run_until(world *w, int64_t end)
{
    fixture *f = w->f;
    hean_error error;
    for (;;) {
        assert_int_equal(sim_advance(w->sim, f->now), HEAN_OK);
        assert_status(venue_advance(f->venue, f->now, &error), HEAN_OK, &error);
        while (move(w))
            ;
        int64_t next = venue_due_ns(f->venue);
        next = sim_due_ns(w->sim) < next ? sim_due_ns(w->sim) : next;
        if (next <= f->now)
            continue;
        if (next > end) {
            f->now = end;
            return;
        }
        f->now = next;
    }
}

/* ---- what strategies do ---- */

static void act(world *w)
{
    fixture *f = w->f;
    uint64_t dice = below(w, 10);
    const host_order *order =
        f->order_count > 0 ? &f->orders[below(w, (uint64_t)f->order_count)] : NULL;
    if (w->price == 0)
        return;
    int64_t away = (int64_t)below(w, 9) - 4;
    if (dice < 6 || order == NULL)
        (void)place_order_only(f, (uint16_t)below(w, 2), below(w, 2) == 0,
                               dice == 0 ? 0 : w->price + away, 1 + (int64_t)below(w, 20));
    else if (order->ended)
        return;
    else if (dice == 6)
        amend_order_only(f, order->id, order->price > 0 ? w->price + away : 0, order->qty + 1);
    else
        cancel_order_only(f, order->id);
}

static void run_world(venue_category category, uint64_t seed, const sim_faults *faults)
{
    static const char *const symbols[] = {"SIMUSDT"};
    venue_options options = fixture_options(base_allocator_default());
    sim_options sim = sim_options_default();
    world *w = calloc(1, sizeof *w);
    hean_error error;
    char market[60];
    (void)snprintf(market, sizeof market, "sim:%llu,rate=50", (unsigned long long)seed % 1000);
    base_random_init(&w->random, seed);
    options.category = category;
    if (category == VENUE_SPOT)
        options.public_socket_url = "wss://venue.test/v5/public/spot";
    options.symbols = symbols;
    options.seed = seed;
    sim.allocator = base_allocator_default();
    sim.seed = seed;
    sim.market = market;
    sim.api_key = options.api_key;
    sim.api_secret = options.api_secret;
    sim.latency_ns = 2 * MS;
    assert_status(sim_open(&sim, &w->sim, &error), HEAN_OK, &error);
    w->f = fixture_open(&options);
    fixture *f = w->f;
    run_until(w, f->now + 5 * S);
    assert_true(venue_ready(f->venue));
    sim_set_faults(w->sim, faults);
    for (int i = 0; i < 10 * SECONDS; i++) {
        run_until(w, f->now + 100 * MS);
        if (below(w, 3) == 0)
            act(w);
    }
    sim_set_faults(w->sim, &(sim_faults){0});
    run_until(w, f->now + 700 * S); /* longer than a ban */
    assert_true(venue_ready(f->venue));
    assert_status(venue_cancel_all(f->venue, f->now, &error), HEAN_OK, &error);
    run_until(w, f->now + 70 * S);
    int64_t lots;
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    lots = f->position; /* spot has none: what is bought lies in the wallet, less fees */
    if (category == VENUE_LINEAR)
        assert_int_equal(sim_position(w->sim, "SIMUSDT", &lots), HEAN_OK);
    print_message("seed %llu: %llu requests, %llu frames, %llu cuts, %llu orders of %d wanted, %d "
                  "executions, %d late, %llu unknown, %llu gaps, %llu bad, %d differences %s\n",
                  (unsigned long long)seed, (unsigned long long)w->requests,
                  (unsigned long long)w->frames, (unsigned long long)w->cuts,
                  (unsigned long long)sim_orders_made(w->sim), f->order_count, f->exec_count,
                  f->late_fills, (unsigned long long)counters.unknown_outcomes,
                  (unsigned long long)counters.sequence_gaps,
                  (unsigned long long)counters.bad_messages, f->differences, f->last_difference);
    assert_int_equal(venue_open_orders(f->venue), 0);
    assert_int_equal(f->position, lots);
    assert_int_equal(f->halts > 0, faults->http_403 > 0 && f->halts > 0);
    for (int i = 0; i < f->order_count; i++)
        assert_true(f->orders[i].ended);
    assert_true(sim_orders_made(w->sim) <= (uint64_t)f->order_count);
    sim_close(w->sim);
    fixture_close(f);
    free(w);
}

static void venue_and_simulator_agree_without_faults(void **state)
{
    (void)state;
    const sim_faults none = {0};
    for (uint64_t seed = 1; seed <= 2; seed++)
        run_world(VENUE_LINEAR, seed, &none);
}

static const sim_faults many_faults = {.http_429 = 0.02,
                                       .rate_10006 = 0.02,
                                       .http_5xx = 0.02,
                                       .slow_answer = 0.03,
                                       .cut_answer = 0.03,
                                       .accepted_no_answer = 0.04,
                                       .refused_no_answer = 0.04,
                                       .garbage_answer = 0.02,
                                       .duplicate_frame = 0.02,
                                       .reordered_frame = 0.02,
                                       .lost_frame = 0.01,
                                       .sequence_gap = 0.005,
                                       .drop_connection = 0.0005,
                                       .late_execution = 0.1};

static void venue_and_simulator_agree_after_faults(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    const char *runs = getenv("HEAN_TEST_RUNS");
    for (int i = 0; i < (runs != NULL ? atoi(runs) : 4); i++)
        run_world(VENUE_LINEAR, seed + (uint64_t)i, &many_faults);
}

static void venue_and_simulator_agree_about_spot(void **state)
{
    (void)state;
    const sim_faults none = {0};
    run_world(VENUE_SPOT, 4, &none);
    run_world(VENUE_SPOT, 5, &many_faults);
}

static void venue_and_simulator_agree_after_their_clocks_part(void **state)
{
    (void)state;
    const sim_faults back = {.clock_skew_ns = -3 * S}; /* our timestamps are ahead: refused */
    const sim_faults ahead = {.clock_skew_ns = 20 * S};
    run_world(VENUE_LINEAR, 6, &back);
    run_world(VENUE_LINEAR, 7, &ahead);
}

static void venue_and_simulator_agree_after_a_ban(void **state)
{
    (void)state;
    const sim_faults faults = {.http_403 = 0.01};
    run_world(VENUE_LINEAR, 3, &faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(venue_and_simulator_agree_without_faults),
        cmocka_unit_test(venue_and_simulator_agree_after_faults),
        cmocka_unit_test(venue_and_simulator_agree_about_spot),
        cmocka_unit_test(venue_and_simulator_agree_after_their_clocks_part),
        cmocka_unit_test(venue_and_simulator_agree_after_a_ban),
    };
    return cmocka_run_group_tests_name("venue and simulator", tests, NULL, NULL);
}
