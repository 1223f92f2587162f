/*
 * bybit_bad_frame_test.c: frames that cannot be trusted reach nobody, and the words say why; frames
 * that are only unusual do.
 */
#include "bybit_fixture.h"

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

static hean_status decode(const char *text, size_t bytes, hean_error *error)
{
    bybit_frame_sink sink = fixture_sink(&told);
    bybit_frame_kind kind = (bybit_frame_kind)99;
    hean_status status;
    /* Of exactly its size, so that a sanitizer sees a byte read too far. */
    char *exact = malloc(bytes > 0 ? bytes : 1);

    assert_non_null(exact);
    memcpy(exact, text, bytes);
    memset(&told, 0, sizeof told);
    memset(error, 0, sizeof *error);
    status = bybit_decode(decoder, exact, bytes, LOCAL_NS, &sink, &kind, error);
    free(exact);
    if (status != HEAN_OK) {
        assert_int_equal(told.calls, 0);
        assert_int_equal(kind, 99);
        assert_int_equal(error->status, status);
    }
    return status;
}

static const char *const good_frames[] = {FRAME_BOOK_SNAPSHOT,   FRAME_BOOK_DELTA,   FRAME_TRADES,
                                          FRAME_TICKER_SNAPSHOT, FRAME_TICKER_DELTA, FRAME_KLINE,
                                          FRAME_EXECUTION,       FRAME_ORDER,        FRAME_POSITION,
                                          FRAME_LIQUIDATION,     FRAME_WALLET};

static void a_frame_that_is_cut_anywhere_is_refused(void **state)
{
    hean_error error;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(good_frames); i++) {
        size_t bytes = strlen(good_frames[i]);
        for (size_t cut = 0; cut < bytes; cut++)
            assert_int_equal(decode(good_frames[i], cut, &error), HEAN_E_PARSE);
        assert_int_equal(decode(good_frames[i], bytes, &error), HEAN_OK);
        assert_true(told.calls > 0);
    }
}

/* Puts `insert` in at `at`. */
static hean_status decode_with(const char *text, size_t at, const char *insert, hean_error *error)
{
    char changed[4096];
    int bytes = snprintf(changed, sizeof changed, "%.*s%s%s", (int)at, text, insert, text + at);
    assert_true(bytes > 0 && (size_t)bytes < sizeof changed);
    return decode(changed, (size_t)bytes, error);
}

static void no_object_may_have_a_key_twice(void **state)
{
    hean_error error;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(good_frames); i++) {
        const char *text = good_frames[i];
        size_t doubled = 0;
        /* Each key is given a second time, with another value, before itself. */
        for (const char *at = text; (at = strstr(at, "\":")) != NULL; at++) {
            const char *start = at;
            char insert[80];
            while (start[-1] != '"')
                start--;
            (void)snprintf(insert, sizeof insert, "\"%.*s\":0,", (int)(at - start), start);
            if (start[-2] != '{' && start[-2] != ',')
                continue;
            assert_status(decode_with(text, (size_t)(start - 1 - text), insert, &error),
                          HEAN_E_PARSE, &error);
            doubled++;
        }
        assert_true(doubled >= 8);
    }
}

static void unknown_fields_are_passed_over_wherever_they_are(void **state)
{
    static const char unknown[] =
        "\"brandNew\":{\"deep\":[1.5e-7,null,{\"\\ud83d\\ude00\":\"\\\"}\"}"
        ",true,[]]},";
    hean_error error;
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(good_frames); i++) {
        for (const char *at = good_frames[i]; *at != 0; at++) {
            if (*at == '{')
                assert_status(
                    decode_with(good_frames[i], (size_t)(at + 1 - good_frames[i]), unknown, &error),
                    HEAN_OK, &error);
        }
    }
}

