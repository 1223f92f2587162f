/*
 * bench_ring.c: the jailed round trip: an event into the worker, a Lua callback, its intents back.
 *
 * Both processors must be free, or it is the machine's scheduler that is measured: so several runs,
 * each with its own median and p99.
 */
#include <script/script.h>
#include <support.h>

#include <stdlib.h>
#include <string.h>

#define TRIPS   200000
#define WARM_UP 20000
#define RUNS    7

static const struct {
    const char *name;
    const char *source;
} scripts[] = {
    {"empty callback", "return { name = 'empty', subscribe = { trades = true },\n"
                       "  on_trade = function(ctx, t) end }"},
    {"callback that amends an order",
     "return { name = 'amend', subscribe = { trades = true },\n"
     "  on_trade = function(ctx, t) ctx:amend(1, { price = t.price - 0.01 }) end }"},
};

static void measure(const char *name, const char *source, const market_instrument *instrument,
                    double *samples, double *medians, double *p99s, int run)
{
    script_worker_options options = {.worker_path = TEST_BUILD_DIR "/hean-worker"};
    hean_event event = {.kind = HEAN_EVENT_TRADE, .side = HEAN_SIDE_BUY};
    script_worker *worker = NULL;
    script_worker_stats stats;
    hean_error error;

    options.script = script_options_default();
    options.script.source = source;
    options.script.source_bytes = strlen(source);
    options.script.instruments = instrument;
    options.script.instrument_count = 1;
    if (script_worker_open(&options, &worker, &error) != HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    for (int i = 0; i < WARM_UP + TRIPS; i++) {
        engine_intents intents;
        int64_t start_ns;
        hean_status status;

        event.local_ns = i;
        event.data.level.price_ticks = 250000 + i % 100;
        event.data.level.qty_lots = 1;
        start_ns = base_clock_monotonic_ns();
        status = script_worker_on_event(worker, &event, &intents, &error);
        if (status != HEAN_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            exit(1);
        }
        if (i >= WARM_UP)
            samples[i - WARM_UP] = (double)(base_clock_monotonic_ns() - start_ns);
    }
    script_worker_get_stats(worker, &stats);
    script_worker_close(worker);
    test_print_percentiles(name, samples, TRIPS, "ns");
    printf("    asleep in %.4f %% of the trips\n",
           100.0 * (double)stats.futex_waits / (double)stats.round_trips);
    medians[run] = samples[TRIPS / 2]; /* sorted now */
    p99s[run] = samples[TRIPS / 100 * 99];
}

int main(void)
{
    hean_instrument spec = {.symbol = "ETHUSDT", .tick_size = {1, -2}, .lot_size = {1, -3}};
    market_instrument instrument;
    hean_error error;
    double *samples = malloc(TRIPS * sizeof *samples);
    double medians[RUNS], p99s[RUNS];

    if (samples == NULL || market_instrument_init(&instrument, &spec, &error) != HEAN_OK)
        return 1;
    for (size_t i = 0; i < BASE_COUNT(scripts); i++) {
        char name[64];
        for (int run = 0; run < RUNS; run++)
            measure(scripts[i].name, scripts[i].source, &instrument, samples, medians, p99s, run);
        (void)snprintf(name, sizeof name, "ring: %s, median", scripts[i].name);
        test_print_percentiles(name, medians, RUNS, "ns");
        (void)snprintf(name, sizeof name, "ring: %s, p99", scripts[i].name);
        test_print_percentiles(name, p99s, RUNS, "ns");
    }
    free(samples);
    return 0;
}
