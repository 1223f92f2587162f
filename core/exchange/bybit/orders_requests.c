/*
 * orders_requests.c: creating, amending and cancelling, and asking what became of an order.
 *
 * A create whose outcome is not known makes the order UNKNOWN, and it is asked for by its client
 * id: among open and lately closed orders, in the history, among executions. Found: it goes on from
 * there. Denied by all three: sent once more with the same id while the order is young; and once
 * no copy can arrive any more (the venue takes none whose timestamp is older than the receive
 * window) it is over.
 *
 * Invariants
 *   one create, one amendment, one cancel, one question per order are under way at a time;
 *   only a denial that was asked for after the receive window had passed ends an order (X2);
 *   a cancel is repeated until the order has ended.
 * Must not know: how strategies are told.
 */
#include "venue_private.h"

#include <string.h>

#define S               BASE_NS_PER_S
#define CONFIRM_NS      (1 * S)                /* from an acknowledgement to the stream's word */
#define DOUBT_NS        (200 * BASE_NS_PER_MS) /* to the first question */
#define CANCEL_AGAIN_NS (2 * S)
#define RESEND_AFTER_NS (2 * S)
#define RESEND_AGE_NS   (5 * S)
#define VISIBLE_MS      2000     /* an order may become visible so late */
#define VANISHED_NS     (60 * S) /* one that existed is denied for so long */
#define AMEND_LOOKS_MAX 3

void venue_order_ask(venue *self, venue_order *order, int64_t after_ns)
{
    int64_t at_ns = self->now_ns + after_ns;
    if (at_ns < order->find_at_ns)
        order->find_at_ns = at_ns;
    venue_wake(self, order->find_at_ns);
}

static void ask_later(venue *self, venue_order *order)
{
    venue_order_ask(
        self, order,
        retry_backoff_ns(&self->policy, ++order->find_tries, base_random_next(&self->random)));
}

static const market_instrument *instrument_of(const venue *self, const venue_order *order)
{
    return &self->symbols[order->instrument].instrument;
}

/* ---- create ---- */

void venue_order_create(venue *self, venue_order *order)
{
    char client_id[VENUE_CLIENT_ID_BYTES];
    bybit_request request;
    hean_error error;
    hean_intent intent = {.kind = HEAN_INTENT_PLACE,
                          .side = order->side,
                          .order_type = order->type,
                          .time_in_force = order->time_in_force,
                          .flags = order->reduce_only ? HEAN_INTENT_REDUCE_ONLY : 0,
                          .instrument = order->instrument,
                          .order_id = order->id,
                          .price_ticks = order->price_ticks,
                          .trigger_ticks = order->trigger_ticks,
                          .qty_lots = order->qty_lots};
    venue_client_id(self, order->id, client_id);
    if (bybit_order_create(self->category, instrument_of(self, order), client_id, &intent, &request,
                           &error) != HEAN_OK) {
        venue_log(self, HEAN_LOG_ERROR, "%s cannot be written: %s", client_id, error.message);
        venue_order_reject(self, order, HEAN_REASON_INVALID_INTENT);
        return;
    }
    order->creating = venue_job_make(self, JOB_CREATE, &request, order->id) != NULL;
}

void venue_create_unknown(venue *self, venue_order *order)
{
    order->creating = false;
    order->doubtful = true;
    self->counters.unknown_outcomes++;
    if (order->told == HEAN_ORDER_PENDING_NEW)
        venue_order_tell(self, order, HEAN_ORDER_UNKNOWN, HEAN_REASON_NONE);
    venue_order_ask(self, order, DOUBT_NS);
}

void venue_create_doubted(venue *self, const venue_job *job)
{
    venue_order *order = venue_order_find(self, job->subject);
    if (order != NULL)
        order->doubtful = true;
}

