/*
 * answer.c: what kind of outcome an HTTP answer is.
 *
 * Never fails: an answer that cannot be read says nothing of what was done, so it is AMBIGUOUS.
 * Sources: the fact sheet, 5 and 6.
 */
#include "fields.h"

#include <string.h>
#include <strings.h>

/* ---- headers ---- */

/* A whole number that is all of the text; -1 if it is none. */
static int64_t read_number(const char *at, size_t bytes)
{
    int64_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (at[i] < '0' || at[i] > '9' || value > INT64_MAX / 10 - 1)
            return -1;
        value = value * 10 + (at[i] - '0');
    }
    return bytes > 0 ? value : -1;
}

static void read_header(const char *name, size_t name_bytes, const char *value, size_t bytes,
                        int64_t now_ns, bybit_answer *out)
{
    const struct {
        const char *name;
        int64_t *target;
    } numbers[] = {{"X-Bapi-Limit", &out->limit},
                   {"X-Bapi-Limit-Status", &out->remaining},
                   {"X-Bapi-Limit-Reset-Timestamp", &out->reset_ms}};

    for (size_t i = 0; i < BASE_COUNT(numbers); i++) {
        if (strlen(numbers[i].name) == name_bytes &&
            strncasecmp(numbers[i].name, name, name_bytes) == 0)
            *numbers[i].target = read_number(value, bytes);
    }
    if (name_bytes == 11 && strncasecmp("Retry-After", name, name_bytes) == 0)
        out->retry_after_ns = wire_retry_after_ns(value, bytes, now_ns);
}

static void read_headers(const char *at, int64_t now_ns, bybit_answer *out)
{
    while (at != NULL && *at != 0) {
        size_t bytes = strcspn(at, "\r\n");
        const char *colon = memchr(at, ':', bytes);
        if (colon != NULL) {
            const char *value = colon + 1, *end = at + bytes;
            while (value < end && (*value == ' ' || *value == '\t'))
                value++;
            while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            read_header(at, (size_t)(colon - at), value, (size_t)(end - value), now_ns, out);
        }
        at += bytes;
        at += strspn(at, "\r\n");
    }
}

/* ---- the body ---- */

#define ANSWER_KEYS(X)                                                                             \
    X(ANSWER_CODE, "retCode")                                                                      \
    X(ANSWER_TEXT, "retMsg")                                                                       \
    X(ANSWER_TIME, "time")
enum { ANSWER_KEYS(SCAN_KEY_ENUM) ANSWER_KEY_COUNT };
static const scan_key answer_keys[] = {ANSWER_KEYS(SCAN_KEY_ROW)};

/* Reads the envelope; false, with the reason, if it is none. */
static bool read_envelope(const wire_response *response, bybit_answer *out, char *words,
                          size_t words_bytes, hean_error *why)
{
    scan_value values[ANSWER_KEY_COUNT];
    row_fields fields = {"answer", 0, answer_keys, values, HEAN_OK, why};
    json_scan scan;
    int64_t code, time_ns;

    scan_init(&scan, response->body != NULL ? response->body : "",
              response->body != NULL ? response->body_bytes : 0);
    if (!scan_object_read(&scan, answer_keys, ANSWER_KEY_COUNT, values) || !scan_finish(&scan)) {
        (void)scan_report(&scan, why);
        return false;
    }
    if (values[ANSWER_CODE].kind != SCAN_NUMBER)
        field_fail(&fields, ANSWER_CODE, HEAN_E_INVALID, "a number");
    code = field_whole(&fields, ANSWER_CODE);
    time_ns = field_time_ns(&fields, ANSWER_TIME);
    if (fields.status != HEAN_OK)
        return false;
    out->code = code;
    out->time_ms = time_ns / BASE_NS_PER_MS;
    *words = 0;
    if (values[ANSWER_TEXT].kind == SCAN_TEXT)
        (void)!scan_text(&values[ANSWER_TEXT], words, words_bytes);
    base_text_clean(words, strlen(words));
    return true;
}

static bool contains(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasestr(text, words[i]) != NULL)
            return true;
    }
    return false;
}

/* Shut out for having been too quick, or for being who or where we are? Not to be told: the first,
 * because waiting harms least. */
static retry_class forbidden_class(const char *body)
{
    static const char *const hasty[] = {"too frequent", "too many", "rate limit"};
    static const char *const nowhere[] = {"country", "region", "restricted", "your location",
                                          "jurisdiction"};

    if (body == NULL || contains(body, hasty, BASE_COUNT(hasty)))
        return RETRY_BAN;
    return contains(body, nowhere, BASE_COUNT(nowhere)) ? RETRY_AUTH : RETRY_BAN;
}

/* An amendment that changes nothing is refused as a wrong parameter; only the words tell. */
static bool is_unchanged(bybit_route route, const bybit_answer *answer, const char *words)
{
    static const char *const unchanged[] = {"not modified", "remains unchanged",
                                            "match the existing", "matching the existing"};
    return route == BYBIT_ORDER_AMEND && answer->code == 10001 &&
           contains(words, unchanged, BASE_COUNT(unchanged));
}

static retry_class class_of(bybit_route route, const wire_response *response,
                            const bybit_answer *answer, bool read, const char *words)
{
    retry_class by_status = bybit_http_class(response->http_status);
    retry_class by_code = bybit_code_class(answer->code, route);

    if (by_status == RETRY_AMBIGUOUS || (by_status == RETRY_OK && !read))
        return RETRY_AMBIGUOUS;
    if (read && is_unchanged(route, answer, words))
        return RETRY_DONE;
    if (read && (by_status == RETRY_OK || (answer->code != 0 && by_code != RETRY_AMBIGUOUS)))
        return by_code;
    return response->http_status == 403 ? forbidden_class(response->body) : by_status;
}

void bybit_read_answer(bybit_route route, const wire_response *response, bybit_answer *out)
{
    char words[120] = "";
    hean_error why = {0};
    bool read;

    *out = (bybit_answer){.class = RETRY_AMBIGUOUS,
                          .limit = -1,
                          .remaining = -1,
                          .reset_ms = -1,
                          .retry_after_ns = -1};
    if (response->outcome != WIRE_DONE) {
        (void)snprintf(out->text, sizeof out->text, "%s: %.100s",
                       response->outcome == WIRE_NOT_SENT ? "not sent" : "no answer",
                       response->why != NULL ? response->why : "");
        base_text_clean(out->text, strlen(out->text));
        return;
    }
    read_headers(response->headers, response->received_ns, out);
    read = read_envelope(response, out, words, sizeof words, &why);
    out->class = class_of(route, response, out, read, words);
    if (read)
        (void)snprintf(out->text, sizeof out->text, "%lld %s (HTTP %d)", (long long)out->code,
                       words, response->http_status);
    else
        (void)snprintf(out->text, sizeof out->text, "HTTP %d, not understood: %.100s",
                       response->http_status, why.message);
}
