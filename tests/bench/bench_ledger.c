/*
 * bench_ledger.c: posting to the ledger in memory, its hash chain included, in batches and one by
 * one; verifying it; a balance by run.
 */
#include <support.h>

#include <ledger/ledger.h>

#include <string.h>

#define ENTRIES 1000000
#define RUNS    9
#define BATCH   256
#define ID_SIZE 56

static ledger_posting postings[ENTRIES];
static char ids[ENTRIES][ID_SIZE];

/* A PNL and a FEE for each execution, whose id is as long as a venue's UUID. */
static void make_postings(void)
{
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "XRPUSDT", "SOLUSDT"};
    base_random random;

    base_random_init(&random, 1);
    for (size_t i = 0; i < ENTRIES; i++) {
        uint64_t exec = i / 2 * UINT64_C(0x9e3779b97f4a7c15);
        ledger_posting *posting = &postings[i];
        (void)snprintf(ids[i], ID_SIZE, "exec:%08x-%04x-%04x-%04x-%012zx:%s",
                       (unsigned)(exec >> 32), (unsigned)(exec >> 16 & 0xffff),
                       (unsigned)(exec & 0xffff), (unsigned)(i >> 16), i / 2,
                       i % 2 == 0 ? "pnl" : "fee");
        posting->id = ids[i];
        posting->account = (ledger_account){LEDGER_BACKTEST, "run-20240808-0001", "impulse",
                                            "impulse",       symbols[i / 2 % 4],  "USDT"};
        posting->time_ns = INT64_C(1723161256000000000) + (int64_t)i * 1000;
        posting->kind = i % 2 == 0 ? LEDGER_PNL : LEDGER_FEE;
        posting->amount_e8 = (int64_t)base_random_below(&random, 100000000) - 40000000;
    }
}

static double million_per_s(int64_t from_ns, size_t count)
{
    return (double)count * 1e3 / (double)(base_clock_monotonic_ns() - from_ns);
}

static ledger *post_in_batches(size_t batch, double *speed)
{
    ledger *made = NULL;
    int64_t from_ns;

    if (ledger_open(NULL, &made, NULL) != HEAN_OK)
        return NULL;
    from_ns = base_clock_monotonic_ns();
    for (size_t i = 0; i < ENTRIES; i += batch) {
        size_t count = ENTRIES - i < batch ? ENTRIES - i : batch;
        if (ledger_post(made, postings + i, count, NULL, NULL) != HEAN_OK) {
            ledger_close(made);
            return NULL;
        }
    }
    *speed = million_per_s(from_ns, ENTRIES);
    return made;
}

static hean_status count_group(void *context, const ledger_group *group, hean_error *error)
{
    (void)group;
    (void)error;
    ++*(size_t *)context;
    return HEAN_OK;
}

int main(void)
{
    double batches[RUNS], singles[RUNS], verifies[RUNS], balances_us[RUNS];
    ledger_filter all = ledger_filter_all();
    size_t groups = 0;

    make_postings();
    for (int i = 0; i < RUNS; i++) {
        ledger *self = post_in_batches(1, &singles[i]);
        int64_t from_ns;
        ledger_close(self);
        self = post_in_batches(BATCH, &batches[i]);
        if (self == NULL)
            return 1;
        from_ns = base_clock_monotonic_ns();
        if (ledger_verify(self, NULL) != HEAN_OK)
            return 1;
        verifies[i] = million_per_s(from_ns, ENTRIES);
        from_ns = base_clock_monotonic_ns();
        if (ledger_balances(self, &all, LEDGER_BY_RUN, count_group, &groups, NULL) != HEAN_OK)
            return 1;
        balances_us[i] = (double)(base_clock_monotonic_ns() - from_ns) / 1e3;
        ledger_close(self);
    }
    test_print_percentiles("ledger: posts in batches of 256 (at least 5)", batches, RUNS,
                           "million/s");
    test_print_percentiles("ledger: posts one by one", singles, RUNS, "million/s");
    test_print_percentiles("ledger: verify (at least 1)", verifies, RUNS, "million/s");
    test_print_percentiles("ledger: balance by run", balances_us, RUNS, "us");
    return groups == RUNS ? 0 : 1;
}
