/*
 * venue_start.c: what must be known before anything else: the venue's clock, what the key may do,
 * the instruments with their filters and fees.
 *
 * The clock: of SAMPLES_MAX samples the one with the shortest way there and back is believed; its
 * error is at most half of that. It is taken again every REFRESH_NS, and when the venue refuses a
 * timestamp.
 * Must not know: orders, sockets.
 */
#include "venue_private.h"

#include <string.h>

#define SAMPLES_MAX 5
#define REFRESH_NS  (10 * 60 * BASE_NS_PER_S)
#define PAGE_ROWS   "1000"

/* The documented fees of the lowest level, where no key is there to ask with: maker, taker. */
static const int64_t default_fees_e8[3][2] = {[VENUE_LINEAR] = {20000, 55000},
                                              [VENUE_SPOT] = {100000, 100000},
                                              [VENUE_INVERSE] = {20000, 55000}};

/* ---- clock ---- */

static void sample(venue *self)
{
    bybit_request request;
    bybit_request_init(&request, BYBIT_TIME);
    (void)venue_job_make(self, JOB_TIME, &request, 0);
}

void venue_clock_sample(venue *self)
{
    if (self->clock.sampling)
        return;
    self->clock.sampling = true;
    self->clock.samples = 0;
    self->clock.best_trip_ns = INT64_MAX;
    sample(self);
}

static void ask_key(venue *self)
{
    bybit_request request;
    bybit_request_init(&request, BYBIT_API_KEY_INFO);
    (void)venue_job_make(self, JOB_KEY, &request, 0);
}

static void ask_instruments(venue *self, const char *cursor)
{
    bybit_request request;
    bybit_request_init(&request, BYBIT_INSTRUMENTS);
    if (venue_query(self, &request, "category", bybit_category_text(self->category)) ||
        venue_query(self, &request, "limit", PAGE_ROWS) ||
        (cursor[0] != 0 && venue_query(self, &request, "cursor", cursor)))
        return;
    (void)venue_job_make(self, JOB_INSTRUMENTS, &request, 0);
}

void venue_time_answered(venue *self, const job_result *result)
{
    venue_clock *clock = &self->clock;
    const wire_response *response = result->response;
    hean_error error;
    int64_t time_ns;
    if (bybit_read_time(response->body, response->body_bytes, &time_ns, &error) == HEAN_OK) {
        int64_t trip_ns = response->received_ns - response->sent_ns;
        if (trip_ns >= 0 && trip_ns < clock->best_trip_ns) {
            clock->best_trip_ns = trip_ns;
            clock->best_offset_ns = time_ns - (response->sent_ns + trip_ns / 2);
        }
    } else {
        venue_bad_message(self, BYBIT_TIME, "the venue's time", &error);
    }
    if (++clock->samples < SAMPLES_MAX || clock->best_trip_ns == INT64_MAX) {
        sample(self);
        return;
    }
    bool first = !clock->known;
    clock->offset_ns = clock->best_offset_ns;
    clock->known = true;
    clock->sampling = false;
    clock->refresh_at_ns = self->now_ns + REFRESH_NS;
    self->counters.clock_offset_ns = clock->offset_ns;
    venue_wake(self, clock->refresh_at_ns);
    venue_jobs_clock_known(self);
    if (!first)
        return;
    if (self->secret != NULL)
        ask_key(self);
    ask_instruments(self, "");
}

void venue_start_begin(venue *self)
{
    venue_clock_sample(self);
}

/* ---- key ---- */

hean_status venue_key_answered(venue *self, const job_result *result, hean_error *error)
{
    bybit_key_info info;
    hean_status status =
        bybit_read_key_info(result->response->body, result->response->body_bytes, &info, error);
    if (status != HEAN_OK)
        return status;
    if (info.can_withdraw)
        venue_log(self, HEAN_LOG_WARN, "the key may withdraw: use one that may only trade");
    if (self->trade && (info.read_only || !info.can_trade))
        venue_halt(self, "the key may not trade");
    return HEAN_OK;
}

/* ---- instruments ---- */

int venue_symbol_find(void *context, const char *symbol, size_t bytes)
{
    const venue *self = context;
    size_t mask = self->symbol_index_capacity - 1;
    if (bytes >= HEAN_SYMBOL_BYTES)
        return -1;
    for (size_t at = venue_hash(0, symbol, bytes) & mask;; at = (at + 1) & mask) {
        uint16_t index = self->symbol_index[at];
        if (index == UINT16_MAX)
            return -1;
        const char *name = self->symbols[index].name;
        if (memcmp(name, symbol, bytes) == 0 && name[bytes] == 0)
            return index;
    }
}

