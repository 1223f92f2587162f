/*
 * catalogue.h: every metric of HEAN, in one table.
 *
 * The first sixteen are required by name and carry no labels: they are the account's. The better
 * named companions stand beside them under other stems. Label values are closed lists, or come from
 * the configuration, so that the number of series is bounded by `max`.
 *
 * Source column. "snapshot": set from metrics_status by the hub when somebody reads; the host never
 * touches these. "handle": the host counts or observes where it happens. "edge": set by this room.
 */
#ifndef METRICS_CATALOGUE_H
#define METRICS_CATALOGUE_H

#include <metrics/registry.h>

/* X(id, type, name, labels, bounds, max, help); bounds: see catalogue.c */
#define METRICS_CATALOGUE(X)                                                                       \
    METRICS_REQUIRED(X)                                                                            \
    METRICS_MONEY(X)                                                                               \
    METRICS_SAFETY(X)                                                                              \
    METRICS_EXECUTION(X)                                                                           \
    METRICS_VENUES(X)                                                                              \
    METRICS_STRATEGIES(X)                                                                          \
    METRICS_RUNTIME(X)

#define METRICS_NO_LABELS                                                                          \
    {                                                                                              \
        NULL                                                                                       \
    }
#define METRICS_BY(...)                                                                            \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* snapshot */
#define METRICS_REQUIRED(X)                                                                        \
    X(METRICS_EQUITY, METRICS_GAUGE_E8, "hean_equity", METRICS_NO_LABELS, NONE, 1,                 \
      "Account equity in the account currency: capital plus all that was earned and "              \
      "lost, unrealized included.")                                                                \
    X(METRICS_REALIZED_PNL, METRICS_GAUGE_E8, "hean_realized_pnl", METRICS_NO_LABELS, NONE, 1,     \
      "Realized profit and loss of the ledger, before fees, in the account currency.")             \
    X(METRICS_UNREALIZED_PNL, METRICS_GAUGE_E8, "hean_unrealized_pnl", METRICS_NO_LABELS, NONE, 1, \
      "Unrealized profit and loss of open positions at mark prices, in the account "               \
      "currency.")                                                                                 \
    X(METRICS_DRAWDOWN_PCT, METRICS_GAUGE_E8, "hean_drawdown_pct", METRICS_NO_LABELS, NONE, 1,     \
      "Equity below its peak, in percent from 0 to 100.")                                          \
    X(METRICS_FEES, METRICS_GAUGE_E8, "hean_fees", METRICS_NO_LABELS, NONE, 1,                     \
      "Fees of the ledger so far, in the account currency: positive is a cost, rebates "           \
      "count against it.")                                                                         \
    X(METRICS_FUNDING, METRICS_GAUGE_E8, "hean_funding", METRICS_NO_LABELS, NONE, 1,               \
      "Funding of the ledger so far, in the account currency: positive was received.")             \
    X(METRICS_REWARDS, METRICS_GAUGE_E8, "hean_rewards", METRICS_NO_LABELS, NONE, 1,               \
      "Rewards of the ledger so far, in the account currency.")                                    \
    X(METRICS_OPP_COST, METRICS_GAUGE_E8, "hean_opp_cost", METRICS_NO_LABELS, NONE, 1,             \
      "Opportunity cost of the capital so far, in the account currency: positive is a "            \
      "cost.")                                                                                     \
    X(METRICS_PROFIT_ILLUSION_FLAG, METRICS_GAUGE, "hean_profit_illusion_flag", METRICS_NO_LABELS, \
      NONE, 1, "1 if the gross result is positive and the net result negative, else 0.")           \
    X(METRICS_HEALTH_SCORE, METRICS_GAUGE, "hean_health_score", METRICS_NO_LABELS, NONE, 1,        \
      "Health from 0 (broken) to 1 (well): the mean of the worst component and the "               \
      "average of all.")                                                                           \
    X(METRICS_ACTIONS_ENABLED, METRICS_GAUGE, "hean_actions_enabled", METRICS_NO_LABELS, NONE, 1,  \
      "1 if real orders may leave this host, else 0.")                                             \
    X(METRICS_SNAPSHOT_STALENESS, METRICS_GAUGE, "hean_snapshot_staleness_seconds",                \
      METRICS_NO_LABELS, NONE, 1,                                                                  \
      "Age of the snapshot behind these figures, computed when they are read.")                    \
    X(METRICS_ORDER_REJECTS, METRICS_GAUGE, "hean_order_rejects", METRICS_NO_LABELS, NONE, 1,      \
      "Orders refused since the start, by the risk gate or by a venue.")                           \
    X(METRICS_SLIPPAGE_BPS, METRICS_GAUGE, "hean_slippage_bps", METRICS_NO_LABELS, NONE, 1,        \
      "Mean slippage of the fills against the mid price in basis points, positive is "             \
      "against us; 0 before the first fill.")                                                      \
    X(METRICS_MAKER_TAKER_RATIO, METRICS_GAUGE, "hean_maker_taker_ratio", METRICS_NO_LABELS, NONE, \
      1, "Share of maker fills among all fills, from 0 to 1; 0 before the first fill.")            \
    X(METRICS_API_LATENCY_MS, METRICS_GAUGE, "hean_api_latency_ms", METRICS_NO_LABELS, NONE, 1,    \
      "Moving average of the duration of venue requests in milliseconds; 0 before the "            \
      "first.")

