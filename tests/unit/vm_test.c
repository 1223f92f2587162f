/*
 * The VM in this process: events to callbacks, intents out, misuse, memory.
 */
#include "vm_fixture.h"

#include <stdio.h>

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

/* ---- events ---- */

static void vm_hands_over_a_trade_as_numbers_and_names(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, 2);
    load(&f, "return { subscribe = { trades = true }, on_trade = function(ctx, t)\n"
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

static void vm_behaves_the_same_in_every_state(void **state)
{
    (void)state;
    /* Each Lua state has another seed of its string hash, and other addresses. */
    static const char source[] =
        "return { on_start = function(ctx)\n"
        "local t, order = {}, {}\n"
        "for i = 1, 200 do t['key' .. i] = i end\n"
        "for key in pairs(t) do order[#order + 1] = key end\n"
        "ctx:log(table.concat(order, ' '):sub(1, 900))\n"
        "ctx:log(next(t), {}, print, coroutine.create(print), ('%s'):format({}))\n"
        "ctx:log(math.random(), math.random(1e9), pcall(error, {}))\n"
        "end }";
    char first[3][1100];
    for (int round = 0; round < 4; round++) {
        fixture f;
        fixture_init(&f, 1);
        load(&f, source);
        feed(&f, event_of(HEAN_EVENT_START));
        for (size_t i = 0; i < 3; i++) {
            if (round == 0)
                assert_true(base_text_copy(first[i], sizeof(first[i]), logged(&f, i)));
            assert_string_equal(logged(&f, i), first[i]);
        }
        fixture_deinit(&f);
    }
    assert_non_null(strstr(first[0], "key1 key10 key100 key101 "));
    assert_non_null(strstr(first[1], "key1 table function thread table"));
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
    f.options.source_bytes = 0;
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
        cmocka_unit_test(vm_behaves_the_same_in_every_state),
        cmocka_unit_test(vm_dies_at_its_memory_limit_even_inside_pcall),
        cmocka_unit_test(vm_survives_every_failing_allocation),
        cmocka_unit_test(vm_counts_callbacks_in_the_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
