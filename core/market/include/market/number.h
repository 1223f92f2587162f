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

/* `*out` is text / step; untouched unless READER_NUMBER_OK. */
reader_number reader_number_read(const char *text, size_t bytes, const reader_step *step,
                                 reader_rounding rounding, int64_t *out);

#endif
