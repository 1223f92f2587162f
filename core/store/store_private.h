/*
 * store_private.h: the store as its parts see it. store.c opens and closes, sql.c speaks to SQLite,
 * schema.c makes and moves the tables, post.c writes entries, account.c interns their accounts,
 * cells.c sums them up, query.c reads, verify*.c doubts everything, backup.c copies, writer.c posts
 * from a thread. Tables of other rooms get a file of their own here, rows in STORE_SQL_MAP and a
 * migration in schema.c.
 *
 * Invariants
 *   P1  what is remembered in memory between two turns never changes on disk: the ids, texts and
 *       digests of committed accounts. Everything else is read again within the turn.
 *   P2  a turn (BEGIN IMMEDIATE to COMMIT) is the only place where anything is written.
 *   P3  a store is used by one thread at a time.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <store/store.h>

#include <sqlite3.h>

#define STORE_NS_PER_DAY (86400 * BASE_NS_PER_S)
#define STORE_ALL_DAYS   (-1) /* the day of a balance over all days; days of entries are >= 0 */

/* Rows of one INSERT: a statement for many costs half of what as many statements cost. OR FAIL: a
 * turn, or its part, is rolled back as a whole, so the statement need not be able to undo itself.
 */
#define STORE_ROWS        16
#define STORE_ROWS_4(row) row ", " row ", " row ", " row
#define STORE_ROWS_16(row)                                                                         \
    STORE_ROWS_4(row) ", " STORE_ROWS_4(row) ", " STORE_ROWS_4(row) ", " STORE_ROWS_4(row)
#define STORE_KEY_ADD "INSERT OR FAIL INTO entry_id (key, sequence) VALUES "
#define STORE_ENTRY_ADD                                                                            \
    "INSERT OR FAIL INTO entry (account, time_ns, kind, amount_e8, id, basis, hash) VALUES "

