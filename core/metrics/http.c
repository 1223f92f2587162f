/*
 * http.c: the server's thread: it waits, lets libmicrohttpd work, cuts who is too slow, and writes
 * the export files. See http.h.
 *
 * libmicrohttpd runs in this thread alone (its own epoll set is waited for here), so that the
 * table of connections needs no lock. Its own timeout counts inactivity, which a client that sends
 * a byte a second never reaches: deadlines are ours.
 */
#include "http_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX 16384 /* request line and headers */
#define TICK_NS           BASE_NS_PER_S
/* Connections that wait for this thread: with a short queue the kernel drops a flood's first
 * packets, and those of everybody else with them, for a second at a time. */
#define BACKLOG 1024

metrics_http_options metrics_http_options_default(void)
{
    return (metrics_http_options){.allocator = base_allocator_default(),
                                  .address = "127.0.0.1",
                                  .port = 9090,
                                  .connections_max = 64,
                                  .deadline_ns = 10 * BASE_NS_PER_S,
                                  .loop_limit_ns = 10 * BASE_NS_PER_S,
                                  .export_interval_ns = 5 * BASE_NS_PER_S};
}

/* ---- the address ---- */

typedef union http_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} http_address;

static bool is_loopback(const http_address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static hean_status parse_address(const metrics_http_options *options, http_address *out,
                                 socklen_t *bytes, hean_error *error)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, options->address, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(options->port);
        *bytes = sizeof out->v4;
    } else if (inet_pton(AF_INET6, options->address, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(options->port);
        *bytes = sizeof out->v6;
    } else {
        return base_fail(error, HEAN_E_INVALID, "metrics: %s: expected an IP address",
                         options->address);
    }
    if (!is_loopback(out) && options->token == NULL && !options->public_without_token)
        return base_fail(error, HEAN_E_GATE,
                         "metrics: %s can be reached from outside: expected a token, or a loopback "
                         "address, or the explicit wish to show everything to everybody",
                         options->address);
    return HEAN_OK;
}

static hean_status listen_at(metrics_http *http, hean_error *error)
{
    http_address address;
    socklen_t bytes = 0;
    const int on = 1;
    hean_status status = parse_address(&http->options, &address, &bytes, error);

    if (status != HEAN_OK)
        return status;
    http->listen_fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (http->listen_fd < 0 ||
        setsockopt(http->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(http->listen_fd, &address.any, bytes) != 0 || listen(http->listen_fd, BACKLOG) != 0 ||
        getsockname(http->listen_fd, &address.any, &bytes) != 0)
        return base_fail(error, HEAN_E_IO, "metrics: %s:%u: %s", http->options.address,
                         http->options.port, strerror(errno));
    http->port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return HEAN_OK;
}

/* ---- connections ---- */

static void cut(metrics_http *http, http_connection *connection)
{
    /* libmicrohttpd notices, closes the descriptor and tells on_connection. */
    (void)shutdown(connection->fd, SHUT_RDWR);
    connection->since_ns = INT64_MAX; /* once is enough */
    metrics_count(http->writer, http->cut, 1);
}

static void cut_longest_waiting(metrics_http *http)
{
    http_connection *oldest = NULL;

    for (uint32_t i = 0; i < http->slot_count; i++) {
        http_connection *connection = &http->connections[i];
        if (connection->used && connection->since_ns != INT64_MAX &&
            (oldest == NULL || connection->since_ns < oldest->since_ns))
            oldest = connection;
    }
    if (oldest != NULL)
        cut(http, oldest);
}

static void cut_late(metrics_http *http, int64_t now_ns)
{
    for (uint32_t i = 0; i < http->slot_count; i++) {
        http_connection *connection = &http->connections[i];
        if (connection->used && connection->since_ns != INT64_MAX &&
            now_ns - connection->since_ns > http->options.deadline_ns)
            cut(http, connection);
    }
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    metrics_http *http = context;
    http_connection *slot = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (slot != NULL) {
            slot->used = false;
            http->used_count--;
        }
        return;
    }
    if (http->used_count >= http->options.connections_max)
        cut_longest_waiting(http);
    for (uint32_t i = 0; i < http->slot_count && slot == NULL; i++) {
        if (!http->connections[i].used)
            slot = &http->connections[i];
    }
    if (slot == NULL)
        return; /* cannot be: libmicrohttpd has the same limit */
    *slot = (http_connection){
        .used = true,
        .fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
        .since_ns = base_clock_monotonic_ns()};
    http->used_count++;
    *socket_context = slot;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    http_connection *slot = info != NULL ? info->socket_context : NULL;

    (void)context;
    (void)request;
    (void)code;
    if (slot != NULL && slot->since_ns != INT64_MAX)
        slot->since_ns = base_clock_monotonic_ns();
}

/* ---- the thread ---- */

/* How long to wait: until libmicrohttpd, a deadline, the tick or the export wants to be served. */
static int wait_ms(const metrics_http *http, int64_t now_ns)
{
    int64_t due_ns = http->tick_due_ns;
    MHD_UNSIGNED_LONG_LONG their_ms;
    int64_t ms;

    if (http->options.export_interval_ns > 0 && http->export_due_ns < due_ns)
        due_ns = http->export_due_ns;
    ms = due_ns > now_ns ? (due_ns - now_ns) / BASE_NS_PER_MS + 1 : 0;
    if (http->used_count > 0 && ms > 100)
        ms = 100; /* deadlines are kept to a tenth of a second */
    if (MHD_get_timeout(http->daemon, &their_ms) == MHD_YES && (int64_t)their_ms < ms)
        ms = (int64_t)their_ms;
    return (int)ms;
}

