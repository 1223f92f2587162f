/*
 * runner.c: what comes next in a run (U1, U2 of factory/runner.h).
 */
#include <factory/runner.h>

#include <jansson.h>
#include <string.h>

#define BACKOFF_NS     BASE_NS_PER_S
#define BACKOFF_NS_MAX (30 * BASE_NS_PER_S)
#define HOUR_NS        (3600 * BASE_NS_PER_S)

const char *runner_status_text(runner_status status)
{
    static const char *const texts[] = {"COMPLETED", "FAILED", "PENDING"};
    return texts[status];
}

typedef struct run {
    const hean_allocator *allocator;
    const factory_definition *definition;
    const runner_ops *ops;
    json_t *environment;
    json_t *state, *steps, *opportunities, *metrics; /* the latter three are borrowed from state */
    int64_t begin_ns;
    bool failed, waiting;
    char why[300];
} run;

/* ---- state ---- */

static const char *state_of(const run *self, size_t index)
{
    const json_t *step = json_object_get(self->steps, self->definition->steps[index].step_id);
    const char *text = json_string_value(json_object_get(step, "state"));
    return text != NULL ? text : "";
}

static bool is_done(const run *self, size_t index)
{
    return strcmp(state_of(self, index), "done") == 0;
}

static bool is_ready(const run *self, size_t index)
{
    uint32_t depends_on = self->definition->steps[index].depends_on;

    for (size_t i = 0; i < self->definition->step_count; i++) {
        if ((depends_on >> i & 1) != 0 && !is_done(self, i))
            return false;
    }
    return true;
}

static hean_status no_memory(hean_error *error)
{
    return base_fail(error, HEAN_E_NO_MEMORY, "run: out of memory");
}

