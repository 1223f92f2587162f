/*
 * reader_bytes.h: a file as a stream of plain bytes, through gzip and zip.
 *
 * What a file is, is told by its first bytes, never by its name. A zip archive has several parts,
 * each a stream of its own; any other file is one part.
 *
 * Knows nothing of lines or markets. Memory is constant but for the list of an archive's parts.
 */
#ifndef MARKET_READER_BYTES_H
#define MARKET_READER_BYTES_H

#include <base/base.h>

#define READER_NAME_BYTES 128

/* One stream of bytes inside a file. */
typedef struct reader_part {
    char name[READER_NAME_BYTES]; /* the member's name in a zip archive, else empty */
    bool member;
    uint16_t method; /* zip: 0 stored, 8 deflated */
    uint32_t crc;
    uint64_t header_offset; /* zip: of the local header */
    uint64_t packed_bytes;  /* in the file */
    uint64_t bytes;         /* zip: unpacked */
} reader_part;

/* Lists the parts of the file at `path`: the members of a zip archive in the order of their names
 * (folders are left out), or one part for the whole. The caller frees `*parts`.
 * HEAN_E_NOT_FOUND, HEAN_E_IO, HEAN_E_TRUNCATED (an archive that ends early), HEAN_E_CORRUPT,
 * HEAN_E_FORMAT (encrypted, several disks), HEAN_E_LIMIT (more than READER_PARTS_MAX members). */
hean_status reader_parts_list(const hean_allocator *allocator, const char *path,
                              reader_part **parts, size_t *count,
                              hean_error *error) HEAN_WARN_UNUSED;
#define READER_PARTS_MAX 16384

typedef struct reader_bytes reader_bytes;

/* `path` must live as long as the reader: it is named in errors. */
hean_status reader_bytes_open(const hean_allocator *allocator, const char *path,
                              const reader_part *part, reader_bytes **out,
                              hean_error *error) HEAN_WARN_UNUSED;
void reader_bytes_close(reader_bytes *reader);

/* Reads up to `capacity` bytes; 0 bytes is the end. HEAN_E_TRUNCATED if the packed data ends early,
 * HEAN_E_CORRUPT if it cannot be unpacked or its checksum is wrong. */
hean_status reader_bytes_read(reader_bytes *reader, void *out, size_t capacity, size_t *got,
                              hean_error *error) HEAN_WARN_UNUSED;

/* Bytes of the file that were taken so far, for a progress line. */
uint64_t reader_bytes_taken(const reader_bytes *reader);

/* ---- for the reader's own files ---- */
/* Reads exactly `bytes` at `offset`; HEAN_E_TRUNCATED if the file ends before. */
hean_status reader_read_at(int fd, const char *path, uint64_t offset, void *out, size_t bytes,
                           hean_error *error) HEAN_WARN_UNUSED;
hean_status reader_zip_list(const hean_allocator *allocator, int fd, const char *path,
                            uint64_t file_bytes, reader_part **parts, size_t *count,
                            hean_error *error) HEAN_WARN_UNUSED;
/* Where the packed bytes of a member begin. */
hean_status reader_zip_data_offset(int fd, const char *path, const reader_part *part,
                                   uint64_t *offset, hean_error *error) HEAN_WARN_UNUSED;

#endif
