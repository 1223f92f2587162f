/*
 * post.c: store_post: a batch of entries in one turn.
 *
 * Ids first, in the order of their keys, so that the index is written from left to right. Most
 * batches hold nothing that was posted before: the first try takes every id for new and inserts its
 * key, and the database says if one was not. Only then are the batch's ids looked up, each compared
 * with what stands under it (L3), and the keys that are left inserted.
 * Then the entries in the order given, each hashed onto the one before it (L5), and last what they
 * add to the balances (S3) and the new head.
 */
#include "store_private.h"

#include <base/decimal.h>

#include <stdlib.h>
#include <string.h>

typedef struct item {
    int64_t key;      /* of store_key, then the one it is inserted under */
    int64_t sequence; /* 0: it is there already */
    size_t index;
} item;

typedef struct batch {
    store *store;
    const ledger_posting *postings;
    size_t count;
    item *items;        /* by key, then by index */
    int64_t *sequences; /* by index; 0: it is there already */
    uint64_t entries;   /* of the head */
    uint8_t hash[HASH_SHA256_BYTES];
    ledger_result result;
} batch;

static hean_status no_memory(hean_error *error)
{
    return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
}

/* ---- ids ---- */

static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* L3: `there` has the id of `posting`. */
static hean_status check_repeat(const ledger_posting *there, const ledger_posting *posting,
                                hean_error *error)
{
    const char *field = ledger_difference(there, posting);
    char before[48], now[48];

    if (field == NULL)
        return HEAN_OK;
    return base_fail(error, HEAN_E_EXISTS,
                     "entry %s is there already with another %s (amounts: %s there, %s now)",
                     posting->id, field,
                     decimal_format_scaled(there->amount_e8, 8, before, sizeof before),
                     decimal_format_scaled(posting->amount_e8, 8, now, sizeof now));
}

/* Compares the items of one key with the entry `sequence`, which is under that key. */
static hean_status compare_with_entry(batch *self, item *first, item *end, int64_t sequence,
                                      hean_error *error)
{
    ledger_posting there;
    sqlite3_stmt *row = NULL;
    bool found = false;
    hean_status status = sql_first(self->store, SQL_ENTRY, &row, &found, error, "i", sequence);

    if (status != HEAN_OK)
        return status;
    if (!found)
        return base_fail(error, HEAN_E_CORRUPT, "%s: entry %lld is missing", self->store->path,
                         (long long)sequence);
    status = query_posting(row, 0, sequence, &there, error);
    for (item *at = first; at < end && status == HEAN_OK; at++) {
        const ledger_posting *posting = &self->postings[at->index];
        if (at->sequence == 0 || strcmp(posting->id, there.id) != 0)
            continue;
        status = check_repeat(&there, posting, error);
        at->sequence = 0;
    }
    (void)sqlite3_reset(row);
    return status;
}

/* Marks the items of one key that the store has; *used says how many probes are taken. */
static hean_status look_up(batch *self, item *first, item *end, int *used, hean_error *error)
{
    int64_t sequences[STORE_KEY_PROBES];
    int64_t last_key = first->key + STORE_KEY_PROBES - 1;
    sqlite3_stmt *keys = NULL;
    bool row = false;
    hean_status status =
        sql_first(self->store, SQL_KEYS, &keys, &row, error, "ii", first->key, last_key);

    *used = 0;
    while (status == HEAN_OK && row) {
        if (*used ==
            STORE_KEY_PROBES) { /* whole numbers of a range: only a damaged tree has more */
            (void)sqlite3_reset(keys);
            return base_fail(error, HEAN_E_CORRUPT, "%s: a key is there twice", self->store->path);
        }
        sequences[(*used)++] = sqlite3_column_int64(keys, 0);
        status = sql_step(self->store, keys, &row, error);
    }
    for (int i = 0; i < *used && status == HEAN_OK; i++)
        status = compare_with_entry(self, first, end, sequences[i], error);
    return status;
}

