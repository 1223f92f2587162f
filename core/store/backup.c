/*
 * backup.c: a consistent copy of the file while others write to it.
 *
 * The copy is made beside its final place, brought to the disk and then renamed: whoever looks at
 * `path` sees the old file or the whole new one.
 */
#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4200

/* The pages, in one snapshot. No journal: a copy that is cut off is thrown away. */
static hean_status copy_pages(store *self, const char *path, hean_error *error)
{
    store copy = {.allocator = self->allocator, .path = (char *)path};
    hean_status status = HEAN_OK;

    if (sqlite3_open_v2(path, &copy.db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        status = sql_fail(&copy, error);
    if (status == HEAN_OK)
        status = sql_exec(&copy, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", error);
    if (status == HEAN_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(copy.db, "main", self->db, "main");
        if (backup != NULL)
            (void)sqlite3_backup_step(backup, -1); /* its failure shows in the end */
        if (backup == NULL || sqlite3_backup_finish(backup) != SQLITE_OK) {
            if ((sqlite3_errcode(copy.db) & 0xff) == SQLITE_CORRUPT) /* that is the original */
                copy.path = self->path;
            status = sql_fail(&copy, error);
        }
    }
    if (status == HEAN_OK) /* one file, that can be read without making others */
        status = sql_exec(&copy, "PRAGMA journal_mode = DELETE", error);
    BASE_ASSERT(sqlite3_close(copy.db) == SQLITE_OK);
    return status;
}

/* A file, or the folder that holds it (its name is only safe once that is on disk as well). */
static hean_status sync_path(const char *path, int flags, hean_error *error)
{
    hean_status status = HEAN_OK;
    int fd = open(path, flags | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        status = base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static hean_status put_in_place(const char *temporary, const char *path, hean_error *error)
{
    char folder[PATH_BYTES];
    hean_status status = sync_path(temporary, O_RDONLY, error);

    if (status != HEAN_OK)
        return status;
    if (rename(temporary, path) != 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    (void)base_text_copy(folder, sizeof folder, path);
    return sync_path(dirname(folder), O_RDONLY | O_DIRECTORY, error);
}

/* What is replaced must be a store that nobody has open: the log of a file in use would be taken
 * for the new one's. Leaving WAL mode takes the log away, and fails if it is in use. */
static hean_status release_target(const store *self, const char *path, hean_error *error)
{
    store old = {.allocator = self->allocator, .path = (char *)path};
    struct stat mine, target;
    hean_status status = HEAN_OK;

    if (strlen(path) >= PATH_BYTES - 32)
        return base_fail(error, HEAN_E_INVALID, "%.100s...: the path is too long", path);
    if (stat(path, &target) != 0)
        return HEAN_OK; /* nothing there; what else is wrong with it will show */
    if (stat(self->path, &mine) == 0 && mine.st_ino == target.st_ino &&
        mine.st_dev == target.st_dev)
        return base_fail(error, HEAN_E_INVALID, "%s is the store itself", path);
    if (sqlite3_open_v2(path, &old.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        status = sql_fail(&old, error);
    else if (sql_exec(&old, "PRAGMA journal_mode = DELETE", error) != HEAN_OK)
        status = (sqlite3_errcode(old.db) & 0xff) == SQLITE_BUSY
                     ? base_fail(error, HEAN_E_STATE,
                                 "%s is in use: choose another name for the copy", path)
                     : sql_fail(&old, error);
    BASE_ASSERT(sqlite3_close(old.db) == SQLITE_OK);
    return status;
}

hean_status store_backup(store *self, const char *path, hean_error *error)
{
    char temporary[PATH_BYTES];
    hean_status status = release_target(self, path, error);

    if (status != HEAN_OK)
        return status;
    (void)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    (void)unlink(temporary);
    status = copy_pages(self, temporary, error);
    if (status == HEAN_OK)
        status = put_in_place(temporary, path, error);
    if (status != HEAN_OK)
        (void)unlink(temporary);
    return status;
}
