/*
 * datafile.c: the reader of data files: maps them and checks everything that the engine relies on.
 *
 * A file may come from a stranger or a broken disk. So market_data_open reads it through once: each
 * event is well formed (event.h), local times do not step back, the index is a permutation in the
 * venue's order, and the header tells the truth but for the SHA-256, which market_data_verify adds.
 * This costs about 20 nanoseconds per event (bench_datafile prints it) and is the price of a replay
 * loop that checks nothing. Pages are handed back while it goes, so that a file larger than memory
 * does not fill it.
 *
 * A file that somebody truncates while it is mapped ends the process with SIGBUS; nothing can be
 * done about it here. Must not know books or the engine.
 */
#include "datafile_format.h"

#include <market/event.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RELEASE_EVENTS (1u << 17) /* 9 MiB of events between two calls to the kernel */

bool market_data_is(const void *head, size_t bytes)
{
    return bytes >= 8 && memcmp(head, DATAFILE_MAGIC, 8) == 0;
}

/* Everything about the header that needs no look at the events. */
static hean_status check_header(const datafile_header *header, uint64_t file_bytes,
                                const char *name, hean_error *error)
{
    uint64_t events_offset, end;

    if (header->version != DATAFILE_VERSION || header->header_bytes != sizeof *header ||
        header->event_bytes != sizeof(hean_event))
        return base_fail(error, HEAN_E_FORMAT,
                         "%s: data file version %u; this program reads version %d: import again",
                         name, header->version, DATAFILE_VERSION);
    if (header->crc32 != hash_crc32(0, header, offsetof(datafile_header, crc32)))
        return base_fail(error, HEAN_E_CORRUPT, "%s: the header's checksum is wrong", name);
    if (header->finished != 1)
        return base_fail(error, HEAN_E_TRUNCATED, "%s: the import was not finished", name);
    if (header->instruments == 0 || header->instruments > MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_CORRUPT, "%s: %llu instruments, expected 1 to %d", name,
                         (unsigned long long)header->instruments, MARKET_INSTRUMENTS_MAX);
    events_offset = sizeof *header + header->instruments * sizeof(datafile_instrument);
    if (header->events > INT64_MAX / (2 * sizeof(hean_event)))
        return base_fail(error, HEAN_E_CORRUPT, "%s: an impossible number of events", name);
    end = events_offset + header->events * sizeof(hean_event);
    if (header->events_offset != events_offset ||
        (header->order_offset != 0 && (header->order_offset != end || header->events > UINT32_MAX)))
        return base_fail(error, HEAN_E_CORRUPT, "%s: the parts are not where they must be", name);
    if (header->order_offset != 0)
        end += header->events * sizeof(uint32_t);
    if (header->file_bytes != end)
        return base_fail(error, HEAN_E_CORRUPT, "%s: the parts do not add up to its size", name);
    if (file_bytes < end)
        return base_fail(error, HEAN_E_TRUNCATED, "%s: has %llu of %llu bytes", name,
                         (unsigned long long)file_bytes, (unsigned long long)end);
    if (file_bytes > end)
        return base_fail(error, HEAN_E_CORRUPT, "%s: %llu bytes behind its end", name,
                         (unsigned long long)(file_bytes - end));
    return HEAN_OK;
}

static hean_status unpack_instrument(const datafile_instrument *packed, market_instrument *out,
                                     hean_error *error)
{
    hean_instrument spec = {
        .tick_size = {packed->tick_mantissa, (int32_t)packed->tick_exponent10},
        .lot_size = {packed->lot_mantissa, (int32_t)packed->lot_exponent10},
        .min_qty_lots = packed->limits[0],
        .max_qty_lots = packed->limits[1],
        .min_price_ticks = packed->limits[2],
        .max_price_ticks = packed->limits[3],
        .min_notional_e8 = packed->limits[4],
        .max_notional_e8 = packed->limits[5],
        .maker_fee_e8 = packed->maker_fee_e8,
        .taker_fee_e8 = packed->taker_fee_e8,
    };

    /* Values that do not fit the narrower fields must not turn into valid ones. */
    if (packed->kind < 0 || packed->kind > HEAN_INSTRUMENT_INVERSE ||
        spec.tick_size.exponent10 != packed->tick_exponent10 ||
        spec.lot_size.exponent10 != packed->lot_exponent10)
        return base_fail(error, HEAN_E_CORRUPT, "a kind or an exponent is out of range");
    spec.kind = (hean_instrument_kind)packed->kind;
    memcpy(spec.symbol, packed->symbol, sizeof spec.symbol);
    return market_instrument_init(out, &spec, error);
}

