/*
 * instrument_test.c: what instruments are worth, how they are checked and read.
 */
#include "support.h"

#include <market/event.h>
#include <market/instrument.h>

#include <string.h>

static market_instrument make(const char *text)
{
    hean_instrument spec = {.symbol = "TEST"};
    market_instrument instrument;
    uint32_t fields;
    hean_error error;

    assert_status(market_instrument_parse(text, &spec, &fields, &error), HEAN_OK, &error);
    assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
    return instrument;
}

static int64_t value_of(const market_instrument *instrument, int64_t price_ticks, int64_t qty_lots)
{
    int64_t value = -1;
    assert_int_equal(market_value_e8(instrument, price_ticks, qty_lots, &value), HEAN_OK);
    return value;
}

static void value_of_a_linear_contract_is_price_times_quantity(void **state)
{
    market_instrument eth = make("tick=0.01,lot=0.001");
    market_instrument xrp = make("tick=0.0001,lot=1");
    (void)state;

    /* 2681.62 * 16.969 = 45504.40978 */
    assert_int_equal(value_of(&eth, 268162, 16969), INT64_C(4550440978000));
    assert_int_equal(value_of(&eth, 268162, -16969), INT64_C(4550440978000));
    assert_int_equal(value_of(&eth, 268162, 0), 0);
    /* 0.5213 * 123456 = 64357.6128 */
    assert_int_equal(value_of(&xrp, 5213, 123456), INT64_C(6435761280000));
}

static void value_of_spot_is_exact_to_the_last_lot(void **state)
{
    market_instrument btc = make("kind=spot,tick=0.01,lot=0.00001");
    (void)state;

    /* 61837.63 * 3.78826 = 234257.0202238 */
    assert_int_equal(value_of(&btc, 6183763, 378826), INT64_C(23425702022380));
    assert_int_equal(value_of(&btc, 1, 1), 10);
}

static void value_of_an_inverse_contract_is_in_coins(void **state)
{
    market_instrument inverse = make("kind=inverse,tick=0.5,lot=1");
    (void)state;

    /* 1000 USD at 40000.0 = 0.025 coins */
    assert_int_equal(value_of(&inverse, 80000, 1000), 2500000);
    /* 1 USD at 30000.0 = 0.0000333333.. */
    assert_int_equal(value_of(&inverse, 60000, 1), 3333);
    /* 2 USD at 30000 = 6666.67 e8, rounded once */
    assert_int_equal(value_of(&inverse, 60000, 2), 6667);
}

static void value_is_rounded_half_to_even(void **state)
{
    market_instrument fine = make("tick=0.00001,lot=0.0001"); /* a tick of a lot is 0.1 e8 */
    (void)state;

    assert_int_equal(value_of(&fine, 5, 1), 0);
    assert_int_equal(value_of(&fine, 15, 1), 2);
    assert_int_equal(value_of(&fine, 25, 1), 2);
    assert_int_equal(value_of(&fine, 26, 1), 3);
}

static void value_that_does_not_fit_is_an_error_and_not_a_number(void **state)
{
    market_instrument eth = make("tick=0.01,lot=0.001");
    market_instrument coarse = make("tick=1000000,lot=1000");
    market_instrument inverse = make("kind=inverse,tick=0.5,lot=1");
    int64_t value = 77;
    (void)state;

    assert_int_equal(market_value_e8(&eth, INT64_MAX, INT64_MIN, &value), HEAN_E_RANGE);
    assert_int_equal(market_value_e8(&coarse, INT64_MAX, INT64_MAX, &value), HEAN_E_RANGE);
    assert_int_equal(market_value_e8(&inverse, 1, INT64_MAX, &value), HEAN_E_RANGE);
    assert_int_equal(market_value_e8(&eth, 0, 1, &value), HEAN_E_INVALID);
    assert_int_equal(market_value_e8(&eth, -5, 1, &value), HEAN_E_INVALID);
    assert_int_equal(value, 77);
    /* The largest that does fit: 1000 * 9223372036854775 = 9223372036854775000. */
    assert_int_equal(market_value_e8(&eth, INT64_C(9223372036854775), 1, &value), HEAN_OK);
    assert_int_equal(market_value_e8(&eth, INT64_C(9223372036854776), 1, &value), HEAN_E_RANGE);
}

static void fee_is_a_fraction_of_the_value_and_a_rebate_is_negative(void **state)
{
    int64_t fee = 0;
    (void)state;

    assert_int_equal(market_fee_e8(INT64_C(4550440978000), 20000, &fee), HEAN_OK);
    assert_int_equal(fee, 910088196); /* 910088195.6 */
    assert_int_equal(market_fee_e8(50000000, -1, &fee), HEAN_OK);
    assert_int_equal(fee, 0); /* -0.5 to even */
    assert_int_equal(market_fee_e8(150000000, -1, &fee), HEAN_OK);
    assert_int_equal(fee, -2);
    assert_int_equal(market_fee_e8(INT64_MAX, INT64_MAX, &fee), HEAN_E_RANGE);
}

