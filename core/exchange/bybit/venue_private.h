/*
 * venue_private.h: the parts of the venue machine, for its own files.
 *
 *   venue.c             open, close, the doors; when it is ready
 *   venue_queue.c       events and actions that wait to be taken
 *   venue_jobs.c        requests: queued, signed, sent, answered, tried again
 *   venue_start.c       clock, key, instruments, fees
 *   venue_stream.c      sockets: connect, authenticate, subscribe, ping, again
 *   venue_market.c      book sequence, ticker merge, funding
 *   orders.c            our orders, and what strategies are told of them
 *   orders_requests.c   create, amend, cancel, and asking what became of an order
 *   executions.c        each execution once
 *   reconcile.c         rounds: orders, executions, positions, wallet compared
 *
 * Memory that runs out is noted once (venue_no_memory) and told by every door from then on.
 */
#ifndef EXCHANGE_VENUE_PRIVATE_H
#define EXCHANGE_VENUE_PRIVATE_H

#include <base/random.h>
#include <exchange/bybit.h>
#include <exchange/limiter.h>
#include <exchange/retry.h>
#include <exchange/venue.h>

#define VENUE_TOPIC_BYTES 64
#define VENUE_AMENDS_MAX  8
#define VENUE_NEVER       INT64_MAX

/* ---- what waits to be taken ---- */

typedef struct queued_event {
    hean_event event; /* MARKET */
    int32_t detail;   /* else: index of its venue_event; -1: MARKET, -2: LIQUIDATION */
} queued_event;

typedef struct queued_action {
    wire_action_kind kind;
    uint64_t id;
    const char *method;
    base_buffer url, headers, body;
    int64_t timeout_ns;
    size_t response_bytes_max;
} queued_action;

/* ---- requests ---- */

typedef enum job_kind {
    JOB_TIME,
    JOB_KEY,
    JOB_INSTRUMENTS,
    JOB_FEES,
    JOB_FUNDING,
    JOB_CREATE,
    JOB_AMEND,
    JOB_CANCEL,
    JOB_CANCEL_EARLIER,
    JOB_FIND_OPEN,
    JOB_FIND_HISTORY,
    JOB_FIND_EXECUTIONS,
    JOB_LIST_ORDERS,
    JOB_LIST_EXECUTIONS,
    JOB_LIST_POSITIONS,
    JOB_LIST_WALLET,
    JOB_KIND_COUNT
} job_kind;

typedef enum job_state {
    JOB_QUEUED,  /* in the limiter */
    JOB_SENT,    /* one response will come */
    JOB_DELAYED, /* until at_ns */
    JOB_WAITS_FOR_CLOCK
} job_state;

typedef struct venue_job {
    uint64_t id; /* of the request on the wire, and the limiter's ticket */
    job_kind kind;
    job_state state;
    bybit_request request;
    uint64_t subject; /* an order's id; a symbol's index; a round's number */
    int32_t tries;
    bool clocked; /* the clock was mended for it once */
    int64_t made_ns;
    int64_t at_ns;   /* DELAYED */
    int64_t sent_ns; /* of the last try */
} venue_job;

typedef struct job_result {
    const bybit_answer *answer;
    const wire_response *response;
    bool certain; /* false: it may have been carried out all the same */
} job_result;

/* ---- streams ---- */

typedef enum stream_state {
    STREAM_CLOSED, /* opens at open_at_ns */
    STREAM_OPENING,
    STREAM_AUTH,
    STREAM_SUBSCRIBING,
    STREAM_UP
} stream_state;

typedef struct stream_batch {
    uint64_t number;
    size_t first, count;
    int64_t sent_ns;
} stream_batch;

typedef struct venue_stream {
    bool is_private;
    stream_state state;
    uint64_t socket;
    int32_t tries, auth_failures;
    int64_t open_at_ns;
    int64_t ping_at_ns, pong_due_ns, auth_due_ns; /* VENUE_NEVER: none */
    char (*topics)[VENUE_TOPIC_BYTES];
    size_t topic_count, topic_capacity, topic_letters;
    stream_batch *batches; /* subscribed, not yet answered; in order */
    size_t batch_count, batch_capacity;
} venue_stream;

