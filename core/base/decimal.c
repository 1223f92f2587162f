/*
 * decimal.c: exact decimals. Invariant: no floating point but in decimal_units_to_double, whose
 * result never returns to an account.
 */
#include <base/decimal.h>

#include <math.h>
#include <string.h>

#define DIGITS_MAX   18  /* any 18-digit number fits int64_t */
#define EXPONENT_MAX 400 /* more is not a number anybody means */

#define WIDE_DIGITS_MAX 36 /* so that a few of them can be added in 128 bits */

int64_t decimal_power10(int exponent)
{
    static const int64_t powers[19] = {1,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       1000000000,
                                       10000000000,
                                       100000000000,
                                       1000000000000,
                                       10000000000000,
                                       100000000000000,
                                       1000000000000000,
                                       10000000000000000,
                                       100000000000000000,
                                       1000000000000000000};
    BASE_ASSERT(exponent >= 0 && exponent <= 18);
    return powers[exponent];
}

/* Reads "e-05" at `at`; false if it is not one. */
static bool read_exponent(const char *at, const char *end, int *out)
{
    bool negative = false;
    int value = 0;

    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    if (at == end)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        if (value <= EXPONENT_MAX)
            value = value * 10 + (*at - '0');
    }
    *out = negative ? -value : value;
    return true;
}

hean_status decimal_parse(const char *text, size_t bytes, hean_decimal *out)
{
    const char *at = text;
    const char *end = text + bytes;
    int64_t mantissa = 0;
    int exponent = 0, digits = 0, zeros = 0, written = 0;
    bool negative = false, point = false, any = false;

    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.' && !point) {
            point = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            return HEAN_E_PARSE;
        any = true;
        if (point)
            exponent--;
        /* Zeros wait until a digit follows, so that trailing ones cost nothing. */
        if (*at == '0') {
            zeros += digits > 0 ? 1 : 0;
            continue;
        }
        digits += zeros + 1;
        if (digits > DIGITS_MAX)
            return HEAN_E_RANGE;
        mantissa = mantissa * decimal_power10(zeros) * 10 + (*at - '0');
        zeros = 0;
    }
    if (!any)
        return HEAN_E_PARSE;
    if (at < end && !read_exponent(at + 1, end, &written))
        return HEAN_E_PARSE;
    exponent += written + zeros;
    if (mantissa == 0)
        exponent = 0;
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        return HEAN_E_RANGE;
    out->mantissa = negative ? -mantissa : mantissa;
    out->exponent10 = exponent;
    return HEAN_OK;
}

hean_status decimal_divide(base_int128 numerator, base_int128 denominator, int64_t *out)
{
    base_int128 quotient, rest, twice;

    BASE_ASSERT(denominator != 0);
    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    quotient = numerator / denominator;
    rest = numerator % denominator;
    if (rest < 0)
        rest = -rest;
    /* 2 * rest may overflow for denominators over 2^126: compare with what is left instead. */
    twice = denominator - rest;
    if (rest > twice || (rest == twice && (quotient & 1) != 0))
        quotient += numerator < 0 ? -1 : 1;
    if (quotient > INT64_MAX || quotient < INT64_MIN)
        return HEAN_E_RANGE;
    *out = (int64_t)quotient;
    return HEAN_OK;
}

/* mantissa * 10^exponent for 0 <= exponent, if it fits 126 bits. */
static bool scale_up(base_int128 *value, int exponent)
{
    const base_int128 limit = (base_int128)1 << 122;
    if (*value == 0)
        return true;
    for (; exponent > 0; exponent--) {
        if (*value > limit || *value < -limit)
            return false;
        *value *= 10;
    }
    return true;
}

