/*
 * store_records_test.c: turns, and what is kept beside the ledger.
 */
#include "../support/store_fixture.h"

#include <store/records.h>

#include <sys/wait.h>
#include <unistd.h>

static store *fresh_store(const char *name)
{
    return open_store(fresh_path(name), STORE_WRITE);
}

/* ---- turns ---- */

typedef struct turn {
    uint64_t from, to;
    hean_status answer;
    bool fail_inside; /* a call within fails, the body goes on all the same */
} turn;

static store_run run_of(const char *run, const char *key)
{
    return (store_run){.run = run,
                       .process = "p",
                       .daily_key = key,
                       .mode = "paper",
                       .status = "RUNNING",
                       .started_ns = 5,
                       .capital_e8 = 7};
}

static hean_status body_of_turn(store *self, void *context, hean_error *error)
{
    const turn *what = context;
    store_run run = run_of("r1", "k1");
    char existing[STORE_RUN_BYTES];
    bool began;
    hean_status status = store_run_begin(self, &run, &began, existing, error);

    if (status == HEAN_OK)
        status = post_numbers(self, NULL, what->from, what->to, NULL, error);
    if (what->fail_inside)
        assert_int_equal(store_task_done(self, 99, "", 1, error), HEAN_E_NOT_FOUND);
    return status == HEAN_OK ? what->answer : status;
}

static hean_status count_run(void *context, const store_run *run, hean_error *error)
{
    (void)run;
    (void)error;
    ++*(int *)context;
    return HEAN_OK;
}

static void expect_content(store *self, int runs, uint64_t entries)
{
    store_info info;
    hean_error error;
    int count = 0;
    assert_status(store_each_run(self, NULL, NULL, 0, count_run, &count, &error), HEAN_OK, &error);
    assert_int_equal(count, runs);
    assert_status(store_get_info(self, &info, &error), HEAN_OK, &error);
    assert_int_equal(info.entries, entries);
    assert_status(store_verify(self, NULL, NULL, &error), HEAN_OK, &error);
}

static void a_turn_is_whole_or_nothing(void **state)
{
    store *self = fresh_store("records_turn");
    turn what = {.from = 0, .to = 30, .answer = HEAN_E_INTERRUPTED};
    hean_error error;
    (void)state;
    assert_int_equal(store_transaction(self, body_of_turn, &what, &error), HEAN_E_INTERRUPTED);
    expect_content(self, 0, 0);
    what.answer = HEAN_OK;
    what.fail_inside = true; /* a part that failed is undone alone */
    assert_status(store_transaction(self, body_of_turn, &what, &error), HEAN_OK, &error);
    expect_content(self, 1, 30);
    assert_status(post_numbers(self, NULL, 20, 40, NULL, &error), HEAN_OK, &error);
    expect_content(self, 1, 40);
    store_close(self);
}

static hean_status post_twice(store *self, void *context, hean_error *error)
{
    ledger_result first, second;
    hean_status status = post_numbers(self, NULL, 0, 10, &first, error);
    (void)context;
    if (status == HEAN_OK)
        status = post_numbers(self, NULL, 5, 15, &second, error);
    assert_int_equal(first.posted, 10);
    assert_int_equal(second.posted, 5);
    assert_int_equal(second.repeated, 5);
    return status;
}

static void batches_of_one_turn_know_each_other(void **state)
{
    store *self = fresh_store("records_turn");
    hean_error error;
    (void)state;
    assert_status(store_transaction(self, post_twice, NULL, &error), HEAN_OK, &error);
    expect_content(self, 0, 15);
    store_close(self);
}

/* ---- runs ---- */

static hean_status check_run(void *context, const store_run *run, hean_error *error)
{
    (void)error;
    assert_string_equal(run->status, context);
    assert_string_equal(run->process, "p");
    assert_string_equal(run->metrics, "{\"roi\":1}");
    assert_int_equal(run->capital_e8, 7);
    assert_int_equal(run->finished_ns, 9);
    return HEAN_OK;
}

static void a_daily_key_makes_one_run(void **state)
{
    store *self = fresh_store("records_run");
    store_run first = run_of("r1", "p:2026-11-22"), second = run_of("r2", "p:2026-11-22");
    char existing[STORE_RUN_BYTES] = "";
    bool began = false;
    hean_error error;
    (void)state;
    assert_status(store_run_begin(self, &first, &began, existing, &error), HEAN_OK, &error);
    assert_true(began);
    assert_status(store_run_begin(self, &second, &began, existing, &error), HEAN_OK, &error);
    assert_false(began);
    assert_string_equal(existing, "r1");
    second.run = "r1";
    second.daily_key = "p:2026-11-23";
    assert_status(store_run_begin(self, &second, &began, existing, &error), HEAN_E_EXISTS, &error);
    store_close(self);
}

