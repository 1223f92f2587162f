/*
 * orders.c: see orders.h. The index is a hash table with linear probing; removal shifts back, so
 * that there are no tombstones.
 */
#include "orders.h"

#include <string.h>

void orders_init(order_table *table, const hean_allocator *allocator)
{
    *table = (order_table){.allocator = allocator, .free = ORDERS_NONE};
}

void orders_deinit(order_table *table)
{
    for (size_t i = 0; i < table->capacity; i++)
        base_free(table->allocator, table->orders[i].executions);
    base_free(table->allocator, table->orders);
    base_free(table->allocator, table->index);
    orders_init(table, table->allocator);
}

static size_t home(const order_table *table, uint64_t id)
{
    return (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (table->index_capacity - 1);
}

static void index_put(order_table *table, uint32_t slot)
{
    size_t at = home(table, table->orders[slot].id);
    while (table->index[at] != ORDERS_NONE)
        at = (at + 1) & (table->index_capacity - 1);
    table->index[at] = slot;
}

static bool index_grow(order_table *table)
{
    size_t capacity = table->index_capacity == 0 ? 16 : table->index_capacity * 2;
    uint32_t *index = base_alloc_array(table->allocator, capacity, sizeof *index);
    if (index == NULL)
        return false;
    memset(index, 0xff, capacity * sizeof *index);
    base_free(table->allocator, table->index);
    table->index = index;
    table->index_capacity = capacity;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->orders[i].id != 0)
            index_put(table, (uint32_t)i);
    return true;
}

static bool slots_grow(order_table *table)
{
    size_t before = table->capacity;
    void *orders = table->orders;
    if (before >= ORDERS_NONE / 2 ||
        !base_grow(table->allocator, &orders, &table->capacity, before + 1, sizeof(order_state)))
        return false;
    table->orders = orders;
    memset(&table->orders[before], 0, (table->capacity - before) * sizeof(order_state));
    for (size_t i = table->capacity; i > before; i--) {
        table->orders[i - 1].next = table->free;
        table->free = (uint32_t)(i - 1);
    }
    return true;
}

bool orders_add(order_table *table, order_list *list, uint64_t id, uint32_t *slot)
{
    if (table->free == ORDERS_NONE && !slots_grow(table))
        return false;
    if (table->count * 2 >= table->index_capacity && !index_grow(table))
        return false;
    uint32_t taken = table->free;
    order_state *order = &table->orders[taken];
    table->free = order->next;
    memset(order, 0, sizeof *order);
    order->id = id;
    order->next = ORDERS_NONE;
    order->previous = list->last;
    if (list->last != ORDERS_NONE)
        table->orders[list->last].next = taken;
    else
        list->first = taken;
    list->last = taken;
    list->count++;
    table->count++;
    index_put(table, taken);
    *slot = taken;
    return true;
}

static size_t index_find(const order_table *table, uint64_t id)
{
    size_t at = home(table, id);
    while (table->index[at] != ORDERS_NONE && table->orders[table->index[at]].id != id)
        at = (at + 1) & (table->index_capacity - 1);
    return at;
}

uint32_t orders_find(const order_table *table, uint64_t id)
{
    if (table->index_capacity == 0 || id == 0)
        return ORDERS_NONE;
    return table->index[index_find(table, id)];
}

static void index_remove(order_table *table, uint64_t id)
{
    size_t mask = table->index_capacity - 1;
    size_t hole = index_find(table, id);
    for (size_t at = (hole + 1) & mask; table->index[at] != ORDERS_NONE; at = (at + 1) & mask) {
        size_t wanted = home(table, table->orders[table->index[at]].id);
        /* An entry may move back to the hole unless its home lies between the hole and itself. */
        if (((at - wanted) & mask) >= ((at - hole) & mask)) {
            table->index[hole] = table->index[at];
            hole = at;
        }
    }
    table->index[hole] = ORDERS_NONE;
}

void orders_remove(order_table *table, order_list *list, uint32_t slot)
{
    order_state *order = &table->orders[slot];
    index_remove(table, order->id);
    if (order->previous != ORDERS_NONE)
        table->orders[order->previous].next = order->next;
    else
        list->first = order->next;
    if (order->next != ORDERS_NONE)
        table->orders[order->next].previous = order->previous;
    else
        list->last = order->previous;
    list->count--;
    table->count--;
    base_free(table->allocator, order->executions);
    order->executions = NULL;
    order->id = 0;
    order->next = table->free;
    table->free = slot;
}

bool orders_add_execution(order_table *table, uint32_t slot, uint64_t execution, bool *failed)
{
    order_state *order = &table->orders[slot];
    void *executions = order->executions;
    *failed = false;
    for (size_t i = 0; i < order->execution_count; i++)
        if (order->executions[i] == execution)
            return false;
    if (!base_grow(table->allocator, &executions, &order->execution_capacity,
                   order->execution_count + 1, sizeof execution)) {
        *failed = true;
        return false;
    }
    order->executions = executions;
    order->executions[order->execution_count++] = execution;
    return true;
}
