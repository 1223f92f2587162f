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

typedef struct run_list run_list;

hean_status run_list_open(const hean_allocator *allocator, run_list **out) HEAN_WARN_UNUSED;
void run_list_close(run_list *list);
/* Reads one line. HEAN_E_PARSE: `error` names the key and what was expected there.
 * Lifetime  The texts in `out` are valid until the next call. */
hean_status run_list_read(run_list *list, const char *line, size_t bytes, attribution_run *out,
                          hean_error *error) HEAN_WARN_UNUSED;

#endif
