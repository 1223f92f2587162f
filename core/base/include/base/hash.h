/*
 * hash.h: SHA-256 (OpenSSL's), HMAC and the checksum of files and journals.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <base/base.h>

#define HASH_SHA256_BYTES     32
#define HASH_SHA256_HEX_BYTES 65 /* with the final 0 */

/* A running SHA-256. It buffers, so small updates are cheap. */
typedef struct hash_sha256 hash_sha256;

hean_status hash_sha256_open(const hean_allocator *allocator, hash_sha256 **out) HEAN_WARN_UNUSED;
void hash_sha256_close(hash_sha256 *hash);
void hash_sha256_update(hash_sha256 *hash, const void *data, size_t bytes);
/* The digest of all so far; the hash may go on afterwards. */
void hash_sha256_digest(hash_sha256 *hash, uint8_t out[HASH_SHA256_BYTES]);
void hash_sha256_of(const void *data, size_t bytes, uint8_t out[HASH_SHA256_BYTES]);
/* HMAC-SHA256 (RFC 2104) over some texts, one after the other. */
typedef struct hash_part {
    const void *data;
    size_t bytes;
} hash_part;
void hash_hmac_sha256(const void *key, size_t key_bytes, const hash_part *parts, size_t count,
                      uint8_t out[HASH_SHA256_BYTES]);
void hash_hex(const uint8_t *digest, size_t bytes, char *out); /* 2 * bytes + 1 */

/* CRC-32 (zlib's polynomial); start with 0. */
uint32_t hash_crc32(uint32_t crc, const void *data, size_t bytes);

#endif
