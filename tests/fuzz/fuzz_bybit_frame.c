/*
 * fuzz_bybit_frame.c: the decoder takes any bytes; what it accepts is JSON by jansson's judgement
 * too, and what it tells is well formed. The scanner beneath agrees with jansson both ways.
 */
#include "../unit/bybit_fixture.h"
#include <base/scan.h>

#include <jansson.h>
#include <market/event.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_events(const hean_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(market_event_problem(&events[i], 2) == NULL && events[i].local_ns == LOCAL_NS);
}

static hean_status check_book(void *context, const bybit_book_head *head, const hean_event *events,
                              size_t count)
{
    (void)context;
    check(head->index >= 0 && head->index < 2 && head->depth > 0);
    check(count == 0 || (events[count - 1].flags & HEAN_EVENT_LAST) != 0);
    check_events(events, count);
    return HEAN_OK;
}

static hean_status check_market(void *context, const hean_event *events, size_t count)
{
    (void)context;
    check(count > 0);
    check_events(events, count);
    return HEAN_OK;
}

static void check_control(void *context, const bybit_control *control)
{
    (void)context;
    check(memchr(control->text, 0, sizeof control->text) != NULL);
    for (const char *at = control->text; *at != 0;) {
        size_t length = base_utf8_length((const unsigned char *)at);
        check(length > 0);
        at += length;
    }
}

static hean_status check_order(void *context, const bybit_order *order)
{
    (void)context;
    check(order->index >= -1 && order->index < 2);
    check(order->qty_lots >= 0 && order->filled_lots >= 0 && order->price_ticks >= 0);
    check(order->index >= 0 || order->qty_lots == 0);
    check(memchr(order->reject, 0, sizeof order->reject) != NULL);
    return HEAN_OK;
}

static hean_status check_execution(void *context, const bybit_execution *row)
{
    (void)context;
    check(row->index >= -1 && row->index < 2 && row->qty_lots >= 0 && row->price_ticks >= 0);
    check(*row->exec_id != 0 && *row->order_id != 0);
    return HEAN_OK;
}

static hean_status check_position(void *context, const bybit_position *row)
{
    (void)context;
    check(row->index >= -1 && row->index < 2);
    check(row->position_idx >= 0 && row->position_idx <= 2);
    return HEAN_OK;
}

/* Does jansson find that our scanner is right? */
static void compare_scanners(const char *text, size_t bytes)
{
    json_error_t why;
    json_t *tree = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    json_scan scan;
    scan_value value;

    scan_init(&scan, text, bytes);
    (void)scan_read(&scan, &value);
    (void)scan_finish(&scan);
    if (tree !=
        NULL) /* our own limits: depth, keys; and jansson loses a 0 after true, false, null */
        check(scan.status == HEAN_OK || scan.status == HEAN_E_LIMIT ||
              memchr(text, 0, bytes) != NULL);
    else /* its own: the size of numbers */
        check(scan.status != HEAN_OK || strstr(why.text, "too big") != NULL ||
              strstr(why.text, "overflow") != NULL);
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const bybit_frame_sink sink = {.control = check_control,
                                   .book = check_book,
                                   .market = check_market,
                                   .liquidations = check_market,
                                   .order = check_order,
                                   .execution = check_execution,
                                   .position = check_position};
    bybit_decoder *decoder = NULL;
    bybit_frame_kind kind;
    hean_error error;

    check(fixture_open(NULL) == 0);
    check(bybit_decoder_open(base_allocator_default(), &fixture_symbols, &decoder) == HEAN_OK);
    (void)!bybit_decode(decoder, (const char *)data, bytes, LOCAL_NS, &sink, &kind, &error);
    compare_scanners((const char *)data, bytes);
    bybit_decoder_close(decoder);
    return 0;
}
