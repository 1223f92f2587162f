/*
 * process_select.c: hean process select: a policy's decisions about a file of processes.
 *
 * The policy runs in a jail; this file only reads the input and prints what came out.
 */
#include "cmd_process.h"

#include <script/script.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (UINT64_C(1) << 30)

typedef struct selection {
    const char *policy, *input;
    int64_t now_ns, trials, started;
    hean_decimal loss_limit;
    bool as_json;
} selection;

/* A policy that is compiled in has a name, any other is a file. */
static hean_status find_policy(const char *policy, base_buffer *file, script_policy_call *call,
                               hean_error *error)
{
    hean_status status;

    call->file = policy;
    call->source = script_policy_find(policy, &call->source_bytes);
    if (call->source != NULL)
        return HEAN_OK;
    if (strchr(policy, '/') == NULL && strchr(policy, '.') == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND,
                         "no policy is called %s; expected guarded, original or a Lua file",
                         policy);
    status = base_buffer_read_file(file, policy, SCRIPT_SOURCE_BYTES_MAX, error);
    call->source = file->data != NULL ? file->data : "";
    call->source_bytes = file->length;
    return status;
}

/* For people: one process a line, and why. */
static void print_table(const base_buffer *lines)
{
    const char *at = lines->data, *end = lines->data + lines->length;

    for (const char *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        json_t *line = json_loadb(at, (size_t)(stop - at), 0, NULL);
        const char *id = json_string_value(json_object_get(line, "process_id"));
        const char *state = json_string_value(json_object_get(line, "state"));
        json_t *reasons = json_object_get(line, "reasons");
        const char *reason = json_string_value(json_array_get(reasons, 0));
        printf("%-24s %-10s %8.4f  %s\n", id != NULL ? id : "?", state != NULL ? state : "?",
               json_number_value(json_object_get(line, "weight")), reason != NULL ? reason : "");
        json_decref(line);
    }
}

static hean_status select_processes(const selection *self, hean_error *error)
{
    script_policy_call call = {
        .input_name = self->input,
        .now_ns = self->now_ns,
        .trials = (uint64_t)self->trials,
        .started = (uint64_t)self->started,
        .loss_limit = decimal_units_to_double(1, self->loss_limit),
        .stop = &cli_stop,
    };
    base_buffer file, input, out;
    hean_status status;

    base_buffer_init(&file, base_allocator_default());
    base_buffer_init(&input, base_allocator_default());
    base_buffer_init(&out, base_allocator_default());
    status = find_policy(self->policy, &file, &call, error);
    if (status != HEAN_OK)
        goto cleanup;
    status = cli_read_input(self->input, &input, INPUT_BYTES_MAX, error);
    if (status != HEAN_OK)
        goto cleanup;
    call.input = input.data != NULL ? input.data : "";
    call.input_bytes = input.length;
    status = script_policy_run(&call, &out, error);
    if (status != HEAN_OK || out.length == 0)
        goto cleanup;
    if (!self->as_json)
        print_table(&out);
    else if (fwrite(out.data, 1, out.length, stdout) != out.length)
        status = base_fail(error, HEAN_E_IO, "stdout: %s", strerror(errno));
cleanup:
    base_buffer_deinit(&out);
    base_buffer_deinit(&input);
    base_buffer_deinit(&file);
    return status;
}

int process_select(int argc, char **argv)
{
    selection self = {.policy = "guarded", .now_ns = base_clock_wall_ns()};
    const cli_option options[] = {
        {"--input", CLI_TEXT, &self.input, "FILE", "one JSON object a line; - is stdin"},
        {"--policy", CLI_TEXT, &self.policy, "NAME", "guarded (default), original or a Lua file"},
        {"--now", CLI_TIME, &self.now_ns, "TIME", "when the decision is made; now by default"},
        {"--trials", CLI_WHOLE, &self.trials, "N", "variants ever tried; those in the input"},
        {"--started", CLI_WHOLE, &self.started, "N", "processes ever started; those in the input"},
        {"--loss-limit", CLI_DECIMAL, &self.loss_limit, "FRACTION",
         "of capital that one run may lose, where the entry declares none"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "one JSON object a process"}};
    const cli_command command = {
        "hean process select --input FILE [--policy NAME] [--now TIME] [options]",
        "Lets a policy decide, in a jail, which processes live, scale, wait or die.",
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
        return cli_usage("hean process select: missing --input FILE");
    cli_stop_on_signals();
    return select_processes(&self, &error) == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
}
