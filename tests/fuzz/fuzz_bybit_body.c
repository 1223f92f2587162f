/*
 * fuzz_bybit_body.c: the readers of REST bodies take any bytes. The first byte chooses the reader.
 */
#include "../unit/bybit_fixture.h"

#include <market/event.h>

static void check(bool good)
{
    if (!good)
        abort();
}

#define CHECKER(name, row_type, condition)                                                         \
    static hean_status check_##name(void *context, const row_type *row, hean_error *error)         \
    {                                                                                              \
        (void)context;                                                                             \
        (void)error;                                                                               \
        check(condition);                                                                          \
        return HEAN_OK;                                                                            \
    }
CHECKER(instruments, bybit_instrument,
        row->spec.min_qty_lots >= 0 && row->spec.max_qty_lots >= 0 &&
            row->spec.tick_size.mantissa >= 0 && row->spec.lot_size.mantissa >= 0 &&
            row->funding_interval_ns >= 0)
CHECKER(orders, bybit_order, row->index < 2 && row->qty_lots >= 0 && row->filled_lots >= 0)
CHECKER(executions, bybit_execution, row->index < 2 && *row->exec_id != 0)
CHECKER(positions, bybit_position, row->index < 2)
CHECKER(coins, bybit_coin, *row->coin != 0)
CHECKER(log, bybit_log_row, *row->type != 0)
CHECKER(tickers, bybit_ticker, row->index >= 0 && row->index < 2)
CHECKER(earn_products, bybit_earn_product, *row->product_id != 0)
CHECKER(fees, bybit_fee, row != NULL)
CHECKER(event, hean_event, market_event_problem(row, 2) == NULL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *body = (const char *)data + 1;
    char cursor[BYBIT_CURSOR_BYTES], order_id[VENUE_EXEC_ID_BYTES], client_id[VENUE_EXEC_ID_BYTES];
    hean_status status = HEAN_OK;
    bybit_account_info account;
    bybit_key_info info;
    hean_error error;
    int64_t time_ns;

    if (bytes == 0)
        return 0;
    check(fixture_open(NULL) == 0);
    bytes--;
    switch (data[0]) {
#define READ(letter, name, checker)                                                                \
    case letter:                                                                                   \
        status = bybit_read_##name(body, bytes, &fixture_symbols, checker, NULL, cursor, &error);  \
        break;
        READ('i', instruments, check_instruments)
        READ('o', orders, check_orders)
        READ('e', executions, check_executions)
        READ('p', positions, check_positions)
        READ('c', coins, check_coins)
        READ('l', log, check_log)
        READ('t', tickers, check_tickers)
        READ('r', earn_products, check_earn_products)
        READ('f', fees, check_fees)
        READ('k', klines, check_event)
        READ('T', recent_trades, check_event)
        READ('F', funding_history, check_event)
        READ('b', orderbook, check_event)
    case 'n':
        status = bybit_read_time(body, bytes, &time_ns, &error);
        break;
    case 'a':
        status = bybit_read_order_ack(body, bytes, order_id, client_id, &error);
        break;
    case 'u':
        status = bybit_read_account_info(body, bytes, &account, &error);
        break;
    default:
        status = bybit_read_key_info(body, bytes, &info, &error);
    }
    check(status == HEAN_OK || (error.status == status && *error.message != 0));
    return 0;
}
