/*
 * metrics_hub_test.c: from the host's snapshot to metrics, JSON and readiness.
 */
#include "metrics_fixture.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

static char *text_of(metrics_hub *hub, metrics_format format)
{
    base_buffer text;

    base_buffer_init(&text, base_allocator_default());
    metrics_text_render(metrics_hub_registry(hub), format, &text);
    assert_false(text.failed);
    return text.data;
}

/* The value of a sample, as text; the caller compares it. */
static void assert_sample(const char *text, const char *name, const char *value)
{
    char line[256];

    (void)snprintf(line, sizeof line, "\n%s %s\n", name, value);
    if (strstr(text, line) == NULL)
        fail_msg("%s is not %s in\n%s", name, value, text);
}

static json_t *json_of(base_json *json)
{
    json_error_t problem;
    json_t *value;

    assert_false(json->buffer.failed);
    value = json_loadb(json->buffer.data, json->buffer.length, JSON_REJECT_DUPLICATES, &problem);
    if (value == NULL)
        fail_msg("%s at %d", problem.text, problem.position);
    base_buffer_deinit(&json->buffer);
    return value;
}

static json_t *status_of(metrics_hub *hub, int64_t now_ns)
{
    base_json json;

    base_json_init(&json, base_allocator_default());
    metrics_hub_write_status(hub, now_ns, &json);
    return json_of(&json);
}

static const char *at(const json_t *root, const char *first, const char *second)
{
    return json_string_value(json_object_get(json_object_get(root, first), second));
}

static void the_sixteen_required_gauges_are_there_from_the_start(void **state)
{
    static const char *const names[] = {"hean_equity",
                                        "hean_realized_pnl",
                                        "hean_unrealized_pnl",
                                        "hean_drawdown_pct",
                                        "hean_fees",
                                        "hean_funding",
                                        "hean_rewards",
                                        "hean_opp_cost",
                                        "hean_profit_illusion_flag",
                                        "hean_health_score",
                                        "hean_actions_enabled",
                                        "hean_snapshot_staleness_seconds",
                                        "hean_order_rejects",
                                        "hean_slippage_bps",
                                        "hean_maker_taker_ratio",
                                        "hean_api_latency_ms"};
    metrics_hub *hub = fixture_hub(base_allocator_default());
    (void)state;
    for (int published = 0; published < 2; published++) {
        char *text;
        if (published)
            fixture_publish(hub, FIXTURE_NOW_NS);
        metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
        text = text_of(hub, METRICS_TEXT);
        for (size_t i = 0; i < BASE_COUNT(names); i++) {
            char line[100];
            (void)snprintf(line, sizeof line, "# TYPE %s gauge\n%s ", names[i], names[i]);
            if (strstr(text, line) == NULL)
                fail_msg("%s", names[i]);
        }
        free(text);
    }
    metrics_hub_close(hub);
}

static void money_is_the_same_to_the_last_digit_in_all_places(void **state)
{
    static const struct {
        const char *metric, *group, *field, *value;
    } rows[] = {
        {"hean_equity", "account", "equity", "10000123456.78901234"},
        {"hean_realized_pnl", "pnl", "realized", "12345.67890123"},
        {"hean_unrealized_pnl", "pnl", "unrealized", "-0.00000017"},
        {"hean_fees", "pnl", "fees", "987.65432101"},
        {"hean_funding", "pnl", "funding", "-0.00000005"},
        {"hean_rewards", "pnl", "rewards", "0.00000007"},
        {"hean_opp_cost", "pnl", "opportunity_cost", "0.00000011"},
        {"hean_net_pnl", "pnl", "net", "11358.02458013"},
    };
    metrics_hub *hub = fixture_hub(base_allocator_default());
    json_t *status, *samples;
    base_json json;
    char *text;
    (void)state;
    fixture_publish(hub, FIXTURE_NOW_NS);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    text = text_of(hub, METRICS_OPENMETRICS);
    status = status_of(hub, FIXTURE_NOW_NS);
    base_json_init(&json, base_allocator_default());
    metrics_hub_write_samples(hub, FIXTURE_NOW_NS, &json);
    samples = json_of(&json);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        assert_sample(text, rows[i].metric, rows[i].value);
        assert_string_equal(at(status, rows[i].group, rows[i].field), rows[i].value);
        assert_string_equal(at(samples, "metrics", rows[i].metric), rows[i].value);
    }
    assert_sample(text, "hean_fees_paid_total", "987.65432111");
    assert_sample(text, "hean_drawdown_pct", "0.876543");
    assert_sample(text, "hean_snapshots_total", "1");
    assert_int_equal(json_integer_value(json_object_get(status, "sequence")), 1);
    assert_int_equal(json_integer_value(json_object_get(samples, "sequence")), 1);
    json_decref(status);
    json_decref(samples);
    free(text);
    metrics_hub_close(hub);
}