static void *serve(void *argument)
{
    metrics_http *http = argument;
    struct pollfd waiting[2] = {{http->epoll_fd, POLLIN, 0}, {http->wake_fd, POLLIN, 0}};

    while (!atomic_load_explicit(&http->stop, memory_order_acquire)) {
        int64_t now_ns = base_clock_monotonic_ns();

        (void)poll(waiting, 2, wait_ms(http, now_ns)); /* whatever it says, time has passed */
        (void)MHD_run(http->daemon);
        now_ns = base_clock_monotonic_ns();
        cut_late(http, now_ns);
        if (now_ns >= http->tick_due_ns) { /* history goes on without a reader */
            http_collect(http);
            http->tick_due_ns = now_ns + TICK_NS;
        }
        if (http->options.export_interval_ns > 0 && now_ns >= http->export_due_ns) {
            http_export(http);
            http->export_due_ns = now_ns + http->options.export_interval_ns;
        }
    }
    return NULL;
}

/* Paths are compared as they were sent: "%00" or "%2f" is not part of any. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static hean_status start_daemon(metrics_http *http, hean_error *error)
{
    const union MHD_DaemonInfo *info;

    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, http_answer, http, MHD_OPTION_LISTEN_SOCKET, http->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, http->slot_count, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)REQUEST_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
    if (http->daemon == NULL)
        return base_fail(error, HEAN_E_IO, "metrics: the HTTP server does not start");
    http->listen_fd = -1; /* is the daemon's now */
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || info->epoll_fd < 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "metrics: libmicrohttpd has no epoll");
    http->epoll_fd = info->epoll_fd;
    return HEAN_OK;
}

static hean_status start_thread(metrics_http *http, hean_error *error)
{
    sigset_t all, before;
    int result;

    http->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (http->wake_fd < 0)
        return base_fail(error, HEAN_E_IO, "metrics: eventfd: %s", strerror(errno));
    (void)sigfillset(&all); /* signals are the program's, not this thread's */
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    result = pthread_create(&http->thread, NULL, serve, http);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0)
        return base_fail(error, HEAN_E_IO, "metrics: thread: %s", strerror(result));
    http->running = true;
    return HEAN_OK;
}

static hean_status copy_options(metrics_http *http, const metrics_http_options *options,
                                hean_error *error)
{
    size_t bytes = options->token != NULL ? strlen(options->token) : 0;

    http->options = *options;
    http->hub = options->hub;
    http->writer = metrics_hub_writer(options->hub, METRICS_THREAD_READER);
    if (options->token != NULL && bytes < 16)
        return base_fail(error, HEAN_E_INVALID, "metrics: the token is shorter than 16 bytes");
    if (options->connections_max == 0 || options->connections_max > 1000 ||
        options->deadline_ns <= 0)
        return base_fail(error, HEAN_E_RANGE, "metrics: connections or deadline out of range");
    /* Room for those that were cut and are not gone yet. */
    http->slot_count = 2 * options->connections_max;
    http->connections =
        base_alloc_array(options->allocator, http->slot_count, sizeof *http->connections);
    http->token = base_alloc(options->allocator, bytes + 1);
    if (http->connections == NULL || http->token == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    if (bytes > 0)
        memcpy(http->token, options->token, bytes + 1);
    http->options.token = options->token != NULL ? http->token : NULL;
    if (options->json_path == NULL && options->prom_path == NULL)
        http->options.export_interval_ns = 0;
    return HEAN_OK;
}

hean_status metrics_http_open(const metrics_http_options *options, metrics_http **out,
                              hean_error *error)
{
    metrics_http *http = base_alloc(options->allocator, sizeof *http);
    hean_status status;

    if (http == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    http->listen_fd = http->wake_fd = -1;
    status = copy_options(http, options, error);
    if (status == HEAN_OK)
        status = listen_at(http, error);
    if (status == HEAN_OK)
        status = http_answers_open(http, error);
    if (status == HEAN_OK)
        status = start_daemon(http, error);
    if (status == HEAN_OK)
        status = start_thread(http, error);
    if (status != HEAN_OK) {
        metrics_http_close(http);
        return status;
    }
    *out = http;
    return HEAN_OK;
}

void metrics_http_close(metrics_http *http)
{
    if (http == NULL)
        return;
    if (http->running) {
        atomic_store_explicit(&http->stop, true, memory_order_release);
        (void)eventfd_write(http->wake_fd, 1);
        (void)pthread_join(http->thread, NULL);
        http->collected_ns = 0; /* the last export is of the end, not of a moment before it */
        if (http->options.export_interval_ns > 0)
            http_export(http);
    }
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    http_answers_close(http);
    if (http->listen_fd >= 0)
        (void)close(http->listen_fd);
    if (http->wake_fd >= 0)
        (void)close(http->wake_fd);
    base_free(http->options.allocator, http->connections);
    base_free(http->options.allocator, http->token);
    base_free(http->options.allocator, http);
}

uint16_t metrics_http_port(const metrics_http *http)
{
    return http->port;
}
