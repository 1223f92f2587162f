/*
 * edge_socket.c: WebSocket connections: curl makes the connection (proxy, TLS, timeouts), the
 * upgrade is asked for here, wslay does the frames.
 *
 * libcurl has WebSocket calls of its own; in the versions that distributions carry (7.88) they are
 * an experiment that is not compiled in, so they are not used.
 *
 * Must not know: what a message says.
 */
#include "edge_answer.h"
#include "edge_private.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <strings.h>
#include <wslay/wslay.h>

#define UPGRADE_BYTES_MAX ((size_t)16 << 10)
#define READ_BYTES        ((size_t)64 << 10)
#define READ_BYTES_TURN   ((size_t)1 << 20) /* from one socket before the others get their turn */
#define WEBSOCKET_GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES         25 /* 16 bytes in base 64, terminated */
#define ACCEPT_BYTES      29 /* 20 bytes likewise */

typedef enum socket_state {
    SOCKET_CONNECTING,
    SOCKET_UPGRADING,
    SOCKET_UP,
    SOCKET_OVER
} socket_state;

struct edge_socket {
    edge_owner owner; /* first: what CURLOPT_PRIVATE points at */
    edge_socket *next;
    edge *edge;
    CURL *handle;
    edge_watch *watch;
    wslay_event_context_ptr frames;
    uint64_t id;
    socket_state state;
    bool busy;   /* inside wslay's reading: it must not be freed */
    bool silent; /* the machine closed it: nothing of it is told any more */
    bool more;   /* its turn was over before its bytes were */
    char why[CURL_ERROR_SIZE];
    char *url; /* as http:// or https:// */
    char accept[ACCEPT_BYTES];
    base_buffer out; /* the request for the upgrade */
    size_t out_at;
    char *in; /* read, [in_at, in_bytes) is to be used */
    size_t in_at, in_bytes, turn_bytes;
    int64_t begin_ns, read_ns; /* monotonic: for timeouts */
    int64_t read_wall_ns;
};

/* ---- down ---- */

/* The first reason stays. */
static void go_down(edge_socket *self, const char *why)
{
    if (self->state == SOCKET_OVER)
        return;
    self->state = SOCKET_OVER;
    if (self->why[0] == 0)
        (void)base_text_copy(self->why, sizeof self->why, why);
}

static void socket_free(edge_socket *self)
{
    const hean_allocator *allocator = self->edge->allocator;

    if (self->watch != NULL)
        edge_watch_close(self->watch);
    if (self->frames != NULL)
        wslay_event_context_free(self->frames);
    if (self->handle != NULL) {
        (void)curl_multi_remove_handle(self->edge->multi, self->handle);
        curl_easy_cleanup(self->handle);
    }
    base_buffer_deinit(&self->out);
    base_free(allocator, self->url);
    base_free(allocator, self->in);
    base_free(allocator, self);
}

/* ---- bytes ---- */

/* Reads what is there, up to the buffer's size; false: nothing, or the end. */
static bool refill(edge_socket *self)
{
    size_t bytes = 0;
    CURLcode code;

    if (self->turn_bytes >= READ_BYTES_TURN) {
        self->more = true;
        return false;
    }
    code = curl_easy_recv(self->handle, self->in, READ_BYTES, &bytes);
    if (code == CURLE_AGAIN)
        return false;
    if (code != CURLE_OK || bytes == 0) {
        go_down(self, code != CURLE_OK ? curl_easy_strerror(code) : "closed by the peer");
        return false;
    }
    self->in_at = 0;
    self->in_bytes = bytes;
    self->turn_bytes += bytes;
    self->read_ns = base_clock_monotonic_ns();
    self->read_wall_ns = base_clock_wall_ns();
    return true;
}

