/*
 * hean.h: the public interface of libhean, and its manual.
 *
 * HEAN hosts sandboxed Lua trading strategies inside a C program. The embedder creates a host,
 * tells it the instruments, loads strategies, pushes market events and either lets the built-in
 * paper broker fill the orders or takes the intents and fills them itself.
 *
 *     hean_host_options options = hean_host_options_default();
 *     hean_host_open(&options, &host, &error);
 *     hean_host_add_instrument(host, &instrument, &instrument_id, &error);
 *     hean_host_load_strategy(host, &strategy, &strategy_id, &error);
 *     hean_host_start(host, now_ns, &error);
 *     hean_host_push(host, events, count, &error);          // as often as there are events
 *     hean_host_close(host);
 *
 * Conventions
 *   Status    Every call that can fail returns hean_status. Outputs come last and are untouched
 *             on failure. An optional hean_error carries the detail in words.
 *   Units     Times end in _ns (since the Unix epoch), prices in _ticks, quantities in _lots,
 *             money in _e8 (1e-8 of the quote currency; of the coin for inverse contracts),
 *             rates in _e8 or _e12 as fractions (1 basis point is 10,000 e8).
 *   Threads   There is no global state. One host belongs to one thread at a time; different hosts
 *             may run in different threads at once.
 *   Lifetime  Strings and structs that are passed in are copied before the call returns.
 *   Source    Design notes are in README.md, "Where things are".
 */
#ifndef HEAN_H
#define HEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEAN_API                        __attribute__((visibility("default")))
#define HEAN_WARN_UNUSED                __attribute__((warn_unused_result))
#define HEAN_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define HEAN_API
#define HEAN_WARN_UNUSED
#define HEAN_PRINTF(format_at, args_at)
#endif

#define HEAN_VERSION_MAJOR  0
#define HEAN_VERSION_MINOR  1
#define HEAN_VERSION_PATCH  0
#define HEAN_VERSION_STRING "0.1.0"

/* ---- Status ------------------------------------------------------------------------------ */

/* X(name, text, retryable): the one list of everything that can go wrong. Values are stable:
 * append only. `retryable` says whether the same call may succeed later without a change. */
#define HEAN_STATUS_MAP(X)                                                                         \
    X(HEAN_OK, "ok", false)                                                                        \
    X(HEAN_E_NO_MEMORY, "out of memory", true)                                                     \
    X(HEAN_E_INVALID, "invalid argument", false)                                                   \
    X(HEAN_E_RANGE, "value out of range", false)                                                   \
    X(HEAN_E_PARSE, "cannot be parsed", false)                                                     \
    X(HEAN_E_FORMAT, "unknown or unsupported format", false)                                       \
    X(HEAN_E_TRUNCATED, "data ends too early", false)                                              \
    X(HEAN_E_CORRUPT, "data is corrupt", false)                                                    \
    X(HEAN_E_NOT_FOUND, "not found", false)                                                        \
    X(HEAN_E_EXISTS, "already exists", false)                                                      \
    X(HEAN_E_IO, "input or output failed", true)                                                   \
    X(HEAN_E_TIME_ORDER, "time goes backwards", false)                                             \
    X(HEAN_E_STATE, "not allowed in this state", false)                                            \
    X(HEAN_E_LIMIT, "a limit was reached", false)                                                  \
    X(HEAN_E_SCRIPT, "the script raised an error", false)                                          \
    X(HEAN_E_SCRIPT_DEADLINE, "the script missed its deadline", false)                             \
    X(HEAN_E_SCRIPT_MEMORY, "the script reached its memory limit", false)                          \
    X(HEAN_E_SCRIPT_JAILED, "the script was stopped by its jail", false)                           \
    X(HEAN_E_WORKER, "the worker process died", false)                                             \
    X(HEAN_E_GATE, "a gate is closed", false)                                                      \
    X(HEAN_E_INVARIANT, "an invariant is broken", false)                                           \
    X(HEAN_E_UNSUPPORTED, "not supported on this machine", false)                                  \
    X(HEAN_E_INTERRUPTED, "interrupted", true)

