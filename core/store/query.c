/*
 * query.c: balances, entries and the chain of one run.
 *
 * Sums come from the balances that are kept, of the highest level that still tells apart what is
 * asked for, so that their cost grows with the answer and hardly with the ledger. Entries are
 * looked for only between the first and the last one that such balances know of.
 */
#include "store_private.h"

#include <string.h>

/* ---- rows ---- */

/* A text without a 0 inside; NULL if it is not one. */
static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    if (text == NULL || strlen(text) != (size_t)sqlite3_column_bytes(row, column))
        return NULL;
    return text;
}

hean_status query_posting(sqlite3_stmt *row, int first, int64_t sequence, ledger_posting *out,
                          hean_error *error)
{
    hean_error detail;

    out->id = text_of(row, first);
    out->time_ns = sqlite3_column_int64(row, first + 1);
    out->kind = (ledger_kind)sqlite3_column_int(row, first + 2);
    out->amount_e8 = sqlite3_column_int64(row, first + 3);
    out->basis = text_of(row, first + 4);
    out->account = (ledger_account){.mode = (ledger_mode)sqlite3_column_int(row, first + 5),
                                    .run = text_of(row, first + 6),
                                    .process = text_of(row, first + 7),
                                    .strategy = text_of(row, first + 8),
                                    .symbol = text_of(row, first + 9),
                                    .currency = text_of(row, first + 10)};
    if (out->basis == NULL)
        return base_fail(error, HEAN_E_CORRUPT, "entry %lld: its basis is no text",
                         (long long)sequence);
    if (ledger_check(out, &detail) != HEAN_OK)
        return base_fail(error, HEAN_E_CORRUPT, "entry %lld: %s", (long long)sequence,
                         detail.message);
    return HEAN_OK;
}

hean_status query_head(store *self, uint64_t *entries, uint8_t hash[HASH_SHA256_BYTES],
                       hean_error *error)
{
    sqlite3_stmt *head = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_HEAD, &head, &row, error, "");

    if (status != HEAN_OK)
        return status;
    if (!row)
        return base_fail(error, HEAN_E_CORRUPT, "%s: the row of head is missing", self->path);
    if (sqlite3_column_int64(head, 0) < 0 || sqlite3_column_bytes(head, 1) != HASH_SHA256_BYTES) {
        status = base_fail(error, HEAN_E_CORRUPT, "%s: the row of head is no count and hash",
                           self->path);
    } else {
        *entries = (uint64_t)sqlite3_column_int64(head, 0);
        memcpy(hash, sqlite3_column_blob(head, 1), HASH_SHA256_BYTES);
    }
    (void)sqlite3_reset(head);
    return status;
}

/* ---- filters as SQL ---- */

static bool all_days(const ledger_filter *filter)
{
    return filter->from_day == INT64_MIN && filter->to_day == INT64_MAX;
}

/* Which balances can answer: see STORE_LEVELS. */
static int level_of(const ledger_filter *filter, unsigned by)
{
    if (filter->run != NULL || (by & LEDGER_BY_RUN) != 0)
        return 0;
    if (filter->process != NULL || filter->strategy != NULL || filter->symbol != NULL ||
        (by & (LEDGER_BY_PROCESS | LEDGER_BY_STRATEGY | LEDGER_BY_SYMBOL)) != 0)
        return 1;
    return 2;
}

static void add_account_terms(base_buffer *sql, const ledger_filter *filter)
{
    if (filter->mode != LEDGER_ANY)
        base_buffer_printf(sql, " AND a.mode = :mode");
    if (filter->run != NULL)
        base_buffer_printf(sql, " AND a.run = :run");
    if (filter->process != NULL)
        base_buffer_printf(sql, " AND a.process = :process");
    if (filter->strategy != NULL)
        base_buffer_printf(sql, " AND a.strategy = :strategy");
    if (filter->symbol != NULL)
        base_buffer_printf(sql, " AND a.symbol = :symbol");
    if (filter->currency != NULL)
        base_buffer_printf(sql, " AND a.currency = :currency");
}

