/*
 * event.c: one test per kind of event, cheap enough to be run on every event of a mapped file.
 *
 * Knows nothing of books or order: each event is judged alone.
 */
#include <market/event.h>

#include <string.h>

/* Inclusive; one comparison. */
static inline bool within(int64_t value, int64_t low, int64_t high)
{
    return (uint64_t)value - (uint64_t)low <= (uint64_t)high - (uint64_t)low;
}

static const char *book_problem(const hean_event *event)
{
    if (event->side == HEAN_SIDE_NONE) {
        if (event->data.level.price_ticks != 0 || event->data.level.qty_lots != 0)
            return "a book level without a side";
        return NULL;
    }
    if (event->side > HEAN_SIDE_SELL)
        return "the side of a book level is not buy or sell";
    if (!within(event->data.level.price_ticks, 1, MARKET_TICKS_MAX))
        return "the price of a book level is not between 1 and 2^53 ticks";
    if (!within(event->data.level.qty_lots, 0, MARKET_LOTS_MAX))
        return "the size of a book level is not between 0 and 2^53 lots";
    return NULL;
}

static const char *trade_problem(const hean_event *event)
{
    if (event->side > HEAN_SIDE_SELL)
        return "the side of a trade is not none, buy or sell";
    if (!within(event->data.level.price_ticks, 1, MARKET_TICKS_MAX))
        return "the price of a trade is not between 1 and 2^53 ticks";
    if (!within(event->data.level.qty_lots, 1, MARKET_LOTS_MAX))
        return "the quantity of a trade is not between 1 and 2^53 lots";
    return NULL;
}

static const char *bar_problem(const hean_event *event)
{
    int64_t open = event->data.bar.open_ticks, close = event->data.bar.close_ticks;
    int64_t low = event->data.bar.low_ticks, high = event->data.bar.high_ticks;

    if (!within(low, 1, MARKET_TICKS_MAX) || !within(high, low, MARKET_TICKS_MAX))
        return "the low and high of a bar are not between 1 and 2^53 ticks, low first";
    if (!within(open, low, high) || !within(close, low, high))
        return "the open or close of a bar is not between its low and high";
    if (event->data.bar.volume_lots < 0)
        return "the volume of a bar is negative";
    if (!within(event->data.bar.interval_ns, 1, event->exch_ns))
        return "the interval of a bar is not positive, or longer than its end time";
    return NULL;
}

static const char *quote_problem(const hean_event *event)
{
    int64_t bid_lots = event->data.quote.bid_lots, ask_lots = event->data.quote.ask_lots;

    if (!within(bid_lots, 0, MARKET_LOTS_MAX) || !within(ask_lots, 0, MARKET_LOTS_MAX))
        return "a size of a quote is not between 0 and 2^53 lots";
    if ((bid_lots > 0 && !within(event->data.quote.bid_ticks, 1, MARKET_TICKS_MAX)) ||
        (ask_lots > 0 && !within(event->data.quote.ask_ticks, 1, MARKET_TICKS_MAX)))
        return "a price of a quote is not between 1 and 2^53 ticks";
    return NULL;
}

static const char *mark_problem(const hean_event *event)
{
    if (!within(event->data.mark.mark_ticks, 0, MARKET_TICKS_MAX) ||
        !within(event->data.mark.index_ticks, 0, MARKET_TICKS_MAX) ||
        !within(event->data.mark.last_ticks, 0, MARKET_TICKS_MAX))
        return "a mark, index or last price is not between 0 and 2^53 ticks";
    if (!within(event->data.mark.next_rate_e12, -BASE_E12, BASE_E12))
        return "a funding forecast is not between -1 and 1";
    if (!within(event->data.mark.next_funding_ns, 0, MARKET_TIME_NS_MAX))
        return "the time of the next funding is out of range";
    if (event->data.mark.open_interest_lots < 0)
        return "the open interest is negative";
    return NULL;
}

static const char *funding_problem(const hean_event *event)
{
    if (!within(event->data.funding.rate_e12, -BASE_E12, BASE_E12))
        return "a funding rate is not between -1 and 1";
    if (!within(event->data.funding.mark_ticks, 0, MARKET_TICKS_MAX))
        return "the mark price of a funding is not between 0 and 2^53 ticks";
    if (!within(event->data.funding.interval_ns, 0, MARKET_TIME_NS_MAX))
        return "the interval of a funding is out of range";
    return NULL;
}

const char *market_event_problem(const hean_event *event, size_t instruments)
{
    if (event->instrument >= instruments)
        return "the instrument is not in the table";
    if (!within(event->local_ns, 0, MARKET_TIME_NS_MAX))
        return "the local time is not between 0 and 2^62 ns";
    if (!within(event->exch_ns, 0, event->local_ns))
        return "the venue's time is negative or after the local time";
    switch (event->kind) {
    case HEAN_EVENT_BOOK:
        return book_problem(event);
    case HEAN_EVENT_TRADE:
        return trade_problem(event);
    case HEAN_EVENT_BAR:
        return bar_problem(event);
    case HEAN_EVENT_QUOTE:
        return quote_problem(event);
    case HEAN_EVENT_MARK:
        return mark_problem(event);
    case HEAN_EVENT_FUNDING:
        return funding_problem(event);
    case HEAN_EVENT_CONNECTION:
        return within(event->data.connection.state, 0, 2) ? NULL : "an unknown connection state";
    default:
        return "the kind is not one that a venue sends";
    }
}

void market_event_normalise(hean_event *event)
{
    static const uint8_t used[HEAN_EVENT_KIND_COUNT] = {
        [HEAN_EVENT_BOOK] = sizeof event->data.level,
        [HEAN_EVENT_TRADE] = sizeof event->data.level,
        [HEAN_EVENT_BAR] = sizeof event->data.bar,
        [HEAN_EVENT_QUOTE] = sizeof event->data.quote,
        [HEAN_EVENT_MARK] = sizeof event->data.mark,
        [HEAN_EVENT_FUNDING] = sizeof event->data.funding,
        [HEAN_EVENT_CONNECTION] = sizeof event->data.connection,
    };
    size_t bytes = event->kind < HEAN_EVENT_KIND_COUNT ? used[event->kind] : 0;

    event->reason = 0;
    event->strategy = 0;
    if (event->kind == HEAN_EVENT_FUNDING)
        event->data.funding.paid_e8 = 0;
    memset((char *)&event->data + bytes, 0, sizeof event->data - bytes);
}