/* ---- instruments ---- */

typedef struct venue_symbol {
    market_instrument instrument;
    bool known;
    char name[HEAN_SYMBOL_BYTES];
    char settle_coin[VENUE_COIN_BYTES];
    int64_t funding_interval_ns;
    size_t stream;
    int64_t connection; /* last told */
    /* Book: an update is taken only on top of the one before it. */
    bool book_valid, book_lost;
    int64_t update_id;
    int64_t snapshot_due_ns;
    int32_t snapshot_tries;
    bybit_ticker ticker;
    bool ticker_valid;
    int64_t funded_ns; /* the last settlement that was told */
    /* Account: what the host says its strategies hold, and what the venue says. */
    int64_t held_lots, venue_lots, venue_cost_e8;
    int64_t foreign_lots;    /* venue minus held, as told last */
    int64_t difference_lots; /* as it was seen last, */
    int32_t difference_seen; /* so often in a row */
    bool position_told;
    uint64_t listed_round;
} venue_symbol;

/* ---- orders ---- */

typedef struct order_amend {
    int64_t price_ticks, qty_lots; /* as wanted, 0: as it is */
    bool sent;
} order_amend;

typedef struct venue_order {
    uint64_t id;
    uint16_t strategy, instrument;
    uint8_t side, type, time_in_force;
    bool reduce_only;
    char venue_id[VENUE_EXEC_ID_BYTES];
    int64_t price_ticks, trigger_ticks, qty_lots; /* as told */
    int64_t filled_lots;                          /* told as fills */
    int64_t venue_filled_lots;                    /* the most the venue spoke of */
    int64_t updated_ns;                           /* the venue's time of its last word */
    int64_t made_ns;
    hean_order_status told;
    hean_order_status ending; /* NONE: alive; else it ends once all fills are told */
    hean_reason end_reason;
    bool creating;                  /* a create is queued or sent */
    bool doubtful;                  /* a create may have come without our knowing */
    bool exists;                    /* the venue has spoken of it */
    bool resent;                    /* the one repeat after a denial was used */
    int64_t create_ms;              /* the timestamp of the last create that left */
    bool cancel_wanted, cancelling; /* cancelling: a cancel is queued or sent */
    int64_t cancel_next_ns;         /* not again before */
    hean_reason cancel_reason;
    order_amend amends[VENUE_AMENDS_MAX];
    int32_t amend_count;
    bool amending;      /* the first amend is queued or sent */
    bool finding;       /* a query for it is under way */
    bool found;         /* it found something */
    int64_t find_at_ns; /* VENUE_NEVER: nothing to ask */
    int64_t find_sent_ns;
    int32_t find_tries;
    int64_t denied_ns; /* since when it is denied, 0: is not */
    uint64_t listed_round;
} venue_order;

/* An order at the venue that is none of this run's. */
typedef struct venue_stranger {
    char order_id[VENUE_EXEC_ID_BYTES], client_id[VENUE_EXEC_ID_BYTES];
    int index;
    bool earlier; /* of this host: it is cancelled */
    bool told;
    int64_t updated_ns; /* as told */
    uint64_t listed_round;
} venue_stranger;

/* ---- executions that were told ---- */

typedef struct exec_key {
    uint64_t high, low; /* both 0: free */
} exec_key;

typedef struct exec_set {
    exec_key *keys;
    size_t capacity, count; /* capacity: power of two */
    int64_t begin_ns;       /* the newest execution when it was begun */
} exec_set;

typedef enum round_step {
    ROUND_NONE,
    ROUND_ORDERS,
    ROUND_EXECUTIONS,
    ROUND_POSITIONS,
    ROUND_WALLET,
    ROUND_SETTLE,
    ROUND_COMPARE
} round_step;

