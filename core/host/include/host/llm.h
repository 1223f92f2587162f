/*
 * llm.h: asks a language model for a process definition: the client, its budget and its record, and
 * the way from the store's environment to a definition that is kept there.
 *
 * Invariants
 *   G1  a question that was answered before is answered from the record, without the network,
 *       unless a fresh answer is wanted.
 *   G2  no request is sent that the day's budget does not cover: tokens are reserved before and
 *       settled after.
 *   G3  the key goes to the configured server alone: over TLS, or to this machine; redirects are
 *       never followed; an answer that contains the key is thrown away.
 *   G4  what is accepted is stored as NEW and disabled, from source "generated".
 */
#ifndef HOST_LLM_H
#define HOST_LLM_H

#include <factory/chat.h>
#include <factory/quality.h>
#include <host/keys.h>
#include <store/records.h>

#define LLM_BASE_URL       "https://api.openai.com/v1"
#define LLM_MODEL          "gpt-4o"
#define LLM_REQUESTS_A_DAY 50
#define LLM_TOKENS_A_DAY   500000
#define LLM_TIMEOUT_NS     (120 * BASE_NS_PER_S)

typedef struct llm_options {
    const char *base_url; /* up to and without /chat/completions */
    const char *model;
    const char *prompt; /* a Lua file instead of the built-in prompt; may be NULL */
    const keys *key;    /* NULL: none is sent */
    bool needs_key;     /* there is none, and the server wants one: only the record can answer */
    int64_t timeout_ns; /* of one try */
    int64_t requests_a_day, tokens_a_day;
    bool fresh; /* asks anew, and tells which ids wait for approval */
    int64_t now_ns;
    volatile int *stop;
} llm_options;

typedef struct llm_outcome {
    char hash[HASH_SHA256_HEX_BYTES]; /* of the question */
    bool from_record, stored;         /* not stored: it is there already, or refused */
    int64_t requests, tokens;         /* spent on it now */
    const char *code;                 /* "accepted", or why not: factory_code, chat_code */
    factory_problem problem;          /* path and text of a refusal */
    factory_quality quality;
    factory_definition *definition; /* accepted: free with factory_definition_close */
} llm_outcome;

/* HEAN_OK: accepted, or refused with a code. Errors: HEAN_E_GATE (a server that is neither on this
 * machine nor asked over TLS), HEAN_E_INVALID (the URL, the model's name), HEAN_E_LIMIT (the budget
 * of the day), HEAN_E_IO (no answer; what the server said), HEAN_E_INTERRUPTED, those of the prompt
 * and of the store. */
hean_status llm_generate(store *store, const llm_options *options, llm_outcome *out,
                         hean_error *error) HEAN_WARN_UNUSED;
/* The recorded exchange of that hash, checked again; HEAN_E_NOT_FOUND. Nothing is stored. */
hean_status llm_replay(store *store, const char *hash, llm_outcome *out,
                       hean_error *error) HEAN_WARN_UNUSED;

#endif
