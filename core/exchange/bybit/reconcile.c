/*
 * reconcile.c: rounds in which what the host believes is compared with what the venue has.
 *
 * A round asks, in this order: open orders, executions since the last known one (with OVERLAP_NS
 * before it), positions, the wallet; then waits until no order is in doubt, and until the host has
 * taken all events and said what its strategies hold (venue_set_held). The first round after start
 * and after every reconnect must be over before READY; while READY, an audit of the same steps runs
 * every AUDIT_NS, because a lost private message leaves no trace.
 *
 * What is found, and how it is settled:
 *   earlier_order  an open order with this host's mark, of an earlier run or told as ended: it is
 *                  cancelled, the list is asked for again until it is gone, and its executions
 *                  come with the list that follows (VENUE_LATE_FILL);
 *   vanished       an order of ours that the venue no longer knows: taken for cancelled;
 *   overfilled     more was filled than was ordered: the order's quantity follows;
 *   position       the venue's position is not what strategies hold and foreign executions
 *                  explain: it is left as it is, told once, and counted as foreign from then on.
 *                  Seen three times in a row, and without a fill meanwhile, before it is told:
 *                  a fill may be on its way.
 *   Orders and executions without this host's mark are shown, and never touched (X6).
 * Must not know: sockets, how requests are sent.
 */
#include "venue_private.h"

#include <string.h>

#define OVERLAP_NS       (5 * 60 * BASE_NS_PER_S)
#define AUDIT_OVERLAP_NS (60 * BASE_NS_PER_S)
#define WINDOW_NS        (7 * 24 * INT64_C(3600) * BASE_NS_PER_S) /* the venue's, of one list */
#define AUDIT_NS         (30 * BASE_NS_PER_S)
#define AGAIN_NS         (1 * BASE_NS_PER_S)
#define SEEN_MIN         3
#define LOOKS_MAX        5
#define ALARM_EACH_NS    (5 * BASE_NS_PER_S)

/* ---- asking ---- */

static bool add_number(venue *self, bybit_request *request, const char *key, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    return venue_query(self, request, key, text);
}

/* True where it could not be written. */
static bool add_terms(venue *self, bybit_request *request)
{
    const venue_round *round = &self->round;
    const char *coin = self->coins[round->coin];
    if (round->step == ROUND_WALLET)
        return venue_query(self, request, "accountType", "UNIFIED");
    if (venue_query(self, request, "category", bybit_category_text(self->category)))
        return true;
    if (round->step == ROUND_EXECUTIONS)
        return add_number(self, request, "startTime", round->from_ns / BASE_NS_PER_MS) ||
               (round->to_ns != 0 &&
                add_number(self, request, "endTime", round->to_ns / BASE_NS_PER_MS)) ||
               venue_query(self, request, "limit", "100");
    if (coin[0] != 0 && venue_query(self, request, "settleCoin", coin))
        return true;
    return venue_query(self, request, "limit", round->step == ROUND_ORDERS ? "50" : "200");
}

static void ask(venue *self)
{
    static const struct {
        job_kind kind;
        bybit_route route;
    } steps[] = {[ROUND_ORDERS] = {JOB_LIST_ORDERS, BYBIT_ORDERS_OPEN},
                 [ROUND_EXECUTIONS] = {JOB_LIST_EXECUTIONS, BYBIT_EXECUTIONS},
                 [ROUND_POSITIONS] = {JOB_LIST_POSITIONS, BYBIT_POSITIONS},
                 [ROUND_WALLET] = {JOB_LIST_WALLET, BYBIT_WALLET}};
    venue_round *round = &self->round;
    bybit_request request;
    round->at_ns = 0;
    bybit_request_init(&request, steps[round->step].route);
    if (add_terms(self, &request) ||
        (round->cursor[0] != 0 && venue_query(self, &request, "cursor", round->cursor)))
        return;
    (void)venue_job_make(self, steps[round->step].kind, &request, round->number);
}

static void enter_step(venue *self, round_step step)
{
    venue_round *round = &self->round;
    round->step = step;
    round->coin = 0;
    round->cursor[0] = 0;
    if (step == ROUND_EXECUTIONS) {
        int64_t now_ns = venue_server_ns(self);
        round->began_ns = now_ns;
        round->from_ns = self->since_ns - (round->audit ? AUDIT_OVERLAP_NS : OVERLAP_NS);
        if (round->from_ns < now_ns - 100 * WINDOW_NS) /* the venue keeps two years */
            round->from_ns = now_ns - (self->since_ns > 0 ? 100 : 1) * WINDOW_NS + OVERLAP_NS;
        round->to_ns = now_ns - round->from_ns > WINDOW_NS ? round->from_ns + WINDOW_NS : 0;
        self->row_count = 0;
        round->window_first = 0;
    }
    if (step == ROUND_POSITIONS)
        round->trades = self->trades;
    if (step < ROUND_SETTLE)
        ask(self);
    else
        venue_wake(self, self->now_ns);
}

