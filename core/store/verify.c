/*
 * verify.c: store_verify: everything again from nothing, and compared with what is kept.
 *
 * In one snapshot, while others may write: SQLite's own check of the pages; the tables, indexes and
 * triggers themselves; every account; every entry against its hash and its place (L5); the table of
 * ids against the entries (L3); every balance against the entries (L1, L2, L4); the head (a
 * truncation). The first thing found wrong is named.
 *
 * L1 holds by construction: counter accounts are not stored, each is the negative of the sums that
 * are compared here.
 */
#include "store_private.h"

#include <string.h>
#include <sys/random.h>

typedef struct verifier {
    store *store;
    const volatile int *stop;
    volatile uint64_t *progress;
    struct verify_account {
        int64_t ids[STORE_LEVELS]; /* of a leaf; [0] is 0 for a parent */
        int64_t parent;
        uint8_t digest[HASH_SHA256_BYTES];
        bool used;
    } * accounts; /* by id - 1 */
    size_t account_count, account_capacity;
    cells days, all; /* as the entries say */
    uint64_t entries;
    uint8_t hash[HASH_SHA256_BYTES];
    uint64_t salt[2], ids; /* see mix() */
} verifier;

static hean_status wrong(const verifier *self, hean_error *error, const char *format, ...)
    HEAN_PRINTF(3, 4);
static hean_status wrong(const verifier *self, hean_error *error, const char *format, ...)
{
    char text[400];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return base_fail(error, HEAN_E_INVARIANT, "%s: %s", self->store->path, text);
}

static hean_status no_memory(hean_error *error)
{
    return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
}

/* Every row of a query goes to `each`. */
typedef hean_status (*row_fn)(verifier *self, sqlite3_stmt *row, hean_error *error);
static hean_status each_row(verifier *self, const char *sql, row_fn each, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    hean_status status = sql_prepare(self->store, sql, &statement, error);

    if (status != HEAN_OK)
        return status;
    status = sql_step(self->store, statement, &row, error);
    while (status == HEAN_OK && row) {
        status = each(self, statement, error);
        if (status == HEAN_OK)
            status = sql_step(self->store, statement, &row, error);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* ---- SQLite's own check ---- */

static hean_status page_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);

    if (text != NULL && strcmp(text, "ok") == 0)
        return HEAN_OK;
    return base_fail(error, HEAN_E_CORRUPT, "%s is damaged: %s", self->store->path,
                     text != NULL ? text : "");
}

/* ---- accounts ---- */

static hean_status read_names(sqlite3_stmt *row, ledger_account *out)
{
    const char **texts[] = {&out->run, &out->process, &out->strategy, &out->symbol, &out->currency};
    int64_t mode;

    for (int i = 0; i < (int)BASE_COUNT(texts); i++) {
        const char *text = (const char *)sqlite3_column_text(row, 3 + i);
        if (text == NULL || strlen(text) != (size_t)sqlite3_column_bytes(row, 3 + i) ||
            strlen(text) > LEDGER_NAME_BYTES)
            return HEAN_E_INVARIANT;
        *texts[i] = text;
    }
    mode = sqlite3_column_int64(row, 2);
    out->mode = (ledger_mode)mode;
    return mode >= 0 && mode < LEDGER_MODE_COUNT ? HEAN_OK : HEAN_E_INVARIANT;
}

static int level_of(const ledger_account *names)
{
    return names->run[0] != 0 ? 0 : names->process[0] != 0 ? 1 : 2;
}

/* The parent was added before, and is this account at the next level: its digest says so. */
static bool parent_is_right(const verifier *self, const ledger_account *names, int64_t parent)
{
    uint8_t digest[HASH_SHA256_BYTES];
    ledger_account above;
    int level = level_of(names);

    if (level == STORE_LEVELS - 1)
        return parent == 0;
    above = account_at_level(names, level + 1);
    ledger_account_digest(&above, digest);
    return parent > 0 && parent <= (int64_t)self->account_count &&
           memcmp(self->accounts[parent - 1].digest, digest, sizeof digest) == 0;
}

