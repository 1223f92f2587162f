/*
 * process.h: an operator's daily round over the store: which processes there are, their runs under
 * a daily key, the policy's decisions, the capital plan, the day's report and an evaluation.
 *
 * Everything is read from and kept in one store; time is given. Documents are JSON.
 *
 * Invariants
 *   D1  one run per process and UTC day; --force makes another under a key of its own. A run that
 *       is there is returned, not repeated; one that waits for a person, or whose program ended,
 *       is taken up again by one program, while others see it RUNNING.
 *   D2  a run needs a snapshot that is not older than SCAN_STALE_NS.
 *   D3  what a run earned is what its ledger entries say.
 *   D4  only an enabled process that is neither PAUSED nor KILLED runs.
 */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <factory/plan.h>
#include <host/backtest.h>
#include <host/config.h>
#include <store/records.h>

/* Adds the built-in processes that the store does not have yet (enabled, NEW), and brings the
 * definitions of those that it has up to date. */
hean_status process_add_builtin(store *store, int64_t now_ns, hean_error *error) HEAN_WARN_UNUSED;
/* Adds one from a file, Lua or JSON by its ending: NEW, disabled until it is approved.
 * HEAN_E_INVALID: the message has code, path and reason; HEAN_E_EXISTS. */
hean_status process_add_file(store *store, const char *path, int64_t now_ns,
                             hean_error *error) HEAN_WARN_UNUSED;
/* Enables or disables; `kill`: also KILLED, for good. */
hean_status process_switch(store *store, const char *id, bool enabled, bool kill, int64_t now_ns,
                           hean_error *error) HEAN_WARN_UNUSED;

typedef struct process_run_options {
    const config *config;     /* whose venue API_CALL steps ask */
    const char *program_path; /* of hean; NULL: this program */
    const char *id;
    bool force;
    int64_t capital_e8; /* 0: as the newest plan allocates, at most the definition's limit */
    const char *inputs; /* JSON object; NULL: {} */
    int64_t now_ns;
    volatile int *stop;
    hean_log_sink log;
} process_run_options;

/* Runs it (D1 to D4); `out` gets the run as a JSON object: run_id, process_id, daily_key, status,
 * repeated, started_at, finished_at, capital_allocated_usd, metrics, outputs, error.
 * Errors: HEAN_E_NOT_FOUND (no such process; no snapshot: the message says what to do),
 * HEAN_E_STATE (a stale snapshot: its age; PAUSED, KILLED), HEAN_E_GATE (not approved),
 * HEAN_E_INTERRUPTED, those of the store. A run that failed is no error. */
hean_status process_run_once(store *store, const process_run_options *options, base_buffer *out,
                             hean_error *error) HEAN_WARN_UNUSED;

/* Lets a policy decide about all processes from their runs, keeps states, weights and decisions.
 * `policy` NULL: guarded. `out` gets the decisions, one JSON object a line. */
hean_status process_decide(store *store, const char *policy, int64_t now_ns, volatile int *stop,
                           base_buffer *out, hean_error *error) HEAN_WARN_UNUSED;

/* Divides the capital of a day and ranks opportunities; kept as the day's plan. */
hean_status process_plan(store *store, const plan_rules *rules, int64_t total_e8, int64_t now_ns,
                         volatile int *stop, base_buffer *out, hean_error *error) HEAN_WARN_UNUSED;

#define PROCESS_EVALUATE_DAYS_MAX 3660
/* How the processes are, by the runs that began in the last `days`, and what should be done with
 * each: a JSON object. A value that is not defined (a share of nothing) is null.
 *   counts            processes, enabled, by state; runs, completed, failed, open (not ended)
 *   health            stability      completed / (completed + failed)
 *                     concentration  sum of squares of each process's share in all that was earned:
 *                                    of positive nets alone, in `currency`; 1: one earned it all
 *                     churn          killed / all processes; state_changes: the window's decisions
 *                                    that changed a state
 *                     age_days       mean age of those that are not killed
 *                     illusions      runs with gross over 0 and net under 0
 *   net_contribution  exact sums of the window's runs by mode and currency
 *   ledger            exact sums of all times by mode, process and currency
 *   processes         each with its counts, its net in `currency` (that of the most runs) and a
 *                     recommendation, by the first row that applies:
 *     none              KILLED                         review     PAUSED
 *     approve_or_reject not approved                   kill       a kill condition is met
 *     run               no run began                   answer_tasks  none ended
 *     repair            over 30 % of the runs failed
 *     cut_costs         illusions, and net under 0     review     net under 0 over 10 runs or more
 *     scale             CORE and a scale rule is met   keep, keep_testing  else: CORE, others
 *   Rules of a definition are measured over their last window_runs runs in the window and need all
 *   of them: fail_rate, pnl_sum (the ledger's net), else the mean of a metric.
 * HEAN_E_RANGE: days. */
hean_status process_evaluate(store *store, int64_t days, int64_t now_ns, base_buffer *out,
                             hean_error *error) HEAN_WARN_UNUSED;

typedef struct process_report_texts {
    base_buffer json, markdown, html;
    bool repeated; /* it had been made before */
} process_report_texts;
void process_report_init(process_report_texts *texts);
void process_report_deinit(process_report_texts *texts);

/* The report of a UTC day: totals, contributions, runs, equity, regimes, decisions with reasons and
 * an evaluation of 30 days, as JSON, Markdown and one HTML page that asks for nothing outside. Made
 * once a day and kept: the same bytes come back whoever asks; `force` makes it anew. Every amount
 * is the ledger's, to the last digit (L6). */
hean_status process_report(store *store, int64_t now_ns, bool force, process_report_texts *out,
                           hean_error *error) HEAN_WARN_UNUSED;

#endif
