/*
 * vm.c: one strategy in one hardened Lua state, in this process.
 *
 * Invariants
 *   V1  a call into Lua is one lua_pcall of a function that lies at a fixed stack index; nothing
 *       is looked up, allocated or converted to Lua values on the way.
 *   V2  after an error of the script the VM takes no more events.
 *   V3  intents are valid until the next call; those made while loading, restoring or saving (log
 *       lines) travel with the next event.
 */
#include "binding.h"
#include "sandbox.h"

#include <lauxlib.h>
#include <lua5.1/lua-cjson.h>

#include <string.h>

/* From this stack index on, after script_vm_load: one function for each kind of event (nil: no
 * callback). */
#define STACK_DISPATCH SANDBOX_FREE

/* Indices for script_callback_name: 0 is the script's own text, then the kinds of events. */
enum { CALLBACK_LOAD = 0, CALLBACK_SAVE = HEAN_EVENT_KIND_COUNT, CALLBACK_RESTORE };

struct script_vm {
    script_sandbox sandbox;
    script_binding binding;
    script_options options;
    char *texts; /* the copy of file, source, params and saved */
    script_info info;
    int object_ref; /* what strategy.new gave, in the registry */
    script_heartbeat *heartbeat;
    uint32_t callback;
    bool loaded, failed;
    bool has[HEAN_EVENT_KIND_COUNT];
    const char *saved_text;
    size_t saved_bytes;
};

script_options script_options_default(void)
{
    return (script_options){.allocator = base_allocator_default(),
                            .file = "strategy.lua",
                            .source = "",
                            .memory_bytes_max = SANDBOX_MEMORY_BYTES_DEFAULT};
}

const char *script_callback_name(uint32_t index)
{
    static const char *const names[] = {
        [CALLBACK_LOAD] = "load",
        [HEAN_EVENT_BOOK] = "on_book",
        [HEAN_EVENT_TRADE] = "on_trade",
        [HEAN_EVENT_BAR] = "on_bar",
        [HEAN_EVENT_QUOTE] = "on_quote",
        [HEAN_EVENT_MARK] = "on_mark",
        [HEAN_EVENT_FUNDING] = "on_funding",
        [HEAN_EVENT_CONNECTION] = "on_connection",
        [HEAN_EVENT_START] = "on_start",
        [HEAN_EVENT_TIMER] = "on_timer",
        [HEAN_EVENT_ORDER] = "on_order",
        [HEAN_EVENT_FILL] = "on_fill",
        [CALLBACK_SAVE] = "on_save",
        [CALLBACK_RESTORE] = "on_restore",
    };
    return index < BASE_COUNT(names) ? names[index] : "?";
}

/* ---- calls ---- */

static void begin_callback(script_vm *vm, uint32_t callback)
{
    vm->callback = callback;
    if (vm->heartbeat != NULL) {
        vm->heartbeat->callback = callback;
        vm->heartbeat->started++;
    }
}

static void end_callback(script_vm *vm)
{
    if (vm->heartbeat != NULL)
        vm->heartbeat->started++;
}

/* Runs a protected function as a callback that is no event: it cannot trade. */
static hean_status call_outside(script_vm *vm, lua_CFunction function, int results,
                                uint32_t callback, hean_error *error)
{
    binding_begin(&vm->binding);
    vm->binding.io.orders_allowed = 0;
    begin_callback(vm, callback);
    hean_status status =
        sandbox_call(&vm->sandbox, function, vm, results, script_callback_name(callback), error);
    end_callback(vm);
    vm->binding.carry = true;
    if (status != HEAN_OK)
        vm->failed = true;
    return status;
}

/* ---- open ---- */

static void set_text(lua_State *lua, const char *name, const char *text, size_t bytes)
{
    if (text == NULL)
        return;
    lua_pushlstring(lua, text, bytes);
    lua_setfield(lua, -2, name);
}

static void set_number(lua_State *lua, const char *name, double value)
{
    lua_pushnumber(lua, value);
    lua_setfield(lua, -2, name);
}

