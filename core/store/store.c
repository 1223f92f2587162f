/*
 * store.c: opening and closing the file, and what can be said of it at a glance.
 */
#include "store_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the page cache, and of the log before it is taken over into the file. A batch that is spread
 * over the index of ids comes back to the same pages: they should not be written in between. */
#define CACHE_KIB 65536
#define LOG_PAGES 16384

/* `journal_size_limit`: a log that a large batch made large shrinks again, to LOG_PAGES.
 * `temp_store`: no file but the store and its log is ever made. `trusted_schema`: a file that
 * somebody prepared runs no function of its own choice. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA trusted_schema = OFF;";

/* ---- paths ---- */

static hean_status check_exists(const char *path, hean_error *error)
{
    struct stat info;

    if (stat(path, &info) == 0) {
        if (S_ISREG(info.st_mode))
            return HEAN_OK;
        return base_fail(error, HEAN_E_FORMAT, "%s is not a file", path);
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return base_fail(error, HEAN_E_NOT_FOUND,
                         "%s: there is no store yet; commands that write make one", path);
    return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
}

/* Makes the folders above `path`. */
static hean_status make_folders(const char *path, hean_error *error)
{
    char folder[4096];

    if (!base_text_copy(folder, sizeof folder, path))
        return base_fail(error, HEAN_E_INVALID, "%.100s...: the path is too long", path);
    for (char *at = strchr(folder + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = 0;
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return base_fail(error, HEAN_E_IO, "%s: %s", folder, strerror(errno));
        *at = '/';
    }
    return HEAN_OK;
}

/* ---- opening ---- */

/* "file:PATH?immutable=1": for a store on a disk that is read-only as a whole, where not even the
 * lock file of a log can be made. Only without a log, or what is in it would be missed. */
static hean_status open_immutable(store *self, hean_error *error)
{
    base_buffer uri;
    struct stat info;
    hean_status status = HEAN_OK;

    base_buffer_init(&uri, self->allocator);
    base_buffer_printf(&uri, "%s-wal", self->path);
    if (!uri.failed && stat(uri.data, &info) == 0 && info.st_size > 0) {
        base_buffer_deinit(&uri);
        return sql_fail(self, error);
    }
    uri.length = 0;
    base_buffer_printf(&uri, "file:");
    for (const char *at = self->path; *at != 0; at++) {
        if (*at == '?' || *at == '#' || *at == '%')
            base_buffer_printf(&uri, "%%%02x", (unsigned)(unsigned char)*at);
        else
            base_buffer_append(&uri, at, 1);
    }
    base_buffer_printf(&uri, "?immutable=1");
    (void)sqlite3_close(self->db);
    self->db = NULL;
    if (uri.failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    else if (sqlite3_open_v2(uri.data, &self->db,
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                             NULL) != SQLITE_OK)
        status = sql_fail(self, error);
    base_buffer_deinit(&uri);
    return status;
}

/* SQLite's own handler sleeps up to 100 ms between two looks: beside a writer that begins its next
 * turn right after the last, it may look at the wrong moments for seconds. */
static int wait_for_turn(void *context, int looks)
{
    store *self = context;
    int64_t now_ns = base_clock_monotonic_ns();

    if (looks == 0)
        self->waiting_since_ns = now_ns;
    if (now_ns - self->waiting_since_ns >= STORE_TURN_MS_MAX * BASE_NS_PER_MS)
        return 0;
    (void)usleep(looks < 10 ? 100 : 1000);
    return 1;
}

static hean_status configure(store *self, hean_error *error)
{
    char pragma[64];
    hean_status status;

    (void)sqlite3_extended_result_codes(self->db, 1);
    if (sqlite3_busy_handler(self->db, wait_for_turn, self) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_wal_autocheckpoint(self->db, LOG_PAGES) != SQLITE_OK)
        return sql_fail(self, error);
    (void)snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%d", CACHE_KIB);
    status = sql_exec(self, settings, error);
    return status == HEAN_OK ? sql_exec(self, pragma, error) : status;
}

static hean_status open_read(store *self, hean_error *error)
{
    int64_t version;
    hean_status status = check_exists(self->path, error);

    if (status != HEAN_OK)
        return status;
    if (sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return sql_fail(self, error);
    status = configure(self, error);
    if (status == HEAN_OK && sql_whole(self, "PRAGMA user_version", &version, NULL) != HEAN_OK &&
        (sqlite3_errcode(self->db) & 0xff) == SQLITE_CANTOPEN) {
        status = open_immutable(self, error);
        if (status == HEAN_OK)
            status = configure(self, error);
    }
    return status;
}

static hean_status open_write(store *self, hean_error *error)
{
    hean_status status = make_folders(self->path, error);

    if (status != HEAN_OK)
        return status;
    if (sqlite3_open_v2(self->path, &self->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return sql_fail(self, error);
    if (sqlite3_db_readonly(self->db, "main") == 1)
        return base_fail(error, HEAN_E_IO,
                         "%s is read-only: check its owner, its permissions and how the disk is "
                         "mounted",
                         self->path);
    return configure(self, error);
}

static hean_status open_file(store *self, const char *path, hean_error *error)
{
    size_t bytes = strlen(path) + 1;
    hean_status status;

    self->path = base_alloc(self->allocator, bytes);
    if (self->path == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    memcpy(self->path, path, bytes);
    status = self->access == STORE_READ ? open_read(self, error) : open_write(self, error);
    return status == HEAN_OK ? schema_open(self, error) : status;
}

hean_status store_open(const hean_allocator *allocator, const char *path, store_access access,
                       store **out, hean_error *error)
{
    const hean_allocator *memory = allocator != NULL ? allocator : base_allocator_default();
    store *self = base_alloc(memory, sizeof *self);
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    self->allocator = memory;
    self->access = access;
    status = open_file(self, path, error);
    if (status != HEAN_OK) {
        store_close(self);
        return status;
    }
    *out = self;
    return HEAN_OK;
}

const char *store_file(const store *self)
{
    return self->path;
}

void store_close(store *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_finalize(self->statements[i]);
    account_forget(self);
    BASE_ASSERT(sqlite3_close(self->db) == SQLITE_OK); /* nothing of it is in use any more */
    base_free(self->allocator, self->path);
    base_free(self->allocator, self);
}

hean_status store_get_info(store *self, store_info *out, hean_error *error)
{
    store_info info = {.schema_version = self->schema_version};
    struct stat file;
    hean_status status = query_head(self, &info.entries, info.head, error);

    if (status != HEAN_OK)
        return status;
    if (stat(self->path, &file) != 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", self->path, strerror(errno));
    info.file_bytes = (uint64_t)file.st_size;
    *out = info;
    return HEAN_OK;
}
