/*
 * paper_test.c: the paper venue, as scenarios through the engine.
 */
#include "engine_scenario.h"

#define BOOK "10 bid 100 5\n10 ask 103 5\n10 bid 99 7\n10 ask 104 7\n"

static void paper_market_order_takes_the_best_level_after_the_entry_latency(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 5;
    run->options.paper.response_latency_ns = 3;
    scenario_expect(run, BOOK "20 buy 1 market gtc 0 2\n40 noop\n",
                    "25/28 fill 1 buy 2@103 taker\n"
                    "25/28 order 1 filled\n");
}

static void paper_limit_order_rests_behind_the_queue_and_fills_by_trades(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 2\n30 hit 100 4\n40 hit 100 2\n50 hit 100 9\n"
                         "60 noop\n",
                    "20/20 order 1 open\n"
                    "40/40 fill 1 buy 1@100 maker\n"
                    "40/40 order 1 partly\n"
                    "50/50 fill 1 buy 1@100 maker\n"
                    "50/50 order 1 filled\n");
}

static int setup(void **state)
{
    *state = scenario_new();
    return 0;
}

static int teardown(void **state)
{
    scenario_free(*state);
    return 0;
}

#define SCENARIO(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(paper_market_order_takes_the_best_level_after_the_entry_latency),
        SCENARIO(paper_limit_order_rests_behind_the_queue_and_fills_by_trades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
