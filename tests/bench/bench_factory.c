/*
 * bench_factory.c: definitions a second through the whole gate: reading, filter, score. Target:
 * 20,000. Time is processor time.
 */
#include <support.h>

#include <factory/quality.h>

#include <time.h>

#define ROUNDS 2000
#define REPEAT 9

static const char definition_text[] =
    "{\"id\":\"funding_watch\",\"name\":\"Funding watch\",\"type\":\"TRADING\",\"version\":"
    "\"1.0.0\",\"description\":\"Finds funding rates that pay for holding after fees and spread, "
    "and tells a person which of them lasted longer than a day.\",\"requirements\":{\"needs_bybit\""
    ":true,\"needs_ui\":false},\"inputs_schema\":{\"type\":\"object\",\"properties\":{\"symbol\":"
    "{\"type\":\"string\"}}},\"actions\":[{\"step_id\":\"rates\",\"kind\":\"API_CALL\",\"params\":"
    "{\"endpoint\":\"/v5/market/tickers\",\"query\":{\"category\":\"linear\"}},\"timeout\":30,"
    "\"retries\":2,\"description\":\"Reads the current rates.\"},{\"step_id\":\"judge\",\"kind\":"
    "\"COMPUTE\",\"params\":{\"function\":\"funding_monitor\",\"notional_usd\":1000},"
    "\"depends_on\":[\"rates\"],\"description\":\"Leaves what pays after costs.\"},{\"step_id\":"
    "\"look\",\"kind\":\"HUMAN_TASK\",\"params\":{\"instructions\":\"Read the rates of this run "
    "and note which of them you would hold.\"},\"depends_on\":[\"judge\"]}],\"expected_outputs\":"
    "[\"rates\",\"due\"],\"safety\":{\"max_capital_usd\":500,\"require_manual_approval\":true,"
    "\"max_risk_factor\":2},\"measurement\":{\"metrics\":[\"capital_delta\",\"time_hours\",\"roi\","
    "\"fail_rate\"],\"attribution_rule\":\"direct\"},\"kill_conditions\":[{\"metric\":\"fail_"
    "rate\","
    "\"threshold\":0.7,\"comparison\":\">\",\"window_runs\":10},{\"metric\":\"pnl_sum\","
    "\"threshold\":-50,\"comparison\":\"<\",\"window_runs\":10}],\"scale_rules\":[{\"metric\":"
    "\"roi\",\"threshold\":0.05}]}";

/* Of this process: what others do on the machine is not measured. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * BASE_NS_PER_S + now.tv_nsec;
}

int main(void)
{
    factory_policy policy = factory_policy_default();
    double rates[REPEAT], reading[REPEAT], opening[REPEAT];

    for (int i = 0; i < REPEAT; i++) {
        factory_safety *filter = NULL;
        factory_definition *definition = NULL;
        factory_quality quality;
        factory_problem problem;
        int64_t from_ns = cpu_ns();
        if (factory_safety_open(base_allocator_default(), &filter) != HEAN_OK)
            return 1;
        opening[i] = (double)(cpu_ns() - from_ns) / 1e6;
        from_ns = cpu_ns();
        for (int round = 0; round < ROUNDS; round++) {
            if (factory_admit(filter, base_allocator_default(), definition_text,
                              sizeof definition_text - 1, &policy, &definition, &quality,
                              &problem) != HEAN_OK)
                return 1;
            factory_definition_close(definition);
        }
        rates[i] = ROUNDS * 1e9 / (double)(cpu_ns() - from_ns) / 1e3;
        from_ns = cpu_ns();
        for (int round = 0; round < ROUNDS; round++) {
            if (factory_definition_read(base_allocator_default(), definition_text,
                                        sizeof definition_text - 1, &policy, &definition,
                                        &problem) != HEAN_OK)
                return 1;
            factory_definition_close(definition);
        }
        reading[i] = ROUNDS * 1e9 / (double)(cpu_ns() - from_ns) / 1e3;
        factory_safety_close(filter);
    }
    printf("one definition of %zu bytes\n", sizeof definition_text - 1);
    test_print_percentiles("definitions through the gate", rates, REPEAT, "thousand/s");
    test_print_percentiles("definitions read, without filter and score", reading, REPEAT,
                           "thousand/s");
    test_print_percentiles("making the filter's words ready", opening, REPEAT, "ms");
    return 0;
}
