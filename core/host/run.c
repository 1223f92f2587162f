/*
 * run.c: the session: events at the pace of the wall clock, a status now and then, a clean end.
 *
 * It sleeps to the next thing that is due and does nothing in between. Event time follows the wall
 * clock times `speed`; a machine that cannot keep up falls behind in event time, and no event is
 * dropped. It must not print.
 */
#include "run_ledger.h"
#include "run_metrics.h"

#include <market/event.h>
#include <string.h>
#include <time.h>

#define SLEEP_NS_MAX (100 * BASE_NS_PER_MS) /* how late a stop may be noticed */

/* ---- the gate ---- */

static hean_status check_gate(const run_options *options, hean_error *error)
{
    hean_status status;

    if (!options->gate.mode_live && !options->gate.live_flag)
        return HEAN_OK;
    status = gate_check(GATE_ORDERS, &options->gate, error);
    if (status == HEAN_OK && options->config->venue.source != CONFIG_SOURCE_BYBIT)
        status =
            base_fail(error, HEAN_E_INVALID, "%s: live trading: expected venue.source = \"bybit\"",
                      options->config->file);
    return status;
}

/* ---- opening ---- */

/* Everything that moves orders or money: to the ledger first, then to those who watch. */
static void on_account_event(void *context, const hean_event *event)
{
    session *self = context;

    run_ledger_tap(self->ledger, event);
    run_metrics_event(self->metrics, event);
}

static void on_round_trip(void *context, uint16_t strategy, int64_t nanoseconds)
{
    const session *self = context;
    run_metrics_round_trip(self->metrics, strategy, nanoseconds);
}

static void on_log(void *context, hean_log_level level, int64_t time_ns, const char *source,
                   const char *text)
{
    session *self = context;
    const hean_log_sink *log = &self->options->log;

    run_metrics_log(self->metrics, level);
    if (log->write != NULL)
        log->write(log->context, level, time_ns, source, text);
}

static hean_status open_host(session *self, hean_broker broker, hean_error *error)
{
    const host_tap tap = {
        .context = self, .on_account_event = on_account_event, .on_round_trip = on_round_trip};
    const config *settings = self->config;
    hean_host_options options = hean_host_options_default();
    hean_status status;
    uint16_t id;

    options.allocator = self->allocator;
    options.log = (hean_log_sink){on_log, self};
    options.worker_path = self->options->worker_path;
    options.entry_latency_ns = settings->paper.latency_ns;
    options.response_latency_ns = settings->paper.latency_ns;
    options.queue = settings->paper.queue;
    options.seed = (uint64_t)settings->seed;
    options.deadline_ns = settings->deadline_ns;
    options.memory_bytes_max = settings->memory_bytes_max;
    options.broker = broker;
    status = host_open(&options, &tap, &self->host, error);
    for (size_t i = 0; status == HEAN_OK && i < self->instrument_count; i++)
        status = hean_host_add_instrument(self->host, &self->instruments[i].spec, &id, error);
    return status;
}

static hean_status load(session *self, const config_strategy *wanted, hean_error *error)
{
    hean_strategy strategy = {
        .file = wanted->file,
        .source = wanted->source,
        .name = wanted->name,
        .params_json = wanted->params_json,
        .capital_e8 = wanted->capital_e8,
        .limits = wanted->risk,
    };
    base_buffer saved;
    hean_status status;
    uint16_t id;

    base_buffer_init(&saved, self->allocator);
    status = run_state_read(self->config->state_dir, wanted->name, &saved, error);
    if (status == HEAN_OK) {
        strategy.saved = saved.data;
        strategy.saved_bytes = saved.length;
        status = hean_host_load_strategy(self->host, &strategy, &id, error);
    }
    if (status == HEAN_OK && saved.length > 0)
        host_log(self->host, HEAN_LOG_INFO, "host", "strategy %s: restored from %s/%s.json",
                 wanted->name, self->config->state_dir, wanted->name);
    base_buffer_deinit(&saved);
    return status;
}

static hean_status open_status(session *self, hean_error *error)
{
    size_t strategies = self->config->strategy_count, instruments = self->instrument_count;

    self->strategies = base_alloc_array(self->allocator, strategies, sizeof *self->strategies);
    self->states = base_alloc_array(self->allocator, strategies, sizeof *self->states);
    self->positions =
        base_alloc_array(self->allocator, strategies * instruments, sizeof *self->positions);
    self->symbols = base_alloc_array(self->allocator, instruments, sizeof *self->symbols);
    if (self->strategies == NULL || self->states == NULL || self->positions == NULL ||
        self->symbols == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "session: out of memory");
    for (size_t i = 0; i < instruments; i++)
        self->symbols[i] = self->instruments[i].spec.symbol;
    return HEAN_OK;
}

hean_status session_open_host(session *self, hean_broker broker, hean_error *error)
{
    hean_status status = open_status(self, error);

    if (status == HEAN_OK)
        status = open_host(self, broker, error);
    for (size_t i = 0; status == HEAN_OK && i < self->config->strategy_count; i++)
        status = load(self, &self->config->strategies[i], error);
    return status;
}

