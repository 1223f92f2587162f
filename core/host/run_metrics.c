/*
 * run_metrics.c: fills the snapshot of core/metrics from session, ledger and venue.
 */
#include "run_metrics.h"

#include "run_ledger.h"

#include <metrics/http.h>

#include <math.h>
#include <string.h>

#define PUBLISH_NS     (250 * BASE_NS_PER_MS)
#define STALE_NS       (5 * BASE_NS_PER_S)
#define DATA_STALE_NS  (30 * BASE_NS_PER_S)
#define REQUESTS       256 /* under way at most; a power of two */
#define RECENT_NS      (300 * BASE_NS_PER_S)
#define RECENT_SLOTS   30
#define LATENCY_WEIGHT 0.1

typedef struct recent { /* orders and refusals of the last five minutes, in slots of ten seconds */
    int64_t slot[RECENT_SLOTS];
    uint32_t orders[RECENT_SLOTS], rejects[RECENT_SLOTS];
} recent;

struct run_metrics {
    session *session;
    metrics_hub *hub;
    metrics_http *http;
    metrics_writer *writer;
    metrics_venue_series venue;
    metrics_strategy_series strategies[METRICS_STRATEGIES_MAX];
    bool told_stop[METRICS_STRATEGIES_MAX];
    char venue_name[32]; /* the market's, without its address: a label */
    const metrics_series *slippage, *improvement;
    const metrics_series *loop_lag, *log_lines[HEAN_LOG_ERROR + 1];
    int64_t next_publish_ns, loop_lag_ns, start_ns, peak_equity_e8;
    int64_t watchdog_ns, next_watchdog_ns;
    uint64_t logged[HEAN_LOG_ERROR + 1];
    uint64_t maker, taker, orders, rejects;
    double slippage_sum, api_ms;
    uint64_t slippage_count;
    recent recent;
    struct {
        uint64_t id;
        metrics_endpoint endpoint;
    } requests[REQUESTS];
};

/* ---- requests ---- */

static metrics_endpoint endpoint_of(const char *url)
{
    static const struct {
        const char *path;
        metrics_endpoint endpoint;
    } paths[] = {
        {"/v5/order/create", METRICS_ENDPOINT_ORDER_CREATE},
        {"/v5/order/amend", METRICS_ENDPOINT_ORDER_AMEND},
        {"/v5/order/cancel", METRICS_ENDPOINT_ORDER_CANCEL},
        {"/v5/order/", METRICS_ENDPOINT_ORDER_QUERY},
        {"/v5/execution/", METRICS_ENDPOINT_EXECUTIONS},
        {"/v5/position/", METRICS_ENDPOINT_POSITIONS},
        {"/v5/account/", METRICS_ENDPOINT_ACCOUNT},
        {"/v5/market/time", METRICS_ENDPOINT_TIME},
        {"/v5/market/", METRICS_ENDPOINT_MARKET},
    };

    for (size_t i = 0; i < BASE_COUNT(paths); i++) {
        if (strstr(url, paths[i].path) != NULL)
            return paths[i].endpoint;
    }
    return METRICS_ENDPOINT_OTHER;
}

void run_metrics_request(run_metrics *self, uint64_t id, const char *url)
{
    if (self == NULL)
        return;
    self->requests[id % REQUESTS].id = id;
    self->requests[id % REQUESTS].endpoint = endpoint_of(url);
}

static void count_error(run_metrics *self, const wire_response *response)
{
    metrics_api_error kind;

    if (response->outcome == WIRE_NOT_SENT)
        kind = METRICS_API_NETWORK;
    else if (response->outcome == WIRE_UNKNOWN)
        kind = METRICS_API_TIMEOUT;
    else if (response->http_status == 429)
        kind = METRICS_API_RATE_LIMIT;
    else if (response->http_status >= 500)
        kind = METRICS_API_SERVER;
    else if (response->http_status >= 400)
        kind = METRICS_API_REFUSED;
    else
        return;
    metrics_count(self->writer, self->venue.api_errors[kind], 1);
}

