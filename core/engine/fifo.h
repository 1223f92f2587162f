/*
 * fifo.h: a growing ring of equal elements: requests and answers under way, events to deliver.
 *
 * Invariants: elements leave in the order in which they came; a push that fails changes nothing.
 * Must not know: what the elements are.
 */
#ifndef ENGINE_FIFO_H
#define ENGINE_FIFO_H

#include <base/base.h>

#include <string.h>

typedef struct fifo {
    char *items;
    size_t element_bytes;
    size_t capacity; /* a power of two, or 0 */
    size_t head;
    size_t count;
} fifo;

static inline void fifo_init(fifo *queue, size_t element_bytes)
{
    memset(queue, 0, sizeof *queue);
    queue->element_bytes = element_bytes;
}

static inline void fifo_deinit(const hean_allocator *allocator, fifo *queue)
{
    base_free(allocator, queue->items);
    fifo_init(queue, queue->element_bytes);
}

static inline void *fifo_at(const fifo *queue, size_t index)
{
    size_t slot = (queue->head + index) & (queue->capacity - 1);
    return queue->items + slot * queue->element_bytes;
}

static inline void *fifo_front(const fifo *queue)
{
    return queue->count == 0 ? NULL : fifo_at(queue, 0);
}

/* Room for one more element at the end; NULL if memory ran out. */
static inline void *fifo_push(const hean_allocator *allocator, fifo *queue)
{
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity == 0 ? 16 : queue->capacity * 2;
        char *items = (char *)base_alloc_array(allocator, capacity, queue->element_bytes);
        if (items == NULL)
            return NULL;
        for (size_t i = 0; i < queue->count; i++)
            memcpy(items + i * queue->element_bytes, fifo_at(queue, i), queue->element_bytes);
        base_free(allocator, queue->items);
        queue->items = items;
        queue->capacity = capacity;
        queue->head = 0;
    }
    return fifo_at(queue, queue->count++);
}

static inline void fifo_pop(fifo *queue)
{
    BASE_ASSERT(queue->count > 0);
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->count--;
}

#endif
