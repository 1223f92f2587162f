/*
 * fuzz_datafile.c: no bytes, taken for a data file, may crash the reader or what stands behind it.
 *
 * The bytes are opened as they are, and again with a header whose checksum is made right, since
 * random changes would hardly get past it. What opens goes through a book and bars.
 */
#include "../../core/market/datafile_format.h"

#include <market/bars.h>
#include <market/book.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void use(const market_data *data)
{
    const hean_event *events = data->events;
    market_book book;
    market_bars bars;
    hean_event closed;

    if (market_book_init(&book, data->allocator) != HEAN_OK)
        return;
    market_bars_init(&bars, 0, BASE_NS_PER_S);
    for (uint64_t i = 0; i < data->info.events; i++) {
        uint64_t at = data->exch_order != NULL ? data->exch_order[i] : i;
        BASE_ASSERT(events[at].instrument < data->info.instruments);
        BASE_ASSERT(market_book_apply(&book, &events[at]) == HEAN_OK);
        (void)market_book_mid2_ticks(&book);
        (void)market_bars_push(&bars, &events[i], &closed);
    }
    market_book_deinit(&book);
}

static void try_open(int fd)
{
    market_data data;
    hean_error error;

    if (market_data_open(base_allocator_default(), fd, "input", &data, &error) != HEAN_OK)
        return;
    use(&data);
    BASE_ASSERT(market_data_verify(&data, &error) == HEAN_OK || error.status == HEAN_E_CORRUPT);
    market_data_release(&data, data.info.events);
    market_data_close(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    int fd = memfd_create("fuzz_datafile", MFD_CLOEXEC);
    datafile_header header;
    hean_error error;

    if (fd < 0)
        return 0;
    if (datafile_write_at(fd, data, bytes, 0, "the input", &error) == HEAN_OK) {
        try_open(fd);
        if (bytes >= sizeof header) {
            memcpy(&header, data, sizeof header);
            header.crc32 = hash_crc32(0, &header, offsetof(datafile_header, crc32));
            if (datafile_write_at(fd, &header, sizeof header, 0, "the header", &error) == HEAN_OK)
                try_open(fd);
        }
    }
    BASE_ASSERT(close(fd) == 0);
    return 0;
}
