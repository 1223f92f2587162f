/*
 * definition_test.c: which process definitions are accepted, and by which code the others are not.
 */
#include <support.h>

#include <factory/definition.h>

#include <stdlib.h>
#include <string.h>

/* Shortest good definition; %s: more members, each beginning with a comma. */
#define GOOD                                                                                       \
    "{\"id\":\"idle_cash\",\"name\":\"Idle cash\",\"type\":\"EARN\",\"description\":\"Parks it.\"" \
    ",\"kill_conditions\":[{\"metric\":\"fail_rate\",\"threshold\":0.5}]"                          \
    ",\"measurement\":{\"metrics\":[\"capital_delta\"]}"
#define STEP(id, more)                                                                             \
    "{\"step_id\":\"" id "\",\"kind\":\"WAIT\",\"params\":{\"seconds\":1}" more "}"

static bool taken(void *context, const char *id)
{
    return strcmp(context, id) == 0;
}

static hean_status read_text(const char *text, factory_definition **out, factory_problem *problem)
{
    static char is_taken[] = "is_taken";
    factory_policy policy = factory_policy_default();
    policy.id_taken = taken;
    policy.context = is_taken;
    return factory_definition_read(base_allocator_default(), text, strlen(text), &policy, out,
                                   problem);
}

static void expect(const char *text, factory_code code, const char *path)
{
    factory_definition *definition = NULL;
    factory_problem problem;
    hean_status status = read_text(text, &definition, &problem);

    if (problem.code != code || strcmp(problem.path, path) != 0)
        fail_msg("%.200s: %s at %s (%s), expected %s at %s", text, factory_code_text(problem.code),
                 problem.path, problem.text, factory_code_text(code), path);
    assert_int_equal(status, code == FACTORY_ACCEPTED ? HEAN_OK : HEAN_E_INVALID);
    if (status == HEAN_OK)
        factory_definition_close(definition);
    else
        assert_null(definition);
    assert_true(code == FACTORY_ACCEPTED || problem.text[0] != 0);
}

/* ---- accepted ---- */

static void the_shortest_definition_gets_the_defaults(void **state)
{
    factory_definition *definition;
    factory_problem problem;
    (void)state;
    assert_int_equal(read_text(GOOD "}", &definition, &problem), HEAN_OK);
    assert_string_equal(definition->id, "idle_cash");
    assert_int_equal(definition->type, FACTORY_EARN);
    assert_string_equal(definition->version, "1.0.0");
    assert_int_equal(definition->max_capital_e8, 1000 * BASE_E8);
    assert_true(definition->require_manual_approval);
    assert_int_equal(definition->kill_count, 1);
    assert_int_equal(definition->kill_conditions[0].comparison, FACTORY_ABOVE);
    assert_int_equal(definition->kill_conditions[0].window_runs, 10);
    assert_string_equal(definition->attribution_rule, "direct");
    assert_int_equal(definition->step_count, 0);
    factory_definition_close(definition);
}

static void steps_are_ordered_by_what_they_depend_on(void **state)
{
    factory_definition *definition;
    factory_problem problem;
    static const uint8_t expected[] = {1, 3, 0, 2};
    (void)state;
    assert_int_equal(
        read_text(
            GOOD
            ",\"actions\":[" STEP("a", ",\"depends_on\":[\"b\",\"d\"]") "," STEP("b", "") "," STEP(
                "c", ",\"depends_on\":[\"a\"]") "," STEP("d", ",\"timeout\":7") "]}",
            &definition, &problem),
        HEAN_OK);
    assert_int_equal(definition->step_count, 4);
    assert_memory_equal(definition->order, expected, sizeof expected);
    assert_int_equal(definition->steps[0].depends_on, 0xA);
    assert_int_equal(definition->steps[3].timeout_s, 7);
    assert_int_equal(definition->steps[3].wait_s, 1);
    assert_string_equal(definition->steps[3].params_json, "{\"seconds\":1}");
    factory_definition_close(definition);
}

static void the_canonical_form_does_not_depend_on_the_order_of_keys(void **state)
{
    factory_definition *first, *second;
    factory_problem problem;
    (void)state;
    assert_int_equal(read_text(GOOD ",\"version\":\"2.0\"}", &first, &problem), HEAN_OK);
    assert_int_equal(
        read_text("{ \"version\" : \"2.0\", \"measurement\":{\"metrics\":[\"capital_delta\"]},"
                  "\"type\":\"EARN\",\"description\":\"Parks it.\",\"name\":\"Idle cash\","
                  "\"kill_conditions\":[{\"threshold\":0.5,\"metric\":\"fail_rate\"}],"
                  "\"id\":\"idle_cash\"}\n",
                  &second, &problem),
        HEAN_OK);
    assert_string_equal(first->json, second->json);
    factory_definition_close(first);
    /* and reads back as itself */
    assert_int_equal(read_text(second->json, &first, &problem), HEAN_OK);
    assert_string_equal(first->json, second->json);
    factory_definition_close(first);
    factory_definition_close(second);
}

/* ---- refused ---- */

