/*
 * sim.h: a venue that speaks Bybit v5, as a pure state machine: requests and frames in, answers and
 * frames out, time given. `hean exchange-sim` puts it on a loopback socket (sim_server.h), and the
 * fault simulator steps it by simulated time.
 *
 * Market: the seeded market or recorded data. Orders meet it in the paper venue's matching
 * (engine/paper.h); wallet, positions, average entry, funding, fees are kept here.
 *
 * Symbols: a spot instrument "X-SPOT" is called X, as the real venue calls spot and perpetual
 * alike; sim_position takes the market's own name. Left out: hedge mode, take-profit and stop-loss
 * on orders, trailing stops, liquidation and ADL, options, borrowing, transfers, the risk tiers
 * (one tier, any leverage to 100), self-match guards. Own orders are not in the public book and do
 * not print public trades. Requests that say so are refused, not ignored.
 *
 * Invariants
 *   M1  wallet changes are sums of execution fees, realized PnL and funding, each in the
 *       transaction log, to the last digit.
 *   M2  a client order id makes one order, ever.
 *   M3  the same options, requests and times give the same bytes.
 */
#ifndef EXCHANGE_SIM_H
#define EXCHANGE_SIM_H

#include <base/base.h>

typedef struct sim_venue sim_venue;

/* Each a probability per opportunity, 0 to 1, drawn from the seed; all 0 by default.
 *   of a request: http_429, http_403 (HTML), http_5xx (503, HTML) and rate_10006 refuse it;
 *     refused_no_answer drops it; accepted_no_answer, cut_answer, garbage_answer and slow_answer
 *     (0.2 to 3 s) act on it and then spoil the answer
 *   of a frame to one socket: duplicate_frame, reordered_frame (after the next one), lost_frame,
 *     drop_connection
 *   of a frame of a book: sequence_gap (what changed is lost, u steps over one), book_restart (a
 *     snapshot with u = 1, from which the numbers go on)
 *   of a frame of executions: late_execution (0.2 to 2 s) */
#define SIM_FAULT_MAP(X)                                                                           \
    X(http_429)                                                                                    \
    X(http_403)                                                                                    \
    X(rate_10006)                                                                                  \
    X(http_5xx)                                                                                    \
    X(slow_answer)                                                                                 \
    X(cut_answer)                                                                                  \
    X(accepted_no_answer)                                                                          \
    X(refused_no_answer)                                                                           \
    X(garbage_answer)                                                                              \
    X(duplicate_frame)                                                                             \
    X(reordered_frame)                                                                             \
    X(lost_frame)                                                                                  \
    X(sequence_gap)                                                                                \
    X(drop_connection)                                                                             \
    X(book_restart)                                                                                \
    X(late_execution)
typedef struct sim_faults {
#define SIM_FAULT_FIELD(name) double name;
    SIM_FAULT_MAP(SIM_FAULT_FIELD)
#undef SIM_FAULT_FIELD
    int64_t clock_skew_ns; /* of the venue's clock */
} sim_faults;

typedef struct sim_options {
    const hean_allocator *allocator;
    uint64_t seed;
    const char *market;       /* "sim:SEED..." as market/sim.h, or NULL with `events` */
    const hean_event *events; /* recorded data, with their instruments */
    size_t event_count;
    const struct market_instrument *instruments;
    size_t instrument_count;
    const char *api_key, *api_secret; /* signatures are checked against these */
    int64_t wallet_usdt_e8;           /* at the start: 100,000 */
    int64_t latency_ns;               /* of the matching engine: acknowledgement to outcome */
    /* The market begins this long before the first call, so that bars and trades have a past. */
    int64_t history_ns;
    int64_t speed_e3; /* of the market, 1000: as it was; the venue's clock is always the caller's */
    int32_t limit_factor; /* quotas are so many times those of an ordinary account: 1 */
    int64_t ip_ban_ns;    /* after 600 requests in 5 s: 10 minutes */
    int64_t book_push_ns; /* between frames of a book; -1: as the venue does, by depth */
    sim_faults faults;
} sim_options;

sim_options sim_options_default(void);
hean_status sim_open(const sim_options *options, sim_venue **out,
                     hean_error *error) HEAN_WARN_UNUSED;
void sim_close(sim_venue *sim);

/* ---- connections: ids are the caller's ---- */

/* An HTTP request; it is answered by sim_take_output with the same id, now, later, or never. */
typedef struct sim_request {
    uint64_t id;
    const char *method, *target; /* "/v5/order/create?..." */
    const char *headers;         /* "Name: value\n" lines */
    const char *body;
    size_t body_bytes;
} sim_request;
hean_status sim_http(sim_venue *sim, const sim_request *request, int64_t now_ns) HEAN_WARN_UNUSED;
/* A WebSocket connection to `target` ("/v5/public/linear"); a refused one is closed by output. */
hean_status sim_socket_open(sim_venue *sim, uint64_t socket, const char *target,
                            int64_t now_ns) HEAN_WARN_UNUSED;
hean_status sim_socket_message(sim_venue *sim, uint64_t socket, const char *text, size_t bytes,
                               int64_t now_ns) HEAN_WARN_UNUSED;
void sim_socket_closed(sim_venue *sim, uint64_t socket);

hean_status sim_advance(sim_venue *sim, int64_t now_ns) HEAN_WARN_UNUSED;
int64_t sim_due_ns(const sim_venue *sim);

typedef enum sim_output_kind {
    SIM_ANSWER,     /* of request `id` */
    SIM_CUT_ANSWER, /* the first `bytes` of it, then the connection is cut */
    SIM_NO_ANSWER,  /* the connection is cut */
    SIM_FRAME,      /* to socket `id` */
    SIM_SOCKET_CUT
} sim_output_kind;

typedef struct sim_output {
    sim_output_kind kind;
    uint64_t id;
    int64_t at_ns; /* not before; answers and frames may be slow */
    int http_status;
    const char *headers; /* "Name: value\r\n" lines */
    const char *body;
    size_t bytes;
} sim_output;
/* The next whose time has come; false: none. Valid until the next call. */
bool sim_take_output(sim_venue *sim, int64_t now_ns, sim_output *out);

/* ---- by hand, for tests and demos ---- */
/* Faults from now on. */
void sim_set_faults(sim_venue *sim, const sim_faults *faults);
/* What the venue knows, for comparison: position (lots, signed) and wallet. */
hean_status sim_position(const sim_venue *sim, const char *symbol, int64_t *lots) HEAN_WARN_UNUSED;
int64_t sim_wallet_e8(const sim_venue *sim, const char *coin);
uint64_t sim_orders_made(const sim_venue *sim);

#endif