void run_metrics_response(run_metrics *self, const wire_response *response)
{
    metrics_endpoint endpoint = METRICS_ENDPOINT_OTHER;
    double seconds;

    if (self == NULL)
        return;
    if (self->requests[response->id % REQUESTS].id == response->id)
        endpoint = self->requests[response->id % REQUESTS].endpoint;
    count_error(self, response);
    if (response->outcome != WIRE_DONE || response->received_ns < response->sent_ns)
        return;
    seconds = (double)(response->received_ns - response->sent_ns) / (double)BASE_NS_PER_S;
    metrics_observe(self->writer, self->venue.api_request[endpoint], seconds);
    if (endpoint == METRICS_ENDPOINT_ORDER_CREATE)
        metrics_observe(self->writer, self->venue.order_ack, seconds);
    self->api_ms = isnan(self->api_ms)
                       ? seconds * 1e3
                       : self->api_ms + LATENCY_WEIGHT * (seconds * 1e3 - self->api_ms);
}

/* ---- account events ---- */

static void count_recent(run_metrics *self, bool reject)
{
    int64_t slot = base_clock_wall_ns() / (RECENT_NS / RECENT_SLOTS);
    size_t place = (size_t)(slot % RECENT_SLOTS);

    if (self->recent.slot[place] != slot) {
        self->recent.slot[place] = slot;
        self->recent.orders[place] = self->recent.rejects[place] = 0;
    }
    if (reject)
        self->recent.rejects[place]++;
    else
        self->recent.orders[place]++;
}

/* A FILL against the mid of the book as it is known now. */
static void add_slippage(run_metrics *self, const hean_event *event)
{
    const market_book *book = engine_book(self->session->host->engine, event->instrument);
    int64_t mid2 = market_book_mid2_ticks(book);
    double distance;

    if (mid2 <= 0)
        return;
    distance = (2.0 * (double)event->data.fill.price_ticks - (double)mid2) / (double)mid2;
    if (event->side == HEAN_SIDE_SELL)
        distance = -distance;
    metrics_observe(self->writer, distance > 0 ? self->slippage : self->improvement,
                    fabs(distance));
    self->slippage_sum += distance;
    self->slippage_count++;
}

static void add_reject(run_metrics *self, const hean_event *event)
{
    const session *owner = self->session;
    metrics_reject reject = {.time_ns = base_clock_wall_ns(),
                             .side = (hean_side)event->side,
                             .reason = (hean_reason)event->reason};

    if (event->reason >= HEAN_REASON_COUNT)
        return;
    self->rejects++;
    count_recent(self, true);
    metrics_count(self->writer, self->venue.rejected[event->reason], 1);
    (void)base_text_copy(reject.strategy, sizeof reject.strategy,
                         owner->config->strategies[event->strategy].name);
    if (event->instrument < owner->instrument_count)
        (void)base_text_copy(reject.symbol, sizeof reject.symbol,
                             owner->instruments[event->instrument].spec.symbol);
    metrics_hub_reject(self->hub, &reject);
}

void run_metrics_event(run_metrics *self, const hean_event *event)
{
    if (self == NULL)
        return;
    if (event->kind == HEAN_EVENT_FILL) {
        bool maker = (event->flags & HEAN_EVENT_MAKER) != 0;
        self->maker += maker;
        self->taker += !maker;
        metrics_count(self->writer, maker ? self->venue.fills_maker : self->venue.fills_taker, 1);
        add_slippage(self, event);
    } else if (event->kind == HEAN_EVENT_ORDER) {
        if (event->data.order.status == HEAN_ORDER_REJECTED)
            add_reject(self, event);
        else if (event->data.order.status == HEAN_ORDER_PENDING_NEW)
            count_recent(self, false);
    }
}

void run_metrics_log(run_metrics *self, hean_log_level level)
{
    if (self == NULL || (unsigned)level > HEAN_LOG_ERROR)
        return;
    self->logged[level]++;
}

void run_metrics_round_trip(run_metrics *self, uint16_t strategy, int64_t nanoseconds)
{
    if (self != NULL && strategy < METRICS_STRATEGIES_MAX)
        metrics_observe(self->writer, self->strategies[strategy].callback,
                        (double)nanoseconds / (double)BASE_NS_PER_S);
}

