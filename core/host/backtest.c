/*
 * backtest.c: the parent of a backtest: reads script and data, starts the replay in a jailed child,
 * watches it, and reads its report as what it is: a stranger's claim.
 */
#include "backtest_private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

backtest_options backtest_options_default(void)
{
    hean_host_options host = hean_host_options_default();

    return (backtest_options){
        .capital_e8 = 10000 * BASE_E8,
        .entry_latency_ns = host.entry_latency_ns,
        .response_latency_ns = host.response_latency_ns,
        .queue = host.queue,
        .queue_power = host.queue_power,
        .maker_fee_e8 = BACKTEST_FEE_UNSET,
        .taker_fee_e8 = BACKTEST_FEE_UNSET,
        .seed = host.seed,
        .isolation = HEAN_ISOLATION_PROCESS,
        .deadline_ns = 5 * BASE_NS_PER_S,
        .memory_bytes_max = host.memory_bytes_max,
        .limits = hean_risk_limits_default(),
    };
}

typedef struct backtest {
    const hean_allocator *allocator;
    const backtest_options *options;
    base_buffer source;
    char *file, *params_json;
    backtest_data data;
    script_heartbeat *heartbeat;
    replay_report *report;
    size_t log_read; /* bytes of the report's log that went to the sink */
    uint64_t peak_rss_bytes;
} backtest;

/* ---- while it runs ---- */

static void copy_name(char *out, size_t bytes, const char *from)
{
    memcpy(out, from, bytes);
    out[bytes - 1] = 0;
    base_text_clean(out, strlen(out));
}

/* Hands complete log lines to the sink. Nothing in the report is trusted: every field is copied
 * and checked before it is used. */
static void drain_log(backtest *self)
{
    const replay_report *report = self->report;
    size_t end = __atomic_load_n(&report->log_bytes, __ATOMIC_ACQUIRE);
    char name[HEAN_NAME_BYTES], text[HOST_LINE_BYTES];
    replay_line line;

    copy_name(name, sizeof name, report->strategy);
    if (end > sizeof report->log)
        end = sizeof report->log;
    while (end - self->log_read >= sizeof line) {
        const char *at = report->log + self->log_read;
        memcpy(&line, at, sizeof line);
        if (line.bytes >= sizeof text || line.level > HEAN_LOG_ERROR ||
            sizeof line + line.bytes > end - self->log_read) {
            self->log_read = sizeof report->log; /* not of our making: no more of it */
            return;
        }
        memcpy(text, at + sizeof line, line.bytes);
        text[line.bytes] = 0;
        base_text_clean(text, line.bytes);
        self->log_read += sizeof line + (line.bytes + 7) / 8 * 8;
        if (self->options->log.write != NULL)
            self->options->log.write(self->options->log.context, (hean_log_level)line.level,
                                     line.time_ns, line.from_host ? "host" : name, text);
    }
}

static void on_tick(void *context)
{
    backtest *self = context;
    const backtest_options *options = self->options;
    uint64_t events = self->data.data.info.events;
    uint64_t position = self->heartbeat->position;

    if (options->stop != NULL && *options->stop != 0)
        self->report->stop = 1;
    drain_log(self);
    if (position > events)
        position = events;
    if (options->progress != NULL)
        options->progress(options->progress_context, "replay", (double)position / (double)events,
                          position);
}

/* script_jail_run hands its one context to both body and tick. */
static void on_child_tick(void *context)
{
    const replay *child = context;
    on_tick(child->look_context);
}

static hean_status run_replay(backtest *self, hean_error *error)
{
    bool jail = self->options->isolation == HEAN_ISOLATION_PROCESS;
    replay child = {
        .allocator = self->allocator,
        .options = self->options,
        .file = self->file,
        .source = self->source.data,
        .source_bytes = self->source.length,
        .params_json = self->params_json,
        .data = &self->data.data,
        .heartbeat = self->heartbeat,
        .report = self->report,
        .jail = jail,
        .look = jail ? NULL : on_tick,
        .look_context = self,
    };
    script_jail_call call = {
        .body = replay_run,
        .context = &child,
        .memory_bytes_max = self->options->memory_bytes_max,
        .heartbeat = self->heartbeat,
        .deadline_ns = self->options->deadline_ns,
        .on_tick = on_child_tick,
    };
    base_buffer out;
    hean_status status;

    base_buffer_init(&out, self->allocator);
    if (jail) {
        status = script_jail_run(&call, &out, error);
        self->peak_rss_bytes = call.peak_rss_bytes;
    } else {
        struct rusage usage;
        status = replay_run(&child, &out, error);
        if (getrusage(RUSAGE_SELF, &usage) == 0)
            self->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    }
    base_buffer_deinit(&out);
    drain_log(self);
    return status;
}

/* ---- the result ---- */

/* A child may have written anything: a wrong sum is its own affair, an overflow would be ours. */
static int64_t saturate(base_int128 sum)
{
    return sum > INT64_MAX ? INT64_MAX : sum < INT64_MIN ? INT64_MIN : (int64_t)sum;
}

