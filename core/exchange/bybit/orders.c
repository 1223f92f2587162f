/*
 * orders.c: our orders, and what strategies are told of them.
 *
 * Invariants
 *   a client id is a function of (run, strategy, sequence), and sequences only grow (X1);
 *   filled quantities come from executions alone; an order ends once the venue says so and all the
 *   executions that it speaks of were told, and nothing brings it back (terminal states are left
 *   by removing the order);
 *   the venue's words may come late, twice and in any order: an older one changes nothing.
 * How strategies hear of it is engine.h's contract: OPEN once the venue has it, fills (the engine
 * itself says PARTLY_FILLED and FILLED), CANCELLED, or REJECTED where it was never taken.
 * Must not know: requests, limits.
 */
#include "venue_private.h"

#include <stdlib.h>
#include <string.h>

#define SEQUENCE_MASK ((UINT64_C(1) << 48) - 1)
#define RUN_LETTERS   8
#define TAG_LETTERS   8
#define STRANGERS_MAX 4096

/* ---- client ids: "hn-" run "-" tag "-" sequence in hexadecimal ---- */

void venue_client_id(const venue *self, uint64_t order_id, char out[VENUE_CLIENT_ID_BYTES])
{
    (void)snprintf(out, VENUE_CLIENT_ID_BYTES, "hn-%s-%s-%llx", self->run,
                   self->tags[order_id >> 48], (unsigned long long)(order_id & SEQUENCE_MASK));
}