/* FROM and WHERE of the balances that a question needs. */
static void add_balances(base_buffer *sql, const ledger_filter *filter, unsigned by)
{
    static const char *const levels[STORE_LEVELS] = {
        "a.run <> ''", "a.run = '' AND a.process <> ''", "a.run = '' AND a.process = ''"};
    bool by_day = (by & LEDGER_BY_DAY) != 0;

    /* CROSS JOIN: SQLite keeps to this order. */
    base_buffer_printf(sql, " FROM account a CROSS JOIN balance b ON b.account = a.id WHERE %s",
                       levels[level_of(filter, by)]);
    add_account_terms(sql, filter);
    if (!by_day && all_days(filter))
        base_buffer_printf(sql, " AND b.day = -1");
    else
        base_buffer_printf(sql, " AND b.day >= max(:from_day, 0) AND b.day < :to_day");
    if (filter->kind != LEDGER_ANY)
        base_buffer_printf(sql, " AND b.kind = :kind");
}

static int bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    return index == 0 ? SQLITE_OK : sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static int bind_whole(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    return index == 0 ? SQLITE_OK : sqlite3_bind_int64(statement, index, value);
}

/* Prepares what was built, and binds the filter's values where the text names them. */
static hean_status prepare(store *self, base_buffer *sql, const ledger_filter *filter,
                           sqlite3_stmt **out, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    hean_status status = sql->failed ? base_fail(error, HEAN_E_NO_MEMORY, "out of memory")
                                     : sql_prepare(self, sql->data, &statement, error);

    base_buffer_deinit(sql);
    if (status != HEAN_OK)
        return status;
    if ((bind_whole(statement, ":mode", filter->mode) | bind_text(statement, ":run", filter->run) |
         bind_text(statement, ":process", filter->process) |
         bind_text(statement, ":strategy", filter->strategy) |
         bind_text(statement, ":symbol", filter->symbol) |
         bind_text(statement, ":currency", filter->currency) |
         bind_whole(statement, ":kind", filter->kind) |
         bind_whole(statement, ":from_day", filter->from_day) |
         bind_whole(statement, ":to_day", filter->to_day)) != SQLITE_OK) {
        status = sql_fail(self, error);
        (void)sqlite3_finalize(statement);
        return status;
    }
    *out = statement;
    return HEAN_OK;
}

/* ---- balances ---- */

#define SUM_COLUMN 7 /* the first of units and e8 of each kind */

static void add_group(base_buffer *sql, const char *clause, unsigned by)
{
    static const struct {
        unsigned bit;
        const char *column;
    } columns[] = {{LEDGER_BY_MODE, "a.mode, "},
                   {LEDGER_BY_RUN, "a.run, "},
                   {LEDGER_BY_PROCESS, "a.process, "},
                   {LEDGER_BY_STRATEGY, "a.strategy, "},
                   {LEDGER_BY_SYMBOL, "a.symbol, "}};

    base_buffer_printf(sql, " %s ", clause);
    for (size_t i = 0; i < BASE_COUNT(columns); i++) {
        if ((by & columns[i].bit) != 0)
            base_buffer_printf(sql, "%s", columns[i].column);
    }
    base_buffer_printf(sql, "a.currency%s", (by & LEDGER_BY_DAY) != 0 ? ", b.day" : "");
}

static hean_status prepare_balances(store *self, const ledger_filter *filter, unsigned by,
                                    sqlite3_stmt **out, hean_error *error)
{
    base_buffer sql;

    base_buffer_init(&sql, self->allocator);
    base_buffer_printf(&sql, "SELECT a.mode, a.run, a.process, a.strategy, a.symbol, a.currency, "
                             "b.day");
    for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++)
        base_buffer_printf(&sql,
                           ", sum(b.units) FILTER (WHERE b.kind = %d)"
                           ", sum(b.e8) FILTER (WHERE b.kind = %d)",
                           kind, kind);
    base_buffer_printf(&sql, ", sum(b.entries), sum(b.estimated)");
    add_balances(&sql, filter, by);
    add_group(&sql, "GROUP BY", by);
    add_group(&sql, "ORDER BY", by);
    return prepare(self, &sql, filter, out, error);
}

