/*
 * store_fault_test.c: a disk that fails, fills up or loses power at every single call.
 *
 * A VFS of SQLite that stands before the real one counts writes, syncs and truncations and fails
 * one of them, once or from then on. A failing write still writes the first half of its bytes. For
 * the loss of power it remembers what was written since the last sync of the file: any part of that
 * may be on the disk afterwards, any other part not.
 *
 * The same work is done with a fault at call 1, 2, 3, ... until one run has none. Afterwards the
 * file must hold what was acknowledged, whole batches, and the chain of a ledger in memory.
 */
#include "store_fixture.h"

#include "../../core/store/store_private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the disk ---- */

typedef enum fault_kind {
    NO_FAULT,
    WRITE_FAILS,
    DISK_FULL,
    SYNC_FAILS,
    TRUNCATE_FAILS,
    POWER_FAILS
} fault_kind;

/* One write, or a truncation (`bytes` 0), that a loss of power may undo. */
typedef struct change {
    char path[2200];
    int64_t offset, size_before;
    size_t bytes, bytes_before;
    uint8_t *after, *before;
} change;

static struct {
    sqlite3_vfs vfs, *real;
    sqlite3_io_methods methods;
    fault_kind kind;
    bool forever, dead;
    uint64_t calls, fail_at, faults;
    change *changes;
    size_t count, capacity;
} disk;

typedef struct disk_file {
    sqlite3_file base;
    const char *path;
    sqlite3_file *real; /* follows */
} disk_file;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((disk_file *)file)->real;
}

/* Whether this call, of the kind `concerns`, is to fail. */
static bool is_hit(fault_kind concerns)
{
    bool hit;

    if (disk.dead)
        return true;
    if (disk.kind != concerns && disk.kind != POWER_FAILS &&
        !(disk.kind == DISK_FULL && concerns == WRITE_FAILS))
        return false;
    disk.calls++;
    hit = disk.fail_at != 0 &&
          (disk.forever ? disk.calls >= disk.fail_at : disk.calls == disk.fail_at);
    disk.faults += hit;
    disk.dead = hit && disk.kind == POWER_FAILS;
    return hit;
}

/* The changes of a file are on the disk, or the file is gone. */
static void forget_changes(const char *path)
{
    size_t kept = 0;

    for (size_t i = 0; i < disk.count; i++) {
        if (path != NULL && strcmp(disk.changes[i].path, path) != 0) {
            disk.changes[kept++] = disk.changes[i];
            continue;
        }
        free(disk.changes[i].after);
        free(disk.changes[i].before);
    }
    disk.count = kept;
}

static void remember(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 offset)
{
    sqlite3_int64 size = 0;
    change *added;
    int64_t end;

    if (disk.kind != POWER_FAILS || ((disk_file *)file)->path == NULL)
        return;
    assert_true(base_grow(base_allocator_default(), (void **)&disk.changes, &disk.capacity,
                          disk.count + 1, sizeof *disk.changes));
    assert_int_equal(real_of(file)->pMethods->xFileSize(real_of(file), &size), SQLITE_OK);
    added = &disk.changes[disk.count++];
    memset(added, 0, sizeof *added);
    (void)base_text_copy(added->path, sizeof added->path, ((disk_file *)file)->path);
    added->offset = offset;
    added->size_before = size;
    added->bytes = (size_t)bytes;
    end = data == NULL || offset + bytes > size ? size : offset + bytes;
    added->bytes_before = end > offset ? (size_t)(end - offset) : 0;
    added->before = calloc(added->bytes_before + 1, 1);
    added->after = calloc((size_t)bytes + 1, 1);
    assert_true(added->before != NULL && added->after != NULL);
    if (data != NULL)
        memcpy(added->after, data, (size_t)bytes);
    if (added->bytes_before > 0)
        assert_int_equal(real_of(file)->pMethods->xRead(real_of(file), added->before,
                                                        (int)added->bytes_before, offset),
                         SQLITE_OK);
}