typedef struct venue_round {
    uint64_t number;
    round_step step;
    bool audit;  /* while ready */
    size_t coin; /* of the settle coins */
    char cursor[BYBIT_CURSOR_BYTES];
    int64_t began_ns, at_ns; /* a pause inside a round, 0: none */
    int64_t from_ns, to_ns;  /* venue time: the window of executions; to_ns 0: open */
    size_t earlier;
    int32_t repeats;
    size_t window_first; /* of the rows: where the window under way begins */
    uint64_t trades;     /* told when positions were asked for */
} venue_round;

typedef struct venue_clock {
    bool known, sampling;
    int64_t offset_ns; /* the venue's minus ours */
    int64_t best_offset_ns, best_trip_ns;
    int32_t samples;
    int64_t refresh_at_ns;
} venue_clock;

typedef struct venue_secret {
    char key[BYBIT_KEY_BYTES_MAX + 1], secret[257];
} venue_secret;

struct venue {
    const hean_allocator *allocator;
    venue_category category;
    char *rest_url, *public_url, *private_url;
    venue_secret *secret; /* on a page of its own; NULL: no keys */
    bool trade;
    int64_t recv_window_ms;
    int32_t book_depth;
    char (*kline_intervals)[8];
    size_t kline_count;
    char run[9];
    char (*tags)[9]; /* of strategies */
    uint64_t *sequences;
    size_t strategy_count;
    base_random random;
    limiter *limiter;
    breaker breaker;
    retry_policy policy, stream_policy;

    int64_t now_ns, due_ns;
    bool started, halted, ready, no_memory, loaded; /* loaded: instruments and fees are known */
    bool reconciled, compared;                      /* in this connection; ever */
    int64_t banned_until_ns;
    int32_t bans;
    uint64_t bad_told; /* bits of kinds of bad messages that were told */
    venue_counters counters;
    venue_clock clock;

    venue_symbol *symbols;
    size_t symbol_count;
    uint16_t *symbol_index; /* open addressing; UINT16_MAX: empty */
    size_t symbol_index_capacity;
    char (*coins)[VENUE_COIN_BYTES]; /* settle coins; "" once for spot */
    size_t coin_count;

    queued_event *events;
    size_t event_head, event_count, event_capacity;
    venue_event *details;
    size_t detail_head, detail_count, detail_capacity;
    venue_event scratch; /* where an event goes when memory ran out */
    queued_action *actions;
    size_t action_head, action_count, action_capacity;

    venue_job *jobs;
    size_t job_count, job_capacity;
    uint64_t job_number;

    venue_stream *streams; /* the public ones, then the private one */
    size_t stream_count;
    uint64_t socket_number, batch_number;
    venue_stream *speaking; /* whose message is being read */
    bybit_decoder *decoder;
    bybit_symbols lookup;

    venue_order *orders;
    uint64_t *order_ids; /* beside `orders`, to be searched quickly */
    size_t order_count, order_capacity, order_id_capacity;
    venue_stranger *strangers;
    size_t stranger_count, stranger_capacity;

    exec_set sets[2]; /* the one in use, the one before it */
    int64_t newest_execution_ns;
    uint64_t trades;       /* told */
    int64_t forgotten_ns;  /* executions from before it may have been forgotten */
    int64_t since_ns;      /* venue time: all executions up to then were listed */
    bybit_execution *rows; /* of a list under way */
    size_t row_count, row_capacity;
    venue_round round;
    int64_t audit_at_ns, alarm_at_ns;
};

/* ---- venue.c ---- */
uint64_t venue_hash(uint64_t seed, const void *data, size_t bytes);
void venue_no_memory(venue *self);
/* Something is due then: the machine looks again at that time. */
void venue_wake(venue *self, int64_t at_ns);
int64_t venue_server_ns(const venue *self);
/* Looks whether it is ready, and tells. `why` is for NOT_READY. */
void venue_judge(venue *self, const char *why);
void venue_halt(venue *self, const char *why);
void venue_bad_message(venue *self, unsigned kind, const char *what, const hean_error *error);
venue_stream *venue_private_stream(const venue *self); /* NULL: none */

