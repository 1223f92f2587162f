/*
 * process_run.c: one run of one process (D1 to D4 of host/process.h): its daily key, its steps, and
 * what came of it.
 */
#include "process_private.h"

#include <factory/runner.h>
#include <host/scan.h>
#include <host/venue_call.h>
#include <script/embedded.h>
#include <script/script.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#define FORCED_MAX     1000 /* runs of a process in one day */
#define RECV_WINDOW_MS 5000

typedef struct process_run {
    const process_run_options *options;
    store *store;
    factory_definition *definition;
    char run[STORE_RUN_BYTES], daily_key[160];
    int64_t capital_e8;
    bool repeated;
    /* of the row, as it is now */
    char *status, *state, *metrics, *error;
    int64_t started_ns, finished_ns;
    int64_t clock_ns; /* the clock's time at options.now_ns */
    int lock;         /* process_lock_take; -1: not held */
    venue_call *call; /* opened by the first API_CALL */
    keys *keys;
} process_run;

/* ---- what steps do to the world ---- */

static int64_t op_now(void *context)
{
    (void)context;
    return base_clock_wall_ns();
}

static hean_status open_call(process_run *self, hean_error *error)
{
    const config_venue *asked = &self->options->config->venue;
    venue_call_options options = {
        .venue = asked, .recv_window_ms = RECV_WINDOW_MS, .stop = self->options->stop};
    int64_t offset_ns, round_trip_ns;
    hean_status status;

    if (self->call != NULL)
        return HEAN_OK;
    if (asked->source != CONFIG_SOURCE_BYBIT)
        return base_fail(error, HEAN_E_UNSUPPORTED,
                         "API_CALL needs a venue that can be asked: venue.source = \"bybit\"");
    if (keys_load(asked->credentials_file, &self->keys, NULL) != HEAN_OK)
        self->keys = NULL; /* public endpoints only */
    options.keys = self->keys;
    status = venue_call_open(&options, &self->call, error);
    if (status == HEAN_OK)
        status = venue_call_clock(self->call, &offset_ns, &round_trip_ns, error);
    return status;
}

static hean_status add_query(bybit_request *request, const json_t *query, hean_error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)query, key, value)
    {
        if (!json_is_string(value) ||
            bybit_query_add(request, key, json_string_value(value)) != HEAN_OK)
            return base_fail(error, HEAN_E_INVALID, "params.query.%s: expected a short text", key);
    }
    return HEAN_OK;
}

static hean_status op_call(void *context, const factory_step *step, int64_t deadline_ns,
                           base_buffer *out, hean_error *error)
{
    process_run *self = context;
    bybit_request request;
    json_t *params = json_loads(step->params_json, 0, NULL);
    int route = 0;
    hean_status status;

    (void)deadline_ns; /* the call's own timeouts are shorter */
    while (route < BYBIT_ROUTE_COUNT &&
           (strcmp(bybit_route_get((bybit_route)route)->path, step->endpoint) != 0 ||
            strcmp(bybit_route_get((bybit_route)route)->method, "GET") != 0))
        route++;
    if (route == BYBIT_ROUTE_COUNT) {
        json_decref(params);
        return base_fail(error, HEAN_E_UNSUPPORTED, "%s is not a question that this host knows",
                         step->endpoint);
    }
    bybit_request_init(&request, (bybit_route)route);
    status = add_query(&request, json_object_get(params, "query"), error);
    json_decref(params);
    if (status == HEAN_OK)
        status = open_call(self, error);
    return status == HEAN_OK ? venue_call_read(self->call, &request, out, error) : status;
}

static hean_status op_compute(void *context, const factory_step *step, const char *input,
                              size_t input_bytes, int64_t deadline_ns, base_buffer *out,
                              hean_error *error)
{
    process_run *self = context;
    const script_embedded *file;
    char path[160];

    if (strcmp(step->function, "trade") == 0) {
        process_trade trade = {.run = self->run,
                               .process = self->definition->id,
                               .params_json = step->params_json,
                               .capital_e8 = self->capital_e8,
                               .now_ns = self->started_ns, /* also when it is taken up later */
                               .stop = self->options->stop,
                               .log = self->options->log};
        return process_trade_run(self->store, &trade, out, error);
    }
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
                                .stop = self->options->stop};
    return script_compute_run(&call, out, error);
}

