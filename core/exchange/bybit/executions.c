/*
 * executions.c: each execution once, whichever way and how often it comes (X4).
 *
 * What makes an execution the same: symbol, execution id, order id and side (both sides of a match
 * may share an id), hashed to 128 bits. Memory is bounded: two sets; the one in use is put aside
 * when the executions in it span SPAN_NS or it is full, and the one put aside before is emptied. So
 * everything of the last SPAN_NS is remembered; an execution from before the older set is taken for
 * known, which is counted and said. Lists are asked for from OVERLAP (reconcile.c) before the last
 * one on, well inside.
 * Must not know: how lists are asked for.
 */
#include "venue_private.h"

#include <string.h>

#define SPAN_NS     (60 * 60 * BASE_NS_PER_S)
#define SET_KEYS    ((size_t)1 << 18)
#define FIRST_SLOTS ((size_t)256)

/* ---- the sets ---- */

static exec_key key_of(const bybit_execution *row)
{
    char text[HEAN_SYMBOL_BYTES + 2 * VENUE_EXEC_ID_BYTES + 8];
    int bytes = snprintf(text, sizeof text, "%s|%s|%s|%d", row->symbol, row->exec_id, row->order_id,
                         row->side);
    exec_key key = {venue_hash(1, text, (size_t)bytes), venue_hash(2, text, (size_t)bytes)};
    if (key.high == 0 && key.low == 0)
        key.low = 1;
    return key;
}

static exec_key *slot_of(const exec_set *set, exec_key key)
{
    size_t mask = set->capacity - 1;
    size_t at = (size_t)key.low & mask;
    while ((set->keys[at].high != 0 || set->keys[at].low != 0) &&
           (set->keys[at].high != key.high || set->keys[at].low != key.low))
        at = (at + 1) & mask;
    return &set->keys[at];
}

static bool has(const exec_set *set, exec_key key)
{
    if (set->capacity == 0)
        return false;
    const exec_key *slot = slot_of(set, key);
    return slot->high != 0 || slot->low != 0;
}

static bool grow(venue *self, exec_set *set)
{
    exec_set larger = *set;
    larger.capacity = set->capacity == 0 ? FIRST_SLOTS : set->capacity * 2;
    larger.keys = base_alloc_array(self->allocator, larger.capacity, sizeof *larger.keys);
    if (larger.keys == NULL) {
        venue_no_memory(self);
        return false;
    }
    for (size_t i = 0; i < set->capacity; i++)
        if (set->keys[i].high != 0 || set->keys[i].low != 0)
            *slot_of(&larger, set->keys[i]) = set->keys[i];
    base_free(self->allocator, set->keys);
    *set = larger;
    return true;
}

static void put_aside(venue *self)
{
    exec_set emptied = self->sets[1];
    self->sets[1] = self->sets[0];
    if (emptied.count > 0) {
        memset(emptied.keys, 0, emptied.capacity * sizeof *emptied.keys);
        self->forgotten_ns = self->sets[1].begin_ns;
    }
    emptied.count = 0;
    emptied.begin_ns = self->newest_execution_ns;
    self->sets[0] = emptied;
}

/* True: it is new, and from now on known. */
static bool remember(venue *self, const bybit_execution *row)
{
    exec_key key = key_of(row);
    if (has(&self->sets[0], key) || has(&self->sets[1], key))
        return false;
    if (row->time_ns > self->newest_execution_ns)
        self->newest_execution_ns = row->time_ns;
    if (self->sets[0].count >= SET_KEYS ||
        (self->sets[0].count > 0 && row->time_ns - self->sets[0].begin_ns > SPAN_NS))
        put_aside(self);
    exec_set *set = &self->sets[0];
    if (set->begin_ns == 0)
        set->begin_ns = row->time_ns;
    if (2 * (set->count + 1) > set->capacity && !grow(self, set))
        return false;
    *slot_of(set, key) = key;
    set->count++;
    return true;
}

void venue_executions_free(venue *self)
{
    base_free(self->allocator, self->sets[0].keys);
    base_free(self->allocator, self->sets[1].keys);
    base_free(self->allocator, self->rows);
}

/* ---- what they mean ---- */

static venue_event *emit(venue *self, venue_event_kind kind, const bybit_execution *row)
{
    venue_event *event = venue_emit(self, kind);
    event->instrument = (uint16_t)row->index;
    event->event.kind = HEAN_EVENT_FILL;
    event->event.side = (uint8_t)row->side;
    event->event.flags = row->maker ? HEAN_EVENT_MAKER : 0;
    event->event.instrument = (uint16_t)row->index;
    event->event.strategy = HEAN_NO_STRATEGY;
    memcpy(event->exec_id, row->exec_id, sizeof event->exec_id);
    memcpy(event->venue_order_id, row->order_id, sizeof event->venue_order_id);
    memcpy(event->coin, row->fee_coin, sizeof event->coin);
    (void)base_text_copy(event->client_id, sizeof event->client_id, row->client_id);
    event->time_ns = row->time_ns;
    return event;
}

