/*
 * intents.c: what strategies wish: every byte is checked, every order goes through the gate.
 *
 * Intents come from a script, in the jailed case from a process that may have been taken over. Any
 * byte may be anything; the answer to nonsense is an ORDER event with a reason.
 * Must not know: how orders fill.
 */
#include "engine_internal.h"

#include <math.h>

#define TIMERS_MAX        1024  /* pending, per strategy */
#define TIMERS_PER_SECOND 10000 /* set, per strategy and second of event time */
#define AMENDS_MAX        8     /* under way, per order */
#define SEQUENCE_MASK     ((UINT64_C(1) << 48) - 1)
#define LOG_BYTES_MAX     4096
#define METRIC_NAME_BYTES 128

/* ---- what is sent ---- */

static hean_status send(engine *self, const hean_intent *intent, uint32_t slot, bool by_host)
{
    const order_state *order = &self->orders.orders[slot];
    self->woken = true;
    if (self->broker == NULL) {
        if (self->options.observer.on_order_intent != NULL)
            self->options.observer.on_order_intent(self->options.observer.context, order->strategy,
                                                   intent);
        return HEAN_OK;
    }
    paper_request request = {
        .sent_ns = self->now_ns,
        .order_id = order->id,
        .price_ticks = intent->price_ticks,
        .trigger_ticks = intent->trigger_ticks,
        .qty_lots = intent->qty_lots,
        .slot = slot,
        .instrument = order->instrument,
        .kind = intent->kind,
        .side = order->side,
        .order_type = order->type,
        .time_in_force = order->time_in_force,
        .reduce_only = order->reduce_only,
        .by_host = by_host,
    };
    return paper_send(self->broker, &request);
}

hean_status intents_cancel(engine *self, uint32_t slot, bool by_host)
{
    order_state *order = &self->orders.orders[slot];
    if (order->cancel_sent)
        return HEAN_OK;
    order->cancel_sent = true;
    order->status = HEAN_ORDER_PENDING_CANCEL;
    hean_intent intent = {
        .kind = HEAN_INTENT_CANCEL, .instrument = order->instrument, .order_id = order->id};
    return send(self, &intent, slot, by_host);
}

/* ---- PLACE ---- */

/* An ORDER event of an order that was never taken. */
static hean_event order_of(const engine *self, const strategy_state *strategy,
                           const hean_intent *intent)
{
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = self->now_ns;
    event.exch_ns = self->now_ns;
    event.kind = HEAN_EVENT_ORDER;
    event.strategy = strategy_id(self, strategy);
    event.instrument = intent->instrument;
    event.side = intent->side <= HEAN_SIDE_SELL ? intent->side : HEAN_SIDE_NONE;
    event.data.order.order_id = intent->order_id;
    event.data.order.price_ticks = intent->price_ticks;
    event.data.order.qty_lots = intent->qty_lots;
    event.data.order.status = HEAN_ORDER_REJECTED;
    return event;
}

static hean_reason check_id(engine *self, strategy_state *strategy, uint64_t id)
{
    uint64_t sequence = id & SEQUENCE_MASK;
    if (id >> 48 != strategy_id(self, strategy) || sequence == 0)
        return HEAN_REASON_INVALID_INTENT;
    if (sequence <= strategy->last_sequence)
        return HEAN_REASON_DUPLICATE_ORDER;
    strategy->last_sequence = sequence;
    return HEAN_REASON_NONE;
}

