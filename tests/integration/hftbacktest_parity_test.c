/*
 * hftbacktest_parity_test.c: the same orders on the same recorded market, here and in hftbacktest,
 * must give the same executions: order, venue time, price, quantity.
 *
 * A schedule is drawn while the engine replays: every 100 ms a few orders near the best prices,
 * cancellations of older ones, amendments. It is written down together with the events and our
 * executions; hftbacktest_parity.py plays it to hftbacktest and compares. Skipped where the
 * recorded data or the Python module (HEAN_PYTHON names an interpreter that has it) are absent.
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

#define PERIOD_NS   (100 * BASE_NS_PER_MS)
#define ENTRY_NS    (7 * BASE_NS_PER_MS)
#define RESPONSE_NS (9 * BASE_NS_PER_MS)

#define ORDERS     16384
#define EXECUTIONS 65536

typedef struct execution {
    uint64_t order_id;
    int64_t time_ns, price_ticks, filled_lots;
} execution;

typedef struct run {
    engine *engine;
    FILE *schedule;
    base_random random;
    bool amends;
    int64_t start_ns;
    uint64_t last_id;
    int64_t qty[ORDERS];
    size_t last_execution[ORDERS]; /* 0: none */
    execution executions[EXECUTIONS];
    size_t execution_count;
    hean_intent out[8];
} run;

static FILE *create(const char *folder, const char *name, const char *ending)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    return file;
}

/* Executions of one order at one time are one: hftbacktest shows no finer. */
static void on_fill(run *self, const hean_event *event)
{
    uint64_t id = event->data.fill.order_id;
    execution *last =
        self->last_execution[id] != 0 ? &self->executions[self->last_execution[id]] : NULL;
    int64_t filled = last != NULL ? last->filled_lots : 0;
    if (last == NULL || last->time_ns != event->exch_ns) {
        assert_true(self->execution_count + 1 < EXECUTIONS);
        self->last_execution[id] = ++self->execution_count;
        last = &self->executions[self->execution_count];
    }
    *last = (execution){id, event->exch_ns, event->data.fill.price_ticks,
                        filled + event->data.fill.qty_lots};
}

static void write_fills(const run *self, const char *folder, const char *name)
{
    FILE *fills = create(folder, name, "fills");
    for (size_t i = 1; i <= self->execution_count; i++) {
        const execution *fill = &self->executions[i];
        assert_true(fprintf(fills, "%llu,%lld,%lld,%lld\n", (unsigned long long)fill->order_id,
                            (long long)fill->time_ns, (long long)fill->price_ticks,
                            (long long)fill->filled_lots) > 0);
    }
    assert_int_equal(fclose(fills), 0);
}

static void plan(run *self, const hean_intent *intent, int64_t now_ns)
{
    static const int tifs[] = {0, 3, 2, 1}; /* GTC, IOC, FOK, post-only, as hftbacktest counts */
    assert_true(fprintf(self->schedule, "%lld,%d,%llu,%d,%lld,%lld,%d,%d\n", (long long)now_ns,
                        intent->kind - HEAN_INTENT_PLACE == 0 ? 0
                        : intent->kind == HEAN_INTENT_CANCEL  ? 1
                                                              : 2,
                        (unsigned long long)intent->order_id, intent->side,
                        (long long)intent->price_ticks, (long long)intent->qty_lots,
                        intent->order_type, tifs[intent->time_in_force]) > 0);
}

static hean_intent draw_order(run *self, const market_book *book)
{
    hean_intent intent = {.kind = HEAN_INTENT_PLACE, .order_id = ++self->last_id};
    bool buy = base_random_below(&self->random, 2) == 0;
    int64_t inside = (int64_t)base_random_below(&self->random, 8) - 2; /* -2: would take */
    uint64_t dice = base_random_below(&self->random, 20);
    intent.side = buy ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
    intent.price_ticks =
        buy ? book->best[0].price_ticks - inside : book->best[1].price_ticks + inside;
    intent.qty_lots = 1 + (int64_t)base_random_below(&self->random, 3000);
    if (dice == 0)
        intent.order_type = HEAN_ORDER_MARKET;
    else if (dice < 4)
        intent.time_in_force = (uint8_t)dice;
    if (intent.order_type == HEAN_ORDER_MARKET)
        intent.price_ticks = 0;
    self->qty[intent.order_id] = intent.qty_lots;
    return intent;
}

static hean_status on_event(void *context, const hean_event *event, engine_intents *intents,
                            hean_error *error)
{
    run *self = context;
    (void)error;
    intents->items = self->out;
    if (event->kind == HEAN_EVENT_FILL)
        on_fill(self, event);
    if (event->kind != HEAN_EVENT_TIMER && event->kind != HEAN_EVENT_START)
        return HEAN_OK;
    self->out[intents->count++] =
        (hean_intent){.kind = HEAN_INTENT_SET_TIMER, .timer_ns = PERIOD_NS};
    const market_book *book = engine_book(self->engine, 0);
    /* hftbacktest knows no quotes: not before the book is there, on both sides. */
    if (!book->from_book || engine_now_ns(self->engine) < self->start_ns + BASE_NS_PER_S)
        return HEAN_OK;
    size_t first = intents->count;
    self->out[intents->count++] = draw_order(self, book);
    self->out[intents->count++] = draw_order(self, book);
    if (self->last_id > 40)
        self->out[intents->count++] =
            (hean_intent){.kind = HEAN_INTENT_CANCEL,
                          .order_id = self->last_id - 20 - base_random_below(&self->random, 20)};
    if (self->amends && self->last_id > 20) {
        uint64_t id = self->last_id - 4 - base_random_below(&self->random, 10);
        self->out[intents->count++] = (hean_intent){.kind = HEAN_INTENT_AMEND,
                                                    .order_id = id,
                                                    .price_ticks = book->best[id % 2].price_ticks,
                                                    .qty_lots = self->qty[id]};
    }
    for (size_t i = first; i < intents->count; i++)
        plan(self, &self->out[i], engine_now_ns(self->engine));
    return HEAN_OK;
}

