/*
 * The VM in this process: the shared memory's layout, loading, parameters, save and restore.
 */
#include "vm_fixture.h"

#include "../../core/script/binding.h"
#include "../../core/script/sandbox.h"

#include <stdio.h>

/* ---- the shared memory ---- */

/* clang-format off */
#define OFFSETS(X) \
    X(now_ms) X(time_ms) X(instrument) X(side) X(status) X(reason) X(state) X(maker) X(id) \
    X(price) X(qty) X(filled) X(fee) X(realized) X(open) X(high) X(low) X(close) X(volume) \
    X(interval_ns) X(bid) X(bid_qty) X(ask) X(ask_qty) X(mid) X(spread) X(mark) X(index) X(last) \
    X(rate) X(next_funding_ms) X(open_interest) X(paid) X(tag) X(position_qty) X(position_price) \
    X(position_realized) X(position_unrealized) X(position_fees) X(position_funding) \
    X(intent_count) X(text_used) X(log_lines) X(log_dropped) X(orders_allowed) X(level_count) \
    X(vm) X(read_book) X(read_levels) X(read_position) X(equity) X(levels) X(intents) X(text)
/* clang-format on */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binding_has_the_same_bytes_in_c_and_lua),
        cmocka_unit_test(binding_has_the_names_and_numbers_of_the_public_header),
        cmocka_unit_test(vm_explains_what_is_wrong_with_a_strategy),
        cmocka_unit_test(vm_sets_and_checks_parameters),
        cmocka_unit_test(vm_tells_what_a_strategy_is),
        cmocka_unit_test(vm_shows_only_the_instruments_that_the_script_chose),
        cmocka_unit_test(vm_saves_and_restores_plain_tables),
        cmocka_unit_test(vm_refuses_to_save_what_json_cannot_carry),
        cmocka_unit_test(vm_saves_nothing_without_on_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