static void parse_reads_every_key_and_says_which_were_given(void **state)
{
    hean_instrument spec = {.symbol = "OLD", .taker_fee_e8 = 55000};
    uint32_t fields = 0;
    hean_error error;
    (void)state;

    assert_status(market_instrument_parse("symbol=ETHUSDT,kind=linear,tick=0.01,lot=0.001,"
                                          "min_qty=0.002,max_qty=10000,min_price=0.05,"
                                          "max_price=100000,min_notional=5.5,"
                                          "max_notional=1000000,maker_bps=-0.25",
                                          &spec, &fields, &error),
                  HEAN_OK, &error);
    assert_string_equal(spec.symbol, "ETHUSDT");
    assert_int_equal(spec.kind, HEAN_INSTRUMENT_LINEAR);
    assert_int_equal(spec.min_qty_lots, 2);
    assert_int_equal(spec.max_qty_lots, 10000000);
    assert_int_equal(spec.min_price_ticks, 5);
    assert_int_equal(spec.max_price_ticks, 10000000);
    assert_int_equal(spec.min_notional_e8, 550000000);
    assert_int_equal(spec.max_notional_e8, INT64_C(100000000000000));
    assert_int_equal(spec.maker_fee_e8, -2500);
    assert_int_equal(spec.taker_fee_e8, 55000);
    assert_int_equal(fields, MARKET_FIELD_SYMBOL | MARKET_FIELD_KIND | MARKET_FIELD_TICK |
                                 MARKET_FIELD_LOT | MARKET_FIELD_LIMITS | MARKET_FIELD_MAKER);
}

