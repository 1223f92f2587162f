/*
 * llm_input.c: what a prompt is made of: the newest snapshot, the portfolio, what failed, what is
 * not known, and what the host allows. See lua/hean/factory/prompt.lua.
 *
 * Processes that wait for approval are no part of the portfolio: the same question must stay the
 * same after its own answer was stored.
 */
#include "llm_private.h"
#include "process_private.h"

#include <string.h>

#define FAILURES_MAX 5

typedef struct gathering {
    json_t *portfolio; /* by id */
    json_t *failures, *taken;
} gathering;

static bool add_text(json_t *list, const char *text)
{
    return json_array_append_new(list, json_string(text)) == 0;
}

static hean_status add_process(void *context, const store_process *row, hean_error *error)
{
    gathering *self = context;
    json_t *definition = json_loads(row->definition, 0, NULL), *made;
    const char *type = json_string_value(json_object_get(definition, "type"));
    bool waits =
        !row->enabled && strcmp(row->source, "generated") == 0 && strcmp(row->state, "NEW") == 0;
    bool good;

    if (waits) {
        good = add_text(self->taken, row->id);
    } else {
        made = json_pack("{s:s, s:s, s:s, s:f, s:i, s:i}", "id", row->id, "type",
                         type != NULL ? type : "", "state", row->state, "weight", row->weight,
                         "completed", 0, "failed", 0);
        good = json_object_set_new(self->portfolio, row->id, made) == 0;
    }
    json_decref(definition);
    return good ? HEAN_OK : base_fail(error, HEAN_E_NO_MEMORY, "portfolio: out of memory");
}

static hean_status add_run(void *context, const store_run *run, hean_error *error)
{
    gathering *self = context;
    json_t *of = json_object_get(self->portfolio, run->process), *failure;
    bool failed = strcmp(run->status, "FAILED") == 0;
    const char *key = failed ? "failed" : "completed";

    if (of == NULL || (!failed && strcmp(run->status, "COMPLETED") != 0))
        return HEAN_OK;
    if (json_object_set_new(of, key,
                            json_integer(json_integer_value(json_object_get(of, key)) + 1)) != 0)
        return base_fail(error, HEAN_E_NO_MEMORY, "portfolio: out of memory");
    if (!failed)
        return HEAN_OK;
    failure = json_pack("{s:s, s:s}", "process", run->process, "error",
                        run->error != NULL ? run->error : "");
    if (json_array_insert_new(self->failures, 0, failure) != 0)
        return base_fail(error, HEAN_E_NO_MEMORY, "failures: out of memory");
    if (json_array_size(self->failures) > FAILURES_MAX)
        (void)json_array_remove(self->failures, FAILURES_MAX);
    return HEAN_OK;
}

/* The parts that the snapshot could not tell. */
static json_t *find_gaps(const json_t *snapshot)
{
    const json_t *reasons = json_object_get(snapshot, "reasons");
    json_t *gaps = json_array(), *source;
    const char *part;

    json_object_foreach(json_object_get(snapshot, "sources"), part, source)
    {
        const char *reason = json_string_value(json_object_get(reasons, part));
        if (json_is_string(source) && strcmp(json_string_value(source), "UNKNOWN") == 0)
            (void)json_array_append_new(gaps, json_pack("{s:s, s:s}", "part", part, "reason",
                                                        reason != NULL ? reason : ""));
    }
    return gaps;
}

static json_t *make_limits(json_t *taken)
{
    factory_policy policy = factory_policy_default();
    json_t *endpoints = json_array(), *functions = json_array();
    bool good = true;

    for (size_t i = 0; i < policy.endpoint_count; i++)
        good = add_text(endpoints, policy.endpoints[i]) && good;
    for (size_t i = 0; i < policy.function_count; i++)
        good = add_text(functions, policy.functions[i]) && good;
    if (!good) {
        json_decref(endpoints);
        json_decref(functions);
        return NULL;
    }
    return json_pack("{s:i, s:i, s:f, s:f, s:i, s:i, s:o, s:o, s:O}", "max_steps",
                     FACTORY_STEPS_MAX, "max_human_tasks", FACTORY_HUMAN_TASKS_MAX,
                     "max_capital_usd", (double)policy.max_capital_e8 / (double)BASE_E8,
                     "max_risk_factor", policy.max_risk_factor, "max_timeout_s",
                     (int)policy.timeout_s_max, "max_retries", (int)policy.retries_max, "endpoints",
                     endpoints, "functions", functions, "taken", taken);
}

static hean_status write_input(store *from, gathering *self, bool fresh, base_buffer *out,
                               hean_error *error)
{
    json_t *snapshot = NULL, *portfolio = json_array(), *row, *whole;
    base_buffer text;
    const char *id;
    char *written = NULL;
    hean_status status;

    base_buffer_init(&text, base_allocator_default());
    status = process_document(from, "snapshot", NULL, &text, NULL, error);
    if (status == HEAN_E_NOT_FOUND)
        status = HEAN_OK; /* the prompt says that it is empty */
    if (status == HEAN_OK)
        snapshot = text.length > 0 ? json_loads(text.data, 0, NULL) : json_object();
    if (status == HEAN_OK && !json_is_object(snapshot))
        status = base_fail(error, HEAN_E_CORRUPT, "the snapshot in the store is no JSON object");
    if (status == HEAN_OK) {
        if (!fresh)
            (void)json_array_clear(self->taken);
        json_object_foreach(self->portfolio, id, row)(void) json_array_append(portfolio, row);
        whole = json_pack("{s:O, s:O, s:O, s:o, s:o}", "snapshot", snapshot, "portfolio", portfolio,
                          "failures", self->failures, "gaps", find_gaps(snapshot), "limits",
                          make_limits(self->taken));
        written = json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(whole);
        if (written != NULL)
            base_buffer_append(out, written, strlen(written));
        if (written == NULL || out->failed)
            status = base_fail(error, HEAN_E_NO_MEMORY, "prompt: out of memory");
        free(written);
    }
    json_decref(portfolio);
    json_decref(snapshot);
    base_buffer_deinit(&text);
    return status;
}

hean_status llm_input(store *from, bool fresh, base_buffer *out, hean_error *error)
{
    gathering self = {json_object(), json_array(), json_array()};
    hean_status status = store_each_process(from, NULL, add_process, &self, error);

    if (status == HEAN_OK)
        status = store_each_run(from, NULL, NULL, 0, add_run, &self, error);
    if (status == HEAN_OK)
        status = write_input(from, &self, fresh, out, error);
    json_decref(self.portfolio);
    json_decref(self.failures);
    json_decref(self.taken);
    return status;
}
