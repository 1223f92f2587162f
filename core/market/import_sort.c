/*
 * import_sort.c: an external merge sort in two nameless files.
 *
 * Blocks of RUN_EVENTS are sorted in memory and written as runs; then FAN_IN runs at a time are
 * merged into longer ones, from one file to the other, until one run is left.
 */
#include "import_sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_EVENTS  65536u
#define FAN_IN      32u
#define READ_EVENTS 256u

typedef struct run {
    uint64_t begin, end; /* event numbers in the file */
} run;

/* A run while it is merged. */
typedef struct run_reader {
    run left;
    size_t next, count;
    hean_event events[READ_EVENTS];
} run_reader;

struct import_sort {
    const hean_allocator *allocator;
    const char *folder;
    bool reverse;
    int fd, other_fd;
    uint64_t written; /* events in fd */
    run *runs;
    size_t run_count, run_capacity;
    hean_event *events, *scratch;
    size_t count;
    run_reader *readers;
    run_reader *result; /* the one run that is left */
};

/* Bottom-up; neighbours that are in order already cost one comparison. */
void import_sort_events(hean_event *events, size_t count, hean_event *scratch)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t left = 0; left + width < count; left += 2 * width) {
            size_t middle = left + width;
            size_t end = middle + width < count ? middle + width : count;
            size_t a = left, b = middle, out = 0;
            if (events[middle - 1].local_ns <= events[middle].local_ns)
                continue;
            while (a < middle && b < end)
                scratch[out++] =
                    events[b].local_ns < events[a].local_ns ? events[b++] : events[a++];
            /* What is left of b is in its place. */
            memmove(events + left + out, events + a, (middle - a) * sizeof *events);
            memcpy(events + left, scratch, out * sizeof *events);
        }
    }
}

static hean_status fail_io(const import_sort *sort, const char *what, hean_error *error)
{
    return base_fail(error, HEAN_E_IO, "%s: %s a file for sorting: %s", sort->folder, what,
                     strerror(errno));
}

