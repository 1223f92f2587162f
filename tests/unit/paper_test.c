/*
 * paper_test.c: the paper venue, as scenarios through the engine.
 */
#include "engine_scenario.h"

/* bid 100 x 5, 99 x 7; ask 103 x 5, 104 x 7 */
#define BOOK "10 bid 100 5\n10 ask 103 5\n10 bid 99 7\n10 ask 104 7\n"

/* ---- arrival ---- */

static void paper_requests_and_answers_take_their_latencies(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 5;
    run->options.paper.response_latency_ns = 3;
    scenario_expect(run,
                    BOOK "20 buy 1 market gtc 0 2\n"
                         "30 buy 2 limit gtc 100 1\n31 cancel 2\n60 noop\n",
                    "25/28 fill 1 buy 2@103 taker\n"
                    "25/28 order 1 filled\n"
                    "35/38 order 2 open\n"
                    "36/39 order 2 cancelled cancelled_by_strategy\n");
}

static void paper_latency_samples_hold_from_their_time_on(void **state)
{
    static const hean_latency_sample samples[] = {{0, 1, 1}, {30, 5, 7}, {50, 0, 0}};
    scenario *run = *state;
    run->options.paper.latency = samples;
    run->options.paper.latency_count = BASE_COUNT(samples);
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 90 1\n29 buy 2 limit gtc 90 1\n30 buy 3 limit gtc 90 "
                         "1\n50 buy 4 limit gtc 90 1\n60 noop\n",
                    "21/22 order 1 open\n"
                    "30/37 order 2 open\n" /* answered when the second sample holds */
                    "35/42 order 3 open\n"
                    "50/50 order 4 open\n");
}

static void paper_wires_never_let_a_later_message_overtake(void **state)
{
    static const hean_latency_sample samples[] = {{0, 20, 20}, {30, 0, 0}};
    scenario *run = *state;
    run->options.paper.latency = samples;
    run->options.paper.latency_count = BASE_COUNT(samples);
    scenario_expect(run, BOOK "20 buy 1 limit gtc 90 1\n30 cancel 1\n60 noop\n",
                    "40/40 order 1 open\n"
                    "40/40 order 1 cancelled cancelled_by_strategy\n");
}

static void paper_venue_knows_a_market_event_before_a_request_of_the_same_time(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 5;
    run->feed_ns = 1;
    scenario_expect(run,
                    "10 bid 100 5\n10 ask 103 5\n20 buy 1 market gtc 0 1\n26 ask 103 0\n"
                    "26 ask 105 1\n60 noop\n",
                    "25/25 fill 1 buy 1@105 taker\n"
                    "25/25 order 1 filled\n");
}

static void paper_venue_runs_on_its_own_time(void **state)
{
    /* The ask moves at 20 at the venue; the host hears of it at 50. */
    scenario *run = *state;
    run->feed_ns = 30;
    scenario_expect(run,
                    "40 bid 100 5\n40 ask 103 5\n45 buy 1 market gtc 0 1\n50 ask+ 103 0\n"
                    "50 ask 107 5\n80 noop\n",
                    "45/45 fill 1 buy 1@107 taker\n"
                    "45/45 order 1 filled\n");
}

/* ---- types and times in force, whole fills (NoPartialFillExchange) ---- */

static void paper_whole_fills_take_everything_at_the_best_price(void **state)
{
    scenario *run = *state;
    run->options.paper.partial_fills = false;
    scenario_expect(run,
                    BOOK "20 buy 1 market gtc 0 50\n30 sell 2 limit gtc 99 50\n40 buy 3 limit ioc "
                         "103 9\n50 buy 4 limit fok 110 90\n60 noop\n",
                    "20/20 fill 1 buy 50@103 taker\n20/20 order 1 filled\n"
                    "30/30 fill 2 sell 50@100 taker\n30/30 order 2 filled\n"
                    "40/40 fill 3 buy 9@103 taker\n40/40 order 3 filled\n"
                    "50/50 fill 4 buy 90@103 taker\n50/50 order 4 filled\n");
}

