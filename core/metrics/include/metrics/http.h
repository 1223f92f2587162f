/*
 * http.h: the edge of this room: an HTTP server in a thread of its own, which also writes the
 * export files, and the service manager's notifications.
 *
 *   /metrics        Prometheus text 0.0.4 or OpenMetrics 1.0, as asked; gzip when asked
 *   /livez          200 while the trading loop comes round, else 503
 *   /readyz         200 while every check holds (hub.h), else 503; one line per check
 *   /healthz        the same as /readyz
 *   /api/v1/status  JSON: spec/schema/status_api.json
 *   /               the status page
 *
 * Invariants
 *   W1  no lock of the trading thread is ever touched: everything comes through the hub.
 *   W2  a client has one deadline from connecting, or from its last answer, to the end of its next
 *       answer, however slowly it sends or reads; and the newest connection always gets a place:
 *       beyond `connections_max` the one that has waited longest is cut.
 *   W3  an answer is at most METRICS_BODY_AGE_MS old, and made at most once in that time: a storm
 * of scrapes costs no more than that. W4  nothing that a client sent comes back to it. Only GET and
 * HEAD are answered; a body is refused unread. A Host header that could be a stranger's name for
 * this address (DNS rebinding) is refused unless a token is set.
 */
#ifndef METRICS_HTTP_H
#define METRICS_HTTP_H

#include <metrics/hub.h>

#define METRICS_BODY_AGE_MS 20

typedef struct metrics_http metrics_http;

typedef struct metrics_http_options {
    const hean_allocator *allocator;
    metrics_hub *hub;
    const char *address; /* an IP address; "127.0.0.1" */
    uint16_t port;       /* 0: the kernel chooses */
    const char *token;   /* "Authorization: Bearer TOKEN" is asked for everything but the empty page
                            and the health checks; NULL: not asked */
    bool public_without_token; /* an address that is not loopback may be bound without one */
    uint32_t connections_max;
    int64_t deadline_ns;   /* W2 */
    int64_t loop_limit_ns; /* /livez: how long the trading loop may take to come round */
    const char *json_path; /* of the export; NULL: none */
    const char *prom_path; /* for node_exporter's textfile collector; NULL: none */
    int64_t export_interval_ns;
} metrics_http_options;

/* 127.0.0.1:9090, 64 connections, 10 s deadline, 10 s loop limit, no export, every 5 s. */
metrics_http_options metrics_http_options_default(void);

/* Binds and starts the thread.
 * HEAN_E_INVALID (no IP address), HEAN_E_GATE (public without a token), HEAN_E_IO (in use). */
hean_status metrics_http_open(const metrics_http_options *options, metrics_http **out,
                              hean_error *error) HEAN_WARN_UNUSED;
/* Ends the thread after a last export. The hub must still be there. */
void metrics_http_close(metrics_http *http);
uint16_t metrics_http_port(const metrics_http *http);

/* What this process uses now; NAN where /proc does not say. */
void metrics_process_read(metrics_process *out);

/* ---- the service manager: one datagram to $NOTIFY_SOCKET; nothing happens where it is not set */

/* "READY=1", "STOPPING=1", "STATUS=..." and the like. */
hean_status metrics_notify(const char *state, hean_error *error) HEAN_WARN_UNUSED;
/* How often "WATCHDOG=1" is due: half of $WATCHDOG_USEC; 0: never. */
int64_t metrics_notify_watchdog_ns(void);

#endif
