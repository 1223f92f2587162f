/*
 * process_plan.c: the day's capital by state and weight, and opportunities in one ranking.
 */
#include "process_private.h"

#include <factory/runner.h>
#include <script/embedded.h>
#include <script/script.h>

#include <string.h>

#define RANKING "opportunity_scanner" /* the built-in process whose last step ranks */

typedef struct plan_list {
    plan_process *items; /* behind each id, in the same piece of memory, its state */
    size_t count, capacity;
} plan_list;

static const char *state_of(const plan_process *item)
{
    return item->id + strlen(item->id) + 1;
}

static hean_status add_process(void *context, const store_process *row, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    size_t id_bytes = strlen(row->id) + 1, state_bytes = strlen(row->state) + 1;
    plan_list *list = context;
    factory_definition *definition;
    char *names;
    hean_status status;

    if (!row->enabled)
        return HEAN_OK;
    status = process_definition_read(row->id, row->definition, &definition, error);
    if (status != HEAN_OK)
        return status;
    names = base_alloc(allocator, id_bytes + state_bytes);
    if (names == NULL || !base_grow(allocator, (void **)&list->items, &list->capacity,
                                    list->count + 1, sizeof *list->items)) {
        base_free(allocator, names);
        status = base_fail(error, HEAN_E_NO_MEMORY, "plan: out of memory");
    } else {
        memcpy(names, row->id, id_bytes);
        memcpy(names + id_bytes, row->state, state_bytes);
        list->items[list->count++] = (plan_process){.id = names,
                                                    .part = plan_part_of(row->state),
                                                    .weight = row->weight,
                                                    .max_capital_e8 = definition->max_capital_e8};
    }
    factory_definition_close(definition);
    return status;
}

static void list_deinit(plan_list *list)
{
    const hean_allocator *allocator = base_allocator_default();

    for (size_t i = 0; i < list->count; i++)
        base_free(allocator, (void *)list->items[i].id);
    base_free(allocator, list->items);
}

/* ---- opportunities ---- */

typedef struct ranking {
    volatile int *stop;
} ranking;

static int64_t op_now(void *context)
{
    (void)context;
    return 0;
}

static hean_status op_none(void *context, const factory_step *step, int64_t deadline_ns,
                           base_buffer *out, hean_error *error)
{
    (void)context;
    (void)deadline_ns;
    (void)out;
    return base_fail(error, HEAN_E_UNSUPPORTED, "%s asks the venue, which a plan does not",
                     step->step_id);
}

static hean_status op_compute(void *context, const factory_step *step, const char *input,
                              size_t input_bytes, int64_t deadline_ns, base_buffer *out,
                              hean_error *error)
{
    const ranking *self = context;
    const script_embedded *file;
    char path[160];

    (void)snprintf(path, sizeof path, "lua/hean/compute/%.100s.lua", step->function);
    file = script_embedded_find(path);
    if (file == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "there is no function %s", step->function);
    script_compute_call call = {.file = path,
                                .source = file->text,
                                .source_bytes = file->bytes,
                                .input = input,
                                .input_bytes = input_bytes,
                                .deadline_ns = deadline_ns,
                                .stop = self->stop};
    return script_compute_run(&call, out, error);
}

static hean_status op_wait(void *context, int64_t nanoseconds, hean_error *error)
{
    (void)context;
    (void)nanoseconds;
    (void)error;
    return HEAN_OK;
}

