/*
 * policy_line.c: a strict reader of process lines (see policy_line.h), in one pass.
 */
#include "policy_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  64
#define HAS_STATUS (1u << 17)
#define STATUSES   "PENDING, RUNNING, COMPLETED, FAILED or CANCELLED"

typedef struct cursor {
    const char *start, *at, *end;
    policy_line *line;
    hean_error *error;
    char path[32]; /* of the run: "runs[3]." */
} cursor;

/* ---- errors ---- */

static hean_status no_json(cursor *self, const char *expected)
{
    return base_fail(self->error, HEAN_E_PARSE, "no JSON: expected %s at column %zu", expected,
                     (size_t)(self->at - self->start) + 1);
}

/* Names the value at `at`: the first characters of it. */
static hean_status refuse(cursor *self, const char *field, const char *expected, const char *at)
{
    char got[44];
    size_t bytes = 0;

    if (at == NULL || at >= self->end)
        return base_fail(self->error, HEAN_E_PARSE, "%s%s: expected %s, got nothing", self->path,
                         field, expected);
    if (*at == '"')
        at++;
    while (at + bytes < self->end && bytes < sizeof(got) - 1 &&
           strchr("\",]}", at[bytes]) == NULL && at[bytes] != 0)
        bytes++;
    memcpy(got, at, bytes);
    got[bytes] = 0;
    base_text_clean(got, bytes);
    return base_fail(self->error, HEAN_E_PARSE, "%s%s: expected %s, got %s", self->path, field,
                     expected, got);
}

/* ---- tokens ---- */

static void skip_blanks(cursor *self)
{
    while (self->at < self->end && (*self->at == ' ' || *self->at == '\t' || *self->at == '\r'))
        self->at++;
}

/* The next character that is no blank; 0 at the end. */
static char peek(cursor *self)
{
    skip_blanks(self);
    return self->at < self->end ? *self->at : 0;
}

static bool take(cursor *self, char c)
{
    if (peek(self) != c)
        return false;
    self->at++;
    return true;
}

static hean_status read_text(cursor *self, policy_text *out, bool *escaped)
{
    if (!take(self, '"'))
        return no_json(self, "a text");
    const char *at = self->at;
    while (at < self->end && *at != '"') {
        if ((unsigned char)*at < 0x20) {
            self->at = at;
            return no_json(self, "no control character");
        }
        if (*at == '\\') {
            *escaped = true;
            at++;
        }
        at++;
    }
    if (at >= self->end) {
        self->at = self->end;
        return no_json(self, "the end of a text");
    }
    *out = (policy_text){self->at, (uint32_t)(at - self->at)};
    self->at = at + 1;
    return HEAN_OK;
}

static bool is(policy_text text, const char *word)
{
    size_t bytes = strlen(word);
    return text.bytes == bytes && memcmp(text.at, word, bytes) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* NaN and Infinity are no JSON, but what Python writes. */
static bool take_word(cursor *self, const char *word)
{
    size_t bytes = strlen(word);
    if ((size_t)(self->end - self->at) < bytes || memcmp(self->at, word, bytes) != 0)
        return false;
    self->at += bytes;
    return true;
}

/* Digits onto the mantissa as long as it stays exact; returns how many there were. */
static size_t take_digits(cursor *self, uint64_t *mantissa, bool *exact)
{
    const char *start = self->at;
    for (; self->at < self->end && is_digit(*self->at); self->at++) {
        if (*mantissa > (UINT64_C(1) << 53) / 10 - 1)
            *exact = false;
        else
            *mantissa = *mantissa * 10 + (uint64_t)(*self->at - '0');
    }
    return (size_t)(self->at - start);
}

static bool take_exponent(cursor *self, int *exponent)
{
    if (self->at >= self->end || (*self->at != 'e' && *self->at != 'E'))
        return true;
    self->at++;
    bool negative = self->at < self->end && *self->at == '-';
    if (negative || (self->at < self->end && *self->at == '+'))
        self->at++;
    int value = 0;
    const char *start = self->at;
    for (; self->at < self->end && is_digit(*self->at); self->at++)
        value = value < 10000 ? value * 10 + (*self->at - '0') : value;
    *exponent += negative ? -value : value;
    return self->at > start;
}

/* A mantissa below 2^53 times or through a power of ten up to 10^22 is one rounding: exact. */
static double scaled(uint64_t mantissa, int exponent)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return exponent < 0 ? (double)mantissa / tens[-exponent] : (double)mantissa * tens[exponent];
}

