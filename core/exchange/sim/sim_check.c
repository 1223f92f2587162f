/*
 * sim_check.c: which orders are refused at once, with which code: parameters, steps and limits of
 * the instrument, price band, reduce-only, how many are open, and whether the money is there.
 *
 * What only the matching engine can know (post-only that would take, nothing to fill) is told
 * later, by a stream.
 */
#include "sim_internal.h"

#include <market/event.h>

#define ACTIVE_MAX           500
#define CONDITIONAL_MAX      10
#define CONDITIONAL_SPOT_MAX 30

static bool is_spot(const sim_symbol *symbol)
{
    return symbol->kind == HEAN_INSTRUMENT_SPOT;
}

/* ---- numbers ---- */

/* "" is 0. */
static bool read_units(sim_call *call, const char *key, hean_decimal step, int64_t most, int code,
                       int64_t *out)
{
    const char *text = sim_arg(call, key);
    hean_decimal value;
    int64_t units;
    *out = 0;
    if (text[0] == '\0')
        return true;
    if (decimal_parse(text, strlen(text), &value) != HEAN_OK || value.mantissa < 0)
        return sim_refuse(call, 10001, "params error: %s invalid", key);
    hean_status status = decimal_to_units(value, step, &units);
    if (status == HEAN_E_INVALID)
        return sim_refuse(call, code, "%s has more digits than the instrument's step allows", key);
    if (status != HEAN_OK || units > most)
        return sim_refuse(call, 10001, "params error: %s out of range", key);
    *out = units;
    return true;
}

static bool read_price(sim_call *call, const sim_symbol *symbol, const char *key, int64_t *out)
{
    return read_units(call, key, symbol->instrument->spec.tick_size, MARKET_TICKS_MAX,
                      is_spot(symbol) ? 170134 : 10001, out);
}

static bool read_qty(sim_call *call, const sim_symbol *symbol, int64_t *out)
{
    return read_units(call, "qty", symbol->instrument->spec.lot_size, MARKET_LOTS_MAX,
                      is_spot(symbol) ? 170137 : 10001, out);
}

/* ---- words ---- */

static bool check_link(sim_call *call, sim_order *order)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *link = sim_arg(call, "orderLinkId");
    if (strlen(link) > 36 || strspn(link, allowed) != strlen(link))
        return sim_refuse(call, 10001,
                          "params error: orderLinkId, expected up to 36 letters, digits, - and _");
    if (link[0] != '\0' && sim_map_find(call->sim, &call->sim->by_link, link) != SIM_NONE)
        return call->kind == HEAN_INSTRUMENT_SPOT
                   ? sim_refuse(call, 170141, "Duplicate clientOrderId")
                   : sim_refuse(call, 110072, "OrderLinkedID is duplicate");
    return base_text_copy(order->link, sizeof order->link, link);
}

/* What this venue does not do is refused, not ignored. */
static bool check_left_out(sim_call *call)
{
    static const char *const refused[] = {"takeProfit",  "stopLoss", "slippageTolerance",
                                          "bboSideType", "tpslMode", "smpType"};
    for (size_t i = 0; i < BASE_COUNT(refused); i++) {
        const char *text = sim_arg(call, refused[i]);
        if (text[0] != '\0' && strcmp(text, "0") != 0 && strcmp(text, "None") != 0)
            return sim_refuse(call, 10001, "params error: %s is not supported by this venue",
                              refused[i]);
    }
    if (sim_number(call, "isLeverage", 0) != 0)
        return sim_refuse(call, 170344, "Symbol does not support margin trading");
    return true;
}

static bool check_words(sim_call *call, sim_order *order)
{
    static const char *const forces[] = {"GTC", "IOC", "FOK", "PostOnly"};
    const char *side = sim_arg(call, "side");
    const char *type = sim_arg(call, "orderType");
    const char *force = sim_arg(call, "timeInForce");
    if (strcmp(side, "Buy") != 0 && strcmp(side, "Sell") != 0)
        return sim_refuse(call, 10001, "params error: side invalid");
    if (strcmp(type, "Limit") != 0 && strcmp(type, "Market") != 0)
        return sim_refuse(call, 10001, "params error: orderType invalid");
    order->side = side[0] == 'B' ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
    order->type = type[0] == 'L' ? HEAN_ORDER_LIMIT : HEAN_ORDER_MARKET;
    order->time_in_force = HEAN_TIF_GTC;
    bool known = force[0] == '\0';
    for (int i = 0; i < HEAN_TIF_COUNT; i++)
        if (strcmp(force, forces[i]) == 0) {
            order->time_in_force = (uint8_t)i;
            known = true;
        }
    if (strcmp(force, "RPI") == 0)
        return sim_refuse(call, 110119, "RPI orders are for market makers");
    if (!known)
        return sim_refuse(call, 10001, "params error: timeInForce invalid");
    if (order->type == HEAN_ORDER_MARKET)
        order->time_in_force = HEAN_TIF_IOC;
    if (sim_number(call, "positionIdx", 0) != 0)
        return sim_refuse(call, 10001, "position idx not match position mode");
    if (!check_left_out(call))
        return false;
    bool spot = call->kind == HEAN_INSTRUMENT_SPOT; /* has no positions: both are ignored there */
    order->reduce_only = !spot && sim_flag(call, "reduceOnly");
    order->close_on_trigger = !spot && sim_flag(call, "closeOnTrigger");
    return true;
}