void venue_create_ended(venue *self, const venue_job *job, const job_result *result)
{
    venue_order *order = venue_order_find(self, job->subject);
    char client_id[VENUE_EXEC_ID_BYTES];
    hean_error error;
    if (order == NULL) /* it ended before its acknowledgement came */
        return;
    order->creating = false;
    if (result->answer->class == RETRY_OK || result->answer->class == RETRY_DONE) {
        order->exists = true;
        if (result->answer->class == RETRY_OK &&
            bybit_read_order_ack(result->response->body, result->response->body_bytes,
                                 order->venue_id, client_id, &error) != HEAN_OK)
            venue_bad_message(self, BYBIT_ORDER_CREATE, "an acknowledgement", &error);
        bool silent = order->told == HEAN_ORDER_PENDING_NEW || order->told == HEAN_ORDER_UNKNOWN;
        /* "Doubled" says that an earlier copy came: what of it, is to be asked. */
        if (silent || result->answer->class == RETRY_DONE)
            venue_order_ask(self, order, result->answer->class == RETRY_OK ? CONFIRM_NS : 0);
    } else if (!result->certain || order->exists || order->doubtful) {
        venue_create_unknown(self, order);
    } else {
        venue_client_id(self, order->id, client_id);
        venue_log(self, HEAN_LOG_WARN, "%s was refused: %s", client_id, result->answer->text);
        venue_order_reject(self, order,
                           result->answer->class == RETRY_FUNDS ? HEAN_REASON_INSUFFICIENT_BALANCE
                                                                : HEAN_REASON_VENUE);
        return;
    }
    venue_order_act(self, order);
}

/* ---- amend, cancel ---- */

static void send_amend(venue *self, venue_order *order)
{
    char client_id[VENUE_CLIENT_ID_BYTES];
    bybit_request request;
    hean_error error;
    hean_intent intent = {.kind = HEAN_INTENT_AMEND,
                          .instrument = order->instrument,
                          .order_type = order->type,
                          .order_id = order->id,
                          .price_ticks = order->amends[0].price_ticks,
                          .qty_lots = order->amends[0].qty_lots};
    venue_client_id(self, order->id, client_id);
    if (bybit_order_amend(self->category, instrument_of(self, order), client_id, &intent, &request,
                          &error) != HEAN_OK) {
        venue_order_amend_done(self, order, HEAN_REASON_INVALID_INTENT);
        return;
    }
    order->amending = venue_job_make(self, JOB_AMEND, &request, order->id) != NULL;
}

static void send_cancel(venue *self, venue_order *order)
{
    char client_id[VENUE_CLIENT_ID_BYTES];
    bybit_request request;
    hean_error error;
    venue_client_id(self, order->id, client_id);
    if (bybit_order_cancel(self->category, instrument_of(self, order), client_id, &request,
                           &error) != HEAN_OK) {
        venue_log(self, HEAN_LOG_ERROR, "the cancel of %s cannot be written: %s", client_id,
                  error.message);
        return;
    }
    order->cancelling = venue_job_make(self, JOB_CANCEL, &request, order->id) != NULL;
}

void venue_order_act(venue *self, venue_order *order)
{
    /* Before the create is answered, whatever overtakes it would meet no order. */
    if (order->ending != HEAN_ORDER_NONE || (order->creating && !order->exists))
        return;
    if (order->cancel_wanted) {
        bool may_exist = order->exists || order->doubtful;
        if (may_exist && !order->cancelling && order->cancel_next_ns <= self->now_ns)
            send_cancel(self, order);
        return;
    }
    while (!self->ready && order->amend_count > 0 && !order->amending && !order->amends[0].sent)
        venue_order_amend_done(self, order, HEAN_REASON_VENUE);
    bool stands = order->told == HEAN_ORDER_OPEN || order->told == HEAN_ORDER_PARTLY_FILLED;
    if (order->amend_count > 0 && !order->amending && !order->amends[0].sent && stands)
        send_amend(self, order);
}

void venue_order_amend_done(venue *self, venue_order *order, hean_reason reason)
{
    (void)venue_job_withdraw(self, JOB_AMEND, order->id);
    order->amending = venue_jobs_any(self, JOB_AMEND, order->id);
    order->amend_count--;
    memmove(order->amends, order->amends + 1, (size_t)order->amend_count * sizeof *order->amends);
    venue_order_answer(self, order, reason);
}

