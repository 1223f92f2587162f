/*
 * exchange_sim_order_test.c: orders at the simulated venue: what is refused at once, what the
 * streams tell later, and that an id makes one order.
 */
#include "exchange_sim_fixture.h"

#define CREATE "/v5/order/create"

static void order(fixture *self, const char *rest)
{
    char body[512];
    (void)snprintf(body, sizeof body, "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",%s}", rest);
    fixture_post(self, CREATE, body);
}

static void spot_order(fixture *self, const char *rest)
{
    char body[512];
    (void)snprintf(body, sizeof body, "{\"category\":\"spot\",\"symbol\":\"TESTUSDT\",%s}", rest);
    fixture_post(self, CREATE, body);
}

static void open_private(fixture *self)
{
    fixture_init(self);
    fixture_open(self);
    fixture_private(self, 1, "/v5/private", "\"order\",\"execution\",\"position\",\"wallet\"");
}

#define LIMIT_BUY(price)                                                                           \
    "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"" price "\""
#define LIMIT_SELL(price)                                                                          \
    "\"side\":\"Sell\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"" price "\""
#define MARKET(side, qty) "\"side\":\"" side "\",\"orderType\":\"Market\",\"qty\":\"" qty "\""

static void an_answer_leaves_before_what_came_of_it(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, MARKET("Buy", "1"));
    assert_code(&self, 0);
    assert_true(json_is_true(json_object_get(json_array_get(self.frames, 0), "answer")));
    assert_true(json_array_size(self.frames) == 5);
    fixture_close(&self);
}

static void a_market_order_walks_the_book_and_pays_the_taker_fee(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, MARKET("Buy", "7"));
    assert_int_equal(fixture_frames(&self, "execution"), 2);
    const json_t *first = fixture_frame(&self, "execution", 0);
    const json_t *second = fixture_frame(&self, "execution", 1);
    assert_string_equal(fixture_said(first, "execPrice"), "100.1");
    assert_string_equal(fixture_said(first, "execQty"), "5");
    assert_string_equal(fixture_said(first, "leavesQty"), "2");
    assert_string_equal(fixture_said(second, "execPrice"), "100.2");
    assert_string_equal(fixture_said(second, "execQty"), "2");
    assert_string_equal(fixture_said(second, "execFee"), "0.11022"); /* 200.4 * 0.00055 */
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 0), "orderStatus"),
                        "PartiallyFilled");
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 1), "orderStatus"), "Filled");
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 1), "avgPrice"), "100.12857");
    fixture_close(&self);
}

static void a_resting_order_fills_as_maker_when_a_trade_passes_it(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 100, HEAN_SIDE_SELL, 989, 50);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", "\"execution\"");
    order(&self, LIMIT_BUY("99"));
    fixture_wait(&self, 99);
    assert_int_equal(fixture_frames(&self, "execution"), 0);
    fixture_wait(&self, 1);
    const json_t *frame = fixture_frame(&self, "execution", 0);
    assert_non_null(frame);
    assert_string_equal(fixture_said(frame, "execPrice"), "99");
    assert_string_equal(fixture_said(frame, "execFee"), "0.0198");
    assert_true(json_is_true(fixture_at(frame, "data.0.isMaker")));
    fixture_close(&self);
}

static void what_only_the_engine_knows_is_told_by_the_stream(void **state)
{
    static const struct {
        const char *order, *reason;
    } rows[] = {
        {LIMIT_BUY("100.1") ",\"timeInForce\":\"PostOnly\"", "EC_PostOnlyWillTakeLiquidity"},
        {LIMIT_BUY("100") ",\"timeInForce\":\"IOC\"", "EC_NoImmediateQtyToFill"},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"50\",\"price\":\"100.2\","
         "\"timeInForce\":\"FOK\"",
         "EC_CancelForNoFullFill"},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        fixture self;
        open_private(&self);
        order(&self, rows[i].order);
        assert_code(&self, 0);
        const json_t *frame = fixture_frame(&self, "order", 0);
        assert_string_equal(fixture_said(frame, "orderStatus"), "Cancelled");
        assert_string_equal(fixture_said(frame, "rejectReason"), rows[i].reason);
        assert_string_equal(fixture_said(frame, "cumExecQty"), "0");
        assert_int_equal(fixture_frames(&self, "execution"), 0);
        fixture_close(&self);
    }
}

