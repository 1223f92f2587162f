/*
 * store_crash_test.c: kill -9 in the middle of writing, and writers that race.
 *
 * The program is its own child: `store_crash_test stream FILE` posts numbered entries in batches,
 * without end, and writes the number of entries that were acknowledged to standard output;
 * `store_crash_test make FILE FROM TO` posts the numbers [FROM, TO) and ends (scripts use it too).
 */
#include "store_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS          200
#define KILLS_PER_FILE 25
#define WAIT_US_MAX    15000

static const char *program;

/* Batches begin and end where they do in every process: a batch is a function of its begin. */
static uint64_t batch_end(uint64_t begin)
{
    base_random random;
    base_random_init(&random, begin);
    return begin + 1 +
           (base_random_below(&random, 4) == 0 ? base_random_below(&random, 400)
                                               : base_random_below(&random, 10));
}

/* ---- the child ---- */

static int child_fails(const hean_error *error)
{
    (void)fprintf(stderr, "%s\n", error->message);
    return 1;
}

static int stream(const char *path)
{
    hean_error error = {HEAN_OK, ""};
    store_info info;
    store *self;
    uint64_t begin;

    if (store_open(NULL, path, STORE_WRITE, &self, &error) != HEAN_OK ||
        store_get_info(self, &info, &error) != HEAN_OK)
        return child_fails(&error);
    begin = info.entries;
    for (;;) {
        uint64_t end = batch_end(begin);
        if (post_numbers(self, NULL, begin, end, NULL, &error) != HEAN_OK)
            return child_fails(&error);
        if (write(STDOUT_FILENO, &end, sizeof end) != sizeof end)
            return 1;
        begin = end;
    }
}

static int make(const char *path, uint64_t from, uint64_t to)
{
    hean_error error = {HEAN_OK, ""};
    store *self;

    if (store_open(NULL, path, STORE_WRITE, &self, &error) != HEAN_OK)
        return child_fails(&error);
    for (; from < to; from += 10) {
        uint64_t end = from + 10 < to ? from + 10 : to;
        if (post_numbers(self, NULL, from, end, NULL, &error) != HEAN_OK)
            return child_fails(&error);
    }
    store_close(self);
    return 0;
}

/* ---- the parent ---- */

static pid_t start(const char *const *arguments, int *out)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execv(program, (char *const *)arguments);
        _exit(127);
    }
    assert_int_equal(close(ends[1]), 0);
    *out = ends[0];
    return pid;
}

/* The last number that was acknowledged, 0 if none was. A number that is cut off counts not. */
static uint64_t last_acknowledged(int from)
{
    uint64_t last = 0, number;
    while (read(from, &number, sizeof number) == sizeof number)
        last = number;
    assert_int_equal(close(from), 0);
    return last;
}

static hean_status check_number(void *context, const store_entry *entry, hean_error *error)
{
    uint64_t *number = context;
    made_posting made;

    (void)error;
    assert_string_equal(entry->posting.id, make_posting(&made, *number)->id);
    assert_null(ledger_difference(&entry->posting, &made.posting));
    ++*number;
    return HEAN_OK;
}

/* Everything acknowledged is there, once and in order, and batches are there whole. */
static uint64_t check_after_crash(const char *path, uint64_t acknowledged)
{
    hean_error error = {HEAN_OK, ""};
    ledger_filter all = ledger_filter_all();
    uint64_t number = 0, boundary = 0, entries;
    store *self = open_store(path, STORE_WRITE);

    entries = entries_of(self);
    assert_true(entries >= acknowledged);
    while (boundary < entries)
        boundary = batch_end(boundary);
    assert_int_equal(boundary, entries);
    assert_verifies(self);
    assert_status(store_each_entry(self, &all, 0, 0, check_number, &number, &error), HEAN_OK,
                  &error);
    assert_int_equal(number, entries);
    store_close(self);
    return entries;
}

