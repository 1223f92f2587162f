/*
 * sim_topic.c: public topics: what subscribers were told, what has changed since, and the frames
 * that tell it.
 *
 * Invariants
 *   T1  a snapshot and the deltas after it, applied in order of u, give the view; u grows by one
 *       with each frame (faults leave one out, and begin again at 1).
 *   T2  a subscriber that joins gets the view that the others have.
 * Must not know: what clients say (sim_socket.c), orders.
 */
#include "sim_internal.h"

#define RESEND_NS (3 * BASE_NS_PER_S) /* depth 1, unchanged, with the same u */

/* ---- names ---- */

static const struct {
    int32_t depth;
    int64_t interval_ms;
} book_depths[] = {{1, 10}, {50, 20}, {200, 100}, {1000, 200}};

static const struct {
    const char *prefix;
    sim_topic_kind kind;
    int64_t interval_ms;
} public_topics[] = {{"orderbook.", SIM_TOPIC_BOOK, 20},
                     {"publicTrade.", SIM_TOPIC_TRADES, 0},
                     {"tickers.", SIM_TOPIC_TICKER, 100},
                     {"kline.", SIM_TOPIC_KLINE, 1000},
                     {"allLiquidation.", SIM_TOPIC_LIQUIDATION, 500},
                     {"priceLimit.", SIM_TOPIC_PRICE_LIMIT, 300}};

static const struct {
    const char *name;
    sim_topic_kind kind;
} private_topics[] = {{"order", SIM_TOPIC_ORDER},
                      {"execution", SIM_TOPIC_EXECUTION},
                      {"execution.fast", SIM_TOPIC_EXECUTION_FAST},
                      {"position", SIM_TOPIC_POSITION},
                      {"wallet", SIM_TOPIC_WALLET},
                      {"greeks", SIM_TOPIC_OTHER},
                      {"dcp.future", SIM_TOPIC_OTHER},
                      {"dcp.spot", SIM_TOPIC_OTHER}};

static bool parse_private(const char *name, sim_topic *topic)
{
    for (size_t i = 0; i < BASE_COUNT(private_topics); i++) {
        size_t length = strlen(private_topics[i].name);
        if (strncmp(name, private_topics[i].name, length) != 0)
            continue;
        topic->kind = private_topics[i].kind;
        topic->category = -1;
        if (name[length] == '\0')
            return true;
        if (name[length] != '.' || topic->kind == SIM_TOPIC_WALLET ||
            topic->kind == SIM_TOPIC_OTHER)
            continue;
        for (int kind = 0; kind < 3; kind++)
            if (strcmp(name + length + 1, sim_kind_text((hean_instrument_kind)kind)) == 0) {
                topic->category = kind;
                return true;
            }
    }
    return false;
}

/* The part between prefix and symbol: a depth or an interval. */
static bool parse_middle(const char **at, sim_topic *topic)
{
    size_t length = strcspn(*at, ".");
    char text[8] = "";
    if ((*at)[length] != '.' || length >= sizeof text)
        return false;
    memcpy(text, *at, length);
    *at += length + 1;
    for (size_t i = 0; topic->kind == SIM_TOPIC_BOOK && i < BASE_COUNT(book_depths); i++)
        if (strcmp(text, sim_whole(book_depths[i].depth).s) == 0) {
            topic->depth = book_depths[i].depth;
            topic->interval_ns = book_depths[i].interval_ms * BASE_NS_PER_MS;
            return true;
        }
    for (size_t i = 0; topic->kind == SIM_TOPIC_KLINE && i < sim_interval_count; i++)
        if (strcmp(text, sim_intervals[i].name) == 0) {
            topic->interval = (int)i;
            return true;
        }
    return false;
}

