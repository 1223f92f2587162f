/*
 * rows_market.c: rows that concern the market: tickers and the levels of books.
 */
#include "rows.h"

#include <market/event.h>

#include <string.h>

hean_status rows_event_finish(hean_event *event, int64_t local_ns, hean_error *error)
{
    const char *problem;

    event->local_ns = local_ns;
    if (event->exch_ns > local_ns)
        event->exch_ns = local_ns;
    problem = market_event_problem(event, MARKET_INSTRUMENTS_MAX);
    return problem == NULL ? HEAN_OK : base_fail(error, HEAN_E_RANGE, "%s", problem);
}

static int find_one(void *context, const char *symbol, size_t bytes)
{
    const row_one_symbol *one = context;
    (void)symbol;
    (void)bytes;
    return one->index;
}

static const market_instrument *instrument_of_all(void *context, int index)
{
    const row_one_symbol *one = context;
    return one->all->instrument(one->all->context, index);
}

void rows_one_symbol(row_one_symbol *one, const bybit_symbols *all, int index)
{
    one->symbols = (bybit_symbols){find_one, instrument_of_all, one, all->category};
    one->all = all;
    one->index = index;
}

/* ---- tickers ---- */

#define TICKER_KEYS(X)                                                                             \
    X(TICKER_SYMBOL, "symbol")                                                                     \
    X(TICKER_LAST, "lastPrice")                                                                    \
    X(TICKER_MARK, "markPrice")                                                                    \
    X(TICKER_INDEX, "indexPrice")                                                                  \
    X(TICKER_BID, "bid1Price")                                                                     \
    X(TICKER_BID_SIZE, "bid1Size")                                                                 \
    X(TICKER_ASK, "ask1Price")                                                                     \
    X(TICKER_ASK_SIZE, "ask1Size")                                                                 \
    X(TICKER_RATE, "fundingRate")                                                                  \
    X(TICKER_NEXT, "nextFundingTime")                                                              \
    X(TICKER_INTERVAL, "fundingIntervalHour")                                                      \
    X(TICKER_OPEN, "openInterest")
enum { TICKER_KEYS(SCAN_KEY_ENUM) };
static const scan_key ticker_keys[] = {TICKER_KEYS(SCAN_KEY_ROW)};

/* Which keys were there, as bits of bybit_ticker_delta. */
static uint32_t ticker_bits(const row_fields *fields)
{
    static const uint32_t bits[] = {
        [TICKER_LAST] = BYBIT_TICKER_LAST,         [TICKER_MARK] = BYBIT_TICKER_MARK,
        [TICKER_INDEX] = BYBIT_TICKER_INDEX,       [TICKER_BID] = BYBIT_TICKER_BID,
        [TICKER_BID_SIZE] = BYBIT_TICKER_BID_SIZE, [TICKER_ASK] = BYBIT_TICKER_ASK,
        [TICKER_ASK_SIZE] = BYBIT_TICKER_ASK_SIZE, [TICKER_RATE] = BYBIT_TICKER_RATE,
        [TICKER_NEXT] = BYBIT_TICKER_NEXT,         [TICKER_INTERVAL] = BYBIT_TICKER_INTERVAL,
        [TICKER_OPEN] = BYBIT_TICKER_OPEN};
    uint32_t seen = 0;

    for (size_t i = 0; i < BASE_COUNT(bits); i++) {
        if (fields->values[i].kind != SCAN_ABSENT)
            seen |= bits[i];
    }
    return seen;
}

