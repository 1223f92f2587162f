/*
 * account.c: the host's side of orders, executions, funding, equity and the state of the gate.
 *
 * Everything that changes an order or an account passes account_tell once, in order: that sequence
 * is what observers keep and what the orders hash is made of (E5).
 * Must not know: market data, how the venue decides.
 */
#include "engine_internal.h"

#include <base/decimal.h>

_Static_assert(sizeof(hean_event) == 72, "an event has no padding: it is hashed as it lies");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the orders hash is defined over little-endian events"
#endif

hean_status account_tell(engine *self, const hean_event *event, bool to_strategy)
{
    const engine_observer *observer = &self->options.observer;
    const strategy_state *strategy = &self->strategies[event->strategy];
    hash_sha256_update(self->hash, event, sizeof *event);
    if (observer->on_account_event != NULL)
        observer->on_account_event(observer->context, event);
    if (!to_strategy || strategy->stopped ||
        (strategy->config.subscription.kinds >> event->kind & 1) == 0)
        return HEAN_OK;
    hean_event *copy = fifo_push(self->allocator, &self->deliveries);
    if (copy == NULL)
        return HEAN_E_NO_MEMORY;
    *copy = *event;
    return HEAN_OK;
}

hean_event account_order_event(const engine *self, const order_state *order)
{
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = self->now_ns;
    event.exch_ns = self->now_ns;
    event.kind = HEAN_EVENT_ORDER;
    event.side = order->side;
    event.instrument = order->instrument;
    event.strategy = order->strategy;
    event.data.order.order_id = order->id;
    event.data.order.price_ticks = order->price_ticks;
    event.data.order.qty_lots = order->qty_lots;
    event.data.order.filled_lots = order->filled_lots;
    event.data.order.status = order->status;
    return event;
}

hean_status account_refuse(engine *self, strategy_state *strategy, const hean_event *order,
                           hean_reason reason)
{
    hean_event event = *order;
    hean_risk_state before = risk_state(&strategy->gate);
    event.reason = (uint8_t)reason;
    strategy->account.rejects++;
    risk_refused(&strategy->gate, reason, self->now_ns);
    hean_status status = account_tell(self, &event, true);
    if (status == HEAN_OK)
        status = account_risk_changed(self, strategy, before, "orders refused in a row");
    return status;
}

void account_count_open(engine *self, order_state *order, int64_t lots)
{
    holding *held = &self->strategies[order->strategy].holdings[order->instrument];
    int64_t *sum = order->reduce_only ? held->reduce_lots : held->open_lots;
    sum[order->side == HEAN_SIDE_BUY ? 0 : 1] += lots - order->counted_lots;
    order->counted_lots = lots;
}

/* ---- equity and the gate's state ---- */

