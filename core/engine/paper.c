/*
 * paper.c: the paper venue's door: opening, and requests as they arrive.
 *
 * Must not know: how market data moves orders (paper_market.c, paper_bars.c).
 */
#include "paper_internal.h"

#include <base/decimal.h>

#include <math.h>

hean_status paper_check_options(const engine_paper_options *options, hean_error *error)
{
    if (options->entry_latency_ns < 0 || options->response_latency_ns < 0)
        return base_fail(error, HEAN_E_INVALID, "a latency is negative, expected 0 or more");
    if (options->queue != ENGINE_QUEUE_RISK_AVERSE && options->queue != ENGINE_QUEUE_PROB_POWER &&
        options->queue != ENGINE_QUEUE_PROB_LOG)
        return base_fail(error, HEAN_E_INVALID, "unknown queue model %d", (int)options->queue);
    if (!(options->queue_power > 0) || isinf(options->queue_power))
        return base_fail(error, HEAN_E_INVALID, "queue power %g, expected a positive number",
                         options->queue_power);
    if (options->latency == NULL && options->latency_count > 0)
        return base_fail(error, HEAN_E_INVALID, "latency samples are counted but not given");
    for (size_t i = 0; i < options->latency_count; i++) {
        const hean_latency_sample *sample = &options->latency[i];
        if (sample->entry_ns < 0 || sample->response_ns < 0)
            return base_fail(error, HEAN_E_INVALID, "latency sample %zu is negative", i);
        if (i > 0 && sample->time_ns < options->latency[i - 1].time_ns)
            return base_fail(error, HEAN_E_INVALID,
                             "latency sample %zu is older than the one "
                             "before it",
                             i);
    }
    return HEAN_OK;
}

static hean_status open_venues(paper *broker, const market_instrument *const *instruments)
{
    for (size_t i = 0; i < broker->venue_count; i++) {
        paper_venue *venue = &broker->venues[i];
        hean_status status = market_book_init(&venue->book, broker->allocator);
        if (status != HEAN_OK)
            return status;
        venue->instrument = instruments[i];
        venue->lot_size = decimal_units_to_double(1, instruments[i]->spec.lot_size);
        venue->stale_bid_ticks = INT64_MAX;
    }
    return HEAN_OK;
}

hean_status paper_open(const hean_allocator *allocator, const engine_paper_options *options,
                       const market_instrument *const *instruments, size_t instrument_count,
                       size_t strategy_count, paper **out, hean_error *error)
{
    paper *broker = base_alloc(allocator, sizeof *broker);
    if (broker == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "paper broker");
    broker->allocator = allocator;
    broker->options = *options;
    broker->options.latency = NULL;
    broker->now_ns = INT64_MIN;
    fifo_init(&broker->requests, sizeof(paper_request));
    fifo_init(&broker->answers, sizeof(paper_answer));
    hean_status status = HEAN_E_NO_MEMORY;
    /* One more than needed: an empty array is not NULL. */
    broker->venues = base_alloc_array(allocator, instrument_count + 1, sizeof(paper_venue));
    broker->positions =
        base_alloc_array(allocator, instrument_count * strategy_count + 1, sizeof(int64_t));
    if (broker->venues == NULL || broker->positions == NULL)
        goto cleanup;
    if (options->latency_count > 0) {
        size_t bytes = options->latency_count * sizeof *options->latency;
        broker->latency = base_alloc(allocator, bytes);
        if (broker->latency == NULL)
            goto cleanup;
        memcpy(broker->latency, options->latency, bytes);
    }
    broker->venue_count = instrument_count;
    broker->strategy_count = strategy_count;
    status = open_venues(broker, instruments);
cleanup:
    if (status != HEAN_OK) {
        paper_close(broker);
        return base_fail(error, status, "paper broker: %s", hean_status_text(status));
    }
    *out = broker;
    return HEAN_OK;
}

void paper_close(paper *broker)
{
    if (broker == NULL)
        return;
    const hean_allocator *allocator = broker->allocator;
    for (size_t i = 0; i < broker->venue_count; i++) {
        paper_venue *venue = &broker->venues[i];
        if (venue->instrument == NULL)
            break;
        market_book_deinit(&venue->book);
        for (int side = 0; side < 2; side++) {
            ladder_deinit(allocator, &venue->resting[side]);
            ladder_deinit(allocator, &venue->stops[side]);
        }
        ladder_deinit(allocator, &venue->waiting);
    }
    base_free(allocator, broker->venues);
    base_free(allocator, broker->positions);
    base_free(allocator, broker->orders);
    base_free(allocator, broker->levels);
    base_free(allocator, broker->latency);
    fifo_deinit(allocator, &broker->requests);
    fifo_deinit(allocator, &broker->answers);
    base_free(allocator, broker);
}

