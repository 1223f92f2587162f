/*
 * post.c: account events and passing hours as postings (T1, T2 of host/post.h).
 *
 * Pure: what it makes goes to a callback, and time is what it is told.
 */
#include "host_private.h"

#include <base/decimal.h>
#include <host/post.h>

#include <string.h>

#define HOUR_NS        (3600 * BASE_NS_PER_S)
#define HOURS_PER_YEAR 8760

struct post {
    post_options options; /* texts and lists are own copies */
    post_strategy *strategies;
    char (*currencies)[MARKET_CURRENCY_BYTES]; /* by instrument */
    char (*symbols)[HEAN_SYMBOL_BYTES];
    char *run;
    int64_t open_ns; /* the hours before it are posted */
};

/* ---- opening ---- */

static bool copy_strategies(post *self)
{
    const hean_allocator *allocator = self->options.allocator;

    for (size_t i = 0; i < self->options.strategy_count; i++) {
        const post_strategy *from = &self->options.strategies[i];
        self->strategies[i].capital_e8 = from->capital_e8;
        self->strategies[i].process = host_text_copy(allocator, from->process);
        self->strategies[i].name = host_text_copy(allocator, from->name);
        if (self->strategies[i].process == NULL || self->strategies[i].name == NULL)
            return false;
    }
    return true;
}

hean_status post_open(const post_options *options, post **out, hean_error *error)
{
    const hean_allocator *allocator = options->allocator;
    post *self;

    if (options->run == NULL || options->emit == NULL || options->instrument_count == 0)
        return base_fail(error, HEAN_E_INVALID, "post: expected a run, emit and an instrument");
    self = base_alloc(allocator, sizeof *self);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "post: out of memory");
    self->options = *options;
    self->open_ns = options->start_ns;
    self->run = host_text_copy(allocator, options->run);
    self->strategies =
        base_alloc_array(allocator, options->strategy_count, sizeof *self->strategies);
    self->currencies =
        base_alloc_array(allocator, options->instrument_count, sizeof *self->currencies);
    self->symbols = base_alloc_array(allocator, options->instrument_count, sizeof *self->symbols);
    if (self->run == NULL || self->strategies == NULL || self->currencies == NULL ||
        self->symbols == NULL || !copy_strategies(self)) {
        post_close(self);
        return base_fail(error, HEAN_E_NO_MEMORY, "post: out of memory");
    }
    for (size_t i = 0; i < options->instrument_count; i++) {
        market_settlement(options->instruments[i], self->currencies[i]);
        memcpy(self->symbols[i], options->instruments[i]->symbol, HEAN_SYMBOL_BYTES);
    }
    *out = self;
    return HEAN_OK;
}

void post_close(post *self)
{
    const hean_allocator *allocator;

    if (self == NULL)
        return;
    allocator = self->options.allocator;
    for (size_t i = 0; self->strategies != NULL && i < self->options.strategy_count; i++) {
        base_free(allocator, (void *)self->strategies[i].process);
        base_free(allocator, (void *)self->strategies[i].name);
    }
    base_free(allocator, self->strategies);
    base_free(allocator, self->currencies);
    base_free(allocator, self->symbols);
    base_free(allocator, self->run);
    base_free(allocator, self);
}

/* ---- hours ---- */

static ledger_account account_of(const post *self, size_t strategy, size_t instrument)
{
    return (ledger_account){
        .mode = self->options.mode,
        .run = self->run,
        .process = self->strategies[strategy].process,
        .strategy = self->strategies[strategy].name,
        .symbol = self->symbols[instrument],
        .currency = self->currencies[instrument],
    };
}

/* What a strategy's capital costs from open_ns to end_ns, which lie in one hour. In milliseconds:
 * capital * rate * ms fits 127 bits. */
static hean_status post_cost(post *self, size_t strategy, int64_t end_ns, hean_error *error)
{
    int64_t milliseconds = (end_ns - self->open_ns) / BASE_NS_PER_MS;
    base_int128 product = (base_int128)self->strategies[strategy].capital_e8 *
                          self->options.opportunity_e12 * milliseconds;
    ledger_posting posting = {
        .account = account_of(self, strategy, 0),
        .time_ns = end_ns,
        .kind = LEDGER_OPPORTUNITY_COST,
    };
    char id[LEDGER_ID_BYTES + 1];
    int length = snprintf(id, sizeof id, "cost:%s:%s:%lld", self->run, posting.account.strategy,
                          (long long)(self->open_ns / HOUR_NS));

    if (length < 0 || (size_t)length >= sizeof id)
        return base_fail(error, HEAN_E_RANGE, "post: run and strategy %s: their names are too long",
                         posting.account.strategy);
    if (decimal_divide(product, (base_int128)BASE_E12 * HOURS_PER_YEAR * (HOUR_NS / BASE_NS_PER_MS),
                       &posting.amount_e8) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "post: the cost of %s's capital does not fit",
                         posting.account.strategy);
    posting.id = id;
    posting.account.symbol = "";
    if (posting.amount_e8 == 0)
        return HEAN_OK;
    return self->options.emit(self->options.context, &posting, 1, error);
}