/* False: no number. */
static bool read_number(cursor *self, double *out)
{
    const char *start = self->at;
    bool negative = take(self, '-');
    uint64_t mantissa = 0;
    bool exact = true;
    int exponent = 0;

    if (take_word(self, "NaN") || take_word(self, "Infinity")) {
        *out = self->at[-1] == 'N' ? NAN : negative ? -INFINITY : INFINITY;
        return true;
    }
    const char *digits = self->at;
    size_t whole = take_digits(self, &mantissa, &exact);
    if (whole == 0 || (whole > 1 && *digits == '0'))
        return false;
    if (self->at < self->end && *self->at == '.') {
        self->at++;
        size_t fraction = take_digits(self, &mantissa, &exact);
        if (fraction == 0 || fraction > 5000)
            return false;
        exponent = -(int)fraction;
    }
    if (!take_exponent(self, &exponent))
        return false;
    if (exact && exponent >= -22 && exponent <= 22) {
        *out = scaled(mantissa, exponent);
        *out = negative ? -*out : *out;
        return true;
    }
    char copy[128];
    size_t bytes = (size_t)(self->at - start);
    if (bytes >= sizeof(copy))
        return false;
    memcpy(copy, start, bytes);
    copy[bytes] = 0;
    *out = strtod(copy, NULL);
    return true;
}

/* Walks over any value. */
static hean_status skip_value(cursor *self)
{
    char open[DEPTH_MAX];
    int depth = 0;
    policy_text text;
    bool escaped;
    double number;

    for (;;) {
        char c = peek(self);
        if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX)
                return no_json(self, "at most 64 levels");
            open[depth++] = c;
            self->at++;
            if (peek(self) != (c == '{' ? '}' : ']')) {
                if (c == '{' && (read_text(self, &text, &escaped) != HEAN_OK || !take(self, ':')))
                    return no_json(self, "a name and ':'");
                continue;
            }
        } else if (c == '"') {
            hean_status status = read_text(self, &text, &escaped);
            if (status != HEAN_OK)
                return status;
        } else if (!take_word(self, "true") && !take_word(self, "false") &&
                   !take_word(self, "null") && !read_number(self, &number)) {
            return no_json(self, "a value");
        }
        for (;;) { /* what ends here ends what is around it as well */
            if (depth == 0)
                return HEAN_OK;
            char kind = open[depth - 1];
            if (!take(self, kind == '{' ? '}' : ']'))
                break;
            depth--;
        }
        if (!take(self, ','))
            return no_json(self, "',' or the end");
        if (open[depth - 1] == '{' &&
            (read_text(self, &text, &escaped) != HEAN_OK || !take(self, ':')))
            return no_json(self, "a name and ':'");
    }
}

/* Reads "name": and tells whether there is one more; false with HEAN_OK at the closing brace. */
static bool next_name(cursor *self, bool first, policy_text *name, hean_status *status)
{
    bool escaped;

    *status = HEAN_OK;
    if (take(self, '}'))
        return false;
    if (!first && !take(self, ','))
        *status = no_json(self, "',' or '}'");
    else
        *status = read_text(self, name, &escaped);
    if (*status == HEAN_OK && !take(self, ':'))
        *status = no_json(self, "':'");
    skip_blanks(self);
    return *status == HEAN_OK;
}

/* ---- a run ---- */

