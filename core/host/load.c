/*
 * load.c: bringing a strategy into a host, and asking it for what it wants to keep.
 *
 * The script's text, and what it says of itself, come from strangers.
 */
#include "host_private.h"

#include <ctype.h>
#include <string.h>

/* The worker's own book needs these, whatever the script listens to. */
#define BOOK_KINDS (1u << HEAN_EVENT_BOOK | 1u << HEAN_EVENT_QUOTE)

bool host_name_valid(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= HEAN_NAME_BYTES || !isalnum((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("_-.", name[i]) == NULL)
            return false;
    }
    return true;
}

static void on_round_trip(void *context, int64_t nanoseconds)
{
    const host_strategy *strategy = context;
    const host_tap *tap = &strategy->host->tap;

    tap->on_round_trip(tap->context, strategy->id, nanoseconds);
}

static hean_status open_script(hean_host *host, host_strategy *strategy,
                               const script_options *options, hean_error *error)
{
    script_worker_options worker = {
        .script = *options,
        .deadline_ns = host->options.deadline_ns,
        .load_deadline_ns = 5 * BASE_NS_PER_S,
    };
    char *path = NULL;
    hean_status status;

    strategy->host = host;
    strategy->id = (uint16_t)host->strategy_count;
    if (host->tap.on_round_trip != NULL) {
        worker.on_round_trip = on_round_trip;
        worker.round_trip_context = strategy;
    }
    if (host->options.isolation == HEAN_ISOLATION_IN_PROCESS) {
        status = script_vm_open(options, &strategy->vm, error);
        if (status != HEAN_OK)
            return status;
        if (host->tap.heartbeat != NULL)
            script_vm_set_heartbeat(strategy->vm, host->tap.heartbeat);
        return script_vm_load(strategy->vm, error);
    }
    status = host_worker_find(host->allocator, host->worker_path, &path, error);
    if (status == HEAN_OK) {
        worker.worker_path = path;
        status = script_worker_open(&worker, &strategy->worker, error);
    }
    base_free(host->allocator, path);
    return status;
}

static hean_status choose_name(const hean_host *host, host_strategy *strategy, const char *given,
                               const char *own, hean_error *error)
{
    const char *name = given != NULL ? given : own;

    if (!host_name_valid(name))
        return base_fail(error, HEAN_E_INVALID,
                         "strategy name: expected 1 to %d letters, digits, '_', '-' or '.', a "
                         "letter or digit first",
                         HEAN_NAME_BYTES - 1);
    for (size_t i = 0; i < host->strategy_count; i++) {
        if (strcmp(host->strategies[i]->name, name) == 0)
            return base_fail(error, HEAN_E_EXISTS,
                             "strategy %s: loaded already; give this one another name", name);
    }
    (void)base_text_copy(strategy->name, sizeof strategy->name, name); /* it was measured */
    return HEAN_OK;
}

/* Tells the engine; the last step, so that a failure leaves the host as it was. */
static hean_status add_strategy(hean_host *host, host_strategy *strategy, const script_info *info,
                                const hean_strategy *given, hean_error *error)
{
    static const engine_strategy_ops vm_ops = {script_vm_on_event};
    static const engine_strategy_ops worker_ops = {script_worker_on_event};
    engine_strategy added = {
        .name = strategy->name,
        .subscription = {.kinds = info->kinds,
                         .bar_intervals_ns = info->bar_intervals_ns,
                         .bar_interval_count = info->bar_interval_count,
                         .instruments = info->instruments},
        .limits = given->limits,
        .capital_e8 = given->capital_e8,
    };
    uint16_t id = 0;
    hean_status status;

    if (strategy->worker != NULL) {
        added.ops = &worker_ops;
        added.context = strategy->worker;
        added.subscription.kinds |= BOOK_KINDS;
        added.subscription.every_level = true;
    } else if (host->tap.ops != NULL) {
        added.ops = host->tap.ops;
        added.context = host->tap.context;
    } else {
        added.ops = &vm_ops;
        added.context = strategy->vm;
    }
    if (!base_grow(host->allocator, (void **)&host->strategies, &host->strategy_capacity,
                   host->strategy_count + 1, sizeof(host_strategy *)))
        return base_fail(error, HEAN_E_NO_MEMORY, "strategy: out of memory");
    status = engine_add_strategy(host->engine, &added, &id, error);
    if (status != HEAN_OK)
        return status;
    BASE_ASSERT(id == host->strategy_count); /* H1 */
    host->strategies[host->strategy_count++] = strategy;
    return HEAN_OK;
}

static script_options options_of(const hean_host *host, const hean_strategy *given,
                                 const char *text, size_t bytes)
{
    uint16_t id = (uint16_t)host->strategy_count;
    script_options options = script_options_default();

    options.allocator = host->allocator;
    options.file = given->file != NULL ? given->file : given->name;
    if (options.file == NULL)
        options.file = "strategy";
    options.source = text;
    options.source_bytes = bytes;
    options.params_json = given->params_json;
    options.instruments = host->instruments;
    options.instrument_count = host->instrument_count;
    options.strategy = id;
    options.seed = host->options.seed + id;
    options.capital_e8 = given->capital_e8;
    options.memory_bytes_max = host->options.memory_bytes_max;
    options.saved = given->saved;
    options.saved_bytes = given->saved_bytes;
    return options;
}

