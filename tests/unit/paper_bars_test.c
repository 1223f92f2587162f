/*
 * paper_bars_test.c: the paper venue where the data has no book: quotes, trades, bars.
 */
#include "engine_scenario.h"

static void paper_quotes_alone_make_a_market(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "10 quote 100 5 103 5\n20 buy 1 market gtc 0 2\n21 buy 2 limit gtc 100 1\n"
                    "30 hit 100 6\n40 buy 3 limit gtc 102 1\n41 quote 100 5 102 9\n60 noop\n",
                    "20/20 fill 1 buy 2@103 taker\n20/20 order 1 filled\n"
                    "21/21 order 2 open\n"
                    "30/30 fill 2 buy 1@100 maker\n30/30 order 2 filled\n"
                    "40/40 order 3 open\n"
                    "41/41 fill 3 buy 1@102 maker\n41/41 order 3 filled\n");
}

static void paper_quotes_hide_the_queue_behind_the_best(void **state)
{
    scenario *run = *state;
    /* 98 is not shown: trades there do not fill until the level was seen. */
    scenario_expect(run,
                    "10 quote 100 5 103 5\n20 buy 1 limit gtc 98 1\n30 hit 98 500\n"
                    "40 quote 98 7 103 5\n50 hit 98 7\n51 hit 98 1\n60 noop\n",
                    "20/20 order 1 open\n"
                    "51/51 fill 1 buy 1@98 maker\n51/51 order 1 filled\n");
}

static void paper_the_first_book_replaces_the_quotes(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "10 quote 100 5 103 5\n11 bid 90 1\n12 ask 110 1\n13 quote 100 5 103 5\n"
                    "20 buy 1 market gtc 0 1\n60 noop\n",
                    "20/20 fill 1 buy 1@110 taker\n20/20 order 1 filled\n");
}

static void paper_trades_alone_make_a_market(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "10 lift 100 1\n20 buy 1 market gtc 0 7\n21 buy 2 limit gtc 99 7\n"
                    "22 sell 3 limit post 100 1\n30 hit 99 500\n40 hit 98 1\n60 noop\n",
                    "20/20 fill 1 buy 7@100 taker\n20/20 order 1 filled\n"
                    "21/21 order 2 open\n"
                    "22/22 order 3 rejected post_only_would_take\n"
                    "40/40 fill 2 buy 7@99 maker\n40/40 order 2 filled\n");
}

/* ---- bars ---- */

static void paper_bars_fill_market_orders_at_the_next_open(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 3;
    run->options.paper.response_latency_ns = 5;
    scenario_expect(run,
                    "100 bar 50 55 45 52 100\n100 buy 1 market gtc 0 7\n"
                    "200 bar 53 58 50 57 100\n300 bar 57 58 50 57 100\n",
                    "103/108 order 1 open\n"
                    "200/200 fill 1 buy 7@53 taker\n200/200 order 1 filled\n");
}

static void paper_bars_take_an_order_sent_inside_a_bar_from_the_next(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 55 45 52 100\n101 buy 1 market gtc 0 7\n"
                    "200 bar 53 58 50 57 100\n300 bar 58 58 50 57 100\n",
                    "101/101 order 1 open\n"
                    "300/300 fill 1 buy 7@58 taker\n300/300 order 1 filled\n");
}

static void paper_bars_tell_fills_before_the_bar(void **state)
{
    scenario *run = *state;
    run->kinds = 1u << HEAN_EVENT_BAR;
    scenario_expect(run,
                    "100 bar 50 55 45 52 100\n100 buy 1 market gtc 0 7\n200 bar 53 58 50 57 100\n",
                    "100 bar 50 55 45 52\n100/100 order 1 open\n"
                    "200/200 fill 1 buy 7@53 taker\n200/200 order 1 filled\n"
                    "200 bar 53 58 50 57\n");
}

static void paper_bars_that_rise_go_down_first(void **state)
{
    scenario *run = *state;
    /* open 50, low 45, high 55, close 52: the buy at 46 first, then the sell at 54 */
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 sell 1 limit gtc 54 1\n100 buy 2 limit gtc 46 1\n"
                    "200 bar 50 55 45 52 100\n",
                    "100/100 order 1 open\n100/100 order 2 open\n"
                    "200/200 fill 2 buy 1@46 maker\n200/200 order 2 filled\n"
                    "200/200 fill 1 sell 1@54 maker\n200/200 order 1 filled\n");
}

static void paper_bars_that_fall_go_up_first(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 2 limit gtc 46 1\n100 sell 1 limit gtc 54 1\n"
                    "200 bar 50 55 45 49 100\n",
                    "100/100 order 2 open\n100/100 order 1 rejected duplicate_order\n"
                    "200/200 fill 2 buy 1@46 maker\n200/200 order 2 filled\n");
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 limit gtc 46 1\n100 sell 2 limit gtc 54 1\n"
                    "200 bar 50 55 45 49 100\n",
                    "100/100 order 1 open\n100/100 order 2 open\n"
                    "200/200 fill 2 sell 1@54 maker\n200/200 order 2 filled\n"
                    "200/200 fill 1 buy 1@46 maker\n200/200 order 1 filled\n");
}

