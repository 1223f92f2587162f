/*
 * import_orderbook.c: a line of Bybit's order-book archive as one message of BOOK events.
 *
 * A snapshot, or any frame with u 1 (the venue restarted), replaces the book. The numbers u of the
 * others follow each other: a hole is counted and flagged, a repeated frame is left out.
 */
#include "import_source.h"

#include <market/event.h>

#define MS_MAX (MARKET_TIME_NS_MAX / BASE_NS_PER_MS)

static bool push_levels(import_source *source, import_key *key, const hean_event *template,
                        bool replace)
{
    const reader_orderbook *frame = &source->orderbook;
    size_t count = frame->bid_count + frame->ask_count;

    for (size_t i = 0; i < count; i++) {
        const reader_orderbook_level *level = &frame->levels[i];
        int64_t ticks, lots;
        hean_event *event;
        if (!import_units(source, key, level->price, "price", true, IMPORT_EXACT, &ticks) ||
            !import_units(source, key, level->qty, "size", false, IMPORT_NEAR, &lots))
            return false;
        if (replace && lots == 0)
            continue; /* no level */
        event = import_push(source);
        if (event == NULL)
            return false;
        *event = *template;
        event->side = i < frame->bid_count ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        event->data.level.price_ticks = ticks;
        event->data.level.qty_lots = lots;
    }
    return true;
}

/* Sets the message's first and last event apart; a message without levels may still say
 * something. */
static bool close_message(import_source *source, const hean_event *template, uint8_t first_flags)
{
    if (source->count == source->row_start) {
        hean_event *event = first_flags != 0 ? import_push(source) : NULL;
        if (event == NULL)
            return true;
        *event = *template;
    }
    source->events[source->row_start].flags |= first_flags;
    source->events[source->count - 1].flags |= HEAN_EVENT_LAST;
    return true;
}

bool import_orderbook_row(import_source *source, const char *line, size_t bytes)
{
    const reader_orderbook *frame = &source->orderbook;
    hean_event event = {.kind = HEAN_EVENT_BOOK};
    import_memory *memory;
    import_key *key;
    uint8_t first_flags = 0;
    bool replace, gap;
    hean_error why;
    hean_status status = reader_orderbook_parse(&source->orderbook, line, bytes, &why);

    if (status == HEAN_E_NO_MEMORY) {
        source->failed = base_fail(source->error, status, "out of memory");
        return false;
    }
    if (status != HEAN_OK)
        return import_bad(source, "%s", why.message);
    if (frame->sent_ms > MS_MAX || frame->sent_ms < 1000 * INT64_C(631152000) ||
        frame->matched_ms > MS_MAX)
        return import_bad(source, "expected ts and cts in ms since 1970");
    if (!import_key_of(source, (reader_field){"", 0}, frame->symbol, &key))
        return false;
    event.local_ns = frame->sent_ms * BASE_NS_PER_MS;
    event.exch_ns = frame->matched_ms != 0 ? frame->matched_ms * BASE_NS_PER_MS : event.local_ns;
    import_clamp(source, &event);
    event.instrument = key->id;
    event.data.level.sequence = frame->update;
    memory = import_memory_of(source, key);
    if (memory == NULL)
        return false;
    replace = frame->snapshot || frame->update == 1;
    gap = !replace && frame->update != memory->update + 1;
    if (gap && frame->update <= memory->update)
        return import_bad(source, "u %lld: expected %lld (a repeated frame)",
                          (long long)frame->update, (long long)memory->update + 1);
    event.flags = replace ? HEAN_EVENT_SNAPSHOT : 0;
    source->row_ns = event.local_ns;
    if (!key->filtered && !push_levels(source, key, &event, replace))
        return false;
    if (replace)
        first_flags = HEAN_EVENT_CLEAR;
    else if (gap)
        first_flags = HEAN_EVENT_GAP;
    source->report->sequence_gaps += gap ? 1 : 0;
    memory->update = frame->update;
    return key->filtered || close_message(source, &event, first_flags);
}