static void labelled_companions_follow_the_snapshot(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    metrics_status *status;
    char *text;
    (void)state;
    fixture_publish(hub, FIXTURE_NOW_NS);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    text = text_of(hub, METRICS_TEXT);
    assert_sample(text, "hean_strategy_equity{strategy=\"impulse\"}", "5005");
    assert_sample(text, "hean_position_quantity{strategy=\"impulse\",symbol=\"ETHUSDT\"}", "-1.5");
    assert_sample(text, "hean_venue_reconnects_total{venue=\"sim\"}", "2");
    assert_sample(text, "hean_mode{mode=\"paper\"}", "1");
    assert_sample(text, "hean_mode{mode=\"live\"}", "0");
    assert_sample(text, "hean_account_info{currency=\"USDT\"}", "1");
    assert_sample(text, "hean_open_orders", "2");
    free(text);
    /* the position is closed, a strategy is new: what was known stays, at 0 */
    status = metrics_hub_begin(hub);
    fixture_fill(status, FIXTURE_NOW_NS);
    status->position_count = 0;
    fixture_strategy(&status->strategies[2], "late", 1);
    status->strategy_count = 3;
    metrics_hub_publish(hub);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    text = text_of(hub, METRICS_TEXT);
    assert_sample(text, "hean_position_quantity{strategy=\"impulse\",symbol=\"ETHUSDT\"}", "0");
    assert_sample(text, "hean_strategy_running{strategy=\"late\"}", "1");
    free(text);
    metrics_hub_close(hub);
}

static void staleness_grows_when_nobody_publishes(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    bool checks[METRICS_CHECK_COUNT];
    char *text;
    (void)state;
    metrics_hub_check(hub, FIXTURE_NOW_NS, 1, 1, checks);
    assert_false(checks[METRICS_CHECK_SNAPSHOT]); /* there is none */
    assert_false(checks[METRICS_CHECK_LOOP]);
    fixture_publish(hub, FIXTURE_NOW_NS);
    metrics_hub_progress(hub, BASE_NS_PER_S);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    metrics_hub_check(hub, FIXTURE_NOW_NS, 2 * BASE_NS_PER_S, BASE_NS_PER_S, checks);
    for (int i = 0; i < METRICS_CHECK_COUNT; i++)
        assert_true(checks[i]);
    metrics_hub_collect(hub, FIXTURE_NOW_NS + 90 * BASE_NS_PER_S, &fixture_process);
    text = text_of(hub, METRICS_TEXT);
    assert_sample(text, "hean_snapshot_staleness_seconds", "90");
    assert_sample(text, "hean_health_component_ratio{component=\"data\"}", "0");
    free(text);
    metrics_hub_check(hub, FIXTURE_NOW_NS + 90 * BASE_NS_PER_S, 3 * BASE_NS_PER_S, BASE_NS_PER_S,
                      checks);
    assert_false(checks[METRICS_CHECK_SNAPSHOT]);
    assert_false(checks[METRICS_CHECK_LOOP]);
    assert_true(checks[METRICS_CHECK_LEDGER]);
    metrics_hub_close(hub);
}

