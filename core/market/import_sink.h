/*
 * import_sink.h: where merged events go: the books that check them, the report, the file.
 */
#ifndef MARKET_IMPORT_SINK_H
#define MARKET_IMPORT_SINK_H

#include <market/book.h>

#include "import_agree.h"
#include "import_plan.h"

/* What is followed of one instrument. */
typedef struct import_sink_book {
    market_book book;
    bool open;
    bool replaced; /* the message being read replaces the book */
    import_agree *agree;
    uint64_t crossed_messages, snapshots, messages;
} import_sink_book;

typedef struct import_sink {
    const hean_allocator *allocator;
    const import_plan *plan;
    import_sink_book *books;    /* by instrument id */
    market_data_writer *writer; /* NULL: only checking */
    market_data_info info;
    bool started;    /* an event at or after from_ns was seen */
    bool over;       /* one at or after to_ns was seen */
    int64_t last_ns; /* of the last event taken, before the cut too */
} import_sink;

/* fd < 0: only checks. */
hean_status import_sink_open(import_sink *sink, const import_plan *plan, int fd,
                             hean_error *error) HEAN_WARN_UNUSED;
void import_sink_close(import_sink *sink);
/* Takes events in order of local time. */
hean_status import_sink_take(import_sink *sink, const hean_event *events, size_t count,
                             hean_error *error) HEAN_WARN_UNUSED;
/* Finishes the file and fills in the report's data and books. */
hean_status import_sink_finish(import_sink *sink, market_import_report *report,
                               hean_error *error) HEAN_WARN_UNUSED;

#endif