/* snapshot */
#define METRICS_MONEY(X)                                                                           \
    X(METRICS_EQUITY_PEAK, METRICS_GAUGE_E8, "hean_equity_peak", METRICS_NO_LABELS, NONE, 1,       \
      "Highest equity so far, in the account currency.")                                           \
    X(METRICS_DRAWDOWN_RATIO, METRICS_GAUGE_E8, "hean_drawdown_ratio", METRICS_NO_LABELS, NONE, 1, \
      "Equity below its peak, as a share of the peak.")                                            \
    X(METRICS_DRAWDOWN_LIMIT_RATIO, METRICS_GAUGE_E8, "hean_drawdown_limit_ratio",                 \
      METRICS_NO_LABELS, NONE, 1,                                                                  \
      "Drawdown at which trading stops, as a share of the peak; 0 is no limit.")                   \
    X(METRICS_NET_PNL, METRICS_GAUGE_E8, "hean_net_pnl", METRICS_NO_LABELS, NONE, 1,               \
      "Realized profit and loss plus funding and rewards, minus fees and opportunity "             \
      "cost.")                                                                                     \
    X(METRICS_OPPORTUNITY_COST, METRICS_GAUGE_E8, "hean_opportunity_cost", METRICS_NO_LABELS,      \
      NONE, 1, "The same as hean_opp_cost, under its full name.")                                  \
    X(METRICS_FEES_PAID, METRICS_COUNTER_E8, "hean_fees_paid_total", METRICS_NO_LABELS, NONE, 1,   \
      "Fees paid, in the account currency.")                                                       \
    X(METRICS_FEE_REBATES, METRICS_COUNTER_E8, "hean_fee_rebates_total", METRICS_NO_LABELS, NONE,  \
      1, "Fees received as rebates, in the account currency.")                                     \
    X(METRICS_FUNDING_PAID, METRICS_COUNTER_E8, "hean_funding_paid_total", METRICS_NO_LABELS,      \
      NONE, 1, "Funding paid, in the account currency.")                                           \
    X(METRICS_FUNDING_RECEIVED, METRICS_COUNTER_E8, "hean_funding_received_total",                 \
      METRICS_NO_LABELS, NONE, 1, "Funding received, in the account currency.")                    \
    X(METRICS_REWARDS_EARNED, METRICS_COUNTER_E8, "hean_rewards_earned_total", METRICS_NO_LABELS,  \
      NONE, 1, "Rewards received, in the account currency.")                                       \
    X(METRICS_ACCOUNT_INFO, METRICS_GAUGE, "hean_account_info", METRICS_BY("currency"), NONE, 4,   \
      "1, with the currency in which money is told.")                                              \
    X(METRICS_POSITION_QUANTITY, METRICS_GAUGE, "hean_position_quantity",                          \
      METRICS_BY("strategy", "symbol"), NONE, 256,                                                 \
      "Position in units of the instrument, negative is short.")                                   \
    X(METRICS_POSITION_REALIZED, METRICS_GAUGE_E8, "hean_strategy_realized_pnl",                   \
      METRICS_BY("strategy", "symbol"), NONE, 256,                                                 \
      "Realized profit and loss by strategy and symbol, before fees.")                             \
    X(METRICS_POSITION_UNREALIZED, METRICS_GAUGE_E8, "hean_strategy_unrealized_pnl",               \
      METRICS_BY("strategy", "symbol"), NONE, 256,                                                 \
      "Unrealized profit and loss by strategy and symbol.")                                        \
    X(METRICS_STRATEGY_EQUITY, METRICS_GAUGE_E8, "hean_strategy_equity", METRICS_BY("strategy"),   \
      NONE, 64, "Equity by strategy.")                                                             \
    X(METRICS_STRATEGY_NET_PNL, METRICS_GAUGE_E8, "hean_strategy_net_pnl", METRICS_BY("strategy"), \
      NONE, 64, "Net result by strategy, without the unrealized.")

