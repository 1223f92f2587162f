/*
 * import.c: plan, then passes over the data until the plan holds; the merge of all inputs by time.
 *
 * Invariants
 *   M1  events leave in order of local time; at equal times in the order of the inputs.
 *   M2  an input is open only from the time of its first row on: a folder of daily files costs the
 *       memory of one.
 */
#include "import_sink.h"
#include "import_source.h"

#include <stdlib.h>
#include <string.h>

#define PASSES_MAX      8
#define PROGRESS_EVENTS 65536

typedef struct merge {
    import_plan *plan;
    market_import_report *report;
    import_sink sink;
    import_file **order; /* by the time of their first row */
    size_t order_count, upcoming;
    import_source **open;
    size_t open_count;
    int64_t now_ns; /* of the last event that left */
    uint64_t events;
    uint64_t closed_bytes;
} merge;

static int compare_first(const void *a, const void *b)
{
    const import_file *left = *(import_file *const *)a, *right = *(import_file *const *)b;
    if (left->first_ns != right->first_ns)
        return left->first_ns < right->first_ns ? -1 : 1;
    return left < right ? -1 : 1;
}

static hean_status merge_init(merge *state, import_plan *plan, market_import_report *report, int fd,
                              hean_error *error)
{
    memset(state, 0, sizeof *state);
    state->plan = plan;
    state->report = report;
    state->now_ns = INT64_MIN;
    state->order = base_alloc_array(plan->allocator, plan->file_count, sizeof(import_file *));
    state->open = base_alloc_array(plan->allocator, plan->file_count, sizeof(import_source *));
    if (state->order == NULL || state->open == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < plan->file_count; i++) {
        if (!plan->files[i].skipped)
            state->order[state->order_count++] = &plan->files[i];
    }
    if (state->order_count > 1)
        qsort(state->order, state->order_count, sizeof(import_file *), compare_first);
    return import_sink_open(&state->sink, plan, fd, error);
}

static void merge_deinit(merge *state)
{
    for (size_t i = 0; i < state->open_count; i++)
        import_source_close(state->open[i]);
    if (state->sink.plan != NULL)
        import_sink_close(&state->sink);
    base_free(state->plan->allocator, state->order);
    base_free(state->plan->allocator, state->open);
}

static int64_t head_ns(const import_source *source)
{
    return source->events[source->next].local_ns;
}

/* Closes an input that is over; true if it is. */
static hean_status refill(merge *state, size_t at, bool *over, hean_error *error)
{
    import_source *source = state->open[at];
    hean_status status = import_source_fill(source, error);

    if (status != HEAN_OK)
        return base_fail_prefix(error, "%s", source->report->path);
    *over = source->next == source->ready;
    if (*over) {
        state->closed_bytes += source->file->part.packed_bytes;
        import_source_close(source);
        state->open[at] = state->open[--state->open_count];
    }
    return HEAN_OK;
}

static hean_status open_next(merge *state, hean_error *error)
{
    import_file *file = state->order[state->upcoming++];
    market_import_file *report = &state->report->files[file - state->plan->files];
    import_source *source = NULL;
    bool over = false;
    hean_status status = import_source_open(state->plan, file, report, false, &source, error);

    if (status != HEAN_OK)
        return status;
    state->open[state->open_count++] = source;
    status = refill(state, state->open_count - 1, &over, error);
    if (status == HEAN_OK && !over && head_ns(source) < state->now_ns) {
        file->first_ns = head_ns(source);
        state->plan->stale = true;
    }
    return status;
}

