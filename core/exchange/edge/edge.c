/*
 * edge.c: the loop: libuv waits, curl and the sockets are told what can be moved.
 *
 * Handles are set up here alike: TLS verified, redirects not followed, only HTTP, nothing logged,
 * proxies from the environment but never for this machine itself.
 */
#include "edge_private.h"

#include <stdlib.h>
#include <string.h>

#define IDLE_CONNECTIONS 32L

edge_options edge_options_default(void)
{
    return (edge_options){
        .connect_timeout_ns = 5 * BASE_NS_PER_S,
        .idle_timeout_ns = 60 * BASE_NS_PER_S,
        .message_bytes_max = (size_t)16 << 20,
        .warm_connections = 4,
    };
}

bool edge_set_common(edge *self, CURL *handle)
{
    long connect_ms = (long)(self->options.connect_timeout_ns / BASE_NS_PER_MS);
    long idle_s = (long)((self->options.idle_timeout_ns + BASE_NS_PER_S - 1) / BASE_NS_PER_S);

    return curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
               CURLE_OK &&
           (self->ca_file == NULL ||
            curl_easy_setopt(handle, CURLOPT_CAINFO, self->ca_file) == CURLE_OK) &&
           curl_easy_setopt(handle, CURLOPT_NOPROXY, self->no_proxy) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_USERAGENT, "hean/" HEAN_VERSION_STRING) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, idle_s) == CURLE_OK;
}

/* ---- file descriptors ---- */

static void curl_act(edge *self, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(self->multi, fd, events, &running);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    edge_watch *watch = (edge_watch *)(void *)poll;
    int bits = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) | (status < 0 ? CURL_CSELECT_ERR : 0);

    if (watch->ready != NULL)
        watch->ready(watch->owner, status, events);
    else
        curl_act(watch->edge, watch->fd, bits);
}

edge_watch *edge_watch_open(edge *self, curl_socket_t fd, edge_ready_fn ready, void *owner)
{
    edge_watch *watch = base_alloc(self->allocator, sizeof *watch);

    if (watch == NULL)
        return NULL;
    *watch = (edge_watch){.edge = self, .ready = ready, .owner = owner, .fd = fd};
    if (uv_poll_init_socket(&self->loop, &watch->poll, fd) == 0)
        return watch;
    base_free(self->allocator, watch);
    return NULL;
}

bool edge_watch_start(edge_watch *watch, bool read, bool write)
{
    int events = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
    return uv_poll_start(&watch->poll, events, on_poll) == 0;
}

static void on_watch_closed(uv_handle_t *handle)
{
    edge_watch *watch = (edge_watch *)(void *)handle;
    base_free(watch->edge->allocator, watch);
}

void edge_watch_close(edge_watch *watch)
{
    (void)uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static int on_curl_socket(CURL *handle, curl_socket_t fd, int what, void *context, void *socket)
{
    edge *self = context;
    edge_watch *watch = socket;

    (void)handle;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            edge_watch_close(watch);
        (void)curl_multi_assign(self->multi, fd, NULL);
        return 0;
    }
    if (watch == NULL) {
        watch = edge_watch_open(self, fd, NULL, NULL);
        if (watch != NULL)
            (void)curl_multi_assign(self->multi, fd, watch);
    }
    /* Never a failure: it would be curl's end. What is not watched ends by its timeout. */
    if (watch != NULL)
        (void)edge_watch_start(watch, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
}

static void on_curl_timeout(uv_timer_t *timer)
{
    curl_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *context)
{
    edge *self = context;

    (void)multi;
    if (timeout_ms < 0)
        return uv_timer_stop(&self->curl_timer);
    return uv_timer_start(&self->curl_timer, on_curl_timeout, (uint64_t)timeout_ms, 0);
}

/* ---- open and close ---- */

/* What the environment exempts, and this machine. */
static bool find_no_proxy(edge *self)
{
    static const char own[] = "localhost,127.0.0.1,::1";
    const char *given = getenv("no_proxy");
    size_t bytes;

    if (given == NULL)
        given = getenv("NO_PROXY");
    bytes = sizeof own + (given != NULL ? strlen(given) : 0) + 1;
    self->no_proxy = base_alloc(self->allocator, bytes);
    if (self->no_proxy != NULL)
        (void)snprintf(self->no_proxy, bytes, "%s%s%s", own, given != NULL ? "," : "",
                       given != NULL ? given : "");
    return self->no_proxy != NULL;
}

static bool open_multi(edge *self)
{
    self->multi = curl_multi_init();
    return self->multi != NULL &&
           curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK &&
           curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self) == CURLM_OK &&
           curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK &&
           curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self) == CURLM_OK &&
           curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS) == CURLM_OK;
}

static void on_wake(uv_async_t *wake)
{
    edge *self = wake->data;
    self->told++;
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer; /* it ends the waiting */
}

