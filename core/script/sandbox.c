/*
 * sandbox.c: the hardened Lua state (see sandbox.h).
 */
#include "sandbox.h"

#include <script/embedded.h>

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>

#include <string.h>

/* ---- memory ---- */

#define BIRTH_BYTES   (96u << 10) /* twice what LuaJIT 2.1 takes for a state and its libraries */
#define AFTER_BYTES   (512u << 10)
#define RESERVE_BYTES (BIRTH_BYTES + AFTER_BYTES)
#define SMALL_BYTES   (64u << 10)

static bool in_reserve(const script_sandbox *sandbox, const void *pointer)
{
    return (const char *)pointer >= sandbox->reserve &&
           (const char *)pointer < sandbox->reserve + RESERVE_BYTES;
}

static void *reserve_alloc(script_sandbox *sandbox, size_t bytes)
{
    size_t rounded = (bytes + 15) / 16 * 16;
    if (rounded > SMALL_BYTES || rounded > RESERVE_BYTES - sandbox->reserve_used)
        return NULL;
    char *block = sandbox->reserve + sandbox->reserve_used;
    sandbox->reserve_used += rounded;
    return block;
}

static void raise_memory_error(lua_State *lua, lua_Debug *frame)
{
    (void)frame;
    luaL_error(lua, "not enough memory");
}

/* The script must not go on, not even inside its own pcall: from now on a hook raises an error at
 * every instruction. Setting a hook is allowed anywhere, and stops the recording of a trace. */
static void memory_ended(script_sandbox *sandbox, bool *why)
{
    if (!sandbox_dead(sandbox))
        lua_sethook(sandbox->lua, raise_memory_error, LUA_MASKCOUNT, 1);
    *why = true;
}

static void *host_resize(script_sandbox *sandbox, void *pointer, size_t old_bytes, size_t new_bytes)
{
    if (new_bytes > old_bytes && new_bytes - old_bytes > sandbox->limit - sandbox->used) {
        memory_ended(sandbox, &sandbox->limit_reached);
        return NULL;
    }
    void *block = sandbox->allocator->resize(sandbox->allocator->context, pointer, new_bytes);
    if (block == NULL && new_bytes > 0) {
        memory_ended(sandbox, &sandbox->host_memory_ended);
        return NULL;
    }
    sandbox->used = sandbox->used - old_bytes + new_bytes;
    if (sandbox->used > sandbox->used_max)
        sandbox->used_max = sandbox->used;
    return block;
}

/* lua_Alloc */
static void *limited_resize(void *context, void *pointer, size_t old_bytes, size_t new_bytes)
{
    script_sandbox *sandbox = context;
    bool reserved = pointer == NULL ? !sandbox->born : in_reserve(sandbox, pointer);
    if (!reserved) {
        void *block = host_resize(sandbox, pointer, pointer != NULL ? old_bytes : 0, new_bytes);
        if (block != NULL || new_bytes == 0)
            return block;
    }
    if (new_bytes == 0)
        return NULL;
    if (pointer != NULL && new_bytes <= old_bytes)
        return pointer;
    void *block = NULL;
    if (reserved && sandbox->born)
        block = host_resize(sandbox, NULL, 0, new_bytes);
    if (block == NULL)
        block = reserve_alloc(sandbox, new_bytes);
    if (block != NULL && pointer != NULL) {
        memcpy(block, pointer, old_bytes);
        if (!reserved)
            (void)host_resize(sandbox, pointer, old_bytes, 0);
    }
    return block;
}

/* ---- errors ---- */

static hean_status status_of_kind(const char *kind)
{
    if (strcmp(kind, "range") == 0)
        return HEAN_E_RANGE;
    if (strcmp(kind, "not_found") == 0)
        return HEAN_E_NOT_FOUND;
    if (strcmp(kind, "parse") == 0)
        return HEAN_E_PARSE;
    return HEAN_E_SCRIPT;
}

/* A problem that trusted Lua raised: a table that it alone can make. */
static bool push_problem(lua_State *lua, script_sandbox *sandbox)
{
    if (lua_type(lua, 1) != LUA_TTABLE || sandbox->problem_ref == LUA_NOREF)
        return false;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, sandbox->problem_ref);
    lua_pushvalue(lua, 1);
    lua_call(lua, 1, 2);
    if (lua_type(lua, -2) != LUA_TSTRING)
        return false;
    sandbox->problem = status_of_kind(lua_tostring(lua, -2));
    return true;
}

