/*
 * hub.c: snapshots from the trading thread to the reading thread, and from there into the registry.
 *
 * Three buffers: one is being filled, one is being read, one lies in the middle. Publishing swaps
 * the filled one with the middle and marks it fresh; reading swaps the middle, if fresh, with the
 * one that was read. Both are one atomic exchange.
 */
#include <metrics/hub.h>

#include <math.h>
#include <string.h>

#define BUFFERS   3
#define FRESH     4u
#define BUFFER_OF 3u

#define KEY_BYTES (HEAN_NAME_BYTES + HEAN_SYMBOL_BYTES + 2)

/* Series that belong to one venue, strategy or position, found by its name. */
#define ROW_SERIES_MAX 14
typedef struct hub_row {
    char key[KEY_BYTES];
    bool usable;
    uint64_t seen; /* the collect that last met it */
    const metrics_series *series[ROW_SERIES_MAX];
} hub_row;

typedef struct hub_rows {
    const metrics_family_id *families;
    size_t family_count;
    hub_row *items;
    size_t count, max;
} hub_rows;

struct metrics_hub {
    const hean_allocator *allocator;
    metrics_registry *registry;

    metrics_status *buffers;
    uint32_t writing, reading;
    _Atomic uint32_t middle;
    _Atomic int64_t progress_ns;

    /* the publisher's */
    uint64_t sequence;
    metrics_reject rejects[METRICS_REJECTS_MAX];
    uint64_t reject_count;

    /* the reader's */
    uint64_t collects;
    metrics_health health;
    metrics_history history;
    const metrics_series *single[METRICS_FAMILY_COUNT];
    const metrics_series *health_components[METRICS_HEALTH_COUNT];
    const metrics_series *kills[METRICS_KILL_COUNT];
    const metrics_series *modes[METRICS_MODES];
    const metrics_series *switches[METRICS_SWITCH_COUNT];
    const metrics_series *invariants[METRICS_INVARIANT_COUNT];
    const metrics_series *log_lines[HEAN_LOG_ERROR + 1];
    hub_rows venues, strategies, positions;
    char currency[16];
};

/* ---- open and close ---- */

enum {
    V_UP,
    V_BREAKER,
    V_DATA,
    V_HEADROOM,
    V_DIFFERENCES,
    V_REQUESTS,
    V_RETRIES,
    V_REFUSALS,
    V_UNKNOWN,
    V_RECONNECTS,
    V_GAPS,
    V_BAD,
    V_RECONCILED
};
static const metrics_family_id venue_families[] = {
    [V_UP] = METRICS_VENUE_UP,
    [V_BREAKER] = METRICS_VENUE_BREAKER,
    [V_DATA] = METRICS_VENUE_DATA_TIMESTAMP,
    [V_HEADROOM] = METRICS_RATE_HEADROOM,
    [V_DIFFERENCES] = METRICS_POSITION_DIFFERENCES,
    [V_REQUESTS] = METRICS_VENUE_REQUESTS,
    [V_RETRIES] = METRICS_VENUE_RETRIES,
    [V_REFUSALS] = METRICS_VENUE_RATE_REFUSALS,
    [V_UNKNOWN] = METRICS_VENUE_UNKNOWN,
    [V_RECONNECTS] = METRICS_VENUE_RECONNECTS,
    [V_GAPS] = METRICS_VENUE_GAPS,
    [V_BAD] = METRICS_VENUE_BAD_MESSAGES,
    [V_RECONCILED] = METRICS_RECONCILIATION,
};

enum {
    S_RUNNING,
    S_RISK,
    S_CALLBACKS,
    S_ORDERS,
    S_FILLS,
    S_REJECTS,
    S_RESTARTS,
    S_MEMORY,
    S_WAITS,
    S_EQUITY,
    S_NET
};
static const metrics_family_id strategy_families[] = {
    [S_RUNNING] = METRICS_STRATEGY_RUNNING,     [S_RISK] = METRICS_STRATEGY_RISK_STATE,
    [S_CALLBACKS] = METRICS_STRATEGY_CALLBACKS, [S_ORDERS] = METRICS_STRATEGY_ORDERS,
    [S_FILLS] = METRICS_STRATEGY_FILLS,         [S_REJECTS] = METRICS_STRATEGY_REJECTS,
    [S_RESTARTS] = METRICS_STRATEGY_RESTARTS,   [S_MEMORY] = METRICS_STRATEGY_MEMORY,
    [S_WAITS] = METRICS_STRATEGY_RING_WAITS,    [S_EQUITY] = METRICS_STRATEGY_EQUITY,
    [S_NET] = METRICS_STRATEGY_NET_PNL,
};

