/*
 * safety.c: the words of the filter as a tree of letters, and the texts that are walked through it.
 *
 * A text becomes a row of letters (fold.h) without what stands between words; each knows its token.
 * From every letter where a word may begin the tree is walked, so the cost is bounded by the text's
 * length times the longest word.
 */
#include "definition_private.h"
#include "fold.h"
#include "safety_private.h"

#include <string.h>

#define LAYERS_MAX     2 /* of encoding */
#define SHORT_LETTERS  6 /* shorter words are pulled apart letter by letter, or not at all */
#define WORDS_MAX      8192
#define DECODED_TIMES  8   /* decoded text is never longer than this times the text */
#define KEYS_KNOWN     256 /* a power of 2 */
#define KEY_BYTES      32
#define CYRILLIC_FIRST 0x0400
#define CYRILLIC_LAST  0x052F

typedef struct edge {
    uint64_t key; /* node << 21 | letter; 0: free */
    uint32_t to;
} edge;

typedef struct unit {
    uint32_t letter, token;
} unit;

struct factory_safety {
    const hean_allocator *allocator;
    safety_word *words; /* from 1 on */
    size_t word_count, word_capacity;
    edge *edges;
    size_t edge_mask;
    uint16_t *node_words; /* the first word that ends at a node */
    uint32_t node_count;
    uint32_t roots[128]; /* the nodes of the first letters, those of ASCII */
    uint8_t ascii[128];  /* fold_letter of them */
    /* the text under way */
    unit *units;
    safety_token *tokens;
    safety_hit *hits;
    size_t unit_count, unit_capacity, token_count, token_capacity, hit_count, hit_capacity;
    base_buffer decoded[LAYERS_MAX];
    bool hidden, failed;
    /* Keys that were found harmless: definitions have mostly the same ones. */
    char known[KEYS_KNOWN][KEY_BYTES];
};

const char *safety_kind_text(safety_kind kind)
{
    static const char *const texts[] = {
#define TEXT(name, text) text,
        SAFETY_KIND_MAP(TEXT)
#undef TEXT
    };
    return (unsigned)kind < SAFETY_KIND_COUNT ? texts[kind] : "?";
}

/* ---- texts to letters ---- */

typedef struct folding {
    factory_safety *self;
    uint32_t sentence, whole;
    uint32_t last; /* the last letter of this token, as it was folded; 0: a new one begins */
    bool stop;     /* a sign that may end a sentence was the last */
    bool lower;    /* the last letter was a small one of ASCII */
} folding;

static safety_token *begin_token(folding *at, bool inside)
{
    factory_safety *self = at->self;
    safety_token *token;

    if (!base_grow(self->allocator, (void **)&self->tokens, &self->token_capacity,
                   self->token_count + 1, sizeof *self->tokens)) {
        self->failed = true;
        return NULL;
    }
    if (!inside)
        at->whole++;
    token = &self->tokens[self->token_count++];
    *token = (safety_token){.sentence = at->sentence, .whole = at->whole};
    at->last = 0;
    return token;
}

static void add_letter(folding *at, uint32_t code_point, uint32_t letter)
{
    factory_safety *self = at->self;
    bool upper = code_point - 'A' < 26, digit = code_point - '0' < 10;
    bool begins = at->last == 0;
    safety_token *token;

    if (begins || (upper && at->lower) || fold_is_ideograph(code_point)) {
        token = begin_token(at, !begins && upper);
        if (token == NULL)
            return;
        token->number = digit;
        token->cyrillic = code_point - CYRILLIC_FIRST <= CYRILLIC_LAST - CYRILLIC_FIRST;
    }
    at->lower = code_point - 'a' < 26;
    at->stop = false;
    if (letter == at->last) /* letters that are doubled count once */
        return;
    if (!base_grow(self->allocator, (void **)&self->units, &self->unit_capacity,
                   self->unit_count + 1, sizeof *self->units)) {
        self->failed = true;
        return;
    }
    self->tokens[self->token_count - 1].last_unit = (uint32_t)self->unit_count;
    self->units[self->unit_count++] = (unit){letter, (uint32_t)self->token_count - 1};
    at->last = letter;
}

/* "pa$$word", "p@ss", "$ecret": a sign with a letter after it, and none before or a letter. */
static bool sign_is_letter(const folding *at, const char *rest, size_t bytes)
{
    uint32_t next = 0;

    while (bytes > 0 && (*rest == '@' || *rest == '$' || *rest == '!' || *rest == '|')) {
        rest++;
        bytes--;
    }
    if (fold_next(rest, bytes, &next) == 0)
        return false;
    return fold_letter(next) >= FOLD_FIRST && (at->last != 0 || next - '0' >= 10);
}

