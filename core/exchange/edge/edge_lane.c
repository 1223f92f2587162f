/*
 * edge_lane.c: connections kept warm for orders. curl takes some 70 us (150 us from cold caches) to
 * find a kept connection and write a request; here it is one formatted text and one write.
 *
 * A lane is a connection that curl made (proxy, TLS, timeouts) and that carries one POST at a time,
 * HTTP/1.1. The first POST to an origin goes by curl, and a lane is opened beside it; whatever a
 * lane cannot take goes by curl too.
 *
 * Invariants
 *   N1  a request is written to a lane at most once, and to nothing else from then on; once a write
 *       was tried its outcome is DONE or UNKNOWN (W2).
 *   N2  a lane whose answer was not read whole and plainly is closed, never used again.
 */
#include "edge_answer.h"
#include "edge_private.h"

#include <string.h>

#define READ_BYTES ((size_t)16 << 10)

typedef enum lane_state { LANE_CONNECTING, LANE_IDLE, LANE_BUSY, LANE_DONE, LANE_OVER } lane_state;

struct edge_lane {
    edge_owner owner; /* first: what CURLOPT_PRIVATE points at */
    edge_lane *next;
    edge *edge;
    CURL *handle;
    edge_watch *watch;
    lane_state state;
    bool last; /* nothing goes over it after this answer */
    char *origin;
    base_buffer out, in, body;
    size_t out_at;
    /* the request */
    uint64_t id;
    size_t body_bytes_max;
    int64_t deadline_ns; /* monotonic */
    int64_t sent_ns, received_ns;
    const char *why;    /* NULL: an answer */
    edge_answer answer; /* in `in` and `body` */
};

/* ---- beginning and end ---- */

static void lane_free(edge_lane *self)
{
    if (self->watch != NULL)
        edge_watch_close(self->watch);
    if (self->handle != NULL) {
        (void)curl_multi_remove_handle(self->edge->multi, self->handle);
        curl_easy_cleanup(self->handle);
    }
    if (self->out.data != NULL)
        explicit_bzero(self->out.data, self->out.length);
    base_buffer_deinit(&self->out);
    base_buffer_deinit(&self->in);
    base_buffer_deinit(&self->body);
    base_free(self->edge->allocator, self->origin);
    base_free(self->edge->allocator, self);
}

/* The exchange is over; without an answer if `why` is given. */
static void finish(edge_lane *self, const char *why)
{
    if (self->state == LANE_DONE) {
        self->last = true; /* what it has is told first */
        return;
    }
    if (self->state != LANE_BUSY) {
        self->state = LANE_OVER;
        return;
    }
    self->state = LANE_DONE;
    self->why = why;
    self->last |= why != NULL; /* N2 */
    self->received_ns = base_clock_wall_ns();
}

static size_t origin_bytes(const char *url)
{
    const char *host = strstr(url, "://");
    return host != NULL ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static bool set_up(edge_lane *self)
{
    CURL *handle = self->handle = curl_easy_init();

    return handle != NULL && edge_set_common(self->edge, handle) &&
           curl_easy_setopt(handle, CURLOPT_PRIVATE, &self->owner) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_URL, self->origin) == CURLE_OK &&
           curl_multi_add_handle(self->edge->multi, handle) == CURLM_OK;
}

/* Without one there is still curl: no failure is told. */
static void lane_open(edge *parent, const char *url, size_t bytes)
{
    edge_lane *self = base_alloc(parent->allocator, sizeof *self);

    if (self == NULL)
        return;
    self->edge = parent;
    self->owner.lane = self;
    base_buffer_init(&self->out, parent->allocator);
    base_buffer_init(&self->in, parent->allocator);
    base_buffer_init(&self->body, parent->allocator);
    self->origin = base_alloc(parent->allocator, bytes + 1);
    if (self->origin != NULL)
        memcpy(self->origin, url, bytes);
    if (self->origin == NULL || !set_up(self)) {
        lane_free(self);
        return;
    }
    self->next = parent->lanes;
    parent->lanes = self;
}

/* ---- the answer ---- */

static void parse(edge_lane *self, bool ended)
{
    edge_parsed result = EDGE_PARSED_MORE;

    if (!self->in.failed)
        result = edge_answer_read(self->in.data, self->in.length, ended, self->body_bytes_max,
                                  &self->answer, &self->body);
    if (self->in.failed || self->body.failed)
        finish(self, "out of memory");
    else if (result == EDGE_PARSED_WRONG)
        finish(self, "the answer is too long or not understood");
    else if (result == EDGE_PARSED_WHOLE) {
        self->last |= self->answer.closes;
        finish(self, NULL);
    }
}

static void receive(edge_lane *self)
{
    char bytes[READ_BYTES];

    while (self->state == LANE_BUSY || self->state == LANE_IDLE) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(self->handle, bytes, sizeof bytes, &got);
        if (code == CURLE_AGAIN)
            return;
        if (code == CURLE_OK && got == 0 && self->in.length > 0)
            parse(self, true);
        if (code != CURLE_OK || got == 0 || self->state == LANE_IDLE) {
            finish(self, "the connection ended before the answer");
            return;
        }
        base_buffer_append(&self->in, bytes, got);
        parse(self, false);
    }
}

/* ---- the request ---- */

static void flush(edge_lane *self)
{
    size_t sent = 0;
    CURLcode code = curl_easy_send(self->handle, self->out.data + self->out_at,
                                   self->out.length - self->out_at, &sent);

    if (code != CURLE_OK && code != CURLE_AGAIN) {
        finish(self, curl_easy_strerror(code));
        return;
    }
    self->out_at += sent;
    if (!edge_watch_start(self->watch, true, self->out_at < self->out.length))
        finish(self, "the connection cannot be watched");
}

