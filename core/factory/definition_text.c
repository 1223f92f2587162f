/*
 * definition_text.c: the text as JSON, and which keys and types it has, by one table.
 */
#include "definition_private.h"

#include <string.h>

/* ---- the text ---- */

/* Where in a document a byte is: the keys and indexes that lead there. Good for what jansson
 * refused, so it believes nothing: it only counts brackets, commas and texts. */
static void path_at(const char *text, size_t position, char *out, size_t bytes)
{
    enum { DEPTH_MAX = 16, KEY_BYTES = 40 };
    struct {
        bool array;
        size_t index;
        char key[KEY_BYTES];
    } stack[DEPTH_MAX];
    size_t depth = 0, length = 1;
    char last[KEY_BYTES] = "";

    for (size_t i = 0; i < position; i++) {
        char c = text[i];
        if (c == '"') {
            size_t start = ++i;
            while (i < position && text[i] != '"')
                i += text[i] == '\\' ? 2 : 1;
            (void)snprintf(last, sizeof last, "%.*s", (int)((i < position ? i : position) - start),
                           text + start);
        } else if ((c == '{' || c == '[') && depth < DEPTH_MAX) {
            stack[depth].array = c == '[';
            stack[depth].index = 0;
            stack[depth].key[0] = 0;
            depth++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ':' && depth > 0) {
            memcpy(stack[depth - 1].key, last, sizeof last);
        } else if (c == ',' && depth > 0) {
            stack[depth - 1].index++;
        }
    }
    (void)snprintf(out, bytes, "$");
    for (size_t i = 0; i < depth && length < bytes; i++) {
        int more = stack[i].array ? snprintf(out + length, bytes - length, "[%zu]", stack[i].index)
                   : stack[i].key[0] != 0
                       ? snprintf(out + length, bytes - length, ".%s", stack[i].key)
                       : 0;
        length += more > 0 ? (size_t)more : 0;
    }
}

bool definition_parse(reading *self, const char *text, size_t bytes)
{
    char path[PATH_BYTES];
    json_error_t error;
    factory_code code = FACTORY_NOT_JSON;

    if (bytes > FACTORY_DEFINITION_BYTES)
        return definition_refuse(self, FACTORY_TOO_LARGE, "$", "expected at most %u bytes, got %zu",
                                 FACTORY_DEFINITION_BYTES, bytes);
    self->root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (self->root == NULL) {
        if (json_error_code(&error) == json_error_out_of_memory)
            self->failed = true;
        else if (json_error_code(&error) == json_error_duplicate_key)
            code = FACTORY_DUPLICATE_KEY;
        else if (json_error_code(&error) == json_error_end_of_input_expected)
            code = FACTORY_TRAILING_BYTES;
        path_at(text,
                error.position > 0 && (size_t)error.position <= bytes ? (size_t)error.position
                                                                      : bytes,
                path, sizeof path);
        return definition_refuse(self, code, path, "line %d, column %d: %s", error.line,
                                 error.column, error.text);
    }
    if (!json_is_object(self->root))
        return definition_refuse(self, FACTORY_NOT_AN_OBJECT, "$", "expected one JSON object");
    return true;
}

/* ---- keys and types ---- */

typedef enum field_type {
    TYPE_TEXT,
    TYPE_WHOLE,
    TYPE_NUMBER,
    TYPE_BOOL,
    TYPE_OBJECT, /* any */
    TYPE_TEXTS,  /* array of texts */
    TYPE_RECORD, /* object with `fields` */
    TYPE_RECORDS /* array of those */
} field_type;

typedef struct field {
    const char *name;
    field_type type;
    bool required;
    const struct field *fields; /* RECORD, RECORDS; ended by a NULL name */
} field;

static const field step_fields[] = {
    {"step_id", TYPE_TEXT, true, NULL},      {"kind", TYPE_TEXT, true, NULL},
    {"params", TYPE_OBJECT, false, NULL},    {"timeout", TYPE_WHOLE, false, NULL},
    {"retries", TYPE_WHOLE, false, NULL},    {"depends_on", TYPE_TEXTS, false, NULL},
    {"description", TYPE_TEXT, false, NULL}, {NULL, TYPE_TEXT, false, NULL}};
static const field safety_fields[] = {{"max_capital_usd", TYPE_NUMBER, false, NULL},
                                      {"require_manual_approval", TYPE_BOOL, false, NULL},
                                      {"max_risk_factor", TYPE_NUMBER, false, NULL},
                                      {"allowed_timeframes", TYPE_TEXTS, false, NULL},
                                      {"restrictions", TYPE_OBJECT, false, NULL},
                                      {NULL, TYPE_TEXT, false, NULL}};
static const field measurement_fields[] = {{"metrics", TYPE_TEXTS, false, NULL},
                                           {"attribution_rule", TYPE_TEXT, false, NULL},
                                           {NULL, TYPE_TEXT, false, NULL}};
