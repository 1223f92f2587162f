/*
 * edge_server.h: a small HTTP and WebSocket server on loopback that misbehaves on request, for the
 * tests of the edge. What it does is in the target's first word: see edge_server_answer.
 */
#ifndef EDGE_SERVER_H
#define EDGE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

#define EDGE_SERVER_CONNECTIONS 256

typedef struct edge_server {
    int fd, port;
    SSL_CTX *tls; /* NULL: plain */
    pthread_t thread;
    volatile int requests, connections, pongs;
    volatile int fds[EDGE_SERVER_CONNECTIONS];
    pthread_t threads[EDGE_SERVER_CONNECTIONS];
    char ca_file[300];
} edge_server;

typedef struct edge_peer {
    edge_server *server;
    int fd;
    SSL *ssl;
    char request[65536];
    int answered;
} edge_peer;

static inline ssize_t edge_peer_read(edge_peer *self, void *out, size_t bytes)
{
    return self->ssl != NULL ? SSL_read(self->ssl, out, (int)bytes) : recv(self->fd, out, bytes, 0);
}

static inline bool edge_peer_write(edge_peer *self, const void *data, size_t bytes)
{
    const char *at = data;

    while (bytes > 0) {
        ssize_t sent = self->ssl != NULL ? SSL_write(self->ssl, at, (int)bytes)
                                         : send(self->fd, at, bytes, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static inline bool edge_peer_text(edge_peer *self, const char *text)
{
    return edge_peer_write(self, text, strlen(text));
}

/* A whole request, head and body; false at the end of the connection. */
static inline bool edge_peer_request(edge_peer *self)
{
    size_t have = 0;

    for (;;) {
        ssize_t got = edge_peer_read(self, self->request + have, sizeof self->request - 1 - have);
        const char *head_end, *length;
        if (got <= 0)
            return false;
        have += (size_t)got;
        self->request[have] = 0;
        head_end = strstr(self->request, "\r\n\r\n");
        if (head_end == NULL)
            continue;
        length = strcasestr(self->request, "content-length:");
        if (length == NULL ||
            have >= (size_t)(head_end + 4 - self->request) + strtoul(length + 15, NULL, 10))
            return true;
    }
}

/* ---- WebSocket ---- */

static inline ssize_t edge_ws_recv(wslay_event_context_ptr frames, uint8_t *out, size_t bytes,
                                   int flags, void *context)
{
    ssize_t got = edge_peer_read(context, out, bytes);
    (void)flags;
    if (got <= 0)
        wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
    return got > 0 ? got : -1;
}

static inline ssize_t edge_ws_send(wslay_event_context_ptr frames, const uint8_t *data,
                                   size_t bytes, int flags, void *context)
{
    (void)flags;
    if (edge_peer_write(context, data, bytes))
        return (ssize_t)bytes;
    wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static inline void edge_ws_queue(wslay_event_context_ptr frames, uint8_t opcode, const void *data,
                                 size_t bytes)
{
    struct wslay_event_msg message = {opcode, data, bytes};
    (void)wslay_event_queue_msg(frames, &message);
    (void)wslay_event_send(frames);
}

/* "cut" ends the connection, "close" closes it, "ping" pings, "garbage" breaks the protocol,
 * "long N" answers with N bytes, "twice" answers twice; anything else comes back. */
static inline void edge_ws_message(wslay_event_context_ptr frames,
                                   const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    edge_peer *self = context;
    char text[64] = "";

    if (message->opcode == WSLAY_PONG)
        self->server->pongs++;
    if (wslay_is_ctrl_frame(message->opcode))
        return;
    memcpy(text, message->msg, message->msg_length < 63 ? message->msg_length : 63);
    if (strcmp(text, "cut") == 0) {
        (void)shutdown(self->fd, SHUT_RDWR);
    } else if (strcmp(text, "close") == 0) {
        (void)wslay_event_queue_close(frames, 1001, NULL, 0);
        (void)wslay_event_send(frames);
    } else if (strcmp(text, "ping") == 0) {
        edge_ws_queue(frames, WSLAY_PING, "x", 1);
    } else if (strcmp(text, "garbage") == 0) {
        (void)edge_peer_text(self, "\xff\xff\xff\xff garbage, and more of it");
    } else if (strncmp(text, "long ", 5) == 0) {
        size_t bytes = strtoul(text + 5, NULL, 10);
        char *data = malloc(bytes);
        memset(data, 'a', bytes);
        edge_ws_queue(frames, WSLAY_TEXT_FRAME, data, bytes);
        free(data);
    } else {
        edge_ws_queue(frames, WSLAY_TEXT_FRAME, message->msg, message->msg_length);
        if (strcmp(text, "twice") == 0)
            edge_ws_queue(frames, WSLAY_TEXT_FRAME, message->msg, message->msg_length);
    }
}

static inline void edge_peer_websocket(edge_peer *self)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = edge_ws_recv,
        .send_callback = edge_ws_send,
        .on_msg_recv_callback = edge_ws_message,
    };
    const char *key = strcasestr(self->request, "Sec-WebSocket-Key: ");
    unsigned char digest[EVP_MAX_MD_SIZE];
    char joined[100], accept[40], answer[300];
    wslay_event_context_ptr frames = NULL;

    if (key == NULL)
        return;
    (void)snprintf(joined, sizeof joined, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    (void)EVP_Digest(joined, strlen(joined), digest, NULL, EVP_sha1(), NULL);
    (void)EVP_EncodeBlock((unsigned char *)accept, digest, 20);
    if (strstr(self->request, "wrong-key") != NULL)
        accept[0] = accept[0] == 'A' ? 'B' : 'A';
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
                   "connection: upgrade\r\nsec-websocket-accept: %s\r\n\r\n%s",
                   accept, strstr(self->request, "hello") != NULL ? "\x81\x05hello" : "");
    if (!edge_peer_text(self, answer) ||
        wslay_event_context_server_init(&frames, &callbacks, self) != 0)
        return;
    while (wslay_event_get_read_enabled(frames)) {
        if (wslay_event_recv(frames) != 0)
            break;
    }
    wslay_event_context_free(frames);
}

/* ---- HTTP ---- */

/* false: the connection ends. */
static inline bool edge_server_answer(edge_peer *self)
{
    const char *target = strchr(self->request, ' ');
    char head[200];

    self->server->requests++;
    if (target == NULL)
        return false;
    target++;
    if (strncmp(target, "/cut", 4) == 0 || (strncmp(target, "/once", 5) == 0 && self->answered > 0))
        return false;
    if (strncmp(target, "/silent", 7) == 0) {
        char byte;
        (void)edge_peer_read(self, &byte, 1);
        return false;
    }
    if (strncmp(target, "/half", 5) == 0) {
        (void)edge_peer_text(self, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
        return false;
    }
    if (strncmp(target, "/endless", 8) == 0) {
        (void)edge_peer_text(self, "HTTP/1.1 200 OK\r\n\r\n");
        while (edge_peer_text(self, "more and more "))
            continue;
        return false;
    }
    if (strncmp(target, "/redirect", 9) == 0)
        return edge_peer_text(self, "HTTP/1.1 302 Found\r\nLocation: /echo\r\n"
                                    "Content-Length: 0\r\n\r\n");
    if (strncmp(target, "/wrong", 6) == 0)
        return edge_peer_text(self, "SPDY 200\r\nContent-Length: 2\r\n\r\n{}");
    if (strncmp(target, "/chunked", 8) == 0)
        return edge_peer_text(self, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                                    "6\r\n{\"retC\r\n") &&
               usleep(20000) == 0 && edge_peer_text(self, "7;x=y\r\node\":0}\r\n0\r\n\r\n");
    if (strncmp(target, "/until-end", 10) == 0) {
        (void)edge_peer_text(self, "HTTP/1.1 200 OK\r\n\r\n{\"retCode\":1}");
        return false;
    }
    if (strncmp(target, "/interim", 8) == 0)
        return edge_peer_text(self, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
                                    "Content-Length: 13\r\n\r\n{\"retCode\":2}");
    if (strncmp(target, "/closing", 8) == 0) {
        (void)edge_peer_text(self, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                   "Content-Length: 13\r\n\r\n{\"retCode\":3}");
        return false;
    }
    if (strncmp(target, "/ws", 3) == 0) {
        edge_peer_websocket(self);
        return false;
    }
    self->answered++;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 200 OK\r\nX-Test: yes\r\nContent-Length: %zu\r\n\r\n",
                   strlen(self->request));
    return edge_peer_text(self, head) && edge_peer_text(self, self->request);
}

typedef struct edge_accepted {
    edge_server *server;
    int fd, slot;
} edge_accepted;

static inline void *edge_server_connection(void *context)
{
    edge_accepted accepted = *(edge_accepted *)context;
    edge_peer *self = calloc(1, sizeof *self);
    sigset_t broken_pipe; /* of this side only: the edge must not raise one */

    (void)sigemptyset(&broken_pipe);
    (void)sigaddset(&broken_pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
    free(context);
    self->server = accepted.server;
    self->fd = accepted.fd;
    if (self->server->tls != NULL) {
        self->ssl = SSL_new(self->server->tls);
        (void)SSL_set_fd(self->ssl, self->fd);
    }
    if (self->ssl == NULL || SSL_accept(self->ssl) == 1) {
        while (edge_peer_request(self)) {
            if (!edge_server_answer(self))
                break;
        }
    }
    SSL_free(self->ssl);
    (void)shutdown(self->fd, SHUT_RDWR); /* closed at the end, so that no number is used twice */
    free(self);
    return NULL;
}

static inline void *edge_server_accept(void *context)
{
    edge_server *self = context;
    int fd;

    while ((fd = accept(self->fd, NULL, NULL)) >= 0 &&
           self->connections < EDGE_SERVER_CONNECTIONS) {
        edge_accepted *accepted = malloc(sizeof *accepted);
        int slot = self->connections;
        *accepted = (edge_accepted){self, fd, slot};
        self->fds[slot] = fd;
        (void)pthread_create(&self->threads[slot], NULL, edge_server_connection, accepted);
        self->connections++;
    }
    return NULL;
}

/* A key and a certificate for 127.0.0.1, signed by itself; the certificate goes to `ca_file`, the
 * key to `key_file` (NULL: to none). */
static inline SSL_CTX *edge_server_certificate(const char *ca_file, const char *key_file)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509V3_CTX extension_context;
    X509_EXTENSION *extension;
    FILE *file;

    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    (void)X509_set_version(certificate, X509_VERSION_3);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    (void)X509_set_pubkey(certificate, key);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                     (const unsigned char *)"127.0.0.1", -1, -1, 0);
    (void)X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509V3_set_ctx(&extension_context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &extension_context, NID_subject_alt_name, "IP:127.0.0.1");
    (void)X509_add_ext(certificate, extension, -1);
    (void)X509_sign(certificate, key, EVP_sha256());
    file = fopen(ca_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    if (key_file != NULL) {
        file = fopen(key_file, "w");
        assert_non_null(file);
        assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
        assert_int_equal(fclose(file), 0);
    }
    assert_int_equal(SSL_CTX_use_certificate(tls, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
    X509_EXTENSION_free(extension);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return tls;
}

static inline int edge_listen(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline void edge_server_start(edge_server *self, bool tls)
{
    memset(self, 0, sizeof *self);
    if (tls) {
        (void)snprintf(self->ca_file, sizeof self->ca_file, "%s/ca.pem", test_folder("edge_tls"));
        self->tls = edge_server_certificate(self->ca_file, NULL);
    }
    self->fd = edge_listen(&self->port);
    assert_int_equal(pthread_create(&self->thread, NULL, edge_server_accept, self), 0);
}

static inline void edge_server_stop(edge_server *self)
{
    (void)shutdown(self->fd, SHUT_RDWR);
    (void)pthread_join(self->thread, NULL);
    (void)close(self->fd);
    for (int i = 0; i < self->connections; i++)
        (void)shutdown(self->fds[i], SHUT_RDWR);
    for (int i = 0; i < self->connections; i++) {
        (void)pthread_join(self->threads[i], NULL);
        (void)close(self->fds[i]);
    }
    SSL_CTX_free(self->tls);
}

#endif
