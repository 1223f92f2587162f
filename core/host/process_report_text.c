/*
 * process_report_text.c: the Markdown and the HTML of a report.
 *
 * Every text from the store is escaped: process names and reasons may be a stranger's. The page
 * asks for nothing outside and runs nothing; its policy allows the one style that it has.
 */
#include "process_report.h"

#include <base/hash.h>

#include <string.h>

static const char style[] =
    ":root{--paper:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5a6675;--line:#d9dee5;"
    "--good:#1a7f37;--bad:#c1121f;--accent:#0b5cad}"
    "@media(prefers-color-scheme:dark){:root{--paper:#11151b;--card:#1a2029;--ink:#e6eaf0;"
    "--soft:#9aa6b5;--line:#2d3643;--good:#4cc267;--bad:#ff6b6b;--accent:#6cb2ff}}"
    "body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);"
    "font:15px/1.45 system-ui,sans-serif}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;"
    "margin:1rem 0;overflow-x:auto}"
    "h1,h2{margin:0 0 .5rem}h2{font-size:1.1rem}p{color:var(--soft);margin:.2rem 0}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);"
    "vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}"
    "svg{width:100%;height:auto;display:block;margin:.5rem 0}"
    "svg text{fill:var(--ink);font:12px system-ui,sans-serif}"
    ".good{fill:var(--good)}.bad{fill:var(--bad)}"
    ".cell{stroke:var(--line)}"
    ".line{fill:none;stroke:var(--accent);stroke-width:2}"
    ".area{fill:var(--bad);fill-opacity:.35}.zero{stroke:var(--line);stroke-width:1}";

const char *report_amount(int64_t value_e8, char out[48])
{
    return decimal_format_scaled(value_e8, 8, out, 48);
}

const char *report_text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

void report_html_text(base_buffer *out, const char *text)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '&':
            base_buffer_printf(out, "&amp;");
            break;
        case '<':
            base_buffer_printf(out, "&lt;");
            break;
        case '>':
            base_buffer_printf(out, "&gt;");
            break;
        case '"':
            base_buffer_printf(out, "&quot;");
            break;
        case '\'':
            base_buffer_printf(out, "&#39;");
            break;
        default:
            base_buffer_append(out, (unsigned char)*text < ' ' ? " " : text, 1);
        }
    }
}

/* Nothing in it ends a cell, begins a link, a tag or emphasis. */
static void markdown_text(base_buffer *out, const char *text)
{
    for (; *text != 0; text++) {
        if (strchr("\\`*_{}[]<>|~&", *text) != NULL)
            base_buffer_append(out, "\\", 1);
        base_buffer_append(out, (unsigned char)*text < ' ' ? " " : text, 1);
    }
}

/* ---- tables of both forms ---- */

typedef struct page {
    base_buffer *out;
    bool html;
} page;

static void text(const page *self, const char *value)
{
    if (self->html)
        report_html_text(self->out, value);
    else
        markdown_text(self->out, value);
}

static void section(const page *self, const char *title)
{
    base_buffer_printf(self->out, self->html ? "<section><h2>%s</h2>\n" : "\n## %s\n\n", title);
}

static void section_end(const page *self)
{
    if (self->html)
        base_buffer_printf(self->out, "</section>\n");
}

/* `heads`: names, '|' between them; one that ends with '=' is a number. */
static void table_begin(const page *self, const char *heads)
{
    base_buffer rule;

    base_buffer_init(&rule, base_allocator_default());
    base_buffer_printf(self->out, self->html ? "<table><thead><tr>" : "|");
    while (*heads != 0) {
        size_t bytes = strcspn(heads, "|"), shown = bytes;
        bool number = bytes > 0 && heads[bytes - 1] == '=';
        shown -= number;
        if (self->html)
            base_buffer_printf(self->out, "<th%s>%.*s</th>", number ? " class=\"n\"" : "",
                               (int)shown, heads);
        else
            base_buffer_printf(self->out, " %.*s |", (int)shown, heads);
        base_buffer_printf(&rule, number ? " ---: |" : " --- |");
        heads += bytes + (heads[bytes] == '|');
    }
    if (self->html)
        base_buffer_printf(self->out, "</tr></thead><tbody>\n");
    else
        base_buffer_printf(self->out, "\n|%s\n", rule.data != NULL ? rule.data : "");
    base_buffer_deinit(&rule);
}

static void row_begin(const page *self)
{
    base_buffer_printf(self->out, self->html ? "<tr>" : "|");
}

