/*
 * rows.c: rows that concern the account: orders, executions, positions, coins; and how any list of
 * rows is read.
 *
 * Nothing that decides about money is guessed: a row without it is refused, and with it the whole
 * message. Sources: the fact sheet, 3.2 to 3.4, 4 and 7.4.
 */
#include "rows.h"

#include <market/event.h>

#include <string.h>

row_instrument_ref rows_instrument(const bybit_symbols *symbols, const char *symbol)
{
    row_instrument_ref ref = {.index = -1};

    if (symbols != NULL)
        ref.index = symbols->find(symbols->context, symbol, strlen(symbol));
    if (ref.index >= 0) {
        const market_instrument *instrument = symbols->instrument(symbols->context, ref.index);
        ref.tick = reader_step_of(instrument->spec.tick_size);
        ref.lot = reader_step_of(instrument->spec.lot_size);
    }
    return ref;
}

int64_t rows_ticks(row_fields *fields, int key, const row_instrument_ref *ref,
                   reader_rounding rounding)
{
    return ref->index < 0 ? 0 : field_units(fields, key, &ref->tick, rounding);
}

int64_t rows_lots(row_fields *fields, int key, const row_instrument_ref *ref,
                  reader_rounding rounding)
{
    return ref->index < 0 ? 0 : field_units(fields, key, &ref->lot, rounding);
}

/* The instrument of a row that may say its category. */
static row_instrument_ref instrument_of(row_fields *fields, const bybit_symbols *symbols,
                                        int category, const char *symbol)
{
    if (!field_missing(fields, category) && symbols != NULL &&
        !field_is(fields, category, bybit_category_text(symbols->category)))
        return (row_instrument_ref){.index = -1};
    return rows_instrument(symbols, symbol);
}

/* ---- orders ---- */

#define ORDER_KEYS(X)                                                                              \
    X(ORDER_CATEGORY, "category")                                                                  \
    X(ORDER_SYMBOL, "symbol")                                                                      \
    X(ORDER_ID, "orderId")                                                                         \
    X(ORDER_LINK, "orderLinkId")                                                                   \
    X(ORDER_SIDE, "side")                                                                          \
    X(ORDER_STATUS, "orderStatus")                                                                 \
    X(ORDER_REJECT, "rejectReason")                                                                \
    X(ORDER_CANCEL, "cancelType")                                                                  \
    X(ORDER_TYPE, "orderType")                                                                     \
    X(ORDER_TIF, "timeInForce")                                                                    \
    X(ORDER_REDUCE, "reduceOnly")                                                                  \
    X(ORDER_PRICE, "price")                                                                        \
    X(ORDER_QTY, "qty")                                                                            \
    X(ORDER_UNIT, "marketUnit")                                                                    \
    X(ORDER_FILLED, "cumExecQty")                                                                  \
    X(ORDER_TRIGGER, "triggerPrice")                                                               \
    X(ORDER_CREATED, "createdTime")                                                                \
    X(ORDER_UPDATED, "updatedTime")
enum { ORDER_KEYS(SCAN_KEY_ENUM) };
static const scan_key order_keys[] = {ORDER_KEYS(SCAN_KEY_ROW)};

static const struct {
    const char *text;
    hean_order_status status;
} statuses[] = {
    {"New", HEAN_ORDER_OPEN},
    {"PartiallyFilled", HEAN_ORDER_PARTLY_FILLED},
    {"Filled", HEAN_ORDER_FILLED},
    {"Cancelled", HEAN_ORDER_CANCELLED},
    {"Rejected", HEAN_ORDER_REJECTED},
    {"Untriggered", HEAN_ORDER_OPEN},
    {"Triggered", HEAN_ORDER_OPEN},
    {"PartiallyFilledCanceled", HEAN_ORDER_CANCELLED},
    {"Deactivated", HEAN_ORDER_CANCELLED},
};

