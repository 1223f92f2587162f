/*
 * worker_hostile_test.c: a worker program that is not ours any more: what it leaves in the ring is
 * contained, whatever it is.
 *
 * The hostile program is this very test: started with a ring on descriptor 3 it plays the part that
 * the "script" names.
 */
#include "../../core/script/ring.h"

#include <support.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the hostile worker ---- */

static ring_region *ring;
static uint32_t sequence;
static base_random chaos;

static bool plays(const char *part)
{
    const char *source = ring->tail + ring->setup.instrument_count * sizeof(market_instrument) +
                         ring->setup.file_bytes + 1;
    return strcmp(source, part) == 0;
}

static _Noreturn void stand_still(void)
{
    for (;;)
        (void)pause();
}

static void await_request(void)
{
    while (!ring_sleep(&ring->request.signal, sequence, 0)) {
    }
}

/* What a good worker would answer: one order. */
static void write_good_answer(void)
{
    memset(&ring->intents[0], 0, sizeof ring->intents[0]);
    ring->intents[0].kind = HEAN_INTENT_PLACE;
    ring->intents[0].side = HEAN_SIDE_BUY;
    ring->reply.status = HEAN_OK;
    ring->reply.intent_count = 1;
    ring->reply.text_bytes = 0;
    ring->reply.saved_bytes = 0;
}

static void write_noise(void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((unsigned char *)data)[i] = (unsigned char)base_random_next(&chaos);
}

static void *flip(void *unused)
{
    for (;;) {
        ring->reply.intent_count = 1;
        ring->reply.text_bytes = 4;
        ring->intents[0].text_bytes = 4;
        ring->reply.intent_count = UINT32_MAX;
        ring->reply.text_bytes = UINT32_MAX;
        ring->intents[0].text_bytes = UINT32_MAX;
    }
    return unused;
}

/* Without the sanitizers' report of it. */
static _Noreturn void die_of(int signal_number)
{
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
    _exit(9);
}

