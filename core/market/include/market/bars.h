/*
 * bars.h: time bars built from trades, or from shorter bars.
 *
 * Invariants
 *   R1  a bar covers [start, start + interval), start a multiple of the interval since the epoch.
 *       Times are the venue's (exch_ns), so that bars are those of the venue's own candles.
 *   R2  a bar is closed by the first event at or after its end; empty intervals give no bar.
 *   R3  bars come out in order; the input's high, low and volume are conserved: what comes late,
 *       for an interval that was closed, counts in the next.
 */
#ifndef MARKET_BARS_H
#define MARKET_BARS_H

#include <base/base.h>

typedef struct market_bars {
    int64_t interval_ns;
    int64_t start_ns;
    int64_t open_ticks, high_ticks, low_ticks, close_ticks;
    int64_t volume_lots;
    int64_t next_start_ns; /* no bar starts before: the end of the last one */
    int64_t source;        /* 0: nothing yet, 1: trades, else the interval of the bars merged */
    uint16_t instrument;
    bool open;
} market_bars;

void market_bars_init(market_bars *bars, uint16_t instrument, int64_t interval_ns);
/* "1s", "1m", "5m", "1h", "1d" ... HEAN_E_PARSE otherwise; at most 7 days. */
hean_status market_bars_interval_parse(const char *text, int64_t *interval_ns) HEAN_WARN_UNUSED;

/* Takes any event of the instrument: time passes with all of them, TRADE adds to the bar, BAR of a
 * shorter interval that divides this one is merged in (whichever of them comes first; the others
 * would count the same trades again). True: `closed` is a bar that ended before
 * this event (local_ns is the event's; exch_ns is the end of the interval).
 * A volume that would overflow saturates at INT64_MAX. */
bool market_bars_push(market_bars *bars, const hean_event *event, hean_event *closed);
/* Closes a bar that ended at or before now_ns. */
bool market_bars_advance(market_bars *bars, int64_t now_ns, hean_event *closed);

#endif