static bool convert_ticker(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {TICKER_SYMBOL, -1};
    bybit_ticker_delta *delta = row;
    bybit_ticker *ticker = &delta->ticker;
    char symbol[HEAN_SYMBOL_BYTES];
    row_instrument_ref ref;
    int64_t hours;

    fields_require(fields, required);
    field_text(fields, TICKER_SYMBOL, symbol, sizeof symbol);
    ref = rows_instrument(symbols, symbol);
    if (ref.index < 0) /* an answer may list hundreds */
        return false;
    ticker->index = ref.index;
    delta->fields = ticker_bits(fields);
    ticker->last_ticks = rows_ticks(fields, TICKER_LAST, &ref, READER_EXACT);
    ticker->mark_e8 = field_scaled(fields, TICKER_MARK, 8);
    ticker->index_e8 = field_scaled(fields, TICKER_INDEX, 8);
    ticker->bid_ticks = rows_ticks(fields, TICKER_BID, &ref, READER_EXACT);
    ticker->bid_lots = rows_lots(fields, TICKER_BID_SIZE, &ref, READER_EXACT);
    ticker->ask_ticks = rows_ticks(fields, TICKER_ASK, &ref, READER_EXACT);
    ticker->ask_lots = rows_lots(fields, TICKER_ASK_SIZE, &ref, READER_EXACT);
    ticker->funding_rate_e12 = field_scaled(fields, TICKER_RATE, 12);
    ticker->next_funding_ns = field_time_ns(fields, TICKER_NEXT);
    hours = field_whole(fields, TICKER_INTERVAL);
    if (hours < 0 || hours > 24 * 366)
        field_fail(fields, TICKER_INTERVAL, HEAN_E_RANGE, "hours");
    else
        ticker->funding_interval_ns = hours * 3600 * BASE_NS_PER_S;
    ticker->open_interest_lots = rows_lots(fields, TICKER_OPEN, &ref, READER_FLOOR);
    return true;
}

const row_kind row_ticker = {"ticker", ticker_keys, BASE_COUNT(ticker_keys),
                             sizeof(bybit_ticker_delta), convert_ticker};

/* ---- trades ---- */

enum { TRADE_SYMBOL, TRADE_TIME, TRADE_SIDE, TRADE_QTY, TRADE_PRICE, TRADE_BLOCK, TRADE_SEQUENCE };
static const scan_key trade_keys[] = {SCAN_KEY("s"), SCAN_KEY("T"),  SCAN_KEY("S"),  SCAN_KEY("v"),
                                      SCAN_KEY("p"), SCAN_KEY("BT"), SCAN_KEY("seq")};
static const scan_key recent_keys[] = {
    SCAN_KEY("symbol"), SCAN_KEY("time"),         SCAN_KEY("side"), SCAN_KEY("size"),
    SCAN_KEY("price"),  SCAN_KEY("isBlockTrade"), SCAN_KEY("seq")};

static bool read_trade(row_fields *fields, const bybit_symbols *symbols, reader_rounding rounding,
                       hean_event *event)
{
    static const int required[] = {TRADE_SYMBOL, TRADE_TIME,  TRADE_SIDE,
                                   TRADE_QTY,    TRADE_PRICE, -1};
    char symbol[HEAN_SYMBOL_BYTES];
    row_instrument_ref ref;

    fields_require(fields, required);
    field_text(fields, TRADE_SYMBOL, symbol, sizeof symbol);
    ref = rows_instrument(symbols, symbol);
    event->kind = HEAN_EVENT_TRADE;
    event->instrument = ref.index < 0 ? UINT16_MAX : (uint16_t)ref.index;
    event->exch_ns = field_time_ns(fields, TRADE_TIME);
    event->side = (uint8_t)field_side(fields, TRADE_SIDE);
    event->data.level.price_ticks = rows_ticks(fields, TRADE_PRICE, &ref, rounding);
    event->data.level.qty_lots = rows_lots(fields, TRADE_QTY, &ref, READER_EXACT);
    event->data.level.sequence = field_whole(fields, TRADE_SEQUENCE);
    return !field_flag(fields, TRADE_BLOCK);
}

static bool convert_trade(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    return read_trade(fields, symbols, READER_EXACT, row);
}

/* The venue says whose position it was; a long is ended by a taker who sells. The price is that of
 * bankruptcy, which is not on the ticks of the book. */
static bool convert_liquidation(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    hean_event *event = row;
    bool give = read_trade(fields, symbols, READER_NEAREST, event);

    event->side = event->side == HEAN_SIDE_BUY    ? HEAN_SIDE_SELL
                  : event->side == HEAN_SIDE_SELL ? HEAN_SIDE_BUY
                                                  : HEAN_SIDE_NONE;
    return give;
}

