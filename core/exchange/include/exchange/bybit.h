/*
 * bybit.h: the words of Bybit v5: requests built and signed, answers and frames decoded. Pure
 * functions over bytes; what to do with them is venue.h's business.
 *
 * Every decoder is strict where money is concerned (numbers exact, wrong types refused, doubled
 * keys refused) and lenient where the venue is known to change (unknown keys and unknown enum
 * texts are fine). Nothing is written to an output unless the whole message was understood.
 * Numbers arrive as text and become integers: prices in ticks and quantities in lots of the
 * instrument where it is given, money in e8, rates in e12. "" and null where a number may be
 * missing are 0 (or `given` false).
 * Source of shapes: the fact sheet of Bybit v5; every code's class with its reason in codes.c.
 */
#ifndef EXCHANGE_BYBIT_H
#define EXCHANGE_BYBIT_H

#include <base/hash.h>
#include <exchange/limiter.h>
#include <exchange/retry.h>
#include <exchange/venue.h>

/* ---- signing ---- */

#define BYBIT_SIGNATURE_BYTES 65

/* HMAC-SHA256 over timestamp + key + window + payload, lower-case hex. `payload` is the query
 * without '?' or the body, exactly as sent. */
void bybit_sign(const char *api_key, const char *api_secret, int64_t timestamp_ms,
                int64_t recv_window_ms, const char *payload, size_t payload_bytes,
                char out[BYBIT_SIGNATURE_BYTES]);
/* Over "GET/realtime" + expires. */
void bybit_sign_socket(const char *api_secret, int64_t expires_ms, char out[BYBIT_SIGNATURE_BYTES]);

/* ---- routes: what can be asked, its method, path, bucket and priority: one table ---- */

#define BYBIT_ROUTE_MAP(X)                                                                         \
    X(BYBIT_TIME, "GET", "/v5/market/time")                                                        \
    X(BYBIT_INSTRUMENTS, "GET", "/v5/market/instruments-info")                                     \
    X(BYBIT_TICKERS, "GET", "/v5/market/tickers")                                                  \
    X(BYBIT_ORDERBOOK, "GET", "/v5/market/orderbook")                                              \
    X(BYBIT_KLINE, "GET", "/v5/market/kline")                                                      \
    X(BYBIT_RECENT_TRADES, "GET", "/v5/market/recent-trade")                                       \
    X(BYBIT_FUNDING_HISTORY, "GET", "/v5/market/funding/history")                                  \
    X(BYBIT_FEE_RATE, "GET", "/v5/account/fee-rate")                                               \
    X(BYBIT_ACCOUNT_INFO, "GET", "/v5/account/info")                                               \
    X(BYBIT_WALLET, "GET", "/v5/account/wallet-balance")                                           \
    X(BYBIT_TRANSACTION_LOG, "GET", "/v5/account/transaction-log")                                 \
    X(BYBIT_POSITIONS, "GET", "/v5/position/list")                                                 \
    X(BYBIT_SET_LEVERAGE, "POST", "/v5/position/set-leverage")                                     \
    X(BYBIT_ORDER_CREATE, "POST", "/v5/order/create")                                              \
    X(BYBIT_ORDER_AMEND, "POST", "/v5/order/amend")                                                \
    X(BYBIT_ORDER_CANCEL, "POST", "/v5/order/cancel")                                              \
    X(BYBIT_ORDER_CANCEL_ALL, "POST", "/v5/order/cancel-all")                                      \
    X(BYBIT_ORDERS_OPEN, "GET", "/v5/order/realtime")                                              \
    X(BYBIT_ORDER_HISTORY, "GET", "/v5/order/history")                                             \
    X(BYBIT_EXECUTIONS, "GET", "/v5/execution/list")                                               \
    X(BYBIT_EARN_PRODUCTS, "GET", "/v5/earn/product")                                              \
    X(BYBIT_API_KEY_INFO, "GET", "/v5/user/query-api")

