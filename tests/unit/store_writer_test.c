/*
 * store_writer_test.c: group commit: nothing waits for the disk, nothing acknowledged is lost, and
 * the first failure stays.
 */
#include "store_fixture.h"

#include "../../core/store/store_private.h"

#include <pthread.h>
#include <unistd.h>

static char path[2200];

static store_writer *fresh_writer(const char *name)
{
    hean_error error = {HEAN_OK, ""};
    store_writer *self = NULL;

    (void)snprintf(path, sizeof path, "%s/store.db", test_folder(name));
    assert_status(store_writer_open(NULL, open_store(path, STORE_WRITE), &self, &error), HEAN_OK,
                  &error);
    return self;
}

static hean_status submit(store_writer *self, uint64_t number, uint64_t *ticket, hean_error *error)
{
    made_posting made; /* gone after the call: the writer copies */
    return store_writer_submit(self, make_posting(&made, number), 1, ticket, error);
}

/* One whose content is not that of its id. */
static hean_status submit_conflict(store_writer *self, uint64_t number, uint64_t *ticket,
                                   hean_error *error)
{
    made_posting made;
    ledger_posting posting = *make_posting(&made, number);
    posting.amount_e8++;
    return store_writer_submit(self, &posting, 1, ticket, error);
}

static uint64_t entries_on_disk(void)
{
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(path, STORE_READ);
    store_info info;

    assert_status(store_get_info(self, &info, &error), HEAN_OK, &error);
    assert_verifies(self);
    store_close(self);
    return info.entries;
}

static void what_is_waited_for_is_durable(void **state)
{
    store_writer *self = fresh_writer("writer_wait");
    hean_error error = {HEAN_OK, ""};
    uint64_t ticket = 0, durable;

    (void)state;
    for (uint64_t i = 0; i < 50; i++) {
        assert_status(submit(self, i, &ticket, &error), HEAN_OK, &error);
        assert_int_equal(ticket, i + 1);
    }
    assert_status(store_writer_wait(self, 50, &error), HEAN_OK, &error);
    assert_status(store_writer_durable(self, &durable, &error), HEAN_OK, &error);
    assert_int_equal(durable, 50);
    assert_int_equal(entries_on_disk(), 50);
    assert_status(store_writer_wait(self, 51, &error), HEAN_E_INVALID, &error);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
}

