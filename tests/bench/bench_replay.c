/*
 * bench_replay.c: the whole path of a backtest, from the mapped binary form through the engine into
 * Lua in its jail: one strategy that is called on every single event, and market_maker quoting on
 * every book change. Every level of the recorded book is made a message of its own, so that no
 * event goes by without its callback; the figures are events and callbacks per second.
 */
#include <support.h>

#include <host/backtest.h>
#include <market/datafile.h>
#include <market/import.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS 15

static const char counter[] =
    "local s = { name = 'counter', subscribe = { book = true, trades = true, quotes = true } }\n"
    "local n = 0\n"
    "function s.on_book(ctx, book) n = n + book.bid end\n"
    "function s.on_trade(ctx, trade) n = n + trade.price end\n"
    "function s.on_quote(ctx, quote) n = n + quote.bid end\n"
    "return s\n";

/* Sends an amendment of each quote on every single book event. */
static const char quoter[] =
    "local s = { name = 'quoter', subscribe = { book = true } }\n"
    "local bid, ask, step\n"
    "function s.on_book(ctx, book)\n"
    "  if not book.bid or not book.ask then return end\n"
    "  step = not step\n"
    "  local away = step and 5 or 6\n"
    "  if not bid then bid = ctx:buy { price = ctx:round_price(book.bid - away), qty = 0.01 }\n"
    "  else ctx:amend(bid, { price = ctx:round_price(book.bid - away) }) end\n"
    "  if not ask then ask = ctx:sell { price = ctx:round_price(book.ask + away), qty = 0.01 }\n"
    "  else ctx:amend(ask, { price = ctx:round_price(book.ask + away) }) end\n"
    "end\n"
    "function s.on_order(ctx, order)\n"
    "  if order.status == 'filled' or order.status == 'rejected' or order.status == 'cancelled' "
    "then\n"
    "    if order.id == bid then bid = nil elseif order.id == ask then ask = nil end\n"
    "  end\n"
    "end\n"
    "return s\n";

static void check(hean_status status, const hean_error *error)
{
    if (status == HEAN_OK)
        return;
    (void)fprintf(stderr, "bench_replay: %s\n", error->message);
    exit(1);
}

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

/* Imports `source`, marks every BOOK event as a whole message, writes it to `path`. */
static void make_data(const char *source, const char *instrument, const char *path)
{
    const hean_allocator *allocator = base_allocator_default();
    const char *paths[] = {source};
    const char *instruments[] = {instrument};
    market_import_options options = {.paths = paths,
                                     .path_count = 1,
                                     .instrument_texts = instruments,
                                     .instrument_count = instrument != NULL ? 1 : 0};
    market_import_report report;
    market_data_writer *writer;
    market_data data;
    hean_error error;
    char whole[2400];
    int from, to;

    (void)snprintf(whole, sizeof whole, "%s.whole", path);
    from = open_file(whole, O_RDWR | O_CREAT | O_TRUNC);
    check(market_import_run(allocator, &options, from, &report, &error), &error);
    market_import_report_deinit(allocator, &report);
    check(market_data_open(allocator, from, whole, &data, &error), &error);
    to = open_file(path, O_RDWR | O_CREAT | O_TRUNC);
    check(market_data_writer_open(allocator, to, data.instruments, data.info.instruments, &writer,
                                  &error),
          &error);
    for (uint64_t i = 0; i < data.info.events; i++) {
        hean_event event = data.events[i];
        if (event.kind == HEAN_EVENT_BOOK)
            event.flags |= HEAN_EVENT_LAST;
        check(market_data_writer_append(writer, &event, 1, &error), &error);
    }
    check(market_data_writer_finish(writer, &error), &error);
    market_data_writer_close(writer);
    market_data_close(&data);
    (void)close(from);
    (void)close(to);
    (void)unlink(whole);
}

static void measure(const char *label, const char *path, const char *file, const char *source)
{
    const char *paths[] = {path};
    double events[RUNS], callbacks[RUNS];
    backtest_options options = backtest_options_default();
    backtest_result result;
    hean_error error;
    char name[80];
    uint64_t orders = 0, fills = 0, rss = 0;

    options.file = file;
    options.source = source;
    options.source_bytes = source != NULL ? strlen(source) : 0;
    options.paths = paths;
    options.path_count = 1;
    options.limits.max_orders_per_second = 0; /* the rate is what is measured */
    for (int i = 0; i < RUNS; i++) {
        memset(&result, 0, sizeof result);
        check(backtest_run(&options, &result, &error), &error);
        events[i] = (double)result.events / result.wall_seconds / 1e6;
        callbacks[i] = (double)result.callbacks / result.wall_seconds / 1e6;
        orders = result.orders;
        fills = result.fills;
        rss = result.peak_rss_bytes;
        backtest_result_deinit(NULL, &result);
    }
    (void)snprintf(name, sizeof name, "%s, events", label);
    test_print_percentiles(name, events, RUNS, "million/s");
    (void)snprintf(name, sizeof name, "%s, callbacks", label);
    test_print_percentiles(name, callbacks, RUNS, "million/s");
    printf("    %llu orders, %llu fills, peak memory %llu MiB\n", (unsigned long long)orders,
           (unsigned long long)fills, (unsigned long long)(rss >> 20));
}

int main(void)
{
    const char *recorded = test_data_path("binance-futures-ethusdt-20240808");
    char source[4200], path[2200];

    (void)snprintf(path, sizeof path, "%s/replay.hean", test_folder("bench_replay"));
    (void)snprintf(source, sizeof source, "%s", recorded != NULL ? recorded : "sim:42,hours=2");
    make_data(source, recorded != NULL ? "tick=0.01,lot=0.001" : NULL, path);
    printf("data: %s, every level a message\n", recorded != NULL ? "recorded ETHUSDT" : source);
    measure("callback on every event", path, "counter.lua", counter);
    measure("market_maker", path, TEST_SOURCE_DIR "/strategies/market_maker.lua", NULL);
    measure("two amendments on every book event", path, "quoter.lua", quoter);
    (void)unlink(path);
    return 0;
}
