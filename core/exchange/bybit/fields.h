/*
 * fields.h: the values of one row, by type, with the first that is wrong named in words.
 *
 * A number that is missing ("", null, no such key) is 0; what must be there is asked for with
 * field_require. Money arrives in texts only; whole numbers and times also as bare numbers.
 */
#ifndef BYBIT_FIELDS_H
#define BYBIT_FIELDS_H

#include <base/scan.h>

#include <exchange/bybit.h>
#include <market/number.h>

typedef struct row_fields {
    const char *what; /* "execution" */
    size_t row;
    const scan_key *keys;
    const scan_value *values;
    hean_status status; /* the first failure stays */
    hean_error *error;
} row_fields;

bool field_missing(const row_fields *fields, int key);
/* Refuses the row if one of `keys` (ended by -1) is missing. */
void fields_require(row_fields *fields, const int *keys);
void field_fail(row_fields *fields, int key, hean_status status, const char *expected);

/* Not negative, at most 2^53 steps. */
int64_t field_units(row_fields *fields, int key, const reader_step *step, reader_rounding rounding);
/* Negative ones are refused: {0, 0} if it is missing. */
hean_decimal field_decimal(row_fields *fields, int key);
int64_t field_scaled(row_fields *fields, int key, int scale10);
int64_t field_whole(row_fields *fields, int key);
/* Milliseconds since 1970 as nanoseconds. */
int64_t field_time_ns(row_fields *fields, int key);
bool field_flag(row_fields *fields, int key);
/* The text, or "": one that does not fit is a failure. */
void field_text(row_fields *fields, int key, char *out, size_t out_bytes);
bool field_is(const row_fields *fields, int key, const char *text);
/* Buy, Sell; "" and None are NONE. */
hean_side field_side(row_fields *fields, int key);

#endif
