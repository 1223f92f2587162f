/*
 * post.h: turns what an engine tells into postings of the ledger, the same in backtest, paper and
 * live.
 *
 *   FILL      exec:<execution>:pnl and exec:<execution>:fee, always both, so that every execution
 *             leaves its trace
 *   FUNDING   fund:<run>:<strategy>:<symbol>:<time>, or fund:<execution>:<strategy> where the venue
 *             numbers its settlements
 *   time      cost:<run>:<strategy>:<hour>: what the strategy's capital would have earned
 * elsewhere, for each hour of event time that passed (the first and last may be parts) An
 * <execution> is the venue's id; the paper venue's is <run>.<number>.
 *
 * Invariants
 *   T1  the order of postings is a function of the account events and their times alone: the hour
 *       that ended before an event is posted before it.
 *   T2  per strategy, PNL, FEE and FUNDING sum to the engine's realized, fees and funding.
 * Must not know: where postings go, clocks, files.
 */
#ifndef HOST_POST_H
#define HOST_POST_H

#include <ledger/ledger.h>

/* 5 % a year. */
#define POST_OPPORTUNITY_E12 (BASE_E12 / 20)

typedef struct post_strategy {
    const char *process, *name;
    int64_t capital_e8; /* in the settlement currency of the first instrument */
} post_strategy;

typedef struct post_options {
    const hean_allocator *allocator;
    ledger_mode mode;
    const char *run;
    const post_strategy *strategies; /* by the engine's ids */
    size_t strategy_count;
    const hean_instrument *const *instruments; /* by the engine's ids; at least one */
    size_t instrument_count;
    int64_t opportunity_e12; /* a year; 0: none */
    int64_t start_ns;
    /* Takes a batch that belongs together; its texts are valid during the call. */
    hean_status (*emit)(void *context, const ledger_posting *postings, size_t count,
                        hean_error *error);
    void *context;
} post_options;

typedef struct post post;

/* Copies texts and lists. HEAN_E_INVALID, HEAN_E_NO_MEMORY. */
hean_status post_open(const post_options *options, post **out, hean_error *error) HEAN_WARN_UNUSED;
void post_close(post *post);
/* A FILL or FUNDING as the engine told it; other kinds are ignored. `execution` is the venue's id,
 * NULL: the paper venue's. Errors: those of `emit`; HEAN_E_INVALID (a strategy or instrument that
 * does not exist), HEAN_E_RANGE. */
hean_status post_event(post *post, const hean_event *event, const char *execution,
                       hean_error *error) HEAN_WARN_UNUSED;
/* Event time has come so far: whole hours that ended are posted. */
hean_status post_time(post *post, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
/* The end of the session: the part of an hour that is left. */
hean_status post_end(post *post, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;

#endif
