/*
 * run_market.c: where a session's events come from: the simulated market, or recorded data.
 */
#include "run_private.h"

#include <string.h>

static data_wishes wishes_of(const config *settings)
{
    return (data_wishes){(const char *const *)settings->instruments.items,
                         settings->instruments.count, settings->paper.maker_fee_e8,
                         settings->paper.taker_fee_e8};
}

static hean_status open_sim(run_market *self, const config *settings, hean_error *error)
{
    market_sim_options options = market_sim_options_default((uint64_t)settings->venue.seed);
    data_wishes wishes = wishes_of(settings);
    const market_instrument *instruments;
    bool fits = true;
    hean_status status;

    options.start_ns = self->start_ns = base_clock_wall_ns();
    options.instruments = (uint16_t)settings->venue.instruments;
    options.funding_interval_ns = settings->venue.funding_interval_ns;
    options.events_per_second = settings->venue.events_per_second;
    status = market_sim_open(self->allocator, &options, &self->sim, error);
    if (status != HEAN_OK)
        return status;
    (void)snprintf(self->name, sizeof self->name, "sim:%lld", (long long)settings->venue.seed);
    self->instrument_count = market_sim_instruments(self->sim, &instruments);
    self->instruments =
        base_alloc_array(self->allocator, self->instrument_count, sizeof *self->instruments);
    self->buffer = base_alloc_array(self->allocator, RUN_BATCH, sizeof *self->buffer);
    if (self->instruments == NULL || self->buffer == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "market: out of memory");
    memcpy(self->instruments, instruments, self->instrument_count * sizeof *instruments);
    status = data_apply_texts(self->instruments, self->instrument_count, &wishes, &fits, error);
    if (status == HEAN_OK && !fits)
        status = base_fail(error, HEAN_E_INVALID,
                           "%s: instruments: expected symbols of the simulated market, without a "
                           "change of kind, tick or lot",
                           settings->file);
    if (status == HEAN_OK)
        status = data_set_fees(self->instruments, self->instrument_count, &wishes, error);
    return status;
}

static hean_status open_data(run_market *self, const run_options *options, hean_error *error)
{
    const config *settings = options->config;
    backtest_options wanted = backtest_options_default();
    hean_status status;

    wanted.paths = (const char *const *)settings->venue.paths.items;
    wanted.path_count = settings->venue.paths.count;
    wanted.symbol = settings->venue.symbol;
    wanted.instrument_texts = (const char *const *)settings->instruments.items;
    wanted.instrument_count = settings->instruments.count;
    wanted.maker_fee_e8 = settings->paper.maker_fee_e8;
    wanted.taker_fee_e8 = settings->paper.taker_fee_e8;
    wanted.stop = options->stop;
    status = backtest_data_open(self->allocator, &wanted, &self->data, error);
    if (status != HEAN_OK)
        return status;
    self->start_ns = self->data.data.info.first_local_ns;
    self->instrument_count = self->data.data.info.instruments;
    self->instruments =
        base_alloc_array(self->allocator, self->instrument_count, sizeof *self->instruments);
    if (self->instruments == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "market: out of memory");
    memcpy(self->instruments, self->data.data.instruments,
           self->instrument_count * sizeof *self->instruments);
    (void)base_text_copy(self->name, sizeof self->name, "recorded data");
    return HEAN_OK;
}

hean_status run_market_open(const hean_allocator *allocator, const run_options *options,
                            run_market *out, hean_error *error)
{
    run_market self = {.allocator = allocator};
    hean_status status = options->config->venue.source == CONFIG_SOURCE_SIM
                             ? open_sim(&self, options->config, error)
                             : open_data(&self, options, error);

    if (status != HEAN_OK)
        run_market_close(&self);
    else
        *out = self;
    return status;
}

void run_market_close(run_market *self)
{
    if (self->allocator == NULL)
        return;
    market_sim_close(self->sim);
    backtest_data_close(self->allocator, &self->data);
    base_free(self->allocator, self->instruments);
    base_free(self->allocator, self->buffer);
    memset(self, 0, sizeof *self);
}

/* The events that are at hand, refilled from the simulator. */
static size_t at_hand(run_market *self, const hean_event **out)
{
    if (self->sim == NULL) {
        *out = self->data.data.events + self->position;
        return (size_t)(self->data.data.info.events - self->position);
    }
    if (self->first == self->count) {
        self->first = 0;
        self->count = market_sim_next(self->sim, self->buffer, RUN_BATCH);
    }
    *out = self->buffer + self->first;
    return self->count - self->first;
}

size_t run_market_take(run_market *self, int64_t until_ns, const hean_event **out)
{
    size_t ready = at_hand(self, out);
    size_t count = 0;

    while (count < ready && count < RUN_BATCH && (*out)[count].local_ns <= until_ns)
        count++;
    if (self->sim != NULL) {
        self->first += count;
        return count;
    }
    self->position += count;
    if (self->position / 65536 != (self->position - count) / 65536)
        market_data_release(&self->data.data, self->position - count);
    return count;
}

int64_t run_market_next_ns(run_market *self)
{
    const hean_event *events;
    return at_hand(self, &events) > 0 ? events[0].local_ns : INT64_MAX;
}