static bool parse_public(sim_venue *sim, sim_socket_kind socket, const char *name, sim_topic *topic,
                         hean_error *error)
{
    for (size_t i = 0; i < BASE_COUNT(public_topics); i++) {
        size_t length = strlen(public_topics[i].prefix);
        const char *at = name + length;
        if (strncmp(name, public_topics[i].prefix, length) != 0)
            continue;
        topic->kind = public_topics[i].kind;
        topic->interval_ns = public_topics[i].interval_ms * BASE_NS_PER_MS;
        if ((topic->kind == SIM_TOPIC_BOOK || topic->kind == SIM_TOPIC_KLINE) &&
            !parse_middle(&at, topic))
            break;
        topic->symbol = sim_find_symbol(sim, (hean_instrument_kind)socket, at);
        if (topic->symbol != NULL)
            return true;
        if (socket == SIM_SOCKET_SPOT) {
            (void)base_fail(error, HEAN_E_NOT_FOUND, "Invalid symbol :[%.64s]", name);
            return false;
        }
        break;
    }
    (void)base_fail(error, HEAN_E_NOT_FOUND, "error:handler not found,topic:%.64s", name);
    return false;
}

sim_topic *sim_topic_find(const sim_venue *sim, sim_socket_kind socket, const char *name)
{
    for (size_t i = 0; i < sim->topics.count; i++) {
        sim_topic *topic = *SIM_AT(&sim->topics, sim_topic *, i);
        bool same = topic->symbol == NULL ? socket == SIM_SOCKET_PRIVATE
                                          : (int)topic->symbol->kind == (int)socket;
        if (same && strcmp(topic->name, name) == 0)
            return topic;
    }
    return NULL;
}

void sim_topic_free(sim_venue *sim, sim_topic *topic)
{
    for (int side = 0; side < 2; side++) {
        base_free(sim->allocator, topic->view[side]);
        base_free(sim->allocator, topic->next[side]);
    }
    base_free(sim->allocator, topic->ticker);
    base_free(sim->allocator, topic->sockets.items);
    base_free(sim->allocator, topic);
}

static bool topic_memory(sim_venue *sim, sim_topic *topic)
{
    bool done = true;
    for (int side = 0; topic->kind == SIM_TOPIC_BOOK && side < 2; side++) {
        size_t depth = (size_t)topic->depth;
        topic->view[side] = base_alloc_array(sim->allocator, depth, sizeof(market_level));
        topic->next[side] = base_alloc_array(sim->allocator, depth, sizeof(market_level));
        done = done && topic->view[side] != NULL && topic->next[side] != NULL;
    }
    if (topic->kind == SIM_TOPIC_TICKER) {
        topic->ticker = base_alloc(sim->allocator, sizeof *topic->ticker);
        done = done && topic->ticker != NULL;
    }
    return done;
}

hean_status sim_topic_get(sim_venue *sim, sim_socket_kind socket, const char *name, sim_topic **out,
                          hean_error *error)
{
    sim_topic *topic = sim_topic_find(sim, socket, name);
    sim_topic parsed = {.kind = SIM_TOPIC_OTHER};
    if (topic != NULL) {
        *out = topic;
        return HEAN_OK;
    }
    if (!base_text_copy(parsed.name, sizeof parsed.name, name) ||
        (socket == SIM_SOCKET_PRIVATE && !parse_private(name, &parsed)))
        return base_fail(error, HEAN_E_NOT_FOUND, "error:handler not found,topic:%.64s", name);
    if (socket != SIM_SOCKET_PRIVATE && !parse_public(sim, socket, name, &parsed, error))
        return HEAN_E_NOT_FOUND;
    if (parsed.kind == SIM_TOPIC_BOOK && sim->options.book_push_ns >= 0)
        parsed.interval_ns = sim->options.book_push_ns;
    parsed.update_id = 1000;
    topic = base_alloc(sim->allocator, sizeof *topic);
    if (topic == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "topic");
    *topic = parsed;
    void *place = topic_memory(sim, topic)
                      ? sim_list_add(sim->allocator, &sim->topics, sizeof(sim_topic *))
                      : NULL;
    if (place == NULL) {
        sim_topic_free(sim, topic);
        return base_fail(error, HEAN_E_NO_MEMORY, "topic");
    }
    *(sim_topic **)place = topic;
    *out = topic;
    if (topic->symbol == NULL)
        return HEAN_OK;
    place = sim_list_add(sim->allocator, &topic->symbol->topics, sizeof(sim_topic *));
    if (place == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "topic");
    *(sim_topic **)place = topic;
    return HEAN_OK;
}

/* ---- books ---- */

