/*
 * sim_write.c: numbers, orders, executions, positions and the wallet as JSON, the same by REST and
 * by stream but for what the venue itself spells in two ways; and the private frames.
 *
 * Must not know: why something changed.
 */
#include "sim_internal.h"

sim_text sim_price(const sim_symbol *symbol, int64_t ticks)
{
    sim_text out = {""};
    (void)decimal_format_units(ticks, symbol->instrument->spec.tick_size, out.s, sizeof out.s);
    return out;
}

sim_text sim_qty(const sim_symbol *symbol, int64_t lots)
{
    sim_text out = {""};
    (void)decimal_format_units(lots, symbol->instrument->spec.lot_size, out.s, sizeof out.s);
    return out;
}

sim_text sim_e8(int64_t value_e8)
{
    sim_text out = {""};
    (void)decimal_format_scaled(value_e8, 8, out.s, sizeof out.s);
    return out;
}

sim_text sim_e12(int64_t value_e12)
{
    sim_text out = {""};
    (void)decimal_format_scaled(value_e12, 12, out.s, sizeof out.s);
    return out;
}

sim_text sim_whole(int64_t value)
{
    sim_text out = {""};
    (void)snprintf(out.s, sizeof out.s, "%lld", (long long)value);
    return out;
}

/* UUIDs for derivatives, digits for spot; the same by REST and by stream. */
sim_text sim_trade_id(const sim_symbol *symbol, const sim_trade *trade)
{
    sim_text out = {""};
    if (symbol->kind == HEAN_INSTRUMENT_SPOT)
        (void)snprintf(out.s, sizeof out.s, "22900%014llu", (unsigned long long)trade->number);
    else
        (void)snprintf(out.s, sizeof out.s, "7ade0000-%04x-5000-8000-%012llx", symbol->index,
                       (unsigned long long)trade->number);
    return out;
}

void sim_write_text(base_buffer *out, const char *text)
{
    base_buffer_append(out, "\"", 1);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            base_buffer_printf(out, "\\%c", byte);
        else if (byte < 0x20 || byte >= 0x7f)
            base_buffer_printf(out, "\\u%04x", byte);
        else
            base_buffer_append(out, at, 1);
    }
    base_buffer_append(out, "\"", 1);
}

const char *sim_kind_text(hean_instrument_kind kind)
{
    static const char *const texts[] = {"linear", "spot", "inverse"};
    return texts[kind];
}

const char *sim_side_text(uint8_t side)
{
    return side == HEAN_SIDE_BUY ? "Buy" : side == HEAN_SIDE_SELL ? "Sell" : "";
}

/* ---- orders ---- */

static const char *state_text(sim_state state)
{
    static const char *const texts[] = {
        [SIM_SENT] = "New",
        [SIM_UNTRIGGERED] = "Untriggered",
        [SIM_TRIGGERED] = "Triggered",
        [SIM_NEW] = "New",
        [SIM_PARTLY_FILLED] = "PartiallyFilled",
        [SIM_FILLED] = "Filled",
        [SIM_CANCELLED] = "Cancelled",
        [SIM_PARTLY_CANCELLED] = "PartiallyFilledCanceled",
        [SIM_REJECTED] = "Rejected",
        [SIM_DEACTIVATED] = "Deactivated",
    };
    return texts[state];
}

/* The average price of what was executed, as far as 18 digits go. */
static sim_text average(const sim_symbol *symbol, int64_t value_e8, int64_t lots)
{
    sim_text out = {""};
    int64_t units_e8;
    base_int128 numerator = (base_int128)value_e8 * symbol->instrument->value_denominator;
    base_int128 denominator = (base_int128)lots * symbol->instrument->value_numerator;
    if (lots <= 0)
        return out;
    if (symbol->kind == HEAN_INSTRUMENT_INVERSE) {
        numerator = (base_int128)lots * symbol->instrument->value_numerator;
        denominator = (base_int128)value_e8 * symbol->instrument->value_denominator;
    }
    if (denominator == 0 || decimal_divide(numerator * 10000, denominator, &units_e8) != HEAN_OK)
        return out;
    hean_decimal step = symbol->instrument->spec.tick_size;
    step.exponent10 -= 4;
    (void)decimal_format_units(units_e8, step, out.s, sizeof out.s);
    return out;
}

