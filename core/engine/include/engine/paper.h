/*
 * paper.h: the paper venue and the wire to it. Nothing here is sent anywhere.
 *
 * Two queues lead to the venue and back: a request arrives entry latency after it was sent, an
 * answer response latency after the venue made it. Neither overtakes what was sent before it.
 *
 * What an order meets depends on what the venue knows of the instrument so far.
 *
 *   Book (BOOK, or QUOTE until the first BOOK). The semantics are hftbacktest's, so that the two
 *   can be compared fill by fill (tests/integration/hftbacktest_parity_test.c does):
 *     - A resting buy fills in full at its own price, as maker, when the best ask falls to its
 *       price or below, or when a sell trade prints below its price. Mirrored for sells.
 *     - A sell trade at its price advances its queue by the trade's size; what the trade has left
 *       over fills it (partial_fills: that much; else all of it). Every own order sees the whole
 *       trade; trades are not shared out between own orders.
 *     - The queue ahead begins as the level's size. Risk averse: it shrinks by trades, and is never
 *       longer than the level. Probabilistic: a decrease that trades since the last change do not
 *       explain happened ahead with probability 1 - p, p = f(behind) / (f(behind) + f(ahead)).
 *       (RiskAdverseQueueModel; ProbQueueModel with PowerProbQueueFunc, LogProbQueueFunc)
 *     - partial_fills false (NoPartialFillExchange): an order that takes fills in full at the best
 *       price. True (PartialFillExchange): it walks the levels; what is left of a GTC limit order
 *       is filled at its own price, because it cannot rest among the other side's levels.
 *     - The venue's book is what the data says; own orders do not change it. Own orders do not
 *       trade with each other: a self-trade is not simulated.
 *     - When an update crosses the other side, the newer level is believed and the levels that it
 *       crossed are ignored until they are updated (stale levels of a feed with losses).
 *   Differences from hftbacktest: a market order walks all levels, not 100 ticks; an AMEND carries
 *   the order's total quantity, not the open rest; quotes without depth hide the queue, so an order
 *   away from the best waits for the level to be shown.
 *
 *   Trades only. The last trade is best bid and best ask at once, without limit of size. The queue
 *   is unknown: a resting order fills when a trade prints beyond its price.
 *
 *   Bars only. Latency is finer than what bars tell: an order takes part from the first bar that
 *   starts at or after it was sent and ends after it arrived; until then it waits. The path inside
 *   a bar is open, low, high, close if close >= open, else open, high, low, close.
 *     - At the open: market orders fill, stops that it gapped over trigger, limit orders that take
 *       part for the first time and cross it take at the open (or, IOC and FOK, end; post-only is
 *       refused).
 *     - On the path: a resting order fills at its own price, as maker, also if the open gapped over
 *       it; a stop triggers at its trigger price. Fills are in full.
 *     - Executions have the bar's end as venue time, and are known to the host with the bar:
 *       before the strategies see it.
 *
 *   Nothing seen yet. Limit orders rest, market orders are refused: no_liquidity.
 *
 * STOP and STOP_LIMIT wait for the last trade to reach the trigger (buy: at or above); where no
 * trade was ever seen, for the best ask (buy) or bid (sell), at the end of a message. One that is
 * reached on arrival triggers at once.
 *
 * AMEND: a lower quantity keeps the place in the queue, a new price or a higher quantity loses it
 * (the order arrives anew and may take). A total at or below what is filled cancels the order.
 *
 * Reduce-only is enforced here, against the position at the venue at that instant: refused on
 * arrival if there is nothing to reduce, each execution capped by what there is, and the rest
 * cancelled when nothing is left.
 *
 * Invariants
 *   V1  an order ends with one final answer; nothing about it follows but refusals of requests
 *       that came too late (unknown_order).
 *   V2  executions of an order sum to at most its quantity.
 *   V3  answers leave in order of time.
 * Must not know: the host's books, risk, fees, strategies' names.
 */
#ifndef ENGINE_PAPER_H
#define ENGINE_PAPER_H

#include <engine/engine.h>

typedef struct paper paper;

typedef struct paper_request {
    int64_t sent_ns;
    int64_t arrive_ns; /* set by paper_send */
    uint64_t order_id; /* its strategy is in the upper 16 bits */
    int64_t price_ticks, trigger_ticks, qty_lots;
    uint32_t slot; /* the host's place for the order: unique among orders that have not ended */
    uint16_t instrument;
    uint8_t kind; /* HEAN_INTENT_PLACE, AMEND, CANCEL */
    uint8_t side, order_type, time_in_force;
    bool reduce_only;
    bool by_host; /* CANCEL: the host's wish */
} paper_request;

/* ORDER: the order as the venue has it; a request that came too late has status REJECTED
 * and the reason unknown_order. FILL: an execution, fee and realized left 0. local_ns is when it
 * arrives. */
typedef struct paper_answer {
    hean_event event;
    uint32_t slot;
    uint8_t request; /* the kind of request that this answers; 0: none */
} paper_answer;

/* HEAN_E_INVALID for negative latencies, samples that are not in order, an unknown queue model or a
 * power that is not positive. */
hean_status paper_check_options(const engine_paper_options *options,
                                hean_error *error) HEAN_WARN_UNUSED;
/* Options, checked before, are copied; instruments must live on. */
hean_status paper_open(const hean_allocator *allocator, const engine_paper_options *options,
                       const market_instrument *const *instruments, size_t instrument_count,
                       size_t strategy_count, paper **out, hean_error *error) HEAN_WARN_UNUSED;
void paper_close(paper *broker);

/* Host's side. */
hean_status paper_send(paper *broker, const paper_request *request) HEAN_WARN_UNUSED;
int64_t paper_answer_ns(const paper *broker); /* INT64_MAX: none */
bool paper_take_answer(paper *broker, paper_answer *out);

/* Venue's side. Time is the venue's; it never goes back. */
int64_t paper_request_ns(const paper *broker); /* of the next to arrive; INT64_MAX: none */
hean_status paper_arrive(paper *broker) HEAN_WARN_UNUSED; /* takes the next request */
hean_status paper_market(paper *broker, const hean_event *event, int64_t venue_ns) HEAN_WARN_UNUSED;
size_t paper_live(const paper *broker); /* orders at the venue that have not ended */

#endif
