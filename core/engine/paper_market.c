/*
 * paper_market.c: what market data does to the paper venue's book and to the orders there.
 *
 * The book is kept up whether or not an order is there; with no order nothing else is done, so
 * that a caller may bring the venue up to date late, in one go.
 * Must not know: requests, the host.
 */
#include "paper_internal.h"

/* ---- the visible book ---- */

static bool visible(const paper_venue *venue, int side, int64_t price_ticks)
{
    return side == MARKET_ASK ? price_ticks > venue->stale_ask_ticks
                              : price_ticks < venue->stale_bid_ticks;
}

static hean_status load(paper *broker, const paper_venue *venue, int side, size_t wanted,
                        size_t *count)
{
    void *levels = broker->levels;
    if (!base_grow(broker->allocator, &levels, &broker->level_capacity, wanted,
                   sizeof(market_level)))
        return HEAN_E_NO_MEMORY;
    broker->levels = levels;
    *count = market_book_depth(&venue->book, side, broker->levels, wanted);
    return HEAN_OK;
}

hean_status paper_levels(paper *broker, paper_venue *venue, hean_side taker, int64_t limit_ticks,
                         int64_t lots, size_t *count, int64_t *sum_lots)
{
    int side = taker == HEAN_SIDE_BUY ? MARKET_ASK : MARKET_BID;
    for (size_t wanted = 16;; wanted *= 4) {
        size_t loaded;
        size_t kept = 0;
        int64_t sum = 0;
        bool done = false;
        hean_status status = load(broker, venue, side, wanted, &loaded);
        if (status != HEAN_OK)
            return status;
        for (size_t i = 0; i < loaded && !done; i++) {
            market_level level = broker->levels[i];
            if (!visible(venue, side, level.price_ticks))
                continue;
            if (limit_ticks != 0 && (side == MARKET_ASK ? level.price_ticks > limit_ticks
                                                        : level.price_ticks < limit_ticks)) {
                done = true;
                continue;
            }
            broker->levels[kept++] = level;
            if (__builtin_add_overflow(sum, level.qty_lots, &sum))
                sum = INT64_MAX;
            done = sum >= lots;
        }
        if (done || loaded < wanted) {
            *count = kept;
            *sum_lots = sum;
            return HEAN_OK;
        }
    }
}

hean_status paper_best(paper *broker, paper_venue *venue, hean_side taker, int64_t *out)
{
    int side = taker == HEAN_SIDE_BUY ? MARKET_ASK : MARKET_BID;
    *out = 0;
    if (venue->in_bar) {
        *out = venue->path_ticks;
    } else if (venue->knows == PAPER_TRADES) {
        *out = venue->last_ticks;
    } else if (venue->knows == PAPER_BOOK) {
        const market_level *best = &venue->book.best[side];
        if (best->qty_lots == 0)
            return HEAN_OK;
        if (visible(venue, side, best->price_ticks)) {
            *out = best->price_ticks;
            return HEAN_OK;
        }
        size_t count;
        int64_t sum;
        hean_status status = paper_levels(broker, venue, taker, 0, 1, &count, &sum);
        if (status != HEAN_OK)
            return status;
        if (count > 0)
            *out = broker->levels[0].price_ticks;
    }
    return HEAN_OK;
}

/* The newer level is believed: it is visible, and what it crosses is not. */
static void believe(paper_venue *venue, int side, int64_t price_ticks)
{
    const market_level *best = venue->book.best;
    if (side == MARKET_BID) {
        if (price_ticks >= venue->stale_bid_ticks)
            venue->stale_bid_ticks = price_ticks + 1;
        if (best[MARKET_ASK].qty_lots > 0 && price_ticks >= best[MARKET_ASK].price_ticks &&
            price_ticks > venue->stale_ask_ticks)
            venue->stale_ask_ticks = price_ticks;
    } else {
        if (price_ticks <= venue->stale_ask_ticks)
            venue->stale_ask_ticks = price_ticks - 1;
        if (best[MARKET_BID].qty_lots > 0 && price_ticks <= best[MARKET_BID].price_ticks &&
            price_ticks < venue->stale_bid_ticks)
            venue->stale_bid_ticks = price_ticks;
    }
}

