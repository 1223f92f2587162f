/*
 * run_list.c: one line of a list of runs, with every number exactly as written.
 *
 * jansson reads JSON strictly but keeps a fraction as a double. So each number in the line is
 * replaced by its index in a list of the numbers' texts before jansson sees it, and what comes back
 * as an integer is looked up there. Invariant: no digit of a number ever passes through a double.
 */
#include <host/run_list.h>

#include <jansson.h>
#include <string.h>

typedef struct number_text {
    const char *at; /* in the caller's line */
    size_t bytes;
} number_text;

struct run_list {
    const hean_allocator *allocator;
    base_buffer indexed; /* the line with indexes for numbers */
    number_text *numbers;
    size_t count, capacity;
    json_t *root;
};

hean_status run_list_open(const hean_allocator *allocator, run_list **out)
{
    run_list *self = base_alloc(allocator, sizeof *self);

    if (self == NULL)
        return HEAN_E_NO_MEMORY;
    self->allocator = allocator;
    base_buffer_init(&self->indexed, allocator);
    *out = self;
    return HEAN_OK;
}

void run_list_close(run_list *self)
{
    if (self == NULL)
        return;
    json_decref(self->root);
    base_buffer_deinit(&self->indexed);
    base_free(self->allocator, self->numbers);
    base_free(self->allocator, self);
}

/* ---- numbers to indexes ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The end of the JSON number at `at`; NULL if it is none. */
static const char *skip_number(const char *at, const char *end)
{
    const char *digits;

    at += *at == '-';
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return NULL;
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = skip_digits(digits, end);
        if (at == digits)
            return NULL;
    }
    return at;
}

static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at + 1 : end;
}

static hean_status index_number(run_list *self, const char *at, const char *end, const char **stop,
                                hean_error *error)
{
    *stop = skip_number(at, end);
    if (*stop == NULL || (*stop < end && strchr("+-.0123456789", **stop) != NULL)) {
        int shown = end - at < 20 ? (int)(end - at) : 20;
        return base_fail(error, HEAN_E_PARSE, "not JSON: \"%.*s\" does not begin with a number",
                         shown, at);
    }
    if (!base_grow(self->allocator, (void **)&self->numbers, &self->capacity, self->count + 1,
                   sizeof *self->numbers))
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a line");
    self->numbers[self->count] = (number_text){at, (size_t)(*stop - at)};
    base_buffer_printf(&self->indexed, "%zu", self->count++);
    return HEAN_OK;
}

static hean_status index_numbers(run_list *self, const char *line, size_t bytes, hean_error *error)
{
    const char *end = line + bytes;
    const char *stop;

    self->count = 0;
    self->indexed.length = 0;
    for (const char *at = line; at < end; at = stop) {
        hean_status status = HEAN_OK;
        stop = at;
        if (*at == '"') {
            stop = skip_string(at, end);
        } else if (*at == '-' || (*at >= '0' && *at <= '9')) {
            status = index_number(self, at, end, &stop, error);
            if (status != HEAN_OK)
                return status;
            continue;
        } else {
            while (stop < end && *stop != '"' && *stop != '-' && (*stop < '0' || *stop > '9'))
                stop++;
        }
        base_buffer_append(&self->indexed, at, (size_t)(stop - at));
    }
    if (self->indexed.failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a line");
    return HEAN_OK;
}

static hean_status parse(run_list *self, const char *line, size_t bytes, hean_error *error)
{
    json_error_t problem;
    hean_status status = index_numbers(self, line, bytes, error);

    if (status != HEAN_OK)
        return status;
    json_decref(self->root);
    self->root =
        json_loadb(self->indexed.data, self->indexed.length, JSON_REJECT_DUPLICATES, &problem);
    if (self->root == NULL) {
        char *near = strstr(problem.text, " near "); /* an index, not what stands in the line */
        if (near != NULL)
            *near = 0;
        return base_fail(error, HEAN_E_PARSE, "not JSON: %s", problem.text);
    }
    if (!json_is_object(self->root))
        return base_fail(error, HEAN_E_PARSE, "expected a JSON object");
    return HEAN_OK;
}

/* ---- fields ---- */

static const json_t *find(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

/* "NAME: expected WHAT, got ..." */
static hean_status expected(const run_list *self, const json_t *value, const char *name,
                            const char *what, hean_error *error)
{
    const number_text *number;

    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got \"%.60s\"", name, what,
                         json_string_value(value));
    case JSON_INTEGER:
        number = &self->numbers[json_integer_value(value)];
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got %.*s", name, what,
                         number->bytes < 60 ? (int)number->bytes : 60, number->at);
    case JSON_NULL:
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got nothing", name, what);
    case JSON_OBJECT:
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got an object", name, what);
    case JSON_ARRAY:
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got an array", name, what);
    default:
        return base_fail(error, HEAN_E_PARSE, "%s: expected %s, got %s", name, what,
                         json_is_true(value) ? "true" : "false");
    }
}

static hean_status read_text(const run_list *self, const json_t *value, const char *name,
                             const char **out, hean_error *error)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return expected(self, value, name, "a text", error);
    *out = json_string_value(value);
    return HEAN_OK;
}

