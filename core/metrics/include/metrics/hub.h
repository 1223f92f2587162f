/*
 * hub.h: where the host puts what it knows, and where readers get it.
 *
 *     metrics_hub_open(&options, &hub, &error);
 *     metrics_catalogue_venue(metrics_hub_registry(hub), "sim", &venue, &error);     // handles
 *     metrics_catalogue_strategy(metrics_hub_registry(hub), "impulse", &strategy, &error);
 *     // the trading thread, where it happens:
 *     metrics_count(metrics_hub_writer(hub, METRICS_THREAD_ENGINE), venue.fills_maker, 1);
 *     // each turn of its loop:
 *     metrics_hub_progress(hub, base_clock_monotonic_ns());
 *     // some times a second:
 *     metrics_status *status = metrics_hub_begin(hub);   // zeroed: fill it in place
 *     metrics_hub_publish(hub);
 *
 * Invariants
 *   H1  publishing and counting never wait, for nobody: the snapshot goes through three buffers, of
 *       which the publisher and the reader own one each.
 *   H2  every reader's answer of one moment (both text formats, both JSON forms) is made from one
 *       snapshot, and says its sequence number.
 * Threads   One thread begins and publishes, one (the HTTP thread, metrics/http.h) collects. The
 *           registry has its own rules. No clock and no I/O: times are passed in.
 */
#ifndef METRICS_HUB_H
#define METRICS_HUB_H

#include <metrics/catalogue.h>
#include <metrics/status.h>

typedef struct metrics_hub metrics_hub;

/* Who counts: each has cells of its own. */
typedef enum metrics_thread {
    METRICS_THREAD_ENGINE,
    METRICS_THREAD_IO,
    METRICS_THREAD_READER,
    METRICS_THREAD_COUNT
} metrics_thread;

typedef struct metrics_hub_options {
    const hean_allocator *allocator;
    const char *revision; /* of the sources, for hean_build_info; NULL: "unknown" */
    int64_t now_ns;       /* wall clock: until the first snapshot, staleness counts from here */
} metrics_hub_options;

hean_status metrics_hub_open(const metrics_hub_options *options, metrics_hub **out,
                             hean_error *error) HEAN_WARN_UNUSED;
void metrics_hub_close(metrics_hub *hub);
metrics_registry *metrics_hub_registry(metrics_hub *hub);
metrics_writer *metrics_hub_writer(metrics_hub *hub, metrics_thread thread);

/* ---- the trading thread ---- */

/* The snapshot to fill; zeroed, with NAN where NAN is "not known" and every invariant true. */
metrics_status *metrics_hub_begin(metrics_hub *hub);
/* Shows it. Its rejects are those given to metrics_hub_reject. */
void metrics_hub_publish(metrics_hub *hub);
/* An order was refused: the newest METRICS_REJECTS_MAX are shown. */
void metrics_hub_reject(metrics_hub *hub, const metrics_reject *reject);
/* The loop came round: what /livez and the watchdog go by. */
void metrics_hub_progress(metrics_hub *hub, int64_t monotonic_ns);
int64_t metrics_hub_progress_ns(const metrics_hub *hub); /* 0: never; any thread */

/* ---- the reading thread ---- */

/* Takes the newest snapshot, judges it, and sets every metric that comes from it. */
void metrics_hub_collect(metrics_hub *hub, int64_t now_ns, const metrics_process *process);
/* As of the last collect. */
const metrics_status *metrics_hub_status(const metrics_hub *hub);
const metrics_health *metrics_hub_health(const metrics_hub *hub);
/* The body of /api/v1/status. */
void metrics_hub_write_status(const metrics_hub *hub, int64_t now_ns, base_json *json);
/* var/metrics.json: every sample under its name in the text format, values as text, exact. */
void metrics_hub_write_samples(const metrics_hub *hub, int64_t now_ns, base_json *json);

/* What /readyz asks. */
typedef enum metrics_check {
    METRICS_CHECK_LOOP,     /* the trading loop came round in time: alone, what /livez asks */
    METRICS_CHECK_SNAPSHOT, /* there is one, and it is fresh */
    METRICS_CHECK_LEDGER,   /* its invariants hold */
    METRICS_CHECK_VENUES,   /* all are up */
    METRICS_CHECK_COUNT
} metrics_check;
const char *metrics_check_text(metrics_check check);
/* A kill switch is no reason: nobody should restart a host because trading was stopped. */
void metrics_hub_check(const metrics_hub *hub, int64_t now_ns, int64_t monotonic_ns,
                       int64_t loop_limit_ns, bool out[METRICS_CHECK_COUNT]);

#endif
