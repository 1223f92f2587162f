/*
 * read.c: the bodies of REST answers.
 *
 * A body is read twice: once to see that all of it is understood, once to give its rows. What must
 * be turned round (the venue lists the newest first) waits in memory of this file's own, which is
 * freed before the call returns.
 */
#include "rows.h"

#include <string.h>

/* ---- the envelope ---- */

#define ENVELOPE_KEYS(X)                                                                           \
    X(ENVELOPE_CODE, "retCode")                                                                    \
    X(ENVELOPE_TEXT, "retMsg")                                                                     \
    X(ENVELOPE_RESULT, "result")                                                                   \
    X(ENVELOPE_EXTRA, "retExtInfo")                                                                \
    X(ENVELOPE_TIME, "time")
enum { ENVELOPE_KEYS(SCAN_KEY_ENUM) ENVELOPE_KEY_COUNT };
static const scan_key envelope_keys[] = {ENVELOPE_KEYS(SCAN_KEY_ROW)};

/* What results of lists have beside their rows. */
#define RESULT_KEYS(X)                                                                             \
    X(RESULT_CATEGORY, "category")                                                                 \
    X(RESULT_SYMBOL, "symbol")                                                                     \
    X(RESULT_LIST, "list")                                                                         \
    X(RESULT_CURSOR, "nextPageCursor")
enum { RESULT_KEYS(SCAN_KEY_ENUM) RESULT_KEY_COUNT };
static const scan_key result_keys[] = {RESULT_KEYS(SCAN_KEY_ROW)};

static hean_status open_envelope(const char *body, size_t bytes, scan_value *result,
                                 int64_t *time_ns, hean_error *error)
{
    scan_value values[ENVELOPE_KEY_COUNT];
    row_fields fields = {"answer", 0, envelope_keys, values, HEAN_OK, error};
    json_scan scan;
    int64_t code;

    scan_init(&scan, body, bytes);
    if (!scan_object_read(&scan, envelope_keys, ENVELOPE_KEY_COUNT, values) || !scan_finish(&scan))
        return scan_report(&scan, error);
    code = field_whole(&fields, ENVELOPE_CODE);
    if (code != 0 || field_missing(&fields, ENVELOPE_CODE))
        field_fail(&fields, ENVELOPE_CODE, HEAN_E_INVALID, "0");
    if (values[ENVELOPE_RESULT].kind != SCAN_OBJECT)
        field_fail(&fields, ENVELOPE_RESULT, HEAN_E_INVALID, "an object");
    *time_ns = field_time_ns(&fields, ENVELOPE_TIME);
    *result = values[ENVELOPE_RESULT];
    return fields.status;
}

static int find_none(void *context, const char *symbol, size_t bytes)
{
    (void)context;
    (void)symbol;
    (void)bytes;
    return -1;
}

/* A result with a list. */
typedef struct result_reader {
    scan_value values[RESULT_KEY_COUNT];
    row_fields fields;
    int64_t time_ns;       /* of the answer; 0: not said */
    bybit_symbols symbols; /* none, where the answer is of another category */
    char cursor[BYBIT_CURSOR_BYTES];
} result_reader;

static hean_status open_result(const char *body, size_t bytes, const bybit_symbols *symbols,
                               result_reader *out, hean_error *error)
{
    scan_value value = {0};
    json_scan scan;
    hean_status status = open_envelope(body, bytes, &value, &out->time_ns, error);

    if (status != HEAN_OK)
        return status;
    out->fields = (row_fields){"result", 0, result_keys, out->values, HEAN_OK, error};
    out->symbols = (bybit_symbols){.find = find_none};
    scan_init_value(&scan, &value);
    if (!scan_object_read(&scan, result_keys, RESULT_KEY_COUNT, out->values))
        return scan_report(&scan, error);
    if (symbols != NULL &&
        (field_missing(&out->fields, RESULT_CATEGORY) ||
         field_is(&out->fields, RESULT_CATEGORY, bybit_category_text(symbols->category))))
        out->symbols = *symbols;
    if (out->values[RESULT_LIST].kind != SCAN_LIST)
        field_fail(&out->fields, RESULT_LIST, HEAN_E_INVALID, "a list");
    field_text(&out->fields, RESULT_CURSOR, out->cursor, sizeof out->cursor);
    return out->fields.status;
}

