/*
 * paper_order.c: the life of an order at the paper venue: enter, take, rest, execute, end.
 *
 * Must not know: where market data comes from, how requests travel.
 */
#include "paper_internal.h"

#include <math.h>

static int64_t add_time(int64_t time_ns, int64_t delay_ns)
{
    int64_t sum;
    return __builtin_add_overflow(time_ns, delay_ns, &sum) ? INT64_MAX - 1 : sum;
}

static const hean_latency_sample *latency_at(const paper *broker, int64_t time_ns)
{
    const hean_latency_sample *samples = broker->latency;
    size_t low = 0;
    size_t high = broker->options.latency_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (samples[middle].time_ns <= time_ns)
            low = middle;
        else
            high = middle;
    }
    return &samples[low];
}

/* Room for an answer, with everything but its content filled in. */
static paper_answer *answer_push(paper *broker, uint64_t order_id, uint16_t instrument,
                                 uint32_t slot, bool with_bar)
{
    int64_t latency = broker->latency != NULL ? latency_at(broker, broker->now_ns)->response_ns
                                              : broker->options.response_latency_ns;
    int64_t arrive_ns = with_bar ? broker->now_ns : add_time(broker->now_ns, latency);
    if (broker->answers.count > 0) {
        const paper_answer *last = fifo_at(&broker->answers, broker->answers.count - 1);
        if (last->event.local_ns > arrive_ns)
            arrive_ns = last->event.local_ns;
    }
    paper_answer *answer = fifo_push(broker->allocator, &broker->answers);
    if (answer == NULL)
        return NULL;
    memset(answer, 0, sizeof *answer);
    answer->slot = slot;
    answer->event.local_ns = arrive_ns;
    answer->event.exch_ns = broker->now_ns;
    answer->event.instrument = instrument;
    answer->event.strategy = paper_strategy(order_id);
    return answer;
}

hean_status paper_send(paper *broker, const paper_request *request)
{
    int64_t latency = broker->latency != NULL ? latency_at(broker, request->sent_ns)->entry_ns
                                              : broker->options.entry_latency_ns;
    int64_t arrive_ns = add_time(request->sent_ns, latency);
    if (broker->requests.count > 0) {
        const paper_request *last = fifo_at(&broker->requests, broker->requests.count - 1);
        if (last->arrive_ns > arrive_ns)
            arrive_ns = last->arrive_ns;
    }
    paper_request *copy = fifo_push(broker->allocator, &broker->requests);
    if (copy == NULL)
        return HEAN_E_NO_MEMORY;
    *copy = *request;
    copy->arrive_ns = arrive_ns;
    return HEAN_OK;
}

static hean_status report_status(paper *broker, uint32_t slot, hean_order_status status,
                                 hean_reason reason, uint8_t request)
{
    const paper_order *order = &broker->orders[slot];
    bool with_bar = broker->venues[order->instrument].in_bar;
    paper_answer *answer = answer_push(broker, order->id, order->instrument, slot, with_bar);
    if (answer == NULL)
        return HEAN_E_NO_MEMORY;
    answer->request = request;
    answer->event.kind = HEAN_EVENT_ORDER;
    answer->event.side = order->side;
    answer->event.reason = (uint8_t)reason;
    answer->event.data.order.order_id = order->id;
    answer->event.data.order.price_ticks = order->price_ticks;
    answer->event.data.order.qty_lots = order->qty_lots;
    answer->event.data.order.filled_lots = order->filled_lots;
    answer->event.data.order.status = status;
    return HEAN_OK;
}

hean_status paper_report(paper *broker, uint32_t slot, hean_reason reason, uint8_t request)
{
    paper_order *order = &broker->orders[slot];
    order->reported = true;
    return report_status(broker, slot,
                         order->filled_lots > 0 ? HEAN_ORDER_PARTLY_FILLED : HEAN_ORDER_OPEN,
                         reason, request);
}

hean_status paper_answer_unknown(paper *broker, const paper_request *request)
{
    bool with_bar = false;
    paper_answer *answer =
        answer_push(broker, request->order_id, request->instrument, request->slot, with_bar);
    if (answer == NULL)
        return HEAN_E_NO_MEMORY;
    answer->request = request->kind;
    answer->event.kind = HEAN_EVENT_ORDER;
    answer->event.side = request->side;
    answer->event.reason = HEAN_REASON_UNKNOWN_ORDER;
    answer->event.data.order.order_id = request->order_id;
    answer->event.data.order.status = HEAN_ORDER_REJECTED;
    return HEAN_OK;
}

/* ---- ladders ---- */

