/*
 * exchange_sim_stream_test.c: the simulated venue's sockets: control frames in each product's
 * spelling, public topics with their snapshots, deltas and numbers, and orders by socket.
 */
#include "exchange_sim_fixture.h"

#include <base/decimal.h>

static void open_public(fixture *self, const char *target)
{
    fixture_init(self);
    fixture_open(self);
    fixture_socket(self, 1, target);
}

static const json_t *last_frame(const fixture *self)
{
    size_t count = json_array_size(self->frames);
    return count == 0 ? NULL : json_object_get(json_array_get(self->frames, count - 1), "frame");
}

/* The frame that answers, which is the first since the last fixture_forget. */
static const json_t *say(fixture *self, const char *text)
{
    fixture_forget(self);
    fixture_say(self, 1, text);
    return json_object_get(json_array_get(self->frames, 0), "frame");
}

static const char *word(const json_t *frame, const char *key)
{
    const char *text = json_string_value(json_object_get(frame, key));
    return text == NULL ? "" : text;
}

static bool success(const json_t *frame)
{
    return json_is_true(json_object_get(frame, "success"));
}

/* ---- control ---- */

static void a_ping_is_answered_in_each_products_spelling(void **state)
{
    static const char *const ping = "{\"op\":\"ping\",\"req_id\":\"p7\"}";
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    const json_t *pong = say(&self, ping);
    assert_true(success(pong));
    assert_string_equal(word(pong, "op"), "ping");
    assert_string_equal(word(pong, "ret_msg"), "pong");
    assert_string_equal(word(pong, "req_id"), "p7");
    fixture_close(&self);
    open_public(&self, "/v5/private");
    pong = say(&self, ping);
    assert_string_equal(word(pong, "op"), "pong");
    assert_string_equal(json_string_value(fixture_at(pong, "args.0")), "1790000000000");
    fixture_close(&self);
    open_public(&self, "/v5/trade");
    pong = say(&self, "{\"op\":\"ping\",\"reqId\":\"q\"}");
    assert_string_equal(word(pong, "op"), "pong");
    assert_int_equal(json_integer_value(json_object_get(pong, "retCode")), 0);
    assert_non_null(json_object_get(pong, "connId"));
    fixture_close(&self);
}

static void one_bad_topic_fails_the_whole_request(void **state)
{
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    const json_t *answer = say(&self, "{\"op\":\"subscribe\",\"req_id\":\"s1\",\"args\":["
                                      "\"orderbook.50.TESTUSDT\",\"orderbook.500.TESTUSDT\"]}");
    assert_false(success(answer));
    assert_string_equal(word(answer, "ret_msg"),
                        "error:handler not found,topic:orderbook.500.TESTUSDT");
    assert_string_equal(word(answer, "req_id"), "s1");
    fixture_wait(&self, 5000);
    assert_int_equal(json_array_size(self.frames), 1); /* nothing was subscribed */
    answer = say(&self, "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.testusdt\"]}");
    assert_false(success(answer));
    fixture_close(&self);
}

static void control_frames_that_are_wrong_are_told_so(void **state)
{
    static const struct {
        const char *text, *answer;
    } rows[] = {
        {"{\"op\":\"sing\"}", "error:invalid op"},
        {"{}", "error:invalid op"},
        {"[1]", "Failed to decode incoming data"},
        {"{\"op\":\"ping\"", "Failed to decode incoming data"},
        {"{\"op\":\"ping\",\"op\":\"ping\"}", "Failed to decode incoming data"},
        {"{\"op\":\"subscribe\"}", "error:args is empty"},
        {"{\"op\":\"subscribe\",\"args\":[5]}", "error:args are not texts"},
        {"{\"op\":\"auth\",\"args\":[]}", "error:invalid op"},
    };
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        const json_t *answer = say(&self, rows[i].text);
        assert_false(success(answer));
        assert_string_equal(word(answer, "ret_msg"), rows[i].answer);
    }
    fixture_close(&self);
}

