/*
 * number.h: decimal text as whole ticks and lots.
 *
 * Exact: a number that is no multiple of the step is told, never rounded, unless asked for.
 */
#ifndef MARKET_NUMBER_H
#define MARKET_NUMBER_H

#include <base/decimal.h>

typedef enum reader_number {
    READER_NUMBER_OK,
    READER_NUMBER_EMPTY,
    READER_NUMBER_TEXT,     /* not a number */
    READER_NUMBER_NEGATIVE, /* below 0 */
    READER_NUMBER_OFF_STEP, /* not a multiple of the step, or the step is not known */
    READER_NUMBER_RANGE     /* too many digits */
} reader_number;

typedef enum reader_rounding {
    READER_EXACT,
    READER_FLOOR,  /* down to a whole step */
    READER_NEAREST /* half-even */
} reader_rounding;

/* A step, prepared for reading. All zero: not known yet. */
typedef struct reader_step {
    hean_decimal size;
    int32_t decimals; /* size = size.mantissa * 10^-decimals; -1: the slow way only */
} reader_step;

reader_step reader_step_of(hean_decimal size);

/* Reads plain digits, with or without a point, as far as they go, into whole steps. Gives where
 * they end; NULL, and nothing is known, if there are none or they need reader_number_read. */
static inline const char *reader_number_scan(const char *at, const char *end,
                                             const reader_step *step, int64_t *out)
{
    const char *start = at;
    int64_t value = 0;
    int missing = step->decimals;

    if (missing < 0 || step->size.mantissa == 0)
        return NULL;
    for (; at < end && (unsigned char)(*at - '0') <= 9 && at - start < 18; at++)
        value = value * 10 + (*at - '0');
    if (at == start || at - start + missing > 18)
        return NULL;
    if (at < end && *at == '.') {
        at++;
        for (; at < end && missing > 0 && (unsigned char)(*at - '0') <= 9; at++, missing--)
            value = value * 10 + (*at - '0');
        for (; at < end && *at == '0'; at++)
            ;
    }
    if (at < end && ((unsigned char)(*at - '0') <= 9 || *at == 'e' || *at == 'E'))
        return NULL; /* an exponent, or more decimals than the step has */
    value *= decimal_power10(missing);
    if (step->size.mantissa != 1) {
        if (value % step->size.mantissa != 0)
            return NULL;
        value /= step->size.mantissa;
    }
    *out = value;
    return at;
}

/* `*out` is text / step; untouched unless READER_NUMBER_OK. */
reader_number reader_number_read(const char *text, size_t bytes, const reader_step *step,
                                 reader_rounding rounding, int64_t *out);

#endif
