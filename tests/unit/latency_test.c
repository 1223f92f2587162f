/*
 * latency_test.c: recorded order latencies from text.
 */
#include <support.h>

#include <host/latency.h>

#include <string.h>

#define HEADER "time,entry_ms,response_ms\n"

static hean_status parse(const char *text, hean_latency_sample **out, size_t *count,
                         hean_error *error)
{
    return latency_parse(base_allocator_default(), "x.csv", text, strlen(text), out, count, error);
}

static void latency_reads_samples_in_order(void **state)
{
    hean_latency_sample *samples = NULL;
    hean_error error;
    size_t count = 0;
    (void)state;
    assert_status(parse(HEADER "1723161256561,1.25,2\r\n2024-08-09T00:00:00Z,0,60000", &samples,
                        &count, &error),
                  HEAN_OK, &error);
    assert_int_equal(count, 2);
    assert_int_equal(samples[0].time_ns, INT64_C(1723161256561000000));
    assert_int_equal(samples[0].entry_ns, 1250000);
    assert_int_equal(samples[0].response_ns, 2000000);
    assert_int_equal(samples[1].response_ns, 60 * BASE_NS_PER_S);
    base_free(base_allocator_default(), samples);
}

static void latency_names_the_line_of_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        hean_status status;
        const char *where;
    } rows[] = {
        {"", HEAN_E_FORMAT, "x.csv:1:"},
        {"time,entry,response\n1,1,1\n", HEAN_E_FORMAT, "x.csv:1:"},
        {HEADER, HEAN_E_TRUNCATED, "at least one"},
        {HEADER "1723161256561,1\n", HEAN_E_PARSE, "x.csv:2:"},
        {HEADER "1723161256561,1,1,1\n", HEAN_E_PARSE, "x.csv:2:"},
        {HEADER "soon,1,1\n", HEAN_E_PARSE, "x.csv:2: soon"},
        {HEADER "1723161256561,one,1\n", HEAN_E_PARSE, "x.csv:2:"},
        {HEADER "1723161256561,-1,1\n", HEAN_E_RANGE, "x.csv:2:"},
        {HEADER "1723161256561,1,60000.1\n", HEAN_E_RANGE, "x.csv:2:"},
        {HEADER "1723161256561,1,1\n1723161256560,1,1\n", HEAN_E_TIME_ORDER, "x.csv:3:"},
    };
    hean_latency_sample *samples = NULL;
    hean_error error;
    size_t count = 7;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        assert_status(parse(rows[i].text, &samples, &count, &error), rows[i].status, &error);
        assert_non_null(strstr(error.message, rows[i].where));
        assert_null(samples);
        assert_int_equal(count, 7);
    }
    assert_status(
        latency_read_file(base_allocator_default(), "/nonexistent", &samples, &count, &error),
        HEAN_E_NOT_FOUND, &error);
}

static void latency_survives_failed_allocations(void **state)
{
    static const char text[] = HEADER "1,1,1\n2,1,1\n3,1,1\n4,1,1\n5,1,1\n6,1,1\n7,1,1\n8,1,1\n"
                                      "9,1,1\n";
    hean_status status = HEAN_E_NO_MEMORY;
    (void)state;
    for (uint64_t at = 1; status != HEAN_OK; at++) {
        test_allocator failing;
        hean_latency_sample *samples = NULL;
        size_t count = 0;
        test_allocator_init(&failing, at);
        status = latency_parse(&failing.allocator, "x", text, strlen(text), &samples, &count, NULL);
        if (status != HEAN_OK)
            assert_int_equal(status, HEAN_E_NO_MEMORY);
        base_free(&failing.allocator, samples);
        assert_int_equal(failing.live, 0);
        assert_true(at < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_reads_samples_in_order),
        cmocka_unit_test(latency_names_the_line_of_what_is_wrong),
        cmocka_unit_test(latency_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