static void the_newest_refusals_are_shown_first(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    json_t *status, *rejects;
    (void)state;
    for (int i = 0; i < 50; i++) {
        metrics_reject reject = {.time_ns = FIXTURE_NOW_NS + i,
                                 .side = HEAN_SIDE_SELL,
                                 .reason = HEAN_REASON_RISK_ORDER_RATE};
        (void)snprintf(reject.strategy, sizeof reject.strategy, "s%d", i);
        metrics_hub_reject(hub, &reject);
    }
    fixture_publish(hub, FIXTURE_NOW_NS);
    metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
    status = status_of(hub, FIXTURE_NOW_NS);
    rejects = json_object_get(status, "rejects");
    assert_int_equal(json_array_size(rejects), METRICS_REJECTS_MAX);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rejects, 0), "strategy")),
                        "s49");
    assert_string_equal(json_string_value(json_object_get(json_array_get(rejects, 0), "reason")),
                        "risk_order_rate");
    json_decref(status);
    metrics_hub_close(hub);
}

/* ---- health ---- */

static double component(const metrics_status *status, metrics_health_component which)
{
    metrics_health health;

    metrics_health_judge(status, &fixture_process, FIXTURE_NOW_NS, &health);
    return health.components[which];
}

static void every_component_falls_when_its_cause_is_there(void **state)
{
    static const struct {
        metrics_health_component which;
        const char *what;
        double health;
    } rows[] = {
        {METRICS_HEALTH_VENUE, "down", 0},          {METRICS_HEALTH_VENUE, "breaker", 0.5},
        {METRICS_HEALTH_RISK, "drawdown", 0.5},     {METRICS_HEALTH_RISK, "kill", 0},
        {METRICS_HEALTH_RISK, "ledger", 0},         {METRICS_HEALTH_RISK, "balance", 0},
        {METRICS_HEALTH_EXECUTION, "rejects", 0.5}, {METRICS_HEALTH_EXECUTION, "positions", 0.5},
        {METRICS_HEALTH_EXECUTION, "few", 1},       {METRICS_HEALTH_STRATEGIES, "stopped", 0.5},
        {METRICS_HEALTH_STRATEGIES, "brake", 0.75}, {METRICS_HEALTH_SYSTEM, "lag", 0},
        {METRICS_HEALTH_DATA, "silence", 0.5},      {METRICS_HEALTH_DATA, "stale", 0},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        metrics_hub *hub = fixture_hub(base_allocator_default());
        metrics_status *s = metrics_hub_begin(hub);
        const char *what = rows[i].what;
        fixture_fill(s, FIXTURE_NOW_NS);
        assert_true(component(s, rows[i].which) > 0.89);
        s->venues[0].up = strcmp(what, "down") != 0;
        s->venues[0].breaker_open = strcmp(what, "breaker") == 0;
        if (strcmp(what, "drawdown") == 0)
            s->drawdown_e8 = s->drawdown_limit_e8 / 2;
        s->kill[METRICS_KILL_OPERATOR] = strcmp(what, "kill") == 0;
        s->invariant_ok[4] = strcmp(what, "ledger") != 0;
        s->balance_error_e8 = strcmp(what, "balance") == 0 ? 1 : 0;
        if (strcmp(what, "rejects") == 0)
            s->recent_rejects = s->recent_orders / 8;
        if (strcmp(what, "few") == 0)
            s->recent_rejects = s->recent_orders = 9;
        s->venues[0].position_differences = strcmp(what, "positions") == 0 ? 1 : 0;
        s->strategies[0].running = strcmp(what, "stopped") != 0;
        if (strcmp(what, "brake") == 0)
            s->strategies[0].risk_state = HEAN_RISK_SOFT_BRAKE;
        if (strcmp(what, "lag") == 0)
            s->loop_lag_ns = 2 * BASE_NS_PER_S;
        if (strcmp(what, "silence") == 0)
            s->venues[0].data_time_ns = FIXTURE_NOW_NS - 2 * s->data_stale_limit_ns;
        if (strcmp(what, "stale") == 0)
            s->time_ns = FIXTURE_NOW_NS - BASE_NS_PER_S * 100;
        if (fabs(component(s, rows[i].which) - rows[i].health) > 1e-9)
            fail_msg("%s: %f", what, component(s, rows[i].which));
        metrics_hub_close(hub);
    }
}

