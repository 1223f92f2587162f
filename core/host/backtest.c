/*
 * backtest.c: the parent of a backtest: reads script and data, starts the replay in a jailed child,
 * watches it, and reads its report as what it is: a stranger's claim.
 */
#include "backtest_private.h"

#include <host/post.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

backtest_options backtest_options_default(void)
{
    hean_host_options host = hean_host_options_default();

    return (backtest_options){
        .capital_e8 = 10000 * BASE_E8,
        .opportunity_e12 = POST_OPPORTUNITY_E12,
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
    replay_money *money;
    size_t log_read; /* bytes of the report's log that went to the sink */
    uint64_t peak_rss_bytes;
} backtest;

/* ---- while it runs ---- */

static void watch(void *context)
{
    backtest *self = context;
    const backtest_options *options = self->options;
    uint64_t events = self->data.data.info.events;
    uint64_t position = self->heartbeat->position;

    if (options->stop != NULL && *options->stop != 0)
        self->report->stop = 1;
    self->log_read = report_drain_log(self->report, self->log_read, &self->options->log);
    if (position > events)
        position = events;
    if (options->progress != NULL)
        options->progress(options->progress_context, "replay", (double)position / (double)events,
                          position);
}

/* script_jail_call gives body and on_tick the same context. */
static void on_tick(void *context)
{
    const replay *child = context;
    watch(child->look_context);
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
        .money = self->money,
        .jail = jail,
        .look = jail ? NULL : watch,
        .look_context = self,
    };
    script_jail_call call = {
        .body = replay_run,
        .context = &child,
        .memory_bytes_max = self->options->memory_bytes_max,
        .heartbeat = self->heartbeat,
        .deadline_ns = self->options->deadline_ns,
        .on_tick = on_tick,
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
    self->log_read = report_drain_log(self->report, self->log_read, &self->options->log);
    return status;
}

/* ---- the result ---- */

/* Moves the import's report into the result as well. */
static hean_status read_report(backtest *self, backtest_result *out, hean_error *error)
{
    uint8_t digest[HASH_SHA256_BYTES];
    backtest_result result = {0};
    hean_status status;

    status = report_read(self->report, self->allocator, &self->data.data, &result, error);
    if (status != HEAN_OK)
        return status;
    result.capital_e8 = self->options->capital_e8;
    hash_sha256_of(self->source.data, self->source.length, digest);
    hash_hex(digest, sizeof digest, result.script_sha256);
    hash_hex(self->data.data.info.sha256, HASH_SHA256_BYTES, result.data_sha256);
    result.first_ns = self->data.data.info.first_local_ns;
    result.last_ns = self->data.data.info.last_local_ns;
    result.peak_rss_bytes = self->peak_rss_bytes;
    result.import_seconds = self->data.import_seconds;
    status = trial_name(self->options, self->allocator, &result, error);
    if (status == HEAN_OK && result.complete)
        status = report_ledger(self->report, self->money, self->options, &self->data.data,
                               self->allocator, &result, error);
    if (status != HEAN_OK) {
        backtest_result_deinit(self->allocator, &result);
        return status;
    }
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

/* NULL on failure. Memory is taken as it is touched. */
static void *map_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static hean_status share_memory(backtest *self, hean_error *error)
{
    self->report = map_shared(sizeof *self->report);
    self->money = map_shared(sizeof *self->money);
    if (self->report == NULL || self->money == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: %s", strerror(errno));
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
    if (self.money != NULL)
        (void)munmap(self.money, sizeof *self.money);
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
    base_free(allocator, result->params);
    ledger_close(result->ledger);
    if (result->imported)
        market_import_report_deinit(allocator, &result->import);
    memset(result, 0, sizeof *result);
}
