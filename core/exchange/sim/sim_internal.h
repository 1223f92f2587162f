/*
 * sim_internal.h: what the files of the simulated venue share. See exchange/sim.h for what it does.
 *
 *   sim.c           opening, the loop of time
 *   sim_output.c    what leaves, and the faults on its way
 *   sim_market.c    the market comes in: books, trades, bars, marks
 *   sim_topic.c     public frames; sim_socket.c: what clients say on sockets
 *   sim_http.c      requests: signatures, limits, routes; sim_param.c: their parameters
 *   sim_public.c    answers about the market; sim_query.c: about orders and the account
 *   sim_order.c     orders in; sim_check.c: which are refused at once
 *   sim_account.c   executions, positions, wallet, the log of money
 *   sim_write.c     rows as JSON, the same by REST and by stream
 *   sim_admin.c     faults by request
 */
#ifndef EXCHANGE_SIM_INTERNAL_H
#define EXCHANGE_SIM_INTERNAL_H

#include <base/decimal.h>
#include <base/random.h>
#include <engine/paper.h>
#include <engine/portfolio.h>
#include <exchange/sim.h>
#include <market/book.h>
#include <market/sim.h>

#include <jansson.h>
#include <string.h>

#define SIM_ID_BYTES    37
#define SIM_COIN_BYTES  20
#define SIM_COINS_MAX   128
#define SIM_NONE        UINT32_MAX
#define SIM_TRADES_MAX  1000 /* that recent-trade can tell */
#define SIM_SKEW_NS_MAX (3600 * BASE_NS_PER_S)
#define SIM_MINUTE_NS   (60 * BASE_NS_PER_S)

/* ---- growing arrays ---- */
typedef struct sim_list {
    void *items;
    size_t count, capacity;
} sim_list;
/* Room for one more, zeroed; NULL: no memory. */
void *sim_list_add(const hean_allocator *allocator, sim_list *list, size_t item_bytes);
#define SIM_AT(list, type, index) (&((type *)(list)->items)[index])

/* Texts to orders: open addressing over FNV-1a; nothing is ever taken out. */
typedef struct sim_map {
    uint32_t *slots; /* order + 1; 0: free */
    size_t capacity, count;
} sim_map;

/* ---- output ---- */
typedef struct sim_blob {
    uint32_t references;
    size_t bytes;
    char data[]; /* terminated */
} sim_blob;

typedef struct sim_pending {
    sim_output_kind kind;
    int http_status;
    uint64_t id;
    int64_t at_ns;
    sim_blob *headers, *body;
} sim_pending;

/* ---- the market ---- */
typedef struct sim_trade {
    int64_t price_ticks, qty_lots, time_ns, seq;
    uint64_t number;
    uint8_t side, direction;
} sim_trade;

typedef struct sim_bar {
    int64_t start_ns;
    int64_t open_ticks, high_ticks, low_ticks, close_ticks;
    int64_t volume_lots;
    int64_t value_e8;
} sim_bar;

typedef struct sim_funding {
    int64_t time_ns, rate_e12;
} sim_funding;

typedef struct sim_coin {
    char name[SIM_COIN_BYTES];
    int64_t wallet_e8, realized_e8;
} sim_coin;

typedef struct sim_symbol {
    const market_instrument *instrument;
    hean_instrument_kind kind;
    char name[HEAN_SYMBOL_BYTES]; /* as the venue spells it: without "-SPOT" */
    uint16_t index, base, quote, settle;
    market_book book;
    int64_t seq;
    int64_t last_ticks, mark_ticks, index_ticks, rate_e12, next_funding_ns, funding_interval_ns;
    int64_t interest_lots, last_mark_ns;
    uint64_t trade_count;
    uint8_t direction;
    sim_list trades; /* sim_trade: a ring once it holds SIM_TRADES_MAX */
    sim_list bars;   /* sim_bar: minutes without a hole */
    sim_list fundings;
    hean_position position;
    int64_t holding_realized_e8; /* of the current holding, with fees and funding */
    int64_t opened_ns, moved_ns;
    int64_t leverage_e2;
    size_t untriggered;
    sim_list topics; /* sim_topic *, public */
} sim_symbol;