static ssize_t on_recv(wslay_event_context_ptr frames, uint8_t *out, size_t capacity, int flags,
                       void *context)
{
    edge_socket *self = context;
    size_t bytes;

    (void)flags;
    if (self->state != SOCKET_UP || self->silent) {
        wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (self->in_at == self->in_bytes && !refill(self)) {
        wslay_event_set_error(frames, self->state == SOCKET_UP ? WSLAY_ERR_WOULDBLOCK
                                                               : WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    bytes = self->in_bytes - self->in_at;
    if (bytes > capacity)
        bytes = capacity;
    memcpy(out, self->in + self->in_at, bytes);
    self->in_at += bytes;
    return (ssize_t)bytes;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t bytes, int flags,
                       void *context)
{
    edge_socket *self = context;
    size_t sent = 0;
    CURLcode code = curl_easy_send(self->handle, data, bytes, &sent);

    (void)flags;
    if (code == CURLE_OK)
        return (ssize_t)sent;
    wslay_event_set_error(frames,
                          code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    if (code != CURLE_AGAIN)
        go_down(self, curl_easy_strerror(code));
    return -1;
}

static int on_mask(wslay_event_context_ptr frames, uint8_t *out, size_t bytes, void *context)
{
    (void)context;
    if (RAND_bytes(out, (int)bytes) == 1)
        return 0;
    wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void tell(edge_socket *self, wire_socket_event what, const char *text, size_t bytes)
{
    self->edge->told++;
    self->edge->sink.socket(self->edge->sink.context, self->id, what, text, bytes,
                            self->read_wall_ns);
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    edge_socket *self = context;

    (void)frames;
    if (wslay_is_ctrl_frame(message->opcode) || self->silent)
        return;
    tell(self, WIRE_SOCKET_MESSAGE, message->msg_length > 0 ? (const char *)message->msg : "",
         message->msg_length);
}

/* ---- frames ---- */

static void flush(edge_socket *self)
{
    if (self->state == SOCKET_UP && wslay_event_want_write(self->frames) &&
        wslay_event_send(self->frames) != 0)
        go_down(self, "frames could not be sent");
    if (self->state == SOCKET_UP &&
        !edge_watch_start(self->watch, true, wslay_event_want_write(self->frames) != 0))
        go_down(self, "the connection cannot be watched");
}

static void receive(edge_socket *self)
{
    int result;

    self->more = false;
    self->turn_bytes = 0;
    self->busy = true;
    result = wslay_event_recv(self->frames);
    self->busy = false;
    flush(self); /* answers to pings, and what was sent meanwhile */
    if (self->state != SOCKET_UP)
        return;
    if (wslay_event_get_close_received(self->frames)) {
        (void)snprintf(self->why, sizeof self->why, "closed by the peer, code %u",
                       (unsigned)wslay_event_get_status_code_received(self->frames));
        go_down(self, self->why);
    } else if (result != 0 || !wslay_event_get_read_enabled(self->frames)) {
        go_down(self, "not a WebSocket frame, not UTF-8, or a message that is too long");
    }
}

/* ---- the upgrade ---- */

static bool make_key(edge_socket *self, char key[KEY_BYTES])
{
    unsigned char nonce[16], digest[EVP_MAX_MD_SIZE];
    char joined[KEY_BYTES + sizeof WEBSOCKET_GUID];

    if (RAND_bytes(nonce, sizeof nonce) != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    (void)snprintf(joined, sizeof joined, "%s%s", key, WEBSOCKET_GUID);
    if (EVP_Digest(joined, strlen(joined), digest, NULL, EVP_sha1(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)self->accept, digest, 20);
    return true;
}

static bool write_request(edge_socket *self)
{
    const char *host = strstr(self->url, "://") + 3;
    size_t host_bytes = strcspn(host, "/?#");
    const char *target = host + host_bytes;
    char key[KEY_BYTES];

    if (!make_key(self, key))
        return false;
    base_buffer_printf(&self->out,
                       "GET %s%s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                       "Sec-WebSocket-Version: 13\r\nUser-Agent: hean/%s\r\n\r\n",
                       target[0] == '/' ? "" : "/", target, (int)host_bytes, host, key,
                       HEAN_VERSION_STRING);
    return !self->out.failed;
}

static bool header_is(const char *head, const char *end, const char *name, const char *expected,
                      bool any_case)
{
    size_t bytes = 0;
    const char *value = edge_header_find(head, (size_t)(end - head), name, &bytes);

    return value != NULL && bytes == strlen(expected) &&
           (any_case ? strncasecmp(value, expected, bytes) : strncmp(value, expected, bytes)) == 0;
}

/* NULL if the answer to the upgrade is right. */
static const char *upgrade_problem(const edge_socket *self, const char *head, const char *end)
{
    size_t bytes = 0;

    if (end - head < 12 || strncmp(head, "HTTP/1.1 101", 12) != 0)
        return "the peer did not switch to WebSocket";
    if (!header_is(head, end, "Upgrade", "websocket", true) ||
        !header_is(head, end, "Connection", "Upgrade", true))
        return "the answer to the upgrade names no WebSocket";
    if (!header_is(head, end, "Sec-WebSocket-Accept", self->accept, false))
        return "Sec-WebSocket-Accept does not fit the key that was sent";
    if (edge_header_find(head, (size_t)(end - head), "Sec-WebSocket-Extensions", &bytes) != NULL)
        return "the peer uses an extension that was not offered";
    return NULL;
}

static bool open_frames(edge_socket *self)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv,
        .send_callback = on_send,
        .genmask_callback = on_mask,
        .on_msg_recv_callback = on_message,
    };

    if (wslay_event_context_client_init(&self->frames, &callbacks, self) != 0)
        return false;
    wslay_event_config_set_max_recv_msg_length(self->frames, self->edge->options.message_bytes_max);
    return true;
}

/* Sends the request, reads the answer's head; bytes after it are the first frames. */
static void upgrade(edge_socket *self)
{
    const char *end, *problem;

    if (self->out_at < self->out.length) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(self->handle, self->out.data + self->out_at,
                                       self->out.length - self->out_at, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN) {
            go_down(self, curl_easy_strerror(code));
            return;
        }
        self->out_at += sent;
        if (!edge_watch_start(self->watch, true, self->out_at < self->out.length))
            go_down(self, "the connection cannot be watched");
        if (self->out_at < self->out.length)
            return;
    }
    for (;;) {
        size_t bytes = 0;
        CURLcode code = curl_easy_recv(self->handle, self->in + self->in_bytes,
                                       UPGRADE_BYTES_MAX - self->in_bytes, &bytes);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || bytes == 0) {
            go_down(self, code != CURLE_OK ? curl_easy_strerror(code) : "closed by the peer");
            return;
        }
        self->in_bytes += bytes;
        end = memmem(self->in, self->in_bytes, "\r\n\r\n", 4);
        if (end != NULL)
            break;
        if (self->in_bytes == UPGRADE_BYTES_MAX) {
            go_down(self, "the answer to the upgrade is too long");
            return;
        }
    }
    problem = upgrade_problem(self, self->in, end + 2);
    if (problem == NULL && !open_frames(self))
        problem = "out of memory";
    if (problem != NULL) {
        go_down(self, problem);
        return;
    }
    self->in_at = (size_t)(end + 4 - self->in);
    self->state = SOCKET_UP;
    self->read_ns = base_clock_monotonic_ns();
    self->read_wall_ns = base_clock_wall_ns();
    self->busy = true;
    tell(self, WIRE_SOCKET_UP, "", 0);
    self->busy = false;
    receive(self);
}

void edge_socket_connected(edge_socket *self, CURLcode code)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (self->state != SOCKET_CONNECTING)
        return;
    if (code == CURLE_OK)
        code = curl_easy_getinfo(self->handle, CURLINFO_ACTIVESOCKET, &fd);
    if (code != CURLE_OK || fd == CURL_SOCKET_BAD) {
        go_down(self, curl_easy_strerror(code != CURLE_OK ? code : CURLE_COULDNT_CONNECT));
        return;
    }
    self->state = SOCKET_UPGRADING;
    self->watch = edge_watch_open(self->edge, fd, edge_socket_ready, self);
    if (self->watch == NULL || !write_request(self)) {
        go_down(self, "out of memory");
        return;
    }
    upgrade(self);
}

void edge_socket_ready(void *owner, int status, int events)
{
    edge_socket *self = owner;

    if (status < 0 && self->state != SOCKET_OVER)
        go_down(self, uv_strerror(status));
    if (self->state == SOCKET_UPGRADING)
        upgrade(self);
    else if (self->state == SOCKET_UP && (events & UV_READABLE) != 0)
        receive(self);
    else if (self->state == SOCKET_UP)
        flush(self);
}

/* ---- what is asked for ---- */

static edge_socket *find(edge *parent, uint64_t id)
{
    edge_socket *socket = parent->sockets;
    while (socket != NULL && (socket->id != id || socket->silent))
        socket = socket->next;
    return socket;
}

/* "wss://x/y" is "https://x/y" for curl. */
static char *http_url(const hean_allocator *allocator, const char *url)
{
    bool secure = strncmp(url, "wss://", 6) == 0;
    const char *rest;
    char *out;

    if (!secure && strncmp(url, "ws://", 5) != 0)
        return NULL;
    rest = url + (secure ? 6 : 5);
    out = base_alloc(allocator, strlen(rest) + 9);
    if (out != NULL)
        (void)sprintf(out, "%s://%s", secure ? "https" : "http", rest);
    return out;
}

static bool set_up(edge_socket *self)
{
    CURL *handle = self->handle = curl_easy_init();

    /* A venue that offers HTTP/2 must not choose it for a connection that is to be upgraded. */
    return handle != NULL && edge_set_common(self->edge, handle) &&
           curl_easy_setopt(handle, CURLOPT_PRIVATE, &self->owner) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, self->why) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_URL, self->url) == CURLE_OK &&
           curl_multi_add_handle(self->edge->multi, handle) == CURLM_OK;
}

