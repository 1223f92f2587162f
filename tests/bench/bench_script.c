/*
 * What a callback in Lua costs: the direct call from C, as in a jailed backtest.
 *
 * Each sample is the mean of one batch of events, in nanoseconds per event.
 */
#include <script/script.h>
#include <support.h>

#include <stdlib.h>
#include <string.h>

#define BATCH   20000
#define SAMPLES 300
#define WARM_UP 30 /* batches, for LuaJIT to compile */

typedef struct bench_case {
    const char *name;
    const char *source;
    hean_event_kind kind;
    bool moving; /* the best bid and ask change with each event */
} bench_case;

static const bench_case cases[] = {
    {"no callback", "return {}", HEAN_EVENT_TRADE, false},
    {"on_trade, empty", "return { subscribe = { trades = true }, on_trade = function() end }",
     HEAN_EVENT_TRADE, false},
    {"on_trade, moving average",
     "local mean = 0 return { subscribe = { trades = true }, on_trade = function(_, trade)\n"
     "mean = mean + (trade.price - mean) * 0.01 end }",
     HEAN_EVENT_TRADE, false},
    {"on_book, mid price",
     "local mean = 0 return { subscribe = { book = true }, on_book = function(_, book)\n"
     "mean = mean + (book.mid - mean) * 0.01 end }",
     HEAN_EVENT_BOOK, true},
    {"on_book, position and book of ctx",
     "local sum = 0 return { subscribe = { book = true }, on_book = function(ctx)\n"
     "sum = sum + ctx:position().qty + ctx:book().mid end }",
     HEAN_EVENT_BOOK, true},
    {"on_book, amends two orders",
     "local buy, sell return { subscribe = { book = true }, on_book = function(ctx, book)\n"
     "if not buy then buy = ctx:buy{ price = book.bid, qty = 1 }\n"
     "sell = ctx:sell{ price = book.ask, qty = 1 } return end\n"
     "ctx:amend(buy, { price = ctx:round_price(book.bid, 'buy') })\n"
     "ctx:amend(sell, { price = book.ask }) end }",
     HEAN_EVENT_BOOK, true},
    {"on_trade, five levels of the book",
     "local sum = 0 return { subscribe = { trades = true }, on_trade = function(ctx)\n"
     "local book = ctx:book() for i = 1, 5 do local _, qty = book:level('bid', i)\n"
     "sum = sum + (qty or 0) end end }",
     HEAN_EVENT_TRADE, false},
};

static void fill_book(market_book *book)
{
    for (int64_t i = 0; i < 10; i++) {
        assert_int_equal(market_book_set(book, MARKET_BID, 268160 - i, 1000, NULL), HEAN_OK);
        assert_int_equal(market_book_set(book, MARKET_ASK, 268162 + i, 1000, NULL), HEAN_OK);
    }
}

static double run_batch(script_vm *vm, const bench_case *bench, market_book *book)
{
    hean_event event = {.kind = (uint8_t)bench->kind, .side = HEAN_SIDE_BUY};
    event.flags = HEAN_EVENT_LAST;
    event.data.level.qty_lots = 10;
    engine_intents intents;
    hean_error error;
    int64_t start_ns = base_clock_monotonic_ns();
    for (int i = 0; i < BATCH; i++) {
        event.local_ns = event.exch_ns = start_ns + i;
        event.data.level.price_ticks = 268160 + i % 7;
        if (bench->moving) {
            book->best[MARKET_BID].price_ticks = 268160 - i % 5;
            book->best[MARKET_ASK].price_ticks = 268162 + i % 3;
        }
        hean_status status = script_vm_on_event(vm, &event, &intents, &error);
        assert_status(status, HEAN_OK, &error);
    }
    return (double)(base_clock_monotonic_ns() - start_ns) / BATCH;
}

static void run_case(const bench_case *bench)
{
    hean_error error;
    hean_instrument spec = {
        .symbol = "ETHUSDT", .tick_size = {1, -2}, .lot_size = {1, -3}, .min_qty_lots = 1};
    market_instrument instrument;
    assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
    market_book book;
    assert_int_equal(market_book_init(&book, base_allocator_default()), HEAN_OK);
    fill_book(&book);
    const market_book *books[] = {&book};
    script_options options = script_options_default();
    options.file = "bench.lua";
    options.source = bench->source;
    options.source_bytes = strlen(bench->source);
    options.instruments = &instrument;
    options.instrument_count = 1;
    script_vm *vm = NULL;
    assert_status(script_vm_open(&options, &vm, &error), HEAN_OK, &error);
    script_vm_set_books(vm, books);
    assert_status(script_vm_load(vm, &error), HEAN_OK, &error);
    static double samples[SAMPLES];
    for (int i = 0; i < WARM_UP; i++)
        (void)run_batch(vm, bench, &book);
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = run_batch(vm, bench, &book);
    char name[80];
    (void)snprintf(name, sizeof(name), "direct callback: %s", bench->name);
    test_print_percentiles(name, samples, SAMPLES, "ns");
    script_vm_close(vm);
    market_book_deinit(&book);
}

int main(void)
{
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        run_case(&cases[i]);
    return 0;
}