/* ---- venue_queue.c ---- */
void venue_emit_market(venue *self, const hean_event *event);
void venue_emit_liquidation(venue *self, const hean_event *event);
/* Zeroed but for kind and time; stays in place until the next is emitted. */
venue_event *venue_emit(venue *self, venue_event_kind kind);
void venue_log(venue *self, hean_log_level level, const char *format, ...) HEAN_PRINTF(3, 4);
void venue_differ(venue *self, const char *format, ...) HEAN_PRINTF(2, 3);
queued_action *venue_act(venue *self, wire_action_kind kind, uint64_t id);
void venue_queues_free(venue *self);

/* ---- venue_jobs.c ---- */
/* Queues a request. NULL: halted, or memory ran out. Stays in place until the next one is made or
 * ended. */
venue_job *venue_job_make(venue *self, job_kind kind, const bybit_request *request,
                          uint64_t subject);
bool venue_job_withdraw(venue *self, job_kind kind, uint64_t subject); /* if it is not on its way */
bool venue_jobs_any(const venue *self, job_kind kind, uint64_t subject);
void venue_jobs_advance(venue *self);
int64_t venue_jobs_due_ns(const venue *self);
void venue_jobs_pump(venue *self);
void venue_jobs_clock_known(venue *self);
void venue_jobs_answer(venue *self, const wire_response *response);
/* What has not left and may not leave any more is ended: creates and amendments. */
void venue_jobs_stop_orders(venue *self);
/* True where adding failed: a text that is too long; told once. */
bool venue_query(venue *self, bybit_request *request, const char *key, const char *value);
void venue_ban(venue *self, int64_t until_ns, const char *text);

/* ---- venue_start.c ---- */
void venue_clock_sample(venue *self);
void venue_start_begin(venue *self);
void venue_time_answered(venue *self, const job_result *result);
hean_status venue_key_answered(venue *self, const job_result *result, hean_error *error);
hean_status venue_instruments_answered(venue *self, const job_result *result, hean_error *error);
hean_status venue_fees_answered(venue *self, const job_result *result, hean_error *error);
int venue_symbol_find(void *context, const char *symbol, size_t bytes);
const market_instrument *venue_symbol_instrument(void *context, int index);

/* ---- venue_stream.c ---- */
hean_status venue_streams_plan(venue *self);
void venue_streams_free(venue *self);
void venue_streams_advance(venue *self);
int64_t venue_streams_due_ns(const venue *self);
hean_status venue_stream_event(venue *self, uint64_t socket, wire_socket_event what,
                               const char *text, size_t bytes);
void venue_stream_drop(venue *self, venue_stream *stream, const char *why);
void venue_stream_resubscribe(venue *self, venue_stream *stream, const char *topic);
bool venue_public_up(const venue *self);

/* ---- venue_market.c ---- */
hean_status venue_on_book(void *context, const bybit_book_head *head, const hean_event *events,
                          size_t count);
hean_status venue_on_market(void *context, const hean_event *events, size_t count);
hean_status venue_on_liquidations(void *context, const hean_event *events, size_t count);
hean_status venue_on_ticker(void *context, const bybit_ticker_delta *delta);
void venue_book_topic(const venue *self, const venue_symbol *symbol, char out[VENUE_TOPIC_BYTES]);
/* The book is no longer what the venue has; `again`: a snapshot is asked for. */
void venue_book_forget(venue *self, size_t index, bool again);
void venue_books_expect(venue *self, const venue_stream *stream);
void venue_books_advance(venue *self);
int64_t venue_books_due_ns(const venue *self);
void venue_tell_connections(venue *self, const venue_stream *stream);
hean_status venue_funding_answered(venue *self, const venue_job *job, const job_result *result,
                                   hean_error *error);

