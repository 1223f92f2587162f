/*
 * fuzz_engine.c: events and intents of any bytes reach the engine; nothing asserts, overflows or
 * leaks, and an event is taken, refused, or ends the run with a status.
 *
 * The input is a stream: a byte of options, then events; what strategies wish is drawn from the
 * same stream while they are called.
 */
#include <engine/engine.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

typedef struct stream {
    const uint8_t *data;
    size_t bytes;
    hean_intent out[ENGINE_INTENTS_MAX];
} stream;

static void take(stream *input, void *out, size_t bytes)
{
    size_t part = bytes < input->bytes ? bytes : input->bytes;
    memset(out, 0, bytes);
    memcpy(out, input->data, part);
    input->data += part;
    input->bytes -= part;
}

static uint8_t take_byte(stream *input)
{
    uint8_t byte;
    take(input, &byte, 1);
    return byte;
}

/* Half of the intents are plausible, so that orders come to life; the others are as they come. */
static hean_intent take_intent(stream *input)
{
    hean_intent intent;
    uint8_t shape = take_byte(input);
    if (shape >= 128) {
        take(input, &intent, sizeof intent);
        return intent;
    }
    return (hean_intent){.kind = (uint8_t)(shape % HEAN_INTENT_KIND_COUNT),
                         .side = (uint8_t)(1 + (shape >> 3) % 2),
                         .order_type = (uint8_t)((shape >> 4) % HEAN_ORDER_TYPE_COUNT),
                         .time_in_force = (uint8_t)(take_byte(input) % HEAN_TIF_COUNT),
                         .flags = take_byte(input) % 2,
                         .order_id = take_byte(input),
                         .price_ticks = shape >> 4 == 1 || shape >> 4 == 2 ? 0 : take_byte(input),
                         .trigger_ticks = (shape >> 4) % 4 >= 2 ? take_byte(input) : 0,
                         .qty_lots = take_byte(input),
                         .text_bytes = take_byte(input)};
}

static hean_status on_event(void *context, const hean_event *event, engine_intents *intents,
                            hean_error *error)
{
    stream *input = context;
    (void)event;
    if (input->bytes == 0)
        return HEAN_OK;
    intents->count = take_byte(input) % 4;
    intents->items = input->out;
    intents->text = "some text";
    intents->text_bytes = 9;
    for (size_t i = 0; i < intents->count; i++)
        input->out[i] = take_intent(input);
    return take_byte(input) == 255 ? base_fail(error, HEAN_E_SCRIPT, "by chance") : HEAN_OK;
}

static hean_event take_event(stream *input, int64_t *now_ns)
{
    hean_event event;
    uint8_t shape = take_byte(input);
    if (shape >= 200) {
        take(input, &event, sizeof event);
    } else {
        memset(&event, 0, sizeof event);
        event.data.level.price_ticks = take_byte(input);
        event.data.level.qty_lots = take_byte(input);
        event.data.level.sequence = take_byte(input);
        event.data.bar.close_ticks = take_byte(input);
        event.data.bar.interval_ns = take_byte(input);
        event.side = shape / 16 % 3;
        event.flags = shape / 64 % 4;
    }
    event.kind = shape % (HEAN_EVENT_CONNECTION + 1);
    event.instrument %= 2;
    *now_ns += take_byte(input);
    event.local_ns = *now_ns;
    event.exch_ns = *now_ns - take_byte(input) % 3;
    return event;
}

static engine *open_engine(stream *input)
{
    static const engine_strategy_ops ops = {on_event};
    static const int64_t second = BASE_NS_PER_S;
    engine_options options = engine_options_default();
    engine_strategy strategy = {.name = "fuzz", .ops = &ops, .context = input};
    hean_instrument spec = {
        .symbol = "A", .kind = HEAN_INSTRUMENT_LINEAR, .tick_size = {1, 0}, .lot_size = {1, -8}};
    hean_error error;
    engine *loop;
    uint16_t id;
    uint8_t choice = take_byte(input);
    options.paper.queue = (engine_queue_model)(choice % 3);
    options.paper.partial_fills = (choice & 4) != 0;
    options.paper.entry_latency_ns = choice / 8 % 4;
    options.paper.response_latency_ns = choice / 32;
    strategy.subscription = (engine_subscription){
        .kinds = UINT32_MAX, .bar_intervals_ns = &second, .bar_interval_count = 1};
    strategy.capital_e8 = 1000;
    strategy.limits.max_drawdown_e8 = (choice & 1) != 0 ? BASE_E8 : 0;
    strategy.limits.max_rejects_in_row = 20;
    if (engine_open(&options, &loop, &error) != HEAN_OK)
        abort();
    for (int i = 0; i < 2; i++) {
        market_instrument instrument;
        spec.symbol[0] = (char)('A' + i);
        spec.kind = i == 0 ? HEAN_INSTRUMENT_LINEAR : HEAN_INSTRUMENT_INVERSE;
        if (market_instrument_init(&instrument, &spec, &error) != HEAN_OK ||
            engine_add_instrument(loop, &instrument, &id, &error) != HEAN_OK)
            abort();
    }
    if (engine_add_strategy(loop, &strategy, &id, &error) != HEAN_OK)
        abort();
    return loop;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    stream input = {.data = data, .bytes = bytes};
    engine *loop = open_engine(&input);
    hean_error error;
    hean_account account;
    int64_t now_ns = 1000;
    if (engine_start(loop, now_ns, &error) != HEAN_OK)
        abort();
    while (input.bytes > 0) {
        hean_event event = take_event(&input, &now_ns);
        hean_status status = engine_push(loop, &event, &error);
        if (status != HEAN_OK && status != HEAN_E_INVALID)
            abort();
    }
    if (engine_account(loop, 0, &account) != HEAN_OK ||
        account.equity_e8 != account.capital_e8 + account.realized_e8 + account.unrealized_e8 -
                                 account.fees_e8 + account.funding_e8)
        abort();
    engine_close(loop);
    return 0;
}