/* ---- partial fills (PartialFillExchange) ---- */

static void paper_market_orders_walk_the_book(void **state)
{
    scenario *run = *state;
    scenario_expect(run, BOOK "20 buy 1 market gtc 0 8\n30 sell 2 market gtc 0 20\n60 noop\n",
                    "20/20 fill 1 buy 5@103 taker\n20/20 order 1 partly\n"
                    "20/20 fill 1 buy 3@104 taker\n20/20 order 1 filled\n"
                    "30/30 fill 2 sell 5@100 taker\n30/30 order 2 partly\n"
                    "30/30 fill 2 sell 7@99 taker\n30/30 order 2 partly\n"
                    "30/30 order 2 cancelled no_liquidity\n");
}

static void paper_market_order_without_a_market_is_refused(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    "20 buy 1 market gtc 0 8\n30 bid 100 5\n40 buy 2 market gtc 0 1\n60 noop\n",
                    "20/20 order 1 rejected no_liquidity\n"
                    "40/40 order 2 rejected no_liquidity\n");
}

static void paper_limit_order_that_takes_is_filled_at_its_own_price_for_the_rest(void **state)
{
    scenario *run = *state;
    scenario_expect(run, BOOK "20 buy 1 limit gtc 103 8\n60 noop\n",
                    "20/20 fill 1 buy 5@103 taker\n20/20 order 1 partly\n"
                    "20/20 fill 1 buy 3@103 taker\n20/20 order 1 filled\n");
}

static void paper_ioc_takes_what_is_there_within_its_price(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit ioc 103 8\n30 buy 2 limit ioc 102 1\n"
                         "40 sell 3 limit ioc 99 12\n60 noop\n",
                    "20/20 fill 1 buy 5@103 taker\n20/20 order 1 partly\n"
                    "20/20 order 1 cancelled ioc_remainder\n"
                    "30/30 order 2 cancelled ioc_remainder\n"
                    "40/40 fill 3 sell 5@100 taker\n40/40 order 3 partly\n"
                    "40/40 fill 3 sell 7@99 taker\n40/40 order 3 filled\n");
}

static void paper_fok_fills_in_full_or_not_at_all(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit fok 103 6\n30 buy 2 limit fok 104 12\n"
                         "40 buy 3 limit fok 104 13\n50 sell 4 market fok 0 13\n"
                         "55 sell 5 limit fok 101 1\n60 noop\n",
                    "20/20 order 1 rejected fok_not_fillable\n"
                    "30/30 fill 2 buy 5@103 taker\n30/30 order 2 partly\n"
                    "30/30 fill 2 buy 7@104 taker\n30/30 order 2 filled\n"
                    "40/40 order 3 rejected fok_not_fillable\n"
                    "50/50 order 4 rejected fok_not_fillable\n"
                    "55/55 order 5 rejected fok_not_fillable\n");
}

static void paper_post_only_never_takes(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit post 103 1\n30 buy 2 limit post 102 1\n"
                         "40 sell 3 limit post 100 1\n50 sell 4 limit post 101 1\n60 noop\n",
                    "20/20 order 1 rejected post_only_would_take\n"
                    "30/30 order 2 open\n"
                    "40/40 order 3 rejected post_only_would_take\n"
                    "50/50 order 4 open\n");
}

/* ---- resting orders and queues ---- */

static void paper_trades_at_the_price_use_up_the_queue_then_fill(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 2\n30 hit 100 4\n40 hit 100 2\n50 hit 100 9\n"
                         "60 noop\n",
                    "20/20 order 1 open\n"
                    "40/40 fill 1 buy 1@100 maker\n40/40 order 1 partly\n"
                    "50/50 fill 1 buy 1@100 maker\n50/50 order 1 filled\n");
}

