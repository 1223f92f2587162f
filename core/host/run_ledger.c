/*
 * run_ledger.c: see run_ledger.h. Postings are made by post.c; the store's own thread writes them.
 */
#include "run_ledger.h"

#include <base/decimal.h>
#include <engine/portfolio.h>
#include <host/post.h>
#include <store/store.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define NAME_LETTERS 8

struct run_ledger {
    const hean_allocator *allocator;
    session *session;
    char name[NAME_LETTERS + 1], run[48], scope[LEDGER_NAME_BYTES + 1];
    bool real;     /* holdings outlive the session */
    store *reader; /* NULL: nothing is kept */
    store_writer *writer;
    post *poster;
    uint64_t ticket;
    int64_t known_ns;
    hean_position *held; /* until the start: by strategy and instrument */
    bool started;
    const char *execution;
    int64_t execution_ns;
    const hean_event *event; /* being posted; NULL: hours */
    ledger_sums *sums;       /* by strategy and instrument */
    int64_t *costs_e8;       /* of capital, by strategy */
    run_ledger_totals totals;
    int64_t waiting_since_ns; /* the first entry that may not be on disk; 0: all are */
    bool restored;
    hean_error failure;
};

static size_t place(const run_ledger *self, size_t strategy, size_t instrument)
{
    return strategy * self->session->instrument_count + instrument;
}

static void note_failure(run_ledger *self, hean_status status, const hean_error *error)
{
    if (status == HEAN_OK || self->failure.status != HEAN_OK)
        return;
    self->failure = *error;
    self->failure.status = status;
}

/* ---- opening ---- */

static hean_status make_names(run_ledger *self, hean_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    const config_venue *venue_keys = &self->session->config->venue;
    uint8_t bytes[NAME_LETTERS];
    time_t now = (time_t)(base_clock_wall_ns() / BASE_NS_PER_S);
    struct tm parts;

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes ||
        gmtime_r(&now, &parts) == NULL)
        return base_fail(error, HEAN_E_IO, "session: no random bytes for its name");
    for (size_t i = 0; i < NAME_LETTERS; i++)
        self->name[i] = letters[bytes[i] % 32];
    (void)snprintf(self->run, sizeof self->run, "run-%04d%02d%02dT%02d%02d%02d-%s",
                   (parts.tm_year + 1900) % 10000, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec, self->name);
    if (snprintf(self->scope, sizeof self->scope, "%d %s", (int)venue_keys->category,
                 venue_keys->rest_url) >= (int)sizeof self->scope)
        return base_fail(error, HEAN_E_LIMIT, "session: venue.rest_url is too long");
    return HEAN_OK;
}

static hean_status note_known(void *context, const store_holding *row, hean_error *error)
{
    run_ledger *self = context;

    (void)error;
    if (row->execution_ns > self->known_ns)
        self->known_ns = row->execution_ns;
    return HEAN_OK;
}

#define VERIFY_ENTRIES_MAX 2000000 /* a second or two; more is left to `hean ledger verify` */

/* A ledger that is damaged takes no real money; on paper it is shown and goes on. */
static hean_status check_chain(run_ledger *self, hean_error *error)
{
    store_info info;
    hean_error detail = {0};
    hean_status status = store_get_info(self->reader, &info, error);

    if (status != HEAN_OK || info.entries > VERIFY_ENTRIES_MAX)
        return status;
    status = store_verify(self->reader, self->session->options->stop, NULL, &detail);
    if (status != HEAN_E_INVARIANT && status != HEAN_E_CORRUPT)
        return status == HEAN_OK ? HEAN_OK : base_fail(error, status, "%s", detail.message);
    self->totals.damaged = true;
    if (self->real)
        return base_fail(error, status, "%.480s", detail.message);
    if (self->session->options->log.write != NULL)
        self->session->options->log.write(self->session->options->log.context, HEAN_LOG_ERROR, 0,
                                          "ledger", detail.message);
    return HEAN_OK;
}