int64_t paper_answer_ns(const paper *broker)
{
    const paper_answer *front = fifo_front(&broker->answers);
    return front == NULL ? INT64_MAX : front->event.local_ns;
}

bool paper_take_answer(paper *broker, paper_answer *out)
{
    const paper_answer *front = fifo_front(&broker->answers);
    if (front == NULL)
        return false;
    *out = *front;
    fifo_pop(&broker->answers);
    return true;
}

int64_t paper_request_ns(const paper *broker)
{
    const paper_request *front = fifo_front(&broker->requests);
    return front == NULL ? INT64_MAX : front->arrive_ns;
}

size_t paper_live(const paper *broker)
{
    return broker->live;
}

/* ---- requests ---- */

static hean_status place(paper *broker, const paper_request *request)
{
    size_t before = broker->order_capacity;
    void *orders = broker->orders;
    if (!base_grow(broker->allocator, &orders, &broker->order_capacity, (size_t)request->slot + 1,
                   sizeof(paper_order)))
        return HEAN_E_NO_MEMORY;
    broker->orders = orders;
    memset(&broker->orders[before], 0, (broker->order_capacity - before) * sizeof(paper_order));
    paper_order *order = &broker->orders[request->slot];
    BASE_ASSERT(order->id == 0);
    *order = (paper_order){
        .id = request->order_id,
        .sent_ns = request->sent_ns,
        .price_ticks = request->price_ticks,
        .trigger_ticks = request->trigger_ticks,
        .qty_lots = request->qty_lots,
        .instrument = request->instrument,
        .side = request->side,
        .type = request->order_type,
        .time_in_force = request->time_in_force,
        .reduce_only = request->reduce_only,
    };
    broker->live++;
    broker->venues[order->instrument].live++;
    if (order->reduce_only && paper_reducible(broker, order) == 0)
        return paper_end(broker, request->slot, HEAN_ORDER_REJECTED, HEAN_REASON_REDUCE_ONLY);
    return paper_enter(broker, request->slot);
}

static hean_status amend(paper *broker, const paper_request *request)
{
    uint32_t slot = request->slot;
    paper_order *order = &broker->orders[slot];
    bool repriced = request->price_ticks != 0 && request->price_ticks != order->price_ticks;
    bool grown = request->qty_lots > order->qty_lots;
    if (request->qty_lots != 0 && request->qty_lots <= order->filled_lots)
        return paper_end(broker, slot, HEAN_ORDER_CANCELLED, HEAN_REASON_CANCELLED_BY_STRATEGY);
    bool again = (repriced || grown) && order->place != PAPER_TRIGGER;
    if (again)
        paper_detach(broker, slot);
    if (request->price_ticks != 0)
        order->price_ticks = request->price_ticks;
    if (request->qty_lots != 0)
        order->qty_lots = request->qty_lots;
    hean_status status = paper_report(broker, slot, HEAN_REASON_NONE, HEAN_INTENT_AMEND);
    if (status == HEAN_OK && again) {
        order->sent_ns = request->sent_ns;
        status = paper_enter(broker, slot);
    }
    return status;
}

hean_status paper_arrive(paper *broker)
{
    const paper_request *front = fifo_front(&broker->requests);
    BASE_ASSERT(front != NULL);
    paper_request request = *front;
    fifo_pop(&broker->requests);
    if (request.arrive_ns > broker->now_ns)
        broker->now_ns = request.arrive_ns;
    if (request.kind == HEAN_INTENT_PLACE)
        return place(broker, &request);
    bool known = request.slot < broker->order_capacity &&
                 broker->orders[request.slot].id == request.order_id;
    if (!known)
        return paper_answer_unknown(broker, &request);
    if (request.kind == HEAN_INTENT_AMEND)
        return amend(broker, &request);
    return paper_end(broker, request.slot, HEAN_ORDER_CANCELLED,
                     request.by_host ? HEAN_REASON_CANCELLED_BY_HOST
                                     : HEAN_REASON_CANCELLED_BY_STRATEGY);
}