void venue_amend_ended(venue *self, const venue_job *job, const job_result *result)
{
    venue_order *order = venue_order_find(self, job->subject);
    if (order == NULL)
        return;
    order->amending = false;
    bool open = order->amend_count > 0 && (order->amends[0].sent || job->tries == 0);
    if (!open) { /* the stream answered it before */
        venue_order_act(self, order);
        return;
    }
    if (result->answer->class == RETRY_OK) {
        venue_order_ask(self, order, CONFIRM_NS);
    } else if (result->answer->class == RETRY_DONE) {
        venue_order_ask(self, order, 0);
    } else if (!result->certain) {
        self->counters.unknown_outcomes++;
        venue_order_ask(self, order, DOUBT_NS);
    } else {
        venue_order_amend_done(self, order,
                               result->answer->class == RETRY_FUNDS
                                   ? HEAN_REASON_INSUFFICIENT_BALANCE
                                   : HEAN_REASON_VENUE);
    }
    venue_order_act(self, order);
}

void venue_cancel_ended(venue *self, const venue_job *job, const job_result *result)
{
    venue_order *order = venue_order_find(self, job->subject);
    if (order == NULL)
        return;
    order->cancelling = false;
    order->cancel_next_ns = self->now_ns + CANCEL_AGAIN_NS;
    /* "Gone" may mean filled; an acknowledgement is not a cancellation. */
    venue_order_ask(self, order, result->answer->class == RETRY_DONE ? 0 : CONFIRM_NS);
}

/* ---- asking ---- */

static void find(venue *self, venue_order *order, job_kind kind, const char *cursor)
{
    static const bybit_route routes[] = {[JOB_FIND_OPEN] = BYBIT_ORDERS_OPEN,
                                         [JOB_FIND_HISTORY] = BYBIT_ORDER_HISTORY,
                                         [JOB_FIND_EXECUTIONS] = BYBIT_EXECUTIONS};
    char client_id[VENUE_CLIENT_ID_BYTES];
    bybit_request request;
    venue_client_id(self, order->id, client_id);
    bybit_request_init(&request, routes[kind]);
    order->finding = true;
    if (venue_query(self, &request, "category", bybit_category_text(self->category)) ||
        venue_query(self, &request, "symbol", self->symbols[order->instrument].name) ||
        venue_query(self, &request, "orderLinkId", client_id))
        return;
    /* Closed ones too, while the venue still has them at hand. */
    if (kind == JOB_FIND_OPEN && venue_query(self, &request, "openOnly", "1"))
        return;
    if (kind == JOB_FIND_EXECUTIONS && venue_query(self, &request, "limit", "100"))
        return;
    if (cursor[0] != 0 && venue_query(self, &request, "cursor", cursor))
        return;
    (void)venue_job_make(self, kind, &request, order->id);
}

static void denied(venue *self, venue_order *order)
{
    char client_id[VENUE_CLIENT_ID_BYTES];
    venue_client_id(self, order->id, client_id);
    if (order->denied_ns == 0)
        order->denied_ns = self->now_ns;
    int64_t asked_ms = (order->find_sent_ns + self->clock.offset_ns) / BASE_NS_PER_MS;
    bool settled = asked_ms >= order->create_ms + self->recv_window_ms + VISIBLE_MS;
    if (order->exists) {
        if (self->now_ns - order->denied_ns < VANISHED_NS) {
            ask_later(self, order);
            return;
        }
        venue_differ(self, "vanished: the venue no longer knows %s; it is taken for cancelled",
                     client_id);
        order->ending = HEAN_ORDER_CANCELLED;
        order->end_reason = HEAN_REASON_VENUE;
        order->venue_filled_lots = order->filled_lots;
        (void)venue_order_try_end(self, order, false);
    } else if (settled) {
        venue_log(self, HEAN_LOG_WARN, "%s never arrived at the venue", client_id);
        venue_order_reject(self, order, HEAN_REASON_VENUE);
    } else if (!order->resent && !order->creating && !order->cancel_wanted && self->ready &&
               self->now_ns - order->made_ns < RESEND_AGE_NS &&
               self->now_ns - order->denied_ns >= RESEND_AFTER_NS - DOUBT_NS) {
        order->resent = true;
        venue_order_create(self, order);
    } else {
        ask_later(self, order);
    }
}

