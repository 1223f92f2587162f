/*
 * cells.c: sums by account, day and kind, in memory: what a batch adds to the balances, and what
 * store_verify finds again from nothing.
 */
#include "store_private.h"

#include <string.h>

void cells_init(cells *table, const hean_allocator *allocator)
{
    *table = (cells){.allocator = allocator};
}

void cells_deinit(cells *table)
{
    base_free(table->allocator, table->items);
    cells_init(table, table->allocator);
}

static bool is_same(const cell *a, int64_t account, int64_t day, int kind)
{
    return a->ids[0] == account && a->day == day && a->kind == kind;
}

/* Its cell, or the free place where it belongs. */
static size_t place_of(const cells *table, int64_t account, int64_t day, int kind)
{
    uint64_t hash = (uint64_t)account * UINT64_C(0x9e3779b97f4a7c15) ^
                    (uint64_t)day * UINT64_C(0xbf58476d1ce4e5b9) ^ (uint64_t)kind << 60;
    size_t at = (size_t)(hash ^ hash >> 31) & (table->capacity - 1);

    while (table->items[at].entries != 0 && !is_same(&table->items[at], account, day, kind))
        at = (at + 1) & (table->capacity - 1);
    return at;
}

static hean_status grow(cells *table)
{
    cells bigger = *table;

    bigger.capacity = table->capacity > 0 ? table->capacity * 2 : 64;
    bigger.items = base_alloc_array(table->allocator, bigger.capacity, sizeof *bigger.items);
    if (bigger.items == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < table->capacity; i++) {
        const cell *from = &table->items[i];
        if (from->entries != 0)
            bigger.items[place_of(&bigger, from->ids[0], from->day, from->kind)] = *from;
    }
    base_free(table->allocator, table->items);
    bigger.last = 0;
    *table = bigger;
    return HEAN_OK;
}

static void merge(cell *into, const cell *more)
{
    into->amount_e8 += more->amount_e8;
    into->entries += more->entries;
    into->estimated += more->estimated;
    if (more->first_sequence < into->first_sequence)
        into->first_sequence = more->first_sequence;
    if (more->last_sequence > into->last_sequence)
        into->last_sequence = more->last_sequence;
}

hean_status cells_add(cells *table, const cell *more)
{
    if (table->count * 2 >= table->capacity) {
        hean_status status = grow(table);
        if (status != HEAN_OK)
            return status;
    }
    /* Entries of one cell often come in a row. */
    if (table->items[table->last].entries == 0 ||
        !is_same(&table->items[table->last], more->ids[0], more->day, more->kind))
        table->last = place_of(table, more->ids[0], more->day, more->kind);
    if (table->items[table->last].entries == 0) {
        table->items[table->last] = *more;
        table->count++;
    } else {
        merge(&table->items[table->last], more);
    }
    return HEAN_OK;
}

hean_status cells_spread(cells *table, const cells *from)
{
    for (size_t i = 0; i < from->capacity; i++) {
        cell added = from->items[i];
        for (int level = 0; added.entries != 0 && level < STORE_LEVELS; level++) {
            hean_status status;
            added.ids[0] = from->items[i].ids[level];
            added.day = from->items[i].day;
            status = cells_add(table, &added);
            added.day = STORE_ALL_DAYS;
            if (status == HEAN_OK)
                status = cells_add(table, &added);
            if (status != HEAN_OK)
                return status;
        }
    }
    return HEAN_OK;
}

const cell *cells_find(const cells *table, int64_t account, int64_t day, int kind)
{
    size_t at = table->capacity > 0 ? place_of(table, account, day, kind) : 0;
    return table->capacity > 0 && table->items[at].entries != 0 ? &table->items[at] : NULL;
}

void cell_split(base_int128 amount_e8, int64_t *units, int64_t *e8)
{
    base_int128 whole = amount_e8 / BASE_E8, rest = amount_e8 % BASE_E8;

    if (rest < 0) {
        rest += BASE_E8;
        whole--;
    }
    *units = (int64_t)whole;
    *e8 = (int64_t)rest;
}
