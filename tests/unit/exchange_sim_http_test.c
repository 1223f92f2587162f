/*
 * exchange_sim_http_test.c: what refuses a request before it is understood: signatures, clocks,
 * quotas, routes; what public routes answer; and each fault.
 */
#include "../../core/exchange/sim/sim_internal.h"
#include "exchange_sim_fixture.h"

static const char *message(const fixture *self)
{
    const char *text = json_string_value(json_object_get(self->answer, "retMsg"));
    return text == NULL ? "" : text;
}

static void open_plain(fixture *self)
{
    fixture_init(self);
    fixture_open(self);
}

#define BALANCE "/v5/account/wallet-balance?accountType=UNIFIED"
#define CREATE                                                                                     \
    "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"side\":\"Buy\",\"orderType\":\"Limit\","   \
    "\"qty\":\"1\",\"price\":\"99\"}"

/* ---- signatures and clocks ---- */

static void signatures_are_those_of_the_published_examples(void **state)
{
    static const char *const secret = "HostDemoSecret-AbCdEf0123456789XYZ";
    static const struct {
        const char *text, *signature;
    } rows[] = {
        {"1790000000123HostDemoKey00015000category=linear&symbol=SOLUSDT",
         "de75b99f05d06141022dae44ef46be4f6a86c2341e92f6af5a4d6143bfee65e4"},
        {"1790000000123HostDemoKey00015000",
         "3418c791a648638b41bfc19bfbb1b5fe2a24f11d45cb7f9089eb64fbf9f5ef39"},
        {"1790000000456HostDemoKey00017500category=linear&cursor=88123%3A7%2C88123%3A7&limit=50",
         "561a37fed5153074ba2e94af41396e7b7ffa8d36fd10de2857e8c2fa8c82316d"},
        {"1790000001000HostDemoKey00015000{\"category\": \"linear\", \"symbol\": \"SOLUSDT\"}",
         "e6218e27c89f4f3e4d95c605d987dcadee20d77c3908806515c7938f9fd24679"},
        {"GET/realtime1790000010000",
         "e5c103fa9bb748663a38fa0678adbb1dcfbbcb041e4bba0c6aa33540ec98996c"},
    };
    char signature[65];
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        sim_sign(secret, rows[i].text, strlen(rows[i].text), signature);
        assert_string_equal(signature, rows[i].signature);
    }
}

static void a_clock_may_be_slow_by_the_window_and_fast_by_less_than_a_second(void **state)
{
    static const struct {
        int64_t off_ms;
        int code;
    } rows[] = {{-5000, 0}, {-5001, 10002}, {0, 0}, {999, 0}, {1000, 10002}};
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        self.signed_ms = self.now_ns / BASE_NS_PER_MS + rows[i].off_ms;
        fixture_get(&self, BALANCE);
        assert_code(&self, rows[i].code);
    }
    assert_string_equal(message(&self),
                        "invalid request, please check your server timestamp or recv_window param. "
                        "req_timestamp[1790000001000],server_timestamp[1790000000000],"
                        "recv_window[5000]");
    fixture_close(&self);
}

static void wrong_keys_and_signatures_are_told_apart(void **state)
{
    static const struct {
        const char *headers;
        int http_status, code;
    } rows[] = {
        {"", 401, 10003},
        {"X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: 1790000000000\n", 401, 10003},
        {"X-BAPI-API-KEY: other\nX-BAPI-TIMESTAMP: 1790000000000\nX-BAPI-SIGN: 00\n", 200, 10003},
        {"X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: soon\nX-BAPI-SIGN: 00\n", 200, 10001},
        {"X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: 1790000000000\nX-BAPI-SIGN: 00\n", 200, 10004},
    };
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        fixture_send(&self, "GET", BALANCE, rows[i].headers, "");
        assert_int_equal(self.http_status, rows[i].http_status);
        assert_code(&self, rows[i].code);
    }
    fixture_close(&self);
}

static void what_is_signed_is_what_is_sent_byte_for_byte(void **state)
{
    char headers[512];
    char signature[BYBIT_SIGNATURE_BYTES];
    static const char *const query = "coin=USDT&accountType=UNIFIED";
    fixture self;
    (void)state;
    open_plain(&self);
    bybit_sign("sim-key", "sim-secret", 1790000000000, 5000, query, strlen(query), signature);
    (void)snprintf(headers, sizeof headers,
                   "X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: 1790000000000\n"
                   "X-BAPI-RECV-WINDOW: 5000\nX-BAPI-SIGN: %s\n",
                   signature);
    fixture_send(&self, "GET", "/v5/account/wallet-balance?coin=USDT&accountType=UNIFIED", headers,
                 "");
    assert_code(&self, 0);
    fixture_send(&self, "GET", "/v5/account/wallet-balance?accountType=UNIFIED&coin=USDT", headers,
                 "");
    assert_code(&self, 10004); /* the same parameters in another order */
    fixture_close(&self);
}

