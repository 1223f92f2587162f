/*
 * fields.c: see fields.h.
 */
#include "fields.h"

#include <base/decimal.h>
#include <market/event.h>

#include <string.h>

#define TIME_MS_MAX (MARKET_TIME_NS_MAX / BASE_NS_PER_MS)

bool field_missing(const row_fields *fields, int key)
{
    const scan_value *value = &fields->values[key];
    return value->kind == SCAN_ABSENT || value->kind == SCAN_NULL ||
           (value->kind == SCAN_TEXT && value->bytes == 0);
}

void field_fail(row_fields *fields, int key, hean_status status, const char *expected)
{
    if (fields->status != HEAN_OK)
        return;
    fields->status = base_fail(fields->error, status, "%s %zu: %s: expected %s", fields->what,
                               fields->row, fields->keys[key].name, expected);
}

void fields_require(row_fields *fields, const int *keys)
{
    for (; *keys >= 0; keys++) {
        if (field_missing(fields, *keys))
            field_fail(fields, *keys, HEAN_E_INVALID, "a value");
    }
}

/* The meaning of a TEXT; `plain` (64 bytes) holds it if it is written with escapes. False, and the
 * row has failed, if it is no text. */
static bool text_of(row_fields *fields, int key, char plain[64], const char **text, size_t *bytes)
{
    const scan_value *value = &fields->values[key];

    if (value->kind != SCAN_TEXT) {
        field_fail(fields, key, HEAN_E_INVALID, "a text");
        return false;
    }
    *text = value->text;
    *bytes = value->bytes;
    if (value->escaped) {
        if (scan_text(value, plain, 64) != HEAN_OK) {
            field_fail(fields, key, HEAN_E_RANGE, "a shorter text");
            return false;
        }
        *text = plain;
        *bytes = strlen(plain);
    }
    return true;
}

int64_t field_units(row_fields *fields, int key, const reader_step *step, reader_rounding rounding)
{
    const char *text;
    char plain[64];
    size_t bytes;
    int64_t units = 0;

    if (field_missing(fields, key) || !text_of(fields, key, plain, &text, &bytes))
        return 0;
    switch (reader_number_read(text, bytes, step, rounding, &units)) {
    case READER_NUMBER_OK:
        if (units <= MARKET_LOTS_MAX)
            return units;
        field_fail(fields, key, HEAN_E_RANGE, "at most 2^53 steps");
        return 0;
    case READER_NUMBER_NEGATIVE:
        field_fail(fields, key, HEAN_E_RANGE, "a number that is not negative");
        return 0;
    case READER_NUMBER_OFF_STEP:
        field_fail(fields, key, HEAN_E_INVALID, "a multiple of the instrument's step");
        return 0;
    case READER_NUMBER_RANGE:
        field_fail(fields, key, HEAN_E_RANGE, "a number with fewer digits");
        return 0;
    default:
        field_fail(fields, key, HEAN_E_PARSE, "a number");
        return 0;
    }
}

hean_decimal field_decimal(row_fields *fields, int key)
{
    hean_decimal value = {0, 0};
    const char *text;
    char plain[64];
    size_t bytes;

    if (field_missing(fields, key) || !text_of(fields, key, plain, &text, &bytes))
        return value;
    if (decimal_parse(text, bytes, &value) != HEAN_OK || value.mantissa < 0)
        field_fail(fields, key, HEAN_E_PARSE, "a number that is not negative");
    return value;
}

int64_t field_scaled(row_fields *fields, int key, int scale10)
{
    const char *text;
    char plain[64];
    size_t bytes;
    int64_t value = 0;
    hean_status status;

    if (field_missing(fields, key) || !text_of(fields, key, plain, &text, &bytes))
        return 0;
    status = decimal_parse_scaled(text, bytes, scale10, &value);
    if (status != HEAN_OK)
        field_fail(fields, key, status,
                   status == HEAN_E_RANGE ? "a number with fewer digits" : "a number");
    return value;
}

int64_t field_whole(row_fields *fields, int key)
{
    const scan_value *value = &fields->values[key];
    const char *text, *end;
    char plain[64];
    size_t bytes;
    int64_t whole = 0;
    bool negative, good = true;

    if (field_missing(fields, key))
        return 0;
    if (value->kind == SCAN_NUMBER) {
        text = value->text;
        bytes = value->bytes;
    } else if (!text_of(fields, key, plain, &text, &bytes)) {
        return 0;
    }
    end = text + bytes;
    negative = bytes > 1 && *text == '-';
    for (text += negative; text < end && good; text++) {
        int digit = *text - '0';
        good = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(whole, 10, &whole) &&
               !__builtin_add_overflow(whole, digit, &whole);
    }
    if (good)
        return negative ? -whole : whole;
    field_fail(fields, key, HEAN_E_INVALID, "a whole number of 64 bits");
    return 0;
}

int64_t field_time_ns(row_fields *fields, int key)
{
    int64_t time_ms = field_whole(fields, key);

    if (time_ms >= 0 && time_ms <= TIME_MS_MAX)
        return time_ms * BASE_NS_PER_MS;
    field_fail(fields, key, HEAN_E_RANGE, "milliseconds since 1970");
    return 0;
}

bool field_flag(row_fields *fields, int key)
{
    const scan_value *value = &fields->values[key];

    if (field_missing(fields, key))
        return false;
    if (value->kind != SCAN_BOOL)
        field_fail(fields, key, HEAN_E_INVALID, "true or false");
    return *value->text == 't';
}

void field_text(row_fields *fields, int key, char *out, size_t out_bytes)
{
    *out = 0;
    if (field_missing(fields, key))
        return;
    if (fields->values[key].kind != SCAN_TEXT)
        field_fail(fields, key, HEAN_E_INVALID, "a text");
    else if (scan_text(&fields->values[key], out, out_bytes) != HEAN_OK)
        field_fail(fields, key, HEAN_E_RANGE, "a shorter text");
}

bool field_is(const row_fields *fields, int key, const char *text)
{
    return scan_text_is(&fields->values[key], text);
}

hean_side field_side(row_fields *fields, int key)
{
    if (field_is(fields, key, "Buy"))
        return HEAN_SIDE_BUY;
    if (field_is(fields, key, "Sell"))
        return HEAN_SIDE_SELL;
    if (!field_missing(fields, key) && !field_is(fields, key, "None"))
        field_fail(fields, key, HEAN_E_INVALID, "Buy or Sell");
    return HEAN_SIDE_NONE;
}
