/*
 * sim_test.c: the synthetic market: the same everywhere, consistent in itself, and alive.
 */
#include "support.h"

#include <base/hash.h>
#include <market/book.h>
#include <market/event.h>
#include <market/sim.h>

#include <stdlib.h>
#include <string.h>

#define CAPACITY 4096
#define HOUR_NS  (3600 * BASE_NS_PER_S)

static market_sim *open_sim(const char *text)
{
    market_sim_options options;
    int64_t duration_ns;
    market_sim *sim;
    hean_error error;

    assert_status(market_sim_parse(text, &options, &duration_ns, &error), HEAN_OK, &error);
    assert_status(market_sim_open(base_allocator_default(), &options, &sim, &error), HEAN_OK,
                  &error);
    return sim;
}

/* ---- the same everywhere ---- */

static void hash_of(const char *text, size_t count, size_t capacity, char *hex)
{
    market_sim *sim = open_sim(text);
    hean_event *events = calloc(capacity, sizeof *events);
    uint8_t digest[HASH_SHA256_BYTES];
    hash_sha256 *hash;

    assert_int_equal(hash_sha256_open(base_allocator_default(), &hash), HEAN_OK);
    while (count > 0) {
        size_t made = market_sim_next(sim, events, capacity);
        assert_true(made > 0 && made <= capacity);
        made = made < count ? made : count;
        hash_sha256_update(hash, events, made * sizeof *events);
        count -= made;
    }
    hash_sha256_digest(hash, digest);
    hash_hex(digest, sizeof digest, hex);
    hash_sha256_close(hash);
    free(events);
    market_sim_close(sim);
}

static void seed_42_gives_the_same_events_on_every_machine(void **state)
{
    char hex[HASH_SHA256_HEX_BYTES];
    (void)state;

    hash_of("42", 1000000, CAPACITY, hex);
    assert_string_equal(hex, "c807c689c646c6f0ff6ebdec59d947457150d09297230f5302e20f9d20d83151");
}

static void events_do_not_depend_on_how_they_are_taken(void **state)
{
    char small[HASH_SHA256_HEX_BYTES], large[HASH_SHA256_HEX_BYTES];
    (void)state;

    hash_of("7,instruments=3,rate=1000", 50000, 256, small);
    hash_of("7,instruments=3,rate=1000", 50000, 30000, large);
    assert_string_equal(small, large);
    hash_of("8,instruments=3,rate=1000", 50000, 256, large);
    assert_string_not_equal(small, large);
}

/* ---- consistent in itself ---- */

typedef struct watched {
    market_book book;
    int64_t traded_ticks[16], traded_lots[16], left_lots[16];
    size_t traded, seen;
    hean_side taker;
    bool in_snapshot, started;
    int64_t last_sequence;
} watched;

static void watch_trade(watched *market, const hean_event *event)
{
    int maker = event->side == HEAN_SIDE_BUY ? MARKET_ASK : MARKET_BID;
    market_level depth[16];

    assert_true(market->started);
    assert_true(market->traded == 0 || market->taker == event->side);
    market->taker = event->side;
    assert_true(market_book_depth(&market->book, maker, depth, 16) > market->traded);
    /* Trades walk the levels from the best; all but the last take the level whole. */
    assert_true(depth[market->traded].price_ticks == event->data.level.price_ticks);
    assert_true(depth[market->traded].qty_lots >= event->data.level.qty_lots);
    if (market->traded > 0)
        assert_true(market->left_lots[market->traded - 1] == 0);
    market->traded_ticks[market->traded] = event->data.level.price_ticks;
    market->left_lots[market->traded] = depth[market->traded].qty_lots - event->data.level.qty_lots;
    market->traded++;
    assert_true(market->traded < 16);
}