typedef enum hean_status {
#define HEAN_STATUS_ENUM(name, text, retryable) name,
    HEAN_STATUS_MAP(HEAN_STATUS_ENUM)
#undef HEAN_STATUS_ENUM
        HEAN_STATUS_COUNT
} hean_status;

/* The detail of a failure: what, where, what was expected. Always terminated. */
typedef struct hean_error {
    hean_status status;
    char message[500];
} hean_error;

/* Name such as "HEAN_E_PARSE", text such as "cannot be parsed". Unknown values give "HEAN_E_?". */
HEAN_API const char *hean_status_name(hean_status status);
HEAN_API const char *hean_status_text(hean_status status);
HEAN_API bool hean_status_retryable(hean_status status);
/* The version of the library that is linked, which may differ from HEAN_VERSION_STRING. */
HEAN_API const char *hean_version(void);

/* ---- Allocator and log ------------------------------------------------------------------- */

/* Memory for everything that belongs to a host. `resize(context, NULL, n)` allocates,
 * `resize(context, p, 0)` frees and returns NULL; NULL for n > 0 means out of memory.
 * Libraries below (LuaJIT's machine code, SQLite) keep their own. */
typedef struct hean_allocator {
    void *(*resize)(void *context, void *pointer, size_t bytes);
    void *context;
} hean_allocator;

typedef enum hean_log_level {
    HEAN_LOG_DEBUG,
    HEAN_LOG_INFO,
    HEAN_LOG_WARN,
    HEAN_LOG_ERROR
} hean_log_level;

/* Receives every line of the host and of its strategies. `source` is "host" or the strategy's
 * name. time_ns is event time, 0 before the start. The text has no control characters but tabs; it
 * is valid only during the call. */
typedef struct hean_log_sink {
    void (*write)(void *context, hean_log_level level, int64_t time_ns, const char *source,
                  const char *text);
    void *context;
} hean_log_sink;

/* ---- Instruments ------------------------------------------------------------------------- */

/* mantissa * 10^exponent10, e.g. 0.01 is {1, -2}. */
typedef struct hean_decimal {
    int64_t mantissa;
    int32_t exponent10;
} hean_decimal;

typedef enum hean_instrument_kind {
    HEAN_INSTRUMENT_LINEAR, /* perpetual or future settled in the quote currency */
    HEAN_INSTRUMENT_SPOT,
    HEAN_INSTRUMENT_INVERSE /* quantity in quote currency, settled in the base coin */
} hean_instrument_kind;

#define HEAN_SYMBOL_BYTES 32

/* Limits that are 0 do not apply. Fees are fractions; negative is a rebate. */
typedef struct hean_instrument {
    char symbol[HEAN_SYMBOL_BYTES]; /* "ETHUSDT"; unique in one host */
    hean_instrument_kind kind;
    hean_decimal tick_size;
    hean_decimal lot_size;
    int64_t min_qty_lots;
    int64_t max_qty_lots;
    int64_t min_price_ticks;
    int64_t max_price_ticks;
    int64_t min_notional_e8;
    int64_t max_notional_e8;
    int64_t maker_fee_e8;
    int64_t taker_fee_e8;
} hean_instrument;

/* ---- Events ------------------------------------------------------------------------------ */

typedef enum hean_side { HEAN_SIDE_NONE, HEAN_SIDE_BUY, HEAN_SIDE_SELL } hean_side;

/* The first group comes from a venue, the second from the host itself. Stable: append only. */
typedef enum hean_event_kind {
    HEAN_EVENT_NONE,
    HEAN_EVENT_BOOK,    /* one level of the order book: its new total size, 0 removes it */
    HEAN_EVENT_TRADE,   /* side is the taker's */
    HEAN_EVENT_BAR,     /* a closed bar */
    HEAN_EVENT_QUOTE,   /* best bid and ask */
    HEAN_EVENT_MARK,    /* mark, index and last price; 0 is "not given" */
    HEAN_EVENT_FUNDING, /* a funding settlement */
    HEAN_EVENT_CONNECTION,
    HEAN_EVENT_START,
    HEAN_EVENT_TIMER,
    HEAN_EVENT_ORDER, /* a change of one's own order */
    HEAN_EVENT_FILL,  /* an execution of one's own order */
    HEAN_EVENT_KIND_COUNT
} hean_event_kind;

