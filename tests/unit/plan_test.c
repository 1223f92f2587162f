/*
 * plan_test.c: the day's capital, divided to the last digit.
 */
#include <support.h>

#include <factory/plan.h>

#include <string.h>

static plan_process process_of(const char *id, const char *state, double weight, int64_t most_e8)
{
    return (plan_process){
        .id = id, .part = plan_part_of(state), .weight = weight, .max_capital_e8 = most_e8};
}

static plan_totals divide(int64_t total_e8, plan_process *processes, size_t count)
{
    plan_rules rules = plan_rules_default();
    plan_totals totals;
    hean_error error;
    assert_status(plan_divide(&rules, total_e8, processes, count, &totals, &error), HEAN_OK,
                  &error);
    return totals;
}

static void the_parts_are_forty_fifty_and_ten_percent(void **state)
{
    plan_totals totals = divide(1003, NULL, 0);
    (void)state;
    assert_int_equal(totals.active_e8, 501);
    assert_int_equal(totals.experimental_e8, 100);
    assert_int_equal(totals.reserve_e8, 402); /* what rounding leaves stays in the reserve */
    assert_int_equal(totals.active_left_e8, 501);
    assert_int_equal(totals.experimental_left_e8, 100);
}

static void core_processes_share_the_active_part_by_weight(void **state)
{
    plan_process processes[] = {process_of("a", "CORE", 0.3, 0), process_of("b", "CORE", 0.1, 0),
                                process_of("c", "KILLED", 0.5, 0), process_of("d", "CORE", 0, 0)};
    plan_totals totals = divide(1000 * BASE_E8, processes, 4);
    (void)state;
    assert_int_equal(processes[0].allocated_e8, 375 * BASE_E8);
    assert_int_equal(processes[1].allocated_e8, 125 * BASE_E8);
    assert_int_equal(processes[2].allocated_e8, 0);
    assert_int_equal(processes[3].allocated_e8, 0);
    assert_int_equal(totals.active_left_e8, 0);
    assert_int_equal(totals.experimental_left_e8, 100 * BASE_E8);
}

static void unproven_processes_never_exceed_the_experimental_part(void **state)
{
    plan_process processes[] = {process_of("n", "NEW", 1, 0), process_of("t", "TESTING", 1, 0),
                                process_of("p", "PROBATION", 1, 0)};
    plan_totals totals = divide(1000 * BASE_E8, processes, 3);
    (void)state;
    assert_int_equal(processes[0].allocated_e8 + processes[1].allocated_e8 +
                         processes[2].allocated_e8,
                     100 * BASE_E8);
    assert_int_equal(totals.active_left_e8, 500 * BASE_E8);
}

static void what_one_cannot_take_goes_to_the_others(void **state)
{
    plan_process processes[] = {process_of("a", "CORE", 0.5, 10 * BASE_E8),
                                process_of("b", "CORE", 0.2, 0),
                                process_of("c", "CORE", 0.2, 100 * BASE_E8)};
    plan_totals totals = divide(1000 * BASE_E8, processes, 3);
    (void)state;
    assert_int_equal(processes[0].allocated_e8, 10 * BASE_E8);
    assert_int_equal(processes[2].allocated_e8, 100 * BASE_E8);
    assert_int_equal(processes[1].allocated_e8, 390 * BASE_E8);
    assert_int_equal(totals.active_left_e8, 0);
}

static void what_nobody_can_take_is_left(void **state)
{
    plan_process processes[] = {process_of("a", "CORE", 0.5, 7), process_of("b", "CORE", 0.5, 8)};
    plan_totals totals = divide(1000, processes, 2);
    (void)state;
    assert_int_equal(totals.active_left_e8, 500 - 15);
}

static void equal_shares_are_rounded_in_the_order_of_ids(void **state)
{
    plan_process processes[] = {process_of("z", "CORE", 0.3, 0), process_of("a", "CORE", 0.3, 0),
                                process_of("m", "CORE", 0.3, 0)};
    (void)state;
    (void)divide(200, processes, 3); /* 100 for three */
    assert_int_equal(processes[0].allocated_e8, 33);
    assert_int_equal(processes[1].allocated_e8, 34);
    assert_int_equal(processes[2].allocated_e8, 33);
}

static void bad_rules_and_weights_are_refused(void **state)
{
    plan_rules rules = {.active_percent = 95, .experimental_percent = 10};
    plan_process process = process_of("a", "CORE", 1.5, 0);
    plan_totals totals;
    hean_error error;
    (void)state;
    assert_status(plan_divide(&rules, 1, NULL, 0, &totals, &error), HEAN_E_RANGE, &error);
    rules = plan_rules_default();
    assert_status(plan_divide(&rules, -1, NULL, 0, &totals, &error), HEAN_E_RANGE, &error);
    assert_status(plan_divide(&rules, 1, &process, 1, &totals, &error), HEAN_E_RANGE, &error);
    process.weight = 0.0 / 0.0;
    assert_status(plan_divide(&rules, 1, &process, 1, &totals, &error), HEAN_E_RANGE, &error);
}

static void every_division_adds_up_whatever_the_order(void **state)
{
    static const char *const states[] = {"CORE", "NEW", "TESTING", "PROBATION", "PAUSED"};
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int round = 0; round < 3000; round++) {
        plan_process given[8], turned[8];
        int64_t total = (int64_t)base_random_below(&random, 1000000000000000);
        int64_t part_sum[3] = {0};
        size_t count = (size_t)base_random_below(&random, 9);
        plan_totals totals;
        for (size_t i = 0; i < count; i++)
            given[i] =
                process_of(ids[i], states[base_random_below(&random, 5)], base_random_unit(&random),
                           base_random_below(&random, 2) == 0
                               ? 0
                               : (int64_t)base_random_below(&random, 1000000000000) + 1);
        for (size_t i = 0; i < count; i++)
            turned[i] = given[count - 1 - i];
        totals = divide(total, given, count);
        (void)divide(total, turned, count);
        assert_int_equal(totals.reserve_e8 + totals.active_e8 + totals.experimental_e8, total);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(given[i].allocated_e8, turned[count - 1 - i].allocated_e8);
            assert_true(given[i].max_capital_e8 == 0 ||
                        given[i].allocated_e8 <= given[i].max_capital_e8);
            part_sum[given[i].part] += given[i].allocated_e8;
        }
        assert_int_equal(part_sum[PLAN_NONE], 0);
        assert_int_equal(part_sum[PLAN_ACTIVE] + totals.active_left_e8, totals.active_e8);
        assert_int_equal(part_sum[PLAN_EXPERIMENTAL] + totals.experimental_left_e8,
                         totals.experimental_e8);
        assert_true(totals.active_left_e8 >= 0 && totals.experimental_left_e8 >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_forty_fifty_and_ten_percent),
        cmocka_unit_test(core_processes_share_the_active_part_by_weight),
        cmocka_unit_test(unproven_processes_never_exceed_the_experimental_part),
        cmocka_unit_test(what_one_cannot_take_goes_to_the_others),
        cmocka_unit_test(what_nobody_can_take_is_left),
        cmocka_unit_test(equal_shares_are_rounded_in_the_order_of_ids),
        cmocka_unit_test(bad_rules_and_weights_are_refused),
        cmocka_unit_test(every_division_adds_up_whatever_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