static void parse_names_the_key_and_what_was_expected(void **state)
{
    static const struct {
        const char *text;
        hean_status status;
        const char *says;
    } cases[] = {
        {"", HEAN_E_PARSE, "expected key=value"},
        {"tick", HEAN_E_PARSE, "expected key=value, got \"tick\""},
        {"tick=0.01,", HEAN_E_PARSE, "expected key=value"},
        {"=5", HEAN_E_PARSE, "expected key=value"},
        {"tik=0.01", HEAN_E_NOT_FOUND, "did you mean \"tick\"?"},
        {"frequency=1", HEAN_E_NOT_FOUND, "expected symbol, kind"},
        {"tick=", HEAN_E_PARSE, "tick: expected 1 to"},
        {"tick=abc", HEAN_E_PARSE, "tick=abc: expected a positive number"},
        {"tick=0", HEAN_E_RANGE, "tick=0: expected a positive number"},
        {"lot=-1", HEAN_E_RANGE, "lot=-1: expected a positive number"},
        {"tick=1e-30", HEAN_E_RANGE, "between 1e-18 and 1e18"},
        {"tick=0.01,tick=0.02", HEAN_E_PARSE, "tick is given twice"},
        {"kind=option", HEAN_E_PARSE, "expected linear, spot or inverse"},
        {"min_qty=1", HEAN_E_INVALID, "min_qty needs lot as well"},
        {"lot=0.1,min_qty=0.25", HEAN_E_INVALID, "expected a multiple of lot"},
        {"lot=0.1,min_qty=-1", HEAN_E_RANGE, "not negative"},
        {"min_notional=-1", HEAN_E_RANGE, "not negative"},
        {"maker_bps=10001", HEAN_E_RANGE, "basis points"},
        {"taker_bps=ten", HEAN_E_PARSE, "basis points"},
        {"symbol=A\"B", HEAN_E_INVALID, "character 2"},
        {"symbol=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", HEAN_E_RANGE, "at most 31"},
    };
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        hean_instrument spec = {.symbol = "KEPT"}, before = spec;
        uint32_t fields = 99;
        hean_error error = {0};
        assert_status(market_instrument_parse(cases[i].text, &spec, &fields, &error),
                      cases[i].status, &error);
        if (strstr(error.message, cases[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, error.message, cases[i].says);
        assert_memory_equal(&spec, &before, sizeof spec);
        assert_int_equal(fields, 99);
    }
}

static void parse_does_not_give_old_limits_new_units(void **state)
{
    hean_instrument spec = {.symbol = "S", .lot_size = {1, -3}, .min_qty_lots = 5};
    uint32_t fields;
    hean_error error;
    (void)state;

    assert_status(market_instrument_parse("lot=0.1", &spec, &fields, &error), HEAN_E_INVALID,
                  &error);
    assert_status(market_instrument_parse("lot=0.1,min_qty=0.5", &spec, &fields, &error), HEAN_OK,
                  &error);
    assert_int_equal(spec.min_qty_lots, 5);
}

static void init_refuses_what_is_not_an_instrument(void **state)
{
    const hean_instrument good = {.symbol = "GOOD", .tick_size = {1, -2}, .lot_size = {1, -3}};
    hean_instrument bad[10];
    static const char *const says[] = {"symbol", "kind",  "tick",  "lot",          "qty",
                                       "price",  "price", "taker", "tick and lot", "symbol"};
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        bad[i] = good;
    bad[0].symbol[0] = 0;
    bad[1].kind = (hean_instrument_kind)7;
    bad[2].tick_size.mantissa = 0;
    bad[3].lot_size.exponent10 = -19;
    bad[4].min_qty_lots = 5;
    bad[4].max_qty_lots = 4;
    bad[5].min_price_ticks = -1;
    bad[6].max_price_ticks = MARKET_TICKS_MAX + 1;
    bad[7].taker_fee_e8 = BASE_E8 + 1;
    bad[8].tick_size = (hean_decimal){7, -18};
    bad[8].lot_size = (hean_decimal){3, -18};
    memset(bad[9].symbol, 'A', sizeof bad[9].symbol);
    for (size_t i = 0; i < BASE_COUNT(bad); i++) {
        market_instrument instrument;
        hean_error error = {0};
        assert_int_not_equal(market_instrument_init(&instrument, &bad[i], &error), HEAN_OK);
        if (strstr(error.message, says[i]) == NULL)
            fail_msg("case %zu: \"%s\" does not name %s", i, error.message, says[i]);
    }
}

/* Against the definition, digit by digit in 128 bits. */
static void value_agrees_with_its_definition_for_random_instruments(void **state)
{
    base_random random;
    (void)state;

    base_random_init(&random, test_seed());
    for (int i = 0; i < 20000; i++) {
        hean_instrument spec = {.symbol = "R"};
        market_instrument instrument;
        int64_t price = 1 + (int64_t)base_random_below(&random, 10000000), value;
        int64_t qty = 1 + (int64_t)base_random_below(&random, 1000000);
        base_int128 numerator, denominator = 1, rest, whole;
        int exponent;
        hean_error error;

        spec.kind = (hean_instrument_kind)base_random_below(&random, 3);
        spec.tick_size.mantissa = 1 + (int64_t)base_random_below(&random, 50);
        spec.tick_size.exponent10 = -(int)base_random_below(&random, 6);
        spec.lot_size.mantissa = 1 + (int64_t)base_random_below(&random, 50);
        spec.lot_size.exponent10 = 2 - (int)base_random_below(&random, 7);
        assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
        numerator = (base_int128)qty * spec.lot_size.mantissa;
        exponent = spec.lot_size.exponent10 + 8;
        if (spec.kind == HEAN_INSTRUMENT_INVERSE) {
            denominator = (base_int128)price * spec.tick_size.mantissa;
            exponent -= spec.tick_size.exponent10;
        } else {
            numerator *= (base_int128)price * spec.tick_size.mantissa;
            exponent += spec.tick_size.exponent10;
        }
        for (; exponent > 0; exponent--)
            numerator *= 10;
        for (; exponent < 0; exponent++)
            denominator *= 10;
        whole = numerator / denominator;
        rest = numerator % denominator * 2;
        if (rest > denominator || (rest == denominator && (whole & 1) != 0))
            whole++;
        if (whole > INT64_MAX) {
            assert_int_equal(market_value_e8(&instrument, price, qty, &value), HEAN_E_RANGE);
            continue;
        }
        assert_int_equal(market_value_e8(&instrument, price, qty, &value), HEAN_OK);
        assert_true(value == (int64_t)whole);
    }
}

static void event_problem_finds_what_cannot_be_added_up(void **state)
{
    hean_event good = {.kind = HEAN_EVENT_TRADE,
                       .side = HEAN_SIDE_BUY,
                       .local_ns = 100,
                       .exch_ns = 90,
                       .data.level = {.price_ticks = 5, .qty_lots = 7}};
    hean_event bad[9];
    (void)state;

    assert_null(market_event_problem(&good, 1));
    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        bad[i] = good;
    bad[0].instrument = 1;
    bad[1].exch_ns = 101;
    bad[2].local_ns = -1;
    bad[3].local_ns = INT64_MAX;
    bad[4].kind = HEAN_EVENT_FILL;
    bad[5].side = 3;
    bad[6].data.level.price_ticks = 0;
    bad[7].data.level.price_ticks = MARKET_TICKS_MAX + 1;
    bad[8].data.level.qty_lots = 0;
    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        assert_non_null(market_event_problem(&bad[i], 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_of_a_linear_contract_is_price_times_quantity),
        cmocka_unit_test(value_of_spot_is_exact_to_the_last_lot),
        cmocka_unit_test(value_of_an_inverse_contract_is_in_coins),
        cmocka_unit_test(value_is_rounded_half_to_even),
        cmocka_unit_test(value_that_does_not_fit_is_an_error_and_not_a_number),
        cmocka_unit_test(fee_is_a_fraction_of_the_value_and_a_rebate_is_negative),
        cmocka_unit_test(parse_reads_every_key_and_says_which_were_given),
        cmocka_unit_test(parse_names_the_key_and_what_was_expected),
        cmocka_unit_test(parse_does_not_give_old_limits_new_units),
        cmocka_unit_test(init_refuses_what_is_not_an_instrument),
        cmocka_unit_test(value_agrees_with_its_definition_for_random_instruments),
        cmocka_unit_test(event_problem_finds_what_cannot_be_added_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
