/*
 * import_sink.c: every event passes here once, in the order in which it will be replayed.
 */
#include "import_sink.h"

#include "datafile_format.h"

#include <string.h>

hean_status import_sink_open(import_sink *sink, const import_plan *plan, int fd, hean_error *error)
{
    hean_status status = HEAN_OK;

    memset(sink, 0, sizeof *sink);
    sink->allocator = plan->allocator;
    sink->plan = plan;
    sink->last_ns = INT64_MIN;
    sink->info.instruments = plan->instrument_count;
    sink->books = base_alloc_array(plan->allocator, plan->instrument_count, sizeof *sink->books);
    if (sink->books == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    if (fd >= 0 && plan->instrument_count > 0)
        status = market_data_writer_open(plan->allocator, fd, plan->instruments,
                                         plan->instrument_count, &sink->writer, error);
    if (status != HEAN_OK)
        import_sink_close(sink);
    return status;
}

void import_sink_close(import_sink *sink)
{
    for (size_t i = 0; sink->books != NULL && i < sink->plan->instrument_count; i++) {
        if (sink->books[i].open)
            market_book_deinit(&sink->books[i].book);
        base_free(sink->allocator, sink->books[i].agree);
    }
    base_free(sink->allocator, sink->books);
    market_data_writer_close(sink->writer);
    sink->books = NULL;
    sink->writer = NULL;
}

static hean_status open_book(import_sink *sink, import_sink_book *book, hean_error *error)
{
    hean_status status = market_book_init(&book->book, sink->allocator);
    if (status != HEAN_OK)
        return base_fail(error, status, "out of memory");
    book->open = true;
    return HEAN_OK;
}

static hean_status take_quote(import_sink *sink, import_sink_book *book, const hean_event *event,
                              hean_error *error)
{
    if (book->agree == NULL)
        book->agree = base_alloc(sink->allocator, sizeof *book->agree);
    if (book->agree == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    import_agree_quote(book->agree, event);
    return HEAN_OK;
}

static void end_message(import_sink_book *book)
{
    book->messages++;
    book->snapshots += book->replaced ? 1 : 0;
    book->replaced = false;
    book->crossed_messages += market_book_crossed(&book->book) ? 1 : 0;
    if (book->agree != NULL)
        import_agree_book(book->agree, &book->book);
}

static hean_status follow(import_sink *sink, const hean_event *event, hean_error *error)
{
    import_sink_book *book = &sink->books[event->instrument];
    hean_status status = HEAN_OK;

    if (event->kind != HEAN_EVENT_BOOK && event->kind != HEAN_EVENT_QUOTE)
        return HEAN_OK;
    if (!book->open)
        status = open_book(sink, book, error);
    if (status == HEAN_OK && event->kind == HEAN_EVENT_QUOTE)
        status = take_quote(sink, book, event, error);
    if (status != HEAN_OK)
        return status;
    status = market_book_apply(&book->book, event);
    if (status != HEAN_OK)
        return base_fail(error, status, "the book of %s at %lld: %s",
                         sink->plan->instruments[event->instrument].spec.symbol,
                         (long long)event->local_ns, hean_status_text(status));
    if (event->kind == HEAN_EVENT_BOOK) {
        book->replaced = book->replaced || (event->flags & HEAN_EVENT_CLEAR) != 0;
        if ((event->flags & HEAN_EVENT_LAST) != 0)
            end_message(book);
    }
    return HEAN_OK;
}

static hean_status put(import_sink *sink, const hean_event *events, size_t count, hean_error *error)
{
    if (sink->writer != NULL)
        return market_data_writer_append(sink->writer, events, count, error);
    for (size_t i = 0; i < count; i++) {
        datafile_info_add(&sink->info, &events[i]);
    }
    return HEAN_OK;
}

/* Gives one book as it stands, as a snapshot at from_ns. */
static hean_status put_book(import_sink *sink, uint16_t id, hean_error *error)
{
    const market_book *book = &sink->books[id].book;
    size_t counts[2] = {market_book_levels(book, MARKET_BID), market_book_levels(book, MARKET_ASK)};
    size_t total = counts[0] + counts[1];
    market_level *levels;
    hean_event event = {.local_ns = sink->plan->options->from_ns,
                        .exch_ns = book->exch_ns,
                        .kind = HEAN_EVENT_BOOK,
                        .instrument = id};
    hean_status status = HEAN_OK;

    if (total == 0)
        return HEAN_OK;
    levels = base_alloc_array(sink->allocator, total, sizeof *levels);
    if (levels == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    (void)market_book_depth(book, MARKET_BID, levels, counts[0]);
    (void)market_book_depth(book, MARKET_ASK, levels + counts[0], counts[1]);
    for (size_t i = 0; i < total && status == HEAN_OK; i++) {
        event.side = i < counts[0] ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        event.flags = (uint8_t)(HEAN_EVENT_SNAPSHOT | (i == 0 ? HEAN_EVENT_CLEAR : 0) |
                                (i + 1 == total ? HEAN_EVENT_LAST : 0));
        event.data.level.price_ticks = levels[i].price_ticks;
        event.data.level.qty_lots = levels[i].qty_lots;
        status = put(sink, &event, 1, error);
    }
    base_free(sink->allocator, levels);
    return status;
}

/* What strategies need to know of the time before the cut: the books. */
static hean_status put_books(import_sink *sink, hean_error *error)
{
    for (size_t i = 0; i < sink->plan->instrument_count; i++) {
        const import_sink_book *book = &sink->books[i];
        hean_status status = HEAN_OK;
        if (book->open && book->book.from_book)
            status = put_book(sink, (uint16_t)i, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status import_sink_take(import_sink *sink, const hean_event *events, size_t count,
                             hean_error *error)
{
    const market_import_options *options = sink->plan->options;
    size_t first = 0, end = count;
    hean_status status = HEAN_OK;

    while (first < count && options->from_ns != 0 && events[first].local_ns < options->from_ns)
        first++;
    while (end > first && options->to_ns != 0 && events[end - 1].local_ns >= options->to_ns)
        end--;
    sink->over = end < count;
    for (size_t i = 0; i < first && status == HEAN_OK; i++)
        status = follow(sink, &events[i], error);
    if (status == HEAN_OK && first < end && !sink->started) {
        sink->started = true;
        status = put_books(sink, error);
    }
    for (size_t i = first; i < end && status == HEAN_OK; i++)
        status = follow(sink, &events[i], error);
    if (status != HEAN_OK || end == 0)
        return status;
    sink->last_ns = events[end - 1].local_ns;
    return put(sink, events + first, end - first, error);
}

hean_status import_sink_finish(import_sink *sink, market_import_report *report, hean_error *error)
{
    size_t count = sink->plan->instrument_count;
    hean_status status = HEAN_OK;

    if (sink->writer != NULL) {
        status = market_data_writer_finish(sink->writer, error);
        if (status != HEAN_OK)
            return status;
        sink->info = market_data_writer_info(sink->writer);
    }
    report->data = sink->info;
    report->books = base_alloc_array(sink->allocator, count, sizeof *report->books);
    if (report->books == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    report->book_count = count;
    for (size_t i = 0; i < count; i++) {
        const import_sink_book *from = &sink->books[i];
        market_import_book *to = &report->books[i];
        to->instrument = sink->plan->instruments[i];
        if (!from->open)
            continue;
        to->crossed_messages = from->crossed_messages;
        to->snapshots = from->snapshots;
        to->messages = from->messages;
        to->bid_ticks = from->book.best[MARKET_BID].price_ticks;
        to->bid_lots = from->book.best[MARKET_BID].qty_lots;
        to->ask_ticks = from->book.best[MARKET_ASK].price_ticks;
        to->ask_lots = from->book.best[MARKET_ASK].qty_lots;
        to->bid_levels = market_book_levels(&from->book, MARKET_BID);
        to->ask_levels = market_book_levels(&from->book, MARKET_ASK);
        if (from->agree != NULL) {
            to->quotes_compared = from->agree->compared;
            to->quotes_agreeing = from->agree->agreeing;
        }
    }
    return HEAN_OK;
}
