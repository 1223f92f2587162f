/*
 * sim.c: a synthetic market, driven by order flow.
 *
 * Instruments come in pairs, a perpetual and its spot. Each pair has a fair value that wanders with
 * a volatility that switches between calm, normal and wild, and now and then has a trend; and a
 * basis, the perpetual's distance from it, that jumps every few minutes and reverts to a level
 * which itself changes every quarter of an hour. Nobody sees these. What is seen is order flow:
 * makers add and cancel around the fair value, with a lag; noise traders take from either side;
 * informed traders take what has become stale. So prices move through trades, quoting earns the
 * spread and loses to the informed, trends can be followed, the basis opens and closes, and funding
 * follows the premium.
 *
 * Invariants
 *   M1  integers only (but for the mean gap, one division when it is opened), and no two draws in
 *       one expression whose order the compiler may choose: the same seed gives the same events on
 *       every machine and build.
 *   M2  a book is never crossed, and a side has between SIDE_LEAST and SIDE_MOST levels.
 *   M3  what trades is taken off the best levels in the book message that follows at once.
 *   M4  exch_ns and local_ns never step back; exch_ns < local_ns.
 * Must not know files, clocks or who listens.
 */
#include <base/random.h>
#include <market/book.h>
#include <market/event.h>
#include <market/sim.h>

#include <string.h>

#define SIDE_LEAST     12
#define SIDE_START     40
#define SIDE_MOST      50
#define EAT_LEVELS_MAX 8
#define MESSAGE_MAX    128 /* events: a snapshot of both sides is the longest message */
#define CHANGES_MAX    4   /* of a book message */

#define FP         65536 /* fair values are in 1/65536 tick */
#define START_FP   (INT64_C(10000) * FP)
#define LEAST_FP   (START_FP / 10)
#define MOST_FP    (START_FP * 10)
#define STEP_NS    (100 * BASE_NS_PER_MS) /* of the hidden state */
#define JUMP_STEPS 5000                   /* between jumps of the basis, in the mean */
#define PPB        INT64_C(1000000000)
#define EIGHT_H_NS (8 * 3600 * BASE_NS_PER_S)
#define BP_E12     (BASE_E12 / 10000)
/* Measured over hundreds of hours: events per message (with what the mean of the activities below
 * is off), and that mean. */
#define EVENTS_PER_MESSAGE_E3 2420
#define MEAN_ACTIVITY_E3      910

typedef enum regime { CALM, NORMAL, WILD } regime;

typedef struct regime_traits {
    int64_t volatility_ppb;  /* of the fair value, per step */
    int64_t trend_ppb;       /* drift per step, while there is a trend */
    int64_t half_spread_fp;  /* that makers ask for */
    int64_t activity_e3;     /* messages, relative to the mean */
    uint32_t length_steps;   /* mean length */
    uint32_t calmer_of_1024; /* chance that what follows is the calmer neighbour */
    uint32_t trend_in_steps; /* mean wait for a trend; 0: none */
    uint32_t noise_of_1024;  /* share of noise takers among messages */
} regime_traits;

static const regime_traits traits[] = {
    [CALM] = {15000, 0, FP / 2, 600, 3000, 0, 0, 60},
    [NORMAL] = {34000, 6000, FP * 4 / 5, 1000, 2000, 620, 900, 80},
    [WILD] = {100000, 16000, FP * 2, 2500, 600, 1024, 250, 110},
};

/* What nobody sees of a pair. */
typedef struct sim_pair {
    int64_t fair_fp;
    /* The basis is the sum of the first three; the slow part follows the level. */
    int64_t basis_jump_ppb, basis_fast_ppb, basis_slow_ppb, basis_level_ppb;
    regime regime;
    int trend; /* -1, 0, 1 */
} sim_pair;

typedef struct sim_side {
    size_t count;
    market_level levels[SIDE_MOST]; /* the best last */
} sim_side;

