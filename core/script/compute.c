/*
 * compute.c: runs one Lua function over JSON, in a jailed process of its own: what a COMPUTE step
 * of a process does, and what builds a prompt.
 *
 * The file returns the function. It has no clock, no randomness but the seeded one, and sees
 * nothing but its argument; what it returns becomes JSON (see lua/hean/config.lua).
 */
#include "sandbox.h"

#include <lauxlib.h>
#include <lua5.1/lua-cjson.h>

typedef struct compute_run {
    script_compute_call call;
    char file[256]; /* a copy: the child's command line is wiped */
    base_buffer *out;
} compute_run;

static int evaluate(lua_State *lua)
{
    const compute_run *run = sandbox_argument(lua);
    const script_compute_call *call = &run->call;
    size_t bytes = 0;

    sandbox_require(lua, "hean.config");
    lua_getfield(lua, -1, "to_json");
    lua_pushstring(lua, run->file);
    lua_pushlstring(lua, call->source, call->source_bytes);
    lua_pushcfunction(lua, luaopen_cjson);
    lua_call(lua, 0, 1);
    lua_getfield(lua, -1, "decode");
    lua_remove(lua, -2);
    lua_pushlstring(lua, call->input, call->input_bytes);
    lua_call(lua, 1, 1);
    lua_call(lua, 3, 1);
    const char *text = lua_tolstring(lua, -1, &bytes);
    base_buffer_append(run->out, text, bytes);
    return 0;
}

static hean_status run_jailed(void *context, base_buffer *out, hean_error *error)
{
    compute_run *run = context;
    script_sandbox sandbox;
    hean_status status =
        sandbox_open(&sandbox, base_allocator_default(), SANDBOX_MEMORY_BYTES_DEFAULT, error);
    if (status != HEAN_OK)
        return status;
    run->out = out;
    status = sandbox_call(&sandbox, evaluate, run, 0, run->file, error);
    sandbox_close(&sandbox);
    if (status == HEAN_OK && out->failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: no memory for its JSON", run->file);
    return status;
}

hean_status script_compute_run(const script_compute_call *call, base_buffer *out, hean_error *error)
{
    if (call->source_bytes > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: the file has %zu bytes, more than %u",
                         call->file, call->source_bytes, SCRIPT_SOURCE_BYTES_MAX);
    compute_run run = {.call = *call};
    (void)base_text_copy(run.file, sizeof(run.file), call->file);
    script_jail_call jail = {
        .body = run_jailed,
        .context = &run,
        .enter_jail = true,
        .memory_bytes_max = SANDBOX_MEMORY_BYTES_DEFAULT,
        .deadline_ns = call->deadline_ns,
        .stop = call->stop,
    };
    hean_status status = script_jail_run(&jail, out, error);
    /* The jail does not know which file it was. */
    if (status == HEAN_E_SCRIPT_DEADLINE || status == HEAN_E_SCRIPT_JAILED ||
        status == HEAN_E_WORKER)
        (void)base_fail_prefix(error, "%s", run.file);
    return status;
}