/* ---- begin and end ---- */

void venue_round_begin(venue *self, bool audit)
{
    uint64_t number = self->round.number + 1;
    memset(&self->round, 0, sizeof self->round);
    self->round.number = number;
    self->round.audit = audit;
    enter_step(self, ROUND_ORDERS);
}

void venue_round_abort(venue *self)
{
    self->round.number++;
    self->round.step = ROUND_NONE;
    self->row_count = 0;
}

void venue_round_alarm(venue *self)
{
    int64_t at_ns = self->now_ns;
    if (self->alarm_at_ns > at_ns)
        at_ns = self->alarm_at_ns;
    if (at_ns < self->audit_at_ns)
        self->audit_at_ns = at_ns;
    venue_wake(self, self->audit_at_ns);
}

static void end_round(venue *self)
{
    bool audit = self->round.audit;
    self->compared = true;
    self->round.step = ROUND_NONE;
    self->audit_at_ns = self->now_ns + AUDIT_NS;
    self->alarm_at_ns = self->now_ns + ALARM_EACH_NS;
    venue_wake(self, self->audit_at_ns);
    if (audit)
        return;
    self->reconciled = true;
    venue_judge(self, "");
}

/* ---- orders ---- */

static void cancel_earlier(venue *self, venue_stranger *stranger, const bybit_order *row)
{
    uint64_t subject = venue_hash(3, row->order_id, strlen(row->order_id));
    bybit_request request;
    if (!stranger->told)
        venue_differ(self,
                     "earlier_order: %s of %s, %lld of %lld lots filled, is of an earlier run or "
                     "was told as ended; it is cancelled",
                     row->client_id, row->symbol, (long long)row->filled_lots,
                     (long long)row->qty_lots);
    stranger->told = true;
    if (!venue_jobs_any(self, JOB_CANCEL_EARLIER, subject) &&
        bybit_order_cancel(self->category, &self->symbols[row->index].instrument, row->client_id,
                           &request, NULL) == HEAN_OK)
        (void)venue_job_make(self, JOB_CANCEL_EARLIER, &request, subject);
}

static hean_status on_listed_order(void *context, const bybit_order *row, hean_error *error)
{
    venue *self = context;
    uint64_t order_id;
    uint16_t strategy;
    (void)error;
    id_origin origin = venue_client_id_read(self, row->client_id, &order_id, &strategy);
    venue_order *order = origin == ID_OURS ? venue_order_find(self, order_id) : NULL;
    if (order != NULL || origin == ID_FOREIGN) {
        if (order != NULL)
            order->listed_round = self->round.number;
        return venue_on_order(self, row);
    }
    venue_stranger *stranger = venue_stranger_note(self, row, true);
    if (stranger == NULL)
        return HEAN_OK;
    bool again = stranger->listed_round != 0;
    stranger->listed_round = self->round.number;
    if (row->index < 0) {
        venue_log(self, HEAN_LOG_WARN, "%s of %s, which is not traded here, is left open",
                  row->client_id, row->symbol);
        return HEAN_OK;
    }
    self->round.earlier++;
    /* A list may be older than what the stream said: only the second one is believed. */
    if (again)
        cancel_earlier(self, stranger, row);
    return HEAN_OK;
}

/* What was open and is not listed: foreign orders are gone, ours are asked for. */
static void orders_listed(venue *self)
{
    uint64_t number = self->round.number;
    for (size_t i = self->stranger_count; i-- > 0;)
        if (self->strangers[i].listed_round != number)
            venue_stranger_gone(self, i);
    for (size_t i = 0; i < self->order_count; i++) {
        venue_order *order = &self->orders[i];
        if (order->listed_round != number && !order->creating)
            venue_order_ask(self, order, 0);
    }
    if (self->round.earlier == 0) {
        enter_step(self, ROUND_EXECUTIONS);
        return;
    }
    /* Again until they are gone; a new number, so that what is not listed then is seen. */
    int32_t repeats = self->round.repeats + 1;
    bool audit = self->round.audit;
    memset(&self->round, 0, sizeof self->round);
    self->round.number = number + 1;
    self->round.audit = audit;
    self->round.repeats = repeats;
    self->round.step = ROUND_ORDERS;
    self->round.at_ns =
        self->now_ns + retry_backoff_ns(&self->policy, repeats, base_random_next(&self->random));
    venue_wake(self, self->round.at_ns);
}