static bool open_loop(edge *self)
{
    if (uv_loop_init(&self->loop) != 0)
        return false;
    self->loop_open = true;
    self->curl_timer.data = self->wake.data = self;
    return uv_timer_init(&self->loop, &self->curl_timer) == 0 &&
           uv_timer_init(&self->loop, &self->deadline) == 0 &&
           uv_async_init(&self->loop, &self->wake, on_wake) == 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void edge_close(edge *self)
{
    if (self == NULL)
        return;
    if (self->multi != NULL) {
        edge_http_close_all(self);
        edge_lane_close_all(self);
        edge_socket_close_all(self);
        (void)curl_multi_cleanup(self->multi); /* removes its watches */
    }
    if (self->loop_open) {
        uv_walk(&self->loop, close_handle, NULL);
        (void)uv_run(&self->loop, UV_RUN_DEFAULT);
        (void)!uv_loop_close(&self->loop);
    }
    base_free(self->allocator, self->ca_file);
    base_free(self->allocator, self->no_proxy);
    base_free(self->allocator, self);
    curl_global_cleanup();
}

hean_status edge_open(const edge_options *options, const edge_sink *sink, edge **out,
                      hean_error *error)
{
    const hean_allocator *allocator =
        options->allocator != NULL ? options->allocator : base_allocator_default();
    edge *self;

    if (options->connect_timeout_ns <= 0 || options->idle_timeout_ns <= 0 ||
        options->message_bytes_max == 0)
        return base_fail(error, HEAN_E_RANGE, "edge: expected timeouts and a message size over 0");
    if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
        return base_fail(error, HEAN_E_UNSUPPORTED, "edge: libcurl cannot start");
    self = base_alloc(allocator, sizeof *self);
    if (self == NULL) {
        curl_global_cleanup();
        return base_fail(error, HEAN_E_NO_MEMORY, "edge: out of memory");
    }
    self->allocator = allocator;
    self->options = *options;
    self->sink = *sink;
    self->done_last = &self->done;
    self->options.ca_file = NULL;
    if (options->ca_file != NULL) {
        size_t bytes = strlen(options->ca_file) + 1;
        self->ca_file = base_alloc(allocator, bytes);
        if (self->ca_file != NULL)
            memcpy(self->ca_file, options->ca_file, bytes);
    }
    if ((options->ca_file != NULL && self->ca_file == NULL) || !find_no_proxy(self) ||
        !open_loop(self) || !open_multi(self)) {
        edge_close(self);
        return base_fail(error, HEAN_E_NO_MEMORY, "edge: out of memory");
    }
    *out = self;
    return HEAN_OK;
}

/* ---- work ---- */

hean_status edge_do(edge *self, const wire_action *action, hean_error *error)
{
    hean_status status = HEAN_OK;
    bool kick = true;

    switch (action->kind) {
    case WIRE_SOCKET_SEND:
        return edge_socket_send(self, action, error);
    case WIRE_SOCKET_CLOSE:
        edge_socket_shut(self, action->id);
        return HEAN_OK;
    case WIRE_SOCKET_OPEN:
        status = edge_socket_open(self, action, error);
        break;
    case WIRE_HTTP:
        status = edge_http_start(self, action, &kick, error);
        break;
    }
    if (status == HEAN_OK &&
        kick) /* now, not when the loop comes round: an order should not wait */
        curl_act(self, CURL_SOCKET_TIMEOUT, 0);
    return status;
}

/* What curl says is through. From edge_run only: it tells. */
static void take_finished(edge *self)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        char *private = NULL;
        const edge_owner *owner;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private) != CURLE_OK)
            continue;
        owner = (const edge_owner *)(const void *)private;
        if (owner->request != NULL)
            edge_http_done(self, owner->request, code);
        else if (owner->lane != NULL)
            edge_lane_connected(owner->lane, code);
        else
            edge_socket_connected(owner->socket, code);
    }
}

static int64_t deliver(edge *self)
{
    int64_t now_ns = base_clock_monotonic_ns(), lanes_ns, sockets_ns;

    take_finished(self);
    edge_http_deliver(self);
    lanes_ns = edge_lane_sweep(self, now_ns);
    sockets_ns = edge_socket_sweep(self, now_ns);
    return lanes_ns < sockets_ns ? lanes_ns : sockets_ns;
}

hean_status edge_run(edge *self, int64_t until_ns, hean_error *error)
{
    uint64_t before = self->told;
    int64_t due_ns = deliver(self);
    int64_t wait_ns;

    if (due_ns < until_ns)
        until_ns = due_ns;
    wait_ns = self->told != before ? 0 : until_ns - base_clock_monotonic_ns();
    if (wait_ns > 0) {
        uint64_t wait_ms = (uint64_t)((wait_ns + BASE_NS_PER_MS - 1) / BASE_NS_PER_MS);
        uv_update_time(&self->loop);
        if (uv_timer_start(&self->deadline, on_deadline, wait_ms, 0) != 0)
            return base_fail(error, HEAN_E_IO, "edge: the loop cannot wait");
    }
    (void)uv_run(&self->loop, wait_ns > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    (void)uv_timer_stop(&self->deadline);
    (void)deliver(self);
    return HEAN_OK;
}

void edge_wake(edge *self)
{
    (void)uv_async_send(&self->wake);
}