void sim_write_levels(base_buffer *out, const sim_symbol *symbol, const market_level *levels,
                      size_t count)
{
    base_buffer_append(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        sim_text price = sim_price(symbol, levels[i].price_ticks);
        sim_text size = sim_qty(symbol, levels[i].qty_lots);
        base_buffer_append(out, i == 0 ? "[\"" : ",[\"", i == 0 ? 2 : 3);
        base_buffer_append(out, price.s, strlen(price.s));
        base_buffer_append(out, "\",\"", 3);
        base_buffer_append(out, size.s, strlen(size.s));
        base_buffer_append(out, "\"]", 2);
    }
    base_buffer_append(out, "]", 1);
}

static hean_status book_frame(sim_venue *sim, const sim_topic *topic, bool snapshot,
                              const market_level *bids, size_t bid_count, const market_level *asks,
                              size_t ask_count, sim_socket *only)
{
    const sim_symbol *symbol = topic->symbol;
    base_buffer out;
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"topic\":\"%s\",\"type\":\"%s\",\"ts\":%lld,\"data\":{\"s\":\"%s\"",
                       topic->name, snapshot ? "snapshot" : "delta",
                       (long long)sim_ms(sim, sim->now_ns), symbol->name);
    base_buffer_printf(&out, ",\"b\":");
    sim_write_levels(&out, symbol, bids, bid_count);
    base_buffer_printf(&out, ",\"a\":");
    sim_write_levels(&out, symbol, asks, ask_count);
    base_buffer_printf(&out, ",\"u\":%lld,\"seq\":%lld},\"cts\":%lld}", (long long)topic->update_id,
                       (long long)symbol->seq, (long long)sim_ms(sim, symbol->book.exch_ns));
    hean_status status =
        only != NULL ? sim_frame(sim, only, &out, 0) : sim_broadcast(sim, topic, &out, 0);
    base_buffer_deinit(&out);
    return status;
}

/* Turns `old` into what differs in `new`: absolute sizes, 0 for what is gone. Both are sorted from
 * the best outwards. `out` has room for both. */
static size_t differences(int side, const market_level *old, size_t old_count,
                          const market_level *new, size_t new_count, market_level *out)
{
    size_t count = 0;
    size_t at = 0;
    for (size_t i = 0; i < new_count || at < old_count;) {
        int64_t order = 0; /* < 0: the old level is nearer to the best */
        if (i < new_count && at < old_count)
            order = side == MARKET_BID ? new[i].price_ticks - old[at].price_ticks
                                       : old[at].price_ticks - new[i].price_ticks;
        if (i == new_count || (at < old_count && order < 0)) {
            out[count++] = (market_level){old[at++].price_ticks, 0};
        } else if (at == old_count || order > 0) {
            out[count++] = new[i++];
        } else {
            if (new[i].qty_lots != old[at].qty_lots)
                out[count++] = new[i];
            i++;
            at++;
        }
    }
    return count;
}

hean_status sim_topic_book(sim_venue *sim, sim_topic *topic)
{
    size_t depth = (size_t)topic->depth;
    size_t counts[2];
    size_t changed[2];
    market_level *changes = base_alloc_array(sim->allocator, 4 * depth, sizeof *changes);
    if (changes == NULL)
        return HEAN_E_NO_MEMORY;
    for (int side = 0; side < 2; side++) {
        counts[side] = market_book_depth(&topic->symbol->book, side, topic->next[side], depth);
        changed[side] = differences(side, topic->view[side], topic->view_count[side],
                                    topic->next[side], counts[side], changes + 2 * depth * side);
    }
    hean_status status = HEAN_OK;
    bool any = changed[0] + changed[1] > 0;
    bool told = topic->sockets.count > 0;
    bool whole = depth == 1;
    for (int side = 0; any && side < 2; side++) {
        market_level *old = topic->view[side];
        topic->view[side] = topic->next[side];
        topic->next[side] = old;
        topic->view_count[side] = counts[side];
    }
    if (any)
        topic->update_id++;
    if (told && any && sim_chance(sim, sim->options.faults.book_restart)) {
        topic->update_id = 1;
        whole = true;
    }
    if (told && whole)
        status = book_frame(sim, topic, true, topic->view[0], topic->view_count[0], topic->view[1],
                            topic->view_count[1], NULL);
    else if (told && any && !sim_chance(sim, sim->options.faults.sequence_gap))
        status = book_frame(sim, topic, false, changes, changed[0], changes + 2 * depth, changed[1],
                            NULL);
    base_free(sim->allocator, changes);
    return status;
}

