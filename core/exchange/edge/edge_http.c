/*
 * edge_http.c: HTTP exchanges over curl's multi interface.
 *
 * What was sent (W2). curl calls the pre-request callback when the connection stands, proxy and TLS
 * included, and before it hands over the first byte of the request. If it was never called, no byte
 * can have left: NOT_SENT. After that everything that is not an answer is UNKNOWN.
 * curl sends a request again by itself when a kept connection turns out to be dead; for anything
 * but a GET the second call of the same callback forbids that, so that an order goes out once.
 *
 * Must not know: venues, what a header means.
 */
#include "edge_private.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX ((size_t)64 << 10)

struct edge_request {
    edge_owner owner; /* first: what CURLOPT_PRIVATE points at */
    edge_request *next;
    edge *edge;
    CURL *handle;
    struct curl_slist *headers;
    uint64_t id;
    bool idempotent;
    int issued; /* how often the request was about to leave */
    int64_t sent_ns, received_ns;
    base_buffer head, body;
    size_t body_bytes_max;
    bool oversized;
    CURLcode code;
    char why[CURL_ERROR_SIZE];
};

/* ---- what curl calls ---- */

static int on_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
    edge_request *self = context;

    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    if (self->issued > 0 && !self->idempotent)
        return CURL_PREREQFUNC_ABORT;
    self->issued++;
    self->sent_ns = base_clock_wall_ns();
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    edge_request *self = context;
    size_t bytes = size * count;

    if (bytes >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        self->head.length = 0; /* of the last response: "100 Continue" has headers too */
        return bytes;
    }
    if (self->head.length + bytes > HEADER_BYTES_MAX) {
        self->oversized = true;
        return 0;
    }
    base_buffer_append(&self->head, data, bytes);
    return self->head.failed ? 0 : bytes;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    edge_request *self = context;
    size_t bytes = size * count;

    if (bytes > self->body_bytes_max - self->body.length) {
        self->oversized = true;
        return 0;
    }
    base_buffer_append(&self->body, data, bytes);
    return self->body.failed ? 0 : bytes;
}

/* ---- a request's life ---- */

static void request_free(edge_request *self)
{
    const hean_allocator *allocator = self->edge->allocator;

    if (self->handle != NULL)
        curl_easy_cleanup(self->handle);
    curl_slist_free_all(self->headers);
    base_buffer_deinit(&self->head);
    base_buffer_deinit(&self->body);
    base_free(allocator, self);
}

/* Signatures do not stay in memory longer than they are needed. */
static void forget_headers(edge_request *self)
{
    for (struct curl_slist *line = self->headers; line != NULL; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(self->headers);
    self->headers = NULL;
}

static edge_request *request_new(edge *parent)
{
    edge_request *self = parent->spare;
    bool set;

    if (self != NULL) {
        parent->spare = self->next;
        return self;
    }
    self = base_alloc(parent->allocator, sizeof *self);
    if (self == NULL)
        return NULL;
    self->edge = parent;
    self->owner.request = self;
    base_buffer_init(&self->head, parent->allocator);
    base_buffer_init(&self->body, parent->allocator);
    self->handle = curl_easy_init();
    set = self->handle != NULL && edge_set_common(parent, self->handle) &&
          curl_easy_setopt(self->handle, CURLOPT_PRIVATE, &self->owner) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) ==
              CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_PREREQFUNCTION, on_request) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_PREREQDATA, self) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_HEADERDATA, self) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_WRITEDATA, self) == CURLE_OK &&
          curl_easy_setopt(self->handle, CURLOPT_ERRORBUFFER, self->why) == CURLE_OK;
    if (set)
        return self;
    request_free(self);
    return NULL;
}

static bool add_header(edge_request *self, const char *text)
{
    struct curl_slist *more = curl_slist_append(self->headers, text);
    if (more != NULL)
        self->headers = more;
    return more != NULL;
}

static bool set_headers(edge_request *self, const char *lines)
{
    char line[1024];
    bool fits = add_header(self, "Expect:"); /* never wait for a "100 Continue" */

    while (fits && lines != NULL && *lines != 0) {
        size_t bytes = strcspn(lines, "\n");
        fits = bytes < sizeof line;
        if (!fits)
            break;
        memcpy(line, lines, bytes);
        line[bytes] = 0;
        if (bytes > 0)
            fits = add_header(self, line);
        lines += bytes + (lines[bytes] == '\n');
    }
    explicit_bzero(line, sizeof line);
    return fits && curl_easy_setopt(self->handle, CURLOPT_HTTPHEADER, self->headers) == CURLE_OK;
}

