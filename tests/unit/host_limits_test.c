/*
 * host_limits_test.c: several hosts, threads, calls from inside, and memory that ends.
 */
#include "host_fixture.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- several hosts ---- */

typedef struct thread_result {
    pthread_t thread;
    hean_isolation isolation;
    char hash[HEAN_HASH_BYTES];
} thread_result;

static void *run_in_thread(void *context)
{
    thread_result *self = context;
    hean_host_options options = options_for(self->isolation, NULL);
    hean_host *host = open_host(&options);

    (void)load(host, quoter);
    start(host);
    for (int i = 0; i < 50; i++) {
        hean_event event = level(i + 1, HEAN_SIDE_BUY, 9000 + i, 10, true);
        push(host, &event, 1);
    }
    hean_host_orders_hash(host, self->hash);
    hean_host_close(host);
    return NULL;
}

static void hosts_in_two_threads_do_not_meet(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        thread_result results[2] = {{.isolation = isolations[i]}, {.isolation = isolations[i]}};
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(pthread_create(&results[j].thread, NULL, run_in_thread, &results[j]),
                             0);
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(pthread_join(results[j].thread, NULL), 0);
        assert_string_equal(results[0].hash, results[1].hash);
    }
}

static void *open_in_thread(void *context)
{
    hean_host **host = context;
    hean_host_options options = options_for(HEAN_ISOLATION_PROCESS, NULL);

    *host = open_host(&options);
    (void)load(*host, quoter);
    return NULL;
}

static void host_goes_on_after_the_thread_that_opened_it_ended(void **state)
{
    hean_host *host = NULL;
    hean_strategy_state about;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, open_in_thread, &host), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    start(host);
    push_market(host);
    assert_int_equal(hean_host_strategy_state(host, 0, &about), HEAN_OK);
    if (!about.running)
        fail_msg("%s", about.why.message);
    assert_true(metric_value(host, 0, "position") == 1);
    hean_host_close(host);
}

typedef struct calling_sink {
    hean_host *host;
    hean_status status;
} calling_sink;

static void call_back(void *context, hean_log_level log_level, int64_t time_ns, const char *source,
                      const char *text)
{
    calling_sink *self = context;
    hean_event event = trade(1000, HEAN_SIDE_BUY, 100, 1);
    (void)log_level;
    (void)time_ns;
    (void)source;
    (void)text;
    self->status = hean_host_push(self->host, &event, 1, NULL);
}

static void host_refuses_calls_from_its_own_log_sink(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    calling_sink calling = {NULL, HEAN_OK};

    (void)state;
    options.log = (hean_log_sink){call_back, &calling};
    calling.host = open_host(&options);
    (void)load(calling.host, quoter);
    start(calling.host);
    push_market(calling.host);
    assert_int_equal(calling.status, HEAN_E_STATE);
    hean_host_close(calling.host);
}

/* ---- memory ---- */

/* The whole path; HEAN_OK, or the status of what failed first. Strategies that the lack of memory
 * stopped count as that. */
static hean_status whole_path(const hean_host_options *options)
{
    hean_event events[] = {
        level(1, HEAN_SIDE_BUY, 9999, 500, false), level(1, HEAN_SIDE_SELL, 10001, 500, true),
        trade(200, HEAN_SIDE_SELL, 9999, 5000), level(300, HEAN_SIDE_SELL, 10001, 400, true)};
    hean_strategy strategy = {.source = quoter, .capital_e8 = BASE_E8 * 1000};
    hean_strategy_state about = {0};
    hean_host *host = NULL;
    hean_error error;
    uint16_t id;
    hean_status status = hean_host_open(options, &host, &error);

    if (status != HEAN_OK)
        return status;
    status = hean_host_add_instrument(host, &ethusdt, &id, &error);
    if (status == HEAN_OK)
        status = hean_host_load_strategy(host, &strategy, &id, &error);
    if (status == HEAN_OK)
        status = hean_host_start(host, START_NS, &error);
    if (status == HEAN_OK)
        status = hean_host_push(host, events, BASE_COUNT(events), &error);
    if (status == HEAN_OK && hean_host_strategy_state(host, id, &about) == HEAN_OK &&
        !about.running)
        status = about.why.status;
    hean_host_close(host);
    return status;
}

static void host_survives_every_failed_allocation(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_IN_PROCESS, NULL);
    test_allocator allocator;
    uint64_t calls, step;

    (void)state;
    test_allocator_init(&allocator, 0);
    options.allocator = &allocator.allocator;
    assert_int_equal(whole_path(&options), HEAN_OK);
    assert_true(allocator.live == 0);
    calls = allocator.calls;
    print_message("%llu allocations\n", (unsigned long long)calls);
    /* Lua's own are many and alike: every one of the first thousand, then some. */
    step = 1;
    for (uint64_t fail_at = 1; fail_at <= calls; fail_at += step) {
        hean_status status;
        if (fail_at > 1000)
            step = 1 + calls / 2000;
        test_allocator_init(&allocator, fail_at);
        status = whole_path(&options);
        if (status != HEAN_E_NO_MEMORY && status != HEAN_E_SCRIPT_MEMORY && status != HEAN_OK)
            fail_msg("allocation %llu: %s", (unsigned long long)fail_at, hean_status_name(status));
        if (allocator.live != 0)
            fail_msg("allocation %llu: %lld not freed", (unsigned long long)fail_at,
                     (long long)allocator.live);
    }
}

static void host_with_a_worker_survives_every_failed_allocation(void **state)
{
    hean_host_options options = options_for(HEAN_ISOLATION_PROCESS, NULL);
    test_allocator allocator;
    uint64_t calls;

    (void)state;
    test_allocator_init(&allocator, 0);
    options.allocator = &allocator.allocator;
    assert_int_equal(whole_path(&options), HEAN_OK);
    assert_true(allocator.live == 0);
    calls = allocator.calls;
    for (uint64_t fail_at = 1; fail_at <= calls; fail_at++) {
        hean_status status;
        test_allocator_init(&allocator, fail_at);
        status = whole_path(&options);
        if (status != HEAN_E_NO_MEMORY)
            fail_msg("allocation %llu: %s", (unsigned long long)fail_at, hean_status_name(status));
        assert_true(allocator.live == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_in_two_threads_do_not_meet),
        cmocka_unit_test(host_goes_on_after_the_thread_that_opened_it_ended),
        cmocka_unit_test(host_refuses_calls_from_its_own_log_sink),
        cmocka_unit_test(host_survives_every_failed_allocation),
        cmocka_unit_test(host_with_a_worker_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