static bool inherited_too_much(void)
{
    struct stat zero, null;

    if (environ != NULL && *environ != NULL)
        return true;
    for (int fd = 4; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return true;
    /* 0 to 2 lead to /dev/null only (2 is kept for the sanitizers' reports) */
    return stat("/dev/null", &null) != 0 || fstat(0, &zero) != 0 || zero.st_rdev != null.st_rdev;
}

static void play_loading(void)
{
    pthread_t thread;

    if (plays("exit"))
        _exit(5);
    if (plays("exit as a mismatch"))
        _exit(RING_EXIT_MISMATCH);
    if (plays("stand still"))
        stand_still();
    if (plays("be killed"))
        die_of(SIGSEGV);
    if (plays("unknown status"))
        ring->reply.status = 4711;
    if (plays("no name"))
        ring->info.name[0] = 0;
    if (plays("endless texts"))
        memset(&ring->info, 'x', sizeof ring->info.name);
    if (plays("many params"))
        ring->info.param_count = SIZE_MAX;
    if (plays("many bars"))
        ring->info.bar_interval_count = SCRIPT_BARS_MAX + 1;
    if (plays("bars of no length"))
        ring->info.bar_interval_count = 1;
    if (plays("endless message")) {
        ring->reply.status = HEAN_E_SCRIPT;
        memset(ring->error_message, '\n', sizeof ring->error_message);
    }
    if (plays("noise in the description"))
        write_noise(&ring->info, sizeof ring->info);
    if (plays("look around") && inherited_too_much())
        _exit(6);
    if (plays("shrink") && (ftruncate(RING_FD, 0) == 0 || ftruncate(RING_FD, 1 << 30) == 0 ||
                            fcntl(RING_FD, F_ADD_SEALS, F_SEAL_WRITE) == 0))
        _exit(6);
    if (plays("flip"))
        (void)pthread_create(&thread, NULL, flip, NULL);
}

static void play_event(void)
{
    if (plays("count"))
        ring->reply.intent_count = ENGINE_INTENTS_MAX + 1;
    if (plays("count of -1"))
        ring->reply.intent_count = UINT32_MAX;
    if (plays("text"))
        ring->reply.text_bytes = SCRIPT_TEXT_BYTES_MAX + 1;
    if (plays("kind 0"))
        ring->intents[0].kind = HEAN_INTENT_NONE;
    if (plays("kind 255"))
        ring->intents[0].kind = 255;
    if (plays("side"))
        ring->intents[0].side = 3;
    if (plays("type"))
        ring->intents[0].order_type = HEAN_ORDER_TYPE_COUNT;
    if (plays("time in force"))
        ring->intents[0].time_in_force = HEAN_TIF_COUNT;
    if (plays("log level")) {
        ring->intents[0].kind = HEAN_INTENT_LOG;
        ring->intents[0].side = HEAN_LOG_ERROR + 1;
    }
    if (plays("text range")) {
        ring->intents[0].kind = HEAN_INTENT_LOG;
        ring->intents[0].text_offset = 1;
    }
    if (plays("text range that wraps")) {
        ring->intents[0].kind = HEAN_INTENT_METRIC;
        ring->reply.text_bytes = 100;
        ring->intents[0].text_offset = 10;
        ring->intents[0].text_bytes = UINT32_MAX - 5;
    }
    if (plays("unknown status later"))
        ring->reply.status = UINT32_MAX;
    if (plays("exit later"))
        _exit(5);
    if (plays("be killed later"))
        die_of(SIGFPE);
    if (plays("never answer"))
        stand_still();
    if (plays("burn")) {
        ring->heartbeat.callback = UINT32_MAX;
        ring->heartbeat.started = 1;
        for (;;)
            ring_pause();
    }
    if (plays("saved bytes"))
        ring->reply.saved_bytes = SCRIPT_SAVED_BYTES_MAX + 1;
}

static void play_noise(void)
{
    if (!plays("noise"))
        return;
    if (base_random_below(&chaos, 40) == 0)
        write_noise(&ring->reply, sizeof ring->reply); /* its own next turn included */
    ring->reply.status = (uint32_t)base_random_next(&chaos);
    ring->reply.intent_count = (uint32_t)base_random_next(&chaos);
    ring->reply.text_bytes = (uint32_t)base_random_next(&chaos);
    write_noise(&ring->heartbeat, sizeof ring->heartbeat);
    write_noise(ring->intents, sizeof ring->intents);
    write_noise(ring->text, 256);
    write_noise(ring->error_message, sizeof ring->error_message);
    /* Sometimes far enough to be looked at. */
    if (base_random_below(&chaos, 4) > 0)
        ring->reply.status = HEAN_OK;
    if (base_random_below(&chaos, 4) > 0)
        ring->reply.intent_count = (uint32_t)base_random_below(&chaos, 65);
    if (base_random_below(&chaos, 4) > 0)
        ring->reply.text_bytes = (uint32_t)base_random_below(&chaos, 70000);
    for (size_t i = 0; i < ENGINE_INTENTS_MAX && base_random_below(&chaos, 50) > 0; i++) {
        hean_intent *intent = &ring->intents[i];
        intent->kind = (uint8_t)(1 + i % 6);
        intent->side = intent->order_type = intent->time_in_force = 1;
        intent->text_offset = (uint32_t)base_random_below(&chaos, 40);
        intent->text_bytes = (uint32_t)base_random_below(&chaos, 40);
    }
}

static _Noreturn void hostile_main(void)
{
    struct stat info;

    if (fstat(RING_FD, &info) != 0)
        _exit(8);
    ring = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, RING_FD, 0);
    if (ring == MAP_FAILED)
        _exit(8);
    base_random_init(&chaos, ring->setup.seed);
    strcpy(ring->info.name, "hostile");
    play_loading();
    for (sequence = 1;;) {
        ring_post(&ring->reply.signal, sequence);
        if (plays("answer twice"))
            ring_post(&ring->reply.signal, sequence + 1);
        sequence++;
        await_request();
        write_good_answer();
        play_event();
        play_noise();
    }
}