/* ---- trades ---- */

static hean_status trades_frame(sim_venue *sim, sim_topic *topic)
{
    static const char *const directions[] = {"PlusTick", "ZeroPlusTick", "MinusTick",
                                             "ZeroMinusTick"};
    const sim_symbol *symbol = topic->symbol;
    size_t missing = (size_t)symbol->trade_count - topic->trades_told;
    base_buffer out;
    if (missing > SIM_TRADES_MAX)
        missing = SIM_TRADES_MAX;
    topic->trades_told = (size_t)symbol->trade_count;
    if (missing == 0)
        return HEAN_OK;
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"topic\":\"%s\",\"type\":\"snapshot\",\"ts\":%lld,\"data\":[",
                       topic->name, (long long)sim_ms(sim, sim->now_ns));
    for (size_t back = missing; back-- > 0;) {
        const sim_trade *trade = sim_trade_at(symbol, back);
        base_buffer_printf(
            &out, "%s{\"T\":%lld,\"s\":\"%s\",\"S\":\"%s\",\"v\":\"%s\",\"p\":\"%s\"",
            back + 1 == missing ? "" : ",", (long long)sim_ms(sim, trade->time_ns), symbol->name,
            sim_side_text(trade->side), sim_qty(symbol, trade->qty_lots).s,
            sim_price(symbol, trade->price_ticks).s);
        if (symbol->kind != HEAN_INSTRUMENT_SPOT)
            base_buffer_printf(&out, ",\"L\":\"%s\"", directions[trade->direction]);
        base_buffer_printf(&out, ",\"i\":\"%s\",\"BT\":false,\"RPI\":false,\"seq\":%lld}",
                           sim_trade_id(symbol, trade).s, (long long)trade->seq);
    }
    base_buffer_append(&out, "]}", 2);
    hean_status status = sim_broadcast(sim, topic, &out, 0);
    base_buffer_deinit(&out);
    return status;
}

/* ---- tickers ---- */

static void field(sim_ticker *out, const char *name, const char *value)
{
    out->names[out->count] = name;
    (void)base_text_copy(out->values[out->count++], sizeof out->values[0], value);
}

static int64_t value_of(const sim_symbol *symbol, int64_t lots)
{
    int64_t value;
    int64_t mark = sim_mark(symbol);
    if (mark == 0 || market_value_e8(symbol->instrument, mark, lots, &value) != HEAN_OK)
        return 0;
    return value;
}

static void day_fields(const sim_venue *sim, const sim_symbol *symbol, sim_ticker *out)
{
    const sim_bar *bars = symbol->bars.items;
    size_t count = symbol->bars.count;
    size_t first = count > 1440 ? count - 1440 : 0;
    int64_t change_e4 = 0;
    base_int128 volume = 0;
    base_int128 value = 0;
    sim_bar day = {.high_ticks = symbol->last_ticks,
                   .low_ticks = symbol->last_ticks,
                   .open_ticks = symbol->last_ticks};
    (void)sim;
    for (size_t i = first; i < count; i++) {
        if (i == first)
            day.open_ticks = bars[i].open_ticks;
        if (bars[i].high_ticks > day.high_ticks)
            day.high_ticks = bars[i].high_ticks;
        if (bars[i].low_ticks < day.low_ticks)
            day.low_ticks = bars[i].low_ticks;
        volume += bars[i].volume_lots;
        value += bars[i].value_e8;
    }
    if (day.open_ticks > 0)
        change_e4 =
            (int64_t)((base_int128)(symbol->last_ticks - day.open_ticks) * 10000 / day.open_ticks);
    day.volume_lots = volume > INT64_MAX ? INT64_MAX : (int64_t)volume;
    day.value_e8 = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    field(out, "price24hPcnt", sim_e8(change_e4 * 10000).s);
    field(out, "prevPrice24h", sim_price(symbol, day.open_ticks).s);
    field(out, "highPrice24h", sim_price(symbol, day.high_ticks).s);
    field(out, "lowPrice24h", sim_price(symbol, day.low_ticks).s);
    field(out, "turnover24h", sim_e8(day.value_e8).s);
    field(out, "volume24h", sim_qty(symbol, day.volume_lots).s);
    if (symbol->kind != HEAN_INSTRUMENT_SPOT)
        field(out, "prevPrice1h",
              sim_price(symbol, count == 0    ? symbol->last_ticks
                                : count <= 60 ? bars[0].open_ticks
                                              : bars[count - 60].open_ticks)
                  .s);
}

