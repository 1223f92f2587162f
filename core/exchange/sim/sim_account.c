/*
 * sim_account.c: executions, positions, the wallet and the log of every change of it.
 *
 * Invariants
 *   A1  a coin's wallet changes only by a row of the log: change = cash flow + funding - fee, and
 *       the row's balance is the one before it plus the change.
 *   A2  a call that fails leaves wallet, position and log as they were.
 * Must not know: requests, frames' texts.
 */
#include "sim_internal.h"

/* ---- the log ---- */

/* Room is made before anything moves (A2). */
static hean_status reserve(sim_venue *sim)
{
    if (base_grow(sim->allocator, &sim->log.items, &sim->log.capacity, sim->log.count + 2,
                  sizeof(sim_log_row)) &&
        base_grow(sim->allocator, &sim->executions.items, &sim->executions.capacity,
                  sim->executions.count + 1, sizeof(sim_execution)))
        return HEAN_OK;
    return HEAN_E_NO_MEMORY;
}

static void post(sim_venue *sim, sim_log_row row)
{
    sim_coin *coin = &sim->coins[row.coin];
    row.change_e8 = row.cash_flow_e8 + row.funding_e8 - row.fee_e8;
    coin->wallet_e8 += row.change_e8;
    row.balance_e8 = coin->wallet_e8;
    *SIM_AT(&sim->log, sim_log_row, sim->log.count++) = row;
}

hean_status sim_account_open(sim_venue *sim)
{
    hean_status status = reserve(sim);
    if (status == HEAN_OK && sim->options.wallet_usdt_e8 > 0)
        post(sim, (sim_log_row){.kind = SIM_LOG_TRANSFER_IN,
                                .execution = SIM_NONE,
                                .cash_flow_e8 = sim->options.wallet_usdt_e8});
    return status;
}

/* ---- worth ---- */

int64_t sim_base_e8(const sim_symbol *symbol, int64_t lots)
{
    int64_t out;
    const hean_decimal *lot = &symbol->instrument->spec.lot_size;
    base_int128 mantissa = (base_int128)lots * lot->mantissa;
    if (mantissa > INT64_MAX || mantissa < INT64_MIN ||
        decimal_to_scaled((hean_decimal){(int64_t)mantissa, lot->exponent10}, 8, &out) != HEAN_OK)
        return lots < 0 ? INT64_MIN / 4 : INT64_MAX / 4;
    return out;
}

int64_t sim_unrealized_e8(const sim_symbol *symbol)
{
    hean_position position = symbol->position;
    if (portfolio_mark(&position, symbol->instrument, 2 * sim_mark(symbol)) != HEAN_OK)
        return 0;
    return position.unrealized_e8;
}

int64_t sim_position_margin_e8(const sim_symbol *symbol)
{
    int64_t value;
    int64_t lots = symbol->position.qty_lots;
    if (lots == 0 || symbol->kind == HEAN_INSTRUMENT_SPOT || sim_mark(symbol) == 0 ||
        market_value_e8(symbol->instrument, sim_mark(symbol), lots, &value) != HEAN_OK)
        return 0;
    return (int64_t)((base_int128)value * 100 / symbol->leverage_e2);
}

int64_t sim_order_margin_e8(const sim_venue *sim, const sim_order *order)
{
    const sim_symbol *symbol = &sim->symbols[order->symbol];
    int64_t leaves = order->qty_lots - order->filled_lots;
    int64_t price = order->price_ticks > 0 ? order->price_ticks : sim_mark(symbol);
    int64_t value;
    if (leaves <= 0 || order->reduce_only)
        return 0;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT && order->side == HEAN_SIDE_SELL)
        return sim_base_e8(symbol, leaves);
    if (price <= 0 || market_value_e8(symbol->instrument, price, leaves, &value) != HEAN_OK)
        return INT64_MAX / 4;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT)
        return value;
    return (int64_t)((base_int128)value * 100 / symbol->leverage_e2);
}

int64_t sim_locked_e8(const sim_venue *sim, uint16_t coin, const sim_order *except)
{
    base_int128 sum = 0;
    for (size_t i = 0; i < sim->active.count; i++) {
        const sim_order *order = sim_order_at(sim, *SIM_AT(&sim->active, uint32_t, i));
        const sim_symbol *symbol = &sim->symbols[order->symbol];
        if (order == except || symbol->kind != HEAN_INSTRUMENT_SPOT ||
            (order->side == HEAN_SIDE_BUY ? symbol->quote : symbol->base) != coin)
            continue;
        sum += sim_order_margin_e8(sim, order);
    }
    return sum > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)sum;
}

