/*
 * datafile_test.c: the binary data file: what is written is what is read, and nothing else is.
 */
#include "support.h"

#include "../../core/market/datafile_format.h"

#include <market/event.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int memory_file(void)
{
    int fd = memfd_create("datafile_test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static market_instrument instrument_named(const char *symbol)
{
    hean_instrument spec = {.tick_size = {1, -2}, .lot_size = {1, -3}, .taker_fee_e8 = 55000};
    market_instrument instrument;
    hean_error error;

    assert_true(base_text_copy(spec.symbol, sizeof spec.symbol, symbol));
    assert_status(market_instrument_init(&instrument, &spec, &error), HEAN_OK, &error);
    return instrument;
}

static hean_event trade_at(int64_t local_ns, int64_t exch_ns)
{
    return (hean_event){.kind = HEAN_EVENT_TRADE,
                        .side = HEAN_SIDE_BUY,
                        .local_ns = local_ns,
                        .exch_ns = exch_ns,
                        .data.level = {.price_ticks = 100, .qty_lots = 1}};
}

static market_data_writer *writer_for(int fd)
{
    market_instrument instruments[2] = {instrument_named("ONE"), instrument_named("TWO")};
    market_data_writer *writer;
    hean_error error;

    assert_status(
        market_data_writer_open(base_allocator_default(), fd, instruments, 2, &writer, &error),
        HEAN_OK, &error);
    return writer;
}

static void write_events(int fd, const hean_event *events, size_t count)
{
    market_data_writer *writer = writer_for(fd);
    hean_error error;

    assert_status(market_data_writer_append(writer, events, count, &error), HEAN_OK, &error);
    assert_status(market_data_writer_finish(writer, &error), HEAN_OK, &error);
    market_data_writer_close(writer);
}

static market_data open_data(int fd)
{
    market_data data;
    hean_error error;

    assert_status(market_data_open(base_allocator_default(), fd, "file", &data, &error), HEAN_OK,
                  &error);
    return data;
}

/* Every kind that a venue sends, in local order, with times that step back now and then. */
static void random_events(base_random *random, hean_event *events, size_t count, int64_t outlier_ns)
{
    int64_t local_ns = INT64_C(1700000000000000000);

    for (size_t i = 0; i < count; i++) {
        hean_event *event = &events[i];
        int64_t latency_ns = (int64_t)base_random_below(random, 5000000);

        if (outlier_ns > 0 && base_random_below(random, 1000) == 0)
            latency_ns += (int64_t)base_random_below(random, (uint64_t)outlier_ns);
        local_ns += (int64_t)base_random_below(random, 3) * 100000;
        memset(event, 0x5a, sizeof *event); /* what a kind does not use must not matter */
        event->local_ns = local_ns;
        event->exch_ns = local_ns - latency_ns;
        event->kind = (uint8_t)(HEAN_EVENT_BOOK + base_random_below(random, 6));
        event->side = HEAN_SIDE_SELL;
        event->flags = HEAN_EVENT_LAST;
        event->instrument = (uint16_t)base_random_below(random, 2);
        memset(&event->data, 0, sizeof event->data);
        if (event->kind == HEAN_EVENT_BAR) {
            event->data.bar.open_ticks = event->data.bar.high_ticks = 5;
            event->data.bar.low_ticks = event->data.bar.close_ticks = 4;
            event->data.bar.interval_ns = BASE_NS_PER_S;
        } else if (event->kind <= HEAN_EVENT_TRADE) {
            event->data.level.price_ticks = 1 + (int64_t)base_random_below(random, 1000);
            event->data.level.qty_lots = 1;
            event->data.level.sequence = (int64_t)i;
        }
    }
}

/* ---- reading what was written ---- */

static void file_gives_back_what_was_written(void **state)
{
    enum { COUNT = 10000 };
    hean_event *events = calloc(COUNT, sizeof *events);
    base_random random;
    market_data data;
    int fd = memory_file();
    hean_error error;
    (void)state;

    base_random_init(&random, test_seed());
    random_events(&random, events, COUNT, 0);
    write_events(fd, events, COUNT);
    data = open_data(fd);
    assert_int_equal(data.info.events, COUNT);
    assert_int_equal(data.info.instruments, 2);
    assert_string_equal(data.instruments[0].spec.symbol, "ONE");
    assert_string_equal(data.instruments[1].spec.symbol, "TWO");
    assert_int_equal(data.instruments[1].spec.taker_fee_e8, 55000);
    assert_int_equal(data.instruments[1].value_numerator, 1000);
    for (size_t i = 0; i < COUNT; i++) {
        market_event_normalise(&events[i]);
        assert_memory_equal(&data.events[i], &events[i], sizeof events[i]);
    }
    assert_int_equal(data.info.first_local_ns, events[0].local_ns);
    assert_int_equal(data.info.last_local_ns, events[COUNT - 1].local_ns);
    assert_status(market_data_verify(&data, &error), HEAN_OK, &error);
    market_data_release(&data, COUNT / 2);
    market_data_release(&data, COUNT * 2);
    assert_memory_equal(&data.events[17], &events[17], sizeof events[17]);
    market_data_close(&data);
    free(events);
    close(fd);
}

static void file_without_events_is_a_file(void **state)
{
    int fd = memory_file();
    market_data data;
    hean_error error;
    (void)state;

    write_events(fd, NULL, 0);
    data = open_data(fd);
    assert_int_equal(data.info.events, 0);
    assert_null(data.exch_order);
    assert_status(market_data_verify(&data, &error), HEAN_OK, &error);
    market_data_close(&data);
    close(fd);
}

static void equal_events_give_equal_files_whatever_their_unused_bytes(void **state)
{
    hean_event clean = trade_at(200, 100), dirty;
    int fds[2] = {memory_file(), memory_file()};
    market_data data[2];
    (void)state;

    memset(&dirty, 0xff, sizeof dirty);
    dirty.local_ns = clean.local_ns;
    dirty.exch_ns = clean.exch_ns;
    dirty.kind = clean.kind;
    dirty.side = clean.side;
    dirty.flags = clean.flags;
    dirty.instrument = clean.instrument;
    dirty.data.level = clean.data.level;
    write_events(fds[0], &clean, 1);
    write_events(fds[1], &dirty, 1);
    for (int i = 0; i < 2; i++)
        data[i] = open_data(fds[i]);
    assert_int_equal(data[0].mapping_bytes, data[1].mapping_bytes);
    assert_memory_equal(data[0].mapping, data[1].mapping, data[0].mapping_bytes);
    for (int i = 0; i < 2; i++) {
        market_data_close(&data[i]);
        close(fds[i]);
    }
}

static void writing_over_a_longer_file_leaves_nothing_of_it(void **state)
{
    hean_event events[3] = {trade_at(1, 1), trade_at(2, 2), trade_at(3, 3)};
    int fd = memory_file();
    market_data data;
    (void)state;

    write_events(fd, events, 3);
    write_events(fd, events, 1);
    data = open_data(fd);
    assert_int_equal(data.info.events, 1);
    market_data_close(&data);
    close(fd);
}

/* ---- the venue's order ---- */

static void order_is_omitted_where_the_venue_agrees(void **state)
{
    hean_event events[4] = {trade_at(10, 5), trade_at(11, 5), trade_at(11, 6), trade_at(20, 6)};
    int fd = memory_file();
    market_data data;
    (void)state;

    write_events(fd, events, 4);
    data = open_data(fd);
    assert_null(data.exch_order);
    assert_int_equal(data.info.feed_latency_ns_max, 14);
    market_data_close(&data);
    close(fd);
}

static int compare_numbers(const void *a, const void *b, void *context)
{
    const hean_event *events = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    if (events[left].exch_ns != events[right].exch_ns)
        return events[left].exch_ns < events[right].exch_ns ? -1 : 1;
    return left < right ? -1 : 1;
}

static void order_of(size_t count, int64_t outlier_ns, base_random *random)
{
    hean_event *events = calloc(count, sizeof *events);
    uint32_t *expected = calloc(count, sizeof *expected);
    int fd = memory_file();
    market_data data;

    random_events(random, events, count, outlier_ns);
    for (size_t i = 0; i < count; i++)
        expected[i] = (uint32_t)i;
    qsort_r(expected, count, sizeof *expected, compare_numbers, events);
    write_events(fd, events, count);
    data = open_data(fd);
    assert_non_null(data.exch_order);
    assert_memory_equal(data.exch_order, expected, count * sizeof *expected);
    market_data_close(&data);
    free(expected);
    free(events);
    close(fd);
}

static void order_is_by_venue_time_then_position(void **state)
{
    base_random random;
    (void)state;

    base_random_init(&random, test_seed());
    order_of(1000, 0, &random);
    order_of(999, INT64_C(3600) * BASE_NS_PER_S, &random);
}

static void order_is_right_over_many_runs_with_events_hours_late(void **state)
{
    base_random random;
    (void)state;

    base_random_init(&random, test_seed());
    order_of(1200001, 0, &random);
    order_of(1200000, INT64_C(10000) * BASE_NS_PER_S, &random);
}

/* ---- refusals while writing ---- */

static void writer_refuses_bad_events_and_keeps_the_good(void **state)
{
    hean_event good = trade_at(100, 90), late = trade_at(99, 90), bad = trade_at(101, 102);
    hean_event wrong = trade_at(101, 100);
    int fd = memory_file();
    market_data_writer *writer = writer_for(fd);
    market_data data;
    hean_error error;
    (void)state;

    wrong.instrument = 2;
    assert_status(market_data_writer_append(writer, &good, 1, &error), HEAN_OK, &error);
    assert_status(market_data_writer_append(writer, &late, 1, &error), HEAN_E_TIME_ORDER, &error);
    assert_status(market_data_writer_append(writer, &bad, 1, &error), HEAN_E_INVALID, &error);
    assert_non_null(strstr(error.message, "event 1: the venue's time"));
    assert_status(market_data_writer_append(writer, &wrong, 1, &error), HEAN_E_INVALID, &error);
    assert_status(market_data_writer_append(writer, &good, 1, &error), HEAN_OK, &error);
    assert_status(market_data_writer_finish(writer, &error), HEAN_OK, &error);
    assert_status(market_data_writer_append(writer, &good, 1, &error), HEAN_E_STATE, &error);
    assert_status(market_data_writer_finish(writer, &error), HEAN_E_STATE, &error);
    market_data_writer_close(writer);
    data = open_data(fd);
    assert_int_equal(data.info.events, 2);
    market_data_close(&data);
    close(fd);
}

static void writer_needs_instruments(void **state)
{
    market_data_writer *writer = NULL;
    hean_error error;
    (void)state;

    assert_status(market_data_writer_open(base_allocator_default(), -1, NULL, 0, &writer, &error),
                  HEAN_E_INVALID, &error);
    assert_null(writer);
}

static void writer_says_where_writing_failed(void **state)
{
    const char *folder = test_folder("datafile");
    market_instrument instrument = instrument_named("ONE");
    market_data_writer *writer;
    hean_event event = trade_at(1, 1);
    struct rlimit before, small;
    char path[2100];
    hean_error error;
    hean_status status = HEAN_OK;
    int fd;
    (void)state;

    (void)snprintf(path, sizeof path, "%s/full", folder);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    /* A file that may not grow: the kernel answers EFBIG, as a full disk answers ENOSPC. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 500000;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_status(
        market_data_writer_open(base_allocator_default(), fd, &instrument, 1, &writer, &error),
        HEAN_OK, &error);
    for (int i = 0; i < 20000 && status == HEAN_OK; i++)
        status = market_data_writer_append(writer, &event, 1, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_status(status, HEAN_E_IO, &error);
    assert_non_null(strstr(error.message, "of the events at "));
    assert_status(market_data_writer_append(writer, &event, 1, &error), HEAN_E_IO, &error);
    assert_status(market_data_writer_finish(writer, &error), HEAN_E_IO, &error);
    market_data_writer_close(writer);
    close(fd);
}

static void writer_reports_a_descriptor_that_cannot_be_written(void **state)
{
    market_instrument instrument = instrument_named("ONE");
    market_data_writer *writer = NULL;
    hean_error error;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)state;

    assert_status(
        market_data_writer_open(base_allocator_default(), fd, &instrument, 1, &writer, &error),
        HEAN_E_IO, &error);
    assert_null(writer);
    close(fd);
}

static void writer_survives_every_failed_allocation(void **state)
{
    hean_event events[3] = {trade_at(10, 9), trade_at(11, 3), trade_at(12, 5)};
    market_instrument instrument = instrument_named("ONE");
    (void)state;

    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator failing;
        market_data_writer *writer = NULL;
        market_data data = {0};
        hean_status status;
        hean_error error;
        int fd = memory_file();

        test_allocator_init(&failing, fail_at);
        status = market_data_writer_open(&failing.allocator, fd, &instrument, 1, &writer, &error);
        if (status == HEAN_OK)
            status = market_data_writer_append(writer, events, 3, &error);
        if (status == HEAN_OK)
            status = market_data_writer_finish(writer, &error);
        market_data_writer_close(writer);
        if (status == HEAN_OK)
            status = market_data_open(&failing.allocator, fd, "file", &data, &error);
        if (status == HEAN_OK)
            status = market_data_verify(&data, &error);
        market_data_close(&data);
        assert_int_equal(failing.live, 0);
        close(fd);
        if (status == HEAN_OK) {
            assert_true(fail_at > 7);
            break;
        }
        assert_status(status, HEAN_E_NO_MEMORY, &error);
    }
}

/* ---- refusals while reading ---- */

static hean_status open_status(int fd, hean_error *error)
{
    market_data data = {0};
    hean_status status = market_data_open(base_allocator_default(), fd, "file", &data, error);
    if (status == HEAN_OK)
        market_data_close(&data);
    return status;
}

static void unfinished_file_is_truncated(void **state)
{
    hean_event event = trade_at(1, 1);
    int fd = memory_file();
    market_data_writer *writer = writer_for(fd);
    hean_error error;
    (void)state;

    assert_status(open_status(fd, &error), HEAN_E_TRUNCATED, &error);
    assert_status(market_data_writer_append(writer, &event, 1, &error), HEAN_OK, &error);
    market_data_writer_close(writer);
    assert_status(open_status(fd, &error), HEAN_E_TRUNCATED, &error);
    assert_non_null(strstr(error.message, "not finished"));
    close(fd);
}

static void file_that_is_cut_anywhere_is_refused(void **state)
{
    hean_event events[3] = {trade_at(10, 9), trade_at(11, 3), trade_at(12, 5)};
    int fd = memory_file();
    off_t bytes;
    hean_error error;
    (void)state;

    write_events(fd, events, 3);
    bytes = lseek(fd, 0, SEEK_END);
    while (--bytes >= 0) {
        assert_int_equal(ftruncate(fd, bytes), 0);
        assert_status(open_status(fd, &error), bytes < 8 ? HEAN_E_FORMAT : HEAN_E_TRUNCATED,
                      &error);
    }
    close(fd);
}

static void file_of_another_kind_is_not_recognised(void **state)
{
    static const char text[] = "exchange,symbol,timestamp,local_timestamp,side,price,amount\n";
    int fd = memory_file();
    hean_error error;
    (void)state;

    assert_int_equal(write(fd, text, sizeof text), sizeof text);
    assert_status(open_status(fd, &error), HEAN_E_FORMAT, &error);
    assert_false(market_data_is(text, sizeof text));
    assert_true(market_data_is("HEANDATA...", 11));
    assert_false(market_data_is("HEANDAT", 7));
    close(fd);
}

static void file_with_more_behind_its_end_is_corrupt(void **state)
{
    hean_event event = trade_at(1, 1);
    int fd = memory_file();
    hean_error error;
    (void)state;

    write_events(fd, &event, 1);
    assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) + 1), 0);
    assert_status(open_status(fd, &error), HEAN_E_CORRUPT, &error);
    close(fd);
}