static hean_status read_rows(const char *body, size_t bytes, const row_kind *kind,
                             const char *inner, const bybit_symbols *symbols, row_give give,
                             void *context, char *cursor, hean_error *error)
{
    result_reader result;
    hean_status status = open_result(body, bytes, symbols, &result, error);

    for (int pass = 0; pass < 2 && status == HEAN_OK; pass++) {
        json_scan scan;
        scan_init_value(&scan, &result.values[RESULT_LIST]);
        status =
            rows_read(&scan, kind, inner, &result.symbols, pass == 1 ? give : NULL, context, error);
    }
    if (status == HEAN_OK && cursor != NULL)
        memcpy(cursor, result.cursor, sizeof result.cursor);
    return status;
}

/* A reader hands rows on to a function of its own type. */
#define READER(name, row_type, kind, inner, row_of)                                                \
    typedef struct name##_target {                                                                 \
        bybit_##name##_fn each;                                                                    \
        void *context;                                                                             \
    } name##_target;                                                                               \
    static hean_status give_##name(void *context, const void *row, hean_error *error)              \
    {                                                                                              \
        const name##_target *target = context;                                                     \
        const row_type *typed = row_of(row);                                                       \
        return target->each(target->context, typed, error);                                        \
    }                                                                                              \
    hean_status bybit_read_##name(const char *body, size_t bytes, const bybit_symbols *symbols,    \
                                  bybit_##name##_fn each, void *context,                           \
                                  char cursor[BYBIT_CURSOR_BYTES], hean_error *error)              \
    {                                                                                              \
        name##_target target = {each, context};                                                    \
        return read_rows(body, bytes, &(kind), inner, symbols, give_##name, &target, cursor,       \
                         error);                                                                   \
    }
#define ROW_ITSELF(row)    (row)
#define ROW_OF_TICKER(row) (&((const bybit_ticker_delta *)(row))->ticker)

READER(instruments, bybit_instrument, row_instrument, NULL, ROW_ITSELF)
READER(orders, bybit_order, row_order, NULL, ROW_ITSELF)
READER(executions, bybit_execution, row_execution, NULL, ROW_ITSELF)
READER(positions, bybit_position, row_position, NULL, ROW_ITSELF)
READER(coins, bybit_coin, row_coin, "coin", ROW_ITSELF)
READER(log, bybit_log_row, row_log, NULL, ROW_ITSELF)
READER(tickers, bybit_ticker, row_ticker, NULL, ROW_OF_TICKER)
READER(earn_products, bybit_earn_product, row_earn_product, NULL, ROW_ITSELF)
READER(fees, bybit_fee, row_fee, NULL, ROW_ITSELF)

/* ---- market data as events, oldest first ---- */

typedef hean_status (*event_fn)(void *context, const hean_event *event, hean_error *error);

typedef struct event_list {
    hean_event *events;
    size_t count, capacity;
} event_list;

/* Keeps the events of symbols that are known. */
static hean_status keep_event(void *context, const void *row, hean_error *error)
{
    event_list *list = context;
    hean_event *event;

    if (((const hean_event *)row)->instrument == UINT16_MAX)
        return HEAN_OK;
    if (!base_grow(base_allocator_default(), (void **)&list->events, &list->capacity,
                   list->count + 1, sizeof *list->events))
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    event = &list->events[list->count++];
    *event = *(const hean_event *)row;
    return rows_event_finish(event, event->exch_ns, error);
}

static hean_status give_events(const event_list *list, event_fn each, void *context,
                               hean_error *error)
{
    size_t count = list->count;
    bool turned = count > 0 && list->events[0].exch_ns >= list->events[count - 1].exch_ns;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = each(context, &list->events[turned ? count - 1 - i : i], error);
    return status;
}