static hean_status keep(run *self, hean_error *error)
{
    char *text;
    hean_status status;

    if (self->ops->keep == NULL)
        return HEAN_OK;
    text = json_dumps(self->state, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    if (text == NULL)
        return no_memory(error);
    status = self->ops->keep(self->ops->context, text, strlen(text), error);
    free(text);
    return status;
}

/* Takes `output` over; NULL: none. */
static hean_status set_step(run *self, const factory_step *step, const char *state, int tries,
                            json_t *output, const char *why, hean_error *error)
{
    json_t *made = json_pack("{s:s, s:i}", "state", state, "tries", tries);
    int code = made == NULL ? -1 : 0;

    if (code == 0 && output != NULL)
        code = json_object_set(made, "output", output);
    if (code == 0 && why != NULL)
        code = json_object_set_new(made, "error", json_string(why));
    json_decref(output);
    if (code == 0)
        code = json_object_set(self->steps, step->step_id, made);
    json_decref(made);
    return code == 0 ? keep(self, error) : no_memory(error);
}

/* What a step gave to the whole run. */
static hean_status gather(run *self, const json_t *output, hean_error *error)
{
    const json_t *metrics = json_object_get(output, "metrics");
    const json_t *found = json_object_get(output, "opportunities");
    const char *key;
    json_t *value;
    size_t index;

    json_object_foreach((json_t *)metrics, key, value)
    {
        if (json_is_number(value) && json_object_set(self->metrics, key, value) != 0)
            return no_memory(error);
    }
    json_array_foreach(found, index, value)
    {
        if (json_is_object(value) && json_array_append(self->opportunities, value) != 0)
            return no_memory(error);
    }
    return HEAN_OK;
}

/* ---- steps ---- */

/* What a COMPUTE step sees. NULL: out of memory. */
static char *input_of(const run *self, const factory_step *step)
{
    json_t *input = json_copy(self->environment);
    json_t *params = json_loads(step->params_json, 0, NULL), *outputs = json_object();
    const char *key;
    json_t *value;
    char *text = NULL;

    json_object_foreach(self->steps, key, value)
    {
        json_t *output = json_object_get(value, "output");
        if (output != NULL && json_object_set(outputs, key, output) != 0)
            goto cleanup;
    }
    if (input != NULL && params != NULL && json_object_set(input, "params", params) == 0 &&
        json_object_set(input, "steps", outputs) == 0 &&
        json_object_set(input, "opportunities", self->opportunities) == 0)
        text = json_dumps(input, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
cleanup:
    json_decref(input);
    json_decref(params);
    json_decref(outputs);
    return text;
}

static hean_status try_once(run *self, const factory_step *step, base_buffer *out,
                            hean_error *error)
{
    const runner_ops *ops = self->ops;
    int64_t deadline_ns = step->timeout_s * BASE_NS_PER_S;
    hean_status status;
    char *input;

    if (step->kind == FACTORY_API_CALL)
        return ops->api_call(ops->context, step, deadline_ns, out, error);
    input = input_of(self, step);
    if (input == NULL)
        return no_memory(error);
    status = ops->compute(ops->context, step, input, strlen(input), deadline_ns, out, error);
    free(input);
    return status;
}

static json_t *parse_object(const char *text, size_t bytes, const char *what, hean_error *error)
{
    json_error_t where;
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where);

    if (json_is_object(value))
        return value;
    (void)base_fail(error, HEAN_E_PARSE, "%s: expected a JSON object%s%s", what,
                    value == NULL ? ": " : "", value == NULL ? where.text : "");
    json_decref(value);
    return NULL;
}

static int64_t backoff_ns(int tries)
{
    int64_t wait_ns = BACKOFF_NS;

    while (--tries > 0 && wait_ns < BACKOFF_NS_MAX)
        wait_ns *= 2;
    return wait_ns < BACKOFF_NS_MAX ? wait_ns : BACKOFF_NS_MAX;
}

static hean_status fail_step(run *self, const factory_step *step, int tries,
                             const hean_error *detail, hean_error *error)
{
    self->failed = true;
    (void)snprintf(self->why, sizeof self->why, "step %.60s: %.220s", step->step_id,
                   detail->message);
    return set_step(self, step, "failed", tries, NULL, detail->message, error);
}

/* Lua does not tell an empty list from an empty table. What a function hands out has lists where it
 * may have nothing, and never an empty object. */
static void make_lists(json_t *value)
{
    const char *key;
    json_t *child;
    void *next;
    size_t i;

    json_object_foreach_safe(value, next, key, child)
    {
        if (json_is_object(child) && json_object_size(child) == 0)
            (void)json_object_set_new(value, key, json_array());
        else
            make_lists(child);
    }
    json_array_foreach(value, i, child)
    {
        make_lists(child);
    }
}

static void name_lists(json_t *output)
{
    json_t *found = json_object_get(output, "opportunities");

    make_lists(json_object_get(output, "outputs"));
    if (json_is_object(found) && json_object_size(found) == 0)
        (void)json_object_set_new(output, "opportunities", json_array());
}

/* API_CALL, COMPUTE: with retries. */
static hean_status run_call(run *self, const factory_step *step, hean_error *error)
{
    hean_error detail = {HEAN_OK, ""};
    hean_status status;
    json_t *output = NULL;
    int tries = 0;

    for (;;) {
        base_buffer out;
        base_buffer_init(&out, self->allocator);
        tries++;
        status = try_once(self, step, &out, &detail);
        if (status == HEAN_OK) {
            output =
                parse_object(out.data != NULL ? out.data : "", out.length, "its output", &detail);
            status = output != NULL ? HEAN_OK : HEAN_E_PARSE;
        }
        base_buffer_deinit(&out);
        if (status == HEAN_OK)
            break;
        if (status == HEAN_E_INTERRUPTED || status == HEAN_E_NO_MEMORY)
            return base_fail(error, status, "%s", detail.message);
        if (tries > step->retries)
            return fail_step(self, step, tries, &detail, error);
        status = self->ops->wait(self->ops->context, backoff_ns(tries), error);
        if (status != HEAN_OK)
            return status;
    }
    if (step->kind == FACTORY_COMPUTE)
        name_lists(output);
    status = gather(self, output, error);
    if (status != HEAN_OK) {
        json_decref(output);
        return status;
    }
    return set_step(self, step, "done", tries, output, NULL, error);
}

static hean_status run_task(run *self, const factory_step *step, hean_error *error)
{
    base_buffer answer;
    json_t *output = NULL;
    bool answered = false;
    hean_status status;

    base_buffer_init(&answer, self->allocator);
    status = self->ops->ask(self->ops->context, step, &answered, &answer, error);
    if (status == HEAN_OK && answered) {
        output = json_pack("{s:s}", "answer", answer.data != NULL ? answer.data : "");
        if (output == NULL) /* an answer that is not UTF-8 */
            output = json_pack("{s:s}", "answer", "(not readable)");
    }
    base_buffer_deinit(&answer);
    if (status != HEAN_OK)
        return status;
    self->waiting = self->waiting || !answered;
    return set_step(self, step, answered ? "done" : "asked", 1, output, NULL, error);
}

static hean_status run_step(run *self, const factory_step *step, hean_error *error)
{
    hean_status status;

    switch (step->kind) {
    case FACTORY_WAIT:
        status = self->ops->wait(self->ops->context, step->wait_s * BASE_NS_PER_S, error);
        return status == HEAN_OK ? set_step(self, step, "done", 1, NULL, NULL, error) : status;
    case FACTORY_HUMAN_TASK:
        return run_task(self, step, error);
    case FACTORY_API_CALL:
    case FACTORY_COMPUTE:
    default:
        return run_call(self, step, error);
    }
}

static hean_status run_steps(run *self, hean_error *error)
{
    const factory_definition *definition = self->definition;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < definition->step_count && status == HEAN_OK && !self->failed; i++) {
        size_t index = definition->order[i];
        if (is_done(self, index))
            continue;
        if (is_ready(self, index))
            status = run_step(self, &definition->steps[index], error);
        else
            self->waiting = true; /* for a person, somewhere before it */
    }
    return status;
}

