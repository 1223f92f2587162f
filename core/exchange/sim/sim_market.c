/*
 * sim_market.c: the market comes in: the venue's book, trades, minutes, mark price and funding of
 * each symbol, and what they do to orders.
 *
 * Must not know: frames' texts, requests.
 */
#include "sim_internal.h"

#include <time.h>

#define DAY_MINUTES 1440
#define GAP_MINUTES (31 * DAY_MINUTES) /* the longest hole that is filled with flat bars */

const sim_interval sim_intervals[] = {{"1", 1},     {"3", 3},     {"5", 5},     {"15", 15},
                                      {"30", 30},   {"60", 60},   {"120", 120}, {"240", 240},
                                      {"360", 360}, {"720", 720}, {"D", 1440},  {"W", 7 * 1440},
                                      {"M", 0}};
const size_t sim_interval_count = BASE_COUNT(sim_intervals);

/* ---- bars ---- */

static int64_t month_start(int64_t time_ns, int months)
{
    time_t seconds = (time_t)(time_ns / BASE_NS_PER_S);
    struct tm date;
    (void)gmtime_r(&seconds, &date);
    struct tm start = {.tm_year = date.tm_year, .tm_mon = date.tm_mon + months, .tm_mday = 1};
    return (int64_t)timegm(&start) * BASE_NS_PER_S;
}

int64_t sim_bar_start(int interval, int64_t time_ns)
{
    int64_t step_ns = sim_intervals[interval].minutes * SIM_MINUTE_NS;
    if (step_ns == 0)
        return month_start(time_ns, 0);
    /* The epoch was a Thursday; weeks begin on Monday. */
    int64_t shift_ns =
        sim_intervals[interval].minutes == 7 * DAY_MINUTES ? 3 * DAY_MINUTES * SIM_MINUTE_NS : 0;
    return time_ns - (time_ns + shift_ns) % step_ns;
}

int64_t sim_bar_end(int interval, int64_t start_ns)
{
    int64_t step_ns = sim_intervals[interval].minutes * SIM_MINUTE_NS;
    return step_ns == 0 ? month_start(start_ns, 1) : start_ns + step_ns;
}

static sim_bar *last_bar(const sim_symbol *symbol)
{
    return symbol->bars.count == 0 ? NULL : SIM_AT(&symbol->bars, sim_bar, symbol->bars.count - 1);
}

hean_status sim_bars_until(sim_venue *sim, sim_symbol *symbol, int64_t now_ns)
{
    int64_t start_ns = now_ns - now_ns % SIM_MINUTE_NS;
    const sim_bar *last = last_bar(symbol);
    if (last == NULL)
        return HEAN_OK;
    int64_t close = last->close_ticks;
    int64_t next_ns = last->start_ns + SIM_MINUTE_NS;
    if (start_ns - next_ns > GAP_MINUTES * SIM_MINUTE_NS)
        next_ns = start_ns - GAP_MINUTES * SIM_MINUTE_NS;
    for (; next_ns <= start_ns; next_ns += SIM_MINUTE_NS) {
        sim_bar *bar = sim_list_add(sim->allocator, &symbol->bars, sizeof *bar);
        if (bar == NULL)
            return HEAN_E_NO_MEMORY;
        *bar = (sim_bar){.start_ns = next_ns,
                         .open_ticks = close,
                         .high_ticks = close,
                         .low_ticks = close,
                         .close_ticks = close};
    }
    return HEAN_OK;
}

static void merge(sim_bar *into, const sim_bar *bar)
{
    if (bar->high_ticks > into->high_ticks)
        into->high_ticks = bar->high_ticks;
    if (bar->low_ticks < into->low_ticks)
        into->low_ticks = bar->low_ticks;
    into->close_ticks = bar->close_ticks;
    if (__builtin_add_overflow(into->volume_lots, bar->volume_lots, &into->volume_lots))
        into->volume_lots = INT64_MAX;
    if (__builtin_add_overflow(into->value_e8, bar->value_e8, &into->value_e8))
        into->value_e8 = INT64_MAX;
}

static hean_status add_to_bars(sim_venue *sim, sim_symbol *symbol, const sim_bar *piece)
{
    hean_status status = sim_bars_until(sim, symbol, piece->start_ns);
    if (status != HEAN_OK)
        return status;
    sim_bar *bar = last_bar(symbol);
    if (bar != NULL && bar->start_ns >= piece->start_ns) {
        if (bar->volume_lots == 0)
            bar->open_ticks = bar->high_ticks = bar->low_ticks = piece->open_ticks;
        merge(bar, piece);
        return HEAN_OK;
    }
    bar = sim_list_add(sim->allocator, &symbol->bars, sizeof *bar);
    if (bar == NULL)
        return HEAN_E_NO_MEMORY;
    *bar = *piece;
    return HEAN_OK;
}

