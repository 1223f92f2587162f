/*
 * attribution_test.c: what runs earned, figure by figure, and what their sums and postings are; the
 * lines that runs are read from.
 */
#include <support.h>

#include <host/run_list.h>

#include <string.h>

static hean_status read_line(const char *line, attribution_run *run, hean_error *error)
{
    static run_texts texts;
    return run_list_read(line, strlen(line), &texts, run, error);
}

#define RUN(rest) "{\"run_id\":\"r\",\"process_id\":\"p\",\"status\":\"COMPLETED\"," rest "}"

static const char *e8(base_int128 value)
{
    static char text[48];
    return decimal_format_scaled(value, 8, text, sizeof text);
}

typedef struct figure_row {
    const char *line;
    const char *gross, *fees, *funding, *rewards, *cost, *net, *hours, *weighted;
    bool illusion, estimated;
} figure_row;

/* Worked out by hand from the rules in attribution.h. */
static const figure_row figure_rows[] = {
    {RUN("\"metrics\":{}"), "0", "0", "0", "0", "0", "0", "0", "0", false, false},
    {RUN("\"metrics\":{\"capital_delta\":10,\"fee_drag\":-2.5}"), "10", "2.5", "0", "0", "0", "7.5",
     "0", "0", false, false},
    /* A fee of 0 that was reported is no reason to estimate. */
    {RUN("\"capital_allocated_usd\":1000,\"metrics\":{\"capital_delta\":1,\"fee_drag\":0,"
         "\"trading_volume_usd\":1e6}"),
     "1", "0", "0", "0", "0", "1", "0", "0", false, false},
    /* 100000 * 1.75 bp */
    {RUN("\"capital_allocated_usd\":1000,\"metrics\":{\"capital_delta\":10,"
         "\"trading_volume_usd\":100000}"),
     "10", "17.5", "0", "0", "0", "-7.5", "0", "0", true, true},
    {RUN("\"metrics\":{\"trading_volume_usd\":0}"), "0", "0", "0", "0", "0", "0", "0", "0", false,
     true},
    /* 1000 * 1 bp, and 1000 * 8760 h * 5 % / 8760 h */
    {RUN("\"capital_allocated_usd\":1000,\"metrics\":{\"time_hours\":8760}"), "0", "0.1", "0", "0",
     "50", "-50.1", "8760", "8760000", false, true},
    {RUN("\"metrics\":{\"capital_delta\":5,\"fee_drag\":null,\"funding_payment_usd\":-5.1,"
         "\"reward_usd\":0.02},\"outputs\":{\"reward_amount\":\"0.03\"}"),
     "5", "0", "-5.1", "0.05", "0", "-0.05", "0", "0", true, false},
    /* Hours have more digits than are kept, and still none is lost in the products. */
    {RUN("\"capital_allocated_usd\":3000000,\"metrics\":{\"fee_drag\":0,"
         "\"time_hours\":0.016666666666666666}"),
     "0", "0", "0", "0", "0.28538813", "-0.28538813", "0.01666667", "50000", false, false},
    {RUN("\"metrics\":{\"capital_delta\":0.000000005,\"fee_drag\":0.000000015}"), "0", "0.00000002",
     "0", "0", "0", "-0.00000002", "0", "0", false, false},
    {RUN("\"metrics\":{\"capital_delta\":1234567890.12345678,\"fee_drag\":0}"),
     "1234567890.12345678", "0", "0", "0", "0", "1234567890.12345678", "0", "0", false, false},
};

static void attribution_follows_the_rules(void **state)
{
    attribution_rates rates = attribution_rates_default();
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(figure_rows); i++) {
        const figure_row *row = &figure_rows[i];
        attribution_run run;
        attribution figures;
        hean_error error = {0};
        assert_status(read_line(row->line, &run, &error), HEAN_OK, &error);
        assert_status(attribution_of_run(&run, &rates, &figures, &error), HEAN_OK, &error);
        assert_string_equal(e8(figures.gross_e8), row->gross);
        assert_string_equal(e8(figures.fees_e8), row->fees);
        assert_string_equal(e8(figures.funding_e8), row->funding);
        assert_string_equal(e8(figures.rewards_e8), row->rewards);
        assert_string_equal(e8(figures.opportunity_cost_e8), row->cost);
        assert_string_equal(e8(figures.net_e8), row->net);
        assert_string_equal(e8(figures.hours_e8), row->hours);
        assert_string_equal(e8(figures.time_weighted_capital_e8), row->weighted);
        assert_int_equal(figures.profit_illusion, row->illusion);
        assert_int_equal(figures.estimated_runs, row->estimated);
        assert_int_equal(figures.runs, 1);
    }
}

