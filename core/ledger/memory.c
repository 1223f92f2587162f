/*
 * memory.c: the ledger in memory: posting, each id once, whole batches or nothing.
 *
 * A batch is posted entry by entry and taken back if one fails. What takes it back cannot fail:
 * room for the whole batch is made before its first entry, so that within a batch no table moves,
 * and slots are freed in the reverse order of their taking, which leaves every probe whole.
 */
#include "memory.h"

#include "entry.h"

#include <base/decimal.h>

#include <string.h>

/* ---- texts that never move ---- */

#define CHUNK_BYTES_FIRST (16 * 1024)
#define CHUNK_BYTES_MAX   (16 * 1024 * 1024)

struct chunk {
    chunk *before;
    size_t used, capacity;
    char bytes[];
};

static chunk *add_chunk(ledger *self)
{
    size_t capacity = self->texts == NULL ? CHUNK_BYTES_FIRST : self->texts->capacity;
    chunk *top;

    if (self->texts != NULL && capacity < CHUNK_BYTES_MAX)
        capacity *= 2;
    top = base_resize(self->allocator, NULL, sizeof *top + capacity);
    if (top == NULL)
        return NULL;
    top->before = self->texts;
    top->used = 0;
    top->capacity = capacity;
    self->texts = top;
    return top;
}

/* NULL if memory ran out. */
static char *texts_take(ledger *self, size_t bytes)
{
    chunk *top = self->texts;

    if (top == NULL || top->capacity - top->used < bytes)
        top = add_chunk(self);
    if (top == NULL)
        return NULL;
    top->used += bytes;
    return top->bytes + top->used - bytes;
}

static void texts_cut(ledger *self, chunk *top, size_t used)
{
    while (self->texts != top) {
        chunk *before = self->texts->before;
        base_free(self->allocator, self->texts);
        self->texts = before;
    }
    if (top != NULL)
        top->used = used;
}

/* ---- slots ---- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t eight_bytes(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* The last word of a long text overlaps the one before it, so that no word is filled bytewise. */
static uint32_t text_hash(const char *text, size_t bytes, uint64_t seed)
{
    uint64_t hash = mix(seed, bytes);
    uint64_t rest = 0;

    for (size_t at = 0; at + 8 < bytes; at += 8)
        hash = mix(hash, eight_bytes(text + at));
    if (bytes >= 8) {
        rest = eight_bytes(text + bytes - 8);
    } else {
        for (size_t i = 0; i < bytes; i++)
            rest = rest << 8 | (unsigned char)text[i];
    }
    return (uint32_t)(mix(mix(hash, rest), 0) >> 32);
}

/* The slot of what `same` accepts, or the free one where it belongs. */
static slot *slots_find(const slots *table, uint32_t hash, const void *key,
                        bool (*same)(const ledger *self, uint32_t index, const void *key),
                        const ledger *self)
{
    size_t mask = table->capacity - 1;
    size_t at = hash & mask;

    while (table->items[at].index_1 != 0 &&
           (table->items[at].hash != hash || !same(self, table->items[at].index_1 - 1, key)))
        at = (at + 1) & mask;
    return &table->items[at];
}

static bool slots_reserve(const hean_allocator *allocator, slots *table, size_t count)
{
    size_t capacity = table->capacity > 0 ? table->capacity : 64;
    slot *items;

    while (capacity / 2 < count)
        capacity *= 2;
    if (capacity == table->capacity)
        return true;
    items = base_alloc_array(allocator, capacity, sizeof *items);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        size_t at = table->items[i].hash & (capacity - 1);
        if (table->items[i].index_1 == 0)
            continue;
        while (items[at].index_1 != 0)
            at = (at + 1) & (capacity - 1);
        items[at] = table->items[i];
    }
    base_free(allocator, table->items);
    table->items = items;
    table->capacity = capacity;
    return true;
}

/* Frees the slot of `index`, the last that was taken of those still there. */
static void slots_drop(slots *table, uint32_t hash, size_t index)
{
    size_t at = hash & (table->capacity - 1);
    while (table->items[at].index_1 != index + 1)
        at = (at + 1) & (table->capacity - 1);
    table->items[at].index_1 = 0;
}

static bool same_id(const ledger *self, uint32_t index, const void *key)
{
    return strcmp(memory_entry(self, index)->id, key) == 0;
}