/* A text of what is split by; false if it is none. */
static bool split_text(sqlite3_stmt *row, int column, bool wanted, const char **out)
{
    *out = wanted ? text_of(row, column) : NULL;
    return !wanted || *out != NULL;
}

static hean_status read_group(sqlite3_stmt *row, unsigned by, ledger_group *out, hean_error *error)
{
    ledger_group group = {
        .mode = (by & LEDGER_BY_MODE) != 0 ? sqlite3_column_int(row, 0) : LEDGER_ANY,
        .day = (by & LEDGER_BY_DAY) != 0 ? sqlite3_column_int64(row, 6) : INT64_MIN,
    };
    int column = SUM_COLUMN;

    if (!split_text(row, 1, (by & LEDGER_BY_RUN) != 0, &group.run) ||
        !split_text(row, 2, (by & LEDGER_BY_PROCESS) != 0, &group.process) ||
        !split_text(row, 3, (by & LEDGER_BY_STRATEGY) != 0, &group.strategy) ||
        !split_text(row, 4, (by & LEDGER_BY_SYMBOL) != 0, &group.symbol) ||
        !split_text(row, 5, true, &group.currency) ||
        ((by & LEDGER_BY_DAY) != 0 && group.day > INT64_MAX / STORE_NS_PER_DAY))
        return base_fail(error, HEAN_E_CORRUPT, "a balance has names or a day that nobody posted");
    for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++, column += 2) {
        base_int128 amount = (base_int128)sqlite3_column_int64(row, column) * BASE_E8 +
                             sqlite3_column_int64(row, column + 1);
        if (amount > INT64_MAX || amount < INT64_MIN)
            return base_fail(error, HEAN_E_RANGE, "a sum does not fit; split it further");
        group.sums.amount_e8[kind] = (int64_t)amount;
    }
    group.sums.entries = (uint64_t)sqlite3_column_int64(row, column);
    group.sums.estimated = (uint64_t)sqlite3_column_int64(row, column + 1);
    if (ledger_net(&group.sums, &group.net_e8) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "the net in %s does not fit", group.currency);
    *out = group;
    return HEAN_OK;
}