/* Replaces the first `from` in `text` by `to`. */
static hean_status decode_replaced(const char *text, const char *from, const char *to,
                                   hean_error *error)
{
    const char *at = strstr(text, from);
    char changed[4096];
    int bytes;

    assert_non_null(at);
    bytes = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
                     at + strlen(from));
    assert_true(bytes > 0 && (size_t)bytes < sizeof changed);
    return decode(changed, (size_t)bytes, error);
}

typedef struct bad_case {
    const char *text, *from, *to;
    hean_status status;
    const char *words;
} bad_case;

static void run_cases(const bad_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hean_error error;
        hean_status status = decode_replaced(cases[i].text, cases[i].from, cases[i].to, &error);
        if (status != cases[i].status || strstr(error.message, cases[i].words) == NULL)
            fail_msg("case %zu (%s): %s: %s", i, cases[i].to, hean_status_name(status),
                     error.message);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    static const bad_case cases[] = {
        {FRAME_BOOK_DELTA, "{", "<html>", HEAN_E_PARSE, "byte 0: expected an object"},
        {FRAME_BOOK_DELTA, "}", "}}", HEAN_E_PARSE, "expected"},
        {FRAME_BOOK_DELTA, "\"a\":[]", "\"a\":[],", HEAN_E_PARSE, "expected a key"},
        {FRAME_BOOK_DELTA, "\"a\":[]", "\"a\":[,]", HEAN_E_PARSE, "expected a list"},
        {FRAME_BOOK_DELTA, "\"0\"]", "\"0\",]", HEAN_E_INVALID, "the end of a level"},
        {FRAME_BOOK_DELTA, "900101", "0900101", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "900101", "+900101", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "900101", ".5", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "900101", "5.", HEAN_E_PARSE, "a digit after the point"},
        {FRAME_BOOK_DELTA, "900101", "5e", HEAN_E_PARSE, "a digit of the exponent"},
        {FRAME_BOOK_DELTA, "900101", "NaN", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "900101", "True", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "\"delta\"", "'delta'", HEAN_E_PARSE, "expected a value"},
        {FRAME_BOOK_DELTA, "delta", "del\\qta", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "del\\u12g4", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "\\u0000", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "\\ud800", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "\\ud800\\u0041", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "\\udc00", HEAN_E_PARSE, "an escape"},
        {FRAME_BOOK_DELTA, "delta", "a\nb", HEAN_E_PARSE, "UTF-8 without control characters"},
        {FRAME_BOOK_DELTA, "delta", "\xff", HEAN_E_PARSE, "UTF-8"},
        {FRAME_BOOK_DELTA, "delta", "\xc0\xaf", HEAN_E_PARSE, "UTF-8"},
        {FRAME_BOOK_DELTA, "delta", "\xed\xa0\x80", HEAN_E_PARSE, "UTF-8"},
        {FRAME_BOOK_DELTA, "delta", "\xf4\x90\x80\x80", HEAN_E_PARSE, "UTF-8"},
        {FRAME_BOOK_DELTA, "{\"s\"", "{\"\xe2\x82\":1,\"s\"", HEAN_E_PARSE, "UTF-8"},
        {FRAME_BOOK_DELTA, "\"topic\"", "topic", HEAN_E_PARSE, "a key"},
        {FRAME_BOOK_DELTA, "\"topic\":", "\"topic\"", HEAN_E_PARSE, "a colon"},
    };
    (void)state;
    run_cases(cases, BASE_COUNT(cases));
}

