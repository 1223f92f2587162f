/*
 * base.h: what every room may use: errors, memory, text and time.
 *
 * Knows nothing of markets, scripts or venues. No global state.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <hean/hean.h>

#include <stdarg.h>
#include <stdio.h>

/* Programmer errors stop the program in every build type. No script or venue byte may reach one:
 * what comes from outside is checked and answered with a status. */
#define BASE_ASSERT(condition)                                                                     \
    ((condition) ? (void)0 : base_assert_fail(#condition, __FILE__, __LINE__))
_Noreturn void base_assert_fail(const char *condition, const char *file, int line);

#define BASE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BASE_NS_PER_US INT64_C(1000)
#define BASE_NS_PER_MS INT64_C(1000000)
#define BASE_NS_PER_S  INT64_C(1000000000)
#define BASE_E8        INT64_C(100000000)
#define BASE_E12       INT64_C(1000000000000)

__extension__ typedef __int128 base_int128;

/* Fills `error` (which may be NULL) and returns `status`, so that a failure is one line:
 *     return base_fail(error, HEAN_E_PARSE, "%s:%zu: expected a number", path, line); */
hean_status base_fail(hean_error *error, hean_status status, const char *format, ...)
    HEAN_PRINTF(3, 4);
/* Puts "prefix: " before the message that is already there. Returns the status that is there. */
hean_status base_fail_prefix(hean_error *error, const char *format, ...) HEAN_PRINTF(2, 3);

/* ---- memory: see hean_allocator ---- */
const hean_allocator *base_allocator_default(void);
void *base_alloc(const hean_allocator *allocator, size_t bytes);                     /* zeroed */
void *base_alloc_array(const hean_allocator *allocator, size_t count, size_t bytes); /* zeroed */
void *base_resize(const hean_allocator *allocator, void *pointer, size_t bytes);
void base_free(const hean_allocator *allocator, void *pointer);
/* Doubles `*capacity` (at least to `needed`); on failure the old array stays as it is. */
HEAN_WARN_UNUSED bool base_grow(const hean_allocator *allocator, void **array, size_t *capacity,
                                size_t needed, size_t element_bytes);

/* ---- a growing byte buffer, always terminated by a 0 that is not counted ---- */
typedef struct base_buffer {
    const hean_allocator *allocator;
    char *data;
    size_t length;
    size_t capacity;
    bool failed; /* memory ran out: check once, at the end */
} base_buffer;
void base_buffer_init(base_buffer *buffer, const hean_allocator *allocator);
void base_buffer_deinit(base_buffer *buffer);
void base_buffer_append(base_buffer *buffer, const void *data, size_t bytes);
void base_buffer_printf(base_buffer *buffer, const char *format, ...) HEAN_PRINTF(2, 3);
/* Reads a whole file; more than `bytes_max` is HEAN_E_LIMIT. */
hean_status base_buffer_read_file(base_buffer *buffer, const char *path, size_t bytes_max,
                                  hean_error *error) HEAN_WARN_UNUSED;
/* Replaces a file so that a reader sees the old or the new one, never half: write, fsync, rename.
 */
hean_status base_file_replace(const char *path, const void *data, size_t bytes,
                              hean_error *error) HEAN_WARN_UNUSED;
/* The same, and other users may read it. */
hean_status base_file_replace_shared(const char *path, const void *data, size_t bytes,
                                     hean_error *error) HEAN_WARN_UNUSED;

/* ---- clocks, for the edges only ---- */
int64_t base_clock_wall_ns(void);
int64_t base_clock_monotonic_ns(void);

/* "2024-08-08T23:54:16.651Z" into out (at least 40 bytes); returns out. */
char *base_time_format(int64_t time_ns, char *out, size_t bytes);
/* ISO 8601 date or date-time (UTC; 'T' or blank; fraction; Z optional), or a whole number of
 * s, ms, us or ns since the epoch (told apart by its digits). */
hean_status base_time_parse(const char *text, size_t bytes, int64_t *time_ns) HEAN_WARN_UNUSED;
/* "500ms", "30s", "5m", "2h", "1d" (a bare number is seconds). */
hean_status base_duration_parse(const char *text, int64_t *duration_ns) HEAN_WARN_UNUSED;

/* Replaces control characters (but tab) by '?', in place. */
void base_text_clean(char *text, size_t bytes);
/* The length of the well-formed UTF-8 sequence that `text` (0-terminated) begins with; 0 if it is
 * none. */
size_t base_utf8_length(const unsigned char *text);
/* Copies and always terminates; false if it did not fit (out then holds the part that did). */
bool base_text_copy(char *out, size_t out_bytes, const char *text);
/* The smallest edit distance name to `word`, or NULL if nothing is near: for "did you mean". */
const char *base_text_nearest(const char *word, const char *const *names, size_t count);

#endif
