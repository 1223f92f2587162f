/*
 * reader_number_test.c: decimal text as ticks and lots; the step that numbers have.
 */
#include "support.h"

#include "../../core/market/reader_number.h"

#include <string.h>

static reader_number read_text(const char *text, hean_decimal size, reader_rounding rounding,
                               int64_t *out)
{
    reader_step step = reader_step_of(size);
    return reader_number_read(text, strlen(text), &step, rounding, out);
}

static void number_on_the_step_is_read_exactly(void **state)
{
    static const struct {
        const char *text;
        hean_decimal step;
        int64_t units;
    } cases[] = {{"2681.62", {1, -2}, 268162},
                 {"61837.63000000", {1, -2}, 6183763},
                 {"0.00009", {1, -5}, 9},
                 {"46319.0", {5, -1}, 92638},
                 {"46319.5", {5, -1}, 92639},
                 {"7", {1, 0}, 7},
                 {"7.", {1, 0}, 7},
                 {".5", {1, -1}, 5},
                 {"+3", {1, 0}, 3},
                 {"1.5e-05", {1, -6}, 15},
                 {"6e3", {1, 0}, 6000},
                 {"1200", {1, 2}, 12},
                 {"0", {1, -8}, 0},
                 {"0.000", {1, 0}, 0},
                 {"-0.0", {1, 0}, 0},
                 {"999999999999999999", {1, 0}, INT64_C(999999999999999999)},
                 {"000000000000000000000012.5", {1, -1}, 125}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        int64_t units = -1;
        assert_int_equal(read_text(cases[i].text, cases[i].step, READER_EXACT, &units),
                         READER_NUMBER_OK);
        assert_int_equal(units, cases[i].units);
    }
}

static void what_is_no_number_on_the_step_is_told_apart(void **state)
{
    static const struct {
        const char *text;
        hean_decimal step;
        reader_number result;
    } cases[] = {{"", {1, -2}, READER_NUMBER_EMPTY},
                 {"abc", {1, -2}, READER_NUMBER_TEXT},
                 {"1,5", {1, -2}, READER_NUMBER_TEXT},
                 {"1.2.3", {1, -2}, READER_NUMBER_TEXT},
                 {" 1", {1, -2}, READER_NUMBER_TEXT},
                 {"1 ", {1, -2}, READER_NUMBER_TEXT},
                 {"0x10", {1, -2}, READER_NUMBER_TEXT},
                 {"nan", {1, -2}, READER_NUMBER_TEXT},
                 {"inf", {1, -2}, READER_NUMBER_TEXT},
                 {"1e", {1, -2}, READER_NUMBER_TEXT},
                 {".", {1, -2}, READER_NUMBER_TEXT},
                 {"-", {1, -2}, READER_NUMBER_TEXT},
                 {"-1", {1, -2}, READER_NUMBER_NEGATIVE},
                 {"-0.5", {1, -2}, READER_NUMBER_NEGATIVE},
                 {"2681.625", {1, -2}, READER_NUMBER_OFF_STEP},
                 {"46319.3", {5, -1}, READER_NUMBER_OFF_STEP},
                 {"46319.25", {5, -1}, READER_NUMBER_OFF_STEP},
                 {"1250", {1, 2}, READER_NUMBER_OFF_STEP},
                 {"1e-300", {1, -2}, READER_NUMBER_OFF_STEP},
                 {"1", {0, 0}, READER_NUMBER_OFF_STEP},
                 {"1234567890123456789", {1, 0}, READER_NUMBER_RANGE},
                 {"99999999999999999999999999", {1, 0}, READER_NUMBER_RANGE},
                 {"1e300", {1, 0}, READER_NUMBER_RANGE},
                 {"1e30", {1, 0}, READER_NUMBER_RANGE}};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        int64_t units = 77;
        reader_number result = read_text(cases[i].text, cases[i].step, READER_EXACT, &units);
        if (result != cases[i].result)
            print_error("%s: %d\n", cases[i].text, result);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(units, 77);
    }
}