static void paper_whole_fills_fill_resting_orders_at_once(void **state)
{
    scenario *run = *state;
    run->options.paper.partial_fills = false;
    scenario_expect(run, BOOK "20 sell 1 limit gtc 103 9\n30 lift 103 5\n40 lift 103 1\n60 noop\n",
                    "20/20 order 1 open\n"
                    "40/40 fill 1 sell 9@103 maker\n40/40 order 1 filled\n");
}

static void paper_trades_beyond_the_price_fill_in_full(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 9\n21 buy 2 limit gtc 99 9\n30 hit 99 1\n"
                         "60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n"
                    "30/30 fill 1 buy 9@100 maker\n30/30 order 1 filled\n");
}

static void paper_trades_of_the_own_side_do_nothing(void **state)
{
    scenario *run = *state;
    scenario_expect(run, BOOK "20 buy 1 limit gtc 100 1\n30 lift 100 50\n40 lift 99 9\n60 noop\n",
                    "20/20 order 1 open\n");
}

static void paper_trades_of_unknown_side_fill_only_beyond_the_price(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 1\n20 sell 2 limit gtc 103 1\n30 print 100 50\n"
                         "40 print 99 1\n50 print 104 1\n60 noop\n",
                    "20/20 order 1 open\n20/20 order 2 open\n"
                    "40/40 fill 1 buy 1@100 maker\n40/40 order 1 filled\n"
                    "50/50 fill 2 sell 1@103 maker\n50/50 order 2 filled\n");
}

static void paper_the_other_side_reaching_the_price_fills_in_full(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK
                    "20 buy 1 limit gtc 100 9\n21 buy 2 limit gtc 99 1\n"
                    "22 sell 3 limit gtc 104 9\n30 ask 100 1\n40 clear\n41 bid 104 1\n60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n22/22 order 3 open\n"
                    "30/30 fill 1 buy 9@100 maker\n30/30 order 1 filled\n"
                    "41/41 fill 3 sell 9@104 maker\n41/41 order 3 filled\n");
}

static void paper_better_prices_then_earlier_arrivals_fill_first(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK
                    "20 buy 1 limit gtc 99 1\n21 buy 2 limit gtc 100 1\n"
                    "22 buy 3 limit gtc 99 1\n23 buy 4 limit gtc 101 1\n30 ask 98 1\n60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n22/22 order 3 open\n"
                    "23/23 order 4 open\n"
                    "30/30 fill 4 buy 1@101 maker\n30/30 order 4 filled\n"
                    "30/30 fill 2 buy 1@100 maker\n30/30 order 2 filled\n"
                    "30/30 fill 1 buy 1@99 maker\n30/30 order 1 filled\n"
                    "30/30 fill 3 buy 1@99 maker\n30/30 order 3 filled\n");
}

static void paper_every_own_order_sees_the_whole_trade(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 3\n21 buy 2 limit gtc 100 3\n30 hit 100 7\n"
                         "60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n"
                    "30/30 fill 1 buy 2@100 maker\n30/30 order 1 partly\n"
                    "30/30 fill 2 buy 2@100 maker\n30/30 order 2 partly\n");
}

static void paper_risk_averse_queue_is_never_longer_than_the_level(void **state)
{
    scenario *run = *state;
    /* 5 ahead; the level shrinks to 2, then grows: 2 ahead. */
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 1\n30 bid 100 2\n31 bid 100 50\n40 hit 100 2\n"
                         "50 hit 100 1\n60 noop\n",
                    "20/20 order 1 open\n"
                    "50/50 fill 1 buy 1@100 maker\n50/50 order 1 filled\n");
}