static void watch_book(watched *market, const hean_event *event)
{
    if (!market->started) {
        assert_int_equal(event->flags & HEAN_EVENT_CLEAR, HEAN_EVENT_CLEAR);
        market->in_snapshot = true;
        market->started = true;
    } else {
        assert_int_equal(event->flags & HEAN_EVENT_CLEAR, 0);
    }
    assert_int_equal((event->flags & HEAN_EVENT_SNAPSHOT) != 0, market->in_snapshot);
    if (market->traded > 0) {
        /* The message after trades is what they left. */
        assert_true(event->side != market->taker);
        assert_true(event->data.level.price_ticks == market->traded_ticks[market->seen]);
        assert_true(event->data.level.qty_lots == market->left_lots[market->seen]);
        market->seen++;
    }
    assert_int_equal(market_book_apply(&market->book, event), HEAN_OK);
    if ((event->flags & HEAN_EVENT_LAST) == 0)
        return;
    assert_true(market->seen == market->traded);
    market->seen = market->traded = 0;
    market->in_snapshot = false;
    assert_false(market_book_crossed(&market->book));
    for (int side = 0; side < 2; side++) {
        size_t levels = market_book_levels(&market->book, side);
        assert_true(levels >= 10 && levels <= 50);
    }
}

static void watch_stream(const char *text, size_t instruments, size_t count)
{
    market_sim *sim = open_sim(text);
    hean_event *events = calloc(CAPACITY, sizeof *events);
    watched *markets = calloc(instruments, sizeof *markets);
    int64_t last_local_ns = 0, last_exch_ns = 0;
    const market_instrument *table;

    assert_int_equal(market_sim_instruments(sim, &table), instruments);
    for (size_t i = 0; i < instruments; i++)
        assert_int_equal(market_book_init(&markets[i].book, base_allocator_default()), HEAN_OK);
    for (size_t done = 0; done < count;) {
        size_t made = market_sim_next(sim, events, CAPACITY);
        for (size_t i = 0; i < made; i++) {
            const hean_event *event = &events[i];
            const char *problem = market_event_problem(event, instruments);
            if (problem != NULL)
                fail_msg("%s", problem);
            assert_true(event->local_ns >= last_local_ns && event->exch_ns >= last_exch_ns);
            assert_true(event->exch_ns < event->local_ns);
            assert_true(event->local_ns - event->exch_ns < 50 * BASE_NS_PER_MS);
            last_local_ns = event->local_ns;
            last_exch_ns = event->exch_ns;
            if (event->kind == HEAN_EVENT_TRADE)
                watch_trade(&markets[event->instrument], event);
            else if (event->kind == HEAN_EVENT_BOOK)
                watch_book(&markets[event->instrument], event);
        }
        done += made;
    }
    for (size_t i = 0; i < instruments; i++)
        market_book_deinit(&markets[i].book);
    free(markets);
    free(events);
    market_sim_close(sim);
}

static void book_and_trades_agree_and_the_book_is_never_crossed(void **state)
{
    char text[64];
    (void)state;

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)test_seed());
    watch_stream(text, 2, 1000000);
    (void)snprintf(text, sizeof text, "%llu,rate=1,instruments=1", (unsigned long long)test_seed());
    watch_stream(text, 1, 200000);
    (void)snprintf(text, sizeof text, "%llu,rate=1000000,instruments=64",
                   (unsigned long long)test_seed());
    watch_stream(text, 64, 500000);
}

/* ---- alive ---- */

typedef struct hours {
    uint64_t trades_and_levels, marks, fundings;
    int64_t basis_least_e6, basis_most_e6; /* at marks: mark over index */
    int64_t rate_least_e12, rate_most_e12;
    double variance_least, variance_most; /* of the index, per ten minutes */
} hours;

static void observe_mark(hours *seen, const hean_event *event, double *variance,
                         int64_t *last_index)
{
    int64_t index = event->data.mark.index_ticks;
    int64_t basis_e6 = (event->data.mark.mark_ticks - index) * 1000000 / index;
    double step = (double)(index - *last_index) / (double)index;

    *variance += *last_index > 0 ? step * step : 0;
    *last_index = index;
    seen->marks++;
    if (basis_e6 < seen->basis_least_e6)
        seen->basis_least_e6 = basis_e6;
    if (basis_e6 > seen->basis_most_e6)
        seen->basis_most_e6 = basis_e6;
    if (event->data.mark.next_rate_e12 < seen->rate_least_e12)
        seen->rate_least_e12 = event->data.mark.next_rate_e12;
    if (event->data.mark.next_rate_e12 > seen->rate_most_e12)
        seen->rate_most_e12 = event->data.mark.next_rate_e12;
    assert_true(event->data.mark.next_funding_ns > event->exch_ns);
    if (seen->marks % 600 != 0)
        return;
    if (seen->marks == 600 || *variance < seen->variance_least)
        seen->variance_least = *variance;
    if (*variance > seen->variance_most)
        seen->variance_most = *variance;
    *variance = 0;
}