/* Appends the ranked list as JSON; "[]" where there is no snapshot to look at. */
static hean_status rank(store *from, int64_t now_ns, volatile int *stop, base_buffer *out,
                        hean_error *error)
{
    ranking self = {stop};
    runner_ops ops = {&self, op_now, op_none, op_compute, op_wait, NULL, NULL};
    runner_result result = {0};
    factory_definition *definition = NULL;
    process_row row = {0};
    base_buffer snapshot, environment;
    json_t *state = NULL;
    char *text = NULL;
    hean_status status;

    base_buffer_init(&snapshot, base_allocator_default());
    base_buffer_init(&environment, base_allocator_default());
    status = process_document(from, "snapshot", NULL, &snapshot, NULL, error);
    if (status == HEAN_E_NOT_FOUND)
        base_buffer_append(&snapshot, "{}", 2);
    if (status == HEAN_OK || status == HEAN_E_NOT_FOUND)
        status = process_row_get(from, RANKING, &row, error);
    if (status == HEAN_OK)
        status = process_definition_read(RANKING, row.definition, &definition, error);
    if (status == HEAN_OK)
        status = process_environment(from, snapshot.data, NULL, now_ns, &environment, error);
    if (status == HEAN_OK)
        status = runner_run(base_allocator_default(), definition, environment.data, NULL, &ops,
                            &result, error);
    if (status == HEAN_OK && result.status != RUNNER_COMPLETED)
        status = base_fail(error, HEAN_E_SCRIPT, "plan: %s", result.error);
    if (status == HEAN_OK) {
        const json_t *step;
        state = json_loads(result.state, 0, NULL);
        step = json_object_get(json_object_get(state, "steps"), "rank");
        step = json_object_get(json_object_get(step, "output"), "outputs");
        text = json_dumps(json_object_get(step, "ranked"),
                          JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    }
    /* A Lua table without members is an object in JSON. */
    base_buffer_printf(out, "%s", text != NULL && text[0] == '[' ? text : "[]");
    free(text);
    json_decref(state);
    runner_result_deinit(base_allocator_default(), &result);
    factory_definition_close(definition);
    process_row_deinit(&row);
    base_buffer_deinit(&environment);
    base_buffer_deinit(&snapshot);
    return status;
}

/* ---- the plan ---- */

static void write_totals(base_json *json, const plan_totals *totals)
{
    base_json_scaled(json, "total", totals->total_e8, 8);
    base_json_scaled(json, "reserve", totals->reserve_e8, 8);
    base_json_scaled(json, "active", totals->active_e8, 8);
    base_json_scaled(json, "experimental", totals->experimental_e8, 8);
    base_json_scaled(json, "active_left", totals->active_left_e8, 8);
    base_json_scaled(json, "experimental_left", totals->experimental_left_e8, 8);
}

static void write_allocations(base_json *json, const plan_list *list)
{
    base_json_array(json, "allocations");
    for (size_t i = 0; i < list->count; i++) {
        base_json_object(json, NULL);
        base_json_text(json, "process_id", list->items[i].id);
        base_json_text(json, "state", state_of(&list->items[i]));
        base_json_real(json, "weight", list->items[i].weight);
        base_json_scaled(json, "amount", list->items[i].allocated_e8, 8);
        base_json_whole(json, "amount_e8", list->items[i].allocated_e8);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

hean_status process_plan(store *kept, const plan_rules *rules, int64_t total_e8, int64_t now_ns,
                         volatile int *stop, base_buffer *out, hean_error *error)
{
    plan_list list = {0};
    plan_totals totals;
    base_json json;
    char day[16];
    size_t mark = out->length;
    hean_status status = store_each_process(kept, NULL, add_process, &list, error);

    process_day_text(now_ns, day);
    if (status == HEAN_OK)
        status = plan_divide(rules, total_e8, list.items, list.count, &totals, error);
    base_json_init(&json, base_allocator_default());
    if (status == HEAN_OK) {
        base_json_object(&json, NULL);
        base_json_text(&json, "date", day);
        write_totals(&json, &totals);
        write_allocations(&json, &list);
        base_buffer_printf(&json.buffer, ",\"opportunities\":");
        status = rank(kept, now_ns, stop, &json.buffer, error);
        base_buffer_printf(&json.buffer, "}");
        base_buffer_append(out, json.buffer.data, json.buffer.length);
        if (status == HEAN_OK && (json.buffer.failed || out->failed))
            status = base_fail(error, HEAN_E_NO_MEMORY, "plan: out of memory");
    }
    if (status == HEAN_OK) {
        store_document document = {
            .kind = "plan", .key = day, .text = out->data + mark, .made_ns = now_ns};
        status = store_document_put(kept, &document, true, NULL, error);
    }
    base_buffer_deinit(&json.buffer);
    list_deinit(&list);
    return status;
}
