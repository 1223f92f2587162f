/*
 * sim_server.h: puts a simulated venue (sim.h) on a loopback socket: HTTP/1.1 and WebSocket on one
 * port of 127.0.0.1, plain or TLS, in one libuv loop.
 *
 * One request of a connection is worked on at a time; what is pipelined behind it waits. A client
 * that does not read is cut once 64 MiB wait for it.
 * Paths below /sim/ are the simulator's own (core/exchange/sim/sim_admin.c).
 */
#ifndef EXCHANGE_SIM_SERVER_H
#define EXCHANGE_SIM_SERVER_H

#include <exchange/sim.h>

typedef struct sim_server sim_server;

typedef struct sim_server_options {
    const hean_allocator *allocator;
    sim_venue *venue;               /* outlives the server */
    uint16_t port;                  /* 0: the kernel chooses */
    const char *tls_cert, *tls_key; /* files in PEM; NULL: plain */
} sim_server_options;

/* Listens. Errors: HEAN_E_IO (the port, a file), HEAN_E_INVALID (certificate or key). */
hean_status sim_server_open(const sim_server_options *options, sim_server **out,
                            hean_error *error) HEAN_WARN_UNUSED;
uint16_t sim_server_port(const sim_server *server);
/* Serves until *stop is set (looked at ten times a second; may be NULL) or, with a descriptor that
 * is not -1, until it is at its end. */
hean_status sim_server_run(sim_server *server, const volatile int *stop, int until_eof_fd,
                           hean_error *error) HEAN_WARN_UNUSED;
void sim_server_close(sim_server *server);

#endif
