/*
 * sandbox.h: a hardened Lua state: capped memory, trusted Lua from inside the library, protected
 * calls whose failures become a hean_status with "file:line: message".
 *
 * Invariants
 *   * Once an allocation was refused the state counts as dead, whatever the script catches, and
 *     every further instruction of the script raises an error.
 *   * Nothing is loaded from files: `require` finds only what is compiled in.
 *   * The handler of errors is at stack index SANDBOX_HANDLER for the life of the state.
 *
 * Knows nothing of strategies.
 */
#ifndef SCRIPT_SANDBOX_H
#define SCRIPT_SANDBOX_H

#include <script/script.h>

#include <lua.h>

#define SANDBOX_HANDLER              1
#define SANDBOX_TRAMPOLINE           2
#define SANDBOX_FREE                 3 /* the first index that is free for others */
#define SANDBOX_MEMORY_BYTES_DEFAULT (64u << 20)

typedef struct script_sandbox {
    lua_State *lua;
    const hean_allocator *allocator;
    size_t used, used_max, limit;
    /* LuaJIT crashes if an allocation fails while it makes a state, opens its libraries or records
     * a trace. So all that comes before the script, and small pieces after memory has ended, are
     * taken from this block; nothing in it is freed one by one. */
    char *reserve;
    size_t reserve_used;
    bool born; /* the libraries are open */
    bool limit_reached;
    bool host_memory_ended; /* the host's allocator had no more */
    hean_status problem;    /* the kind that the trusted Lua gave to the last error */
    int problem_ref;        /* problems.read, in the registry */
    /* What the trampoline runs: set here, so that a call needs no allocation before it is
     * protected. */
    lua_CFunction function;
    void *argument;
} script_sandbox;

/* The state with its libraries, for trusted code; `require` is a global. */
hean_status sandbox_open(script_sandbox *sandbox, const hean_allocator *allocator, size_t limit,
                         hean_error *error) HEAN_WARN_UNUSED;
void sandbox_close(script_sandbox *sandbox);

/* Runs a C function that may raise; it finds `argument` by sandbox_argument, and its `results`
 * stay on the stack. `where` names the callback, for messages without a line. */
hean_status sandbox_call(script_sandbox *sandbox, lua_CFunction function, void *argument,
                         int results, const char *where, hean_error *error) HEAN_WARN_UNUSED;
/* Turns the result of lua_pcall (and the error value on the stack) into a status. Also for a
 * result of 0: memory may have ended inside a pcall of the script. */
hean_status sandbox_result(script_sandbox *sandbox, int code, const char *where,
                           hean_error *error) HEAN_WARN_UNUSED;
static inline bool sandbox_dead(const script_sandbox *sandbox)
{
    return sandbox->limit_reached || sandbox->host_memory_ended;
}

void *sandbox_argument(lua_State *lua);

/* Pushes the embedded module "hean.NAME". For use inside protected calls. */
void sandbox_require(lua_State *lua, const char *name);

#endif
