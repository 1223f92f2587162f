/*
 * decode.c: frames of the streams.
 *
 * One pass for what comes often: market data become events while the text is checked, because the
 * topic stands before the data in every frame seen. Where it does not, the data are checked first
 * and read again. The sink is called last, so a bad frame has reached nobody; rows of accounts are
 * read twice to that end.
 */
#include "rows.h"

#include <string.h>

#define FRAME_BYTES_MAX (16u << 20)
#define FRAME_EVENTS_MAX                                                                           \
    16384 /* trades, bars or liquidations in one frame; the venue says 1024                        \
           */
#define TOPIC_BYTES 96

struct bybit_decoder {
    const hean_allocator *allocator;
    bybit_symbols symbols;
    row_book book; /* its events are those of any frame */
};

hean_status bybit_decoder_open(const hean_allocator *allocator, const bybit_symbols *symbols,
                               bybit_decoder **out)
{
    bybit_decoder *decoder = base_alloc(allocator, sizeof *decoder);

    if (decoder == NULL)
        return HEAN_E_NO_MEMORY;
    decoder->allocator = decoder->book.allocator = allocator;
    decoder->symbols = *symbols;
    *out = decoder;
    return HEAN_OK;
}

void bybit_decoder_close(bybit_decoder *decoder)
{
    if (decoder == NULL)
        return;
    base_free(decoder->allocator, decoder->book.events);
    base_free(decoder->allocator, decoder);
}

/* ---- topics ---- */

typedef struct frame_topic {
    char text[TOPIC_BYTES];
    bybit_frame_kind kind;
    const char *symbol; /* of market data */
    int32_t depth;
    row_instrument_ref ref;
} frame_topic;

static const struct {
    const char *name;
    bybit_frame_kind kind;
    int parts; /* after the name; the last is the symbol. 0: an account's */
} topic_names[] = {
    {"orderbook", BYBIT_FRAME_BOOK, 2},
    {"publicTrade", BYBIT_FRAME_TRADES, 1},
    {"tickers", BYBIT_FRAME_TICKER, 1},
    {"kline", BYBIT_FRAME_KLINE, 2},
    {"order", BYBIT_FRAME_ORDER, 0},
    {"execution", BYBIT_FRAME_EXECUTION, 0},
    {"position", BYBIT_FRAME_POSITION, 0},
    {"wallet", BYBIT_FRAME_WALLET, 0},
    {"allLiquidation", BYBIT_FRAME_LIQUIDATION, 1},
};

/* "50"; 0 if it is no number. */
static int32_t read_depth(const char *at)
{
    int32_t depth = 0;

    for (; *at != '.'; at++) {
        if (*at < '0' || *at > '9' || depth > 100000)
            return 0;
        depth = depth * 10 + (*at - '0');
    }
    return depth;
}

/* Of "order.linear" and the like; "execution.fast" is another topic with other rows. */
static bool is_category(const char *rest)
{
    return strcmp(rest, "linear") == 0 || strcmp(rest, "inverse") == 0 ||
           strcmp(rest, "spot") == 0 || strcmp(rest, "option") == 0;
}

/* Fills all but `text`. */
static void read_topic(const bybit_symbols *symbols, frame_topic *topic)
{
    const char *dot = strchr(topic->text, '.');
    size_t name_bytes = dot != NULL ? (size_t)(dot - topic->text) : strlen(topic->text);
    const char *rest = dot != NULL ? dot + 1 : "";
    size_t i = 0;

    topic->kind = BYBIT_FRAME_OTHER;
    topic->ref.index = -1;
    while (i < BASE_COUNT(topic_names) &&
           (strlen(topic_names[i].name) != name_bytes ||
            memcmp(topic_names[i].name, topic->text, name_bytes) != 0))
        i++;
    if (i == BASE_COUNT(topic_names))
        return;
    if (topic_names[i].parts == 0) {
        if (dot == NULL || is_category(rest))
            topic->kind = topic_names[i].kind;
        return;
    }
    if (topic_names[i].parts == 2) {
        const char *second = strchr(rest, '.');
        if (second == NULL)
            return;
        topic->depth = topic_names[i].kind == BYBIT_FRAME_BOOK ? read_depth(rest) : 1;
        rest = second + 1;
        if (topic->depth == 0) /* orderbook.rpi and orderbook.full are other books */
            return;
    }
    topic->kind = topic_names[i].kind;
    topic->symbol = rest;
    topic->ref = rows_instrument(symbols, rest);
}

/* ---- the outermost object ---- */

