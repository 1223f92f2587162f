/*
 * run.h: the session of `hean run`: a market, paced by the wall clock, and strategies in their
 * jailed workers, until the duration is over or someone says stop.
 *
 * It prints nothing: it calls back with a snapshot now and then, and with log lines.
 */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <host/config.h>
#include <host/gate.h>

typedef struct run_strategy {
    const char *name;
    bool running;
    const char *why; /* of one that was stopped */
    hean_account account;
    size_t open_orders;
    const hean_position *positions; /* one per instrument */
} run_strategy;

typedef struct run_status {
    const char *mode;     /* "paper"; "sim": orders to a venue of our own; "live": real ones */
    const char *market;   /* "sim:1", "recorded data", "exchange-sim", "bybit ..." */
    bool actions_enabled; /* a real order may leave */
    int64_t time_ns;      /* event time */
    int64_t elapsed_ns;   /* wall time since the start */
    uint64_t events;
    const char *const *symbols;
    size_t instrument_count;
    const run_strategy *strategies;
    size_t strategy_count;
    bool last; /* the session is over */
} run_status;

/* The HTTP server with metrics and the status page. */
typedef struct run_metrics_options {
    const char *address; /* NULL: none */
    uint16_t port;
    bool by_name;      /* a port that is taken is an error; else another one is chosen */
    const char *token; /* NULL: none is asked for */
    bool public_without_token;
    const char *json_path, *prom_path; /* exported files; NULL: none */
} run_metrics_options;

typedef struct run_options {
    const hean_allocator *allocator; /* NULL: malloc and free */
    const config *config;
    const char *worker_path;  /* NULL: found, see hean_host_options */
    const char *program_path; /* of hean, for `hean exchange-sim`; NULL: this program */
    const char *store_path;   /* the ledger; NULL: none is kept (live trading needs one) */
    gate_switches gate;       /* its mode is the configuration's */
    run_metrics_options metrics;
    int64_t duration_ns; /* wall time; 0: until stop, or the end of recorded data */
    hean_log_sink log;
    void (*on_status)(void *context,
                      const run_status *status); /* every status_interval, and last */
    void *status_context;
    volatile int *stop; /* set by a signal handler; may be NULL */
} run_options;

/* Runs until stop or the end, then saves the state of each strategy to state_dir/NAME.json; it is
 * given back at the next start. A strategy that fails is reported and the others go on.
 * Errors: HEAN_E_GATE (mode "live" with a switch closed: the message names each), HEAN_E_INVALID
 * (live without venue.source = "bybit" or without a store), HEAN_E_IO (the venue cannot be reached,
 * refuses us, or a venue of our own ended), those of keys.h and of the store, HEAN_E_PARSE
 * (a state file that cannot be read back: the message names it), HEAN_E_SCRIPT (no strategy runs
 * any more); those of loading a strategy and of saving. A session that was stopped ends with
 * HEAN_OK. */
hean_status run_session(const run_options *options, hean_error *error) HEAN_WARN_UNUSED;

#endif