static void fold_text(factory_safety *self, const char *text, size_t bytes)
{
    folding at = {.self = self, .whole = 0};
    uint32_t code_point = 0;
    size_t used;

    self->unit_count = self->token_count = self->hit_count = 0;
    for (size_t i = 0; i < bytes && !self->failed; i += used) {
        uint32_t letter;
        used = fold_next(text + i, bytes - i, &code_point);
        letter = code_point < 128 ? self->ascii[code_point] : fold_letter(code_point);
        if (letter < FOLD_FIRST && letter != FOLD_NOTHING && fold_sign(code_point) != 0 &&
            sign_is_letter(&at, text + i + used, bytes - i - used))
            letter = fold_sign(code_point);
        if (letter >= FOLD_FIRST) {
            add_letter(&at, code_point, letter);
            continue;
        }
        if (letter == FOLD_HIDDEN)
            self->hidden = true;
        if (letter == FOLD_NOTHING || letter == FOLD_HIDDEN)
            continue;
        if (letter == FOLD_STOP && code_point != '\n')
            at.stop = true;
        else if (at.stop || code_point == '\n')
            at.sentence++, at.stop = false;
        if (code_point == 0x3002) /* no blank follows it */
            at.sentence++;
        at.last = 0;
        at.lower = false;
    }
}

/* ---- words ---- */

static uint32_t find_edge(const factory_safety *self, uint32_t node, uint32_t letter)
{
    uint64_t key = (uint64_t)node << 21 | letter;
    size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) & self->edge_mask;

    while (self->edges[slot].key != 0) {
        if (self->edges[slot].key == key)
            return self->edges[slot].to;
        slot = (slot + 1) & self->edge_mask;
    }
    return 0;
}

static uint32_t make_edge(factory_safety *self, uint32_t node, uint32_t letter)
{
    uint64_t key = (uint64_t)node << 21 | letter;
    size_t slot = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) & self->edge_mask;
    uint32_t found = find_edge(self, node, letter);

    if (found != 0)
        return found;
    while (self->edges[slot].key != 0)
        slot = (slot + 1) & self->edge_mask;
    self->edges[slot] = (edge){key, ++self->node_count};
    return self->node_count;
}

/* Walks on with the units of the text that is folded now, making what is missing. */
static void add_word(factory_safety *self, const word_row *row, const char *text, size_t bytes)
{
    size_t head = text[0] == '=' || text[0] == '~' ? 1 : 0;
    uint32_t node = 1, last = 0;
    safety_word *word = &self->words[++self->word_count];

    fold_text(self, text + head, bytes - head);
    for (size_t i = 0; i < self->unit_count; i++) {
        if (self->units[i].letter == last)
            continue; /* across words, too: as texts are walked */
        last = self->units[i].letter;
        node = make_edge(self, node, last);
    }
    *word = (safety_word){.text = text,
                          .use = row->use,
                          .tokens = (uint8_t)self->token_count,
                          .letters = (uint8_t)self->unit_count,
                          .whole = text[0] == '=',
                          .inside = text[0] == '~',
                          .english = strcmp(row->language, "en") == 0,
                          .russian = strcmp(row->language, "ru") == 0,
                          .next = self->node_words[node]};
    self->node_words[node] = (uint16_t)self->word_count;
}

static hean_status add_words(factory_safety *self)
{
    size_t letters = 0, words = 1, slots = 1;

    for (size_t i = 0; i < word_row_count; i++) {
        letters += strlen(word_rows[i].words);
        for (const char *at = word_rows[i].words; at != NULL; at = strchr(at + 1, '|'))
            words++;
    }
    while (slots < 2 * letters)
        slots *= 2;
    BASE_ASSERT(words < WORDS_MAX);
    self->words = base_alloc_array(self->allocator, words + 1, sizeof *self->words);
    self->edges = base_alloc_array(self->allocator, slots, sizeof *self->edges);
    self->node_words = base_alloc_array(self->allocator, letters + 2, sizeof *self->node_words);
    if (self->words == NULL || self->edges == NULL || self->node_words == NULL)
        return HEAN_E_NO_MEMORY;
    self->edge_mask = slots - 1;
    self->node_count = 1;
    for (size_t i = 0; i < word_row_count; i++) {
        for (const char *at = word_rows[i].words; *at != 0;) {
            size_t bytes = strcspn(at, "|");
            add_word(self, &word_rows[i], at, bytes);
            at += bytes + (at[bytes] == '|' ? 1 : 0);
        }
    }
    for (uint32_t letter = 0; letter < BASE_COUNT(self->roots); letter++)
        self->roots[letter] = find_edge(self, 1, letter);
    return self->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

hean_status factory_safety_open(const hean_allocator *allocator, factory_safety **out)
{
    factory_safety *self = base_alloc(allocator, sizeof *self);
    hean_status status;

    if (self == NULL)
        return HEAN_E_NO_MEMORY;
    self->allocator = allocator;
    for (int i = 0; i < LAYERS_MAX; i++)
        base_buffer_init(&self->decoded[i], allocator);
    for (uint32_t c = 0; c < BASE_COUNT(self->ascii); c++)
        self->ascii[c] = (uint8_t)fold_letter(c);
    status = add_words(self);
    if (status != HEAN_OK)
        factory_safety_close(self);
    else
        *out = self;
    return status;
}

void factory_safety_close(factory_safety *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < LAYERS_MAX; i++)
        base_buffer_deinit(&self->decoded[i]);
    base_free(self->allocator, self->units);
    base_free(self->allocator, self->tokens);
    base_free(self->allocator, self->hits);
    base_free(self->allocator, self->words);
    base_free(self->allocator, self->edges);
    base_free(self->allocator, self->node_words);
    base_free(self->allocator, self);
}

