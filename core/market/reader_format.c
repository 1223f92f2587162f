/*
 * reader_format.c: the table of formats, and how a first line is matched with it.
 */
#include "reader_format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 48

typedef struct format_column {
    uint8_t role;
    bool needed;
    const char *names; /* "name|other name", as normalised by read_name */
} format_column;

typedef struct format {
    const char *label;
    reader_kind kind;
    reader_naming naming;
    bool spot;
    format_column columns[16]; /* ends with names NULL */
} format;

#define TARDIS_KEYS                                                                                \
    {READER_EXCHANGE, false, "exchange"}, {READER_SYMBOL, true, "symbol"},                         \
        {READER_TIME, true, "timestamp"},                                                          \
    {                                                                                              \
        READER_LOCAL_TIME, false, "localtimestamp"                                                 \
    }

/* The first whose needed columns are all present is taken: more telling ones come first. */
static const format formats[] = {
    {"tardis incremental_book_L2",
     READER_BOOK,
     READER_NAME_DASH,
     false,
     {TARDIS_KEYS,
      {READER_IS_SNAPSHOT, true, "issnapshot"},
      {READER_SIDE, true, "side"},
      {READER_PRICE, true, "price"},
      {READER_QTY, true, "amount"},
      {0}}},
    {"tardis book_snapshot",
     READER_SNAPSHOT,
     READER_NAME_DASH,
     false,
     {TARDIS_KEYS,
      {READER_ASK_PRICE, true, "asks[0].price"},
      {READER_ASK_QTY, true, "asks[0].amount"},
      {READER_BID_PRICE, true, "bids[0].price"},
      {READER_BID_QTY, true, "bids[0].amount"},
      {0}}},
    {"tardis derivative_ticker",
     READER_TICKER,
     READER_NAME_DASH,
     false,
     {TARDIS_KEYS,
      {READER_FUNDING_TIME, true, "fundingtimestamp"},
      {READER_FUNDING_RATE, true, "fundingrate"},
      {READER_PREDICTED_RATE, false, "predictedfundingrate"},
      {READER_OPEN_INTEREST, false, "openinterest"},
      {READER_LAST, false, "lastprice"},
      {READER_INDEX, false, "indexprice"},
      {READER_MARK, true, "markprice"},
      {0}}},
    {"tardis quotes",
     READER_QUOTE,
     READER_NAME_DASH,
     false,
     {TARDIS_KEYS,
      {READER_ASK_QTY, true, "askamount"},
      {READER_ASK_PRICE, true, "askprice"},
      {READER_BID_PRICE, true, "bidprice"},
      {READER_BID_QTY, true, "bidamount"},
      {0}}},
    {"tardis trades",
     READER_TRADE,
     READER_NAME_DASH,
     false,
     {TARDIS_KEYS,
      {READER_ID, true, "id"},
      {READER_SIDE, true, "side"},
      {READER_PRICE, true, "price"},
      {READER_QTY, true, "amount"},
      {0}}},
    {"bybit trades",
     READER_TRADE,
     READER_NAME_DASH,
     false,
     {{READER_TIME, true, "timestamp"},
      {READER_SYMBOL, true, "symbol"},
      {READER_SIDE, true, "side"},
      {READER_QTY, true, "size"},
      {READER_PRICE, true, "price"},
      {READER_ID, false, "trdmatchid"},
      {0}}},
    {"bybit spot trades",
     READER_TRADE,
     READER_NAME_STEM,
     true,
     {{READER_ID, true, "id"},
      {READER_TIME, true, "timestamp"},
      {READER_PRICE, true, "price"},
      {READER_QTY, true, "volume"},
      {READER_SIDE, true, "side"},
      {0}}},
    {"binance aggTrades",
     READER_TRADE,
     READER_NAME_DASH,
     false,
     {{READER_ID, true, "aggtradeid|aggid"},
      {READER_PRICE, true, "price"},
      {READER_QTY, true, "quantity|qty"},
      {READER_TIME, true, "transacttime|time"},
      {READER_BUYER_MAKER, true, "isbuyermaker"},
      {0}}},
    {"binance trades",
     READER_TRADE,
     READER_NAME_DASH,
     false,
     {{READER_ID, true, "id|tradeid"},
      {READER_PRICE, true, "price"},
      {READER_QTY, true, "qty|quantity"},
      {READER_TIME, true, "time"},
      {READER_BUYER_MAKER, true, "isbuyermaker"},
      {0}}},
    {"binance bookTicker",
     READER_QUOTE,
     READER_NAME_DASH,
     false,
     {{READER_ID, true, "updateid"},
      {READER_BID_PRICE, true, "bestbidprice"},
      {READER_BID_QTY, true, "bestbidqty"},
      {READER_ASK_PRICE, true, "bestaskprice"},
      {READER_ASK_QTY, true, "bestaskqty"},
      {READER_TIME, true, "transactiontime"},
      {READER_LOCAL_TIME, false, "eventtime"},
      {0}}},
    {"binance fundingRate",
     READER_FUNDING,
     READER_NAME_DASH,
     false,
     {{READER_TIME, true, "calctime"},
      {READER_INTERVAL_HOURS, true, "fundingintervalhours"},
      {READER_FUNDING_RATE, true, "lastfundingrate"},
      {0}}},
    {"binance klines",
     READER_BAR,
     READER_NAME_DASH,
     false,
     {{READER_TIME, true, "opentime"},
      {READER_OPEN, true, "open"},
      {READER_HIGH, true, "high"},
      {READER_LOW, true, "low"},
      {READER_CLOSE, true, "close"},
      {READER_VOLUME, true, "volume"},
      {READER_CLOSE_TIME, true, "closetime"},
      {0}}},
    {"ohlcv",
     READER_BAR,
     READER_NAME_FREE,
     false,
     {{READER_TIME, true, "timestamp|time|date|datetime|opentime|starttime|start|ts|unix"},
      {READER_OPEN, true, "open|o"},
      {READER_HIGH, true, "high|h"},
      {READER_LOW, true, "low|l"},
      {READER_CLOSE, true, "close|c"},
      {READER_VOLUME, true, "volume|vol|v"},
      {READER_SYMBOL, false, "symbol|ticker|pair"},
      {0}}}};