static bool is_word(const char *text, size_t letters)
{
    for (size_t i = 0; i < letters; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9')))
            return false;
    return text[letters] == '-';
}

id_origin venue_client_id_read(const venue *self, const char *client_id, uint64_t *order_id,
                               uint16_t *strategy)
{
    const char *run = client_id + 3;
    char *end;
    *strategy = HEAN_NO_STRATEGY;
    *order_id = 0;
    if (strncmp(client_id, "hn-", 3) != 0 || !is_word(run, RUN_LETTERS) ||
        !is_word(run + RUN_LETTERS + 1, TAG_LETTERS))
        return ID_FOREIGN;
    const char *tag = run + RUN_LETTERS + 1;
    const char *digits = tag + TAG_LETTERS + 1;
    if (strspn(digits, "0123456789abcdef") != strlen(digits) || digits[0] == 0 ||
        strlen(digits) > 12)
        return ID_FOREIGN;
    uint64_t sequence = strtoull(digits, &end, 16);
    for (size_t i = 0; i < self->strategy_count; i++)
        if (strncmp(self->tags[i], tag, TAG_LETTERS) == 0)
            *strategy = (uint16_t)i;
    if (*strategy == HEAN_NO_STRATEGY || strncmp(self->run, run, RUN_LETTERS) != 0 ||
        sequence > self->sequences[*strategy])
        return ID_EARLIER;
    *order_id = (uint64_t)*strategy << 48 | sequence;
    return ID_OURS;
}

/* ---- the table ---- */

venue_order *venue_order_find(const venue *self, uint64_t id)
{
    for (size_t i = 0; i < self->order_count; i++)
        if (self->order_ids[i] == id)
            return &self->orders[i];
    return NULL;
}

static venue_order *order_add(venue *self, uint64_t id)
{
    void *orders = self->orders, *ids = self->order_ids;
    if (!base_grow(self->allocator, &orders, &self->order_capacity, self->order_count + 1,
                   sizeof *self->orders)) {
        venue_no_memory(self);
        return NULL;
    }
    self->orders = orders;
    if (!base_grow(self->allocator, &ids, &self->order_id_capacity, self->order_count + 1,
                   sizeof *self->order_ids)) {
        venue_no_memory(self);
        return NULL;
    }
    self->order_ids = ids;
    venue_order *order = &self->orders[self->order_count];
    self->order_ids[self->order_count++] = id;
    memset(order, 0, sizeof *order);
    order->id = id;
    order->find_at_ns = VENUE_NEVER;
    return order;
}

void venue_order_forget(venue *self, venue_order *order)
{
    size_t at = (size_t)(order - self->orders);
    (void)venue_job_withdraw(self, JOB_CREATE, order->id);
    (void)venue_job_withdraw(self, JOB_AMEND, order->id);
    (void)venue_job_withdraw(self, JOB_CANCEL, order->id);
    self->orders[at] = self->orders[--self->order_count];
    self->order_ids[at] = self->order_ids[self->order_count];
}

void venue_orders_free(venue *self)
{
    base_free(self->allocator, self->orders);
    base_free(self->allocator, self->order_ids);
    base_free(self->allocator, self->strangers);
}

/* ---- telling ---- */

static venue_event *emit_order(venue *self, venue_event_kind kind, const venue_order *order)
{
    venue_event *event = venue_emit(self, kind);
    event->instrument = order->instrument;
    event->event.side = order->side;
    event->event.instrument = order->instrument;
    event->event.strategy = order->strategy;
    venue_client_id(self, order->id, event->client_id);
    memcpy(event->venue_order_id, order->venue_id, sizeof event->venue_order_id);
    return event;
}

void venue_order_tell(venue *self, venue_order *order, hean_order_status status, hean_reason reason)
{
    venue_event *event = emit_order(self, VENUE_ORDER, order);
    event->event.kind = HEAN_EVENT_ORDER;
    event->event.reason = (uint8_t)reason;
    event->event.data.order.order_id = order->id;
    event->event.data.order.price_ticks = order->price_ticks;
    event->event.data.order.qty_lots = order->qty_lots;
    event->event.data.order.filled_lots = order->filled_lots;
    event->event.data.order.status = status;
    order->told = status;
}

static void tell_standing(venue *self, venue_order *order, hean_reason reason)
{
    venue_order_tell(self, order,
                     order->filled_lots > 0 ? HEAN_ORDER_PARTLY_FILLED : HEAN_ORDER_OPEN, reason);
}

void venue_order_answer(venue *self, venue_order *order, hean_reason reason)
{
    if (order->told == HEAN_ORDER_PENDING_NEW || order->told == HEAN_ORDER_UNKNOWN)
        venue_order_tell(self, order, order->told, reason);
    else
        tell_standing(self, order, reason);
}

void venue_order_reject(venue *self, venue_order *order, hean_reason reason)
{
    /* One whose cancellation was wanted ends as wanted, though it never was. */
    if (order->cancel_wanted)
        venue_order_tell(self, order, HEAN_ORDER_CANCELLED, order->cancel_reason);
    else
        venue_order_tell(self, order, HEAN_ORDER_REJECTED, reason);
    venue_order_forget(self, order);
}

static bool is_plain(hean_reason reason)
{
    return reason == HEAN_REASON_NONE || reason == HEAN_REASON_VENUE ||
           reason == HEAN_REASON_CANCELLED_BY_STRATEGY || reason == HEAN_REASON_CANCELLED_BY_HOST;
}

bool venue_order_try_end(venue *self, venue_order *order, bool filled)
{
    hean_reason reason = order->end_reason;
    if (order->filled_lots >= order->qty_lots) {
        if (!filled) /* its quantity came down to what was filled */
            venue_order_tell(self, order, HEAN_ORDER_FILLED, HEAN_REASON_NONE);
        venue_order_forget(self, order);
        return true;
    }
    if (order->ending == HEAN_ORDER_NONE || order->filled_lots < order->venue_filled_lots)
        return false;
    /* Who wanted it is known here; the venue says "by user" of any of our hands. */
    if (is_plain(reason))
        reason = order->cancel_wanted ? order->cancel_reason : HEAN_REASON_VENUE;
    bool taken = order->told == HEAN_ORDER_OPEN || order->told == HEAN_ORDER_PARTLY_FILLED ||
                 order->filled_lots > 0 || reason == HEAN_REASON_IOC_REMAINDER ||
                 order->cancel_wanted;
    venue_order_tell(self, order, taken ? HEAN_ORDER_CANCELLED : HEAN_ORDER_REJECTED, reason);
    venue_order_forget(self, order);
    return true;
}

/* ---- what the venue says ---- */

static bool has_ended(hean_order_status status)
{
    return status == HEAN_ORDER_FILLED || status == HEAN_ORDER_CANCELLED ||
           status == HEAN_ORDER_REJECTED;
}

/* True: it changed. */
static bool take_qty(venue_order *order, const bybit_order *row)
{
    if (row->qty_lots <= 0 || row->qty_lots < order->filled_lots ||
        row->qty_lots == order->qty_lots)
        return false;
    order->qty_lots = row->qty_lots;
    return true;
}

/* Price and quantity as the venue has them; true: an amendment is answered by that. */
static bool take_terms(venue_order *order, const bybit_order *row, bool *changed)
{
    bool priced = order->type == HEAN_ORDER_LIMIT || order->type == HEAN_ORDER_STOP_LIMIT;
    *changed = take_qty(order, row);
    if (priced && row->price_ticks > 0 && row->price_ticks != order->price_ticks) {
        order->price_ticks = row->price_ticks;
        *changed = true;
    }
    if (order->amend_count == 0 || !order->amends[0].sent)
        return false;
    const order_amend *wanted = &order->amends[0];
    return (wanted->price_ticks == 0 || wanted->price_ticks == order->price_ticks) &&
           (wanted->qty_lots == 0 || wanted->qty_lots == order->qty_lots);
}

void venue_order_merge(venue *self, venue_order *order, const bybit_order *row)
{
    bool ended = has_ended(row->status), changed = false;
    order->exists = true;
    order->denied_ns = 0;
    if (row->order_id[0] != 0)
        memcpy(order->venue_id, row->order_id, sizeof order->venue_id);
    if (row->filled_lots > order->venue_filled_lots)
        order->venue_filled_lots = row->filled_lots;
    if (ended && order->ending == HEAN_ORDER_NONE) {
        order->ending = row->status;
        order->end_reason = row->reason;
        order->updated_ns = row->updated_ns;
        if (take_qty(order, row) && order->filled_lots < order->qty_lots)
            tell_standing(self, order, HEAN_REASON_NONE);
    } else if (ended || order->ending != HEAN_ORDER_NONE || row->updated_ns < order->updated_ns ||
               row->status == HEAN_ORDER_UNKNOWN || row->status == HEAN_ORDER_NONE) {
        ended = order->ending != HEAN_ORDER_NONE;
    } else {
        order->updated_ns = row->updated_ns;
        bool amended = take_terms(order, row, &changed);
        if (amended)
            venue_order_amend_done(self, order, HEAN_REASON_NONE);
        else if (changed || order->told == HEAN_ORDER_PENDING_NEW ||
                 order->told == HEAN_ORDER_UNKNOWN)
            tell_standing(self, order, HEAN_REASON_NONE);
        venue_order_act(self, order);
    }
    if (venue_order_try_end(self, order, false))
        return;
    if (!ended && order->filled_lots >= order->venue_filled_lots)
        return;
    venue_order_ask(self, order, BASE_NS_PER_S / 2); /* executions are missing */
}

void venue_order_fill(venue *self, venue_order *order, const bybit_execution *row,
                      uint64_t execution_id)
{
    int64_t filled_lots = order->filled_lots + row->qty_lots;
    /* An amendment under way may have raised the quantity before we were told: what fills now, or
     * still can, must fit the order as the host knows it. */
    int64_t wanted_lots =
        order->amend_count > 0 && order->amends[0].sent ? order->amends[0].qty_lots : 0;
    if (filled_lots >= order->qty_lots && wanted_lots > order->qty_lots) {
        order->qty_lots = wanted_lots > filled_lots ? wanted_lots : filled_lots;
        tell_standing(self, order, HEAN_REASON_NONE);
    } else if (filled_lots > order->qty_lots) {
        char client_id[VENUE_CLIENT_ID_BYTES];
        venue_client_id(self, order->id, client_id);
        venue_differ(self, "overfilled: %s is filled by %lld of %lld lots; its quantity follows",
                     client_id, (long long)filled_lots, (long long)order->qty_lots);
        order->qty_lots = filled_lots;
        tell_standing(self, order, HEAN_REASON_NONE);
    }
    venue_event *event = emit_order(self, VENUE_FILL, order);
    event->event.kind = HEAN_EVENT_FILL;
    event->event.flags = row->maker ? HEAN_EVENT_MAKER : 0;
    event->event.exch_ns =
        row->time_ns > 0 && row->time_ns < self->now_ns ? row->time_ns : self->now_ns;
    event->event.data.fill.order_id = order->id;
    event->event.data.fill.price_ticks = row->price_ticks;
    event->event.data.fill.qty_lots = row->qty_lots;
    event->event.data.fill.fee_e8 = row->fee_e8;
    event->event.data.fill.realized_e8 = row->realized_e8;
    event->event.data.fill.execution_id = execution_id;
    memcpy(event->exec_id, row->exec_id, sizeof event->exec_id);
    memcpy(event->venue_order_id, row->order_id, sizeof event->venue_order_id);
    memcpy(event->coin, row->fee_coin, sizeof event->coin);
    event->amount_e8 = row->realized_e8;
    event->fee_e8 = row->fee_e8;
    event->time_ns = row->time_ns;
    order->exists = true;
    order->denied_ns = 0;
    order->filled_lots = filled_lots;
    order->told = HEAN_ORDER_PARTLY_FILLED;
    if (filled_lots > order->venue_filled_lots)
        order->venue_filled_lots = filled_lots;
    (void)venue_order_try_end(self, order, true);
}

/* ---- orders that are none of ours ---- */

venue_stranger *venue_stranger_note(venue *self, const bybit_order *row, bool earlier)
{
    void *strangers = self->strangers;
    for (size_t i = 0; i < self->stranger_count; i++)
        if (strcmp(self->strangers[i].order_id, row->order_id) == 0)
            return &self->strangers[i];
    if (self->stranger_count >= STRANGERS_MAX)
        return NULL;
    if (!base_grow(self->allocator, &strangers, &self->stranger_capacity, self->stranger_count + 1,
                   sizeof *self->strangers)) {
        venue_no_memory(self);
        return NULL;
    }
    self->strangers = strangers;
    venue_stranger *stranger = &self->strangers[self->stranger_count++];
    memset(stranger, 0, sizeof *stranger);
    memcpy(stranger->order_id, row->order_id, sizeof stranger->order_id);
    memcpy(stranger->client_id, row->client_id, sizeof stranger->client_id);
    stranger->index = row->index;
    stranger->earlier = earlier;
    return stranger;
}

static void tell_stranger(venue *self, const venue_stranger *stranger, const bybit_order *row)
{
    venue_event *event = venue_emit(self, VENUE_FOREIGN_ORDER);
    event->instrument = (uint16_t)stranger->index;
    event->event.instrument = (uint16_t)stranger->index;
    event->event.kind = HEAN_EVENT_ORDER;
    event->event.data.order.status = HEAN_ORDER_CANCELLED;
    memcpy(event->venue_order_id, stranger->order_id, sizeof event->venue_order_id);
    (void)base_text_copy(event->client_id, sizeof event->client_id, stranger->client_id);
    if (row == NULL)
        return;
    event->event.side = (uint8_t)row->side;
    event->event.data.order.price_ticks = row->price_ticks;
    event->event.data.order.qty_lots = row->qty_lots;
    event->event.data.order.filled_lots = row->filled_lots;
    event->event.data.order.status = row->status;
    event->qty_lots = row->qty_lots - row->filled_lots;
    (void)snprintf(event->text, sizeof event->text, "%s", row->symbol);
}

void venue_stranger_gone(venue *self, size_t at)
{
    if (!self->strangers[at].earlier && self->strangers[at].index >= 0)
        tell_stranger(self, &self->strangers[at], NULL);
    self->strangers[at] = self->strangers[--self->stranger_count];
}

/* An order of ours that is not in the table has ended: a frame that says otherwise is an old one,
 * or else the next list shows it. */
static void on_foreign(venue *self, const bybit_order *row)
{
    if (!has_ended(row->status)) {
        venue_stranger *stranger = venue_stranger_note(self, row, false);
        if (stranger == NULL)
            return;
        stranger->listed_round = self->round.number; /* it may be newer than a list under way */
        if (row->index >= 0 && (!stranger->told || stranger->updated_ns != row->updated_ns))
            tell_stranger(self, stranger, row);
        stranger->told = true;
        stranger->updated_ns = row->updated_ns;
        return;
    }
    for (size_t i = 0; i < self->stranger_count; i++)
        if (strcmp(self->strangers[i].order_id, row->order_id) == 0) {
            venue_stranger_gone(self, i);
            return;
        }
}

hean_status venue_on_order(void *context, const bybit_order *row)
{
    venue *self = context;
    uint64_t order_id;
    uint16_t strategy;
    id_origin origin = venue_client_id_read(self, row->client_id, &order_id, &strategy);
    venue_order *order = origin == ID_OURS ? venue_order_find(self, order_id) : NULL;
    if (order != NULL && row->index == order->instrument)
        venue_order_merge(self, order, row);
    else if (origin == ID_FOREIGN)
        on_foreign(self, row);
    return HEAN_OK;
}

/* ---- intents ---- */

static hean_status place(venue *self, uint16_t strategy, const hean_intent *intent,
                         hean_error *error)
{
    uint64_t sequence = intent->order_id & SEQUENCE_MASK;
    if (intent->order_id >> 48 != strategy || sequence == 0 ||
        intent->instrument >= self->symbol_count)
        return base_fail(error, HEAN_E_INVALID, "order %llx of strategy %u on instrument %u",
                         (unsigned long long)intent->order_id, strategy, intent->instrument);
    if (sequence <= self->sequences[strategy])
        return base_fail(error, HEAN_E_EXISTS, "order %llx: its number was used before",
                         (unsigned long long)intent->order_id);
    self->sequences[strategy] = sequence;
    venue_order *order = order_add(self, intent->order_id);
    if (order == NULL)
        return HEAN_E_NO_MEMORY;
    order->strategy = strategy;
    order->instrument = intent->instrument;
    order->side = intent->side;
    order->type = intent->order_type;
    order->time_in_force = intent->time_in_force;
    order->reduce_only = (intent->flags & HEAN_INTENT_REDUCE_ONLY) != 0;
    order->price_ticks = intent->price_ticks;
    order->trigger_ticks = intent->trigger_ticks;
    order->qty_lots = intent->qty_lots;
    order->told = HEAN_ORDER_PENDING_NEW;
    order->made_ns = self->now_ns;
    if (self->ready && self->trade) {
        venue_order_create(self, order);
        return HEAN_OK;
    }
    venue_log(self, HEAN_LOG_WARN, "an order was refused: %s",
              !self->trade ? "this session may not trade" : "the venue is not ready");
    venue_order_reject(self, order, HEAN_REASON_VENUE);
    return HEAN_OK;
}

static void amend(venue *self, venue_order *order, const hean_intent *intent)
{
    if (!self->ready || order->amend_count == VENUE_AMENDS_MAX) {
        venue_order_answer(self, order, HEAN_REASON_VENUE);
        return;
    }
    order->amends[order->amend_count++] =
        (order_amend){.price_ticks = intent->price_ticks, .qty_lots = intent->qty_lots};
    venue_order_act(self, order);
}

static void cancel(venue *self, venue_order *order, hean_reason reason)
{
    if (order->cancel_wanted)
        return;
    order->cancel_wanted = true;
    order->cancel_reason = reason;
    if (order->creating && venue_job_withdraw(self, JOB_CREATE, order->id)) {
        if (!order->doubtful) { /* it never left, and needs no request */
            venue_order_reject(self, order, reason);
            return;
        }
        venue_create_unknown(self, order);
    }
    venue_order_act(self, order);
}

hean_status venue_order_intent(venue *self, uint16_t strategy, const hean_intent *intent,
                               hean_error *error)
{
    if (strategy >= self->strategy_count)
        return base_fail(error, HEAN_E_NOT_FOUND, "strategy %u of %zu", strategy,
                         self->strategy_count);
    if (intent->kind == HEAN_INTENT_PLACE)
        return place(self, strategy, intent, error);
    if (intent->kind != HEAN_INTENT_AMEND && intent->kind != HEAN_INTENT_CANCEL)
        return base_fail(error, HEAN_E_INVALID, "an intent of kind %d is not for a venue",
                         intent->kind);
    venue_order *order = venue_order_find(self, intent->order_id);
    if (order == NULL || order->strategy != strategy)
        return HEAN_OK; /* it has ended, and that was told */
    if (intent->kind == HEAN_INTENT_AMEND)
        amend(self, order, intent);
    else
        cancel(self, order, HEAN_REASON_CANCELLED_BY_STRATEGY);
    return HEAN_OK;
}

void venue_orders_cancel(venue *self)
{
    for (size_t i = self->order_count; i-- > 0;)
        if (i < self->order_count)
            cancel(self, &self->orders[i], HEAN_REASON_CANCELLED_BY_HOST);
}