static int64_t saturate(base_int128 value)
{
    if (value > INT64_MAX)
        return INT64_MAX;
    return value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

int64_t account_equity_e8(const hean_account *account)
{
    return saturate((base_int128)account->capital_e8 + account->realized_e8 +
                    account->unrealized_e8 - account->fees_e8 + account->funding_e8);
}

int64_t account_drawdown_e8(int64_t equity_e8, int64_t peak_e8)
{
    if (peak_e8 <= 0 || equity_e8 >= peak_e8)
        return 0;
    return saturate(((base_int128)peak_e8 - equity_e8) * BASE_E8 / peak_e8);
}

static hean_status cancel_all(engine *self, strategy_state *strategy)
{
    uint32_t slot = strategy->orders.first;
    while (slot != ORDERS_NONE) {
        uint32_t next = self->orders.orders[slot].next;
        hean_status status = intents_cancel(self, slot, true);
        if (status != HEAN_OK)
            return status;
        slot = next;
    }
    return HEAN_OK;
}

hean_status account_risk_changed(engine *self, strategy_state *strategy, hean_risk_state before,
                                 const char *why)
{
    const engine_observer *observer = &self->options.observer;
    hean_risk_state after = risk_state(&strategy->gate);
    if (after == before)
        return HEAN_OK;
    if (observer->on_risk_state != NULL)
        observer->on_risk_state(observer->context, strategy_id(self, strategy), before, after, why);
    if (after == HEAN_RISK_QUARANTINE) {
        engine_timer timer = {.due_ns = strategy->gate.quarantine_end_ns,
                              .strategy = strategy_id(self, strategy),
                              .quarantine = true};
        return timer_set(self, &timer);
    }
    return after == HEAN_RISK_HARD_STOP ? cancel_all(self, strategy) : HEAN_OK;
}

static hean_status check_equity(engine *self, strategy_state *strategy)
{
    hean_account *account = &strategy->account;
    int64_t equity = account_equity_e8(account);
    if (equity > account->peak_equity_e8)
        account->peak_equity_e8 = equity;
    int64_t peak = account->peak_equity_e8;
    if (peak <= 0)
        return HEAN_OK;
    /* Divides only where the drawdown is the worst so far. */
    if (((base_int128)peak - equity) * BASE_E8 > (base_int128)account->max_drawdown_e8 * peak)
        account->max_drawdown_e8 = account_drawdown_e8(equity, peak);
    hean_risk_state before = risk_state(&strategy->gate);
    risk_equity(&strategy->gate, equity, peak);
    return account_risk_changed(self, strategy, before, "drawdown");
}

/* What the strategy holds can no longer be accounted for: it is stopped, not the engine. */
static hean_status overflow(engine *self, strategy_state *strategy)
{
    hean_error error;
    (void)base_fail(&error, HEAN_E_RANGE, "its account no longer fits 64 bits");
    return account_stop(self, strategy, &error);
}

static hean_status mark(engine *self, strategy_state *strategy, uint16_t instrument)
{
    instrument_state *state = &self->instruments[instrument];
    hean_position *position = &strategy->holdings[instrument].position;
    int64_t before = position->unrealized_e8;
    int64_t sum;
    if (position->qty_lots != 0 && state->reference2_ticks == 0)
        return HEAN_OK;
    if (portfolio_mark(position, &state->instrument, state->reference2_ticks) != HEAN_OK)
        return overflow(self, strategy);
    sum = saturate((base_int128)strategy->account.unrealized_e8 - before + position->unrealized_e8);
    strategy->account.unrealized_e8 = sum;
    return HEAN_OK;
}

hean_status account_mark(engine *self, uint16_t instrument)
{
    for (size_t i = 0; i < self->strategy_count; i++) {
        strategy_state *strategy = &self->strategies[i];
        if (strategy->holdings[instrument].position.qty_lots == 0)
            continue;
        hean_status status = mark(self, strategy, instrument);
        if (status == HEAN_OK)
            status = check_equity(self, strategy);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- what the broker says ---- */

static bool has_ended(int64_t status)
{
    return status == HEAN_ORDER_FILLED || status == HEAN_ORDER_CANCELLED ||
           status == HEAN_ORDER_REJECTED;
}

static void end_order(engine *self, uint32_t slot)
{
    order_state *order = &self->orders.orders[slot];
    account_count_open(self, order, 0);
    orders_remove(&self->orders, &self->strategies[order->strategy].orders, slot);
}

hean_status account_order(engine *self, hean_event event, uint32_t slot, bool amended)
{
    strategy_state *strategy = &self->strategies[event.strategy];
    hean_risk_state before = risk_state(&strategy->gate);
    event.local_ns = self->now_ns;
    if (slot == ORDERS_NONE)
        return account_tell(self, &event, true);
    order_state *order = &self->orders.orders[slot];
    order->price_ticks = event.data.order.price_ticks;
    order->qty_lots = event.data.order.qty_lots;
    event.data.order.filled_lots = order->filled_lots;
    if (amended && order->amends > 0)
        order->amends--;
    if (order->amends == 0)
        account_count_open(self, order, order->qty_lots - order->filled_lots);
    if (event.data.order.status == HEAN_ORDER_REJECTED) {
        strategy->account.rejects++;
        risk_refused(&strategy->gate, (hean_reason)event.reason, self->now_ns);
    } else if (event.data.order.status != HEAN_ORDER_UNKNOWN) {
        risk_accepted(&strategy->gate);
    }
    if (has_ended(event.data.order.status))
        end_order(self, slot);
    else if (!order->cancel_sent)
        order->status = (uint8_t)event.data.order.status;
    hean_status status = account_tell(self, &event, true);
    if (status == HEAN_OK)
        status = account_risk_changed(self, strategy, before, "orders refused in a row");
    return status;
}

static hean_status book_fill(engine *self, strategy_state *strategy, hean_event *event)
{
    instrument_state *state = &self->instruments[event->instrument];
    hean_position *position = &strategy->holdings[event->instrument].position;
    bool held = position->qty_lots != 0;
    int64_t fee = event->data.fill.fee_e8;
    int64_t realized;
    if (self->broker != NULL) {
        const hean_instrument *spec = &state->instrument.spec;
        int64_t rate =
            (event->flags & HEAN_EVENT_MAKER) != 0 ? spec->maker_fee_e8 : spec->taker_fee_e8;
        int64_t value;
        if (market_value_e8(&state->instrument, event->data.fill.price_ticks,
                            event->data.fill.qty_lots, &value) != HEAN_OK ||
            market_fee_e8(value, rate, &fee) != HEAN_OK)
            return HEAN_E_RANGE;
    }
    if (portfolio_fill(position, &state->instrument, (hean_side)event->side,
                       event->data.fill.price_ticks, event->data.fill.qty_lots, fee,
                       &realized) != HEAN_OK)
        return HEAN_E_RANGE;
    event->data.fill.fee_e8 = fee;
    event->data.fill.realized_e8 = realized;
    hean_account *account = &strategy->account;
    account->realized_e8 = saturate((base_int128)account->realized_e8 + realized);
    account->fees_e8 = saturate((base_int128)account->fees_e8 + fee);
    account->fills++;
    state->holders += (position->qty_lots != 0) - held;
    return HEAN_OK;
}

/* Books it, tells it, then what `changed` says of its order (NULL: it has none here). */
static hean_status take_fill(engine *self, strategy_state *strategy, hean_event event,
                             const hean_event *changed)
{
    hean_position *position = &strategy->holdings[event.instrument].position;
    int64_t unrealized = position->unrealized_e8;
    event.local_ns = self->now_ns;
    if (book_fill(self, strategy, &event) != HEAN_OK)
        return overflow(self, strategy);
    /* A position that was closed took its unrealized part with it. */
    strategy->account.unrealized_e8 = saturate((base_int128)strategy->account.unrealized_e8 -
                                               unrealized + position->unrealized_e8);
    hean_status status = account_tell(self, &event, true);
    if (status == HEAN_OK && changed != NULL)
        status = account_tell(self, changed, true);
    if (status == HEAN_OK)
        status = mark(self, strategy, event.instrument);
    if (status == HEAN_OK)
        status = check_equity(self, strategy);
    return status;
}

hean_status account_late_fill(engine *self, strategy_state *strategy, hean_event event)
{
    return take_fill(self, strategy, event, NULL);
}

hean_status account_fill(engine *self, hean_event event, uint32_t slot)
{
    order_state *order = &self->orders.orders[slot];
    strategy_state *strategy = &self->strategies[order->strategy];
    int64_t lots = event.data.fill.qty_lots;
    order->filled_lots += lots;
    account_count_open(self, order, lots < order->counted_lots ? order->counted_lots - lots : 0);
    bool filled = order->filled_lots == order->qty_lots;
    if (filled)
        order->status = HEAN_ORDER_FILLED;
    else if (!order->cancel_sent)
        order->status = HEAN_ORDER_PARTLY_FILLED;
    risk_accepted(&strategy->gate);
    hean_event changed = account_order_event(self, order);
    changed.exch_ns = event.exch_ns;
    if (filled)
        end_order(self, slot);
    return take_fill(self, strategy, event, &changed);
}

hean_status account_fund(engine *self, strategy_state *strategy, hean_event *event)
{
    instrument_state *state = &self->instruments[event->instrument];
    hean_position *position = &strategy->holdings[event->instrument].position;
    int64_t mark_ticks = event->data.funding.mark_ticks;
    int64_t paid;
    if (position->qty_lots == 0)
        return HEAN_OK;
    if (mark_ticks == 0)
        mark_ticks = state->mark_ticks;
    if (mark_ticks == 0) /* a mid of half a tick rounds up */
        mark_ticks = state->reference2_ticks / 2 + state->reference2_ticks % 2;
    if (mark_ticks == 0)
        return HEAN_OK;
    if (portfolio_fund(position, &state->instrument, event->data.funding.rate_e12, mark_ticks,
                       &paid) != HEAN_OK)
        return overflow(self, strategy);
    event->data.funding.mark_ticks = mark_ticks;
    event->data.funding.paid_e8 = paid;
    strategy->account.funding_e8 = saturate((base_int128)strategy->account.funding_e8 + paid);
    hean_status status = account_tell(self, event, false);
    if (status == HEAN_OK)
        status = check_equity(self, strategy);
    return status;
}

hean_status account_paid(engine *self, strategy_state *strategy, const hean_event *event)
{
    hean_position *position = &strategy->holdings[event->instrument].position;
    int64_t paid = event->data.funding.paid_e8;
    if (paid == 0)
        return HEAN_OK;
    if (__builtin_add_overflow(position->funding_e8, paid, &position->funding_e8))
        return overflow(self, strategy);
    strategy->account.funding_e8 = saturate((base_int128)strategy->account.funding_e8 + paid);
    hean_status status = account_tell(self, event, false);
    return status == HEAN_OK ? check_equity(self, strategy) : status;
}

hean_status account_restored(engine *self, strategy_state *strategy)
{
    hean_account *account = &strategy->account;
    for (size_t i = 0; i < self->instrument_count; i++) {
        const hean_position *position = &strategy->holdings[i].position;
        hean_event event;
        if (position->qty_lots == 0 && position->realized_e8 == 0 && position->fees_e8 == 0 &&
            position->funding_e8 == 0)
            continue;
        memset(&event, 0, sizeof event);
        event.local_ns = event.exch_ns = self->now_ns;
        event.kind = HEAN_EVENT_START;
        event.flags = HEAN_EVENT_SNAPSHOT;
        event.instrument = (uint16_t)i;
        event.strategy = strategy_id(self, strategy);
        event.data.restored.qty_lots = position->qty_lots;
        event.data.restored.cost_e8 = position->cost_e8;
        event.data.restored.realized_e8 = position->realized_e8;
        event.data.restored.fees_e8 = position->fees_e8;
        event.data.restored.funding_e8 = position->funding_e8;
        self->instruments[i].holders += position->qty_lots != 0;
        account->realized_e8 = saturate((base_int128)account->realized_e8 + position->realized_e8);
        account->fees_e8 = saturate((base_int128)account->fees_e8 + position->fees_e8);
        account->funding_e8 = saturate((base_int128)account->funding_e8 + position->funding_e8);
        if (strategy->stopped)
            continue;
        hean_status status = strategy_call(self, strategy, &event);
        if (status != HEAN_OK)
            return status;
    }
    int64_t equity = account_equity_e8(account);
    if (equity > account->peak_equity_e8)
        account->peak_equity_e8 = equity;
    return HEAN_OK;
}

hean_status account_stop(engine *self, strategy_state *strategy, const hean_error *why)
{
    const engine_observer *observer = &self->options.observer;
    if (strategy->stopped)
        return HEAN_OK;
    strategy->stopped = true;
    if (observer->on_strategy_stopped != NULL)
        observer->on_strategy_stopped(observer->context, strategy_id(self, strategy), why);
    return cancel_all(self, strategy);
}