/* Flags of hean_event. BOOK events of one message follow each other; the last carries LAST.
 * CLEAR empties the book before the level is applied; a BOOK event with HEAN_SIDE_NONE carries
 * flags only. */
#define HEAN_EVENT_LAST     0x01u
#define HEAN_EVENT_CLEAR    0x02u
#define HEAN_EVENT_SNAPSHOT 0x04u
#define HEAN_EVENT_MAKER    0x08u /* FILL: we were the resting side */
#define HEAN_EVENT_GAP      0x10u /* BOOK: messages were lost before this one */

typedef enum hean_order_status {
    HEAN_ORDER_NONE,
    HEAN_ORDER_PENDING_NEW,
    HEAN_ORDER_OPEN,
    HEAN_ORDER_PARTLY_FILLED,
    HEAN_ORDER_PENDING_CANCEL,
    HEAN_ORDER_FILLED,
    HEAN_ORDER_CANCELLED,
    HEAN_ORDER_REJECTED,
    HEAN_ORDER_UNKNOWN /* the venue did not answer: it will be asked */
} hean_order_status;

/* X(name, text): why an order, an amendment or a cancellation was refused or ended. The text is
 * the stable code that Lua and reports see. Append only. */
#define HEAN_REASON_MAP(X)                                                                         \
    X(HEAN_REASON_NONE, "none")                                                                    \
    X(HEAN_REASON_INVALID_INTENT, "invalid_intent")                                                \
    X(HEAN_REASON_UNKNOWN_INSTRUMENT, "unknown_instrument")                                        \
    X(HEAN_REASON_UNKNOWN_ORDER, "unknown_order")                                                  \
    X(HEAN_REASON_DUPLICATE_ORDER, "duplicate_order")                                              \
    X(HEAN_REASON_PRICE_NOT_ON_TICK, "price_not_on_tick")                                          \
    X(HEAN_REASON_PRICE_OUT_OF_RANGE, "price_out_of_range")                                        \
    X(HEAN_REASON_QTY_NOT_ON_LOT, "qty_not_on_lot")                                                \
    X(HEAN_REASON_QTY_TOO_SMALL, "qty_too_small")                                                  \
    X(HEAN_REASON_QTY_TOO_LARGE, "qty_too_large")                                                  \
    X(HEAN_REASON_NOTIONAL_TOO_SMALL, "notional_too_small")                                        \
    X(HEAN_REASON_NOTIONAL_TOO_LARGE, "notional_too_large")                                        \
    X(HEAN_REASON_POST_ONLY_WOULD_TAKE, "post_only_would_take")                                    \
    X(HEAN_REASON_FOK_NOT_FILLABLE, "fok_not_fillable")                                            \
    X(HEAN_REASON_IOC_REMAINDER, "ioc_remainder")                                                  \
    X(HEAN_REASON_NO_LIQUIDITY, "no_liquidity")                                                    \
    X(HEAN_REASON_REDUCE_ONLY, "reduce_only")                                                      \
    X(HEAN_REASON_RISK_MAX_POSITION, "risk_max_position")                                          \
    X(HEAN_REASON_RISK_MAX_NOTIONAL, "risk_max_notional")                                          \
    X(HEAN_REASON_RISK_MAX_OPEN_ORDERS, "risk_max_open_orders")                                    \
    X(HEAN_REASON_RISK_ORDER_RATE, "risk_order_rate")                                              \
    X(HEAN_REASON_RISK_PRICE_BAND, "risk_price_band")                                              \
    X(HEAN_REASON_RISK_STATE, "risk_state")                                                        \
    X(HEAN_REASON_CANCELLED_BY_STRATEGY, "cancelled_by_strategy")                                  \
    X(HEAN_REASON_CANCELLED_BY_HOST, "cancelled_by_host")                                          \
    X(HEAN_REASON_VENUE, "venue")                                                                  \
    X(HEAN_REASON_NO_REFERENCE_PRICE, "no_reference_price")                                        \
    X(HEAN_REASON_INSUFFICIENT_BALANCE, "insufficient_balance")