typedef struct sim_market {
    uint16_t number;
    bool perpetual;
    sim_side side[2];
    sim_pair *pair;
    int64_t last_ticks;
    int64_t sequence, trades;
    int noise_side; /* noise comes in runs of one side */
    /* Of a perpetual: the premium over the spot. */
    int64_t premium_sum_e12, premium_count, premium_mean_e12;
    int64_t interest_lots;
} sim_market;

struct market_sim {
    const hean_allocator *allocator;
    market_sim_options options;
    base_random random;
    uint64_t bits; /* random bits that were not used yet */
    int bits_left;
    int64_t gap_ns;                         /* mean between messages in the wildest regime */
    int64_t message_ns, step_ns, second_ns; /* when the next of each is due */
    int64_t local_ns;
    size_t snapshots;  /* markets whose first message was sent */
    size_t pair_count; /* half as many as instruments, rounded up */
    sim_pair *pairs;
    sim_market *markets;
    market_instrument *instruments;
    hean_event *out; /* where the next event goes */
};

/* ---- chance ---- */

/* 0 <= result < bound <= 65536, from 16 bits: the bias is of no importance here. */
static uint32_t chance(market_sim *sim, uint32_t bound)
{
    uint32_t bits;

    if (sim->bits_left == 0) {
        sim->bits = base_random_next(&sim->random);
        sim->bits_left = 4;
    }
    bits = (uint32_t)(sim->bits & 0xffff);
    sim->bits >>= 16;
    sim->bits_left--;
    return bits * bound >> 16;
}

/* 0 to 6, mostly 0 or 1: how far from the best. */
static uint32_t near_best(market_sim *sim)
{
    uint32_t factor = chance(sim, 8);

    return factor * chance(sim, 8) / 8;
}

static bool once_in(market_sim *sim, uint32_t steps)
{
    return base_random_next(&sim->random) % steps == 0;
}

/* About normal, deviation FP: four uniform numbers added. */
static int64_t normal_fp(market_sim *sim)
{
    uint64_t bits = base_random_next(&sim->random);
    int64_t sum =
        (int64_t)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)) -
        2 * 65535;
    return sum * 113512 / FP; /* sqrt(3) */
}

/* ---- the hidden state ---- */

static void step_regime(market_sim *sim, sim_pair *pair)
{
    static const int64_t levels_ppb[] = {-3000000, -1500000, -500000, 0,
                                         500000,   1500000,  3000000, 5000000};
    const regime_traits *now = &traits[pair->regime];

    if (once_in(sim, now->length_steps)) {
        bool calmer = chance(sim, 1024) < now->calmer_of_1024;
        pair->regime = (regime)((int)pair->regime + (calmer ? -1 : 1));
        pair->trend = 0;
    } else if (pair->trend != 0) {
        if (once_in(sim, 250))
            pair->trend = 0;
    } else if (now->trend_in_steps != 0 && once_in(sim, now->trend_in_steps)) {
        pair->trend = chance(sim, 2) == 0 ? -1 : 1;
    }
    if (once_in(sim, 9000))
        pair->basis_level_ppb = levels_ppb[chance(sim, BASE_COUNT(levels_ppb))];
}

static void step_pair(market_sim *sim, sim_pair *pair)
{
    const regime_traits *now;
    base_int128 change;

    step_regime(sim, pair);
    now = &traits[pair->regime];
    change = (base_int128)pair->fair_fp *
             (now->volatility_ppb * normal_fp(sim) + pair->trend * now->trend_ppb * FP);
    pair->fair_fp += (int64_t)(change / (PPB * FP));
    /* Drawn back over half a day, so that a long run keeps its scale. */
    pair->fair_fp += (START_FP - pair->fair_fp) / 524288;
    if (pair->fair_fp < LEAST_FP)
        pair->fair_fp = LEAST_FP;
    if (pair->fair_fp > MOST_FP)
        pair->fair_fp = MOST_FP;
    /* Somebody in a hurry pushes the perpetual away; it comes back within a minute or so. */
    if (once_in(sim, JUMP_STEPS)) {
        int64_t jump_ppb = 2000000 + 1000 * (int64_t)chance(sim, 4000);
        pair->basis_jump_ppb += chance(sim, 2) == 0 ? jump_ppb : -jump_ppb;
    }
    pair->basis_jump_ppb -= pair->basis_jump_ppb / 400;
    pair->basis_fast_ppb += 25000 * normal_fp(sim) / FP - pair->basis_fast_ppb / 2048;
    pair->basis_slow_ppb += (pair->basis_level_ppb - pair->basis_slow_ppb) / 1024;
}