hean_status decimal_to_units(hean_decimal value, hean_decimal step, int64_t *out)
{
    base_int128 numerator = value.mantissa;
    base_int128 denominator = step.mantissa;
    int exponent = value.exponent10 - step.exponent10;

    if (step.mantissa <= 0)
        return HEAN_E_INVALID;
    if (exponent >= 0 && !scale_up(&numerator, exponent))
        return HEAN_E_RANGE;
    /* A denominator that no longer fits is larger than any numerator: not a multiple, unless 0. */
    if (exponent < 0 && !scale_up(&denominator, -exponent))
        return HEAN_E_INVALID;
    if (numerator % denominator != 0)
        return HEAN_E_INVALID;
    numerator /= denominator;
    if (numerator > INT64_MAX || numerator < INT64_MIN)
        return HEAN_E_RANGE;
    *out = (int64_t)numerator;
    return HEAN_OK;
}

hean_status decimal_to_scaled(hean_decimal value, int scale10, int64_t *out)
{
    base_int128 numerator = value.mantissa;
    base_int128 denominator = 1;
    int exponent = value.exponent10 + scale10;

    if (exponent >= 0) {
        if (!scale_up(&numerator, exponent))
            return HEAN_E_RANGE;
    } else if (!scale_up(&denominator, -exponent)) {
        *out = 0; /* smaller than anything that rounds to 1 */
        return HEAN_OK;
    }
    return decimal_divide(numerator, denominator, out);
}

hean_status decimal_parse_scaled(const char *text, size_t bytes, int scale10, int64_t *out)
{
    hean_decimal value;
    hean_status status = decimal_parse(text, bytes, &value);
    if (status != HEAN_OK)
        return status;
    return decimal_to_scaled(value, scale10, out);
}

/* Appends a digit; false beyond 36 of them. */
static bool append_digit(base_int128 *value, int *digits, int digit)
{
    if (*digits == 0 && digit == 0)
        return true;
    if (++*digits > WIDE_DIGITS_MAX)
        return false;
    *value = *value * 10 + digit;
    return true;
}

hean_status decimal_parse_wide(const char *text, size_t bytes, int scale10, base_int128 *out)
{
    const char *at = text;
    const char *end = text + bytes;
    base_int128 value = 0;
    int exponent = scale10, digits = 0, zeros = 0, written = 0;
    bool negative = false, point = false, any = false;

    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.' && !point) {
            point = true;
            continue;
        }
        if (*at < '0' || *at > '9')
            return HEAN_E_PARSE;
        any = true;
        exponent -= point;
        zeros++; /* zeros wait, as in decimal_parse */
        if (*at == '0')
            continue;
        for (; zeros > 1; zeros--) {
            if (!append_digit(&value, &digits, 0))
                return HEAN_E_RANGE;
        }
        if (!append_digit(&value, &digits, *at - '0'))
            return HEAN_E_RANGE;
        zeros = 0;
    }
    if (!any || (at < end && !read_exponent(at + 1, end, &written)))
        return HEAN_E_PARSE;
    exponent += written + zeros;
    if (value == 0)
        exponent = 0;
    if (exponent < 0)
        return HEAN_E_RANGE;
    for (; exponent > 0; exponent--) {
        if (!append_digit(&value, &digits, 0))
            return HEAN_E_RANGE;
    }
    *out = negative ? -value : value;
    return HEAN_OK;
}

/* ---- products of more than 128 bits ---- */

__extension__ typedef unsigned __int128 wide_pair;

/* 256 bits, least significant first: three factors of 63 bits and a spare digit or three. */
typedef struct wide {
    uint64_t limbs[4];
} wide;

