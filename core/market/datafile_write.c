/*
 * datafile_write.c: the writer of data files.
 *
 * Invariants
 *   W1  memory is constant: one buffer of events; what was appended is in the file or in it.
 *   W2  nothing is written that the reader would refuse: events are checked as they come.
 *   W3  the header says "finished" only after all else was written without error.
 * Does not sync: the caller owns the descriptor and knows whether the file is worth it.
 */
#include "datafile_format.h"

#include <market/event.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_EVENTS 4096

struct market_data_writer {
    const hean_allocator *allocator;
    hash_sha256 *hash;
    int fd;
    bool finished;
    bool disordered; /* the venue's times step back somewhere */
    size_t instruments;
    uint64_t events_offset;
    uint64_t written; /* events in the file */
    market_data_info info;
    hean_status failed; /* of an earlier call: the file has a hole, nothing more may be written */
    size_t buffered;
    hean_event buffer[BUFFER_EVENTS];
};

hean_status datafile_write_at(int fd, const void *data, size_t bytes, uint64_t offset,
                              const char *what, hean_error *error)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t done = pwrite(fd, at, bytes, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return base_fail(error, HEAN_E_IO, "data file: writing %zu bytes of %s at %llu: %s",
                             bytes, what, (unsigned long long)offset,
                             done < 0 ? strerror(errno) : "nothing was written");
        at += done;
        offset += (uint64_t)done;
        bytes -= (size_t)done;
    }
    return HEAN_OK;
}

