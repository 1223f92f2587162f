/*
 * sim_query.c: answers about orders, executions, positions and money, in pages, newest first.
 */
#include "sim_internal.h"

#define WEEK_NS (7 * 24 * 3600 * BASE_NS_PER_S)
#define DAY_NS  (24 * 3600 * BASE_NS_PER_S)

/* ---- pages ---- */

typedef struct filter {
    sim_call *call;
    const sim_symbol *symbol; /* NULL: all */
    const char *id, *link, *base, *settle;
    int64_t start_ns, end_ns;
} filter;

typedef bool (*match_fn)(const filter *wanted, size_t at);
typedef void (*write_fn)(const filter *wanted, size_t at);

/* Rows of an array that only grows, from the newest down; a cursor is the place to go on from. */
static void write_page(const filter *wanted, size_t count, int64_t limit, match_fn match,
                       write_fn write)
{
    sim_call *call = wanted->call;
    size_t at;
    int64_t written = 0;
    bool more = false;
    if (!sim_arg_cursor(call, count, &at))
        return;
    base_buffer_printf(&call->result, "{");
    if (call->has_kind)
        base_buffer_printf(&call->result, "\"category\":\"%s\",", sim_kind_text(call->kind));
    base_buffer_printf(&call->result, "\"list\":[");
    while (at > 0 && !more) {
        if (!match(wanted, at - 1)) {
            at--;
        } else if (written == limit) {
            more = true;
        } else {
            if (written++ > 0)
                base_buffer_append(&call->result, ",", 1);
            write(wanted, --at);
        }
    }
    base_buffer_append(&call->result, "],", 2);
    sim_write_cursor(call, at, more);
    base_buffer_append(&call->result, "}", 1);
}

/* startTime and endTime: the last `otherwise` without them; with one of them, that long from it. */
static bool read_window(sim_call *call, int64_t otherwise_ns, int64_t most_ns, filter *out)
{
    bool from = sim_arg(call, "startTime")[0] != '\0';
    bool to = sim_arg(call, "endTime")[0] != '\0';
    int64_t now_ns = call->sim->now_ns;
    if (!sim_arg_time(call, "startTime", 0, &out->start_ns) ||
        !sim_arg_time(call, "endTime", now_ns, &out->end_ns))
        return false;
    if (!from)
        out->start_ns = out->end_ns - otherwise_ns;
    else if (!to)
        out->end_ns = out->start_ns + otherwise_ns;
    out->end_ns += BASE_NS_PER_MS - 1; /* times are told in whole milliseconds */
    if (from && to &&
        (out->start_ns > out->end_ns || out->end_ns - out->start_ns > most_ns + BASE_NS_PER_MS))
        return sim_refuse(call, 10001,
                          "params error: startTime and endTime, expected up to 7 days");
    return true;
}

static bool read_filter(sim_call *call, bool scoped, filter *out)
{
    *out = (filter){.call = call, .end_ns = INT64_MAX};
    if (!sim_arg_kind(call, false))
        return false;
    out->symbol = sim_arg_symbol(call, false);
    out->id = sim_arg(call, "orderId");
    out->link = sim_arg(call, "orderLinkId");
    out->base = sim_arg(call, "baseCoin");
    out->settle = sim_arg(call, "settleCoin");
    if (call->code == 0 && scoped && call->kind == HEAN_INSTRUMENT_LINEAR && out->symbol == NULL &&
        out->base[0] == '\0' && out->settle[0] == '\0' && out->id[0] == '\0' &&
        out->link[0] == '\0')
        return sim_refuse(call, 10001, "params error: symbol, baseCoin or settleCoin is required");
    return call->code == 0;
}