/* ---- the host ---- */

static char this_program[4096];
static uint64_t seed;

static hean_status open_part(const char *part, script_worker **worker, hean_error *error)
{
    script_worker_options options;

    memset(&options, 0, sizeof options);
    memset(error, 0, sizeof *error);
    options.script.allocator = base_allocator_default();
    options.script.file = "hostile.lua";
    options.script.source = part;
    options.script.source_bytes = strlen(part);
    options.script.memory_bytes_max = 1u << 26;
    options.script.seed = seed++;
    options.worker_path = this_program;
    options.deadline_ns = 5 * BASE_NS_PER_MS;
    options.load_deadline_ns = 20 * BASE_NS_PER_MS * (strcmp(part, "stand still") == 0 ? 1 : 100);
    return script_worker_open(&options, worker, error);
}

static hean_status push_trade(script_worker *worker, engine_intents *intents, hean_error *error)
{
    hean_event event = {.kind = HEAN_EVENT_TRADE, .flags = HEAN_EVENT_LAST};

    return script_worker_on_event(worker, &event, intents, error);
}

static void check(hean_status status, hean_status expected, const hean_error *error,
                  const char *part, const char *words)
{
    if (status != expected || strstr(error->message, words) == NULL)
        print_error("%s: got %s: %s\n", part, hean_status_name(status), error->message);
    assert_int_equal(status, expected);
    assert_non_null(strstr(error->message, words));
}

static int count_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void worker_open_refuses_what_cannot_be_a_worker(void **state)
{
    static const struct {
        const char *part;
        hean_status status;
        const char *words;
    } rows[] = {
        {"exit", HEAN_E_WORKER, "hostile.lua: loading: exited with code 5"},
        {"exit as a mismatch", HEAN_E_WORKER, "not of this version"},
        {"stand still", HEAN_E_SCRIPT_DEADLINE, "hostile.lua: loading ran longer than 20 ms"},
        {"be killed", HEAN_E_WORKER, "SIGSEGV"},
        {"unknown status", HEAN_E_WORKER, "malformed: status"},
        {"no name", HEAN_E_WORKER, "malformed: description"},
        {"many params", HEAN_E_WORKER, "malformed: description"},
        {"many bars", HEAN_E_WORKER, "malformed: description"},
        {"bars of no length", HEAN_E_WORKER, "malformed: bars"},
        {"endless message", HEAN_E_SCRIPT, "????"},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        script_worker *worker = NULL;
        hean_error error;
        hean_status status = open_part(rows[i].part, &worker, &error);

        check(status, rows[i].status, &error, rows[i].part, rows[i].words);
        assert_null(worker);
    }
}

static void worker_open_survives_noise_in_the_description(void **state)
{
    (void)state;
    seed = test_seed();
    for (int i = 0; i < 50; i++) {
        script_worker *worker = NULL;
        hean_error error;
        hean_status status = open_part("noise in the description", &worker, &error);

        if (status == HEAN_OK) {
            const script_info *info = script_worker_info(worker);
            assert_true(info->param_count <= SCRIPT_PARAMS_MAX);
            assert_true(memchr(info->name, 0, sizeof info->name) != NULL);
            script_worker_close(worker);
        } else {
            check(status, HEAN_E_WORKER, &error, "noise", "malformed");
        }
    }
}

static void worker_ends_texts_that_have_no_end(void **state)
{
    script_worker *worker;
    hean_error error;

    (void)state;
    assert_status(open_part("endless texts", &worker, &error), HEAN_OK, &error);
    assert_int_equal(strlen(script_worker_info(worker)->name), SCRIPT_NAME_BYTES - 1);
    script_worker_close(worker);
}

