/*
 * bench_import.c: the import of a large Tardis incremental_book_L2 file, gzip included.
 *
 * The recorded futures book, repeated with its times moved on, is one file of 4.3 million rows
 * (without the recording: the same number from the simulator). Each run is a process of its own, so
 * that its peak memory is that of the import alone. The share of zlib is a pass that only unpacks.
 */
#include "support.h"

#include "../../core/market/reader_bytes.h"

#include <base/decimal.h>
#include <market/import.h>
#include <market/sim.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define COPIES   10
#define SIM_ROWS 4300000
#define RUNS     5
#define HEADER   "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"

static char folder[2100], input[2200];

/* One recorded row with its two times moved on; returns the local time it had. */
static int64_t put_row(gzFile out, char *line, int64_t shift_us)
{
    char *exch = strchr(strchr(line, ',') + 1, ',') + 1;
    char *rest;
    long long exch_us = strtoll(exch, &rest, 10), local_us = strtoll(rest + 1, &rest, 10);
    BASE_ASSERT(gzprintf(out, "%.*s%lld,%lld%s", (int)(exch - line), line, exch_us + shift_us,
                         local_us + shift_us, rest) > 0);
    return local_us;
}

static void repeat_recording(gzFile out, const char *path)
{
    int64_t shift_us = 0;

    for (int copy = 0; copy < COPIES; copy++) {
        gzFile in = gzopen(path, "r");
        int64_t first_us = 0, last_us = 0;
        char line[512];
        BASE_ASSERT(in != NULL && gzgets(in, line, sizeof line) != NULL);
        while (gzgets(in, line, sizeof line) != NULL) {
            last_us = put_row(out, line, shift_us);
            first_us = first_us == 0 ? last_us : first_us;
        }
        BASE_ASSERT(gzclose(in) == Z_OK);
        shift_us += last_us - first_us + 1000;
    }
}

static void simulate(gzFile out)
{
    market_sim_options options = market_sim_options_default(1);
    hean_event events[4096];
    const market_instrument *instruments;
    market_sim *sim;
    hean_error error;

    options.instruments = 1;
    BASE_ASSERT(market_sim_open(base_allocator_default(), &options, &sim, &error) == HEAN_OK);
    (void)market_sim_instruments(sim, &instruments);
    for (size_t rows = 0; rows < SIM_ROWS;) {
        size_t count = market_sim_next(sim, events, BASE_COUNT(events));
        for (size_t i = 0; i < count; i++) {
            const hean_event *event = &events[i];
            char price[48], size[48];
            if (event->kind != HEAN_EVENT_BOOK)
                continue;
            decimal_format_units(event->data.level.price_ticks, instruments[0].spec.tick_size,
                                 price, sizeof price);
            decimal_format_units(event->data.level.qty_lots, instruments[0].spec.lot_size, size,
                                 sizeof size);
            BASE_ASSERT(gzprintf(out, "sim,SIMUSDT,%lld,%lld,%s,%s,%s,%s\n",
                                 (long long)event->exch_ns / 1000,
                                 (long long)event->local_ns / 1000,
                                 (event->flags & HEAN_EVENT_SNAPSHOT) != 0 ? "true" : "false",
                                 event->side == HEAN_SIDE_BUY ? "bid" : "ask", price, size) > 0);
            rows++;
        }
    }
    market_sim_close(sim);
}

static void make_input(void)
{
    const char *path =
        test_data_path("binance-futures-ethusdt-20240808/incremental_book_L2.csv.gz");
    gzFile out;
    struct stat info;

    (void)snprintf(folder, sizeof folder, "%s", test_folder("bench_import"));
    (void)snprintf(input, sizeof input, "%s/book.csv.gz", folder);
    out = gzopen(input, "w");
    BASE_ASSERT(out != NULL && gzputs(out, HEADER) > 0);
    if (path != NULL)
        repeat_recording(out, path);
    else
        simulate(out);
    BASE_ASSERT(gzclose(out) == Z_OK);
    BASE_ASSERT(stat(input, &info) == 0);
    printf("input: %s, %lld bytes packed\n", path != NULL ? "recorded" : "simulated",
           (long long)info.st_size);
}

typedef struct outcome {
    double seconds;
    uint64_t rows;
} outcome;

/* writing < 0: only unpacks; 0: checks; 1: imports. */
static outcome work(int writing)
{
    static char piece[65536];
    const char *paths[1] = {input};
    market_import_options options = {.paths = paths, .path_count = 1};
    market_import_report report;
    outcome result = {0};
    hean_error error;
    int64_t start_ns = base_clock_monotonic_ns();

    if (writing < 0) {
        reader_part *parts;
        reader_bytes *reader;
        size_t count, got = 1;
        BASE_ASSERT(reader_parts_list(base_allocator_default(), input, &parts, &count, &error) ==
                    HEAN_OK);
        BASE_ASSERT(reader_bytes_open(base_allocator_default(), input, parts, &reader, &error) ==
                    HEAN_OK);
        while (got > 0)
            BASE_ASSERT(reader_bytes_read(reader, piece, sizeof piece, &got, &error) == HEAN_OK);
        reader_bytes_close(reader);
        base_free(base_allocator_default(), parts);
    } else {
        int fd = writing > 0 ? open(folder, O_TMPFILE | O_RDWR, 0600) : -1;
        BASE_ASSERT((fd >= 0) == (writing > 0));
        BASE_ASSERT(market_import_run(base_allocator_default(), &options, fd, &report, &error) ==
                    HEAN_OK);
        BASE_ASSERT(report.bad_rows == 0);
        result.rows = report.rows;
        market_import_report_deinit(base_allocator_default(), &report);
        if (fd >= 0)
            BASE_ASSERT(close(fd) == 0);
    }
    result.seconds = (double)(base_clock_monotonic_ns() - start_ns) / (double)BASE_NS_PER_S;
    return result;
}

/* In a child, so that its memory can be told. */
static outcome run_once(int writing, long *peak_kib)
{
    outcome result;
    struct rusage usage;
    int ends[2], status;
    pid_t child;

    BASE_ASSERT(pipe(ends) == 0);
    child = fork();
    BASE_ASSERT(child >= 0);
    if (child == 0) {
        result = work(writing);
        _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
    }
    BASE_ASSERT(read(ends[0], &result, sizeof result) == (ssize_t)sizeof result);
    BASE_ASSERT(wait4(child, &status, 0, &usage) == child && status == 0);
    BASE_ASSERT(close(ends[0]) == 0 && close(ends[1]) == 0);
    if (usage.ru_maxrss > *peak_kib)
        *peak_kib = usage.ru_maxrss;
    return result;
}

static void bench(const char *name, int writing, uint64_t rows)
{
    double millions[RUNS];
    long peak_kib = 0;

    for (int i = 0; i < RUNS; i++) {
        outcome result = run_once(writing, &peak_kib);
        BASE_ASSERT(writing < 0 || result.rows == rows);
        millions[i] = (double)rows / result.seconds / 1e6;
    }
    test_print_percentiles(name, millions, RUNS, "million rows/s");
    printf("%-44s %.1f MiB\n", "  peak memory", (double)peak_kib / 1024);
}

int main(void)
{
    long peak_kib = 0;
    uint64_t rows;

    make_input();
    rows = run_once(0, &peak_kib).rows;
    printf("rows: %llu\n", (unsigned long long)rows);
    bench("import of L2 csv.gz, to the binary form", 1, rows);
    bench("check of L2 csv.gz", 0, rows);
    bench("gunzip only", -1, rows);
    BASE_ASSERT(unlink(input) == 0 && rmdir(folder) == 0);
    return 0;
}
