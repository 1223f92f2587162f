/*
 * reader_zip.c: the table of contents of a zip archive.
 *
 * The central directory at the end of the file is the truth (it has sizes and checksums even where
 * the local headers leave them to a descriptor after the data); zip64 fields are understood.
 * Layout: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.
 */
#include "reader_bytes.h"

#include <stdlib.h>
#include <string.h>

#define END_BYTES       22u
#define END64_BYTES     56u
#define LOCATOR_BYTES   20u
#define ENTRY_BYTES     46u
#define LOCAL_BYTES     30u
#define COMMENT_MAX     65535u
#define DIRECTORY_MAX   (16u << 20)
#define FLAG_ENCRYPTED  0x0001u
#define METHOD_STORED   0
#define METHOD_DEFLATED 8

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

typedef struct directory {
    uint64_t offset, bytes, entries;
} directory;

/* Reads the zip64 record that a 32-bit end record leaves its numbers to. */
static hean_status read_end64(int fd, const char *path, uint64_t end_offset, directory *out,
                              hean_error *error)
{
    unsigned char record[END64_BYTES];
    hean_status status;

    if (end_offset < LOCATOR_BYTES)
        return base_fail(error, HEAN_E_CORRUPT, "%s: zip64 locator is missing", path);
    status = reader_read_at(fd, path, end_offset - LOCATOR_BYTES, record, LOCATOR_BYTES, error);
    if (status != HEAN_OK)
        return status;
    if (memcmp(record, "PK\6\7", 4) != 0)
        return base_fail(error, HEAN_E_CORRUPT, "%s: zip64 locator is missing", path);
    end_offset = little(record + 8, 8);
    if (end_offset > INT64_MAX - END64_BYTES)
        return base_fail(error, HEAN_E_CORRUPT, "%s: zip64 locator is damaged", path);
    status = reader_read_at(fd, path, end_offset, record, END64_BYTES, error);
    if (status != HEAN_OK)
        return status;
    if (memcmp(record, "PK\6\6", 4) != 0)
        return base_fail(error, HEAN_E_CORRUPT, "%s: zip64 record is missing", path);
    out->entries = little(record + 32, 8);
    out->bytes = little(record + 40, 8);
    out->offset = little(record + 48, 8);
    return HEAN_OK;
}

