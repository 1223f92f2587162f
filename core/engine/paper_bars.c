/*
 * paper_bars.c: orders against bars, along the path that paper.h describes.
 *
 * Must not know: books, trades, requests.
 */
#include "paper_internal.h"

static hean_status fire(paper *broker, uint32_t slot)
{
    paper_detach(broker, slot);
    return paper_enter(broker, slot);
}

/* Moves the market to a price: what lies on the way happens in order of price; where a limit and a
 * stop share one, the limit is first. Up meets sells and buy stops, down buys and sell stops. */
static hean_status move_to(paper *broker, paper_venue *venue, int64_t target_ticks)
{
    bool up = target_ticks >= venue->path_ticks;
    const ladder *limits = &venue->resting[up ? 1 : 0];
    const ladder *stops = &venue->stops[up ? 0 : 1];
    /* Keys as distances along the way: negated prices on the way up, prices on the way down. */
    int64_t target = up ? -target_ticks : target_ticks;
    for (;;) {
        const ladder_entry *limit = ladder_top(limits);
        const ladder_entry *stop = ladder_top(stops);
        bool limit_reached = limit != NULL && limit->key >= target;
        bool stop_reached = stop != NULL && stop->key >= target;
        hean_status status;
        if (limit_reached && (!stop_reached || limit->key >= stop->key)) {
            int64_t price = broker->orders[limit->slot].price_ticks;
            if (up ? price > venue->path_ticks : price < venue->path_ticks)
                venue->path_ticks = price;
            status = paper_fill_rest(broker, limit->slot, price, true);
        } else if (stop_reached) {
            int64_t price = broker->orders[stop->slot].trigger_ticks;
            if (up ? price > venue->path_ticks : price < venue->path_ticks)
                venue->path_ticks = price;
            status = fire(broker, stop->slot);
        } else {
            venue->path_ticks = target_ticks;
            return HEAN_OK;
        }
        if (status != HEAN_OK)
            return status;
    }
}

/* The open: first what rests and the open gapped over, then stops, then orders that were waiting,
 * in order of arrival. */
static hean_status open_at(paper *broker, paper_venue *venue, int64_t open_ticks, int64_t start_ns)
{
    hean_status status = HEAN_OK;
    for (int side = 0; side < 2; side++) {
        int64_t key = side == 0 ? open_ticks : -open_ticks;
        const ladder_entry *top;
        while ((top = ladder_top(&venue->resting[side])) != NULL && top->key >= key) {
            status =
                paper_fill_rest(broker, top->slot, broker->orders[top->slot].price_ticks, true);
            if (status != HEAN_OK)
                return status;
        }
    }
    venue->path_ticks = open_ticks;
    for (int side = 0; side < 2; side++) {
        int64_t key = side == 0 ? -open_ticks : open_ticks;
        const ladder_entry *top;
        while ((top = ladder_top(&venue->stops[side])) != NULL && top->key >= key) {
            status = fire(broker, top->slot);
            if (status != HEAN_OK)
                return status;
        }
    }
    for (size_t i = venue->waiting.count; i > 0; i--) {
        uint32_t slot = venue->waiting.entries[i - 1].slot;
        if (broker->orders[slot].sent_ns > start_ns)
            continue;
        status = fire(broker, slot);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status paper_bar(paper *broker, paper_venue *venue, const hean_event *event)
{
    int64_t open = event->data.bar.open_ticks;
    int64_t high = event->data.bar.high_ticks;
    int64_t low = event->data.bar.low_ticks;
    int64_t close = event->data.bar.close_ticks;
    if (venue->knows > PAPER_BARS)
        return HEAN_OK;
    venue->knows = PAPER_BARS;
    if (venue->live == 0)
        return HEAN_OK;
    bool rises = close >= open;
    venue->in_bar = true;
    hean_status status = open_at(broker, venue, open, event->exch_ns - event->data.bar.interval_ns);
    if (status == HEAN_OK)
        status = move_to(broker, venue, rises ? low : high);
    if (status == HEAN_OK)
        status = move_to(broker, venue, rises ? high : low);
    if (status == HEAN_OK)
        status = move_to(broker, venue, close);
    venue->in_bar = false;
    return status;
}
