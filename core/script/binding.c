/*
 * binding.c: events to doubles, positions, books and intents (see binding.h).
 */
#include "binding.h"

#include <engine/portfolio.h>

#include <math.h>
#include <string.h>

_Static_assert(sizeof(hean_intent) == 64, "script_intent in lua/hean/binding.lua has 64 bytes");
_Static_assert(sizeof(hean_event) == 72, "events are 72 bytes everywhere");

/* ---- units to doubles ---- */

static void step_to_fraction(hean_decimal step, double *num, double *den)
{
    *num = (double)step.mantissa;
    *den = 1;
    if (step.exponent10 < 0)
        *den = pow(10, -step.exponent10);
    else
        *num *= pow(10, step.exponent10);
}

static inline double price_of(const binding_instrument *instrument, int64_t ticks)
{
    return (double)ticks * instrument->tick_num / instrument->tick_den;
}

static inline double qty_of(const binding_instrument *instrument, int64_t lots)
{
    return (double)lots * instrument->lot_num / instrument->lot_den;
}

static double money_of(int64_t amount_e8)
{
    return (double)amount_e8 / 1e8;
}

static double ms_of(int64_t time_ns)
{
    return (double)time_ns / 1e6;
}

/* ---- what Lua asks for while a callback runs ---- */

static const market_book *book_of(const script_binding *binding, int32_t number)
{
    if (binding->books == NULL || number < 1 || (size_t)number > binding->instrument_count)
        return NULL;
    return binding->books[number - 1];
}

static void fill_book(script_binding *binding, int32_t number)
{
    script_io *io = &binding->io;
    const market_book *book = book_of(binding, number);
    if (book == NULL) {
        io->bid_qty = io->ask_qty = 0;
        return;
    }
    const binding_instrument *instrument = &binding->instruments[number - 1];
    io->bid = price_of(instrument, book->best[MARKET_BID].price_ticks);
    io->bid_qty = qty_of(instrument, book->best[MARKET_BID].qty_lots);
    io->ask = price_of(instrument, book->best[MARKET_ASK].price_ticks);
    io->ask_qty = qty_of(instrument, book->best[MARKET_ASK].qty_lots);
    /* From whole ticks, so that a spread of two ticks is the same double everywhere. */
    int64_t bid_ticks = book->best[MARKET_BID].price_ticks;
    int64_t ask_ticks = book->best[MARKET_ASK].price_ticks;
    io->mid =
        ((double)bid_ticks + (double)ask_ticks) * instrument->tick_num / (2 * instrument->tick_den);
    io->spread =
        ((double)ask_ticks - (double)bid_ticks) * instrument->tick_num / instrument->tick_den;
    io->time_ms = ms_of(book->exch_ns);
}

static void read_book(void *context, int32_t number)
{
    fill_book(context, number);
}

static void read_levels(void *context, int32_t number, int32_t side, int32_t count)
{
    script_binding *binding = context;
    script_io *io = &binding->io;
    const market_book *book = book_of(binding, number);
    io->level_count = 0;
    if (book == NULL || count < 1 || count > BINDING_LEVELS_MAX)
        return;
    market_level levels[BINDING_LEVELS_MAX];
    size_t found =
        market_book_depth(book, side == 0 ? MARKET_BID : MARKET_ASK, levels, (size_t)count);
    const binding_instrument *instrument = &binding->instruments[number - 1];
    for (size_t i = 0; i < found; i++) {
        io->levels[i].price = price_of(instrument, levels[i].price_ticks);
        io->levels[i].qty = qty_of(instrument, levels[i].qty_lots);
    }
    io->level_count = (int32_t)found;
}

/* Twice the price that a position is valued at: the mid of the book, else the last price; 0 if
 * there is none yet. */
static int64_t mark2_ticks(const script_binding *binding, size_t i)
{
    const market_book *book = binding->books != NULL ? binding->books[i] : NULL;
    int64_t mid2 = book != NULL ? market_book_mid2_ticks(book) : 0;
    return mid2 > 0 ? mid2 : 2 * binding->instruments[i].last_ticks;
}

