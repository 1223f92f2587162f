/*
 * builtin_processes_test.c: the definitions that are compiled in pass the gate that all others
 * pass.
 */
#include <support.h>

#include <factory/definition.h>
#include <script/embedded.h>
#include <script/script.h>

#include <string.h>

static const char *const ids[] = {"campaign_checklist",   "capital_parking", "execution_optimizer",
                                  "fee_slippage_monitor", "funding_monitor", "opportunity_scanner"};

static void each_is_accepted_and_its_functions_exist(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(ids); i++) {
        factory_policy policy = factory_policy_default();
        factory_definition *definition;
        factory_problem problem;
        const script_embedded *file;
        base_buffer json;
        char path[128];
        hean_error error;

        (void)snprintf(path, sizeof path, "lua/hean/process/%s.lua", ids[i]);
        file = script_embedded_find(path);
        assert_non_null(file);
        base_buffer_init(&json, base_allocator_default());
        assert_status(script_config_to_json(path, file->text, file->bytes, &json, &error), HEAN_OK,
                      &error);
        if (factory_definition_read(base_allocator_default(), json.data, json.length, &policy,
                                    &definition, &problem) != HEAN_OK)
            fail_msg("%s: %s at %s: %s", path, factory_code_text(problem.code), problem.path,
                     problem.text);
        assert_string_equal(definition->id, ids[i]);
        for (size_t j = 0; j < definition->step_count; j++) {
            if (definition->steps[j].kind != FACTORY_COMPUTE)
                continue;
            (void)snprintf(path, sizeof path, "lua/hean/compute/%s.lua",
                           definition->steps[j].function);
            assert_non_null(script_embedded_find(path));
        }
        factory_definition_close(definition);
        base_buffer_deinit(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_accepted_and_its_functions_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
