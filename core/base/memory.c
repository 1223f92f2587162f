/*
 * memory.c: everything that belongs to a host goes through its allocator.
 */
#include <base/base.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_BYTES ((size_t)4 << 20)
#define PAGE_BYTES  ((uintptr_t)4096)

/* Large blocks are tables and logs that are walked at random: with large pages a ledger posts a
 * fifth faster. It is advice; that it is not taken is no failure. */
static void advise_large_pages(void *pointer, size_t bytes)
{
    uintptr_t from = ((uintptr_t)pointer + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    (void)madvise((void *)from, bytes - (from - (uintptr_t)pointer), MADV_HUGEPAGE);
}

static void *default_resize(void *context, void *pointer, size_t bytes)
{
    (void)context;
    if (bytes == 0) {
        free(pointer);
        return NULL;
    }
    pointer = realloc(pointer, bytes);
    if (pointer != NULL && bytes >= LARGE_BYTES)
        advise_large_pages(pointer, bytes);
    return pointer;
}

static const hean_allocator default_allocator = {default_resize, NULL};

const hean_allocator *base_allocator_default(void)
{
    return &default_allocator;
}

void *base_resize(const hean_allocator *allocator, void *pointer, size_t bytes)
{
    return allocator->resize(allocator->context, pointer, bytes);
}

void *base_alloc(const hean_allocator *allocator, size_t bytes)
{
    void *pointer = base_resize(allocator, NULL, bytes > 0 ? bytes : 1);
    if (pointer != NULL)
        memset(pointer, 0, bytes);
    return pointer;
}

void *base_alloc_array(const hean_allocator *allocator, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return base_alloc(allocator, total);
}

void base_free(const hean_allocator *allocator, void *pointer)
{
    if (pointer != NULL)
        (void)base_resize(allocator, pointer, 0);
}

bool base_grow(const hean_allocator *allocator, void **array, size_t *capacity, size_t needed,
               size_t element_bytes)
{
    size_t wanted = *capacity > 0 ? *capacity : 8;
    size_t bytes;
    void *grown;

    if (needed <= *capacity)
        return true;
    while (wanted < needed) {
        if (__builtin_mul_overflow(wanted, (size_t)2, &wanted))
            return false;
    }
    if (__builtin_mul_overflow(wanted, element_bytes, &bytes))
        return false;
    grown = base_resize(allocator, *array, bytes);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}