static hean_reason check_fields(const engine *self, const hean_intent *intent)
{
    bool stop =
        intent->order_type == HEAN_ORDER_STOP || intent->order_type == HEAN_ORDER_STOP_LIMIT;
    bool priced =
        intent->order_type == HEAN_ORDER_LIMIT || intent->order_type == HEAN_ORDER_STOP_LIMIT;
    if (intent->instrument >= self->instrument_count)
        return HEAN_REASON_UNKNOWN_INSTRUMENT;
    if ((intent->side != HEAN_SIDE_BUY && intent->side != HEAN_SIDE_SELL) ||
        intent->order_type >= HEAN_ORDER_TYPE_COUNT || intent->time_in_force >= HEAN_TIF_COUNT ||
        (intent->flags & ~HEAN_INTENT_REDUCE_ONLY) != 0 || intent->reserved != 0)
        return HEAN_REASON_INVALID_INTENT;
    if (intent->time_in_force == HEAN_TIF_POST_ONLY && !priced)
        return HEAN_REASON_INVALID_INTENT;
    if (!stop && intent->trigger_ticks != 0)
        return HEAN_REASON_INVALID_INTENT;
    if (!priced && intent->price_ticks != 0)
        return HEAN_REASON_INVALID_INTENT;
    if (intent->price_ticks == HEAN_NOT_ON_STEP || intent->trigger_ticks == HEAN_NOT_ON_STEP)
        return HEAN_REASON_PRICE_NOT_ON_TICK;
    if (intent->qty_lots == HEAN_NOT_ON_STEP)
        return HEAN_REASON_QTY_NOT_ON_LOT;
    return HEAN_REASON_NONE;
}

/* What the gate sees of an order. */
static risk_order gate_view(const engine *self, const strategy_state *strategy, uint16_t instrument)
{
    const holding *held = &strategy->holdings[instrument];
    return (risk_order){
        .instrument = &self->instruments[instrument].instrument,
        .position_lots = held->position.qty_lots,
        .open_lots = {held->open_lots[0], held->open_lots[1]},
        .reduce_lots = {held->reduce_lots[0], held->reduce_lots[1]},
        .open_orders = strategy->orders.count,
        .reference2_ticks = self->instruments[instrument].reference2_ticks,
    };
}

static hean_reason check_place(engine *self, strategy_state *strategy, const hean_intent *intent)
{
    hean_reason reason = check_id(self, strategy, intent->order_id);
    if (reason == HEAN_REASON_NONE)
        reason = check_fields(self, intent);
    if (reason != HEAN_REASON_NONE)
        return reason;
    risk_order order = gate_view(self, strategy, intent->instrument);
    order.side = (hean_side)intent->side;
    order.type = (hean_order_type)intent->order_type;
    order.price_ticks = intent->price_ticks;
    order.trigger_ticks = intent->trigger_ticks;
    order.qty_lots = intent->qty_lots;
    order.reduce_only = (intent->flags & HEAN_INTENT_REDUCE_ONLY) != 0;
    reason = risk_filter(&order);
    if (reason == HEAN_REASON_NONE)
        reason = risk_check(&strategy->gate, &order, self->now_ns);
    return reason;
}

static hean_status take_place(engine *self, strategy_state *strategy, const hean_intent *intent)
{
    hean_reason reason = check_place(self, strategy, intent);
    if (reason != HEAN_REASON_NONE) {
        hean_event event = order_of(self, strategy, intent);
        return account_refuse(self, strategy, &event, reason);
    }
    uint32_t slot;
    if (!orders_add(&self->orders, &strategy->orders, intent->order_id, &slot))
        return HEAN_E_NO_MEMORY;
    order_state *order = &self->orders.orders[slot];
    order->price_ticks = intent->price_ticks;
    order->trigger_ticks = intent->trigger_ticks;
    order->qty_lots = intent->qty_lots;
    order->instrument = intent->instrument;
    order->strategy = strategy_id(self, strategy);
    order->side = intent->side;
    order->type = intent->order_type;
    order->time_in_force = intent->time_in_force;
    order->reduce_only = (intent->flags & HEAN_INTENT_REDUCE_ONLY) != 0;
    order->status = HEAN_ORDER_PENDING_NEW;
    account_count_open(self, order, order->qty_lots);
    strategy->account.orders++;
    hean_event event = account_order_event(self, order);
    hean_status status = account_tell(self, &event, false);
    if (status == HEAN_OK)
        status = send(self, intent, slot, false);
    return status;
}

/* ---- AMEND, CANCEL ---- */

static uint32_t own_order(const engine *self, const strategy_state *strategy, uint64_t id)
{
    uint32_t slot = orders_find(&self->orders, id);
    if (slot != ORDERS_NONE && self->orders.orders[slot].strategy != strategy_id(self, strategy))
        return ORDERS_NONE;
    return slot;
}