static void a_link_id_makes_one_order_for_ever(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"once\"");
    assert_code(&self, 0);
    order(&self, LIMIT_BUY("98") ",\"orderLinkId\":\"once\"");
    assert_code(&self, 110072);
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"once\"}");
    assert_code(&self, 0);
    order(&self, LIMIT_BUY("98") ",\"orderLinkId\":\"once\"");
    assert_code(&self, 110072);
    spot_order(&self, LIMIT_BUY("98") ",\"orderLinkId\":\"once\"");
    assert_code(&self, 170141);
    assert_int_equal(sim_orders_made(self.sim), 1);
    fixture_close(&self);
}

static void a_refused_order_does_not_use_up_its_link_id(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.01\",\"price\":\"99\","
                 "\"orderLinkId\":\"x\"");
    assert_code(&self, 110094);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"x\"");
    assert_code(&self, 0);
    fixture_close(&self);
}

static void wrong_orders_are_refused_with_the_venues_codes(void **state)
{
    static const struct {
        const char *order;
        int code;
    } rows[] = {
        {"\"side\":\"buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Stop\",\"qty\":\"1\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":1,\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"-1\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1.001\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99.05\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1001\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1e30\",\"price\":\"99\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"0.05\",\"price\":\"99\"", 110094},
        {LIMIT_BUY("99") ",\"timeInForce\":\"GTX\"", 10001},
        {LIMIT_BUY("99") ",\"timeInForce\":\"RPI\"", 110119},
        {LIMIT_BUY("99") ",\"positionIdx\":1", 10001},
        {LIMIT_BUY("99") ",\"takeProfit\":\"105\"", 10001},
        {LIMIT_BUY("99") ",\"smpType\":\"CancelMaker\"", 10001},
        {LIMIT_BUY("99") ",\"isLeverage\":1", 170344},
        {LIMIT_BUY("99") ",\"orderLinkId\":\"a b\"", 10001},
        {LIMIT_BUY("99") ",\"orderLinkId\":\"0123456789012345678901234567890123456\"", 10001},
        {LIMIT_SELL("101") ",\"reduceOnly\":true", 110017},
        {LIMIT_SELL("101") ",\"reduceOnly\":\"true\"", 10001},
        {LIMIT_BUY("99") ",\"triggerPrice\":\"99\",\"triggerDirection\":1", 110092},
        {LIMIT_BUY("99") ",\"triggerPrice\":\"101\",\"triggerDirection\":2", 110093},
        {LIMIT_BUY("99") ",\"triggerPrice\":\"101\"", 10001},
        {"\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99\",\"side\":\"Buy\"",
         10001},
    };
    fixture self;
    (void)state;
    open_private(&self);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        fixture_wait(&self, 1000);
        order(&self, rows[i].order);
        if (fixture_code(&self) != rows[i].code)
            print_error("row %zu: %s\n", i, rows[i].order);
        assert_code(&self, rows[i].code);
    }
    assert_int_equal(sim_orders_made(self.sim), 0);
    fixture_close(&self);
}

static void money_that_is_not_there_is_refused(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    self.options.wallet_usdt_e8 = 100 * BASE_E8;
    fixture_open(&self);
    order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"10.2\",\"price\":\"99\"");
    assert_code(&self, 110007); /* 1009.8 at 10x leverage */
    order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"10\",\"price\":\"99\"");
    assert_code(&self, 0);
    spot_order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1.02\",\"price\":\"99\"");
    assert_code(&self, 170131);
    spot_order(&self, LIMIT_SELL("101"));
    assert_code(&self, 170131);
    spot_order(&self, LIMIT_SELL("101") ",\"reduceOnly\":true");
    assert_code(&self, 170131); /* there is nothing to reduce on spot */
    fixture_close(&self);
}

static void prices_beyond_the_band_are_moved_on_futures_and_refused_on_spot(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, LIMIT_SELL("200"));
    assert_code(&self, 0);
    order(&self, LIMIT_BUY("50"));
    assert_code(&self, 0);
    fixture_get(&self, "/v5/order/realtime?category=linear&symbol=TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.price"), "50");
    assert_string_equal(fixture_text(&self, "list.1.price"), "200");
    order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"150\","
                 "\"timeInForce\":\"PostOnly\"");
    assert_code(&self, 0);
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 2), "price"), "105");
    spot_order(&self, LIMIT_BUY("150"));
    assert_code(&self, 170193);
    fixture_post(&self, "/v5/account/set-limit-px-action",
                 "{\"category\":\"linear\",\"modifyEnable\":false}");
    assert_code(&self, 0);
    order(&self, LIMIT_BUY("150"));
    assert_code(&self, 110003);
    fixture_get(&self, "/v5/account/user-setting-config");
    assert_true(json_is_true(fixture_at(self.answer, "result.lpaPerp")));
    fixture_close(&self);
}

