/*
 * reader_orderbook.h: one line of Bybit's order-book archive, a WebSocket frame of the topic
 * orderbook.DEPTH.SYMBOL, as slices of the text.
 *
 * Strict JSON: what is not, a duplicate key, a wrong type or a missing key is an error in words.
 * Knows the frame's shape only; prices stay text.
 */
#ifndef MARKET_READER_ORDERBOOK_H
#define MARKET_READER_ORDERBOOK_H

#include "reader_format.h"

typedef struct reader_orderbook_level {
    reader_field price, qty;
} reader_orderbook_level;

typedef struct reader_orderbook {
    const hean_allocator *allocator;
    bool snapshot; /* the frame replaces the book */
    reader_field symbol;
    int64_t sent_ms;    /* ts: when the venue sent it */
    int64_t matched_ms; /* cts: when the matching engine made it; 0 in the oldest files */
    int64_t update;     /* u */
    reader_orderbook_level *levels; /* bids first */
    size_t bid_count, ask_count, capacity;
    char *canonical; /* the line as rewritten by the careful way; levels may point into it */
} reader_orderbook;

void reader_orderbook_init(reader_orderbook *book, const hean_allocator *allocator);
void reader_orderbook_deinit(reader_orderbook *book);

/* Reads a line; slices live as long as the line and until the next call. HEAN_E_PARSE with what was
 * expected, HEAN_E_NO_MEMORY. */
hean_status reader_orderbook_parse(reader_orderbook *book, const char *line, size_t bytes,
                                   hean_error *error) HEAN_WARN_UNUSED;

#endif
