/*
 * bybit_request_test.c: signatures byte for byte, bodies, queries, frames to send, classes of
 * codes.
 */
#include <support.h>

#include <exchange/bybit.h>

#include <string.h>

#define KEY    "HostDemoKey0001"
#define SECRET "HostDemoSecret-AbCdEf0123456789XYZ"

/* V4 of the fact sheet: an order as it is sent. */
#define ORDER_BODY                                                                                 \
    "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\",\"side\":\"Sell\",\"orderType\":\"Limit\","   \
    "\"qty\":\"3.5\",\"price\":\"171.25\",\"timeInForce\":\"PostOnly\",\"positionIdx\":0,"         \
    "\"reduceOnly\":false,\"orderLinkId\":\"h1-000042\"}"

static market_instrument solusdt(void)
{
    const hean_instrument spec = {.symbol = "SOLUSDT", .tick_size = {5, -2}, .lot_size = {1, -1}};
    market_instrument instrument;
    assert_int_equal(market_instrument_init(&instrument, &spec, NULL), HEAN_OK);
    return instrument;
}

static void signatures_are_those_of_the_vectors(void **state)
{
    static const struct {
        const char *key, *secret;
        int64_t timestamp_ms, window_ms;
        const char *payload, *expected;
    } rows[] = {
        {KEY, SECRET, 1790000000123, 5000, "category=linear&symbol=SOLUSDT",
         "de75b99f05d06141022dae44ef46be4f6a86c2341e92f6af5a4d6143bfee65e4"},
        {KEY, SECRET, 1790000000123, 5000, "",
         "3418c791a648638b41bfc19bfbb1b5fe2a24f11d45cb7f9089eb64fbf9f5ef39"},
        {KEY, SECRET, 1790000000456, 7500, "category=linear&cursor=88123%3A7%2C88123%3A7&limit=50",
         "561a37fed5153074ba2e94af41396e7b7ffa8d36fd10de2857e8c2fa8c82316d"},
        {KEY, SECRET, 1790000001000, 5000, ORDER_BODY,
         "8ebe11fa27ff1ac329b09c9492b6feeca575987f45c67b9fc872dcd833456a19"},
        {KEY, SECRET, 1790000002000, 5000, "{}",
         "c1d779bfb62e9668c02a42b88164a85896bb8794f45e9b298a3a1fdfeb101272"},
        {KEY, SECRET, 1790000001000, 5000, "{\"category\": \"linear\", \"symbol\": \"SOLUSDT\"}",
         "e6218e27c89f4f3e4d95c605d987dcadee20d77c3908806515c7938f9fd24679"},
        {KEY, SECRET, 1790000001000, 5000, "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\"}",
         "b6641e446d3d98fca4ad0a96c4ff62c81ceeca931a632d8ba577582ecfe641e3"},
        {"test_api_key", "test_secret", 1700000000000, 5000, "category=linear&symbol=BTCUSDT",
         "fd4f31228a46109dc6673062328693696df9a96c7ff04e6491a45e7f63a0fdd7"},
    };
    char signature[BYBIT_SIGNATURE_BYTES];
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        bybit_sign(rows[i].key, rows[i].secret, rows[i].timestamp_ms, rows[i].window_ms,
                   rows[i].payload, strlen(rows[i].payload), signature);
        assert_string_equal(signature, rows[i].expected);
    }
    bybit_sign_socket(SECRET, 1790000010000, signature);
    assert_string_equal(signature,
                        "e5c103fa9bb748663a38fa0678adbb1dcfbbcb041e4bba0c6aa33540ec98996c");
    bybit_sign_socket("test_secret", 1700000000000, signature);
    assert_string_equal(signature,
                        "bacffe7500499eb829bb58c45d36d1b3e5ac67c14eaeba91df5e99ccee013925");
}

static void every_route_has_a_path_and_public_ones_have_no_quota(void **state)
{
    (void)state;
    for (int i = 0; i < BYBIT_ROUTE_COUNT; i++) {
        const bybit_route_info *route = bybit_route_get((bybit_route)i);
        assert_memory_equal(route->path, "/v5/", 4);
        assert_true(strcmp(route->method, "GET") == 0 || strcmp(route->method, "POST") == 0);
        if (strncmp(route->path, "/v5/market/", 11) == 0)
            assert_true(!route->is_private && route->per_second[VENUE_SPOT] == 0);
        if (strcmp(route->method, "POST") == 0)
            assert_true(route->is_private && route->per_second[VENUE_LINEAR] == 10);
    }
    assert_int_equal(bybit_route_get(BYBIT_ORDER_CANCEL)->per_second[VENUE_SPOT], 20);
    assert_int_equal(bybit_route_get(BYBIT_ORDER_CANCEL)->priority, LIMITER_CANCEL);
}