typedef enum bybit_route {
#define BYBIT_ROUTE_ENUM(name, method, path) name,
    BYBIT_ROUTE_MAP(BYBIT_ROUTE_ENUM)
#undef BYBIT_ROUTE_ENUM
        BYBIT_ROUTE_COUNT
} bybit_route;

typedef struct bybit_route_info {
    const char *method, *path;
    bool is_private;
    limiter_priority priority;
    int32_t per_second[3]; /* by venue_category: the documented default quota; 0: IP limit only */
} bybit_route_info;
const bybit_route_info *bybit_route_get(bybit_route route);
/* "linear", "spot", "inverse". */
const char *bybit_category_text(venue_category category);

/* ---- building ---- */

/* A request before it is signed: the query (GET) or the JSON body (POST), and nothing else. */
typedef struct bybit_request {
    bybit_route route;
    char payload[1024];
    size_t payload_bytes;
} bybit_request;

/* Empties a request and sets its route. */
void bybit_request_init(bybit_request *request, bybit_route route);
/* Appends "key=value" to the query of a GET, percent-encoded but for the value of "cursor", which
 * the venue gave already encoded. HEAN_E_LIMIT: too long; HEAN_E_INVALID: a cursor with bytes that
 * cannot stand in a query. */
hean_status bybit_query_add(bybit_request *request, const char *key,
                            const char *value) HEAN_WARN_UNUSED;
/* Bodies of order requests, from an intent. `instrument` gives symbol and decimals; prices and
 * quantities are written out exactly, without an exponent. A stop is triggered by the last price.
 * HEAN_E_INVALID: what the venue could not take (the message names the field). */
hean_status bybit_order_create(venue_category category, const market_instrument *instrument,
                               const char *client_id, const hean_intent *intent, bybit_request *out,
                               hean_error *error) HEAN_WARN_UNUSED;
hean_status bybit_order_amend(venue_category category, const market_instrument *instrument,
                              const char *client_id, const hean_intent *intent, bybit_request *out,
                              hean_error *error) HEAN_WARN_UNUSED;
hean_status bybit_order_cancel(venue_category category, const market_instrument *instrument,
                               const char *client_id, bybit_request *out,
                               hean_error *error) HEAN_WARN_UNUSED;
/* Cancels the active orders of one symbol, whoever made them, but not conditional ones, take
 * profits and stop losses. */
hean_status bybit_order_cancel_all(venue_category category, const char *symbol, bybit_request *out,
                                   hean_error *error) HEAN_WARN_UNUSED;
/* One-way: the same leverage for both sides. */
hean_status bybit_leverage_set(venue_category category, const char *symbol, int64_t leverage_e8,
                               bybit_request *out, hean_error *error) HEAN_WARN_UNUSED;

/* Signs and lays out: `url` and `headers` ("Name: value\n" lines) are appended to the buffers
 * (terminated); the body of a POST is the payload. NULL key: no signature; public routes never have
 * one. HEAN_E_INVALID: a key that cannot stand in a header. */
#define BYBIT_KEY_BYTES_MAX 128
hean_status bybit_seal(const bybit_request *request, const char *rest_url, const char *api_key,
                       const char *api_secret, int64_t timestamp_ms, int64_t recv_window_ms,
                       base_buffer *url, base_buffer *headers) HEAN_WARN_UNUSED;

/* Frames to send. */
hean_status bybit_frame_auth(const char *api_key, const char *api_secret, int64_t expires_ms,
                             base_buffer *out) HEAN_WARN_UNUSED;
hean_status bybit_frame_subscribe(const char *request_id, bool subscribe, const char *const *topics,
                                  size_t count, base_buffer *out) HEAN_WARN_UNUSED;
hean_status bybit_frame_ping(const char *request_id, base_buffer *out) HEAN_WARN_UNUSED;

/* ---- answers ---- */

typedef struct bybit_answer {
    retry_class class;
    int64_t code;    /* retCode; 0 where the body was not JSON */
    char text[160];  /* for people: code, HTTP status and the venue's words, cleaned */
    int64_t time_ms; /* the venue's, 0: not said */
    int64_t limit, remaining, reset_ms; /* rate headers, -1: not said */
    int64_t retry_after_ns;             /* -1: not said */
} bybit_answer;

