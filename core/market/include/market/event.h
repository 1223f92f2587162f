/*
 * event.h: which events from outside are well formed.
 *
 * The data file's reader and writer, the importer and whoever else takes events from strangers ask
 * here, so that nothing behind them (book, engine, scripts) meets a number it cannot add up.
 *
 * Invariants
 *   V1  prices and quantities are within the limits below, so that sums of two and differences
 *       never overflow, and a double holds each exactly.
 *   V2  0 <= exch_ns <= local_ns <= MARKET_TIME_NS_MAX.
 */
#ifndef MARKET_EVENT_H
#define MARKET_EVENT_H

#include <base/base.h>

#define MARKET_TICKS_MAX   (INT64_C(1) << 53)
#define MARKET_LOTS_MAX    (INT64_C(1) << 53)
#define MARKET_TIME_NS_MAX (INT64_C(1) << 62) /* the year 2116 */

/* NULL if the event is one that a venue can send (BOOK to CONNECTION) about one of `instruments`
 * instruments; else what is wrong with it. */
const char *market_event_problem(const hean_event *event, size_t instruments);

/* Zeroes what the event's kind does not use, so that equal events have equal bytes. */
void market_event_normalise(hean_event *event);

#endif
