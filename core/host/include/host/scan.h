/*
 * scan.h: a snapshot of the environment: what the account has and what the venue offers, as one
 * JSON document. Every part says where it comes from: API, MANUAL (told by the operator) or UNKNOWN
 * with the reason; nothing that is not known is made up.
 *
 * Shape: {"taken_at", "venue", "category", "sources": {part: "API" | "MANUAL" | "UNKNOWN"},
 *   "reasons": {part: why it is unknown}, and the parts:
 *   "instruments"  [{symbol, tick, lot, min_qty, min_notional, settle_coin,
 * funding_interval_hours}] "tickers"      [{symbol, last, mark, bid, ask}] "funding"      [{symbol,
 * rate, interval_hours, next_at}] "fees"         [{symbol, maker, taker}] "balances"     [{coin,
 * wallet, equity, locked}] "positions"    [{symbol, side, qty, value, unrealized, settle_coin}]
 *   "open_orders"  [{symbol, side, qty, filled, price, client_id}]
 *   "executions"   [{symbol, maker, value, fee, count}], the last 7 days, summed
 *   "earn_products" [{product_id, coin, apr, min_stake, max_stake, term_days, status}]
 *   "campaigns"    never by API}
 */
#ifndef HOST_SCAN_H
#define HOST_SCAN_H

#include <host/config.h>

/* A snapshot that is older blocks runs. */
#define SCAN_STALE_NS (24 * 3600 * BASE_NS_PER_S)

typedef struct scan_options {
    const hean_allocator *allocator;
    const config *config;
    const char *program_path; /* of hean, for a venue of our own; NULL: this program */
    int64_t now_ns;
    /* A JSON object of parts told by hand: {"campaigns": [...], ...}; NULL: none. They are MANUAL,
     * and stand where the API knows nothing. */
    const char *manual;
    const volatile int *stop;
} scan_options;

/* Asks the configured venue. Parts that need keys are UNKNOWN without them. `out` gets the
 * document. Errors: HEAN_E_PARSE (manual), HEAN_E_INTERRUPTED, HEAN_E_NO_MEMORY; what the venue
 * does not answer is no error. */
hean_status scan_environment(const scan_options *options, base_buffer *out,
                             hean_error *error) HEAN_WARN_UNUSED;

#endif