static void row_end(const page *self)
{
    base_buffer_printf(self->out, self->html ? "</tr>\n" : "\n");
}

static void cell(const page *self, const char *value, bool number)
{
    if (self->html)
        base_buffer_printf(self->out, number ? "<td class=\"n\">" : "<td>");
    else
        base_buffer_printf(self->out, " ");
    if (number) /* digits, a point and a sign */
        base_buffer_printf(self->out, "%s", value);
    else
        text(self, value);
    base_buffer_printf(self->out, self->html ? "</td>" : " |");
}

static void amount_cell(const page *self, int64_t value_e8)
{
    char out[48];
    cell(self, report_amount(value_e8, out), true);
}

static void table_end(const page *self)
{
    if (self->html)
        base_buffer_printf(self->out, "</tbody></table>\n");
}

/* ---- parts ---- */

static void write_groups(const page *self, const report_groups *groups, bool by_process)
{
    table_begin(
        self, by_process ? "process|mode|gross=|funding=|rewards=|fees=|capital cost=|net=|currency"
                         : "mode|gross=|funding=|rewards=|fees=|capital cost=|net=|currency");
    for (size_t i = 0; i < groups->count; i++) {
        const report_group *group = &groups->items[i];
        const int64_t *sums = group->sums.amount_e8;
        row_begin(self);
        if (by_process)
            cell(self, group->process, false);
        cell(self, ledger_mode_text((ledger_mode)group->mode), false);
        amount_cell(self, sums[LEDGER_PNL]);
        amount_cell(self, sums[LEDGER_FUNDING]);
        amount_cell(self, sums[LEDGER_REWARD]);
        amount_cell(self, sums[LEDGER_FEE]);
        amount_cell(self, sums[LEDGER_OPPORTUNITY_COST]);
        amount_cell(self, group->net_e8);
        cell(self, group->currency, false);
        row_end(self);
    }
    table_end(self);
}

static void write_runs(const page *self, const report_data *data)
{
    table_begin(self, "run|status|capital=|net=|currency");
    for (size_t i = 0; i < data->records.count; i++) {
        const process_record *record = &data->records.items[i];
        char day[16];
        process_day_text(record->started_ns, day);
        if (strcmp(day, data->day) != 0)
            continue;
        row_begin(self);
        cell(self, record->run, false);
        cell(self, record->status, false);
        amount_cell(self, record->capital_e8);
        if (record->mode != LEDGER_ANY)
            amount_cell(self, record->net_e8);
        else
            cell(self, "", true);
        cell(self, record->currency, false);
        row_end(self);
    }
    table_end(self);
}

static void write_decisions(const page *self, const report_data *data)
{
    json_t *row, *reason;
    size_t i, j;

    table_begin(self, "time|process|from|to|why");
    json_array_foreach(data->decisions, i, row)
    {
        base_buffer why;
        base_buffer_init(&why, base_allocator_default());
        json_array_foreach(json_object_get(row, "reasons"), j, reason)
        {
            base_buffer_printf(&why, "%s%s", j > 0 ? "; " : "",
                               json_is_string(reason) ? json_string_value(reason) : "");
        }
        row_begin(self);
        cell(self, report_text_of(row, "decided_at"), false);
        cell(self, report_text_of(row, "process_id"), false);
        cell(self, report_text_of(row, "from"), false);
        cell(self, report_text_of(row, "to"), false);
        cell(self, why.data != NULL ? why.data : "", false);
        row_end(self);
        self->out->failed = self->out->failed || why.failed;
        base_buffer_deinit(&why);
    }
    table_end(self);
}

static void write_recommendations(const page *self, const report_data *data)
{
    json_t *row;
    size_t i;

    table_begin(self, "process|state|recommendation|why");
    json_array_foreach(json_object_get(data->evaluation, "processes"), i, row)
    {
        const char *why = json_string_value(json_array_get(json_object_get(row, "reasons"), 0));
        row_begin(self);
        cell(self, report_text_of(row, "process_id"), false);
        cell(self, report_text_of(row, "state"), false);
        cell(self, report_text_of(row, "recommendation"), false);
        cell(self, why != NULL ? why : "", false);
        row_end(self);
    }
    table_end(self);
}

