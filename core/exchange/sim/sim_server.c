/*
 * sim_server.c: the edge of the simulated venue: libuv sockets, HTTP by http1.h, WebSocket framing
 * by wslay, TLS by sim_tls.h.
 *
 * Invariants
 *   S1  it listens on 127.0.0.1 only.
 *   S2  an answer leaves before the next request of the same connection is read.
 * Must not know: what requests and frames say.
 */
#include "http1.h"
#include "sim_tls.h"

#include <exchange/sim_server.h>

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <uv.h>
#include <wslay/wslay.h>

#define CONNECTIONS_MAX   4096
#define QUEUED_BYTES_MAX  ((size_t)64 << 20)
#define MESSAGE_BYTES_MAX (1u << 20)
#define LOOK_MS           100

typedef struct connection {
    sim_server *server;
    uv_tcp_t tcp;
    uint64_t id; /* its place in the table is in the lower 16 bits */
    bool closing, waiting, keep_alive, dirty;
    bool close_when_written;
    http1 parser;
    wslay_event_context_ptr socket; /* NULL: HTTP */
    const char *in;                 /* what wslay reads from */
    size_t in_bytes;
    sim_tls *tls;
    base_buffer out, plain, wire;
} connection;

struct sim_server {
    const hean_allocator *allocator;
    sim_venue *venue;
    sim_tls_context *tls;
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_timer_t timer, look;
    bool loop_open;
    uint16_t port;
    connection *connections[CONNECTIONS_MAX];
    size_t places; /* that were ever used */
    bool full;     /* a connection waits to be accepted */
    uint64_t serial;
    int64_t now_ns;
    const volatile int *stop;
    int until_eof_fd;
    hean_status status;
};

static int64_t server_now(sim_server *server)
{
    int64_t now_ns = base_clock_wall_ns();
    if (now_ns > server->now_ns)
        server->now_ns = now_ns; /* a clock set back is waited for */
    return server->now_ns;
}

static void fail(sim_server *server, hean_status status)
{
    if (status != HEAN_OK && server->status == HEAN_OK) {
        server->status = status;
        uv_stop(&server->loop);
    }
}

/* ---- connections ---- */

static void on_connection(uv_stream_t *listener, int result);

static void on_closed(uv_handle_t *handle)
{
    connection *self = handle->data;
    sim_server *server = self->server;
    server->connections[self->id & 0xffff] = NULL;
    wslay_event_context_free(self->socket);
    http1_deinit(&self->parser);
    sim_tls_close(self->tls);
    base_buffer_deinit(&self->out);
    base_buffer_deinit(&self->plain);
    base_buffer_deinit(&self->wire);
    base_free(server->allocator, self);
    if (server->full && uv_is_closing((uv_handle_t *)&server->listener) == 0)
        on_connection((uv_stream_t *)&server->listener, 0);
}

static void drop(connection *self)
{
    if (self->closing)
        return;
    self->closing = true;
    if (self->socket != NULL)
        sim_socket_closed(self->server->venue, self->id);
    uv_close((uv_handle_t *)&self->tcp, on_closed);
}

static connection *find(sim_server *server, uint64_t id)
{
    connection *self = server->connections[id & 0xffff];
    return self != NULL && self->id == id && !self->closing ? self : NULL;
}

/* ---- writing ---- */

typedef struct write_job {
    uv_write_t request;
    const hean_allocator *allocator;
    char data[];
} write_job;

static void on_written(uv_write_t *request, int result)
{
    write_job *job = request->data;
    connection *self = request->handle->data;
    base_free(job->allocator, job);
    if (result < 0 || self->close_when_written)
        drop(self);
}

static void write_rest(connection *self, const char *data, size_t bytes)
{
    uv_stream_t *stream = (uv_stream_t *)&self->tcp;
    write_job *job = base_alloc(self->server->allocator, sizeof *job + bytes);
    if (job == NULL) {
        drop(self);
        return;
    }
    job->allocator = self->server->allocator;
    job->request.data = job;
    memcpy(job->data, data, bytes);
    uv_buf_t buffer = uv_buf_init(job->data, (unsigned)bytes);
    if (uv_write(&job->request, stream, &buffer, 1, on_written) != 0) {
        base_free(job->allocator, job);
        drop(self);
    }
}

