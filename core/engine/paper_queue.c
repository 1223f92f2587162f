/*
 * paper_queue.c: where a resting order stands in its queue.
 *
 * An estimate, and the only floating point in the engine: it decides when an order fills, never
 * what a fill is worth. The formulas are in paper.h.
 * Must not know: ladders, answers, time.
 */
#include "paper_internal.h"

#include <base/decimal.h>

#include <math.h>

static double units(const paper_venue *venue, int64_t lots)
{
    return decimal_units_to_double(lots, venue->instrument->spec.lot_size);
}

void paper_queue_begin(const paper_venue *venue, paper_order *order)
{
    int side = paper_side_index(order->side);
    int64_t lots = market_book_qty(&venue->book, side, order->price_ticks);
    bool hidden = venue->knows != PAPER_BOOK || (!venue->book.from_book && lots == 0);
    if (hidden && venue->knows == PAPER_BOOK && venue->book.best[side].qty_lots > 0) {
        /* Better than the quoted best: nobody can be ahead. */
        int64_t best = venue->book.best[side].price_ticks;
        hidden = side == MARKET_BID ? order->price_ticks < best : order->price_ticks > best;
    }
    order->ahead = hidden ? INFINITY : units(venue, lots);
    order->traded = 0;
}

void paper_queue_trade(const paper *broker, const paper_venue *venue, paper_order *order,
                       int64_t lots)
{
    double traded = units(venue, lots);
    order->ahead -= traded;
    if (broker->options.queue != ENGINE_QUEUE_RISK_AVERSE)
        order->traded += traded;
}

static double weight(const paper *broker, double x)
{
    return broker->options.queue == ENGINE_QUEUE_PROB_LOG ? log(1.0 + x)
                                                          : pow(x, broker->options.queue_power);
}

void paper_queue_depth(const paper *broker, const paper_venue *venue, paper_order *order,
                       int64_t lots_before, int64_t lots_after)
{
    double before = units(venue, lots_before);
    double after = units(venue, lots_after);
    if (broker->options.queue == ENGINE_QUEUE_RISK_AVERSE) {
        order->ahead = fmin(order->ahead, after);
        return;
    }
    /* What trades took is in `ahead` already. */
    double gone = before - after - order->traded;
    order->traded = 0;
    if (gone < 0 || isinf(order->ahead)) {
        order->ahead = fmin(order->ahead, after);
        return;
    }
    double ahead = order->ahead;
    double behind = before - ahead;
    double chance = weight(broker, behind) / (weight(broker, behind) + weight(broker, ahead));
    if (isinf(chance))
        chance = 1.0;
    /* What does not fit behind must have been ahead. fmin drops the NaN of an empty level. */
    double estimate = ahead - (1.0 - chance) * gone + fmin(behind - chance * gone, 0.0);
    order->ahead = fmin(estimate, after);
}

int64_t paper_queue_take(const paper_venue *venue, paper_order *order)
{
    if (!(order->ahead < 0))
        return 0;
    double lots = round(-order->ahead / venue->lot_size);
    if (lots < 1)
        return 0;
    order->ahead = 0;
    return lots < 0x1p62 ? (int64_t)lots : INT64_MAX / 2;
}