static bool check_trigger(sim_call *call, const sim_symbol *symbol, sim_order *order)
{
    static const char *const names[] = {"LastPrice", "IndexPrice", "MarkPrice"};
    const char *by = sim_arg(call, "triggerBy");
    if (!read_price(call, symbol, "triggerPrice", &order->trigger_ticks))
        return false;
    if (order->trigger_ticks == 0)
        return true;
    order->trigger_by = by[0] == '\0' ? SIM_BY_LAST : SIM_BY_NONE;
    for (int i = 0; i < 3; i++)
        if (strcmp(by, names[i]) == 0)
            order->trigger_by = (uint8_t)(SIM_BY_LAST + i);
    if (order->trigger_by == SIM_BY_NONE)
        return sim_refuse(call, 10001, "params error: triggerBy invalid");
    int64_t price = sim_trigger_price(symbol, order->trigger_by);
    int64_t direction = sim_number(call, "triggerDirection", 0);
    if (is_spot(symbol))
        direction = order->trigger_ticks >= price ? 1 : 2;
    if (direction != 1 && direction != 2)
        return sim_refuse(call, 10001, "params error: triggerDirection invalid");
    order->trigger_direction = (uint8_t)direction;
    if (price > 0 && direction == 1 && order->trigger_ticks <= price)
        return sim_refuse(call, 110092, "expect Rising, but trigger_price[%s] <= current[%s]",
                          sim_price(symbol, order->trigger_ticks).s, sim_price(symbol, price).s);
    if (price > 0 && direction == 2 && order->trigger_ticks >= price)
        return sim_refuse(call, 110093, "expect Falling, but trigger_price[%s] >= current[%s]",
                          sim_price(symbol, order->trigger_ticks).s, sim_price(symbol, price).s);
    return true;
}

/* ---- prices ---- */

int64_t sim_market_bound(const sim_symbol *symbol, uint8_t side)
{
    int64_t highest;
    int64_t lowest;
    sim_band(symbol, &highest, &lowest);
    return side == HEAN_SIDE_BUY ? highest : lowest;
}

/* Beyond the band: moved to its edge, or refused where the account is set so. */
static bool check_band(sim_call *call, const sim_symbol *symbol, sim_order *order)
{
    int64_t bound = sim_market_bound(symbol, order->side);
    bool buys = order->side == HEAN_SIDE_BUY;
    if (bound == 0 || (buys ? order->price_ticks <= bound : order->price_ticks >= bound))
        return true;
    if (!call->sim->reject_beyond_band[symbol->kind]) {
        order->price_ticks = bound;
        return true;
    }
    if (is_spot(symbol))
        return sim_refuse(call, buys ? 170193 : 170194,
                          buys ? "Buy order price cannot be higher than %s"
                               : "Sell order price cannot be lower than %s",
                          sim_price(symbol, bound).s);
    return sim_refuse(call, 110003, "Order price exceeds the allowable range");
}

static bool check_price(sim_call *call, const sim_symbol *symbol, sim_order *order)
{
    const hean_instrument *spec = &symbol->instrument->spec;
    if (order->type == HEAN_ORDER_MARKET)
        return true;
    if (!read_price(call, symbol, "price", &order->price_ticks))
        return false;
    if (order->price_ticks == 0)
        return sim_refuse(call, 10001, "params error: price is required");
    if ((spec->min_price_ticks > 0 && order->price_ticks < spec->min_price_ticks) ||
        (spec->max_price_ticks > 0 && order->price_ticks > spec->max_price_ticks))
        return sim_refuse(call, 110003, "Order price exceeds the allowable range");
    return check_band(call, symbol, order);
}

