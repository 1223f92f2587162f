/*
 * metrics_registry_test.c: counters, gauges, histograms and their two text formats.
 */
#include <support.h>

#include <metrics/registry.h>

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const double bounds[] = {1e-06, 0.005, 1, 10};

static const metrics_family orders = {
    .name = "hean_orders_total", .help = "Orders.", .type = METRICS_COUNTER};
static const metrics_family fills = {.name = "hean_fills_total",
                                     .help = "Fills.",
                                     .type = METRICS_COUNTER,
                                     .labels = {"venue", "liquidity"},
                                     .series_max = 3};
static const metrics_family equity = {
    .name = "hean_equity", .help = "Equity.", .type = METRICS_GAUGE_E8};
static const metrics_family lag = {.name = "hean_lag_seconds",
                                   .help = "Lag.",
                                   .type = METRICS_HISTOGRAM,
                                   .labels = {"loop"},
                                   .bounds = bounds,
                                   .bound_count = 4,
                                   .series_max = 4};

static metrics_registry *open_registry(const hean_allocator *allocator)
{
    metrics_registry_options options = {allocator, 2, 16, 32, 64};
    metrics_registry *registry = NULL;
    hean_error error;

    assert_status(metrics_registry_open(&options, &registry, &error), HEAN_OK, &error);
    return registry;
}

static uint32_t define(metrics_registry *registry, const metrics_family *family)
{
    uint32_t id = 0;
    hean_error error;

    assert_status(metrics_registry_define(registry, family, &id, &error), HEAN_OK, &error);
    return id;
}

static const metrics_series *series(metrics_registry *registry, uint32_t id, const char *first,
                                    const char *second)
{
    const char *values[] = {first, second};
    const metrics_series *out = NULL;
    hean_error error;

    assert_status(metrics_registry_series(registry, id, values, &out, &error), HEAN_OK, &error);
    return out;
}

static void assert_text(const metrics_registry *registry, metrics_format format, const char *wanted)
{
    base_buffer text;

    base_buffer_init(&text, base_allocator_default());
    metrics_text_render(registry, format, &text);
    assert_false(text.failed);
    assert_string_equal(text.data, wanted);
    base_buffer_deinit(&text);
}

static void a_family_without_labels_starts_at_zero(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    (void)state;
    define(registry, &orders);
    define(registry, &equity);
    define(registry, &fills); /* has labels: nothing to show yet */
    assert_text(registry, METRICS_TEXT,
                "# HELP hean_orders_total Orders.\n# TYPE hean_orders_total counter\n"
                "hean_orders_total 0\n"
                "# HELP hean_equity Equity.\n# TYPE hean_equity gauge\nhean_equity 0\n");
    assert_text(registry, METRICS_OPENMETRICS,
                "# TYPE hean_orders counter\n# HELP hean_orders Orders.\nhean_orders_total 0\n"
                "# TYPE hean_equity gauge\n# HELP hean_equity Equity.\nhean_equity 0\n# EOF\n");
    assert_int_equal(metrics_registry_samples(registry), 2);
    metrics_registry_close(registry);
}

static void money_is_written_to_its_last_digit(void **state)
{
    static const struct {
        int64_t value_e8;
        const char *text;
    } rows[] = {{1, "0.00000001"},
                {-1, "-0.00000001"},
                {INT64_MAX, "92233720368.54775807"},
                {INT64_MIN, "-92233720368.54775808"},
                {INT64_C(900719925474099312), "9007199254.74099312"}, /* no double holds it */
                {INT64_C(100000000), "1"}};
    metrics_registry *registry = open_registry(base_allocator_default());
    const metrics_series *handle = series(registry, define(registry, &equity), NULL, NULL);
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        char wanted[200];
        metrics_set_e8(handle, rows[i].value_e8);
        (void)snprintf(wanted, sizeof wanted,
                       "# HELP hean_equity Equity.\n# TYPE hean_equity gauge\nhean_equity %s\n",
                       rows[i].text);
        assert_text(registry, METRICS_TEXT, wanted);
    }
    metrics_registry_close(registry);
}