/* Reads outcome, HTTP status, headers and envelope: what class of outcome is it. Never fails: what
 * cannot be read is AMBIGUOUS. */
void bybit_read_answer(bybit_route route, const wire_response *response, bybit_answer *out);
/* The class of one code. */
retry_class bybit_code_class(int64_t code, bybit_route route);
/* The class of an answer without a code that can be read. A 403 is the ban of an IP until its body
 * says otherwise. */
retry_class bybit_http_class(int http_status);

/* Which instruments are known. Rows of orders, executions and positions of other symbols, or of
 * another category (spot and linear share symbols), are given with the index -1 and 0 for all that
 * is counted in ticks and lots; market data of other symbols is left out. */
typedef struct bybit_symbols {
    int (*find)(void *context, const char *symbol, size_t bytes); /* -1: not known */
    const market_instrument *(*instrument)(void *context, int index);
    void *context;
    venue_category category;
} bybit_symbols;

/* Bodies of answers whose class is OK. Rows are given one by one, once the whole body was
 * understood; a callback's failure ends the reading and is returned. `cursor` (may be NULL) gets
 * the next page's, or "". `symbols` may be NULL for instruments, coins, the log, earn and fees. */

#define BYBIT_CURSOR_BYTES 512

typedef struct bybit_instrument {
    hean_instrument spec; /* fees 0; steps 0 where the venue's filters are not understood */
    char status[24], settle_coin[VENUE_COIN_BYTES], base_coin[VENUE_COIN_BYTES];
    int64_t funding_interval_ns; /* 0: none */
} bybit_instrument;

/* An order as the venue has it; REST and stream. */
typedef struct bybit_order {
    int index; /* of the symbol; -1: unknown */
    char symbol[HEAN_SYMBOL_BYTES];
    char order_id[VENUE_EXEC_ID_BYTES], client_id[VENUE_EXEC_ID_BYTES];
    hean_side side;
    hean_order_status status; /* UNKNOWN for a text that is not known */
    hean_reason reason;       /* of an end */
    char reject[48];          /* the venue's word for it */
    bool reduce_only;
    int64_t price_ticks; /* 0 for market orders */
    int64_t qty_lots;    /* 0 where it is an amount of money (spot market orders made by hand) */
    int64_t filled_lots, trigger_ticks;
    int64_t created_ns, updated_ns;
} bybit_order;

typedef enum bybit_exec_kind {
    BYBIT_EXEC_TRADE,
    BYBIT_EXEC_FUNDING,
    BYBIT_EXEC_OTHER
} bybit_exec_kind;

typedef struct bybit_execution {
    int index;
    char symbol[HEAN_SYMBOL_BYTES];
    bybit_exec_kind kind; /* forced trades (liquidation, ADL, delivery) are TRADE with `forced` */
    bool forced;
    char exec_id[VENUE_EXEC_ID_BYTES], order_id[VENUE_EXEC_ID_BYTES],
        client_id[VENUE_EXEC_ID_BYTES];
    char fee_coin[VENUE_COIN_BYTES];
    hean_side side;
    bool maker;
    int64_t price_ticks, qty_lots; /* the price of what is not a trade on the book is rounded */
    int64_t value_e8;
    int64_t fee_e8;      /* paid positive; FUNDING: paid positive too */
    int64_t realized_e8; /* execPnl; 0 where it is not said */
    int64_t rate_e12;
    int64_t time_ns;
} bybit_execution;

typedef struct bybit_position {
    int index;
    char symbol[HEAN_SYMBOL_BYTES];
    int64_t qty_lots; /* signed */
    int64_t entry_price_e8, value_e8, unrealized_e8, leverage_e8;
    int32_t position_idx;
    int64_t updated_ns;
} bybit_position;

typedef struct bybit_coin {
    char coin[VENUE_COIN_BYTES];
    int64_t wallet_e8, equity_e8, unrealized_e8, locked_e8;
} bybit_coin;