/* ---- executions, positions, wallet ---- */

/* True: one more window is asked for. */
static bool next_window(venue *self)
{
    venue_round *round = &self->round;
    venue_collected_turn(self, round->window_first);
    round->window_first = self->row_count;
    if (round->to_ns == 0)
        return false;
    int64_t now_ns = venue_server_ns(self);
    round->from_ns = round->to_ns;
    round->to_ns = now_ns - round->from_ns > WINDOW_NS ? round->from_ns + WINDOW_NS : 0;
    round->cursor[0] = 0;
    ask(self);
    return true;
}

static void executions_listed(venue *self)
{
    if (next_window(self))
        return;
    venue_collected_apply(self, 0);
    self->since_ns = self->round.began_ns;
    enter_step(self, self->category == VENUE_SPOT ? ROUND_WALLET : ROUND_POSITIONS);
}

static void tell_position(venue *self, size_t index, int64_t lots, int64_t cost_e8, int64_t time_ns)
{
    venue_symbol *symbol = &self->symbols[index];
    if (symbol->position_told && symbol->venue_lots == lots && symbol->venue_cost_e8 == cost_e8)
        return;
    symbol->venue_lots = lots;
    symbol->venue_cost_e8 = cost_e8;
    symbol->position_told = true;
    venue_event *event = venue_emit(self, VENUE_POSITION);
    event->instrument = (uint16_t)index;
    event->qty_lots = lots;
    event->cost_e8 = cost_e8;
    if (time_ns > 0)
        event->time_ns = time_ns;
}

hean_status venue_on_position(void *context, const bybit_position *row)
{
    venue *self = context;
    if (row->index < 0)
        return HEAN_OK;
    if (row->position_idx != 0 && row->qty_lots != 0)
        venue_halt(self, "the account is in hedge mode; only one-way mode is understood");
    if (row->position_idx == 0)
        tell_position(self, (size_t)row->index, row->qty_lots, row->value_e8, row->updated_ns);
    return HEAN_OK;
}

static hean_status on_listed_position(void *context, const bybit_position *row, hean_error *error)
{
    venue *self = context;
    (void)error;
    if (row->index >= 0)
        self->symbols[row->index].listed_round = self->round.number;
    return venue_on_position(self, row);
}

static void positions_listed(venue *self)
{
    for (size_t i = 0; i < self->symbol_count; i++)
        if (self->symbols[i].listed_round != self->round.number)
            tell_position(self, i, 0, 0, 0);
    enter_step(self, ROUND_WALLET);
}

hean_status venue_on_coin(void *context, const bybit_coin *row)
{
    venue *self = context;
    venue_event *event = venue_emit(self, VENUE_WALLET);
    memcpy(event->coin, row->coin, sizeof event->coin);
    event->wallet_e8 = row->wallet_e8;
    event->equity_e8 = row->equity_e8;
    return HEAN_OK;
}

static hean_status on_listed_coin(void *context, const bybit_coin *row, hean_error *error)
{
    (void)error;
    return venue_on_coin(context, row);
}

/* ---- answers ---- */

static hean_status read_list(venue *self, const job_result *result, char *cursor, hean_error *error)
{
    const char *body = result->response->body;
    size_t bytes = result->response->body_bytes;
    switch (self->round.step) {
    case ROUND_ORDERS:
        return bybit_read_orders(body, bytes, &self->lookup, on_listed_order, self, cursor, error);
    case ROUND_EXECUTIONS:
        return bybit_read_executions(body, bytes, &self->lookup, venue_collect_execution, self,
                                     cursor, error);
    case ROUND_POSITIONS:
        return bybit_read_positions(body, bytes, &self->lookup, on_listed_position, self, cursor,
                                    error);
    default:
        return bybit_read_coins(body, bytes, &self->lookup, on_listed_coin, self, cursor, error);
    }
}

