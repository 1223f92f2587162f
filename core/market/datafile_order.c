/*
 * datafile_order.c: the index of a data file's events in the venue's order, built in constant
 * memory by an external merge sort.
 *
 * The events come in local order, so the venue's order is nearly the same, but a single message
 * that was hours late must not cost memory. So blocks of events are sorted one by one and written
 * as runs behind the place of the index, then merged. A run takes part in the merge only from the
 * time of its first event on: in a common file two or three runs are open at once, in the worst
 * one all are, with small buffers.
 *
 * Invariants
 *   X1  keys are ordered by (exch_ns, number), which no two events share: the order is unique.
 *   X2  memory is at most about 24 MiB, whatever the number of events.
 */
#include "datafile_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_KEYS           (UINT64_C(1) << 18)
#define READ_EVENTS        1024
#define MERGE_BUFFER_BYTES (8u << 20) /* over all runs, but for those of less than 64 keys */
#define RUN_BUFFER_MIN     64
#define RUN_BUFFER_MAX     4096
#define OUT_NUMBERS        4096
#define INSERTION_KEYS     24

typedef struct order_key {
    int64_t exch_ns;
    uint64_t number;
} order_key;

typedef struct order_run {
    order_key *buffer;  /* allocated while the run is being merged */
    order_key first;    /* to know when the merge needs it */
    uint32_t at, count; /* in the buffer */
    uint64_t next, end; /* keys that were not read yet, counted from the first run's first */
} order_run;

typedef struct order_sorter {
    const hean_allocator *allocator;
    int fd;
    uint64_t events_offset, events;
    uint64_t order_offset, runs_offset;
    order_run *runs;
    size_t run_count;
    size_t started;   /* runs[0..started) take or took part, in order of their first keys */
    order_run **heap; /* the open ones, the least key on top */
    size_t heap_count;
    size_t buffer_keys; /* of each run */
    order_key *keys;    /* one block, and half as much to merge with */
    uint32_t out[OUT_NUMBERS];
    size_t out_count;
    uint64_t out_written;
    hean_event events_read[READ_EVENTS];
} order_sorter;

static inline bool before(const order_key *a, const order_key *b)
{
    return a->exch_ns < b->exch_ns || (a->exch_ns == b->exch_ns && a->number < b->number);
}

/* ---- sorting one block ---- */

/* Merge sort that looks first whether there is anything to do: the blocks are nearly sorted. */
static void sort_keys(order_key *keys, size_t count, order_key *spare)
{
    size_t half = count / 2, left, at, right, out;

    if (count <= INSERTION_KEYS) {
        for (size_t i = 1; i < count; i++) {
            order_key key = keys[i];
            size_t to = i;
            for (; to > 0 && before(&key, &keys[to - 1]); to--)
                keys[to] = keys[to - 1];
            keys[to] = key;
        }
        return;
    }
    sort_keys(keys, half, spare);
    sort_keys(keys + half, count - half, spare);
    if (before(&keys[half - 1], &keys[half]))
        return;
    /* Keys of the left half that precede all of the right one are in their place. */
    for (left = half; left > 0 && before(&keys[half], &keys[left - 1]); left--)
        ;
    memcpy(spare, keys + left, (half - left) * sizeof *keys);
    for (out = left, at = 0, right = half; at < half - left && right < count; out++)
        keys[out] = before(&keys[right], &spare[at]) ? keys[right++] : spare[at++];
    memcpy(keys + out, spare + at, (half - left - at) * sizeof *keys);
}

