/*
 * status.h: what the host shows of itself: one flat snapshot, from which /metrics, the JSON files
 * and the status page are all made, so that they cannot disagree; and how its health is judged.
 *
 * The host fills a metrics_status and publishes it (hub.h). Everything here is a function of that
 * struct and of a time that is passed in: no clock, no I/O, no allocation.
 *
 * Money is in e8 and comes from the ledger as it stands there; nothing is computed from it but the
 * sums of L2 (net) and the flag of profit illusion.
 */
#ifndef METRICS_STATUS_H
#define METRICS_STATUS_H

#include <base/json.h>

#define METRICS_VENUES_MAX      8
#define METRICS_STRATEGIES_MAX  64
#define METRICS_POSITIONS_MAX   128
#define METRICS_OPEN_ORDERS_MAX 128
#define METRICS_REJECTS_MAX     32
#define METRICS_HISTORY_MAX     720

typedef enum metrics_mode {
    METRICS_PAPER,
    METRICS_LIVE,
    METRICS_REPLAY,
    METRICS_MODES
} metrics_mode;
const char *metrics_mode_text(metrics_mode mode);

/* X(name, text): why no new order may leave, though the gates are open. */
#define METRICS_KILL_MAP(X)                                                                        \
    X(METRICS_KILL_OPERATOR, "operator")                                                           \
    X(METRICS_KILL_DRAWDOWN, "drawdown")                                                           \
    X(METRICS_KILL_LEDGER, "ledger")                                                               \
    X(METRICS_KILL_VENUE, "venue")                                                                 \
    X(METRICS_KILL_RECONCILIATION, "reconciliation")                                               \
    X(METRICS_KILL_STALE_DATA, "stale_data")
typedef enum metrics_kill {
#define METRICS_KILL_ENUM(name, text) name,
    METRICS_KILL_MAP(METRICS_KILL_ENUM)
#undef METRICS_KILL_ENUM
        METRICS_KILL_COUNT
} metrics_kill;
const char *metrics_kill_text(metrics_kill reason);

/* The three gates of live trading. */
typedef enum metrics_switch {
    METRICS_SWITCH_CONFIG,
    METRICS_SWITCH_COMMAND_LINE,
    METRICS_SWITCH_ENVIRONMENT,
    METRICS_SWITCH_COUNT
} metrics_switch;
const char *metrics_switch_text(metrics_switch which);

#define METRICS_INVARIANT_COUNT 6 /* L1 to L6 */

/* Of the account, or of a strategy, or of a position. */
typedef struct metrics_pnl {
    int64_t realized_e8; /* the ledger's PNL: without fees */
    int64_t unrealized_e8;
    int64_t fees_e8;    /* positive is a cost */
    int64_t funding_e8; /* positive was received */
    int64_t rewards_e8;
    int64_t opportunity_cost_e8;
} metrics_pnl;

typedef struct metrics_venue_status {
    char name[32];
    bool up; /* connected and reconciled: the first intent may come */
    bool breaker_open;
    int64_t data_time_ns;         /* wall clock of the last market message; 0: none yet */
    double headroom;              /* of the tightest rate limit, 0 to 1; NAN: not known */
    int64_t position_differences; /* with the venue's own positions, now */
    /* totals since the start */
    uint64_t requests, retries, rate_refusals, unknown_outcomes, reconnects, sequence_gaps,
        bad_messages, reconciliation_differences;
} metrics_venue_status;

typedef struct metrics_strategy_status {
    char name[HEAN_NAME_BYTES];
    bool running;
    int32_t worker_pid; /* 0: none */
    hean_risk_state risk_state;
    char why[200]; /* it stopped; else empty */
    int64_t equity_e8;
    metrics_pnl pnl;
    int64_t memory_bytes; /* of the worker; -1: not known */
    int64_t callback_ns_max;
    int64_t last_callback_ns; /* wall clock; 0: none yet */
    uint64_t callbacks, restarts, orders, fills, rejects, ring_waits;
    uint32_t open_orders;
} metrics_strategy_status;

typedef struct metrics_position {
    char strategy[HEAN_NAME_BYTES];
    char symbol[HEAN_SYMBOL_BYTES];
    int64_t qty_lots;
    hean_decimal lot_size;
    int64_t cost_e8; /* value at entry, >= 0 */
    metrics_pnl pnl;
} metrics_position;

typedef struct metrics_open_order {
    char strategy[HEAN_NAME_BYTES];
    char symbol[HEAN_SYMBOL_BYTES];
    uint64_t order_id;
    hean_side side;
    hean_order_status status;
    int64_t price_ticks, qty_lots, filled_lots;
    hean_decimal tick_size, lot_size;
    int64_t time_ns; /* of its last change; 0: not known */
} metrics_open_order;

typedef struct metrics_reject {
    int64_t time_ns;
    char strategy[HEAN_NAME_BYTES];
    char symbol[HEAN_SYMBOL_BYTES];
    hean_side side;
    hean_reason reason;
} metrics_reject;