static const field kill_fields[] = {{"metric", TYPE_TEXT, true, NULL},
                                    {"threshold", TYPE_NUMBER, true, NULL},
                                    {"comparison", TYPE_TEXT, false, NULL},
                                    {"window_runs", TYPE_WHOLE, false, NULL},
                                    {NULL, TYPE_TEXT, false, NULL}};
static const field scale_fields[] = {{"metric", TYPE_TEXT, true, NULL},
                                     {"threshold", TYPE_NUMBER, true, NULL},
                                     {"comparison", TYPE_TEXT, false, NULL},
                                     {"scale_multiplier", TYPE_NUMBER, false, NULL},
                                     {"window_runs", TYPE_WHOLE, false, NULL},
                                     {"max_allocation_usd", TYPE_NUMBER, false, NULL},
                                     {NULL, TYPE_TEXT, false, NULL}};
static const field definition_fields[] = {{"id", TYPE_TEXT, true, NULL},
                                          {"name", TYPE_TEXT, true, NULL},
                                          {"type", TYPE_TEXT, true, NULL},
                                          {"description", TYPE_TEXT, true, NULL},
                                          {"kill_conditions", TYPE_RECORDS, true, kill_fields},
                                          {"measurement", TYPE_RECORD, true, measurement_fields},
                                          {"version", TYPE_TEXT, false, NULL},
                                          {"requirements", TYPE_OBJECT, false, NULL},
                                          {"inputs_schema", TYPE_OBJECT, false, NULL},
                                          {"actions", TYPE_RECORDS, false, step_fields},
                                          {"expected_outputs", TYPE_TEXTS, false, NULL},
                                          {"safety", TYPE_RECORD, false, safety_fields},
                                          {"scale_rules", TYPE_RECORDS, false, scale_fields},
                                          {NULL, TYPE_TEXT, false, NULL}};

static bool check_record(reading *self, const json_t *object, const field *fields,
                         const char *path);

static const char *type_text(field_type type)
{
    static const char *const texts[] = {"a text",        "a whole number",   "a number",
                                        "true or false", "an object",        "a list of texts",
                                        "an object",     "a list of objects"};
    return texts[type];
}

static bool check_list(reading *self, const json_t *list, const field *spec, const char *path)
{
    char at[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (spec->type == TYPE_TEXTS && json_is_string(item))
            continue;
        (void)definition_path_at(at, path, i);
        if (spec->type == TYPE_TEXTS ? !json_is_string(item) : !json_is_object(item))
            return definition_refuse(self, FACTORY_WRONG_TYPE, at, "expected %s",
                                     spec->type == TYPE_TEXTS ? "a text" : "an object");
        if (spec->type == TYPE_RECORDS && !check_record(self, item, spec->fields, at))
            return false;
    }
    return true;
}

static bool check_value(reading *self, const json_t *value, const field *spec, const char *path)
{
    bool right = false;

    switch (spec->type) {
    case TYPE_TEXT:
        right = json_is_string(value);
        break;
    case TYPE_WHOLE:
        right = json_is_integer(value);
        break;
    case TYPE_NUMBER:
        right = json_is_number(value);
        break;
    case TYPE_BOOL:
        right = json_is_boolean(value);
        break;
    case TYPE_OBJECT:
    case TYPE_RECORD:
        right = json_is_object(value);
        break;
    case TYPE_TEXTS:
    case TYPE_RECORDS:
        right = json_is_array(value);
        break;
    }
    if (!right)
        return definition_refuse(self, FACTORY_WRONG_TYPE, path, "expected %s",
                                 type_text(spec->type));
    if (spec->type == TYPE_RECORD)
        return check_record(self, value, spec->fields, path);
    if (spec->type == TYPE_TEXTS || spec->type == TYPE_RECORDS)
        return check_list(self, value, spec, path);
    return true;
}

static const field *find_field(const field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0)
            return fields;
    }
    return NULL;
}

static bool check_record(reading *self, const json_t *object, const field *fields, const char *path)
{
    const char *key;
    json_t *value;
    char at[PATH_BYTES];

    json_object_foreach((json_t *)object, key, value)
    {
        if (find_field(fields, key) == NULL) {
            return definition_refuse(self, FACTORY_UNKNOWN_FIELD, DEFINITION_AT(path, key),
                                     "there is no such field");
        }
    }
    for (const field *spec = fields; spec->name != NULL; spec++) {
        value = json_object_get(object, spec->name);
        if (value == NULL && !spec->required)
            continue;
        (void)definition_path(at, path, spec->name);
        if (value == NULL)
            return definition_refuse(self, FACTORY_MISSING_FIELD, at, "expected %s",
                                     type_text(spec->type));
        if (!check_value(self, value, spec, at))
            return false;
    }
    return true;
}

bool definition_check_structure(reading *self)
{
    return check_record(self, self->root, definition_fields, "$");
}