static int64_t fair_of(const sim_market *market)
{
    const sim_pair *pair = market->pair;
    base_int128 basis_ppb = pair->basis_jump_ppb + pair->basis_fast_ppb + pair->basis_slow_ppb;

    if (!market->perpetual)
        return pair->fair_fp;
    return pair->fair_fp + (int64_t)(basis_ppb * pair->fair_fp / PPB);
}

/* ---- writing events ---- */

static hean_event *put(market_sim *sim, const sim_market *market, hean_event_kind kind,
                       int64_t exch_ns)
{
    hean_event *event = sim->out++;

    memset(event, 0, sizeof *event); /* the unused bytes too (M1) */
    event->local_ns = sim->local_ns;
    event->exch_ns = exch_ns;
    event->kind = (uint8_t)kind;
    event->instrument = market->number;
    return event;
}

/* A few milliseconds on the way, seldom many; never overtaking what was sent before. */
static void travel(market_sim *sim, int64_t exch_ns)
{
    int64_t latency_us = 2000 + chance(sim, 2000);

    if (chance(sim, 64) == 0)
        latency_us += chance(sim, 30000);
    if (exch_ns + latency_us * BASE_NS_PER_US > sim->local_ns)
        sim->local_ns = exch_ns + latency_us * BASE_NS_PER_US;
}

static void put_level(market_sim *sim, const sim_market *market, int side_at, int64_t exch_ns,
                      market_level level)
{
    hean_event *event = put(sim, market, HEAN_EVENT_BOOK, exch_ns);

    event->side = side_at == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL;
    event->data.level.price_ticks = level.price_ticks;
    event->data.level.qty_lots = level.qty_lots;
    event->data.level.sequence = market->sequence;
}

static void put_trade(market_sim *sim, sim_market *market, int maker_side, int64_t exch_ns,
                      market_level taken)
{
    hean_event *event = put(sim, market, HEAN_EVENT_TRADE, exch_ns);

    event->side = maker_side == 0 ? HEAN_SIDE_SELL : HEAN_SIDE_BUY;
    event->data.level.price_ticks = taken.price_ticks;
    event->data.level.qty_lots = taken.qty_lots;
    event->data.level.sequence = ++market->trades;
    market->last_ticks = taken.price_ticks;
}

/* ---- the book ---- */

static market_level *best(sim_side *side)
{
    return &side->levels[side->count - 1];
}

/* Larger is nearer to the market, on both sides. */
static int64_t rank(int side_at, int64_t price_ticks)
{
    return side_at == 0 ? price_ticks : -price_ticks;
}

static void remove_level(sim_side *side, size_t at)
{
    side->count--;
    memmove(side->levels + at, side->levels + at + 1, (side->count - at) * sizeof *side->levels);
}

static void add_lots(market_sim *sim, sim_market *market, int side_at, int64_t exch_ns,
                     int64_t price_ticks, int64_t lots)
{
    sim_side *side = &market->side[side_at];
    size_t at = side->count;

    while (at > 0 && rank(side_at, side->levels[at - 1].price_ticks) > rank(side_at, price_ticks))
        at--;
    if (at > 0 && side->levels[at - 1].price_ticks == price_ticks) {
        side->levels[at - 1].qty_lots += lots;
        put_level(sim, market, side_at, exch_ns, side->levels[at - 1]);
        return;
    }
    if (side->count == SIDE_MOST) {
        if (at == 0)
            return; /* deeper than all: it would be the one to go */
        put_level(sim, market, side_at, exch_ns, (market_level){side->levels[0].price_ticks, 0});
        remove_level(side, 0);
        at--;
    }
    memmove(side->levels + at + 1, side->levels + at, (side->count - at) * sizeof *side->levels);
    side->levels[at] = (market_level){price_ticks, lots};
    side->count++;
    put_level(sim, market, side_at, exch_ns, side->levels[at]);
}

