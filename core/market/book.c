/*
 * book.c: an order book by price level.
 *
 * A side is a sorted sequence of levels, cut into pages of at most 64 levels; a directory holds the
 * least key of each page. A key is the price on the bid side and its negative on the ask side, so
 * that the best level is always the last one of the last page.
 *
 * Why this structure: three were measured on the recorded books of ETHUSDT (dense: 430,000 updates,
 * 3,000 levels a side) and BTCUSDT spot (sparse: 126,000 updates, 4 in 5 add or remove a level), by
 * bare calls of market_book_set; nanoseconds per update, mean and p99, first ETHUSDT, then BTCUSDT:
 *   - one sorted array, best at the end, galloping search: 67 and 450; 68 and 280;
 *   - pages of 64 ticks with a bitmap, sorted directory: 16 and 130; 40 and 200;
 *   - this, pages of up to 64 levels, sorted directory: 21 and 80; 36 and 80.
 * The bitmap is a little faster where every tick has a level, but a lonely level costs half a KiB
 * there, and in a hostile book of a million of them every new page is a long move of its directory.
 * Here a level costs 16 bytes in a full page, the slowest update moves half a page, and the
 * directory of a million levels is moved once in about 32 insertions. bench_book measures this one,
 * events and all (24 and 36 ns in the mean).
 *
 * Invariants, besides B1 to B4
 *   K1  keys rise strictly within a page and from page to page.
 *   K2  a side has at least one page; only a side without levels has an empty one.
 *   K3  unused keys of a page are KEY_NONE, above every key: a search needs no count.
 *   K4  lowest[i] <= every key of page i, > every key of page i - 1; lowest[0] is INT64_MIN.
 * Must not know instruments, orders or where events come from.
 */
#include <market/book.h>
#include <market/event.h>

#include <string.h>

#define PAGE_LEVELS 64
#define PAGE_SPARSE 16 /* a page with fewer levels looks for a neighbour to join */
#define PAGE_MERGED 40 /* with which it has no more than these */
#define KEY_NONE    INT64_C(0x7f7f7f7f7f7f7f7f)

typedef struct book_page book_page;
struct book_page {
    int64_t keys[PAGE_LEVELS];
    int64_t lots[PAGE_LEVELS];
    uint32_t count;
    book_page *next_free;
};

struct market_book_side {
    int64_t *lowest;
    book_page **pages;
    size_t page_count;
    size_t capacity; /* of both arrays */
    size_t levels;
    size_t last;     /* the page of the last update: a guess for the next */
    book_page *free; /* pages of cleared or emptied parts, kept for the next */
};

static inline int64_t key_of(int side, int64_t price_ticks)
{
    return side == MARKET_BID ? price_ticks : -price_ticks;
}

/* ---- memory ---- */

static void reset_page(book_page *page)
{
    memset(page->keys, KEY_NONE & 0xff, sizeof page->keys);
    page->count = 0;
}

static void clear_side(market_book_side *side)
{
    for (size_t i = 1; i < side->page_count; i++) {
        side->pages[i]->next_free = side->free;
        side->free = side->pages[i];
    }
    reset_page(side->pages[0]);
    side->page_count = 1;
    side->last = 0;
    side->levels = 0;
}

static void close_side(const hean_allocator *allocator, market_book_side *side)
{
    if (side == NULL)
        return;
    for (size_t i = 0; i < side->page_count; i++)
        base_free(allocator, side->pages[i]);
    while (side->free != NULL) {
        book_page *page = side->free;
        side->free = page->next_free;
        base_free(allocator, page);
    }
    base_free(allocator, side->lowest);
    base_free(allocator, side->pages);
    base_free(allocator, side);
}

/* A side with its first page, which it never gives up: one level always finds room (B4). */
static market_book_side *open_side(const hean_allocator *allocator)
{
    market_book_side *side = base_alloc(allocator, sizeof *side);

    if (side == NULL)
        return NULL;
    side->page_count = 0; /* until there is one */
    side->capacity = 8;
    side->lowest = base_alloc_array(allocator, side->capacity, sizeof *side->lowest);
    side->pages = base_alloc_array(allocator, side->capacity, sizeof(book_page *));
    if (side->lowest == NULL || side->pages == NULL ||
        (side->pages[0] = base_alloc(allocator, sizeof(book_page))) == NULL) {
        close_side(allocator, side);
        return NULL;
    }
    side->page_count = 1;
    side->lowest[0] = INT64_MIN;
    reset_page(side->pages[0]);
    return side;
}