#define EVENT_KIND(what, keys, convert)                                                            \
    {                                                                                              \
        what, keys, BASE_COUNT(keys), sizeof(hean_event), convert                                  \
    }
const row_kind row_trade = EVENT_KIND("trade", trade_keys, convert_trade);
const row_kind row_recent_trade = EVENT_KIND("trade", recent_keys, convert_trade);
const row_kind row_liquidation = EVENT_KIND("liquidation", trade_keys, convert_liquidation);

/* ---- fundings ---- */

#define FUNDING_KEYS(X)                                                                            \
    X(FUNDING_SYMBOL, "symbol")                                                                    \
    X(FUNDING_RATE, "fundingRate")                                                                 \
    X(FUNDING_TIME, "fundingRateTimestamp")
enum { FUNDING_KEYS(SCAN_KEY_ENUM) };
static const scan_key funding_keys[] = {FUNDING_KEYS(SCAN_KEY_ROW)};

static bool convert_funding(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {FUNDING_SYMBOL, FUNDING_RATE, FUNDING_TIME, -1};
    char symbol[HEAN_SYMBOL_BYTES];
    hean_event *event = row;
    row_instrument_ref ref;

    fields_require(fields, required);
    field_text(fields, FUNDING_SYMBOL, symbol, sizeof symbol);
    ref = rows_instrument(symbols, symbol);
    event->kind = HEAN_EVENT_FUNDING;
    event->instrument = ref.index < 0 ? UINT16_MAX : (uint16_t)ref.index;
    event->exch_ns = field_time_ns(fields, FUNDING_TIME);
    event->data.funding.rate_e12 = field_scaled(fields, FUNDING_RATE, 12);
    return true;
}

const row_kind row_funding = EVENT_KIND("funding", funding_keys, convert_funding);

/* ---- bars ---- */

#define BAR_KEYS(X)                                                                                \
    X(BAR_START, "start")                                                                          \
    X(BAR_END, "end")                                                                              \
    X(BAR_OPEN, "open")                                                                            \
    X(BAR_CLOSE, "close")                                                                          \
    X(BAR_HIGH, "high")                                                                            \
    X(BAR_LOW, "low")                                                                              \
    X(BAR_VOLUME, "volume")                                                                        \
    X(BAR_CONFIRM, "confirm")
enum { BAR_KEYS(SCAN_KEY_ENUM) };
static const scan_key bar_keys[] = {BAR_KEYS(SCAN_KEY_ROW)};

static bool convert_bar(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {BAR_START, BAR_END, BAR_OPEN,   BAR_CLOSE,
                                   BAR_HIGH,  BAR_LOW, BAR_VOLUME, -1};
    row_instrument_ref ref = rows_instrument(symbols, "");
    hean_event *event = row;

    fields_require(fields, required);
    event->kind = HEAN_EVENT_BAR;
    event->instrument = ref.index < 0 ? UINT16_MAX : (uint16_t)ref.index;
    /* The venue's end is the last millisecond of the interval. */
    event->exch_ns = field_time_ns(fields, BAR_END) + BASE_NS_PER_MS;
    event->data.bar.interval_ns = event->exch_ns - field_time_ns(fields, BAR_START);
    event->data.bar.open_ticks = rows_ticks(fields, BAR_OPEN, &ref, READER_EXACT);
    event->data.bar.close_ticks = rows_ticks(fields, BAR_CLOSE, &ref, READER_EXACT);
    event->data.bar.high_ticks = rows_ticks(fields, BAR_HIGH, &ref, READER_EXACT);
    event->data.bar.low_ticks = rows_ticks(fields, BAR_LOW, &ref, READER_EXACT);
    event->data.bar.volume_lots = rows_lots(fields, BAR_VOLUME, &ref, READER_FLOOR);
    return field_flag(fields, BAR_CONFIRM);
}

const row_kind row_bar = EVENT_KIND("bar", bar_keys, convert_bar);

/* ---- books ---- */

