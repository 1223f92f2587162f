/*
 * bench_tick_to_order.c: from the last byte of a market frame read to the last byte of the order
 * that it caused written: socket, frame, codec, engine, strategy in its jail, risk gate, body,
 * signature, HTTP. On loopback, against hean exchange-sim, plain and over TLS.
 *
 * Seven orders a second, as the venue's rate limit has it: every one starts from cold caches and
 * from a processor that slept. One order at a time; its answer is read before the next.
 */
#include <support.h>

#include "../integration/edge_server.h"

#include <exchange/edge.h>
#include <exchange/venue.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#define ORDERS   150
#define WARM_UP  10
#define WAIT_NS  (120 * BASE_NS_PER_S)
#define PER_PASS 64

static const char quoter[] =
    "local s = { name = 'quoter', subscribe = { book = true } }\n"
    "local last = 0\n"
    "function s.on_book(ctx, book)\n"
    "  if not book.bid or ctx.now_ms - last < 143 then return end\n"
    "  last = ctx.now_ms\n"
    "  ctx:buy { price = book.bid * 0.95 - book.bid * 0.95 % 0.1, qty = 0.02, tif = 'ioc' }\n"
    "end\n"
    "return s\n";

typedef struct bench {
    edge *edge;
    venue *venue;
    hean_host *host;
    bool ready;
    int64_t read_ns;
    double order_us[WARM_UP + ORDERS], decided_us[WARM_UP + ORDERS];
    size_t count;
} bench;

static void must(hean_status status, const hean_error *error)
{
    if (status == HEAN_OK)
        return;
    (void)fprintf(stderr, "%s\n", error->message);
    exit(1);
}

static void open_host(bench *self, const market_instrument *instrument)
{
    hean_host_options options = hean_host_options_default();
    hean_strategy strategy = {
        .source = quoter, .capital_e8 = 100000 * BASE_E8, .limits = hean_risk_limits_default()};
    hean_error error = {0};
    uint16_t id;

    options.broker = HEAN_BROKER_EXTERNAL;
    options.worker_path = TEST_BUILD_DIR "/hean-worker";
    must(hean_host_open(&options, &self->host, &error), &error);
    must(hean_host_add_instrument(self->host, &instrument->spec, &id, &error), &error);
    must(hean_host_load_strategy(self->host, &strategy, &id, &error), &error);
    must(hean_host_start(self->host, base_clock_wall_ns(), &error), &error);
}

static void take_events(bench *self)
{
    hean_event events[PER_PASS];
    size_t count = 0;
    hean_error error = {0};
    venue_event told;
    bool more = true;

    while (more) {
        more = venue_take_event(self->venue, &told);
        if (more && told.kind == VENUE_INSTRUMENT && self->host == NULL)
            open_host(self, told.spec);
        if (more && told.kind == VENUE_READY)
            self->ready = true;
        if (more && self->host != NULL &&
            (told.kind == VENUE_MARKET || told.kind == VENUE_ORDER || told.kind == VENUE_FILL) &&
            told.event.kind != HEAN_EVENT_FUNDING) {
            events[count] = told.event;
            events[count++].local_ns = base_clock_wall_ns();
        }
        if (count > 0 && (!more || count == PER_PASS)) {
            must(hean_host_push(self->host, events, count, &error), &error);
            count = 0;
        }
    }
}

static void pump(bench *self)
{
    hean_order_intent intents[PER_PASS];
    size_t count = 1;

    while (count > 0) {
        wire_action action;
        hean_error error = {0};
        int64_t decided_ns;

        take_events(self);
        count = self->host != NULL ? hean_host_take_intents(self->host, intents, PER_PASS) : 0;
        decided_ns = base_clock_wall_ns();
        for (size_t i = 0; i < count; i++)
            must(venue_intent(self->venue, 0, &intents[i].intent, decided_ns, &error), &error);
        while (venue_take_action(self->venue, &action)) {
            bool order = action.kind == WIRE_HTTP && strstr(action.url, "/order/create") != NULL;
            must(edge_do(self->edge, &action, &error), &error);
            if (!order || self->count == WARM_UP + ORDERS || self->read_ns == 0)
                continue;
            self->decided_us[self->count] = (double)(decided_ns - self->read_ns) / 1e3;
            self->order_us[self->count++] = (double)(base_clock_wall_ns() - self->read_ns) / 1e3;
        }
    }
}

static void on_response(void *context, const wire_response *response)
{
    bench *self = context;
    hean_error error = {0};

    self->read_ns = 0;
    must(venue_response(self->venue, response, base_clock_wall_ns(), &error), &error);
    pump(self);
}