static void a_histogram_is_cumulative_and_its_count_is_its_last_bucket(void **state)
{
    static const double observed[] = {1e-07, 1e-06, 0.004, 0.005, 0.0051,
                                      5,     10,    1000,  NAN,   INFINITY};
    metrics_registry *registry = open_registry(base_allocator_default());
    const metrics_series *handle = series(registry, define(registry, &lag), "main", NULL);
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(observed); i++)
        metrics_observe(metrics_registry_writer(registry, i % 2), handle, observed[i]);
    assert_text(registry, METRICS_OPENMETRICS,
                "# TYPE hean_lag_seconds histogram\n# UNIT hean_lag_seconds seconds\n"
                "# HELP hean_lag_seconds Lag.\n"
                "hean_lag_seconds_bucket{loop=\"main\",le=\"1e-06\"} 2\n"
                "hean_lag_seconds_bucket{loop=\"main\",le=\"0.005\"} 4\n"
                "hean_lag_seconds_bucket{loop=\"main\",le=\"1.0\"} 5\n"
                "hean_lag_seconds_bucket{loop=\"main\",le=\"10.0\"} 7\n"
                "hean_lag_seconds_bucket{loop=\"main\",le=\"+Inf\"} 8\n"
                "hean_lag_seconds_sum{loop=\"main\"} 1015.0141011\n"
                "hean_lag_seconds_count{loop=\"main\"} 8\n# EOF\n");
    metrics_registry_close(registry);
}

static void the_same_labels_are_the_same_series(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    uint32_t id = define(registry, &fills);
    (void)state;
    assert_ptr_equal(series(registry, id, "sim", "maker"), series(registry, id, "sim", "maker"));
    assert_ptr_not_equal(series(registry, id, "sim", "maker"),
                         series(registry, id, "sim", "taker"));
    metrics_registry_close(registry);
}

static void label_sets_beyond_the_cap_are_counted_and_shown_nowhere(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    uint32_t id = define(registry, &fills);
    char venue[8];
    base_buffer text;
    (void)state;
    for (int i = 0; i < 10; i++) {
        (void)snprintf(venue, sizeof venue, "v%d", i);
        metrics_count(metrics_registry_writer(registry, 0), series(registry, id, venue, "maker"),
                      1);
    }
    assert_int_equal(metrics_registry_dropped(registry), 7);
    base_buffer_init(&text, base_allocator_default());
    metrics_text_render(registry, METRICS_TEXT, &text);
    assert_non_null(strstr(text.data, "v2"));
    assert_null(strstr(text.data, "v3"));
    base_buffer_deinit(&text);
    metrics_registry_close(registry);
}

static void cells_and_slots_run_out_without_harm(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    metrics_family wide = lag;
    (void)state;
    wide.series_max = 1000;
    for (uint32_t i = 0, id = define(registry, &wide); i < 100; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "l%u", i);
        metrics_observe(metrics_registry_writer(registry, 1), series(registry, id, name, NULL), 2);
    }
    assert_true(metrics_registry_dropped(registry) > 80);
    metrics_registry_close(registry);
}

static void label_values_that_could_inject_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a\"} 1\nhean_equity 9",
        "a\\",
        "tab\t",
        "\x80",
        NULL,
        "a-value-of-more-than-sixty-four-bytes-is-not-a-label-but-a-message"};
    metrics_registry *registry = open_registry(base_allocator_default());
    uint32_t id = define(registry, &fills);
    hean_error error;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(bad); i++) {
        const char *values[] = {"sim", bad[i]};
        const metrics_series *out = NULL;
        assert_status(metrics_registry_series(registry, id, values, &out, &error), HEAN_E_INVALID,
                      &error);
        assert_null(out);
    }
    metrics_registry_close(registry);
}

