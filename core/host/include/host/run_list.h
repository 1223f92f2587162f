/*
 * run_list.h: a list of process runs, one JSON object a line, as the original system wrote them:
 *
 *   run_id process_id status started_at finished_at capital_allocated_usd
 *   metrics { capital_delta fee_drag trading_volume_usd funding_payment_usd reward_usd time_hours }
 *   outputs { reward_amount }
 *
 * Numbers come out exactly as they stand in the text. Keys that are not listed may be there and say
 * nothing. A null is a key that is not there. Only run_id and process_id must be.
 */
#ifndef HOST_RUN_LIST_H
#define HOST_RUN_LIST_H

#include <ledger/attribution.h>

/* What the texts of a run live in. */
typedef struct run_texts {
    char run[LEDGER_NAME_BYTES + 1];
    char process[LEDGER_NAME_BYTES + 1];
} run_texts;

/* Reads one line. HEAN_E_PARSE, HEAN_E_LIMIT: `error` names the key and what was expected there. */
hean_status run_list_read(const char *line, size_t bytes, run_texts *texts, attribution_run *out,
                          hean_error *error) HEAN_WARN_UNUSED;

#endif