static const char *const number_names[POLICY_NUMBERS] = {
    "capital_delta", "roi", "time_hours", "volatility", "spread_bps", "capital_allocated_usd"};

static hean_status take_number(cursor *self, policy_run *run, int index, const char *prefix)
{
    const char *at = self->at;
    char field[64];
    double value = 0;

    (void)snprintf(field, sizeof(field), "%s%s", prefix, number_names[index]);
    if (take_word(self, "null"))
        return HEAN_OK;
    if (!read_number(self, &value))
        return refuse(self, field, "a number", at);
    if (index == POLICY_CAPITAL && !(value >= 0 && value < INFINITY))
        return refuse(self, field, "a number from 0", at);
    if ((run->has >> index & 1) != 0)
        return refuse(self, field, "one value", at);
    run->numbers[index] = value;
    run->has |= 1u << index;
    return HEAN_OK;
}

static hean_status read_metrics(cursor *self, policy_run *run)
{
    const char *start = self->at;
    policy_text name = {NULL, 0};
    hean_status status = HEAN_OK;
    bool other = false;

    if (take_word(self, "null"))
        return HEAN_OK;
    if (!take(self, '{'))
        return refuse(self, "metrics", "an object", start);
    for (bool first = true; next_name(self, first, &name, &status); first = false) {
        int index = 0;
        while (index < POLICY_CAPITAL && !is(name, number_names[index]))
            index++;
        other = other || index == POLICY_CAPITAL;
        status =
            index < POLICY_CAPITAL ? take_number(self, run, index, "metrics.") : skip_value(self);
        if (status != HEAN_OK)
            return status;
    }
    if (other)
        run->metrics = (policy_text){start, (uint32_t)(self->at - start)};
    return status;
}

/* "+05:30" or "-0100" at the end of a time: its seconds, and the time without it. */
static bool take_zone(policy_text *text, int *seconds)
{
    *seconds = 0;
    for (size_t i = 19; i < text->bytes; i++) {
        const char *zone = text->at + i;
        size_t bytes = text->bytes - i;
        if (*zone != '+' && *zone != '-')
            continue;
        int gap = bytes == 6 && zone[3] == ':' ? 1 : 0;
        if ((bytes != 6 || gap == 0) && bytes != 5)
            return false;
        if (!is_digit(zone[1]) || !is_digit(zone[2]) || !is_digit(zone[3 + gap]) ||
            !is_digit(zone[4 + gap]) || text->at[i - 1] == 'Z')
            return false;
        int hours = (zone[1] - '0') * 10 + zone[2] - '0';
        int minutes = (zone[3 + gap] - '0') * 10 + zone[4 + gap] - '0';
        *seconds = (hours * 60 + minutes) * (*zone == '-' ? -60 : 60);
        text->bytes = i;
        return true;
    }
    return true;
}

bool policy_time_parse(const char *at, size_t bytes, double *time_s)
{
    policy_text text = {at, (uint32_t)bytes};
    int zone;
    int64_t ns;

    if (text.bytes < 10 || text.at[4] != '-' || !take_zone(&text, &zone) ||
        base_time_parse(text.at, text.bytes, &ns) != HEAN_OK)
        return false;
    int64_t whole_s = ns / BASE_NS_PER_S;
    int64_t rest_ns = ns % BASE_NS_PER_S;
    *time_s = (double)(whole_s - zone) + (double)rest_ns / (double)BASE_NS_PER_S;
    return true;
}

static hean_status take_text(cursor *self, const char *field, policy_run *run, policy_text *out)
{
    const char *at = self->at;
    bool escaped = false;

    if (peek(self) != '"')
        return refuse(self, field, "a text", at);
    if (out->at != NULL)
        return refuse(self, field, "one value", at);
    hean_status status = read_text(self, out, &escaped);
    if (status == HEAN_OK && out->bytes == 0)
        return refuse(self, field, "a text", at);
    run->has |= escaped ? POLICY_ESCAPED : 0;
    return status;
}

