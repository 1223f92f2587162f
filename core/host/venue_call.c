/*
 * venue_call.c: see venue_call.h.
 */
#include "http_call.h"

#include <host/venue_call.h>
#include <string.h>

#define TIMEOUT_NS       (10 * BASE_NS_PER_S)
#define ANSWER_BYTES_MAX ((size_t)8 << 20)
#define CLOCK_SAMPLES    3
/* Behind the venue's clock rather than ahead of it: one second ahead is always refused. */
#define TIMESTAMP_MARGIN_NS (100 * BASE_NS_PER_MS)

struct venue_call {
    const hean_allocator *allocator;
    venue_call_options options;
    http_call *http;
    int64_t offset_ns;
    /* the exchange under way */
    bybit_route route;
    bool sent;
    bybit_answer answer;
    base_buffer *body;
    int64_t sent_ns, received_ns;
};

static void on_response(void *context, const wire_response *response)
{
    venue_call *self = context;

    self->sent = response->outcome != WIRE_NOT_SENT;
    self->sent_ns = response->sent_ns;
    self->received_ns = response->received_ns;
    bybit_read_answer(self->route, response, &self->answer);
    self->body->length = 0;
    if (response->outcome == WIRE_DONE)
        base_buffer_append(self->body, response->body, response->body_bytes);
}

hean_status venue_call_open(const venue_call_options *options, venue_call **out, hean_error *error)
{
    const hean_allocator *allocator =
        options->allocator != NULL ? options->allocator : base_allocator_default();
    venue_call *self = base_alloc(allocator, sizeof *self);
    const http_call_options http = {.allocator = allocator,
                                    .ca_file = options->venue->ca_file,
                                    .name = "venue",
                                    .stop = options->stop,
                                    .response = on_response,
                                    .context = self};
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue: out of memory");
    self->allocator = allocator;
    self->options = *options;
    status = http_call_open(&http, &self->http, error);
    if (status != HEAN_OK)
        base_free(allocator, self);
    else
        *out = self;
    return status;
}

void venue_call_close(venue_call *self)
{
    if (self == NULL)
        return;
    http_call_close(self->http);
    base_free(self->allocator, self);
}

/* One try. */
static hean_status exchange(venue_call *self, const bybit_request *request, hean_error *error)
{
    const bybit_route_info *route = bybit_route_get(request->route);
    const keys *held = self->options.keys;
    bool get = strcmp(route->method, "GET") == 0;
    wire_action action = {
        .method = route->method, .timeout_ns = TIMEOUT_NS, .response_bytes_max = ANSWER_BYTES_MAX};
    base_buffer url, headers;
    hean_status status;

    base_buffer_init(&url, self->allocator);
    base_buffer_init(&headers, self->allocator);
    self->route = request->route;
    status =
        bybit_seal(request, self->options.venue->rest_url, held != NULL ? keys_key(held) : NULL,
                   held != NULL ? keys_secret(held) : NULL,
                   (base_clock_wall_ns() + self->offset_ns - TIMESTAMP_MARGIN_NS) / BASE_NS_PER_MS,
                   self->options.recv_window_ms, &url, &headers);
    if (status != HEAN_OK) {
        status = base_fail(error, status, "venue: the request cannot be signed");
    } else {
        action.url = url.data;
        action.headers = headers.length > 0 ? headers.data : NULL;
        action.body = get ? NULL : request->payload;
        action.body_bytes = get ? 0 : request->payload_bytes;
        status = http_call_do(self->http, &action, error);
    }
    if (headers.data != NULL)
        explicit_bzero(headers.data, headers.length);
    base_buffer_deinit(&headers);
    base_buffer_deinit(&url);
    if (status == HEAN_OK && self->body->failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "venue: out of memory");
    return status;
}

hean_status venue_call_ask(venue_call *self, const bybit_request *request, bybit_answer *answer,
                           base_buffer *body, bool *sent, hean_error *error)
{
    const retry_policy policy = retry_policy_default();
    const bybit_route_info *route = bybit_route_get(request->route);
    bool get = strcmp(route->method, "GET") == 0;
    hean_status status;

    if (route->is_private && self->options.keys == NULL)
        return base_fail(error, HEAN_E_INVALID, "venue: %s needs keys", route->path);
    self->body = body;
    for (int32_t tries = 1;; tries++) {
        int64_t now_ns, at_ns = 0, until_ns;
        status = exchange(self, request, error);
        if (status != HEAN_OK)
            return status;
        now_ns = base_clock_wall_ns();
        until_ns = self->answer.retry_after_ns > 0 ? now_ns + self->answer.retry_after_ns : 0;
        if (!get || self->answer.class == RETRY_OK ||
            !retry_again(&policy, self->answer.class, true, tries, until_ns, (uint64_t)now_ns,
                         now_ns, &at_ns))
            break;
        status = http_call_wait(self->http, base_clock_monotonic_ns() + at_ns - now_ns, error);
        if (status != HEAN_OK)
            return status;
    }
    *answer = self->answer;
    if (sent != NULL)
        *sent = self->sent;
    return HEAN_OK;
}

hean_status venue_call_read(venue_call *self, const bybit_request *request, base_buffer *body,
                            hean_error *error)
{
    bybit_answer answer = {.class = RETRY_AMBIGUOUS};
    hean_status status = venue_call_ask(self, request, &answer, body, NULL, error);

    if (status == HEAN_OK && answer.class != RETRY_OK)
        status = base_fail(error, HEAN_E_IO, "%s: %s", bybit_route_get(request->route)->path,
                           answer.text);
    return status;
}

hean_status venue_call_clock(venue_call *self, int64_t *offset_ns, int64_t *round_trip_ns,
                             hean_error *error)
{
    int64_t best_ns = INT64_MAX, offset = 0;
    hean_status status = HEAN_OK;
    bybit_request request;
    base_buffer body;

    base_buffer_init(&body, self->allocator);
    bybit_request_init(&request, BYBIT_TIME);
    for (int i = 0; status == HEAN_OK && i < CLOCK_SAMPLES; i++) {
        int64_t venue_ns = 0;
        status = venue_call_read(self, &request, &body, error);
        if (status == HEAN_OK)
            status = bybit_read_time(body.data, body.length, &venue_ns, error);
        if (status != HEAN_OK || self->received_ns - self->sent_ns >= best_ns)
            continue;
        best_ns = self->received_ns - self->sent_ns;
        offset = venue_ns - (self->sent_ns + best_ns / 2);
    }
    base_buffer_deinit(&body);
    if (status != HEAN_OK)
        return status;
    self->offset_ns = offset;
    *offset_ns = offset;
    *round_trip_ns = best_ns;
    return HEAN_OK;
}