void sim_margin_get(const sim_venue *sim, const sim_order *except, sim_margin *out)
{
    *out = (sim_margin){0};
    for (size_t i = 0; i < sim->coin_count; i++)
        if (sim->coins[i].wallet_e8 != 0)
            out->wallet_e8 += sim_usd_e8(sim, (uint16_t)i, sim->coins[i].wallet_e8);
    for (size_t i = 0; i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        if (symbol->position.qty_lots == 0 || symbol->kind == HEAN_INSTRUMENT_SPOT)
            continue;
        out->unrealized_e8 += sim_usd_e8(sim, symbol->settle, sim_unrealized_e8(symbol));
        out->position_e8 += sim_usd_e8(sim, symbol->settle, sim_position_margin_e8(symbol));
    }
    for (size_t i = 0; i < sim->active.count; i++) {
        const sim_order *order = sim_order_at(sim, *SIM_AT(&sim->active, uint32_t, i));
        const sim_symbol *symbol = &sim->symbols[order->symbol];
        bool buys = order->side == HEAN_SIDE_BUY;
        uint16_t coin = symbol->kind != HEAN_INSTRUMENT_SPOT ? symbol->settle
                        : buys                               ? symbol->quote
                                                             : symbol->base;
        if (order != except)
            out->order_e8 += sim_usd_e8(sim, coin, sim_order_margin_e8(sim, order));
    }
    out->equity_e8 = out->wallet_e8 + out->unrealized_e8;
}

/* ---- executions ---- */

/* Fees come out of the bought coin; for a maker's rebate the other way round. */
static hean_status spot_fee(const sim_symbol *symbol, sim_execution *execution, int64_t rate_e8)
{
    bool buys = execution->side == HEAN_SIDE_BUY;
    bool of_base = buys != (execution->maker && rate_e8 < 0);
    execution->fee_coin = of_base ? symbol->base : symbol->quote;
    return market_fee_e8(of_base ? sim_base_e8(symbol, execution->lots) : execution->value_e8,
                         rate_e8, &execution->fee_e8);
}

static void post_spot(sim_venue *sim, const sim_symbol *symbol, const sim_execution *execution)
{
    bool buys = execution->side == HEAN_SIDE_BUY;
    int64_t base = sim_base_e8(symbol, execution->lots);
    uint32_t number = (uint32_t)sim->executions.count;
    const uint16_t coins[2] = {symbol->base, symbol->quote};
    const int64_t flows[2] = {buys ? base : -base,
                              buys ? -execution->value_e8 : execution->value_e8};
    for (int i = 0; i < 2; i++)
        post(sim, (sim_log_row){.kind = SIM_LOG_TRADE,
                                .execution = number,
                                .coin = coins[i],
                                .cash_flow_e8 = flows[i],
                                .fee_e8 = execution->fee_coin == coins[i] ? execution->fee_e8 : 0,
                                .time_ns = execution->time_ns});
}

static int64_t closed_lots(const hean_position *before, const hean_position *after)
{
    int64_t was = before->qty_lots < 0 ? -before->qty_lots : before->qty_lots;
    int64_t now = after->qty_lots < 0 ? -after->qty_lots : after->qty_lots;
    if (before->qty_lots != 0 && (before->qty_lots > 0) != (after->qty_lots > 0) &&
        after->qty_lots != 0)
        return was;
    return now < was ? was - now : 0;
}

static hean_status fill_position(sim_venue *sim, sim_symbol *symbol, sim_execution *execution)
{
    hean_position before = symbol->position;
    hean_status status = portfolio_fill(
        &symbol->position, symbol->instrument, (hean_side)execution->side, execution->price_ticks,
        execution->lots, execution->fee_e8, &execution->realized_e8);
    if (status != HEAN_OK)
        return status;
    const hean_position *after = &symbol->position;
    execution->closed_lots = closed_lots(&before, after);
    if (before.qty_lots == 0 ||
        (after->qty_lots != 0 && (before.qty_lots > 0) != (after->qty_lots > 0))) {
        symbol->opened_ns = execution->time_ns;
        symbol->holding_realized_e8 = 0;
    }
    symbol->holding_realized_e8 += execution->realized_e8 - execution->fee_e8;
    symbol->moved_ns = execution->time_ns;
    sim->coins[symbol->settle].realized_e8 += execution->realized_e8 - execution->fee_e8;
    post(sim, (sim_log_row){.kind = SIM_LOG_TRADE,
                            .execution = (uint32_t)sim->executions.count,
                            .coin = symbol->settle,
                            .size_lots = after->qty_lots,
                            .cash_flow_e8 = execution->realized_e8,
                            .fee_e8 = execution->fee_e8,
                            .time_ns = execution->time_ns});
    return HEAN_OK;
}

