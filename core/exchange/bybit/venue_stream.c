/*
 * venue_stream.c: WebSocket connections: open, authenticate, subscribe, ping, drop, again.
 *
 * Invariants
 *   a connection is given up when a pong is missing, an answer to auth or subscribe stays out, or
 *   the venue says no; the next one comes after a jittered backoff that only a pong resets;
 *   data is routed by its topic, never by "subscribed" (it may come first).
 * One bad topic fails the whole request it is in: its topics are then asked for one by one.
 * Must not know: books, orders.
 */
#include "venue_private.h"

#include <stdlib.h>
#include <string.h>

#define PING_NS        (20 * BASE_NS_PER_S)
#define PONG_NS        (10 * BASE_NS_PER_S)
#define ANSWER_NS      (10 * BASE_NS_PER_S)
#define AUTH_AHEAD_MS  10000
#define BATCH_TOPICS   10    /* spot takes no more in one request */
#define LETTERS_MAX    20000 /* of topics on one connection; the venue takes 21,000 */
#define AUTH_FAILS_MAX 3

/* ---- the plan: which connection carries what ---- */

static void add_topic(venue *self, venue_stream *stream, const char *topic)
{
    void *topics = stream->topics;
    if (!base_grow(self->allocator, &topics, &stream->topic_capacity, stream->topic_count + 1,
                   sizeof *stream->topics)) {
        venue_no_memory(self);
        return;
    }
    stream->topics = topics;
    (void)base_text_copy(stream->topics[stream->topic_count++], VENUE_TOPIC_BYTES, topic);
    stream->topic_letters += strlen(topic) + 3;
}

static venue_stream *add_stream(venue *self, bool is_private)
{
    venue_stream *stream = &self->streams[self->stream_count++];
    memset(stream, 0, sizeof *stream);
    stream->is_private = is_private;
    stream->open_at_ns = VENUE_NEVER;
    stream->ping_at_ns = stream->pong_due_ns = stream->auth_due_ns = VENUE_NEVER;
    return stream;
}

static void add_symbol(venue *self, venue_stream *stream, const venue_symbol *symbol)
{
    char topic[VENUE_TOPIC_BYTES];
    venue_book_topic(self, symbol, topic);
    add_topic(self, stream, topic);
    (void)snprintf(topic, sizeof topic, "publicTrade.%s", symbol->name);
    add_topic(self, stream, topic);
    (void)snprintf(topic, sizeof topic, "tickers.%s", symbol->name);
    add_topic(self, stream, topic);
    if (self->category != VENUE_SPOT) {
        (void)snprintf(topic, sizeof topic, "allLiquidation.%s", symbol->name);
        add_topic(self, stream, topic);
    }
    for (size_t i = 0; i < self->kline_count; i++) {
        (void)snprintf(topic, sizeof topic, "kline.%s.%s", self->kline_intervals[i], symbol->name);
        add_topic(self, stream, topic);
    }
}

hean_status venue_streams_plan(venue *self)
{
    static const char *const private_topics[] = {"order", "execution", "position", "wallet"};
    size_t letters = (4 + self->kline_count) * VENUE_TOPIC_BYTES; /* of one symbol, at most */
    venue_stream *stream = NULL;
    self->streams = base_alloc_array(self->allocator, self->symbol_count + 1, sizeof *stream);
    if (self->streams == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < self->symbol_count; i++) {
        if (stream == NULL || stream->topic_letters + letters > LETTERS_MAX)
            stream = add_stream(self, false);
        self->symbols[i].stream = (size_t)(stream - self->streams);
        add_symbol(self, stream, &self->symbols[i]);
    }
    if (self->secret != NULL && self->private_url != NULL) {
        stream = add_stream(self, true);
        for (size_t i = 0; i < BASE_COUNT(private_topics); i++)
            add_topic(self, stream, private_topics[i]);
    }
    return self->no_memory ? HEAN_E_NO_MEMORY : HEAN_OK;
}

void venue_streams_free(venue *self)
{
    for (size_t i = 0; i < self->stream_count; i++) {
        base_free(self->allocator, self->streams[i].topics);
        base_free(self->allocator, self->streams[i].batches);
    }
    base_free(self->allocator, self->streams);
}

bool venue_public_up(const venue *self)
{
    for (size_t i = 0; i < self->stream_count; i++)
        if (!self->streams[i].is_private && self->streams[i].state != STREAM_UP)
            return false;
    return true;
}

