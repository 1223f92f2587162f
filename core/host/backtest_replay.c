/*
 * backtest_replay.c: engine and script over recorded data, in the jail or out of it.
 *
 * The same code runs in both, which is why both give the same hash. It touches no file and no
 * clock but to measure itself, and writes its figures into the report as it goes.
 */
#include "backtest_private.h"

#include <string.h>

#define CALLBACKS_PER_LOOK 4096
#define EVENTS_PER_RELEASE (UINT64_C(1) << 16)

/* ---- the report ---- */

static void report_log(void *context, hean_log_level level, int64_t time_ns, const char *source,
                       const char *text)
{
    replay *self = context;
    replay_report *report = self->report;
    size_t bytes = strlen(text);
    size_t padded = (bytes + 7) / 8 * 8;
    replay_line line = {.time_ns = time_ns, .bytes = (uint32_t)bytes, .level = (uint8_t)level};

    report->log_lines++;
    if (sizeof line + padded > sizeof report->log - report->log_bytes) {
        report->log_lines_dropped++;
        return;
    }
    line.from_host = strcmp(source, "host") == 0;
    memcpy(report->log + report->log_bytes, &line, sizeof line);
    memcpy(report->log + report->log_bytes + sizeof line, text, bytes);
    __atomic_store_n(&report->log_bytes, report->log_bytes + sizeof line + padded,
                     __ATOMIC_RELEASE);
}

/* The ledger's own copy of what moved money. */
static void keep_money(replay *self, const hean_event *event)
{
    replay_money *money = self->money;

    if (money->count < REPLAY_MONEY_EVENTS_MAX)
        money->events[money->count] = *event;
    else
        self->report->stop = 1;
    money->count++;
}

static void report_account_event(void *context, const hean_event *event)
{
    replay *self = context;
    replay_report *report = self->report;
    int64_t value_e8;

    if (event->kind != HEAN_EVENT_ORDER)
        keep_money(self, event);

    if (event->kind == HEAN_EVENT_ORDER) {
        if (event->data.order.status == HEAN_ORDER_CANCELLED)
            report->cancels++;
        else if (event->reason != HEAN_REASON_NONE && event->reason < HEAN_REASON_COUNT)
            report->rejects_by_reason[event->reason]++;
    } else if (event->kind == HEAN_EVENT_FILL) {
        if ((event->flags & HEAN_EVENT_MAKER) != 0)
            report->maker_fills++;
        else
            report->taker_fills++;
        self->realized_e8 += event->data.fill.realized_e8;
        self->fees_e8 += event->data.fill.fee_e8;
        if (market_value_e8(&self->data->instruments[event->instrument],
                            event->data.fill.price_ticks, event->data.fill.qty_lots,
                            &value_e8) != HEAN_OK ||
            __builtin_add_overflow(report->volume_e8, value_e8, &report->volume_e8))
            report->volume_e8 = INT64_MAX; /* traded value is for reading, not for accounts */
    } else if (event->kind == HEAN_EVENT_FUNDING) {
        self->funding_e8 += event->data.funding.paid_e8;
    }
}

/* What is known of money now. */
static hean_status report_account(replay *self, hean_error *error)
{
    replay_report *report = self->report;
    hean_status status = hean_host_account(self->host, 0, &report->account);

    report->events = engine_events(self->host->engine);
    for (size_t i = 0; status == HEAN_OK && i < self->data->info.instruments; i++)
        status = hean_host_position(self->host, 0, (uint16_t)i, &report->positions[i]);
    if (status != HEAN_OK)
        return base_fail(error, status, "backtest: the account: %s", hean_status_text(status));
    return HEAN_OK;
}

/* Every fill and funding that was told, and nothing else, is in the account. */
static hean_status check_sums(const replay *self, hean_error *error)
{
    const hean_account *account = &self->report->account;

    if (self->realized_e8 == account->realized_e8 && self->fees_e8 == account->fees_e8 &&
        self->funding_e8 == account->funding_e8)
        return HEAN_OK;
    return base_fail(error, HEAN_E_INVARIANT,
                     "backtest: the sums of fills and funding differ from the account's");
}

static hean_status report_end(replay *self, hean_error *error)
{
    hean_status status;

    replay_report *report = self->report;
    const host_strategy *strategy = self->host->strategies[0];

    engine_orders_hash(self->host->engine, report->orders_hash);
    report->hashed = 1;
    for (size_t i = 0; i < strategy->metric_count; i++) {
        hean_metric *metric = &report->metrics[i];
        memcpy(metric->name, strategy->metrics[i].name, sizeof metric->name);
        metric->value = strategy->metrics[i].value;
    }
    report->metric_count = strategy->metric_count;
    status = report_account(self, error);
    return status == HEAN_OK ? check_sums(self, error) : status;
}

/* ---- between the callbacks ---- */

static void sample_market(replay *self)
{
    const market_book *book = engine_book(self->host->engine, 0);
    replay_report *report = self->report;
    int64_t mid2 = market_book_mid2_ticks(book);

    if (mid2 <= 0 || market_book_crossed(book))
        return;
    if (report->market_samples++ == 0)
        report->first_mid2_ticks = report->low_mid2_ticks = report->high_mid2_ticks = mid2;
    if (mid2 < report->low_mid2_ticks)
        report->low_mid2_ticks = mid2;
    if (mid2 > report->high_mid2_ticks)
        report->high_mid2_ticks = mid2;
    report->spread_sum +=
        2 * (double)(book->best[MARKET_ASK].price_ticks - book->best[MARKET_BID].price_ticks) /
        (double)mid2;
}

