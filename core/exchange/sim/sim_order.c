/*
 * sim_order.c: orders: made, amended, cancelled, triggered; and what the matching engine answers.
 *
 * Invariants
 *   O1  an order that has ended never changes again.
 *   O2  an order link id makes one order, ever; a refused request makes none.
 *   O3  the answer to a request leaves before any frame about its outcome.
 */
#include "sim_internal.h"

/* ---- to and from the engine ---- */

static hean_status send(sim_venue *sim, uint32_t at, hean_intent_kind kind, const sim_order *wish)
{
    sim_order *order = sim_order_at(sim, at);
    paper_request request = {.sent_ns = sim->now_ns,
                             .order_id = (uint64_t)at + 1,
                             .slot = order->slot,
                             .instrument = order->symbol,
                             .kind = (uint8_t)kind,
                             .side = order->side,
                             .order_type = HEAN_ORDER_LIMIT, /* market: at the bound, IOC */
                             .time_in_force = order->time_in_force,
                             .reduce_only = order->reduce_only};
    if (wish != NULL) {
        request.price_ticks = wish->price_ticks;
        request.qty_lots = wish->qty_lots;
    }
    return paper_send(sim->engine, &request);
}

static hean_status enter(sim_venue *sim, uint32_t at)
{
    sim_order *order = sim_order_at(sim, at);
    if (sim->free_slots.count > 0) {
        order->slot = *SIM_AT(&sim->free_slots, uint32_t, --sim->free_slots.count);
    } else {
        order->slot = sim->slots++;
        /* Room for it to be given back, so that giving back cannot fail. */
        if (!base_grow(sim->allocator, &sim->free_slots.items, &sim->free_slots.capacity,
                       sim->slots, sizeof(uint32_t)))
            return HEAN_E_NO_MEMORY;
    }
    return send(sim, at, HEAN_INTENT_PLACE, order);
}

static void end(sim_venue *sim, sim_order *order, sim_state state)
{
    uint32_t *active = sim->active.items;
    uint32_t last = active[--sim->active.count];
    if (order->state == SIM_UNTRIGGERED)
        sim->symbols[order->symbol].untriggered--;
    else
        *SIM_AT(&sim->free_slots, uint32_t, sim->free_slots.count++) = order->slot;
    active[order->active_at] = last;
    sim_order_at(sim, last)->active_at = order->active_at;
    order->state = (uint8_t)state;
    order->updated_ns = sim->now_ns;
}

static hean_status tell_later(sim_venue *sim, uint32_t at)
{
    uint32_t *place = sim_list_add(sim->allocator, &sim->untold, sizeof *place);
    if (place == NULL)
        return HEAN_E_NO_MEMORY;
    *place = at;
    return HEAN_OK;
}

static hean_status tell(sim_venue *sim, const sim_order *order)
{
    hean_status status = sim_tell_order(sim, order);
    return status == HEAN_OK ? sim_tell_position(sim, &sim->symbols[order->symbol]) : status;
}

hean_status sim_tell_untold(sim_venue *sim)
{
    hean_status status = HEAN_OK;
    for (size_t i = 0; i < sim->untold.count && status == HEAN_OK; i++)
        status = tell(sim, sim_order_at(sim, *SIM_AT(&sim->untold, uint32_t, i)));
    sim->untold.count = 0;
    return status;
}

static hean_status on_fill(sim_venue *sim, sim_order *order, const hean_event *event)
{
    hean_status status = sim_account_fill(sim, order, event);
    if (status != HEAN_OK)
        return status;
    order->updated_ns = sim->now_ns;
    if (order->filled_lots == order->qty_lots)
        end(sim, order, SIM_FILLED);
    else
        order->state = SIM_PARTLY_FILLED;
    status = sim_tell_order(sim, order);
    if (status == HEAN_OK)
        status = sim_tell_execution(
            sim, SIM_AT(&sim->executions, sim_execution, sim->executions.count - 1));
    if (status == HEAN_OK)
        status = sim_tell_position(sim, &sim->symbols[order->symbol]);
    return status == HEAN_OK ? sim_tell_wallet(sim) : status;
}

