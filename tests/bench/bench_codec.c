/*
 * bench_codec.c: the cost of the venue's words: frames decoded into events, orders built and
 * signed.
 *
 * Each figure is the distribution of single calls; the clock's own cost is within it (about 20 ns).
 */
#include "../unit/bybit_fixture.h"

#include <base/decimal.h>

#define RUNS 20000

static double samples[RUNS];
static size_t told_events;

static hean_status count_book(void *context, const bybit_book_head *head, const hean_event *events,
                              size_t count)
{
    (void)context;
    (void)head;
    (void)events;
    told_events += count;
    return HEAN_OK;
}

static hean_status count_market(void *context, const hean_event *events, size_t count)
{
    (void)context;
    (void)events;
    told_events += count;
    return HEAN_OK;
}

static hean_status count_execution(void *context, const bybit_execution *row)
{
    (void)context;
    (void)row;
    told_events++;
    return HEAN_OK;
}

/* A delta of `levels` changes, half of them bids, as wide as real ones of BTCUSDT. */
static void make_delta(base_buffer *out, int levels)
{
    base_random random;

    base_random_init(&random, 7);
    base_buffer_printf(
        out, "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"delta\",\"ts\":1790000000140,"
             "\"data\":{\"s\":\"BTCUSDT\"");
    for (int side = 0; side < 2; side++) {
        base_buffer_printf(out, ",\"%s\":[", side == 0 ? "b" : "a");
        for (int i = 0; i < levels / 2; i++) {
            int64_t lots = (int64_t)base_random_below(&random, 20000);
            base_buffer_printf(out, "%s[\"%d.%d0\",\"%lld.%03lld\"]", i > 0 ? "," : "",
                               67000 + (side == 0 ? -i : i), i % 10, (long long)lots / 1000,
                               (long long)lots % 1000);
        }
        base_buffer_printf(out, "]");
    }
    base_buffer_printf(out, ",\"u\":900101,\"seq\":55000000160},\"cts\":1790000000138}");
}

static void bench_frame(const char *name, bybit_decoder *decoder, const char *text)
{
    const bybit_frame_sink sink = {
        .book = count_book, .market = count_market, .execution = count_execution};
    bybit_frame_kind kind = BYBIT_FRAME_OTHER;
    size_t bytes = strlen(text);
    char label[80];

    told_events = 0;
    for (int i = 0; i < RUNS; i++) {
        int64_t start_ns = base_clock_monotonic_ns();
        hean_status status = bybit_decode(decoder, text, bytes, LOCAL_NS, &sink, &kind, NULL);
        samples[i] = (double)(base_clock_monotonic_ns() - start_ns);
        BASE_ASSERT(status == HEAN_OK);
    }
    (void)snprintf(label, sizeof label, "decode %s (%zu bytes, %zu events)", name, bytes,
                   told_events / RUNS);
    test_print_percentiles(label, samples, RUNS, "ns");
}

static void bench_order(void)
{
    const hean_intent intent = {.side = HEAN_SIDE_SELL,
                                .time_in_force = HEAN_TIF_POST_ONLY,
                                .price_ticks = 671234,
                                .qty_lots = 35};
    const hean_allocator *allocator = base_allocator_default();
    base_buffer url, headers;

    base_buffer_init(&url, allocator);
    base_buffer_init(&headers, allocator);
    for (int i = 0; i < RUNS; i++) {
        int64_t start_ns = base_clock_monotonic_ns();
        bybit_request request;
        hean_status status = bybit_order_create(VENUE_LINEAR, &fixture_instruments[1],
                                                "abcdefgh-1-000042", &intent, &request, NULL);
        BASE_ASSERT(status == HEAN_OK);
        url.length = headers.length = 0;
        status = bybit_seal(&request, "https://api.bybit.com", "HostDemoKey0001",
                            "HostDemoSecret-AbCdEf0123456789XYZ", 1790000001000 + i, 5000, &url,
                            &headers);
        BASE_ASSERT(status == HEAN_OK);
        samples[i] = (double)(base_clock_monotonic_ns() - start_ns);
    }
    test_print_percentiles("build and sign one order", samples, RUNS, "ns");
    base_buffer_deinit(&url);
    base_buffer_deinit(&headers);
}

int main(void)
{
    const hean_allocator *allocator = base_allocator_default();
    static const char trade[] =
        "{\"topic\":\"publicTrade.BTCUSDT\",\"type\":\"snapshot\",\"ts\":1790000000672,\"data\":[{"
        "\"T\":1790000000670,\"s\":\"BTCUSDT\",\"S\":\"Buy\",\"v\":\"0.001\",\"p\":\"67123.40\","
        "\"L\":\"PlusTick\",\"i\":\"20f43950-d8dd-5b31-9112-a178eb6023af\",\"BT\":false,\"RPI\":"
        "false,\"seq\":55000000170}]}";
    bybit_decoder *decoder = NULL;
    static const int levels[] = {2, 10, 50, 100, 400};

    BASE_ASSERT(fixture_open(NULL) == 0);
    BASE_ASSERT(bybit_decoder_open(allocator, &fixture_symbols, &decoder) == HEAN_OK);
    for (size_t i = 0; i < BASE_COUNT(levels); i++) {
        base_buffer text;
        char name[40];
        base_buffer_init(&text, allocator);
        make_delta(&text, levels[i]);
        (void)snprintf(name, sizeof name, "a book delta of %d levels", levels[i]);
        bench_frame(name, decoder, text.data);
        base_buffer_deinit(&text);
    }
    bench_frame("one trade", decoder, trade);
    bench_frame("one execution", decoder, FRAME_EXECUTION);
    bench_order();
    bybit_decoder_close(decoder);
    return 0;
}
