/*
 * ladder.h: own orders of one kind and side, sorted by when the market reaches them.
 *
 * The last entry is reached first: highest key, then earliest arrival. Keys are prices, negated
 * where the lower price is reached first.
 * Invariant: sorted by (key ascending, arrival descending).
 */
#ifndef ENGINE_LADDER_H
#define ENGINE_LADDER_H

#include <base/base.h>

typedef struct ladder_entry {
    int64_t key;
    uint64_t arrival;
    uint32_t slot;
} ladder_entry;

typedef struct ladder {
    ladder_entry *entries;
    size_t count;
    size_t capacity;
} ladder;

void ladder_deinit(const hean_allocator *allocator, ladder *rungs);
HEAN_WARN_UNUSED bool ladder_insert(const hean_allocator *allocator, ladder *rungs,
                                    ladder_entry entry);
void ladder_remove(ladder *rungs, int64_t key, uint64_t arrival);
/* The first entry whose key is not below `key`. */
size_t ladder_from(const ladder *rungs, int64_t key);

static inline const ladder_entry *ladder_top(const ladder *rungs)
{
    return rungs->count == 0 ? NULL : &rungs->entries[rungs->count - 1];
}

#endif
