/*
 * retry_test.c: what is tried again and when, as a table; the circuit breaker.
 */
#include "support.h"

#include <exchange/retry.h>

#define MS  BASE_NS_PER_MS
#define S   BASE_NS_PER_S
#define NOW (1000 * S)

static bool again(retry_class class, bool idempotent, int32_t tries, int64_t until_ns,
                  int64_t *at_ns)
{
    retry_policy policy = retry_policy_default();
    return retry_again(&policy, class, idempotent, tries, until_ns, UINT64_MAX / 2, NOW, at_ns);
}

static void retry_each_class_follows_the_table(void **state)
{
    (void)state;
    static const struct {
        retry_class class;
        bool read, write;
    } rows[] = {
        {RETRY_OK, false, false},      {RETRY_DONE, false, false},     {RETRY_RATE, true, true},
        {RETRY_CLOCK, true, true},     {RETRY_AMBIGUOUS, true, false}, {RETRY_AUTH, false, false},
        {RETRY_INVALID, false, false}, {RETRY_FUNDS, false, false},    {RETRY_MARKET, false, false},
        {RETRY_BAN, true, false},
    };
    assert_int_equal(BASE_COUNT(rows), RETRY_CLASS_COUNT);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        int64_t at = -1;
        assert_int_equal(again(rows[i].class, true, 1, 0, &at), rows[i].read);
        assert_int_equal(at == -1, !rows[i].read);
        assert_int_equal(again(rows[i].class, false, 1, 0, &at), rows[i].write);
        assert_string_not_equal(retry_class_text(rows[i].class), "?");
    }
    assert_string_equal(retry_class_text(RETRY_CLASS_COUNT), "?");
}

static void retry_gives_up_after_the_last_try(void **state)
{
    (void)state;
    int64_t at;
    assert_true(again(RETRY_AMBIGUOUS, true, 4, 0, &at));
    assert_false(again(RETRY_AMBIGUOUS, true, 5, 0, &at));
    assert_false(again(RETRY_RATE, false, 5, 0, &at));
}

static void retry_clock_is_mended_once(void **state)
{
    (void)state;
    int64_t at;
    assert_true(again(RETRY_CLOCK, false, 1, 0, &at));
    assert_int_equal(at, NOW);
    assert_false(again(RETRY_CLOCK, true, 2, 0, &at));
}

static void retry_waits_are_doubled_within_the_jitter_and_capped(void **state)
{
    (void)state;
    static const int64_t middle_ms[] = {200, 400, 800, 1600, 3200, 5000, 5000};
    retry_policy policy = retry_policy_default();
    base_random random;
    base_random_init(&random, test_seed());
    for (int32_t tries = 1; tries <= (int32_t)BASE_COUNT(middle_ms); tries++) {
        int64_t low = INT64_MAX, high = 0;
        for (int i = 0; i < 2000; i++) {
            int64_t wait = retry_backoff_ns(&policy, tries, base_random_next(&random));
            low = wait < low ? wait : low;
            high = wait > high ? wait : high;
        }
        int64_t middle = middle_ms[tries - 1] * MS;
        assert_true(low >= middle / 2 && high <= middle + middle / 2);
        assert_true(high - low > middle * 9 / 10); /* and really spread */
    }
    assert_true(retry_backoff_ns(&policy, INT32_MAX, UINT64_MAX) <= 7500 * MS);
}

static void retry_never_comes_before_the_time_it_was_given(void **state)
{
    (void)state;
    int64_t at;
    assert_true(again(RETRY_RATE, false, 1, NOW + 3 * S, &at));
    assert_true(at >= NOW + 3 * S + 20 * MS && at <= NOW + 3 * S + 50 * MS);
    assert_true(again(RETRY_RATE, false, 1, NOW - 3 * S, &at)); /* gone by: the usual wait */
    assert_true(at >= NOW + 100 * MS);
}

static void retry_ban_without_an_end_is_ten_minutes(void **state)
{
    (void)state;
    int64_t at;
    assert_true(again(RETRY_BAN, true, 1, 0, &at));
    assert_true(at >= NOW + 600 * S && at < NOW + 601 * S);
}

/* ---- breaker ---- */

static void retry_breaker_opens_on_failures_in_a_row_only(void **state)
{
    (void)state;
    breaker it;
    breaker_init(&it, 3, S, 8 * S);
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    breaker_outcome(&it, RETRY_INVALID, 0); /* a refusal: somebody is there */
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    assert_true(breaker_allow(&it, 0));
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    assert_int_equal(it.state, BREAKER_OPEN);
    assert_false(breaker_allow(&it, S - 1));
}

static void retry_breaker_tries_one_and_pauses_twice_as_long(void **state)
{
    (void)state;
    breaker it;
    int64_t now = 0, pause = S;
    breaker_init(&it, 1, S, 8 * S);
    breaker_outcome(&it, RETRY_AMBIGUOUS, now);
    for (int i = 0; i < 6; i++) {
        assert_false(breaker_allow(&it, now + pause - 1));
        now += pause;
        assert_true(breaker_allow(&it, now));
        assert_false(breaker_allow(&it, now)); /* one only */
        breaker_outcome(&it, RETRY_AMBIGUOUS, now);
        pause = pause * 2 > 8 * S ? 8 * S : pause * 2;
    }
    assert_true(breaker_allow(&it, now + pause));
    breaker_outcome(&it, RETRY_OK, now + pause);
    assert_int_equal(it.state, BREAKER_CLOSED);
    assert_true(breaker_allow(&it, now + pause));
    breaker_outcome(&it, RETRY_AMBIGUOUS, now); /* the first pause again */
    assert_true(breaker_allow(&it, now + S));
}

static void retry_breaker_does_not_mind_late_outcomes_while_open(void **state)
{
    (void)state;
    breaker it;
    breaker_init(&it, 1, S, 8 * S);
    breaker_outcome(&it, RETRY_AMBIGUOUS, 0);
    breaker_outcome(&it, RETRY_AMBIGUOUS, S / 2);
    breaker_outcome(&it, RETRY_OK, S / 2);
    assert_false(breaker_allow(&it, S - 1));
    assert_true(breaker_allow(&it, S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_each_class_follows_the_table),
        cmocka_unit_test(retry_gives_up_after_the_last_try),
        cmocka_unit_test(retry_clock_is_mended_once),
        cmocka_unit_test(retry_waits_are_doubled_within_the_jitter_and_capped),
        cmocka_unit_test(retry_never_comes_before_the_time_it_was_given),
        cmocka_unit_test(retry_ban_without_an_end_is_ten_minutes),
        cmocka_unit_test(retry_breaker_opens_on_failures_in_a_row_only),
        cmocka_unit_test(retry_breaker_tries_one_and_pauses_twice_as_long),
        cmocka_unit_test(retry_breaker_does_not_mind_late_outcomes_while_open),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
