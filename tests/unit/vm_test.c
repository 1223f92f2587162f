/*
 * The VM in this process: loading, events to callbacks, intents out, misuse, memory, save.
 */
#include <script/script.h>
#include <support.h>

#include "../../core/script/binding.h"
#include "../../core/script/sandbox.h"

#include <lauxlib.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

static void fixture_init(fixture *f, size_t instruments)
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

static void fixture_deinit(fixture *f)
{
    script_vm_close(f->vm);
    for (int i = 0; i < 2; i++)
        market_book_deinit(&f->books[i]);
}

static hean_status try_load(fixture *f, const char *source)
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

static void load(fixture *f, const char *source)
{
    assert_status(try_load(f, source), HEAN_OK, &f->error);
}

static hean_status push(fixture *f, hean_event event)
{
    return script_vm_on_event(f->vm, &event, &f->intents, &f->error);
}

static void feed(fixture *f, hean_event event)
{
    assert_status(push(f, event), HEAN_OK, &f->error);
}

static hean_event event_of(hean_event_kind kind)
{
    return (hean_event){.kind = (uint8_t)kind, .local_ns = T0 + BASE_NS_PER_MS, .exch_ns = T0};
}

static hean_event trade(int64_t price_ticks, int64_t qty_lots)
{
    hean_event event = event_of(HEAN_EVENT_TRADE);
    event.side = HEAN_SIDE_SELL;
    event.data.level.price_ticks = price_ticks;
    event.data.level.qty_lots = qty_lots;
    event.data.level.sequence = 42;
    return event;
}

/* The text of the n-th intent, which must be a LOG. */
static const char *logged(const fixture *f, size_t n)
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

/* Loads a strategy whose on_trade has this body, feeds one trade, expects this error. */
static void expect_misuse(fixture *f, const char *body, const char *message)
{
    char source[1024];
    int bytes = snprintf(source, sizeof(source),
                         "return {\nsubscribe = { trades = true },\non_timer = function() end,\n"
                         "on_trade = function(ctx, trade)\n%s\nend }\n",
                         body);
    assert_true(bytes > 0 && (size_t)bytes < sizeof(source));
    load(f, source);
    assert_status(push(f, trade(200000, 1)), HEAN_E_SCRIPT, &f->error);
    if (strstr(f->error.message, message) == NULL ||
        strncmp(f->error.message, "test.lua:5: ", 12) != 0)
        fail_msg("%s\n  gave:     %s\n  expected: test.lua:5: ...%s", body, f->error.message,
                 message);
}

#define TRADES "subscribe = { trades = true }, "

/* ---- the shared memory ---- */

#define OFFSETS(X)                                                                                 \
    X(now_ms)                                                                                      \
    X(time_ms)                                                                                     \
    X(instrument)                                                                                  \
    X(side)                                                                                        \
    X(status) X(reason) X(state) X(maker) X(id) X(price) X(qty) X(filled) X(fee) X(realized)       \
        X(open) X(high) X(low) X(close) X(volume) X(interval_ns) X(bid) X(bid_qty) X(ask)          \
            X(ask_qty) X(mid) X(spread) X(mark) X(index) X(last) X(rate) X(next_funding_ms)        \
                X(open_interest) X(paid) X(tag) X(position_qty) X(position_price)                  \
                    X(position_realized) X(position_unrealized) X(position_fees)                   \
                        X(position_funding) X(intent_count) X(text_used) X(log_lines)              \
                            X(log_dropped) X(orders_allowed) X(level_count) X(vm) X(read_book)     \
                                X(read_levels) X(read_position) X(equity) X(levels) X(intents)     \
                                    X(text)

static double layout_of(lua_State *lua, const char *function, const char *field)
{
    lua_getfield(lua, -1, function);
    lua_pushstring(lua, field);
    assert_int_equal(lua_pcall(lua, 1, 1, 0), 0);
    double value = lua_isnumber(lua, -1) ? lua_tonumber(lua, -1) : -1;
    lua_pop(lua, 1);
    return value;
}

static int require_binding(lua_State *lua)
{
    sandbox_require(lua, "hean.binding");
    return 1;
}

static void open_binding(script_sandbox *sandbox)
{
    hean_error error;
    assert_status(sandbox_open(sandbox, base_allocator_default(), 64u << 20, &error), HEAN_OK,
                  &error);
    assert_status(sandbox_call(sandbox, require_binding, NULL, 1, "test", &error), HEAN_OK, &error);
}