/* Marks the items of one key that have the id of an earlier one in the batch. */
static hean_status find_twins(batch *self, item *first, item *end, hean_error *error)
{
    for (item *at = first + 1; at < end; at++) {
        const ledger_posting *posting = &self->postings[at->index];
        for (item *before = first; before < at; before++) {
            const ledger_posting *there = &self->postings[before->index];
            if (strcmp(there->id, posting->id) != 0)
                continue;
            if (check_repeat(there, posting, error) != HEAN_OK)
                return HEAN_E_EXISTS;
            at->sequence = 0;
            break;
        }
    }
    return HEAN_OK;
}

/* The items of one key: which are new, and under which key. */
static hean_status place(batch *self, item *first, item *end, bool look, hean_error *error)
{
    int used = 0;
    hean_status status = HEAN_OK;

    for (item *at = first; at < end; at++)
        at->sequence = 1;
    if (end - first > 1)
        status = find_twins(self, first, end, error);
    if (status == HEAN_OK && look)
        status = look_up(self, first, end, &used, error);
    for (item *at = first; at < end && status == HEAN_OK; at++) {
        if (at->sequence == 0)
            continue;
        if (used == STORE_KEY_PROBES)
            return base_fail(error, HEAN_E_LIMIT, "entry %s: %d other ids have the same key",
                             self->postings[at->index].id, STORE_KEY_PROBES);
        at->key += used++;
    }
    return status;
}

static void number(batch *self)
{
    uint64_t next = self->entries;

    for (size_t i = 0; i < self->count; i++)
        self->sequences[self->items[i].index] = self->items[i].sequence;
    for (size_t i = 0; i < self->count; i++) {
        if (self->sequences[i] != 0)
            self->sequences[i] = (int64_t)++next;
    }
    self->result.posted = next - self->entries;
    self->result.repeated = self->count - self->result.posted;
}

/* `*taken`: a key that was taken for free is not. */
static hean_status insert_keys(batch *self, const item *const *rows, size_t count, bool *taken,
                               hean_error *error)
{
    sqlite3_stmt *insert = NULL;
    bool row = false;
    hean_status status =
        sql_get(self->store, count == STORE_ROWS ? SQL_KEYS_ADD : SQL_KEY_ADD, &insert, error);

    if (status != HEAN_OK)
        return status;
    for (int i = 0; i < (int)count; i++) {
        if ((sqlite3_bind_int64(insert, 2 * i + 1, rows[i]->key) |
             sqlite3_bind_int64(insert, 2 * i + 2, self->sequences[rows[i]->index])) != SQLITE_OK)
            return sql_fail(self->store, error);
    }
    status = sql_step(self->store, insert, &row, error);
    *taken = status != HEAN_OK &&
             sqlite3_extended_errcode(self->store->db) == SQLITE_CONSTRAINT_PRIMARYKEY;
    return status;
}

static hean_status insert_all_keys(batch *self, bool *taken, hean_error *error)
{
    const item *rows[STORE_ROWS];
    size_t pending = 0;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < self->count && status == HEAN_OK; i++) {
        if (self->items[i].sequence != 0)
            rows[pending++] = &self->items[i];
        if (pending == STORE_ROWS) {
            status = insert_keys(self, rows, pending, taken, error);
            pending = 0;
        }
    }
    for (size_t i = 0; i < pending && status == HEAN_OK; i++)
        status = insert_keys(self, &rows[i], 1, taken, error);
    return status;
}

static hean_status claim_ids(batch *self, bool look, bool *taken, hean_error *error)
{
    hean_status status = HEAN_OK;
    item *end;

    for (size_t i = 0; i < self->count; i++) {
        const char *id = self->postings[i].id;
        self->items[i] = (item){.key = store_key(id, strlen(id)), .index = i};
    }
    qsort(self->items, self->count, sizeof *self->items, compare_items);
    for (item *first = self->items; first < self->items + self->count && status == HEAN_OK;
         first = end) {
        for (end = first + 1; end < self->items + self->count && end->key == first->key;)
            end++;
        status = place(self, first, end, look, error);
    }
    if (status != HEAN_OK)
        return status;
    number(self);
    return insert_all_keys(self, taken, error);
}

/* ---- entries ---- */

typedef struct entry_row {
    const ledger_posting *posting;
    int64_t sequence, account;
    uint8_t hash[HASH_SHA256_BYTES];
} entry_row;

