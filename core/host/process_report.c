/*
 * process_report.c: gathers what a day's report says, and keeps its three forms.
 */
#include "process_report.h"

#include <host/ledger_json.h>

#include <string.h>

#define EVALUATION_DAYS 30
#define DECISION_DAYS   30
#define DECISIONS_MAX   100

const char *const report_volatilities[REPORT_BUCKETS] = {"under 1 %", "1 to 3 %", "over 3 %"};
const char *const report_spreads[REPORT_BUCKETS] = {"under 5 bp", "5 to 15 bp", "over 15 bp"};
const char *const report_sessions[REPORT_SESSIONS] = {"0-6 UTC", "6-12 UTC", "12-18 UTC",
                                                      "18-24 UTC"};

static hean_status no_memory(hean_error *error)
{
    return base_fail(error, HEAN_E_NO_MEMORY, "report: out of memory");
}

/* ---- sums ---- */

static hean_status add_group(void *context, const ledger_group *group, hean_error *error)
{
    report_groups *groups = context;
    report_group *item;

    if (!base_grow(base_allocator_default(), (void **)&groups->items, &groups->capacity,
                   groups->count + 1, sizeof *groups->items))
        return no_memory(error);
    item = &groups->items[groups->count++];
    *item = (report_group){
        .mode = group->mode, .day = group->day, .sums = group->sums, .net_e8 = group->net_e8};
    if (group->process != NULL)
        (void)base_text_copy(item->process, sizeof item->process, group->process);
    (void)base_text_copy(item->currency, sizeof item->currency, group->currency);
    return HEAN_OK;
}

static hean_status read_sums(store *from, report_data *data, hean_error *error)
{
    ledger_filter all = ledger_filter_all();
    hean_status status =
        store_balances(from, &all, LEDGER_BY_MODE, add_group, &data->totals, error);

    if (status == HEAN_OK)
        status = store_balances(from, &all, LEDGER_BY_MODE | LEDGER_BY_PROCESS, add_group,
                                &data->contributions, error);
    if (status == HEAN_OK)
        status = store_balances(from, &all, LEDGER_BY_MODE | LEDGER_BY_DAY, add_group, &data->days,
                                error);
    return status;
}

/* ---- equity ---- */

static hean_status add_point(report_data *data, int mode, const char *currency, int64_t time_ns,
                             int64_t net_e8, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    report_point point = {.time_ns = time_ns, .net_e8 = net_e8, .equity_e8 = net_e8};
    int64_t peak_e8 = 0;
    report_series *series = data->series;
    size_t at = 0;

    while (at < data->series_count &&
           (series[at].mode != mode || strcmp(series[at].currency, currency) != 0))
        at++;
    if (at == data->series_count) {
        if (!base_grow(allocator, (void **)&data->series, &data->series_capacity, at + 1,
                       sizeof *data->series))
            return no_memory(error);
        data->series[at] = (report_series){.mode = mode};
        (void)base_text_copy(data->series[at].currency, sizeof data->series[at].currency, currency);
        data->series_count++;
    }
    series = &data->series[at];
    if (!base_grow(allocator, (void **)&series->points, &series->capacity, series->count + 1,
                   sizeof *series->points))
        return no_memory(error);
    if (series->count > 0) {
        const report_point *last = &series->points[series->count - 1];
        peak_e8 = last->equity_e8 + last->drawdown_e8;
        if (__builtin_add_overflow(last->equity_e8, net_e8, &point.equity_e8))
            return base_fail(error, HEAN_E_RANGE, "report: the equity does not fit");
    }
    if (point.equity_e8 < peak_e8 &&
        __builtin_sub_overflow(peak_e8, point.equity_e8, &point.drawdown_e8))
        return base_fail(error, HEAN_E_RANGE, "report: the drawdown does not fit");
    series->points[series->count++] = point;
    return HEAN_OK;
}

