/*
 * fuzz_chat.c: any bytes as a model's answer, and what it says as a definition.
 */
#include <base/base.h>
#include <factory/chat.h>
#include <factory/definition.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    factory_policy policy = factory_policy_default();
    factory_definition *definition;
    factory_problem problem;
    chat_answer answer;

    if (chat_read(base_allocator_default(), (const char *)data, bytes, &answer) != HEAN_OK) {
        BASE_ASSERT(answer.code != CHAT_ANSWERED);
    } else {
        BASE_ASSERT(answer.code == CHAT_ANSWERED && answer.content.length > 0);
        if (factory_definition_read(base_allocator_default(), answer.content.data,
                                    answer.content.length, &policy, &definition,
                                    &problem) == HEAN_OK)
            factory_definition_close(definition);
    }
    chat_answer_deinit(&answer);
    return 0;
}
