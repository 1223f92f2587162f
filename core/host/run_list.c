/*
 * run_list.c: one line of a list of runs, with every number exactly as written: the scanner gives
 * slices of the text, and no digit ever passes through a double.
 */
#include <host/run_list.h>

#include <base/scan.h>

#include <string.h>

enum {
    KEY_RUN,
    KEY_PROCESS,
    KEY_STATUS,
    KEY_STARTED,
    KEY_FINISHED,
    KEY_CAPITAL,
    KEY_METRICS,
    KEY_OUTPUTS,
    KEY_COUNT
};

static const scan_key run_keys[KEY_COUNT] = {
    [KEY_RUN] = SCAN_KEY("run_id"),           [KEY_PROCESS] = SCAN_KEY("process_id"),
    [KEY_STATUS] = SCAN_KEY("status"),        [KEY_STARTED] = SCAN_KEY("started_at"),
    [KEY_FINISHED] = SCAN_KEY("finished_at"), [KEY_CAPITAL] = SCAN_KEY("capital_allocated_usd"),
    [KEY_METRICS] = SCAN_KEY("metrics"),      [KEY_OUTPUTS] = SCAN_KEY("outputs"),
};

static bool is_there(const scan_value *value)
{
    return value->kind != SCAN_ABSENT && value->kind != SCAN_NULL;
}

/* "NAME: expected WHAT, got ..." */
static hean_status expected(const scan_value *value, const char *name, const char *what,
                            hean_error *error)
{
    const char *quote = value->kind == SCAN_TEXT ? "\"" : "";
    int bytes = value->bytes < 60 ? (int)value->bytes : 60;

    if (value->kind == SCAN_ABSENT)
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got nothing", name, what);
    return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got %s%.*s%s", name, what, quote, bytes,
                     value->text, quote);
}

static hean_status read_name(const scan_value *value, const char *name,
                             char out[LEDGER_NAME_BYTES + 1], hean_error *error)
{
    if (value->kind != SCAN_TEXT || value->bytes == 0 ||
        scan_text(value, out, LEDGER_NAME_BYTES + 1) != HEAN_OK)
        return expected(value, name, "a text of at most 120 bytes", error);
    return HEAN_OK;
}

static hean_status read_status(const scan_value *value, bool *counts, hean_error *error)
{
    static const char *const others[] = {"PENDING", "RUNNING", "KILLED", "PAUSED"};

    *counts = scan_text_is(value, "COMPLETED") || scan_text_is(value, "FAILED");
    if (*counts || !is_there(value))
        return HEAN_OK;
    for (size_t i = 0; i < BASE_COUNT(others); i++) {
        if (scan_text_is(value, others[i]))
            return HEAN_OK;
    }
    return expected(value, "status", "COMPLETED, FAILED, PENDING, RUNNING, KILLED or PAUSED",
                    error);
}

static hean_status read_time(const scan_value *value, const char *name, int64_t *out,
                             hean_error *error)
{
    char text[40];
    hean_status status = HEAN_E_PARSE;

    if (!is_there(value))
        return HEAN_OK;
    if (value->kind == SCAN_NUMBER)
        status = base_time_parse(value->text, value->bytes, out);
    else if (value->kind == SCAN_TEXT && scan_text(value, text, sizeof text) == HEAN_OK)
        status = base_time_parse(text, strlen(text), out);
    if (status != HEAN_OK || *out < 0)
        return expected(value, name, "a time such as 2024-08-08T23:54:16Z, from 1970 on", error);
    return HEAN_OK;
}

static hean_status read_number(const scan_value *value, const char *name, attribution_number *out,
                               hean_error *error)
{
    hean_status status = HEAN_E_PARSE;

    if (!is_there(value))
        return HEAN_OK;
    if (value->kind == SCAN_NUMBER)
        status = decimal_parse(value->text, value->bytes, &out->value);
    if (status == HEAN_E_RANGE)
        return expected(value, name, "a number of at most 18 digits", error);
    if (status != HEAN_OK)
        return expected(value, name, "a number", error);
    out->given = true;
    return HEAN_OK;
}

/* ---- what is inside metrics and outputs ---- */

#define INNER_MAX 6

