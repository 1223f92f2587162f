/*
 * process_trade.c: the function "trade" of a TRADING process: its strategy over the data of its
 * definition, every execution in the ledger under the process's run.
 *
 *   params  strategy  a file, or "builtin:NAME"
 *           data      a list of what `hean backtest --data` takes; "{day}" stands for the number of
 *                     the UTC day, so that "sim:{day},hours=1" is another market every day
 *           params    of the strategy
 *           loss_limit  the part of its capital that a run may lose: over 0, at most 0.25, which is
 *                       what it is where none is given. The risk gate stops the strategy at four
 *                       fifths of it: the rest is for a gap in the price and for closing.
 *
 * What is still held at the end is marked to the last price and posted as an estimate: a loss that
 * is not realized is a loss.
 */
#include "process_private.h"

#include <script/embedded.h>

#include <math.h>
#include <string.h>

#define DATA_MAX 16
/* The most that the evidence of a policy can rest on, and less than which no fee leaves room for.
 */
#define LOSS_LIMIT_MAX 0.25
#define LOSS_LIMIT_MIN 0.0001

typedef struct trade_plan {
    json_t *params;
    char *strategy_params; /* jansson's */
    char paths[DATA_MAX][512];
    const char *path_list[DATA_MAX];
    size_t path_count;
    int64_t loss_limit_e8;
} trade_plan;

/* ---- what is asked for ---- */

static hean_status replace_day(const char *text, int64_t now_ns, char *out, size_t bytes,
                               hean_error *error)
{
    const char *day = strstr(text, "{day}");
    int length = day == NULL ? snprintf(out, bytes, "%s", text)
                             : snprintf(out, bytes, "%.*s%lld%s", (int)(day - text), text,
                                        (long long)(now_ns / PROCESS_DAY_NS), day + 5);

    if (length < 0 || (size_t)length >= bytes)
        return base_fail(error, HEAN_E_RANGE, "params.data: \"%.60s...\" is too long", text);
    return HEAN_OK;
}

static hean_status read_plan(const process_trade *trade, trade_plan *plan, hean_error *error)
{
    const json_t *data, *own;
    hean_status status = HEAN_OK;

    plan->params = json_loads(trade->params_json, 0, NULL);
    data = json_object_get(plan->params, "data");
    own = json_object_get(plan->params, "params");
    if (!json_is_string(json_object_get(plan->params, "strategy")))
        return base_fail(error, HEAN_E_INVALID, "params.strategy: expected a file or builtin:NAME");
    if (!json_is_array(data) || json_array_size(data) == 0 || json_array_size(data) > DATA_MAX)
        return base_fail(error, HEAN_E_INVALID, "params.data: expected a list of 1 to %d",
                         DATA_MAX);
    for (size_t i = 0; status == HEAN_OK && i < json_array_size(data); i++) {
        const char *text = json_string_value(json_array_get(data, i));
        if (text == NULL)
            return base_fail(error, HEAN_E_INVALID, "params.data[%zu]: expected a text", i);
        status = replace_day(text, trade->now_ns, plan->paths[i], sizeof plan->paths[i], error);
        plan->path_list[i] = plan->paths[i];
        plan->path_count = i + 1;
    }
    if (status == HEAN_OK)
        status = process_loss_limit(plan->params, &plan->loss_limit_e8, error);
    if (status == HEAN_OK && own != NULL) {
        plan->strategy_params = json_dumps(own, JSON_COMPACT | JSON_SORT_KEYS);
        if (plan->strategy_params == NULL)
            return base_fail(error, HEAN_E_NO_MEMORY, "trade: out of memory");
    }
    return status;
}

hean_status process_loss_limit(const json_t *params, int64_t *out_e8, hean_error *error)
{
    const json_t *declared = json_object_get(params, "loss_limit");
    double limit = declared != NULL ? json_number_value(declared) : LOSS_LIMIT_MAX;

    if (!(limit >= LOSS_LIMIT_MIN && limit <= LOSS_LIMIT_MAX))
        return base_fail(error, HEAN_E_RANGE, "params.loss_limit: expected a number from %g to %g",
                         LOSS_LIMIT_MIN, LOSS_LIMIT_MAX);
    *out_e8 = (int64_t)(limit * BASE_E8 + 0.5);
    return HEAN_OK;
}

/* ---- the ledger ---- */

/* What closing at the last price would realize, for each position that is still open. */
static hean_status mark_positions(store *to, const process_trade *trade,
                                  const backtest_result *result, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < result->position_count; i++) {
        const backtest_position *held = &result->positions[i];
        char id[LEDGER_ID_BYTES + 1], basis[LEDGER_BASIS_BYTES + 1];
        ledger_posting posting;

        if (held->position.qty_lots == 0)
            continue;
        if (snprintf(id, sizeof id, "mark:%s:%s", trade->run, held->symbol) >= (int)sizeof id)
            return base_fail(error, HEAN_E_RANGE, "%s: the run's id is too long", trade->run);
        (void)snprintf(basis, sizeof basis, "%lld lots still held, at the last price",
                       (long long)held->position.qty_lots);
        posting = (ledger_posting){.id = id,
                                   .account = {.mode = LEDGER_BACKTEST,
                                               .run = trade->run,
                                               .process = trade->process,
                                               .strategy = result->strategy,
                                               .symbol = held->symbol,
                                               .currency = held->currency},
                                   .time_ns = result->last_ns,
                                   .kind = LEDGER_PNL,
                                   .amount_e8 = held->position.unrealized_e8,
                                   .basis = basis};
        status = store_post(to, &posting, 1, NULL, error);
    }
    return status;
}