static ladder *ladder_of(paper_venue *venue, const paper_order *order, int64_t *key)
{
    int side = paper_side_index(order->side);
    switch ((paper_place)order->place) {
    case PAPER_RESTING:
        *key = side == 0 ? order->price_ticks : -order->price_ticks;
        return &venue->resting[side];
    case PAPER_TRIGGER:
        *key = side == 0 ? -order->trigger_ticks : order->trigger_ticks;
        return &venue->stops[side];
    case PAPER_WAITING:
        *key = -(int64_t)order->arrival;
        return &venue->waiting;
    case PAPER_NOWHERE:
        break;
    }
    return NULL;
}

void paper_detach(paper *broker, uint32_t slot)
{
    paper_order *order = &broker->orders[slot];
    int64_t key;
    ladder *rungs = ladder_of(&broker->venues[order->instrument], order, &key);
    if (rungs != NULL)
        ladder_remove(rungs, key, order->arrival);
    order->place = PAPER_NOWHERE;
}

static hean_status attach(paper *broker, uint32_t slot, paper_place place)
{
    paper_order *order = &broker->orders[slot];
    int64_t key;
    order->place = (uint8_t)place;
    ladder *rungs = ladder_of(&broker->venues[order->instrument], order, &key);
    if (!ladder_insert(broker->allocator, rungs, (ladder_entry){key, order->arrival, slot})) {
        order->place = PAPER_NOWHERE;
        return HEAN_E_NO_MEMORY;
    }
    return order->reported ? HEAN_OK : paper_report(broker, slot, HEAN_REASON_NONE, 0);
}

/* ---- executions and ends ---- */

static void forget(paper *broker, uint32_t slot)
{
    paper_order *order = &broker->orders[slot];
    paper_detach(broker, slot);
    order->id = 0;
    broker->venues[order->instrument].live--;
    broker->live--;
}

hean_status paper_end(paper *broker, uint32_t slot, hean_order_status status, hean_reason reason)
{
    hean_status result = report_status(broker, slot, status, reason, 0);
    forget(broker, slot);
    return result;
}

/* An order that found no counterpart: refused, unless the venue had taken it or some of it. */
static hean_status end_unmatched(paper *broker, uint32_t slot, hean_reason reason)
{
    const paper_order *order = &broker->orders[slot];
    bool taken = order->reported || order->filled_lots > 0 || reason == HEAN_REASON_IOC_REMAINDER;
    return paper_end(broker, slot, taken ? HEAN_ORDER_CANCELLED : HEAN_ORDER_REJECTED, reason);
}

int64_t paper_reducible(const paper *broker, const paper_order *order)
{
    int64_t position =
        broker->positions[paper_strategy(order->id) * broker->venue_count + order->instrument];
    int64_t against = order->side == HEAN_SIDE_BUY ? -position : position;
    return against > 0 ? against : 0;
}

static hean_status report_fill(paper *broker, uint32_t slot, int64_t price_ticks, int64_t lots,
                               bool maker)
{
    const paper_order *order = &broker->orders[slot];
    bool with_bar = broker->venues[order->instrument].in_bar;
    paper_answer *answer = answer_push(broker, order->id, order->instrument, slot, with_bar);
    if (answer == NULL)
        return HEAN_E_NO_MEMORY;
    answer->event.kind = HEAN_EVENT_FILL;
    answer->event.side = order->side;
    answer->event.flags = maker ? HEAN_EVENT_MAKER : 0;
    answer->event.data.fill.order_id = order->id;
    answer->event.data.fill.price_ticks = price_ticks;
    answer->event.data.fill.qty_lots = lots;
    answer->event.data.fill.execution_id = ++broker->executions;
    return HEAN_OK;
}

hean_status paper_execute(paper *broker, uint32_t slot, int64_t price_ticks, int64_t lots,
                          bool maker)
{
    paper_order *order = &broker->orders[slot];
    int64_t reducible = INT64_MAX;
    if (lots > order->qty_lots - order->filled_lots)
        lots = order->qty_lots - order->filled_lots;
    if (order->reduce_only) {
        reducible = paper_reducible(broker, order);
        if (reducible == 0)
            return paper_end(broker, slot, HEAN_ORDER_CANCELLED, HEAN_REASON_REDUCE_ONLY);
        if (lots > reducible)
            lots = reducible;
    }
    int64_t *position =
        &broker->positions[paper_strategy(order->id) * broker->venue_count + order->instrument];
    int64_t after;
    if (__builtin_add_overflow(*position, order->side == HEAN_SIDE_BUY ? lots : -lots, &after) ||
        after == INT64_MIN)
        return HEAN_E_RANGE;
    hean_status status = report_fill(broker, slot, price_ticks, lots, maker);
    if (status != HEAN_OK)
        return status;
    *position = after;
    order->filled_lots += lots;
    if (order->filled_lots == order->qty_lots)
        forget(broker, slot);
    else if (lots == reducible)
        return paper_end(broker, slot, HEAN_ORDER_CANCELLED, HEAN_REASON_REDUCE_ONLY);
    return HEAN_OK;
}

