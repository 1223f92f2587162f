/*
 * llm_private.h: between the parts of generating a process.
 *
 * llm_input.c gathers what the prompt is made of; llm.c asks a server; llm_generate.c makes the
 * question, keeps the record and judges the answer.
 */
#ifndef HOST_LLM_PRIVATE_H
#define HOST_LLM_PRIVATE_H

#include <host/llm.h>

/* How an exchange went, for the record. */
typedef struct llm_exchange {
    chat_format format;
    base_buffer request, reply; /* bodies */
    int64_t requests, tokens;
} llm_exchange;

/* Appends the input of the prompt's script; `fresh`: with the ids that wait for approval. */
hean_status llm_input(store *from, bool fresh, base_buffer *out,
                      hean_error *error) HEAN_WARN_UNUSED;

/* Sends the question until it is answered with an answer that reads as one. */
hean_status llm_ask(store *store, const llm_options *options, const chat_question *question,
                    llm_exchange *out, hean_error *error) HEAN_WARN_UNUSED;

#endif