typedef struct bybit_log_row {
    char id[VENUE_EXEC_ID_BYTES], trade_id[VENUE_EXEC_ID_BYTES], symbol[HEAN_SYMBOL_BYTES];
    char type[40], currency[VENUE_COIN_BYTES];
    int64_t time_ns, funding_e8, fee_e8, cash_flow_e8, change_e8, balance_e8;
} bybit_log_row;

typedef struct bybit_ticker {
    int index;
    int64_t last_ticks, mark_e8, index_e8, bid_ticks, bid_lots, ask_ticks, ask_lots;
    int64_t funding_rate_e12, next_funding_ns, funding_interval_ns, open_interest_lots;
} bybit_ticker;

typedef struct bybit_earn_product {
    char product_id[32], coin[VENUE_COIN_BYTES], status[24];
    int64_t apr_e12, min_stake_e8, max_stake_e8;
    int64_t term_days;
} bybit_earn_product;

typedef struct bybit_fee {
    char symbol[HEAN_SYMBOL_BYTES];
    int64_t maker_fee_e8, taker_fee_e8;
} bybit_fee;

/* One reader per kind of row: bybit_read_orders(body, bytes, symbols, each, context, cursor,
 * error) and so on. HEAN_E_PARSE, HEAN_E_INVALID: the message names the row and the field. */
#define BYBIT_READER(name, row_type)                                                               \
    typedef hean_status (*bybit_##name##_fn)(void *context, const row_type *row,                   \
                                             hean_error *error);                                   \
    hean_status bybit_read_##name(                                                                 \
        const char *body, size_t bytes, const bybit_symbols *symbols, bybit_##name##_fn each,      \
        void *context, char cursor[BYBIT_CURSOR_BYTES], hean_error *error) HEAN_WARN_UNUSED;
BYBIT_READER(instruments, bybit_instrument)
BYBIT_READER(orders, bybit_order)
BYBIT_READER(executions, bybit_execution)
BYBIT_READER(positions, bybit_position)
BYBIT_READER(coins, bybit_coin)
BYBIT_READER(log, bybit_log_row)
BYBIT_READER(tickers, bybit_ticker)
BYBIT_READER(earn_products, bybit_earn_product)
BYBIT_READER(fees, bybit_fee)
/* Market data by REST, as engine events, oldest first. */
BYBIT_READER(klines, hean_event)
BYBIT_READER(recent_trades, hean_event)
BYBIT_READER(funding_history, hean_event)
BYBIT_READER(orderbook, hean_event)
#undef BYBIT_READER

hean_status bybit_read_time(const char *body, size_t bytes, int64_t *time_ns,
                            hean_error *error) HEAN_WARN_UNUSED;
/* Answer of create, amend, cancel. */
hean_status bybit_read_order_ack(const char *body, size_t bytes, char order_id[VENUE_EXEC_ID_BYTES],
                                 char client_id[VENUE_EXEC_ID_BYTES],
                                 hean_error *error) HEAN_WARN_UNUSED;

typedef struct bybit_key_info {
    bool read_only, can_trade, can_withdraw;
    int64_t expires_ns; /* 0: never */
    char ips[160], permissions[240];
    int64_t deadline_days;
} bybit_key_info;
hean_status bybit_read_key_info(const char *body, size_t bytes, bybit_key_info *out,
                                hean_error *error) HEAN_WARN_UNUSED;

typedef struct bybit_account_info {
    int64_t unified_status; /* 1 classic, 3 to 6 unified */
    char margin_mode[24];   /* "ISOLATED_MARGIN", "REGULAR_MARGIN" (cross), "PORTFOLIO_MARGIN" */
} bybit_account_info;
hean_status bybit_read_account_info(const char *body, size_t bytes, bybit_account_info *out,
                                    hean_error *error) HEAN_WARN_UNUSED;

/* ---- frames ---- */

