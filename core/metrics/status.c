/*
 * status.c: the snapshot as JSON, and the history of equity.
 *
 * Money is written as exact decimal text in quotes, since most readers of JSON make doubles of
 * numbers. What is not known is null. Pure: time is passed in.
 */
#include <metrics/status.h>

#include <math.h>
#include <string.h>

/* ---- history ---- */

static void thin_out(metrics_history *history)
{
    size_t kept = 0;

    for (size_t i = 0; i < history->count; i += 2)
        history->points[kept++] = history->points[i];
    history->count = kept;
    history->step_ns *= 2;
}

void metrics_history_add(metrics_history *history, const metrics_status *status)
{
    if (history->count > 0 &&
        status->time_ns - history->points[history->count - 1].time_ns < history->step_ns)
        return;
    if (history->step_ns == 0)
        history->step_ns = BASE_NS_PER_S;
    if (history->count == METRICS_HISTORY_MAX)
        thin_out(history);
    history->points[history->count++] =
        (metrics_history_point){status->time_ns, status->equity_e8, status->drawdown_e8};
}

/* ---- JSON ---- */

static void money(base_json *json, const char *key, int64_t value_e8)
{
    char text[48];
    base_json_text(json, key, decimal_format_scaled(value_e8, 8, text, sizeof text));
}

static void units(base_json *json, const char *key, int64_t count, hean_decimal step)
{
    char text[64];
    base_json_text(json, key, decimal_format_units(count, step, text, sizeof text));
}

/* Wall-clock times are shown to the millisecond; 0 is "never". */
static void instant(base_json *json, const char *key, int64_t time_ns)
{
    if (time_ns == 0)
        base_json_null(json, key);
    else
        base_json_time(json, key, time_ns);
}

static void write_pnl(base_json *json, const metrics_pnl *pnl)
{
    money(json, "realized", pnl->realized_e8);
    money(json, "unrealized", pnl->unrealized_e8);
    money(json, "fees", pnl->fees_e8);
    money(json, "funding", pnl->funding_e8);
    money(json, "rewards", pnl->rewards_e8);
    money(json, "opportunity_cost", pnl->opportunity_cost_e8);
    money(json, "net", metrics_net_e8(pnl));
}

static void write_gates(base_json *json, const metrics_status *status)
{
    base_json_text(json, "mode", metrics_mode_text(status->mode));
    base_json_text(json, "market", status->market);
    base_json_bool(json, "actions_enabled", status->actions_enabled);
    base_json_object(json, "switches");
    for (int i = 0; i < METRICS_SWITCH_COUNT; i++)
        base_json_bool(json, metrics_switch_text((metrics_switch)i), status->switches[i]);
    base_json_object_end(json);
    base_json_array(json, "kill_switch");
    for (int i = 0; i < METRICS_KILL_COUNT; i++) {
        if (status->kill[i])
            base_json_text(json, NULL, metrics_kill_text((metrics_kill)i));
    }
    base_json_array_end(json);
}

static void write_health(base_json *json, const metrics_health *health)
{
    base_json_object(json, "health");
    base_json_real(json, "score", health->score);
    base_json_object(json, "components");
    for (int i = 0; i < METRICS_HEALTH_COUNT; i++)
        base_json_real(json, metrics_health_text((metrics_health_component)i),
                       health->components[i]);
    base_json_object_end(json);
    base_json_object_end(json);
}

static void write_money(base_json *json, const metrics_status *status)
{
    base_json_object(json, "account");
    base_json_text(json, "currency", status->currency);
    money(json, "equity", status->equity_e8);
    money(json, "peak_equity", status->peak_equity_e8);
    base_json_scaled(json, "drawdown_pct", status->drawdown_e8, 6);
    if (status->drawdown_limit_e8 > 0)
        base_json_scaled(json, "drawdown_limit_pct", status->drawdown_limit_e8, 6);
    else
        base_json_null(json, "drawdown_limit_pct");
    base_json_object_end(json);
    base_json_object(json, "pnl");
    write_pnl(json, &status->pnl);
    base_json_bool(json, "profit_illusion", metrics_profit_illusion(&status->pnl));
    base_json_object_end(json);
}

