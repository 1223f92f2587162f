/*
 * compute_test.c: Lua functions over JSON, in their jail.
 */
#include <support.h>

#include <script/script.h>

#include <string.h>

static hean_status compute(const char *source, const char *input, base_buffer *out,
                           hean_error *error)
{
    script_compute_call call = {.file = "double.lua",
                                .source = source,
                                .source_bytes = strlen(source),
                                .input = input,
                                .input_bytes = strlen(input),
                                .deadline_ns = 200 * BASE_NS_PER_MS};
    return script_compute_run(&call, out, error);
}

static void expect(const char *source, hean_status expected, const char *words)
{
    base_buffer out;
    hean_error error = {HEAN_OK, ""};
    hean_status status;

    base_buffer_init(&out, base_allocator_default());
    status = compute(source, "{\"n\":21,\"list\":[1,2,3],\"name\":\"x\"}", &out, &error);
    assert_status(status, expected, &error);
    if (strstr(status == HEAN_OK ? out.data : error.message, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, status == HEAN_OK ? out.data : error.message);
    base_buffer_deinit(&out);
}

static void a_function_of_a_table_gives_json(void **state)
{
    (void)state;
    expect("return function(input) return { b = input.n * 2, a = #input.list, c = input.name } end",
           HEAN_OK, "{\"a\":3,\"b\":42,\"c\":\"x\"}");
}

static void what_is_no_function_or_gives_no_table_is_refused_by_file(void **state)
{
    (void)state;
    expect("return {}", HEAN_E_SCRIPT, "double.lua: must return a function");
    expect("return function() return 7 end", HEAN_E_SCRIPT, "double.lua");
    expect("return function() return { f = print } end", HEAN_E_SCRIPT, "f");
    expect("return function(input)\n  return { x = input.missing.key }\nend", HEAN_E_SCRIPT,
           "double.lua:2");
    expect("return function( end", HEAN_E_SCRIPT, "double.lua:1");
}

static void it_reaches_neither_files_nor_clocks_nor_time_without_end(void **state)
{
    (void)state;
    expect("return function() return { x = type(io), y = type(os), z = type(ffi) } end", HEAN_OK,
           "{\"x\":\"nil\",\"y\":\"nil\",\"z\":\"nil\"}");
    expect("return function() while true do end end", HEAN_E_SCRIPT_DEADLINE, "double.lua");
    expect("return function() local t = {} for i = 1, 1e9 do t[i] = { i } end end",
           HEAN_E_SCRIPT_MEMORY, "double.lua");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_a_table_gives_json),
        cmocka_unit_test(what_is_no_function_or_gives_no_table_is_refused_by_file),
        cmocka_unit_test(it_reaches_neither_files_nor_clocks_nor_time_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
