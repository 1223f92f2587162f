/*
 * buffer.c: growing byte buffers, and whole files through them.
 *
 * Invariant: after a failed allocation the buffer keeps what it had, `failed` stays set, and
 * further appends do nothing, so that one check at the end is enough.
 */
#include <base/base.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void base_buffer_init(base_buffer *buffer, const hean_allocator *allocator)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->allocator = allocator;
}

void base_buffer_deinit(base_buffer *buffer)
{
    base_free(buffer->allocator, buffer->data);
    base_buffer_init(buffer, buffer->allocator);
}

/* Makes room for `bytes` more and the final 0. */
static bool reserve(base_buffer *buffer, size_t bytes)
{
    size_t needed;
    if (buffer->failed)
        return false;
    if (__builtin_add_overflow(buffer->length, bytes, &needed) ||
        __builtin_add_overflow(needed, (size_t)1, &needed) ||
        !base_grow(buffer->allocator, (void **)&buffer->data, &buffer->capacity, needed, 1)) {
        buffer->failed = true;
        return false;
    }
    return true;
}

void base_buffer_append(base_buffer *buffer, const void *data, size_t bytes)
{
    if (!reserve(buffer, bytes))
        return;
    if (bytes > 0)
        memcpy(buffer->data + buffer->length, data, bytes);
    buffer->length += bytes;
    buffer->data[buffer->length] = 0;
}

void base_buffer_printf(base_buffer *buffer, const char *format, ...)
{
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (bytes < 0) {
        buffer->failed = true;
        return;
    }
    if (!reserve(buffer, (size_t)bytes))
        return;
    va_start(args, format);
    (void)vsnprintf(buffer->data + buffer->length, (size_t)bytes + 1, format, args);
    va_end(args);
    buffer->length += (size_t)bytes;
}

static hean_status read_all(base_buffer *buffer, int fd, const char *path, size_t bytes_max,
                            hean_error *error)
{
    char chunk[16384];
    for (;;) {
        ssize_t bytes = read(fd, chunk, sizeof chunk);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return base_fail(error, HEAN_E_IO, "%s: cannot be read: %s", path, strerror(errno));
        if (bytes == 0)
            return HEAN_OK;
        if ((size_t)bytes > bytes_max - buffer->length)
            return base_fail(error, HEAN_E_LIMIT, "%s: larger than %zu bytes", path, bytes_max);
        base_buffer_append(buffer, chunk, (size_t)bytes);
        if (buffer->failed)
            return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
    }
}

hean_status base_buffer_read_file(base_buffer *buffer, const char *path, size_t bytes_max,
                                  hean_error *error)
{
    struct stat info;
    hean_status status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return base_fail(error, errno == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO, "%s: %s", path,
                         strerror(errno));
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        status = base_fail(error, HEAN_E_INVALID, "%s: a folder, expected a file", path);
    else
        status = read_all(buffer, fd, path, bytes_max, error);
    (void)close(fd); /* only read: nothing can be lost */
    return status;
}

static hean_status write_all(int fd, const char *path, const char *data, size_t bytes,
                             hean_error *error)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t written = write(fd, data + done, bytes - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return base_fail(error, HEAN_E_IO, "%s: cannot be written: %s", path, strerror(errno));
        done += (size_t)written;
    }
    if (fsync(fd) != 0)
        return base_fail(error, HEAN_E_IO, "%s: fsync: %s", path, strerror(errno));
    return HEAN_OK;
}

/* The folder must be on disk too, or the rename may be lost with the power. */
static hean_status sync_folder(const char *path, hean_error *error)
{
    char folder[4096];
    char *slash;
    hean_status status = HEAN_OK;
    int fd;

    if (!base_text_copy(folder, sizeof folder, path))
        return base_fail(error, HEAN_E_INVALID, "%s: the path is too long", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        strcpy(folder, ".");
    else if (slash == folder)
        slash[1] = 0;
    else
        *slash = 0;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", folder, strerror(errno));
    if (fsync(fd) != 0)
        status = base_fail(error, HEAN_E_IO, "%s: fsync: %s", folder, strerror(errno));
    (void)close(fd);
    return status;
}

static hean_status replace_file(const char *path, const void *data, size_t bytes, mode_t mode,
                                hean_error *error)
{
    char temporary[4096];
    hean_status status;
    int fd;
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);

    if (length < 0 || (size_t)length >= sizeof temporary)
        return base_fail(error, HEAN_E_INVALID, "%s: the path is too long", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", temporary, strerror(errno));
    status = write_all(fd, temporary, data, bytes, error);
    if (status == HEAN_OK && fchmod(fd, mode) != 0)
        status = base_fail(error, HEAN_E_IO, "%s: chmod: %s", temporary, strerror(errno));
    if (close(fd) != 0 && status == HEAN_OK)
        status = base_fail(error, HEAN_E_IO, "%s: close: %s", temporary, strerror(errno));
    if (status == HEAN_OK && rename(temporary, path) != 0)
        status = base_fail(error, HEAN_E_IO, "%s: rename: %s", path, strerror(errno));
    if (status != HEAN_OK) {
        (void)unlink(temporary);
        return status;
    }
    return sync_folder(path, error);
}

hean_status base_file_replace(const char *path, const void *data, size_t bytes, hean_error *error)
{
    return replace_file(path, data, bytes, 0600, error);
}

hean_status base_file_replace_shared(const char *path, const void *data, size_t bytes,
                                     hean_error *error)
{
    return replace_file(path, data, bytes, 0644, error);
}
