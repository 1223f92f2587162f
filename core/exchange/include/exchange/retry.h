/*
 * retry.h: what a failure means, when to try again, and when to stop trying.
 *
 * The table of the venue's codes is data (bybit/codes.c, with its source); this is the policy.
 *
 *   class    meaning                                  read            write
 *   OK       done                                     -               -
 *   DONE     as wanted already, or the target gone    -               reconcile, no alarm
 *   RATE     rate limit: wait for the reset           again           again, same client id
 *   CLOCK    timestamp outside the window             resync, once    resync, once
 *   AMBIGUOUS   outcome unknown                       backoff         ask by client id, then decide
 *   AUTH     key, signature, permission, region       never: stop trading, alarm
 *   INVALID  our mistake or a rule broken             never           never: rejected
 *   FUNDS    balance or margin                        never           never: rejected
 *   MARKET   state of market or account               never           never: rejected
 *   BAN      the IP is shut out                       nothing at all until the ban ends
 */
#ifndef EXCHANGE_RETRY_H
#define EXCHANGE_RETRY_H

#include <base/base.h>

#define RETRY_CLASS_MAP(X)                                                                         \
    X(RETRY_OK, "ok")                                                                              \
    X(RETRY_DONE, "done")                                                                          \
    X(RETRY_RATE, "rate")                                                                          \
    X(RETRY_CLOCK, "clock")                                                                        \
    X(RETRY_AMBIGUOUS, "ambiguous")                                                                \
    X(RETRY_AUTH, "auth")                                                                          \
    X(RETRY_INVALID, "invalid")                                                                    \
    X(RETRY_FUNDS, "funds")                                                                        \
    X(RETRY_MARKET, "market")                                                                      \
    X(RETRY_BAN, "ban")

typedef enum retry_class {
#define RETRY_CLASS_ENUM(name, text) name,
    RETRY_CLASS_MAP(RETRY_CLASS_ENUM)
#undef RETRY_CLASS_ENUM
        RETRY_CLASS_COUNT
} retry_class;

const char *retry_class_text(retry_class class);

typedef struct retry_policy {
    int64_t base_ns, cap_ns; /* 200 ms, 5 s */
    int32_t tries_max;       /* 5, the first included */
    int32_t jitter_percent;  /* 50: each wait is within +-50 % */
} retry_policy;

retry_policy retry_policy_default(void);

/* After the n-th try (from 1) ended as `class`: may it be tried again, and when. `idempotent`: a
 * repeat cannot do it twice (reads, cancels). `until_ns` is what the peer asked for (Retry-After,
 * reset header), 0 if nothing. `random` is any 64 random bits. An order that met a ban is not for
 * later: after a ban only what is idempotent goes again. */
bool retry_again(const retry_policy *policy, retry_class class, bool idempotent, int32_t tries,
                 int64_t until_ns, uint64_t random, int64_t now_ns, int64_t *at_ns);

/* How long to wait after the n-th try: doubled each time up to the cap, with jitter. */
int64_t retry_backoff_ns(const retry_policy *policy, int32_t tries, uint64_t random);

/* ---- circuit breaker ---- */

typedef enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN } breaker_state;

/* Opens after `failures_max` ambiguous outcomes in a row; after a pause lets one request through,
 * and closes or opens again (for twice as long, up to the cap) by what comes of it. */
typedef struct breaker {
    int32_t failures_max;
    int64_t pause_ns, pause_ns_max;
    breaker_state state;
    int32_t failures;
    int64_t open_until_ns;
    int64_t current_pause_ns;
} breaker;

void breaker_init(breaker *breaker, int32_t failures_max, int64_t pause_ns, int64_t pause_ns_max);
/* May a request go now? HALF_OPEN lets one go. */
bool breaker_allow(breaker *breaker, int64_t now_ns);
void breaker_outcome(breaker *breaker, retry_class class, int64_t now_ns);

#endif