static void a_repeated_subscription_is_refused_harmlessly(void **state)
{
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    static const char *const text = "{\"op\":\"subscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}";
    assert_true(success(say(&self, text)));
    const json_t *answer = say(&self, text);
    assert_string_equal(word(answer, "ret_msg"),
                        "error:already subscribed,topic:publicTrade.TESTUSDT");
    assert_true(
        success(say(&self, "{\"op\":\"unsubscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}")));
    assert_true(success(say(&self, text)));
    fixture_close(&self);
}

static void spot_takes_ten_topics_at_a_time(void **state)
{
    char text[1024] = "{\"op\":\"subscribe\",\"args\":[";
    static const char *const intervals[] = {"1",   "3",   "5",   "15",  "30", "60",
                                            "120", "240", "360", "720", "D"};
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/spot");
    for (size_t i = 0; i < BASE_COUNT(intervals); i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"kline.%s.TESTUSDT\"",
                       i > 0 ? "," : "", intervals[i]);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "]}");
    assert_string_equal(word(say(&self, text), "ret_msg"), "args size >10");
    const json_t *answer = say(&self, "{\"op\":\"subscribe\",\"args\":[\"tickers.TESTUSDT\"]}");
    assert_true(success(answer));
    assert_string_equal(word(answer, "ret_msg"), "subscribe");
    assert_string_equal(
        word(say(&self, "{\"op\":\"subscribe\",\"args\":[\"tickers.X\"]}"), "ret_msg"),
        "Invalid symbol :[tickers.X]");
    fixture_close(&self);
}

/* ---- auth ---- */

static void private_topics_need_a_signature(void **state)
{
    char text[256];
    char signature[BYBIT_SIGNATURE_BYTES];
    long long later = FIXTURE_START_NS / BASE_NS_PER_MS + 5000;
    fixture self;
    (void)state;
    open_public(&self, "/v5/private");
    assert_string_equal(word(say(&self, "{\"op\":\"subscribe\",\"args\":[\"order\"]}"), "ret_msg"),
                        "Request not authorized");
    bybit_sign_socket("sim-secret", later, signature);
    (void)snprintf(text, sizeof text, "{\"op\":\"auth\",\"args\":[\"sim-key\",%lld,\"%s\"]}",
                   later + 1, signature);
    assert_false(success(say(&self, text)));
    bybit_sign_socket("sim-secret", later - 5000, signature);
    (void)snprintf(text, sizeof text, "{\"op\":\"auth\",\"args\":[\"sim-key\",%lld,\"%s\"]}",
                   later - 5000, signature);
    assert_string_equal(word(say(&self, text), "ret_msg"), "Params Error"); /* it is past */
    bybit_sign_socket("sim-secret", later, signature);
    (void)snprintf(text, sizeof text, "{\"op\":\"auth\",\"args\":[\"sim-key\",%lld,\"%s\"]}", later,
                   signature);
    assert_true(success(say(&self, text)));
    assert_true(success(say(&self, "{\"op\":\"subscribe\",\"args\":[\"order\",\"wallet\"]}")));
    fixture_close(&self);
}

static void both_forms_of_private_topics_must_not_be_mixed(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", NULL);
    assert_false(
        success(say(&self, "{\"op\":\"subscribe\",\"args\":[\"order\",\"execution.linear\"]}")));
    assert_true(success(
        say(&self, "{\"op\":\"subscribe\",\"args\":[\"order.spot\",\"execution.linear\"]}")));
    fixture_forget(&self);
    fixture_post(&self, "/v5/order/create",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"side\":\"Buy\","
                 "\"orderType\":\"Market\",\"qty\":\"1\"}");
    assert_int_equal(fixture_frames(&self, "order.spot"), 0);
    assert_int_equal(fixture_frames(&self, "execution.linear"), 1);
    fixture_close(&self);
}

/* ---- books ---- */

typedef struct mirror {
    struct {
        int64_t price_e8, size_e8;
    } levels[2][256];
    size_t count[2];
    int64_t update_id;
    size_t deltas;
} mirror;