static void names_that_a_format_forbids_are_refused(void **state)
{
    static const double falling[] = {2, 1}, negative[] = {-1, 1};
    static const struct {
        metrics_family family;
        hean_status status;
    } rows[] = {
        {{.name = "hean_orders", .help = "x", .type = METRICS_COUNTER}, HEAN_E_INVALID},
        {{.name = "hean_x_total", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x_count", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x_bucket", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x_created", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "Hean_x", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "9x", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean:x", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "", .help = "x", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x", .help = "", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x", .help = "two\nlines", .type = METRICS_GAUGE}, HEAN_E_INVALID},
        {{.name = "hean_x", .help = "x", .type = METRICS_HISTOGRAM}, HEAN_E_INVALID},
        {{"hean_x", "x", METRICS_HISTOGRAM, {NULL}, falling, 2, 0}, HEAN_E_INVALID},
        {{"hean_x", "x", METRICS_HISTOGRAM, {NULL}, negative, 2, 0}, HEAN_E_INVALID},
        {{"hean_x", "x", METRICS_GAUGE, {"le"}, NULL, 0, 0}, HEAN_E_INVALID},
        {{"hean_x", "x", METRICS_GAUGE, {"__name"}, NULL, 0, 0}, HEAN_E_INVALID},
        {{"hean_x", "x", METRICS_GAUGE, {"a", "a"}, NULL, 0, 0}, HEAN_E_EXISTS},
        /* one family in OpenMetrics, though two names */
        {{.name = "hean_order_rejects", .help = "x", .type = METRICS_GAUGE}, HEAN_OK},
        {{.name = "hean_order_rejects_total", .help = "x", .type = METRICS_COUNTER}, HEAN_E_EXISTS},
        {{.name = "hean_order_rejects", .help = "x", .type = METRICS_GAUGE}, HEAN_E_EXISTS},
    };
    metrics_registry *registry = open_registry(base_allocator_default());
    hean_error error;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        uint32_t id;
        assert_status(metrics_registry_define(registry, &rows[i].family, &id, &error),
                      rows[i].status, &error);
    }
    metrics_registry_close(registry);
}

static void what_is_unknown_is_not_shown(void **state)
{
    static const metrics_family gauge = {
        .name = "hean_memory_bytes", .help = "M.", .type = METRICS_GAUGE};
    metrics_registry *registry = open_registry(base_allocator_default());
    const metrics_series *handle = series(registry, define(registry, &gauge), NULL, NULL);
    (void)state;
    metrics_set(handle, NAN);
    assert_text(registry, METRICS_TEXT,
                "# HELP hean_memory_bytes M.\n# TYPE hean_memory_bytes gauge\n");
    metrics_set(handle, 0.1);
    assert_text(registry, METRICS_TEXT,
                "# HELP hean_memory_bytes M.\n# TYPE hean_memory_bytes gauge\n"
                "hean_memory_bytes 0.1\n");
    metrics_registry_close(registry);
}

static void mirrored_counters_never_fall(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    const metrics_series *handle = series(registry, define(registry, &orders), NULL, NULL);
    metrics_writer *writer = metrics_registry_writer(registry, 0);
    (void)state;
    metrics_mirror(writer, handle, 7);
    metrics_mirror(writer, handle, 3);
    assert_text(registry, METRICS_TEXT,
                "# HELP hean_orders_total Orders.\n# TYPE hean_orders_total counter\n"
                "hean_orders_total 7\n");
    metrics_registry_close(registry);
}

static void numbers_read_back_and_have_no_comma_in_any_locale(void **state)
{
    static const double values[] = {0.1, 1.0 / 3, 1e-300, 123456789.123456, 5e-324, 1e22, -2.5};
    const char *locale = setlocale(LC_NUMERIC, "de_DE.UTF-8");
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(values); i++) {
        char text[METRICS_REAL_BYTES];
        metrics_text_real(values[i], text);
        assert_null(strchr(text, ','));
        if (locale == NULL)
            assert_true(strtod(text, NULL) == values[i]);
    }
    (void)setlocale(LC_NUMERIC, "C");
}

