/*
 * import_source.h: one input as a stream of events in order of local time.
 *
 *     rows -> events -> window that puts small disorder right -> messages -> whoever merges
 *
 * Invariants
 *   S1  events [next, ready) are in order, and none that follows is earlier.
 *   S2  BOOK events of one message follow each other, and the last one says so.
 *   S3  every event passes market_event_problem.
 *   S4  memory is constant: a window of events, a line, and what zlib needs.
 */
#ifndef MARKET_IMPORT_SOURCE_H
#define MARKET_IMPORT_SOURCE_H

#include <market/sim.h>

#include "import_plan.h"
#include "import_sort.h"
#include "reader_lines.h"
#include "reader_orderbook.h"

/* Rows may be this many rows late before they are sorted on disk. */
#define IMPORT_WINDOW_EVENTS 2048
#define IMPORT_PREFIX_BYTES  256

/* What a row needs to know of rows before it, per key. */
typedef struct import_memory {
    int64_t update;  /* ORDERBOOK: the last u; 0: none yet */
    int64_t open_ns; /* BAR: when the last one opened */
    int64_t funding_ns, funding_interval_ns, funding_rate_e12;
    bool funding_known, funding_done;
    hean_event mark;
} import_memory;

typedef struct import_source {
    import_plan *plan;
    import_file *file;
    market_import_file *report;
    const hean_allocator *allocator;
    bool learning; /* the first look: nothing is known, nothing is kept */
    bool sorting;  /* on disk, as the plan said when this pass began */

    reader_lines lines;
    reader_field *fields;
    reader_orderbook orderbook;
    char *header; /* where members of a gzip file each bring one, it is seen again */
    size_t header_bytes;
    uint64_t blanks; /* empty lines that may yet turn out not to be the last ones */
    uint64_t line;   /* of the row being read */
    import_sort *sort;
    bool sorted; /* the rows are all in it */
    market_data binary;
    uint64_t position;
    market_sim *sim;
    int64_t sim_end_ns;
    uint16_t *ids; /* binary and simulator: of their instruments; IMPORT_NO_ID: not chosen */

    hean_event *events;
    size_t capacity, count; /* made so far */
    size_t next, ready;     /* finished: may be taken */
    bool ended, disordered;
    int64_t row_ns;              /* local time of the last good row */
    int64_t least_ns;            /* of all rows */
    uint64_t good, rises, falls; /* good rows; steps of their times */
    int64_t released_ns;         /* of the last event that was let go */
    bool was_snapshot[MARKET_INSTRUMENTS_MAX];

    /* The row being read. */
    size_t row_start; /* its first event */
    bool row_pending; /* its numbers are to be learned first */
    bool row_rounded; /* a number was not exact */
    bool row_clamped; /* its venue time was after its local time */
    hean_status failed;
    hean_error *error;
    import_key *file_key, *key; /* that of the file's name; that of the last row */
    import_memory *memory;      /* by key number */
    size_t memory_count;
    /* Of the last book row: the bytes before the price, and what they mean. */
    char prefix[IMPORT_PREFIX_BYTES];
    size_t prefix_bytes;
    hean_event level;
} import_source;

hean_status import_source_open(import_plan *plan, import_file *file, market_import_file *report,
                               bool learning, import_source **out,
                               hean_error *error) HEAN_WARN_UNUSED;
void import_source_close(import_source *source);

/* Makes more events ready if none is; next == ready afterwards means that it is over. */
hean_status import_source_fill(import_source *source, hean_error *error) HEAN_WARN_UNUSED;
/* Learning: reads the first rows. */
hean_status import_source_look(import_source *source, hean_error *error) HEAN_WARN_UNUSED;
/* Bytes of the file taken so far. */
uint64_t import_source_taken(const import_source *source);

/* ---- import_rows.c: one line of text ---- */
/* Counts the row, makes its events, or counts it as bad. Fails only if memory runs out or, when
 * strict, at a bad row. */
hean_status import_row(import_source *source, const char *line, size_t bytes,
                       hean_error *error) HEAN_WARN_UNUSED;
/* The functions below return false when the row cannot be used; the reason is recorded. */
bool import_bad(import_source *source, const char *format, ...) HEAN_PRINTF(2, 3);
hean_event *import_push(import_source *source);
/* How exact a number must be where the user gave the tick or lot. */
typedef enum import_exactness {
    IMPORT_EXACT, /* a multiple, or the row is bad */
    IMPORT_NEAR,  /* from NEAR_STEPS on it may be rounded to the nearest, which is counted: sizes of
                     orders from before a change of lot, bars that somebody interpolated */
    IMPORT_FREE,  /* rounded to the nearest: averages */
    IMPORT_DOWN   /* rounded down: volumes */
} import_exactness;
#define IMPORT_NEAR_STEPS 1000
bool import_units(import_source *source, import_key *key, reader_field text, const char *name,
                  bool price, import_exactness exactness, int64_t *out);
bool import_key_of(import_source *source, reader_field exchange, reader_field symbol,
                   import_key **out);
/* The venue's time is never after the local one. */
void import_clamp(import_source *source, hean_event *event);
import_memory *import_memory_of(import_source *source, const import_key *key);

/* ---- import_orderbook.c ---- */
bool import_orderbook_row(import_source *source, const char *line, size_t bytes);

#endif