static hean_status op_wait(void *context, int64_t nanoseconds, hean_error *error)
{
    const process_run *self = context;

    while (nanoseconds > 0) {
        int64_t piece_ns = nanoseconds < BASE_NS_PER_S / 10 ? nanoseconds : BASE_NS_PER_S / 10;
        struct timespec pause = {.tv_nsec = piece_ns};
        if (self->options->stop != NULL && *self->options->stop != 0)
            return base_fail(error, HEAN_E_INTERRUPTED, "run %s: interrupted", self->run);
        (void)nanosleep(&pause, NULL);
        nanoseconds -= piece_ns;
    }
    return HEAN_OK;
}

typedef struct answer_search {
    const char *step;
    bool found;
    base_buffer *out;
} answer_search;

static hean_status look_for_answer(void *context, const store_task *task, hean_error *error)
{
    answer_search *search = context;

    (void)error;
    if (strcmp(task->step, search->step) == 0 && task->done_ns > 0) {
        search->found = true;
        base_buffer_append(search->out, task->answer, strlen(task->answer));
    }
    return HEAN_OK;
}

static hean_status op_ask(void *context, const factory_step *step, bool *answered,
                          base_buffer *answer, hean_error *error)
{
    process_run *self = context;
    answer_search search = {step->step_id, false, answer};
    json_t *params = json_loads(step->params_json, 0, NULL);
    store_task task = {.run = self->run,
                       .process = self->definition->id,
                       .step = step->step_id,
                       .instructions = json_string_value(json_object_get(params, "instructions")),
                       .created_ns = self->options->now_ns};
    hean_status status = store_task_add(self->store, &task, error);

    json_decref(params);
    if (status == HEAN_OK)
        status = store_each_task(self->store, self->run, false, look_for_answer, &search, error);
    if (status == HEAN_OK)
        *answered = search.found;
    return status;
}

static store_run row_of(const process_run *self, const char *status, const char *state,
                        const char *metrics, const char *why, int64_t finished_ns)
{
    return (store_run){.run = self->run,
                       .process = self->options->id,
                       .daily_key = self->daily_key,
                       .mode = "sandbox",
                       .status = status,
                       .started_ns = self->started_ns,
                       .finished_ns = finished_ns,
                       .capital_e8 = self->capital_e8,
                       .metrics = metrics,
                       .outputs = state,
                       .error = why};
}

static hean_status op_keep(void *context, const char *state, size_t bytes, hean_error *error)
{
    const process_run *self = context;
    store_run row = row_of(self, "RUNNING", state, "{}", "", 0);

    (void)bytes;
    return store_run_set(self->store, &row, error);
}

/* ---- the key ---- */

static hean_status copy_run(void *context, const store_run *row, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    process_run *self = context;

    base_free(allocator, self->status);
    base_free(allocator, self->state);
    base_free(allocator, self->metrics);
    base_free(allocator, self->error);
    self->status = host_text_copy(allocator, row->status);
    self->state = host_text_copy(allocator, row->outputs);
    self->metrics = host_text_copy(allocator, row->metrics);
    self->error = host_text_copy(allocator, row->error);
    self->started_ns = row->started_ns;
    self->finished_ns = row->finished_ns;
    self->capital_e8 = row->capital_e8;
    (void)base_text_copy(self->daily_key, sizeof self->daily_key, row->daily_key);
    if (self->status == NULL || self->state == NULL || self->metrics == NULL || self->error == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "run: out of memory");
    return HEAN_OK;
}

