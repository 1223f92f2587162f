/*
 * config_test.c: the configuration's table of keys, on JSON as a Lua file would have given it.
 */
#include <support.h>

#include <host/config.h>
#include <string.h>

#define ONE_STRATEGY "\"strategies\":[{\"file\":\"a.lua\"}]"

static hean_status read_json(const char *json, config *out, hean_error *error)
{
    memset(error, 0, sizeof *error);
    return config_from_json(base_allocator_default(), "conf/hean.lua", json, strlen(json), out,
                            error);
}

/* Expects a failure whose message has all of the given words (NULL at the end). */
static void expect_failure(const char *json, hean_status expected, const char *first, ...)
{
    hean_error error;
    config settings;
    va_list words;

    assert_status(read_json(json, &settings, &error), expected, &error);
    va_start(words, first);
    for (const char *word = first; word != NULL; word = va_arg(words, const char *)) {
        if (strstr(error.message, word) == NULL)
            fail_msg("\"%s\" is not in \"%s\" (for %s)", word, error.message, json);
    }
    va_end(words);
    assert_non_null(strstr(error.message, "conf/hean.lua"));
}

static void config_fills_in_the_defaults(void **state)
{
    hean_error error;
    config settings;

    (void)state;
    assert_status(read_json("{" ONE_STRATEGY "}", &settings, &error), HEAN_OK, &error);
    assert_int_equal(settings.mode, CONFIG_MODE_PAPER);
    assert_int_equal(settings.venue.source, CONFIG_SOURCE_SIM);
    assert_true(settings.deadline_ns == 50 * BASE_NS_PER_MS);
    assert_true(settings.memory_bytes_max == (size_t)64 << 20);
    assert_true(settings.paper.maker_fee_e8 == CONFIG_FEE_UNSET);
    assert_int_equal(settings.strategy_count, 1);
    assert_true(settings.strategies[0].capital_e8 == 10000 * BASE_E8);
    assert_int_equal(settings.strategies[0].risk.max_open_orders, 100);
    assert_string_equal(settings.strategies[0].name, "a");
    config_deinit(&settings);
}

static void config_reads_every_kind_of_value(void **state)
{
    hean_error error;
    config settings;

    (void)state;
    assert_status(
        read_json("{\"mode\":\"live\",\"seed\":7,\"status_interval_s\":0.25,"
                  "\"venue\":{\"source\":\"data\",\"speed\":2.5,\"paths\":[\"x.csv\",\"/y.csv\"],"
                  "\"symbol\":\"ETHUSDT\"},"
                  "\"paper\":{\"latency_ms\":5.5,\"queue\":\"prob\",\"maker_bps\":-0.5,"
                  "\"taker_bps\":5.5},"
                  "\"script\":{\"deadline_ms\":10,\"memory_mb\":16},"
                  "\"risk\":{\"max_open_orders\":3,\"price_band_pct\":0.1},"
                  "\"instruments\":[\"tick=0.01,lot=0.001\"],"
                  "\"strategies\":[{\"file\":\"a.lua\",\"name\":\"one\",\"params\":{\"n\":2},"
                  "\"capital_usd\":0.1e4,\"risk\":{\"max_order_usd\":250.25}},"
                  "{\"file\":\"/b.lua\"}]}",
                  &settings, &error),
        HEAN_OK, &error);
    assert_int_equal(settings.mode, CONFIG_MODE_LIVE);
    assert_int_equal(settings.seed, 7);
    assert_true(settings.status_interval_ns == 250 * BASE_NS_PER_MS);
    assert_int_equal(settings.venue.source, CONFIG_SOURCE_DATA);
    assert_true(settings.venue.speed == 2.5);
    assert_int_equal(settings.venue.paths.count, 2);
    assert_string_equal(settings.venue.paths.items[0], "conf/x.csv");
    assert_string_equal(settings.venue.paths.items[1], "/y.csv");
    assert_true(settings.paper.latency_ns == 5500 * BASE_NS_PER_US);
    assert_int_equal(settings.paper.queue, HEAN_QUEUE_PROB_POWER);
    assert_true(settings.paper.maker_fee_e8 == -5000);
    assert_true(settings.paper.taker_fee_e8 == 55000);
    assert_true(settings.memory_bytes_max == (size_t)16 << 20);
    assert_string_equal(settings.instruments.items[0], "tick=0.01,lot=0.001");
    assert_string_equal(settings.strategies[0].file, "conf/a.lua");
    assert_string_equal(settings.strategies[0].name, "one");
    assert_string_equal(settings.strategies[0].params_json, "{\"n\":2}");
    assert_true(settings.strategies[0].capital_e8 == 1000 * BASE_E8);
    assert_string_equal(settings.strategies[1].file, "/b.lua");
    config_deinit(&settings);
}

