/*
 * feed.c: market events on the host's side: book, bars, reference price, strategies in order.
 *
 * Must not know: the venue's side, how intents are judged.
 */
#include "engine_internal.h"

#define CHAIN_STEPS_MAX 1000

/* ---- strategies ---- */

/* An intent at one instant may cause an event at the same instant, which may cause an intent: a
 * chain without end must not stop time. Counted are own events that cause intents again. */
static bool chain_too_long(const engine *self, strategy_state *strategy, const hean_event *event,
                           const engine_intents *intents)
{
    bool own = event->kind >= HEAN_EVENT_TIMER;
    bool acts = false;
    for (size_t i = 0; i < intents->count && !acts; i++)
        acts = intents->items[i].kind != HEAN_INTENT_LOG &&
               intents->items[i].kind != HEAN_INTENT_METRIC;
    if (!own || self->now_ns != strategy->chain_ns)
        strategy->chain_steps = 0;
    if (!acts)
        return false;
    strategy->chain_ns = self->now_ns;
    return own && ++strategy->chain_steps > CHAIN_STEPS_MAX;
}

hean_status strategy_call(engine *self, strategy_state *strategy, const hean_event *event)
{
    engine_intents intents = {0};
    hean_error error;
    error.status = HEAN_OK;
    error.message[0] = 0;
    strategy->account.callbacks++;
    hean_status status =
        strategy->config.ops->on_event(strategy->config.context, event, &intents, &error);
    if (__builtin_expect(status != HEAN_OK, 0)) {
        if (error.message[0] == 0)
            (void)base_fail(&error, status, "%s", hean_status_text(status));
        error.status = status;
        return account_stop(self, strategy, &error);
    }
    if (__builtin_expect(intents.count == 0, 1))
        return HEAN_OK;
    if (intents.count > ENGINE_INTENTS_MAX || intents.items == NULL) {
        (void)base_fail(&error, HEAN_E_LIMIT, "%zu intents for one event, expected at most %d",
                        intents.count, ENGINE_INTENTS_MAX);
        return account_stop(self, strategy, &error);
    }
    if (chain_too_long(self, strategy, event, &intents)) {
        (void)base_fail(&error, HEAN_E_LIMIT,
                        "answered its own events with new intents %d times at one instant",
                        CHAIN_STEPS_MAX);
        return account_stop(self, strategy, &error);
    }
    return intents_take(self, strategy, &intents);
}