/* ---- finding ---- */

/* Is the word, from unit `from` to unit `to`, there as a reader sees words? */
static bool stands(const factory_safety *self, const safety_word *word, size_t from, size_t to)
{
    uint32_t first = self->units[from].token, last = self->units[to].token;
    const safety_token *tokens = self->tokens;
    bool starts = from == 0 || self->units[from - 1].token != first;
    uint32_t pieces = tokens[last].whole - tokens[first].whole + 1;
    bool split = pieces > word->tokens;

    if (word->whole && tokens[last].last_unit != to)
        return false;
    if (!starts && !(word->inside && pieces == 1))
        return false;
    if (word->use >= WORD_NOT)
        return pieces <= word->tokens + (word->use == WORD_NOT ? 1u : 0u) &&
               (word->use != WORD_HARMLESS || pieces == word->tokens) &&
               (!word->russian || word->use == WORD_HARMLESS || tokens[first].cyrillic);
    if (split && word->letters < SHORT_LETTERS && pieces < word->letters)
        return false;
    if (split && pieces <= 3 && tokens[first].sentence != tokens[last].sentence)
        return false;
    return word->tokens == 1 || tokens[first].sentence == tokens[last].sentence ||
           pieces > 3u * word->tokens;
}

static void take(factory_safety *self, uint16_t index, size_t from, size_t to)
{
    const safety_word *word = &self->words[index];
    uint32_t first = self->units[from].token, last = self->units[to].token;

    if (!stands(self, word, from, to))
        return;
    if (word->use >= WORD_NOT && word->use != WORD_HARMLESS) {
        for (uint32_t token = first; token <= last; token++)
            self->tokens[token].uses |= UINT32_C(1) << word->use;
        return;
    }
    if (!base_grow(self->allocator, (void **)&self->hits, &self->hit_capacity, self->hit_count + 1,
                   sizeof *self->hits)) {
        self->failed = true;
        return;
    }
    self->hits[self->hit_count++] = (safety_hit){index, false, first, last};
}

static void find_words(factory_safety *self)
{
    for (size_t i = 0; i < self->unit_count; i++) {
        uint32_t letter = self->units[i].letter;
        uint32_t node =
            letter < BASE_COUNT(self->roots) ? self->roots[letter] : find_edge(self, 1, letter);
        size_t at = i;
        while (node != 0) {
            for (uint16_t word = self->node_words[node]; word != 0; word = self->words[word].next)
                take(self, word, i, at);
            do /* the same letter again, in the next piece of a word that was pulled apart */
                at++;
            while (at < self->unit_count && self->units[at].letter == letter);
            if (at >= self->unit_count)
                break;
            letter = self->units[at].letter;
            node = find_edge(self, node, letter);
        }
    }
}

static hean_status look(factory_safety *self, const char *text, size_t bytes, int layer,
                        safety_finding *out)
{
    hean_status status = HEAN_OK;

    fold_text(self, text, bytes);
    find_words(self);
    if (self->failed)
        return HEAN_E_NO_MEMORY;
    if (self->hidden) {
        *out = (safety_finding){.kind = SAFETY_HIDDEN};
        (void)base_text_copy(out->words, sizeof out->words, "invisible or reversed");
        return HEAN_OK;
    }
    if (safety_judge(self->words, self->tokens, self->token_count, self->hits, self->hit_count,
                     out) ||
        layer == LAYERS_MAX)
        return HEAN_OK;
    self->decoded[layer].length = 0;
    safety_decode(text, bytes, &self->decoded[layer]);
    if (self->decoded[layer].failed)
        return HEAN_E_NO_MEMORY;
    if (self->decoded[layer].length > 0 && self->decoded[layer].length <= DECODED_TIMES * bytes)
        status = look(self, self->decoded[layer].data, self->decoded[layer].length, layer + 1, out);
    return status;
}

