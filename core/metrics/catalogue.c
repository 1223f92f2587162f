/*
 * catalogue.c: the table of all metrics as data, and the handles that the host counts with.
 *
 * Every label value that is known beforehand is made at 0: an alert on an increase would miss the
 * first step of a counter that appears out of nothing.
 */
#include <metrics/catalogue.h>
#include <metrics/status.h>

#include <string.h>

#define COUNT_NONE 0
static const double bounds_NONE[] = {0};

/* Requests to a venue: 0.25 and 0.5 s are the boundaries that alerts use. */
static const double bounds_API[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                    0.25,  0.5,    1,     2.5,  5,     10};
#define COUNT_API BASE_COUNT(bounds_API)

/* 0.05 s is the deadline of a strategy's callback. */
static const double bounds_BELOW_SECOND[] = {1e-06,  2.5e-06, 5e-06,   1e-05,  2.5e-05,
                                             5e-05,  0.0001,  0.00025, 0.0005, 0.001,
                                             0.0025, 0.01,    0.05,    0.1,    1};
#define COUNT_BELOW_SECOND BASE_COUNT(bounds_BELOW_SECOND)

/* 0.0001 is one basis point. */
static const double bounds_PRICE_RATIO[] = {1e-06,  5e-06,  1e-05, 2.5e-05, 5e-05, 0.0001,
                                            0.0002, 0.0005, 0.001, 0.002,   0.005, 0.01};
#define COUNT_PRICE_RATIO BASE_COUNT(bounds_PRICE_RATIO)

const metrics_family metrics_catalogue[METRICS_FAMILY_COUNT] = {
#define ROW(id, kind, title, label_names, buckets, most, text)                                     \
    [id] = {.name = (title),                                                                       \
            .help = (text),                                                                        \
            .type = (kind),                                                                        \
            .labels = label_names, /* NOLINT: braces */                                            \
            .bounds = bounds_##buckets,                                                            \
            .bound_count = COUNT_##buckets,                                                        \
            .series_max = (most)},
    METRICS_CATALOGUE(ROW)
#undef ROW
};

#define TEXT_ROW(name, text) text,
static const char *const endpoints[] = {METRICS_ENDPOINT_MAP(TEXT_ROW)};
static const char *const api_errors[] = {METRICS_API_ERROR_MAP(TEXT_ROW)};
#undef TEXT_ROW
#define JAIL_ROW(name, text, status) {text, status},
static const struct {
    const char *text;
    hean_status status;
} jail_reasons[] = {METRICS_JAIL_MAP(JAIL_ROW)};
#undef JAIL_ROW

metrics_jail metrics_jail_of(hean_status status)
{
    for (int i = 0; i < METRICS_JAIL_OTHER; i++) {
        if (jail_reasons[i].status == status)
            return (metrics_jail)i;
    }
    return METRICS_JAIL_OTHER;
}

const metrics_series *metrics_catalogue_single(metrics_registry *registry, metrics_family_id family)
{
    const metrics_series *series = NULL;

    BASE_ASSERT(metrics_catalogue[family].labels[0] == NULL);
    BASE_ASSERT(metrics_registry_series(registry, family, NULL, &series, NULL) == HEAN_OK);
    return series;
}

/* A step of a chain: does nothing once a step has failed. */
static void make(metrics_registry *registry, metrics_family_id family, const char *first,
                 const char *second, const metrics_series **out, hean_status *status,
                 hean_error *error)
{
    const char *const values[] = {first, second};

    if (*status == HEAN_OK)
        *status = metrics_registry_series(registry, family, values, out, error);
}

/* Label values that are the same in every host. */
static hean_status make_closed(metrics_registry *registry, hean_error *error)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    static const char *const invariants[] = {"L1", "L2", "L3", "L4", "L5", "L6"};
    const metrics_series *series;
    hean_status status = HEAN_OK;

    for (int i = 0; i < METRICS_HEALTH_COUNT; i++)
        make(registry, METRICS_HEALTH_COMPONENT, metrics_health_text((metrics_health_component)i),
             NULL, &series, &status, error);
    for (int i = 0; i < METRICS_KILL_COUNT; i++)
        make(registry, METRICS_KILL_SWITCH, metrics_kill_text((metrics_kill)i), NULL, &series,
             &status, error);
    for (int i = 0; i < METRICS_MODES; i++)
        make(registry, METRICS_MODE, metrics_mode_text((metrics_mode)i), NULL, &series, &status,
             error);
    for (int i = 0; i < METRICS_SWITCH_COUNT; i++)
        make(registry, METRICS_LIVE_SWITCH, metrics_switch_text((metrics_switch)i), NULL, &series,
             &status, error);
    for (size_t i = 0; i < BASE_COUNT(invariants); i++)
        make(registry, METRICS_LEDGER_INVARIANT_OK, invariants[i], NULL, &series, &status, error);
    for (size_t i = 0; i < BASE_COUNT(levels); i++)
        make(registry, METRICS_LOG_LINES, levels[i], NULL, &series, &status, error);
    return status;
}

hean_status metrics_catalogue_define(metrics_registry *registry, hean_error *error)
{
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT; i++) {
        uint32_t id;
        hean_status status = metrics_registry_define(registry, &metrics_catalogue[i], &id, error);
        if (status != HEAN_OK)
            return status;
        BASE_ASSERT(id == i);
    }
    return make_closed(registry, error);
}

hean_status metrics_catalogue_venue(metrics_registry *registry, const char *venue,
                                    metrics_venue_series *out, hean_error *error)
{
    metrics_venue_series series;
    hean_status status = HEAN_OK;

    for (int i = 0; i < HEAN_REASON_COUNT; i++)
        make(registry, METRICS_ORDERS_REJECTED, venue, hean_reason_text((hean_reason)i),
             &series.rejected[i], &status, error);
    make(registry, METRICS_FILLS, venue, "maker", &series.fills_maker, &status, error);
    make(registry, METRICS_FILLS, venue, "taker", &series.fills_taker, &status, error);
    make(registry, METRICS_ORDER_ACK, venue, NULL, &series.order_ack, &status, error);
    for (int i = 0; i < METRICS_ENDPOINT_COUNT; i++)
        make(registry, METRICS_API_REQUEST, venue, endpoints[i], &series.api_request[i], &status,
             error);
    for (int i = 0; i < METRICS_API_ERROR_COUNT; i++)
        make(registry, METRICS_API_ERRORS, venue, api_errors[i], &series.api_errors[i], &status,
             error);
    if (status == HEAN_OK)
        *out = series;
    return status;
}

hean_status metrics_catalogue_strategy(metrics_registry *registry, const char *strategy,
                                       metrics_strategy_series *out, hean_error *error)
{
    metrics_strategy_series series;
    hean_status status = HEAN_OK;

    make(registry, METRICS_STRATEGY_CALLBACK, strategy, NULL, &series.callback, &status, error);
    for (int i = 0; i < METRICS_JAIL_COUNT; i++)
        make(registry, METRICS_JAIL_KILLS, strategy, jail_reasons[i].text, &series.jail_kills[i],
             &status, error);
    if (status == HEAN_OK)
        *out = series;
    return status;
}