static void a_run_that_ended_never_changes(void **state)
{
    store *self = fresh_store("records_run");
    store_run run = run_of("r1", "k");
    char existing[STORE_RUN_BYTES], completed[] = "COMPLETED";
    bool began;
    hean_error error;
    (void)state;
    assert_status(store_run_begin(self, &run, &began, existing, &error), HEAN_OK, &error);
    run.status = "COMPLETED";
    run.metrics = "{\"roi\":1}";
    run.finished_ns = 9;
    assert_status(store_run_set(self, &run, &error), HEAN_OK, &error);
    run.status = "FAILED";
    assert_status(store_run_set(self, &run, &error), HEAN_E_STATE, &error);
    run.run = "r9";
    assert_status(store_run_set(self, &run, &error), HEAN_E_NOT_FOUND, &error);
    assert_status(store_each_run(self, "r1", "p", 5, check_run, completed, &error), HEAN_OK,
                  &error);
    store_close(self);
}

/* Two hosts race for one key, many times: one of them begins, the other is told which. */
static void two_hosts_that_race_for_a_key_make_one_run(void **state)
{
    enum { ROUNDS = 1000 };
    const char *path = fresh_path("records_race");
    int began_by[2] = {0, 0}, pipes[2], count = 0;
    store *self = open_store(path, STORE_WRITE);
    hean_error error;
    pid_t child;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    store_close(self);
    child = fork();
    assert_true(child >= 0);
    self = NULL;
    assert_int_equal(close(pipes[child == 0 ? 0 : 1]), 0);
    if (store_open(NULL, path, STORE_WRITE, &self, &error) != HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        _exit(1);
    }
    for (int i = 0; i < ROUNDS; i++) {
        char key[40], id[40], existing[STORE_RUN_BYTES] = "";
        bool began = false;
        store_run run;
        (void)snprintf(key, sizeof key, "p:%d", i);
        (void)snprintf(id, sizeof id, "%s-%d", child == 0 ? "child" : "parent", i);
        run = run_of(id, key);
        if (store_run_begin(self, &run, &began, existing, &error) != HEAN_OK ||
            (!began && strstr(existing, child == 0 ? "parent" : "child") == NULL)) {
            if (child == 0) {
                (void)fprintf(stderr, "round %d: %s, existing %s\n", i, error.message, existing);
                _exit(2);
            }
            fail_msg("round %d: %s, existing %s", i, error.message, existing);
        }
        began_by[0] += began;
    }
    store_close(self);
    if (child == 0)
        _exit(write(pipes[1], &began_by[0], sizeof began_by[0]) == sizeof began_by[0] ? 0 : 3);
    assert_int_equal(read(pipes[0], &began_by[1], sizeof began_by[1]), sizeof began_by[1]);
    assert_int_equal(waitpid(child, &count, 0), child);
    assert_int_equal(count, 0);
    assert_int_equal(began_by[0] + began_by[1], ROUNDS);
    self = open_store(path, STORE_READ);
    count = 0;
    assert_status(store_each_run(self, NULL, "p", 0, count_run, &count, &error), HEAN_OK, &error);
    assert_int_equal(count, ROUNDS);
    store_close(self);
    assert_int_equal(close(pipes[0]), 0);
}

/* ---- the others ---- */

static hean_status check_process(void *context, const store_process *process, hean_error *error)
{
    (void)error;
    assert_string_equal(process->state, context);
    assert_true(process->weight == 0.25);
    assert_int_equal(process->created_ns, 3);
    return HEAN_OK;
}

static void a_process_is_added_once_and_set(void **state)
{
    store *self = fresh_store("records_process");
    store_process process = {.id = "idle_cash",
                             .definition = "{}",
                             .source = "builtin",
                             .state = "NEW",
                             .weight = 0.25,
                             .created_ns = 3};
    char killed[] = "KILLED";
    hean_error error;
    (void)state;
    assert_status(store_process_set(self, &process, &error), HEAN_E_NOT_FOUND, &error);
    assert_status(store_process_add(self, &process, &error), HEAN_OK, &error);
    assert_status(store_process_add(self, &process, &error), HEAN_E_EXISTS, &error);
    process.state = "KILLED";
    process.created_ns = 8; /* stays what it was */
    assert_status(store_process_set(self, &process, &error), HEAN_OK, &error);
    assert_status(store_each_process(self, "idle_cash", check_process, killed, &error), HEAN_OK,
                  &error);
    assert_status(store_each_process(self, NULL, check_process, killed, &error), HEAN_OK, &error);
    assert_status(store_each_process(self, "nobody", check_process, killed, &error),
                  HEAN_E_NOT_FOUND, &error);
    store_close(self);
}

static hean_status count_task(void *context, const store_task *task, hean_error *error)
{
    (void)error;
    *(int64_t *)context = *(int64_t *)context * 10 + task->id;
    return HEAN_OK;
}

static void a_task_is_asked_once_and_answered_once(void **state)
{
    store *self = fresh_store("records_task");
    store_task task = {.run = "r", .process = "p", .step = "look", .instructions = "Look."};
    int64_t ids = 0;
    hean_error error;
    (void)state;
    assert_status(store_task_add(self, &task, &error), HEAN_OK, &error);
    assert_status(store_task_add(self, &task, &error), HEAN_OK, &error);
    task.step = "again";
    assert_status(store_task_add(self, &task, &error), HEAN_OK, &error);
    assert_status(store_each_task(self, "r", true, count_task, &ids, &error), HEAN_OK, &error);
    assert_int_equal(ids, 12);
    assert_status(store_task_done(self, 1, "done", 4, &error), HEAN_OK, &error);
    assert_status(store_task_done(self, 1, "other", 5, &error), HEAN_E_STATE, &error);
    assert_status(store_task_done(self, 7, "other", 5, &error), HEAN_E_NOT_FOUND, &error);
    ids = 0;
    assert_status(store_each_task(self, NULL, true, count_task, &ids, &error), HEAN_OK, &error);
    assert_int_equal(ids, 2);
    store_close(self);
}