/* ---- topics ---- */
typedef enum sim_topic_kind {
    SIM_TOPIC_BOOK,
    SIM_TOPIC_TRADES,
    SIM_TOPIC_TICKER,
    SIM_TOPIC_KLINE,
    SIM_TOPIC_LIQUIDATION,
    SIM_TOPIC_PRICE_LIMIT,
    SIM_TOPIC_ORDER,
    SIM_TOPIC_EXECUTION,
    SIM_TOPIC_EXECUTION_FAST,
    SIM_TOPIC_POSITION,
    SIM_TOPIC_WALLET,
    SIM_TOPIC_OTHER /* accepted, silent: greeks, dcp */
} sim_topic_kind;

#define SIM_TICKER_FIELDS_MAX 32
typedef struct sim_ticker {
    const char *names[SIM_TICKER_FIELDS_MAX];
    char values[SIM_TICKER_FIELDS_MAX][32];
    size_t count;
} sim_ticker;

typedef struct sim_socket sim_socket;
typedef struct sim_topic {
    sim_topic_kind kind;
    char name[64];
    sim_symbol *symbol; /* NULL: private */
    int category;       /* private: of a categorised form; -1: all */
    int32_t depth;      /* BOOK */
    int interval;       /* KLINE: row of sim_intervals */
    sim_list sockets;   /* sim_socket * */
    bool dirty;
    int64_t interval_ns, pushed_ns;
    int64_t update_id;
    market_level *view[2]; /* what subscribers have been told */
    market_level *next[2]; /* scratch */
    size_t view_count[2];
    sim_ticker *ticker; /* TICKER: the same */
    int64_t bar_start_ns;
    size_t trades_told; /* TRADES: numbers up to here */
} sim_topic;

typedef struct sim_interval {
    const char *name;
    int64_t minutes; /* 0: a month */
} sim_interval;
extern const sim_interval sim_intervals[];
extern const size_t sim_interval_count;

typedef enum sim_socket_kind {
    SIM_SOCKET_LINEAR = HEAN_INSTRUMENT_LINEAR,
    SIM_SOCKET_SPOT = HEAN_INSTRUMENT_SPOT,
    SIM_SOCKET_INVERSE = HEAN_INSTRUMENT_INVERSE,
    SIM_SOCKET_PRIVATE,
    SIM_SOCKET_TRADE
} sim_socket_kind;

struct sim_socket {
    uint64_t id;
    sim_socket_kind kind;
    bool authenticated, cut;
    char conn_id[SIM_ID_BYTES];
    size_t args_bytes; /* of its topics */
    int64_t heard_ns;  /* the latest frame, from or to it */
    int64_t silence_ns;
    sim_blob *held; /* a frame that waits for the next one to overtake it */
};

/* ---- orders ---- */
typedef enum sim_state {
    SIM_SENT, /* acknowledged, not at the engine yet: no query finds it */
    SIM_UNTRIGGERED,
    SIM_TRIGGERED,
    SIM_NEW,
    SIM_PARTLY_FILLED,
    SIM_FILLED, /* from here on it has ended */
    SIM_CANCELLED,
    SIM_PARTLY_CANCELLED,
    SIM_REJECTED,
    SIM_DEACTIVATED
} sim_state;

typedef enum sim_trigger_by { SIM_BY_NONE, SIM_BY_LAST, SIM_BY_INDEX, SIM_BY_MARK } sim_trigger_by;

typedef struct sim_order {
    char id[SIM_ID_BYTES], link[SIM_ID_BYTES];
    uint16_t symbol;
    uint8_t side, type, time_in_force, state, trigger_by, trigger_direction;
    bool reduce_only, close_on_trigger;
    bool by_quote; /* spot, market: quantity was said in the quote coin */
    uint32_t slot; /* at the engine */
    uint32_t active_at;
    int64_t price_ticks, trigger_ticks, qty_lots, filled_lots, quote_e8;
    int64_t value_e8, fee_base_e8, fee_quote_e8, realized_e8;
    int64_t created_ns, updated_ns, last_ticks;
    const char *cancel, *reject;
} sim_order;