/* orderId before orderLinkId before symbol before coins; false: another order is meant. */
static bool order_matches(const filter *wanted, const sim_order *order)
{
    const sim_venue *sim = wanted->call->sim;
    const sim_symbol *symbol = &sim->symbols[order->symbol];
    if (symbol->kind != wanted->call->kind || !wanted->call->has_kind)
        return false;
    if (wanted->id[0] != '\0')
        return strcmp(order->id, wanted->id) == 0;
    if (wanted->link[0] != '\0')
        return strcmp(order->link, wanted->link) == 0;
    if (wanted->symbol != NULL)
        return symbol == wanted->symbol;
    if (wanted->base[0] != '\0')
        return strcmp(sim->coins[symbol->base].name, wanted->base) == 0;
    return wanted->settle[0] == '\0' ||
           strcmp(sim->coins[symbol->settle].name, wanted->settle) == 0;
}

static bool filter_matches(const sim_call *call, const sim_order *order)
{
    const char *text = sim_arg(call, "orderFilter");
    return text[0] == '\0' || (strcmp(text, "Order") == 0) == (order->trigger_by == SIM_BY_NONE);
}

/* ---- orders ---- */

static bool match_open(const filter *wanted, size_t at)
{
    const sim_venue *sim = wanted->call->sim;
    const sim_order *order = sim_order_at(sim, (uint32_t)at);
    bool closed_too = strcmp(sim_arg(wanted->call, "openOnly"), "1") == 0;
    if (order->state == SIM_SENT ||
        (sim_ended(order) && (!closed_too || sim->orders.count - at > 500)))
        return false;
    return order_matches(wanted, order) && filter_matches(wanted->call, order);
}

static void write_order(const filter *wanted, size_t at)
{
    sim_venue *sim = wanted->call->sim;
    sim_write_order(sim, &wanted->call->result, sim_order_at(sim, (uint32_t)at), false);
}

hean_status sim_on_realtime(sim_call *call)
{
    filter wanted;
    int64_t limit;
    if (read_filter(call, true, &wanted) && sim_arg_limit(call, 20, 50, &limit))
        write_page(&wanted, call->sim->orders.count, limit, match_open, write_order);
    return HEAN_OK;
}

/* What never filled is forgotten after a day. */
static bool match_history(const filter *wanted, size_t at)
{
    const sim_venue *sim = wanted->call->sim;
    const sim_order *order = sim_order_at(sim, (uint32_t)at);
    bool by_id = wanted->id[0] != '\0' || wanted->link[0] != '\0';
    const char *status = sim_arg(wanted->call, "orderStatus");
    if (!sim_ended(order) || !order_matches(wanted, order) || !filter_matches(wanted->call, order))
        return false;
    if (order->filled_lots == 0 && sim->now_ns - order->updated_ns > DAY_NS)
        return false;
    if (status[0] != '\0' && (strcmp(status, "Filled") == 0) != (order->state == SIM_FILLED))
        return false;
    return by_id || (order->created_ns >= wanted->start_ns && order->created_ns <= wanted->end_ns);
}

hean_status sim_on_history(sim_call *call)
{
    filter wanted;
    int64_t limit;
    if (read_filter(call, false, &wanted) && sim_arg_limit(call, 20, 50, &limit) &&
        read_window(call, WEEK_NS, WEEK_NS, &wanted))
        write_page(&wanted, call->sim->orders.count, limit, match_history, write_order);
    return HEAN_OK;
}

/* ---- executions ---- */

static bool match_execution(const filter *wanted, size_t at)
{
    const sim_venue *sim = wanted->call->sim;
    const sim_execution *execution = SIM_AT(&sim->executions, sim_execution, at);
    const char *type = sim_arg(wanted->call, "execType");
    bool funding = execution->order == SIM_NONE;
    sim_order stand_in = {.symbol = execution->symbol};
    bool by_id = wanted->id[0] != '\0' || wanted->link[0] != '\0';
    if (!order_matches(wanted, funding ? &stand_in : sim_order_at(sim, execution->order)))
        return false;
    if (by_id)
        return true;
    if (type[0] != '\0' && strcmp(type, funding ? "Funding" : "Trade") != 0)
        return false;
    return execution->time_ns >= wanted->start_ns && execution->time_ns <= wanted->end_ns;
}

static void write_execution(const filter *wanted, size_t at)
{
    sim_venue *sim = wanted->call->sim;
    sim_write_execution(sim, &wanted->call->result, SIM_AT(&sim->executions, sim_execution, at),
                        false);
}

