/*
 * process_report.c: hean process report: the day's report as three files, each replaced whole.
 */
#include "cmd_process.h"

#include <host/process.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef struct report_arguments {
    const char *out, *store;
    int64_t now_ns;
    bool as_json, force;
} report_arguments;

/* mkdir -p */
static hean_status make_folder(const char *path, hean_error *error)
{
    char part[1024];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof part)
        return base_fail(error, HEAN_E_RANGE, "--out: expected a folder");
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != 0)
            continue;
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return base_fail(error, HEAN_E_IO, "%s: %s", part, strerror(errno));
        part[i] = path[i];
    }
    return HEAN_OK;
}

static hean_status write_files(const report_arguments *arguments, const process_report_texts *texts,
                               hean_error *error)
{
    const base_buffer *forms[] = {&texts->json, &texts->markdown, &texts->html};
    static const char *const endings[] = {"json", "md", "html"};
    char day[40], path[1100];
    hean_status status = make_folder(arguments->out, error);

    base_time_format(arguments->now_ns, day, sizeof day);
    day[10] = 0;
    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(forms); i++) {
        (void)snprintf(path, sizeof path, "%s/report-%s.%s", arguments->out, day, endings[i]);
        status = base_file_replace(path, forms[i]->data, forms[i]->length, error);
        if (status == HEAN_OK && !arguments->as_json)
            printf("%s%s\n", path, texts->repeated ? " (made before)" : "");
    }
    return status;
}

int process_report_command(int argc, char **argv)
{
    report_arguments self = {
        .out = "var/reports", .store = CLI_STORE_DEFAULT, .now_ns = base_clock_wall_ns()};
    const cli_option options[] = {
        {"--out", CLI_TEXT, &self.out, "DIR", "where the files go; var/reports"},
        {"--store", CLI_TEXT, &self.store, "FILE", "where everything is kept; " CLI_STORE_DEFAULT},
        {"--now", CLI_TIME, &self.now_ns, "TIME", "what time it is; the clock's by default"},
        {"--force", CLI_FLAG, &self.force, NULL, "anew, although there is one of this day"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "the report on stdout, too"}};
    const cli_command command = {"hean process report [--out DIR] [options]",
                                 "Writes the day's report: JSON, Markdown and one HTML page.",
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    hean_error error = {HEAN_OK, ""};
    process_report_texts texts;
    store *kept = NULL;
    cli_list none;
    hean_status status;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    process_report_init(&texts);
    status = store_open(NULL, self.store, STORE_WRITE, &kept, &error);
    if (status == HEAN_OK)
        status = process_add_builtin(kept, self.now_ns, &error);
    if (status == HEAN_OK)
        status = process_report(kept, self.now_ns, self.force, &texts, &error);
    store_close(kept);
    if (status == HEAN_OK)
        status = write_files(&self, &texts, &error);
    result = status == HEAN_OK ? CLI_EXIT_DONE : cli_fail(&error);
    if (status == HEAN_OK && self.as_json &&
        fwrite(texts.json.data, 1, texts.json.length, stdout) != texts.json.length)
        result = CLI_EXIT_FAILED;
    process_report_deinit(&texts);
    return result;
}
