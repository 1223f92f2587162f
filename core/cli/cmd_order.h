/*
 * cmd_order.h: between the command line of hean order (cmd_order.c) and its talk with the venue
 * (order_send.c).
 */
#ifndef CLI_CMD_ORDER_H
#define CLI_CMD_ORDER_H

#include "cli.h"

#include <host/gate.h>
#include <host/venue_call.h>

typedef struct order_arguments {
    bybit_route route;
    const config_venue *venue;
    const char *config, *symbol, *side, *type, *tif, *given_id, *coin, *credentials;
    hean_decimal qty, price, trigger;
    int64_t timestamp_ms, recv_window_ms;
    bool reduce_only, dry_run, live, as_json;
    /* made of the above */
    char client_id[VENUE_CLIENT_ID_BYTES];
    market_instrument instrument; /* symbol, tick and lot as typed */
    hean_intent intent;
} order_arguments;

hean_status order_build(const order_arguments *arguments, bybit_request *out,
                        hean_error *error) HEAN_WARN_UNUSED;
/* Sends it and prints what came of it; returns the exit code. */
int order_send(const order_arguments *arguments, const bybit_request *request, const keys *held);

#endif