/* Changes 8 bytes of a finished file and makes its header's checksum right again. */
static void poke(int fd, off_t at, uint64_t value)
{
    datafile_header header;

    assert_int_equal(pwrite(fd, &value, sizeof value, at), sizeof value);
    assert_int_equal(pread(fd, &header, sizeof header, 0), sizeof header);
    header.crc32 = hash_crc32(0, &header, offsetof(datafile_header, crc32));
    assert_int_equal(pwrite(fd, &header, sizeof header, 0), sizeof header);
}

static void file_that_lies_is_corrupt(void **state)
{
    const off_t instruments = sizeof(datafile_header);
    const off_t events_at = instruments + 2 * (off_t)sizeof(datafile_instrument);
    const off_t order_at = events_at + 3 * (off_t)sizeof(hean_event);
    const struct {
        off_t at;
        uint64_t value;
        const char *says;
    } lies[] = {
        {offsetof(datafile_header, file_bytes), 1, "do not add up"},
        {offsetof(datafile_header, instruments), 0, "0 instruments"},
        {offsetof(datafile_header, instruments), 1, "not where they must be"},
        {offsetof(datafile_header, instruments), UINT64_MAX, "instruments"},
        {offsetof(datafile_header, events_offset), 8, "not where they must be"},
        {offsetof(datafile_header, events), 2, "not where they must be"},
        {offsetof(datafile_header, events), UINT64_MAX, "impossible number"},
        {offsetof(datafile_header, order_offset), 0, "do not add up"},
        {offsetof(datafile_header, order_offset), 64, "not where they must be"},
        {offsetof(datafile_header, events_by_kind), 1, "does not describe"},
        {offsetof(datafile_header, first_local_ns), 1, "does not describe"},
        {offsetof(datafile_header, feed_latency_ns_max), 1, "does not describe"},
        {instruments, 0, "symbol"},
        {instruments + (off_t)offsetof(datafile_instrument, kind), 9, "out of range"},
        {instruments + (off_t)offsetof(datafile_instrument, tick_mantissa), 0, "tick"},
        {instruments + (off_t)offsetof(datafile_instrument, lot_exponent10), UINT64_C(1) << 32,
         "out of range"},
        {instruments + (off_t)offsetof(datafile_instrument, limits), (uint64_t)-1, "limits"},
        {instruments + (off_t)sizeof(datafile_instrument), 0x454e4f, "two instruments named ONE"},
        {events_at, 999, "event 0: the venue's time"},
        {events_at + 72, 5, "event 1: the venue's time"},
        {events_at + 16, 200, "event 0: the kind"},
        {events_at + 16, 0x0302, "event 0: the side"},
        {events_at + 16, UINT64_C(0x0000000200000102), "event 0: the instrument"},
        {events_at + 24, 0, "event 0: the price"},
        {events_at + 32, (uint64_t)-1, "event 0: the quantity"},
        {order_at, UINT64_C(0x00000002ffffffff), "order 0 is not an event"},
        {order_at, UINT64_C(0x0000000200000003), "order 0 is not an event"},
        {order_at, UINT64_C(0x0000000100000001), "order 1: venue time steps back"},
        {order_at, UINT64_C(0x0000000100000002), "order 1: venue time steps back"},
    };
    hean_event events[3] = {trade_at(1010, 1009), trade_at(1011, 1003), trade_at(1012, 1005)};
    int fd = memory_file();
    hean_error error;
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(lies); i++) {
        write_events(fd, events, 3);
        poke(fd, lies[i].at, lies[i].value);
        assert_status(open_status(fd, &error), HEAN_E_CORRUPT, &error);
        if (strstr(error.message, lies[i].says) == NULL)
            fail_msg("lie %zu: \"%s\" does not say \"%s\"", i, error.message, lies[i].says);
    }
    close(fd);
}

