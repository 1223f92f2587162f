/*
 * account.c: the accounts of entries, interned: each is one row, found by its digest.
 *
 * The table only grows and its rows never change, so those used last are remembered between turns
 * (P1); after a turn that came to nothing they are forgotten, for some may not be there.
 */
#include "store_private.h"

#include <string.h>

bool account_same(const ledger_account *a, const ledger_account *b)
{
    return a->mode == b->mode && strcmp(a->run, b->run) == 0 && strcmp(a->symbol, b->symbol) == 0 &&
           strcmp(a->process, b->process) == 0 && strcmp(a->strategy, b->strategy) == 0 &&
           strcmp(a->currency, b->currency) == 0;
}

ledger_account account_at_level(const ledger_account *names, int level)
{
    ledger_account at = *names;

    if (level >= 1)
        at.run = "";
    if (level >= 2)
        at.process = at.strategy = at.symbol = "";
    return at;
}

static size_t slot_of(const ledger_account *names)
{
    const char *texts[] = {names->run, names->process, names->strategy, names->symbol,
                           names->currency};
    uint32_t hash = 2166136261u + (uint32_t)names->mode;

    for (size_t i = 0; i < BASE_COUNT(texts); i++) {
        for (const char *at = texts[i]; *at != 0; at++)
            hash = (hash ^ (unsigned char)*at) * 16777619u;
    }
    return (hash ^ hash >> 16) & (STORE_ACCOUNT_SLOTS - 1);
}

static void slot_free(store *self, size_t slot)
{
    if (self->accounts[slot] != NULL)
        base_free(self->allocator, (void *)self->accounts[slot]->names.run);
    base_free(self->allocator, self->accounts[slot]);
    self->accounts[slot] = NULL;
}

void account_forget(store *self)
{
    for (size_t i = 0; i < STORE_ACCOUNT_SLOTS; i++)
        slot_free(self, i);
}

/* The row of an account; adds it, below `parent`, if it is not there. */
static hean_status find_or_add(store *self, const ledger_account *names, int64_t parent,
                               const uint8_t *digest, int64_t *id, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_ACCOUNT, &statement, &row, error, "h", digest);

    if (status != HEAN_OK)
        return status;
    if (row) {
        *id = sqlite3_column_int64(statement, 0);
        (void)sqlite3_reset(statement);
        return HEAN_OK;
    }
    status =
        sql_run(self, SQL_ACCOUNT_ADD, error, "iittttth", parent, (int64_t)names->mode, names->run,
                names->process, names->strategy, names->symbol, names->currency, digest);
    if (status == HEAN_OK)
        *id = sqlite3_last_insert_rowid(self->db);
    return status;
}

static hean_status copy_names(store *self, const ledger_account *names, ledger_account *out)
{
    const char *from[] = {names->run, names->process, names->strategy, names->symbol,
                          names->currency};
    const char **to[] = {&out->run, &out->process, &out->strategy, &out->symbol, &out->currency};
    size_t bytes = 0;
    char *block;

    for (size_t i = 0; i < BASE_COUNT(from); i++)
        bytes += strlen(from[i]) + 1;
    block = base_resize(self->allocator, NULL, bytes);
    if (block == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < BASE_COUNT(from); i++) {
        bytes = strlen(from[i]) + 1;
        *to[i] = memcpy(block, from[i], bytes);
        block += bytes;
    }
    out->mode = names->mode;
    return HEAN_OK;
}

static hean_status fill(store *self, const ledger_account *names, store_account *out,
                        hean_error *error)
{
    int64_t parent = 0;

    for (int level = STORE_LEVELS - 1; level >= 0; level--) {
        ledger_account at = account_at_level(names, level);
        hean_status status;
        ledger_account_digest(&at, out->digest);
        status = find_or_add(self, &at, parent, out->digest, &out->ids[level], error);
        if (status != HEAN_OK)
            return status;
        parent = out->ids[level];
    }
    if (copy_names(self, names, &out->names) != HEAN_OK)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    return HEAN_OK;
}

hean_status account_intern(store *self, const ledger_account *names, const store_account **out,
                           hean_error *error)
{
    size_t slot = slot_of(names);
    hean_status status;

    if (self->accounts[slot] != NULL && account_same(&self->accounts[slot]->names, names)) {
        *out = self->accounts[slot];
        return HEAN_OK;
    }
    slot_free(self, slot);
    self->accounts[slot] = base_alloc(self->allocator, sizeof **self->accounts);
    if (self->accounts[slot] == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    status = fill(self, names, self->accounts[slot], error);
    if (status != HEAN_OK) {
        slot_free(self, slot);
        return status;
    }
    *out = self->accounts[slot];
    return HEAN_OK;
}
