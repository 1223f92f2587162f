/*
 * process_round.c: the operator's daily round: plan, run, decide, evaluate; and who takes part:
 * list, show, add, approve, reject, disable, tasks, done.
 *
 * What only looks opens the store for reading, so that it never waits for a host that writes.
 */
#include "cmd_process.h"

#include <host/process.h>

#include <stdlib.h>
#include <string.h>

typedef struct round_arguments {
    const char *config, *store, *policy, *inputs, *note;
    hean_decimal capital;
    int64_t now_ns, days;
    bool as_json, force;
} round_arguments;

/* Every command below: opens the store, brings the built-in processes up to date, does its work. */
typedef hean_status (*work_fn)(store *kept, const round_arguments *arguments, const cli_list *names,
                               base_buffer *out, hean_error *error);

static int print_lines(const base_buffer *out)
{
    size_t length = out->length;

    if (length > 0 && (fwrite(out->data, 1, length, stdout) != length ||
                       (out->data[length - 1] != '\n' && putchar('\n') == EOF)))
        return CLI_EXIT_FAILED;
    return CLI_EXIT_DONE;
}

/* Commands below a parent of their own: what they print and how they open the store. */
typedef struct verb {
    const char *usage, *about;
    work_fn body;
    int (*print)(const char *text);
    size_t names_min, names_max;
    bool looks; /* changes nothing */
} verb;

static hean_status count_process(void *context, const store_process *row, hean_error *error)
{
    (void)row;
    (void)error;
    *(bool *)context = true;
    return HEAN_OK;
}

/* A store that nobody has used yet gets the built-in processes, whoever opens it. */
static hean_status open_kept(const verb *what, const round_arguments *arguments, store **out,
                             hean_error *error)
{
    store *kept = NULL;
    bool any = false;
    hean_status status = HEAN_OK;

    if (what->looks && store_open(NULL, arguments->store, STORE_READ, &kept, NULL) == HEAN_OK) {
        status = store_each_process(kept, NULL, count_process, &any, error);
        if (status == HEAN_OK && any) {
            *out = kept;
            return HEAN_OK;
        }
        store_close(kept);
        kept = NULL;
    }
    status = store_open(NULL, arguments->store, STORE_WRITE, &kept, error);
    if (status == HEAN_OK)
        status = process_add_builtin(kept, arguments->now_ns, error);
    if (status != HEAN_OK)
        store_close(kept);
    else
        *out = kept;
    return status;
}

/* What was done before something failed is done, and is shown. */
static int work(const round_arguments *arguments, const cli_list *names, const verb *what)
{
    store *kept = NULL;
    hean_error error = {HEAN_OK, ""};
    base_buffer out;
    int code = CLI_EXIT_DONE, failed;
    hean_status status;

    cli_stop_on_signals();
    base_buffer_init(&out, base_allocator_default());
    status = open_kept(what, arguments, &kept, &error);
    if (status == HEAN_OK)
        status = what->body(kept, arguments, names, &out, &error);
    store_close(kept);
    failed = status == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
    if (failed == CLI_EXIT_DONE || out.length > 0)
        code = arguments->as_json || what->print == NULL
                   ? print_lines(&out)
                   : what->print(out.data != NULL ? out.data : "");
    base_buffer_deinit(&out);
    return failed != CLI_EXIT_DONE ? failed : code;
}

/* ---- the work ---- */

static hean_status do_plan(store *kept, const round_arguments *arguments, const cli_list *names,
                           base_buffer *out, hean_error *error)
{
    plan_rules rules = plan_rules_default();
    int64_t total_e8;

    (void)names;
    if (decimal_to_scaled(arguments->capital, 8, &total_e8) != HEAN_OK || total_e8 <= 0)
        return base_fail(error, HEAN_E_RANGE, "--capital: expected an amount over 0");
    return process_plan(kept, &rules, total_e8, arguments->now_ns, &cli_stop, out, error);
}

static hean_status add_runnable(void *context, const store_process *row, hean_error *error)
{
    cli_list *list = context;
    char *id;

    if (!row->enabled || strcmp(row->state, "PAUSED") == 0 || strcmp(row->state, "KILLED") == 0)
        return HEAN_OK;
    id = strdup(row->id);
    if (id == NULL || !base_grow(base_allocator_default(), (void **)&list->items, &list->capacity,
                                 list->count + 1, sizeof *list->items)) {
        free(id);
        return base_fail(error, HEAN_E_NO_MEMORY, "run: out of memory");
    }
    list->items[list->count++] = id;
    return HEAN_OK;
}

/* Every process that may run, copied: runs change the rows. */
static hean_status find_runnable(store *kept, cli_list *out, hean_error *error)
{
    return store_each_process(kept, NULL, add_runnable, out, error);
}