static void config_gives_a_strategy_the_risk_of_the_whole_and_its_own_over_it(void **state)
{
    hean_error error;
    config settings;

    (void)state;
    assert_status(read_json("{\"strategies\":[{\"file\":\"a\",\"risk\":{\"max_order_usd\":250.25}},"
                            "{\"file\":\"b\"}],"
                            "\"risk\":{\"max_open_orders\":3}}",
                            &settings, &error),
                  HEAN_OK, &error);
    assert_int_equal(settings.strategies[0].risk.max_open_orders, 3);
    assert_int_equal(settings.strategies[1].risk.max_open_orders, 3);
    assert_true(settings.strategies[0].risk.max_order_notional_e8 == INT64_C(25025000000));
    assert_true(settings.strategies[1].risk.max_order_notional_e8 == 0);
    config_deinit(&settings);
}

static void config_refuses_unknown_keys_and_says_what_was_meant(void **state)
{
    (void)state;
    expect_failure("{\"strateges\":[]}", HEAN_E_INVALID, "strateges", "did you mean \"strategies\"",
                   NULL);
    expect_failure("{\"venue\":{\"sped\":1}," ONE_STRATEGY "}", HEAN_E_INVALID, "venue.sped",
                   "did you mean \"speed\"", NULL);
    expect_failure("{\"strategies\":[{\"file\":\"a\"},{\"file\":\"b\",\"captial_usd\":5}]}",
                   HEAN_E_INVALID, "strategies[2].captial_usd", "did you mean \"capital_usd\"",
                   NULL);
    expect_failure("{\"strategies\":[{\"file\":\"a\",\"risk\":{\"zzzzzzzzzzzz\":5}}]}",
                   HEAN_E_INVALID, "strategies[1].risk.zzzzzzzzzzzz", "unknown key", NULL);
}

static void config_refuses_wrong_types(void **state)
{
    (void)state;
    expect_failure("[1]", HEAN_E_INVALID, "a table of keys", NULL);
    expect_failure("7", HEAN_E_INVALID, "a table of keys", "7", NULL);
    expect_failure("{\"venue\":5," ONE_STRATEGY "}", HEAN_E_INVALID, "venue: expected a table",
                   NULL);
    expect_failure("{\"venue\":{\"speed\":\"fast\"}," ONE_STRATEGY "}", HEAN_E_INVALID,
                   "venue.speed: expected a number from", "\"fast\"", NULL);
    expect_failure("{\"seed\":1.5," ONE_STRATEGY "}", HEAN_E_INVALID, "seed: expected a whole",
                   NULL);
    expect_failure("{\"mode\":\"demo\"," ONE_STRATEGY "}", HEAN_E_INVALID,
                   "mode: expected one of paper|live", "\"demo\"", NULL);
    expect_failure("{\"mode\":\"pap\"," ONE_STRATEGY "}", HEAN_E_INVALID, "mode", NULL);
    expect_failure("{\"state_dir\":\"\"," ONE_STRATEGY "}", HEAN_E_INVALID, "state_dir", NULL);
    expect_failure("{\"state_dir\":\"a\\u0000b\"," ONE_STRATEGY "}", HEAN_E_PARSE, NULL);
    expect_failure("{\"instruments\":[1]," ONE_STRATEGY "}", HEAN_E_INVALID, "instruments[1]",
                   NULL);
    expect_failure("{\"strategies\":[{\"file\":\"a\",\"params\":[1]}]}", HEAN_E_INVALID,
                   "strategies[1].params", NULL);
    expect_failure("{\"strategies\":[5]}", HEAN_E_INVALID, "strategies[1]", NULL);
    expect_failure("{\"strategies\":[{}]}", HEAN_E_INVALID, "strategies[1].file", NULL);
    expect_failure("{\"strategies\":{}}", HEAN_E_INVALID, "strategies", NULL);
    expect_failure("{}", HEAN_E_INVALID, "strategies", NULL);
    expect_failure("{", HEAN_E_PARSE, NULL);
}

