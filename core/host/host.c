/*
 * host.c: making a host: options, instruments, strategies, start, close.
 *
 * It wires the engine to the scripts and owns both. It must not know how either works inside, nor
 * what an order is. Invariants H1 to H3 are in host_private.h.
 */
#include "host_private.h"

#include <market/event.h>

#include <string.h>

#define LATENCY_NS_MAX   (INT64_C(3600) * BASE_NS_PER_S)
#define DEADLINE_NS_MAX  (INT64_C(3600) * BASE_NS_PER_S)
#define MEMORY_BYTES_MIN ((size_t)1 << 20)
#define MEMORY_BYTES_MAX ((size_t)1 << 36)

hean_host_options hean_host_options_default(void)
{
    return (hean_host_options){
        .isolation = HEAN_ISOLATION_PROCESS,
        .broker = HEAN_BROKER_PAPER,
        .entry_latency_ns = BASE_NS_PER_MS,
        .response_latency_ns = BASE_NS_PER_MS,
        .queue = HEAN_QUEUE_RISK_AVERSE,
        .queue_power = 3,
        .seed = 1,
        .deadline_ns = 50 * BASE_NS_PER_MS,
        .memory_bytes_max = (size_t)64 << 20,
    };
}

hean_risk_limits hean_risk_limits_default(void)
{
    return (hean_risk_limits){
        .max_open_orders = 100,
        .max_orders_per_second = 1000,
        .price_band_e8 = BASE_E8 / 10,
        .soft_drawdown_e8 = BASE_E8 / 10,
        .max_drawdown_e8 = BASE_E8 / 5,
        .max_rejects_in_row = 100,
    };
}

static hean_status check_options(const hean_host_options *options, hean_error *error)
{
    if ((unsigned)options->isolation > HEAN_ISOLATION_IN_PROCESS)
        return base_fail(error, HEAN_E_INVALID, "isolation: %d is not a hean_isolation",
                         (int)options->isolation);
    if ((unsigned)options->broker > HEAN_BROKER_EXTERNAL)
        return base_fail(error, HEAN_E_INVALID, "broker: %d is not a hean_broker",
                         (int)options->broker);
    if ((unsigned)options->queue > HEAN_QUEUE_PROB_LOG)
        return base_fail(error, HEAN_E_INVALID, "queue: %d is not a hean_queue_model",
                         (int)options->queue);
    if (options->entry_latency_ns < 0 || options->entry_latency_ns > LATENCY_NS_MAX ||
        options->response_latency_ns < 0 || options->response_latency_ns > LATENCY_NS_MAX)
        return base_fail(error, HEAN_E_RANGE, "latency: expected 0 to 1 hour, in ns");
    if (!(options->queue_power > 0 && options->queue_power <= 100))
        return base_fail(error, HEAN_E_RANGE, "queue_power: expected more than 0, at most 100");
    if (options->deadline_ns < BASE_NS_PER_US || options->deadline_ns > DEADLINE_NS_MAX)
        return base_fail(error, HEAN_E_RANGE, "deadline_ns: expected 1 us to 1 hour");
    if (options->memory_bytes_max < MEMORY_BYTES_MIN ||
        options->memory_bytes_max > MEMORY_BYTES_MAX)
        return base_fail(error, HEAN_E_RANGE, "memory_bytes_max: expected 1 MiB to 64 GiB");
    return HEAN_OK;
}