enum { P_QUANTITY, P_REALIZED, P_UNREALIZED };
static const metrics_family_id position_families[] = {
    [P_QUANTITY] = METRICS_POSITION_QUANTITY,
    [P_REALIZED] = METRICS_POSITION_REALIZED,
    [P_UNREALIZED] = METRICS_POSITION_UNREALIZED,
};

static bool rows_open(hub_rows *rows, const hean_allocator *allocator,
                      const metrics_family_id *families, size_t family_count, size_t max)
{
    BASE_ASSERT(family_count <= ROW_SERIES_MAX);
    rows->families = families;
    rows->family_count = family_count;
    rows->max = max;
    rows->items = base_alloc_array(allocator, max, sizeof *rows->items);
    return rows->items != NULL;
}

static hean_status find(metrics_hub *hub, metrics_family_id family, const char *value,
                        const metrics_series **out, hean_error *error)
{
    return metrics_registry_series(hub->registry, family, &value, out, error);
}

static hean_status find_closed(metrics_hub *hub, hean_error *error)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    hean_status status = HEAN_OK;

    for (int i = 0; status == HEAN_OK && i < METRICS_HEALTH_COUNT; i++)
        status =
            find(hub, METRICS_HEALTH_COMPONENT, metrics_health_text((metrics_health_component)i),
                 &hub->health_components[i], error);
    for (int i = 0; status == HEAN_OK && i < METRICS_KILL_COUNT; i++)
        status = find(hub, METRICS_KILL_SWITCH, metrics_kill_text((metrics_kill)i), &hub->kills[i],
                      error);
    for (int i = 0; status == HEAN_OK && i < METRICS_MODES; i++)
        status = find(hub, METRICS_MODE, metrics_mode_text((metrics_mode)i), &hub->modes[i], error);
    for (int i = 0; status == HEAN_OK && i < METRICS_SWITCH_COUNT; i++)
        status = find(hub, METRICS_LIVE_SWITCH, metrics_switch_text((metrics_switch)i),
                      &hub->switches[i], error);
    for (int i = 0; status == HEAN_OK && i < METRICS_INVARIANT_COUNT; i++) {
        char name[4] = {'L', (char)('1' + i), 0, 0};
        status = find(hub, METRICS_LEDGER_INVARIANT_OK, name, &hub->invariants[i], error);
    }
    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(levels); i++)
        status = find(hub, METRICS_LOG_LINES, levels[i], &hub->log_lines[i], error);
    return status;
}

static hean_status set_build_info(metrics_hub *hub, const char *revision, hean_error *error)
{
#ifdef __clang__
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    const char *values[] = {HEAN_VERSION_STRING, revision != NULL ? revision : "unknown", compiler};
    const metrics_series *series;
    hean_status status =
        metrics_registry_series(hub->registry, METRICS_BUILD_INFO, values, &series, error);

    if (status == HEAN_OK)
        metrics_set(series, 1);
    return status;
}

static bool open_memory(metrics_hub *hub)
{
    const hean_allocator *allocator = hub->allocator;

    hub->buffers = base_alloc_array(allocator, BUFFERS, sizeof *hub->buffers);
    return hub->buffers != NULL &&
           rows_open(&hub->venues, allocator, venue_families, BASE_COUNT(venue_families),
                     METRICS_VENUES_MAX) &&
           rows_open(&hub->strategies, allocator, strategy_families, BASE_COUNT(strategy_families),
                     METRICS_STRATEGIES_MAX) &&
           rows_open(&hub->positions, allocator, position_families, BASE_COUNT(position_families),
                     256);
}