/* ---- routes and bodies ---- */

static void routes_that_are_not_there_are_told(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    fixture_get(&self, "/v5/order/nothing");
    assert_int_equal(self.http_status, 404);
    assert_code(&self, 10017);
    fixture_ask(&self, "GET", "/v5/order/create", "");
    assert_int_equal(self.http_status, 400);
    assert_code(&self, 10017);
    fixture_close(&self);
}

static void a_get_with_a_body_is_forbidden(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    fixture_send(&self, "GET", "/v5/market/time", "", "{}");
    assert_int_equal(self.http_status, 403);
    assert_null(self.answer); /* HTML */
    assert_non_null(strstr(self.headers, "text/html"));
    fixture_close(&self);
}

static void bodies_that_are_not_json_objects_are_refused(void **state)
{
    static const char *const bodies[] = {
        "[]", "{", "nul", "{\"category\":\"linear\"}x", "5", "{\"a\":1,\"a\":1}"};
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(bodies); i++) {
        fixture_post(&self, "/v5/order/create", bodies[i]);
        assert_code(&self, 10001);
    }
    fixture_get(&self, BALANCE "&x=%zz");
    assert_code(&self, 10001);
    fixture_close(&self);
}

static void public_routes_need_no_key(void **state)
{
    static const char *const targets[] = {
        "/v5/market/time",
        "/v5/market/instruments-info?category=linear",
        "/v5/market/instruments-info?category=spot&limit=1",
        "/v5/market/instruments-info?category=option",
        "/v5/market/tickers?category=inverse",
        "/v5/market/orderbook?category=spot&symbol=TESTUSDT",
        "/v5/market/kline?symbol=TESTUSDT&interval=60&start=1790000000000",
        "/v5/market/recent-trade?category=linear&symbol=TESTUSDT",
        "/v5/market/funding/history?category=linear&symbol=TESTUSDT",
        "/v5/market/open-interest?category=linear&symbol=TESTUSDT&intervalTime=5min",
        "/v5/market/price-limit?symbol=TESTUSDT",
        "/v5/market/risk-limit?category=linear",
        "/v5/earn/product?category=FlexibleSaving&coin=USDT",
    };
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(targets); i++) {
        fixture_send(&self, "GET", targets[i], "", "");
        assert_code(&self, 0);
    }
    fixture_send(&self, "GET", "/v5/market/orderbook?category=spot&symbol=TESTUSDT", "", "");
    assert_int_equal(fixture_count(&self, "b"), 1); /* spot's default */
    fixture_send(&self, "GET",
                 "/v5/market/funding/history?category=linear&symbol=TESTUSDT&startTime=1", "", "");
    assert_code(&self, 10001);
    fixture_send(&self, "GET", "/v5/market/tickers?category=futures", "", "");
    assert_code(&self, 10001);
    fixture_close(&self);
}

static void the_same_symbol_is_two_instruments_in_two_categories(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    fixture_send(&self, "GET", "/v5/market/instruments-info?category=spot", "", "");
    assert_string_equal(fixture_text(&self, "list.0.symbol"), "TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.lotSizeFilter.basePrecision"), "0.01");
    assert_string_equal(fixture_text(&self, "list.0.lotSizeFilter.minOrderAmt"), "5");
    fixture_send(&self, "GET", "/v5/market/instruments-info?category=linear", "", "");
    assert_string_equal(fixture_text(&self, "list.0.symbol"), "TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.lotSizeFilter.qtyStep"), "0.01");
    assert_string_equal(fixture_text(&self, "list.0.priceFilter.tickSize"), "0.1");
    assert_true(json_is_integer(fixture_at(self.answer, "result.list.0.fundingInterval")));
    fixture_send(&self, "GET", "/v5/market/instruments-info?category=inverse", "", "");
    assert_string_equal(fixture_text(&self, "list.0.settleCoin"), "TEST");
    fixture_close(&self);
}

/* ---- quotas ---- */

