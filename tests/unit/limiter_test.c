/*
 * limiter_test.c: the rolling windows against a brute-force checker, priorities, holds, learning.
 */
#include "support.h"

#include <exchange/limiter.h>

#include <string.h>

#define S BASE_NS_PER_S

static limiter *open_one(int32_t per_window, int32_t shared_per_window, int32_t percent)
{
    const limiter_route routes[] = {
        {"order/create", per_window, S}, {"order/cancel", per_window, S}, {"market/time", 0, 0}};
    const limiter_route shared = {"ip", shared_per_window, 5 * S};
    limiter *it;
    hean_error error;
    assert_status(limiter_open(base_allocator_default(), routes, BASE_COUNT(routes), &shared,
                               percent, &it, &error),
                  HEAN_OK, &error);
    return it;
}

static void put(limiter *it, uint16_t route, limiter_priority priority, uint64_t ticket,
                int64_t now_ns)
{
    assert_int_equal(limiter_enqueue(it, route, priority, ticket, now_ns), HEAN_OK);
}

static uint64_t take(limiter *it, int64_t now_ns)
{
    uint64_t ticket = 0;
    return limiter_take(it, now_ns, &ticket) ? ticket : 0;
}

static void limiter_names_a_limit_that_cannot_be(void **state)
{
    (void)state;
    const limiter_route route = {"order/create", -1, S};
    const limiter_route shared = {"ip", 600, 5 * S};
    limiter *it = NULL;
    hean_error error;
    assert_int_equal(limiter_open(base_allocator_default(), &route, 1, &shared, 80, &it, &error),
                     HEAN_E_RANGE);
    assert_non_null(strstr(error.message, "order/create"));
    assert_int_equal(limiter_open(base_allocator_default(), &route, 0, &shared, 0, &it, &error),
                     HEAN_E_RANGE);
    assert_null(it);
}