static void closing_writes_what_is_queued(void **state)
{
    store_writer *self = fresh_writer("writer_close");
    hean_error error = {HEAN_OK, ""};
    uint64_t ticket;

    (void)state;
    for (uint64_t i = 0; i < 500; i++)
        assert_status(submit(self, i, &ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
    assert_int_equal(entries_on_disk(), 500);
}

static void a_batch_without_postings_is_durable_as_well(void **state)
{
    store_writer *self = fresh_writer("writer_empty");
    hean_error error = {HEAN_OK, ""};
    uint64_t ticket;

    (void)state;
    assert_status(store_writer_submit(self, NULL, 0, &ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_wait(self, ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
}

static void a_wrong_posting_is_refused_at_once_and_alone(void **state)
{
    store_writer *self = fresh_writer("writer_invalid");
    hean_error error = {HEAN_OK, ""};
    made_posting made;
    ledger_posting posting = *make_posting(&made, 1);
    uint64_t ticket = 7;

    (void)state;
    posting.account.run = "";
    assert_status(store_writer_submit(self, &posting, 1, &ticket, &error), HEAN_E_INVALID, &error);
    assert_int_equal(ticket, 7);
    assert_status(submit(self, 1, &ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
    assert_int_equal(entries_on_disk(), 1);
}

static void the_first_failure_stays_and_what_came_before_is_kept(void **state)
{
    store_writer *self = fresh_writer("writer_sticky");
    hean_error error = {HEAN_OK, ""};
    store *blocker = open_store(path, STORE_WRITE);
    uint64_t ticket, durable = 99;

    (void)state;
    assert_status(store_begin(blocker, &error), HEAN_OK, &error);
    /* While the turn is another's, all of these gather into few groups. */
    for (uint64_t i = 0; i < 20; i++)
        assert_status(submit(self, i, &ticket, &error), HEAN_OK, &error);
    assert_status(submit_conflict(self, 5, &ticket, &error), HEAN_OK, &error);
    for (uint64_t i = 20; i < 30; i++)
        assert_status(submit(self, i, &ticket, &error), HEAN_OK, &error);
    store_rollback(blocker);
    store_close(blocker);
    assert_status(store_writer_wait(self, 20, &error), HEAN_OK, &error);
    assert_status(store_writer_wait(self, 21, &error), HEAN_E_EXISTS, &error);
    assert_non_null(strstr(error.message, "exec:5:"));
    assert_status(store_writer_wait(self, ticket, &error), HEAN_E_EXISTS, &error);
    assert_status(submit(self, 40, &ticket, &error), HEAN_E_EXISTS, &error);
    assert_status(store_writer_durable(self, &durable, &error), HEAN_E_EXISTS, &error);
    assert_int_equal(durable, 20);
    assert_status(store_writer_wait(self, 20, &error), HEAN_OK, &error); /* that one is safe */
    assert_status(store_writer_close(self, &error), HEAN_E_EXISTS, &error);
    assert_int_equal(entries_on_disk(), 20);
}

static void a_full_queue_refuses_more(void **state)
{
    enum { MANY = 400000 };
    store_writer *self = fresh_writer("writer_limit");
    hean_error error = {HEAN_OK, ""};
    store *blocker = open_store(path, STORE_WRITE);
    ledger_posting *postings = calloc(MANY, sizeof *postings);
    made_posting made;
    uint64_t ticket;

    (void)state;
    assert_non_null(postings);
    for (size_t i = 0; i < MANY; i++)
        postings[i] = *make_posting(&made, 1); /* all the same: one entry */
    assert_status(store_begin(blocker, &error), HEAN_OK, &error);
    assert_status(store_writer_submit(self, postings, MANY, &ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_submit(self, postings, MANY, &ticket, &error), HEAN_OK, &error);
    assert_status(store_writer_submit(self, postings, MANY, &ticket, &error), HEAN_E_LIMIT, &error);
    assert_status(submit(self, 2, &ticket, &error), HEAN_OK, &error); /* there is room for that */
    store_rollback(blocker);
    store_close(blocker);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
    assert_int_equal(entries_on_disk(), 2);
    free(postings);
}

typedef struct submitter {
    store_writer *writer;
    uint64_t from, to;
} submitter;

static void *submit_range(void *context)
{
    const submitter *self = context;
    uint64_t ticket = 0;

    for (uint64_t i = self->from; i < self->to; i++)
        BASE_ASSERT(submit(self->writer, i, &ticket, NULL) == HEAN_OK);
    BASE_ASSERT(store_writer_wait(self->writer, ticket, NULL) == HEAN_OK);
    return NULL;
}

static void several_threads_may_submit(void **state)
{
    store_writer *self = fresh_writer("writer_threads");
    hean_error error = {HEAN_OK, ""};
    submitter ranges[4];
    pthread_t threads[4];

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        ranges[i] = (submitter){self, i * 200, i * 200 + 300}; /* they overlap */
        assert_int_equal(pthread_create(&threads[i], NULL, submit_range, &ranges[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_status(store_writer_close(self, &error), HEAN_OK, &error);
    assert_int_equal(entries_on_disk(), 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_waited_for_is_durable),
        cmocka_unit_test(closing_writes_what_is_queued),
        cmocka_unit_test(a_batch_without_postings_is_durable_as_well),
        cmocka_unit_test(a_wrong_posting_is_refused_at_once_and_alone),
        cmocka_unit_test(the_first_failure_stays_and_what_came_before_is_kept),
        cmocka_unit_test(a_full_queue_refuses_more),
        cmocka_unit_test(several_threads_may_submit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
