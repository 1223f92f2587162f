/*
 * time.c: reading and writing times as text, and the two clocks.
 *
 * Calendar arithmetic is Howard Hinnant's days_from_civil (public description,
 * "chrono-Compatible Low-Level Date Algorithms"), valid for the proleptic Gregorian calendar.
 */
#include <base/base.h>

#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY 86400

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    BASE_ASSERT(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * BASE_NS_PER_S + now.tv_nsec;
}

int64_t base_clock_wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

int64_t base_clock_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The reverse of days_from_civil. gmtime_r would do, but it reads the time zone's file at its first
 * call, which a jailed process may not. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (int)(month_from_march + (month_from_march < 10 ? 3 : -9));
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

char *base_time_format(int64_t time_ns, char *out, size_t bytes)
{
    int64_t day_ns = SECONDS_PER_DAY * BASE_NS_PER_S;
    int64_t days = time_ns / day_ns;
    int64_t ms = time_ns % day_ns;
    int64_t year;
    int month, day;

    if (ms < 0) {
        ms += day_ns;
        days--;
    }
    ms /= BASE_NS_PER_MS;
    civil_from_days(days, &year, &month, &day);
    (void)snprintf(out, bytes, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, day,
                   (int)(ms / 3600000), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
                   (int)(ms % 1000));
    return out;
}

/* Reads exactly `count` digits. */
static bool read_digits(const char **at, const char *end, int count, int64_t *out)
{
    int64_t value = 0;
    if (end - *at < count)
        return false;
    for (int i = 0; i < count; i++) {
        char digit = (*at)[i];
        if (digit < '0' || digit > '9')
            return false;
        value = value * 10 + (digit - '0');
    }
    *at += count;
    *out = value;
    return true;
}

static bool read_char(const char **at, const char *end, char expected)
{
    if (*at == end || **at != expected)
        return false;
    (*at)++;
    return true;
}

/* ".651681" as nanoseconds; digits after the ninth must not matter to us and are dropped. */
static bool read_fraction(const char **at, const char *end, int64_t *fraction_ns)
{
    int64_t unit = BASE_NS_PER_S / 10;
    bool any = false;

    *fraction_ns = 0;
    while (*at < end && **at >= '0' && **at <= '9') {
        *fraction_ns += (**at - '0') * unit;
        unit /= 10;
        (*at)++;
        any = true;
    }
    return any;
}

static bool read_clock(const char **at, const char *end, int64_t *time_ns)
{
    int64_t hour, minute, second = 0, fraction_ns = 0;

    if (!read_digits(at, end, 2, &hour) || !read_char(at, end, ':') ||
        !read_digits(at, end, 2, &minute))
        return false;
    if (read_char(at, end, ':')) {
        if (!read_digits(at, end, 2, &second))
            return false;
        if (read_char(at, end, '.') && !read_fraction(at, end, &fraction_ns))
            return false;
    }
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *time_ns = ((hour * 60 + minute) * 60 + second) * BASE_NS_PER_S + fraction_ns;
    return true;
}

static hean_status parse_calendar(const char *text, size_t bytes, int64_t *time_ns)
{
    static const int64_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *at = text;
    const char *end = text + bytes;
    int64_t year, month, day, clock = 0;
    bool leap;

    if (!read_digits(&at, end, 4, &year) || !read_char(&at, end, '-') ||
        !read_digits(&at, end, 2, &month) || !read_char(&at, end, '-') ||
        !read_digits(&at, end, 2, &day))
        return HEAN_E_PARSE;
    if (at < end) {
        if (!read_char(&at, end, 'T') && !read_char(&at, end, ' '))
            return HEAN_E_PARSE;
        if (!read_clock(&at, end, &clock))
            return HEAN_E_PARSE;
        if (!read_char(&at, end, 'Z') && end - at == 6 && memcmp(at, "+00:00", 6) == 0)
            at = end;
        if (at != end)
            return HEAN_E_PARSE;
    }
    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1 ||
        day > month_days[month - 1] + (month == 2 && leap ? 1 : 0))
        return HEAN_E_PARSE;
    if (year < 1678 || year > 2261)
        return HEAN_E_RANGE;
    *time_ns = days_from_civil(year, month, day) * SECONDS_PER_DAY * BASE_NS_PER_S + clock;
    return HEAN_OK;
}

/* Digits decide the unit: seconds have 10 digits from 2001 to 2286, milliseconds 13, and so on. */
static hean_status parse_epoch(const char *text, size_t bytes, int64_t *time_ns)
{
    const char *at = text;
    const char *end = text + bytes;
    int64_t value = 0, unit_ns, fraction_ns = 0;
    int digits = 0;

    while (at < end && *at >= '0' && *at <= '9') {
        if (++digits > 19 || __builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(*at - '0'), &value))
            return HEAN_E_RANGE;
        at++;
    }
    if (digits == 0)
        return HEAN_E_PARSE;
    unit_ns = digits <= 11   ? BASE_NS_PER_S
              : digits <= 14 ? BASE_NS_PER_MS
              : digits <= 17 ? BASE_NS_PER_US
                             : 1;
    if (read_char(&at, end, '.')) {
        if (!read_fraction(&at, end, &fraction_ns))
            return HEAN_E_PARSE;
        fraction_ns /= BASE_NS_PER_S / unit_ns;
    }
    if (at != end)
        return HEAN_E_PARSE;
    if (__builtin_mul_overflow(value, unit_ns, &value) ||
        __builtin_add_overflow(value, fraction_ns, &value))
        return HEAN_E_RANGE;
    *time_ns = value;
    return HEAN_OK;
}

hean_status base_time_parse(const char *text, size_t bytes, int64_t *time_ns)
{
    if (bytes > 4 && text[4] == '-')
        return parse_calendar(text, bytes, time_ns);
    return parse_epoch(text, bytes, time_ns);
}

hean_status base_duration_parse(const char *text, int64_t *duration_ns)
{
    static const struct {
        const char *suffix;
        int64_t ns;
    } units[] = {{"ms", BASE_NS_PER_MS},      {"s", BASE_NS_PER_S},
                 {"", BASE_NS_PER_S},         {"m", 60 * BASE_NS_PER_S},
                 {"h", 3600 * BASE_NS_PER_S}, {"d", 86400 * BASE_NS_PER_S},
                 {"us", BASE_NS_PER_US},      {"ns", 1}};
    const char *at = text;
    const char *end = text + strlen(text);
    int64_t value = 0, fraction_ns = 0, total;
    bool any = false;

    while (at < end && *at >= '0' && *at <= '9') {
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(*at - '0'), &value))
            return HEAN_E_RANGE;
        at++;
        any = true;
    }
    if (read_char(&at, end, '.') && !read_fraction(&at, end, &fraction_ns))
        return HEAN_E_PARSE;
    if (!any)
        return HEAN_E_PARSE;
    for (size_t i = 0; i < BASE_COUNT(units); i++) {
        if (strcmp(at, units[i].suffix) != 0)
            continue;
        base_int128 fraction = (base_int128)fraction_ns * units[i].ns / BASE_NS_PER_S;
        if (__builtin_mul_overflow(value, units[i].ns, &total) ||
            __builtin_add_overflow(total, (int64_t)fraction, &total))
            return HEAN_E_RANGE;
        *duration_ns = total;
        return HEAN_OK;
    }
    return HEAN_E_PARSE;
}