/* ---- quantities ---- */

static bool check_size(sim_call *call, const sim_symbol *symbol, const sim_order *order)
{
    const hean_instrument *spec = &symbol->instrument->spec;
    int64_t price = order->price_ticks > 0 ? order->price_ticks : sim_mark(symbol);
    int64_t value;
    bool spot = is_spot(symbol);
    if (order->qty_lots == 0)
        return sim_refuse(call, spot ? 170130 : 10001, "params error: qty is required");
    if (!spot && order->qty_lots < spec->min_qty_lots)
        return sim_refuse(call, 10001, "The number of contracts exceeds minimum limit allowed");
    if (spec->max_qty_lots > 0 && order->qty_lots > spec->max_qty_lots)
        return spot ? sim_refuse(call, 170136, "Order quantity exceeded upper limit")
                    : sim_refuse(call, 10001,
                                 "The number of contracts exceeds maximum limit allowed");
    if (order->reduce_only || price <= 0)
        return true;
    if (market_value_e8(symbol->instrument, price, order->qty_lots, &value) != HEAN_OK)
        return spot ? sim_refuse(call, 170124, "Order amount too large")
                    : sim_refuse(call, 110007, "ab not enough for new order");
    if (spec->min_notional_e8 > 0 && value < spec->min_notional_e8)
        return spot ? sim_refuse(call, 170140, "Order value exceeded lower limit")
                    : sim_refuse(call, 110094, "Order does not meet minimum order value %sUSDT",
                                 sim_e8(spec->min_notional_e8).s);
    return true;
}

/* Spot market orders become limit orders at the price down to which the book holds enough, so that
 * money never runs out on the way. Quantity may be said in the quote coin. */
static bool size_spot_market(sim_call *call, const sim_symbol *symbol, sim_order *order)
{
    const char *unit = sim_arg(call, "marketUnit");
    int side = order->side == HEAN_SIDE_BUY ? MARKET_ASK : MARKET_BID;
    market_level levels[200];
    size_t count = market_book_depth(&symbol->book, side, levels, BASE_COUNT(levels));
    int64_t sum = 0;
    order->by_quote =
        unit[0] == '\0' ? order->side == HEAN_SIDE_BUY : strcmp(unit, "quoteCoin") == 0;
    if (unit[0] != '\0' && !order->by_quote && strcmp(unit, "baseCoin") != 0)
        return sim_refuse(call, 10001, "params error: marketUnit invalid");
    if (!order->by_quote && !read_qty(call, symbol, &order->qty_lots))
        return false;
    const char *text = sim_arg(call, "qty");
    if (order->by_quote &&
        (decimal_parse_scaled(text, strlen(text), 8, &order->quote_e8) != HEAN_OK ||
         order->quote_e8 <= 0))
        return sim_refuse(call, 170130, "params error: qty invalid");
    if (count == 0)
        return sim_refuse(call, 170210, "No liquidity for a market order");
    for (size_t i = 0; i < count; i++) {
        int64_t one;
        order->price_ticks = levels[i].price_ticks;
        sum =
            levels[i].qty_lots > MARKET_LOTS_MAX - sum ? MARKET_LOTS_MAX : sum + levels[i].qty_lots;
        if (!order->by_quote && sum >= order->qty_lots)
            break;
        if (!order->by_quote)
            continue;
        if (market_value_e8(symbol->instrument, levels[i].price_ticks, 100000, &one) != HEAN_OK ||
            one <= 0)
            return sim_refuse(call, 170124, "Order amount too large");
        base_int128 lots = (base_int128)order->quote_e8 * 100000 / one;
        order->qty_lots = lots > MARKET_LOTS_MAX ? MARKET_LOTS_MAX : (int64_t)lots;
        if (sum >= order->qty_lots)
            break;
    }
    if (order->by_quote && order->qty_lots == 0)
        return sim_refuse(call, 170140, "Order value exceeded lower limit");
    return true;
}

static bool check_qty(sim_call *call, const sim_symbol *symbol, sim_order *order)
{
    int64_t held = symbol->position.qty_lots;
    if (is_spot(symbol) && order->type == HEAN_ORDER_MARKET)
        return size_spot_market(call, symbol, order) && check_size(call, symbol, order);
    if (!read_qty(call, symbol, &order->qty_lots))
        return false;
    if (order->type == HEAN_ORDER_MARKET)
        order->price_ticks = sim_market_bound(symbol, order->side);
    if (order->reduce_only && order->trigger_by == SIM_BY_NONE) {
        if (held == 0 || (held > 0) == (order->side == HEAN_SIDE_BUY))
            return sim_refuse(call, 110017,
                              held == 0
                                  ? "current position is zero, cannot fix reduce-only order qty"
                                  : "orderQty will be truncated to zero.");
        if (order->qty_lots == 0 && sim_arg(call, "qty")[0] != '\0')
            order->qty_lots = held > 0 ? held : -held; /* "0": all of it */
    }
    return check_size(call, symbol, order);
}

