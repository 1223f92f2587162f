/*
 * rows.h: the kinds of rows that the venue sends in lists, the same in answers and in frames.
 */
#ifndef BYBIT_ROWS_H
#define BYBIT_ROWS_H

#include "fields.h"

#define ROW_KEYS_MAX  40
#define ROW_BYTES_MAX 1024

/* How to read one kind. */
typedef struct row_kind {
    const char *what;
    const scan_key *keys;
    size_t key_count;
    size_t row_bytes;
    /* Fills `row`, which is zeroed; false: the row is left out. Failures go to `fields`. */
    bool (*convert)(row_fields *fields, const bybit_symbols *symbols, void *row);
} row_kind;

extern const row_kind row_order, row_execution, row_position, row_coin, row_ticker;
/* Rows of answers only. */
extern const row_kind row_instrument, row_log, row_fee, row_earn_product;

typedef hean_status (*row_give)(void *context, const void *row, hean_error *error);

/* Reads a list of rows, and gives each if `give` is not NULL. A list that another one wraps
 * ("list":[{"coin":[...]}]) is found under `inner`, if that is not NULL. `count` may be NULL. */
hean_status rows_read(json_scan *scan, const row_kind *kind, const char *inner,
                      const bybit_symbols *symbols, row_give give, void *context,
                      hean_error *error) HEAN_WARN_UNUSED;

/* What the instrument of a row is to us. */
typedef struct row_instrument_ref {
    int index; /* -1: not known */
    reader_step tick, lot;
} row_instrument_ref;

row_instrument_ref rows_instrument(const bybit_symbols *symbols, const char *symbol);
/* As field_units; 0 if the instrument is not known. */
int64_t rows_ticks(row_fields *fields, int key, const row_instrument_ref *ref,
                   reader_rounding rounding);
int64_t rows_lots(row_fields *fields, int key, const row_instrument_ref *ref,
                  reader_rounding rounding);

/* ---- market data: events ---- */

/* Rows that are hean_events without their local time: trades of frames (T, s, S, ...), of answers
 * (time, symbol, side, ...), liquidations, bars of frames, fundings. A symbol that is not known
 * has the instrument UINT16_MAX. Block trades and bars that have not ended are left out. */
extern const row_kind row_trade, row_recent_trade, row_liquidation, row_bar, row_funding;

/* Symbols of which each is the one instrument that is known already. */
typedef struct row_one_symbol {
    bybit_symbols symbols;
    const bybit_symbols *all;
    int index;
} row_one_symbol;
void rows_one_symbol(row_one_symbol *one, const bybit_symbols *all, int index);

/* Sets the local time, which the venue's is never after; refuses what is no well-formed event. */
hean_status rows_event_finish(hean_event *event, int64_t local_ns,
                              hean_error *error) HEAN_WARN_UNUSED;

/* An order book: events are kept from call to call, so that memory is asked for once. */
typedef struct row_book {
    const hean_allocator *allocator;
    hean_event *events;
    size_t count, capacity;
    int64_t update, sequence, sent_ns, matched_ns; /* 0: not said */
} row_book;
#define ROW_LEVELS_MAX 32768

/* Reads {"s":...,"b":[...],"a":[...],"u":...} of `symbol`. */
hean_status rows_book(json_scan *scan, const row_instrument_ref *ref, const char *symbol,
                      row_book *book, hean_error *error) HEAN_WARN_UNUSED;
/* Makes the levels one message of events. */
hean_status rows_book_finish(row_book *book, int index, bool snapshot, int64_t local_ns,
                             hean_error *error) HEAN_WARN_UNUSED;
/* The symbol that a book says it is of. */
bool rows_book_symbol(const scan_value *data, char *out, size_t out_bytes);

#endif
