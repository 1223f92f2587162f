/*
 * engine.c: opens and closes an engine, and answers questions about it.
 *
 * Must not know: how the loop goes on (loop.c).
 */
#include "engine_internal.h"

#define STRATEGIES_MAX 1024

engine_options engine_options_default(void)
{
    return (engine_options){
        .allocator = base_allocator_default(),
        .paper = {.queue = ENGINE_QUEUE_RISK_AVERSE, .queue_power = 3.0, .partial_fills = true},
        .log_lines_per_second = 100,
    };
}

hean_status engine_open(const engine_options *options, engine **out, hean_error *error)
{
    if (options->log_lines_per_second < 0)
        return base_fail(error, HEAN_E_INVALID, "log_lines_per_second is %d, expected 0 or more",
                         (int)options->log_lines_per_second);
    hean_status status = paper_check_options(&options->paper, error);
    if (status != HEAN_OK)
        return status;
    engine *made = base_alloc(options->allocator, sizeof *made);
    if (made == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "engine");
    made->allocator = options->allocator;
    made->options = *options;
    /* The latency samples are copied now: the caller's need not live on. */
    engine_paper_options *paper_options = &made->options.paper;
    orders_init(&made->orders, made->allocator);
    fifo_init(&made->deliveries, sizeof(hean_event));
    paper_options->latency = NULL;
    made->books = base_alloc_array(made->allocator, MARKET_INSTRUMENTS_MAX, sizeof *made->books);
    status =
        made->books == NULL ? HEAN_E_NO_MEMORY : hash_sha256_open(made->allocator, &made->hash);
    if (status == HEAN_OK && options->paper.latency != NULL && options->paper.latency_count > 0) {
        size_t bytes = options->paper.latency_count * sizeof *options->paper.latency;
        hean_latency_sample *samples = base_alloc(made->allocator, bytes);
        if (samples == NULL)
            status = HEAN_E_NO_MEMORY;
        else
            memcpy(samples, options->paper.latency, bytes);
        paper_options->latency = samples;
    }
    if (status != HEAN_OK) {
        engine_close(made);
        return base_fail(error, status, "engine: %s", hean_status_text(status));
    }
    *out = made;
    return HEAN_OK;
}

static void free_strategy(const engine *self, strategy_state *strategy)
{
    base_free(self->allocator, strategy->name);
    base_free(self->allocator, strategy->intervals_ns);
    base_free(self->allocator, strategy->wanted);
    base_free(self->allocator, strategy->holdings);
}

void engine_close(engine *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->strategy_count; i++)
        free_strategy(self, &self->strategies[i]);
    for (size_t i = 0; i < self->instrument_count; i++) {
        market_book_deinit(self->instruments[i].book);
        base_free(self->allocator, self->instruments[i].book);
        base_free(self->allocator, self->instruments[i].bars);
    }
    paper_close(self->broker);
    orders_deinit(&self->orders);
    fifo_deinit(self->allocator, &self->deliveries);
    hash_sha256_close(self->hash);
    base_free(self->allocator, self->instruments);
    base_free(self->allocator, self->books);
    base_free(self->allocator, self->strategies);
    base_free(self->allocator, self->timers);
    base_free(self->allocator, (void *)self->options.paper.latency);
    base_free(self->allocator, self);
}

hean_status engine_add_instrument(engine *self, const market_instrument *instrument, uint16_t *out,
                                  hean_error *error)
{
    void *instruments = self->instruments;
    if (self->stage != ENGINE_SETUP)
        return base_fail(error, HEAN_E_STATE, "instruments are added before the start");
    if (self->instrument_count >= MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_LIMIT, "more than %d instruments", MARKET_INSTRUMENTS_MAX);
    for (size_t i = 0; i < self->instrument_count; i++)
        if (strcmp(self->instruments[i].instrument.spec.symbol, instrument->spec.symbol) == 0)
            return base_fail(error, HEAN_E_EXISTS, "instrument %s is there already",
                             instrument->spec.symbol);
    if (!base_grow(self->allocator, &instruments, &self->instrument_capacity,
                   self->instrument_count + 1, sizeof *self->instruments))
        return base_fail(error, HEAN_E_NO_MEMORY, "instrument %s", instrument->spec.symbol);
    self->instruments = instruments;
    instrument_state *state = &self->instruments[self->instrument_count];
    memset(state, 0, sizeof *state);
    state->instrument = *instrument;
    state->bars_end_ns = INT64_MAX;
    state->book = base_alloc(self->allocator, sizeof *state->book);
    if (state->book == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "instrument %s", instrument->spec.symbol);
    hean_status status = market_book_init(state->book, self->allocator);
    if (status != HEAN_OK) {
        base_free(self->allocator, state->book);
        return base_fail(error, status, "instrument %s", instrument->spec.symbol);
    }
    self->books[self->instrument_count] = state->book;
    *out = (uint16_t)self->instrument_count++;
    return HEAN_OK;
}

