/*
 * datafile_format.h: the layout of a data file on disk, shared by its writer and its reader.
 *
 *     header | instruments | events | order (optional)
 *
 * All little-endian, each part at a multiple of 8 bytes. The header is written twice: on creation
 * with finished = 0, and as the last write of all with finished = 1, so that a file that was cut
 * short is known for what it is.
 */
#ifndef MARKET_DATAFILE_FORMAT_H
#define MARKET_DATAFILE_FORMAT_H

#include <market/datafile.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the data file is little-endian and is used in place"
#endif

#define DATAFILE_MAGIC   "HEANDATA"
#define DATAFILE_VERSION 1

typedef struct datafile_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint32_t event_bytes;
    uint32_t finished;
    uint64_t file_bytes;
    uint64_t instruments;
    uint64_t events_offset;
    uint64_t events;
    uint64_t order_offset; /* 0: the venue's order is the order of the events */
    uint64_t events_by_kind[HEAN_EVENT_KIND_COUNT];
    int64_t first_local_ns, last_local_ns;
    int64_t first_exch_ns, last_exch_ns;
    int64_t feed_latency_ns_max;
    uint8_t sha256[HASH_SHA256_BYTES];
    uint32_t reserved;
    uint32_t crc32; /* of all before it */
} datafile_header;

_Static_assert(sizeof(datafile_header) == 8 + 16 + 40 + 8 * HEAN_EVENT_KIND_COUNT + 40 + 32 + 8,
               "the header has no padding");
_Static_assert(sizeof(hean_event) == 72, "an event has 72 bytes on disk and in memory");

/* hean_instrument without padding. */
typedef struct datafile_instrument {
    char symbol[HEAN_SYMBOL_BYTES];
    int64_t kind;
    int64_t tick_mantissa, tick_exponent10;
    int64_t lot_mantissa, lot_exponent10;
    int64_t limits[6]; /* qty, price, notional: least and most of each */
    int64_t maker_fee_e8, taker_fee_e8;
} datafile_instrument;

_Static_assert(sizeof(datafile_instrument) == HEAN_SYMBOL_BYTES + 13 * 8, "no padding");

/* Counts, span and latency, one event at a time: the writer's and the reader's agree because they
 * are the same. */
static inline void datafile_info_add(market_data_info *info, const hean_event *event)
{
    int64_t latency_ns = event->local_ns - event->exch_ns;

    if (info->events == 0) {
        info->first_local_ns = event->local_ns;
        info->first_exch_ns = info->last_exch_ns = event->exch_ns;
    }
    info->events++;
    info->events_by_kind[event->kind]++;
    info->last_local_ns = event->local_ns;
    if (event->exch_ns < info->first_exch_ns)
        info->first_exch_ns = event->exch_ns;
    if (event->exch_ns > info->last_exch_ns)
        info->last_exch_ns = event->exch_ns;
    if (latency_ns > info->feed_latency_ns_max)
        info->feed_latency_ns_max = latency_ns;
}

/* pread and pwrite of everything or an error: interrupted and short calls are continued.
 * `what` names the part of the file for the message. */
hean_status datafile_read_at(int fd, void *data, size_t bytes, uint64_t offset, const char *what,
                             hean_error *error) HEAN_WARN_UNUSED;
hean_status datafile_write_at(int fd, const void *data, size_t bytes, uint64_t offset,
                              const char *what, hean_error *error) HEAN_WARN_UNUSED;

/* Writes, at `order_offset`, the numbers of the `events` events that lie at `events_offset`, in
 * order of (exch_ns, number). Uses the file behind the order as scratch space and cuts it off
 * again. */
hean_status datafile_write_order(const hean_allocator *allocator, int fd, uint64_t events_offset,
                                 uint64_t events, uint64_t order_offset,
                                 hean_error *error) HEAN_WARN_UNUSED;

#endif