static void push_instrument(lua_State *lua, const hean_instrument *spec)
{
    lua_newtable(lua);
    set_text(lua, "symbol", spec->symbol, strnlen(spec->symbol, sizeof(spec->symbol)));
    set_number(lua, "kind", spec->kind);
    set_number(lua, "tick_mantissa", (double)spec->tick_size.mantissa);
    set_number(lua, "tick_exponent10", spec->tick_size.exponent10);
    set_number(lua, "lot_mantissa", (double)spec->lot_size.mantissa);
    set_number(lua, "lot_exponent10", spec->lot_size.exponent10);
    set_number(lua, "min_qty_lots", (double)spec->min_qty_lots);
    set_number(lua, "max_qty_lots", (double)spec->max_qty_lots);
    set_number(lua, "min_price_ticks", (double)spec->min_price_ticks);
    set_number(lua, "max_price_ticks", (double)spec->max_price_ticks);
    set_number(lua, "min_notional_e8", (double)spec->min_notional_e8);
    set_number(lua, "max_notional_e8", (double)spec->max_notional_e8);
    set_number(lua, "maker_fee_e8", (double)spec->maker_fee_e8);
    set_number(lua, "taker_fee_e8", (double)spec->taker_fee_e8);
}

/* Leaves the host's table on the stack (see strategy.new). */
static void push_host(lua_State *lua, script_vm *vm)
{
    const script_options *options = &vm->options;
    sandbox_require(lua, "hean.binding");
    lua_getfield(lua, -1, "layout");
    lua_call(lua, 0, 2);
    BASE_ASSERT((size_t)lua_tonumber(lua, -2) == sizeof(script_io));
    BASE_ASSERT((size_t)lua_tonumber(lua, -1) == sizeof(hean_intent));
    lua_pop(lua, 2);
    lua_getfield(lua, -1, "attach");
    lua_pushlightuserdata(lua, &vm->binding.io);
    lua_call(lua, 1, 1);
    lua_remove(lua, -2);
    set_text(lua, "file", options->file, strlen(options->file));
    set_text(lua, "source", options->source, options->source_bytes);
    if (options->params_json != NULL)
        set_text(lua, "params", options->params_json, strlen(options->params_json));
    set_text(lua, "saved", options->saved, options->saved_bytes);
    /* Lua's generator takes a double: 53 bits of the seed. */
    set_number(lua, "seed", (double)(options->seed & ((UINT64_C(1) << 53) - 1)));
    lua_createtable(lua, (int)options->instrument_count, 0);
    for (size_t i = 0; i < options->instrument_count; i++) {
        push_instrument(lua, &options->instruments[i].spec);
        lua_rawseti(lua, -2, (int)i + 1);
    }
    lua_setfield(lua, -2, "instruments");
    lua_pushcfunction(lua, luaopen_cjson);
    lua_call(lua, 0, 1);
    lua_getfield(lua, -1, "decode");
    lua_setfield(lua, -3, "decode");
    lua_getfield(lua, -1, "null");
    lua_setfield(lua, -3, "null");
    lua_pop(lua, 1);
}

static int open_strategy(lua_State *lua)
{
    script_vm *vm = sandbox_argument(lua);
    sandbox_require(lua, "hean.strategy");
    lua_getfield(lua, -1, "new");
    push_host(lua, vm);
    lua_call(lua, 1, 1);
    sandbox_require(lua, "hean.sandbox");
    lua_getfield(lua, -1, "lock_strings");
    lua_getfield(lua, -3, "strings");
    lua_call(lua, 1, 0);
    lua_pop(lua, 1);
    vm->object_ref = luaL_ref(lua, LUA_REGISTRYINDEX);
    return 0;
}

static char *copy_text(char **at, const char *text, size_t bytes)
{
    char *copy = *at;
    memcpy(copy, text, bytes);
    *at += bytes + 1;
    return copy;
}

