/*
 * fuzz_definition.c: any bytes as a process definition. What is accepted reads back as itself.
 */
#include <base/base.h>
#include <factory/definition.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    factory_policy policy = factory_policy_default();
    factory_definition *first, *again;
    factory_problem problem;

    if (factory_definition_read(base_allocator_default(), (const char *)data, bytes, &policy,
                                &first, &problem) != HEAN_OK) {
        BASE_ASSERT(problem.code != FACTORY_ACCEPTED);
        return 0;
    }
    BASE_ASSERT(factory_definition_read(base_allocator_default(), first->json, first->json_bytes,
                                        &policy, &again, &problem) == HEAN_OK);
    BASE_ASSERT(strcmp(first->json, again->json) == 0);
    factory_definition_close(again);
    factory_definition_close(first);
    return 0;
}