static void paper_probabilistic_queue_shares_unexplained_decreases(void **state)
{
    scenario *run = *state;
    run->options.paper.queue = ENGINE_QUEUE_PROB_POWER;
    run->options.paper.queue_power = 1;
    /* 8 ahead, then 8 more behind: a decrease of 4 is half and half: 6 ahead. */
    scenario_expect(run,
                    "10 bid 100 8\n10 ask 103 5\n20 buy 1 limit gtc 100 9\n30 bid 100 16\n"
                    "40 bid 100 12\n50 hit 100 7\n60 noop\n",
                    "20/20 order 1 open\n"
                    "50/50 fill 1 buy 1@100 maker\n50/50 order 1 partly\n");
}

static void paper_probabilistic_queue_counts_traded_decreases_once(void **state)
{
    scenario *run = *state;
    run->options.paper.queue = ENGINE_QUEUE_PROB_POWER;
    run->options.paper.queue_power = 1;
    /* 8 ahead, 8 behind; 4 trade and the level shows it: still 4 ahead. */
    scenario_expect(run,
                    "10 bid 100 8\n10 ask 103 5\n20 buy 1 limit gtc 100 9\n30 bid 100 16\n"
                    "40 hit 100 4\n41 bid 100 12\n50 hit 100 5\n60 noop\n",
                    "20/20 order 1 open\n"
                    "50/50 fill 1 buy 1@100 maker\n50/50 order 1 partly\n");
}

static void paper_logarithmic_queue_weighs_by_logarithms_of_quantity(void **state)
{
    scenario *run = *state;
    run->options.paper.queue = ENGINE_QUEUE_PROB_LOG;
    /* 3 ahead, 15 behind: p = ln 16 / (ln 16 + ln 4) = 2/3; a decrease of 6 takes 2 ahead. */
    scenario_expect(run,
                    "10 bid 100 3\n10 ask 103 5\n20 buy 1 limit gtc 100 9\n30 bid 100 18\n"
                    "40 bid 100 12\n50 hit 100 3\n60 noop\n",
                    "20/20 order 1 open\n"
                    "50/50 fill 1 buy 2@100 maker\n50/50 order 1 partly\n");
}

static void paper_probabilistic_queue_survives_an_empty_level(void **state)
{
    scenario *run = *state;
    run->options.paper.queue = ENGINE_QUEUE_PROB_POWER;
    run->options.paper.queue_power = 3;
    scenario_expect(run, BOOK "20 buy 1 limit gtc 101 1\n30 bid 101 0\n40 hit 101 1\n60 noop\n",
                    "20/20 order 1 open\n"
                    "40/40 fill 1 buy 1@101 maker\n40/40 order 1 filled\n");
}

/* ---- crossed feeds ---- */

static void paper_stale_levels_that_a_newer_one_crossed_are_ignored(void **state)
{
    scenario *run = *state;
    /* The bid rises to 104; the asks at 103 and 104 were never removed. */
    scenario_expect(run,
                    BOOK
                    "11 ask 106 3\n15 bid 104 1\n20 buy 1 market gtc 0 1\n"
                    "25 ask 103 9\n30 buy 2 market gtc 0 1\n31 sell 3 market gtc 0 1\n60 noop\n",
                    "20/20 fill 1 buy 1@106 taker\n20/20 order 1 filled\n"
                    "30/30 fill 2 buy 1@103 taker\n30/30 order 2 filled\n"
                    "31/31 fill 3 sell 1@100 taker\n31/31 order 3 filled\n");
}

static void paper_stale_levels_are_forgotten_once_removed(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "15 bid 103 1\n16 ask 103 0\n17 bid 103 0\n18 ask 102 4\n"
                         "20 buy 1 market gtc 0 1\n60 noop\n",
                    "20/20 fill 1 buy 1@102 taker\n20/20 order 1 filled\n");
}

/* ---- amend and cancel ---- */

static void paper_lower_quantity_keeps_the_place_in_the_queue(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 4\n30 hit 100 4\n31 amend 1 0 2\n40 hit 100 9\n"
                         "60 noop\n",
                    "20/20 order 1 open\n31/31 order 1 open\n"
                    "40/40 fill 1 buy 2@100 maker\n40/40 order 1 filled\n");
}

