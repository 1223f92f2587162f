/*
 * metrics_prometheus_test.c: the real Prometheus with the shipped configuration scrapes a host that
 * moves, and answers every query of every panel and rule (monitoring_check.py).
 */
#include "../unit/metrics_fixture.h"

#include <metrics/http.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

typedef struct moving_host {
    metrics_hub *hub;
    metrics_venue_series venue;
    metrics_strategy_series strategies[2];
    _Atomic bool stop;
} moving_host;

static void observe_all(moving_host *host, int turn)
{
    metrics_writer *writer = metrics_hub_writer(host->hub, METRICS_THREAD_ENGINE);
    metrics_registry *registry = metrics_hub_registry(host->hub);

    for (int i = 0; i < 2; i++)
        metrics_observe(writer, host->strategies[i].callback, 1e-6 * (turn % 90 + 1));
    metrics_observe(writer, metrics_catalogue_single(registry, METRICS_LOOP_LAG), 1e-5);
    metrics_observe(writer, metrics_catalogue_single(registry, METRICS_ADVERSE_SLIPPAGE), 1e-4);
    metrics_observe(writer, metrics_catalogue_single(registry, METRICS_PRICE_IMPROVEMENT), 1e-5);
    for (int i = 0; i < METRICS_ENDPOINT_COUNT; i++)
        metrics_observe(writer, host->venue.api_request[i], 0.01);
    metrics_count(writer, host->venue.rejected[HEAN_REASON_RISK_ORDER_RATE], turn % 7 == 0);
    metrics_count(writer, host->venue.fills_maker, 1);
}

/* Each snapshot stays long enough to be scraped now and then, once a second. */
static void *move(void *argument)
{
    moving_host *host = argument;

    for (int turn = 1; !atomic_load(&host->stop); turn++) {
        metrics_status *status = metrics_hub_begin(host->hub);
        fixture_fill(status, base_clock_wall_ns());
        status->equity_e8 += (int64_t)(turn % 50) * 123456789;
        status->events += (uint64_t)turn * 100;
        status->orders += (uint64_t)turn;
        status->strategies[0].callbacks += (uint64_t)turn;
        status->strategies[1].callbacks += (uint64_t)turn;
        metrics_hub_publish(host->hub);
        metrics_hub_progress(host->hub, base_clock_monotonic_ns());
        observe_all(host, turn);
        (void)poll(NULL, 0, 400);
    }
    return NULL;
}

static void prometheus_answers_every_query_of_every_panel_and_rule(void **state)
{
    metrics_http_options options = metrics_http_options_default();
    moving_host host = {.hub = fixture_hub(base_allocator_default())};
    metrics_registry *registry = metrics_hub_registry(host.hub);
    metrics_http *http;
    pthread_t thread;
    char command[3000];
    hean_error error;
    int result;
    (void)state;
    options.hub = host.hub;
    options.port = 0;
    assert_status(metrics_catalogue_venue(registry, "sim", &host.venue, &error), HEAN_OK, &error);
    assert_status(metrics_catalogue_strategy(registry, "impulse", &host.strategies[0], &error),
                  HEAN_OK, &error);
    assert_status(metrics_catalogue_strategy(registry, "market_maker", &host.strategies[1], &error),
                  HEAN_OK, &error);
    assert_status(metrics_http_open(&options, &http, &error), HEAN_OK, &error);
    assert_int_equal(pthread_create(&thread, NULL, move, &host), 0);
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 %s/tests/integration/monitoring_check.py live %s "
                   "http://127.0.0.1:%u all",
                   TEST_SOURCE_DIR, TEST_SOURCE_DIR, metrics_http_port(http));
    result = system(command); /* NOLINT: a test */
    atomic_store(&host.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    metrics_http_close(http);
    metrics_hub_close(host.hub);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prometheus_answers_every_query_of_every_panel_and_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
