/*
 * bench_engine.c: events per second of a replay, with strategies written in C.
 *
 * Two markets: a seeded random walk with a book of many levels, one message per event, venue and
 * host one millisecond apart; and the recorded futures data, where they are here. Figures: the book
 * alone; a strategy called on every event that does nothing; one that keeps an order far away, so
 * that the venue's side runs event by event; one that cancels and quotes both sides whenever the
 * best bid or ask changed.
 */
#include "support.h"

#include <base/random.h>
#include <engine/engine.h>
#include <market/datafile.h>
#include <market/import.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EVENTS 1000000
#define PASSES 9

typedef enum behaviour { DOES_NOTHING, RESTS_FAR_AWAY, QUOTES } behaviour;

typedef struct quoter {
    behaviour does;
    const market_book *book;
    int64_t bid_ticks, ask_ticks;
    uint64_t last_id;
    uint64_t calls;
    hean_intent out[4];
} quoter;

static hean_intent order(quoter *self, hean_side side, int64_t price_ticks)
{
    return (hean_intent){.kind = HEAN_INTENT_PLACE,
                         .side = (uint8_t)side,
                         .order_type = HEAN_ORDER_LIMIT,
                         .time_in_force = HEAN_TIF_POST_ONLY,
                         .order_id = ++self->last_id,
                         .price_ticks = price_ticks,
                         .qty_lots = 1};
}

static hean_status on_event(void *context, const hean_event *event, engine_intents *intents,
                            hean_error *error)
{
    quoter *self = context;
    (void)error;
    self->calls++;
    intents->items = self->out;
    if (self->does == DOES_NOTHING)
        return HEAN_OK;
    if (event->kind == HEAN_EVENT_START && self->does == RESTS_FAR_AWAY)
        self->out[intents->count++] = order(self, HEAN_SIDE_BUY, 1);
    if (event->kind != HEAN_EVENT_BOOK || self->does != QUOTES)
        return HEAN_OK;
    const market_level *best = self->book->best;
    if (best[0].qty_lots == 0 || best[1].qty_lots == 0 ||
        (best[0].price_ticks == self->bid_ticks && best[1].price_ticks == self->ask_ticks))
        return HEAN_OK;
    self->bid_ticks = best[0].price_ticks;
    self->ask_ticks = best[1].price_ticks;
    for (uint64_t i = 0; i < 2 && self->last_id > i; i++)
        self->out[intents->count++] =
            (hean_intent){.kind = HEAN_INTENT_CANCEL, .order_id = self->last_id - i};
    self->out[intents->count++] = order(self, HEAN_SIDE_BUY, self->bid_ticks - 1);
    self->out[intents->count++] = order(self, HEAN_SIDE_SELL, self->ask_ticks + 1);
    return HEAN_OK;
}

/* A walk of the middle price; levels around it appear, change and vanish, trades hit the best. */
static void make_market(hean_event *events, size_t count)
{
    base_random random;
    int64_t middle = 100000;
    base_random_init(&random, 7);
    for (size_t i = 0; i < count; i++) {
        hean_event *event = &events[i];
        uint64_t dice = base_random_below(&random, 100);
        bool buy = base_random_below(&random, 2) == 0;
        memset(event, 0, sizeof *event);
        event->local_ns = (int64_t)(i + 1) * 20 * BASE_NS_PER_US + BASE_NS_PER_MS;
        event->exch_ns = event->local_ns - BASE_NS_PER_MS;
        event->side = buy ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
        event->flags = HEAN_EVENT_LAST;
        if (dice < 5) {
            event->kind = HEAN_EVENT_TRADE;
            event->data.level.price_ticks = buy ? middle + 1 : middle - 1;
            event->data.level.qty_lots = 1 + (int64_t)base_random_below(&random, 20);
            continue;
        }
        event->kind = HEAN_EVENT_BOOK;
        if (dice < 10) { /* the best level goes, and the middle moves over it */
            event->data.level.price_ticks = buy ? middle - 1 : middle + 1;
            middle += buy ? -1 : 1;
            continue;
        }
        int64_t distance =
            1 + (int64_t)(base_random_below(&random, 40) * base_random_below(&random, 40) / 8);
        event->data.level.price_ticks = buy ? middle - distance : middle + distance;
        event->data.level.qty_lots = (int64_t)base_random_below(&random, 50);
    }
}

static market_instrument make_instrument(void)
{
    market_instrument instrument;
    hean_instrument spec = {.symbol = "BENCH",
                            .kind = HEAN_INSTRUMENT_LINEAR,
                            .tick_size = {1, -2},
                            .lot_size = {1, -3},
                            .maker_fee_e8 = -5000,
                            .taker_fee_e8 = 50000};
    hean_error error;
    if (market_instrument_init(&instrument, &spec, &error) != HEAN_OK)
        abort();
    return instrument;
}

