/*
 * chat.h: one question to a language model as bytes, and its answer from bytes: chat completions as
 * OpenAI defined them and llama.cpp, Ollama and vLLM speak them. Pure: no clock, no network.
 *
 * Invariants
 *   H1  the same question gives the same bytes and the same hash.
 *   H2  an answer is believed only if it is one whole JSON object, finished, and neither refused
 *       nor cut.
 */
#ifndef FACTORY_CHAT_H
#define FACTORY_CHAT_H

#include <base/base.h>
#include <base/hash.h>

#define CHAT_TEMPERATURE    "0.3"
#define CHAT_SEED           42
#define CHAT_ANSWER_TOKENS  4096
#define CHAT_QUESTION_BYTES (64u << 10) /* of system and user together */
#define CHAT_NAME_BYTES     128

typedef enum chat_format { CHAT_JSON_SCHEMA, CHAT_JSON_OBJECT } chat_format;
const char *chat_format_text(chat_format format); /* "json_schema", "json_object" */

typedef struct chat_question {
    const char *model, *system, *user;
    const char *schema;  /* JSON Schema of the answer, as a compact JSON object */
    const char *version; /* of the script that made the prompt */
} chat_question;

/* Over model, prompt, parameters, schema and version; the format is how, not what, is asked. */
void chat_question_hash(const chat_question *question, char out[HASH_SHA256_HEX_BYTES]);
/* Appends the body of the request. HEAN_E_INVALID: a model's name that is none; HEAN_E_LIMIT: the
 * prompt is too long; HEAN_E_NO_MEMORY. */
hean_status chat_request(const chat_question *question, chat_format format, base_buffer *out,
                         hean_error *error) HEAN_WARN_UNUSED;

/* X(name, text): why an answer holds no definition. The texts are stable. */
#define CHAT_CODE_MAP(X)                                                                           \
    X(CHAT_ANSWERED, "answered")                                                                   \
    X(CHAT_NOT_JSON, "answer_not_json")                                                            \
    X(CHAT_ERROR, "answer_error")                                                                  \
    X(CHAT_NO_CHOICE, "answer_without_choice")                                                     \
    X(CHAT_REFUSED, "answer_refused")                                                              \
    X(CHAT_FILTERED, "answer_filtered")                                                            \
    X(CHAT_CUT, "answer_cut")                                                                      \
    X(CHAT_UNFINISHED, "answer_unfinished")                                                        \
    X(CHAT_EMPTY, "answer_empty")

typedef enum chat_code {
#define CHAT_CODE_ENUM(name, text) name,
    CHAT_CODE_MAP(CHAT_CODE_ENUM)
#undef CHAT_CODE_ENUM
        CHAT_CODE_COUNT
} chat_code;
const char *chat_code_text(chat_code code);

typedef struct chat_answer {
    chat_code code;
    const char *path;    /* not ANSWERED: where */
    base_buffer content; /* what the model said */
    int64_t tokens;      /* in all, as the server counted; 0: it did not say */
} chat_answer;

/* HEAN_E_INVALID: `out->code` and `path` say why; HEAN_E_NO_MEMORY. Free with chat_answer_deinit in
 * any case. */
hean_status chat_read(const hean_allocator *allocator, const char *body, size_t bytes,
                      chat_answer *out) HEAN_WARN_UNUSED;
void chat_answer_deinit(chat_answer *answer);

#endif
