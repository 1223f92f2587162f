/* Embeds libhean: a jailed market maker on a market that this program makes up. */
#include <hean/hean.h>

#include <stdio.h>

static int fail(const hean_error *error)
{
    fprintf(stderr, "embed: %s\n", error->message);
    return 1;
}

static hean_event event_of(int kind, int64_t time_ns, int side, unsigned flags, int64_t price)
{
    hean_event event = {0};
    event.kind = (uint8_t)kind;
    event.local_ns = time_ns;
    event.side = (uint8_t)side;
    event.flags = (uint8_t)flags;
    event.data.level.price_ticks = price;
    event.data.level.qty_lots = 5000;
    return event;
}

int main(int argc, char **argv)
{
    const hean_instrument ethusdt = {
        .symbol = "ETHUSDT", .tick_size = {1, -2}, .lot_size = {1, -3}, .maker_fee_e8 = 20000};
    const hean_strategy maker = {.file = argc > 1 ? argv[1] : "strategies/market_maker.lua",
                                 .capital_e8 = 10000 * INT64_C(100000000),
                                 .limits = hean_risk_limits_default()};
    int64_t now_ns = INT64_C(1700000000000000000);
    hean_host *host = NULL;
    hean_position position;
    hean_error error;
    uint16_t instrument, strategy;

    if (hean_host_open(NULL, &host, &error) != HEAN_OK ||
        hean_host_add_instrument(host, &ethusdt, &instrument, &error) != HEAN_OK ||
        hean_host_load_strategy(host, &maker, &strategy, &error) != HEAN_OK ||
        hean_host_start(host, now_ns, &error) != HEAN_OK)
        return fail(&error);
    for (int i = 0; i < 1000; i++, now_ns += 100000000) { /* the price swings by a dollar */
        int64_t mid = 268000 + (i % 200 < 100 ? i % 100 : 100 - i % 100);
        hean_event events[] = {
            event_of(HEAN_EVENT_BOOK, now_ns, HEAN_SIDE_BUY, HEAN_EVENT_CLEAR, mid - 15),
            event_of(HEAN_EVENT_BOOK, now_ns, HEAN_SIDE_SELL, HEAN_EVENT_LAST, mid + 15),
            event_of(HEAN_EVENT_TRADE, now_ns, i % 2 + 1, 0, i % 2 ? mid - 20 : mid + 20)};
        if (hean_host_push(host, events, 3, &error) != HEAN_OK)
            return fail(&error);
    }
    if (hean_host_position(host, strategy, instrument, &position) != HEAN_OK)
        return 1;
    printf("position %.3f ETH, realized %.2f USD, fees %.2f USD\n", (double)position.qty_lots / 1e3,
           (double)position.realized_e8 / 1e8, (double)position.fees_e8 / 1e8);
    hean_host_close(host);
    return 0;
}