hean_status market_book_init(market_book *book, const hean_allocator *allocator)
{
    *book = (market_book){.allocator = allocator};
    for (int side = 0; side < 2; side++) {
        book->side[side] = open_side(allocator);
        if (book->side[side] == NULL) {
            market_book_deinit(book);
            return HEAN_E_NO_MEMORY;
        }
    }
    return HEAN_OK;
}

void market_book_deinit(market_book *book)
{
    close_side(book->allocator, book->side[0]);
    close_side(book->allocator, book->side[1]);
    *book = (market_book){0};
}

void market_book_clear(market_book *book)
{
    for (int side = 0; side < 2; side++) {
        clear_side(book->side[side]);
        book->best[side] = (market_level){0};
    }
}

/* Room for one more page: in the directory, and a page on the free list. */
static bool reserve_page(const hean_allocator *allocator, market_book_side *side)
{
    if (side->page_count == side->capacity) {
        size_t capacity = side->capacity * 2;
        int64_t *lowest = base_resize(allocator, side->lowest, capacity * sizeof *lowest);
        book_page **pages;
        if (lowest == NULL)
            return false;
        side->lowest = lowest;
        pages = base_resize(allocator, side->pages, capacity * sizeof(book_page *));
        if (pages == NULL)
            return false;
        side->pages = pages;
        side->capacity = capacity;
    }
    if (side->free == NULL) {
        side->free = base_alloc(allocator, sizeof(book_page));
        if (side->free == NULL)
            return false;
    }
    return true;
}

/* ---- finding ---- */

static inline size_t find_page(const market_book_side *side, int64_t key)
{
    size_t at = side->last;

    if (side->lowest[at] <= key && (at + 1 == side->page_count || key < side->lowest[at + 1]))
        return at;
    at = 0;
    for (size_t count = side->page_count; count > 1;) {
        size_t half = count / 2;
        at += side->lowest[at + half] <= key ? half : 0;
        count -= half;
    }
    return at;
}

/* The number of keys below `key`. Two rounds of independent comparisons, without a branch and with
 * only two loads that wait for one another, where a binary search has seven. */
static inline uint32_t find_key(const book_page *page, int64_t key)
{
    const int64_t *keys = page->keys;
    int group = (keys[7] < key) + (keys[15] < key) + (keys[23] < key) + (keys[31] < key) +
                (keys[39] < key) + (keys[47] < key) + (keys[55] < key);

    keys += 8 * group;
    return (uint32_t)(8 * group + (keys[0] < key) + (keys[1] < key) + (keys[2] < key) +
                      (keys[3] < key) + (keys[4] < key) + (keys[5] < key) + (keys[6] < key) +
                      (keys[7] < key));
}

static inline bool found(const book_page *page, uint32_t at, int64_t key)
{
    return at < page->count && page->keys[at] == key;
}

/* ---- changing ---- */

static void add_page(market_book_side *side, size_t at, book_page *page)
{
    memmove(side->lowest + at + 1, side->lowest + at,
            (side->page_count - at) * sizeof *side->lowest);
    memmove(side->pages + at + 1, side->pages + at, (side->page_count - at) * sizeof(book_page *));
    side->lowest[at] = page->keys[0];
    side->pages[at] = page;
    side->page_count++;
}

static void drop_page(market_book_side *side, size_t at)
{
    side->pages[at]->next_free = side->free;
    side->free = side->pages[at];
    side->page_count--;
    side->last = 0;
    memmove(side->lowest + at, side->lowest + at + 1,
            (side->page_count - at) * sizeof *side->lowest);
    memmove(side->pages + at, side->pages + at + 1, (side->page_count - at) * sizeof(book_page *));
    side->lowest[0] = INT64_MIN;
}

static void put_level(book_page *page, uint32_t at, int64_t key, int64_t qty_lots)
{
    size_t bytes = (page->count - at) * sizeof page->keys[0];

    memmove(page->keys + at + 1, page->keys + at, bytes);
    memmove(page->lots + at + 1, page->lots + at, bytes);
    page->keys[at] = key;
    page->lots[at] = qty_lots;
    page->count++;
}