static void write_health(const page *self, const report_data *data)
{
    const json_t *health = json_object_get(data->evaluation, "health");
    const char *key;
    json_t *value;
    char shown[48];

    base_buffer_printf(self->out, "\n");
    table_begin(self, "health|value=");
    json_object_foreach((json_t *)health, key, value)
    {
        row_begin(self);
        cell(self, key, false);
        if (json_is_number(value))
            (void)snprintf(shown, sizeof shown, "%.6g", json_number_value(value));
        else
            (void)snprintf(shown, sizeof shown, "not defined");
        cell(self, shown, true);
        row_end(self);
    }
    table_end(self);
}

static void write_tasks(const page *self, const report_data *data)
{
    json_t *row;
    size_t i;

    table_begin(self, "process|step|what to do");
    json_array_foreach(data->tasks, i, row)
    {
        row_begin(self);
        cell(self, report_text_of(row, "process_id"), false);
        cell(self, report_text_of(row, "step_id"), false);
        cell(self, report_text_of(row, "instructions"), false);
        row_end(self);
    }
    table_end(self);
}

static void write_regimes(const page *self, const report_data *data)
{
    table_begin(self, "volatility|spread|runs=|mean return=");
    for (size_t i = 0; i < (size_t)REPORT_BUCKETS * REPORT_BUCKETS; i++) {
        const report_cell *found = &data->regimes[i / REPORT_BUCKETS][i % REPORT_BUCKETS];
        char shown[48];
        if (found->runs == 0)
            continue;
        row_begin(self);
        cell(self, report_volatilities[i / REPORT_BUCKETS], false);
        cell(self, report_spreads[i % REPORT_BUCKETS], false);
        (void)snprintf(shown, sizeof shown, "%lld", (long long)found->runs);
        cell(self, shown, true);
        (void)snprintf(shown, sizeof shown, "%.6f", found->roi / (double)found->runs);
        cell(self, shown, true);
        row_end(self);
    }
    table_end(self);
}

static void write_body(const page *self, const report_data *data)
{
    section(self, "Totals");
    write_groups(self, &data->totals, false);
    for (size_t i = 0; self->html && i < data->totals.count; i++)
        report_chart_waterfall(&data->totals.items[i], self->out);
    section_end(self);
    section(self, "Contribution");
    if (self->html)
        report_chart_contributions(&data->contributions, self->out);
    write_groups(self, &data->contributions, true);
    section_end(self);
    if (self->html && data->series_count > 0) {
        section(self, "Equity and drawdown");
        for (size_t i = 0; i < data->series_count; i++) {
            base_buffer_printf(self->out, "<p>%s</p>",
                               ledger_mode_text((ledger_mode)data->series[i].mode));
            report_chart_equity(&data->series[i], self->out);
        }
        section_end(self);
    }
    section(self, "Runs of the day");
    write_runs(self, data);
    section_end(self);
    section(self, "Regimes");
    if (self->html)
        report_chart_regimes(data, self->out);
    else
        write_regimes(self, data);
    section_end(self);
    section(self, "Decisions");
    write_decisions(self, data);
    section_end(self);
    section(self, "Recommendations");
    write_recommendations(self, data);
    write_health(self, data);
    section_end(self);
    section(self, "Waiting for a person");
    write_tasks(self, data);
    section_end(self);
}

void report_write_markdown(const report_data *data, base_buffer *out)
{
    page self = {out, false};
    char made[40];

    base_buffer_printf(out, "# HEAN report of %s\n\nMade %s from the ledger.\n", data->day,
                       base_time_format(data->now_ns, made, sizeof made));
    write_body(&self, data);
}

/* 32 bytes as 44 characters. */
static void base64_digest(const uint8_t digest[HASH_SHA256_BYTES], char out[45])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < 11; i++) {
        uint32_t bits = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 |
                        (i < 10 ? digest[3 * i + 2] : 0u);
        for (size_t j = 0; j < 4; j++)
            out[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
    }
    out[43] = '=';
    out[44] = 0;
}

void report_write_html(const report_data *data, base_buffer *out)
{
    page self = {out, true};
    uint8_t digest[HASH_SHA256_BYTES];
    char hash[45], made[40];

    hash_sha256_of(style, sizeof style - 1, digest);
    base64_digest(digest, hash);
    base_buffer_printf(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<title>HEAN report of %s</title><style>%s</style></head>\n<body><h1>HEAN, %s</h1>"
        "<p>Made %s from the ledger; every amount is exact.</p>\n",
        hash, data->day, style, data->day, base_time_format(data->now_ns, made, sizeof made));
    write_body(&self, data);
    base_buffer_printf(out, "</body></html>\n");
}