/* Files without a header: the columns in order, N for a number, B for true or false. */
typedef struct bare_format {
    const char *label; /* the entry of the table above */
    const char *shape;
    uint8_t roles[12];
} bare_format;

#define SKIP READER_ROLE_COUNT
static const bare_format bare_formats[] = {
    {"binance trades", /* spot */
     "NNNNNBB",
     {READER_ID, READER_PRICE, READER_QTY, SKIP, READER_TIME, READER_BUYER_MAKER, SKIP}},
    {"binance trades", /* futures */
     "NNNNNB",
     {READER_ID, READER_PRICE, READER_QTY, SKIP, READER_TIME, READER_BUYER_MAKER}},
    {"binance aggTrades", /* spot */
     "NNNNNNBB",
     {READER_ID, READER_PRICE, READER_QTY, SKIP, SKIP, READER_TIME, READER_BUYER_MAKER, SKIP}},
    {"binance aggTrades", /* futures */
     "NNNNNNB",
     {READER_ID, READER_PRICE, READER_QTY, SKIP, SKIP, READER_TIME, READER_BUYER_MAKER}},
    {"binance bookTicker",
     "NNNNNNN",
     {READER_ID, READER_BID_PRICE, READER_BID_QTY, READER_ASK_PRICE, READER_ASK_QTY, READER_TIME,
      READER_LOCAL_TIME}},
    {"binance klines",
     "NNNNNNNNNNNN",
     {READER_TIME, READER_OPEN, READER_HIGH, READER_LOW, READER_CLOSE, READER_VOLUME,
      READER_CLOSE_TIME, SKIP, SKIP, SKIP, SKIP, SKIP}}};

/* A field without blanks around it, and then without quotes. */
static reader_field trim(const char *text, size_t bytes)
{
    for (; bytes > 0 && *text == ' '; text++, bytes--)
        ;
    for (; bytes > 0 && text[bytes - 1] == ' '; bytes--)
        ;
    if (bytes >= 2 && text[0] == '"' && text[bytes - 1] == '"')
        return (reader_field){text + 1, bytes - 2};
    return (reader_field){text, bytes};
}

