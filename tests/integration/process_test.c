/*
 * process_test.c: trials, evaluation and report over a store whose content is known.
 */
#include <support.h>

#include <host/process.h>
#include <jansson.h>

#include <math.h>
#include <string.h>

#define DAY_NS (86400 * BASE_NS_PER_S)
#define NOW_NS (INT64_C(20000) * DAY_NS + 3600 * BASE_NS_PER_S) /* 2024-10-04, 01:00 */

static store *fresh_store(const char *name)
{
    char path[1024];
    store *out;
    hean_error error;
    (void)snprintf(path, sizeof path, "%s/hean.db", test_folder(name));
    assert_status(store_open(NULL, path, STORE_WRITE, &out, &error), HEAN_OK, &error);
    return out;
}

/* ---- trials ---- */

static void try_it(store *kept, const char *params, const char *data, const char *run,
                   uint64_t expected)
{
    backtest_options options = backtest_options_default();
    backtest_result result;
    uint64_t count = 0;
    hean_error error;

    options.file = "strategies/impulse.lua";
    options.params_json = params;
    options.paths = &data;
    options.path_count = 1;
    options.run = run;
    assert_status(backtest_run(&options, &result, &error), HEAN_OK, &error);
    assert_status(backtest_record(&result, kept, &(ledger_result){0}, &error), HEAN_OK, &error);
    assert_status(store_trial_count(kept, "impulse", &count, &error), HEAN_OK, &error);
    assert_int_equal(count, expected);
    backtest_result_deinit(NULL, &result);
}

static void a_trial_is_what_was_tried_and_counts_once(void **state)
{
    store *kept = fresh_store("process_trials");
    (void)state;
    try_it(kept, "{\"lookback\":10,\"enter\":2}", "sim:1,hours=0.01", NULL, 1);
    try_it(kept, "{\"enter\":2,\"lookback\":10}", "sim:1,hours=0.01", NULL, 1);
    try_it(kept, "{\"enter\":2,\"lookback\":11}", "sim:1,hours=0.01", NULL, 2);
    try_it(kept, "{\"enter\":2,\"lookback\":11}", "sim:2,hours=0.01", NULL, 3);
    try_it(kept, "{\"enter\":2,\"lookback\":11}", "sim:1,hours=0.01", "p.2024-10-04", 4);
    try_it(kept, "{\"enter\":2,\"lookback\":11}", "sim:2,hours=0.01", "p.2024-10-05", 4);
    store_close(kept);
}

/* ---- evaluation ---- */

static const char definition[] =
    "{\"id\":\"%s\",\"name\":\"%s\",\"type\":\"OTHER\",\"description\":\"A test.\""
    ",\"kill_conditions\":[{\"metric\":\"pnl_sum\",\"threshold\":-50,\"comparison\":\"<\","
    "\"window_runs\":2},{\"metric\":\"heat\",\"threshold\":9,\"comparison\":\">=\","
    "\"window_runs\":1}]"
    ",\"scale_rules\":[{\"metric\":\"fail_rate\",\"threshold\":0.1,\"comparison\":\"<\","
    "\"window_runs\":3}]"
    ",\"measurement\":{\"metrics\":[\"capital_delta\"]}}";

static void add_process(store *kept, const char *id, const char *state_text, bool enabled)
{
    char json[1000];
    hean_error error;
    (void)snprintf(json, sizeof json, definition, id, id);
    store_process row = {.id = id,
                         .definition = json,
                         .source = "file",
                         .state = state_text,
                         .enabled = enabled,
                         .created_ns = NOW_NS - 10 * DAY_NS,
                         .updated_ns = NOW_NS};
    assert_status(store_process_add(kept, &row, &error), HEAN_OK, &error);
}

