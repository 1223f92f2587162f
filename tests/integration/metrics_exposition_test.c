/*
 * metrics_exposition_test.c: the whole catalogue, with every kind of series in use, through the
 * checkers that Prometheus's makers ship, and our own (metrics_check.py).
 */
#include "../unit/metrics_fixture.h"

#include <stdlib.h>
#include <sys/wait.h>

static void write_text(metrics_hub *hub, metrics_format format, const char *path)
{
    base_buffer text;
    hean_error error;

    base_buffer_init(&text, base_allocator_default());
    metrics_text_render(metrics_hub_registry(hub), format, &text);
    assert_false(text.failed);
    assert_status(base_file_replace(path, text.data, text.length, &error), HEAN_OK, &error);
    base_buffer_deinit(&text);
}

static void write_status(metrics_hub *hub, const char *path)
{
    base_json json;
    hean_error error;

    base_json_init(&json, base_allocator_default());
    metrics_hub_write_status(hub, FIXTURE_NOW_NS, &json);
    assert_false(json.buffer.failed);
    assert_status(base_file_replace(path, json.buffer.data, json.buffer.length, &error), HEAN_OK,
                  &error);
    base_buffer_deinit(&json.buffer);
}

static void use_handles(metrics_hub *hub)
{
    metrics_registry *registry = metrics_hub_registry(hub);
    metrics_writer *engine = metrics_hub_writer(hub, METRICS_THREAD_ENGINE);
    metrics_writer *io = metrics_hub_writer(hub, METRICS_THREAD_IO);
    const metrics_series *lag = metrics_catalogue_single(registry, METRICS_LOOP_LAG);
    metrics_venue_series venue;
    metrics_strategy_series strategy;
    hean_error error;

    assert_status(metrics_catalogue_venue(registry, "sim", &venue, &error), HEAN_OK, &error);
    assert_status(metrics_catalogue_strategy(registry, "impulse", &strategy, &error), HEAN_OK,
                  &error);
    for (int i = 0; i < 1000; i++) {
        metrics_observe(engine, strategy.callback, 1e-6 * i);
        metrics_observe(engine, lag, 1e-4 * i);
        metrics_observe(io, venue.api_request[i % METRICS_ENDPOINT_COUNT], 1e-3 * i);
        metrics_count(engine, venue.rejected[i % HEAN_REASON_COUNT], 1);
        metrics_count(engine, i % 3 ? venue.fills_maker : venue.fills_taker, 1);
    }
}

static void both_formats_pass_every_checker_and_damage_is_found(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    char folder[1024], text[1100], open[1100], later[1100], status[1100];
    char command[9000];
    int result;
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", test_folder("exposition"));
    (void)snprintf(text, sizeof text, "%s/text", folder);
    (void)snprintf(open, sizeof open, "%s/openmetrics", folder);
    (void)snprintf(later, sizeof later, "%s/later", folder);
    (void)snprintf(status, sizeof status, "%s/status", folder);
    use_handles(hub);
    fixture_publish(hub, FIXTURE_NOW_NS);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    write_text(hub, METRICS_TEXT, text);
    write_text(hub, METRICS_OPENMETRICS, open);
    write_status(hub, status);
    use_handles(hub);
    fixture_publish(hub, FIXTURE_NOW_NS + BASE_NS_PER_S);
    metrics_hub_collect(hub, FIXTURE_NOW_NS + BASE_NS_PER_S, &fixture_process);
    write_text(hub, METRICS_TEXT, later);
    metrics_hub_close(hub);
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 %s/tests/integration/metrics_check.py %s %s %s %s "
                   "%s/spec/schema/status_api.json",
                   TEST_SOURCE_DIR, text, open, later, status, TEST_SOURCE_DIR);
    result = system(command); /* NOLINT: a test */
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_pass_every_checker_and_damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