static void paper_bars_take_marketable_orders_at_the_open(void **state)
{
    scenario *run = *state;
    scenario_expect(
        run,
        "100 bar 50 50 50 50 100\n100 buy 1 limit gtc 60 1\n100 buy 2 limit ioc 60 1\n"
        "100 buy 3 limit post 60 1\n100 buy 4 limit fok 49 1\n100 buy 5 limit ioc 49 1\n"
        "200 bar 50 55 45 52 100\n",
        "100/100 order 1 open\n100/100 order 2 open\n100/100 order 3 open\n"
        "100/100 order 4 open\n100/100 order 5 open\n"
        "200/200 fill 1 buy 1@50 taker\n200/200 order 1 filled\n"
        "200/200 fill 2 buy 1@50 taker\n200/200 order 2 filled\n"
        "200/200 order 3 cancelled post_only_would_take\n"
        "200/200 order 4 cancelled fok_not_fillable\n"
        "200/200 order 5 cancelled ioc_remainder\n");
}

static void paper_bars_fill_what_the_open_gapped_over_at_its_own_price(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 limit gtc 45 1\n200 bar 50 50 50 50 100\n"
                    "300 bar 40 41 39 40 100\n",
                    "100/100 order 1 open\n"
                    "300/300 fill 1 buy 1@45 maker\n300/300 order 1 filled\n");
}

static void paper_bars_trigger_stops_on_the_path(void **state)
{
    scenario *run = *state;
    /* up first would trigger at 54; a gap triggers at the open */
    scenario_expect(
        run,
        "100 bar 50 50 50 50 100\n100 buy 1 stop gtc 0 1 54\n100 sell 2 stop gtc 0 1 30\n"
        "200 bar 50 55 45 52 100\n300 bar 25 26 24 25 100\n",
        "100/100 order 1 open\n100/100 order 2 open\n"
        "200/200 fill 1 buy 1@54 taker\n200/200 order 1 filled\n"
        "300/300 fill 2 sell 1@25 taker\n300/300 order 2 filled\n");
}

static void paper_bars_stop_limit_may_rest_and_fill_on_the_way_back(void **state)
{
    scenario *run = *state;
    /* falls: open 50, high 55 triggers at 54, then down to 45 fills at 52 */
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 stoplimit gtc 52 1 54\n"
                    "200 bar 50 55 45 49 100\n",
                    "100/100 order 1 open\n"
                    "200/200 fill 1 buy 1@52 maker\n200/200 order 1 filled\n");
}

static void paper_bars_stop_and_target_happen_in_the_order_of_the_path(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 market gtc 0 1\n200 bar 50 50 50 50 100\n"
                    "200 sell 2 stop gtc 0 1 47 reduce\n200 sell 3 limit gtc 53 1 0 reduce\n"
                    "300 bar 50 55 45 52 100\n",
                    "100/100 order 1 open\n"
                    "200/200 fill 1 buy 1@50 taker\n200/200 order 1 filled\n"
                    "200/200 order 2 open\n200/200 order 3 open\n"
                    "300/300 fill 2 sell 1@47 taker\n300/300 order 2 filled\n"
                    "300/300 order 3 cancelled reduce_only\n");
}

static void paper_bars_give_way_to_trades_and_books(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 market gtc 0 1\n150 lift 51 1\n"
                    "200 bar 50 50 50 50 100\n210 buy 2 market gtc 0 1\n220 noop\n",
                    "100/100 order 1 open\n"
                    "150/150 fill 1 buy 1@51 taker\n150/150 order 1 filled\n"
                    "210/210 fill 2 buy 1@51 taker\n210/210 order 2 filled\n");
}

static void paper_orders_that_wait_for_a_bar_can_be_amended_and_cancelled(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "100 bar 50 50 50 50 100\n100 buy 1 limit gtc 60 1\n100 buy 2 limit gtc 60 3\n"
                    "100 buy 3 limit gtc 60 3\n101 cancel 1\n102 amend 2 0 2\n103 amend 3 49 0\n"
                    "200 bar 50 50 50 50 100\n300 bar 50 50 48 50 100\n",
                    "100/100 order 1 open\n100/100 order 2 open\n100/100 order 3 open\n"
                    "101/101 order 1 cancelled cancelled_by_strategy\n"
                    "102/102 order 2 open\n103/103 order 3 open\n"
                    "200/200 fill 2 buy 2@50 taker\n200/200 order 2 filled\n"
                    "300/300 fill 3 buy 3@49 maker\n300/300 order 3 filled\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(paper_quotes_alone_make_a_market),
        SCENARIO(paper_quotes_hide_the_queue_behind_the_best),
        SCENARIO(paper_the_first_book_replaces_the_quotes),
        SCENARIO(paper_trades_alone_make_a_market),
        SCENARIO(paper_bars_fill_market_orders_at_the_next_open),
        SCENARIO(paper_bars_take_an_order_sent_inside_a_bar_from_the_next),
        SCENARIO(paper_bars_tell_fills_before_the_bar),
        SCENARIO(paper_bars_that_rise_go_down_first),
        SCENARIO(paper_bars_that_fall_go_up_first),
        SCENARIO(paper_bars_take_marketable_orders_at_the_open),
        SCENARIO(paper_bars_fill_what_the_open_gapped_over_at_its_own_price),
        SCENARIO(paper_bars_trigger_stops_on_the_path),
        SCENARIO(paper_bars_stop_limit_may_rest_and_fill_on_the_way_back),
        SCENARIO(paper_bars_stop_and_target_happen_in_the_order_of_the_path),
        SCENARIO(paper_bars_give_way_to_trades_and_books),
        SCENARIO(paper_orders_that_wait_for_a_bar_can_be_amended_and_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
