/*
 * fuzz_reader_zip.c: any bytes as a gzip file or a zip archive.
 */
#include "fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_import(data, bytes, NULL);
    return 0;
}
