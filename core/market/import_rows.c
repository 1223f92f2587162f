/*
 * import_rows.c: one row of text as events, for the formats that have columns.
 *
 * A row either makes its events or is counted as bad, with its line and what was expected. A row
 * whose instrument, tick or lot must be learned first makes none, and marks the plan stale.
 */
#include "import_source.h"

#include <market/event.h>

#include <string.h>

#define TIME_NS_MIN (INT64_C(631152000) * BASE_NS_PER_S) /* 1990: earlier is no market data */

/* ---- what all rows share ---- */

bool import_bad(import_source *source, const char *format, ...)
{
    market_import_file *report = source->report;
    market_import_bad_row *row;
    char message[sizeof row->message];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    base_text_clean(message, length < (int)sizeof message ? (size_t)length : sizeof message - 1);
    report->bad_rows++;
    if (source->plan->options->strict && !source->learning)
        source->failed = base_fail(source->error, HEAN_E_PARSE, "%s:%llu: %s", report->path,
                                   (unsigned long long)source->line, message);
    if (source->learning || report->bad_count == MARKET_IMPORT_SAMPLES)
        return false;
    if (report->bad == NULL)
        report->bad = base_alloc_array(source->allocator, MARKET_IMPORT_SAMPLES, sizeof *row);
    if (report->bad == NULL) {
        source->failed = base_fail(source->error, HEAN_E_NO_MEMORY, "out of memory");
        return false;
    }
    row = &report->bad[report->bad_count++];
    row->line = source->line;
    memcpy(row->message, message, sizeof message);
    return false;
}