/* Finds the end record: the last 22 bytes, before an optional comment. */
static hean_status find_directory(const hean_allocator *allocator, int fd, const char *path,
                                  uint64_t file_bytes, directory *out, hean_error *error)
{
    size_t bytes = END_BYTES + COMMENT_MAX;
    unsigned char *tail;
    hean_status status;

    if (bytes > file_bytes)
        bytes = (size_t)file_bytes;
    tail = base_alloc(allocator, bytes);
    if (tail == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
    status = reader_read_at(fd, path, file_bytes - bytes, tail, bytes, error);
    if (status != HEAN_OK)
        goto cleanup;
    status = HEAN_E_TRUNCATED;
    for (size_t at = bytes - (bytes < END_BYTES ? bytes : END_BYTES) + 1; at-- > 0;) {
        if (bytes - at < END_BYTES || memcmp(tail + at, "PK\5\6", 4) != 0)
            continue;
        out->entries = little(tail + at + 10, 2);
        out->bytes = little(tail + at + 12, 4);
        out->offset = little(tail + at + 16, 4);
        status = HEAN_OK;
        if (out->entries == 0xffff || out->bytes == 0xffffffff || out->offset == 0xffffffff)
            status = read_end64(fd, path, file_bytes - bytes + at, out, error);
        goto cleanup;
    }
    (void)base_fail(error, status, "%s: the zip archive ends too early (no directory at its end)",
                    path);
cleanup:
    base_free(allocator, tail);
    return status;
}

/* Numbers that do not fit 32 bits are in the extra field 1, in this order, only where needed. */
static bool read_extra64(const unsigned char *extra, size_t bytes, reader_part *part)
{
    while (bytes >= 4) {
        size_t length = (size_t)little(extra + 2, 2);
        uint64_t *fields[] = {&part->bytes, &part->packed_bytes, &part->header_offset};
        const unsigned char *at = extra + 4;

        if (length > bytes - 4)
            return false;
        if (little(extra, 2) == 1) {
            for (size_t i = 0; i < BASE_COUNT(fields); i++) {
                if (*fields[i] != 0xffffffff)
                    continue;
                if (at + 8 > extra + 4 + length)
                    return false;
                *fields[i] = little(at, 8);
                at += 8;
            }
            return true;
        }
        extra += 4 + length;
        bytes -= 4 + length;
    }
    return part->bytes != 0xffffffff && part->packed_bytes != 0xffffffff &&
           part->header_offset != 0xffffffff;
}

/* Reads one entry; returns its length, 0 if it is damaged. */
static size_t read_entry(const unsigned char *entry, size_t bytes, reader_part *part,
                         uint16_t *flags)
{
    size_t name, extra, comment, shown;

    if (bytes < ENTRY_BYTES || memcmp(entry, "PK\1\2", 4) != 0)
        return 0;
    name = (size_t)little(entry + 28, 2);
    extra = (size_t)little(entry + 30, 2);
    comment = (size_t)little(entry + 32, 2);
    if (name + extra + comment > bytes - ENTRY_BYTES)
        return 0;
    *flags = (uint16_t)little(entry + 8, 2);
    part->member = true;
    part->method = (uint16_t)little(entry + 10, 2);
    part->crc = (uint32_t)little(entry + 16, 4);
    part->packed_bytes = little(entry + 20, 4);
    part->bytes = little(entry + 24, 4);
    part->header_offset = little(entry + 42, 4);
    if (!read_extra64(entry + ENTRY_BYTES + name, extra, part))
        return 0;
    shown = name < READER_NAME_BYTES ? name : READER_NAME_BYTES - 1;
    memcpy(part->name, entry + ENTRY_BYTES, shown);
    part->name[shown] = 0;
    base_text_clean(part->name, shown);
    return ENTRY_BYTES + name + extra + comment;
}

static int compare_parts(const void *a, const void *b)
{
    return strcmp(((const reader_part *)a)->name, ((const reader_part *)b)->name);
}

/* Keeps what may hold data: no folders, no resource forks. */
static bool is_data(const reader_part *part)
{
    size_t length = strlen(part->name);
    return length > 0 && part->name[length - 1] != '/' && strncmp(part->name, "__MACOSX/", 9) != 0;
}

static hean_status read_entries(const unsigned char *bytes, const directory *where,
                                uint64_t file_bytes, const char *path, reader_part *parts,
                                size_t *count, hean_error *error)
{
    size_t at = 0;

    for (uint64_t i = 0; i < where->entries; i++) {
        reader_part part = {0};
        uint16_t flags = 0;
        size_t length = read_entry(bytes + at, (size_t)where->bytes - at, &part, &flags);
        if (length == 0 || part.header_offset > file_bytes || part.packed_bytes > file_bytes)
            return base_fail(error, HEAN_E_CORRUPT,
                             "%s: entry %llu of the zip directory is damaged", path,
                             (unsigned long long)i + 1);
        at += length;
        if (!is_data(&part))
            continue;
        if ((flags & FLAG_ENCRYPTED) != 0)
            return base_fail(error, HEAN_E_FORMAT, "%s: %s is encrypted", path, part.name);
        if (part.method != METHOD_STORED && part.method != METHOD_DEFLATED)
            return base_fail(error, HEAN_E_FORMAT,
                             "%s: %s is packed by method %u, expected stored or deflated", path,
                             part.name, part.method);
        parts[(*count)++] = part;
    }
    return HEAN_OK;
}

hean_status reader_zip_list(const hean_allocator *allocator, int fd, const char *path,
                            uint64_t file_bytes, reader_part **parts, size_t *count,
                            hean_error *error)
{
    directory where = {0};
    unsigned char *bytes = NULL;
    reader_part *found = NULL;
    size_t kept = 0;
    hean_status status = find_directory(allocator, fd, path, file_bytes, &where, error);

    if (status != HEAN_OK)
        return status;
    if (where.entries > READER_PARTS_MAX || where.bytes > DIRECTORY_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: %llu members, expected at most %d", path,
                         (unsigned long long)where.entries, READER_PARTS_MAX);
    if (where.offset > file_bytes || where.bytes > file_bytes - where.offset)
        return base_fail(error, HEAN_E_CORRUPT, "%s: the zip directory lies outside the file",
                         path);
    bytes = base_alloc(allocator, (size_t)where.bytes);
    found = base_alloc_array(allocator, (size_t)where.entries, sizeof *found);
    if (bytes == NULL || found == NULL) {
        status = base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", path);
        goto cleanup;
    }
    status = reader_read_at(fd, path, where.offset, bytes, (size_t)where.bytes, error);
    if (status == HEAN_OK)
        status = read_entries(bytes, &where, file_bytes, path, found, &kept, error);
    if (status == HEAN_OK && kept == 0)
        status = base_fail(error, HEAN_E_FORMAT, "%s: the zip archive holds no files", path);
    if (status != HEAN_OK)
        goto cleanup;
    qsort(found, kept, sizeof *found, compare_parts);
    *parts = found;
    *count = kept;
    found = NULL;
cleanup:
    base_free(allocator, found);
    base_free(allocator, bytes);
    return status;
}

hean_status reader_zip_data_offset(int fd, const char *path, const reader_part *part,
                                   uint64_t *offset, hean_error *error)
{
    unsigned char header[LOCAL_BYTES];
    hean_status status =
        reader_read_at(fd, path, part->header_offset, header, sizeof header, error);

    if (status != HEAN_OK)
        return status;
    if (memcmp(header, "PK\3\4", 4) != 0)
        return base_fail(error, HEAN_E_CORRUPT, "%s: %s: its header is damaged", path, part->name);
    *offset = part->header_offset + LOCAL_BYTES + little(header + 26, 2) + little(header + 28, 2);
    return HEAN_OK;
}