static void *copy_of(const engine *self, const void *data, size_t bytes, bool *failed)
{
    if (data == NULL || bytes == 0)
        return NULL;
    void *copy = base_alloc(self->allocator, bytes);
    if (copy == NULL)
        *failed = true;
    else
        memcpy(copy, data, bytes);
    return copy;
}

static hean_status check_strategy(const engine *self, const engine_strategy *strategy,
                                  hean_error *error)
{
    const engine_subscription *subscription = &strategy->subscription;
    const hean_risk_limits *limits = &strategy->limits;
    if (self->stage != ENGINE_SETUP)
        return base_fail(error, HEAN_E_STATE, "strategies are added before the start");
    if (self->strategy_count >= STRATEGIES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "more than %d strategies", STRATEGIES_MAX);
    if (strategy->name == NULL || strategy->ops == NULL || strategy->ops->on_event == NULL)
        return base_fail(error, HEAN_E_INVALID, "a strategy needs a name and on_event");
    if (strategy->capital_e8 < 0)
        return base_fail(error, HEAN_E_RANGE, "strategy %s: capital is negative", strategy->name);
    if (strategy->capital_e8 == 0 &&
        (limits->soft_drawdown_e8 != 0 || limits->max_drawdown_e8 != 0))
        return base_fail(error, HEAN_E_INVALID,
                         "strategy %s: drawdown limits need a capital above 0", strategy->name);
    for (size_t i = 0; i < subscription->bar_interval_count; i++)
        if (subscription->bar_intervals_ns[i] < BASE_NS_PER_S ||
            subscription->bar_intervals_ns[i] > 7 * 86400 * BASE_NS_PER_S)
            return base_fail(error, HEAN_E_RANGE,
                             "strategy %s: bar interval %lld ns, expected 1 s to 7 days",
                             strategy->name, (long long)subscription->bar_intervals_ns[i]);
    return HEAN_OK;
}

hean_status engine_add_strategy(engine *self, const engine_strategy *strategy, uint16_t *out,
                                hean_error *error)
{
    const engine_subscription *subscription = &strategy->subscription;
    strategy_state state = {.config = *strategy, .chain_ns = INT64_MIN};
    hean_status status = check_strategy(self, strategy, error);
    bool failed = false;
    if (status == HEAN_OK)
        status = risk_init(&state.gate, &strategy->limits, error);
    if (status != HEAN_OK)
        return status;
    state.name = copy_of(self, strategy->name, strlen(strategy->name) + 1, &failed);
    state.intervals_ns = copy_of(self, subscription->bar_intervals_ns,
                                 subscription->bar_interval_count * sizeof(int64_t), &failed);
    state.wanted =
        copy_of(self, subscription->instruments, (self->instrument_count + 7) / 8, &failed);
    state.wanted_count = self->instrument_count;
    state.config.name = state.name;
    state.config.subscription.bar_intervals_ns = state.intervals_ns;
    state.config.subscription.instruments = state.wanted;
    state.account.capital_e8 = strategy->capital_e8;
    state.account.peak_equity_e8 = strategy->capital_e8;
    state.orders = (order_list){ORDERS_NONE, ORDERS_NONE, 0};
    void *strategies = self->strategies;
    if (failed || !base_grow(self->allocator, &strategies, &self->strategy_capacity,
                             self->strategy_count + 1, sizeof state)) {
        free_strategy(self, &state);
        return base_fail(error, HEAN_E_NO_MEMORY, "strategy %s", strategy->name);
    }
    self->strategies = strategies;
    self->strategies[self->strategy_count] = state;
    *out = (uint16_t)self->strategy_count++;
    return HEAN_OK;
}

/* ---- start ---- */

static bool make_holdings(engine *self, strategy_state *strategy)
{
    if (strategy->holdings == NULL)
        strategy->holdings = base_alloc_array(self->allocator, self->instrument_count + 1,
                                              sizeof *strategy->holdings);
    return strategy->holdings != NULL;
}

hean_status engine_restore(engine *self, uint16_t strategy, uint16_t instrument,
                           const hean_position *position, hean_error *error)
{
    if (self->stage != ENGINE_SETUP)
        return base_fail(error, HEAN_E_STATE, "positions are restored before the start");
    if (strategy >= self->strategy_count || instrument >= self->instrument_count)
        return base_fail(error, HEAN_E_NOT_FOUND, "restore: strategy %u, instrument %u", strategy,
                         instrument);
    if (position->cost_e8 < 0 || (position->qty_lots == 0) != (position->cost_e8 == 0) ||
        position->qty_lots < -MARKET_LOTS_MAX || position->qty_lots > MARKET_LOTS_MAX)
        return base_fail(error, HEAN_E_RANGE,
                         "restore: expected a quantity with a positive cost, or neither");
    if (!make_holdings(self, &self->strategies[strategy]))
        return base_fail(error, HEAN_E_NO_MEMORY, "restore: out of memory");
    self->strategies[strategy].holdings[instrument].position = *position;
    self->strategies[strategy].holdings[instrument].position.unrealized_e8 = 0;
    return HEAN_OK;
}