static void texts_that_are_not_one_object_are_refused(void **state)
{
    (void)state;
    expect("", FACTORY_NOT_JSON, "$");
    expect("Here is the process: {}", FACTORY_NOT_JSON, "$");
    expect("```json\n" GOOD "}\n```", FACTORY_NOT_JSON, "$");
    expect("\xEF\xBB\xBF" GOOD "}", FACTORY_NOT_JSON, "$");
    expect("[" GOOD "}]", FACTORY_NOT_AN_OBJECT, "$");
    expect("null", FACTORY_NOT_AN_OBJECT, "$");
    expect(GOOD "} {}", FACTORY_TRAILING_BYTES, "$");
    expect(GOOD "}.", FACTORY_TRAILING_BYTES, "$");
    expect(GOOD, FACTORY_NOT_JSON, "$.measurement");
    expect(GOOD ",\"id\":\"again\"}", FACTORY_DUPLICATE_KEY, "$.measurement");
    expect(GOOD ",\"safety\":{\"max_risk_factor\":NaN}}", FACTORY_NOT_JSON,
           "$.safety.max_risk_factor");
    expect(GOOD ",\"safety\":{\"max_risk_factor\":1e999}}", FACTORY_NOT_JSON,
           "$.safety.max_risk_factor");
}

static void a_text_that_is_too_large_is_not_read(void **state)
{
    size_t bytes = FACTORY_DEFINITION_BYTES + 1;
    char *text = malloc(bytes + 1);
    (void)state;
    assert_non_null(text);
    memset(text, ' ', bytes);
    text[bytes] = 0;
    expect(text, FACTORY_TOO_LARGE, "$");
    free(text);
}

static void fields_must_be_known_there_and_of_their_type(void **state)
{
    (void)state;
    expect(GOOD ",\"api_key\":\"x\"}", FACTORY_UNKNOWN_FIELD, "$.api_key");
    expect(GOOD ",\"safety\":{\"max_capital\":1}}", FACTORY_UNKNOWN_FIELD, "$.safety.max_capital");
    expect("{\"id\":\"abc\"}", FACTORY_MISSING_FIELD, "$.name");
    expect("{}", FACTORY_MISSING_FIELD, "$.id");
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\"}]}", FACTORY_MISSING_FIELD, "$.actions[0].kind");
    expect(GOOD ",\"actions\":[7]}", FACTORY_WRONG_TYPE, "$.actions[0]");
    expect(GOOD ",\"actions\":{}}", FACTORY_WRONG_TYPE, "$.actions");
    expect(GOOD ",\"expected_outputs\":[\"a\",1]}", FACTORY_WRONG_TYPE, "$.expected_outputs[1]");
    expect(GOOD ",\"safety\":{\"require_manual_approval\":\"no\"}}", FACTORY_WRONG_TYPE,
           "$.safety.require_manual_approval");
    expect(GOOD ",\"version\":1}", FACTORY_WRONG_TYPE, "$.version");
}

static void values_must_make_sense(void **state)
{
    (void)state;
    expect(GOOD ",\"version\":\"latest\"}", FACTORY_BAD_VALUE, "$.version");
    expect(GOOD ",\"safety\":{\"max_capital_usd\":0}}", FACTORY_BAD_VALUE,
           "$.safety.max_capital_usd");
    expect(GOOD ",\"safety\":{\"max_risk_factor\":5.5}}", FACTORY_BAD_VALUE,
           "$.safety.max_risk_factor");
    expect(GOOD ",\"scale_rules\":[{\"metric\":\"roi\",\"threshold\":1,\"comparison\":\"=>\"}]}",
           FACTORY_BAD_VALUE, "$.scale_rules[0].comparison");
    expect(GOOD ",\"actions\":[" STEP("a", ",\"timeout\":0") "]}", FACTORY_BAD_VALUE,
           "$.actions[0].timeout");
    expect("{\"id\":\"Bad-Id\",\"name\":\"n\",\"type\":\"EARN\",\"description\":\"d\","
           "\"kill_conditions\":[],\"measurement\":{}}",
           FACTORY_BAD_ID, "$.id");
    expect("{\"id\":\"good_id\",\"name\":\"n\",\"type\":\"MINING\",\"description\":\"d\","
           "\"kill_conditions\":[],\"measurement\":{}}",
           FACTORY_BAD_VALUE, "$.type");
    expect("{\"id\":\"good_id\",\"name\":\"n\",\"type\":\"DATA\",\"description\":\"d\","
           "\"kill_conditions\":[],\"measurement\":{}}",
           FACTORY_NO_KILL_CONDITIONS, "$.kill_conditions");
    expect("{\"id\":\"good_id\",\"name\":\"n\",\"type\":\"DATA\",\"description\":\"d\","
           "\"kill_conditions\":[{\"metric\":\"m\",\"threshold\":1}],\"measurement\":{}}",
           FACTORY_NO_METRICS, "$.measurement.metrics");
}