static void mark_position(script_binding *binding, size_t i)
{
    binding_instrument *instrument = &binding->instruments[i];
    int64_t price2_ticks = mark2_ticks(binding, i);
    if (instrument->position.qty_lots == 0)
        instrument->position.unrealized_e8 = 0;
    else if (price2_ticks > 0 &&
             portfolio_mark(&instrument->position, &instrument->market, price2_ticks) != HEAN_OK)
        return; /* beyond int64: the last value stays, the engine reports the overflow */
}

static void read_position(void *context, int32_t number)
{
    script_binding *binding = context;
    script_io *io = &binding->io;
    if (number < 1 || (size_t)number > binding->instrument_count)
        return;
    mark_position(binding, (size_t)number - 1);
    const binding_instrument *instrument = &binding->instruments[number - 1];
    const hean_position *position = &instrument->position;
    double qty = qty_of(instrument, position->qty_lots);
    double cost = money_of(position->cost_e8);
    io->position_qty = qty;
    io->position_price = 0;
    if (qty != 0 && cost != 0)
        io->position_price = instrument->market.spec.kind == HEAN_INSTRUMENT_INVERSE
                                 ? fabs(qty) / cost
                                 : cost / fabs(qty);
    io->position_realized = money_of(position->realized_e8);
    io->position_unrealized = money_of(position->unrealized_e8);
    io->position_fees = money_of(position->fees_e8);
    io->position_funding = money_of(position->funding_e8);
}

static double equity(void *context)
{
    script_binding *binding = context;
    base_int128 sum = binding->capital_e8;
    for (size_t i = 0; i < binding->instrument_count; i++) {
        mark_position(binding, i);
        const hean_position *position = &binding->instruments[i].position;
        sum += (base_int128)position->realized_e8 + position->unrealized_e8 - position->fees_e8 +
               position->funding_e8;
    }
    return (double)sum / 1e8;
}

/* ---- life ---- */

hean_status binding_init(script_binding *binding, const script_options *options, hean_error *error)
{
    memset(binding, 0, sizeof(*binding));
    binding->allocator = options->allocator;
    binding->capital_e8 = options->capital_e8;
    binding->order_base = (uint64_t)options->strategy << BINDING_ORDER_ID_BITS;
    binding->io.vm = binding;
    binding->io.read_book = read_book;
    binding->io.read_levels = read_levels;
    binding->io.read_position = read_position;
    binding->io.equity = equity;
    if (options->instrument_count == 0)
        return HEAN_OK;
    binding->instruments = base_alloc_array(options->allocator, options->instrument_count,
                                            sizeof(*binding->instruments));
    if (binding->instruments == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for %zu instruments",
                         options->instrument_count);
    binding->instrument_count = options->instrument_count;
    for (size_t i = 0; i < options->instrument_count; i++) {
        binding_instrument *instrument = &binding->instruments[i];
        instrument->market = options->instruments[i];
        step_to_fraction(instrument->market.spec.tick_size, &instrument->tick_num,
                         &instrument->tick_den);
        step_to_fraction(instrument->market.spec.lot_size, &instrument->lot_num,
                         &instrument->lot_den);
    }
    return HEAN_OK;
}

void binding_deinit(script_binding *binding)
{
    base_free(binding->allocator, binding->instruments);
    binding->instruments = NULL;
}

/* ---- events ---- */

static double order_number(uint64_t order_id)
{
    return (double)(order_id & ((UINT64_C(1) << BINDING_ORDER_ID_BITS) - 1));
}

static void take_bar(script_io *io, binding_instrument *instrument, const hean_event *event)
{
    io->open = price_of(instrument, event->data.bar.open_ticks);
    io->high = price_of(instrument, event->data.bar.high_ticks);
    io->low = price_of(instrument, event->data.bar.low_ticks);
    io->close = price_of(instrument, event->data.bar.close_ticks);
    io->volume = qty_of(instrument, event->data.bar.volume_lots);
    io->interval_ns = (double)event->data.bar.interval_ns;
    instrument->last_ticks = event->data.bar.close_ticks;
}