static void worker_process_inherits_nothing_but_its_ring(void **state)
{
    script_worker *worker;
    hean_error error;
    int fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as others may do */

    (void)state;
    assert_int_equal(setenv("HEAN_TEST_SECRET", "key", 1), 0);
    assert_status(open_part("look around", &worker, &error), HEAN_OK, &error);
    script_worker_close(worker);
    (void)close(fd);
}

static void worker_cannot_change_the_size_of_the_ring(void **state)
{
    script_worker *worker;
    hean_error error;

    (void)state;
    assert_status(open_part("shrink", &worker, &error), HEAN_OK, &error);
    script_worker_close(worker);
}

static void worker_that_answers_nonsense_is_ended(void **state)
{
    static const struct {
        const char *part;
        hean_status status;
        const char *words;
    } rows[] = {
        {"count", HEAN_E_WORKER, "hostile: the worker's answer is malformed: number of intents"},
        {"count of -1", HEAN_E_WORKER, "number of intents"},
        {"text", HEAN_E_WORKER, "number of intents"},
        {"kind 0", HEAN_E_WORKER, "malformed: intent"},
        {"kind 255", HEAN_E_WORKER, "malformed: intent"},
        {"side", HEAN_E_WORKER, "malformed: intent"},
        {"type", HEAN_E_WORKER, "malformed: intent"},
        {"time in force", HEAN_E_WORKER, "malformed: intent"},
        {"log level", HEAN_E_WORKER, "malformed: intent"},
        {"text range", HEAN_E_WORKER, "malformed: intent"},
        {"text range that wraps", HEAN_E_WORKER, "malformed: intent"},
        {"unknown status later", HEAN_E_WORKER, "malformed: status"},
        {"exit later", HEAN_E_WORKER, "hostile: taking an event in: exited with code 5"},
        {"be killed later", HEAN_E_WORKER, "SIGFPE"},
        {"never answer", HEAN_E_SCRIPT_DEADLINE, "taking an event in ran longer than 5 ms"},
        {"burn", HEAN_E_SCRIPT_DEADLINE, "hostile: ? ran longer than 5 ms"},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        script_worker *worker;
        script_worker_stats stats;
        engine_intents intents;
        hean_error error;

        assert_status(open_part(rows[i].part, &worker, &error), HEAN_OK, &error);
        script_worker_get_stats(worker, &stats);
        check(push_trade(worker, &intents, &error), rows[i].status, &error, rows[i].part,
              rows[i].words);
        /* gone, and it stays gone */
        assert_int_equal(kill(stats.pid, 0), -1);
        assert_int_equal(errno, ESRCH);
        script_worker_get_stats(worker, &stats);
        assert_int_equal(stats.pid, 0);
        check(push_trade(worker, &intents, &error), HEAN_E_STATE, &error, rows[i].part, "ended");
        script_worker_close(worker);
    }
}

static void worker_that_claims_endless_saved_bytes_is_ended(void **state)
{
    script_worker *worker;
    const char *text;
    size_t bytes;
    hean_error error;

    (void)state;
    assert_status(open_part("saved bytes", &worker, &error), HEAN_OK, &error);
    check(script_worker_save(worker, &text, &bytes, &error), HEAN_E_WORKER, &error, "saved bytes",
          "malformed: saved bytes");
    script_worker_close(worker);
}

/* The reply to the second request is there before the request. Harmless: it is checked like any. */
static void worker_that_answers_early_gains_nothing(void **state)
{
    script_worker *worker;
    engine_intents intents;
    hean_error error;
    hean_status status = HEAN_OK;

    (void)state;
    status = open_part("answer twice", &worker, &error);
    if (status == HEAN_E_SCRIPT_DEADLINE)
        return; /* the host saw only the second answer, which nobody asked for yet */
    assert_status(status, HEAN_OK, &error);
    for (int i = 0; i < 10 && status == HEAN_OK; i++)
        status = push_trade(worker, &intents, &error);
    assert_true(status == HEAN_OK || status == HEAN_E_SCRIPT_DEADLINE);
    script_worker_close(worker);
}

