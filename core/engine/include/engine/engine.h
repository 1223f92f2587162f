/*
 * engine.h: the one loop that backtest, paper and live share.
 *
 * next event -> book, bars -> strategies in fixed order -> risk gate -> broker -> fills ->
 * portfolio -> observers. No I/O, no clock, no randomness but the seed, no floating point in money.
 * Time is what the events say.
 *
 * Invariants
 *   E1  event time never goes back: an older event is refused with HEAN_E_TIME_ORDER.
 *   E2  a strategy sees an event only after everything that happened before it, in local time,
 *       and all its intents are taken before the next event.
 *   E3  no order reaches the broker that the risk gate refused; a strategy cannot reach the gate.
 *   E4  each order ends once; its fills never exceed its quantity; each execution is applied once.
 *   E5  the same events, strategies and options give the same orders hash.
 *   E6  a strategy that fails is stopped and its orders are cancelled; the others go on.
 *
 * What is next. The earliest of: a market event at the venue (exch_ns), a request arriving there,
 * an answer arriving at the host, a market event at the host (local_ns), a timer; at the same time
 * in this order. What intents cause at once (refusals) is told after all strategies saw the event.
 *
 * What strategies are told of an order, by ORDER and FILL events
 *   PENDING_NEW  to the observer only: the gate let it pass and it was sent
 *   REJECTED     with the reason; unknown_order: a CANCEL or AMEND of an order that has ended
 *   OPEN, PARTLY_FILLED   with a reason: an AMEND that was refused, the order stands
 *   FILL         then ORDER with PARTLY_FILLED or FILLED
 *   CANCELLED    with the reason. A second CANCEL of the same order is not answered.
 * An intent that is not about an order and cannot be taken (a bad timer, log line, metric, an
 * unknown kind) is answered by REJECTED, invalid_intent, order 0. PLACE fields that the order's
 * type does not use must be 0. The paper venue's semantics are in paper.h, the gate's in risk.h.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <base/hash.h>
#include <market/book.h>
#include <market/instrument.h>

/* ---- the strategy's seam: implemented in process (script VM) and across the jail (ring) ---- */

#define ENGINE_INTENTS_MAX 64 /* per event; more is the strategy's error */

typedef struct engine_intents {
    const hean_intent *items;
    size_t count;
    const char *text; /* of LOG and METRIC */
    size_t text_bytes;
} engine_intents;

/* What a strategy wants to see. Bits of hean_event_kind in `kinds`. */
typedef struct engine_subscription {
    uint32_t kinds;
    /* Every BOOK event of a message instead of only the one that carries LAST (the ring needs all
     * for the worker's own book). */
    bool every_level;
    const int64_t *bar_intervals_ns;
    size_t bar_interval_count;
    /* instruments: bit i of the bytes; NULL: all */
    const uint8_t *instruments;
} engine_subscription;

typedef struct engine_strategy_ops {
    /* Hands one event over and takes the intents (valid until the next call). Anything but HEAN_OK
     * stops the strategy (E6): SCRIPT, SCRIPT_DEADLINE, SCRIPT_MEMORY, SCRIPT_JAILED, WORKER. The
     * engine itself stops one with LIMIT (too many intents for one event, or a chain of intents and
     * own events without end at one instant) or RANGE (an account that no longer fits). It must not
     * call the engine. */
    hean_status (*on_event)(void *context, const hean_event *event, engine_intents *intents,
                            hean_error *error);
} engine_strategy_ops;

typedef struct engine_strategy {
    const char *name;
    const engine_strategy_ops *ops;
    void *context;
    engine_subscription subscription;
    hean_risk_limits limits;
    int64_t capital_e8;
} engine_strategy;

/* ---- the paper venue ---- */

typedef enum engine_queue_model {
    /* Conservative: only trades at the price advance the queue; a level smaller than the queue
     * ahead shortens it. (hftbacktest: RiskAdverseQueueModel) */
    ENGINE_QUEUE_RISK_AVERSE,
    /* A decrease that no trade explains happened in front with probability
     * f(back) / (f(back) + f(front)), f(x) = x^power. (hftbacktest: ProbQueueModel with
     * PowerProbQueueFunc) */
    ENGINE_QUEUE_PROB_POWER,
    /* The same with f(x) = ln(1 + x). (hftbacktest: LogProbQueueFunc) */
    ENGINE_QUEUE_PROB_LOG
} engine_queue_model;

typedef struct engine_paper_options {
    int64_t entry_latency_ns;    /* host to matching engine: new, amend and cancel */
    int64_t response_latency_ns; /* matching engine to host */
    /* A recorded distribution: by time, constant between samples (NULL: the constants above). */
    const hean_latency_sample *latency;
    size_t latency_count;
    engine_queue_model queue;
    double queue_power; /* PROB_POWER: 3 by default */
    bool partial_fills; /* resting orders fill by what trades; false: whole or nothing */
} engine_paper_options;

/* ---- observers: what happened, for ledger, journal, metrics, display ---- */

