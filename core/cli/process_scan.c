/*
 * process_scan.c: takes a snapshot of the environment and keeps it in the store.
 */
#include "cmd_process.h"

#include <host/scan.h>
#include <store/records.h>

#include <string.h>

typedef struct scan_arguments {
    const char *config, *store, *manual;
    int64_t now_ns;
    bool as_json;
} scan_arguments;

static hean_status keep(const scan_arguments *arguments, const char *text, int64_t now_ns,
                        hean_error *error)
{
    char key[40];
    store_document document = {.kind = "snapshot", .key = key, .text = text, .made_ns = now_ns};
    store *kept = NULL;
    hean_status status = store_open(NULL, arguments->store, STORE_WRITE, &kept, error);

    base_time_format(now_ns, key, sizeof key);
    if (status == HEAN_OK)
        status = store_document_put(kept, &document, true, NULL, error);
    store_close(kept);
    return status;
}

static hean_status take(const scan_arguments *arguments, base_buffer *out, hean_error *error)
{
    base_buffer manual;
    config settings;
    scan_options options = {.config = &settings, .now_ns = arguments->now_ns, .stop = &cli_stop};
    hean_status status = config_load(NULL, arguments->config, &cli_stop, &settings, error);

    if (status != HEAN_OK)
        return status;
    base_buffer_init(&manual, base_allocator_default());
    if (arguments->manual != NULL) {
        status = base_buffer_read_file(&manual, arguments->manual, 1u << 20, error);
        options.manual = manual.data;
    }
    if (status == HEAN_OK)
        status = scan_environment(&options, out, error);
    if (status == HEAN_OK)
        status = keep(arguments, out->data, options.now_ns, error);
    base_buffer_deinit(&manual);
    config_deinit(&settings);
    return status;
}

int process_scan(int argc, char **argv)
{
    scan_arguments self = {.store = CLI_STORE_DEFAULT, .now_ns = base_clock_wall_ns()};
    const cli_option options[] = {
        {"--config", CLI_TEXT, &self.config, "FILE", "whose venue is asked; the built-in one"},
        {"--manual", CLI_TEXT, &self.manual, "FILE", "JSON of what no interface tells"},
        {"--store", CLI_TEXT, &self.store, "FILE", "where it is kept; " CLI_STORE_DEFAULT},
        {"--now", CLI_TIME, &self.now_ns, "TIME", "what time it is; the clock's by default"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "the snapshot"}};
    const cli_command command = {"hean process scan [options]",
                                 "Asks the venue what there is, and keeps the answer.",
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    hean_error error = {HEAN_OK, ""};
    cli_list none;
    base_buffer out;
    hean_status status;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    cli_stop_on_signals();
    base_buffer_init(&out, base_allocator_default());
    status = take(&self, &out, &error);
    if (status == HEAN_OK && self.as_json)
        result = puts(out.data) >= 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    else if (status == HEAN_OK)
        result = process_print_snapshot(out.data);
    else
        result = cli_fail(&error);
    base_buffer_deinit(&out);
    return result;
}
