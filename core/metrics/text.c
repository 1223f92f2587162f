/*
 * text.c: the registry's values as Prometheus text 0.0.4 and OpenMetrics 1.0.
 *
 * Sample lines are the same in both; only what stands before them differs. Labels and help texts
 * were checked when they came in, so that nothing has to be escaped here. Numbers do not depend on
 * the locale.
 */
#include "registry_private.h"

#include <base/decimal.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

void metrics_text_real(double value, char out[METRICS_REAL_BYTES])
{
    char *comma;

    if (value == floor(value) && fabs(value) < 1e15) {
        (void)snprintf(out, METRICS_REAL_BYTES, "%lld", (long long)value);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, METRICS_REAL_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value) /* in the same locale as it was written */
            break;
    }
    comma = strchr(out, ',');
    if (comma != NULL)
        *comma = '.';
}

static uint64_t cell_sum(const metrics_registry *registry, uint32_t cell)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < registry->writer_count; i++)
        sum += atomic_load_explicit(registry->writers[i].cells + cell, memory_order_relaxed);
    return sum;
}

static double cell_sum_real(const metrics_registry *registry, uint32_t cell)
{
    double sum = 0;

    for (uint32_t i = 0; i < registry->writer_count; i++) {
        uint64_t bits =
            atomic_load_explicit(registry->writers[i].cells + cell, memory_order_relaxed);
        double value;
        memcpy(&value, &bits, sizeof value);
        sum += value;
    }
    return sum;
}

static void format_count(uint64_t value, char out[METRICS_REAL_BYTES])
{
    char digits[24];
    size_t at = sizeof digits - 1;

    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    memcpy(out, digits + at, sizeof digits - at);
}

/* ---- samples ---- */

typedef struct sample_visitor {
    void (*visit)(void *context, const char *line, const char *value);
    void *context;
} sample_visitor;

/* M3: every bucket is read once, and the count is their sum. */
static void visit_histogram(const metrics_registry *registry, const registry_slot *slot,
                            const sample_visitor *visitor)
{
    const metrics_series *series = &slot->series;
    const char *line = slot->lines;
    char value[METRICS_REAL_BYTES];
    uint64_t count = 0;

    for (uint32_t i = 0; i <= series->bound_count; i++) {
        count += cell_sum(registry, series->cell + i);
        format_count(count, value);
        visitor->visit(visitor->context, line, value);
        line += strlen(line) + 1;
    }
    metrics_text_real(cell_sum_real(registry, series->cell + series->bound_count + 1), value);
    visitor->visit(visitor->context, line, value);
    line += strlen(line) + 1;
    format_count(count, value);
    visitor->visit(visitor->context, line, value);
}

/* False: unknown, and not shown. */
static bool format_single(const metrics_registry *registry, const metrics_series *series,
                          char out[METRICS_REAL_BYTES])
{
    uint64_t bits;
    double real;

    switch (series->type) {
    case METRICS_COUNTER:
        format_count(cell_sum(registry, series->cell), out);
        return true;
    case METRICS_COUNTER_E8:
        decimal_format_scaled((int64_t)cell_sum(registry, series->cell), 8, out,
                              METRICS_REAL_BYTES);
        return true;
    case METRICS_COUNTER_REAL:
        metrics_text_real(cell_sum_real(registry, series->cell), out);
        return true;
    case METRICS_GAUGE_E8:
        bits = atomic_load_explicit(series->gauge, memory_order_relaxed);
        decimal_format_scaled((int64_t)bits, 8, out, METRICS_REAL_BYTES);
        return true;
    default:
        bits = atomic_load_explicit(series->gauge, memory_order_relaxed);
        memcpy(&real, &bits, sizeof real);
        if (!isfinite(real))
            return false;
        metrics_text_real(real, out);
        return true;
    }
}

static void visit_slot(const metrics_registry *registry, const registry_slot *slot,
                       const sample_visitor *visitor)
{
    char value[METRICS_REAL_BYTES];

    if (slot->series.type == METRICS_HISTOGRAM)
        visit_histogram(registry, slot, visitor);
    else if (format_single(registry, &slot->series, value))
        visitor->visit(visitor->context, slot->lines, value);
}

/* ---- whole texts ---- */

static void append_sample(void *context, const char *line, const char *value)
{
    base_buffer *out = context;

    base_buffer_append(out, line, strlen(line));
    base_buffer_append(out, value, strlen(value));
    base_buffer_append(out, "\n", 1);
}

void metrics_text_render(const metrics_registry *registry, metrics_format format, base_buffer *out)
{
    sample_visitor visitor = {append_sample, out};

    for (uint32_t i = 0; i < registry->family_count; i++) {
        const registry_family *family = &registry->families[i];
        const registry_slot *slot = atomic_load_explicit(&family->first, memory_order_acquire);

        if (slot == NULL)
            continue;
        base_buffer_append(out, family->heads[format], strlen(family->heads[format]));
        for (; slot != NULL; slot = atomic_load_explicit(&slot->next, memory_order_acquire))
            visit_slot(registry, slot, &visitor);
    }
    if (format == METRICS_OPENMETRICS)
        base_buffer_append(out, "# EOF\n", 6);
}