hean_event *import_push(import_source *source)
{
    hean_event *event;

    if (source->count == source->capacity &&
        !base_grow(source->allocator, (void **)&source->events, &source->capacity,
                   source->count + 1, sizeof *source->events)) {
        source->failed = base_fail(source->error, HEAN_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    event = &source->events[source->count++];
    memset(event, 0, sizeof *event);
    return event;
}

import_memory *import_memory_of(import_source *source, const import_key *key)
{
    size_t needed = key->number + 1;

    if (needed > source->memory_count) {
        size_t count = source->memory_count;
        if (!base_grow(source->allocator, (void **)&source->memory, &count, needed,
                       sizeof *source->memory)) {
            source->failed = base_fail(source->error, HEAN_E_NO_MEMORY, "out of memory");
            return NULL;
        }
        memset(source->memory + source->memory_count, 0,
               (count - source->memory_count) * sizeof *source->memory);
        source->memory_count = count;
    }
    return &source->memory[key->number];
}

/* For messages: a field's beginning. */
#define SHOWN(field) (int)((field).bytes < 24 ? (field).bytes : 24), (field).text

static reader_field field_of(const import_source *source, reader_role role)
{
    int32_t column = source->file->layout.column[role];
    return column >= 0 ? source->fields[column] : (reader_field){"", 0};
}

static bool off_step(import_source *source, const import_key *key, reader_field text,
                     const char *name, bool price, import_exactness exactness, int64_t *out)
{
    const reader_step *step = price ? &key->tick : &key->lot;
    char size[48];
    int64_t near = 0;

    if (exactness == IMPORT_NEAR &&
        reader_number_read(text.text, text.bytes, step, READER_NEAREST, &near) ==
            READER_NUMBER_OK &&
        near >= IMPORT_NEAR_STEPS) {
        source->row_rounded = true;
        *out = near;
        return true;
    }
    decimal_format_units(1, step->size, size, sizeof size);
    return import_bad(source, "%s %.*s: expected a multiple of the %s %s", name, SHOWN(text),
                      price ? "tick" : "lot", size);
}

bool import_units(import_source *source, import_key *key, reader_field text, const char *name,
                  bool price, import_exactness exactness, int64_t *out)
{
    const reader_step *step = price ? &key->tick : &key->lot;
    reader_rounding rounding = exactness == IMPORT_FREE   ? READER_NEAREST
                               : exactness == IMPORT_DOWN ? READER_FLOOR
                                                          : READER_EXACT;
    reader_number result = reader_number_read(text.text, text.bytes, step, rounding, out);

    if (__builtin_expect(result == READER_NUMBER_OK, 1))
        return true;
    if (result == READER_NUMBER_OFF_STEP) {
        if (price ? key->tick_given : key->lot_given)
            return off_step(source, key, text, name, price, exactness, out);
        source->row_pending = true;
        *out = 1;
        result = import_plan_learn(source->plan, key, price, text.text, text.bytes);
    }
    switch (result) {
    case READER_NUMBER_OK:
        return true;
    case READER_NUMBER_EMPTY:
        return import_bad(source, "%s: expected a number, found nothing", name);
    case READER_NUMBER_NEGATIVE:
        return import_bad(source, "%s \"%.*s\": expected no negative number", name, SHOWN(text));
    case READER_NUMBER_RANGE:
        return import_bad(source, "%s \"%.*s\": expected fewer digits", name, SHOWN(text));
    default:
        return import_bad(source, "%s \"%.*s\": expected a number", name, SHOWN(text));
    }
}

static bool same_text(const char *text, reader_field field)
{
    return memcmp(text, field.text, field.bytes) == 0 && text[field.bytes] == 0;
}

bool import_key_of(import_source *source, reader_field exchange, reader_field symbol,
                   import_key **out)
{
    import_key *key = source->key;
    hean_status status;

    if (key == NULL || symbol.bytes >= HEAN_SYMBOL_BYTES ||
        exchange.bytes >= IMPORT_EXCHANGE_BYTES || !same_text(key->symbol, symbol) ||
        !same_text(key->exchange, exchange)) {
        key = import_plan_key(source->plan, exchange, symbol, &status);
        if (key == NULL) {
            if (status == HEAN_E_INVALID)
                return import_bad(source, "symbol \"%.*s\": expected 1 to %d printable characters",
                                  SHOWN(symbol), HEAN_SYMBOL_BYTES - 1);
            source->failed = base_fail(source->error, status, "%s: more than %d symbols",
                                       source->report->path, IMPORT_KEYS_MAX);
            return false;
        }
        if (strcmp(key->exchange, "binance") == 0 || strstr(key->exchange, "-spot") != NULL)
            key->spot = true;
    }
    source->key = key;
    *out = key;
    return true;
}

/* The instrument of the row: its own columns, or the file's name. NULL: recorded why. */
static import_key *row_key(import_source *source)
{
    import_key *key = source->file_key;

    if (key == NULL && !import_key_of(source, field_of(source, READER_EXCHANGE),
                                      field_of(source, READER_SYMBOL), &key))
        return NULL;
    return key;
}

/* The row's only event, unless its instrument was not chosen. */
static bool emit(import_source *source, const import_key *key, const hean_event *event)
{
    hean_event *pushed;

    source->row_ns = event->local_ns;
    if (key->filtered)
        return true;
    pushed = import_push(source);
    if (pushed == NULL)
        return false;
    *pushed = *event;
    pushed->instrument = key->id;
    return true;
}

static bool read_time(import_source *source, reader_field text, const char *name, int64_t *out)
{
    int64_t time_ns;

    if (base_time_parse(text.text, text.bytes, &time_ns) != HEAN_OK)
        return import_bad(source, "%s \"%.*s\": expected a time", name, SHOWN(text));
    if (time_ns < TIME_NS_MIN || time_ns > MARKET_TIME_NS_MAX)
        return import_bad(source, "%s %.*s: expected a time between 1990 and 2116", name,
                          SHOWN(text));
    *out = time_ns;
    return true;
}

void import_clamp(import_source *source, hean_event *event)
{
    source->row_clamped = event->exch_ns > event->local_ns;
    if (source->row_clamped)
        event->exch_ns = event->local_ns;
}

/* The row's two times into `event`, and into what the window goes by. */
static bool row_times(import_source *source, hean_event *event)
{
    reader_field local = field_of(source, READER_LOCAL_TIME);

    if (!read_time(source, field_of(source, READER_TIME), "time", &event->exch_ns))
        return false;
    event->local_ns = event->exch_ns;
    if (local.bytes > 0 && !read_time(source, local, "local time", &event->local_ns))
        return false;
    import_clamp(source, event);
    return true;
}

static int64_t whole_or_zero(reader_field text)
{
    int64_t value = 0;

    if (text.bytes == 0 || text.bytes > 18)
        return 0;
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)(text.text[i] - '0') > 9)
            return 0;
        value = value * 10 + (text.text[i] - '0');
    }
    return value;
}

