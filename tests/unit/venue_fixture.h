/*
 * venue_fixture.h: a venue machine at a small exchange (venue_exchange.h), and a host that believes
 * what it is told and checks that it may.
 */
#ifndef VENUE_FIXTURE_H
#define VENUE_FIXTURE_H

#include "venue_exchange.h"

/* ---- what the host does with events ---- */

static inline host_order *host_find(fixture *f, uint64_t id)
{
    for (int i = 0; i < f->order_count; i++)
        if (f->orders[i].id == id)
            return &f->orders[i];
    return NULL;
}

static inline void host_exec(fixture *f, const venue_event *event)
{
    for (int i = 0; i < f->exec_count; i++)
        if (strcmp(f->execs[i], event->exec_id) == 0)
            fail_msg("execution %s was told twice", event->exec_id);
    assert_true(f->exec_count < EXECS_MAX);
    memcpy(f->execs[f->exec_count++], event->exec_id, VENUE_EXEC_ID_BYTES);
}

/* As the engine takes them (core/engine/account.c, loop.c). */
static inline void host_take(fixture *f, const venue_event *event)
{
    bool buy = event->event.side == HEAN_SIDE_BUY;
    if (event->kind == VENUE_ORDER) {
        host_order *order = host_find(f, event->event.data.order.order_id);
        assert_non_null(order);
        assert_false(order->ended);
        assert_int_equal(event->event.data.order.filled_lots, order->filled);
        assert_true(event->event.data.order.qty_lots >= order->filled);
        order->price = event->event.data.order.price_ticks;
        order->qty = event->event.data.order.qty_lots;
        order->status = event->event.data.order.status;
        order->reason = event->event.reason;
        order->tells++;
        order->ended = order->status == HEAN_ORDER_FILLED ||
                       order->status == HEAN_ORDER_CANCELLED ||
                       order->status == HEAN_ORDER_REJECTED;
        if (order->status == HEAN_ORDER_REJECTED)
            assert_int_equal(order->filled, 0);
        return;
    }
    int64_t lots = event->event.data.fill.qty_lots;
    host_exec(f, event);
    if (event->kind == VENUE_FOREIGN_FILL) {
        f->foreign_fills++;
        f->foreign_lots += buy ? lots : -lots;
        return;
    }
    f->position += buy ? lots : -lots;
    if (event->kind == VENUE_LATE_FILL) {
        f->late_fills++;
        return;
    }
    host_order *order = host_find(f, event->event.data.fill.order_id);
    assert_non_null(order);
    assert_false(order->ended);
    assert_true(lots <= order->qty - order->filled);
    order->filled += lots;
    order->fills++;
    order->status = order->filled == order->qty ? HEAN_ORDER_FILLED : HEAN_ORDER_PARTLY_FILLED;
    order->ended = order->filled == order->qty;
}

static inline void drain_events(fixture *f)
{
    venue_event event;
    while (venue_take_event(f->venue, &event)) {
        if (f->echo && event.kind != VENUE_MARKET)
            printf("%lld ms: event %d order %llx status %lld reason %d %s%s\n",
                   (long long)((f->now - BEGIN_NS) / MS), event.kind,
                   (unsigned long long)event.event.data.order.order_id,
                   (long long)event.event.data.order.status, event.event.reason, event.exec_id,
                   event.text);
        switch (event.kind) {
        case VENUE_ORDER:
        case VENUE_FILL:
        case VENUE_LATE_FILL:
        case VENUE_FOREIGN_FILL:
            host_take(f, &event);
            venue_set_held(f->venue, 0, f->position);
            break;
        case VENUE_MARKET:
            if (f->market_count < PENDING_MAX)
                f->market[f->market_count++] = event.event;
            break;
        case VENUE_LIQUIDATION:
            f->liquidations++;
            break;
        case VENUE_FUNDING:
            host_exec(f, &event);
            f->fundings++;
            break;
        case VENUE_FOREIGN_ORDER:
            f->foreign_orders += event.qty_lots > 0 ? 1 : -1;
            break;
        case VENUE_DIFFERENCE:
            f->differences++;
            memcpy(f->last_difference, event.text, sizeof f->last_difference);
            break;
        case VENUE_HALT:
            f->halts++;
            memcpy(f->last_halt, event.text, sizeof f->last_halt);
            break;
        case VENUE_LOG:
            f->logs[event.level]++;
            memcpy(f->last_log, event.text, sizeof f->last_log);
            break;
        case VENUE_READY:
            f->ready_count++;
            break;
        case VENUE_INSTRUMENT:
            f->instruments++;
            break;
        case VENUE_WALLET:
            f->wallets++;
            break;
        default:
            break;
        }
    }
}