static void limiter_survives_failed_allocations(void **state)
{
    (void)state;
    const limiter_route route = {"order/create", 10, S};
    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator memory;
        test_allocator_init(&memory, fail_at);
        limiter *it = NULL;
        hean_status status = limiter_open(&memory.allocator, &route, 1, &route, 80, &it, NULL);
        if (status == HEAN_OK)
            status = limiter_enqueue(it, 0, LIMITER_CREATE, 1, 0);
        limiter_close(it);
        assert_int_equal(memory.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

static void limiter_uses_its_share_of_a_window_and_no_more(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    for (uint64_t i = 1; i <= 9; i++)
        put(it, 0, LIMITER_CREATE, i, 0);
    assert_int_equal(limiter_headroom(it, 0, 0), 8);
    for (uint64_t i = 1; i <= 8; i++)
        assert_int_equal(take(it, (int64_t)i), i);
    assert_int_equal(take(it, 9), 0);
    assert_int_equal(limiter_due_ns(it), 1 + S);
    assert_int_equal(take(it, S), 0);
    assert_int_equal(take(it, S + 1), 9);
    assert_int_equal(limiter_due_ns(it), INT64_MAX);
    limiter_close(it);
}

static void limiter_share_is_at_least_one(void **state)
{
    (void)state;
    limiter *it = open_one(1, 600, 50);
    put(it, 0, LIMITER_CREATE, 1, 0);
    assert_int_equal(take(it, 0), 1);
    limiter_close(it);
}

static void limiter_lets_the_urgent_go_first_and_the_older_before_the_younger(void **state)
{
    (void)state;
    limiter *it = open_one(100, 600, 100);
    put(it, 2, LIMITER_QUERY, 1, 0);
    put(it, 0, LIMITER_CREATE, 2, 0);
    put(it, 1, LIMITER_AMEND, 3, 0);
    put(it, 1, LIMITER_CANCEL, 4, 0);
    put(it, 0, LIMITER_CREATE, 5, 0);
    const uint64_t order[] = {4, 3, 2, 5, 1, 0};
    for (size_t i = 0; i < BASE_COUNT(order); i++)
        assert_int_equal(take(it, 0), order[i]);
    limiter_close(it);
}

static void limiter_route_that_is_shut_holds_up_only_its_own(void **state)
{
    (void)state;
    limiter *it = open_one(1, 600, 100);
    put(it, 1, LIMITER_CANCEL, 1, 0);
    put(it, 1, LIMITER_CANCEL, 2, 0);
    put(it, 0, LIMITER_CREATE, 3, 0);
    assert_int_equal(take(it, 0), 1);
    assert_int_equal(take(it, 0), 3);
    assert_int_equal(take(it, 0), 0);
    assert_int_equal(take(it, S), 2);
    limiter_close(it);
}

static void limiter_query_goes_now_and_then_while_others_flow(void **state)
{
    (void)state;
    limiter *it = open_one(1000, 5, 100); /* one a second for all */
    int64_t last_ns = 0, longest_ns = 0;
    for (uint64_t i = 1; i <= 20; i++)
        put(it, 2, LIMITER_QUERY, 1000 + i, 0);
    for (int64_t now = 0; now < 60 * S; now += S / 4) {
        put(it, 1, LIMITER_CANCEL, 1, now);
        uint64_t ticket = take(it, now);
        if (ticket < 1000)
            continue;
        longest_ns = now - last_ns > longest_ns ? now - last_ns : longest_ns;
        last_ns = now;
    }
    /* The shared window opens five at a time, every five seconds. */
    assert_true(last_ns > 50 * S);
    assert_true(longest_ns <= LIMITER_STARVE_NS + 5 * S);
    limiter_close(it);
}

static void limiter_nothing_goes_before_the_end_of_a_ban(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    put(it, 1, LIMITER_CANCEL, 1, 0);
    put(it, 2, LIMITER_QUERY, 2, 0);
    limiter_hold(it, UINT16_MAX, 600 * S);
    limiter_hold(it, UINT16_MAX, 5 * S); /* a later, shorter one does not end it */
    assert_int_equal(limiter_due_ns(it), 600 * S);
    assert_int_equal(take(it, 600 * S - 1), 0);
    assert_int_equal(limiter_headroom(it, 1, 600 * S - 1), 0);
    assert_int_equal(take(it, 600 * S), 1);
    assert_int_equal(take(it, 600 * S), 2);
    limiter_close(it);
}

static void limiter_hold_of_a_route_leaves_the_others_alone(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    put(it, 0, LIMITER_CREATE, 1, 0);
    put(it, 1, LIMITER_CANCEL, 2, 0);
    limiter_hold(it, 0, S);
    assert_int_equal(take(it, 0), 2);
    assert_int_equal(take(it, 0), 0);
    assert_int_equal(limiter_due_ns(it), S);
    assert_int_equal(take(it, S), 1);
    limiter_close(it);
}

static void limiter_learns_a_lower_limit_and_never_goes_above_its_own(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    limiter_learn(it, 0, 5, -1, -1, 0);
    assert_int_equal(limiter_headroom(it, 0, 0), 4);
    limiter_learn(it, 0, 1000, -1, -1, 0);
    assert_int_equal(limiter_headroom(it, 0, 0), 8);
    limiter_learn(it, 0, INT64_MAX, -1, -1, 0);
    assert_int_equal(limiter_headroom(it, 0, 0), 8);
    limiter_close(it);
}

static void limiter_obeys_what_the_venue_says_is_left(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    for (uint64_t i = 1; i <= 6; i++)
        put(it, 0, LIMITER_CREATE, i, 0);
    limiter_learn(it, 0, 10, 2, 0, 0); /* somebody else uses the same account */
    assert_int_equal(limiter_headroom(it, 0, 0), 2);
    assert_int_equal(take(it, 0), 1);
    assert_int_equal(take(it, 0), 2);
    assert_int_equal(take(it, 0), 0);
    assert_int_equal(limiter_due_ns(it), S);
    assert_int_equal(take(it, S), 3);
    limiter_learn(it, 0, 10, 0, 4 * S, S);
    assert_int_equal(take(it, 4 * S - 1), 0);
    assert_int_equal(take(it, 4 * S), 4);
    limiter_close(it);
}

static void limiter_withdraws_what_is_no_longer_wanted(void **state)
{
    (void)state;
    limiter *it = open_one(10, 600, 80);
    for (uint64_t i = 1; i <= 3; i++)
        put(it, 0, LIMITER_CREATE, i, 0);
    assert_true(limiter_withdraw(it, 3));
    assert_true(limiter_withdraw(it, 1));
    assert_false(limiter_withdraw(it, 1));
    put(it, 0, LIMITER_CREATE, 4, 0);
    assert_int_equal(limiter_waiting(it), 2);
    assert_int_equal(take(it, 0), 2);
    assert_int_equal(take(it, 0), 4);
    assert_int_equal(take(it, 0), 0);
    limiter_close(it);
}

/* ---- random, against a checker that remembers every take ---- */

#define ROUTES 4
#define TAKES  20000

typedef struct checker {
    int64_t time_ns[TAKES];
    uint16_t route[TAKES];
    size_t count;
} checker;

static size_t in_window(const checker *all, int route, int64_t after_ns)
{
    size_t count = 0;
    for (size_t i = all->count; i-- > 0 && all->time_ns[i] > after_ns;)
        count += route < 0 || all->route[i] == route;
    return count;
}

static void limiter_random_takes_never_break_a_window(void **state)
{
    (void)state;
    static checker all;
    base_random random;
    base_random_init(&random, test_seed());
    limiter_route routes[ROUTES];
    for (int i = 0; i < ROUTES; i++)
        routes[i] = (limiter_route){"route", 1 + (int32_t)base_random_below(&random, 20),
                                    (int64_t)(1 + base_random_below(&random, 3)) * S};
    const limiter_route shared = {"ip", 1 + (int32_t)base_random_below(&random, 60), 5 * S};
    int32_t percent = 1 + (int32_t)base_random_below(&random, 100);
    int32_t ceiling[ROUTES], all_ceiling = shared.per_window * percent / 100;
    int64_t held_ns[ROUTES + 1] = {0}, now = S;
    limiter *it;
    assert_int_equal(
        limiter_open(base_allocator_default(), routes, ROUTES, &shared, percent, &it, NULL),
        HEAN_OK);
    all_ceiling = all_ceiling < 1 ? 1 : all_ceiling;
    for (int i = 0; i < ROUTES; i++) {
        ceiling[i] = routes[i].per_window * percent / 100;
        ceiling[i] = ceiling[i] < 1 ? 1 : ceiling[i];
    }
    uint64_t put_count = 0, took = 0;
    for (int step = 0; step < 30000; step++) {
        uint64_t dice = base_random_below(&random, 100);
        uint16_t route = (uint16_t)base_random_below(&random, ROUTES);
        if (dice < 45) {
            put(it, route, (limiter_priority)base_random_below(&random, 4),
                route | ++put_count << 8, now);
        } else if (dice < 46) {
            held_ns[route] = now + (int64_t)base_random_below(&random, 3) * S;
            limiter_hold(it, route, held_ns[route]);
        } else if (dice < 47 && base_random_below(&random, 20) == 0) {
            held_ns[ROUTES] = now + (int64_t)base_random_below(&random, 20) * S;
            limiter_hold(it, UINT16_MAX, held_ns[ROUTES]);
        } else if (dice < 60) {
            now += (int64_t)base_random_below(&random, S / 4);
        } else if (dice < 62 && limiter_due_ns(it) != INT64_MAX) {
            now = limiter_due_ns(it) > now ? limiter_due_ns(it) : now;
            assert_true(limiter_due_ns(it) <= now); /* due means that one may go: */
            uint64_t ticket = take(it, now);
            assert_true(ticket != 0);
            all.time_ns[all.count] = now;
            all.route[all.count++] = ticket & 0xff;
            took++;
        } else {
            uint64_t ticket = take(it, now);
            if (ticket == 0)
                continue;
            uint16_t of = ticket & 0xff;
            assert_true(now >= held_ns[of] || held_ns[of] == 0);
            assert_true(now >= held_ns[ROUTES]);
            all.time_ns[all.count] = now;
            all.route[all.count++] = of;
            took++;
        }
        if (all.count == TAKES)
            break;
        for (int i = 0; i < ROUTES; i++)
            assert_true(in_window(&all, i, now - routes[i].window_ns) <= (size_t)ceiling[i]);
        assert_true(in_window(&all, -1, now - shared.window_ns) <= (size_t)all_ceiling);
    }
    assert_int_equal(limiter_waiting(it), put_count - took);
    for (; limiter_waiting(it) > 0; took++) { /* all of it goes in the end, each once */
        now = limiter_due_ns(it) > now ? limiter_due_ns(it) : now;
        assert_true(take(it, now) != 0);
    }
    assert_int_equal(took, put_count);
    limiter_close(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limiter_names_a_limit_that_cannot_be),
        cmocka_unit_test(limiter_survives_failed_allocations),
        cmocka_unit_test(limiter_uses_its_share_of_a_window_and_no_more),
        cmocka_unit_test(limiter_share_is_at_least_one),
        cmocka_unit_test(limiter_lets_the_urgent_go_first_and_the_older_before_the_younger),
        cmocka_unit_test(limiter_route_that_is_shut_holds_up_only_its_own),
        cmocka_unit_test(limiter_query_goes_now_and_then_while_others_flow),
        cmocka_unit_test(limiter_nothing_goes_before_the_end_of_a_ban),
        cmocka_unit_test(limiter_hold_of_a_route_leaves_the_others_alone),
        cmocka_unit_test(limiter_learns_a_lower_limit_and_never_goes_above_its_own),
        cmocka_unit_test(limiter_obeys_what_the_venue_says_is_left),
        cmocka_unit_test(limiter_withdraws_what_is_no_longer_wanted),
        cmocka_unit_test(limiter_random_takes_never_break_a_window),
    };
    return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
