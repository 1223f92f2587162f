/*
 * import_source.c: opening inputs, filling the window, and cutting messages.
 */
#include "import_source.h"

#include <market/event.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOOK_ROWS    1000
#define BATCH_EVENTS 2048

/* ---- opening ---- */

static hean_status keep_header(import_source *source, hean_error *error)
{
    const char *text;
    size_t bytes;
    reader_line_kind kind;
    hean_status status = reader_lines_next(&source->lines, &text, &bytes, &kind, error);

    if (status != HEAN_OK)
        return status;
    if (kind != READER_LINE_TEXT)
        return base_fail(error, HEAN_E_STATE, "%s: changed while it was read",
                         source->report->path);
    source->header = base_alloc(source->allocator, bytes);
    if (source->header == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    memcpy(source->header, text, bytes);
    source->header_bytes = bytes;
    return HEAN_OK;
}

static hean_status open_text(import_source *source, hean_error *error)
{
    import_file *file = source->file;
    reader_field name = {file->symbol, strlen(file->symbol)};
    hean_status status =
        reader_lines_open(source->allocator, file->path, &file->part, &source->lines, error);

    if (status != HEAN_OK)
        return status;
    reader_orderbook_init(&source->orderbook, source->allocator);
    source->fields =
        base_alloc_array(source->allocator, file->layout.columns, sizeof *source->fields);
    if (source->fields == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    if (file->layout.column[READER_SYMBOL] < 0 && file->layout.kind != READER_ORDERBOOK) {
        source->file_key = import_plan_key(source->plan, (reader_field){"", 0}, name, &status);
        if (source->file_key == NULL)
            return base_fail(error, status,
                             "%s: neither its rows nor the file's name give a symbol",
                             source->report->path);
        source->file_key->guessed = true;
        source->file_key->spot = source->file_key->spot || file->layout.spot;
        source->key = source->file_key;
    }
    return file->layout.has_header ? keep_header(source, error) : HEAN_OK;
}

static hean_status bind_instruments(import_source *source, const market_instrument *instruments,
                                    size_t count, hean_error *error)
{
    source->ids = base_alloc_array(source->allocator, count, sizeof *source->ids);
    if (source->ids == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        import_key *key;
        hean_status status = import_plan_fix(source->plan, &instruments[i].spec, &key, error);
        if (status != HEAN_OK)
            return base_fail_prefix(error, "%s", source->report->path);
        source->ids[i] = key->id;
    }
    return HEAN_OK;
}

static hean_status open_binary(import_source *source, hean_error *error)
{
    int fd = open(source->file->path, O_RDONLY | O_CLOEXEC);
    hean_status status;

    if (fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", source->file->path, strerror(errno));
    status = market_data_open(source->allocator, fd, source->file->path, &source->binary, error);
    (void)close(fd);
    if (status != HEAN_OK)
        return status;
    return bind_instruments(source, source->binary.instruments, source->binary.info.instruments,
                            error);
}

static hean_status open_sim(import_source *source, hean_error *error)
{
    const market_instrument *instruments;
    market_sim_options options;
    int64_t duration_ns;
    size_t count;
    hean_status status =
        market_sim_parse(source->file->path + strlen("sim:"), &options, &duration_ns, error);

    if (status == HEAN_OK)
        status = market_sim_open(source->allocator, &options, &source->sim, error);
    if (status != HEAN_OK)
        return status;
    source->sim_end_ns = options.start_ns + duration_ns;
    count = market_sim_instruments(source->sim, &instruments);
    return bind_instruments(source, instruments, count, error);
}

hean_status import_source_open(import_plan *plan, import_file *file, market_import_file *report,
                               bool learning, import_source **out, hean_error *error)
{
    import_source *source = base_alloc(plan->allocator, sizeof *source);
    hean_status status;

    if (source == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    source->plan = plan;
    source->file = file;
    source->report = report;
    source->allocator = plan->allocator;
    source->learning = learning;
    source->sorting = file->sort;
    source->least_ns = INT64_MAX;
    source->released_ns = INT64_MIN;
    if (!base_grow(plan->allocator, (void **)&source->events, &source->capacity,
                   IMPORT_WINDOW_EVENTS + BATCH_EVENTS, sizeof *source->events))
        status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    else if (file->origin == IMPORT_BINARY)
        status = open_binary(source, error);
    else if (file->origin == IMPORT_SIM)
        status = open_sim(source, error);
    else
        status = open_text(source, error);
    if (status != HEAN_OK) {
        import_source_close(source);
        return status;
    }
    *out = source;
    return HEAN_OK;
}

void import_source_close(import_source *source)
{
    if (source == NULL)
        return;
    if (source->lines.bytes != NULL)
        reader_lines_close(&source->lines);
    if (source->orderbook.allocator != NULL)
        reader_orderbook_deinit(&source->orderbook);
    if (source->binary.mapping != NULL)
        market_data_close(&source->binary);
    if (source->sim != NULL)
        market_sim_close(source->sim);
    import_sort_close(source->sort);
    base_free(source->allocator, source->header);
    base_free(source->allocator, source->fields);
    base_free(source->allocator, source->ids);
    base_free(source->allocator, source->memory);
    base_free(source->allocator, source->events);
    base_free(source->allocator, source);
}

uint64_t import_source_taken(const import_source *source)
{
    if (source->file->origin == IMPORT_BINARY)
        return source->position * sizeof(hean_event);
    return source->lines.bytes != NULL ? reader_bytes_taken(source->lines.bytes) : 0;
}

/* ---- rows ---- */

/* Empty lines at the end are nothing; before a row each is a bad row. */
static hean_status count_blanks(import_source *source)
{
    for (; source->blanks > 0 && source->failed == HEAN_OK; source->blanks--) {
        source->line = source->lines.line - source->blanks;
        source->report->rows++;
        (void)import_bad(source, "expected a row, found an empty line");
    }
    return source->failed;
}

static hean_status read_line(import_source *source, bool *end, hean_error *error)
{
    const char *text;
    size_t bytes;
    reader_line_kind kind;
    hean_status status = reader_lines_next(&source->lines, &text, &bytes, &kind, error);

    if (status != HEAN_OK)
        return base_fail_prefix(error, "after line %llu", (unsigned long long)source->lines.line);
    *end = kind == READER_LINE_END;
    if (*end)
        return HEAN_OK;
    if (kind == READER_LINE_TEXT && bytes == 0) {
        source->blanks++;
        return HEAN_OK;
    }
    source->error = error;
    source->failed = HEAN_OK;
    if (source->blanks > 0 && count_blanks(source) != HEAN_OK)
        return source->failed;
    source->line = source->lines.line;
    if (kind == READER_LINE_TEXT) {
        if (bytes == source->header_bytes && memcmp(text, source->header, bytes) == 0)
            return HEAN_OK;
        return import_row(source, text, bytes, error);
    }
    source->report->rows++;
    (void)import_bad(source,
                     kind == READER_LINE_BINARY ? "expected text, found a byte 0"
                                                : "expected a line of at most %u bytes",
                     READER_LINE_BYTES_MAX);
    return source->failed;
}

hean_status import_source_look(import_source *source, hean_error *error)
{
    bool end = source->file->origin != IMPORT_TEXT;

    for (size_t i = 0; i < LOOK_ROWS && !end; i++) {
        hean_status status = read_line(source, &end, error);
        if (status != HEAN_OK)
            return status;
        source->count = 0;
    }
    return HEAN_OK;
}

/* Reads rows until there are `wanted` events, or no more rows. */
static hean_status read_rows(import_source *source, size_t wanted, hean_error *error)
{
    while (source->count < wanted && !source->ended) {
        hean_status status = read_line(source, &source->ended, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

static hean_status check_stop(const import_source *source, hean_error *error)
{
    const volatile int *stop = source->plan->options->stop;
    if (stop != NULL && *stop != 0)
        return base_fail(error, HEAN_E_INTERRUPTED, "stopped");
    return HEAN_OK;
}

/* ---- filling ---- */

/* Puts the window in order if rows stepped back; `kept` events are in order already. */
static hean_status order_window(import_source *source, size_t kept, hean_error *error)
{
    hean_event *events = source->events;
    hean_event *scratch;

    if (kept > 0 && kept < source->count && events[kept].local_ns < events[kept - 1].local_ns)
        source->disordered = true;
    if (!source->disordered)
        return HEAN_OK;
    scratch = base_alloc_array(source->allocator, source->count, sizeof *scratch);
    if (scratch == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    import_sort_events(events, source->count, scratch);
    base_free(source->allocator, scratch);
    source->disordered = false;
    return HEAN_OK;
}

static hean_status fill_window(import_source *source, hean_error *error)
{
    size_t kept = source->count;
    hean_status status = read_rows(source, IMPORT_WINDOW_EVENTS + BATCH_EVENTS, error);

    if (status == HEAN_OK)
        status = order_window(source, kept, error);
    if (status != HEAN_OK)
        return status;
    source->ready = source->count;
    if (!source->ended)
        source->ready -= IMPORT_WINDOW_EVENTS;
    if (source->count > 0 && source->events[0].local_ns < source->released_ns) {
        source->file->sort = true;
        source->file->first_ns = INT64_MIN; /* its rows may begin with any time */
        source->plan->stale = true;
    }
    return HEAN_OK;
}

static hean_status sort_rows(import_source *source, hean_error *error)
{
    const import_file *file = source->file;
    /* A row with several events must not be turned round. */
    bool reverse = file->descending && file->layout.kind >= READER_TICKER &&
                   file->layout.kind != READER_ORDERBOOK;
    hean_status status = import_sort_open(source->allocator, source->plan->options->temp_folder,
                                          reverse, &source->sort, error);

    while (status == HEAN_OK && !source->ended) {
        status = check_stop(source, error);
        if (status == HEAN_OK)
            status = read_rows(source, BATCH_EVENTS, error);
        if (status == HEAN_OK)
            status = import_sort_add(source->sort, source->events, source->count, error);
        source->count = 0;
    }
    source->sorted = true;
    source->ended = false;
    return status == HEAN_OK ? import_sort_finish(source->sort, error) : status;
}

static hean_status fill_sorted(import_source *source, hean_error *error)
{
    hean_status status = source->sorted ? HEAN_OK : sort_rows(source, error);

    while (status == HEAN_OK && source->ready == 0 && !source->ended) {
        size_t got = 0;
        status = import_sort_read(source->sort, source->events + source->count, BATCH_EVENTS, &got,
                                  error);
        source->ended = got == 0;
        source->count += got;
        /* One event waits, to know whether its message goes on. */
        source->ready = source->ended ? source->count : source->count - 1;
    }
    return status;
}

/* Takes events of another numbering of instruments; those that were not chosen are dropped. */
static void take_events(import_source *source, const hean_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t id = source->ids[events[i].instrument];
        if (id == IMPORT_NO_ID)
            continue;
        source->events[source->count] = events[i];
        source->events[source->count++].instrument = id;
    }
    source->report->rows += count;
}

static void fill_binary(import_source *source)
{
    while (source->count == 0 && source->position < source->binary.info.events) {
        uint64_t left = source->binary.info.events - source->position;
        size_t part = left < BATCH_EVENTS ? (size_t)left : BATCH_EVENTS;
        take_events(source, source->binary.events + source->position, part);
        source->position += part;
        market_data_release(&source->binary, source->position);
    }
    source->ended = source->position == source->binary.info.events;
    source->ready = source->count;
}

static void fill_sim(import_source *source)
{
    while (source->count == 0 && !source->ended) {
        /* The second half of the window is free: the simulator's own numbering goes there. */
        hean_event *made = source->events + IMPORT_WINDOW_EVENTS;
        size_t count = market_sim_next(source->sim, made, BATCH_EVENTS);
        source->ended = count == 0;
        for (size_t i = 0; i < count; i++) {
            if (made[i].local_ns >= source->sim_end_ns) {
                source->ended = true;
                count = i;
            }
        }
        take_events(source, made, count);
    }
    source->ready = source->count;
}

/* ---- what is let go ---- */

/* Rows of incremental_book_L2 with one local time and instrument are one message; a snapshot that
 * follows other rows begins a new book. */
static void cut_messages(import_source *source)
{
    hean_event *events = source->events;

    for (size_t i = 0; i < source->ready; i++) {
        hean_event *event = &events[i];
        bool snapshot = (event->flags & HEAN_EVENT_SNAPSHOT) != 0;
        if (snapshot && !source->was_snapshot[event->instrument])
            event->flags |= HEAN_EVENT_CLEAR;
        source->was_snapshot[event->instrument] = snapshot;
        if (i + 1 == source->count || events[i + 1].local_ns != event->local_ns ||
            events[i + 1].instrument != event->instrument)
            event->flags |= HEAN_EVENT_LAST;
    }
}

static void count_events(import_source *source)
{
    market_import_file *report = source->report;
    int64_t before_ns = report->last_local_ns;

    if (source->ready == 0)
        return;
    if (report->events == 0)
        report->first_local_ns = before_ns = source->events[0].local_ns;
    for (size_t i = 0; i < source->ready; i++) {
        int64_t gap_ns = source->events[i].local_ns - before_ns;
        if (gap_ns > report->longest_gap_ns) {
            report->longest_gap_ns = gap_ns;
            report->longest_gap_at_ns = before_ns;
        }
        before_ns = source->events[i].local_ns;
    }
    report->events += source->ready;
    report->last_local_ns = source->released_ns = before_ns;
}

hean_status import_source_fill(import_source *source, hean_error *error)
{
    hean_status status = HEAN_OK;

    if (source->next < source->ready || (source->ended && source->ready == source->count))
        return HEAN_OK;
    source->count -= source->ready;
    memmove(source->events, source->events + source->ready, source->count * sizeof *source->events);
    source->next = source->ready = 0;
    status = check_stop(source, error);
    if (status != HEAN_OK)
        return status;
    if (source->file->origin == IMPORT_BINARY)
        fill_binary(source);
    else if (source->file->origin == IMPORT_SIM)
        fill_sim(source);
    else if (source->sorting)
        status = fill_sorted(source, error);
    else
        status = fill_window(source, error);
    if (status != HEAN_OK)
        return status;
    if (source->file->origin == IMPORT_TEXT && source->file->layout.kind == READER_BOOK)
        cut_messages(source);
    count_events(source);
    source->report->out_of_order_rows = source->file->descending ? source->rises : source->falls;
    return HEAN_OK;
}
