/*
 * exchange_sim_fixture.h: a simulated venue with a scripted market, asked by signed requests, its
 * answers and frames as JSON. Requests are signed by the adapter's own signer, which the venue does
 * not share.
 */
#ifndef EXCHANGE_SIM_FIXTURE_H
#define EXCHANGE_SIM_FIXTURE_H

#include <exchange/bybit.h>
#include <exchange/sim.h>
#include <support.h>

#include <jansson.h>
#include <string.h>

#define FIXTURE_START_NS (INT64_C(1790000000) * BASE_NS_PER_S)
#define FIXTURE_EVENTS   512
#define LINEAR           0
#define SPOT             1
#define INVERSE          2

typedef struct fixture {
    sim_venue *sim;
    sim_options options;
    market_instrument instruments[3];
    hean_event events[FIXTURE_EVENTS];
    size_t event_count;
    int64_t now_ns;
    uint64_t requests;
    int64_t signed_ms; /* 0: now */
    int http_status;
    char headers[512];
    sim_output_kind kind;
    bool answered;
    size_t answer_bytes;
    json_t *answer; /* the last one; NULL: none, or not JSON */
    json_t *frames; /* [{"socket":1,"frame":{...}},...] in order; also {"answer":true} */
    bool cut[64];
} fixture;

/* ---- the market ---- */

static inline hean_event *fixture_event(fixture *self, int instrument, int64_t after_ms,
                                        hean_event_kind kind)
{
    assert_true(self->event_count < FIXTURE_EVENTS);
    hean_event *event = &self->events[self->event_count++];
    *event = (hean_event){.exch_ns = FIXTURE_START_NS + after_ms * BASE_NS_PER_MS,
                          .kind = (uint8_t)kind,
                          .instrument = (uint16_t)instrument};
    event->local_ns = event->exch_ns;
    return event;
}

static inline void fixture_level(fixture *self, int instrument, int64_t after_ms, hean_side side,
                                 int64_t price_ticks, int64_t lots)
{
    hean_event *event = fixture_event(self, instrument, after_ms, HEAN_EVENT_BOOK);
    event->side = (uint8_t)side;
    event->flags = HEAN_EVENT_LAST;
    event->data.level.price_ticks = price_ticks;
    event->data.level.qty_lots = lots;
}

static inline void fixture_trade(fixture *self, int instrument, int64_t after_ms, hean_side side,
                                 int64_t price_ticks, int64_t lots)
{
    hean_event *event = fixture_event(self, instrument, after_ms, HEAN_EVENT_TRADE);
    event->side = (uint8_t)side;
    event->data.level.price_ticks = price_ticks;
    event->data.level.qty_lots = lots;
}

static inline void fixture_mark(fixture *self, int instrument, int64_t after_ms, int64_t ticks)
{
    hean_event *event = fixture_event(self, instrument, after_ms, HEAN_EVENT_MARK);
    event->data.mark.mark_ticks = event->data.mark.index_ticks = ticks;
    event->data.mark.next_rate_e12 = BASE_E12 / 10000;
    event->data.mark.next_funding_ns = FIXTURE_START_NS + 8 * 3600 * BASE_NS_PER_S;
}

static inline void fixture_funding(fixture *self, int instrument, int64_t after_ms,
                                   int64_t rate_e12, int64_t mark_ticks)
{
    hean_event *event = fixture_event(self, instrument, after_ms, HEAN_EVENT_FUNDING);
    event->data.funding.rate_e12 = rate_e12;
    event->data.funding.mark_ticks = mark_ticks;
    event->data.funding.interval_ns = 8 * 3600 * BASE_NS_PER_S;
}

/* Books of 100.0 / 100.1 with 5 and 10 behind, a mark of 100, at the start. Ticks of 0.1, lots of
 * 0.01 (inverse: 1 USD). */
