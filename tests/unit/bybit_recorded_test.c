/*
 * bybit_recorded_test.c: frames as the venue really sent them, decoded one by one, against what the
 * importer makes of the same file.
 */
#include "bybit_fixture.h"

#include <market/datafile.h>
#include <market/import.h>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

static const char RECORDING[] = "bybit-xrpusdt-orderbook500-20241201.jsonl.gz";

/* Where the decoded frames are compared with the imported ones. */
typedef struct comparison {
    const hean_event *events;
    size_t count, at;
    int frames;
} comparison;

static hean_status compare_book(void *context, const bybit_book_head *head,
                                const hean_event *events, size_t count)
{
    comparison *imported = context;
    assert_int_equal(head->depth, 500);
    assert_true(imported->at + count <= imported->count);
    for (size_t i = 0; i < count; i++)
        assert_memory_equal(&events[i], &imported->events[imported->at + i], sizeof *events);
    imported->at += count;
    imported->frames++;
    return HEAN_OK;
}

/* The file's ts: the importer takes it for the local time. */
static int64_t sent_ns(const char *line)
{
    const char *at = strstr(line, "\"ts\":");
    assert_non_null(at);
    return strtoll(at + 5, NULL, 10) * MS;
}

static void recorded_frames_decode_to_what_the_importer_reads(void **state)
{
    const char *paths[1] = {test_data_path(RECORDING)};
    const char *const instruments[] = {"tick=0.0001,lot=1"};
    const market_import_options options = {
        .paths = paths, .path_count = 1, .instrument_texts = instruments, .instrument_count = 1};
    const hean_allocator *allocator = base_allocator_default();
    bybit_frame_sink sink = {.book = compare_book};
    market_import_report report = {0};
    bybit_decoder *decoder = NULL;
    comparison imported = {0};
    market_data data = {0};
    hean_error error;
    char line[1 << 16], path[300];
    gzFile file;
    int fd;
    (void)state;

    if (paths[0] == NULL)
        skip();
    (void)snprintf(path, sizeof path, "%s/data", test_folder("bybit_recorded"));
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_status(market_import_run(allocator, &options, fd, &report, &error), HEAN_OK, &error);
    assert_status(market_data_open(allocator, fd, path, &data, &error), HEAN_OK, &error);
    fixture_instruments[0] = data.instruments[0];
    imported.events = data.events;
    imported.count = data.info.events;
    sink.context = &imported;
    assert_int_equal(bybit_decoder_open(allocator, &fixture_symbols, &decoder), HEAN_OK);
    file = gzopen(paths[0], "rb");
    assert_non_null(file);
    while (gzgets(file, line, sizeof line) != NULL) {
        bybit_frame_kind kind = BYBIT_FRAME_OTHER;
        assert_status(
            bybit_decode(decoder, line, strlen(line), sent_ns(line), &sink, &kind, &error), HEAN_OK,
            &error);
        assert_int_equal(kind, BYBIT_FRAME_BOOK);
    }
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(imported.frames, 50);
    assert_int_equal(imported.at, imported.count);
    assert_true(imported.count > 1000);
    bybit_decoder_close(decoder);
    market_data_close(&data);
    market_import_report_deinit(allocator, &report);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_frames_decode_to_what_the_importer_reads),
    };
    return cmocka_run_group_tests(tests, fixture_open, NULL);
}