static void set_level(mirror *book, int side, int64_t price_e8, int64_t size_e8)
{
    size_t at = 0;
    while (at < book->count[side] && book->levels[side][at].price_e8 != price_e8)
        at++;
    if (at == book->count[side])
        book->count[side]++;
    book->levels[side][at].price_e8 = price_e8;
    book->levels[side][at].size_e8 = size_e8;
    if (size_e8 == 0)
        book->levels[side][at] = book->levels[side][--book->count[side]];
}

static int64_t e8(const json_t *text)
{
    int64_t value;
    assert_int_equal(
        decimal_parse_scaled(json_string_value(text), json_string_length(text), 8, &value),
        HEAN_OK);
    return value;
}

/* As a client would: snapshots replace, deltas are absolute sizes, u goes up by one. */
static void apply(mirror *book, const json_t *frame)
{
    int64_t update_id = json_integer_value(fixture_at(frame, "data.u"));
    if (strcmp(word(frame, "type"), "snapshot") == 0) {
        book->count[0] = book->count[1] = 0;
    } else {
        assert_int_equal(update_id, book->update_id + 1);
        book->deltas++;
    }
    book->update_id = update_id;
    for (int side = 0; side < 2; side++) {
        const json_t *rows = fixture_at(frame, side == 0 ? "data.b" : "data.a");
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);
            set_level(book, side, e8(json_array_get(row, 0)), e8(json_array_get(row, 1)));
        }
    }
}

static void snapshots_and_deltas_rebuild_the_book(void **state)
{
    static mirror books[3];
    static const char *const topics[] = {"orderbook.50.SIMUSDT", "orderbook.200.SIMUSDT",
                                         "orderbook.1000.SIMUSDT"};
    fixture self;
    hean_error error;
    (void)state;
    memset(books, 0, sizeof books);
    fixture_init(&self);
    self.options.market = "sim:3,rate=2000";
    self.frames = json_array();
    assert_status(sim_open(&self.options, &self.sim, &error), HEAN_OK, &error);
    fixture_socket(&self, 1, "/v5/public/linear");
    fixture_say(&self, 1,
                "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.SIMUSDT\","
                "\"orderbook.200.SIMUSDT\",\"orderbook.1000.SIMUSDT\"]}");
    for (int round = 0; round < 300; round++) {
        fixture_wait(&self, 37);
        if (round == 299)
            fixture_get(&self, "/v5/market/orderbook?category=linear&symbol=SIMUSDT&limit=1000");
        for (int k = 0; k < 3; k++)
            for (size_t i = 0; i < fixture_frames(&self, topics[k]); i++)
                apply(&books[k], fixture_frame(&self, topics[k], i));
        fixture_forget(&self);
    }
    assert_true(books[0].deltas > 100);
    /* REST speaks of the 1000-level stream: the same u, the same levels. */
    assert_int_equal(json_integer_value(fixture_at(self.answer, "result.u")), books[2].update_id);
    for (int side = 0; side < 2; side++) {
        const json_t *rows = fixture_at(self.answer, side == 0 ? "result.b" : "result.a");
        assert_int_equal(json_array_size(rows), books[2].count[side]);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            int64_t price = e8(json_array_get(json_array_get(rows, i), 0));
            int64_t size = e8(json_array_get(json_array_get(rows, i), 1));
            size_t at = 0;
            while (at < books[2].count[side] && books[2].levels[side][at].price_e8 != price)
                at++;
            assert_true(at < books[2].count[side]);
            assert_int_equal(books[2].levels[side][at].size_e8, size);
        }
    }
    fixture_close(&self);
}