#define FRAME_KEYS(X)                                                                              \
    X(FRAME_TOPIC, "topic")                                                                        \
    X(FRAME_TYPE, "type")                                                                          \
    X(FRAME_TS, "ts")                                                                              \
    X(FRAME_DATA, "data")                                                                          \
    X(FRAME_CTS, "cts")                                                                            \
    X(FRAME_OP, "op")                                                                              \
    X(FRAME_SUCCESS, "success")                                                                    \
    X(FRAME_TEXT, "ret_msg")                                                                       \
    X(FRAME_REQUEST, "req_id")                                                                     \
    X(FRAME_CODE, "retCode") /* this and the next two: the spelling of the order socket */         \
    X(FRAME_TEXT_2, "retMsg")                                                                      \
    X(FRAME_REQUEST_2, "reqId")
enum { FRAME_KEYS(SCAN_KEY_ENUM) FRAME_KEY_COUNT };
static const scan_key frame_keys[] = {FRAME_KEYS(SCAN_KEY_ROW)};

/* A frame while it is read. */
typedef struct frame_reader {
    bybit_decoder *decoder;
    json_scan scan;
    scan_value values[FRAME_KEY_COUNT];
    row_fields fields;
    frame_topic topic;
    bool data_read;
    int64_t local_ns;
    const bybit_frame_sink *sink;
    hean_error *error;
} frame_reader;

/* Keeps one event of a frame; the symbol of the row must be that of the topic. */
static hean_status keep_event(void *context, const void *row, hean_error *error)
{
    frame_reader *frame = context;
    row_book *events = &frame->decoder->book;
    hean_event *event;

    if (events->count == FRAME_EVENTS_MAX)
        return base_fail(error, HEAN_E_LIMIT, "more than %d rows", FRAME_EVENTS_MAX);
    if (!base_grow(events->allocator, (void **)&events->events, &events->capacity,
                   events->count + 1, sizeof *events->events))
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    event = &events->events[events->count++];
    *event = *(const hean_event *)row;
    if (event->instrument != frame->topic.ref.index)
        return base_fail(error, HEAN_E_INVALID, "expected rows of the topic's symbol");
    return rows_event_finish(event, frame->local_ns, error);
}

/* How the data of each kind of frame are read. */
static const struct {
    const row_kind *rows;
    const char *inner;
} frame_rows[] = {
    [BYBIT_FRAME_TRADES] = {&row_trade, NULL},
    [BYBIT_FRAME_KLINE] = {&row_bar, NULL},
    [BYBIT_FRAME_LIQUIDATION] = {&row_liquidation, NULL},
    [BYBIT_FRAME_ORDER] = {&row_order, NULL},
    [BYBIT_FRAME_EXECUTION] = {&row_execution, NULL},
    [BYBIT_FRAME_POSITION] = {&row_position, NULL},
    [BYBIT_FRAME_WALLET] = {&row_coin, "coin"},
};

static hean_status read_rows(frame_reader *frame, json_scan *scan, row_give give, void *context)
{
    bybit_frame_kind kind = frame->topic.kind;
    const bybit_symbols *symbols = &frame->decoder->symbols;
    row_one_symbol one;

    if (kind == BYBIT_FRAME_KLINE) { /* its rows do not name their symbol */
        rows_one_symbol(&one, symbols, frame->topic.ref.index);
        symbols = &one.symbols;
    }
    return rows_read(scan, frame_rows[kind].rows, frame_rows[kind].inner, symbols, give, context,
                     frame->error);
}

/* Reads the data once the topic is known: market data into events, all else to be checked. */
static hean_status read_data(frame_reader *frame, json_scan *scan)
{
    const char *start = scan->at;
    hean_status status = HEAN_OK;
    scan_value value;

    frame->data_read = true;
    frame->decoder->book.count = 0;
    switch (frame->topic.kind) {
    case BYBIT_FRAME_BOOK:
    case BYBIT_FRAME_TRADES:
    case BYBIT_FRAME_KLINE:
    case BYBIT_FRAME_LIQUIDATION:
        if (frame->topic.ref.index < 0)
            (void)scan_read(scan, &value);
        else if (frame->topic.kind == BYBIT_FRAME_BOOK)
            status = rows_book(scan, &frame->topic.ref, frame->topic.symbol, &frame->decoder->book,
                               frame->error);
        else
            status = read_rows(frame, scan, keep_event, frame);
        break;
    case BYBIT_FRAME_ORDER:
    case BYBIT_FRAME_EXECUTION:
    case BYBIT_FRAME_POSITION:
    case BYBIT_FRAME_WALLET:
        status = read_rows(frame, scan, NULL, NULL);
        break;
    default:
        (void)scan_read(scan, &value);
    }
    frame->values[FRAME_DATA] = (scan_value){start, (size_t)(scan->at - start), SCAN_OBJECT, false};
    if (status == HEAN_OK && scan->status != HEAN_OK)
        status = scan_report(scan, frame->error);
    return status;
}