static void paper_higher_quantity_loses_the_place_in_the_queue(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 1\n30 hit 100 5\n31 amend 1 0 2\n40 hit 100 5\n"
                         "50 hit 100 2\n60 noop\n",
                    "20/20 order 1 open\n31/31 order 1 open\n"
                    "50/50 fill 1 buy 2@100 maker\n50/50 order 1 filled\n");
}

static void paper_a_new_price_arrives_anew_and_may_take(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 1\n30 amend 1 99 0\n40 hit 100 50\n"
                         "50 amend 1 103 0\n60 noop\n",
                    "20/20 order 1 open\n30/30 order 1 open\n50/50 order 1 open\n"
                    "50/50 fill 1 buy 1@103 taker\n50/50 order 1 filled\n");
}

static void paper_post_only_order_amended_into_the_market_ends(void **state)
{
    scenario *run = *state;
    scenario_expect(run, BOOK "20 buy 1 limit post 100 1\n30 amend 1 103 0\n60 noop\n",
                    "20/20 order 1 open\n30/30 order 1 open\n"
                    "30/30 order 1 cancelled post_only_would_take\n");
}

static void paper_amend_to_what_is_filled_cancels(void **state)
{
    scenario *run = *state;
    scenario_expect(run, BOOK "20 buy 1 limit gtc 100 4\n30 hit 100 7\n40 amend 1 0 2\n60 noop\n",
                    "20/20 order 1 open\n"
                    "30/30 fill 1 buy 2@100 maker\n30/30 order 1 partly\n"
                    "40/40 order 1 cancelled cancelled_by_strategy\n");
}

static void paper_cancel_and_amend_of_a_filled_order_come_too_late(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 10;
    run->options.paper.response_latency_ns = 10;
    scenario_expect(run,
                    BOOK "20 buy 1 limit gtc 100 4\n35 hit 99 1\n36 amend 1 0 9\n37 cancel 1\n"
                         "58 cancel 1\n80 noop\n",
                    "30/40 order 1 open\n"
                    "35/45 fill 1 buy 4@100 maker\n35/45 order 1 filled\n"
                    "46/56 order 1 rejected unknown_order\n"
                    "47/57 order 1 rejected unknown_order\n"
                    "58/58 order 1 rejected unknown_order\n"); /* the host knows */
}

static void paper_second_cancel_is_not_answered(void **state)
{
    scenario *run = *state;
    run->options.paper.entry_latency_ns = 10;
    scenario_expect(run, BOOK "20 buy 1 limit gtc 100 4\n40 cancel 1\n41 cancel 1\n80 noop\n",
                    "30/30 order 1 open\n50/50 order 1 cancelled cancelled_by_strategy\n");
}

/* ---- reduce-only ---- */

static void paper_reduce_only_needs_a_position(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 sell 1 market gtc 0 1 0 reduce\n30 buy 2 market gtc 0 1\n"
                         "40 buy 3 market gtc 0 1 0 reduce\n60 noop\n",
                    "20/20 order 1 rejected reduce_only\n"
                    "30/30 fill 2 buy 1@103 taker\n30/30 order 2 filled\n"
                    "40/40 order 3 rejected reduce_only\n");
}

static void paper_reduce_only_is_capped_by_the_position(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 market gtc 0 3\n30 sell 2 market gtc 0 5 0 reduce\n60 noop\n",
                    "20/20 fill 1 buy 3@103 taker\n20/20 order 1 filled\n"
                    "30/30 fill 2 sell 3@100 taker\n30/30 order 2 partly\n"
                    "30/30 order 2 cancelled reduce_only\n");
}