/* What was put into `out` goes on its way. */
static void flush(connection *self)
{
    base_buffer *wire = &self->out;
    self->dirty = false;
    if (self->closing)
        return;
    if (self->tls != NULL) {
        if (sim_tls_write(self->tls, self->out.data, self->out.length, &self->wire) != HEAN_OK)
            drop(self);
        self->out.length = 0;
        wire = &self->wire;
    }
    if (self->closing)
        return;
    if (self->out.failed || wire->failed ||
        uv_stream_get_write_queue_size((uv_stream_t *)&self->tcp) > QUEUED_BYTES_MAX) {
        drop(self);
        return;
    }
    if (wire->length > 0) {
        uv_buf_t buffer = uv_buf_init(wire->data, (unsigned)wire->length);
        int written = uv_try_write((uv_stream_t *)&self->tcp, &buffer, 1);
        size_t done = written > 0 ? (size_t)written : 0;
        if (written < 0 && written != UV_EAGAIN)
            drop(self);
        else if (done < wire->length)
            write_rest(self, wire->data + done, wire->length - done);
        wire->length = 0;
    }
    if (self->close_when_written && uv_stream_get_write_queue_size((uv_stream_t *)&self->tcp) == 0)
        drop(self);
}

static void mark(connection *self)
{
    self->dirty = true;
}

/* ---- WebSocket ---- */

static ssize_t ws_receive(wslay_event_context_ptr context, uint8_t *buffer, size_t bytes, int flags,
                          void *user)
{
    connection *self = user;
    (void)flags;
    if (self->in_bytes == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (bytes > self->in_bytes)
        bytes = self->in_bytes;
    memcpy(buffer, self->in, bytes);
    self->in += bytes;
    self->in_bytes -= bytes;
    return (ssize_t)bytes;
}

static ssize_t ws_send(wslay_event_context_ptr context, const uint8_t *data, size_t bytes,
                       int flags, void *user)
{
    connection *self = user;
    (void)flags;
    base_buffer_append(&self->out, data, bytes);
    mark(self);
    if (!self->out.failed)
        return (ssize_t)bytes;
    wslay_event_set_error(context, WSLAY_ERR_NOMEM);
    return -1;
}

static void ws_message(wslay_event_context_ptr context,
                       const struct wslay_event_on_msg_recv_arg *message, void *user)
{
    connection *self = user;
    (void)context;
    if (message->opcode == WSLAY_TEXT_FRAME)
        fail(self->server,
             sim_socket_message(self->server->venue, self->id, (const char *)message->msg,
                                message->msg_length, server_now(self->server)));
}

static void ws_run(connection *self, const char *data, size_t bytes)
{
    self->in = data;
    self->in_bytes = bytes;
    if (wslay_event_recv(self->socket) != 0 || wslay_event_send(self->socket) != 0 ||
        (!wslay_event_want_read(self->socket) && !wslay_event_want_write(self->socket)))
        self->close_when_written = true;
    mark(self);
}

static bool accept_key(const char *key, char out[64])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char text[96];
    int bytes = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    if (EVP_Digest(text, (size_t)bytes, digest, &length, EVP_sha1(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)out, digest, (int)length);
    return true;
}

static void upgrade(connection *self, const http1_request *request)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = ws_receive, .send_callback = ws_send, .on_msg_recv_callback = ws_message};
    char accepted[64];
    sim_server *server = self->server;
    if (!accept_key(request->websocket_key, accepted) ||
        wslay_event_context_server_init(&self->socket, &callbacks, self) != 0) {
        drop(self);
        return;
    }
    wslay_event_config_set_max_recv_msg_length(self->socket, MESSAGE_BYTES_MAX);
    base_buffer_printf(&self->out,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accepted);
    mark(self);
    fail(server, sim_socket_open(server->venue, self->id, request->target, server_now(server)));
    size_t bytes;
    const char *rest = http1_rest(&self->parser, &bytes);
    if (bytes > 0)
        ws_run(self, rest, bytes);
}

/* ---- HTTP ---- */