static void write_request(edge_lane *self, const wire_action *action)
{
    const char *authority = strstr(self->origin, "://") + 3;
    const char *target = action->url + strlen(self->origin);
    const char *headers = action->headers != NULL ? action->headers : "";

    self->out.length = 0;
    base_buffer_printf(&self->out,
                       "POST %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hean/%s\r\nAccept: */*\r\n"
                       "Content-Length: %zu\r\n",
                       target[0] == '/' ? "" : "/", target, authority, HEAN_VERSION_STRING,
                       action->body_bytes);
    while (*headers != 0) {
        size_t bytes = strcspn(headers, "\n");
        if (bytes > 0) {
            base_buffer_append(&self->out, headers, bytes);
            base_buffer_append(&self->out, "\r\n", 2);
        }
        headers += bytes + (headers[bytes] == '\n');
    }
    base_buffer_append(&self->out, "\r\n", 2);
    base_buffer_append(&self->out, action->body, action->body_bytes);
}

static bool is_of(const edge_lane *self, const char *url, size_t bytes)
{
    return strlen(self->origin) == bytes && memcmp(self->origin, url, bytes) == 0;
}

bool edge_lane_start(edge *parent, const wire_action *action)
{
    size_t bytes = origin_bytes(action->url), count = 0;
    edge_lane *self = NULL;

    for (edge_lane *lane = parent->lanes; lane != NULL; lane = lane->next) {
        count++;
        if (lane->state == LANE_IDLE && is_of(lane, action->url, bytes))
            receive(lane); /* has the peer gone, or said something that nobody asked for? */
        if (self == NULL && lane->state == LANE_IDLE && is_of(lane, action->url, bytes))
            self = lane;
    }
    if (self == NULL && count < parent->options.warm_connections && bytes > 0)
        lane_open(parent, action->url, bytes);
    if (self == NULL)
        return false;
    write_request(self, action);
    if (self->out.failed) {
        self->state = LANE_OVER;
        return false;
    }
    self->in.length = self->body.length = 0;
    self->out_at = 0;
    self->why = NULL;
    self->id = action->id;
    self->body_bytes_max = action->response_bytes_max;
    self->deadline_ns = base_clock_monotonic_ns() + action->timeout_ns;
    self->sent_ns = base_clock_wall_ns();
    self->state = LANE_BUSY;
    flush(self);
    return true;
}

void edge_lane_connected(edge_lane *self, CURLcode code)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (code == CURLE_OK)
        code = curl_easy_getinfo(self->handle, CURLINFO_ACTIVESOCKET, &fd);
    if (code == CURLE_OK && fd != CURL_SOCKET_BAD)
        self->watch = edge_watch_open(self->edge, fd, edge_lane_ready, self);
    self->state =
        self->watch != NULL && edge_watch_start(self->watch, true, false) ? LANE_IDLE : LANE_OVER;
}

void edge_lane_ready(void *owner, int status, int events)
{
    edge_lane *self = owner;

    if (status < 0)
        finish(self, uv_strerror(status));
    if (self->state == LANE_BUSY && self->out_at < self->out.length)
        flush(self);
    if ((events & UV_READABLE) != 0)
        receive(self);
}

/* ---- the sweep ---- */

static void tell(edge_lane *self)
{
    const wire_response response = {
        .id = self->id,
        .outcome = self->why != NULL ? WIRE_UNKNOWN : WIRE_DONE,
        .why = self->why,
        .http_status = self->why != NULL ? 0 : self->answer.status,
        .headers = self->why != NULL ? NULL : self->in.data + self->answer.head_at,
        .body = self->why != NULL       ? NULL
                : self->body.length > 0 ? self->body.data
                                        : "",
        .body_bytes = self->why != NULL ? 0 : self->body.length,
        .sent_ns = self->sent_ns,
        .received_ns = self->received_ns,
    };

    if (self->why == NULL)
        self->in.data[self->answer.head_at + self->answer.head_bytes] = 0; /* ends the headers */
    self->edge->told++;
    self->edge->sink.response(self->edge->sink.context, &response);
}

static edge_lane *unlink_over(edge *parent)
{
    for (edge_lane **at = &parent->lanes; *at != NULL; at = &(*at)->next) {
        edge_lane *self = *at;
        if (self->state != LANE_OVER)
            continue;
        *at = self->next;
        return self;
    }
    return NULL;
}

int64_t edge_lane_sweep(edge *parent, int64_t now_ns)
{
    int64_t due_ns = INT64_MAX;
    edge_lane *over;

    /* What is told may open lanes, at the head; they are freed below alone. */
    for (edge_lane *self = parent->lanes; self != NULL; self = self->next) {
        if (self->state == LANE_BUSY && now_ns >= self->deadline_ns)
            finish(self, "no answer in time");
        if (self->state == LANE_DONE) {
            tell(self);
            self->state = self->last ? LANE_OVER : LANE_IDLE;
        }
    }
    while ((over = unlink_over(parent)) != NULL)
        lane_free(over);
    for (const edge_lane *self = parent->lanes; self != NULL; self = self->next) {
        if (self->state == LANE_BUSY && self->deadline_ns < due_ns)
            due_ns = self->deadline_ns;
        if (self->state == LANE_DONE)
            due_ns = 0;
    }
    return due_ns;
}

void edge_lane_close_all(edge *parent)
{
    while (parent->lanes != NULL) {
        edge_lane *next = parent->lanes->next;
        lane_free(parent->lanes);
        parent->lanes = next;
    }
}
