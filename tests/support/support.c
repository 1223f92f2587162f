/*
 * support.c: see support.h.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

void test_assert_status(hean_status actual, hean_status expected, const hean_error *error,
                        const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s:%d: got %s, expected %s: %s\n", file, line, hean_status_name(actual),
                hean_status_name(expected), error != NULL ? error->message : "");
    _fail(file, line);
}

const char *test_data_path(const char *name)
{
    static _Thread_local char path[4096];
    const char *root = getenv("HEAN_TEST_DATA");

    (void)snprintf(path, sizeof path, "%s/%s",
                   root != NULL ? root : TEST_SOURCE_DIR "/../shared/data", name);
    if (access(path, R_OK) != 0) {
        print_message("recorded data %s is not here (HEAN_TEST_DATA names its folder)\n", name);
        return NULL;
    }
    return path;
}

uint64_t test_seed(void)
{
    const char *text = getenv("HEAN_TEST_SEED");
    uint64_t seed = 0;

    if (text != NULL)
        seed = strtoull(text, NULL, 0);
    else
        assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
    print_message("seed: HEAN_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static void *failing_resize(void *context, void *pointer, size_t bytes)
{
    test_allocator *allocator = context;
    void *resized;

    if (bytes == 0) {
        if (pointer != NULL)
            allocator->live--;
        free(pointer);
        return NULL;
    }
    allocator->calls++;
    if (allocator->fail_at != 0 && allocator->calls >= allocator->fail_at)
        return NULL;
    resized = realloc(pointer, bytes);
    if (pointer == NULL && resized != NULL)
        allocator->live++;
    return resized;
}

void test_allocator_init(test_allocator *allocator, uint64_t fail_at)
{
    memset(allocator, 0, sizeof *allocator);
    allocator->allocator.resize = failing_resize;
    allocator->allocator.context = allocator;
    allocator->fail_at = fail_at;
}

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) {
        char child[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (unlink(child) != 0)
            remove_tree(child);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

const char *test_folder(const char *name)
{
    static _Thread_local char path[2048];

    (void)snprintf(path, sizeof path, "%s/test-files", TEST_BUILD_DIR);
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    (void)snprintf(path, sizeof path, "%s/test-files/%s-%d", TEST_BUILD_DIR, name, (int)getpid());
    remove_tree(path);
    assert_int_equal(mkdir(path, 0700), 0);
    return path;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

void test_print_percentiles(const char *name, double *samples, size_t count, const char *unit)
{
    BASE_ASSERT(count > 0);
    qsort(samples, count, sizeof *samples, compare_doubles);
    printf("%-44s min %.4g  median %.4g  p99 %.4g  max %.4g %s (%zu)\n", name, samples[0],
           samples[count / 2], samples[(size_t)((double)(count - 1) * 0.99)], samples[count - 1],
           unit, count);
}