/* ---- the kinds of rows ---- */

static bool is_word(reader_field text, const char *word)
{
    return strlen(word) == text.bytes && strncasecmp(text.text, word, text.bytes) == 0;
}

static bool read_bool(import_source *source, reader_field text, const char *name, bool *out)
{
    bool yes = is_word(text, "true") || is_word(text, "1");

    if (!yes && !is_word(text, "false") && !is_word(text, "0"))
        return import_bad(source, "%s \"%.*s\": expected true or false", name, SHOWN(text));
    *out = yes;
    return true;
}

static bool trade_side(import_source *source, uint8_t *out)
{
    reader_field side = field_of(source, READER_SIDE);
    bool buyer_maker = false;

    if (source->file->layout.column[READER_BUYER_MAKER] >= 0) {
        if (!read_bool(source, field_of(source, READER_BUYER_MAKER), "is_buyer_maker",
                       &buyer_maker))
            return false;
        *out = buyer_maker ? HEAN_SIDE_SELL : HEAN_SIDE_BUY;
        return true;
    }
    if (is_word(side, "buy"))
        *out = HEAN_SIDE_BUY;
    else if (is_word(side, "sell"))
        *out = HEAN_SIDE_SELL;
    else if (is_word(side, "unknown"))
        *out = HEAN_SIDE_NONE;
    else
        return import_bad(source, "side \"%.*s\": expected buy, sell or unknown", SHOWN(side));
    return true;
}

static bool trade_row(import_source *source)
{
    hean_event event = {.kind = HEAN_EVENT_TRADE};
    import_key *key = row_key(source);

    if (key == NULL || !row_times(source, &event) || !trade_side(source, &event.side))
        return false;
    if (key->filtered)
        return source->row_ns = event.local_ns, true;
    if (!import_units(source, key, field_of(source, READER_PRICE), "price", true, IMPORT_EXACT,
                      &event.data.level.price_ticks) ||
        !import_units(source, key, field_of(source, READER_QTY), "size", false, IMPORT_NEAR,
                      &event.data.level.qty_lots))
        return false;
    event.data.level.sequence = whole_or_zero(field_of(source, READER_ID));
    return emit(source, key, &event);
}

/* One side of a quote; empty is "none". */
static bool quote_side(import_source *source, import_key *key, reader_role price, reader_role qty,
                       const char *name, int64_t *ticks, int64_t *lots)
{
    reader_field price_text = field_of(source, price), qty_text = field_of(source, qty);

    if (price_text.bytes == 0 && qty_text.bytes == 0)
        return true;
    return import_units(source, key, price_text, name, true, IMPORT_EXACT, ticks) &&
           import_units(source, key, qty_text, "size", false, IMPORT_NEAR, lots);
}

static bool quote_row(import_source *source)
{
    hean_event event = {.kind = HEAN_EVENT_QUOTE, .flags = HEAN_EVENT_LAST};
    import_key *key = row_key(source);

    if (key == NULL || !row_times(source, &event))
        return false;
    if (key->filtered)
        return source->row_ns = event.local_ns, true;
    if (!quote_side(source, key, READER_BID_PRICE, READER_BID_QTY, "bid price",
                    &event.data.quote.bid_ticks, &event.data.quote.bid_lots) ||
        !quote_side(source, key, READER_ASK_PRICE, READER_ASK_QTY, "ask price",
                    &event.data.quote.ask_ticks, &event.data.quote.ask_lots))
        return false;
    event.data.quote.sequence = whole_or_zero(field_of(source, READER_ID));
    return emit(source, key, &event);
}

static bool push_level(import_source *source, const hean_event *template, bool snapshot,
                       uint8_t side, int64_t ticks, int64_t lots)
{
    hean_event *event = import_push(source);

    if (event == NULL)
        return false;
    *event = *template;
    event->flags = snapshot ? HEAN_EVENT_SNAPSHOT : 0;
    event->side = side;
    event->data.level.price_ticks = ticks;
    event->data.level.qty_lots = lots;
    return true;
}