static void a_second_subscriber_gets_the_view_of_the_first(void **state)
{
    static const char *const text = "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.TESTUSDT\"]}";
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_level(&self, LINEAR, 100, HEAN_SIDE_BUY, 1000, 77);
    fixture_level(&self, LINEAR, 105, HEAN_SIDE_BUY, 1000, 78); /* not pushed yet at 110 */
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    fixture_socket(&self, 2, "/v5/public/linear");
    fixture_say(&self, 1, text);
    fixture_wait(&self, 110);
    fixture_forget(&self);
    fixture_say(&self, 2, text);
    const json_t *snapshot = fixture_frame(&self, "orderbook.50.TESTUSDT", 0);
    assert_string_equal(json_string_value(fixture_at(snapshot, "data.b.0.1")), "0.77");
    int64_t update_id = json_integer_value(fixture_at(snapshot, "data.u"));
    fixture_forget(&self);
    fixture_wait(&self, 20);
    assert_int_equal(fixture_frames(&self, "orderbook.50.TESTUSDT"), 2); /* one each */
    const json_t *delta = fixture_frame(&self, "orderbook.50.TESTUSDT", 0);
    assert_string_equal(word(delta, "type"), "delta");
    assert_int_equal(json_integer_value(fixture_at(delta, "data.u")), update_id + 1);
    assert_int_equal(json_array_size(fixture_at(delta, "data.a")), 0);
    fixture_close(&self);
}

static void depth_one_sends_snapshots_and_repeats_them(void **state)
{
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"orderbook.1.TESTUSDT\"]}");
    fixture_wait(&self, 7000);
    assert_int_equal(fixture_frames(&self, "orderbook.1.TESTUSDT"), 3);
    int64_t update_id =
        json_integer_value(fixture_at(fixture_frame(&self, "orderbook.1.TESTUSDT", 0), "data.u"));
    for (size_t i = 0; i < 3; i++) {
        const json_t *frame = fixture_frame(&self, "orderbook.1.TESTUSDT", i);
        assert_string_equal(word(frame, "type"), "snapshot");
        assert_int_equal(json_array_size(fixture_at(frame, "data.b")), 1);
        assert_int_equal(json_integer_value(fixture_at(frame, "data.u")), update_id);
    }
    fixture_close(&self);
}

static void a_quiet_book_sends_nothing(void **state)
{
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.TESTUSDT\"]}");
    fixture_forget(&self);
    fixture_wait(&self, 60000);
    assert_int_equal(json_array_size(self.frames), 0);
    fixture_close(&self);
}

/* ---- trades, tickers, bars ---- */

static void trades_of_one_message_share_a_frame(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 100, HEAN_SIDE_BUY, 1001, 3);
    fixture_trade(&self, LINEAR, 100, HEAN_SIDE_BUY, 1002, 4);
    fixture_trade(&self, LINEAR, 200, HEAN_SIDE_SELL, 1000, 5);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}");
    fixture_wait(&self, 300);
    assert_int_equal(fixture_frames(&self, "publicTrade.TESTUSDT"), 2);
    const json_t *frame = fixture_frame(&self, "publicTrade.TESTUSDT", 0);
    assert_int_equal(json_array_size(json_object_get(frame, "data")), 2);
    assert_string_equal(fixture_said(frame, "p"), "100.1");
    assert_string_equal(fixture_said(frame, "S"), "Buy");
    assert_string_equal(fixture_said(frame, "L"), "PlusTick");
    assert_int_equal(json_integer_value(fixture_at(frame, "data.0.T")), 1790000000100);
    fixture_get(&self, "/v5/market/recent-trade?category=linear&symbol=TESTUSDT&limit=2");
    assert_string_equal(fixture_text(&self, "list.0.side"), "Sell");
    assert_string_equal(fixture_text(&self, "list.1.execId"),
                        json_string_value(fixture_at(frame, "data.1.i")));
    fixture_close(&self);
}

static void a_linear_ticker_says_only_what_changed(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_mark(&self, LINEAR, 500, 1001);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"tickers.TESTUSDT\"]}");
    const json_t *frame = last_frame(&self);
    assert_string_equal(word(frame, "type"), "snapshot");
    assert_string_equal(json_string_value(fixture_at(frame, "data.markPrice")), "100");
    assert_string_equal(json_string_value(fixture_at(frame, "data.fundingRate")), "0.0001");
    fixture_wait(&self, 1000);
    frame = last_frame(&self);
    assert_string_equal(word(frame, "type"), "delta");
    assert_string_equal(json_string_value(fixture_at(frame, "data.markPrice")), "100.1");
    assert_string_equal(json_string_value(fixture_at(frame, "data.symbol")), "TESTUSDT");
    assert_null(fixture_at(frame, "data.lastPrice"));
    assert_null(fixture_at(frame, "data.bid1Price"));
    fixture_close(&self);
}