static hean_status read_events(const char *body, size_t bytes, const row_kind *kind,
                               const bybit_symbols *symbols, event_fn each, void *context,
                               char *cursor, hean_error *error)
{
    event_list list = {0};
    result_reader result;
    json_scan scan;
    hean_status status = open_result(body, bytes, symbols, &result, error);

    if (status == HEAN_OK) {
        scan_init_value(&scan, &result.values[RESULT_LIST]);
        status = rows_read(&scan, kind, NULL, &result.symbols, keep_event, &list, error);
    }
    if (status == HEAN_OK)
        status = give_events(&list, each, context, error);
    if (status == HEAN_OK && cursor != NULL)
        memcpy(cursor, result.cursor, sizeof result.cursor);
    base_free(base_allocator_default(), list.events);
    return status;
}

hean_status bybit_read_recent_trades(const char *body, size_t bytes, const bybit_symbols *symbols,
                                     bybit_recent_trades_fn each, void *context,
                                     char cursor[BYBIT_CURSOR_BYTES], hean_error *error)
{
    return read_events(body, bytes, &row_recent_trade, symbols, each, context, cursor, error);
}

hean_status bybit_read_funding_history(const char *body, size_t bytes, const bybit_symbols *symbols,
                                       bybit_funding_history_fn each, void *context,
                                       char cursor[BYBIT_CURSOR_BYTES], hean_error *error)
{
    return read_events(body, bytes, &row_funding, symbols, each, context, cursor, error);
}

/* ---- candles: lists of texts, without their interval ---- */

enum { KLINE_START, KLINE_OPEN, KLINE_HIGH, KLINE_LOW, KLINE_CLOSE, KLINE_VOLUME, KLINE_TURNOVER };
static const scan_key kline_keys[] = {SCAN_KEY("start"),   SCAN_KEY("open"),  SCAN_KEY("high"),
                                      SCAN_KEY("low"),     SCAN_KEY("close"), SCAN_KEY("volume"),
                                      SCAN_KEY("turnover")};

/* Reads one candle into an event of which exch_ns is the start. */
static hean_status read_kline(json_scan *scan, const row_instrument_ref *ref, size_t row,
                              hean_event *event, hean_error *error)
{
    static const int required[] = {KLINE_START, KLINE_OPEN,   KLINE_HIGH, KLINE_LOW,
                                   KLINE_CLOSE, KLINE_VOLUME, -1};
    scan_value values[BASE_COUNT(kline_keys)] = {0};
    row_fields fields = {"candle", row, kline_keys, values, HEAN_OK, error};
    size_t count = 0;
    bool first = true;

    if (scan_list_begin(scan)) {
        while (scan_list_next(scan, &first)) {
            if (count == BASE_COUNT(values))
                (void)scan_fail(scan, HEAN_E_INVALID, "a candle of 7 values");
            else
                (void)scan_read(scan, &values[count++]);
        }
    }
    if (scan->status != HEAN_OK)
        return scan_report(scan, error);
    fields_require(&fields, required);
    *event = (hean_event){.kind = HEAN_EVENT_BAR,
                          .instrument = (uint16_t)ref->index,
                          .exch_ns = field_time_ns(&fields, KLINE_START)};
    event->data.bar.open_ticks = rows_ticks(&fields, KLINE_OPEN, ref, READER_EXACT);
    event->data.bar.high_ticks = rows_ticks(&fields, KLINE_HIGH, ref, READER_EXACT);
    event->data.bar.low_ticks = rows_ticks(&fields, KLINE_LOW, ref, READER_EXACT);
    event->data.bar.close_ticks = rows_ticks(&fields, KLINE_CLOSE, ref, READER_EXACT);
    event->data.bar.volume_lots = rows_lots(&fields, KLINE_VOLUME, ref, READER_FLOOR);
    return fields.status;
}

static hean_status read_klines(const result_reader *result, const row_instrument_ref *ref,
                               event_list *list, hean_error *error)
{
    json_scan scan;
    bool first = true;

    scan_init_value(&scan, &result->values[RESULT_LIST]);
    if (!scan_list_begin(&scan))
        return scan_report(&scan, error);
    while (scan_list_next(&scan, &first)) {
        hean_event event;
        hean_status status = read_kline(&scan, ref, list->count, &event, error);
        if (status == HEAN_OK && !base_grow(base_allocator_default(), (void **)&list->events,
                                            &list->capacity, list->count + 1, sizeof event))
            status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
        if (status != HEAN_OK)
            return status;
        list->events[list->count++] = event;
    }
    return scan.status == HEAN_OK ? HEAN_OK : scan_report(&scan, error);
}

