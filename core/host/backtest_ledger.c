/*
 * backtest_ledger.c: the ledger of a finished backtest, from what its engine told.
 *
 * The events come from a process that ran a stranger's script: each is checked here, and the sums
 * must agree with the account that the same process reported (K4 of host/backtest.h).
 */
#include "backtest_private.h"

#include <host/post.h>

#include <string.h>

static void hash_text(hash_sha256 *hash, const char *text)
{
    hash_sha256_update(hash, text, strlen(text) + 1);
}

/* "bt-" and the first 16 digits of a hash over all that a result depends on, and the orders that
 * came of it: another version of the engine that trades otherwise makes another run. */
static hean_status name_run(const backtest_options *options, backtest_result *out,
                            hean_error *error)
{
    hash_sha256 *hash;
    uint8_t digest[HASH_SHA256_BYTES];
    char hex[HASH_SHA256_HEX_BYTES];
    hean_status status;

    if (options->run != NULL)
        return base_text_copy(out->run, sizeof out->run, options->run)
                   ? HEAN_OK
                   : base_fail(error, HEAN_E_RANGE, "backtest: expected a run of at most %d bytes",
                               LEDGER_NAME_BYTES);
    status = hash_sha256_open(base_allocator_default(), &hash);

    if (status != HEAN_OK)
        return base_fail(error, status, "backtest: the run's id: out of memory");
    hash_text(hash, out->data_sha256);
    hash_text(hash, out->script_sha256);
    hash_text(hash, out->orders_hash);
    hash_text(hash, out->strategy);
    hash_text(hash, options->process != NULL ? options->process : "");
    hash_text(hash, options->params_json != NULL ? options->params_json : "");
    hash_sha256_update(hash, &options->capital_e8, sizeof options->capital_e8);
    hash_sha256_update(hash, &options->opportunity_e12, sizeof options->opportunity_e12);
    hash_sha256_digest(hash, digest);
    hash_sha256_close(hash);
    hash_hex(digest, sizeof digest, hex);
    (void)snprintf(out->run, sizeof out->run, "bt-%.16s", hex);
    return HEAN_OK;
}

static hean_status emit(void *context, const ledger_posting *postings, size_t count,
                        hean_error *error)
{
    ledger_result result;
    hean_status status = ledger_post(context, postings, count, &result, error);

    if (status == HEAN_OK && result.repeated > 0)
        status = base_fail(error, HEAN_E_CORRUPT, "backtest: %s was told twice", postings[0].id);
    return status;
}

/* What no engine tells, a script that broke out of its VM may have written. */
static bool plausible(const hean_event *event, const market_data *data, int64_t last_ns)
{
    return (event->kind == HEAN_EVENT_FILL || event->kind == HEAN_EVENT_FUNDING) &&
           event->strategy == 0 && event->instrument < data->info.instruments &&
           event->local_ns >= last_ns && event->local_ns <= data->info.last_local_ns &&
           event->exch_ns > 0 && event->exch_ns <= event->local_ns;
}

static hean_status post_all(const replay_money *money, const market_data *data, post *poster,
                            hean_error *error)
{
    uint64_t count = money->count;
    int64_t last_ns = data->info.first_local_ns;
    hean_status status = HEAN_OK;

    if (count > REPLAY_MONEY_EVENTS_MAX)
        return base_fail(error, HEAN_E_CORRUPT, "backtest: the report is damaged");
    for (uint64_t i = 0; status == HEAN_OK && i < count; i++) {
        const hean_event *event = &money->events[i];
        if (!plausible(event, data, last_ns))
            return base_fail(error, HEAN_E_CORRUPT,
                             "backtest: account event %llu of the report cannot be",
                             (unsigned long long)i);
        last_ns = event->local_ns;
        status = post_event(poster, event, NULL, error);
    }
    if (status == HEAN_OK)
        status = post_end(poster, data->info.last_local_ns, error);
    return status;
}

static hean_status add_group(void *context, const ledger_group *group, hean_error *error)
{
    hean_status status = ledger_sums_add(context, &group->sums);

    return status == HEAN_OK ? HEAN_OK
                             : base_fail(error, status, "backtest: the ledger's sums do not fit");
}

