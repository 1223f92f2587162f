/*
 * quality_test.c: the points of the original's score, and the gate as a whole.
 */
#include <support.h>

#include <factory/quality.h>

#include <string.h>

#define HEAD                                                                                       \
    "{\"id\":\"idle_cash\",\"name\":\"Idle cash\",\"type\":\"EARN\",\"description\":\"Parks it.\""
#define KILL "{\"metric\":\"fail_rate\",\"threshold\":0.5}"

static factory_quality score(const char *text, bool unsafe)
{
    factory_policy policy = factory_policy_default();
    factory_definition *definition = NULL;
    factory_quality quality;
    factory_problem problem;

    if (factory_definition_read(base_allocator_default(), text, strlen(text), &policy, &definition,
                                &problem) != HEAN_OK)
        fail_msg("%s: %s %s", text, problem.path, problem.text);
    factory_quality_score(definition, unsafe, &quality);
    factory_definition_close(definition);
    return quality;
}

static void a_definition_with_everything_scores_one_in_all_but_capital(void **state)
{
    factory_quality quality = score(
        HEAD ",\"kill_conditions\":[" KILL "," KILL "],\"measurement\":{\"metrics\":["
             "\"capital_delta\",\"time_hours\",\"roi\",\"fail_rate\"]},\"scale_rules\":[" KILL "],"
             "\"safety\":{\"max_capital_usd\":500,\"max_risk_factor\":2}}",
        false);
    (void)state;
    assert_true(quality.measurability == 1 && quality.safety == 1 && quality.testability == 1);
    assert_true(quality.capital_efficiency == 1 && quality.overall == 1 && quality.accepted);
    assert_true(quality.reason_count >= 13);
}

static void each_lack_costs_what_it_did_in_the_original(void **state)
{
    factory_quality quality = score(
        HEAD ",\"kill_conditions\":[" KILL "],\"measurement\":{\"metrics\":[\"roi\"]}}", false);
    (void)state;
    assert_true(quality.measurability == 0.45); /* 0.25 for roi, 0.2 for the attribution rule */
    assert_true(quality.safety == 1);
    assert_true(quality.testability == 0.6);
    assert_true(quality.capital_efficiency == 0.9); /* 0.5 + 0.2 + 0.1 + 0.05 + 0.05 */
    assert_true(quality.overall == 0.735);
}

static void something_unsafe_halves_the_points_for_safety(void **state)
{
    static const char text[] =
        HEAD ",\"kill_conditions\":[" KILL "],\"measurement\":{\"metrics\":[\"roi\"]}}";
    (void)state;
    assert_true(score(text, true).safety == 0.4);
}

static void below_the_threshold_is_refused_with_the_scores(void **state)
{
    static const char text[] =
        HEAD ",\"kill_conditions\":[" KILL "],\"measurement\":{\"metrics\":[\"days\"]},"
             "\"safety\":{\"require_manual_approval\":false}}";
    factory_policy policy = factory_policy_default();
    factory_definition *definition = NULL;
    factory_safety *filter = NULL;
    factory_quality quality;
    factory_problem problem;
    (void)state;
    assert_int_equal(factory_safety_open(base_allocator_default(), &filter), HEAN_OK);
    assert_int_equal(factory_admit(filter, base_allocator_default(), text, strlen(text), &policy,
                                   &definition, &quality, &problem),
                     HEAN_E_INVALID);
    factory_safety_close(filter);
    assert_int_equal(problem.code, FACTORY_LOW_QUALITY);
    assert_string_equal(problem.path, "$");
    assert_true(quality.overall == 0.57);
    assert_non_null(strstr(problem.text, "0.57"));
    assert_null(definition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_with_everything_scores_one_in_all_but_capital),
        cmocka_unit_test(each_lack_costs_what_it_did_in_the_original),
        cmocka_unit_test(something_unsafe_halves_the_points_for_safety),
        cmocka_unit_test(below_the_threshold_is_refused_with_the_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
