/*
 * definition.c: from a JSON text to a definition that can be run: stages in the order of the door.
 *
 * Invariant: a definition that is given out refers to nothing but its own memory, and its steps
 * can be run in `order`.
 */
#include "definition_private.h"

#include <string.h>

const char *factory_code_text(factory_code code)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        FACTORY_CODE_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)code < FACTORY_CODE_COUNT ? texts[code] : "?";
}

static const char *const type_texts[] = {"TRADING", "EARN",   "CAMPAIGN", "BONUS",
                                         "DATA",    "ACCESS", "OTHER"};
static const char *const kind_texts[] = {"API_CALL", "HUMAN_TASK", "COMPUTE", "WAIT"};
static const char *const comparison_texts[] = {">", ">=", "<", "<=", "==", "!="};
static const char *const attribution_texts[] = {"direct", "proportional", "time_weighted"};

const char *factory_type_text(factory_type type)
{
    return (unsigned)type < FACTORY_TYPE_COUNT ? type_texts[type] : "?";
}

const char *factory_step_kind_text(factory_step_kind kind)
{
    return (unsigned)kind < FACTORY_STEP_KIND_COUNT ? kind_texts[kind] : "?";
}

bool definition_refuse(reading *self, factory_code code, const char *path, const char *format, ...)
{
    va_list args;

    self->problem->code = code;
    (void)base_text_copy(self->problem->path, sizeof self->problem->path, path);
    base_text_clean(self->problem->path, strlen(self->problem->path));
    va_start(args, format);
    (void)vsnprintf(self->problem->text, sizeof self->problem->text, format, args);
    va_end(args);
    base_text_clean(self->problem->text, strlen(self->problem->text));
    return false;
}

const char *definition_path(char out[PATH_BYTES], const char *path, const char *member)
{
    size_t head = strnlen(path, 120), tail = strnlen(member, 60); /* for every field: by hand */

    memmove(out, path, head);
    out[head] = '.';
    memcpy(out + head + 1, member, tail);
    out[head + 1 + tail] = 0;
    return out;
}

const char *definition_path_at(char out[PATH_BYTES], const char *path, size_t index)
{
    size_t head = strnlen(path, 170), digits = 0;
    char reversed[24];

    do
        reversed[digits++] = (char)('0' + index % 10);
    while ((index /= 10) > 0);
    memmove(out, path, head);
    out[head++] = '[';
    while (digits > 0)
        out[head++] = reversed[--digits];
    out[head++] = ']';
    out[head] = 0;
    return out;
}

/* ---- values ---- */

static int find_text(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, texts[i]) == 0)
            return (int)i;
    }
    return -1;
}