hean_status sim_on_executions(sim_call *call)
{
    filter wanted;
    int64_t limit;
    if (read_filter(call, false, &wanted) && sim_arg_limit(call, 50, 100, &limit) &&
        read_window(call, WEEK_NS, WEEK_NS, &wanted))
        write_page(&wanted, call->sim->executions.count, limit, match_execution, write_execution);
    return HEAN_OK;
}

/* ---- positions ---- */

hean_status sim_on_positions(sim_call *call)
{
    sim_venue *sim = call->sim;
    filter wanted;
    int64_t limit;
    size_t at;
    int64_t written = 0;
    if (!read_filter(call, true, &wanted) || !sim_arg_limit(call, 20, 200, &limit) ||
        !sim_arg_cursor(call, sim->symbol_count, &at))
        return HEAN_OK;
    if (call->kind == HEAN_INSTRUMENT_SPOT) {
        (void)sim_refuse(call, 10001, "Illegal category");
        return HEAN_OK;
    }
    if (sim_arg(call, "cursor")[0] == '\0')
        at = 0;
    base_buffer_printf(&call->result, "{\"category\":\"%s\",\"list\":[", sim_kind_text(call->kind));
    for (; at < sim->symbol_count && written < limit; at++) {
        const sim_symbol *symbol = &sim->symbols[at];
        const sim_order stand_in = {.symbol = (uint16_t)at};
        if (!order_matches(&wanted, &stand_in) ||
            (wanted.symbol == NULL && symbol->position.qty_lots == 0))
            continue;
        if (written++ > 0)
            base_buffer_append(&call->result, ",", 1);
        sim_write_position(sim, &call->result, symbol, false);
    }
    base_buffer_append(&call->result, "],", 2);
    sim_write_cursor(call, at, written == limit && at < sim->symbol_count);
    base_buffer_append(&call->result, "}", 1);
    return HEAN_OK;
}

static bool read_leverage(sim_call *call, const char *key, int64_t *out_e2)
{
    const char *text = sim_arg(call, key);
    if (text[0] == '\0' || decimal_parse_scaled(text, strlen(text), 2, out_e2) != HEAN_OK ||
        *out_e2 < 100 || *out_e2 > 10000)
        return sim_refuse(call, 10001, "params error: %s, expected 1 to 100", key);
    return true;
}

hean_status sim_on_set_leverage(sim_call *call)
{
    sim_symbol *symbol = NULL;
    int64_t buy_e2 = 0;
    int64_t sell_e2 = 0;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL ||
        !read_leverage(call, "buyLeverage", &buy_e2) ||
        !read_leverage(call, "sellLeverage", &sell_e2))
        return HEAN_OK;
    if (symbol->kind == HEAN_INSTRUMENT_SPOT)
        (void)sim_refuse(call, 10001, "Illegal category");
    else if (buy_e2 != sell_e2)
        (void)sim_refuse(call, 10001, "buy leverage not equal sell leverage");
    else if (buy_e2 == symbol->leverage_e2)
        (void)sim_refuse(call, 110043, "leverage not modified");
    else
        symbol->leverage_e2 = buy_e2;
    return HEAN_OK;
}

hean_status sim_on_switch_mode(sim_call *call)
{
    if (sim_number(call, "mode", -1) == 0)
        (void)sim_refuse(call, 110025, "Position mode is not modified");
    else
        (void)sim_refuse(call, 110029, "This symbol does not support hedge mode here");
    return HEAN_OK;
}

/* ---- the log of money ---- */

static bool match_log(const filter *wanted, size_t at)
{
    static const char *const types[] = {"TRADE", "SETTLEMENT", "TRANSFER_IN"};
    const sim_venue *sim = wanted->call->sim;
    const sim_log_row *row = SIM_AT(&sim->log, sim_log_row, at);
    const char *type = sim_arg(wanted->call, "type");
    const char *currency = sim_arg(wanted->call, "currency");
    const char *category = sim_arg(wanted->call, "category");
    if (row->time_ns < wanted->start_ns || row->time_ns > wanted->end_ns ||
        (type[0] != '\0' && strcmp(type, types[row->kind]) != 0) ||
        (currency[0] != '\0' && strcmp(currency, sim->coins[row->coin].name) != 0))
        return false;
    if (category[0] == '\0')
        return true;
    if (row->execution == SIM_NONE)
        return false;
    const sim_execution *execution = SIM_AT(&sim->executions, sim_execution, row->execution);
    return sim->symbols[execution->symbol].kind == wanted->call->kind;
}

