/*
 * venue.c: the venue machine's doors: what it is made of, and when it is ready.
 *
 * READY: instruments and fees are known, all public streams are up, and with a private stream the
 * first round of comparison is over. Everything that ends one of these ends READY.
 * Must not know: how each part works.
 */
#include "venue_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SECRET_PAGE ((size_t)4096)

#define FAILURES_MAX  5
#define PAUSE_NS      BASE_NS_PER_S
#define PAUSE_NS_MAX  (30 * BASE_NS_PER_S)
#define BYTES_MAX     ((size_t)16 << 20)
#define STREAM_CAP_NS (30 * BASE_NS_PER_S)

_Static_assert(sizeof(venue_secret) <= SECRET_PAGE, "the secrets fit their page");

/* ---- small things ---- */

uint64_t venue_hash(uint64_t seed, const void *data, size_t bytes)
{
    const unsigned char *text = data;
    uint64_t hash = UINT64_C(14695981039346656037) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ text[i]) * UINT64_C(1099511628211);
    hash ^= hash >> 32; /* the low bits choose slots */
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

void venue_no_memory(venue *self)
{
    self->no_memory = true;
}

void venue_wake(venue *self, int64_t at_ns)
{
    if (at_ns < self->due_ns)
        self->due_ns = at_ns;
}

int64_t venue_server_ns(const venue *self)
{
    return self->now_ns + self->clock.offset_ns;
}

void venue_bad_message(venue *self, unsigned kind, const char *what, const hean_error *error)
{
    self->counters.bad_messages++;
    if ((self->bad_told >> kind & 1) != 0)
        return;
    self->bad_told |= UINT64_C(1) << kind;
    venue_log(self, HEAN_LOG_ERROR, "%s is not understood, and moves nothing: %s (told once)", what,
              error != NULL ? error->message : "");
}

/* ---- ready ---- */

void venue_judge(venue *self, const char *why)
{
    bool ready = self->loaded && !self->halted && self->now_ns >= self->banned_until_ns &&
                 venue_public_up(self) && (venue_private_stream(self) == NULL || self->reconciled);
    if (ready == self->ready)
        return;
    self->ready = ready;
    if (!ready) {
        venue_event *event = venue_emit(self, VENUE_NOT_READY);
        (void)base_text_copy(event->text, sizeof event->text, why);
        base_text_clean(event->text, strlen(event->text));
        venue_jobs_stop_orders(self);
        for (size_t i = 0; i < self->order_count; i++)
            venue_order_act(self, &self->orders[i]);
    } else {
        (void)venue_emit(self, VENUE_READY);
    }
    venue_tell_connections(self, NULL);
    venue_wake(self, self->now_ns);
}

void venue_halt(venue *self, const char *why)
{
    if (self->halted)
        return;
    self->halted = true;
    venue_event *event = venue_emit(self, VENUE_HALT);
    event->level = HEAN_LOG_ERROR;
    (void)base_text_copy(event->text, sizeof event->text, why);
    base_text_clean(event->text, strlen(event->text));
    venue_judge(self, why);
    venue_jobs_stop_orders(self);
    venue_stream *stream = venue_private_stream(self);
    if (stream != NULL) {
        venue_stream_drop(self, stream, "trading is halted");
        stream->open_at_ns = VENUE_NEVER;
    }
}

/* ---- open ---- */

static char *copy_text(venue *self, const char *text)
{
    char *copy = base_alloc(self->allocator, strlen(text) + 1);
    if (copy != NULL)
        memcpy(copy, text, strlen(text) + 1);
    return copy;
}

