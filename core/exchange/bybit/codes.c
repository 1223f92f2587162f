/*
 * codes.c: what each code of the venue means for whoever sent the request: one table.
 *
 * Sources, as marked in each row:
 *   D   the venue's documentation, docs/v5/error (version of 2026-07-24)
 *   3P  bug reports and other clients, without an official statement
 *   OWN our reading where the documentation says nothing of what to do
 * A code that is in no row is AMBIGUOUS: a query decides, and nothing is taken for refused that may
 * have been done. Later rows overrule earlier ones, so exceptions stand below the general case.
 */
#include <exchange/bybit.h>

/* Whom a row concerns. */
typedef enum code_scope { ANY, READ, CREATE, EARN, WRITE } code_scope;

typedef struct code_row {
    int32_t from, to; /* inclusive */
    code_scope scope;
    retry_class class;
    const char *source; /* and meaning, where the class alone does not say it */
} code_row;

static const code_row rows[] = {
    /* ---- transport and generic ---- */
    {-1, -1, ANY, RETRY_CLOCK, "D: expired before it was processed"},
    {-2015, -2015, ANY, RETRY_AUTH, "D: spot key expired"},
    {429, 429, ANY, RETRY_RATE, "D: overload protection"},
    {10000, 10000, ANY, RETRY_AMBIGUOUS, "D: server timeout"},
    {10001, 10001, ANY, RETRY_INVALID, "D: parameter error"},
    {10002, 10002, ANY, RETRY_CLOCK, "D: timestamp outside the window"},
    {10003, 10005, ANY, RETRY_AUTH, "D: key, signature, permission"},
    {10006, 10006, ANY, RETRY_RATE, "D: the account's limit"},
    {10007, 10010, ANY, RETRY_AUTH, "D: authentication, ban, region, IP not in the key's list"},
    {10014, 10014, ANY, RETRY_AMBIGUOUS, "D: duplicate request; OWN: the first may have come"},
    {10016, 10016, ANY, RETRY_AMBIGUOUS, "D: internal error, restarting"},
    {10017, 10017, ANY, RETRY_INVALID, "D: no such route"},
    {10018, 10018, ANY, RETRY_BAN, "D: the IP's limit (legacy)"},
    {10019, 10019, ANY, RETRY_AMBIGUOUS, "D: order socket restarting, requests under way run on"},
    {10024, 10024, ANY, RETRY_AUTH, "D: compliance"},
    {10027, 10029, ANY, RETRY_AUTH, "D: trading banned, account kind, symbol not for this key"},
    {100028, 100028, ANY, RETRY_AUTH, "D: account kind"},
    {10403, 10403, ANY, RETRY_RATE, "D: order socket, the IP's limit"},
    {10404, 10404, ANY, RETRY_INVALID, "D: order socket, unknown op or category"},
    {10429, 10429, ANY, RETRY_AMBIGUOUS, "D: order socket, overload"},
    {20001, 20001, ANY, RETRY_DONE, "D: already authenticated"},
    {20003, 20003, ANY, RETRY_RATE, "D: order socket, too frequent"},
    {20006, 20006, ANY, RETRY_AMBIGUOUS, "D: reqId doubled"},
    {33004, 33004, ANY, RETRY_AUTH, "D: key expired"},
    {40004, 40004, ANY, RETRY_AMBIGUOUS, "D: changed during a replacement"},
    {500000, 500000, ANY, RETRY_AMBIGUOUS, "3P: server error"},
    {3400214, 3400214, ANY, RETRY_AMBIGUOUS, "D: server error"},

    /* ---- derivatives ---- */
    {110001, 110001, ANY, RETRY_DONE, "D: no such order: gone, perhaps filled"},
    {110001, 110001, READ, RETRY_AMBIGUOUS, "OWN: perhaps not visible yet"},
    {110001, 110001, CREATE, RETRY_AMBIGUOUS, "OWN: makes no sense for a create"},
    {110003, 110003, ANY, RETRY_INVALID, "D: price outside the range"},
    {110004, 110004, ANY, RETRY_FUNDS, "D"},
    {110005, 110005, ANY, RETRY_INVALID, "D: position state"},
    {110006, 110007, ANY, RETRY_FUNDS, "D"},
    {110008, 110008, ANY, RETRY_DONE, "D: filled or cancelled already"},
    {110009, 110009, ANY, RETRY_MARKET, "D: too many stop orders"},
    {110010, 110010, ANY, RETRY_DONE, "D: cancelled already"},
    {110011, 110014, ANY, RETRY_FUNDS, "D: would liquidate, margin, risk limit"},
    {110017, 110017, ANY, RETRY_INVALID, "D: quantity becomes zero; 3P: nothing left to reduce"},
    {110018, 110019, ANY, RETRY_INVALID, "D: ids"},
    {110020, 110024, ANY, RETRY_MARKET, "D: 500 orders, open interest, position mode"},
    {110025, 110027, ANY, RETRY_DONE, "D: mode or margin as it was"},
    {110028, 110029, ANY, RETRY_MARKET, "D: position mode"},
    {110030, 110030, ANY, RETRY_DONE, "D: doubled order id"},
    {110031, 110032, ANY, RETRY_INVALID, "D: risk information"},
    {110034, 110034, ANY, RETRY_DONE, "D: no position"},
    {110034, 110034, CREATE, RETRY_INVALID, "OWN: nothing to reduce, so no order"},
    {110036, 110036, ANY, RETRY_INVALID, "D: leverage under cross margin"},
    {110038, 110038, ANY, RETRY_INVALID, "D: leverage under portfolio margin"},
    {110039, 110040, ANY, RETRY_FUNDS, "D: would liquidate"},
    {110042, 110042, ANY, RETRY_MARKET, "D: only reducing allowed"},
    {110043, 110043, ANY, RETRY_DONE, "D: leverage as it was"},
    {110044, 110048, ANY, RETRY_FUNDS, "D"},
    {110051, 110053, ANY, RETRY_FUNDS, "D"},
    {110054, 110060, ANY, RETRY_INVALID, "D: take profit, stop loss"},
    {110061, 110061, ANY, RETRY_MARKET, "D: too many take profits or stop losses"},
    {110063, 110063, ANY, RETRY_MARKET, "D: settlement"},
    {110064, 110064, ANY, RETRY_INVALID, "D: new quantity not above the filled one"},
    {110066, 110066, ANY, RETRY_MARKET, "D: trading not allowed"},
    {110067, 110071, ANY, RETRY_AUTH, "D: kind of account"},
    {110072, 110072, ANY, RETRY_DONE, "D: client id doubled: the first one came"},
    {110074, 110074, ANY, RETRY_MARKET, "D: not live"},
    {110075, 110075, ANY, RETRY_DONE, "D: as it was"},
    {110079, 110079, ANY, RETRY_AMBIGUOUS, "D: being processed, try later"},
    {110080, 110080, ANY, RETRY_AUTH, "D: lending"},
    {110082, 110083, ANY, RETRY_INVALID, "D: reduce only cannot be lifted"},
    {110085, 110086, ANY, RETRY_FUNDS, "D: risk limit"},
    {110087, 110088, ANY, RETRY_AUTH, "D: lending"},
    {110089, 110090, ANY, RETRY_FUNDS, "D: risk limit, leverage tier"},
    {110092, 110094, ANY, RETRY_INVALID, "D: trigger against the market, value below minimum"},
    {110095, 110095, ANY, RETRY_MARKET, "D: auction"},
    {110098, 110098, ANY, RETRY_MARKET, "D: auction, good till cancelled only"},
    {110103, 110103, ANY, RETRY_MARKET, "D: post only only"},
    {110108, 110109, ANY, RETRY_INVALID, "D: slippage tolerance"},
    {110118, 110118, ANY, RETRY_MARKET, "D: no market price"},
    {110119, 110119, ANY, RETRY_AUTH, "D: for market makers only"},
    {110120, 110121, ANY, RETRY_INVALID, "D: price limits"},
    {110123, 110125, ANY, RETRY_AUTH, "D: terms, cooling-off"},
    {110131, 110131, ANY, RETRY_FUNDS, "D: loan to value"},
    {110132, 110132, ANY, RETRY_AUTH, "D: region"},
    {110135, 110136, ANY, RETRY_AUTH, "D: event futures"},
    {110137, 110137, ANY, RETRY_MARKET, "D: event window"},
    {30034, 30034, ANY, RETRY_RATE, "3P"},
    {30035, 30035, ANY, RETRY_RATE, "D: options, too frequent"},
    {30208, 30209, ANY, RETRY_INVALID, "D: price limits"},
    {30228, 30228, ANY, RETRY_MARKET, "D: delisting"},
    {30256, 30256, ANY, RETRY_FUNDS, "D: loan to value"},
    {34040, 34040, ANY, RETRY_DONE, "D: take profit and stop loss as they were"},
    {3400139, 3400139, ANY, RETRY_FUNDS, "D: risk limit"},

    /* ---- spot ---- */
    {170001, 170001, ANY, RETRY_AMBIGUOUS, "D: internal"},
    {170005, 170005, ANY, RETRY_RATE, "D: too many orders"},
    {170007, 170007, ANY, RETRY_AMBIGUOUS, "D: timeout"},
    {170032, 170032, ANY, RETRY_AMBIGUOUS, "D: network"},
    {170033, 170033, ANY, RETRY_FUNDS, "D"},
    {170035, 170035, ANY, RETRY_AMBIGUOUS, "D: submitted, in progress"},
    {170105, 170105, ANY, RETRY_INVALID, "D"},
    {170115, 170117, ANY, RETRY_INVALID, "D"},
    {170121, 170121, ANY, RETRY_INVALID, "D"},
    {170124, 170124, ANY, RETRY_INVALID, "D: amount too large"},
    {170130, 170130, ANY, RETRY_INVALID, "D"},
    {170131, 170131, ANY, RETRY_FUNDS, "D"},
    {170132, 170134, ANY, RETRY_INVALID, "D: price"},
    {170136, 170137, ANY, RETRY_INVALID, "D: quantity"},
    {170139, 170139, ANY, RETRY_DONE, "D: filled"},
    {170140, 170140, ANY, RETRY_INVALID, "D: value too low"},
    {170141, 170141, ANY, RETRY_DONE, "D: client id doubled: the first one came"},
    {170142, 170143, ANY, RETRY_DONE, "D: cancelled, not on the book"},
    {170144, 170144, ANY, RETRY_AMBIGUOUS, "D: locked; try later"},
    {170145, 170145, ANY, RETRY_INVALID, "D: cannot be cancelled"},
    {170146, 170147, ANY, RETRY_AMBIGUOUS, "D: create or cancel timed out"},
    {170148, 170148, ANY, RETRY_INVALID, "D: precision"},
    {170149, 170150, ANY, RETRY_AMBIGUOUS, "D: create or cancel failed"},
    {170151, 170151, ANY, RETRY_MARKET, "D: pair not open"},
    {170157, 170157, ANY, RETRY_MARKET, "D: pair not for the API"},
    {170159, 170159, ANY, RETRY_MARKET, "D: new listing"},
    {170190, 170190, ANY, RETRY_DONE, "D: cancelled"},
    {170191, 170191, ANY, RETRY_AMBIGUOUS, "D: cannot be cancelled now, try again"},
    {170192, 170194, ANY, RETRY_INVALID, "D: price band"},
    {170201, 170204, ANY, RETRY_INVALID, "D: parameters, price"},
    {170206, 170206, ANY, RETRY_MARKET, "D"},
    {170209, 170209, ANY, RETRY_AUTH, "D: region"},
    {170210, 170210, ANY, RETRY_INVALID, "D: rejected, no detail"},
    {170212, 170212, ANY, RETRY_AMBIGUOUS, "D: cancel in progress"},
    {170213, 170213, ANY, RETRY_DONE, "D: no such order: gone, perhaps filled"},
    {170213, 170213, READ, RETRY_AMBIGUOUS, "OWN: perhaps not visible yet"},
    {170213, 170213, CREATE, RETRY_AMBIGUOUS, "OWN: makes no sense for a create"},
    {170217, 170217, ANY, RETRY_MARKET, "D: post only only"},
    {170218, 170218, ANY, RETRY_INVALID, "D: post only would take"},
    {170222, 170222, ANY, RETRY_RATE, "D: too many requests"},
    {170224, 170224, ANY, RETRY_MARKET, "D: listing rules of the pair"},
    {170228, 170229, ANY, RETRY_FUNDS, "D"},
    {170234, 170234, ANY, RETRY_AMBIGUOUS, "D: system error"},
    {170241, 170241, ANY, RETRY_MARKET, "D: listing rules of the pair"},
    {170310, 170311, ANY, RETRY_AMBIGUOUS, "D: amend timed out or failed"},
    {170312, 170313, ANY, RETRY_INVALID, "D: cannot be amended, below the filled quantity"},
    {170341, 170341, ANY, RETRY_INVALID, "D: quantity"},
    {170344, 170344, ANY, RETRY_INVALID, "D: no margin trading on it"},
    {170346, 170346, ANY, RETRY_MARKET, "D: coin is no collateral"},
    {170348, 170348, ANY, RETRY_AUTH, "D: region"},
    {170358, 170359, ANY, RETRY_AUTH, "D: site"},
    {170371, 170372, ANY, RETRY_INVALID, "D: price band"},
    {170381, 170382, ANY, RETRY_INVALID, "D: quantity"},
    {170810, 170810, ANY, RETRY_MARKET, "D: 500 open orders"},

    /* ---- earn and transfers: 180xxx belong to another product elsewhere ---- */
    {130035, 130035, ANY, RETRY_RATE, "3P"},
    {130150, 130150, ANY, RETRY_RATE, "3P"},
    {131214, 131214, ANY, RETRY_DONE, "D: transfer id doubled: the first one came"},
    {131230, 131230, ANY, RETRY_AMBIGUOUS, "3P: transient"},
    {180001, 180002, EARN, RETRY_INVALID, "D: parameter, coin"},
    {180003, 180004, EARN, RETRY_AUTH, "D: user, site"},
    {180007, 180008, EARN, RETRY_MARKET, "D: product"},
    {180009, 180010, EARN, RETRY_AUTH, "D: identity"},
    {180012, 180015, EARN, RETRY_INVALID, "D: limits of shares"},
    {180016, 180016, EARN, RETRY_FUNDS, "D"},
    {180018, 180018, EARN, RETRY_AMBIGUOUS, "D: internal"},
    {180019, 180019, EARN, RETRY_INVALID, "D: no client id"},
    {180020, 180020, EARN, RETRY_DONE, "D: no such position"},
    {180022, 180022, EARN, RETRY_AUTH, "D: identity"},
    {180023, 180023, EARN, RETRY_MARKET, "D: maintenance"},
    {180025, 180025, EARN, RETRY_DONE, "D: order exists"},
    {180026, 180026, EARN, RETRY_MARKET, "D: rate lowered"},
    {180029, 180029, EARN, RETRY_MARKET, "D: cannot be redeemed now"},
    {180031, 180031, EARN, RETRY_DONE, "D: client id doubled: the first one came"},
};