static void close_session(session *self)
{
    run_metrics_close(self->metrics); /* shows the end, while there is something to show */
    self->metrics = NULL;
    hean_host_close(self->host);
    run_venue_close(self->venue);
    self->venue = NULL;
    run_ledger_close(self->ledger);
    base_free(self->allocator, self->strategies);
    base_free(self->allocator, self->states);
    base_free(self->allocator, self->positions);
    base_free(self->allocator, self->symbols);
}

/* ---- status and state ---- */

int64_t session_elapsed_ns(const session *self)
{
    return base_clock_monotonic_ns() - self->begin_ns;
}

static hean_status read_strategy(session *self, uint16_t id, hean_error *error)
{
    size_t instruments = self->instrument_count;
    hean_position *positions = self->positions + id * instruments;
    run_strategy *out = &self->strategies[id];
    hean_status status = hean_host_strategy_state(self->host, id, &self->states[id]);

    if (status == HEAN_OK)
        status = hean_host_account(self->host, id, &out->account);
    for (size_t i = 0; status == HEAN_OK && i < instruments; i++)
        status = hean_host_position(self->host, id, (uint16_t)i, &positions[i]);
    if (status != HEAN_OK)
        return base_fail(error, status, "session: the account of strategy %u cannot be read", id);
    out->name = self->states[id].name;
    out->running = self->states[id].running;
    out->why = self->states[id].why.message;
    out->open_orders = hean_host_open_orders(self->host, id, NULL, 0);
    out->positions = positions;
    return HEAN_OK;
}

static hean_status give_status(session *self, bool last, hean_error *error)
{
    run_status status = {
        .mode = self->mode,
        .market = self->market_name,
        .actions_enabled = strcmp(self->mode, "live") == 0,
        .time_ns = engine_now_ns(self->host->engine),
        .elapsed_ns = session_elapsed_ns(self),
        .events = engine_events(self->host->engine),
        .symbols = self->symbols,
        .instrument_count = self->instrument_count,
        .strategies = self->strategies,
        .strategy_count = self->config->strategy_count,
        .last = last,
    };
    hean_status result = HEAN_OK;

    if (self->options->on_status == NULL)
        return HEAN_OK;
    for (size_t i = 0; result == HEAN_OK && i < status.strategy_count; i++)
        result = read_strategy(self, (uint16_t)i, error);
    if (result == HEAN_OK)
        self->options->on_status(self->options->status_context, &status);
    return result;
}

/* Every running strategy is asked, whatever came of the others; the first failure is reported. */
static hean_status save_all(session *self, hean_error *error)
{
    hean_status result = HEAN_OK;

    for (size_t i = 0; i < self->config->strategy_count; i++) {
        hean_error detail = {0};
        hean_status status;
        if (self->host->strategies[i]->stopped)
            continue;
        status = run_state_write(self->config->state_dir, self->config->strategies[i].name,
                                 self->host, (uint16_t)i, &detail);
        if (status == HEAN_OK)
            continue;
        host_log(self->host, HEAN_LOG_ERROR, "host", "state of %s: %s",
                 self->config->strategies[i].name, detail.message);
        if (result == HEAN_OK) {
            result = status;
            if (error != NULL)
                *error = detail;
        }
    }
    return result;
}

/* ---- the loop ---- */

static bool any_running(const session *self)
{
    for (size_t i = 0; i < self->host->strategy_count; i++) {
        if (!self->host->strategies[i]->stopped)
            return true;
    }
    return false;
}

bool session_over(const session *self)
{
    const run_options *options = self->options;

    return (options->stop != NULL && *options->stop != 0) ||
           (options->duration_ns > 0 && session_elapsed_ns(self) >= options->duration_ns) ||
           !any_running(self);
}

hean_status session_housekeep(session *self, hean_error *error)
{
    hean_status status = HEAN_OK;

    if (session_elapsed_ns(self) >= self->next_status_ns) {
        self->next_status_ns = session_elapsed_ns(self) + self->config->status_interval_ns;
        status = give_status(self, false, error);
    }
    if (session_elapsed_ns(self) >= self->next_save_ns) {
        self->next_save_ns = session_elapsed_ns(self) + self->config->save_interval_ns;
        (void)!save_all(self, NULL); /* logged; tried again, and at the end */
    }
    return status;
}

/* ---- beginning and end ---- */

void session_begin(session *self)
{
    self->begin_ns = base_clock_monotonic_ns();
    self->next_status_ns = self->config->status_interval_ns;
    self->next_save_ns = self->config->save_interval_ns;
}

static hean_status end(session *self, hean_error *error)
{
    const host_strategy *first = self->host->strategies[0];
    hean_status saving, showing;

    if (!any_running(self)) {
        showing = give_status(self, true, error);
        if (showing != HEAN_OK)
            return showing;
        return base_fail(error, HEAN_E_SCRIPT, "no strategy runs any more: %s: %.400s", first->name,
                         first->why.message);
    }
    saving = save_all(self, error);
    showing = give_status(self, true, saving == HEAN_OK ? error : NULL);
    return saving != HEAN_OK ? saving : showing;
}