static void cancel_lots(market_sim *sim, sim_market *market, int side_at, int64_t exch_ns,
                        size_t at, int64_t lots)
{
    sim_side *side = &market->side[side_at];
    market_level level = side->levels[at];

    level.qty_lots = level.qty_lots > lots ? level.qty_lots - lots : 0;
    if (level.qty_lots == 0 && side->count <= SIDE_LEAST)
        return;
    put_level(sim, market, side_at, exch_ns, level);
    if (level.qty_lots == 0)
        remove_level(side, at);
    else
        side->levels[at] = level;
}

/* A maker's new order: at or behind the price that the fair value allows, mostly near the best. */
static void add_order(market_sim *sim, sim_market *market, int side_at, int64_t fair_fp,
                      int64_t exch_ns)
{
    int64_t half_fp = traits[market->pair->regime].half_spread_fp;
    int64_t other_ticks = best(&market->side[1 - side_at])->price_ticks;
    int64_t margin_fp = half_fp / 2 + chance(sim, FP) * half_fp / FP;
    int64_t distance = chance(sim, 4) == 0 ? chance(sim, 40) : near_best(sim);
    int64_t price_ticks, lots;

    if (side_at == 0) {
        price_ticks = (fair_fp - margin_fp) / FP;
        if (price_ticks >= other_ticks)
            price_ticks = other_ticks - 1;
    } else {
        price_ticks = (fair_fp + margin_fp + FP - 1) / FP;
        if (price_ticks <= other_ticks)
            price_ticks = other_ticks + 1;
    }
    price_ticks -= side_at == 0 ? distance : -distance;
    lots = 20 + chance(sim, 300) + distance * 12;
    if (price_ticks > 0)
        add_lots(sim, market, side_at, exch_ns, price_ticks, lots);
}

static void cancel_order(market_sim *sim, sim_market *market, int side_at, int64_t exch_ns)
{
    sim_side *side = &market->side[side_at];
    /* Near the best twice in three times. */
    uint32_t from_best = chance(sim, 3) == 0 ? chance(sim, (uint32_t)side->count) : near_best(sim);
    size_t at = side->count - 1 - from_best % side->count;
    int64_t all = side->levels[at].qty_lots;

    cancel_lots(sim, market, side_at, exch_ns, at, chance(sim, 2) == 0 ? all : 1 + all / 3);
}

/* Takes up to `lots` from the best levels of a side: trades, then the book message. */
static void take(market_sim *sim, sim_market *market, int side_at, int64_t exch_ns, int64_t lots,
                 int64_t limit_rank)
{
    sim_side *side = &market->side[side_at];
    market_level changed[EAT_LEVELS_MAX];
    size_t count = 0;

    while (lots > 0 && count < EAT_LEVELS_MAX && side->count > SIDE_LEAST) {
        market_level *level = best(side);
        int64_t taken = level->qty_lots < lots ? level->qty_lots : lots;
        if (rank(side_at, level->price_ticks) < limit_rank)
            break;
        put_trade(sim, market, side_at, exch_ns, (market_level){level->price_ticks, taken});
        lots -= taken;
        level->qty_lots -= taken;
        changed[count++] = *level;
        if (level->qty_lots == 0)
            side->count--;
    }
    for (size_t i = 0; i < count; i++)
        put_level(sim, market, side_at, exch_ns, changed[i]);
}

/* ---- order flow ---- */

/* Heavy-tailed: most are small, one in a hundred sweeps a level or more. */
static int64_t order_lots(market_sim *sim)
{
    int64_t tail = 1500 / (1 + (int64_t)chance(sim, 256));

    return 2 + chance(sim, 60) + tail;
}

