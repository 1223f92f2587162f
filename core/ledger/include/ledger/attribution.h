/*
 * attribution.h: what one run of a process really earned: the original system's truth layer.
 *
 *   gross              metrics.capital_delta
 *   fees               metrics.fee_drag where it was reported; else traded volume times the mean of
 *                      maker and taker rate; else a rate on the allocated capital
 *   funding            metrics.funding_payment_usd (received positive)
 *   rewards            metrics.reward_usd and outputs.reward_amount, added
 *   opportunity cost   capital * hours * rate per year / 8760
 *   net                gross + funding + rewards - fees - opportunity cost
 *   profit_illusion    gross > 0 and net < 0
 * Only COMPLETED and FAILED runs count. Estimates say that they are, and on what they rest.
 *
 * Money and hours are integers (1e-8), rounded half-even once, where a product enters.
 * Must not know: JSON, files, clocks.
 */
#ifndef LEDGER_ATTRIBUTION_H
#define LEDGER_ATTRIBUTION_H

#include <ledger/ledger.h>

typedef struct attribution_rates {
    int64_t maker_e12, taker_e12;     /* of volume: 0.5 and 3.0 bp */
    int64_t allocated_e12;            /* of capital, where nothing else is known: 1 bp */
    int64_t opportunity_per_year_e12; /* 5 % */
} attribution_rates;

attribution_rates attribution_rates_default(void);

/* A figure that may be missing. */
typedef struct attribution_amount {
    bool given;
    int64_t value_e8;
} attribution_amount;

typedef struct attribution_run {
    const char *run, *process, *status;
    int64_t started_ns, finished_ns; /* 0: not given */
    int64_t capital_e8;
    attribution_amount capital_delta, fee_drag, trading_volume, funding_payment, reward,
        reward_output;
    attribution_amount time_hours; /* else from started and finished */
} attribution_run;

typedef struct attribution {
    int64_t gross_e8, fees_e8, funding_e8, rewards_e8, opportunity_cost_e8, net_e8;
    int64_t capital_hours_e8;         /* capital * hours */
    int64_t hours_e8;                 /* how long the capital was locked */
    int64_t time_weighted_capital_e8; /* capital_hours / hours */
    bool profit_illusion;
    bool fees_estimated;
    char fees_basis[LEDGER_BASIS_BYTES + 1];
    bool counted; /* COMPLETED or FAILED */
} attribution;

hean_status attribution_of_run(const attribution_run *run, const attribution_rates *rates,
                               attribution *out, hean_error *error) HEAN_WARN_UNUSED;
/* Adds a run to a total: every figure is the exact sum, time-weighted capital is total capital
 * hours over total hours, the total is an illusion if any run is or the sums are one. Runs that do
 * not count change nothing. HEAN_E_RANGE leaves `total` as it was. */
hean_status attribution_add(attribution *total, const attribution *run) HEAN_WARN_UNUSED;
/* The postings of a run, up to five, each under "run:<run id>:<kind>"; returns how many. Texts live
 * in `run` and `attribution`; ids are written to `ids`. */
size_t attribution_postings(const attribution_run *run, const attribution *attribution,
                            char ids[LEDGER_KIND_COUNT][LEDGER_ID_BYTES + 1],
                            ledger_posting out[LEDGER_KIND_COUNT]);

#endif
