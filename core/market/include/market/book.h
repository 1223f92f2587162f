/*
 * book.h: an order book by price level (L2).
 *
 * Invariants
 *   B1  a side holds at most one size per price, and every size is positive.
 *   B2  market_book_best is O(1) and always the true best of what was applied.
 *   B3  a book never repairs itself: it reports crossed and gap states, the caller decides.
 *   B4  a failed call leaves the book as it was.
 * Cost: an update near the best is a few tens of nanoseconds; memory grows with the levels only.
 */
#ifndef MARKET_BOOK_H
#define MARKET_BOOK_H

#include <base/base.h>

typedef struct market_level {
    int64_t price_ticks;
    int64_t qty_lots; /* 0: no such level */
} market_level;

/* Read the `best` array freely; everything else is the book's own. */
typedef struct market_book_side market_book_side;
typedef struct market_book {
    market_level best[2]; /* [0] bid, [1] ask; qty 0 when the side is empty */
    int64_t exch_ns;      /* of the last event applied */
    int64_t local_ns;
    uint64_t updates;
    market_book_side *side[2]; /* [0] bid, [1] ask */
    const hean_allocator *allocator;
    bool from_book;  /* a BOOK event was seen: QUOTE events no longer change the book */
    bool from_quote; /* it holds a quote's two levels, which the first BOOK event replaces */
} market_book;

#define MARKET_BID 0
#define MARKET_ASK 1

/* The most levels one side may hold; more is HEAN_E_LIMIT (a broken feed, not a market). */
#define MARKET_BOOK_LEVELS_MAX (1u << 20)

hean_status market_book_init(market_book *book, const hean_allocator *allocator) HEAN_WARN_UNUSED;
void market_book_deinit(market_book *book);
void market_book_clear(market_book *book);

/* Sets the total size at a price; 0 removes (an unknown level is ignored).
 * `previous_lots` (may be NULL) gets the size that was there.
 * HEAN_E_INVALID for a negative size; HEAN_E_RANGE for a price below 1 or a price or size above
 * 2^53; HEAN_E_LIMIT, HEAN_E_NO_MEMORY. */
hean_status market_book_set(market_book *book, int side, int64_t price_ticks, int64_t qty_lots,
                            int64_t *previous_lots) HEAN_WARN_UNUSED;

/* Applies a BOOK or QUOTE event with its flags; other kinds are ignored. A QUOTE replaces the book
 * by its two levels until the first BOOK event is seen. */
hean_status market_book_apply(market_book *book, const hean_event *event) HEAN_WARN_UNUSED;

/* The size at a price, 0 if there is none. */
int64_t market_book_qty(const market_book *book, int side, int64_t price_ticks);
size_t market_book_levels(const market_book *book, int side);
/* Copies up to `count` levels from the best outwards; returns how many. */
size_t market_book_depth(const market_book *book, int side, market_level *out, size_t count);
/* Bid at or above ask, both present. */
bool market_book_crossed(const market_book *book);

/* The best of both sides, twice the mid price in ticks (so that it is whole); 0 if a side is
 * empty. */
static inline int64_t market_book_mid2_ticks(const market_book *book)
{
    if (book->best[0].qty_lots == 0 || book->best[1].qty_lots == 0)
        return 0;
    return book->best[0].price_ticks + book->best[1].price_ticks;
}

#endif