static void memory_that_runs_out_leaves_a_registry_that_can_be_closed(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1;; fail_at++) {
        metrics_registry_options options = {NULL, 2, 16, 32, 64};
        const char *values[] = {"sim", "maker"};
        const metrics_series *out;
        metrics_registry *registry = NULL;
        test_allocator memory;
        uint32_t id;
        hean_status status;
        test_allocator_init(&memory, fail_at);
        options.allocator = &memory.allocator;
        status = metrics_registry_open(&options, &registry, NULL);
        if (status == HEAN_OK)
            status = metrics_registry_define(registry, &fills, &id, NULL);
        if (status == HEAN_OK)
            status = metrics_registry_series(registry, id, values, &out, NULL);
        metrics_registry_close(registry);
        assert_int_equal(memory.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

#define COUNTS 200000

typedef struct counting {
    metrics_registry *registry;
    const metrics_series *count, *time;
    uint32_t writer;
} counting;

static void *count_along(void *argument)
{
    const counting *job = argument;
    metrics_writer *writer = metrics_registry_writer(job->registry, job->writer);

    for (int i = 0; i < COUNTS; i++) {
        metrics_count(writer, job->count, 1);
        metrics_observe(writer, job->time, 0.5);
    }
    return NULL;
}

static void threads_that_count_at_once_lose_nothing(void **state)
{
    metrics_registry *registry = open_registry(base_allocator_default());
    counting jobs[2];
    pthread_t threads[2];
    base_buffer text;
    (void)state;
    for (uint32_t i = 0; i < 2; i++)
        jobs[i] = (counting){registry, NULL, NULL, i};
    jobs[0].count = jobs[1].count = series(registry, define(registry, &orders), NULL, NULL);
    jobs[0].time = jobs[1].time = series(registry, define(registry, &lag), "main", NULL);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, &jobs[i]), 0);
    base_buffer_init(&text, base_allocator_default());
    for (int i = 0; i < 20; i++) { /* readers disturb nobody */
        text.length = 0;
        metrics_text_render(registry, METRICS_TEXT, &text);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    text.length = 0;
    metrics_text_render(registry, METRICS_TEXT, &text);
    assert_non_null(strstr(text.data, "hean_orders_total 400000\n"));
    assert_non_null(strstr(text.data, "hean_lag_seconds_count{loop=\"main\"} 400000\n"));
    assert_non_null(strstr(text.data, "hean_lag_seconds_sum{loop=\"main\"} 200000\n"));
    base_buffer_deinit(&text);
    metrics_registry_close(registry);
}

static void the_accept_header_decides_the_format(void **state)
{
    static const struct {
        const char *accept;
        metrics_format format;
    } rows[] = {
        {NULL, METRICS_TEXT},
        {"", METRICS_TEXT},
        {"*/*", METRICS_TEXT},
        {"text/plain", METRICS_TEXT},
        {"application/openmetrics-text", METRICS_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0, "
         "application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", /* Prometheus 2.42 */
         METRICS_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
         "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", /* 3.x */
         METRICS_OPENMETRICS},
        {"application/openmetrics-text;version=0.0.1", METRICS_TEXT},
        {"application/openmetrics-text; version=\"1.0.0\" ; q=0.2 , text/plain;q=0.1",
         METRICS_OPENMETRICS},
        {"APPLICATION/OpenMetrics-Text;Q=0.9,text/plain;q=0.8", METRICS_OPENMETRICS},
        {"application/openmetrics-text;q=0.2,text/plain;q=0.3", METRICS_TEXT},
        {"application/openmetrics-text;q=0", METRICS_TEXT},
        {"application/openmetrics-text;q=0.1,*/*", METRICS_TEXT},
        {"application/openmetrics-text;version=2.0.0", METRICS_TEXT},
        {";;;,,,=;q=;q=9", METRICS_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        if (metrics_text_negotiate(rows[i].accept) != rows[i].format)
            fail_msg("%s", rows[i].accept != NULL ? rows[i].accept : "(none)");
    }
}

static void gzip_is_sent_only_when_it_is_wanted(void **state)
{
    (void)state;
    assert_false(metrics_text_wants_gzip(NULL));
    assert_true(metrics_text_wants_gzip("gzip"));
    assert_true(metrics_text_wants_gzip("deflate, GZIP;q=0.5"));
    assert_true(metrics_text_wants_gzip("*"));
    assert_false(metrics_text_wants_gzip("gzip;q=0"));
    assert_false(metrics_text_wants_gzip("gzip;q=0.000, *"));
    assert_false(metrics_text_wants_gzip("identity"));
    assert_false(metrics_text_wants_gzip("notgzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_without_labels_starts_at_zero),
        cmocka_unit_test(money_is_written_to_its_last_digit),
        cmocka_unit_test(a_histogram_is_cumulative_and_its_count_is_its_last_bucket),
        cmocka_unit_test(the_same_labels_are_the_same_series),
        cmocka_unit_test(label_sets_beyond_the_cap_are_counted_and_shown_nowhere),
        cmocka_unit_test(cells_and_slots_run_out_without_harm),
        cmocka_unit_test(label_values_that_could_inject_are_refused),
        cmocka_unit_test(names_that_a_format_forbids_are_refused),
        cmocka_unit_test(what_is_unknown_is_not_shown),
        cmocka_unit_test(mirrored_counters_never_fall),
        cmocka_unit_test(numbers_read_back_and_have_no_comma_in_any_locale),
        cmocka_unit_test(memory_that_runs_out_leaves_a_registry_that_can_be_closed),
        cmocka_unit_test(threads_that_count_at_once_lose_nothing),
        cmocka_unit_test(the_accept_header_decides_the_format),
        cmocka_unit_test(gzip_is_sent_only_when_it_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
