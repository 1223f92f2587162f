/*
 * base_test.c: statuses, decimals, times, buffers, hashes.
 */
#include <support.h>

#include <base/decimal.h>
#include <base/hash.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void every_status_has_a_name_and_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < HEAN_STATUS_COUNT; i++) {
        assert_memory_equal(hean_status_name((hean_status)i), "HEAN_", 5);
        assert_true(strlen(hean_status_text((hean_status)i)) > 1);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(hean_status_text((hean_status)i),
                                    hean_status_text((hean_status)j));
    }
    assert_string_equal(hean_status_name((hean_status)999), "HEAN_E_?");
    assert_true(hean_status_retryable(HEAN_E_IO));
    assert_false(hean_status_retryable(HEAN_E_PARSE));
    assert_string_equal(hean_reason_text(HEAN_REASON_REDUCE_ONLY), "reduce_only");
    assert_string_equal(hean_reason_text((hean_reason)999), "unknown_reason");
}

static void fail_cleans_and_cuts_its_message(void **state)
{
    hean_error error;
    char longer[900];
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(base_fail(&error, HEAN_E_PARSE, "a\nb\x1b[0m %d", 7), HEAN_E_PARSE);
    assert_string_equal(error.message, "a?b?[0m 7");
    assert_int_equal(base_fail_prefix(&error, "file:%d", 3), HEAN_E_PARSE);
    assert_string_equal(error.message, "file:3: a?b?[0m 7");
    (void)base_fail(&error, HEAN_E_IO, "%s", longer);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    assert_int_equal(base_fail(NULL, HEAN_E_IO, "nobody listens"), HEAN_E_IO);
}

typedef struct decimal_row {
    const char *text;
    hean_status status;
    int64_t mantissa;
    int exponent10;
} decimal_row;

static void decimal_parse_reads_whole_texts_only(void **state)
{
    static const decimal_row rows[] = {
        {"0", HEAN_OK, 0, 0},
        {"-12.340", HEAN_OK, -1234, -2},
        {"61837.63000000", HEAN_OK, 6183763, -2},
        {"1.5e-05", HEAN_OK, 15, -6},
        {"1E3", HEAN_OK, 1, 3},
        {"+3", HEAN_OK, 3, 0},
        {".5", HEAN_OK, 5, -1},
        {"5.", HEAN_OK, 5, 0},
        {"100", HEAN_OK, 1, 2},
        {"0.000", HEAN_OK, 0, 0},
        {"0.00100", HEAN_OK, 1, -3},
        {"999999999999999999", HEAN_OK, 999999999999999999, 0},
        {"1000000000000000000000", HEAN_OK, 1, 21},
        {"1234567890123456789", HEAN_E_RANGE, 0, 0},
        {"1e999999999999", HEAN_E_RANGE, 0, 0},
        {"", HEAN_E_PARSE, 0, 0},
        {"-", HEAN_E_PARSE, 0, 0},
        {".", HEAN_E_PARSE, 0, 0},
        {"1.2.3", HEAN_E_PARSE, 0, 0},
        {"1e", HEAN_E_PARSE, 0, 0},
        {"1e+", HEAN_E_PARSE, 0, 0},
        {" 1", HEAN_E_PARSE, 0, 0},
        {"1 ", HEAN_E_PARSE, 0, 0},
        {"0x10", HEAN_E_PARSE, 0, 0},
        {"nan", HEAN_E_PARSE, 0, 0},
        {"inf", HEAN_E_PARSE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        hean_decimal value = {77, 77};
        hean_status status = decimal_parse(rows[i].text, strlen(rows[i].text), &value);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].text, hean_status_name(status));
        if (status != HEAN_OK) {
            assert_int_equal(value.mantissa, 77); /* untouched */
            continue;
        }
        int64_t expected, actual;
        hean_decimal wanted = {rows[i].mantissa, rows[i].exponent10};
        /* Outside what a scaled integer holds, the mantissas say it. */
        if (decimal_to_scaled(wanted, 6, &expected) != HEAN_OK) {
            assert_int_equal(value.mantissa, rows[i].mantissa);
            assert_int_equal(value.exponent10, rows[i].exponent10);
            continue;
        }
        assert_int_equal(decimal_to_scaled(value, 6, &actual), HEAN_OK);
        if (actual != expected)
            fail_msg("%s: %lld, expected %lld", rows[i].text, (long long)actual,
                     (long long)expected);
    }
}

