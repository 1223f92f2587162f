/*
 * cmd_sweep.c: a strategy over the same data once for every point of a grid of parameters. Each
 * point that was run counts as a trial, so that the best of many is judged as the best of many.
 */
#include "cli.h"

#include <host/backtest.h>
#include <store/records.h>

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX  8
#define POINTS_MAX 10000

typedef struct axis {
    char *text; /* "NAME=" and the values, each with its 0 */
    const char *values[256];
    size_t count, at;
} axis;

typedef struct sweep {
    cli_list data, set, grid;
    const char *symbol, *store_path, *file;
    hean_decimal capital;
    bool as_json;
    axis axes[NAMES_MAX];
    size_t axis_count, points;
    store *kept;
    cli_json json;
    cli_table table;
    char family[HEAN_NAME_BYTES];
    size_t failed;
} sweep;

/* "lookback=10,20" */
static int read_axis(const char *text, axis *out)
{
    const char *equals = strchr(text, '=');
    char *at;

    if (equals == NULL || equals == text || equals[1] == 0)
        return cli_usage("--grid %s: expected NAME=VALUE,VALUE...", text);
    out->text = strdup(text);
    if (out->text == NULL)
        return cli_fail(&(hean_error){HEAN_E_NO_MEMORY, "sweep: out of memory"});
    at = out->text + (equals - text) + 1;
    while (at != NULL) {
        char *comma = strchr(at, ',');
        if (comma != NULL)
            *comma++ = 0;
        if (*at == 0 || out->count == BASE_COUNT(out->values))
            return cli_usage("--grid %s: expected 1 to %zu values, none empty", text,
                             BASE_COUNT(out->values));
        out->values[out->count++] = at;
        at = comma;
    }
    return -1;
}

static int read_grid(sweep *self)
{
    if (self->data.count == 0)
        return cli_usage("--data is missing: files, folders or sim:SEED");
    if (self->grid.count == 0 || self->grid.count > NAMES_MAX)
        return cli_usage("--grid: expected 1 to %d of NAME=VALUE,VALUE...", NAMES_MAX);
    self->points = 1;
    for (size_t i = 0; i < self->grid.count; i++) {
        int code = read_axis(self->grid.items[i], &self->axes[i]);
        self->axis_count = i + 1; /* to be freed */
        if (code >= 0)
            return code;
        self->points *= self->axes[i].count;
        if (self->points > POINTS_MAX)
            return cli_usage("--grid: more than %d points", POINTS_MAX);
    }
    return -1;
}

/* The parameters of the point at which the axes stand. */
static int point_params(const sweep *self, base_buffer *out)
{
    char texts[NAMES_MAX][256];
    const char *items[NAMES_MAX + 64];
    cli_list all = {items, 0, 0};

    if (self->set.count > 64)
        return cli_usage("--set: more than 64");
    for (size_t i = 0; i < self->set.count; i++)
        items[all.count++] = self->set.items[i];
    for (size_t i = 0; i < self->axis_count; i++) {
        const axis *one = &self->axes[i];
        size_t name = strcspn(one->text, "=");
        if (snprintf(texts[i], sizeof texts[i], "%.*s=%s", (int)name, one->text,
                     one->values[one->at]) >= (int)sizeof texts[i])
            return cli_usage("--grid %.60s...: a value is too long", one->text);
        items[all.count++] = texts[i];
    }
    return cli_params_json(&all, out);
}

static void print_point(sweep *self, const char *params, const backtest_result *result,
                        const hean_error *error)
{
    bool done = error->status == HEAN_OK;

    if (!self->as_json) {
        cli_table_text(&self->table, params);
        cli_table_scaled(&self->table, done ? result->net_pnl_e8 : 0, 8);
        cli_table_scaled(&self->table, done ? result->max_drawdown_e8 : 0, 6);
        cli_table_scaled(&self->table, done ? (int64_t)result->fills : 0, 0);
        cli_table_text(&self->table, done ? "" : error->message);
        return;
    }
    cli_json_object(&self->json, NULL);
    base_buffer_printf(&self->json.buffer, "\"params\":%s", params);
    self->json.comma = true;
    if (done) {
        cli_json_text(&self->json, "trial", result->trial);
        cli_json_scaled(&self->json, "gross_pnl", result->gross_pnl_e8, 8);
        cli_json_scaled(&self->json, "fees", result->fees_e8, 8);
        cli_json_scaled(&self->json, "funding", result->funding_e8, 8);
        cli_json_scaled(&self->json, "net_pnl", result->net_pnl_e8, 8);
        cli_json_scaled(&self->json, "max_drawdown_pct", result->max_drawdown_e8, 6);
        cli_json_whole(&self->json, "fills", (int64_t)result->fills);
        cli_json_text(&self->json, "orders_hash", result->orders_hash);
    } else {
        cli_json_text(&self->json, "error", error->message);
    }
    cli_json_object_end(&self->json);
    (void)cli_json_line(&self->json);
}

