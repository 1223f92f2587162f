/*
 * http_call.c: see http_call.h.
 */
#include "http_call.h"

#define STOP_LOOK_NS (200 * BASE_NS_PER_MS)

struct http_call {
    http_call_options options;
    edge *edge;
    uint64_t last_id;
    bool answered;
};

static void on_response(void *context, const wire_response *response)
{
    http_call *self = context;

    if (response->id != self->last_id)
        return;
    self->answered = true;
    self->options.response(self->options.context, response);
}

static void on_socket(void *context, uint64_t socket, wire_socket_event what, const char *text,
                      size_t bytes, int64_t now_ns)
{
    (void)context; /* none is ever opened */
    (void)socket;
    (void)what;
    (void)text;
    (void)bytes;
    (void)now_ns;
}

hean_status http_call_open(const http_call_options *options, http_call **out, hean_error *error)
{
    edge_options settings = edge_options_default();
    http_call *self = base_alloc(options->allocator, sizeof *self);
    const edge_sink sink = {self, on_response, on_socket};
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: out of memory", options->name);
    self->options = *options;
    settings.allocator = options->allocator;
    settings.ca_file = options->ca_file;
    /* A second connection that waits would keep a server busy that serves one at a time. */
    settings.warm_connections = 0;
    status = edge_open(&settings, &sink, &self->edge, error);
    if (status != HEAN_OK)
        base_free(options->allocator, self);
    else
        *out = self;
    return status;
}

void http_call_close(http_call *self)
{
    if (self == NULL)
        return;
    edge_close(self->edge);
    base_free(self->options.allocator, self);
}

static hean_status wait_until(http_call *self, int64_t until_ns, bool for_answer, hean_error *error)
{
    hean_status status = HEAN_OK;

    while (status == HEAN_OK && !(for_answer && self->answered) &&
           base_clock_monotonic_ns() < until_ns) {
        int64_t next_ns = base_clock_monotonic_ns() + STOP_LOOK_NS;
        if (self->options.stop != NULL && *self->options.stop != 0)
            return base_fail(error, HEAN_E_INTERRUPTED, "%s: interrupted", self->options.name);
        status = edge_run(self->edge, next_ns < until_ns ? next_ns : until_ns, error);
    }
    return status;
}

hean_status http_call_do(http_call *self, wire_action *action, hean_error *error)
{
    hean_status status;

    action->kind = WIRE_HTTP;
    action->id = ++self->last_id;
    self->answered = false;
    status = edge_do(self->edge, action, error);
    /* The edge ends it in time (W1); the margin is for a loop that is late. */
    if (status == HEAN_OK)
        status = wait_until(self, base_clock_monotonic_ns() + 2 * action->timeout_ns, true, error);
    if (status == HEAN_OK && !self->answered)
        status =
            base_fail(error, HEAN_E_IO, "%s: the request did not end in time", self->options.name);
    return status;
}

hean_status http_call_wait(http_call *self, int64_t until_ns, hean_error *error)
{
    return wait_until(self, until_ns, false, error);
}
