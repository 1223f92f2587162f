/*
 * vm_fixture.h: a script VM with one or two instruments, and short ways to feed it.
 */
#ifndef VM_FIXTURE_H
#define VM_FIXTURE_H

#include <script/script.h>
#include <support.h>

#include <string.h>

#define T0 INT64_C(1700000000000000000)

typedef struct fixture {
    market_instrument instruments[2];
    market_book books[2];
    const market_book *book_list[2];
    script_options options;
    script_vm *vm;
    hean_error error;
    engine_intents intents;
} fixture;

static inline void fixture_init(fixture *f, size_t instruments)
{
    memset(f, 0, sizeof(*f));
    hean_instrument spec = {.symbol = "ETHUSDT",
                            .tick_size = {1, -2},
                            .lot_size = {1, -3},
                            .min_qty_lots = 1,
                            .maker_fee_e8 = 20000,
                            .taker_fee_e8 = 50000};
    assert_status(market_instrument_init(&f->instruments[0], &spec, &f->error), HEAN_OK, &f->error);
    (void)base_text_copy(spec.symbol, sizeof(spec.symbol), "BTCUSDT");
    assert_status(market_instrument_init(&f->instruments[1], &spec, &f->error), HEAN_OK, &f->error);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(market_book_init(&f->books[i], base_allocator_default()), HEAN_OK);
        f->book_list[i] = &f->books[i];
    }
    f->options = script_options_default();
    f->options.file = "test.lua";
    f->options.instruments = f->instruments;
    f->options.instrument_count = instruments;
    f->options.strategy = 3;
    f->options.seed = 7;
    f->options.capital_e8 = 1000 * BASE_E8;
}

static inline void fixture_deinit(fixture *f)
{
    script_vm_close(f->vm);
    for (int i = 0; i < 2; i++)
        market_book_deinit(&f->books[i]);
}

static inline hean_status try_load(fixture *f, const char *source)
{
    f->options.source = source;
    f->options.source_bytes = strlen(source);
    script_vm_close(f->vm);
    f->vm = NULL;
    hean_status status = script_vm_open(&f->options, &f->vm, &f->error);
    assert_status(status, HEAN_OK, &f->error);
    script_vm_set_books(f->vm, f->book_list);
    return script_vm_load(f->vm, &f->error);
}

static inline void load(fixture *f, const char *source)
{
    assert_status(try_load(f, source), HEAN_OK, &f->error);
}

static inline hean_status push(fixture *f, hean_event event)
{
    return script_vm_on_event(f->vm, &event, &f->intents, &f->error);
}

static inline void feed(fixture *f, hean_event event)
{
    assert_status(push(f, event), HEAN_OK, &f->error);
}

static inline hean_event event_of(hean_event_kind kind)
{
    return (hean_event){.kind = (uint8_t)kind, .local_ns = T0 + BASE_NS_PER_MS, .exch_ns = T0};
}

static inline hean_event trade(int64_t price_ticks, int64_t qty_lots)
{
    hean_event event = event_of(HEAN_EVENT_TRADE);
    event.side = HEAN_SIDE_SELL;
    event.data.level.price_ticks = price_ticks;
    event.data.level.qty_lots = qty_lots;
    event.data.level.sequence = 42;
    return event;
}

/* The text of the n-th intent, which must be a LOG. */
static inline const char *logged(const fixture *f, size_t n)
{
    static char text[2048];
    assert_true(n < f->intents.count);
    const hean_intent *intent = &f->intents.items[n];
    assert_int_equal(intent->kind, HEAN_INTENT_LOG);
    assert_true(intent->text_bytes < sizeof(text));
    memcpy(text, f->intents.text + intent->text_offset, intent->text_bytes);
    text[intent->text_bytes] = '\0';
    return text;
}

#endif
