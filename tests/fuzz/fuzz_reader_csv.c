/*
 * fuzz_reader_csv.c: any bytes as a file of rows, with steps found and with steps given.
 */
#include "fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_import(data, bytes, NULL);
    fuzz_import(data, bytes, "tick=0.5,lot=0.001");
    return 0;
}