/* ---- a market in this process, at the pace of the wall clock ---- */

typedef struct paced {
    session *owner;
    run_market market;
} paced;

/* Event time, as far as the wall clock has come. */
static int64_t event_now_ns(const paced *self)
{
    double passed = (double)session_elapsed_ns(self->owner) * self->owner->config->venue.speed;
    int64_t left = MARKET_TIME_NS_MAX - self->market.start_ns;

    return self->market.start_ns + (passed < (double)left ? (int64_t)passed : left);
}

/* Wall time from the start, for an event time; "never" stays never. */
static int64_t wall_of(const paced *self, int64_t event_ns)
{
    double wall = (double)(event_ns - self->market.start_ns) / self->owner->config->venue.speed;
    return event_ns == INT64_MAX || wall > (double)(INT64_MAX / 2) ? INT64_MAX : (int64_t)wall;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void sleep_to_next(paced *self)
{
    const session *owner = self->owner;
    int64_t due = earlier(wall_of(self, run_market_next_ns(&self->market)),
                          wall_of(self, hean_host_next_due_ns(owner->host)));
    int64_t wait;
    struct timespec pause;

    due = earlier(due, earlier(owner->next_status_ns, owner->next_save_ns));
    if (owner->options->duration_ns > 0)
        due = earlier(due, owner->options->duration_ns);
    wait = earlier(due - session_elapsed_ns(owner), SLEEP_NS_MAX);
    if (wait <= 0)
        return;
    pause.tv_sec = 0;
    pause.tv_nsec = wait;
    (void)nanosleep(&pause, NULL); /* a signal ends it early, which is wanted */
}

/* Pushes one batch of what is due; when nothing is left, lets time pass and sleeps. */
static hean_status step(paced *self, hean_error *error)
{
    int64_t now_ns = event_now_ns(self);
    const hean_event *events;
    size_t count = run_market_take(&self->market, now_ns, &events);
    hean_status status;

    if (count > 0)
        return hean_host_push(self->owner->host, events, count, error);
    status = hean_host_advance(self->owner->host, now_ns, error);
    if (status == HEAN_OK)
        sleep_to_next(self);
    return status;
}

/* Opens the market and the host, and runs them. */
static hean_status run_paced(session *owner, hean_error *error)
{
    paced self = {.owner = owner};
    hean_status status = run_market_open(owner->allocator, owner->options, &self.market, error);

    if (status != HEAN_OK)
        return status;
    owner->instruments = self.market.instruments;
    owner->instrument_count = self.market.instrument_count;
    owner->mode = "paper";
    owner->market_name = self.market.name;
    owner->ledger_start_ns = self.market.start_ns;
    status = run_ledger_open(owner, &owner->ledger, error);
    if (status == HEAN_OK)
        status = session_open_host(owner, HEAN_BROKER_PAPER, error);
    if (status == HEAN_OK)
        status = run_ledger_attach(owner->ledger, error);
    if (status == HEAN_OK)
        status = run_ledger_restore(owner->ledger, error);
    if (status == HEAN_OK)
        status = run_metrics_open(owner, &owner->metrics, error);
    session_begin(owner);
    if (status == HEAN_OK)
        status = hean_host_start(owner->host, self.market.start_ns, error);
    while (status == HEAN_OK && !session_over(owner) &&
           run_market_next_ns(&self.market) != INT64_MAX) {
        status = step(&self, error);
        run_metrics_turn(owner->metrics, 0);
        if (status == HEAN_OK)
            status = session_housekeep(owner, error);
        if (status == HEAN_OK)
            status = run_ledger_check(owner->ledger, engine_now_ns(owner->host->engine), error);
    }
    if (status == HEAN_OK)
        status = run_ledger_end(owner->ledger, engine_now_ns(owner->host->engine), error);
    if (status == HEAN_OK)
        status = end(owner, error);
    run_metrics_close(owner->metrics);
    owner->metrics = NULL;
    owner->instruments = NULL;
    owner->market_name = NULL;
    run_market_close(&self.market);
    return status;
}

hean_status run_session(const run_options *options, hean_error *error)
{
    session self = {.options = options, .config = options->config, .allocator = options->allocator};
    config_source source = options->config->venue.source;
    hean_status status;

    if (self.allocator == NULL)
        self.allocator = base_allocator_default();
    status = check_gate(options, error);
    if (status != HEAN_OK)
        return status;
    if (source == CONFIG_SOURCE_SIM || source == CONFIG_SOURCE_DATA) {
        status = run_paced(&self, error);
    } else {
        status = run_venue_open(&self, error);
        if (status == HEAN_OK)
            status = run_venue_loop(&self, error);
        if (status == HEAN_OK)
            status = end(&self, error);
    }
    close_session(&self);
    return status;
}