typedef enum hean_reason {
#define HEAN_REASON_ENUM(name, text) name,
    HEAN_REASON_MAP(HEAN_REASON_ENUM)
#undef HEAN_REASON_ENUM
        HEAN_REASON_COUNT
} hean_reason;

HEAN_API const char *hean_reason_text(hean_reason reason);

/* One event: 72 bytes, the same in memory, in the binary data file and across the jail. */
typedef struct hean_event {
    int64_t local_ns; /* when this host received it */
    int64_t exch_ns;  /* when the venue made it */
    uint8_t kind;     /* hean_event_kind */
    uint8_t side;     /* hean_side: BOOK bid = BUY, ask = SELL */
    uint8_t flags;
    uint8_t reason;      /* ORDER: hean_reason */
    uint16_t instrument; /* as given by hean_host_add_instrument */
    uint16_t strategy;   /* host events: whom it concerns */
    union {
        struct { /* BOOK, TRADE */
            int64_t price_ticks;
            int64_t qty_lots;
            int64_t sequence; /* the venue's sequence or trade number, 0 if none */
        } level;
        struct { /* BAR: exch_ns is the end of the interval */
            int64_t open_ticks, high_ticks, low_ticks, close_ticks;
            int64_t volume_lots;
            int64_t interval_ns;
        } bar;
        struct { /* QUOTE */
            int64_t bid_ticks, bid_lots, ask_ticks, ask_lots;
            int64_t sequence;
        } quote;
        struct { /* MARK: prices in ticks; next_rate is the forecast */
            int64_t mark_ticks, index_ticks, last_ticks;
            int64_t next_rate_e12;
            int64_t next_funding_ns;
            int64_t open_interest_lots;
        } mark;
        struct { /* FUNDING: a long pays rate * value when the rate is positive */
            int64_t rate_e12;
            int64_t mark_ticks;  /* 0: the last known price */
            int64_t interval_ns; /* 0: unknown */
            int64_t paid_e8;     /* to a strategy: what its position received, minus if paid */
        } funding;
        struct {           /* CONNECTION */
            int64_t state; /* 0 down, 1 up, 2 ready */
        } connection;
        struct {            /* TIMER */
            int64_t tag;    /* the value given to the timer */
            int64_t due_ns; /* when it should have fired */
        } timer;
        struct { /* ORDER: the order as it now stands */
            uint64_t order_id;
            int64_t price_ticks;
            int64_t qty_lots;    /* as ordered */
            int64_t filled_lots; /* so far */
            int64_t status;      /* hean_order_status */
        } order;
        struct { /* FILL */
            uint64_t order_id;
            int64_t price_ticks;
            int64_t qty_lots;
            int64_t fee_e8;      /* positive is a cost */
            int64_t realized_e8; /* without fees */
            uint64_t execution_id;
        } fill;
        struct { /* START with SNAPSHOT: what was held of the instrument before; comes before START
                  */
            int64_t qty_lots, cost_e8, realized_e8, fees_e8, funding_e8;
        } restored;
    } data;
} hean_event;

/* ---- Intents ----------------------------------------------------------------------------- */

typedef enum hean_intent_kind {
    HEAN_INTENT_NONE,
    HEAN_INTENT_PLACE,
    HEAN_INTENT_AMEND,
    HEAN_INTENT_CANCEL,
    HEAN_INTENT_SET_TIMER,
    HEAN_INTENT_LOG,
    HEAN_INTENT_METRIC,
    HEAN_INTENT_KIND_COUNT
} hean_intent_kind;

typedef enum hean_order_type {
    HEAN_ORDER_LIMIT,
    HEAN_ORDER_MARKET,
    HEAN_ORDER_STOP,       /* market order once the trigger trades */
    HEAN_ORDER_STOP_LIMIT, /* limit order once the trigger trades */
    HEAN_ORDER_TYPE_COUNT
} hean_order_type;

typedef enum hean_time_in_force {
    HEAN_TIF_GTC,
    HEAN_TIF_IOC,
    HEAN_TIF_FOK,
    HEAN_TIF_POST_ONLY,
    HEAN_TIF_COUNT
} hean_time_in_force;