/* Does the message begin with "file:line:"? */
static bool has_line(const char *message, const char *file)
{
    size_t bytes = strlen(file);
    return strncmp(message, file, bytes) == 0 && message[bytes] == ':' &&
           message[bytes + 1] >= '0' && message[bytes + 1] <= '9';
}

/* Runs where the error was raised: adds the script's line if the message has none. */
static int handle_error(lua_State *lua)
{
    script_sandbox *sandbox = lua_touserdata(lua, lua_upvalueindex(1));
    if (push_problem(lua, sandbox))
        return 1;
    lua_settop(lua, 1);
    if (!lua_isstring(lua, 1)) {
        lua_pushfstring(lua, "the error value is a %s, expected a message", luaL_typename(lua, 1));
        lua_replace(lua, 1);
    }
    const char *message = lua_tostring(lua, 1);
    lua_Debug frame;
    for (int level = 1; lua_getstack(lua, level, &frame); level++) {
        if (!lua_getinfo(lua, "Sl", &frame) || frame.source[0] != '@' || frame.currentline <= 0)
            continue;
        if (!has_line(message, frame.short_src))
            lua_pushfstring(lua, "%s:%d: %s", frame.short_src, frame.currentline, message);
        break;
    }
    return 1;
}

hean_status sandbox_result(script_sandbox *sandbox, int code, const char *where, hean_error *error)
{
    hean_status problem = sandbox->problem;
    sandbox->problem = HEAN_E_SCRIPT;
    if (code == 0 && !sandbox_dead(sandbox))
        return HEAN_OK;
    if (sandbox->host_memory_ended)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", where);
    if (sandbox->limit_reached)
        return base_fail(error, HEAN_E_SCRIPT_MEMORY,
                         "%s: the script needs more than its memory limit of %zu KiB", where,
                         sandbox->limit >> 10);
    char text[400] = "error without a message";
    if (lua_type(sandbox->lua, -1) == LUA_TSTRING)
        (void)base_text_copy(text, sizeof(text), lua_tostring(sandbox->lua, -1));
    base_text_clean(text, strlen(text));
    lua_settop(sandbox->lua, -2);
    /* The line does not tell which callback it was. Loading needs none, unless the message has no
     * line (raised after a tail call). */
    const char *line = strchr(text, ':');
    bool located = line != NULL && line[1] >= '0' && line[1] <= '9';
    bool tell = problem == HEAN_E_SCRIPT && (!located || strncmp(where, "on_", 3) == 0);
    return tell ? base_fail(error, problem, "%s (in %s)", text, where)
                : base_fail(error, problem, "%s", text);
}

/* ---- trusted modules ---- */

static int require_embedded(lua_State *lua)
{
    const char *name = luaL_checkstring(lua, 1);
    lua_getfield(lua, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(lua, -1, name);
    if (!lua_isnil(lua, -1))
        return 1;
    lua_pop(lua, 1);
    lua_getfield(lua, LUA_REGISTRYINDEX, "_PRELOAD");
    if (lua_istable(lua, -1)) {
        lua_getfield(lua, -1, name);
        lua_replace(lua, -2);
    }
    if (!lua_isfunction(lua, -1)) {
        lua_pop(lua, 1);
        const char *base = strncmp(name, "hean.", 5) == 0 ? name + 5 : name;
        const char *path = lua_pushfstring(lua, "lua/hean/%s.lua", luaL_gsub(lua, base, ".", "/"));
        const script_embedded *file = script_embedded_find(path);
        if (file == NULL)
            return luaL_error(lua, "the library has no module '%s'", name);
        const char *chunk = lua_pushfstring(lua, "=%s", name);
        if (luaL_loadbuffer(lua, file->text, file->bytes, chunk) != 0)
            return lua_error(lua);
    }
    lua_pushvalue(lua, 1);
    lua_call(lua, 1, 1);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, 2, name);
    return 1;
}

void sandbox_require(lua_State *lua, const char *name)
{
    lua_pushcfunction(lua, require_embedded);
    lua_pushstring(lua, name);
    lua_call(lua, 1, 1);
}

/* ---- life ---- */