static bool id_valid(const char *id)
{
    size_t length = strlen(id);

    if (length < 3 || length >= FACTORY_ID_BYTES || id[0] < 'a' || id[0] > 'z')
        return false;
    return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* Decimal money of a JSON number, half-even at 1e-8: limits of a few million are exact. */
static bool read_money(reading *self, const json_t *value, const char *path, int64_t *out)
{
    double amount = json_number_value(value);

    if (!(amount > 0 && amount <= 1e9))
        return definition_refuse(self, FACTORY_BAD_VALUE, path,
                                 "expected an amount over 0 and up to 1e9");
    *out = (int64_t)(amount * (double)BASE_E8 + 0.5);
    return true;
}

static bool read_whole(reading *self, const json_t *object, const char *key, int32_t least,
                       int32_t most, int32_t standard, const char *path, int32_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t given = value == NULL ? standard : json_integer_value(value);

    if (given < least || given > most)
        return definition_refuse(self, FACTORY_BAD_VALUE, DEFINITION_AT(path, key),
                                 "expected %d to %d, got %lld", least, most, (long long)given);
    *out = (int32_t)given;
    return true;
}

static bool read_rule(reading *self, const json_t *object, bool scale, const char *path,
                      factory_rule *out)
{
    const json_t *comparison = json_object_get(object, "comparison");
    const json_t *multiplier = json_object_get(object, "scale_multiplier");
    const json_t *most = json_object_get(object, "max_allocation_usd");
    int found;

    *out =
        (factory_rule){.metric = json_string_value(json_object_get(object, "metric")),
                       .threshold = json_number_value(json_object_get(object, "threshold")),
                       .scale_multiplier = multiplier != NULL ? json_number_value(multiplier) : 1.5,
                       .max_allocation_e8 = 10000 * BASE_E8};
    found = comparison == NULL ? (int)FACTORY_ABOVE
                               : find_text(json_string_value(comparison), comparison_texts,
                                           BASE_COUNT(comparison_texts));
    if (found < 0)
        return definition_refuse(self, FACTORY_BAD_VALUE, DEFINITION_AT(path, "comparison"),
                                 "expected > >= < <= == or !=");
    out->comparison = (factory_comparison)found;
    if (out->metric[0] == 0)
        return definition_refuse(self, FACTORY_BAD_VALUE, DEFINITION_AT(path, "metric"),
                                 "expected the name of a metric");
    if (!(out->scale_multiplier > 0 && out->scale_multiplier <= 100))
        return definition_refuse(self, FACTORY_BAD_VALUE, DEFINITION_AT(path, "scale_multiplier"),
                                 "expected over 0 and up to 100");
    if (most != NULL &&
        !read_money(self, most, DEFINITION_AT(path, "max_allocation_usd"), &out->max_allocation_e8))
        return false;
    return read_whole(self, object, "window_runs", 1, 10000, scale ? 5 : 10, path,
                      &out->window_runs);
}

/* NULL: refused, or out of memory (self->failed). */
static const factory_rule *read_rules(reading *self, const char *key, bool scale, size_t *count)
{
    const json_t *list = json_object_get(self->root, key);
    factory_rule *rules;
    char path[PATH_BYTES];

    *count = json_array_size(list);
    rules = base_alloc_array(self->allocator, *count + 1, sizeof *rules);
    if (rules == NULL) {
        self->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < *count; i++) {
        (void)definition_path_at(path, DEFINITION_AT("$", key), i);
        if (!read_rule(self, json_array_get(list, i), scale, path, &rules[i])) {
            base_free(self->allocator, rules);
            return NULL;
        }
    }
    return rules;
}

/* ---- stages ---- */

static bool read_names(reading *self)
{
    factory_definition *out = &self->whole->definition;
    const json_t *version = json_object_get(self->root, "version");
    int type;

    out->id = json_string_value(json_object_get(self->root, "id"));
    out->name = json_string_value(json_object_get(self->root, "name"));
    out->description = json_string_value(json_object_get(self->root, "description"));
    out->version = version != NULL ? json_string_value(version) : "1.0.0";
    type = find_text(json_string_value(json_object_get(self->root, "type")), type_texts,
                     BASE_COUNT(type_texts));
    if (type < 0)
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.type",
                                 "expected TRADING EARN CAMPAIGN BONUS DATA ACCESS or OTHER");
    out->type = (factory_type)type;
    if (out->name[0] == 0 || strlen(out->name) > 200)
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.name", "expected 1 to 200 bytes");
    if (out->description[0] == 0 || strlen(out->description) > 4000)
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.description",
                                 "expected 1 to 4000 bytes");
    if (out->version[0] == 0 || strlen(out->version) > 32 ||
        strspn(out->version, "0123456789.") != strlen(out->version))
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.version",
                                 "expected a version such as 1.0.0");
    if (!id_valid(out->id))
        return definition_refuse(self, FACTORY_BAD_ID, "$.id",
                                 "expected 3 to 63 of a-z 0-9 _, beginning with a letter");
    return true;
}

static bool read_safety(reading *self)
{
    factory_definition *out = &self->whole->definition;
    const json_t *safety = json_object_get(self->root, "safety");
    const json_t *capital = json_object_get(safety, "max_capital_usd");
    const json_t *approval = json_object_get(safety, "require_manual_approval");
    const json_t *risk = json_object_get(safety, "max_risk_factor");
    const json_t *requirements = json_object_get(self->root, "requirements");

    out->max_capital_e8 = 1000 * BASE_E8;
    if (capital != NULL &&
        !read_money(self, capital, "$.safety.max_capital_usd", &out->max_capital_e8))
        return false;
    out->require_manual_approval = approval == NULL || json_is_true(approval);
    out->max_risk_factor = risk != NULL ? json_number_value(risk) : 3.0;
    if (!(out->max_risk_factor > 0 && out->max_risk_factor <= 5))
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.safety.max_risk_factor",
                                 "expected over 0 and up to 5");
    out->needs_bybit = json_is_true(json_object_get(requirements, "needs_bybit"));
    out->needs_ui = json_is_true(json_object_get(requirements, "needs_ui"));
    return true;
}

