/*
 * cmd_strategy.c: `hean strategy new` starts one, `hean strategy check` looks for errors.
 *
 * check loads the script in the jail of a backtest and runs it over a few minutes of the simulated
 * market, so that mistakes inside the callbacks show too, with file and line.
 */
#include "cli.h"

#include <host/backtest.h>
#include <script/embedded.h>
#include <script/script.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- new ---- */

#define TEMPLATE_NAME "STRATEGY_NAME" /* in the templates, where the name goes */

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < SCRIPT_NAME_BYTES && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static hean_status write_template(const char *template_name, const char *name, const char *path,
                                  hean_error *error)
{
    const script_embedded *source = script_embedded_find(template_name);
    const char *at, *hit;
    hean_status status = HEAN_OK;
    base_buffer text;
    int fd;

    BASE_ASSERT(source != NULL);
    base_buffer_init(&text, base_allocator_default());
    for (at = source->text; (hit = strstr(at, TEMPLATE_NAME)) != NULL;
         at = hit + strlen(TEMPLATE_NAME)) {
        base_buffer_append(&text, at, (size_t)(hit - at));
        base_buffer_append(&text, name, strlen(name));
    }
    base_buffer_append(&text, at, strlen(at));
    /* O_EXCL: never over somebody's work. */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (text.failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    else if (fd < 0)
        status = base_fail(error, errno == EEXIST ? HEAN_E_EXISTS : HEAN_E_IO, "%s: %s", path,
                           strerror(errno));
    else if (write(fd, text.data, text.length) != (ssize_t)text.length)
        status = base_fail(error, HEAN_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && status == HEAN_OK)
        status = base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    base_buffer_deinit(&text);
    return status;
}

/* mkdir -p */
static hean_status make_folders(const char *path, hean_error *error)
{
    char part[4096];

    if (!base_text_copy(part, sizeof part, path))
        return base_fail(error, HEAN_E_INVALID, "%s: the path is too long", path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return base_fail(error, HEAN_E_IO, "%s: %s", part, strerror(errno));
        if (slash == NULL)
            return HEAN_OK;
        *slash = '/';
    }
}

static int strategy_new(int argc, char **argv)
{
    const char *folder = "strategies";
    const char *spec_folder = "spec/strategies";
    const cli_option options[] = {
        {"--folder", CLI_TEXT, &folder, "DIR", "of the strategy; strategies"},
        {"--spec-folder", CLI_TEXT, &spec_folder, "DIR", "of its spec; spec/strategies"}};
    const cli_command command = {"hean strategy new NAME [--folder DIR] [--spec-folder DIR]",
                                 "Writes a runnable strategy and its spec.",
                                 options,
                                 BASE_COUNT(options),
                                 1,
                                 1};
    char path[4200], spec_path[4200];
    hean_error error = {HEAN_OK, ""};
    hean_status status;
    cli_list positional;
    int result = cli_parse(&command, argc, argv, &positional);

    if (result >= 0)
        return result;
    const char *name = positional.items[0];
    if (!name_is_good(name)) {
        cli_list_deinit(&positional);
        return cli_usage("a strategy's name is lower-case letters, digits and _, at most %d, and "
                         "starts with a letter",
                         SCRIPT_NAME_BYTES - 1);
    }
    (void)snprintf(path, sizeof path, "%.4000s/%s.lua", folder, name);
    (void)snprintf(spec_path, sizeof spec_path, "%.4000s/%s_spec.lua", spec_folder, name);
    status = make_folders(folder, &error);
    if (status == HEAN_OK)
        status = make_folders(spec_folder, &error);
    if (status == HEAN_OK)
        status = write_template("lua/hean/template_strategy.lua", name, path, &error);
    if (status == HEAN_OK)
        status = write_template("lua/hean/template_spec.lua", name, spec_path, &error);
    if (status == HEAN_OK)
        printf("%s\n%s\n\nnext: hean strategy check %s\n      hean backtest %s --data "
               "sim:42,hours=1\n",
               path, spec_path, path, path);
    cli_list_deinit(&positional);
    return status == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
}

/* ---- check ---- */

/* "dir/x.lua:12: text" has a line; 0 if the message names none. */
static int64_t line_of(const char *file, const char *message)
{
    const char *at = strstr(message, file);
    int64_t line = 0;

    if (at == NULL)
        return 0;
    at += strlen(file);
    if (*at++ != ':')
        return 0;
    for (; *at >= '0' && *at <= '9' && line < 1000000000; at++)
        line = line * 10 + (*at - '0');
    return line;
}

static int print_check_json(const char *file, const backtest_result *result,
                            const hean_error *error)
{
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "file", file);
    cli_json_bool(&json, "ok", error == NULL);
    if (error != NULL) {
        int64_t line = line_of(file, error->message);
        cli_json_text(&json, "status", hean_status_name(error->status));
        cli_json_text(&json, "error", error->message);
        if (line > 0)
            cli_json_whole(&json, "line", line);
    }
    if (result->strategy[0] != 0) {
        cli_json_text(&json, "name", result->strategy);
        cli_json_whole(&json, "callbacks", (int64_t)result->callbacks);
        cli_json_whole(&json, "orders", (int64_t)result->orders);
        cli_json_whole(&json, "rejects", (int64_t)result->rejects);
    }
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

static int strategy_check(int argc, char **argv)
{
    bool as_json = false;
    cli_list data = {NULL, 0, 0};
    const cli_option options[] = {
        {"--data", CLI_LIST, &data, "PATH...", "run it on these; sim:1 for five minutes"},
        {"--json", CLI_FLAG, &as_json, NULL, "one JSON object"}};
    const cli_command command = {
        "hean strategy check FILE [--data PATH...] [--json]",
        "Loads a strategy in a jail and runs it briefly; errors come with file and line.",
        options,
        BASE_COUNT(options),
        1,
        1};
    static const char *const simulated[] = {"sim:1,hours=0.0834"};
    backtest_options backtest = backtest_options_default();
    backtest_result run;
    hean_error error = {HEAN_OK, ""};
    cli_list positional;
    hean_status status;
    int code = cli_parse(&command, argc, argv, &positional);

    if (code >= 0) {
        cli_list_deinit(&data);
        return code;
    }
    memset(&run, 0, sizeof run);
    backtest.file = positional.items[0];
    backtest.paths = data.count > 0 ? data.items : simulated;
    backtest.path_count = data.count > 0 ? data.count : 1;
    status = backtest_run(&backtest, &run, &error);
    code = status == HEAN_OK ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    if (as_json) {
        int printed = print_check_json(backtest.file, &run, status == HEAN_OK ? NULL : &error);
        code = printed != CLI_EXIT_DONE ? printed : code;
    } else if (status != HEAN_OK) {
        (void)cli_fail(&error);
    } else {
        printf("%s: %s is fine: %llu callbacks, %llu orders, %llu rejects on %s\n", backtest.file,
               run.strategy, (unsigned long long)run.callbacks, (unsigned long long)run.orders,
               (unsigned long long)run.rejects,
               data.count > 0 ? "the data" : "five minutes of sim");
    }
    backtest_result_deinit(NULL, &run);
    cli_list_deinit(&data);
    cli_list_deinit(&positional);
    return code;
}

int cmd_strategy(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "new") == 0)
        return strategy_new(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "check") == 0)
        return strategy_check(argc - 1, argv + 1);
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("usage: hean strategy new NAME | check FILE\n");
        return CLI_EXIT_DONE;
    }
    return cli_usage("expected `hean strategy new NAME` or `hean strategy check FILE`");
}
