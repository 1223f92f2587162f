/*
 * script.h: sandboxed Lua strategies: in this process (VM) or in a jailed worker (ring).
 *
 * The narrow binding layer. Two lists cross it, hean_event one way and hean_intent the other; the
 * same Lua prelude and the same C code serve both sides of the jail.
 *
 * Invariants
 *   S1  a script reaches nothing but its tables, its ctx and the pure library that is left to it.
 *   S2  no script byte reaches an assertion, a path, a syscall argument or another script.
 *   S3  the same events give the same intents: no clock, no address, no hash order is visible.
 *   S4  LUAI errors never cross a C frame that is not the VM's own: every entry is protected.
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include <engine/engine.h>

#define SCRIPT_SOURCE_BYTES_MAX (1u << 20)
#define SCRIPT_SAVED_BYTES_MAX  (1u << 20)
#define SCRIPT_NAME_BYTES       48
#define SCRIPT_TEXT_BYTES_MAX   (64u << 10) /* of log lines and metric names, per event */

typedef struct script_options {
    const hean_allocator *allocator;
    const char *file;   /* for messages only */
    const char *source; /* the text of the script */
    size_t source_bytes;
    const char *params_json; /* {"lookback": 20}: overrides; NULL: none */
    const market_instrument *instruments;
    size_t instrument_count;
    uint16_t strategy; /* its id in the engine */
    uint64_t seed;     /* of math.random */
    int64_t capital_e8;
    size_t memory_bytes_max; /* 64 MiB by default */
    const char *saved;       /* what on_save gave last time; NULL: none */
    size_t saved_bytes;
} script_options;

script_options script_options_default(void);

/* What the script says of itself, after it is loaded. */
typedef struct script_param {
    char name[SCRIPT_NAME_BYTES];
    char text[64];     /* the value in force, as JSON */
    char expected[96]; /* "number from 5 to 500" */
} script_param;

#define SCRIPT_BARS_MAX   16
#define SCRIPT_PARAMS_MAX 64

typedef struct script_info {
    char name[SCRIPT_NAME_BYTES];
    /* Bits of hean_event_kind it has callbacks and subscriptions for; always those of its own
     * orders, fills and funding, which the VM follows itself. */
    uint32_t kinds;
    /* subscribe.symbols: bit i of the bytes is instrument i; all bits if the script names none. */
    uint8_t instruments[MARKET_INSTRUMENTS_MAX / 8];
    int64_t bar_intervals_ns[SCRIPT_BARS_MAX];
    size_t bar_interval_count;
    script_param params[SCRIPT_PARAMS_MAX];
    size_t param_count;
    bool saves; /* has on_save */
} script_info;

/* ---- in this process: for jailed backtests, and for scripts that the embedder trusts ---- */
typedef struct script_vm script_vm;
/* Two steps, so that a process can jail itself in between: _open makes the hardened VM and loads
 * the trusted prelude; _load runs the script's text and on_restore.
 * Errors of _load: HEAN_E_SCRIPT (syntax, misuse of the API: "file:line: ..."), SCRIPT_MEMORY,
 * HEAN_E_RANGE (a parameter), HEAN_E_NOT_FOUND (an unknown parameter). */
hean_status script_vm_open(const script_options *options, script_vm **out,
                           hean_error *error) HEAN_WARN_UNUSED;
hean_status script_vm_load(script_vm *vm, hean_error *error) HEAN_WARN_UNUSED;
void script_vm_close(script_vm *vm);
const script_info *script_vm_info(const script_vm *vm);
/* The books the script sees, one per instrument; must outlive the VM. Before the first event. */
void script_vm_set_books(script_vm *vm, const market_book *const *books);
/* engine_strategy_ops.on_event for a script_vm. */
hean_status script_vm_on_event(void *vm, const hean_event *event, engine_intents *intents,
                               hean_error *error) HEAN_WARN_UNUSED;
/* The text of on_save (JSON), valid until the next call; length 0 if the script does not save. */
hean_status script_vm_save(script_vm *vm, const char **text, size_t *bytes,
                           hean_error *error) HEAN_WARN_UNUSED;
/* The name of the callback that is running, or that ran last ("on_trade"). */
const char *script_vm_callback(const script_vm *vm);
/* Where the VM counts the callbacks it starts and names the one that runs, for a watchdog in
 * another process: shared memory of the caller. */