static hean_status do_run(store *kept, const round_arguments *arguments, const cli_list *names,
                          base_buffer *out, hean_error *error)
{
    cli_list runnable = {0};
    const cli_list *wanted = names->count > 0 ? names : &runnable;
    config settings;
    process_run_options options = {.config = &settings,
                                   .force = arguments->force,
                                   .inputs = arguments->inputs,
                                   .now_ns = arguments->now_ns,
                                   .stop = &cli_stop};
    hean_status status = config_load(NULL, arguments->config, &cli_stop, &settings, error);

    if (status != HEAN_OK)
        return status;
    if (arguments->capital.mantissa > 0)
        status = decimal_to_scaled(arguments->capital, 8, &options.capital_e8);
    if (status != HEAN_OK)
        (void)base_fail(error, status, "--capital: it does not fit");
    if (status == HEAN_OK && names->count == 0)
        status = find_runnable(kept, &runnable, error);
    for (size_t i = 0; status == HEAN_OK && i < wanted->count; i++) {
        options.id = wanted->items[i];
        status = process_run_once(kept, &options, out, error);
        if (status == HEAN_OK)
            base_buffer_append(out, "\n", 1);
    }
    for (size_t i = 0; i < runnable.count; i++)
        free((char *)runnable.items[i]);
    cli_list_deinit(&runnable);
    config_deinit(&settings);
    return status;
}

static hean_status do_decide(store *kept, const round_arguments *arguments, const cli_list *names,
                             base_buffer *out, hean_error *error)
{
    (void)names;
    return process_decide(kept, arguments->policy, arguments->now_ns, &cli_stop, out, error);
}

static hean_status do_evaluate(store *kept, const round_arguments *arguments, const cli_list *names,
                               base_buffer *out, hean_error *error)
{
    (void)names;
    return process_evaluate(kept, arguments->days, arguments->now_ns, out, error);
}

static hean_status write_process(void *context, const store_process *row, hean_error *error)
{
    base_buffer *out = context;
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "process_id", row->id);
    cli_json_text(&json, "state", row->state);
    cli_json_bool(&json, "enabled", row->enabled);
    cli_json_real(&json, "weight", row->weight);
    cli_json_text(&json, "source", row->source);
    cli_json_time(&json, "created_at", row->created_ns);
    cli_json_time(&json, "updated_at", row->updated_ns);
    base_buffer_printf(&json.buffer, ",\"definition\":%s", row->definition);
    cli_json_object_end(&json);
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    base_buffer_append(out, "\n", 1);
    base_buffer_deinit(&json.buffer);
    return out->failed ? base_fail(error, HEAN_E_NO_MEMORY, "list: out of memory") : HEAN_OK;
}

static hean_status write_waiting(void *context, const store_process *row, hean_error *error)
{
    return row->enabled || strcmp(row->state, "KILLED") == 0 ? HEAN_OK
                                                             : write_process(context, row, error);
}

/* Shows what waits for approval afterwards. */
static hean_status do_add(store *kept, const round_arguments *arguments, const cli_list *names,
                          base_buffer *out, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < names->count; i++)
        status = process_add_file(kept, names->items[i], arguments->now_ns, error);
    return status == HEAN_OK ? store_each_process(kept, NULL, write_waiting, out, error) : status;
}

/* Shows each as it is afterwards. */
static hean_status switch_all(store *kept, const round_arguments *arguments, const cli_list *names,
                              bool enabled, bool kill, base_buffer *out, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < names->count; i++) {
        status = process_switch(kept, names->items[i], enabled, kill, arguments->now_ns, error);
        if (status == HEAN_OK)
            status = store_each_process(kept, names->items[i], write_process, out, error);
    }
    return status;
}

static hean_status do_approve(store *kept, const round_arguments *arguments, const cli_list *names,
                              base_buffer *out, hean_error *error)
{
    return switch_all(kept, arguments, names, true, false, out, error);
}

static hean_status do_reject(store *kept, const round_arguments *arguments, const cli_list *names,
                             base_buffer *out, hean_error *error)
{
    return switch_all(kept, arguments, names, false, true, out, error);
}

static hean_status do_disable(store *kept, const round_arguments *arguments, const cli_list *names,
                              base_buffer *out, hean_error *error)
{
    return switch_all(kept, arguments, names, false, false, out, error);
}

static hean_status do_list(store *kept, const round_arguments *arguments, const cli_list *names,
                           base_buffer *out, hean_error *error)
{
    (void)arguments;
    return store_each_process(kept, names->count > 0 ? names->items[0] : NULL, write_process, out,
                              error);
}

static hean_status write_task(void *context, const store_task *task, hean_error *error)
{
    base_buffer *out = context;
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_whole(&json, "task", task->id);
    cli_json_text(&json, "process_id", task->process);
    cli_json_text(&json, "run_id", task->run);
    cli_json_text(&json, "step_id", task->step);
    cli_json_text(&json, "instructions", task->instructions);
    cli_json_time(&json, "created_at", task->created_ns);
    cli_json_object_end(&json);
    base_buffer_append(out, json.buffer.data, json.buffer.length);
    base_buffer_append(out, "\n", 1);
    base_buffer_deinit(&json.buffer);
    return out->failed ? base_fail(error, HEAN_E_NO_MEMORY, "tasks: out of memory") : HEAN_OK;
}