static void a_quota_is_told_in_headers_and_then_refuses(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    for (int i = 0; i < 10; i++) {
        fixture_wait(&self, 10);
        fixture_post(&self, "/v5/order/create", CREATE);
        assert_code(&self, 0);
    }
    assert_non_null(strstr(self.headers, "X-Bapi-Limit: 10\r\n"));
    assert_non_null(strstr(self.headers, "X-Bapi-Limit-Status: 0\r\n"));
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_code(&self, 10006);
    assert_int_equal(self.http_status, 200);
    assert_non_null(strstr(self.headers, "X-Bapi-Limit-Reset-Timestamp: 1790000001010\r\n"));
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"x\"}");
    assert_code(&self, 110001); /* each route has its own */
    fixture_wait(&self, 909);
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_code(&self, 10006);
    fixture_wait(&self, 1);
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_code(&self, 0);
    fixture_close(&self);
}

static void an_address_that_asks_too_often_is_shut_out_for_a_while(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    for (int i = 0; i < 600; i++) {
        fixture_send(&self, "GET", "/v5/market/time", "", "");
        assert_int_equal(self.http_status, 200);
    }
    fixture_send(&self, "GET", "/v5/market/time", "", "");
    assert_int_equal(self.http_status, 403);
    fixture_wait(&self, 600000 - 1);
    fixture_send(&self, "GET", "/v5/market/time", "", "");
    assert_int_equal(self.http_status, 403);
    fixture_wait(&self, 1);
    fixture_send(&self, "GET", "/v5/market/time", "", "");
    assert_int_equal(self.http_status, 200);
    fixture_close(&self);
}

static void sockets_that_are_opened_too_often_are_cut(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    for (uint64_t i = 1; i <= 500; i++) {
        fixture_socket(&self, i, "/v5/public/linear");
        sim_socket_closed(self.sim, i);
    }
    assert_false(self.cut[500 % 64]);
    fixture_socket(&self, 501, "/v5/public/linear");
    assert_true(self.cut[501 % 64]);
    self.cut[501 % 64] = false;
    fixture_wait(&self, 300000);
    fixture_socket(&self, 501, "/v5/public/linear");
    assert_false(self.cut[501 % 64]);
    fixture_close(&self);
}

/* ---- faults of requests ---- */

static void set_faults(fixture *self, const char *json)
{
    fixture_send(self, "POST", "/sim/faults", "", json);
    assert_true(json_is_true(json_object_get(self->answer, "ok")));
}