/* ---- the whole ---- */

/* A member of the state, made where it is missing; borrowed. */
static json_t *member(json_t *state, const char *name, bool array)
{
    json_t *there = json_object_get(state, name);

    if (there != NULL && (array ? json_is_array(there) : json_is_object(there)))
        return there;
    if (json_object_set_new(state, name, array ? json_array() : json_object()) != 0)
        return NULL;
    return json_object_get(state, name);
}

static hean_status open_run(run *self, const char *environment, const char *state,
                            hean_error *error)
{
    self->environment = parse_object(environment, strlen(environment), "environment", error);
    if (self->environment == NULL)
        return HEAN_E_PARSE;
    self->state =
        state == NULL ? json_object() : parse_object(state, strlen(state), "state", error);
    if (self->state == NULL)
        return state == NULL ? no_memory(error) : HEAN_E_PARSE;
    self->steps = member(self->state, "steps", false);
    self->metrics = member(self->state, "metrics", false);
    self->opportunities = member(self->state, "opportunities", true);
    if (self->steps == NULL || self->metrics == NULL || self->opportunities == NULL)
        return no_memory(error);
    return HEAN_OK;
}

static char *dump(const hean_allocator *allocator, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15)),
         *copy = NULL;

    if (text != NULL)
        copy = base_alloc(allocator, strlen(text) + 1);
    if (copy != NULL)
        memcpy(copy, text, strlen(text) + 1);
    free(text);
    return copy;
}

static hean_status close_run(run *self, runner_result *out, hean_error *error)
{
    runner_result result = {.status = self->failed    ? RUNNER_FAILED
                                      : self->waiting ? RUNNER_PENDING
                                                      : RUNNER_COMPLETED};
    double hours = (double)(self->ops->now_ns(self->ops->context) - self->begin_ns) / HOUR_NS;
    double before = json_number_value(json_object_get(self->metrics, "time_hours"));

    if (json_object_set_new(self->metrics, "time_hours", json_real(before + hours)) != 0)
        return no_memory(error);
    result.state = dump(self->allocator, self->state);
    result.metrics = dump(self->allocator, self->metrics);
    if (result.state == NULL || result.metrics == NULL) {
        runner_result_deinit(self->allocator, &result);
        return no_memory(error);
    }
    memcpy(result.error, self->why, sizeof result.error);
    *out = result;
    return HEAN_OK;
}

hean_status runner_run(const hean_allocator *allocator, const factory_definition *definition,
                       const char *environment, const char *state, const runner_ops *ops,
                       runner_result *out, hean_error *error)
{
    run self = {.allocator = allocator, .definition = definition, .ops = ops};
    hean_status status;

    self.begin_ns = ops->now_ns(ops->context);
    status = open_run(&self, environment, state, error);
    if (status == HEAN_OK)
        status = run_steps(&self, error);
    if (status == HEAN_OK)
        status = close_run(&self, out, error);
    json_decref(self.state);
    json_decref(self.environment);
    return status;
}

void runner_result_deinit(const hean_allocator *allocator, runner_result *result)
{
    base_free(allocator, result->state);
    base_free(allocator, result->metrics);
    *result = (runner_result){0};
}
