/*
 * http_call.h: one HTTP exchange at a time over the edge, for commands that ask and end.
 */
#ifndef HOST_HTTP_CALL_H
#define HOST_HTTP_CALL_H

#include <exchange/edge.h>

typedef struct http_call http_call;

typedef struct http_call_options {
    const hean_allocator *allocator;
    const char *ca_file;                                            /* NULL: the system's */
    const char *name;                                               /* for messages: "venue" */
    const volatile int *stop;                                       /* may be NULL */
    void (*response)(void *context, const wire_response *response); /* from http_call_do */
    void *context;
} http_call_options;

hean_status http_call_open(const http_call_options *options, http_call **out,
                           hean_error *error) HEAN_WARN_UNUSED;
void http_call_close(http_call *call);
/* Sends, waits, and hands over the response; the action's id is chosen here.
 * Errors: HEAN_E_INTERRUPTED, HEAN_E_IO, those of the edge. */
hean_status http_call_do(http_call *call, wire_action *action, hean_error *error) HEAN_WARN_UNUSED;
/* Lets time pass until then (monotonic). */
hean_status http_call_wait(http_call *call, int64_t until_ns, hean_error *error) HEAN_WARN_UNUSED;

#endif
