/*
 * store_fixture.h: what the tests of the store share: random postings, a fresh file, and the
 * comparison of a store with a ledger in memory that was given the same.
 */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "support.h"

#include <ledger/ledger.h>
#include <store/store.h>

#include <stdlib.h>
#include <string.h>

/* A posting that is a function of its number alone, so that two processes agree on it. */
typedef struct made_posting {
    ledger_posting posting;
    char id[64], run[24], basis[32];
} made_posting;

static inline const ledger_posting *make_posting(made_posting *made, uint64_t number)
{
    static const char *const processes[] = {"p-one", "p-two", "p-three"};
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "", "XRPÜ"};
    static const char *const strategies[] = {"maker", "", "impulse"};
    static const char *const currencies[] = {"USDT", "USDT", "USDT", "BTC"};
    base_random random;

    base_random_init(&random, number * 7919 + 1);
    (void)snprintf(made->id, sizeof made->id, "exec:%llu:%s", (unsigned long long)number,
                   number % 2 == 0 ? "pnl" : "fee");
    (void)snprintf(made->run, sizeof made->run, "run-%llu",
                   (unsigned long long)base_random_below(&random, 6));
    made->basis[0] = 0;
    if (base_random_below(&random, 5) == 0)
        (void)snprintf(made->basis, sizeof made->basis, "%llu USDT at 1 bp",
                       (unsigned long long)base_random_below(&random, 1000));
    made->posting = (ledger_posting){
        .id = made->id,
        .account = {.mode = (ledger_mode)base_random_below(&random, LEDGER_MODE_COUNT),
                    .run = made->run,
                    .process = processes[base_random_below(&random, 3)],
                    .strategy = strategies[base_random_below(&random, 3)],
                    .symbol = symbols[base_random_below(&random, 4)],
                    .currency = currencies[base_random_below(&random, 4)]},
        .time_ns = (int64_t)base_random_below(&random, 5 * UINT64_C(86400000000000)) +
                   INT64_C(1700000000000000000),
        .kind = (ledger_kind)base_random_below(&random, LEDGER_KIND_COUNT),
        .amount_e8 = (int64_t)(base_random_next(&random) >> 20) - (INT64_C(1) << 43),
        .basis = base_random_below(&random, 2) == 0 && made->basis[0] == 0 ? NULL : made->basis};
    return &made->posting;
}

static inline store *open_store(const char *path, store_access access)
{
    hean_error error = {HEAN_OK, ""};
    store *opened = NULL;
    assert_status(store_open(NULL, path, access, &opened, &error), HEAN_OK, &error);
    return opened;
}

/* The store of the test that runs. */
static char store_path[2200];

static inline const char *fresh_path(const char *name)
{
    (void)snprintf(store_path, sizeof store_path, "%s/store.db", test_folder(name));
    return store_path;
}

static inline uint64_t entries_of(store *from)
{
    hean_error error = {HEAN_OK, ""};
    store_info info;
    assert_status(store_get_info(from, &info, &error), HEAN_OK, &error);
    return info.entries;
}

static inline hean_status no_group(void *context, const ledger_group *group, hean_error *error)
{
    (void)context;
    (void)group;
    (void)error;
    return HEAN_OK;
}

/* Posts the numbers [from, to) as one batch. */
static inline hean_status post_numbers(store *to_store, ledger *to_ledger, uint64_t from,
                                       uint64_t to, ledger_result *result, hean_error *error)
{
    size_t count = (size_t)(to - from);
    made_posting *made = calloc(count + 1, sizeof *made);
    ledger_posting *postings = calloc(count + 1, sizeof *postings);
    hean_status status = HEAN_OK;

    assert_true(made != NULL && postings != NULL);
    for (size_t i = 0; i < count; i++)
        postings[i] = *make_posting(&made[i], from + i);
    if (to_store != NULL)
        status = store_post(to_store, postings, count, result, error);
    if (to_ledger != NULL && status == HEAN_OK)
        status = ledger_post(to_ledger, postings, count, result, error);
    free(postings);
    free(made);
    return status;
}

/* ---- balances as text, so that two listings can be compared at once ---- */

static inline hean_status print_group(void *context, const ledger_group *group, hean_error *error)
{
    base_buffer *out = context;

    (void)error;
    base_buffer_printf(
        out, "%d|%s|%s|%s|%s|%s|%lld", group->mode, group->run != NULL ? group->run : "-",
        group->process != NULL ? group->process : "-",
        group->strategy != NULL ? group->strategy : "-",
        group->symbol != NULL ? group->symbol : "-", group->currency, (long long)group->day);
    for (int i = 0; i < LEDGER_KIND_COUNT; i++)
        base_buffer_printf(out, "|%lld", (long long)group->sums.amount_e8[i]);
    base_buffer_printf(out, "|%llu|%llu|%lld\n", (unsigned long long)group->sums.entries,
                       (unsigned long long)group->sums.estimated, (long long)group->net_e8);
    return HEAN_OK;
}

static inline void assert_same_balances(store *on_disk, const ledger *in_memory,
                                        const ledger_filter *filter, unsigned by)
{
    hean_error error = {HEAN_OK, ""};
    base_buffer disk, memory;

    base_buffer_init(&disk, base_allocator_default());
    base_buffer_init(&memory, base_allocator_default());
    assert_status(store_balances(on_disk, filter, by, print_group, &disk, &error), HEAN_OK, &error);
    assert_status(ledger_balances(in_memory, filter, by, print_group, &memory, &error), HEAN_OK,
                  &error);
    assert_string_equal(disk.length > 0 ? disk.data : "", memory.length > 0 ? memory.data : "");
    base_buffer_deinit(&disk);
    base_buffer_deinit(&memory);
}

/* The same entries, the same head. */
static inline void assert_same_ledger(store *on_disk, const ledger *in_memory)
{
    hean_error error = {HEAN_OK, ""};
    store_info info;
    uint8_t head[HASH_SHA256_BYTES];

    assert_status(store_get_info(on_disk, &info, &error), HEAN_OK, &error);
    assert_int_equal(info.entries, ledger_entries(in_memory));
    ledger_head(in_memory, head);
    assert_memory_equal(info.head, head, sizeof head);
}

static inline void assert_verifies(store *on_disk)
{
    hean_error error = {HEAN_OK, ""};
    assert_status(store_verify(on_disk, NULL, NULL, &error), HEAN_OK, &error);
}

#endif
