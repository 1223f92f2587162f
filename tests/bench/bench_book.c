/*
 * bench_book.c: the cost of one order-book update on recorded data, converted to events beforehand.
 *
 * Two figures per market: the mean over a whole pass (repeated, so min and median of passes), and
 * the distribution of single updates. The clock's own cost is measured and taken off the latter.
 */
#include "support.h"

#include <base/decimal.h>
#include <market/book.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define PASSES  50
#define COLUMNS 8

typedef struct recording {
    hean_event *events;
    size_t count, capacity;
} recording;

/* exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount */
static void add_row(recording *out, char *line, hean_decimal tick, hean_decimal lot, bool *snapshot)
{
    char *columns[COLUMNS];
    hean_decimal price, amount;
    hean_event event = {.kind = HEAN_EVENT_BOOK};
    bool in_snapshot;

    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = strsep(&line, ",\r\n");
        BASE_ASSERT(columns[i] != NULL);
    }
    event.exch_ns = strtoll(columns[2], NULL, 10) * 1000;
    event.local_ns = strtoll(columns[3], NULL, 10) * 1000;
    event.side = columns[5][0] == 'b' ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
    in_snapshot = columns[4][0] == 't';
    if (in_snapshot && !*snapshot)
        event.flags = HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT;
    *snapshot = in_snapshot;
    BASE_ASSERT(decimal_parse(columns[6], strlen(columns[6]), &price) == HEAN_OK);
    BASE_ASSERT(decimal_parse(columns[7], strlen(columns[7]), &amount) == HEAN_OK);
    BASE_ASSERT(decimal_to_units(price, tick, &event.data.level.price_ticks) == HEAN_OK);
    /* Three rows of the spot data have sizes that are not on the lot: they are left out. */
    if (decimal_to_units(amount, lot, &event.data.level.qty_lots) != HEAN_OK)
        return;
    BASE_ASSERT(base_grow(base_allocator_default(), (void **)&out->events, &out->capacity,
                          out->count + 1, sizeof event));
    out->events[out->count++] = event;
}

static bool load(const char *name, hean_decimal tick, hean_decimal lot, recording *out)
{
    const char *path = test_data_path(name);
    gzFile file = path != NULL ? gzopen(path, "rb") : NULL;
    bool snapshot = false;
    char line[1024];

    if (file == NULL)
        return false;
    BASE_ASSERT(gzgets(file, line, sizeof line) != NULL); /* the header */
    while (gzgets(file, line, sizeof line) != NULL)
        add_row(out, line, tick, lot, &snapshot);
    BASE_ASSERT(gzclose(file) == Z_OK);
    return out->count > 0;
}

/* A clock for single updates: the processor's counter where there is one. */
static inline uint64_t ticks_now(void)
{
#if defined(__x86_64__)
    uint64_t ticks;
    _mm_lfence();
    ticks = __rdtsc();
    _mm_lfence();
    return ticks;
#else
    return (uint64_t)base_clock_monotonic_ns();
#endif
}

static void apply(market_book *book, const hean_event *event)
{
    BASE_ASSERT(market_book_apply(book, event) == HEAN_OK);
}

static void run_passes(const char *name, market_book *book, const recording *data)
{
    double per_update[PASSES];
    char label[80];

    for (int pass = 0; pass < PASSES; pass++) {
        int64_t start_ns = base_clock_monotonic_ns();
        for (size_t i = 0; i < data->count; i++)
            apply(book, &data->events[i]);
        per_update[pass] = (double)(base_clock_monotonic_ns() - start_ns) / (double)data->count;
    }
    (void)snprintf(label, sizeof label, "book %s: mean of a pass", name);
    test_print_percentiles(label, per_update, PASSES, "ns/update");
}

static double clock_cost(void)
{
    double least = 1e9;
    for (int i = 0; i < 10000; i++) {
        uint64_t start = ticks_now();
        double cost = (double)(ticks_now() - start);
        if (cost < least)
            least = cost;
    }
    return least;
}

static void run_single(const char *name, market_book *book, const recording *data)
{
    double *each = calloc(data->count + 1, sizeof *each);
    double cost = clock_cost(), ns_per_tick;
    int64_t start_ns = base_clock_monotonic_ns();
    uint64_t start_ticks = ticks_now();
    char label[80];

    BASE_ASSERT(each != NULL);
    for (size_t i = 0; i < data->count; i++) {
        uint64_t start = ticks_now();
        apply(book, &data->events[i]);
        each[i] = (double)(ticks_now() - start);
    }
    ns_per_tick =
        (double)(base_clock_monotonic_ns() - start_ns) / (double)(ticks_now() - start_ticks);
    for (size_t i = 0; i < data->count; i++)
        each[i] = (each[i] > cost ? each[i] - cost : 0) * ns_per_tick;
    (void)snprintf(label, sizeof label, "book %s: single updates", name);
    test_print_percentiles(label, each, data->count, "ns");
    free(each);
}

static void bench(const char *name, const char *file, hean_decimal tick, hean_decimal lot)
{
    recording data = {0};
    market_book book;

    if (!load(file, tick, lot, &data))
        return;
    BASE_ASSERT(market_book_init(&book, base_allocator_default()) == HEAN_OK);
    run_passes(name, &book, &data);
    run_single(name, &book, &data);
    printf("book %s: %zu updates, %zu bids, %zu asks at the end\n", name, data.count,
           market_book_levels(&book, MARKET_BID), market_book_levels(&book, MARKET_ASK));
    market_book_deinit(&book);
    free(data.events);
}

/* A million levels far apart, then changes anywhere: what a broken or hostile feed can cost. */
static void bench_hostile(void)
{
    enum { LEVELS = 1000000, ROUND = 10000 };
    static double each[LEVELS / ROUND];
    market_book book;
    base_random random;

    base_random_init(&random, 1);
    BASE_ASSERT(market_book_init(&book, base_allocator_default()) == HEAN_OK);
    for (int i = 0; i < LEVELS; i += ROUND) {
        int64_t start_ns = base_clock_monotonic_ns();
        for (int j = 0; j < ROUND; j++) {
            int64_t price = 1 + (int64_t)base_random_below(&random, UINT64_C(1) << 53);
            BASE_ASSERT(market_book_set(&book, MARKET_ASK, price, 1, NULL) == HEAN_OK);
        }
        each[i / ROUND] = (double)(base_clock_monotonic_ns() - start_ns) / ROUND;
    }
    test_print_percentiles("book of 0 to 1,000,000 random levels: inserts", each, BASE_COUNT(each),
                           "ns/insert");
    market_book_deinit(&book);
}

int main(void)
{
    const hean_decimal cent = {1, -2};

    bench("ethusdt futures", "binance-futures-ethusdt-20240808/incremental_book_L2.csv.gz", cent,
          (hean_decimal){1, -3});
    bench("btcusdt spot", "binance-spot-btcusdt-20240808/incremental_book_L2.csv.gz", cent,
          (hean_decimal){1, -5});
    bench_hostile();
    return 0;
}
