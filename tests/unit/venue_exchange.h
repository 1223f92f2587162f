/*
 * venue_exchange.h: a small exchange that answers a venue machine with texts.
 *
 * The exchange keeps orders, executions and a position; what it would answer and stream lies in
 * queues until the test delivers it, so that every order of events can be made.
 */
#ifndef VENUE_EXCHANGE_H
#define VENUE_EXCHANGE_H

#include "support.h"

#include <base/decimal.h>
#include <exchange/bybit.h>
#include <exchange/venue.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MS          BASE_NS_PER_MS
#define S           BASE_NS_PER_S
#define BEGIN_NS    (INT64_C(1790000000) * S)
#define SKEW_NS     (INT64_C(37) * MS) /* the exchange's clock before ours */
#define RUN         "run00001"
#define ORDERS_MAX  4096
#define EXECS_MAX   8192
#define PENDING_MAX 4096
#define TEXT_BYTES  8192

/* ---- the exchange ---- */

typedef struct ex_order {
    char client_id[64], order_id[64];
    bool buy;
    int64_t price, qty, filled; /* in ticks and lots */
    const char *status, *reject;
    int64_t updated_ms;
} ex_order;

typedef struct ex_exec {
    int order;
    char exec_id[64];
    int64_t price, qty, time_ms;
    bool funding;
} ex_exec;

typedef struct ex_request {
    uint64_t id;
    bool post;
    char url[1400], body[1100];
    int64_t sent_ns;
} ex_request;

typedef struct exchange {
    ex_order orders[ORDERS_MAX];
    int order_count;
    ex_exec execs[EXECS_MAX];
    int exec_count;
    int64_t position;
    ex_request pending[PENDING_MAX];
    int pending_count;
    char *frames[PENDING_MAX]; /* of the private stream, not yet delivered */
    int frame_count;
    bool silent;      /* streams nothing of what happens */
    int creates_seen; /* requests, doubled ones included */
    int page;         /* rows of a list's page */
    uint64_t public_socket, private_socket;
    bool private_up;
} exchange;

/* ---- the host ---- */

typedef struct host_order {
    uint64_t id;
    int64_t price, qty, filled;
    int64_t status; /* hean_order_status */
    int reason;
    bool ended;
    int tells, fills;
} host_order;

typedef struct fixture {
    venue *venue;
    int64_t now;
    exchange ex;
    host_order orders[ORDERS_MAX];
    int order_count;
    char execs[EXECS_MAX][VENUE_EXEC_ID_BYTES]; /* told */
    int exec_count;
    int64_t position, late_lots, foreign_lots;
    int differences, halts, late_fills, foreign_fills, foreign_orders, fundings, ready_count,
        logs[4];
    char last_difference[240], last_log[240], last_halt[240];
    hean_event market[PENDING_MAX];
    int market_count;
    int sends; /* socket messages */
    char last_send[1200];
    uint64_t opened[8];
    int opened_count, instruments, wallets;
    bool echo; /* print what happens */
    /* Connections: a topic that is refused, no answers at all, answers without their number. */
    const char *refused_topic;
    const char *instruments_text; /* in place of the usual two */
    bool mute, unnumbered, refuse_auth, keep_closed;
    int pings, auths, subscribes;
    size_t liquidations;
    bool may_fail, failed; /* memory runs out: nothing more is asked of the venue */
} fixture;

static inline int64_t ex_ms(const fixture *f)
{
    return (f->now + SKEW_NS) / MS;
}

static inline char *ex_price(int64_t ticks, char out[32])
{
    return decimal_format_units(ticks, (hean_decimal){1, -2}, out, 32);
}

static inline char *ex_qty(int64_t lots, char out[32])
{
    return decimal_format_units(lots, (hean_decimal){1, -1}, out, 32);
}

