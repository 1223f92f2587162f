/*
 * policy_line.h: reads one JSON line of a process and its runs into plain structures.
 *
 * lua/hean/selector.lua declares the same structures and hands them to the policy as tables: a
 * table per run straight from the text would cost ten times as much.
 *
 * Invariants
 *   * Any bytes may come: what is not as described gives HEAN_E_PARSE with the field.
 *   * The texts point into the line.
 *
 * Knows nothing of Lua, states or rules.
 */
#ifndef SCRIPT_POLICY_LINE_H
#define SCRIPT_POLICY_LINE_H

#include <base/base.h>

typedef struct policy_text {
    const char *at; /* as it stands between the quotes: escapes are not resolved */
    uint32_t bytes;
} policy_text;

/* Bits of policy_run.has, and indices of its numbers. */
enum {
    POLICY_CAPITAL_DELTA,
    POLICY_ROI,
    POLICY_TIME_HOURS,
    POLICY_VOLATILITY,
    POLICY_SPREAD_BPS,
    POLICY_CAPITAL,
    POLICY_NUMBERS
};
#define POLICY_ESCAPED   (1u << 16) /* a text has a backslash */
#define POLICY_DUPLICATE (1u << 18) /* a run before it has the same run_id */

typedef struct policy_run {
    policy_text run_id, started_at;
    policy_text metrics; /* the whole object if it has names that are not listed above */
    double time_s;
    double numbers[POLICY_NUMBERS];
    uint32_t has;
    uint32_t status; /* COMPLETED, FAILED, PENDING, RUNNING, CANCELLED */
} policy_run;

typedef struct policy_line {
    policy_text entry;      /* the whole object */
    policy_text process_id; /* that of the runs; no bytes if none says it */
    policy_run *runs;
    uint32_t run_count, run_capacity;
    uint32_t *places; /* a hash table of the run ids: index + 1, or 0 */
    uint32_t place_count;
    const hean_allocator *allocator;
} policy_line;

void policy_line_init(policy_line *line, const hean_allocator *allocator);
void policy_line_deinit(policy_line *line);
/* At most 4 GiB. HEAN_E_PARSE: the message is "FIELD: expected X, got Y". Numbers may be NaN and
 * infinite, as some writers of JSON have them. */
hean_status policy_line_parse(policy_line *line, const char *text, size_t bytes,
                              hean_error *error) HEAN_WARN_UNUSED;
/* ISO 8601, UTC unless it ends with a zone, as seconds since 1970. */
bool policy_time_parse(const char *at, size_t bytes, double *time_s);

#endif
