/*
 * memory.h: the ledger in memory, as its parts see it: memory.c posts, balances.c sums up, verify.c
 * doubts everything.
 *
 * Invariants
 *   M1  entries, accounts and texts are only ever added; entries and texts never move.
 *   M2  `ids` finds every entry by its id and nothing else; `names` every account by its texts.
 *   M3  the sums of an account are those of its entries; its counter accounts hold the other leg
 *       of each (L1).
 */
#ifndef LEDGER_MEMORY_H
#define LEDGER_MEMORY_H

#include <ledger/ledger.h>

/* One cache line. */
typedef struct entry {
    const char *id; /* followed by the basis */
    int64_t time_ns;
    int64_t amount_e8;
    uint32_t account;
    uint8_t kind;
    uint8_t id_bytes;
    bool estimated;
    uint8_t hash[HASH_SHA256_BYTES];
} entry;

typedef struct account {
    ledger_account names;
    uint8_t digest[HASH_SHA256_BYTES];
    ledger_sums sums;
    base_int128 cash_e8, imputed_e8; /* the counter accounts */
} account;

/* Open addressing, linear probing, never more than half full. Half of a slot is the hash, so that
 * growing the table reads nothing else; an entry costs one cache miss to look for. */
typedef struct slot {
    uint32_t hash;
    uint32_t index_1; /* 0: free */
} slot;

typedef struct slots {
    slot *items;
    size_t capacity; /* a power of two, or 0 */
} slots;

typedef struct chunk chunk;

/* Entries are in blocks of 64, 128, 256 and so on, so that a growing ledger moves none of them. */
#define BLOCK_BITS_FIRST 6
#define BLOCK_COUNT      32

#define RECENT_COUNT 64

struct ledger {
    const hean_allocator *allocator;
    entry *blocks[BLOCK_COUNT];
    size_t count;
    account *accounts;
    size_t account_count, account_capacity;
    slots ids, names;
    chunk *texts;
    uint32_t recent[RECENT_COUNT]; /* accounts that were used last, by a hash of their symbol */
};

static inline entry *memory_entry(const ledger *self, size_t index)
{
    size_t place = index + ((size_t)1 << BLOCK_BITS_FIRST);
    int bits = 63 - __builtin_clzll(place);

    return &self->blocks[bits - BLOCK_BITS_FIRST][place - ((size_t)1 << bits)];
}

/* The entry with this id. */
bool memory_find(const ledger *self, const char *id, size_t *index);
void memory_posting(const ledger *self, size_t index, ledger_posting *out);
/* Adds an amount to an account's sums and its counter accounts; HEAN_E_RANGE changes nothing. */
hean_status memory_add(account *to, ledger_kind kind, int64_t amount_e8,
                       bool estimated) HEAN_WARN_UNUSED;

#endif