/* All runs of a line belong to one process. */
static hean_status take_process_id(cursor *self, policy_run *run)
{
    const char *at = self->at;
    policy_text text = {NULL, 0};
    policy_text *known = &self->line->process_id;

    if (take_word(self, "null"))
        return HEAN_OK;
    hean_status status = take_text(self, "process_id", run, &text);
    if (status != HEAN_OK || text.at == NULL)
        return status;
    if (known->at == NULL)
        *known = text;
    if (known->bytes != text.bytes || memcmp(known->at, text.at, text.bytes) != 0)
        return refuse(self, "process_id", "that of the runs before", at);
    return HEAN_OK;
}

static hean_status take_status(cursor *self, policy_run *run)
{
    static const char *const statuses[] = {"COMPLETED", "FAILED", "PENDING", "RUNNING",
                                           "CANCELLED"};
    const char *at = self->at;
    policy_text text = {NULL, 0};
    hean_status status = take_text(self, "status", run, &text);

    for (uint32_t i = 0; status == HEAN_OK && i < BASE_COUNT(statuses); i++) {
        if (is(text, statuses[i])) {
            run->status = i;
            run->has |= HAS_STATUS;
            return HEAN_OK;
        }
    }
    return status != HEAN_OK ? status : refuse(self, "status", STATUSES, at);
}

static hean_status take_field(cursor *self, policy_text name, policy_run *run)
{
    if (is(name, "run_id"))
        return take_text(self, "run_id", run, &run->run_id);
    if (is(name, "process_id"))
        return take_process_id(self, run);
    if (is(name, "started_at"))
        return take_text(self, "started_at", run, &run->started_at);
    if (is(name, "status"))
        return take_status(self, run);
    if (is(name, "metrics"))
        return read_metrics(self, run);
    if (is(name, "capital_allocated_usd"))
        return take_number(self, run, POLICY_CAPITAL, "");
    return skip_value(self);
}

static hean_status check_run(cursor *self, policy_run *run)
{
    if (run->run_id.at == NULL)
        return refuse(self, "run_id", "a text", NULL);
    if ((run->has & HAS_STATUS) == 0)
        return refuse(self, "status", STATUSES, NULL);
    if (run->started_at.at == NULL ||
        !policy_time_parse(run->started_at.at, run->started_at.bytes, &run->time_s))
        return refuse(self, "started_at", "an ISO 8601 time", run->started_at.at);
    return HEAN_OK;
}

/* NULL: no memory. */
static policy_run *add_run(policy_line *line)
{
    if (line->run_count == line->run_capacity) {
        uint32_t capacity = line->run_capacity > 0 ? line->run_capacity * 2 : 128;
        policy_run *runs =
            line->allocator->resize(line->allocator->context, line->runs, capacity * sizeof(*runs));
        if (runs == NULL)
            return NULL;
        line->runs = runs;
        line->run_capacity = capacity;
    }
    policy_run *run = &line->runs[line->run_count++];
    memset(run, 0, sizeof(*run));
    return run;
}

static hean_status read_run(cursor *self)
{
    policy_text name = {NULL, 0};
    const char *start = self->at;
    hean_status status;

    if (!take(self, '{')) {
        char field[32];
        (void)snprintf(field, sizeof(field), "runs[%u]", self->line->run_count);
        return refuse(self, field, "an object", start);
    }
    (void)snprintf(self->path, sizeof(self->path), "runs[%u].", self->line->run_count);
    policy_run *run = add_run(self->line);
    if (run == NULL)
        return base_fail(self->error, HEAN_E_NO_MEMORY, "no memory for another run");
    for (bool first = true; next_name(self, first, &name, &status); first = false) {
        status = take_field(self, name, run);
        if (status != HEAN_OK)
            return status;
    }
    return status == HEAN_OK ? check_run(self, run) : status;
}