void metrics_text_visit(const metrics_registry *registry,
                        void (*visit)(void *context, const char *line, const char *value),
                        void *context)
{
    sample_visitor visitor = {visit, context};

    for (uint32_t i = 0; i < registry->family_count; i++) {
        const registry_slot *slot =
            atomic_load_explicit(&registry->families[i].first, memory_order_acquire);
        for (; slot != NULL; slot = atomic_load_explicit(&slot->next, memory_order_acquire))
            visit_slot(registry, slot, &visitor);
    }
}

uint64_t metrics_registry_samples(const metrics_registry *registry)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < registry->family_count; i++) {
        const registry_slot *slot =
            atomic_load_explicit(&registry->families[i].first, memory_order_acquire);
        for (; slot != NULL; slot = atomic_load_explicit(&slot->next, memory_order_acquire))
            count += slot->line_count;
    }
    return count;
}

const char *metrics_text_content_type(metrics_format format)
{
    return format == METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- negotiation ---- */

/* One element of a list header: "name;a=b;q=0.5". Names are compared without case. */
typedef struct list_element {
    char name[48];
    char version[8]; /* empty: not said */
    int q_1000;
} list_element;

static size_t trim(const char **at, size_t bytes)
{
    while (bytes > 0 && (**at == ' ' || **at == '\t')) {
        (*at)++;
        bytes--;
    }
    while (bytes > 0 && ((*at)[bytes - 1] == ' ' || (*at)[bytes - 1] == '\t'))
        bytes--;
    return bytes;
}

static void copy_lower(char *out, size_t out_bytes, const char *text, size_t bytes)
{
    out[0] = 0;
    if (bytes >= out_bytes)
        return; /* no name that is known is so long */
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[bytes] = 0;
}

/* "0.75" -> 750; what is no weight counts as none given. */
static int parse_q(const char *text, size_t bytes)
{
    int q = 0, unit = 1000;

    if (bytes == 0 || bytes > 5 || (text[0] != '0' && text[0] != '1') ||
        (bytes > 1 && text[1] != '.'))
        return 1000;
    for (size_t i = 0; i < bytes; i++) {
        if (i == 1)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return 1000;
        q += (text[i] - '0') * unit;
        unit /= 10;
    }
    return q > 1000 ? 1000 : q;
}

static void parse_parameter(const char *at, size_t bytes, list_element *element)
{
    const char *equals = memchr(at, '=', bytes);
    const char *value;
    char name[12];
    size_t left;

    if (equals == NULL)
        return;
    value = equals + 1;
    left = (size_t)(at + bytes - value);
    left = trim(&value, left);
    if (left >= 2 && value[0] == '"' && value[left - 1] == '"') {
        value++;
        left -= 2;
    }
    bytes = trim(&at, (size_t)(equals - at));
    copy_lower(name, sizeof name, at, bytes);
    if (strcmp(name, "q") == 0)
        element->q_1000 = parse_q(value, left);
    else if (strcmp(name, "version") == 0)
        copy_lower(element->version, sizeof element->version, left < 8 ? value : "?",
                   left < 8 ? left : 1);
}

/* Takes one element off `*at`; false at the end. */
static bool next_element(const char **at, list_element *out)
{
    const char *part = *at;
    bool first = true;

    if (*part == 0)
        return false;
    *out = (list_element){.q_1000 = 1000};
    for (;;) {
        size_t bytes = strcspn(part, ",;");
        const char *text = part;
        size_t trimmed = trim(&text, bytes);
        char end = part[bytes];

        if (first)
            copy_lower(out->name, sizeof out->name, text, trimmed);
        else
            parse_parameter(text, trimmed, out);
        first = false;
        part += bytes + (end != 0);
        if (end != ';')
            break;
    }
    *at = part;
    return true;
}

metrics_format metrics_text_negotiate(const char *accept)
{
    int open = 0, text = -1, any = 0;
    list_element element;

    while (accept != NULL && next_element(&accept, &element)) {
        int q = element.q_1000;
        if (strcmp(element.name, "application/openmetrics-text") == 0 &&
            (element.version[0] == 0 || strcmp(element.version, "1.0.0") == 0))
            open = q > open ? q : open;
        else if (strcmp(element.name, "text/plain") == 0)
            text = q > text ? q : text;
        else if (strcmp(element.name, "*/*") == 0 || strcmp(element.name, "text/*") == 0)
            any = q > any ? q : any;
    }
    if (open == 0)
        return METRICS_TEXT;
    if (text >= 0)
        return open > text ? METRICS_OPENMETRICS : METRICS_TEXT;
    return open >= any ? METRICS_OPENMETRICS : METRICS_TEXT;
}

bool metrics_text_wants_gzip(const char *accept_encoding)
{
    int gzip = -1, any = 0;
    list_element element;

    while (accept_encoding != NULL && next_element(&accept_encoding, &element)) {
        if (strcmp(element.name, "gzip") == 0 || strcmp(element.name, "x-gzip") == 0)
            gzip = element.q_1000;
        else if (strcmp(element.name, "*") == 0)
            any = element.q_1000;
    }
    return gzip >= 0 ? gzip > 0 : any > 0;
}
