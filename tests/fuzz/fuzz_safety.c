/*
 * fuzz_safety.c: any bytes through the filter of texts: it ends, and says the same twice.
 */
#include <base/base.h>
#include <factory/safety.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    safety_finding first, again;
    factory_safety *filter;

    if (factory_safety_open(base_allocator_default(), &filter) != HEAN_OK)
        return 0;
    BASE_ASSERT(factory_safety_text(filter, (const char *)data, bytes, &first) == HEAN_OK);
    BASE_ASSERT(factory_safety_text(filter, (const char *)data, bytes, &again) == HEAN_OK);
    BASE_ASSERT(first.kind == again.kind && strcmp(first.words, again.words) == 0);
    BASE_ASSERT((first.kind == SAFETY_NONE) == (first.words[0] == 0));
    factory_safety_close(filter);
    return 0;
}