static void one_broken_part_cannot_hide_behind_the_average(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    metrics_status *status = metrics_hub_begin(hub);
    metrics_health health;
    (void)state;
    fixture_fill(status, FIXTURE_NOW_NS);
    metrics_health_judge(status, &fixture_process, FIXTURE_NOW_NS, &health);
    assert_true(health.score > 0.9 && health.score <= 1);
    status->venues[0].up = false;
    metrics_health_judge(status, &fixture_process, FIXTURE_NOW_NS, &health);
    assert_true(health.score < 0.5);
    metrics_hub_close(hub);
}

static void conditions_have_the_names_of_their_rules(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    metrics_status *status = metrics_hub_begin(hub);
    metrics_alert alerts[METRICS_ALERTS_MAX];
    metrics_health health;
    (void)state;
    fixture_fill(status, FIXTURE_NOW_NS);
    metrics_health_judge(status, &fixture_process, FIXTURE_NOW_NS, &health);
    assert_int_equal(metrics_alerts(status, &health, FIXTURE_NOW_NS, alerts), 0);
    status->kill[METRICS_KILL_DRAWDOWN] = true;
    status->drawdown_e8 = status->drawdown_limit_e8;
    status->pnl.fees_e8 = 2 * status->pnl.realized_e8;
    metrics_health_judge(status, &fixture_process, FIXTURE_NOW_NS, &health);
    assert_int_equal(metrics_alerts(status, &health, FIXTURE_NOW_NS, alerts), 4);
    assert_string_equal(alerts[0].name, "KillSwitchActive");
    assert_string_equal(alerts[1].name, "DrawdownBreach");
    assert_string_equal(alerts[2].name, "ProfitIllusion");
    assert_string_equal(alerts[3].name, "HealthLow");
    for (uint32_t i = 0; i < METRICS_STRATEGIES_MAX; i++)
        (void)base_text_copy(status->strategies[i].name, HEAN_NAME_BYTES, "s");
    status->strategy_count = METRICS_STRATEGIES_MAX;
    assert_int_equal(metrics_alerts(status, &health, FIXTURE_NOW_NS, alerts), METRICS_ALERTS_MAX);
    metrics_hub_close(hub);
}

/* ---- history ---- */

static void a_long_history_stays_bounded_and_whole(void **state)
{
    static metrics_history history;
    metrics_status *status = calloc(1, sizeof *status);
    const int64_t seconds = 100000;
    (void)state;
    memset(&history, 0, sizeof history);
    for (int64_t i = 0; i < seconds * 2; i++) { /* twice a second */
        status->time_ns = FIXTURE_NOW_NS + i * BASE_NS_PER_S / 2;
        status->equity_e8 = i;
        metrics_history_add(&history, status);
    }
    assert_true(history.count > METRICS_HISTORY_MAX / 2 - 1);
    assert_true(history.count <= METRICS_HISTORY_MAX);
    assert_int_equal(history.points[0].equity_e8, 0);
    assert_true(history.points[history.count - 1].time_ns >=
                FIXTURE_NOW_NS + (seconds - 2 * history.step_ns / BASE_NS_PER_S) * BASE_NS_PER_S);
    for (size_t i = 1; i < history.count; i++)
        assert_int_equal(history.points[i].time_ns - history.points[i - 1].time_ns,
                         history.step_ns);
    free(status);
}