/* ---- how many, how much ---- */

static bool check_count(sim_call *call, const sim_symbol *symbol, const sim_order *order)
{
    size_t active = 0;
    bool spot = is_spot(symbol);
    size_t most = spot ? CONDITIONAL_SPOT_MAX : CONDITIONAL_MAX;
    if (order->trigger_by != SIM_BY_NONE)
        return symbol->untriggered < most ||
               sim_refuse(call, spot ? 170810 : 110009,
                          "The number of stop orders exceeds the maximum allowable limit");
    for (size_t i = 0; i < call->sim->active.count; i++)
        if (sim_order_at(call->sim, *SIM_AT(&call->sim->active, uint32_t, i))->symbol ==
            symbol->index)
            active++;
    return active - symbol->untriggered < ACTIVE_MAX ||
           sim_refuse(call, spot ? 170810 : 110020,
                      "Not allowed to have more than 500 active orders");
}

static bool check_money(sim_call *call, const sim_symbol *symbol, const sim_order *order,
                        const sim_order *replaced)
{
    const sim_venue *sim = call->sim;
    int64_t needed = sim_order_margin_e8(sim, order);
    sim_margin margin;
    if (is_spot(symbol)) {
        uint16_t coin = order->side == HEAN_SIDE_BUY ? symbol->quote : symbol->base;
        if (needed <= sim->coins[coin].wallet_e8 - sim_locked_e8(sim, coin, replaced))
            return true;
        return sim_refuse(call, 170131, "Insufficient balance.");
    }
    sim_margin_get(sim, replaced, &margin);
    int64_t lots = order->qty_lots - order->filled_lots;
    int64_t held = symbol->position.qty_lots;
    bool reduces = (held > 0) != (order->side == HEAN_SIDE_BUY) && held != 0 &&
                   lots <= (held > 0 ? held : -held);
    if (reduces || sim_usd_e8(sim, symbol->settle, needed) <=
                       margin.equity_e8 - margin.position_e8 - margin.order_e8)
        return true;
    return sim_refuse(call, 110007, "ab not enough for new order");
}

bool sim_check_create(sim_call *call, sim_order *order)
{
    const sim_symbol *symbol = NULL;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL ||
        !check_words(call, order))
        return false;
    order->symbol = symbol->index;
    order->last_ticks = symbol->last_ticks;
    order->cancel = "UNKNOWN";
    order->reject = "EC_NoError";
    return check_trigger(call, symbol, order) && check_price(call, symbol, order) &&
           check_qty(call, symbol, order) && check_count(call, symbol, order) &&
           check_money(call, symbol, order, NULL) && check_link(call, order);
}

bool sim_check_amend(sim_call *call, const sim_order *order, sim_order *changed)
{
    const sim_symbol *symbol = &call->sim->symbols[order->symbol];
    int64_t price;
    int64_t qty;
    int64_t trigger;
    if (!read_price(call, symbol, "price", &price) || !read_qty(call, symbol, &qty) ||
        !read_price(call, symbol, "triggerPrice", &trigger))
        return false;
    if (price != 0 && order->type == HEAN_ORDER_LIMIT)
        changed->price_ticks = price;
    if (qty != 0)
        changed->qty_lots = qty;
    if (trigger != 0 && order->state == SIM_UNTRIGGERED)
        changed->trigger_ticks = trigger;
    if (changed->price_ticks == order->price_ticks && changed->qty_lots == order->qty_lots &&
        changed->trigger_ticks == order->trigger_ticks)
        return sim_refuse(call, 10001,
                          "The order remains unchanged as the parameters entered "
                          "match the existing ones.");
    if (changed->qty_lots <= order->filled_lots)
        return sim_refuse(call, is_spot(symbol) ? 170313 : 110064,
                          "The modified qty must be greater than the filled qty");
    return (order->type == HEAN_ORDER_MARKET || check_band(call, symbol, changed)) &&
           check_size(call, symbol, changed) && check_money(call, symbol, changed, order);
}
