/*
 * keys.h: the keys of a venue or of a language model's server, from the environment or from a file
 * that only its owner can read, in one page that is locked into memory, left out of core dumps, not
 * inherited by children, and wiped when it is closed.
 *
 * Invariants
 *   K1  a key is in no error, no log line and no other memory of this module.
 *   K2  after keys_load the environment no longer has it: neither this program's own copy, which
 *       others may read in /proc, nor what children get.
 *   K3  the program that holds keys leaves no core file and cannot be attached to by others.
 */
#ifndef HOST_KEYS_H
#define HOST_KEYS_H

#include <base/base.h>

typedef struct keys keys;

/* `file` NULL: $BYBIT_API_KEY and $BYBIT_API_SECRET; else two lines, key and secret.
 * Errors: HEAN_E_NOT_FOUND (neither variable is set, or no file: the message says what to do),
 * HEAN_E_INVALID (one is missing, empty, too long, or has a character that keys do not have; a file
 * that others may read, that somebody else owns, or that is a link), HEAN_E_IO. */
hean_status keys_load(const char *file, keys **out, hean_error *error) HEAN_WARN_UNUSED;
/* The same for keys of another kind. */
typedef struct keys_source {
    const char *key, *secret; /* variables; secret NULL: there is only a key, on one line */
    const char *file;         /* what names a file instead, for messages */
} keys_source;
extern const keys_source keys_bybit, keys_openai;
hean_status keys_load_from(const keys_source *source, const char *file, keys **out,
                           hean_error *error) HEAN_WARN_UNUSED;
void keys_close(keys *keys);
const char *keys_key(const keys *keys);
const char *keys_secret(const keys *keys);
/* Makes two at random, for a venue of our own (K3 does not hold: they guard nothing). */
hean_status keys_make(keys **out, hean_error *error) HEAN_WARN_UNUSED;

#endif