static void amend(fixture *self, const char *rest)
{
    char body[256];
    (void)snprintf(body, sizeof body, "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",%s}", rest);
    fixture_post(self, "/v5/order/amend", body);
}

static void amendments_follow_the_venues_rules(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"8\",\"price\":\"99\","
                 "\"orderLinkId\":\"a\"");
    amend(&self, "\"orderLinkId\":\"a\",\"qty\":\"8\"");
    assert_code(&self, 10001);
    amend(&self, "\"orderLinkId\":\"none\",\"qty\":\"7\"");
    assert_code(&self, 110001);
    amend(&self, "\"qty\":\"7\"");
    assert_code(&self, 10001);
    fixture_forget(&self);
    amend(&self, "\"orderLinkId\":\"a\",\"qty\":\"7\",\"price\":\"99.5\"");
    assert_code(&self, 0);
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 0), "qty"), "7");
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 0), "price"), "99.5");
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 0), "orderStatus"), "New");
    fixture_close(&self);
}

static void a_quantity_at_or_below_what_is_filled_is_refused(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 100, HEAN_SIDE_SELL, 990, 30);
    fixture_open(&self);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"p\"");
    fixture_wait(&self, 200);
    fixture_get(&self, "/v5/order/realtime?category=linear&orderLinkId=p");
    assert_string_equal(fixture_text(&self, "list.0.orderStatus"), "PartiallyFilled");
    assert_string_equal(fixture_text(&self, "list.0.cumExecQty"), "0.3");
    amend(&self, "\"orderLinkId\":\"p\",\"qty\":\"0.3\"");
    assert_code(&self, 110064);
    fixture_close(&self);
}

static void an_order_is_invisible_until_it_reaches_the_engine(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    self.options.latency_ns = 50 * BASE_NS_PER_MS;
    fixture_open(&self);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"late\"");
    assert_code(&self, 0);
    fixture_get(&self, "/v5/order/realtime?category=linear&orderLinkId=late");
    assert_int_equal(fixture_count(&self, "list"), 0);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"late\"");
    assert_code(&self, 110072); /* its id is taken all the same */
    fixture_wait(&self, 50);
    fixture_get(&self, "/v5/order/realtime?category=linear&orderLinkId=late");
    assert_int_equal(fixture_count(&self, "list"), 1);
    fixture_close(&self);
}

static void a_cancel_that_loses_the_race_is_told_in_a_second_message(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    self.options.latency_ns = 50 * BASE_NS_PER_MS;
    fixture_trade(&self, LINEAR, 120, HEAN_SIDE_SELL, 980, 500);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", "\"order\"");
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"r\"");
    fixture_wait(&self, 100);
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"r\"}");
    assert_code(&self, 0); /* an acknowledgement is not a cancellation */
    fixture_wait(&self, 100);
    assert_int_equal(fixture_frames(&self, "order"), 3);
    const json_t *filled = fixture_frame(&self, "order", 1);
    const json_t *late = fixture_frame(&self, "order", 2);
    assert_string_equal(fixture_said(filled, "orderStatus"), "Filled");
    assert_string_equal(fixture_said(filled, "rejectReason"), "EC_NoError");
    assert_string_equal(fixture_said(late, "orderStatus"), "Filled");
    assert_string_equal(fixture_said(late, "cancelType"), "CancelByUser");
    assert_string_equal(fixture_said(late, "rejectReason"), "EC_OrigClOrdIDDoesNotExist");
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"r\"}");
    assert_code(&self, 110001);
    fixture_close(&self);
}

static void a_spot_cancel_of_nothing_has_its_own_code(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"spot\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"r\"}");
    assert_code(&self, 170213);
    fixture_close(&self);
}

static void reduce_only_never_goes_through_zero(void **state)
{
    fixture self;
    int64_t lots;
    (void)state;
    open_private(&self);
    order(&self, MARKET("Buy", "3"));
    order(&self, MARKET("Sell", "4") ",\"reduceOnly\":true");
    assert_code(&self, 0);
    assert_int_equal(sim_position(self.sim, "TESTUSDT", &lots), HEAN_OK);
    assert_int_equal(lots, 0);
    const json_t *last = fixture_frame(&self, "order", fixture_frames(&self, "order") - 1);
    assert_string_equal(fixture_said(last, "orderStatus"), "Cancelled");
    assert_string_equal(fixture_said(last, "cancelType"), "CancelByReduceOnly");
    assert_string_equal(fixture_said(last, "cumExecQty"), "3");
    assert_string_equal(fixture_said(last, "leavesQty"), "0");
    order(&self, MARKET("Buy", "2"));
    order(&self, MARKET("Sell", "0") ",\"reduceOnly\":true,\"closeOnTrigger\":true");
    assert_code(&self, 0);
    assert_int_equal(sim_position(self.sim, "TESTUSDT", &lots), HEAN_OK);
    assert_int_equal(lots, 0);
    fixture_close(&self);
}