void sim_ticker_get(const sim_venue *sim, const sim_symbol *symbol, bool stream, sim_ticker *out)
{
    static const char *const directions[] = {"PlusTick", "ZeroPlusTick", "MinusTick",
                                             "ZeroMinusTick"};
    bool spot = symbol->kind == HEAN_INSTRUMENT_SPOT;
    const market_level *best = symbol->book.best;
    out->count = 0;
    field(out, "lastPrice", sim_price(symbol, symbol->last_ticks).s);
    day_fields(sim, symbol, out);
    if (!spot || !stream) {
        field(out, "bid1Price",
              best[0].qty_lots == 0 ? "" : sim_price(symbol, best[0].price_ticks).s);
        field(out, "bid1Size", best[0].qty_lots == 0 ? "" : sim_qty(symbol, best[0].qty_lots).s);
        field(out, "ask1Price",
              best[1].qty_lots == 0 ? "" : sim_price(symbol, best[1].price_ticks).s);
        field(out, "ask1Size", best[1].qty_lots == 0 ? "" : sim_qty(symbol, best[1].qty_lots).s);
    }
    if (spot) {
        field(out, "usdIndexPrice", sim_price(symbol, sim_mark(symbol)).s);
        return;
    }
    if (stream)
        field(out, "tickDirection", directions[symbol->direction]);
    field(out, "markPrice", sim_price(symbol, sim_mark(symbol)).s);
    field(out, "indexPrice",
          sim_price(symbol, symbol->index_ticks > 0 ? symbol->index_ticks : sim_mark(symbol)).s);
    field(out, "openInterest", sim_qty(symbol, symbol->interest_lots).s);
    field(out, "openInterestValue", sim_e8(value_of(symbol, symbol->interest_lots)).s);
    bool funded = symbol->next_funding_ns > 0;
    field(out, "fundingRate", funded ? sim_e12(symbol->rate_e12).s : "");
    field(out, "nextFundingTime", funded ? sim_whole(sim_ms(sim, symbol->next_funding_ns)).s : "");
    /* Whole hours in the venue's words: a shorter interval counts as one. */
    field(out, "fundingIntervalHour",
          funded ? sim_whole((symbol->funding_interval_ns - 1) / (3600 * BASE_NS_PER_S) + 1).s
                 : "");
    field(out, "fundingCap", funded ? "0.0075" : "");
    if (stream)
        return;
    field(out, "basis", "");
    field(out, "basisRate", "");
    field(out, "predictedDeliveryPrice", "");
    field(out, "deliveryFeeRate", "");
    field(out, "deliveryTime", "0");
}

/* Only what changed; everything for a socket that joins, and always on spot. */
static hean_status ticker_frame(sim_venue *sim, sim_topic *topic, sim_socket *only)
{
    const sim_symbol *symbol = topic->symbol;
    bool whole = only != NULL || symbol->kind == HEAN_INSTRUMENT_SPOT;
    bool any = whole;
    sim_ticker now;
    base_buffer out;
    if (only == NULL || topic->sockets.count == 0)
        sim_ticker_get(sim, symbol, true, &now);
    else
        now = *topic->ticker;
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"topic\":\"%s\",\"type\":\"%s\",\"data\":{\"symbol\":\"%s\"",
                       topic->name, whole ? "snapshot" : "delta", symbol->name);
    for (size_t i = 0; i < now.count; i++) {
        if (!whole && strcmp(now.values[i], topic->ticker->values[i]) == 0)
            continue;
        any = true;
        base_buffer_printf(&out, ",\"%s\":\"%s\"", now.names[i], now.values[i]);
    }
    base_buffer_printf(&out, "},\"cs\":%lld,\"ts\":%lld}", (long long)symbol->seq,
                       (long long)sim_ms(sim, sim->now_ns));
    *topic->ticker = now;
    hean_status status = HEAN_OK;
    if (only != NULL)
        status = sim_frame(sim, only, &out, 0);
    else if (any)
        status = sim_broadcast(sim, topic, &out, 0);
    base_buffer_deinit(&out);
    return status;
}

