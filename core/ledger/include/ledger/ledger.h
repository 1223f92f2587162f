/*
 * ledger.h: the truth layer: double-entry postings, exact, append-only, each posted once.
 *
 * Everything that HEAN says about money is a sum over these entries. This room holds the rules and
 * a ledger in memory (a backtest's, a test's); store/store.h keeps one on disk by the same rules.
 *
 * An entry moves `amount_e8` between the account of its kind and that account's counter account:
 * CASH for what the venue pays or takes (PNL, FEE, FUNDING, REWARD), IMPUTED for what nobody pays
 * but capital costs (OPPORTUNITY_COST). Amounts have the sign that people read: PNL, FUNDING and
 * REWARD positive when received, FEE and OPPORTUNITY_COST positive when they cost. A rebate is a
 * negative FEE.
 *
 * Invariants (the numbers are cited by assertions and tests)
 *   L1  every entry balances; the sum over all accounts, counter accounts included, is zero.
 *   L2  net = pnl + funding + rewards - fees - opportunity_cost, exactly, for every run, process,
 *       day and in total. Different currencies are never added.
 *   L3  an id is posted once; posting it again with the same content is a no-op, with other content
 *       HEAN_E_EXISTS.
 *   L4  no amount and no balance overflows, a balance being one account's sum of one kind, or its
 *       net; nothing of a batch is posted unless all of it is.
 *   L5  entries never change: each carries the SHA-256 of the one before it.
 *   L6  what is reported is what these sums say, to the last digit.
 *
 * The chain. hash(0) is 32 zero bytes. hash(n) = SHA-256 over hash(n-1), the digest of the entry's
 * account, and the entry's own fields, each of a length that cannot be confused
 * (core/ledger/chain.c has the bytes). Nothing in it depends on numbers given by a database, so the
 * entries of one run, posted alone, give the same hash everywhere: a backtest's `ledger_hash`.
 *
 * Must not know: files, clocks, engines, venues, JSON.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <base/hash.h>

/* X(name, text): kinds of entries. Stored by number: append only. */
#define LEDGER_KIND_MAP(X)                                                                         \
    X(LEDGER_PNL, "PNL")                                                                           \
    X(LEDGER_FEE, "FEE")                                                                           \
    X(LEDGER_FUNDING, "FUNDING")                                                                   \
    X(LEDGER_REWARD, "REWARD")                                                                     \
    X(LEDGER_OPPORTUNITY_COST, "OPPORTUNITY_COST")

typedef enum ledger_kind {
#define LEDGER_KIND_ENUM(name, text) name,
    LEDGER_KIND_MAP(LEDGER_KIND_ENUM)
#undef LEDGER_KIND_ENUM
        LEDGER_KIND_COUNT
} ledger_kind;

/* X(name, text): where money came from; a backtest's is never added to a live account's. Stored by
 * number: append only. */
#define LEDGER_MODE_MAP(X)                                                                         \
    X(LEDGER_BACKTEST, "backtest")                                                                 \
    X(LEDGER_PAPER, "paper")                                                                       \
    X(LEDGER_LIVE, "live")                                                                         \
    X(LEDGER_IMPORTED, "imported")

typedef enum ledger_mode {
#define LEDGER_MODE_ENUM(name, text) name,
    LEDGER_MODE_MAP(LEDGER_MODE_ENUM)
#undef LEDGER_MODE_ENUM
        LEDGER_MODE_COUNT
} ledger_mode;

const char *ledger_kind_text(ledger_kind kind);
const char *ledger_mode_text(ledger_mode mode);
hean_status ledger_kind_parse(const char *text, ledger_kind *out) HEAN_WARN_UNUSED;
hean_status ledger_mode_parse(const char *text, ledger_mode *out) HEAN_WARN_UNUSED;

#define LEDGER_ID_BYTES    120 /* the longest id, its final 0 not counted */
#define LEDGER_NAME_BYTES  120 /* the longest of an account's texts */
#define LEDGER_BASIS_BYTES 240

/* Whose money. Texts are UTF-8 without control characters, at most LEDGER_NAME_BYTES; "" where one
 * does not apply; `run`, `process` and `currency` always do. */
typedef struct ledger_account {
    ledger_mode mode;
    const char *run, *process, *strategy, *symbol, *currency;
} ledger_account;

typedef struct ledger_posting {
    const char *id; /* of its source: "exec:<venue execution id>:fee" */
    ledger_account account;
    int64_t time_ns; /* when the venue says that it happened; its UTC day is the entry's day */
    ledger_kind kind;
    int64_t amount_e8;
    const char *basis; /* NULL or "": as reported. Else the amount is an estimate, and this is what
                          it rests on: "10000 USD traded at 1.75 bp" */
} ledger_posting;

