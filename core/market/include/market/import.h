/*
 * import.h: recorded market data in foreign formats, read, checked and merged by time.
 *
 * Paths are files or folders (their data files, by name). Each file's format is detected from its
 * first bytes and lines, through gzip and zip. All streams merge by local time into one.
 * Memory is constant whatever the size of the input.
 *
 * Formats: this program's own binary form; Tardis incremental_book_L2, trades, quotes and
 * book_ticker, derivative_ticker, book_snapshot_N, liquidations are not events; Bybit public trades
 * (derivatives and spot) and order-book lines; Binance aggTrades, trades, bookTicker, klines,
 * fundingRate; plain OHLCV with a header. `sim:SEED...` is a source too.
 */
#ifndef MARKET_IMPORT_H
#define MARKET_IMPORT_H

#include <market/datafile.h>
#include <market/instrument.h>

typedef struct market_import market_import;

typedef struct market_import_options {
    const char *const *paths;
    size_t path_count;
    const char *symbol; /* NULL: all */
    /* As given by the user, applied to the instrument of that symbol (or to the only one when the
     * symbol is empty); where tick or lot is not given it is found from the data. */
    const char *const *instrument_texts;
    size_t instrument_count;
    int64_t from_ns, to_ns; /* local time, [from, to); 0: open */
    /* Strict: the first bad row is an error. Otherwise bad rows are counted and skipped. */
    bool strict;
    /* Called now and then, for a progress line; may be NULL. fraction is of the input bytes. */
    void (*progress)(void *context, double fraction, uint64_t rows);
    void *progress_context;
} market_import_options;

#define MARKET_IMPORT_SAMPLES 20

/* What was found, per input file. */
typedef struct market_import_file {
    char path[256];
    char format[40]; /* "tardis incremental_book_L2" ... */
    uint64_t rows, events, bad_rows, out_of_order_rows;
    int64_t first_local_ns, last_local_ns;
    int64_t longest_gap_ns, longest_gap_at_ns;
    uint64_t sequence_gaps;
    struct {
        uint64_t line;
        char message[120];
    } bad[MARKET_IMPORT_SAMPLES]; /* the first bad rows */
    size_t bad_count;
} market_import_file;

/* What was found, per instrument. */
typedef struct market_import_book {
    uint64_t crossed_messages; /* messages after which the book was crossed */
    uint64_t snapshots, messages;
    market_instrument instrument;
    int64_t bid_ticks, bid_lots, ask_ticks, ask_lots; /* at the end */
    size_t bid_levels, ask_levels;
    uint64_t quotes_compared, quotes_agreeing; /* quotes stream against the book, same instant */
} market_import_book;

typedef struct market_import_report {
    market_import_file *files;
    size_t file_count;
    market_import_book *books; /* one per instrument */
    size_t book_count;
    market_data_info data;
    uint64_t rows, bad_rows, out_of_order_rows;
} market_import_report;

/* Reads everything once. `fd` >= 0: writes the binary form there (a file open for reading and
 * writing); -1: only checks. Errors: HEAN_E_NOT_FOUND (path), HEAN_E_FORMAT (not recognised: says
 * what was seen), HEAN_E_TRUNCATED (gzip or zip cut; an empty file), HEAN_E_PARSE (strict, or no
 * good row at all), HEAN_E_IO. */
hean_status market_import_run(const hean_allocator *allocator, const market_import_options *options,
                              int fd, market_import_report *report,
                              hean_error *error) HEAN_WARN_UNUSED;
void market_import_report_deinit(const hean_allocator *allocator, market_import_report *report);

#endif
