/*
 * fuzz_latency.c: the reader of recorded latencies takes any bytes, and what it accepts is in
 * order.
 */
#include <host/latency.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const hean_allocator *allocator = base_allocator_default();
    hean_latency_sample *samples = NULL;
    hean_error error;
    size_t count = 0;

    if (latency_parse(allocator, "x", (const char *)data, bytes, &samples, &count, &error) !=
        HEAN_OK)
        return 0;
    for (size_t i = 1; i < count; i++) {
        if (samples[i].time_ns < samples[i - 1].time_ns || samples[i].entry_ns < 0)
            abort();
    }
    base_free(allocator, samples);
    return 0;
}
