/*
 * import_plan.h: what an import knows of its files and instruments before it reads them through.
 *
 * The plan is learned from the first rows of every file. A pass over the data that finds it wrong
 * (a new symbol, a price between the ticks that were found, rows far out of order) corrects it and
 * marks it stale: that pass goes on only to learn, and the import starts again with the better
 * plan. So nothing is guessed in the result, and good data is read once.
 *
 * Invariants
 *   P1  during a pass that is not stale, ids, ticks and lots do not change.
 *   P2  each correction makes the plan finer; there is an end to it.
 */
#ifndef MARKET_IMPORT_PLAN_H
#define MARKET_IMPORT_PLAN_H

#include <market/import.h>

#include "reader_bytes.h"
#include "reader_format.h"
#include "reader_number.h"

#define IMPORT_NO_ID          UINT16_MAX
#define IMPORT_EXCHANGE_BYTES 32
#define IMPORT_KEYS_MAX       4096 /* different (exchange, symbol), those not chosen too */

/* What the data calls an instrument. Several keys may be one instrument. */
typedef struct import_key {
    char exchange[IMPORT_EXCHANGE_BYTES]; /* empty where the format does not say */
    char symbol[HEAN_SYMBOL_BYTES];
    size_t number;   /* its place in the plan */
    bool filtered;   /* not chosen by the user */
    bool used;       /* a good row was seen */
    bool guessed;    /* the symbol is from a file's name */
    bool spot;       /* the format says so */
    bool fixed;      /* from binary data or the simulator: `spec` holds */
    bool tick_given; /* by the user or fixed: a price between the ticks is a bad row */
    bool lot_given;
    uint16_t id; /* of the instrument; IMPORT_NO_ID: none yet */
    reader_step tick, lot;
    reader_scale prices, sizes;
    hean_instrument spec;
} import_key;

typedef enum import_origin { IMPORT_TEXT, IMPORT_BINARY, IMPORT_SIM } import_origin;

/* One input: a file, a member of an archive, or the simulator. */
typedef struct import_file {
    char *path;
    reader_part part;
    import_origin origin;
    reader_layout layout;
    char symbol[HEAN_SYMBOL_BYTES]; /* from its name, where the rows do not say it */
    bool skipped;
    bool descending;     /* newest first */
    bool sort;           /* out of order beyond the window: sorted on disk */
    int64_t first_ns;    /* no row is earlier, as far as was seen */
    int64_t interval_ns; /* OHLCV: of the bars; 0: not known */
} import_file;

typedef struct import_plan {
    const hean_allocator *allocator;
    const market_import_options *options;
    import_key **keys;
    size_t key_count, key_capacity;
    uint16_t *table; /* hash table of key numbers, plus one */
    import_file *files;
    size_t file_count, file_capacity;
    market_instrument *instruments; /* by id */
    size_t instrument_count;
    uint64_t bytes; /* of all files, for the progress */
    bool stale;
    hean_error unmatched; /* a text of the user about an instrument that was not seen, if any */
} import_plan;

void import_plan_init(import_plan *plan, const hean_allocator *allocator,
                      const market_import_options *options);
void import_plan_deinit(import_plan *plan);

/* Finds or adds a key. NULL if the symbol is not printable text of a fitting length, or there are
 * too many (`*status` tells: HEAN_E_INVALID, HEAN_E_LIMIT, HEAN_E_NO_MEMORY). */
import_key *import_plan_key(import_plan *plan, reader_field exchange, reader_field symbol,
                            hean_status *status);

/* The key of an instrument that brings its tick and lot with it. */
hean_status import_plan_fix(import_plan *plan, const hean_instrument *spec, import_key **out,
                            hean_error *error) HEAN_WARN_UNUSED;

/* Takes a number into account for a key's tick or lot. */
reader_number import_plan_learn(import_plan *plan, import_key *key, bool price, const char *text,
                                size_t bytes);

/* Makes the instruments from what is known. HEAN_E_INVALID (a text of the user does not fit),
 * HEAN_E_LIMIT, HEAN_E_PARSE, HEAN_E_RANGE. */
hean_status import_plan_settle(import_plan *plan, hean_error *error) HEAN_WARN_UNUSED;

/* HEAN_E_NOT_FOUND: the chosen symbol is not there; names those that are. */
hean_status import_plan_nothing_chosen(const import_plan *plan, hean_error *error);

/* ---- import_files.c ---- */
/* Lists the inputs behind the options' paths and tells the format of each. */
hean_status import_files_find(import_plan *plan, market_import_report *report,
                              hean_error *error) HEAN_WARN_UNUSED;

#endif
