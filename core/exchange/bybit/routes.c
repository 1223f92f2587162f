/*
 * routes.c: what is known of each route beside its path.
 *
 * Source of the quotas: "Rate limit rules" of the venue's documentation, VIP 0 (fact sheet, 5.2).
 * They are where a limiter starts; the venue's own headers overrule them.
 */
#include <exchange/bybit.h>

/* is_private, priority, requests in a second by category (linear, spot, inverse) */
#define PUBLIC                                                                                     \
    false, LIMITER_QUERY,                                                                          \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }
#define QUERY(per_second)                                                                          \
    true, LIMITER_QUERY,                                                                           \
    {                                                                                              \
        per_second, per_second, per_second                                                         \
    }
#define ORDER(priority, coins, spot)                                                               \
    true, priority,                                                                                \
    {                                                                                              \
        coins, spot, coins                                                                         \
    }

#define BYBIT_TIME_TERMS             PUBLIC
#define BYBIT_INSTRUMENTS_TERMS      PUBLIC
#define BYBIT_TICKERS_TERMS          PUBLIC
#define BYBIT_ORDERBOOK_TERMS        PUBLIC
#define BYBIT_KLINE_TERMS            PUBLIC
#define BYBIT_RECENT_TRADES_TERMS    PUBLIC
#define BYBIT_FUNDING_HISTORY_TERMS  PUBLIC
#define BYBIT_FEE_RATE_TERMS         QUERY(5)
#define BYBIT_ACCOUNT_INFO_TERMS     QUERY(50)
#define BYBIT_WALLET_TERMS           QUERY(50)
#define BYBIT_TRANSACTION_LOG_TERMS  QUERY(25)
#define BYBIT_POSITIONS_TERMS        QUERY(50)
#define BYBIT_SET_LEVERAGE_TERMS     ORDER(LIMITER_QUERY, 10, 10)
#define BYBIT_ORDER_CREATE_TERMS     ORDER(LIMITER_CREATE, 10, 20)
#define BYBIT_ORDER_AMEND_TERMS      ORDER(LIMITER_AMEND, 10, 10)
#define BYBIT_ORDER_CANCEL_TERMS     ORDER(LIMITER_CANCEL, 10, 20)
#define BYBIT_ORDER_CANCEL_ALL_TERMS ORDER(LIMITER_CANCEL, 10, 20)
#define BYBIT_ORDERS_OPEN_TERMS      QUERY(50)
#define BYBIT_ORDER_HISTORY_TERMS    QUERY(50)
#define BYBIT_EXECUTIONS_TERMS       QUERY(50)
/* Not in the documentation's table: kept low. */
#define BYBIT_EARN_PRODUCTS_TERMS                                                                  \
    false, LIMITER_QUERY,                                                                          \
    {                                                                                              \
        1, 1, 1                                                                                    \
    }
#define BYBIT_API_KEY_INFO_TERMS QUERY(5)

static const bybit_route_info routes[BYBIT_ROUTE_COUNT] = {
#define ROW(name, method, path) [name] = {method, path, name##_TERMS},
    BYBIT_ROUTE_MAP(ROW)
#undef ROW
};

const bybit_route_info *bybit_route_get(bybit_route route)
{
    BASE_ASSERT((unsigned)route < BYBIT_ROUTE_COUNT);
    return &routes[route];
}

const char *bybit_category_text(venue_category category)
{
    return category == VENUE_SPOT ? "spot" : category == VENUE_INVERSE ? "inverse" : "linear";
}