/* What the venue's words for an end mean; anything else is "venue". */
static const struct {
    const char *text;
    hean_reason reason;
} reasons[] = {
    {"EC_PostOnlyWillTakeLiquidity", HEAN_REASON_POST_ONLY_WOULD_TAKE},
    {"EC_CancelForNoFullFill", HEAN_REASON_FOK_NOT_FILLABLE},
    {"EC_NoImmediateQtyToFill", HEAN_REASON_NO_LIQUIDITY},
    {"EC_NoEnoughQtyToFill", HEAN_REASON_NO_LIQUIDITY},
    {"EC_DuplicatedClOrdID", HEAN_REASON_DUPLICATE_ORDER},
    {"EC_ReachRiskPriceLimit", HEAN_REASON_PRICE_OUT_OF_RANGE},
    {"EC_ReachMarketPriceLimit", HEAN_REASON_PRICE_OUT_OF_RANGE},
    {"EC_LimitOrderInvalidPrice", HEAN_REASON_PRICE_OUT_OF_RANGE},
    {"EC_InvalidPriceScale", HEAN_REASON_PRICE_NOT_ON_TICK},
    {"EC_QtyCannotBeZero", HEAN_REASON_QTY_TOO_SMALL},
    {"EC_PerCancelRequest", HEAN_REASON_CANCELLED_BY_STRATEGY},
    {"CancelByUser", HEAN_REASON_CANCELLED_BY_STRATEGY},
    {"CancelByReduceOnly", HEAN_REASON_REDUCE_ONLY},
};

/* Words that say nothing. */
static bool is_silent(const char *word)
{
    return *word == 0 || strcmp(word, "EC_NoError") == 0 || strcmp(word, "UNKNOWN") == 0;
}

/* Copies what fits: the word is for people, and to be looked up. */
static void read_word(const row_fields *fields, int key, char *out, size_t out_bytes)
{
    *out = 0;
    if (fields->values[key].kind == SCAN_TEXT &&
        scan_text(&fields->values[key], out, out_bytes) == HEAN_E_LIMIT)
        out[out_bytes - 1] = 0;
    base_text_clean(out, strlen(out));
    if (is_silent(out))
        *out = 0;
}

static void read_end(row_fields *fields, bybit_order *order)
{
    read_word(fields, ORDER_REJECT, order->reject, sizeof order->reject);
    if (*order->reject == 0)
        read_word(fields, ORDER_CANCEL, order->reject, sizeof order->reject);
    if (order->status != HEAN_ORDER_CANCELLED && order->status != HEAN_ORDER_REJECTED)
        return;
    order->reason = HEAN_REASON_VENUE;
    for (size_t i = 0; i < BASE_COUNT(reasons); i++) {
        if (strcmp(reasons[i].text, order->reject) == 0)
            order->reason = reasons[i].reason;
    }
    if (order->reason == HEAN_REASON_NO_LIQUIDITY && order->filled_lots > 0)
        order->reason = HEAN_REASON_IOC_REMAINDER;
}

static bool convert_order(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {ORDER_SYMBOL, ORDER_ID,     ORDER_SIDE,    ORDER_STATUS,
                                   ORDER_QTY,    ORDER_FILLED, ORDER_UPDATED, -1};
    bybit_order *order = row;
    row_instrument_ref ref;
    bool is_market, is_money;
    char status[40];

    fields_require(fields, required);
    field_text(fields, ORDER_SYMBOL, order->symbol, sizeof order->symbol);
    ref = instrument_of(fields, symbols, ORDER_CATEGORY, order->symbol);
    order->index = ref.index;
    field_text(fields, ORDER_ID, order->order_id, sizeof order->order_id);
    field_text(fields, ORDER_LINK, order->client_id, sizeof order->client_id);
    order->side = field_side(fields, ORDER_SIDE);
    field_text(fields, ORDER_STATUS, status, sizeof status);
    order->status = HEAN_ORDER_UNKNOWN;
    for (size_t i = 0; i < BASE_COUNT(statuses); i++) {
        if (strcmp(statuses[i].text, status) == 0)
            order->status = statuses[i].status;
    }
    order->reduce_only = field_flag(fields, ORDER_REDUCE);
    is_market = field_is(fields, ORDER_TYPE, "Market");
    is_money = is_market && symbols != NULL && symbols->category == VENUE_SPOT &&
               !field_is(fields, ORDER_UNIT, "baseCoin");
    /* The price of a market order is the venue's bound of slippage. */
    if (!is_market)
        order->price_ticks = rows_ticks(fields, ORDER_PRICE, &ref, READER_EXACT);
    if (!is_money)
        order->qty_lots = rows_lots(fields, ORDER_QTY, &ref, READER_EXACT);
    order->filled_lots = rows_lots(fields, ORDER_FILLED, &ref, READER_EXACT);
    order->trigger_ticks = rows_ticks(fields, ORDER_TRIGGER, &ref, READER_EXACT);
    order->created_ns = field_time_ns(fields, ORDER_CREATED);
    order->updated_ns = field_time_ns(fields, ORDER_UPDATED);
    read_end(fields, order);
    return true;
}