static void write_order_state(sim_venue *sim, base_buffer *out, const sim_order *order)
{
    const sim_symbol *symbol = &sim->symbols[order->symbol];
    int64_t leaves = sim_ended(order) ? 0 : order->qty_lots - order->filled_lots;
    int64_t leaves_value = 0;
    if (leaves > 0 && order->price_ticks > 0 &&
        market_value_e8(symbol->instrument, order->price_ticks, leaves, &leaves_value) != HEAN_OK)
        leaves_value = 0;
    base_buffer_printf(out, ",\"orderStatus\":\"%s\",\"cancelType\":\"%s\",\"rejectReason\":\"%s\"",
                       state_text((sim_state)order->state), order->cancel, order->reject);
    base_buffer_printf(out, ",\"avgPrice\":\"%s\",\"leavesQty\":\"%s\",\"leavesValue\":\"%s\"",
                       average(symbol, order->value_e8, order->filled_lots).s,
                       sim_qty(symbol, leaves).s, sim_e8(leaves_value).s);
    int64_t fee = symbol->settle == symbol->base ? order->fee_base_e8 : order->fee_quote_e8;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT && order->fee_base_e8 != 0)
        fee = order->fee_base_e8;
    base_buffer_printf(out, ",\"cumExecQty\":\"%s\",\"cumExecValue\":\"%s\",\"cumExecFee\":\"%s\"",
                       sim_qty(symbol, order->filled_lots).s, sim_e8(order->value_e8).s,
                       sim_e8(fee).s);
    base_buffer_printf(out, ",\"cumFeeDetail\":{");
    if (order->fee_base_e8 != 0)
        base_buffer_printf(out, "\"%s\":\"%s\"", sim->coins[symbol->base].name,
                           sim_e8(order->fee_base_e8).s);
    if (order->fee_quote_e8 != 0)
        base_buffer_printf(out, "%s\"%s\":\"%s\"", order->fee_base_e8 != 0 ? "," : "",
                           sim->coins[symbol->quote].name, sim_e8(order->fee_quote_e8).s);
    base_buffer_printf(out, "}");
}

