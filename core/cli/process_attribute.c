/*
 * process_attribute.c: hean process attribute: what each run of a list really earned, and then each
 * process and all of them together.
 *
 * Streams: memory grows with the number of processes, not with that of runs. A line that cannot be
 * read is named on stderr, counted, and makes the command fail at the end; the others are done.
 * With a store, what runs earned is posted in batches as they are read: a command that was stopped
 * half way is run again, and posts the rest.
 */
#include "cmd_process.h"

#include <host/run_list.h>
#include <store/store.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct process_total {
    char *name;
    attribution figures;
} process_total;

/* Runs that wait to be posted. */
#define BATCH_RUNS 512

typedef struct batch {
    attribution_texts texts[BATCH_RUNS];
    char runs[BATCH_RUNS][LEDGER_NAME_BYTES + 1];
    char processes[BATCH_RUNS][LEDGER_NAME_BYTES + 1];
    ledger_posting postings[BATCH_RUNS * LEDGER_KIND_COUNT];
    size_t run_count, count;
} batch;

typedef struct attribute {
    const char *input, *store_path;
    bool as_json;
    attribution_rates rates;
    process_total *processes; /* in order of their names */
    size_t count, capacity;
    attribution total;
    uint64_t lines, bad_lines, uncounted;
    store *store; /* NULL: nothing is posted */
    batch *batch;
    ledger_result posted;
    cli_json json;
} attribute;

/* ---- totals ---- */

static process_total *find_process(attribute *self, const char *name)
{
    size_t low = 0, high = self->count;
    char *copy;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(self->processes[middle].name, name);
        if (order == 0)
            return &self->processes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    copy = strdup(name);
    if (copy == NULL || !base_grow(base_allocator_default(), (void **)&self->processes,
                                   &self->capacity, self->count + 1, sizeof *self->processes)) {
        free(copy);
        return NULL;
    }
    memmove(&self->processes[low + 1], &self->processes[low],
            (self->count - low) * sizeof *self->processes);
    self->count++;
    self->processes[low] = (process_total){.name = copy};
    return &self->processes[low];
}