static int bind_entry(sqlite3_stmt *insert, int at, const entry_row *row)
{
    const ledger_posting *posting = row->posting;
    const char *basis = posting->basis != NULL ? posting->basis : "";

    return sqlite3_bind_int64(insert, at + 1, row->account) |
           sqlite3_bind_int64(insert, at + 2, posting->time_ns) |
           sqlite3_bind_int64(insert, at + 3, (int64_t)posting->kind) |
           sqlite3_bind_int64(insert, at + 4, posting->amount_e8) |
           sqlite3_bind_text(insert, at + 5, posting->id, -1, SQLITE_STATIC) |
           sqlite3_bind_text(insert, at + 6, basis, -1, SQLITE_STATIC) |
           sqlite3_bind_blob(insert, at + 7, row->hash, sizeof row->hash, SQLITE_STATIC);
}

/* SQLite numbers rows one after the other; that they continue the chain is checked. */
static hean_status insert_entries(batch *self, const entry_row *rows, size_t count,
                                  hean_error *error)
{
    sqlite3_stmt *insert = NULL;
    bool row = false;
    hean_status status =
        sql_get(self->store, count == STORE_ROWS ? SQL_ENTRIES_ADD : SQL_ENTRY_ADD, &insert, error);

    if (status != HEAN_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (bind_entry(insert, (int)i * 7, &rows[i]) != SQLITE_OK)
            return sql_fail(self->store, error);
    }
    status = sql_step(self->store, insert, &row, error);
    if (status == HEAN_OK && sqlite3_last_insert_rowid(self->store->db) != rows[count - 1].sequence)
        status = base_fail(error, HEAN_E_INVARIANT,
                           "%s: entry %lld should come next, but would be %lld: `hean ledger "
                           "verify` says more",
                           self->store->path, (long long)rows[count - 1].sequence,
                           (long long)sqlite3_last_insert_rowid(self->store->db));
    return status;
}

/* Chains a posting and adds it to the sums; `row` is what is to be inserted. */
static hean_status chain_entry(batch *self, cells *sums, size_t index, entry_row *row,
                               hean_error *error)
{
    const ledger_posting *posting = &self->postings[index];
    int64_t sequence = self->sequences[index];
    const store_account *account;
    cell added = {.day = posting->time_ns / STORE_NS_PER_DAY,
                  .first_sequence = sequence,
                  .last_sequence = sequence,
                  .entries = 1,
                  .estimated = posting->basis != NULL && posting->basis[0] != 0,
                  .amount_e8 = posting->amount_e8,
                  .kind = (uint8_t)posting->kind};
    hean_status status = account_intern(self->store, &posting->account, &account, error);

    if (status != HEAN_OK)
        return status;
    ledger_chain(self->hash, account->digest, posting, self->hash);
    *row = (entry_row){.posting = posting, .sequence = sequence, .account = account->ids[0]};
    memcpy(row->hash, self->hash, sizeof row->hash);
    memcpy(added.ids, account->ids, sizeof added.ids);
    return cells_add(sums, &added) == HEAN_OK ? HEAN_OK : no_memory(error);
}

static hean_status post_entries(batch *self, cells *sums, hean_error *error)
{
    entry_row rows[STORE_ROWS];
    size_t pending = 0;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < self->count && status == HEAN_OK; i++) {
        if (self->sequences[i] == 0)
            continue;
        status = chain_entry(self, sums, i, &rows[pending], error);
        if (status == HEAN_OK && ++pending == STORE_ROWS) {
            status = insert_entries(self, rows, pending, error);
            pending = 0;
        }
    }
    for (size_t i = 0; i < pending && status == HEAN_OK; i++)
        status = insert_entries(self, &rows[i], 1, error);
    return status;
}

/* ---- balances ---- */