/* A candle ends where the next one begins. The newest is as long as the one before it, and is left
 * out unless it has ended by the time of the answer; so is one that stands alone. */
static hean_status close_klines(event_list *list, int64_t now_ns, hean_error *error)
{
    int64_t interval_ns = 0;

    for (size_t i = list->count; i-- > 0;) { /* from the oldest: the last of the list */
        hean_event *event = &list->events[i];
        int64_t start_ns = event->exch_ns;
        hean_status status;
        if (i > 0)
            interval_ns = list->events[i - 1].exch_ns - start_ns;
        else if (interval_ns == 0 || start_ns > now_ns - interval_ns)
            break;
        if (interval_ns <= 0)
            return base_fail(error, HEAN_E_INVALID, "candle %zu: start: expected newest first", i);
        event->exch_ns = start_ns + interval_ns;
        event->data.bar.interval_ns = interval_ns;
        status = rows_event_finish(event, event->exch_ns, error);
        if (status != HEAN_OK)
            return status;
    }
    if (list->count > 0 && list->events[0].data.bar.interval_ns == 0) {
        list->count--;
        memmove(list->events, list->events + 1, list->count * sizeof *list->events);
    }
    return HEAN_OK;
}

hean_status bybit_read_klines(const char *body, size_t bytes, const bybit_symbols *symbols,
                              bybit_klines_fn each, void *context, char cursor[BYBIT_CURSOR_BYTES],
                              hean_error *error)
{
    char symbol[HEAN_SYMBOL_BYTES];
    event_list list = {0};
    row_instrument_ref ref;
    result_reader result;
    hean_status status = open_result(body, bytes, symbols, &result, error);

    if (status != HEAN_OK)
        return status;
    field_text(&result.fields, RESULT_SYMBOL, symbol, sizeof symbol);
    ref = rows_instrument(&result.symbols, symbol);
    status = result.fields.status;
    if (status == HEAN_OK && ref.index >= 0)
        status = read_klines(&result, &ref, &list, error);
    if (status == HEAN_OK)
        status = close_klines(&list, result.time_ns, error);
    if (status == HEAN_OK)
        status = give_events(&list, each, context, error);
    if (status == HEAN_OK && cursor != NULL)
        memcpy(cursor, result.cursor, sizeof result.cursor);
    base_free(base_allocator_default(), list.events);
    return status;
}

hean_status bybit_read_orderbook(const char *body, size_t bytes, const bybit_symbols *symbols,
                                 bybit_orderbook_fn each, void *context,
                                 char cursor[BYBIT_CURSOR_BYTES], hean_error *error)
{
    row_book book = {.allocator = base_allocator_default()};
    row_instrument_ref ref = {.index = -1};
    char symbol[HEAN_SYMBOL_BYTES];
    scan_value value = {0};
    json_scan scan;
    int64_t time_ns;
    hean_status status = open_envelope(body, bytes, &value, &time_ns, error);

    if (status != HEAN_OK)
        return status;
    if (!rows_book_symbol(&value, symbol, sizeof symbol))
        return base_fail(error, HEAN_E_INVALID, "book 0: s: expected a symbol");
    ref = rows_instrument(symbols, symbol);
    if (ref.index >= 0) {
        scan_init_value(&scan, &value);
        status = rows_book(&scan, &ref, symbol, &book, error);
        if (status == HEAN_OK && book.sent_ns == 0)
            status = base_fail(error, HEAN_E_INVALID, "book 0: ts: expected a time");
        if (status == HEAN_OK)
            status = rows_book_finish(&book, ref.index, true, book.sent_ns, error);
    }
    for (size_t i = 0; i < book.count && status == HEAN_OK; i++)
        status = each(context, &book.events[i], error);
    if (status == HEAN_OK && cursor != NULL)
        *cursor = 0;
    base_free(book.allocator, book.events);
    return status;
}

/* ---- answers of one row ---- */