static void post(store *kept, const char *run, const char *process, ledger_kind kind,
                 int64_t amount_e8)
{
    char id[120];
    (void)snprintf(id, sizeof id, "%s:%d", run, (int)kind);
    ledger_posting posting = {.id = id,
                              .account = {.mode = LEDGER_BACKTEST,
                                          .run = run,
                                          .process = process,
                                          .strategy = "s",
                                          .symbol = "XUSDT",
                                          .currency = "USDT"},
                              .time_ns = NOW_NS,
                              .kind = kind,
                              .amount_e8 = amount_e8};
    hean_error error;
    assert_status(store_post(kept, &posting, 1, NULL, &error), HEAN_OK, &error);
}

/* A run `ago` days before; status NULL: it has not ended. */
static void add_run(store *kept, const char *process, int ago, const char *status, int64_t pnl_e8,
                    int64_t fee_e8, const char *metrics)
{
    char run[80], key[80], existing[STORE_RUN_BYTES];
    bool began = false;
    hean_error error;
    (void)snprintf(run, sizeof run, "%s.%d", process, ago);
    (void)snprintf(key, sizeof key, "%s:%d", process, ago);
    store_run row = {.run = run,
                     .process = process,
                     .daily_key = key,
                     .mode = "sandbox",
                     .status = "PENDING",
                     .started_ns = NOW_NS - ago * DAY_NS,
                     .capital_e8 = 100 * BASE_E8,
                     .metrics = "{}",
                     .outputs = "{}"};
    assert_status(store_run_begin(kept, &row, &began, existing, &error), HEAN_OK, &error);
    assert_true(began);
    if (status != NULL) {
        row.status = status;
        row.metrics = metrics;
        row.finished_ns = row.started_ns + 1;
        assert_status(store_run_set(kept, &row, &error), HEAN_OK, &error);
    }
    if (pnl_e8 != 0)
        post(kept, run, process, LEDGER_PNL, pnl_e8);
    if (fee_e8 != 0)
        post(kept, run, process, LEDGER_FEE, fee_e8);
}

static json_t *evaluate(store *kept, int64_t days)
{
    base_buffer out;
    json_t *whole;
    hean_error error;
    base_buffer_init(&out, base_allocator_default());
    assert_status(process_evaluate(kept, days, NOW_NS, &out, &error), HEAN_OK, &error);
    whole = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(whole);
    base_buffer_deinit(&out);
    return whole;
}

static void expect_row(const json_t *whole, const char *id, const char *recommendation,
                       const char *reason)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(whole, "processes"), i, row)
    {
        const char *why = json_string_value(json_array_get(json_object_get(row, "reasons"), 0));
        if (strcmp(json_string_value(json_object_get(row, "process_id")), id) != 0)
            continue;
        assert_string_equal(json_string_value(json_object_get(row, "recommendation")),
                            recommendation);
        assert_memory_equal(why, reason, strlen(reason));
        return;
    }
    fail_msg("%s is missing", id);
}

static void expect_health(const json_t *whole, const char *name, double expected)
{
    double value = json_number_value(json_object_get(json_object_get(whole, "health"), name));
    if (fabs(value - expected) > 1e-8)
        fail_msg("%s is %.12g, not %.12g", name, value, expected);
}

#define USD BASE_E8