#define HEAN_INTENT_REDUCE_ONLY 0x01u

/* One wish of a strategy: 64 bytes. Order ids are made by the strategy's side:
 * (strategy id << 48) | sequence, sequence from 1. An AMEND carries the new price and the new
 * total quantity; 0 keeps the old. SET_TIMER carries the timer's tag in order_id. A price or
 * quantity that is not a whole number of ticks or lots is sent as HEAN_NOT_ON_STEP, which is
 * refused with price_not_on_tick or qty_not_on_lot. */
#define HEAN_NOT_ON_STEP INT64_MIN
typedef struct hean_intent {
    uint8_t kind;       /* hean_intent_kind */
    uint8_t side;       /* PLACE: hean_side; LOG: hean_log_level */
    uint8_t order_type; /* hean_order_type */
    uint8_t time_in_force;
    uint8_t flags;
    uint8_t reserved;
    uint16_t instrument;
    uint64_t order_id;
    int64_t price_ticks;
    int64_t trigger_ticks;
    int64_t qty_lots;
    int64_t timer_ns;     /* SET_TIMER: delay from now; METRIC and LOG: 0 */
    double value;         /* METRIC */
    uint32_t text_offset; /* LOG, METRIC (the name): bytes in the text that came with the batch */
    uint32_t text_bytes;
} hean_intent;

/* ---- Positions, risk, metrics ------------------------------------------------------------ */

typedef struct hean_position {
    int64_t qty_lots; /* negative is short */
    int64_t cost_e8;  /* value at entry of what is held, always >= 0; price = cost / qty */
    int64_t realized_e8;
    int64_t unrealized_e8;
    int64_t fees_e8;
    int64_t funding_e8; /* received, minus if paid */
} hean_position;

typedef enum hean_risk_state {
    HEAN_RISK_NORMAL,
    HEAN_RISK_SOFT_BRAKE, /* only orders that reduce a position */
    HEAN_RISK_QUARANTINE, /* no new orders; cancels pass */
    HEAN_RISK_HARD_STOP   /* all orders cancelled, the strategy stays stopped */
} hean_risk_state;

/* Limits per strategy; 0 does not apply. What each does is written in engine/risk.h. */
typedef struct hean_risk_limits {
    int64_t max_position_lots;
    int64_t max_position_notional_e8;
    int64_t max_order_notional_e8;
    int32_t max_open_orders;
    int32_t max_orders_per_second;
    int64_t price_band_e8;      /* largest distance from the reference price, as a fraction */
    int64_t soft_drawdown_e8;   /* fraction of peak equity: SOFT_BRAKE */
    int64_t max_drawdown_e8;    /* fraction of peak equity: HARD_STOP */
    int32_t max_rejects_in_row; /* QUARANTINE */
} hean_risk_limits;

typedef struct hean_account {
    int64_t capital_e8;
    int64_t realized_e8;
    int64_t unrealized_e8;
    int64_t fees_e8;
    int64_t funding_e8;
    int64_t equity_e8; /* capital + realized + unrealized - fees + funding */
    int64_t peak_equity_e8;
    int64_t drawdown_e8;     /* now, as a fraction of the peak */
    int64_t max_drawdown_e8; /* the worst so far */
    hean_risk_state risk_state;
    uint64_t orders;
    uint64_t fills;
    uint64_t rejects;
    uint64_t callbacks;
} hean_account;

/* ---- The host ------------------------------------------------------------------------------
 *
 * The order of calls: open; add every instrument; load every strategy; start; then push, advance
 * and the readers as often as wanted; close. A call out of order is HEAN_E_STATE.
 *
 * What holds for every function below
 *   Shape     NULL for a pointer that must be given is HEAN_E_INVALID, not a crash; `error` may
 *             always be NULL; closing NULL does nothing.
 *   Errors    Every call that allocates can fail with HEAN_E_NO_MEMORY.
 *   Threads   Calls on one host must not overlap; hosts share nothing. The log sink and the
 *             allocator must not call back into their host.
 */

typedef struct hean_host hean_host;

typedef enum hean_isolation {
    HEAN_ISOLATION_PROCESS,   /* each strategy in a jailed process of its own */
    HEAN_ISOLATION_IN_PROCESS /* in this process: only for scripts that you trust */
} hean_isolation;

