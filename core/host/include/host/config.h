/*
 * config.h: the configuration of `hean run`, a Lua file (hean.lua) that returns a table.
 *
 * It is evaluated in a jailed process and checked against one table of keys (config_schema.c):
 * an unknown key, a wrong type or a value out of range is an error with the file, the path of the
 * key and what was expected. Secrets have no place in it and are refused.
 */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <exchange/venue.h>

typedef struct config_texts {
    char **items;
    size_t count;
} config_texts;

typedef enum config_mode { CONFIG_MODE_PAPER, CONFIG_MODE_LIVE } config_mode;
typedef enum config_source {
    CONFIG_SOURCE_SIM,          /* a market made in this process, with the paper broker */
    CONFIG_SOURCE_DATA,         /* recorded, with the paper broker */
    CONFIG_SOURCE_EXCHANGE_SIM, /* a venue of our own on loopback: hean exchange-sim */
    CONFIG_SOURCE_BYBIT         /* PAPER: its market with the paper broker; LIVE: real orders */
} config_source;
typedef enum config_network {
    CONFIG_NETWORK_MAINNET,
    CONFIG_NETWORK_TESTNET,
    CONFIG_NETWORK_DEMO
} config_network;

typedef struct config_strategy {
    char *file;         /* relative paths start at the configuration's folder */
    const char *source; /* embedded configuration: the embedded script's text; else NULL */
    char *name;         /* never NULL: by default the file's name, without folder and ending */
    char *params_json;  /* NULL: none */
    int64_t capital_e8;
    hean_risk_limits risk; /* its own values over those of the whole */
} config_strategy;

typedef struct config_venue {
    config_source source;
    double speed; /* event time per wall time */
    /* SIM, EXCHANGE_SIM */
    int64_t seed;
    int64_t instruments;
    double events_per_second;
    int64_t funding_interval_ns;
    /* DATA */
    config_texts paths;
    char *symbol; /* NULL: all */
    /* BYBIT; the URLs are never NULL, `network` fills those that are not given */
    config_network network;
    venue_category category;
    char *rest_url, *public_url, *private_url;
    config_texts symbols;
    int64_t book_depth;
    char *credentials_file; /* NULL: keys come from the environment */
    char *ca_file;          /* NULL: the system's */
} config_venue;

typedef struct config_paper {
    int64_t latency_ns; /* each way */
    hean_queue_model queue;
    int64_t maker_fee_e8, taker_fee_e8; /* CONFIG_FEE_UNSET: as the instrument says */
} config_paper;

#define CONFIG_FEE_UNSET INT64_MIN

typedef struct config {
    const hean_allocator *allocator;
    char *file;       /* for messages; "the built-in configuration" if there is no file */
    config_mode mode; /* LIVE: one of the three switches */
    int64_t seed;
    char *state_dir; /* where the texts of on_save are kept */
    int64_t save_interval_ns;
    int64_t status_interval_ns;
    int64_t deadline_ns;
    size_t memory_bytes_max;
    hean_risk_limits risk;
    config_venue venue;
    config_paper paper;
    config_texts instruments; /* as market_instrument_parse reads them */
    config_strategy *strategies;
    size_t strategy_count;
} config;

/* Reads, evaluates and checks. `path` NULL: the built-in configuration
 * (lua/hean/default_config.lua). `stop` (may be NULL) ends it early.
 * Errors: HEAN_E_NOT_FOUND, HEAN_E_IO, HEAN_E_LIMIT (over 1 MiB); HEAN_E_SCRIPT and the others of a
 * jailed script; HEAN_E_INVALID (an unknown key, a wrong type, a secret), HEAN_E_RANGE. */
hean_status config_load(const hean_allocator *allocator, const char *path, volatile int *stop,
                        config *out, hean_error *error) HEAN_WARN_UNUSED;
/* Checks a JSON text as if the file had given it; `file` is for messages and relative paths, NULL
 * for the built-in configuration. */
hean_status config_from_json(const hean_allocator *allocator, const char *file, const char *json,
                             size_t bytes, config *out, hean_error *error) HEAN_WARN_UNUSED;
void config_deinit(config *config);

/* NULL if orders and keys may go to this URL: "https://" or "wss://" (as `scheme` without the s
 * says: "http", "ws"), or without TLS to this machine. Else what was expected. */
const char *config_url_problem(const char *url, const char *scheme);

/* The keys as a text for people: key, what is expected, default, what it does; one a line. */
void config_describe(base_buffer *out);

#endif
