/*
 * venue_market.c: public data: which book updates may be believed, tickers put together, funding.
 *
 * Invariants
 *   a book update reaches the host only on top of the update before it, or as a snapshot; after a
 *   gap the host's book is emptied at once, and a new snapshot is asked for;
 *   a MARK event holds merged values, never a field that was not received;
 *   a funding settlement is told once, with the rate that the venue says was settled.
 * Must not know: sockets, orders.
 */
#include "venue_private.h"

#include <base/decimal.h>

#include <string.h>

#define SNAPSHOT_NS       (10 * BASE_NS_PER_S)
#define SNAPSHOT_DOUBLE   5 /* the wait is doubled so often at most */
#define FUNDING_SETTLE_NS (5 * BASE_NS_PER_S)

/* ---- book ---- */

void venue_book_topic(const venue *self, const venue_symbol *symbol, char out[VENUE_TOPIC_BYTES])
{
    (void)snprintf(out, VENUE_TOPIC_BYTES, "orderbook.%d.%s", self->book_depth, symbol->name);
}

static void expect_snapshot(venue *self, venue_symbol *symbol)
{
    int32_t doubled =
        symbol->snapshot_tries < SNAPSHOT_DOUBLE ? symbol->snapshot_tries : SNAPSHOT_DOUBLE;
    symbol->snapshot_due_ns = self->now_ns + (SNAPSHOT_NS << doubled);
    symbol->snapshot_tries++;
    venue_wake(self, symbol->snapshot_due_ns);
}

static void resubscribe(venue *self, venue_symbol *symbol)
{
    char topic[VENUE_TOPIC_BYTES];
    venue_book_topic(self, symbol, topic);
    venue_stream_resubscribe(self, &self->streams[symbol->stream], topic);
    expect_snapshot(self, symbol);
}

void venue_book_forget(venue *self, size_t index, bool again)
{
    venue_symbol *symbol = &self->symbols[index];
    if (symbol->book_valid) {
        hean_event event;
        memset(&event, 0, sizeof event);
        event.kind = HEAN_EVENT_BOOK;
        event.flags = HEAN_EVENT_CLEAR | HEAN_EVENT_GAP | HEAN_EVENT_LAST;
        event.instrument = (uint16_t)index;
        event.exch_ns = self->now_ns;
        venue_emit_market(self, &event);
        symbol->book_lost = true;
    }
    symbol->book_valid = false;
    symbol->ticker_valid = false;
    symbol->snapshot_due_ns = VENUE_NEVER;
    if (again)
        resubscribe(self, symbol);
}

void venue_books_expect(venue *self, const venue_stream *stream)
{
    for (size_t i = 0; i < self->symbol_count && !stream->is_private; i++) {
        if (&self->streams[self->symbols[i].stream] != stream)
            continue;
        self->symbols[i].snapshot_tries = 0;
        expect_snapshot(self, &self->symbols[i]);
    }
}

void venue_books_advance(venue *self)
{
    for (size_t i = 0; i < self->symbol_count; i++) {
        venue_symbol *symbol = &self->symbols[i];
        if (symbol->book_valid || symbol->snapshot_due_ns > self->now_ns)
            continue;
        venue_log(self, HEAN_LOG_WARN, "%s: no snapshot of the book comes", symbol->name);
        resubscribe(self, symbol);
    }
}

int64_t venue_books_due_ns(const venue *self)
{
    int64_t due_ns = VENUE_NEVER;
    for (size_t i = 0; i < self->symbol_count; i++)
        if (!self->symbols[i].book_valid && self->symbols[i].snapshot_due_ns < due_ns)
            due_ns = self->symbols[i].snapshot_due_ns;
    return due_ns;
}