typedef struct engine_observer {
    void *context;
    /* An order changed (event kind ORDER) or filled (FILL); funding settled (FUNDING). Called in
     * order, once each. Any may be NULL. */
    void (*on_account_event)(void *context, const hean_event *event);
    void (*on_log)(void *context, uint16_t strategy, hean_log_level level, int64_t time_ns,
                   const char *text, size_t bytes);
    void (*on_metric)(void *context, uint16_t strategy, const char *name, size_t bytes,
                      double value);
    void (*on_strategy_stopped)(void *context, uint16_t strategy, const hean_error *error);
    void (*on_risk_state)(void *context, uint16_t strategy, hean_risk_state from,
                          hean_risk_state to, const char *why);
    /* External broker: an intent (PLACE, AMEND, CANCEL) passed the gate and waits to be sent. */
    void (*on_order_intent)(void *context, uint16_t strategy, const hean_intent *intent);
} engine_observer;

typedef struct engine_options {
    const hean_allocator *allocator;
    bool external_broker; /* false: paper */
    engine_paper_options paper;
    engine_observer observer;
    int32_t log_lines_per_second; /* per strategy, in event time; 100 by default */
} engine_options;

typedef struct engine engine;

engine_options engine_options_default(void);
hean_status engine_open(const engine_options *options, engine **out,
                        hean_error *error) HEAN_WARN_UNUSED;
void engine_close(engine *engine);

/* Before engine_start only. */
hean_status engine_add_instrument(engine *engine, const market_instrument *instrument,
                                  uint16_t *out, hean_error *error) HEAN_WARN_UNUSED;
hean_status engine_add_strategy(engine *engine, const engine_strategy *strategy, uint16_t *out,
                                hean_error *error) HEAN_WARN_UNUSED;
/* What a strategy holds at the start: of an earlier session. Before engine_start only; HEAN_E_RANGE
 * (a cost without a quantity, or a negative one), HEAN_E_NOT_FOUND. */
hean_status engine_restore(engine *engine, uint16_t strategy, uint16_t instrument,
                           const hean_position *position, hean_error *error) HEAN_WARN_UNUSED;
/* Sends START to every strategy, in order of their ids. */
hean_status engine_start(engine *engine, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;

/* One event from outside, in order of local_ns. With the paper broker the venue sees it at the same
 * instant, first (there is no other knowledge of the venue's side). HEAN_E_INVALID (not an event
 * that a venue can send) and HEAN_E_TIME_ORDER leave the engine as it was; after any other failure
 * of push, advance or replay it only answers questions. With an external broker ORDER and FILL
 * events come in here too. Timers and delayed answers due before it happen first. */
hean_status engine_push(engine *engine, const hean_event *event,
                        hean_error *error) HEAN_WARN_UNUSED;
/* External broker: what the venue settled on a strategy's account by itself; the strategy is told.
 *   FUNDING  paid_e8 is what it received, in place of a FUNDING event whose amounts are computed
 *   FILL     of an order that the engine does not hold: of an earlier session, or ended; an id of
 *            an open order is HEAN_E_INVALID
 * Errors as engine_push. */
hean_status engine_settle(engine *engine, uint16_t strategy, const hean_event *event,
                          hean_error *error) HEAN_WARN_UNUSED;
/* Time passes without an event. */
hean_status engine_advance(engine *engine, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;

/* Recorded data: the venue's side runs in exch_ns order (by `exch_order` where given), the host's
 * side in local_ns order, orders and answers travel with their latencies in between. What is due by
 * the last event's time happens. Once, instead of push and advance: afterwards the engine only
 * answers questions.
 * `stop` (may be NULL) is looked at now and then: HEAN_E_INTERRUPTED. `progress` (may be NULL) is
 * set to the position. */
hean_status engine_replay(engine *engine, const hean_event *events, size_t count,
                          const uint32_t *exch_order, const volatile int *stop,
                          volatile uint64_t *progress, hean_error *error) HEAN_WARN_UNUSED;

/* The next time at which something is due without an event; INT64_MAX if nothing. */
int64_t engine_next_due_ns(const engine *engine);
/* Cancels all orders of a strategy (by the host); it gets no more events. */
hean_status engine_stop_strategy(engine *engine, uint16_t strategy,
                                 const hean_error *why) HEAN_WARN_UNUSED;

/* ---- what it knows ---- */
const market_book *engine_book(const engine *engine, uint16_t instrument);
/* By instrument. Neither the array nor a book ever moves. */
const market_book *const *engine_books(const engine *engine);
size_t engine_instruments(const engine *engine);
const market_instrument *engine_instrument(const engine *engine, uint16_t instrument);
hean_status engine_position(const engine *engine, uint16_t strategy, uint16_t instrument,
                            hean_position *out) HEAN_WARN_UNUSED;
hean_status engine_account(const engine *engine, uint16_t strategy,
                           hean_account *out) HEAN_WARN_UNUSED;
int64_t engine_now_ns(const engine *engine);
uint64_t engine_events(const engine *engine);
/* SHA-256 over every order accepted, refused, changed, filled and every funding, in order. */
void engine_orders_hash(engine *engine, uint8_t out[HASH_SHA256_BYTES]);
/* Open orders of a strategy (ORDER events as they stand); returns the number, copies up to
 * `capacity`. */
size_t engine_open_orders(const engine *engine, uint16_t strategy, hean_event *out,
                          size_t capacity);

#endif