static void tell_fill(venue *self, const bybit_execution *row, venue_event_kind kind,
                      uint16_t strategy, uint64_t order_id)
{
    venue_event *event = emit(self, kind, row);
    event->event.strategy = strategy;
    event->event.data.fill.order_id = order_id;
    event->event.data.fill.price_ticks = row->price_ticks;
    event->event.data.fill.qty_lots = row->qty_lots;
    event->event.data.fill.fee_e8 = row->fee_e8;
    event->event.data.fill.realized_e8 = row->realized_e8;
    event->event.data.fill.execution_id = key_of(row).low;
    event->amount_e8 = row->realized_e8;
    event->fee_e8 = row->fee_e8;
}

static void trade(venue *self, const bybit_execution *row)
{
    uint64_t order_id;
    uint16_t strategy;
    self->trades++;
    id_origin origin = venue_client_id_read(self, row->client_id, &order_id, &strategy);
    venue_order *order = origin == ID_OURS ? venue_order_find(self, order_id) : NULL;
    if (order != NULL && order->instrument == row->index && order->side == row->side) {
        venue_order_fill(self, order, row, key_of(row).low);
        return;
    }
    if (origin != ID_FOREIGN) {
        tell_fill(self, row, VENUE_LATE_FILL, strategy, order_id);
        return;
    }
    if (row->forced)
        venue_log(self, HEAN_LOG_ERROR, "%s: the venue traded by force: %s", row->symbol,
                  row->exec_id);
    tell_fill(self, row, VENUE_FOREIGN_FILL, HEAN_NO_STRATEGY, 0);
    /* Before the first comparison there is nothing that it could explain. */
    if (self->compared)
        self->symbols[row->index].foreign_lots +=
            row->side == HEAN_SIDE_BUY ? row->qty_lots : -row->qty_lots;
}

void venue_execution(venue *self, const bybit_execution *row)
{
    if (row->index < 0)
        return;
    if (row->time_ns < self->forgotten_ns) {
        self->counters.duplicate_executions++;
        venue_log(self, HEAN_LOG_WARN, "execution %s is too old to tell whether it is known",
                  row->exec_id);
        return;
    }
    if (!remember(self, row)) {
        self->counters.duplicate_executions++;
        return;
    }
    if (row->kind == BYBIT_EXEC_TRADE) {
        if (row->qty_lots > 0 && row->price_ticks > 0)
            trade(self, row);
    } else if (row->kind == BYBIT_EXEC_FUNDING) {
        venue_event *event = emit(self, VENUE_FUNDING, row);
        event->event.kind = HEAN_EVENT_FUNDING;
        event->event.data.funding.rate_e12 = row->rate_e12;
        event->event.data.funding.paid_e8 = -row->fee_e8;
        event->amount_e8 = -row->fee_e8;
        event->qty_lots = row->qty_lots;
    } else {
        venue_log(self, HEAN_LOG_WARN, "%s: execution %s of another kind moves nothing",
                  row->symbol, row->exec_id);
    }
}

hean_status venue_on_execution(void *context, const bybit_execution *row)
{
    venue_execution(context, row);
    return HEAN_OK;
}

/* ---- lists: newest first, page by page ---- */

hean_status venue_collect_execution(void *context, const bybit_execution *row, hean_error *error)
{
    venue *self = context;
    void *rows = self->rows;
    (void)error;
    if (!base_grow(self->allocator, &rows, &self->row_capacity, self->row_count + 1,
                   sizeof *self->rows))
        return HEAN_E_NO_MEMORY;
    self->rows = rows;
    self->rows[self->row_count++] = *row;
    return HEAN_OK;
}

void venue_collected_turn(venue *self, size_t first)
{
    for (size_t i = first, k = self->row_count; i + 1 < k; i++) {
        bybit_execution row = self->rows[i];
        self->rows[i] = self->rows[--k];
        self->rows[k] = row;
    }
}

/* By time; executions of one millisecond stay as the venue listed them, because what a position
 * cost depends on their order. Nearly sorted already: insertion is linear then. */
void venue_collected_apply(venue *self, size_t first)
{
    for (size_t i = first + 1; i < self->row_count; i++) {
        bybit_execution row = self->rows[i];
        size_t at = i;
        for (; at > first && self->rows[at - 1].time_ns > row.time_ns; at--)
            self->rows[at] = self->rows[at - 1];
        self->rows[at] = row;
    }
    for (size_t i = first; i < self->row_count; i++)
        venue_execution(self, &self->rows[i]);
    self->row_count = first;
}
