/*
 * sql.c: the one place that speaks to SQLite: statements, turns, and what its errors mean to an
 * operator.
 */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *const texts[SQL_COUNT] = {
#define SQL_TEXT(name, text) [name] = (text),
    STORE_SQL_MAP(SQL_TEXT)
#undef SQL_TEXT
};

/* ---- errors ---- */

#define SHM_WRITE_LOCK                                                                             \
    120 /* the byte of the -shm file that a writer locks (SQLite's os_unix.c)                      \
         */

/* A line of /proc/locks: "1: POSIX  ADVISORY  WRITE 17 08:01:1234 120 120" is number, class, type,
 * access, pid, device, inode, first and last byte ("EOF"). Gives the pid of a writer, else 0. */
static long long writer_of(char *line, const struct stat *shm)
{
    enum { ACCESS = 3, PID, MAJOR, MINOR, INODE, FIRST, LAST, COUNT };
    char *words[COUNT + 1], *rest = NULL;
    size_t count = 0;

    for (char *word = strtok_r(line, " :\n", &rest); word != NULL && count <= COUNT;
         word = strtok_r(NULL, " :\n", &rest))
        words[count++] = word;
    if (count != COUNT || strcmp(words[ACCESS], "WRITE") != 0 ||
        strtoull(words[INODE], NULL, 10) != shm->st_ino ||
        strtoul(words[MAJOR], NULL, 16) != major(shm->st_dev) ||
        strtoul(words[MINOR], NULL, 16) != minor(shm->st_dev) ||
        strtoll(words[FIRST], NULL, 10) > SHM_WRITE_LOCK ||
        (strcmp(words[LAST], "EOF") != 0 && strtoll(words[LAST], NULL, 10) < SHM_WRITE_LOCK))
        return 0;
    return strtoll(words[PID], NULL, 10);
}

/* " (pid 17 on host)" of the process whose turn it is, as the kernel knows it; "" if it does not.
 * /proc/locks, not F_GETLK: closing another descriptor of the file would drop SQLite's own locks.
 */
static void describe_holder(const store *self, char *out, size_t bytes)
{
    char path[4200], line[256], host[256] = "";
    struct stat shm;
    FILE *locks;

    out[0] = 0;
    if (snprintf(path, sizeof path, "%s-shm", self->path) >= (int)sizeof path ||
        stat(path, &shm) != 0 || gethostname(host, sizeof host - 1) != 0)
        return;
    locks = fopen("/proc/locks", "re");
    if (locks == NULL)
        return;
    while (fgets(line, sizeof line, locks) != NULL) {
        long long pid = writer_of(line, &shm);
        if (pid != 0)
            (void)snprintf(out, bytes, " (pid %lld on %s)", pid, host);
    }
    (void)fclose(locks);
}

static hean_status fail_io(const store *self, int number, hean_error *error)
{
    if (number == ENOSPC || number == EDQUOT)
        return base_fail(error, HEAN_E_IO,
                         "%s: the disk is full; nothing of this was written: free some space and "
                         "try again",
                         self->path);
    return base_fail(error, HEAN_E_IO, "%s: %s (%s)", self->path,
                     number != 0 ? strerror(number) : "input or output failed",
                     sqlite3_errmsg(self->db));
}

static hean_status fail_busy(const store *self, hean_error *error)
{
    char holder[300];

    describe_holder(self, holder, sizeof holder);
    return base_fail(error, HEAN_E_STATE,
                     "%s: another program%s has held its turn to write for over %d ms; end it or "
                     "try again",
                     self->path, holder, STORE_TURN_MS_MAX);
}

