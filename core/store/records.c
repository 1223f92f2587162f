/*
 * records.c: the tables beside the ledger (Q1 to Q3 of store/records.h). Each call is one turn, or
 * part of the turn that the caller began.
 */
#include "store_private.h"

#include <store/records.h>

#include <string.h>

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    return or_empty((const char *)sqlite3_column_text(row, column));
}

/* The rows that the last statement changed: 0 tells that it was refused or found nothing. */
static bool changed(const store *self)
{
    return sqlite3_changes(self->db) > 0;
}

/* Ends a turn that began: commits what went well. */
static hean_status end_turn(store *self, hean_status status, hean_error *error)
{
    if (status == HEAN_OK)
        return store_commit(self, error);
    store_rollback(self);
    return status;
}

/* Goes through the rows of a statement that stands on its first. */
typedef hean_status (*row_fn)(sqlite3_stmt *row, void *context, hean_error *error);
typedef struct listing {
    void (*each)(void); /* the caller's, of its own type */
    void *context;
} listing;

static hean_status each_row(store *self, sqlite3_stmt *rows, bool row, row_fn give, listing *list,
                            hean_error *error)
{
    hean_status status = HEAN_OK;

    while (row && status == HEAN_OK) {
        status = give(rows, list, error);
        if (status != HEAN_OK)
            (void)sqlite3_reset(rows);
        else
            status = sql_step(self, rows, &row, error);
    }
    return status;
}

/* ---- processes ---- */

hean_status store_process_add(store *self, const store_process *process, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_PROCESS_ADD, error, "ttttdiii", process->id, process->definition,
                     process->source, process->state, process->weight, (int64_t)process->enabled,
                     process->created_ns, process->updated_ns);
    if (status == HEAN_OK && !changed(self))
        status = base_fail(error, HEAN_E_EXISTS, "process %s exists already", process->id);
    return end_turn(self, status, error);
}

hean_status store_process_set(store *self, const store_process *process, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_PROCESS_SET, error, "ttttdiii", process->id, process->definition,
                     process->source, process->state, process->weight, (int64_t)process->enabled,
                     process->created_ns, process->updated_ns);
    if (status == HEAN_OK && !changed(self))
        status = base_fail(error, HEAN_E_NOT_FOUND, "there is no process %s", process->id);
    return end_turn(self, status, error);
}

static hean_status give_process(sqlite3_stmt *row, void *context, hean_error *error)
{
    const listing *list = context;
    store_process process = {
        .id = text_at(row, 0),
        .definition = text_at(row, 1),
        .source = text_at(row, 2),
        .state = text_at(row, 3),
        .weight = sqlite3_column_double(row, 4),
        .enabled = sqlite3_column_int(row, 5) != 0,
        .created_ns = sqlite3_column_int64(row, 6),
        .updated_ns = sqlite3_column_int64(row, 7),
    };
    return ((store_process_fn)list->each)(list->context, &process, error);
}

hean_status store_each_process(store *self, const char *id, store_process_fn each, void *context,
                               hean_error *error)
{
    listing list = {(void (*)(void))each, context};
    sqlite3_stmt *rows = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_PROCESSES, &rows, &row, error, "t", or_empty(id));

    if (status == HEAN_OK && !row && id != NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "there is no process %s", id);
    return status != HEAN_OK ? status : each_row(self, rows, row, give_process, &list, error);
}

/* ---- runs ---- */

static hean_status find_key(store *self, const char *daily_key, char out[STORE_RUN_BYTES],
                            hean_error *error)
{
    sqlite3_stmt *found = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_RUN_OF_KEY, &found, &row, error, "t", daily_key);

    if (status != HEAN_OK)
        return status;
    if (!row) /* the run's own id is taken, under another key */
        return base_fail(error, HEAN_E_EXISTS, "a run of that id exists already");
    (void)base_text_copy(out, STORE_RUN_BYTES, text_at(found, 0));
    (void)sqlite3_reset(found);
    return HEAN_OK;
}

hean_status store_run_begin(store *self, const store_run *run, bool *began,
                            char existing[STORE_RUN_BYTES], hean_error *error)
{
    hean_status status;
    bool fresh = false;

    if (strlen(run->run) >= STORE_RUN_BYTES)
        return base_fail(error, HEAN_E_RANGE, "run: expected an id of at most %d bytes",
                         STORE_RUN_BYTES - 1);
    status = store_begin(self, error);
    if (status != HEAN_OK)
        return status;
    status =
        sql_run(self, SQL_RUN_ADD, error, "tttttiiittt", run->run, run->process, run->daily_key,
                run->mode, run->status, run->started_ns, run->finished_ns, run->capital_e8,
                or_empty(run->metrics), or_empty(run->outputs), or_empty(run->error));
    if (status == HEAN_OK)
        fresh = changed(self);
    if (status == HEAN_OK && !fresh)
        status = find_key(self, run->daily_key, existing, error);
    status = end_turn(self, status, error);
    if (status == HEAN_OK)
        *began = fresh;
    return status;
}

