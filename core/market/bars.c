/*
 * bars.c: time bars from trades or from shorter bars.
 *
 * Invariants R1 to R3 of bars.h. Must not know where events come from or who wants the bars; reads
 * no clock: time is the venue's, as the events say.
 */
#include <market/bars.h>
#include <market/event.h>

#include <string.h>

#define INTERVAL_NS_MAX (7 * 86400 * BASE_NS_PER_S)
#define FROM_TRADES     1

void market_bars_init(market_bars *bars, uint16_t instrument, int64_t interval_ns)
{
    BASE_ASSERT(interval_ns > 0 && interval_ns <= INTERVAL_NS_MAX);
    *bars = (market_bars){
        .instrument = instrument, .interval_ns = interval_ns, .next_start_ns = INT64_MIN};
}

hean_status market_bars_interval_parse(const char *text, int64_t *interval_ns)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
    const char *at = text;
    const char *unit;
    int64_t number = 0;

    for (; *at >= '0' && *at <= '9' && number < 1000000; at++)
        number = number * 10 + (*at - '0');
    unit = *at != 0 ? strchr(units, *at) : NULL;
    if (at == text || text[0] == '0' || unit == NULL || at[1] != 0)
        return HEAN_E_PARSE;
    number *= seconds[unit - units];
    if (number > INTERVAL_NS_MAX / BASE_NS_PER_S)
        return HEAN_E_PARSE;
    *interval_ns = number * BASE_NS_PER_S;
    return HEAN_OK;
}

static void emit(market_bars *bars, int64_t local_ns, hean_event *closed)
{
    *closed = (hean_event){
        .local_ns = local_ns,
        .exch_ns = bars->start_ns + bars->interval_ns,
        .kind = HEAN_EVENT_BAR,
        .instrument = bars->instrument,
        .data.bar = {.open_ticks = bars->open_ticks,
                     .high_ticks = bars->high_ticks,
                     .low_ticks = bars->low_ticks,
                     .close_ticks = bars->close_ticks,
                     .volume_lots = bars->volume_lots,
                     .interval_ns = bars->interval_ns},
    };
    bars->next_start_ns = closed->exch_ns;
    bars->open = false;
}

static bool ended(const market_bars *bars, int64_t now_ns)
{
    return bars->open && now_ns >= bars->start_ns + bars->interval_ns;
}

static void open_bar(market_bars *bars, int64_t time_ns, const hean_event *event)
{
    bool trade = event->kind == HEAN_EVENT_TRADE;

    bars->start_ns = time_ns - time_ns % bars->interval_ns;
    /* What comes late, for an interval that was closed, counts in the next one (R3). */
    if (bars->start_ns < bars->next_start_ns)
        bars->start_ns = bars->next_start_ns;
    bars->open_ticks = trade ? event->data.level.price_ticks : event->data.bar.open_ticks;
    bars->high_ticks = bars->low_ticks = bars->open_ticks;
    bars->volume_lots = 0;
    bars->open = true;
}

static void add(market_bars *bars, int64_t time_ns, const hean_event *event)
{
    bool trade = event->kind == HEAN_EVENT_TRADE;
    int64_t price_ticks = event->data.level.price_ticks;
    int64_t high_ticks = trade ? price_ticks : event->data.bar.high_ticks;
    int64_t low_ticks = trade ? price_ticks : event->data.bar.low_ticks;
    int64_t lots = trade ? event->data.level.qty_lots : event->data.bar.volume_lots;

    if (!bars->open)
        open_bar(bars, time_ns, event);
    if (high_ticks > bars->high_ticks)
        bars->high_ticks = high_ticks;
    if (low_ticks < bars->low_ticks)
        bars->low_ticks = low_ticks;
    bars->close_ticks = trade ? price_ticks : event->data.bar.close_ticks;
    if (__builtin_add_overflow(bars->volume_lots, lots, &bars->volume_lots))
        bars->volume_lots = INT64_MAX;
}

/* Whether the event adds to the bar. Trades and bars of the same market say the same twice, and so
 * do bars of two intervals: only the first kind that is seen counts. */
static bool is_source(market_bars *bars, const hean_event *event)
{
    int64_t source = 0;

    if (event->kind == HEAN_EVENT_TRADE)
        source = FROM_TRADES;
    else if (event->kind == HEAN_EVENT_BAR && event->data.bar.interval_ns > FROM_TRADES &&
             event->data.bar.interval_ns < bars->interval_ns &&
             bars->interval_ns % event->data.bar.interval_ns == 0)
        source = event->data.bar.interval_ns;
    if (bars->source == 0)
        bars->source = source;
    return source != 0 && source == bars->source;
}

bool market_bars_push(market_bars *bars, const hean_event *event, hean_event *closed)
{
    int64_t start_ns = event->exch_ns;
    bool adds, emitted = false;

    if (event->kind > HEAN_EVENT_FUNDING || event->instrument != bars->instrument ||
        event->exch_ns > MARKET_TIME_NS_MAX)
        return false;
    adds = is_source(bars, event);
    if (adds && event->kind == HEAN_EVENT_BAR)
        start_ns -= event->data.bar.interval_ns;
    if (start_ns < 0)
        return false;
    if (ended(bars, start_ns)) {
        emit(bars, event->local_ns, closed);
        emitted = true;
    }
    if (adds)
        add(bars, start_ns, event);
    /* A bar that reaches the end of this one completes it. */
    if (!emitted && ended(bars, event->exch_ns)) {
        emit(bars, event->local_ns, closed);
        emitted = true;
    }
    return emitted;
}

bool market_bars_advance(market_bars *bars, int64_t now_ns, hean_event *closed)
{
    if (!ended(bars, now_ns))
        return false;
    emit(bars, now_ns, closed);
    return true;
}
