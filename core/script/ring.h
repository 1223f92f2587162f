/*
 * ring.h: the memory that a host and one jailed worker share, and how they take turns in it.
 *
 * Lockstep: the host writes events and a request, the worker answers, and nobody touches what is
 * the other's turn. So there is no queue to wrap: events always start at slot 0.
 *
 * Invariants
 *   W1  `request` is written by the host and `reply` by the worker only (but for `sleeping`, which
 *       belongs to the one who waits); each message moves its sequence by one.
 *   W2  the host believes nothing that lies here: it reads a number once, checks that copy, and
 *       uses the copy (worker.c). The worker may believe the host.
 *   W3  its size is sealed, so neither side can make the other fault.
 */
#ifndef SCRIPT_RING_H
#define SCRIPT_RING_H

#include <script/script.h>

#include <stdatomic.h>

#define RING_MAGIC         0x676e69526e616548u
#define RING_FD            3 /* the worker's only descriptor */
#define RING_EVENTS_MAX    512
#define RING_EXIT_MISMATCH 2  /* the worker's exit code if the ring is not of its version */
#define RING_LINE          64 /* bytes that two cores pass to and fro at once */

typedef struct ring_signal {
    _Atomic uint32_t sequence; /* a futex */
    _Atomic uint32_t sleeping; /* the receiver went to sleep: wake it */
} ring_signal;

typedef enum ring_operation { RING_EVENTS = 1, RING_SAVE } ring_operation;

typedef struct ring_request {
    ring_signal signal;
    uint32_t operation;
    uint32_t event_count; /* to take in before the operation is done */
} ring_request;

typedef struct ring_reply {
    ring_signal signal;
    _Atomic uint32_t status;
    _Atomic uint32_t intent_count;
    _Atomic uint32_t text_bytes;
    _Atomic uint32_t saved_bytes;
    _Atomic uint64_t memory_bytes; /* that Lua holds */
} ring_reply;

/* What script_options says, for a process that cannot follow its pointers. The texts lie in
 * `tail`, in this order, each followed by a 0; a length of 0 means NULL but for the source. */
typedef struct ring_setup {
    uint64_t magic;
    char version[16];
    uint64_t region_bytes; /* with the tail */
    int32_t host_pid;
    uint16_t strategy;
    uint64_t seed;
    int64_t capital_e8;
    uint64_t memory_bytes_max;
    int64_t spin_ns_max;
    uint64_t instrument_count;
    uint64_t file_bytes, source_bytes, params_bytes, saved_bytes;
} ring_setup;

typedef struct ring_region {
    _Alignas(RING_LINE) ring_request request;
    _Alignas(RING_LINE) ring_reply reply;
    _Alignas(RING_LINE) script_heartbeat heartbeat;
    _Alignas(RING_LINE) hean_event events[RING_EVENTS_MAX];
    _Alignas(RING_LINE) hean_intent intents[ENGINE_INTENTS_MAX];
    char text[SCRIPT_TEXT_BYTES_MAX];
    char error_message[sizeof(((hean_error *)0)->message)];
    script_info info;
    char saved[SCRIPT_SAVED_BYTES_MAX];
    ring_setup setup;
    _Alignas(RING_LINE) char tail[]; /* instruments, file, source, params, saved */
} ring_region;

/* How long it pays to poll before sleeping: as long as answers used to come in time. */
typedef struct ring_patience {
    int64_t spin_ns;
    int64_t spin_ns_max; /* 0: never poll (one processor) */
} ring_patience;

#define RING_SPIN_NS_MAX (50 * BASE_NS_PER_US)

/* 0 where this process has only one processor: polling would keep the other side from running. */
int64_t ring_spin_ns_max(void);

/* Only the worker's own book needs it, the script does not see it: no answer is awaited. */
static inline bool ring_is_for_the_book(const hean_event *event, uint32_t kinds)
{
    if (event->kind != HEAN_EVENT_BOOK && event->kind != HEAN_EVENT_QUOTE)
        return false;
    return (kinds & 1u << event->kind) == 0 ||
           (event->kind == HEAN_EVENT_BOOK && (event->flags & HEAN_EVENT_LAST) == 0);
}

static inline void ring_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

static inline bool ring_arrived(const ring_signal *signal, uint32_t expected)
{
    return atomic_load_explicit(&signal->sequence, memory_order_acquire) == expected;
}

/* Publishes all that was written before, and wakes the receiver if it sleeps. */
void ring_post(ring_signal *signal, uint32_t sequence);
/* Polls about a microsecond without a look at the clock. */
bool ring_poll(const ring_signal *signal, uint32_t expected, const ring_patience *patience);
/* Polls until start_ns + spin_ns. */
bool ring_spin(const ring_signal *signal, uint32_t expected, const ring_patience *patience,
               int64_t start_ns);
/* Sleeps at most timeout_ns (0: as long as it takes); may wake early. True if it is there. */
bool ring_sleep(ring_signal *signal, uint32_t expected, int64_t timeout_ns);
/* After a wait that ring_poll did not end. */
void ring_learn(ring_patience *patience, int64_t waited_ns);

#endif