hean_status factory_safety_text(factory_safety *self, const char *text, size_t bytes,
                                safety_finding *out)
{
    *out = (safety_finding){.kind = SAFETY_NONE};
    self->hidden = false;
    self->failed = false;
    return look(self, text, bytes, 0, out);
}

/* ---- definitions ---- */

typedef struct checking {
    factory_safety *safety;
    factory_problem *problem;
    base_buffer joined; /* the texts of a list, in which a word may be pulled apart */
} checking;

/* Where a value is; written out only when something was found. */
typedef struct place {
    const struct place *parent; /* NULL: the root */
    const char *key;            /* NULL: an element */
    size_t index;
} place;

static void write_path(const place *at, char out[PATH_BYTES])
{
    size_t length;

    if (at->parent == NULL) {
        (void)snprintf(out, PATH_BYTES, "$");
        return;
    }
    write_path(at->parent, out);
    length = strlen(out);
    if (at->key != NULL)
        (void)snprintf(out + length, PATH_BYTES - length, ".%.60s", at->key);
    else
        (void)snprintf(out + length, PATH_BYTES - length, "[%zu]", at->index);
    base_text_clean(out, strlen(out));
}

static hean_status check_text(checking *self, const char *text, size_t bytes, const place *at)
{
    safety_finding found;
    hean_status status = factory_safety_text(self->safety, text, bytes, &found);

    if (status != HEAN_OK || found.kind == SAFETY_NONE)
        return status;
    *self->problem = (factory_problem){.code = FACTORY_UNSAFE};
    write_path(at, self->problem->path);
    (void)snprintf(self->problem->text, sizeof self->problem->text, "%s: %s",
                   safety_kind_text(found.kind), found.words);
    return HEAN_E_INVALID;
}

static hean_status check_key(checking *self, const char *key, const place *at)
{
    size_t bytes = strlen(key);
    uint32_t slot = 0;
    hean_status status;

    for (size_t i = 0; i < bytes; i++)
        slot = slot * 31 + (unsigned char)key[i];
    char *known = self->safety->known[(slot ^ slot >> 8) & (KEYS_KNOWN - 1)];
    if (bytes > 0 && strcmp(known, key) == 0)
        return HEAN_OK;
    status = check_text(self, key, bytes, at);
    if (status == HEAN_OK && bytes < KEY_BYTES)
        memcpy(known, key, bytes + 1);
    return status;
}

static hean_status check_value(checking *self, const json_t *value, const place *at);

static hean_status check_list(checking *self, const json_t *list, const place *at)
{
    hean_status status = HEAN_OK;
    size_t texts = 0;

    for (size_t i = 0; status == HEAN_OK && i < json_array_size(list); i++)
        status = check_value(self, json_array_get(list, i), &(place){at, NULL, i});
    self->joined.length = 0;
    for (size_t i = 0; status == HEAN_OK && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item))
            continue;
        texts++;
        base_buffer_append(&self->joined, json_string_value(item), json_string_length(item));
        base_buffer_append(&self->joined, " ", 1);
    }
    if (self->joined.failed)
        return HEAN_E_NO_MEMORY;
    if (status == HEAN_OK && texts > 1)
        status = check_text(self, self->joined.data, self->joined.length, at);
    return status;
}

static hean_status check_value(checking *self, const json_t *value, const place *at)
{
    const char *key;
    json_t *member;
    hean_status status = HEAN_OK;

    if (json_is_string(value))
        return check_text(self, json_string_value(value), json_string_length(value), at);
    if (json_is_array(value))
        return check_list(self, value, at);
    json_object_foreach((json_t *)value, key, member)
    {
        const place below = {at, key, 0};
        status = check_key(self, key, &below);
        if (status == HEAN_OK)
            status = check_value(self, member, &below);
        if (status != HEAN_OK)
            break;
    }
    return status;
}

hean_status factory_safety_check(factory_safety *safety, const factory_definition *definition,
                                 factory_problem *problem)
{
    checking self = {.safety = safety, .problem = problem};
    const place root = {NULL, NULL, 0};
    hean_status status;

    base_buffer_init(&self.joined, safety->allocator);
    status = check_value(&self, ((const definition_whole *)definition)->root, &root);
    base_buffer_deinit(&self.joined);
    return status;
}