static void read_figures(const backtest *self, backtest_result *out)
{
    const replay_report *report = self->report;
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
    out->capital_e8 = self->options->capital_e8;
    out->gross_pnl_e8 = saturate((base_int128)account->realized_e8 + account->unrealized_e8);
    out->fees_e8 = account->fees_e8;
    out->funding_e8 = account->funding_e8;
    out->net_pnl_e8 =
        saturate((base_int128)out->gross_pnl_e8 - account->fees_e8 + account->funding_e8);
    out->volume_e8 = report->volume_e8;
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

static hean_status read_lists(const backtest *self, backtest_result *out, hean_error *error)
{
    const replay_report *report = self->report;
    const market_data *data = &self->data.data;
    size_t metrics = report->metric_count;

    if (metrics > HOST_METRICS_MAX)
        metrics = 0;
    out->positions =
        base_alloc_array(self->allocator, data->info.instruments, sizeof *out->positions);
    out->metrics = base_alloc_array(self->allocator, metrics, sizeof *out->metrics);
    if (out->positions == NULL || out->metrics == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    for (size_t i = 0; i < data->info.instruments; i++) {
        memcpy(out->positions[i].symbol, data->instruments[i].spec.symbol, HEAN_SYMBOL_BYTES);
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

/* Moves the import's report into the result as well. */
static hean_status read_report(backtest *self, backtest_result *out, hean_error *error)
{
    uint8_t digest[HASH_SHA256_BYTES];
    backtest_result result = {0};
    hean_status status;

    read_figures(self, &result);
    status = read_lists(self, &result, error);
    if (status != HEAN_OK) {
        backtest_result_deinit(self->allocator, &result);
        return status;
    }
    hash_sha256_of(self->source.data, self->source.length, digest);
    hash_hex(digest, sizeof digest, result.script_sha256);
    hash_hex(self->data.data.info.sha256, HASH_SHA256_BYTES, result.data_sha256);
    result.first_ns = self->data.data.info.first_local_ns;
    result.last_ns = self->data.data.info.last_local_ns;
    result.peak_rss_bytes = self->peak_rss_bytes;
    result.import_seconds = self->data.import_seconds;
    result.imported = self->data.imported;
    result.import = self->data.import;
    self->data.imported = false; /* it belongs to the result now */
    *out = result;
    return HEAN_OK;
}

/* ---- from start to end ---- */

static hean_status read_script(backtest *self, hean_error *error)
{
    const backtest_options *options = self->options;
    size_t bytes = options->source_bytes;

    if (options->source == NULL && options->file == NULL)
        return base_fail(error, HEAN_E_INVALID, "backtest: expected a script");
    self->file =
        host_text_copy(self->allocator, options->file != NULL ? options->file : "strategy");
    if (options->params_json != NULL)
        self->params_json = host_text_copy(self->allocator, options->params_json);
    if (self->file == NULL || (options->params_json != NULL && self->params_json == NULL))
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    if (options->source == NULL)
        return base_buffer_read_file(&self->source, options->file, SCRIPT_SOURCE_BYTES_MAX, error);
    if (bytes == 0)
        bytes = strlen(options->source);
    base_buffer_append(&self->source, options->source, bytes);
    if (self->source.failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    return HEAN_OK;
}

static hean_status check_options(const backtest_options *options, hean_error *error)
{
    if (options->path_count == 0)
        return base_fail(error, HEAN_E_INVALID, "backtest: expected data");
    if (options->capital_e8 <= 0)
        return base_fail(error, HEAN_E_RANGE, "capital: expected more than 0");
    if (options->deadline_ns <= 0)
        return base_fail(error, HEAN_E_RANGE, "deadline: expected more than 0");
    return HEAN_OK;
}

static hean_status share_memory(backtest *self, hean_error *error)
{
    void *report =
        mmap(NULL, sizeof *self->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (report == MAP_FAILED)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: %s", strerror(errno));
    self->report = report;
    return script_heartbeat_open(&self->heartbeat, error);
}

static hean_status prepare(backtest *self, hean_error *error)
{
    hean_status status = check_options(self->options, error);

    if (status == HEAN_OK)
        status = read_script(self, error);
    if (status == HEAN_OK)
        status = share_memory(self, error);
    if (status == HEAN_OK)
        status = backtest_data_open(self->allocator, self->options, &self->data, error);
    return status;
}

hean_status backtest_run(const backtest_options *options, backtest_result *result,
                         hean_error *error)
{
    backtest self = {.options = options, .allocator = options->allocator};
    hean_error detail = {0};
    hean_status status;

    if (self.allocator == NULL)
        self.allocator = base_allocator_default();
    base_buffer_init(&self.source, self.allocator);
    status = prepare(&self, &detail);
    if (status != HEAN_OK)
        goto cleanup;
    status = run_replay(&self, &detail);
    if (self.report->began != 0) {
        hean_status reading = read_report(&self, result, status == HEAN_OK ? &detail : NULL);
        if (status == HEAN_OK)
            status = reading;
    }
cleanup:
    if (status != HEAN_OK && error != NULL) {
        *error = detail;
        error->status = status;
    }
    backtest_data_close(self.allocator, &self.data);
    script_heartbeat_close(self.heartbeat);
    if (self.report != NULL)
        (void)munmap(self.report, sizeof *self.report);
    base_free(self.allocator, self.params_json);
    base_free(self.allocator, self.file);
    base_buffer_deinit(&self.source);
    return status;
}

void backtest_result_deinit(const hean_allocator *allocator, backtest_result *result)
{
    if (allocator == NULL)
        allocator = base_allocator_default();
    base_free(allocator, result->positions);
    base_free(allocator, result->metrics);
    if (result->imported)
        market_import_report_deinit(allocator, &result->import);
    memset(result, 0, sizeof *result);
}
