/*
 * schema.c: the tables, as an array of migrations. A room that needs tables appends its SQL here;
 * what was released is never changed. PRAGMA user_version counts the migrations that a file has.
 *
 * All missing migrations run in one transaction: a file is of one schema or of another, never
 * between two (S4).
 */
#include "store_private.h"

#include <string.h>

#define APPLICATION_ID 1212498254 /* "HEAN" */

#define NEVER(table, what)                                                                         \
    "CREATE TRIGGER " table "_never_" what " BEFORE " what " ON " table                            \
    " BEGIN SELECT RAISE(ABORT, 'the rows of " table " never change'); END;"

/* 1: the ledger.
 *   account   whose money; a leaf has a run. Its parent is the same without the run, that one's
 *             parent has only mode and currency left (0: no parent). For parents balances are kept,
 *             but no entries. digest: ledger_account_digest.
 *   entry     the chain (L5).
 *   entry_id  makes ids unique (L3). key: store_key of the id, the last four bits count ids that
 *             share it. An index over the texts would do the same at a third of the speed.
 *   balance   sums over the entries of an account, by day (since the epoch; -1: all days) and kind:
 *             units * 1e8 + e8, so that SUM() over them cannot overflow. Entries of a cell lie
 *             between its first and last sequence.
 *   head      how many entries there are, and the hash of the last: finds a truncation. */
static const char ledger_tables[] =
    "CREATE TABLE account ("
    "  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, mode INTEGER NOT NULL, run TEXT NOT NULL,"
    "  process TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL,"
    "  currency TEXT NOT NULL, digest BLOB NOT NULL UNIQUE) STRICT;"
    "CREATE INDEX account_names ON account (run, process, strategy, symbol);"
    "CREATE TABLE entry ("
    "  sequence INTEGER PRIMARY KEY, account INTEGER NOT NULL, time_ns INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, amount_e8 INTEGER NOT NULL, id TEXT NOT NULL, basis TEXT NOT NULL,"
    "  hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE entry_id ("
    "  key INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;"
    "CREATE TABLE balance ("
    "  account INTEGER NOT NULL, day INTEGER NOT NULL, kind INTEGER NOT NULL,"
    "  units INTEGER NOT NULL, e8 INTEGER NOT NULL, entries INTEGER NOT NULL,"
    "  estimated INTEGER NOT NULL, first_sequence INTEGER NOT NULL,"
    "  last_sequence INTEGER NOT NULL, PRIMARY KEY (account, day, kind)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE head ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER NOT NULL,"
    "  hash BLOB NOT NULL) STRICT;"
    "INSERT INTO head VALUES (1, 0, zeroblob(32));" /* blank line: triggers */
    NEVER("account", "UPDATE") NEVER("account", "DELETE") NEVER("entry", "UPDATE")
        NEVER("entry", "DELETE") NEVER("entry_id", "UPDATE") NEVER("entry_id", "DELETE")
            NEVER("balance", "DELETE") NEVER("head", "DELETE");

/* 2: what is kept beside the ledger (store/records.h). */
static const char record_tables[] =
    "CREATE TABLE process ("
    "  id TEXT PRIMARY KEY, definition TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL,"
    "  weight REAL NOT NULL, enabled INTEGER NOT NULL, created_ns INTEGER NOT NULL,"
    "  updated_ns INTEGER NOT NULL) STRICT;"
    "CREATE TABLE run ("
    "  run TEXT PRIMARY KEY, process TEXT NOT NULL, daily_key TEXT NOT NULL UNIQUE,"
    "  mode TEXT NOT NULL, status TEXT NOT NULL, started_ns INTEGER NOT NULL,"
    "  finished_ns INTEGER NOT NULL, capital_e8 INTEGER NOT NULL, metrics TEXT NOT NULL,"
    "  outputs TEXT NOT NULL, error TEXT NOT NULL) STRICT;"
    "CREATE INDEX run_process ON run (process, started_ns);"
    "CREATE INDEX run_started ON run (started_ns);"
    "CREATE TABLE task ("
    "  id INTEGER PRIMARY KEY, run TEXT NOT NULL, process TEXT NOT NULL, step TEXT NOT NULL,"
    "  instructions TEXT NOT NULL, answer TEXT NOT NULL, created_ns INTEGER NOT NULL,"
    "  done_ns INTEGER NOT NULL, UNIQUE (run, step)) STRICT;"
    "CREATE TABLE trial ("
    "  key TEXT PRIMARY KEY, family TEXT NOT NULL, script_sha256 TEXT NOT NULL,"
    "  params TEXT NOT NULL, data_sha256 TEXT NOT NULL, result TEXT NOT NULL,"
    "  tried_ns INTEGER NOT NULL) STRICT;"
    "CREATE INDEX trial_family ON trial (family);"
    "CREATE TABLE decision ("
    "  id INTEGER PRIMARY KEY, process TEXT NOT NULL, policy TEXT NOT NULL,"
    "  from_state TEXT NOT NULL, to_state TEXT NOT NULL, weight REAL NOT NULL,"
    "  reasons TEXT NOT NULL, decided_ns INTEGER NOT NULL) STRICT;"
    "CREATE INDEX decision_process ON decision (process, decided_ns);"
    "CREATE TABLE document ("
    "  kind TEXT NOT NULL, key TEXT NOT NULL, made_ns INTEGER NOT NULL, text TEXT NOT NULL,"
    "  PRIMARY KEY (kind, key)) STRICT;"
    "CREATE INDEX document_made ON document (kind, made_ns);"
    "CREATE TABLE counter ("
    "  name TEXT NOT NULL, day INTEGER NOT NULL, value INTEGER NOT NULL,"
    "  PRIMARY KEY (name, day)) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER run_ended_never_UPDATE BEFORE UPDATE ON run WHEN OLD.finished_ns > 0"
    " BEGIN SELECT RAISE(ABORT, 'a run that has ended never changes'); END;" /* triggers */
    NEVER("run", "DELETE") NEVER("trial", "UPDATE") NEVER("trial", "DELETE")
        NEVER("decision", "UPDATE") NEVER("decision", "DELETE");