bool sim_bar_at(const sim_symbol *symbol, int interval, int64_t time_ns, sim_bar *out)
{
    const sim_bar *bars = symbol->bars.items;
    size_t count = symbol->bars.count;
    int64_t start_ns = sim_bar_start(interval, time_ns);
    int64_t end_ns = sim_bar_end(interval, start_ns);
    if (count == 0 || bars[0].start_ns >= end_ns || bars[count - 1].start_ns < start_ns)
        return false;
    size_t at = 0; /* the first that is not before the start */
    for (size_t high = count; at < high;) {
        size_t middle = at + (high - at) / 2;
        if (bars[middle].start_ns < start_ns)
            at = middle + 1;
        else
            high = middle;
    }
    if (at == count || bars[at].start_ns >= end_ns)
        return false;
    *out = bars[at];
    out->start_ns = start_ns;
    while (++at < count && bars[at].start_ns < end_ns)
        merge(out, &bars[at]);
    return true;
}

/* ---- trades ---- */

const sim_trade *sim_trade_at(const sim_symbol *symbol, size_t back)
{
    size_t newest = (size_t)((symbol->trade_count - 1) % SIM_TRADES_MAX);
    return SIM_AT(&symbol->trades, sim_trade, (newest + SIM_TRADES_MAX - back) % SIM_TRADES_MAX);
}

static hean_status on_trade(sim_venue *sim, sim_symbol *symbol, const hean_event *event)
{
    enum { PLUS, ZERO_PLUS, MINUS, ZERO_MINUS };
    int64_t price = event->data.level.price_ticks;
    int64_t lots = event->data.level.qty_lots;
    int64_t value;
    if (market_value_e8(symbol->instrument, price, lots, &value) != HEAN_OK)
        value = 0; /* beyond what money can say: the trade counts, its value does not */
    if (symbol->trades.count < SIM_TRADES_MAX) {
        if (sim_list_add(sim->allocator, &symbol->trades, sizeof(sim_trade)) == NULL)
            return HEAN_E_NO_MEMORY;
    }
    if (price > symbol->last_ticks)
        symbol->direction = PLUS;
    else if (price < symbol->last_ticks)
        symbol->direction = MINUS;
    else
        symbol->direction = symbol->direction <= ZERO_PLUS ? ZERO_PLUS : ZERO_MINUS;
    *SIM_AT(&symbol->trades, sim_trade, symbol->trade_count % SIM_TRADES_MAX) =
        (sim_trade){.price_ticks = price,
                    .qty_lots = lots,
                    .time_ns = event->exch_ns,
                    .seq = symbol->seq,
                    .number = symbol->trade_count + 1,
                    .side = event->side == HEAN_SIDE_NONE ? HEAN_SIDE_BUY : event->side,
                    .direction = symbol->direction};
    symbol->trade_count++;
    symbol->last_ticks = price;
    sim_topics_touch(sim, symbol, SIM_TOPIC_TRADES);
    sim_topics_touch(sim, symbol, SIM_TOPIC_KLINE);
    sim_bar piece = {.start_ns = event->exch_ns - event->exch_ns % SIM_MINUTE_NS,
                     .open_ticks = price,
                     .high_ticks = price,
                     .low_ticks = price,
                     .close_ticks = price,
                     .volume_lots = lots,
                     .value_e8 = value};
    return add_to_bars(sim, symbol, &piece);
}

static hean_status on_bar(sim_venue *sim, sim_symbol *symbol, const hean_event *event)
{
    int64_t start_ns = event->exch_ns - event->data.bar.interval_ns;
    int64_t close = event->data.bar.close_ticks;
    sim_bar piece = {.start_ns = start_ns - start_ns % SIM_MINUTE_NS,
                     .open_ticks = event->data.bar.open_ticks,
                     .high_ticks = event->data.bar.high_ticks,
                     .low_ticks = event->data.bar.low_ticks,
                     .close_ticks = close,
                     .volume_lots = event->data.bar.volume_lots};
    if (market_value_e8(symbol->instrument, close, piece.volume_lots, &piece.value_e8) != HEAN_OK)
        piece.value_e8 = 0;
    symbol->last_ticks = close;
    return add_to_bars(sim, symbol, &piece);
}

/* ---- mark ---- */

int64_t sim_mark(const sim_symbol *symbol)
{
    if (symbol->mark_ticks > 0)
        return symbol->mark_ticks;
    if (symbol->last_ticks > 0)
        return symbol->last_ticks;
    return market_book_mid2_ticks(&symbol->book) / 2;
}

static int64_t part(int64_t ticks, int64_t percent)
{
    return (int64_t)((base_int128)ticks * percent / 100);
}