static void each_recommendation_has_its_reason(void **state)
{
    store *kept = fresh_store("process_evaluate");
    json_t *whole;
    (void)state;
    add_process(kept, "dead", "KILLED", true);
    add_process(kept, "waiting", "NEW", false);
    add_process(kept, "paused", "PAUSED", true);
    add_process(kept, "sinking", "TESTING", true);
    add_run(kept, "sinking", 2, "COMPLETED", -30 * USD, 0, "{}");
    add_run(kept, "sinking", 1, "COMPLETED", -21 * USD, 0, "{}");
    add_process(kept, "hot", "TESTING", true);
    add_run(kept, "hot", 1, "COMPLETED", 0, 0, "{\"heat\":9}");
    add_process(kept, "idle", "NEW", true);
    add_process(kept, "asking", "NEW", true);
    add_run(kept, "asking", 1, NULL, 0, 0, "{}");
    add_process(kept, "shaky", "TESTING", true);
    add_run(kept, "shaky", 2, "FAILED", 0, 0, "{}");
    add_run(kept, "shaky", 1, "COMPLETED", 0, 0, "{}");
    add_process(kept, "costly", "TESTING", true);
    add_run(kept, "costly", 1, "COMPLETED", 1 * USD, 3 * USD, "{}");
    add_process(kept, "losing", "TESTING", true);
    for (int i = 1; i <= 10; i++)
        add_run(kept, "losing", i, "COMPLETED", -1 * USD, 0, "{}");
    add_process(kept, "strong", "CORE", true);
    add_process(kept, "young", "TESTING", true);
    for (int i = 1; i <= 3; i++) {
        add_run(kept, "strong", i, "COMPLETED", 2 * USD, 0, "{}");
        add_run(kept, "young", i, "COMPLETED", 2 * USD, 0, "{}");
    }
    add_process(kept, "steady", "CORE", true);
    add_run(kept, "steady", 1, "COMPLETED", 0, 0, "{\"heat\":8.9}");
    whole = evaluate(kept, 30);
    expect_row(whole, "dead", "none", "STATE_FROZEN: ");
    expect_row(whole, "waiting", "approve_or_reject", "NOT_APPROVED: ");
    expect_row(whole, "paused", "review", "STATE_FROZEN: PAUSED");
    expect_row(whole, "sinking", "kill", "KILL_CONDITION: pnl_sum is -51 over 2 runs");
    expect_row(whole, "hot", "kill", "KILL_CONDITION: heat is 9 over 1 runs");
    expect_row(whole, "idle", "run", "NO_RUNS: ");
    expect_row(whole, "asking", "answer_tasks", "WAITING: 1 runs began");
    expect_row(whole, "shaky", "repair", "FAILURES: 1 of 2");
    expect_row(whole, "costly", "cut_costs", "PROFIT_ILLUSION: 1 runs gained before costs, net -2");
    expect_row(whole, "losing", "review", "LOSING: net -10 USDT over 10 runs");
    expect_row(whole, "strong", "scale", "SCALE_RULE: fail_rate is 0 over 3 runs");
    expect_row(whole, "young", "keep_testing", "SCALE_RULE: ");
    expect_row(whole, "steady", "keep", "IN_ORDER: 1 runs ended, net 0 USDT");
    expect_health(whole, "stability", 22.0 / 23);
    expect_health(whole, "concentration", 0.5); /* two that earned the same */
    expect_health(whole, "churn", 1.0 / 13);
    expect_health(whole, "age_days", 10);
    expect_health(whole, "illusions", 1);
    json_decref(whole);
    store_close(kept);
}

static void a_share_of_nothing_is_null_and_the_window_has_an_edge(void **state)
{
    store *kept = fresh_store("process_empty");
    json_t *whole = evaluate(kept, 1);
    hean_error error;
    (void)state;
    assert_true(json_is_null(json_object_get(json_object_get(whole, "health"), "concentration")));
    assert_true(json_is_null(json_object_get(json_object_get(whole, "health"), "stability")));
    assert_true(json_is_null(json_object_get(json_object_get(whole, "health"), "churn")));
    json_decref(whole);
    add_process(kept, "old", "TESTING", true);
    add_run(kept, "old", 2, "COMPLETED", 1 * USD, 0, "{}");
    whole = evaluate(kept, 1);
    expect_row(whole, "old", "run", "NO_RUNS: ");
    json_decref(whole);
    whole = evaluate(kept, 2);
    expect_row(whole, "old", "keep_testing", "IN_ORDER: ");
    json_decref(whole);
    base_buffer out;
    base_buffer_init(&out, base_allocator_default());
    assert_status(process_evaluate(kept, 0, NOW_NS, &out, &error), HEAN_E_RANGE, &error);
    base_buffer_deinit(&out);
    store_close(kept);
}

