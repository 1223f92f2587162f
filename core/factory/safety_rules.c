/*
 * safety_rules.c: what the words that were found mean together: which are denied, which are
 * harmless where they stand, which are unsafe only in company.
 */
#include "safety_private.h"

#include <string.h>

typedef struct judging {
    const safety_word *words;
    const safety_token *tokens;
    size_t token_count;
    safety_hit *hits;
    size_t hit_count;
    uint32_t denied_until; /* the token after the last thing that was denied; 0: none */
} judging;

static unsigned use_of(const judging *self, const safety_hit *hit)
{
    return self->words[hit->word].use;
}

static bool token_is(const judging *self, size_t token, unsigned use, uint32_t sentence)
{
    return token < self->token_count && self->tokens[token].sentence == sentence &&
           (self->tokens[token].uses >> use & 1) != 0;
}

/* "no [any] X", "X-free", "X is not needed", "neither X nor Y". */
static bool denied(const judging *self, const safety_hit *hit)
{
    uint32_t sentence = self->tokens[hit->first].sentence;
    size_t at = hit->first, after = hit->last + 1;

    if (self->denied_until > 0 && sentence == self->tokens[self->denied_until - 1].sentence) {
        size_t from = self->denied_until;
        if (token_is(self, from, WORD_OR, sentence))
            from++;
        if (hit->first <= from)
            return true;
    }
    for (int fillers = 0; at > 0 && fillers <= 2; fillers++) {
        at--;
        if (token_is(self, at, WORD_NOT, sentence))
            return true;
        if (!token_is(self, at, WORD_FILLER, sentence))
            break;
    }
    if (token_is(self, after, WORD_FREE, sentence))
        return true;
    return token_is(self, after, WORD_BE, sentence) &&
           token_is(self, after + 1, WORD_NOT, sentence) &&
           token_is(self, after + 2, WORD_NEEDED, sentence);
}

/* What stands within a harmless phrase is harmless. Phrases are short, so neighbours suffice. */
static void mark_harmless(judging *self)
{
    for (size_t i = 0; i < self->hit_count; i++) {
        const safety_hit *phrase = &self->hits[i];
        if (use_of(self, phrase) != WORD_HARMLESS)
            continue;
        for (size_t j = i; j-- > 0 && self->hits[j].first == phrase->first;) {
            if (self->hits[j].last <= phrase->last)
                self->hits[j].harmless = true;
        }
        for (size_t j = i + 1; j < self->hit_count && self->hits[j].first <= phrase->last; j++) {
            if (self->hits[j].last <= phrase->last)
                self->hits[j].harmless = true;
        }
    }
}

static void tell(const judging *self, safety_kind kind, const safety_hit *first,
                 const safety_hit *second, safety_finding *out)
{
    size_t length = 0;

    out->kind = kind;
    for (const safety_hit *hit = first; hit != NULL; hit = hit == first ? second : NULL) {
        const char *text = self->words[hit->word].text;
        text += strspn(text, "=~");
        length += (size_t)snprintf(out->words + length, sizeof out->words - length, "%s%.*s",
                                   hit == first ? "" : " ... ",
                                   (int)(strcspn(text, "|") < 24 ? strcspn(text, "|") : 24), text);
    }
}

static bool blocked(const judging *self, size_t from, size_t until)
{
    for (; from < until; from++) {
        if ((self->tokens[from].uses >> WORD_BLOCKER & 1) != 0)
            return true;
    }
    return false;
}

/* The second half of a pair, or NULL; `i` is the first. */
static const safety_hit *find_partner(const judging *self, size_t i, const word_pair *pair)
{
    const safety_hit *first = &self->hits[i];
    uint32_t sentence = self->tokens[first->first].sentence;

    for (size_t j = i + 1; j < self->hit_count; j++) {
        const safety_hit *second = &self->hits[j];
        if (second->first > first->last + pair->gap + 1u ||
            self->tokens[second->first].sentence != sentence)
            return NULL;
        if (second->harmless || second->first <= first->last ||
            use_of(self, second) != pair->second ||
            (pair->verb_last &&
             (self->words[second->word].english || self->words[first->word].english)))
            continue;
        if (!(pair->blocked && blocked(self, first->last + 1, second->first)) &&
            !denied(self, second))
            return second;
    }
    return NULL;
}

/* A number is an amount, too: "buy 0.5 BTC". */
static bool amount_follows(const judging *self, const safety_hit *hit)
{
    size_t after = hit->last + 1;

    return after < self->token_count && self->tokens[after].number &&
           self->tokens[after].sentence == self->tokens[hit->last].sentence;
}

static bool judge_hit(judging *self, size_t i, safety_finding *out)
{
    const safety_hit *hit = &self->hits[i], *partner = NULL;
    unsigned use = use_of(self, hit);

    if (use <= WORD_ALONE_LAST) {
        if (!denied(self, hit)) {
            tell(self, (safety_kind)use, hit, NULL, out);
            return true;
        }
        if (self->denied_until < hit->last + 1)
            self->denied_until = hit->last + 1;
        return false;
    }
    for (size_t p = 0; p < word_pair_count; p++) {
        const word_pair *pair = &word_pairs[p];
        if (pair->first != use)
            continue;
        partner = find_partner(self, i, pair);
        if (partner == NULL && !(use == WORD_TRADE && amount_follows(self, hit)))
            continue;
        if (!denied(self, hit)) {
            tell(self, (safety_kind)pair->kind, hit, partner, out);
            return true;
        }
        if (partner != NULL && self->denied_until < partner->last + 1)
            self->denied_until = partner->last + 1;
    }
    return false;
}

bool safety_judge(const safety_word *words, const safety_token *tokens, size_t token_count,
                  safety_hit *hits, size_t hit_count, safety_finding *out)
{
    judging self = {words, tokens, token_count, hits, hit_count, 0};

    mark_harmless(&self);
    for (size_t i = 0; i < hit_count; i++) {
        unsigned use = use_of(&self, &hits[i]);
        if (!hits[i].harmless && use < WORD_NOT && judge_hit(&self, i, out))
            return true;
    }
    return false;
}