/* priceLimitRatioX 5 %, Y 10 %; spot: 5 % and 10 % of the last price. The premium is left out. */
void sim_band(const sim_symbol *symbol, int64_t *highest_bid, int64_t *lowest_ask)
{
    int64_t mark = sim_mark(symbol);
    int64_t index = symbol->index_ticks > 0 ? symbol->index_ticks : mark;
    int64_t near_bid = part(mark, 105);
    int64_t near_ask = part(mark, 95);
    if (index > near_bid)
        near_bid = index;
    if (index < near_ask)
        near_ask = index;
    *highest_bid = near_bid < part(mark, 110) ? near_bid : part(mark, 110);
    *lowest_ask = near_ask > part(mark, 90) ? near_ask : part(mark, 90);
    if (mark > 0 && *highest_bid <= mark)
        *highest_bid = mark + 1;
    if (mark > 1 && *lowest_ask >= mark)
        *lowest_ask = mark - 1;
    if (mark > 0 && *lowest_ask < 1)
        *lowest_ask = 1;
}

int64_t sim_usd_e8(const sim_venue *sim, uint16_t coin, int64_t amount_e8)
{
    if (strncmp(sim->coins[coin].name, "USD", 3) == 0)
        return amount_e8;
    for (size_t i = 0; i < sim->symbol_count; i++) {
        const sim_symbol *symbol = &sim->symbols[i];
        int64_t price_e8;
        int64_t usd;
        int64_t mark = sim_mark(symbol);
        if (symbol->base != coin || mark == 0 ||
            strncmp(sim->coins[symbol->quote].name, "USD", 3) != 0)
            continue;
        const hean_decimal *tick = &symbol->instrument->spec.tick_size;
        base_int128 mantissa = (base_int128)mark * tick->mantissa;
        if (mantissa > INT64_MAX ||
            decimal_to_scaled((hean_decimal){(int64_t)mantissa, tick->exponent10}, 8, &price_e8) !=
                HEAN_OK ||
            decimal_divide((base_int128)amount_e8 * price_e8, BASE_E8, &usd) != HEAN_OK)
            continue;
        return usd;
    }
    return 0;
}

static hean_status on_funding(sim_venue *sim, sim_symbol *symbol, const hean_event *event)
{
    int64_t mark = event->data.funding.mark_ticks;
    sim_funding *funding = sim_list_add(sim->allocator, &symbol->fundings, sizeof *funding);
    if (funding == NULL)
        return HEAN_E_NO_MEMORY;
    *funding = (sim_funding){event->exch_ns, event->data.funding.rate_e12};
    if (event->data.funding.interval_ns > 0)
        symbol->funding_interval_ns = event->data.funding.interval_ns;
    return sim_account_fund(sim, symbol, event->data.funding.rate_e12,
                            mark > 0 ? mark : sim_mark(symbol));
}

static void on_mark(sim_venue *sim, sim_symbol *symbol, const hean_event *event)
{
    if (event->data.mark.mark_ticks > 0)
        symbol->mark_ticks = event->data.mark.mark_ticks;
    if (event->data.mark.index_ticks > 0)
        symbol->index_ticks = event->data.mark.index_ticks;
    if (symbol->last_ticks == 0)
        symbol->last_ticks = event->data.mark.last_ticks;
    symbol->rate_e12 = event->data.mark.next_rate_e12;
    symbol->interest_lots = event->data.mark.open_interest_lots;
    sim_topics_touch(sim, symbol, SIM_TOPIC_PRICE_LIMIT);
    if (event->data.mark.next_funding_ns > 0)
        symbol->next_funding_ns = sim_venue_ns(sim, event->data.mark.next_funding_ns);
    if (symbol->funding_interval_ns == 0)
        symbol->funding_interval_ns =
            sim->market != NULL ? sim->market_options.funding_interval_ns : 8 * 60 * SIM_MINUTE_NS;
}

hean_status sim_market_event(sim_venue *sim, const hean_event *event)
{
    sim_symbol *symbol = &sim->symbols[event->instrument];
    hean_status status = HEAN_OK;
    symbol->seq++;
    switch (event->kind) {
    case HEAN_EVENT_BOOK:
    case HEAN_EVENT_QUOTE:
        status = market_book_apply(&symbol->book, event);
        if (event->kind == HEAN_EVENT_QUOTE || (event->flags & HEAN_EVENT_LAST) != 0)
            sim_topics_touch(sim, symbol, SIM_TOPIC_BOOK);
        break;
    case HEAN_EVENT_TRADE:
        status = on_trade(sim, symbol, event);
        break;
    case HEAN_EVENT_BAR:
        status = on_bar(sim, symbol, event);
        break;
    case HEAN_EVENT_MARK:
        on_mark(sim, symbol, event);
        break;
    case HEAN_EVENT_FUNDING:
        status = on_funding(sim, symbol, event);
        break;
    default:
        break;
    }
    sim_topics_touch(sim, symbol, SIM_TOPIC_TICKER);
    if (status == HEAN_OK)
        status = paper_market(sim->engine, event, event->exch_ns);
    if (status == HEAN_OK)
        status = sim_engine_answers(sim);
    if (status == HEAN_OK)
        status = sim_trigger(sim, symbol);
    return status;
}
