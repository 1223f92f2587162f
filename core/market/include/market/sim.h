/*
 * sim.h: a synthetic market made from a seed: order flow, book, trades, mark, funding, regimes of
 * volatility. The same seed gives the same events on every machine.
 */
#ifndef MARKET_SIM_H
#define MARKET_SIM_H

#include <base/base.h>
#include <market/instrument.h>

typedef struct market_sim market_sim;

typedef struct market_sim_options {
    uint64_t seed;
    int64_t start_ns;            /* event time of the first event */
    uint16_t instruments;        /* 2 by default: SIMUSDT (perpetual) and SIMUSDT-SPOT */
    int64_t funding_interval_ns; /* 8 h by default; shorter for demos */
    double events_per_second;    /* mean, 200 by default */
} market_sim_options;

market_sim_options market_sim_options_default(uint64_t seed);
/* "SEED[,hours=H][,start=TIME][,instruments=N][,rate=EVENTS_PER_SECOND][,funding=DURATION]", the
 * part after "sim:". */
hean_status market_sim_parse(const char *text, market_sim_options *options, int64_t *duration_ns,
                             hean_error *error) HEAN_WARN_UNUSED;
hean_status market_sim_open(const hean_allocator *allocator, const market_sim_options *options,
                            market_sim **out, hean_error *error) HEAN_WARN_UNUSED;
void market_sim_close(market_sim *sim);
size_t market_sim_instruments(const market_sim *sim, const market_instrument **out);
/* Up to `capacity` events (whole messages only; capacity >= 256), in order of local_ns. Never ends.
 */
size_t market_sim_next(market_sim *sim, hean_event *events, size_t capacity);

#endif