static void make_book_message(market_sim *sim, sim_market *market, int64_t fair_fp, int64_t exch_ns)
{
    uint32_t changes = 1 + chance(sim, CHANGES_MAX);

    for (uint32_t i = 0; i < changes; i++) {
        int side_at = (int)chance(sim, 2);
        size_t count = market->side[side_at].count;
        /* Adding and cancelling balance at about SIDE_START levels. */
        if (chance(sim, 2 * SIDE_START) >= count)
            add_order(sim, market, side_at, fair_fp, exch_ns);
        else
            cancel_order(sim, market, side_at, exch_ns);
    }
}

/* What happens to quotes that the fair value has passed: the quicker one gets them. */
static bool make_stale_message(market_sim *sim, sim_market *market, int side_at, int64_t fair_fp,
                               int64_t exch_ns)
{
    sim_side *side = &market->side[side_at];
    int64_t fair_rank_fp = rank(side_at, fair_fp);
    int64_t best_rank_fp = rank(side_at, best(side)->price_ticks * FP);

    if (best_rank_fp <= fair_rank_fp)
        return false;
    if (chance(sim, 8) < 6) {
        /* Informed: whatever is better than fair, as much as is there, within reason. */
        int64_t limit = side_at == 0 ? fair_fp / FP + 1 : -(fair_fp / FP);
        take(sim, market, side_at, exch_ns, order_lots(sim) * 4, limit);
        return true;
    }
    for (int i = 0; i < CHANGES_MAX && side->count > SIDE_LEAST; i++) {
        if (rank(side_at, best(side)->price_ticks * FP) <= fair_rank_fp)
            break;
        cancel_lots(sim, market, side_at, exch_ns, side->count - 1, INT64_MAX);
    }
    return true;
}

static void make_message(market_sim *sim, sim_market *market, int64_t exch_ns)
{
    int64_t fair_fp = fair_of(market);
    hean_event *first = sim->out;

    market->sequence++;
    travel(sim, exch_ns);
    if (chance(sim, 16) == 0)
        market->noise_side = (int)chance(sim, 2);
    if (chance(sim, 2) == 0 || (!make_stale_message(sim, market, 0, fair_fp, exch_ns) &&
                                !make_stale_message(sim, market, 1, fair_fp, exch_ns))) {
        if (chance(sim, 1024) < traits[market->pair->regime].noise_of_1024)
            take(sim, market, market->noise_side, exch_ns, order_lots(sim), INT64_MIN);
        else
            make_book_message(sim, market, fair_fp, exch_ns);
    }
    /* The last event of every message is a book level. */
    if (sim->out > first)
        sim->out[-1].flags = HEAN_EVENT_LAST;
}

static void make_snapshot(market_sim *sim, sim_market *market, int64_t exch_ns)
{
    hean_event *first = sim->out;

    market->sequence++;
    travel(sim, exch_ns);
    for (int side_at = 0; side_at < 2; side_at++) {
        const sim_side *side = &market->side[side_at];
        for (size_t i = side->count; i-- > 0;)
            put_level(sim, market, side_at, exch_ns, side->levels[i]);
    }
    for (hean_event *event = first; event < sim->out; event++)
        event->flags = HEAN_EVENT_SNAPSHOT;
    first->flags |= HEAN_EVENT_CLEAR;
    sim->out[-1].flags |= HEAN_EVENT_LAST;
}

/* ---- mark price and funding ---- */

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static int64_t mid2(sim_market *market)
{
    return best(&market->side[0])->price_ticks + best(&market->side[1])->price_ticks;
}

/* The venue's formula: premium, drawn to the interest rate by at most 5 basis points. */
static int64_t funding_rate(const market_sim *sim, const sim_market *market)
{
    int64_t premium_e12 = market->premium_sum_e12 / market->premium_count;
    int64_t interest_e12 =
        (int64_t)((base_int128)BP_E12 * sim->options.funding_interval_ns / EIGHT_H_NS);

    return clamp(premium_e12 + clamp(interest_e12 - premium_e12, -5 * BP_E12, 5 * BP_E12),
                 -75 * BP_E12, 75 * BP_E12);
}