static hean_status check_options(const venue_options *options, hean_error *error)
{
    static const int32_t depths[] = {1, 50, 200, 1000};
    bool known = false;
    for (size_t i = 0; i < BASE_COUNT(depths); i++)
        known = known || options->book_depth == depths[i];
    if (!known)
        return base_fail(error, HEAN_E_RANGE, "book_depth %d, expected 1, 50, 200 or 1000",
                         options->book_depth);
    if (options->rest_url == NULL || options->public_socket_url == NULL)
        return base_fail(error, HEAN_E_INVALID, "rest_url and public_socket_url must be given");
    if ((options->api_key == NULL) != (options->api_secret == NULL))
        return base_fail(error, HEAN_E_INVALID, "api_key and api_secret go together");
    if (options->api_key != NULL &&
        (strlen(options->api_key) > BYBIT_KEY_BYTES_MAX || strlen(options->api_secret) > 256 ||
         options->api_key[0] == 0 || options->api_secret[0] == 0))
        return base_fail(error, HEAN_E_RANGE, "api_key of at most %d, api_secret of 256 letters",
                         BYBIT_KEY_BYTES_MAX);
    for (const char *at = options->api_key; at != NULL && *at != 0; at++)
        if (*at <= ' ' || *at > '~')
            return base_fail(error, HEAN_E_INVALID, "api_key: a letter that no key has");
    if (options->recv_window_ms < 500 || options->recv_window_ms > 60000)
        return base_fail(error, HEAN_E_RANGE, "recv_window_ms %lld, expected 500 to 60000",
                         (long long)options->recv_window_ms);
    if (options->symbol_count == 0 || options->symbol_count > MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_RANGE, "%zu symbols, expected 1 to %d",
                         options->symbol_count, MARKET_INSTRUMENTS_MAX);
    if (options->run == NULL || strlen(options->run) != 8 ||
        strspn(options->run, "abcdefghijklmnopqrstuvwxyz0123456789") != 8)
        return base_fail(error, HEAN_E_INVALID, "run: expected 8 of [a-z0-9]");
    if (options->strategy_count >= HEAN_NO_STRATEGY)
        return base_fail(error, HEAN_E_RANGE, "%zu strategies", options->strategy_count);
    return HEAN_OK;
}

/* On a page of its own that is neither swapped nor dumped; where the system does not let us lock
 * it, it is still not dumped. */
static hean_status keep_secrets(venue *self, const venue_options *options)
{
    if (options->api_key == NULL)
        return HEAN_OK;
    void *page =
        mmap(NULL, SECRET_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return HEAN_E_NO_MEMORY;
    (void)mlock(page, SECRET_PAGE);
    (void)madvise(page, SECRET_PAGE, MADV_DONTDUMP);
    self->secret = page;
    (void)base_text_copy(self->secret->key, sizeof self->secret->key, options->api_key);
    (void)base_text_copy(self->secret->secret, sizeof self->secret->secret, options->api_secret);
    return HEAN_OK;
}

static hean_status take_symbols(venue *self, const venue_options *options, hean_error *error)
{
    size_t capacity = 4;
    while (capacity < 2 * options->symbol_count)
        capacity *= 2;
    self->symbols = base_alloc_array(self->allocator, options->symbol_count, sizeof *self->symbols);
    self->coins = base_alloc_array(self->allocator, options->symbol_count, sizeof *self->coins);
    self->symbol_index = base_alloc_array(self->allocator, capacity, sizeof *self->symbol_index);
    if (self->symbols == NULL || self->symbol_index == NULL || self->coins == NULL)
        return HEAN_E_NO_MEMORY;
    memset(self->symbol_index, 0xff, capacity * sizeof *self->symbol_index);
    self->symbol_index_capacity = capacity;
    for (size_t i = 0; i < options->symbol_count; i++) {
        const char *name = options->symbols[i];
        if (name == NULL || name[0] == 0 || strlen(name) >= HEAN_SYMBOL_BYTES)
            return base_fail(error, HEAN_E_INVALID, "symbol %zu: expected 1 to %d letters", i,
                             HEAN_SYMBOL_BYTES - 1);
        if (venue_symbol_find(self, name, strlen(name)) >= 0)
            return base_fail(error, HEAN_E_EXISTS, "symbol %s is given twice", name);
        size_t at = venue_hash(0, name, strlen(name)) & (capacity - 1);
        while (self->symbol_index[at] != UINT16_MAX)
            at = (at + 1) & (capacity - 1);
        self->symbol_index[at] = (uint16_t)i;
        memcpy(self->symbols[i].name, name, strlen(name) + 1);
        self->symbols[i].snapshot_due_ns = VENUE_NEVER;
        self->symbol_count++;
    }
    return HEAN_OK;
}

/* A strategy's tag: eight letters of its name's hash. */
static hean_status take_strategies(venue *self, const venue_options *options, hean_error *error)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuv";
    self->tags = base_alloc_array(self->allocator, options->strategy_count, sizeof *self->tags);
    self->sequences =
        base_alloc_array(self->allocator, options->strategy_count, sizeof *self->sequences);
    if (self->tags == NULL || self->sequences == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < options->strategy_count; i++) {
        const char *name = options->strategies[i].name;
        uint64_t hash = venue_hash(4, name, strlen(name));
        for (int k = 0; k < 8; k++)
            self->tags[i][k] = letters[hash >> (5 * k) & 31];
        for (size_t k = 0; k < i; k++)
            if (strcmp(self->tags[k], self->tags[i]) == 0)
                return base_fail(error, HEAN_E_EXISTS,
                                 "strategies %s and %s would share their order names",
                                 options->strategies[k].name, name);
    }
    self->strategy_count = options->strategy_count;
    return HEAN_OK;
}