static void a_spot_ticker_has_no_bid_and_ask(void **state)
{
    fixture self;
    (void)state;
    open_public(&self, "/v5/public/spot");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"tickers.TESTUSDT\"]}");
    assert_string_equal(word(last_frame(&self), "type"), "snapshot");
    assert_null(fixture_at(last_frame(&self), "data.bid1Price"));
    assert_non_null(fixture_at(last_frame(&self), "data.usdIndexPrice"));
    fixture_get(&self, "/v5/market/tickers?category=spot&symbol=TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.bid1Price"), "100");
    fixture_close(&self);
}

static void only_a_closed_bar_is_confirmed(void **state)
{
    size_t confirmed = 0;
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 1000, HEAN_SIDE_BUY, 1005, 2);
    fixture_trade(&self, LINEAR, 50000, HEAN_SIDE_BUY, 1003, 4);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"kline.1.TESTUSDT\"]}");
    fixture_wait(&self, 130000);
    for (size_t i = 0; i < fixture_frames(&self, "kline.1.TESTUSDT"); i++) {
        const json_t *frame = fixture_frame(&self, "kline.1.TESTUSDT", i);
        if (!json_is_true(fixture_at(frame, "data.0.confirm")))
            continue;
        /* The fixture begins 40 s into a minute: the first bar has 20 s. */
        if (confirmed == 0) {
            assert_string_equal(fixture_said(frame, "high"), "100.5");
            assert_string_equal(fixture_said(frame, "volume"), "0.03");
        } else if (confirmed == 1) {
            assert_string_equal(fixture_said(frame, "close"), "100.3");
        }
        confirmed++;
    }
    assert_int_equal(confirmed, 2);
    fixture_get(&self, "/v5/market/kline?category=linear&symbol=TESTUSDT&interval=1&limit=1000");
    assert_int_equal(fixture_count(&self, "list"), 3); /* newest first, the open one with them */
    assert_string_equal(json_string_value(fixture_at(self.answer, "result.list.0.5")), "0");
    assert_string_equal(json_string_value(fixture_at(self.answer, "result.list.2.2")), "100.5");
    fixture_get(&self, "/v5/market/kline?category=linear&symbol=TESTUSDT&interval=D");
    assert_int_equal(fixture_count(&self, "list"), 1);
    assert_string_equal(json_string_value(fixture_at(self.answer, "result.list.0.5")), "0.07");
    fixture_close(&self);
}

/* ---- leaving ---- */

static void a_socket_that_left_hears_nothing(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_trade(&self, LINEAR, 500, HEAN_SIDE_BUY, 1001, 3);
    fixture_trade(&self, LINEAR, 1500, HEAN_SIDE_BUY, 1001, 3);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/public/linear");
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}");
    (void)say(&self, "{\"op\":\"unsubscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}");
    fixture_wait(&self, 1000);
    assert_int_equal(fixture_frames(&self, "publicTrade.TESTUSDT"), 0);
    (void)say(&self, "{\"op\":\"subscribe\",\"args\":[\"publicTrade.TESTUSDT\"]}");
    sim_socket_closed(self.sim, 1);
    fixture_wait(&self, 1000);
    assert_int_equal(fixture_frames(&self, "publicTrade.TESTUSDT"), 0);
    fixture_close(&self);
}

static void a_socket_to_nowhere_is_cut(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    fixture_socket(&self, 9, "/v5/public/nowhere");
    assert_true(self.cut[9]);
    fixture_close(&self);
}

