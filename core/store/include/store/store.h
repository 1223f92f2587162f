/*
 * store.h: HEAN's memory on disk: one SQLite file. The ledger lives here; other rooms' tables
 * (runs, processes, trials) join it by migrations.
 *
 * WAL with synchronous=FULL: what a call acknowledged survives a crash of the program and of the
 * machine. One writer at a time: several programs may have the file open for writing (a host that
 * runs for months, a backtest beside it, two hosts that race for one daily key), and take turns by
 * the transaction; nothing of the file is believed from before the turn began. Readers never block
 * a writer and a writer never blocks them.
 *
 * Invariants
 *   S1  L1 to L5 of ledger/ledger.h, on disk: triggers refuse UPDATE and DELETE of entries, unique
 *       indexes refuse a second posting of an id.
 *   S2  a call that returned HEAN_OK is durable; one that failed changed nothing. (If the disk
 * fails in the middle of a commit and the program ends before its next turn, the batch may be found
 *       whole when the file is opened again; posting it once more changes nothing.)
 *   S3  balances are sums that are kept with the entries, in the same transaction; store_verify
 *       computes them again from nothing.
 *   S4  a file of a newer schema is not touched; one of an older is migrated forward in one
 *       transaction, or not at all. Reading does not move it: its ledger can be read, verified and
 *       copied before.
 * Errors of every call: HEAN_E_IO (disk full, read-only, an input or output error: the message says
 * which and what to do), HEAN_E_STATE (another program held its turn for longer than
 * STORE_TURN_MS_MAX: the message names its pid and host where they are known), HEAN_E_CORRUPT,
 * HEAN_E_NO_MEMORY.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <ledger/ledger.h>

typedef struct store store;

#define STORE_TURN_MS_MAX 5000

typedef enum store_access {
    STORE_READ,  /* never waits, never blocks the writer */
    STORE_WRITE, /* makes the file and its folder if they are missing */
} store_access;

/* `allocator` NULL: malloc and free.
 * Errors: HEAN_E_NOT_FOUND (READ of no file), HEAN_E_FORMAT (not a HEAN store, or of a newer
 * schema: both versions are named), HEAN_E_CORRUPT, HEAN_E_IO. */
hean_status store_open(const hean_allocator *allocator, const char *path, store_access access,
                       store **out, hean_error *error) HEAN_WARN_UNUSED;
void store_close(store *store);
/* As it was opened; lives as long as the store. */
const char *store_file(const store *store);

/* Posts a batch in one transaction: all of it or nothing, durable when it returns.
 * Errors: those of ledger_post. */
hean_status store_post(store *store, const ledger_posting *postings, size_t count,
                       ledger_result *result, hean_error *error) HEAN_WARN_UNUSED;

/* One turn: what `body` posts and writes is durable together when it returns, or not there at all
 * if anything but HEAN_OK comes back. A failed call within it undoes itself alone. */
typedef hean_status (*store_body_fn)(store *store, void *context, hean_error *error);
hean_status store_transaction(store *store, store_body_fn body, void *context,
                              hean_error *error) HEAN_WARN_UNUSED;

/* As ledger_balances. */
hean_status store_balances(store *store, const ledger_filter *filter, unsigned by,
                           ledger_group_fn each, void *context, hean_error *error) HEAN_WARN_UNUSED;

typedef struct store_entry {
    uint64_t sequence; /* from 1, without gaps */
    ledger_posting posting;
    uint8_t hash[HASH_SHA256_BYTES];
} store_entry;
typedef hean_status (*store_entry_fn)(void *context, const store_entry *entry, hean_error *error);
/* Entries that the filter takes, in order, after `after_sequence` (0: from the first), at most
 * `limit` (0: all). Texts are valid during the call. */
hean_status store_each_entry(store *store, const ledger_filter *filter, uint64_t after_sequence,
                             uint64_t limit, store_entry_fn each, void *context,
                             hean_error *error) HEAN_WARN_UNUSED;
