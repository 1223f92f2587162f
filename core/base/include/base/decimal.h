/*
 * decimal.h: exact decimal numbers, between text and integers.
 *
 * Prices, quantities and money arrive as text and leave as text; in between they are integers.
 * Nothing here uses floating point.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <base/base.h>

/* Reads "-12.340", "1.5e-05", "+3". Whole text or HEAN_E_PARSE (no blanks, no hex, no "nan");
 * more than 18 significant digits after dropping trailing zeros is HEAN_E_RANGE. */
hean_status decimal_parse(const char *text, size_t bytes, hean_decimal *out) HEAN_WARN_UNUSED;

/* value / step as a whole number. HEAN_E_INVALID if it does not divide evenly, HEAN_E_RANGE if it
 * does not fit; step must be positive. */
hean_status decimal_to_units(hean_decimal value, hean_decimal step, int64_t *out) HEAN_WARN_UNUSED;

/* value * 10^scale10, half-even; HEAN_E_RANGE if it does not fit. scale10 8 gives e8. */
hean_status decimal_to_scaled(hean_decimal value, int scale10, int64_t *out) HEAN_WARN_UNUSED;

/* text -> e8 or e12 integers, in one step. */
hean_status decimal_parse_scaled(const char *text, size_t bytes, int scale10,
                                 int64_t *out) HEAN_WARN_UNUSED;

/* text * 10^scale10, exactly, for numbers of more than 18 digits: HEAN_E_RANGE if it has more
 * decimals than that, or is larger than 10^36. */
hean_status decimal_parse_wide(const char *text, size_t bytes, int scale10,
                               base_int128 *out) HEAN_WARN_UNUSED;

/* units * step as plain text without trailing zeros ("2681.62"); returns out (48 bytes do). */
char *decimal_format_units(int64_t units, hean_decimal step, char *out, size_t bytes);
/* value / 10^scale10 as plain text without trailing zeros. */
char *decimal_format_scaled(base_int128 value, int scale10, char *out, size_t bytes);

/* The number nearest to units * step. */
double decimal_units_to_double(int64_t units, hean_decimal step);

/* numerator / denominator, half-even; denominator must not be 0. HEAN_E_RANGE on overflow. */
hean_status decimal_divide(base_int128 numerator, base_int128 denominator,
                           int64_t *out) HEAN_WARN_UNUSED;

/* a * b * numerator / denominator * 10^scale10, exact up to the one rounding at the end
 * (half-even). denominator > 0. HEAN_E_RANGE if it does not fit. */
hean_status decimal_product(hean_decimal a, hean_decimal b, int64_t numerator, int64_t denominator,
                            int scale10, base_int128 *out) HEAN_WARN_UNUSED;

/* 10^exponent for 0..18, asserted. */
int64_t decimal_power10(int exponent);

#endif