static void config_refuses_values_out_of_range(void **state)
{
    (void)state;
    expect_failure("{\"venue\":{\"speed\":0}," ONE_STRATEGY "}", HEAN_E_RANGE, "venue.speed",
                   "from 0.001 to 1000000", "got 0", NULL);
    expect_failure("{\"script\":{\"deadline_ms\":-1}," ONE_STRATEGY "}", HEAN_E_RANGE,
                   "script.deadline_ms", NULL);
    expect_failure("{\"risk\":{\"max_drawdown_pct\":100.5}," ONE_STRATEGY "}", HEAN_E_RANGE,
                   "risk.max_drawdown_pct", NULL);
    expect_failure("{\"strategies\":[{\"file\":\"a\",\"capital_usd\":1e300}]}", HEAN_E_RANGE,
                   "strategies[1].capital_usd", NULL);
}

static void config_asks_for_paths_where_the_source_is_data(void **state)
{
    (void)state;
    expect_failure("{\"venue\":{\"source\":\"data\"}," ONE_STRATEGY "}", HEAN_E_INVALID,
                   "venue.paths", NULL);
    expect_failure("{\"venue\":{\"source\":\"data\",\"paths\":[]}," ONE_STRATEGY "}",
                   HEAN_E_INVALID, "venue.paths", NULL);
}

static void config_refuses_secrets_at_any_depth(void **state)
{
    (void)state;
    expect_failure("{\"api_key\":\"k\"," ONE_STRATEGY "}", HEAN_E_INVALID, "api_key", "environment",
                   NULL);
    expect_failure("{\"venue\":{\"apiSecret\":\"k\"}," ONE_STRATEGY "}", HEAN_E_INVALID,
                   "venue.apiSecret", "environment", NULL);
    expect_failure("{\"strategies\":[{\"file\":\"a\",\"params\":{\"deep\":{\"password\":\"p\"}}}]}",
                   HEAN_E_INVALID, "strategies[1].params.deep.password", "environment", NULL);
}

static void config_survives_every_failed_allocation(void **state)
{
    static const char json[] =
        "{\"venue\":{\"source\":\"data\",\"paths\":[\"x\",\"y\"],\"symbol\":\"S\"},"
        "\"instruments\":[\"tick=1\"],\"strategies\":[{\"file\":\"a\",\"name\":\"n\","
        "\"params\":{\"k\":1}},{\"file\":\"b\"}]}";
    test_allocator allocator;
    hean_error error;
    config settings;
    uint64_t calls;

    (void)state;
    test_allocator_init(&allocator, 0);
    assert_status(
        config_from_json(&allocator.allocator, "d/h.lua", json, strlen(json), &settings, &error),
        HEAN_OK, &error);
    config_deinit(&settings);
    assert_true(allocator.live == 0);
    calls = allocator.calls;
    for (uint64_t fail_at = 1; fail_at <= calls; fail_at++) {
        test_allocator_init(&allocator, fail_at);
        assert_status(config_from_json(&allocator.allocator, "d/h.lua", json, strlen(json),
                                       &settings, &error),
                      HEAN_E_NO_MEMORY, &error);
        assert_true(allocator.live == 0);
    }
}

static void config_describes_every_key(void **state)
{
    base_buffer text;

    (void)state;
    base_buffer_init(&text, base_allocator_default());
    config_describe(&text);
    assert_false(text.failed);
    assert_non_null(strstr(text.data, "venue.speed"));
    assert_non_null(strstr(text.data, "strategies[].capital_usd"));
    base_buffer_deinit(&text);
}