static void books_of_the_wrong_type_or_without_exact_numbers_are_refused(void **state)
{
    static const bad_case cases[] = {
        {FRAME_BOOK_DELTA, "\"171.20\"", "171.20", HEAN_E_INVALID, "as a text"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "null", HEAN_E_INVALID, "as a text"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"\"", HEAN_E_PARSE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"-171.20\"", HEAN_E_RANGE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"0\"", HEAN_E_RANGE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"171.21\"", HEAN_E_INVALID, "on the instrument's ticks"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"171.200000000000000001\"", HEAN_E_RANGE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"1234567890123456789012\"", HEAN_E_RANGE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"999999999999999999\"", HEAN_E_RANGE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"171,20\"", HEAN_E_PARSE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"0x10\"", HEAN_E_PARSE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\"nan\"", HEAN_E_PARSE, "a price"},
        {FRAME_BOOK_DELTA, "\"171.20\"", "\" 171.20\"", HEAN_E_PARSE, "a price"},
        {FRAME_BOOK_DELTA, "\"31.0\"", "\"31.05\"", HEAN_E_INVALID, "whole lots"},
        {FRAME_BOOK_DELTA, "\"31.0\"", "\"9e30\"", HEAN_E_RANGE, "whole lots"},
        {FRAME_BOOK_DELTA, "\"31.0\"", "\"900719925474099.3\"", HEAN_E_RANGE, "2^53"},
        {FRAME_BOOK_DELTA, "[\"171.20\",\"0\"]", "[\"171.20\"]", HEAN_E_INVALID, "a level"},
        {FRAME_BOOK_DELTA, "[\"171.20\",\"0\"]", "[]", HEAN_E_INVALID, "a level"},
        {FRAME_BOOK_DELTA, "[\"171.20\",\"0\"]", "[\"171.20\",\"0\",\"0\"]", HEAN_E_INVALID,
         "the end of a level"},
        {FRAME_BOOK_DELTA, "\"a\":[]", "\"a\":{}", HEAN_E_PARSE, "a list"},
        {FRAME_BOOK_DELTA, "\"a\":[]", "\"a\":null", HEAN_E_PARSE, "a list"},
        {FRAME_BOOK_DELTA, "\"a\":[]", "\"A\":[]", HEAN_E_INVALID, "a: expected a value"},
        {FRAME_BOOK_DELTA, "900101", "-1", HEAN_E_RANGE, "u: expected"},
        {FRAME_BOOK_DELTA, "900101", "1.5", HEAN_E_INVALID, "u: expected a whole number"},
        {FRAME_BOOK_DELTA, "900101", "9223372036854775808", HEAN_E_INVALID, "of 64 bits"},
        {FRAME_BOOK_DELTA, "900101", "true", HEAN_E_INVALID, "u: expected"},
        {FRAME_BOOK_DELTA, "\"u\"", "\"v\"", HEAN_E_INVALID, "u: expected a value"},
        {FRAME_BOOK_DELTA, "\"s\":\"SOL", "\"s\":\"BTC", HEAN_E_INVALID, "the symbol of the topic"},
        {FRAME_BOOK_DELTA, "\"delta\"", "\"partial\"", HEAN_E_INVALID, "snapshot or delta"},
        {FRAME_BOOK_DELTA, "\"delta\"", "null", HEAN_E_INVALID, "snapshot or delta"},
        {FRAME_BOOK_DELTA, "\"ts\":1790000000140", "\"tt\":1", HEAN_E_INVALID, "ts: expected"},
        {FRAME_BOOK_DELTA, "\"ts\":1790000000140", "\"ts\":1e12", HEAN_E_INVALID, "ts: expected"},
        {FRAME_BOOK_DELTA, "\"ts\":1790000000140", "\"ts\":9223372036854775807", HEAN_E_RANGE,
         "milliseconds"},
        {FRAME_BOOK_DELTA, "\"ts\":1790000000140", "\"ts\":-5", HEAN_E_RANGE, "milliseconds"},
        {FRAME_BOOK_DELTA, "\"data\"", "\"date\"", HEAN_E_INVALID, "data: expected a value"},
        {FRAME_BOOK_DELTA, "\"topic\":\"orderbook.50.SOLUSDT\"", "\"topic\":7", HEAN_E_INVALID,
         "topic: expected a text"},
        {FRAME_BOOK_DELTA, "\"topic\"", "\"t\"", HEAN_E_INVALID, "a topic, or op"},
    };
    (void)state;
    run_cases(cases, BASE_COUNT(cases));
}