/* Begins the run of the day, or finds the one that is there (D1). */
static hean_status take_key(process_run *self, hean_error *error)
{
    const process_run_options *options = self->options;
    char day[16], existing[STORE_RUN_BYTES];
    hean_status status = HEAN_OK;
    bool began = false;

    process_day_text(options->now_ns, day);
    for (int number = 1; status == HEAN_OK && !began && number <= FORCED_MAX; number++) {
        store_run row;
        char suffix[16] = "";
        if (number > 1)
            (void)snprintf(suffix, sizeof suffix, ".%d", number);
        (void)snprintf(self->run, sizeof self->run, "%.64s.%s%s", options->id, day, suffix);
        (void)snprintf(self->daily_key, sizeof self->daily_key, "%.64s:%s%s", options->id, day,
                       suffix);
        row = row_of(self, "RUNNING", "{}", "{}", "", 0);
        status = store_run_begin(self->store, &row, &began, existing, error);
        if (status == HEAN_OK && !began && !options->force) {
            self->repeated = true;
            memcpy(self->run, existing, sizeof self->run);
            break;
        }
    }
    if (status == HEAN_OK && !began && !self->repeated)
        status = base_fail(error, HEAN_E_LIMIT, "%s: more than %d runs in one day", options->id,
                           FORCED_MAX);
    if (status == HEAN_OK)
        status = process_lock_take(self->store, self->run, &self->lock, error);
    /* As it is now: who held the lock before may have gone on, or ended it. */
    if (status == HEAN_OK)
        status = store_each_run(self->store, self->run, NULL, 0, copy_run, self, error);
    /* Who began it and who got to work on it need not be the same: one of them has made it. */
    if (status == HEAN_OK)
        self->repeated = self->lock < 0 || self->finished_ns > 0 || strcmp(self->state, "{}") != 0;
    return status;
}

/* ---- before it ---- */

static hean_status check_process(const process_row *row, const char *id, hean_error *error)
{
    if (!row->enabled)
        return base_fail(error, HEAN_E_GATE, "%s is not approved: hean process approve %s", id, id);
    if (strcmp(row->state, "PAUSED") == 0 || strcmp(row->state, "KILLED") == 0)
        return base_fail(error, HEAN_E_STATE, "%s is %s and does not run", id, row->state);
    return HEAN_OK;
}

static hean_status check_snapshot(store *from, int64_t now_ns, base_buffer *out, hean_error *error)
{
    int64_t made_ns = 0;
    hean_status status = process_document(from, "snapshot", NULL, out, &made_ns, error);

    if (status == HEAN_E_NOT_FOUND)
        return base_fail(error, status, "there is no snapshot yet: hean process scan takes one");
    if (status == HEAN_OK && now_ns - made_ns > SCAN_STALE_NS)
        return base_fail(error, HEAN_E_STATE,
                         "the snapshot is %.1f hours old, more than 24: hean process scan takes a "
                         "new one",
                         (double)(now_ns - made_ns) / 3.6e12);
    return status;
}

/* The newest plan's allocation, in e8; 0: none. */
static int64_t planned_e8(store *from, const char *id)
{
    base_buffer text;
    json_t *plan = NULL, *entry;
    const json_t *list;
    int64_t amount_e8 = 0;
    size_t i;

    base_buffer_init(&text, base_allocator_default());
    if (process_document(from, "plan", NULL, &text, NULL, NULL) == HEAN_OK)
        plan = json_loads(text.data, 0, NULL);
    list = json_object_get(plan, "allocations");
    json_array_foreach(list, i, entry)
    {
        const char *process = json_string_value(json_object_get(entry, "process_id"));
        if (process != NULL && strcmp(process, id) == 0)
            amount_e8 = json_integer_value(json_object_get(entry, "amount_e8"));
    }
    json_decref(plan);
    base_buffer_deinit(&text);
    return amount_e8;
}

static void choose_capital(process_run *self)
{
    int64_t most_e8 = self->definition->max_capital_e8;

    self->capital_e8 = self->options->capital_e8;
    if (self->capital_e8 == 0)
        self->capital_e8 = planned_e8(self->store, self->options->id);
    if (self->capital_e8 == 0 || self->capital_e8 > most_e8)
        self->capital_e8 = most_e8;
}

/* ---- the run ---- */

/* Now, where the caller says what time it was when it called. */
static int64_t now_of(const process_run *self)
{
    return self->options->now_ns + (base_clock_monotonic_ns() - self->clock_ns);
}

static hean_status run_steps(process_run *self, const char *environment, hean_error *error)
{
    runner_ops ops = {self, op_now, op_call, op_compute, op_wait, op_ask, op_keep};
    runner_result result = {0};
    hean_status status = runner_run(base_allocator_default(), self->definition, environment,
                                    self->state, &ops, &result, error);

    if (status != HEAN_OK)
        return status; /* the row stays RUNNING: the next call takes it up */
    store_run row = row_of(self, runner_status_text(result.status), result.state, result.metrics,
                           result.error, result.status == RUNNER_PENDING ? 0 : now_of(self));
    status = store_run_set(self->store, &row, error);
    if (status == HEAN_OK)
        status = store_each_run(self->store, self->run, NULL, 0, copy_run, self, error);
    runner_result_deinit(base_allocator_default(), &result);
    return status;
}

