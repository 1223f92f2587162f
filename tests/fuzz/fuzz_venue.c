/*
 * fuzz_venue.c: the venue machine at a venue that says anything at all.
 *
 * The input is a list of lines: the first letter says what happens ('a' an answer to the oldest
 * request with the line as its result, 'b' with the line as its whole body, 'x' no answer, 'p' and
 * 'q' a frame of the private and public stream, 'c' a cut, 'o' an order, 'd' an amendment, 'e' a
 * cancel, 't' time passes), the rest is text. What must hold: no assertion, no sanitizer's finding,
 * memory is freed, and events about orders speak of orders that were placed.
 */
#include <exchange/bybit.h>
#include <exchange/venue.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS_MAX 256
#define S            BASE_NS_PER_S

typedef struct world {
    venue *venue;
    int64_t now;
    uint64_t requests[REQUESTS_MAX];
    size_t request_count;
    uint64_t sockets[2];
    uint64_t orders;
} world;

static void take(world *w)
{
    wire_action action;
    venue_event event;
    while (venue_take_action(w->venue, &action)) {
        if (action.kind == WIRE_HTTP && w->request_count < REQUESTS_MAX)
            w->requests[w->request_count++] = action.id;
        if (action.kind != WIRE_SOCKET_OPEN)
            continue;
        uint64_t id = action.id;
        w->sockets[strstr(action.url, "private") != NULL] = id;
        (void)!venue_socket(w->venue, id, WIRE_SOCKET_UP, NULL, 0, w->now, NULL);
    }
    while (venue_take_event(w->venue, &event)) {
        uint64_t id = event.event.data.order.order_id;
        BASE_ASSERT(event.kind != VENUE_ORDER || (id > 0 && id <= w->orders));
        BASE_ASSERT(event.kind != VENUE_FILL || event.event.data.fill.qty_lots > 0);
    }
}

static void answer(world *w, const char *text, size_t bytes, bool whole, bool lost)
{
    static char body[70000];
    if (w->request_count == 0)
        return;
    wire_response response = {.id = w->requests[0],
                              .outcome = lost ? WIRE_UNKNOWN : WIRE_DONE,
                              .why = "lost",
                              .http_status = 200,
                              .headers = "X-Bapi-Limit: 10\r\nX-Bapi-Limit-Status: 9\r\n",
                              .body = body,
                              .sent_ns = w->now,
                              .received_ns = w->now};
    int used = whole
                   ? snprintf(body, sizeof body, "%.*s", (int)bytes, text)
                   : snprintf(body, sizeof body, "{\"retCode\":0,\"retMsg\":\"\",\"result\":%.*s}",
                              (int)bytes, text);
    response.body_bytes = used < (int)sizeof body ? (size_t)used : sizeof body - 1;
    memmove(w->requests, w->requests + 1, --w->request_count * sizeof w->requests[0]);
    (void)!venue_response(w->venue, &response, w->now, NULL);
}

static void intend(world *w, hean_intent_kind kind, size_t bytes)
{
    hean_intent intent = {.kind = (uint8_t)kind,
                          .side = bytes % 2 == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL,
                          .order_id = kind == HEAN_INTENT_PLACE ? ++w->orders : w->orders,
                          .price_ticks = 10000 + (int64_t)bytes,
                          .qty_lots = 1 + (int64_t)bytes};
    (void)!venue_intent(w->venue, 0, &intent, w->now, NULL);
}

static void line(world *w, const char *text, size_t bytes)
{
    char kind = text[0];
    text++;
    bytes--;
    if (kind == 'a' || kind == 'b' || kind == 'x')
        answer(w, text, bytes, kind == 'b', kind == 'x');
    else if (kind == 'p' || kind == 'q')
        (void)!venue_socket(w->venue, w->sockets[kind == 'p'], WIRE_SOCKET_MESSAGE, text, bytes,
                            w->now, NULL);
    else if (kind == 'c')
        (void)!venue_socket(w->venue, w->sockets[bytes % 2], WIRE_SOCKET_DOWN, "cut", 3, w->now,
                            NULL);
    else if (kind == 'o')
        intend(w, HEAN_INTENT_PLACE, bytes);
    else if (kind == 'd')
        intend(w, HEAN_INTENT_AMEND, bytes);
    else if (kind == 'e')
        intend(w, HEAN_INTENT_CANCEL, bytes);
    else
        w->now += (int64_t)bytes * S / 4;
    take(w);
    if (venue_due_ns(w->venue) <= w->now)
        (void)!venue_advance(w->venue, w->now, NULL);
    take(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const symbols[] = {"SOLUSDT"};
    static const venue_strategy strategies[] = {{"impulse"}};
    const venue_options options = {.allocator = base_allocator_default(),
                                   .rest_url = "https://venue.test",
                                   .public_socket_url = "wss://venue.test/v5/public/linear",
                                   .private_socket_url = "wss://venue.test/v5/private",
                                   .api_key = "key",
                                   .api_secret = "secret",
                                   .trade = true,
                                   .recv_window_ms = 5000,
                                   .symbols = symbols,
                                   .symbol_count = 1,
                                   .book_depth = 50,
                                   .run = "run00001",
                                   .strategies = strategies,
                                   .strategy_count = 1,
                                   .ceiling_percent = 80,
                                   .seed = 1};
    world w = {.now = INT64_C(1790000000) * S};
    BASE_ASSERT(venue_open(&options, &w.venue, NULL) == HEAN_OK);
    BASE_ASSERT(venue_start(w.venue, w.now, NULL) == HEAN_OK);
    take(&w);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t bytes = end != NULL ? (size_t)(end - (data + at)) : size - at;
        if (bytes > 0)
            line(&w, (const char *)data + at, bytes);
        at += bytes + 1;
    }
    venue_close(w.venue);
    return 0;
}