/* snapshot */
#define METRICS_SAFETY(X)                                                                          \
    X(METRICS_HEALTH_COMPONENT, METRICS_GAUGE, "hean_health_component_ratio",                      \
      METRICS_BY("component"), NONE, 8,                                                            \
      "Components of the health score, from 0 (broken) to 1 (well).")                              \
    X(METRICS_KILL_SWITCH, METRICS_GAUGE, "hean_kill_switch_active", METRICS_BY("reason"), NONE,   \
      8, "1 while no new order may leave for this reason.")                                        \
    X(METRICS_MODE, METRICS_GAUGE, "hean_mode", METRICS_BY("mode"), NONE, 4,                       \
      "1 for the mode in which the host runs, 0 for the others.")                                  \
    X(METRICS_LIVE_SWITCH, METRICS_GAUGE, "hean_live_switch_on", METRICS_BY("switch"), NONE, 4,    \
      "1 for each of the three switches of live trading that is turned.")                          \
    X(METRICS_SNAPSHOT_TIMESTAMP, METRICS_GAUGE, "hean_snapshot_timestamp_seconds",                \
      METRICS_NO_LABELS, NONE, 1, "Unix time of the snapshot behind these figures.")               \
    X(METRICS_SNAPSHOT_STALE_LIMIT, METRICS_GAUGE, "hean_snapshot_stale_limit_seconds",            \
      METRICS_NO_LABELS, NONE, 1, "Age at which a snapshot is stale.")                             \
    X(METRICS_SNAPSHOTS, METRICS_COUNTER, "hean_snapshots_total", METRICS_NO_LABELS, NONE, 1,      \
      "Snapshots published: their sequence number, as in the JSON.")                               \
    X(METRICS_WALL_CLOCK, METRICS_GAUGE, "hean_wall_clock_seconds", METRICS_NO_LABELS, NONE, 1,    \
      "Unix time of the host when the figures were read.")                                         \
    X(METRICS_LEDGER_INVARIANT_OK, METRICS_GAUGE, "hean_ledger_invariant_ok",                      \
      METRICS_BY("invariant"), NONE, 8, "1 while the invariant of the ledger holds.")              \
    X(METRICS_LEDGER_VIOLATIONS, METRICS_COUNTER, "hean_ledger_invariant_violations_total",        \
      METRICS_NO_LABELS, NONE, 1, "Times that an invariant of the ledger was found broken.")       \
    X(METRICS_LEDGER_BALANCE_ERROR, METRICS_GAUGE_E8, "hean_ledger_balance_error",                 \
      METRICS_NO_LABELS, NONE, 1,                                                                  \
      "Sum over all accounts of the ledger: 0, or an entry does not balance.")                     \
    X(METRICS_LEDGER_ENTRIES, METRICS_COUNTER, "hean_ledger_entries_total", METRICS_NO_LABELS,     \
      NONE, 1, "Entries posted to the ledger.")                                                    \
    X(METRICS_LEDGER_LAG, METRICS_GAUGE, "hean_ledger_lag_seconds", METRICS_NO_LABELS, NONE, 1,    \
      "Time from an execution to its entry on disk, now.")                                         \
    X(METRICS_JOURNAL_LAG, METRICS_GAUGE, "hean_journal_lag_seconds", METRICS_NO_LABELS, NONE, 1,  \
      "Age of the oldest journal record that is not on disk.")                                     \
    X(METRICS_JOURNAL_WRITTEN, METRICS_COUNTER, "hean_journal_written_bytes_total",                \
      METRICS_NO_LABELS, NONE, 1, "Bytes written to the journal.")