static hean_status read_frame(frame_reader *frame)
{
    json_scan *scan = &frame->scan;
    hean_status status = HEAN_OK;
    scan_object object;
    int key;

    if (!scan_object_begin(scan, &object, frame_keys, FRAME_KEY_COUNT))
        return scan_report(scan, frame->error);
    while (status == HEAN_OK && (key = scan_object_next(scan, &object)) != SCAN_END) {
        if (key == FRAME_DATA && frame->values[FRAME_TOPIC].kind != SCAN_ABSENT) {
            status = read_data(frame, scan);
        } else if (scan_read(scan, &frame->values[key]) && key == FRAME_TOPIC) {
            /* A topic that does not fit is none that we asked for. */
            field_text(&frame->fields, FRAME_TOPIC, frame->topic.text, sizeof frame->topic.text);
            read_topic(&frame->decoder->symbols, &frame->topic);
        }
    }
    if (status != HEAN_OK)
        return status;
    if (!scan_finish(scan))
        return scan_report(scan, frame->error);
    if (frame->topic.kind == BYBIT_FRAME_CONTROL || frame->fields.status != HEAN_OK)
        return frame->fields.status;
    if (frame->topic.kind != BYBIT_FRAME_OTHER && frame->values[FRAME_DATA].kind == SCAN_ABSENT)
        field_fail(&frame->fields, FRAME_DATA, HEAN_E_INVALID, "a value");
    if (!frame->data_read && frame->fields.status == HEAN_OK) {
        json_scan data;
        scan_init_value(&data, &frame->values[FRAME_DATA]);
        return read_data(frame, &data);
    }
    return frame->fields.status;
}

/* ---- what frames say ---- */

static hean_status read_snapshot(frame_reader *frame, bool *snapshot)
{
    *snapshot = field_is(&frame->fields, FRAME_TYPE, "snapshot");
    if (!*snapshot && !field_is(&frame->fields, FRAME_TYPE, "delta"))
        field_fail(&frame->fields, FRAME_TYPE, HEAN_E_INVALID, "snapshot or delta");
    return frame->fields.status;
}

static hean_status tell_book(frame_reader *frame)
{
    row_book *book = &frame->decoder->book;
    bybit_book_head head = {.index = frame->topic.ref.index, .depth = frame->topic.depth};
    hean_status status;

    if (head.index < 0)
        return HEAN_OK;
    status = read_snapshot(frame, &head.snapshot);
    book->sent_ns = head.sent_ns = field_time_ns(&frame->fields, FRAME_TS);
    book->matched_ns = field_time_ns(&frame->fields, FRAME_CTS);
    if (field_missing(&frame->fields, FRAME_TS))
        field_fail(&frame->fields, FRAME_TS, HEAN_E_INVALID, "a time");
    if (status == HEAN_OK)
        status = frame->fields.status;
    if (status != HEAN_OK)
        return status;
    head.exch_ns = book->matched_ns != 0 ? book->matched_ns : book->sent_ns;
    head.update_id = book->update;
    head.sequence = book->sequence;
    head.snapshot = head.snapshot || head.update_id == 1; /* the venue restarted */
    status = rows_book_finish(book, head.index, head.snapshot, frame->local_ns, frame->error);
    if (status != HEAN_OK || frame->sink->book == NULL)
        return status;
    return frame->sink->book(frame->sink->context, &head, book->events, book->count);
}

static hean_status tell_events(frame_reader *frame,
                               hean_status (*tell)(void *, const hean_event *, size_t))
{
    const row_book *events = &frame->decoder->book;

    if (events->count == 0 || tell == NULL)
        return HEAN_OK;
    return tell(frame->sink->context, events->events, events->count);
}

static hean_status tell_ticker(frame_reader *frame)
{
    scan_value values[ROW_KEYS_MAX];
    row_fields fields = {row_ticker.what, 0, row_ticker.keys, values, HEAN_OK, frame->error};
    bybit_ticker_delta delta = {0};
    hean_status status = read_snapshot(frame, &delta.snapshot);
    json_scan scan;

    if (status != HEAN_OK || frame->topic.ref.index < 0)
        return status;
    scan_init_value(&scan, &frame->values[FRAME_DATA]);
    if (!scan_object_read(&scan, row_ticker.keys, row_ticker.key_count, values))
        return scan_report(&scan, frame->error);
    delta.ticker.index = -1;
    (void)row_ticker.convert(&fields, &frame->decoder->symbols, &delta);
    delta.sent_ns = field_time_ns(&frame->fields, FRAME_TS);
    if (fields.status == HEAN_OK && delta.ticker.index != frame->topic.ref.index)
        return base_fail(frame->error, HEAN_E_INVALID, "expected the ticker of the topic's symbol");
    if (fields.status != HEAN_OK)
        return fields.status;
    if (frame->fields.status != HEAN_OK || frame->sink->ticker == NULL)
        return frame->fields.status;
    return frame->sink->ticker(frame->sink->context, &delta);
}

