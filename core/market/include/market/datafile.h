/*
 * datafile.h: the binary form of market data, mapped into memory by backtests.
 *
 * A file is: header, instruments, events (hean_event, ordered by local_ns), and, where venue time
 * orders them otherwise, an index of uint32 event numbers ordered by (exch_ns, position).
 * Little-endian, checked on open; a file that was not finished is HEAN_E_TRUNCATED.
 *
 * Invariants
 *   D1  events are ordered by local_ns; exch_ns <= local_ns.
 *   D2  every event is one that market_event_problem (event.h) finds nothing wrong with.
 *   D3  the header's counts, span and SHA-256 are those of the events.
 */
#ifndef MARKET_DATAFILE_H
#define MARKET_DATAFILE_H

#include <base/base.h>
#include <base/hash.h>
#include <market/instrument.h>

typedef struct market_data_info {
    uint64_t events;
    uint64_t events_by_kind[HEAN_EVENT_KIND_COUNT];
    int64_t first_local_ns, last_local_ns;
    int64_t first_exch_ns, last_exch_ns;
    int64_t feed_latency_ns_max;
    uint8_t sha256[HASH_SHA256_BYTES]; /* of the instruments and events: the data's identity */
    size_t instruments;
} market_data_info;

/* ---- writing: append in order of local_ns, then finish ---- */
typedef struct market_data_writer market_data_writer;
/* `fd` is a file opened for reading and writing that the caller keeps (and syncs, if it is to
 * outlive a power cut); what it held is lost. Constant memory.
 * Errors: HEAN_E_INVALID, HEAN_E_IO, HEAN_E_NO_MEMORY. */
hean_status market_data_writer_open(const hean_allocator *allocator, int fd,
                                    const market_instrument *instruments, size_t count,
                                    market_data_writer **out, hean_error *error) HEAN_WARN_UNUSED;
/* What an event's kind does not use is written as zeros. HEAN_E_INVALID: D2 (the events before it
 * are taken); HEAN_E_TIME_ORDER: D1; HEAN_E_IO: the writer is of no more use. */
hean_status market_data_writer_append(market_data_writer *writer, const hean_event *events,
                                      size_t count, hean_error *error) HEAN_WARN_UNUSED;
/* HEAN_E_LIMIT: 2^32 events or more of which some step back in venue time. */
hean_status market_data_writer_finish(market_data_writer *writer,
                                      hean_error *error) HEAN_WARN_UNUSED;
/* Of what was appended; the SHA-256 after finish only. */
market_data_info market_data_writer_info(const market_data_writer *writer);
void market_data_writer_close(market_data_writer *writer);

/* ---- reading ---- */
typedef struct market_data {
    market_data_info info;
    market_instrument *instruments;
    const hean_event *events;
    const uint32_t *exch_order; /* NULL: the order of the events is the venue's order as well */
    void *mapping;
    size_t mapping_bytes;
    const hean_allocator *allocator;
} market_data;

bool market_data_is(const void *head, size_t bytes); /* do these first bytes open such a file? */
/* Maps the file and reads it through once: D1 to D3 hold afterwards, but for the SHA-256.
 * Errors: HEAN_E_FORMAT (not such a file), HEAN_E_TRUNCATED, HEAN_E_CORRUPT (says what and where),
 * HEAN_E_IO, HEAN_E_NO_MEMORY. The descriptor may be closed afterwards. */
hean_status market_data_open(const hean_allocator *allocator, int fd, const char *name,
                             market_data *out, hean_error *error) HEAN_WARN_UNUSED;
/* Recomputes everything that the header claims (D1 to D3), the SHA-256 too. */
hean_status market_data_verify(const market_data *data, hean_error *error) HEAN_WARN_UNUSED;
/* Tells the kernel that events before `position` are no longer needed. */
void market_data_release(const market_data *data, uint64_t position);
void market_data_close(market_data *data);

#endif