/* L4: the five kinds of an account, over all days, and its net. */
static hean_status check_account(batch *self, int64_t account, hean_error *error)
{
    ledger_sums sums = {0};
    int64_t net_e8;
    sqlite3_stmt *balance = NULL;
    bool row = false;
    hean_status status =
        sql_first(self->store, SQL_BALANCE_ACCOUNT, &balance, &row, error, "i", account);

    while (status == HEAN_OK && row) {
        int kind = sqlite3_column_int(balance, 0);
        base_int128 amount = (base_int128)sqlite3_column_int64(balance, 1) * BASE_E8 +
                             sqlite3_column_int64(balance, 2);
        if (kind < 0 || kind >= LEDGER_KIND_COUNT || amount > INT64_MAX || amount < INT64_MIN) {
            (void)sqlite3_reset(balance);
            return base_fail(error, HEAN_E_RANGE, "the balance of %s of an account would not fit",
                             ledger_kind_text((ledger_kind)kind));
        }
        sums.amount_e8[kind] = (int64_t)amount;
        status = sql_step(self->store, balance, &row, error);
    }
    if (status == HEAN_OK && ledger_net(&sums, &net_e8) != HEAN_OK)
        status = base_fail(error, HEAN_E_RANGE, "the net of an account would not fit");
    return status;
}

static hean_status add_balance(batch *self, const cell *sum, hean_error *error)
{
    int64_t units, e8;

    cell_split(sum->amount_e8, &units, &e8);
    return sql_run(self->store, SQL_BALANCE_ADD, error, "iiiiiiiii", sum->ids[0], sum->day,
                   (int64_t)sum->kind, units, e8, (int64_t)sum->entries, (int64_t)sum->estimated,
                   sum->first_sequence, sum->last_sequence);
}

static hean_status add_balances(batch *self, const cells *sums, hean_error *error)
{
    cells all;
    hean_status status;

    cells_init(&all, self->store->allocator);
    status = cells_spread(&all, sums);
    if (status != HEAN_OK)
        status = no_memory(error);
    for (size_t i = 0; i < all.capacity && status == HEAN_OK; i++) {
        if (all.items[i].entries != 0)
            status = add_balance(self, &all.items[i], error);
    }
    for (size_t i = 0; i < sums->capacity && status == HEAN_OK; i++) {
        if (sums->items[i].entries != 0)
            status = check_account(self, sums->items[i].ids[0], error);
    }
    cells_deinit(&all);
    return status;
}

/* ---- a turn ---- */

static hean_status post_in_turn(batch *self, bool look, bool *taken, hean_error *error)
{
    cells sums;
    hean_status status = query_head(self->store, &self->entries, self->hash, error);

    if (status == HEAN_OK && self->count > (uint64_t)INT64_MAX - self->entries)
        status = base_fail(error, HEAN_E_RANGE, "too many entries");
    if (status == HEAN_OK)
        status = claim_ids(self, look, taken, error);
    if (status != HEAN_OK)
        return status;
    cells_init(&sums, self->store->allocator);
    status = post_entries(self, &sums, error);
    if (status == HEAN_OK)
        status = add_balances(self, &sums, error);
    if (status == HEAN_OK && self->result.posted > 0)
        status = sql_run(self->store, SQL_HEAD_SET, error, "ih",
                         (int64_t)(self->entries + self->result.posted), self->hash);
    cells_deinit(&sums);
    return status;
}

static hean_status post_turn(batch *self, bool look, bool *taken, hean_error *error)
{
    hean_status status = store_begin(self->store, error);

    *taken = false;
    if (status != HEAN_OK)
        return status;
    status = post_in_turn(self, look, taken, error);
    if (status == HEAN_OK)
        return store_commit(self->store, error);
    store_rollback(self->store);
    return status;
}

hean_status store_post(store *self, const ledger_posting *postings, size_t count,
                       ledger_result *result, hean_error *error)
{
    batch work = {.store = self, .postings = postings, .count = count};
    hean_status status = HEAN_OK;
    bool taken;

    BASE_ASSERT(self->access == STORE_WRITE);
    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = ledger_check(&postings[i], error);
    if (status != HEAN_OK)
        return status;
    work.items = base_alloc_array(self->allocator, count, sizeof *work.items);
    work.sequences = base_alloc_array(self->allocator, count, sizeof *work.sequences);
    if (work.items == NULL || work.sequences == NULL)
        status = no_memory(error);
    if (status == HEAN_OK) {
        status = post_turn(&work, false, &taken, error);
        if (taken)
            status = post_turn(&work, true, &taken, error);
    }
    base_free(self->allocator, work.items);
    base_free(self->allocator, work.sequences);
    if (status == HEAN_OK && result != NULL)
        *result = work.result;
    return status;
}
