/*
 * fuzz_policy_line.c: the reader of process lines takes any bytes; what it accepts points into the
 * line and has the fields that the selector relies on.
 */
#include "../../core/script/policy_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_text(policy_text text, const char *start, size_t bytes)
{
    if (text.at == NULL)
        return;
    if (text.at < start || text.at > start + bytes ||
        text.bytes > (size_t)(start + bytes - text.at))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    policy_line line;
    hean_error error = {HEAN_OK, ""};
    char *text = malloc(bytes > 0 ? bytes : 1); /* a step too far is seen */

    if (text == NULL)
        return 0;
    if (bytes > 0)
        memcpy(text, data, bytes);
    policy_line_init(&line, base_allocator_default());
    if (policy_line_parse(&line, text, bytes, &error) == HEAN_OK) {
        check_text(line.entry, text, bytes);
        check_text(line.process_id, text, bytes);
        for (uint32_t i = 0; i < line.run_count; i++) {
            const policy_run *run = &line.runs[i];
            check_text(run->run_id, text, bytes);
            check_text(run->started_at, text, bytes);
            check_text(run->metrics, text, bytes);
            if (run->run_id.bytes == 0 || run->started_at.bytes < 10 || run->status > 4)
                abort();
        }
    } else if (error.message[0] == 0) {
        abort();
    }
    policy_line_deinit(&line);
    free(text);
    return 0;
}