/* ---- the snapshot ---- */

static void fill_switches(const run_metrics *self, metrics_status *status)
{
    const gate_switches *gate = &self->session->options->gate;
    bool live = strcmp(self->session->mode, "live") == 0;

    status->mode = live ? METRICS_LIVE : METRICS_PAPER;
    status->actions_enabled = live;
    status->switches[METRICS_SWITCH_CONFIG] = gate->mode_live;
    status->switches[METRICS_SWITCH_COMMAND_LINE] = gate->live_flag;
    status->switches[METRICS_SWITCH_ENVIRONMENT] =
        gate->live_confirm != NULL && strcmp(gate->live_confirm, "YES") == 0;
}

static metrics_pnl pnl_of(const ledger_sums *sums)
{
    return (metrics_pnl){.realized_e8 = sums->amount_e8[LEDGER_PNL],
                         .fees_e8 = sums->amount_e8[LEDGER_FEE],
                         .funding_e8 = sums->amount_e8[LEDGER_FUNDING],
                         .rewards_e8 = sums->amount_e8[LEDGER_REWARD],
                         .opportunity_cost_e8 = sums->amount_e8[LEDGER_OPPORTUNITY_COST]};
}

static void fill_position(run_metrics *self, metrics_status *status, uint16_t strategy,
                          uint16_t instrument)
{
    const session *owner = self->session;
    const hean_instrument *spec = &owner->instruments[instrument].spec;
    metrics_position *out;
    hean_position held;

    if (status->position_count == METRICS_POSITIONS_MAX ||
        hean_host_position(owner->host, strategy, instrument, &held) != HEAN_OK)
        return;
    out = &status->positions[status->position_count++];
    (void)base_text_copy(out->strategy, sizeof out->strategy,
                         owner->config->strategies[strategy].name);
    (void)base_text_copy(out->symbol, sizeof out->symbol, spec->symbol);
    out->qty_lots = held.qty_lots;
    out->lot_size = spec->lot_size;
    out->cost_e8 = held.cost_e8;
    out->pnl = pnl_of(run_ledger_sums(owner->ledger, strategy, instrument));
    out->pnl.unrealized_e8 = held.unrealized_e8;
}

static void fill_orders(run_metrics *self, metrics_status *status, uint16_t strategy)
{
    const session *owner = self->session;
    hean_event orders[METRICS_OPEN_ORDERS_MAX];
    size_t count = hean_host_open_orders(owner->host, strategy, orders, METRICS_OPEN_ORDERS_MAX);

    status->strategies[strategy].open_orders = (uint32_t)count;
    for (size_t i = 0; i < count && i < METRICS_OPEN_ORDERS_MAX; i++) {
        const hean_event *order = &orders[i];
        metrics_open_order *out;
        if (status->open_order_count == METRICS_OPEN_ORDERS_MAX ||
            order->instrument >= owner->instrument_count)
            return;
        out = &status->open_orders[status->open_order_count++];
        const hean_instrument *spec = &owner->instruments[order->instrument].spec;
        (void)base_text_copy(out->strategy, sizeof out->strategy,
                             owner->config->strategies[strategy].name);
        (void)base_text_copy(out->symbol, sizeof out->symbol, spec->symbol);
        out->order_id = order->data.order.order_id;
        out->side = (hean_side)order->side;
        out->status = (hean_order_status)order->data.order.status;
        out->price_ticks = order->data.order.price_ticks;
        out->qty_lots = order->data.order.qty_lots;
        out->filled_lots = order->data.order.filled_lots;
        out->tick_size = spec->tick_size;
        out->lot_size = spec->lot_size;
        out->time_ns = order->local_ns;
    }
}

static void add_pnl(metrics_pnl *into, const metrics_pnl *more)
{
    into->realized_e8 += more->realized_e8;
    into->unrealized_e8 += more->unrealized_e8;
    into->fees_e8 += more->fees_e8;
    into->funding_e8 += more->funding_e8;
    into->rewards_e8 += more->rewards_e8;
    into->opportunity_cost_e8 += more->opportunity_cost_e8;
}

