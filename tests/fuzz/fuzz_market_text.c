/*
 * fuzz_market_text.c: what users write about instruments, synthetic markets and bar intervals.
 *
 * What is accepted must also be usable: the instrument values a trade, the market makes events.
 */
#include <market/bars.h>
#include <market/event.h>
#include <market/instrument.h>
#include <market/sim.h>

#include <string.h>

#define TEXT_BYTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void try_instrument(const char *text)
{
    hean_instrument spec = {.symbol = "X", .tick_size = {1, -2}, .lot_size = {1, -3}};
    market_instrument instrument;
    uint32_t fields;
    int64_t value = 0;
    hean_error error;

    if (market_instrument_parse(text, &spec, &fields, &error) != HEAN_OK)
        return;
    BASE_ASSERT(fields != 0);
    if (market_instrument_init(&instrument, &spec, &error) != HEAN_OK)
        return;
    if (market_value_e8(&instrument, MARKET_TICKS_MAX, MARKET_LOTS_MAX, &value) == HEAN_OK)
        BASE_ASSERT(value >= 0);
    if (market_value_e8(&instrument, 1, -1, &value) == HEAN_OK)
        BASE_ASSERT(value >= 0);
}

static void try_sim(const char *text)
{
    static hean_event events[256];
    market_sim_options options;
    const market_instrument *instruments;
    int64_t duration_ns;
    market_sim *sim;
    hean_error error;

    if (market_sim_parse(text, &options, &duration_ns, &error) != HEAN_OK)
        return;
    BASE_ASSERT(duration_ns > 0);
    BASE_ASSERT(market_sim_open(base_allocator_default(), &options, &sim, &error) == HEAN_OK);
    size_t count = market_sim_instruments(sim, &instruments);
    size_t made = market_sim_next(sim, events, BASE_COUNT(events));
    for (size_t i = 0; i < made; i++)
        BASE_ASSERT(market_event_problem(&events[i], count) == NULL);
    market_sim_close(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char text[TEXT_BYTES];
    int64_t interval_ns;

    if (bytes >= sizeof text)
        bytes = sizeof text - 1;
    if (bytes > 0)
        memcpy(text, data, bytes);
    text[bytes] = 0;
    try_instrument(text);
    try_sim(text);
    if (market_bars_interval_parse(text, &interval_ns) == HEAN_OK)
        BASE_ASSERT(interval_ns > 0 && interval_ns <= 7 * 86400 * BASE_NS_PER_S);
    return 0;
}