static hean_decimal decimal(const char *text)
{
    hean_decimal value;
    assert_int_equal(decimal_parse(text, strlen(text), &value), HEAN_OK);
    return value;
}

static void units_are_exact_or_refused(void **state)
{
    int64_t units = 5;
    (void)state;
    assert_int_equal(decimal_to_units(decimal("2681.62"), decimal("0.01"), &units), HEAN_OK);
    assert_int_equal(units, 268162);
    assert_int_equal(decimal_to_units(decimal("46319"), decimal("0.5"), &units), HEAN_OK);
    assert_int_equal(units, 92638);
    assert_int_equal(decimal_to_units(decimal("46319.3"), decimal("0.5"), &units), HEAN_E_INVALID);
    assert_int_equal(units, 92638);
    assert_int_equal(decimal_to_units(decimal("1e-300"), decimal("1"), &units), HEAN_E_INVALID);
    assert_int_equal(decimal_to_units(decimal("0"), decimal("0.01"), &units), HEAN_OK);
    assert_int_equal(units, 0);
    assert_int_equal(decimal_to_units(decimal("1e30"), decimal("1"), &units), HEAN_E_RANGE);
    assert_int_equal(decimal_to_units(decimal("1"), decimal("-1"), &units), HEAN_E_INVALID);
}

static void rounding_is_half_even(void **state)
{
    static const struct {
        const char *text;
        int64_t e8;
    } rows[] = {{"0.000000005", 0},  {"0.000000015", 2},  {"0.000000025", 2},  {"-0.000000015", -2},
                {"0.0000000051", 1}, {"-0.000000005", 0}, {"1.23", 123000000}, {"1e-200", 0}};
    int64_t out;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        assert_int_equal(decimal_parse_scaled(rows[i].text, strlen(rows[i].text), 8, &out),
                         HEAN_OK);
        assert_int_equal(out, rows[i].e8);
    }
    assert_int_equal(decimal_parse_scaled("1e12", 4, 8, &out), HEAN_E_RANGE);
    assert_int_equal(decimal_divide(7, -2, &out), HEAN_OK);
    assert_int_equal(out, -4);
    assert_int_equal(decimal_divide((base_int128)INT64_MAX * 4, 2, &out), HEAN_E_RANGE);
}

static void decimals_are_written_without_trailing_zeros(void **state)
{
    char text[48];
    (void)state;
    assert_string_equal(decimal_format_units(268162, decimal("0.01"), text, sizeof text),
                        "2681.62");
    assert_string_equal(decimal_format_units(268100, decimal("0.01"), text, sizeof text), "2681");
    assert_string_equal(decimal_format_units(3, decimal("100"), text, sizeof text), "300");
    assert_string_equal(decimal_format_units(-5, decimal("0.001"), text, sizeof text), "-0.005");
    assert_string_equal(decimal_format_scaled(0, 8, text, sizeof text), "0");
    assert_string_equal(decimal_format_scaled(INT64_MIN, 8, text, sizeof text),
                        "-92233720368.54775808");
    assert_string_equal(decimal_format_scaled(100000000, 8, text, sizeof text), "1");
    assert_true(decimal_units_to_double(268162, decimal("0.01")) == 2681.62);
    assert_true(decimal_units_to_double(7, decimal("20")) == 140.0);
}

static void decimal_text_survives_a_round_trip(void **state)
{
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(base_random_next(&random) >> base_random_below(&random, 60));
        int64_t again;
        char text[48];
        value %= 1000000000000000000;
        decimal_format_scaled(value, 8, text, sizeof text);
        assert_int_equal(decimal_parse_scaled(text, strlen(text), 8, &again), HEAN_OK);
        assert_int_equal(again, value);
    }
}