hean_status sql_fail(const store *self, hean_error *error)
{
    int code = sqlite3_extended_errcode(self->db);

    if (code == SQLITE_IOERR_NOMEM)
        code = SQLITE_NOMEM;
    if (code == SQLITE_CONSTRAINT_DATATYPE)
        return base_fail(error, HEAN_E_RANGE, "%s: a sum does not fit", self->path);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", self->path);
    case SQLITE_FULL:
        return fail_io(self, ENOSPC, error);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return fail_io(self, sqlite3_system_errno(self->db), error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return base_fail(error, HEAN_E_IO,
                         "%s: the file or its folder is read-only: check its owner, its "
                         "permissions and how the disk is mounted",
                         self->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return fail_busy(self, error);
    case SQLITE_NOTADB:
        return base_fail(error, HEAN_E_FORMAT, "%s is not a HEAN store, nor any SQLite file",
                         self->path);
    case SQLITE_CORRUPT:
        return base_fail(error, HEAN_E_CORRUPT,
                         "%s is damaged (%s): restore it from a backup; `hean ledger verify` says "
                         "more",
                         self->path, sqlite3_errmsg(self->db));
    case SQLITE_CONSTRAINT:
        return base_fail(error, HEAN_E_INVARIANT, "%s: %s", self->path, sqlite3_errmsg(self->db));
    case SQLITE_INTERRUPT:
        return base_fail(error, HEAN_E_INTERRUPTED, "%s: interrupted", self->path);
    default: /* a table or column that is not there: the file is older, or somebody changed it */
        if (schema_is_old(self))
            return schema_fail_old(self, error);
        return base_fail(error, HEAN_E_CORRUPT, "%s: %s", self->path, sqlite3_errmsg(self->db));
    }
}

/* ---- statements ---- */

hean_status sql_exec(store *self, const char *text, hean_error *error)
{
    return sqlite3_exec(self->db, text, NULL, NULL, NULL) == SQLITE_OK ? HEAN_OK
                                                                       : sql_fail(self, error);
}

hean_status sql_prepare(store *self, const char *text, sqlite3_stmt **out, hean_error *error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(self->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        return sql_fail(self, error);
    *out = statement;
    return HEAN_OK;
}

hean_status sql_get(store *self, sql_id id, sqlite3_stmt **out, hean_error *error)
{
    if (self->statements[id] == NULL) {
        hean_status status = sql_prepare(self, texts[id], &self->statements[id], error);
        if (status != HEAN_OK)
            return status;
    }
    *out = self->statements[id];
    return HEAN_OK;
}

hean_status sql_step(store *self, sqlite3_stmt *statement, bool *row, hean_error *error)
{
    int code = sqlite3_step(statement);
    hean_status status = HEAN_OK;

    if (code == SQLITE_ROW) {
        *row = true;
        return HEAN_OK;
    }
    if (code != SQLITE_DONE)
        status = sql_fail(self, error);
    else
        *row = false;
    (void)sqlite3_reset(statement); /* gives the step's failure once more */
    return status;
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list values)
{
    int code = SQLITE_OK;

    for (int i = 1; *types != 0 && code == SQLITE_OK; i++, types++) {
        if (*types == 'i')
            code = sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
        else if (*types == 'd')
            code = sqlite3_bind_double(statement, i, va_arg(values, double));
        else if (*types == 't')
            code =
                sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        else
            code = sqlite3_bind_blob(statement, i, va_arg(values, const void *), HASH_SHA256_BYTES,
                                     SQLITE_TRANSIENT);
    }
    return code;
}

static hean_status first_of(store *self, sql_id id, sqlite3_stmt **out, bool *row,
                            hean_error *error, const char *types, va_list values)
{
    sqlite3_stmt *statement;
    hean_status status = sql_get(self, id, &statement, error);

    if (status != HEAN_OK)
        return status;
    if (bind_all(statement, types, values) != SQLITE_OK)
        return sql_fail(self, error);
    *out = statement;
    return sql_step(self, statement, row, error);
}

hean_status sql_first(store *self, sql_id id, sqlite3_stmt **out, bool *row, hean_error *error,
                      const char *types, ...)
{
    hean_status status;
    va_list values;

    va_start(values, types);
    status = first_of(self, id, out, row, error, types, values);
    va_end(values);
    return status;
}

hean_status sql_run(store *self, sql_id id, hean_error *error, const char *types, ...)
{
    sqlite3_stmt *statement;
    hean_status status;
    va_list values;
    bool row = false;

    va_start(values, types);
    status = first_of(self, id, &statement, &row, error, types, values);
    va_end(values);
    BASE_ASSERT(!row);
    return status;
}

hean_status sql_whole(store *self, const char *text, int64_t *out, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    hean_status status = sql_prepare(self, text, &statement, error);

    if (status == HEAN_OK)
        status = sql_step(self, statement, &row, error);
    if (status == HEAN_OK)
        *out = row ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    return status;
}

/* ---- turns ---- */

hean_status store_begin(store *self, hean_error *error)
{
    hean_status status = sql_run(self, self->depth == 0 ? SQL_BEGIN_TURN : SQL_PART, error, "");

    if (status == HEAN_OK)
        self->depth++;
    return status;
}

/* After some errors SQLite has ended the whole turn by itself. What cannot be rolled back now is
 * rolled back by whoever opens the file next. */
void store_rollback(store *self)
{
    BASE_ASSERT(self->depth > 0);
    self->depth--;
    if (sqlite3_get_autocommit(self->db) == 0)
        (void)sqlite3_exec(self->db,
                           self->depth == 0 ? "ROLLBACK" : "ROLLBACK TO part; RELEASE part", NULL,
                           NULL, NULL);
    account_forget(self);
}

hean_status store_commit(store *self, hean_error *error)
{
    hean_status status;

    if (sqlite3_get_autocommit(self->db) != 0) /* a part failed so badly that all of it went */
        status = base_fail(error, HEAN_E_STATE, "%s: the turn has failed already", self->path);
    else
        status = sql_run(self, self->depth == 1 ? SQL_COMMIT : SQL_PART_END, error, "");
    if (status != HEAN_OK)
        store_rollback(self);
    else
        self->depth--;
    return status;
}

hean_status store_transaction(store *self, store_body_fn body, void *context, hean_error *error)
{
    hean_status status = store_begin(self, error);

    if (status != HEAN_OK)
        return status;
    status = body(self, context, error);
    if (status == HEAN_OK)
        return store_commit(self, error);
    store_rollback(self);
    return status;
}

hean_status store_snapshot(store *self, hean_error *error)
{
    BASE_ASSERT(self->depth == 0);
    return sql_run(self, SQL_BEGIN_READ, error, "");
}

void store_snapshot_end(store *self)
{
    if (sqlite3_get_autocommit(self->db) == 0)
        (void)sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
}
