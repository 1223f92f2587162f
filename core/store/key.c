/*
 * key.c: a whole number for an id, so that ids are unique at the price of a small index.
 *
 * Equal ids have equal keys. Different ids may share one: such ids stand at key, key + 1, ... (see
 * the table entry_id), and are told apart by their texts. So the quality of the hash decides about
 * speed, never about what is posted.
 *
 * Ids that count up ("exec:run-7:000123:fee") get keys that lie together: the last number of an id
 * is kept out of the hash but for its upper part. A batch of them then touches a few pages of the
 * index instead of one page an entry. Ids that are random spread over the whole index.
 */
#include "store_private.h"

#define COUNTER_BITS 12 /* 4096 keys in a row: some twenty pages of the index */
#define HASH_BITS    40
#define PROBE_BITS   4
_Static_assert(1 << PROBE_BITS == STORE_KEY_PROBES, "probes are the last bits of a key");
_Static_assert(HASH_BITS + COUNTER_BITS + PROBE_BITS == 56, "SQLite stores it in eight bytes");

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

int64_t store_key(const char *id, size_t bytes)
{
    size_t end = bytes, begin;
    uint64_t hash = UINT64_C(0xcbf29ce484222325), number = 0;

    while (end > 0 && !is_digit(id[end - 1]))
        end--;
    for (begin = end; begin > 0 && is_digit(id[begin - 1]);)
        begin--;
    for (size_t i = begin; i < end; i++)
        number = number * 10 + (uint64_t)(id[i] - '0'); /* wraps around: still a function of it */
    hash = hash_bytes(hash, id, begin);
    hash = hash_bytes(hash, "", 1); /* where the number was */
    hash = hash_bytes(hash, id + end, bytes - end);
    hash ^= (number >> COUNTER_BITS) + ((uint64_t)(end - begin) << 56);
    hash = (hash ^ (hash >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash >>= 64 - HASH_BITS;
    return (int64_t)((hash << COUNTER_BITS | (number & ((1u << COUNTER_BITS) - 1))) << PROBE_BITS);
}
