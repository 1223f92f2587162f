/*
 * host_private.h: what is inside a hean_host, for the files of this room.
 *
 * Invariants
 *   H1  strategies[i] has the id i in the engine; instruments[i] likewise.
 *   H2  the engine is closed before the scripts that it calls.
 *   H3  `broken` is set by the first failure that may have left the engine in between; no event is
 *       taken after it.
 */
#ifndef HOST_PRIVATE_H
#define HOST_PRIVATE_H

#include <engine/engine.h>
#include <script/script.h>

#define HOST_STRATEGIES_MAX 256
#define HOST_METRICS_MAX    256  /* names per strategy */
#define HOST_LINE_BYTES     4097 /* the longest log line, terminated */

typedef struct host_metric {
    char name[HEAN_METRIC_NAME_BYTES];
    double value;
} host_metric;

typedef struct host_strategy {
    const struct hean_host *host;
    uint16_t id;
    char name[HEAN_NAME_BYTES];
    script_vm *vm;         /* IN_PROCESS */
    script_worker *worker; /* PROCESS; NULL after it was stopped */
    bool saves;
    bool stopped;
    hean_error why;
    host_metric *metrics; /* ordered by name */
    size_t metric_count, metric_capacity;
    uint64_t metrics_dropped;
    uint64_t risk_changes;
} host_strategy;

/* What a backtest adds to its host. */
typedef struct host_tap {
    void *context;
    void (*on_account_event)(void *context, const hean_event *event);
    void (*on_hard_stop)(void *context); /* of any strategy; may be NULL */
    /* In place of script_vm_on_event, with the tap's context; IN_PROCESS only. */
    const engine_strategy_ops *ops;
    script_heartbeat *heartbeat; /* of its scripts; may be NULL */
    /* PROCESS: an event went to the worker and its answer came; may be NULL. */
    void (*on_round_trip)(void *context, uint16_t strategy, int64_t nanoseconds);
} host_tap;

struct hean_host {
    const hean_allocator *allocator;
    hean_host_options options; /* its strings are not kept, but for worker_path below */
    char *worker_path;
    host_tap tap;
    engine *engine;
    market_instrument *instruments;
    size_t instrument_count, instrument_capacity;
    host_strategy **strategies;
    size_t strategy_count, strategy_capacity;
    hean_order_intent *intents; /* waiting: [intent_first, intent_count) */
    size_t intent_first, intent_count, intent_capacity;
    bool started;
    bool busy; /* inside a call: a log sink that calls back is refused */
    bool intent_lost;
    hean_error broken;
};

/* hean_host_open with a tap (NULL: none). */
hean_status host_open(const hean_host_options *options, const host_tap *tap, hean_host **out,
                      hean_error *error) HEAN_WARN_UNUSED;
/* Around every call that runs scripts or the engine. */
hean_status host_enter(hean_host *host, hean_error *error) HEAN_WARN_UNUSED;
/* Frees what stopped strategies held. */
void host_leave(hean_host *host);
/* The same after a call of the engine: a failure makes the host broken (H3). Returns `status`. */
hean_status host_leave_engine(hean_host *host, hean_status status, const hean_error *detail,
                              hean_error *error);
/* EXTERNAL: what the venue settled on a strategy's account by itself (engine_settle). */
hean_status host_settle(hean_host *host, uint16_t strategy, const hean_event *event,
                        hean_error *error) HEAN_WARN_UNUSED;
void host_log(const hean_host *host, hean_log_level level, const char *source, const char *format,
              ...) HEAN_PRINTF(4, 5);
/* The engine's observer of a host (its context). */
engine_observer host_observer(hean_host *host);
/* May a name be shown, and be part of a file name: letters, digits, '_', '-', '.'; not first. */
bool host_name_valid(const char *name);
/* Finds hean-worker: see hean_host_options.worker_path. */
hean_status host_worker_find(const hean_allocator *allocator, const char *given, char **out,
                             hean_error *error) HEAN_WARN_UNUSED;
void host_strategy_close(const hean_allocator *allocator, host_strategy *strategy);
char *host_text_copy(const hean_allocator *allocator, const char *text);

#endif
