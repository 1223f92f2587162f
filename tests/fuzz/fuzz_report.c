/*
 * fuzz_report.c: what a jailed replay left in the shared memory, as a hostile child could.
 */
#include "../../core/host/backtest_private.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void look_at_line(void *context, hean_log_level level, int64_t time_ns, const char *source,
                         const char *text)
{
    size_t *total = context;
    (void)time_ns;
    if (level > HEAN_LOG_ERROR)
        abort();
    *total += strlen(source) + strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    replay_report *report = calloc(1, sizeof *report);
    market_instrument instruments[2] = {{.spec = {.symbol = "A"}}, {.spec = {.symbol = "B"}}};
    market_data data = {.info = {.instruments = 2}, .instruments = instruments};
    backtest_result result;
    size_t total = 0, read = 0;
    hean_log_sink sink = {look_at_line, &total};
    size_t head = offsetof(replay_report, log_bytes);

    if (report == NULL)
        return 0;
    /* The head first, then the log; the length of the log is in between. */
    memcpy(report, bytes, count < head ? count : head);
    if (count > head) {
        size_t log = count - head < sizeof report->log ? count - head : sizeof report->log;
        memcpy(report->log, bytes + head, log);
        report->log_bytes = bytes[head] % 3 == 0 ? SIZE_MAX : log;
    } else { /* a short input is mostly log */
        memcpy(report->log, bytes, count);
        report->log_bytes = count;
    }
    for (int i = 0; i < 3; i++)
        read = report_drain_log(report, read, &sink);
    if (report_read(report, base_allocator_default(), &data, &result, NULL) == HEAN_OK) {
        if (result.strategy[sizeof result.strategy - 1] != 0 || result.position_count != 2)
            abort();
        backtest_result_deinit(NULL, &result);
    }
    free(report);
    return 0;
}