/* The value of "key":"value" or key=value. */
static inline void ex_field(const char *text, const char *key, char *out, size_t bytes)
{
    char json[48], query[48];
    (void)snprintf(json, sizeof json, "\"%s\":\"", key);
    (void)snprintf(query, sizeof query, "%s=", key);
    const char *at = strstr(text, json);
    size_t skip = strlen(json);
    *out = 0;
    if (at == NULL) {
        at = strstr(text, query);
        skip = strlen(query);
    }
    if (at == NULL)
        return;
    at += skip;
    size_t length = strcspn(at, "\"&");
    if (length >= bytes)
        length = bytes - 1;
    memcpy(out, at, length);
    out[length] = 0;
}

static inline int64_t ex_units(const char *text, hean_decimal step)
{
    hean_decimal value;
    int64_t units;
    assert_int_equal(decimal_parse(text, strlen(text), &value), HEAN_OK);
    assert_int_equal(decimal_to_units(value, step, &units), HEAN_OK);
    return units;
}

static inline ex_order *ex_find(fixture *f, const char *client_id)
{
    for (int i = 0; i < f->ex.order_count; i++)
        if (strcmp(f->ex.orders[i].client_id, client_id) == 0)
            return &f->ex.orders[i];
    return NULL;
}

static inline bool ex_open(const ex_order *order)
{
    return strcmp(order->status, "New") == 0 || strcmp(order->status, "PartiallyFilled") == 0;
}

static inline void ex_order_row(const ex_order *order, char *out, size_t bytes)
{
    char price[32], qty[32], filled[32];
    (void)snprintf(out, bytes,
                   "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\",\"orderId\":\"%s\","
                   "\"orderLinkId\":\"%s\",\"side\":\"%s\",\"orderStatus\":\"%s\","
                   "\"rejectReason\":\"%s\",\"cancelType\":\"UNKNOWN\",\"orderType\":\"Limit\","
                   "\"timeInForce\":\"GTC\",\"reduceOnly\":false,\"price\":\"%s\",\"qty\":\"%s\","
                   "\"cumExecQty\":\"%s\",\"triggerPrice\":\"\",\"createdTime\":\"1790000000000\","
                   "\"updatedTime\":\"%lld\"}",
                   order->order_id, order->client_id, order->buy ? "Buy" : "Sell", order->status,
                   order->reject, ex_price(order->price, price), ex_qty(order->qty, qty),
                   ex_qty(order->filled, filled), (long long)order->updated_ms);
}

static inline void ex_exec_row(const fixture *f, const ex_exec *exec, char *out, size_t bytes)
{
    static const ex_order none = {.client_id = "", .order_id = "fund", .buy = true};
    const ex_order *order = exec->funding ? &none : &f->ex.orders[exec->order];
    char price[32], qty[32];
    (void)snprintf(out, bytes,
                   "{\"category\":\"linear\",\"symbol\":\"SOLUSDT\",\"orderId\":\"%s\","
                   "\"orderLinkId\":\"%s\",\"side\":\"%s\",\"execId\":\"%s\",\"execPrice\":\"%s\","
                   "\"execQty\":\"%s\",\"execType\":\"%s\",\"execValue\":\"100\","
                   "\"execFee\":\"0.01\",\"feeCurrency\":\"USDT\",\"feeRate\":\"0.0001\","
                   "\"execPnl\":\"0\",\"isMaker\":true,\"execTime\":\"%lld\"}",
                   order->order_id, order->client_id, order->buy ? "Buy" : "Sell", exec->exec_id,
                   ex_price(exec->price, price), ex_qty(exec->qty, qty),
                   exec->funding ? "Funding" : "Trade", (long long)exec->time_ms);
}

static inline void ex_stream(fixture *f, const char *topic, const char *row)
{
    if (f->ex.silent || !f->ex.private_up || f->ex.frame_count == PENDING_MAX)
        return;
    size_t bytes = strlen(row) + 200;
    char *frame = malloc(bytes);
    (void)snprintf(frame, bytes,
                   "{\"id\":\"x\",\"topic\":\"%s\",\"creationTime\":%lld,\"data\":[%s]}", topic,
                   (long long)ex_ms(f), row);
    f->ex.frames[f->ex.frame_count++] = frame;
}