static hean_status read_runs(cursor *self)
{
    if (peek(self) != '[')
        return refuse(self, "runs", "a list", self->at);
    self->at++;
    if (take(self, ']'))
        return HEAN_OK;
    for (;;) {
        skip_blanks(self);
        hean_status status = read_run(self);
        self->path[0] = 0;
        if (status != HEAN_OK)
            return status;
        if (take(self, ']'))
            return HEAN_OK;
        if (!take(self, ','))
            return no_json(self, "',' or ']'");
    }
}

/* ---- runs that come twice ---- */

static uint32_t hash_of(policy_text text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < text.bytes; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * 16777619u;
    return hash;
}

/* Room for twice as many as there are runs, so that a search ends soon. */
static hean_status clear_places(cursor *self)
{
    policy_line *line = self->line;
    uint32_t count = 256;
    while (count < line->run_count * 2)
        count *= 2;
    if (count > line->place_count) {
        uint32_t *places = line->allocator->resize(line->allocator->context, line->places,
                                                   count * sizeof(*places));
        if (places == NULL)
            return base_fail(self->error, HEAN_E_NO_MEMORY, "no memory for %u runs",
                             line->run_count);
        line->places = places;
        line->place_count = count;
    }
    memset(line->places, 0, line->place_count * sizeof(*line->places));
    return HEAN_OK;
}

static hean_status mark_duplicates(cursor *self)
{
    policy_line *line = self->line;
    hean_status status = clear_places(self);

    for (uint32_t i = 0; status == HEAN_OK && i < line->run_count; i++) {
        policy_text id = line->runs[i].run_id;
        uint32_t place = hash_of(id) & (line->place_count - 1);
        for (; line->places[place] != 0; place = (place + 1) & (line->place_count - 1)) {
            policy_text other = line->runs[line->places[place] - 1].run_id;
            if (other.bytes == id.bytes && memcmp(other.at, id.at, id.bytes) == 0) {
                line->runs[i].has |= POLICY_DUPLICATE;
                break;
            }
        }
        if (line->places[place] == 0)
            line->places[place] = i + 1;
    }
    return status;
}

/* ---- the line ---- */

void policy_line_init(policy_line *line, const hean_allocator *allocator)
{
    memset(line, 0, sizeof(*line));
    line->allocator = allocator;
}

void policy_line_deinit(policy_line *line)
{
    base_free(line->allocator, line->runs);
    base_free(line->allocator, line->places);
    line->runs = NULL;
    line->places = NULL;
}

hean_status policy_line_parse(policy_line *line, const char *text, size_t bytes, hean_error *error)
{
    cursor self = {text, text, text + bytes, line, error, ""};
    policy_text name = {NULL, 0};
    bool runs = false;
    hean_status status;

    line->entry = line->process_id = (policy_text){NULL, 0};
    line->run_count = 0;
    if (!take(&self, '{'))
        return refuse(&self, "the line", "an object", self.at < self.end ? self.at : NULL);
    for (bool first = true; next_name(&self, first, &name, &status); first = false) {
        const char *start = self.at;
        if (is(name, "entry") && line->entry.at != NULL)
            return refuse(&self, "entry", "one value", start);
        if (is(name, "runs") && runs)
            return refuse(&self, "runs", "one value", start);
        if (is(name, "entry") && peek(&self) != '{')
            return refuse(&self, "entry", "an object", start);
        runs = runs || is(name, "runs");
        status = is(name, "runs") ? read_runs(&self) : skip_value(&self);
        if (status != HEAN_OK)
            return status;
        if (is(name, "entry"))
            line->entry = (policy_text){start, (uint32_t)(self.at - start)};
    }
    if (status == HEAN_OK && peek(&self) != 0)
        status = no_json(&self, "the end of the line");
    if (status == HEAN_OK && line->entry.at == NULL)
        return refuse(&self, "entry", "an object", NULL);
    if (status == HEAN_OK && !runs)
        return refuse(&self, "runs", "a list", NULL);
    return status == HEAN_OK ? mark_duplicates(&self) : status;
}