/* snapshot; those with labels and histograms: handle */
#define METRICS_EXECUTION(X)                                                                       \
    X(METRICS_EVENTS, METRICS_COUNTER, "hean_events_total", METRICS_NO_LABELS, NONE, 1,            \
      "Market events taken by the engine.")                                                        \
    X(METRICS_ORDERS, METRICS_COUNTER, "hean_orders_submitted_total", METRICS_NO_LABELS, NONE, 1,  \
      "Orders that strategies wished to place.")                                                   \
    X(METRICS_ORDERS_REJECTED, METRICS_COUNTER, "hean_orders_rejected_total",                      \
      METRICS_BY("venue", "reason"), NONE, 512, "Orders refused, by venue and reason.")            \
    X(METRICS_FILLS, METRICS_COUNTER, "hean_fills_total", METRICS_BY("venue", "liquidity"), NONE,  \
      16, "Executions, by venue and liquidity.")                                                   \
    X(METRICS_OPEN_ORDERS, METRICS_GAUGE, "hean_open_orders", METRICS_NO_LABELS, NONE, 1,          \
      "Orders that have not ended.")                                                               \
    X(METRICS_ADVERSE_SLIPPAGE, METRICS_HISTOGRAM, "hean_adverse_slippage_ratio",                  \
      METRICS_NO_LABELS, PRICE_RATIO, 1,                                                           \
      "Fills at a worse price than the mid price: the difference as a share of it.")               \
    X(METRICS_PRICE_IMPROVEMENT, METRICS_HISTOGRAM, "hean_price_improvement_ratio",                \
      METRICS_NO_LABELS, PRICE_RATIO, 1,                                                           \
      "Fills at a better price than the mid price: the difference as a share of it.")              \
    X(METRICS_ORDER_ACK, METRICS_HISTOGRAM, "hean_order_ack_seconds", METRICS_BY("venue"), API, 8, \
      "Time from sending an order to the venue's answer.")                                         \
    X(METRICS_API_REQUEST, METRICS_HISTOGRAM, "hean_api_request_duration_seconds",                 \
      METRICS_BY("venue", "endpoint"), API, 96, "Duration of venue requests.")                     \
    X(METRICS_API_ERRORS, METRICS_COUNTER, "hean_api_errors_total", METRICS_BY("venue", "kind"),   \
      NONE, 64, "Venue requests that failed, by kind.")

/* snapshot */
#define METRICS_VENUES(X)                                                                          \
    X(METRICS_VENUE_UP, METRICS_GAUGE, "hean_venue_up", METRICS_BY("venue"), NONE, 8,              \
      "1 if the venue is connected and reconciled.")                                               \
    X(METRICS_VENUE_BREAKER, METRICS_GAUGE, "hean_venue_breaker_open", METRICS_BY("venue"), NONE,  \
      8, "1 while the circuit breaker keeps requests back.")                                       \
    X(METRICS_VENUE_DATA_TIMESTAMP, METRICS_GAUGE, "hean_market_data_timestamp_seconds",           \
      METRICS_BY("venue"), NONE, 8,                                                                \
      "Unix time of the venue's last market message; 0 before the first.")                         \
    X(METRICS_DATA_STALE_LIMIT, METRICS_GAUGE, "hean_market_data_stale_limit_seconds",             \
      METRICS_NO_LABELS, NONE, 1, "Silence of a venue at which its data is stale.")                \
    X(METRICS_RATE_HEADROOM, METRICS_GAUGE, "hean_rate_limit_headroom_ratio", METRICS_BY("venue"), \
      NONE, 8, "What is left of the tightest rate limit, from 0 to 1.")                            \
    X(METRICS_POSITION_DIFFERENCES, METRICS_GAUGE, "hean_position_differences",                    \
      METRICS_BY("venue"), NONE, 8, "Positions that differ from the venue's, now.")                \
    X(METRICS_VENUE_REQUESTS, METRICS_COUNTER, "hean_venue_requests_total", METRICS_BY("venue"),   \
      NONE, 8, "Requests sent to the venue.")                                                      \
    X(METRICS_VENUE_RETRIES, METRICS_COUNTER, "hean_venue_retries_total", METRICS_BY("venue"),     \
      NONE, 8, "Requests sent again.")                                                             \
    X(METRICS_VENUE_RATE_REFUSALS, METRICS_COUNTER, "hean_venue_rate_refusals_total",              \
      METRICS_BY("venue"), NONE, 8,                                                                \
      "Requests that the venue refused because there were too many.")                              \
    X(METRICS_VENUE_UNKNOWN, METRICS_COUNTER, "hean_venue_unknown_outcomes_total",                 \
      METRICS_BY("venue"), NONE, 8, "Orders of which the outcome had to be asked for.")            \
    X(METRICS_VENUE_RECONNECTS, METRICS_COUNTER, "hean_venue_reconnects_total",                    \
      METRICS_BY("venue"), NONE, 8, "Connections that were made again.")                           \
    X(METRICS_VENUE_GAPS, METRICS_COUNTER, "hean_venue_sequence_gaps_total", METRICS_BY("venue"),  \
      NONE, 8, "Gaps in the venue's message sequence.")                                            \
    X(METRICS_VENUE_BAD_MESSAGES, METRICS_COUNTER, "hean_venue_bad_messages_total",                \
      METRICS_BY("venue"), NONE, 8, "Messages that could not be trusted, and moved nothing.")      \
    X(METRICS_RECONCILIATION, METRICS_COUNTER, "hean_reconciliation_differences_total",            \
      METRICS_BY("venue"), NONE, 8, "Differences found and settled by reconciliation.")