/* ---- orders.c ---- */
venue_order *venue_order_find(const venue *self, uint64_t id);
void venue_client_id(const venue *self, uint64_t order_id, char out[VENUE_CLIENT_ID_BYTES]);
typedef enum id_origin { ID_FOREIGN, ID_EARLIER, ID_OURS } id_origin;
/* Whose a client id is; `order_id` for OURS, `strategy` (HEAN_NO_STRATEGY: none of that name). */
id_origin venue_client_id_read(const venue *self, const char *client_id, uint64_t *order_id,
                               uint16_t *strategy);
void venue_order_forget(venue *self, venue_order *order);
void venue_order_tell(venue *self, venue_order *order, hean_order_status status,
                      hean_reason reason);
/* An amendment is answered by the order as it stands; `reason` NONE: it was done. */
void venue_order_answer(venue *self, venue_order *order, hean_reason reason);
void venue_order_reject(venue *self, venue_order *order, hean_reason reason);
/* True: it ended and is gone. `filled`: by a fill, after which the engine itself says FILLED. */
bool venue_order_try_end(venue *self, venue_order *order, bool filled);
/* What the venue says of an order of ours; may end it. */
void venue_order_merge(venue *self, venue_order *order, const bybit_order *row);
void venue_order_fill(venue *self, venue_order *order, const bybit_execution *row,
                      uint64_t execution_id);
hean_status venue_on_order(void *context, const bybit_order *row);
venue_stranger *venue_stranger_note(venue *self, const bybit_order *row, bool earlier);
void venue_stranger_gone(venue *self, size_t at);
hean_status venue_order_intent(venue *self, uint16_t strategy, const hean_intent *intent,
                               hean_error *error) HEAN_WARN_UNUSED;
void venue_orders_cancel(venue *self);
void venue_orders_free(venue *self);

/* ---- orders_requests.c ---- */
void venue_order_create(venue *self, venue_order *order);
void venue_order_act(venue *self, venue_order *order); /* cancels, amends: what can go now */
/* Asks the venue for it, after a while; an earlier appointment stays. */
void venue_order_ask(venue *self, venue_order *order, int64_t after_ns);
/* The first amendment is answered, by the order as it stands. */
void venue_order_amend_done(venue *self, venue_order *order, hean_reason reason);
void venue_orders_advance(venue *self);
int64_t venue_orders_due_ns(const venue *self);
/* It may have come, and will not be sent again before the venue was asked. */
void venue_create_unknown(venue *self, venue_order *order);
/* A try that was refused for now may have come all the same. */
void venue_create_doubted(venue *self, const venue_job *job);
void venue_create_ended(venue *self, const venue_job *job, const job_result *result);
void venue_amend_ended(venue *self, const venue_job *job, const job_result *result);
void venue_cancel_ended(venue *self, const venue_job *job, const job_result *result);
hean_status venue_find_answered(venue *self, const venue_job *job, const job_result *result,
                                hean_error *error);
void venue_find_failed(venue *self, const venue_job *job);

/* ---- executions.c ---- */
void venue_execution(venue *self, const bybit_execution *row);
hean_status venue_on_execution(void *context, const bybit_execution *row);
hean_status venue_collect_execution(void *context, const bybit_execution *row, hean_error *error);
/* A list from `first` on came newest first. */
void venue_collected_turn(venue *self, size_t first);
/* Applies what was collected from `first` on, oldest first. */
void venue_collected_apply(venue *self, size_t first);
void venue_executions_free(venue *self);

/* ---- reconcile.c ---- */
void venue_round_begin(venue *self, bool audit);
void venue_round_abort(venue *self);
void venue_round_alarm(venue *self); /* something may have been missed */
void venue_round_advance(venue *self);
int64_t venue_round_due_ns(const venue *self);
hean_status venue_list_answered(venue *self, const venue_job *job, const job_result *result,
                                hean_error *error);
hean_status venue_on_position(void *context, const bybit_position *row);
hean_status venue_on_coin(void *context, const bybit_coin *row);

#endif