static bool add_bars(engine *self, uint16_t instrument, int64_t interval_ns)
{
    instrument_state *state = &self->instruments[instrument];
    void *bars = state->bars;
    for (size_t i = 0; i < state->bar_count; i++)
        if (state->bars[i].bars.interval_ns == interval_ns)
            return true;
    if (!base_grow(self->allocator, &bars, &state->bar_capacity, state->bar_count + 1,
                   sizeof *state->bars))
        return false;
    state->bars = bars;
    state->bars[state->bar_count] = (engine_bars){0};
    market_bars_init(&state->bars[state->bar_count++].bars, instrument, interval_ns);
    return true;
}

static bool prepare_subscription(engine *self, const strategy_state *strategy)
{
    const engine_subscription *subscription = &strategy->config.subscription;
    for (size_t i = 0; i < self->instrument_count; i++) {
        instrument_state *state = &self->instruments[i];
        if (strategy->wanted != NULL &&
            (i >= strategy->wanted_count || (strategy->wanted[i / 8] >> (i % 8) & 1) == 0))
            continue;
        state->kinds |= subscription->kinds;
        state->every_level |= subscription->every_level;
        if ((subscription->kinds >> HEAN_EVENT_BAR & 1) == 0)
            continue;
        for (size_t k = 0; k < subscription->bar_interval_count; k++)
            if (!add_bars(self, (uint16_t)i, subscription->bar_intervals_ns[k]))
                return false;
    }
    return true;
}

hean_status engine_prepare(engine *self, hean_error *error)
{
    size_t instruments = self->instrument_count;
    const market_instrument **specs =
        base_alloc_array(self->allocator, instruments + 1, sizeof *specs);
    hean_status status = HEAN_E_NO_MEMORY;
    if (specs == NULL)
        goto cleanup;
    for (size_t i = 0; i < instruments; i++) {
        specs[i] = &self->instruments[i].instrument;
    }
    for (size_t i = 0; i < self->strategy_count; i++) {
        strategy_state *strategy = &self->strategies[i];
        if (!make_holdings(self, strategy) || !prepare_subscription(self, strategy))
            goto cleanup;
    }
    status = HEAN_OK;
    if (!self->options.external_broker)
        status = paper_open(self->allocator, &self->options.paper, specs, instruments,
                            self->strategy_count, &self->broker, error);
cleanup:
    base_free(self->allocator, specs);
    if (status == HEAN_E_NO_MEMORY)
        return base_fail(error, status, "starting the engine");
    return status;
}

/* ---- questions ---- */

const market_book *engine_book(const engine *self, uint16_t instrument)
{
    return instrument < self->instrument_count ? self->instruments[instrument].book : NULL;
}

const market_book *const *engine_books(const engine *self)
{
    return self->books;
}

size_t engine_instruments(const engine *self)
{
    return self->instrument_count;
}

const market_instrument *engine_instrument(const engine *self, uint16_t instrument)
{
    return instrument < self->instrument_count ? &self->instruments[instrument].instrument : NULL;
}

hean_status engine_position(const engine *self, uint16_t strategy, uint16_t instrument,
                            hean_position *out)
{
    if (strategy >= self->strategy_count || instrument >= self->instrument_count)
        return HEAN_E_NOT_FOUND;
    const holding *holdings = self->strategies[strategy].holdings;
    *out = holdings != NULL ? holdings[instrument].position : (hean_position){0};
    return HEAN_OK;
}

hean_status engine_account(const engine *self, uint16_t strategy, hean_account *out)
{
    if (strategy >= self->strategy_count)
        return HEAN_E_NOT_FOUND;
    const strategy_state *state = &self->strategies[strategy];
    hean_account account = state->account;
    account.equity_e8 = account_equity_e8(&account);
    account.drawdown_e8 = account_drawdown_e8(account.equity_e8, account.peak_equity_e8);
    account.risk_state = risk_state(&state->gate);
    *out = account;
    return HEAN_OK;
}

int64_t engine_now_ns(const engine *self)
{
    return self->now_ns;
}

uint64_t engine_events(const engine *self)
{
    return self->events;
}

void engine_orders_hash(engine *self, uint8_t out[HASH_SHA256_BYTES])
{
    hash_sha256_digest(self->hash, out);
}

size_t engine_open_orders(const engine *self, uint16_t strategy, hean_event *out, size_t capacity)
{
    if (strategy >= self->strategy_count)
        return 0;
    const order_list *list = &self->strategies[strategy].orders;
    uint32_t slot = list->first;
    for (size_t i = 0; i < capacity && slot != ORDERS_NONE; i++) {
        const order_state *order = &self->orders.orders[slot];
        out[i] = account_order_event(self, order);
        slot = order->next;
    }
    return (size_t)list->count;
}

hean_status engine_stop_strategy(engine *self, uint16_t strategy, const hean_error *why)
{
    if (strategy >= self->strategy_count)
        return HEAN_E_NOT_FOUND;
    return account_stop(self, &self->strategies[strategy], why);
}
