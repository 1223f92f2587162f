/*
 * bybit_read_test.c: bodies of REST answers in their documented shapes, and in bad ones.
 */
#include "bybit_fixture.h"

#define ENVELOPE(result)                                                                           \
    "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":" result                                          \
    ",\"retExtInfo\":{},\"time\":1790000000200}"

#define ROWS_MAX 16

/* Rows of whatever type, as many as were given. */
typedef struct rows {
    union {
        bybit_instrument instrument[ROWS_MAX];
        bybit_order order[ROWS_MAX];
        bybit_execution execution[ROWS_MAX];
        bybit_position position[ROWS_MAX];
        bybit_coin coin[ROWS_MAX];
        bybit_log_row log[ROWS_MAX];
        bybit_ticker ticker[ROWS_MAX];
        bybit_earn_product product[ROWS_MAX];
        bybit_fee fee[ROWS_MAX];
        hean_event event[ROWS_MAX];
    } as;
    size_t count;
    size_t fail_at; /* the call at which the callback fails; 0: never */
} rows;

static rows got;

#define TAKE(name, row_type, member)                                                               \
    static hean_status take_##name(void *context, const row_type *row, hean_error *error)          \
    {                                                                                              \
        rows *all = context;                                                                       \
        if (all->fail_at != 0 && all->count + 1 == all->fail_at)                                   \
            return base_fail(error, HEAN_E_STATE, "the callback had enough");                      \
        assert_true(all->count < ROWS_MAX);                                                        \
        all->as.member[all->count++] = *row;                                                       \
        return HEAN_OK;                                                                            \
    }
TAKE(instrument, bybit_instrument, instrument)
TAKE(order, bybit_order, order)
TAKE(execution, bybit_execution, execution)
TAKE(position, bybit_position, position)
TAKE(coin, bybit_coin, coin)
TAKE(log, bybit_log_row, log)
TAKE(ticker, bybit_ticker, ticker)
TAKE(product, bybit_earn_product, product)
TAKE(fee, bybit_fee, fee)
TAKE(event, hean_event, event)