hean_status sim_account_fill(sim_venue *sim, sim_order *order, const hean_event *event)
{
    sim_symbol *symbol = &sim->symbols[order->symbol];
    bool spot = symbol->kind == HEAN_INSTRUMENT_SPOT;
    bool maker = (event->flags & HEAN_EVENT_MAKER) != 0;
    int64_t rate_e8 =
        maker ? symbol->instrument->spec.maker_fee_e8 : symbol->instrument->spec.taker_fee_e8;
    sim_execution execution = {.order = (uint32_t)(event->data.fill.order_id - 1),
                               .symbol = order->symbol,
                               .fee_coin = symbol->settle,
                               .side = order->side,
                               .maker = maker,
                               .price_ticks = event->data.fill.price_ticks,
                               .lots = event->data.fill.qty_lots,
                               .rate_e12 = rate_e8 * 10000,
                               .mark_ticks = symbol->mark_ticks,
                               .time_ns = sim->now_ns,
                               .seq = symbol->seq};
    hean_status status = market_value_e8(symbol->instrument, execution.price_ticks, execution.lots,
                                         &execution.value_e8);
    if (status == HEAN_OK)
        status = spot ? spot_fee(symbol, &execution, rate_e8)
                      : market_fee_e8(execution.value_e8, rate_e8, &execution.fee_e8);
    if (status == HEAN_OK)
        status = reserve(sim);
    if (status != HEAN_OK)
        return status;
    sim_make_id(sim, symbol->kind, execution.id);
    if (spot)
        post_spot(sim, symbol, &execution);
    else
        status = fill_position(sim, symbol, &execution);
    if (status != HEAN_OK)
        return status;
    if (spot) /* what was bought, less what was sold: kept for sim_position */
        symbol->position.qty_lots +=
            order->side == HEAN_SIDE_BUY ? execution.lots : -execution.lots;
    order->filled_lots += execution.lots;
    order->value_e8 += execution.value_e8;
    order->realized_e8 += execution.realized_e8;
    *(execution.fee_coin == symbol->base ? &order->fee_base_e8 : &order->fee_quote_e8) +=
        execution.fee_e8;
    execution.leaves_lots = order->qty_lots - order->filled_lots;
    *SIM_AT(&sim->executions, sim_execution, sim->executions.count++) = execution;
    return HEAN_OK;
}

/* ---- funding ---- */

hean_status sim_account_fund(sim_venue *sim, sim_symbol *symbol, int64_t rate_e12,
                             int64_t mark_ticks)
{
    hean_position *position = &symbol->position;
    int64_t received;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT || position->qty_lots == 0 || mark_ticks <= 0)
        return HEAN_OK;
    bool is_long = position->qty_lots > 0;
    sim_execution execution = {.order = SIM_NONE,
                               .symbol = symbol->index,
                               .fee_coin = symbol->settle,
                               .side = is_long ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                               .price_ticks = mark_ticks,
                               .lots = is_long ? position->qty_lots : -position->qty_lots,
                               .rate_e12 = is_long ? rate_e12 : -rate_e12,
                               .mark_ticks = mark_ticks,
                               .time_ns = sim->now_ns,
                               .seq = symbol->seq};
    hean_status status =
        market_value_e8(symbol->instrument, mark_ticks, execution.lots, &execution.value_e8);
    if (status == HEAN_OK)
        status = reserve(sim);
    if (status == HEAN_OK)
        status = portfolio_fund(position, symbol->instrument, rate_e12, mark_ticks, &received);
    if (status != HEAN_OK)
        return status;
    sim_make_id(sim, symbol->kind, execution.id);
    execution.fee_e8 = -received; /* the sign of execFee: positive is paid */
    symbol->holding_realized_e8 += received;
    symbol->moved_ns = sim->now_ns;
    sim->coins[symbol->settle].realized_e8 += received;
    post(sim, (sim_log_row){.kind = SIM_LOG_SETTLEMENT,
                            .execution = (uint32_t)sim->executions.count,
                            .coin = symbol->settle,
                            .size_lots = position->qty_lots,
                            .funding_e8 = received,
                            .time_ns = sim->now_ns});
    *SIM_AT(&sim->executions, sim_execution, sim->executions.count++) = execution;
    status = sim_tell_execution(sim, &execution);
    if (status == HEAN_OK)
        status = sim_tell_position(sim, symbol);
    return status == HEAN_OK ? sim_tell_wallet(sim) : status;
}