hean_status datafile_read_at(int fd, void *data, size_t bytes, uint64_t offset, const char *what,
                             hean_error *error)
{
    char *at = data;

    while (bytes > 0) {
        ssize_t done = pread(fd, at, bytes, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return base_fail(error, HEAN_E_IO, "data file: reading %zu bytes of %s at %llu: %s",
                             bytes, what, (unsigned long long)offset, strerror(errno));
        if (done == 0)
            return base_fail(error, HEAN_E_TRUNCATED,
                             "data file: ends at %llu, %zu bytes of %s are missing",
                             (unsigned long long)offset, bytes, what);
        at += done;
        offset += (uint64_t)done;
        bytes -= (size_t)done;
    }
    return HEAN_OK;
}

static datafile_instrument pack_instrument(const hean_instrument *spec)
{
    datafile_instrument packed = {
        .kind = spec->kind,
        .tick_mantissa = spec->tick_size.mantissa,
        .tick_exponent10 = spec->tick_size.exponent10,
        .lot_mantissa = spec->lot_size.mantissa,
        .lot_exponent10 = spec->lot_size.exponent10,
        .limits = {spec->min_qty_lots, spec->max_qty_lots, spec->min_price_ticks,
                   spec->max_price_ticks, spec->min_notional_e8, spec->max_notional_e8},
        .maker_fee_e8 = spec->maker_fee_e8,
        .taker_fee_e8 = spec->taker_fee_e8,
    };
    /* Copied as text: bytes behind the end of the symbol have no meaning and stay 0. */
    (void)base_text_copy(packed.symbol, sizeof packed.symbol, spec->symbol);
    return packed;
}

static hean_status write_header(market_data_writer *writer, bool finished, uint64_t order_offset,
                                hean_error *error)
{
    const market_data_info *info = &writer->info;
    datafile_header header = {
        .magic = DATAFILE_MAGIC,
        .version = DATAFILE_VERSION,
        .header_bytes = sizeof header,
        .event_bytes = sizeof(hean_event),
        .finished = finished,
        .instruments = writer->instruments,
        .events_offset = writer->events_offset,
        .events = info->events,
        .order_offset = order_offset,
        .first_local_ns = info->first_local_ns,
        .last_local_ns = info->last_local_ns,
        .first_exch_ns = info->first_exch_ns,
        .last_exch_ns = info->last_exch_ns,
        .feed_latency_ns_max = info->feed_latency_ns_max,
    };

    header.file_bytes = writer->events_offset + info->events * sizeof(hean_event);
    if (order_offset != 0)
        header.file_bytes = order_offset + info->events * sizeof(uint32_t);
    memcpy(header.events_by_kind, info->events_by_kind, sizeof header.events_by_kind);
    memcpy(header.sha256, info->sha256, sizeof header.sha256);
    header.crc32 = hash_crc32(0, &header, offsetof(datafile_header, crc32));
    return datafile_write_at(writer->fd, &header, sizeof header, 0, "the header", error);
}

static hean_status write_instruments(market_data_writer *writer,
                                     const market_instrument *instruments, hean_error *error)
{
    uint64_t offset = sizeof(datafile_header);

    for (size_t i = 0; i < writer->instruments; i++, offset += sizeof(datafile_instrument)) {
        datafile_instrument packed = pack_instrument(&instruments[i].spec);
        hean_status status =
            datafile_write_at(writer->fd, &packed, sizeof packed, offset, "the instruments", error);
        if (status != HEAN_OK)
            return status;
        hash_sha256_update(writer->hash, &packed, sizeof packed);
    }
    writer->events_offset = offset;
    return HEAN_OK;
}

hean_status market_data_writer_open(const hean_allocator *allocator, int fd,
                                    const market_instrument *instruments, size_t count,
                                    market_data_writer **out, hean_error *error)
{
    market_data_writer *writer;
    hean_status status;

    if (count == 0 || count > MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_INVALID, "data file: expected 1 to %d instruments, not %zu",
                         MARKET_INSTRUMENTS_MAX, count);
    writer = base_alloc(allocator, sizeof *writer);
    if (writer == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "data file: no memory for the writer");
    writer->allocator = allocator;
    writer->fd = fd;
    writer->instruments = writer->info.instruments = count;
    status = hash_sha256_open(allocator, &writer->hash);
    if (status != HEAN_OK) {
        (void)base_fail(error, status, "data file: no memory for the hash");
        goto cleanup;
    }
    /* What the file held before must not survive behind a shorter one. */
    if (ftruncate(fd, 0) != 0) {
        status = base_fail(error, HEAN_E_IO, "data file: emptying it: %s", strerror(errno));
        goto cleanup;
    }
    status = write_instruments(writer, instruments, error);
    if (status == HEAN_OK)
        status = write_header(writer, false, 0, error);
    if (status == HEAN_OK) {
        *out = writer;
        return HEAN_OK;
    }
cleanup:
    market_data_writer_close(writer);
    return status;
}

market_data_info market_data_writer_info(const market_data_writer *writer)
{
    return writer->info;
}

void market_data_writer_close(market_data_writer *writer)
{
    if (writer == NULL)
        return;
    hash_sha256_close(writer->hash);
    base_free(writer->allocator, writer);
}

static hean_status flush(market_data_writer *writer, hean_error *error)
{
    size_t bytes = writer->buffered * sizeof(hean_event);
    uint64_t offset = writer->events_offset + writer->written * sizeof(hean_event);

    writer->failed =
        datafile_write_at(writer->fd, writer->buffer, bytes, offset, "the events", error);
    if (writer->failed != HEAN_OK)
        return writer->failed;
    hash_sha256_update(writer->hash, writer->buffer, bytes);
    writer->written += writer->buffered;
    writer->buffered = 0;
    return HEAN_OK;
}

static hean_status check_event(const market_data_writer *writer, const hean_event *event,
                               hean_error *error)
{
    const char *problem = market_event_problem(event, writer->instruments);

    if (problem != NULL)
        return base_fail(error, HEAN_E_INVALID, "data file: event %llu: %s",
                         (unsigned long long)writer->info.events, problem);
    if (writer->info.events > 0 && event->local_ns < writer->info.last_local_ns)
        return base_fail(error, HEAN_E_TIME_ORDER,
                         "data file: event %llu at local time %lld, after one at %lld",
                         (unsigned long long)writer->info.events, (long long)event->local_ns,
                         (long long)writer->info.last_local_ns);
    return HEAN_OK;
}

static hean_status check_state(const market_data_writer *writer, hean_error *error)
{
    if (writer->failed != HEAN_OK)
        return base_fail(error, writer->failed, "data file: an earlier write failed");
    if (writer->finished)
        return base_fail(error, HEAN_E_STATE, "data file: it is finished already");
    return HEAN_OK;
}

hean_status market_data_writer_append(market_data_writer *writer, const hean_event *events,
                                      size_t count, hean_error *error)
{
    hean_status status = check_state(writer, error);

    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        status = check_event(writer, &events[i], error);
        if (status == HEAN_OK && writer->buffered == BUFFER_EVENTS)
            status = flush(writer, error);
        if (status != HEAN_OK)
            break;
        if (writer->info.events > 0 && events[i].exch_ns < writer->info.last_exch_ns)
            writer->disordered = true;
        writer->buffer[writer->buffered] = events[i];
        market_event_normalise(&writer->buffer[writer->buffered++]);
        datafile_info_add(&writer->info, &events[i]);
    }
    return status;
}

hean_status market_data_writer_finish(market_data_writer *writer, hean_error *error)
{
    uint64_t order_offset = 0;
    hean_status status = check_state(writer, error);

    if (status != HEAN_OK)
        return status;
    status = flush(writer, error);
    if (status != HEAN_OK)
        return status;
    if (writer->disordered) {
        order_offset = writer->events_offset + writer->written * sizeof(hean_event);
        status = datafile_write_order(writer->allocator, writer->fd, writer->events_offset,
                                      writer->written, order_offset, error);
    }
    if (status == HEAN_OK) {
        hash_sha256_digest(writer->hash, writer->info.sha256);
        status = write_header(writer, true, order_offset, error);
    }
    writer->failed = status;
    writer->finished = status == HEAN_OK;
    return status;
}
