/*
 * process_round.c: the operator's daily round: plan, run, decide; and who takes part: list, show,
 * add, approve, reject, disable, tasks, done.
 */
#include "cmd_process.h"

#include <host/process.h>

#include <stdlib.h>
#include <string.h>

typedef struct round_arguments {
    const char *config, *store, *policy, *inputs, *note;
    hean_decimal capital;
    int64_t now_ns;
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

static int work(const round_arguments *arguments, const cli_list *names, work_fn body,
                int (*print)(const char *text))
{
    store *kept = NULL;
    hean_error error = {HEAN_OK, ""};
    base_buffer out;
    int code;
    hean_status status = store_open(NULL, arguments->store, STORE_WRITE, &kept, &error);

    cli_stop_on_signals();
    base_buffer_init(&out, base_allocator_default());
    if (status == HEAN_OK)
        status = process_add_builtin(kept, arguments->now_ns, &error);
    if (status == HEAN_OK)
        status = body(kept, arguments, names, &out, &error);
    store_close(kept);
    if (status != HEAN_OK)
        code = cli_fail(&error);
    else if (arguments->as_json || print == NULL)
        code = print_lines(&out);
    else
        code = print(out.data != NULL ? out.data : "");
    base_buffer_deinit(&out);
    return code;
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

static hean_status do_run(store *kept, const round_arguments *arguments, const cli_list *names,
                          base_buffer *out, hean_error *error)
{
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
    for (size_t i = 0; status == HEAN_OK && i < names->count; i++) {
        options.id = names->items[i];
        status = process_run_once(kept, &options, out, error);
        base_buffer_append(out, "\n", 1);
    }
    config_deinit(&settings);
    return status;
}

static hean_status do_decide(store *kept, const round_arguments *arguments, const cli_list *names,
                             base_buffer *out, hean_error *error)
{
    (void)names;
    return process_decide(kept, arguments->policy, arguments->now_ns, &cli_stop, out, error);
}

static hean_status do_add(store *kept, const round_arguments *arguments, const cli_list *names,
                          base_buffer *out, hean_error *error)
{
    hean_status status = HEAN_OK;

    (void)out;
    for (size_t i = 0; status == HEAN_OK && i < names->count; i++)
        status = process_add_file(kept, names->items[i], arguments->now_ns, error);
    return status;
}

static hean_status switch_all(store *kept, const round_arguments *arguments, const cli_list *names,
                              bool enabled, bool kill, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < names->count; i++)
        status = process_switch(kept, names->items[i], enabled, kill, arguments->now_ns, error);
    return status;
}

static hean_status do_approve(store *kept, const round_arguments *arguments, const cli_list *names,
                              base_buffer *out, hean_error *error)
{
    (void)out;
    return switch_all(kept, arguments, names, true, false, error);
}

static hean_status do_reject(store *kept, const round_arguments *arguments, const cli_list *names,
                             base_buffer *out, hean_error *error)
{
    (void)out;
    return switch_all(kept, arguments, names, false, true, error);
}

static hean_status do_disable(store *kept, const round_arguments *arguments, const cli_list *names,
                              base_buffer *out, hean_error *error)
{
    (void)out;
    return switch_all(kept, arguments, names, false, false, error);
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

static hean_status do_done(store *kept, const round_arguments *arguments, const cli_list *names,
                           base_buffer *out, hean_error *error)
{
    char *end;
    long long id = strtoll(names->items[0], &end, 10);

    (void)out;
    if (*end != 0 || id <= 0)
        return base_fail(error, HEAN_E_INVALID, "%s: expected the number of a task",
                         names->items[0]);
    return store_task_done(kept, id, arguments->note, arguments->now_ns, error);
}

/* ---- the commands ---- */

typedef struct verb {
    const char *usage, *about;
    work_fn body;
    int (*print)(const char *text);
    size_t names_min, names_max;
} verb;

static int run_verb(const verb *what, int argc, char **argv)
{
    round_arguments self = {.store = CLI_STORE_DEFAULT,
                            .capital = {10000, 0},
                            .now_ns = base_clock_wall_ns(),
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
    result = work(&self, &names, what->body, what->print);
    cli_list_deinit(&names);
    return result;
}

#define VERB(name, usage, about, body, print, least, most)                                         \
    int verb_##name(int argc, char **argv)                                                         \
    {                                                                                              \
        static const verb what = {"hean process " usage, about, body, print, least, most};         \
        return run_verb(&what, argc, argv);                                                        \
    }

VERB(plan, "plan [--capital USD] [options]", "Divides the day's capital and ranks opportunities.",
     do_plan, process_print_plan, 0, 0)
VERB(run, "run ID... [options]", "Runs processes, each once a day.", do_run, NULL, 1, 64)
VERB(decide, "decide [--policy NAME] [options]",
     "Lets a policy decide about all processes from their runs.", do_decide, NULL, 0, 0)
VERB(add, "add FILE... [options]", "Adds definitions, Lua or JSON; they wait for approval.", do_add,
     NULL, 1, 64)
VERB(approve, "approve ID... [options]", "Lets processes run.", do_approve, NULL, 1, 64)
VERB(reject, "reject ID... [options]", "Kills processes, for good.", do_reject, NULL, 1, 64)
VERB(disable, "disable ID... [options]", "Stops processes from running.", do_disable, NULL, 1, 64)
VERB(list, "list [options]", "Lists the processes.", do_list, process_print_list, 0, 0)
VERB(show, "show ID [options]", "Shows one process with its definition.", do_list, NULL, 1, 1)
VERB(tasks, "tasks [options]", "Lists what waits for a person.", do_tasks, NULL, 0, 0)
VERB(done, "done TASK [--note TEXT] [options]",
     "Answers a task; the next run of its process goes on.", do_done, NULL, 1, 1)