static hean_status open_store(run_ledger *self, hean_error *error)
{
    const char *path = self->session->options->store_path;
    store *writes = NULL;
    hean_status status;

    if (path == NULL)
        return HEAN_OK;
    status = store_open(self->allocator, path, STORE_WRITE, &writes, error);
    if (status == HEAN_OK)
        status = store_open(self->allocator, path, STORE_READ, &self->reader, error);
    if (status == HEAN_OK)
        status = store_writer_open(self->allocator, writes, &self->writer, error);
    if (status != HEAN_OK) {
        store_close(writes);
        return status;
    }
    status = check_chain(self, error);
    if (status != HEAN_OK)
        return status;
    return self->real ? store_each_holding(self->reader, self->scope, note_known, self, error)
                      : HEAN_OK;
}

hean_status run_ledger_open(session *owner, run_ledger **out, hean_error *error)
{
    run_ledger *self = base_alloc(owner->allocator, sizeof *self);
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "session: out of memory");
    self->allocator = owner->allocator;
    self->session = owner;
    self->real = owner->config->venue.source == CONFIG_SOURCE_BYBIT &&
                 owner->config->mode == CONFIG_MODE_LIVE;
    status = make_names(self, error);
    if (status == HEAN_OK && self->real && owner->options->store_path == NULL)
        status = base_fail(error, HEAN_E_INVALID,
                           "live trading needs a store: what is held must outlive the session");
    if (status == HEAN_OK)
        status = open_store(self, error);
    if (status != HEAN_OK)
        run_ledger_close(self);
    else
        *out = self;
    return status;
}

void run_ledger_close(run_ledger *self)
{
    hean_error error;

    if (self == NULL)
        return;
    post_close(self->poster);
    if (self->writer != NULL)
        (void)!store_writer_close(self->writer, &error); /* told by run_ledger_check and _end */
    store_close(self->reader);
    base_free(self->allocator, self->held);
    base_free(self->allocator, self->sums);
    base_free(self->allocator, self->costs_e8);
    base_free(self->allocator, self);
}

const char *run_ledger_name(const run_ledger *self)
{
    return self->name;
}

int64_t run_ledger_known_ns(const run_ledger *self)
{
    return self->known_ns;
}

/* ---- holdings ---- */

static void lot_text(const run_ledger *self, size_t instrument, char out[48])
{
    (void)decimal_format_units(1, self->session->instruments[instrument].spec.lot_size, out, 48);
}

static hean_status match_holding(void *context, const store_holding *row, hean_error *error)
{
    run_ledger *self = context;
    const session *owner = self->session;
    char lot[48];

    for (size_t i = 0; i < owner->config->strategy_count; i++) {
        for (size_t j = 0; j < owner->instrument_count; j++) {
            if (strcmp(owner->config->strategies[i].name, row->strategy) != 0 ||
                strcmp(owner->instruments[j].spec.symbol, row->symbol) != 0)
                continue;
            lot_text(self, j, lot);
            if (strcmp(lot, row->lot) != 0)
                return base_fail(error, HEAN_E_STATE,
                                 "%s: %s: it is held in lots of %s, which are %s now",
                                 row->strategy, row->symbol, row->lot, lot);
            self->held[place(self, i, j)] = row->position;
            return HEAN_OK;
        }
    }
    if (row->position.qty_lots != 0)
        host_log(owner->host, HEAN_LOG_WARN, "host",
                 "%s holds %lld lots of %s and is not part of this session", row->strategy,
                 (long long)row->position.qty_lots, row->symbol);
    return HEAN_OK;
}

/* The holding that an event left, for the same transaction. */
static bool holding_of(const run_ledger *self, const hean_event *event, char lot[48],
                       store_holding *out)
{
    const session *owner = self->session;

    if (!self->real)
        return false;
    *out = (store_holding){
        .scope = self->scope,
        .strategy = owner->config->strategies[event->strategy].name,
        .symbol = owner->instruments[event->instrument].spec.symbol,
        .lot = lot,
        .execution_ns = self->known_ns,
    };
    lot_text(self, event->instrument, lot);
    if (!self->started)
        out->position = self->held[place(self, event->strategy, event->instrument)];
    else if (hean_host_position(owner->host, event->strategy, event->instrument, &out->position) !=
             HEAN_OK)
        return false;
    return true;
}