typedef enum hean_broker {
    HEAN_BROKER_PAPER,   /* orders are filled against the events that are pushed */
    HEAN_BROKER_EXTERNAL /* the embedder takes the intents and pushes ORDER and FILL events */
} hean_broker;

/* How a resting order of the paper broker moves up in its price level's queue. */
typedef enum hean_queue_model {
    HEAN_QUEUE_RISK_AVERSE, /* only by trades at the price */
    HEAN_QUEUE_PROB_POWER,  /* also by cancellations, in front with probability by x^power */
    HEAN_QUEUE_PROB_LOG     /* the same by ln(1 + x) */
} hean_queue_model;

/* One point of a recorded distribution of latencies: holds from time_ns until the next. */
typedef struct hean_latency_sample {
    int64_t time_ns;
    int64_t entry_ns, response_ns;
} hean_latency_sample;

typedef struct hean_host_options {
    const hean_allocator *allocator;    /* NULL: malloc and free; must outlive the host */
    hean_log_sink log;                  /* write NULL: lines are dropped */
    hean_isolation isolation;           /* PROCESS */
    const char *worker_path;            /* NULL: beside the program, then beside the library */
    hean_broker broker;                 /* PAPER */
    int64_t entry_latency_ns;           /* paper: from here to the venue; 1 ms */
    int64_t response_latency_ns;        /* paper: from the venue to here; 1 ms */
    const hean_latency_sample *latency; /* paper: recorded, in place of both; NULL */
    size_t latency_count;
    hean_queue_model queue;  /* paper: RISK_AVERSE */
    double queue_power;      /* paper, PROB_POWER: 3 */
    uint64_t seed;           /* of math.random in the scripts; 1 */
    int64_t deadline_ns;     /* per callback, PROCESS only; 50 ms */
    size_t memory_bytes_max; /* per script; 64 MiB */
} hean_host_options;

/* The values named above. Source: core/host/host.c */
HEAN_API hean_host_options hean_host_options_default(void);

/* What a strategy gets when nothing else is said: 100 open orders, 1,000 orders a second, prices
 * within 10 % of the market, SOFT_BRAKE at 10 % and HARD_STOP at 20 % drawdown, QUARANTINE after
 * 100 refusals in a row. Source: core/host/host.c */
HEAN_API hean_risk_limits hean_risk_limits_default(void);

/* Makes a host.
 * Shape     `options` NULL: the defaults.
 * Errors    HEAN_E_RANGE (a latency, deadline or memory cap that is negative or absurd),
 *           HEAN_E_INVALID (an enum value that does not exist).
 * Lifetime  hean_host_close frees it; the allocator and the log sink's context must outlive it.
 * Source    core/host/host.c */
HEAN_API hean_status hean_host_open(const hean_host_options *options, hean_host **out,
                                    hean_error *error) HEAN_WARN_UNUSED;

/* Ends the workers and frees everything, in any state.
 * Source    core/host/host.c */
HEAN_API void hean_host_close(hean_host *host);

/* Adds an instrument; ids count from 0.
 * Errors    HEAN_E_INVALID, HEAN_E_RANGE (the message names the field), HEAN_E_EXISTS (the
 *           symbol), HEAN_E_LIMIT (1,024), HEAN_E_STATE (a strategy was loaded).
 * Source    core/host/host.c */
HEAN_API hean_status hean_host_add_instrument(hean_host *host, const hean_instrument *instrument,
                                              uint16_t *out, hean_error *error) HEAN_WARN_UNUSED;

/* A strategy to load. Zero is a valid value of everything but `capital_e8` and one of `file` and
 * `source`. */
typedef struct hean_strategy {
    const char *file;        /* is read unless `source` is given; then only named in messages */
    const char *source;      /* the script's text */
    size_t source_bytes;     /* 0: up to the terminating 0 */
    const char *name;        /* unique in the host; NULL: as the script says */
    const char *params_json; /* such as {"lookback": 20}: values that differ from the defaults */
    int64_t capital_e8;      /* > 0 */
    hean_risk_limits limits;
    const char *saved; /* what hean_host_save gave in an earlier run; NULL: none */
    size_t saved_bytes;
} hean_strategy;