static void faults_refuse_requests_unread(void **state)
{
    static const struct {
        const char *faults;
        int http_status;
    } rows[] = {{"{\"http_429\":1}", 429}, {"{\"http_403\":1}", 403}, {"{\"http_5xx\":1}", 503}};
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        set_faults(&self, rows[i].faults);
        fixture_post(&self, "/v5/order/create", CREATE);
        assert_int_equal(self.http_status, rows[i].http_status);
        assert_int_equal(strstr(self.headers, "Retry-After: 1\r\n") != NULL,
                         rows[i].http_status == 429);
        assert_null(self.answer);
        assert_int_equal(sim_orders_made(self.sim), 0);
        set_faults(&self, "{\"reset\":true}");
    }
    set_faults(&self, "{\"rate_10006\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_code(&self, 10006);
    assert_non_null(strstr(self.headers, "X-Bapi-Limit-Status: 0\r\n"));
    set_faults(&self, "{\"reset\":true,\"refused_no_answer\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_int_equal(self.kind, SIM_NO_ANSWER);
    assert_int_equal(sim_orders_made(self.sim), 0);
    fixture_close(&self);
}

static void faults_spoil_answers_to_what_was_done(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    set_faults(&self, "{\"accepted_no_answer\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_int_equal(self.kind, SIM_NO_ANSWER);
    assert_int_equal(sim_orders_made(self.sim), 1);
    set_faults(&self, "{\"reset\":true,\"cut_answer\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_int_equal(self.kind, SIM_CUT_ANSWER);
    assert_true(self.answer_bytes > 0);
    assert_null(self.answer);
    assert_int_equal(sim_orders_made(self.sim), 2);
    set_faults(&self, "{\"reset\":true,\"garbage_answer\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_int_equal(self.http_status, 200);
    assert_true(self.answer == NULL || !json_is_integer(json_object_get(self.answer, "retCode")));
    assert_int_equal(sim_orders_made(self.sim), 3);
    set_faults(&self, "{\"reset\":true,\"slow_answer\":1}");
    fixture_post(&self, "/v5/order/create", CREATE);
    assert_false(self.answered);
    fixture_wait(&self, 199);
    assert_false(self.answered);
    fixture_wait(&self, 3000);
    assert_true(self.answered);
    assert_code(&self, 0);
    fixture_close(&self);
}

static void a_skewed_clock_shows_everywhere(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    set_faults(&self, "{\"clock_skew_ns\":-10000000000}");
    fixture_send(&self, "GET", "/v5/market/time", "", "");
    assert_string_equal(fixture_text(&self, "timeSecond"), "1789999990");
    fixture_get(&self, BALANCE);
    assert_code(&self, 10002); /* an honest clock is ahead now */
    self.signed_ms = self.now_ns / BASE_NS_PER_MS - 10000;
    fixture_get(&self, BALANCE);
    assert_code(&self, 0);
    fixture_close(&self);
}

static void faults_are_told_and_wrong_ones_refused(void **state)
{
    static const char *const wrong[] = {
        "{\"http_429\":2}",       "{\"http_429\":\"1\"}", "{\"http\":1}", "[]", "",
        "{\"clock_skew_ns\":1.5}"};
    fixture self;
    (void)state;
    open_plain(&self);
    for (size_t i = 0; i < BASE_COUNT(wrong); i++) {
        fixture_send(&self, "POST", "/sim/faults", "", wrong[i]);
        assert_int_equal(self.http_status, 400);
    }
    set_faults(&self, "{\"lost_frame\":0.25}");
    fixture_send(&self, "GET", "/sim/faults", "", "");
    assert_true(json_real_value(fixture_at(self.answer, "faults.lost_frame")) == 0.25);
    fixture_send(&self, "GET", "/sim/other", "", "");
    assert_int_equal(self.http_status, 400);
    fixture_close(&self);
}

/* ---- faults of frames ---- */

#define TRADES "publicTrade.TESTUSDT"

/* Ten trades, each in a frame of its own, with a fault. */
static void open_trades(fixture *self, const char *faults)
{
    fixture_init(self);
    for (int i = 0; i < 10; i++)
        fixture_trade(self, LINEAR, 100 * (i + 1), HEAN_SIDE_BUY, 1001 + i, 1);
    fixture_open(self);
    fixture_socket(self, 1, "/v5/public/linear");
    fixture_say(self, 1, "{\"op\":\"subscribe\",\"args\":[\"" TRADES "\"]}");
    set_faults(self, faults);
    fixture_wait(self, 2000);
}

static void frames_are_doubled_lost_reordered_and_cut_off(void **state)
{
    fixture self;
    (void)state;
    open_trades(&self, "{\"duplicate_frame\":1}");
    assert_int_equal(fixture_frames(&self, TRADES), 20);
    assert_string_equal(fixture_said(fixture_frame(&self, TRADES, 0), "p"), "100.1");
    assert_string_equal(fixture_said(fixture_frame(&self, TRADES, 1), "p"), "100.1");
    fixture_close(&self);
    open_trades(&self, "{\"lost_frame\":1}");
    assert_int_equal(fixture_frames(&self, TRADES), 0);
    fixture_close(&self);
    open_trades(&self, "{\"reordered_frame\":1}");
    assert_int_equal(fixture_frames(&self, TRADES), 10);
    for (size_t i = 0; i < 10; i += 2) {
        assert_string_equal(fixture_said(fixture_frame(&self, TRADES, i), "p"),
                            sim_price(&self.sim->symbols[0], 1002 + (int64_t)i).s);
        assert_string_equal(fixture_said(fixture_frame(&self, TRADES, i + 1), "p"),
                            sim_price(&self.sim->symbols[0], 1001 + (int64_t)i).s);
    }
    fixture_close(&self);
    open_trades(&self, "{\"drop_connection\":1}");
    assert_true(self.cut[1]);
    assert_int_equal(fixture_frames(&self, TRADES), 0);
    fixture_close(&self);
}

static void a_gap_leaves_out_a_number_and_what_it_told(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_level(&self, LINEAR, 100, HEAN_SIDE_BUY, 1000, 1);
    fixture_level(&self, LINEAR, 200, HEAN_SIDE_BUY, 1000, 2);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    fixture_say(&self, 1, "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.TESTUSDT\"]}");
    int64_t before =
        json_integer_value(fixture_at(fixture_frame(&self, "orderbook.50.TESTUSDT", 0), "data.u"));
    set_faults(&self, "{\"sequence_gap\":1}");
    fixture_wait(&self, 150);
    assert_int_equal(fixture_frames(&self, "orderbook.50.TESTUSDT"), 1);
    set_faults(&self, "{\"reset\":true}");
    fixture_wait(&self, 100);
    const json_t *frame = fixture_frame(&self, "orderbook.50.TESTUSDT", 1);
    assert_int_equal(json_integer_value(fixture_at(frame, "data.u")), before + 2);
    fixture_close(&self);
}

static void a_restarted_book_counts_from_one(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_level(&self, LINEAR, 100, HEAN_SIDE_BUY, 1000, 1);
    fixture_level(&self, LINEAR, 200, HEAN_SIDE_BUY, 1000, 2);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    fixture_say(&self, 1, "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.TESTUSDT\"]}");
    set_faults(&self, "{\"book_restart\":1}");
    fixture_wait(&self, 150);
    set_faults(&self, "{\"reset\":true}");
    fixture_wait(&self, 100);
    const json_t *first = fixture_frame(&self, "orderbook.50.TESTUSDT", 1);
    const json_t *second = fixture_frame(&self, "orderbook.50.TESTUSDT", 2);
    assert_int_equal(json_integer_value(fixture_at(first, "data.u")), 1);
    assert_int_equal(json_array_size(fixture_at(first, "data.a")), 2); /* all of it */
    assert_int_equal(json_integer_value(fixture_at(second, "data.u")), 2);
    assert_int_equal(json_array_size(fixture_at(second, "data.a")), 0);
    fixture_close(&self);
}

static void an_execution_may_come_long_after_its_order(void **state)
{
    fixture self;
    (void)state;
    open_plain(&self);
    fixture_private(&self, 1, "/v5/private", "\"order\",\"execution\"");
    set_faults(&self, "{\"late_execution\":1}");
    fixture_post(&self, "/v5/order/create",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"side\":\"Buy\","
                 "\"orderType\":\"Market\",\"qty\":\"1\"}");
    assert_int_equal(fixture_frames(&self, "order"), 1);
    assert_int_equal(fixture_frames(&self, "execution"), 0);
    fixture_wait(&self, 199);
    assert_int_equal(fixture_frames(&self, "execution"), 0);
    fixture_wait(&self, 2000);
    assert_int_equal(fixture_frames(&self, "execution"), 1);
    fixture_get(&self, "/v5/execution/list?category=linear");
    assert_int_equal(fixture_count(&self, "list"), 1);
    fixture_close(&self);
}

static void a_rate_is_met_in_the_long_run(void **state)
{
    int refused = 0;
    fixture self;
    (void)state;
    fixture_init(&self);
    self.options.faults.http_429 = 0.2;
    self.options.limit_factor = 100;
    fixture_open(&self);
    for (int i = 0; i < 5000; i++) {
        fixture_send(&self, "GET", "/v5/market/time", "", "");
        refused += self.http_status == 429 ? 1 : 0;
    }
    assert_in_range(refused, 850, 1150);
    fixture_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_the_published_examples),
        cmocka_unit_test(a_clock_may_be_slow_by_the_window_and_fast_by_less_than_a_second),
        cmocka_unit_test(wrong_keys_and_signatures_are_told_apart),
        cmocka_unit_test(what_is_signed_is_what_is_sent_byte_for_byte),
        cmocka_unit_test(routes_that_are_not_there_are_told),
        cmocka_unit_test(a_get_with_a_body_is_forbidden),
        cmocka_unit_test(bodies_that_are_not_json_objects_are_refused),
        cmocka_unit_test(public_routes_need_no_key),
        cmocka_unit_test(the_same_symbol_is_two_instruments_in_two_categories),
        cmocka_unit_test(a_quota_is_told_in_headers_and_then_refuses),
        cmocka_unit_test(an_address_that_asks_too_often_is_shut_out_for_a_while),
        cmocka_unit_test(sockets_that_are_opened_too_often_are_cut),
        cmocka_unit_test(faults_refuse_requests_unread),
        cmocka_unit_test(faults_spoil_answers_to_what_was_done),
        cmocka_unit_test(a_skewed_clock_shows_everywhere),
        cmocka_unit_test(faults_are_told_and_wrong_ones_refused),
        cmocka_unit_test(frames_are_doubled_lost_reordered_and_cut_off),
        cmocka_unit_test(a_gap_leaves_out_a_number_and_what_it_told),
        cmocka_unit_test(a_restarted_book_counts_from_one),
        cmocka_unit_test(an_execution_may_come_long_after_its_order),
        cmocka_unit_test(a_rate_is_met_in_the_long_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