/* Every call works, unless the test lets memory run out. */
static inline void fixture_check(fixture *f, hean_status status, const hean_error *error)
{
    if (f->may_fail && status == HEAN_E_NO_MEMORY)
        f->failed = true;
    else
        assert_status(status, HEAN_OK, error);
}

/* ---- wires ---- */

static inline void socket_text(fixture *f, uint64_t socket, const char *text)
{
    hean_error error;
    fixture_check(
        f, venue_socket(f->venue, socket, WIRE_SOCKET_MESSAGE, text, strlen(text), f->now, &error),
        &error);
    drain_events(f);
}

/* Connections work unless a test cuts them: they open, take keys and topics, and answer pings. */
static inline void socket_action(fixture *f, const wire_action *action)
{
    hean_error error;
    if (action->kind == WIRE_SOCKET_OPEN) {
        bool is_private = strstr(action->url, "private") != NULL;
        uint64_t id = action->id;
        if (is_private)
            f->ex.private_socket = id;
        else
            f->ex.public_socket = id;
        f->opened_count++;
        f->ex.private_up = f->ex.private_up || is_private;
        if (f->keep_closed)
            fixture_check(
                f, venue_socket(f->venue, id, WIRE_SOCKET_DOWN, "refused", 7, f->now, &error),
                &error);
        else
            fixture_check(f, venue_socket(f->venue, id, WIRE_SOCKET_UP, NULL, 0, f->now, &error),
                          &error);
        return;
    }
    if (action->kind != WIRE_SOCKET_SEND)
        return;
    char reply[300], number[40];
    uint64_t id = action->id;
    f->sends++;
    (void)snprintf(f->last_send, sizeof f->last_send, "%.*s", (int)action->body_bytes,
                   action->body);
    ex_field(f->last_send, "req_id", number, sizeof number);
    char name[20];
    ex_field(f->last_send, "op", name, sizeof name);
    assert_true(name[0] != 0);
    f->pings += strcmp(name, "ping") == 0;
    f->auths += strcmp(name, "auth") == 0;
    f->subscribes += strcmp(name, "subscribe") == 0;
    bool refused = (f->refuse_auth && strcmp(name, "auth") == 0) ||
                   (f->refused_topic != NULL && strcmp(name, "subscribe") == 0 &&
                    strstr(f->last_send, f->refused_topic) != NULL);
    if (f->mute)
        return;
    if (f->unnumbered)
        number[0] = 0;
    (void)snprintf(reply, sizeof reply,
                   "{\"success\":%s,\"ret_msg\":\"%s\",\"conn_id\":\"c\",\"req_id\":\"%s\","
                   "\"op\":\"%s\"}",
                   refused ? "false" : "true",
                   refused                     ? "error:handler not found"
                   : strcmp(name, "ping") == 0 ? "pong"
                                               : "",
                   number, name);
    socket_text(f, id, reply);
}

static inline void take_actions(fixture *f)
{
    wire_action action;
    while (venue_take_action(f->venue, &action)) {
        if (action.kind != WIRE_HTTP) {
            socket_action(f, &action);
            continue;
        }
        assert_true(f->ex.pending_count < PENDING_MAX);
        ex_request *request = &f->ex.pending[f->ex.pending_count++];
        memset(request, 0, sizeof *request);
        request->id = action.id;
        request->post = strcmp(action.method, "POST") == 0;
        assert_true(strlen(action.url) < sizeof request->url);
        (void)snprintf(request->url, sizeof request->url, "%s", action.url);
        if (action.body != NULL)
            (void)snprintf(request->body, sizeof request->body, "%.*s", (int)action.body_bytes,
                           action.body);
        assert_true(request->post || action.body == NULL);
        request->sent_ns = f->now;
        if (f->echo)
            printf("%lld ms: %s %s\n", (long long)((f->now - BEGIN_NS) / MS), request->url,
                   request->body);
    }
    drain_events(f);
}

