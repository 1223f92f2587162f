/*
 * sim.c: the simulated venue's door: opening, and the loop of time, in which the market, requests
 * at the matching engine and frames that are due happen in their order.
 *
 * Must not know: what requests and frames look like.
 */
#include "sim_internal.h"

#include <openssl/crypto.h>

#define BUFFER_EVENTS 512
#define WALLET_E8_MAX (1000000000 * BASE_E8)

sim_options sim_options_default(void)
{
    return (sim_options){
        .allocator = base_allocator_default(),
        .seed = 1,
        .market = "sim:1",
        .api_key = "sim-key",
        .api_secret = "sim-secret",
        .wallet_usdt_e8 = 100000 * BASE_E8,
        .speed_e3 = 1000,
        .limit_factor = 1,
        .ip_ban_ns = 600 * BASE_NS_PER_S,
        .book_push_ns = -1,
    };
}

/* ---- small things that all files need ---- */

void *sim_list_add(const hean_allocator *allocator, sim_list *list, size_t item_bytes)
{
    if (!base_grow(allocator, &list->items, &list->capacity, list->count + 1, item_bytes))
        return NULL;
    void *item = (char *)list->items + list->count++ * item_bytes;
    memset(item, 0, item_bytes);
    return item;
}

int64_t sim_ms(const sim_venue *sim, int64_t time_ns)
{
    return (time_ns + sim->options.faults.clock_skew_ns) / BASE_NS_PER_MS;
}