/* snapshot; callback time and kills: handle */
#define METRICS_STRATEGIES(X)                                                                      \
    X(METRICS_STRATEGY_RUNNING, METRICS_GAUGE, "hean_strategy_running", METRICS_BY("strategy"),    \
      NONE, 64, "1 while the strategy is loaded and not stopped.")                                 \
    X(METRICS_STRATEGY_RISK_STATE, METRICS_GAUGE, "hean_strategy_risk_state",                      \
      METRICS_BY("strategy"), NONE, 64, "0 normal, 1 soft brake, 2 quarantine, 3 hard stop.")      \
    X(METRICS_STRATEGY_CALLBACKS, METRICS_COUNTER, "hean_strategy_callbacks_total",                \
      METRICS_BY("strategy"), NONE, 64, "Events handed to the strategy.")                          \
    X(METRICS_STRATEGY_ORDERS, METRICS_COUNTER, "hean_strategy_orders_total",                      \
      METRICS_BY("strategy"), NONE, 64, "Orders that the strategy wished to place.")               \
    X(METRICS_STRATEGY_FILLS, METRICS_COUNTER, "hean_strategy_fills_total",                        \
      METRICS_BY("strategy"), NONE, 64, "Executions of the strategy's orders.")                    \
    X(METRICS_STRATEGY_REJECTS, METRICS_COUNTER, "hean_strategy_rejects_total",                    \
      METRICS_BY("strategy"), NONE, 64, "Orders of the strategy that were refused.")               \
    X(METRICS_STRATEGY_RESTARTS, METRICS_COUNTER, "hean_strategy_restarts_total",                  \
      METRICS_BY("strategy"), NONE, 64, "Times that the strategy's worker was started again.")     \
    X(METRICS_STRATEGY_MEMORY, METRICS_GAUGE, "hean_strategy_memory_bytes",                        \
      METRICS_BY("strategy"), NONE, 64, "Resident memory of the strategy's worker.")               \
    X(METRICS_STRATEGY_RING_WAITS, METRICS_COUNTER, "hean_strategy_ring_waits_total",              \
      METRICS_BY("strategy"), NONE, 64,                                                            \
      "Round trips to the worker in which the host had to sleep.")                                 \
    X(METRICS_STRATEGY_CALLBACK, METRICS_HISTOGRAM, "hean_strategy_callback_duration_seconds",     \
      METRICS_BY("strategy"), BELOW_SECOND, 64,                                                    \
      "Round trip of an event to the jailed strategy and back; 0.05 is its deadline.")             \
    X(METRICS_JAIL_KILLS, METRICS_COUNTER, "hean_strategy_jail_kills_total",                       \
      METRICS_BY("strategy", "reason"), NONE, 384, "Strategies stopped by their jail, by reason.")