int64_t run_ledger_held(const run_ledger *self, uint16_t instrument)
{
    int64_t sum = 0;

    for (size_t i = 0; i < self->session->config->strategy_count; i++) {
        hean_position position = {0};
        if (!self->started)
            position = self->held[place(self, i, instrument)];
        else if (hean_host_position(self->session->host, (uint16_t)i, instrument, &position) !=
                 HEAN_OK)
            continue;
        sum += position.qty_lots;
    }
    return sum;
}

/* ---- postings ---- */

static int64_t saturated(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* Sums for metrics; they never stop a posting. */
static void add_up(run_ledger *self, const ledger_posting *posting)
{
    const hean_event *event = self->event;
    int64_t amount_e8 = posting->amount_e8;
    ledger_sums one = {.entries = 1};

    self->totals.entries++;
    if (event == NULL) {
        for (size_t i = 0; i < self->session->config->strategy_count; i++) {
            if (strcmp(self->session->config->strategies[i].name, posting->account.strategy) == 0)
                self->costs_e8[i] = saturated(self->costs_e8[i], amount_e8);
        }
        return;
    }
    one.amount_e8[posting->kind] = amount_e8;
    (void)!ledger_sums_add(&self->sums[place(self, event->strategy, event->instrument)], &one);
    if (posting->kind == LEDGER_FEE && amount_e8 < 0)
        self->totals.fee_rebates_e8 = saturated(self->totals.fee_rebates_e8, -amount_e8);
    else if (posting->kind == LEDGER_FEE)
        self->totals.fees_paid_e8 = saturated(self->totals.fees_paid_e8, amount_e8);
    else if (posting->kind == LEDGER_FUNDING && amount_e8 < 0)
        self->totals.funding_paid_e8 = saturated(self->totals.funding_paid_e8, -amount_e8);
    else if (posting->kind == LEDGER_FUNDING)
        self->totals.funding_received_e8 = saturated(self->totals.funding_received_e8, amount_e8);
}

const ledger_sums *run_ledger_sums(const run_ledger *self, uint16_t strategy, uint16_t instrument)
{
    return &self->sums[place(self, strategy, instrument)];
}

ledger_sums run_ledger_strategy_sums(const run_ledger *self, uint16_t strategy)
{
    ledger_sums all = {0};

    for (size_t i = 0; i < self->session->instrument_count; i++)
        (void)!ledger_sums_add(&all, &self->sums[place(self, strategy, i)]);
    all.amount_e8[LEDGER_OPPORTUNITY_COST] = self->costs_e8[strategy];
    return all;
}

bool run_ledger_restored(const run_ledger *self)
{
    return self->restored;
}

void run_ledger_get_totals(run_ledger *self, int64_t monotonic_ns, run_ledger_totals *out)
{
    uint64_t durable = 0;

    *out = self->totals;
    out->failed = self->failure.status != HEAN_OK;
    if (self->writer == NULL)
        return;
    if (store_writer_durable(self->writer, &durable, NULL) != HEAN_OK)
        out->failed = true;
    if (durable >= self->ticket)
        self->waiting_since_ns = 0;
    out->lag_ns = self->waiting_since_ns > 0 ? monotonic_ns - self->waiting_since_ns : 0;
}

static hean_status emit(void *context, const ledger_posting *postings, size_t count,
                        hean_error *error)
{
    run_ledger *self = context;
    store_holding holding;
    char lot[48];
    bool held;

    for (size_t i = 0; i < count; i++)
        add_up(self, &postings[i]);
    if (self->writer == NULL)
        return HEAN_OK;
    if (self->waiting_since_ns == 0)
        self->waiting_since_ns = base_clock_monotonic_ns();
    held = self->event != NULL && holding_of(self, self->event, lot, &holding);
    return store_writer_submit_holding(self->writer, postings, count, held ? &holding : NULL,
                                       &self->ticket, error);
}

static void post_one(run_ledger *self, const hean_event *event)
{
    hean_error error = {0};

    if (self->execution_ns > self->known_ns)
        self->known_ns = self->execution_ns;
    self->event = event;
    note_failure(self, post_event(self->poster, event, self->execution, &error), &error);
    self->event = NULL;
}

void run_ledger_tap(void *context, const hean_event *event)
{
    run_ledger *self = context;

    if (event->kind == HEAN_EVENT_FILL || event->kind == HEAN_EVENT_FUNDING)
        post_one(self, event);
}

void run_ledger_execution(run_ledger *self, const char *id, int64_t time_ns)
{
    /* A venue of our own numbers its executions by its seed, again in every session. */
    self->execution = self->real ? id : NULL;
    self->execution_ns = id != NULL ? time_ns : 0;
}

hean_status run_ledger_attach(run_ledger *self, hean_error *error)
{
    const session *owner = self->session;
    size_t strategies = owner->config->strategy_count, instruments = owner->instrument_count;
    const hean_instrument **specs = base_alloc_array(self->allocator, instruments, sizeof *specs);
    post_strategy *rows = base_alloc_array(self->allocator, strategies, sizeof *rows);
    post_options options = {
        .allocator = self->allocator,
        .mode = self->real ? LEDGER_LIVE : LEDGER_PAPER,
        .run = self->run,
        .strategies = rows,
        .strategy_count = strategies,
        .instruments = specs,
        .instrument_count = instruments,
        .opportunity_e12 = POST_OPPORTUNITY_E12,
        .start_ns = owner->ledger_start_ns != 0 ? owner->ledger_start_ns : base_clock_wall_ns(),
        .emit = emit,
        .context = self,
    };
    hean_status status;

    self->held = base_alloc_array(self->allocator, strategies * instruments, sizeof *self->held);
    self->sums = base_alloc_array(self->allocator, strategies * instruments, sizeof *self->sums);
    self->costs_e8 = base_alloc_array(self->allocator, strategies, sizeof *self->costs_e8);
    if (specs == NULL || rows == NULL || self->held == NULL || self->sums == NULL ||
        self->costs_e8 == NULL) {
        status = base_fail(error, HEAN_E_NO_MEMORY, "session: out of memory");
        goto cleanup;
    }
    for (size_t i = 0; i < instruments; i++)
        specs[i] = &owner->instruments[i].spec;
    for (size_t i = 0; i < strategies; i++)
        rows[i] = (post_strategy){.process = owner->config->strategies[i].name,
                                  .name = owner->config->strategies[i].name,
                                  .capital_e8 = owner->config->strategies[i].capital_e8};
    status = post_open(&options, &self->poster, error);
    if (status == HEAN_OK && self->real)
        status = store_each_holding(self->reader, self->scope, match_holding, self, error);
cleanup:
    base_free(self->allocator, specs);
    base_free(self->allocator, rows);
    return status;
}

hean_status run_ledger_restore(run_ledger *self, hean_error *error)
{
    const session *owner = self->session;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < owner->config->strategy_count; i++) {
        for (size_t j = 0; status == HEAN_OK && j < owner->instrument_count; j++) {
            const hean_position *position = &self->held[place(self, i, j)];
            if (memcmp(position, &(hean_position){0}, sizeof *position) != 0)
                self->restored = true;
            if (position->qty_lots != 0)
                host_log(owner->host, HEAN_LOG_INFO, "host", "%s goes on with %lld lots of %s",
                         owner->config->strategies[i].name, (long long)position->qty_lots,
                         owner->instruments[j].spec.symbol);
            status = engine_restore(owner->host->engine, (uint16_t)i, (uint16_t)j, position, error);
        }
    }
    self->started = status == HEAN_OK;
    return status;
}