static void steps_have_ids_kinds_and_dependencies_that_end(void **state)
{
    (void)state;
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"BROWSER\"}]}",
           FACTORY_UNKNOWN_STEP_KIND, "$.actions[0].kind");
    expect(GOOD ",\"actions\":[" STEP("a", "") "," STEP("a", "") "]}", FACTORY_DUPLICATE_STEP,
           "$.actions[1].step_id");
    expect(GOOD ",\"actions\":[" STEP("a", ",\"depends_on\":[\"x\"]") "]}",
           FACTORY_UNKNOWN_DEPENDENCY, "$.actions[0].depends_on[0]");
    expect(GOOD ",\"actions\":[" STEP("a", ",\"depends_on\":[\"a\"]") "]}",
           FACTORY_DEPENDENCY_CYCLE, "$.actions[0].depends_on");
    expect(GOOD ",\"actions\":[" STEP("a", "") "," STEP("b", ",\"depends_on\":[\"c\"]") "," STEP(
               "c", ",\"depends_on\":[\"b\"]") "]}",
           FACTORY_DEPENDENCY_CYCLE, "$.actions[1].depends_on");
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"API_CALL\"}]}", FACTORY_MISSING_FIELD,
           "$.actions[0].params.endpoint");
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"HUMAN_TASK\",\"params\":{}}]}",
           FACTORY_MISSING_FIELD, "$.actions[0].params.instructions");
}

static void the_hosts_policy_holds(void **state)
{
    (void)state;
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"API_CALL\",\"params\":{\"endpoint\":"
                "\"/v5/order/create\"}}]}",
           FACTORY_ENDPOINT_NOT_ALLOWED, "$.actions[0].params.endpoint");
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"API_CALL\",\"params\":{\"endpoint\":"
                "\"/v5/market/tickers?x=/v5/order/create\"}}]}",
           FACTORY_ENDPOINT_NOT_ALLOWED, "$.actions[0].params.endpoint");
    expect(GOOD ",\"actions\":[{\"step_id\":\"a\",\"kind\":\"COMPUTE\",\"params\":{\"function\":"
                "\"os.execute\"}}]}",
           FACTORY_FUNCTION_NOT_REGISTERED, "$.actions[0].params.function");
    expect(GOOD ",\"actions\":[" STEP("a", ",\"timeout\":3601") "]}", FACTORY_ABOVE_POLICY,
           "$.actions[0]");
    expect(GOOD ",\"safety\":{\"max_capital_usd\":10000.01}}", FACTORY_ABOVE_POLICY,
           "$.safety.max_capital_usd");
    expect("{\"id\":\"is_taken\",\"name\":\"n\",\"type\":\"DATA\",\"description\":\"d\","
           "\"kill_conditions\":[{\"metric\":\"m\",\"threshold\":1}],"
           "\"measurement\":{\"metrics\":[\"m\"]}}",
           FACTORY_ID_TAKEN, "$.id");
}

static void expect_steps(size_t waits, size_t humans, factory_code code)
{
    base_buffer text;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, "%s,\"actions\":[", GOOD);
    for (size_t i = 0; i < waits + humans; i++)
        base_buffer_printf(&text, "%s{\"step_id\":\"s%zu\",\"kind\":\"%s\",\"params\":{%s}}",
                           i > 0 ? "," : "", i, i < waits ? "WAIT" : "HUMAN_TASK",
                           i < waits ? "\"seconds\":1" : "\"instructions\":\"look\"");
    base_buffer_printf(&text, "]}");
    expect(text.data, code, code == FACTORY_ACCEPTED ? "" : "$.actions");
    base_buffer_deinit(&text);
}

static void steps_and_human_tasks_are_counted(void **state)
{
    (void)state;
    expect_steps(20, 0, FACTORY_ACCEPTED);
    expect_steps(21, 0, FACTORY_TOO_MANY_STEPS);
    expect_steps(15, 5, FACTORY_ACCEPTED);
    expect_steps(0, 6, FACTORY_TOO_MANY_HUMAN_TASKS);
}

static void every_failed_allocation_is_survived(void **state)
{
    static const char text[] = GOOD ",\"scale_rules\":[{\"metric\":\"roi\",\"threshold\":1}]}";
    factory_policy policy = factory_policy_default();
    (void)state;
    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator allocator;
        factory_definition *definition = NULL;
        factory_problem problem;
        hean_status status;
        test_allocator_init(&allocator, fail_at);
        status = factory_definition_read(&allocator.allocator, text, sizeof text - 1, &policy,
                                         &definition, &problem);
        if (status == HEAN_OK)
            factory_definition_close(definition);
        assert_int_equal(allocator.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_definition_gets_the_defaults),
        cmocka_unit_test(steps_are_ordered_by_what_they_depend_on),
        cmocka_unit_test(the_canonical_form_does_not_depend_on_the_order_of_keys),
        cmocka_unit_test(texts_that_are_not_one_object_are_refused),
        cmocka_unit_test(a_text_that_is_too_large_is_not_read),
        cmocka_unit_test(fields_must_be_known_there_and_of_their_type),
        cmocka_unit_test(values_must_make_sense),
        cmocka_unit_test(steps_have_ids_kinds_and_dependencies_that_end),
        cmocka_unit_test(the_hosts_policy_holds),
        cmocka_unit_test(steps_and_human_tasks_are_counted),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