#define SINGLE_KEYS(X)                                                                             \
    X(SINGLE_NANO, "timeNano")                                                                     \
    X(SINGLE_SECOND, "timeSecond")                                                                 \
    X(SINGLE_ORDER, "orderId")                                                                     \
    X(SINGLE_LINK, "orderLinkId")                                                                  \
    X(SINGLE_READ_ONLY, "readOnly")                                                                \
    X(SINGLE_EXPIRES, "expiredAt")                                                                 \
    X(SINGLE_DEADLINE, "deadlineDay")                                                              \
    X(SINGLE_IPS, "ips")                                                                           \
    X(SINGLE_PERMISSIONS, "permissions")                                                           \
    X(SINGLE_UNIFIED, "unifiedMarginStatus")                                                       \
    X(SINGLE_MARGIN, "marginMode")
enum { SINGLE_KEYS(SCAN_KEY_ENUM) SINGLE_KEY_COUNT };
static const scan_key single_keys[] = {SINGLE_KEYS(SCAN_KEY_ROW)};

static hean_status open_single(const char *body, size_t bytes, row_fields *fields,
                               scan_value *values, hean_error *error)
{
    scan_value value = {0};
    json_scan scan;
    int64_t time_ns;
    hean_status status = open_envelope(body, bytes, &value, &time_ns, error);

    *fields = (row_fields){"result", 0, single_keys, values, HEAN_OK, error};
    if (status != HEAN_OK)
        return status;
    scan_init_value(&scan, &value);
    return scan_object_read(&scan, single_keys, SINGLE_KEY_COUNT, values)
               ? HEAN_OK
               : scan_report(&scan, error);
}

hean_status bybit_read_time(const char *body, size_t bytes, int64_t *time_ns, hean_error *error)
{
    static const int required[] = {SINGLE_NANO, -1};
    scan_value values[SINGLE_KEY_COUNT];
    row_fields fields;
    int64_t value_ns;
    hean_status status = open_single(body, bytes, &fields, values, error);

    if (status != HEAN_OK)
        return status;
    fields_require(&fields, required);
    value_ns = field_whole(&fields, SINGLE_NANO);
    if (value_ns <= 0)
        field_fail(&fields, SINGLE_NANO, HEAN_E_RANGE, "nanoseconds since 1970");
    if (fields.status == HEAN_OK)
        *time_ns = value_ns;
    return fields.status;
}

hean_status bybit_read_order_ack(const char *body, size_t bytes, char order_id[VENUE_EXEC_ID_BYTES],
                                 char client_id[VENUE_EXEC_ID_BYTES], hean_error *error)
{
    static const int required[] = {SINGLE_ORDER, -1};
    char order[VENUE_EXEC_ID_BYTES], client[VENUE_EXEC_ID_BYTES];
    scan_value values[SINGLE_KEY_COUNT];
    row_fields fields;
    hean_status status = open_single(body, bytes, &fields, values, error);

    if (status != HEAN_OK)
        return status;
    fields_require(&fields, required);
    field_text(&fields, SINGLE_ORDER, order, sizeof order);
    field_text(&fields, SINGLE_LINK, client, sizeof client);
    if (fields.status != HEAN_OK)
        return fields.status;
    memcpy(order_id, order, sizeof order);
    memcpy(client_id, client, sizeof client);
    return HEAN_OK;
}

/* Appends ["a","b"] as "a,b": what does not fit is cut, it is for people. */
static void join_texts(const scan_value *list, char *out, size_t out_bytes)
{
    size_t used = strlen(out);
    const char *separator = "";
    bool first = true;
    scan_value value;
    json_scan scan;

    scan_init_value(&scan, list);
    if (list->kind != SCAN_LIST || !scan_list_begin(&scan))
        return;
    while (scan_list_next(&scan, &first) && scan_read(&scan, &value)) {
        char text[64] = "";
        if (value.kind == SCAN_TEXT)
            (void)!scan_text(&value, text, sizeof text);
        (void)snprintf(out + used, out_bytes - used, "%s%s", separator, text);
        used += strlen(out + used);
        separator = ",";
    }
}

static bool list_has(const scan_value *list, const char *text)
{
    bool first = true, found = false;
    scan_value value;
    json_scan scan;

    scan_init_value(&scan, list);
    if (list->kind != SCAN_LIST || !scan_list_begin(&scan))
        return false;
    while (scan_list_next(&scan, &first) && scan_read(&scan, &value))
        found = found || scan_text_is(&value, text);
    return found;
}