static bool same_names(const ledger_account *a, const ledger_account *b)
{
    /* What differs most often comes first. */
    return strcmp(a->symbol, b->symbol) == 0 && strcmp(a->strategy, b->strategy) == 0 &&
           strcmp(a->run, b->run) == 0 && strcmp(a->process, b->process) == 0 &&
           strcmp(a->currency, b->currency) == 0 && a->mode == b->mode;
}

static bool same_account(const ledger *self, uint32_t index, const void *key)
{
    return same_names(&self->accounts[index].names, key);
}

static uint32_t id_hash(const char *id)
{
    return text_hash(id, strlen(id), 0);
}

static uint32_t account_hash(const ledger_account *names)
{
    const char *texts[] = {names->run, names->process, names->strategy, names->symbol,
                           names->currency};
    uint32_t hash = (uint32_t)names->mode;

    for (size_t i = 0; i < BASE_COUNT(texts); i++)
        hash = text_hash(texts[i], strlen(texts[i]), hash);
    return hash;
}

bool memory_find(const ledger *self, const char *id, size_t *index)
{
    const slot *found;

    if (self->ids.capacity == 0)
        return false;
    found = slots_find(&self->ids, id_hash(id), id, same_id, self);
    if (found->index_1 == 0)
        return false;
    *index = found->index_1 - 1;
    return true;
}

/* ---- accounts ---- */

static const char *copy_text(char **at, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = memcpy(*at, text, bytes);
    *at += bytes;
    return copy;
}

static hean_status add_account(ledger *self, const ledger_account *names)
{
    account *added;
    char *at =
        texts_take(self, strlen(names->run) + strlen(names->process) + strlen(names->strategy) +
                             strlen(names->symbol) + strlen(names->currency) + 5);

    if (at == NULL)
        return HEAN_E_NO_MEMORY;
    added = &self->accounts[self->account_count++];
    memset(added, 0, sizeof *added);
    added->names.mode = names->mode;
    added->names.run = copy_text(&at, names->run);
    added->names.process = copy_text(&at, names->process);
    added->names.strategy = copy_text(&at, names->strategy);
    added->names.symbol = copy_text(&at, names->symbol);
    added->names.currency = copy_text(&at, names->currency);
    ledger_account_digest(names, added->digest);
    return HEAN_OK;
}

/* An account that was not used lately, or never. */
static hean_status look_up_account(ledger *self, const ledger_account *names, uint32_t *index,
                                   hean_error *error)
{
    uint32_t hash = account_hash(names);
    hean_status status;
    slot *found;

    if (!base_grow(self->allocator, (void **)&self->accounts, &self->account_capacity,
                   self->account_count + 1, sizeof *self->accounts) ||
        !slots_reserve(self->allocator, &self->names, self->account_count + 1))
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for another account");
    found = slots_find(&self->names, hash, names, same_account, self);
    if (found->index_1 == 0) {
        status = add_account(self, names);
        if (status != HEAN_OK)
            return base_fail(error, status, "no memory for another account");
        found->hash = hash;
        found->index_1 = (uint32_t)self->account_count;
    }
    *index = found->index_1 - 1;
    return HEAN_OK;
}

/* The posting's account; an account that is there needs no check of its texts. */
static hean_status use_account(ledger *self, const ledger_posting *posting, uint32_t *index,
                               hean_error *error)
{
    const ledger_account *names = &posting->account;
    bool whole = names->run != NULL && names->process != NULL && names->strategy != NULL &&
                 names->symbol != NULL && names->currency != NULL;
    uint32_t *recent = &self->recent[0];
    hean_status status;

    if (whole) {
        recent = &self->recent[text_hash(names->symbol, strlen(names->symbol), 0) % RECENT_COUNT];
        if (*recent < self->account_count && same_names(&self->accounts[*recent].names, names)) {
            *index = *recent;
            return HEAN_OK;
        }
    }
    status = entry_check_account(posting->id, names, error);
    if (status != HEAN_OK)
        return status;
    BASE_ASSERT(whole);
    status = look_up_account(self, names, index, error);
    if (status == HEAN_OK)
        *recent = *index;
    return status;
}