size_t reader_split(const char *line, size_t bytes, reader_field *fields, size_t capacity)
{
    const char *at = line, *end = line + bytes;
    size_t count = 0;

    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t length = (size_t)((comma != NULL ? comma : end) - at);
        if (count < capacity)
            fields[count] = trim(at, length);
        count++;
        if (comma == NULL)
            return count;
        at = comma + 1;
    }
}

/* The name of a column, without what people write differently. */
static void read_name(reader_field field, char out[NAME_BYTES])
{
    size_t length = 0;
    for (size_t i = 0; i < field.bytes && length < NAME_BYTES - 1; i++) {
        char letter = field.text[i];
        if (letter != '_' && letter != ' ' && letter != '"')
            out[length++] = (char)tolower((unsigned char)letter);
    }
    out[length] = 0;
}

/* Is `name` one of "a|b|c"? */
static bool is_one_of(const char *name, const char *names)
{
    size_t length = strlen(name);
    for (;;) {
        const char *bar = strchr(names, '|');
        size_t bytes = bar != NULL ? (size_t)(bar - names) : strlen(names);
        if (bytes == length && memcmp(name, names, length) == 0)
            return true;
        if (bar == NULL)
            return false;
        names = bar + 1;
    }
}

static int32_t find_column(const reader_field *fields, size_t count, const char *names)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < count; i++) {
        read_name(fields[i], name);
        if (is_one_of(name, names))
            return (int32_t)i;
    }
    return -1;
}

static void set_format(const format *from, reader_layout *out)
{
    out->label = from->label;
    out->kind = from->kind;
    out->naming = from->naming;
    out->spot = from->spot;
    for (size_t i = 0; i < READER_ROLE_COUNT; i++)
        out->column[i] = -1;
}

static bool match_header(const format *candidate, const reader_field *fields, size_t count,
                         reader_layout *out)
{
    set_format(candidate, out);
    for (const format_column *column = candidate->columns; column->names != NULL; column++) {
        int32_t found = find_column(fields, count, column->names);
        if (found < 0 && column->needed)
            return false;
        out->column[column->role] = found;
    }
    return true;
}

/* 'N', 'B' or '?'. */
static char shape_of(reader_field field)
{
    char name[NAME_BYTES];
    size_t digits = 0;

    read_name(field, name);
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
        return 'B';
    digits = strspn(name, "0123456789");
    if (digits > 0 && strspn(name, "0123456789.e+-") == strlen(name))
        return 'N';
    return '?';
}

static bool match_bare(const bare_format *candidate, const reader_field *fields, size_t count,
                       reader_layout *out)
{
    if (strlen(candidate->shape) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (shape_of(fields[i]) != candidate->shape[i])
            return false;
    }
    for (size_t i = 0; i < BASE_COUNT(formats); i++) {
        if (strcmp(formats[i].label, candidate->label) == 0)
            set_format(&formats[i], out);
    }
    for (size_t i = 0; i < count; i++) {
        if (candidate->roles[i] != SKIP)
            out->column[candidate->roles[i]] = (int32_t)i;
    }
    return true;
}

/* Reads "bids[3].amount": the column of that level, NULL if there is no such level. */
static uint16_t *find_level_column(reader_layout *layout, size_t levels, const char *name)
{
    static const char *const sides[2] = {"bids[", "asks["};
    static const char *const fields[2] = {"].price", "].amount"};

    for (size_t side = 0; side < 2; side++) {
        char *rest;
        unsigned long level;
        if (strncmp(name, sides[side], 5) != 0 || !isdigit((unsigned char)name[5]))
            continue;
        level = strtoul(name + 5, &rest, 10);
        for (size_t field = 0; field < 2 && level < levels; field++) {
            if (strcmp(rest, fields[field]) == 0)
                return &layout->levels[side][level].column[field];
        }
    }
    return NULL;
}