/* Loads a script, in a jailed process of its own unless the host is IN_PROCESS, checks its
 * parameters and hands it what it saved. Ids count from 0, and events reach the strategies in that
 * order. A strategy that cannot be loaded leaves the host as it was.
 * Units     capital_e8 is in the settlement currency of what it trades.
 * Errors    HEAN_E_NOT_FOUND (file, worker program, an unknown parameter), HEAN_E_IO,
 *           HEAN_E_LIMIT (a script over 1 MiB, 256 strategies), HEAN_E_SCRIPT ("file:line: ..."),
 *           HEAN_E_SCRIPT_DEADLINE, HEAN_E_SCRIPT_MEMORY, HEAN_E_SCRIPT_JAILED, HEAN_E_WORKER,
 *           HEAN_E_RANGE (a parameter, the capital or a limit), HEAN_E_EXISTS (the name),
 *           HEAN_E_UNSUPPORTED (the kernel has no seccomp), HEAN_E_STATE (started already).
 * Lifetime  Everything that is passed in is copied.
 * Source    core/host/load.c; the Lua side is core/script */
HEAN_API hean_status hean_host_load_strategy(hean_host *host, const hean_strategy *strategy,
                                             uint16_t *out, hean_error *error) HEAN_WARN_UNUSED;

/* Starts the clock of the host and calls on_start of every strategy. One that fails there is
 * stopped (see hean_host_strategy_state); that is no failure of this call.
 * Units     now_ns in (0, 2^62); no event may be older.
 * Errors    HEAN_E_RANGE (time), HEAN_E_STATE (started already).
 * Source    core/host/host.c */
HEAN_API hean_status hean_host_start(hean_host *host, int64_t now_ns,
                                     hean_error *error) HEAN_WARN_UNUSED;

/* The largest price and quantity of an event, in ticks and lots. */
#define HEAN_UNITS_MAX (INT64_C(1) << 53)

/* Takes events in order of local_ns. Timers and delayed answers that are due before an event happen
 * before it. The whole batch is checked first, and a batch with one bad event is refused whole:
 * nothing of it was taken. With the paper broker the venue sees an event at the same instant.
 * Shape     Kinds BOOK, TRADE, BAR, QUOTE, MARK, FUNDING, CONNECTION; with an EXTERNAL broker also
 *           ORDER and FILL. Unused fields are ignored. With HEAN_OK every event was taken.
 * Units     Times in (0, 2^62). exch_ns 0 is "unknown", and a venue's clock may run ahead of ours:
 *           local_ns is taken for both.
 * Errors    HEAN_E_INVALID (the message says what of which event), HEAN_E_TIME_ORDER, HEAN_E_STATE.
 *           HEAN_E_NOT_FOUND, HEAN_E_INVALID also for an ORDER or FILL event that does not fit an
 *           open order: what came before it in the batch was taken, and the host goes on.
 *           After any other error (HEAN_E_NO_MEMORY, HEAN_E_LIMIT) the host takes no more events:
 *           read what you need and close it.
 *           A strategy that fails is stopped, its orders are cancelled, the others go on; that is
 *           no failure of this call.
 * Source    core/host/feed.c, core/engine */
HEAN_API hean_status hean_host_push(hean_host *host, const hean_event *events, size_t count,
                                    hean_error *error) HEAN_WARN_UNUSED;

/* Time passes without an event: timers and delayed answers happen up to and including now_ns.
 * Errors    as hean_host_push.
 * Source    core/host/feed.c */
HEAN_API hean_status hean_host_advance(hean_host *host, int64_t now_ns,
                                       hean_error *error) HEAN_WARN_UNUSED;

/* When hean_host_advance is due next; INT64_MAX if nothing waits.
 * Source    core/host/feed.c */
HEAN_API int64_t hean_host_next_due_ns(const hean_host *host);

/* An order, amendment or cancellation that passed the risk gate. */
typedef struct hean_order_intent {
    uint16_t strategy;
    hean_intent intent; /* kind PLACE, AMEND or CANCEL; text_offset and text_bytes are 0 */
} hean_order_intent;