const market_instrument *venue_symbol_instrument(void *context, int index)
{
    const venue *self = context;
    if (index < 0 || (size_t)index >= self->symbol_count || !self->symbols[index].known)
        return NULL;
    return &self->symbols[index].instrument;
}

static hean_status note_instrument(void *context, const bybit_instrument *row, hean_error *error)
{
    venue *self = context;
    int index = venue_symbol_find(self, row->spec.symbol, strlen(row->spec.symbol));
    if (index < 0)
        return HEAN_OK;
    venue_symbol *symbol = &self->symbols[index];
    hean_instrument spec = row->spec;
    spec.maker_fee_e8 = default_fees_e8[self->category][0];
    spec.taker_fee_e8 = default_fees_e8[self->category][1];
    hean_status status = market_instrument_init(&symbol->instrument, &spec, error);
    if (status != HEAN_OK)
        return status;
    if (strcmp(row->status, "Trading") != 0)
        venue_log(self, HEAN_LOG_WARN, "%s is not traded now: %s", symbol->name, row->status);
    memcpy(symbol->settle_coin, row->settle_coin, sizeof symbol->settle_coin);
    symbol->funding_interval_ns = row->funding_interval_ns;
    symbol->known = true;
    return HEAN_OK;
}

/* The settle coins, by which linear and inverse accounts are asked; spot needs none. */
static void collect_coins(venue *self)
{
    self->coin_count = 0;
    for (size_t i = 0; i < self->symbol_count; i++) {
        const char *coin = self->category == VENUE_SPOT ? "" : self->symbols[i].settle_coin;
        size_t k = 0;
        while (k < self->coin_count && strcmp(self->coins[k], coin) != 0)
            k++;
        if (k == self->coin_count)
            memcpy(self->coins[self->coin_count++], coin, strlen(coin) + 1);
    }
}

/* ---- fees, and the end of the start ---- */

static void loaded(venue *self)
{
    self->loaded = true;
    for (size_t i = 0; i < self->symbol_count; i++) {
        venue_event *event = venue_emit(self, VENUE_INSTRUMENT);
        event->instrument = (uint16_t)i;
        event->spec = &self->symbols[i].instrument;
    }
    for (size_t i = 0; i < self->stream_count; i++)
        self->streams[i].open_at_ns = self->now_ns;
    venue_wake(self, self->now_ns);
}

static hean_status note_fee(void *context, const bybit_fee *row, hean_error *error)
{
    venue *self = context;
    (void)error;
    int index = venue_symbol_find(self, row->symbol, strlen(row->symbol));
    if (index < 0)
        return HEAN_OK;
    self->symbols[index].instrument.spec.maker_fee_e8 = row->maker_fee_e8;
    self->symbols[index].instrument.spec.taker_fee_e8 = row->taker_fee_e8;
    return HEAN_OK;
}

hean_status venue_fees_answered(venue *self, const job_result *result, hean_error *error)
{
    hean_status status = bybit_read_fees(result->response->body, result->response->body_bytes,
                                         &self->lookup, note_fee, self, NULL, error);
    if (status == HEAN_OK && !self->loaded)
        loaded(self);
    return status;
}

static void instruments_read(venue *self)
{
    for (size_t i = 0; i < self->symbol_count; i++) {
        char why[120];
        if (self->symbols[i].known)
            continue;
        (void)snprintf(why, sizeof why, "%s is not among the instruments of %s",
                       self->symbols[i].name, bybit_category_text(self->category));
        venue_halt(self, why);
        return;
    }
    collect_coins(self);
    if (self->secret == NULL) {
        venue_log(self, HEAN_LOG_INFO, "no key: fees are those of the lowest level");
        loaded(self);
        return;
    }
    bybit_request request;
    bybit_request_init(&request, BYBIT_FEE_RATE);
    if (!venue_query(self, &request, "category", bybit_category_text(self->category)))
        (void)venue_job_make(self, JOB_FEES, &request, 0);
}

hean_status venue_instruments_answered(venue *self, const job_result *result, hean_error *error)
{
    char cursor[BYBIT_CURSOR_BYTES] = "";
    bool known_before = true, known = true;
    for (size_t i = 0; i < self->symbol_count; i++)
        known_before = known_before && self->symbols[i].known;
    hean_status status =
        bybit_read_instruments(result->response->body, result->response->body_bytes, NULL,
                               note_instrument, self, cursor, error);
    if (status != HEAN_OK)
        return status;
    for (size_t i = 0; i < self->symbol_count; i++)
        known = known && self->symbols[i].known;
    if (known_before)
        return HEAN_OK;
    /* Further pages are of no interest once all are found. */
    if (known || cursor[0] == 0)
        instruments_read(self);
    else
        ask_instruments(self, cursor);
    return HEAN_OK;
}