static void note_stop(run_metrics *self, uint16_t id, hean_status why)
{
    if (self->told_stop[id])
        return;
    self->told_stop[id] = true;
    metrics_count(self->writer, self->strategies[id].jail_kills[metrics_jail_of(why)], 1);
}

static void fill_strategy(run_metrics *self, metrics_status *status, uint16_t id)
{
    const session *owner = self->session;
    metrics_strategy_status *out = &status->strategies[id];
    ledger_sums sums = run_ledger_strategy_sums(owner->ledger, id);
    const host_strategy *strategy = owner->host->strategies[id];
    hean_strategy_state state;
    hean_account account;

    if (hean_host_strategy_state(owner->host, id, &state) != HEAN_OK ||
        hean_host_account(owner->host, id, &account) != HEAN_OK)
        return;
    (void)base_text_copy(out->name, sizeof out->name, state.name);
    out->running = state.running;
    out->worker_pid = state.worker_pid;
    out->risk_state = account.risk_state;
    if (!state.running) {
        (void)base_text_copy(out->why, sizeof out->why, state.why.message);
        note_stop(self, id, state.why.status);
    }
    out->equity_e8 = account.equity_e8;
    out->pnl = pnl_of(&sums);
    out->pnl.unrealized_e8 = account.unrealized_e8;
    out->memory_bytes = -1;
    out->callbacks = account.callbacks;
    out->orders = account.orders;
    out->fills = account.fills;
    out->rejects = account.rejects;
    if (strategy->worker != NULL) {
        script_worker_stats stats;
        script_worker_get_stats(strategy->worker, &stats);
        out->memory_bytes = (int64_t)stats.memory_bytes;
        out->callback_ns_max = stats.round_trip_ns_max;
        out->ring_waits = stats.futex_waits;
    }
    status->equity_e8 += account.equity_e8;
    add_pnl(&status->pnl, &out->pnl);
    status->orders += account.orders;
    status->order_rejects += account.rejects;
    if (account.risk_state == HEAN_RISK_HARD_STOP)
        status->kill[METRICS_KILL_DRAWDOWN] = true;
    /* L6: what was posted is what the engine has. */
    if (out->pnl.realized_e8 != account.realized_e8 || out->pnl.fees_e8 != account.fees_e8 ||
        out->pnl.funding_e8 != account.funding_e8)
        status->invariant_ok[5] = run_ledger_restored(owner->ledger);
}

static void fill_venue(const run_metrics *self, metrics_status *status)
{
    const session *owner = self->session;
    metrics_venue_status *out = &status->venues[0];
    venue_counters counters;

    status->venue_count = 1;
    (void)base_text_copy(out->name, sizeof out->name, self->venue_name);
    out->up = true;
    out->headroom = NAN;
    out->data_time_ns = base_clock_wall_ns();
    if (owner->venue == NULL)
        return; /* a market in this process is always there */
    run_venue_counters(owner->venue, &counters, &out->up);
    out->data_time_ns = counters.last_frame_ns;
    out->headroom = (double)counters.create_headroom / 10.0;
    out->headroom = out->headroom < 0 ? 0 : out->headroom > 1 ? 1 : out->headroom;
    out->requests = counters.requests;
    out->retries = counters.retries;
    out->rate_refusals = counters.rate_refusals;
    out->unknown_outcomes = counters.unknown_outcomes;
    out->reconnects = counters.reconnects;
    out->sequence_gaps = counters.sequence_gaps;
    out->bad_messages = counters.bad_messages;
    out->reconciliation_differences = counters.differences;
    status->kill[METRICS_KILL_VENUE] = !out->up;
}

