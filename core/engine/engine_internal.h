/*
 * engine_internal.h: what the files of the loop share.
 *
 * engine.c opens and answers questions, loop.c decides what happens next, feed.c takes market
 * events on the host's side, intents.c takes wishes, account.c keeps orders and money.
 */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "fifo.h"
#include "orders.h"

#include <engine/engine.h>
#include <engine/paper.h>
#include <engine/portfolio.h>
#include <engine/risk.h>
#include <market/bars.h>
#include <market/event.h>

typedef enum engine_stage { ENGINE_SETUP, ENGINE_RUNNING, ENGINE_ENDED } engine_stage;

typedef struct engine_bars {
    market_bars bars;
    bool native; /* the data has bars of this interval itself */
    bool late;   /* `closed` waits for the shorter bar that completed it to go out first */
    hean_event closed;
} engine_bars;

typedef struct instrument_state {
    market_instrument instrument;
    market_book *book;                           /* its address never changes */
    int64_t mark_ticks, last_ticks, close_ticks; /* 0: none yet */
    int64_t reference2_ticks; /* mid, else mark, last, close; in half ticks; 0: none */
    uint32_t kinds;           /* what any strategy wants of it */
    bool every_level;
    uint32_t holders; /* strategies with a position */
    engine_bars *bars;
    size_t bar_count, bar_capacity;
    int64_t bars_end_ns; /* when the first of the open bars ends; INT64_MAX: none */
} instrument_state;

typedef struct holding {
    hean_position position;
    int64_t open_lots[2];   /* buy, sell: counted_lots of open orders but reduce-only ones */
    int64_t reduce_lots[2]; /* the same of reduce-only ones */
} holding;

typedef struct strategy_state {
    engine_strategy config; /* pointers are to own copies */
    char *name;
    int64_t *intervals_ns;
    uint8_t *wanted; /* instruments; NULL: all */
    size_t wanted_count;
    bool stopped;
    uint64_t last_sequence;
    risk_gate gate;
    hean_account account; /* state, equity and drawdown are filled in when asked for */
    holding *holdings;    /* by instrument */
    order_list orders;
    uint32_t timers; /* pending */
    int64_t timer_second;
    int32_t timers_set; /* in that second */
    int64_t chain_ns;   /* instant of the last order or timer intent */
    int32_t chain_steps;
    int64_t log_second;
    int32_t log_lines;
    int64_t log_dropped;
} strategy_state;

typedef struct engine_timer {
    int64_t due_ns;
    uint64_t number; /* among equals, the first set fires first */
    int64_t tag;
    uint16_t strategy;
    bool quarantine; /* the gate's own: ends a quarantine */
} engine_timer;

struct engine {
    const hean_allocator *allocator;
    engine_options options;
    engine_stage stage;
    instrument_state *instruments;
    size_t instrument_count, instrument_capacity;
    const market_book **books; /* MARKET_INSTRUMENTS_MAX places */
    strategy_state *strategies;
    size_t strategy_count, strategy_capacity;
    paper *broker; /* NULL: external */
    order_table orders;
    fifo deliveries;      /* hean_event: to strategies, after the current event */
    engine_timer *timers; /* a heap */
    size_t timer_count, timer_capacity;
    uint64_t timer_number;
    hash_sha256 *hash;
    int64_t now_ns;
    uint64_t events;
    bool woken; /* something may have become due: the replay looks again */
    hean_error error;
};

/* ---- feed.c ---- */
/* A market event on the host's side: book, bars, marks, strategies, and what they caused. */
hean_status feed_take(engine *self, const hean_event *event) HEAN_WARN_UNUSED;
/* A settlement of one strategy: engine_settle. */
hean_status feed_settle(engine *self, strategy_state *strategy,
                        const hean_event *event) HEAN_WARN_UNUSED;
/* Bars that end because time passed. */
hean_status feed_pass_time(engine *self) HEAN_WARN_UNUSED;
/* Hands one event to one strategy and takes its intents. */
hean_status strategy_call(engine *self, strategy_state *strategy,
                          const hean_event *event) HEAN_WARN_UNUSED;
/* Hands out what waits, and what that causes, until nothing is left. */
hean_status strategy_deliver(engine *self) HEAN_WARN_UNUSED;

/* ---- intents.c ---- */
hean_status intents_take(engine *self, strategy_state *strategy,
                         const engine_intents *intents) HEAN_WARN_UNUSED;
hean_status intents_cancel(engine *self, uint32_t slot, bool by_host) HEAN_WARN_UNUSED;

/* ---- account.c ---- */
/* To the observer and the hash now, to the strategy after the current event. */
hean_status account_tell(engine *self, const hean_event *event, bool to_strategy) HEAN_WARN_UNUSED;
hean_event account_order_event(const engine *self, const order_state *order);
hean_status account_refuse(engine *self, strategy_state *strategy, const hean_event *order,
                           hean_reason reason) HEAN_WARN_UNUSED;
/* An ORDER or FILL event of the broker; slot ORDERS_NONE: the order has ended. `amended`: it
 * answers an AMEND. */
hean_status account_order(engine *self, hean_event event, uint32_t slot,
                          bool amended) HEAN_WARN_UNUSED;
hean_status account_fill(engine *self, hean_event event, uint32_t slot) HEAN_WARN_UNUSED;
/* Settles a funding on what the strategy holds; `event` gets what was paid. */
hean_status account_fund(engine *self, strategy_state *strategy,
                         hean_event *event) HEAN_WARN_UNUSED;
/* The same with the amount in `event`. */
hean_status account_paid(engine *self, strategy_state *strategy,
                         const hean_event *event) HEAN_WARN_UNUSED;
/* A fill that belongs to no order here. */
hean_status account_late_fill(engine *self, strategy_state *strategy,
                              hean_event event) HEAN_WARN_UNUSED;
/* At the start: counts what was restored, and tells the strategy. */
hean_status account_restored(engine *self, strategy_state *strategy) HEAN_WARN_UNUSED;
/* The instrument's reference price changed. */
hean_status account_mark(engine *self, uint16_t instrument) HEAN_WARN_UNUSED;
void account_count_open(engine *self, order_state *order, int64_t lots);
/* After the gate may have changed its state. */
hean_status account_risk_changed(engine *self, strategy_state *strategy, hean_risk_state before,
                                 const char *why) HEAN_WARN_UNUSED;
hean_status account_stop(engine *self, strategy_state *strategy,
                         const hean_error *why) HEAN_WARN_UNUSED;
int64_t account_equity_e8(const hean_account *account);
int64_t account_drawdown_e8(int64_t equity_e8, int64_t peak_e8);

/* ---- engine.c ---- */
/* Everything that needs the final number of instruments and strategies. */
hean_status engine_prepare(engine *self, hean_error *error) HEAN_WARN_UNUSED;

/* ---- loop.c ---- */
hean_status timer_set(engine *self, const engine_timer *timer) HEAN_WARN_UNUSED;

static inline uint16_t strategy_id(const engine *self, const strategy_state *strategy)
{
    return (uint16_t)(strategy - self->strategies);
}

#endif
