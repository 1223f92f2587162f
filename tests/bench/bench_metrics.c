/*
 * bench_metrics.c: what a count and an observation cost the trading thread, what an exposition of
 * 2,000 series costs, and how many scrapes a second the server answers over one kept connection.
 */
#include "../unit/metrics_fixture.h"

#include <metrics/http.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUNS    15
#define COUNTS  2000000
#define RENDERS 200
#define SCRAPES 20000

static void per_operation(metrics_hub *hub)
{
    metrics_writer *writer = metrics_hub_writer(hub, METRICS_THREAD_ENGINE);
    metrics_registry *registry = metrics_hub_registry(hub);
    const metrics_series *counter = metrics_catalogue_single(registry, METRICS_EVENTS);
    const metrics_series *histogram = metrics_catalogue_single(registry, METRICS_LOOP_LAG);
    const metrics_series *gauge = metrics_catalogue_single(registry, METRICS_LEDGER_LAG);
    double counts[RUNS], observations[RUNS], sets[RUNS], publications[RUNS];

    for (int run = 0; run < RUNS; run++) {
        int64_t start_ns = base_clock_monotonic_ns();
        for (int i = 0; i < COUNTS; i++)
            metrics_count(writer, counter, 1);
        counts[run] = (double)(base_clock_monotonic_ns() - start_ns) / COUNTS;
        start_ns = base_clock_monotonic_ns();
        for (int i = 0; i < COUNTS; i++)
            metrics_observe(writer, histogram, (double)(i & 255) * 1e-6);
        observations[run] = (double)(base_clock_monotonic_ns() - start_ns) / COUNTS;
        start_ns = base_clock_monotonic_ns();
        for (int i = 0; i < COUNTS; i++)
            metrics_set(gauge, i);
        sets[run] = (double)(base_clock_monotonic_ns() - start_ns) / COUNTS;
        start_ns = base_clock_monotonic_ns();
        for (int i = 0; i < 1000; i++)
            fixture_publish(hub, FIXTURE_NOW_NS);
        publications[run] = (double)(base_clock_monotonic_ns() - start_ns) / 1000;
    }
    test_print_percentiles("metrics: counter increment", counts, RUNS, "ns");
    test_print_percentiles("metrics: histogram observe, 16 buckets", observations, RUNS, "ns");
    test_print_percentiles("metrics: gauge set", sets, RUNS, "ns");
    test_print_percentiles("metrics: a whole snapshot, made and published", publications, RUNS,
                           "ns");
}

/* As a large host has them: 64 strategies, two venues. */
static void fill_series(metrics_hub *hub)
{
    metrics_registry *registry = metrics_hub_registry(hub);
    metrics_writer *writer = metrics_hub_writer(hub, METRICS_THREAD_ENGINE);
    metrics_strategy_series strategy;
    metrics_venue_series venue;

    for (int i = 0; i < METRICS_STRATEGIES_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "strategy_%02d", i);
        if (metrics_catalogue_strategy(registry, name, &strategy, NULL) != HEAN_OK)
            exit(1);
        for (int j = 0; j < 1000; j++)
            metrics_observe(writer, strategy.callback, 1e-7 * j * j);
    }
    if (metrics_catalogue_venue(registry, "sim", &venue, NULL) != HEAN_OK ||
        metrics_catalogue_venue(registry, "bybit", &venue, NULL) != HEAN_OK)
        exit(1);
    printf("%llu sample lines\n", (unsigned long long)metrics_registry_samples(registry));
}

static void rendering(metrics_hub *hub)
{
    double collects[RENDERS], renders[RENDERS];
    base_buffer text;

    base_buffer_init(&text, base_allocator_default());
    for (int i = 0; i < RENDERS; i++) {
        int64_t start_ns = base_clock_monotonic_ns();
        metrics_process process;
        metrics_process_read(&process);
        metrics_hub_collect(hub, FIXTURE_NOW_NS, &process);
        collects[i] = (double)(base_clock_monotonic_ns() - start_ns) / 1e3;
        start_ns = base_clock_monotonic_ns();
        text.length = 0;
        metrics_text_render(metrics_hub_registry(hub), METRICS_OPENMETRICS, &text);
        renders[i] = (double)(base_clock_monotonic_ns() - start_ns) / 1e3;
    }
    printf("%zu bytes\n", text.length);
    test_print_percentiles("metrics: collect, with /proc", collects, RENDERS, "us");
    test_print_percentiles("metrics: render", renders, RENDERS, "us");
    base_buffer_deinit(&text);
}

static int dial(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        exit(1);
    return fd;
}

