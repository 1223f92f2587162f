/*
 * runner_test.c: in which order steps are run, tried again, waited for and taken up again.
 */
#include <support.h>

#include <factory/runner.h>

#include <string.h>

#define STEP(id, kind, params, more)                                                               \
    "{\"step_id\":\"" id "\",\"kind\":\"" kind "\",\"params\":{" params "}" more "}"
#define COMPUTE(id, more) STEP(id, "COMPUTE", "\"function\":\"funding_monitor\"", more)
#define CALL(id, more)    STEP(id, "API_CALL", "\"endpoint\":\"/v5/market/time\"", more)
#define ASK(id, more)     STEP(id, "HUMAN_TASK", "\"instructions\":\"Look.\"", more)
#define AFTER(ids)        ",\"depends_on\":[" ids "]"

typedef struct world {
    char log[2000]; /* "call a;compute b;wait 1000;" */
    char input[4000];
    int failures; /* of the next calls */
    hean_status failure;
    const char *output;
    bool answered;
    int64_t now_ns;
    int kept;
} world;

static void note(world *self, const char *what, const char *which)
{
    size_t length = strlen(self->log);
    (void)snprintf(self->log + length, sizeof self->log - length, "%s %s;", what, which);
}

static int64_t now_ns(void *context)
{
    return ((world *)context)->now_ns;
}

static hean_status outcome(world *self, base_buffer *out, hean_error *error)
{
    self->now_ns += 36 * BASE_NS_PER_S;
    if (self->failures > 0) {
        self->failures--;
        return base_fail(error, self->failure, "it is broken");
    }
    base_buffer_printf(out, "%s", self->output != NULL ? self->output : "{}");
    return HEAN_OK;
}

static hean_status api_call(void *context, const factory_step *step, int64_t deadline_ns,
                            base_buffer *out, hean_error *error)
{
    assert_int_equal(deadline_ns, step->timeout_s * BASE_NS_PER_S);
    note(context, "call", step->step_id);
    return outcome(context, out, error);
}

static hean_status compute(void *context, const factory_step *step, const char *input,
                           size_t input_bytes, int64_t deadline_ns, base_buffer *out,
                           hean_error *error)
{
    world *self = context;
    (void)deadline_ns;
    assert_true(input_bytes < sizeof self->input);
    memcpy(self->input, input, input_bytes + 1);
    note(self, "compute", step->step_id);
    return outcome(self, out, error);
}

static hean_status wait(void *context, int64_t nanoseconds, hean_error *error)
{
    char text[32];
    (void)error;
    (void)snprintf(text, sizeof text, "%lld", (long long)(nanoseconds / BASE_NS_PER_MS));
    note(context, "wait", text);
    return HEAN_OK;
}

static hean_status ask(void *context, const factory_step *step, bool *answered, base_buffer *answer,
                       hean_error *error)
{
    world *self = context;
    (void)error;
    note(self, "ask", step->step_id);
    *answered = self->answered;
    if (self->answered)
        base_buffer_printf(answer, "seen");
    return HEAN_OK;
}

static hean_status keep(void *context, const char *state, size_t bytes, hean_error *error)
{
    (void)error;
    assert_int_equal(strlen(state), bytes);
    ((world *)context)->kept++;
    return HEAN_OK;
}

static factory_definition *define(const char *steps)
{
    factory_policy policy = factory_policy_default();
    factory_definition *definition = NULL;
    factory_problem problem;
    base_buffer text;

    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(
        &text,
        "{\"id\":\"test_run\",\"name\":\"n\",\"type\":\"DATA\",\"description\":\"d\","
        "\"kill_conditions\":[{\"metric\":\"m\",\"threshold\":1}],"
        "\"measurement\":{\"metrics\":[\"m\"]},\"actions\":[%s]}",
        steps);
    if (factory_definition_read(base_allocator_default(), text.data, text.length, &policy,
                                &definition, &problem) != HEAN_OK)
        fail_msg("%s at %s: %s", factory_code_text(problem.code), problem.path, problem.text);
    base_buffer_deinit(&text);
    return definition;
}

static runner_result go(world *self, const factory_definition *definition, const char *state)
{
    runner_ops ops = {self, now_ns, api_call, compute, wait, ask, keep};
    runner_result result;
    hean_error error;
    assert_status(runner_run(base_allocator_default(), definition, "{\"snapshot\":{\"a\":1}}",
                             state, &ops, &result, &error),
                  HEAN_OK, &error);
    return result;
}

static void expect(const char *steps, world *self, runner_status status, const char *log)
{
    factory_definition *definition = define(steps);
    runner_result result = go(self, definition, NULL);
    assert_string_equal(self->log, log);
    assert_int_equal(result.status, status);
    runner_result_deinit(base_allocator_default(), &result);
    factory_definition_close(definition);
}

static void steps_run_after_what_they_depend_on(void **state)
{
    world self = {0};
    (void)state;
    expect(
        COMPUTE("a", AFTER("\"b\"")) "," CALL("b", "") "," STEP("c", "WAIT", "\"seconds\":2", ""),
        &self, RUNNER_COMPLETED, "call b;compute a;wait 2000;");
    assert_int_equal(self.kept, 3);
}

