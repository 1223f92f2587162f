/*
 * config.c: a configuration file is Lua in the same sandbox as a strategy; what it returns becomes
 * JSON (see lua/hean/config.lua).
 *
 * Knows nothing of what the keys mean: the host checks them.
 */
#include "sandbox.h"

#include <lauxlib.h>

typedef struct config_call {
    const char *file;
    const char *source;
    size_t bytes;
    base_buffer *out;
} config_call;

static int evaluate(lua_State *lua)
{
    config_call *call = sandbox_argument(lua);
    sandbox_require(lua, "hean.config");
    lua_getfield(lua, -1, "to_json");
    lua_pushstring(lua, call->file);
    lua_pushlstring(lua, call->source, call->bytes);
    lua_call(lua, 2, 1);
    size_t bytes = 0;
    const char *text = lua_tolstring(lua, -1, &bytes);
    base_buffer_append(call->out, text, bytes);
    return 0;
}

hean_status script_config_to_json(const char *file, const char *source, size_t bytes,
                                  base_buffer *out, hean_error *error)
{
    if (bytes > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: the file has %zu bytes, more than %u", file,
                         bytes, SCRIPT_SOURCE_BYTES_MAX);
    script_sandbox sandbox;
    hean_status status =
        sandbox_open(&sandbox, out->allocator, SANDBOX_MEMORY_BYTES_DEFAULT, error);
    if (status != HEAN_OK)
        return status;
    config_call call = {file, source, bytes, out};
    status = sandbox_call(&sandbox, evaluate, &call, 0, file, error);
    sandbox_close(&sandbox);
    if (status == HEAN_OK && out->failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: no memory for its JSON", file);
    return status;
}