static hean_status open_nameless(import_sort *sort, int *fd, hean_error *error)
{
    char name[4096];

    *fd = open(sort->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return HEAN_OK;
    /* Not every file system knows nameless files: a name that is removed at once. */
    if (snprintf(name, sizeof name, "%s/hean-sort-XXXXXX", sort->folder) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return fail_io(sort, "making", error);
    }
    *fd = mkostemp(name, O_CLOEXEC);
    if (*fd < 0 || unlink(name) != 0)
        return fail_io(sort, "making", error);
    return HEAN_OK;
}

hean_status import_sort_open(const hean_allocator *allocator, const char *folder, bool reverse,
                             import_sort **out, hean_error *error)
{
    import_sort *sort = base_alloc(allocator, sizeof *sort);
    hean_status status = HEAN_OK;

    if (sort == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    sort->allocator = allocator;
    sort->folder = folder != NULL ? folder : "/var/tmp";
    sort->reverse = reverse;
    sort->fd = sort->other_fd = -1;
    sort->events = base_alloc_array(allocator, RUN_EVENTS, sizeof *sort->events);
    sort->scratch = base_alloc_array(allocator, RUN_EVENTS, sizeof *sort->scratch);
    if (sort->events == NULL || sort->scratch == NULL)
        status = base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    if (status == HEAN_OK)
        status = open_nameless(sort, &sort->fd, error);
    if (status == HEAN_OK)
        status = open_nameless(sort, &sort->other_fd, error);
    if (status != HEAN_OK) {
        import_sort_close(sort);
        return status;
    }
    *out = sort;
    return HEAN_OK;
}

void import_sort_close(import_sort *sort)
{
    if (sort == NULL)
        return;
    if (sort->fd >= 0)
        (void)close(sort->fd); /* nothing to lose: the file has no name */
    if (sort->other_fd >= 0)
        (void)close(sort->other_fd);
    base_free(sort->allocator, sort->runs);
    base_free(sort->allocator, sort->events);
    base_free(sort->allocator, sort->scratch);
    base_free(sort->allocator, sort->readers);
    base_free(sort->allocator, sort);
}

/* Reads or writes `count` events at event number `at`. */
static hean_status move_events(const import_sort *sort, int fd, bool writing, hean_event *events,
                               size_t count, uint64_t at, hean_error *error)
{
    char *bytes = (char *)events;
    size_t left = count * sizeof *events;
    off_t offset = (off_t)(at * sizeof *events);

    while (left > 0) {
        ssize_t done = writing ? pwrite(fd, bytes, left, offset) : pread(fd, bytes, left, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return fail_io(sort, writing ? "writing" : "reading", error);
        bytes += done;
        offset += done;
        left -= (size_t)done;
    }
    return HEAN_OK;
}

static hean_status write_run(import_sort *sort, hean_error *error)
{
    hean_status status;

    if (sort->count == 0)
        return HEAN_OK;
    if (!base_grow(sort->allocator, (void **)&sort->runs, &sort->run_capacity, sort->run_count + 1,
                   sizeof *sort->runs))
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; sort->reverse && i < sort->count / 2; i++) {
        hean_event swap = sort->events[i];
        sort->events[i] = sort->events[sort->count - 1 - i];
        sort->events[sort->count - 1 - i] = swap;
    }
    import_sort_events(sort->events, sort->count, sort->scratch);
    status = move_events(sort, sort->fd, true, sort->events, sort->count, sort->written, error);
    if (status != HEAN_OK)
        return status;
    sort->runs[sort->run_count++] = (run){sort->written, sort->written + sort->count};
    sort->written += sort->count;
    sort->count = 0;
    return HEAN_OK;
}

hean_status import_sort_add(import_sort *sort, const hean_event *events, size_t count,
                            hean_error *error)
{
    while (count > 0) {
        size_t part = RUN_EVENTS - sort->count;
        if (part > count)
            part = count;
        memcpy(sort->events + sort->count, events, part * sizeof *events);
        sort->count += part;
        events += part;
        count -= part;
        if (sort->count == RUN_EVENTS) {
            hean_status status = write_run(sort, error);
            if (status != HEAN_OK)
                return status;
        }
    }
    return HEAN_OK;
}

static hean_status refill(import_sort *sort, run_reader *reader, hean_error *error)
{
    uint64_t left = reader->left.end - reader->left.begin;
    hean_status status;

    reader->next = 0;
    reader->count = left < READ_EVENTS ? (size_t)left : READ_EVENTS;
    status = move_events(sort, sort->fd, false, reader->events, reader->count, reader->left.begin,
                         error);
    reader->left.begin += reader->count;
    return status;
}

/* Merges runs [first, first + count) of fd to the end of other_fd. */
static hean_status merge_runs(import_sort *sort, size_t first, size_t count, uint64_t *written,
                              hean_error *error)
{
    hean_status status = HEAN_OK;
    size_t buffered = 0;

    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        sort->readers[i].left = sort->runs[first + i];
        status = refill(sort, &sort->readers[i], error);
    }
    while (status == HEAN_OK) {
        run_reader *least = NULL;
        for (size_t i = 0; i < count; i++) {
            run_reader *reader = &sort->readers[i];
            if (reader->next < reader->count &&
                (least == NULL ||
                 reader->events[reader->next].local_ns < least->events[least->next].local_ns))
                least = reader;
        }
        if (least != NULL) {
            sort->events[buffered++] = least->events[least->next++];
            if (least->next == least->count)
                status = refill(sort, least, error);
        }
        if (status == HEAN_OK && (buffered == RUN_EVENTS || least == NULL)) {
            status =
                move_events(sort, sort->other_fd, true, sort->events, buffered, *written, error);
            *written += buffered;
            buffered = 0;
        }
        if (least == NULL)
            break;
    }
    return status;
}

static hean_status merge_all(import_sort *sort, hean_error *error)
{
    uint64_t written = 0;
    size_t made = 0;

    for (size_t first = 0; first < sort->run_count; first += FAN_IN) {
        size_t count = sort->run_count - first < FAN_IN ? sort->run_count - first : FAN_IN;
        uint64_t begin = written;
        hean_status status = merge_runs(sort, first, count, &written, error);
        if (status != HEAN_OK)
            return status;
        sort->runs[made++] = (run){begin, written};
    }
    sort->run_count = made;
    int swap = sort->fd;
    sort->fd = sort->other_fd;
    sort->other_fd = swap;
    return HEAN_OK;
}

hean_status import_sort_finish(import_sort *sort, hean_error *error)
{
    hean_status status = write_run(sort, error);

    if (status != HEAN_OK)
        return status;
    sort->readers = base_alloc_array(sort->allocator, FAN_IN, sizeof *sort->readers);
    if (sort->readers == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    /* Newest first: of equal times, what came last goes first. */
    for (size_t i = 0; sort->reverse && i < sort->run_count / 2; i++) {
        run swap = sort->runs[i];
        sort->runs[i] = sort->runs[sort->run_count - 1 - i];
        sort->runs[sort->run_count - 1 - i] = swap;
    }
    while (sort->run_count > 1 && status == HEAN_OK)
        status = merge_all(sort, error);
    if (status != HEAN_OK)
        return status;
    /* From here on one small buffer is enough. */
    base_free(sort->allocator, sort->events);
    base_free(sort->allocator, sort->scratch);
    sort->events = sort->scratch = NULL;
    sort->result = base_resize(sort->allocator, sort->readers, sizeof *sort->result);
    if (sort->result == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    sort->readers = sort->result;
    sort->result->left = sort->run_count > 0 ? sort->runs[0] : (run){0, 0};
    return refill(sort, sort->result, error);
}

hean_status import_sort_read(import_sort *sort, hean_event *events, size_t capacity, size_t *got,
                             hean_error *error)
{
    run_reader *result = sort->result;
    size_t taken = 0;

    while (taken < capacity && result->next < result->count) {
        events[taken++] = result->events[result->next++];
        if (result->next == result->count) {
            hean_status status = refill(sort, result, error);
            if (status != HEAN_OK)
                return status;
        }
    }
    *got = taken;
    return HEAN_OK;
}