/* EXTERNAL: moves up to `capacity` intents to `out`, oldest first; returns how many. They wait in
 * the host until they are taken. Answer each with ORDER and FILL events through hean_host_push:
 * they carry the intent's order_id, and every FILL an execution_id of its own (the same again is
 * taken once). Source    core/host/feed.c */
HEAN_API size_t hean_host_take_intents(hean_host *host, hean_order_intent *out, size_t capacity);

/* What a strategy holds of an instrument.
 * Errors    HEAN_E_NOT_FOUND (no such strategy or instrument), HEAN_E_INVALID.
 * Source    core/host/observe.c */
HEAN_API hean_status hean_host_position(const hean_host *host, uint16_t strategy,
                                        uint16_t instrument, hean_position *out) HEAN_WARN_UNUSED;

/* A strategy's money and counts.
 * Errors    HEAN_E_NOT_FOUND, HEAN_E_INVALID.
 * Source    core/host/observe.c */
HEAN_API hean_status hean_host_account(const hean_host *host, uint16_t strategy,
                                       hean_account *out) HEAN_WARN_UNUSED;

#define HEAN_NAME_BYTES 48

typedef struct hean_strategy_state {
    char name[HEAN_NAME_BYTES];
    bool running;   /* loaded and not stopped */
    bool saves;     /* has on_save */
    int worker_pid; /* PROCESS: of its worker; else 0 */
    hean_error why; /* it was stopped: with file, line and callback; status HEAN_OK while it runs */
} hean_strategy_state;

/* How a strategy is. One in HEAN_RISK_HARD_STOP still runs: it gets events and may not trade.
 * Errors    HEAN_E_NOT_FOUND, HEAN_E_INVALID.
 * Source    core/host/observe.c */
HEAN_API hean_status hean_host_strategy_state(const hean_host *host, uint16_t strategy,
                                              hean_strategy_state *out) HEAN_WARN_UNUSED;

/* Open orders of a strategy, as ORDER events, oldest first. Copies up to `capacity`; returns how
 * many there are.
 * Source    core/host/observe.c */
HEAN_API size_t hean_host_open_orders(const hean_host *host, uint16_t strategy, hean_event *out,
                                      size_t capacity);

#define HEAN_NO_STRATEGY 0xFFFFu

#define HEAN_METRIC_NAME_BYTES 72

typedef struct hean_metric {
    char name[HEAN_METRIC_NAME_BYTES];
    uint16_t strategy; /* HEAN_NO_STRATEGY: of the host */
    double value;
} hean_metric;

/* Named values: those of the host ("events", "strategies_running", ...), then of each strategy:
 * those the host measures ("round_trip_ns_max", ...) and those the script set with ctx:metric (at
 * most 256 names; more are counted in "metrics_dropped").
 * Copies up to `capacity`; returns how many there are.
 * Source    core/host/observe.c */
HEAN_API size_t hean_host_metrics(const hean_host *host, hean_metric *out, size_t capacity);

/* Calls on_save of a strategy: its state as JSON text, to be given back in hean_strategy.saved. A
 * strategy that fails in it is stopped, as in every callback.
 * Shape     *bytes is 0 if the script has no on_save.
 * Errors    HEAN_E_NOT_FOUND, HEAN_E_STATE (not started, or stopped), HEAN_E_LIMIT (over 1 MiB),
 *           HEAN_E_SCRIPT and the others of a script that fails.
 * Lifetime  The text is valid until the next call on this host.
 * Source    core/host/load.c */
HEAN_API hean_status hean_host_save(hean_host *host, uint16_t strategy, const char **text,
                                    size_t *bytes, hean_error *error) HEAN_WARN_UNUSED;

#define HEAN_HASH_BYTES 65

/* SHA-256, in hexadecimal, over every order, refusal, fill and funding so far, in order. The same
 * events, strategies and options give the same hash on every machine and in every isolation.
 * Shape     `host` NULL: an empty text.
 * Source    core/host/observe.c; what is hashed: core/engine/account.c */
HEAN_API void hean_host_orders_hash(hean_host *host, char out[HEAN_HASH_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
