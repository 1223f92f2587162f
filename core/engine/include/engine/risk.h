/*
 * risk.h: the gate between a strategy and the broker, one per strategy. Lua cannot reach it.
 *
 * Limits (0 does not apply)
 *   max_position_lots         the position if every open order on the order's side filled, this one
 *                             included, may not be larger than this on that side; reduce-only
 * orders count as far as they use up a position on the other side first max_position_notional_e8
 * the value of that position, at the order's limit price or, for market and stop orders, at the
 * reference price max_order_notional_e8     the value of the order's quantity, at the same price
 *   max_open_orders           orders that have not ended, those under way included; also without a
 *                             limit never more than RISK_OPEN_ORDERS_MAX
 *   max_orders_per_second     a token bucket in event time that holds one second's worth; PLACE and
 *                             AMEND take a token when nothing else refused them, CANCEL never does
 *   price_band_e8             |limit price - reference| / reference; for a stop-limit order the
 *                             reference is its trigger; market and stop orders have no limit price
 *   soft_drawdown_e8, max_drawdown_e8   of the peak of equity, see the states
 *   max_rejects_in_row        refused PLACE and AMEND, by this gate, the filters or the venue, with
 *                             no acceptance by the venue in between
 * The limit on position is what can happen, whatever fills first: it holds at every moment.
 * The reference price is the mid, else the mark price, else the last trade, else the last bar's
 * close. An order that needs one where there is none is refused: no_reference_price.
 *
 * States
 *   NORMAL      all orders that respect the limits
 *   SOFT_BRAKE  only orders that cannot make a position, open orders of their side included; what
 *               rests already stays
 *   QUARANTINE  no new orders and no amendments; cancels pass
 *   HARD_STOP   all orders are cancelled; no new orders for good; events still arrive
 *
 *   from                     when                                          to
 *   NORMAL                   drawdown >= soft_drawdown                     SOFT_BRAKE
 *   SOFT_BRAKE               drawdown <= soft_drawdown / 2                 NORMAL
 *   NORMAL, SOFT_BRAKE       max_rejects_in_row refusals                   QUARANTINE
 *   QUARANTINE               RISK_QUARANTINE_NS of event time later        NORMAL or SOFT_BRAKE, as
 *                                                                          the drawdown then says
 *   any but HARD_STOP        drawdown >= max_drawdown                      HARD_STOP
 *   HARD_STOP                never                                         -
 * Refusals because of the state itself (risk_state) do not count towards the row; it starts anew
 * after a quarantine. A strategy that is flat in SOFT_BRAKE stays there: its equity cannot recover.
 *
 * Invariants
 *   K1  an order that is refused changes nothing but the row of refusals.
 *   K2  HARD_STOP is final.
 * Must not know: orders, books, other strategies.
 */
#ifndef ENGINE_RISK_H
#define ENGINE_RISK_H

#include <market/instrument.h>

#define RISK_QUARANTINE_NS   (30 * BASE_NS_PER_S)
#define RISK_OPEN_ORDERS_MAX 10000

typedef struct risk_gate {
    hean_risk_limits limits;
    bool braked;
    bool stopped;
    int64_t quarantine_end_ns; /* 0: not in quarantine */
    int32_t rejects_in_row;
    int64_t rate_level; /* tokens * 1e9 */
    int64_t rate_at_ns;
} risk_gate;

/* An order, or an order as it would be after an amendment, and what it meets. */
typedef struct risk_order {
    const market_instrument *instrument;
    hean_side side;
    hean_order_type type;
    int64_t price_ticks;   /* of LIMIT and STOP_LIMIT */
    int64_t trigger_ticks; /* of STOP and STOP_LIMIT */
    int64_t qty_lots;      /* not filled yet */
    bool reduce_only;
    bool amend;
    int64_t position_lots;
    int64_t open_lots[2];     /* buy, sell: all other open orders but reduce-only ones */
    int64_t reduce_lots[2];   /* buy, sell: all other reduce-only orders */
    int32_t open_orders;      /* all others */
    int64_t reference2_ticks; /* twice the reference price; 0: none */
} risk_order;

/* HEAN_E_RANGE for a negative limit; `error` names it. */
hean_status risk_init(risk_gate *gate, const hean_risk_limits *limits,
                      hean_error *error) HEAN_WARN_UNUSED;
hean_risk_state risk_state(const risk_gate *gate);
/* The venue's filters: limits of the instrument. HEAN_REASON_NONE or why not. */
hean_reason risk_filter(const risk_order *order);
/* HEAN_REASON_NONE and one token taken, or why not. */
hean_reason risk_check(risk_gate *gate, const risk_order *order, int64_t now_ns);
/* A PLACE or AMEND was refused, or accepted by the venue. */
void risk_refused(risk_gate *gate, hean_reason reason, int64_t now_ns);
void risk_accepted(risk_gate *gate);
/* Ends a quarantine that is over. */
void risk_advance(risk_gate *gate, int64_t now_ns);
/* Equity changed; peak is its highest so far. */
void risk_equity(risk_gate *gate, int64_t equity_e8, int64_t peak_e8);

#endif
