/*
 * rows_static.c: rows of answers that change seldom: instruments, fees, earn products, and the log
 * of the account.
 */
#include "rows.h"

#include <base/decimal.h>
#include <market/event.h>

#include <string.h>

/* ---- instruments ---- */

#define INSTRUMENT_KEYS(X)                                                                         \
    X(INSTRUMENT_SYMBOL, "symbol")                                                                 \
    X(INSTRUMENT_CONTRACT, "contractType") /* spot has none */                                     \
    X(INSTRUMENT_STATUS, "status")                                                                 \
    X(INSTRUMENT_BASE, "baseCoin")                                                                 \
    X(INSTRUMENT_QUOTE, "quoteCoin")                                                               \
    X(INSTRUMENT_SETTLE, "settleCoin")                                                             \
    X(INSTRUMENT_PRICES, "priceFilter")                                                            \
    X(INSTRUMENT_LOTS, "lotSizeFilter")                                                            \
    X(INSTRUMENT_FUNDING, "fundingInterval")
enum { INSTRUMENT_KEYS(SCAN_KEY_ENUM) };
static const scan_key instrument_keys[] = {INSTRUMENT_KEYS(SCAN_KEY_ROW)};

#define FILTER_KEYS(X)                                                                             \
    X(FILTER_TICK, "tickSize")                                                                     \
    X(FILTER_PRICE_MIN, "minPrice")                                                                \
    X(FILTER_PRICE_MAX, "maxPrice")                                                                \
    X(FILTER_LOT, "qtyStep")                                                                       \
    X(FILTER_LOT_SPOT, "basePrecision")                                                            \
    X(FILTER_QTY_MIN, "minOrderQty")                                                               \
    X(FILTER_QTY_MAX, "maxOrderQty")                                                               \
    X(FILTER_QTY_MAX_SPOT, "maxLimitOrderQty")                                                     \
    X(FILTER_NOTIONAL, "minNotionalValue")                                                         \
    X(FILTER_NOTIONAL_SPOT, "minOrderAmt")
enum { FILTER_KEYS(SCAN_KEY_ENUM) FILTER_KEY_COUNT };
static const scan_key filter_keys[] = {FILTER_KEYS(SCAN_KEY_ROW)};

/* Reads one of the two filters; `values` stay those of the row's text. */
static void read_filter(row_fields *fields, int key, row_fields *filter, scan_value *values)
{
    json_scan scan;

    *filter = (row_fields){fields->what, fields->row, filter_keys, values, HEAN_OK, fields->error};
    scan_init_value(&scan, &fields->values[key]);
    if (!scan_object_read(&scan, filter_keys, FILTER_KEY_COUNT, values))
        field_fail(fields, key, HEAN_E_INVALID, "an object");
}

/* A limit in whole steps, the nearest that is inside; one beyond what can be counted is none. */
static int64_t read_limit(row_fields *filter, int key, hean_decimal step, bool up)
{
    reader_step steps = reader_step_of(step);
    hean_decimal value = field_decimal(filter, key);
    char text[64];
    int64_t units = 0, exact;

    if (value.mantissa <= 0 || step.mantissa <= 0 || filter->status != HEAN_OK ||
        scan_text(&filter->values[key], text, sizeof text) != HEAN_OK)
        return 0;
    if (reader_number_read(text, strlen(text), &steps, READER_FLOOR, &units) != READER_NUMBER_OK ||
        units >= MARKET_LOTS_MAX)
        return 0;
    return units + (up && decimal_to_units(value, step, &exact) != HEAN_OK);
}

static hean_instrument_kind kind_of(const row_fields *fields)
{
    const scan_value *contract = &fields->values[INSTRUMENT_CONTRACT];

    if (field_missing(fields, INSTRUMENT_CONTRACT))
        return HEAN_INSTRUMENT_SPOT;
    return contract->bytes >= 7 && memcmp(contract->text, "Inverse", 7) == 0
               ? HEAN_INSTRUMENT_INVERSE
               : HEAN_INSTRUMENT_LINEAR;
}