static hean_status add_run(attribute *self, const attribution_run *run, const attribution *figures,
                           hean_error *error)
{
    attribution total = self->total;
    process_total *process;

    if (figures->runs == 0) {
        self->uncounted++;
        return HEAN_OK;
    }
    process = find_process(self, run->process);
    if (process == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for another process");
    if (attribution_add(&total, figures) != HEAN_OK ||
        attribution_add(&process->figures, figures) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "run %s: a total does not fit", run->run);
    self->total = total;
    return HEAN_OK;
}

/* ---- posting ---- */

static hean_status post_batch(attribute *self, hean_error *error)
{
    ledger_result result;
    hean_status status;

    if (self->store == NULL || self->batch->count == 0)
        return HEAN_OK;
    status = store_post(self->store, self->batch->postings, self->batch->count, &result, error);
    if (status != HEAN_OK)
        return status;
    self->posted.posted += result.posted;
    self->posted.repeated += result.repeated;
    self->batch->run_count = 0;
    self->batch->count = 0;
    return HEAN_OK;
}

/* Texts of `run` live as long as its line, so the batch keeps copies. */
static hean_status post_run(attribute *self, const attribution_run *run, const attribution *figures,
                            hean_error *error)
{
    batch *into = self->batch;
    attribution_run kept = *run;

    if (self->store == NULL || figures->runs == 0)
        return HEAN_OK;
    kept.run = into->runs[into->run_count];
    kept.process = into->processes[into->run_count];
    /* attribution_of_run has measured both. */
    BASE_ASSERT(base_text_copy(into->runs[into->run_count], LEDGER_NAME_BYTES + 1, run->run));
    BASE_ASSERT(
        base_text_copy(into->processes[into->run_count], LEDGER_NAME_BYTES + 1, run->process));
    into->count += attribution_postings(&kept, &self->rates, figures, &into->texts[into->run_count],
                                        into->postings + into->count);
    into->run_count++;
    return into->run_count == BATCH_RUNS ? post_batch(self, error) : HEAN_OK;
}

static hean_status open_store(attribute *self, hean_error *error)
{
    if (self->store_path == NULL)
        return HEAN_OK;
    self->batch = base_alloc(base_allocator_default(), sizeof *self->batch);
    if (self->batch == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for postings");
    return store_open(NULL, self->store_path, STORE_WRITE, &self->store, error);
}

/* ---- JSON ---- */

static void print_figures(cli_json *json, const attribution *figures)
{
    cli_json_scaled(json, "gross_pnl_usd", figures->gross_e8, 8);
    cli_json_scaled(json, "net_pnl_usd", figures->net_e8, 8);
    cli_json_scaled(json, "total_fees_usd", figures->fees_e8, 8);
    cli_json_scaled(json, "total_funding_usd", figures->funding_e8, 8);
    cli_json_scaled(json, "total_rewards_usd", figures->rewards_e8, 8);
    cli_json_scaled(json, "opportunity_cost_usd", figures->opportunity_cost_e8, 8);
    cli_json_scaled(json, "capital_locked_hours", figures->hours_e8, 8);
    cli_json_scaled(json, "time_weighted_capital_usd", figures->time_weighted_capital_e8, 8);
    cli_json_bool(json, "profit_illusion", figures->profit_illusion);
}

static int print_run(attribute *self, const attribution_run *run, const attribution *figures)
{
    char basis[LEDGER_BASIS_BYTES + 1] = "";
    cli_json *json = &self->json;

    if (figures->runs > 0)
        (void)attribution_basis(run, &self->rates, LEDGER_FEE, basis);
    cli_json_object(json, NULL);
    cli_json_text(json, "record", "run");
    cli_json_text(json, "run_id", run->run);
    cli_json_text(json, "process_id", run->process);
    cli_json_bool(json, "counted", figures->runs > 0);
    print_figures(json, figures);
    cli_json_bool(json, "fees_estimated", figures->estimated_runs > 0);
    cli_json_text(json, "fees_basis", basis);
    cli_json_object_end(json);
    return cli_json_line(json);
}

static int print_total(attribute *self, const char *process, const attribution *figures)
{
    cli_json *json = &self->json;

    cli_json_object(json, NULL);
    cli_json_text(json, "record", process != NULL ? "process" : "total");
    if (process != NULL)
        cli_json_text(json, "process_id", process);
    cli_json_whole(json, "runs", (int64_t)figures->runs);
    cli_json_whole(json, "estimated_runs", (int64_t)figures->estimated_runs);
    print_figures(json, figures);
    if (process == NULL) {
        cli_json_whole(json, "lines", (int64_t)self->lines);
        cli_json_whole(json, "uncounted", (int64_t)self->uncounted);
        cli_json_whole(json, "bad_lines", (int64_t)self->bad_lines);
        cli_json_whole(json, "posted", (int64_t)self->posted.posted);
        cli_json_whole(json, "repeated", (int64_t)self->posted.repeated);
    }
    cli_json_object_end(json);
    return cli_json_line(json);
}

static int print_totals(attribute *self)
{
    int result = CLI_EXIT_DONE;

    for (size_t i = 0; i < self->count && result == CLI_EXIT_DONE; i++)
        result = print_total(self, self->processes[i].name, &self->processes[i].figures);
    return result != CLI_EXIT_DONE ? result : print_total(self, NULL, &self->total);
}

/* ---- a table for people ---- */

static void print_row(const char *name, const attribution *figures)
{
    const int64_t columns[] = {figures->gross_e8,
                               figures->fees_e8,
                               figures->funding_e8,
                               figures->rewards_e8,
                               figures->opportunity_cost_e8,
                               figures->net_e8};

    printf("%-24s %8llu", name, (unsigned long long)figures->runs);
    for (size_t i = 0; i < BASE_COUNT(columns); i++) {
        char text[48];
        printf(" %18s", decimal_format_scaled(columns[i], 8, text, sizeof text));
    }
    printf("%s\n", figures->profit_illusion ? "  illusion" : "");
}

static void print_table(const attribute *self)
{
    printf("%-24s %8s %18s %18s %18s %18s %18s %18s\n", "process", "runs", "gross", "fees",
           "funding", "rewards", "opportunity cost", "net (USD)");
    for (size_t i = 0; i < self->count; i++) {
        base_text_clean(self->processes[i].name, strlen(self->processes[i].name));
        print_row(self->processes[i].name, &self->processes[i].figures);
    }
    print_row("total", &self->total);
    printf("%llu runs with estimated fees; %llu runs that do not count (neither COMPLETED nor "
           "FAILED); %llu bad lines\n",
           (unsigned long long)self->total.estimated_runs, (unsigned long long)self->uncounted,
           (unsigned long long)self->bad_lines);
    if (self->store != NULL)
        printf("%llu entries posted to %s; %llu were there already\n",
               (unsigned long long)self->posted.posted, self->store_path,
               (unsigned long long)self->posted.repeated);
}

/* ---- the list ---- */

/* A line of the list; what is wrong with the line alone leaves `*fatal` false. */
static hean_status take_line(attribute *self, const char *line, size_t bytes, bool *fatal,
                             hean_error *error)
{
    run_texts texts = {0};
    attribution_run run;
    attribution figures;
    hean_status status = run_list_read(line, bytes, &texts, &run, error);

    if (status == HEAN_OK)
        status = attribution_of_run(&run, &self->rates, &figures, error);
    if (status == HEAN_OK && self->store != NULL && run.counts && run.started_ns == 0)
        status = base_fail(error, HEAN_E_PARSE, "started_at: expected a time, to post this run at");
    *fatal = false;
    if (status != HEAN_OK)
        return status;
    *fatal = true;
    status = add_run(self, &run, &figures, error);
    if (status == HEAN_OK)
        status = post_run(self, &run, &figures, error);
    if (status == HEAN_OK && self->as_json && print_run(self, &run, &figures) != CLI_EXIT_DONE)
        status = base_fail(error, HEAN_E_IO, "stdout: %s", strerror(errno));
    return status;
}

static hean_status take_lines(attribute *self, FILE *file, hean_error *error)
{
    const char *name = strcmp(self->input, "-") == 0 ? "stdin" : self->input;
    hean_status status = HEAN_OK;
    char *line = NULL;
    size_t capacity = 0;
    uint64_t number = 0;
    ssize_t got;

    while (status == HEAN_OK && !cli_stop && (got = getline(&line, &capacity, file)) >= 0) {
        size_t bytes = (size_t)got;
        const char *text = line;
        bool fatal;
        number++;
        if (number == 1 && bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
            text += 3;
            bytes -= 3;
        }
        while (bytes > 0 && strchr("\r\n \t", text[bytes - 1]) != NULL && text[bytes - 1] != 0)
            bytes--;
        if (bytes == 0)
            continue;
        self->lines++;
        status = take_line(self, text, bytes, &fatal, error);
        if (status == HEAN_OK)
            continue;
        (void)base_fail_prefix(error, "%s:%llu", name, (unsigned long long)number);
        if (!fatal) {
            (void)cli_fail(error);
            self->bad_lines++;
            status = HEAN_OK;
        }
    }
    if (status == HEAN_OK && cli_stop)
        status = base_fail(error, HEAN_E_INTERRUPTED, "stopped");
    else if (status == HEAN_OK && ferror(file))
        status = base_fail(error, HEAN_E_IO, "%s: %s", name, strerror(errno));
    free(line);
    return status;
}

static hean_status run_all(attribute *self, hean_error *error)
{
    bool is_stdin = strcmp(self->input, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(self->input, "re");
    hean_status status;

    if (file == NULL)
        return base_fail(error, errno == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO, "%s: %s",
                         self->input, strerror(errno));
    status = open_store(self, error);
    if (status == HEAN_OK)
        status = take_lines(self, file, error);
    if (status == HEAN_OK)
        status = post_batch(self, error);
    if (!is_stdin)
        (void)fclose(file);
    return status;
}

/* `value` * 10^-places_of_unit as e12, exactly. */
static bool read_rate(hean_decimal value, int places, int64_t *out_e12)
{
    hean_decimal step = {1, places - 12};

    return decimal_to_units(value, step, out_e12) == HEAN_OK && *out_e12 >= 0 &&
           *out_e12 <= ATTRIBUTION_RATE_MAX_E12;
}

static void close_all(attribute *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->processes[i].name);
    base_free(base_allocator_default(), self->processes);
    base_free(base_allocator_default(), self->batch);
    store_close(self->store);
}

int process_attribute(int argc, char **argv)
{
    attribute self = {.rates = attribution_rates_default()};
    hean_decimal maker = {5, -1}, taker = {3, 0}, allocated = {1, 0}, apr = {5, -2};
    const cli_option options[] = {
        {"--input", CLI_TEXT, &self.input, "FILE", "one run a line, as JSON; - is stdin"},
        {"--maker-bps", CLI_DECIMAL, &maker, "BPS", "of volume, for estimated fees: 0.5"},
        {"--taker-bps", CLI_DECIMAL, &taker, "BPS", "of volume, for estimated fees: 3"},
        {"--capital-bps", CLI_DECIMAL, &allocated, "BPS",
         "of capital, where no volume is known: 1"},
        {"--apr", CLI_DECIMAL, &apr, "FRACTION", "what idle capital would earn a year: 0.05"},
        {"--store", CLI_TEXT, &self.store_path, "FILE", "also post what runs earned, each once"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "a line each for runs, processes and the total"}};
    const cli_command command = {
        "hean process attribute --input FILE [options]",
        "Tells what each run really earned after fees, funding, rewards and the cost of capital.",
        options,
        BASE_COUNT(options),
        0,
        0};
    hean_error error = {HEAN_OK, ""};
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    if (self.input == NULL)
        return cli_usage("hean process attribute: missing --input FILE");
    if (!read_rate(maker, 4, &self.rates.maker_e12) ||
        !read_rate(taker, 4, &self.rates.taker_e12) ||
        !read_rate(allocated, 4, &self.rates.allocated_e12) ||
        !read_rate(apr, 0, &self.rates.opportunity_per_year_e12))
        return cli_usage("hean process attribute: a rate is out of range: expected 0 to 100 of the "
                         "amount, in at most 12 decimals of it");
    cli_json_init(&self.json);
    cli_stop_on_signals();
    result = run_all(&self, &error) == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
    if (result == CLI_EXIT_DONE && self.as_json)
        result = print_totals(&self);
    else if (result == CLI_EXIT_DONE)
        print_table(&self);
    if (cli_json_print(&self.json) != CLI_EXIT_DONE)
        result = CLI_EXIT_FAILED;
    if (result == CLI_EXIT_DONE && self.bad_lines > 0)
        result = CLI_EXIT_FAILED;
    close_all(&self);
    return result;
}