/* Moves the levels from `from` on to the end of another page. */
static void move_levels(book_page *page, uint32_t from, book_page *to)
{
    uint32_t count = page->count - from;

    memcpy(to->keys + to->count, page->keys + from, count * sizeof page->keys[0]);
    memcpy(to->lots + to->count, page->lots + from, count * sizeof page->lots[0]);
    memset(page->keys + from, KEY_NONE & 0xff, count * sizeof page->keys[0]);
    to->count += count;
    page->count = from;
}

static hean_status insert(market_book *book, market_book_side *side, size_t page_at, uint32_t at,
                          int64_t key, int64_t qty_lots)
{
    book_page *page = side->pages[page_at];

    if (side->levels >= MARKET_BOOK_LEVELS_MAX)
        return HEAN_E_LIMIT;
    if (page->count == PAGE_LEVELS) {
        book_page *upper;
        /* A market that moves adds levels at its end: then the full page stays full. */
        uint32_t from = at == PAGE_LEVELS ? PAGE_LEVELS : PAGE_LEVELS / 2;

        if (!reserve_page(book->allocator, side))
            return HEAN_E_NO_MEMORY;
        upper = side->free;
        side->free = upper->next_free;
        reset_page(upper);
        move_levels(page, from, upper);
        if (at >= from) {
            put_level(upper, at - from, key, qty_lots);
            add_page(side, page_at + 1, upper);
            side->levels++;
            return HEAN_OK;
        }
        add_page(side, page_at + 1, upper);
    }
    put_level(page, at, key, qty_lots);
    side->levels++;
    return HEAN_OK;
}

/* Keeps pages filled, so that memory follows the levels down as well. */
static void join_neighbour(market_book_side *side, size_t page_at)
{
    size_t lower = page_at;

    if (page_at > 0 && side->pages[page_at - 1]->count + side->pages[page_at]->count <= PAGE_MERGED)
        lower = page_at - 1;
    else if (page_at + 1 == side->page_count ||
             side->pages[page_at]->count + side->pages[page_at + 1]->count > PAGE_MERGED)
        return;
    move_levels(side->pages[lower + 1], 0, side->pages[lower]);
    drop_page(side, lower + 1);
}

static void take_out(market_book_side *side, size_t page_at, uint32_t at)
{
    book_page *page = side->pages[page_at];
    size_t bytes = (page->count - at - 1) * sizeof page->keys[0];

    memmove(page->keys + at, page->keys + at + 1, bytes);
    memmove(page->lots + at, page->lots + at + 1, bytes);
    page->keys[--page->count] = KEY_NONE;
    side->levels--;
    if (page->count < PAGE_SPARSE && side->page_count > 1) {
        if (page->count == 0)
            drop_page(side, page_at);
        else
            join_neighbour(side, page_at);
    }
}

static inline void refresh_best(market_book *book, int side_at)
{
    const market_book_side *side = book->side[side_at];
    const book_page *page = side->pages[side->page_count - 1];

    if (page->count == 0)
        book->best[side_at] = (market_level){0};
    else
        book->best[side_at] = (market_level){key_of(side_at, page->keys[page->count - 1]),
                                             page->lots[page->count - 1]};
}

static inline hean_status check_level(int64_t price_ticks, int64_t qty_lots)
{
    if (price_ticks < 1 || price_ticks > MARKET_TICKS_MAX || qty_lots > MARKET_LOTS_MAX)
        return HEAN_E_RANGE;
    return qty_lots < 0 ? HEAN_E_INVALID : HEAN_OK;
}

hean_status market_book_set(market_book *book, int side_at, int64_t price_ticks, int64_t qty_lots,
                            int64_t *previous_lots)
{
    hean_status status = check_level(price_ticks, qty_lots);
    market_book_side *side;
    int64_t key, previous = 0;
    size_t page_at;
    uint32_t at;

    if ((unsigned)side_at > MARKET_ASK)
        return HEAN_E_INVALID;
    if (status != HEAN_OK)
        return status;
    side = book->side[side_at];
    key = key_of(side_at, price_ticks);
    page_at = find_page(side, key);
    side->last = page_at;
    at = find_key(side->pages[page_at], key);
    if (found(side->pages[page_at], at, key)) {
        previous = side->pages[page_at]->lots[at];
        if (qty_lots > 0)
            side->pages[page_at]->lots[at] = qty_lots;
        else
            take_out(side, page_at, at);
    } else if (qty_lots > 0) {
        status = insert(book, side, page_at, at, key, qty_lots);
        if (status != HEAN_OK)
            return status;
    }
    refresh_best(book, side_at);
    if (previous_lots != NULL)
        *previous_lots = previous;
    return HEAN_OK;
}

