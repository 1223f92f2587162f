/*
 * feed.c: what goes into a running host (events, time) and the orders that come out of it.
 *
 * Events come from strangers: each is checked here before anything behind sees it.
 */
#include "host_private.h"

#include <market/event.h>

#include <string.h>

#define EVENT_FLAGS                                                                                \
    (HEAN_EVENT_LAST | HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT | HEAN_EVENT_MAKER | HEAN_EVENT_GAP)
#define MONEY_E8_MAX (INT64_C(1) << 60)

static bool within(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

/* ORDER and FILL: what the embedder's own broker reports. NULL if it is well formed. */
static const char *answer_problem(const hean_host *host, const hean_event *event)
{
    bool fill = event->kind == HEAN_EVENT_FILL;
    uint64_t order_id = fill ? event->data.fill.order_id : event->data.order.order_id;
    int64_t price = fill ? event->data.fill.price_ticks : event->data.order.price_ticks;
    int64_t qty = fill ? event->data.fill.qty_lots : event->data.order.qty_lots;

    if (host->options.broker != HEAN_BROKER_EXTERNAL)
        return "ORDER and FILL events are taken with an EXTERNAL broker only";
    if (event->strategy >= host->strategy_count || order_id >> 48 != event->strategy)
        return "the strategy does not exist, or the order is not its own";
    if (event->instrument >= host->instrument_count)
        return "the instrument was not added";
    if (event->side != HEAN_SIDE_BUY && event->side != HEAN_SIDE_SELL)
        return "the side of an order is not buy or sell";
    if (event->reason >= HEAN_REASON_COUNT)
        return "an unknown reason";
    if (!within(price, fill ? 1 : 0, HEAN_UNITS_MAX) || !within(qty, fill ? 1 : 0, HEAN_UNITS_MAX))
        return "a price or quantity is out of range";
    if (fill)
        return within(event->data.fill.fee_e8, -MONEY_E8_MAX, MONEY_E8_MAX)
                   ? NULL
                   : "the fee is out of range";
    if (!within(event->data.order.filled_lots, 0, qty))
        return "the filled quantity is not between 0 and the order's";
    if (!within(event->data.order.status, HEAN_ORDER_PENDING_NEW, HEAN_ORDER_UNKNOWN))
        return "an unknown order status";
    return NULL;
}

/* The event as the engine gets it: a venue's clock that runs ahead is set back. */
static hean_event event_taken(const hean_event *event)
{
    hean_event taken = *event;
    if (taken.exch_ns == 0 || taken.exch_ns > taken.local_ns)
        taken.exch_ns = taken.local_ns;
    return taken;
}

static const char *event_problem(const hean_host *host, const hean_event *event)
{
    hean_event taken = event_taken(event);

    if ((event->flags & ~EVENT_FLAGS) != 0)
        return "an unknown flag";
    if (!within(event->local_ns, 1, MARKET_TIME_NS_MAX) || event->exch_ns < 0)
        return "a time is not between 1 and 2^62 ns";
    if (event->kind == HEAN_EVENT_ORDER || event->kind == HEAN_EVENT_FILL)
        return answer_problem(host, event);
    return market_event_problem(&taken, host->instrument_count);
}

static hean_status check_batch(const hean_host *host, const hean_event *events, size_t count,
                               hean_error *error)
{
    int64_t now_ns = engine_now_ns(host->engine);

    if (!host->started)
        return base_fail(error, HEAN_E_STATE, "push: the host was not started");
    if (events == NULL && count > 0)
        return base_fail(error, HEAN_E_INVALID, "push: events are NULL");
    for (size_t i = 0; i < count; i++) {
        const char *problem = event_problem(host, &events[i]);
        if (problem != NULL)
            return base_fail(error, HEAN_E_INVALID, "push: event %zu of %zu: %s", i, count,
                             problem);
        if (events[i].local_ns < now_ns)
            return base_fail(error, HEAN_E_TIME_ORDER,
                             "push: event %zu of %zu: expected local_ns %lld or later, got %lld", i,
                             count, (long long)now_ns, (long long)events[i].local_ns);
        now_ns = events[i].local_ns;
    }
    return HEAN_OK;
}

/* A report about an order that cannot be is its sender's mistake; the engine goes on. */
static bool is_bad_report(const hean_event *event, hean_status status)
{
    return (event->kind == HEAN_EVENT_ORDER || event->kind == HEAN_EVENT_FILL) &&
           (status == HEAN_E_INVALID || status == HEAN_E_NOT_FOUND);
}

/* The engine's answer, or that an intent was lost on the way to the embedder. */
static hean_status leave(hean_host *host, hean_status status, hean_error *detail, hean_error *error)
{
    if (status == HEAN_OK && host->intent_lost)
        status = base_fail(detail, HEAN_E_NO_MEMORY, "host: no memory for an order intent");
    return host_leave_engine(host, status, detail, error);
}

hean_status hean_host_push(hean_host *host, const hean_event *events, size_t count,
                           hean_error *error)
{
    hean_error detail = {0};
    hean_status status = host_enter(host, error);

    if (status != HEAN_OK)
        return status;
    status = check_batch(host, events, count, error);
    if (status != HEAN_OK) {
        host_leave(host);
        return status;
    }
    for (size_t i = 0; i < count && status == HEAN_OK && !host->intent_lost; i++) {
        hean_event taken = event_taken(&events[i]);
        status = engine_push(host->engine, &taken, &detail);
        if (status == HEAN_OK)
            continue;
        (void)base_fail_prefix(&detail, "push: event %zu of %zu", i, count);
        if (is_bad_report(&events[i], status)) {
            if (error != NULL)
                *error = detail;
            host_leave(host);
            return status;
        }
    }
    return leave(host, status, &detail, error);
}

hean_status host_settle(hean_host *host, uint16_t strategy, const hean_event *event,
                        hean_error *error)
{
    hean_event taken = event_taken(event);
    hean_error detail = {0};
    hean_status status = host_enter(host, error);

    if (status != HEAN_OK)
        return status;
    status = engine_settle(host->engine, strategy, &taken, &detail);
    if (status == HEAN_E_INVALID || status == HEAN_E_TIME_ORDER) {
        host_leave(host);
        if (error != NULL)
            *error = detail;
        return status;
    }
    return leave(host, status, &detail, error);
}

hean_status hean_host_advance(hean_host *host, int64_t now_ns, hean_error *error)
{
    hean_error detail = {0};
    hean_status status = host_enter(host, error);

    if (status != HEAN_OK)
        return status;
    if (!host->started)
        status = base_fail(error, HEAN_E_STATE, "advance: the host was not started");
    else if (now_ns < engine_now_ns(host->engine) || now_ns > MARKET_TIME_NS_MAX)
        status = base_fail(error, HEAN_E_TIME_ORDER, "advance: expected %lld or later, got %lld",
                           (long long)engine_now_ns(host->engine), (long long)now_ns);
    if (status != HEAN_OK) {
        host_leave(host);
        return status;
    }
    status = engine_advance(host->engine, now_ns, &detail);
    return leave(host, status, &detail, error);
}

int64_t hean_host_next_due_ns(const hean_host *host)
{
    return host != NULL && host->started ? engine_next_due_ns(host->engine) : INT64_MAX;
}

size_t hean_host_take_intents(hean_host *host, hean_order_intent *out, size_t capacity)
{
    size_t count;

    if (host == NULL || out == NULL)
        return 0;
    count = host->intent_count - host->intent_first;
    if (count > capacity)
        count = capacity;
    if (count > 0)
        memcpy(out, host->intents + host->intent_first, count * sizeof *out);
    host->intent_first += count;
    if (host->intent_first == host->intent_count)
        host->intent_first = host->intent_count = 0;
    return count;
}