void sim_write_order(sim_venue *sim, base_buffer *out, const sim_order *order, bool stream)
{
    static const char *const forces[] = {"GTC", "IOC", "FOK", "PostOnly"};
    static const char *const triggers[] = {"", "LastPrice", "IndexPrice", "MarkPrice"};
    const sim_symbol *symbol = &sim->symbols[order->symbol];
    bool spot = symbol->kind == HEAN_INSTRUMENT_SPOT;
    bool conditional = order->trigger_by != SIM_BY_NONE;
    base_buffer_printf(out, "{");
    if (stream)
        base_buffer_printf(out, "\"category\":\"%s\",\"closedPnl\":\"%s\",\"feeCurrency\":\"\",",
                           sim_kind_text(symbol->kind), sim_e8(order->realized_e8).s);
    base_buffer_printf(out,
                       "\"orderId\":\"%s\",\"orderLinkId\":\"%s\",\"parentOrderLinkId\":\"\","
                       "\"blockTradeId\":\"\",\"symbol\":\"%s\"",
                       order->id, order->link, symbol->name);
    base_buffer_printf(
        out, ",\"price\":\"%s\",\"qty\":\"%s\",\"side\":\"%s\",\"isLeverage\":\"%s\"",
        sim_price(symbol, order->price_ticks).s,
        order->by_quote ? sim_e8(order->quote_e8).s : sim_qty(symbol, order->qty_lots).s,
        sim_side_text(order->side), spot ? "0" : "");
    base_buffer_printf(out, ",\"positionIdx\":0");
    if (!spot)
        base_buffer_printf(out, ",\"createType\":\"CreateByUser\"");
    write_order_state(sim, out, order);
    base_buffer_printf(out, ",\"timeInForce\":\"%s\",\"orderType\":\"%s\",\"stopOrderType\":\"%s\"",
                       forces[order->time_in_force],
                       order->type == HEAN_ORDER_MARKET ? "Market" : "Limit",
                       conditional ? "Stop" : "");
    base_buffer_printf(out, ",\"orderIv\":\"\",\"marketUnit\":\"%s\",\"triggerPrice\":\"%s\"",
                       !spot || order->type != HEAN_ORDER_MARKET ? ""
                       : order->by_quote                         ? "quoteCoin"
                                                                 : "baseCoin",
                       conditional ? sim_price(symbol, order->trigger_ticks).s : "");
    base_buffer_printf(out, ",\"takeProfit\":\"\",\"stopLoss\":\"\",\"tpslMode\":\"\","
                            "\"tpLimitPrice\":\"\",\"slLimitPrice\":\"\",\"tpTriggerBy\":\"\","
                            "\"slTriggerBy\":\"\"");
    base_buffer_printf(out,
                       ",\"triggerDirection\":%d,\"triggerBy\":\"%s\","
                       "\"lastPriceOnCreated\":\"%s\",\"basePrice\":\"\"",
                       order->trigger_direction, triggers[order->trigger_by],
                       sim_price(symbol, order->last_ticks).s);
    base_buffer_printf(out,
                       ",\"reduceOnly\":%s,\"closeOnTrigger\":%s,\"placeType\":\"\","
                       "\"smpType\":\"None\",\"smpGroup\":0,\"smpOrderId\":\"\"",
                       order->reduce_only ? "true" : "false",
                       order->close_on_trigger ? "true" : "false");
    base_buffer_printf(out, ",\"createdTime\":\"%lld\",\"updatedTime\":\"%lld\"}",
                       (long long)sim_ms(sim, order->created_ns),
                       (long long)sim_ms(sim, order->updated_ns));
}

/* ---- executions ---- */

