/*
 * sim_public.c: answers about the market, which need no key.
 */
#include "sim_internal.h"

#define QTY_MOST INT64_C(1000000000000) /* lots or ticks, where the instrument has no limit */

/* `linear` and the like, or "option", of which there is nothing; false: refused. */
static void begin_list(sim_call *call)
{
    base_buffer_printf(&call->result, "{\"category\":\"%s\",\"list\":[",
                       call->has_kind ? sim_kind_text(call->kind) : "option");
}

static void comma(sim_call *call, bool *first)
{
    if (!*first)
        base_buffer_append(&call->result, ",", 1);
    *first = false;
}

hean_status sim_on_time(sim_call *call)
{
    int64_t now_ns = call->now_ns + call->sim->options.faults.clock_skew_ns;
    base_buffer_printf(&call->result, "{\"timeSecond\":\"%lld\",\"timeNano\":\"%lld\"}",
                       (long long)(now_ns / BASE_NS_PER_S), (long long)now_ns);
    return HEAN_OK;
}

/* ---- instruments ---- */

static int price_scale(const sim_symbol *symbol)
{
    int exponent = symbol->instrument->spec.tick_size.exponent10;
    return exponent < 0 ? -exponent : 0;
}

static int64_t or_else(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static void write_derivative(const sim_venue *sim, base_buffer *out, const sim_symbol *symbol)
{
    const hean_instrument *spec = &symbol->instrument->spec;
    bool inverse = symbol->kind == HEAN_INSTRUMENT_INVERSE;
    int64_t most = or_else(spec->max_qty_lots, QTY_MOST);
    base_buffer_printf(out,
                       "{\"symbol\":\"%s\",\"symbolId\":%d,\"contractType\":\"%s\","
                       "\"status\":\"Trading\",\"baseCoin\":\"%s\",\"quoteCoin\":\"%s\","
                       "\"settleCoin\":\"%s\",\"symbolType\":\"\"",
                       symbol->name, symbol->index + 1,
                       inverse ? "InversePerpetual" : "LinearPerpetual",
                       sim->coins[symbol->base].name, sim->coins[symbol->quote].name,
                       sim->coins[symbol->settle].name);
    base_buffer_printf(out,
                       ",\"launchTime\":\"1577836800000\",\"deliveryTime\":\"0\","
                       "\"deliveryFeeRate\":\"\",\"priceScale\":\"%d\",\"leverageFilter\":{"
                       "\"minLeverage\":\"1\",\"maxLeverage\":\"100.00\","
                       "\"leverageStep\":\"0.01\"}",
                       price_scale(symbol));
    base_buffer_printf(out,
                       ",\"priceFilter\":{\"minPrice\":\"%s\",\"maxPrice\":\"%s\","
                       "\"tickSize\":\"%s\"}",
                       sim_price(symbol, or_else(spec->min_price_ticks, 1)).s,
                       sim_price(symbol, or_else(spec->max_price_ticks, QTY_MOST)).s,
                       sim_price(symbol, 1).s);
    base_buffer_printf(out,
                       ",\"lotSizeFilter\":{\"minNotionalValue\":\"%s\",\"maxOrderQty\":\"%s\","
                       "\"maxMktOrderQty\":\"%s\",\"minOrderQty\":\"%s\",\"qtyStep\":\"%s\","
                       "\"postOnlyMaxOrderQty\":\"%s\"}",
                       sim_e8(spec->min_notional_e8).s, sim_qty(symbol, most).s,
                       sim_qty(symbol, most).s, sim_qty(symbol, or_else(spec->min_qty_lots, 1)).s,
                       sim_qty(symbol, 1).s, sim_qty(symbol, most).s);
    base_buffer_printf(out,
                       ",\"unifiedMarginTrade\":true,\"fundingInterval\":%lld,"
                       "\"upperFundingRate\":\"0.0075\",\"lowerFundingRate\":\"-0.0075\","
                       "\"copyTrading\":\"none\",\"displayName\":\"\"",
                       (long long)or_else(symbol->funding_interval_ns / SIM_MINUTE_NS, 480));
    base_buffer_printf(out, ",\"forbidUplWithdrawal\":false,\"riskParameters\":{"
                            "\"priceLimitRatioX\":\"0.05\",\"priceLimitRatioY\":\"0.1\"},"
                            "\"isPreListing\":false,\"preListingInfo\":null}");
}

static void write_spot(const sim_venue *sim, base_buffer *out, const sim_symbol *symbol)
{
    const hean_instrument *spec = &symbol->instrument->spec;
    sim_text most = sim_qty(symbol, or_else(spec->max_qty_lots, QTY_MOST));
    base_buffer_printf(out,
                       "{\"symbol\":\"%s\",\"symbolId\":%d,\"baseCoin\":\"%s\","
                       "\"quoteCoin\":\"%s\",\"innovation\":\"0\",\"symbolType\":\"\","
                       "\"status\":\"Trading\",\"marginTrading\":\"none\",\"stTag\":\"0\"",
                       symbol->name, symbol->index + 1, sim->coins[symbol->base].name,
                       sim->coins[symbol->quote].name);
    base_buffer_printf(out,
                       ",\"lotSizeFilter\":{\"basePrecision\":\"%s\","
                       "\"quotePrecision\":\"0.00000001\",\"minOrderQty\":\"%s\","
                       "\"maxOrderQty\":\"%s\",\"minOrderAmt\":\"%s\","
                       "\"maxOrderAmt\":\"4000000\"",
                       sim_qty(symbol, 1).s, sim_qty(symbol, or_else(spec->min_qty_lots, 1)).s,
                       most.s, sim_e8(spec->min_notional_e8).s);
    base_buffer_printf(out,
                       ",\"maxLimitOrderQty\":\"%s\",\"maxMarketOrderQty\":\"%s\","
                       "\"postOnlyMaxLimitOrderSize\":\"%s\"},\"priceFilter\":{"
                       "\"tickSize\":\"%s\"},\"riskParameters\":{\"priceLimitRatioX\":"
                       "\"0.05\",\"priceLimitRatioY\":\"0.1\"}}",
                       most.s, most.s, most.s, sim_price(symbol, 1).s);
}

hean_status sim_on_instruments(sim_call *call)
{
    const sim_venue *sim = call->sim;
    const char *status = sim_arg(call, "status");
    const char *base = sim_arg(call, "baseCoin");
    int64_t limit;
    int64_t written = 0;
    size_t at;
    bool first = true;
    if (!sim_arg_kind(call, false) || !sim_arg_limit(call, 500, 1000, &limit) ||
        !sim_arg_cursor(call, sim->symbol_count, &at))
        return HEAN_OK;
    const sim_symbol *only = sim_arg_symbol(call, false);
    if (call->code != 0)
        return HEAN_OK;
    if (sim_arg(call, "cursor")[0] == '\0')
        at = 0;
    if (call->kind == HEAN_INSTRUMENT_SPOT)
        limit = INT64_MAX;
    begin_list(call);
    for (; call->has_kind && at < sim->symbol_count && written < limit; at++) {
        const sim_symbol *symbol = &sim->symbols[at];
        if (symbol->kind != call->kind || (only != NULL && symbol != only) ||
            (status[0] != '\0' && strcmp(status, "Trading") != 0) ||
            (base[0] != '\0' && strcmp(base, sim->coins[symbol->base].name) != 0))
            continue;
        comma(call, &first);
        written++;
        if (call->kind == HEAN_INSTRUMENT_SPOT)
            write_spot(sim, &call->result, symbol);
        else
            write_derivative(sim, &call->result, symbol);
    }
    base_buffer_append(&call->result, "],", 2);
    sim_write_cursor(call, at, call->has_kind && written == limit && at < sim->symbol_count);
    base_buffer_append(&call->result, "}", 1);
    return HEAN_OK;
}

/* ---- tickers and books ---- */

hean_status sim_on_tickers(sim_call *call)
{
    const sim_venue *sim = call->sim;
    bool first = true;
    sim_ticker ticker;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    const sim_symbol *only = sim_arg_symbol(call, false);
    if (call->code != 0)
        return HEAN_OK;
    begin_list(call);
    for (size_t i = 0; call->has_kind && i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        if (symbol->kind != call->kind || (only != NULL && symbol != only))
            continue;
        comma(call, &first);
        sim_ticker_get(sim, symbol, false, &ticker);
        base_buffer_printf(&call->result, "{\"symbol\":\"%s\"", symbol->name);
        for (size_t k = 0; k < ticker.count; k++)
            base_buffer_printf(&call->result, ",\"%s\":\"%s\"", ticker.names[k], ticker.values[k]);
        base_buffer_append(&call->result, "}", 1);
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

/* `u` is of the 1000-level stream, which is brought up to date first, so that both agree. */
hean_status sim_on_orderbook(sim_call *call)
{
    sim_venue *sim = call->sim;
    const sim_symbol *symbol = NULL;
    char name[64];
    int64_t limit;
    sim_topic *topic;
    hean_error why;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL ||
        !sim_arg_limit(call, symbol->kind == HEAN_INSTRUMENT_SPOT ? 1 : 25, 1000, &limit))
        return HEAN_OK;
    (void)snprintf(name, sizeof name, "orderbook.1000.%s", symbol->name);
    hean_status status = sim_topic_get(sim, (sim_socket_kind)symbol->kind, name, &topic, &why);
    if (status == HEAN_OK)
        status = sim_topic_book(sim, topic);
    if (status != HEAN_OK)
        return status;
    size_t counts[2];
    for (int side = 0; side < 2; side++)
        counts[side] =
            topic->view_count[side] < (size_t)limit ? topic->view_count[side] : (size_t)limit;
    base_buffer_printf(&call->result, "{\"s\":\"%s\",\"b\":", symbol->name);
    sim_write_levels(&call->result, symbol, topic->view[0], counts[0]);
    base_buffer_printf(&call->result, ",\"a\":");
    sim_write_levels(&call->result, symbol, topic->view[1], counts[1]);
    base_buffer_printf(&call->result, ",\"ts\":%lld,\"u\":%lld,\"seq\":%lld,\"cts\":%lld}",
                       (long long)sim_ms(sim, sim->now_ns), (long long)topic->update_id,
                       (long long)symbol->seq, (long long)sim_ms(sim, symbol->book.exch_ns));
    return HEAN_OK;
}

/* ---- history ---- */

static bool read_interval(sim_call *call, int *out)
{
    const char *text = sim_arg(call, "interval");
    for (size_t i = 0; i < sim_interval_count; i++)
        if (strcmp(text, sim_intervals[i].name) == 0) {
            *out = (int)i;
            return true;
        }
    return sim_refuse(call, 10001, "params error: interval invalid");
}

hean_status sim_on_kline(sim_call *call)
{
    sim_venue *sim = call->sim;
    sim_symbol *symbol = NULL;
    int64_t limit;
    int64_t start_ns;
    int64_t end_ns;
    int interval = 0;
    bool first = true;
    sim_bar bar;
    if (!sim_arg_kind(call, true) || (symbol = sim_arg_symbol(call, true)) == NULL ||
        !read_interval(call, &interval) || !sim_arg_limit(call, 200, 1000, &limit) ||
        !sim_arg_time(call, "start", 0, &start_ns) ||
        !sim_arg_time(call, "end", sim->now_ns, &end_ns))
        return HEAN_OK;
    hean_status status = sim_bars_until(sim, symbol, sim->now_ns);
    if (status != HEAN_OK)
        return status;
    if (sim_arg(call, "start")[0] != '\0' && sim_arg(call, "end")[0] == '\0') {
        /* The oldest `limit` bars from there on. */
        int64_t at_ns = sim_bar_start(interval, start_ns);
        for (int64_t i = 0; i < limit && at_ns < sim->now_ns; i++)
            at_ns = sim_bar_end(interval, at_ns);
        end_ns = at_ns;
    }
    if (end_ns > sim->now_ns)
        end_ns = sim->now_ns;
    int64_t oldest_ns =
        symbol->bars.count > 0 ? SIM_AT(&symbol->bars, sim_bar, 0)->start_ns : INT64_MAX;
    base_buffer_printf(&call->result, "{\"category\":\"%s\",\"symbol\":\"%s\",\"list\":[",
                       sim_kind_text(symbol->kind), symbol->name);
    for (int64_t at_ns = sim_bar_start(interval, end_ns); limit > 0 && at_ns >= start_ns;
         at_ns = sim_bar_start(interval, at_ns - 1)) {
        if (sim_bar_at(symbol, interval, at_ns, &bar)) {
            comma(call, &first);
            base_buffer_printf(
                &call->result, "[\"%lld\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]",
                (long long)sim_ms(sim, at_ns), sim_price(symbol, bar.open_ticks).s,
                sim_price(symbol, bar.high_ticks).s, sim_price(symbol, bar.low_ticks).s,
                sim_price(symbol, bar.close_ticks).s, sim_qty(symbol, bar.volume_lots).s,
                sim_e8(bar.value_e8).s);
            limit--;
        }
        if (at_ns < oldest_ns)
            break;
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

hean_status sim_on_recent_trade(sim_call *call)
{
    const sim_symbol *symbol = NULL;
    int64_t limit;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL)
        return HEAN_OK;
    bool spot = symbol->kind == HEAN_INSTRUMENT_SPOT;
    if (!sim_arg_limit(call, spot ? 60 : 500, spot ? 60 : 1000, &limit))
        return HEAN_OK;
    begin_list(call);
    for (size_t i = 0; i < symbol->trades.count && i < (size_t)limit; i++) {
        const sim_trade *trade = sim_trade_at(symbol, i);
        base_buffer_printf(&call->result,
                           "%s{\"execId\":\"%s\",\"symbol\":\"%s\",\"price\":\"%s\","
                           "\"size\":\"%s\",\"side\":\"%s\",\"time\":\"%lld\"",
                           i > 0 ? "," : "", sim_trade_id(symbol, trade).s, symbol->name,
                           sim_price(symbol, trade->price_ticks).s,
                           sim_qty(symbol, trade->qty_lots).s, sim_side_text(trade->side),
                           (long long)sim_ms(call->sim, trade->time_ns));
        base_buffer_printf(&call->result,
                           ",\"isBlockTrade\":false,\"isRPITrade\":false,"
                           "\"seq\":\"%lld\"}",
                           (long long)trade->seq);
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

hean_status sim_on_funding_history(sim_call *call)
{
    const sim_symbol *symbol = NULL;
    int64_t limit;
    int64_t start_ns;
    int64_t end_ns;
    bool first = true;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL ||
        !sim_arg_limit(call, 200, 200, &limit) || !sim_arg_time(call, "startTime", 0, &start_ns) ||
        !sim_arg_time(call, "endTime", INT64_MAX, &end_ns))
        return HEAN_OK;
    if (sim_arg(call, "startTime")[0] != '\0' && sim_arg(call, "endTime")[0] == '\0') {
        (void)sim_refuse(call, 10001, "params error: endTime is required with startTime");
        return HEAN_OK;
    }
    begin_list(call);
    for (size_t i = symbol->fundings.count; i-- > 0 && limit > 0;) {
        const sim_funding *funding = SIM_AT(&symbol->fundings, sim_funding, i);
        if (funding->time_ns < start_ns || funding->time_ns > end_ns)
            continue;
        comma(call, &first);
        limit--;
        base_buffer_printf(&call->result,
                           "{\"symbol\":\"%s\",\"fundingRate\":\"%s\","
                           "\"fundingRateTimestamp\":\"%lld\"}",
                           symbol->name, sim_e12(funding->rate_e12).s,
                           (long long)sim_ms(call->sim, funding->time_ns));
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

hean_status sim_on_open_interest(sim_call *call)
{
    const sim_symbol *symbol = NULL;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL)
        return HEAN_OK;
    base_buffer_printf(&call->result,
                       "{\"category\":\"%s\",\"symbol\":\"%s\",\"list\":[{"
                       "\"openInterest\":\"%s\",\"timestamp\":\"%lld\"}],"
                       "\"nextPageCursor\":\"\"}",
                       sim_kind_text(symbol->kind), symbol->name,
                       sim_qty(symbol, symbol->interest_lots).s,
                       (long long)sim_ms(call->sim, call->sim->event_ns));
    return HEAN_OK;
}

/* ---- rules ---- */

hean_status sim_on_price_limit(sim_call *call)
{
    const sim_symbol *symbol = NULL;
    int64_t highest;
    int64_t lowest;
    if (!sim_arg_kind(call, true) || (symbol = sim_arg_symbol(call, true)) == NULL)
        return HEAN_OK;
    sim_band(symbol, &highest, &lowest);
    base_buffer_printf(&call->result,
                       "{\"symbol\":\"%s\",\"buyLmt\":\"%s\",\"sellLmt\":\"%s\","
                       "\"ts\":\"%lld\"}",
                       symbol->name, sim_price(symbol, highest).s, sim_price(symbol, lowest).s,
                       (long long)sim_ms(call->sim, call->sim->now_ns));
    return HEAN_OK;
}

hean_status sim_on_risk_limit(sim_call *call)
{
    const sim_venue *sim = call->sim;
    bool first = true;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    const sim_symbol *only = sim_arg_symbol(call, false);
    if (call->code != 0)
        return HEAN_OK;
    begin_list(call);
    for (size_t i = 0; call->has_kind && i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        if (symbol->kind != call->kind || (only != NULL && symbol != only))
            continue;
        comma(call, &first);
        base_buffer_printf(&call->result,
                           "{\"id\":1,\"symbol\":\"%s\",\"riskLimitValue\":"
                           "\"2000000\",\"maintenanceMargin\":\"0.005\","
                           "\"initialMargin\":\"0.01\",\"isLowestRisk\":1,"
                           "\"maxLeverage\":\"100.00\",\"mmDeduction\":\"\"}",
                           symbol->name);
    }
    base_buffer_printf(&call->result, "],\"nextPageCursor\":\"\"}");
    return HEAN_OK;
}

hean_status sim_on_earn_product(sim_call *call)
{
    static const struct {
        const char *coin, *id, *apr, *least, *most;
    } products[] = {{"USDT", "430", "3.1%", "1", "1000000"},
                    {"USDC", "431", "2.4%", "1", "500000"},
                    {"BTC", "432", "0.35%", "0.0001", "50"}};
    const char *category = sim_arg(call, "category");
    const char *coin = sim_arg(call, "coin");
    bool first = true;
    if (strcmp(category, "FlexibleSaving") != 0 && strcmp(category, "OnChain") != 0) {
        (void)sim_refuse(call, 180001, "Invalid parameter");
        return HEAN_OK;
    }
    base_buffer_printf(&call->result, "{\"list\":[");
    for (size_t i = 0; category[0] == 'F' && i < BASE_COUNT(products); i++) {
        if (coin[0] != '\0' && strcmp(coin, products[i].coin) != 0)
            continue;
        comma(call, &first);
        base_buffer_printf(&call->result,
                           "{\"category\":\"FlexibleSaving\",\"estimateApr\":\"%s\","
                           "\"coin\":\"%s\",\"minStakeAmount\":\"%s\","
                           "\"maxStakeAmount\":\"%s\",\"precision\":\"8\","
                           "\"productId\":\"%s\",\"status\":\"Available\"",
                           products[i].apr, products[i].coin, products[i].least, products[i].most,
                           products[i].id);
        base_buffer_printf(&call->result, ",\"bonusEvents\":[],\"minRedeemAmount\":\"\","
                                          "\"maxRedeemAmount\":\"\",\"duration\":\"\",\"term\":0,"
                                          "\"swapCoin\":\"\"}");
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}