static hean_status close_hour(post *self, int64_t end_ns, hean_error *error)
{
    hean_status status = HEAN_OK;

    if (self->options.opportunity_e12 != 0) {
        for (size_t i = 0; status == HEAN_OK && i < self->options.strategy_count; i++)
            status = post_cost(self, i, end_ns, error);
    }
    if (status == HEAN_OK)
        self->open_ns = end_ns;
    return status;
}

hean_status post_time(post *self, int64_t now_ns, hean_error *error)
{
    hean_status status = HEAN_OK;

    while (status == HEAN_OK) {
        int64_t end_ns = (self->open_ns / HOUR_NS + 1) * HOUR_NS;
        if (end_ns > now_ns)
            break;
        status = close_hour(self, end_ns, error);
    }
    return status;
}

hean_status post_end(post *self, int64_t now_ns, hean_error *error)
{
    hean_status status = post_time(self, now_ns, error);

    if (status == HEAN_OK && now_ns > self->open_ns)
        status = close_hour(self, now_ns, error);
    return status;
}

/* ---- events ---- */

static hean_status fail_id(const post *self, hean_error *error)
{
    return base_fail(error, HEAN_E_RANGE, "post: an id of run %s is longer than %d bytes",
                     self->run, LEDGER_ID_BYTES);
}

static hean_status post_fill(post *self, const hean_event *event, const char *execution,
                             hean_error *error)
{
    char name[LEDGER_ID_BYTES + 1], ids[2][LEDGER_ID_BYTES + 1];
    ledger_posting postings[2];
    int length, longest = 0;

    if (execution == NULL) {
        length = snprintf(name, sizeof name, "%s.%llu", self->run,
                          (unsigned long long)event->data.fill.execution_id);
        if (length < 0 || (size_t)length >= sizeof name)
            return fail_id(self, error);
        execution = name;
    }
    for (size_t i = 0; i < 2; i++) {
        length = snprintf(ids[i], sizeof ids[i], "exec:%s:%s", execution, i == 0 ? "pnl" : "fee");
        longest = length < 0 || length > longest ? length : longest;
        postings[i] = (ledger_posting){
            .id = ids[i],
            .account = account_of(self, event->strategy, event->instrument),
            .time_ns = event->exch_ns,
            .kind = i == 0 ? LEDGER_PNL : LEDGER_FEE,
            .amount_e8 = i == 0 ? event->data.fill.realized_e8 : event->data.fill.fee_e8,
        };
    }
    if (longest < 0 || longest > LEDGER_ID_BYTES)
        return fail_id(self, error);
    return self->options.emit(self->options.context, postings, 2, error);
}

static hean_status post_funding(post *self, const hean_event *event, const char *execution,
                                hean_error *error)
{
    char id[LEDGER_ID_BYTES + 1];
    ledger_posting posting = {
        .id = id,
        .account = account_of(self, event->strategy, event->instrument),
        .time_ns = event->exch_ns,
        .kind = LEDGER_FUNDING,
        .amount_e8 = event->data.funding.paid_e8,
    };
    int length;

    if (execution != NULL)
        length = snprintf(id, sizeof id, "fund:%s:%s", execution, posting.account.strategy);
    else
        length = snprintf(id, sizeof id, "fund:%s:%s:%s:%lld", self->run, posting.account.strategy,
                          posting.account.symbol, (long long)event->exch_ns);
    if (length < 0 || length > LEDGER_ID_BYTES)
        return fail_id(self, error);
    return self->options.emit(self->options.context, &posting, 1, error);
}

hean_status post_event(post *self, const hean_event *event, const char *execution,
                       hean_error *error)
{
    hean_status status;

    if (event->kind != HEAN_EVENT_FILL && event->kind != HEAN_EVENT_FUNDING)
        return HEAN_OK;
    if (event->strategy >= self->options.strategy_count ||
        event->instrument >= self->options.instrument_count)
        return base_fail(error, HEAN_E_INVALID, "post: strategy %u or instrument %u does not exist",
                         event->strategy, event->instrument);
    status = post_time(self, event->local_ns, error);
    if (status != HEAN_OK)
        return status;
    if (event->kind == HEAN_EVENT_FILL)
        return post_fill(self, event, execution, error);
    return post_funding(self, event, execution, error);
}
