/*
 * verify.c: doubts the ledger in memory: recomputes everything from the entries alone, with the
 * same pure functions that posted them, and compares.
 */
#include "memory.h"

#include "entry.h"

#include <string.h>

static hean_status broken(hean_error *error, size_t index, const char *id, const char *what)
{
    return base_fail(error, HEAN_E_INVARIANT, "entry %zu (%.120s): %s", index + 1, id, what);
}

/* One entry against the one before it: L3, L4, L5. */
static hean_status verify_entry(const ledger *self, size_t index, account *fresh,
                                uint8_t hash[HASH_SHA256_BYTES], hean_error *error)
{
    const entry *at = memory_entry(self, index);
    ledger_posting posting;
    hean_error detail;
    size_t found;
    account *of;

    if (at->account >= self->account_count)
        return broken(error, index, at->id, "its account is not there");
    of = &fresh[at->account];
    memory_posting(self, index, &posting);
    if (of->sums.entries == 0) {
        if (entry_check_account(posting.id, &posting.account, &detail) != HEAN_OK)
            return broken(error, index, at->id, detail.message);
        ledger_account_digest(&posting.account, of->digest);
    }
    if (strlen(at->id) != at->id_bytes || entry_check_rest(&posting, &detail) != HEAN_OK)
        return broken(error, index, at->id, "is not a posting (L1)");
    ledger_chain(hash, of->digest, &posting, hash);
    if (memcmp(hash, at->hash, HASH_SHA256_BYTES) != 0)
        return broken(error, index, at->id, "its hash is not that of its content (L5)");
    if (at->estimated != (posting.basis[0] != 0))
        return broken(error, index, at->id, "is not marked as its basis says");
    if (!memory_find(self, at->id, &found) || found != index)
        return broken(error, index, at->id, "its id does not lead to it (L3)");
    if (memory_add(of, posting.kind, posting.amount_e8, at->estimated) != HEAN_OK)
        return broken(error, index, at->id, "its balance does not fit (L4)");
    return HEAN_OK;
}

/* The kept sums against fresh ones: L1, L2. */
static hean_status verify_account(const account *kept, const account *fresh, hean_error *error)
{
    const int64_t *amount = kept->sums.amount_e8;
    base_int128 legs = kept->cash_e8 + kept->imputed_e8 - amount[LEDGER_PNL] -
                       amount[LEDGER_FUNDING] - amount[LEDGER_REWARD] + amount[LEDGER_FEE] +
                       amount[LEDGER_OPPORTUNITY_COST];
    int64_t net_e8;
    const char *what = NULL;

    if (memcmp(&kept->sums, &fresh->sums, sizeof kept->sums) != 0)
        what = "its sums are not those of its entries";
    else if (kept->cash_e8 != fresh->cash_e8 || kept->imputed_e8 != fresh->imputed_e8)
        what = "its counter accounts are not those of its entries";
    else if (legs != 0)
        what = "its entries do not balance (L1)";
    else if (ledger_net(&kept->sums, &net_e8) != HEAN_OK ||
             net_e8 != kept->cash_e8 + kept->imputed_e8)
        what = "its net is not what its counter accounts hold (L2)";
    else if (memcmp(kept->digest, fresh->digest, sizeof kept->digest) != 0)
        what = "its digest is not that of its names";
    if (what == NULL)
        return HEAN_OK;
    return base_fail(error, HEAN_E_INVARIANT,
                     "account run %s, process %s, strategy %s, symbol %s, currency %s: %s",
                     kept->names.run, kept->names.process, kept->names.strategy, kept->names.symbol,
                     kept->names.currency, what);
}

hean_status ledger_verify(const ledger *self, hean_error *error)
{
    uint8_t hash[HASH_SHA256_BYTES] = {0};
    account *fresh = base_alloc_array(self->allocator, self->account_count + 1, sizeof *fresh);
    hean_status status = HEAN_OK;

    if (fresh == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory to verify %zu accounts",
                         self->account_count);
    for (size_t i = 0; i < self->count && status == HEAN_OK; i++)
        status = verify_entry(self, i, fresh, hash, error);
    for (size_t i = 0; i < self->account_count && status == HEAN_OK; i++)
        status = verify_account(&self->accounts[i], &fresh[i], error);
    base_free(self->allocator, fresh);
    return status;
}
