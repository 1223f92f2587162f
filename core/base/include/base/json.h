/*
 * json.h: a JSON writer: text as it goes, so that decimals stay exact.
 *
 * Not jansson: its numbers are doubles, and money printed here must be exact to the last digit.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <base/decimal.h>

/* Memory that ran out shows in buffer.failed. Free with base_buffer_deinit(&json.buffer). */
typedef struct base_json {
    base_buffer buffer;
    bool comma;
} base_json;
void base_json_init(base_json *json, const hean_allocator *allocator);
/* key is NULL inside arrays and at the top. */
void base_json_object(base_json *json, const char *key);
void base_json_object_end(base_json *json);
void base_json_array(base_json *json, const char *key);
void base_json_array_end(base_json *json);
void base_json_text(base_json *json, const char *key, const char *text);
void base_json_whole(base_json *json, const char *key, int64_t value);
void base_json_bool(base_json *json, const char *key, bool value);
void base_json_null(base_json *json, const char *key);
/* value / 10^scale10 as an exact number, e.g. money in e8 with scale10 8. */
void base_json_scaled(base_json *json, const char *key, base_int128 value, int scale10);
/* units * step as an exact number: prices and quantities. */
void base_json_units(base_json *json, const char *key, int64_t units, hean_decimal step);
/* Not for money. NaN and infinity become null. */
void base_json_real(base_json *json, const char *key, double value);
void base_json_time(base_json *json, const char *key, int64_t time_ns);

#endif
