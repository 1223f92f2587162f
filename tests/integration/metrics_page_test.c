/*
 * metrics_page_test.c: the status page in a real browser (status_page.py), before and after the
 * host was started anew; and what it must never contain.
 */
#include "../unit/metrics_fixture.h"

#include "../../core/metrics/page/page.h"

#include <metrics/http.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

typedef struct shown_host {
    metrics_hub *hub;
    metrics_http *http;
    pthread_t thread;
    _Atomic bool stop;
} shown_host;

static void *move(void *argument)
{
    shown_host *host = argument;

    for (int turn = 1; !atomic_load(&host->stop); turn++) {
        metrics_status *status = metrics_hub_begin(host->hub);
        fixture_fill(status, base_clock_wall_ns());
        status->equity_e8 += (int64_t)turn * 98765431;
        status->drawdown_e8 += (int64_t)(turn % 9) * 12345;
        status->strategies[1].running = false;
        (void)base_text_copy(status->strategies[1].why, sizeof status->strategies[1].why,
                             "market_maker.lua:12: <b>boom</b>");
        metrics_hub_publish(host->hub);
        metrics_hub_progress(host->hub, base_clock_monotonic_ns());
        (void)poll(NULL, 0, 300);
    }
    return NULL;
}

static void start(shown_host *host, uint16_t port)
{
    metrics_http_options options = metrics_http_options_default();
    metrics_reject reject = {.time_ns = base_clock_wall_ns(),
                             .strategy = "impulse",
                             .symbol = "ETHUSDT",
                             .side = HEAN_SIDE_BUY,
                             .reason = HEAN_REASON_RISK_ORDER_RATE};
    hean_error error;

    host->hub = fixture_hub(base_allocator_default());
    metrics_hub_reject(host->hub, &reject);
    options.hub = host->hub;
    options.port = port;
    assert_status(metrics_http_open(&options, &host->http, &error), HEAN_OK, &error);
    atomic_store(&host->stop, false);
    assert_int_equal(pthread_create(&host->thread, NULL, move, host), 0);
}

static void stop(shown_host *host)
{
    atomic_store(&host->stop, true);
    assert_int_equal(pthread_join(host->thread, NULL), 0);
    metrics_http_close(host->http);
    metrics_hub_close(host->hub);
}

static void a_browser_shows_the_live_figures_and_survives_a_restart(void **state)
{
    shown_host host;
    char command[3000], line[3000];
    uint16_t port;
    FILE *lines;
    int result;
    (void)state;
    start(&host, 0);
    port = metrics_http_port(host.http);
    (void)snprintf(command, sizeof command,
                   "exec /usr/bin/python3 %s/tests/integration/status_page.py http://127.0.0.1:%u",
                   TEST_SOURCE_DIR, port);
    lines = popen(command, "r"); /* NOLINT: a test */
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines) != NULL) {
        print_message("%s", line);
        if (strcmp(line, "restart\n") == 0) {
            stop(&host);
            (void)poll(NULL, 0, 3000); /* long enough to be noticed */
            start(&host, port);
        }
    }
    result = pclose(lines);
    stop(&host);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(result), 0);
}

static void the_page_is_whole_and_names_no_other_place(void **state)
{
    static const char *const absent[] = {"@STYLE@",
                                         "@SCRIPT@",
                                         "@DYGRAPHS@",
                                         " onclick=",
                                         "<script src",
                                         "<iframe",
                                         "<link rel=\"stylesheet",
                                         "sourceMapping",
                                         "innerHTML = status"};
    (void)state;
    assert_int_equal(strlen(metrics_page_text), metrics_page_bytes);
    assert_non_null(strstr(metrics_page_text, "/api/v1/status"));
    assert_non_null(strstr(metrics_page_text, "Dygraph"));
    assert_non_null(strstr(metrics_page_text, "</html>"));
    for (size_t i = 0; i < BASE_COUNT(absent); i++) {
        if (strstr(metrics_page_text, absent[i]) != NULL)
            fail_msg("%s", absent[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_whole_and_names_no_other_place),
        cmocka_unit_test(a_browser_shows_the_live_figures_and_survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