static inline void fixture_init(fixture *self)
{
    static const struct {
        const char *symbol;
        hean_instrument_kind kind;
    } rows[] = {{"TESTUSDT", HEAN_INSTRUMENT_LINEAR},
                {"TESTUSDT-SPOT", HEAN_INSTRUMENT_SPOT},
                {"TESTUSD", HEAN_INSTRUMENT_INVERSE}};
    hean_error error;
    memset(self, 0, sizeof *self);
    for (int i = 0; i < 3; i++) {
        hean_instrument spec = {.kind = rows[i].kind,
                                .tick_size = {1, -1},
                                .lot_size = {1, i == INVERSE ? 0 : -2},
                                .min_qty_lots = 1,
                                .max_qty_lots = 100000,
                                .min_notional_e8 = i == INVERSE ? 0 : 5 * BASE_E8,
                                .maker_fee_e8 = 20000,
                                .taker_fee_e8 = 55000};
        (void)base_text_copy(spec.symbol, sizeof spec.symbol, rows[i].symbol);
        assert_status(market_instrument_init(&self->instruments[i], &spec, &error), HEAN_OK,
                      &error);
        for (int level = 0; level < 2; level++) {
            fixture_level(self, i, 0, HEAN_SIDE_BUY, 1000 - level, 500 * (level + 1));
            fixture_level(self, i, 0, HEAN_SIDE_SELL, 1001 + level, 500 * (level + 1));
        }
        fixture_mark(self, i, 0, 1000);
        fixture_trade(self, i, 0, HEAN_SIDE_BUY, 1000, 1);
    }
    self->options = sim_options_default();
    self->options.market = NULL;
    self->options.instruments = self->instruments;
    self->options.instrument_count = 3;
    self->now_ns = FIXTURE_START_NS;
}

/* ---- asking ---- */

