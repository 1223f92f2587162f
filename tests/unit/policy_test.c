/*
 * Policies in their jail: lines in, decisions out, bad input named by line and field.
 */
#include <script/script.h>
#include <support.h>

#include <string.h>

#define NOW_NS (INT64_C(1798675200) * BASE_NS_PER_S) /* 2026-12-31 */

static hean_status run_source(const char *source, const char *input, char *out, size_t bytes,
                              hean_error *error)
{
    script_policy_call call = {.file = "policy.lua",
                               .source = source,
                               .source_bytes = strlen(source),
                               .input_name = "in.jsonl",
                               .input = input,
                               .input_bytes = strlen(input),
                               .now_ns = NOW_NS};
    base_buffer buffer;
    base_buffer_init(&buffer, base_allocator_default());
    hean_status status = script_policy_run(&call, &buffer, error);
    assert_true(status == HEAN_OK || buffer.length == 0);
    (void)base_text_copy(out, bytes, buffer.data != NULL ? buffer.data : "");
    base_buffer_deinit(&buffer);
    return status;
}

static void expect_failure(const char *source, const char *input, hean_status status,
                           const char *message)
{
    char out[64];
    hean_error error;
    assert_status(run_source(source, input, out, sizeof(out), &error), status, &error);
    if (strstr(error.message, message) == NULL)
        fail_msg("%s\n  gave:     %s\n  expected: %s", input, error.message, message);
}

#define KEEP                                                                                       \
    "return { evaluate = function(p) return { process_id = p.entry.process_id, weight = 0,"        \
    " state = p.entry.state, reasons = { 'KEPT: ' .. #p.runs }, entry = p.entry } end }"
#define ENTRY "\"entry\":{\"process_id\":\"a\",\"state\":\"NEW\"}"
#define RUN(fields)                                                                                \
    "{" ENTRY ",\"runs\":[{\"run_id\":\"r\",\"started_at\":\"2026-01-01\","                        \
    "\"status\":\"COMPLETED\"" fields "}]}\n"

static void policy_decides_line_by_line(void **state)
{
    (void)state;
    char out[512];
    hean_error error;
    hean_status status = run_source(KEEP,
                                    "{" ENTRY ",\"runs\":[]}\n\n"
                                    "{\"entry\":{\"process_id\":\"b\",\"state\":\"CORE\","
                                    "\"note\":null},\"runs\":[]}",
                                    out, sizeof(out), &error);
    assert_status(status, HEAN_OK, &error);
    assert_string_equal(out, "{\"entry\":{\"process_id\":\"a\",\"state\":\"NEW\"},"
                             "\"process_id\":\"a\",\"reasons\":[\"KEPT: 0\"],\"state\":\"NEW\","
                             "\"weight\":0}\n"
                             "{\"entry\":{\"process_id\":\"b\",\"state\":\"CORE\"},"
                             "\"process_id\":\"b\",\"reasons\":[\"KEPT: 0\"],\"state\":\"CORE\","
                             "\"weight\":0}\n");
    assert_status(run_source(KEEP, "", out, sizeof(out), &error), HEAN_OK, &error);
    assert_string_equal(out, "");
}

