/*
 * paper_internal.h: what the files of the paper venue share. See paper.h for what it does.
 */
#ifndef ENGINE_PAPER_INTERNAL_H
#define ENGINE_PAPER_INTERNAL_H

#include "fifo.h"
#include "ladder.h"

#include <engine/paper.h>

typedef enum paper_place {
    PAPER_NOWHERE, /* just arrived, or about to end */
    PAPER_RESTING,
    PAPER_TRIGGER, /* a stop that was not reached */
    PAPER_WAITING  /* for the first bar in which it takes part */
} paper_place;

typedef struct paper_order {
    uint64_t id;      /* 0: no order here */
    uint64_t arrival; /* renewed when it loses its place in the queue */
    int64_t sent_ns;
    int64_t price_ticks, trigger_ticks, qty_lots, filled_lots;
    double ahead;  /* queue before it, in units of quantity; infinite: unknown */
    double traded; /* at its price since the level last changed */
    uint16_t instrument;
    uint8_t side, type, time_in_force, place;
    bool reduce_only;
    bool reported; /* the host knows that the venue has it */
} paper_order;

/* What the venue knows of an instrument, least to most. */
typedef enum paper_knowledge {
    PAPER_NOTHING,
    PAPER_BARS,
    PAPER_TRADES,
    PAPER_BOOK
} paper_knowledge;

typedef struct paper_venue {
    const market_instrument *instrument;
    market_book book;
    double lot_size;
    paper_knowledge knows;
    bool in_bar; /* path_ticks is where the market is */
    bool trades_seen;
    int64_t path_ticks;
    int64_t last_ticks;
    /* Levels that a newer one of the other side crossed: asks up to this one, bids from this one.
     */
    int64_t stale_ask_ticks; /* 0: none */
    int64_t stale_bid_ticks; /* INT64_MAX: none */
    ladder resting[2];       /* buy, sell */
    ladder stops[2];
    ladder waiting;
    size_t live;
} paper_venue;

struct paper {
    const hean_allocator *allocator;
    engine_paper_options options; /* latency points to a copy */
    hean_latency_sample *latency;
    paper_venue *venues;
    size_t venue_count;
    int64_t *positions; /* [strategy][instrument] at the venue */
    size_t strategy_count;
    paper_order *orders; /* by slot */
    size_t order_capacity;
    market_level *levels; /* scratch: a copy of one side */
    size_t level_capacity;
    fifo requests;
    fifo answers;
    size_t live;
    uint64_t arrivals;
    uint64_t executions;
    int64_t now_ns;
};

/* paper_order.c */
hean_status paper_report(paper *broker, uint32_t slot, hean_reason reason,
                         uint8_t request) HEAN_WARN_UNUSED;
hean_status paper_end(paper *broker, uint32_t slot, hean_order_status status,
                      hean_reason reason) HEAN_WARN_UNUSED;
hean_status paper_answer_unknown(paper *broker, const paper_request *request) HEAN_WARN_UNUSED;
/* Executes up to `lots`; afterwards the order may have ended (id 0). */
hean_status paper_execute(paper *broker, uint32_t slot, int64_t price_ticks, int64_t lots,
                          bool maker) HEAN_WARN_UNUSED;
hean_status paper_fill_rest(paper *broker, uint32_t slot, int64_t price_ticks,
                            bool maker) HEAN_WARN_UNUSED;
/* Takes the order off its ladder. */
void paper_detach(paper *broker, uint32_t slot);
/* An order arrives, anew or again: it waits, triggers, takes, rests or ends. */
hean_status paper_enter(paper *broker, uint32_t slot) HEAN_WARN_UNUSED;
int64_t paper_reducible(const paper *broker, const paper_order *order);

/* paper_queue.c */
void paper_queue_begin(const paper_venue *venue, paper_order *order);
void paper_queue_trade(const paper *broker, const paper_venue *venue, paper_order *order,
                       int64_t lots);
void paper_queue_depth(const paper *broker, const paper_venue *venue, paper_order *order,
                       int64_t lots_before, int64_t lots_after);
/* What trades left over for the order after its queue was gone; the queue is then 0. */
int64_t paper_queue_take(const paper_venue *venue, paper_order *order);

/* paper_market.c */
/* The best price that an order of this side would meet; 0: none. */
hean_status paper_best(paper *broker, paper_venue *venue, hean_side side,
                       int64_t *out) HEAN_WARN_UNUSED;
/* Loads broker->levels with the levels that an order of this side would meet, best first, until
 * they hold `lots` or go beyond the limit (0: no limit). */
hean_status paper_levels(paper *broker, paper_venue *venue, hean_side side, int64_t limit_ticks,
                         int64_t lots, size_t *count, int64_t *sum_lots) HEAN_WARN_UNUSED;
hean_status paper_stop_reached(paper *broker, paper_venue *venue, const paper_order *order,
                               bool *reached) HEAN_WARN_UNUSED;
/* paper_bars.c */
hean_status paper_bar(paper *broker, paper_venue *venue, const hean_event *event) HEAN_WARN_UNUSED;

static inline uint16_t paper_strategy(uint64_t order_id)
{
    return (uint16_t)(order_id >> 48);
}

static inline int paper_side_index(uint8_t side)
{
    return side == HEAN_SIDE_BUY ? 0 : 1;
}

#endif
