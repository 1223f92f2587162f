/*
 * registry.h: counters, gauges and histograms, and how they are written down.
 *
 * Families and series are made at set-up; from then on a count, a gauge or an observation is a few
 * instructions on relaxed atomics, without a lock, a system call or an allocation. No I/O and no
 * clock: it does not know where values come from nor who reads them.
 *
 * Invariants
 *   M1  a counter or histogram cell has one writing thread: each thread has its own metrics_writer,
 *       and a reader adds them up. A gauge is one cell: who writes last wins.
 *   M2  names obey Prometheus and OpenMetrics; no two families share a name in either format, and
 *       no two series of a family have the same labels.
 *   M3  a histogram's count is the sum of its buckets, so that +Inf and _count cannot differ.
 *   M4  a money value (_E8) is written to its last digit.
 *   M5  a series that exists stays; its label order never changes.
 *
 * Threads   open, define and close belong to one thread. metrics_registry_series may be called by
 *           any (it takes a mutex, and allocates), also while others count or read. Reading
 *           (metrics_text_*) is for any thread.
 */
#ifndef METRICS_REGISTRY_H
#define METRICS_REGISTRY_H

#include <base/base.h>

#include <stdatomic.h>

#define METRICS_LABELS_MAX      3
#define METRICS_BOUNDS_MAX      20
#define METRICS_LABEL_BYTES_MAX 64 /* of a value */

typedef enum metrics_type {
    METRICS_COUNTER,      /* uint64_t */
    METRICS_COUNTER_E8,   /* money or quantity, 1e-8 */
    METRICS_COUNTER_REAL, /* double, such as seconds */
    METRICS_GAUGE,        /* double; one that is not finite is unknown, and not shown */
    METRICS_GAUGE_E8,     /* int64_t, 1e-8: exact */
    METRICS_HISTOGRAM
} metrics_type;

/* What a family is; texts and bounds must outlive the registry. */
typedef struct metrics_family {
    const char *name; /* counters end in _total, nothing else does */
    const char *help; /* one line without quotes and backslashes */
    metrics_type type;
    const char *labels[METRICS_LABELS_MAX]; /* NULL ends */
    const double *bounds;                   /* HISTOGRAM: ascending upper bounds without +Inf */
    size_t bound_count;
    uint32_t series_max; /* more are dropped and counted; 0 is 1 */
} metrics_family;

/* One family with one set of label values: the handle through which values are set. */
typedef struct metrics_series {
    metrics_type type;
    uint32_t cell; /* the first, in every writer's cells */
    uint32_t bound_count;
    const double *bounds;
    _Atomic uint64_t *gauge;
} metrics_series;

/* The cells of one thread. */
typedef struct metrics_writer {
    _Atomic uint64_t *cells;
} metrics_writer;

typedef struct metrics_registry metrics_registry;

typedef struct metrics_registry_options {
    const hean_allocator *allocator;
    uint32_t writers;      /* threads that count */
    uint32_t families_max; /* capacity; memory is taken at open */
    uint32_t series_max;
    uint32_t cells_max; /* a counter takes 1, a histogram one per bucket and 1 */
} metrics_registry_options;

hean_status metrics_registry_open(const metrics_registry_options *options, metrics_registry **out,
                                  hean_error *error) HEAN_WARN_UNUSED;
void metrics_registry_close(metrics_registry *registry);

/* Adds a family; ids count from 0. A family without labels gets its one series, at 0.
 * HEAN_E_INVALID (a name, label, help or bound that the formats do not allow), HEAN_E_EXISTS,
 * HEAN_E_LIMIT (families_max). */
hean_status metrics_registry_define(metrics_registry *registry, const metrics_family *family,
                                    uint32_t *out, hean_error *error) HEAN_WARN_UNUSED;

/* The series of these label values; made, at 0, if it is new. `values` has as many texts as the
 * family has labels (NULL for none): 1 to 64 bytes of printable ASCII without '"' and '\\'; others
 * are HEAN_E_INVALID. Beyond the family's or the registry's capacity the answer is a series that is
 * shown nowhere, and metrics_registry_dropped counts it. */
hean_status metrics_registry_series(metrics_registry *registry, uint32_t family,
                                    const char *const *values, const metrics_series **out,
                                    hean_error *error) HEAN_WARN_UNUSED;

uint64_t metrics_registry_dropped(const metrics_registry *registry);
/* How many sample lines a rendering has: +Inf, _sum and _count included. */
uint64_t metrics_registry_samples(const metrics_registry *registry);
/* index < writers */
metrics_writer *metrics_registry_writer(metrics_registry *registry, uint32_t index);

/* ---- the hot path ---- */

static inline void metrics_add_cell(metrics_writer *writer, uint32_t cell, uint64_t amount)
{
    _Atomic uint64_t *at = writer->cells + cell;
    uint64_t sum = atomic_load_explicit(at, memory_order_relaxed) + amount;
    atomic_store_explicit(at, sum, memory_order_relaxed); /* M1: nobody else writes it */
}

/* COUNTER, COUNTER_E8 (amount in e8) */
static inline void metrics_count(metrics_writer *writer, const metrics_series *series,
                                 uint64_t amount)
{
    BASE_ASSERT(series->type <= METRICS_COUNTER_E8);
    metrics_add_cell(writer, series->cell, amount);
}

/* HISTOGRAM. Not finite is not observed. */
void metrics_observe(metrics_writer *writer, const metrics_series *series, double value);

/* GAUGE */
static inline void metrics_set(const metrics_series *series, double value)
{
    uint64_t bits;
    BASE_ASSERT(series->type == METRICS_GAUGE);
    __builtin_memcpy(&bits, &value, sizeof bits);
    atomic_store_explicit(series->gauge, bits, memory_order_relaxed);
}

/* GAUGE_E8 */
static inline void metrics_set_e8(const metrics_series *series, int64_t value_e8)
{
    BASE_ASSERT(series->type == METRICS_GAUGE_E8);
    atomic_store_explicit(series->gauge, (uint64_t)value_e8, memory_order_relaxed);
}

/* Counters that are kept elsewhere: the total so far (a smaller one is ignored: counters do not
 * fall). One writer only may mirror a series. */
void metrics_mirror(metrics_writer *writer, const metrics_series *series, uint64_t total);
void metrics_mirror_real(metrics_writer *writer, const metrics_series *series, double total);

/* ---- reading ---- */

typedef enum metrics_format {
    METRICS_TEXT, /* Prometheus text 0.0.4 */
    METRICS_OPENMETRICS,
    METRICS_FORMAT_COUNT
} metrics_format;

/* The whole exposition. Out of memory shows in out->failed. */
void metrics_text_render(const metrics_registry *registry, metrics_format format, base_buffer *out);
/* "application/openmetrics-text; version=1.0.0; charset=utf-8" and the like. */
const char *metrics_text_content_type(metrics_format format);
/* Every sample, as `visit(context, "name{labels} ", "value")`. */
void metrics_text_visit(const metrics_registry *registry,
                        void (*visit)(void *context, const char *line, const char *value),
                        void *context);
/* The shortest text that reads back as the same number, with '.' in every locale. */
#define METRICS_REAL_BYTES 40
void metrics_text_real(double value, char out[METRICS_REAL_BYTES]);

/* From the Accept header (NULL: none): OpenMetrics 1.0 if it is preferred to text. */
metrics_format metrics_text_negotiate(const char *accept);
/* From the Accept-Encoding header (NULL: none). */
bool metrics_text_wants_gzip(const char *accept_encoding);

#endif