hean_status venue_list_answered(venue *self, const venue_job *job, const job_result *result,
                                hean_error *error)
{
    venue_round *round = &self->round;
    char cursor[BYBIT_CURSOR_BYTES] = "";
    if (job->subject != round->number || round->step == ROUND_NONE)
        return HEAN_OK; /* of a round that was given up */
    hean_status status = read_list(self, result, cursor, error);
    if (status != HEAN_OK)
        return status;
    /* A cursor that repeats leads nowhere. */
    if (cursor[0] != 0 && strcmp(cursor, round->cursor) != 0) {
        memcpy(round->cursor, cursor, sizeof round->cursor);
        ask(self);
        return HEAN_OK;
    }
    round->cursor[0] = 0;
    bool by_coin = round->step == ROUND_ORDERS || round->step == ROUND_POSITIONS;
    if (by_coin && ++round->coin < self->coin_count) {
        ask(self);
        return HEAN_OK;
    }
    if (round->step == ROUND_ORDERS)
        orders_listed(self);
    else if (round->step == ROUND_EXECUTIONS)
        executions_listed(self);
    else if (round->step == ROUND_POSITIONS)
        positions_listed(self);
    else
        enter_step(self, ROUND_SETTLE);
    return HEAN_OK;
}

/* ---- comparison ---- */

void venue_set_held(venue *self, uint16_t instrument, int64_t lots)
{
    if (instrument < self->symbol_count)
        self->symbols[instrument].held_lots = lots;
}

/* True: a difference was seen for the first time; it must be looked at again. */
static bool compare(venue *self)
{
    bool again = false;
    for (size_t i = 0; i < self->symbol_count && self->category != VENUE_SPOT; i++) {
        venue_symbol *symbol = &self->symbols[i];
        int64_t difference = symbol->venue_lots - symbol->held_lots;
        bool same = difference == symbol->difference_lots && self->round.repeats > 0 &&
                    self->round.trades == self->trades;
        symbol->difference_lots = difference;
        symbol->difference_seen = same ? symbol->difference_seen + 1 : 1;
        if (difference == symbol->foreign_lots)
            continue;
        if (symbol->difference_seen < SEEN_MIN) {
            again = true;
            continue;
        }
        venue_differ(self,
                     "position: %s is %lld lots at the venue, strategies hold %lld, foreign "
                     "executions explain %lld; the rest is counted as foreign",
                     symbol->name, (long long)symbol->venue_lots, (long long)symbol->held_lots,
                     (long long)symbol->foreign_lots);
        symbol->foreign_lots = difference;
    }
    return again;
}

static bool in_doubt(const venue *self)
{
    for (size_t i = 0; i < self->order_count; i++) {
        const venue_order *order = &self->orders[i];
        if (order->told == HEAN_ORDER_UNKNOWN || order->told == HEAN_ORDER_PENDING_NEW ||
            order->finding || order->find_at_ns <= self->now_ns || order->ending != HEAN_ORDER_NONE)
            return true;
    }
    return false;
}

static bool may_begin(const venue *self)
{
    const venue_stream *stream = venue_private_stream(self);
    return stream != NULL && stream->state == STREAM_UP && !self->halted &&
           self->now_ns >= self->banned_until_ns;
}

void venue_round_advance(venue *self)
{
    venue_round *round = &self->round;
    if (round->step == ROUND_NONE) {
        if (may_begin(self) && !self->reconciled)
            venue_round_begin(self, false);
        else if (may_begin(self) && self->audit_at_ns <= self->now_ns)
            venue_round_begin(self, true);
        return;
    }
    if (round->at_ns != 0 && round->at_ns <= self->now_ns) {
        round->repeats += round->step == ROUND_COMPARE;
        if (round->step == ROUND_COMPARE)
            enter_step(self, ROUND_EXECUTIONS);
        else
            ask(self);
        round->at_ns = 0;
        return;
    }
    if (round->step == ROUND_SETTLE && (round->audit || !in_doubt(self)))
        round->step = ROUND_COMPARE;
    /* The host has taken everything, and said what its strategies hold. */
    if (round->step != ROUND_COMPARE || round->at_ns != 0 || self->event_head < self->event_count)
        return;
    /* While trading goes on, two looks may never agree: the next audit looks again. */
    bool looked_enough = round->audit && round->repeats >= LOOKS_MAX;
    if (!compare(self) || looked_enough) {
        end_round(self);
        return;
    }
    round->at_ns = self->now_ns + AGAIN_NS;
    venue_wake(self, round->at_ns);
}

int64_t venue_round_due_ns(const venue *self)
{
    const venue_round *round = &self->round;
    if (round->step == ROUND_NONE && !may_begin(self))
        return VENUE_NEVER;
    if (round->step == ROUND_NONE)
        return self->reconciled ? self->audit_at_ns : self->now_ns;
    if (round->at_ns != 0)
        return round->at_ns;
    /* What waits for orders is woken by their answers. */
    if (round->step == ROUND_SETTLE)
        return round->audit || !in_doubt(self) ? self->now_ns : VENUE_NEVER;
    return round->step == ROUND_COMPARE ? self->now_ns : VENUE_NEVER;
}