hean_status strategy_deliver(engine *self)
{
    const hean_event *front;
    while ((front = fifo_front(&self->deliveries)) != NULL) {
        hean_event event = *front;
        strategy_state *strategy = &self->strategies[event.strategy];
        fifo_pop(&self->deliveries);
        if (strategy->stopped)
            continue;
        hean_status status = strategy_call(self, strategy, &event);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

static bool wants_bar(const strategy_state *strategy, int64_t interval_ns)
{
    const engine_subscription *subscription = &strategy->config.subscription;
    for (size_t i = 0; i < subscription->bar_interval_count; i++)
        if (subscription->bar_intervals_ns[i] == interval_ns)
            return true;
    return subscription->bar_interval_count == 0;
}

static inline bool wants_instrument(const strategy_state *strategy, uint16_t instrument)
{
    return strategy->wanted == NULL ||
           (instrument < strategy->wanted_count &&
            (strategy->wanted[instrument / 8] >> (instrument % 8) & 1) != 0);
}

static hean_status dispatch(engine *self, const hean_event *event)
{
    uint32_t bit = UINT32_C(1) << event->kind;
    bool inside_message = event->kind == HEAN_EVENT_BOOK && (event->flags & HEAN_EVENT_LAST) == 0;
    for (size_t i = 0; i < self->strategy_count; i++) {
        strategy_state *strategy = &self->strategies[i];
        if ((strategy->config.subscription.kinds & bit) == 0 || strategy->stopped ||
            !wants_instrument(strategy, event->instrument))
            continue;
        if (inside_message && !strategy->config.subscription.every_level)
            continue;
        if (event->kind == HEAN_EVENT_BAR && !wants_bar(strategy, event->data.bar.interval_ns))
            continue;
        hean_status status = strategy_call(self, strategy, event);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

static hean_status tell_funding(engine *self, strategy_state *strategy, const hean_event *event)
{
    if (strategy->stopped || (strategy->config.subscription.kinds >> HEAN_EVENT_FUNDING & 1) == 0 ||
        !wants_instrument(strategy, event->instrument))
        return HEAN_OK;
    return strategy_call(self, strategy, event);
}

hean_status feed_settle(engine *self, strategy_state *strategy, const hean_event *event)
{
    hean_event own = *event;
    own.strategy = (uint16_t)(strategy - self->strategies);
    if (event->kind == HEAN_EVENT_FILL)
        return account_late_fill(self, strategy, own);
    hean_status status = account_paid(self, strategy, &own);
    return status == HEAN_OK ? tell_funding(self, strategy, &own) : status;
}

/* Every strategy that holds the instrument is settled, every one that wants to know is told. */
static hean_status settle_funding(engine *self, const hean_event *event)
{
    for (size_t i = 0; i < self->strategy_count; i++) {
        strategy_state *strategy = &self->strategies[i];
        hean_event own = *event;
        own.strategy = (uint16_t)i;
        own.data.funding.paid_e8 = 0;
        hean_status status = account_fund(self, strategy, &own);
        if (status == HEAN_OK)
            status = tell_funding(self, strategy, &own);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- bars ---- */

static void find_bars_end(instrument_state *state)
{
    state->bars_end_ns = INT64_MAX;
    for (size_t i = 0; i < state->bar_count; i++) {
        const market_bars *bars = &state->bars[i].bars;
        if (!state->bars[i].native && bars->open &&
            bars->start_ns + bars->interval_ns < state->bars_end_ns)
            state->bars_end_ns = bars->start_ns + bars->interval_ns;
    }
}

/* Builds bars. One that ended before the event goes out before it; one that the event, a shorter
 * bar, completes goes out after it. */
static hean_status build_bars(engine *self, instrument_state *state, const hean_event *event)
{
    hean_status status = HEAN_OK;
    for (size_t i = 0; i < state->bar_count && status == HEAN_OK; i++) {
        engine_bars *bars = &state->bars[i];
        bool is_bar = event->kind == HEAN_EVENT_BAR;
        if (is_bar && event->data.bar.interval_ns == bars->bars.interval_ns)
            bars->native = true;
        if (bars->native || !market_bars_push(&bars->bars, event, &bars->closed))
            continue;
        bars->late = is_bar && bars->closed.exch_ns == event->exch_ns;
        if (!bars->late)
            status = dispatch(self, &bars->closed);
    }
    find_bars_end(state);
    return status;
}

static hean_status send_late_bars(engine *self, instrument_state *state)
{
    hean_status status = HEAN_OK;
    for (size_t i = 0; i < state->bar_count && status == HEAN_OK; i++) {
        if (state->bars[i].late)
            status = dispatch(self, &state->bars[i].closed);
        state->bars[i].late = false;
    }
    return status;
}

hean_status feed_pass_time(engine *self)
{
    for (size_t i = 0; i < self->instrument_count; i++) {
        instrument_state *state = &self->instruments[i];
        if (state->bars_end_ns > self->now_ns)
            continue;
        for (size_t k = 0; k < state->bar_count; k++) {
            hean_event closed;
            if (state->bars[k].native ||
                !market_bars_advance(&state->bars[k].bars, self->now_ns, &closed))
                continue;
            hean_status status = dispatch(self, &closed);
            if (status == HEAN_OK)
                status = strategy_deliver(self);
            if (status != HEAN_OK)
                return status;
        }
        find_bars_end(state);
    }
    return HEAN_OK;
}

/* ---- events ---- */

static void refer(instrument_state *state, int64_t *before)
{
    int64_t price2 = market_book_mid2_ticks(state->book);
    if (price2 == 0) {
        int64_t price = state->mark_ticks;
        if (price == 0)
            price = state->last_ticks;
        if (price == 0)
            price = state->close_ticks;
        price2 = price * 2;
    }
    *before = state->reference2_ticks;
    state->reference2_ticks = price2;
}

/* What the host knows afterwards; true: the reference price may have changed. */
static hean_status learn(instrument_state *state, const hean_event *event, bool *priced)
{
    *priced = false;
    switch (event->kind) {
    case HEAN_EVENT_BOOK:
        /* Inside a message the book is half changed: no price to go by. */
        *priced = (event->flags & HEAN_EVENT_LAST) != 0;
        return market_book_apply(state->book, event);
    case HEAN_EVENT_QUOTE:
        *priced = true;
        return market_book_apply(state->book, event);
    case HEAN_EVENT_TRADE:
        *priced = true;
        state->last_ticks = event->data.level.price_ticks;
        return HEAN_OK;
    case HEAN_EVENT_MARK:
        *priced = true;
        if (event->data.mark.mark_ticks > 0)
            state->mark_ticks = event->data.mark.mark_ticks;
        return HEAN_OK;
    case HEAN_EVENT_BAR:
        *priced = true;
        state->close_ticks = event->data.bar.close_ticks;
        return HEAN_OK;
    default:
        return HEAN_OK;
    }
}

hean_status feed_take(engine *self, const hean_event *event)
{
    instrument_state *state = &self->instruments[event->instrument];
    bool builds =
        state->bar_count > 0 && (event->kind == HEAN_EVENT_TRADE || event->kind == HEAN_EVENT_BAR ||
                                 event->exch_ns >= state->bars_end_ns);
    bool priced;
    hean_status status;
    self->now_ns = event->local_ns;
    self->events++;
    if (builds) {
        status = build_bars(self, state, event);
        if (status != HEAN_OK)
            return status;
    }
    status = learn(state, event, &priced);
    if (status != HEAN_OK)
        return base_fail(&self->error, status, "event %llu does not fit its book: %s",
                         (unsigned long long)self->events, hean_status_text(status));
    if (priced) {
        int64_t before;
        refer(state, &before);
        if (state->reference2_ticks != before && state->holders > 0) {
            status = account_mark(self, event->instrument);
            if (status != HEAN_OK)
                return status;
        }
    }
    if (event->kind == HEAN_EVENT_FUNDING)
        status = settle_funding(self, event);
    else if ((state->kinds >> event->kind & 1) != 0 &&
             (event->kind != HEAN_EVENT_BOOK || priced || state->every_level))
        status = dispatch(self, event);
    if (status == HEAN_OK && builds && event->kind == HEAN_EVENT_BAR)
        status = send_late_bars(self, state);
    if (status == HEAN_OK && self->deliveries.count > 0)
        status = strategy_deliver(self);
    return status;
}