static void make_mark(market_sim *sim, sim_market *market, int64_t exch_ns)
{
    int64_t interval_ns = sim->options.funding_interval_ns;
    bool has_spot = (size_t)market->number + 1 < sim->options.instruments;
    int64_t index2 = has_spot ? mid2(market + 1) : market->pair->fair_fp * 2 / FP;
    int64_t premium_e12 = (mid2(market) - index2) * (BASE_E12 / index2);
    int64_t mark_ticks, rate_e12;
    hean_event *event;

    market->premium_sum_e12 += premium_e12;
    market->premium_count++;
    market->premium_mean_e12 += (premium_e12 - market->premium_mean_e12) / 30;
    mark_ticks =
        (index2 + (int64_t)((base_int128)index2 * market->premium_mean_e12 / BASE_E12)) / 2;
    market->interest_lots = clamp(market->interest_lots + chance(sim, 2001) - 1000, 100000, 900000);
    rate_e12 = funding_rate(sim, market);
    travel(sim, exch_ns);
    if (exch_ns % interval_ns == 0) {
        event = put(sim, market, HEAN_EVENT_FUNDING, exch_ns);
        event->data.funding.rate_e12 = rate_e12;
        event->data.funding.mark_ticks = mark_ticks;
        event->data.funding.interval_ns = interval_ns;
        market->premium_sum_e12 = premium_e12;
        market->premium_count = 1;
        rate_e12 = funding_rate(sim, market);
    }
    event = put(sim, market, HEAN_EVENT_MARK, exch_ns);
    event->data.mark.mark_ticks = mark_ticks;
    event->data.mark.index_ticks = index2 / 2;
    event->data.mark.last_ticks = market->last_ticks;
    event->data.mark.next_rate_e12 = rate_e12;
    event->data.mark.next_funding_ns = exch_ns - exch_ns % interval_ns + interval_ns;
    event->data.mark.open_interest_lots = market->interest_lots;
}

/* ---- time ---- */

/* Orders come in bursts: the product of two uniform numbers has many small values. */
static int64_t next_gap(market_sim *sim)
{
    int64_t gap_ns = sim->gap_ns * chance(sim, FP) / FP;

    return 1 + gap_ns * chance(sim, FP) / (FP / 4);
}

size_t market_sim_next(market_sim *sim, hean_event *events, size_t capacity)
{
    size_t count = sim->options.instruments;

    BASE_ASSERT(capacity >= 2 * MESSAGE_MAX);
    sim->out = events;
    while (capacity - (size_t)(sim->out - events) >= MESSAGE_MAX) {
        if (sim->snapshots < count) {
            make_snapshot(sim, &sim->markets[sim->snapshots++], sim->options.start_ns);
        } else if (sim->step_ns <= sim->second_ns && sim->step_ns <= sim->message_ns) {
            for (size_t i = 0; i < sim->pair_count; i++)
                step_pair(sim, &sim->pairs[i]);
            sim->step_ns += STEP_NS;
        } else if (sim->second_ns <= sim->message_ns) {
            for (size_t i = 0; i < count; i += 2)
                make_mark(sim, &sim->markets[i], sim->second_ns);
            sim->second_ns += BASE_NS_PER_S;
        } else {
            sim_market *market = &sim->markets[chance(sim, (uint32_t)count)];
            /* Messages are due as often as the wildest regime has them; others leave some out. */
            if (chance(sim, (uint32_t)traits[WILD].activity_e3) <
                traits[market->pair->regime].activity_e3)
                make_message(sim, market, sim->message_ns);
            sim->message_ns += next_gap(sim);
        }
    }
    return (size_t)(sim->out - events);
}

/* ---- opening and closing ---- */