hean_status edge_socket_open(edge *parent, const wire_action *action, hean_error *error)
{
    edge_socket *self;

    if (action->url == NULL ||
        (strncmp(action->url, "wss://", 6) != 0 && strncmp(action->url, "ws://", 5) != 0))
        return base_fail(error, HEAN_E_INVALID, "socket: expected a ws:// or wss:// URL");
    if (find(parent, action->id) != NULL)
        return base_fail(error, HEAN_E_EXISTS, "socket %llu: is open",
                         (unsigned long long)action->id);
    self = base_alloc(parent->allocator, sizeof *self);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "socket: out of memory");
    self->edge = parent;
    self->owner.socket = self;
    self->id = action->id;
    self->begin_ns = self->read_ns = base_clock_monotonic_ns();
    self->read_wall_ns = base_clock_wall_ns();
    base_buffer_init(&self->out, parent->allocator);
    self->url = http_url(parent->allocator, action->url);
    self->in = base_alloc(parent->allocator, READ_BYTES);
    if (self->url == NULL || self->in == NULL || !set_up(self)) {
        socket_free(self);
        return base_fail(error, HEAN_E_NO_MEMORY, "socket: cannot be set up");
    }
    self->next = parent->sockets;
    parent->sockets = self;
    return HEAN_OK;
}