/* The VM outlives the caller's texts. */
static hean_status copy_texts(script_vm *vm, hean_error *error)
{
    script_options *options = &vm->options;
    size_t params_bytes = options->params_json != NULL ? strlen(options->params_json) : 0;
    size_t file_bytes = strlen(options->file);
    char *at = base_alloc(options->allocator, file_bytes + options->source_bytes + params_bytes +
                                                  options->saved_bytes + 4);
    if (at == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for the script's text");
    vm->texts = at;
    options->file = copy_text(&at, options->file, file_bytes);
    options->source = copy_text(&at, options->source, options->source_bytes);
    if (options->params_json != NULL)
        options->params_json = copy_text(&at, options->params_json, params_bytes);
    if (options->saved != NULL)
        options->saved = copy_text(&at, options->saved, options->saved_bytes);
    return HEAN_OK;
}

hean_status script_vm_open(const script_options *options, script_vm **out, hean_error *error)
{
    if (options->source_bytes > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: the script has %zu bytes, more than %u",
                         options->file, options->source_bytes, SCRIPT_SOURCE_BYTES_MAX);
    if (options->saved_bytes > SCRIPT_SAVED_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: the saved state has %zu bytes, more than %u",
                         options->file, options->saved_bytes, SCRIPT_SAVED_BYTES_MAX);
    script_vm *vm = base_alloc(options->allocator, sizeof(*vm));
    if (vm == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a script");
    vm->options = *options;
    hean_status status = copy_texts(vm, error);
    if (status != HEAN_OK)
        goto cleanup;
    status = binding_init(&vm->binding, &vm->options, error);
    if (status != HEAN_OK)
        goto cleanup;
    status = sandbox_open(&vm->sandbox, options->allocator, options->memory_bytes_max, error);
    if (status != HEAN_OK)
        goto cleanup;
    status = sandbox_call(&vm->sandbox, open_strategy, vm, 0, "open", error);
cleanup:
    if (status == HEAN_OK)
        *out = vm;
    else
        script_vm_close(vm);
    return status;
}

void script_vm_close(script_vm *vm)
{
    if (vm == NULL)
        return;
    const hean_allocator *allocator = vm->options.allocator;
    sandbox_close(&vm->sandbox);
    binding_deinit(&vm->binding);
    base_free(allocator, vm->texts);
    base_free(allocator, vm);
}

/* ---- load ---- */

static void read_text(lua_State *lua, const char *name, char *out, size_t bytes)
{
    lua_getfield(lua, -1, name);
    const char *text = lua_tostring(lua, -1);
    (void)base_text_copy(out, bytes, text != NULL ? text : "");
    lua_pop(lua, 1);
}

static void read_params(lua_State *lua, script_info *info)
{
    lua_getfield(lua, -1, "params");
    size_t count = lua_objlen(lua, -1);
    info->param_count = count < SCRIPT_PARAMS_MAX ? count : SCRIPT_PARAMS_MAX;
    for (size_t i = 0; i < info->param_count; i++) {
        script_param *param = &info->params[i];
        lua_rawgeti(lua, -1, (int)i + 1);
        read_text(lua, "name", param->name, sizeof(param->name));
        read_text(lua, "text", param->text, sizeof(param->text));
        read_text(lua, "expected", param->expected, sizeof(param->expected));
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
}

static void read_numbers(lua_State *lua, script_info *info)
{
    lua_getfield(lua, -1, "intervals");
    size_t count = lua_objlen(lua, -1);
    info->bar_interval_count = count < SCRIPT_BARS_MAX ? count : SCRIPT_BARS_MAX;
    for (size_t i = 0; i < info->bar_interval_count; i++) {
        lua_rawgeti(lua, -1, (int)i + 1);
        info->bar_intervals_ns[i] = (int64_t)lua_tonumber(lua, -1);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    lua_getfield(lua, -1, "symbols");
    bool some = lua_istable(lua, -1);
    memset(info->instruments, some ? 0 : 0xFF, sizeof(info->instruments));
    for (size_t i = 0; some && i < lua_objlen(lua, -1); i++) {
        lua_rawgeti(lua, -1, (int)i + 1);
        size_t index = (size_t)lua_tonumber(lua, -1) - 1;
        lua_pop(lua, 1);
        if (index < MARKET_INSTRUMENTS_MAX)
            info->instruments[index / 8] |= (uint8_t)(1u << (index % 8));
    }
    lua_pop(lua, 1);
}

/* Calls object.load(); leaves the list of dispatchers. */
static int load_script(lua_State *lua)
{
    script_vm *vm = sandbox_argument(lua);
    script_info *info = &vm->info;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, vm->object_ref);
    lua_getfield(lua, -1, "load");
    lua_call(lua, 0, 1);
    read_text(lua, "name", info->name, sizeof(info->name));
    read_params(lua, info);
    read_numbers(lua, info);
    lua_getfield(lua, -1, "kinds");
    info->kinds = (uint32_t)lua_tonumber(lua, -1);
    lua_getfield(lua, -2, "saves");
    info->saves = lua_toboolean(lua, -1) != 0;
    lua_getfield(lua, -3, "dispatchers");
    return 1;
}

static int restore_script(lua_State *lua)
{
    script_vm *vm = sandbox_argument(lua);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, vm->object_ref);
    lua_getfield(lua, -1, "restore");
    lua_call(lua, 0, 0);
    return 0;
}

hean_status script_vm_load(script_vm *vm, hean_error *error)
{
    if (vm->loaded || vm->failed)
        return base_fail(error, HEAN_E_STATE, "the script was loaded already");
    hean_status status = call_outside(vm, load_script, 1, CALLBACK_LOAD, error);
    if (status != HEAN_OK)
        return status;
    lua_State *lua = vm->sandbox.lua;
    int list = lua_gettop(lua);
    for (int kind = 0; kind < HEAN_EVENT_KIND_COUNT; kind++) {
        lua_rawgeti(lua, list, kind);
        vm->has[kind] = lua_isfunction(lua, -1);
    }
    lua_remove(lua, list); /* the functions move down to STACK_DISPATCH */
    if (vm->options.saved != NULL)
        status = call_outside(vm, restore_script, 0, CALLBACK_RESTORE, error);
    vm->loaded = status == HEAN_OK;
    return status;
}

/* ---- events ---- */

void script_vm_set_books(script_vm *vm, const market_book *const *books)
{
    vm->binding.books = books;
}

hean_status script_vm_on_event(void *context, const hean_event *event, engine_intents *intents,
                               hean_error *error)
{
    script_vm *vm = context;
    if (!vm->loaded || vm->failed)
        return base_fail(error, HEAN_E_STATE, "the script is not loaded, or has failed");
    if (event->kind >= HEAN_EVENT_KIND_COUNT)
        return base_fail(error, HEAN_E_INVALID, "unknown event kind %u", event->kind);
    binding_begin(&vm->binding);
    bool book = event->kind == HEAN_EVENT_BOOK || event->kind == HEAN_EVENT_QUOTE;
    bool partial = event->kind == HEAN_EVENT_BOOK && (event->flags & HEAN_EVENT_LAST) == 0;
    bool restored = event->kind == HEAN_EVENT_START && (event->flags & HEAN_EVENT_SNAPSHOT) != 0;
    bool wanted = vm->has[event->kind] && !partial && !restored;
    hean_status status = HEAN_OK;
    if (wanted || !book) /* the other kinds are followed even without a callback */
        status = binding_take_event(&vm->binding, event, error);
    if (status == HEAN_OK && wanted) {
        lua_State *lua = vm->sandbox.lua;
        vm->binding.io.orders_allowed = 1;
        begin_callback(vm, event->kind);
        lua_pushvalue(lua, STACK_DISPATCH + event->kind);
        int code = lua_pcall(lua, 0, 0, SANDBOX_HANDLER);
        end_callback(vm);
        if (code != 0 || sandbox_dead(&vm->sandbox))
            status = sandbox_result(&vm->sandbox, code, script_callback_name(event->kind), error);
    }
    if (status != HEAN_OK) {
        vm->failed = true;
        return status;
    }
    binding_finish(&vm->binding, intents);
    return HEAN_OK;
}

/* ---- save ---- */

static int save_script(lua_State *lua)
{
    script_vm *vm = sandbox_argument(lua);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, vm->object_ref);
    lua_getfield(lua, -1, "save");
    lua_call(lua, 0, 1);
    vm->saved_text = "";
    vm->saved_bytes = 0;
    if (lua_isnil(lua, -1))
        return 0;
    /* The registry keeps the text alive until the next save. */
    vm->saved_text = lua_tolstring(lua, -1, &vm->saved_bytes);
    lua_setfield(lua, LUA_REGISTRYINDEX, "hean.saved");
    return 0;
}

hean_status script_vm_save(script_vm *vm, const char **text, size_t *bytes, hean_error *error)
{
    if (!vm->loaded || vm->failed)
        return base_fail(error, HEAN_E_STATE, "the script is not loaded, or has failed");
    hean_status status = call_outside(vm, save_script, 0, CALLBACK_SAVE, error);
    if (status == HEAN_OK && vm->saved_bytes > SCRIPT_SAVED_BYTES_MAX)
        status = base_fail(error, HEAN_E_LIMIT, "%s: on_save gave %zu bytes of JSON, more than %u",
                           vm->options.file, vm->saved_bytes, SCRIPT_SAVED_BYTES_MAX);
    if (status != HEAN_OK)
        return status;
    *text = vm->saved_text;
    *bytes = vm->saved_bytes;
    return HEAN_OK;
}

/* ---- what it knows ---- */

const script_info *script_vm_info(const script_vm *vm)
{
    return &vm->info;
}

const char *script_vm_callback(const script_vm *vm)
{
    return script_callback_name(vm->callback);
}

void script_vm_set_heartbeat(script_vm *vm, script_heartbeat *heartbeat)
{
    vm->heartbeat = heartbeat;
}

void script_vm_memory(const script_vm *vm, size_t *used, size_t *used_max)
{
    *used = vm->sandbox.used;
    *used_max = vm->sandbox.used_max;
}