static hean_status write_runs(order_sorter *sorter, hean_error *error)
{
    uint64_t number = 0;

    while (number < sorter->events) {
        uint64_t first = number;
        size_t count = 0;
        hean_status status;

        while (count < RUN_KEYS && number < sorter->events) {
            uint64_t left = sorter->events - number;
            size_t part = left < READ_EVENTS ? (size_t)left : READ_EVENTS;
            status = datafile_read_at(sorter->fd, sorter->events_read, part * sizeof(hean_event),
                                      sorter->events_offset + number * sizeof(hean_event),
                                      "the events", error);
            if (status != HEAN_OK)
                return status;
            for (size_t i = 0; i < part; i++, number++)
                sorter->keys[count++] = (order_key){sorter->events_read[i].exch_ns, number};
        }
        sort_keys(sorter->keys, count, sorter->keys + RUN_KEYS);
        sorter->runs[sorter->run_count++] =
            (order_run){.first = sorter->keys[0], .next = first, .end = number};
        status = datafile_write_at(sorter->fd, sorter->keys, count * sizeof(order_key),
                                   sorter->runs_offset + first * sizeof(order_key),
                                   "the sorted runs", error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- merging the runs ---- */

static hean_status fill_run(order_sorter *sorter, order_run *run, hean_error *error)
{
    uint64_t left = run->end - run->next;
    hean_status status;

    run->at = 0;
    run->count = (uint32_t)(left < sorter->buffer_keys ? left : sorter->buffer_keys);
    status = datafile_read_at(sorter->fd, run->buffer, run->count * sizeof(order_key),
                              sorter->runs_offset + run->next * sizeof(order_key),
                              "the sorted runs", error);
    run->next += run->count;
    return status;
}

static inline const order_key *head(const order_run *run)
{
    return &run->buffer[run->at];
}

static void heap_sift_down(order_sorter *sorter)
{
    order_run **heap = sorter->heap;
    order_run *moving = heap[0];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sorter->heap_count)
            break;
        if (child + 1 < sorter->heap_count && before(head(heap[child + 1]), head(heap[child])))
            child++;
        if (!before(head(heap[child]), head(moving)))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

static void heap_push(order_sorter *sorter, order_run *run)
{
    order_run **heap = sorter->heap;
    size_t at = sorter->heap_count++;

    while (at > 0 && before(head(run), head(heap[(at - 1) / 2]))) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = run;
}

/* Opens every run whose first key may be the next of all. */
static hean_status start_runs(order_sorter *sorter, hean_error *error)
{
    while (sorter->started < sorter->run_count) {
        order_run *run = &sorter->runs[sorter->started];
        hean_status status;

        if (sorter->heap_count > 0 && before(head(sorter->heap[0]), &run->first))
            break;
        run->buffer = base_alloc_array(sorter->allocator, sorter->buffer_keys, sizeof(order_key));
        if (run->buffer == NULL)
            return base_fail(error, HEAN_E_NO_MEMORY, "data file: no memory to order %llu events",
                             (unsigned long long)sorter->events);
        status = fill_run(sorter, run, error);
        if (status != HEAN_OK)
            return status;
        heap_push(sorter, run);
        sorter->started++;
    }
    return HEAN_OK;
}

static hean_status flush_out(order_sorter *sorter, hean_error *error)
{
    hean_status status = datafile_write_at(
        sorter->fd, sorter->out, sorter->out_count * sizeof sorter->out[0],
        sorter->order_offset + sorter->out_written * sizeof sorter->out[0], "the order", error);
    sorter->out_written += sorter->out_count;
    sorter->out_count = 0;
    return status;
}

/* Steps past the top run's head: to its next key, or out of the heap. */
static hean_status advance_top(order_sorter *sorter, hean_error *error)
{
    order_run *run = sorter->heap[0];

    if (++run->at == run->count) {
        if (run->next == run->end) {
            base_free(sorter->allocator, run->buffer);
            run->buffer = NULL;
            sorter->heap[0] = sorter->heap[--sorter->heap_count];
        } else {
            hean_status status = fill_run(sorter, run, error);
            if (status != HEAN_OK)
                return status;
        }
    }
    if (sorter->heap_count > 1)
        heap_sift_down(sorter);
    return HEAN_OK;
}

static int compare_runs(const void *a, const void *b)
{
    return before(&((const order_run *)a)->first, &((const order_run *)b)->first) ? -1 : 1;
}

static hean_status merge_runs(order_sorter *sorter, hean_error *error)
{
    hean_status status = HEAN_OK;

    qsort(sorter->runs, sorter->run_count, sizeof *sorter->runs, compare_runs);
    for (;;) {
        status = start_runs(sorter, error);
        if (status != HEAN_OK || sorter->heap_count == 0)
            break;
        sorter->out[sorter->out_count++] = (uint32_t)head(sorter->heap[0])->number;
        if (sorter->out_count == OUT_NUMBERS)
            status = flush_out(sorter, error);
        if (status == HEAN_OK)
            status = advance_top(sorter, error);
        if (status != HEAN_OK)
            break;
    }
    return status != HEAN_OK ? status : flush_out(sorter, error);
}

static hean_status allocate(order_sorter *sorter)
{
    size_t runs = (size_t)((sorter->events + RUN_KEYS - 1) / RUN_KEYS);

    sorter->runs = base_alloc_array(sorter->allocator, runs, sizeof *sorter->runs);
    sorter->heap = base_alloc_array(sorter->allocator, runs, sizeof(order_run *));
    sorter->keys =
        base_alloc_array(sorter->allocator, RUN_KEYS + RUN_KEYS / 2, sizeof *sorter->keys);
    if (sorter->runs == NULL || sorter->heap == NULL || sorter->keys == NULL)
        return HEAN_E_NO_MEMORY;
    sorter->buffer_keys = MERGE_BUFFER_BYTES / sizeof(order_key) / runs;
    if (sorter->buffer_keys < RUN_BUFFER_MIN)
        sorter->buffer_keys = RUN_BUFFER_MIN;
    if (sorter->buffer_keys > RUN_BUFFER_MAX)
        sorter->buffer_keys = RUN_BUFFER_MAX;
    return HEAN_OK;
}

hean_status datafile_write_order(const hean_allocator *allocator, int fd, uint64_t events_offset,
                                 uint64_t events, uint64_t order_offset, hean_error *error)
{
    order_sorter *sorter = NULL;
    hean_status status;

    if (events > UINT32_MAX)
        return base_fail(error, HEAN_E_LIMIT,
                         "data file: %llu events whose venue times step back; at most %u can be "
                         "put in order: split the data by time",
                         (unsigned long long)events, UINT32_MAX);
    sorter = base_alloc(allocator, sizeof *sorter);
    if (sorter != NULL) {
        sorter->allocator = allocator;
        sorter->fd = fd;
        sorter->events_offset = events_offset;
        sorter->events = events;
        sorter->order_offset = order_offset;
        sorter->runs_offset = order_offset + (events + 1) / 2 * 8;
    }
    if (sorter == NULL || allocate(sorter) != HEAN_OK) {
        status = base_fail(error, HEAN_E_NO_MEMORY, "data file: no memory to order %llu events",
                           (unsigned long long)events);
        goto cleanup;
    }
    status = write_runs(sorter, error);
    if (status == HEAN_OK) {
        base_free(allocator, sorter->keys);
        sorter->keys = NULL;
        status = merge_runs(sorter, error);
    }
    if (status == HEAN_OK && ftruncate(fd, (off_t)(order_offset + events * sizeof(uint32_t))) != 0)
        status = base_fail(error, HEAN_E_IO, "data file: cutting it: %s", strerror(errno));
cleanup:
    if (sorter != NULL) {
        for (size_t i = 0; i < sorter->run_count; i++)
            base_free(allocator, sorter->runs[i].buffer);
        base_free(allocator, sorter->runs);
        base_free(allocator, sorter->heap);
        base_free(allocator, sorter->keys);
        base_free(allocator, sorter);
    }
    return status;
}