static inline void ex_stream_order(fixture *f, ex_order *order)
{
    char row[1200];
    order->updated_ms = ex_ms(f);
    ex_order_row(order, row, sizeof row);
    ex_stream(f, "order", row);
}

static inline ex_order *ex_make(fixture *f, const char *client_id, bool buy, int64_t price,
                                int64_t qty)
{
    assert_true(f->ex.order_count < ORDERS_MAX);
    ex_order *order = &f->ex.orders[f->ex.order_count++];
    memset(order, 0, sizeof *order);
    (void)snprintf(order->client_id, sizeof order->client_id, "%s", client_id);
    (void)snprintf(order->order_id, sizeof order->order_id, "ex-%d", f->ex.order_count);
    order->buy = buy;
    order->price = price;
    order->qty = qty;
    order->status = "New";
    order->reject = "EC_NoError";
    ex_stream_order(f, order);
    return order;
}

static inline void ex_fill(fixture *f, ex_order *order, int64_t qty)
{
    char row[1200];
    assert_true(f->ex.exec_count < EXECS_MAX && qty > 0 && qty <= order->qty - order->filled);
    ex_exec *exec = &f->ex.execs[f->ex.exec_count++];
    memset(exec, 0, sizeof *exec);
    exec->order = (int)(order - f->ex.orders);
    (void)snprintf(exec->exec_id, sizeof exec->exec_id, "exec-%d", f->ex.exec_count);
    exec->price = order->price;
    exec->qty = qty;
    exec->time_ms = ex_ms(f);
    order->filled += qty;
    f->ex.position += order->buy ? qty : -qty;
    order->status = order->filled == order->qty ? "Filled" : "PartiallyFilled";
    ex_exec_row(f, exec, row, sizeof row);
    ex_stream(f, "execution", row);
    ex_stream_order(f, order);
}

static inline void ex_end(fixture *f, ex_order *order, const char *status, const char *reject)
{
    order->status = status;
    order->reject = reject;
    ex_stream_order(f, order);
}

/* ---- the exchange acts upon a request: the code, and for 0 the result ---- */

#define EX_KEY                                                                                     \
    "{\"readOnly\":0,\"permissions\":{\"ContractTrade\":[\"Order\",\"Position\"],\"Spot\":[],"     \
    "\"Wallet\":[]},\"ips\":[\"*\"],\"deadlineDay\":80,\"expiredAt\":\"\",\"vipLevel\":\"No "      \
    "VIP\","                                                                                       \
    "\"uta\":1,\"userID\":7,\"isMaster\":true}"
#define EX_INSTRUMENTS                                                                             \
    "{\"category\":\"linear\",\"nextPageCursor\":\"\",\"list\":[{\"symbol\":\"OTHERUSDT\","        \
    "\"contractType\":\"LinearPerpetual\",\"status\":\"Trading\",\"baseCoin\":\"OTHER\","          \
    "\"quoteCoin\":\"USDT\",\"settleCoin\":\"USDT\",\"priceFilter\":{\"minPrice\":\"0.01\","       \
    "\"maxPrice\":\"9999.99\",\"tickSize\":\"0.01\"},\"lotSizeFilter\":{\"maxOrderQty\":\"4100\"," \
    "\"minOrderQty\":\"0.1\",\"qtyStep\":\"0.1\",\"minNotionalValue\":\"5\"},"                     \
    "\"fundingInterval\":480},{\"symbol\":\"SOLUSDT\",\"contractType\":\"LinearPerpetual\","       \
    "\"status\":\"Trading\",\"baseCoin\":\"SOL\",\"quoteCoin\":\"USDT\",\"settleCoin\":\"USDT\","  \
    "\"priceFilter\":{\"minPrice\":\"0.01\",\"maxPrice\":\"9999.99\",\"tickSize\":\"0.01\"},"      \
    "\"lotSizeFilter\":{\"maxOrderQty\":\"4100\",\"minOrderQty\":\"0.1\",\"qtyStep\":\"0.1\","     \
    "\"minNotionalValue\":\"5\"},\"fundingInterval\":480}]}"