static void look(replay *self)
{
    uint64_t position = self->heartbeat->position;

    self->until_look = CALLBACKS_PER_LOOK;
    sample_market(self);
    if (position - self->released >= EVENTS_PER_RELEASE) {
        self->released = position;
        market_data_release(self->data, position);
    }
    if (self->look != NULL)
        self->look(self->look_context);
}

/* engine_strategy_ops.on_event */
static hean_status on_event(void *context, const hean_event *event, engine_intents *intents,
                            hean_error *error)
{
    replay *self = context;
    hean_status status = HEAN_OK;
    bool money = event->kind == HEAN_EVENT_FILL || event->kind == HEAN_EVENT_FUNDING;

    if (--self->until_look == 0) {
        look(self);
        money = true;
    }
    if (money) /* so that it is there if this callback never ends */
        status = report_account(self, error);
    if (status == HEAN_OK)
        status = script_vm_on_event(self->vm, event, intents, error);
    if (status != HEAN_OK)
        self->report->stop = 1;
    return status;
}

/* ---- the run ---- */

/* What is left of the data cannot be traded any more: the run ends here. */
static void end_run(void *context)
{
    replay *self = context;

    self->ended = true;
    self->report->stop = 1;
}

static hean_status open_host(replay *self, hean_error *error)
{
    static const engine_strategy_ops ops = {on_event};
    const backtest_options *given = self->options;
    hean_host_options options = hean_host_options_default();
    host_tap tap = {.context = self,
                    .on_account_event = report_account_event,
                    .on_hard_stop = given->end_at_hard_stop ? end_run : NULL,
                    .ops = &ops,
                    .heartbeat = self->heartbeat};
    hean_status status;
    uint16_t id;

    options.allocator = self->allocator;
    options.log = (hean_log_sink){report_log, self};
    options.isolation = HEAN_ISOLATION_IN_PROCESS; /* the jail, if any, is around all of this */
    options.entry_latency_ns = given->entry_latency_ns;
    options.response_latency_ns = given->response_latency_ns;
    options.latency = given->latency;
    options.latency_count = given->latency_count;
    options.queue = given->queue;
    options.queue_power = given->queue_power;
    options.seed = given->seed;
    options.memory_bytes_max = given->memory_bytes_max;
    status = host_open(&options, &tap, &self->host, error);
    for (size_t i = 0; status == HEAN_OK && i < self->data->info.instruments; i++)
        status = hean_host_add_instrument(self->host, &self->data->instruments[i].spec, &id, error);
    return status;
}

static hean_status load(replay *self, hean_error *error)
{
    hean_strategy strategy = {
        .file = self->file,
        .source = self->source,
        .source_bytes = self->source_bytes,
        .params_json = self->params_json,
        .capital_e8 = self->options->capital_e8,
        .limits = self->options->limits,
    };
    uint16_t id;
    hean_status status = hean_host_load_strategy(self->host, &strategy, &id, error);

    if (status != HEAN_OK)
        return status;
    self->vm = self->host->strategies[id]->vm;
    memcpy(self->report->strategy, self->host->strategies[id]->name, HEAN_NAME_BYTES);
    return HEAN_OK;
}

static hean_status play(replay *self, hean_error *error)
{
    const market_data *data = self->data;
    const host_strategy *strategy = self->host->strategies[0];
    int64_t begin_ns = base_clock_monotonic_ns();
    hean_status status, ending;

    self->report->began = 1;
    self->until_look = CALLBACKS_PER_LOOK;
    status = hean_host_start(self->host, data->info.first_local_ns, error);
    if (status == HEAN_OK && !strategy->stopped)
        status =
            engine_replay(self->host->engine, data->events, data->info.events, data->exch_order,
                          &self->report->stop, &self->heartbeat->position, error);
    self->report->wall_ns = base_clock_monotonic_ns() - begin_ns;
    if (status == HEAN_E_INTERRUPTED && self->ended)
        status = HEAN_OK;
    if (strategy->stopped)
        status = base_fail(error, strategy->why.status, "%s", strategy->why.message);
    if (self->money->count > REPLAY_MONEY_EVENTS_MAX)
        status = base_fail(error, HEAN_E_LIMIT,
                           "backtest: more than %llu executions and fundings in one backtest",
                           (unsigned long long)REPLAY_MONEY_EVENTS_MAX);
    if (status == HEAN_OK)
        self->report->complete = 1;
    ending = report_end(self, status == HEAN_OK ? error : NULL);
    return status == HEAN_OK ? ending : status;
}

hean_status replay_run(void *context, base_buffer *out, hean_error *error)
{
    replay *self = context;
    hean_status status = open_host(self, error);

    (void)out; /* everything is in the report */
    if (status == HEAN_OK && self->jail)
        status = script_jail_enter(SCRIPT_JAIL_BACKTEST, self->options->memory_bytes_max, error);
    if (status == HEAN_OK)
        status = load(self, error);
    if (status == HEAN_OK)
        status = play(self, error);
    hean_host_close(self->host);
    self->host = NULL;
    return status;
}