static hean_status take_klines(venue *self, const venue_options *options, hean_error *error)
{
    self->kline_intervals = base_alloc_array(self->allocator, options->kline_interval_count,
                                             sizeof *self->kline_intervals);
    if (self->kline_intervals == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < options->kline_interval_count; i++)
        if (!base_text_copy(self->kline_intervals[i], sizeof *self->kline_intervals,
                            options->kline_intervals[i]))
            return base_fail(error, HEAN_E_INVALID, "kline interval %s",
                             options->kline_intervals[i]);
    self->kline_count = options->kline_interval_count;
    return HEAN_OK;
}

static hean_status open_limiter(venue *self, const venue_options *options, hean_error *error)
{
    const limiter_route shared = {"all of an address", 600, 5 * BASE_NS_PER_S};
    limiter_route routes[BYBIT_ROUTE_COUNT];
    for (int i = 0; i < BYBIT_ROUTE_COUNT; i++) {
        const bybit_route_info *info = bybit_route_get((bybit_route)i);
        routes[i] = (limiter_route){info->path, info->per_second[self->category], BASE_NS_PER_S};
    }
    return limiter_open(self->allocator, routes, BYBIT_ROUTE_COUNT, &shared,
                        options->ceiling_percent, &self->limiter, error);
}

static hean_status take_options(venue *self, const venue_options *options, hean_error *error)
{
    self->category = options->category;
    self->trade = options->trade;
    self->recv_window_ms = options->recv_window_ms;
    self->book_depth = options->book_depth;
    self->since_ns = options->known_execution_ns;
    self->due_ns = VENUE_NEVER;
    memcpy(self->run, options->run, sizeof self->run);
    base_random_init(&self->random, options->seed);
    self->policy = retry_policy_default();
    self->stream_policy = self->policy;
    self->stream_policy.base_ns = BASE_NS_PER_S / 2;
    self->stream_policy.cap_ns = STREAM_CAP_NS;
    breaker_init(&self->breaker, FAILURES_MAX, PAUSE_NS, PAUSE_NS_MAX);
    self->rest_url = copy_text(self, options->rest_url);
    self->public_url = copy_text(self, options->public_socket_url);
    if (options->private_socket_url != NULL)
        self->private_url = copy_text(self, options->private_socket_url);
    if (self->rest_url == NULL || self->public_url == NULL ||
        (options->private_socket_url != NULL && self->private_url == NULL))
        return HEAN_E_NO_MEMORY;
    hean_status status = keep_secrets(self, options);
    if (status == HEAN_OK)
        status = take_symbols(self, options, error);
    if (status == HEAN_OK)
        status = take_strategies(self, options, error);
    if (status == HEAN_OK)
        status = take_klines(self, options, error);
    if (status == HEAN_OK)
        status = open_limiter(self, options, error);
    if (status == HEAN_OK)
        status = venue_streams_plan(self);
    return status;
}

hean_status venue_open(const venue_options *options, venue **out, hean_error *error)
{
    hean_status status = check_options(options, error);
    if (status != HEAN_OK)
        return status;
    venue *self = base_alloc(options->allocator, sizeof *self);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue");
    self->allocator = options->allocator;
    self->lookup = (bybit_symbols){.find = venue_symbol_find,
                                   .instrument = venue_symbol_instrument,
                                   .context = self,
                                   .category = options->category};
    status = take_options(self, options, error);
    if (status == HEAN_OK)
        status = bybit_decoder_open(self->allocator, &self->lookup, &self->decoder);
    if (status != HEAN_OK) {
        venue_close(self);
        return status == HEAN_E_NO_MEMORY ? base_fail(error, status, "venue") : status;
    }
    *out = self;
    return HEAN_OK;
}