static void paper_resting_reduce_only_ends_when_nothing_is_left_to_reduce(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "20 buy 1 market gtc 0 3\n30 sell 2 limit gtc 105 3 0 reduce\n"
                         "40 sell 3 market gtc 0 3\n50 lift 106 1\n60 noop\n",
                    "20/20 fill 1 buy 3@103 taker\n20/20 order 1 filled\n"
                    "30/30 order 2 open\n"
                    "40/40 fill 3 sell 3@100 taker\n40/40 order 3 filled\n"
                    "50/50 order 2 cancelled reduce_only\n");
}

/* ---- stops ---- */

static void paper_stops_trigger_by_the_last_trade(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "15 lift 103 1\n20 buy 1 stop gtc 0 2 105\n21 sell 2 stop gtc 0 2 99\n"
                         "30 lift 104 1\n31 lift 105 1\n40 hit 99 1\n60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n"
                    "31/31 fill 1 buy 2@103 taker\n31/31 order 1 filled\n"
                    "40/40 fill 2 sell 2@100 taker\n40/40 order 2 filled\n");
}

static void paper_stops_that_are_reached_on_arrival_trigger_at_once(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "15 lift 103 1\n20 buy 1 stop gtc 0 2 103\n21 sell 2 stop gtc 0 1 103\n"
                         "60 noop\n",
                    "20/20 fill 1 buy 2@103 taker\n20/20 order 1 filled\n"
                    "21/21 fill 2 sell 1@100 taker\n21/21 order 2 filled\n");
}

static void paper_stops_without_trades_trigger_by_the_best_price_after_the_message(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK
                    "20 buy 1 stop gtc 0 1 105\n21 sell 2 stop gtc 0 1 98\n"
                    "30 ask+ 103 0\n30 ask+ 104 0\n30 ask+ 105 3\n30 ask 104 2\n" /* back to 104 */
                    "40 ask 104 0\n50 bid+ 100 0\n50 bid+ 99 0\n50 bid 97 5\n60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n"
                    "40/40 fill 1 buy 1@105 taker\n40/40 order 1 filled\n"
                    "50/50 fill 2 sell 1@97 taker\n50/50 order 2 filled\n");
}

static void paper_stop_limit_becomes_a_limit_order(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "15 lift 103 1\n20 buy 1 stoplimit gtc 102 2 104\n"
                         "21 buy 2 stoplimit gtc 105 1 104\n22 buy 3 stoplimit post 103 1 104\n"
                         "30 lift 104 1\n40 hit 101 1\n60 noop\n",
                    "20/20 order 1 open\n21/21 order 2 open\n22/22 order 3 open\n"
                    "30/30 fill 2 buy 1@103 taker\n30/30 order 2 filled\n"
                    "30/30 order 3 cancelled post_only_would_take\n"
                    "40/40 fill 1 buy 2@102 maker\n40/40 order 1 filled\n");
}

static void paper_stops_can_be_amended_and_cancelled(void **state)
{
    scenario *run = *state;
    scenario_expect(run,
                    BOOK "15 lift 103 1\n20 buy 1 stop gtc 0 2 105\n21 amend 1 0 3\n"
                         "22 sell 2 stop gtc 0 2 99\n23 cancel 2\n30 lift 105 1\n40 hit 99 1\n"
                         "60 noop\n",
                    "20/20 order 1 open\n21/21 order 1 open\n22/22 order 2 open\n"
                    "23/23 order 2 cancelled cancelled_by_strategy\n"
                    "30/30 fill 1 buy 3@103 taker\n30/30 order 1 filled\n");
}

/* ---- options ---- */