/* False if it does not fit. */
static bool wide_multiply(wide *value, uint64_t factor)
{
    uint64_t carry = 0;

    for (int i = 0; i < 4; i++) {
        wide_pair product = (wide_pair)value->limbs[i] * factor + carry;
        value->limbs[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    return carry == 0;
}

/* Returns the rest. */
static uint64_t wide_divide(wide *value, uint64_t divisor)
{
    uint64_t rest = 0;

    for (int i = 3; i >= 0; i--) {
        wide_pair part = (wide_pair)rest << 64 | value->limbs[i];
        if (part == 0)
            continue;
        value->limbs[i] = (uint64_t)(part / divisor);
        rest = (uint64_t)(part % divisor);
    }
    return rest;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
}

/* value / 10^places, half-even; `more` says that something was cut off before. places >= 1. */
static hean_status wide_round(wide *value, int places, bool more, bool negative, base_int128 *out)
{
    uint64_t digit;

    for (; places > 1; places -= places > 18 ? 18 : places - 1) {
        int step = places > 18 ? 18 : places - 1;
        more = wide_divide(value, (uint64_t)decimal_power10(step)) != 0 || more;
    }
    digit = wide_divide(value, 10);
    if ((value->limbs[2] | value->limbs[3]) != 0 || value->limbs[1] >> 62 != 0)
        return HEAN_E_RANGE;
    *out = (base_int128)((wide_pair)value->limbs[1] << 64 | value->limbs[0]);
    if (digit > 5 || (digit == 5 && (more || *out % 2 != 0)))
        ++*out;
    if (negative)
        *out = -*out;
    return HEAN_OK;
}

hean_status decimal_product(hean_decimal a, hean_decimal b, int64_t numerator, int64_t denominator,
                            int scale10, base_int128 *out)
{
    wide value = {{1, 0, 0, 0}};
    bool negative = (a.mantissa < 0) != ((b.mantissa < 0) != (numerator < 0));
    int places = -(a.exponent10 + b.exponent10 + scale10);
    bool more, fits;

    BASE_ASSERT(denominator > 0);
    if (a.mantissa == 0 || b.mantissa == 0 || numerator == 0) {
        *out = 0;
        return HEAN_OK;
    }
    /* One decimal place more than is kept, at least, so that what rounds is a single digit. */
    fits = wide_multiply(&value, magnitude(a.mantissa)) &&
           wide_multiply(&value, magnitude(b.mantissa)) &&
           wide_multiply(&value, magnitude(numerator));
    for (; fits && places < 1; places++)
        fits = wide_multiply(&value, 10);
    if (!fits)
        return HEAN_E_RANGE; /* over 2^256, and no denominator brings that below 2^126 */
    more = wide_divide(&value, (uint64_t)denominator) != 0;
    return wide_round(&value, places, more, negative, out);
}

/* Writes value * 10^exponent as plain text, without trailing zeros after the point. */
static char *format_decimal(base_int128 value, int exponent, char *out, size_t bytes)
{
    char digits[96]; /* least significant first */
    char text[100];
    size_t length = 0;
    int count = 0;
    bool negative = value < 0;

    if (negative)
        value = -value;
    if (value == 0)
        exponent = 0;
    while (exponent < 0 && value % 10 == 0) {
        value /= 10;
        exponent++;
    }
    BASE_ASSERT(exponent >= -40 && exponent <= 40);
    do {
        digits[count++] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    while (count <= -exponent)
        digits[count++] = '0'; /* "0.001" */
    for (int i = count - 1; i >= 0; i--) {
        text[length++] = digits[i];
        if (i > 0 && i == -exponent)
            text[length++] = '.';
    }
    for (int i = 0; i < exponent; i++)
        text[length++] = '0';
    text[length] = 0;
    (void)snprintf(out, bytes, "%s%s", negative ? "-" : "", text);
    return out;
}

char *decimal_format_units(int64_t units, hean_decimal step, char *out, size_t bytes)
{
    return format_decimal((base_int128)units * step.mantissa, step.exponent10, out, bytes);
}

char *decimal_format_scaled(base_int128 value, int scale10, char *out, size_t bytes)
{
    return format_decimal(value, -scale10, out, bytes);
}

double decimal_units_to_double(int64_t units, hean_decimal step)
{
    /* Both operands are exact for prices below 2^53, so one division rounds once. */
    double value = (double)units * (double)step.mantissa;
    if (step.exponent10 >= 0)
        return value * pow(10.0, step.exponent10);
    return value / pow(10.0, -step.exponent10);
}
