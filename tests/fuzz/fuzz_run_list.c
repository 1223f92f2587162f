/*
 * fuzz_run_list.c: any line is a run or refused, and what a run earned adds up.
 */
#include <host/run_list.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    attribution_rates rates = attribution_rates_default();
    attribution_run run;
    attribution figures, total = {0};
    attribution_texts texts;
    ledger_posting postings[LEDGER_KIND_COUNT];
    run_texts run_names;

    if (run_list_read((const char *)data, bytes, &run_names, &run, NULL) == HEAN_OK &&
        attribution_of_run(&run, &rates, &figures, NULL) == HEAN_OK) {
        ledger_sums sums = {0};
        int64_t net_e8;
        size_t count = attribution_postings(&run, &rates, &figures, &texts, postings);
        for (size_t i = 0; i < count; i++)
            sums.amount_e8[postings[i].kind] += postings[i].amount_e8;
        if (ledger_net(&sums, &net_e8) != HEAN_OK || net_e8 != figures.net_e8 ||
            attribution_add(&total, &figures) != HEAN_OK || total.net_e8 != net_e8)
            abort();
    }
    return 0;
}
