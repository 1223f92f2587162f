/*
 * ladder.c: see ladder.h.
 */
#include "ladder.h"

#include <string.h>

void ladder_deinit(const hean_allocator *allocator, ladder *rungs)
{
    base_free(allocator, rungs->entries);
    *rungs = (ladder){0};
}

/* The first entry that is reached no earlier than (key, arrival) would be... from the far end. */
static size_t position(const ladder *rungs, int64_t key, uint64_t arrival)
{
    size_t low = 0;
    size_t high = rungs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ladder_entry *entry = &rungs->entries[middle];
        if (entry->key < key || (entry->key == key && entry->arrival > arrival))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ladder_insert(const hean_allocator *allocator, ladder *rungs, ladder_entry entry)
{
    void *entries = rungs->entries;
    if (!base_grow(allocator, &entries, &rungs->capacity, rungs->count + 1, sizeof entry))
        return false;
    rungs->entries = entries;
    size_t at = position(rungs, entry.key, entry.arrival);
    memmove(&rungs->entries[at + 1], &rungs->entries[at], (rungs->count - at) * sizeof entry);
    rungs->entries[at] = entry;
    rungs->count++;
    return true;
}

void ladder_remove(ladder *rungs, int64_t key, uint64_t arrival)
{
    size_t at = position(rungs, key, arrival);
    BASE_ASSERT(at < rungs->count && rungs->entries[at].arrival == arrival);
    rungs->count--;
    memmove(&rungs->entries[at], &rungs->entries[at + 1],
            (rungs->count - at) * sizeof rungs->entries[0]);
}

size_t ladder_from(const ladder *rungs, int64_t key)
{
    return position(rungs, key, UINT64_MAX);
}