typedef struct script_heartbeat {
    volatile uint64_t started;  /* odd: a callback runs */
    volatile uint32_t callback; /* index for script_callback_name */
    volatile uint32_t reserved;
    volatile uint64_t position; /* of the replay */
} script_heartbeat;
void script_vm_set_heartbeat(script_vm *vm, script_heartbeat *heartbeat);
const char *script_callback_name(uint32_t index);
/* Bytes that Lua holds now, and the most it held. */
void script_vm_memory(const script_vm *vm, size_t *used, size_t *used_max);

/* Evaluates a configuration file in a hardened VM of its own and gives its table as JSON. Call it
 * in a jail (script_jail_run below). */
hean_status script_config_to_json(const char *file, const char *source, size_t bytes,
                                  base_buffer *out, hean_error *error) HEAN_WARN_UNUSED;

/* ---- policies: which processes live, grow, wait or die ---- */
typedef struct script_policy_call {
    const char *file; /* of the policy, for messages */
    const char *source;
    size_t source_bytes;
    const char *input_name; /* for messages */
    const char *input;      /* a JSON object a line: {"entry": {...}, "runs": [...]} */
    size_t input_bytes;
    int64_t now_ns;
    /* Variants ever tried and processes ever started, those in the input included; 0: the input
     * is all there is. They make promotion harder, never easier. */
    uint64_t trials, started;
    /* What the risk gate lets one run lose, as a fraction of its capital, for entries that declare
     * no loss_limit of their own; 0: the policy's own default. */
    double loss_limit;
    volatile int *stop; /* as in script_jail_call */
} script_policy_call;
/* The source of a policy that is compiled in ("guarded"), or NULL. */
const char *script_policy_find(const char *name, size_t *bytes);
/* Runs the policy in a jailed process over all lines and appends its decisions to `out`, a JSON
 * object a line in the same order (lua/hean/selector.lua tells their shape). The same input gives
 * the same bytes. Errors: HEAN_E_PARSE (the input: "NAME:LINE: field: ..."), else those of
 * script_vm_load and script_jail_run. */
hean_status script_policy_run(const script_policy_call *call, base_buffer *out,
                              hean_error *error) HEAN_WARN_UNUSED;

/* ---- a Lua function over JSON, in a jailed process ---- */
typedef struct script_compute_call {
    const char *file;   /* for messages */
    const char *source; /* returns a function of one table */
    size_t source_bytes;
    const char *input; /* a JSON object */
    size_t input_bytes;
    int64_t deadline_ns;
    volatile int *stop; /* as in script_jail_call */
} script_compute_call;
/* Calls the function that the file returns with the input as a table, and appends what it gives, a
 * table, as JSON with sorted keys. The same input gives the same bytes.
 * Errors: those of script_vm_load and script_jail_run; the message names file and line. */
hean_status script_compute_run(const script_compute_call *call, base_buffer *out,
                               hean_error *error) HEAN_WARN_UNUSED;

/* ---- in a jailed worker process ---- */
typedef struct script_worker script_worker;

typedef struct script_worker_options {
    script_options script;
    const char *worker_path; /* the hean-worker program */
    /* In processor time of the worker, see SCRIPT_DEADLINE_WALL_FACTOR; 0: the default. */
    int64_t deadline_ns;      /* per callback; 50 ms by default */
    int64_t load_deadline_ns; /* loading the script; 5 s by default */
    /* How long each round trip took; may be NULL. */
    void (*on_round_trip)(void *context, int64_t nanoseconds);
    void *round_trip_context;
} script_worker_options;

/* Starts the worker, jails it, loads the script there. HEAN_E_NOT_FOUND without the program,
 * HEAN_E_UNSUPPORTED where the kernel has no seccomp; else as script_vm_load, or as _on_event.
 * Threads: a worker belongs to one thread at a time; any thread may end while it lives.
 * The worker ignores SIGINT, SIGQUIT, SIGTERM and SIGHUP, which reach whole groups of processes;
 * it ends when its host closes it or is gone. No signal handler is needed here. */
hean_status script_worker_open(const script_worker_options *options, script_worker **out,
                               hean_error *error) HEAN_WARN_UNUSED;