static void take_mark(script_io *io, binding_instrument *instrument, const hean_event *event)
{
    io->mark = price_of(instrument, event->data.mark.mark_ticks);
    io->index = price_of(instrument, event->data.mark.index_ticks);
    io->last = price_of(instrument, event->data.mark.last_ticks);
    io->rate = (double)event->data.mark.next_rate_e12 / 1e12;
    io->next_funding_ms = ms_of(event->data.mark.next_funding_ns);
    io->open_interest = qty_of(instrument, event->data.mark.open_interest_lots);
    if (event->data.mark.mark_ticks > 0)
        instrument->last_ticks = event->data.mark.mark_ticks;
}

static hean_status take_fill(script_io *io, binding_instrument *instrument, const hean_event *event,
                             hean_error *error)
{
    int64_t realized_e8;
    hean_status status =
        portfolio_fill(&instrument->position, &instrument->market, (hean_side)event->side,
                       event->data.fill.price_ticks, event->data.fill.qty_lots,
                       event->data.fill.fee_e8, &realized_e8);
    if (status != HEAN_OK)
        return base_fail(error, status, "the position of %s overflows with this fill",
                         instrument->market.spec.symbol);
    io->id = order_number(event->data.fill.order_id);
    io->price = price_of(instrument, event->data.fill.price_ticks);
    io->qty = qty_of(instrument, event->data.fill.qty_lots);
    io->fee = money_of(event->data.fill.fee_e8);
    io->realized = money_of(realized_e8);
    io->maker = (event->flags & HEAN_EVENT_MAKER) != 0;
    return HEAN_OK;
}

static hean_status take_funding(script_io *io, binding_instrument *instrument,
                                const hean_event *event, hean_error *error)
{
    if (__builtin_add_overflow(instrument->position.funding_e8, event->data.funding.paid_e8,
                               &instrument->position.funding_e8))
        return base_fail(error, HEAN_E_RANGE, "the funding of %s overflows",
                         instrument->market.spec.symbol);
    io->rate = (double)event->data.funding.rate_e12 / 1e12;
    io->mark = price_of(instrument, event->data.funding.mark_ticks);
    io->paid = money_of(event->data.funding.paid_e8);
    return HEAN_OK;
}

/* Events that belong to an instrument. */
static hean_status take_market_event(script_binding *binding, const hean_event *event,
                                     hean_error *error)
{
    script_io *io = &binding->io;
    binding_instrument *instrument = &binding->instruments[event->instrument];
    switch ((hean_event_kind)event->kind) {
    case HEAN_EVENT_BOOK:
        fill_book(binding, io->instrument);
        break;
    case HEAN_EVENT_TRADE:
        io->price = price_of(instrument, event->data.level.price_ticks);
        io->qty = qty_of(instrument, event->data.level.qty_lots);
        io->id = (double)event->data.level.sequence;
        instrument->last_ticks = event->data.level.price_ticks;
        break;
    case HEAN_EVENT_BAR:
        take_bar(io, instrument, event);
        break;
    case HEAN_EVENT_QUOTE:
        io->bid = price_of(instrument, event->data.quote.bid_ticks);
        io->bid_qty = qty_of(instrument, event->data.quote.bid_lots);
        io->ask = price_of(instrument, event->data.quote.ask_ticks);
        io->ask_qty = qty_of(instrument, event->data.quote.ask_lots);
        break;
    case HEAN_EVENT_MARK:
        take_mark(io, instrument, event);
        break;
    case HEAN_EVENT_FUNDING:
        return take_funding(io, instrument, event, error);
    case HEAN_EVENT_ORDER:
        io->id = order_number(event->data.order.order_id);
        io->price = price_of(instrument, event->data.order.price_ticks);
        io->qty = qty_of(instrument, event->data.order.qty_lots);
        io->filled = qty_of(instrument, event->data.order.filled_lots);
        io->status = (int32_t)event->data.order.status;
        io->reason = event->reason;
        break;
    case HEAN_EVENT_FILL:
        return take_fill(io, instrument, event, error);
    default:
        break;
    }
    return HEAN_OK;
}