static void write_json(base_buffer *out, const char *key, const char *text)
{
    base_buffer_printf(out, ",\"%s\":%s", key, text != NULL && text[0] != 0 ? text : "{}");
}

static hean_status write_run(const process_run *self, base_buffer *out, hean_error *error)
{
    base_json json;

    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_text(&json, "run_id", self->run);
    base_json_text(&json, "process_id", self->options->id);
    base_json_text(&json, "daily_key", self->daily_key);
    base_json_text(&json, "status", self->status);
    base_json_bool(&json, "repeated", self->repeated);
    base_json_time(&json, "started_at", self->started_ns);
    if (self->finished_ns > 0)
        base_json_time(&json, "finished_at", self->finished_ns);
    base_json_scaled(&json, "capital_allocated_usd", self->capital_e8, 8);
    if (self->error[0] != 0)
        base_json_text(&json, "error", self->error);
    write_json(&json.buffer, "metrics", self->metrics);
    write_json(&json.buffer, "outputs", self->state);
    base_json_object_end(&json);
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    bool failed = json.buffer.failed || out->failed;
    base_buffer_deinit(&json.buffer);
    return failed ? base_fail(error, HEAN_E_NO_MEMORY, "run: out of memory") : HEAN_OK;
}

/* A run of the day that has ended is an answer whatever the snapshot is by now. */
static hean_status find_ended(process_run *self, hean_error *error)
{
    char day[16];
    hean_status status;

    if (self->options->force)
        return HEAN_OK;
    process_day_text(self->options->now_ns, day);
    (void)snprintf(self->run, sizeof self->run, "%.64s.%s", self->options->id, day);
    status = store_each_run(self->store, self->run, NULL, 0, copy_run, self, error);
    self->repeated = status == HEAN_OK && self->finished_ns > 0;
    return status;
}

static hean_status go(process_run *self, hean_error *error)
{
    const process_run_options *options = self->options;
    base_buffer snapshot, environment;
    hean_status status;

    base_buffer_init(&snapshot, base_allocator_default());
    base_buffer_init(&environment, base_allocator_default());
    status = find_ended(self, error);
    if (status == HEAN_OK && self->repeated)
        goto cleanup;
    if (status == HEAN_OK)
        status = check_snapshot(self->store, options->now_ns, &snapshot, error);
    if (status == HEAN_OK)
        status = process_environment(self->store, snapshot.data, options->inputs, options->now_ns,
                                     &environment, error);
    if (status == HEAN_OK)
        status = take_key(self, error);
    if (status == HEAN_OK && self->finished_ns == 0 && self->lock >= 0)
        status = run_steps(self, environment.data, error);
cleanup:
    base_buffer_deinit(&environment);
    base_buffer_deinit(&snapshot);
    return status;
}

hean_status process_run_once(store *kept, const process_run_options *options, base_buffer *out,
                             hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    process_run self = {.options = options,
                        .store = kept,
                        .started_ns = options->now_ns,
                        .clock_ns = base_clock_monotonic_ns(),
                        .lock = -1};
    process_row row;
    hean_status status = process_row_get(kept, options->id, &row, error);

    if (status != HEAN_OK)
        return status;
    status = check_process(&row, options->id, error);
    if (status == HEAN_OK)
        status = process_definition_read(options->id, row.definition, &self.definition, error);
    if (status == HEAN_OK) {
        choose_capital(&self);
        status = go(&self, error);
    }
    if (status == HEAN_OK)
        status = write_run(&self, out, error);
    process_lock_release(self.lock);
    venue_call_close(self.call);
    keys_close(self.keys);
    base_free(allocator, self.status);
    base_free(allocator, self.state);
    base_free(allocator, self.metrics);
    base_free(allocator, self.error);
    factory_definition_close(self.definition);
    process_row_deinit(&row);
    return status;
}
