/*
 * fuzz_accept.c: the Accept and Accept-Encoding headers are any bytes that a client likes.
 */
#include <metrics/registry.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, bytes);
    text[bytes] = 0;
    if (metrics_text_negotiate(text) >= METRICS_FORMAT_COUNT)
        abort();
    (void)metrics_text_wants_gzip(text);
    free(text);
    return 0;
}