static void binding_has_the_same_bytes_in_c_and_lua(void **state)
{
    (void)state;
    script_sandbox sandbox;
    open_binding(&sandbox);
#define CHECK_OFFSET(field)                                                                        \
    assert_int_equal(layout_of(sandbox.lua, "layout", #field), offsetof(script_io, field));
    OFFSETS(CHECK_OFFSET)
#define CHECK_INTENT(field)                                                                        \
    assert_int_equal(layout_of(sandbox.lua, "intent_layout", #field), offsetof(hean_intent, field));
    CHECK_INTENT(kind)
    CHECK_INTENT(side)
    CHECK_INTENT(order_type)
    CHECK_INTENT(time_in_force)
    CHECK_INTENT(flags)
    CHECK_INTENT(instrument)
    CHECK_INTENT(order_id)
    CHECK_INTENT(price_ticks)
    CHECK_INTENT(trigger_ticks)
    CHECK_INTENT(qty_lots)
    CHECK_INTENT(timer_ns)
    CHECK_INTENT(value)
    CHECK_INTENT(text_offset)
    CHECK_INTENT(text_bytes)
    sandbox_close(&sandbox);
}

static void check_name(lua_State *lua, const char *table, int number, const char *name)
{
    lua_getfield(lua, -1, table);
    lua_rawgeti(lua, -1, number);
    if (!lua_isstring(lua, -1) || strcmp(lua_tostring(lua, -1), name) != 0)
        fail_msg("%s[%d] is not '%s'", table, number, name);
    lua_pop(lua, 2);
}

static void check_number(lua_State *lua, const char *table, const char *name, int number)
{
    lua_getfield(lua, -1, table);
    lua_getfield(lua, -1, name);
    if (!lua_isnumber(lua, -1) || lua_tointeger(lua, -1) != number)
        fail_msg("%s.%s is not %d", table, name, number);
    lua_pop(lua, 2);
}

static void binding_has_the_names_and_numbers_of_the_public_header(void **state)
{
    (void)state;
    script_sandbox sandbox;
    open_binding(&sandbox);
    lua_State *lua = sandbox.lua;
    for (int i = 0; i < HEAN_REASON_COUNT; i++)
        check_name(lua, "reasons", i, hean_reason_text((hean_reason)i));
    check_name(lua, "sides", HEAN_SIDE_BUY, "buy");
    check_name(lua, "sides", HEAN_SIDE_SELL, "sell");
    check_name(lua, "order_statuses", HEAN_ORDER_PENDING_NEW, "pending_new");
    check_name(lua, "order_statuses", HEAN_ORDER_OPEN, "open");
    check_name(lua, "order_statuses", HEAN_ORDER_PARTLY_FILLED, "partly_filled");
    check_name(lua, "order_statuses", HEAN_ORDER_PENDING_CANCEL, "pending_cancel");
    check_name(lua, "order_statuses", HEAN_ORDER_FILLED, "filled");
    check_name(lua, "order_statuses", HEAN_ORDER_CANCELLED, "cancelled");
    check_name(lua, "order_statuses", HEAN_ORDER_REJECTED, "rejected");
    check_name(lua, "order_statuses", HEAN_ORDER_UNKNOWN, "unknown");
    check_name(lua, "instrument_kinds", HEAN_INSTRUMENT_LINEAR, "linear");
    check_name(lua, "instrument_kinds", HEAN_INSTRUMENT_SPOT, "spot");
    check_name(lua, "instrument_kinds", HEAN_INSTRUMENT_INVERSE, "inverse");
    for (uint32_t kind = HEAN_EVENT_BOOK; kind < HEAN_EVENT_KIND_COUNT; kind++)
        check_number(lua, "event_kinds", script_callback_name(kind) + strlen("on_"), (int)kind);
    check_number(lua, "intent_kinds", "place", HEAN_INTENT_PLACE);
    check_number(lua, "intent_kinds", "amend", HEAN_INTENT_AMEND);
    check_number(lua, "intent_kinds", "cancel", HEAN_INTENT_CANCEL);
    check_number(lua, "intent_kinds", "set_timer", HEAN_INTENT_SET_TIMER);
    check_number(lua, "intent_kinds", "log", HEAN_INTENT_LOG);
    check_number(lua, "intent_kinds", "metric", HEAN_INTENT_METRIC);
    check_number(lua, "order_types", "limit", HEAN_ORDER_LIMIT);
    check_number(lua, "order_types", "market", HEAN_ORDER_MARKET);
    check_number(lua, "order_types", "stop", HEAN_ORDER_STOP);
    check_number(lua, "order_types", "stop_limit", HEAN_ORDER_STOP_LIMIT);
    check_number(lua, "times_in_force", "gtc", HEAN_TIF_GTC);
    check_number(lua, "times_in_force", "ioc", HEAN_TIF_IOC);
    check_number(lua, "times_in_force", "fok", HEAN_TIF_FOK);
    check_number(lua, "times_in_force", "post_only", HEAN_TIF_POST_ONLY);
    check_number(lua, "log_levels", "debug", HEAN_LOG_DEBUG);
    check_number(lua, "log_levels", "error", HEAN_LOG_ERROR);
    sandbox_close(&sandbox);
}

/* ---- events ---- */

static void vm_hands_over_a_trade_as_numbers_and_names(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    load(&f, "return { " TRADES "on_trade = function(ctx, t)\n"
             "ctx:log(t.symbol, t.price, t.qty, t.side, t.id, t.time_ms, ctx.now_ms) end }");
    hean_event event = trade(268162, 1500);
    event.instrument = 1;
    feed(&f, event);
    assert_string_equal(logged(&f, 0), "BTCUSDT 2681.62 1.5 sell 42 1700000000000 1700000000001");
    assert_int_equal(f.intents.count, 1);
    fixture_deinit(&f);
}

static void vm_calls_on_book_at_the_last_event_of_a_message_only(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { subscribe = { book = true }, on_book = function(ctx, b)\n"
             "ctx:log(b.bid, b.bid_qty, b.ask, b.ask_qty, b.mid, b.spread, b.symbol)\n"
             "ctx:log(b:level('bid', 2)) ctx:log(b:level('ask', 2))\n"
             "ctx:log(#b:depth('bid', 5), b:depth('bid', 5)[2].qty, ctx:book() == b) end }");
    assert_int_equal(market_book_set(&f.books[0], MARKET_BID, 10000, 2000, NULL), HEAN_OK);
    assert_int_equal(market_book_set(&f.books[0], MARKET_BID, 9999, 3000, NULL), HEAN_OK);
    assert_int_equal(market_book_set(&f.books[0], MARKET_ASK, 10002, 1000, NULL), HEAN_OK);
    hean_event event = event_of(HEAN_EVENT_BOOK);
    feed(&f, event);
    assert_int_equal(f.intents.count, 0);
    event.flags = HEAN_EVENT_LAST;
    feed(&f, event);
    assert_string_equal(logged(&f, 0), "100 2 100.02 1 100.01 0.02 ETHUSDT");
    assert_string_equal(logged(&f, 1), "99.99 3");
    assert_string_equal(logged(&f, 2), "nil nil");
    assert_string_equal(logged(&f, 3), "2 3 true");
    fixture_deinit(&f);
}

static void vm_shows_an_empty_side_as_nil(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function(ctx) local b = ctx:book()\n"
             "ctx:log(b.bid, b.ask, b.ask_qty, b.mid, b.spread) end }");
    assert_int_equal(market_book_set(&f.books[0], MARKET_ASK, 10002, 1000, NULL), HEAN_OK);
    feed(&f, event_of(HEAN_EVENT_START));
    assert_string_equal(logged(&f, 0), "nil 100.02 1 nil nil");
    fixture_deinit(&f);
}

static void vm_hands_over_bars_marks_quotes_funding_and_connections(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(
        &f,
        "return { subscribe = { bars = { '1m' }, marks = true, funding = true, quotes = true },\n"
        "on_bar = function(ctx, b) ctx:log(b.open, b.high, b.low, b.close, b.volume,\n"
        "  b.interval, b.time_ms - b.start_ms) end,\n"
        "on_mark = function(ctx, m) ctx:log(m.mark, m.index, m.next_rate, m.next_funding_ms) end,\n"
        "on_funding = function(ctx, e) ctx:log(e.rate, e.mark, e.paid) end,\n"
        "on_quote = function(ctx, q) ctx:log(q.bid, q.bid_qty, q.ask, q.ask_qty) end,\n"
        "on_connection = function(ctx, c) ctx:log(c.state) end }");
    hean_event bar = event_of(HEAN_EVENT_BAR);
    bar.data.bar.open_ticks = 100;
    bar.data.bar.high_ticks = 300;
    bar.data.bar.low_ticks = 50;
    bar.data.bar.close_ticks = 200;
    bar.data.bar.volume_lots = 2500;
    bar.data.bar.interval_ns = 60 * BASE_NS_PER_S;
    feed(&f, bar);
    assert_string_equal(logged(&f, 0), "1 3 0.5 2 2.5 1m 60000");
    bar.data.bar.interval_ns = 300 * BASE_NS_PER_S; /* not subscribed */
    feed(&f, bar);
    assert_int_equal(f.intents.count, 0);
    hean_event mark = event_of(HEAN_EVENT_MARK);
    mark.data.mark.mark_ticks = 268162;
    mark.data.mark.next_rate_e12 = 100000000;
    mark.data.mark.next_funding_ns = T0;
    feed(&f, mark);
    assert_string_equal(logged(&f, 0), "2681.62 nil 0.0001 1700000000000");
    hean_event funding = event_of(HEAN_EVENT_FUNDING);
    funding.data.funding.rate_e12 = -100000000;
    funding.data.funding.mark_ticks = 268162;
    funding.data.funding.paid_e8 = 250000000;
    feed(&f, funding);
    assert_string_equal(logged(&f, 0), "-0.0001 2681.62 2.5");
    hean_event quote = event_of(HEAN_EVENT_QUOTE);
    quote.data.quote.bid_ticks = 100;
    quote.data.quote.bid_lots = 1000;
    quote.data.quote.ask_ticks = 101;
    quote.data.quote.ask_lots = 2000;
    feed(&f, quote);
    assert_string_equal(logged(&f, 0), "1 1 1.01 2");
    hean_event connection = event_of(HEAN_EVENT_CONNECTION);
    connection.data.connection.state = 2;
    feed(&f, connection);
    assert_string_equal(logged(&f, 0), "ready");
    fixture_deinit(&f);
}

static hean_event fill(uint64_t order_id, hean_side side, int64_t price_ticks, int64_t qty_lots)
{
    hean_event event = event_of(HEAN_EVENT_FILL);
    event.side = (uint8_t)side;
    event.flags = HEAN_EVENT_MAKER;
    event.data.fill.order_id = (UINT64_C(3) << 48) | order_id;
    event.data.fill.price_ticks = price_ticks;
    event.data.fill.qty_lots = qty_lots;
    event.data.fill.fee_e8 = 10000000;
    return event;
}

static void vm_keeps_positions_and_equity_from_fills_and_funding(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_fill = function(ctx, e) local p = ctx:position()\n"
             "ctx:log(e.order_id, e.side, e.price, e.qty, e.fee, e.realized, e.maker)\n"
             "ctx:log(p.qty, p.avg_price, p.realized, p.unrealized, p.fees, p.funding)\n"
             "ctx:log(ctx:equity()) end }");
    assert_int_equal(market_book_set(&f.books[0], MARKET_BID, 10100, 1000, NULL), HEAN_OK);
    assert_int_equal(market_book_set(&f.books[0], MARKET_ASK, 10300, 1000, NULL), HEAN_OK);
    feed(&f, fill(9, HEAN_SIDE_BUY, 10000, 3000));
    assert_string_equal(logged(&f, 0), "9 buy 100 3 0.1 0 true");
    assert_string_equal(logged(&f, 1), "3 100 0 6 0.1 0");
    assert_string_equal(logged(&f, 2), "1005.9");
    hean_event funding = event_of(HEAN_EVENT_FUNDING);
    funding.data.funding.paid_e8 = -50000000;
    feed(&f, funding);
    feed(&f, fill(10, HEAN_SIDE_SELL, 10400, 2000));
    assert_string_equal(logged(&f, 0), "10 sell 104 2 0.1 8 true");
    assert_string_equal(logged(&f, 1), "1 100 8 2 0.2 -0.5");
    assert_string_equal(logged(&f, 2), "1009.3");
    fixture_deinit(&f);
}

/* ---- intents ---- */

static void vm_turns_orders_into_whole_ticks_and_lots(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    load(&f, "return { on_start = function(ctx)\n"
             "local a = ctx:buy{ symbol='ETHUSDT', price=2681.62, qty=0.003, tif='post_only' }\n"
             "local b = ctx:sell{ symbol='BTCUSDT', type='stop_limit', price=1, trigger=1.1, "
             "qty=2, reduce_only=true }\n"
             "ctx:buy{ symbol='ETHUSDT', type='market', qty=1, tif='ioc' }\n"
             "ctx:amend(a, { price=2681.63 }) ctx:amend(b, { qty=3 }) ctx:cancel(b)\n"
             "end }");
    feed(&f, event_of(HEAN_EVENT_START));
    assert_int_equal(f.intents.count, 6);
    const hean_intent *i = f.intents.items;
    uint64_t base = UINT64_C(3) << 48;
    assert_int_equal(i[0].kind, HEAN_INTENT_PLACE);
    assert_int_equal(i[0].side, HEAN_SIDE_BUY);
    assert_int_equal(i[0].order_type, HEAN_ORDER_LIMIT);
    assert_int_equal(i[0].time_in_force, HEAN_TIF_POST_ONLY);
    assert_int_equal(i[0].order_id, base | 1);
    assert_int_equal(i[0].price_ticks, 268162);
    assert_int_equal(i[0].qty_lots, 3);
    assert_int_equal(i[1].instrument, 1);
    assert_int_equal(i[1].side, HEAN_SIDE_SELL);
    assert_int_equal(i[1].order_type, HEAN_ORDER_STOP_LIMIT);
    assert_int_equal(i[1].trigger_ticks, 110);
    assert_int_equal(i[1].flags, HEAN_INTENT_REDUCE_ONLY);
    assert_int_equal(i[2].order_type, HEAN_ORDER_MARKET);
    assert_int_equal(i[2].time_in_force, HEAN_TIF_IOC);
    assert_int_equal(i[2].price_ticks, 0);
    assert_int_equal(i[3].kind, HEAN_INTENT_AMEND);
    assert_int_equal(i[3].order_id, base | 1);
    assert_int_equal(i[3].price_ticks, 268163);
    assert_int_equal(i[3].qty_lots, 0);
    assert_int_equal(i[4].price_ticks, 0);
    assert_int_equal(i[4].qty_lots, 3000);
    assert_int_equal(i[4].instrument, 1);
    assert_int_equal(i[5].kind, HEAN_INTENT_CANCEL);
    assert_int_equal(i[5].order_id, base | 2);
    fixture_deinit(&f);
}

static void vm_marks_what_is_not_on_a_step_and_saturates_what_is_huge(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function(ctx)\n"
             "ctx:buy{ price=100.005, qty=1 } ctx:buy{ price=100, qty=0.0005 }\n"
             "ctx:buy{ price=1e300, qty=-1e300 } ctx:buy{ price=-5, qty=0 }\n"
             "ctx:amend(1, { price=0, qty=0 }) ctx:buy{ price=0.1 + 0.2, qty=1 }\n"
             "end }");
    feed(&f, event_of(HEAN_EVENT_START));
    const hean_intent *i = f.intents.items;
    assert_int_equal(f.intents.count, 6);
    assert_true(i[0].price_ticks == HEAN_NOT_ON_STEP);
    assert_true(i[1].qty_lots == HEAN_NOT_ON_STEP);
    assert_true(i[2].price_ticks == INT64_C(9000000000000000000));
    assert_true(i[2].qty_lots == -INT64_C(9000000000000000000));
    assert_int_equal(i[3].price_ticks, -500);
    assert_int_equal(i[3].qty_lots, 0);
    assert_int_equal(i[4].price_ticks, -1);
    assert_int_equal(i[4].qty_lots, -1);
    assert_int_equal(i[5].price_ticks, 30);
    fixture_deinit(&f);
}

static hean_event order_event(uint64_t sequence, hean_order_status status, hean_reason reason)
{
    hean_event event = event_of(HEAN_EVENT_ORDER);
    event.side = HEAN_SIDE_BUY;
    event.reason = (uint8_t)reason;
    event.data.order.order_id = (UINT64_C(3) << 48) | sequence;
    event.data.order.price_ticks = 100;
    event.data.order.qty_lots = 2000;
    event.data.order.filled_lots = 500;
    event.data.order.status = status;
    return event;
}

static void vm_follows_own_orders_until_they_end(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f,
         "local a, b\nreturn {\n"
         "on_start = function(ctx) a = ctx:buy{ price=1, qty=2 } b = ctx:sell{ price=2, qty=2 }\n"
         "  ctx:log(ctx:order(a).status, #ctx:orders()) end,\n"
         "on_order = function(ctx, o)\n"
         "  ctx:log(o.id, o.status, o.reason, o.side, o.price, o.qty, o.filled, o.symbol)\n"
         "  ctx:log(#ctx:orders(), ctx:order(a) == o, ctx:order(b) == o) end }");
    feed(&f, event_of(HEAN_EVENT_START));
    assert_string_equal(logged(&f, 2), "pending_new 2");
    feed(&f, order_event(1, HEAN_ORDER_OPEN, HEAN_REASON_NONE));
    assert_string_equal(logged(&f, 0), "1 open none buy 1 2 0.5 ETHUSDT");
    assert_string_equal(logged(&f, 1), "2 true false");
    feed(&f, order_event(1, HEAN_ORDER_REJECTED, HEAN_REASON_POST_ONLY_WOULD_TAKE));
    assert_string_equal(logged(&f, 0), "1 rejected post_only_would_take buy 1 2 0.5 ETHUSDT");
    assert_string_equal(logged(&f, 1), "1 false false");
    /* One that was there before this VM was. */
    feed(&f, order_event(77, HEAN_ORDER_OPEN, HEAN_REASON_NONE));
    assert_string_equal(logged(&f, 0), "77 open none buy 1 2 0.5 ETHUSDT");
    assert_string_equal(logged(&f, 1), "2 false false");
    fixture_deinit(&f);
}

