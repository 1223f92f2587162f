/*
 * safety_private.h: between the parts of the filter.
 *
 * safety.c makes texts comparable and finds words; safety_rules.c decides what they mean together;
 * safety_decode.c uncovers what is encoded.
 */
#ifndef FACTORY_SAFETY_PRIVATE_H
#define FACTORY_SAFETY_PRIVATE_H

#include "safety_words.h"

typedef struct safety_token { /* a word, or a part of one ("apiKey" has two) */
    uint32_t sentence, whole; /* `whole`: number of the word it is a part of */
    uint32_t last_unit;
    uint32_t uses; /* bits of word_use from WORD_NOT on: it is one of these words */
    bool number, cyrillic;
} safety_token;

typedef struct safety_hit {
    uint16_t word; /* index in factory_safety.words */
    bool harmless;
    uint32_t first, last; /* tokens */
} safety_hit;

typedef struct safety_word {
    const char *text; /* in word_rows, with its sign; ends at | or 0 */
    uint8_t use, tokens, letters;
    bool whole, inside, english, russian;
    uint16_t next; /* of the same spelling; 0: none */
} safety_word;

/* What the words of one text mean. Hits come by their first token. */
bool safety_judge(const safety_word *words, const safety_token *tokens, size_t token_count,
                  safety_hit *hits, size_t hit_count, safety_finding *out);

/* Appends what is encoded in the text, decoded, each run ended by a line end. */
void safety_decode(const char *text, size_t bytes, base_buffer *out);

#endif
