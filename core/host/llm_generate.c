/*
 * llm_generate.c: from the store's environment to a question, from an answer or its record to a
 * definition in the store. See llm.h.
 */
#include "llm_private.h"
#include "process_private.h"

#include <script/embedded.h>
#include <script/script.h>
#include <string.h>

#define PROMPT_FILE        "lua/hean/factory/prompt.lua"
#define PROMPT_DEADLINE_NS (5 * BASE_NS_PER_S)
#define PROMPT_BYTES_MAX   (1u << 20)
#define RECORD_KIND        "exchange"

/* ---- the question ---- */

typedef struct prompt {
    json_t *made; /* what the script gave */
    char *schema;
    chat_question question;
} prompt;

static void prompt_deinit(prompt *self)
{
    json_decref(self->made);
    free(self->schema);
}

static hean_status run_script(const char *file, const base_buffer *input, volatile int *stop,
                              base_buffer *out, hean_error *error)
{
    const script_embedded *built_in = script_embedded_find(PROMPT_FILE);
    base_buffer source;
    hean_status status = HEAN_OK;

    BASE_ASSERT(built_in != NULL);
    base_buffer_init(&source, base_allocator_default());
    if (file != NULL)
        status = base_buffer_read_file(&source, file, PROMPT_BYTES_MAX, error);
    if (status == HEAN_OK) {
        const script_compute_call call = {.file = file != NULL ? file : PROMPT_FILE,
                                          .source = file != NULL ? source.data : built_in->text,
                                          .source_bytes =
                                              file != NULL ? source.length : built_in->bytes,
                                          .input = input->data,
                                          .input_bytes = input->length,
                                          .deadline_ns = PROMPT_DEADLINE_NS,
                                          .stop = stop};
        status = script_compute_run(&call, out, error);
    }
    base_buffer_deinit(&source);
    return status;
}

static hean_status make_prompt(store *from, const llm_options *options, prompt *self,
                               hean_error *error)
{
    base_buffer input, text;
    hean_status status;

    *self = (prompt){.question.model = options->model};
    base_buffer_init(&input, base_allocator_default());
    base_buffer_init(&text, base_allocator_default());
    status = llm_input(from, options->fresh, &input, error);
    if (status == HEAN_OK)
        status = run_script(options->prompt, &input, options->stop, &text, error);
    if (status == HEAN_OK) {
        const json_t *schema;
        self->made = json_loads(text.data, 0, NULL);
        schema = json_object_get(self->made, "schema");
        self->question.system = json_string_value(json_object_get(self->made, "system"));
        self->question.user = json_string_value(json_object_get(self->made, "user"));
        self->question.version = json_string_value(json_object_get(self->made, "version"));
        if (json_is_object(schema))
            self->schema = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS);
        self->question.schema = self->schema;
        if (self->question.system == NULL || self->question.user == NULL ||
            self->question.version == NULL || self->schema == NULL)
            status = base_fail(error, HEAN_E_SCRIPT,
                               "%s: expected texts system, user and version, and a table schema",
                               options->prompt != NULL ? options->prompt : PROMPT_FILE);
    }
    base_buffer_deinit(&text);
    base_buffer_deinit(&input);
    return status;
}

/* ---- the record ---- */

/* The recorded reply's body; HEAN_E_NOT_FOUND. */
static hean_status find_record(store *from, const char *hash, base_buffer *reply, hean_error *error)
{
    base_buffer text;
    json_t *record = NULL;
    const char *body;
    hean_status status;

    base_buffer_init(&text, base_allocator_default());
    status = process_document(from, RECORD_KIND, hash, &text, NULL, error);
    if (status == HEAN_E_NOT_FOUND)
        status = base_fail(error, status, "there is no record of an exchange %s", hash);
    if (status == HEAN_OK) {
        record = json_loads(text.data, 0, NULL);
        body = json_string_value(json_object_get(record, "reply"));
        if (body == NULL)
            status = base_fail(error, HEAN_E_CORRUPT, "the record %s holds no reply", hash);
        else
            base_buffer_append(reply, body, strlen(body));
        if (reply->failed)
            status = base_fail(error, HEAN_E_NO_MEMORY, "record: out of memory");
    }
    json_decref(record);
    base_buffer_deinit(&text);
    return status;
}

static hean_status put_record(store *to, const prompt *asked, const char *hash,
                              const llm_exchange *exchange, int64_t now_ns, hean_error *error)
{
    base_json json;
    hean_status status;

    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_text(&json, "hash", hash);
    base_json_time(&json, "asked_at", now_ns);
    base_json_text(&json, "model", asked->question.model);
    base_json_text(&json, "prompt_version", asked->question.version);
    base_json_text(&json, "format", chat_format_text(exchange->format));
    base_json_whole(&json, "tokens", exchange->tokens);
    base_json_text(&json, "request", exchange->request.data);
    base_json_text(&json, "reply", exchange->reply.data);
    base_json_object_end(&json);
    if (json.buffer.failed) {
        status = base_fail(error, HEAN_E_NO_MEMORY, "record: out of memory");
    } else {
        const store_document document = {
            .kind = RECORD_KIND, .key = hash, .text = json.buffer.data, .made_ns = now_ns};
        status = store_document_put(to, &document, true, NULL, error);
    }
    base_buffer_deinit(&json.buffer);
    return status;
}

/* ---- the answer ---- */

typedef struct taken_check {
    store *store;
    json_t *wanted;
} taken_check;

static hean_status compare(void *context, const store_process *row, hean_error *error)
{
    json_t *there = json_loads(row->definition, 0, NULL);
    bool same = json_equal(there, context) != 0;

    json_decref(there);
    return same ? HEAN_OK : base_fail(error, HEAN_E_EXISTS, "%s is another process", row->id);
}

