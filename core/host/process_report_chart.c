/*
 * process_report_chart.c: the pictures of a report's page, as SVG without scripts. Colours are
 * classes, which the page's style gives in light and dark. Places are rounded; what is written is
 * exact.
 */
#include "process_report.h"

#include <math.h>
#include <string.h>

#define WIDTH  720.0
#define HEIGHT 190.0
#define LEFT   8.0
#define TOP    22.0

static void begin(base_buffer *out, const char *label, double height)
{
    base_buffer_printf(out, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", WIDTH, height);
    report_html_text(out, label);
    base_buffer_printf(out, "\">");
}

static void write_label(base_buffer *out, double x, double y, const char *anchor, const char *text)
{
    base_buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    report_html_text(out, text);
    base_buffer_printf(out, "</text>");
}

static void write_bar(base_buffer *out, const char *class_name, double x, double y, double width,
                      double height)
{
    base_buffer_printf(out,
                       "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                       class_name, x, y, width > 0.5 ? width : 0.5, height > 0.5 ? height : 0.5);
}

/* ---- equity and drawdown ---- */

typedef struct scale {
    double low, high;
} scale;

static double place(const scale *of, int64_t value)
{
    double span = of->high - of->low;
    return TOP + (HEIGHT - 2 * TOP) * (span > 0 ? (of->high - (double)value) / span : 0.5);
}

static void draw(const report_series *series, const scale *of, bool drawdown, base_buffer *out)
{
    double step = (WIDTH - 2 * LEFT) / (double)series->count, zero = place(of, 0);

    base_buffer_printf(out, "<path class=\"zero\" d=\"M%.1f %.1fH%.1f\"/>", LEFT, zero,
                       WIDTH - LEFT);
    base_buffer_printf(out, "<path class=\"%s\" d=\"M%.1f %.1f", drawdown ? "area" : "line", LEFT,
                       zero);
    for (size_t i = 0; i < series->count; i++) {
        const report_point *point = &series->points[i];
        base_buffer_printf(out, "L%.1f %.1f", LEFT + step * (double)(i + 1),
                           place(of, drawdown ? -point->drawdown_e8 : point->equity_e8));
    }
    if (drawdown)
        base_buffer_printf(out, "L%.1f %.1fZ", WIDTH - LEFT, zero);
    base_buffer_printf(out, "\"/>");
}

static void write_curve(const report_series *series, bool drawdown, base_buffer *out)
{
    scale of = {0, 0};
    int64_t worst_e8 = 0;
    char label[LEDGER_NAME_BYTES + 100], amount[48];

    for (size_t i = 0; i < series->count; i++) {
        const report_point *point = &series->points[i];
        int64_t value = drawdown ? -point->drawdown_e8 : point->equity_e8;
        of.low = fmin(of.low, (double)value);
        of.high = fmax(of.high, (double)value);
        if (point->drawdown_e8 > worst_e8)
            worst_e8 = point->drawdown_e8;
    }
    (void)snprintf(
        label, sizeof label, "%s %s %s", drawdown ? "worst drawdown" : "equity",
        report_amount(drawdown ? worst_e8 : series->points[series->count - 1].equity_e8, amount),
        series->currency);
    begin(out, label, HEIGHT);
    write_label(out, LEFT, 14, "start", label);
    draw(series, &of, drawdown, out);
    base_buffer_printf(out, "</svg>\n");
}

void report_chart_equity(const report_series *series, base_buffer *out)
{
    if (series->count == 0)
        return;
    write_curve(series, false, out);
    write_curve(series, true, out);
}

/* ---- from gross to net ---- */

void report_chart_waterfall(const report_group *group, base_buffer *out)
{
    static const char *const names[] = {"gross", "funding", "rewards", "fees", "capital", "net"};
    const int64_t *sums = group->sums.amount_e8;
    const int64_t steps[] = {sums[LEDGER_PNL],  sums[LEDGER_FUNDING],           sums[LEDGER_REWARD],
                             -sums[LEDGER_FEE], -sums[LEDGER_OPPORTUNITY_COST], group->net_e8};
    double from[6], to[6], sum = 0, width = (WIDTH - 2 * LEFT) / 6;
    scale of = {0, 0};
    char amount[48];

    for (size_t i = 0; i < BASE_COUNT(steps); i++) {
        from[i] = i == 5 ? 0 : sum;
        sum = from[i] + (double)steps[i];
        to[i] = sum;
        of.low = fmin(of.low, fmin(from[i], to[i]));
        of.high = fmax(of.high, fmax(from[i], to[i]));
    }
    begin(out, "from gross to net", HEIGHT);
    for (size_t i = 0; i < BASE_COUNT(steps); i++) {
        double x = LEFT + width * (double)i, a = place(&of, (int64_t)fmax(from[i], to[i])),
               b = place(&of, (int64_t)fmin(from[i], to[i]));
        write_bar(out, steps[i] < 0 ? "bad" : "good", x + 8, a, width - 16, b - a);
        write_label(out, x + width / 2, 12, "middle", names[i]);
        write_label(out, x + width / 2, HEIGHT - 4, "middle", report_amount(steps[i], amount));
    }
    base_buffer_printf(out, "</svg>\n");
}

/* ---- contributions ---- */

void report_chart_contributions(const report_groups *groups, base_buffer *out)
{
    double most = 0, row = 24, height = row * (double)groups->count + 8, middle = WIDTH / 2;
    char label[2 * LEDGER_NAME_BYTES + 80], amount[48];

    for (size_t i = 0; i < groups->count; i++)
        most = fmax(most, fabs((double)groups->items[i].net_e8));
    if (groups->count == 0)
        return;
    begin(out, "net contribution by process", height);
    for (size_t i = 0; i < groups->count; i++) {
        const report_group *group = &groups->items[i];
        double y = 4 + row * (double)i;
        double width = most > 0 ? 160 * fabs((double)group->net_e8) / most : 0;
        write_bar(out, group->net_e8 < 0 ? "bad" : "good",
                  group->net_e8 < 0 ? middle - width : middle, y, width, row - 6);
        (void)snprintf(label, sizeof label, "%s, %s", group->process,
                       ledger_mode_text((ledger_mode)group->mode));
        write_label(out, LEFT, y + 14, "start", label);
        (void)snprintf(label, sizeof label, "%s %s", report_amount(group->net_e8, amount),
                       group->currency);
        write_label(out, WIDTH - LEFT, y + 14, "end", label);
    }
    base_buffer_printf(out, "</svg>\n");
}

/* ---- regimes ---- */

static void write_cell(base_buffer *out, const report_cell *cell, double most, double x, double y,
                       double width)
{
    double roi = cell->runs > 0 ? cell->roi / (double)cell->runs : 0;
    char text[80];

    base_buffer_printf(out,
                       "<rect class=\"cell %s\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\" "
                       "width=\"%.1f\" height=\"34\"/>",
                       roi < 0 ? "bad" : "good", most > 0 ? 0.75 * fabs(roi) / most : 0, x, y,
                       width - 4);
    (void)snprintf(text, sizeof text, "%.3f %%, %lld runs", roi * 100, (long long)cell->runs);
    write_label(out, x + width / 2, y + 21, "middle", cell->runs > 0 ? text : "no runs");
}

static double largest(const report_cell *cells, size_t count, double most)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].runs > 0)
            most = fmax(most, fabs(cells[i].roi / (double)cells[i].runs));
    }
    return most;
}