static bool read_measurement(reading *self)
{
    factory_definition *out = &self->whole->definition;
    const json_t *measurement = json_object_get(self->root, "measurement");
    const json_t *metrics = json_object_get(measurement, "metrics");
    const json_t *rule = json_object_get(measurement, "attribution_rule");
    const char **names;

    out->metric_count = json_array_size(metrics);
    out->attribution_rule = rule != NULL ? json_string_value(rule) : "direct";
    if (find_text(out->attribution_rule, attribution_texts, BASE_COUNT(attribution_texts)) < 0)
        return definition_refuse(self, FACTORY_BAD_VALUE, "$.measurement.attribution_rule",
                                 "expected direct, proportional or time_weighted");
    if (json_array_size(json_object_get(self->root, "kill_conditions")) == 0)
        return definition_refuse(self, FACTORY_NO_KILL_CONDITIONS, "$.kill_conditions",
                                 "expected at least one: what would end this process?");
    if (out->metric_count == 0)
        return definition_refuse(self, FACTORY_NO_METRICS, "$.measurement.metrics",
                                 "expected at least one metric");
    names = base_alloc_array(self->allocator, out->metric_count, sizeof *names);
    if (names == NULL) {
        self->failed = true;
        return false;
    }
    out->metrics = names;
    for (size_t i = 0; i < out->metric_count; i++)
        names[i] = json_string_value(json_array_get(metrics, i));
    return true;
}

static bool read_all_rules(reading *self)
{
    factory_definition *out = &self->whole->definition;

    out->kill_conditions = read_rules(self, "kill_conditions", false, &out->kill_count);
    if (out->kill_conditions == NULL)
        return false;
    out->scale_rules = read_rules(self, "scale_rules", true, &out->scale_count);
    return out->scale_rules != NULL;
}

static bool read_step(reading *self, size_t index, factory_step *out)
{
    const json_t *step = json_array_get(json_object_get(self->root, "actions"), index);
    const json_t *description = json_object_get(step, "description");
    char path[PATH_BYTES];
    int kind;

    (void)definition_path_at(path, "$.actions", index);
    out->step_id = json_string_value(json_object_get(step, "step_id"));
    out->description = description != NULL ? json_string_value(description) : "";
    kind = find_text(json_string_value(json_object_get(step, "kind")), kind_texts,
                     BASE_COUNT(kind_texts));
    if (kind < 0)
        return definition_refuse(self, FACTORY_UNKNOWN_STEP_KIND, DEFINITION_AT(path, "kind"),
                                 "expected API_CALL HUMAN_TASK COMPUTE or WAIT");
    out->kind = (factory_step_kind)kind;
    self->whole->definition.human_tasks += out->kind == FACTORY_HUMAN_TASK;
    return read_whole(self, step, "timeout", 1, 7 * 86400, 300, path, &out->timeout_s) &&
           read_whole(self, step, "retries", 0, 100, 0, path, &out->retries) &&
           definition_read_params(self, step, path, out);
}

static bool read_steps(reading *self)
{
    factory_definition *out = &self->whole->definition;
    const json_t *actions = json_object_get(self->root, "actions");

    if (json_array_size(actions) > FACTORY_STEPS_MAX)
        return definition_refuse(self, FACTORY_TOO_MANY_STEPS, "$.actions",
                                 "expected at most %d steps, got %zu", FACTORY_STEPS_MAX,
                                 json_array_size(actions));
    out->step_count = json_array_size(actions);
    for (size_t i = 0; i < out->step_count; i++) {
        if (!read_step(self, i, &out->steps[i]))
            return false;
    }
    if (out->human_tasks > FACTORY_HUMAN_TASKS_MAX)
        return definition_refuse(self, FACTORY_TOO_MANY_HUMAN_TASKS, "$.actions",
                                 "expected at most %d human tasks, got %zu",
                                 FACTORY_HUMAN_TASKS_MAX, out->human_tasks);
    return definition_order_steps(self);
}

