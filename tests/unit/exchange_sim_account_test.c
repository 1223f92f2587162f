/*
 * exchange_sim_account_test.c: the simulated venue's money: that it is conserved to the last digit
 * (M1), that the same requests give the same bytes (M3), signs of fees and funding, the coins of
 * spot and inverse, and that running out of memory is survived anywhere.
 */
#include "exchange_sim_fixture.h"

#include <base/decimal.h>
#include <base/hash.h>

static void order(fixture *self, const char *category, const char *symbol, const char *rest)
{
    char body[512];
    (void)snprintf(body, sizeof body, "{\"category\":\"%s\",\"symbol\":\"%s\",%s}", category,
                   symbol, rest);
    fixture_post(self, "/v5/order/create", body);
}

#define MARKET(side, qty) "\"side\":\"" side "\",\"orderType\":\"Market\",\"qty\":\"" qty "\""

static int64_t e8(const char *text)
{
    int64_t value = 0;
    if (text[0] != '\0')
        assert_int_equal(decimal_parse_scaled(text, strlen(text), 8, &value), HEAN_OK);
    return value;
}

static int64_t row_e8(const fixture *self, size_t row, const char *key)
{
    char path[64];
    (void)snprintf(path, sizeof path, "list.%zu.%s", row, key);
    return e8(fixture_text(self, path));
}

static const char *row_text(const fixture *self, size_t row, const char *key)
{
    char path[64];
    (void)snprintf(path, sizeof path, "list.%zu.%s", row, key);
    return fixture_text(self, path);
}

/* ---- signs ---- */

static void a_long_pays_positive_funding_and_a_short_receives_it(void **state)
{
    for (int is_short = 0; is_short < 2; is_short++) {
        fixture self;
        (void)state;
        fixture_init(&self);
        fixture_funding(&self, LINEAR, 1000, BASE_E12 / 10000, 1000);
        fixture_open(&self);
        fixture_private(&self, 1, "/v5/private", "\"execution\",\"wallet\"");
        order(&self, "linear", "TESTUSDT", is_short ? MARKET("Sell", "2") : MARKET("Buy", "2"));
        fixture_forget(&self);
        fixture_wait(&self, 1000);
        const json_t *frame = fixture_frame(&self, "execution", 0);
        assert_string_equal(fixture_said(frame, "execType"), "Funding");
        assert_string_equal(fixture_said(frame, "orderType"), "UNKNOWN");
        assert_string_equal(fixture_said(frame, "orderLinkId"), "");
        assert_string_equal(fixture_said(frame, "execValue"), "200");
        assert_string_equal(fixture_said(frame, "execFee"), is_short ? "-0.02" : "0.02");
        assert_string_equal(fixture_said(frame, "feeRate"), is_short ? "-0.0001" : "0.0001");
        assert_int_equal(fixture_frames(&self, "wallet"), 1);
        fixture_get(&self, "/v5/account/transaction-log?type=SETTLEMENT");
        assert_int_equal(fixture_count(&self, "list"), 1);
        assert_string_equal(fixture_text(&self, "list.0.funding"), is_short ? "0.02" : "-0.02");
        assert_string_equal(fixture_text(&self, "list.0.fee"), "0");
        fixture_get(&self, "/v5/execution/list?category=linear&execType=Funding");
        assert_int_equal(fixture_count(&self, "list"), 1);
        fixture_close(&self);
    }
}