static hean_status account_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    int64_t id = sqlite3_column_int64(row, 0), parent = sqlite3_column_int64(row, 1);
    struct verify_account *added;
    ledger_account names;

    if (id != (int64_t)self->account_count + 1)
        return wrong(self, error, "account %zu is missing (the next is %lld)",
                     self->account_count + 1, (long long)id);
    if (!base_grow(self->store->allocator, (void **)&self->accounts, &self->account_capacity,
                   self->account_count + 1, sizeof *self->accounts))
        return no_memory(error);
    added = &self->accounts[self->account_count];
    memset(added, 0, sizeof *added);
    if (read_names(row, &names) != HEAN_OK)
        return wrong(self, error, "account %lld: its names could not have been posted",
                     (long long)id);
    ledger_account_digest(&names, added->digest);
    if (sqlite3_column_bytes(row, 8) != HASH_SHA256_BYTES ||
        memcmp(sqlite3_column_blob(row, 8), added->digest, HASH_SHA256_BYTES) != 0)
        return wrong(self, error, "account %lld: its digest is not that of its names",
                     (long long)id);
    if (!parent_is_right(self, &names, parent))
        return wrong(self, error, "account %lld: account %lld is not its parent", (long long)id,
                     (long long)parent);
    added->parent = parent;
    if (level_of(&names) == 0) {
        added->ids[0] = id;
        added->ids[1] = parent;
        added->ids[2] = self->accounts[parent - 1].parent;
    }
    self->account_count++;
    return HEAN_OK;
}

/* An account came with its first entry: one without any was put there. */
static hean_status check_used(const verifier *self, hean_error *error)
{
    for (size_t i = 0; i < self->account_count; i++) {
        if (!self->accounts[i].used)
            return wrong(self, error, "account %zu has no entries", i + 1);
    }
    return HEAN_OK;
}

/* ---- entries ---- */

/* The table of ids and the entries hold the same pairs (key, sequence) if the sums over them of
 * this are the same: the salt is fresh, so nobody can have prepared two sets that agree. */
static uint64_t mix(const verifier *self, int64_t key, int64_t sequence)
{
    uint64_t x = ((uint64_t)key ^ self->salt[0]) * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 32 ^ (uint64_t)sequence) * (self->salt[1] | 1);
    x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 32;
}

/* What the chain and the sums need of an entry; the names of its account were looked at before. */
static hean_status read_entry(const verifier *self, sqlite3_stmt *row, ledger_posting *out,
                              hean_error *error)
{
    const char *id = (const char *)sqlite3_column_text(row, 5);
    const char *basis = (const char *)sqlite3_column_text(row, 6);
    size_t id_bytes = (size_t)sqlite3_column_bytes(row, 5);
    size_t basis_bytes = (size_t)sqlite3_column_bytes(row, 6);
    long long sequence = sqlite3_column_int64(row, 0);

    if (id == NULL || id_bytes == 0 || id_bytes > LEDGER_ID_BYTES || strlen(id) != id_bytes)
        return wrong(self, error, "entry %lld: its id could not have been posted", sequence);
    if (basis == NULL || basis_bytes > LEDGER_BASIS_BYTES || strlen(basis) != basis_bytes)
        return wrong(self, error, "entry %lld (%s): its basis could not have been posted", sequence,
                     id);
    *out = (ledger_posting){.id = id,
                            .basis = basis,
                            .time_ns = sqlite3_column_int64(row, 2),
                            .kind = (ledger_kind)sqlite3_column_int64(row, 3),
                            .amount_e8 = sqlite3_column_int64(row, 4)};
    if (sqlite3_column_int64(row, 3) != (int64_t)out->kind ||
        (unsigned)out->kind >= LEDGER_KIND_COUNT || out->time_ns < 0)
        return wrong(self, error, "entry %lld (%s): its kind or time could not have been posted",
                     sequence, id);
    return HEAN_OK;
}

static hean_status sum_entry(verifier *self, const struct verify_account *account,
                             const ledger_posting *posting, int64_t sequence, hean_error *error)
{
    cell added = {.day = posting->time_ns / STORE_NS_PER_DAY,
                  .first_sequence = sequence,
                  .last_sequence = sequence,
                  .entries = 1,
                  .estimated = posting->basis[0] != 0,
                  .amount_e8 = posting->amount_e8,
                  .kind = (uint8_t)posting->kind};

    memcpy(added.ids, account->ids, sizeof added.ids);
    return cells_add(&self->days, &added) == HEAN_OK ? HEAN_OK : no_memory(error);
}