/* Remembers the bytes before the price and what they said, if price and size come last. */
static void keep_prefix(import_source *source, const char *line, const hean_event *level)
{
    const reader_layout *layout = &source->file->layout;
    size_t bytes = (size_t)(field_of(source, READER_PRICE).text - line);

    source->prefix_bytes = 0;
    if (layout->column[READER_PRICE] != (int32_t)layout->columns - 2 ||
        layout->column[READER_QTY] != (int32_t)layout->columns - 1 || bytes > IMPORT_PREFIX_BYTES ||
        line[bytes - 1] != ',')
        return;
    memcpy(source->prefix, line, bytes);
    source->prefix_bytes = bytes;
    source->level = *level;
}

static bool book_row(import_source *source, const char *line)
{
    reader_field side = field_of(source, READER_SIDE);
    hean_event event = {.kind = HEAN_EVENT_BOOK};
    import_key *key = row_key(source);
    int64_t ticks, lots;
    bool snapshot;

    if (key == NULL || !row_times(source, &event) ||
        !read_bool(source, field_of(source, READER_IS_SNAPSHOT), "is_snapshot", &snapshot))
        return false;
    if (!is_word(side, "bid") && !is_word(side, "ask"))
        return import_bad(source, "side \"%.*s\": expected bid or ask", SHOWN(side));
    if (key->filtered)
        return source->row_ns = event.local_ns, true;
    if (!import_units(source, key, field_of(source, READER_PRICE), "price", true, IMPORT_EXACT,
                      &ticks) ||
        !import_units(source, key, field_of(source, READER_QTY), "amount", false, IMPORT_NEAR,
                      &lots))
        return false;
    event.instrument = key->id;
    source->row_ns = event.local_ns;
    if (!push_level(source, &event, snapshot, is_word(side, "bid") ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                    ticks, lots))
        return true;
    if (!source->row_pending && key->id != IMPORT_NO_ID)
        keep_prefix(source, line, &source->events[source->count - 1]);
    return true;
}

/* Most rows of a message differ from the one before in price and size only. False: read it the
 * usual way. */
static bool book_row_quickly(import_source *source, const char *line, size_t bytes)
{
    const char *price = line + source->prefix_bytes, *end = line + bytes;
    const import_key *key = source->key;
    const char *comma;
    hean_event *event;
    int64_t ticks, lots;

    if (source->prefix_bytes == 0 || bytes <= source->prefix_bytes ||
        memcmp(line, source->prefix, source->prefix_bytes) != 0)
        return false;
    comma = memchr(price, ',', (size_t)(end - price));
    if (comma == NULL ||
        reader_number_read(price, (size_t)(comma - price), &key->tick, READER_EXACT, &ticks) !=
            READER_NUMBER_OK ||
        reader_number_read(comma + 1, (size_t)(end - comma - 1), &key->lot, READER_EXACT, &lots) !=
            READER_NUMBER_OK)
        return false;
    if (ticks < 1 || ticks > MARKET_TICKS_MAX || lots > MARKET_LOTS_MAX)
        return false;
    event = import_push(source);
    if (event == NULL)
        return true;
    *event = source->level;
    event->data.level.price_ticks = ticks;
    event->data.level.qty_lots = lots;
    return true;
}

/* All levels in one row: a book of its own. Empty columns and sizes of 0 are no levels. */
static bool snapshot_row(import_source *source)
{
    const reader_layout *layout = &source->file->layout;
    hean_event event = {.kind = HEAN_EVENT_BOOK};
    import_key *key = row_key(source);

    if (key == NULL || !row_times(source, &event))
        return false;
    source->row_ns = event.local_ns;
    if (key->filtered)
        return true;
    event.instrument = key->id;
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < layout->level_count; i++) {
            const reader_level_columns *columns = &layout->levels[side][i];
            reader_field price = source->fields[columns->column[0]];
            reader_field qty = source->fields[columns->column[1]];
            int64_t ticks, lots;
            if (price.bytes == 0 && qty.bytes == 0)
                continue;
            if (!import_units(source, key, price, "price", true, IMPORT_EXACT, &ticks) ||
                !import_units(source, key, qty, "amount", false, IMPORT_NEAR, &lots))
                return false;
            if (lots > 0 && !push_level(source, &event, true,
                                        side == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL, ticks, lots))
                return true;
        }
    }
    if (source->count == source->row_start &&
        !push_level(source, &event, true, HEAN_SIDE_NONE, 0, 0))
        return true;
    source->events[source->row_start].flags |= HEAN_EVENT_CLEAR;
    source->events[source->count - 1].flags |= HEAN_EVENT_LAST;
    return true;
}

