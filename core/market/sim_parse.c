/*
 * sim_parse.c: reads the description of a synthetic market, "42,hours=2,rate=500".
 */
#include <base/decimal.h>
#include <market/event.h>
#include <market/sim.h>

#include <string.h>

#define VALUE_BYTES 48
#define START_NS    (INT64_C(1704067200) * BASE_NS_PER_S) /* 2024-01-01T00:00:00Z */
#define HOURS_MAX   100000

market_sim_options market_sim_options_default(uint64_t seed)
{
    return (market_sim_options){.seed = seed,
                                .start_ns = START_NS,
                                .instruments = 2,
                                .funding_interval_ns = 8 * 3600 * BASE_NS_PER_S,
                                .events_per_second = 200};
}

hean_status market_sim_check(const market_sim_options *options, hean_error *error)
{
    if (options->instruments < 1 || options->instruments > MARKET_SIM_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_RANGE, "sim: instruments: expected 1 to %d",
                         MARKET_SIM_INSTRUMENTS_MAX);
    if (options->start_ns < 0 || options->start_ns > MARKET_TIME_NS_MAX / 2)
        return base_fail(error, HEAN_E_RANGE, "sim: start: expected a time from 1970 to 2043");
    if (!(options->events_per_second >= MARKET_SIM_RATE_MIN &&
          options->events_per_second <= MARKET_SIM_RATE_MAX))
        return base_fail(error, HEAN_E_RANGE, "sim: rate: expected %d to %d events per second",
                         MARKET_SIM_RATE_MIN, MARKET_SIM_RATE_MAX);
    if (options->funding_interval_ns < BASE_NS_PER_S ||
        options->funding_interval_ns > 7 * 86400 * BASE_NS_PER_S ||
        options->funding_interval_ns % BASE_NS_PER_S != 0)
        return base_fail(error, HEAN_E_RANGE,
                         "sim: funding: expected whole seconds, from 1 second to 7 days");
    return HEAN_OK;
}

enum { KEY_HOURS, KEY_START, KEY_INSTRUMENTS, KEY_RATE, KEY_FUNDING, KEY_COUNT };
static const char *const key_names[KEY_COUNT] = {"hours", "start", "instruments", "rate",
                                                 "funding"};
static const char *const key_expected[KEY_COUNT] = {
    "a number of hours above 0, up to 100000", "a date or time from 1970 to 2043",
    "a whole number from 1 to 64", "events per second from 1 to 1000000",
    "a duration such as 15m, in whole seconds, up to 7d"};

/* Digits only; overflow is an error. */
static bool read_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == 0)
        return false;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

static hean_status read_value(int key, const char *text, market_sim_options *options,
                              int64_t *duration_ns)
{
    hean_status status = HEAN_OK;
    uint64_t number = 0;
    int64_t value = 0;

    switch (key) {
    case KEY_HOURS: /* in e9 hours, so that each unit is 3600 ns */
        status = decimal_parse_scaled(text, strlen(text), 9, &value);
        if (status == HEAN_OK && (value < 1 || value > HOURS_MAX * BASE_NS_PER_S))
            status = HEAN_E_RANGE;
        *duration_ns = status == HEAN_OK ? value * 3600 : 0;
        break;
    case KEY_START:
        status = base_time_parse(text, strlen(text), &options->start_ns);
        break;
    case KEY_INSTRUMENTS:
        if (!read_number(text, &number))
            return HEAN_E_PARSE;
        if (number > MARKET_SIM_INSTRUMENTS_MAX)
            return HEAN_E_RANGE;
        options->instruments = (uint16_t)number;
        break;
    case KEY_RATE:
        status = decimal_parse_scaled(text, strlen(text), 3, &value);
        options->events_per_second = (double)value / 1000;
        break;
    default:
        status = base_duration_parse(text, &options->funding_interval_ns);
        break;
    }
    return status;
}

static hean_status take_pair(char *pair, uint32_t *given, market_sim_options *options,
                             int64_t *duration_ns, hean_error *error)
{
    char *value = strchr(pair, '=');
    const char *nearest;
    hean_status status;
    int key = 0;

    if (value == NULL)
        return base_fail(error, HEAN_E_PARSE, "sim: expected key=value, got \"%s\"", pair);
    *value++ = 0;
    while (key < KEY_COUNT && strcmp(pair, key_names[key]) != 0)
        key++;
    if (key == KEY_COUNT) {
        nearest = base_text_nearest(pair, key_names, KEY_COUNT);
        return base_fail(error, HEAN_E_NOT_FOUND, "sim: unknown key \"%s\"%s%s%s", pair,
                         nearest != NULL ? "; did you mean \"" : "; expected hours, start, ",
                         nearest != NULL ? nearest : "instruments, rate or funding",
                         nearest != NULL ? "\"?" : "");
    }
    if ((*given & 1u << key) != 0)
        return base_fail(error, HEAN_E_PARSE, "sim: %s is given twice", pair);
    *given |= 1u << key;
    status = read_value(key, value, options, duration_ns);
    if (status != HEAN_OK)
        return base_fail(error, status, "sim: %s=%s: expected %s", pair, value, key_expected[key]);
    return HEAN_OK;
}

hean_status market_sim_parse(const char *text, market_sim_options *options, int64_t *duration_ns,
                             hean_error *error)
{
    market_sim_options made = market_sim_options_default(0);
    int64_t duration = 3600 * BASE_NS_PER_S;
    uint32_t given = 0;
    bool first = true;
    hean_status status = HEAN_OK;

    for (const char *at = text, *end; status == HEAN_OK; at = end + 1, first = false) {
        char part[VALUE_BYTES];
        end = strchrnul(at, ',');
        if ((size_t)(end - at) >= sizeof part)
            return base_fail(error, HEAN_E_PARSE, "sim: \"%.20s...\" is too long", at);
        memcpy(part, at, (size_t)(end - at));
        part[end - at] = 0;
        base_text_clean(part, (size_t)(end - at));
        if (!first)
            status = take_pair(part, &given, &made, &duration, error);
        else if (!read_number(part, &made.seed))
            status = base_fail(error, HEAN_E_PARSE,
                               "sim: expected a seed, a whole number such as 42, got \"%s\"", part);
        if (*end == 0)
            break;
    }
    if (status == HEAN_OK)
        status = market_sim_check(&made, error);
    if (status != HEAN_OK)
        return status;
    *options = made;
    *duration_ns = duration;
    return HEAN_OK;
}