static void times_are_read_in_every_common_form(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"1970-01-01", 0},
        {"2021-12-31 23:01:00.000000", INT64_C(1640991660000000000)},
        {"2021-12-31T23:01:00Z", INT64_C(1640991660000000000)},
        {"2021-12-31T23:01:00.5+00:00", INT64_C(1640991660500000000)},
        {"2024-02-29", INT64_C(1709164800000000000)},
        {"1790000000", INT64_C(1790000000000000000)},
        {"1790000000.1234", INT64_C(1790000000123400000)},
        {"1723161256561", INT64_C(1723161256561000000)},
        {"1723161256651681", INT64_C(1723161256651681000)},
        {"1723161256651681999", INT64_C(1723161256651681999)},
    };
    static const char *const bad[] = {"",
                                      "2021-13-01",
                                      "2021-02-29",
                                      "2021-1-1",
                                      "2021-01-01 25:00",
                                      "2021-01-01x",
                                      "12x",
                                      "-5",
                                      "1.x",
                                      "2021-01-01 10:00:00+01:00"};
    int64_t ns = 7;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        if (base_time_parse(rows[i].text, strlen(rows[i].text), &ns) != HEAN_OK || ns != rows[i].ns)
            fail_msg("%s: %lld", rows[i].text, (long long)ns);
    }
    for (size_t i = 0; i < BASE_COUNT(bad); i++) {
        if (base_time_parse(bad[i], strlen(bad[i]), &ns) == HEAN_OK)
            fail_msg("%s was accepted", bad[i]);
    }
    assert_int_equal(base_time_parse("99999999999999999999", 20, &ns), HEAN_E_RANGE);
}

static void times_are_written_in_utc(void **state)
{
    char text[40];
    (void)state;
    assert_string_equal(base_time_format(INT64_C(1640991660500000000), text, sizeof text),
                        "2021-12-31T23:01:00.500Z");
    assert_string_equal(base_time_format(-1000000, text, sizeof text), "1969-12-31T23:59:59.999Z");
}

static void every_day_of_five_centuries_survives_a_round_trip(void **state)
{
    const int64_t day_ns = INT64_C(86400) * BASE_NS_PER_S;
    int64_t first, last, again;
    char text[40];
    (void)state;
    assert_int_equal(base_time_parse("1678-01-01", 10, &first), HEAN_OK);
    assert_int_equal(base_time_parse("2261-12-31", 10, &last), HEAN_OK);
    for (int64_t ns = first; ns <= last; ns += day_ns + 1001 * BASE_NS_PER_MS) {
        base_time_format(ns, text, sizeof text);
        assert_int_equal(base_time_parse(text, strlen(text), &again), HEAN_OK);
        assert_int_equal(again, ns);
    }
    assert_string_equal(base_time_format(INT64_MIN, text, sizeof text), "1677-09-21T00:12:43.145Z");
}

static void durations_have_units(void **state)
{
    int64_t ns = 7;
    (void)state;
    assert_int_equal(base_duration_parse("30s", &ns), HEAN_OK);
    assert_int_equal(ns, 30 * BASE_NS_PER_S);
    assert_int_equal(base_duration_parse("1.5ms", &ns), HEAN_OK);
    assert_int_equal(ns, 1500000);
    assert_int_equal(base_duration_parse("2", &ns), HEAN_OK);
    assert_int_equal(ns, 2 * BASE_NS_PER_S);
    assert_int_equal(base_duration_parse("1d", &ns), HEAN_OK);
    assert_int_equal(ns, 86400 * BASE_NS_PER_S);
    assert_int_equal(base_duration_parse("3 s", &ns), HEAN_E_PARSE);
    assert_int_equal(base_duration_parse("s", &ns), HEAN_E_PARSE);
    assert_int_equal(base_duration_parse("-1s", &ns), HEAN_E_PARSE);
    assert_int_equal(base_duration_parse("99999999999d", &ns), HEAN_E_RANGE);
    assert_int_equal(ns, 86400 * BASE_NS_PER_S);
}