const script_info *script_worker_info(const script_worker *worker);
/* engine_strategy_ops.on_event for a script_worker. It keeps its own books, so its subscription
 * needs every_level, and BOOK and QUOTE beyond the script's own kinds; what only these books need
 * is queued, every other event waits for the answer.
 * An error of the script (SCRIPT, SCRIPT_MEMORY ...) comes as from script_vm_on_event. One of the
 * process ends it: SCRIPT_DEADLINE ("market_maker: on_trade ran longer than 50 ms"), SCRIPT_JAILED,
 * WORKER (a signal, or an answer that cannot be); after that every call is HEAN_E_STATE. */
hean_status script_worker_on_event(void *worker, const hean_event *event, engine_intents *intents,
                                   hean_error *error) HEAN_WARN_UNUSED;
/* As script_vm_save. */
hean_status script_worker_save(script_worker *worker, const char **text, size_t *bytes,
                               hean_error *error) HEAN_WARN_UNUSED;
/* Ends the process and takes its memory back; also after a failure. */
void script_worker_close(script_worker *worker);
typedef struct script_worker_stats {
    uint64_t round_trips, futex_waits;
    int64_t round_trip_ns_max; /* of those that took longer than a few microseconds */
    size_t memory_bytes;       /* that Lua holds, as the worker says */
    int pid;                   /* 0: it has ended */
} script_worker_stats;
void script_worker_get_stats(const script_worker *worker, script_worker_stats *out);
/* The main function of hean-worker. */
int script_worker_main(int argc, char **argv);

/* ---- the jail ---- */
/* A callback has its deadline in processor time of the process that runs it, so that a busy machine
 * does not kill an innocent script; a process that gets none is ended after this many deadlines. */
#define SCRIPT_DEADLINE_WALL_FACTOR 20
/* What a jailed process may map beyond what it has and the memory limit of its script: books,
 * machine code, the engine. A backstop; the script's own limit is kept by its allocator. */
#define SCRIPT_JAIL_OVERHEAD_BYTES (UINT64_C(256) << 20)
typedef enum script_jail_kind {
    SCRIPT_JAIL_WORKER,  /* nothing but memory, futex, clock, exit */
    SCRIPT_JAIL_BACKTEST /* also: read and write of descriptors that are open already */
} script_jail_kind;
/* Jails this process for good: no_new_privs, rlimits, seccomp. HEAN_E_UNSUPPORTED if the kernel
 * cannot; nothing half: on failure the process must end. */
hean_status script_jail_enter(script_jail_kind kind, size_t memory_bytes_max,
                              hean_error *error) HEAN_WARN_UNUSED;
/* Is seccomp there? For doctor. */
hean_status script_jail_available(hean_error *error) HEAN_WARN_UNUSED;

/* Runs `body` in a forked child that has wiped its environment and command line, closed every
 * descriptor but `keep_fds` and the result pipe (descriptor 1), and (unless body does it later
 * itself) entered the jail of kind BACKTEST. What body appends to `out` (at most 64 MiB) arrives at
 * the end of the caller's `out`; its status and error are returned as if it had run here.
 * Wiped means: strings of argv and getenv are empty inside; give body copies.
 * A child that is killed gives SCRIPT_JAILED (seccomp) or WORKER (the signal is named); one whose
 * callback runs longer than `deadline_ns` of the child's processor time SCRIPT_DEADLINE. That is
 * noticed by looking at `heartbeat` now and then, so a callback may run up to twice as long unseen;
 * without a heartbeat the deadline is for the whole call; 0: no limit.
 * `on_tick` (may be NULL) is called here, about 10 times a second.
 * Threads: may be called from any, several at once; body runs alone. */
typedef struct script_jail_call {
    hean_status (*body)(void *context, base_buffer *out, hean_error *error);
    void *context;
    const int *keep_fds; /* all above 2 */
    size_t keep_fd_count;
    bool enter_jail; /* before body; false: body calls script_jail_enter */
    size_t memory_bytes_max;
    script_heartbeat *heartbeat; /* shared memory, see script_heartbeat_open; may be NULL */
    int64_t deadline_ns;
    void (*on_tick)(void *context);
    volatile int *stop;      /* set by a signal handler: the child is ended, HEAN_E_INTERRUPTED */
    uint64_t peak_rss_bytes; /* out: of the child */
} script_jail_call;
hean_status script_jail_run(script_jail_call *call, base_buffer *out,
                            hean_error *error) HEAN_WARN_UNUSED;
hean_status script_heartbeat_open(script_heartbeat **out, hean_error *error) HEAN_WARN_UNUSED;
void script_heartbeat_close(script_heartbeat *heartbeat);

#endif
