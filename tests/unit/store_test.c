/*
 * store_test.c: posting and asking, against a ledger in memory that is given the same; readers,
 * copies, memory.
 */
#include "store_fixture.h"

#include "../../core/store/store_private.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- posting ---- */

static void store_posts_a_batch_once(void **state)
{
    store *self = open_store(fresh_path("store_once"), STORE_WRITE);
    ledger_result result;
    hean_error error;

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 100, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 100);
    assert_int_equal(result.repeated, 0);
    assert_status(post_numbers(self, NULL, 50, 150, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 50);
    assert_int_equal(result.repeated, 50);
    assert_int_equal(entries_of(self), 150);
    assert_verifies(self);
    store_close(self);
}

static void store_takes_a_repeat_within_a_batch(void **state)
{
    store *self = open_store(fresh_path("store_twins"), STORE_WRITE);
    made_posting made;
    ledger_posting postings[3];
    ledger_result result;
    hean_error error;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        postings[i] = *make_posting(&made, 7);
    assert_status(store_post(self, postings, 3, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 1);
    assert_int_equal(result.repeated, 2);
    postings[2].amount_e8++;
    assert_status(store_post(self, postings, 3, &result, &error), HEAN_E_EXISTS, &error);
    assert_non_null(strstr(error.message, "amount"));
    assert_int_equal(entries_of(self), 1);
    store_close(self);
}

static void store_refuses_an_id_with_other_content(void **state)
{
    store *self = open_store(fresh_path("store_conflict"), STORE_WRITE);
    made_posting made, other;
    ledger_posting postings[2];
    hean_error error;

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 10, NULL, &error), HEAN_OK, &error);
    postings[0] = *make_posting(&other, 99);
    postings[1] = *make_posting(&made, 3);
    postings[1].time_ns++;
    assert_status(store_post(self, postings, 2, NULL, &error), HEAN_E_EXISTS, &error);
    assert_non_null(strstr(error.message, "exec:3:fee"));
    assert_non_null(strstr(error.message, "time"));
    assert_int_equal(entries_of(self), 10); /* nothing of the batch */
    assert_verifies(self);
    store_close(self);
}

/* Posts [0, 10), then an id of them with other content, which fails alone, then [10, 20). */
static hean_status post_in_parts(store *self, void *context, hean_error *error)
{
    made_posting made;
    ledger_posting other = *make_posting(&made, 3);
    hean_status end = *(const hean_status *)context;

    other.amount_e8++;
    assert_status(post_numbers(self, NULL, 0, 10, NULL, error), HEAN_OK, error);
    assert_status(store_post(self, &other, 1, NULL, error), HEAN_E_EXISTS, error);
    assert_status(post_numbers(self, NULL, 5, 20, NULL, error), HEAN_OK, error);
    return end == HEAN_OK ? HEAN_OK : base_fail(error, end, "on purpose");
}

static void a_transaction_holds_several_posts_or_none(void **state)
{
    store *self = open_store(fresh_path("store_transaction"), STORE_WRITE);
    hean_status end = HEAN_E_INTERRUPTED;
    hean_error error;

    (void)state;
    assert_status(store_transaction(self, post_in_parts, &end, &error), HEAN_E_INTERRUPTED, &error);
    assert_int_equal(entries_of(self), 0);
    end = HEAN_OK;
    assert_status(store_transaction(self, post_in_parts, &end, &error), HEAN_OK, &error);
    assert_int_equal(entries_of(self), 20);
    assert_verifies(self);
    store_close(self);
}

static void store_refuses_a_balance_that_does_not_fit(void **state)
{
    store *self = open_store(fresh_path("store_range"), STORE_WRITE);
    made_posting made[2];
    ledger_posting postings[2];
    hean_error error;

    (void)state;
    for (uint64_t i = 0; i < 2; i++) {
        postings[i] = *make_posting(&made[i], i);
        postings[i].account = made[0].posting.account;
        postings[i].kind = LEDGER_PNL;
        postings[i].amount_e8 = INT64_MAX - 5;
    }
    assert_status(store_post(self, postings, 2, NULL, &error), HEAN_E_RANGE, &error);
    assert_int_equal(entries_of(self), 0);
    postings[1].kind = LEDGER_FEE; /* each fits, the net does not */
    postings[1].amount_e8 = -100;
    assert_status(store_post(self, postings, 2, NULL, &error), HEAN_E_RANGE, &error);
    assert_status(store_post(self, postings, 1, NULL, &error), HEAN_OK, &error);
    postings[1].account.run = "another"; /* the total does not fit, but no account overflows */
    postings[1].amount_e8 = INT64_MIN + 1;
    assert_status(store_post(self, postings, 2, NULL, &error), HEAN_OK, &error);
    assert_verifies(self);
    store_close(self);
}