/* 3: what strategies hold, written with the entries of the fills that led to it. */
static const char holding_table[] =
    "CREATE TABLE holding ("
    "  scope TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL, lot TEXT NOT NULL,"
    "  qty_lots INTEGER NOT NULL, cost_e8 INTEGER NOT NULL, realized_e8 INTEGER NOT NULL,"
    "  fees_e8 INTEGER NOT NULL, funding_e8 INTEGER NOT NULL, execution_ns INTEGER NOT NULL,"
    "  PRIMARY KEY (scope, strategy, symbol)) STRICT, WITHOUT ROWID;";

static const char *const migrations[] = {ledger_tables, record_tables, holding_table};

/* ---- what a file is ---- */

/* An empty file may become a store; a database of something else may not. */
static hean_status is_empty(store *self, bool *empty, hean_error *error)
{
    int64_t tables, version;
    hean_status status = sql_whole(self, "SELECT count(*) FROM sqlite_schema", &tables, error);

    if (status == HEAN_OK)
        status = sql_whole(self, "PRAGMA user_version", &version, error);
    if (status == HEAN_OK)
        *empty = tables == 0 && version == 0;
    return status;
}

static hean_status check_kind(store *self, bool *empty, hean_error *error)
{
    int64_t application;
    hean_status status = sql_whole(self, "PRAGMA application_id", &application, error);

    *empty = false;
    if (status == HEAN_OK && application != APPLICATION_ID) {
        status = is_empty(self, empty, error);
        if (status == HEAN_OK && (application != 0 || !*empty))
            status = base_fail(error, HEAN_E_FORMAT,
                               "%s is an SQLite file, but not a HEAN store (application id %lld, "
                               "expected %d)",
                               self->path, (long long)application, APPLICATION_ID);
    }
    return status;
}

static hean_status check_version(store *self, int count, hean_error *error)
{
    int64_t version;
    hean_status status = sql_whole(self, "PRAGMA user_version", &version, error);

    if (status != HEAN_OK)
        return status;
    if (version > count || version < 0)
        return base_fail(error, HEAN_E_FORMAT,
                         "%s has schema %lld, this program knows up to %d: use the newer program",
                         self->path, (long long)version, count);
    self->schema_version = (int)version;
    return HEAN_OK;
}

/* ---- making and moving ---- */