static inline int ex_create(fixture *f, const ex_request *request, char *out, size_t bytes)
{
    char id[64], side[16], price[32], qty[32];
    ex_field(request->body, "orderLinkId", id, sizeof id);
    ex_field(request->body, "side", side, sizeof side);
    ex_field(request->body, "price", price, sizeof price);
    ex_field(request->body, "qty", qty, sizeof qty);
    f->ex.creates_seen++;
    if (ex_find(f, id) != NULL)
        return 110072;
    const ex_order *order = ex_make(f, id, strcmp(side, "Buy") == 0,
                                    price[0] != 0 ? ex_units(price, (hean_decimal){1, -2}) : 10000,
                                    ex_units(qty, (hean_decimal){1, -1}));
    (void)snprintf(out, bytes, "{\"orderId\":\"%s\",\"orderLinkId\":\"%s\"}", order->order_id, id);
    return 0;
}

static inline int ex_change(fixture *f, const ex_request *request, char *out, size_t bytes)
{
    char id[64], price[32], qty[32];
    ex_field(request->body, "orderLinkId", id, sizeof id);
    ex_field(request->body, "price", price, sizeof price);
    ex_field(request->body, "qty", qty, sizeof qty);
    ex_order *order = ex_find(f, id);
    if (order == NULL || !ex_open(order))
        return 110001;
    (void)snprintf(out, bytes, "{\"orderId\":\"%s\",\"orderLinkId\":\"%s\"}", order->order_id, id);
    if (strstr(request->url, "/v5/order/cancel") != NULL) {
        ex_end(f, order, "Cancelled", "EC_PerCancelRequest");
        return 0;
    }
    if (qty[0] != 0 && ex_units(qty, (hean_decimal){1, -1}) <= order->filled)
        return 110064;
    if (price[0] != 0)
        order->price = ex_units(price, (hean_decimal){1, -2});
    if (qty[0] != 0)
        order->qty = ex_units(qty, (hean_decimal){1, -1});
    ex_stream_order(f, order);
    return 0;
}

static inline void ex_list_orders(fixture *f, const ex_request *request, char *out, size_t bytes)
{
    char id[64], cursor[64], row[1200], open_only[8];
    int shown = 0, at = f->ex.order_count - 1;
    ex_field(request->url, "orderLinkId", id, sizeof id);
    ex_field(request->url, "cursor", cursor, sizeof cursor);
    ex_field(request->url, "openOnly", open_only, sizeof open_only);
    bool all = open_only[0] == '1' || strstr(request->url, "history") != NULL;
    if (cursor[0] != 0)
        at = atoi(cursor);
    size_t used = (size_t)snprintf(out, bytes, "{\"category\":\"linear\",\"list\":[");
    for (; at >= 0 && shown < f->ex.page; at--) {
        const ex_order *order = &f->ex.orders[at];
        if ((id[0] != 0 && strcmp(order->client_id, id) != 0) || (!all && !ex_open(order)))
            continue;
        ex_order_row(order, row, sizeof row);
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", shown++ > 0 ? "," : "", row);
    }
    if (at >= 0)
        (void)snprintf(cursor, sizeof cursor, "%d", at);
    (void)snprintf(out + used, bytes - used, "],\"nextPageCursor\":\"%s\"}", at >= 0 ? cursor : "");
}