/* ---- the report ---- */

static void expect_in(const base_buffer *text, const char *words, bool expected)
{
    if ((strstr(text->data, words) != NULL) != expected)
        fail_msg("\"%s\" is %sin %.3000s", words, expected ? "not " : "", text->data);
}

static void a_report_escapes_what_strangers_wrote(void **state)
{
    store *kept = fresh_store("process_escape");
    store_decision decision = {.process = "p<script>alert(1)</script>",
                               .policy = "guarded",
                               .from_state = "NEW",
                               .to_state = "KILLED",
                               .reasons = "[\"CODE: <img src=x> | **b** [l](u) 'q' \\\"d\\\"\"]",
                               .decided_ns = NOW_NS};
    process_report_texts texts;
    hean_error error;
    (void)state;
    assert_status(store_decision_add(kept, &decision, &error), HEAN_OK, &error);
    process_report_init(&texts);
    assert_status(process_report(kept, NOW_NS, false, &texts, &error), HEAN_OK, &error);
    expect_in(&texts.html, "<script", false);
    expect_in(&texts.html, "<img", false);
    expect_in(&texts.html, "p&lt;script&gt;alert(1)&lt;/script&gt;", true);
    expect_in(&texts.html, "&#39;q&#39; &quot;d&quot;", true);
    expect_in(&texts.markdown, "\\<img src=x\\> \\| \\*\\*b\\*\\* \\[l\\]", true);
    expect_in(&texts.markdown, "<script", true); /* behind a backslash */
    expect_in(&texts.markdown, "p\\<script\\>", true);
    process_report_deinit(&texts);
    store_close(kept);
}

static void a_report_is_made_once_a_day_with_every_digit(void **state)
{
    store *kept = fresh_store("process_report");
    process_report_texts first, again;
    hean_error error;
    (void)state;
    add_process(kept, "earner", "CORE", true);
    add_run(kept, "earner", 0, "COMPLETED", INT64_C(9007199254740993), 1, "{\"roi\":0.01}");
    process_report_init(&first);
    process_report_init(&again);
    assert_status(process_report(kept, NOW_NS, false, &first, &error), HEAN_OK, &error);
    assert_false(first.repeated);
    /* More digits than a double has. */
    expect_in(&first.json, "\"net\":90071992.54740992", true);
    expect_in(&first.markdown, " 90071992.54740992 ", true);
    expect_in(&first.html, ">90071992.54740992<", true);
    expect_in(&first.html, "90071992.54740993", true); /* gross */
    add_run(kept, "earner", 1, "COMPLETED", 5, 0, "{}");
    assert_status(process_report(kept, NOW_NS + 1, false, &again, &error), HEAN_OK, &error);
    assert_true(again.repeated);
    assert_string_equal(again.json.data, first.json.data);
    assert_string_equal(again.markdown.data, first.markdown.data);
    assert_string_equal(again.html.data, first.html.data);
    process_report_deinit(&again);
    process_report_init(&again);
    assert_status(process_report(kept, NOW_NS + 1, true, &again, &error), HEAN_OK, &error);
    assert_false(again.repeated);
    expect_in(&again.json, "\"net\":90071992.54740997", true);
    process_report_deinit(&again);
    process_report_init(&again);
    assert_status(process_report(kept, NOW_NS + DAY_NS, false, &again, &error), HEAN_OK, &error);
    assert_false(again.repeated); /* another day */
    process_report_deinit(&again);
    process_report_deinit(&first);
    store_close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_is_what_was_tried_and_counts_once),
        cmocka_unit_test(each_recommendation_has_its_reason),
        cmocka_unit_test(a_share_of_nothing_is_null_and_the_window_has_an_edge),
        cmocka_unit_test(a_report_escapes_what_strangers_wrote),
        cmocka_unit_test(a_report_is_made_once_a_day_with_every_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
