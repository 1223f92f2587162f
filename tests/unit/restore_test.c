/*
 * restore_test.c: a session that goes on where an earlier one stopped: positions that are given to
 * the engine, and settlements of which the venue said the amount. In a jail, as strategies live.
 */
#include "host_fixture.h"

#include "../../core/host/host_private.h"

/* Says what it holds when it starts, and what it was paid. */
static const char teller[] =
    "local s = { name = 'teller', subscribe = { funding = true } }\n"
    "local function tell(ctx, what)\n"
    "  local p = ctx:position()\n"
    "  ctx:log(what .. ' ' .. p.qty .. ' ' .. p.realized .. ' ' .. p.fees .. ' ' .. p.funding)\n"
    "end\n"
    "function s.on_start(ctx) tell(ctx, 'start') end\n"
    "function s.on_funding(ctx, funding) tell(ctx, 'paid ' .. funding.paid) end\n"
    "return s\n";

static hean_host *open_teller(hean_broker broker, sink *log)
{
    hean_host_options options = options_for(HEAN_ISOLATION_PROCESS, log);
    hean_host *host;

    options.broker = broker;
    host = open_host(&options);
    assert_int_equal(load(host, teller), 0);
    return host;
}

static const hean_position held = {.qty_lots = -1500,
                                   .cost_e8 = 3000 * BASE_E8,
                                   .realized_e8 = 25 * BASE_E8,
                                   .fees_e8 = 5 * BASE_E8,
                                   .funding_e8 = -2 * BASE_E8};

static void restored_position_is_what_engine_and_strategy_start_from(void **state)
{
    sink log;
    hean_host *host = open_teller(HEAN_BROKER_EXTERNAL, &log);
    hean_error error = {0};
    hean_position position;
    hean_account account;

    (void)state;
    assert_status(engine_restore(host->engine, 0, 0, &held, &error), HEAN_OK, &error);
    start(host);
    assert_int_equal(hean_host_position(host, 0, 0, &position), HEAN_OK);
    assert_memory_equal(&position, &held, sizeof held);
    assert_int_equal(hean_host_account(host, 0, &account), HEAN_OK);
    assert_true(account.equity_e8 == (10000 + 25 - 5 - 2) * BASE_E8);
    assert_true(account.peak_equity_e8 == (10000 + 25 - 5 - 2) * BASE_E8);
    assert_non_null(strstr(log.text, "start -1.5 25 5 -2"));
    hean_host_close(host);
}

static void position_that_cannot_be_is_not_restored(void **state)
{
    static const struct {
        uint16_t strategy, instrument;
        int64_t qty, cost;
        hean_status status;
    } cases[] = {{1, 0, 1, 1, HEAN_E_NOT_FOUND}, {0, 1, 1, 1, HEAN_E_NOT_FOUND},
                 {0, 0, 1, 0, HEAN_E_RANGE},     {0, 0, 0, 1, HEAN_E_RANGE},
                 {0, 0, 1, -1, HEAN_E_RANGE},    {0, 0, INT64_MIN, 1, HEAN_E_RANGE}};
    hean_host *host = open_teller(HEAN_BROKER_EXTERNAL, NULL);
    hean_error error = {0};

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        const hean_position position = {.qty_lots = cases[i].qty, .cost_e8 = cases[i].cost};
        assert_status(
            engine_restore(host->engine, cases[i].strategy, cases[i].instrument, &position, &error),
            cases[i].status, &error);
    }
    start(host);
    assert_status(engine_restore(host->engine, 0, 0, &held, &error), HEAN_E_STATE, &error);
    hean_host_close(host);
}

static hean_event settlement(int64_t paid_e8)
{
    hean_event event = {.kind = HEAN_EVENT_FUNDING,
                        .local_ns = START_NS + BASE_NS_PER_S,
                        .exch_ns = START_NS + BASE_NS_PER_S};
    event.data.funding.rate_e12 = 100000000;
    event.data.funding.paid_e8 = paid_e8;
    return event;
}

static void settlement_is_booked_as_the_venue_says(void **state)
{
    sink log;
    hean_host *host = open_teller(HEAN_BROKER_EXTERNAL, &log);
    hean_event event = settlement(-123456789);
    hean_error error = {0};
    hean_account account;

    (void)state;
    assert_status(engine_restore(host->engine, 0, 0, &held, &error), HEAN_OK, &error);
    start(host);
    assert_status(host_settle(host, 0, &event, &error), HEAN_OK, &error);
    assert_int_equal(hean_host_account(host, 0, &account), HEAN_OK);
    assert_true(account.funding_e8 == -2 * BASE_E8 - 123456789);
    assert_non_null(strstr(log.text, "paid -1.23456789 -1.5 25 5 -3.23456789"));
    assert_status(host_settle(host, 1, &event, &error), HEAN_E_INVALID, &error);
    hean_host_close(host);
}

static void paper_broker_computes_its_settlements_itself(void **state)
{
    hean_host *host = open_teller(HEAN_BROKER_PAPER, NULL);
    hean_event event = settlement(1);
    hean_error error = {0};

    (void)state;
    start(host);
    assert_status(host_settle(host, 0, &event, &error), HEAN_E_INVALID, &error);
    hean_host_close(host);
}

static void fill_of_an_order_that_is_gone_moves_the_position(void **state)
{
    sink log;
    hean_host *host = open_teller(HEAN_BROKER_EXTERNAL, &log);
    hean_event event = {.kind = HEAN_EVENT_FILL,
                        .side = HEAN_SIDE_BUY,
                        .local_ns = START_NS + BASE_NS_PER_S,
                        .exch_ns = START_NS + BASE_NS_PER_S};
    hean_position position;
    hean_error error = {0};

    (void)state;
    event.data.fill.price_ticks = 190000; /* 1,900.00; the short was opened at 2,000 */
    event.data.fill.qty_lots = 500;
    event.data.fill.fee_e8 = BASE_E8;
    event.data.fill.execution_id = 7;
    assert_status(engine_restore(host->engine, 0, 0, &held, &error), HEAN_OK, &error);
    start(host);
    assert_status(host_settle(host, 0, &event, &error), HEAN_OK, &error);
    assert_int_equal(hean_host_position(host, 0, 0, &position), HEAN_OK);
    assert_int_equal(position.qty_lots, -1000);
    assert_true(position.realized_e8 == (25 + 50) * BASE_E8);
    assert_true(position.fees_e8 == 6 * BASE_E8);
    event.side = HEAN_SIDE_NONE;
    assert_status(host_settle(host, 0, &event, &error), HEAN_E_INVALID, &error);
    hean_host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restored_position_is_what_engine_and_strategy_start_from),
        cmocka_unit_test(position_that_cannot_be_is_not_restored),
        cmocka_unit_test(settlement_is_booked_as_the_venue_says),
        cmocka_unit_test(fill_of_an_order_that_is_gone_moves_the_position),
        cmocka_unit_test(paper_broker_computes_its_settlements_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
