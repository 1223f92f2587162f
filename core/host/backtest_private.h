/*
 * backtest_private.h: between the parent of a backtest (backtest.c), its data (backtest_data.c) and
 * the replay, which may run jailed (backtest_replay.c).
 */
#ifndef HOST_BACKTEST_PRIVATE_H
#define HOST_BACKTEST_PRIVATE_H

#include "host_private.h"

#include <host/backtest.h>
#include <store/records.h>

/* ---- the data: for sessions on recorded data as well ---- */
typedef struct backtest_data {
    market_data data;
    bool open;
    bool imported;
    double import_seconds;
    market_import_report import;
} backtest_data;

/* Maps the binary form, or imports everything else into a file without a name and maps that. The
 * instruments have the fees of the options. On failure there is nothing to close. */
hean_status backtest_data_open(const hean_allocator *allocator, const backtest_options *options,
                               backtest_data *out, hean_error *error) HEAN_WARN_UNUSED;
void backtest_data_close(const hean_allocator *allocator, backtest_data *data);

/* What the user says of instruments. */
typedef struct data_wishes {
    const char *const *texts; /* see market_instrument_parse */
    size_t text_count;
    int64_t maker_fee_e8, taker_fee_e8; /* BACKTEST_FEE_UNSET */
} data_wishes;
/* Lays the texts over instruments whose events exist already. `*fits` is false, and nothing of
 * that text applied, if one would change what the events mean, or concerns none of them. */
hean_status data_apply_texts(market_instrument *instruments, size_t count,
                             const data_wishes *wishes, bool *fits,
                             hean_error *error) HEAN_WARN_UNUSED;
/* Fees: as wished, else as the texts or the instrument say, else BACKTEST_MAKER_FEE_E8 ... */
hean_status data_set_fees(market_instrument *instruments, size_t count, const data_wishes *wishes,
                          hean_error *error) HEAN_WARN_UNUSED;

/* ---- the replay ---- */

/* One log line in the report, followed by its bytes, padded to 8. */
typedef struct replay_line {
    int64_t time_ns;
    uint32_t bytes;
    uint8_t level;
    uint8_t from_host; /* else from the strategy */
    uint8_t padding[2];
} replay_line;

/* Memory that parent and child share. The child writes it while it goes, so that a killed child
 * leaves what it reached; the parent believes nothing of it. */
typedef struct replay_report {
    volatile int stop;               /* the other way: the parent asks for an end */
    uint8_t began, complete, hashed; /* not bool, whose other values are undefined */
    char strategy[HEAN_NAME_BYTES];
    int64_t wall_ns;
    uint64_t events;
    hean_account account;
    uint64_t maker_fills, taker_fills, cancels;
    uint64_t rejects_by_reason[HEAN_REASON_COUNT];
    int64_t volume_e8;
    /* The first instrument's book, now and then: what kind of market it was. */
    uint64_t market_samples;
    int64_t first_mid2_ticks, low_mid2_ticks, high_mid2_ticks;
    double spread_sum; /* of spread / mid */
    uint8_t orders_hash[HASH_SHA256_BYTES];
    hean_position positions[MARKET_INSTRUMENTS_MAX];
    hean_metric metrics[HOST_METRICS_MAX];
    size_t metric_count;
    uint64_t log_lines, log_lines_dropped;
    size_t log_bytes; /* grows as lines are complete */
    _Alignas(8) char log[BACKTEST_LOG_BYTES_MAX];
} replay_report;

/* Executions and fundings as the engine told them, for the ledger: shared like the report. Only
 * what is touched costs memory. */
#define REPLAY_MONEY_EVENTS_MAX (UINT64_C(1) << 24)
typedef struct replay_money {
    uint64_t count; /* more than there is room for: the replay ended by HEAN_E_LIMIT */
    hean_event events[REPLAY_MONEY_EVENTS_MAX];
} replay_money;

typedef struct replay {
    const hean_allocator *allocator;
    const backtest_options *options;
    const char *file, *source, *params_json; /* copies: the child's command line is wiped */
    size_t source_bytes;
    const market_data *data;
    script_heartbeat *heartbeat;
    replay_report *report;
    replay_money *money;
    bool jail;                   /* enter it before the script is loaded */
    void (*look)(void *context); /* now and then, between callbacks; may be NULL */
    void *look_context;
    /* the replay's own */
    hean_host *host;
    script_vm *vm;
    uint64_t released;
    uint32_t until_look;
    bool ended;                                   /* by the risk gate, as the options wanted it */
    base_int128 realized_e8, fees_e8, funding_e8; /* summed from what was told */
} replay;

/* Hands complete log lines after `from` to the sink; returns where to go on. */
size_t report_drain_log(const replay_report *report, size_t from, const hean_log_sink *sink);
/* The figures, positions and metrics, once the child is gone. */
hean_status report_read(const replay_report *report, const hean_allocator *allocator,
                        const market_data *data, backtest_result *out,
                        hean_error *error) HEAN_WARN_UNUSED;

/* The ledger of a complete replay, and what its sums are; checks them against the account that was
 * reported: HEAN_E_INVARIANT. HEAN_E_CORRUPT: events that no engine can have told. */
hean_status report_ledger(const replay_report *report, const replay_money *money,
                          const backtest_options *options, const market_data *data,
                          const hean_allocator *allocator, backtest_result *out,
                          hean_error *error) HEAN_WARN_UNUSED;

/* What was tried: out->trial and out->params, from the options and what `out` has already. */
hean_status trial_name(const backtest_options *options, const hean_allocator *allocator,
                       backtest_result *out, hean_error *error) HEAN_WARN_UNUSED;

/* Engine and script over all of the data. `self` is a replay; body of script_jail_call. */
hean_status replay_run(void *self, base_buffer *out, hean_error *error) HEAN_WARN_UNUSED;

#endif
