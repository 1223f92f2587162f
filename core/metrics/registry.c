/*
 * registry.c: families, series and their cells. See registry.h.
 *
 * Invariant: everything that readers follow is written before the pointer to it is released, and
 * never moves: all arrays have their final size from the start.
 */
#include "registry_private.h"

#include <math.h>
#include <string.h>

#define LABELS_BYTES (METRICS_LABELS_MAX * (METRICS_LABEL_BYTES_MAX + 72))

/* ---- names ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t bytes = strlen(text), end_bytes = strlen(end);
    return bytes > end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

/* A name that both formats take; ':' is for recording rules alone, a leading '_' reserved. */
static bool name_valid(const char *name)
{
    size_t bytes = strlen(name);

    if (bytes == 0 || bytes > 64 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (size_t i = 0; i < bytes; i++) {
        bool letter = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
        if (!letter && name[i] != '_')
            return false;
    }
    return true;
}

/* Suffixes that a format gives a meaning of its own. */
static bool suffix_valid(const metrics_family *family)
{
    static const char *const reserved[] = {"_bucket", "_count", "_sum", "_created"};
    bool counter = family->type <= METRICS_COUNTER_REAL;

    for (size_t i = 0; i < BASE_COUNT(reserved); i++) {
        if (ends_with(family->name, reserved[i]))
            return false;
    }
    return ends_with(family->name, "_total") == counter;
}

static bool text_valid(const char *text, size_t bytes_max)
{
    size_t bytes = strlen(text);

    if (bytes == 0 || bytes > bytes_max)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return true;
}

static bool bounds_valid(const metrics_family *family)
{
    if ((family->type == METRICS_HISTOGRAM) != (family->bound_count > 0) ||
        family->bound_count > METRICS_BOUNDS_MAX)
        return false;
    for (size_t i = 0; i < family->bound_count; i++) {
        /* A histogram with negative observations may not have a sum. */
        if (!isfinite(family->bounds[i]) || family->bounds[i] <= 0 ||
            (i > 0 && family->bounds[i] <= family->bounds[i - 1]))
            return false;
    }
    return true;
}

static hean_status check_family(const metrics_family *family, uint32_t *label_count,
                                hean_error *error)
{
    uint32_t count = 0;

    if (!name_valid(family->name) || !suffix_valid(family))
        return base_fail(error, HEAN_E_INVALID,
                         "metric %s: expected lower case words joined by '_'; counters end in "
                         "_total, others do not, and none in _bucket, _count, _sum, _created",
                         family->name);
    if (!text_valid(family->help, 400))
        return base_fail(error, HEAN_E_INVALID, "metric %s: help: expected one plain line",
                         family->name);
    if (!bounds_valid(family))
        return base_fail(error, HEAN_E_INVALID,
                         "metric %s: expected ascending positive bounds of a histogram only, at "
                         "most %d",
                         family->name, METRICS_BOUNDS_MAX);
    for (; count < METRICS_LABELS_MAX && family->labels[count] != NULL; count++) {
        const char *label = family->labels[count];
        if (!name_valid(label) || strcmp(label, "le") == 0 || strcmp(label, "quantile") == 0)
            return base_fail(error, HEAN_E_INVALID, "metric %s: label %s: not allowed",
                             family->name, label);
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(family->labels[i], label) == 0)
                return base_fail(error, HEAN_E_EXISTS, "metric %s: label %s stands twice",
                                 family->name, label);
        }
    }
    *label_count = count;
    return HEAN_OK;
}

/* ---- open and close ---- */

static bool open_arrays(metrics_registry *registry, const metrics_registry_options *options)
{
    const hean_allocator *allocator = registry->allocator;

    registry->families =
        base_alloc_array(allocator, options->families_max, sizeof *registry->families);
    registry->slots = base_alloc_array(allocator, registry->slots_max, sizeof *registry->slots);
    registry->gauges = base_alloc_array(allocator, registry->slots_max, sizeof *registry->gauges);
    registry->writers = base_alloc_array(allocator, options->writers, sizeof *registry->writers);
    if (registry->families == NULL || registry->slots == NULL || registry->gauges == NULL ||
        registry->writers == NULL)
        return false;
    for (uint32_t i = 0; i < options->writers; i++) {
        registry->writers[i].cells =
            base_alloc_array(allocator, registry->cells_max, sizeof(uint64_t));
        if (registry->writers[i].cells == NULL)
            return false;
        registry->writer_count++;
    }
    return pthread_mutex_init(&registry->adding, NULL) == 0;
}

