/*
 * run_private.h: between the session (run.c), its market (run_market.c) and what strategies keep
 * (run_state.c).
 */
#ifndef HOST_RUN_PRIVATE_H
#define HOST_RUN_PRIVATE_H

#include "backtest_private.h"

#include <host/run.h>
#include <market/sim.h>

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