static void store_says_when_a_sum_of_accounts_does_not_fit(void **state)
{
    store *self = open_store(fresh_path("store_sum"), STORE_WRITE);
    ledger_filter filter = ledger_filter_all();
    made_posting made[2];
    ledger_posting postings[2];
    hean_error error;

    (void)state;
    for (uint64_t i = 0; i < 2; i++) {
        postings[i] = *make_posting(&made[i], i);
        postings[i].account = made[0].posting.account;
        postings[i].kind = LEDGER_PNL;
        postings[i].amount_e8 = INT64_MAX - 5;
    }
    postings[1].account.run = "another";
    assert_status(store_post(self, postings, 2, NULL, &error), HEAN_OK, &error);
    assert_status(store_balances(self, &filter, LEDGER_BY_RUN, no_group, NULL, &error), HEAN_OK,
                  &error);
    assert_status(store_balances(self, &filter, 0, no_group, NULL, &error), HEAN_E_RANGE, &error);
    store_close(self);
}

/* Two ids with one key: found by search, so that the collision is a real one. */
static int compare_keys(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

static void name_candidate(int64_t number, char out[32])
{
    uint64_t mixed = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15);

    /* Letters only, so that it is the hash that collides. */
    for (int i = 0; i < 12; i++, mixed /= 26)
        out[i] = (char)('a' + mixed % 26);
    out[12] = 0;
}

static void find_collision(char a[32], char b[32])
{
    size_t count = 1 << 22;
    int64_t(*keys)[2] = malloc(count * sizeof *keys);

    assert_non_null(keys);
    for (size_t i = 0; i < count; i++) {
        name_candidate((int64_t)i, a);
        keys[i][0] = store_key(a, strlen(a));
        keys[i][1] = (int64_t)i;
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (keys[i][0] != keys[i - 1][0])
            continue;
        name_candidate(keys[i - 1][1], a);
        name_candidate(keys[i][1], b);
        free(keys);
        return;
    }
    fail_msg("no two of %zu ids collide", count);
}