static void rows_that_do_not_say_what_matters_are_refused(void **state)
{
    static const bad_case cases[] = {
        {FRAME_TRADES, "\"Buy\"", "\"buy\"", HEAN_E_INVALID, "trade 0: S: expected Buy or Sell"},
        {FRAME_TRADES, "\"Sell\"", "\"\"", HEAN_E_INVALID, "trade 1: S: expected a value"},
        {FRAME_TRADES, "\"v\":\"3.5\"", "\"v\":\"0\"", HEAN_E_RANGE, "the quantity of a trade"},
        {FRAME_TRADES, "\"v\":\"3.5\"", "\"v\":3.5", HEAN_E_INVALID, "v: expected a text"},
        {FRAME_LIQUIDATION, "\"s\":\"SOL", "\"s\":\"BTC", HEAN_E_INVALID, "the topic's symbol"},
        {FRAME_TRADES, "\"s\":\"SOL", "\"s\":\"XYZ", HEAN_E_INVALID, "symbol"},
        {FRAME_TRADES, "\"BT\":true", "\"BT\":1", HEAN_E_INVALID, "trade 1: BT: expected true"},
        {FRAME_TRADES, "\"data\":[{", "\"data\":{\"x\":[{", HEAN_E_PARSE, "a list"},
        {FRAME_TICKER_DELTA, "\"symbol\":\"SOL", "\"symbol\":\"BTC", HEAN_E_INVALID, "symbol"},
        {FRAME_TICKER_DELTA, "171.24", "1.7.1", HEAN_E_PARSE, "markPrice: expected a number"},
        {FRAME_KLINE, "170.95", "171.45", HEAN_E_RANGE, "of a bar"},
        {FRAME_KLINE, "1790000299999", "1789999999998", HEAN_E_RANGE, "the interval of a bar"},
        {FRAME_EXECUTION, "\"execFee\":\"-0.02996875\"", "\"execFee\":\"\"", HEAN_E_INVALID,
         "execution 0: execFee: expected a value"},
        {FRAME_EXECUTION, "\"execId\":\"11111111-2222-5333-8444-555555555555\"",
         "\"execId\":\"0123456789012345678901234567890123456789012345678901234567890123\"",
         HEAN_E_RANGE, "execId: expected a shorter text"},
        {FRAME_EXECUTION, "\"execQty\":\"3.5\"", "\"execQty\":\"3.55\"", HEAN_E_INVALID,
         "execQty: expected a multiple"},
        {FRAME_EXECUTION, "\"execQty\":\"3.5\"", "\"execQty\":\"-3.5\"", HEAN_E_RANGE, "execQty"},
        {FRAME_EXECUTION, "\"execPrice\":\"171.25\"", "\"execPrice\":\"171.26\"", HEAN_E_INVALID,
         "execPrice: expected a multiple"},
        {FRAME_EXECUTION, "-0.02996875", "-99999999999.123456789", HEAN_E_RANGE, "execFee"},
        {FRAME_EXECUTION, "\"isMaker\":true", "\"isMaker\":\"true\"", HEAN_E_INVALID, "isMaker"},
        {FRAME_EXECUTION, "\"execTime\":\"1790000001203\"", "\"execTime\":\"soon\"", HEAN_E_INVALID,
         "execTime"},
        {FRAME_ORDER, "\"qty\":\"3.5\"", "\"qty\":null", HEAN_E_INVALID, "order 0: qty"},
        {FRAME_ORDER, "\"cumExecQty\":\"0\"", "\"cumExecQti\":\"0\"", HEAN_E_INVALID,
         "order 0: cumExecQty"},
        {FRAME_ORDER, "\"Brandnew\"", "{}", HEAN_E_INVALID,
         "order 1: orderStatus: expected a text"},
        {FRAME_EXECUTION, "\"Trade\"", "7", HEAN_E_INVALID,
         "execution 0: execType: expected a text"},
        {FRAME_POSITION, "\"side\":\"Sell\"", "\"side\":\"\"", HEAN_E_INVALID, "position 0: side"},
        {FRAME_POSITION, "\"positionIdx\":0", "\"positionIdx\":3", HEAN_E_RANGE, "0, 1 or 2"},
        {FRAME_WALLET, "\"walletBalance\":\"1000.195\"", "\"walletBalance\":1000.195",
         HEAN_E_INVALID, "coin 0: walletBalance"},
        {FRAME_WALLET, "\"coin\":[", "\"coin\":7,\"x\":[", HEAN_E_PARSE, "a list"},
    };
    (void)state;
    run_cases(cases, BASE_COUNT(cases));
}