#define BOOK_KEYS(X)                                                                               \
    X(BOOK_SYMBOL, "s")                                                                            \
    X(BOOK_BIDS, "b")                                                                              \
    X(BOOK_ASKS, "a")                                                                              \
    X(BOOK_UPDATE, "u")                                                                            \
    X(BOOK_SEQUENCE, "seq")                                                                        \
    X(BOOK_SENT, "ts") /* in answers only: frames have them outside */                             \
    X(BOOK_MATCHED, "cts")
enum { BOOK_KEYS(SCAN_KEY_ENUM) };
static const scan_key book_keys[] = {BOOK_KEYS(SCAN_KEY_ROW)};

/* One number of a level, as the venue writes it: a text without escapes. */
static inline bool level_number(json_scan *scan, const reader_step *step, const char *expected,
                                int64_t *out)
{
    scan_value value;
    reader_number result;

    if (!scan_read(scan, &value))
        return false;
    if (value.kind != SCAN_TEXT || value.escaped)
        return scan_fail(scan, HEAN_E_INVALID, "a price or a size as a text");
    result = reader_number_read(value.text, value.bytes, step, READER_EXACT, out);
    if (result == READER_NUMBER_OK)
        return true;
    return scan_fail(scan,
                     result == READER_NUMBER_RANGE || result == READER_NUMBER_NEGATIVE
                         ? HEAN_E_RANGE
                     : result == READER_NUMBER_OFF_STEP ? HEAN_E_INVALID
                                                        : HEAN_E_PARSE,
                     expected);
}

/* A level as the venue writes it, without blanks and escapes; false: it is to be read with care. */
static inline bool read_plain_level(json_scan *scan, const row_instrument_ref *ref, int64_t *price,
                                    int64_t *qty)
{
    const char *at = scan->at, *end = scan->end;

    if (end - at < 2 || at[0] != '[' || at[1] != '"')
        return false;
    at = reader_number_scan(at + 2, end, &ref->tick, price);
    if (at == NULL || end - at < 3 || at[0] != '"' || at[1] != ',' || at[2] != '"')
        return false;
    at = reader_number_scan(at + 3, end, &ref->lot, qty);
    if (at == NULL || end - at < 2 || at[0] != '"' || at[1] != ']')
        return false;
    scan->at = at + 2;
    return true;
}

static bool read_level(json_scan *scan, const row_instrument_ref *ref, int64_t *price, int64_t *qty)
{
    bool first = true;

    if (!scan_list_begin(scan) || !scan_list_next(scan, &first) ||
        !level_number(scan, &ref->tick, "a price on the instrument's ticks", price) ||
        !scan_list_next(scan, &first) ||
        !level_number(scan, &ref->lot, "a size in whole lots", qty))
        return scan_fail(scan, HEAN_E_INVALID, "a level of price and size");
    if (scan_list_next(scan, &first))
        return scan_fail(scan, HEAN_E_INVALID, "the end of a level");
    return scan->status == HEAN_OK;
}

static hean_event *push(json_scan *scan, row_book *book)
{
    if (book->count == ROW_LEVELS_MAX) {
        (void)scan_fail(scan, HEAN_E_LIMIT, "fewer levels");
        return NULL;
    }
    if (!base_grow(book->allocator, (void **)&book->events, &book->capacity, book->count + 1,
                   sizeof *book->events)) {
        (void)scan_fail(scan, HEAN_E_NO_MEMORY, "memory");
        return NULL;
    }
    return &book->events[book->count];
}

static bool read_levels(json_scan *scan, const row_instrument_ref *ref, hean_side side,
                        row_book *book)
{
    bool first = true;

    if (!scan_list_begin(scan))
        return false;
    while (scan_list_next(scan, &first)) {
        hean_event *event = push(scan, book);
        int64_t price = 0, qty = 0;
        if (event == NULL)
            return false;
        if (!read_plain_level(scan, ref, &price, &qty) && !read_level(scan, ref, &price, &qty))
            return false;
        if (price < 1 || price > MARKET_TICKS_MAX || qty > MARKET_LOTS_MAX)
            return scan_fail(scan, HEAN_E_RANGE, "a price of 1 to 2^53 ticks and a size below");
        *event = (hean_event){.kind = HEAN_EVENT_BOOK, .side = (uint8_t)side};
        event->data.level.price_ticks = price;
        event->data.level.qty_lots = qty;
        book->count++;
    }
    return scan->status == HEAN_OK;
}