static void check_intents(const engine_intents *intents)
{
    assert_true(intents->count <= ENGINE_INTENTS_MAX);
    assert_true(intents->text_bytes <= SCRIPT_TEXT_BYTES_MAX);
    for (size_t i = 0; i < intents->count; i++) {
        const hean_intent *intent = &intents->items[i];
        assert_in_range(intent->kind, 1, HEAN_INTENT_KIND_COUNT - 1);
        if (intent->kind == HEAN_INTENT_LOG || intent->kind == HEAN_INTENT_METRIC)
            assert_true((uint64_t)intent->text_offset + intent->text_bytes <= intents->text_bytes);
    }
}

static void worker_that_fills_the_ring_with_noise_is_contained(void **state)
{
    int accepted = 0;

    (void)state;
    seed = test_seed();
    for (int i = 0; i < 60; i++) {
        script_worker *worker;
        engine_intents intents;
        hean_error error;
        hean_status status = HEAN_OK;

        assert_status(open_part("noise", &worker, &error), HEAN_OK, &error);
        for (int j = 0; j < 20 && status != HEAN_E_STATE; j++) {
            memset(&intents, 0, sizeof intents);
            status = push_trade(worker, &intents, &error);
            /* SCRIPT_DEADLINE: it spoiled the sequence */
            if (status == HEAN_OK)
                check_intents(&intents);
            accepted += status == HEAN_OK;
        }
        script_worker_close(worker);
    }
    print_message("%d answers of noise were well-formed\n", accepted);
}

static void worker_that_changes_numbers_while_they_are_read_is_contained(void **state)
{
    script_worker *worker;
    hean_error error;
    int64_t end_ns = base_clock_monotonic_ns() + 300 * BASE_NS_PER_MS;

    (void)state;
    while (base_clock_monotonic_ns() < end_ns) {
        hean_status status = HEAN_OK;

        assert_status(open_part("flip", &worker, &error), HEAN_OK, &error);
        for (int i = 0; i < 1000 && status == HEAN_OK; i++) {
            engine_intents intents;
            status = push_trade(worker, &intents, &error);
            if (status == HEAN_OK)
                check_intents(&intents);
        }
        assert_true(status == HEAN_OK || status == HEAN_E_WORKER ||
                    status == HEAN_E_SCRIPT_DEADLINE);
        script_worker_close(worker);
    }
}

static void worker_failures_leave_nothing_behind(void **state)
{
    static const char *const parts[] = {"exit", "count", "be killed later", "good"};
    int fds = count_fds();

    (void)state;
    for (int i = 0; i < 200; i++) {
        script_worker *worker;
        engine_intents intents;
        hean_error error;

        if (open_part(parts[i % 4], &worker, &error) != HEAN_OK)
            continue;
        (void)!push_trade(worker, &intents, &error);
        script_worker_close(worker);
    }
    assert_int_equal(count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_open_refuses_what_cannot_be_a_worker),
        cmocka_unit_test(worker_open_survives_noise_in_the_description),
        cmocka_unit_test(worker_ends_texts_that_have_no_end),
        cmocka_unit_test(worker_process_inherits_nothing_but_its_ring),
        cmocka_unit_test(worker_cannot_change_the_size_of_the_ring),
        cmocka_unit_test(worker_that_answers_nonsense_is_ended),
        cmocka_unit_test(worker_that_claims_endless_saved_bytes_is_ended),
        cmocka_unit_test(worker_that_answers_early_gains_nothing),
        cmocka_unit_test(worker_that_fills_the_ring_with_noise_is_contained),
        cmocka_unit_test(worker_that_changes_numbers_while_they_are_read_is_contained),
        cmocka_unit_test(worker_failures_leave_nothing_behind),
    };
    ssize_t bytes;

    if (argc > 0 && strcmp(argv[0], "hean-worker") == 0)
        hostile_main();
    bytes = readlink("/proc/self/exe", this_program, sizeof this_program - 1);
    if (bytes <= 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