static bool read_rate(import_source *source, reader_field text, const char *name, int64_t *out)
{
    *out = 0;
    if (text.bytes == 0)
        return true;
    if (decimal_parse_scaled(text.text, text.bytes, 12, out) != HEAN_OK)
        return import_bad(source, "%s \"%.*s\": expected a rate", name, SHOWN(text));
    return true;
}

static bool funding_row(import_source *source)
{
    hean_event event = {.kind = HEAN_EVENT_FUNDING};
    reader_field rate = field_of(source, READER_FUNDING_RATE);
    reader_field hours = field_of(source, READER_INTERVAL_HOURS);
    import_key *key = row_key(source);

    if (key == NULL || !row_times(source, &event))
        return false;
    if (rate.bytes == 0)
        return import_bad(source, "last_funding_rate: expected a rate, found nothing");
    if (!read_rate(source, rate, "last_funding_rate", &event.data.funding.rate_e12))
        return false;
    event.data.funding.interval_ns = whole_or_zero(hours);
    if (event.data.funding.interval_ns < 1 || event.data.funding.interval_ns > 24 * 31)
        return import_bad(source, "funding_interval_hours \"%.*s\": expected whole hours",
                          SHOWN(hours));
    event.data.funding.interval_ns *= 3600 * BASE_NS_PER_S;
    return emit(source, key, &event);
}

/* Gives the funding that was due at or before this row, once. */
static bool push_due_funding(import_source *source, const hean_event *row, import_memory *memory)
{
    hean_event *event;

    if (memory->funding_ns == 0 || memory->funding_done || row->exch_ns < memory->funding_ns ||
        !memory->funding_known)
        return true;
    event = import_push(source);
    if (event == NULL)
        return false;
    event->kind = HEAN_EVENT_FUNDING;
    event->instrument = row->instrument;
    event->local_ns = row->local_ns;
    event->exch_ns = memory->funding_ns;
    event->data.funding.rate_e12 = memory->funding_rate_e12;
    event->data.funding.interval_ns = memory->funding_interval_ns;
    event->data.funding.mark_ticks = memory->mark.data.mark.mark_ticks;
    memory->funding_done = true;
    return true;
}

/* Prices of a ticker are averages and need not be on a tick; an empty one is 0, "not given". Only
 * the last price is one that was traded, so only that teaches the tick. */
static bool ticker_price(import_source *source, import_key *key, reader_role role, const char *name,
                         int64_t *out)
{
    reader_field text = field_of(source, role);
    import_exactness exactness = role == READER_LAST ? IMPORT_EXACT : IMPORT_FREE;

    if (text.bytes == 0)
        return true;
    if (role != READER_LAST && key->tick.size.mantissa == 0) {
        int64_t scratch;
        const reader_step any = reader_step_of((hean_decimal){1, -8});
        if (reader_number_read(text.text, text.bytes, &any, READER_NEAREST, &scratch) ==
            READER_NUMBER_OK)
            return true; /* the tick comes from elsewhere */
    }
    return import_units(source, key, text, name, true, exactness, out);
}

