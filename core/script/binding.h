/*
 * binding.h: the memory that C and the trusted Lua share: one decoded event in, intents out.
 *
 * Invariants
 *   * script_io is laid out as the cdef in lua/hean/binding.lua says; script_vm_open compares the
 *     sizes, tests/unit/vm_test.c every offset.
 *   * Everything that Lua may write here (counts, offsets, numbers) is checked before C uses it,
 *     although only trusted Lua can reach it.
 *   * Prices and quantities are the doubles nearest to units * step; money is kept in integers.
 *
 * Knows nothing of Lua's interface.
 */
#ifndef SCRIPT_BINDING_H
#define SCRIPT_BINDING_H

#include <script/script.h>

#define BINDING_LEVELS_MAX    200
#define BINDING_TEXT_BYTES    (int)SCRIPT_TEXT_BYTES_MAX
#define BINDING_ORDER_ID_BITS 48

typedef struct script_level {
    double price, qty;
} script_level;

typedef struct script_io {
    double now_ms, time_ms;
    int32_t instrument, side, status, reason, state, maker; /* instrument: from 1 */
    double id, price, qty, filled, fee, realized;
    double open, high, low, close, volume, interval_ns;
    double bid, bid_qty, ask, ask_qty, mid, spread;
    double mark, index, last, rate, next_funding_ms, open_interest, paid, tag;
    double position_qty, position_price, position_realized, position_unrealized, position_fees,
        position_funding;
    int32_t intent_count, text_used, log_lines, log_dropped, orders_allowed, level_count;
    void *vm;
    void (*read_book)(void *vm, int32_t instrument);
    void (*read_levels)(void *vm, int32_t instrument, int32_t side, int32_t count);
    void (*read_position)(void *vm, int32_t instrument);
    double (*equity)(void *vm);
    script_level levels[BINDING_LEVELS_MAX];
    hean_intent intents[ENGINE_INTENTS_MAX];
    char text[BINDING_TEXT_BYTES];
} script_io;

/* units * num / den is the double nearest to the price or quantity. */
typedef struct binding_instrument {
    double tick_num, tick_den, lot_num, lot_den;
    market_instrument market;
    hean_position position;
    int64_t last_ticks; /* the last price seen, where there is no book */
} binding_instrument;

typedef struct script_binding {
    script_io io;
    const hean_allocator *allocator;
    binding_instrument *instruments;
    size_t instrument_count;
    const market_book *const *books; /* may be NULL: no books */
    uint64_t order_base;             /* strategy << 48 */
    int64_t capital_e8;
    bool carry; /* intents that were made outside of an event wait for the next one */
} script_binding;

hean_status binding_init(script_binding *binding, const script_options *options,
                         hean_error *error) HEAN_WARN_UNUSED;
void binding_deinit(script_binding *binding);

/* Writes an event into io and follows it in the positions. HEAN_E_INVALID for an instrument that
 * does not exist, HEAN_E_RANGE if a position overflows. */
hean_status binding_take_event(script_binding *binding, const hean_event *event,
                               hean_error *error) HEAN_WARN_UNUSED;
/* Empties the list of intents, unless it carries over. */
void binding_begin(script_binding *binding);
/* Completes the intents that Lua wrote: order ids, the note on dropped log lines. */
void binding_finish(script_binding *binding, engine_intents *out);

#endif