static void a_slip_of_the_pen_finds_its_word(void **state)
{
    static const char *const names[] = {"lookback", "threshold", "qty"};
    (void)state;
    assert_string_equal(base_text_nearest("lokback", names, 3), "lookback");
    assert_string_equal(base_text_nearest("treshold", names, 3), "threshold");
    assert_null(base_text_nearest("zzzzzzzz", names, 3));
}

static void sha256_agrees_with_its_known_answers(void **state)
{
    hash_sha256 *hash;
    uint8_t digest[HASH_SHA256_BYTES];
    char hex[HASH_SHA256_HEX_BYTES];
    (void)state;
    hash_sha256_of("abc", 3, digest);
    hash_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(hash_sha256_open(base_allocator_default(), &hash), HEAN_OK);
    for (int i = 0; i < 1000000; i++)
        hash_sha256_update(hash, "a", 1);
    hash_sha256_digest(hash, digest);
    hash_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    hash_sha256_close(hash);
    assert_int_equal(hash_crc32(0, "123456789", 9), 0xcbf43926u);
}

static void files_are_replaced_whole_or_not_at_all(void **state)
{
    base_buffer buffer;
    hean_error error;
    char path[2200];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/file", test_folder("base"));
    assert_status(base_file_replace(path, "one", 3, &error), HEAN_OK, &error);
    assert_status(base_file_replace(path, "two!", 4, &error), HEAN_OK, &error);
    base_buffer_init(&buffer, base_allocator_default());
    assert_status(base_buffer_read_file(&buffer, path, 100, &error), HEAN_OK, &error);
    assert_string_equal(buffer.data, "two!");
    base_buffer_deinit(&buffer);
    assert_status(base_buffer_read_file(&buffer, path, 3, &error), HEAN_E_LIMIT, &error);
    base_buffer_deinit(&buffer);
    assert_status(base_buffer_read_file(&buffer, "/nonexistent/x", 3, &error), HEAN_E_NOT_FOUND,
                  &error);
    assert_status(base_buffer_read_file(&buffer, "/", 3, &error), HEAN_E_INVALID, &error);
    assert_status(base_file_replace("/nonexistent/x", "a", 1, &error), HEAN_E_IO, &error);
    base_buffer_deinit(&buffer);
}

static void buffers_survive_failed_allocations(void **state)
{
    test_allocator failing;
    base_buffer buffer;
    (void)state;
    for (uint64_t at = 1; at < 6; at++) {
        test_allocator_init(&failing, at);
        base_buffer_init(&buffer, &failing.allocator);
        for (int i = 0; i < 100; i++)
            base_buffer_printf(&buffer, "%d,", i);
        assert_true(buffer.failed);
        if (buffer.length > 0)
            assert_int_equal(strlen(buffer.data), buffer.length);
        base_buffer_deinit(&buffer);
        assert_int_equal(failing.live, 0);
    }
}

static void random_numbers_repeat_from_their_seed(void **state)
{
    base_random a, b;
    uint64_t seen[10] = {0};
    (void)state;
    base_random_init(&a, 42);
    base_random_init(&b, 42);
    for (int i = 0; i < 10000; i++) {
        uint64_t value = base_random_below(&a, 10);
        assert_int_equal(value, base_random_below(&b, 10));
        seen[value]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 850, 1150);
    for (int i = 0; i < 1000; i++) {
        double unit = base_random_unit(&a);
        assert_true(unit >= 0 && unit < 1);
    }
}

