/*
 * worker_path.c: where the hean-worker program is.
 *
 * In this order: as told; in the folder of the running program (a build folder); beside this
 * library, or the program it is linked into, by the layout of `cmake --install`; where this build
 * was to be installed. PATH is not looked at: the worker is part of this library, of its version.
 */
#include "host_private.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define WORKER_NAME "hean-worker"

/* "FOLDER OF file/rest" in `out`, if such a program is there. */
static bool beside(const char *file, const char *rest, char out[PATH_MAX])
{
    const char *slash = strrchr(file, '/');
    int length = slash != NULL ? (int)(slash - file) : 0;
    int bytes = snprintf(out, PATH_MAX, "%.*s/%s", length, file, rest);

    return slash != NULL && bytes > 0 && bytes < PATH_MAX && access(out, X_OK) == 0;
}

static bool found(char out[PATH_MAX])
{
    char program[PATH_MAX];
    Dl_info library;
    ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - 1);

    program[bytes > 0 ? bytes : 0] = 0;
    if (beside(program, WORKER_NAME, out))
        return true;
    if (dladdr((void *)(uintptr_t)host_worker_find, &library) != 0 && library.dli_fname != NULL &&
        beside(library.dli_fname, HEAN_LIBEXEC_FROM_LIB "/" WORKER_NAME, out))
        return true;
    /* A program that has the static library in it: bin/ beside libexec/. */
    if (beside(program, HEAN_LIBEXEC_FROM_BIN "/" WORKER_NAME, out))
        return true;
    return beside(HEAN_LIBEXEC_DIR "/", WORKER_NAME, out);
}

hean_status host_worker_find(const hean_allocator *allocator, const char *given, char **out,
                             hean_error *error)
{
    char path[PATH_MAX];
    char *copy;

    if (given == NULL && !found(path))
        return base_fail(error, HEAN_E_NOT_FOUND,
                         "worker: no " WORKER_NAME " beside the program, beside the library or in "
                         "%s: give worker_path",
                         HEAN_LIBEXEC_DIR);
    copy = host_text_copy(allocator, given != NULL ? given : path);
    if (copy == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "worker: out of memory");
    *out = copy;
    return HEAN_OK;
}