static const struct {
    const char *text;
    bool trade, withdraw;
} permissions[] = {{"Order", true, false},
                   {"SpotTrade", true, false},
                   {"OptionsTrade", true, false},
                   {"DerivativesTrade", true, false},
                   {"Withdraw", false, true}};

/* The kinds of permissions that matter to us. */
static const scan_key permission_keys[] = {
    SCAN_KEY("ContractTrade"), SCAN_KEY("Spot"), SCAN_KEY("Wallet"),  SCAN_KEY("Options"),
    SCAN_KEY("Derivatives"),   SCAN_KEY("Earn"), SCAN_KEY("Exchange")};

static void read_permissions(row_fields *fields, bybit_key_info *info)
{
    const scan_value *value = &fields->values[SINGLE_PERMISSIONS];
    scan_value lists[BASE_COUNT(permission_keys)];
    json_scan scan;

    scan_init_value(&scan, value);
    if (!scan_object_read(&scan, permission_keys, BASE_COUNT(permission_keys), lists)) {
        field_fail(fields, SINGLE_PERMISSIONS, HEAN_E_INVALID, "an object");
        return;
    }
    for (size_t i = 0; i < BASE_COUNT(lists); i++) {
        size_t used = strlen(info->permissions);
        if (lists[i].kind != SCAN_LIST || lists[i].bytes <= 2)
            continue;
        (void)snprintf(info->permissions + used, sizeof info->permissions - used,
                       "%s%s:", used > 0 ? " " : "", permission_keys[i].name);
        join_texts(&lists[i], info->permissions, sizeof info->permissions);
        for (size_t j = 0; j < BASE_COUNT(permissions); j++) {
            bool has = list_has(&lists[i], permissions[j].text);
            info->can_trade = info->can_trade || (has && permissions[j].trade);
            info->can_withdraw = info->can_withdraw || (has && permissions[j].withdraw);
        }
    }
    info->can_trade = info->can_trade && !info->read_only;
    base_text_clean(info->permissions, strlen(info->permissions));
}

hean_status bybit_read_key_info(const char *body, size_t bytes, bybit_key_info *out,
                                hean_error *error)
{
    static const int required[] = {SINGLE_READ_ONLY, SINGLE_PERMISSIONS, -1};
    scan_value values[SINGLE_KEY_COUNT];
    bybit_key_info info = {0};
    row_fields fields;
    char expires[40];
    hean_status status = open_single(body, bytes, &fields, values, error);

    if (status != HEAN_OK)
        return status;
    fields_require(&fields, required);
    info.read_only = field_whole(&fields, SINGLE_READ_ONLY) != 0;
    info.deadline_days = field_whole(&fields, SINGLE_DEADLINE);
    field_text(&fields, SINGLE_EXPIRES, expires, sizeof expires);
    if (*expires != 0 && base_time_parse(expires, strlen(expires), &info.expires_ns) != HEAN_OK)
        field_fail(&fields, SINGLE_EXPIRES, HEAN_E_PARSE, "a time");
    join_texts(&values[SINGLE_IPS], info.ips, sizeof info.ips);
    base_text_clean(info.ips, strlen(info.ips));
    if (fields.status == HEAN_OK)
        read_permissions(&fields, &info);
    if (fields.status == HEAN_OK)
        *out = info;
    return fields.status;
}

hean_status bybit_read_account_info(const char *body, size_t bytes, bybit_account_info *out,
                                    hean_error *error)
{
    static const int required[] = {SINGLE_UNIFIED, SINGLE_MARGIN, -1};
    scan_value values[SINGLE_KEY_COUNT];
    bybit_account_info info = {0};
    row_fields fields;
    hean_status status = open_single(body, bytes, &fields, values, error);

    if (status != HEAN_OK)
        return status;
    fields_require(&fields, required);
    info.unified_status = field_whole(&fields, SINGLE_UNIFIED);
    field_text(&fields, SINGLE_MARGIN, info.margin_mode, sizeof info.margin_mode);
    if (fields.status == HEAN_OK)
        *out = info;
    return fields.status;
}
