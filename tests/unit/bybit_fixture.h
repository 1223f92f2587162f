/*
 * bybit_fixture.h: two instruments, a sink that keeps what it is told, and the payloads of the
 * venue in their documented shapes (all values invented).
 */
#ifndef BYBIT_FIXTURE_H
#define BYBIT_FIXTURE_H

#include <support.h>

#include <exchange/bybit.h>

#include <stdlib.h>
#include <string.h>

/* 10 s after the hour of the payloads. */
#define LOCAL_NS (INT64_C(1790000010000) * BASE_NS_PER_MS)
#define MS       BASE_NS_PER_MS

static market_instrument fixture_instruments[2];

static int fixture_find(void *context, const char *symbol, size_t bytes)
{
    (void)context;
    for (int i = 0; i < 2; i++) {
        const char *name = fixture_instruments[i].spec.symbol;
        if (strlen(name) == bytes && memcmp(name, symbol, bytes) == 0)
            return i;
    }
    return -1;
}

static const market_instrument *fixture_instrument(void *context, int index)
{
    (void)context;
    BASE_ASSERT(index >= 0 && index < 2);
    return &fixture_instruments[index];
}

static const bybit_symbols fixture_symbols = {fixture_find, fixture_instrument, NULL, VENUE_LINEAR};

static int fixture_open(void **state)
{
    const hean_instrument specs[2] = {
        {.symbol = "SOLUSDT", .tick_size = {5, -2}, .lot_size = {1, -1}},
        {.symbol = "BTCUSDT", .tick_size = {1, -1}, .lot_size = {1, -3}}};
    (void)state;
    for (int i = 0; i < 2; i++) {
        if (market_instrument_init(&fixture_instruments[i], &specs[i], NULL) != HEAN_OK)
            return 1;
    }
    return 0;
}

#define KEPT_MAX 64

/* Everything that was told. */
typedef struct kept {
    int calls;
    int controls, books, markets, liquidation_calls, tickers, orders, executions, positions, coins;
    bybit_control control;
    bybit_book_head head;
    hean_event events[KEPT_MAX]; /* of the last call */
    size_t event_count;
    bybit_ticker_delta ticker;
    bybit_order order[KEPT_MAX];
    bybit_execution execution[KEPT_MAX];
    bybit_position position[KEPT_MAX];
    bybit_coin coin[KEPT_MAX];
} kept;

static inline void keep_control(void *context, const bybit_control *control)
{
    kept *all = context;
    all->calls++;
    all->controls++;
    all->control = *control;
}

static inline void keep_all(kept *all, const hean_event *events, size_t count)
{
    all->calls++;
    all->event_count = count;
    if (count > 0)
        memcpy(all->events, events, (count < KEPT_MAX ? count : KEPT_MAX) * sizeof *events);
}

static inline hean_status keep_book(void *context, const bybit_book_head *head,
                                    const hean_event *events, size_t count)
{
    kept *all = context;
    all->books++;
    all->head = *head;
    keep_all(all, events, count);
    return HEAN_OK;
}

static inline hean_status keep_market(void *context, const hean_event *events, size_t count)
{
    kept *all = context;
    all->markets++;
    keep_all(all, events, count);
    return HEAN_OK;
}

static inline hean_status keep_liquidations(void *context, const hean_event *events, size_t count)
{
    kept *all = context;
    all->liquidation_calls++;
    keep_all(all, events, count);
    return HEAN_OK;
}

static inline hean_status keep_ticker(void *context, const bybit_ticker_delta *delta)
{
    kept *all = context;
    all->calls++;
    all->tickers++;
    all->ticker = *delta;
    return HEAN_OK;
}

