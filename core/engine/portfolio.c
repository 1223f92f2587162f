/*
 * portfolio.c: average cost, exactly.
 *
 * Value enters through the one rounding of an execution's value; from then on only whole e8 move
 * between cost and realized, which is why P2 holds to the last digit.
 * Must not know: orders, strategies, time.
 */
#include <base/decimal.h>
#include <engine/portfolio.h>

#define INT128_MAX (base_int128)(((unsigned __int128)1 << 127) - 1)

static bool multiply(base_int128 a, int64_t b, base_int128 *out)
{
    /* a >= 0, b >= 0 */
    if (b != 0 && a > INT128_MAX / b)
        return false;
    *out = a * b;
    return true;
}

/* Value at a price in half ticks: price * qty, or for inverse contracts qty / price. */
static hean_status value_at(const market_instrument *instrument, int64_t price2_ticks,
                            int64_t qty_lots, int64_t *out)
{
    if (price2_ticks <= 0)
        return HEAN_E_INVALID;
    base_int128 numerator;
    base_int128 denominator;
    if (instrument->spec.kind == HEAN_INSTRUMENT_INVERSE) {
        numerator = (base_int128)qty_lots * instrument->value_numerator;
        denominator = (base_int128)price2_ticks * instrument->value_denominator;
        if (!multiply(numerator, 2, &numerator))
            return HEAN_E_RANGE;
    } else {
        numerator = (base_int128)price2_ticks * qty_lots;
        denominator = (base_int128)instrument->value_denominator * 2;
        if (numerator <= INT64_MAX)
            numerator *= instrument->value_numerator;
        else if (!multiply(numerator, instrument->value_numerator, &numerator))
            return HEAN_E_RANGE;
    }
    return decimal_divide(numerator, denominator, out);
}

static int64_t magnitude(int64_t qty_lots)
{
    return qty_lots < 0 ? -qty_lots : qty_lots;
}

/* What the fill does to quantity and cost, and what it realizes. */
static hean_status settle(const hean_position *before, const market_instrument *instrument,
                          int64_t price_ticks, int64_t delta, hean_position *after,
                          int64_t *realized_e8)
{
    int64_t held = magnitude(before->qty_lots);
    int64_t filled = magnitude(delta);
    int64_t total;
    hean_status status = market_value_e8(instrument, price_ticks, filled, &total);
    if (status != HEAN_OK)
        return status;
    *realized_e8 = 0;
    if (__builtin_add_overflow(before->qty_lots, delta, &after->qty_lots) ||
        after->qty_lots == INT64_MIN)
        return HEAN_E_RANGE;
    if (held == 0 || (before->qty_lots > 0) == (delta > 0))
        return __builtin_add_overflow(before->cost_e8, total, &after->cost_e8) ? HEAN_E_RANGE
                                                                               : HEAN_OK;
    int64_t closed_value = total;
    int64_t share = before->cost_e8;
    if (filled > held) {
        /* The rest opens at what is left of the fill's value, so that no digit is lost. */
        status = market_value_e8(instrument, price_ticks, held, &closed_value);
        after->cost_e8 = total - closed_value;
    } else if (filled < held) {
        status = decimal_divide((base_int128)before->cost_e8 * filled, held, &share);
        after->cost_e8 = before->cost_e8 - share;
    } else {
        after->cost_e8 = 0;
    }
    if (status != HEAN_OK)
        return status;
    bool gains_when_higher =
        (before->qty_lots > 0) == (instrument->spec.kind != HEAN_INSTRUMENT_INVERSE);
    *realized_e8 = gains_when_higher ? closed_value - share : share - closed_value;
    return HEAN_OK;
}

hean_status portfolio_fill(hean_position *position, const market_instrument *instrument,
                           hean_side side, int64_t price_ticks, int64_t qty_lots, int64_t fee_e8,
                           int64_t *realized_e8)
{
    if ((side != HEAN_SIDE_BUY && side != HEAN_SIDE_SELL) || qty_lots <= 0)
        return HEAN_E_INVALID;
    hean_position after = *position;
    int64_t realized;
    hean_status status = settle(position, instrument, price_ticks,
                                side == HEAN_SIDE_BUY ? qty_lots : -qty_lots, &after, &realized);
    if (status != HEAN_OK)
        return status;
    if (__builtin_add_overflow(position->realized_e8, realized, &after.realized_e8) ||
        __builtin_add_overflow(position->fees_e8, fee_e8, &after.fees_e8))
        return HEAN_E_RANGE;
    if (after.qty_lots == 0)
        after.unrealized_e8 = 0;
    *position = after;
    *realized_e8 = realized;
    return HEAN_OK;
}

hean_status portfolio_fund(hean_position *position, const market_instrument *instrument,
                           int64_t rate_e12, int64_t mark_ticks, int64_t *paid_e8)
{
    int64_t value;
    int64_t cost;
    int64_t sum;
    hean_status status =
        market_value_e8(instrument, mark_ticks, magnitude(position->qty_lots), &value);
    if (status == HEAN_OK)
        status = decimal_divide((base_int128)value * rate_e12, BASE_E12, &cost);
    if (status != HEAN_OK)
        return status;
    if (cost == INT64_MIN)
        return HEAN_E_RANGE;
    int64_t paid = position->qty_lots > 0 ? -cost : cost;
    if (__builtin_add_overflow(position->funding_e8, paid, &sum))
        return HEAN_E_RANGE;
    position->funding_e8 = sum;
    *paid_e8 = paid;
    return HEAN_OK;
}

hean_status portfolio_mark(hean_position *position, const market_instrument *instrument,
                           int64_t price2_ticks)
{
    if (position->qty_lots == 0) {
        position->unrealized_e8 = 0;
        return HEAN_OK;
    }
    int64_t value;
    hean_status status = value_at(instrument, price2_ticks, magnitude(position->qty_lots), &value);
    if (status != HEAN_OK)
        return status;
    bool gains_when_higher =
        (position->qty_lots > 0) == (instrument->spec.kind != HEAN_INSTRUMENT_INVERSE);
    position->unrealized_e8 =
        gains_when_higher ? value - position->cost_e8 : position->cost_e8 - value;
    return HEAN_OK;
}
