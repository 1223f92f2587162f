/*
 * run_ledger.h: what a session writes down: postings of every fill and funding, and, for real
 * money, what each strategy holds, in the same transaction, so that a session that was killed goes
 * on where it was.
 *
 * Invariants
 *   G1  a holding on disk is the sum of the fills whose postings are on disk.
 *   G2  an execution that the ledger has is not applied again, however often a venue tells it.
 */
#ifndef HOST_RUN_LEDGER_H
#define HOST_RUN_LEDGER_H

#include "run_private.h"

/* Opens the store that the session's options name (none: nothing is kept) and reads what is held.
 * The session's instruments need not be known yet. */
hean_status run_ledger_open(session *owner, run_ledger **out, hean_error *error) HEAN_WARN_UNUSED;
/* Eight letters that are this session's alone. */
const char *run_ledger_name(const run_ledger *self);
/* The time of the last execution that is in the ledger; 0: none. */
int64_t run_ledger_known_ns(const run_ledger *self);
/* Instruments and host are there: postings can be made; holdings are matched. */
hean_status run_ledger_attach(run_ledger *self, hean_error *error) HEAN_WARN_UNUSED;
/* Gives what is held to the engine, right before the start. */
hean_status run_ledger_restore(run_ledger *self, hean_error *error) HEAN_WARN_UNUSED;
/* An execution of an order that the engine does not hold. `applied`: it was new. */
hean_status run_ledger_late_fill(run_ledger *self, const venue_event *fill, const hean_event *event,
                                 bool *applied, hean_error *error) HEAN_WARN_UNUSED;
/* Lots of an instrument that all strategies hold. */
int64_t run_ledger_held(const run_ledger *self, uint16_t instrument);
/* The venue's id of the execution that is about to be pushed; NULL: none. */
void run_ledger_execution(run_ledger *self, const char *id, int64_t time_ns);
/* host_tap.on_account_event; the context is the ledger. */
void run_ledger_tap(void *context, const hean_event *event);
/* Time has come so far. Fails once something could not be written. */
hean_status run_ledger_check(run_ledger *self, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
/* Writes the rest and waits until all of it is on disk. */
hean_status run_ledger_end(run_ledger *self, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
void run_ledger_close(run_ledger *self);

/* What was posted in this session, for metrics. */
const ledger_sums *run_ledger_sums(const run_ledger *self, uint16_t strategy, uint16_t instrument);
/* Of all its instruments, and what its capital costs. */
ledger_sums run_ledger_strategy_sums(const run_ledger *self, uint16_t strategy);
/* Holdings were given back at the start: the engine's sums go further back than this session. */
bool run_ledger_restored(const run_ledger *self);
typedef struct run_ledger_totals {
    uint64_t entries;
    int64_t fees_paid_e8, fee_rebates_e8, funding_paid_e8, funding_received_e8;
    int64_t lag_ns; /* of the oldest entry that is not on disk yet */
    bool failed;    /* something could not be written */
    bool damaged;   /* the chain did not hold when the session began */
} run_ledger_totals;
void run_ledger_get_totals(run_ledger *self, int64_t monotonic_ns, run_ledger_totals *out);

/* Splits what the account received over the strategies that hold the instrument, in proportion to
 * their positions, exactly: shares of whole units are given by the largest remainder. `shares` has
 * one place per position. Positions that offset each other share with their signs; if they sum to
 * zero the first gets all. */
void run_funding_split(const int64_t *lots, size_t count, int64_t amount_e8, int64_t *shares_e8);

#endif