static void fill_ledger(const run_metrics *self, metrics_status *status)
{
    run_ledger_totals totals;

    run_ledger_get_totals(self->session->ledger, base_clock_monotonic_ns(), &totals);
    status->ledger_entries = totals.entries;
    status->ledger_lag_ns = totals.lag_ns;
    status->fees_paid_e8 = totals.fees_paid_e8;
    status->fee_rebates_e8 = totals.fee_rebates_e8;
    status->funding_paid_e8 = totals.funding_paid_e8;
    status->funding_received_e8 = totals.funding_received_e8;
    if (totals.failed) {
        status->kill[METRICS_KILL_LEDGER] = true;
        status->invariant_ok[3] = false; /* L4: something is not posted */
        status->invariant_violations = 1;
    }
    if (totals.damaged) {
        status->invariant_ok[4] = false; /* L5: the chain did not hold at the start */
        status->invariant_violations++;
    }
}

static void fill_money(run_metrics *self, metrics_status *status)
{
    int64_t limit_e8 = 0;

    if (status->equity_e8 > self->peak_equity_e8)
        self->peak_equity_e8 = status->equity_e8;
    status->peak_equity_e8 = self->peak_equity_e8;
    if (self->peak_equity_e8 > 0)
        status->drawdown_e8 = (int64_t)(((base_int128)self->peak_equity_e8 - status->equity_e8) *
                                        BASE_E8 / self->peak_equity_e8);
    for (size_t i = 0; i < self->session->config->strategy_count; i++) {
        int64_t own_e8 = self->session->config->strategies[i].risk.max_drawdown_e8;
        if (own_e8 > 0 && (limit_e8 == 0 || own_e8 < limit_e8))
            limit_e8 = own_e8;
    }
    status->drawdown_limit_e8 = limit_e8;
}

static void fill_recent(const run_metrics *self, metrics_status *status)
{
    int64_t now = base_clock_wall_ns() / (RECENT_NS / RECENT_SLOTS);

    for (size_t i = 0; i < RECENT_SLOTS; i++) {
        if (now - self->recent.slot[i] >= RECENT_SLOTS)
            continue;
        status->recent_orders += self->recent.orders[i];
        status->recent_rejects += self->recent.rejects[i];
    }
}

static void publish(run_metrics *self)
{
    const session *owner = self->session;
    metrics_status *status = metrics_hub_begin(self->hub);
    size_t strategies = owner->config->strategy_count;

    status->time_ns = base_clock_wall_ns();
    status->start_ns = self->start_ns;
    fill_switches(self, status);
    (void)base_text_copy(status->market, sizeof status->market, owner->market_name);
    market_settlement(&owner->instruments[0].spec, status->currency);
    if (strategies > METRICS_STRATEGIES_MAX)
        strategies = METRICS_STRATEGIES_MAX;
    status->strategy_count = (uint32_t)strategies;
    for (size_t i = 0; i < strategies; i++) {
        fill_strategy(self, status, (uint16_t)i);
        for (size_t j = 0; j < owner->instrument_count; j++)
            fill_position(self, status, (uint16_t)i, (uint16_t)j);
        fill_orders(self, status, (uint16_t)i);
    }
    fill_money(self, status);
    fill_ledger(self, status);
    fill_venue(self, status);
    fill_recent(self, status);
    status->events = engine_events(owner->host->engine);
    status->fills_maker = self->maker;
    status->fills_taker = self->taker;
    status->slippage_bps =
        self->slippage_count > 0 ? self->slippage_sum / (double)self->slippage_count * 1e4 : NAN;
    status->api_latency_ms = self->api_ms;
    status->loop_lag_ns = self->loop_lag_ns;
    memcpy(status->log_lines, self->logged, sizeof status->log_lines);
    status->stale_limit_ns = STALE_NS;
    status->data_stale_limit_ns = DATA_STALE_NS;
    self->loop_lag_ns = 0;
    metrics_hub_publish(self->hub);
}