static void vm_gives_a_timer_back_with_its_tag(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function(ctx) ctx:after(1500, 'requote') ctx:after(0.5, 7) "
             "ctx:after(1) end, on_timer = function(ctx, tag) ctx:log(tag) end }");
    feed(&f, event_of(HEAN_EVENT_START));
    assert_int_equal(f.intents.count, 3);
    assert_int_equal(f.intents.items[0].kind, HEAN_INTENT_SET_TIMER);
    assert_int_equal(f.intents.items[0].timer_ns, 1500 * BASE_NS_PER_MS);
    assert_int_equal(f.intents.items[1].timer_ns, BASE_NS_PER_MS / 2);
    hean_event timer = event_of(HEAN_EVENT_TIMER);
    static const char *const expected[] = {"requote", "7", "nil"};
    int64_t tags[3];
    for (int i = 0; i < 3; i++)
        tags[i] = (int64_t)f.intents.items[i].order_id;
    for (int i = 0; i < 3; i++) {
        timer.data.timer.tag = tags[i];
        feed(&f, timer);
        assert_string_equal(logged(&f, 0), expected[i]);
    }
    feed(&f, timer); /* a second time: unknown by now */
    assert_int_equal(f.intents.count, 0);
    fixture_deinit(&f);
}

static void vm_carries_lines_of_loading_to_the_first_event(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "print('loading', 1) return { on_start = function() print({}, print) end }");
    feed(&f, event_of(HEAN_EVENT_START));
    assert_int_equal(f.intents.count, 2);
    assert_string_equal(logged(&f, 0), "loading\t1");
    assert_string_equal(logged(&f, 1), "table\tfunction");
    fixture_deinit(&f);
}

