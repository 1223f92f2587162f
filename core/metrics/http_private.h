/*
 * http_private.h: between the server's thread (http.c), its answers (answer.c) and the page
 * (page.c). Only these three see libmicrohttpd.
 */
#ifndef METRICS_HTTP_PRIVATE_H
#define METRICS_HTTP_PRIVATE_H

#include <metrics/http.h>

#include <microhttpd.h>
#include <pthread.h>
#include <zlib.h>

/* A body that many requests share while it is fresh. */
typedef struct http_body {
    base_buffer text;
    struct MHD_Response *plain, *gzip; /* gzip: made when first asked for */
    const char *content_type;
    int64_t made_ns; /* monotonic; 0: never */
} http_body;

typedef enum http_body_kind {
    HTTP_BODY_TEXT, /* as metrics_format */
    HTTP_BODY_OPENMETRICS,
    HTTP_BODY_STATUS,
    HTTP_BODY_COUNT
} http_body_kind;

typedef enum http_handler {
    HTTP_METRICS,
    HTTP_LIVEZ,
    HTTP_READYZ,
    HTTP_STATUS,
    HTTP_PAGE,
    HTTP_OTHER,
    HTTP_HANDLER_COUNT
} http_handler;

#define HTTP_CODE_MAP(X) X(200) X(401) X(404) X(405) X(413) X(421) X(500) X(503)
enum {
#define HTTP_CODE_ENUM(code) HTTP_CODE_##code,
    HTTP_CODE_MAP(HTTP_CODE_ENUM)
#undef HTTP_CODE_ENUM
        HTTP_CODE_COUNT
};

typedef struct http_connection {
    bool used;
    int fd;
    int64_t since_ns; /* connected, or last answered: W2 */
} http_connection;

struct metrics_http {
    metrics_http_options options;
    char *token; /* copied */
    metrics_hub *hub;
    metrics_writer *writer;

    int listen_fd, wake_fd, epoll_fd;
    uint16_t port;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool running;
    _Atomic bool stop;

    http_connection *connections;
    uint32_t slot_count, used_count;

    http_body bodies[HTTP_BODY_COUNT];
    int64_t collected_ns;
    z_stream gzip;
    bool gzip_ready;
    struct MHD_Response *page;
    const metrics_series *requests[HTTP_HANDLER_COUNT][HTTP_CODE_COUNT];
    const metrics_series *cut, *scrape_duration, *export_time, *export_failures;
    int64_t export_due_ns, tick_due_ns;
};

/* ---- answer.c ---- */
hean_status http_answers_open(metrics_http *http, hean_error *error) HEAN_WARN_UNUSED;
void http_answers_close(metrics_http *http);
/* Newest snapshot into the hub, if the last one is older than METRICS_BODY_AGE_MS. */
void http_collect(metrics_http *http);
enum MHD_Result http_answer(void *context, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *upload,
                            size_t *upload_bytes, void **request);
void http_export(metrics_http *http);

/* ---- page.c ---- */
/* With its headers; NULL: out of memory. */
struct MHD_Response *http_page_response(const hean_allocator *allocator);
void http_security_headers(struct MHD_Response *response);

#endif
