/*
 * process_decide.c: hands every process and its runs to a policy in the jail, and keeps what it
 * decided. The number of trials that ever were comes from the store, not from the policy.
 */
#include "process_private.h"

#include <script/script.h>

#include <string.h>

typedef struct decide {
    store *store;
    const char *policy;
    int64_t now_ns;
    base_buffer lines;
    uint64_t started, runs;
    hean_error error;
} decide;

/* ---- the input ---- */

typedef struct line {
    decide *owner;
    bool comma;
} line;

static hean_status write_run(void *context, const store_run *run, hean_error *error)
{
    line *self = context;
    base_json json;

    (void)error;
    if (run->finished_ns == 0)
        return HEAN_OK; /* nothing is known of it yet */
    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_text(&json, "run_id", run->run);
    base_json_text(&json, "process_id", run->process);
    base_json_time(&json, "started_at", run->started_ns);
    base_json_text(&json, "status", run->status);
    base_json_scaled(&json, "capital_allocated_usd", run->capital_e8, 8);
    base_buffer_printf(&json.buffer, ",\"metrics\":%s}", run->metrics);
    base_buffer_printf(&self->owner->lines, "%s", self->comma ? "," : "");
    base_buffer_append(&self->owner->lines, json.buffer.data, json.buffer.length);
    self->comma = true;
    self->owner->runs++;
    base_buffer_deinit(&json.buffer);
    return HEAN_OK;
}

/* What the definition declares, whatever is remembered: its type, and what a run may lose, which
 * the risk gate keeps. */
static void declare(json_t *entry, const factory_definition *definition)
{
    int64_t limit_e8;

    (void)json_object_set_new(entry, "type", json_string(factory_type_text(definition->type)));
    for (size_t i = 0; i < definition->step_count; i++) {
        const factory_step *step = &definition->steps[i];
        json_t *params;
        if (step->function == NULL || strcmp(step->function, "trade") != 0)
            continue;
        params = json_loads(step->params_json, 0, NULL);
        if (process_loss_limit(params, &limit_e8, NULL) == HEAN_OK)
            (void)json_object_set_new(entry, "loss_limit",
                                      json_real((double)limit_e8 / (double)BASE_E8));
        json_decref(params);
    }
}

/* What the policy said of it last time goes back to it: its entry has its own memory. */
static void write_entry(decide *self, const char *id, const char *state, const char *remembered,
                        const factory_definition *definition)
{
    json_t *entry = remembered != NULL ? json_loads(remembered, 0, NULL) : NULL;
    char *text;

    if (!json_is_object(entry)) {
        json_decref(entry);
        entry = json_object();
    }
    (void)json_object_set_new(entry, "process_id", json_string(id));
    (void)json_object_set_new(entry, "state", json_string(state));
    declare(entry, definition);
    text = json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    base_buffer_printf(&self->lines, "{\"entry\":%s,\"runs\":[", text != NULL ? text : "{}");
    free(text);
    json_decref(entry);
}

static hean_status write_process(void *context, const store_process *process, hean_error *error)
{
    decide *self = context;
    line runs = {self, false};
    factory_definition *definition;
    base_buffer memory;
    hean_status status =
        process_definition_read(process->id, process->definition, &definition, error);

    if (status != HEAN_OK)
        return status;
    self->started++;
    base_buffer_init(&memory, base_allocator_default());
    status = process_document(self->store, "entry", process->id, &memory, NULL, NULL);
    write_entry(self, process->id, process->state, status == HEAN_OK ? memory.data : NULL,
                definition);
    base_buffer_deinit(&memory);
    factory_definition_close(definition);
    status = store_each_run(self->store, NULL, process->id, 0, write_run, &runs, error);
    base_buffer_printf(&self->lines, "]}\n");
    return status;
}

/* ---- what was decided ---- */

