/*
 * conservation_test.c: for each example strategy on each data set, the ledger's totals are the
 * portfolio's, in memory and on disk, to the last digit; and the same backtest twice is one run.
 */
#include <support.h>

#include <host/backtest.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* What the commands accept as --data; a path is below ../shared/data. */
typedef struct data_set {
    const char *paths[2];
    size_t path_count;
    bool recorded;
    const char *instrument;
} data_set;

static const data_set data_sets[] = {
    {{"sim:11,hours=0.3,funding=60s"}, 1, false, NULL},
    {{"binance-futures-ethusdt-20240808"}, 1, true, NULL},
    {{"binance-spot-btcusdt-20240808"}, 1, true, NULL},
    {{"btc-perp-1m-20211231-20220201.csv.gz"},
     1,
     true,
     "tick=0.5,lot=1,kind=inverse,symbol=BTCUSD"},
    {{"binance-futures-ethusdt-20240808", "binance-spot-btcusdt-20240808"}, 2, true, NULL},
};

static hean_status add_group(void *context, const ledger_group *group, hean_error *error)
{
    (void)error;
    return ledger_sums_add(context, &group->sums);
}

static void check_sums(const ledger_sums *sums, const backtest_result *result)
{
    int64_t realized = 0, fees = 0, funding = 0;

    for (size_t i = 0; i < result->position_count; i++) {
        realized += result->positions[i].position.realized_e8;
        fees += result->positions[i].position.fees_e8;
        funding += result->positions[i].position.funding_e8;
    }
    assert_int_equal(sums->amount_e8[LEDGER_PNL], realized);
    assert_int_equal(sums->amount_e8[LEDGER_FEE], fees);
    assert_int_equal(sums->amount_e8[LEDGER_FUNDING], funding);
    assert_int_equal(sums->amount_e8[LEDGER_REWARD], 0);
    assert_true(sums->amount_e8[LEDGER_OPPORTUNITY_COST] > 0);
    assert_int_equal(fees, result->fees_e8);
    assert_int_equal(funding, result->funding_e8);
}

static void check_store(store *kept, const backtest_result *result)
{
    ledger_filter filter = ledger_filter_all();
    ledger_sums sums = {0};
    ledger_result posted;
    uint8_t digest[HASH_SHA256_BYTES];
    char hex[HASH_SHA256_HEX_BYTES];
    hean_error error;

    filter.run = result->run;
    assert_status(backtest_record(result, kept, &posted, &error), HEAN_OK, &error);
    assert_int_equal(posted.posted, ledger_entries(result->ledger));
    assert_status(backtest_record(result, kept, &posted, &error), HEAN_OK, &error);
    assert_int_equal(posted.posted, 0);
    assert_int_equal(posted.repeated, ledger_entries(result->ledger));
    assert_status(store_balances(kept, &filter, 0, add_group, &sums, &error), HEAN_OK, &error);
    assert_int_equal(sums.entries, ledger_entries(result->ledger));
    check_sums(&sums, result);
    assert_status(store_run_hash(kept, result->run, digest, &error), HEAN_OK, &error);
    hash_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, result->ledger_hash);
}

/* Returns the fills. */
static uint64_t check_backtest(const char *strategy, const data_set *set, store *kept)
{
    backtest_options options = backtest_options_default();
    backtest_result first, again;
    ledger_filter all = ledger_filter_all();
    ledger_sums sums = {0};
    const char *paths[2];
    char found[2][1024];
    uint64_t fills;
    hean_status status;
    hean_error error;

    for (size_t i = 0; i < set->path_count; i++) {
        assert_true(base_text_copy(found[i], sizeof found[i],
                                   set->recorded ? test_data_path(set->paths[i]) : set->paths[i]));
        paths[i] = found[i];
    }
    options.file = strategy;
    options.paths = paths;
    options.path_count = set->path_count;
    options.instrument_texts = &set->instrument;
    options.instrument_count = set->instrument != NULL ? 1 : 0;
    status = backtest_run(&options, &first, &error);
    if (status == HEAN_E_SCRIPT && strstr(error.message, "needs two instruments") != NULL) {
        assert_null(first.ledger); /* it did not trade, and says so */
        backtest_result_deinit(NULL, &first);
        return 0;
    }
    assert_status(status, HEAN_OK, &error);
    assert_true(first.complete);
    assert_non_null(first.ledger);
    assert_status(ledger_balances(first.ledger, &all, 0, add_group, &sums, &error), HEAN_OK,
                  &error);
    check_sums(&sums, &first);
    assert_string_equal(first.positions[0].currency, set->instrument != NULL ? "BTC" : "USDT");
    check_store(kept, &first);
    assert_status(backtest_run(&options, &again, &error), HEAN_OK, &error);
    assert_string_equal(again.run, first.run);
    assert_string_equal(again.ledger_hash, first.ledger_hash);
    fills = first.fills;
    print_message("%s on %s: %llu fills, %llu entries\n", strategy, set->paths[0],
                  (unsigned long long)fills, (unsigned long long)ledger_entries(first.ledger));
    backtest_result_deinit(NULL, &again);
    backtest_result_deinit(NULL, &first);
    return fills;
}

static uint64_t check_every_strategy(const data_set *set, store *kept)
{
    struct dirent *entry;
    uint64_t fills = 0;
    size_t count = 0;
    char path[1024];
    DIR *folder = opendir("strategies");

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".lua") != 0)
            continue;
        (void)snprintf(path, sizeof path, "strategies/%s", entry->d_name);
        fills += check_backtest(path, set, kept);
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    assert_true(count >= 5);
    return fills;
}

static void check_set(size_t index)
{
    char path[1024];
    store *kept;
    hean_error error;

    for (size_t i = 0; data_sets[index].recorded && i < data_sets[index].path_count; i++) {
        if (test_data_path(data_sets[index].paths[i]) == NULL)
            skip();
    }
    (void)snprintf(path, sizeof path, "%s/hean.db", test_folder("conservation"));
    assert_status(store_open(NULL, path, STORE_WRITE, &kept, &error), HEAN_OK, &error);
    assert_true(check_every_strategy(&data_sets[index], kept) > 0);
    assert_status(store_verify(kept, NULL, NULL, &error), HEAN_OK, &error);
    store_close(kept);
}

static void the_ledger_is_the_portfolio_on_the_simulated_market(void **state)
{
    (void)state;
    check_set(0);
}

static void the_ledger_is_the_portfolio_on_futures(void **state)
{
    (void)state;
    check_set(1);
}

static void the_ledger_is_the_portfolio_on_spot(void **state)
{
    (void)state;
    check_set(2);
}

static void the_ledger_is_the_portfolio_on_minute_bars(void **state)
{
    (void)state;
    check_set(3);
}

static void the_ledger_is_the_portfolio_on_two_markets_at_once(void **state)
{
    (void)state;
    check_set(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_is_the_portfolio_on_the_simulated_market),
        cmocka_unit_test(the_ledger_is_the_portfolio_on_futures),
        cmocka_unit_test(the_ledger_is_the_portfolio_on_spot),
        cmocka_unit_test(the_ledger_is_the_portfolio_on_minute_bars),
        cmocka_unit_test(the_ledger_is_the_portfolio_on_two_markets_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
