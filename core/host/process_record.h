/*
 * process_record.h: the runs of a time with what the ledger says that each earned: what evaluation
 * and report look at.
 */
#ifndef HOST_PROCESS_RECORD_H
#define HOST_PROCESS_RECORD_H

#include "process_private.h"

typedef struct process_record {
    char *run, *process, *status;
    int64_t started_ns, capital_e8;
    bool ended, failed;
    json_t *metrics;
    /* Its entries in the currency that most of them have; the others are in `currencies` only. */
    int mode; /* LEDGER_ANY: it has no entries */
    char currency[LEDGER_NAME_BYTES + 1];
    ledger_sums sums;
    int64_t net_e8;
    size_t currencies;
} process_record;

typedef struct process_records {
    process_record *items; /* by start, oldest first */
    size_t count, capacity;
} process_records;

/* Runs that began in [from_ns, to_ns]. */
hean_status process_records_read(store *from, int64_t from_ns, int64_t to_ns, process_records *out,
                                 hean_error *error) HEAN_WARN_UNUSED;
void process_records_deinit(process_records *records);
/* A metric of the run that is a number. */
bool process_record_metric(const process_record *record, const char *name, double *out);

#endif
