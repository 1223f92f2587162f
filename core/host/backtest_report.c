/*
 * backtest_report.c: reading the report of a replay.
 *
 * The report lies in memory that a jailed child may have written as it liked, before and while it
 * is read here. So every length, place and number is copied first and checked before it is used; a
 * child can falsify its own figures, and that is all it can do.
 */
#include "backtest_private.h"

#include <string.h>

static void copy_name(char *out, size_t bytes, const char *from)
{
    memcpy(out, from, bytes);
    out[bytes - 1] = 0;
    base_text_clean(out, strlen(out));
}

size_t report_drain_log(const replay_report *report, size_t from, const hean_log_sink *sink)
{
    size_t end = __atomic_load_n(&report->log_bytes, __ATOMIC_ACQUIRE);
    char name[HEAN_NAME_BYTES], text[HOST_LINE_BYTES];
    replay_line line;

    copy_name(name, sizeof name, report->strategy);
    if (end > sizeof report->log)
        end = sizeof report->log;
    while (from < end && end - from >= sizeof line) {
        const char *at = report->log + from;
        memcpy(&line, at, sizeof line);
        if (line.bytes >= sizeof text || line.level > HEAN_LOG_ERROR ||
            sizeof line + line.bytes > end - from) {
            return sizeof report->log; /* not of our making: no more of it */
        }
        memcpy(text, at + sizeof line, line.bytes);
        text[line.bytes] = 0;
        base_text_clean(text, line.bytes);
        from += sizeof line + (line.bytes + 7) / 8 * 8;
        if (sink->write != NULL)
            sink->write(sink->context, (hean_log_level)line.level, line.time_ns,
                        line.from_host ? "host" : name, text);
    }
    return from;
}

/* A child may have written anything: a wrong sum is its own affair, an overflow would be ours. */
static int64_t saturate(base_int128 sum)
{
    return sum > INT64_MAX ? INT64_MAX : sum < INT64_MIN ? INT64_MIN : (int64_t)sum;
}

static void read_figures(const replay_report *report, backtest_result *out)
{
    const hean_account *account = &report->account;

    out->complete = report->complete != 0;
    out->events = report->events;
    out->callbacks = account->callbacks;
    out->orders = account->orders;
    out->fills = account->fills;
    out->maker_fills = report->maker_fills;
    out->taker_fills = report->taker_fills;
    out->cancels = report->cancels;
    memcpy(out->rejects_by_reason, report->rejects_by_reason, sizeof out->rejects_by_reason);
    for (size_t i = 0; i < HEAN_REASON_COUNT; i++)
        out->rejects += out->rejects_by_reason[i];
    out->gross_pnl_e8 = saturate((base_int128)account->realized_e8 + account->unrealized_e8);
    out->fees_e8 = account->fees_e8;
    out->funding_e8 = account->funding_e8;
    out->net_pnl_e8 =
        saturate((base_int128)out->gross_pnl_e8 - account->fees_e8 + account->funding_e8);
    out->volume_e8 = report->volume_e8;
    if (report->market_samples > 0 && report->first_mid2_ticks > 0) {
        out->price_range = ((double)report->high_mid2_ticks - (double)report->low_mid2_ticks) /
                           (double)report->first_mid2_ticks;
        out->spread_bps = report->spread_sum / (double)report->market_samples * 1e4;
    }
    out->peak_equity_e8 = account->peak_equity_e8;
    out->max_drawdown_e8 = account->max_drawdown_e8;
    out->risk_state = (unsigned)account->risk_state <= HEAN_RISK_HARD_STOP ? account->risk_state
                                                                           : HEAN_RISK_HARD_STOP;
    out->log_lines = report->log_lines;
    out->log_lines_dropped = report->log_lines_dropped;
    if (report->hashed != 0)
        hash_hex(report->orders_hash, HASH_SHA256_BYTES, out->orders_hash);
    out->wall_seconds = (double)report->wall_ns / BASE_NS_PER_S;
    if (report->wall_ns > 0)
        out->events_per_second = (double)out->events / out->wall_seconds;
    copy_name(out->strategy, sizeof out->strategy, report->strategy);
}

static hean_status read_lists(const replay_report *report, const hean_allocator *allocator,
                              const market_data *data, backtest_result *out, hean_error *error)
{
    size_t metrics = report->metric_count;

    if (metrics > HOST_METRICS_MAX)
        metrics = 0;
    out->positions = base_alloc_array(allocator, data->info.instruments, sizeof *out->positions);
    out->metrics = base_alloc_array(allocator, metrics, sizeof *out->metrics);
    if (out->positions == NULL || out->metrics == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    for (size_t i = 0; i < data->info.instruments; i++) {
        memcpy(out->positions[i].symbol, data->instruments[i].spec.symbol, HEAN_SYMBOL_BYTES);
        market_settlement(&data->instruments[i].spec, out->positions[i].currency);
        out->positions[i].position = report->positions[i];
    }
    out->position_count = data->info.instruments;
    for (size_t i = 0; i < metrics; i++) {
        copy_name(out->metrics[i].name, HEAN_METRIC_NAME_BYTES, report->metrics[i].name);
        out->metrics[i].value = report->metrics[i].value;
    }
    out->metric_count = metrics;
    return HEAN_OK;
}

hean_status report_read(const replay_report *report, const hean_allocator *allocator,
                        const market_data *data, backtest_result *out, hean_error *error)
{
    backtest_result result = {0};
    hean_status status;

    read_figures(report, &result);
    status = read_lists(report, allocator, data, &result, error);
    if (status != HEAN_OK)
        backtest_result_deinit(allocator, &result);
    else
        *out = result;
    return status;
}
