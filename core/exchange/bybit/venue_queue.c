/*
 * venue_queue.c: events for the host and actions for the wire, in order, until they are taken.
 *
 * Market events are many and small, the others few and large: so they lie in two arrays, and the
 * first holds the order of both. Buffers of actions are used again; nothing is allocated once the
 * queues have grown to what is needed between two takes.
 * Must not know: why anything is told or sent.
 */
#include "venue_private.h"

#include <string.h>

#define IS_MARKET      (-1)
#define IS_LIQUIDATION (-2)

/* ---- events ---- */

static queued_event *push(venue *self)
{
    if (self->event_head == self->event_count)
        self->event_head = self->event_count = 0;
    void *events = self->events;
    if (!base_grow(self->allocator, &events, &self->event_capacity, self->event_count + 1,
                   sizeof *self->events)) {
        venue_no_memory(self);
        return NULL;
    }
    self->events = events;
    return &self->events[self->event_count++];
}

static void push_market(venue *self, const hean_event *event, int32_t detail)
{
    queued_event *queued = push(self);
    if (queued == NULL)
        return;
    queued->event = *event;
    queued->event.local_ns = self->now_ns;
    /* A venue's clock may run ahead of ours; an engine's event is never of the future. */
    if (queued->event.exch_ns > self->now_ns || queued->event.exch_ns < 0)
        queued->event.exch_ns = self->now_ns;
    queued->detail = detail;
}

void venue_emit_market(venue *self, const hean_event *event)
{
    push_market(self, event, IS_MARKET);
}

void venue_emit_liquidation(venue *self, const hean_event *event)
{
    push_market(self, event, IS_LIQUIDATION);
}

venue_event *venue_emit(venue *self, venue_event_kind kind)
{
    venue_event *out = &self->scratch;
    if (self->detail_head == self->detail_count)
        self->detail_head = self->detail_count = 0;
    void *details = self->details;
    queued_event *queued = NULL;
    if (base_grow(self->allocator, &details, &self->detail_capacity, self->detail_count + 1,
                  sizeof *self->details)) {
        self->details = details;
        queued = push(self);
    } else {
        venue_no_memory(self);
    }
    if (queued != NULL) {
        queued->detail = (int32_t)self->detail_count;
        out = &self->details[self->detail_count++];
    }
    memset(out, 0, sizeof *out);
    out->kind = kind;
    out->time_ns = venue_server_ns(self);
    out->event.local_ns = self->now_ns;
    out->event.exch_ns = self->now_ns;
    return out;
}

void venue_log(venue *self, hean_log_level level, const char *format, ...)
{
    venue_event *event = venue_emit(self, VENUE_LOG);
    va_list args;
    event->level = level;
    va_start(args, format);
    (void)vsnprintf(event->text, sizeof event->text, format, args);
    va_end(args);
    base_text_clean(event->text, strlen(event->text));
}

void venue_differ(venue *self, const char *format, ...)
{
    venue_event *event = venue_emit(self, VENUE_DIFFERENCE);
    va_list args;
    event->level = HEAN_LOG_WARN;
    va_start(args, format);
    (void)vsnprintf(event->text, sizeof event->text, format, args);
    va_end(args);
    base_text_clean(event->text, strlen(event->text));
    self->counters.differences++;
}

bool venue_take_event(venue *self, venue_event *out)
{
    if (self->event_head == self->event_count)
        return false;
    const queued_event *queued = &self->events[self->event_head++];
    if (queued->detail >= 0) {
        *out = self->details[queued->detail];
        self->detail_head++;
        return true;
    }
    memset(out, 0, sizeof *out);
    out->kind = queued->detail == IS_MARKET ? VENUE_MARKET : VENUE_LIQUIDATION;
    out->event = queued->event;
    out->instrument = queued->event.instrument;
    return true;
}

/* ---- actions ---- */

queued_action *venue_act(venue *self, wire_action_kind kind, uint64_t id)
{
    if (self->action_head == self->action_count)
        self->action_head = self->action_count = 0;
    size_t before = self->action_capacity;
    void *actions = self->actions;
    if (!base_grow(self->allocator, &actions, &self->action_capacity, self->action_count + 1,
                   sizeof *self->actions)) {
        venue_no_memory(self);
        return NULL;
    }
    self->actions = actions;
    for (size_t i = before; i < self->action_capacity; i++) {
        base_buffer_init(&self->actions[i].url, self->allocator);
        base_buffer_init(&self->actions[i].headers, self->allocator);
        base_buffer_init(&self->actions[i].body, self->allocator);
    }
    queued_action *action = &self->actions[self->action_count++];
    action->kind = kind;
    action->id = id;
    action->method = NULL;
    action->url.length = action->headers.length = action->body.length = 0;
    action->timeout_ns = 0;
    action->response_bytes_max = 0;
    return action;
}

static const char *text_of(const base_buffer *buffer)
{
    return buffer->length > 0 ? buffer->data : NULL;
}

bool venue_take_action(venue *self, wire_action *out)
{
    /* Where memory ran out the last one may be half written. */
    if (self->action_head == self->action_count || self->no_memory)
        return false;
    const queued_action *action = &self->actions[self->action_head++];
    *out = (wire_action){.kind = action->kind,
                         .id = action->id,
                         .method = action->method,
                         .url = text_of(&action->url),
                         .headers = text_of(&action->headers),
                         .body = text_of(&action->body),
                         .body_bytes = action->body.length,
                         .timeout_ns = action->timeout_ns,
                         .response_bytes_max = action->response_bytes_max};
    return true;
}

static void wipe(base_buffer *buffer)
{
    if (buffer->data != NULL)
        explicit_bzero(buffer->data, buffer->capacity);
    base_buffer_deinit(buffer);
}

void venue_queues_free(venue *self)
{
    for (size_t i = 0; i < self->action_capacity; i++) {
        wipe(&self->actions[i].url);
        wipe(&self->actions[i].headers);
        wipe(&self->actions[i].body);
    }
    base_free(self->allocator, self->actions);
    base_free(self->allocator, self->events);
    base_free(self->allocator, self->details);
}