/* The chain over the entries of one run alone: equal to the ledger_hash that its session or
 * backtest reported. HEAN_E_NOT_FOUND if it has none. */
hean_status store_run_hash(store *store, const char *run, uint8_t out[HASH_SHA256_BYTES],
                           hean_error *error) HEAN_WARN_UNUSED;

typedef struct store_info {
    uint64_t entries;
    uint8_t head[HASH_SHA256_BYTES];
    int schema_version;
    uint64_t file_bytes;
} store_info;
hean_status store_get_info(store *store, store_info *out, hean_error *error) HEAN_WARN_UNUSED;

/* Recomputes everything from nothing: SQLite's own check, every account digest, the chain, the
 * count, every kept balance, L1 to L5. HEAN_E_INVARIANT or HEAN_E_CORRUPT names the first entry (or
 * table and row) that is wrong. `stop`, `progress` may be NULL. */
hean_status store_verify(store *store, const volatile int *stop, volatile uint64_t *progress,
                         hean_error *error) HEAN_WARN_UNUSED;
/* A consistent copy while others write; the copy replaces `path` whole or not at all. */
hean_status store_backup(store *store, const char *path, hean_error *error) HEAN_WARN_UNUSED;

/* Has an entry of this id been posted? */
hean_status store_has(store *store, const char *id, bool *out, hean_error *error) HEAN_WARN_UNUSED;

/* ---- what strategies hold: beside the entries of the fills that led to it ---- */

typedef struct store_holding {
    const char *scope; /* which account of which venue */
    const char *strategy, *symbol;
    const char *lot;        /* what qty_lots counts: "0.001" */
    hean_position position; /* unrealized_e8 is not kept */
    int64_t execution_ns;   /* the venue's time of the last execution in it */
} store_holding;
typedef hean_status (*store_holding_fn)(void *context, const store_holding *row, hean_error *error);
/* Replaces what is known of (scope, strategy, symbol); to be called within a store_transaction. */
hean_status store_set_holding(store *store, const store_holding *holding,
                              hean_error *error) HEAN_WARN_UNUSED;
/* By strategy and symbol; texts are valid during the call. */
hean_status store_each_holding(store *store, const char *scope, store_holding_fn each,
                               void *context, hean_error *error) HEAN_WARN_UNUSED;

/* ---- group commit: a thread that writes, so that trading never waits for a disk ---- */

typedef struct store_writer store_writer;

/* Takes `store` (opened with STORE_WRITE) over; closed with the writer. */
hean_status store_writer_open(const hean_allocator *allocator, store *store, store_writer **out,
                              hean_error *error) HEAN_WARN_UNUSED;
/* Queues a batch that is posted whole; everything queued while the disk is busy shares the next
 * commit. Never waits for the disk. `ticket` counts up from 1.
 * Errors: HEAN_E_LIMIT (too much is queued), and once a write failed, that failure for good. */
hean_status store_writer_submit(store_writer *writer, const ledger_posting *postings, size_t count,
                                uint64_t *ticket, hean_error *error) HEAN_WARN_UNUSED;
/* The same with what a strategy holds after these postings (NULL: none): one transaction. */
hean_status store_writer_submit_holding(store_writer *writer, const ledger_posting *postings,
                                        size_t count, const store_holding *holding,
                                        uint64_t *ticket, hean_error *error) HEAN_WARN_UNUSED;
/* The last ticket that is durable; the writer's failure, if there was one. Does not wait. */
hean_status store_writer_durable(store_writer *writer, uint64_t *ticket,
                                 hean_error *error) HEAN_WARN_UNUSED;
/* Waits until `ticket` is durable. */
hean_status store_writer_wait(store_writer *writer, uint64_t ticket,
                              hean_error *error) HEAN_WARN_UNUSED;
/* Writes what is queued, then closes the store. Returns the writer's failure, if there was one. */
hean_status store_writer_close(store_writer *writer, hean_error *error) HEAN_WARN_UNUSED;

#endif
