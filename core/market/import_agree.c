/*
 * import_agree.c: a ring of quotes and a ring of book states; a state is judged once a quote that
 * is younger has come. What the rings cannot hold is not judged.
 */
#include "import_agree.h"

static const import_best *slot(const import_best *ring, uint64_t number)
{
    return &ring[number % IMPORT_AGREE_SLOTS];
}

static bool same(const import_best *a, const import_best *b)
{
    return a->bid_ticks == b->bid_ticks && a->bid_lots == b->bid_lots &&
           a->ask_ticks == b->ask_ticks && a->ask_lots == b->ask_lots;
}

/* The price of an empty side means nothing. */
static import_best best_of(int64_t exch_ns, market_level bid, market_level ask)
{
    return (import_best){exch_ns, bid.qty_lots > 0 ? bid.price_ticks : 0, bid.qty_lots,
                         ask.qty_lots > 0 ? ask.price_ticks : 0, ask.qty_lots};
}

/* Compares a state with the quote in force at its time, if that stood still around it. */
static void judge(import_agree *agree, const import_best *book)
{
    uint64_t oldest =
        agree->quote_count > IMPORT_AGREE_SLOTS ? agree->quote_count - IMPORT_AGREE_SLOTS : 0;

    for (uint64_t next = agree->quote_count - 1; next > oldest; next--) {
        const import_best *quote = slot(agree->quotes, next - 1);
        if (quote->exch_ns > book->exch_ns)
            continue;
        if (book->exch_ns - quote->exch_ns < IMPORT_QUIET_NS ||
            slot(agree->quotes, next)->exch_ns - book->exch_ns <= IMPORT_QUIET_NS)
            return;
        agree->compared++;
        agree->agreeing += same(quote, book) ? 1 : 0;
        return;
    }
}

static void judge_waiting(import_agree *agree)
{
    if (agree->quote_count == 0)
        return;
    for (; agree->book_done < agree->book_count; agree->book_done++) {
        const import_best *book = slot(agree->books, agree->book_done);
        if (slot(agree->quotes, agree->quote_count - 1)->exch_ns <= book->exch_ns)
            return;
        judge(agree, book);
    }
}

void import_agree_quote(import_agree *agree, const hean_event *quote)
{
    /* A stream that steps back in venue time starts anew: the search needs it in order. */
    if (agree->quote_count > 0 &&
        quote->exch_ns < slot(agree->quotes, agree->quote_count - 1)->exch_ns)
        agree->quote_count = 0;
    agree->quotes[agree->quote_count++ % IMPORT_AGREE_SLOTS] = best_of(
        quote->exch_ns, (market_level){quote->data.quote.bid_ticks, quote->data.quote.bid_lots},
        (market_level){quote->data.quote.ask_ticks, quote->data.quote.ask_lots});
    judge_waiting(agree);
}

void import_agree_book(import_agree *agree, const market_book *book)
{
    import_best *last = &agree->books[(agree->book_count - 1) % IMPORT_AGREE_SLOTS];

    /* Several messages of one instant: the last one is its state. */
    if (agree->book_done < agree->book_count && last->exch_ns == book->exch_ns)
        agree->book_count--;
    if (agree->book_count - agree->book_done == IMPORT_AGREE_SLOTS)
        agree->book_done++;
    agree->books[agree->book_count++ % IMPORT_AGREE_SLOTS] =
        best_of(book->exch_ns, book->best[MARKET_BID], book->best[MARKET_ASK]);
    judge_waiting(agree);
}