/* A point whose script fails is shown as such; the others go on. */
static hean_status run_point(sweep *self, const char *params, hean_error *error)
{
    backtest_options options = backtest_options_default();
    backtest_result result = {0};
    hean_error detail = {HEAN_OK, ""};
    hean_status status;

    options.file = self->file;
    options.params_json = params;
    options.paths = self->data.items;
    options.path_count = self->data.count;
    options.symbol = self->symbol;
    options.stop = &cli_stop;
    if (decimal_to_scaled(self->capital, 8, &options.capital_e8) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "--capital: it does not fit");
    status = backtest_run(&options, &result, &detail);
    detail.status = status;
    if (status == HEAN_E_INTERRUPTED || status == HEAN_E_NO_MEMORY) {
        backtest_result_deinit(NULL, &result);
        return base_fail(error, status, "%s", detail.message);
    }
    self->failed += status != HEAN_OK;
    status = status == HEAN_OK ? backtest_count(&result, self->kept, NULL, error) : HEAN_OK;
    if (status == HEAN_OK)
        print_point(self, params, &result, &detail);
    if (result.strategy[0] != 0)
        (void)base_text_copy(self->family, sizeof self->family, result.strategy);
    backtest_result_deinit(NULL, &result);
    return status;
}

/* The last axis turns fastest. False: that was the last point. */
static bool next_point(sweep *self)
{
    for (size_t i = self->axis_count; i > 0; i--) {
        axis *one = &self->axes[i - 1];
        if (++one->at < one->count)
            return true;
        one->at = 0;
    }
    return false;
}

static int run_all(sweep *self, hean_error *error)
{
    uint64_t trials = 0;
    size_t done = 0;
    hean_status status = store_open(NULL, self->store_path, STORE_WRITE, &self->kept, error);

    while (status == HEAN_OK) {
        base_buffer params;
        base_buffer_init(&params, base_allocator_default());
        int code = point_params(self, &params);
        if (code < 0)
            status = run_point(self, params.data, error);
        base_buffer_deinit(&params);
        if (code >= 0)
            return code;
        cli_progress("sweep", (double)++done / (double)self->points);
        if (status == HEAN_OK && !next_point(self))
            break;
    }
    cli_progress("", -1);
    if (status == HEAN_OK)
        status = store_trial_count(self->kept, self->family, &trials, error);
    if (status != HEAN_OK)
        return cli_fail(error);
    (void)fprintf(stderr, "hean: %zu points, %zu failed; %llu trials of %s so far\n", done,
                  self->failed, (unsigned long long)trials, self->family);
    return self->failed > 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
}

static int run(sweep *self)
{
    static const char *const heads[] = {"parameters", "net PnL", "drawdown %", "fills", "error"};
    hean_error error = {HEAN_OK, ""};
    int code, printed;

    cli_stop_on_signals();
    cli_json_init(&self->json);
    cli_table_init(&self->table, heads, BASE_COUNT(heads), 7u << 1);
    code = run_all(self, &error);
    store_close(self->kept);
    printed = self->as_json ? cli_json_print(&self->json) : cli_table_print(&self->table);
    if (self->as_json)
        base_buffer_deinit(&self->table.cells);
    else
        base_buffer_deinit(&self->json.buffer);
    return code != CLI_EXIT_DONE ? code : printed;
}

int cmd_sweep(int argc, char **argv)
{
    sweep *self = base_alloc(base_allocator_default(), sizeof *self);
    cli_list positional;
    int result;

    if (self == NULL)
        return cli_fail(&(hean_error){HEAN_E_NO_MEMORY, "sweep: out of memory"});
    self->store_path = CLI_STORE_DEFAULT;
    self->capital = (hean_decimal){10000, 0};
    const cli_option options[] = {
        {"--data", CLI_LIST, &self->data, "PATH...", "files, folders, .hean files or sim:SEED"},
        {"--grid", CLI_LIST, &self->grid, "K=V,V...", "values of a parameter; several: all points"},
        {"--set", CLI_LIST, &self->set, "K=V...", "parameters that stay"},
        {"--symbol", CLI_TEXT, &self->symbol, "S", "only this instrument of the data"},
        {"--capital", CLI_DECIMAL, &self->capital, "USD", "capital; 10000"},
        {"--store", CLI_TEXT, &self->store_path, "FILE",
         "where trials are counted; " CLI_STORE_DEFAULT},
        {"--json", CLI_FLAG, &self->as_json, NULL, "one JSON object a point"}};
    const cli_command command = {"hean sweep STRATEGY --data PATH... --grid NAME=V,V... [options]",
                                 "Runs a strategy once for every point of a grid.",
                                 options,
                                 BASE_COUNT(options),
                                 1,
                                 1};
    result = cli_parse(&command, argc, argv, &positional);
    if (result < 0) {
        self->file = positional.items[0];
        result = read_grid(self);
        if (result < 0)
            result = run(self);
        cli_list_deinit(&positional);
    }
    for (size_t i = 0; i < self->axis_count; i++)
        free(self->axes[i].text);
    cli_list_deinit(&self->data);
    cli_list_deinit(&self->grid);
    cli_list_deinit(&self->set);
    base_free(base_allocator_default(), self);
    return result;
}