/* ---- events ---- */

static hean_status apply_level(market_book *book, const hean_event *event)
{
    int64_t price_ticks = event->data.level.price_ticks, qty_lots = event->data.level.qty_lots;
    int side_at = event->side == HEAN_SIDE_SELL ? MARKET_ASK : MARKET_BID;
    bool has_level = event->side != HEAN_SIDE_NONE;

    if (has_level) {
        hean_status status = check_level(price_ticks, qty_lots);
        if (event->side > HEAN_SIDE_SELL)
            return HEAN_E_INVALID;
        if (status != HEAN_OK)
            return status;
    }
    /* From here on a cleared book has room for one level, so nothing fails after the clearing. */
    if ((event->flags & HEAN_EVENT_CLEAR) != 0 || book->from_quote)
        market_book_clear(book);
    if (has_level) {
        hean_status status = market_book_set(book, side_at, price_ticks, qty_lots, NULL);
        if (status != HEAN_OK)
            return status;
    }
    book->from_book = true;
    book->from_quote = false;
    return HEAN_OK;
}

static hean_status apply_quote(market_book *book, const hean_event *event)
{
    const market_level levels[2] = {{event->data.quote.bid_ticks, event->data.quote.bid_lots},
                                    {event->data.quote.ask_ticks, event->data.quote.ask_lots}};

    for (int side = 0; side < 2; side++) {
        hean_status status = check_level(levels[side].price_ticks, levels[side].qty_lots);
        if (status != HEAN_OK && levels[side].qty_lots != 0)
            return status;
    }
    market_book_clear(book);
    for (int side = 0; side < 2; side++) {
        hean_status status = HEAN_OK;
        if (levels[side].qty_lots > 0)
            status =
                market_book_set(book, side, levels[side].price_ticks, levels[side].qty_lots, NULL);
        BASE_ASSERT(status == HEAN_OK);
    }
    book->from_quote = true;
    return HEAN_OK;
}

hean_status market_book_apply(market_book *book, const hean_event *event)
{
    hean_status status;

    if (event->kind == HEAN_EVENT_BOOK)
        status = apply_level(book, event);
    else if (event->kind == HEAN_EVENT_QUOTE && !book->from_book)
        status = apply_quote(book, event);
    else
        return HEAN_OK;
    if (status != HEAN_OK)
        return status;
    book->exch_ns = event->exch_ns;
    book->local_ns = event->local_ns;
    book->updates++;
    return HEAN_OK;
}

/* ---- reading ---- */

int64_t market_book_qty(const market_book *book, int side_at, int64_t price_ticks)
{
    const market_book_side *side;
    const book_page *page;
    int64_t key;
    uint32_t at;

    if (price_ticks < 1 || price_ticks > MARKET_TICKS_MAX)
        return 0;
    side = book->side[side_at];
    key = key_of(side_at, price_ticks);
    page = side->pages[find_page(side, key)];
    at = find_key(page, key);
    return found(page, at, key) ? page->lots[at] : 0;
}

size_t market_book_levels(const market_book *book, int side)
{
    return book->side[side]->levels;
}

size_t market_book_depth(const market_book *book, int side_at, market_level *out, size_t count)
{
    const market_book_side *side = book->side[side_at];
    size_t copied = 0;

    for (size_t i = side->page_count; i-- > 0 && copied < count;) {
        const book_page *page = side->pages[i];
        for (uint32_t at = page->count; at-- > 0 && copied < count; copied++)
            out[copied] = (market_level){key_of(side_at, page->keys[at]), page->lots[at]};
    }
    return copied;
}

bool market_book_crossed(const market_book *book)
{
    return book->best[0].qty_lots != 0 && book->best[1].qty_lots != 0 &&
           book->best[0].price_ticks >= book->best[1].price_ticks;
}