static hean_status entry_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    int64_t sequence = sqlite3_column_int64(row, 0), account = sqlite3_column_int64(row, 1);
    struct verify_account *of;
    ledger_posting posting = {.id = "", .basis = ""};
    hean_status status;

    if (sequence != (int64_t)self->entries + 1)
        return wrong(self, error, "entry %llu is missing (the next is %lld)",
                     (unsigned long long)self->entries + 1, (long long)sequence);
    if (self->stop != NULL && *self->stop != 0)
        return base_fail(error, HEAN_E_INTERRUPTED, "interrupted after %llu entries",
                         (unsigned long long)self->entries);
    status = read_entry(self, row, &posting, error);
    if (status != HEAN_OK)
        return status;
    if (account < 1 || account > (int64_t)self->account_count ||
        self->accounts[account - 1].ids[0] == 0)
        return wrong(self, error, "entry %lld (%s): there is no account %lld", (long long)sequence,
                     posting.id, (long long)account);
    of = &self->accounts[account - 1];
    ledger_chain(self->hash, of->digest, &posting, self->hash);
    if (sqlite3_column_bytes(row, 7) != HASH_SHA256_BYTES ||
        memcmp(sqlite3_column_blob(row, 7), self->hash, HASH_SHA256_BYTES) != 0)
        return wrong(self, error,
                     "entry %lld (%s): its hash is not that of its content and of the entry before "
                     "it",
                     (long long)sequence, posting.id);
    for (int level = 0; level < STORE_LEVELS; level++)
        self->accounts[of->ids[level] - 1].used = true;
    self->ids += mix(self, store_key(posting.id, (size_t)sqlite3_column_bytes(row, 5)), sequence);
    self->entries++;
    if (self->progress != NULL)
        *self->progress = self->entries;
    return sum_entry(self, of, &posting, sequence, error);
}

/* ---- ids ---- */

static hean_status id_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    int64_t key = sqlite3_column_int64(row, 0), sequence = sqlite3_column_int64(row, 1);

    (void)error;
    self->ids -= mix(self, key & ~(int64_t)(STORE_KEY_PROBES - 1), sequence);
    return HEAN_OK;
}

/* An id that shares its key with others: it comes right after one of them, and differs from all. */
static hean_status probe_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    return wrong(self, error, "entry_id: key %lld (entry %lld) %s",
                 (long long)sqlite3_column_int64(row, 0), (long long)sqlite3_column_int64(row, 1),
                 sqlite3_column_int(row, 2) != 0 ? "has an id that is there twice"
                                                 : "does not follow another key");
}

static const char probes_sql[] =
    "SELECT k.key, k.sequence, p.key IS NOT NULL FROM entry_id k "
    "LEFT JOIN entry_id p ON p.key BETWEEN k.key & ~15 AND k.key - 1 AND "
    "(SELECT id FROM entry WHERE sequence = p.sequence) = "
    "(SELECT id FROM entry WHERE sequence = k.sequence) "
    "WHERE k.key & 15 <> 0 AND (p.key IS NOT NULL OR "
    "NOT EXISTS (SELECT 1 FROM entry_id WHERE key = k.key - 1)) LIMIT 1";

/* The slow way, to name the row. */
static void key_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *id = (const char *)sqlite3_value_text(values[0]);

    (void)count;
    sqlite3_result_int64(context, store_key(id, (size_t)sqlite3_value_bytes(values[0])));
}

static hean_status unlisted_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    return wrong(self, error, "entry_id: entry %lld (%s) is not under its key",
                 (long long)sqlite3_column_int64(row, 0),
                 (const char *)sqlite3_column_text(row, 1));
}

static hean_status foreign_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    return wrong(self, error, "entry_id: key %lld is not one of entry %lld",
                 (long long)sqlite3_column_int64(row, 0), (long long)sqlite3_column_int64(row, 1));
}

