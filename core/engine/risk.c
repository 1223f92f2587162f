/*
 * risk.c: see risk.h, which has the rules as tables.
 */
#include <engine/risk.h>
#include <market/event.h>

hean_status risk_init(risk_gate *gate, const hean_risk_limits *limits, hean_error *error)
{
    const struct {
        const char *name;
        int64_t value;
    } all[] = {
        {"max_position_lots", limits->max_position_lots},
        {"max_position_notional_e8", limits->max_position_notional_e8},
        {"max_order_notional_e8", limits->max_order_notional_e8},
        {"max_open_orders", limits->max_open_orders},
        {"max_orders_per_second", limits->max_orders_per_second},
        {"price_band_e8", limits->price_band_e8},
        {"soft_drawdown_e8", limits->soft_drawdown_e8},
        {"max_drawdown_e8", limits->max_drawdown_e8},
        {"max_rejects_in_row", limits->max_rejects_in_row},
    };
    for (size_t i = 0; i < BASE_COUNT(all); i++)
        if (all[i].value < 0)
            return base_fail(error, HEAN_E_RANGE, "risk limit %s is %lld, expected 0 or more",
                             all[i].name, (long long)all[i].value);
    *gate =
        (risk_gate){.limits = *limits, .rate_level = limits->max_orders_per_second * BASE_NS_PER_S};
    return HEAN_OK;
}

hean_risk_state risk_state(const risk_gate *gate)
{
    if (gate->stopped)
        return HEAN_RISK_HARD_STOP;
    if (gate->quarantine_end_ns != 0)
        return HEAN_RISK_QUARANTINE;
    return gate->braked ? HEAN_RISK_SOFT_BRAKE : HEAN_RISK_NORMAL;
}

static bool has_limit_price(const risk_order *order)
{
    return order->type == HEAN_ORDER_LIMIT || order->type == HEAN_ORDER_STOP_LIMIT;
}

/* The price at which an order's value is taken, rounded up to a tick; 0 if there is none. */
static int64_t value_price(const risk_order *order)
{
    if (has_limit_price(order))
        return order->price_ticks;
    return order->reference2_ticks / 2 + order->reference2_ticks % 2;
}

static bool price_allowed(const hean_instrument *spec, int64_t price_ticks)
{
    return price_ticks > 0 && price_ticks <= MARKET_TICKS_MAX &&
           (spec->min_price_ticks == 0 || price_ticks >= spec->min_price_ticks) &&
           (spec->max_price_ticks == 0 || price_ticks <= spec->max_price_ticks);
}

hean_reason risk_filter(const risk_order *order)
{
    const hean_instrument *spec = &order->instrument->spec;
    bool has_trigger = order->type == HEAN_ORDER_STOP || order->type == HEAN_ORDER_STOP_LIMIT;
    if (has_limit_price(order) && !price_allowed(spec, order->price_ticks))
        return HEAN_REASON_PRICE_OUT_OF_RANGE;
    if (has_trigger && !price_allowed(spec, order->trigger_ticks))
        return HEAN_REASON_PRICE_OUT_OF_RANGE;
    if (order->qty_lots <= 0 || order->qty_lots < spec->min_qty_lots)
        return HEAN_REASON_QTY_TOO_SMALL;
    if (order->qty_lots > MARKET_LOTS_MAX ||
        (spec->max_qty_lots != 0 && order->qty_lots > spec->max_qty_lots))
        return HEAN_REASON_QTY_TOO_LARGE;
    int64_t price = value_price(order);
    if (price == 0)
        return spec->min_notional_e8 != 0 || spec->max_notional_e8 != 0
                   ? HEAN_REASON_NO_REFERENCE_PRICE
                   : HEAN_REASON_NONE;
    int64_t value;
    if (market_value_e8(order->instrument, price, order->qty_lots, &value) != HEAN_OK)
        return HEAN_REASON_NOTIONAL_TOO_LARGE;
    if (value < spec->min_notional_e8 && !order->reduce_only)
        return HEAN_REASON_NOTIONAL_TOO_SMALL;
    if (spec->max_notional_e8 != 0 && value > spec->max_notional_e8)
        return HEAN_REASON_NOTIONAL_TOO_LARGE;
    return HEAN_REASON_NONE;
}

/* The position on the order's side if all of that side filled, as a positive number. */
static base_int128 worst_position(const risk_order *order)
{
    base_int128 position =
        order->side == HEAN_SIDE_BUY ? order->position_lots : -(base_int128)order->position_lots;
    int side = order->side == HEAN_SIDE_BUY ? 0 : 1;
    base_int128 open = order->open_lots[side];
    base_int128 reduce = order->reduce_lots[side];
    *(order->reduce_only ? &reduce : &open) += order->qty_lots;
    /* A position on the other side makes room, but reduce-only orders may be there first. */
    if (position < 0)
        position = position + reduce < 0 ? position + reduce : 0;
    return position + open;
}