#define KEEP_ROW(name, row_type)                                                                   \
    static inline hean_status keep_##name(void *context, const row_type *row)                      \
    {                                                                                              \
        kept *all = context;                                                                       \
        all->calls++;                                                                              \
        all->name[all->name##s++ % KEPT_MAX] = *row;                                               \
        return HEAN_OK;                                                                            \
    }
KEEP_ROW(order, bybit_order)
KEEP_ROW(execution, bybit_execution)
KEEP_ROW(position, bybit_position)
KEEP_ROW(coin, bybit_coin)

static inline bybit_frame_sink fixture_sink(kept *all)
{
    return (bybit_frame_sink){
        all,         keep_control, keep_book,      keep_market,   keep_liquidations,
        keep_ticker, keep_order,   keep_execution, keep_position, keep_coin};
}

static const char FRAME_BOOK_SNAPSHOT[] =
    "{\"topic\":\"orderbook.50.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000000120,\"data\":{"
    "\"s\":\"SOLUSDT\",\"b\":[[\"171.20\",\"44.1\"],[\"171.15\",\"9.0\"]],\"a\":[[\"171.25\","
    "\"12.5\"],[\"171.30\",\"80.3\"]],\"u\":900100,\"seq\":55000000123},\"cts\":1790000000117}";
static const char FRAME_BOOK_DELTA[] =
    "{\"topic\":\"orderbook.50.SOLUSDT\",\"type\":\"delta\",\"ts\":1790000000140,\"data\":{"
    "\"s\":\"SOLUSDT\",\"b\":[[\"171.20\",\"0\"],[\"171.10\",\"31.0\"]],\"a\":[],\"u\":900101,"
    "\"seq\":55000000160},\"cts\":1790000000138}";
static const char FRAME_TRADES[] =
    "{\"topic\":\"publicTrade.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000000672,\"data\":[{"
    "\"T\":1790000000670,\"s\":\"SOLUSDT\",\"S\":\"Buy\",\"v\":\"3.5\",\"p\":\"171.25\",\"L\":"
    "\"PlusTick\",\"i\":\"20f43950-d8dd-5b31-9112-a178eb6023af\",\"BT\":false,\"RPI\":false,"
    "\"seq\":55000000170},{\"T\":1790000000671,\"s\":\"SOLUSDT\",\"S\":\"Sell\",\"v\":\"0.1\","
    "\"p\":\"171.2\",\"L\":\"MinusTick\",\"i\":\"x\",\"BT\":true,\"seq\":55000000171},{\"T\":"
    "1790000000671,\"s\":\"SOLUSDT\",\"S\":\"Sell\",\"v\":\"7\",\"p\":\"171.20\",\"seq\":"
    "55000000172}]}";
static const char FRAME_TICKER_SNAPSHOT[] =
    "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"snapshot\",\"data\":{\"symbol\":\"SOLUSDT\","
    "\"tickDirection\":\"PlusTick\",\"lastPrice\":\"171.25\",\"markPrice\":\"171.23\","
    "\"indexPrice\":\"171.20\",\"bid1Price\":\"171.20\",\"bid1Size\":\"44.1\",\"ask1Price\":"
    "\"171.25\",\"ask1Size\":\"12.5\",\"fundingRate\":\"0.0001\",\"nextFundingTime\":"
    "\"1790006400000\",\"fundingIntervalHour\":\"8\",\"fundingCap\":\"0.01\",\"openInterest\":"
    "\"5100000.07\",\"volume24h\":\"9100000.0\"},\"cs\":55000000123,\"ts\":1790000000111}";
static const char FRAME_TICKER_DELTA[] =
    "{\"topic\":\"tickers.SOLUSDT\",\"type\":\"delta\",\"data\":{\"symbol\":\"SOLUSDT\","
    "\"markPrice\":\"171.24\",\"ask1Size\":\"10.0\",\"nextFundingTime\":\"\"},\"cs\":55000000190,"
    "\"ts\":1790000000211}";
static const char FRAME_KLINE[] =
    "{\"topic\":\"kline.5.SOLUSDT\",\"data\":[{\"start\":1790000000000,\"end\":1790000299999,"
    "\"interval\":\"5\",\"open\":\"171.00\",\"close\":\"171.25\",\"high\":\"171.40\",\"low\":"
    "\"170.95\",\"volume\":\"2081.25\",\"turnover\":\"356000.1\",\"confirm\":true,\"timestamp\":"
    "1790000300001},{\"start\":1790000300000,\"end\":1790000599999,\"interval\":\"5\",\"open\":"
    "\"171.25\",\"close\":\"171.25\",\"high\":\"171.25\",\"low\":\"171.25\",\"volume\":\"0\","
    "\"turnover\":\"0\",\"confirm\":false,\"timestamp\":1790000300001}],\"ts\":1790000300002,"
    "\"type\":\"snapshot\"}";
static const char FRAME_LIQUIDATION[] =
    "{\"topic\":\"allLiquidation.SOLUSDT\",\"type\":\"snapshot\",\"ts\":1790000001000,\"data\":[{"
    "\"T\":1790000000999,\"s\":\"SOLUSDT\",\"S\":\"Buy\",\"v\":\"20.0\",\"p\":\"169.48\"}]}";
static const char FRAME_EXECUTION[] =
    "{\"topic\":\"execution\",\"id\":\"77_SOLUSDT_55000000300\",\"creationTime\":1790000001205,"
    "\"data\":[{\"category\":\"linear\",\"symbol\":\"SOLUSDT\",\"closedSize\":\"0\",\"execFee\":"
    "\"-0.02996875\",\"execId\":\"11111111-2222-5333-8444-555555555555\",\"execPrice\":\"171.25\","
    "\"execQty\":\"3.5\",\"execType\":\"Trade\",\"execValue\":\"599.375\",\"feeRate\":\"-0.00005\","
    "\"markPrice\":\"171.24\",\"leavesQty\":\"0\",\"orderId\":"
    "\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\",\"orderLinkId\":\"h1-000042\",\"orderPrice\":"
    "\"171.25\",\"orderQty\":\"3.5\",\"orderType\":\"Limit\",\"stopOrderType\":\"UNKNOWN\","
    "\"side\":\"Sell\",\"execTime\":\"1790000001203\",\"isLeverage\":\"0\",\"isMaker\":true,"
    "\"seq\":55000000300,\"execPnl\":\"1.5\",\"createType\":\"CreateByUser\",\"extraFees\":\"\","
    "\"feeCurrency\":\"USDT\"}]}";
static const char FRAME_ORDER[] =
    "{\"id\":\"77_1\",\"topic\":\"order\",\"creationTime\":1790000001206,\"data\":[{\"category\":"
    "\"linear\",\"symbol\":\"SOLUSDT\",\"orderId\":\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\","
    "\"orderLinkId\":\"h1-000042\",\"blockTradeId\":\"\",\"side\":\"Sell\",\"positionIdx\":0,"
    "\"orderStatus\":\"Cancelled\",\"cancelType\":\"UNKNOWN\",\"rejectReason\":"
    "\"EC_PostOnlyWillTakeLiquidity\",\"timeInForce\":\"PostOnly\",\"isLeverage\":\"\",\"price\":"
    "\"171.25\",\"qty\":\"3.5\",\"avgPrice\":\"\",\"leavesQty\":\"0\",\"leavesValue\":\"0\","
    "\"cumExecQty\":\"0\",\"cumExecValue\":\"0\",\"cumExecFee\":\"0\",\"orderType\":\"Limit\","
    "\"stopOrderType\":\"\",\"triggerPrice\":\"\",\"takeProfit\":\"\",\"stopLoss\":\"\","
    "\"triggerDirection\":0,\"triggerBy\":\"\",\"reduceOnly\":false,\"closeOnTrigger\":false,"
    "\"smpGroup\":0,\"createdTime\":\"1790000001200\",\"updatedTime\":\"1790000001204\","
    "\"feeCurrency\":\"\",\"cumFeeDetail\":{\"MNT\":\"0.00242968\"}},{\"category\":\"spot\","
    "\"symbol\":\"SOLUSDT\",\"orderId\":\"1523347543495541248\",\"orderLinkId\":\"\",\"side\":"
    "\"Buy\",\"orderStatus\":\"Brandnew\",\"orderType\":\"Market\",\"price\":\"0\",\"qty\":"
    "\"500.123456789\",\"cumExecQty\":\"0\",\"updatedTime\":\"1790000001204\"}]}";
static const char FRAME_POSITION[] =
    "{\"id\":\"1\",\"topic\":\"position\",\"creationTime\":1790000001207,\"data\":[{"
    "\"positionIdx\":"
    "0,\"tradeMode\":0,\"riskId\":41,\"riskLimitValue\":\"200000\",\"symbol\":\"SOLUSDT\",\"side\":"
    "\"Sell\",\"size\":\"3.5\",\"entryPrice\":\"171.2512345678\",\"sessionAvgPrice\":\"\","
    "\"leverage\":\"10\",\"positionValue\":\"599.375\",\"liqPrice\":\"\",\"unrealisedPnl\":"
    "\"-0.07\",\"category\":\"linear\",\"seq\":55000000300,\"isReduceOnly\":false,\"createdTime\":"
    "\"1690000000000\",\"updatedTime\":\"1790000001203\"},{\"symbol\":\"BTCUSDT\",\"side\":\"\","
    "\"size\":\"0\",\"entryPrice\":\"0\",\"positionValue\":\"\",\"positionIdx\":0,\"category\":"
    "\"linear\",\"updatedTime\":\"1790000001203\"}]}";
static const char FRAME_WALLET[] =
    "{\"id\":\"1\",\"topic\":\"wallet\",\"creationTime\":1790000001207,\"data\":[{\"accountType\":"
    "\"UNIFIED\",\"accountIMRate\":\"0.001\",\"totalEquity\":\"3.31\",\"coin\":[{\"coin\":\"USDT\","
    "\"equity\":\"1000.125\",\"usdValue\":\"1000\",\"walletBalance\":\"1000.195\",\"locked\":\"0\","
    "\"unrealisedPnl\":\"-0.07\",\"cumRealisedPnl\":\"1\",\"marginCollateral\":true,"
    "\"collateralSwitch\":true},{\"coin\":\"BTC\",\"equity\":\"0.102964\",\"walletBalance\":"
    "\"0.102964\",\"locked\":\"\",\"unrealisedPnl\":\"\"}]}]}";

#endif