static void vm_cuts_long_lines_and_drops_too_many(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function(ctx) ctx:log(('x'):rep(5000))\n"
             "for i = 1, 99 do ctx:log_level('debug', i) end ctx:metric('m', 1.5) end }");
    feed(&f, event_of(HEAN_EVENT_START));
    assert_int_equal(f.intents.count, 34);
    assert_int_equal(f.intents.items[0].text_bytes, 1024);
    assert_non_null(strstr(logged(&f, 0), "x[cut]"));
    assert_int_equal(f.intents.items[1].side, HEAN_LOG_DEBUG);
    assert_int_equal(f.intents.items[32].kind, HEAN_INTENT_METRIC);
    assert_true(f.intents.items[32].value == 1.5);
    assert_string_equal(logged(&f, 33), "68 more log lines were dropped");
    fixture_deinit(&f);
}

/* ---- misuse ---- */

static void vm_names_the_callers_line_for_misuse(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    /* spec/hean/strategy_spec.lua has the whole list; here: what C does with the errors. */
    static const char *const cases[][2] = {
        {"ctx:buy{ symbol='ETHUSDT', price=0/0, qty=1 }",
         "ctx:buy: price must be a finite number, got nan"},
        {"ctx:buy{ symbol='ETHUSD', price=1, qty=1 }", "did you mean 'ETHUSDT'?"},
        {"error('own')", "own"},
        {"error({})", "the error value is a table, expected a message"},
        {"error(42)", "42"},
        {"error('bare', 0)", "bare"},
        {"error('a\\nb\\0c')", "a?b"},
        {"local x = nil; x.y = 1", "attempt to index local 'x' (a nil value)"},
        {"local function f() return f() + 1 end f()", "stack overflow"},
        {"coroutine.yield()", "attempt to yield across C-call boundary"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        expect_misuse(&f, cases[i][0], cases[i][1]);
    fixture_deinit(&f);
}

static void vm_names_the_callback_when_a_tail_call_hides_the_line(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function(ctx) return ctx:cancel('x') end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT, &f.error);
    assert_non_null(strstr(f.error.message, "test.lua: "));
    assert_non_null(strstr(f.error.message, "(in on_start)"));
    fixture_deinit(&f);
}

static void vm_takes_no_events_after_a_failure(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_start = function() error('x') end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT, &f.error);
    assert_string_equal(script_vm_callback(f.vm), "on_start");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_STATE, &f.error);
    fixture_deinit(&f);
}