static hean_status build_series(report_data *data, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < data->records.count; i++) {
        const process_record *record = &data->records.items[i];
        if (record->mode == LEDGER_BACKTEST)
            status = add_point(data, record->mode, record->currency, record->started_ns,
                               record->net_e8, error);
    }
    for (size_t i = 0; status == HEAN_OK && i < data->days.count; i++) {
        const report_group *day = &data->days.items[i];
        if (day->mode != LEDGER_BACKTEST)
            status = add_point(data, day->mode, day->currency, day->day * PROCESS_DAY_NS,
                               day->net_e8, error);
    }
    return status;
}

/* ---- regimes ---- */

static void add_cell(report_cell *cell, double roi)
{
    cell->runs++;
    cell->roi += roi;
}

static size_t bucket_of(double value, double low, double high)
{
    return value < low ? 0 : value < high ? 1 : 2;
}

static void count_regimes(report_data *data)
{
    for (size_t i = 0; i < data->records.count; i++) {
        const process_record *record = &data->records.items[i];
        int64_t session = record->started_ns / (PROCESS_DAY_NS / REPORT_SESSIONS);
        double roi, volatility, spread;
        if (!record->ended || !process_record_metric(record, "roi", &roi))
            continue;
        add_cell(&data->sessions[(size_t)session % REPORT_SESSIONS], roi);
        if (process_record_metric(record, "volatility", &volatility) &&
            process_record_metric(record, "spread_bps", &spread))
            add_cell(&data->regimes[bucket_of(volatility, 0.01, 0.03)][bucket_of(spread, 5, 15)],
                     roi);
    }
}

/* ---- decisions, tasks, evaluation ---- */

static hean_status add_decision(void *context, const store_decision *row, hean_error *error)
{
    json_t *list = context, *reasons = json_loads(row->reasons, 0, NULL);
    char time[40];
    json_t *decision =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:f,s:o}", "decided_at",
                  base_time_format(row->decided_ns, time, sizeof time), "process_id", row->process,
                  "policy", row->policy, "from", row->from_state, "to", row->to_state, "weight",
                  row->weight, "reasons", json_is_array(reasons) ? reasons : json_array());

    if (!json_is_array(reasons))
        json_decref(reasons);
    if (decision == NULL || json_array_insert_new(list, 0, decision) != 0)
        return no_memory(error);
    if (json_array_size(list) > DECISIONS_MAX)
        (void)json_array_remove(list, DECISIONS_MAX);
    return HEAN_OK;
}

static hean_status add_task(void *context, const store_task *row, hean_error *error)
{
    json_t *task =
        json_pack("{s:I,s:s,s:s,s:s,s:s}", "task", (json_int_t)row->id, "process_id", row->process,
                  "run_id", row->run, "step_id", row->step, "instructions", row->instructions);

    return task != NULL && json_array_append_new(context, task) == 0 ? HEAN_OK : no_memory(error);
}

static hean_status gather(store *from, report_data *data, hean_error *error)
{
    hean_status status = read_sums(from, data, error);

    data->decisions = json_array();
    data->tasks = json_array();
    if (data->decisions == NULL || data->tasks == NULL)
        return no_memory(error);
    if (status == HEAN_OK)
        status = process_records_read(from, INT64_MIN, data->now_ns, &data->records, error);
    if (status == HEAN_OK)
        status = build_series(data, error);
    if (status == HEAN_OK)
        status = store_each_decision(from, NULL, data->now_ns - DECISION_DAYS * PROCESS_DAY_NS,
                                     add_decision, data->decisions, error);
    if (status == HEAN_OK)
        status = store_each_task(from, NULL, true, add_task, data->tasks, error);
    if (status == HEAN_OK)
        status =
            process_evaluate(from, EVALUATION_DAYS, data->now_ns, &data->evaluation_text, error);
    if (status == HEAN_OK) {
        count_regimes(data);
        data->evaluation = json_loads(data->evaluation_text.data, 0, NULL);
    }
    return status;
}