static hean_status make_instrument(market_sim *sim, size_t number, hean_error *error)
{
    hean_instrument spec = {
        .kind = number % 2 == 0 ? HEAN_INSTRUMENT_LINEAR : HEAN_INSTRUMENT_SPOT,
        .tick_size = {1, -1},
        .lot_size = {1, -2},
        .min_qty_lots = 1,
        .max_qty_lots = 1000000,
        .min_notional_e8 = 5 * BASE_E8,
        .maker_fee_e8 = number % 2 == 0 ? 2000 : 3000,
        .taker_fee_e8 = number % 2 == 0 ? 30000 : 40000,
    };
    char index[8] = "";

    if (number >= 2)
        (void)snprintf(index, sizeof index, "%u", (unsigned)(number / 2 + 1) & 0xff);
    (void)snprintf(spec.symbol, sizeof spec.symbol, "SIM%sUSDT%s", index,
                   number % 2 == 0 ? "" : "-SPOT");
    return market_instrument_init(&sim->instruments[number], &spec, error);
}

static void fill_book(market_sim *sim, sim_market *market)
{
    int64_t fair_ticks = fair_of(market) / FP;

    for (int side_at = 0; side_at < 2; side_at++) {
        sim_side *side = &market->side[side_at];
        side->count = SIDE_START;
        for (int64_t i = 0; i < SIDE_START; i++) {
            int64_t price_ticks = side_at == 0 ? fair_ticks - 1 - i : fair_ticks + 1 + i;
            side->levels[SIDE_START - 1 - i] =
                (market_level){price_ticks, 20 + chance(sim, 300) + i * 12};
        }
    }
    market->last_ticks = fair_ticks;
    market->interest_lots = 500000;
}

static void start(market_sim *sim)
{
    int64_t start_ns = sim->options.start_ns;

    base_random_init(&sim->random, sim->options.seed);
    sim->message_ns = start_ns + 1;
    sim->step_ns = start_ns + STEP_NS;
    sim->second_ns = start_ns - start_ns % BASE_NS_PER_S + BASE_NS_PER_S;
    for (size_t i = 0; i < sim->pair_count; i++) {
        sim->pairs[i] = (sim_pair){.fair_fp = START_FP, .regime = NORMAL};
        sim->pairs[i].basis_level_ppb = 2000000;
    }
    for (uint16_t i = 0; i < sim->options.instruments; i++) {
        sim->markets[i] =
            (sim_market){.number = i, .perpetual = i % 2 == 0, .pair = &sim->pairs[i / 2]};
        fill_book(sim, &sim->markets[i]);
    }
}

hean_status market_sim_open(const hean_allocator *allocator, const market_sim_options *options,
                            market_sim **out, hean_error *error)
{
    hean_status status = market_sim_check(options, error);
    size_t count = options->instruments;
    market_sim *sim;

    if (status != HEAN_OK)
        return status;
    sim = base_alloc(allocator, sizeof *sim);
    if (sim == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "sim: no memory");
    sim->allocator = allocator;
    sim->options = *options;
    sim->pair_count = (count + 1) / 2;
    /* The mean gap as it would be if all messages were those of the wildest regime. */
    sim->gap_ns = (int64_t)(1e6 * EVENTS_PER_MESSAGE_E3 / options->events_per_second) *
                  MEAN_ACTIVITY_E3 / traits[WILD].activity_e3;
    sim->pairs = base_alloc_array(allocator, sim->pair_count, sizeof *sim->pairs);
    sim->markets = base_alloc_array(allocator, count, sizeof *sim->markets);
    sim->instruments = base_alloc_array(allocator, count, sizeof *sim->instruments);
    if (sim->pairs == NULL || sim->markets == NULL || sim->instruments == NULL)
        status = base_fail(error, HEAN_E_NO_MEMORY, "sim: no memory");
    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = make_instrument(sim, i, error);
    if (status != HEAN_OK) {
        market_sim_close(sim);
        return status;
    }
    start(sim);
    *out = sim;
    return HEAN_OK;
}

void market_sim_close(market_sim *sim)
{
    if (sim == NULL)
        return;
    base_free(sim->allocator, sim->pairs);
    base_free(sim->allocator, sim->markets);
    base_free(sim->allocator, sim->instruments);
    base_free(sim->allocator, sim);
}

size_t market_sim_instruments(const market_sim *sim, const market_instrument **out)
{
    *out = sim->instruments;
    return sim->options.instruments;
}