/* ---- threads and memory ---- */

#define PUBLICATIONS 20000

static void *publish_along(void *argument)
{
    metrics_hub *hub = argument;

    for (int64_t i = 1; i <= PUBLICATIONS; i++) {
        metrics_status *status = metrics_hub_begin(hub);
        status->time_ns = FIXTURE_NOW_NS;
        status->equity_e8 = i;
        status->pnl.realized_e8 = i;
        status->open_orders[METRICS_OPEN_ORDERS_MAX - 1].time_ns = i;
        metrics_hub_publish(hub);
    }
    return NULL;
}

static void a_reader_never_sees_half_a_snapshot(void **state)
{
    metrics_hub *hub = fixture_hub(base_allocator_default());
    pthread_t thread;
    uint64_t last = 0;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, publish_along, hub), 0);
    while (last < PUBLICATIONS) {
        const metrics_status *status;
        metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
        status = metrics_hub_status(hub);
        assert_true(status->sequence >= last);
        last = status->sequence;
        assert_int_equal(status->equity_e8, (int64_t)last);
        assert_int_equal(status->open_orders[METRICS_OPEN_ORDERS_MAX - 1].time_ns, (int64_t)last);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    metrics_hub_close(hub);
}

static void memory_that_runs_out_is_told_and_freed(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1;; fail_at += fail_at > 60 ? 37 : 1) {
        test_allocator memory;
        metrics_hub_options options = {NULL, NULL, FIXTURE_NOW_NS};
        metrics_venue_series venue;
        metrics_strategy_series strategy;
        metrics_hub *hub = NULL;
        hean_status status;
        test_allocator_init(&memory, fail_at);
        options.allocator = &memory.allocator;
        status = metrics_hub_open(&options, &hub, NULL);
        if (status == HEAN_OK)
            status = metrics_catalogue_venue(metrics_hub_registry(hub), "sim", &venue, NULL);
        if (status == HEAN_OK)
            status = metrics_catalogue_strategy(metrics_hub_registry(hub), "a", &strategy, NULL);
        if (status == HEAN_OK) {
            fixture_publish(hub, FIXTURE_NOW_NS);
            metrics_hub_collect(hub, FIXTURE_NOW_NS, &fixture_process);
        }
        metrics_hub_close(hub);
        assert_int_equal(memory.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

static void a_stopped_strategy_is_counted_under_its_reason(void **state)
{
    (void)state;
    assert_int_equal(metrics_jail_of(HEAN_E_SCRIPT_DEADLINE), METRICS_JAIL_DEADLINE);
    assert_int_equal(metrics_jail_of(HEAN_E_SCRIPT_JAILED), METRICS_JAIL_VIOLATION);
    assert_int_equal(metrics_jail_of(HEAN_E_LIMIT), METRICS_JAIL_OTHER);
    assert_int_equal(metrics_jail_of(HEAN_OK), METRICS_JAIL_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sixteen_required_gauges_are_there_from_the_start),
        cmocka_unit_test(money_is_the_same_to_the_last_digit_in_all_places),
        cmocka_unit_test(labelled_companions_follow_the_snapshot),
        cmocka_unit_test(staleness_grows_when_nobody_publishes),
        cmocka_unit_test(the_newest_refusals_are_shown_first),
        cmocka_unit_test(every_component_falls_when_its_cause_is_there),
        cmocka_unit_test(one_broken_part_cannot_hide_behind_the_average),
        cmocka_unit_test(conditions_have_the_names_of_their_rules),
        cmocka_unit_test(a_long_history_stays_bounded_and_whole),
        cmocka_unit_test(a_reader_never_sees_half_a_snapshot),
        cmocka_unit_test(memory_that_runs_out_is_told_and_freed),
        cmocka_unit_test(a_stopped_strategy_is_counted_under_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