static void policy_input_is_refused_by_line_and_field(void **state)
{
    (void)state;
    static const struct {
        const char *input, *message;
    } cases[] = {
        {"\n{\"entry\"", "in.jsonl:2: no JSON"},
        {"[]", "in.jsonl:1: the line: expected an object, got ["},
        {"{\"runs\":[]}", "in.jsonl:1: entry: expected an object, got nothing"},
        {"7", "in.jsonl:1: the line: expected an object, got 7"},
        {"{\"entry\":{\"state\":\"NEW\"},\"runs\":[]}", "in.jsonl:1: entry.process_id: expected"},
        {"{\"entry\":{\"process_id\":\"a\",\"state\":\"OLD\"},\"runs\":[]}",
         "entry.state: expected NEW, TESTING, PROBATION, CORE, PAUSED or KILLED, got OLD"},
        {"{" ENTRY "}", "in.jsonl:1: runs: expected a list, got nothing"},
        {"{" ENTRY ",\"runs\":{\"a\":1}}", "in.jsonl:1: runs: expected a list"},
        {"{" ENTRY ",\"runs\":[7]}", "in.jsonl:1: runs[0]: expected an object, got 7"},
        {"{" ENTRY ",\"runs\":[{}]}", "runs[0].run_id: expected a text, got nothing"},
        {RUN(",\"process_id\":\"b\""), "process_id of the runs: expected the entry's, a, got b"},
        {RUN(",\"metrics\":{\"roi\":\"1\"}"), "runs[0].metrics.roi: expected a number, got 1"},
        {RUN(",\"metrics\":3"), "runs[0].metrics: expected an object, got 3"},
        {RUN(",\"capital_allocated_usd\":-1"), "capital_allocated_usd: expected a number from 0"},
        {"{" ENTRY ",\"runs\":[]}\n{" ENTRY ",\"runs\":[]}\n",
         "in.jsonl:2: entry.process_id: a stands on line 1 as well"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        expect_failure(KEEP, cases[i].input, HEAN_E_PARSE, cases[i].message);
}

/* The time that the policy sees, or "" where it is refused. */
static void time_of(const char *started_at, char *out, size_t bytes)
{
    static const char source[] =
        "return { evaluate = function(p) return { process_id = 'a', state = 'NEW', weight = 0,"
        " reasons = { ('%.3f'):format(p.runs[1].time) }, entry = {} } end }";
    char input[256], line[256];
    hean_error error;
    (void)snprintf(input, sizeof(input),
                   "{" ENTRY
                   ",\"runs\":[{\"run_id\":\"r\",\"status\":\"FAILED\",\"started_at\":\"%s\"}]}",
                   started_at);
    out[0] = 0;
    if (run_source(source, input, line, sizeof(line), &error) != HEAN_OK)
        return;
    const char *at = strstr(line, "reasons\":[\"");
    assert_non_null(at);
    (void)base_text_copy(out, bytes, at + strlen("reasons\":[\""));
    *strchr(out, '"') = 0;
}

static void policy_reads_times_like_the_rest_of_the_system(void **state)
{
    (void)state;
    static const struct {
        const char *text, *seconds;
    } cases[] = {
        {"1970-01-01", "0.000"},
        {"2026-12-31T00:00:00Z", "1798675200.000"},
        {"2024-02-29 23:59:59", "1709251199.000"},
        {"2000-03-01T00:00:00.250", "951868800.250"},
        {"2026-01-02T03:04:05.123456+00:00", "1767323045.123"},
        {"2026-01-02T03:04:05+05:30", "1767303245.000"},
        {"2026-01-02T03:04:05.5-0100", "1767326645.500"},
        {"2025-02-29", ""},
        {"2026-13-01", ""},
        {"2026-01-02T24:00:00", ""},
        {"2026-01-02T03:04", "1767323040.000"},
        {"2026-01-02T03:04:05.", ""},
        {"2026-01-02T03:04:05Z+01:00", ""},
        {"2026-01-02T03:04:05+1", ""},
        {"yesterday", ""},
        {"", ""},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char out[64];
        int64_t time_ns;
        time_of(cases[i].text, out, sizeof(out));
        assert_string_equal(out, cases[i].seconds);
        if (out[0] != 0 && strpbrk(cases[i].text + 10, "+-") == NULL) {
            char expected[64];
            assert_int_equal(base_time_parse(cases[i].text, strlen(cases[i].text), &time_ns),
                             HEAN_OK);
            (void)snprintf(expected, sizeof(expected), "%.3f",
                           (double)time_ns / (double)BASE_NS_PER_S);
            assert_string_equal(out, expected);
        }
    }
}

static void policy_input_marks_runs_that_come_twice(void **state)
{
    (void)state;
    static const char source[] =
        "return { evaluate = function(p) local s = 'A: ' for i, r in ipairs(p.runs) do\n"
        "s = s .. p.run_id(i) .. (r.duplicate and '!' or ' ') end\n"
        "return { process_id = 'a', state = 'NEW', weight = 0, reasons = { s }, entry = {} } end }";
    base_buffer input;
    char out[8192];
    hean_error error;
    base_buffer_init(&input, base_allocator_default());
    base_buffer_printf(&input, "{" ENTRY ",\"runs\":[");
    for (int i = 0; i < 500; i++)
        base_buffer_printf(&input,
                           "%s{\"run_id\":\"r%d\",\"status\":\"RUNNING\","
                           "\"started_at\":\"2026-01-01\"}",
                           i > 0 ? "," : "", i == 400 ? 7 : i);
    base_buffer_printf(&input, "]}");
    assert_status(run_source(source, input.data, out, sizeof(out), &error), HEAN_OK, &error);
    assert_non_null(strstr(out, "r6 r7 r8 "));
    assert_non_null(strstr(out, "r399 r7!r401 "));
    assert_null(strstr(strchr(out, '!') + 1, "!"));
    base_buffer_deinit(&input);
}

static void policies_that_are_compiled_in_decide_in_the_jail(void **state)
{
    (void)state;
    static const struct {
        const char *name, *expected;
    } cases[] = {
        {"guarded", "\"reasons\":[\"EVIDENCE_E20: ln E "},
        {"keen", "\"reasons\":[\"EVIDENCE_E20: ln E "},
        {"original", "\"reasons\":[\"STABLE: 25 runs"},
    };
    base_buffer input;
    base_buffer_init(&input, base_allocator_default());
    base_buffer_printf(&input, "{\"entry\":{\"process_id\":\"a\",\"state\":\"TESTING\","
                               "\"loss_limit\":0.06},\"runs\":[");
    for (int i = 0; i < 25; i++)
        base_buffer_printf(&input,
                           "%s{\"run_id\":\"r%d\",\"status\":\"COMPLETED\","
                           "\"started_at\":\"2026-12-%02d\",\"metrics\":{\"roi\":0.0%d,"
                           "\"capital_delta\":1,\"own\":[%d]}}",
                           i > 0 ? "," : "", i, i + 6, 2 + i % 3, i);
    base_buffer_printf(&input, "]}\n");
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char out[8192];
        hean_error error;
        size_t bytes = 0;
        const char *source = script_policy_find(cases[i].name, &bytes);
        assert_non_null(source);
        assert_int_equal(strlen(source), bytes);
        assert_status(run_source(source, input.data, out, sizeof(out), &error), HEAN_OK, &error);
        if (strstr(out, cases[i].expected) == NULL)
            fail_msg("%s gave %s", cases[i].name, out);
    }
    assert_null(script_policy_find("nothing", &(size_t){0}));
    base_buffer_deinit(&input);
}

static void policy_errors_name_the_policy(void **state)
{
    (void)state;
    static const char input[] = "{" ENTRY ",\"runs\":[]}";
    expect_failure("return 7", input, HEAN_E_SCRIPT, "policy.lua: must return a table");
    expect_failure("return {\n evaluate = function(p) return p.x.y end }", input, HEAN_E_SCRIPT,
                   "policy.lua:2: attempt to index");
    expect_failure("return { evaluate = function() return {} end }", input, HEAN_E_SCRIPT,
                   "the decision on a must have its process_id");
    expect_failure("local io = require 'io'", input, HEAN_E_SCRIPT,
                   "policy.lua:1: a policy has no module 'io'");
}

static void policy_sees_no_clock_and_no_file(void **state)
{
    (void)state;
    char out[512];
    hean_error error;
    hean_status status = run_source(
        "return { evaluate = function(p, c) return { process_id = 'a', state = 'NEW', weight = 0,"
        " reasons = { tostring(io == nil and os == nil and debug == nil and jit == nil) .. ': '"
        " .. c.now .. ' ' .. math.random() }, entry = {} } end }",
        "{" ENTRY ",\"runs\":[]}", out, sizeof(out), &error);
    assert_status(status, HEAN_OK, &error);
    assert_non_null(strstr(out, "true: 1798675200 "));
    char again[512];
    status = run_source("return { evaluate = function(p, c) return { process_id = 'a', "
                        "state = 'NEW', weight = 0, reasons = { 'true: ' .. c.now .. ' ' .. "
                        "math.random() }, entry = {} } end }",
                        "{" ENTRY ",\"runs\":[]}", again, sizeof(again), &error);
    assert_status(status, HEAN_OK, &error);
    assert_string_equal(out, again); /* what looks random is the same every time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_decides_line_by_line),
        cmocka_unit_test(policy_input_is_refused_by_line_and_field),
        cmocka_unit_test(policy_reads_times_like_the_rest_of_the_system),
        cmocka_unit_test(policy_input_marks_runs_that_come_twice),
        cmocka_unit_test(policies_that_are_compiled_in_decide_in_the_jail),
        cmocka_unit_test(policy_errors_name_the_policy),
        cmocka_unit_test(policy_sees_no_clock_and_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