static hean_status name_wrong_id(verifier *self, hean_error *error)
{
    hean_status status;

    if (sqlite3_create_function(self->store->db, "store_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                NULL, key_function, NULL, NULL) != SQLITE_OK)
        return sql_fail(self->store, error);
    status = each_row(self,
                      "SELECT sequence, id FROM entry e WHERE NOT EXISTS (SELECT 1 FROM entry_id k "
                      "WHERE k.key BETWEEN store_key(e.id) AND store_key(e.id) + 15 "
                      "AND k.sequence = e.sequence) ORDER BY sequence LIMIT 1",
                      unlisted_row, error);
    if (status == HEAN_OK)
        status = each_row(self,
                          "SELECT k.key, k.sequence FROM entry_id k LEFT JOIN entry e "
                          "ON e.sequence = k.sequence WHERE e.id IS NULL "
                          "OR k.key NOT BETWEEN store_key(e.id) AND store_key(e.id) + 15 LIMIT 1",
                          foreign_row, error);
    return status != HEAN_OK ? status : wrong(self, error, "entry_id: an entry is there twice");
}

static hean_status check_ids(verifier *self, hean_error *error)
{
    hean_status status = each_row(self, "SELECT key, sequence FROM entry_id", id_row, error);

    if (status == HEAN_OK && self->ids != 0)
        status = name_wrong_id(self, error);
    return status == HEAN_OK ? each_row(self, probes_sql, probe_row, error) : status;
}

/* ---- balances ---- */

static hean_status balance_row(verifier *self, sqlite3_stmt *row, hean_error *error)
{
    int64_t account = sqlite3_column_int64(row, 0), day = sqlite3_column_int64(row, 1);
    int64_t kind = sqlite3_column_int64(row, 2), units, e8;
    const cell *sum = kind >= 0 && kind < LEDGER_KIND_COUNT
                          ? cells_find(&self->all, account, day, (int)kind)
                          : NULL;

    if (sum == NULL)
        return wrong(self, error, "balance: account %lld, day %lld, kind %lld has no entries",
                     (long long)account, (long long)day, (long long)kind);
    cell_split(sum->amount_e8, &units, &e8);
    if (sqlite3_column_int64(row, 3) != units || sqlite3_column_int64(row, 4) != e8 ||
        sqlite3_column_int64(row, 5) != (int64_t)sum->entries ||
        sqlite3_column_int64(row, 6) != (int64_t)sum->estimated ||
        sqlite3_column_int64(row, 7) != sum->first_sequence ||
        sqlite3_column_int64(row, 8) != sum->last_sequence)
        return wrong(self, error,
                     "balance: account %lld, day %lld, kind %s is not the sum of its entries",
                     (long long)account, (long long)day, ledger_kind_text((ledger_kind)kind));
    self->all.count--; /* its key is unique, so what is left was not found */
    return HEAN_OK;
}

static hean_status check_balances(verifier *self, hean_error *error)
{
    hean_status status = cells_spread(&self->all, &self->days);

    if (status != HEAN_OK)
        return no_memory(error);
    status = each_row(self,
                      "SELECT account, day, kind, units, e8, entries, estimated, first_sequence, "
                      "last_sequence FROM balance",
                      balance_row, error);
    if (status == HEAN_OK && self->all.count != 0)
        status = wrong(self, error, "balance: %zu rows are missing", self->all.count);
    return status;
}

/* ---- the head ---- */

static hean_status check_head(verifier *self, hean_error *error)
{
    uint64_t entries;
    uint8_t hash[HASH_SHA256_BYTES];
    hean_status status = query_head(self->store, &entries, hash, error);

    if (status == HEAN_OK && entries != self->entries)
        status = wrong(self, error, "head: %llu entries were posted, %llu are there",
                       (unsigned long long)entries, (unsigned long long)self->entries);
    if (status == HEAN_OK && memcmp(hash, self->hash, sizeof hash) != 0)
        status = wrong(self, error, "head: its hash is not that of entry %llu",
                       (unsigned long long)entries);
    return status;
}

static hean_status verify_all(verifier *self, hean_error *error)
{
    hean_status status = each_row(self, "PRAGMA integrity_check(1)", page_row, error);

    if (status == HEAN_OK)
        status = schema_verify(self->store, error);
    if (status == HEAN_OK)
        status = each_row(self,
                          "SELECT id, parent, mode, run, process, strategy, symbol, currency, "
                          "digest FROM account ORDER BY id",
                          account_row, error);
    if (status == HEAN_OK)
        status = each_row(self,
                          "SELECT sequence, account, time_ns, kind, amount_e8, id, basis, hash "
                          "FROM entry ORDER BY sequence",
                          entry_row, error);
    if (status == HEAN_OK)
        status = check_head(self, error);
    if (status == HEAN_OK)
        status = check_used(self, error);
    if (status == HEAN_OK)
        status = check_ids(self, error);
    return status == HEAN_OK ? check_balances(self, error) : status;
}

hean_status store_verify(store *self, const volatile int *stop, volatile uint64_t *progress,
                         hean_error *error)
{
    verifier work = {.store = self, .stop = stop, .progress = progress};
    hean_status status;

    if (getrandom(work.salt, sizeof work.salt, 0) != sizeof work.salt)
        return base_fail(error, HEAN_E_IO, "the system gives no random numbers");
    cells_init(&work.days, self->allocator);
    cells_init(&work.all, self->allocator);
    status = store_snapshot(self, error);
    if (status == HEAN_OK) {
        status = verify_all(&work, error);
        store_snapshot_end(self);
    }
    cells_deinit(&work.days);
    cells_deinit(&work.all);
    base_free(self->allocator, work.accounts);
    return status;
}