/* A request about an order that is not there. */
static hean_status answer_unknown(engine *self, const strategy_state *strategy,
                                  const hean_intent *intent)
{
    hean_event event = order_of(self, strategy, intent);
    event.reason = HEAN_REASON_UNKNOWN_ORDER;
    event.side = HEAN_SIDE_NONE;
    event.data.order.price_ticks = 0;
    event.data.order.qty_lots = 0;
    return account_tell(self, &event, true);
}

static hean_reason check_amend(engine *self, strategy_state *strategy, const order_state *order,
                               const hean_intent *intent)
{
    bool priced = order->type == HEAN_ORDER_LIMIT || order->type == HEAN_ORDER_STOP_LIMIT;
    if ((intent->price_ticks == 0 && intent->qty_lots == 0) ||
        (intent->price_ticks != 0 && !priced) || intent->trigger_ticks != 0)
        return HEAN_REASON_INVALID_INTENT;
    if (intent->price_ticks == HEAN_NOT_ON_STEP)
        return HEAN_REASON_PRICE_NOT_ON_TICK;
    if (intent->qty_lots == HEAN_NOT_ON_STEP)
        return HEAN_REASON_QTY_NOT_ON_LOT;
    risk_order view = gate_view(self, strategy, order->instrument);
    view.side = (hean_side)order->side;
    view.type = (hean_order_type)order->type;
    view.price_ticks = intent->price_ticks != 0 ? intent->price_ticks : order->price_ticks;
    view.trigger_ticks = order->trigger_ticks;
    view.qty_lots = intent->qty_lots != 0 ? intent->qty_lots : order->qty_lots;
    view.reduce_only = order->reduce_only;
    view.amend = true;
    hean_reason reason = risk_filter(&view);
    if (reason != HEAN_REASON_NONE)
        return reason;
    int64_t rest = view.qty_lots - order->filled_lots;
    view.qty_lots = rest > 0 ? rest : 0;
    int64_t *sum = order->reduce_only ? view.reduce_lots : view.open_lots;
    sum[order->side == HEAN_SIDE_BUY ? 0 : 1] -= order->counted_lots;
    return risk_check(&strategy->gate, &view, self->now_ns);
}

static hean_status take_amend(engine *self, strategy_state *strategy, const hean_intent *intent)
{
    uint32_t slot = own_order(self, strategy, intent->order_id);
    if (slot == ORDERS_NONE || self->orders.orders[slot].cancel_sent)
        return answer_unknown(self, strategy, intent);
    order_state *order = &self->orders.orders[slot];
    hean_reason reason = order->amends >= AMENDS_MAX ? HEAN_REASON_RISK_ORDER_RATE
                                                     : check_amend(self, strategy, order, intent);
    if (reason != HEAN_REASON_NONE) {
        hean_event event = account_order_event(self, order);
        return account_refuse(self, strategy, &event, reason);
    }
    int64_t rest = intent->qty_lots - order->filled_lots;
    if (intent->qty_lots != 0 && rest > order->counted_lots)
        account_count_open(self, order, rest);
    order->amends++;
    return send(self, intent, slot, false);
}

static hean_status take_cancel(engine *self, strategy_state *strategy, const hean_intent *intent)
{
    uint32_t slot = own_order(self, strategy, intent->order_id);
    if (slot == ORDERS_NONE)
        return answer_unknown(self, strategy, intent);
    return intents_cancel(self, slot, false);
}

/* ---- timers, log, metrics ---- */

static hean_reason take_timer(engine *self, strategy_state *strategy, const hean_intent *intent,
                              hean_status *status)
{
    /* Without the second limit a timer that sets itself again every nanosecond would let no event
     * through any more. */
    if (strategy->timer_second != self->now_ns / BASE_NS_PER_S) {
        strategy->timer_second = self->now_ns / BASE_NS_PER_S;
        strategy->timers_set = 0;
    }
    if (intent->timer_ns < 0 || intent->timer_ns > MARKET_TIME_NS_MAX ||
        strategy->timers >= TIMERS_MAX || strategy->timers_set >= TIMERS_PER_SECOND)
        return HEAN_REASON_INVALID_INTENT;
    strategy->timers_set++;
    engine_timer timer = {.due_ns = self->now_ns + intent->timer_ns,
                          .tag = (int64_t)intent->order_id,
                          .strategy = strategy_id(self, strategy)};
    *status = timer_set(self, &timer);
    if (*status == HEAN_OK)
        strategy->timers++;
    return HEAN_REASON_NONE;
}

