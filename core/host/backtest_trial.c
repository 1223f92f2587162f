/*
 * backtest_trial.c: a backtest as a trial: what was tried, by a key that is the same whenever the
 * same is tried again, and what came of it.
 *
 * The key rests on what the parent knows (the script's and the data's hashes, the parameters); the
 * strategy's name, which the script chooses, only adds to it.
 */
#include "backtest_private.h"

#include <base/json.h>
#include <jansson.h>

#include <string.h>

/* The same parameters in another order are the same trial. */
static char *canonical(const hean_allocator *allocator, const char *params_json)
{
    json_t *params = params_json != NULL ? json_loads(params_json, 0, NULL) : NULL;
    char *text = json_is_object(params)
                     ? json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17))
                     : NULL;
    char *copy = host_text_copy(allocator, text != NULL ? text : "{}");

    free(text);
    json_decref(params);
    return copy;
}

hean_status trial_name(const backtest_options *options, const hean_allocator *allocator,
                       backtest_result *out, hean_error *error)
{
    const char *parts[] = {out->strategy, out->script_sha256, NULL,
                           options->run != NULL ? "" : out->data_sha256};
    uint8_t digest[HASH_SHA256_BYTES];
    hash_sha256 *hash;

    out->params = canonical(allocator, options->params_json);
    if (out->params == NULL || hash_sha256_open(allocator, &hash) != HEAN_OK)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    parts[2] = out->params;
    for (size_t i = 0; i < BASE_COUNT(parts); i++)
        hash_sha256_update(hash, parts[i], strlen(parts[i]) + 1);
    hash_sha256_digest(hash, digest);
    hash_sha256_close(hash);
    hash_hex(digest, sizeof digest, out->trial);
    return HEAN_OK;
}

hean_status backtest_count(const backtest_result *result, store *into, bool *fresh,
                           hean_error *error)
{
    store_trial trial = {.key = result->trial,
                         .family = result->strategy,
                         .script_sha256 = result->script_sha256,
                         .params = result->params,
                         .data_sha256 = result->data_sha256,
                         .tried_ns = base_clock_wall_ns()};
    base_json json;
    hean_status status;

    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_text(&json, "run", result->run);
    base_json_scaled(&json, "capital", result->capital_e8, 8);
    base_json_scaled(&json, "gross_pnl", result->gross_pnl_e8, 8);
    base_json_scaled(&json, "fees", result->fees_e8, 8);
    base_json_scaled(&json, "funding", result->funding_e8, 8);
    base_json_scaled(&json, "net_pnl", result->net_pnl_e8, 8);
    base_json_scaled(&json, "max_drawdown", result->max_drawdown_e8, 8);
    base_json_whole(&json, "fills", (int64_t)result->fills);
    base_json_text(&json, "orders_hash", result->orders_hash);
    base_json_object_end(&json);
    trial.result = json.buffer.data;
    status = json.buffer.failed ? base_fail(error, HEAN_E_NO_MEMORY, "trial: out of memory")
                                : store_trial_add(into, &trial, fresh, error);
    base_buffer_deinit(&json.buffer);
    return status;
}
