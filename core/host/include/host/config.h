/*
 * config.h: the configuration of `hean run`, a Lua file (hean.lua) that returns a table.
 *
 * It is evaluated in a jailed process and checked against one table of keys (config_schema.c):
 * an unknown key, a wrong type or a value out of range is an error with the file, the path of the
 * key and what was expected. Secrets have no place in it and are refused.
 */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <base/base.h>

typedef struct config_strategy {
    char *file;        /* as it is opened: relative paths start at the configuration's folder */
    char *name;        /* NULL: as the script says */
    char *params_json; /* NULL: none */
    int64_t capital_e8;
    hean_risk_limits risk; /* the default `risk` with its own values over it */
} config_strategy;

typedef enum config_source { CONFIG_SOURCE_SIM, CONFIG_SOURCE_DATA } config_source;

typedef struct config {
    char *file; /* "the embedded configuration", if there is no file */
    bool live;  /* mode = "live": one of the three switches */
    uint64_t seed;
    char *state_dir; /* on_save texts */
    int64_t status_interval_ns;
    int64_t save_interval_ns;
    struct {
        config_source source;
        char *sim;    /* as market_sim_parse reads it: "7,rate=200" */
        char **paths; /* recorded data */
        size_t path_count;
        char *symbol; /* NULL: all */
        double speed; /* event time per wall time */
    } venue;
    char **instruments; /* as market_instrument_parse reads them */
    size_t instrument_count;
    config_strategy *strategies;
    size_t strategy_count;
    struct {
        int64_t latency_ns; /* each way */
        hean_queue_model queue;
        int64_t maker_fee_e8, taker_fee_e8; /* INT64_MIN: as the instrument says */
    } paper;
    int64_t deadline_ns;
    size_t memory_bytes_max;
    const hean_allocator *allocator;
} config;

/* Reads, evaluates and checks. `path` NULL: the embedded configuration.
 * Errors: HEAN_E_NOT_FOUND, HEAN_E_IO, HEAN_E_LIMIT (over 1 MiB); HEAN_E_SCRIPT and the others of a
 * jailed script; HEAN_E_INVALID (an unknown key, a wrong type, a secret), HEAN_E_RANGE. */
hean_status config_load(const hean_allocator *allocator, const char *path, volatile int *stop,
                        config *out, hean_error *error) HEAN_WARN_UNUSED;
/* Checks a JSON text as if the file had given it; `file` is for messages and relative paths. */
hean_status config_from_json(const hean_allocator *allocator, const char *file, const char *json,
                             size_t bytes, config *out, hean_error *error) HEAN_WARN_UNUSED;
void config_deinit(config *config);

/* The keys as a text for people: key, type and range, default, what it does; one a line. */
hean_status config_describe(base_buffer *out) HEAN_WARN_UNUSED;

#endif