typedef struct sim_execution {
    char id[SIM_ID_BYTES];
    uint32_t order; /* SIM_NONE: funding */
    uint16_t symbol, fee_coin;
    uint8_t side;
    bool maker;
    int64_t price_ticks, lots, leaves_lots, closed_lots, value_e8, fee_e8, realized_e8, rate_e12;
    int64_t mark_ticks, time_ns, seq;
} sim_execution;

typedef enum sim_log_kind { SIM_LOG_TRADE, SIM_LOG_SETTLEMENT, SIM_LOG_TRANSFER_IN } sim_log_kind;

typedef struct sim_log_row {
    sim_log_kind kind;
    uint32_t execution; /* SIM_NONE: a transfer */
    uint16_t coin;
    int64_t size_lots; /* signed, after */
    int64_t cash_flow_e8, funding_e8, fee_e8, change_e8, balance_e8, time_ns;
} sim_log_row;

/* When each request of the last window came, oldest first, in a ring. */
typedef struct sim_bucket {
    int64_t *times;
    int32_t capacity, first, count;
} sim_bucket;

#define SIM_ROUTES_MAX 64

struct sim_venue {
    const hean_allocator *allocator;
    sim_options options;
    char *api_key, *api_secret;
    base_random faults_random, ids;
    /* market */
    market_sim *market;
    market_sim_options market_options;
    hean_event *buffer; /* of the market; recorded events are read where they are */
    const hean_event *events;
    size_t event_count, event_next;
    int64_t first_ns, begin_ns; /* the market's time, and the venue's, of its first event */
    int64_t event_ns;           /* the venue's, of the latest */
    bool begun;
    int64_t now_ns;
    market_instrument *instruments;
    sim_symbol *symbols;
    size_t symbol_count;
    sim_coin coins[SIM_COINS_MAX];
    size_t coin_count;
    paper *engine;
    /* orders and money */
    sim_list orders, executions, log;
    sim_list active;     /* uint32_t: orders that have not ended */
    sim_list untold;     /* uint32_t: orders to tell of once the answer has left */
    sim_list free_slots; /* uint32_t */
    uint32_t slots;
    sim_map by_id, by_link;
    bool reject_beyond_band[3]; /* by kind: false: moved */
    /* sockets and topics */
    sim_list sockets; /* sim_socket * */
    sim_list topics;  /* sim_topic * */
    int64_t push_ns;  /* the next time that a topic is due; INT64_MAX: none */
    int64_t
        sweep_ns; /* the next time that silent sockets are looked for; INT64_MAX: there are none */
    uint64_t connections;
    /* output */
    sim_pending *ready; /* a ring */
    size_t ready_first, ready_count, ready_capacity;
    sim_list delayed; /* sim_pending, by at_ns */
    sim_pending taken;
    bool has_taken;
    /* limits */
    sim_bucket buckets[SIM_ROUTES_MAX][3]; /* by kind */
    sim_bucket ip, opened;                 /* requests, and connections to sockets */
    int64_t banned_until_ns;
    hean_status broken; /* what ended it */
};

/* ---- sim.c ---- */
int64_t sim_ms(const sim_venue *sim, int64_t time_ns); /* as the venue's clock shows it */
int64_t sim_venue_ns(const sim_venue *sim, int64_t market_ns);
void sim_make_id(sim_venue *sim, hean_instrument_kind kind, char out[SIM_ID_BYTES]);
sim_symbol *sim_find_symbol(const sim_venue *sim, hean_instrument_kind kind, const char *name);
uint32_t sim_map_find(const sim_venue *sim, const sim_map *map, const char *text);
hean_status sim_map_add(sim_venue *sim, sim_map *map, uint32_t order) HEAN_WARN_UNUSED;
static inline sim_order *sim_order_at(const sim_venue *sim, uint32_t at)
{
    return SIM_AT(&sim->orders, sim_order, at);
}
static inline bool sim_ended(const sim_order *order)
{
    return order->state >= SIM_FILLED;
}
/* What happens up to and including `until_ns`. */
hean_status sim_run(sim_venue *sim, int64_t until_ns) HEAN_WARN_UNUSED;