static void unusual_frames_mean_what_they_say(void **state)
{
    static const char turned[] =
        " {\t\"cts\" : \"1790000000138\" ,\r\n\"data\": { \"u\": \"900101\", \"a\" : [ ] ,"
        "\"b\":[ [ \"171.2\\u0030\" , \"0.000\" ] , [\"1.711e2\",\"31\"] ], \"s\":\"SOL\\u0055SDT\""
        "} , \"ts\":\"1790000000140\", \"type\":\"delta\", \"topi\\u0063\":\"orderbook.50.SOLUSDT\""
        " } ";
    static const char restarted[] = "{\"topic\":\"orderbook.1.SOLUSDT\",\"type\":\"delta\",\"ts\":"
                                    "1790000000140,\"data\":{\"s\":"
                                    "\"SOLUSDT\",\"b\":[],\"a\":[],\"u\":1,\"seq\":5}}";
    static const char other[] = "{\"topic\":\"orderbook.rpi.SOLUSDT\",\"data\":[1,2]}";
    static const char stranger[] = "{\"topic\":\"publicTrade.XYZUSDT\",\"data\":[{\"v\":1}]}";
    static const char fast[] = "{\"topic\":\"execution.fast\",\"data\":[{\"execId\":\"x\"}]}";
    static const char category[] = "{\"topic\":\"order.linear\",\"data\":[]}";
    hean_error error;
    (void)state;
    /* Escapes are for levels refused, for they are never there. */
    assert_int_equal(decode(turned, strlen(turned), &error), HEAN_E_INVALID);
    assert_status(decode_replaced(turned, "2\\u0030", "20", &error), HEAN_OK, &error);
    assert_int_equal(told.event_count, 2);
    assert_int_equal(told.events[0].data.level.price_ticks, 3424);
    assert_int_equal(told.events[0].data.level.qty_lots, 0);
    assert_int_equal(told.events[1].data.level.price_ticks, 3422);
    assert_int_equal(told.head.exch_ns, 1790000000138 * MS);
    assert_int_equal(told.head.update_id, 900101);
    assert_status(decode(restarted, strlen(restarted), &error), HEAN_OK, &error);
    assert_true(told.head.snapshot);
    assert_int_equal(told.head.depth, 1);
    assert_int_equal(told.head.exch_ns, 1790000000140 * MS);
    assert_int_equal(told.event_count, 1);
    assert_int_equal(told.events[0].flags,
                     HEAN_EVENT_CLEAR | HEAN_EVENT_SNAPSHOT | HEAN_EVENT_LAST);
    assert_int_equal(told.events[0].side, HEAN_SIDE_NONE);
    assert_int_equal(decode(other, strlen(other), &error), HEAN_OK);
    assert_int_equal(decode(stranger, strlen(stranger), &error), HEAN_OK);
    assert_int_equal(decode(fast, strlen(fast), &error), HEAN_OK);
    assert_int_equal(decode(category, strlen(category), &error), HEAN_OK);
    assert_int_equal(told.calls, 0);
}