static void a_position_is_told_by_rest_and_stream_in_two_spellings(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    fixture_private(&self, 1, "/v5/private", "\"position\"");
    order(&self, "linear", "TESTUSDT", MARKET("Buy", "6"));
    const json_t *frame = fixture_frame(&self, "position", 1);
    assert_string_equal(fixture_said(frame, "entryPrice"), "100.11667");
    assert_string_equal(fixture_said(frame, "avgPrice"), "");
    fixture_get(&self, "/v5/position/list?category=linear&symbol=TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.avgPrice"), "100.11667");
    assert_string_equal(fixture_text(&self, "list.0.entryPrice"), "");
    assert_string_equal(fixture_text(&self, "list.0.liqPrice"), "");
    order(&self, "linear", "TESTUSDT", MARKET("Sell", "6"));
    fixture_get(&self, "/v5/position/list?category=linear&symbol=TESTUSDT");
    assert_string_equal(fixture_text(&self, "list.0.side"), "");
    assert_string_equal(fixture_text(&self, "list.0.size"), "0");
    fixture_get(&self, "/v5/position/list?category=linear&settleCoin=USDT");
    assert_int_equal(fixture_count(&self, "list"), 0);
    fixture_get(&self, "/v5/position/list?category=linear");
    assert_code(&self, 10001);
    fixture_close(&self);
}

/* ---- coins ---- */

static void spot_pays_its_fee_out_of_what_was_bought(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_open(&self);
    /* In the quote coin by default: 200 buy 1.99 at 100.1. */
    order(&self, "spot", "TESTUSDT", MARKET("Buy", "200"));
    assert_code(&self, 0);
    assert_int_equal(sim_wallet_e8(self.sim, "TEST"), e8("1.9889055")); /* 1.99 - 0.0010945 */
    assert_int_equal(sim_wallet_e8(self.sim, "USDT"), 100000 * BASE_E8 - e8("199.199"));
    fixture_get(&self, "/v5/execution/list?category=spot");
    assert_string_equal(fixture_text(&self, "list.0.feeCurrency"), "TEST");
    order(&self, "spot", "TESTUSDT", MARKET("Sell", "1.99"));
    assert_code(&self, 170131); /* what was bought cannot all be sold */
    order(&self, "spot", "TESTUSDT", MARKET("Sell", "1.98"));
    assert_code(&self, 0);
    fixture_get(&self, "/v5/execution/list?category=spot");
    assert_string_equal(fixture_text(&self, "list.0.feeCurrency"), "USDT");
    fixture_close(&self);
}

static void a_spot_makers_rebate_comes_in_the_other_coin(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    self.instruments[SPOT].spec.maker_fee_e8 = -10000;
    fixture_trade(&self, SPOT, 100, HEAN_SIDE_SELL, 980, 500);
    fixture_open(&self);
    order(&self, "spot", "TESTUSDT",
          "\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"1\",\"price\":\"99\"");
    fixture_get(&self, "/v5/account/wallet-balance?accountType=UNIFIED&coin=USDT");
    assert_string_equal(fixture_text(&self, "list.0.coin.0.locked"), "99");
    fixture_wait(&self, 100);
    fixture_get(&self, "/v5/execution/list?category=spot");
    assert_string_equal(fixture_text(&self, "list.0.feeCurrency"), "USDT");
    assert_string_equal(fixture_text(&self, "list.0.execFee"), "-0.0099");
    assert_int_equal(sim_wallet_e8(self.sim, "TEST"), BASE_E8);
    fixture_close(&self);
}

static void inverse_is_settled_in_its_coin(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_level(&self, INVERSE, 100, HEAN_SIDE_BUY, 1100, 5000);
    fixture_open(&self);
    order(&self, "inverse", "TESTUSD", MARKET("Buy", "500"));
    assert_code(&self, 0);
    fixture_wait(&self, 1000);
    order(&self, "inverse", "TESTUSD", MARKET("Sell", "500"));
    assert_code(&self, 0);
    fixture_get(&self, "/v5/account/transaction-log?currency=TEST");
    assert_int_equal(fixture_count(&self, "list"), 2);
    /* 500 / 100.1 - 500 / 110 */
    assert_string_equal(fixture_text(&self, "list.0.cashFlow"), "0.44955045");
    assert_string_equal(fixture_text(&self, "list.0.currency"), "TEST");
    fixture_close(&self);
}