hean_status paper_fill_rest(paper *broker, uint32_t slot, int64_t price_ticks, bool maker)
{
    const paper_order *order = &broker->orders[slot];
    return paper_execute(broker, slot, price_ticks, order->qty_lots - order->filled_lots, maker);
}

/* ---- arrival ---- */

/* Walks the levels of the other side, within the order's limit. */
static hean_status walk(paper *broker, uint32_t slot, int64_t limit_ticks)
{
    paper_order *order = &broker->orders[slot];
    paper_venue *venue = &broker->venues[order->instrument];
    int64_t wanted = order->qty_lots - order->filled_lots;
    size_t count;
    int64_t sum;
    hean_status status =
        paper_levels(broker, venue, (hean_side)order->side, limit_ticks, wanted, &count, &sum);
    if (status != HEAN_OK)
        return status;
    if (order->time_in_force == HEAN_TIF_FOK && sum < wanted)
        return end_unmatched(broker, slot, HEAN_REASON_FOK_NOT_FILLABLE);
    for (size_t i = 0; i < count && order->id != 0; i++) {
        status = paper_execute(broker, slot, broker->levels[i].price_ticks,
                               broker->levels[i].qty_lots, false);
        if (status != HEAN_OK)
            return status;
    }
    if (order->id == 0)
        return HEAN_OK;
    if (limit_ticks == 0)
        return end_unmatched(broker, slot, HEAN_REASON_NO_LIQUIDITY);
    if (order->time_in_force == HEAN_TIF_IOC)
        return end_unmatched(broker, slot, HEAN_REASON_IOC_REMAINDER);
    return paper_fill_rest(broker, slot, limit_ticks, false);
}

static hean_status take_or_rest(paper *broker, uint32_t slot)
{
    paper_order *order = &broker->orders[slot];
    paper_venue *venue = &broker->venues[order->instrument];
    bool market = order->type == HEAN_ORDER_MARKET;
    int64_t best;
    hean_status status = paper_best(broker, venue, (hean_side)order->side, &best);
    if (status != HEAN_OK)
        return status;
    bool crosses =
        best > 0 && (market || (order->side == HEAN_SIDE_BUY ? order->price_ticks >= best
                                                             : order->price_ticks <= best));
    if (crosses) {
        if (order->time_in_force == HEAN_TIF_POST_ONLY)
            return end_unmatched(broker, slot, HEAN_REASON_POST_ONLY_WOULD_TAKE);
        if (venue->knows == PAPER_BOOK && broker->options.partial_fills)
            return walk(broker, slot, market ? 0 : order->price_ticks);
        return paper_fill_rest(broker, slot, best, false);
    }
    if (market)
        return end_unmatched(broker, slot, HEAN_REASON_NO_LIQUIDITY);
    if (order->time_in_force == HEAN_TIF_IOC)
        return end_unmatched(broker, slot, HEAN_REASON_IOC_REMAINDER);
    if (order->time_in_force == HEAN_TIF_FOK)
        return end_unmatched(broker, slot, HEAN_REASON_FOK_NOT_FILLABLE);
    paper_queue_begin(venue, order);
    return attach(broker, slot, PAPER_RESTING);
}

hean_status paper_enter(paper *broker, uint32_t slot)
{
    paper_order *order = &broker->orders[slot];
    paper_venue *venue = &broker->venues[order->instrument];
    order->arrival = ++broker->arrivals;
    if (venue->knows == PAPER_BARS && !venue->in_bar)
        return attach(broker, slot, PAPER_WAITING);
    if (order->type == HEAN_ORDER_STOP || order->type == HEAN_ORDER_STOP_LIMIT) {
        bool reached;
        hean_status status = paper_stop_reached(broker, venue, order, &reached);
        if (status != HEAN_OK)
            return status;
        if (!reached)
            return attach(broker, slot, PAPER_TRIGGER);
        order->type = order->type == HEAN_ORDER_STOP ? HEAN_ORDER_MARKET : HEAN_ORDER_LIMIT;
    }
    return take_or_rest(broker, slot);
}