void run_metrics_turn(run_metrics *self, int64_t late_ns)
{
    int64_t now_ns = base_clock_monotonic_ns();

    if (self == NULL)
        return;
    metrics_hub_progress(self->hub, now_ns);
    if (late_ns < 0)
        late_ns = 0; /* in time; it counts, or percentiles would be of late turns alone */
    metrics_observe(self->writer, self->loop_lag, (double)late_ns / (double)BASE_NS_PER_S);
    if (late_ns > self->loop_lag_ns)
        self->loop_lag_ns = late_ns;
    if (now_ns >= self->next_publish_ns) {
        self->next_publish_ns = now_ns + PUBLISH_NS;
        publish(self);
    }
    if (self->watchdog_ns > 0 && now_ns >= self->next_watchdog_ns) {
        self->next_watchdog_ns = now_ns + self->watchdog_ns;
        (void)!metrics_notify("WATCHDOG=1", NULL); /* a missed one restarts us, as it should */
    }
}

/* ---- opening ---- */

static hean_status define_series(run_metrics *self, hean_error *error)
{
    const session *owner = self->session;
    metrics_registry *registry = metrics_hub_registry(self->hub);
    hean_status status;

    (void)base_text_copy(self->venue_name, sizeof self->venue_name, owner->market_name);
    self->venue_name[strcspn(self->venue_name, " ")] = 0;
    status = metrics_catalogue_venue(registry, self->venue_name, &self->venue, error);
    for (size_t i = 0; status == HEAN_OK && i < owner->config->strategy_count; i++) {
        if (i < METRICS_STRATEGIES_MAX)
            status = metrics_catalogue_strategy(registry, owner->config->strategies[i].name,
                                                &self->strategies[i], error);
    }
    self->slippage = metrics_catalogue_single(registry, METRICS_ADVERSE_SLIPPAGE);
    self->improvement = metrics_catalogue_single(registry, METRICS_PRICE_IMPROVEMENT);
    self->loop_lag = metrics_catalogue_single(registry, METRICS_LOOP_LAG);
    self->writer = metrics_hub_writer(self->hub, METRICS_THREAD_ENGINE);
    return status;
}

static hean_status open_http(run_metrics *self, hean_error *error)
{
    const run_metrics_options *wanted = &self->session->options->metrics;
    metrics_http_options options = metrics_http_options_default();
    hean_status status;

    options.allocator = self->session->allocator;
    options.hub = self->hub;
    options.address = wanted->address;
    options.port = wanted->port;
    options.token = wanted->token;
    options.public_without_token = wanted->public_without_token;
    options.json_path = wanted->json_path;
    options.prom_path = wanted->prom_path;
    status = metrics_http_open(&options, &self->http, error);
    if (status == HEAN_E_IO && !wanted->by_name) { /* another host has the usual port */
        options.port = 0;
        status = metrics_http_open(&options, &self->http, error);
    }
    if (status == HEAN_OK)
        host_log(self->session->host, HEAN_LOG_INFO, "host", "status page: http://%s%s%s:%u/",
                 strchr(wanted->address, ':') != NULL ? "[" : "", wanted->address,
                 strchr(wanted->address, ':') != NULL ? "]" : "", metrics_http_port(self->http));
    return status;
}

hean_status run_metrics_open(session *owner, run_metrics **out, hean_error *error)
{
    metrics_hub_options options = {.allocator = owner->allocator, .now_ns = base_clock_wall_ns()};
    run_metrics *self;
    hean_status status;

    *out = NULL;
    if (owner->options->metrics.address == NULL)
        return HEAN_OK;
    self = base_alloc(owner->allocator, sizeof *self);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    self->session = owner;
    self->start_ns = options.now_ns;
    self->api_ms = NAN;
    status = metrics_hub_open(&options, &self->hub, error);
    if (status == HEAN_OK)
        status = define_series(self, error);
    if (status == HEAN_OK)
        status = open_http(self, error);
    if (status != HEAN_OK) {
        run_metrics_close(self);
        return status;
    }
    self->watchdog_ns = metrics_notify_watchdog_ns();
    publish(self);
    (void)!metrics_notify("READY=1", NULL);
    *out = self;
    return HEAN_OK;
}

void run_metrics_close(run_metrics *self)
{
    if (self == NULL)
        return;
    if (self->http != NULL) {
        publish(self);
        (void)!metrics_notify("STOPPING=1", NULL);
    }
    metrics_http_close(self->http);
    metrics_hub_close(self->hub);
    base_free(self->session->allocator, self);
}