const row_kind row_order = {"order", order_keys, BASE_COUNT(order_keys), sizeof(bybit_order),
                            convert_order};

/* ---- executions ---- */

#define EXEC_KEYS(X)                                                                               \
    X(EXEC_CATEGORY, "category")                                                                   \
    X(EXEC_SYMBOL, "symbol")                                                                       \
    X(EXEC_ORDER, "orderId")                                                                       \
    X(EXEC_LINK, "orderLinkId")                                                                    \
    X(EXEC_SIDE, "side")                                                                           \
    X(EXEC_ID, "execId")                                                                           \
    X(EXEC_PRICE, "execPrice")                                                                     \
    X(EXEC_QTY, "execQty")                                                                         \
    X(EXEC_TYPE, "execType")                                                                       \
    X(EXEC_VALUE, "execValue")                                                                     \
    X(EXEC_FEE, "execFee")                                                                         \
    X(EXEC_COIN, "feeCurrency")                                                                    \
    X(EXEC_RATE, "feeRate")                                                                        \
    X(EXEC_PNL, "execPnl")                                                                         \
    X(EXEC_MAKER, "isMaker")                                                                       \
    X(EXEC_TIME, "execTime")
enum { EXEC_KEYS(SCAN_KEY_ENUM) };
static const scan_key exec_keys[] = {EXEC_KEYS(SCAN_KEY_ROW)};

static const struct {
    const char *text;
    bybit_exec_kind kind;
    bool forced;
} exec_types[] = {
    {"Trade", BYBIT_EXEC_TRADE, false},       {"Funding", BYBIT_EXEC_FUNDING, false},
    {"BustTrade", BYBIT_EXEC_TRADE, true},    {"AdlTrade", BYBIT_EXEC_TRADE, true},
    {"Delivery", BYBIT_EXEC_TRADE, true},     {"Settle", BYBIT_EXEC_TRADE, true},
    {"BlockTrade", BYBIT_EXEC_TRADE, false},  {"MovePosition", BYBIT_EXEC_TRADE, false},
    {"FutureSpread", BYBIT_EXEC_TRADE, false}};

