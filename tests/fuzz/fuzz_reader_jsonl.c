/*
 * fuzz_reader_jsonl.c: any bytes as a line of the order-book archive: what is taken is strict JSON,
 * and its slices lie where they may.
 */
#include "fuzz_import.h"

#include "../../core/market/reader_orderbook.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Reads every byte of the field, for a sanitizer to watch. */
static void touch(reader_field field)
{
    for (size_t i = 0; i < field.bytes; i++)
        (void)((const volatile char *)field.text)[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    reader_orderbook book;
    hean_error error;

    reader_orderbook_init(&book, base_allocator_default());
    if (reader_orderbook_parse(&book, (const char *)data, bytes, &error) == HEAN_OK) {
        json_error_t why;
        json_t *json = json_loadb((const char *)data, bytes, JSON_REJECT_DUPLICATES, &why);
        if (json == NULL)
            abort();
        json_decref(json);
        touch(book.symbol);
        for (size_t i = 0; i < book.bid_count + book.ask_count; i++) {
            touch(book.levels[i].price);
            touch(book.levels[i].qty);
        }
    }
    reader_orderbook_deinit(&book);
    fuzz_import(data, bytes, NULL);
    return 0;
}