typedef struct recording {
    const process_trade *trade;
    const backtest_result *result;
} recording;

static hean_status record(store *to, void *context, hean_error *error)
{
    const recording *what = context;
    hean_status status = backtest_record(what->result, to, NULL, error);

    return status == HEAN_OK ? mark_positions(to, what->trade, what->result, error) : status;
}

/* ---- the result ---- */

static hean_status write_result(store *from, const process_trade *trade,
                                const backtest_result *result, base_buffer *out, hean_error *error)
{
    ledger_sums sums;
    size_t currencies;
    int64_t net_e8;
    base_json json;
    hean_status status = process_run_sums(from, trade->run, &sums, &currencies, error);

    if (status == HEAN_OK)
        status = ledger_net(&sums, &net_e8);
    if (status != HEAN_OK)
        return base_fail(error, status, "trade: the sums of run %s", trade->run);
    base_json_init(&json, base_allocator_default());
    base_json_object(&json, NULL);
    base_json_object(&json, "metrics");
    base_json_scaled(&json, "capital_delta", sums.amount_e8[LEDGER_PNL], 8);
    base_json_scaled(&json, "fee_drag", sums.amount_e8[LEDGER_FEE], 8);
    base_json_scaled(&json, "funding_payment_usd", sums.amount_e8[LEDGER_FUNDING], 8);
    base_json_scaled(&json, "opportunity_cost_usd", sums.amount_e8[LEDGER_OPPORTUNITY_COST], 8);
    base_json_scaled(&json, "net_usd", net_e8, 8);
    base_json_scaled(&json, "trading_volume_usd", result->volume_e8, 8);
    base_json_real(&json, "roi", (double)net_e8 / (double)trade->capital_e8);
    base_json_scaled(&json, "drawdown", result->max_drawdown_e8, 8);
    if (result->spread_bps > 0) {
        base_json_real(&json, "volatility", result->price_range);
        base_json_real(&json, "spread_bps", result->spread_bps);
    }
    base_json_object_end(&json);
    base_json_object(&json, "outputs");
    base_json_text(&json, "strategy", result->strategy);
    base_json_whole(&json, "fills", (int64_t)result->fills);
    base_json_whole(&json, "currencies", (int64_t)currencies);
    base_json_text(&json, "orders_hash", result->orders_hash);
    base_json_text(&json, "data_sha256", result->data_sha256);
    base_json_object_end(&json);
    base_json_object_end(&json);
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    if (json.buffer.failed || out->failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "trade: out of memory");
    base_buffer_deinit(&json.buffer);
    return status;
}

static hean_status set_strategy(const trade_plan *plan, backtest_options *options,
                                hean_error *error)
{
    const char *name = json_string_value(json_object_get(plan->params, "strategy"));
    const script_embedded *file;
    char path[160];

    options->file = name;
    if (strncmp(name, "builtin:", 8) != 0)
        return HEAN_OK;
    (void)snprintf(path, sizeof path, "strategies/%.120s.lua", name + 8);
    file = script_embedded_find(path);
    if (file == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "params.strategy: there is no built-in %.60s",
                         name + 8);
    options->source = file->text;
    options->source_bytes = file->bytes;
    return HEAN_OK;
}

hean_status process_trade_run(store *to, const process_trade *trade, base_buffer *out,
                              hean_error *error)
{
    backtest_options options = backtest_options_default();
    backtest_result result = {0};
    trade_plan plan = {0};
    hean_status status = read_plan(trade, &plan, error);

    if (status == HEAN_OK)
        status = set_strategy(&plan, &options, error);
    if (status != HEAN_OK)
        goto cleanup;
    options.paths = plan.path_list;
    options.path_count = plan.path_count;
    options.params_json = plan.strategy_params;
    options.limits.max_drawdown_e8 = plan.loss_limit_e8 / 5 * 4;
    options.end_at_hard_stop = true; /* a position that nobody may close would go on losing */
    options.limits.soft_drawdown_e8 = options.limits.max_drawdown_e8 / 2;
    options.capital_e8 = trade->capital_e8;
    options.process = trade->process;
    options.run = trade->run;
    options.stop = trade->stop;
    options.log = trade->log;
    status = backtest_run(&options, &result, error);
    if (status == HEAN_OK)
        status = store_transaction(to, record, &(recording){trade, &result}, error);
    if (status == HEAN_OK)
        status = write_result(to, trade, &result, out, error);
    backtest_result_deinit(NULL, &result);
cleanup:
    free(plan.strategy_params);
    json_decref(plan.params);
    return status;
}
