/*
 * Configuration files: Lua in the sandbox, JSON out.
 */
#include <script/script.h>
#include <support.h>

#include <string.h>

static hean_status evaluate(const char *source, char *json, size_t bytes, hean_error *error)
{
    base_buffer out;
    base_buffer_init(&out, base_allocator_default());
    hean_status status = script_config_to_json("hean.lua", source, strlen(source), &out, error);
    assert_true(status == HEAN_OK || out.length == 0);
    (void)base_text_copy(json, bytes, status == HEAN_OK && out.data != NULL ? out.data : "");
    base_buffer_deinit(&out);
    return status;
}

static void expect_json(const char *source, const char *expected)
{
    char json[512];
    hean_error error;
    assert_status(evaluate(source, json, sizeof(json), &error), HEAN_OK, &error);
    assert_string_equal(json, expected);
}

static void expect_failure(const char *source, hean_status status, const char *message)
{
    char json[512];
    hean_error error;
    assert_status(evaluate(source, json, sizeof(json), &error), status, &error);
    if (strstr(error.message, message) == NULL)
        fail_msg("%s\n  gave:     %s\n  expected: %s", source, error.message, message);
}

static void config_becomes_json_with_sorted_keys(void **state)
{
    (void)state;
    expect_json("return { mode = 'paper', b = 1.5, a = { 1, 'x', true }, empty = {} }",
                "{\"a\":[1,\"x\",true],\"b\":1.5,\"empty\":{},\"mode\":\"paper\"}");
}

static void config_may_compute_what_it_returns(void **state)
{
    (void)state;
    expect_json("local list = {}\nfor i = 1, 3 do list[i] = ('s%d'):format(i) end\n"
                "return { list = list, big = 2 ^ 40 }",
                "{\"big\":1099511627776,\"list\":[\"s1\",\"s2\",\"s3\"]}");
}

static void config_errors_name_the_line_or_the_key(void **state)
{
    (void)state;
    expect_failure("return {\n mode = }", HEAN_E_SCRIPT, "hean.lua:2: unexpected symbol near '}'");
    expect_failure("\nlocal x = nil + 1", HEAN_E_SCRIPT, "hean.lua:2: attempt to perform");
    expect_failure("return { run = { strategies = { print } } }", HEAN_E_SCRIPT,
                   "hean.lua: run.strategies[1]: a function cannot be written as JSON");
    expect_failure("local t = {} t.inner = t return t", HEAN_E_SCRIPT,
                   "hean.lua: inner: the table contains itself");
    expect_failure("return { x = 0/0 }", HEAN_E_SCRIPT, "hean.lua: x: nan cannot be written");
    expect_failure("mode = 'paper'", HEAN_E_SCRIPT,
                   "hean.lua: must end with `return { ... }`; it returned nil");
}

static void config_sees_nothing_but_the_sandbox(void **state)
{
    (void)state;
    expect_json("return { none = io == nil and os == nil and require == nil and debug == nil }",
                "{\"none\":true}");
    expect_failure("return { home = os.getenv('HOME') }", HEAN_E_SCRIPT,
                   "hean.lua:1: attempt to index global 'os' (a nil value)");
    expect_failure("local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end",
                   HEAN_E_SCRIPT_MEMORY, "memory limit of 65536 KiB");
}

static void config_survives_every_failing_allocation(void **state)
{
    (void)state;
    static const char source[] = "return { a = { 1, 2 } }";
    hean_status status = HEAN_E_NO_MEMORY;
    for (uint64_t fail_at = 1; status != HEAN_OK; fail_at += 1 + fail_at / 16) {
        test_allocator allocator;
        test_allocator_init(&allocator, fail_at);
        base_buffer out;
        base_buffer_init(&out, &allocator.allocator);
        hean_error error;
        status = script_config_to_json("hean.lua", source, strlen(source), &out, &error);
        assert_true(status == HEAN_OK || status == HEAN_E_NO_MEMORY);
        base_buffer_deinit(&out);
        assert_int_equal(allocator.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_becomes_json_with_sorted_keys),
        cmocka_unit_test(config_may_compute_what_it_returns),
        cmocka_unit_test(config_errors_name_the_line_or_the_key),
        cmocka_unit_test(config_sees_nothing_but_the_sandbox),
        cmocka_unit_test(config_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