hean_status store_balances(store *self, const ledger_filter *filter, unsigned by,
                           ledger_group_fn each, void *context, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    ledger_group group;
    bool row = false;
    hean_status status = prepare_balances(self, filter, by, &statement, error);

    if (status != HEAN_OK)
        return status;
    status = sql_step(self, statement, &row, error);
    while (status == HEAN_OK && row) {
        status = read_group(statement, by, &group, error);
        if (status == HEAN_OK)
            status = each(context, &group, error);
        if (status == HEAN_OK)
            status = sql_step(self, statement, &row, error);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* ---- entries ---- */

/* Where the entries of a filter can be: [first, last]; first 0 if there are none. */
static hean_status range_of(store *self, const ledger_filter *filter, int64_t *first, int64_t *last,
                            hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    base_buffer sql;
    bool row = false;
    hean_status status;

    base_buffer_init(&sql, self->allocator);
    base_buffer_printf(&sql, "SELECT min(b.first_sequence), max(b.last_sequence)");
    add_balances(&sql, filter, 0);
    status = prepare(self, &sql, filter, &statement, error);
    if (status != HEAN_OK)
        return status;
    status = sql_step(self, statement, &row, error);
    if (status == HEAN_OK) {
        *first = sqlite3_column_int64(statement, 0); /* NULL, of no rows, is 0 */
        *last = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* The end of a day in ns, or the nearest that fits. */
static int64_t day_ns(int64_t day)
{
    int64_t ns;
    if (__builtin_mul_overflow(day, STORE_NS_PER_DAY, &ns))
        return day < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static hean_status prepare_entries(store *self, const ledger_filter *filter, sqlite3_stmt **out,
                                   hean_error *error)
{
    base_buffer sql;

    base_buffer_init(&sql, self->allocator);
    base_buffer_printf(&sql,
                       "SELECT e.sequence, e.hash, e.id, e.time_ns, e.kind, e.amount_e8, e.basis, "
                       "a.mode, a.run, a.process, a.strategy, a.symbol, a.currency "
                       "FROM entry e CROSS JOIN account a ON a.id = e.account "
                       "WHERE e.sequence BETWEEN :first AND :last");
    add_account_terms(&sql, filter);
    if (filter->kind != LEDGER_ANY)
        base_buffer_printf(&sql, " AND e.kind = :kind");
    if (!all_days(filter))
        base_buffer_printf(&sql, " AND e.time_ns >= :from_ns AND e.time_ns < :to_ns");
    base_buffer_printf(&sql, " ORDER BY e.sequence LIMIT :limit");
    return prepare(self, &sql, filter, out, error);
}

static hean_status read_entry(sqlite3_stmt *row, store_entry *out, hean_error *error)
{
    int64_t sequence = sqlite3_column_int64(row, 0);

    if (sqlite3_column_bytes(row, 1) != HASH_SHA256_BYTES)
        return base_fail(error, HEAN_E_CORRUPT, "entry %lld: its hash is not %d bytes",
                         (long long)sequence, HASH_SHA256_BYTES);
    memcpy(out->hash, sqlite3_column_blob(row, 1), HASH_SHA256_BYTES);
    out->sequence = (uint64_t)sequence;
    return query_posting(row, 2, sequence, &out->posting, error);
}

static hean_status list_entries(store *self, sqlite3_stmt *statement, store_entry_fn each,
                                void *context, hean_error *error)
{
    store_entry entry;
    bool row = false;
    hean_status status = sql_step(self, statement, &row, error);

    while (status == HEAN_OK && row) {
        status = read_entry(statement, &entry, error);
        if (status == HEAN_OK)
            status = each(context, &entry, error);
        if (status == HEAN_OK)
            status = sql_step(self, statement, &row, error);
    }
    return status;
}

hean_status store_each_entry(store *self, const ledger_filter *filter, uint64_t after_sequence,
                             uint64_t limit, store_entry_fn each, void *context, hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    int64_t first, last;
    hean_status status = range_of(self, filter, &first, &last, error);

    if (status != HEAN_OK || first == 0 || after_sequence >= (uint64_t)last)
        return status;
    if (first <= (int64_t)after_sequence)
        first = (int64_t)after_sequence + 1;
    status = prepare_entries(self, filter, &statement, error);
    if (status != HEAN_OK)
        return status;
    if ((bind_whole(statement, ":first", first) | bind_whole(statement, ":last", last) |
         bind_whole(statement, ":from_ns", day_ns(filter->from_day)) |
         bind_whole(statement, ":to_ns", day_ns(filter->to_day)) |
         bind_whole(statement, ":limit", limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit)) !=
        SQLITE_OK)
        status = sql_fail(self, error);
    else
        status = list_entries(self, statement, each, context, error);
    (void)sqlite3_finalize(statement);
    return status;
}

/* ---- the chain of a run ---- */

typedef struct run_chain {
    uint8_t hash[HASH_SHA256_BYTES];
    bool any;
} run_chain;

static hean_status chain_entry(void *context, const store_entry *entry, hean_error *error)
{
    run_chain *chain = context;
    uint8_t digest[HASH_SHA256_BYTES];

    (void)error;
    ledger_account_digest(&entry->posting.account, digest);
    ledger_chain(chain->hash, digest, &entry->posting, chain->hash);
    chain->any = true;
    return HEAN_OK;
}

hean_status store_run_hash(store *self, const char *run, uint8_t out[HASH_SHA256_BYTES],
                           hean_error *error)
{
    ledger_filter filter = ledger_filter_all();
    run_chain chain = {.any = false};
    hean_status status;

    filter.run = run;
    status = store_each_entry(self, &filter, 0, 0, chain_entry, &chain, error);
    if (status != HEAN_OK)
        return status;
    if (!chain.any)
        return base_fail(error, HEAN_E_NOT_FOUND, "%s has no entries of the run %s", self->path,
                         run);
    memcpy(out, chain.hash, sizeof chain.hash);
    return HEAN_OK;
}
