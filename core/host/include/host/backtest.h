/*
 * backtest.h: one strategy on recorded data, from files to figures.
 *
 * The parent reads the data and watches; engine and script run together in one jailed child (or,
 * for trusted scripts, in this process). What the child reports is checked like any stranger's
 * bytes: a hostile script can falsify its own figures, nothing else.
 *
 * Invariants
 *   K1  the same data, script, parameters and options give the same orders_hash in both isolation
 *       modes, on every machine.
 *   K2  no row is skipped in silence: what the import found is part of the result.
 *   K3  net = gross - fees + funding, to the last digit.
 *   K4  every execution and funding is in the ledger; its sums equal the account's realized, fees
 *       and funding. The ledger knows no unrealized profit, and counts what capital costs.
 *   K5  what is recorded is counted as a trial, once; no script can prevent it.
 */
#ifndef HOST_BACKTEST_H
#define HOST_BACKTEST_H

#include <base/hash.h>
#include <ledger/ledger.h>
#include <market/import.h>
#include <store/store.h>

#define BACKTEST_FEE_UNSET INT64_MIN
/* Used where neither the options, an instrument text nor the data give fees: 2 and 5.5 basis
 * points, what a perpetual costs without a discount. */
#define BACKTEST_MAKER_FEE_E8 INT64_C(20000)
#define BACKTEST_TAKER_FEE_E8 INT64_C(55000)

typedef struct backtest_options {
    const hean_allocator *allocator; /* NULL: malloc and free */
    const char *file;                /* the script; read unless `source` is given */
    const char *source;
    size_t source_bytes;
    const char *params_json;
    const char *const *paths; /* files, folders, "sim:SEED..." */
    size_t path_count;
    const char *symbol;                  /* NULL: all that the data hold */
    const char *const *instrument_texts; /* see market/instrument.h */
    size_t instrument_count;
    int64_t from_ns, to_ns; /* local time, [from, to); 0: open */
    bool strict;            /* a bad row is an error */
    int64_t capital_e8;
    int64_t opportunity_e12; /* what capital would earn elsewhere, a year: 5 % */
    const char *process;     /* whose run this is; NULL: the strategy's name */
    const char *run;         /* its id in the ledger; NULL: made of all that makes the result */
    int64_t entry_latency_ns, response_latency_ns;
    const hean_latency_sample *latency; /* recorded, in place of both (host/latency.h); NULL */
    size_t latency_count;
    hean_queue_model queue;
    double queue_power;
    int64_t maker_fee_e8, taker_fee_e8; /* BACKTEST_FEE_UNSET: as the instrument says */
    uint64_t seed;
    hean_isolation isolation; /* PROCESS; IN_PROCESS has no deadline */
    int64_t deadline_ns;      /* processor time per callback; 5 s */
    size_t memory_bytes_max;
    hean_risk_limits limits;
    bool end_at_hard_stop; /* the run is over there, and complete; what is held keeps that value */
    hean_log_sink log;
    /* About ten times a second, for a progress line; may be NULL. `stage` is "import" or "replay",
     * `count` the rows or events so far. */
    void (*progress)(void *context, const char *stage, double fraction, uint64_t count);
    void *progress_context;
    volatile int *stop; /* set by a signal handler; may be NULL */
} backtest_options;

typedef struct backtest_position {
    char symbol[HEAN_SYMBOL_BYTES];
    char currency[MARKET_CURRENCY_BYTES]; /* that it settles in */
    hean_position position;
} backtest_position;

/* The most log lines' text that is kept of one backtest; more is counted as dropped. */
#define BACKTEST_LOG_BYTES_MAX (1u << 20)

#define BACKTEST_RUN_BYTES (LEDGER_NAME_BYTES + 1) /* "bt-" and 16 hexadecimal digits, or given */

typedef struct backtest_result {
    char strategy[HEAN_NAME_BYTES];
    bool complete; /* the whole of the data was replayed, or all until end_at_hard_stop */
    uint64_t events;
    int64_t first_ns, last_ns;
    uint64_t callbacks, orders, fills, maker_fills, taker_fills, cancels;
    uint64_t rejects; /* of orders, amendments and cancellations; the sum of those by reason */
    uint64_t rejects_by_reason[HEAN_REASON_COUNT];
    int64_t capital_e8;
    int64_t gross_pnl_e8; /* realized and unrealized, before fees and funding */
    int64_t fees_e8, funding_e8, net_pnl_e8;
    int64_t volume_e8; /* value traded */
    /* What kind of market it was, from samples of the first instrument's book; 0: no book. */
    double price_range; /* (highest - lowest) / first mid */
    double spread_bps;  /* mean */
    int64_t peak_equity_e8;
    int64_t max_drawdown_e8; /* fraction of the peak */
    hean_risk_state risk_state;
    backtest_position *positions; /* one per instrument */
    size_t position_count;
    hean_metric *metrics; /* the last values that the script set */
    size_t metric_count;
    uint64_t log_lines, log_lines_dropped;
    char orders_hash[HASH_SHA256_HEX_BYTES]; /* empty if the script had to be killed */
    /* Of a complete replay only. The run's id is made of everything that made the result, so that
     * the same backtest is the same run. */
    char run[BACKTEST_RUN_BYTES];
    ledger *ledger;
    char ledger_hash[HASH_SHA256_HEX_BYTES];
    char data_sha256[HASH_SHA256_HEX_BYTES];
    char script_sha256[HASH_SHA256_HEX_BYTES];
    /* What was tried (K5): a hash over strategy, script, parameters and data. A run of a process
     * (options.run) counts as one variant, not as one a day: its data are new every day. */
    char trial[HASH_SHA256_HEX_BYTES];
    char *params;          /* JSON, keys sorted */
    double import_seconds; /* 0: the binary form was mapped as it is */
    double wall_seconds;   /* of the replay */
    double events_per_second;
    uint64_t peak_rss_bytes; /* of the process that replayed */
    bool imported;
    market_import_report import;
} backtest_result;

backtest_options backtest_options_default(void);

/* Runs one backtest. Once the replay began the result is filled, as far as it got, whatever ended
 * it; `complete` tells whether that was the end of the data. Otherwise it is untouched.
 * Errors: those of market_import_run, market_data_open and hean_host_load_strategy;
 * HEAN_E_INTERRUPTED; that of the script if it was stopped (SCRIPT, SCRIPT_DEADLINE,
 * SCRIPT_MEMORY, SCRIPT_JAILED, WORKER, LIMIT: the message names file, line and callback where
 * they are known). */
hean_status backtest_run(const backtest_options *options, backtest_result *result,
                         hean_error *error) HEAN_WARN_UNUSED;
/* Posts the ledger of a complete backtest, whole, and counts the trial; the same backtest again
 * posts and counts nothing new.
 * Errors: HEAN_E_STATE (not complete), those of store_post. */
hean_status backtest_record(const backtest_result *result, store *store, ledger_result *posted,
                            hean_error *error) HEAN_WARN_UNUSED;
/* Counts the trial alone, once; `fresh` (may be NULL) tells whether it was new. */
hean_status backtest_count(const backtest_result *result, store *store, bool *fresh,
                           hean_error *error) HEAN_WARN_UNUSED;
/* After a result was filled. NULL: the allocator of the options was NULL. */
void backtest_result_deinit(const hean_allocator *allocator, backtest_result *result);

#endif