/* Once no stale level is left, nothing is hidden any more. */
static void forget_stale(paper_venue *venue)
{
    const market_level *best = venue->book.best;
    if (best[MARKET_ASK].qty_lots == 0 || best[MARKET_ASK].price_ticks > venue->stale_ask_ticks)
        venue->stale_ask_ticks = 0;
    if (best[MARKET_BID].qty_lots == 0 || best[MARKET_BID].price_ticks < venue->stale_bid_ticks)
        venue->stale_bid_ticks = INT64_MAX;
}

/* ---- resting orders ---- */

/* Fills the resting orders of a side that a price reaches: buys at or above it, sells at or below;
 * `beyond`: strictly. */
static hean_status fill_crossed(paper *broker, paper_venue *venue, hean_side side,
                                int64_t price_ticks, bool beyond)
{
    int index = paper_side_index((uint8_t)side);
    int64_t key = (side == HEAN_SIDE_BUY ? price_ticks : -price_ticks) + (beyond ? 1 : 0);
    const ladder_entry *top;
    while ((top = ladder_top(&venue->resting[index])) != NULL && top->key >= key) {
        uint32_t slot = top->slot;
        hean_status status = paper_fill_rest(broker, slot, broker->orders[slot].price_ticks, true);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

static void queue_changed(paper *broker, paper_venue *venue, int side, int64_t price_ticks,
                          int64_t before, int64_t after)
{
    const ladder *rungs = &venue->resting[side];
    int64_t key = side == MARKET_BID ? price_ticks : -price_ticks;
    for (size_t i = ladder_from(rungs, key); i < rungs->count && rungs->entries[i].key == key; i++)
        paper_queue_depth(broker, venue, &broker->orders[rungs->entries[i].slot], before, after);
}

/* A trade at the very price of resting orders. */
static hean_status queue_traded(paper *broker, paper_venue *venue, hean_side side,
                                int64_t price_ticks, int64_t lots)
{
    const ladder *rungs = &venue->resting[paper_side_index((uint8_t)side)];
    int64_t key = side == HEAN_SIDE_BUY ? price_ticks : -price_ticks;
    size_t first = ladder_from(rungs, key);
    size_t end = first;
    while (end < rungs->count && rungs->entries[end].key == key)
        end++;
    /* From the earliest arrival; one that ends leaves those before it where they are. */
    for (size_t i = end; i > first; i--) {
        uint32_t slot = rungs->entries[i - 1].slot;
        paper_order *order = &broker->orders[slot];
        paper_queue_trade(broker, venue, order, lots);
        int64_t left_over = paper_queue_take(venue, order);
        if (left_over == 0)
            continue;
        hean_status status = broker->options.partial_fills
                                 ? paper_execute(broker, slot, price_ticks, left_over, true)
                                 : paper_fill_rest(broker, slot, price_ticks, true);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- stops ---- */

hean_status paper_stop_reached(paper *broker, paper_venue *venue, const paper_order *order,
                               bool *reached)
{
    int64_t price = venue->in_bar ? venue->path_ticks : venue->last_ticks;
    if (!venue->in_bar && !venue->trades_seen) {
        hean_status status = paper_best(broker, venue, (hean_side)order->side, &price);
        if (status != HEAN_OK)
            return status;
    }
    *reached = price != 0 && (order->side == HEAN_SIDE_BUY ? price >= order->trigger_ticks
                                                           : price <= order->trigger_ticks);
    return HEAN_OK;
}

static hean_status trigger_stops(paper *broker, paper_venue *venue)
{
    for (int side = 0; side < 2; side++) {
        const ladder_entry *top;
        while ((top = ladder_top(&venue->stops[side])) != NULL) {
            uint32_t slot = top->slot;
            bool reached;
            hean_status status = paper_stop_reached(broker, venue, &broker->orders[slot], &reached);
            if (status != HEAN_OK)
                return status;
            if (!reached)
                break;
            paper_detach(broker, slot);
            status = paper_enter(broker, slot);
            if (status != HEAN_OK)
                return status;
        }
    }
    return HEAN_OK;
}

/* ---- events ---- */

static hean_status on_book(paper *broker, paper_venue *venue, const hean_event *event)
{
    market_book *book = &venue->book;
    int64_t price = event->data.level.price_ticks;
    int64_t lots = event->data.level.qty_lots;
    int64_t before;
    if ((event->flags & HEAN_EVENT_CLEAR) != 0 || !book->from_book) {
        market_book_clear(book);
        venue->stale_ask_ticks = 0;
        venue->stale_bid_ticks = INT64_MAX;
    }
    book->from_book = true;
    venue->knows = PAPER_BOOK;
    if (event->side == HEAN_SIDE_NONE)
        return HEAN_OK;
    int side = event->side == HEAN_SIDE_BUY ? MARKET_BID : MARKET_ASK;
    hean_status status = market_book_set(book, side, price, lots, &before);
    if (status != HEAN_OK)
        return status;
    if (lots > 0)
        believe(venue, side, price);
    else
        forget_stale(venue);
    if (venue->live == 0)
        return HEAN_OK;
    queue_changed(broker, venue, side, price, before, lots);
    if (lots > 0)
        status = fill_crossed(broker, venue, side == MARKET_BID ? HEAN_SIDE_SELL : HEAN_SIDE_BUY,
                              price, false);
    return status;
}

static hean_status on_quote(paper *broker, paper_venue *venue, const hean_event *event)
{
    market_book *book = &venue->book;
    if (book->from_book)
        return HEAN_OK;
    int64_t bid = event->data.quote.bid_ticks;
    int64_t ask = event->data.quote.ask_ticks;
    int64_t bid_before = market_book_qty(book, MARKET_BID, bid);
    int64_t ask_before = market_book_qty(book, MARKET_ASK, ask);
    hean_status status = market_book_apply(book, event);
    venue->knows = PAPER_BOOK;
    if (status != HEAN_OK || venue->live == 0)
        return status;
    if (event->data.quote.bid_lots > 0) {
        queue_changed(broker, venue, MARKET_BID, bid, bid_before, event->data.quote.bid_lots);
        status = fill_crossed(broker, venue, HEAN_SIDE_SELL, bid, false);
    }
    if (status == HEAN_OK && event->data.quote.ask_lots > 0) {
        queue_changed(broker, venue, MARKET_ASK, ask, ask_before, event->data.quote.ask_lots);
        status = fill_crossed(broker, venue, HEAN_SIDE_BUY, ask, false);
    }
    return status;
}

static hean_status on_trade(paper *broker, paper_venue *venue, const hean_event *event)
{
    int64_t price = event->data.level.price_ticks;
    int64_t lots = event->data.level.qty_lots;
    venue->last_ticks = price;
    venue->trades_seen = true;
    if (venue->knows < PAPER_TRADES)
        venue->knows = PAPER_TRADES;
    if (venue->live == 0)
        return HEAN_OK;
    /* A trade of unknown side says nothing about the queue at its own price. */
    hean_status status = HEAN_OK;
    if (event->side != HEAN_SIDE_SELL)
        status = fill_crossed(broker, venue, HEAN_SIDE_SELL, price, true);
    if (status == HEAN_OK && event->side != HEAN_SIDE_BUY)
        status = fill_crossed(broker, venue, HEAN_SIDE_BUY, price, true);
    if (status == HEAN_OK && event->side != HEAN_SIDE_NONE)
        status = queue_traded(broker, venue,
                              event->side == HEAN_SIDE_BUY ? HEAN_SIDE_SELL : HEAN_SIDE_BUY, price,
                              lots);
    return status;
}

/* Orders that waited for a bar when a better kind of data begins. */
static hean_status admit_waiting(paper *broker, paper_venue *venue)
{
    const ladder_entry *top;
    while ((top = ladder_top(&venue->waiting)) != NULL) {
        uint32_t slot = top->slot;
        paper_detach(broker, slot);
        hean_status status = paper_enter(broker, slot);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status paper_market(paper *broker, const hean_event *event, int64_t venue_ns)
{
    paper_venue *venue = &broker->venues[event->instrument];
    hean_status status = HEAN_OK;
    bool settled = true; /* the end of a message */
    if (venue_ns > broker->now_ns)
        broker->now_ns = venue_ns;
    switch (event->kind) {
    case HEAN_EVENT_BOOK:
        status = on_book(broker, venue, event);
        settled = (event->flags & HEAN_EVENT_LAST) != 0;
        break;
    case HEAN_EVENT_QUOTE:
        status = on_quote(broker, venue, event);
        break;
    case HEAN_EVENT_TRADE:
        status = on_trade(broker, venue, event);
        break;
    case HEAN_EVENT_BAR:
        return paper_bar(broker, venue, event);
    default:
        return HEAN_OK;
    }
    if (status != HEAN_OK || venue->live == 0 || !settled)
        return status;
    status = admit_waiting(broker, venue);
    if (status == HEAN_OK)
        status = trigger_stops(broker, venue);
    return status;
}