static hours observe(const char *text, int64_t duration_ns, int64_t interval_ns)
{
    market_sim *sim = open_sim(text);
    hean_event *events = calloc(CAPACITY, sizeof *events);
    hours seen = {0};
    int64_t start_ns = 0, last_index = 0;
    double variance = 0;

    for (bool more = true; more;) {
        size_t made = market_sim_next(sim, events, CAPACITY);
        if (start_ns == 0)
            start_ns = events[0].exch_ns;
        for (size_t i = 0; i < made && more; i++) {
            if (events[i].kind == HEAN_EVENT_MARK && events[i].instrument == 0) {
                observe_mark(&seen, &events[i], &variance, &last_index);
            } else if (events[i].kind == HEAN_EVENT_FUNDING) {
                assert_int_equal(events[i].exch_ns % interval_ns, 0);
                assert_int_equal(events[i].data.funding.interval_ns, interval_ns);
                assert_true(events[i].data.funding.mark_ticks > 0);
                seen.fundings++;
            } else {
                seen.trades_and_levels++;
            }
            more = events[i].exch_ns - start_ns < duration_ns;
        }
    }
    free(events);
    market_sim_close(sim);
    return seen;
}

static void rate_is_about_what_was_asked_for(void **state)
{
    hours seen = observe("1,rate=100", 40 * HOUR_NS, 8 * HOUR_NS);
    (void)state;

    assert_true(seen.trades_and_levels > 40 * 3600 * 85u);
    assert_true(seen.trades_and_levels < 40 * 3600 * 115u);
}

static void marks_come_each_second_and_funding_at_each_interval(void **state)
{
    hours seen = observe("5,funding=15m", 2 * HOUR_NS + BASE_NS_PER_S, 15 * 60 * BASE_NS_PER_S);
    (void)state;

    assert_true(seen.marks >= 7200 && seen.marks <= 7202);
    assert_int_equal(seen.fundings, 8);
}

static void basis_opens_and_closes_and_funding_follows_within_the_hour(void **state)
{
    int wide = 0, paying = 0;
    char text[32];
    (void)state;

    for (int seed = 1; seed <= 10; seed++) {
        hours seen;
        (void)snprintf(text, sizeof text, "%d", seed);
        seen = observe(text, HOUR_NS, 8 * HOUR_NS);
        wide += seen.basis_most_e6 - seen.basis_least_e6 > 2500;
        paying += seen.rate_most_e12 > 5 * (BASE_E12 / 10000) ||
                  seen.rate_least_e12 < -5 * (BASE_E12 / 10000);
    }
    assert_true(wide >= 8);
    assert_true(paying >= 8);
}

static void volatility_comes_in_clusters(void **state)
{
    hours seen = observe("3", 6 * HOUR_NS, 8 * HOUR_NS);
    (void)state;

    assert_true(seen.variance_least > 0);
    assert_true(seen.variance_most > 6 * seen.variance_least);
}

/* ---- options ---- */

static void parse_reads_every_option(void **state)
{
    market_sim_options options;
    int64_t duration_ns;
    hean_error error;
    (void)state;

    assert_status(market_sim_parse("18446744073709551615", &options, &duration_ns, &error), HEAN_OK,
                  &error);
    assert_true(options.seed == UINT64_MAX);
    assert_int_equal(options.instruments, 2);
    assert_int_equal(duration_ns, HOUR_NS);
    assert_status(market_sim_parse("7,hours=0.5,start=2024-08-08,instruments=4,rate=12.5,"
                                   "funding=15m",
                                   &options, &duration_ns, &error),
                  HEAN_OK, &error);
    assert_int_equal(options.seed, 7);
    assert_int_equal(duration_ns, HOUR_NS / 2);
    assert_int_equal(options.start_ns, INT64_C(1723075200) * BASE_NS_PER_S);
    assert_int_equal(options.instruments, 4);
    assert_true(options.events_per_second == 12.5);
    assert_int_equal(options.funding_interval_ns, 900 * BASE_NS_PER_S);
}