static inline void ex_list_execs(fixture *f, const ex_request *request, char *out, size_t bytes)
{
    char id[64], cursor[64], row[1200], start[32], end[32];
    int shown = 0, at = f->ex.exec_count - 1;
    ex_field(request->url, "orderLinkId", id, sizeof id);
    ex_field(request->url, "cursor", cursor, sizeof cursor);
    ex_field(request->url, "startTime", start, sizeof start);
    ex_field(request->url, "endTime", end, sizeof end);
    if (cursor[0] != 0)
        at = atoi(cursor);
    size_t used = (size_t)snprintf(out, bytes, "{\"category\":\"linear\",\"list\":[");
    for (; at >= 0 && shown < f->ex.page; at--) {
        const ex_exec *exec = &f->ex.execs[at];
        if ((id[0] != 0 &&
             (exec->funding || strcmp(f->ex.orders[exec->order].client_id, id) != 0)) ||
            (id[0] == 0 && start[0] != 0 && exec->time_ms < atoll(start)) ||
            (id[0] == 0 && end[0] != 0 && exec->time_ms > atoll(end)))
            continue;
        ex_exec_row(f, exec, row, sizeof row);
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", shown++ > 0 ? "," : "", row);
    }
    if (at >= 0)
        (void)snprintf(cursor, sizeof cursor, "%d", at);
    (void)snprintf(out + used, bytes - used, "],\"nextPageCursor\":\"%s\"}", at >= 0 ? cursor : "");
}

static inline int ex_act(fixture *f, const ex_request *request, char *out, size_t bytes)
{
    const char *url = request->url;
    char text[32];
    (void)snprintf(out, bytes, "{}");
    if (strstr(url, "/v5/market/time") != NULL)
        (void)snprintf(out, bytes, "{\"timeSecond\":\"%lld\",\"timeNano\":\"%lld\"}",
                       (long long)(ex_ms(f) / 1000), (long long)(f->now + SKEW_NS));
    else if (strstr(url, "query-api") != NULL)
        (void)snprintf(out, bytes, "%s", EX_KEY);
    else if (strstr(url, "instruments-info") != NULL)
        (void)snprintf(out, bytes, "%s",
                       f->instruments_text != NULL ? f->instruments_text : EX_INSTRUMENTS);
    else if (strstr(url, "fee-rate") != NULL)
        (void)snprintf(out, bytes,
                       "{\"list\":[{\"symbol\":\"SOLUSDT\",\"takerFeeRate\":\"0.0005\","
                       "\"makerFeeRate\":\"-0.0001\"}]}");
    else if (strstr(url, "order/create") != NULL)
        return ex_create(f, request, out, bytes);
    else if (strstr(url, "order/amend") != NULL || strstr(url, "order/cancel") != NULL)
        return ex_change(f, request, out, bytes);
    else if (strstr(url, "order/realtime") != NULL || strstr(url, "order/history") != NULL)
        ex_list_orders(f, request, out, bytes);
    else if (strstr(url, "execution/list") != NULL)
        ex_list_execs(f, request, out, bytes);
    else if (strstr(url, "position/list") != NULL)
        (void)snprintf(
            out, bytes,
            "{\"category\":\"linear\",\"nextPageCursor\":\"\",\"list\":[{\"positionIdx\":0,"
            "\"symbol\":\"SOLUSDT\",\"side\":\"%s\",\"size\":\"%s\",\"avgPrice\":\"100\","
            "\"positionValue\":\"100\",\"leverage\":\"10\",\"unrealisedPnl\":\"0\","
            "\"updatedTime\":\"%lld\"}]}",
            f->ex.position > 0   ? "Buy"
            : f->ex.position < 0 ? "Sell"
                                 : "",
            ex_qty(llabs(f->ex.position), text), (long long)ex_ms(f));
    else if (strstr(url, "wallet-balance") != NULL)
        (void)snprintf(out, bytes,
                       "{\"list\":[{\"accountType\":\"UNIFIED\",\"coin\":[{\"coin\":\"USDT\","
                       "\"equity\":\"1000\",\"walletBalance\":\"1000\",\"unrealisedPnl\":\"0\","
                       "\"locked\":\"0\"}]}]}");
    else
        fail_msg("the exchange does not know %s", url);
    return 0;
}

#endif