static void attribution_counts_completed_and_failed_runs_only(void **state)
{
    static const struct {
        const char *status;
        bool counts;
    } rows[] = {{"COMPLETED", true}, {"FAILED", true},  {"PENDING", false},
                {"RUNNING", false},  {"KILLED", false}, {"PAUSED", false}};
    attribution_rates rates = attribution_rates_default();
    attribution zero = {0};
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        char line[200];
        attribution_run run;
        attribution figures;
        hean_error error = {0};
        (void)snprintf(line, sizeof line,
                       "{\"run_id\":\"r\",\"process_id\":\"p\",\"status\":\"%s\","
                       "\"metrics\":{\"capital_delta\":3}}",
                       rows[i].status);
        assert_status(read_line(line, &run, &error), HEAN_OK, &error);
        assert_status(attribution_of_run(&run, &rates, &figures, &error), HEAN_OK, &error);
        assert_int_equal(figures.runs, rows[i].counts);
        assert_int_equal(figures.gross_e8, rows[i].counts ? 3 * BASE_E8 : 0);
        if (!rows[i].counts) {
            attribution total = zero;
            assert_int_equal(attribution_add(&total, &figures), HEAN_OK);
            assert_memory_equal(&total, &zero, sizeof total);
        }
    }
}

static void attribution_total_is_an_illusion_if_a_run_or_the_sum_is_one(void **state)
{
    attribution win = {.gross_e8 = 10, .net_e8 = 10, .runs = 1};
    attribution illusion = {.gross_e8 = 1,
                            .fees_e8 = 2,
                            .net_e8 = -1,
                            .runs = 1,
                            .run_illusion = true,
                            .profit_illusion = true};
    attribution costly = {.fees_e8 = 11, .net_e8 = -11, .runs = 1};
    attribution total = {0};
    (void)state;
    assert_int_equal(attribution_add(&total, &win), HEAN_OK);
    assert_false(total.profit_illusion);
    assert_int_equal(attribution_add(&total, &costly), HEAN_OK);
    assert_true(total.profit_illusion); /* the sum: 10 gross, -1 net */
    assert_int_equal(attribution_add(&total, &win), HEAN_OK);
    assert_false(total.profit_illusion); /* 20 gross, 9 net, and no run was one */
    assert_int_equal(attribution_add(&total, &illusion), HEAN_OK);
    assert_true(total.profit_illusion);
    assert_int_equal(total.net_e8, 8);
    assert_int_equal(total.runs, 4);
}

static void attribution_add_leaves_the_total_when_it_does_not_fit(void **state)
{
    attribution total = {.gross_e8 = INT64_MAX, .fees_e8 = 5, .net_e8 = INT64_MAX - 5, .runs = 1};
    attribution before = total;
    attribution more = {.gross_e8 = 1, .net_e8 = 1, .runs = 1};
    (void)state;
    assert_int_equal(attribution_add(&total, &more), HEAN_E_RANGE);
    assert_memory_equal(&total, &before, sizeof total);
    more.gross_e8 = 0;
    more.fees_e8 = -6;
    assert_int_equal(attribution_add(&total, &more), HEAN_E_RANGE);
    assert_memory_equal(&total, &before, sizeof total);
}

static attribution_number number(int64_t mantissa, int32_t exponent10)
{
    return (attribution_number){true, {mantissa, exponent10}};
}

static void attribution_refuses_what_cannot_be(void **state)
{
    attribution_rates rates = attribution_rates_default(), bad_rates = rates;
    attribution_run good = {.run = "r", .process = "p", .counts = true};
    attribution_run bad;
    attribution figures = {.runs = 77};
    char longer[LEDGER_ID_BYTES + 1];
    hean_error error = {0};
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;

#define REFUSED(change, expected, word)                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        assert_status(attribution_of_run(&bad, &rates, &figures, &error), expected, &error);       \
        assert_non_null(strstr(error.message, word));                                              \
        assert_int_equal(figures.runs, 77);                                                        \
    } while (0)
    REFUSED(bad.capital = number(-1, -8), HEAN_E_INVALID, "capital_allocated_usd");
    REFUSED(bad.hours = number(-1, 0), HEAN_E_INVALID, "metrics.time_hours");
    REFUSED(bad.run = "", HEAN_E_INVALID, "run_id");
    REFUSED(bad.run = longer, HEAN_E_INVALID, "run_id");
    REFUSED(bad.process = "", HEAN_E_INVALID, "process_id");
    REFUSED(bad.capital_delta = number(1, 11), HEAN_E_RANGE, "metrics.capital_delta");
    REFUSED(bad.fee_drag = number(-1, 11), HEAN_E_RANGE, "fees");
    REFUSED(bad.volume = number(1, 30), HEAN_E_RANGE, "fees");
    REFUSED(bad.funding_payment = number(1, 11), HEAN_E_RANGE, "metrics.funding_payment_usd");
    REFUSED((bad.reward = number(9, 10), bad.reward_output = number(9, 10)), HEAN_E_RANGE,
            "rewards");
    REFUSED(bad.hours = number(1, 11), HEAN_E_RANGE, "metrics.time_hours");
    REFUSED((bad.capital_delta = number(9, 10), bad.funding_payment = number(9, 10)), HEAN_E_RANGE,
            "net");