static const hean_intent SELL = {.kind = HEAN_INTENT_PLACE,
                                 .side = HEAN_SIDE_SELL,
                                 .order_type = HEAN_ORDER_LIMIT,
                                 .time_in_force = HEAN_TIF_POST_ONLY,
                                 .price_ticks = 3425,
                                 .qty_lots = 35};

static void an_order_is_laid_out_and_signed_as_in_the_vector(void **state)
{
    market_instrument instrument = solusdt();
    bybit_request request;
    base_buffer url, headers;
    hean_error error;
    (void)state;
    assert_status(
        bybit_order_create(VENUE_LINEAR, &instrument, "h1-000042", &SELL, &request, &error),
        HEAN_OK, &error);
    assert_string_equal(request.payload, ORDER_BODY);
    assert_int_equal(request.payload_bytes, strlen(ORDER_BODY));
    base_buffer_init(&url, base_allocator_default());
    base_buffer_init(&headers, base_allocator_default());
    assert_int_equal(bybit_seal(&request, "https://api.bybit.com", KEY, SECRET, 1790000001000, 5000,
                                &url, &headers),
                     HEAN_OK);
    assert_string_equal(url.data, "https://api.bybit.com/v5/order/create");
    assert_string_equal(headers.data,
                        "Content-Type: application/json\n"
                        "X-BAPI-API-KEY: " KEY "\nX-BAPI-TIMESTAMP: 1790000001000\nX-BAPI-SIGN: "
                        "8ebe11fa27ff1ac329b09c9492b6feeca575987f45c67b9fc872dcd833456a19\n"
                        "X-BAPI-RECV-WINDOW: 5000\n");
    base_buffer_deinit(&url);
    base_buffer_deinit(&headers);
}

static void a_cursor_goes_back_as_it_came_and_all_else_is_encoded(void **state)
{
    bybit_request request;
    base_buffer url, headers;
    (void)state;
    bybit_request_init(&request, BYBIT_EXECUTIONS);
    assert_int_equal(bybit_query_add(&request, "category", "linear"), HEAN_OK);
    assert_int_equal(bybit_query_add(&request, "cursor", "88123%3A7%2C88123%3A7"), HEAN_OK);
    assert_int_equal(bybit_query_add(&request, "limit", "50"), HEAN_OK);
    base_buffer_init(&url, base_allocator_default());
    base_buffer_init(&headers, base_allocator_default());
    assert_int_equal(
        bybit_seal(&request, "https://h", KEY, SECRET, 1790000000456, 7500, &url, &headers),
        HEAN_OK);
    assert_string_equal(url.data, "https://h/v5/execution/list?"
                                  "category=linear&cursor=88123%3A7%2C88123%3A7&limit=50");
    assert_non_null(strstr(headers.data, "X-BAPI-SIGN: 561a37fed5153074ba2e94af41396e7b7ffa8d36fd10"
                                         "de2857e8c2fa8c82316d\n"));
    assert_null(strstr(headers.data, "Content-Type"));
    bybit_request_init(&request, BYBIT_WALLET);
    assert_int_equal(bybit_query_add(&request, "coin", "BTC,USDT &=\n\xc3\xa9"), HEAN_OK);
    assert_string_equal(request.payload, "coin=BTC%2CUSDT%20%26%3D%0A%C3%A9");
    base_buffer_deinit(&url);
    base_buffer_deinit(&headers);
}