static void end_cancelled(sim_venue *sim, sim_order *order, hean_reason reason)
{
    static const struct {
        hean_reason reason;
        const char *cancel, *reject;
    } words[] = {
        {HEAN_REASON_CANCELLED_BY_STRATEGY, "CancelByUser", "EC_PerCancelRequest"},
        {HEAN_REASON_CANCELLED_BY_HOST, "CancelByUser", "EC_PerCancelRequest"},
        {HEAN_REASON_POST_ONLY_WOULD_TAKE, "UNKNOWN", "EC_PostOnlyWillTakeLiquidity"},
        {HEAN_REASON_IOC_REMAINDER, "UNKNOWN", "EC_NoImmediateQtyToFill"},
        {HEAN_REASON_NO_LIQUIDITY, "UNKNOWN", "EC_NoImmediateQtyToFill"},
        {HEAN_REASON_FOK_NOT_FILLABLE, "UNKNOWN", "EC_CancelForNoFullFill"},
        {HEAN_REASON_REDUCE_ONLY, "CancelByReduceOnly", "EC_NoError"},
    };
    for (size_t i = 0; i < BASE_COUNT(words); i++)
        if (words[i].reason == reason) {
            order->cancel = words[i].cancel;
            order->reject = words[i].reject;
        }
    bool partly =
        sim->symbols[order->symbol].kind == HEAN_INSTRUMENT_SPOT && order->filled_lots > 0;
    end(sim, order, partly ? SIM_PARTLY_CANCELLED : SIM_CANCELLED);
}

static hean_status on_order(sim_venue *sim, sim_order *order, const paper_answer *answer)
{
    const hean_event *event = &answer->event;
    if (event->reason == HEAN_REASON_UNKNOWN_ORDER) {
        /* The race was lost: a second message about an order that has ended. */
        sim_order late = *order;
        late.cancel = answer->request == HEAN_INTENT_CANCEL ? "CancelByUser" : "UNKNOWN";
        late.reject = "EC_OrigClOrdIDDoesNotExist";
        return tell(sim, &late);
    }
    switch (event->data.order.status) {
    case HEAN_ORDER_OPEN:
    case HEAN_ORDER_PARTLY_FILLED:
        order->price_ticks = event->data.order.price_ticks;
        order->qty_lots = event->data.order.qty_lots;
        order->state = order->filled_lots > 0 ? SIM_PARTLY_FILLED : SIM_NEW;
        order->updated_ns = sim->now_ns;
        break;
    default:
        end_cancelled(sim, order, (hean_reason)event->reason);
        break;
    }
    return tell(sim, order);
}

hean_status sim_engine_answers(sim_venue *sim)
{
    hean_status status = HEAN_OK;
    paper_answer answer;
    while (status == HEAN_OK && paper_take_answer(sim->engine, &answer)) {
        uint64_t id = answer.event.kind == HEAN_EVENT_FILL ? answer.event.data.fill.order_id
                                                           : answer.event.data.order.order_id;
        sim_order *order = sim_order_at(sim, (uint32_t)(id - 1));
        status = answer.event.kind == HEAN_EVENT_FILL ? on_fill(sim, order, &answer.event)
                                                      : on_order(sim, order, &answer);
    }
    return status;
}

/* ---- conditional orders ---- */

int64_t sim_trigger_price(const sim_symbol *symbol, uint8_t by)
{
    if (by == SIM_BY_MARK)
        return sim_mark(symbol);
    if (by == SIM_BY_INDEX && symbol->index_ticks > 0)
        return symbol->index_ticks;
    return symbol->last_ticks;
}

hean_status sim_trigger(sim_venue *sim, const sim_symbol *symbol)
{
    hean_status status = HEAN_OK;
    for (size_t i = 0; symbol->untriggered > 0 && i < sim->active.count && status == HEAN_OK; i++) {
        uint32_t at = *SIM_AT(&sim->active, uint32_t, i);
        sim_order *order = sim_order_at(sim, at);
        int64_t price = sim_trigger_price(symbol, order->trigger_by);
        if (order->symbol != symbol->index || order->state != SIM_UNTRIGGERED || price == 0 ||
            (order->trigger_direction == 1 ? price < order->trigger_ticks
                                           : price > order->trigger_ticks))
            continue;
        sim->symbols[order->symbol].untriggered--;
        order->state = SIM_TRIGGERED;
        order->updated_ns = sim->now_ns;
        if (order->type == HEAN_ORDER_MARKET)
            order->price_ticks = sim_market_bound(symbol, order->side);
        status = tell(sim, order);
        if (status == HEAN_OK)
            status = enter(sim, at);
    }
    return status;
}

/* ---- requests ---- */

static void write_ids(sim_call *call, const sim_order *order)
{
    base_buffer_printf(&call->result, "{\"orderId\":\"%s\",\"orderLinkId\":\"%s\"}", order->id,
                       order->link);
}