#define ROW_TELLER(name)                                                                           \
    static hean_status tell_##name(void *context, const void *row, hean_error *error)              \
    {                                                                                              \
        const bybit_frame_sink *sink = context;                                                    \
        (void)error;                                                                               \
        return sink->name != NULL ? sink->name(sink->context, row) : HEAN_OK;                      \
    }
ROW_TELLER(order)
ROW_TELLER(execution)
ROW_TELLER(position)
ROW_TELLER(coin)

static hean_status tell_rows(frame_reader *frame, row_give give)
{
    bybit_frame_sink sink = *frame->sink;
    json_scan scan;

    scan_init_value(&scan, &frame->values[FRAME_DATA]);
    return read_rows(frame, &scan, give, &sink);
}

/* ---- answers to what we sent ---- */

/* Copies what fits: it is for people. */
static void read_words(const row_fields *fields, int key, char *out, size_t out_bytes)
{
    if (fields->values[key].kind == SCAN_TEXT)
        (void)!scan_text(&fields->values[key], out, out_bytes);
    base_text_clean(out, strlen(out));
}

static hean_status tell_control(frame_reader *frame)
{
    row_fields *fields = &frame->fields;
    bybit_control control = {0};
    char text[sizeof control.text] = "";
    int64_t code = field_whole(fields, FRAME_CODE);
    bool coded = !field_missing(fields, FRAME_CODE);

    field_text(fields, FRAME_OP, control.op, sizeof control.op);
    field_text(fields, field_missing(fields, FRAME_REQUEST) ? FRAME_REQUEST_2 : FRAME_REQUEST,
               control.request_id, sizeof control.request_id);
    control.pong = field_is(fields, FRAME_OP, "pong") ||
                   (field_is(fields, FRAME_OP, "ping") && field_is(fields, FRAME_TEXT, "pong"));
    control.success = (field_missing(fields, FRAME_SUCCESS) || field_flag(fields, FRAME_SUCCESS)) &&
                      (!coded || code == 0 || code == 20001);
    if (field_missing(fields, FRAME_OP) && field_missing(fields, FRAME_SUCCESS) && !coded)
        field_fail(fields, FRAME_TOPIC, HEAN_E_INVALID, "a topic, or op, success or retCode");
    read_words(fields, field_missing(fields, FRAME_TEXT) ? FRAME_TEXT_2 : FRAME_TEXT, text,
               sizeof text);
    if (coded && code != 0)
        (void)snprintf(control.text, sizeof control.text, "%lld %.120s", (long long)code, text);
    else
        memcpy(control.text, text, sizeof text);
    if (fields->status == HEAN_OK && frame->sink->control != NULL)
        frame->sink->control(frame->sink->context, &control);
    return fields->status;
}

static hean_status tell_frame(frame_reader *frame)
{
    switch (frame->topic.kind) {
    case BYBIT_FRAME_CONTROL:
        return tell_control(frame);
    case BYBIT_FRAME_BOOK:
        return tell_book(frame);
    case BYBIT_FRAME_TRADES:
    case BYBIT_FRAME_KLINE:
        return tell_events(frame, frame->sink->market);
    case BYBIT_FRAME_LIQUIDATION:
        return tell_events(frame, frame->sink->liquidations);
    case BYBIT_FRAME_TICKER:
        return tell_ticker(frame);
    case BYBIT_FRAME_ORDER:
        return tell_rows(frame, tell_order);
    case BYBIT_FRAME_EXECUTION:
        return tell_rows(frame, tell_execution);
    case BYBIT_FRAME_POSITION:
        return tell_rows(frame, tell_position);
    case BYBIT_FRAME_WALLET:
        return tell_rows(frame, tell_coin);
    case BYBIT_FRAME_OTHER:
        break;
    }
    return HEAN_OK;
}

hean_status bybit_decode(bybit_decoder *decoder, const char *text, size_t bytes, int64_t local_ns,
                         const bybit_frame_sink *sink, bybit_frame_kind *kind, hean_error *error)
{
    frame_reader frame = {.decoder = decoder,
                          .topic = {.kind = BYBIT_FRAME_CONTROL},
                          .local_ns = local_ns,
                          .sink = sink,
                          .error = error};
    hean_status status;

    if (bytes > FRAME_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "a frame of %zu bytes: expected at most %u", bytes,
                         FRAME_BYTES_MAX);
    frame.fields = (row_fields){"frame", 0, frame_keys, frame.values, HEAN_OK, error};
    scan_init(&frame.scan, text, bytes);
    status = read_frame(&frame);
    if (status == HEAN_OK)
        status = tell_frame(&frame);
    if (status == HEAN_OK)
        *kind = frame.topic.kind;
    return status;
}