static inline void fixture_take(fixture *self)
{
    sim_output output;
    while (sim_take_output(self->sim, self->now_ns, &output)) {
        if (output.kind == SIM_SOCKET_CUT) {
            self->cut[output.id % 64] = true;
        } else if (output.kind == SIM_FRAME) {
            json_t *frame = json_loadb(output.body, output.bytes, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(frame);
            assert_int_equal(json_array_append_new(self->frames, json_pack("{s:I,s:o}", "socket",
                                                                           (json_int_t)output.id,
                                                                           "frame", frame)),
                             0);
        } else if (output.id == self->requests) {
            self->answered = true;
            self->kind = output.kind;
            self->http_status = output.http_status;
            self->answer_bytes = output.bytes;
            (void)base_text_copy(self->headers, sizeof self->headers, output.headers);
            json_decref(self->answer);
            self->answer = json_loadb(output.body, output.bytes, JSON_REJECT_DUPLICATES, NULL);
            (void)json_array_append_new(self->frames, json_pack("{s:b}", "answer", 1));
        }
    }
}

static inline void fixture_open(fixture *self)
{
    hean_error error;
    self->options.events = self->events;
    self->options.event_count = self->event_count;
    assert_status(sim_open(&self->options, &self->sim, &error), HEAN_OK, &error);
    self->frames = json_array();
    assert_int_equal(sim_advance(self->sim, self->now_ns), HEAN_OK);
    fixture_take(self);
}

static inline void fixture_close(fixture *self)
{
    sim_close(self->sim);
    json_decref(self->answer);
    json_decref(self->frames);
}

static inline void fixture_wait(fixture *self, int64_t milliseconds)
{
    self->now_ns += milliseconds * BASE_NS_PER_MS;
    assert_int_equal(sim_advance(self->sim, self->now_ns), HEAN_OK);
    fixture_take(self);
}

static inline void fixture_forget(fixture *self)
{
    (void)json_array_clear(self->frames);
}

/* Sends as it stands; whatever came back is in the fixture. */
static inline void fixture_send(fixture *self, const char *method, const char *target,
                                const char *headers, const char *body)
{
    sim_request request = {.id = ++self->requests,
                           .method = method,
                           .target = target,
                           .headers = headers,
                           .body = body,
                           .body_bytes = strlen(body)};
    self->answered = false;
    json_decref(self->answer);
    self->answer = NULL;
    assert_int_equal(sim_http(self->sim, &request, self->now_ns), HEAN_OK);
    fixture_take(self);
}

static inline void fixture_ask(fixture *self, const char *method, const char *target,
                               const char *body)
{
    char signature[BYBIT_SIGNATURE_BYTES];
    char headers[512];
    const char *query = strchr(target, '?');
    const char *payload = strcmp(method, "POST") == 0 ? body : query == NULL ? "" : query + 1;
    int64_t time_ms = self->signed_ms != 0 ? self->signed_ms : self->now_ns / BASE_NS_PER_MS;
    bybit_sign("sim-key", "sim-secret", time_ms, 5000, payload, strlen(payload), signature);
    (void)snprintf(headers, sizeof headers,
                   "x-bapi-api-key: sim-key\nX-BAPI-TIMESTAMP: %lld\nX-BAPI-RECV-WINDOW: 5000\n"
                   "X-BAPI-SIGN: %s\n",
                   (long long)time_ms, signature);
    fixture_send(self, method, target, headers, body);
}

static inline void fixture_get(fixture *self, const char *target)
{
    fixture_ask(self, "GET", target, "");
}

static inline void fixture_post(fixture *self, const char *path, const char *body)
{
    fixture_ask(self, "POST", path, body);
}

static inline int fixture_code(const fixture *self)
{
    assert_non_null(self->answer);
    return (int)json_integer_value(json_object_get(self->answer, "retCode"));
}

#define assert_code(self, expected)                                                                \
    do {                                                                                           \
        if (fixture_code(self) != (expected))                                                      \
            print_error("%s\n", json_string_value(json_object_get((self)->answer, "retMsg")));     \
        assert_int_equal(fixture_code(self), (expected));                                          \
    } while (0)

/* The value at "list.0.orderId" below a value; NULL: none. */
static inline const json_t *fixture_at(const json_t *value, const char *path)
{
    char name[64];
    while (value != NULL && *path != '\0') {
        size_t bytes = strcspn(path, ".");
        memcpy(name, path, bytes);
        name[bytes] = '\0';
        value = json_is_array(value) ? json_array_get(value, strtoul(name, NULL, 10))
                                     : json_object_get(value, name);
        path += bytes + (path[bytes] == '.' ? 1 : 0);
    }
    return value;
}

/* Of the result of the last answer; "" where there is none. */
static inline const char *fixture_text(const fixture *self, const char *path)
{
    const json_t *value = fixture_at(json_object_get(self->answer, "result"), path);
    const char *text = json_string_value(value);
    return text == NULL ? "" : text;
}

static inline size_t fixture_count(const fixture *self, const char *path)
{
    return json_array_size(fixture_at(json_object_get(self->answer, "result"), path));
}

/* ---- sockets ---- */

static inline void fixture_say(fixture *self, uint64_t socket, const char *text)
{
    assert_int_equal(sim_socket_message(self->sim, socket, text, strlen(text), self->now_ns),
                     HEAN_OK);
    fixture_take(self);
}

static inline void fixture_socket(fixture *self, uint64_t socket, const char *target)
{
    assert_int_equal(sim_socket_open(self->sim, socket, target, self->now_ns), HEAN_OK);
    fixture_take(self);
}

/* A private socket with its topics. */
static inline void fixture_private(fixture *self, uint64_t socket, const char *target,
                                   const char *topics)
{
    char text[512];
    char signature[BYBIT_SIGNATURE_BYTES];
    int64_t expires_ms = self->now_ns / BASE_NS_PER_MS + 10000;
    bybit_sign_socket("sim-secret", expires_ms, signature);
    (void)snprintf(text, sizeof text, "{\"op\":\"auth\",\"args\":[\"sim-key\",%lld,\"%s\"]}",
                   (long long)expires_ms, signature);
    fixture_socket(self, socket, target);
    fixture_say(self, socket, text);
    if (topics == NULL)
        return;
    (void)snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"args\":[%s]}", topics);
    fixture_say(self, socket, text);
    fixture_forget(self);
}

/* The nth frame of a topic since the last fixture_forget; NULL: there are not so many. */
static inline const json_t *fixture_frame(const fixture *self, const char *topic, size_t nth)
{
    for (size_t i = 0; i < json_array_size(self->frames); i++) {
        const json_t *frame = json_object_get(json_array_get(self->frames, i), "frame");
        const char *name = json_string_value(json_object_get(frame, "topic"));
        if (name != NULL && strcmp(name, topic) == 0 && nth-- == 0)
            return frame;
    }
    return NULL;
}

static inline size_t fixture_frames(const fixture *self, const char *topic)
{
    size_t count = 0;
    while (fixture_frame(self, topic, count) != NULL)
        count++;
    return count;
}

/* A text of the first item of a frame's data. */
static inline const char *fixture_said(const json_t *frame, const char *key)
{
    const char *text =
        json_string_value(json_object_get(json_array_get(json_object_get(frame, "data"), 0), key));
    return text == NULL ? "" : text;
}

#endif
