/*
 * run_metrics.h: what a session shows of itself: counts where things happen, a snapshot some times
 * a second, and the HTTP server that gives both out. Nothing here is waited for by trading.
 *
 * Money is what was posted to the ledger in this session; unrealized profit and equity are the
 * engine's. That the two agree is checked with every snapshot (L6).
 */
#ifndef HOST_RUN_METRICS_H
#define HOST_RUN_METRICS_H

#include "run_private.h"

#include <exchange/bybit.h>

/* Opens what the session's options ask for; NULL in `out` if they ask for nothing. The session's
 * host is there. A port that is taken is an error only if it was asked for by name. */
hean_status run_metrics_open(session *owner, run_metrics **out, hean_error *error) HEAN_WARN_UNUSED;
void run_metrics_close(run_metrics *self);
/* Every account event, in order. */
void run_metrics_event(run_metrics *self, const hean_event *event);
/* The loop came round, `late_ns` later than it was due. Publishes when it is time to. */
void run_metrics_turn(run_metrics *self, int64_t late_ns);
/* A request went out, and its answer came. */
void run_metrics_request(run_metrics *self, uint64_t id, const char *url);
void run_metrics_response(run_metrics *self, const wire_response *response);
void run_metrics_log(run_metrics *self, hean_log_level level);
/* A strategy took this long over an event. */
void run_metrics_round_trip(run_metrics *self, uint16_t strategy, int64_t nanoseconds);

#endif