/* ---- bars, price limits ---- */

static hean_status bar_frame(sim_venue *sim, const sim_topic *topic, const sim_bar *bar,
                             bool confirm)
{
    const sim_symbol *symbol = topic->symbol;
    int64_t end_ns = sim_bar_end(topic->interval, bar->start_ns);
    base_buffer out;
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out,
                       "{\"topic\":\"%s\",\"data\":[{\"start\":%lld,\"end\":%lld,"
                       "\"interval\":\"%s\",\"open\":\"%s\"",
                       topic->name, (long long)sim_ms(sim, bar->start_ns),
                       (long long)sim_ms(sim, end_ns) - 1, sim_intervals[topic->interval].name,
                       sim_price(symbol, bar->open_ticks).s);
    base_buffer_printf(&out,
                       ",\"close\":\"%s\",\"high\":\"%s\",\"low\":\"%s\",\"volume\":\"%s\","
                       "\"turnover\":\"%s\",\"confirm\":%s,\"timestamp\":%lld}]",
                       sim_price(symbol, bar->close_ticks).s, sim_price(symbol, bar->high_ticks).s,
                       sim_price(symbol, bar->low_ticks).s, sim_qty(symbol, bar->volume_lots).s,
                       sim_e8(bar->value_e8).s, confirm ? "true" : "false",
                       (long long)sim_ms(sim, sim->event_ns));
    base_buffer_printf(&out, ",\"ts\":%lld,\"type\":\"snapshot\"}",
                       (long long)sim_ms(sim, sim->now_ns));
    hean_status status = sim_broadcast(sim, topic, &out, 0);
    base_buffer_deinit(&out);
    return status;
}

static hean_status kline_frames(sim_venue *sim, sim_topic *topic)
{
    sim_bar bar;
    hean_status status = sim_bars_until(sim, topic->symbol, sim->now_ns);
    int64_t start_ns = sim_bar_start(topic->interval, sim->now_ns);
    if (status == HEAN_OK && topic->bar_start_ns < start_ns &&
        sim_bar_at(topic->symbol, topic->interval, topic->bar_start_ns, &bar))
        status = bar_frame(sim, topic, &bar, true);
    topic->bar_start_ns = start_ns;
    if (status == HEAN_OK && topic->dirty &&
        sim_bar_at(topic->symbol, topic->interval, sim->now_ns, &bar))
        status = bar_frame(sim, topic, &bar, false);
    return status;
}

static hean_status limit_frame(sim_venue *sim, const sim_topic *topic)
{
    int64_t highest;
    int64_t lowest;
    base_buffer out;
    sim_band(topic->symbol, &highest, &lowest);
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"topic\":\"%s\",\"data\":{\"symbol\":\"%s\",\"buyLmt\":\"%s\",",
                       topic->name, topic->symbol->name, sim_price(topic->symbol, highest).s);
    base_buffer_printf(&out, "\"sellLmt\":\"%s\"},\"ts\":%lld}", sim_price(topic->symbol, lowest).s,
                       (long long)sim_ms(sim, sim->now_ns));
    hean_status status = sim_broadcast(sim, topic, &out, 0);
    base_buffer_deinit(&out);
    return status;
}

/* ---- when ---- */

static int64_t topic_due_ns(const sim_topic *topic)
{
    int64_t due_ns = INT64_MAX;
    if (topic->sockets.count == 0 || topic->symbol == NULL)
        return INT64_MAX;
    if (topic->dirty)
        due_ns = topic->pushed_ns + topic->interval_ns;
    else if (topic->kind == SIM_TOPIC_BOOK && topic->depth == 1)
        due_ns = topic->pushed_ns + RESEND_NS;
    if (topic->kind == SIM_TOPIC_KLINE) {
        int64_t end_ns = sim_bar_end(topic->interval, topic->bar_start_ns);
        return end_ns < due_ns ? end_ns : due_ns;
    }
    return due_ns;
}