hean_status memory_add(account *to, ledger_kind kind, int64_t amount_e8, bool estimated)
{
    int64_t before_e8 = to->sums.amount_e8[kind];
    int64_t net_e8;

    if (__builtin_add_overflow(before_e8, amount_e8, &to->sums.amount_e8[kind]) ||
        ledger_net(&to->sums, &net_e8) != HEAN_OK) {
        to->sums.amount_e8[kind] = before_e8;
        return HEAN_E_RANGE;
    }
    to->sums.entries++;
    to->sums.estimated += estimated;
    if (kind == LEDGER_OPPORTUNITY_COST)
        to->imputed_e8 -= amount_e8;
    else
        to->cash_e8 += kind == LEDGER_FEE ? -(base_int128)amount_e8 : amount_e8;
    return HEAN_OK;
}

/* The reverse of memory_add, for the entry that was added last. */
static void take_back(account *from, const entry *last)
{
    from->sums.amount_e8[last->kind] -= last->amount_e8;
    from->sums.entries--;
    from->sums.estimated -= last->estimated;
    if (last->kind == LEDGER_OPPORTUNITY_COST)
        from->imputed_e8 += last->amount_e8;
    else
        from->cash_e8 -= last->kind == LEDGER_FEE ? -(base_int128)last->amount_e8 : last->amount_e8;
}

/* ---- posting ---- */

#define ENTRIES_MAX (UINT32_MAX / 2)

void memory_posting(const ledger *self, size_t index, ledger_posting *out)
{
    const entry *from = memory_entry(self, index);

    out->id = from->id;
    out->account = self->accounts[from->account].names;
    out->time_ns = from->time_ns;
    out->kind = (ledger_kind)from->kind;
    out->amount_e8 = from->amount_e8;
    out->basis = from->id + from->id_bytes + 1;
}

/* L3. */
static hean_status repeat(const ledger *self, size_t index, const ledger_posting *posting,
                          hean_error *error)
{
    ledger_posting there;
    char before[48], now[48];
    const char *field;

    memory_posting(self, index, &there);
    field = ledger_difference(&there, posting);
    if (field == NULL)
        return HEAN_OK;
    return base_fail(error, HEAN_E_EXISTS,
                     "entry %s is there already with another %s (amounts: %s there, %s now)",
                     posting->id, field,
                     decimal_format_scaled(there.amount_e8, 8, before, sizeof before),
                     decimal_format_scaled(posting->amount_e8, 8, now, sizeof now));
}

