/*
 * fuzz_edge_answer.c: HTTP/1.1 answers of any bytes: bounded, deterministic, and the same whether
 * they come at once or byte by byte.
 */
#include "../../core/exchange/edge/edge_answer.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)512)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static edge_parsed read_exactly(const uint8_t *data, size_t bytes, bool ended, edge_answer *answer,
                                base_buffer *body)
{
    char *copy = malloc(bytes + 1); /* so that a sanitizer sees one byte too far */
    edge_parsed result;

    check(copy != NULL);
    if (bytes > 0)
        memcpy(copy, data, bytes);
    result = edge_answer_read(copy, bytes, ended, BODY_MAX, answer, body);
    free(copy);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    edge_answer answer = {0}, again = {0};
    base_buffer body, other;
    edge_parsed at_once, step = EDGE_PARSED_MORE;

    if (bytes > 4096)
        return 0;
    base_buffer_init(&body, base_allocator_default());
    base_buffer_init(&other, base_allocator_default());
    at_once = read_exactly(data, bytes, false, &answer, &body);
    if (at_once == EDGE_PARSED_WHOLE) {
        check(answer.status >= 200 && answer.status <= 999 && body.length <= BODY_MAX);
        check(answer.head_at + answer.head_bytes <= bytes);
        for (size_t i = 0; i < bytes && step == EDGE_PARSED_MORE; i++)
            step = read_exactly(data, i + 1, false, &again, &other);
        check(step == EDGE_PARSED_WHOLE && again.status == answer.status);
        check(other.length == body.length &&
              (body.length == 0 || memcmp(other.data, body.data, body.length) == 0));
    }
    (void)read_exactly(data, bytes, true, &again, &other);
    base_buffer_deinit(&body);
    base_buffer_deinit(&other);
    return 0;
}