static bool check_policy(reading *self)
{
    const factory_definition *out = &self->whole->definition;
    const factory_policy *policy = self->policy;
    char path[PATH_BYTES];

    for (size_t i = 0; i < out->step_count; i++) {
        const factory_step *step = &out->steps[i];
        (void)definition_path_at(path, "$.actions", i);
        if (step->kind == FACTORY_API_CALL &&
            find_text(step->endpoint, policy->endpoints, policy->endpoint_count) < 0)
            return definition_refuse(self, FACTORY_ENDPOINT_NOT_ALLOWED,
                                     DEFINITION_AT(path, "params.endpoint"),
                                     "%s is not one of the read-only endpoints", step->endpoint);
        if (step->kind == FACTORY_COMPUTE &&
            find_text(step->function, policy->functions, policy->function_count) < 0)
            return definition_refuse(self, FACTORY_FUNCTION_NOT_REGISTERED,
                                     DEFINITION_AT(path, "params.function"),
                                     "there is no function %s", step->function);
        if (step->timeout_s > policy->timeout_s_max || step->retries > policy->retries_max)
            return definition_refuse(self, FACTORY_ABOVE_POLICY, path,
                                     "this host allows %d s and %d retries", policy->timeout_s_max,
                                     policy->retries_max);
    }
    if (out->max_capital_e8 > policy->max_capital_e8)
        return definition_refuse(self, FACTORY_ABOVE_POLICY, "$.safety.max_capital_usd",
                                 "this host allows %lld USD",
                                 (long long)(policy->max_capital_e8 / BASE_E8));
    if (out->max_risk_factor > policy->max_risk_factor)
        return definition_refuse(self, FACTORY_ABOVE_POLICY, "$.safety.max_risk_factor",
                                 "this host allows %g", policy->max_risk_factor);
    if (policy->id_taken != NULL && policy->id_taken(policy->context, out->id))
        return definition_refuse(self, FACTORY_ID_TAKEN, "$.id", "%s exists already", out->id);
    return true;
}

static bool keep_canonical(reading *self)
{
    factory_definition *out = &self->whole->definition;

    self->whole->canonical = json_dumps(self->root, JSON_COMPACT | JSON_SORT_KEYS);
    if (self->whole->canonical == NULL) {
        self->failed = true;
        return false;
    }
    out->json = self->whole->canonical;
    out->json_bytes = strlen(self->whole->canonical);
    return true;
}

hean_status factory_definition_read(const hean_allocator *allocator, const char *text, size_t bytes,
                                    const factory_policy *policy, factory_definition **out,
                                    factory_problem *problem)
{
    reading self = {.allocator = allocator, .policy = policy, .problem = problem};
    bool good;

    *problem = (factory_problem){.code = FACTORY_ACCEPTED};
    self.whole = base_alloc(allocator, sizeof *self.whole);
    if (self.whole == NULL)
        return HEAN_E_NO_MEMORY;
    self.whole->allocator = allocator;
    good = definition_parse(&self, text, bytes);
    self.whole->root = self.root;
    good = good && definition_check_structure(&self) && read_names(&self) && read_safety(&self) &&
           read_measurement(&self) && read_all_rules(&self) && read_steps(&self) &&
           check_policy(&self) && keep_canonical(&self);
    if (good) {
        *out = &self.whole->definition;
        return HEAN_OK;
    }
    factory_definition_close(&self.whole->definition);
    return self.failed ? HEAN_E_NO_MEMORY : HEAN_E_INVALID;
}

void factory_definition_close(factory_definition *definition)
{
    definition_whole *whole = (definition_whole *)definition;

    if (whole == NULL)
        return;
    for (size_t i = 0; i < definition->step_count; i++)
        free((void *)definition->steps[i].params_json); /* jansson's */
    base_free(whole->allocator, (void *)definition->metrics);
    base_free(whole->allocator, (void *)definition->kill_conditions);
    base_free(whole->allocator, (void *)definition->scale_rules);
    free(whole->canonical);
    json_decref(whole->root);
    base_free(whole->allocator, whole);
}