/* READ(orders, order, body): status, with the rows in `got`. */
#define READ(name, take, body)                                                                     \
    (memset(&got, 0, sizeof got),                                                                  \
     bybit_read_##name(body, strlen(body), &fixture_symbols, take_##take, &got, cursor, &error))

static char cursor[BYBIT_CURSOR_BYTES];
static hean_error error;

#define LINEAR_ROW                                                                                 \
    "{\"symbol\":\"SOLUSDT\",\"symbolId\":77,\"contractType\":\"LinearPerpetual\",\"status\":"     \
    "\"Trading\",\"baseCoin\":\"SOL\",\"quoteCoin\":\"USDT\",\"settleCoin\":\"USDT\","             \
    "\"launchTime\":\"1634000000000\",\"deliveryTime\":\"0\",\"deliveryFeeRate\":\"\","            \
    "\"priceScale\":\"2\",\"leverageFilter\":{\"minLeverage\":\"1\",\"maxLeverage\":\"75.00\","    \
    "\"leverageStep\":\"0.01\"},\"priceFilter\":{\"minPrice\":\"0.05\",\"maxPrice\":\"19999.90\"," \
    "\"tickSize\":\"0.05\"},\"lotSizeFilter\":{\"maxOrderQty\":\"41000.0\",\"minOrderQty\":"       \
    "\"0.15\",\"qtyStep\":\"0.1\",\"postOnlyMaxOrderQty\":\"41000.0\",\"maxMktOrderQty\":"         \
    "\"8200.0\",\"minNotionalValue\":\"5\"},\"unifiedMarginTrade\":true,\"fundingInterval\":480,"  \
    "\"upperFundingRate\":\"0.01\",\"isPreListing\":false,\"preListingInfo\":null}"

static void instruments_have_their_steps_and_limits(void **state)
{
    const bybit_instrument *row = got.as.instrument;
    (void)state;
    assert_status(
        READ(
            instruments, instrument,
            ENVELOPE(
                "{\"category\":\"linear\",\"nextPageCursor\":\"page2%3Ademo\",\"list\":[" LINEAR_ROW
                ",{\"symbol\":\"NEWUSDT\",\"contractType\":\"LinearPerpetual\","
                "\"status\":\"PreLaunch\",\"priceFilter\":{\"tickSize\":\"\"},"
                "\"lotSizeFilter\":{\"qtyStep\":\"\"}},{\"symbol\":\"ODD\",\"status\":7,"
                "\"priceFilter\":{\"tickSize\":\"0.1\"}}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 3);
    assert_string_equal(row[2].spec.symbol, "ODD");
    assert_int_equal(row[2].spec.tick_size.mantissa, 0);
    assert_string_equal(cursor, "page2%3Ademo");
    assert_string_equal(row->spec.symbol, "SOLUSDT");
    assert_string_equal(row->status, "Trading");
    assert_string_equal(row->settle_coin, "USDT");
    assert_string_equal(row->base_coin, "SOL");
    assert_int_equal(row->spec.kind, HEAN_INSTRUMENT_LINEAR);
    assert_int_equal(row->spec.tick_size.mantissa, 5);
    assert_int_equal(row->spec.tick_size.exponent10, -2);
    assert_int_equal(row->spec.lot_size.exponent10, -1);
    assert_int_equal(row->spec.min_price_ticks, 1);
    assert_int_equal(row->spec.max_price_ticks, 399998);
    assert_int_equal(row->spec.min_qty_lots, 2); /* 0.15: up */
    assert_int_equal(row->spec.max_qty_lots, 410000);
    assert_int_equal(row->spec.min_notional_e8, 500000000);
    assert_int_equal(row->funding_interval_ns, 480 * 60 * BASE_NS_PER_S);
    assert_string_equal(row[1].status, "PreLaunch");
    assert_int_equal(row[1].spec.tick_size.mantissa, 0);
    assert_status(
        READ(instruments, instrument,
             ENVELOPE("{\"category\":\"spot\",\"list\":[{\"symbol\":\"SOLUSDT\",\"baseCoin\":"
                      "\"SOL\",\"quoteCoin\":\"USDT\",\"status\":\"Trading\",\"marginTrading\":"
                      "\"both\",\"lotSizeFilter\":{\"basePrecision\":\"0.001\",\"quotePrecision\":"
                      "\"0.0000001\",\"minOrderAmt\":\"5\",\"maxLimitOrderQty\":\"21000.5\","
                      "\"maxMarketOrderQty\":\"7000\",\"minOrderQty\":\"0.001\",\"maxOrderQty\":"
                      "\"99999999999999999\"},\"priceFilter\":{\"tickSize\":\"0.01\"}}]}")),
        HEAN_OK, &error);
    assert_int_equal(row->spec.kind, HEAN_INSTRUMENT_SPOT);
    assert_string_equal(row->settle_coin, "USDT");
    assert_int_equal(row->spec.lot_size.exponent10, -3);
    assert_int_equal(row->spec.max_qty_lots, 21000500);
    assert_int_equal(row->spec.min_notional_e8, 500000000);
    assert_int_equal(row->funding_interval_ns, 0);
    assert_string_equal(cursor, "");
}

#define ORDER_ROW(symbol, status, rest)                                                            \
    "{\"orderId\":\"o-1\",\"orderLinkId\":\"h1-1\",\"blockTradeId\":\"\",\"symbol\":\"" symbol     \
    "\",\"price\":\"171.25\",\"qty\":\"3.5\",\"side\":\"Buy\",\"orderStatus\":\"" status           \
    "\",\"cumExecQty\":\"1.0\",\"timeInForce\":\"GTC\",\"orderType\":\"Limit\",\"triggerPrice\":"  \
    "\"0.00\",\"createdTime\":\"1790000000000\",\"updatedTime\":\"1790000000001\"" rest "}"

static void orders_of_unknown_symbols_are_told_without_numbers(void **state)
{
    const bybit_order *row = got.as.order;
    (void)state;
    assert_status(
        READ(orders, order,
             ENVELOPE(
                 "{\"category\":\"linear\",\"nextPageCursor\":\"a%3A1\",\"list\":"
                 "[" ORDER_ROW("SOLUSDT", "PartiallyFilled", ",\"reduceOnly\":true") "," ORDER_ROW(
                     "XYZUSDT", "Untriggered",
                     "") "," ORDER_ROW("SOLUSDT", "Cancelled",
                                       ",\"cancelType\":\"CancelByReduceOnly\","
                                       "\"rejectReason\":"
                                       "\"EC_NoError\"") "," ORDER_ROW("SOLUSDT", "Cancelled",
                                                                       ",\"rejectReason\":"
                                                                       "\"EC_"
                                                                       "NoImmediateQtyToFi"
                                                                       "ll\"") "]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 4);
    assert_string_equal(cursor, "a%3A1");
    assert_int_equal(row[0].index, 0);
    assert_int_equal(row[0].status, HEAN_ORDER_PARTLY_FILLED);
    assert_true(row[0].reduce_only);
    assert_int_equal(row[0].filled_lots, 10);
    assert_int_equal(row[0].trigger_ticks, 0);
    assert_int_equal(row[1].index, -1);
    assert_int_equal(row[1].status, HEAN_ORDER_OPEN);
    assert_int_equal(row[1].qty_lots, 0);
    assert_int_equal(row[2].reason, HEAN_REASON_REDUCE_ONLY);
    assert_string_equal(row[2].reject, "CancelByReduceOnly");
    assert_int_equal(row[3].reason, HEAN_REASON_IOC_REMAINDER);
}

static void the_quantity_of_a_spot_order_in_money_is_not_in_lots(void **state)
{
    static const char body[] = ENVELOPE(
        "{\"category\":\"spot\",\"list\":[{\"orderId\":\"1\",\"symbol\":\"SOLUSDT\",\"price\":"
        "\"0\",\"qty\":\"500.123456789\",\"side\":\"Buy\",\"orderStatus\":"
        "\"PartiallyFilledCanceled\",\"cumExecQty\":\"2.9\",\"orderType\":\"Market\","
        "\"marketUnit\":\"quoteCoin\",\"updatedTime\":\"1790000000001\"},{\"orderId\":\"2\","
        "\"symbol\":\"SOLUSDT\",\"qty\":\"3.5\",\"side\":\"Sell\",\"orderStatus\":\"Filled\","
        "\"cumExecQty\":\"3.5\",\"orderType\":\"Market\",\"marketUnit\":\"baseCoin\","
        "\"updatedTime\":\"1790000000001\"}]}");
    bybit_symbols spot = fixture_symbols;
    (void)state;
    spot.category = VENUE_SPOT;
    memset(&got, 0, sizeof got);
    assert_status(bybit_read_orders(body, strlen(body), &spot, take_order, &got, NULL, &error),
                  HEAN_OK, &error);
    assert_int_equal(got.as.order[0].qty_lots, 0);
    assert_int_equal(got.as.order[0].filled_lots, 29);
    assert_int_equal(got.as.order[0].status, HEAN_ORDER_CANCELLED);
    assert_int_equal(got.as.order[1].qty_lots, 35);
}

#define EXEC_ROW(type, price, fee, rest)                                                           \
    "{\"symbol\":\"SOLUSDT\",\"orderId\":\"o-1\",\"orderLinkId\":\"\",\"side\":\"Sell\","          \
    "\"orderPrice\":\"171.2\",\"execFee\":\"" fee "\",\"execFeeV2\":\"\",\"execId\":\"e-1\","      \
    "\"execPrice\":\"" price "\",\"execQty\":\"12.0\",\"execType\":\"" type                        \
    "\",\"execValue\":\"2040\",\"execTime\":\"1790000000000\",\"feeCurrency\":\"\",\"isMaker\":"   \
    "false,\"feeRate\":\"-0.0001\",\"seq\":55" rest "}"

static void executions_tell_trades_fundings_and_forced_ones_apart(void **state)
{
    const bybit_execution *row = got.as.execution;
    (void)state;
    assert_status(
        READ(executions, execution,
             ENVELOPE("{\"category\":\"linear\",\"list\":[" EXEC_ROW(
                 "Funding", "170.0312345", "-0.204",
                 "") "," EXEC_ROW("BustTrade", "169.48", "0.1",
                                  "") "," EXEC_ROW("CorporateAction", "1", "0",
                                                   ",\"category\":\"spot\"") "],\"nextPageCursor\":"
                                                                             "null}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 3);
    assert_int_equal(row[0].kind, BYBIT_EXEC_FUNDING);
    assert_int_equal(row[0].fee_e8, -20400000);
    assert_int_equal(row[0].rate_e12, -100000000);
    assert_int_equal(row[0].qty_lots, 120);
    assert_int_equal(row[0].price_ticks, 3401);
    assert_int_equal(row[1].kind, BYBIT_EXEC_TRADE);
    assert_true(row[1].forced);
    assert_int_equal(row[2].kind, BYBIT_EXEC_OTHER);
    assert_int_equal(row[2].index, -1);
    assert_string_equal(cursor, "");
}

static void positions_coins_and_the_log_are_read(void **state)
{
    (void)state;
    assert_status(
        READ(positions, position,
             ENVELOPE("{\"category\":\"linear\",\"list\":[{\"positionIdx\":0,\"riskId\":1,"
                      "\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"size\":\"0.012\",\"avgPrice\":"
                      "\"67000.05\",\"positionValue\":\"804.0006\",\"leverage\":\"2.5\","
                      "\"unrealisedPnl\":\"\",\"seq\":\"-1\",\"updatedTime\":\"1790000000000\"},"
                      "{\"positionIdx\":0,\"symbol\":\"SOLUSDT\",\"side\":\"\",\"size\":\"0\","
                      "\"avgPrice\":\"0\",\"positionValue\":\"\",\"updatedTime\":\"\"}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.as.position[0].qty_lots, 12);
    assert_int_equal(got.as.position[0].entry_price_e8, 6700005000000);
    assert_int_equal(got.as.position[0].leverage_e8, 250000000);
    assert_int_equal(got.as.position[1].qty_lots, 0);
    assert_status(READ(coins, coin,
                       ENVELOPE("{\"list\":[{\"accountType\":\"UNIFIED\",\"totalEquity\":\"1\","
                                "\"coin\":[{\"coin\":\"USDT\",\"equity\":\"-0.5\","
                                "\"walletBalance\":\"0.123456789\",\"locked\":\"1\"}]}]}")),
                  HEAN_OK, &error);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.as.coin[0].equity_e8, -50000000);
    assert_int_equal(got.as.coin[0].wallet_e8, 12345679);
    assert_status(
        READ(log, log,
             ENVELOPE("{\"list\":[{\"id\":\"592324_SOLUSDT_1\",\"symbol\":\"SOLUSDT\",\"side\":"
                      "\"None\",\"transactionTime\":\"1790000000000\",\"type\":\"SETTLEMENT\","
                      "\"currency\":\"USDT\",\"funding\":\"2.04\",\"fee\":\"\",\"cashFlow\":"
                      "\"0\",\"change\":\"2.04\",\"cashBalance\":\"1002.04\",\"tradeId\":\"t\"}],"
                      "\"nextPageCursor\":\"x\"}")),
        HEAN_OK, &error);
    assert_string_equal(got.as.log[0].type, "SETTLEMENT");
    assert_int_equal(got.as.log[0].funding_e8, 204000000);
    assert_int_equal(got.as.log[0].balance_e8, 100204000000);
    assert_string_equal(got.as.log[0].trade_id, "t");
}

static void tickers_fees_and_products_are_read(void **state)
{
    (void)state;
    assert_status(
        READ(tickers, ticker,
             ENVELOPE("{\"category\":\"linear\",\"list\":[{\"symbol\":\"ZZZ\",\"lastPrice\":"
                      "\"0.00001\",\"markPrice\":\"odd\"},{\"symbol\":\"SOLUSDT\",\"lastPrice\":"
                      "\"171.25\","
                      "\"markPrice\":\"171.2312\",\"nextFundingTime\":\"1790006400000\","
                      "\"fundingRate\":\"-0.000015\",\"bid1Price\":\"171.20\",\"deliveryTime\":"
                      "\"0\"}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.as.ticker[0].last_ticks, 3425);
    assert_int_equal(got.as.ticker[0].mark_e8, 17123120000);
    assert_int_equal(got.as.ticker[0].funding_rate_e12, -15000000);
    assert_status(READ(tickers, ticker,
                       ENVELOPE("{\"category\":\"spot\",\"list\":[{\"symbol\":\"SOLUSDT\"}]}")),
                  HEAN_OK, &error);
    assert_int_equal(got.count, 0);
    assert_status(READ(fees, fee,
                       ENVELOPE("{\"list\":[{\"symbol\":\"SOLUSDT\",\"takerFeeRate\":\"0.00055\","
                                "\"makerFeeRate\":\"-0.0001\"}]}")),
                  HEAN_OK, &error);
    assert_int_equal(got.as.fee[0].taker_fee_e8, 55000);
    assert_int_equal(got.as.fee[0].maker_fee_e8, -10000);
    assert_status(
        READ(earn_products, product,
             ENVELOPE("{\"list\":[{\"category\":\"FlexibleSaving\",\"estimateApr\":\"3.1%\","
                      "\"coin\":\"USDT\",\"minStakeAmount\":\"0.1\",\"maxStakeAmount\":\"1000\","
                      "\"precision\":\"8\",\"productId\":\"430\",\"status\":\"Available\","
                      "\"bonusEvents\":[],\"term\":0}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.as.product[0].apr_e12, 31000000000);
    assert_int_equal(got.as.product[0].min_stake_e8, 10000000);
    assert_string_equal(got.as.product[0].product_id, "430");
}

static void candles_come_oldest_first_and_without_the_unfinished_one(void **state)
{
    (void)state;
    /* The answer is 0.2 s younger than the newest candle, which is therefore not finished. */
    assert_status(
        READ(klines, event,
             ENVELOPE("{\"symbol\":\"SOLUSDT\",\"category\":\"linear\",\"list\":["
                      "[\"1790000000000\",\"171\",\"171.4\",\"170.95\",\"171.25\",\"1\",\"171\"],"
                      "[\"1789999940000\",\"170\",\"171\",\"169.9\",\"171\",\"20.57\",\"3420\"],"
                      "[\"1789999880000\",\"170\",\"170\",\"170\",\"170\",\"0\",\"0\"]]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.as.event[0].exch_ns, 1789999940000 * MS);
    assert_int_equal(got.as.event[0].data.bar.interval_ns, 60 * BASE_NS_PER_S);
    assert_int_equal(got.as.event[1].exch_ns, 1790000000000 * MS);
    assert_int_equal(got.as.event[1].data.bar.low_ticks, 3398);
    assert_int_equal(got.as.event[1].data.bar.volume_lots, 205);
    assert_status(
        READ(
            klines, event,
            ENVELOPE("{\"symbol\":\"SOLUSDT\",\"category\":\"linear\",\"list\":["
                     "[\"1789999940000\",\"171\",\"171.4\",\"170.95\",\"171.25\",\"1\",\"171\"],"
                     "[\"1789999880000\",\"170\",\"171\",\"169.9\",\"171\",\"20.57\",\"3420\"]]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(
        READ(klines, event,
             ENVELOPE("{\"symbol\":\"SOLUSDT\",\"list\":[[\"2\",\"1\",\"1\",\"1\",\"1\",\"0\"],"
                      "[\"2\",\"1\",\"1\",\"1\",\"1\",\"0\"]]}")),
        HEAN_E_INVALID);
    assert_status(READ(klines, event, ENVELOPE("{\"symbol\":\"SOLUSDT\",\"list\":[]}")), HEAN_OK,
                  &error);
}

static void trades_fundings_and_books_become_events(void **state)
{
    const hean_event *event = got.as.event;
    (void)state;
    assert_status(
        READ(recent_trades, event,
             ENVELOPE("{\"category\":\"linear\",\"list\":[{\"execId\":\"b\",\"symbol\":\"SOLUSDT\","
                      "\"price\":\"171.20\",\"size\":\"1.5\",\"side\":\"Sell\",\"time\":"
                      "\"1790000000100\",\"isBlockTrade\":false,\"isRPITrade\":true,\"seq\":\"9\"},"
                      "{\"execId\":\"a\",\"symbol\":\"SOLUSDT\",\"price\":\"171.25\",\"size\":"
                      "\"2\",\"side\":\"Buy\",\"time\":\"1790000000100\",\"isBlockTrade\":false,"
                      "\"seq\":\"8\"}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(event[0].data.level.sequence, 8);
    assert_int_equal(event[1].side, HEAN_SIDE_SELL);
    assert_int_equal(event[1].local_ns, 1790000000100 * MS);
    assert_status(
        READ(funding_history, event,
             ENVELOPE("{\"category\":\"linear\",\"list\":[{\"symbol\":\"SOLUSDT\",\"fundingRate\":"
                      "\"0.0001\",\"fundingRateTimestamp\":\"1790000000000\"},{\"symbol\":"
                      "\"SOLUSDT\",\"fundingRate\":\"-0.0002\",\"fundingRateTimestamp\":"
                      "\"1789971200000\"}]}")),
        HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(event[0].data.funding.rate_e12, -200000000);
    assert_int_equal(event[1].kind, HEAN_EVENT_FUNDING);
    assert_status(READ(orderbook, event,
                       ENVELOPE("{\"a\":[[\"171.25\",\"12.5\"]],\"b\":[[\"171.2\",\"1\"],"
                                "[\"171\",\"0\"]],\"ts\":1790000000100,\"u\":77,\"seq\":5,"
                                "\"cts\":1790000000090,\"s\":\"SOLUSDT\"}")),
                  HEAN_OK, &error);
    assert_int_equal(got.count, 2);
    assert_int_equal(event[0].flags, HEAN_EVENT_SNAPSHOT | HEAN_EVENT_CLEAR);
    assert_int_equal(event[1].flags, HEAN_EVENT_SNAPSHOT | HEAN_EVENT_LAST);
    assert_int_equal(event[1].data.level.sequence, 77);
    assert_int_equal(event[1].exch_ns, 1790000000090 * MS);
}

static void single_answers_are_read(void **state)
{
    static const char time_body[] =
        ENVELOPE("{\"timeSecond\":\"1790000000\",\"timeNano\":\"1790000000200345678\"}");
    static const char ack[] = ENVELOPE("{\"orderId\":\"o-9\",\"orderLinkId\":\"h1-9\"}");
    static const char key[] = ENVELOPE(
        "{\"id\":\"1\",\"note\":\"n\",\"apiKey\":\"k\",\"readOnly\":0,\"secret\":\"\","
        "\"permissions\":{\"ContractTrade\":[\"Order\",\"Position\"],\"Spot\":[],\"Wallet\":["
        "\"AccountTransfer\",\"Withdraw\"],\"NFT\":[]},\"ips\":[\"10.0.0.1\",\"10.0.0.2\"],"
        "\"deadlineDay\":66,\"expiredAt\":\"2026-12-31T03:21:05Z\",\"uta\":1,\"isMaster\":true}");
    static const char account[] = ENVELOPE(
        "{\"unifiedMarginStatus\":5,\"marginMode\":\"REGULAR_MARGIN\",\"dcpStatus\":\"OFF\"}");
    char order_id[VENUE_EXEC_ID_BYTES], client_id[VENUE_EXEC_ID_BYTES];
    bybit_account_info kind;
    bybit_key_info info;
    int64_t time_ns = 0;
    (void)state;
    assert_status(bybit_read_time(time_body, strlen(time_body), &time_ns, &error), HEAN_OK, &error);
    assert_int_equal(time_ns, 1790000000200345678);
    assert_status(bybit_read_order_ack(ack, strlen(ack), order_id, client_id, &error), HEAN_OK,
                  &error);
    assert_string_equal(order_id, "o-9");
    assert_string_equal(client_id, "h1-9");
    assert_status(bybit_read_key_info(key, strlen(key), &info, &error), HEAN_OK, &error);
    assert_true(info.can_trade && info.can_withdraw && !info.read_only);
    assert_string_equal(info.ips, "10.0.0.1,10.0.0.2");
    assert_string_equal(info.permissions,
                        "ContractTrade:Order,Position Wallet:AccountTransfer,Withdraw");
    assert_status(bybit_read_account_info(account, strlen(account), &kind, &error), HEAN_OK,
                  &error);
    assert_int_equal(kind.unified_status, 5);
    assert_string_equal(kind.margin_mode, "REGULAR_MARGIN");
    assert_int_equal(info.deadline_days, 66);
    assert_int_equal(info.expires_ns, INT64_C(1798687265) * BASE_NS_PER_S);
}

static void a_bad_row_keeps_the_good_ones_before_it_from_being_given(void **state)
{
    (void)state;
    assert_int_equal(
        READ(orders, order,
             ENVELOPE("{\"list\":[" ORDER_ROW("SOLUSDT", "New", "") "," ORDER_ROW(
                 "SOLUSDT", "New",
                 ",\"leavesQty\":\"1\"") ","
                                         "{\"symbol\":\"SOLUSDT\",\"orderId\":\"x\"}]}")),
        HEAN_E_INVALID);
    assert_int_equal(got.count, 0);
    assert_string_equal(error.message, "order 2: side: expected a value");
}

static void a_callback_that_fails_ends_the_reading(void **state)
{
    static const char body[] = ENVELOPE("{\"list\":[" ORDER_ROW("SOLUSDT", "New", "") "," ORDER_ROW(
        "SOLUSDT", "New", "") "," ORDER_ROW("SOLUSDT", "New", "") "]}");
    (void)state;
    memset(&got, 0, sizeof got);
    got.fail_at = 2;
    assert_int_equal(
        bybit_read_orders(body, strlen(body), &fixture_symbols, take_order, &got, NULL, &error),
        HEAN_E_STATE);
    assert_int_equal(got.count, 1);
    assert_string_equal(error.message, "the callback had enough");
}

static void bodies_that_cannot_be_trusted_are_refused_in_words(void **state)
{
    static const struct {
        const char *body;
        hean_status status;
        const char *words;
    } cases[] = {
        {"", HEAN_E_PARSE, "byte 0: expected an object"},
        {"<html>busy</html>", HEAN_E_PARSE, "byte 0: expected an object"},
        {"{\"retCode\":0,\"result\":{\"list\":[", HEAN_E_PARSE, "expected a value"},
        {ENVELOPE("{\"list\":[]}") "x", HEAN_E_PARSE, "nothing after the value"},
        {"{\"retCode\":10006,\"result\":{\"list\":[]}}", HEAN_E_INVALID, "retCode: expected 0"},
        {"{\"result\":{\"list\":[]}}", HEAN_E_INVALID, "retCode: expected 0"},
        {ENVELOPE("[]"), HEAN_E_INVALID, "result: expected an object"},
        {ENVELOPE("{}"), HEAN_E_INVALID, "list: expected a list"},
        {ENVELOPE("{\"list\":{}}"), HEAN_E_INVALID, "list: expected a list"},
        {ENVELOPE("{\"list\":[],\"list\":[]}"), HEAN_E_PARSE, "each key once"},
        {ENVELOPE("{\"list\":[[]]}"), HEAN_E_PARSE, "expected an object"},
        {ENVELOPE("{\"list\":[" ORDER_ROW("SOLUSDT", "New", ",\"x\":1,\"\\u0078\":2") "]}"),
         HEAN_E_PARSE, "each key once"},
        {ENVELOPE("{\"list\":[" ORDER_ROW("SOLUSDT", "New", ",\"reduceOnly\":\"true\"") "]}"),
         HEAN_E_INVALID, "order 0: reduceOnly: expected true or false"},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        assert_status(READ(orders, order, cases[i].body), cases[i].status, &error);
        assert_int_equal(got.count, 0);
        if (strstr(error.message, cases[i].words) == NULL)
            fail_msg("case %zu: %s", i, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruments_have_their_steps_and_limits),
        cmocka_unit_test(orders_of_unknown_symbols_are_told_without_numbers),
        cmocka_unit_test(the_quantity_of_a_spot_order_in_money_is_not_in_lots),
        cmocka_unit_test(executions_tell_trades_fundings_and_forced_ones_apart),
        cmocka_unit_test(positions_coins_and_the_log_are_read),
        cmocka_unit_test(tickers_fees_and_products_are_read),
        cmocka_unit_test(candles_come_oldest_first_and_without_the_unfinished_one),
        cmocka_unit_test(trades_fundings_and_books_become_events),
        cmocka_unit_test(single_answers_are_read),
        cmocka_unit_test(a_bad_row_keeps_the_good_ones_before_it_from_being_given),
        cmocka_unit_test(a_callback_that_fails_ends_the_reading),
        cmocka_unit_test(bodies_that_cannot_be_trusted_are_refused_in_words),
    };
    return cmocka_run_group_tests(tests, fixture_open, NULL);
}
