/*
 * host_fixture.h: what an embedder has, for the tests of a host: options, an instrument, a strategy
 * that quotes, events.
 */
#ifndef HOST_FIXTURE_H
#define HOST_FIXTURE_H

#include <support.h>

#include <string.h>

#define START_NS (INT64_C(1700000000) * BASE_NS_PER_S)

/* Quotes once, at the touch; counts its callbacks; keeps its count. */
static const char quoter[] =
    "local s = { name = 'quoter', params = { qty = { default = 1, min = 0.001, max = 100 } },\n"
    "  subscribe = { book = true } }\n"
    "local count, placed = 0, false\n"
    "function s.on_book(ctx, book)\n"
    "  count = count + 1\n"
    "  ctx:metric('books', count)\n"
    "  if not placed and book.bid then\n"
    "    placed = true\n"
    "    ctx:buy { price = book.bid, qty = ctx.params.qty, tif = 'post_only' }\n"
    "    ctx:log('bidding ' .. book.bid)\n"
    "  end\n"
    "end\n"
    "function s.on_fill(ctx, fill) ctx:metric('position', ctx:position().qty) end\n"
    "function s.on_timer(ctx) ctx:metric('timer', ctx.now_ms) end\n"
    "function s.on_start(ctx) ctx:after(5000) end\n"
    "function s.on_save(ctx) return { count = count } end\n"
    "function s.on_restore(ctx, saved) count = saved.count end\n"
    "return s\n";

/* ---- what an embedder has ---- */

typedef struct sink {
    char text[4096];
    size_t lines;
} sink;

static inline void sink_write(void *context, hean_log_level level, int64_t time_ns,
                              const char *source, const char *text)
{
    sink *self = context;
    size_t length = strlen(self->text);
    (void)level;
    (void)time_ns;
    self->lines++;
    (void)snprintf(self->text + length, sizeof self->text - length, "%s: %s\n", source, text);
}

static inline hean_host_options options_for(hean_isolation isolation, sink *log)
{
    hean_host_options options = hean_host_options_default();
    options.isolation = isolation;
    options.worker_path = TEST_BUILD_DIR "/hean-worker";
    if (log != NULL) {
        memset(log, 0, sizeof *log);
        options.log = (hean_log_sink){sink_write, log};
    }
    return options;
}

static const hean_instrument ethusdt = {
    .symbol = "ETHUSDT",
    .tick_size = {1, -2},
    .lot_size = {1, -3},
    .maker_fee_e8 = 20000,
    .taker_fee_e8 = 55000,
};

static inline hean_host *open_host(const hean_host_options *options)
{
    hean_error error;
    hean_host *host = NULL;
    uint16_t id;

    assert_status(hean_host_open(options, &host, &error), HEAN_OK, &error);
    assert_status(hean_host_add_instrument(host, &ethusdt, &id, &error), HEAN_OK, &error);
    assert_int_equal(id, 0);
    return host;
}

static uint16_t load(hean_host *host, const char *source)
{
    hean_strategy strategy = {
        .source = source, .capital_e8 = 10000 * BASE_E8, .limits = hean_risk_limits_default()};
    hean_error error;
    uint16_t id = 0;

    assert_status(hean_host_load_strategy(host, &strategy, &id, &error), HEAN_OK, &error);
    return id;
}

static inline void start(hean_host *host)
{
    hean_error error;
    assert_status(hean_host_start(host, START_NS, &error), HEAN_OK, &error);
}

static inline hean_event event_at(int64_t ms, hean_event_kind kind)
{
    hean_event event;
    memset(&event, 0, sizeof event);
    event.kind = (uint8_t)kind;
    event.local_ns = event.exch_ns = START_NS + ms * BASE_NS_PER_MS;
    return event;
}

static inline hean_event level(int64_t ms, hean_side side, int64_t price, int64_t qty, bool last)
{
    hean_event event = event_at(ms, HEAN_EVENT_BOOK);
    event.side = (uint8_t)side;
    event.flags = last ? HEAN_EVENT_LAST : 0;
    event.data.level.price_ticks = price;
    event.data.level.qty_lots = qty;
    return event;
}

static inline hean_event trade(int64_t ms, hean_side side, int64_t price, int64_t qty)
{
    hean_event event = event_at(ms, HEAN_EVENT_TRADE);
    event.side = (uint8_t)side;
    event.data.level.price_ticks = price;
    event.data.level.qty_lots = qty;
    return event;
}

static inline void push(hean_host *host, const hean_event *events, size_t count)
{
    hean_error error;
    assert_status(hean_host_push(host, events, count, &error), HEAN_OK, &error);
}

/* A book of 99.99 / 100.01, then sellers that eat all of the bid and more. */
static inline void push_market(hean_host *host)
{
    hean_event events[] = {
        level(1, HEAN_SIDE_BUY, 9999, 500, false),   level(1, HEAN_SIDE_SELL, 10001, 500, true),
        trade(100, HEAN_SIDE_SELL, 9999, 300),       level(100, HEAN_SIDE_BUY, 9999, 200, true),
        trade(200, HEAN_SIDE_SELL, 9999, 200),       trade(201, HEAN_SIDE_SELL, 9999, 5000),
        level(201, HEAN_SIDE_BUY, 9999, 0, false),   level(201, HEAN_SIDE_BUY, 9998, 700, true),
        level(300, HEAN_SIDE_SELL, 10001, 400, true)};
    push(host, events, BASE_COUNT(events));
}

static inline double metric_value(const hean_host *host, uint16_t strategy, const char *name)
{
    hean_metric metrics[64];
    size_t count = hean_host_metrics(host, metrics, BASE_COUNT(metrics));

    assert_true(count <= BASE_COUNT(metrics));
    for (size_t i = 0; i < count; i++) {
        if (metrics[i].strategy == strategy && strcmp(metrics[i].name, name) == 0)
            return metrics[i].value;
    }
    fail_msg("there is no metric %s of %u", name, strategy);
    return 0;
}

static const hean_isolation isolations[] = {HEAN_ISOLATION_IN_PROCESS, HEAN_ISOLATION_PROCESS};

#endif