static void what_cannot_stand_in_a_query_or_does_not_fit_changes_nothing(void **state)
{
    static const char *const hostile[] = {"a&symbol=X", "a b", "a#b", "a\nb", "a\x80"};
    char longer[1100];
    bybit_request request;
    (void)state;
    memset(longer, 'x', sizeof longer);
    bybit_request_init(&request, BYBIT_EXECUTIONS);
    assert_int_equal(bybit_query_add(&request, "category", "spot"), HEAN_OK);
    for (size_t i = 0; i < BASE_COUNT(hostile); i++)
        assert_int_equal(bybit_query_add(&request, "cursor", hostile[i]), HEAN_E_INVALID);
    longer[1099] = 0;
    assert_int_equal(bybit_query_add(&request, "cursor", longer), HEAN_E_LIMIT);
    longer[1010] = 0;
    assert_int_equal(bybit_query_add(&request, "cursor", longer), HEAN_E_LIMIT);
    assert_string_equal(request.payload, "category=spot");
    longer[1002] = 0; /* with "&cursor=" 1023 and the final 0: exactly full */
    assert_int_equal(bybit_query_add(&request, "cursor", longer), HEAN_OK);
    assert_int_equal(request.payload_bytes, sizeof request.payload - 1);
}

static void assert_create(venue_category category, const hean_intent *intent, const char *expected)
{
    market_instrument instrument = solusdt();
    bybit_request request;
    hean_error error;
    assert_status(bybit_order_create(category, &instrument, "a-1", intent, &request, &error),
                  HEAN_OK, &error);
    assert_string_equal(request.payload, expected);
}

static void each_kind_of_order_has_its_own_fields(void **state)
{
    hean_intent intent = SELL;
    (void)state;
    intent.order_type = HEAN_ORDER_MARKET;
    intent.flags = HEAN_INTENT_REDUCE_ONLY;
    assert_create(VENUE_INVERSE, &intent,
                  "{\"category\":\"inverse\",\"symbol\":\"SOLUSDT\",\"side\":\"Sell\","
                  "\"orderType\":\"Market\",\"qty\":\"3.5\",\"timeInForce\":\"IOC\","
                  "\"positionIdx\":0,\"reduceOnly\":true,\"orderLinkId\":\"a-1\"}");
    intent.side = HEAN_SIDE_BUY;
    assert_create(VENUE_SPOT, &intent,
                  "{\"category\":\"spot\",\"symbol\":\"SOLUSDT\",\"side\":\"Buy\","
                  "\"orderType\":\"Market\",\"qty\":\"3.5\",\"timeInForce\":\"IOC\","
                  "\"marketUnit\":\"baseCoin\",\"orderLinkId\":\"a-1\"}");
    intent.order_type = HEAN_ORDER_STOP_LIMIT;
    intent.time_in_force = HEAN_TIF_GTC;
    intent.trigger_ticks = 3400;
    intent.flags = 0;
    assert_create(VENUE_LINEAR, &intent,
                  "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\",\"side\":\"Buy\","
                  "\"orderType\":\"Limit\",\"qty\":\"3.5\",\"price\":\"171.25\","
                  "\"timeInForce\":\"GTC\",\"triggerPrice\":\"170\",\"triggerDirection\":1,"
                  "\"triggerBy\":\"LastPrice\",\"positionIdx\":0,\"reduceOnly\":false,"
                  "\"orderLinkId\":\"a-1\"}");
    intent.order_type = HEAN_ORDER_STOP;
    intent.side = HEAN_SIDE_SELL;
    assert_create(VENUE_SPOT, &intent,
                  "{\"category\":\"spot\",\"symbol\":\"SOLUSDT\",\"side\":\"Sell\","
                  "\"orderType\":\"Market\",\"qty\":\"3.5\",\"timeInForce\":\"IOC\","
                  "\"triggerPrice\":\"170\",\"orderFilter\":\"StopOrder\","
                  "\"marketUnit\":\"baseCoin\",\"orderLinkId\":\"a-1\"}");
}