static uint32_t cells_of(const metrics_family *family)
{
    switch (family->type) {
    case METRICS_HISTOGRAM:
        return (uint32_t)family->bound_count + 2; /* +Inf and the sum */
    case METRICS_GAUGE:
    case METRICS_GAUGE_E8:
        return 0;
    default:
        return 1;
    }
}

/* The next slot and its cells; the caller knows that they are there. */
static registry_slot *take_slot(metrics_registry *registry, const metrics_family *family)
{
    registry_slot *slot = &registry->slots[registry->slot_count];

    slot->series.type = family->type;
    slot->series.cell = registry->cell_count;
    slot->series.bounds = family->bounds;
    slot->series.bound_count = (uint32_t)family->bound_count;
    slot->series.gauge = &registry->gauges[registry->slot_count];
    registry->slot_count++;
    registry->cell_count += cells_of(family);
    return slot;
}

hean_status metrics_registry_open(const metrics_registry_options *options, metrics_registry **out,
                                  hean_error *error)
{
    const uint32_t types = METRICS_HISTOGRAM + 1;
    metrics_registry *registry;

    if (options->writers == 0 || options->writers > 64 || options->series_max > 1u << 20 ||
        options->cells_max > 1u << 24 || options->families_max > 1u << 16)
        return base_fail(error, HEAN_E_RANGE, "metrics: capacities out of range");
    registry = base_alloc(options->allocator, sizeof *registry);
    if (registry == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    registry->allocator = options->allocator;
    registry->families_max = options->families_max;
    registry->slots_max = options->series_max + types;
    registry->cells_max = options->cells_max + 2 * types;
    if (!open_arrays(registry, options)) {
        metrics_registry_close(registry);
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    }
    registry->adding_ready = true;
    for (uint32_t type = 0; type < types; type++) {
        metrics_family sink = {.type = (metrics_type)type};
        registry->sinks[type] = take_slot(registry, &sink);
    }
    *out = registry;
    return HEAN_OK;
}

void metrics_registry_close(metrics_registry *registry)
{
    if (registry == NULL)
        return;
    for (uint32_t i = 0; i < registry->slot_count; i++) {
        base_free(registry->allocator, registry->slots[i].labels);
        base_free(registry->allocator, registry->slots[i].lines);
    }
    for (uint32_t i = 0; i < registry->family_count; i++) {
        for (int format = 0; format < METRICS_FORMAT_COUNT; format++)
            base_free(registry->allocator, registry->families[i].heads[format]);
    }
    for (uint32_t i = 0; i < registry->writer_count; i++)
        base_free(registry->allocator, (void *)registry->writers[i].cells);
    if (registry->adding_ready)
        (void)pthread_mutex_destroy(&registry->adding);
    base_free(registry->allocator, registry->writers);
    base_free(registry->allocator, (void *)registry->gauges);
    base_free(registry->allocator, registry->slots);
    base_free(registry->allocator, registry->families);
    base_free(registry->allocator, registry);
}

/* ---- families ---- */

/* OpenMetrics wants the unit to be the name's last part. */
static const char *unit_of(const char *name, size_t stem_bytes)
{
    static const char *const units[] = {"seconds", "bytes", "ratio"};

    for (size_t i = 0; i < BASE_COUNT(units); i++) {
        size_t bytes = strlen(units[i]);
        if (stem_bytes > bytes + 1 && name[stem_bytes - bytes - 1] == '_' &&
            strncmp(name + stem_bytes - bytes, units[i], bytes) == 0)
            return units[i];
    }
    return NULL;
}

static bool write_heads(const metrics_registry *registry, registry_family *family)
{
    static const char *const types[] = {"counter", "counter", "counter",
                                        "gauge",   "gauge",   "histogram"};
    const metrics_family *spec = &family->spec;
    const char *unit = unit_of(spec->name, family->stem_bytes);
    const char *type = types[spec->type];
    int stem = (int)family->stem_bytes;
    base_buffer text, open;

    base_buffer_init(&text, registry->allocator);
    base_buffer_init(&open, registry->allocator);
    base_buffer_printf(&text, "# HELP %s %s\n# TYPE %s %s\n", spec->name, spec->help, spec->name,
                       type);
    base_buffer_printf(&open, "# TYPE %.*s %s\n", stem, spec->name, type);
    if (unit != NULL)
        base_buffer_printf(&open, "# UNIT %.*s %s\n", stem, spec->name, unit);
    base_buffer_printf(&open, "# HELP %.*s %s\n", stem, spec->name, spec->help);
    if (text.failed || open.failed) {
        base_buffer_deinit(&text);
        base_buffer_deinit(&open);
        return false;
    }
    family->heads[METRICS_TEXT] = text.data;
    family->heads[METRICS_OPENMETRICS] = open.data;
    return true;
}

/* M2: a gauge "x" and a counter "x_total" are one family in OpenMetrics. */
static bool stem_taken(const metrics_registry *registry, const char *name, size_t stem_bytes)
{
    for (uint32_t i = 0; i < registry->family_count; i++) {
        const registry_family *other = &registry->families[i];
        if (other->stem_bytes == stem_bytes && strncmp(other->spec.name, name, stem_bytes) == 0)
            return true;
    }
    return false;
}

hean_status metrics_registry_define(metrics_registry *registry, const metrics_family *spec,
                                    uint32_t *out, hean_error *error)
{
    registry_family *family;
    const metrics_series *only;
    uint32_t label_count = 0, id = registry->family_count;
    hean_status status = check_family(spec, &label_count, error);
    size_t stem_bytes;

    if (status != HEAN_OK)
        return status;
    stem_bytes = strlen(spec->name);
    if (spec->type <= METRICS_COUNTER_REAL)
        stem_bytes -= strlen("_total");
    if (stem_taken(registry, spec->name, stem_bytes))
        return base_fail(error, HEAN_E_EXISTS, "metric %s: the name is taken", spec->name);
    if (id == registry->families_max)
        return base_fail(error, HEAN_E_LIMIT, "metric %s: at most %u families", spec->name,
                         registry->families_max);
    family = &registry->families[id];
    *family =
        (registry_family){.spec = *spec, .label_count = label_count, .stem_bytes = stem_bytes};
    if (spec->series_max == 0)
        family->spec.series_max = 1;
    if (!write_heads(registry, family))
        return base_fail(error, HEAN_E_NO_MEMORY, "metric %s: out of memory", spec->name);
    registry->family_count++;
    if (label_count == 0)
        status = metrics_registry_series(registry, id, NULL, &only, error);
    if (status == HEAN_OK)
        *out = id;
    return status;
}

/* ---- series ---- */

/* a="b",c="d" */
static hean_status write_labels(const registry_family *family, const char *const *values,
                                char out[LABELS_BYTES], hean_error *error)
{
    size_t bytes = 0;

    out[0] = 0;
    for (uint32_t i = 0; i < family->label_count; i++) {
        if (values == NULL || values[i] == NULL || !text_valid(values[i], METRICS_LABEL_BYTES_MAX))
            return base_fail(error, HEAN_E_INVALID,
                             "metric %s: value of label %s: expected 1 to %d printable ASCII "
                             "characters without quote and backslash",
                             family->spec.name, family->spec.labels[i], METRICS_LABEL_BYTES_MAX);
        bytes += (size_t)snprintf(out + bytes, LABELS_BYTES - bytes, "%s%s=\"%s\"",
                                  i > 0 ? "," : "", family->spec.labels[i], values[i]);
    }
    return HEAN_OK;
}

/* "1.0", "0.005", "1e-06": as Prometheus writes an `le` itself, or queries would not meet it. */
static void format_bound(double bound, char out[METRICS_REAL_BYTES])
{
    metrics_text_real(bound, out);
    if (strpbrk(out, ".e") == NULL)
        strcat(out, ".0");
}

static void write_lines(const registry_family *family, const char *labels, base_buffer *out)
{
    const metrics_family *spec = &family->spec;
    const char *comma = labels[0] != 0 ? "," : "";
    const char *open = labels[0] != 0 ? "{" : "", *close = labels[0] != 0 ? "}" : "";

    if (spec->type != METRICS_HISTOGRAM) {
        base_buffer_printf(out, "%s%s%s%s ", spec->name, open, labels, close);
        base_buffer_append(out, "", 1);
        return;
    }
    for (size_t i = 0; i <= spec->bound_count; i++) {
        char bound[METRICS_REAL_BYTES] = "+Inf";
        if (i < spec->bound_count)
            format_bound(spec->bounds[i], bound);
        base_buffer_printf(out, "%s_bucket{%s%sle=\"%s\"} ", spec->name, labels, comma, bound);
        base_buffer_append(out, "", 1);
    }
    base_buffer_printf(out, "%s_sum%s%s%s ", spec->name, open, labels, close);
    base_buffer_append(out, "", 1);
    base_buffer_printf(out, "%s_count%s%s%s ", spec->name, open, labels, close);
    base_buffer_append(out, "", 1);
}

static registry_slot *find_series(const registry_family *family, const char *labels)
{
    registry_slot *slot = atomic_load_explicit(&family->first, memory_order_acquire);

    while (slot != NULL && strcmp(slot->labels, labels) != 0)
        slot = atomic_load_explicit(&slot->next, memory_order_acquire);
    return slot;
}

static hean_status add_series(metrics_registry *registry, registry_family *family,
                              const char *labels, registry_slot **out, hean_error *error)
{
    base_buffer names, lines;
    registry_slot *slot;

    base_buffer_init(&names, registry->allocator);
    base_buffer_init(&lines, registry->allocator);
    base_buffer_append(&names, labels, strlen(labels));
    write_lines(family, labels, &lines);
    if (names.failed || lines.failed) {
        base_buffer_deinit(&names);
        base_buffer_deinit(&lines);
        return base_fail(error, HEAN_E_NO_MEMORY, "metric %s: out of memory", family->spec.name);
    }
    slot = take_slot(registry, &family->spec);
    slot->labels = names.data;
    slot->lines = lines.data;
    slot->line_count =
        family->spec.type == METRICS_HISTOGRAM ? (uint32_t)family->spec.bound_count + 3 : 1;
    if (family->last == NULL)
        atomic_store_explicit(&family->first, slot, memory_order_release);
    else
        atomic_store_explicit(&family->last->next, slot, memory_order_release);
    family->last = slot;
    family->series_count++;
    *out = slot;
    return HEAN_OK;
}

hean_status metrics_registry_series(metrics_registry *registry, uint32_t id,
                                    const char *const *values, const metrics_series **out,
                                    hean_error *error)
{
    char labels[LABELS_BYTES];
    registry_family *family;
    registry_slot *slot;
    hean_status status;

    BASE_ASSERT(id < registry->family_count);
    family = &registry->families[id];
    status = write_labels(family, values, labels, error);
    if (status != HEAN_OK)
        return status;
    BASE_ASSERT(pthread_mutex_lock(&registry->adding) == 0);
    slot = find_series(family, labels);
    if (slot == NULL && (family->series_count >= family->spec.series_max ||
                         registry->slot_count == registry->slots_max ||
                         registry->cells_max - registry->cell_count < cells_of(&family->spec))) {
        slot = registry->sinks[family->spec.type];
        atomic_fetch_add_explicit(&registry->dropped, 1, memory_order_relaxed);
    }
    if (slot == NULL)
        status = add_series(registry, family, labels, &slot, error);
    BASE_ASSERT(pthread_mutex_unlock(&registry->adding) == 0);
    if (status == HEAN_OK)
        *out = &slot->series;
    return status;
}

uint64_t metrics_registry_dropped(const metrics_registry *registry)
{
    return atomic_load_explicit(&registry->dropped, memory_order_relaxed);
}

metrics_writer *metrics_registry_writer(metrics_registry *registry, uint32_t index)
{
    BASE_ASSERT(index < registry->writer_count);
    return &registry->writers[index];
}

/* ---- values ---- */

void metrics_observe(metrics_writer *writer, const metrics_series *series, double value)
{
    _Atomic uint64_t *at;
    uint32_t bucket = 0;
    uint64_t bits;
    double sum;

    BASE_ASSERT(series->type == METRICS_HISTOGRAM);
    if (!isfinite(value))
        return;
    while (bucket < series->bound_count && value > series->bounds[bucket])
        bucket++;
    metrics_add_cell(writer, series->cell + bucket, 1);
    at = writer->cells + series->cell + series->bound_count + 1;
    bits = atomic_load_explicit(at, memory_order_relaxed);
    memcpy(&sum, &bits, sizeof sum);
    sum += value;
    memcpy(&bits, &sum, sizeof bits);
    atomic_store_explicit(at, bits, memory_order_relaxed);
}

void metrics_mirror(metrics_writer *writer, const metrics_series *series, uint64_t total)
{
    _Atomic uint64_t *at = writer->cells + series->cell;

    BASE_ASSERT(series->type <= METRICS_COUNTER_E8);
    if (total > atomic_load_explicit(at, memory_order_relaxed))
        atomic_store_explicit(at, total, memory_order_relaxed);
}

void metrics_mirror_real(metrics_writer *writer, const metrics_series *series, double total)
{
    _Atomic uint64_t *at = writer->cells + series->cell;
    uint64_t bits = atomic_load_explicit(at, memory_order_relaxed);
    double before;

    BASE_ASSERT(series->type == METRICS_COUNTER_REAL);
    memcpy(&before, &bits, sizeof before);
    if (!(total > before))
        return;
    memcpy(&bits, &total, sizeof bits);
    atomic_store_explicit(at, bits, memory_order_relaxed);
}