static int open_libraries(lua_State *lua)
{
    static const struct {
        lua_CFunction open;
        const char *name;
    } libraries[] = {{luaopen_base, ""},
                     {luaopen_table, LUA_TABLIBNAME},
                     {luaopen_string, LUA_STRLIBNAME},
                     {luaopen_math, LUA_MATHLIBNAME},
                     {luaopen_bit, LUA_BITLIBNAME},
                     {luaopen_debug, LUA_DBLIBNAME},
                     {luaopen_jit, LUA_JITLIBNAME},
                     {luaopen_ffi, LUA_FFILIBNAME}};
    for (size_t i = 0; i < BASE_COUNT(libraries); i++) {
        lua_pushcfunction(lua, libraries[i].open);
        lua_pushstring(lua, libraries[i].name);
        lua_call(lua, 1, 0);
    }
    lua_pushcfunction(lua, require_embedded);
    lua_setglobal(lua, "require");
    sandbox_require(lua, "hean.problems");
    lua_getfield(lua, -1, "read");
    script_sandbox *sandbox = sandbox_argument(lua);
    sandbox->problem_ref = luaL_ref(lua, LUA_REGISTRYINDEX);
    return 0;
}

static int trampoline(lua_State *lua)
{
    script_sandbox *sandbox = lua_touserdata(lua, lua_upvalueindex(1));
    return sandbox->function(lua);
}

void *sandbox_argument(lua_State *lua)
{
    script_sandbox *sandbox = lua_touserdata(lua, lua_upvalueindex(1));
    return sandbox->argument;
}

/* Puts the handler and the trampoline at 1 and 2 of the registry, from where they can be fetched
 * without an allocation. */
static int make_closures(lua_State *lua)
{
    lua_pushvalue(lua, 1);
    lua_pushcclosure(lua, handle_error, 1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, SANDBOX_HANDLER);
    lua_pushcclosure(lua, trampoline, 1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, SANDBOX_TRAMPOLINE);
    return 0;
}

hean_status sandbox_open(script_sandbox *sandbox, const hean_allocator *allocator, size_t limit,
                         hean_error *error)
{
    *sandbox = (script_sandbox){
        .allocator = allocator, .limit = limit, .problem = HEAN_E_SCRIPT, .problem_ref = LUA_NOREF};
    sandbox->reserve = base_alloc(allocator, RESERVE_BYTES);
    lua_State *lua = sandbox->reserve != NULL ? lua_newstate(limited_resize, sandbox) : NULL;
    if (lua == NULL) {
        sandbox_close(sandbox);
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a Lua state");
    }
    sandbox->lua = lua;
    /* Collect earlier than Lua's default of twice the live size: there is a limit to stay under. */
    lua_gc(lua, LUA_GCSETPAUSE, 150);
    /* And in longer steps: at the default a script that makes large strings outruns the collector
     * and dies of the limit with a tenth of it in use. */
    lua_gc(lua, LUA_GCSETSTEPMUL, 1000);
    hean_status status =
        sandbox_result(sandbox, lua_cpcall(lua, make_closures, sandbox), "open", error);
    if (status == HEAN_OK) {
        lua_rawgeti(lua, LUA_REGISTRYINDEX, SANDBOX_HANDLER);
        lua_rawgeti(lua, LUA_REGISTRYINDEX, SANDBOX_TRAMPOLINE);
        status = sandbox_call(sandbox, open_libraries, sandbox, 0, "open", error);
        sandbox->born = true;
    }
    if (status != HEAN_OK)
        sandbox_close(sandbox);
    return status;
}

void sandbox_close(script_sandbox *sandbox)
{
    if (sandbox->lua != NULL)
        lua_close(sandbox->lua);
    sandbox->lua = NULL;
    if (sandbox->allocator != NULL)
        base_free(sandbox->allocator, sandbox->reserve);
    sandbox->reserve = NULL;
}

hean_status sandbox_call(script_sandbox *sandbox, lua_CFunction function, void *argument,
                         int results, const char *where, hean_error *error)
{
    sandbox->function = function;
    sandbox->argument = argument;
    lua_pushvalue(sandbox->lua, SANDBOX_TRAMPOLINE);
    int code = lua_pcall(sandbox->lua, 0, results, SANDBOX_HANDLER);
    return sandbox_result(sandbox, code, where, error);
}