static void schedule(sim_venue *sim, const sim_topic *topic)
{
    int64_t due_ns = topic_due_ns(topic);
    if (due_ns < sim->now_ns)
        due_ns = sim->now_ns; /* not before the rest of this instant */
    if (due_ns < sim->push_ns)
        sim->push_ns = due_ns;
}

void sim_topics_touch(sim_venue *sim, const sim_symbol *symbol, sim_topic_kind kind)
{
    for (size_t i = 0; i < symbol->topics.count; i++) {
        sim_topic *topic = *SIM_AT(&symbol->topics, sim_topic *, i);
        if (topic->kind != kind || topic->dirty || topic->sockets.count == 0)
            continue;
        topic->dirty = true;
        schedule(sim, topic);
    }
}

static hean_status push(sim_venue *sim, sim_topic *topic)
{
    hean_status status = HEAN_OK;
    switch (topic->kind) {
    case SIM_TOPIC_BOOK:
        status = sim_topic_book(sim, topic);
        break;
    case SIM_TOPIC_TRADES:
        status = trades_frame(sim, topic);
        break;
    case SIM_TOPIC_TICKER:
        status = ticker_frame(sim, topic, NULL);
        break;
    case SIM_TOPIC_KLINE:
        status = kline_frames(sim, topic);
        break;
    case SIM_TOPIC_PRICE_LIMIT:
        status = limit_frame(sim, topic);
        break;
    default:
        break;
    }
    topic->dirty = false;
    topic->pushed_ns = sim->now_ns;
    return status;
}

hean_status sim_topics_push(sim_venue *sim)
{
    hean_status status = HEAN_OK;
    sim->push_ns = INT64_MAX;
    for (size_t i = 0; i < sim->topics.count && status == HEAN_OK; i++) {
        sim_topic *topic = *SIM_AT(&sim->topics, sim_topic *, i);
        if (topic_due_ns(topic) <= sim->now_ns)
            status = push(sim, topic);
        schedule(sim, topic);
    }
    return status;
}

/* ---- who ---- */

bool sim_topic_leave(sim_topic *topic, const sim_socket *socket)
{
    sim_socket **sockets = topic->sockets.items;
    for (size_t i = 0; i < topic->sockets.count; i++)
        if (sockets[i] == socket) {
            sockets[i] = sockets[--topic->sockets.count];
            return true;
        }
    return false;
}

/* What a socket that joins a public topic must be told first. */
static hean_status welcome(sim_venue *sim, sim_topic *topic, sim_socket *socket)
{
    hean_status status = HEAN_OK;
    if (topic->sockets.count == 0) {
        topic->pushed_ns = sim->now_ns;
        topic->dirty = false;
        topic->trades_told = (size_t)topic->symbol->trade_count;
        topic->bar_start_ns = sim_bar_start(topic->interval, sim->now_ns);
        if (topic->kind == SIM_TOPIC_BOOK)
            status = sim_topic_book(sim, topic);
    }
    if (status == HEAN_OK && topic->kind == SIM_TOPIC_BOOK)
        status = book_frame(sim, topic, true, topic->view[0], topic->view_count[0], topic->view[1],
                            topic->view_count[1], socket);
    if (status == HEAN_OK && topic->kind == SIM_TOPIC_TICKER)
        status = ticker_frame(sim, topic, socket);
    return status;
}

hean_status sim_topic_join(sim_venue *sim, sim_topic *topic, sim_socket *socket)
{
    hean_status status = topic->symbol == NULL ? HEAN_OK : welcome(sim, topic, socket);
    if (status != HEAN_OK)
        return status;
    sim_socket **place = sim_list_add(sim->allocator, &topic->sockets, sizeof *place);
    if (place == NULL)
        return HEAN_E_NO_MEMORY;
    *place = socket;
    if (topic->kind == SIM_TOPIC_KLINE || topic->kind == SIM_TOPIC_PRICE_LIMIT)
        topic->dirty = true;
    schedule(sim, topic);
    return HEAN_OK;
}