/* ---- sending ---- */

static void send_ping(venue *self, venue_stream *stream)
{
    queued_action *action = venue_act(self, WIRE_SOCKET_SEND, stream->socket);
    if (action == NULL)
        return;
    if (bybit_frame_ping("p", &action->body) != HEAN_OK)
        venue_no_memory(self);
    stream->ping_at_ns = self->now_ns + PING_NS;
    if (stream->pong_due_ns == VENUE_NEVER)
        stream->pong_due_ns = self->now_ns + PONG_NS;
    venue_wake(self, stream->pong_due_ns);
}

static void send_auth(venue *self, venue_stream *stream)
{
    queued_action *action = venue_act(self, WIRE_SOCKET_SEND, stream->socket);
    int64_t expires_ms = venue_server_ns(self) / BASE_NS_PER_MS + AUTH_AHEAD_MS;
    if (action == NULL)
        return;
    if (bybit_frame_auth(self->secret->key, self->secret->secret, expires_ms, &action->body) !=
        HEAN_OK)
        venue_no_memory(self);
    stream->state = STREAM_AUTH;
    stream->auth_due_ns = self->now_ns + ANSWER_NS;
    venue_wake(self, stream->auth_due_ns);
}

static void send_topics(venue *self, venue_stream *stream, size_t first, size_t count,
                        bool subscribe)
{
    const char *topics[BATCH_TOPICS];
    char number[24];
    void *batches = stream->batches;
    queued_action *action = venue_act(self, WIRE_SOCKET_SEND, stream->socket);
    if (action == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        topics[i] = stream->topics[first + i];
    (void)snprintf(number, sizeof number, "%s%llu", subscribe ? "s" : "u",
                   (unsigned long long)++self->batch_number);
    if (bybit_frame_subscribe(number, subscribe, topics, count, &action->body) != HEAN_OK)
        venue_no_memory(self);
    if (!subscribe)
        return;
    if (!base_grow(self->allocator, &batches, &stream->batch_capacity, stream->batch_count + 1,
                   sizeof *stream->batches)) {
        venue_no_memory(self);
        return;
    }
    stream->batches = batches;
    stream->batches[stream->batch_count++] =
        (stream_batch){self->batch_number, first, count, self->now_ns};
    venue_wake(self, self->now_ns + ANSWER_NS);
}

static void subscribe_all(venue *self, venue_stream *stream)
{
    stream->state = STREAM_SUBSCRIBING;
    venue_books_expect(self, stream);
    for (size_t at = 0; at < stream->topic_count; at += BATCH_TOPICS) {
        size_t count = stream->topic_count - at;
        send_topics(self, stream, at, count < BATCH_TOPICS ? count : BATCH_TOPICS, true);
    }
}

void venue_stream_resubscribe(venue *self, venue_stream *stream, const char *topic)
{
    for (size_t i = 0; i < stream->topic_count; i++) {
        if (strcmp(stream->topics[i], topic) != 0 || stream->state < STREAM_SUBSCRIBING)
            continue;
        send_topics(self, stream, i, 1, false);
        send_topics(self, stream, i, 1, true);
    }
}

/* ---- up and down ---- */

venue_stream *venue_private_stream(const venue *self)
{
    venue_stream *last = self->stream_count > 0 ? &self->streams[self->stream_count - 1] : NULL;
    return last != NULL && last->is_private ? last : NULL;
}

/* The connection is no more: what hung on it is told. */
static void went_down(venue *self, venue_stream *stream, const char *why)
{
    bool was_open = stream->state > STREAM_OPENING;
    int64_t wait_ns =
        retry_backoff_ns(&self->stream_policy, ++stream->tries, base_random_next(&self->random));
    stream->state = STREAM_CLOSED;
    stream->socket = 0;
    stream->batch_count = 0;
    stream->ping_at_ns = stream->pong_due_ns = stream->auth_due_ns = VENUE_NEVER;
    stream->open_at_ns = self->halted && stream->is_private ? VENUE_NEVER : self->now_ns + wait_ns;
    if (stream->open_at_ns < self->banned_until_ns)
        stream->open_at_ns = self->banned_until_ns;
    venue_wake(self, stream->open_at_ns);
    self->counters.reconnects++;
    venue_log(self, HEAN_LOG_WARN, "%s stream %s: %s; again in %lld ms",
              stream->is_private ? "private" : "public", was_open ? "lost" : "not opened", why,
              (long long)(wait_ns / BASE_NS_PER_MS));
    if (stream->is_private) {
        self->reconciled = false;
        venue_round_abort(self);
    } else {
        for (size_t i = 0; i < self->symbol_count; i++)
            if (&self->streams[self->symbols[i].stream] == stream)
                venue_book_forget(self, i, false);
    }
    venue_judge(self,
                stream->is_private ? "the private stream is down" : "a public stream is down");
    venue_tell_connections(self, stream);
}

void venue_stream_drop(venue *self, venue_stream *stream, const char *why)
{
    if (stream->state == STREAM_CLOSED)
        return;
    (void)venue_act(self, WIRE_SOCKET_CLOSE, stream->socket);
    went_down(self, stream, why);
}

static void went_up(venue *self, venue_stream *stream)
{
    if (stream->state != STREAM_SUBSCRIBING || stream->batch_count > 0)
        return;
    stream->state = STREAM_UP;
    venue_wake(self, self->now_ns); /* of the private one: to compare */
    venue_tell_connections(self, stream);
    venue_judge(self, "");
}

/* ---- what the venue says to us about the connection ---- */

static void auth_answered(venue *self, venue_stream *stream, const bybit_control *control)
{
    if (stream->state != STREAM_AUTH)
        return;
    stream->auth_due_ns = VENUE_NEVER;
    if (control->success) {
        stream->auth_failures = 0;
        subscribe_all(self, stream);
        return;
    }
    /* Often only the clock; a key that is refused again and again is no good. */
    venue_clock_sample(self);
    venue_stream_drop(self, stream, control->text);
    if (++stream->auth_failures >= AUTH_FAILS_MAX)
        venue_halt(self, "the private stream refuses the key");
}

static void subscribe_answered(venue *self, venue_stream *stream, const bybit_control *control)
{
    size_t at = 0;
    if (stream->batch_count == 0)
        return;
    if (control->request_id[0] == 's') {
        uint64_t number = strtoull(control->request_id + 1, NULL, 10);
        while (at < stream->batch_count && stream->batches[at].number != number)
            at++;
        if (at == stream->batch_count)
            return;
    } /* else: answers without an id come in order */
    stream_batch batch = stream->batches[at];
    memmove(&stream->batches[at], &stream->batches[at + 1],
            (stream->batch_count - at - 1) * sizeof *stream->batches);
    stream->batch_count--;
    if (!control->success && batch.count > 1) {
        for (size_t i = 0; i < batch.count; i++)
            send_topics(self, stream, batch.first + i, 1, true);
    } else if (!control->success && strstr(control->text, "already subscribed") == NULL) {
        venue_log(self, HEAN_LOG_ERROR, "%s is refused: %s", stream->topics[batch.first],
                  control->text);
        if (stream->is_private)
            venue_stream_drop(self, stream, "a private topic is refused");
    }
    went_up(self, stream);
}

static void on_control(void *context, const bybit_control *control)
{
    venue *self = context;
    venue_stream *stream = self->speaking;
    if (control->pong) {
        stream->pong_due_ns = VENUE_NEVER;
        stream->tries = 0;
    } else if (strcmp(control->op, "auth") == 0) {
        auth_answered(self, stream, control);
    } else if (strcmp(control->op, "subscribe") == 0 || control->request_id[0] == 's') {
        subscribe_answered(self, stream, control);
    }
}

/* What concerns the account is believed of the private stream only. */
static hean_status on_order(void *context, const bybit_order *row)
{
    const venue *self = context;
    return self->speaking->is_private ? venue_on_order(context, row) : HEAN_OK;
}

static hean_status on_execution(void *context, const bybit_execution *row)
{
    const venue *self = context;
    return self->speaking->is_private ? venue_on_execution(context, row) : HEAN_OK;
}

static hean_status on_position(void *context, const bybit_position *row)
{
    const venue *self = context;
    return self->speaking->is_private ? venue_on_position(context, row) : HEAN_OK;
}

static hean_status on_coin(void *context, const bybit_coin *row)
{
    const venue *self = context;
    return self->speaking->is_private ? venue_on_coin(context, row) : HEAN_OK;
}

static void on_message(venue *self, venue_stream *stream, const char *text, size_t bytes)
{
    const bybit_frame_sink sink = {.context = self,
                                   .control = on_control,
                                   .book = venue_on_book,
                                   .market = venue_on_market,
                                   .liquidations = venue_on_liquidations,
                                   .ticker = venue_on_ticker,
                                   .order = on_order,
                                   .execution = on_execution,
                                   .position = on_position,
                                   .coin = on_coin};
    bybit_frame_kind kind;
    hean_error error;
    self->counters.frames++;
    self->counters.last_frame_ns = self->now_ns;
    self->speaking = stream;
    hean_status status =
        bybit_decode(self->decoder, text, bytes, self->now_ns, &sink, &kind, &error);
    self->speaking = NULL;
    if (stream->is_private)
        venue_wake(self, self->now_ns); /* what waits for an order may go on */
    if (status == HEAN_OK)
        return;
    if (status == HEAN_E_NO_MEMORY)
        venue_no_memory(self);
    venue_bad_message(self, stream->is_private ? 61 : 62,
                      stream->is_private ? "a private frame" : "a public frame", &error);
    /* An execution or the end of an order may have been in it. */
    if (stream->is_private)
        venue_round_alarm(self);
}

hean_status venue_stream_event(venue *self, uint64_t socket, wire_socket_event what,
                               const char *text, size_t bytes)
{
    venue_stream *stream = NULL;
    for (size_t i = 0; i < self->stream_count; i++)
        if (self->streams[i].socket == socket && self->streams[i].state != STREAM_CLOSED)
            stream = &self->streams[i];
    if (stream == NULL) /* one that was given up */
        return HEAN_OK;
    if (what == WIRE_SOCKET_MESSAGE) {
        on_message(self, stream, text, bytes);
    } else if (what == WIRE_SOCKET_DOWN) {
        went_down(self, stream, text != NULL ? text : "closed");
    } else if (stream->state == STREAM_OPENING) {
        stream->ping_at_ns = self->now_ns + PING_NS;
        venue_wake(self, stream->ping_at_ns);
        if (stream->is_private)
            send_auth(self, stream);
        else
            subscribe_all(self, stream);
    }
    return HEAN_OK;
}

/* ---- time ---- */

static void open_socket(venue *self, venue_stream *stream)
{
    queued_action *action = venue_act(self, WIRE_SOCKET_OPEN, ++self->socket_number);
    const char *url = stream->is_private ? self->private_url : self->public_url;
    if (action == NULL)
        return;
    base_buffer_append(&action->url, url, strlen(url));
    if (action->url.failed)
        venue_no_memory(self);
    stream->socket = self->socket_number;
    stream->state = STREAM_OPENING;
    stream->open_at_ns = VENUE_NEVER;
}

static int64_t stream_due_ns(const venue_stream *stream)
{
    int64_t due_ns = stream->ping_at_ns;
    if (stream->state == STREAM_CLOSED)
        return stream->open_at_ns;
    due_ns = stream->pong_due_ns < due_ns ? stream->pong_due_ns : due_ns;
    due_ns = stream->auth_due_ns < due_ns ? stream->auth_due_ns : due_ns;
    if (stream->batch_count > 0 && stream->batches[0].sent_ns + ANSWER_NS < due_ns)
        due_ns = stream->batches[0].sent_ns + ANSWER_NS;
    return due_ns;
}

void venue_streams_advance(venue *self)
{
    for (size_t i = 0; i < self->stream_count; i++) {
        venue_stream *stream = &self->streams[i];
        if (stream_due_ns(stream) > self->now_ns)
            continue;
        if (stream->state == STREAM_CLOSED)
            open_socket(self, stream);
        else if (stream->pong_due_ns <= self->now_ns)
            venue_stream_drop(self, stream, "no pong");
        else if (stream->auth_due_ns <= self->now_ns)
            venue_stream_drop(self, stream, "no answer to auth");
        else if (stream->ping_at_ns <= self->now_ns)
            send_ping(self, stream);
        else
            venue_stream_drop(self, stream, "no answer to subscribe");
    }
}

int64_t venue_streams_due_ns(const venue *self)
{
    int64_t due_ns = VENUE_NEVER;
    for (size_t i = 0; i < self->stream_count; i++) {
        int64_t at_ns = stream_due_ns(&self->streams[i]);
        due_ns = at_ns < due_ns ? at_ns : due_ns;
    }
    return due_ns;
}
