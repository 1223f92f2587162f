/*
 * run_private.h: between the session (run.c), a market in this process (run_market.c), a venue
 * behind sockets (run_venue.c), the venue of our own (run_child.c) and what strategies keep
 * (run_state.c).
 */
#ifndef HOST_RUN_PRIVATE_H
#define HOST_RUN_PRIVATE_H

#include "backtest_private.h"
#include "host_private.h"

#include <exchange/venue.h>
#include <host/keys.h>
#include <host/run.h>
#include <market/sim.h>
#include <sys/types.h>

typedef struct run_venue run_venue;
typedef struct run_ledger run_ledger;
typedef struct run_metrics run_metrics;

/* ---- the session ---- */

typedef struct session {
    const hean_allocator *allocator;
    const run_options *options;
    const config *config;
    run_venue *venue; /* NULL: a market in this process */
    run_ledger *ledger;
    run_metrics *metrics;    /* NULL: none is wanted */
    int64_t ledger_start_ns; /* event time where it is not the wall clock's; 0: that */
    hean_host *host;
    const market_instrument *instruments;
    size_t instrument_count;
    const char *mode, *market_name; /* as statuses show them */
    int64_t begin_ns;               /* monotonic */
    int64_t next_status_ns, next_save_ns;
    run_strategy *strategies;
    hean_strategy_state *states;
    hean_position *positions;
    const char **symbols;
} session;

/* The clock starts. */
void session_begin(session *self);
int64_t session_elapsed_ns(const session *self);
/* Someone said stop, the time is up, or no strategy runs any more. */
bool session_over(const session *self);
/* Host, instruments, strategies: everything up to the start. The session's instruments are known.
 */
hean_status session_open_host(session *self, hean_broker broker,
                              hean_error *error) HEAN_WARN_UNUSED;
/* Statuses and saving, when they are due. */
hean_status session_housekeep(session *self, hean_error *error) HEAN_WARN_UNUSED;

/* ---- a venue behind sockets ---- */

void run_venue_counters(const run_venue *self, venue_counters *out, bool *ready);
/* Connects, learns the instruments, opens the session's host. On failure too it is to be closed. */
hean_status run_venue_open(session *self, hean_error *error) HEAN_WARN_UNUSED;
hean_status run_venue_loop(session *self, hean_error *error) HEAN_WARN_UNUSED;
void run_venue_close(run_venue *self);

/* ---- the venue of our own: hean exchange-sim, a child that ends with us ---- */

typedef struct run_child {
    pid_t pid;    /* 0: none */
    int stdin_fd; /* its end is the child's end */
    char rest_url[80], public_url[80], private_url[80];
} run_child;

hean_status run_child_start(const config *settings, const char *program, const keys *keys,
                            run_child *out, hean_error *error) HEAN_WARN_UNUSED;
/* False: it has ended by itself; `why` says how. */
bool run_child_alive(run_child *child, char *why, size_t bytes);
void run_child_stop(run_child *child);

/* ---- the market ---- */

#define RUN_BATCH 256 /* events per push; as many as market_sim_next asks for */

typedef struct run_market {
    const hean_allocator *allocator;
    market_sim *sim; /* or */
    backtest_data data;
    uint64_t position; /* in data */
    market_instrument *instruments;
    size_t instrument_count;
    int64_t start_ns; /* event time at the start */
    char name[64];
    hean_event *buffer; /* of the simulator: [first, count) are to come */
    size_t first, count;
} run_market;

hean_status run_market_open(const hean_allocator *allocator, const run_options *options,
                            run_market *out, hean_error *error) HEAN_WARN_UNUSED;
void run_market_close(run_market *market);
/* The events up to `until_ns`, at most RUN_BATCH; valid until the next call. */
size_t run_market_take(run_market *market, int64_t until_ns, const hean_event **out);
/* The time of the next event; INT64_MAX at the end of recorded data. */
int64_t run_market_next_ns(run_market *market);

/* ---- what strategies keep ---- */

/* "DIR/NAME.json" into `out` if there is one; an absent file leaves it empty. */
hean_status run_state_read(const char *dir, const char *name, base_buffer *out,
                           hean_error *error) HEAN_WARN_UNUSED;
/* Asks a running strategy and replaces its file; nothing to save is no failure. */
hean_status run_state_write(const char *dir, const char *name, hean_host *host, uint16_t strategy,
                            hean_error *error) HEAN_WARN_UNUSED;

#endif