static void write_log(const filter *wanted, size_t at)
{
    static const char *const types[] = {"TRADE", "SETTLEMENT", "TRANSFER_IN"};
    static const sim_execution no_execution = {.order = SIM_NONE};
    const sim_venue *sim = wanted->call->sim;
    const sim_log_row *row = SIM_AT(&sim->log, sim_log_row, at);
    bool transfer = row->execution == SIM_NONE;
    const sim_execution *execution =
        transfer ? &no_execution : SIM_AT(&sim->executions, sim_execution, row->execution);
    const sim_symbol *symbol = &sim->symbols[execution->symbol];
    const sim_order *order =
        execution->order == SIM_NONE ? NULL : sim_order_at(sim, execution->order);
    base_buffer *out = &wanted->call->result;
    base_buffer_printf(out,
                       "{\"id\":\"%s_%zu\",\"symbol\":\"%s\",\"category\":\"%s\","
                       "\"side\":\"%s\",\"transactionTime\":\"%lld\",\"type\":\"%s\","
                       "\"transSubType\":\"\"",
                       transfer ? "transfer" : execution->id, at, transfer ? "" : symbol->name,
                       transfer ? "" : sim_kind_text(symbol->kind),
                       transfer ? "None" : sim_side_text(execution->side),
                       (long long)sim_ms(sim, row->time_ns), types[row->kind]);
    base_buffer_printf(
        out,
        ",\"qty\":\"%s\",\"size\":\"%s\",\"currency\":\"%s\","
        "\"tradePrice\":\"%s\",\"funding\":\"%s\",\"fee\":\"%s\"",
        transfer ? "0" : sim_qty(symbol, execution->lots).s,
        transfer ? "0" : sim_qty(symbol, row->size_lots).s, sim->coins[row->coin].name,
        transfer ? "" : sim_price(symbol, execution->price_ticks).s,
        row->kind == SIM_LOG_SETTLEMENT ? sim_e8(row->funding_e8).s : "", sim_e8(row->fee_e8).s);
    base_buffer_printf(out,
                       ",\"cashFlow\":\"%s\",\"change\":\"%s\",\"cashBalance\":\"%s\","
                       "\"feeRate\":\"%s\",\"bonusChange\":\"\",\"tradeId\":\"%s\"",
                       sim_e8(row->cash_flow_e8).s, sim_e8(row->change_e8).s,
                       sim_e8(row->balance_e8).s, sim_e12(execution->rate_e12).s, execution->id);
    base_buffer_printf(out, ",\"orderId\":\"%s\",\"orderLinkId\":\"%s\",\"extraFees\":\"\"}",
                       order != NULL ? order->id : execution->id, order != NULL ? order->link : "");
}

hean_status sim_on_log(sim_call *call)
{
    filter wanted = {.call = call};
    int64_t limit;
    if (!sim_arg_limit(call, 20, 50, &limit) || !sim_arg_kind(call, true) ||
        !read_window(call, DAY_NS, WEEK_NS, &wanted))
        return HEAN_OK;
    call->has_kind = false; /* rows of all categories */
    write_page(&wanted, call->sim->log.count, limit, match_log, write_log);
    return HEAN_OK;
}

/* ---- the account ---- */

