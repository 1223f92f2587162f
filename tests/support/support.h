/*
 * support.h: what tests share: cmocka, recorded data, failing memory, seeds.
 */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/base.h>
#include <base/random.h>

/* Checks a status and prints the error's words if it is another one. */
#define assert_status(actual, expected, error)                                                     \
    test_assert_status((actual), (expected), (error), __FILE__, __LINE__)
void test_assert_status(hean_status actual, hean_status expected, const hean_error *error,
                        const char *file, int line);

/* "../shared/data/NAME" (or below $HEAN_TEST_DATA); NULL, with a line on stderr, where it is
 * absent: the test then calls skip(). The text lives until the next call. */
const char *test_data_path(const char *name);

/* $HEAN_TEST_SEED, else a fresh one; printed so that a failure can be repeated. */
uint64_t test_seed(void);

/* An allocator that fails at its n-th call (0: never), and counts. */
typedef struct test_allocator {
    hean_allocator allocator;
    uint64_t calls;
    uint64_t fail_at;
    int64_t live; /* allocations that were not freed */
} test_allocator;
void test_allocator_init(test_allocator *allocator, uint64_t fail_at);

/* A folder for one test's files, under the build folder; empty. */
const char *test_folder(const char *name);

/* ---- benchmarks ---- */
/* Sorts and prints "name: min .. median .. p99 .. max unit (n runs)". */
void test_print_percentiles(const char *name, double *samples, size_t count, const char *unit);

#endif