static void the_wallet_topic_has_no_snapshot(void **state)
{
    fixture self;
    (void)state;
    fixture_init(&self);
    fixture_mark(&self, LINEAR, 100, 1100);
    fixture_open(&self);
    order(&self, "linear", "TESTUSDT", MARKET("Buy", "2"));
    fixture_private(&self, 1, "/v5/private", "\"wallet\",\"position\"");
    fixture_wait(&self, 1000); /* the mark moves: nothing is told of it */
    assert_int_equal(json_array_size(self.frames), 0);
    fixture_get(&self, "/v5/account/wallet-balance?accountType=UNIFIED");
    assert_string_equal(fixture_text(&self, "list.0.coin.0.unrealisedPnl"), "19.8");
    fixture_get(&self, "/v5/account/wallet-balance?accountType=SPOT");
    assert_code(&self, 10001);
    fixture_close(&self);
}

/* ---- conservation ---- */

static const char *const symbols[] = {"linear\",\"symbol\":\"SIMUSDT",
                                      "spot\",\"symbol\":\"SIMUSDT"};

/* A random request of a client that does not think. */
static void act(fixture *self, base_random *random, int number)
{
    char body[512];
    const char *symbol = symbols[base_random_below(random, 2)];
    const char *side = base_random_below(random, 2) == 0 ? "Buy" : "Sell";
    uint64_t what = base_random_below(random, 10);
    unsigned lots = (unsigned)base_random_below(random, 400) + 1;
    unsigned price = 9900 + (unsigned)base_random_below(random, 200);
    unsigned other = (unsigned)base_random_below(random, (uint64_t)number + 1);
    const char *path = "/v5/order/create";
    if (what < 3) {
        (void)snprintf(body, sizeof body,
                       "{\"category\":\"%s\",\"side\":\"%s\",\"orderType\":\"Market\","
                       "\"qty\":\"%u.%02u\",\"marketUnit\":\"baseCoin\",\"orderLinkId\":\"n%d\"}",
                       symbol, side, lots / 100, lots % 100, number);
    } else if (what < 7) {
        static const char *const forces[] = {"GTC", "IOC", "FOK", "PostOnly"};
        (void)snprintf(body, sizeof body,
                       "{\"category\":\"%s\",\"side\":\"%s\",\"orderType\":\"Limit\","
                       "\"qty\":\"%u.%02u\",\"price\":\"%u.%u\",\"timeInForce\":\"%s\","
                       "\"reduceOnly\":%s,\"orderLinkId\":\"n%d\"}",
                       symbol, side, lots / 100, lots % 100, price / 10, price % 10,
                       forces[base_random_below(random, 4)], what == 6 ? "true" : "false", number);
    } else if (what < 8) {
        path = "/v5/order/amend";
        (void)snprintf(body, sizeof body,
                       "{\"category\":\"%s\",\"orderLinkId\":\"n%u\",\"price\":\"%u.%u\"}", symbol,
                       other, price / 10, price % 10);
    } else {
        path = "/v5/order/cancel";
        (void)snprintf(body, sizeof body, "{\"category\":\"%s\",\"orderLinkId\":\"n%u\"}", symbol,
                       other);
    }
    fixture_post(self, path, body);
}

static void open_seeded(fixture *self)
{
    fixture_init(self);
    self->options.instruments = NULL;
    self->options.instrument_count = 0;
    self->options.market = "sim:7,funding=30s,rate=400";
    self->options.latency_ns = 3 * BASE_NS_PER_MS;
    self->options.limit_factor = 1000;
    hean_error error;
    assert_status(sim_open(&self->options, &self->sim, &error), HEAN_OK, &error);
    self->frames = json_array();
}

/* Follows the log from the newest row to the first: each balance is the one before it plus what the
 * row says, and the sums are the wallet. */
static size_t check_log(fixture *self, const char *coin)
{
    char target[256];
    char cursor[160] = "";
    int64_t expected = sim_wallet_e8(self->sim, coin);
    size_t rows = 0;
    do {
        (void)snprintf(target, sizeof target,
                       "/v5/account/transaction-log?currency=%s&limit=50%s%s", coin,
                       cursor[0] != '\0' ? "&cursor=" : "", cursor);
        fixture_get(self, target);
        assert_code(self, 0);
        for (size_t i = 0; i < fixture_count(self, "list"); i++, rows++) {
            assert_int_equal(row_e8(self, i, "cashBalance"), expected);
            assert_int_equal(row_e8(self, i, "change"), row_e8(self, i, "cashFlow") +
                                                            row_e8(self, i, "funding") -
                                                            row_e8(self, i, "fee"));
            expected -= row_e8(self, i, "change");
        }
        (void)base_text_copy(cursor, sizeof cursor, fixture_text(self, "nextPageCursor"));
    } while (cursor[0] != '\0');
    assert_int_equal(expected, 0);
    return rows;
}

