/*
 * import_sort.h: events put in order of local time on disk, in constant memory.
 *
 * For inputs that are so far out of order that a window does not help. Stable: events of one time
 * keep their order, or all of them are turned round (`reverse`).
 */
#ifndef MARKET_IMPORT_SORT_H
#define MARKET_IMPORT_SORT_H

#include <base/base.h>

typedef struct import_sort import_sort;

/* `folder` is where the nameless file lies; NULL: /var/tmp. */
hean_status import_sort_open(const hean_allocator *allocator, const char *folder, bool reverse,
                             import_sort **out, hean_error *error) HEAN_WARN_UNUSED;
void import_sort_close(import_sort *sort);
hean_status import_sort_add(import_sort *sort, const hean_event *events, size_t count,
                            hean_error *error) HEAN_WARN_UNUSED;
/* After the last add, once. */
hean_status import_sort_finish(import_sort *sort, hean_error *error) HEAN_WARN_UNUSED;
/* The next events in order, up to `capacity`; 0 at the end. */
hean_status import_sort_read(import_sort *sort, hean_event *events, size_t capacity, size_t *got,
                             hean_error *error) HEAN_WARN_UNUSED;

/* Sorts in memory, stable; `scratch` has room for as many. */
void import_sort_events(hean_event *events, size_t count, hean_event *scratch);

#endif
