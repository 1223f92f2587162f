/*
 * chat.c: see chat.h.
 */
#include <factory/chat.h>

#include <base/json.h>
#include <jansson.h>
#include <string.h>

#define TOKENS_MAX INT64_C(1000000000) /* more than any answer has: a count to disbelieve */

const char *chat_format_text(chat_format format)
{
    return format == CHAT_JSON_SCHEMA ? "json_schema" : "json_object";
}

const char *chat_code_text(chat_code code)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        CHAT_CODE_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)code < CHAT_CODE_COUNT ? texts[code] : "?";
}

/* ---- the question ---- */

void chat_question_hash(const chat_question *question, char out[HASH_SHA256_HEX_BYTES])
{
    char parameters[80];
    uint8_t digest[HASH_SHA256_BYTES];
    const char *const texts[] = {question->model,  question->system,  question->user,
                                 question->schema, question->version, parameters};
    hash_part parts[BASE_COUNT(texts)];

    (void)snprintf(parameters, sizeof parameters, "temperature=%s seed=%d max_tokens=%d",
                   CHAT_TEMPERATURE, CHAT_SEED, CHAT_ANSWER_TOKENS);
    for (size_t i = 0; i < BASE_COUNT(texts); i++) /* each with its final 0: no two run together */
        parts[i] = (hash_part){texts[i], strlen(texts[i]) + 1};
    hash_hmac_sha256("hean chat 1", 11, parts, BASE_COUNT(parts), digest);
    hash_hex(digest, sizeof digest, out);
}

/* Names as servers have them: "gpt-4o", "org/model:7b". */
static bool model_valid(const char *model)
{
    size_t length = strlen(model);

    return length > 0 && length < CHAT_NAME_BYTES &&
           strspn(model, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+") ==
               length;
}

static void write_message(base_json *json, const char *role, const char *text)
{
    base_json_object(json, NULL);
    base_json_text(json, "role", role);
    base_json_text(json, "content", text);
    base_json_object_end(json);
}

hean_status chat_request(const chat_question *question, chat_format format, base_buffer *out,
                         hean_error *error)
{
    size_t bytes = strlen(question->system) + strlen(question->user);
    hean_status status = HEAN_OK;
    base_json json;

    if (!model_valid(question->model))
        return base_fail(error, HEAN_E_INVALID, "expected the name of a model");
    if (bytes > CHAT_QUESTION_BYTES)
        return base_fail(error, HEAN_E_LIMIT, "the prompt has %zu bytes, more than %u", bytes,
                         CHAT_QUESTION_BYTES);
    base_json_init(&json, out->allocator);
    base_json_object(&json, NULL);
    base_json_text(&json, "model", question->model);
    base_json_array(&json, "messages");
    write_message(&json, "system", question->system);
    write_message(&json, "user", question->user);
    base_json_array_end(&json);
    base_buffer_printf(&json.buffer, ",\"temperature\":%s", CHAT_TEMPERATURE);
    base_json_whole(&json, "seed", CHAT_SEED);
    base_json_whole(&json, "max_tokens", CHAT_ANSWER_TOKENS);
    base_json_bool(&json, "stream", false);
    base_json_object(&json, "response_format");
    base_json_text(&json, "type", chat_format_text(format));
    if (format == CHAT_JSON_SCHEMA)
        base_buffer_printf(&json.buffer,
                           ",\"json_schema\":{\"name\":\"process_definition\",\"strict\":false,"
                           "\"schema\":%s}",
                           question->schema);
    base_json_object_end(&json);
    base_json_object_end(&json);
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    if (json.buffer.failed || out->failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "no memory for the request");
    base_buffer_deinit(&json.buffer);
    return status;
}

/* ---- the answer ---- */

static hean_status refuse(chat_answer *out, chat_code code, const char *path)
{
    out->code = code;
    out->path = path;
    return HEAN_E_INVALID;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static hean_status read_choice(const json_t *choice, chat_answer *out)
{
    const json_t *finish = json_object_get(choice, "finish_reason");
    const json_t *message = json_object_get(choice, "message");
    const json_t *refusal = json_object_get(message, "refusal");
    const json_t *content = json_object_get(message, "content");

    if (!json_is_object(message))
        return refuse(out, CHAT_NO_CHOICE, "$.choices[0].message");
    if (refusal != NULL && !json_is_null(refusal))
        return refuse(out, CHAT_REFUSED, "$.choices[0].message.refusal");
    if (is_text(finish, "length"))
        return refuse(out, CHAT_CUT, "$.choices[0].finish_reason");
    if (is_text(finish, "content_filter"))
        return refuse(out, CHAT_FILTERED, "$.choices[0].finish_reason");
    if (!is_text(finish, "stop"))
        return refuse(out, CHAT_UNFINISHED, "$.choices[0].finish_reason");
    if (!json_is_string(content) || json_string_length(content) == 0)
        return refuse(out, CHAT_EMPTY, "$.choices[0].message.content");
    base_buffer_append(&out->content, json_string_value(content), json_string_length(content));
    return out->content.failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

hean_status chat_read(const hean_allocator *allocator, const char *body, size_t bytes,
                      chat_answer *out)
{
    json_error_t where;
    json_t *root = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, &where);
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *tokens = json_object_get(json_object_get(root, "usage"), "total_tokens");
    const json_t *problem = json_object_get(root, "error");
    hean_status status;

    *out = (chat_answer){.code = CHAT_ANSWERED, .path = "$"};
    base_buffer_init(&out->content, allocator);
    if (json_is_integer(tokens) && json_integer_value(tokens) > 0)
        out->tokens =
            json_integer_value(tokens) < TOKENS_MAX ? json_integer_value(tokens) : TOKENS_MAX;
    if (root == NULL && json_error_code(&where) == json_error_out_of_memory)
        status = HEAN_E_NO_MEMORY;
    else if (!json_is_object(root))
        status = refuse(out, CHAT_NOT_JSON, "$");
    else if (problem != NULL && !json_is_null(problem))
        status = refuse(out, CHAT_ERROR, "$.error");
    else if (!json_is_object(choice))
        status = refuse(out, CHAT_NO_CHOICE, "$.choices");
    else
        status = read_choice(choice, out);
    json_decref(root);
    return status;
}

void chat_answer_deinit(chat_answer *answer)
{
    base_buffer_deinit(&answer->content);
}
