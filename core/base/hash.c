/*
 * hash.c: SHA-256 through OpenSSL: running ones through EVP, behind a buffer that makes small
 * updates cheap; the hash of one text through SHA256_Init and its kin.
 *
 * The digest implementation is fetched when the hash is opened, so that later updates need no
 * file and no allocation: a jailed process can go on hashing.
 *
 * The ledger hashes every entry alone, and EVP looks its implementation up each time: 305 ns for
 * 119 bytes, against 87 ns for the functions that OpenSSL 3 calls deprecated but still keeps. They
 * allocate nothing and cannot fail, and this is the only file that may call them. HMAC is built on
 * them for the same reason: OpenSSL's own wants memory for each signature, and may not get it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <base/hash.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <zlib.h>

struct hash_sha256 {
    const hean_allocator *allocator;
    EVP_MD_CTX *running;
    EVP_MD_CTX *copy; /* for digests in between */
    size_t pending_bytes;
    uint8_t pending[8192];
};

hean_status hash_sha256_open(const hean_allocator *allocator, hash_sha256 **out)
{
    hash_sha256 *hash = base_alloc(allocator, sizeof *hash);
    if (hash == NULL)
        return HEAN_E_NO_MEMORY;
    hash->allocator = allocator;
    hash->running = EVP_MD_CTX_new();
    hash->copy = EVP_MD_CTX_new();
    if (hash->running == NULL || hash->copy == NULL ||
        EVP_DigestInit_ex(hash->running, EVP_sha256(), NULL) != 1 ||
        EVP_MD_CTX_copy_ex(hash->copy, hash->running) != 1) {
        hash_sha256_close(hash);
        return HEAN_E_NO_MEMORY;
    }
    *out = hash;
    return HEAN_OK;
}

void hash_sha256_close(hash_sha256 *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->running);
    EVP_MD_CTX_free(hash->copy);
    base_free(hash->allocator, hash);
}

static void flush(hash_sha256 *hash)
{
    /* Fails only for a context that was not initialised. */
    BASE_ASSERT(EVP_DigestUpdate(hash->running, hash->pending, hash->pending_bytes) == 1);
    hash->pending_bytes = 0;
}

void hash_sha256_update(hash_sha256 *hash, const void *data, size_t bytes)
{
    if (bytes > sizeof hash->pending - hash->pending_bytes) {
        flush(hash);
        if (bytes >= sizeof hash->pending) {
            BASE_ASSERT(EVP_DigestUpdate(hash->running, data, bytes) == 1);
            return;
        }
    }
    memcpy(hash->pending + hash->pending_bytes, data, bytes);
    hash->pending_bytes += bytes;
}

void hash_sha256_digest(hash_sha256 *hash, uint8_t out[HASH_SHA256_BYTES])
{
    flush(hash);
    BASE_ASSERT(EVP_MD_CTX_copy_ex(hash->copy, hash->running) == 1);
    BASE_ASSERT(EVP_DigestFinal_ex(hash->copy, out, NULL) == 1);
}

void hash_sha256_of(const void *data, size_t bytes, uint8_t out[HASH_SHA256_BYTES])
{
    SHA256_CTX context;
    BASE_ASSERT(SHA256_Init(&context) == 1);
    BASE_ASSERT(SHA256_Update(&context, data, bytes) == 1);
    BASE_ASSERT(SHA256_Final(out, &context) == 1);
}

void hash_hmac_sha256(const void *key, size_t key_bytes, const hash_part *parts, size_t count,
                      uint8_t out[HASH_SHA256_BYTES])
{
    uint8_t pad[SHA256_CBLOCK] = {0};
    SHA256_CTX context;

    if (key_bytes > sizeof pad)
        hash_sha256_of(key, key_bytes, pad);
    else if (key_bytes > 0)
        memcpy(pad, key, key_bytes);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36;
    BASE_ASSERT(SHA256_Init(&context) == 1);
    BASE_ASSERT(SHA256_Update(&context, pad, sizeof pad) == 1);
    for (size_t i = 0; i < count; i++)
        BASE_ASSERT(SHA256_Update(&context, parts[i].data, parts[i].bytes) == 1);
    BASE_ASSERT(SHA256_Final(out, &context) == 1);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    BASE_ASSERT(SHA256_Init(&context) == 1);
    BASE_ASSERT(SHA256_Update(&context, pad, sizeof pad) == 1);
    BASE_ASSERT(SHA256_Update(&context, out, HASH_SHA256_BYTES) == 1);
    BASE_ASSERT(SHA256_Final(out, &context) == 1);
    OPENSSL_cleanse(pad, sizeof pad); /* the key is in it */
    OPENSSL_cleanse(&context, sizeof context);
}

void hash_hex(const uint8_t *digest, size_t bytes, char *out)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        *out++ = hex[digest[i] >> 4];
        *out++ = hex[digest[i] & 15];
    }
    *out = 0;
}

uint32_t hash_crc32(uint32_t crc, const void *data, size_t bytes)
{
    return (uint32_t)crc32_z(crc, data, bytes);
}