/* Why a statement found nothing to change: `ended` for a row whose time is set. */
static hean_status explain(store *self, sql_id id, const char *types, const char *run, int64_t task,
                           const char *what, hean_error *error)
{
    sqlite3_stmt *found = NULL;
    bool row = false;
    hean_status status = types[0] == 't' ? sql_first(self, id, &found, &row, error, "t", run)
                                         : sql_first(self, id, &found, &row, error, "i", task);

    if (status != HEAN_OK)
        return status;
    if (!row)
        return base_fail(error, HEAN_E_NOT_FOUND, "there is no such %s", what);
    (void)sqlite3_reset(found);
    return base_fail(error, HEAN_E_STATE, "that %s has ended: it never changes", what);
}

hean_status store_run_set(store *self, const store_run *run, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_RUN_SET, error, "ttittt", run->run, run->status, run->finished_ns,
                     or_empty(run->metrics), or_empty(run->outputs), or_empty(run->error));
    if (status == HEAN_OK && !changed(self))
        status = explain(self, SQL_RUN_ENDED, "t", run->run, 0, "run", error);
    return end_turn(self, status, error);
}

static hean_status give_run(sqlite3_stmt *row, void *context, hean_error *error)
{
    const listing *list = context;
    store_run run = {
        .run = text_at(row, 0),
        .process = text_at(row, 1),
        .daily_key = text_at(row, 2),
        .mode = text_at(row, 3),
        .status = text_at(row, 4),
        .started_ns = sqlite3_column_int64(row, 5),
        .finished_ns = sqlite3_column_int64(row, 6),
        .capital_e8 = sqlite3_column_int64(row, 7),
        .metrics = text_at(row, 8),
        .outputs = text_at(row, 9),
        .error = text_at(row, 10),
    };
    return ((store_run_fn)list->each)(list->context, &run, error);
}

hean_status store_each_run(store *self, const char *run, const char *process, int64_t from_ns,
                           store_run_fn each, void *context, hean_error *error)
{
    listing list = {(void (*)(void))each, context};
    sqlite3_stmt *rows = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_RUNS, &rows, &row, error, "tti", or_empty(run),
                                   or_empty(process), from_ns);

    return status != HEAN_OK ? status : each_row(self, rows, row, give_run, &list, error);
}

/* ---- tasks ---- */

hean_status store_task_add(store *self, const store_task *task, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_TASK_ADD, error, "tttti", task->run, task->process, task->step,
                     task->instructions, task->created_ns);
    return end_turn(self, status, error);
}

hean_status store_task_done(store *self, int64_t id, const char *answer, int64_t now_ns,
                            hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_TASK_DONE, error, "iti", id, or_empty(answer), now_ns);
    if (status == HEAN_OK && !changed(self))
        status = explain(self, SQL_TASK, "i", NULL, id, "task", error);
    return end_turn(self, status, error);
}

static hean_status give_task(sqlite3_stmt *row, void *context, hean_error *error)
{
    const listing *list = context;
    store_task task = {
        .id = sqlite3_column_int64(row, 0),
        .run = text_at(row, 1),
        .process = text_at(row, 2),
        .step = text_at(row, 3),
        .instructions = text_at(row, 4),
        .answer = text_at(row, 5),
        .created_ns = sqlite3_column_int64(row, 6),
        .done_ns = sqlite3_column_int64(row, 7),
    };
    return ((store_task_fn)list->each)(list->context, &task, error);
}

hean_status store_each_task(store *self, const char *run, bool open_only, store_task_fn each,
                            void *context, hean_error *error)
{
    listing list = {(void (*)(void))each, context};
    sqlite3_stmt *rows = NULL;
    bool row = false;
    hean_status status =
        sql_first(self, SQL_TASKS, &rows, &row, error, "ti", or_empty(run), (int64_t)open_only);

    return status != HEAN_OK ? status : each_row(self, rows, row, give_task, &list, error);
}

/* ---- trials ---- */

hean_status store_trial_add(store *self, const store_trial *trial, bool *fresh, hean_error *error)
{
    hean_status status = store_begin(self, error);
    bool added = false;

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_TRIAL_ADD, error, "tttttti", trial->key, trial->family,
                     trial->script_sha256, trial->params, trial->data_sha256, trial->result,
                     trial->tried_ns);
    if (status == HEAN_OK)
        added = changed(self);
    status = end_turn(self, status, error);
    if (status == HEAN_OK && fresh != NULL)
        *fresh = added;
    return status;
}

hean_status store_trial_count(store *self, const char *family, uint64_t *count, hean_error *error)
{
    sqlite3_stmt *found = NULL;
    bool row = false;
    hean_status status =
        sql_first(self, SQL_TRIAL_COUNT, &found, &row, error, "t", or_empty(family));

    if (status != HEAN_OK)
        return status;
    *count = row ? (uint64_t)sqlite3_column_int64(found, 0) : 0;
    (void)sqlite3_reset(found);
    return HEAN_OK;
}

