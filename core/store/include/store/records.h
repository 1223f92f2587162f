/*
 * records.h: what the store keeps beside the ledger: processes and their states, runs under a
 * daily key, human tasks, trials, decisions, documents and daily counters.
 *
 * The rooms above give JSON as text; here it is only kept. Texts that are handed to a callback are
 * valid during the call; a callback's failure ends the listing and is returned.
 *
 * Invariants
 *   Q1  a daily key makes one run, whoever asks and however many ask at once: the database decides,
 *       in one statement.
 *   Q2  a trial is counted once by what it was (its key), and can never be taken back.
 *   Q3  a decision and a finished run never change (triggers).
 * Errors of every call: those of store.h.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include <store/store.h>

/* ---- processes ---- */

typedef struct store_process {
    const char *id, *definition, *source, *state; /* source: "builtin", "file", "generated" */
    double weight;
    bool enabled;
    int64_t created_ns, updated_ns;
} store_process;
typedef hean_status (*store_process_fn)(void *context, const store_process *process,
                                        hean_error *error);

/* Adds one; an id that is there is HEAN_E_EXISTS. */
hean_status store_process_add(store *store, const store_process *process,
                              hean_error *error) HEAN_WARN_UNUSED;
/* A new definition, state, weight and switch for one that is there (else HEAN_E_NOT_FOUND). */
hean_status store_process_set(store *store, const store_process *process,
                              hean_error *error) HEAN_WARN_UNUSED;
/* One (HEAN_E_NOT_FOUND), or with NULL all, by id. */
hean_status store_each_process(store *store, const char *id, store_process_fn each, void *context,
                               hean_error *error) HEAN_WARN_UNUSED;

/* ---- runs ---- */

typedef struct store_run {
    const char *run, *process, *daily_key, *mode, *status;
    int64_t started_ns, finished_ns, capital_e8; /* finished 0: not yet */
    const char *metrics, *outputs, *error;       /* JSON objects; words */
} store_run;
typedef hean_status (*store_run_fn)(void *context, const store_run *run, hean_error *error);

#define STORE_RUN_BYTES 121 /* with the final 0 */

/* Q1: begins the run, or tells which one has the key already. */
hean_status store_run_begin(store *store, const store_run *run, bool *began,
                            char existing[STORE_RUN_BYTES], hean_error *error) HEAN_WARN_UNUSED;
/* What is known of a run that has not ended; `finished_ns` over 0 ends it for good.
 * HEAN_E_NOT_FOUND, HEAN_E_STATE (it has ended). */
hean_status store_run_set(store *store, const store_run *run, hean_error *error) HEAN_WARN_UNUSED;
/* Runs that began at or after `from_ns`, oldest first; `run` and `process` NULL: all. */
hean_status store_each_run(store *store, const char *run, const char *process, int64_t from_ns,
                           store_run_fn each, void *context, hean_error *error) HEAN_WARN_UNUSED;

/* ---- tasks for people ---- */

typedef struct store_task {
    int64_t id;
    const char *run, *process, *step, *instructions, *answer;
    int64_t created_ns, done_ns; /* 0: open */
} store_task;
typedef hean_status (*store_task_fn)(void *context, const store_task *task, hean_error *error);

/* Adds it unless this step of this run has one already. */
hean_status store_task_add(store *store, const store_task *task,
                           hean_error *error) HEAN_WARN_UNUSED;
/* HEAN_E_NOT_FOUND, HEAN_E_STATE (done already). */
hean_status store_task_done(store *store, int64_t id, const char *answer, int64_t now_ns,
                            hean_error *error) HEAN_WARN_UNUSED;
/* Oldest first; `run` NULL: of all runs. */
hean_status store_each_task(store *store, const char *run, bool open_only, store_task_fn each,
                            void *context, hean_error *error) HEAN_WARN_UNUSED;

/* ---- trials: every variant that was ever tried ---- */

typedef struct store_trial {
    const char *key; /* a hash over family, script, parameters and data: what it was */
    const char *family, *script_sha256, *params, *data_sha256, *result; /* result: JSON */
    int64_t tried_ns;
} store_trial;
typedef hean_status (*store_trial_fn)(void *context, const store_trial *trial, hean_error *error);

/* Counts it once; `fresh` (may be NULL) tells whether it was new. */
hean_status store_trial_add(store *store, const store_trial *trial, bool *fresh,
                            hean_error *error) HEAN_WARN_UNUSED;
/* `family` NULL: of all. */
hean_status store_trial_count(store *store, const char *family, uint64_t *count,
                              hean_error *error) HEAN_WARN_UNUSED;
hean_status store_each_trial(store *store, const char *family, store_trial_fn each, void *context,
                             hean_error *error) HEAN_WARN_UNUSED;

/* ---- decisions of policies ---- */

typedef struct store_decision {
    const char *process, *policy, *from_state, *to_state, *reasons; /* JSON array */
    double weight;
    int64_t decided_ns;
} store_decision;
typedef hean_status (*store_decision_fn)(void *context, const store_decision *decision,
                                         hean_error *error);

hean_status store_decision_add(store *store, const store_decision *decision,
                               hean_error *error) HEAN_WARN_UNUSED;
/* At or after `from_ns`, oldest first; `process` NULL: of all. */
hean_status store_each_decision(store *store, const char *process, int64_t from_ns,
                                store_decision_fn each, void *context,
                                hean_error *error) HEAN_WARN_UNUSED;

/* ---- documents: snapshots, plans, reports, recorded exchanges ---- */

typedef struct store_document {
    const char *kind, *key, *text; /* (kind, key) is unique */
    int64_t made_ns;
} store_document;
typedef hean_status (*store_document_fn)(void *context, const store_document *document,
                                         hean_error *error);

/* `replace` false: one that is there stays, and `fresh` (may be NULL) is false. */
hean_status store_document_put(store *store, const store_document *document, bool replace,
                               bool *fresh, hean_error *error) HEAN_WARN_UNUSED;
/* The one of that key; with NULL the newest of its kind. HEAN_E_NOT_FOUND. */
hean_status store_document_get(store *store, const char *kind, const char *key,
                               store_document_fn each, void *context,
                               hean_error *error) HEAN_WARN_UNUSED;

/* ---- counters of a day: budgets ---- */

/* Adds `more` to a counter unless it would then be over `limit`: HEAN_E_LIMIT, and nothing is
 * added. `total` (may be NULL) is what it is afterwards. */
hean_status store_counter_add(store *store, const char *name, int64_t day, int64_t more,
                              int64_t limit, int64_t *total, hean_error *error) HEAN_WARN_UNUSED;

#endif