static void read_filters(row_fields *fields, hean_instrument *spec)
{
    scan_value values[FILTER_KEY_COUNT];
    row_fields filter;
    hean_status status;

    read_filter(fields, INSTRUMENT_PRICES, &filter, values);
    if (fields->status != HEAN_OK)
        return;
    spec->tick_size = field_decimal(&filter, FILTER_TICK);
    spec->min_price_ticks = read_limit(&filter, FILTER_PRICE_MIN, spec->tick_size, true);
    spec->max_price_ticks = read_limit(&filter, FILTER_PRICE_MAX, spec->tick_size, false);
    status = filter.status;
    read_filter(fields, INSTRUMENT_LOTS, &filter, values);
    if (fields->status != HEAN_OK)
        return;
    spec->lot_size =
        field_decimal(&filter, field_missing(&filter, FILTER_LOT) ? FILTER_LOT_SPOT : FILTER_LOT);
    spec->min_qty_lots = read_limit(&filter, FILTER_QTY_MIN, spec->lot_size, true);
    spec->max_qty_lots = read_limit(
        &filter, field_missing(&filter, FILTER_QTY_MAX_SPOT) ? FILTER_QTY_MAX : FILTER_QTY_MAX_SPOT,
        spec->lot_size, false);
    spec->min_notional_e8 = field_scaled(
        &filter, field_missing(&filter, FILTER_NOTIONAL) ? FILTER_NOTIONAL_SPOT : FILTER_NOTIONAL,
        8);
    fields->status = status != HEAN_OK ? status : filter.status;
}

/* The list has hundreds of rows of which a few matter. One that is not understood (contracts that
 * are not traded yet have empty filters) has steps of 0, and whoever needs it cannot use it. */
static bool convert_instrument(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {INSTRUMENT_SYMBOL, -1};
    bybit_instrument *instrument = row;
    int64_t minutes;

    (void)symbols;
    fields_require(fields, required);
    field_text(fields, INSTRUMENT_SYMBOL, instrument->spec.symbol, sizeof instrument->spec.symbol);
    if (fields->status != HEAN_OK)
        return false;
    field_text(fields, INSTRUMENT_STATUS, instrument->status, sizeof instrument->status);
    field_text(fields, INSTRUMENT_BASE, instrument->base_coin, sizeof instrument->base_coin);
    field_text(fields,
               field_missing(fields, INSTRUMENT_SETTLE) ? INSTRUMENT_QUOTE : INSTRUMENT_SETTLE,
               instrument->settle_coin, sizeof instrument->settle_coin);
    minutes = field_whole(fields, INSTRUMENT_FUNDING);
    if (minutes < 0 || minutes > 60 * 24 * 366)
        field_fail(fields, INSTRUMENT_FUNDING, HEAN_E_RANGE, "minutes");
    else
        instrument->funding_interval_ns = minutes * 60 * BASE_NS_PER_S;
    instrument->spec.kind = kind_of(fields);
    read_filters(fields, &instrument->spec);
    if (fields->status != HEAN_OK) {
        fields->status = HEAN_OK;
        instrument->spec.tick_size = instrument->spec.lot_size = (hean_decimal){0, 0};
    }
    return true;
}

const row_kind row_instrument = {"instrument", instrument_keys, BASE_COUNT(instrument_keys),
                                 sizeof(bybit_instrument), convert_instrument};

/* ---- fees ---- */

#define FEE_KEYS(X)                                                                                \
    X(FEE_SYMBOL, "symbol")                                                                        \
    X(FEE_TAKER, "takerFeeRate")                                                                   \
    X(FEE_MAKER, "makerFeeRate")
enum { FEE_KEYS(SCAN_KEY_ENUM) };
static const scan_key fee_keys[] = {FEE_KEYS(SCAN_KEY_ROW)};

static bool convert_fee(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {FEE_TAKER, FEE_MAKER, -1}; /* options name no symbol */
    bybit_fee *fee = row;

    (void)symbols;
    fields_require(fields, required);
    field_text(fields, FEE_SYMBOL, fee->symbol, sizeof fee->symbol);
    fee->maker_fee_e8 = field_scaled(fields, FEE_MAKER, 8);
    fee->taker_fee_e8 = field_scaled(fields, FEE_TAKER, 8);
    return true;
}

const row_kind row_fee = {"fee", fee_keys, BASE_COUNT(fee_keys), sizeof(bybit_fee), convert_fee};

/* ---- the log ---- */