static void load(market_data *data)
{
    char path[4096];
    const char *found = test_data_path("binance-futures-ethusdt-20240808");
    const char *text = "tick=0.01,lot=0.001";
    hean_error error;
    market_import_report report;
    if (found == NULL)
        skip();
    (void)snprintf(path, sizeof path, "%s", found);
    const char *paths[] = {path};
    market_import_options options = {
        .paths = paths, .path_count = 1, .instrument_texts = &text, .instrument_count = 1};
    int fd = memfd_create("parity", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_status(market_import_run(base_allocator_default(), &options, fd, &report, &error),
                  HEAN_OK, &error);
    market_import_report_deinit(base_allocator_default(), &report);
    assert_status(market_data_open(base_allocator_default(), fd, "parity", data, &error), HEAN_OK,
                  &error);
    assert_int_equal(close(fd), 0);
}

static void write_events(const market_data *data, const char *folder)
{
    FILE *events = create(folder, "events", "bin");
    FILE *order = create(folder, "order", "bin");
    assert_int_equal(fwrite(data->events, sizeof(hean_event), data->info.events, events),
                     data->info.events);
    for (uint64_t i = 0; i < data->info.events; i++) {
        uint32_t at = data->exch_order != NULL ? data->exch_order[i] : (uint32_t)i;
        assert_int_equal(fwrite(&at, sizeof at, 1, order), 1);
    }
    assert_int_equal(fclose(events), 0);
    assert_int_equal(fclose(order), 0);
}

static void play(const market_data *data, const char *folder, const char *name,
                 engine_queue_model queue, bool partial)
{
    static const engine_strategy_ops ops = {on_event};
    run *self = calloc(1, sizeof *self);
    engine_options options = engine_options_default();
    engine_strategy strategy = {.name = "schedule", .ops = &ops, .context = self};
    hean_error error;
    uint16_t id;
    assert_non_null(self);
    base_random_init(&self->random, 20240808);
    self->start_ns = data->info.first_local_ns;
    self->amends = !partial; /* there, an amended quantity is the rest, not the total */
    self->schedule = create(folder, name, "schedule");
    options.paper.queue = queue;
    options.paper.partial_fills = partial;
    options.paper.entry_latency_ns = ENTRY_NS;
    options.paper.response_latency_ns = RESPONSE_NS;
    strategy.subscription.kinds =
        1u << HEAN_EVENT_START | 1u << HEAN_EVENT_TIMER | 1u << HEAN_EVENT_FILL;
    assert_status(engine_open(&options, &self->engine, &error), HEAN_OK, &error);
    assert_status(engine_add_instrument(self->engine, &data->instruments[0], &id, &error), HEAN_OK,
                  &error);
    assert_status(engine_add_strategy(self->engine, &strategy, &id, &error), HEAN_OK, &error);
    assert_status(engine_start(self->engine, data->info.first_local_ns, &error), HEAN_OK, &error);
    assert_status(engine_replay(self->engine, data->events, data->info.events, data->exch_order,
                                NULL, NULL, &error),
                  HEAN_OK, &error);
    write_fills(self, folder, name);
    assert_int_equal(fclose(self->schedule), 0);
    assert_true(self->execution_count > 500);
    engine_close(self->engine);
    free(self);
}

static const char *python(void)
{
    const char *given = getenv("HEAN_PYTHON");
    return given != NULL ? given : "python3";
}

static void engine_fills_orders_as_hftbacktest_does(void **state)
{
    static const char *const queues[] = {"risk_averse", "prob_power", "prob_log"};
    char command[8192];
    char folder[1024];
    market_data data;
    (void)state;
    (void)snprintf(command, sizeof command, "%s -c 'import hftbacktest' 2>/dev/null", python());
    if (system(command) != 0) {
        print_message("no hftbacktest in %s: nothing to compare with\n", python());
        skip();
    }
    load(&data);
    (void)snprintf(folder, sizeof folder, "%s", test_folder("hftbacktest_parity"));
    write_events(&data, folder);
    int length = snprintf(command, sizeof command, "%s %s %s %lld %lld 0.01 0.001", python(),
                          TEST_SOURCE_DIR "/tests/integration/hftbacktest_parity.py", folder,
                          (long long)ENTRY_NS, (long long)RESPONSE_NS);
    for (int partial = 0; partial < 2; partial++) {
        for (int queue = 0; queue < 3; queue++) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s-%d", queues[queue], partial);
            play(&data, folder, name, (engine_queue_model)queue, partial != 0);
            length += snprintf(command + length, sizeof command - (size_t)length, " %s", name);
        }
    }
    market_data_close(&data);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_fills_orders_as_hftbacktest_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
