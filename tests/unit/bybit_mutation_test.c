/*
 * bybit_mutation_test.c: every frame that differs in one byte from a good one is either refused or
 * gives exactly what it says, by another reading of the same text: jansson's, in plain steps.
 */
#include "bybit_fixture.h"

#include <base/decimal.h>

#include <jansson.h>

static kept told;
static bybit_decoder *decoder;

static int open_decoder(void **state)
{
    return fixture_open(state) != 0 ||
           bybit_decoder_open(base_allocator_default(), &fixture_symbols, &decoder) != HEAN_OK;
}

static int close_decoder(void **state)
{
    (void)state;
    bybit_decoder_close(decoder);
    return 0;
}

/* ---- what the text says, in plain steps ---- */

static bool is_missing(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static hean_decimal says_decimal(const json_t *value)
{
    hean_decimal decimal = {0, 0};
    if (is_missing(value))
        return decimal;
    assert_true(json_is_string(value));
    assert_int_equal(decimal_parse(json_string_value(value), json_string_length(value), &decimal),
                     HEAN_OK);
    return decimal;
}

static int64_t says_units(const json_t *value, hean_decimal step)
{
    int64_t units = 0;
    if (!is_missing(value))
        assert_int_equal(decimal_to_units(says_decimal(value), step, &units), HEAN_OK);
    return units;
}

static int64_t says_scaled(const json_t *value, int scale10)
{
    int64_t scaled = 0;
    assert_int_equal(decimal_to_scaled(says_decimal(value), scale10, &scaled), HEAN_OK);
    return scaled;
}

static int64_t says_whole(const json_t *value)
{
    if (is_missing(value))
        return 0;
    if (json_is_integer(value))
        return json_integer_value(value);
    assert_true(json_is_string(value));
    return strtoll(json_string_value(value), NULL, 10);
}

static const char *says_text(const json_t *value)
{
    if (is_missing(value))
        return "";
    assert_true(json_is_string(value));
    return json_string_value(value);
}

static hean_side says_side(const json_t *value)
{
    return strcmp(says_text(value), "Buy") == 0    ? HEAN_SIDE_BUY
           : strcmp(says_text(value), "Sell") == 0 ? HEAN_SIDE_SELL
                                                   : HEAN_SIDE_NONE;
}

static const json_t *field(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const hean_instrument *spec_of(int index)
{
    return &fixture_instruments[index].spec;
}

/* ---- one judge per kind of frame ---- */

static void judge_book(const json_t *frame)
{
    const json_t *data = field(frame, "data");
    const hean_instrument *spec = spec_of(told.head.index);
    size_t at = 0;

    assert_int_equal(told.head.update_id, says_whole(field(data, "u")));
    assert_int_equal(told.head.sequence, says_whole(field(data, "seq")));
    assert_int_equal(told.head.sent_ns, says_whole(field(frame, "ts")) * MS);
    assert_int_equal(told.head.exch_ns, is_missing(field(frame, "cts"))
                                            ? told.head.sent_ns
                                            : says_whole(field(frame, "cts")) * MS);
    for (int side = 0; side < 2; side++) {
        const json_t *levels = field(data, side == 0 ? "b" : "a");
        assert_true(json_is_array(levels));
        for (size_t i = 0; i < json_array_size(levels); i++) {
            const json_t *level = json_array_get(levels, i);
            const hean_event *event = &told.events[at];
            int64_t lots = says_units(json_array_get(level, 1), spec->lot_size);
            assert_int_equal(json_array_size(level), 2);
            if (told.head.snapshot && lots == 0)
                continue;
            assert_int_equal(event->data.level.price_ticks,
                             says_units(json_array_get(level, 0), spec->tick_size));
            assert_int_equal(event->data.level.qty_lots, lots);
            assert_int_equal(event->side, side == 0 ? HEAN_SIDE_BUY : HEAN_SIDE_SELL);
            at++;
        }
    }
    assert_int_equal(told.event_count, at);
}

static void judge_trades(const json_t *frame)
{
    const json_t *rows = field(frame, "data");
    size_t at = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const hean_event *event = &told.events[at];
        if (json_is_true(field(row, "BT")))
            continue;
        assert_string_equal(spec_of(event->instrument)->symbol, says_text(field(row, "s")));
        assert_int_equal(event->data.level.price_ticks,
                         says_units(field(row, "p"), spec_of(event->instrument)->tick_size));
        assert_int_equal(event->data.level.qty_lots,
                         says_units(field(row, "v"), spec_of(event->instrument)->lot_size));
        assert_int_equal(event->side, says_side(field(row, "S")));
        assert_int_equal(event->data.level.sequence, says_whole(field(row, "seq")));
        if (says_whole(field(row, "T")) * MS <= LOCAL_NS)
            assert_int_equal(event->exch_ns, says_whole(field(row, "T")) * MS);
        at++;
    }
    assert_int_equal(told.event_count, at);
}

static void judge_execution(const json_t *frame)
{
    const json_t *row = json_array_get(field(frame, "data"), 0);
    const bybit_execution *exec = &told.execution[0];

    assert_string_equal(exec->symbol, says_text(field(row, "symbol")));
    assert_string_equal(exec->exec_id, says_text(field(row, "execId")));
    assert_string_equal(exec->order_id, says_text(field(row, "orderId")));
    assert_string_equal(exec->client_id, says_text(field(row, "orderLinkId")));
    assert_string_equal(exec->fee_coin, says_text(field(row, "feeCurrency")));
    assert_int_equal(exec->side, says_side(field(row, "side")));
    assert_int_equal(exec->maker, json_is_true(field(row, "isMaker")));
    assert_int_equal(exec->fee_e8, says_scaled(field(row, "execFee"), 8));
    assert_int_equal(exec->value_e8, says_scaled(field(row, "execValue"), 8));
    assert_int_equal(exec->realized_e8, says_scaled(field(row, "execPnl"), 8));
    assert_int_equal(exec->rate_e12, says_scaled(field(row, "feeRate"), 12));
    assert_int_equal(exec->time_ns, says_whole(field(row, "execTime")) * MS);
    assert_int_equal(exec->kind == BYBIT_EXEC_TRADE,
                     strcmp(says_text(field(row, "execType")), "Trade") == 0);
    assert_int_equal(exec->index == 0,
                     strcmp(exec->symbol, "SOLUSDT") == 0 &&
                         (is_missing(field(row, "category")) ||
                          strcmp(says_text(field(row, "category")), "linear") == 0));
    if (exec->index < 0) {
        assert_int_equal(exec->price_ticks, 0);
        assert_int_equal(exec->qty_lots, 0);
        return;
    }
    assert_int_equal(exec->qty_lots,
                     says_units(field(row, "execQty"), spec_of(exec->index)->lot_size));
    if (exec->kind == BYBIT_EXEC_TRADE)
        assert_int_equal(exec->price_ticks,
                         says_units(field(row, "execPrice"), spec_of(exec->index)->tick_size));
}

static void judge_order(const json_t *frame)
{
    const json_t *rows = field(frame, "data");

    assert_int_equal(told.orders, json_array_size(rows));
    for (int i = 0; i < told.orders; i++) {
        const json_t *row = json_array_get(rows, (size_t)i);
        const bybit_order *order = &told.order[i];
        const char *status = says_text(field(row, "orderStatus"));
        assert_string_equal(order->symbol, says_text(field(row, "symbol")));
        assert_string_equal(order->order_id, says_text(field(row, "orderId")));
        assert_string_equal(order->client_id, says_text(field(row, "orderLinkId")));
        assert_int_equal(order->side, says_side(field(row, "side")));
        assert_int_equal(order->updated_ns, says_whole(field(row, "updatedTime")) * MS);
        assert_int_equal(order->reduce_only, json_is_true(field(row, "reduceOnly")));
        assert_int_equal(order->status, strcmp(status, "Cancelled") == 0 ? HEAN_ORDER_CANCELLED
                                                                         : HEAN_ORDER_UNKNOWN);
        if (order->index < 0)
            continue;
        assert_int_equal(order->qty_lots,
                         says_units(field(row, "qty"), spec_of(order->index)->lot_size));
        assert_int_equal(order->filled_lots,
                         says_units(field(row, "cumExecQty"), spec_of(order->index)->lot_size));
        assert_int_equal(order->price_ticks,
                         says_units(field(row, "price"), spec_of(order->index)->tick_size));
    }
}

static void judge_position(const json_t *frame)
{
    const json_t *rows = field(frame, "data");

    assert_int_equal(told.positions, json_array_size(rows));
    for (int i = 0; i < told.positions; i++) {
        const json_t *row = json_array_get(rows, (size_t)i);
        const bybit_position *position = &told.position[i];
        assert_string_equal(position->symbol, says_text(field(row, "symbol")));
        assert_int_equal(position->value_e8, says_scaled(field(row, "positionValue"), 8));
        assert_int_equal(position->updated_ns, says_whole(field(row, "updatedTime")) * MS);
        if (position->index >= 0) {
            int64_t lots = says_units(field(row, "size"), spec_of(position->index)->lot_size);
            assert_int_equal(position->qty_lots,
                             says_side(field(row, "side")) == HEAN_SIDE_SELL ? -lots : lots);
        }
    }
}

static void judge_wallet(const json_t *frame)
{
    const json_t *coins = field(json_array_get(field(frame, "data"), 0), "coin");

    assert_int_equal(told.coins, json_array_size(coins));
    for (int i = 0; i < told.coins; i++) {
        const json_t *row = json_array_get(coins, (size_t)i);
        assert_string_equal(told.coin[i].coin, says_text(field(row, "coin")));
        assert_int_equal(told.coin[i].wallet_e8, says_scaled(field(row, "walletBalance"), 8));
        assert_int_equal(told.coin[i].equity_e8, says_scaled(field(row, "equity"), 8));
        assert_int_equal(told.coin[i].unrealized_e8, says_scaled(field(row, "unrealisedPnl"), 8));
    }
}

/* ---- the mutations ---- */

typedef struct tally {
    int accepted, refused;
} tally;

static void judge_one(const char *text, size_t bytes, void (*judge)(const json_t *), tally *count)
{
    bybit_frame_sink sink = fixture_sink(&told);
    bybit_frame_kind kind;
    hean_error error;
    json_error_t why;
    json_t *frame;

    memset(&told, 0, offsetof(kept, control));
    if (bybit_decode(decoder, text, bytes, LOCAL_NS, &sink, &kind, &error) != HEAN_OK) {
        assert_int_equal(told.calls, 0);
        count->refused++;
        return;
    }
    count->accepted++;
    frame = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    /* The one thing that jansson cannot take and we do not look at. */
    if (frame == NULL && (strstr(why.text, "too big") || strstr(why.text, "overflow")))
        return;
    if (frame == NULL)
        fail_msg("accepted, but it is no JSON: %s: %.*s", why.text, (int)bytes, text);
    if (told.calls > 0)
        judge(frame);
    json_decref(frame);
}

static void judge_all(const char *good, void (*judge)(const json_t *))
{
    size_t bytes = strlen(good);
    char text[4096];
    tally count = {0, 0};

    assert_true(bytes < sizeof text);
    memcpy(text, good, bytes + 1);
    for (size_t at = 0; at < bytes; at++) {
        for (int byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            judge_one(text, bytes, judge, &count);
        }
        text[at] = good[at];
    }
    assert_true(count.refused > count.accepted / 20);
    assert_true(count.accepted > (int)bytes); /* at least every byte as it was */
}

static void a_book_is_what_its_text_says(void **state)
{
    (void)state;
    judge_all(FRAME_BOOK_DELTA, judge_book);
    judge_all(FRAME_BOOK_SNAPSHOT, judge_book);
}

static void trades_are_what_their_text_says(void **state)
{
    (void)state;
    judge_all(FRAME_TRADES, judge_trades);
}

static void rows_of_the_account_are_what_their_text_says(void **state)
{
    (void)state;
    judge_all(FRAME_EXECUTION, judge_execution);
    judge_all(FRAME_ORDER, judge_order);
    judge_all(FRAME_POSITION, judge_position);
    judge_all(FRAME_WALLET, judge_wallet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_book_is_what_its_text_says),
        cmocka_unit_test(trades_are_what_their_text_says),
        cmocka_unit_test(rows_of_the_account_are_what_their_text_says),
    };
    return cmocka_run_group_tests(tests, open_decoder, close_decoder);
}
