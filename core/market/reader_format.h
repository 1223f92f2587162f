/*
 * reader_format.h: what a text file holds, told by its first line.
 *
 * Where there is a header, columns are bound by name: any order, more columns than needed are
 * ignored. Names are compared without case, blanks, underscores and quotes. Files without a header
 * (old Binance archives) are told by the number and kind of their columns.
 */
#ifndef MARKET_READER_FORMAT_H
#define MARKET_READER_FORMAT_H

#include <base/base.h>

#define READER_COLUMNS_MAX 16384

/* A field of a line; the text is not terminated. */
typedef struct reader_field {
    const char *text;
    size_t bytes;
} reader_field;

/* What a row is. */
typedef enum reader_kind {
    READER_BOOK,     /* one level */
    READER_SNAPSHOT, /* all levels, in columns */
    READER_TICKER,   /* mark, index, last price and funding */
    READER_QUOTE,
    READER_TRADE,
    READER_FUNDING,
    READER_BAR,
    READER_ORDERBOOK, /* a line of JSON */
    READER_KIND_COUNT
} reader_kind;

/* What a column means. */
typedef enum reader_role {
    READER_EXCHANGE,
    READER_SYMBOL,
    READER_TIME,
    READER_LOCAL_TIME,
    READER_ID,
    READER_SIDE,
    READER_BUYER_MAKER, /* true: the taker sold */
    READER_PRICE,
    READER_QTY,
    READER_IS_SNAPSHOT,
    READER_BID_PRICE,
    READER_BID_QTY,
    READER_ASK_PRICE,
    READER_ASK_QTY,
    READER_OPEN,
    READER_HIGH,
    READER_LOW,
    READER_CLOSE,
    READER_VOLUME,
    READER_CLOSE_TIME,
    READER_FUNDING_TIME,
    READER_FUNDING_RATE,
    READER_PREDICTED_RATE,
    READER_INTERVAL_HOURS,
    READER_OPEN_INTEREST,
    READER_LAST,
    READER_INDEX,
    READER_MARK,
    READER_ROLE_COUNT
} reader_role;

/* Where the symbol comes from when the rows do not say it. */
typedef enum reader_naming {
    READER_NAME_DASH, /* up to the first '-' of the file's name: ETHUSDT-trades-2024-08-08.csv */
    READER_NAME_STEM, /* up to the first '-' or '_': BTCUSDT_2024-08-08.csv.gz */
    READER_NAME_FREE  /* the pieces before the first that begins with a digit: btc-perp-1m.csv */
} reader_naming;

/* The columns of one price level: price, amount. */
typedef struct reader_level_columns {
    uint16_t column[2];
} reader_level_columns;

typedef struct reader_layout {
    const char *label; /* "tardis trades" */
    reader_kind kind;
    reader_naming naming;
    bool spot;
    bool has_header;
    size_t columns;
    int32_t column[READER_ROLE_COUNT]; /* -1: there is none */
    reader_level_columns *levels[2];   /* SNAPSHOT: [0] bid, [1] ask, from the best outwards */
    size_t level_count;
} reader_layout;

/* Reads the layout from the first line. HEAN_E_FORMAT: quotes the line's beginning and names what
 * is known. Free with reader_layout_deinit. */
hean_status reader_layout_detect(const hean_allocator *allocator, const char *line, size_t bytes,
                                 reader_layout *out, hean_error *error) HEAN_WARN_UNUSED;
void reader_layout_deinit(const hean_allocator *allocator, reader_layout *layout);

/* Cuts a line at its commas; blanks and quotes around a field are dropped. Returns the number of
 * fields, of which the first `capacity` were stored. */
size_t reader_split(const char *line, size_t bytes, reader_field *fields, size_t capacity);

/* The symbol in a file's name, in upper case; empty if it has none. */
void reader_name_symbol(const char *path, reader_naming naming, char *out, size_t out_bytes);

#endif
