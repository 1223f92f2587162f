/*
 * scan.h: a strict reader of JSON that allocates nothing: values are slices of the text.
 *
 * Invariants
 *   J1  what is accepted is JSON as RFC 8259 has it, in well-formed UTF-8, nested no deeper than
 *       SCAN_DEPTH_MAX; lone surrogates and \u0000 are refused.
 *   J2  no object has a key twice, known or not, however it is spelt.
 *   J3  nothing beyond `end` is read.
 * The first failure stays in the scanner, and everything after it fails too, so that one check at
 * the end is enough. Knows nothing of any venue.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <base/base.h>

#define SCAN_DEPTH_MAX   16
#define SCAN_UNKNOWN_MAX 128 /* keys of one object that the reader does not know */

typedef enum scan_kind {
    SCAN_ABSENT,
    SCAN_NULL,
    SCAN_BOOL,
    SCAN_NUMBER,
    SCAN_TEXT,
    SCAN_OBJECT,
    SCAN_LIST
} scan_kind;

/* TEXT: what is between the quotes; `escaped` if there is a backslash in it. Else the whole. */
typedef struct scan_value {
    const char *text;
    size_t bytes;
    scan_kind kind;
    bool escaped;
} scan_value;

typedef struct json_scan {
    const char *start, *at, *end;
    hean_status status;
    const char *expected; /* in words, once it failed */
    int depth;
} json_scan;

void scan_init(json_scan *scan, const char *text, size_t bytes);
/* Over a value that was read before. */
void scan_init_value(json_scan *scan, const scan_value *value);
/* Records the first failure; false. */
bool scan_fail(json_scan *scan, hean_status status, const char *expected);
/* The failure in words, with its place. */
hean_status scan_report(const json_scan *scan, hean_error *error);

/* Any value, checked to its end. */
bool scan_read(json_scan *scan, scan_value *out);
/* Only blanks are left. */
bool scan_finish(json_scan *scan);

/* ---- objects ---- */

typedef struct scan_key {
    const char *name;
    size_t bytes;
} scan_key;

typedef struct scan_object {
    const scan_key *keys; /* the known ones, at most 64 */
    size_t count;
    size_t expected; /* the key that comes next if they come in the order of `keys` */
    uint64_t seen;
    size_t unknown_count;
    uint64_t unknown[SCAN_UNKNOWN_MAX]; /* hashes of their names */
    bool open;
} scan_object;

bool scan_object_begin(json_scan *scan, scan_object *object, const scan_key *keys, size_t count);
/* Goes to the value of the next known key, which the caller must read; unknown ones are skipped.
 * SCAN_END after the last and after a failure: look at scan->status. */
#define SCAN_END (-1)
int scan_object_next(json_scan *scan, scan_object *object);
/* All of an object: values[i] is that of keys[i], or ABSENT. */
bool scan_object_read(json_scan *scan, const scan_key *keys, size_t count, scan_value *values);

/* ---- lists ---- */

bool scan_list_begin(json_scan *scan);
/* True: an element follows. False after the last and after a failure. `first` starts as true. */
bool scan_list_next(json_scan *scan, bool *first);

/* Copies the meaning of a TEXT, 0-terminated: LIMIT if it does not fit, and `out` is then the part
 * that did. */
hean_status scan_text(const scan_value *value, char *out, size_t out_bytes) HEAN_WARN_UNUSED;
bool scan_text_is(const scan_value *value, const char *text);

/* A table of keys is written once: #define NAME(X) X(IDENTIFIER, "name") ...; then
 * enum { NAME(SCAN_KEY_ENUM) } and scan_key keys[] = {NAME(SCAN_KEY_ROW)} agree. */
#define SCAN_KEY(name)                                                                             \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }
#define SCAN_KEY_ENUM(identifier, name) identifier,
#define SCAN_KEY_ROW(identifier, name)  SCAN_KEY(name),

#endif