/* ---- sim_output.c ---- */
bool sim_chance(sim_venue *sim, double rate);
sim_blob *sim_blob_make(sim_venue *sim, const char *text, size_t bytes);
void sim_blob_drop(sim_venue *sim, sim_blob *blob);
/* Takes over the references. */
hean_status sim_put(sim_venue *sim, sim_pending pending) HEAN_WARN_UNUSED;
/* A frame to one socket, or to all of a topic, with the faults of frames. */
hean_status sim_frame(sim_venue *sim, sim_socket *socket, const base_buffer *text,
                      int64_t delay_ns) HEAN_WARN_UNUSED;
hean_status sim_broadcast(sim_venue *sim, const sim_topic *topic, const base_buffer *text,
                          int64_t delay_ns) HEAN_WARN_UNUSED;
void sim_output_deinit(sim_venue *sim);

/* ---- sim_market.c ---- */
hean_status sim_market_event(sim_venue *sim, const hean_event *event) HEAN_WARN_UNUSED;
/* Minutes up to now, also where nothing traded. */
hean_status sim_bars_until(sim_venue *sim, sim_symbol *symbol, int64_t now_ns) HEAN_WARN_UNUSED;
/* The bar of an interval that holds `time_ns`, out of minutes; false: none. */
bool sim_bar_at(const sim_symbol *symbol, int interval, int64_t time_ns, sim_bar *out);
int64_t sim_bar_start(int interval, int64_t time_ns);
int64_t sim_bar_end(int interval, int64_t start_ns);
/* The nth trade from the newest. */
const sim_trade *sim_trade_at(const sim_symbol *symbol, size_t back);
/* Mark where it is known, else the last price, else the mid; 0: none. */
int64_t sim_mark(const sim_symbol *symbol);
/* Highest bid and lowest ask that are allowed; 0: not known. */
void sim_band(const sim_symbol *symbol, int64_t *highest_bid, int64_t *lowest_ask);
/* The value of money in USD, for totals. */
int64_t sim_usd_e8(const sim_venue *sim, uint16_t coin, int64_t amount_e8);

/* ---- sim_topic.c ---- */
/* A topic by name, for a kind of socket. HEAN_E_NOT_FOUND: no such topic, in the venue's words. */
hean_status sim_topic_get(sim_venue *sim, sim_socket_kind socket, const char *name, sim_topic **out,
                          hean_error *error) HEAN_WARN_UNUSED;
/* The topic of a name that is there already; NULL: none. */
sim_topic *sim_topic_find(const sim_venue *sim, sim_socket_kind socket, const char *name);
/* Removes the socket from the topic's list; false: it was not there. */
bool sim_topic_leave(sim_topic *topic, const sim_socket *socket);
/* A socket joins: it gets a snapshot where the topic has one. */
hean_status sim_topic_join(sim_venue *sim, sim_topic *topic, sim_socket *socket) HEAN_WARN_UNUSED;
void sim_topics_touch(sim_venue *sim, const sim_symbol *symbol, sim_topic_kind kind);
hean_status sim_topics_push(sim_venue *sim) HEAN_WARN_UNUSED; /* what is due */
void sim_topic_free(sim_venue *sim, sim_topic *topic);
/* Brings the view of a book up to date: frames to its subscribers. */
hean_status sim_topic_book(sim_venue *sim, sim_topic *topic) HEAN_WARN_UNUSED;
/* `stream`: as the topic tells it (spot without bid and ask), else as REST does. */
void sim_ticker_get(const sim_venue *sim, const sim_symbol *symbol, bool stream, sim_ticker *out);
void sim_write_levels(base_buffer *out, const sim_symbol *symbol, const market_level *levels,
                      size_t count);

