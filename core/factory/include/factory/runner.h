/*
 * runner.h: runs the steps of a definition in the order of what they depend on. What a step does
 * to the world is the caller's; the runner decides what comes next, when to try again, and when to
 * stop.
 *
 *   API_CALL, COMPUTE   done by the caller within the step's timeout; a failure is tried again
 *                       `retries` times, after 1 s, 2 s, 4 s ... (at most 30 s)
 *   WAIT                the caller waits
 *   HUMAN_TASK          is asked once; what does not depend on it goes on, and the run is PENDING
 *                       until it was answered and the run is taken up again
 *
 * State and result are one JSON object, so that a run that was interrupted or waits for a person is
 * taken up where it was:
 *   {"steps": {"<step_id>": {"state": "done" | "asked" | "failed", "tries": N, "output": {...},
 *              "error": "..."}}, "opportunities": [...], "metrics": {...}}
 * A COMPUTE step sees {"params", "inputs", "snapshot", "ledger", "executions", "outcomes",
 * "steps": {id: output}, "opportunities"}; "metrics" and "opportunities" of what it gives are
 * gathered.
 *
 * Invariants
 *   U1  a step is started only after all that it depends on are done, and is done at most once.
 *   U2  after the first step that failed for good nothing more is started.
 * Must not know: files, clocks, stores, scripts, the network.
 */
#ifndef FACTORY_RUNNER_H
#define FACTORY_RUNNER_H

#include <factory/definition.h>

typedef struct runner_ops {
    void *context;
    int64_t (*now_ns)(void *context);
    /* Gives a JSON object. HEAN_E_INTERRUPTED ends the run at once; others are tried again. */
    hean_status (*api_call)(void *context, const factory_step *step, int64_t deadline_ns,
                            base_buffer *out, hean_error *error);
    hean_status (*compute)(void *context, const factory_step *step, const char *input,
                           size_t input_bytes, int64_t deadline_ns, base_buffer *out,
                           hean_error *error);
    hean_status (*wait)(void *context, int64_t nanoseconds, hean_error *error);
    /* Queues a question to a person (again: no second one), or gives the answer that is there. */
    hean_status (*ask)(void *context, const factory_step *step, bool *answered, base_buffer *answer,
                       hean_error *error);
    /* After every change: keeps the state. May be NULL. */
    hean_status (*keep)(void *context, const char *state, size_t bytes, hean_error *error);
} runner_ops;

typedef enum runner_status { RUNNER_COMPLETED, RUNNER_FAILED, RUNNER_PENDING } runner_status;
const char *runner_status_text(runner_status status); /* "COMPLETED" ... */

typedef struct runner_result {
    runner_status status;
    char *state;     /* the JSON above; free with base_free */
    char *metrics;   /* its metrics alone, time_hours included */
    char error[300]; /* FAILED: the step and why */
} runner_result;

/* `environment`: a JSON object with snapshot, ledger, executions, outcomes, inputs. `state`: of an
 * earlier part of this run, or NULL.
 * Errors: HEAN_E_PARSE (environment or state), HEAN_E_INTERRUPTED, HEAN_E_NO_MEMORY, those of keep
 * and wait; a step that fails is no error of this call. */
hean_status runner_run(const hean_allocator *allocator, const factory_definition *definition,
                       const char *environment, const char *state, const runner_ops *ops,
                       runner_result *out, hean_error *error) HEAN_WARN_UNUSED;
void runner_result_deinit(const hean_allocator *allocator, runner_result *result);

#endif
