/*
 * venue_call.h: one question to a venue at a time, for commands that ask and end: hean order, hean
 * doctor, a snapshot of the account. A session uses venue.h instead.
 *
 * Reads are tried again as retry.h says; what changes something goes out once, and an outcome that
 * is not known is said to be unknown.
 */
#ifndef HOST_VENUE_CALL_H
#define HOST_VENUE_CALL_H

#include <exchange/bybit.h>
#include <host/config.h>
#include <host/keys.h>

typedef struct venue_call venue_call;

typedef struct venue_call_options {
    const hean_allocator *allocator; /* NULL: malloc and free */
    const config_venue *venue;       /* URLs, category, ca_file; must outlive the call */
    const keys *keys;                /* NULL: public questions only; must outlive the call */
    int64_t recv_window_ms;
    const volatile int *stop; /* may be NULL */
} venue_call_options;

hean_status venue_call_open(const venue_call_options *options, venue_call **out,
                            hean_error *error) HEAN_WARN_UNUSED;
void venue_call_close(venue_call *call);
/* Measures the venue's clock: its time minus ours, and the round trip. Later calls use it. */
hean_status venue_call_clock(venue_call *call, int64_t *offset_ns, int64_t *round_trip_ns,
                             hean_error *error) HEAN_WARN_UNUSED;
/* Asks, and waits. `body` and `answer` are of the last try; the body is cut short to nothing where
 * there was no answer. HEAN_OK: answer->class says what came of it (RETRY_AMBIGUOUS: not known).
 * `sent` (may be NULL): false if certainly nothing was sent. Errors: HEAN_E_INTERRUPTED,
 * HEAN_E_NO_MEMORY, HEAN_E_INVALID (keys are missing for a private question). */
hean_status venue_call_ask(venue_call *call, const bybit_request *request, bybit_answer *answer,
                           base_buffer *body, bool *sent, hean_error *error) HEAN_WARN_UNUSED;
/* The same for questions: everything but OK becomes an error with the venue's words. */
hean_status venue_call_read(venue_call *call, const bybit_request *request, base_buffer *body,
                            hean_error *error) HEAN_WARN_UNUSED;

#endif
