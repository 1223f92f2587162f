/*
 * health.c: how well the host is, from its snapshot: components, score, conditions.
 *
 * Pure: the snapshot, what the process uses and the time are given. What each component means is
 * in status.h.
 */
#include <metrics/status.h>

#include <math.h>
#include <string.h>

#define NAME_FUNCTION(function, type, map, count)                                                  \
    const char *function(type which)                                                               \
    {                                                                                              \
        static const char *const texts[] = {map(TEXT_ROW)};                                        \
        return (unsigned)which < (count) ? texts[which] : "unknown";                               \
    }
#define TEXT_ROW(name, text) text,
#define MODE_MAP(X)                                                                                \
    X(METRICS_PAPER, "paper")                                                                      \
    X(METRICS_LIVE, "live")                                                                        \
    X(METRICS_REPLAY, "replay")
#define SWITCH_MAP(X)                                                                              \
    X(METRICS_SWITCH_CONFIG, "config")                                                             \
    X(METRICS_SWITCH_COMMAND_LINE, "command_line")                                                 \
    X(METRICS_SWITCH_ENVIRONMENT, "environment")

NAME_FUNCTION(metrics_mode_text, metrics_mode, MODE_MAP, METRICS_MODES)
NAME_FUNCTION(metrics_kill_text, metrics_kill, METRICS_KILL_MAP, METRICS_KILL_COUNT)
NAME_FUNCTION(metrics_switch_text, metrics_switch, SWITCH_MAP, METRICS_SWITCH_COUNT)
NAME_FUNCTION(metrics_health_text, metrics_health_component, METRICS_HEALTH_MAP,
              METRICS_HEALTH_COUNT)

/* ---- money ---- */

int64_t metrics_net_e8(const metrics_pnl *pnl)
{
    return (int64_t)((uint64_t)pnl->realized_e8 + (uint64_t)pnl->funding_e8 +
                     (uint64_t)pnl->rewards_e8 - (uint64_t)pnl->fees_e8 -
                     (uint64_t)pnl->opportunity_cost_e8);
}

bool metrics_profit_illusion(const metrics_pnl *pnl)
{
    return pnl->realized_e8 > 0 && metrics_net_e8(pnl) < 0;
}

bool metrics_kill_active(const metrics_status *status)
{
    bool active = false;
    for (int i = 0; i < METRICS_KILL_COUNT; i++)
        active |= status->kill[i];
    return active;
}

bool metrics_ledger_ok(const metrics_status *status)
{
    bool ok = status->balance_error_e8 == 0;
    for (int i = 0; i < METRICS_INVARIANT_COUNT; i++)
        ok &= status->invariant_ok[i];
    return ok;
}

/* ---- components ---- */

/* 1 at or below `well`, 0 at or above `broken`, a line between; NAN is not known, and no reason to
 * worry. */
static double falling(double value, double well, double broken)
{
    if (!(value > well))
        return 1;
    if (value >= broken)
        return 0;
    return (broken - value) / (broken - well);
}

static double venue_component(const metrics_status *status)
{
    double sum = 0;

    for (uint32_t i = 0; i < status->venue_count; i++)
        sum += !status->venues[i].up ? 0 : status->venues[i].breaker_open ? 0.5 : 1;
    return status->venue_count > 0 ? sum / status->venue_count : 1;
}

static double risk_component(const metrics_status *status)
{
    if (metrics_kill_active(status) || !metrics_ledger_ok(status))
        return 0;
    if (status->drawdown_limit_e8 <= 0)
        return 1;
    return falling((double)status->drawdown_e8, 0, (double)status->drawdown_limit_e8);
}

static double execution_component(const metrics_status *status)
{
    double health = 1;

    if (status->recent_orders >= 10)
        health = falling((double)status->recent_rejects / (double)status->recent_orders, 0, 0.25);
    for (uint32_t i = 0; i < status->venue_count; i++) {
        if (status->venues[i].position_differences != 0)
            health = fmin(health, 0.5);
    }
    return health;
}

static double strategy_component(const metrics_status *status)
{
    double sum = 0;

    for (uint32_t i = 0; i < status->strategy_count; i++) {
        const metrics_strategy_status *strategy = &status->strategies[i];
        if (strategy->running && strategy->risk_state <= HEAN_RISK_SOFT_BRAKE)
            sum += strategy->risk_state == HEAN_RISK_NORMAL ? 1 : 0.5;
    }
    return status->strategy_count > 0 ? sum / status->strategy_count : 1;
}

static double age_component(int64_t now_ns, int64_t then_ns, int64_t limit_ns)
{
    double age_ns = (double)now_ns - (double)then_ns;

    return limit_ns > 0 ? falling(age_ns, (double)limit_ns, 3 * (double)limit_ns) : 1;
}

static double data_component(const metrics_status *status, int64_t now_ns)
{
    double health = age_component(now_ns, status->time_ns, status->stale_limit_ns);

    for (uint32_t i = 0; i < status->venue_count; i++)
        health = fmin(health, age_component(now_ns, status->venues[i].data_time_ns,
                                            status->data_stale_limit_ns));
    return health;
}