/* ---- sim_socket.c ---- */
sim_socket *sim_socket_find(const sim_venue *sim, uint64_t id);
hean_status sim_sockets_sweep(sim_venue *sim) HEAN_WARN_UNUSED;

/* ---- sim_write.c ---- */
typedef struct sim_text {
    char s[48];
} sim_text;
sim_text sim_price(const sim_symbol *symbol, int64_t ticks); /* 0: "0" */
sim_text sim_qty(const sim_symbol *symbol, int64_t lots);
sim_text sim_e8(int64_t value_e8);
sim_text sim_e12(int64_t value_e12);
sim_text sim_whole(int64_t value);
sim_text sim_trade_id(const sim_symbol *symbol, const sim_trade *trade);
void sim_write_text(base_buffer *out, const char *text); /* quoted and escaped */
const char *sim_kind_text(hean_instrument_kind kind);
const char *sim_side_text(uint8_t side);
void sim_write_order(sim_venue *sim, base_buffer *out, const sim_order *order, bool stream);
void sim_write_execution(sim_venue *sim, base_buffer *out, const sim_execution *execution,
                         bool stream);
void sim_write_position(sim_venue *sim, base_buffer *out, const sim_symbol *symbol, bool stream);
void sim_write_wallet(sim_venue *sim, base_buffer *out, const char *coins);
/* A frame of one item to those who asked for it. */
hean_status sim_tell_order(sim_venue *sim, const sim_order *order) HEAN_WARN_UNUSED;
hean_status sim_tell_execution(sim_venue *sim, const sim_execution *execution) HEAN_WARN_UNUSED;
hean_status sim_tell_position(sim_venue *sim, const sim_symbol *symbol) HEAN_WARN_UNUSED;
hean_status sim_tell_wallet(sim_venue *sim) HEAN_WARN_UNUSED;

/* ---- sim_account.c ---- */
typedef struct sim_margin {
    int64_t equity_e8, wallet_e8, unrealized_e8; /* in USD */
    int64_t position_e8, order_e8;               /* margin in use */
} sim_margin;
hean_status sim_account_open(sim_venue *sim) HEAN_WARN_UNUSED;
hean_status sim_account_fill(sim_venue *sim, sim_order *order,
                             const hean_event *event) HEAN_WARN_UNUSED;
hean_status sim_account_fund(sim_venue *sim, sim_symbol *symbol, int64_t rate_e12,
                             int64_t mark_ticks) HEAN_WARN_UNUSED;
int64_t sim_unrealized_e8(const sim_symbol *symbol);
int64_t sim_position_margin_e8(const sim_symbol *symbol);
/* What an order keeps back: margin in the settlement coin, or, on spot, the coin itself. */
int64_t sim_order_margin_e8(const sim_venue *sim, const sim_order *order);
int64_t sim_locked_e8(const sim_venue *sim, uint16_t coin, const sim_order *except);
void sim_margin_get(const sim_venue *sim, const sim_order *except, sim_margin *out);
/* Lots as money of the base coin. */
int64_t sim_base_e8(const sim_symbol *symbol, int64_t lots);

/* ---- sim_http.c, sim_param.c ---- */
typedef struct sim_pair {
    char *key, *value;
} sim_pair;
#define SIM_PAIRS_MAX 32

typedef struct sim_call {
    sim_venue *sim;
    int route;
    int64_t now_ns;
    char *query; /* decoded in place: pairs point into it */
    sim_pair pairs[SIM_PAIRS_MAX];
    size_t pair_count;
    const json_t *body; /* POST */
    hean_instrument_kind kind;
    bool has_kind;
    base_buffer result, extra;
    int32_t quota, left; /* of the route; quota 0: not limited */
    int64_t reset_ns;
    int code;
    char message[240];
} sim_call;