/* The values of an object inside the run; all ABSENT if it is not there. */
static hean_status read_inner(const scan_value *object, const char *name, const scan_key *keys,
                              size_t count, scan_value values[INNER_MAX], hean_error *error)
{
    json_scan scan;

    if (object->kind != SCAN_OBJECT) {
        for (size_t i = 0; i < count; i++)
            values[i] = (scan_value){"", 0, SCAN_ABSENT, false};
        return is_there(object) ? expected(object, name, "an object", error) : HEAN_OK;
    }
    scan_init_value(&scan, object);
    return scan_object_read(&scan, keys, count, values) ? HEAN_OK : scan_report(&scan, error);
}

static hean_status read_metrics(const scan_value *object, attribution_run *out, hean_error *error)
{
    static const scan_key keys[INNER_MAX] = {
        SCAN_KEY("capital_delta"),       SCAN_KEY("fee_drag"),   SCAN_KEY("trading_volume_usd"),
        SCAN_KEY("funding_payment_usd"), SCAN_KEY("reward_usd"), SCAN_KEY("time_hours")};
    static const char *const names[INNER_MAX] = {
        "metrics.capital_delta",       "metrics.fee_drag",   "metrics.trading_volume_usd",
        "metrics.funding_payment_usd", "metrics.reward_usd", "metrics.time_hours"};
    attribution_number *const into[INNER_MAX] = {&out->capital_delta, &out->fee_drag,
                                                 &out->volume,        &out->funding_payment,
                                                 &out->reward,        &out->hours};
    scan_value values[INNER_MAX];
    hean_status status = read_inner(object, "metrics", keys, INNER_MAX, values, error);

    for (size_t i = 0; i < INNER_MAX && status == HEAN_OK; i++)
        status = read_number(&values[i], names[i], into[i], error);
    return status;
}

/* The original made a number of this one, be it a text. */
static hean_status read_outputs(const scan_value *object, attribution_run *out, hean_error *error)
{
    static const scan_key keys[] = {SCAN_KEY("reward_amount")};
    static const char name[] = "outputs.reward_amount";
    scan_value values[INNER_MAX];
    hean_status status = read_inner(object, "outputs", keys, BASE_COUNT(keys), values, error);
    char text[64];

    if (status != HEAN_OK || values[0].kind != SCAN_TEXT)
        return status != HEAN_OK ? status
                                 : read_number(&values[0], name, &out->reward_output, error);
    if (scan_text(&values[0], text, sizeof text) != HEAN_OK ||
        decimal_parse(text, strlen(text), &out->reward_output.value) != HEAN_OK)
        return expected(&values[0], name, "a number", error);
    out->reward_output.given = true;
    return HEAN_OK;
}

/* ---- the line ---- */

static hean_status read_fields(const scan_value values[KEY_COUNT], run_texts *texts,
                               attribution_run *out, hean_error *error)
{
    hean_status status = read_name(&values[KEY_RUN], "run_id", texts->run, error);

    if (status == HEAN_OK)
        status = read_name(&values[KEY_PROCESS], "process_id", texts->process, error);
    if (status == HEAN_OK)
        status = read_status(&values[KEY_STATUS], &out->counts, error);
    /* A run without a start is posted at its end. */
    if (status == HEAN_OK)
        status = read_time(&values[KEY_FINISHED], "finished_at", &out->started_ns, error);
    if (status == HEAN_OK)
        status = read_time(&values[KEY_STARTED], "started_at", &out->started_ns, error);
    if (status == HEAN_OK)
        status = read_number(&values[KEY_CAPITAL], "capital_allocated_usd", &out->capital, error);
    if (status == HEAN_OK)
        status = read_metrics(&values[KEY_METRICS], out, error);
    if (status == HEAN_OK)
        status = read_outputs(&values[KEY_OUTPUTS], out, error);
    return status;
}

hean_status run_list_read(const char *line, size_t bytes, run_texts *texts, attribution_run *out,
                          hean_error *error)
{
    attribution_run run = {.run = texts->run, .process = texts->process};
    scan_value values[KEY_COUNT];
    hean_status status;
    json_scan scan;

    scan_init(&scan, line, bytes);
    if (!scan_object_read(&scan, run_keys, KEY_COUNT, values) || !scan_finish(&scan))
        return scan_report(&scan, error);
    status = read_fields(values, texts, &run, error);
    if (status == HEAN_OK)
        *out = run;
    return status;
}
