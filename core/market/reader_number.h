/*
 * reader_number.h: the step that a set of numbers has.
 */
#ifndef MARKET_READER_NUMBER_H
#define MARKET_READER_NUMBER_H

#include <market/number.h>

/* ---- the step of numbers seen ---- */
typedef struct reader_scale {
    hean_decimal divisor; /* the greatest number of which all are multiples; mantissa 0: none yet */
    hean_decimal last;
    uint64_t values; /* that differ from the one before */
} reader_scale;

/* READER_NUMBER_RANGE if this number and those before have no common step of 18 digits. */
reader_number reader_scale_add(reader_scale *scale, hean_decimal value);
/* The largest 1, 2 or 5 times a power of ten that divides all; with few numbers, where that may be
 * chance, the largest of 1, 0.1, 0.01, ... Without numbers: `otherwise`. */
hean_decimal reader_scale_step(const reader_scale *scale, hean_decimal otherwise);

#endif