/* What was refused: the answer has this code and text. Always false. */
bool sim_refuse(sim_call *call, int code, const char *format, ...) HEAN_PRINTF(3, 4);
bool sim_query_split(sim_call *call); /* false: too many, or badly encoded */
/* Types of what is in a body; false: refused. */
bool sim_body_check(sim_call *call, const json_t *object);
/* "" where it is not given. */
const char *sim_arg(const sim_call *call, const char *key);
bool sim_flag(const sim_call *call, const char *key);
int64_t sim_number(const sim_call *call, const char *key, int64_t otherwise);
/* category (required unless `optional`: linear then) and, where given, symbol: false: refused. */
bool sim_arg_kind(sim_call *call, bool optional);
sim_symbol *sim_arg_symbol(sim_call *call, bool required); /* NULL with code 0: not given */
bool sim_arg_limit(sim_call *call, int64_t otherwise, int64_t most, int64_t *out);
bool sim_arg_time(sim_call *call, const char *key, int64_t otherwise_ns, int64_t *out_ns);
/* A cursor is "AT:NUMBER,AT:NUMBER", percent-encoded once; where to go on from, or `otherwise`. */
bool sim_arg_cursor(sim_call *call, size_t otherwise, size_t *out);
void sim_write_cursor(sim_call *call, size_t at, bool more);

typedef hean_status sim_handler(sim_call *call);
typedef struct sim_route {
    const char *method, *path;
    sim_handler *run;
    int32_t quota[3]; /* by kind: linear, spot, inverse; 0: public */
    bool batch;       /* counted by order */
} sim_route;
extern const sim_route sim_routes[];
extern const int sim_route_count;
/* Room for one more request of this route and category in this second? Fills the call's limits. */
bool sim_limit_take(sim_call *call);
/* 1: taken; 0: the window is full; -1: no memory. */
int sim_bucket_take(sim_venue *sim, sim_bucket *bucket, int32_t quota, int64_t window_ns,
                    int64_t now_ns);
void sim_sign(const char *secret, const char *text, size_t bytes, char out[65]);
/* Takes from the route's quota and runs it: REST and order entry by socket. */
hean_status sim_dispatch(sim_call *call) HEAN_WARN_UNUSED;
void sim_call_init(sim_call *call, sim_venue *sim, int64_t now_ns);
void sim_call_deinit(sim_call *call);

/* ---- handlers ---- */
sim_handler sim_on_time, sim_on_instruments, sim_on_tickers, sim_on_orderbook, sim_on_kline,
    sim_on_recent_trade, sim_on_funding_history, sim_on_open_interest, sim_on_price_limit,
    sim_on_risk_limit, sim_on_earn_product;
sim_handler sim_on_fee_rate, sim_on_account_info, sim_on_user_setting, sim_on_set_limit_action,
    sim_on_wallet, sim_on_log, sim_on_positions, sim_on_set_leverage, sim_on_switch_mode,
    sim_on_key_info;
sim_handler sim_on_create, sim_on_amend, sim_on_cancel, sim_on_cancel_all, sim_on_create_batch,
    sim_on_amend_batch, sim_on_cancel_batch, sim_on_realtime, sim_on_history, sim_on_executions;

/* ---- sim_order.c ---- */
hean_status sim_engine_answers(sim_venue *sim) HEAN_WARN_UNUSED;
/* Frames of orders that changed while an answer was made. */
hean_status sim_tell_untold(sim_venue *sim) HEAN_WARN_UNUSED;
/* Conditional orders that the market has reached. */
hean_status sim_trigger(sim_venue *sim, const sim_symbol *symbol) HEAN_WARN_UNUSED;
int64_t sim_trigger_price(const sim_symbol *symbol, uint8_t by);

/* ---- sim_check.c ---- */
/* Fills an order from a create request; false: refused. */
bool sim_check_create(sim_call *call, sim_order *order);
/* `changed` begins as a copy of the order. */
bool sim_check_amend(sim_call *call, const sim_order *order, sim_order *changed);
/* The price that bounds a market order. */
int64_t sim_market_bound(const sim_symbol *symbol, uint8_t side);

/* ---- sim_admin.c ---- */
hean_status sim_admin(sim_venue *sim, const sim_request *request, int64_t now_ns) HEAN_WARN_UNUSED;

#endif