/* Opens every input whose time has come: no other event is before its first row. */
static hean_status open_due(merge *state, hean_error *error)
{
    while (state->upcoming < state->order_count) {
        int64_t first_ns = state->order[state->upcoming]->first_ns;
        hean_status status;

        for (size_t i = 0; i < state->open_count; i++) {
            if (head_ns(state->open[i]) < first_ns)
                return HEAN_OK;
        }
        status = open_next(state, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* The input whose next event is the earliest. */
static size_t find_least(const merge *state)
{
    size_t least = 0;

    for (size_t i = 1; i < state->open_count; i++) {
        const import_source *a = state->open[i], *b = state->open[least];
        if (head_ns(a) < head_ns(b) || (head_ns(a) == head_ns(b) && a->file < b->file))
            least = i;
    }
    return least;
}

/* How many events of the input may leave before any other has one. */
static size_t count_leaving(const merge *state, size_t least)
{
    const import_source *source = state->open[least];
    int64_t before_ns = INT64_MAX; /* events earlier than this */
    size_t end = source->next + 1;

    for (size_t i = 0; i < state->open_count; i++) {
        const import_source *other = state->open[i];
        int64_t limit_ns = head_ns(other);
        if (i == least)
            continue;
        if (source->file < other->file)
            limit_ns++; /* at equal times, this one goes first */
        if (limit_ns < before_ns)
            before_ns = limit_ns;
    }
    if (state->upcoming < state->order_count && state->order[state->upcoming]->first_ns < before_ns)
        before_ns = state->order[state->upcoming]->first_ns;
    while (end < source->ready && source->events[end].local_ns < before_ns)
        end++;
    return end - source->next;
}

static void show_progress(merge *state, size_t count)
{
    const market_import_options *options = state->plan->options;
    uint64_t taken = state->closed_bytes, rows = 0, before = state->events;

    state->events += count;
    if (options->progress == NULL || before / PROGRESS_EVENTS == state->events / PROGRESS_EVENTS)
        return;
    for (size_t i = 0; i < state->open_count; i++)
        taken += import_source_taken(state->open[i]);
    for (size_t i = 0; i < state->report->file_count; i++)
        rows += state->report->files[i].rows;
    options->progress(options->progress_context,
                      state->plan->bytes > 0 ? (double)taken / (double)state->plan->bytes : 0,
                      rows);
}

static hean_status merge_all(merge *state, hean_error *error)
{
    hean_status status = open_due(state, error);

    while (status == HEAN_OK && state->open_count > 0 && !state->sink.over) {
        size_t least = find_least(state);
        import_source *source = state->open[least];
        size_t count = count_leaving(state, least);
        bool over = false;

        if (!state->plan->stale)
            status = import_sink_take(&state->sink, source->events + source->next, count, error);
        if (status != HEAN_OK)
            return status;
        source->next += count;
        state->now_ns = source->events[source->next - 1].local_ns;
        show_progress(state, count);
        if (source->next == source->ready)
            status = refill(state, least, &over, error);
        if (status == HEAN_OK)
            status = open_due(state, error);
    }
    return status;
}

/* ---- the report ---- */

static void reset_report(const import_plan *plan, market_import_report *report)
{
    for (size_t i = 0; i < report->file_count; i++) {
        market_import_file *file = &report->files[i];
        market_import_file clean = {.bad = file->bad};
        memcpy(clean.path, file->path, sizeof clean.path);
        memcpy(clean.format, file->format, sizeof clean.format);
        memcpy(clean.note, file->note, sizeof clean.note);
        if (plan->files[i].sort && clean.note[0] == 0)
            (void)snprintf(clean.note, sizeof clean.note, "rows far out of order: sorted on disk");
        *file = clean;
    }
}

static hean_status check_result(const import_plan *plan, const merge *state,
                                market_import_report *report, hean_error *error)
{
    report->rows = report->bad_rows = report->out_of_order_rows = report->rounded_rows = 0;
    for (size_t i = 0; i < report->file_count; i++) {
        market_import_file *file = &report->files[i];
        if (file->rows > 0 && file->bad_rows == file->rows)
            return base_fail(error, HEAN_E_PARSE,
                             "%s: none of its %llu rows is good; line %llu: %s", file->path,
                             (unsigned long long)file->rows, (unsigned long long)file->bad[0].line,
                             file->bad[0].message);
        if (file->rows == 0 && !plan->files[i].skipped && file->note[0] == 0)
            (void)snprintf(file->note, sizeof file->note, "no rows");
        report->rows += file->rows;
        report->bad_rows += file->bad_rows;
        report->out_of_order_rows += file->out_of_order_rows;
        report->rounded_rows += file->rounded_rows;
    }
    if (report->rows == 0)
        return base_fail(error, HEAN_E_TRUNCATED, "%s%s: no rows", report->files[0].path,
                         report->file_count > 1 ? " and the others" : "");
    if (plan->unmatched.status != HEAN_OK) {
        if (error != NULL)
            *error = plan->unmatched;
        return plan->unmatched.status;
    }
    if (plan->instrument_count == 0 && plan->options->symbol != NULL)
        return import_plan_nothing_chosen(plan, error);
    if (!state->sink.started)
        return base_fail(error, HEAN_E_NOT_FOUND, "no events in the %llu rows%s",
                         (unsigned long long)report->rows,
                         state->events > 0 ? " between the times given" : "");
    return HEAN_OK;
}

static hean_status run_pass(import_plan *plan, int fd, market_import_report *report,
                            hean_error *error)
{
    merge state;
    hean_status status;

    reset_report(plan, report);
    status = merge_init(&state, plan, report, fd, error);
    if (status == HEAN_OK)
        status = merge_all(&state, error);
    if (status == HEAN_OK && !plan->stale)
        status = check_result(plan, &state, report, error);
    if (status == HEAN_OK && !plan->stale)
        status = import_sink_finish(&state.sink, report, error);
    merge_deinit(&state);
    return status;
}

hean_status market_import_run(const hean_allocator *allocator, const market_import_options *options,
                              int fd, market_import_report *report, hean_error *error)
{
    market_import_report found = {0};
    import_plan plan;
    hean_status status;

    import_plan_init(&plan, allocator, options);
    status = import_files_find(&plan, &found, error);
    plan.stale = true;
    for (int pass = 0; status == HEAN_OK && plan.stale; pass++) {
        if (pass == PASSES_MAX)
            status = base_fail(error, HEAN_E_INVARIANT,
                               "the data changes while it is read: it was read %d times", pass);
        else
            status = import_plan_settle(&plan, error);
        if (status == HEAN_OK)
            status = run_pass(&plan, fd, &found, error);
    }
    import_plan_deinit(&plan);
    if (status != HEAN_OK) {
        market_import_report_deinit(allocator, &found);
        return status;
    }
    *report = found;
    return HEAN_OK;
}

void market_import_report_deinit(const hean_allocator *allocator, market_import_report *report)
{
    for (size_t i = 0; i < report->file_count; i++)
        base_free(allocator, report->files[i].bad);
    base_free(allocator, report->files);
    base_free(allocator, report->books);
    base_free(allocator, report->notes);
    memset(report, 0, sizeof *report);
}