static bool ticker_row(import_source *source)
{
    hean_event event = {.kind = HEAN_EVENT_MARK};
    reader_field funding = field_of(source, READER_FUNDING_TIME);
    reader_field rate = field_of(source, READER_FUNDING_RATE);
    reader_field interest = field_of(source, READER_OPEN_INTEREST);
    import_memory *memory;
    import_key *key = row_key(source);
    int64_t rate_e12, predicted_e12, funding_ns = 0, lots = 0;

    if (key == NULL || !row_times(source, &event) ||
        !read_rate(source, rate, "funding_rate", &rate_e12) ||
        !read_rate(source, field_of(source, READER_PREDICTED_RATE), "predicted_funding_rate",
                   &predicted_e12) ||
        (funding.bytes > 0 && !read_time(source, funding, "funding_timestamp", &funding_ns)))
        return false;
    source->row_ns = event.local_ns;
    memory = key->filtered ? NULL : import_memory_of(source, key);
    if (memory == NULL)
        return true;
    event.instrument = key->id;
    if (!ticker_price(source, key, READER_MARK, "mark_price", &event.data.mark.mark_ticks) ||
        !ticker_price(source, key, READER_INDEX, "index_price", &event.data.mark.index_ticks) ||
        !ticker_price(source, key, READER_LAST, "last_price", &event.data.mark.last_ticks))
        return false;
    if (interest.bytes > 0 && key->lot.size.mantissa != 0 &&
        !import_units(source, key, interest, "open_interest", false, IMPORT_FREE, &lots))
        return false;
    event.data.mark.open_interest_lots = lots;
    event.data.mark.next_rate_e12 = rate_e12;
    event.data.mark.next_funding_ns = funding_ns;
    if (!push_due_funding(source, &event, memory))
        return true;
    if (funding_ns != 0 && funding_ns != memory->funding_ns) {
        if (memory->funding_ns != 0 && funding_ns > memory->funding_ns)
            memory->funding_interval_ns = funding_ns - memory->funding_ns;
        memory->funding_ns = funding_ns;
        memory->funding_done = false;
    }
    if (rate.bytes > 0) {
        memory->funding_rate_e12 = rate_e12;
        memory->funding_known = true;
    }
    if (memcmp(&memory->mark.data.mark, &event.data.mark, sizeof event.data.mark) == 0)
        return true;
    memory->mark = event;
    return emit(source, key, &event);
}

/* The time a bar covers: told by its closing time, else by the steps between bars. */
static bool bar_interval(import_source *source, const import_key *key, int64_t open_ns,
                         int64_t *interval_ns)
{
    reader_field close = field_of(source, READER_CLOSE_TIME);
    import_file *file = source->file;
    import_memory *memory;
    int64_t close_ns = 0, step_ns;

    if (file->layout.column[READER_CLOSE_TIME] >= 0) {
        if (!read_time(source, close, "close_time", &close_ns))
            return false;
        *interval_ns = close_ns - open_ns + (close.bytes > 14 ? BASE_NS_PER_US : BASE_NS_PER_MS);
        if (close_ns <= open_ns)
            return import_bad(source, "close_time %.*s: expected a time after open_time",
                              SHOWN(close));
        return true;
    }
    memory = import_memory_of(source, key);
    if (memory == NULL)
        return false;
    step_ns = open_ns > memory->open_ns ? open_ns - memory->open_ns : memory->open_ns - open_ns;
    if (memory->open_ns != 0 && step_ns > 0 &&
        (file->interval_ns == 0 || step_ns < file->interval_ns)) {
        file->interval_ns = step_ns;
        source->plan->stale = true;
    }
    memory->open_ns = open_ns;
    *interval_ns = file->interval_ns;
    if (*interval_ns == 0 && !source->learning)
        return import_bad(source, "a single bar: expected two, to know its interval");
    return true;
}

/* Decimals after the eighth are the dust of somebody's floating point. */
static reader_field cut_volume(reader_field text)
{
    const char *point = memchr(text.text, '.', text.bytes);
    size_t kept = point != NULL ? (size_t)(point - text.text) + 9 : text.bytes;

    if (kept < text.bytes && memchr(text.text, 'e', text.bytes) == NULL &&
        memchr(text.text, 'E', text.bytes) == NULL)
        text.bytes = kept;
    return text;
}