static void data_deinit(report_data *data)
{
    const hean_allocator *allocator = base_allocator_default();

    for (size_t i = 0; i < data->series_count; i++)
        base_free(allocator, data->series[i].points);
    base_free(allocator, data->series);
    base_free(allocator, data->totals.items);
    base_free(allocator, data->contributions.items);
    base_free(allocator, data->days.items);
    process_records_deinit(&data->records);
    json_decref(data->decisions);
    json_decref(data->tasks);
    json_decref(data->evaluation);
    base_buffer_deinit(&data->evaluation_text);
}

/* ---- what is kept ---- */

void process_report_init(process_report_texts *texts)
{
    base_buffer_init(&texts->json, base_allocator_default());
    base_buffer_init(&texts->markdown, base_allocator_default());
    base_buffer_init(&texts->html, base_allocator_default());
    texts->repeated = false;
}

void process_report_deinit(process_report_texts *texts)
{
    base_buffer_deinit(&texts->json);
    base_buffer_deinit(&texts->markdown);
    base_buffer_deinit(&texts->html);
}

typedef struct report {
    int64_t now_ns;
    bool force;
    process_report_texts *texts;
} report;

typedef struct form {
    const char *kind;
    base_buffer *text;
} form;

static hean_status read_kept(store *from, const form *forms, const char *day, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < 3; i++)
        status = process_document(from, forms[i].kind, day, forms[i].text, NULL, error);
    return status;
}

static hean_status make(store *kept, report_data *data, process_report_texts *texts,
                        hean_error *error)
{
    hean_status status = gather(kept, data, error);

    if (status != HEAN_OK)
        return status;
    report_write_json(data, &texts->json);
    report_write_markdown(data, &texts->markdown);
    report_write_html(data, &texts->html);
    return texts->json.failed || texts->markdown.failed || texts->html.failed ? no_memory(error)
                                                                              : HEAN_OK;
}

/* In one turn, so that two that ask at once get the same. */
static hean_status make_or_read(store *kept, void *context, hean_error *error)
{
    const report *self = context;
    process_report_texts *texts = self->texts;
    const form forms[] = {{"report", &texts->json},
                          {"report_markdown", &texts->markdown},
                          {"report_html", &texts->html}};
    report_data data = {.now_ns = self->now_ns};
    hean_status status = HEAN_E_NOT_FOUND;

    process_day_text(self->now_ns, data.day);
    if (!self->force)
        status = read_kept(kept, forms, data.day, error);
    texts->repeated = status == HEAN_OK;
    if (status != HEAN_E_NOT_FOUND)
        return status;
    base_buffer_init(&data.evaluation_text, base_allocator_default());
    status = make(kept, &data, texts, error);
    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(forms); i++) {
        store_document document = {.kind = forms[i].kind,
                                   .key = data.day,
                                   .text = forms[i].text->data,
                                   .made_ns = self->now_ns};
        status = store_document_put(kept, &document, true, NULL, error);
    }
    data_deinit(&data);
    return status;
}

hean_status process_report(store *kept, int64_t now_ns, bool force, process_report_texts *out,
                           hean_error *error)
{
    report self = {now_ns, force, out};
    return store_transaction(kept, make_or_read, &self, error);
}

/* ---- JSON ---- */

static void write_group(base_json *json, const report_group *item)
{
    ledger_group group = {.mode = item->mode,
                          .process = item->process[0] != 0 ? item->process : NULL,
                          .currency = item->currency,
                          .day = item->day,
                          .sums = item->sums,
                          .net_e8 = item->net_e8};

    base_json_object(json, NULL);
    host_ledger_group_json(json, &group);
    base_json_object_end(json);
}

static void write_groups(base_json *json, const char *name, const report_groups *groups)
{
    base_json_array(json, name);
    for (size_t i = 0; i < groups->count; i++)
        write_group(json, &groups->items[i]);
    base_json_array_end(json);
}

