/*
 * process_report.h: what a report says, gathered once; its three forms are written from this and
 * nothing else, so they agree.
 */
#ifndef HOST_PROCESS_REPORT_H
#define HOST_PROCESS_REPORT_H

#include "process_record.h"

/* A group of the ledger whose texts live on. */
typedef struct report_group {
    int mode;
    char process[LEDGER_NAME_BYTES + 1], currency[LEDGER_NAME_BYTES + 1];
    int64_t day; /* INT64_MIN: of all days */
    ledger_sums sums;
    int64_t net_e8;
} report_group;

typedef struct report_groups {
    report_group *items;
    size_t count, capacity;
} report_groups;

/* Net earned, one after the other: by run for backtests, whose data may be of any time; by UTC day
 * for everything else. */
typedef struct report_point {
    int64_t time_ns, net_e8, equity_e8, drawdown_e8; /* equity from 0, drawdown from its peak */
} report_point;

typedef struct report_series {
    int mode;
    char currency[LEDGER_NAME_BYTES + 1];
    report_point *points;
    size_t count, capacity;
} report_series;

typedef struct report_cell {
    int64_t runs;
    double roi; /* sum */
} report_cell;

#define REPORT_BUCKETS  3 /* of volatility and of spread, as the policy has them */
#define REPORT_SESSIONS 4 /* of six hours UTC */
extern const char *const report_volatilities[REPORT_BUCKETS],
    *const report_spreads[REPORT_BUCKETS], *const report_sessions[REPORT_SESSIONS];

typedef struct report_data {
    char day[16];
    int64_t now_ns;
    report_groups totals, contributions, days; /* by mode; and process; and day */
    process_records records;                   /* of all times */
    report_series *series;
    size_t series_count, series_capacity;
    report_cell regimes[REPORT_BUCKETS][REPORT_BUCKETS]; /* volatility, spread */
    report_cell sessions[REPORT_SESSIONS];
    json_t *decisions; /* newest first */
    json_t *tasks;
    base_buffer evaluation_text;
    json_t *evaluation;
} report_data;

void report_write_json(const report_data *data, base_buffer *out);
void report_write_markdown(const report_data *data, base_buffer *out);
void report_write_html(const report_data *data, base_buffer *out);

/* SVG pictures of the page. */
void report_chart_equity(const report_series *series, base_buffer *out);
void report_chart_waterfall(const report_group *group, base_buffer *out);
void report_chart_contributions(const report_groups *groups, base_buffer *out);
void report_chart_regimes(const report_data *data, base_buffer *out);

/* A text where HTML means nothing, quotes included. */
void report_html_text(base_buffer *out, const char *text);
/* "12.5 USDT" without the currency: every digit. */
const char *report_amount(int64_t value_e8, char out[48]);
/* Of a JSON object, "" if it is none. */
const char *report_text_of(const json_t *object, const char *key);

#endif