hean_status edge_socket_send(edge *parent, const wire_action *action, hean_error *error)
{
    edge_socket *self = find(parent, action->id);
    const struct wslay_event_msg message = {WSLAY_TEXT_FRAME, (const uint8_t *)action->body,
                                            action->body_bytes};

    if (self == NULL || self->state != SOCKET_UP)
        return HEAN_OK; /* it went down, which is told or about to be */
    if (wslay_event_queue_msg(self->frames, &message) == WSLAY_ERR_NOMEM)
        return base_fail(error, HEAN_E_NO_MEMORY, "socket: out of memory");
    if (!self->busy)
        flush(self);
    return HEAN_OK;
}

void edge_socket_shut(edge *parent, uint64_t id)
{
    edge_socket *self = find(parent, id);

    if (self == NULL)
        return;
    if (self->state == SOCKET_UP && !self->busy &&
        wslay_event_queue_close(self->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) == 0)
        (void)!wslay_event_send(self->frames); /* a courtesy: the connection ends anyway */
    self->silent = true;
    go_down(self, "closed by this side");
}

/* ---- the sweep ---- */

static int64_t socket_deadline_ns(const edge_socket *self)
{
    const edge_options *options = &self->edge->options;

    if (self->state == SOCKET_OVER || self->more)
        return 0;
    return self->state == SOCKET_UP ? self->read_ns + options->idle_timeout_ns
                                    : self->begin_ns + options->connect_timeout_ns;
}

static void end(edge_socket *self)
{
    if (!self->silent) {
        self->silent = true;
        tell(self, WIRE_SOCKET_DOWN, self->why, strlen(self->why));
    }
    socket_free(self);
}

/* Takes one that is over out of the list. */
static edge_socket *unlink_over(edge *parent)
{
    for (edge_socket **at = &parent->sockets; *at != NULL; at = &(*at)->next) {
        edge_socket *self = *at;
        if (self->state != SOCKET_OVER)
            continue;
        *at = self->next;
        return self;
    }
    return NULL;
}

int64_t edge_socket_sweep(edge *parent, int64_t now_ns)
{
    int64_t due_ns = INT64_MAX;
    edge_socket *over;

    /* What is told may open sockets (at the head) and end them (in unlink_over alone). */
    for (edge_socket *self = parent->sockets; self != NULL; self = self->next) {
        if (self->state == SOCKET_UP && self->more)
            receive(self);
        else if (now_ns >= socket_deadline_ns(self))
            go_down(self, self->state == SOCKET_UP ? "nothing was received for too long"
                                                   : "no connection within the time allowed");
    }
    while ((over = unlink_over(parent)) != NULL)
        end(over);
    for (const edge_socket *self = parent->sockets; self != NULL; self = self->next) {
        if (socket_deadline_ns(self) < due_ns)
            due_ns = socket_deadline_ns(self);
    }
    return due_ns;
}

void edge_socket_close_all(edge *parent)
{
    while (parent->sockets != NULL) {
        edge_socket *next = parent->sockets->next;
        socket_free(parent->sockets);
        parent->sockets = next;
    }
}