static void write_runs(base_json *json, const report_data *data)
{
    base_json_array(json, "runs");
    for (size_t i = 0; i < data->records.count; i++) {
        const process_record *record = &data->records.items[i];
        char day[16];
        process_day_text(record->started_ns, day);
        if (strcmp(day, data->day) != 0)
            continue;
        base_json_object(json, NULL);
        base_json_text(json, "run_id", record->run);
        base_json_text(json, "process_id", record->process);
        base_json_text(json, "status", record->status);
        base_json_time(json, "started_at", record->started_ns);
        base_json_scaled(json, "capital_allocated_usd", record->capital_e8, 8);
        if (record->mode != LEDGER_ANY) {
            base_json_text(json, "currency", record->currency);
            base_json_scaled(json, "net", record->net_e8, 8);
        }
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static void write_series(base_json *json, const report_data *data)
{
    base_json_array(json, "equity");
    for (size_t i = 0; i < data->series_count; i++) {
        const report_series *series = &data->series[i];
        base_json_object(json, NULL);
        base_json_text(json, "mode", ledger_mode_text((ledger_mode)series->mode));
        base_json_text(json, "currency", series->currency);
        base_json_array(json, "points");
        for (size_t j = 0; j < series->count; j++) {
            const report_point *point = &series->points[j];
            base_json_object(json, NULL);
            base_json_time(json, "time", point->time_ns);
            base_json_scaled(json, "net", point->net_e8, 8);
            base_json_scaled(json, "equity", point->equity_e8, 8);
            base_json_scaled(json, "drawdown", point->drawdown_e8, 8);
            base_json_object_end(json);
        }
        base_json_array_end(json);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

static void write_cell(base_json *json, const report_cell *cell)
{
    base_json_whole(json, "runs", cell->runs);
    if (cell->runs > 0)
        base_json_real(json, "mean_roi", cell->roi / (double)cell->runs);
    else
        base_json_null(json, "mean_roi");
    base_json_object_end(json);
}

static void write_regimes(base_json *json, const report_data *data)
{
    base_json_array(json, "regimes");
    for (size_t i = 0; i < REPORT_BUCKETS; i++) {
        for (size_t j = 0; j < REPORT_BUCKETS; j++) {
            base_json_object(json, NULL);
            base_json_text(json, "volatility", report_volatilities[i]);
            base_json_text(json, "spread", report_spreads[j]);
            write_cell(json, &data->regimes[i][j]);
        }
    }
    base_json_array_end(json);
    base_json_array(json, "sessions");
    for (size_t i = 0; i < REPORT_SESSIONS; i++) {
        base_json_object(json, NULL);
        base_json_text(json, "session", report_sessions[i]);
        write_cell(json, &data->sessions[i]);
    }
    base_json_array_end(json);
}

static void write_value(base_json *json, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));

    if (text == NULL)
        json->buffer.failed = true;
    else
        base_buffer_printf(&json->buffer, ",\"%s\":%s", name, text);
    free(text);
}

void report_write_json(const report_data *data, base_buffer *out)
{
    base_json json;

    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_text(&json, "date", data->day);
    base_json_time(&json, "generated_at", data->now_ns);
    write_groups(&json, "totals", &data->totals);
    write_groups(&json, "contributions", &data->contributions);
    write_runs(&json, data);
    write_series(&json, data);
    write_regimes(&json, data);
    write_value(&json, "decisions", data->decisions);
    write_value(&json, "tasks", data->tasks);
    base_buffer_printf(&json.buffer, ",\"evaluation\":");
    base_buffer_append(&json.buffer, data->evaluation_text.data, data->evaluation_text.length);
    base_buffer_printf(&json.buffer, "}\n");
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    out->failed = out->failed || json.buffer.failed;
    base_buffer_deinit(&json.buffer);
}
