/*
 * fuzz_http1.c: no bytes may crash the HTTP parser, and the pieces in which they come do not change
 * what is read.
 */
#include "../../core/exchange/sim/http1.h"

#include <base/hash.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Every request that is read, and how it ended, as one number. */
static uint32_t read_all(const uint8_t *data, size_t bytes, size_t piece)
{
    http1 parser;
    http1_result result = HTTP1_MORE;
    uint32_t sum = 0;

    http1_init(&parser, base_allocator_default());
    for (size_t at = 0; at < bytes && result != HTTP1_REFUSED; at += piece) {
        size_t part = bytes - at < piece ? bytes - at : piece;
        if (http1_feed(&parser, data + at, part) != HEAN_OK)
            break;
        while ((result = http1_next(&parser)) == HTTP1_REQUEST || result == HTTP1_CONTINUE) {
            const http1_request *request = &parser.request;
            if (result == HTTP1_CONTINUE)
                continue; /* told only where the body had not come yet */
            BASE_ASSERT(request->target[0] == '/');
            BASE_ASSERT(request->body_bytes <= HTTP1_BODY_BYTES_MAX);
            sum = hash_crc32(sum, request->target, strlen(request->target));
            sum = hash_crc32(sum, request->headers, strlen(request->headers));
            sum = hash_crc32(sum, request->body, request->body_bytes);
        }
    }
    if (result == HTTP1_REFUSED)
        sum = hash_crc32(sum, &parser.status, sizeof parser.status);
    http1_deinit(&parser);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    uint32_t whole = read_all(data, bytes, bytes);
    BASE_ASSERT(read_all(data, bytes, 1) == whole);
    BASE_ASSERT(read_all(data, bytes, 1 + data[0]) == whole);
    return 0;
}
