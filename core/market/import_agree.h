/*
 * import_agree.h: does the book that was built agree with the venue's own best bid and ask?
 *
 * See market_import_book in market/import.h for what counts as the same instant. Both streams come
 * in order of local time and each in order of its venue time; each may be late against the other.
 */
#ifndef MARKET_IMPORT_AGREE_H
#define MARKET_IMPORT_AGREE_H

#include <market/book.h>

#define IMPORT_AGREE_SLOTS 256u
#define IMPORT_QUIET_NS    (5 * BASE_NS_PER_MS)

/* Best of both sides at a venue time. */
typedef struct import_best {
    int64_t exch_ns;
    int64_t bid_ticks, bid_lots, ask_ticks, ask_lots;
} import_best;

typedef struct import_agree {
    import_best quotes[IMPORT_AGREE_SLOTS];
    import_best books[IMPORT_AGREE_SLOTS]; /* that wait for a later quote */
    uint64_t quote_count, book_count, book_done;
    uint64_t compared, agreeing;
} import_agree;

void import_agree_quote(import_agree *agree, const hean_event *quote);
/* After the last event of a book message. */
void import_agree_book(import_agree *agree, const market_book *book);

#endif