static void vm_refuses_orders_while_the_script_loads_or_saves(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return { on_save = function(ctx) ctx:buy{ price=1, qty=1 } end }");
    const char *text;
    size_t bytes;
    assert_status(script_vm_save(f.vm, &text, &bytes, &f.error), HEAN_E_SCRIPT, &f.error);
    assert_non_null(strstr(f.error.message, "only from on_start on"));
    fixture_deinit(&f);
}

static void vm_refuses_an_event_of_an_unknown_instrument(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return {}");
    hean_event event = trade(1, 1);
    event.instrument = 1;
    assert_status(push(&f, event), HEAN_E_INVALID, &f.error);
    fixture_deinit(&f);
}

/* ---- loading ---- */

static void expect_load(fixture *f, const char *source, hean_status status, const char *message)
{
    hean_status actual = try_load(f, source);
    if (actual != status || strstr(f->error.message, message) == NULL)
        fail_msg("%s\n  gave:     %s %s\n  expected: %s %s", source, hean_status_name(actual),
                 f->error.message, hean_status_name(status), message);
}

static void vm_explains_what_is_wrong_with_a_strategy(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    static const char *const cases[][2] = {
        {"return {", "test.lua:1: unexpected symbol near '<eof>'"},
        {"\n\nerror('at the top')", "test.lua:3: at the top"},
        {"return 1", "test.lua: must end with `return strategy`, a table; it returned number"},
        {"\033LJ\002", "test.lua:1: this is bytecode"},
        {"return { on_trade = function() end }",
         "test.lua: on_trade would never be called: add trades = true to subscribe"},
        {"return { params = { x = { default = 1, min = 5 } } }",
         "params.x: the default 1 is not number of at least 5"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++)
        expect_load(&f, cases[i][0], HEAN_E_SCRIPT, cases[i][1]);
    fixture_deinit(&f);
}

#define PARAMS                                                                                     \
    "return { params = { lookback = { default = 50, min = 5, max = 500, type = 'integer' }, "      \
    "mode = { default = 'slow', choices = { 'slow', 'fast' } }, on = { default = true } }, "       \
    "on_start = function(ctx) ctx:log(ctx.params.lookback, ctx.params.mode, ctx.params.on) end }"

static void vm_sets_and_checks_parameters(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    f.options.params_json = "{\"lookback\": 20, \"mode\": \"fast\"}";
    load(&f, PARAMS);
    feed(&f, event_of(HEAN_EVENT_START));
    assert_string_equal(logged(&f, 0), "20 fast true");
    const script_info *info = script_vm_info(f.vm);
    assert_int_equal(info->param_count, 3);
    assert_string_equal(info->params[0].name, "lookback");
    assert_string_equal(info->params[0].text, "20");
    assert_string_equal(info->params[0].expected, "integer from 5 to 500");
    assert_string_equal(info->params[1].expected, "one of slow, fast");
    assert_string_equal(info->params[1].text, "\"fast\"");
    assert_string_equal(info->params[2].expected, "true or false");
    f.options.params_json = "{\"lookback\": 2}";
    expect_load(&f, PARAMS, HEAN_E_RANGE,
                "parameter lookback is 2; expected integer from 5 to 500");
    f.options.params_json = "{\"lookback\": 20.5}";
    expect_load(&f, PARAMS, HEAN_E_RANGE, "parameter lookback is 20.5; expected integer");
    f.options.params_json = "{\"mode\": \"medium\"}";
    expect_load(&f, PARAMS, HEAN_E_RANGE, "parameter mode is \"medium\"; expected one of");
    f.options.params_json = "{\"on\": 1}";
    expect_load(&f, PARAMS, HEAN_E_RANGE, "parameter on is 1; expected true or false");
    f.options.params_json = "{\"lokback\": 20}";
    expect_load(&f, PARAMS, HEAN_E_NOT_FOUND,
                "unknown parameter 'lokback'; did you mean 'lookback'?");
    f.options.params_json = "{";
    expect_load(&f, PARAMS, HEAN_E_RANGE, "the parameters must be a JSON object");
    fixture_deinit(&f);
}

static void vm_tells_what_a_strategy_is(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    load(&f, "return { name = 'my-name', subscribe = { trades = true, book = true, "
             "bars = { '1m', '5m' }, symbols = { 'BTCUSDT' } }, on_trade = print, on_bar = print, "
             "on_save = print }");
    const script_info *info = script_vm_info(f.vm);
    assert_string_equal(info->name, "my-name");
    uint32_t always = 1u << HEAN_EVENT_ORDER | 1u << HEAN_EVENT_FILL | 1u << HEAN_EVENT_FUNDING;
    assert_int_equal(info->kinds, always | 1u << HEAN_EVENT_TRADE | 1u << HEAN_EVENT_BAR);
    assert_int_equal(info->bar_interval_count, 2);
    assert_int_equal(info->bar_intervals_ns[1], 300 * BASE_NS_PER_S);
    assert_true(info->saves);
    assert_int_equal(info->instruments[0], 2);
    load(&f, "return {}");
    assert_string_equal(script_vm_info(f.vm)->name, "test");
    assert_int_equal(script_vm_info(f.vm)->instruments[0], 0xFF);
    fixture_deinit(&f);
}

static void vm_shows_only_the_instruments_that_the_script_chose(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    load(&f, "return { subscribe = { symbols = { 'BTCUSDT' } }, on_start = function(ctx)\n"
             "ctx:log(#ctx.symbols, ctx.symbols[1], ctx:instrument().symbol)\n"
             "ctx:book('ETHUSDT') end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT, &f.error);
    assert_string_equal(f.error.message,
                        "test.lua:3: ctx:book: there is no instrument 'ETHUSDT' (there are: "
                        "BTCUSDT) (in on_start)");
    fixture_deinit(&f);
}

/* ---- save and restore ---- */

static void vm_saves_and_restores_plain_tables(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    static const char source[] =
        "local seen = 'none'\nreturn {\n"
        "on_save = function() return { z = { 1, 2.5, 'three' }, a = true, text = 'q\"\\n' } end,\n"
        "on_restore = function(_, s) seen = s.z[2] .. s.z[3] .. tostring(s.a) .. #s.text end,\n"
        "on_start = function(ctx) ctx:log(seen) end }";
    load(&f, source);
    const char *text;
    size_t bytes;
    assert_status(script_vm_save(f.vm, &text, &bytes, &f.error), HEAN_OK, &f.error);
    assert_string_equal(text, "{\"a\":true,\"text\":\"q\\\"\\n\",\"z\":[1,2.5,\"three\"]}");
    char saved[128];
    assert_true(base_text_copy(saved, sizeof(saved), text));
    f.options.saved = saved;
    f.options.saved_bytes = bytes;
    load(&f, source);
    feed(&f, event_of(HEAN_EVENT_START));
    assert_string_equal(logged(&f, 0), "2.5threetrue3");
    fixture_deinit(&f);
}

static void vm_refuses_to_save_what_json_cannot_carry(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    static const char *const cases[][2] = {
        {"return { a = { b = print } }", "on_save: saved.a.b: a function cannot be written"},
        {"return { a = 0/0 }", "saved.a: nan cannot be written"},
        {"local t = {} t.x = t return t", "saved.x: the table contains itself"},
        {"return { 1, 2, x = 3 }", "saved: mixes names and numbers as keys"},
        {"return { [5] = 1 }", "saved: the list has holes"},
        {"return { s = '\\255' }", "saved.s: the string is not UTF-8"},
        {"return 5", "on_save must return a table or nothing"},
        {"local t = {} for i = 1, 40 do t = { t } end return t", "nested deeper than 32"},
    };
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        char source[256];
        int bytes =
            snprintf(source, sizeof(source), "return { on_save = function() %s end }", cases[i][0]);
        assert_true(bytes > 0 && (size_t)bytes < sizeof(source));
        load(&f, source);
        const char *text;
        size_t length;
        assert_status(script_vm_save(f.vm, &text, &length, &f.error), HEAN_E_SCRIPT, &f.error);
        if (strstr(f.error.message, cases[i][1]) == NULL)
            fail_msg("%s gave: %s", cases[i][0], f.error.message);
    }
    fixture_deinit(&f);
}

static void vm_saves_nothing_without_on_save(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    load(&f, "return {}");
    const char *text = NULL;
    size_t bytes = 1;
    assert_status(script_vm_save(f.vm, &text, &bytes, &f.error), HEAN_OK, &f.error);
    assert_int_equal(bytes, 0);
    fixture_deinit(&f);
}

/* ---- memory ---- */

static void vm_dies_at_its_memory_limit_even_inside_pcall(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    f.options.memory_bytes_max = 8u << 20;
    load(&f,
         "return { on_start = function(ctx) pcall(string.rep, 'x', 1e9) ctx:log('alive') end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT_MEMORY, &f.error);
    assert_non_null(strstr(f.error.message, "memory limit of 8192 KiB"));
    load(&f, "return { on_start = function() local t = {} while true do t[#t + 1] = {} end end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT_MEMORY, &f.error);
    /* Not even a loop around pcall goes on. */
    load(&f, "return { on_start = function() while true do pcall(string.rep, 'x', 1e9) end end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT_MEMORY, &f.error);
    load(&f, "return { on_start = function() local co = coroutine.wrap(function()\n"
             "local t = {} for i = 1, 1e9 do t[i] = { i } end end)\n"
             "while true do pcall(co) end end }");
    assert_status(push(&f, event_of(HEAN_EVENT_START)), HEAN_E_SCRIPT_MEMORY, &f.error);
    size_t used, used_max;
    script_vm_memory(f.vm, &used, &used_max);
    assert_true(used_max <= 8u << 20);
    f.options.memory_bytes_max = 1u << 10;
    f.options.source = "return {}";
    script_vm *vm = NULL;
    assert_status(script_vm_open(&f.options, &vm, &f.error), HEAN_E_SCRIPT_MEMORY, &f.error);
    assert_null(vm);
    fixture_deinit(&f);
}

static void vm_survives_every_failing_allocation(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    static const char source[] = "return { on_start = function(ctx) ctx:log('x', {}) end }";
    f.options.source = source;
    f.options.source_bytes = strlen(source);
    hean_status status = HEAN_E_NO_MEMORY;
    /* Each of the first allocations, then in growing steps: a VM makes thousands. */
    for (uint64_t fail_at = 1; status != HEAN_OK; fail_at += 1 + fail_at / 16) {
        test_allocator allocator;
        test_allocator_init(&allocator, fail_at);
        f.options.allocator = &allocator.allocator;
        script_vm *vm = NULL;
        status = script_vm_open(&f.options, &vm, &f.error);
        if (status == HEAN_OK)
            status = script_vm_load(vm, &f.error);
        hean_event start = event_of(HEAN_EVENT_START);
        if (status == HEAN_OK)
            status = script_vm_on_event(vm, &start, &f.intents, &f.error);
        assert_true(status == HEAN_OK || status == HEAN_E_NO_MEMORY);
        script_vm_close(vm);
        assert_int_equal(allocator.live, 0);
    }
    fixture_deinit(&f);
}

static void vm_counts_callbacks_in_the_heartbeat(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 1);
    script_heartbeat heartbeat = {0};
    load(&f, "return { on_start = function() end }");
    script_vm_set_heartbeat(f.vm, &heartbeat);
    feed(&f, event_of(HEAN_EVENT_START));
    assert_int_equal(heartbeat.started, 2);
    assert_string_equal(script_callback_name(heartbeat.callback), "on_start");
    feed(&f, event_of(HEAN_EVENT_TIMER)); /* no callback, no call */
    assert_int_equal(heartbeat.started, 2);
    fixture_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binding_has_the_same_bytes_in_c_and_lua),
        cmocka_unit_test(binding_has_the_names_and_numbers_of_the_public_header),
        cmocka_unit_test(vm_hands_over_a_trade_as_numbers_and_names),
        cmocka_unit_test(vm_calls_on_book_at_the_last_event_of_a_message_only),
        cmocka_unit_test(vm_shows_an_empty_side_as_nil),
        cmocka_unit_test(vm_hands_over_bars_marks_quotes_funding_and_connections),
        cmocka_unit_test(vm_keeps_positions_and_equity_from_fills_and_funding),
        cmocka_unit_test(vm_turns_orders_into_whole_ticks_and_lots),
        cmocka_unit_test(vm_marks_what_is_not_on_a_step_and_saturates_what_is_huge),
        cmocka_unit_test(vm_follows_own_orders_until_they_end),
        cmocka_unit_test(vm_gives_a_timer_back_with_its_tag),
        cmocka_unit_test(vm_carries_lines_of_loading_to_the_first_event),
        cmocka_unit_test(vm_cuts_long_lines_and_drops_too_many),
        cmocka_unit_test(vm_names_the_callers_line_for_misuse),
        cmocka_unit_test(vm_names_the_callback_when_a_tail_call_hides_the_line),
        cmocka_unit_test(vm_takes_no_events_after_a_failure),
        cmocka_unit_test(vm_refuses_orders_while_the_script_loads_or_saves),
        cmocka_unit_test(vm_refuses_an_event_of_an_unknown_instrument),
        cmocka_unit_test(vm_explains_what_is_wrong_with_a_strategy),
        cmocka_unit_test(vm_sets_and_checks_parameters),
        cmocka_unit_test(vm_tells_what_a_strategy_is),
        cmocka_unit_test(vm_shows_only_the_instruments_that_the_script_chose),
        cmocka_unit_test(vm_saves_and_restores_plain_tables),
        cmocka_unit_test(vm_refuses_to_save_what_json_cannot_carry),
        cmocka_unit_test(vm_saves_nothing_without_on_save),
        cmocka_unit_test(vm_dies_at_its_memory_limit_even_inside_pcall),
        cmocka_unit_test(vm_survives_every_failing_allocation),
        cmocka_unit_test(vm_counts_callbacks_in_the_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