/* One request and its whole answer. */
static void scrape(int fd, const char *request, char *buffer, size_t capacity)
{
    size_t got = 0, wanted = SIZE_MAX;

    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        exit(1);
    while (got < wanted) {
        ssize_t bytes = recv(fd, buffer + got, capacity - 1 - got, 0);
        if (bytes <= 0)
            exit(1);
        got += (size_t)bytes;
        buffer[got] = 0;
        if (wanted == SIZE_MAX) {
            const char *end = strstr(buffer, "\r\n\r\n");
            const char *length = strstr(buffer, "Content-Length: ");
            if (end != NULL && length != NULL)
                wanted = (size_t)(end + 4 - buffer) + strtoull(length + 16, NULL, 10);
        }
    }
}

static void scraping(metrics_hub *hub, const char *name, const char *headers)
{
    metrics_http_options options = metrics_http_options_default();
    size_t capacity = 1 << 20;
    char *buffer = malloc(capacity), request[200];
    double *samples = malloc(SCRAPES * sizeof *samples);
    metrics_http *http;
    hean_error error;
    int64_t start_ns;
    int fd;

    options.hub = hub;
    options.port = 0;
    if (buffer == NULL || samples == NULL || metrics_http_open(&options, &http, &error) != HEAN_OK)
        exit(1);
    (void)snprintf(request, sizeof request, "GET /metrics HTTP/1.1\r\nHost: a\r\n%s\r\n", headers);
    fd = dial(metrics_http_port(http));
    start_ns = base_clock_monotonic_ns();
    for (int i = 0; i < SCRAPES; i++) {
        int64_t before_ns = base_clock_monotonic_ns();
        scrape(fd, request, buffer, capacity);
        samples[i] = (double)(base_clock_monotonic_ns() - before_ns) / 1e3;
    }
    printf("%s: %.0f scrapes/s\n", name,
           SCRAPES / ((double)(base_clock_monotonic_ns() - start_ns) / 1e9));
    test_print_percentiles(name, samples, SCRAPES, "us");
    (void)close(fd);
    metrics_http_close(http);
    free(samples);
    free(buffer);
}

/* ---- does a reader slow the trading thread down? ---- */

typedef struct reader {
    uint16_t port;
    _Atomic bool stop;
    uint64_t scrapes;
} reader;

/* A hundred scrapes a second: Prometheus asks once in five. */
static void *read_along(void *argument)
{
    reader *self = argument;
    size_t capacity = 1 << 20;
    char *buffer = malloc(capacity);
    int fd = dial(self->port);

    while (buffer != NULL && !atomic_load(&self->stop)) {
        scrape(fd, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", buffer, capacity);
        self->scrapes++;
        (void)poll(NULL, 0, 10);
    }
    (void)close(fd);
    free(buffer);
    return NULL;
}

#define TURNS 20000

/* What a busy turn of the loop does for its watchers; work between stands for the engine's own. */
static double turn_ns(metrics_hub *hub)
{
    metrics_writer *writer = metrics_hub_writer(hub, METRICS_THREAD_ENGINE);
    const metrics_series *counter =
        metrics_catalogue_single(metrics_hub_registry(hub), METRICS_EVENTS);
    int64_t start_ns = base_clock_monotonic_ns();
    volatile uint64_t work = 0;

    for (int i = 0; i < TURNS; i++) {
        for (uint64_t j = 0; j < 2000; j++)
            work = work * 31 + j;
        metrics_count(writer, counter, 1);
        if (i % 1000 == 0)
            fixture_publish(hub, FIXTURE_NOW_NS);
    }
    return (double)(base_clock_monotonic_ns() - start_ns) / TURNS;
}

static void disturbance(metrics_hub *hub)
{
    metrics_http_options options = metrics_http_options_default();
    double alone[RUNS], watched[RUNS];
    metrics_http *http;
    pthread_t thread;
    hean_error error;

    options.hub = hub;
    options.port = 0;
    if (metrics_http_open(&options, &http, &error) != HEAN_OK)
        exit(1);
    for (int run = 0; run < RUNS; run++) {
        reader scraper = {.port = metrics_http_port(http)};
        alone[run] = turn_ns(hub);
        if (pthread_create(&thread, NULL, read_along, &scraper) != 0)
            exit(1);
        watched[run] = turn_ns(hub);
        atomic_store(&scraper.stop, true);
        (void)pthread_join(thread, NULL);
    }
    metrics_http_close(http);
    test_print_percentiles("metrics: a turn, nobody looks", alone, RUNS, "ns");
    test_print_percentiles("metrics: a turn, 100 scrapes a second", watched, RUNS, "ns");
    /* Sorted now. The least disturbed runs: on a busy machine medians are of its other work. */
    printf("slower by %.2f %% (minima), %.2f %% (medians)\n", 100 * (watched[0] / alone[0] - 1),
           100 * (watched[RUNS / 2] / alone[RUNS / 2] - 1));
}

int main(void)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());

    per_operation(hub);
    fill_series(hub);
    rendering(hub);
    scraping(hub, "metrics: scrape, text", "");
    scraping(hub, "metrics: scrape, gzip", "Accept-Encoding: gzip\r\n");
    disturbance(hub);
    metrics_hub_close(hub);
    return 0;
}