void sim_make_id(sim_venue *sim, hean_instrument_kind kind, char out[SIM_ID_BYTES])
{
    uint64_t high = base_random_next(&sim->ids);
    uint64_t low = base_random_next(&sim->ids);
    if (kind == HEAN_INSTRUMENT_SPOT) {
        (void)snprintf(out, SIM_ID_BYTES, "2%018llu",
                       (unsigned long long)(high % UINT64_C(1000000000000000000)));
        return;
    }
    (void)snprintf(out, SIM_ID_BYTES, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                   (unsigned)(0x8000 | (low >> 48 & 0x3fff)),
                   (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

sim_symbol *sim_find_symbol(const sim_venue *sim, hean_instrument_kind kind, const char *name)
{
    for (size_t i = 0; i < sim->symbol_count; i++)
        if (sim->symbols[i].kind == kind && strcmp(sim->symbols[i].name, name) == 0)
            return &sim->symbols[i];
    return NULL;
}

/* ---- orders by text ---- */

static const char *map_text(const sim_venue *sim, const sim_map *map, uint32_t order)
{
    return map == &sim->by_id ? sim_order_at(sim, order)->id : sim_order_at(sim, order)->link;
}

static size_t map_place(const sim_venue *sim, const sim_map *map, const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = text; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    size_t place = (size_t)(hash ^ hash >> 32) & (map->capacity - 1);
    while (map->slots[place] != 0 && strcmp(map_text(sim, map, map->slots[place] - 1), text) != 0)
        place = (place + 1) & (map->capacity - 1);
    return place;
}

uint32_t sim_map_find(const sim_venue *sim, const sim_map *map, const char *text)
{
    if (map->capacity == 0)
        return SIM_NONE;
    uint32_t slot = map->slots[map_place(sim, map, text)];
    return slot == 0 ? SIM_NONE : slot - 1;
}

hean_status sim_map_add(sim_venue *sim, sim_map *map, uint32_t order)
{
    if ((map->count + 1) * 2 > map->capacity) {
        sim_map bigger = {.capacity = map->capacity == 0 ? 64 : map->capacity * 2};
        bigger.slots = base_alloc_array(sim->allocator, bigger.capacity, sizeof(uint32_t));
        if (bigger.slots == NULL)
            return HEAN_E_NO_MEMORY;
        sim_map old = *map;
        *map = bigger;
        for (size_t i = 0; i < old.capacity; i++)
            if (old.slots[i] != 0)
                map->slots[map_place(sim, map, map_text(sim, map, old.slots[i] - 1))] =
                    old.slots[i];
        map->count = old.count;
        base_free(sim->allocator, old.slots);
    }
    map->slots[map_place(sim, map, map_text(sim, map, order))] = order + 1;
    map->count++;
    return HEAN_OK;
}

/* ---- opening ---- */

static hean_status check(const sim_options *options, hean_error *error)
{
#define CHECK_RATE(name)                                                                           \
    if (!(options->faults.name >= 0 && options->faults.name <= 1))                                 \
        return base_fail(error, HEAN_E_RANGE, "fault " #name ": expected a rate from 0 to 1");
    SIM_FAULT_MAP(CHECK_RATE)
#undef CHECK_RATE
    if (options->api_key == NULL || options->api_secret == NULL || options->api_key[0] == '\0' ||
        options->api_secret[0] == '\0')
        return base_fail(error, HEAN_E_INVALID, "the venue needs an API key and a secret");
    if (options->faults.clock_skew_ns > SIM_SKEW_NS_MAX ||
        options->faults.clock_skew_ns < -SIM_SKEW_NS_MAX)
        return base_fail(error, HEAN_E_RANGE, "fault clock_skew: expected an hour at most");
    if (options->wallet_usdt_e8 > WALLET_E8_MAX)
        return base_fail(error, HEAN_E_RANGE, "wallet: expected 1,000,000,000 at most");
    if (options->wallet_usdt_e8 < 0 || options->latency_ns < 0 || options->history_ns < 0 ||
        options->ip_ban_ns < 0 || options->latency_ns > 60 * BASE_NS_PER_S ||
        options->history_ns > 30 * 24 * 3600 * BASE_NS_PER_S)
        return base_fail(error, HEAN_E_RANGE,
                         "wallet, latency (to 60 s), history (to 30 days) and ban: expected 0 or "
                         "more");
    if (options->speed_e3 < 1 || options->speed_e3 > 1000000)
        return base_fail(error, HEAN_E_RANGE, "speed: expected 0.001 to 1000");
    if (options->limit_factor < 1 || options->limit_factor > 1000)
        return base_fail(error, HEAN_E_RANGE, "limit factor: expected 1 to 1000");
    return HEAN_OK;
}

static hean_status copy_text(sim_venue *sim, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    *out = base_alloc(sim->allocator, bytes);
    if (*out == NULL)
        return HEAN_E_NO_MEMORY;
    memcpy(*out, text, bytes);
    return HEAN_OK;
}

static hean_status add_coin(sim_venue *sim, const char *name, size_t bytes, uint16_t *out)
{
    char text[SIM_COIN_BYTES] = "";
    if (bytes >= sizeof text)
        bytes = sizeof text - 1;
    memcpy(text, name, bytes);
    for (size_t i = 0; i < sim->coin_count; i++)
        if (strcmp(sim->coins[i].name, text) == 0) {
            *out = (uint16_t)i;
            return HEAN_OK;
        }
    if (sim->coin_count == SIM_COINS_MAX)
        return HEAN_E_LIMIT;
    memcpy(sim->coins[sim->coin_count].name, text, sizeof text);
    *out = (uint16_t)sim->coin_count++;
    return HEAN_OK;
}

/* "BTCUSDT" and "BTCUSDT-SPOT" are BTC in USDT; what ends in no known quote coin is in USDT. */
static hean_status name_symbol(sim_venue *sim, sim_symbol *symbol)
{
    static const char *const quotes[] = {"USDT", "USDC", "USD", "PERP"};
    const char *name = symbol->instrument->spec.symbol;
    const char *colon = strchr(name, ':');
    if (colon != NULL && colon[1] != '\0')
        name = colon + 1; /* "exchange:SYMBOL" */
    size_t bytes = strlen(name);
    if (bytes > 5 && strcmp(name + bytes - 5, "-SPOT") == 0)
        bytes -= 5;
    memcpy(symbol->name, name, bytes);
    size_t pair = strcspn(symbol->name, "-");
    size_t base = pair;
    const char *quote = "USDT";
    for (size_t i = 0; i < BASE_COUNT(quotes); i++) {
        size_t length = strlen(quotes[i]);
        if (pair > length && strncmp(symbol->name + pair - length, quotes[i], length) == 0) {
            base = pair - length;
            quote = i == 3 ? "USDC" : quotes[i];
            break;
        }
    }
    hean_status status = add_coin(sim, symbol->name, base, &symbol->base);
    if (status == HEAN_OK)
        status = add_coin(sim, quote, strlen(quote), &symbol->quote);
    symbol->settle = symbol->kind == HEAN_INSTRUMENT_INVERSE ? symbol->base : symbol->quote;
    return status;
}

static hean_status open_symbols(sim_venue *sim, const market_instrument *instruments, size_t count,
                                hean_error *error)
{
    uint16_t usdt;
    if (count == 0 || count > MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_INVALID, "the market has %zu instruments, expected 1 to %d",
                         count, MARKET_INSTRUMENTS_MAX);
    sim->instruments = base_alloc_array(sim->allocator, count, sizeof *sim->instruments);
    sim->symbols = base_alloc_array(sim->allocator, count, sizeof *sim->symbols);
    if (sim->instruments == NULL || sim->symbols == NULL)
        return HEAN_E_NO_MEMORY;
    memcpy(sim->instruments, instruments, count * sizeof *instruments);
    hean_status status = add_coin(sim, "USDT", 4, &usdt);
    for (size_t i = 0; i < count && status == HEAN_OK; i++) {
        sim_symbol *symbol = &sim->symbols[i];
        status = market_book_init(&symbol->book, sim->allocator);
        if (status != HEAN_OK)
            break;
        sim->symbol_count = i + 1;
        symbol->instrument = &sim->instruments[i];
        symbol->kind = symbol->instrument->spec.kind;
        symbol->index = (uint16_t)i;
        symbol->leverage_e2 = 1000;
        symbol->seq = 1000000;
        if (sim_find_symbol(sim, symbol->kind, symbol->instrument->spec.symbol) != NULL)
            return base_fail(error, HEAN_E_EXISTS, "%s is there twice",
                             symbol->instrument->spec.symbol);
        status = name_symbol(sim, symbol);
    }
    return status;
}

static hean_status open_engine(sim_venue *sim, hean_error *error)
{
    const market_instrument *pointers[MARKET_INSTRUMENTS_MAX];
    engine_paper_options options = {.entry_latency_ns = sim->options.latency_ns,
                                    .queue = ENGINE_QUEUE_RISK_AVERSE,
                                    .queue_power = 3,
                                    .partial_fills = true};
    for (size_t i = 0; i < sim->symbol_count; i++)
        pointers[i] = &sim->instruments[i];
    return paper_open(sim->allocator, &options, pointers, sim->symbol_count, 1, &sim->engine,
                      error);
}

static hean_status open_market(sim_venue *sim, hean_error *error)
{
    const sim_options *options = &sim->options;
    const market_instrument *instruments = options->instruments;
    size_t count = options->instrument_count;
    if (options->market == NULL) {
        sim->events = options->events;
        sim->event_count = options->event_count;
        return open_symbols(sim, instruments, count, error);
    }
    int64_t duration_ns;
    const char *text = options->market;
    if (strncmp(text, "sim:", 4) == 0)
        text += 4;
    hean_status status = market_sim_parse(text, &sim->market_options, &duration_ns, error);
    if (status == HEAN_OK)
        status = market_sim_open(sim->allocator, &sim->market_options, &sim->market, error);
    if (status != HEAN_OK)
        return status;
    count = market_sim_instruments(sim->market, &instruments);
    sim->buffer = base_alloc_array(sim->allocator, BUFFER_EVENTS, sizeof *sim->buffer);
    if (sim->buffer == NULL)
        return HEAN_E_NO_MEMORY;
    sim->events = sim->buffer;
    return open_symbols(sim, instruments, count, error);
}

hean_status sim_open(const sim_options *options, sim_venue **out, hean_error *error)
{
    hean_status status = check(options, error);
    if (status != HEAN_OK)
        return status;
    sim_venue *sim = base_alloc(options->allocator, sizeof *sim);
    if (sim == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue");
    hean_error why = {.status = HEAN_OK};
    sim->allocator = options->allocator;
    sim->options = *options;
    sim->push_ns = sim->sweep_ns = INT64_MAX;
    sim->reject_beyond_band[HEAN_INSTRUMENT_SPOT] = true;
    base_random_init(&sim->faults_random, options->seed);
    base_random_init(&sim->ids, options->seed ^ UINT64_C(0x5eed1d5));
    status = copy_text(sim, options->api_key, &sim->api_key);
    if (status == HEAN_OK)
        status = copy_text(sim, options->api_secret, &sim->api_secret);
    if (status == HEAN_OK)
        status = open_market(sim, &why);
    if (status == HEAN_OK)
        status = open_engine(sim, &why);
    if (status == HEAN_OK)
        status = sim_account_open(sim);
    if (status != HEAN_OK) {
        sim_close(sim);
        return why.status == status
                   ? base_fail(error, status, "%s", why.message)
                   : base_fail(error, status, "venue: %s", hean_status_text(status));
    }
    sim->options.market = NULL; /* the caller's texts need not live on */
    sim->options.api_key = sim->options.api_secret = NULL;
    *out = sim;
    return HEAN_OK;
}

static void free_symbol(sim_venue *sim, sim_symbol *symbol)
{
    market_book_deinit(&symbol->book);
    base_free(sim->allocator, symbol->trades.items);
    base_free(sim->allocator, symbol->bars.items);
    base_free(sim->allocator, symbol->fundings.items);
    base_free(sim->allocator, symbol->topics.items);
}

void sim_close(sim_venue *sim)
{
    if (sim == NULL)
        return;
    const hean_allocator *allocator = sim->allocator;
    if (sim->api_secret != NULL)
        OPENSSL_cleanse(sim->api_secret, strlen(sim->api_secret));
    base_free(allocator, sim->api_key);
    base_free(allocator, sim->api_secret);
    paper_close(sim->engine);
    market_sim_close(sim->market);
    base_free(allocator, sim->buffer);
    for (size_t i = 0; i < sim->symbol_count; i++)
        free_symbol(sim, &sim->symbols[i]);
    base_free(allocator, sim->symbols);
    base_free(allocator, sim->instruments);
    for (size_t i = 0; i < sim->sockets.count; i++) {
        sim_socket *socket = *SIM_AT(&sim->sockets, sim_socket *, i);
        sim_blob_drop(sim, socket->held);
        base_free(allocator, socket);
    }
    for (size_t i = 0; i < sim->topics.count; i++)
        sim_topic_free(sim, *SIM_AT(&sim->topics, sim_topic *, i));
    sim_list *lists[] = {&sim->orders, &sim->executions, &sim->log,     &sim->active,
                         &sim->untold, &sim->free_slots, &sim->sockets, &sim->topics};
    for (size_t i = 0; i < BASE_COUNT(lists); i++)
        base_free(allocator, lists[i]->items);
    base_free(allocator, sim->by_id.slots);
    base_free(allocator, sim->by_link.slots);
    for (size_t i = 0; i < 3 * (size_t)SIM_ROUTES_MAX; i++)
        base_free(allocator, sim->buckets[i / 3][i % 3].times);
    base_free(allocator, sim->ip.times);
    base_free(allocator, sim->opened.times);
    sim_output_deinit(sim);
    base_free(allocator, sim);
}

/* ---- time ---- */

int64_t sim_venue_ns(const sim_venue *sim, int64_t market_ns)
{
    base_int128 passed = (base_int128)(market_ns - sim->first_ns) * 1000 / sim->options.speed_e3;
    return sim->begin_ns + (int64_t)passed;
}

/* The market begins with the first call. The seeded one is made anew from there, so that its
 * funding falls on the clock's hours. */
static hean_status begin(sim_venue *sim, int64_t now_ns)
{
    sim->begun = true;
    sim->begin_ns = now_ns - sim->options.history_ns;
    sim->event_ns = sim->begin_ns;
    sim->now_ns = now_ns;
    for (size_t i = 0; i < sim->log.count; i++) /* what the account began with */
        SIM_AT(&sim->log, sim_log_row, i)->time_ns = now_ns;
    if (sim->market == NULL) {
        sim->first_ns = sim->event_count > 0 ? sim->events[0].exch_ns : 0;
        return HEAN_OK;
    }
    market_sim *market;
    sim->market_options.start_ns = sim->begin_ns;
    hean_status status = market_sim_open(sim->allocator, &sim->market_options, &market, NULL);
    if (status != HEAN_OK)
        return status;
    market_sim_close(sim->market);
    sim->market = market;
    sim->first_ns = sim->begin_ns;
    return HEAN_OK;
}

/* The next event and the venue's time of it; NULL: the recording is over. */
static const hean_event *peek(sim_venue *sim, int64_t *time_ns)
{
    if (sim->event_next == sim->event_count && sim->market != NULL) {
        sim->event_count = market_sim_next(sim->market, sim->buffer, BUFFER_EVENTS);
        sim->event_next = 0;
    }
    if (sim->event_next == sim->event_count)
        return NULL;
    const hean_event *event = &sim->events[sim->event_next];
    *time_ns = sim_venue_ns(sim, event->exch_ns);
    if (*time_ns < sim->event_ns)
        *time_ns = sim->event_ns; /* recorded streams step back now and then */
    return event;
}

hean_status sim_run(sim_venue *sim, int64_t until_ns)
{
    hean_status status = HEAN_OK;
    if (sim->broken != HEAN_OK)
        return sim->broken;
    if (!sim->begun)
        status = begin(sim, until_ns);
    if (status == HEAN_OK)
        status = sim_tell_untold(sim);
    while (status == HEAN_OK) {
        int64_t event_ns = INT64_MAX;
        const hean_event *event = peek(sim, &event_ns);
        int64_t request_ns = paper_request_ns(sim->engine);
        int64_t due_ns = event_ns < request_ns ? event_ns : request_ns;
        if (sim->push_ns < due_ns)
            due_ns = sim->push_ns;
        if (sim->sweep_ns < due_ns)
            due_ns = sim->sweep_ns;
        if (due_ns > until_ns)
            break;
        if (due_ns > sim->now_ns)
            sim->now_ns = due_ns;
        if (event_ns == due_ns) {
            hean_event shifted = *event;
            shifted.exch_ns = event_ns;
            sim->event_ns = event_ns;
            sim->event_next++;
            status = sim_market_event(sim, &shifted);
        } else if (request_ns == due_ns) {
            status = paper_arrive(sim->engine);
            if (status == HEAN_OK)
                status = sim_engine_answers(sim);
        } else if (sim->push_ns == due_ns) {
            status = sim_topics_push(sim);
        } else {
            status = sim_sockets_sweep(sim);
        }
    }
    if (until_ns > sim->now_ns)
        sim->now_ns = until_ns;
    sim->broken = status;
    return status;
}

hean_status sim_advance(sim_venue *sim, int64_t now_ns)
{
    return sim_run(sim, now_ns);
}

int64_t sim_due_ns(const sim_venue *sim)
{
    int64_t due_ns = sim->push_ns < sim->sweep_ns ? sim->push_ns : sim->sweep_ns;
    if (!sim->begun)
        return 0;
    if (sim->ready_count > 0)
        return sim->now_ns;
    if (sim->event_next < sim->event_count) {
        int64_t event_ns = sim_venue_ns(sim, sim->events[sim->event_next].exch_ns);
        if (event_ns < due_ns)
            due_ns = event_ns;
    } else if (sim->market != NULL) {
        return sim->now_ns;
    }
    if (paper_request_ns(sim->engine) < due_ns)
        due_ns = paper_request_ns(sim->engine);
    if (sim->delayed.count > 0 && SIM_AT(&sim->delayed, sim_pending, 0)->at_ns < due_ns)
        due_ns = SIM_AT(&sim->delayed, sim_pending, 0)->at_ns;
    return due_ns;
}

/* ---- by hand ---- */

void sim_set_faults(sim_venue *sim, const sim_faults *faults)
{
    sim->options.faults = *faults;
}

hean_status sim_position(const sim_venue *sim, const char *symbol, int64_t *lots)
{
    for (size_t i = 0; i < sim->symbol_count; i++)
        if (strcmp(sim->instruments[i].spec.symbol, symbol) == 0) {
            *lots = sim->symbols[i].position.qty_lots;
            return HEAN_OK;
        }
    return HEAN_E_NOT_FOUND;
}

int64_t sim_wallet_e8(const sim_venue *sim, const char *coin)
{
    for (size_t i = 0; i < sim->coin_count; i++)
        if (strcmp(sim->coins[i].name, coin) == 0)
            return sim->coins[i].wallet_e8;
    return 0;
}

uint64_t sim_orders_made(const sim_venue *sim)
{
    return sim->orders.count;
}