hean_status venue_on_book(void *context, const bybit_book_head *head, const hean_event *events,
                          size_t count)
{
    venue *self = context;
    venue_symbol *symbol = &self->symbols[head->index];
    if (head->depth != self->book_depth)
        return HEAN_OK;
    if (head->snapshot) {
        /* Depth 1 repeats an unchanged one every three seconds. */
        if (symbol->book_valid && head->update_id == symbol->update_id && head->depth == 1)
            return HEAN_OK;
        symbol->book_valid = true;
        symbol->snapshot_tries = 0;
        symbol->snapshot_due_ns = VENUE_NEVER;
    } else if (!symbol->book_valid || head->update_id <= symbol->update_id) {
        return HEAN_OK; /* before the snapshot, or known */
    } else if (head->update_id != symbol->update_id + 1) {
        self->counters.sequence_gaps++;
        venue_log(self, HEAN_LOG_WARN, "%s: book update %lld came after %lld", symbol->name,
                  (long long)head->update_id, (long long)symbol->update_id);
        venue_book_forget(self, (size_t)head->index, true);
        return HEAN_OK;
    }
    symbol->update_id = head->update_id;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 || !symbol->book_lost) {
            venue_emit_market(self, &events[i]);
            continue;
        }
        hean_event first = events[0];
        first.flags |= HEAN_EVENT_GAP;
        symbol->book_lost = false;
        venue_emit_market(self, &first);
    }
    return HEAN_OK;
}

/* ---- trades, bars, liquidations ---- */

hean_status venue_on_market(void *context, const hean_event *events, size_t count)
{
    venue *self = context;
    for (size_t i = 0; i < count; i++)
        venue_emit_market(self, &events[i]);
    return HEAN_OK;
}

hean_status venue_on_liquidations(void *context, const hean_event *events, size_t count)
{
    venue *self = context;
    for (size_t i = 0; i < count; i++)
        venue_emit_liquidation(self, &events[i]);
    return HEAN_OK;
}

/* ---- ticker ---- */

/* A price in e8 as the nearest whole number of ticks; mark and index prices lie between them. */
static int64_t to_ticks(int64_t price_e8, hean_decimal tick_size)
{
    int exponent = -8 - tick_size.exponent10;
    base_int128 numerator = price_e8, denominator = tick_size.mantissa;
    int64_t ticks;
    if (exponent < -18 || exponent > 18)
        return 0;
    if (exponent >= 0)
        numerator *= decimal_power10(exponent);
    else
        denominator *= decimal_power10(-exponent);
    if (decimal_divide(numerator, denominator, &ticks) != HEAN_OK || ticks < 0 ||
        ticks > HEAN_UNITS_MAX)
        return 0;
    return ticks;
}

static void merge(bybit_ticker *into, const bybit_ticker_delta *delta)
{
    const bybit_ticker *from = &delta->ticker;
    if (delta->snapshot) {
        *into = *from;
        return;
    }
    if ((delta->fields & BYBIT_TICKER_LAST) != 0)
        into->last_ticks = from->last_ticks;
    if ((delta->fields & BYBIT_TICKER_MARK) != 0)
        into->mark_e8 = from->mark_e8;
    if ((delta->fields & BYBIT_TICKER_INDEX) != 0)
        into->index_e8 = from->index_e8;
    if ((delta->fields & BYBIT_TICKER_RATE) != 0)
        into->funding_rate_e12 = from->funding_rate_e12;
    if ((delta->fields & BYBIT_TICKER_NEXT) != 0)
        into->next_funding_ns = from->next_funding_ns;
    if ((delta->fields & BYBIT_TICKER_OPEN) != 0)
        into->open_interest_lots = from->open_interest_lots;
}

/* The next settlement is another one: that of `settled_ns` has taken place. */
static void ask_settled(venue *self, size_t index, int64_t settled_ns)
{
    bybit_request request;
    char from[24], to[24];
    if (settled_ns <= self->symbols[index].funded_ns || venue_jobs_any(self, JOB_FUNDING, index))
        return;
    bybit_request_init(&request, BYBIT_FUNDING_HISTORY);
    (void)snprintf(from, sizeof from, "%lld", (long long)(settled_ns / BASE_NS_PER_MS));
    (void)snprintf(to, sizeof to, "%lld",
                   (long long)((settled_ns + FUNDING_SETTLE_NS) / BASE_NS_PER_MS));
    if (!venue_query(self, &request, "category", bybit_category_text(self->category)) &&
        !venue_query(self, &request, "symbol", self->symbols[index].name) &&
        !venue_query(self, &request, "startTime", from) &&
        !venue_query(self, &request, "endTime", to))
        (void)venue_job_make(self, JOB_FUNDING, &request, index);
}

