/*
 * policy.c: runs a policy over processes and their runs, in a jailed process of its own.
 *
 * The lines are handed to lua/hean/selector.lua one by one; the policy decides when it has seen
 * them all, since some statistics need the whole population.
 *
 * Knows nothing of rules, states or statistics.
 */
#include "policy_line.h"
#include "sandbox.h"

#include <script/embedded.h>

#include <lauxlib.h>
#include <lua5.1/lua-cjson.h>

#include <string.h>

/* 10,000 processes of 100 runs take a quarter of it, and a few seconds. */
#define POLICY_MEMORY_BYTES_MAX (UINT32_C(1) << 30)
#define POLICY_DEADLINE_NS      (120 * BASE_NS_PER_S)

typedef struct policy_job {
    script_policy_call call;
    char file[256], input_name[256]; /* copies: the child's command line is wiped */
    base_buffer *out;
    policy_line line;
} policy_job;

const char *script_policy_find(const char *name, size_t *bytes)
{
    char path[128];
    if (snprintf(path, sizeof(path), "lua/hean/policy/%s.lua", name) >= (int)sizeof(path))
        return NULL;
    const script_embedded *file = script_embedded_find(path);
    if (file == NULL)
        return NULL;
    *bytes = file->bytes;
    return file->text;
}

static int write_line(lua_State *lua)
{
    base_buffer *out = lua_touserdata(lua, lua_upvalueindex(1));
    size_t bytes = 0;
    const char *text = luaL_checklstring(lua, 1, &bytes);
    base_buffer_append(out, text, bytes);
    base_buffer_append(out, "\n", 1);
    if (out->failed)
        return luaL_error(lua, "no memory for the decisions");
    return 0;
}

static void set_number(lua_State *lua, const char *name, double value)
{
    lua_pushnumber(lua, value);
    lua_setfield(lua, -2, name);
}

/* Seconds since 1970 of a text, or nil. */
static int parse_time(lua_State *lua)
{
    size_t bytes = 0;
    const char *text = luaL_checklstring(lua, 1, &bytes);
    double time_s;
    if (policy_time_parse(text, bytes, &time_s))
        lua_pushnumber(lua, time_s);
    else
        lua_pushnil(lua);
    return 1;
}

/* Leaves the host's table on the stack (see selector.new). */
static void push_host(lua_State *lua, policy_job *run)
{
    const script_policy_call *call = &run->call;
    lua_createtable(lua, 0, 8);
    lua_pushlightuserdata(lua, &run->line);
    lua_setfield(lua, -2, "line");
    lua_pushcfunction(lua, parse_time);
    lua_setfield(lua, -2, "time");
    lua_pushstring(lua, run->file);
    lua_setfield(lua, -2, "file");
    lua_pushlstring(lua, call->source, call->source_bytes);
    lua_setfield(lua, -2, "source");
    lua_pushstring(lua, run->input_name);
    lua_setfield(lua, -2, "input");
    lua_createtable(lua, 0, 5);
    char now[40];
    lua_pushstring(lua, base_time_format(call->now_ns, now, sizeof(now)));
    lua_setfield(lua, -2, "now_text");
    set_number(lua, "now", (double)call->now_ns / (double)BASE_NS_PER_S);
    set_number(lua, "trials", (double)call->trials);
    set_number(lua, "started", (double)call->started);
    if (call->loss_limit > 0)
        set_number(lua, "loss_limit", call->loss_limit);
    lua_setfield(lua, -2, "context");
    lua_pushcfunction(lua, luaopen_cjson);
    lua_call(lua, 0, 1);
    lua_getfield(lua, -1, "decode");
    lua_setfield(lua, -3, "decode");
    lua_getfield(lua, -1, "null");
    lua_setfield(lua, -3, "null");
    lua_pop(lua, 1);
}

static bool is_blank(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    }
    return true;
}

/* Hands every line that is not empty to the selector on top of the stack. */
static void take_lines(lua_State *lua, policy_job *run)
{
    const script_policy_call *call = &run->call;
    const char *at = call->input, *end = call->input + call->input_bytes;
    for (size_t number = 1; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t bytes = (size_t)((stop != NULL ? stop : end) - at);
        if (!is_blank(at, bytes)) {
            hean_error error = {HEAN_OK, ""};
            hean_status status = policy_line_parse(&run->line, at, bytes, &error);
            lua_getfield(lua, -1, status == HEAN_OK ? "take" : "refuse");
            lua_pushnumber(lua, (double)number);
            lua_pushstring(lua, error.message);
            lua_call(lua, 2, 0);
        }
        at += bytes + 1;
    }
}

static int decide(lua_State *lua)
{
    policy_job *run = sandbox_argument(lua);
    sandbox_require(lua, "hean.selector");
    lua_getfield(lua, -1, "new");
    push_host(lua, run);
    lua_call(lua, 1, 1);
    take_lines(lua, run);
    lua_getfield(lua, -1, "finish");
    lua_pushlightuserdata(lua, run->out);
    lua_pushcclosure(lua, write_line, 1);
    lua_call(lua, 1, 0);
    return 0;
}

static hean_status run_jailed(void *context, base_buffer *out, hean_error *error)
{
    policy_job *run = context;
    script_sandbox sandbox;
    hean_status status =
        sandbox_open(&sandbox, base_allocator_default(), POLICY_MEMORY_BYTES_MAX, error);
    if (status != HEAN_OK)
        return status;
    /* What piles up is decisions, which stay: collect seldom, there is memory. */
    (void)lua_gc(sandbox.lua, LUA_GCSETPAUSE, 400);
    run->out = out;
    policy_line_init(&run->line, base_allocator_default());
    /* The process ends with this call, and its memory with it: nothing is given back piece by
     * piece. */
    return sandbox_call(&sandbox, decide, run, 0, run->file, error);
}

hean_status script_policy_run(const script_policy_call *call, base_buffer *out, hean_error *error)
{
    if (call->source_bytes > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: the policy has %zu bytes, more than %u",
                         call->file, call->source_bytes, SCRIPT_SOURCE_BYTES_MAX);
    policy_job run = {.call = *call};
    (void)base_text_copy(run.file, sizeof(run.file), call->file);
    (void)base_text_copy(run.input_name, sizeof(run.input_name), call->input_name);
    script_jail_call jail = {
        .body = run_jailed,
        .context = &run,
        .enter_jail = true,
        .memory_bytes_max = POLICY_MEMORY_BYTES_MAX,
        .deadline_ns = POLICY_DEADLINE_NS,
        .stop = call->stop,
    };
    return script_jail_run(&jail, out, error);
}