static inline void respond(fixture *f, const ex_request *request, wire_outcome outcome,
                           int http_status, const char *headers, const char *body)
{
    hean_error error;
    wire_response response = {.id = request->id,
                              .outcome = outcome,
                              .why = outcome == WIRE_DONE ? NULL : "cut",
                              .http_status = http_status,
                              .headers = headers,
                              .body = body != NULL ? body : "",
                              .body_bytes = body != NULL ? strlen(body) : 0,
                              .sent_ns = request->sent_ns,
                              .received_ns = f->now};
    if (f->echo)
        printf("%lld ms: answer %d %.200s\n", (long long)((f->now - BEGIN_NS) / MS), (int)outcome,
               response.body);
    fixture_check(f, venue_response(f->venue, &response, f->now, &error), &error);
    take_actions(f);
}

static inline void respond_ok(fixture *f, const ex_request *request, const char *result)
{
    static char body[4 * TEXT_BYTES * 8];
    (void)snprintf(
        body, sizeof body,
        "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":%s,\"retExtInfo\":{},\"time\":%lld}", result,
        (long long)ex_ms(f));
    respond(f, request, WIRE_DONE, 200, "", body);
}

static inline void respond_code(fixture *f, const ex_request *request, int code)
{
    char body[200];
    (void)snprintf(body, sizeof body,
                   "{\"retCode\":%d,\"retMsg\":\"no\",\"result\":{},\"retExtInfo\":{},"
                   "\"time\":%lld}",
                   code, (long long)ex_ms(f));
    respond(f, request, WIRE_DONE, 200, "", body);
}

/* The request at `at` is no longer waiting. */
static inline ex_request take_request(fixture *f, int at)
{
    ex_request request = f->ex.pending[at];
    assert_true(at < f->ex.pending_count);
    memmove(&f->ex.pending[at], &f->ex.pending[at + 1],
            (size_t)(f->ex.pending_count - at - 1) * sizeof request);
    f->ex.pending_count--;
    return request;
}

static inline int find_request(const fixture *f, const char *path)
{
    for (int i = 0; i < f->ex.pending_count; i++)
        if (strstr(f->ex.pending[i].url, path) != NULL)
            return i;
    return -1;
}

/* Answers the request at `at` as the exchange would. */
static inline void answer(fixture *f, int at)
{
    static char result[TEXT_BYTES * 16];
    ex_request request = take_request(f, at);
    int code = ex_act(f, &request, result, sizeof result);
    if (code == 0)
        respond_ok(f, &request, result);
    else
        respond_code(f, &request, code);
}

static inline void answer_all(fixture *f)
{
    take_actions(f);
    while (f->ex.pending_count > 0 && !f->failed)
        answer(f, 0);
}

static inline void deliver_frame(fixture *f, int at)
{
    char *frame = f->ex.frames[at];
    memmove(&f->ex.frames[at], &f->ex.frames[at + 1],
            (size_t)(f->ex.frame_count - at - 1) * sizeof *f->ex.frames);
    f->ex.frame_count--;
    if (f->echo)
        printf("%lld ms: frame %s\n", (long long)((f->now - BEGIN_NS) / MS), frame);
    if (f->ex.private_up)
        socket_text(f, f->ex.private_socket, frame);
    free(frame);
    take_actions(f);
}

static inline void drop_frames(fixture *f)
{
    while (f->ex.frame_count > 0)
        free(f->ex.frames[--f->ex.frame_count]);
}

static inline void deliver_all(fixture *f)
{
    while (f->ex.frame_count > 0)
        deliver_frame(f, 0);
}

static inline void step_to(fixture *f, int64_t now)
{
    hean_error error;
    f->now = now > f->now ? now : f->now;
    fixture_check(f, venue_advance(f->venue, f->now, &error), &error);
    take_actions(f);
}

/* Time passes; timers fire when they are due; requests wait for the test. */
static inline void pass(fixture *f, int64_t ns)
{
    int64_t end = f->now + ns;
    for (int turns = 0; venue_due_ns(f->venue) <= end; turns++) {
        assert_true(turns < 100000);
        step_to(f, venue_due_ns(f->venue));
    }
    step_to(f, end);
}

/* The same, with an exchange that answers everything at once. */
static inline void run_on(fixture *f, int64_t ns)
{
    int64_t end = f->now + ns;
    for (int turns = 0; turns < 1000000 && !f->failed; turns++) {
        answer_all(f);
        deliver_all(f);
        if (f->ex.pending_count > 0 || f->ex.frame_count > 0)
            continue;
        if (venue_due_ns(f->venue) > end)
            break;
        step_to(f, venue_due_ns(f->venue));
    }
    step_to(f, end);
    answer_all(f);
    deliver_all(f);
}

