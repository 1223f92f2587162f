/*
 * bench_attribution.c: what runs earned, and their sum; reading them from lines of JSON; and an
 * account statement put in order and proved.
 */
#include <support.h>

#include <host/run_list.h>
#include <ledger/statement.h>

#include <stdlib.h>
#include <string.h>

#define RUNS   200000
#define LINES  20000
#define ROWS   20000
#define REPEAT 9

static attribution_run runs[RUNS];

static attribution_number random_number(base_random *random, int64_t below, int exponent10)
{
    return (attribution_number){true,
                                {(int64_t)base_random_below(random, (uint64_t)below), exponent10}};
}

/* Half with reported fees, half with fees to be estimated; digits as many as a double prints. */
static void make_runs(void)
{
    base_random random;

    base_random_init(&random, 1);
    for (size_t i = 0; i < RUNS; i++) {
        attribution_run *run = &runs[i];
        *run = (attribution_run){.run = "0b8a4a52-5f5e-4a6e-9a1b-000000000000",
                                 .process = "p5_execution_optimizer",
                                 .counts = true,
                                 .started_ns = INT64_C(1723161256000000000)};
        run->capital = random_number(&random, 1000000, -2);
        run->hours = random_number(&random, INT64_C(24000000000000000), -15);
        run->capital_delta = random_number(&random, INT64_C(10000000000000000), -14);
        run->funding_payment = random_number(&random, 100000, -4);
        if (i % 2 == 0)
            run->fee_drag = random_number(&random, INT64_C(10000000000000000), -15);
        else
            run->volume = random_number(&random, INT64_C(10000000000000000), -11);
    }
}

static double per_s(int64_t from_ns, size_t count)
{
    return (double)count * 1e9 / (double)(base_clock_monotonic_ns() - from_ns);
}

static double attribute_runs(void)
{
    attribution_rates rates = attribution_rates_default();
    attribution total = {0};
    int64_t from_ns = base_clock_monotonic_ns();

    for (size_t i = 0; i < RUNS; i++) {
        attribution figures;
        if (attribution_of_run(&runs[i], &rates, &figures, NULL) != HEAN_OK ||
            attribution_add(&total, &figures) != HEAN_OK)
            exit(1);
    }
    return per_s(from_ns, RUNS) / 1e6;
}

static double read_lines(void)
{
    static const char line[] =
        "{\"run_id\": \"0b8a4a52-5f5e-4a6e-9a1b-000000000000\", \"process_id\": \"p5\", "
        "\"status\": \"COMPLETED\", \"started_at\": \"2024-08-08T23:54:16.651000\", "
        "\"finished_at\": \"2024-08-09T00:54:16.651000\", \"capital_allocated_usd\": 1000.25, "
        "\"metrics\": {\"capital_delta\": 12.345678901234567, \"fee_drag\": 0.5123, "
        "\"time_hours\": 1.0000000000000002}, \"outputs\": {\"reward_amount\": 0.1}}";
    int64_t from_ns = base_clock_monotonic_ns();

    for (size_t i = 0; i < LINES; i++) {
        attribution_run run;
        run_texts texts;
        if (run_list_read(line, sizeof line - 1, &texts, &run, NULL) != HEAN_OK)
            exit(1);
    }
    return per_s(from_ns, LINES) / 1e3;
}

/* Newest first, ten rows a second. */
static double read_statement(void)
{
    static char text[ROWS * 120 + 200];
    const statement_options options = {0};
    statement *self = NULL;
    size_t length =
        (size_t)snprintf(text, sizeof text,
                         "UID: 7\nUid,Time,Currency,Contract,Type,Funding,Fee Paid,Cash "
                         "Flow,Change,Wallet Balance,Trade ID\n");
    int64_t from_ns;

    for (size_t i = ROWS; i > 0; i--) {
        char time[40];
        base_time_format((INT64_C(1733011200) + (int64_t)i / 10) * BASE_NS_PER_S, time,
                         sizeof time);
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "7,%s,USDT,BTCUSDT,TRADE,0E-8,0.0001,0.5001,0.5,%zu.%d,t%zu\n",
                                   time, i / 2, i % 2 == 0 ? 0 : 5, i);
    }
    from_ns = base_clock_monotonic_ns();
    if (statement_read(base_allocator_default(), text, length, &options, &self, NULL) != HEAN_OK)
        exit(1);
    statement_close(self);
    return per_s(from_ns, ROWS) / 1e3;
}

int main(void)
{
    double attributed[REPEAT], lines[REPEAT], rows[REPEAT];

    make_runs();
    for (int i = 0; i < REPEAT; i++) {
        attributed[i] = attribute_runs();
        lines[i] = read_lines();
        rows[i] = read_statement();
    }
    test_print_percentiles("attribution (at least 2)", attributed, REPEAT, "million runs/s");
    test_print_percentiles("attribution: runs read from lines", lines, REPEAT, "thousand/s");
    test_print_percentiles("statement: rows read, ordered, proved", rows, REPEAT, "thousand/s");
    return 0;
}