static void store_tells_ids_with_the_same_key_apart(void **state)
{
    store *self = open_store(fresh_path("store_collision"), STORE_WRITE);
    char ids[2][32];
    made_posting made[2];
    ledger_posting postings[2];
    ledger_result result;
    hean_error error;

    (void)state;
    find_collision(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[1]);
    assert_int_equal(store_key(ids[0], 12), store_key(ids[1], 12));
    for (uint64_t i = 0; i < 2; i++) {
        postings[i] = *make_posting(&made[i], i);
        postings[i].id = ids[i];
    }
    assert_status(store_post(self, &postings[0], 1, &result, &error), HEAN_OK, &error);
    assert_status(store_post(self, &postings[1], 1, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 1);
    assert_status(store_post(self, postings, 2, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.repeated, 2);
    postings[1].amount_e8++;
    assert_status(store_post(self, &postings[1], 1, &result, &error), HEAN_E_EXISTS, &error);
    assert_verifies(self);
    store_close(self);
    self = open_store(fresh_path("store_collision_batch"), STORE_WRITE);
    postings[1].amount_e8--;
    assert_status(store_post(self, postings, 2, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 2);
    assert_verifies(self);
    store_close(self);
}

static void keys_of_ids_that_count_up_lie_together(void **state)
{
    char id[64];
    int64_t first, last;

    (void)state;
    first = store_key("exec:run-7:4096:fee", 19);
    last = store_key("exec:run-7:8191:fee", 19);
    assert_int_equal(last - first, 4095 * STORE_KEY_PROBES);
    for (int64_t i = 4096; i < 8192; i += 97) {
        (void)snprintf(id, sizeof id, "exec:run-7:%lld:fee", (long long)i);
        assert_int_equal(store_key(id, strlen(id)) - first, (i - 4096) * STORE_KEY_PROBES);
    }
    /* Leading zeros and other runs are other ids. */
    assert_int_not_equal(store_key("a:7", 3), store_key("a:07", 4));
    assert_int_not_equal(store_key("a1:7", 4), store_key("a2:7", 4));
    assert_int_not_equal(store_key("a7", 2), store_key("7a", 2));
    assert_true(first >= 0 && store_key("", 0) >= 0);
}

/* ---- against the ledger in memory ---- */

static void pick_filter(base_random *random, ledger_filter *filter)
{
    static const char *const runs[] = {"run-0", "run-3", "run-none"};
    static const char *const texts[] = {"p-one", "maker", "ETHUSDT", "", "USDT"};

    *filter = ledger_filter_all();
    if (base_random_below(random, 3) == 0)
        filter->mode = (int)base_random_below(random, LEDGER_MODE_COUNT);
    if (base_random_below(random, 3) == 0)
        filter->kind = (int)base_random_below(random, LEDGER_KIND_COUNT);
    if (base_random_below(random, 3) == 0)
        filter->run = runs[base_random_below(random, 3)];
    if (base_random_below(random, 3) == 0)
        filter->process = texts[0];
    if (base_random_below(random, 3) == 0)
        filter->strategy = texts[1 + 2 * base_random_below(random, 2)];
    if (base_random_below(random, 3) == 0)
        filter->symbol = texts[2 + base_random_below(random, 2)];
    if (base_random_below(random, 3) == 0)
        filter->currency = texts[4];
    if (base_random_below(random, 3) == 0)
        filter->from_day = 19674 + (int64_t)base_random_below(random, 8);
    if (base_random_below(random, 3) == 0)
        filter->to_day = 19674 + (int64_t)base_random_below(random, 8);
}

static void balances_equal_those_in_memory_for_every_question(void **state)
{
    store *self = open_store(fresh_path("store_balances"), STORE_WRITE);
    hean_error error = {HEAN_OK, ""};
    base_random random;
    ledger *memory;
    uint64_t posted = 0;

    (void)state;
    base_random_init(&random, test_seed());
    assert_status(ledger_open(NULL, &memory, &error), HEAN_OK, &error);
    for (int step = 0; step < 40; step++) {
        uint64_t from = base_random_below(&random, posted + 1);
        uint64_t to = from + base_random_below(&random, 200);
        ledger_result ours;
        assert_status(post_numbers(self, memory, from, to, &ours, &error), HEAN_OK, &error);
        posted = to > posted ? to : posted;
        assert_same_ledger(self, memory);
        for (int i = 0; i < 8; i++) {
            ledger_filter filter;
            pick_filter(&random, &filter);
            assert_same_balances(self, memory, &filter, (unsigned)base_random_below(&random, 64));
        }
    }
    for (unsigned by = 0; by < 64; by++) {
        ledger_filter filter = ledger_filter_all();
        assert_same_balances(self, memory, &filter, by);
    }
    assert_verifies(self);
    ledger_close(memory);
    store_close(self);
}

typedef struct listing {
    const ledger *memory;
    const ledger_filter *filter;
    uint64_t index; /* in memory, of the next that may be listed */
    uint64_t count;
} listing;

static bool takes(const ledger_filter *filter, const ledger_posting *posting)
{
    const ledger_account *account = &posting->account;
    int64_t day = posting->time_ns / STORE_NS_PER_DAY;

    return (filter->mode == LEDGER_ANY || filter->mode == (int)account->mode) &&
           (filter->kind == LEDGER_ANY || filter->kind == (int)posting->kind) &&
           (filter->run == NULL || strcmp(filter->run, account->run) == 0) &&
           (filter->process == NULL || strcmp(filter->process, account->process) == 0) &&
           (filter->strategy == NULL || strcmp(filter->strategy, account->strategy) == 0) &&
           (filter->symbol == NULL || strcmp(filter->symbol, account->symbol) == 0) &&
           (filter->currency == NULL || strcmp(filter->currency, account->currency) == 0) &&
           day >= filter->from_day && day < filter->to_day;
}

static void next_taken(listing *list, ledger_posting *out)
{
    while (list->index < ledger_entries(list->memory)) {
        assert_int_equal(ledger_entry(list->memory, list->index++, out), HEAN_OK);
        if (takes(list->filter, out))
            return;
    }
    out->id = NULL;
}

static hean_status compare_entry(void *context, const store_entry *entry, hean_error *error)
{
    listing *list = context;
    ledger_posting expected;

    (void)error;
    next_taken(list, &expected);
    assert_non_null(expected.id);
    assert_string_equal(entry->posting.id, expected.id);
    assert_null(ledger_difference(&entry->posting, &expected));
    assert_int_equal(entry->sequence, list->index);
    list->count++;
    return HEAN_OK;
}

static void entries_are_listed_by_filter_and_in_order(void **state)
{
    store *self = open_store(fresh_path("store_entries"), STORE_WRITE);
    hean_error error = {HEAN_OK, ""};
    base_random random;
    ledger *memory;

    (void)state;
    base_random_init(&random, test_seed());
    assert_status(ledger_open(NULL, &memory, &error), HEAN_OK, &error);
    assert_status(post_numbers(self, memory, 0, 1000, NULL, &error), HEAN_OK, &error);
    for (int i = 0; i < 100; i++) {
        ledger_filter filter;
        listing list = {.memory = memory, .filter = &filter};
        ledger_posting rest;
        pick_filter(&random, &filter);
        list.index = base_random_below(&random, 4) == 0 ? base_random_below(&random, 1100) : 0;
        assert_status(store_each_entry(self, &filter, list.index, 0, compare_entry, &list, &error),
                      HEAN_OK, &error);
        next_taken(&list, &rest);
        assert_null(rest.id); /* all of them */
        list = (listing){.memory = memory, .filter = &filter};
        assert_status(store_each_entry(self, &filter, 0, 3, compare_entry, &list, &error), HEAN_OK,
                      &error);
        assert_true(list.count <= 3);
    }
    ledger_close(memory);
    store_close(self);
}

static void the_hash_of_a_run_is_that_of_its_entries_alone(void **state)
{
    store *self = open_store(fresh_path("store_run_hash"), STORE_WRITE);
    uint8_t hash[HASH_SHA256_BYTES], expected[HASH_SHA256_BYTES];
    hean_error error = {HEAN_OK, ""};
    made_posting made;
    ledger *alone;

    (void)state;
    assert_status(ledger_open(NULL, &alone, &error), HEAN_OK, &error);
    assert_status(post_numbers(self, NULL, 0, 500, NULL, &error), HEAN_OK, &error);
    for (uint64_t i = 0; i < 500; i++) {
        const ledger_posting *posting = make_posting(&made, i);
        if (strcmp(posting->account.run, "run-2") == 0)
            assert_status(ledger_post(alone, posting, 1, NULL, &error), HEAN_OK, &error);
    }
    ledger_head(alone, expected);
    assert_status(store_run_hash(self, "run-2", hash, &error), HEAN_OK, &error);
    assert_memory_equal(hash, expected, sizeof hash);
    assert_status(store_run_hash(self, "run-none", hash, &error), HEAN_E_NOT_FOUND, &error);
    ledger_close(alone);
    store_close(self);
}

/* ---- readers, copies, memory ---- */

static void a_reader_sees_whole_batches_while_others_write(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *writer = open_store(fresh_path("store_readers"), STORE_WRITE), *reader;

    (void)state;
    assert_status(post_numbers(writer, NULL, 0, 100, NULL, &error), HEAN_OK, &error);
    reader = open_store(store_path, STORE_READ);
    for (uint64_t i = 1; i < 10; i++) {
        assert_status(store_begin(writer, &error), HEAN_OK, &error); /* in the middle of a turn */
        assert_int_equal(entries_of(reader), i * 100);
        assert_verifies(reader);
        store_rollback(writer);
        assert_status(store_snapshot(reader, &error), HEAN_OK, &error);
        assert_int_equal(entries_of(reader), i * 100);
        assert_status(post_numbers(writer, NULL, i * 100, i * 100 + 100, NULL, &error), HEAN_OK,
                      &error); /* a reader does not stop it */
        assert_int_equal(entries_of(reader), i * 100);
        store_snapshot_end(reader);
        assert_int_equal(entries_of(reader), i * 100 + 100);
    }
    store_close(reader);
    store_close(writer);
}

static void two_writers_take_turns_and_agree(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *a = open_store(fresh_path("store_two_writers"), STORE_WRITE);
    store *b = open_store(store_path, STORE_WRITE);
    ledger *memory;

    (void)state;
    assert_status(ledger_open(NULL, &memory, &error), HEAN_OK, &error);
    for (uint64_t i = 0; i < 40; i++)
        assert_status(post_numbers(i % 3 == 0 ? a : b, memory, i * 5, i * 5 + 7, NULL, &error),
                      HEAN_OK, &error);
    assert_same_ledger(a, memory);
    assert_same_ledger(b, memory);
    assert_verifies(a);
    store_close(a);
    store_close(b);
    ledger_close(memory);
}

static void a_backup_is_a_store_of_its_own(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(fresh_path("store_backup"), STORE_WRITE), *copy;
    char to[2300], log[2310];

    (void)state;
    (void)snprintf(to, sizeof to, "%s.copy", store_path);
    assert_status(post_numbers(self, NULL, 0, 3000, NULL, &error), HEAN_OK, &error);
    assert_status(store_backup(self, to, &error), HEAN_OK, &error);
    assert_status(post_numbers(self, NULL, 3000, 3100, NULL, &error), HEAN_OK, &error);
    copy = open_store(to, STORE_READ);
    assert_int_equal(entries_of(copy), 3000);
    assert_verifies(copy);
    store_close(copy);
    (void)snprintf(log, sizeof log, "%s-wal", to);
    assert_int_not_equal(access(log, F_OK), 0);                     /* one file, and it stays one */
    assert_status(store_backup(self, to, &error), HEAN_OK, &error); /* replaces it */
    copy = open_store(to, STORE_WRITE);
    assert_int_equal(entries_of(copy), 3100);
    assert_status(store_backup(self, to, &error), HEAN_E_STATE, &error); /* it is in use */
    assert_status(store_backup(self, store_path, &error), HEAN_E_INVALID, &error);
    assert_status(post_numbers(copy, NULL, 3100, 3200, NULL, &error), HEAN_OK, &error);
    assert_verifies(copy);
    store_close(copy);
    assert_status(store_backup(self, "/dev/null/x", &error), HEAN_E_IO, &error);
    store_close(self);
}

static void verify_stops_when_told_and_says_how_far_it_is(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(fresh_path("store_stop"), STORE_WRITE);
    volatile uint64_t progress = 0;
    volatile int stop = 0;

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 100, NULL, &error), HEAN_OK, &error);
    assert_status(store_verify(self, &stop, &progress, &error), HEAN_OK, &error);
    assert_int_equal(progress, 100);
    stop = 1;
    assert_status(store_verify(self, &stop, &progress, &error), HEAN_E_INTERRUPTED, &error);
    store_close(self);
}

static hean_status use_everything(const hean_allocator *allocator)
{
    ledger_filter filter = ledger_filter_all();
    made_posting made;
    ledger_posting posting = *make_posting(&made, 1);
    uint8_t hash[HASH_SHA256_BYTES];
    store *self;
    hean_status status = store_open(allocator, store_path, STORE_WRITE, &self, NULL);

    if (status != HEAN_OK)
        return status;
    status = store_post(self, &posting, 1, NULL, NULL);
    if (status == HEAN_OK)
        status = store_balances(self, &filter, LEDGER_BY_RUN, no_group, NULL, NULL);
    if (status == HEAN_OK)
        status = store_run_hash(self, posting.account.run, hash, NULL);
    if (status == HEAN_OK)
        status = store_verify(self, NULL, NULL, NULL);
    store_close(self);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    test_allocator allocator;
    hean_status status = HEAN_E_NO_MEMORY;

    (void)state;
    (void)fresh_path("store_memory");
    for (uint64_t fail_at = 1; status != HEAN_OK; fail_at++) {
        test_allocator_init(&allocator, fail_at);
        status = use_everything(&allocator.allocator);
        assert_int_equal(allocator.live, 0);
        if (status != HEAN_OK)
            assert_status(status, HEAN_E_NO_MEMORY, NULL);
        assert_true(fail_at < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_posts_a_batch_once),
        cmocka_unit_test(store_takes_a_repeat_within_a_batch),
        cmocka_unit_test(store_refuses_an_id_with_other_content),
        cmocka_unit_test(a_transaction_holds_several_posts_or_none),
        cmocka_unit_test(store_refuses_a_balance_that_does_not_fit),
        cmocka_unit_test(store_says_when_a_sum_of_accounts_does_not_fit),
        cmocka_unit_test(store_tells_ids_with_the_same_key_apart),
        cmocka_unit_test(keys_of_ids_that_count_up_lie_together),
        cmocka_unit_test(balances_equal_those_in_memory_for_every_question),
        cmocka_unit_test(entries_are_listed_by_filter_and_in_order),
        cmocka_unit_test(the_hash_of_a_run_is_that_of_its_entries_alone),
        cmocka_unit_test(a_reader_sees_whole_batches_while_others_write),
        cmocka_unit_test(two_writers_take_turns_and_agree),
        cmocka_unit_test(a_backup_is_a_store_of_its_own),
        cmocka_unit_test(verify_stops_when_told_and_says_how_far_it_is),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