void sim_write_execution(sim_venue *sim, base_buffer *out, const sim_execution *execution,
                         bool stream)
{
    static const sim_order none = {.link = ""};
    const sim_symbol *symbol = &sim->symbols[execution->symbol];
    bool funding = execution->order == SIM_NONE;
    bool spot = symbol->kind == HEAN_INSTRUMENT_SPOT;
    const sim_order *order = funding ? &none : sim_order_at(sim, execution->order);
    base_buffer_printf(out, "{");
    if (stream)
        base_buffer_printf(out, "\"category\":\"%s\",\"isLeverage\":\"0\",\"execPnl\":\"%s\",",
                           sim_kind_text(symbol->kind), sim_e8(execution->realized_e8).s);
    base_buffer_printf(out,
                       "\"symbol\":\"%s\",\"orderId\":\"%s\",\"orderLinkId\":\"%s\","
                       "\"side\":\"%s\"",
                       symbol->name, funding ? execution->id : order->id, order->link,
                       sim_side_text(execution->side));
    base_buffer_printf(out, ",\"orderPrice\":\"%s\",\"orderQty\":\"%s\",\"leavesQty\":\"%s\"",
                       sim_price(symbol, order->price_ticks).s, sim_qty(symbol, order->qty_lots).s,
                       sim_qty(symbol, execution->leaves_lots).s);
    base_buffer_printf(out, ",\"createType\":\"%s\",\"orderType\":\"%s\",\"stopOrderType\":\"%s\"",
                       funding || spot ? "" : "CreateByUser",
                       funding                            ? "UNKNOWN"
                       : order->type == HEAN_ORDER_MARKET ? "Market"
                                                          : "Limit",
                       order->trigger_by != SIM_BY_NONE ? "Stop" : "UNKNOWN");
    base_buffer_printf(out,
                       ",\"execFee\":\"%s\",\"execFeeV2\":\"\",\"execId\":\"%s\","
                       "\"execPrice\":\"%s\"",
                       sim_e8(execution->fee_e8).s, execution->id,
                       sim_price(symbol, execution->price_ticks).s);
    base_buffer_printf(out,
                       ",\"execQty\":\"%s\",\"execType\":\"%s\",\"execValue\":\"%s\","
                       "\"execTime\":\"%lld\"",
                       sim_qty(symbol, execution->lots).s, funding ? "Funding" : "Trade",
                       sim_e8(execution->value_e8).s, (long long)sim_ms(sim, execution->time_ns));
    base_buffer_printf(out,
                       ",\"feeCurrency\":\"%s\",\"isMaker\":%s,\"feeRate\":\"%s\","
                       "\"tradeIv\":\"\",\"markIv\":\"\",\"markPrice\":\"%s\"",
                       funding ? "" : sim->coins[execution->fee_coin].name,
                       execution->maker ? "true" : "false", sim_e12(execution->rate_e12).s,
                       execution->mark_ticks > 0 ? sim_price(symbol, execution->mark_ticks).s : "");
    base_buffer_printf(out,
                       ",\"indexPrice\":\"\",\"underlyingPrice\":\"\",\"blockTradeId\":\"\","
                       "\"closedSize\":\"%s\",\"seq\":%lld,\"extraFees\":\"\"}",
                       spot ? "" : sim_qty(symbol, execution->closed_lots).s,
                       (long long)execution->seq);
}

static void write_fast(sim_venue *sim, base_buffer *out, const sim_execution *execution)
{
    const sim_symbol *symbol = &sim->symbols[execution->symbol];
    const sim_order *order = sim_order_at(sim, execution->order);
    base_buffer_printf(out,
                       "{\"category\":\"%s\",\"symbol\":\"%s\",\"orderId\":\"%s\","
                       "\"isMaker\":%s,\"orderLinkId\":\"%s\"",
                       sim_kind_text(symbol->kind), symbol->name, order->id,
                       execution->maker ? "true" : "false", execution->maker ? "" : order->link);
    base_buffer_printf(out,
                       ",\"execId\":\"%s\",\"execPrice\":\"%s\",\"execQty\":\"%s\","
                       "\"side\":\"%s\",\"execTime\":\"%lld\",\"seq\":%lld}",
                       execution->id, sim_price(symbol, execution->price_ticks).s,
                       sim_qty(symbol, execution->lots).s, sim_side_text(execution->side),
                       (long long)sim_ms(sim, execution->time_ns), (long long)execution->seq);
}

/* ---- positions ---- */

