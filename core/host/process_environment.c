/*
 * process_environment.c: what the steps of a run see: the snapshot, the ledger of the last days,
 * the account's executions, and what came of earlier runs.
 */
#include "process_private.h"

#include <string.h>

#define LEDGER_DAYS 30

/* ---- the ledger by symbol ---- */

static hean_status write_group(void *context, const ledger_group *group, hean_error *error)
{
    base_json *json = context;
    const int64_t *amounts = group->sums.amount_e8;

    (void)error;
    base_json_object(json, NULL);
    base_json_text(json, "symbol", group->symbol);
    base_json_text(json, "mode", ledger_mode_text((ledger_mode)group->mode));
    base_json_text(json, "currency", group->currency);
    base_json_scaled(json, "pnl", amounts[LEDGER_PNL], 8);
    base_json_scaled(json, "fees", amounts[LEDGER_FEE], 8);
    base_json_scaled(json, "funding", amounts[LEDGER_FUNDING], 8);
    base_json_scaled(json, "net", group->net_e8, 8);
    base_json_whole(json, "entries", (int64_t)group->sums.entries);
    base_json_whole(json, "estimated", (int64_t)group->sums.estimated);
    base_json_object_end(json);
    return HEAN_OK;
}

static hean_status write_ledger(store *from, int64_t now_ns, base_json *json, hean_error *error)
{
    ledger_filter filter = ledger_filter_all();

    filter.to_day = now_ns / PROCESS_DAY_NS + 1;
    filter.from_day = filter.to_day - LEDGER_DAYS;
    base_json_array(json, "ledger");
    hean_status status =
        store_balances(from, &filter, LEDGER_BY_MODE | LEDGER_BY_SYMBOL, write_group, json, error);
    base_json_array_end(json);
    return status;
}

/* ---- outcomes: what was promised and what arrived ---- */

typedef struct outcomes {
    json_t *by_process; /* {id: {runs, successes, expected_profit_usd, actual_profit_usd}} */
} outcomes;

static void add(json_t *record, const char *key, double more)
{
    double before = json_number_value(json_object_get(record, key));
    (void)json_object_set_new(record, key, json_real(before + more));
}

/* What a run's own opportunities promised, weighed by their confidence. */
static double promised(const store_run *run)
{
    json_t *outputs = json_loads(run->outputs, 0, NULL), *row;
    const json_t *list = json_object_get(outputs, "opportunities");
    double sum = 0;
    size_t i;

    json_array_foreach(list, i, row)
    {
        sum += json_number_value(json_object_get(row, "expected_profit_usd")) *
               json_number_value(json_object_get(row, "confidence"));
    }
    json_decref(outputs);
    return sum;
}

static hean_status add_outcome(void *context, const store_run *run, hean_error *error)
{
    outcomes *self = context;
    json_t *record = json_object_get(self->by_process, run->process), *metrics;

    if (strcmp(run->status, "COMPLETED") != 0 && strcmp(run->status, "FAILED") != 0)
        return HEAN_OK;
    if (record == NULL) {
        if (json_object_set_new(self->by_process, run->process, json_object()) != 0)
            return base_fail(error, HEAN_E_NO_MEMORY, "outcomes: out of memory");
        record = json_object_get(self->by_process, run->process);
    }
    metrics = json_loads(run->metrics, 0, NULL);
    add(record, "runs", 1);
    add(record, "successes", strcmp(run->status, "COMPLETED") == 0 ? 1 : 0);
    /* What a proposal brought is only known where the ledger has the run's entries. */
    if (json_is_number(json_object_get(metrics, "net_usd"))) {
        add(record, "expected_profit_usd", promised(run));
        add(record, "actual_profit_usd", json_number_value(json_object_get(metrics, "net_usd")));
    }
    json_decref(metrics);
    return HEAN_OK;
}

/* ---- the whole ---- */

/* A member with a JSON text as it stands; an object without it: nothing. */
static void copy_member(base_json *json, const char *name, const json_t *value)
{
    char *text = value != NULL
                     ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15))
                     : NULL;

    if (text != NULL) {
        base_buffer_printf(&json->buffer, ",\"%s\":%s", name, text);
        free(text);
    }
}

hean_status process_environment(store *from, const char *snapshot, const char *inputs,
                                int64_t now_ns, base_buffer *out, hean_error *error)
{
    json_t *scanned = json_loads(snapshot, 0, NULL);
    json_t *given = json_loads(inputs != NULL ? inputs : "{}", JSON_REJECT_DUPLICATES, NULL);
    outcomes history = {json_object()};
    base_json json;
    hean_status status = HEAN_OK;

    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    if (!json_is_object(scanned))
        status = base_fail(error, HEAN_E_CORRUPT, "the snapshot in the store is no JSON object");
    else if (!json_is_object(given))
        status = base_fail(error, HEAN_E_PARSE, "inputs: expected a JSON object");
    else if (history.by_process == NULL)
        status = base_fail(error, HEAN_E_NO_MEMORY, "environment: out of memory");
    if (status == HEAN_OK)
        status = write_ledger(from, now_ns, &json, error);
    if (status == HEAN_OK)
        status = store_each_run(from, NULL, NULL, 0, add_outcome, &history, error);
    if (status == HEAN_OK) {
        copy_member(&json, "snapshot", scanned);
        copy_member(&json, "executions", json_object_get(scanned, "executions"));
        copy_member(&json, "outcomes", history.by_process);
        copy_member(&json, "inputs", given);
        base_json_object_end(&json);
        base_buffer_append(out, json.buffer.data, json.buffer.length);
        if (json.buffer.failed || out->failed)
            status = base_fail(error, HEAN_E_NO_MEMORY, "environment: out of memory");
    }
    base_buffer_deinit(&json.buffer);
    json_decref(history.by_process);
    json_decref(given);
    json_decref(scanned);
    return status;
}