static hean_status load(hean_host *host, const hean_strategy *given, const char *text, size_t bytes,
                        hean_error *error)
{
    script_options options = options_of(host, given, text, bytes);
    host_strategy *strategy = base_alloc(host->allocator, sizeof *strategy);
    const script_info *info;
    hean_status status;

    if (strategy == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "strategy: out of memory");
    status = open_script(host, strategy, &options, error);
    if (status != HEAN_OK)
        goto cleanup;
    info =
        strategy->vm != NULL ? script_vm_info(strategy->vm) : script_worker_info(strategy->worker);
    strategy->saves = info->saves;
    status = choose_name(host, strategy, given->name, info->name, error);
    if (status == HEAN_OK)
        status = add_strategy(host, strategy, info, given, error);
cleanup:
    if (status != HEAN_OK)
        host_strategy_close(host->allocator, strategy);
    return status;
}

static hean_status check_given(const hean_host *host, const hean_strategy *given, hean_error *error)
{
    if (given == NULL || (given->file == NULL && given->source == NULL))
        return base_fail(error, HEAN_E_INVALID, "strategy: expected a file or a source text");
    if (host->started)
        return base_fail(error, HEAN_E_STATE, "strategy: expected before the host is started");
    if (host->strategy_count >= HOST_STRATEGIES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "strategy: at most %d", HOST_STRATEGIES_MAX);
    if (given->capital_e8 <= 0)
        return base_fail(error, HEAN_E_RANGE, "capital: expected more than 0");
    if (given->saved_bytes > SCRIPT_SAVED_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "saved state: at most %u bytes",
                         SCRIPT_SAVED_BYTES_MAX);
    return HEAN_OK;
}

hean_status hean_host_load_strategy(hean_host *host, const hean_strategy *given, uint16_t *out,
                                    hean_error *error)
{
    base_buffer text;
    size_t bytes;
    hean_status status;

    if (out == NULL)
        return base_fail(error, HEAN_E_INVALID, "strategy: no place for the id");
    status = host_enter(host, error);
    if (status != HEAN_OK)
        return status;
    base_buffer_init(&text, host->allocator);
    status = check_given(host, given, error);
    if (status == HEAN_OK && given->source == NULL)
        status = base_buffer_read_file(&text, given->file, SCRIPT_SOURCE_BYTES_MAX, error);
    if (status != HEAN_OK)
        goto cleanup;
    bytes = given->source == NULL      ? text.length
            : given->source_bytes == 0 ? strlen(given->source)
                                       : given->source_bytes;
    if (bytes > SCRIPT_SOURCE_BYTES_MAX) {
        status =
            base_fail(error, HEAN_E_LIMIT, "script: at most %u bytes", SCRIPT_SOURCE_BYTES_MAX);
        goto cleanup;
    }
    status = load(host, given, given->source != NULL ? given->source : text.data, bytes, error);
    if (status == HEAN_OK)
        *out = (uint16_t)(host->strategy_count - 1);
    else if (error != NULL && given->file != NULL && strstr(error->message, given->file) == NULL)
        (void)base_fail_prefix(error, "%s", given->file); /* of several: which one */
cleanup:
    base_buffer_deinit(&text);
    host_leave(host);
    return status;
}

static hean_status save(hean_host *host, uint16_t id, const char **text, size_t *bytes,
                        hean_error *error)
{
    host_strategy *strategy = id < host->strategy_count ? host->strategies[id] : NULL;
    hean_error why = {0};
    hean_status status;

    if (text == NULL || bytes == NULL)
        return base_fail(error, HEAN_E_INVALID, "save: no place for the text");
    if (strategy == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "save: no strategy %u", id);
    if (!host->started || strategy->stopped)
        return base_fail(error, HEAN_E_STATE, "save: strategy %s does not run", strategy->name);
    status = strategy->vm != NULL ? script_vm_save(strategy->vm, text, bytes, &why)
                                  : script_worker_save(strategy->worker, text, bytes, &why);
    if (status == HEAN_OK)
        return HEAN_OK;
    if (error != NULL)
        *error = why;
    if (engine_stop_strategy(host->engine, id, &why) != HEAN_OK)
        return base_fail(&host->broken, HEAN_E_STATE, "save: strategy %s cannot be stopped",
                         strategy->name);
    return status;
}

hean_status hean_host_save(hean_host *host, uint16_t id, const char **text, size_t *bytes,
                           hean_error *error)
{
    hean_status status = host_enter(host, error);

    if (status != HEAN_OK)
        return status;
    status = save(host, id, text, bytes, error);
    host_leave(host);
    return status;
}
