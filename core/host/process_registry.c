/*
 * process_registry.c: which processes there are: built in, from files, switched on and off.
 */
#include "process_private.h"

#include <script/embedded.h>
#include <script/script.h>

#include <string.h>

#define DEFINITION_BYTES_MAX (1u << 20)

static const char *const builtin_ids[] = {"campaign_checklist",  "capital_parking",
                                          "execution_optimizer", "fee_slippage_monitor",
                                          "funding_monitor",     "opportunity_scanner"};

/* ---- rows ---- */

static hean_status copy_row(void *context, const store_process *row, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    process_row *out = context;

    *out = (process_row){.definition = host_text_copy(allocator, row->definition),
                         .source = host_text_copy(allocator, row->source),
                         .state = host_text_copy(allocator, row->state),
                         .weight = row->weight,
                         .enabled = row->enabled,
                         .created_ns = row->created_ns};
    if (out->definition == NULL || out->source == NULL || out->state == NULL) {
        process_row_deinit(out);
        return base_fail(error, HEAN_E_NO_MEMORY, "process %s: out of memory", row->id);
    }
    return HEAN_OK;
}

hean_status process_row_get(store *from, const char *id, process_row *out, hean_error *error)
{
    return store_each_process(from, id, copy_row, out, error);
}

void process_row_deinit(process_row *row)
{
    base_free(base_allocator_default(), row->definition);
    base_free(base_allocator_default(), row->source);
    base_free(base_allocator_default(), row->state);
    *row = (process_row){0};
}

hean_status process_definition_read(const char *id, const char *json, factory_definition **out,
                                    hean_error *error)
{
    factory_policy policy = factory_policy_default();
    factory_problem problem;
    hean_status status = factory_definition_read(base_allocator_default(), json, strlen(json),
                                                 &policy, out, &problem);

    if (status == HEAN_OK)
        return HEAN_OK;
    return base_fail(error, status, "%s: %s at %s: %s", id, factory_code_text(problem.code),
                     problem.path, problem.text);
}

/* ---- adding ---- */

/* Adds a definition or, if `update`, brings one that is there up to date; its state stays. */
static hean_status put(store *to, const char *name, const char *json, const char *source,
                       bool update, int64_t now_ns, hean_error *error)
{
    factory_definition *definition;
    process_row row = {0};
    hean_status status = process_definition_read(name, json, &definition, error);

    if (status != HEAN_OK)
        return status;
    store_process made = {.id = definition->id,
                          .definition = definition->json,
                          .source = source,
                          .state = "NEW",
                          .enabled = update,
                          .created_ns = now_ns,
                          .updated_ns = now_ns};
    status = store_process_add(to, &made, error);
    if (status == HEAN_E_EXISTS && update) {
        status = process_row_get(to, definition->id, &row, error);
        if (status == HEAN_OK && strcmp(row.definition, definition->json) != 0) {
            made.state = row.state;
            made.weight = row.weight;
            made.enabled = row.enabled;
            status = store_process_set(to, &made, error);
        }
        process_row_deinit(&row);
    }
    factory_definition_close(definition);
    return status;
}

hean_status process_add_builtin(store *to, int64_t now_ns, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(builtin_ids); i++) {
        const script_embedded *file;
        base_buffer json;
        char path[128];

        (void)snprintf(path, sizeof path, "lua/hean/process/%s.lua", builtin_ids[i]);
        file = script_embedded_find(path);
        BASE_ASSERT(file != NULL);
        base_buffer_init(&json, base_allocator_default());
        status = script_config_to_json(path, file->text, file->bytes, &json, error);
        if (status == HEAN_OK)
            status = put(to, builtin_ids[i], json.data, "builtin", true, now_ns, error);
        base_buffer_deinit(&json);
    }
    return status;
}

typedef struct lua_file {
    char path[256]; /* a copy: the child's command line is wiped */
    const base_buffer *text;
} lua_file;

static hean_status evaluate(void *context, base_buffer *out, hean_error *error)
{
    const lua_file *file = context;
    return script_config_to_json(file->path, file->text->data, file->text->length, out, error);
}