static hean_status keep_decision(decide *self, const json_t *decision, hean_error *error)
{
    const char *id = json_string_value(json_object_get(decision, "process_id"));
    const char *state = json_string_value(json_object_get(decision, "state"));
    double weight = json_number_value(json_object_get(decision, "weight"));
    char *reasons =
        json_dumps(json_object_get(decision, "reasons"), JSON_COMPACT | JSON_REAL_PRECISION(15));
    char *entry = json_dumps(json_object_get(decision, "entry"),
                             JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    process_row row = {0};
    hean_status status;

    if (id == NULL || state == NULL || reasons == NULL || entry == NULL) {
        free(entry);
        free(reasons);
        return base_fail(error, HEAN_E_SCRIPT,
                         "%s: a decision without process_id, state, reasons and entry",
                         self->policy);
    }
    status = process_row_get(self->store, id, &row, error);
    /* KILLED is final: somebody may have rejected it while the policy was thinking. */
    if (status == HEAN_OK && strcmp(row.state, "KILLED") == 0)
        state = row.state, weight = 0;
    if (status == HEAN_OK && (strcmp(row.state, state) != 0 || row.weight != weight)) {
        store_decision made = {.process = id,
                               .policy = self->policy,
                               .from_state = row.state,
                               .to_state = state,
                               .reasons = reasons,
                               .weight = weight,
                               .decided_ns = self->now_ns};
        store_process next = {.id = id,
                              .definition = row.definition,
                              .source = row.source,
                              .state = state,
                              .weight = weight,
                              .enabled = row.enabled,
                              .created_ns = row.created_ns,
                              .updated_ns = self->now_ns};
        status = store_decision_add(self->store, &made, error);
        if (status == HEAN_OK)
            status = store_process_set(self->store, &next, error);
    }
    if (status == HEAN_OK) {
        store_document memory = {
            .kind = "entry", .key = id, .text = entry, .made_ns = self->now_ns};
        status = store_document_put(self->store, &memory, true, NULL, error);
    }
    process_row_deinit(&row);
    free(entry);
    free(reasons);
    return status;
}

static hean_status keep_decisions(store *to, void *context, hean_error *error)
{
    decide *self = context;
    const char *at = self->lines.data; /* the decisions by now */
    hean_status status = HEAN_OK;

    (void)to;
    while (status == HEAN_OK && at != NULL && *at != 0) {
        const char *end = strchr(at, '\n');
        size_t bytes = end != NULL ? (size_t)(end - at) : strlen(at);
        json_t *decision = json_loadb(at, bytes, 0, NULL);
        status = keep_decision(self, decision, error);
        json_decref(decision);
        at += bytes + (end != NULL);
    }
    return status;
}

hean_status process_decide(store *kept, const char *policy, int64_t now_ns, volatile int *stop,
                           base_buffer *out, hean_error *error)
{
    decide self = {.store = kept, .policy = policy != NULL ? policy : "guarded", .now_ns = now_ns};
    script_policy_call call = {
        .file = self.policy, .input_name = "store", .now_ns = now_ns, .stop = stop};
    uint64_t trials = 0;
    size_t mark = out->length;
    hean_status status;

    call.source = script_policy_find(self.policy, &call.source_bytes);
    if (call.source == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "there is no policy %s", self.policy);
    base_buffer_init(&self.lines, base_allocator_default());
    status = store_each_process(kept, NULL, write_process, &self, error);
    if (status == HEAN_OK)
        status = store_trial_count(kept, NULL, &trials, error);
    if (status == HEAN_OK && self.lines.failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "decide: out of memory");
    if (status == HEAN_OK && self.started > 0) {
        call.input = self.lines.data;
        call.input_bytes = self.lines.length;
        call.started = self.started;
        call.trials = trials > self.started ? trials : self.started;
        status = script_policy_run(&call, out, error);
    }
    if (status == HEAN_OK) {
        self.lines.length = 0;
        base_buffer_append(&self.lines, out->data != NULL ? out->data + mark : "",
                           out->length - mark);
        status = store_transaction(kept, keep_decisions, &self, error);
    }
    base_buffer_deinit(&self.lines);
    return status;
}