/* One posting alone: lengths, texts, enums, time. HEAN_E_INVALID, HEAN_E_RANGE; `error` names the
 * id and the field. */
hean_status ledger_check(const ledger_posting *posting, hean_error *error) HEAN_WARN_UNUSED;

/* L3: the first field in which the contents of two postings differ, whatever their ids; NULL if
 * they are the same. Both must have passed ledger_check. */
const char *ledger_difference(const ledger_posting *a, const ledger_posting *b);

/* ---- the chain: pure functions that memory and disk share ---- */

void ledger_account_digest(const ledger_account *account, uint8_t out[HASH_SHA256_BYTES]);
/* hash(n) from hash(n-1). */
void ledger_chain(const uint8_t previous[HASH_SHA256_BYTES],
                  const uint8_t account_digest[HASH_SHA256_BYTES], const ledger_posting *posting,
                  uint8_t out[HASH_SHA256_BYTES]);

/* ---- sums ---- */

/* The five kinds of one group in one currency. */
typedef struct ledger_sums {
    int64_t amount_e8[LEDGER_KIND_COUNT];
    uint64_t entries, estimated;
} ledger_sums;

/* L2. HEAN_E_RANGE if it does not fit. */
hean_status ledger_net(const ledger_sums *sums, int64_t *net_e8) HEAN_WARN_UNUSED;
/* Adds with overflow checks (L4): HEAN_E_RANGE leaves `into` as it was. */
hean_status ledger_sums_add(ledger_sums *into, const ledger_sums *more) HEAN_WARN_UNUSED;
/* gross > 0 and net < 0, where gross is the PNL. */
bool ledger_profit_illusion(int64_t gross_e8, int64_t net_e8);

#define LEDGER_ANY (-1)

/* Which entries count. NULL and LEDGER_ANY: all. Days are whole days since the epoch (UTC),
 * [from_day, to_day). */
typedef struct ledger_filter {
    int mode, kind;
    const char *run, *process, *strategy, *symbol, *currency;
    int64_t from_day, to_day;
} ledger_filter;

ledger_filter ledger_filter_all(void);

/* What sums are split by; currency always is. */
#define LEDGER_BY_MODE     0x01u
#define LEDGER_BY_RUN      0x02u
#define LEDGER_BY_PROCESS  0x04u
#define LEDGER_BY_STRATEGY 0x08u
#define LEDGER_BY_SYMBOL   0x10u
#define LEDGER_BY_DAY      0x20u

/* One group; texts that it is not split by are NULL, the mode LEDGER_ANY, the day INT64_MIN. Valid
 * during the call. Anything but HEAN_OK ends the listing and is returned. */
typedef struct ledger_group {
    int mode;
    const char *run, *process, *strategy, *symbol, *currency;
    int64_t day;
    ledger_sums sums;
    int64_t net_e8;
} ledger_group;
typedef hean_status (*ledger_group_fn)(void *context, const ledger_group *group, hean_error *error);

/* ---- a ledger in memory ---- */

typedef struct ledger ledger;

typedef struct ledger_result {
    uint64_t posted;
    uint64_t repeated; /* were there already, with the same content (L3) */
} ledger_result;

hean_status ledger_open(const hean_allocator *allocator, ledger **out,
                        hean_error *error) HEAN_WARN_UNUSED;
void ledger_close(ledger *ledger);
/* Posts a batch: all of it or nothing (L4). Texts are copied.
 * Errors: those of ledger_check; HEAN_E_EXISTS (an id with other content; the message says which
 * field differs), HEAN_E_RANGE (a balance would overflow), HEAN_E_NO_MEMORY. */
hean_status ledger_post(ledger *ledger, const ledger_posting *postings, size_t count,
                        ledger_result *result, hean_error *error) HEAN_WARN_UNUSED;
uint64_t ledger_entries(const ledger *ledger);
void ledger_head(const ledger *ledger, uint8_t out[HASH_SHA256_BYTES]);
/* The n-th entry, from 0; its texts are valid until the ledger is closed. */
hean_status ledger_entry(const ledger *ledger, uint64_t index,
                         ledger_posting *out) HEAN_WARN_UNUSED;
/* Sums of what the filter takes, split by `by` (bits of LEDGER_BY_...), in the order of mode, run,
 * process, strategy, symbol, currency, day. */
hean_status ledger_balances(const ledger *ledger, const ledger_filter *filter, unsigned by,
                            ledger_group_fn each, void *context,
                            hean_error *error) HEAN_WARN_UNUSED;
/* Recomputes everything from the entries alone and compares: L1 to L5. HEAN_E_INVARIANT names the
 * first entry that is wrong. */
hean_status ledger_verify(const ledger *ledger, hean_error *error) HEAN_WARN_UNUSED;

#endif