static void find_ended(venue *self, venue_order *order)
{
    order->finding = false;
    if (!order->found) {
        denied(self, order);
        return;
    }
    order->exists = true;
    order->denied_ns = 0;
    bool silent = order->told == HEAN_ORDER_PENDING_NEW || order->told == HEAN_ORDER_UNKNOWN;
    bool missing =
        order->ending != HEAN_ORDER_NONE || silent || order->filled_lots < order->venue_filled_lots;
    bool amend_open = order->amend_count > 0 && order->amends[0].sent && !order->amending;
    if (missing || (amend_open && order->find_tries < AMEND_LOOKS_MAX)) {
        ask_later(self, order);
        return;
    }
    order->find_tries = 0;
    if (amend_open) /* it did not change anything */
        venue_order_amend_done(self, order, HEAN_REASON_VENUE);
    venue_order_act(self, order);
    if (order->cancel_wanted && !order->cancelling)
        venue_order_ask(self, order, CANCEL_AGAIN_NS);
}

typedef struct find_context {
    venue *self;
    uint64_t order_id;
    bool found;
} find_context;

static hean_status found_order(void *context, const bybit_order *row, hean_error *error)
{
    find_context *finder = context;
    uint64_t order_id;
    uint16_t strategy;
    (void)error;
    if (venue_client_id_read(finder->self, row->client_id, &order_id, &strategy) != ID_OURS ||
        order_id != finder->order_id)
        return HEAN_OK;
    finder->found = true;
    return venue_on_order(finder->self, row);
}

static hean_status find_executions_answered(venue *self, const job_result *result,
                                            find_context *finder, char cursor[BYBIT_CURSOR_BYTES],
                                            hean_error *error)
{
    size_t first = self->row_count;
    hean_status status =
        bybit_read_executions(result->response->body, result->response->body_bytes, &self->lookup,
                              venue_collect_execution, self, cursor, error);
    if (status != HEAN_OK) {
        self->row_count = first;
        return status;
    }
    finder->found = self->row_count > first;
    venue_collected_turn(self, first);
    venue_collected_apply(self, first);
    return HEAN_OK;
}

hean_status venue_find_answered(venue *self, const venue_job *job, const job_result *result,
                                hean_error *error)
{
    find_context finder = {self, job->subject, false};
    char cursor[BYBIT_CURSOR_BYTES] = "";
    hean_status status =
        job->kind == JOB_FIND_EXECUTIONS
            ? find_executions_answered(self, result, &finder, cursor, error)
            : bybit_read_orders(result->response->body, result->response->body_bytes, &self->lookup,
                                found_order, &finder, NULL, error);
    venue_order *order = venue_order_find(self, job->subject);
    if (status != HEAN_OK || order == NULL)
        return status;
    order->found = order->found || finder.found;
    if (job->kind == JOB_FIND_EXECUTIONS && cursor[0] != 0 && finder.found)
        find(self, order, JOB_FIND_EXECUTIONS, cursor);
    else if (job->kind == JOB_FIND_EXECUTIONS ||
             (order->found && order->filled_lots >= order->venue_filled_lots))
        find_ended(self, order);
    else if (job->kind == JOB_FIND_OPEN && !order->found)
        find(self, order, JOB_FIND_HISTORY, "");
    else
        find(self, order, JOB_FIND_EXECUTIONS, "");
    return HEAN_OK;
}

void venue_find_failed(venue *self, const venue_job *job)
{
    venue_order *order = venue_order_find(self, job->subject);
    if (order == NULL)
        return;
    order->finding = false;
    ask_later(self, order);
}

/* ---- time ---- */

void venue_orders_advance(venue *self)
{
    for (size_t i = 0; i < self->order_count && !self->halted; i++) {
        venue_order *order = &self->orders[i];
        if (order->finding || order->find_at_ns > self->now_ns)
            continue;
        order->find_at_ns = VENUE_NEVER;
        order->found = false;
        find(self, order, JOB_FIND_OPEN, "");
    }
}

int64_t venue_orders_due_ns(const venue *self)
{
    int64_t due_ns = VENUE_NEVER;
    for (size_t i = 0; i < self->order_count && !self->halted; i++)
        if (!self->orders[i].finding && self->orders[i].find_at_ns < due_ns)
            due_ns = self->orders[i].find_at_ns;
    return due_ns;
}
