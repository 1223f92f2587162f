/*
 * portfolio.h: what a strategy holds of one instrument, at average cost.
 *
 * Invariants
 *   P1  cost_e8 is the value at entry of what is held; it is 0 when nothing is held.
 *   P2  over any sequence of fills that ends flat, the realized sum equals the value sold minus
 *       the value bought (for inverse contracts: bought minus sold), to the last digit.
 *   P3  a call that fails changes nothing.
 */
#ifndef ENGINE_PORTFOLIO_H
#define ENGINE_PORTFOLIO_H

#include <market/instrument.h>

/* Applies a fill: moves qty, cost and fees, and gives what it realized. A fill through zero closes
 * at the fill's price and opens the rest. HEAN_E_RANGE on overflow. */
hean_status portfolio_fill(hean_position *position, const market_instrument *instrument,
                           hean_side side, int64_t price_ticks, int64_t qty_lots, int64_t fee_e8,
                           int64_t *realized_e8) HEAN_WARN_UNUSED;
/* Applies funding; `paid_e8` gets what the position received (minus if it paid). */
hean_status portfolio_fund(hean_position *position, const market_instrument *instrument,
                           int64_t rate_e12, int64_t mark_ticks, int64_t *paid_e8) HEAN_WARN_UNUSED;
/* Sets unrealized_e8 at a price given in half ticks (so that a mid price is whole). */
hean_status portfolio_mark(hean_position *position, const market_instrument *instrument,
                           int64_t price2_ticks) HEAN_WARN_UNUSED;

#endif
