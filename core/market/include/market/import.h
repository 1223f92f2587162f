/*
 * import.h: recorded market data in foreign formats, read, checked and merged by time.
 *
 * Paths are files or folders (their data files, by name). Each file's format is detected from its
 * first bytes and lines, through gzip and zip. All streams merge by local time into one.
 * Memory is constant whatever the size of the input.
 *
 * Formats: this program's own binary form; Tardis incremental_book_L2, trades, quotes and
 * book_ticker, derivative_ticker, book_snapshot_N (liquidations are told by their name and left
 * out); Bybit public trades (derivatives and spot) and order-book lines; Binance aggTrades, trades,
 * bookTicker, klines, fundingRate; plain OHLCV with a header. `sim:SEED...` is a source too.
 *
 * Symbols come from the rows, else from the file's name: Binance up to the first '-', Bybit spot up
 * to the first '-' or '_', OHLCV the pieces before the first that begins with a digit, in upper
 * case ("btc-perp-1m-2024.csv" is BTC-PERP). Where one symbol comes from several exchanges, its
 * instruments are called "exchange:SYMBOL". Tick and lot that the user does not give are found from
 * the data: the largest 1, 2 or 5 times a power of ten that divides all prices and sizes.
 *
 * A price that is between the ticks that the user gave makes a bad row; so does a size between the
 * lots, but one of 1000 lots or more is rounded to the nearest and counted (venues keep orders from
 * before they changed the lot), and so are prices of bars. The volume of a bar is rounded down.
 *
 * Times: a bar's local and venue time are its end. Where a file has no local time, the venue's is
 * taken; a venue time after the local one is set to it. Rows that step back in time are counted and
 * put in order, at any distance; files that are newest first are turned round.
 *
 * Cuts: book rows before `from_ns` are applied, and each book is given once at from_ns as a
 * snapshot; other rows before it are left out.
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
    const volatile int *stop; /* not 0: HEAN_E_INTERRUPTED soon; may be NULL */
    /* A folder for rows that are sorted on disk because they lie far out of order; the files have
     * no names and vanish by themselves. NULL: /var/tmp. */
    const char *temp_folder;
} market_import_options;

#define MARKET_IMPORT_SAMPLES 20

typedef struct market_import_bad_row {
    uint64_t line; /* from 1; of the unpacked text */
    char message[120];
} market_import_bad_row;

/* What was found, per input file (each member of a zip archive is one). */
typedef struct market_import_file {
    char path[256];    /* shortened in front if it is longer; "archive.zip:member" */
    char format[40];   /* "tardis incremental_book_L2" ... */
    char note[120];    /* what else is worth knowing: "newest first: turned round"; or empty */
    uint64_t rows;     /* all of them, the bad ones too; headers are no rows */
    uint64_t events;   /* made from the rows; of all instruments that were chosen */
    uint64_t bad_rows; /* not understood: left out */
    uint64_t out_of_order_rows; /* earlier than the row before: put in order */
    uint64_t clamped_rows;      /* venue time after local time: set to it */
    uint64_t rounded_rows;      /* a number between two steps: see above */
    int64_t first_local_ns, last_local_ns;
    int64_t longest_gap_ns, longest_gap_at_ns; /* between two events; where it begins */
    uint64_t sequence_gaps;                    /* the venue's own numbers have a hole */
    market_import_bad_row *bad;                /* the first bad rows, up to SAMPLES */
    size_t bad_count;
} market_import_file;

/* What was found, per instrument. */
typedef struct market_import_book {
    uint64_t crossed_messages; /* messages after which the book was crossed */
    uint64_t snapshots, messages;
    market_instrument instrument;
    int64_t bid_ticks, bid_lots, ask_ticks, ask_lots; /* at the end */
    size_t bid_levels, ask_levels;
    /* The quotes stream against the book that was built. An instant counts if a book message was
     * made at venue time t, the quote in force at t is at least 5 ms old, and the next one comes
     * more than 5 ms after t: the streams have clocks of their own, so closer is not "the same
     * instant". It agrees if prices and sizes of both sides are equal. */
    uint64_t quotes_compared, quotes_agreeing;
} market_import_book;

typedef struct market_import_report {
    market_import_file *files;
    size_t file_count;
    market_import_book *books; /* one per instrument */
    size_t book_count;
    market_data_info data;
    uint64_t rows, bad_rows, out_of_order_rows, rounded_rows;
    char (*notes)[200]; /* what was left out and why: files in a folder that are no data */
    size_t note_count;
} market_import_report;

/* Reads everything once. `fd` >= 0: writes the binary form there (a file open for reading and
 * writing); -1: only checks. Errors: HEAN_E_NOT_FOUND (path), HEAN_E_FORMAT (not recognised: says
 * what was seen), HEAN_E_TRUNCATED (gzip or zip cut; an empty file), HEAN_E_PARSE (strict, or no
 * good row at all), HEAN_E_IO, HEAN_E_INTERRUPTED. */
hean_status market_import_run(const hean_allocator *allocator, const market_import_options *options,
                              int fd, market_import_report *report,
                              hean_error *error) HEAN_WARN_UNUSED;
void market_import_report_deinit(const hean_allocator *allocator, market_import_report *report);

#endif