static hean_status place(sim_call *call, const sim_order *wish)
{
    sim_venue *sim = call->sim;
    uint32_t at = (uint32_t)sim->orders.count;
    sim_symbol *symbol = &sim->symbols[wish->symbol];
    sim_order *order = sim_list_add(sim->allocator, &sim->orders, sizeof *order);
    uint32_t *active =
        order == NULL ? NULL : sim_list_add(sim->allocator, &sim->active, sizeof *active);
    if (active == NULL)
        return HEAN_E_NO_MEMORY;
    *active = at;
    *order = *wish;
    order->active_at = (uint32_t)sim->active.count - 1;
    order->created_ns = order->updated_ns = sim->now_ns;
    sim_make_id(sim, symbol->kind, order->id);
    hean_status status = sim_map_add(sim, &sim->by_id, at);
    if (status == HEAN_OK && order->link[0] != '\0')
        status = sim_map_add(sim, &sim->by_link, at);
    if (status != HEAN_OK)
        return status;
    write_ids(call, order);
    if (order->trigger_by == SIM_BY_NONE)
        return enter(sim, at);
    order->state = SIM_UNTRIGGERED;
    symbol->untriggered++;
    return tell_later(sim, at);
}

hean_status sim_on_create(sim_call *call)
{
    sim_order wish = {0};
    return sim_check_create(call, &wish) ? place(call, &wish) : HEAN_OK;
}

/* The open order that a request means; false: refused. */
static bool find_open(sim_call *call, uint32_t *out)
{
    const sim_venue *sim = call->sim;
    const char *id = sim_arg(call, "orderId");
    const char *link = sim_arg(call, "orderLinkId");
    const sim_symbol *symbol = NULL;
    if (!sim_arg_kind(call, false) || (symbol = sim_arg_symbol(call, true)) == NULL)
        return false;
    if (id[0] == '\0' && link[0] == '\0')
        return sim_refuse(call, 10001, "params error: orderId or orderLinkId is required");
    uint32_t at =
        id[0] != '\0' ? sim_map_find(sim, &sim->by_id, id) : sim_map_find(sim, &sim->by_link, link);
    if (at == SIM_NONE || sim_order_at(sim, at)->symbol != symbol->index ||
        sim_ended(sim_order_at(sim, at)))
        return symbol->kind == HEAN_INSTRUMENT_SPOT
                   ? sim_refuse(call, 170213, "Order does not exist.")
                   : sim_refuse(call, 110001, "order not exists or too late to cancel");
    *out = at;
    return true;
}

hean_status sim_on_amend(sim_call *call)
{
    uint32_t at = SIM_NONE;
    if (!find_open(call, &at))
        return HEAN_OK;
    sim_order *order = sim_order_at(call->sim, at);
    sim_order changed = *order;
    if (!sim_check_amend(call, order, &changed))
        return HEAN_OK;
    write_ids(call, order);
    if (order->state != SIM_UNTRIGGERED)
        return send(call->sim, at, HEAN_INTENT_AMEND, &changed);
    changed.updated_ns = call->sim->now_ns;
    *order = changed;
    return tell_later(call->sim, at);
}

static hean_status cancel(sim_venue *sim, uint32_t at)
{
    sim_order *order = sim_order_at(sim, at);
    if (order->state != SIM_UNTRIGGERED)
        return send(sim, at, HEAN_INTENT_CANCEL, NULL);
    order->cancel = "CancelByUser";
    order->reject = "EC_PerCancelRequest";
    end(sim, order, SIM_DEACTIVATED);
    return tell_later(sim, at);
}

hean_status sim_on_cancel(sim_call *call)
{
    uint32_t at = SIM_NONE;
    if (!find_open(call, &at))
        return HEAN_OK;
    write_ids(call, sim_order_at(call->sim, at));
    return cancel(call->sim, at);
}

/* ---- many at once ---- */

static bool in_scope(const sim_call *call, const sim_symbol *only, const sim_order *order)
{
    const sim_venue *sim = call->sim;
    const sim_symbol *symbol = &sim->symbols[order->symbol];
    const char *filter = sim_arg(call, "orderFilter");
    const char *base = sim_arg(call, "baseCoin");
    const char *settle = sim_arg(call, "settleCoin");
    bool conditional = order->trigger_by != SIM_BY_NONE;
    if (symbol->kind != call->kind || order->state == SIM_SENT)
        return false;
    if (filter[0] != '\0' && (strcmp(filter, "Order") == 0) == conditional)
        return false;
    if (only != NULL)
        return symbol == only;
    if (base[0] != '\0')
        return strcmp(sim->coins[symbol->base].name, base) == 0;
    return settle[0] == '\0' || strcmp(sim->coins[symbol->settle].name, settle) == 0;
}