hean_status venue_on_ticker(void *context, const bybit_ticker_delta *delta)
{
    const uint32_t marks = BYBIT_TICKER_LAST | BYBIT_TICKER_MARK | BYBIT_TICKER_INDEX |
                           BYBIT_TICKER_RATE | BYBIT_TICKER_NEXT | BYBIT_TICKER_OPEN;
    venue *self = context;
    size_t index = (size_t)delta->ticker.index;
    venue_symbol *symbol = &self->symbols[index];
    int64_t next_ns = symbol->ticker.next_funding_ns;
    if (!delta->snapshot && !symbol->ticker_valid)
        return HEAN_OK; /* half of one is none */
    merge(&symbol->ticker, delta);
    symbol->ticker_valid = true;
    if (next_ns > 0 && symbol->ticker.next_funding_ns > next_ns)
        ask_settled(self, index, next_ns);
    if (!delta->snapshot && (delta->fields & marks) == 0)
        return HEAN_OK;
    const hean_decimal tick_size = symbol->instrument.spec.tick_size;
    hean_event event;
    memset(&event, 0, sizeof event);
    event.kind = HEAN_EVENT_MARK;
    event.instrument = (uint16_t)index;
    event.exch_ns = delta->sent_ns;
    event.data.mark.mark_ticks = to_ticks(symbol->ticker.mark_e8, tick_size);
    event.data.mark.index_ticks = to_ticks(symbol->ticker.index_e8, tick_size);
    event.data.mark.last_ticks = symbol->ticker.last_ticks;
    event.data.mark.next_rate_e12 = symbol->ticker.funding_rate_e12;
    event.data.mark.next_funding_ns = symbol->ticker.next_funding_ns;
    event.data.mark.open_interest_lots = symbol->ticker.open_interest_lots;
    venue_emit_market(self, &event);
    return HEAN_OK;
}

typedef struct settlement {
    venue *self;
    size_t index;
} settlement;

static hean_status tell_settled(void *context, const hean_event *row, hean_error *error)
{
    const settlement *settled = context;
    venue_symbol *symbol = &settled->self->symbols[settled->index];
    (void)error;
    if (row->instrument != settled->index || row->exch_ns <= symbol->funded_ns)
        return HEAN_OK;
    hean_event event = *row;
    symbol->funded_ns = event.exch_ns;
    if (event.data.funding.interval_ns == 0)
        event.data.funding.interval_ns = symbol->funding_interval_ns;
    venue_emit_market(settled->self, &event);
    return HEAN_OK;
}

hean_status venue_funding_answered(venue *self, const venue_job *job, const job_result *result,
                                   hean_error *error)
{
    settlement settled = {self, (size_t)job->subject};
    const venue_symbol *symbol = &self->symbols[job->subject];
    int64_t before_ns = symbol->funded_ns;
    hean_status status =
        bybit_read_funding_history(result->response->body, result->response->body_bytes,
                                   &self->lookup, tell_settled, &settled, NULL, error);
    if (status == HEAN_OK && symbol->funded_ns == before_ns)
        return base_fail(error, HEAN_E_NOT_FOUND, "the settlement is not listed yet");
    return status;
}

/* ---- connection ---- */

void venue_tell_connections(venue *self, const venue_stream *stream)
{
    for (size_t i = 0; i < self->symbol_count; i++) {
        venue_symbol *symbol = &self->symbols[i];
        const venue_stream *own = &self->streams[symbol->stream];
        int64_t state = own->state != STREAM_UP ? 0 : self->ready ? 2 : 1;
        if ((stream != NULL && stream != own) || state == symbol->connection)
            continue;
        hean_event event;
        memset(&event, 0, sizeof event);
        event.kind = HEAN_EVENT_CONNECTION;
        event.instrument = (uint16_t)i;
        event.exch_ns = self->now_ns;
        event.data.connection.state = state;
        symbol->connection = state;
        venue_emit_market(self, &event);
    }
}