static void rounding_goes_down_or_to_the_nearest(void **state)
{
    int64_t units;
    (void)state;
    assert_int_equal(read_text("2300413.7295", (hean_decimal){1, 0}, READER_FLOOR, &units),
                     READER_NUMBER_OK);
    assert_int_equal(units, 2300413);
    assert_int_equal(read_text("0.9999", (hean_decimal){1, 0}, READER_FLOOR, &units), 0);
    assert_int_equal(units, 0);
    assert_int_equal(read_text("2681.626", (hean_decimal){1, -2}, READER_NEAREST, &units), 0);
    assert_int_equal(units, 268163);
    assert_int_equal(read_text("2681.625", (hean_decimal){1, -2}, READER_NEAREST, &units), 0);
    assert_int_equal(units, 268162); /* half to even */
    assert_int_equal(read_text("1e-200", (hean_decimal){1, -2}, READER_NEAREST, &units), 0);
    assert_int_equal(units, 0);
    assert_int_equal(
        read_text("123456789012345678e-30", (hean_decimal){1, 0}, READER_NEAREST, &units), 0);
    assert_int_equal(units, 0);
    assert_int_equal(read_text("-1", (hean_decimal){1, 0}, READER_FLOOR, &units),
                     READER_NUMBER_NEGATIVE);
}

/* The quick way and decimal.h must agree on any text. */
static void quick_way_agrees_with_decimals(void **state)
{
    static const char letters[] = "0123456789012345678900000..-+e ";
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int i = 0; i < 200000; i++) {
        char text[24];
        size_t length = (size_t)base_random_below(&random, 22) + 1;
        hean_decimal size = {base_random_below(&random, 2) == 0 ? 1 : 5,
                             (int32_t)base_random_below(&random, 12) - 9};
        hean_decimal value;
        int64_t quick = -1, slow = -1;
        for (size_t j = 0; j < length; j++)
            text[j] = letters[base_random_below(&random, sizeof letters - 1)];
        text[length] = 0;
        reader_number result = read_text(text, size, READER_EXACT, &quick);
        bool expected = decimal_parse(text, length, &value) == HEAN_OK && value.mantissa >= 0 &&
                        decimal_to_units(value, size, &slow) == HEAN_OK;
        if ((result == READER_NUMBER_OK) != expected || (expected && quick != slow))
            print_error("\"%s\" with step %lld e%d\n", text, (long long)size.mantissa,
                        size.exponent10);
        assert_int_equal(result == READER_NUMBER_OK, expected);
        assert_true(!expected || quick == slow);
    }
}

static hean_decimal step_of(const char *const *numbers, size_t count, size_t repeats)
{
    reader_scale scale = {0};
    for (size_t i = 0; i < count * repeats; i++) {
        hean_decimal value;
        assert_int_equal(decimal_parse(numbers[i % count], strlen(numbers[i % count]), &value),
                         HEAN_OK);
        assert_int_equal(reader_scale_add(&scale, value), READER_NUMBER_OK);
    }
    return reader_scale_step(&scale, (hean_decimal){1, -8});
}

static void assert_step(hean_decimal step, int64_t mantissa, int exponent)
{
    assert_int_equal(step.mantissa, mantissa);
    assert_int_equal(step.exponent10, exponent);
}

static void step_is_the_largest_that_divides_all(void **state)
{
    static const char *const halves[] = {"46319.0", "46385.5", "46319.0", "0"};
    static const char *const cents[] = {"2681.62", "2681.60", "2680.01"};
    static const char *const hundreds[] = {"300", "1500", "700"};
    static const char *const twos[] = {"0.2", "0.6", "1.4"};
    (void)state;
    assert_step(step_of(halves, 4, 64), 5, -1);
    assert_step(step_of(cents, 3, 64), 1, -2);
    assert_step(step_of(hundreds, 3, 64), 1, 2);
    assert_step(step_of(twos, 3, 64), 2, -1);
    assert_step(step_of(NULL, 0, 0), 1, -8);
}

static void few_numbers_do_not_make_a_coarse_step(void **state)
{
    static const char *const hundreds[] = {"300", "1500"};
    static const char *const halves[] = {"46319.0", "46385.5"};
    (void)state;
    assert_step(step_of(hundreds, 2, 1), 1, 0);
    assert_step(step_of(halves, 2, 1), 1, -1);
}

static void numbers_without_a_common_step_are_told(void **state)
{
    reader_scale scale = {0};
    (void)state;
    assert_int_equal(reader_scale_add(&scale, (hean_decimal){1, -18}), READER_NUMBER_OK);
    assert_int_equal(reader_scale_add(&scale, (hean_decimal){7, 3}), READER_NUMBER_RANGE);
    assert_int_equal(reader_scale_add(&scale, (hean_decimal){1, -30}), READER_NUMBER_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_on_the_step_is_read_exactly),
        cmocka_unit_test(what_is_no_number_on_the_step_is_told_apart),
        cmocka_unit_test(rounding_goes_down_or_to_the_nearest),
        cmocka_unit_test(quick_way_agrees_with_decimals),
        cmocka_unit_test(step_is_the_largest_that_divides_all),
        cmocka_unit_test(few_numbers_do_not_make_a_coarse_step),
        cmocka_unit_test(numbers_without_a_common_step_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