hean_status sim_on_wallet(sim_call *call)
{
    if (strcmp(sim_arg(call, "accountType"), "UNIFIED") != 0) {
        (void)sim_refuse(call, 10001, "accountType only support UNIFIED.");
        return HEAN_OK;
    }
    base_buffer_printf(&call->result, "{\"list\":[");
    sim_write_wallet(call->sim, &call->result, sim_arg(call, "coin"));
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

hean_status sim_on_fee_rate(sim_call *call)
{
    const sim_venue *sim = call->sim;
    bool first = true;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    const sim_symbol *only = sim_arg_symbol(call, false);
    if (call->code != 0)
        return HEAN_OK;
    base_buffer_printf(&call->result, "{\"category\":\"%s\",\"list\":[", sim_arg(call, "category"));
    for (size_t i = 0; call->has_kind && i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        if (symbol->kind != call->kind || (only != NULL && symbol != only))
            continue;
        base_buffer_printf(&call->result,
                           "%s{\"symbol\":\"%s\",\"baseCoin\":\"\","
                           "\"takerFeeRate\":\"%s\",\"makerFeeRate\":\"%s\"}",
                           first ? "" : ",", symbol->name,
                           sim_e8(symbol->instrument->spec.taker_fee_e8).s,
                           sim_e8(symbol->instrument->spec.maker_fee_e8).s);
        first = false;
    }
    base_buffer_append(&call->result, "]}", 2);
    return HEAN_OK;
}

hean_status sim_on_account_info(sim_call *call)
{
    base_buffer_printf(&call->result,
                       "{\"unifiedMarginStatus\":5,\"marginMode\":\"REGULAR_MARGIN\","
                       "\"isMasterTrader\":false,\"spotHedgingStatus\":\"OFF\","
                       "\"updatedTime\":\"%lld\",\"dcpStatus\":\"OFF\","
                       "\"timeWindow\":0,\"smpGroup\":0}",
                       (long long)sim_ms(call->sim, call->sim->begin_ns));
    return HEAN_OK;
}

/* The two flags have opposite polarity from what set-limit-px-action says. */
hean_status sim_on_user_setting(sim_call *call)
{
    const bool *reject = call->sim->reject_beyond_band;
    base_buffer_printf(&call->result,
                       "{\"lpaSpot\":%s,\"lpaPerp\":%s,\"deltaEnable\":false,"
                       "\"smsef\":false,\"fmsef\":false}",
                       reject[HEAN_INSTRUMENT_SPOT] ? "false" : "true",
                       reject[HEAN_INSTRUMENT_LINEAR] ? "true" : "false");
    return HEAN_OK;
}

hean_status sim_on_set_limit_action(sim_call *call)
{
    bool *reject = call->sim->reject_beyond_band;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    bool modify = sim_flag(call, "modifyEnable");
    if (call->kind == HEAN_INSTRUMENT_SPOT)
        reject[HEAN_INSTRUMENT_SPOT] = !modify;
    else
        reject[HEAN_INSTRUMENT_LINEAR] = reject[HEAN_INSTRUMENT_INVERSE] = !modify;
    return HEAN_OK;
}

hean_status sim_on_key_info(sim_call *call)
{
    base_buffer_printf(&call->result, "{\"id\":\"1\",\"note\":\"simulated\",\"apiKey\":");
    sim_write_text(&call->result, call->sim->api_key);
    base_buffer_printf(&call->result,
                       ",\"readOnly\":0,\"secret\":\"\",\"permissions\":{\"ContractTrade\":"
                       "[\"Order\",\"Position\"],\"Spot\":[\"SpotTrade\"],\"Wallet\":[],"
                       "\"Options\":[],\"Derivatives\":[\"DerivativesTrade\"],\"Exchange\":[],"
                       "\"Earn\":[]},\"ips\":[\"*\"],\"type\":1,\"deadlineDay\":90");
    base_buffer_printf(&call->result,
                       ",\"expiredAt\":\"2099-01-01T00:00:00Z\",\"createdAt\":"
                       "\"2024-01-01T00:00:00Z\",\"unified\":0,\"uta\":1,\"userID\":1,"
                       "\"inviterID\":0,\"vipLevel\":\"No VIP\",\"mktMakerLevel\":\"0\","
                       "\"affiliateID\":0,\"rsaPublicKey\":\"\",\"isMaster\":true,"
                       "\"parentUid\":\"0\",\"kycLevel\":\"LEVEL_1\",\"kycRegion\":\"\"}");
    return HEAN_OK;
}