void report_chart_regimes(const report_data *data, base_buffer *out)
{
    double first = 110, wide = (WIDTH - first) / REPORT_BUCKETS, most;

    most = largest(&data->regimes[0][0], (size_t)REPORT_BUCKETS * REPORT_BUCKETS, 0);
    most = largest(data->sessions, REPORT_SESSIONS, most);
    begin(out, "mean return of runs by volatility and spread, and by time of day", 200);
    for (size_t i = 0; i < REPORT_BUCKETS; i++) {
        write_label(out, first + wide * ((double)i + 0.5), 12, "middle", report_spreads[i]);
        write_label(out, LEFT, 20 + 38 * (double)i + 21, "start", report_volatilities[i]);
        for (size_t j = 0; j < REPORT_BUCKETS; j++)
            write_cell(out, &data->regimes[i][j], most, first + wide * (double)j,
                       20 + 38 * (double)i, wide);
    }
    wide = WIDTH / REPORT_SESSIONS;
    for (size_t i = 0; i < REPORT_SESSIONS; i++) {
        write_label(out, wide * ((double)i + 0.5), 152, "middle", report_sessions[i]);
        write_cell(out, &data->sessions[i], most, wide * (double)i, 160, wide);
    }
    base_buffer_printf(out, "</svg>\n");
}