static void on_socket(void *context, uint64_t socket, wire_socket_event what, const char *text,
                      size_t bytes, int64_t now_ns)
{
    bench *self = context;
    hean_error error = {0};

    self->read_ns = now_ns;
    must(venue_socket(self->venue, socket, what, text, bytes, base_clock_wall_ns(), &error),
         &error);
    pump(self);
    self->read_ns = 0;
}

/* hean exchange-sim; its line of JSON. Ends when `input` is closed. */
static pid_t start_sim(const char *cert, const char *key, char *line, size_t line_bytes, int *input)
{
    int in[2], out[2];
    pid_t pid;
    FILE *text;

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execl(TEST_BUILD_DIR "/hean", "hean", "exchange-sim", "--json", "--until-eof",
                    "--market", "sim:1,instruments=1,rate=300", "--api-key", "k", "--api-secret",
                    "s", cert != NULL ? "--tls-cert" : NULL, cert, "--tls-key", key, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    text = fdopen(out[0], "r");
    assert_non_null(fgets(line, (int)line_bytes, text));
    (void)fclose(text);
    *input = in[1];
    return pid;
}

static void text_of(const char *line, const char *key, char out[100])
{
    char wanted[40];
    const char *at;

    (void)snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
    at = strstr(line, wanted);
    assert_non_null(at);
    (void)snprintf(out, 100, "%.*s", (int)strcspn(at + strlen(wanted), "\""), at + strlen(wanted));
}

static void run(const char *name, bool tls)
{
    static const char *const symbols[] = {"SIMUSDT"};
    static const venue_strategy strategies[] = {{"quoter"}};
    char cert[300], key[300], line[2000], rest[100], public[100], private[100], title[100];
    bench self = {.count = 0};
    const edge_sink sink = {&self, on_response, on_socket};
    edge_options edge_settings = edge_options_default();
    venue_options options = {.allocator = base_allocator_default(),
                             .rest_url = rest,
                             .public_socket_url = public,
                             .private_socket_url = private,
                             .api_key = "k",
                             .api_secret = "s",
                             .trade = true,
                             .recv_window_ms = 5000,
                             .symbols = symbols,
                             .symbol_count = 1,
                             .book_depth = 50,
                             .run = "benchrun",
                             .strategies = strategies,
                             .strategy_count = 1,
                             .ceiling_percent = 80,
                             .seed = 1};
    int64_t end_ns = base_clock_monotonic_ns() + WAIT_NS;
    hean_error error = {0};
    pid_t sim;
    int input;

    (void)snprintf(cert, sizeof cert, "%s/cert.pem", test_folder("bench_tls"));
    (void)snprintf(key, sizeof key, "%s/key.pem", TEST_BUILD_DIR);
    SSL_CTX_free(edge_server_certificate(cert, key));
    sim = start_sim(tls ? cert : NULL, key, line, sizeof line, &input);
    text_of(line, "rest", rest);
    text_of(line, "public", public);
    text_of(line, "private", private);
    edge_settings.ca_file = tls ? cert : NULL;
    must(edge_open(&edge_settings, &sink, &self.edge, &error), &error);
    must(venue_open(&options, &self.venue, &error), &error);
    must(venue_start(self.venue, base_clock_wall_ns(), &error), &error);
    while (self.count < WARM_UP + ORDERS && base_clock_monotonic_ns() < end_ns) {
        int64_t wait_ns;
        must(venue_advance(self.venue, base_clock_wall_ns(), &error), &error);
        pump(&self);
        wait_ns = venue_due_ns(self.venue) - base_clock_wall_ns();
        if (wait_ns > 100 * BASE_NS_PER_MS)
            wait_ns = 100 * BASE_NS_PER_MS;
        must(edge_run(self.edge, base_clock_monotonic_ns() + wait_ns, &error), &error);
    }
    if (self.count < WARM_UP + ORDERS) {
        (void)fprintf(stderr, "%s: only %zu orders in time\n", name, self.count);
        exit(1);
    }
    (void)snprintf(title, sizeof title, "%s: frame read to decision", name);
    test_print_percentiles(title, self.decided_us + WARM_UP, ORDERS, "us");
    (void)snprintf(title, sizeof title, "%s: frame read to order written", name);
    test_print_percentiles(title, self.order_us + WARM_UP, ORDERS, "us");
    edge_close(self.edge);
    venue_close(self.venue);
    hean_host_close(self.host);
    (void)close(input);
    (void)waitpid(sim, NULL, 0);
    (void)unlink(key);
}

int main(void)
{
    printf("tick to order, median under 60 us and p99 under 300 us expected\n");
    run("plain", false);
    run("TLS", true);
    return 0;
}