#undef REFUSED
    bad_rates.taker_e12 = -1;
    assert_status(attribution_of_run(&good, &bad_rates, &figures, &error), HEAN_E_RANGE, &error);
    bad_rates.taker_e12 = ATTRIBUTION_RATE_MAX_E12 + 1;
    assert_status(attribution_of_run(&good, &bad_rates, &figures, &error), HEAN_E_RANGE, &error);
}

static void attribution_postings_add_up_to_the_figures(void **state)
{
    const char *line =
        "{\"run_id\":\"r1\",\"process_id\":\"p1\",\"status\":\"FAILED\","
        "\"started_at\":\"2024-01-02T00:00:00+00:00\",\"finished_at\":1704326400,"
        "\"capital_allocated_usd\":1000,\"metrics\":{\"capital_delta\":-3,"
        "\"trading_volume_usd\":10000,\"time_hours\":24},\"outputs\":{\"reward_amount\":0.5}}";
    attribution_rates rates = attribution_rates_default();
    attribution_run run;
    attribution figures;
    attribution_texts texts;
    ledger_posting postings[LEDGER_KIND_COUNT];
    ledger_sums sums = {0};
    hean_error error = {0};
    int64_t net_e8;
    size_t count;
    (void)state;
    assert_status(read_line(line, &run, &error), HEAN_OK, &error);
    assert_status(attribution_of_run(&run, &rates, &figures, &error), HEAN_OK, &error);
    count = attribution_postings(&run, &rates, &figures, &texts, postings);
    assert_int_equal(count, 4); /* no funding */
    for (size_t i = 0; i < count; i++) {
        assert_status(ledger_check(&postings[i], &error), HEAN_OK, &error);
        assert_int_equal(postings[i].time_ns, INT64_C(1704153600) * BASE_NS_PER_S);
        assert_int_equal(postings[i].account.mode, LEDGER_IMPORTED);
        sums.amount_e8[postings[i].kind] += postings[i].amount_e8;
    }
    assert_string_equal(postings[0].id, "run:r1:PNL");
    assert_string_equal(postings[1].id, "run:r1:FEE");
    assert_string_equal(postings[1].basis, "10000 USD traded at the mean of 0.5 and 3 bp");
    assert_string_equal(postings[0].basis, "");
    assert_string_equal(postings[3].basis, "1000 USD for 24 hours at 5 % a year");
    assert_int_equal(ledger_net(&sums, &net_e8), HEAN_OK);
    assert_int_equal(net_e8, figures.net_e8);
}

static void attribution_says_what_an_estimate_rests_on(void **state)
{
    attribution_rates rates = attribution_rates_default();
    attribution_run run = {.run = "r", .process = "p", .capital = number(25, -1)};
    char basis[LEDGER_BASIS_BYTES + 1];
    (void)state;
    assert_string_equal(attribution_basis(&run, &rates, LEDGER_FEE, basis),
                        "2.5 USD allocated at 1 bp");
    assert_string_equal(attribution_basis(&run, &rates, LEDGER_PNL, basis), "");
    run.fee_drag = number(0, 0);
    assert_string_equal(attribution_basis(&run, &rates, LEDGER_FEE, basis), "");
    run.hours = number(1, -300);
    assert_string_equal(attribution_basis(&run, &rates, LEDGER_OPPORTUNITY_COST, basis),
                        "2.5 USD for 1e-300 hours at 5 % a year");
}

/* ---- lines ---- */

typedef struct bad_row {
    const char *line;
    const char *message; /* the whole of it, or its start */
} bad_row;

