/*
 * sim.h: a synthetic market made from a seed: order flow, book, trades, mark, funding, regimes of
 * volatility. The same seed gives the same events on every machine.
 */
#ifndef MARKET_SIM_H
#define MARKET_SIM_H

#include <base/base.h>
#include <market/instrument.h>

typedef struct market_sim market_sim;

#define MARKET_SIM_INSTRUMENTS_MAX 64
#define MARKET_SIM_RATE_MIN        1
#define MARKET_SIM_RATE_MAX        1000000

typedef struct market_sim_options {
    uint64_t seed;
    int64_t start_ns; /* the venue's time of the first event; 2024-01-01 by default */
    /* 2 by default: SIMUSDT (perpetual) and SIMUSDT-SPOT; then SIM2USDT, SIM2USDT-SPOT ... */
    uint16_t instruments;
    int64_t funding_interval_ns; /* 8 h by default; shorter for demos; whole seconds */
    /* Book and trade events of all instruments, in the long run; 200 by default. Calm hours have
     * half as many, wild minutes twice as many and more. A MARK each second comes on top. */
    double events_per_second;
} market_sim_options;

market_sim_options market_sim_options_default(uint64_t seed);
/* "SEED[,hours=H][,start=TIME][,instruments=N][,rate=EVENTS_PER_SECOND][,funding=DURATION]", the
 * part after "sim:". The duration is 1 h where it is not given. Errors: HEAN_E_PARSE,
 * HEAN_E_NOT_FOUND (an unknown key), HEAN_E_RANGE. */
hean_status market_sim_parse(const char *text, market_sim_options *options, int64_t *duration_ns,
                             hean_error *error) HEAN_WARN_UNUSED;
/* HEAN_E_RANGE: names the option and what was expected. */
hean_status market_sim_check(const market_sim_options *options, hean_error *error) HEAN_WARN_UNUSED;
/* Errors: as market_sim_check, HEAN_E_NO_MEMORY. */
hean_status market_sim_open(const hean_allocator *allocator, const market_sim_options *options,
                            market_sim **out, hean_error *error) HEAN_WARN_UNUSED;
void market_sim_close(market_sim *sim);
size_t market_sim_instruments(const market_sim *sim, const market_instrument **out);
/* Up to `capacity` events (whole messages only; capacity >= 256), in order of local_ns and of
 * exch_ns. Never ends. */
size_t market_sim_next(market_sim *sim, hean_event *events, size_t capacity);

#endif