static void killed_writers_lose_nothing_that_was_acknowledged(void **state)
{
    char path[2200];
    const char *arguments[] = {program, "stream", path, NULL};
    uint64_t posted = 0, acknowledged = 0;
    base_random random;

    (void)state;
    base_random_init(&random, test_seed());
    for (int i = 0; i < KILLS; i++) {
        uint64_t last;
        int status, out;
        pid_t pid;
        if (i % KILLS_PER_FILE == 0) {
            (void)snprintf(path, sizeof path, "%s/store.db", test_folder("store_kill"));
            acknowledged = 0;
        }
        pid = start(arguments, &out);
        if (i % 4 != 0) { /* else it may not even have opened the file */
            struct pollfd first = {.fd = out, .events = POLLIN};
            assert_int_equal(poll(&first, 1, 60000), 1);
        }
        (void)usleep((useconds_t)base_random_below(&random, WAIT_US_MAX));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status)); /* it did not end by itself */
        last = last_acknowledged(out);
        acknowledged = last > acknowledged ? last : acknowledged;
        if (access(path, F_OK) == 0)
            posted = check_after_crash(path, acknowledged);
    }
    assert_true(posted > 0);
    print_message("%d kills; the last file had %llu entries\n", KILLS, (unsigned long long)posted);
}

static void racing_writers_post_everything_once(void **state)
{
    enum { WRITERS = 3, NUMBERS = 600 };
    char path[2200];
    const char *arguments[] = {program, "make", path, "0", "600", NULL};
    pid_t pids[WRITERS];
    int outs[WRITERS];
    store *self;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/deep/store.db", test_folder("store_race"));
    for (int i = 0; i < WRITERS; i++) /* they race for making the file as well */
        pids[i] = start(arguments, &outs[i]);
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(close(outs[i]), 0);
    }
    self = open_store(path, STORE_READ);
    assert_int_equal(entries_of(self), NUMBERS);
    assert_verifies(self);
    store_close(self);
}

static void a_reader_verifies_and_copies_while_another_process_writes(void **state)
{
    char path[2200], to[2300];
    const char *endless[] = {program, "stream", path, NULL};
    hean_error error = {HEAN_OK, ""};
    ledger_filter all = ledger_filter_all();
    uint64_t before = 0;
    struct pollfd first;
    int status;
    pid_t pid;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/store.db", test_folder("store_reader"));
    (void)snprintf(to, sizeof to, "%s.copy", path);
    pid = start(endless, &first.fd);
    first.events = POLLIN;
    assert_int_equal(poll(&first, 1, 60000), 1);
    for (int i = 0; i < 10; i++) {
        store *reader = open_store(path, STORE_READ), *copy;
        uint64_t number = 0;
        assert_verifies(reader);
        assert_status(store_backup(reader, to, &error), HEAN_OK, &error);
        store_close(reader);
        copy = open_store(to, STORE_READ);
        assert_verifies(copy);
        assert_status(store_each_entry(copy, &all, 0, 0, check_number, &number, &error), HEAN_OK,
                      &error);
        assert_int_equal(number, entries_of(copy));
        assert_true(number >= before);
        before = number;
        store_close(copy);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(last_acknowledged(first.fd) > 0);
}

static void a_killed_writer_does_not_stop_the_others(void **state)
{
    char path[2200];
    const char *endless[] = {program, "stream", path, NULL};
    hean_error error = {HEAN_OK, ""};
    made_posting made;
    store *self;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/store.db", test_folder("store_bystander"));
    self = open_store(path, STORE_WRITE);
    for (uint64_t i = 0; i < 20; i++) {
        ledger_posting posting = *make_posting(&made, 1000000 + i);
        int status, out;
        pid_t pid = start(endless, &out);
        (void)usleep(10000);
        assert_status(store_post(self, &posting, 1, NULL, &error), HEAN_OK, &error);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_status(store_post(self, &posting, 1, NULL, &error), HEAN_OK, &error);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void)last_acknowledged(out);
    }
    assert_verifies(self);
    store_close(self);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writers_lose_nothing_that_was_acknowledged),
        cmocka_unit_test(racing_writers_post_everything_once),
        cmocka_unit_test(a_reader_verifies_and_copies_while_another_process_writes),
        cmocka_unit_test(a_killed_writer_does_not_stop_the_others),
    };

    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "stream") == 0)
        return stream(argv[2]);
    if (argc == 5 && strcmp(argv[1], "make") == 0)
        return make(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