static hean_status do_tasks(store *kept, const round_arguments *arguments, const cli_list *names,
                            base_buffer *out, hean_error *error)
{
    (void)arguments;
    (void)names;
    return store_each_task(kept, NULL, true, write_task, out, error);
}

/* Shows what still waits. */
static hean_status do_done(store *kept, const round_arguments *arguments, const cli_list *names,
                           base_buffer *out, hean_error *error)
{
    char *end;
    long long id = strtoll(names->items[0], &end, 10);
    hean_status status;

    if (*end != 0 || id <= 0)
        return base_fail(error, HEAN_E_INVALID, "%s: expected the number of a task",
                         names->items[0]);
    status = store_task_done(kept, id, arguments->note, arguments->now_ns, error);
    return status == HEAN_OK ? do_tasks(kept, arguments, names, out, error) : status;
}

/* ---- the commands ---- */

static int run_verb(const verb *what, int argc, char **argv)
{
    round_arguments self = {.store = CLI_STORE_DEFAULT,
                            .capital = {10000, 0},
                            .now_ns = base_clock_wall_ns(),
                            .days = 30,
                            .note = ""};
    const cli_option options[] = {
        {"--store", CLI_TEXT, &self.store, "FILE", "where everything is kept; " CLI_STORE_DEFAULT},
        {"--now", CLI_TIME, &self.now_ns, "TIME", "what time it is; the clock's by default"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "JSON on stdout"},
        {"--config", CLI_TEXT, &self.config, "FILE", "run: whose venue is asked"},
        {"--force", CLI_FLAG, &self.force, NULL, "run: once more today, under a key of its own"},
        {"--inputs", CLI_TEXT, &self.inputs, "JSON", "run: inputs of the process"},
        {"--capital", CLI_DECIMAL, &self.capital, "USD",
         "plan: all of it (10000); run: of the run"},
        {"--policy", CLI_TEXT, &self.policy, "NAME", "decide: guarded (default), original"},
        {"--days", CLI_WHOLE, &self.days, "N", "evaluate: how many days; 30"},
        {"--note", CLI_TEXT, &self.note, "TEXT", "done: what was found"}};
    const cli_command command = {what->usage,         what->about,     options,
                                 BASE_COUNT(options), what->names_min, what->names_max};
    cli_list names;
    int result;

    if (what->body == do_run)
        self.capital.mantissa = 0; /* as planned */
    result = cli_parse(&command, argc, argv, &names);
    if (result >= 0)
        return result;
    result = work(&self, &names, what);
    cli_list_deinit(&names);
    return result;
}

#define VERB(name, usage, about, body, print, least, most, looks)                                  \
    int verb_##name(int argc, char **argv)                                                         \
    {                                                                                              \
        static const verb what = {"hean process " usage, about, body, print, least, most, looks};  \
        return run_verb(&what, argc, argv);                                                        \
    }

VERB(plan, "plan [--capital USD] [options]", "Divides the day's capital and ranks opportunities.",
     do_plan, process_print_plan, 0, 0, false)
VERB(run, "run [ID...] [options]", "Runs processes, each once a day; without ID all that may run.",
     do_run, process_print_runs, 0, 64, false)
VERB(decide, "decide [--policy NAME] [options]",
     "Lets a policy decide about all processes from their runs.", do_decide,
     process_print_decisions, 0, 0, false)
VERB(evaluate, "evaluate [--days N] [options]",
     "Says how the processes are, and what to do with each.", do_evaluate, process_print_evaluation,
     0, 0, true)
VERB(add, "add FILE... [options]", "Adds definitions, Lua or JSON; they wait for approval.", do_add,
     process_print_list, 1, 64, false)
VERB(approve, "approve ID... [options]", "Lets processes run.", do_approve, process_print_list, 1,
     64, false)
VERB(reject, "reject ID... [options]", "Kills processes, for good.", do_reject, process_print_list,
     1, 64, false)
VERB(disable, "disable ID... [options]", "Stops processes from running.", do_disable,
     process_print_list, 1, 64, false)
VERB(list, "list [options]", "Lists the processes.", do_list, process_print_list, 0, 0, true)
VERB(show, "show ID [options]", "Shows one process with its definition.", do_list, NULL, 1, 1, true)
VERB(tasks, "tasks [options]", "Lists what waits for a person.", do_tasks, process_print_tasks, 0,
     0, true)
VERB(done, "done TASK [--note TEXT] [options]",
     "Answers a task; the next run of its process goes on.", do_done, process_print_tasks, 1, 1,
     false)