bool rows_book_symbol(const scan_value *data, char *out, size_t out_bytes)
{
    scan_value values[BASE_COUNT(book_keys)];
    json_scan scan;

    scan_init_value(&scan, data);
    return scan_object_read(&scan, book_keys, BASE_COUNT(book_keys), values) &&
           values[BOOK_SYMBOL].kind == SCAN_TEXT &&
           scan_text(&values[BOOK_SYMBOL], out, out_bytes) == HEAN_OK;
}

hean_status rows_book(json_scan *scan, const row_instrument_ref *ref, const char *symbol,
                      row_book *book, hean_error *error)
{
    static const int required[] = {BOOK_SYMBOL, BOOK_BIDS, BOOK_ASKS, BOOK_UPDATE, -1};
    scan_value values[BASE_COUNT(book_keys)] = {0};
    row_fields fields = {"book", 0, book_keys, values, HEAN_OK, error};
    scan_object object;
    int key;

    book->count = 0;
    if (!scan_object_begin(scan, &object, book_keys, BASE_COUNT(book_keys)))
        return scan_report(scan, error);
    while ((key = scan_object_next(scan, &object)) != SCAN_END) {
        if (key == BOOK_BIDS || key == BOOK_ASKS) {
            values[key].kind = SCAN_LIST;
            (void)read_levels(scan, ref, key == BOOK_BIDS ? HEAN_SIDE_BUY : HEAN_SIDE_SELL, book);
        } else {
            (void)scan_read(scan, &values[key]);
        }
    }
    if (scan->status != HEAN_OK)
        return scan_report(scan, error);
    fields_require(&fields, required);
    if (!field_is(&fields, BOOK_SYMBOL, symbol))
        field_fail(&fields, BOOK_SYMBOL, HEAN_E_INVALID, "the symbol of the topic");
    book->update = field_whole(&fields, BOOK_UPDATE);
    book->sequence = field_whole(&fields, BOOK_SEQUENCE);
    book->sent_ns = field_time_ns(&fields, BOOK_SENT);
    book->matched_ns = field_time_ns(&fields, BOOK_MATCHED);
    if (book->update < 0)
        field_fail(&fields, BOOK_UPDATE, HEAN_E_RANGE, "a number that is not negative");
    return fields.status;
}

hean_status rows_book_finish(row_book *book, int index, bool snapshot, int64_t local_ns,
                             hean_error *error)
{
    hean_event common = {.kind = HEAN_EVENT_BOOK,
                         .flags = snapshot ? HEAN_EVENT_SNAPSHOT : 0,
                         .instrument = (uint16_t)index,
                         .exch_ns = book->matched_ns != 0 ? book->matched_ns : book->sent_ns,
                         .data.level.sequence = book->update};
    size_t kept = 0;
    hean_status status = rows_event_finish(&common, local_ns, error);

    if (status != HEAN_OK)
        return status;
    for (size_t i = 0; i < book->count; i++) {
        hean_event *event = &book->events[kept];
        if (snapshot && book->events[i].data.level.qty_lots == 0)
            continue; /* no level */
        if (kept != i)
            *event = book->events[i];
        event->local_ns = common.local_ns;
        event->exch_ns = common.exch_ns;
        event->flags = common.flags;
        event->instrument = common.instrument;
        event->data.level.sequence = common.data.level.sequence;
        kept++;
    }
    book->count = kept;
    if (kept == 0 && snapshot) { /* an empty book is said too */
        if (!base_grow(book->allocator, (void **)&book->events, &book->capacity, 1,
                       sizeof *book->events))
            return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
        book->events[0] = common;
        book->count = 1;
    }
    if (book->count > 0) {
        book->events[0].flags |= snapshot ? HEAN_EVENT_CLEAR : 0;
        book->events[book->count - 1].flags |= HEAN_EVENT_LAST;
    }
    return HEAN_OK;
}