#define LOG_KEYS(X)                                                                                \
    X(LOG_ID, "id")                                                                                \
    X(LOG_SYMBOL, "symbol")                                                                        \
    X(LOG_TIME, "transactionTime")                                                                 \
    X(LOG_TYPE, "type")                                                                            \
    X(LOG_CURRENCY, "currency")                                                                    \
    X(LOG_FUNDING, "funding")                                                                      \
    X(LOG_FEE, "fee")                                                                              \
    X(LOG_CASH, "cashFlow")                                                                        \
    X(LOG_CHANGE, "change")                                                                        \
    X(LOG_BALANCE, "cashBalance")                                                                  \
    X(LOG_TRADE, "tradeId")
enum { LOG_KEYS(SCAN_KEY_ENUM) };
static const scan_key log_keys[] = {LOG_KEYS(SCAN_KEY_ROW)};

static bool convert_log(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {LOG_TIME, LOG_TYPE, LOG_CURRENCY, LOG_CHANGE, LOG_BALANCE, -1};
    bybit_log_row *log = row;

    (void)symbols;
    fields_require(fields, required);
    field_text(fields, LOG_ID, log->id, sizeof log->id);
    field_text(fields, LOG_TRADE, log->trade_id, sizeof log->trade_id);
    field_text(fields, LOG_SYMBOL, log->symbol, sizeof log->symbol);
    field_text(fields, LOG_TYPE, log->type, sizeof log->type);
    field_text(fields, LOG_CURRENCY, log->currency, sizeof log->currency);
    log->time_ns = field_time_ns(fields, LOG_TIME);
    log->funding_e8 = field_scaled(fields, LOG_FUNDING, 8);
    log->fee_e8 = field_scaled(fields, LOG_FEE, 8);
    log->cash_flow_e8 = field_scaled(fields, LOG_CASH, 8);
    log->change_e8 = field_scaled(fields, LOG_CHANGE, 8);
    log->balance_e8 = field_scaled(fields, LOG_BALANCE, 8);
    return true;
}

const row_kind row_log = {"transaction", log_keys, BASE_COUNT(log_keys), sizeof(bybit_log_row),
                          convert_log};

/* ---- earn ---- */

#define EARN_KEYS(X)                                                                               \
    X(EARN_PRODUCT, "productId")                                                                   \
    X(EARN_COIN, "coin")                                                                           \
    X(EARN_STATUS, "status")                                                                       \
    X(EARN_APR, "estimateApr")                                                                     \
    X(EARN_MIN, "minStakeAmount")                                                                  \
    X(EARN_MAX, "maxStakeAmount")                                                                  \
    X(EARN_TERM, "term")
enum { EARN_KEYS(SCAN_KEY_ENUM) };
static const scan_key earn_keys[] = {EARN_KEYS(SCAN_KEY_ROW)};

/* "3.1%" */
static int64_t read_apr(row_fields *fields)
{
    char text[32];
    size_t bytes;
    int64_t apr_e12 = 0;

    field_text(fields, EARN_APR, text, sizeof text);
    bytes = strlen(text);
    if (bytes == 0)
        return 0;
    if (text[bytes - 1] != '%' ||
        decimal_parse_scaled(text, bytes - 1, 10, &apr_e12) != HEAN_OK) /* a hundredth of e12 */
        field_fail(fields, EARN_APR, HEAN_E_PARSE, "a percentage");
    return apr_e12;
}

static bool convert_earn(row_fields *fields, const bybit_symbols *symbols, void *row)
{
    static const int required[] = {EARN_PRODUCT, EARN_COIN, EARN_STATUS, -1};
    bybit_earn_product *product = row;

    (void)symbols;
    fields_require(fields, required);
    field_text(fields, EARN_PRODUCT, product->product_id, sizeof product->product_id);
    field_text(fields, EARN_COIN, product->coin, sizeof product->coin);
    field_text(fields, EARN_STATUS, product->status, sizeof product->status);
    product->apr_e12 = read_apr(fields);
    product->min_stake_e8 = field_scaled(fields, EARN_MIN, 8);
    product->max_stake_e8 = field_scaled(fields, EARN_MAX, 8);
    product->term_days = field_whole(fields, EARN_TERM);
    return true;
}

const row_kind row_earn_product = {"product", earn_keys, BASE_COUNT(earn_keys),
                                   sizeof(bybit_earn_product), convert_earn};
