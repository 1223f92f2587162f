/*
 * import_files.c: from the user's paths to inputs of known format.
 *
 * In a folder, files whose names end like data are read and must be data; others are left out, and
 * a note says so. A file that the user names is read whatever it is called.
 */
#include "import_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES_MAX 100

static hean_status add_note(import_plan *plan, market_import_report *report, const char *path,
                            const char *text, hean_error *error)
{
    size_t capacity = report->note_count;

    if (report->note_count == NOTES_MAX)
        return HEAN_OK;
    if (!base_grow(plan->allocator, (void **)&report->notes, &capacity, NOTES_MAX,
                   sizeof *report->notes))
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    (void)snprintf(report->notes[report->note_count++], sizeof *report->notes, "%.150s: %s", path,
                   text);
    return HEAN_OK;
}

static hean_status add_file(import_plan *plan, const char *path, const reader_part *part,
                            import_origin origin, hean_error *error)
{
    size_t bytes = strlen(path) + 1;
    import_file *file;

    if (!base_grow(plan->allocator, (void **)&plan->files, &plan->file_capacity,
                   plan->file_count + 1, sizeof *plan->files))
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    file = &plan->files[plan->file_count];
    memset(file, 0, sizeof *file);
    file->path = base_alloc(plan->allocator, bytes);
    if (file->path == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    memcpy(file->path, path, bytes);
    file->part = *part;
    file->origin = origin;
    file->first_ns = INT64_MIN;
    plan->bytes += part->packed_bytes;
    plan->file_count++;
    return HEAN_OK;
}

static hean_status is_binary(const char *path, bool *out, hean_error *error)
{
    char head[64];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return base_fail(error, errno == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO, "%s: %s", path,
                         strerror(errno));
    got = pread(fd, head, sizeof head, 0);
    (void)close(fd);
    *out = got > 0 && market_data_is(head, (size_t)got);
    return HEAN_OK;
}

static hean_status add_path(import_plan *plan, const char *path, hean_error *error)
{
    reader_part *parts = NULL;
    size_t count = 0;
    bool binary = false;
    hean_status status = is_binary(path, &binary, error);

    if (status == HEAN_OK)
        status = reader_parts_list(plan->allocator, path, &parts, &count, error);
    if (status != HEAN_OK)
        return status;
    if (!parts[0].member && parts[0].packed_bytes == 0)
        status = base_fail(error, HEAN_E_TRUNCATED, "%s: the file is empty", path);
    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = add_file(plan, path, &parts[i], binary ? IMPORT_BINARY : IMPORT_TEXT, error);
    base_free(plan->allocator, parts);
    return status;
}

static bool has_data_name(const char *name)
{
    static const char *const endings[] = {".csv",  ".gz",     ".zip", ".jsonl",
                                          ".data", ".ndjson", ".hean"};
    size_t length = strlen(name);

    for (size_t i = 0; i < BASE_COUNT(endings); i++) {
        size_t bytes = strlen(endings[i]);
        if (length > bytes && strcasecmp(name + length - bytes, endings[i]) == 0)
            return true;
    }
    return false;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static hean_status add_folder(import_plan *plan, const char *folder, market_import_report *report,
                              hean_error *error)
{
    struct dirent **entries = NULL;
    size_t before = plan->file_count;
    hean_status status = HEAN_OK;
    int count = scandir(folder, &entries, NULL, compare_entries);

    if (count < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < count && status == HEAN_OK; i++) {
        const char *name = entries[i]->d_name;
        char path[4096];
        struct stat info;
        if (name[0] == '.')
            continue;
        if (snprintf(path, sizeof path, "%s%s%s", folder,
                     folder[strlen(folder) - 1] == '/' ? "" : "/", name) >= (int)sizeof path)
            status = base_fail(error, HEAN_E_LIMIT, "%s: the path is too long", folder);
        else if (stat(path, &info) != 0)
            status = base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
        else if (S_ISDIR(info.st_mode))
            status = add_note(plan, report, path, "a folder in a folder is not read", error);
        else if (!has_data_name(name))
            status = add_note(plan, report, path, "not read, its name is not that of data", error);
        else
            status = add_path(plan, path, error);
    }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (status == HEAN_OK && plan->file_count == before)
        status = base_fail(error, HEAN_E_NOT_FOUND,
                           "%s: no data files; expected names ending in .csv, .gz, .zip, .jsonl, "
                           ".ndjson, .data or .hean",
                           folder);
    return status;
}

/* ---- the first look ---- */

static void show_path(const import_file *file, market_import_file *report)
{
    char whole[4096 + READER_NAME_BYTES];
    size_t length, room = sizeof report->path - 1;

    (void)snprintf(whole, sizeof whole, "%s%s%s", file->path, file->part.member ? ":" : "",
                   file->part.name);
    length = strlen(whole);
    if (length <= room)
        memcpy(report->path, whole, length + 1);
    else
        (void)snprintf(report->path, sizeof report->path, "...%s", whole + length - room + 3);
}

/* The format, from the first line. */
static hean_status detect(import_plan *plan, import_file *file, market_import_file *report,
                          hean_error *error)
{
    const char *named = file->part.member ? file->part.name : file->path;
    reader_lines lines;
    reader_line_kind kind;
    const char *text;
    size_t bytes;
    hean_status status = reader_lines_open(plan->allocator, file->path, &file->part, &lines, error);

    if (status != HEAN_OK)
        return status;
    status = reader_lines_next(&lines, &text, &bytes, &kind, error);
    if (status == HEAN_OK && kind == READER_LINE_END)
        status = base_fail(error, HEAN_E_TRUNCATED, "%s: the file is empty", report->path);
    else if (status == HEAN_OK && kind != READER_LINE_TEXT)
        status = base_fail(error, HEAN_E_FORMAT, "%s: unknown format: the first line is no text",
                           report->path);
    else if (status == HEAN_OK) {
        status = reader_layout_detect(plan->allocator, text, bytes, &file->layout, error);
        if (status != HEAN_OK)
            (void)base_fail_prefix(error, "%s", report->path);
    }
    reader_lines_close(&lines);
    if (status != HEAN_OK)
        return status;
    reader_name_symbol(named, file->layout.naming, file->symbol, sizeof file->symbol);
    (void)snprintf(report->format, sizeof report->format,
                   file->layout.kind == READER_SNAPSHOT ? "%s_%zu" : "%s", file->layout.label,
                   file->layout.level_count);
    /* Liquidations have the columns of trades, but nobody traded with them. */
    file->skipped = file->layout.kind == READER_TRADE && strcasestr(named, "liquidation") != NULL;
    if (file->skipped)
        (void)snprintf(report->note, sizeof report->note,
                       "liquidations, by the file's name: not read");
    return HEAN_OK;
}

static hean_status look(import_plan *plan, import_file *file, market_import_file *report,
                        hean_error *error)
{
    market_import_file scratch = *report;
    import_source *source = NULL;
    hean_status status = HEAN_OK;

    if (file->origin == IMPORT_TEXT)
        status = detect(plan, file, report, error);
    else
        (void)snprintf(report->format, sizeof report->format, "%s",
                       file->origin == IMPORT_SIM ? "simulator" : "hean data");
    if (status != HEAN_OK || file->skipped)
        return status;
    status = import_source_open(plan, file, &scratch, true, &source, error);
    if (status == HEAN_OK)
        status = import_source_look(source, error);
    if (status == HEAN_OK && source->good > 0) {
        /* Clearly: a file whose rows are merely shuffled a little must keep their order. */
        file->descending = source->falls > 4 * source->rises;
        file->sort = file->descending;
        /* A file that is sorted may begin with any time. */
        file->first_ns = file->sort ? INT64_MIN : source->least_ns;
    }
    if (status == HEAN_OK && file->descending)
        (void)snprintf(report->note, sizeof report->note, "newest first: turned round");
    import_source_close(source);
    return status;
}

hean_status import_files_find(import_plan *plan, market_import_report *report, hean_error *error)
{
    const market_import_options *options = plan->options;
    const reader_part none = {0};
    hean_status status = HEAN_OK;

    if (options->path_count == 0)
        return base_fail(error, HEAN_E_INVALID, "no data: expected files, folders or sim:SEED");
    for (size_t i = 0; i < options->path_count && status == HEAN_OK; i++) {
        const char *path = options->paths[i];
        struct stat info;
        if (strncmp(path, "sim:", 4) == 0)
            status = add_file(plan, path, &none, IMPORT_SIM, error);
        else if (stat(path, &info) != 0)
            status = base_fail(error, errno == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO, "%s: %s",
                               path, strerror(errno));
        else
            status = S_ISDIR(info.st_mode) ? add_folder(plan, path, report, error)
                                           : add_path(plan, path, error);
    }
    if (status != HEAN_OK)
        return status;
    report->files = base_alloc_array(plan->allocator, plan->file_count, sizeof *report->files);
    if (report->files == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    report->file_count = plan->file_count;
    for (size_t i = 0; i < plan->file_count && status == HEAN_OK; i++) {
        show_path(&plan->files[i], &report->files[i]);
        status = look(plan, &plan->files[i], &report->files[i], error);
    }
    return status;
}