static bool set_method(edge_request *self, const wire_action *action)
{
    CURL *handle = self->handle;

    self->idempotent = strcmp(action->method, "GET") == 0;
    if (self->idempotent)
        return curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(handle, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)action->body_bytes) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS,
                            action->body != NULL ? action->body : "") == CURLE_OK;
}

static bool set_up(edge_request *self, const wire_action *action)
{
    int64_t timeout_ms = action->timeout_ns / BASE_NS_PER_MS;

    self->id = action->id;
    self->issued = 0;
    self->sent_ns = self->received_ns = 0;
    self->oversized = false;
    self->why[0] = 0;
    self->head.length = self->body.length = 0;
    self->body_bytes_max = action->response_bytes_max;
    return set_headers(self, action->headers) && set_method(self, action) &&
           curl_easy_setopt(self->handle, CURLOPT_URL, action->url) == CURLE_OK &&
           curl_easy_setopt(self->handle, CURLOPT_TIMEOUT_MS,
                            timeout_ms > 0 ? (long)timeout_ms : 1L) == CURLE_OK;
}

hean_status edge_http_start(edge *parent, const wire_action *action, bool *kick, hean_error *error)
{
    edge_request *self;

    if (action->url == NULL || action->method == NULL ||
        (strcmp(action->method, "GET") != 0 && strcmp(action->method, "POST") != 0) ||
        (action->body_bytes > 0 && strcmp(action->method, "GET") == 0))
        return base_fail(error, HEAN_E_INVALID,
                         "request: expected GET without a body, or POST, and a URL");
    if (action->method[0] == 'P' && edge_lane_start(parent, action)) {
        *kick = false;
        return HEAN_OK;
    }
    *kick = true;
    self = request_new(parent);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "request: out of memory");
    if (!set_up(self, action) || curl_multi_add_handle(parent->multi, self->handle) != CURLM_OK) {
        request_free(self);
        return base_fail(error, HEAN_E_NO_MEMORY, "request: cannot be set up");
    }
    self->next = parent->requests;
    parent->requests = self;
    return HEAN_OK;
}

void edge_http_done(edge *parent, edge_request *request, CURLcode code)
{
    edge_request **at = &parent->requests;

    while (*at != NULL && *at != request)
        at = &(*at)->next;
    BASE_ASSERT(*at == request); /* D1 */
    *at = request->next;
    request->next = NULL;
    request->code = code;
    request->received_ns = base_clock_wall_ns();
    (void)curl_multi_remove_handle(parent->multi, request->handle);
    *parent->done_last = request;
    parent->done_last = &request->next;
}

static void tell(edge_request *self)
{
    wire_response response = {.id = self->id, .outcome = WIRE_DONE};
    long http_status = 0;

    (void)curl_easy_getinfo(self->handle, CURLINFO_RESPONSE_CODE, &http_status);
    if (self->code != CURLE_OK || http_status == 0) {
        response.outcome = self->issued == 0 ? WIRE_NOT_SENT : WIRE_UNKNOWN;
        if (self->oversized)
            (void)base_text_copy(self->why, sizeof self->why, "the answer is too long");
        else if (self->why[0] == 0)
            (void)base_text_copy(self->why, sizeof self->why, curl_easy_strerror(self->code));
        response.why = self->why;
    } else {
        response.http_status = (int)http_status;
        response.headers = self->head.length > 0 ? self->head.data : "";
        response.body = self->body.length > 0 ? self->body.data : "";
        response.body_bytes = self->body.length;
    }
    response.sent_ns = self->sent_ns;
    response.received_ns = self->received_ns;
    self->edge->told++;
    self->edge->sink.response(self->edge->sink.context, &response);
}

void edge_http_deliver(edge *parent)
{
    while (parent->done != NULL) {
        edge_request *request = parent->done;
        parent->done = request->next;
        if (parent->done == NULL)
            parent->done_last = &parent->done;
        tell(request);
        forget_headers(request);
        request->next = parent->spare;
        parent->spare = request;
    }
}

static void free_list(edge_request *list)
{
    while (list != NULL) {
        edge_request *next = list->next;
        forget_headers(list);
        request_free(list);
        list = next;
    }
}

void edge_http_close_all(edge *parent)
{
    for (edge_request *request = parent->requests; request != NULL; request = request->next)
        (void)curl_multi_remove_handle(parent->multi, request->handle);
    free_list(parent->requests);
    free_list(parent->done);
    free_list(parent->spare);
}