/* RFC 4231, test cases 2, 6 and 7: short and long keys, texts in parts. */
static void hmac_gives_what_its_standard_says(void **state)
{
    static const struct {
        const char *key, *data, *expected;
    } rows[] = {
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {NULL,
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    char longer[131], hex[HASH_SHA256_HEX_BYTES];
    uint8_t digest[HASH_SHA256_BYTES];
    (void)state;
    memset(longer, 0xaa, sizeof longer);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        const char *key = rows[i].key != NULL ? rows[i].key : longer;
        size_t key_bytes = rows[i].key != NULL ? strlen(key) : sizeof longer;
        const hash_part parts[] = {{rows[i].data, 3}, {rows[i].data + 3, strlen(rows[i].data) - 3}};
        hash_hmac_sha256(key, key_bytes, parts, 2, digest);
        hash_hex(digest, sizeof digest, hex);
        assert_string_equal(hex, rows[i].expected);
    }
}

typedef struct product_row {
    hean_decimal a, b;
    int64_t numerator, denominator;
    hean_status status;
    const char *e8; /* the product, with 8 decimals kept */
} product_row;

static void decimal_product_rounds_once_whatever_its_size(void **state)
{
    static const product_row rows[] = {
        {{1, 0}, {1, 0}, 1, 1, HEAN_OK, "1"},
        {{0, 0}, {999999999999999999, 300}, 1, 3, HEAN_OK, "0"},
        {{5, -9}, {1, 0}, 1, 1, HEAN_OK, "0"},
        {{15, -9}, {1, 0}, 1, 1, HEAN_OK, "0.00000002"},
        {{25, -9}, {1, 0}, -1, 1, HEAN_OK, "-0.00000002"},
        {{25, -9}, {1, 0}, 3, 3, HEAN_OK, "0.00000002"},
        {{250000000000000001, -25}, {1, 0}, 1, 1, HEAN_OK, "0.00000003"},
        {{-1, 0}, {1, 0}, 1, 3, HEAN_OK, "-0.33333333"},
        {{2, 0}, {1, 0}, 1, 3, HEAN_OK, "0.66666667"},
        {{1, -400}, {1, -400}, 1, 1, HEAN_OK, "0"},
        {{999999999999999999, -18},
         {999999999999999999, -9},
         INT64_MAX,
         INT64_MAX,
         HEAN_OK,
         "999999999.999999998"},
        {{999999999999999999, 0},
         {999999999999999999, -9},
         50000000000,
         8760000000000000,
         HEAN_OK,
         "5707762557077625559360.73059361"},
        {{999999999999999999, 0}, {999999999999999999, 0}, 1, 1, HEAN_E_RANGE, NULL},
        {{1, 400}, {1, 0}, 1, INT64_MAX, HEAN_E_RANGE, NULL},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        base_int128 product = 7;
        char text[64];
        int places = i == 10 ? 9 : 8;
        assert_int_equal(decimal_product(rows[i].a, rows[i].b, rows[i].numerator,
                                         rows[i].denominator, places, &product),
                         rows[i].status);
        if (rows[i].status == HEAN_OK)
            assert_string_equal(decimal_format_scaled(product, places, text, sizeof text),
                                rows[i].e8);
        else
            assert_true(product == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_text),
        cmocka_unit_test(fail_cleans_and_cuts_its_message),
        cmocka_unit_test(decimal_parse_reads_whole_texts_only),
        cmocka_unit_test(decimal_product_rounds_once_whatever_its_size),
        cmocka_unit_test(units_are_exact_or_refused),
        cmocka_unit_test(rounding_is_half_even),
        cmocka_unit_test(decimals_are_written_without_trailing_zeros),
        cmocka_unit_test(decimal_text_survives_a_round_trip),
        cmocka_unit_test(times_are_read_in_every_common_form),
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(every_day_of_five_centuries_survives_a_round_trip),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(a_slip_of_the_pen_finds_its_word),
        cmocka_unit_test(sha256_agrees_with_its_known_answers),
        cmocka_unit_test(files_are_replaced_whole_or_not_at_all),
        cmocka_unit_test(buffers_survive_failed_allocations),
        cmocka_unit_test(random_numbers_repeat_from_their_seed),
        cmocka_unit_test(hmac_gives_what_its_standard_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
