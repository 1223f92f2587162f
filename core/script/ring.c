/*
 * ring.c: turns in shared memory: poll as long as it pays, then sleep on a futex.
 *
 * Invariant: no wake-up is lost. The sender stores the sequence, then looks whether the receiver
 * sleeps; the receiver says that it sleeps, then looks at the sequence; both in one total order.
 */
#include "ring.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLLS 64 /* 1 to 3 us */

int64_t ring_spin_ns_max(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) < 2)
        return 0;
    return RING_SPIN_NS_MAX;
}

void ring_post(ring_signal *signal, uint32_t sequence)
{
    atomic_store_explicit(&signal->sequence, sequence, memory_order_seq_cst);
    if (atomic_load_explicit(&signal->sleeping, memory_order_seq_cst) != 0)
        (void)syscall(SYS_futex, &signal->sequence, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool ring_poll(const ring_signal *signal, uint32_t expected, const ring_patience *patience)
{
    for (int i = 0; i < POLLS && patience->spin_ns_max > 0; i++) {
        if (ring_arrived(signal, expected))
            return true;
        ring_pause();
    }
    return ring_arrived(signal, expected);
}

bool ring_spin(const ring_signal *signal, uint32_t expected, const ring_patience *patience,
               int64_t start_ns)
{
    while (patience->spin_ns > 0 && base_clock_monotonic_ns() - start_ns < patience->spin_ns)
        if (ring_poll(signal, expected, patience))
            return true;
    return ring_arrived(signal, expected);
}

bool ring_sleep(ring_signal *signal, uint32_t expected, int64_t timeout_ns)
{
    struct timespec timeout = {timeout_ns / BASE_NS_PER_S, timeout_ns % BASE_NS_PER_S};
    uint32_t seen;

    atomic_store_explicit(&signal->sleeping, 1, memory_order_seq_cst);
    seen = atomic_load_explicit(&signal->sequence, memory_order_seq_cst);
    if (seen != expected)
        (void)syscall(SYS_futex, &signal->sequence, FUTEX_WAIT, seen,
                      timeout_ns > 0 ? &timeout : NULL, NULL, 0);
    atomic_store_explicit(&signal->sleeping, 0, memory_order_relaxed);
    return ring_arrived(signal, expected);
}

void ring_learn(ring_patience *patience, int64_t waited_ns)
{
    if (waited_ns <= patience->spin_ns_max)
        patience->spin_ns = patience->spin_ns_max;
    else
        patience->spin_ns /= 2;
}
