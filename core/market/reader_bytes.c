/*
 * reader_bytes.c: plain files, gzip with any number of members, members of zip archives.
 *
 * Invariants
 *   - a stream that ends before its format says so is an error, never a quiet end;
 *   - the checksums of gzip and zip are checked.
 */
#include "reader_bytes.h"

#include <base/hash.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT_BYTES 32768

typedef enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZIP } packing;

struct reader_bytes {
    const hean_allocator *allocator;
    const char *path;
    int fd;
    packing packing;
    reader_part part;
    uint64_t offset; /* of the next byte to read from the file */
    uint64_t left;   /* packed bytes of the part that were not read yet */
    uint64_t taken;
    uint64_t unpacked;
    uint32_t crc;
    bool inflating; /* zlib holds memory */
    bool ended;
    z_stream zlib;
    unsigned char input[INPUT_BYTES];
};

/* zlib's memory is the caller's too. */
static voidpf zlib_alloc(voidpf context, uInt count, uInt bytes)
{
    return base_alloc_array(context, count, bytes);
}

static void zlib_free(voidpf context, voidpf pointer)
{
    base_free(context, pointer);
}

static hean_status open_file(const char *path, int *fd, uint64_t *bytes, hean_error *error)
{
    struct stat info;
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (opened < 0)
        return base_fail(error, errno == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO, "%s: %s", path,
                         strerror(errno));
    if (fstat(opened, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(opened);
        return base_fail(error, HEAN_E_INVALID, "%s: not a regular file", path);
    }
    *fd = opened;
    *bytes = (uint64_t)info.st_size;
    return HEAN_OK;
}

hean_status reader_read_at(int fd, const char *path, uint64_t offset, void *out, size_t bytes,
                           hean_error *error)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t got = pread(fd, (char *)out + done, bytes - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
        if (got == 0)
            return base_fail(error, HEAN_E_TRUNCATED, "%s: ends at byte %llu, expected more", path,
                             (unsigned long long)offset + done);
        done += (size_t)got;
    }
    return HEAN_OK;
}

/* The packing that the first bytes tell. */
static hean_status detect(int fd, const char *path, uint64_t file_bytes, packing *out,
                          hean_error *error)
{
    unsigned char head[4] = {0};
    hean_status status;

    status = reader_read_at(fd, path, 0, head, file_bytes < 4 ? (size_t)file_bytes : 4, error);
    if (status != HEAN_OK)
        return status;
    *out = PACKING_NONE;
    if (head[0] == 0x1f && head[1] == 0x8b)
        *out = PACKING_GZIP;
    else if (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0)
        *out = PACKING_ZIP;
    return HEAN_OK;
}

hean_status reader_parts_list(const hean_allocator *allocator, const char *path,
                              reader_part **parts, size_t *count, hean_error *error)
{
    packing packed;
    uint64_t bytes = 0;
    int fd = -1;
    hean_status status = open_file(path, &fd, &bytes, error);

    if (status != HEAN_OK)
        return status;
    status = detect(fd, path, bytes, &packed, error);
    if (status == HEAN_OK && packed == PACKING_ZIP) {
        status = reader_zip_list(allocator, fd, path, bytes, parts, count, error);
    } else if (status == HEAN_OK) {
        reader_part *whole = base_alloc(allocator, sizeof *whole);
        if (whole == NULL) {
            status = base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
        } else {
            whole->packed_bytes = bytes;
            *parts = whole;
            *count = 1;
        }
    }
    (void)close(fd);
    return status;
}

/* A zip member is raw deflate or stored; a gzip file brings its own wrapper. */
static hean_status start(reader_bytes *reader, hean_error *error)
{
    uint64_t file_bytes = reader->left;
    hean_status status;

    if (reader->part.member) {
        reader->packing = PACKING_ZIP;
        reader->left = reader->part.packed_bytes;
        status =
            reader_zip_data_offset(reader->fd, reader->path, &reader->part, &reader->offset, error);
    } else {
        status = detect(reader->fd, reader->path, file_bytes, &reader->packing, error);
    }
    if (status != HEAN_OK)
        return status;
    if (reader->packing == PACKING_NONE || (reader->part.member && reader->part.method == 0))
        return HEAN_OK;
    reader->zlib.zalloc = zlib_alloc;
    reader->zlib.zfree = zlib_free;
    reader->zlib.opaque = (voidpf)(uintptr_t)reader->allocator;
    if (inflateInit2(&reader->zlib, reader->part.member ? -15 : 15 + 16) != Z_OK)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->path);
    reader->inflating = true;
    return HEAN_OK;
}