/* A definition in Lua is a stranger's script: it is evaluated in the jail. */
static hean_status lua_to_json(const char *path, const base_buffer *text, base_buffer *json,
                               hean_error *error)
{
    lua_file file = {.text = text};
    script_jail_call jail = {.body = evaluate,
                             .context = &file,
                             .enter_jail = true,
                             .memory_bytes_max = 64u << 20,
                             .deadline_ns = 2 * BASE_NS_PER_S};
    hean_status status;

    (void)base_text_copy(file.path, sizeof file.path, path);
    status = script_jail_run(&jail, json, error);
    /* The jail does not know which file it was. */
    return status == HEAN_E_SCRIPT_DEADLINE || status == HEAN_E_SCRIPT_JAILED ||
                   status == HEAN_E_WORKER
               ? base_fail_prefix(error, "%s", path)
               : status;
}

hean_status process_add_file(store *to, const char *path, int64_t now_ns, hean_error *error)
{
    size_t length = strlen(path);
    base_buffer text, json;
    hean_status status;

    base_buffer_init(&text, base_allocator_default());
    base_buffer_init(&json, base_allocator_default());
    status = base_buffer_read_file(&text, path, DEFINITION_BYTES_MAX, error);
    if (status == HEAN_OK && length > 4 && strcmp(path + length - 4, ".lua") == 0)
        status = lua_to_json(path, &text, &json, error);
    else if (status == HEAN_OK)
        base_buffer_append(&json, text.data, text.length);
    if (status == HEAN_OK && json.failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
    if (status == HEAN_OK)
        status = put(to, path, json.data != NULL ? json.data : "", "file", false, now_ns, error);
    base_buffer_deinit(&json);
    base_buffer_deinit(&text);
    return status;
}

typedef struct switching {
    const char *id;
    bool enabled, kill;
    int64_t now_ns;
} switching;

static hean_status switch_process(store *to, void *context, hean_error *error)
{
    const switching *what = context;
    const char *id = what->id;
    process_row row;
    hean_status status = process_row_get(to, id, &row, error);

    if (status != HEAN_OK)
        return status;
    if (strcmp(row.state, "KILLED") == 0 && what->enabled) {
        status = base_fail(error, HEAN_E_STATE, "%s is KILLED, which is final", id);
    } else {
        store_process made = {.id = id,
                              .definition = row.definition,
                              .source = row.source,
                              .state = what->kill ? "KILLED" : row.state,
                              .weight = what->kill ? 0 : row.weight,
                              .enabled = what->enabled,
                              .created_ns = row.created_ns,
                              .updated_ns = what->now_ns};
        status = store_process_set(to, &made, error);
    }
    process_row_deinit(&row);
    return status;
}

/* In one turn: a policy may be deciding about it at the same time. */
hean_status process_switch(store *to, const char *id, bool enabled, bool kill, int64_t now_ns,
                           hean_error *error)
{
    switching what = {id, enabled, kill, now_ns};
    return store_transaction(to, switch_process, &what, error);
}

/* ---- documents, days, sums ---- */

typedef struct document_copy {
    base_buffer *out;
    int64_t *made_ns;
} document_copy;

static hean_status copy_document(void *context, const store_document *document, hean_error *error)
{
    const document_copy *copy = context;

    base_buffer_append(copy->out, document->text, strlen(document->text));
    if (copy->out->failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", document->kind);
    if (copy->made_ns != NULL)
        *copy->made_ns = document->made_ns;
    return HEAN_OK;
}

hean_status process_document(store *from, const char *kind, const char *key, base_buffer *out,
                             int64_t *made_ns, hean_error *error)
{
    document_copy copy = {out, made_ns};
    return store_document_get(from, kind, key, copy_document, &copy, error);
}

void process_day_text(int64_t now_ns, char out[16])
{
    char text[40];

    base_time_format(now_ns, text, sizeof text);
    memcpy(out, text, 10);
    out[10] = 0;
}

typedef struct sums_of_run {
    ledger_sums *sums;
    size_t currencies;
} sums_of_run;

static hean_status add_group(void *context, const ledger_group *group, hean_error *error)
{
    sums_of_run *of = context;
    hean_status status = ledger_sums_add(of->sums, &group->sums);

    of->currencies++;
    return status == HEAN_OK ? HEAN_OK : base_fail(error, status, "the sums of a run do not fit");
}

hean_status process_run_sums(store *from, const char *run, ledger_sums *out, size_t *currencies,
                             hean_error *error)
{
    ledger_filter filter = ledger_filter_all();
    ledger_sums sums = {0};
    sums_of_run of = {&sums, 0};
    hean_status status;

    filter.run = run;
    status = store_balances(from, &filter, 0, add_group, &of, error);
    if (status == HEAN_OK) {
        *out = sums;
        *currencies = of.currencies;
    }
    return status;
}
