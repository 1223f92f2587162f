/*
 * registry_private.h: between the registry (registry.c) and its readers (text.c).
 */
#ifndef METRICS_REGISTRY_PRIVATE_H
#define METRICS_REGISTRY_PRIVATE_H

#include <metrics/registry.h>

#include <pthread.h>

/* A series and its place. `lines` are what stands before its values ("name{a=\"b\"} "), each ended
 * by a 0, in the order of the samples. */
typedef struct registry_slot {
    metrics_series series;
    char *labels; /* a="b",c="d" */
    char *lines;
    uint32_t line_count;
    struct registry_slot *_Atomic next;
} registry_slot;

typedef struct registry_family {
    metrics_family spec;
    uint32_t label_count;
    size_t stem_bytes; /* of the name without _total */
    char *heads[METRICS_FORMAT_COUNT];
    registry_slot *_Atomic first;
    registry_slot *last;
    uint32_t series_count;
} registry_family;

struct metrics_registry {
    const hean_allocator *allocator;
    pthread_mutex_t adding; /* guards everything that grows */
    bool adding_ready;
    registry_family *families;
    uint32_t family_count, families_max;
    registry_slot *slots;
    uint32_t slot_count, slots_max;
    uint32_t cell_count, cells_max;
    _Atomic uint64_t *gauges; /* one per slot */
    metrics_writer *writers;
    uint32_t writer_count;
    registry_slot *sinks[METRICS_HISTOGRAM + 1]; /* by type: for what does not fit */
    _Atomic uint64_t dropped;
};

#endif