/* The executions, added up by a stranger, give the position and the log. */
static void check_executions(fixture *self, int64_t *trades, int64_t *fundings)
{
    char target[256];
    char cursor[160] = "";
    int64_t lots = 0;
    int64_t position;
    *trades = *fundings = 0;
    do {
        (void)snprintf(target, sizeof target, "/v5/execution/list?category=linear&limit=100%s%s",
                       cursor[0] != '\0' ? "&cursor=" : "", cursor);
        fixture_get(self, target);
        for (size_t i = 0; i < fixture_count(self, "list"); i++) {
            bool funding = strcmp(row_text(self, i, "execType"), "Funding") == 0;
            int64_t qty = row_e8(self, i, "execQty") / (BASE_E8 / 100);
            *(funding ? fundings : trades) += 1;
            if (!funding)
                lots += strcmp(row_text(self, i, "side"), "Buy") == 0 ? qty : -qty;
        }
        (void)base_text_copy(cursor, sizeof cursor, fixture_text(self, "nextPageCursor"));
    } while (cursor[0] != '\0');
    assert_int_equal(sim_position(self->sim, "SIMUSDT", &position), HEAN_OK);
    assert_int_equal(lots, position);
}

static void money_is_conserved_whatever_is_asked(void **state)
{
    uint64_t seed = test_seed();
    base_random random;
    fixture self;
    int64_t trades;
    int64_t fundings;
    (void)state;
    base_random_init(&random, seed);
    open_seeded(&self);
    for (int i = 0; i < 3000; i++) {
        fixture_wait(&self, (int64_t)base_random_below(&random, 120));
        act(&self, &random, i);
        fixture_forget(&self);
    }
    fixture_wait(&self, 1000);
    size_t rows = check_log(&self, "USDT");
    assert_true(rows > 300);
    assert_true(check_log(&self, "SIM") > 50);
    check_executions(&self, &trades, &fundings);
    assert_true(trades > 100);
    assert_true(fundings > 0);
    assert_true(sim_wallet_e8(self.sim, "SIM") >= 0);
    fixture_close(&self);
}

/* ---- determinism ---- */

static void run_to_hash(uint64_t seed, char out[HASH_SHA256_HEX_BYTES])
{
    base_random random;
    fixture self;
    hash_sha256 *hash;
    uint8_t digest[HASH_SHA256_BYTES];
    base_random_init(&random, seed);
    assert_int_equal(hash_sha256_open(base_allocator_default(), &hash), HEAN_OK);
    open_seeded(&self);
    self.options.faults.lost_frame = 0.1;
    self.options.faults.reordered_frame = 0.1;
    self.options.faults.slow_answer = 0.1;
    sim_set_faults(self.sim, &self.options.faults);
    fixture_socket(&self, 2, "/v5/public/linear");
    fixture_say(&self, 2,
                "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.SIMUSDT\",\"publicTrade.SIMUSDT\","
                "\"tickers.SIMUSDT\",\"kline.1.SIMUSDT\"]}");
    fixture_private(&self, 1, "/v5/private", "\"order\",\"execution\",\"position\",\"wallet\"");
    for (int i = 0; i < 200; i++) {
        fixture_wait(&self, (int64_t)base_random_below(&random, 50));
        act(&self, &random, i);
        char *text = json_dumps(self.frames, JSON_COMPACT);
        hash_sha256_update(hash, text, strlen(text));
        free(text);
        fixture_forget(&self);
    }
    hash_sha256_digest(hash, digest);
    hash_hex(digest, sizeof digest, out);
    hash_sha256_close(hash);
    fixture_close(&self);
}