/* An id is not taken by the very same definition: it was stored when it was first generated. */
static bool id_taken(void *context, const char *id)
{
    const taken_check *check = context;
    hean_status status = store_each_process(check->store, id, compare, check->wanted, NULL);

    return status != HEAN_OK && status != HEAN_E_NOT_FOUND;
}

/* `to` NULL: only judged. */
static hean_status judge_content(store *to, const base_buffer *content, llm_outcome *out,
                                 hean_error *error)
{
    taken_check check = {to, json_loadb(content->data, content->length, 0, NULL)};
    factory_policy policy = factory_policy_default();
    factory_safety *safety = NULL;
    hean_status status = factory_safety_open(base_allocator_default(), &safety);

    if (to != NULL) {
        policy.id_taken = id_taken;
        policy.context = &check;
    }
    if (status == HEAN_OK)
        status = factory_admit(safety, base_allocator_default(), content->data, content->length,
                               &policy, &out->definition, &out->quality, &out->problem);
    factory_safety_close(safety);
    json_decref(check.wanted);
    if (status == HEAN_OK || status == HEAN_E_INVALID) {
        out->code = factory_code_text(out->problem.code);
        return HEAN_OK;
    }
    return base_fail(error, status, "llm: out of memory");
}

static hean_status judge(store *to, const base_buffer *reply, llm_outcome *out, hean_error *error)
{
    chat_answer answer;
    hean_status status = chat_read(base_allocator_default(), reply->data != NULL ? reply->data : "",
                                   reply->length, &answer);

    if (status == HEAN_E_INVALID) {
        out->code = chat_code_text(answer.code);
        (void)base_text_copy(out->problem.path, sizeof out->problem.path, answer.path);
        (void)base_text_copy(out->problem.text, sizeof out->problem.text,
                             "the answer holds no definition");
        status = HEAN_OK;
    } else if (status == HEAN_OK) {
        status = judge_content(to, &answer.content, out, error);
    } else {
        status = base_fail(error, status, "llm: out of memory");
    }
    chat_answer_deinit(&answer);
    return status;
}

static hean_status keep(store *to, int64_t now_ns, llm_outcome *out, hean_error *error)
{
    const store_process made = {.id = out->definition->id,
                                .definition = out->definition->json,
                                .source = "generated",
                                .state = "NEW",
                                .created_ns = now_ns,
                                .updated_ns = now_ns};
    hean_status status = store_process_add(to, &made, error);

    out->stored = status == HEAN_OK;
    return status == HEAN_E_EXISTS ? HEAN_OK : status;
}

/* ---- both ---- */

static hean_status answer_question(store *kept, const llm_options *options, const prompt *asked,
                                   base_buffer *reply, llm_outcome *out, hean_error *error)
{
    llm_exchange exchange = {.format = CHAT_JSON_SCHEMA};
    chat_answer answer;
    hean_status status =
        options->fresh ? HEAN_E_NOT_FOUND : find_record(kept, out->hash, reply, error);

    out->from_record = status == HEAN_OK;
    if (status != HEAN_E_NOT_FOUND)
        return status;
    if (options->needs_key)
        return base_fail(error, HEAN_E_NOT_FOUND, "keys: expected %s in the environment, or %s",
                         keys_openai.key, keys_openai.file);
    base_buffer_init(&exchange.request, base_allocator_default());
    base_buffer_init(&exchange.reply, base_allocator_default());
    status = llm_ask(kept, options, &asked->question, &exchange, error);
    out->requests = exchange.requests;
    out->tokens = exchange.tokens;
    if (status == HEAN_OK) {
        base_buffer_append(reply, exchange.reply.data, exchange.reply.length);
        status = chat_read(base_allocator_default(), reply->data, reply->length, &answer);
        /* What is no JSON cannot be kept as text; it is no answer to repeat either. */
        if (status == HEAN_OK || answer.code != CHAT_NOT_JSON)
            status = put_record(kept, asked, out->hash, &exchange, options->now_ns, error);
        else
            status = HEAN_OK;
        chat_answer_deinit(&answer);
    }
    base_buffer_deinit(&exchange.reply);
    base_buffer_deinit(&exchange.request);
    return status;
}

hean_status llm_generate(store *kept, const llm_options *options, llm_outcome *out,
                         hean_error *error)
{
    prompt asked;
    base_buffer reply;
    hean_status status = process_add_builtin(kept, options->now_ns, error);

    *out = (llm_outcome){.code = ""};
    if (status != HEAN_OK)
        return status;
    base_buffer_init(&reply, base_allocator_default());
    status = make_prompt(kept, options, &asked, error);
    if (status == HEAN_OK) {
        chat_question_hash(&asked.question, out->hash);
        status = answer_question(kept, options, &asked, &reply, out, error);
    }
    if (status == HEAN_OK)
        status = judge(kept, &reply, out, error);
    if (status == HEAN_OK && out->definition != NULL)
        status = keep(kept, options->now_ns, out, error);
    if (status != HEAN_OK) {
        factory_definition_close(out->definition);
        out->definition = NULL;
    }
    prompt_deinit(&asked);
    base_buffer_deinit(&reply);
    return status;
}

hean_status llm_replay(store *kept, const char *hash, llm_outcome *out, hean_error *error)
{
    base_buffer reply;
    hean_status status;

    *out = (llm_outcome){.from_record = true, .code = ""};
    (void)base_text_copy(out->hash, sizeof out->hash, hash);
    base_buffer_init(&reply, base_allocator_default());
    status = find_record(kept, hash, &reply, error);
    if (status == HEAN_OK)
        status = judge(NULL, &reply, out, error);
    base_buffer_deinit(&reply);
    return status;
}