static bool bar_row(import_source *source)
{
    static const struct {
        reader_role role;
        const char *name;
    } prices[4] = {
        {READER_OPEN, "open"}, {READER_HIGH, "high"}, {READER_LOW, "low"}, {READER_CLOSE, "close"}};
    hean_event event = {.kind = HEAN_EVENT_BAR};
    reader_field volume_text = cut_volume(field_of(source, READER_VOLUME));
    int64_t values[4], volume = 0;
    import_key *key = row_key(source);

    if (key == NULL || !row_times(source, &event) ||
        !bar_interval(source, key, event.exch_ns, &event.data.bar.interval_ns))
        return false;
    event.exch_ns += event.data.bar.interval_ns;
    event.local_ns = event.exch_ns;
    source->row_ns = event.local_ns;
    if (key->filtered)
        return true;
    for (size_t i = 0; i < 4; i++) {
        if (!import_units(source, key, field_of(source, prices[i].role), prices[i].name, true,
                          IMPORT_NEAR, &values[i]))
            return false;
    }
    /* A volume is no order: where the lot is given, it is rounded down to it. */
    if (!import_units(source, key, volume_text, "volume", false,
                      key->lot_given ? IMPORT_DOWN : IMPORT_EXACT, &volume))
        return false;
    event.data.bar.open_ticks = values[0];
    event.data.bar.high_ticks = values[1];
    event.data.bar.low_ticks = values[2];
    event.data.bar.close_ticks = values[3];
    event.data.bar.volume_lots = volume;
    return emit(source, key, &event);
}

/* ---- one line ---- */

static bool columns_row(import_source *source, const char *line, size_t bytes)
{
    const reader_layout *layout = &source->file->layout;
    size_t count = reader_split(line, bytes, source->fields, layout->columns);

    if (count != layout->columns)
        return import_bad(source, "expected %zu columns, found %zu", layout->columns, count);
    switch (layout->kind) {
    case READER_BOOK:
        return book_row(source, line);
    case READER_SNAPSHOT:
        return snapshot_row(source);
    case READER_TICKER:
        return ticker_row(source);
    case READER_QUOTE:
        return quote_row(source);
    case READER_TRADE:
        return trade_row(source);
    case READER_FUNDING:
        return funding_row(source);
    default:
        return bar_row(source);
    }
}

/* A good row: its events are kept if they are what the writer takes. */
static bool keep_events(import_source *source)
{
    import_key *key = source->key;

    if (!key->used && !key->filtered) {
        key->used = true;
        source->plan->stale = true;
    }
    if (source->row_pending || key->id == IMPORT_NO_ID) {
        source->count = source->row_start;
        return true;
    }
    for (size_t i = source->row_start; i < source->count; i++) {
        const char *problem = market_event_problem(&source->events[i], MARKET_INSTRUMENTS_MAX);
        if (problem != NULL)
            return import_bad(source, "%s", problem);
    }
    return true;
}

static void count_time(import_source *source, int64_t before_ns)
{
    if (source->good++ > 0) {
        if (source->row_ns < before_ns) {
            source->falls++;
            source->disordered = true;
        } else if (source->row_ns > before_ns) {
            source->rises++;
        }
    }
    if (source->row_ns < source->least_ns)
        source->least_ns = source->row_ns;
}

hean_status import_row(import_source *source, const char *line, size_t bytes, hean_error *error)
{
    int64_t before_ns = source->row_ns;
    bool good;

    source->error = error;
    source->failed = HEAN_OK;
    source->report->rows++;
    source->row_start = source->count;
    source->row_pending = source->row_rounded = false;
    if (source->file->layout.kind == READER_BOOK && book_row_quickly(source, line, bytes)) {
        source->report->clamped_rows += source->row_clamped ? 1 : 0;
        source->good++;
        return source->failed;
    }
    good = source->file->layout.kind == READER_ORDERBOOK ? import_orderbook_row(source, line, bytes)
                                                         : columns_row(source, line, bytes);
    good = good && source->failed == HEAN_OK && keep_events(source);
    if (good) {
        source->report->clamped_rows += source->row_clamped ? 1 : 0;
        source->report->rounded_rows += source->row_rounded ? 1 : 0;
        count_time(source, before_ns);
    } else {
        source->row_ns = before_ns;
        source->count = source->row_start;
        source->prefix_bytes = 0;
    }
    return source->failed;
}
