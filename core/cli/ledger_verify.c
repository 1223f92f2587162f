/*
 * ledger_verify.c: `hean ledger verify` and `hean ledger backup`.
 */
#include "cmd_ledger.h"

#include <pthread.h>
#include <unistd.h>

typedef unsigned long long whole;

/* ---- progress, from a thread: verifying is one long call ---- */

typedef struct watch {
    volatile uint64_t done;
    uint64_t all;
    volatile int over;
} watch;

static void *show_progress(void *context)
{
    watch *self = context;

    while (self->over == 0) {
        cli_progress("verifying", (double)self->done / (double)(self->all > 0 ? self->all : 1));
        (void)usleep(100 * 1000);
    }
    cli_progress("", -1);
    return NULL;
}

static hean_status verify(store *self, uint64_t entries, hean_error *error)
{
    watch progress = {.all = entries};
    pthread_t thread;
    bool watched =
        isatty(STDERR_FILENO) && pthread_create(&thread, NULL, show_progress, &progress) == 0;
    hean_status status;

    cli_stop_on_signals();
    status = store_verify(self, &cli_stop, &progress.done, error);
    progress.over = 1;
    if (watched)
        BASE_ASSERT(pthread_join(thread, NULL) == 0);
    return status;
}

/* ---- verify ---- */

typedef struct verdict {
    const char *path, *run;
    store_info info;
    uint8_t run_hash[HASH_SHA256_BYTES];
    hean_error error; /* status HEAN_OK: all is well */
} verdict;

static void verdict_json(const verdict *found)
{
    char hex[HASH_SHA256_HEX_BYTES];
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "store", found->path);
    cli_json_bool(&json, "ok", found->error.status == HEAN_OK);
    if (found->error.status == HEAN_OK) {
        cli_json_whole(&json, "entries", (int64_t)found->info.entries);
        hash_hex(found->info.head, sizeof found->info.head, hex);
        cli_json_text(&json, "head", hex);
        cli_json_whole(&json, "schema_version", found->info.schema_version);
        cli_json_whole(&json, "file_bytes", (int64_t)found->info.file_bytes);
        if (found->run != NULL) {
            hash_hex(found->run_hash, sizeof found->run_hash, hex);
            cli_json_text(&json, "run", found->run);
            cli_json_text(&json, "ledger_hash", hex);
        }
    } else {
        cli_json_text(&json, "status", hean_status_name(found->error.status));
        cli_json_text(&json, "error", found->error.message);
    }
    cli_json_object_end(&json);
    (void)cli_json_print(&json);
}

static void verdict_text(const verdict *found)
{
    char hex[HASH_SHA256_HEX_BYTES];

    hash_hex(found->info.head, sizeof found->info.head, hex);
    printf("%s: %llu entries, all as they should be\nhead %s\n", found->path,
           (whole)found->info.entries, hex);
    if (found->run != NULL) {
        hash_hex(found->run_hash, sizeof found->run_hash, hex);
        printf("ledger_hash of %s: %s\n", found->run, hex);
    }
}

static hean_status examine(verdict *found)
{
    hean_error *error = &found->error;
    store *self;
    hean_status status = store_open(NULL, found->path, STORE_READ, &self, error);

    if (status != HEAN_OK)
        return status;
    status = store_get_info(self, &found->info, error);
    if (status == HEAN_OK)
        status = verify(self, found->info.entries, error);
    if (status == HEAN_OK && found->run != NULL)
        status = store_run_hash(self, found->run, found->run_hash, error);
    store_close(self);
    return status;
}

int ledger_verify_store(int argc, char **argv)
{
    verdict found = {.path = CLI_STORE_DEFAULT};
    bool as_json = false;
    const cli_option options[] = {
        {"--store", CLI_TEXT, &found.path, "FILE", "the store; " CLI_STORE_DEFAULT},
        {"--run", CLI_TEXT, &found.run, "RUN", "and print the ledger_hash of this run"},
        {"--json", CLI_FLAG, &as_json, NULL, "one JSON object"}};
    const cli_command command = {"hean ledger verify [--store FILE] [--run RUN] [--json]",
                                 "Computes hashes, ids and balances again from the entries and "
                                 "names the first thing that is\nwrong; the exit code is 4 then.",
                                 options,
                                 BASE_COUNT(options),
                                 0,
                                 0};
    cli_list positional;
    int code = cli_parse(&command, argc, argv, &positional);

    if (code >= 0)
        return code;
    cli_list_deinit(&positional);
    code = CLI_EXIT_DONE;
    if (examine(&found) != HEAN_OK) {
        code = cli_fail(&found.error);
        if (found.error.status == HEAN_E_CORRUPT)
            code = CLI_EXIT_INVARIANT;
    }
    if (as_json)
        verdict_json(&found);
    else if (code == CLI_EXIT_DONE)
        verdict_text(&found);
    return code;
}

/* ---- backup ---- */

static int copy(const char *path, const char *to, bool as_json)
{
    hean_error error = {HEAN_OK, ""};
    store_info info;
    store *self;
    cli_json json;
    hean_status status = store_open(NULL, path, STORE_READ, &self, &error);

    if (status != HEAN_OK)
        return cli_fail(&error);
    status = store_backup(self, to, &error);
    store_close(self);
    if (status == HEAN_OK) /* of the copy: it is one snapshot */
        status = store_open(NULL, to, STORE_READ, &self, &error);
    if (status != HEAN_OK)
        return cli_fail(&error);
    status = store_get_info(self, &info, &error);
    store_close(self);
    if (status != HEAN_OK)
        return cli_fail(&error);
    if (!as_json) {
        printf("%s: %llu entries, %llu bytes\n", to, (whole)info.entries, (whole)info.file_bytes);
        return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    }
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "store", path);
    cli_json_text(&json, "copy", to);
    cli_json_whole(&json, "entries", (int64_t)info.entries);
    cli_json_whole(&json, "file_bytes", (int64_t)info.file_bytes);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

int ledger_backup(int argc, char **argv)
{
    const char *path = CLI_STORE_DEFAULT;
    bool as_json = false;
    const cli_option options[] = {
        {"--store", CLI_TEXT, &path, "FILE", "the store; " CLI_STORE_DEFAULT},
        {"--json", CLI_FLAG, &as_json, NULL, "one JSON object"}};
    const cli_command command = {"hean ledger backup FILE [--store FILE] [--json]",
                                 "Copies the store, consistent, while others write to it. FILE is "
                                 "replaced whole or not at all.",
                                 options,
                                 BASE_COUNT(options),
                                 1,
                                 1};
    cli_list positional;
    int code = cli_parse(&command, argc, argv, &positional);

    if (code >= 0)
        return code;
    code = copy(path, positional.items[0], as_json);
    cli_list_deinit(&positional);
    return code;
}
