/*
 * fuzz_statement.c: any bytes are a statement that adds up, or refused.
 */
#include <ledger/statement.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    statement_options options = {0};
    statement *self;
    const ledger_posting *postings;
    size_t count;
    ledger *into;

    if (statement_read(base_allocator_default(), (const char *)data, bytes, &options, &self,
                       NULL) != HEAN_OK)
        return 0;
    postings = statement_postings(self, &count);
    if (ledger_open(NULL, &into, NULL) == HEAN_OK) {
        hean_status status = ledger_post(into, postings, count, NULL, NULL);
        if (status != HEAN_OK && status != HEAN_E_RANGE && status != HEAN_E_NO_MEMORY)
            abort();
        ledger_close(into);
    }
    statement_close(self);
    return 0;
}