hean_status sim_on_cancel_all(sim_call *call)
{
    sim_venue *sim = call->sim;
    const sim_symbol *only = NULL;
    hean_status status = HEAN_OK;
    size_t count = 0;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    only = sim_arg_symbol(call, false);
    if (only == NULL && call->code == 0 && call->kind != HEAN_INSTRUMENT_SPOT &&
        sim_arg(call, "baseCoin")[0] == '\0' && sim_arg(call, "settleCoin")[0] == '\0')
        (void)sim_refuse(call, 10001, "params error: symbol, baseCoin or settleCoin is required");
    if (call->code != 0)
        return HEAN_OK;
    base_buffer_printf(&call->result, "{\"list\":[");
    /* Backwards: what a cancel takes out at once leaves the rest in place. */
    for (size_t i = sim->active.count; i-- > 0 && count < 500 && status == HEAN_OK;) {
        uint32_t at = *SIM_AT(&sim->active, uint32_t, i);
        const sim_order *order = sim_order_at(sim, at);
        if (!in_scope(call, only, order))
            continue;
        if (count++ > 0)
            base_buffer_append(&call->result, ",", 1);
        write_ids(call, order);
        status = cancel(sim, at);
    }
    base_buffer_printf(&call->result, "],\"success\":\"1\"}");
    return status;
}

/* Two parallel lists: what was done, and how each went; the answer as a whole is a success. */
static hean_status batch(sim_call *call, sim_handler *one, bool created)
{
    const json_t *list = json_object_get(call->body, "request");
    size_t count = json_array_size(list);
    hean_status status = HEAN_OK;
    if (!sim_arg_kind(call, false))
        return HEAN_OK;
    size_t most = call->kind == HEAN_INSTRUMENT_SPOT ? 10 : 20;
    if (count == 0 || count > most) {
        (void)sim_refuse(call, 10001, "params error: request, expected 1 to %zu orders", most);
        return HEAN_OK;
    }
    base_buffer_printf(&call->result, "{\"list\":[");
    base_buffer_printf(&call->extra, "{\"list\":[");
    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        json_t *item = json_copy(json_array_get(list, i));
        sim_call inner;
        sim_call_init(&inner, call->sim, call->now_ns);
        inner.body = item;
        if (item == NULL) {
            status = HEAN_E_NO_MEMORY;
        } else if (!sim_limit_take(call)) {
            (void)sim_refuse(&inner, 10006, "Too many visits. Exceeded the API Rate Limit.");
        } else if (sim_body_check(&inner, item)) {
            (void)json_object_set_new(item, "category", json_string(sim_kind_text(call->kind)));
            status = one(&inner);
        }
        const char *ids = inner.code == 0 && inner.result.length > 2
                              ? inner.result.data + 1
                              : "\"orderId\":\"\",\"orderLinkId\":\"\"}";
        base_buffer_printf(&call->result, "%s{\"category\":\"%s\",\"symbol\":", i > 0 ? "," : "",
                           sim_kind_text(call->kind));
        sim_write_text(&call->result, sim_arg(&inner, "symbol"));
        if (created)
            base_buffer_printf(&call->result, ",\"createAt\":\"%lld\"",
                               (long long)sim_ms(call->sim, call->now_ns));
        base_buffer_printf(&call->result, ",%s", ids);
        base_buffer_printf(&call->extra, "%s{\"code\":%d,\"msg\":", i > 0 ? "," : "", inner.code);
        sim_write_text(&call->extra, inner.code == 0 ? "OK" : inner.message);
        base_buffer_append(&call->extra, "}", 1);
        sim_call_deinit(&inner);
        json_decref(item);
    }
    base_buffer_printf(&call->result, "]}");
    base_buffer_printf(&call->extra, "]}");
    return status;
}

hean_status sim_on_create_batch(sim_call *call)
{
    return batch(call, sim_on_create, true);
}

hean_status sim_on_amend_batch(sim_call *call)
{
    return batch(call, sim_on_amend, false);
}

hean_status sim_on_cancel_batch(sim_call *call)
{
    return batch(call, sim_on_cancel, false);
}