static void header_with_a_flipped_bit_is_refused(void **state)
{
    hean_event event = trade_at(1, 1);
    int fd = memory_file();
    hean_error error;
    (void)state;

    for (off_t at = 0; at < (off_t)sizeof(datafile_header); at++) {
        uint8_t byte;
        write_events(fd, &event, 1);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_not_equal(open_status(fd, &error), HEAN_OK);
    }
    close(fd);
}

static void verify_finds_a_change_that_open_cannot_see(void **state)
{
    hean_event events[2] = {trade_at(10, 9), trade_at(11, 10)};
    int fd = memory_file();
    uint64_t price = 101;
    market_data data;
    hean_error error;
    (void)state;

    write_events(fd, events, 2);
    data = open_data(fd);
    assert_status(market_data_verify(&data, &error), HEAN_OK, &error);
    assert_int_equal(
        pwrite(fd, &price, 8, (const char *)&data.events[1].data - (const char *)data.mapping), 8);
    assert_status(market_data_verify(&data, &error), HEAN_E_CORRUPT, &error);
    assert_non_null(strstr(error.message, "SHA-256"));
    market_data_close(&data);
    close(fd);
}

static void file_of_a_later_version_says_so(void **state)
{
    hean_event event = trade_at(1, 1);
    int fd = memory_file();
    hean_error error;
    (void)state;

    write_events(fd, &event, 1);
    poke(fd, 8, UINT64_C(2) | (uint64_t)sizeof(datafile_header) << 32);
    assert_status(open_status(fd, &error), HEAN_E_FORMAT, &error);
    assert_non_null(strstr(error.message, "version 2"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_gives_back_what_was_written),
        cmocka_unit_test(file_without_events_is_a_file),
        cmocka_unit_test(equal_events_give_equal_files_whatever_their_unused_bytes),
        cmocka_unit_test(writing_over_a_longer_file_leaves_nothing_of_it),
        cmocka_unit_test(order_is_omitted_where_the_venue_agrees),
        cmocka_unit_test(order_is_by_venue_time_then_position),
        cmocka_unit_test(order_is_right_over_many_runs_with_events_hours_late),
        cmocka_unit_test(writer_refuses_bad_events_and_keeps_the_good),
        cmocka_unit_test(writer_needs_instruments),
        cmocka_unit_test(writer_says_where_writing_failed),
        cmocka_unit_test(writer_reports_a_descriptor_that_cannot_be_written),
        cmocka_unit_test(writer_survives_every_failed_allocation),
        cmocka_unit_test(unfinished_file_is_truncated),
        cmocka_unit_test(file_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(file_of_another_kind_is_not_recognised),
        cmocka_unit_test(file_with_more_behind_its_end_is_corrupt),
        cmocka_unit_test(file_that_lies_is_corrupt),
        cmocka_unit_test(header_with_a_flipped_bit_is_refused),
        cmocka_unit_test(verify_finds_a_change_that_open_cannot_see),
        cmocka_unit_test(file_of_a_later_version_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