static void parse_names_the_option_and_what_was_expected(void **state)
{
    static const struct {
        const char *text;
        hean_status status;
        const char *says;
    } cases[] = {
        {"", HEAN_E_PARSE, "expected a seed"},
        {"-1", HEAN_E_PARSE, "expected a seed"},
        {"18446744073709551616", HEAN_E_PARSE, "expected a seed"},
        {"x=1", HEAN_E_PARSE, "expected a seed"},
        {"1,", HEAN_E_PARSE, "expected key=value"},
        {"1,hour=2", HEAN_E_NOT_FOUND, "did you mean \"hours\"?"},
        {"1,colour=2", HEAN_E_NOT_FOUND, "expected hours, start"},
        {"1,hours=0", HEAN_E_RANGE, "above 0"},
        {"1,hours=100001", HEAN_E_RANGE, "up to 100000"},
        {"1,hours=abc", HEAN_E_PARSE, "hours=abc: expected a number"},
        {"1,hours=1,hours=2", HEAN_E_PARSE, "given twice"},
        {"1,start=tomorrow", HEAN_E_PARSE, "a date or time"},
        {"1,start=2200-01-01", HEAN_E_RANGE, "start: expected"},
        {"1,instruments=0", HEAN_E_RANGE, "expected 1 to 64"},
        {"1,instruments=65", HEAN_E_RANGE, "from 1 to 64"},
        {"1,instruments=two", HEAN_E_PARSE, "from 1 to 64"},
        {"1,rate=0", HEAN_E_RANGE, "1 to 1000000"},
        {"1,rate=1000001", HEAN_E_RANGE, "1 to 1000000"},
        {"1,funding=1500ms", HEAN_E_RANGE, "whole seconds"},
        {"1,funding=8d", HEAN_E_RANGE, "7 days"},
        {"1,funding=soon", HEAN_E_PARSE, "a duration such as 15m"},
        {"1,hours=11111111111111111111111111111111111111111111111111", HEAN_E_PARSE, "too long"},
    };
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        market_sim_options options = {.seed = 99};
        int64_t duration_ns = 77;
        hean_error error = {0};
        assert_status(market_sim_parse(cases[i].text, &options, &duration_ns, &error),
                      cases[i].status, &error);
        if (strstr(error.message, cases[i].says) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, error.message, cases[i].says);
        assert_int_equal(options.seed, 99);
        assert_int_equal(duration_ns, 77);
    }
}

static void open_refuses_options_out_of_range(void **state)
{
    market_sim_options bad[4];
    (void)state;

    for (size_t i = 0; i < BASE_COUNT(bad); i++)
        bad[i] = market_sim_options_default(1);
    bad[0].instruments = 0;
    bad[1].events_per_second = 0.0 / 0.0;
    bad[2].funding_interval_ns = BASE_NS_PER_S / 2;
    bad[3].start_ns = -1;
    for (size_t i = 0; i < BASE_COUNT(bad); i++) {
        market_sim *sim = NULL;
        hean_error error;
        assert_status(market_sim_open(base_allocator_default(), &bad[i], &sim, &error),
                      HEAN_E_RANGE, &error);
        assert_null(sim);
    }
}

static void open_survives_every_failed_allocation(void **state)
{
    market_sim_options options = market_sim_options_default(1);
    (void)state;

    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator failing;
        market_sim *sim = NULL;
        hean_error error;
        hean_status status;

        test_allocator_init(&failing, fail_at);
        status = market_sim_open(&failing.allocator, &options, &sim, &error);
        market_sim_close(sim);
        assert_int_equal(failing.live, 0);
        if (status == HEAN_OK) {
            assert_int_equal(fail_at, 5);
            break;
        }
        assert_status(status, HEAN_E_NO_MEMORY, &error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_42_gives_the_same_events_on_every_machine),
        cmocka_unit_test(events_do_not_depend_on_how_they_are_taken),
        cmocka_unit_test(book_and_trades_agree_and_the_book_is_never_crossed),
        cmocka_unit_test(rate_is_about_what_was_asked_for),
        cmocka_unit_test(marks_come_each_second_and_funding_at_each_interval),
        cmocka_unit_test(basis_opens_and_closes_and_funding_follows_within_the_hour),
        cmocka_unit_test(volatility_comes_in_clusters),
        cmocka_unit_test(parse_reads_every_option),
        cmocka_unit_test(parse_names_the_option_and_what_was_expected),
        cmocka_unit_test(open_refuses_options_out_of_range),
        cmocka_unit_test(open_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
