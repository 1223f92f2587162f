/*
 * observe.c: what comes out of a host: log lines, metrics, why a strategy stopped, and the answers
 * to questions about positions, accounts and orders.
 *
 * Names and texts come from scripts: they are cleaned and cut here, and never trusted.
 */
#include "host_private.h"

#include <math.h>
#include <string.h>

/* ---- log ---- */

static void write_line(const hean_host *host, hean_log_level level, int64_t time_ns,
                       const char *source, const char *text, size_t bytes)
{
    char line[HOST_LINE_BYTES];

    if (host->options.log.write == NULL)
        return;
    if (bytes >= sizeof line)
        bytes = sizeof line - 1;
    memcpy(line, text, bytes);
    base_text_clean(line, bytes);
    line[bytes] = 0;
    host->options.log.write(host->options.log.context, level, time_ns, source, line);
}

void host_log(const hean_host *host, hean_log_level level, const char *source, const char *format,
              ...)
{
    char line[HOST_LINE_BYTES];
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (bytes > 0)
        write_line(host, level, host->started ? engine_now_ns(host->engine) : 0, source, line,
                   strlen(line));
}

static void on_log(void *context, uint16_t strategy, hean_log_level level, int64_t time_ns,
                   const char *text, size_t bytes)
{
    const hean_host *host = context;
    write_line(host, level, time_ns, host->strategies[strategy]->name, text, bytes);
}

/* ---- metrics ---- */

/* The place of a name, or where it belongs. */
static size_t metric_place(const host_strategy *strategy, const char *name, bool *found)
{
    size_t low = 0, high = strategy->metric_count;

    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(strategy->metrics[middle].name, name);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
            *found = order == 0;
        }
    }
    return *found ? high : low;
}

static void on_metric(void *context, uint16_t id, const char *text, size_t bytes, double value)
{
    hean_host *host = context;
    host_strategy *strategy = host->strategies[id];
    char name[HEAN_METRIC_NAME_BYTES] = {0};
    bool found;
    size_t at;

    if (bytes == 0 || bytes >= sizeof name || !isfinite(value)) {
        strategy->metrics_dropped++;
        return;
    }
    memcpy(name, text, bytes);
    base_text_clean(name, bytes);
    at = metric_place(strategy, name, &found);
    if (!found) {
        if (strategy->metric_count >= HOST_METRICS_MAX ||
            !base_grow(host->allocator, (void **)&strategy->metrics, &strategy->metric_capacity,
                       strategy->metric_count + 1, sizeof *strategy->metrics)) {
            strategy->metrics_dropped++;
            return;
        }
        memmove(strategy->metrics + at + 1, strategy->metrics + at,
                (strategy->metric_count - at) * sizeof *strategy->metrics);
        strategy->metric_count++;
        memcpy(strategy->metrics[at].name, name, sizeof name);
    }
    strategy->metrics[at].value = value;
}

/* ---- strategies and orders ---- */

static void on_strategy_stopped(void *context, uint16_t id, const hean_error *error)
{
    hean_host *host = context;
    host_strategy *strategy = host->strategies[id];

    strategy->stopped = true;
    strategy->why = *error;
    base_text_clean(strategy->why.message, strlen(strategy->why.message));
    host_log(host, HEAN_LOG_ERROR, "host", "strategy %s stopped: %s", strategy->name,
             strategy->why.message);
}

/* A strategy that quotes on in SOFT_BRAKE goes in and out of QUARANTINE for hours: after the first
 * changes only every 2^n-th is logged, and a HARD_STOP always. */
static bool worth_a_line(uint64_t change, hean_risk_state to)
{
    return change <= 8 || (change & (change - 1)) == 0 || to == HEAN_RISK_HARD_STOP;
}

static void on_risk_state(void *context, uint16_t id, hean_risk_state from, hean_risk_state to,
                          const char *why)
{
    static const char *const names[] = {"NORMAL", "SOFT_BRAKE", "QUARANTINE", "HARD_STOP"};
    const hean_host *host = context;
    host_strategy *strategy = host->strategies[id];
    uint64_t change = ++strategy->risk_changes;

    if (worth_a_line(change, to))
        host_log(host, to > from ? HEAN_LOG_WARN : HEAN_LOG_INFO, "host",
                 "strategy %s: risk state %s -> %s: %s (change %llu)", strategy->name, names[from],
                 names[to], why, (unsigned long long)change);
    if (to == HEAN_RISK_HARD_STOP && host->tap.on_hard_stop != NULL)
        host->tap.on_hard_stop(host->tap.context);
}

static void on_order_intent(void *context, uint16_t strategy, const hean_intent *intent)
{
    hean_host *host = context;
    hean_order_intent *place;

    if (host->intent_first > 0 && host->intent_count == host->intent_capacity) {
        memmove(host->intents, host->intents + host->intent_first,
                (host->intent_count - host->intent_first) * sizeof *host->intents);
        host->intent_count -= host->intent_first;
        host->intent_first = 0;
    }
    if (!base_grow(host->allocator, (void **)&host->intents, &host->intent_capacity,
                   host->intent_count + 1, sizeof *host->intents)) {
        host->intent_lost = true;
        return;
    }
    place = &host->intents[host->intent_count++];
    *place = (hean_order_intent){.strategy = strategy, .intent = *intent};
    place->intent.text_offset = 0;
    place->intent.text_bytes = 0;
}