static void a_failure_is_tried_again_with_growing_pauses(void **state)
{
    world self = {.failures = 3, .failure = HEAN_E_IO};
    (void)state;
    expect(CALL("a", ",\"retries\":3"), &self, RUNNER_COMPLETED,
           "call a;wait 1000;call a;wait 2000;call a;wait 4000;call a;");
}

static void after_the_last_try_the_run_failed_and_nothing_more_starts(void **state)
{
    world self = {.failures = 2, .failure = HEAN_E_IO};
    factory_definition *definition = define(CALL("a", ",\"retries\":1") "," CALL("b", ""));
    runner_result result = go(&self, definition, NULL);
    (void)state;
    assert_int_equal(result.status, RUNNER_FAILED);
    assert_string_equal(self.log, "call a;wait 1000;call a;");
    assert_string_equal(result.error, "step a: it is broken");
    assert_non_null(strstr(result.state, "\"error\":\"it is broken\",\"state\":\"failed\""));
    runner_result_deinit(base_allocator_default(), &result);
    factory_definition_close(definition);
}

static void an_output_that_is_no_object_is_a_failure(void **state)
{
    world self = {.output = "[1,2]"};
    (void)state;
    expect(CALL("a", ""), &self, RUNNER_FAILED, "call a;");
}

static void an_interruption_ends_the_run_at_once(void **state)
{
    world self = {.failures = 1, .failure = HEAN_E_INTERRUPTED};
    factory_definition *definition = define(CALL("a", ",\"retries\":3"));
    runner_ops ops = {&self, now_ns, api_call, compute, wait, ask, keep};
    runner_result result;
    hean_error error;
    (void)state;
    assert_status(
        runner_run(base_allocator_default(), definition, "{}", NULL, &ops, &result, &error),
        HEAN_E_INTERRUPTED, &error);
    assert_string_equal(self.log, "call a;");
    factory_definition_close(definition);
}

static void a_question_lets_the_others_go_on_and_is_taken_up_again(void **state)
{
    world self = {0};
    factory_definition *definition = define(CALL("a", "") "," ASK("b", AFTER("\"a\"")) "," COMPUTE(
        "c", AFTER("\"b\"")) "," CALL("d", ""));
    runner_result first = go(&self, definition, NULL), second;
    (void)state;
    assert_int_equal(first.status, RUNNER_PENDING);
    assert_string_equal(self.log, "call a;ask b;call d;");
    self.log[0] = 0;
    second = go(&self, definition, first.state); /* nobody answered yet */
    assert_int_equal(second.status, RUNNER_PENDING);
    assert_string_equal(self.log, "ask b;");
    runner_result_deinit(base_allocator_default(), &second);
    self.log[0] = 0;
    self.answered = true;
    second = go(&self, definition, first.state);
    assert_int_equal(second.status, RUNNER_COMPLETED);
    assert_string_equal(self.log, "ask b;compute c;");
    assert_non_null(strstr(self.input, "\"answer\":\"seen\""));
    runner_result_deinit(base_allocator_default(), &first);
    runner_result_deinit(base_allocator_default(), &second);
    factory_definition_close(definition);
}

static void what_steps_give_is_gathered_and_seen_by_later_ones(void **state)
{
    world self = {.output = "{\"metrics\":{\"found\":2,\"text\":\"no\"},"
                            "\"opportunities\":[{\"id\":\"x\"},7],\"outputs\":{\"o\":1}}"};
    factory_definition *definition = define(COMPUTE("a", "") "," COMPUTE("b", AFTER("\"a\"")));
    runner_result result = go(&self, definition, NULL);
    (void)state;
    assert_string_equal(result.metrics, "{\"found\":2,\"time_hours\":0.02}");
    assert_non_null(strstr(result.state, "\"opportunities\":[{\"id\":\"x\"},{\"id\":\"x\"}]"));
    assert_non_null(strstr(self.input, "\"opportunities\":[{\"id\":\"x\"}]"));
    assert_non_null(strstr(self.input, "\"params\":{\"function\":\"funding_monitor\"}"));
    assert_non_null(strstr(self.input, "\"snapshot\":{\"a\":1}"));
    assert_non_null(strstr(self.input, "\"steps\":{\"a\":{"));
    runner_result_deinit(base_allocator_default(), &result);
    factory_definition_close(definition);
}

static void a_state_that_is_none_is_refused(void **state)
{
    world self = {0};
    factory_definition *definition = define(CALL("a", ""));
    runner_ops ops = {&self, now_ns, api_call, compute, wait, ask, NULL};
    runner_result result;
    hean_error error;
    (void)state;
    assert_status(
        runner_run(base_allocator_default(), definition, "{}", "[", &ops, &result, &error),
        HEAN_E_PARSE, &error);
    assert_status(
        runner_run(base_allocator_default(), definition, "7", NULL, &ops, &result, &error),
        HEAN_E_PARSE, &error);
    factory_definition_close(definition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_run_after_what_they_depend_on),
        cmocka_unit_test(a_failure_is_tried_again_with_growing_pauses),
        cmocka_unit_test(after_the_last_try_the_run_failed_and_nothing_more_starts),
        cmocka_unit_test(an_output_that_is_no_object_is_a_failure),
        cmocka_unit_test(an_interruption_ends_the_run_at_once),
        cmocka_unit_test(a_question_lets_the_others_go_on_and_is_taken_up_again),
        cmocka_unit_test(what_steps_give_is_gathered_and_seen_by_later_ones),
        cmocka_unit_test(a_state_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