/* G2: was it posted by an earlier session? */
static hean_status is_posted(run_ledger *self, const char *execution, bool *posted,
                             hean_error *error)
{
    char id[LEDGER_ID_BYTES + 1];

    *posted = false;
    if (self->reader == NULL)
        return HEAN_OK;
    (void)snprintf(id, sizeof id, "exec:%s:pnl", execution);
    return store_has(self->reader, id, posted, error);
}

hean_status run_ledger_late_fill(run_ledger *self, const venue_event *fill, const hean_event *event,
                                 bool *applied, hean_error *error)
{
    session *owner = self->session;
    hean_event own = *event;
    bool posted;
    hean_status status = is_posted(self, fill->exec_id, &posted, error);

    *applied = false;
    if (status != HEAN_OK || posted || event->strategy >= owner->config->strategy_count)
        return status;
    *applied = true;
    run_ledger_execution(self, fill->exec_id, fill->time_ns);
    if (self->started) { /* the engine tells, and the tap posts */
        status = host_settle(owner->host, event->strategy, &own, error);
    } else {
        hean_position *position = &self->held[place(self, event->strategy, event->instrument)];
        status =
            portfolio_fill(position, &owner->instruments[event->instrument], (hean_side)own.side,
                           own.data.fill.price_ticks, own.data.fill.qty_lots, own.data.fill.fee_e8,
                           &own.data.fill.realized_e8);
        if (status == HEAN_OK)
            post_one(self, &own);
        else
            status = base_fail(error, status, "execution %s does not fit the position of %s",
                               fill->exec_id, owner->config->strategies[event->strategy].name);
    }
    run_ledger_execution(self, NULL, 0);
    return status;
}