static void on_account_event(void *context, const hean_event *event)
{
    const hean_host *host = context;
    host->tap.on_account_event(host->tap.context, event);
}

engine_observer host_observer(hean_host *host)
{
    return (engine_observer){
        .context = host,
        .on_account_event = host->tap.on_account_event != NULL ? on_account_event : NULL,
        .on_log = on_log,
        .on_metric = on_metric,
        .on_strategy_stopped = on_strategy_stopped,
        .on_risk_state = on_risk_state,
        .on_order_intent = on_order_intent,
    };
}

/* ---- questions ---- */

static bool has_strategy(const hean_host *host, uint16_t strategy)
{
    return host != NULL && strategy < host->strategy_count;
}

hean_status hean_host_position(const hean_host *host, uint16_t strategy, uint16_t instrument,
                               hean_position *out)
{
    if (host == NULL || out == NULL)
        return HEAN_E_INVALID;
    if (!has_strategy(host, strategy) || instrument >= host->instrument_count)
        return HEAN_E_NOT_FOUND;
    return engine_position(host->engine, strategy, instrument, out);
}

hean_status hean_host_account(const hean_host *host, uint16_t strategy, hean_account *out)
{
    if (host == NULL || out == NULL)
        return HEAN_E_INVALID;
    if (!has_strategy(host, strategy))
        return HEAN_E_NOT_FOUND;
    return engine_account(host->engine, strategy, out);
}

hean_status hean_host_strategy_state(const hean_host *host, uint16_t id, hean_strategy_state *out)
{
    hean_strategy_state state = {0};
    const host_strategy *strategy;

    if (host == NULL || out == NULL)
        return HEAN_E_INVALID;
    if (!has_strategy(host, id))
        return HEAN_E_NOT_FOUND;
    strategy = host->strategies[id];
    memcpy(state.name, strategy->name, sizeof state.name);
    state.running = !strategy->stopped;
    state.saves = strategy->saves;
    state.why = strategy->why;
    if (strategy->worker != NULL) {
        script_worker_stats stats;
        script_worker_get_stats(strategy->worker, &stats);
        state.worker_pid = stats.pid;
    }
    *out = state;
    return HEAN_OK;
}

size_t hean_host_open_orders(const hean_host *host, uint16_t strategy, hean_event *out,
                             size_t capacity)
{
    if (!has_strategy(host, strategy))
        return 0;
    return engine_open_orders(host->engine, strategy, out, out != NULL ? capacity : 0);
}

/* Where metrics are listed; `count` goes on when the place is full. */
typedef struct metric_list {
    hean_metric *out;
    size_t capacity, count;
} metric_list;

static void list_metric(metric_list *list, uint16_t strategy, const char *name, double value)
{
    if (list->count < list->capacity) {
        hean_metric *metric = &list->out[list->count];
        *metric = (hean_metric){.strategy = strategy, .value = value};
        (void)base_text_copy(metric->name, sizeof metric->name, name);
    }
    list->count++;
}

static void list_strategy(metric_list *list, uint16_t id, const host_strategy *strategy)
{
    if (strategy->worker != NULL) {
        script_worker_stats stats;
        script_worker_get_stats(strategy->worker, &stats);
        list_metric(list, id, "round_trips", (double)stats.round_trips);
        list_metric(list, id, "round_trip_ns_max", (double)stats.round_trip_ns_max);
        list_metric(list, id, "memory_bytes", (double)stats.memory_bytes);
    }
    if (strategy->vm != NULL) {
        size_t used = 0, used_max = 0;
        script_vm_memory(strategy->vm, &used, &used_max);
        list_metric(list, id, "memory_bytes", (double)used_max);
    }
    list_metric(list, id, "risk_changes", (double)strategy->risk_changes);
    list_metric(list, id, "metrics_dropped", (double)strategy->metrics_dropped);
    for (size_t i = 0; i < strategy->metric_count; i++)
        list_metric(list, id, strategy->metrics[i].name, strategy->metrics[i].value);
}

size_t hean_host_metrics(const hean_host *host, hean_metric *out, size_t capacity)
{
    metric_list list = {.out = out, .capacity = out != NULL ? capacity : 0};
    size_t running = 0;

    if (host == NULL)
        return 0;
    for (size_t i = 0; i < host->strategy_count; i++)
        running += !host->strategies[i]->stopped;
    list_metric(&list, HEAN_NO_STRATEGY, "events", (double)engine_events(host->engine));
    list_metric(&list, HEAN_NO_STRATEGY, "strategies", (double)host->strategy_count);
    list_metric(&list, HEAN_NO_STRATEGY, "strategies_running", (double)running);
    list_metric(&list, HEAN_NO_STRATEGY, "intents_waiting",
                (double)(host->intent_count - host->intent_first));
    for (size_t i = 0; i < host->strategy_count; i++)
        list_strategy(&list, (uint16_t)i, host->strategies[i]);
    return list.count;
}

void hean_host_orders_hash(hean_host *host, char out[HEAN_HASH_BYTES])
{
    uint8_t digest[HASH_SHA256_BYTES];

    out[0] = 0;
    if (host == NULL)
        return;
    engine_orders_hash(host->engine, digest);
    hash_hex(digest, sizeof digest, out);
}