static void a_private_socket_that_is_silent_for_long_is_cut(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", "\"order\"");
    fixture_private(&self, 2, "/v5/private?max_active_time=1m", NULL);
    fixture_socket(&self, 3, "/v5/public/linear");
    for (int i = 0; i < 3; i++) {
        fixture_wait(&self, 50000);
        fixture_say(&self, 2, "{\"op\":\"ping\"}");
    }
    assert_false(self.cut[2]);
    fixture_wait(&self, 100000);
    assert_true(self.cut[2]);
    fixture_wait(&self, 300000);
    assert_false(self.cut[1]);
    fixture_wait(&self, 200000);
    assert_true(self.cut[1]);
    assert_false(self.cut[3]);
    fixture_close(&self);
}

/* ---- order entry ---- */

static void orders_by_socket_share_ids_and_quotas_with_rest(void **state)
{
    char text[512];
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    fixture_socket(&self, 1, "/v5/trade");
    (void)snprintf(text, sizeof text,
                   "{\"reqId\":\"r-1\",\"header\":{\"X-BAPI-TIMESTAMP\":\"%lld\"},\"op\":"
                   "\"order.create\",\"args\":[{\"category\":\"linear\",\"symbol\":\"TESTUSDT\","
                   "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99\","
                   "\"orderLinkId\":\"w\"}]}",
                   (long long)(FIXTURE_START_NS / BASE_NS_PER_MS));
    const json_t *answer = say(&self, text);
    assert_int_equal(json_integer_value(json_object_get(answer, "retCode")), 10003);
    sim_socket_closed(self.sim, 1);
    fixture_private(&self, 1, "/v5/trade", NULL);
    answer = say(&self, text);
    assert_int_equal(json_integer_value(json_object_get(answer, "retCode")), 0);
    assert_string_equal(word(answer, "reqId"), "r-1");
    assert_string_equal(word(json_object_get(answer, "data"), "orderLinkId"), "w");
    assert_string_equal(word(json_object_get(answer, "header"), "X-Bapi-Limit-Status"), "9");
    answer = say(&self, text);
    assert_int_equal(json_integer_value(json_object_get(answer, "retCode")), 110072);
    fixture_post(&self, "/v5/order/create",
                 "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"side\":\"Buy\","
                 "\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99\",\"orderLinkId\":\"w\"}");
    assert_code(&self, 110072);
    assert_non_null(strstr(self.headers, "X-Bapi-Limit-Status: 7"));
    answer = say(&self, "{\"op\":\"order.sing\",\"args\":[{}]}");
    assert_int_equal(json_integer_value(json_object_get(answer, "retCode")), 10404);
    fixture_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_is_answered_in_each_products_spelling),
        cmocka_unit_test(one_bad_topic_fails_the_whole_request),
        cmocka_unit_test(control_frames_that_are_wrong_are_told_so),
        cmocka_unit_test(a_repeated_subscription_is_refused_harmlessly),
        cmocka_unit_test(spot_takes_ten_topics_at_a_time),
        cmocka_unit_test(private_topics_need_a_signature),
        cmocka_unit_test(both_forms_of_private_topics_must_not_be_mixed),
        cmocka_unit_test(snapshots_and_deltas_rebuild_the_book),
        cmocka_unit_test(a_second_subscriber_gets_the_view_of_the_first),
        cmocka_unit_test(depth_one_sends_snapshots_and_repeats_them),
        cmocka_unit_test(a_quiet_book_sends_nothing),
        cmocka_unit_test(trades_of_one_message_share_a_frame),
        cmocka_unit_test(a_linear_ticker_says_only_what_changed),
        cmocka_unit_test(a_spot_ticker_has_no_bid_and_ask),
        cmocka_unit_test(only_a_closed_bar_is_confirmed),
        cmocka_unit_test(a_socket_that_left_hears_nothing),
        cmocka_unit_test(a_socket_to_nowhere_is_cut),
        cmocka_unit_test(a_private_socket_that_is_silent_for_long_is_cut),
        cmocka_unit_test(orders_by_socket_share_ids_and_quotas_with_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