static hean_status apply(store *self, const char *const *texts, int count, hean_error *error)
{
    char pragma[64];
    hean_status status = check_version(self, count, error); /* somebody may have been faster */

    for (int i = self->schema_version; i < count && status == HEAN_OK; i++) {
        status = sql_exec(self, texts[i], error);
        if (status != HEAN_OK && error != NULL)
            (void)base_fail_prefix(error, "migration %d", i + 1);
    }
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", APPLICATION_ID);
    if (status == HEAN_OK)
        status = sql_exec(self, pragma, error);
    (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", count);
    if (status == HEAN_OK)
        status = sql_exec(self, pragma, error);
    return status;
}

typedef struct migration {
    const char *const *texts;
    int count;
} migration;

static hean_status apply_all(store *self, void *context, hean_error *error)
{
    const migration *to = context;
    return apply(self, to->texts, to->count, error);
}

hean_status schema_fail_old(const store *self, hean_error *error)
{
    return base_fail(error, HEAN_E_FORMAT,
                     "%s has schema %d, this program's is %d: a command that writes to it moves it "
                     "there",
                     self->path, self->schema_version, (int)BASE_COUNT(migrations));
}

bool schema_is_old(const store *self)
{
    return self->access == STORE_READ && self->schema_version > 0 &&
           self->schema_version < (int)BASE_COUNT(migrations);
}

hean_status schema_migrate(store *self, const char *const *texts, int count, hean_error *error)
{
    bool empty;
    hean_status status = check_kind(self, &empty, error);

    if (status == HEAN_OK)
        status = check_version(self, count, error);
    if (status != HEAN_OK)
        return status;
    if (self->access == STORE_WRITE) {
        /* Not earlier: a file that is refused stays as it was. */
        status = sql_exec(self, "PRAGMA journal_mode = WAL", error);
        if (status == HEAN_OK && self->schema_version < count)
            status = store_transaction(self, apply_all, &(migration){texts, count}, error);
        if (status == HEAN_OK)
            self->schema_version = count;
        return status;
    }
    if (empty)
        return base_fail(error, HEAN_E_FORMAT, "%s is empty, not a HEAN store", self->path);
    /* An older one can be read as far as it goes: looked at and copied before it is moved. */
    return self->schema_version > 0 ? HEAN_OK : schema_fail_old(self, error);
}

hean_status schema_open(store *self, hean_error *error)
{
    return schema_migrate(self, migrations, (int)BASE_COUNT(migrations), error);
}

/* ---- what should be there ---- */

#define EVERYTHING                                                                                 \
    "SELECT type, name, coalesce(sql, '') FROM sqlite_schema "                                     \
    "WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name, type"

static const char *column(sqlite3_stmt *row, int index)
{
    const char *text = (const char *)sqlite3_column_text(row, index);
    return text != NULL ? text : "";
}

/* Names the first thing that one of them has and the other has not, or has otherwise. */
static hean_status compare(store *self, sqlite3_stmt *is, sqlite3_stmt *should, hean_error *error)
{
    for (;;) {
        bool more = false;
        hean_status status = sql_step(self, is, &more, error);
        int wanted = sqlite3_step(should);
        int order;

        if (status != HEAN_OK)
            return status;
        if (!more && wanted == SQLITE_DONE)
            return HEAN_OK;
        if (wanted != SQLITE_ROW && wanted != SQLITE_DONE)
            return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
        order = !more ? 1 : wanted == SQLITE_DONE ? -1 : strcmp(column(is, 1), column(should, 1));
        if (order > 0)
            return base_fail(error, HEAN_E_INVARIANT, "%s: the %s %s is missing", self->path,
                             column(should, 0), column(should, 1));
        if (order < 0)
            return base_fail(error, HEAN_E_INVARIANT, "%s: the %s %s does not belong there",
                             self->path, column(is, 0), column(is, 1));
        if (strcmp(column(is, 0), column(should, 0)) != 0 ||
            strcmp(column(is, 2), column(should, 2)) != 0)
            return base_fail(error, HEAN_E_INVARIANT, "%s: the %s %s was changed", self->path,
                             column(should, 0), column(should, 1));
    }
}

hean_status schema_verify(store *self, hean_error *error)
{
    sqlite3 *model = NULL;
    sqlite3_stmt *is = NULL, *should = NULL;
    hean_status status = HEAN_OK;

    if (sqlite3_open(":memory:", &model) != SQLITE_OK)
        status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    for (size_t i = 0;
         i < BASE_COUNT(migrations) && (int)i < self->schema_version && status == HEAN_OK; i++) {
        if (sqlite3_exec(model, migrations[i], NULL, NULL, NULL) != SQLITE_OK)
            status = base_fail(error, HEAN_E_NO_MEMORY, "%s", sqlite3_errmsg(model));
    }
    if (status == HEAN_OK && sqlite3_prepare_v2(model, EVERYTHING, -1, &should, NULL) != SQLITE_OK)
        status = base_fail(error, HEAN_E_NO_MEMORY, "%s", sqlite3_errmsg(model));
    if (status == HEAN_OK)
        status = sql_prepare(self, EVERYTHING, &is, error);
    if (status == HEAN_OK)
        status = compare(self, is, should, error);
    (void)sqlite3_finalize(is);
    (void)sqlite3_finalize(should);
    (void)sqlite3_close(model);
    return status;
}