typedef struct metrics_status {
    /* set by metrics_hub_publish */
    uint64_t sequence;

    /* what runs */
    int64_t time_ns; /* wall clock: when this was true */
    int64_t start_ns;
    metrics_mode mode;
    bool actions_enabled; /* a real order may leave */
    bool switches[METRICS_SWITCH_COUNT];
    bool kill[METRICS_KILL_COUNT];
    char market[64];
    char currency[16];

    /* money */
    int64_t equity_e8, peak_equity_e8;
    int64_t drawdown_e8;       /* fraction of the peak, now; positive is below it */
    int64_t drawdown_limit_e8; /* fraction; 0: none */
    metrics_pnl pnl;
    int64_t fees_paid_e8, fee_rebates_e8, funding_paid_e8, funding_received_e8; /* totals, >= 0 */

    /* the ledger */
    bool invariant_ok[METRICS_INVARIANT_COUNT];
    uint64_t invariant_violations, ledger_entries;
    int64_t balance_error_e8; /* L1: must be 0 */
    int64_t ledger_lag_ns, journal_lag_ns;
    uint64_t journal_bytes;

    /* execution */
    uint64_t events, orders, order_rejects, fills_maker, fills_taker;
    uint64_t recent_orders, recent_rejects; /* of the last five minutes */
    double slippage_bps;                    /* mean, positive is against us; NAN: no fill yet */
    double api_latency_ms;                  /* moving average; NAN: no request yet */

    /* the machine */
    int64_t loop_lag_ns; /* worst of the last interval */
    uint64_t log_lines[HEAN_LOG_ERROR + 1];

    /* limits that alerts compare with */
    int64_t stale_limit_ns;      /* of this snapshot */
    int64_t data_stale_limit_ns; /* of a venue's messages */

    uint32_t venue_count, strategy_count, position_count, open_order_count, reject_count;
    metrics_venue_status venues[METRICS_VENUES_MAX];
    metrics_strategy_status strategies[METRICS_STRATEGIES_MAX];
    metrics_position positions[METRICS_POSITIONS_MAX];
    metrics_open_order open_orders[METRICS_OPEN_ORDERS_MAX];
    metrics_reject rejects[METRICS_REJECTS_MAX]; /* newest first */
} metrics_status;

/* pnl + funding + rewards - fees - opportunity cost, without the unrealized (L2). The sums are
 * checked where they are posted (L4); here they wrap at worst, and never trap. */
int64_t metrics_net_e8(const metrics_pnl *pnl);
/* gross > 0 and net < 0 */
bool metrics_profit_illusion(const metrics_pnl *pnl);
bool metrics_kill_active(const metrics_status *status);
bool metrics_ledger_ok(const metrics_status *status);

/* ---- health ----
 *
 * Six components, each from 0 (broken) to 1 (well):
 *   venue       mean over the venues: 0 if it is down, 0.5 with the breaker open, else 1
 *   risk        what is left of the allowed drawdown; 0 with a kill switch on or the ledger broken
 *   execution   1 without refusals to 0 where a quarter of the last five minutes' orders were
 *               refused (fewer than 10 orders: 1); at most 0.5 while positions differ from the
 *               venue's
 *   strategies  share of the strategies that run and may trade (SOFT_BRAKE counts half)
 *   system      event-loop lag: 1 up to 10 ms, falling to 0 at 1 s; and file descriptors: 1 up to
 *               80 % of the limit, falling to 0 at 100 %; the worse of both
 *   data        age of the oldest venue's last message: 1 up to its limit, falling to 0 at three
 *               times the limit; the same of the snapshot itself; the worse of both
 * score = (worst + mean) / 2: with one component at 0 it is below 0.5, whatever the others are.
 * Nothing there (no venue, no strategy) counts as 1: it cannot be ill. */
#define METRICS_HEALTH_MAP(X)                                                                      \
    X(METRICS_HEALTH_VENUE, "venue")                                                               \
    X(METRICS_HEALTH_RISK, "risk")                                                                 \
    X(METRICS_HEALTH_EXECUTION, "execution")                                                       \
    X(METRICS_HEALTH_STRATEGIES, "strategies")                                                     \
    X(METRICS_HEALTH_SYSTEM, "system")                                                             \
    X(METRICS_HEALTH_DATA, "data")
typedef enum metrics_health_component {
#define METRICS_HEALTH_ENUM(name, text) name,
    METRICS_HEALTH_MAP(METRICS_HEALTH_ENUM)
#undef METRICS_HEALTH_ENUM
        METRICS_HEALTH_COUNT
} metrics_health_component;
const char *metrics_health_text(metrics_health_component component);

typedef struct metrics_health {
    double score;
    double components[METRICS_HEALTH_COUNT];
} metrics_health;

/* What the process itself uses (process.h at the edge); what is not known is NAN. */
typedef struct metrics_process {
    double cpu_seconds, open_fds, max_fds, virtual_bytes, resident_bytes, threads, start_seconds;
} metrics_process;

void metrics_health_judge(const metrics_status *status, const metrics_process *process,
                          int64_t now_ns, metrics_health *out);

/* ---- conditions that need a look, named like their rules in monitoring/prometheus/rules ---- */
typedef struct metrics_alert {
    const char *name;     /* "DrawdownBreach" */
    const char *severity; /* "critical" or "warning" */
    char text[160];
} metrics_alert;
#define METRICS_ALERTS_MAX 24
size_t metrics_alerts(const metrics_status *status, const metrics_health *health, int64_t now_ns,
                      metrics_alert out[METRICS_ALERTS_MAX]);

/* ---- history: evenly spaced points of the whole session, coarser as it gets longer ---- */
typedef struct metrics_history_point {
    int64_t time_ns, equity_e8, drawdown_e8;
} metrics_history_point;
typedef struct metrics_history {
    int64_t step_ns; /* 0: empty */
    size_t count;
    metrics_history_point points[METRICS_HISTORY_MAX];
} metrics_history;
/* Takes a point if it is due. A full history drops every second point and doubles its step, which
 * starts at one second. */
void metrics_history_add(metrics_history *history, const metrics_status *status);

/* The body of /api/v1/status: spec/schema/status_api.json. */
void metrics_status_write(const metrics_status *status, const metrics_health *health,
                          const metrics_history *history, int64_t now_ns, base_json *json);

#endif