static void what_is_too_large_or_too_deep_is_refused(void **state)
{
    base_buffer text;
    hean_error error;
    (void)state;
    base_buffer_init(&text, base_allocator_default());
    base_buffer_printf(&text, "{\"op\":\"pong\",\"x\":");
    for (int i = 0; i < 15; i++)
        base_buffer_append(&text, "[", 1);
    for (int i = 0; i < 15; i++)
        base_buffer_append(&text, "]", 1);
    base_buffer_append(&text, "}", 1);
    assert_status(decode(text.data, text.length, &error), HEAN_OK, &error);
    text.length = 0;
    base_buffer_printf(&text, "{\"op\":\"pong\",\"x\":");
    for (int i = 0; i < 200000; i++)
        base_buffer_append(&text, i % 2 == 0 ? "[" : "{\"a\":", i % 2 == 0 ? 1 : 5);
    assert_int_equal(decode(text.data, text.length, &error), HEAN_E_LIMIT);
    text.length = 0;
    base_buffer_printf(&text, "{\"op\":\"pong\"");
    for (int i = 0; i < 129; i++)
        base_buffer_printf(&text, ",\"k%d\":1", i);
    base_buffer_append(&text, "}", 1);
    assert_int_equal(decode(text.data, text.length, &error), HEAN_E_LIMIT);
    text.length = 0;
    base_buffer_printf(&text,
                       "{\"topic\":\"orderbook.1000.SOLUSDT\",\"data\":{\"b\":[[\"1\",\"1\"]");
    for (int i = 0; i < 40000; i++)
        base_buffer_append(&text, ",[\"1\",\"1\"]", 10);
    assert_int_equal(decode(text.data, text.length, &error), HEAN_E_LIMIT);
    text.length = 0;
    while (text.length <= 16u << 20)
        base_buffer_append(&text,
                           "                                                                ", 64);
    assert_int_equal(decode(text.data, text.length, &error), HEAN_E_LIMIT);
    base_buffer_deinit(&text);
}

static hean_status refuse_book(void *context, const bybit_book_head *head, const hean_event *events,
                               size_t count)
{
    (void)context;
    (void)head;
    (void)events;
    (void)count;
    return HEAN_E_STATE;
}

static void a_failing_sink_and_failing_memory_are_told(void **state)
{
    bybit_frame_sink sink = {.book = refuse_book};
    bybit_frame_kind kind;
    hean_error error;
    (void)state;
    assert_int_equal(bybit_decode(decoder, FRAME_BOOK_DELTA, strlen(FRAME_BOOK_DELTA), LOCAL_NS,
                                  &sink, &kind, &error),
                     HEAN_E_STATE);
    sink.book = NULL;
    for (uint64_t fail_at = 1;; fail_at++) {
        bybit_decoder *failing = NULL;
        test_allocator memory;
        hean_status status;
        test_allocator_init(&memory, fail_at);
        status = bybit_decoder_open(&memory.allocator, &fixture_symbols, &failing);
        if (status == HEAN_OK)
            status = bybit_decode(failing, FRAME_BOOK_SNAPSHOT, strlen(FRAME_BOOK_SNAPSHOT),
                                  LOCAL_NS, &sink, &kind, &error);
        bybit_decoder_close(failing);
        assert_int_equal(memory.live, 0);
        if (status == HEAN_OK)
            break;
        assert_int_equal(status, HEAN_E_NO_MEMORY);
        assert_true(fail_at < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(no_object_may_have_a_key_twice),
        cmocka_unit_test(unknown_fields_are_passed_over_wherever_they_are),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(books_of_the_wrong_type_or_without_exact_numbers_are_refused),
        cmocka_unit_test(rows_that_do_not_say_what_matters_are_refused),
        cmocka_unit_test(unusual_frames_mean_what_they_say),
        cmocka_unit_test(what_is_too_large_or_too_deep_is_refused),
        cmocka_unit_test(a_failing_sink_and_failing_memory_are_told),
    };
    return cmocka_run_group_tests(tests, open_decoder, close_decoder);
}
