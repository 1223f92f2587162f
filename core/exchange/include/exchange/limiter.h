/*
 * limiter.h: how many requests may go, before the venue has to say no.
 *
 * Buckets per route and one per account and IP; each obeys the lowest of what the venue's headers
 * say (limit, remaining, reset time), what it said by refusing, and our own ceiling below both.
 *
 * Invariants
 *   R1  in no rolling window are more taken than the lowest ceiling allows.
 *   R2  what waits is let go by priority (cancel, amend, create, query), then in order of arrival;
 *       while anything flows, at least one query goes every LIMITER_STARVE_NS if one waits.
 *       A route that is shut holds up only what waits for it.
 *   R3  after a ban nothing goes before its end.
 * Must not know: clocks, HTTP, what the routes mean.
 */
#ifndef EXCHANGE_LIMITER_H
#define EXCHANGE_LIMITER_H

#include <base/base.h>

typedef enum limiter_priority {
    LIMITER_CANCEL,
    LIMITER_AMEND,
    LIMITER_CREATE,
    LIMITER_QUERY,
    LIMITER_PRIORITY_COUNT
} limiter_priority;

#define LIMITER_STARVE_NS (2 * BASE_NS_PER_S)

typedef struct limiter limiter;

typedef struct limiter_route {
    const char *name;   /* "order/create" */
    int32_t per_window; /* 0: no limit of its own, only the shared one */
    int64_t window_ns;
} limiter_route;

/* `ceiling_percent` of each limit is what we use, at least 1. `shared` is the IP's bucket.
 * HEAN_E_RANGE names the limit. */
hean_status limiter_open(const hean_allocator *allocator, const limiter_route *routes,
                         size_t route_count, const limiter_route *shared, int32_t ceiling_percent,
                         limiter **out, hean_error *error) HEAN_WARN_UNUSED;
void limiter_close(limiter *limiter);
/* Puts `ticket` in the queue. */
hean_status limiter_enqueue(limiter *limiter, uint16_t route, limiter_priority priority,
                            uint64_t ticket, int64_t now_ns) HEAN_WARN_UNUSED;
/* The next that may go at now_ns; false: none. */
bool limiter_take(limiter *limiter, int64_t now_ns, uint64_t *ticket);
/* Takes a ticket out of the queue, e.g. of an order that was cancelled before it was sent. */
bool limiter_withdraw(limiter *limiter, uint64_t ticket);
/* When limiter_take may give something next; INT64_MAX: nothing waits. */
int64_t limiter_due_ns(const limiter *limiter);
/* What an answer's headers said; -1: not said. A lower limit than the configured one holds from
 * then on; `remaining` holds for a window, or with 0 left until `reset_ns`. */
void limiter_learn(limiter *limiter, uint16_t route, int64_t limit, int64_t remaining,
                   int64_t reset_ns, int64_t now_ns);
/* The venue refused: nothing of this route (UINT16_MAX: of any) before `until_ns`. */
void limiter_hold(limiter *limiter, uint16_t route, int64_t until_ns);
/* For metrics: what is left of a route's window, and how many wait. */
int32_t limiter_headroom(limiter *limiter, uint16_t route, int64_t now_ns);
size_t limiter_waiting(const limiter *limiter);

#endif