void venue_close(venue *self)
{
    if (self == NULL)
        return;
    bybit_decoder_close(self->decoder);
    limiter_close(self->limiter);
    venue_queues_free(self);
    venue_streams_free(self);
    venue_orders_free(self);
    venue_executions_free(self);
    base_free(self->allocator, self->jobs);
    base_free(self->allocator, self->symbols);
    base_free(self->allocator, self->symbol_index);
    base_free(self->allocator, self->coins);
    base_free(self->allocator, self->tags);
    base_free(self->allocator, self->sequences);
    base_free(self->allocator, self->kline_intervals);
    base_free(self->allocator, self->rest_url);
    base_free(self->allocator, self->public_url);
    base_free(self->allocator, self->private_url);
    if (self->secret != NULL) {
        explicit_bzero(self->secret, SECRET_PAGE);
        (void)munmap(self->secret, SECRET_PAGE);
    }
    base_free(self->allocator, self);
}

/* ---- the doors ---- */

static hean_status enter(venue *self, int64_t now_ns, hean_error *error)
{
    if (!self->started)
        return base_fail(error, HEAN_E_STATE, "the venue is not started");
    if (self->no_memory)
        return base_fail(error, HEAN_E_NO_MEMORY, "the venue ran out of memory");
    if (now_ns > self->now_ns)
        self->now_ns = now_ns;
    return HEAN_OK;
}

static hean_status leave(venue *self, hean_status status, hean_error *error)
{
    venue_jobs_pump(self);
    if (status == HEAN_OK && self->no_memory)
        return base_fail(error, HEAN_E_NO_MEMORY, "the venue ran out of memory");
    return status;
}

hean_status venue_start(venue *self, int64_t now_ns, hean_error *error)
{
    if (self->started)
        return base_fail(error, HEAN_E_STATE, "the venue was started before");
    self->started = true;
    self->now_ns = now_ns;
    venue_start_begin(self);
    return leave(self, HEAN_OK, error);
}

hean_status venue_response(venue *self, const wire_response *response, int64_t now_ns,
                           hean_error *error)
{
    hean_status status = enter(self, now_ns, error);
    if (status != HEAN_OK)
        return status;
    venue_jobs_answer(self, response);
    venue_wake(self, self->now_ns);
    return leave(self, HEAN_OK, error);
}

hean_status venue_socket(venue *self, uint64_t socket, wire_socket_event what, const char *text,
                         size_t bytes, int64_t now_ns, hean_error *error)
{
    hean_status status = enter(self, now_ns, error);
    if (status != HEAN_OK)
        return status;
    return leave(self, venue_stream_event(self, socket, what, text, bytes), error);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

hean_status venue_advance(venue *self, int64_t now_ns, hean_error *error)
{
    hean_status status = enter(self, now_ns, error);
    if (status != HEAN_OK)
        return status;
    if (self->now_ns < self->due_ns)
        return HEAN_OK;
    if (self->clock.known && self->clock.refresh_at_ns <= self->now_ns)
        venue_clock_sample(self);
    venue_judge(self, "");
    venue_streams_advance(self);
    venue_jobs_advance(self);
    venue_books_advance(self);
    venue_orders_advance(self);
    venue_round_advance(self);
    venue_jobs_pump(self);
    self->due_ns = smaller(smaller(venue_streams_due_ns(self), venue_jobs_due_ns(self)),
                           smaller(venue_books_due_ns(self), venue_orders_due_ns(self)));
    self->due_ns = smaller(self->due_ns, venue_round_due_ns(self));
    if (self->clock.known && !self->clock.sampling)
        self->due_ns = smaller(self->due_ns, self->clock.refresh_at_ns);
    if (self->banned_until_ns > self->now_ns)
        self->due_ns = smaller(self->due_ns, self->banned_until_ns);
    return leave(self, HEAN_OK, error);
}

int64_t venue_due_ns(const venue *self)
{
    return self->started ? self->due_ns : VENUE_NEVER;
}

hean_status venue_intent(venue *self, uint16_t strategy, const hean_intent *intent, int64_t now_ns,
                         hean_error *error)
{
    hean_status status = enter(self, now_ns, error);
    if (status != HEAN_OK)
        return status;
    return leave(self, venue_order_intent(self, strategy, intent, error), error);
}

hean_status venue_cancel_all(venue *self, int64_t now_ns, hean_error *error)
{
    hean_status status = enter(self, now_ns, error);
    if (status != HEAN_OK)
        return status;
    venue_orders_cancel(self);
    return leave(self, HEAN_OK, error);
}

size_t venue_open_orders(const venue *self)
{
    return self->order_count;
}

bool venue_ready(const venue *self)
{
    return self->ready;
}

void venue_get_counters(const venue *self, venue_counters *out)
{
    *out = self->counters;
    out->create_headroom = limiter_headroom(self->limiter, BYBIT_ORDER_CREATE, self->now_ns);
}