/* edge; loop lag: handle */
#define METRICS_RUNTIME(X)                                                                         \
    X(METRICS_LOOP_LAG, METRICS_HISTOGRAM, "hean_event_loop_lag_seconds", METRICS_NO_LABELS,       \
      BELOW_SECOND, 1, "How much later than due the trading loop came round.")                     \
    X(METRICS_LOG_LINES, METRICS_COUNTER, "hean_log_lines_total", METRICS_BY("level"), NONE, 4,    \
      "Log lines by level.")                                                                       \
    X(METRICS_SCRAPE_DURATION, METRICS_GAUGE, "hean_scrape_duration_seconds", METRICS_NO_LABELS,   \
      NONE, 1, "Time that it took to write the exposition before this one.")                       \
    X(METRICS_DROPPED_SERIES, METRICS_COUNTER, "hean_metrics_dropped_series_total",                \
      METRICS_NO_LABELS, NONE, 1, "Label sets that were refused because there are too many.")      \
    X(METRICS_HTTP_REQUESTS, METRICS_COUNTER, "hean_http_requests_total",                          \
      METRICS_BY("handler", "code"), NONE, 64,                                                     \
      "Requests answered by this host, by handler and status code.")                               \
    X(METRICS_HTTP_CUT, METRICS_COUNTER, "hean_http_connections_cut_total", METRICS_NO_LABELS,     \
      NONE, 1, "Connections cut because they were too slow or too many.")                          \
    X(METRICS_EXPORT_TIMESTAMP, METRICS_GAUGE, "hean_export_timestamp_seconds", METRICS_NO_LABELS, \
      NONE, 1, "Unix time of the last file export; 0 before the first.")                           \
    X(METRICS_EXPORT_FAILURES, METRICS_COUNTER, "hean_export_failures_total", METRICS_NO_LABELS,   \
      NONE, 1, "File exports that failed.")                                                        \
    X(METRICS_BUILD_INFO, METRICS_GAUGE, "hean_build_info",                                        \
      METRICS_BY("version", "revision", "compiler"), NONE, 1, "1, with what was built.")           \
    X(METRICS_PROCESS_CPU, METRICS_COUNTER_REAL, "process_cpu_seconds_total", METRICS_NO_LABELS,   \
      NONE, 1, "Total user and system CPU time spent in seconds.")                                 \
    X(METRICS_PROCESS_OPEN_FDS, METRICS_GAUGE, "process_open_fds", METRICS_NO_LABELS, NONE, 1,     \
      "Number of open file descriptors.")                                                          \
    X(METRICS_PROCESS_MAX_FDS, METRICS_GAUGE, "process_max_fds", METRICS_NO_LABELS, NONE, 1,       \
      "Maximum number of open file descriptors.")                                                  \
    X(METRICS_PROCESS_VIRTUAL, METRICS_GAUGE, "process_virtual_memory_bytes", METRICS_NO_LABELS,   \
      NONE, 1, "Virtual memory size in bytes.")                                                    \
    X(METRICS_PROCESS_RESIDENT, METRICS_GAUGE, "process_resident_memory_bytes", METRICS_NO_LABELS, \
      NONE, 1, "Resident memory size in bytes.")                                                   \
    X(METRICS_PROCESS_THREADS, METRICS_GAUGE, "process_threads", METRICS_NO_LABELS, NONE, 1,       \
      "Number of threads.")                                                                        \
    X(METRICS_PROCESS_START, METRICS_GAUGE, "process_start_time_seconds", METRICS_NO_LABELS, NONE, \
      1, "Start time of the process since the Unix epoch in seconds.")

typedef enum metrics_family_id {
#define METRICS_FAMILY_ENUM(id, type, name, labels, bounds, max, help) id,
    METRICS_CATALOGUE(METRICS_FAMILY_ENUM)
#undef METRICS_FAMILY_ENUM
        METRICS_FAMILY_COUNT
} metrics_family_id;

extern const metrics_family metrics_catalogue[METRICS_FAMILY_COUNT];