/* What the strategy held before this session. */
static hean_status take_restored(script_binding *binding, const hean_event *event,
                                 hean_error *error)
{
    if (event->instrument >= binding->instrument_count)
        return base_fail(error, HEAN_E_INVALID, "an event names instrument %u of %zu",
                         event->instrument, binding->instrument_count);
    binding->instruments[event->instrument].position = (hean_position){
        .qty_lots = event->data.restored.qty_lots,
        .cost_e8 = event->data.restored.cost_e8,
        .realized_e8 = event->data.restored.realized_e8,
        .fees_e8 = event->data.restored.fees_e8,
        .funding_e8 = event->data.restored.funding_e8,
    };
    return HEAN_OK;
}

hean_status binding_take_event(script_binding *binding, const hean_event *event, hean_error *error)
{
    script_io *io = &binding->io;
    io->now_ms = ms_of(event->local_ns);
    io->time_ms = ms_of(event->exch_ns);
    io->side = event->side;
    switch ((hean_event_kind)event->kind) {
    case HEAN_EVENT_START:
        return (event->flags & HEAN_EVENT_SNAPSHOT) != 0 ? take_restored(binding, event, error)
                                                         : HEAN_OK;
    case HEAN_EVENT_TIMER:
        io->tag = (double)event->data.timer.tag;
        return HEAN_OK;
    case HEAN_EVENT_CONNECTION:
        io->state = (int32_t)event->data.connection.state;
        return HEAN_OK;
    default:
        break;
    }
    if (event->instrument >= binding->instrument_count)
        return base_fail(error, HEAN_E_INVALID, "an event names instrument %u of %zu",
                         event->instrument, binding->instrument_count);
    io->instrument = event->instrument + 1;
    return take_market_event(binding, event, error);
}

/* ---- intents ---- */

void binding_begin(script_binding *binding)
{
    script_io *io = &binding->io;
    if (binding->carry) {
        binding->carry = false;
        return;
    }
    io->intent_count = io->text_used = io->log_lines = io->log_dropped = 0;
}

/* One more LOG intent in place of those that were too many. */
static void note_dropped_lines(script_io *io)
{
    char text[64];
    int bytes = snprintf(text, sizeof(text), "%d more log lines were dropped", io->log_dropped);
    io->log_dropped = 0;
    if (bytes <= 0 || (size_t)bytes >= sizeof(text) || io->intent_count >= ENGINE_INTENTS_MAX ||
        io->text_used > BINDING_TEXT_BYTES - bytes)
        return;
    hean_intent *intent = &io->intents[io->intent_count++];
    *intent = (hean_intent){.kind = HEAN_INTENT_LOG,
                            .side = HEAN_LOG_WARN,
                            .text_offset = (uint32_t)io->text_used,
                            .text_bytes = (uint32_t)bytes};
    memcpy(io->text + io->text_used, text, (size_t)bytes);
    io->text_used += bytes;
}

void binding_finish(script_binding *binding, engine_intents *out)
{
    script_io *io = &binding->io;
    if (io->log_dropped > 0)
        note_dropped_lines(io);
    if (io->intent_count < 0 || io->intent_count > ENGINE_INTENTS_MAX)
        io->intent_count = 0;
    if (io->text_used < 0 || io->text_used > BINDING_TEXT_BYTES)
        io->text_used = 0;
    for (int32_t i = 0; i < io->intent_count; i++) {
        hean_intent *intent = &io->intents[i];
        if (intent->kind == HEAN_INTENT_PLACE || intent->kind == HEAN_INTENT_AMEND ||
            intent->kind == HEAN_INTENT_CANCEL)
            intent->order_id |= binding->order_base;
    }
    out->items = io->intents;
    out->count = (size_t)io->intent_count;
    out->text = io->text;
    out->text_bytes = (size_t)io->text_used;
}
