/*
 * bench_venue.c: 50 symbols at 1,000 book frames a second each, for 60 simulated seconds: how many
 * frames the venue machine takes in a second, whether anything is dropped, whether memory is flat.
 *
 * The frames of one simulated tenth of a second are written beforehand; only taking them (decoding,
 * sequence rules, events out) is timed.
 */
#include "../unit/venue_fixture.h"

#include <malloc.h>

#define SYMBOLS     50
#define PER_SECOND  1000
#define SECONDS     60
#define LEVELS      8 /* of a delta */
#define BATCH       (SYMBOLS * PER_SECOND / 10)
#define FRAME_BYTES 600

typedef struct counted {
    hean_allocator allocator;
    int64_t bytes, calls;
} counted;

static void *resize(void *context, void *pointer, size_t bytes)
{
    counted *self = context;
    self->calls++;
    self->bytes -= pointer != NULL ? (int64_t)malloc_usable_size(pointer) : 0;
    if (bytes == 0) {
        free(pointer);
        return NULL;
    }
    pointer = realloc(pointer, bytes);
    self->bytes += pointer != NULL ? (int64_t)malloc_usable_size(pointer) : 0;
    return pointer;
}

static char names[SYMBOLS][16];
static const char *symbols[SYMBOLS];
static char instruments_text[SYMBOLS * 400 + 200];
static char frames[BATCH][FRAME_BYTES];
static size_t lengths[BATCH];

static void name_symbols(void)
{
    size_t used = (size_t)sprintf(instruments_text,
                                  "{\"category\":\"linear\",\"nextPageCursor\":\"\",\"list\":[");
    for (int i = 0; i < SYMBOLS; i++) {
        (void)snprintf(names[i], sizeof names[i], "S%02dUSDT", i);
        symbols[i] = names[i];
        used += (size_t)sprintf(
            instruments_text + used,
            "%s{\"symbol\":\"%s\",\"contractType\":\"LinearPerpetual\",\"status\":\"Trading\","
            "\"baseCoin\":\"S\",\"quoteCoin\":\"USDT\",\"settleCoin\":\"USDT\",\"priceFilter\":{"
            "\"minPrice\":\"0.01\",\"maxPrice\":\"9999.99\",\"tickSize\":\"0.01\"},"
            "\"lotSizeFilter\":{\"maxOrderQty\":\"4100\",\"minOrderQty\":\"0.1\",\"qtyStep\":"
            "\"0.1\",\"minNotionalValue\":\"5\"},\"fundingInterval\":480}",
            i > 0 ? "," : "", names[i]);
    }
    (void)sprintf(instruments_text + used, "]}");
}

static void write_frame(int at, int symbol, int64_t update, int64_t now_ns)
{
    char *out = frames[at];
    int used = snprintf(out, FRAME_BYTES,
                        "{\"topic\":\"orderbook.50.%s\",\"type\":\"%s\",\"ts\":%lld,\"data\":{"
                        "\"s\":\"%s\",\"b\":[",
                        names[symbol], update == 1 ? "snapshot" : "delta", (long long)(now_ns / MS),
                        names[symbol]);
    for (int i = 0; i < LEVELS; i++) {
        if (i == LEVELS / 2)
            used += snprintf(out + used, (size_t)(FRAME_BYTES - used), "],\"a\":[");
        used += snprintf(out + used, (size_t)(FRAME_BYTES - used), "%s[\"%d.%02d\",\"%d.%d\"]",
                         i % (LEVELS / 2) > 0 ? "," : "", i < LEVELS / 2 ? 170 : 171,
                         (int)((update + i * 7) % 100), (int)(update % 400), i);
    }
    used += snprintf(out + used, (size_t)(FRAME_BYTES - used),
                     "],\"u\":%lld,\"seq\":%lld},\"cts\":%lld}", (long long)update,
                     (long long)update * 3, (long long)(now_ns / MS));
    lengths[at] = (size_t)used;
}

/* Takes a batch; returns its time in ns. */
static int64_t take_batch(fixture *f, uint64_t *events)
{
    venue_event event;
    int64_t start_ns = base_clock_monotonic_ns();
    for (int i = 0; i < BATCH; i++) {
        if (venue_socket(f->venue, f->ex.public_socket, WIRE_SOCKET_MESSAGE, frames[i], lengths[i],
                         f->now, NULL) != HEAN_OK)
            exit(1);
        while (venue_take_event(f->venue, &event))
            *events += event.kind == VENUE_MARKET;
    }
    return base_clock_monotonic_ns() - start_ns;
}

int main(void)
{
    static double samples[10 * SECONDS];
    counted memory = {.allocator = {resize, &memory}};
    venue_options options = fixture_options(&memory.allocator);
    venue_counters counters;
    uint64_t events = 0, text_bytes = 0;
    int64_t early_bytes = 0, early_calls = 0;
    name_symbols();
    options.symbols = symbols;
    options.symbol_count = SYMBOLS;
    options.api_key = options.api_secret = NULL;
    fixture *f = fixture_open(&options);
    f->instruments_text = instruments_text;
    run_on(f, 3 * S);
    if (!venue_ready(f->venue))
        return 1;
    int64_t update[SYMBOLS] = {0};
    for (int tenth = 0; tenth < 10 * SECONDS; tenth++) {
        f->now += S / 10;
        step_to(f, f->now); /* pings and their answers */
        for (int i = 0; i < BATCH; i++) {
            write_frame(i, i % SYMBOLS, ++update[i % SYMBOLS], f->now);
            text_bytes += lengths[i];
        }
        samples[tenth] = (double)take_batch(f, &events) / BATCH;
        if (tenth == 20) {
            early_bytes = memory.bytes;
            early_calls = memory.calls;
        }
    }
    venue_get_counters(f->venue, &counters);
    double total_ns = 0;
    for (int i = 0; i < 10 * SECONDS; i++)
        total_ns += samples[i] * BATCH;
    double count = (double)BATCH * 10 * SECONDS;
    uint64_t expected = (uint64_t)count * LEVELS;
    printf("%.0f frames of %.0f bytes: %.0f frames/s, %.0f MB/s; a market of %d/s is %.1f %% of a "
           "core\n",
           count, (double)text_bytes / count, count / total_ns * 1e9,
           (double)text_bytes / total_ns * 1e3, SYMBOLS * PER_SECOND,
           total_ns / (SECONDS * 1e9) * 100);
    printf("memory: %lld bytes after 2 s, %lld after %d s; allocations in between: %lld\n",
           (long long)early_bytes, (long long)memory.bytes, SECONDS,
           (long long)(memory.calls - early_calls));
    printf("events: %llu of %llu; gaps %llu, bad messages %llu\n", (unsigned long long)events,
           (unsigned long long)expected, (unsigned long long)counters.sequence_gaps,
           (unsigned long long)counters.bad_messages);
    bool good = memory.bytes == early_bytes && counters.sequence_gaps == 0 &&
                counters.bad_messages == 0 && events == expected;
    test_print_percentiles("one frame, taken and told", samples, BASE_COUNT(samples), "ns");
    fixture_close(f);
    return good ? 0 : 1;
}