static bool convert_execution(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {EXEC_SYMBOL, EXEC_ORDER, EXEC_SIDE, EXEC_ID,   EXEC_PRICE,
                                   EXEC_QTY,    EXEC_TYPE,  EXEC_FEE,  EXEC_TIME, -1};
    bybit_execution *exec = row;
    row_instrument_ref ref;
    char type[40];

    fields_require(fields, required);
    field_text(fields, EXEC_SYMBOL, exec->symbol, sizeof exec->symbol);
    ref = instrument_of(fields, symbols, EXEC_CATEGORY, exec->symbol);
    exec->index = ref.index;
    field_text(fields, EXEC_TYPE, type, sizeof type);
    exec->kind = BYBIT_EXEC_OTHER;
    for (size_t i = 0; i < BASE_COUNT(exec_types); i++) {
        if (strcmp(exec_types[i].text, type) == 0) {
            exec->kind = exec_types[i].kind;
            exec->forced = exec_types[i].forced;
        }
    }
    field_text(fields, EXEC_ID, exec->exec_id, sizeof exec->exec_id);
    field_text(fields, EXEC_ORDER, exec->order_id, sizeof exec->order_id);
    field_text(fields, EXEC_LINK, exec->client_id, sizeof exec->client_id);
    field_text(fields, EXEC_COIN, exec->fee_coin, sizeof exec->fee_coin);
    exec->side = field_side(fields, EXEC_SIDE);
    exec->maker = field_flag(fields, EXEC_MAKER);
    /* Only trades on the book are on its ticks: liquidations, settlements and fundings have prices
     * of their own. */
    exec->price_ticks = rows_ticks(fields, EXEC_PRICE, &ref,
                                   strcmp(type, "Trade") == 0 ? READER_EXACT : READER_NEAREST);
    exec->qty_lots = rows_lots(fields, EXEC_QTY, &ref, READER_EXACT);
    exec->value_e8 = field_scaled(fields, EXEC_VALUE, 8);
    exec->fee_e8 = field_scaled(fields, EXEC_FEE, 8);
    exec->realized_e8 = field_scaled(fields, EXEC_PNL, 8);
    exec->rate_e12 = field_scaled(fields, EXEC_RATE, 12);
    exec->time_ns = field_time_ns(fields, EXEC_TIME);
    return true;
}

const row_kind row_execution = {"execution", exec_keys, BASE_COUNT(exec_keys),
                                sizeof(bybit_execution), convert_execution};

/* ---- positions ---- */

#define POSITION_KEYS(X)                                                                           \
    X(POSITION_CATEGORY, "category")                                                               \
    X(POSITION_SYMBOL, "symbol")                                                                   \
    X(POSITION_SIDE, "side")                                                                       \
    X(POSITION_SIZE, "size")                                                                       \
    X(POSITION_AVERAGE, "avgPrice") /* in answers */                                               \
    X(POSITION_ENTRY, "entryPrice") /* in frames */                                                \
    X(POSITION_VALUE, "positionValue")                                                             \
    X(POSITION_PNL, "unrealisedPnl")                                                               \
    X(POSITION_LEVERAGE, "leverage")                                                               \
    X(POSITION_IDX, "positionIdx")                                                                 \
    X(POSITION_UPDATED, "updatedTime")
enum { POSITION_KEYS(SCAN_KEY_ENUM) };
static const scan_key position_keys[] = {POSITION_KEYS(SCAN_KEY_ROW)};

static bool convert_position(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {POSITION_SYMBOL, POSITION_SIZE, -1};
    const reader_step any = {{1, -8}, 8};
    bybit_position *position = row;
    row_instrument_ref ref;
    hean_side side;
    int64_t idx;

    fields_require(fields, required);
    field_text(fields, POSITION_SYMBOL, position->symbol, sizeof position->symbol);
    ref = instrument_of(fields, symbols, POSITION_CATEGORY, position->symbol);
    position->index = ref.index;
    position->qty_lots = rows_lots(fields, POSITION_SIZE, &ref, READER_EXACT);
    side = field_side(fields, POSITION_SIDE);
    if (side == HEAN_SIDE_SELL)
        position->qty_lots = -position->qty_lots;
    if (side == HEAN_SIDE_NONE && field_units(fields, POSITION_SIZE, &any, READER_FLOOR) > 0)
        field_fail(fields, POSITION_SIDE, HEAN_E_INVALID, "Buy or Sell");
    position->entry_price_e8 = field_scaled(
        fields, field_missing(fields, POSITION_ENTRY) ? POSITION_AVERAGE : POSITION_ENTRY, 8);
    position->value_e8 = field_scaled(fields, POSITION_VALUE, 8);
    position->unrealized_e8 = field_scaled(fields, POSITION_PNL, 8);
    position->leverage_e8 = field_scaled(fields, POSITION_LEVERAGE, 8);
    idx = field_whole(fields, POSITION_IDX);
    if (idx < 0 || idx > 2)
        field_fail(fields, POSITION_IDX, HEAN_E_RANGE, "0, 1 or 2");
    position->position_idx = (int32_t)idx;
    position->updated_ns = field_time_ns(fields, POSITION_UPDATED);
    return true;
}