static double seconds_of_replay(const market_data *data, behaviour does, hean_account *account)
{
    static const engine_strategy_ops ops = {on_event};
    quoter self = {.does = does};
    engine_strategy strategy = {.name = "bench", .ops = &ops, .context = &self};
    engine_options options = engine_options_default();
    hean_error error = {0};
    engine *loop;
    uint16_t id;
    strategy.subscription.kinds = 1u << HEAN_EVENT_START | 1u << HEAN_EVENT_BOOK |
                                  1u << HEAN_EVENT_TRADE | 1u << HEAN_EVENT_ORDER |
                                  1u << HEAN_EVENT_FILL;
    if (does == DOES_NOTHING) {
        strategy.subscription.kinds = UINT32_MAX;
        strategy.subscription.every_level = true;
    }
    strategy.capital_e8 = 1000000 * BASE_E8;
    options.paper.entry_latency_ns = BASE_NS_PER_MS;
    options.paper.response_latency_ns = BASE_NS_PER_MS;
    if (engine_open(&options, &loop, &error) != HEAN_OK ||
        engine_add_instrument(loop, &data->instruments[0], &id, &error) != HEAN_OK ||
        engine_add_strategy(loop, &strategy, &id, &error) != HEAN_OK)
        abort();
    self.book = engine_book(loop, 0);
    if (engine_start(loop, 0, &error) != HEAN_OK)
        abort();
    int64_t begin = base_clock_monotonic_ns();
    if (engine_replay(loop, data->events, data->info.events, data->exch_order, NULL, NULL,
                      &error) != HEAN_OK) {
        printf("%s\n", error.message);
        abort();
    }
    int64_t end = base_clock_monotonic_ns();
    if (engine_account(loop, 0, account) != HEAN_OK)
        abort();
    engine_close(loop);
    return (double)(end - begin) / 1e9;
}

static double seconds_of_book(const market_data *data)
{
    market_book book;
    if (market_book_init(&book, base_allocator_default()) != HEAN_OK)
        abort();
    int64_t begin = base_clock_monotonic_ns();
    for (size_t i = 0; i < data->info.events; i++)
        if (market_book_apply(&book, &data->events[i]) != HEAN_OK)
            abort();
    int64_t end = base_clock_monotonic_ns();
    market_book_deinit(&book);
    return (double)(end - begin) / 1e9;
}

static void measure(const char *market, const market_data *data)
{
    static const char *const names[] = {"called on every event", "an order far away (eager venue)",
                                        "quotes on every change of the best"};
    double millions = (double)data->info.events / 1e6;
    double samples[PASSES];
    printf("%s, %llu events\n", market, (unsigned long long)data->info.events);
    for (int pass = 0; pass < PASSES; pass++)
        samples[pass] = millions / seconds_of_book(data);
    test_print_percentiles("  book alone", samples, PASSES, "million events/s");
    for (int does = DOES_NOTHING; does <= QUOTES; does++) {
        hean_account account;
        char label[80];
        for (int pass = 0; pass < PASSES; pass++)
            samples[pass] = millions / seconds_of_replay(data, (behaviour)does, &account);
        (void)snprintf(label, sizeof label, "  %s", names[does]);
        test_print_percentiles(label, samples, PASSES, "million events/s");
        printf("    %llu callbacks, %llu orders, %llu fills, %llu rejects\n",
               (unsigned long long)account.callbacks, (unsigned long long)account.orders,
               (unsigned long long)account.fills, (unsigned long long)account.rejects);
    }
}

static void measure_recorded(void)
{
    const char *path = test_data_path("binance-futures-ethusdt-20240808");
    const char *text = "tick=0.01,lot=0.001,maker_bps=-0.5,taker_bps=5";
    const char *paths[] = {path};
    market_import_options options = {
        .paths = paths, .path_count = 1, .instrument_texts = &text, .instrument_count = 1};
    market_import_report report;
    market_data data;
    hean_error error = {0};
    if (path == NULL)
        return;
    int fd = memfd_create("bench", MFD_CLOEXEC);
    if (fd < 0 ||
        market_import_run(base_allocator_default(), &options, fd, &report, &error) != HEAN_OK ||
        market_data_open(base_allocator_default(), fd, "bench", &data, &error) != HEAN_OK) {
        printf("%s\n", error.message);
        abort();
    }
    market_import_report_deinit(base_allocator_default(), &report);
    (void)close(fd);
    measure("recorded ETHUSDT futures", &data);
    market_data_close(&data);
}

int main(void)
{
    market_instrument instrument = make_instrument();
    hean_event *events = malloc(EVENTS * sizeof *events);
    market_data walk = {.info = {.events = EVENTS}, .instruments = &instrument, .events = events};
    if (events == NULL)
        return 1;
    make_market(events, EVENTS);
    measure("random walk", &walk);
    free(events);
    measure_recorded();
    return 0;
}
