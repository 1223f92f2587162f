/*
 * venue.h: a venue as one state machine: commands, time and bytes in; actions for the wire, and
 * events for the engine and the ledger, out. Bybit v5 implements it (core/exchange/bybit).
 *
 * Life: start -> clock offset, instruments, fees; public streams; with keys also private streams
 * and reconciliation -> READY. A cut leads to NOT_READY and the same path again. While it is not
 * READY, orders and amendments are refused, cancels go as soon as they can.
 *
 * Reconciliation, before READY and every 30 s as an audit: open orders; executions since the last
 * list (five minutes before it are listed again); positions; the wallet. What it finds is told as
 * VENUE_DIFFERENCE, the text beginning with its name, and settled so:
 *   earlier_order  an open order of an earlier run of this host (or one of this run that was told
 *                  as ended): cancelled; its executions come as LATE_FILL before READY.
 *   vanished       the venue no longer knows an order of ours: told as CANCELLED.
 *   overfilled     more was filled than was ordered: the order's quantity follows.
 *   position       the venue's position is not what strategies hold (venue_set_held) plus what
 *                  foreign executions explain: told, left as it is, foreign from then on. READY
 *                  comes all the same: whether to trade on is the host's to decide.
 * Orders and executions without this host's mark are foreign: shown, never touched (X6).
 *
 * What the host does: post every FILL, LATE_FILL, FOREIGN_FILL and FUNDING to the ledger by
 * exec_id. Within a session each comes once (X4); after a restart, executions of the five minutes
 * before known_execution_ns are told again, and the ledger knows which it has. A LATE_FILL belongs
 * to a strategy (`event.strategy`, HEAN_NO_STRATEGY if none of that name runs) whose engine does
 * not know the order: what it holds changes all the same, if the ledger took it as new. Then
 * venue_set_held for each instrument that changed, before the next venue_advance.
 *
 * Invariants
 *   X1  client order ids are a function of (run, strategy, sequence): sending an order again cannot
 *       make a second one. No id is ever used for another order.
 *   X2  an ambiguous outcome makes an order UNKNOWN, never REJECTED; it is asked for by its client
 *       id until the venue has told its state, or has denied it for long enough that no copy of the
 *       request can still arrive.
 *   X3  no order or amendment leaves before READY: clock known, orders, executions since the last
 *       known one, positions and wallet compared with the venue's.
 *   X4  each execution is told once, by its venue id, whichever way it came (stream, query, twice).
 *   X5  a message that cannot be trusted (cut, malformed, with doubled keys, of the wrong type)
 *       moves nothing; it is counted, and told once per kind.
 *   X6  orders that this host did not make are never touched; they are shown.
 *   X7  secrets are in no event, no log text, no error, and wiped on close.
 * Must not know: sockets, clocks, engines, files.
 */
#ifndef EXCHANGE_VENUE_H
#define EXCHANGE_VENUE_H

#include <exchange/wire.h>
#include <market/instrument.h>

typedef struct venue venue;

typedef enum venue_category { VENUE_LINEAR, VENUE_SPOT, VENUE_INVERSE } venue_category;

#define VENUE_EXEC_ID_BYTES   64
#define VENUE_CLIENT_ID_BYTES 37 /* with the final 0; the venue takes 36 */
#define VENUE_COIN_BYTES      20

/* What is known of a strategy's order names: its part of client ids. */
typedef struct venue_strategy {
    const char *name;
} venue_strategy;

typedef struct venue_options {
    const hean_allocator *allocator;
    venue_category category;
    const char *rest_url;             /* "https://api.bybit.com" */
    const char *public_socket_url;    /* "wss://stream.bybit.com/v5/public/linear" */
    const char *private_socket_url;   /* NULL: market data only */
    const char *api_key, *api_secret; /* copied to locked memory, wiped on close; NULL: none */
    bool trade;                       /* false: no order ever leaves, whatever is asked */
    int64_t recv_window_ms;           /* 5000 */
    const char *const *symbols;
    size_t symbol_count;
    int32_t book_depth;                 /* 1, 50, 200, 1000 */
    const char *const *kline_intervals; /* as the venue spells them; NULL: none */
    size_t kline_interval_count;
    const char *run;                  /* of this session: its part of client ids, 8 of [a-z0-9] */
    const venue_strategy *strategies; /* by the ids that intents carry */
    size_t strategy_count;
    int32_t ceiling_percent;    /* of the venue's rate limits: 80 */
    int64_t known_execution_ns; /* executions up to here are in the ledger; 0: none */
    uint64_t seed;              /* of jitter */
} venue_options;