/* Binds "bids[3].price" and its like; the first level that lacks a column ends the list. */
static hean_status bind_levels(const hean_allocator *allocator, const reader_field *fields,
                               size_t count, reader_layout *layout, hean_error *error)
{
    size_t most = count / 4 + 1, side, level;
    char name[NAME_BYTES] = "";

    for (side = 0; side < 2; side++) {
        layout->levels[side] = base_alloc_array(allocator, most, sizeof *layout->levels[side]);
        if (layout->levels[side] == NULL)
            return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    }
    /* Columns are stored plus one, so that 0 says "not there". */
    for (size_t i = 0; i < count; i++) {
        uint16_t *column;
        read_name(fields[i], name);
        column = find_level_column(layout, most, name);
        if (column != NULL)
            *column = (uint16_t)(i + 1);
    }
    for (level = 0; level < most; level++) {
        for (side = 0; side < 2; side++) {
            reader_level_columns *columns = &layout->levels[side][level];
            if (columns->column[0] == 0 || columns->column[1] == 0)
                return HEAN_OK;
            columns->column[0]--;
            columns->column[1]--;
        }
        layout->level_count = level + 1;
    }
    return HEAN_OK;
}

static hean_status unknown_format(const char *line, size_t bytes, hean_error *error)
{
    char shown[81];
    size_t length = bytes < sizeof shown - 1 ? bytes : sizeof shown - 1;

    memcpy(shown, line, length);
    shown[length] = 0;
    base_text_clean(shown, length);
    return base_fail(error, HEAN_E_FORMAT,
                     "unknown format, the first line begins \"%s\"; known are Tardis "
                     "incremental_book_L2, trades, quotes, derivative_ticker, book_snapshot_N; "
                     "Bybit public trades and order-book lines; Binance aggTrades, trades, "
                     "bookTicker, klines, fundingRate; OHLCV with a header; this program's own",
                     shown);
}

/* A line of JSON is an object from its first letter on. */
static bool is_json(const char *line, size_t bytes)
{
    size_t at = 0;
    while (at < bytes && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < bytes && line[at] == '{';
}

static hean_status detect_columns(const hean_allocator *allocator, const char *line, size_t bytes,
                                  const reader_field *fields, size_t count, reader_layout *out,
                                  hean_error *error)
{
    out->columns = count;
    for (size_t i = 0; i < BASE_COUNT(formats); i++) {
        if (!match_header(&formats[i], fields, count, out))
            continue;
        out->has_header = true;
        return out->kind == READER_SNAPSHOT ? bind_levels(allocator, fields, count, out, error)
                                            : HEAN_OK;
    }
    for (size_t i = 0; i < BASE_COUNT(bare_formats); i++) {
        if (match_bare(&bare_formats[i], fields, count, out))
            return HEAN_OK;
    }
    return unknown_format(line, bytes, error);
}

hean_status reader_layout_detect(const hean_allocator *allocator, const char *line, size_t bytes,
                                 reader_layout *out, hean_error *error)
{
    static const format orderbook = {
        "bybit order book lines", READER_ORDERBOOK, READER_NAME_DASH, false, {{0}}};
    reader_layout layout = {0};
    reader_field *fields;
    size_t count;
    hean_status status;

    if (is_json(line, bytes)) {
        set_format(&orderbook, &layout);
        *out = layout;
        return HEAN_OK;
    }
    count = reader_split(line, bytes, NULL, 0);
    if (count > READER_COLUMNS_MAX)
        return unknown_format(line, bytes, error);
    fields = base_alloc_array(allocator, count, sizeof *fields);
    if (fields == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    (void)reader_split(line, bytes, fields, count);
    status = detect_columns(allocator, line, bytes, fields, count, &layout, error);
    base_free(allocator, fields);
    if (status == HEAN_OK)
        *out = layout;
    else
        reader_layout_deinit(allocator, &layout);
    return status;
}

void reader_layout_deinit(const hean_allocator *allocator, reader_layout *layout)
{
    base_free(allocator, layout->levels[0]);
    base_free(allocator, layout->levels[1]);
    layout->levels[0] = layout->levels[1] = NULL;
}

void reader_name_symbol(const char *path, reader_naming naming, char *out, size_t out_bytes)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t length = 0;

    for (; *name != 0 && *name != '.' && length < out_bytes - 1; name++) {
        if (*name == '-' && naming == READER_NAME_DASH)
            break;
        if ((*name == '-' || *name == '_') && naming == READER_NAME_STEM)
            break;
        if ((*name == '-' || *name == '_') && naming == READER_NAME_FREE &&
            isdigit((unsigned char)name[1]))
            break;
        if (isgraph((unsigned char)*name))
            out[length++] = (char)toupper((unsigned char)*name);
    }
    out[length] = 0;
}