hean_status reader_bytes_open(const hean_allocator *allocator, const char *path,
                              const reader_part *part, reader_bytes **out, hean_error *error)
{
    reader_bytes *reader = base_alloc(allocator, sizeof *reader);
    hean_status status;

    if (reader == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
    reader->allocator = allocator;
    reader->path = path;
    reader->part = *part;
    reader->fd = -1;
    status = open_file(path, &reader->fd, &reader->left, error);
    if (status == HEAN_OK)
        status = start(reader, error);
    if (status != HEAN_OK) {
        reader_bytes_close(reader);
        return status;
    }
    *out = reader;
    return HEAN_OK;
}

void reader_bytes_close(reader_bytes *reader)
{
    if (reader == NULL)
        return;
    if (reader->inflating)
        (void)inflateEnd(&reader->zlib);
    if (reader->fd >= 0)
        (void)close(reader->fd);
    base_free(reader->allocator, reader);
}

uint64_t reader_bytes_taken(const reader_bytes *reader)
{
    return reader->taken;
}

/* The next packed bytes of the part, up to `capacity`; 0 at its end. */
static hean_status take(reader_bytes *reader, void *out, size_t capacity, size_t *got,
                        hean_error *error)
{
    ssize_t bytes;

    if (capacity > reader->left)
        capacity = (size_t)reader->left;
    do {
        bytes = pread(reader->fd, out, capacity, (off_t)reader->offset);
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", reader->path, strerror(errno));
    if (bytes == 0 && capacity > 0)
        return base_fail(error, HEAN_E_TRUNCATED, "%s: the file ends too early", reader->path);
    reader->offset += (uint64_t)bytes;
    reader->left -= (uint64_t)bytes;
    reader->taken += (uint64_t)bytes;
    *got = (size_t)bytes;
    return HEAN_OK;
}

/* At least one byte of input for zlib, unless the part is at its end. */
static hean_status refill(reader_bytes *reader, hean_error *error)
{
    size_t got = 0;
    hean_status status;

    if (reader->zlib.avail_in > 0)
        return HEAN_OK;
    status = take(reader, reader->input, INPUT_BYTES, &got, error);
    reader->zlib.next_in = reader->input;
    reader->zlib.avail_in = (uInt)got;
    return status;
}

static hean_status member_check(reader_bytes *reader, hean_error *error)
{
    reader->ended = true;
    if (reader->unpacked != reader->part.bytes || reader->crc != reader->part.crc)
        return base_fail(error, HEAN_E_CORRUPT, "%s: %s: size or checksum is wrong", reader->path,
                         reader->part.name);
    return HEAN_OK;
}

/* After one gzip member: the next one, or zeros of padding, or the end. */
static hean_status gzip_next(reader_bytes *reader, hean_error *error)
{
    hean_status status;

    for (;;) {
        status = refill(reader, error);
        if (status != HEAN_OK)
            return status;
        if (reader->zlib.avail_in == 0) {
            reader->ended = true;
            return HEAN_OK;
        }
        if (*reader->zlib.next_in != 0)
            break;
        reader->zlib.next_in++;
        reader->zlib.avail_in--;
    }
    if (*reader->zlib.next_in != 0x1f || inflateReset(&reader->zlib) != Z_OK)
        return base_fail(error, HEAN_E_CORRUPT, "%s: bytes that are no gzip data follow the end",
                         reader->path);
    return HEAN_OK;
}

static hean_status unpack(reader_bytes *reader, void *out, size_t capacity, size_t *got,
                          hean_error *error)
{
    z_stream *zlib = &reader->zlib;
    hean_status status;
    int code;

    zlib->next_out = out;
    zlib->avail_out = (uInt)capacity;
    while (zlib->avail_out == (uInt)capacity && !reader->ended) {
        status = refill(reader, error);
        if (status != HEAN_OK)
            return status;
        if (zlib->avail_in == 0)
            return base_fail(error, HEAN_E_TRUNCATED, "%s: the %s data ends too early",
                             reader->path, reader->part.member ? "zip" : "gzip");
        code = inflate(zlib, Z_NO_FLUSH);
        if (code == Z_STREAM_END) {
            if (reader->part.member)
                reader->ended = true;
            else if ((status = gzip_next(reader, error)) != HEAN_OK)
                return status;
        } else if (code == Z_MEM_ERROR) {
            return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->path);
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return base_fail(error, HEAN_E_CORRUPT, "%s: %s", reader->path,
                             zlib->msg != NULL ? zlib->msg : "packed data is damaged");
        }
    }
    *got = capacity - zlib->avail_out;
    return HEAN_OK;
}

hean_status reader_bytes_read(reader_bytes *reader, void *out, size_t capacity, size_t *got,
                              hean_error *error)
{
    hean_status status;
    size_t bytes = 0;

    *got = 0;
    if (reader->ended)
        return HEAN_OK;
    if (capacity > UINT32_MAX)
        capacity = UINT32_MAX;
    status = reader->inflating ? unpack(reader, out, capacity, &bytes, error)
                               : take(reader, out, capacity, &bytes, error);
    if (status != HEAN_OK)
        return status;
    if (reader->part.member) {
        reader->crc = hash_crc32(reader->crc, out, bytes);
        reader->unpacked += bytes;
        if (bytes == 0)
            reader->ended = true;
        if (reader->ended)
            status = member_check(reader, error);
    } else if (bytes == 0) {
        reader->ended = true;
    }
    if (status == HEAN_OK)
        *got = bytes;
    return status;
}