static code_scope scope_of(bybit_route route)
{
    switch (route) {
    case BYBIT_ORDER_CREATE:
        return CREATE;
    case BYBIT_ORDER_AMEND:
    case BYBIT_ORDER_CANCEL:
    case BYBIT_ORDER_CANCEL_ALL:
    case BYBIT_SET_LEVERAGE:
        return WRITE;
    case BYBIT_EARN_PRODUCTS:
        return EARN;
    default:
        return READ;
    }
}

retry_class bybit_code_class(int64_t code, bybit_route route)
{
    retry_class class = RETRY_AMBIGUOUS;
    code_scope scope = scope_of(route);

    if (code == 0)
        return RETRY_OK;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        if (code >= rows[i].from && code <= rows[i].to &&
            (rows[i].scope == ANY || rows[i].scope == scope))
            class = rows[i].class;
    }
    return class;
}

retry_class bybit_http_class(int http_status)
{
    if (http_status >= 200 && http_status < 300)
        return RETRY_OK;
    if (http_status == 401)
        return RETRY_AUTH;
    if (http_status == 403)
        return RETRY_BAN;
    if (http_status == 429)
        return RETRY_RATE;
    if (http_status == 408 || http_status < 400 || http_status >= 500)
        return RETRY_AMBIGUOUS;
    return RETRY_INVALID;
}
