/*
 * run_state.c: what strategies want to keep, one file each: DIR/NAME.json.
 *
 * A file is replaced whole or not at all. One that cannot be read back is an error, not a fresh
 * start: a strategy that forgets its position in silence is worse than one that does not start.
 */
#include "run_private.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static hean_status state_path(const char *dir, const char *name, char out[PATH_MAX],
                              hean_error *error)
{
    int bytes = snprintf(out, PATH_MAX, "%s/%s.json", dir, name);

    if (!host_name_valid(name))
        return base_fail(error, HEAN_E_INVALID, "strategy name \"%s\": cannot name a file", name);
    if (bytes < 0 || bytes >= PATH_MAX)
        return base_fail(error, HEAN_E_LIMIT, "state_dir: the path is too long");
    return HEAN_OK;
}

hean_status run_state_read(const char *dir, const char *name, base_buffer *out, hean_error *error)
{
    char path[PATH_MAX];
    json_error_t problem;
    json_t *json;
    hean_status status = state_path(dir, name, path, error);

    if (status != HEAN_OK || (access(path, F_OK) != 0 && errno == ENOENT))
        return status;
    status = base_buffer_read_file(out, path, SCRIPT_SAVED_BYTES_MAX, error);
    if (status != HEAN_OK)
        return status;
    json =
        json_loadb(out->length > 0 ? out->data : "", out->length, JSON_REJECT_DUPLICATES, &problem);
    if (json == NULL)
        return base_fail(error, HEAN_E_PARSE,
                         "%s: line %d: %s (expected what on_save gave; without this file the "
                         "strategy starts afresh)",
                         path, problem.line, problem.text);
    json_decref(json);
    return HEAN_OK;
}

/* mkdir -p */
static hean_status make_folders(const char *dir, hean_error *error)
{
    char path[PATH_MAX];

    if (!base_text_copy(path, sizeof path, dir))
        return base_fail(error, HEAN_E_LIMIT, "state_dir: the path is too long");
    for (char *at = path + 1;; at++) {
        bool end = *at == 0;
        if (!end && *at != '/')
            continue;
        *at = 0;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return base_fail(error, HEAN_E_IO, "state_dir: %s: %s", path, strerror(errno));
        if (end)
            return HEAN_OK;
        *at = '/';
    }
}

hean_status run_state_write(const char *dir, const char *name, hean_host *host, uint16_t strategy,
                            hean_error *error)
{
    char path[PATH_MAX];
    const char *text = NULL;
    size_t bytes = 0;
    hean_status status = state_path(dir, name, path, error);

    if (status == HEAN_OK)
        status = hean_host_save(host, strategy, &text, &bytes, error);
    if (status != HEAN_OK || bytes == 0)
        return status;
    status = make_folders(dir, error);
    if (status == HEAN_OK)
        status = base_file_replace(path, text, bytes, error);
    return status;
}
