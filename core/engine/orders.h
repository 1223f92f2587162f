/*
 * orders.h: the host's open orders, found by id and by strategy.
 *
 * Invariants
 *   a slot holds at most one order; it is free again once the order has ended, so memory grows
 *   with open orders only.
 * Must not know: what orders mean.
 */
#ifndef ENGINE_ORDERS_H
#define ENGINE_ORDERS_H

#include <base/base.h>

#define ORDERS_NONE UINT32_MAX

typedef struct order_state {
    uint64_t id; /* 0: free */
    int64_t price_ticks, trigger_ticks, qty_lots, filled_lots;
    int64_t counted_lots;    /* what the gate counts as open: the worst of what is under way */
    uint32_t next, previous; /* of the same strategy, in order of arrival; next: free list */
    int32_t amends;          /* under way */
    uint16_t instrument;
    uint16_t strategy;
    uint8_t side, type, time_in_force, status;
    bool reduce_only;
    bool cancel_sent;
    /* External broker: executions that were applied. */
    uint64_t *executions;
    size_t execution_count, execution_capacity;
} order_state;

typedef struct order_list {
    uint32_t first, last;
    int32_t count;
} order_list;

typedef struct order_table {
    const hean_allocator *allocator;
    order_state *orders;
    size_t capacity;
    uint32_t free;
    size_t count;
    uint32_t *index; /* open addressing by id; ORDERS_NONE: empty */
    size_t index_capacity;
} order_table;

void orders_init(order_table *table, const hean_allocator *allocator);
void orders_deinit(order_table *table);
/* A zeroed order with its id, at the end of the list. False: out of memory. */
HEAN_WARN_UNUSED bool orders_add(order_table *table, order_list *list, uint64_t id, uint32_t *slot);
uint32_t orders_find(const order_table *table, uint64_t id); /* ORDERS_NONE */
void orders_remove(order_table *table, order_list *list, uint32_t slot);
/* False: this execution was there already, or (`*failed`) memory ran out. */
HEAN_WARN_UNUSED bool orders_add_execution(order_table *table, uint32_t slot, uint64_t execution,
                                           bool *failed);

#endif