static void write_execution(base_json *json, const metrics_status *status)
{
    uint64_t fills = status->fills_maker + status->fills_taker;

    base_json_object(json, "execution");
    base_json_whole(json, "events", (int64_t)status->events);
    base_json_whole(json, "orders", (int64_t)status->orders);
    base_json_whole(json, "rejects", (int64_t)status->order_rejects);
    base_json_whole(json, "fills_maker", (int64_t)status->fills_maker);
    base_json_whole(json, "fills_taker", (int64_t)status->fills_taker);
    base_json_real(json, "maker_taker_ratio",
                   fills > 0 ? (double)status->fills_maker / (double)fills : NAN);
    base_json_real(json, "slippage_bps", status->slippage_bps);
    base_json_real(json, "api_latency_ms", status->api_latency_ms);
    base_json_object_end(json);
    base_json_object(json, "ledger");
    base_json_bool(json, "ok", metrics_ledger_ok(status));
    base_json_whole(json, "entries", (int64_t)status->ledger_entries);
    base_json_whole(json, "violations", (int64_t)status->invariant_violations);
    base_json_real(json, "lag_seconds", (double)status->ledger_lag_ns / 1e9);
    base_json_object_end(json);
}

static void write_venues(base_json *json, const metrics_status *status, int64_t now_ns)
{
    base_json_array(json, "venues");
    for (uint32_t i = 0; i < status->venue_count; i++) {
        const metrics_venue_status *venue = &status->venues[i];
        base_json_object(json, NULL);
        base_json_text(json, "name", venue->name);
        base_json_bool(json, "up", venue->up);
        base_json_bool(json, "breaker_open", venue->breaker_open);
        base_json_real(json, "data_age_seconds",
                       venue->data_time_ns > 0 ? (double)(now_ns - venue->data_time_ns) / 1e9
                                               : NAN);
        base_json_real(json, "headroom", venue->headroom);
        base_json_whole(json, "position_differences", venue->position_differences);
        base_json_whole(json, "reconnects", (int64_t)venue->reconnects);
        base_json_whole(json, "sequence_gaps", (int64_t)venue->sequence_gaps);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static const char *risk_text(hean_risk_state state)
{
    static const char *const texts[] = {"NORMAL", "SOFT_BRAKE", "QUARANTINE", "HARD_STOP"};
    return (unsigned)state < BASE_COUNT(texts) ? texts[state] : "unknown";
}

static void write_strategies(base_json *json, const metrics_status *status)
{
    base_json_array(json, "strategies");
    for (uint32_t i = 0; i < status->strategy_count; i++) {
        const metrics_strategy_status *strategy = &status->strategies[i];
        base_json_object(json, NULL);
        base_json_text(json, "name", strategy->name);
        base_json_text(json, "jail",
                       !strategy->running         ? "stopped"
                       : strategy->worker_pid > 0 ? "jailed"
                                                  : "in_process");
        base_json_text(json, "why", strategy->why);
        base_json_text(json, "risk_state", risk_text(strategy->risk_state));
        base_json_whole(json, "callbacks", (int64_t)strategy->callbacks);
        base_json_real(json, "callback_us_max", (double)strategy->callback_ns_max / 1e3);
        instant(json, "last_callback", strategy->last_callback_ns);
        base_json_whole(json, "restarts", (int64_t)strategy->restarts);
        base_json_whole(json, "orders", (int64_t)strategy->orders);
        base_json_whole(json, "open_orders", strategy->open_orders);
        base_json_whole(json, "fills", (int64_t)strategy->fills);
        base_json_whole(json, "rejects", (int64_t)strategy->rejects);
        if (strategy->memory_bytes >= 0)
            base_json_whole(json, "memory_bytes", strategy->memory_bytes);
        else
            base_json_null(json, "memory_bytes");
        money(json, "equity", strategy->equity_e8);
        write_pnl(json, &strategy->pnl);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static void write_positions(base_json *json, const metrics_status *status)
{
    base_json_array(json, "positions");
    for (uint32_t i = 0; i < status->position_count; i++) {
        const metrics_position *position = &status->positions[i];
        base_json_object(json, NULL);
        base_json_text(json, "strategy", position->strategy);
        base_json_text(json, "symbol", position->symbol);
        units(json, "qty", position->qty_lots, position->lot_size);
        money(json, "cost", position->cost_e8);
        write_pnl(json, &position->pnl);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static const char *side_text(hean_side side)
{
    return side == HEAN_SIDE_BUY ? "buy" : side == HEAN_SIDE_SELL ? "sell" : "none";
}

static const char *order_text(hean_order_status status)
{
    static const char *const texts[] = {"none",          "pending_new",    "open",
                                        "partly_filled", "pending_cancel", "filled",
                                        "cancelled",     "rejected",       "unknown"};
    return (unsigned)status < BASE_COUNT(texts) ? texts[status] : "unknown";
}

static void write_orders(base_json *json, const metrics_status *status)
{
    base_json_array(json, "open_orders");
    for (uint32_t i = 0; i < status->open_order_count; i++) {
        const metrics_open_order *order = &status->open_orders[i];
        char id[24];
        (void)snprintf(id, sizeof id, "%llu", (unsigned long long)order->order_id);
        base_json_object(json, NULL);
        base_json_text(json, "id", id);
        base_json_text(json, "strategy", order->strategy);
        base_json_text(json, "symbol", order->symbol);
        base_json_text(json, "side", side_text(order->side));
        base_json_text(json, "status", order_text(order->status));
        units(json, "price", order->price_ticks, order->tick_size);
        units(json, "qty", order->qty_lots, order->lot_size);
        units(json, "filled", order->filled_lots, order->lot_size);
        instant(json, "time", order->time_ns);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static void write_events(base_json *json, const metrics_status *status,
                         const metrics_health *health, int64_t now_ns)
{
    metrics_alert alerts[METRICS_ALERTS_MAX];
    size_t count = metrics_alerts(status, health, now_ns, alerts);

    base_json_array(json, "rejects");
    for (uint32_t i = 0; i < status->reject_count; i++) {
        const metrics_reject *reject = &status->rejects[i];
        base_json_object(json, NULL);
        instant(json, "time", reject->time_ns);
        base_json_text(json, "strategy", reject->strategy);
        base_json_text(json, "symbol", reject->symbol);
        base_json_text(json, "side", side_text(reject->side));
        base_json_text(json, "reason", hean_reason_text(reject->reason));
        base_json_object_end(json);
    }
    base_json_array_end(json);
    base_json_array(json, "alerts");
    for (size_t i = 0; i < count; i++) {
        base_json_object(json, NULL);
        base_json_text(json, "name", alerts[i].name);
        base_json_text(json, "severity", alerts[i].severity);
        base_json_text(json, "text", alerts[i].text);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static void write_history(base_json *json, const metrics_history *history)
{
    base_json_object(json, "history");
    base_json_array(json, "time_ms");
    for (size_t i = 0; i < history->count; i++)
        base_json_whole(json, NULL, history->points[i].time_ns / BASE_NS_PER_MS);
    base_json_array_end(json);
    base_json_array(json, "equity");
    for (size_t i = 0; i < history->count; i++)
        base_json_scaled(json, NULL, history->points[i].equity_e8, 8);
    base_json_array_end(json);
    base_json_array(json, "drawdown_pct");
    for (size_t i = 0; i < history->count; i++)
        base_json_scaled(json, NULL, history->points[i].drawdown_e8, 6);
    base_json_array_end(json);
    base_json_object_end(json);
}

void metrics_status_write(const metrics_status *status, const metrics_health *health,
                          const metrics_history *history, int64_t now_ns, base_json *json)
{
    base_json_object(json, NULL);
    base_json_whole(json, "schema_version", 1);
    base_json_whole(json, "sequence", (int64_t)status->sequence);
    base_json_text(json, "version", HEAN_VERSION_STRING);
    instant(json, "time", status->time_ns);
    base_json_whole(json, "time_ms", status->time_ns / BASE_NS_PER_MS);
    base_json_real(json, "uptime_seconds", (double)(now_ns - status->start_ns) / 1e9);
    base_json_real(json, "staleness_seconds", (double)(now_ns - status->time_ns) / 1e9);
    write_gates(json, status);
    write_health(json, health);
    write_money(json, status);
    write_execution(json, status);
    write_venues(json, status, now_ns);
    write_strategies(json, status);
    write_positions(json, status);
    write_orders(json, status);
    write_events(json, status, health, now_ns);
    write_history(json, history);
    base_json_object_end(json);
}