const row_kind row_position = {"position", position_keys, BASE_COUNT(position_keys),
                               sizeof(bybit_position), convert_position};

/* ---- coins of the wallet ---- */

#define COIN_KEYS(X)                                                                               \
    X(COIN_COIN, "coin")                                                                           \
    X(COIN_EQUITY, "equity")                                                                       \
    X(COIN_WALLET, "walletBalance")                                                                \
    X(COIN_PNL, "unrealisedPnl")                                                                   \
    X(COIN_LOCKED, "locked")
enum { COIN_KEYS(SCAN_KEY_ENUM) };
static const scan_key coin_keys[] = {COIN_KEYS(SCAN_KEY_ROW)};

static bool convert_coin(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {COIN_COIN, COIN_WALLET, -1};
    bybit_coin *coin = row;

    (void)symbols;
    fields_require(fields, required);
    field_text(fields, COIN_COIN, coin->coin, sizeof coin->coin);
    coin->wallet_e8 = field_scaled(fields, COIN_WALLET, 8);
    coin->equity_e8 = field_scaled(fields, COIN_EQUITY, 8);
    coin->unrealized_e8 = field_scaled(fields, COIN_PNL, 8);
    coin->locked_e8 = field_scaled(fields, COIN_LOCKED, 8);
    return true;
}

const row_kind row_coin = {"coin", coin_keys, BASE_COUNT(coin_keys), sizeof(bybit_coin),
                           convert_coin};

/* ---- lists of rows ---- */

typedef struct row_reader {
    const row_kind *kind;
    const bybit_symbols *symbols;
    row_give give;
    void *context;
    hean_error *error;
    size_t row; /* counted through all inner lists */
} row_reader;

static hean_status read_list(json_scan *scan, row_reader *reader)
{
    const row_kind *kind = reader->kind;
    scan_value values[ROW_KEYS_MAX];
    _Alignas(max_align_t) unsigned char bytes[ROW_BYTES_MAX];
    row_fields fields = {kind->what, 0, kind->keys, values, HEAN_OK, reader->error};
    bool first = true;

    BASE_ASSERT(kind->key_count <= ROW_KEYS_MAX && kind->row_bytes <= ROW_BYTES_MAX);
    if (!scan_list_begin(scan))
        return scan_report(scan, fields.error);
    while (scan_list_next(scan, &first)) {
        hean_status status = HEAN_OK;
        if (!scan_object_read(scan, kind->keys, kind->key_count, values))
            break;
        memset(bytes, 0, kind->row_bytes);
        fields.row = reader->row++;
        if (kind->convert(&fields, reader->symbols, bytes) && fields.status == HEAN_OK &&
            reader->give != NULL)
            status = reader->give(reader->context, bytes, fields.error);
        if (fields.status != HEAN_OK || status != HEAN_OK)
            return fields.status != HEAN_OK ? fields.status : status;
    }
    return scan->status == HEAN_OK ? HEAN_OK : scan_report(scan, fields.error);
}

hean_status rows_read(json_scan *scan, const row_kind *kind, const char *inner,
                      const bybit_symbols *symbols, row_give give, void *context, hean_error *error)
{
    row_reader reader = {kind, symbols, give, context, error, 0};
    const scan_key key = {inner, inner != NULL ? strlen(inner) : 0};
    bool first = true;

    if (inner == NULL)
        return read_list(scan, &reader);
    if (!scan_list_begin(scan))
        return scan_report(scan, error);
    while (scan_list_next(scan, &first)) {
        hean_status status = HEAN_OK;
        scan_object object;
        if (!scan_object_begin(scan, &object, &key, 1))
            break;
        while (status == HEAN_OK && scan_object_next(scan, &object) != SCAN_END)
            status = read_list(scan, &reader);
        if (status != HEAN_OK)
            return status;
    }
    return scan->status == HEAN_OK ? HEAN_OK : scan_report(scan, error);
}