static void amendments_carry_what_changes_and_cancels_the_name_alone(void **state)
{
    market_instrument instrument = solusdt();
    hean_intent intent = {.price_ticks = 1};
    bybit_request request;
    hean_error error;
    (void)state;
    assert_status(bybit_order_amend(VENUE_LINEAR, &instrument, "a_1", &intent, &request, &error),
                  HEAN_OK, &error);
    assert_string_equal(request.payload, "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\","
                                         "\"orderLinkId\":\"a_1\",\"price\":\"0.05\"}");
    intent = (hean_intent){.qty_lots = 1230, .trigger_ticks = 20};
    assert_status(bybit_order_amend(VENUE_LINEAR, &instrument, "a_1", &intent, &request, &error),
                  HEAN_OK, &error);
    assert_string_equal(request.payload, "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\","
                                         "\"orderLinkId\":\"a_1\",\"qty\":\"123\","
                                         "\"triggerPrice\":\"1\"}");
    assert_status(bybit_order_cancel(VENUE_SPOT, &instrument, "a_1", &request, &error), HEAN_OK,
                  &error);
    assert_string_equal(request.payload, "{\"category\":\"spot\",\"symbol\":\"SOLUSDT\","
                                         "\"orderLinkId\":\"a_1\"}");
    assert_int_equal(request.route, BYBIT_ORDER_CANCEL);
    assert_status(bybit_order_cancel_all(VENUE_LINEAR, "SOLUSDT", &request, &error), HEAN_OK,
                  &error);
    assert_string_equal(request.payload, "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\","
                                         "\"orderFilter\":\"Order\"}");
    assert_status(bybit_leverage_set(VENUE_LINEAR, "SOLUSDT", 250000000, &request, &error), HEAN_OK,
                  &error);
    assert_string_equal(request.payload, "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\","
                                         "\"buyLeverage\":\"2.5\",\"sellLeverage\":\"2.5\"}");
}

static void an_order_that_the_venue_could_not_take_is_named_and_not_built(void **state)
{
    market_instrument instrument = solusdt();
    static const struct {
        const char *client_id, *field;
        hean_intent change; /* fields that differ from SELL */
    } rows[] = {
        {"a.b", "orderLinkId", {0}},
        {"", "orderLinkId", {0}},
        {"a b", "orderLinkId", {0}},
        {"0123456789012345678901234567890123456", "orderLinkId", {0}},
        {"a", "qty", {.qty_lots = -1}},
        {"a", "qty", {.qty_lots = HEAN_NOT_ON_STEP}},
        {"a", "price", {.price_ticks = -1}},
        {"a", "price", {.price_ticks = HEAN_NOT_ON_STEP}},
        {"a", "side", {.side = 9}},
        {"a", "orderType", {.order_type = HEAN_ORDER_TYPE_COUNT}},
        {"a", "timeInForce", {.time_in_force = HEAN_TIF_COUNT}},
        {"a", "triggerPrice", {.order_type = HEAN_ORDER_STOP}},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        bybit_request request = {.payload = "untouched"};
        hean_intent intent = SELL;
        hean_error error;
        if (rows[i].change.qty_lots != 0)
            intent.qty_lots = rows[i].change.qty_lots;
        if (rows[i].change.price_ticks != 0)
            intent.price_ticks = rows[i].change.price_ticks;
        if (rows[i].change.side != 0)
            intent.side = rows[i].change.side;
        if (rows[i].change.order_type != 0)
            intent.order_type = rows[i].change.order_type;
        if (rows[i].change.time_in_force != 0)
            intent.time_in_force = rows[i].change.time_in_force;
        assert_status(bybit_order_create(VENUE_LINEAR, &instrument, rows[i].client_id, &intent,
                                         &request, &error),
                      HEAN_E_INVALID, &error);
        assert_non_null(strstr(error.message, rows[i].field));
        assert_string_equal(request.payload, "untouched");
    }
    bybit_request request;
    hean_intent nothing = {0};
    assert_int_equal(bybit_order_amend(VENUE_LINEAR, &instrument, "a", &nothing, &request, NULL),
                     HEAN_E_INVALID);
}