static void a_conditional_order_waits_for_its_price(void **state)
{
    static const char *const told[] = {"Untriggered", "Triggered", "Filled"};
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 100, HEAN_SIDE_BUY, 1001, 1);
    fixture_trade(&self, LINEAR, 200, HEAN_SIDE_BUY, 1002, 1);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", "\"order\"");
    order(&self, MARKET("Buy", "1") ",\"triggerPrice\":\"100.2\",\"triggerDirection\":1");
    assert_code(&self, 0);
    fixture_wait(&self, 150);
    fixture_get(&self, "/v5/order/realtime?category=linear&symbol=TESTUSDT&orderFilter=StopOrder");
    assert_string_equal(fixture_text(&self, "list.0.orderStatus"), "Untriggered");
    fixture_wait(&self, 100);
    assert_int_equal(fixture_frames(&self, "order"), BASE_COUNT(told));
    for (size_t i = 0; i < BASE_COUNT(told); i++)
        assert_string_equal(fixture_said(fixture_frame(&self, "order", i), "orderStatus"), told[i]);
    fixture_close(&self);
}

static void cancel_all_strips_stops_unless_it_is_told_not_to(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, LIMIT_BUY("99"));
    order(&self, MARKET("Sell", "1") ",\"triggerPrice\":\"90\",\"triggerDirection\":2");
    fixture_post(&self, "/v5/order/cancel-all",
                 "{\"category\":\"linear\",\"settleCoin\":\"USDT\",\"orderFilter\":\"Order\"}");
    assert_int_equal(fixture_count(&self, "list"), 1);
    assert_string_equal(fixture_text(&self, "success"), "1");
    fixture_get(&self, "/v5/order/realtime?category=linear&symbol=TESTUSDT");
    assert_int_equal(fixture_count(&self, "list"), 1);
    fixture_forget(&self);
    fixture_post(&self, "/v5/order/cancel-all",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\"}");
    assert_int_equal(fixture_count(&self, "list"), 1);
    assert_string_equal(fixture_said(fixture_frame(&self, "order", 0), "orderStatus"),
                        "Deactivated");
    fixture_post(&self, "/v5/order/cancel-all", "{\"category\":\"linear\"}");
    assert_code(&self, 10001);
    fixture_close(&self);
}

static void a_batch_succeeds_even_where_all_of_it_failed(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    fixture_post(&self, "/v5/order/create-batch",
                 "{\"category\":\"linear\",\"request\":[{\"symbol\":\"TESTUSDT\"," LIMIT_BUY(
                     "99") ",\"orderLinkId\":\"1\"},{\"symbol\":\"NONE\"," LIMIT_BUY("99") "}]}");
    assert_code(&self, 0);
    assert_string_equal(fixture_text(&self, "list.0.orderLinkId"), "1");
    assert_string_equal(fixture_text(&self, "list.1.orderId"), "");
    assert_int_equal(json_integer_value(fixture_at(self.answer, "retExtInfo.list.0.code")), 0);
    assert_int_equal(json_integer_value(fixture_at(self.answer, "retExtInfo.list.1.code")), 10001);
    fixture_close(&self);
}

static void a_batch_counts_by_order(void **state)
{
    char body[4096] = "{\"category\":\"linear\",\"request\":[";
    fixture self;
    (void)state;
    open_private(&self);
    for (int i = 0; i < 12; i++)
        (void)snprintf(body + strlen(body), sizeof body - strlen(body),
                       "%s{\"symbol\":\"TESTUSDT\"," LIMIT_BUY("99") "}", i > 0 ? "," : "");
    (void)snprintf(body + strlen(body), sizeof body - strlen(body), "]}");
    fixture_post(&self, "/v5/order/create-batch", body);
    assert_code(&self, 0);
    assert_int_equal(sim_orders_made(self.sim), 10);
    assert_int_equal(json_integer_value(fixture_at(self.answer, "retExtInfo.list.9.code")), 0);
    assert_int_equal(json_integer_value(fixture_at(self.answer, "retExtInfo.list.10.code")), 10006);
    fixture_close(&self);
}

