/*
 * chain.c: the bytes that are hashed (L5). Memory and disk share these functions, so that both
 * always agree on them.
 *
 * Integers are little-endian. A text is preceded by its length, so that no two different entries
 * are the same bytes:
 *   account digest   "account" mode:1, then run, process, strategy, symbol, currency (length:1
 *                    and bytes each)
 *   entry            hash(n-1):32, the first 20 bytes of the account's digest, time_ns:8
 *                    amount_e8:8 kind:1, then id and basis (length:1 and bytes each; no basis and
 *                    an empty one are the same)
 * 20 bytes, so that an entry whose id holds a UUID is two of SHA-256's blocks and not three.
 * Invariant: these bytes never change; ledgers on disk rest on them.
 */
#include <ledger/ledger.h>

#include <string.h>

_Static_assert(LEDGER_ID_BYTES <= 255 && LEDGER_NAME_BYTES <= 255 && LEDGER_BASIS_BYTES <= 255,
               "the length of a text is one byte");

#define ACCOUNT_BYTES 20

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t bytes_max)
{
    size_t bytes = text != NULL ? strlen(text) : 0;
    BASE_ASSERT(bytes <= bytes_max); /* ledger_check comes first */
    *at++ = (uint8_t)bytes;
    return put_bytes(at, text != NULL ? text : "", bytes);
}

static uint8_t *put_int64(uint8_t *at, int64_t value)
{
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)((uint64_t)value >> (8 * i));
    return at;
}

void ledger_account_digest(const ledger_account *account, uint8_t out[HASH_SHA256_BYTES])
{
    static const char domain[] = "account";
    uint8_t bytes[sizeof domain + 5 * (1 + LEDGER_NAME_BYTES)];
    uint8_t *at = put_bytes(bytes, domain, sizeof domain - 1);

    *at++ = (uint8_t)account->mode;
    at = put_text(at, account->run, LEDGER_NAME_BYTES);
    at = put_text(at, account->process, LEDGER_NAME_BYTES);
    at = put_text(at, account->strategy, LEDGER_NAME_BYTES);
    at = put_text(at, account->symbol, LEDGER_NAME_BYTES);
    at = put_text(at, account->currency, LEDGER_NAME_BYTES);
    hash_sha256_of(bytes, (size_t)(at - bytes), out);
}

void ledger_chain(const uint8_t previous[HASH_SHA256_BYTES],
                  const uint8_t account_digest[HASH_SHA256_BYTES], const ledger_posting *posting,
                  uint8_t out[HASH_SHA256_BYTES])
{
    uint8_t bytes[HASH_SHA256_BYTES + ACCOUNT_BYTES + 17 + 1 + LEDGER_ID_BYTES + 1 +
                  LEDGER_BASIS_BYTES];
    uint8_t *at = put_bytes(bytes, previous, HASH_SHA256_BYTES);

    at = put_bytes(at, account_digest, ACCOUNT_BYTES);
    at = put_int64(at, posting->time_ns);
    at = put_int64(at, posting->amount_e8);
    *at++ = (uint8_t)posting->kind;
    at = put_text(at, posting->id, LEDGER_ID_BYTES);
    at = put_text(at, posting->basis, LEDGER_BASIS_BYTES);
    hash_sha256_of(bytes, (size_t)(at - bytes), out);
}