static void blank(metrics_status *status)
{
    memset(status, 0, sizeof *status);
    status->slippage_bps = NAN;
    status->api_latency_ms = NAN;
    for (int i = 0; i < METRICS_INVARIANT_COUNT; i++)
        status->invariant_ok[i] = true;
    for (int i = 0; i < METRICS_VENUES_MAX; i++)
        status->venues[i].headroom = NAN;
    for (int i = 0; i < METRICS_STRATEGIES_MAX; i++)
        status->strategies[i].memory_bytes = -1;
}

hean_status metrics_hub_open(const metrics_hub_options *options, metrics_hub **out,
                             hean_error *error)
{
    metrics_registry_options registry = {options->allocator, METRICS_THREAD_COUNT,
                                         METRICS_FAMILY_COUNT, 4096, 16384};
    metrics_hub *hub = base_alloc(options->allocator, sizeof *hub);
    hean_status status = HEAN_OK;

    if (hub == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    hub->allocator = options->allocator;
    if (!open_memory(hub))
        status = base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    if (status == HEAN_OK)
        status = metrics_registry_open(&registry, &hub->registry, error);
    if (status == HEAN_OK)
        status = metrics_catalogue_define(hub->registry, error);
    if (status == HEAN_OK)
        status = find_closed(hub, error);
    if (status == HEAN_OK)
        status = set_build_info(hub, options->revision, error);
    if (status != HEAN_OK) {
        metrics_hub_close(hub);
        return status;
    }
    for (int i = 0; i < METRICS_FAMILY_COUNT; i++) {
        if (metrics_catalogue[i].labels[0] == NULL)
            hub->single[i] = metrics_catalogue_single(hub->registry, (metrics_family_id)i);
    }
    hub->reading = 1;
    atomic_init(&hub->middle, 2);
    blank(&hub->buffers[hub->reading]);
    hub->buffers[hub->reading].time_ns = options->now_ns;
    hub->buffers[hub->reading].start_ns = options->now_ns;
    *out = hub;
    return HEAN_OK;
}

void metrics_hub_close(metrics_hub *hub)
{
    if (hub == NULL)
        return;
    metrics_registry_close(hub->registry);
    base_free(hub->allocator, hub->buffers);
    base_free(hub->allocator, hub->venues.items);
    base_free(hub->allocator, hub->strategies.items);
    base_free(hub->allocator, hub->positions.items);
    base_free(hub->allocator, hub);
}

metrics_registry *metrics_hub_registry(metrics_hub *hub)
{
    return hub->registry;
}

metrics_writer *metrics_hub_writer(metrics_hub *hub, metrics_thread thread)
{
    return metrics_registry_writer(hub->registry, (uint32_t)thread);
}

/* ---- the trading thread ---- */

metrics_status *metrics_hub_begin(metrics_hub *hub)
{
    blank(&hub->buffers[hub->writing]);
    return &hub->buffers[hub->writing];
}

void metrics_hub_publish(metrics_hub *hub)
{
    metrics_status *status = &hub->buffers[hub->writing];
    uint64_t count =
        hub->reject_count < METRICS_REJECTS_MAX ? hub->reject_count : METRICS_REJECTS_MAX;

    BASE_ASSERT(status->venue_count <= METRICS_VENUES_MAX &&
                status->strategy_count <= METRICS_STRATEGIES_MAX &&
                status->position_count <= METRICS_POSITIONS_MAX &&
                status->open_order_count <= METRICS_OPEN_ORDERS_MAX);
    status->sequence = ++hub->sequence;
    status->reject_count = (uint32_t)count;
    for (uint64_t i = 0; i < count; i++)
        status->rejects[i] = hub->rejects[(hub->reject_count - 1 - i) % METRICS_REJECTS_MAX];
    hub->writing =
        atomic_exchange_explicit(&hub->middle, hub->writing | FRESH, memory_order_acq_rel) &
        BUFFER_OF;
}

void metrics_hub_reject(metrics_hub *hub, const metrics_reject *reject)
{
    hub->rejects[hub->reject_count++ % METRICS_REJECTS_MAX] = *reject;
}

void metrics_hub_progress(metrics_hub *hub, int64_t monotonic_ns)
{
    atomic_store_explicit(&hub->progress_ns, monotonic_ns, memory_order_relaxed);
}

int64_t metrics_hub_progress_ns(const metrics_hub *hub)
{
    return atomic_load_explicit(&hub->progress_ns, memory_order_relaxed);
}

/* ---- the reading thread: rows by name ---- */

/* The row of these names: where it was last time, or searched, or made; NULL when all are taken. */
static hub_row *row_of(metrics_hub *hub, hub_rows *rows, size_t hint, const char *first,
                       const char *second)
{
    const char *const values[] = {first, second};
    char key[KEY_BYTES];
    hub_row *row = NULL;

    (void)snprintf(key, sizeof key, "%s\n%s", first, second != NULL ? second : "");
    if (hint < rows->count && strcmp(rows->items[hint].key, key) == 0)
        row = &rows->items[hint];
    for (size_t i = 0; row == NULL && i < rows->count; i++) {
        if (strcmp(rows->items[i].key, key) == 0)
            row = &rows->items[i];
    }
    if (row == NULL) {
        if (rows->count == rows->max)
            return NULL;
        row = &rows->items[rows->count++];
        (void)base_text_copy(row->key, sizeof row->key, key);
        row->usable = true;
        for (size_t i = 0; i < rows->family_count; i++) {
            if (metrics_registry_series(hub->registry, rows->families[i], values, &row->series[i],
                                        NULL) != HEAN_OK)
                row->usable = false;
        }
    }
    row->seen = hub->collects;
    return row->usable ? row : NULL;
}

static void collect_venues(metrics_hub *hub, const metrics_status *status)
{
    metrics_writer *writer = metrics_hub_writer(hub, METRICS_THREAD_READER);

    for (uint32_t i = 0; i < status->venue_count; i++) {
        const metrics_venue_status *venue = &status->venues[i];
        hub_row *row = row_of(hub, &hub->venues, i, venue->name, NULL);
        if (row == NULL)
            continue;
        metrics_set(row->series[V_UP], venue->up);
        metrics_set(row->series[V_BREAKER], venue->breaker_open);
        metrics_set(row->series[V_DATA], (double)venue->data_time_ns / 1e9);
        metrics_set(row->series[V_HEADROOM], venue->headroom);
        metrics_set(row->series[V_DIFFERENCES], (double)venue->position_differences);
        metrics_mirror(writer, row->series[V_REQUESTS], venue->requests);
        metrics_mirror(writer, row->series[V_RETRIES], venue->retries);
        metrics_mirror(writer, row->series[V_REFUSALS], venue->rate_refusals);
        metrics_mirror(writer, row->series[V_UNKNOWN], venue->unknown_outcomes);
        metrics_mirror(writer, row->series[V_RECONNECTS], venue->reconnects);
        metrics_mirror(writer, row->series[V_GAPS], venue->sequence_gaps);
        metrics_mirror(writer, row->series[V_BAD], venue->bad_messages);
        metrics_mirror(writer, row->series[V_RECONCILED], venue->reconciliation_differences);
    }
}

static void collect_strategies(metrics_hub *hub, const metrics_status *status)
{
    metrics_writer *writer = metrics_hub_writer(hub, METRICS_THREAD_READER);

    for (uint32_t i = 0; i < status->strategy_count; i++) {
        const metrics_strategy_status *strategy = &status->strategies[i];
        hub_row *row = row_of(hub, &hub->strategies, i, strategy->name, NULL);
        if (row == NULL)
            continue;
        metrics_set(row->series[S_RUNNING], strategy->running);
        metrics_set(row->series[S_RISK], strategy->risk_state);
        metrics_set(row->series[S_MEMORY],
                    strategy->memory_bytes >= 0 ? (double)strategy->memory_bytes : NAN);
        metrics_set_e8(row->series[S_EQUITY], strategy->equity_e8);
        metrics_set_e8(row->series[S_NET], metrics_net_e8(&strategy->pnl));
        metrics_mirror(writer, row->series[S_CALLBACKS], strategy->callbacks);
        metrics_mirror(writer, row->series[S_ORDERS], strategy->orders);
        metrics_mirror(writer, row->series[S_FILLS], strategy->fills);
        metrics_mirror(writer, row->series[S_REJECTS], strategy->rejects);
        metrics_mirror(writer, row->series[S_RESTARTS], strategy->restarts);
        metrics_mirror(writer, row->series[S_WAITS], strategy->ring_waits);
    }
}

/* A position that is no longer listed is flat; what it realized stays. */
static void collect_positions(metrics_hub *hub, const metrics_status *status)
{
    for (uint32_t i = 0; i < status->position_count; i++) {
        const metrics_position *position = &status->positions[i];
        hub_row *row = row_of(hub, &hub->positions, i, position->strategy, position->symbol);
        if (row == NULL)
            continue;
        metrics_set(row->series[P_QUANTITY],
                    decimal_units_to_double(position->qty_lots, position->lot_size));
        metrics_set_e8(row->series[P_REALIZED], position->pnl.realized_e8);
        metrics_set_e8(row->series[P_UNREALIZED], position->pnl.unrealized_e8);
    }
    for (size_t i = 0; i < hub->positions.count; i++) {
        const hub_row *row = &hub->positions.items[i];
        if (row->seen == hub->collects || !row->usable)
            continue;
        metrics_set(row->series[P_QUANTITY], 0);
        metrics_set_e8(row->series[P_UNREALIZED], 0);
    }
}

/* ---- the reading thread: the account ---- */

static void set(metrics_hub *hub, metrics_family_id family, double value)
{
    metrics_set(hub->single[family], value);
}

static void set_e8(metrics_hub *hub, metrics_family_id family, int64_t value_e8)
{
    metrics_set_e8(hub->single[family], value_e8);
}

static void mirror(metrics_hub *hub, metrics_family_id family, uint64_t total)
{
    metrics_mirror(metrics_hub_writer(hub, METRICS_THREAD_READER), hub->single[family], total);
}

static uint64_t not_negative(int64_t value_e8)
{
    return value_e8 > 0 ? (uint64_t)value_e8 : 0;
}

static void collect_currency(metrics_hub *hub, const metrics_status *status)
{
    const metrics_series *series;

    if (status->currency[0] == 0 || strcmp(hub->currency, status->currency) == 0 ||
        find(hub, METRICS_ACCOUNT_INFO, status->currency, &series, NULL) != HEAN_OK)
        return;
    (void)base_text_copy(hub->currency, sizeof hub->currency, status->currency);
    metrics_set(series, 1);
}

static void collect_money(metrics_hub *hub, const metrics_status *status)
{
    const metrics_pnl *pnl = &status->pnl;

    set_e8(hub, METRICS_EQUITY, status->equity_e8);
    set_e8(hub, METRICS_EQUITY_PEAK, status->peak_equity_e8);
    set_e8(hub, METRICS_REALIZED_PNL, pnl->realized_e8);
    set_e8(hub, METRICS_UNREALIZED_PNL, pnl->unrealized_e8);
    set_e8(hub, METRICS_FEES, pnl->fees_e8);
    set_e8(hub, METRICS_FUNDING, pnl->funding_e8);
    set_e8(hub, METRICS_REWARDS, pnl->rewards_e8);
    set_e8(hub, METRICS_OPP_COST, pnl->opportunity_cost_e8);
    set_e8(hub, METRICS_OPPORTUNITY_COST, pnl->opportunity_cost_e8);
    set_e8(hub, METRICS_NET_PNL, metrics_net_e8(pnl));
    set_e8(hub, METRICS_DRAWDOWN_PCT, status->drawdown_e8 * 100);
    set_e8(hub, METRICS_DRAWDOWN_RATIO, status->drawdown_e8);
    set_e8(hub, METRICS_DRAWDOWN_LIMIT_RATIO, status->drawdown_limit_e8);
    set(hub, METRICS_PROFIT_ILLUSION_FLAG, metrics_profit_illusion(pnl));
    mirror(hub, METRICS_FEES_PAID, not_negative(status->fees_paid_e8));
    mirror(hub, METRICS_FEE_REBATES, not_negative(status->fee_rebates_e8));
    mirror(hub, METRICS_FUNDING_PAID, not_negative(status->funding_paid_e8));
    mirror(hub, METRICS_FUNDING_RECEIVED, not_negative(status->funding_received_e8));
    mirror(hub, METRICS_REWARDS_EARNED, not_negative(pnl->rewards_e8));
    collect_currency(hub, status);
}

static void collect_execution(metrics_hub *hub, const metrics_status *status)
{
    uint64_t fills = status->fills_maker + status->fills_taker;
    uint64_t open_orders = 0;

    for (uint32_t i = 0; i < status->strategy_count; i++)
        open_orders += status->strategies[i].open_orders;
    mirror(hub, METRICS_EVENTS, status->events);
    mirror(hub, METRICS_ORDERS, status->orders);
    set(hub, METRICS_OPEN_ORDERS, (double)open_orders);
    set(hub, METRICS_ORDER_REJECTS, (double)status->order_rejects);
    set(hub, METRICS_SLIPPAGE_BPS, isfinite(status->slippage_bps) ? status->slippage_bps : 0);
    set(hub, METRICS_API_LATENCY_MS, isfinite(status->api_latency_ms) ? status->api_latency_ms : 0);
    set(hub, METRICS_MAKER_TAKER_RATIO,
        fills > 0 ? (double)status->fills_maker / (double)fills : 0);
}

static void collect_safety(metrics_hub *hub, const metrics_status *status, int64_t now_ns)
{
    set(hub, METRICS_HEALTH_SCORE, hub->health.score);
    for (int i = 0; i < METRICS_HEALTH_COUNT; i++)
        metrics_set(hub->health_components[i], hub->health.components[i]);
    set(hub, METRICS_ACTIONS_ENABLED, status->actions_enabled);
    for (int i = 0; i < METRICS_KILL_COUNT; i++)
        metrics_set(hub->kills[i], status->kill[i]);
    for (int i = 0; i < METRICS_MODES; i++)
        metrics_set(hub->modes[i], status->mode == (metrics_mode)i);
    for (int i = 0; i < METRICS_SWITCH_COUNT; i++)
        metrics_set(hub->switches[i], status->switches[i]);
    for (int i = 0; i < METRICS_INVARIANT_COUNT; i++)
        metrics_set(hub->invariants[i], status->invariant_ok[i]);
    set(hub, METRICS_SNAPSHOT_STALENESS, (double)(now_ns - status->time_ns) / 1e9);
    set(hub, METRICS_SNAPSHOT_TIMESTAMP, (double)status->time_ns / 1e9);
    set(hub, METRICS_SNAPSHOT_STALE_LIMIT, (double)status->stale_limit_ns / 1e9);
    set(hub, METRICS_DATA_STALE_LIMIT, (double)status->data_stale_limit_ns / 1e9);
    set(hub, METRICS_WALL_CLOCK, (double)now_ns / 1e9);
    mirror(hub, METRICS_SNAPSHOTS, status->sequence);
    mirror(hub, METRICS_LEDGER_VIOLATIONS, status->invariant_violations);
    mirror(hub, METRICS_LEDGER_ENTRIES, status->ledger_entries);
    set_e8(hub, METRICS_LEDGER_BALANCE_ERROR, status->balance_error_e8);
    set(hub, METRICS_LEDGER_LAG, (double)status->ledger_lag_ns / 1e9);
    set(hub, METRICS_JOURNAL_LAG, (double)status->journal_lag_ns / 1e9);
    mirror(hub, METRICS_JOURNAL_WRITTEN, status->journal_bytes);
    for (int i = 0; i <= HEAN_LOG_ERROR; i++)
        metrics_mirror(metrics_hub_writer(hub, METRICS_THREAD_READER), hub->log_lines[i],
                       status->log_lines[i]);
}

static void collect_process(metrics_hub *hub, const metrics_process *process)
{
    metrics_mirror_real(metrics_hub_writer(hub, METRICS_THREAD_READER),
                        hub->single[METRICS_PROCESS_CPU], process->cpu_seconds);
    set(hub, METRICS_PROCESS_OPEN_FDS, process->open_fds);
    set(hub, METRICS_PROCESS_MAX_FDS, process->max_fds);
    set(hub, METRICS_PROCESS_VIRTUAL, process->virtual_bytes);
    set(hub, METRICS_PROCESS_RESIDENT, process->resident_bytes);
    set(hub, METRICS_PROCESS_THREADS, process->threads);
    set(hub, METRICS_PROCESS_START, process->start_seconds);
    mirror(hub, METRICS_DROPPED_SERIES, metrics_registry_dropped(hub->registry));
}

void metrics_hub_collect(metrics_hub *hub, int64_t now_ns, const metrics_process *process)
{
    const metrics_status *status;

    if (atomic_load_explicit(&hub->middle, memory_order_relaxed) & FRESH)
        hub->reading =
            atomic_exchange_explicit(&hub->middle, hub->reading, memory_order_acq_rel) & BUFFER_OF;
    status = &hub->buffers[hub->reading];
    hub->collects++;
    metrics_health_judge(status, process, now_ns, &hub->health);
    if (status->sequence > 0)
        metrics_history_add(&hub->history, status);
    collect_money(hub, status);
    collect_execution(hub, status);
    collect_safety(hub, status, now_ns);
    collect_venues(hub, status);
    collect_strategies(hub, status);
    collect_positions(hub, status);
    collect_process(hub, process);
}

const metrics_status *metrics_hub_status(const metrics_hub *hub)
{
    return &hub->buffers[hub->reading];
}

const metrics_health *metrics_hub_health(const metrics_hub *hub)
{
    return &hub->health;
}

void metrics_hub_write_status(const metrics_hub *hub, int64_t now_ns, base_json *json)
{
    metrics_status_write(metrics_hub_status(hub), &hub->health, &hub->history, now_ns, json);
}

static void write_sample(void *context, const char *line, const char *value)
{
    char key[1024];
    size_t bytes = strlen(line) - 1; /* without the blank at its end */

    BASE_ASSERT(bytes < sizeof key);
    memcpy(key, line, bytes);
    key[bytes] = 0;
    base_json_text(context, key, value);
}

void metrics_hub_write_samples(const metrics_hub *hub, int64_t now_ns, base_json *json)
{
    base_json_object(json, NULL);
    base_json_whole(json, "schema_version", 1);
    base_json_whole(json, "sequence", (int64_t)metrics_hub_status(hub)->sequence);
    base_json_time(json, "time", now_ns);
    base_json_whole(json, "time_ms", now_ns / BASE_NS_PER_MS);
    base_json_object(json, "metrics");
    metrics_text_visit(hub->registry, write_sample, json);
    base_json_object_end(json);
    base_json_object_end(json);
}

/* ---- checks ---- */

const char *metrics_check_text(metrics_check check)
{
    static const char *const texts[] = {"loop", "snapshot", "ledger", "venues"};
    return (unsigned)check < BASE_COUNT(texts) ? texts[check] : "unknown";
}

void metrics_hub_check(const metrics_hub *hub, int64_t now_ns, int64_t monotonic_ns,
                       int64_t loop_limit_ns, bool out[METRICS_CHECK_COUNT])
{
    const metrics_status *status = metrics_hub_status(hub);
    int64_t progress_ns = metrics_hub_progress_ns(hub);

    out[METRICS_CHECK_LOOP] = progress_ns > 0 && monotonic_ns - progress_ns <= loop_limit_ns;
    out[METRICS_CHECK_SNAPSHOT] =
        status->sequence > 0 &&
        (status->stale_limit_ns == 0 || now_ns - status->time_ns <= status->stale_limit_ns);
    out[METRICS_CHECK_LEDGER] = metrics_ledger_ok(status);
    out[METRICS_CHECK_VENUES] = true;
    for (uint32_t i = 0; i < status->venue_count; i++)
        out[METRICS_CHECK_VENUES] &= status->venues[i].up;
}