/* X(name, text): what a request asks a venue. */
#define METRICS_ENDPOINT_MAP(X)                                                                    \
    X(METRICS_ENDPOINT_ORDER_CREATE, "order_create")                                               \
    X(METRICS_ENDPOINT_ORDER_AMEND, "order_amend")                                                 \
    X(METRICS_ENDPOINT_ORDER_CANCEL, "order_cancel")                                               \
    X(METRICS_ENDPOINT_ORDER_QUERY, "order_query")                                                 \
    X(METRICS_ENDPOINT_EXECUTIONS, "executions")                                                   \
    X(METRICS_ENDPOINT_POSITIONS, "positions")                                                     \
    X(METRICS_ENDPOINT_ACCOUNT, "account")                                                         \
    X(METRICS_ENDPOINT_MARKET, "market")                                                           \
    X(METRICS_ENDPOINT_TIME, "time")                                                               \
    X(METRICS_ENDPOINT_OTHER, "other")
typedef enum metrics_endpoint {
#define METRICS_ENDPOINT_ENUM(name, text) name,
    METRICS_ENDPOINT_MAP(METRICS_ENDPOINT_ENUM)
#undef METRICS_ENDPOINT_ENUM
        METRICS_ENDPOINT_COUNT
} metrics_endpoint;

/* X(name, text): how a request failed. */
#define METRICS_API_ERROR_MAP(X)                                                                   \
    X(METRICS_API_TIMEOUT, "timeout")                                                              \
    X(METRICS_API_NETWORK, "network")                                                              \
    X(METRICS_API_RATE_LIMIT, "rate_limit")                                                        \
    X(METRICS_API_SERVER, "server")                                                                \
    X(METRICS_API_REFUSED, "refused")                                                              \
    X(METRICS_API_MALFORMED, "malformed")
typedef enum metrics_api_error {
#define METRICS_API_ERROR_ENUM(name, text) name,
    METRICS_API_ERROR_MAP(METRICS_API_ERROR_ENUM)
#undef METRICS_API_ERROR_ENUM
        METRICS_API_ERROR_COUNT
} metrics_api_error;

/* X(name, text, status): why a jail stopped a strategy. */
#define METRICS_JAIL_MAP(X)                                                                        \
    X(METRICS_JAIL_SCRIPT, "script_error", HEAN_E_SCRIPT)                                          \
    X(METRICS_JAIL_DEADLINE, "deadline", HEAN_E_SCRIPT_DEADLINE)                                   \
    X(METRICS_JAIL_MEMORY, "memory", HEAN_E_SCRIPT_MEMORY)                                         \
    X(METRICS_JAIL_VIOLATION, "violation", HEAN_E_SCRIPT_JAILED)                                   \
    X(METRICS_JAIL_WORKER, "worker_died", HEAN_E_WORKER)                                           \
    X(METRICS_JAIL_OTHER, "other", HEAN_OK)
typedef enum metrics_jail {
#define METRICS_JAIL_ENUM(name, text, status) name,
    METRICS_JAIL_MAP(METRICS_JAIL_ENUM)
#undef METRICS_JAIL_ENUM
        METRICS_JAIL_COUNT
} metrics_jail;
/* From the status with which a strategy was stopped (hean_strategy_state.why). */
metrics_jail metrics_jail_of(hean_status status);

/* What the host counts of one venue; all at 0 from the start. */
typedef struct metrics_venue_series {
    const metrics_series *rejected[HEAN_REASON_COUNT]; /* by hean_reason */
    const metrics_series *fills_maker, *fills_taker;
    const metrics_series *order_ack;
    const metrics_series *api_request[METRICS_ENDPOINT_COUNT];
    const metrics_series *api_errors[METRICS_API_ERROR_COUNT];
} metrics_venue_series;

/* What the host counts of one strategy. */
typedef struct metrics_strategy_series {
    const metrics_series *callback;
    const metrics_series *jail_kills[METRICS_JAIL_COUNT];
} metrics_strategy_series;

/* Defines the whole catalogue in an empty registry, so that ids are metrics_family_id, and makes
 * the series with closed label values. */
hean_status metrics_catalogue_define(metrics_registry *registry,
                                     hean_error *error) HEAN_WARN_UNUSED;
hean_status metrics_catalogue_venue(metrics_registry *registry, const char *venue,
                                    metrics_venue_series *out, hean_error *error) HEAN_WARN_UNUSED;
hean_status metrics_catalogue_strategy(metrics_registry *registry, const char *strategy,
                                       metrics_strategy_series *out,
                                       hean_error *error) HEAN_WARN_UNUSED;
/* The series of a family without labels. */
const metrics_series *metrics_catalogue_single(metrics_registry *registry,
                                               metrics_family_id family);

#endif
