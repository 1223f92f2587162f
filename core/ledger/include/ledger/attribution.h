/*
 * attribution.h: what one run of a process really earned: the original system's truth layer.
 *
 *   gross              capital_delta
 *   fees               the size of fee_drag where it was reported, be it 0; else traded volume
 * times the mean of maker and taker rate; else a rate on the allocated capital funding
 * funding_payment (received positive) rewards            reward and reward_output, added
 *   opportunity cost   capital * hours * rate per year / 8760
 *   net                gross + funding + rewards - fees - opportunity cost
 *   profit_illusion    gross > 0 and net < 0
 * What is missing is 0; hours are those that were measured, never guessed from start and finish.
 * Only COMPLETED and FAILED runs count: every figure of another run is 0.
 *
 * Where exact integers differ from the original's floats
 *   - numbers come in as decimals, and each figure is rounded once, half-even, to 1e-8; net is the
 *     exact sum of the rounded figures (L2), and totals are exact sums of runs; a gross profit
 *     below half of 1e-8 is 0 and so no illusion;
 *   - what the original lets through as infinite or not a number, or fails on half-way (negative
 *     capital or hours, a null), is refused by name or counts as missing;
 *   - what does not fit 64 bits in 1e-8 is refused, not rounded.
 *
 * Must not know: JSON, files, clocks.
 */
#ifndef LEDGER_ATTRIBUTION_H
#define LEDGER_ATTRIBUTION_H

#include <base/decimal.h>
#include <ledger/ledger.h>

typedef struct attribution_rates {
    int64_t maker_e12, taker_e12;     /* of volume: 0.5 and 3.0 bp */
    int64_t allocated_e12;            /* of capital, where nothing else is known: 1 bp */
    int64_t opportunity_per_year_e12; /* 5 % */
} attribution_rates;

/* Rates are from 0 to this, 100 of the amount. */
#define ATTRIBUTION_RATE_MAX_E12 (100 * BASE_E12)

attribution_rates attribution_rates_default(void);

/* A number that may be missing, exactly as it was reported. */
typedef struct attribution_number {
    bool given;
    hean_decimal value;
} attribution_number;

typedef struct attribution_run {
    const char *run, *process;
    bool counts;                                               /* COMPLETED or FAILED */
    int64_t started_ns;                                        /* for postings alone */
    attribution_number capital, hours;                         /* at least 0 */
    attribution_number capital_delta, fee_drag, volume;        /* USD */
    attribution_number funding_payment, reward, reward_output; /* USD */
} attribution_run;

/* Of a run, or the sum of several. */
typedef struct attribution {
    int64_t gross_e8, fees_e8, funding_e8, rewards_e8, opportunity_cost_e8, net_e8;
    int64_t hours_e8;                     /* how long capital was locked */
    base_int128 time_weighted_capital_e8; /* capital * hours */
    uint64_t runs, estimated_runs;        /* that count; whose fees are estimated */
    bool profit_illusion;                 /* of the sums, or of any run */
    bool run_illusion;                    /* of any run */
} attribution;

/* HEAN_E_INVALID (a negative capital or negative hours, an empty name), HEAN_E_RANGE; `error` names
 * the figure. */
hean_status attribution_of_run(const attribution_run *run, const attribution_rates *rates,
                               attribution *out, hean_error *error) HEAN_WARN_UNUSED;
/* Adds a run to a total that began as all zero. HEAN_E_RANGE leaves `total` as it was. */
hean_status attribution_add(attribution *total, const attribution *run) HEAN_WARN_UNUSED;

/* What the fees of a run rest on, or its opportunity cost, in words: "10000 USD traded at the mean
 * of 0.5 and 3 bp"; empty where the figure was reported or there is none. Returns out. */
const char *attribution_basis(const attribution_run *run, const attribution_rates *rates,
                              ledger_kind kind, char out[LEDGER_BASIS_BYTES + 1]);

/* What the texts of a run's postings live in. */
typedef struct attribution_texts {
    char ids[LEDGER_KIND_COUNT][LEDGER_ID_BYTES + 1];
    char bases[LEDGER_KIND_COUNT][LEDGER_BASIS_BYTES + 1];
} attribution_texts;

/* The postings of a run, one for each figure that is not 0, each under "run:<run id>:<kind>", at
 * the time of its start; returns how many. Texts live in `run` and `texts`. */
size_t attribution_postings(const attribution_run *run, const attribution_rates *rates,
                            const attribution *figures, attribution_texts *texts,
                            ledger_posting out[LEDGER_KIND_COUNT]);

#endif