void sim_write_position(sim_venue *sim, base_buffer *out, const sim_symbol *symbol, bool stream)
{
    const hean_position *position = &symbol->position;
    int64_t lots = position->qty_lots < 0 ? -position->qty_lots : position->qty_lots;
    bool flat = lots == 0;
    const char *side = flat ? "" : position->qty_lots > 0 ? "Buy" : "Sell";
    sim_text entry = average(symbol, position->cost_e8, lots);
    base_buffer_printf(out, "{");
    if (stream)
        base_buffer_printf(out, "\"category\":\"%s\",", sim_kind_text(symbol->kind));
    base_buffer_printf(out,
                       "\"positionIdx\":0,\"riskId\":1,\"riskLimitValue\":\"2000000\","
                       "\"symbol\":\"%s\",\"side\":\"%s\",\"size\":\"%s\",\"%s\":\"%s\"",
                       symbol->name, side, sim_qty(symbol, lots).s,
                       stream ? "entryPrice" : "avgPrice", flat ? "0" : entry.s);
    base_buffer_printf(out,
                       ",\"positionValue\":\"%s\",\"autoAddMargin\":0,"
                       "\"positionStatus\":\"Normal\",\"leverage\":\"%s\","
                       "\"breakEvenPrice\":\"%s\",\"markPrice\":\"%s\",\"liqPrice\":\"\"",
                       flat ? "" : sim_e8(position->cost_e8).s,
                       sim_e8(symbol->leverage_e2 * 1000000).s, flat ? "" : entry.s,
                       sim_price(symbol, sim_mark(symbol)).s);
    int64_t margin = sim_position_margin_e8(symbol);
    base_buffer_printf(out,
                       ",\"positionIM\":\"%s\",\"positionIMByMp\":\"%s\",\"positionMM\":\"%s\","
                       "\"positionMMByMp\":\"%s\",\"takeProfit\":\"\",\"stopLoss\":\"\","
                       "\"trailingStop\":\"0\",\"sessionAvgPrice\":\"\"",
                       sim_e8(margin).s, sim_e8(margin).s, sim_e8(margin / 20).s,
                       sim_e8(margin / 20).s);
    base_buffer_printf(
        out,
        ",\"unrealisedPnl\":\"%s\",\"curRealisedPnl\":\"%s\","
        "\"cumRealisedPnl\":\"%s\",\"adlRankIndicator\":%d",
        flat ? "" : sim_e8(sim_unrealized_e8(symbol)).s, sim_e8(symbol->holding_realized_e8).s,
        sim_e8(position->realized_e8 - position->fees_e8 + position->funding_e8).s, flat ? 0 : 2);
    base_buffer_printf(out,
                       ",\"createdTime\":\"%lld\",\"updatedTime\":\"%lld\",\"openTime\":%lld,"
                       "\"seq\":%lld,\"isReduceOnly\":false,\"mmrSysUpdatedTime\":\"\","
                       "\"leverageSysUpdatedTime\":\"\",\"tpslMode\":\"Full\","
                       "\"bustPrice\":\"\",\"positionBalance\":\"0\",\"tradeMode\":0}",
                       (long long)sim_ms(sim, sim->begin_ns),
                       (long long)sim_ms(sim, symbol->moved_ns),
                       (long long)(flat ? 0 : sim_ms(sim, symbol->opened_ns)),
                       (long long)(symbol->moved_ns == 0 ? -1 : symbol->seq));
}

/* ---- wallet ---- */

/* Is the coin in a list such as "BTC,USDT"? */
static bool listed(const char *coins, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = coins; *at != '\0'; at += strcspn(at, ",")) {
        if (*at == ',')
            at++;
        if (strcspn(at, ",") == length && strncmp(at, name, length) == 0)
            return true;
    }
    return false;
}

static int64_t coin_order_margin_e8(const sim_venue *sim, uint16_t coin)
{
    int64_t sum = 0;
    for (size_t i = 0; i < sim->active.count; i++) {
        const sim_order *order = sim_order_at(sim, *SIM_AT(&sim->active, uint32_t, i));
        const sim_symbol *symbol = &sim->symbols[order->symbol];
        if (symbol->kind != HEAN_INSTRUMENT_SPOT && symbol->settle == coin)
            sum += sim_order_margin_e8(sim, order);
    }
    return sum;
}

static int64_t coin_unrealized_e8(const sim_venue *sim, uint16_t coin, int64_t *margin_e8)
{
    int64_t sum = 0;
    for (size_t i = 0; i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        if (symbol->kind == HEAN_INSTRUMENT_SPOT || symbol->settle != coin)
            continue;
        sum += sim_unrealized_e8(symbol);
        *margin_e8 += sim_position_margin_e8(symbol);
    }
    return sum;
}