static void the_same_requests_give_the_same_bytes(void **state)
{
    char first[HASH_SHA256_HEX_BYTES];
    char second[HASH_SHA256_HEX_BYTES];
    char other[HASH_SHA256_HEX_BYTES];
    uint64_t seed = test_seed();
    (void)state;
    run_to_hash(seed, first);
    run_to_hash(seed, second);
    run_to_hash(seed + 1, other);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
}

/* ---- memory ---- */

static hean_status ask(sim_venue *sim, const char *method, const char *target, const char *body,
                       int64_t now_ns)
{
    char headers[512];
    char signature[BYBIT_SIGNATURE_BYTES];
    const char *payload = method[0] == 'P' ? body : strchr(target, '?') + 1;
    bybit_sign("sim-key", "sim-secret", now_ns / BASE_NS_PER_MS, 5000, payload, strlen(payload),
               signature);
    (void)snprintf(headers, sizeof headers,
                   "X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: %lld\nX-BAPI-RECV-WINDOW: 5000\n"
                   "X-BAPI-SIGN: %s\n",
                   (long long)(now_ns / BASE_NS_PER_MS), signature);
    sim_request request = {1, method, target, headers, body, strlen(body)};
    return sim_http(sim, &request, now_ns);
}

static hean_status session(const fixture *self, const hean_allocator *allocator)
{
    sim_options options = self->options;
    sim_venue *sim = NULL;
    int64_t now_ns = FIXTURE_START_NS;
    static const char body[] = "{\"category\":\"linear\",\"symbol\":\"TESTUSDT\",\"side\":\"Buy\","
                               "\"orderType\":\"Market\",\"qty\":\"1\",\"orderLinkId\":\"m\"}";
    static const char subscribe[] =
        "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.TESTUSDT\",\"tickers.TESTUSDT\","
        "\"publicTrade.TESTUSDT\"]}";
    options.allocator = allocator;
    options.events = self->events;
    options.event_count = self->event_count;
    hean_status status = sim_open(&options, &sim, NULL);
    if (status == HEAN_OK)
        status = sim_socket_open(sim, 5, "/v5/public/linear", now_ns);
    if (status == HEAN_OK)
        status = sim_socket_message(sim, 5, subscribe, sizeof subscribe - 1, now_ns);
    if (status == HEAN_OK)
        status = ask(sim, "POST", "/v5/order/create", body, now_ns);
    if (status == HEAN_OK)
        status = ask(sim, "GET", "/v5/execution/list?category=linear", "", now_ns);
    if (status == HEAN_OK)
        status = sim_advance(sim, now_ns + 5 * BASE_NS_PER_S);
    sim_close(sim);
    return status;
}

static void running_out_of_memory_is_told_and_leaks_nothing(void **state)
{
    fixture self;
    test_allocator allocator;
    uint64_t fail_at = 0;
    hean_status status;
    (void)state;
    fixture_init(&self);
    fixture_level(&self, LINEAR, 1000, HEAN_SIDE_BUY, 995, 7);
    do {
        test_allocator_init(&allocator, ++fail_at);
        status = session(&self, &allocator.allocator);
        assert_int_equal(allocator.live, 0);
        assert_true(status == HEAN_OK || status == HEAN_E_NO_MEMORY);
    } while (allocator.calls >= fail_at);
    assert_int_equal(status, HEAN_OK);
    assert_true(fail_at > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_pays_positive_funding_and_a_short_receives_it),
        cmocka_unit_test(a_position_is_told_by_rest_and_stream_in_two_spellings),
        cmocka_unit_test(spot_pays_its_fee_out_of_what_was_bought),
        cmocka_unit_test(a_spot_makers_rebate_comes_in_the_other_coin),
        cmocka_unit_test(inverse_is_settled_in_its_coin),
        cmocka_unit_test(the_wallet_topic_has_no_snapshot),
        cmocka_unit_test(money_is_conserved_whatever_is_asked),
        cmocka_unit_test(the_same_requests_give_the_same_bytes),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
