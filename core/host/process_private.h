/*
 * process_private.h: what the files of the daily round share.
 */
#ifndef HOST_PROCESS_PRIVATE_H
#define HOST_PROCESS_PRIVATE_H

#include "host_private.h"

#include <base/json.h>
#include <factory/definition.h>
#include <host/process.h>
#include <jansson.h>

#define PROCESS_DAY_NS (86400 * BASE_NS_PER_S)

/* A copy of a row whose texts live on. Free with process_row_deinit. */
typedef struct process_row {
    char *definition, *source, *state;
    double weight;
    bool enabled;
    int64_t created_ns;
} process_row;
hean_status process_row_get(store *from, const char *id, process_row *out,
                            hean_error *error) HEAN_WARN_UNUSED;
void process_row_deinit(process_row *row);

/* Reads a stored definition again; one that is no longer allowed is HEAN_E_INVALID. */
hean_status process_definition_read(const char *id, const char *json, factory_definition **out,
                                    hean_error *error) HEAN_WARN_UNUSED;
/* The newest document of a kind, or of a key, as text; HEAN_E_NOT_FOUND. */
hean_status process_document(store *from, const char *kind, const char *key, base_buffer *out,
                             int64_t *made_ns, hean_error *error) HEAN_WARN_UNUSED;
/* "2026-11-22" */
void process_day_text(int64_t now_ns, char out[16]);
/* The run's sums in all currencies; LEDGER_BY_... none. Sums of a run in more than one currency are
 * told apart by `currencies`. */
hean_status process_run_sums(store *from, const char *run, ledger_sums *out, size_t *currencies,
                             hean_error *error) HEAN_WARN_UNUSED;

/* Takes a run for as long as this process lives or until it is released: `out` is -1 where another
 * works on it now. */
hean_status process_lock_take(store *of, const char *run, int *out,
                              hean_error *error) HEAN_WARN_UNUSED;
void process_lock_release(int fd);

/* Of one run: everything that its steps see but params, steps and opportunities. */
hean_status process_environment(store *from, const char *snapshot, const char *inputs,
                                int64_t now_ns, base_buffer *out,
                                hean_error *error) HEAN_WARN_UNUSED;

/* A TRADING step: a backtest of the step's strategy, its entries posted under the run. */
typedef struct process_trade {
    const char *run, *process, *params_json;
    int64_t capital_e8, now_ns;
    volatile int *stop;
    hean_log_sink log;
} process_trade;
/* What a run may lose, from the params of its step "trade". */
hean_status process_loss_limit(const json_t *params, int64_t *out_e8,
                               hean_error *error) HEAN_WARN_UNUSED;
hean_status process_trade_run(store *to, const process_trade *trade, base_buffer *out,
                              hean_error *error) HEAN_WARN_UNUSED;

#endif