typedef enum bybit_frame_kind {
    BYBIT_FRAME_CONTROL, /* answer to auth, subscribe, ping */
    BYBIT_FRAME_BOOK,
    BYBIT_FRAME_TRADES,
    BYBIT_FRAME_TICKER,
    BYBIT_FRAME_KLINE,
    BYBIT_FRAME_LIQUIDATION,
    BYBIT_FRAME_ORDER,
    BYBIT_FRAME_EXECUTION,
    BYBIT_FRAME_POSITION,
    BYBIT_FRAME_WALLET,
    BYBIT_FRAME_OTHER /* a topic that is not known: ignored, counted */
} bybit_frame_kind;

typedef struct bybit_control {
    char op[24], request_id[40], text[160];
    bool success, pong;
} bybit_control;

/* What a public frame does to one instrument, before it becomes events: the decoder keeps no state,
 * so that gaps and merging are decided in one place (venue). */
typedef struct bybit_book_head {
    int index;
    int32_t depth;
    bool snapshot; /* or u == 1 */
    int64_t update_id, sequence, exch_ns, sent_ns;
} bybit_book_head;

/* Partial: a ticker delta has only what changed. Bits say which fields were there; a field that is
 * there and 0 has no value now. Price and size of a side may come apart. */
typedef struct bybit_ticker_delta {
    bool snapshot;
    uint32_t fields;
    bybit_ticker ticker;
    int64_t sent_ns;
} bybit_ticker_delta;
#define BYBIT_TICKER_LAST     0x001u
#define BYBIT_TICKER_MARK     0x002u
#define BYBIT_TICKER_INDEX    0x004u
#define BYBIT_TICKER_BID      0x008u /* the price */
#define BYBIT_TICKER_ASK      0x010u
#define BYBIT_TICKER_RATE     0x020u
#define BYBIT_TICKER_NEXT     0x040u
#define BYBIT_TICKER_OPEN     0x080u
#define BYBIT_TICKER_BID_SIZE 0x100u
#define BYBIT_TICKER_ASK_SIZE 0x200u
#define BYBIT_TICKER_INTERVAL 0x400u

typedef struct bybit_frame_sink {
    void *context;
    void (*control)(void *context, const bybit_control *control);
    /* `events` are BOOK levels (flags as hean.h says, local_ns as given) of one message; a delta
     * without levels has none. */
    hean_status (*book)(void *context, const bybit_book_head *head, const hean_event *events,
                        size_t count);
    /* TRADE (but for block trades, which do not meet the book) and BAR events (only confirmed
     * bars), and liquidations as TRADE events by their own call; the side is that of the taker who
     * ends the position. No event's exch_ns is after its local_ns. */
    hean_status (*market)(void *context, const hean_event *events, size_t count);
    hean_status (*liquidations)(void *context, const hean_event *events, size_t count);
    hean_status (*ticker)(void *context, const bybit_ticker_delta *delta);
    hean_status (*order)(void *context, const bybit_order *order);
    hean_status (*execution)(void *context, const bybit_execution *execution);
    hean_status (*position)(void *context, const bybit_position *position);
    hean_status (*coin)(void *context, const bybit_coin *coin);
} bybit_frame_sink;

/* Scratch memory that grows to the largest frame and is used again: no allocation per frame. */
typedef struct bybit_decoder bybit_decoder;
hean_status bybit_decoder_open(const hean_allocator *allocator, const bybit_symbols *symbols,
                               bybit_decoder **out) HEAN_WARN_UNUSED;
void bybit_decoder_close(bybit_decoder *decoder);
/* Decodes one text message and calls the sink, once the whole of it was understood.
 * HEAN_E_PARSE, HEAN_E_INVALID, HEAN_E_RANGE, HEAN_E_LIMIT (too long, too deep, too many rows):
 * what and where; nothing was called, and `kind` is untouched. A failure of the sink is returned as
 * it is. Functions of the sink may be NULL. */
hean_status bybit_decode(bybit_decoder *decoder, const char *text, size_t bytes, int64_t local_ns,
                         const bybit_frame_sink *sink, bybit_frame_kind *kind,
                         hean_error *error) HEAN_WARN_UNUSED;

#endif