/* What the disk holds when the power is back: what was synced, and any part of the rest. */
static void lose_power(base_random *random)
{
    for (size_t i = disk.count; i-- > 0;) {
        const change *undone = &disk.changes[i];
        int fd = open(undone->path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue; /* it was deleted since */
        assert_int_equal(pwrite(fd, undone->before, undone->bytes_before, undone->offset),
                         undone->bytes_before);
        assert_int_equal(ftruncate(fd, undone->size_before), 0);
        assert_int_equal(close(fd), 0);
    }
    for (size_t i = 0; i < disk.count; i++) {
        const change *done = &disk.changes[i];
        uint64_t luck = base_random_below(random, 4);
        size_t bytes = luck == 0 ? done->bytes / 2 : done->bytes; /* torn */
        int fd = luck == 1 ? -1 : open(done->path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (done->bytes == 0)
            assert_int_equal(ftruncate(fd, done->offset), 0);
        else
            assert_int_equal(pwrite(fd, done->after, bytes, done->offset), bytes);
        assert_int_equal(close(fd), 0);
    }
    forget_changes(NULL);
}

/* ---- methods ---- */

static int disk_write(sqlite3_file *file, const void *data, int bytes, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);

    if (is_hit(WRITE_FAILS)) {
        if (disk.kind == POWER_FAILS)
            return SQLITE_IOERR_WRITE;
        (void)real->pMethods->xWrite(real, data, bytes / 2, offset);
        return disk.kind == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    remember(file, data, bytes, offset);
    return real->pMethods->xWrite(real, data, bytes, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(file);

    if (is_hit(TRUNCATE_FAILS))
        return SQLITE_IOERR_TRUNCATE;
    remember(file, NULL, 0, size);
    return real->pMethods->xTruncate(real, size);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (is_hit(SYNC_FAILS))
        return SQLITE_IOERR_FSYNC;
    if (((disk_file *)file)->path != NULL)
        forget_changes(((disk_file *)file)->path);
    return SQLITE_OK; /* nobody pulls the real plug */
}

#define PASS(name, parameters, ...)                                                                \
    static int disk_##name parameters                                                              \
    {                                                                                              \
        return real_of(file)->pMethods->name(__VA_ARGS__);                                         \
    }
PASS(xClose, (sqlite3_file * file), real_of(file))
PASS(xRead, (sqlite3_file * file, void *data, int bytes, sqlite3_int64 offset), real_of(file), data,
     bytes, offset)
PASS(xFileSize, (sqlite3_file * file, sqlite3_int64 *size), real_of(file), size)
PASS(xLock, (sqlite3_file * file, int lock), real_of(file), lock)
PASS(xUnlock, (sqlite3_file * file, int lock), real_of(file), lock)
PASS(xCheckReservedLock, (sqlite3_file * file, int *out), real_of(file), out)
PASS(xFileControl, (sqlite3_file * file, int op, void *argument), real_of(file), op, argument)
PASS(xSectorSize, (sqlite3_file * file), real_of(file))
PASS(xDeviceCharacteristics, (sqlite3_file * file), real_of(file))
PASS(xShmMap, (sqlite3_file * file, int page, int bytes, int extend, void volatile **out),
     real_of(file), page, bytes, extend, out)
PASS(xShmLock, (sqlite3_file * file, int offset, int count, int flags), real_of(file), offset,
     count, flags)
PASS(xShmUnmap, (sqlite3_file * file, int remove_it), real_of(file), remove_it)

static void disk_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    disk_file *opened = (disk_file *)file;
    int code;

    (void)vfs;
    opened->real = (sqlite3_file *)(opened + 1);
    opened->path = name;
    code = disk.real->xOpen(disk.real, name, opened->real, flags, out);
    opened->base.pMethods = code == SQLITE_OK ? &disk.methods : NULL;
    return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    (void)sync_folder;
    if (disk.dead)
        return SQLITE_IOERR_DELETE;
    forget_changes(name);
    return disk.real->xDelete(disk.real, name, 0);
}

static int install(void **state)
{
    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "failing";
    disk.vfs.szOsFile = (int)sizeof(disk_file) + disk.real->szOsFile;
    disk.vfs.xOpen = disk_open;
    disk.vfs.xDelete = disk_delete;
    disk.methods = (sqlite3_io_methods){2,
                                        disk_xClose,
                                        disk_xRead,
                                        disk_write,
                                        disk_truncate,
                                        disk_sync,
                                        disk_xFileSize,
                                        disk_xLock,
                                        disk_xUnlock,
                                        disk_xCheckReservedLock,
                                        disk_xFileControl,
                                        disk_xSectorSize,
                                        disk_xDeviceCharacteristics,
                                        disk_xShmMap,
                                        disk_xShmLock,
                                        disk_barrier,
                                        disk_xShmUnmap,
                                        NULL,
                                        NULL};
    return sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK ? 0 : 1;
}

static void set_fault(fault_kind kind, bool forever, uint64_t at)
{
    disk.kind = kind;
    disk.forever = forever;
    disk.dead = false;
    disk.calls = 0;
    disk.fail_at = at;
    disk.faults = 0;
}

/* ---- the work ---- */

static const uint64_t batches[] = {1, 3, 40, 1, 90, 2, 1, 30};

static char path[2200];

/* A refusal must say what it is about. */
static void check_refusal(hean_status status, const hean_error *error)
{
    assert_status(status, HEAN_E_IO, error);
    if (disk.kind == DISK_FULL && strstr(error->message, "the disk is full") == NULL)
        fail_msg("expected that the disk is full: %s", error->message);
}

/* Opens, posts every batch (once more if it was refused), closes. How many entries were
 * acknowledged. */
static uint64_t work(void)
{
    hean_error error = {HEAN_OK, ""};
    uint64_t number = 0;
    store *self;
    hean_status status = store_open(NULL, path, STORE_WRITE, &self, &error);

    if (status != HEAN_OK) {
        check_refusal(status, &error);
        return 0;
    }
    /* Small enough a log that pages are taken over, and the log cut, in between. */
    assert_int_equal(sqlite3_wal_autocheckpoint(self->db, 20), SQLITE_OK);
    status = sql_exec(self, "PRAGMA journal_size_limit = 0", &error);
    for (size_t i = 0; i < BASE_COUNT(batches) && status == HEAN_OK; i++) {
        status = post_numbers(self, NULL, number, number + batches[i], NULL, &error);
        if (status != HEAN_OK) {
            check_refusal(status, &error);
            status = post_numbers(self, NULL, number, number + batches[i], NULL, &error);
        }
        if (status == HEAN_OK)
            number += batches[i];
    }
    store_close(self);
    return number;
}

static uint64_t total(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < BASE_COUNT(batches); i++)
        sum += batches[i];
    return sum;
}

static void check_afterwards(uint64_t acknowledged)
{
    hean_error error = {HEAN_OK, ""};
    uint64_t boundary = 0;
    store_info info;
    ledger *memory;
    store *self;

    set_fault(NO_FAULT, false, 0);
    self = open_store(path, STORE_WRITE);
    assert_status(store_get_info(self, &info, &error), HEAN_OK, &error);
    assert_true(info.entries >= acknowledged);
    for (size_t i = 0; boundary < info.entries; i++)
        boundary += batches[i];
    assert_int_equal(boundary, info.entries); /* whole batches */
    assert_verifies(self);
    assert_status(ledger_open(NULL, &memory, &error), HEAN_OK, &error);
    assert_status(post_numbers(NULL, memory, 0, info.entries, NULL, &error), HEAN_OK, &error);
    assert_same_ledger(self, memory);
    /* What was lost can be posted again, what was not is not doubled. */
    assert_status(post_numbers(self, NULL, 0, total(), NULL, &error), HEAN_OK, &error);
    assert_status(post_numbers(NULL, memory, info.entries, total(), NULL, &error), HEAN_OK, &error);
    assert_same_ledger(self, memory);
    assert_verifies(self);
    ledger_close(memory);
    store_close(self);
}

static void start_afresh(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char file[2300];

    if (path[0] == 0)
        (void)snprintf(path, sizeof path, "%s/store.db", test_folder("store_fault"));
    for (size_t i = 0; i < BASE_COUNT(suffixes); i++) {
        (void)snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        (void)unlink(file);
    }
}

/* Sanitizers make it slow: there it is every third call. */
#ifdef HEAN_SANITIZE
#define STEP 3
#else
#define STEP 1
#endif

/* Returns how many calls there were. */
static uint64_t try_every_call(fault_kind kind, bool forever, base_random *random)
{
    uint64_t at = 1;
    bool hit = true;

    for (; hit; at += STEP) {
        uint64_t acknowledged;
        start_afresh();
        set_fault(kind, forever, at);
        acknowledged = work();
        hit = disk.faults > 0;
        if (disk.dead) {
            char shared[2300];
            (void)snprintf(shared, sizeof shared, "%s-shm", path);
            (void)unlink(shared); /* memory */
            lose_power(random);
        }
        forget_changes(NULL);
        if (!hit)
            assert_int_equal(acknowledged, total());
        check_afterwards(acknowledged);
        assert_true(at < 10000);
    }
    at -= STEP; /* the first that did not come */
    print_message("%llu calls\n", (unsigned long long)(at - 1));
    return at - 1;
}

#define FAULT_TEST(sentence, kind, forever, calls_min)                                             \
    static void sentence(void **state)                                                             \
    {                                                                                              \
        (void)state;                                                                               \
        assert_true(try_every_call(kind, forever, NULL) >= (calls_min));                           \
    }
FAULT_TEST(a_write_that_fails_is_survived, WRITE_FAILS, false, 50)
FAULT_TEST(a_disk_that_fails_for_good_loses_nothing, WRITE_FAILS, true, 50)
FAULT_TEST(a_full_disk_that_gets_room_again_is_survived, DISK_FULL, false, 50)
FAULT_TEST(a_disk_that_stays_full_loses_nothing, DISK_FULL, true, 50)
FAULT_TEST(a_sync_that_fails_is_survived, SYNC_FAILS, false, 10)
FAULT_TEST(syncs_that_fail_for_good_lose_nothing, SYNC_FAILS, true, 10)
FAULT_TEST(a_truncation_that_fails_is_survived, TRUNCATE_FAILS, false, 1)
FAULT_TEST(truncations_that_fail_for_good_lose_nothing, TRUNCATE_FAILS, true, 1)

static void a_loss_of_power_loses_nothing_that_was_acknowledged(void **state)
{
    base_random random;

    (void)state;
    base_random_init(&random, test_seed());
    assert_true(try_every_call(POWER_FAILS, true, &random) >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_fails_is_survived),
        cmocka_unit_test(a_disk_that_fails_for_good_loses_nothing),
        cmocka_unit_test(a_full_disk_that_gets_room_again_is_survived),
        cmocka_unit_test(a_disk_that_stays_full_loses_nothing),
        cmocka_unit_test(a_sync_that_fails_is_survived),
        cmocka_unit_test(syncs_that_fail_for_good_lose_nothing),
        cmocka_unit_test(a_truncation_that_fails_is_survived),
        cmocka_unit_test(truncations_that_fail_for_good_lose_nothing),
        cmocka_unit_test(a_loss_of_power_loses_nothing_that_was_acknowledged),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