/* The account adds what different currencies settle: so does this comparison, and nothing else. */
static hean_status check_conservation(const ledger *book, const hean_account *account,
                                      hean_error *error)
{
    ledger_filter all = ledger_filter_all();
    ledger_sums sums = {0};
    hean_status status = ledger_balances(book, &all, 0, add_group, &sums, error);

    if (status != HEAN_OK)
        return status;
    if (sums.amount_e8[LEDGER_PNL] != account->realized_e8 ||
        sums.amount_e8[LEDGER_FEE] != account->fees_e8 ||
        sums.amount_e8[LEDGER_FUNDING] != account->funding_e8)
        return base_fail(error, HEAN_E_INVARIANT,
                         "backtest: the ledger's sums differ from the account's (K4)");
    return HEAN_OK;
}

static hean_status open_post(const backtest_options *options, const market_data *data,
                             const hean_allocator *allocator, const backtest_result *result,
                             ledger *book, post **out, hean_error *error)
{
    const hean_instrument *specs[MARKET_INSTRUMENTS_MAX];
    post_strategy strategy = {
        .process = options->process != NULL ? options->process : result->strategy,
        .name = result->strategy,
        .capital_e8 = options->capital_e8,
    };
    post_options posting = {
        .allocator = allocator,
        .mode = LEDGER_BACKTEST,
        .run = result->run,
        .strategies = &strategy,
        .strategy_count = 1,
        .instruments = specs,
        .instrument_count = data->info.instruments,
        .opportunity_e12 = options->opportunity_e12,
        .start_ns = data->info.first_local_ns,
        .emit = emit,
        .context = book,
    };

    for (size_t i = 0; i < data->info.instruments; i++)
        specs[i] = &data->instruments[i].spec;
    return post_open(&posting, out, error);
}

hean_status report_ledger(const replay_report *report, const replay_money *money,
                          const backtest_options *options, const market_data *data,
                          const hean_allocator *allocator, backtest_result *out, hean_error *error)
{
    uint8_t digest[HASH_SHA256_BYTES];
    ledger *book = NULL;
    post *poster = NULL;
    hean_status status = name_run(options, out, error);

    if (status == HEAN_OK)
        status = ledger_open(allocator, &book, error);
    if (status == HEAN_OK)
        status = open_post(options, data, allocator, out, book, &poster, error);
    if (status == HEAN_OK)
        status = post_all(money, data, poster, error);
    if (status == HEAN_OK)
        status = check_conservation(book, &report->account, error);
    post_close(poster);
    if (status != HEAN_OK) {
        ledger_close(book);
        return status;
    }
    ledger_head(book, digest);
    hash_hex(digest, sizeof digest, out->ledger_hash);
    out->ledger = book;
    return HEAN_OK;
}

typedef struct recording {
    const backtest_result *result;
    const ledger_posting *postings;
    uint64_t count;
    ledger_result *posted;
} recording;

static hean_status record(store *into, void *context, hean_error *error)
{
    const recording *what = context;
    hean_status status = store_post(into, what->postings, what->count, what->posted, error);

    return status == HEAN_OK ? backtest_count(what->result, into, NULL, error) : status;
}

hean_status backtest_record(const backtest_result *result, store *into, ledger_result *posted,
                            hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    uint64_t count;
    ledger_posting *postings;
    hean_status status = HEAN_OK;

    if (result->ledger == NULL)
        return base_fail(error, HEAN_E_STATE, "the backtest did not end: it has no ledger");
    count = ledger_entries(result->ledger);
    postings = base_alloc_array(allocator, count, sizeof *postings);
    if (postings == NULL && count > 0)
        return base_fail(error, HEAN_E_NO_MEMORY, "backtest: out of memory");
    for (uint64_t i = 0; status == HEAN_OK && i < count; i++)
        status = ledger_entry(result->ledger, i, &postings[i]);
    if (status == HEAN_OK)
        status =
            store_transaction(into, record, &(recording){result, postings, count, posted}, error);
    base_free(allocator, postings);
    return status;
}
