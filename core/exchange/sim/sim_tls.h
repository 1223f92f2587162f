/*
 * sim_tls.h: the server's side of TLS over bytes in memory: no sockets.
 */
#ifndef EXCHANGE_SIM_TLS_H
#define EXCHANGE_SIM_TLS_H

#include <base/base.h>

typedef struct sim_tls_context sim_tls_context;
typedef struct sim_tls sim_tls;

hean_status sim_tls_context_open(const hean_allocator *allocator, const char *cert_file,
                                 const char *key_file, sim_tls_context **out,
                                 hean_error *error) HEAN_WARN_UNUSED;
void sim_tls_context_close(sim_tls_context *context);

hean_status sim_tls_open(sim_tls_context *context, sim_tls **out) HEAN_WARN_UNUSED;
void sim_tls_close(sim_tls *tls);
/* Bytes from the peer; what they say is appended to `plain`, what must go back to `wire`.
 * HEAN_E_CORRUPT: the connection is of no more use. */
hean_status sim_tls_read(sim_tls *tls, const void *data, size_t bytes, base_buffer *plain,
                         base_buffer *wire) HEAN_WARN_UNUSED;
hean_status sim_tls_write(sim_tls *tls, const void *data, size_t bytes,
                          base_buffer *wire) HEAN_WARN_UNUSED;

#endif