static hean_status read_instruments(market_data *data, const datafile_header *header,
                                    const char *name, hean_error *error)
{
    const datafile_instrument *packed = (const datafile_instrument *)(header + 1);
    size_t count = (size_t)header->instruments;

    data->instruments = base_alloc_array(data->allocator, count, sizeof *data->instruments);
    if (data->instruments == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: no memory for its instruments", name);
    for (size_t i = 0; i < count; i++) {
        hean_error why;
        if (unpack_instrument(&packed[i], &data->instruments[i], &why) != HEAN_OK)
            return base_fail(error, HEAN_E_CORRUPT, "%s: instrument %zu: %s", name, i, why.message);
        for (size_t other = 0; other < i; other++) {
            if (strcmp(data->instruments[other].spec.symbol, data->instruments[i].spec.symbol) == 0)
                return base_fail(error, HEAN_E_CORRUPT, "%s: two instruments named %s", name,
                                 data->instruments[i].spec.symbol);
        }
    }
    return HEAN_OK;
}

/* Hands whole pages of [from, to) back; what is used again is read again from the page cache. */
static void release(const void *from, const void *to)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)from + page - 1) / page * page;
    uintptr_t last = (uintptr_t)to / page * page;

    /* A failure costs memory, not correctness. */
    if (last > first)
        (void)madvise((void *)first, last - first, MADV_DONTNEED);
}

static hean_status check_events(const market_data *data, market_data_info *info, bool *disordered,
                                const char *name, hean_error *error)
{
    const hean_event *events = data->events;

    *disordered = false;
    for (uint64_t i = 0; i < data->info.events; i++) {
        const char *problem = market_event_problem(&events[i], data->info.instruments);
        if (problem == NULL && i > 0 && events[i].local_ns < events[i - 1].local_ns)
            problem = "local time steps back";
        if (problem != NULL)
            return base_fail(error, HEAN_E_CORRUPT, "%s: event %llu: %s", name,
                             (unsigned long long)i, problem);
        *disordered |= i > 0 && events[i].exch_ns < info->last_exch_ns;
        datafile_info_add(info, &events[i]);
        if (i % RELEASE_EVENTS == RELEASE_EVENTS - 1)
            release(events + i + 1 - RELEASE_EVENTS, events + i + 1);
    }
    return HEAN_OK;
}

/* As many entries as events, each an event and each after the one before it in an order without
 * equals: so every event is there once. */
static hean_status check_order(const market_data *data, const char *name, hean_error *error)
{
    const hean_event *events = data->events;
    const uint32_t *order = data->exch_order;

    for (uint64_t i = 0; i < data->info.events; i++) {
        if (order[i] >= data->info.events)
            return base_fail(error, HEAN_E_CORRUPT, "%s: order %llu is not an event", name,
                             (unsigned long long)i);
        if (i > 0 && (events[order[i]].exch_ns < events[order[i - 1]].exch_ns ||
                      (events[order[i]].exch_ns == events[order[i - 1]].exch_ns &&
                       order[i] <= order[i - 1])))
            return base_fail(error, HEAN_E_CORRUPT, "%s: order %llu: venue time steps back", name,
                             (unsigned long long)i);
        if (i % RELEASE_EVENTS == RELEASE_EVENTS - 1) {
            /* Behind by one step: late events lie before the others. */
            if (i >= RELEASE_EVENTS)
                release(events + i + 1 - 2 * RELEASE_EVENTS, events + i + 1 - RELEASE_EVENTS);
            release(order + i + 1 - RELEASE_EVENTS, order + i + 1);
        }
    }
    return HEAN_OK;
}

/* D1, D2, and D3 but for the hash. */
static hean_status check_content(const market_data *data, const char *name, hean_error *error)
{
    market_data_info found = {.instruments = data->info.instruments};
    bool disordered;
    hean_status status = check_events(data, &found, &disordered, name, error);

    if (status != HEAN_OK)
        return status;
    memcpy(found.sha256, data->info.sha256, sizeof found.sha256);
    if (memcmp(&found, &data->info, sizeof found) != 0)
        return base_fail(error, HEAN_E_CORRUPT, "%s: the header does not describe the events",
                         name);
    if (data->exch_order == NULL) {
        if (disordered)
            return base_fail(error, HEAN_E_CORRUPT, "%s: venue times step back without an order",
                             name);
        return HEAN_OK;
    }
    return check_order(data, name, error);
}

