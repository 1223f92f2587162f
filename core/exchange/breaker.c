/*
 * breaker.c: stops asking a peer that does not answer.
 *
 * Invariants
 *   OPEN lets nothing go before its time; HALF_OPEN lets one go, and waits for what comes of it.
 *   Only an ambiguous outcome is a failure: a peer that refuses is alive.
 * Must not know: what is asked.
 */
#include <exchange/retry.h>

void breaker_init(breaker *self, int32_t failures_max, int64_t pause_ns, int64_t pause_ns_max)
{
    *self = (breaker){.failures_max = failures_max,
                      .pause_ns = pause_ns,
                      .pause_ns_max = pause_ns_max,
                      .state = BREAKER_CLOSED,
                      .current_pause_ns = pause_ns};
}

bool breaker_allow(breaker *self, int64_t now_ns)
{
    if (self->state == BREAKER_CLOSED)
        return true;
    if (self->state == BREAKER_HALF_OPEN || now_ns < self->open_until_ns)
        return false;
    self->state = BREAKER_HALF_OPEN;
    return true;
}

static void open_for(breaker *self, int64_t pause_ns, int64_t now_ns)
{
    self->state = BREAKER_OPEN;
    self->current_pause_ns = pause_ns < self->pause_ns_max ? pause_ns : self->pause_ns_max;
    self->open_until_ns = now_ns + self->current_pause_ns;
}

void breaker_outcome(breaker *self, retry_class class, int64_t now_ns)
{
    bool failed = class == RETRY_AMBIGUOUS;
    /* Of a request that left before it opened: no news. */
    if (self->state == BREAKER_OPEN)
        return;
    if (!failed) {
        self->state = BREAKER_CLOSED;
        self->failures = 0;
        return;
    }
    self->failures++;
    if (self->state == BREAKER_HALF_OPEN)
        open_for(self, 2 * self->current_pause_ns, now_ns);
    else if (self->failures >= self->failures_max)
        open_for(self, self->pause_ns, now_ns);
}