static hean_status append(ledger *self, const ledger_posting *posting, uint32_t account_index,
                          hean_error *error)
{
    static const uint8_t origin[HASH_SHA256_BYTES];
    const char *basis = posting->basis != NULL ? posting->basis : "";
    account *to = &self->accounts[account_index];
    entry *added = memory_entry(self, self->count);
    size_t id_bytes = strlen(posting->id), basis_bytes = strlen(basis);
    char *text = texts_take(self, id_bytes + basis_bytes + 2);

    if (text == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for another entry");
    if (memory_add(to, posting->kind, posting->amount_e8, basis_bytes > 0) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "entry %s: the balance of %s would not fit",
                         posting->id, ledger_kind_text(posting->kind));
    memcpy(text, posting->id, id_bytes + 1);
    memcpy(text + id_bytes + 1, basis, basis_bytes + 1);
    added->id = text;
    added->time_ns = posting->time_ns;
    added->amount_e8 = posting->amount_e8;
    added->account = account_index;
    added->kind = (uint8_t)posting->kind;
    added->id_bytes = (uint8_t)id_bytes;
    added->estimated = basis_bytes > 0;
    ledger_chain(self->count > 0 ? memory_entry(self, self->count - 1)->hash : origin, to->digest,
                 posting, added->hash);
    self->count++;
    return HEAN_OK;
}

static hean_status post_one(ledger *self, const ledger_posting *posting, uint32_t hash,
                            ledger_result *result, hean_error *error)
{
    uint32_t account_index = 0;
    hean_status status = use_account(self, posting, &account_index, error);
    slot *found;

    if (status != HEAN_OK)
        return status;
    found = slots_find(&self->ids, hash, posting->id, same_id, self);
    if (found->index_1 != 0) {
        result->repeated++;
        return repeat(self, found->index_1 - 1, posting, error);
    }
    status = append(self, posting, account_index, error);
    if (status == HEAN_OK) {
        found->hash = hash;
        found->index_1 = (uint32_t)self->count;
        result->posted++;
    }
    return status;
}

/* Looking an id up costs a cache miss, but those of a few postings can be under way at once. */
#define LOOK_AHEAD 16

static hean_status post_all(ledger *self, const ledger_posting *postings, size_t count,
                            ledger_result *result, hean_error *error)
{
    for (size_t first = 0; first < count; first += LOOK_AHEAD) {
        size_t many = count - first < LOOK_AHEAD ? count - first : LOOK_AHEAD;
        const ledger_posting *at = postings + first;
        uint32_t hashes[LOOK_AHEAD];
        hean_status status = HEAN_OK;

        for (size_t i = 0; i < many && status == HEAN_OK; i++) {
            status = entry_check_rest(&at[i], error);
            if (status != HEAN_OK)
                return status;
            hashes[i] = id_hash(at[i].id);
            __builtin_prefetch(&self->ids.items[hashes[i] & (self->ids.capacity - 1)], 1);
        }
        for (size_t i = 0; i < many; i++) {
            status = post_one(self, &at[i], hashes[i], result, error);
            if (status != HEAN_OK)
                return status;
        }
    }
    return HEAN_OK;
}

/* Back to as many entries and accounts as there were. */
static void roll_back(ledger *self, size_t count, size_t account_count)
{
    while (self->count > count) {
        const entry *last = memory_entry(self, --self->count);
        take_back(&self->accounts[last->account], last);
        slots_drop(&self->ids, id_hash(last->id), self->count);
    }
    while (self->account_count > account_count) {
        const account *last = &self->accounts[--self->account_count];
        slots_drop(&self->names, account_hash(&last->names), self->account_count);
    }
}

/* Room for `count` entries in all. */
static bool blocks_reserve(ledger *self, size_t count)
{
    size_t there = 0;

    for (int i = 0; there < count; i++) {
        size_t block = (size_t)1 << (BLOCK_BITS_FIRST + i);
        BASE_ASSERT(i < BLOCK_COUNT);
        if (self->blocks[i] == NULL)
            self->blocks[i] = base_resize(self->allocator, NULL, block * sizeof(entry));
        if (self->blocks[i] == NULL)
            return false;
        there += block;
    }
    return true;
}

hean_status ledger_post(ledger *self, const ledger_posting *postings, size_t count,
                        ledger_result *result, hean_error *error)
{
    size_t entries_before = self->count, accounts_before = self->account_count;
    chunk *texts = self->texts;
    size_t texts_used = texts != NULL ? texts->used : 0;
    ledger_result done = {0};
    hean_status status;

    if (count > ENTRIES_MAX - self->count)
        return base_fail(error, HEAN_E_LIMIT, "a ledger in memory holds %u entries",
                         (unsigned)ENTRIES_MAX);
    if (!blocks_reserve(self, self->count + count) ||
        !slots_reserve(self->allocator, &self->ids, self->count + count))
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for %zu entries", count);
    status = post_all(self, postings, count, &done, error);
    if (status != HEAN_OK) {
        roll_back(self, entries_before, accounts_before);
        texts_cut(self, texts, texts_used);
        return status;
    }
    if (result != NULL)
        *result = done;
    return HEAN_OK;
}

/* ---- opening, closing, looking ---- */

hean_status ledger_open(const hean_allocator *allocator, ledger **out, hean_error *error)
{
    const hean_allocator *memory = allocator != NULL ? allocator : base_allocator_default();
    ledger *self = base_alloc(memory, sizeof *self);

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a ledger");
    self->allocator = memory;
    *out = self;
    return HEAN_OK;
}

void ledger_close(ledger *self)
{
    if (self == NULL)
        return;
    texts_cut(self, NULL, 0);
    base_free(self->allocator, self->ids.items);
    base_free(self->allocator, self->names.items);
    for (size_t i = 0; i < BLOCK_COUNT; i++)
        base_free(self->allocator, self->blocks[i]);
    base_free(self->allocator, self->accounts);
    base_free(self->allocator, self);
}

uint64_t ledger_entries(const ledger *self)
{
    return self->count;
}

void ledger_head(const ledger *self, uint8_t out[HASH_SHA256_BYTES])
{
    if (self->count == 0)
        memset(out, 0, HASH_SHA256_BYTES);
    else
        memcpy(out, memory_entry(self, self->count - 1)->hash, HASH_SHA256_BYTES);
}

hean_status ledger_entry(const ledger *self, uint64_t index, ledger_posting *out)
{
    if (index >= self->count)
        return HEAN_E_NOT_FOUND;
    memory_posting(self, index, out);
    return HEAN_OK;
}