void metrics_health_judge(const metrics_status *status, const metrics_process *process,
                          int64_t now_ns, metrics_health *out)
{
    double worst = 1, sum = 0;
    double *components = out->components;

    components[METRICS_HEALTH_VENUE] = venue_component(status);
    components[METRICS_HEALTH_RISK] = risk_component(status);
    components[METRICS_HEALTH_EXECUTION] = execution_component(status);
    components[METRICS_HEALTH_STRATEGIES] = strategy_component(status);
    components[METRICS_HEALTH_SYSTEM] = fmin(falling((double)status->loop_lag_ns, 1e7, 1e9),
                                             falling(process->open_fds / process->max_fds, 0.8, 1));
    components[METRICS_HEALTH_DATA] = data_component(status, now_ns);
    for (int i = 0; i < METRICS_HEALTH_COUNT; i++) {
        worst = fmin(worst, components[i]);
        sum += components[i];
    }
    out->score = (worst + sum / METRICS_HEALTH_COUNT) / 2;
}

/* ---- conditions ---- */

typedef struct alert_list {
    metrics_alert *items;
    size_t count;
} alert_list;

static void HEAN_PRINTF(4, 5)
    add(alert_list *list, const char *name, const char *severity, const char *format, ...)
{
    metrics_alert *alert;
    va_list args;

    if (list->count == METRICS_ALERTS_MAX)
        return;
    alert = &list->items[list->count++];
    alert->name = name;
    alert->severity = severity;
    va_start(args, format);
    (void)vsnprintf(alert->text, sizeof alert->text, format, args);
    va_end(args);
}

static void add_safety(alert_list *list, const metrics_status *status)
{
    double drawdown = (double)status->drawdown_e8, limit = (double)status->drawdown_limit_e8;

    for (int i = 0; i < METRICS_KILL_COUNT; i++) {
        if (status->kill[i])
            add(list, "KillSwitchActive", "critical", "no new orders: %s",
                metrics_kill_text((metrics_kill)i));
    }
    if (!metrics_ledger_ok(status))
        add(list, "LedgerInvariantViolation", "critical", "the ledger's invariants do not hold");
    if (limit > 0 && drawdown >= limit)
        add(list, "DrawdownBreach", "critical", "drawdown %.2f %%, limit %.2f %%", drawdown / 1e6,
            limit / 1e6);
    else if (limit > 0 && drawdown > 0.8 * limit)
        add(list, "DrawdownWarning", "warning", "drawdown %.2f %% of at most %.2f %%",
            drawdown / 1e6, limit / 1e6);
    if (metrics_profit_illusion(&status->pnl))
        add(list, "ProfitIllusion", "warning", "gross profit, net loss: costs eat the gains");
}

static void add_venues(alert_list *list, const metrics_status *status, int64_t now_ns)
{
    for (uint32_t i = 0; i < status->venue_count; i++) {
        const metrics_venue_status *venue = &status->venues[i];
        if (!venue->up)
            add(list, "VenueDown", "critical", "%s is not connected", venue->name);
        if (status->data_stale_limit_ns > 0 &&
            now_ns - venue->data_time_ns > status->data_stale_limit_ns)
            add(list, "MarketDataStale", "critical", "%s has been silent for too long",
                venue->name);
        if (venue->position_differences != 0)
            add(list, "PositionMismatch", "critical", "%s has other positions: %lld differences",
                venue->name, (long long)venue->position_differences);
    }
}

size_t metrics_alerts(const metrics_status *status, const metrics_health *health, int64_t now_ns,
                      metrics_alert out[METRICS_ALERTS_MAX])
{
    alert_list list = {out, 0};

    add_safety(&list, status);
    if (status->stale_limit_ns > 0 && now_ns - status->time_ns > status->stale_limit_ns)
        add(&list, "SnapshotStale", "critical", "nothing new for %.1f s",
            (double)(now_ns - status->time_ns) / 1e9);
    add_venues(&list, status, now_ns);
    if (status->recent_orders >= 20 && status->recent_rejects * 20 > status->recent_orders)
        add(&list, "OrderRejectBurst", "warning", "%llu of the last %llu orders were refused",
            (unsigned long long)status->recent_rejects, (unsigned long long)status->recent_orders);
    if (health->score < 0.5)
        add(&list, "HealthLow", "warning", "health %.2f", health->score);
    for (uint32_t i = 0; i < status->strategy_count; i++) {
        const metrics_strategy_status *strategy = &status->strategies[i];
        if (!strategy->running)
            add(&list, "StrategyStopped", "warning", "%s: %s", strategy->name, strategy->why);
        else if (strategy->risk_state >= HEAN_RISK_QUARANTINE)
            add(&list, "StrategyHalted", "warning", "%s may not trade", strategy->name);
    }
    return list.count;
}