char *host_text_copy(const hean_allocator *allocator, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = base_alloc(allocator, bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

static hean_status open_engine(hean_host *host, hean_error *error)
{
    static const engine_queue_model queue_models[] = {
        [HEAN_QUEUE_RISK_AVERSE] = ENGINE_QUEUE_RISK_AVERSE,
        [HEAN_QUEUE_PROB_POWER] = ENGINE_QUEUE_PROB_POWER,
        [HEAN_QUEUE_PROB_LOG] = ENGINE_QUEUE_PROB_LOG,
    };
    engine_options options = engine_options_default();

    options.allocator = host->allocator;
    options.external_broker = host->options.broker == HEAN_BROKER_EXTERNAL;
    options.paper.entry_latency_ns = host->options.entry_latency_ns;
    options.paper.response_latency_ns = host->options.response_latency_ns;
    options.paper.latency = host->options.latency;
    options.paper.latency_count = host->options.latency_count;
    options.paper.queue = queue_models[host->options.queue];
    options.paper.queue_power = host->options.queue_power;
    options.observer = host_observer(host);
    host->options.latency = NULL; /* the caller's; the engine takes a copy */
    return engine_open(&options, &host->engine, error);
}

hean_status host_open(const hean_host_options *given, const host_tap *tap, hean_host **out,
                      hean_error *error)
{
    hean_host_options options = given != NULL ? *given : hean_host_options_default();
    const hean_allocator *allocator =
        options.allocator != NULL ? options.allocator : base_allocator_default();
    hean_status status;
    hean_host *host;

    if (out == NULL)
        return base_fail(error, HEAN_E_INVALID, "host: no place for the result");
    status = check_options(&options, error);
    if (status != HEAN_OK)
        return base_fail_prefix(error, "host options");
    host = base_alloc(allocator, sizeof *host);
    if (host == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "host: out of memory");
    host->allocator = allocator;
    host->options = options;
    host->options.worker_path = NULL;
    if (tap != NULL)
        host->tap = *tap;
    if (options.worker_path != NULL) {
        host->worker_path = host_text_copy(allocator, options.worker_path);
        if (host->worker_path == NULL) {
            status = base_fail(error, HEAN_E_NO_MEMORY, "host: out of memory");
            goto cleanup;
        }
    }
    status = open_engine(host, error);
cleanup:
    if (status == HEAN_OK)
        *out = host;
    else
        hean_host_close(host);
    return status;
}

hean_status hean_host_open(const hean_host_options *options, hean_host **out, hean_error *error)
{
    return host_open(options, NULL, out, error);
}

void host_strategy_close(const hean_allocator *allocator, host_strategy *strategy)
{
    if (strategy == NULL)
        return;
    if (strategy->vm != NULL)
        script_vm_close(strategy->vm);
    if (strategy->worker != NULL)
        script_worker_close(strategy->worker);
    base_free(allocator, strategy->metrics);
    base_free(allocator, strategy);
}

void hean_host_close(hean_host *host)
{
    const hean_allocator *allocator;

    if (host == NULL)
        return;
    BASE_ASSERT(!host->busy);
    allocator = host->allocator;
    if (host->engine != NULL) /* H2 */
        engine_close(host->engine);
    for (size_t i = 0; i < host->strategy_count; i++)
        host_strategy_close(allocator, host->strategies[i]);
    base_free(allocator, host->strategies);
    base_free(allocator, host->instruments);
    base_free(allocator, host->intents);
    base_free(allocator, host->worker_path);
    base_free(allocator, host);
}

hean_status host_enter(hean_host *host, hean_error *error)
{
    if (host == NULL)
        return base_fail(error, HEAN_E_INVALID, "host: expected a host, got NULL");
    if (host->busy)
        return base_fail(error, HEAN_E_STATE, "host: a call inside a call of the same host");
    if (host->broken.status != HEAN_OK)
        return base_fail(error, HEAN_E_STATE, "host: it stopped after an error: %.400s",
                         host->broken.message);
    host->busy = true;
    return HEAN_OK;
}

void host_leave(hean_host *host)
{
    for (size_t i = 0; i < host->strategy_count; i++) {
        host_strategy *strategy = host->strategies[i];
        if (strategy->stopped && strategy->worker != NULL) {
            script_worker_close(strategy->worker);
            strategy->worker = NULL;
        }
    }
    host->busy = false;
}

hean_status host_leave_engine(hean_host *host, hean_status status, const hean_error *detail,
                              hean_error *error)
{
    host_leave(host);
    if (status != HEAN_OK) { /* H3 */
        (void)base_fail(&host->broken, status, "%s",
                        detail->message[0] != 0 ? detail->message : hean_status_text(status));
        if (error != NULL)
            *error = host->broken;
    }
    return status;
}

hean_status hean_host_add_instrument(hean_host *host, const hean_instrument *spec, uint16_t *out,
                                     hean_error *error)
{
    market_instrument instrument;
    uint16_t id = 0;
    hean_status status;

    if (host == NULL || spec == NULL || out == NULL)
        return base_fail(error, HEAN_E_INVALID, "add_instrument: an argument is NULL");
    if (host->busy || host->strategy_count > 0 || host->started)
        return base_fail(error, HEAN_E_STATE,
                         "add_instrument: expected before the first strategy is loaded");
    if (memchr(spec->symbol, 0, sizeof spec->symbol) == NULL)
        return base_fail(error, HEAN_E_INVALID, "symbol: expected at most %d bytes",
                         HEAN_SYMBOL_BYTES - 1);
    for (size_t i = 0; i < host->instrument_count; i++) {
        if (strcmp(host->instruments[i].spec.symbol, spec->symbol) == 0)
            return base_fail(error, HEAN_E_EXISTS, "instrument %s: added already", spec->symbol);
    }
    if (host->instrument_count >= MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_LIMIT, "add_instrument: at most %d instruments",
                         MARKET_INSTRUMENTS_MAX);
    status = market_instrument_init(&instrument, spec, error);
    if (status != HEAN_OK)
        return status;
    if (!base_grow(host->allocator, (void **)&host->instruments, &host->instrument_capacity,
                   host->instrument_count + 1, sizeof *host->instruments))
        return base_fail(error, HEAN_E_NO_MEMORY, "add_instrument: out of memory");
    status = engine_add_instrument(host->engine, &instrument, &id, error);
    if (status != HEAN_OK)
        return status;
    BASE_ASSERT(id == host->instrument_count); /* H1 */
    host->instruments[host->instrument_count++] = instrument;
    *out = id;
    return HEAN_OK;
}

hean_status hean_host_start(hean_host *host, int64_t now_ns, hean_error *error)
{
    hean_error detail = {0};
    hean_status status = host_enter(host, error);

    if (status != HEAN_OK)
        return status;
    if (host->started || now_ns <= 0 || now_ns > MARKET_TIME_NS_MAX) {
        host_leave(host);
        if (host->started)
            return base_fail(error, HEAN_E_STATE, "start: the host was started already");
        return base_fail(error, HEAN_E_RANGE, "start: expected a time in ns since 1970");
    }
    for (size_t i = 0; i < host->strategy_count; i++) {
        if (host->strategies[i]->vm != NULL)
            script_vm_set_books(host->strategies[i]->vm, engine_books(host->engine));
    }
    host->started = true;
    status = engine_start(host->engine, now_ns, &detail);
    return host_leave_engine(host, status, &detail, error);
}