typedef enum venue_event_kind {
    VENUE_INSTRUMENT,    /* once per symbol, before READY and before its market events */
    VENUE_MARKET,        /* `event`: BOOK, TRADE, BAR, QUOTE, MARK, FUNDING, CONNECTION */
    VENUE_ORDER,         /* `event`: ORDER of one of our orders */
    VENUE_FILL,          /* `event`: FILL, with the execution's texts */
    VENUE_LATE_FILL,     /* the same, of an order of ours that the engine no longer holds */
    VENUE_LIQUIDATION,   /* `event`: shaped as TRADE; side is that of the position that was closed,
                            the price is not one that was traded: not for the engine */
    VENUE_FUNDING,       /* money settled on a position of the account */
    VENUE_FOREIGN_FILL,  /* an execution of an order that is not ours */
    VENUE_FOREIGN_ORDER, /* an open order that is not ours; qty 0: it is gone */
    VENUE_POSITION,      /* of the account, as the venue has it */
    VENUE_WALLET,        /* one coin */
    VENUE_DIFFERENCE, /* reconciliation found something: `text` names it and how it was settled */
    VENUE_READY,      /* the first intent may come */
    VENUE_NOT_READY,  /* `text` says why; open orders are unknown until the next READY */
    VENUE_LOG,        /* `level`, `text` */
    VENUE_HALT        /* trading must stop: keys refused, shut out; `text`. READY comes again only
                         after the end of a ban */
} venue_event_kind;

typedef struct venue_event {
    venue_event_kind kind;
    hean_event event; /* MARKET, ORDER, FILL; instrument is the index of the symbol */
    uint16_t instrument;
    const market_instrument *spec; /* INSTRUMENT, with fees */
    char exec_id[VENUE_EXEC_ID_BYTES];
    char client_id[VENUE_CLIENT_ID_BYTES];
    char venue_order_id[VENUE_EXEC_ID_BYTES];
    char coin[VENUE_COIN_BYTES]; /* FILL, FUNDING: of the fee or payment; WALLET */
    int64_t amount_e8; /* FUNDING: received; FILL: the venue's own realized, before fees */
    int64_t fee_e8;    /* FILL, FOREIGN_FILL */
    int64_t qty_lots;  /* POSITION: signed */
    int64_t cost_e8;   /* POSITION: value at entry */
    int64_t wallet_e8, equity_e8; /* WALLET */
    int64_t time_ns;              /* the venue's */
    hean_log_level level;
    char text[240];
} venue_event;

/* Copies what it needs. Errors: HEAN_E_INVALID, HEAN_E_RANGE (names the option), NO_MEMORY. */
hean_status venue_open(const venue_options *options, venue **out,
                       hean_error *error) HEAN_WARN_UNUSED;
void venue_close(venue *venue);
hean_status venue_start(venue *venue, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;

/* ---- in ---- */
hean_status venue_response(venue *venue, const wire_response *response, int64_t now_ns,
                           hean_error *error) HEAN_WARN_UNUSED;
hean_status venue_socket(venue *venue, uint64_t socket, wire_socket_event what, const char *text,
                         size_t bytes, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
hean_status venue_advance(venue *venue, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
int64_t venue_due_ns(const venue *venue);

/* ---- out: ask until false; `out` is valid until the next call ---- */
bool venue_take_action(venue *venue, wire_action *out);
bool venue_take_event(venue *venue, venue_event *out);

/* ---- commands: PLACE, AMEND, CANCEL of a strategy, as the gate let them pass ----
 * Answered by VENUE_ORDER and VENUE_FILL events, always, as engine.h says; PARTLY_FILLED and FILLED
 * after a fill are the engine's to tell. A PLACE that cannot go at all (not READY, `trade` is
 * false), or could not leave within five seconds, is answered by REJECTED with the reason "venue"
 * and a text in the log; an AMEND by the order as it stands. A CANCEL is repeated until the order
 * has ended. Errors: HEAN_E_INVALID, HEAN_E_NOT_FOUND (strategy), HEAN_E_EXISTS (an order id that
 * is not above all before it, X1); nothing was done then. */
hean_status venue_intent(venue *venue, uint16_t strategy, const hean_intent *intent, int64_t now_ns,
                         hean_error *error) HEAN_WARN_UNUSED;
/* What all strategies together hold of an instrument; 0 until it is said. The comparison of
 * positions is made in the first venue_advance after all events were taken. */
void venue_set_held(venue *venue, uint16_t instrument, int64_t lots);
/* Cancels all orders of this host (not foreign ones); for the end of a session. */
hean_status venue_cancel_all(venue *venue, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
/* Orders of ours that have not ended, unknown ones included. */
size_t venue_open_orders(const venue *venue);
bool venue_ready(const venue *venue);

/* ---- for metrics ---- */
#define VENUE_COUNTER_MAP(X)                                                                       \
    X(requests)                                                                                    \
    X(responses)                                                                                   \
    X(retries)                                                                                     \
    X(rate_refusals)                                                                               \
    X(unknown_outcomes)                                                                            \
    X(reconnects)                                                                                  \
    X(sequence_gaps)                                                                               \
    X(bad_messages)                                                                                \
    X(duplicate_executions)                                                                        \
    X(differences)                                                                                 \
    X(frames)
typedef struct venue_counters {
#define VENUE_COUNTER_FIELD(name) uint64_t name;
    VENUE_COUNTER_MAP(VENUE_COUNTER_FIELD)
#undef VENUE_COUNTER_FIELD
    int64_t clock_offset_ns;
    int64_t last_frame_ns;
    int32_t create_headroom;
} venue_counters;
void venue_get_counters(const venue *venue, venue_counters *out);

#endif
