/*
 * policy.c: what definitions may ask of this host: read-only endpoints, registered functions,
 * limits. A new function is a file in lua/hean/process and a name here.
 */
#include <factory/definition.h>

/* None of these changes anything at the venue; each is a route of exchange/bybit.h. */
static const char *const read_only_endpoints[] = {
    "/v5/market/time",
    "/v5/market/instruments-info",
    "/v5/market/tickers",
    "/v5/market/orderbook",
    "/v5/market/kline",
    "/v5/market/recent-trade",
    "/v5/market/funding/history",
    "/v5/account/info",
    "/v5/account/fee-rate",
    "/v5/account/wallet-balance",
    "/v5/account/transaction-log",
    "/v5/position/list",
    "/v5/order/realtime",
    "/v5/order/history",
    "/v5/execution/list",
    "/v5/earn/product",
};

static const char *const functions[] = {
    "trade",                /* a paper session or backtest of the process's strategy */
    "capital_parking",      /* idle balances against earn products */
    "funding_monitor",      /* funding rates worth holding for */
    "fee_slippage_monitor", /* what trading cost, by symbol */
    "campaign_checklist",   /* what a person has to look at */
    "execution_optimizer",  /* maker share and fees that waiting would have saved */
    "opportunity_scanner",  /* all of the above, ranked */
};

factory_policy factory_policy_default(void)
{
    return (factory_policy){
        .endpoints = read_only_endpoints,
        .endpoint_count = BASE_COUNT(read_only_endpoints),
        .functions = functions,
        .function_count = BASE_COUNT(functions),
        .max_capital_e8 = 10000 * BASE_E8,
        .max_risk_factor = 5,
        .timeout_s_max = 3600,
        .retries_max = 5,
    };
}
