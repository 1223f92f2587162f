/*
 * bybit_answer_test.c: what kind of outcome an HTTP answer is.
 */
#include <support.h>

#include <exchange/bybit.h>

#include <string.h>

#define NOW_NS (INT64_C(1790000000) * BASE_NS_PER_S) /* Mon, 21 Sep 2026 14:13:20 GMT */

static bybit_answer read_answer(bybit_route route, int http_status, const char *headers,
                                const char *body)
{
    const wire_response response = {.outcome = WIRE_DONE,
                                    .http_status = http_status,
                                    .headers = headers,
                                    .body = body,
                                    .body_bytes = strlen(body),
                                    .received_ns = NOW_NS};
    bybit_answer answer;
    bybit_read_answer(route, &response, &answer);
    return answer;
}

static void the_class_follows_code_status_and_body(void **state)
{
    static const struct {
        bybit_route route;
        int http_status;
        const char *body;
        retry_class class;
        int64_t code;
    } rows[] = {
        {BYBIT_TIME, 200, "{\"retCode\":0,\"retMsg\":\"OK\",\"time\":1}", RETRY_OK, 0},
        {BYBIT_WALLET, 200, "{\"retCode\":10006,\"retMsg\":\"Too many visits!\"}", RETRY_RATE,
         10006},
        {BYBIT_WALLET, 200, "{\"retCode\":10002,\"retMsg\":\"\"}", RETRY_CLOCK, 10002},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":110072}", RETRY_DONE, 110072},
        {BYBIT_ORDER_AMEND, 200,
         "{\"retCode\":10001,\"retMsg\":\"The order remains unchanged as the parameters entered "
         "match the existing ones.\"}",
         RETRY_DONE, 10001},
        {BYBIT_ORDER_AMEND, 200, "{\"retCode\":10001,\"retMsg\":\"params error\"}", RETRY_INVALID,
         10001},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":10001,\"retMsg\":\"remains unchanged\"}",
         RETRY_INVALID, 10001},
        /* Not understood: whatever was done is not known. */
        {BYBIT_ORDER_CREATE, 200, "", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "<html>ok</html>", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{\"ord",
         RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":\"0\"}", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":0.0}", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":0,\"retCode\":110007}", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retCode\":99999999999999999999}", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 200, "{\"retMsg\":\"OK\"}", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 302, "", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 500, "{\"retCode\":10003}", RETRY_AMBIGUOUS, 10003},
        {BYBIT_ORDER_CREATE, 502, "<html>bad gateway</html>", RETRY_AMBIGUOUS, 0},
        {BYBIT_ORDER_CREATE, 408, "", RETRY_AMBIGUOUS, 0},
        {BYBIT_WALLET, 400, "", RETRY_INVALID, 0},
        {BYBIT_WALLET, 404, "404 page not found", RETRY_INVALID, 0},
        {BYBIT_WALLET, 401, "", RETRY_AUTH, 0},
        {BYBIT_WALLET, 401, "{\"retCode\":10002}", RETRY_CLOCK, 10002},
        {BYBIT_WALLET, 429, "", RETRY_RATE, 0},
        {BYBIT_WALLET, 429, "{\"retCode\":429,\"retMsg\":\"busy\"}", RETRY_RATE, 429},
        {BYBIT_WALLET, 403, "<html>access too frequent</html>", RETRY_BAN, 0},
        {BYBIT_WALLET, 403, "", RETRY_BAN, 0},
        {BYBIT_WALLET, 403, "<h1>The request is blocked from your country</h1>", RETRY_AUTH, 0},
        {BYBIT_WALLET, 403, "{\"retCode\":10009,\"retMsg\":\"ip\"}", RETRY_AUTH, 10009},
        {BYBIT_WALLET, 403, "{\"retCode\":0,\"retMsg\":\"OK\"}", RETRY_BAN, 0},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        bybit_answer answer = read_answer(rows[i].route, rows[i].http_status, "", rows[i].body);
        if (answer.class != rows[i].class || answer.code != rows[i].code)
            fail_msg("row %zu: class %d, code %lld: %s", i, (int)answer.class,
                     (long long)answer.code, answer.text);
    }
}

