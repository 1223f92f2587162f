/*
 * reader_number.c: see market/number.h and reader_number.h. The fast way reads plain digits
 * straight into steps; signs, exponents and odd steps go the slow way through decimal.h. Both give
 * the same result.
 */
#include "reader_number.h"

#define DIGITS_MAX 18
/* Below this many numbers a step of 2 or 5, or above 1, may be chance. */
#define VALUES_SURE 64

reader_step reader_step_of(hean_decimal size)
{
    reader_step step = {size, -1};
    if (size.exponent10 <= 0 && size.exponent10 >= -DIGITS_MAX)
        step.decimals = -size.exponent10;
    return step;
}

static reader_number round_units(hean_decimal value, hean_decimal step, reader_rounding rounding,
                                 int64_t *out)
{
    int exponent = value.exponent10 - step.exponent10;
    base_int128 numerator = value.mantissa, denominator = step.mantissa;
    hean_status status = HEAN_OK;
    int64_t units = 0;

    /* value < 10^(18 + exponent) and step >= 1: beyond these it is too large, or less than 1e-18
     * of a step. */
    if (exponent > DIGITS_MAX)
        return value.mantissa == 0 ? (*out = 0, READER_NUMBER_OK) : READER_NUMBER_RANGE;
    if (exponent >= 0) {
        numerator *= decimal_power10(exponent);
    } else {
        if (exponent < -2 * DIGITS_MAX)
            return *out = 0, READER_NUMBER_OK;
        for (; exponent < -DIGITS_MAX; exponent++)
            numerator /= 10; /* far below half a step: cannot decide the rounding wrongly */
        denominator *= decimal_power10(-exponent);
    }
    if (rounding == READER_NEAREST)
        status = decimal_divide(numerator, denominator, &units);
    else if (numerator / denominator > INT64_MAX)
        status = HEAN_E_RANGE;
    else
        units = (int64_t)(numerator / denominator);
    if (status != HEAN_OK)
        return READER_NUMBER_RANGE;
    *out = units;
    return READER_NUMBER_OK;
}

static reader_number read_slow(const char *text, size_t bytes, const reader_step *step,
                               reader_rounding rounding, int64_t *out)
{
    hean_decimal value;
    hean_status status;

    if (bytes == 0)
        return READER_NUMBER_EMPTY;
    status = decimal_parse(text, bytes, &value);
    if (status != HEAN_OK)
        return status == HEAN_E_RANGE ? READER_NUMBER_RANGE : READER_NUMBER_TEXT;
    if (value.mantissa < 0)
        return READER_NUMBER_NEGATIVE;
    if (step->size.mantissa == 0)
        return READER_NUMBER_OFF_STEP;
    if (rounding != READER_EXACT)
        return round_units(value, step->size, rounding, out);
    status = decimal_to_units(value, step->size, out);
    return status == HEAN_OK          ? READER_NUMBER_OK
           : status == HEAN_E_INVALID ? READER_NUMBER_OFF_STEP
                                      : READER_NUMBER_RANGE;
}

reader_number reader_number_read(const char *text, size_t bytes, const reader_step *step,
                                 reader_rounding rounding, int64_t *out)
{
    int64_t value = 0;

    if (rounding == READER_EXACT && bytes > 0 &&
        reader_number_scan(text, text + bytes, step, &value) == text + bytes) {
        *out = value;
        return READER_NUMBER_OK;
    }
    return read_slow(text, bytes, step, rounding, out);
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* value with exactly this exponent, which is not above its own. */
static bool align(hean_decimal value, int exponent, int64_t *out)
{
    int shift = value.exponent10 - exponent;
    return shift <= DIGITS_MAX &&
           !__builtin_mul_overflow(value.mantissa, decimal_power10(shift), out);
}

reader_number reader_scale_add(reader_scale *scale, hean_decimal value)
{
    int exponent = value.exponent10;
    int64_t a, b;

    if (value.mantissa != scale->last.mantissa || value.exponent10 != scale->last.exponent10)
        scale->values++;
    scale->last = value;
    if (value.mantissa == 0)
        return READER_NUMBER_OK;
    if (scale->divisor.mantissa == 0) {
        if (exponent < -DIGITS_MAX || exponent > DIGITS_MAX)
            return READER_NUMBER_RANGE;
        scale->divisor = value;
        return READER_NUMBER_OK;
    }
    if (scale->divisor.exponent10 < exponent)
        exponent = scale->divisor.exponent10;
    if (exponent < -DIGITS_MAX || !align(value, exponent, &a) ||
        !align(scale->divisor, exponent, &b))
        return READER_NUMBER_RANGE;
    scale->divisor = (hean_decimal){common_divisor(a, b), exponent};
    return READER_NUMBER_OK;
}

hean_decimal reader_scale_step(const reader_scale *scale, hean_decimal otherwise)
{
    hean_decimal step = {1, scale->divisor.exponent10};
    int64_t rest = scale->divisor.mantissa;

    if (rest == 0)
        return otherwise;
    for (; rest % 10 == 0; rest /= 10)
        step.exponent10++;
    if (scale->values >= VALUES_SURE)
        step.mantissa = rest % 5 == 0 ? 5 : rest % 2 == 0 ? 2 : 1;
    else if (step.exponent10 > 0)
        step.exponent10 = 0;
    return step;
}
