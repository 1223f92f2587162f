/*
 * metrics_fixture.h: a host's snapshot with something in every place, for the tests of metrics.
 */
#ifndef METRICS_FIXTURE_H
#define METRICS_FIXTURE_H

#include <support.h>

#include <metrics/hub.h>

#include <math.h>
#include <string.h>

#define FIXTURE_NOW_NS (INT64_C(1800000000) * BASE_NS_PER_S)

static const metrics_process fixture_process = {1.5, 12, 1024, 1e9, 5e7, 4, 1.7e9};

static inline void fixture_strategy(metrics_strategy_status *out, const char *name, int64_t pnl_e8)
{
    (void)base_text_copy(out->name, sizeof out->name, name);
    out->running = true;
    out->worker_pid = 4711;
    out->equity_e8 = 5000 * BASE_E8 + pnl_e8;
    out->pnl.realized_e8 = pnl_e8;
    out->memory_bytes = 5 << 20;
    out->callback_ns_max = 81000;
    out->last_callback_ns = FIXTURE_NOW_NS - BASE_NS_PER_MS;
    out->callbacks = 123456;
    out->orders = 200;
    out->fills = 90;
    out->rejects = 3;
    out->open_orders = 1;
}

/* Everything is well; the money has digits that no double holds. */
static inline void fixture_fill(metrics_status *out, int64_t time_ns)
{
    metrics_venue_status *venue = &out->venues[0];
    metrics_position *position = &out->positions[0];
    metrics_open_order *order = &out->open_orders[0];

    out->time_ns = time_ns;
    out->start_ns = FIXTURE_NOW_NS - 3600 * BASE_NS_PER_S;
    (void)base_text_copy(out->market, sizeof out->market, "sim:42");
    (void)base_text_copy(out->currency, sizeof out->currency, "USDT");
    out->equity_e8 = INT64_C(1000012345678901234);
    out->peak_equity_e8 = INT64_C(1000100000000000000);
    out->drawdown_e8 = 876543;
    out->drawdown_limit_e8 = 20000000;
    out->pnl = (metrics_pnl){1234567890123, -17, 98765432101, -5, 7, 11};
    out->fees_paid_e8 = 98765432111;
    out->fee_rebates_e8 = 10;
    out->funding_paid_e8 = 5;
    out->ledger_entries = 1234;
    out->events = 987654;
    out->orders = 400;
    out->order_rejects = 6;
    out->fills_maker = 150;
    out->fills_taker = 50;
    out->recent_orders = 40;
    out->recent_rejects = 1;
    out->slippage_bps = 0.35;
    out->api_latency_ms = 12.25;
    out->loop_lag_ns = 400000;
    out->stale_limit_ns = 5 * BASE_NS_PER_S;
    out->data_stale_limit_ns = 10 * BASE_NS_PER_S;
    out->log_lines[HEAN_LOG_INFO] = 17;
    out->venue_count = 1;
    (void)base_text_copy(venue->name, sizeof venue->name, "sim");
    venue->up = true;
    venue->data_time_ns = time_ns - 5 * BASE_NS_PER_MS;
    venue->headroom = 0.8;
    venue->requests = 450;
    venue->reconnects = 2;
    out->strategy_count = 2;
    fixture_strategy(&out->strategies[0], "impulse", 5 * BASE_E8);
    fixture_strategy(&out->strategies[1], "market_maker", -3);
    out->position_count = 1;
    (void)base_text_copy(position->strategy, sizeof position->strategy, "impulse");
    (void)base_text_copy(position->symbol, sizeof position->symbol, "ETHUSDT");
    position->qty_lots = -1500;
    position->lot_size = (hean_decimal){1, -3};
    position->cost_e8 = 400000000001;
    position->pnl.unrealized_e8 = -17;
    out->open_order_count = 1;
    (void)base_text_copy(order->strategy, sizeof order->strategy, "market_maker");
    (void)base_text_copy(order->symbol, sizeof order->symbol, "ETHUSDT");
    order->order_id = (UINT64_C(1) << 48) | 7;
    order->side = HEAN_SIDE_BUY;
    order->status = HEAN_ORDER_OPEN;
    order->price_ticks = 268162;
    order->tick_size = (hean_decimal){1, -2};
    order->qty_lots = 1000;
    order->filled_lots = 250;
    order->lot_size = (hean_decimal){1, -3};
    order->time_ns = time_ns;
}

static inline metrics_hub *fixture_hub(const hean_allocator *allocator)
{
    metrics_hub_options options = {allocator, "0123abc", FIXTURE_NOW_NS};
    metrics_hub *hub = NULL;
    hean_error error;

    assert_status(metrics_hub_open(&options, &hub, &error), HEAN_OK, &error);
    return hub;
}

static inline void fixture_publish(metrics_hub *hub, int64_t time_ns)
{
    fixture_fill(metrics_hub_begin(hub), time_ns);
    metrics_hub_publish(hub);
}

#endif
