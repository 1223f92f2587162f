/*
 * latency.h: recorded order latencies, for the paper broker.
 *
 * A CSV text with the header "time,entry_ms,response_ms" and one sample a line, in order of time:
 * from `time` on (ISO 8601 or an epoch) an order takes entry_ms to reach the venue and its answer
 * response_ms to come back, until the next sample.
 */
#ifndef HOST_LATENCY_H
#define HOST_LATENCY_H

#include <base/base.h>

/* Errors: HEAN_E_FORMAT (another header), HEAN_E_PARSE, HEAN_E_RANGE (a latency below 0 or over one
 * minute), HEAN_E_TIME_ORDER, HEAN_E_TRUNCATED (no sample); the message names file and line. Free
 * `out` with base_free. */
hean_status latency_parse(const hean_allocator *allocator, const char *file, const char *text,
                          size_t bytes, hean_latency_sample **out, size_t *count,
                          hean_error *error) HEAN_WARN_UNUSED;
/* The same from a file of up to 256 MiB. */
hean_status latency_read_file(const hean_allocator *allocator, const char *path,
                              hean_latency_sample **out, size_t *count,
                              hean_error *error) HEAN_WARN_UNUSED;

#endif