static hean_reason check_position(const risk_gate *gate, const risk_order *order)
{
    const hean_risk_limits *limits = &gate->limits;
    base_int128 worst = worst_position(order);
    int side = order->side == HEAN_SIDE_BUY ? 0 : 1;
    base_int128 sum =
        (base_int128)order->open_lots[side] + order->reduce_lots[side] + order->qty_lots;
    /* Whatever the limits are, what is held and open must fit. */
    if (worst > INT64_MAX / 2 || sum > INT64_MAX / 2)
        return HEAN_REASON_QTY_TOO_LARGE;
    if (worst <= 0)
        return HEAN_REASON_NONE;
    if (limits->max_position_lots != 0 && worst > limits->max_position_lots)
        return HEAN_REASON_RISK_MAX_POSITION;
    int64_t price = value_price(order);
    if (price == 0)
        return limits->max_position_notional_e8 != 0 ? HEAN_REASON_NO_REFERENCE_PRICE
                                                     : HEAN_REASON_NONE;
    int64_t value;
    if (market_value_e8(order->instrument, price, (int64_t)worst, &value) != HEAN_OK)
        return HEAN_REASON_NOTIONAL_TOO_LARGE;
    if (limits->max_position_notional_e8 != 0 && value > limits->max_position_notional_e8)
        return HEAN_REASON_RISK_MAX_NOTIONAL;
    return HEAN_REASON_NONE;
}

static hean_reason check_order_notional(const risk_gate *gate, const risk_order *order)
{
    if (gate->limits.max_order_notional_e8 == 0)
        return HEAN_REASON_NONE;
    int64_t price = value_price(order);
    if (price == 0)
        return HEAN_REASON_NO_REFERENCE_PRICE;
    int64_t value;
    if (market_value_e8(order->instrument, price, order->qty_lots, &value) != HEAN_OK ||
        value > gate->limits.max_order_notional_e8)
        return HEAN_REASON_RISK_MAX_NOTIONAL;
    return HEAN_REASON_NONE;
}

static hean_reason check_band(const risk_gate *gate, const risk_order *order)
{
    if (gate->limits.price_band_e8 == 0 || !has_limit_price(order))
        return HEAN_REASON_NONE;
    base_int128 reference2 = order->type == HEAN_ORDER_STOP_LIMIT
                                 ? (base_int128)order->trigger_ticks * 2
                                 : order->reference2_ticks;
    if (reference2 == 0)
        return HEAN_REASON_NO_REFERENCE_PRICE;
    base_int128 distance2 = (base_int128)order->price_ticks * 2 - reference2;
    if (distance2 < 0)
        distance2 = -distance2;
    if (distance2 * BASE_E8 > reference2 * gate->limits.price_band_e8)
        return HEAN_REASON_RISK_PRICE_BAND;
    return HEAN_REASON_NONE;
}

static bool take_token(risk_gate *gate, int64_t now_ns)
{
    int64_t per_second = gate->limits.max_orders_per_second;
    if (per_second == 0)
        return true;
    int64_t full = per_second * BASE_NS_PER_S;
    int64_t elapsed = now_ns - gate->rate_at_ns;
    gate->rate_at_ns = now_ns;
    if (elapsed >= BASE_NS_PER_S || elapsed * per_second > full - gate->rate_level)
        gate->rate_level = full;
    else
        gate->rate_level += elapsed * per_second;
    if (gate->rate_level < BASE_NS_PER_S)
        return false;
    gate->rate_level -= BASE_NS_PER_S;
    return true;
}

hean_reason risk_check(risk_gate *gate, const risk_order *order, int64_t now_ns)
{
    hean_risk_state state = risk_state(gate);
    if (state == HEAN_RISK_HARD_STOP || state == HEAN_RISK_QUARANTINE)
        return HEAN_REASON_RISK_STATE;
    if (state == HEAN_RISK_SOFT_BRAKE && worst_position(order) > 0)
        return HEAN_REASON_RISK_STATE;
    int32_t orders_max = gate->limits.max_open_orders;
    if (orders_max == 0 || orders_max > RISK_OPEN_ORDERS_MAX)
        orders_max = RISK_OPEN_ORDERS_MAX;
    if (!order->amend && order->open_orders >= orders_max)
        return HEAN_REASON_RISK_MAX_OPEN_ORDERS;
    hean_reason reason = check_order_notional(gate, order);
    if (reason == HEAN_REASON_NONE)
        reason = check_position(gate, order);
    if (reason == HEAN_REASON_NONE)
        reason = check_band(gate, order);
    if (reason == HEAN_REASON_NONE && !take_token(gate, now_ns))
        reason = HEAN_REASON_RISK_ORDER_RATE;
    return reason;
}

void risk_refused(risk_gate *gate, hean_reason reason, int64_t now_ns)
{
    if (gate->limits.max_rejects_in_row == 0 || gate->stopped || gate->quarantine_end_ns != 0 ||
        reason == HEAN_REASON_RISK_STATE)
        return;
    if (++gate->rejects_in_row >= gate->limits.max_rejects_in_row)
        gate->quarantine_end_ns = now_ns + RISK_QUARANTINE_NS;
}

void risk_accepted(risk_gate *gate)
{
    gate->rejects_in_row = 0;
}

void risk_advance(risk_gate *gate, int64_t now_ns)
{
    if (gate->quarantine_end_ns != 0 && now_ns >= gate->quarantine_end_ns) {
        gate->quarantine_end_ns = 0;
        gate->rejects_in_row = 0;
    }
}

void risk_equity(risk_gate *gate, int64_t equity_e8, int64_t peak_e8)
{
    /* drawdown = lost / peak, compared as lost * 1e8 against limit * peak: exact, no division. */
    base_int128 lost = ((base_int128)peak_e8 - equity_e8) * BASE_E8;
    base_int128 soft = (base_int128)gate->limits.soft_drawdown_e8 * peak_e8;
    base_int128 hard = (base_int128)gate->limits.max_drawdown_e8 * peak_e8;
    if (hard > 0 && lost >= hard)
        gate->stopped = true;
    if (soft > 0 && lost >= soft)
        gate->braked = true;
    else if (lost * 2 <= soft)
        gate->braked = false;
}