static void take_header(market_data *data, const datafile_header *header)
{
    market_data_info *info = &data->info;

    info->events = header->events;
    info->instruments = (size_t)header->instruments;
    info->first_local_ns = header->first_local_ns;
    info->last_local_ns = header->last_local_ns;
    info->first_exch_ns = header->first_exch_ns;
    info->last_exch_ns = header->last_exch_ns;
    info->feed_latency_ns_max = header->feed_latency_ns_max;
    memcpy(info->events_by_kind, header->events_by_kind, sizeof info->events_by_kind);
    memcpy(info->sha256, header->sha256, sizeof info->sha256);
    data->events = (const hean_event *)((const char *)data->mapping + header->events_offset);
    if (header->order_offset != 0)
        data->exch_order = (const uint32_t *)((const char *)data->mapping + header->order_offset);
}

hean_status market_data_open(const hean_allocator *allocator, int fd, const char *name,
                             market_data *out, hean_error *error)
{
    market_data data = {.allocator = allocator};
    const datafile_header *header;
    struct stat file;
    hean_status status;

    if (fstat(fd, &file) != 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", name, strerror(errno));
    if (file.st_size < 8)
        return base_fail(error, HEAN_E_FORMAT, "%s: %lld bytes are not a data file", name,
                         (long long)file.st_size);
    data.mapping_bytes = (size_t)file.st_size;
    data.mapping = mmap(NULL, data.mapping_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (data.mapping == MAP_FAILED)
        return base_fail(error, errno == ENOMEM ? HEAN_E_NO_MEMORY : HEAN_E_IO,
                         "%s: mapping it: %s", name, strerror(errno));
    header = data.mapping;
    if (!market_data_is(header, data.mapping_bytes))
        status = base_fail(error, HEAN_E_FORMAT, "%s: does not begin with " DATAFILE_MAGIC, name);
    else if (data.mapping_bytes < sizeof *header)
        status = base_fail(error, HEAN_E_TRUNCATED, "%s: ends in its header", name);
    else
        status = check_header(header, data.mapping_bytes, name, error);
    if (status != HEAN_OK)
        goto cleanup;
    take_header(&data, header);
    status = read_instruments(&data, header, name, error);
    if (status == HEAN_OK)
        status = check_content(&data, name, error);
    if (status == HEAN_OK) {
        *out = data;
        return HEAN_OK;
    }
cleanup:
    market_data_close(&data);
    return status;
}

hean_status market_data_verify(const market_data *data, hean_error *error)
{
    const datafile_header *header = data->mapping;
    const char *hashed = (const char *)(header + 1);
    const char *end = (const char *)(data->events + data->info.events);
    const size_t step = RELEASE_EVENTS * sizeof(hean_event);
    uint8_t digest[HASH_SHA256_BYTES];
    hash_sha256 *hash;
    hean_status status = check_content(data, "data file", error);

    if (status != HEAN_OK)
        return status;
    status = hash_sha256_open(data->allocator, &hash);
    if (status != HEAN_OK)
        return base_fail(error, status, "data file: no memory for the hash");
    while (hashed < end) {
        size_t bytes = (size_t)(end - hashed) < step ? (size_t)(end - hashed) : step;
        hash_sha256_update(hash, hashed, bytes);
        release(hashed, hashed + bytes);
        hashed += bytes;
    }
    hash_sha256_digest(hash, digest);
    hash_sha256_close(hash);
    if (memcmp(digest, data->info.sha256, sizeof digest) != 0)
        return base_fail(error, HEAN_E_CORRUPT, "data file: the SHA-256 is not the header's");
    return HEAN_OK;
}

void market_data_release(const market_data *data, uint64_t position)
{
    uint64_t events = position < data->info.events ? position : data->info.events;

    release(data->mapping, data->events + events);
    if (data->exch_order != NULL)
        release(data->exch_order, data->exch_order + events);
}

void market_data_close(market_data *data)
{
    if (data->mapping != NULL)
        (void)munmap(data->mapping, data->mapping_bytes);
    base_free(data->allocator, data->instruments);
    *data = (market_data){0};
}
