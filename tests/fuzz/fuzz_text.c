/*
 * fuzz_text.c: the readers of decimals, times and durations take any bytes.
 */
#include <base/decimal.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *text = (const char *)data;
    hean_decimal value;
    int64_t number;
    char word[64];

    if (decimal_parse(text, bytes, &value) == HEAN_OK) {
        hean_decimal tick = {5, -2};
        (void)!decimal_to_units(value, tick, &number);
        if (decimal_to_scaled(value, 8, &number) == HEAN_OK) {
            int64_t again;
            char plain[48];
            decimal_format_scaled(number, 8, plain, sizeof plain);
            /* A result of 19 digits is more than the parser takes; others must come back. */
            if (decimal_parse_scaled(plain, strlen(plain), 8, &again) == HEAN_OK && again != number)
                abort();
        }
    }
    (void)!base_time_parse(text, bytes, &number);
    if (bytes < sizeof word) {
        memcpy(word, data, bytes);
        word[bytes] = 0;
        (void)!base_duration_parse(word, &number);
    }
    return 0;
}