/* ---- open ---- */

static const char *const fixture_symbols[] = {"SOLUSDT"};
static const venue_strategy fixture_strategies[] = {{"impulse"}, {"maker"}};

static inline venue_options fixture_options(const hean_allocator *allocator)
{
    return (venue_options){.allocator = allocator,
                           .category = VENUE_LINEAR,
                           .rest_url = "https://venue.test",
                           .public_socket_url = "wss://venue.test/v5/public/linear",
                           .private_socket_url = "wss://venue.test/v5/private",
                           .api_key = "HostDemoKey0001",
                           .api_secret = "HostDemoSecret-AbCdEf0123456789XYZ",
                           .trade = true,
                           .recv_window_ms = 5000,
                           .symbols = fixture_symbols,
                           .symbol_count = BASE_COUNT(fixture_symbols),
                           .book_depth = 50,
                           .run = RUN,
                           .strategies = fixture_strategies,
                           .strategy_count = BASE_COUNT(fixture_strategies),
                           .ceiling_percent = 80,
                           .known_execution_ns = BEGIN_NS,
                           .seed = 1};
}

static inline fixture *fixture_open(const venue_options *options)
{
    fixture *f = calloc(1, sizeof *f);
    hean_error error;
    f->now = BEGIN_NS;
    f->ex.page = 50;
    assert_status(venue_open(options, &f->venue, &error), HEAN_OK, &error);
    assert_status(venue_start(f->venue, f->now, &error), HEAN_OK, &error);
    return f;
}

/* A venue that is READY. */
static inline fixture *fixture_ready(void)
{
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    return f;
}

static inline void fixture_close(fixture *f)
{
    drop_frames(f);
    venue_close(f->venue);
    free(f);
}

/* ---- what a strategy does ---- */

/* ... leaving what it leads to on the wire. */
static inline uint64_t place_order_only(fixture *f, uint16_t strategy, bool buy, int64_t price,
                                        int64_t qty)
{
    hean_error error;
    host_order *order = &f->orders[f->order_count++];
    assert_true(f->order_count < ORDERS_MAX);
    memset(order, 0, sizeof *order);
    order->id = (uint64_t)strategy << 48 | (uint64_t)f->order_count;
    order->price = price;
    order->qty = qty;
    order->status = HEAN_ORDER_PENDING_NEW;
    hean_intent intent = {.kind = HEAN_INTENT_PLACE,
                          .side = buy ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                          .order_type = price > 0 ? HEAN_ORDER_LIMIT : HEAN_ORDER_MARKET,
                          .order_id = order->id,
                          .price_ticks = price,
                          .qty_lots = qty};
    fixture_check(f, venue_intent(f->venue, strategy, &intent, f->now, &error), &error);
    drain_events(f);
    return intent.order_id;
}

static inline void amend_order_only(fixture *f, uint64_t id, int64_t price, int64_t qty)
{
    hean_error error;
    hean_intent intent = {
        .kind = HEAN_INTENT_AMEND, .order_id = id, .price_ticks = price, .qty_lots = qty};
    fixture_check(f, venue_intent(f->venue, (uint16_t)(id >> 48), &intent, f->now, &error), &error);
    drain_events(f);
}

static inline void cancel_order_only(fixture *f, uint64_t id)
{
    hean_error error;
    hean_intent intent = {.kind = HEAN_INTENT_CANCEL, .order_id = id};
    fixture_check(f, venue_intent(f->venue, (uint16_t)(id >> 48), &intent, f->now, &error), &error);
    drain_events(f);
}

static inline uint64_t place_order(fixture *f, uint16_t strategy, bool buy, int64_t price,
                                   int64_t qty)
{
    uint64_t id = place_order_only(f, strategy, buy, price, qty);
    take_actions(f);
    return id;
}

static inline void amend_order(fixture *f, uint64_t id, int64_t price, int64_t qty)
{
    amend_order_only(f, id, price, qty);
    take_actions(f);
}

static inline void cancel_order(fixture *f, uint64_t id)
{
    cancel_order_only(f, id);
    take_actions(f);
}

static inline void cut_private(fixture *f)
{
    hean_error error;
    f->ex.private_up = false;
    drop_frames(f);
    fixture_check(
        f, venue_socket(f->venue, f->ex.private_socket, WIRE_SOCKET_DOWN, "cut", 3, f->now, &error),
        &error);
    take_actions(f);
}

#endif