static hean_status parse_number(const run_list *self, const json_t *value, const char *text,
                                size_t bytes, const char *name, attribution_number *out,
                                hean_error *error)
{
    hean_status status = decimal_parse(text, bytes, &out->value);

    if (status == HEAN_E_RANGE)
        return expected(self, value, name, "a number of at most 18 digits", error);
    if (status != HEAN_OK)
        return expected(self, value, name, "a number", error);
    out->given = true;
    return HEAN_OK;
}

static hean_status read_number(const run_list *self, const json_t *value, const char *name,
                               attribution_number *out, hean_error *error)
{
    const number_text *text;

    if (value == NULL)
        return HEAN_OK;
    if (!json_is_integer(value))
        return expected(self, value, name, "a number", error);
    text = &self->numbers[json_integer_value(value)];
    return parse_number(self, value, text->at, text->bytes, name, out, error);
}

/* The original turned this one into a number, whatever it was. */
static hean_status read_number_or_text(const run_list *self, const json_t *value, const char *name,
                                       attribution_number *out, hean_error *error)
{
    if (json_is_string(value))
        return parse_number(self, value, json_string_value(value), json_string_length(value), name,
                            out, error);
    return read_number(self, value, name, out, error);
}

static hean_status read_time(const run_list *self, const json_t *value, const char *name,
                             int64_t *out, hean_error *error)
{
    hean_status status = HEAN_E_PARSE;

    if (value == NULL)
        return HEAN_OK;
    if (json_is_string(value)) {
        status = base_time_parse(json_string_value(value), json_string_length(value), out);
    } else if (json_is_integer(value)) {
        const number_text *text = &self->numbers[json_integer_value(value)];
        status = base_time_parse(text->at, text->bytes, out);
    }
    if (status != HEAN_OK || *out < 0)
        return expected(self, value, name, "a time such as 2024-08-08T23:54:16Z, from 1970 on",
                        error);
    return HEAN_OK;
}

static hean_status read_status(const run_list *self, const json_t *value, bool *counts,
                               hean_error *error)
{
    static const char *const others[] = {"PENDING", "RUNNING", "KILLED", "PAUSED"};
    const char *text = json_string_value(value);

    *counts = false;
    if (value == NULL)
        return HEAN_OK;
    if (text != NULL) {
        *counts = strcmp(text, "COMPLETED") == 0 || strcmp(text, "FAILED") == 0;
        if (*counts)
            return HEAN_OK;
        for (size_t i = 0; i < BASE_COUNT(others); i++) {
            if (strcmp(text, others[i]) == 0)
                return HEAN_OK;
        }
    }
    return expected(self, value, "status", "COMPLETED, FAILED, PENDING, RUNNING, KILLED or PAUSED",
                    error);
}

static hean_status read_group(const run_list *self, const char *name, const json_t **out,
                              hean_error *error)
{
    *out = find(self->root, name);
    if (*out == NULL || json_is_object(*out))
        return HEAN_OK;
    return expected(self, *out, name, "an object", error);
}

static hean_status read_numbers(const run_list *self, attribution_run *out, hean_error *error)
{
    const json_t *metrics, *outputs;
    const struct {
        const char *key, *name;
        attribution_number *into;
    } of_metrics[] = {
        {"capital_delta", "metrics.capital_delta", &out->capital_delta},
        {"fee_drag", "metrics.fee_drag", &out->fee_drag},
        {"trading_volume_usd", "metrics.trading_volume_usd", &out->volume},
        {"funding_payment_usd", "metrics.funding_payment_usd", &out->funding_payment},
        {"reward_usd", "metrics.reward_usd", &out->reward},
        {"time_hours", "metrics.time_hours", &out->hours},
    };
    hean_status status = read_group(self, "metrics", &metrics, error);

    if (status == HEAN_OK)
        status = read_group(self, "outputs", &outputs, error);
    for (size_t i = 0; i < BASE_COUNT(of_metrics) && status == HEAN_OK; i++)
        status = read_number(self, find(metrics, of_metrics[i].key), of_metrics[i].name,
                             of_metrics[i].into, error);
    if (status == HEAN_OK)
        status = read_number(self, find(self->root, "capital_allocated_usd"),
                             "capital_allocated_usd", &out->capital, error);
    if (status == HEAN_OK)
        status = read_number_or_text(self, find(outputs, "reward_amount"), "outputs.reward_amount",
                                     &out->reward_output, error);
    return status;
}

hean_status run_list_read(run_list *self, const char *line, size_t bytes, attribution_run *out,
                          hean_error *error)
{
    attribution_run run = {0};
    int64_t finished_ns = 0;
    hean_status status = parse(self, line, bytes, error);

    if (status == HEAN_OK)
        status = read_text(self, find(self->root, "run_id"), "run_id", &run.run, error);
    if (status == HEAN_OK)
        status = read_text(self, find(self->root, "process_id"), "process_id", &run.process, error);
    if (status == HEAN_OK)
        status = read_status(self, find(self->root, "status"), &run.counts, error);
    if (status == HEAN_OK)
        status =
            read_time(self, find(self->root, "finished_at"), "finished_at", &finished_ns, error);
    run.started_ns = finished_ns;
    if (status == HEAN_OK)
        status =
            read_time(self, find(self->root, "started_at"), "started_at", &run.started_ns, error);
    if (status == HEAN_OK)
        status = read_numbers(self, &run, error);
    if (status == HEAN_OK)
        *out = run;
    return status;
}
