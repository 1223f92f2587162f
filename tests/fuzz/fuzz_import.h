/*
 * fuzz_import.h: any bytes as an input file: checked, and imported where they are good. What comes
 * out must be what the data file's reader accepts.
 */
#ifndef FUZZ_IMPORT_H
#define FUZZ_IMPORT_H

#include <market/import.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline void fuzz_import(const uint8_t *data, size_t bytes, const char *instrument)
{
    const hean_allocator *allocator = base_allocator_default();
    int in = memfd_create("fuzz_in", MFD_CLOEXEC), out = memfd_create("fuzz_out", MFD_CLOEXEC);
    char path[64];
    const char *paths[1] = {path}, *texts[1] = {instrument};
    market_import_options options = {.paths = paths,
                                     .path_count = 1,
                                     .instrument_texts = texts,
                                     .instrument_count = instrument != NULL ? 1 : 0,
                                     .temp_folder = "/tmp"};
    market_import_report report;
    market_data imported;
    hean_error error;

    if (in < 0 || out < 0 || (bytes > 0 && write(in, data, bytes) != (ssize_t)bytes))
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", in);
    if (market_import_run(allocator, &options, out, &report, &error) == HEAN_OK) {
        uint64_t rows = 0;
        for (size_t i = 0; i < report.file_count; i++)
            rows += report.files[i].rows;
        if (market_data_open(allocator, out, "imported", &imported, &error) != HEAN_OK ||
            market_data_verify(&imported, &error) != HEAN_OK || rows != report.rows ||
            report.bad_rows >= report.rows || imported.info.events != report.data.events)
            abort();
        market_data_close(&imported);
        market_import_report_deinit(allocator, &report);
    }
    (void)close(in);
    (void)close(out);
}

#endif