static void write_coin(sim_venue *sim, base_buffer *out, uint16_t at)
{
    const sim_coin *coin = &sim->coins[at];
    int64_t margin = 0;
    int64_t unrealized = coin_unrealized_e8(sim, at, &margin);
    int64_t equity = coin->wallet_e8 + unrealized;
    base_buffer_printf(out,
                       "{\"coin\":\"%s\",\"equity\":\"%s\",\"usdValue\":\"%s\","
                       "\"walletBalance\":\"%s\",\"locked\":\"%s\",\"borrowAmount\":\"0\","
                       "\"spotBorrow\":\"0\",\"accruedInterest\":\"0\"",
                       coin->name, sim_e8(equity).s, sim_e8(sim_usd_e8(sim, at, equity)).s,
                       sim_e8(coin->wallet_e8).s, sim_e8(sim_locked_e8(sim, at, NULL)).s);
    base_buffer_printf(out,
                       ",\"totalOrderIM\":\"%s\",\"totalPositionIM\":\"%s\","
                       "\"totalPositionMM\":\"%s\",\"unrealisedPnl\":\"%s\","
                       "\"cumRealisedPnl\":\"%s\",\"bonus\":\"0\",\"spotHedgingQty\":\"0\"",
                       sim_e8(coin_order_margin_e8(sim, at)).s, sim_e8(margin).s,
                       sim_e8(margin / 20).s, sim_e8(unrealized).s, sim_e8(coin->realized_e8).s);
    base_buffer_printf(out,
                       ",\"marginCollateral\":true,\"collateralSwitch\":true,\"colRes\":\"0\","
                       "\"free\":\"\",\"availableToWithdraw\":\"\",\"availableToBorrow\":\"\"}");
}

void sim_write_wallet(sim_venue *sim, base_buffer *out, const char *coins)
{
    sim_margin margin;
    bool first = true;
    sim_margin_get(sim, NULL, &margin);
    int64_t used = margin.position_e8 + margin.order_e8;
    int64_t available = margin.equity_e8 - used;
    base_buffer_printf(
        out,
        "{\"accountType\":\"UNIFIED\",\"accountIMRate\":\"%s\","
        "\"accountMMRate\":\"%s\",\"accountLTV\":\"\",\"totalEquity\":\"%s\"",
        sim_e8(margin.equity_e8 > 0 ? (int64_t)((base_int128)used * BASE_E8 / margin.equity_e8) : 0)
            .s,
        sim_e8(margin.equity_e8 > 0
                   ? (int64_t)((base_int128)margin.position_e8 / 20 * BASE_E8 / margin.equity_e8)
                   : 0)
            .s,
        sim_e8(margin.equity_e8).s);
    base_buffer_printf(out,
                       ",\"totalWalletBalance\":\"%s\",\"totalMarginBalance\":\"%s\","
                       "\"totalAvailableBalance\":\"%s\",\"totalPerpUPL\":\"%s\"",
                       sim_e8(margin.wallet_e8).s, sim_e8(margin.equity_e8).s,
                       sim_e8(available > 0 ? available : 0).s, sim_e8(margin.unrealized_e8).s);
    base_buffer_printf(out,
                       ",\"totalInitialMargin\":\"%s\",\"totalMaintenanceMargin\":\"%s\","
                       "\"coin\":[",
                       sim_e8(used).s, sim_e8(margin.position_e8 / 20).s);
    for (size_t i = 0; i < sim->coin_count; i++) {
        bool wanted =
            coins[0] != '\0' ? listed(coins, sim->coins[i].name) : sim->coins[i].wallet_e8 != 0;
        if (!wanted)
            continue;
        if (!first)
            base_buffer_append(out, ",", 1);
        first = false;
        write_coin(sim, out, (uint16_t)i);
    }
    base_buffer_printf(out, "]}");
}

/* ---- private frames ---- */

