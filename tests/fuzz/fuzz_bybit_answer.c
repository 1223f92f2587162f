/*
 * fuzz_bybit_answer.c: whatever comes over HTTP gets a class. The first two bytes are the outcome
 * and the status; an empty line parts headers and body.
 */
#include <exchange/bybit.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const int statuses[] = {200, 200, 200, 200, 403, 401, 429, 503, 302, 404, 0, -1};
    char *text, *body;
    wire_response response = {.received_ns = INT64_C(1790000000) * BASE_NS_PER_S};
    bybit_answer answer;

    if (bytes < 2)
        return 0;
    text = malloc(bytes - 1);
    if (text == NULL)
        return 0;
    memcpy(text, data + 2, bytes - 2);
    text[bytes - 2] = 0;
    body = strstr(text, "\n\n");
    if (body != NULL) {
        *body = 0;
        body += 2;
    }
    response.outcome = (wire_outcome)(data[0] % 3);
    response.why = text;
    response.http_status = statuses[data[1] % BASE_COUNT(statuses)];
    response.headers = text;
    response.body = body;
    response.body_bytes = body != NULL ? (size_t)(text + bytes - 2 - body) : 0;
    for (int route = 0; route < BYBIT_ROUTE_COUNT; route += 5) {
        bybit_read_answer((bybit_route)route, &response, &answer);
        if ((unsigned)answer.class >= RETRY_CLASS_COUNT || answer.limit < -1 ||
            answer.retry_after_ns < -1 || memchr(answer.text, 0, sizeof answer.text) == NULL ||
            (answer.class == RETRY_OK && (answer.code != 0 || response.outcome != WIRE_DONE)))
            abort();
    }
    free(text);
    return 0;
}