static void pages_hold_every_order_once(void **state)
{
    char target[256] = "/v5/order/realtime?category=linear&symbol=TESTUSDT&limit=10";
    bool seen[25] = {false};
    size_t pages = 0;
    fixture self;
    (void)state;
    open_private(&self);
    for (int i = 0; i < 25; i++) {
        char text[160];
        (void)snprintf(text, sizeof text, LIMIT_BUY("99") ",\"orderLinkId\":\"p-%d\"", i);
        fixture_wait(&self, 200);
        order(&self, text);
        assert_code(&self, 0);
    }
    for (;; pages++) {
        fixture_get(&self, target);
        assert_code(&self, 0);
        for (size_t i = 0; i < fixture_count(&self, "list"); i++) {
            char path[48];
            (void)snprintf(path, sizeof path, "list.%zu.orderLinkId", i);
            int number = atoi(fixture_text(&self, path) + 2);
            assert_false(seen[number]);
            seen[number] = true;
            assert_int_equal(number, 24 - (int)(pages * 10 + i)); /* newest first */
        }
        const char *cursor = fixture_text(&self, "nextPageCursor");
        if (cursor[0] == '\0')
            break;
        assert_non_null(strstr(cursor, "%3A"));
        /* As it came, and once more encoded: both are in use. */
        (void)snprintf(target, sizeof target,
                       "/v5/order/realtime?category=linear&symbol=TESTUSDT&limit=10&cursor=");
        for (const char *at = cursor; *at != '\0'; at++)
            (void)snprintf(target + strlen(target), sizeof target - strlen(target),
                           pages == 0 && *at == '%' ? "%%25" : "%c", *at);
    }
    assert_int_equal(pages, 2);
    fixture_get(&self, "/v5/order/realtime?category=linear&symbol=TESTUSDT&cursor=zzz");
    assert_code(&self, 10001);
    fixture_close(&self);
}

static void what_never_filled_is_forgotten_after_a_day(void **state)
{
    fixture self;
    (void)state;
    open_private(&self);
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"c\"");
    order(&self, MARKET("Buy", "1") ",\"orderLinkId\":\"f\"");
    fixture_post(&self, "/v5/order/cancel",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"orderLinkId\":\"c\"}");
    fixture_get(&self, "/v5/order/history?category=linear");
    assert_int_equal(fixture_count(&self, "list"), 2);
    fixture_get(&self, "/v5/order/realtime?category=linear&symbol=TESTUSDT&openOnly=1");
    assert_int_equal(fixture_count(&self, "list"), 2);
    fixture_wait(&self, 24 * 3600 * 1000 + 1000);
    fixture_get(&self, "/v5/order/history?category=linear");
    assert_int_equal(fixture_count(&self, "list"), 1);
    assert_string_equal(fixture_text(&self, "list.0.orderLinkId"), "f");
    order(&self, LIMIT_BUY("99") ",\"orderLinkId\":\"c\"");
    assert_code(&self, 110072); /* forgotten, but not free */
    fixture_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_leaves_before_what_came_of_it),
        cmocka_unit_test(a_market_order_walks_the_book_and_pays_the_taker_fee),
        cmocka_unit_test(a_resting_order_fills_as_maker_when_a_trade_passes_it),
        cmocka_unit_test(what_only_the_engine_knows_is_told_by_the_stream),
        cmocka_unit_test(a_link_id_makes_one_order_for_ever),
        cmocka_unit_test(a_refused_order_does_not_use_up_its_link_id),
        cmocka_unit_test(wrong_orders_are_refused_with_the_venues_codes),
        cmocka_unit_test(money_that_is_not_there_is_refused),
        cmocka_unit_test(prices_beyond_the_band_are_moved_on_futures_and_refused_on_spot),
        cmocka_unit_test(amendments_follow_the_venues_rules),
        cmocka_unit_test(a_quantity_at_or_below_what_is_filled_is_refused),
        cmocka_unit_test(an_order_is_invisible_until_it_reaches_the_engine),
        cmocka_unit_test(a_cancel_that_loses_the_race_is_told_in_a_second_message),
        cmocka_unit_test(a_spot_cancel_of_nothing_has_its_own_code),
        cmocka_unit_test(reduce_only_never_goes_through_zero),
        cmocka_unit_test(a_conditional_order_waits_for_its_price),
        cmocka_unit_test(cancel_all_strips_stops_unless_it_is_told_not_to),
        cmocka_unit_test(a_batch_succeeds_even_where_all_of_it_failed),
        cmocka_unit_test(a_batch_counts_by_order),
        cmocka_unit_test(pages_hold_every_order_once),
        cmocka_unit_test(what_never_filled_is_forgotten_after_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