static const char *status_words(int status)
{
    static const struct {
        int status;
        const char *words;
    } rows[] = {{200, "OK"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {411, "Length Required"},
                {413, "Payload Too Large"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {503, "Service Unavailable"},
                {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        if (rows[i].status == status)
            return rows[i].words;
    return "Error";
}

static void write_answer(connection *self, const sim_output *output)
{
    bool cut = output->kind == SIM_CUT_ANSWER;
    self->waiting = false;
    if (output->kind == SIM_NO_ANSWER) {
        drop(self);
        return;
    }
    base_buffer_printf(&self->out, "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\n%s\r\n",
                       output->http_status, status_words(output->http_status), output->headers,
                       cut ? 2 * output->bytes + 1 : output->bytes,
                       self->keep_alive ? "" : "Connection: close\r\n");
    base_buffer_append(&self->out, output->body, output->bytes);
    self->close_when_written = cut || !self->keep_alive;
    mark(self);
}

static void refuse(connection *self, int status)
{
    base_buffer_printf(&self->out,
                       "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status,
                       status_words(status));
    self->close_when_written = true;
    mark(self);
}

/* The next request, unless one is being worked on. */
static void serve(connection *self)
{
    sim_server *server = self->server;
    while (!self->waiting && !self->closing && !self->close_when_written && self->socket == NULL) {
        const http1_request *parsed = &self->parser.request;
        switch (http1_next(&self->parser)) {
        case HTTP1_MORE:
            return;
        case HTTP1_CONTINUE:
            base_buffer_printf(&self->out, "HTTP/1.1 100 Continue\r\n\r\n");
            mark(self);
            return;
        case HTTP1_REFUSED:
            refuse(self, self->parser.status);
            return;
        case HTTP1_REQUEST:
            break;
        }
        if (parsed->upgrade) {
            upgrade(self, parsed);
            return;
        }
        sim_request request = {.id = self->id,
                               .method = parsed->method,
                               .target = parsed->target,
                               .headers = parsed->headers,
                               .body = parsed->body,
                               .body_bytes = parsed->body_bytes};
        self->waiting = true;
        self->keep_alive = parsed->keep_alive;
        fail(server, sim_http(server->venue, &request, server_now(server)));
    }
}

/* ---- the venue's output ---- */

static void carry(sim_server *server, const sim_output *output)
{
    connection *self = find(server, output->id);
    if (self == NULL)
        return;
    if (output->kind == SIM_SOCKET_CUT) {
        flush(self); /* what came before the cut was sent */
        drop(self);
    } else if (output->kind == SIM_FRAME) {
        struct wslay_event_msg message = {.opcode = WSLAY_TEXT_FRAME,
                                          .msg = (const uint8_t *)output->body,
                                          .msg_length = output->bytes};
        if (self->socket != NULL && (wslay_event_queue_msg(self->socket, &message) != 0 ||
                                     wslay_event_send(self->socket) != 0))
            drop(self);
    } else {
        write_answer(self, output);
        serve(self);
    }
}

static void on_timer(uv_timer_t *timer);

/* Everything that the venue has to say now; then the clock is set for what it says next. */
static void drain(sim_server *server)
{
    sim_output output;
    while (server->status == HEAN_OK && sim_take_output(server->venue, server_now(server), &output))
        carry(server, &output);
    for (size_t i = 0; i < server->places; i++) {
        connection *self = server->connections[i];
        if (self != NULL && self->dirty)
            flush(self);
    }
    int64_t wait_ns = sim_due_ns(server->venue) - server_now(server);
    uint64_t wait_ms = wait_ns <= 0 ? 0 : (uint64_t)((wait_ns - 1) / BASE_NS_PER_MS + 1);
    if (wait_ms > 1000)
        wait_ms = 1000;
    fail(server, uv_timer_start(&server->timer, on_timer, wait_ms, 0) == 0 ? HEAN_OK : HEAN_E_IO);
}

static void on_timer(uv_timer_t *timer)
{
    sim_server *server = timer->data;
    fail(server, sim_advance(server->venue, server_now(server)));
    drain(server);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    static __thread char chunk[65536]; /* one loop reads one connection at a time */
    (void)handle;
    (void)wanted;
    *out = uv_buf_init(chunk, sizeof chunk);
}

static void on_bytes(connection *self, const char *data, size_t bytes)
{
    if (self->socket != NULL) {
        ws_run(self, data, bytes);
        return;
    }
    /* A client that sends on and on while it waits is not read for ever. */
    if (self->parser.in.length > 2 * HTTP1_BODY_BYTES_MAX ||
        http1_feed(&self->parser, data, bytes) != HEAN_OK) {
        drop(self);
        return;
    }
    serve(self);
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buffer)
{
    connection *self = stream->data;
    sim_server *server = self->server;
    if (bytes < 0) {
        drop(self);
        return;
    }
    if (self->closing)
        return;
    if (self->tls == NULL) {
        on_bytes(self, buffer->base, (size_t)bytes);
    } else {
        self->plain.length = 0;
        hean_status status =
            sim_tls_read(self->tls, buffer->base, (size_t)bytes, &self->plain, &self->wire);
        mark(self);
        if (status != HEAN_OK)
            self->close_when_written = true;
        else if (self->plain.length > 0)
            on_bytes(self, self->plain.data, self->plain.length);
    }
    drain(server);
}

static void on_connection(uv_stream_t *listener, int result)
{
    sim_server *server = listener->data;
    size_t place = 0;
    while (place < CONNECTIONS_MAX && server->connections[place] != NULL)
        place++;
    if (result < 0)
        return;
    connection *self =
        place == CONNECTIONS_MAX ? NULL : base_alloc(server->allocator, sizeof *self);
    server->full = self == NULL;
    if (server->full)
        return; /* it waits until another one leaves */
    self->server = server;
    self->id = ++server->serial << 16 | place;
    self->tcp.data = self;
    http1_init(&self->parser, server->allocator);
    base_buffer_init(&self->out, server->allocator);
    base_buffer_init(&self->plain, server->allocator);
    base_buffer_init(&self->wire, server->allocator);
    if (uv_tcp_init(&server->loop, &self->tcp) != 0) {
        http1_deinit(&self->parser);
        base_free(server->allocator, self);
        return;
    }
    server->connections[place] = self;
    if (place >= server->places)
        server->places = place + 1;
    if (uv_accept(listener, (uv_stream_t *)&self->tcp) != 0 || uv_tcp_nodelay(&self->tcp, 1) != 0 ||
        (server->tls != NULL && sim_tls_open(server->tls, &self->tls) != HEAN_OK) ||
        uv_read_start((uv_stream_t *)&self->tcp, on_alloc, on_read) != 0)
        drop(self);
}

/* ---- the loop ---- */

static void on_look(uv_timer_t *timer)
{
    sim_server *server = timer->data;
    struct pollfd end = {.fd = server->until_eof_fd, .events = POLLIN};
    char bytes[256];
    if (server->stop != NULL && *server->stop != 0)
        uv_stop(timer->loop);
    if (server->until_eof_fd >= 0 && poll(&end, 1, 0) == 1) {
        ssize_t got = read(server->until_eof_fd, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            uv_stop(timer->loop);
    }
}

static hean_status listen_on(sim_server *server, uint16_t port, hean_error *error)
{
    struct sockaddr_in address;
    int length = sizeof address;
    int result = uv_ip4_addr("127.0.0.1", port, &address);
    if (result == 0)
        result = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&server->listener, 128, on_connection);
    if (result == 0)
        result = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &length);
    if (result != 0)
        return base_fail(error, HEAN_E_IO, "127.0.0.1:%u: %s", port, uv_strerror(result));
    server->port = ntohs(address.sin_port);
    return HEAN_OK;
}

hean_status sim_server_open(const sim_server_options *options, sim_server **out, hean_error *error)
{
    sim_server *server = base_alloc(options->allocator, sizeof *server);
    hean_status status = HEAN_OK;
    if (server == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "server");
    server->allocator = options->allocator;
    server->venue = options->venue;
    server->listener.data = server->timer.data = server->look.data = server;
    if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        status = base_fail(error, HEAN_E_INVALID, "TLS needs a certificate and a key");
    else if (options->tls_cert != NULL)
        status = sim_tls_context_open(options->allocator, options->tls_cert, options->tls_key,
                                      &server->tls, error);
    if (status == HEAN_OK && uv_loop_init(&server->loop) != 0)
        status = base_fail(error, HEAN_E_IO, "no event loop");
    server->loop_open = status == HEAN_OK;
    /* These only fail for wrong flags, and with them the handles below could not be closed. */
    if (server->loop_open)
        BASE_ASSERT(uv_tcp_init(&server->loop, &server->listener) == 0 &&
                    uv_timer_init(&server->loop, &server->timer) == 0 &&
                    uv_timer_init(&server->loop, &server->look) == 0);
    if (status == HEAN_OK)
        status = listen_on(server, options->port, error);
    if (status != HEAN_OK) {
        sim_server_close(server);
        return status;
    }
    *out = server;
    return HEAN_OK;
}

uint16_t sim_server_port(const sim_server *server)
{
    return server->port;
}

hean_status sim_server_run(sim_server *server, const volatile int *stop, int until_eof_fd,
                           hean_error *error)
{
    server->stop = stop;
    server->until_eof_fd = until_eof_fd;
    if (uv_timer_start(&server->look, on_look, 0, LOOK_MS) != 0 ||
        uv_timer_start(&server->timer, on_timer, 0, 0) != 0)
        return base_fail(error, HEAN_E_IO, "the event loop takes no timer");
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    (void)uv_timer_stop(&server->look);
    (void)uv_timer_stop(&server->timer);
    if (server->status != HEAN_OK)
        return base_fail(error, server->status, "the venue stopped: %s",
                         hean_status_text(server->status));
    return HEAN_OK;
}

void sim_server_close(sim_server *server)
{
    if (server == NULL)
        return;
    if (server->loop_open) {
        uv_close((uv_handle_t *)&server->listener, NULL);
        for (size_t i = 0; i < server->places; i++)
            if (server->connections[i] != NULL)
                drop(server->connections[i]);
        uv_close((uv_handle_t *)&server->timer, NULL);
        uv_close((uv_handle_t *)&server->look, NULL);
        (void)uv_run(&server->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&server->loop);
    }
    sim_tls_context_close(server->tls);
    base_free(server->allocator, server);
}