/* ---- statements: X(name, SQL). Prepared when first used, kept until the store is closed ---- */
#define STORE_SQL_MAP(X)                                                                           \
    X(SQL_BEGIN_READ, "BEGIN")                                                                     \
    X(SQL_BEGIN_TURN, "BEGIN IMMEDIATE")                                                           \
    X(SQL_COMMIT, "COMMIT")                                                                        \
    X(SQL_PART, "SAVEPOINT part")                                                                  \
    X(SQL_PART_END, "RELEASE part")                                                                \
    X(SQL_HEAD, "SELECT entries, hash FROM head WHERE one = 1")                                    \
    X(SQL_HEAD_SET, "UPDATE head SET entries = ?1, hash = ?2 WHERE one = 1")                       \
    X(SQL_KEYS, "SELECT sequence FROM entry_id WHERE key BETWEEN ?1 AND ?2 ORDER BY key")          \
    X(SQL_KEY_ADD, STORE_KEY_ADD "(?, ?)")                                                         \
    X(SQL_KEYS_ADD, STORE_KEY_ADD STORE_ROWS_16("(?, ?)"))                                         \
    X(SQL_ENTRY,                                                                                   \
      "SELECT e.id, e.time_ns, e.kind, e.amount_e8, e.basis, a.mode, a.run, a.process, "           \
      "a.strategy, a.symbol, a.currency FROM entry e JOIN account a ON a.id = e.account "          \
      "WHERE e.sequence = ?1")                                                                     \
    X(SQL_ENTRY_ADD, STORE_ENTRY_ADD "(?, ?, ?, ?, ?, ?, ?)")                                      \
    X(SQL_ENTRIES_ADD, STORE_ENTRY_ADD STORE_ROWS_16("(?, ?, ?, ?, ?, ?, ?)"))                     \
    X(SQL_ACCOUNT, "SELECT id, parent FROM account WHERE digest = ?1")                             \
    X(SQL_ACCOUNT_ADD, "INSERT INTO account (parent, mode, run, process, strategy, symbol, "       \
                       "currency, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                \
    X(SQL_BALANCE_ADD,                                                                             \
      "INSERT INTO balance (account, day, kind, units, e8, entries, estimated, first_sequence, "   \
      "last_sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "                                \
      "ON CONFLICT (account, day, kind) DO UPDATE SET "                                            \
      "units = units + excluded.units + (e8 + excluded.e8) / 100000000, "                          \
      "e8 = (e8 + excluded.e8) % 100000000, entries = entries + excluded.entries, "                \
      "estimated = estimated + excluded.estimated, last_sequence = excluded.last_sequence")        \
    X(SQL_BALANCE_ACCOUNT, "SELECT kind, units, e8 FROM balance WHERE account = ?1 AND day = -1")  \
    X(SQL_PROCESS_ADD, "INSERT OR IGNORE INTO process VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")    \
    X(SQL_PROCESS_SET, "UPDATE process SET definition = ?2, source = ?3, state = ?4, "             \
                       "weight = ?5, enabled = ?6, updated_ns = ?8 WHERE id = ?1")                 \
    X(SQL_PROCESSES, "SELECT id, definition, source, state, weight, enabled, created_ns, "         \
                     "updated_ns FROM process WHERE ?1 = '' OR id = ?1 ORDER BY id")               \
    X(SQL_RUN_ADD,                                                                                 \
      "INSERT OR IGNORE INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")           \
    X(SQL_RUN_OF_KEY, "SELECT run FROM run WHERE daily_key = ?1")                                  \
    X(SQL_RUN_SET, "UPDATE run SET status = ?2, finished_ns = ?3, metrics = ?4, outputs = ?5, "    \
                   "error = ?6 WHERE run = ?1 AND finished_ns = 0")                                \
    X(SQL_RUN_ENDED, "SELECT finished_ns FROM run WHERE run = ?1")                                 \
    X(SQL_RUNS, "SELECT run, process, daily_key, mode, status, started_ns, finished_ns, "          \
                "capital_e8, metrics, outputs, error FROM run WHERE (?1 = '' OR run = ?1) AND "    \
                "(?2 = '' OR process = ?2) AND started_ns >= ?3 ORDER BY started_ns, run")         \
    X(SQL_TASK_ADD, "INSERT OR IGNORE INTO task (run, process, step, instructions, answer, "       \
                    "created_ns, done_ns) VALUES (?1, ?2, ?3, ?4, '', ?5, 0)")                     \
    X(SQL_TASK_DONE, "UPDATE task SET answer = ?2, done_ns = ?3 WHERE id = ?1 AND done_ns = 0")    \
    X(SQL_TASK, "SELECT done_ns FROM task WHERE id = ?1")                                          \
    X(SQL_TASKS, "SELECT id, run, process, step, instructions, answer, created_ns, done_ns "       \
                 "FROM task WHERE (?1 = '' OR run = ?1) AND (?2 = 0 OR done_ns = 0) ORDER BY id")  \
    X(SQL_TRIAL_ADD, "INSERT OR IGNORE INTO trial VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")            \
    X(SQL_TRIAL_COUNT, "SELECT count(*) FROM trial WHERE ?1 = '' OR family = ?1")                  \
    X(SQL_TRIALS, "SELECT key, family, script_sha256, params, data_sha256, result, tried_ns "      \
                  "FROM trial WHERE ?1 = '' OR family = ?1 ORDER BY tried_ns, key")                \
    X(SQL_DECISION_ADD, "INSERT INTO decision (process, policy, from_state, to_state, weight, "    \
                        "reasons, decided_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                \
    X(SQL_DECISIONS, "SELECT process, policy, from_state, to_state, weight, reasons, decided_ns "  \
                     "FROM decision WHERE (?1 = '' OR process = ?1) AND decided_ns >= ?2 "         \
                     "ORDER BY id")                                                                \
    X(SQL_DOCUMENT_ADD, "INSERT OR IGNORE INTO document VALUES (?1, ?2, ?3, ?4)")                  \
    X(SQL_DOCUMENT_SET, "INSERT OR REPLACE INTO document VALUES (?1, ?2, ?3, ?4)")                 \
    X(SQL_DOCUMENT, "SELECT kind, key, made_ns, text FROM document WHERE kind = ?1 AND "           \
                    "(?2 = '' OR key = ?2) ORDER BY made_ns DESC, key DESC LIMIT 1")               \
    X(SQL_COUNTER, "SELECT value FROM counter WHERE name = ?1 AND day = ?2")                       \
    X(SQL_COUNTER_SET, "INSERT OR REPLACE INTO counter VALUES (?1, ?2, ?3)")                       \
    X(SQL_HAS, "SELECT 1 FROM entry_id k JOIN entry e ON e.sequence = k.sequence "                 \
               "WHERE k.key BETWEEN ?1 AND ?2 AND e.id = ?3")                                      \
    X(SQL_HOLDING_SET,                                                                             \
      "INSERT OR REPLACE INTO holding (scope, strategy, symbol, lot, qty_lots, cost_e8, "          \
      "realized_e8, fees_e8, funding_e8, execution_ns) "                                           \
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                                          \
    X(SQL_HOLDINGS,                                                                                \
      "SELECT strategy, symbol, lot, qty_lots, cost_e8, realized_e8, fees_e8, funding_e8, "        \
      "execution_ns FROM holding WHERE scope = ?1 ORDER BY strategy, symbol")

typedef enum sql_id {
#define SQL_ENUM(name, text) name,
    STORE_SQL_MAP(SQL_ENUM)
#undef SQL_ENUM
        SQL_COUNT
} sql_id;

/* ---- accounts ---- */

/* An account, then itself without its run, then its mode and currency alone: balances are kept for
 * each, so that a sum over ten thousand runs need not visit them. */
#define STORE_LEVELS 3

typedef struct store_account {
    ledger_account names; /* texts in one block that starts with `run` */
    int64_t ids[STORE_LEVELS];
    uint8_t digest[HASH_SHA256_BYTES];
} store_account;

#define STORE_ACCOUNT_SLOTS 1024 /* a power of two */

struct store {
    const hean_allocator *allocator;
    sqlite3 *db;
    char *path;
    store_access access;
    int schema_version;
    int64_t waiting_since_ns; /* for a turn */
    int depth;                /* 0: no turn, 1: a turn, more: parts of one */
    sqlite3_stmt *statements[SQL_COUNT];
    store_account *accounts[STORE_ACCOUNT_SLOTS]; /* those used last, by the hash of their texts */
};

/* ---- sql.c ---- */

/* Turns the connection's last error into words: what failed, why, what to do. */
hean_status sql_fail(const store *self, hean_error *error);
hean_status sql_exec(store *self, const char *text, hean_error *error) HEAN_WARN_UNUSED;
hean_status sql_prepare(store *self, const char *text, sqlite3_stmt **out,
                        hean_error *error) HEAN_WARN_UNUSED;
/* A kept statement, ready to be bound. */
hean_status sql_get(store *self, sql_id id, sqlite3_stmt **out, hean_error *error) HEAN_WARN_UNUSED;
/* The next row, if there is one; after the last row and after a failure the statement is reset. */
hean_status sql_step(store *self, sqlite3_stmt *statement, bool *row,
                     hean_error *error) HEAN_WARN_UNUSED;
/* Binds parameters from ?1 on ('i' int64_t, 'd' double, 't' text, 'h' 32 bytes of a hash) and steps
 * to the first row. The caller resets the statement if there was one. */
hean_status sql_first(store *self, sql_id id, sqlite3_stmt **out, bool *row, hean_error *error,
                      const char *types, ...) HEAN_WARN_UNUSED;
/* The same for a statement without rows. */
hean_status sql_run(store *self, sql_id id, hean_error *error, const char *types,
                    ...) HEAN_WARN_UNUSED;
/* One whole number, such as a PRAGMA gives. */
hean_status sql_whole(store *self, const char *text, int64_t *out,
                      hean_error *error) HEAN_WARN_UNUSED;

/* A turn: waits for other writers, at most STORE_TURN_MS_MAX. Within a turn: a part of it that can
 * be undone alone. */
hean_status store_begin(store *self, hean_error *error) HEAN_WARN_UNUSED;
/* Ends the turn, or its part; after a failure nothing of it is there. */
hean_status store_commit(store *self, hean_error *error) HEAN_WARN_UNUSED;
void store_rollback(store *self);
/* The same state for all queries up to the end. */
hean_status store_snapshot(store *self, hean_error *error) HEAN_WARN_UNUSED;
void store_snapshot_end(store *self);

/* ---- schema.c ---- */

/* Checks what kind of file it is; makes or moves the tables if it may be written. */
hean_status schema_open(store *self, hean_error *error) HEAN_WARN_UNUSED;
/* As schema_open, with other migrations than HEAN's: for tests. */
hean_status schema_migrate(store *self, const char *const *migrations, int count,
                           hean_error *error) HEAN_WARN_UNUSED;
/* A file that is read, of a schema that lacks some tables; and the failure to find one. */
bool schema_is_old(const store *self);
hean_status schema_fail_old(const store *self, hean_error *error);
/* Compares every table, index and trigger with what the migrations make. */
hean_status schema_verify(store *self, hean_error *error) HEAN_WARN_UNUSED;

/* ---- account.c ---- */

/* The account of a posting, added if it is new; valid until the next call. Only within a turn. */
hean_status account_intern(store *self, const ledger_account *names, const store_account **out,
                           hean_error *error) HEAN_WARN_UNUSED;
/* `names` at a level: texts that it has no longer are "". */
ledger_account account_at_level(const ledger_account *names, int level);
bool account_same(const ledger_account *a, const ledger_account *b);
/* After a turn that came to nothing, and at the end. */
void account_forget(store *self);

/* ---- key.c ---- */

/* The first of the STORE_KEY_PROBES keys under which an id may stand in the table entry_id. */
#define STORE_KEY_PROBES 16
int64_t store_key(const char *id, size_t bytes);

/* ---- cells.c ---- */

/* What is kept of one account, day and kind. */
typedef struct cell {
    int64_t ids[STORE_LEVELS]; /* ids[0]: whose it is; the others: where it is added as well */
    int64_t day;
    int64_t first_sequence, last_sequence;
    uint64_t entries; /* 0: a free place of the table */
    uint64_t estimated;
    base_int128 amount_e8;
    uint8_t kind;
} cell;

typedef struct cells {
    const hean_allocator *allocator;
    cell *items; /* open addressing, at most half full */
    size_t count, capacity;
    size_t last;
} cells;

void cells_init(cells *table, const hean_allocator *allocator);
void cells_deinit(cells *table);
/* HEAN_E_NO_MEMORY */
hean_status cells_add(cells *table, const cell *more) HEAN_WARN_UNUSED;
/* Adds every cell of `from` to all its levels, for its day and for all days. */
hean_status cells_spread(cells *table, const cells *from) HEAN_WARN_UNUSED;
const cell *cells_find(const cells *table, int64_t account, int64_t day, int kind);
/* amount = units * 1e8 + e8, 0 <= e8 < 1e8: sums of such parts never overflow. */
void cell_split(base_int128 amount_e8, int64_t *units, int64_t *e8);

/* ---- query.c ---- */

/* A row of SQL_ENTRY, from column `first` on. Texts are valid until the statement moves on.
 * HEAN_E_CORRUPT if a value could not have been posted. */
hean_status query_posting(sqlite3_stmt *row, int first, int64_t sequence, ledger_posting *out,
                          hean_error *error) HEAN_WARN_UNUSED;
hean_status query_head(store *self, uint64_t *entries, uint8_t hash[HASH_SHA256_BYTES],
                       hean_error *error) HEAN_WARN_UNUSED;

#endif
