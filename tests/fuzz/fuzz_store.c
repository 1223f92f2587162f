/*
 * fuzz_store.c: no damaged file may crash the store, and damage never goes through store_verify
 * with other sums than before.
 *
 * The input is a list of changes, four bytes each: an offset (three bytes, big-endian, modulo the
 * size) and what that byte is exclusive-ored with. They are made in a good file, which is then
 * read, verified, copied and posted to.
 */
#include <store/store.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define ENTRIES 60

static char good[64], bad[64], copy[64];
static base_buffer image;
static uint8_t good_head[HASH_SHA256_BYTES];

static hean_status post(store *to, int number)
{
    char id[32], run[16];
    ledger_posting posting = {.id = id,
                              .account = {LEDGER_PAPER, run, "process", "maker", "ETHUSDT", "USDT"},
                              .time_ns = number * INT64_C(7200) * BASE_NS_PER_S,
                              .kind = (ledger_kind)(number % LEDGER_KIND_COUNT),
                              .amount_e8 = number * INT64_C(1234567),
                              .basis = number % 3 == 0 ? "estimated" : NULL};

    (void)snprintf(id, sizeof id, "exec:%d", number);
    (void)snprintf(run, sizeof run, "run-%d", number % 4);
    return store_post(to, &posting, 1, NULL, NULL);
}

static void remove_all(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    const char *const files[] = {good, bad, copy};
    char path[96];

    for (size_t i = 0; i < BASE_COUNT(files) * BASE_COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof path, "%s%s", files[i / BASE_COUNT(suffixes)],
                       suffixes[i % BASE_COUNT(suffixes)]);
        (void)unlink(path);
    }
}

static void remove_at_exit(void)
{
    remove_all();
    base_buffer_deinit(&image);
    *strrchr(good, '/') = 0;
    (void)rmdir(good);
}

static void make_good(void)
{
    char folder[] = "/tmp/fuzz_store.XXXXXX";
    store_info info;
    store *self;

    BASE_ASSERT(mkdtemp(folder) != NULL);
    (void)snprintf(good, sizeof good, "%s/good.db", folder);
    (void)snprintf(bad, sizeof bad, "%s/bad.db", folder);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", folder);
    BASE_ASSERT(atexit(remove_at_exit) == 0);
    BASE_ASSERT(store_open(NULL, good, STORE_WRITE, &self, NULL) == HEAN_OK);
    for (int i = 0; i < ENTRIES; i++)
        BASE_ASSERT(post(self, i) == HEAN_OK);
    BASE_ASSERT(store_get_info(self, &info, NULL) == HEAN_OK);
    memcpy(good_head, info.head, sizeof good_head);
    store_close(self);
    base_buffer_init(&image, base_allocator_default());
    BASE_ASSERT(base_buffer_read_file(&image, good, 1 << 24, NULL) == HEAN_OK);
}

static bool write_bad(const uint8_t *data, size_t bytes)
{
    int fd = open(bad, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    bool written = fd >= 0;

    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        size_t offset = (size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2];
        image.data[offset % image.length] ^= (char)data[i + 3];
    }
    written = written && write(fd, image.data, image.length) == (ssize_t)image.length;
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        size_t offset = (size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2];
        image.data[offset % image.length] ^= (char)data[i + 3];
    }
    if (fd >= 0)
        (void)close(fd);
    return written;
}

static hean_status use_group(void *context, const ledger_group *group, hean_error *error)
{
    (void)error;
    *(size_t *)context += strlen(group->currency) + (group->run != NULL ? strlen(group->run) : 0);
    return HEAN_OK;
}

static hean_status use_entry(void *context, const store_entry *entry, hean_error *error)
{
    (void)error;
    *(size_t *)context += strlen(entry->posting.id) + strlen(entry->posting.account.run);
    return HEAN_OK;
}

static void read_bad(store *self)
{
    ledger_filter all = ledger_filter_all();
    uint8_t hash[HASH_SHA256_BYTES];
    store_info info;
    size_t used = 0;

    (void)!store_balances(self, &all, 0x3f, use_group, &used, NULL);
    (void)!store_balances(self, &all, 0, use_group, &used, NULL);
    (void)!store_each_entry(self, &all, 0, 0, use_entry, &used, NULL);
    (void)!store_run_hash(self, "run-1", hash, NULL);
    if (store_verify(self, NULL, NULL, NULL) == HEAN_OK) {
        BASE_ASSERT(store_get_info(self, &info, NULL) == HEAN_OK);
        BASE_ASSERT(info.entries == ENTRIES);
        BASE_ASSERT(memcmp(info.head, good_head, sizeof good_head) == 0);
    }
    (void)!store_backup(self, copy, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    store *self;

    if (good[0] == 0)
        make_good();
    remove_all();
    if (!write_bad(data, bytes < 256 ? bytes : 256))
        return 0;
    if (store_open(NULL, bad, STORE_READ, &self, NULL) == HEAN_OK) {
        read_bad(self);
        store_close(self);
    }
    if (store_open(NULL, bad, STORE_WRITE, &self, NULL) == HEAN_OK) {
        for (int i = ENTRIES - 3; i < ENTRIES + 3; i++)
            (void)!post(self, i);
        store_close(self);
    }
    return 0;
}