static void trials_are_counted_once_for_good(void **state)
{
    const char *path = fresh_path("records_trial");
    store *self = open_store(path, STORE_WRITE);
    store_trial trial = {.key = "k1",
                         .family = "maker",
                         .script_sha256 = "s",
                         .params = "{}",
                         .data_sha256 = "d",
                         .result = "{}",
                         .tried_ns = 1};
    uint64_t count = 0;
    bool fresh = false;
    hean_error error;
    (void)state;
    assert_status(store_trial_add(self, &trial, &fresh, &error), HEAN_OK, &error);
    assert_true(fresh);
    assert_status(store_trial_add(self, &trial, &fresh, &error), HEAN_OK, &error);
    assert_false(fresh);
    trial.key = "k2";
    trial.family = "taker";
    assert_status(store_trial_add(self, &trial, NULL, &error), HEAN_OK, &error);
    assert_status(store_trial_count(self, NULL, &count, &error), HEAN_OK, &error);
    assert_int_equal(count, 2);
    assert_status(store_trial_count(self, "maker", &count, &error), HEAN_OK, &error);
    assert_int_equal(count, 1);
    store_close(self);
}

static hean_status check_document(void *context, const store_document *document, hean_error *error)
{
    (void)error;
    assert_string_equal(document->text, context);
    return HEAN_OK;
}

static void documents_are_kept_by_key_and_found_by_age(void **state)
{
    store *self = fresh_store("records_document");
    store_document document = {.kind = "report", .key = "2026-11-22", .text = "one", .made_ns = 5};
    char one[] = "one", two[] = "two";
    bool fresh;
    hean_error error;
    (void)state;
    assert_status(store_document_get(self, "report", NULL, check_document, one, &error),
                  HEAN_E_NOT_FOUND, &error);
    assert_status(store_document_put(self, &document, false, &fresh, &error), HEAN_OK, &error);
    assert_true(fresh);
    document.text = "other";
    assert_status(store_document_put(self, &document, false, &fresh, &error), HEAN_OK, &error);
    assert_false(fresh);
    document = (store_document){.kind = "report", .key = "2026-11-23", .text = "two", .made_ns = 9};
    assert_status(store_document_put(self, &document, true, &fresh, &error), HEAN_OK, &error);
    assert_status(store_document_get(self, "report", NULL, check_document, two, &error), HEAN_OK,
                  &error);
    assert_status(store_document_get(self, "report", "2026-11-22", check_document, one, &error),
                  HEAN_OK, &error);
    store_close(self);
}

static void a_counter_stops_at_its_limit(void **state)
{
    store *self = fresh_store("records_counter");
    int64_t total = 0;
    hean_error error;
    (void)state;
    assert_status(store_counter_add(self, "tokens", 20, 60, 100, &total, &error), HEAN_OK, &error);
    assert_status(store_counter_add(self, "tokens", 20, 41, 100, &total, &error), HEAN_E_LIMIT,
                  &error);
    assert_status(store_counter_add(self, "tokens", 20, 40, 100, &total, &error), HEAN_OK, &error);
    assert_int_equal(total, 100);
    assert_status(store_counter_add(self, "tokens", 21, 1, 100, &total, &error), HEAN_OK, &error);
    assert_int_equal(total, 1);
    store_close(self);
}

static void decisions_are_listed_in_order(void **state)
{
    const char *path = fresh_path("records_decision");
    store *self = open_store(path, STORE_WRITE);
    store_decision decision = {.process = "p",
                               .policy = "guarded",
                               .from_state = "NEW",
                               .to_state = "TESTING",
                               .reasons = "[]",
                               .decided_ns = 4};
    hean_error error;
    (void)state;
    assert_status(store_decision_add(self, &decision, &error), HEAN_OK, &error);
    assert_status(store_verify(self, NULL, NULL, &error), HEAN_OK, &error);
    store_close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_whole_or_nothing),
        cmocka_unit_test(batches_of_one_turn_know_each_other),
        cmocka_unit_test(a_daily_key_makes_one_run),
        cmocka_unit_test(a_run_that_ended_never_changes),
        cmocka_unit_test(two_hosts_that_race_for_a_key_make_one_run),
        cmocka_unit_test(a_process_is_added_once_and_set),
        cmocka_unit_test(a_task_is_asked_once_and_answered_once),
        cmocka_unit_test(trials_are_counted_once_for_good),
        cmocka_unit_test(documents_are_kept_by_key_and_found_by_age),
        cmocka_unit_test(a_counter_stops_at_its_limit),
        cmocka_unit_test(decisions_are_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
