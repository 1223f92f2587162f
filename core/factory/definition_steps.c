/*
 * definition_steps.c: what each kind of step needs, and an order in which all can be run.
 */
#include "definition_private.h"

#include <string.h>

static bool param_text(reading *self, const json_t *params, const char *key, const char *path,
                       const char **out)
{
    const json_t *value = json_object_get(params, key);
    char at[PATH_BYTES];

    (void)definition_path(at, DEFINITION_AT(path, "params"), key);
    if (value == NULL)
        return definition_refuse(self, FACTORY_MISSING_FIELD, at, "expected a text");
    if (!json_is_string(value))
        return definition_refuse(self, FACTORY_WRONG_TYPE, at, "expected a text");
    *out = json_string_value(value);
    if ((*out)[0] == 0)
        return definition_refuse(self, FACTORY_BAD_VALUE, at, "expected a text that is not empty");
    return true;
}

static bool param_wait(reading *self, const json_t *params, const char *path, int64_t *out)
{
    const json_t *value = json_object_get(params, "seconds");
    char at[PATH_BYTES];

    (void)definition_path(at, DEFINITION_AT(path, "params"), "seconds");
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > 7 * 86400)
        return definition_refuse(self, value == NULL ? FACTORY_MISSING_FIELD : FACTORY_BAD_VALUE,
                                 at, "expected a whole number from 0 to 604800");
    *out = json_integer_value(value);
    return true;
}

bool definition_read_params(reading *self, const json_t *step, const char *path, factory_step *out)
{
    const json_t *params = json_object_get(step, "params");
    const char *instructions;

    out->params_json =
        params != NULL ? json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS) : strdup("{}");
    if (out->params_json == NULL) {
        self->failed = true;
        return false;
    }
    switch (out->kind) {
    case FACTORY_API_CALL:
        return param_text(self, params, "endpoint", path, &out->endpoint);
    case FACTORY_COMPUTE:
        return param_text(self, params, "function", path, &out->function);
    case FACTORY_WAIT:
        return param_wait(self, params, path, &out->wait_s);
    case FACTORY_HUMAN_TASK:
    default:
        return param_text(self, params, "instructions", path, &instructions);
    }
}

/* ---- order ---- */

static int find_step(const factory_definition *definition, const char *step_id)
{
    for (size_t i = 0; i < definition->step_count; i++) {
        if (strcmp(definition->steps[i].step_id, step_id) == 0)
            return (int)i;
    }
    return -1;
}

static bool read_ids(reading *self)
{
    factory_definition *out = &self->whole->definition;
    char path[PATH_BYTES];

    for (size_t i = 0; i < out->step_count; i++) {
        const char *id = out->steps[i].step_id;
        if (id[0] != 0 && strlen(id) <= 64 && find_step(out, id) == (int)i)
            continue;
        (void)snprintf(path, sizeof path, "$.actions[%zu].step_id", i);
        if (id[0] == 0 || strlen(id) > 64)
            return definition_refuse(self, FACTORY_BAD_VALUE, path, "expected 1 to 64 bytes");
        return definition_refuse(self, FACTORY_DUPLICATE_STEP, path, "%s is there twice", id);
    }
    return true;
}

static bool read_dependencies(reading *self)
{
    factory_definition *out = &self->whole->definition;
    const json_t *actions = json_object_get(self->root, "actions");
    char path[PATH_BYTES];

    for (size_t i = 0; i < out->step_count; i++) {
        const json_t *list = json_object_get(json_array_get(actions, i), "depends_on");
        for (size_t j = 0; j < json_array_size(list); j++) {
            const char *id = json_string_value(json_array_get(list, j));
            int found = find_step(out, id);
            if (found < 0) {
                (void)snprintf(path, sizeof path, "$.actions[%zu].depends_on[%zu]", i, j);
                return definition_refuse(self, FACTORY_UNKNOWN_DEPENDENCY, path,
                                         "there is no step %s", id);
            }
            out->steps[i].depends_on |= UINT32_C(1) << found;
        }
    }
    return true;
}

bool definition_order_steps(reading *self)
{
    factory_definition *out = &self->whole->definition;
    uint32_t done = 0;
    size_t count = 0;
    char path[PATH_BYTES];

    if (!read_ids(self) || !read_dependencies(self))
        return false;
    while (count < out->step_count) {
        size_t next = 0;
        while (next < out->step_count &&
               ((done >> next & 1) != 0 || (out->steps[next].depends_on & ~done) != 0))
            next++;
        if (next == out->step_count) {
            for (next = 0; (done >> next & 1) != 0; next++)
                continue;
            (void)snprintf(path, sizeof path, "$.actions[%zu].depends_on", next);
            return definition_refuse(self, FACTORY_DEPENDENCY_CYCLE, path, "%s waits for itself",
                                     out->steps[next].step_id);
        }
        out->order[count++] = (uint8_t)next;
        done |= UINT32_C(1) << next;
    }
    return true;
}