static void frame_begin(sim_venue *sim, base_buffer *out, const sim_topic *topic)
{
    char id[SIM_ID_BYTES];
    sim_make_id(sim, HEAN_INSTRUMENT_LINEAR, id);
    base_buffer_init(out, sim->allocator);
    base_buffer_printf(out, "{\"id\":\"%s\",\"topic\":\"%s\",\"creationTime\":%lld,\"data\":[", id,
                       topic->name, (long long)sim_ms(sim, sim->now_ns));
}

/* The next topic after `*at` of a kind, for a category, that somebody listens to. */
static const sim_topic *listened(const sim_venue *sim, sim_topic_kind kind, int category,
                                 size_t *at)
{
    while (*at < sim->topics.count) {
        const sim_topic *topic = *SIM_AT(&sim->topics, sim_topic *, (*at)++);
        if (topic->kind == kind && topic->sockets.count > 0 &&
            (topic->category == -1 || topic->category == category))
            return topic;
    }
    return NULL;
}

static hean_status frame_end(sim_venue *sim, base_buffer *out, const sim_topic *topic,
                             int64_t delay_ns)
{
    base_buffer_append(out, "]}", 2);
    hean_status status = sim_broadcast(sim, topic, out, delay_ns);
    base_buffer_deinit(out);
    return status;
}

hean_status sim_tell_order(sim_venue *sim, const sim_order *order)
{
    int category = (int)sim->symbols[order->symbol].kind;
    hean_status status = HEAN_OK;
    const sim_topic *topic;
    for (size_t at = 0;
         status == HEAN_OK && (topic = listened(sim, SIM_TOPIC_ORDER, category, &at)) != NULL;) {
        base_buffer out;
        frame_begin(sim, &out, topic);
        sim_write_order(sim, &out, order, true);
        status = frame_end(sim, &out, topic, 0);
    }
    return status;
}

hean_status sim_tell_execution(sim_venue *sim, const sim_execution *execution)
{
    int category = (int)sim->symbols[execution->symbol].kind;
    hean_status status = HEAN_OK;
    const sim_topic *topic;
    base_buffer out;
    for (size_t at = 0; execution->order != SIM_NONE && status == HEAN_OK &&
                        (topic = listened(sim, SIM_TOPIC_EXECUTION_FAST, category, &at)) != NULL;) {
        frame_begin(sim, &out, topic);
        write_fast(sim, &out, execution);
        status = frame_end(sim, &out, topic, 0);
    }
    for (size_t at = 0; status == HEAN_OK &&
                        (topic = listened(sim, SIM_TOPIC_EXECUTION, category, &at)) != NULL;) {
        int64_t delay_ns = 0;
        if (sim_chance(sim, sim->options.faults.late_execution))
            delay_ns = 200 * BASE_NS_PER_MS +
                       (int64_t)base_random_below(&sim->faults_random, 1800) * BASE_NS_PER_MS;
        frame_begin(sim, &out, topic);
        sim_write_execution(sim, &out, execution, true);
        status = frame_end(sim, &out, topic, delay_ns);
    }
    return status;
}

hean_status sim_tell_position(sim_venue *sim, const sim_symbol *symbol)
{
    hean_status status = HEAN_OK;
    const sim_topic *topic;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT)
        return HEAN_OK;
    for (size_t at = 0; status == HEAN_OK && (topic = listened(sim, SIM_TOPIC_POSITION,
                                                               (int)symbol->kind, &at)) != NULL;) {
        base_buffer out;
        frame_begin(sim, &out, topic);
        sim_write_position(sim, &out, symbol, true);
        status = frame_end(sim, &out, topic, 0);
    }
    return status;
}

hean_status sim_tell_wallet(sim_venue *sim)
{
    hean_status status = HEAN_OK;
    const sim_topic *topic;
    for (size_t at = 0;
         status == HEAN_OK && (topic = listened(sim, SIM_TOPIC_WALLET, -1, &at)) != NULL;) {
        base_buffer out;
        frame_begin(sim, &out, topic);
        sim_write_wallet(sim, &out, "");
        status = frame_end(sim, &out, topic, 0);
    }
    return status;
}
