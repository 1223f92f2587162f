/*
 * safety.h: the filter that texts of a process must pass: no handling of credentials, no scraping
 * of user interfaces, no browser automation, no evasion of terms of service, no direct orders, no
 * carrying away of data. In English, Russian, German, Spanish, French, Portuguese, Chinese and
 * Turkish.
 *
 * What is compared is what a reader sees: case, accents, full width, lookalikes of other scripts,
 * invisible characters, digits and signs for letters, words pulled apart or written together, and
 * runs in base64, hexadecimal, percent and character escapes are seen through (two layers deep).
 *
 * Decisions
 *   - A mention is enough, whatever the step is: a process has no business with any of it. Tasks
 *     for people are no exception: a person who is asked for a password gives it away just so.
 *   - A mention that is denied directly is fine: "no credentials are needed", "does not place
 *     orders", "password-free", "orders are never placed". Only a few filler words may stand
 *     between; a denial that reaches further is not believed.
 *   - Words that only look alike pass: secretary, order book, token as a coin, key levels.
 *   - Text that hides (tag characters, reversed direction) is refused as such.
 * It reads words, not minds: an operator approves what passes. Must not know: files, stores.
 */
#ifndef FACTORY_SAFETY_H
#define FACTORY_SAFETY_H

#include <factory/definition.h>

/* X(name, text) */
#define SAFETY_KIND_MAP(X)                                                                         \
    X(SAFETY_NONE, "nothing unsafe")                                                               \
    X(SAFETY_CREDENTIALS, "credential handling")                                                   \
    X(SAFETY_SCRAPING, "scraping of a user interface")                                             \
    X(SAFETY_BROWSER, "browser automation")                                                        \
    X(SAFETY_EVASION, "evasion of terms of service")                                               \
    X(SAFETY_ORDERS, "direct orders")                                                              \
    X(SAFETY_EXFILTRATION, "exfiltration")                                                         \
    X(SAFETY_HIDDEN, "hidden text")

typedef enum safety_kind {
#define SAFETY_KIND_ENUM(name, text) name,
    SAFETY_KIND_MAP(SAFETY_KIND_ENUM)
#undef SAFETY_KIND_ENUM
        SAFETY_KIND_COUNT
} safety_kind;
const char *safety_kind_text(safety_kind kind);

/* The words, made ready; for one thread at a time. */
typedef struct factory_safety factory_safety;
hean_status factory_safety_open(const hean_allocator *allocator,
                                factory_safety **out) HEAN_WARN_UNUSED;
void factory_safety_close(factory_safety *self);

typedef struct safety_finding {
    safety_kind kind;
    char words[64]; /* those of the filter's list that were found, never the text's own */
} safety_finding;

/* One text. HEAN_E_NO_MEMORY is its only failure. */
hean_status factory_safety_text(factory_safety *self, const char *text, size_t bytes,
                                safety_finding *out) HEAN_WARN_UNUSED;
/* Every text of a definition, keys included. HEAN_E_INVALID: `problem` is FACTORY_UNSAFE, with the
 * path; HEAN_E_NO_MEMORY. */
hean_status factory_safety_check(factory_safety *self, const factory_definition *definition,
                                 factory_problem *problem) HEAN_WARN_UNUSED;

#endif