static void what_was_not_answered_is_ambiguous(void **state)
{
    const wire_response cut = {.outcome = WIRE_UNKNOWN, .why = "timed\nout"};
    const wire_response unsent = {.outcome = WIRE_NOT_SENT};
    bybit_answer answer;
    (void)state;
    bybit_read_answer(BYBIT_ORDER_CREATE, &cut, &answer);
    assert_int_equal(answer.class, RETRY_AMBIGUOUS);
    assert_string_equal(answer.text, "no answer: timed?out");
    bybit_read_answer(BYBIT_ORDER_CREATE, &unsent, &answer);
    assert_int_equal(answer.class, RETRY_AMBIGUOUS);
    assert_string_equal(answer.text, "not sent: ");
}

static void headers_are_found_in_any_case_and_judged_strictly(void **state)
{
    static const char ok[] = "{\"retCode\":0,\"retMsg\":\"OK\",\"time\":1790000000200}";
    bybit_answer answer = read_answer(BYBIT_ORDER_CREATE, 200,
                                      "HTTP/2 200\r\nx-bapi-limit: 10\r\n"
                                      "X-BAPI-LIMIT-STATUS:7  \r\n"
                                      "X-Bapi-Limit-Reset-Timestamp:\t1790000000300\r\n"
                                      "X-Bapi-Limit-Statusx: 1\r\nretry-after: 120\r\n",
                                      ok);
    (void)state;
    assert_int_equal(answer.limit, 10);
    assert_int_equal(answer.remaining, 7);
    assert_int_equal(answer.reset_ms, 1790000000300);
    assert_int_equal(answer.retry_after_ns, 120 * BASE_NS_PER_S);
    assert_int_equal(answer.time_ms, 1790000000200);
    assert_string_equal(answer.text, "0 OK (HTTP 200)");
    answer = read_answer(BYBIT_ORDER_CREATE, 200,
                         "X-Bapi-Limit: -1\nX-Bapi-Limit-Status: 7x\n"
                         "X-Bapi-Limit-Reset-Timestamp: 99999999999999999999\nRetry-After: soon\n",
                         ok);
    assert_int_equal(answer.limit, -1);
    assert_int_equal(answer.remaining, -1);
    assert_int_equal(answer.reset_ms, -1);
    assert_int_equal(answer.retry_after_ns, -1);
    answer =
        read_answer(BYBIT_ORDER_CREATE, 503, "Retry-After: Mon, 21 Sep 2026 14:15:00 GMT\n", "");
    assert_int_equal(answer.retry_after_ns, 100 * BASE_NS_PER_S);
    answer =
        read_answer(BYBIT_ORDER_CREATE, 503, "Retry-After: Mon, 21 Sep 2020 14:15:00 GMT\n", "");
    assert_int_equal(answer.retry_after_ns, 0);
    answer = read_answer(BYBIT_ORDER_CREATE, 503, "Retry-After: 9999999999999\n", "");
    assert_int_equal(answer.retry_after_ns, INT64_C(7) * 24 * 3600 * BASE_NS_PER_S);
    answer = read_answer(BYBIT_ORDER_CREATE, 200, "", ok);
    assert_int_equal(answer.limit, -1);
}

static void the_words_are_clean_and_cut(void **state)
{
    char body[600];
    bybit_answer answer;
    int used = snprintf(body, sizeof body, "{\"retCode\":10001,\"retMsg\":\"a\\n\\u001b[0m ");
    (void)state;
    for (int i = 0; i < 150; i++)
        used += snprintf(body + used, sizeof body - (size_t)used, "\xc3\xa9");
    (void)snprintf(body + used, sizeof body - (size_t)used, "\"}");
    answer = read_answer(BYBIT_ORDER_CREATE, 200, "", body);
    assert_memory_equal(answer.text, "10001 a??[0m \xc3\xa9", 14);
    for (const char *at = answer.text; *at != 0;) {
        size_t length = base_utf8_length((const unsigned char *)at);
        assert_true(length > 0);
        at += length;
    }
    assert_non_null(strstr(answer.text, "(HTTP 200)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_class_follows_code_status_and_body),
        cmocka_unit_test(what_was_not_answered_is_ambiguous),
        cmocka_unit_test(headers_are_found_in_any_case_and_judged_strictly),
        cmocka_unit_test(the_words_are_clean_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
