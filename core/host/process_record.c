/*
 * process_record.c: runs and their sums (see process_record.h).
 */
#include "process_record.h"

#include <string.h>

static void record_deinit(process_record *record)
{
    const hean_allocator *allocator = base_allocator_default();

    base_free(allocator, record->run);
    base_free(allocator, record->process);
    base_free(allocator, record->status);
    json_decref(record->metrics);
}

void process_records_deinit(process_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        record_deinit(&records->items[i]);
    base_free(base_allocator_default(), records->items);
    *records = (process_records){0};
}

typedef struct reading {
    process_records *records;
    int64_t to_ns;
} reading;

static hean_status copy_run(void *context, const store_run *row, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    reading *self = context;
    process_records *records = self->records;
    process_record record = {.started_ns = row->started_ns,
                             .capital_e8 = row->capital_e8,
                             .ended = row->finished_ns > 0,
                             .failed = row->finished_ns > 0 && strcmp(row->status, "FAILED") == 0,
                             .mode = LEDGER_ANY};

    if (row->started_ns > self->to_ns)
        return HEAN_OK;
    record.run = host_text_copy(allocator, row->run);
    record.process = host_text_copy(allocator, row->process);
    record.status = host_text_copy(allocator, row->status);
    record.metrics = json_loads(row->metrics, 0, NULL);
    if (record.run == NULL || record.process == NULL || record.status == NULL ||
        !base_grow(allocator, (void **)&records->items, &records->capacity, records->count + 1,
                   sizeof *records->items)) {
        record_deinit(&record);
        return base_fail(error, HEAN_E_NO_MEMORY, "runs: out of memory");
    }
    records->items[records->count++] = record;
    return HEAN_OK;
}

static hean_status take_group(void *context, const ledger_group *group, hean_error *error)
{
    process_record *record = context;

    (void)error;
    record->currencies++;
    if (record->currencies == 1 || group->sums.entries > record->sums.entries) {
        record->mode = group->mode;
        record->sums = group->sums;
        record->net_e8 = group->net_e8;
        (void)base_text_copy(record->currency, sizeof record->currency, group->currency);
    }
    return HEAN_OK;
}

hean_status process_records_read(store *from, int64_t from_ns, int64_t to_ns, process_records *out,
                                 hean_error *error)
{
    process_records records = {0};
    reading self = {&records, to_ns};
    hean_status status = store_each_run(from, NULL, NULL, from_ns, copy_run, &self, error);

    for (size_t i = 0; status == HEAN_OK && i < records.count; i++) {
        ledger_filter filter = ledger_filter_all();
        filter.run = records.items[i].run;
        status =
            store_balances(from, &filter, LEDGER_BY_MODE, take_group, &records.items[i], error);
    }
    if (status == HEAN_OK)
        *out = records;
    else
        process_records_deinit(&records);
    return status;
}

bool process_record_metric(const process_record *record, const char *name, double *out)
{
    const json_t *value = json_object_get(record->metrics, name);

    if (!json_is_number(value))
        return false;
    *out = json_number_value(value);
    return true;
}