/* ---- time and end ---- */

hean_status run_ledger_check(run_ledger *self, int64_t now_ns, hean_error *error)
{
    hean_error detail = {0};
    uint64_t durable;

    if (self->poster != NULL)
        note_failure(self, post_time(self->poster, now_ns, &detail), &detail);
    if (self->writer != NULL)
        note_failure(self, store_writer_durable(self->writer, &durable, &detail), &detail);
    if (self->failure.status != HEAN_OK && error != NULL)
        *error = self->failure;
    return self->failure.status;
}

hean_status run_ledger_end(run_ledger *self, int64_t now_ns, hean_error *error)
{
    hean_error detail = {0};

    if (self->poster != NULL)
        note_failure(self, post_end(self->poster, now_ns, &detail), &detail);
    if (self->writer != NULL && self->ticket > 0)
        note_failure(self, store_writer_wait(self->writer, self->ticket, &detail), &detail);
    return run_ledger_check(self, now_ns, error);
}

/* ---- funding ---- */

void run_funding_split(const int64_t *lots, size_t count, int64_t amount_e8, int64_t *shares_e8)
{
    base_int128 sum = 0;
    base_int128 given = 0;

    for (size_t i = 0; i < count; i++) {
        sum += lots[i];
        shares_e8[i] = 0;
    }
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        base_int128 share = sum != 0 ? (base_int128)amount_e8 * lots[i] / sum : 0;
        if (sum == 0 || share > INT64_MAX || share < INT64_MIN) {
            memset(shares_e8, 0, count * sizeof *shares_e8);
            shares_e8[0] = amount_e8;
            return;
        }
        shares_e8[i] = (int64_t)share;
        given += share;
    }
    /* What truncation left is fewer units than there are strategies: each to the largest part cut
     * off, the first among equals. */
    while (given != amount_e8) {
        base_int128 largest = -1;
        size_t who = 0;
        int64_t unit = given < amount_e8 ? 1 : -1;
        for (size_t i = 0; i < count; i++) {
            base_int128 cut =
                ((base_int128)amount_e8 * lots[i] - (base_int128)shares_e8[i] * sum) * unit;
            if (sum < 0)
                cut = -cut;
            if (cut > largest) {
                largest = cut;
                who = i;
            }
        }
        shares_e8[who] += unit;
        given += unit;
    }
}