static hean_status give_trial(sqlite3_stmt *row, void *context, hean_error *error)
{
    const listing *list = context;
    store_trial trial = {
        .key = text_at(row, 0),
        .family = text_at(row, 1),
        .script_sha256 = text_at(row, 2),
        .params = text_at(row, 3),
        .data_sha256 = text_at(row, 4),
        .result = text_at(row, 5),
        .tried_ns = sqlite3_column_int64(row, 6),
    };
    return ((store_trial_fn)list->each)(list->context, &trial, error);
}

hean_status store_each_trial(store *self, const char *family, store_trial_fn each, void *context,
                             hean_error *error)
{
    listing list = {(void (*)(void))each, context};
    sqlite3_stmt *rows = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_TRIALS, &rows, &row, error, "t", or_empty(family));

    return status != HEAN_OK ? status : each_row(self, rows, row, give_trial, &list, error);
}

/* ---- decisions ---- */

hean_status store_decision_add(store *self, const store_decision *decision, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, SQL_DECISION_ADD, error, "ttttdti", decision->process, decision->policy,
                     decision->from_state, decision->to_state, decision->weight, decision->reasons,
                     decision->decided_ns);
    return end_turn(self, status, error);
}

static hean_status give_decision(sqlite3_stmt *row, void *context, hean_error *error)
{
    const listing *list = context;
    store_decision decision = {
        .process = text_at(row, 0),
        .policy = text_at(row, 1),
        .from_state = text_at(row, 2),
        .to_state = text_at(row, 3),
        .weight = sqlite3_column_double(row, 4),
        .reasons = text_at(row, 5),
        .decided_ns = sqlite3_column_int64(row, 6),
    };
    return ((store_decision_fn)list->each)(list->context, &decision, error);
}

hean_status store_each_decision(store *self, const char *process, int64_t from_ns,
                                store_decision_fn each, void *context, hean_error *error)
{
    listing list = {(void (*)(void))each, context};
    sqlite3_stmt *rows = NULL;
    bool row = false;
    hean_status status =
        sql_first(self, SQL_DECISIONS, &rows, &row, error, "ti", or_empty(process), from_ns);

    return status != HEAN_OK ? status : each_row(self, rows, row, give_decision, &list, error);
}

/* ---- documents ---- */

hean_status store_document_put(store *self, const store_document *document, bool replace,
                               bool *fresh, hean_error *error)
{
    hean_status status = store_begin(self, error);
    bool added = false;

    if (status != HEAN_OK)
        return status;
    status = sql_run(self, replace ? SQL_DOCUMENT_SET : SQL_DOCUMENT_ADD, error, "ttit",
                     document->kind, document->key, document->made_ns, document->text);
    if (status == HEAN_OK)
        added = changed(self);
    status = end_turn(self, status, error);
    if (status == HEAN_OK && fresh != NULL)
        *fresh = added;
    return status;
}

hean_status store_document_get(store *self, const char *kind, const char *key,
                               store_document_fn each, void *context, hean_error *error)
{
    sqlite3_stmt *found = NULL;
    store_document document;
    bool row = false;
    hean_status status =
        sql_first(self, SQL_DOCUMENT, &found, &row, error, "tt", kind, or_empty(key));

    if (status != HEAN_OK)
        return status;
    if (!row)
        return base_fail(error, HEAN_E_NOT_FOUND, "there is no %s%s%s", kind,
                         key != NULL ? " of " : "", or_empty(key));
    document = (store_document){.kind = text_at(found, 0),
                                .key = text_at(found, 1),
                                .made_ns = sqlite3_column_int64(found, 2),
                                .text = text_at(found, 3)};
    status = each(context, &document, error);
    (void)sqlite3_reset(found);
    return status;
}

/* ---- counters ---- */

static hean_status add_counted(store *self, const char *name, int64_t day, int64_t more,
                               int64_t limit, int64_t *total, hean_error *error)
{
    sqlite3_stmt *found = NULL;
    int64_t sum = 0;
    bool row = false;
    hean_status status = sql_first(self, SQL_COUNTER, &found, &row, error, "ti", name, day);

    if (status != HEAN_OK)
        return status;
    if (row) {
        sum = sqlite3_column_int64(found, 0);
        (void)sqlite3_reset(found);
    }
    if (__builtin_add_overflow(sum, more, &sum) || sum > limit)
        return base_fail(error, HEAN_E_LIMIT, "%s: today's limit of %lld is reached", name,
                         (long long)limit);
    status = sql_run(self, SQL_COUNTER_SET, error, "tii", name, day, sum);
    if (status == HEAN_OK && total != NULL)
        *total = sum;
    return status;
}

hean_status store_counter_add(store *self, const char *name, int64_t day, int64_t more,
                              int64_t limit, int64_t *total, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = add_counted(self, name, day, more, limit, total, error);
    return end_turn(self, status, error);
}
