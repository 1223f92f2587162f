/*
 * What a selection costs: 10,000 processes of 100 runs each, from the JSON text to the decisions,
 * and the probability of backtest overfitting of 100 trials over 16 blocks.
 */
#include <base/random.h>
#include <script/script.h>
#include <support.h>

#include <string.h>

#define PROCESSES 10000
#define RUNS      100
#define SAMPLES   5
#define NOW_NS    (INT64_C(1798675200) * BASE_NS_PER_S) /* 2026-12-31 */

static void write_processes(base_buffer *out)
{
    base_random random;
    base_random_init(&random, 1);
    for (int p = 0; p < PROCESSES; p++) {
        base_buffer_printf(out,
                           "{\"entry\":{\"process_id\":\"p%d\",\"state\":\"TESTING\","
                           "\"loss_limit\":0.06},\"runs\":[",
                           p);
        for (int r = 0; r < RUNS; r++) {
            char time[40];
            double roi = (base_random_unit(&random) - 0.48) * 0.06;
            base_buffer_printf(
                out,
                "%s{\"run_id\":\"p%d-%d\",\"process_id\":\"p%d\",\"started_at\":\"%s\","
                "\"status\":\"COMPLETED\",\"capital_allocated_usd\":100.0,\"metrics\":{"
                "\"capital_delta\":%.6f,\"roi\":%.8f,\"volatility\":%.4f,\"spread_bps\":%.2f}}",
                r > 0 ? "," : "", p, r, p,
                base_time_format(NOW_NS - (RUNS - r) * 24 * 3600 * BASE_NS_PER_S, time,
                                 sizeof(time)),
                100 * roi, roi, base_random_unit(&random) * 0.05, base_random_unit(&random) * 20);
        }
        base_buffer_append(out, "]}\n", 3);
    }
    assert_false(out->failed);
}

static void run_policy(const char *label, const char *source, size_t source_bytes,
                       const base_buffer *input)
{
    double samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        script_policy_call call = {.file = label,
                                   .source = source,
                                   .source_bytes = source_bytes,
                                   .input_name = "bench",
                                   .input = input->data,
                                   .input_bytes = input->length,
                                   .now_ns = NOW_NS};
        base_buffer out;
        hean_error error;
        base_buffer_init(&out, base_allocator_default());
        int64_t start_ns = base_clock_monotonic_ns();
        assert_status(script_policy_run(&call, &out, &error), HEAN_OK, &error);
        samples[i] = (double)(base_clock_monotonic_ns() - start_ns) / 1e9;
        base_buffer_deinit(&out);
    }
    test_print_percentiles(label, samples, SAMPLES, "s");
}

int main(void)
{
    static const char *const policies[] = {"guarded", "original"};
    static const char overfitting[] = "local stats = require 'hean.stats'\n"
                                      "local matrix = {}\n"
                                      "for r = 1, 1600 do matrix[r] = {} for c = 1, 100 do "
                                      "matrix[r][c] = math.random() - 0.5 end "
                                      "end\n"
                                      "assert(stats.pbo(matrix, 16).splits == 12870)\n"
                                      "return { evaluate = function() end }\n";
    base_buffer input, none;

    base_buffer_init(&input, base_allocator_default());
    base_buffer_init(&none, base_allocator_default());
    write_processes(&input);
    for (size_t i = 0; i < BASE_COUNT(policies); i++) {
        char label[80];
        size_t bytes = 0;
        const char *source = script_policy_find(policies[i], &bytes);
        (void)snprintf(label, sizeof(label), "%s: 10,000 processes of 100 runs", policies[i]);
        run_policy(label, source, bytes, &input);
    }
    run_policy("CSCV: 16 blocks, 100 trials, 1600 rows", overfitting, strlen(overfitting), &none);
    base_buffer_deinit(&input);
    return 0;
}