static void run_list_names_what_is_wrong_in_a_line(void **state)
{
    static const bad_row rows[] = {
        {"", "byte 0: expected an object"},
        {"[1]", "byte 0: expected an object"},
        {"{\"run_id\":\"a\"", "byte 13: expected a comma or the end of an object"},
        {"{\"run_id\":\"a\",\"run_id\":\"b\"}", "byte 23: expected each key once"},
        {"{\"metrics\":{\"x\":1,\"x\":2}}", "byte 22: expected each key once"},
        {"{\"a\":01}", "byte 5: expected a value"},
        {"{\"a\":1.}", "byte 5: expected a digit after the point"},
        {"{\"a\":1x}", "byte 6: expected a comma"},
        {"{\"a\":NaN}", "byte 5: expected a value"},
        {"{\"a\":\"\\ud800\"}", "byte 6: expected an escape"},
        {"{} x", "byte 3: expected"},
        {"{}", "run_id: expected a text of at most 120 bytes, got nothing"},
        {"{\"run_id\":12.50}", "run_id: expected a text of at most 120 bytes, got 12.50"},
        {"{\"run_id\":\"\"}", "run_id: expected a text of at most 120 bytes, got \"\""},
        {"{\"run_id\":\"a\"}", "process_id: expected a text of at most 120 bytes, got nothing"},
        {"{\"run_id\":\"a\",\"process_id\":\"p\",\"status\":\"DONE\"}",
         "status: expected COMPLETED, FAILED, PENDING, RUNNING, KILLED or PAUSED, got \"DONE\""},
        {RUN("\"started_at\":\"soon\""), "started_at: expected a time such as "
                                         "2024-08-08T23:54:16Z, from 1970 on, got \"soon\""},
        {RUN("\"started_at\":-1"), "started_at: expected a time"},
        {RUN("\"finished_at\":true"), "finished_at: expected a time"},
        {RUN("\"metrics\":[]"), "metrics: expected an object, got []"},
        {RUN("\"outputs\":1"), "outputs: expected an object, got 1"},
        {RUN("\"capital_allocated_usd\":\"1\""),
         "capital_allocated_usd: expected a number, got \"1\""},
        {RUN("\"metrics\":{\"capital_delta\":{}}"),
         "metrics.capital_delta: expected a number, got {}"},
        {RUN("\"metrics\":{\"time_hours\":false}"),
         "metrics.time_hours: expected a number, got false"},
        {RUN("\"metrics\":{\"fee_drag\":1.234567890123456789}"),
         "metrics.fee_drag: expected a number of at most 18 digits, got 1.234567890123456789"},
        {RUN("\"outputs\":{\"reward_amount\":\"1 \"}"),
         "outputs.reward_amount: expected a number, got \"1 \""},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        attribution_run run = {.run = "untouched"};
        hean_error error = {0};
        assert_status(read_line(rows[i].line, &run, &error), HEAN_E_PARSE, &error);
        if (strncmp(error.message, rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("expected \"%s\", got \"%s\"", rows[i].message, error.message);
        assert_string_equal(run.run, "untouched");
    }
}

static void run_list_reads_numbers_exactly_as_written(void **state)
{
    const char *line = RUN("\"note\":\"1.5 \\\" -2\",\"list\":[1,2.5e3,[-0]],"
                           "\"capital_allocated_usd\":0.123456789012345678,"
                           "\"metrics\":{\"capital_delta\":-9007199254740993,\"fee_drag\":1E-2}");
    attribution_run run;
    hean_error error = {0};
    (void)state;
    assert_status(read_line(line, &run, &error), HEAN_OK, &error);
    assert_int_equal(run.capital.value.mantissa, 123456789012345678);
    assert_int_equal(run.capital.value.exponent10, -18);
    assert_int_equal(run.capital_delta.value.mantissa, -9007199254740993);
    assert_int_equal(run.fee_drag.value.mantissa, 1);
    assert_int_equal(run.fee_drag.value.exponent10, -2);
    assert_false(run.volume.given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attribution_follows_the_rules),
        cmocka_unit_test(attribution_counts_completed_and_failed_runs_only),
        cmocka_unit_test(attribution_total_is_an_illusion_if_a_run_or_the_sum_is_one),
        cmocka_unit_test(attribution_add_leaves_the_total_when_it_does_not_fit),
        cmocka_unit_test(attribution_refuses_what_cannot_be),
        cmocka_unit_test(attribution_postings_add_up_to_the_figures),
        cmocka_unit_test(attribution_says_what_an_estimate_rests_on),
        cmocka_unit_test(run_list_names_what_is_wrong_in_a_line),
        cmocka_unit_test(run_list_reads_numbers_exactly_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
