/*
 * holding_test.c: what strategies hold, on disk beside the entries that led to it; and how a
 * settlement of the account is split over them.
 */
#include <support.h>

#include "../../core/host/run_ledger.h"

#include <store/store.h>
#include <string.h>

/* ---- the store ---- */

static const char *store_path(void)
{
    static char path[300];
    (void)snprintf(path, sizeof path, "%s/hean.db", test_folder("holding"));
    return path;
}

static ledger_posting posting_of(const char *id, int64_t amount_e8)
{
    return (ledger_posting){.id = id,
                            .account = {.mode = LEDGER_LIVE,
                                        .run = "run-1",
                                        .process = "p",
                                        .strategy = "s",
                                        .symbol = "ETHUSDT",
                                        .currency = "USDT"},
                            .time_ns = INT64_C(1700000000) * BASE_NS_PER_S,
                            .kind = LEDGER_PNL,
                            .amount_e8 = amount_e8};
}

static store_holding holding_of(const char *strategy, int64_t lots)
{
    return (store_holding){.scope = "a",
                           .strategy = strategy,
                           .symbol = "ETHUSDT",
                           .lot = "0.01",
                           .position = {.qty_lots = lots,
                                        .cost_e8 = 7,
                                        .realized_e8 = -3,
                                        .fees_e8 = 2,
                                        .funding_e8 = -1},
                           .execution_ns = 99};
}

typedef struct seen {
    char text[400];
    hean_position last;
} seen;

static hean_status note(void *context, const store_holding *row, hean_error *error)
{
    seen *self = context;
    size_t length = strlen(self->text);

    (void)error;
    self->last = row->position;
    (void)snprintf(self->text + length, sizeof self->text - length, "%s/%s/%s/%s %lld at %lld;",
                   row->scope, row->strategy, row->symbol, row->lot,
                   (long long)row->position.qty_lots, (long long)row->execution_ns);
    return HEAN_OK;
}

static void expect_holdings(const char *path, const char *expected)
{
    seen all = {.text = ""};
    hean_error error = {0};
    store *reader = NULL;

    assert_status(store_open(NULL, path, STORE_READ, &reader, &error), HEAN_OK, &error);
    assert_status(store_each_holding(reader, "a", note, &all, &error), HEAN_OK, &error);
    assert_string_equal(all.text, expected);
    store_close(reader);
}

static void holding_is_replaced_with_the_entries_of_its_fill(void **state)
{
    const char *path = store_path();
    const ledger_posting first = posting_of("exec:1:pnl", 5), second = posting_of("exec:2:pnl", 6);
    store_holding one = holding_of("s", 10), other = holding_of("t", -4);
    store_writer *writer = NULL;
    store *writes = NULL;
    hean_error error = {0};
    uint64_t ticket = 0;
    bool has = false;

    (void)state;
    assert_status(store_open(NULL, path, STORE_WRITE, &writes, &error), HEAN_OK, &error);
    assert_status(store_writer_open(NULL, writes, &writer, &error), HEAN_OK, &error);
    assert_status(store_writer_submit_holding(writer, &first, 1, &one, &ticket, &error), HEAN_OK,
                  &error);
    one.position.qty_lots = 12;
    assert_status(store_writer_submit_holding(writer, &second, 1, &one, &ticket, &error), HEAN_OK,
                  &error);
    assert_status(store_writer_submit_holding(writer, &first, 0, &other, &ticket, &error), HEAN_OK,
                  &error);
    assert_status(store_writer_wait(writer, ticket, &error), HEAN_OK, &error);
    expect_holdings(path, "a/s/ETHUSDT/0.01 12 at 99;a/t/ETHUSDT/0.01 -4 at 99;");
    assert_status(store_writer_close(writer, &error), HEAN_OK, &error);
    assert_status(store_open(NULL, path, STORE_WRITE, &writes, &error), HEAN_OK, &error);
    assert_status(store_has(writes, "exec:1:pnl", &has, &error), HEAN_OK, &error);
    assert_true(has);
    assert_status(store_has(writes, "exec:3:pnl", &has, &error), HEAN_OK, &error);
    assert_false(has);
    assert_status(store_verify(writes, NULL, NULL, &error), HEAN_OK, &error);
    store_close(writes);
}

static void holding_of_a_fill_that_is_refused_is_not_written(void **state)
{
    const char *path = store_path();
    const ledger_posting right = posting_of("exec:1:pnl", 5), wrong = posting_of("exec:1:pnl", 6);
    const store_holding one = holding_of("s", 10), two = holding_of("s", 20);
    store_writer *writer = NULL;
    store *writes = NULL;
    hean_error error = {0};
    uint64_t ticket = 0;

    (void)state;
    assert_status(store_open(NULL, path, STORE_WRITE, &writes, &error), HEAN_OK, &error);
    assert_status(store_writer_open(NULL, writes, &writer, &error), HEAN_OK, &error);
    assert_status(store_writer_submit_holding(writer, &right, 1, &one, &ticket, &error), HEAN_OK,
                  &error);
    assert_status(store_writer_submit_holding(writer, &wrong, 1, &two, &ticket, &error), HEAN_OK,
                  &error);
    assert_status(store_writer_wait(writer, ticket, &error), HEAN_E_EXISTS, &error);
    assert_status(store_writer_close(writer, &error), HEAN_E_EXISTS, &error);
    expect_holdings(path, "a/s/ETHUSDT/0.01 10 at 99;");
}

/* ---- the split ---- */

static void settlement_is_split_exactly(void **state)
{
    static const struct {
        int64_t lots[3], amount, shares[3];
    } cases[] = {
        {{1, 1, 1}, 9, {3, 3, 3}},
        {{1, 1, 1}, 10, {4, 3, 3}},
        {{1, 1, 1}, -10, {-4, -3, -3}},
        {{2, 1, 0}, 10, {7, 3, 0}},
        {{0, 5, 0}, -7, {0, -7, 0}},
        {{-2, -1, 0}, 10, {7, 3, 0}},
        {{3, -1, 0}, 10, {15, -5, 0}},
        {{1, -1, 0}, 10, {10, 0, 0}},
        {{0, 0, 0}, 4, {4, 0, 0}},
        {{1, 1, 1}, 0, {0, 0, 0}},
        {{INT64_MAX, 1 - INT64_MAX, 0}, 1000, {1000, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        int64_t shares[3];
        run_funding_split(cases[i].lots, 3, cases[i].amount, shares);
        for (size_t j = 0; j < 3; j++) {
            if (shares[j] != cases[i].shares[j])
                fail_msg("case %zu: share %zu is %lld", i, j, (long long)shares[j]);
        }
    }
}

static void any_split_adds_up(void **state)
{
    base_random random;

    (void)state;
    base_random_init(&random, test_seed());
    for (int i = 0; i < 20000; i++) {
        int64_t lots[5], shares[5], amount, sum = 0;
        amount = (int64_t)base_random_below(&random, 2000000) - 1000000;
        for (size_t j = 0; j < 5; j++)
            lots[j] = (int64_t)base_random_below(&random, 201) - (i % 2 == 0 ? 100 : 0);
        run_funding_split(lots, 5, amount, shares);
        for (size_t j = 0; j < 5; j++)
            sum += shares[j];
        assert_true(sum == amount);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holding_is_replaced_with_the_entries_of_its_fill),
        cmocka_unit_test(holding_of_a_fill_that_is_refused_is_not_written),
        cmocka_unit_test(settlement_is_split_exactly),
        cmocka_unit_test(any_split_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