static void config_fills_in_the_venues_urls(void **state)
{
    static const struct {
        const char *venue, *rest, *public_url, *private_url;
    } cases[] = {
        {"\"source\":\"bybit\",\"symbols\":[\"BTCUSDT\"]", "https://api.bybit.com",
         "wss://stream.bybit.com/v5/public/linear", "wss://stream.bybit.com/v5/private"},
        {"\"network\":\"testnet\",\"category\":\"spot\"", "https://api-testnet.bybit.com",
         "wss://stream-testnet.bybit.com/v5/public/spot",
         "wss://stream-testnet.bybit.com/v5/private"},
        {"\"network\":\"demo\"", "https://api-demo.bybit.com",
         "wss://stream.bybit.com/v5/public/linear", "wss://stream-demo.bybit.com/v5/private"},
        {"\"rest_url\":\"http://127.0.0.1:99\",\"public_url\":\"ws://localhost/x\"",
         "http://127.0.0.1:99", "ws://localhost/x", "wss://stream.bybit.com/v5/private"},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char json[400];
        hean_error error;
        config settings;
        (void)snprintf(json, sizeof json, "{\"venue\":{%s}," ONE_STRATEGY "}", cases[i].venue);
        assert_status(read_json(json, &settings, &error), HEAN_OK, &error);
        assert_string_equal(settings.venue.rest_url, cases[i].rest);
        assert_string_equal(settings.venue.public_url, cases[i].public_url);
        assert_string_equal(settings.venue.private_url, cases[i].private_url);
        config_deinit(&settings);
    }
}

static void config_refuses_a_venue_that_cannot_be_trusted(void **state)
{
#define VENUE(keys) "{\"venue\":{" keys "}," ONE_STRATEGY "}"
    (void)state;
    expect_failure(VENUE("\"source\":\"bybit\""), HEAN_E_INVALID, "venue.symbols", NULL);
    expect_failure(VENUE("\"rest_url\":\"http://api.bybit.com\""), HEAN_E_INVALID, "venue.rest_url",
                   "https://", NULL);
    expect_failure(VENUE("\"rest_url\":\"http://127.0.0.1.evil.example\""), HEAN_E_INVALID,
                   "venue.rest_url", "https://", NULL);
    expect_failure(VENUE("\"rest_url\":\"https://user@api.bybit.com\""), HEAN_E_INVALID,
                   "venue.rest_url", "user", NULL);
    expect_failure(VENUE("\"rest_url\":\"wss://api.bybit.com\""), HEAN_E_INVALID, "https://", NULL);
    expect_failure(VENUE("\"public_url\":\"ws://stream.bybit.com\""), HEAN_E_INVALID,
                   "venue.public_url", "wss://", NULL);
    expect_failure(VENUE("\"private_url\":\"wss:///x\""), HEAN_E_INVALID, "venue.private_url",
                   "host", NULL);
    expect_failure(VENUE("\"book_depth\":500"), HEAN_E_RANGE, "venue.book_depth", "200", NULL);
    expect_failure(VENUE("\"network\":\"main\""), HEAN_E_INVALID, "mainnet|testnet|demo", NULL);
#undef VENUE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_fills_in_the_defaults),
        cmocka_unit_test(config_reads_every_kind_of_value),
        cmocka_unit_test(config_gives_a_strategy_the_risk_of_the_whole_and_its_own_over_it),
        cmocka_unit_test(config_refuses_unknown_keys_and_says_what_was_meant),
        cmocka_unit_test(config_refuses_wrong_types),
        cmocka_unit_test(config_refuses_values_out_of_range),
        cmocka_unit_test(config_asks_for_paths_where_the_source_is_data),
        cmocka_unit_test(config_refuses_secrets_at_any_depth),
        cmocka_unit_test(config_survives_every_failed_allocation),
        cmocka_unit_test(config_describes_every_key),
        cmocka_unit_test(config_fills_in_the_venues_urls),
        cmocka_unit_test(config_refuses_a_venue_that_cannot_be_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