static const char *text_of(const engine_intents *intents, const hean_intent *intent)
{
    if (intents->text == NULL || intent->text_offset > intents->text_bytes ||
        intent->text_bytes > intents->text_bytes - intent->text_offset)
        return NULL;
    return intents->text + intent->text_offset;
}

static void write_log(engine *self, strategy_state *strategy, hean_log_level level,
                      const char *text, size_t bytes)
{
    const engine_observer *observer = &self->options.observer;
    int64_t second = self->now_ns / BASE_NS_PER_S;
    if (observer->on_log == NULL)
        return;
    if (second != strategy->log_second) {
        strategy->log_second = second;
        strategy->log_lines = 0;
        if (strategy->log_dropped > 0) {
            char line[80];
            int length =
                snprintf(line, sizeof line, "%lld log lines dropped (limit: %d a second)",
                         (long long)strategy->log_dropped, (int)self->options.log_lines_per_second);
            strategy->log_dropped = 0;
            observer->on_log(observer->context, strategy_id(self, strategy), HEAN_LOG_WARN,
                             self->now_ns, line, (size_t)length);
        }
    }
    if (strategy->log_lines >= self->options.log_lines_per_second) {
        strategy->log_dropped++;
        return;
    }
    strategy->log_lines++;
    observer->on_log(observer->context, strategy_id(self, strategy), level, self->now_ns, text,
                     bytes < LOG_BYTES_MAX ? bytes : LOG_BYTES_MAX);
}

static hean_reason take_text(engine *self, strategy_state *strategy, const engine_intents *intents,
                             const hean_intent *intent)
{
    const engine_observer *observer = &self->options.observer;
    const char *text = text_of(intents, intent);
    if (text == NULL)
        return HEAN_REASON_INVALID_INTENT;
    if (intent->kind == HEAN_INTENT_LOG) {
        if (intent->side > HEAN_LOG_ERROR)
            return HEAN_REASON_INVALID_INTENT;
        write_log(self, strategy, (hean_log_level)intent->side, text, intent->text_bytes);
        return HEAN_REASON_NONE;
    }
    if (!isfinite(intent->value) || intent->text_bytes == 0 ||
        intent->text_bytes > METRIC_NAME_BYTES)
        return HEAN_REASON_INVALID_INTENT;
    if (observer->on_metric != NULL)
        observer->on_metric(observer->context, strategy_id(self, strategy), text,
                            intent->text_bytes, intent->value);
    return HEAN_REASON_NONE;
}

static hean_status take_one(engine *self, strategy_state *strategy, const engine_intents *intents,
                            const hean_intent *intent)
{
    hean_status status = HEAN_OK;
    hean_reason reason;
    switch (intent->kind) {
    case HEAN_INTENT_PLACE:
        return take_place(self, strategy, intent);
    case HEAN_INTENT_AMEND:
        return take_amend(self, strategy, intent);
    case HEAN_INTENT_CANCEL:
        return take_cancel(self, strategy, intent);
    case HEAN_INTENT_SET_TIMER:
        reason = take_timer(self, strategy, intent, &status);
        break;
    case HEAN_INTENT_LOG:
    case HEAN_INTENT_METRIC:
        reason = take_text(self, strategy, intents, intent);
        break;
    default:
        reason = HEAN_REASON_INVALID_INTENT;
        break;
    }
    if (reason == HEAN_REASON_NONE)
        return status;
    /* Not about an order: what the field holds is no order's id. */
    hean_event event = order_of(self, strategy, &(hean_intent){0});
    return account_refuse(self, strategy, &event, reason);
}

hean_status intents_take(engine *self, strategy_state *strategy, const engine_intents *intents)
{
    for (size_t i = 0; i < intents->count && !strategy->stopped; i++) {
        /* A copy: across the jail, the other side may still write. */
        hean_intent intent = intents->items[i];
        hean_status status = take_one(self, strategy, intents, &intent);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}