static void keys_and_topics_cannot_break_out_of_their_places(void **state)
{
    const char *const topics[] = {"orderbook.50.SOLUSDT", "publicTrade.SOLUSDT"};
    const char *const hostile[] = {"orderbook.50.SOLUSDT", "a\"],\"op\":\"x"};
    bybit_request request;
    base_buffer out, headers;
    (void)state;
    base_buffer_init(&out, base_allocator_default());
    base_buffer_init(&headers, base_allocator_default());
    bybit_request_init(&request, BYBIT_WALLET);
    assert_int_equal(bybit_seal(&request, "https://h", "a\nB: c", SECRET, 1, 1, &out, &headers),
                     HEAN_E_INVALID);
    assert_int_equal(bybit_frame_auth("a\",\"", SECRET, 1, &out), HEAN_E_INVALID);
    assert_int_equal(bybit_frame_subscribe("s1", true, hostile, 2, &out), HEAN_E_INVALID);
    assert_int_equal(out.length + headers.length, 0);
    assert_int_equal(bybit_frame_subscribe("s1", true, topics, 2, &out), HEAN_OK);
    assert_int_equal(bybit_frame_subscribe("s2", false, topics + 1, 1, &out), HEAN_OK);
    assert_int_equal(bybit_frame_ping("p7", &out), HEAN_OK);
    assert_int_equal(bybit_frame_auth(KEY, SECRET, 1790000010000, &out), HEAN_OK);
    assert_string_equal(
        out.data, "{\"req_id\":\"s1\",\"op\":\"subscribe\",\"args\":[\"orderbook.50.SOLUSDT\","
                  "\"publicTrade.SOLUSDT\"]}"
                  "{\"req_id\":\"s2\",\"op\":\"unsubscribe\",\"args\":[\"publicTrade.SOLUSDT\"]}"
                  "{\"req_id\":\"p7\",\"op\":\"ping\"}"
                  "{\"req_id\":\"auth\",\"op\":\"auth\",\"args\":[\"" KEY "\",1790000010000,"
                  "\"e5c103fa9bb748663a38fa0678adbb1dcfbbcb041e4bba0c6aa33540ec98996c\"]}");
    base_buffer_deinit(&out);
    base_buffer_deinit(&headers);
}

static void codes_have_the_class_that_keeps_money_safe(void **state)
{
    static const struct {
        int64_t code;
        bybit_route route;
        retry_class class;
    } rows[] = {
        {0, BYBIT_TIME, RETRY_OK},
        {10002, BYBIT_WALLET, RETRY_CLOCK},
        {10003, BYBIT_WALLET, RETRY_AUTH},
        {10005, BYBIT_ORDER_CREATE, RETRY_AUTH},
        {10006, BYBIT_ORDER_CREATE, RETRY_RATE},
        {10017, BYBIT_WALLET, RETRY_INVALID},
        {10000, BYBIT_ORDER_CREATE, RETRY_AMBIGUOUS},
        {110001, BYBIT_ORDER_CANCEL, RETRY_DONE},
        {110001, BYBIT_ORDER_AMEND, RETRY_DONE},
        {110001, BYBIT_ORDERS_OPEN, RETRY_AMBIGUOUS},
        {110001, BYBIT_ORDER_CREATE, RETRY_AMBIGUOUS},
        {110034, BYBIT_ORDER_CREATE, RETRY_INVALID},
        {110043, BYBIT_SET_LEVERAGE, RETRY_DONE},
        {110072, BYBIT_ORDER_CREATE, RETRY_DONE},
        {170141, BYBIT_ORDER_CREATE, RETRY_DONE},
        {170213, BYBIT_ORDER_CANCEL, RETRY_DONE},
        {110007, BYBIT_ORDER_CREATE, RETRY_FUNDS},
        {110066, BYBIT_ORDER_CREATE, RETRY_MARKET},
        {10018, BYBIT_WALLET, RETRY_BAN},
        {180016, BYBIT_EARN_PRODUCTS, RETRY_FUNDS},
        {180016, BYBIT_ORDER_CREATE, RETRY_AMBIGUOUS},
        {987654321012345, BYBIT_ORDER_CREATE, RETRY_AMBIGUOUS},
        {-77, BYBIT_ORDER_CREATE, RETRY_AMBIGUOUS},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        assert_int_equal(bybit_code_class(rows[i].code, rows[i].route), rows[i].class);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_the_vectors),
        cmocka_unit_test(every_route_has_a_path_and_public_ones_have_no_quota),
        cmocka_unit_test(an_order_is_laid_out_and_signed_as_in_the_vector),
        cmocka_unit_test(a_cursor_goes_back_as_it_came_and_all_else_is_encoded),
        cmocka_unit_test(what_cannot_stand_in_a_query_or_does_not_fit_changes_nothing),
        cmocka_unit_test(each_kind_of_order_has_its_own_fields),
        cmocka_unit_test(amendments_carry_what_changes_and_cancels_the_name_alone),
        cmocka_unit_test(an_order_that_the_venue_could_not_take_is_named_and_not_built),
        cmocka_unit_test(keys_and_topics_cannot_break_out_of_their_places),
        cmocka_unit_test(codes_have_the_class_that_keeps_money_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