static void paper_options_that_cannot_be_are_refused(void **state)
{
    static const hean_latency_sample backwards[] = {{5, 0, 0}, {4, 0, 0}};
    static const hean_latency_sample negative[] = {{5, 0, -1}};
    scenario *run = *state;
    for (int i = 0; i < 7; i++) {
        engine_options options = engine_options_default();
        engine_paper_options *paper = &options.paper;
        hean_error error;
        if (i == 0)
            paper->entry_latency_ns = -1;
        else if (i == 1)
            paper->response_latency_ns = -1;
        else if (i == 2)
            paper->queue = (engine_queue_model)77;
        else if (i == 3)
            paper->queue_power = 0;
        else if (i == 4)
            paper->queue_power = 0.0 / 0.0;
        else
            paper->latency = i == 5 ? backwards : negative;
        paper->latency_count = i == 5 ? 2 : i == 6 ? 1 : 0;
        assert_int_equal(engine_open(&options, &run->engine, &error), HEAN_E_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(paper_requests_and_answers_take_their_latencies),
        SCENARIO(paper_latency_samples_hold_from_their_time_on),
        SCENARIO(paper_wires_never_let_a_later_message_overtake),
        SCENARIO(paper_venue_knows_a_market_event_before_a_request_of_the_same_time),
        SCENARIO(paper_venue_runs_on_its_own_time),
        SCENARIO(paper_whole_fills_take_everything_at_the_best_price),
        SCENARIO(paper_market_orders_walk_the_book),
        SCENARIO(paper_market_order_without_a_market_is_refused),
        SCENARIO(paper_limit_order_that_takes_is_filled_at_its_own_price_for_the_rest),
        SCENARIO(paper_ioc_takes_what_is_there_within_its_price),
        SCENARIO(paper_fok_fills_in_full_or_not_at_all),
        SCENARIO(paper_post_only_never_takes),
        SCENARIO(paper_trades_at_the_price_use_up_the_queue_then_fill),
        SCENARIO(paper_whole_fills_fill_resting_orders_at_once),
        SCENARIO(paper_trades_beyond_the_price_fill_in_full),
        SCENARIO(paper_trades_of_the_own_side_do_nothing),
        SCENARIO(paper_trades_of_unknown_side_fill_only_beyond_the_price),
        SCENARIO(paper_the_other_side_reaching_the_price_fills_in_full),
        SCENARIO(paper_better_prices_then_earlier_arrivals_fill_first),
        SCENARIO(paper_every_own_order_sees_the_whole_trade),
        SCENARIO(paper_risk_averse_queue_is_never_longer_than_the_level),
        SCENARIO(paper_probabilistic_queue_shares_unexplained_decreases),
        SCENARIO(paper_probabilistic_queue_counts_traded_decreases_once),
        SCENARIO(paper_logarithmic_queue_weighs_by_logarithms_of_quantity),
        SCENARIO(paper_probabilistic_queue_survives_an_empty_level),
        SCENARIO(paper_stale_levels_that_a_newer_one_crossed_are_ignored),
        SCENARIO(paper_stale_levels_are_forgotten_once_removed),
        SCENARIO(paper_lower_quantity_keeps_the_place_in_the_queue),
        SCENARIO(paper_higher_quantity_loses_the_place_in_the_queue),
        SCENARIO(paper_a_new_price_arrives_anew_and_may_take),
        SCENARIO(paper_post_only_order_amended_into_the_market_ends),
        SCENARIO(paper_amend_to_what_is_filled_cancels),
        SCENARIO(paper_cancel_and_amend_of_a_filled_order_come_too_late),
        SCENARIO(paper_second_cancel_is_not_answered),
        SCENARIO(paper_reduce_only_needs_a_position),
        SCENARIO(paper_reduce_only_is_capped_by_the_position),
        SCENARIO(paper_resting_reduce_only_ends_when_nothing_is_left_to_reduce),
        SCENARIO(paper_stops_trigger_by_the_last_trade),
        SCENARIO(paper_stops_that_are_reached_on_arrival_trigger_at_once),
        SCENARIO(paper_stops_without_trades_trigger_by_the_best_price_after_the_message),
        SCENARIO(paper_stop_limit_becomes_a_limit_order),
        SCENARIO(paper_stops_can_be_amended_and_cancelled),
        SCENARIO(paper_options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
