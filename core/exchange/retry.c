/*
 * retry.c: the policy of trying again.
 *
 * Invariants
 *   a refusal that will be the same next time (AUTH, INVALID, FUNDS, MARKET) is never tried again;
 *   an unknown outcome only where a repeat can do no harm; nobody is asked before the time it gave.
 * Must not know: codes, HTTP, what is sent.
 */
#include <exchange/retry.h>

/* What is added to a time that the peer gave: its clock is not ours, and all who wait for the same
 * reset shall not come at once. */
#define AFTER_RESET_NS  (20 * BASE_NS_PER_MS)
#define RESET_SPREAD_NS (30 * BASE_NS_PER_MS)
/* A ban whose end nobody gave. */
#define BAN_NS (10 * 60 * BASE_NS_PER_S)

const char *retry_class_text(retry_class class)
{
    static const char *const texts[] = {
#define RETRY_CLASS_TEXT(name, text) text,
        RETRY_CLASS_MAP(RETRY_CLASS_TEXT)
#undef RETRY_CLASS_TEXT
    };
    return (size_t) class < BASE_COUNT(texts) ? texts[class] : "?";
}

retry_policy retry_policy_default(void)
{
    return (retry_policy){.base_ns = 200 * BASE_NS_PER_MS,
                          .cap_ns = 5 * BASE_NS_PER_S,
                          .tries_max = 5,
                          .jitter_percent = 50};
}

/* 0 <= result < bound, from 64 random bits. */
static int64_t below(uint64_t random, int64_t bound)
{
    return (int64_t)(((__extension__(unsigned __int128) random) * (uint64_t)bound) >> 64);
}

int64_t retry_backoff_ns(const retry_policy *policy, int32_t tries, uint64_t random)
{
    int64_t wait_ns = policy->base_ns < policy->cap_ns ? policy->base_ns : policy->cap_ns;
    for (int32_t i = 1; i < tries && wait_ns < policy->cap_ns; i++)
        wait_ns = wait_ns > policy->cap_ns / 2 ? policy->cap_ns : wait_ns * 2;
    int64_t spread_ns = wait_ns / 100 * policy->jitter_percent;
    return wait_ns - spread_ns + below(random, 2 * spread_ns + 1);
}

bool retry_again(const retry_policy *policy, retry_class class, bool idempotent, int32_t tries,
                 int64_t until_ns, uint64_t random, int64_t now_ns, int64_t *at_ns)
{
    bool again = false;
    switch (class) {
    case RETRY_RATE:
        again = true; /* it was not carried out */
        break;
    case RETRY_CLOCK:
        again = tries == 1;
        break;
    case RETRY_AMBIGUOUS:
    case RETRY_BAN: /* after a ban nobody wants an old order any more */
        again = idempotent;
        break;
    default:
        break;
    }
    if (!again || tries >= policy->tries_max)
        return false;
    if (class == RETRY_BAN && until_ns <= now_ns)
        until_ns = now_ns + BAN_NS;
    int64_t at = class == RETRY_CLOCK ? now_ns : now_ns + retry_backoff_ns(policy, tries, random);
    if (until_ns > 0) {
        /* The high bits went into the backoff. */
        int64_t after = until_ns + AFTER_RESET_NS + below(random << 32, RESET_SPREAD_NS);
        at = after > at ? after : at;
    }
    *at_ns = at;
    return true;
}
