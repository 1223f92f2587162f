/*
 * loop.c: what happens next.
 *
 * Five things can: a market event at the venue, a request arriving there, an answer arriving at
 * the host, a market event at the host, a timer. The earliest is next; at the same time the order
 * is the one just given, and within each kind the order in which they came. Hence
 *   - the venue knows a market event before a request that arrives at the same time;
 *   - a strategy hears of its fills before the market event of the same time, and its timers fire
 *     after all market events of the same time.
 *
 * In a replay, while no order is at the venue, market events change nothing there but the book: the
 * venue then stays behind, and is brought up to date when the next request arrives. The result is
 * the same as going event by event.
 *
 * Must not know: what events mean.
 */
#include "engine_internal.h"

#define STOP_CHECK_EVENTS 256

/* ---- timers: a binary heap by (due, number) ---- */

static bool sooner(const engine_timer *a, const engine_timer *b)
{
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->number < b->number);
}

hean_status timer_set(engine *self, const engine_timer *timer)
{
    void *timers = self->timers;
    if (!base_grow(self->allocator, &timers, &self->timer_capacity, self->timer_count + 1,
                   sizeof *timer))
        return HEAN_E_NO_MEMORY;
    self->timers = timers;
    self->woken = true;
    engine_timer added = *timer;
    added.number = ++self->timer_number;
    size_t at = self->timer_count++;
    while (at > 0 && sooner(&added, &self->timers[(at - 1) / 2])) {
        self->timers[at] = self->timers[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->timers[at] = added;
    return HEAN_OK;
}

static engine_timer timer_take(engine *self)
{
    engine_timer first = self->timers[0];
    engine_timer last = self->timers[--self->timer_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < self->timer_count && sooner(&self->timers[child + 1], &self->timers[child]))
            child++;
        if (child >= self->timer_count || !sooner(&self->timers[child], &last))
            break;
        self->timers[at] = self->timers[child];
        at = child;
    }
    if (self->timer_count > 0)
        self->timers[at] = last;
    return first;
}

static int64_t timer_ns(const engine *self)
{
    return self->timer_count == 0 ? INT64_MAX : self->timers[0].due_ns;
}

static hean_status timer_fire(engine *self)
{
    engine_timer timer = timer_take(self);
    strategy_state *strategy = &self->strategies[timer.strategy];
    if (timer.due_ns > self->now_ns)
        self->now_ns = timer.due_ns;
    if (timer.quarantine) {
        hean_risk_state before = risk_state(&strategy->gate);
        risk_advance(&strategy->gate, self->now_ns);
        return account_risk_changed(self, strategy, before, "quarantine is over");
    }
    strategy->timers--;
    if (strategy->stopped || (strategy->config.subscription.kinds >> HEAN_EVENT_TIMER & 1) == 0)
        return HEAN_OK;
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = self->now_ns;
    event.exch_ns = self->now_ns;
    event.kind = HEAN_EVENT_TIMER;
    event.strategy = timer.strategy;
    event.data.timer.tag = timer.tag;
    event.data.timer.due_ns = timer.due_ns;
    hean_status status = strategy_call(self, strategy, &event);
    if (status == HEAN_OK)
        status = strategy_deliver(self);
    return status;
}

/* ---- answers and requests ---- */

static hean_status answer_take(engine *self)
{
    paper_answer answer;
    hean_status status;
    if (!paper_take_answer(self->broker, &answer))
        return HEAN_OK;
    if (answer.event.local_ns > self->now_ns)
        self->now_ns = answer.event.local_ns;
    if (answer.event.kind == HEAN_EVENT_FILL) {
        status = account_fill(self, answer.event, answer.slot);
    } else {
        bool unknown = answer.event.reason == HEAN_REASON_UNKNOWN_ORDER;
        status = account_order(self, answer.event, unknown ? ORDERS_NONE : answer.slot,
                               answer.request == HEAN_INTENT_AMEND);
    }
    if (status == HEAN_OK)
        status = strategy_deliver(self);
    return status;
}

static int64_t request_ns(const engine *self)
{
    return self->broker == NULL ? INT64_MAX : paper_request_ns(self->broker);
}

static int64_t answer_ns(const engine *self)
{
    return self->broker == NULL ? INT64_MAX : paper_answer_ns(self->broker);
}

/* Requests and answers up to `until_ns`; timers before it, or up to it `with_timers`. */
static hean_status run_due(engine *self, int64_t until_ns, bool with_timers)
{
    for (;;) {
        int64_t request = request_ns(self);
        int64_t answer = answer_ns(self);
        int64_t timer = timer_ns(self);
        hean_status status;
        if (request <= until_ns && request <= answer && request <= timer)
            status = paper_arrive(self->broker);
        else if (answer <= until_ns && answer <= timer)
            status = answer_take(self);
        else if (timer < until_ns || (with_timers && timer == until_ns))
            status = timer_fire(self);
        else
            return HEAN_OK;
        if (status != HEAN_OK)
            return status;
    }
}

/* ---- the doors ---- */

/* Hands a failure out; after one the engine only answers questions. */
static hean_status leave(engine *self, hean_status status, hean_error *error)
{
    if (status == HEAN_OK)
        return HEAN_OK;
    self->stage = ENGINE_ENDED;
    if (self->error.status != status)
        (void)base_fail(&self->error, status, "%s", hean_status_text(status));
    if (error != NULL)
        *error = self->error;
    return status;
}

static hean_status check_running(const engine *self, hean_error *error)
{
    if (self->stage == ENGINE_RUNNING)
        return HEAN_OK;
    return base_fail(error, HEAN_E_STATE,
                     self->stage == ENGINE_SETUP ? "the engine is not started"
                                                 : "the engine's run is over, or failed before");
}

static hean_status check_event(const engine *self, const hean_event *event, hean_error *error)
{
    const char *problem = market_event_problem(event, self->instrument_count);
    if (problem != NULL)
        return base_fail(error, HEAN_E_INVALID, "event %llu: %s",
                         (unsigned long long)self->events + 1, problem);
    if (event->local_ns < self->now_ns)
        return base_fail(error, HEAN_E_TIME_ORDER,
                         "event %llu is of %lld, after time had reached %lld",
                         (unsigned long long)self->events + 1, (long long)event->local_ns,
                         (long long)self->now_ns);
    return HEAN_OK;
}

hean_status engine_start(engine *self, int64_t now_ns, hean_error *error)
{
    if (self->stage != ENGINE_SETUP)
        return base_fail(error, HEAN_E_STATE, "the engine was started before");
    if (now_ns < 0 || now_ns > MARKET_TIME_NS_MAX)
        return base_fail(error, HEAN_E_RANGE, "start at %lld ns, expected 0 to 2^62",
                         (long long)now_ns);
    hean_status status = engine_prepare(self, error);
    if (status != HEAN_OK)
        return status;
    self->stage = ENGINE_RUNNING;
    self->now_ns = now_ns;
    hean_event event;
    memset(&event, 0, sizeof event);
    event.local_ns = now_ns;
    event.exch_ns = now_ns;
    event.kind = HEAN_EVENT_START;
    for (size_t i = 0; i < self->strategy_count && status == HEAN_OK; i++) {
        strategy_state *strategy = &self->strategies[i];
        status = account_restored(self, strategy);
        if (status != HEAN_OK)
            break;
        event.strategy = (uint16_t)i;
        if (!strategy->stopped &&
            (strategy->config.subscription.kinds >> HEAN_EVENT_START & 1) != 0)
            status = strategy_call(self, strategy, &event);
    }
    if (status == HEAN_OK)
        status = strategy_deliver(self);
    return leave(self, status, error);
}

/* External broker: an ORDER or FILL that the venue's adapter brings. */
static hean_status take_report(engine *self, const hean_event *event, hean_error *error)
{
    bool fill = event->kind == HEAN_EVENT_FILL;
    uint64_t id = fill ? event->data.fill.order_id : event->data.order.order_id;
    uint32_t slot = orders_find(&self->orders, id);
    if (slot == ORDERS_NONE) {
        /* An order's end is told once; what the venue adds to it is no news. A fill is. */
        if (!fill)
            return HEAN_OK;
        return base_fail(error, HEAN_E_NOT_FOUND, "a fill of order %llu, which is not open",
                         (unsigned long long)id);
    }
    const order_state *order = &self->orders.orders[slot];
    hean_event own = *event;
    own.strategy = order->strategy;
    own.instrument = order->instrument;
    own.side = order->side;
    if (!fill) {
        if (own.data.order.status <= HEAN_ORDER_NONE ||
            own.data.order.status > HEAN_ORDER_UNKNOWN || own.reason >= HEAN_REASON_COUNT ||
            own.data.order.qty_lots < order->filled_lots ||
            own.data.order.qty_lots > MARKET_LOTS_MAX)
            return base_fail(error, HEAN_E_INVALID, "an ORDER event of order %llu that cannot be",
                             (unsigned long long)id);
        return account_order(self, own, slot, true);
    }
    if (own.data.fill.qty_lots <= 0 || own.data.fill.price_ticks <= 0 ||
        own.data.fill.qty_lots > order->qty_lots - order->filled_lots)
        return base_fail(error, HEAN_E_INVALID,
                         "a fill of %lld lots of order %llu, of which %lld are open",
                         (long long)own.data.fill.qty_lots, (unsigned long long)id,
                         (long long)(order->qty_lots - order->filled_lots));
    bool failed;
    if (!orders_add_execution(&self->orders, slot, own.data.fill.execution_id, &failed))
        return failed ? HEAN_E_NO_MEMORY : HEAN_OK;
    return account_fill(self, own, slot);
}

static hean_status push_report(engine *self, const hean_event *event, hean_error *error)
{
    if (self->broker != NULL)
        return base_fail(error, HEAN_E_INVALID,
                         "ORDER and FILL events come from outside only with an external broker");
    if (event->local_ns < self->now_ns || event->local_ns > MARKET_TIME_NS_MAX)
        return base_fail(error, HEAN_E_TIME_ORDER, "a report is of %lld, time has reached %lld",
                         (long long)event->local_ns, (long long)self->now_ns);
    hean_status status = run_due(self, event->local_ns, false);
    if (status != HEAN_OK)
        return leave(self, status, error);
    self->now_ns = event->local_ns;
    self->events++;
    status = take_report(self, event, error);
    /* A report that cannot be is the adapter's error, not the engine's end. */
    if (status == HEAN_E_INVALID || status == HEAN_E_NOT_FOUND)
        return status;
    if (status == HEAN_OK)
        status = strategy_deliver(self);
    return leave(self, status, error);
}

hean_status engine_push(engine *self, const hean_event *event, hean_error *error)
{
    hean_status status = check_running(self, error);
    if (status != HEAN_OK)
        return status;
    if (event->kind == HEAN_EVENT_ORDER || event->kind == HEAN_EVENT_FILL)
        return push_report(self, event, error);
    status = check_event(self, event, error);
    if (status != HEAN_OK)
        return status;
    int64_t now_ns = event->local_ns;
    status = run_due(self, now_ns - 1, true);
    if (status == HEAN_OK && self->broker != NULL)
        status = paper_market(self->broker, event, now_ns);
    if (status == HEAN_OK)
        status = run_due(self, now_ns, false);
    if (status == HEAN_OK)
        status = feed_take(self, event);
    if (status == HEAN_OK)
        status = run_due(self, now_ns, false);
    return leave(self, status, error);
}

static bool may_settle(const engine *self, uint16_t strategy, const hean_event *event)
{
    if (self->broker != NULL || strategy >= self->strategy_count ||
        event->instrument >= self->instrument_count)
        return false;
    if (event->kind == HEAN_EVENT_FUNDING)
        return market_event_problem(event, self->instrument_count) == NULL;
    return event->kind == HEAN_EVENT_FILL &&
           (event->side == HEAN_SIDE_BUY || event->side == HEAN_SIDE_SELL) &&
           event->data.fill.price_ticks > 0 && event->data.fill.price_ticks <= MARKET_TICKS_MAX &&
           event->data.fill.qty_lots > 0 && event->data.fill.qty_lots <= MARKET_LOTS_MAX &&
           orders_find(&self->orders, event->data.fill.order_id) == ORDERS_NONE;
}

hean_status engine_settle(engine *self, uint16_t strategy, const hean_event *event,
                          hean_error *error)
{
    hean_status status = check_running(self, error);
    if (status != HEAN_OK)
        return status;
    if (!may_settle(self, strategy, event))
        return base_fail(
            error, HEAN_E_INVALID,
            "a settlement: expected a FUNDING or FILL event of a strategy that no open "
            "order explains, and an external broker");
    if (event->local_ns < self->now_ns || event->local_ns > MARKET_TIME_NS_MAX)
        return base_fail(error, HEAN_E_TIME_ORDER, "a settlement is of %lld, time has reached %lld",
                         (long long)event->local_ns, (long long)self->now_ns);
    status = run_due(self, event->local_ns, false);
    if (status == HEAN_OK) {
        self->now_ns = event->local_ns;
        self->events++;
        status = feed_settle(self, &self->strategies[strategy], event);
    }
    if (status == HEAN_OK)
        status = strategy_deliver(self);
    return leave(self, status, error);
}

hean_status engine_advance(engine *self, int64_t now_ns, hean_error *error)
{
    hean_status status = check_running(self, error);
    if (status != HEAN_OK)
        return status;
    if (now_ns < self->now_ns || now_ns > MARKET_TIME_NS_MAX)
        return base_fail(error, HEAN_E_TIME_ORDER, "time %lld, after it had reached %lld",
                         (long long)now_ns, (long long)self->now_ns);
    status = run_due(self, now_ns, true);
    if (status == HEAN_OK) {
        self->now_ns = now_ns;
        status = feed_pass_time(self);
    }
    if (status == HEAN_OK)
        status = run_due(self, now_ns, true);
    return leave(self, status, error);
}

int64_t engine_next_due_ns(const engine *self)
{
    int64_t due = request_ns(self);
    if (answer_ns(self) < due)
        due = answer_ns(self);
    return timer_ns(self) < due ? timer_ns(self) : due;
}

/* ---- replay ---- */

typedef struct replay {
    engine *engine;
    const hean_event *events;
    size_t count;
    const uint32_t *exch_order;
    size_t host;  /* the next event at the host */
    size_t venue; /* the next position in the venue's order */
} replay;

static const hean_event *venue_event(const replay *run)
{
    size_t at = run->exch_order != NULL ? run->exch_order[run->venue] : run->venue;
    return at < run->count ? &run->events[at] : NULL;
}

static hean_status venue_step(replay *run)
{
    const hean_event *event = venue_event(run);
    if (event == NULL)
        return base_fail(&run->engine->error, HEAN_E_CORRUPT,
                         "position %zu of the venue's order points beyond the events", run->venue);
    const char *problem = market_event_problem(event, run->engine->instrument_count);
    if (problem != NULL)
        return base_fail(&run->engine->error, HEAN_E_INVALID, "event %zu: %s",
                         (size_t)(event - run->events) + 1, problem);
    run->venue++;
    return paper_market(run->engine->broker, event, event->exch_ns);
}

static int64_t venue_ns(const replay *run)
{
    if (run->venue >= run->count)
        return INT64_MAX;
    const hean_event *event = venue_event(run);
    return event != NULL ? event->exch_ns : INT64_MIN; /* the step then says what is wrong */
}

/* Brings the venue up to date with no order there. */
static hean_status venue_catch_up(replay *run, int64_t until_ns)
{
    while (venue_ns(run) <= until_ns && run->venue < run->count) {
        hean_status status = venue_step(run);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* Host events as long as nothing else can be next. */
static hean_status host_steps(replay *run, int64_t before_ns, size_t steps_max)
{
    engine *self = run->engine;
    self->woken = false;
    do {
        const hean_event *event = &run->events[run->host];
        hean_status status = check_event(self, event, &self->error);
        if (status == HEAN_OK)
            status = feed_take(self, event);
        if (status != HEAN_OK)
            return status;
        run->host++;
    } while (!self->woken && --steps_max > 0 && run->host < run->count &&
             run->events[run->host].local_ns < before_ns);
    return HEAN_OK;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One thing after another until the events are used up, and with the last one's time what is due
 * by then. */
static hean_status replay_step(replay *run, bool *done)
{
    engine *self = run->engine;
    bool ended = run->host == run->count;
    bool busy = paper_live(self->broker) > 0;
    int64_t venue = busy ? venue_ns(run) : INT64_MAX;
    int64_t request = request_ns(self);
    int64_t answer = answer_ns(self);
    int64_t timer = timer_ns(self);
    int64_t host = ended ? INT64_MAX : run->events[run->host].local_ns;
    int64_t limit = ended ? run->events[run->count - 1].local_ns : INT64_MAX - 1;
    int64_t wire = smaller(request, answer);
    int64_t next = smaller(smaller(venue, wire), smaller(host, timer));
    if (next > limit) {
        *done = true;
        return HEAN_OK;
    }
    if (venue == next)
        return venue_step(run);
    if (request == next) {
        hean_status status = busy ? HEAN_OK : venue_catch_up(run, request);
        return status == HEAN_OK ? paper_arrive(self->broker) : status;
    }
    if (answer == next)
        return answer_take(self);
    if (host == next)
        return host_steps(run,
                          smaller(smaller(venue, wire), timer == INT64_MAX ? timer : timer + 1),
                          STOP_CHECK_EVENTS);
    return timer_fire(self);
}

hean_status engine_replay(engine *self, const hean_event *events, size_t count,
                          const uint32_t *exch_order, const volatile int *stop,
                          volatile uint64_t *progress, hean_error *error)
{
    replay run = {self, events, count, exch_order, 0, 0};
    hean_status status = check_running(self, error);
    bool done = count == 0;
    if (status != HEAN_OK)
        return status;
    if (self->broker == NULL)
        return base_fail(error, HEAN_E_STATE, "a replay needs the paper broker");
    while (status == HEAN_OK && !done) {
        if (progress != NULL)
            *progress = run.host;
        if (stop != NULL && *stop != 0)
            status = base_fail(&self->error, HEAN_E_INTERRUPTED, "interrupted at event %zu of %zu",
                               run.host, count);
        else
            status = replay_step(&run, &done);
    }
    if (progress != NULL)
        *progress = run.host;
    self->stage = ENGINE_ENDED; /* the venue may lie behind */
    return leave(self, status, error);
}
