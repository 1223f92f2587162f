/*
 * bench_datafile.c: the synthetic market, and writing, ordering, checking and reading data files.
 *
 * Two files of the same events are written: one in the venue's order, one whose venue times are
 * mixed within 5 ms, so that it needs an index.
 */
#include "support.h"

#include <market/datafile.h>
#include <market/sim.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define EVENTS (1u << 21)
#define BLOCK  4096
#define RUNS   5

static size_t generate(hean_event *events)
{
    double each[RUNS];
    size_t done = 0;

    for (int run = 0; run < RUNS; run++) {
        market_sim_options options = market_sim_options_default((uint64_t)run);
        int64_t start_ns = base_clock_monotonic_ns();
        hean_error error;
        market_sim *sim;
        BASE_ASSERT(market_sim_open(base_allocator_default(), &options, &sim, &error) == HEAN_OK);
        for (done = 0; done + BLOCK <= EVENTS;)
            done += market_sim_next(sim, events + done, BLOCK);
        each[run] = (double)(base_clock_monotonic_ns() - start_ns) / (double)done;
        market_sim_close(sim);
    }
    test_print_percentiles("sim: making events", each, RUNS, "ns/event");
    return done;
}

static int write_file(const hean_event *events, size_t count, double *append, double *finish)
{
    hean_instrument spec = {.symbol = "ONE", .tick_size = {1, -1}, .lot_size = {1, -2}};
    market_instrument instruments[2];
    market_data_writer *writer;
    hean_error error;
    int64_t start_ns, appended_ns;
    int fd = memfd_create("bench_datafile", MFD_CLOEXEC);

    BASE_ASSERT(fd >= 0);
    BASE_ASSERT(market_instrument_init(&instruments[0], &spec, &error) == HEAN_OK);
    spec.symbol[0] = 'T';
    BASE_ASSERT(market_instrument_init(&instruments[1], &spec, &error) == HEAN_OK);
    BASE_ASSERT(market_data_writer_open(base_allocator_default(), fd, instruments, 2, &writer,
                                        &error) == HEAN_OK);
    start_ns = base_clock_monotonic_ns();
    for (size_t done = 0; done < count; done += BLOCK) {
        size_t part = count - done < BLOCK ? count - done : BLOCK;
        BASE_ASSERT(market_data_writer_append(writer, events + done, part, &error) == HEAN_OK);
    }
    appended_ns = base_clock_monotonic_ns();
    BASE_ASSERT(market_data_writer_finish(writer, &error) == HEAN_OK);
    *append = (double)(appended_ns - start_ns) / (double)count;
    *finish = (double)(base_clock_monotonic_ns() - appended_ns) / (double)count;
    market_data_writer_close(writer);
    return fd;
}

static void bench_file(const char *name, const hean_event *events, size_t count)
{
    double append[RUNS], finish[RUNS], open[RUNS];
    char label[80];

    for (int run = 0; run < RUNS; run++) {
        int fd = write_file(events, count, &append[run], &finish[run]);
        int64_t start_ns = base_clock_monotonic_ns();
        market_data data;
        hean_error error;
        BASE_ASSERT(market_data_open(base_allocator_default(), fd, name, &data, &error) == HEAN_OK);
        open[run] = (double)(base_clock_monotonic_ns() - start_ns) / (double)count;
        market_data_close(&data);
        BASE_ASSERT(close(fd) == 0);
    }
    (void)snprintf(label, sizeof label, "data file %s: append, with SHA-256", name);
    test_print_percentiles(label, append, RUNS, "ns/event");
    (void)snprintf(label, sizeof label, "data file %s: finish, with order", name);
    test_print_percentiles(label, finish, RUNS, "ns/event");
    (void)snprintf(label, sizeof label, "data file %s: open, with all checks", name);
    test_print_percentiles(label, open, RUNS, "ns/event");
}

int main(void)
{
    hean_event *events = calloc(EVENTS, sizeof *events);
    size_t count;
    struct rusage usage;
    base_random random;

    BASE_ASSERT(events != NULL);
    count = generate(events);
    bench_file("in order", events, count);
    base_random_init(&random, 1);
    for (size_t i = 0; i < count; i++)
        events[i].exch_ns -= (int64_t)base_random_below(&random, 5000000);
    bench_file("mixed", events, count);
    BASE_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    printf("peak memory %ld MiB, of which %zu MiB are the events themselves\n",
           usage.ru_maxrss / 1024, EVENTS * sizeof *events >> 20);
    free(events);
    return 0;
}
