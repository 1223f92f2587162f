/*
 * statement.c: from the rows of a statement to postings, and the proof that nothing is missing
 * (B2).
 */
#include "statement_rows.h"

#include <base/decimal.h>

#include <stdlib.h>
#include <string.h>

#define POSTINGS_PER_ROW 3
#define E20_PER_E8       BASE_E12
#define VENUE            "bybit:"

typedef struct wallet {
    statement_wallet shown;
    char run[LEDGER_NAME_BYTES + 1];
    char process[LEDGER_NAME_BYTES + 1];
} wallet;

struct statement {
    statement_table table;
    uint64_t repeated;
    wallet *wallets;
    size_t wallet_count;
    statement_type *types;
    size_t type_count, type_capacity;
    ledger_posting *postings;
    char (*ids)[LEDGER_ID_BYTES + 1];
    size_t posting_count;
};

/* ---- what types are ---- */

static const struct {
    const char *type;
    int cash_flow;
} known_types[] = {
    {"TRADE", LEDGER_PNL},
    {"DELIVERY", LEDGER_PNL},
    {"LIQUIDATION", LEDGER_PNL},
    {"ADL", LEDGER_PNL},
    {"SETTLEMENT", LEDGER_PNL},
    {"BONUS", LEDGER_REWARD},
    {"BONUS_RECOLLECT", LEDGER_REWARD},
    {"BONUS_TRANSFER_IN", LEDGER_REWARD},
    {"BONUS_TRANSFER_OUT", LEDGER_REWARD},
    {"AIRDROP", LEDGER_REWARD},
    {"FEE_REFUND", LEDGER_FEE},
    {"CUSTODY_NETWORK_FEE", LEDGER_FEE},
    {"CUSTODY_SETTLE_FEE", LEDGER_FEE},
    {"INTEREST", LEDGER_FUNDING},
    {"INTEREST_REPAYMENT_INS_LOAN", LEDGER_FUNDING},
    {"AUTO_INTEREST_REPAYMENT_INS_LOAN", LEDGER_FUNDING},
    {"TRANSFER_IN", STATEMENT_CAPITAL},
    {"TRANSFER_OUT", STATEMENT_CAPITAL},
    {"DEPOSIT", STATEMENT_CAPITAL},
    {"WITHDRAW", STATEMENT_CAPITAL},
    {"WITHDRAWAL", STATEMENT_CAPITAL},
    {"CURRENCY_BUY", STATEMENT_CAPITAL},
    {"CURRENCY_SELL", STATEMENT_CAPITAL},
    {"SPOT_REPAYMENT_BUY", STATEMENT_CAPITAL},
    {"SPOT_REPAYMENT_SELL", STATEMENT_CAPITAL},
    {"BORROWED_AMOUNT_INS_LOAN", STATEMENT_CAPITAL},
    {"PRINCIPLE_REPAYMENT_INS_LOAN", STATEMENT_CAPITAL},
    {"AUTO_PRINCIPLE_REPAYMENT_INS_LOAN", STATEMENT_CAPITAL},
    {"AUTO_SOLD_COLLATERAL_INS_LOAN", STATEMENT_CAPITAL},
    {"AUTO_BUY_LIABILITY_INS_LOAN", STATEMENT_CAPITAL},
    {"TRANSFER_IN_INS_LOAN", STATEMENT_CAPITAL},
    {"TRANSFER_OUT_INS_LOAN", STATEMENT_CAPITAL},
    {"LOANS_BORROW_FUNDS", STATEMENT_CAPITAL},
    {"LOANS_PLEDGE_ASSET", STATEMENT_CAPITAL},
    {"TOKENS_SUBSCRIPTION", STATEMENT_CAPITAL},
    {"TOKENS_REDEMPTION", STATEMENT_CAPITAL},
    {"FLEXIBLE_STAKING_SUBSCRIPTION", STATEMENT_CAPITAL},
    {"FLEXIBLE_STAKING_REDEMPTION", STATEMENT_CAPITAL},
    {"FLEXIBLE_STAKING_REFUND", STATEMENT_CAPITAL},
    {"FIXED_STAKING_SUBSCRIPTION", STATEMENT_CAPITAL},
    {"FIXED_STAKING_REFUND", STATEMENT_CAPITAL},
    {"CUSTODY_LOCK", STATEMENT_CAPITAL},
    {"CUSTODY_UNLOCK", STATEMENT_CAPITAL},
    {"CUSTODY_UNLOCK_REFUND", STATEMENT_CAPITAL},
};

/* The kind in "TYPE=KIND"; -1 if it is none. */
static int parse_treatment(const char *kind)
{
    ledger_kind found;

    if (strcmp(kind, "CAPITAL") == 0)
        return STATEMENT_CAPITAL;
    if (ledger_kind_parse(kind, &found) != HEAN_OK || found == LEDGER_OPPORTUNITY_COST)
        return -1;
    return (int)found;
}

static hean_status check_options(const statement_options *options, hean_error *error)
{
    if (options->process != NULL &&
        (options->process[0] == 0 || strlen(options->process) > LEDGER_NAME_BYTES))
        return base_fail(error, HEAN_E_INVALID, "process: expected 1 to %d bytes",
                         LEDGER_NAME_BYTES);
    for (size_t i = 0; i < options->treat_count; i++) {
        const char *equals = strchr(options->treat[i], '=');
        if (equals == NULL || equals == options->treat[i] || parse_treatment(equals + 1) < 0)
            return base_fail(error, HEAN_E_INVALID,
                             "%s: expected TYPE=KIND, KIND one of PNL, FEE, FUNDING, REWARD and "
                             "CAPITAL",
                             options->treat[i]);
    }
    return HEAN_OK;
}

static hean_status classify(const statement_row *row, const statement_options *options, int *out,
                            hean_error *error)
{
    size_t bytes = strlen(row->type);

    for (size_t i = 0; i < options->treat_count; i++) {
        const char *treat = options->treat[i];
        if (strncmp(treat, row->type, bytes) == 0 && treat[bytes] == '=') {
            *out = parse_treatment(treat + bytes + 1);
            return HEAN_OK;
        }
    }
    for (size_t i = 0; i < BASE_COUNT(known_types); i++) {
        if (strcmp(known_types[i].type, row->type) == 0) {
            *out = known_types[i].cash_flow;
            return HEAN_OK;
        }
    }
    return base_fail(error, HEAN_E_INVALID,
                     "line %zu: the type %s is unknown; say what its cash flow is with %s=KIND, "
                     "KIND one of PNL, FEE, FUNDING, REWARD and CAPITAL",
                     row->line, row->type, row->type);
}

/* ---- rows ---- */

static int compare_wide(base_int128 a, base_int128 b)
{
    return (a > b) - (a < b);
}

int statement_compare_wallets(const statement_row *a, const statement_row *b)
{
    int order = strcmp(a->uid, b->uid);
    return order != 0 ? order : strcmp(a->currency, b->currency);
}

/* By wallet, time and then everything else that a row says. */
static int compare_content(const statement_row *a, const statement_row *b)
{
    const int orders[] = {statement_compare_wallets(a, b),
                          compare_wide(a->time_ns, b->time_ns),
                          compare_wide(a->balance_e20, b->balance_e20),
                          compare_wide(a->change_e20, b->change_e20),
                          compare_wide(a->funding_e20, b->funding_e20),
                          compare_wide(a->fee_e20, b->fee_e20),
                          strcmp(a->trade, b->trade),
                          strcmp(a->order, b->order),
                          strcmp(a->type, b->type),
                          strcmp(a->contract, b->contract)};

    for (size_t i = 0; i < BASE_COUNT(orders); i++) {
        if (orders[i] != 0)
            return orders[i];
    }
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    const statement_row *x = a, *y = b;
    int order = compare_content(x, y);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorts, and drops rows that say the same as another one. */
static void sort_rows(statement *self)
{
    statement_row *rows = self->table.rows;
    size_t kept = 0;

    if (self->table.count == 0)
        return;
    qsort(rows, self->table.count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < self->table.count; i++) {
        if (kept > 0 && compare_content(&rows[kept - 1], &rows[i]) == 0)
            self->repeated++;
        else
            rows[kept++] = rows[i];
    }
    self->table.count = kept;
}

static hean_status count_type(statement *self, const statement_row *row, int cash_flow,
                              hean_error *error)
{
    statement_type *found = NULL;

    for (size_t i = 0; i < self->type_count && found == NULL; i++) {
        if (strcmp(self->types[i].type, row->type) == 0 &&
            strcmp(self->types[i].currency, row->currency) == 0)
            found = &self->types[i];
    }
    if (found == NULL) {
        if (!base_grow(self->table.allocator, (void **)&self->types, &self->type_capacity,
                       self->type_count + 1, sizeof *self->types))
            return base_fail(error, HEAN_E_NO_MEMORY, "no memory for another type");
        found = &self->types[self->type_count++];
        *found =
            (statement_type){.type = row->type, .currency = row->currency, .cash_flow = cash_flow};
    }
    found->rows++;
    if (__builtin_add_overflow(found->change_e20, row->change_e20, &found->change_e20))
        return base_fail(error, HEAN_E_RANGE, "line %zu: the changes of %s do not fit", row->line,
                         row->type);
    return HEAN_OK;
}

/* ---- postings ---- */

static hean_status to_e8(base_int128 value_e20, const statement_row *row, int64_t *out,
                         hean_error *error)
{
    hean_status status = decimal_divide(value_e20, E20_PER_E8, out);
    if (status != HEAN_OK)
        return base_fail(error, status, "line %zu: an amount does not fit 64 bits of 1e-8",
                         row->line);
    return HEAN_OK;
}

/* A number for what the row says, the same wherever it stands (B3). */
static void row_digest(const statement_row *row, char out[25])
{
    const base_int128 numbers[] = {row->time_ns,     row->change_e20, row->balance_e20,
                                   row->funding_e20, row->fee_e20,    row->cash_flow_e20};
    const char *texts[] = {row->uid,  row->currency, row->contract,
                           row->type, row->trade,    row->order};
    char bytes[6 * 80 + 6 * 48];
    char number[48];
    uint8_t digest[HASH_SHA256_BYTES];
    size_t length = 0;

    for (size_t i = 0; i < BASE_COUNT(texts); i++)
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "%s\n", texts[i]);
    for (size_t i = 0; i < BASE_COUNT(numbers); i++)
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "%s\n",
                                   decimal_format_scaled(numbers[i], 0, number, sizeof number));
    hash_sha256_of(bytes, length, digest);
    hash_hex(digest, 12, out);
}

/* The row's step of the rounded wallet, kind by kind; what no kind takes is capital. */
static hean_status split_row(const statement_row *row, int cash_flow,
                             int64_t amounts[LEDGER_KIND_COUNT], int64_t *capital_e8,
                             hean_error *error)
{
    int64_t before_e8, after_e8, fee_e8, funding_e8, rest_e8;
    hean_status status = to_e8(row->balance_e20 - row->change_e20, row, &before_e8, error);

    if (status == HEAN_OK)
        status = to_e8(row->balance_e20, row, &after_e8, error);
    if (status == HEAN_OK)
        status = to_e8(row->fee_e20, row, &fee_e8, error);
    if (status == HEAN_OK)
        status = to_e8(row->funding_e20, row, &funding_e8, error);
    if (status != HEAN_OK)
        return status;
    memset(amounts, 0, LEDGER_KIND_COUNT * sizeof *amounts);
    amounts[LEDGER_FEE] = fee_e8;
    amounts[LEDGER_FUNDING] = funding_e8;
    *capital_e8 = 0;
    {
        int64_t *into = cash_flow == STATEMENT_CAPITAL ? capital_e8 : &amounts[cash_flow];
        base_int128 rest = (base_int128)after_e8 - before_e8 - funding_e8 + fee_e8;
        /* A cash flow that is a cost is written as people read costs. */
        base_int128 sum = *into + (cash_flow == LEDGER_FEE ? -rest : rest);
        rest_e8 = (int64_t)sum;
        if (sum != rest_e8)
            return base_fail(error, HEAN_E_RANGE, "line %zu: an amount does not fit", row->line);
        *into = rest_e8;
    }
    return HEAN_OK;
}

static void post_row(statement *self, const wallet *of, const statement_row *row,
                     const int64_t amounts[LEDGER_KIND_COUNT])
{
    const char *reference = row->trade[0] != 0 ? row->trade : row->order[0] != 0 ? row->order : "-";
    char digest[25];

    row_digest(row, digest);
    for (int kind = 0; kind < LEDGER_KIND_COUNT; kind++) {
        ledger_posting *made = &self->postings[self->posting_count];
        char *id = self->ids[self->posting_count];
        if (amounts[kind] == 0)
            continue;
        (void)snprintf(id, sizeof *self->ids, VENUE "%s:%s:%s", reference, digest,
                       ledger_kind_text((ledger_kind)kind));
        *made = (ledger_posting){
            .id = id,
            .account = {LEDGER_IMPORTED, of->run, of->process, "", row->contract, row->currency},
            .time_ns = row->time_ns,
            .kind = (ledger_kind)kind,
            .amount_e8 = amounts[kind]};
        self->posting_count++;
    }
}

static hean_status take_row(statement *self, wallet *of, const statement_row *row,
                            const statement_options *options, hean_error *error)
{
    statement_wallet *shown = &of->shown;
    ledger_sums sums = {0};
    size_t first = self->posting_count;
    int64_t capital_e8;
    int cash_flow = STATEMENT_CAPITAL;
    hean_status status = classify(row, options, &cash_flow, error);

    if (status == HEAN_OK)
        status = count_type(self, row, cash_flow, error);
    if (status == HEAN_OK)
        status = split_row(row, cash_flow, sums.amount_e8, &capital_e8, error);
    if (status != HEAN_OK)
        return status;
    post_row(self, of, row, sums.amount_e8);
    sums.entries = self->posting_count - first;
    if (ledger_sums_add(&shown->sums, &sums) != HEAN_OK ||
        ledger_net(&shown->sums, &shown->net_e8) != HEAN_OK ||
        __builtin_add_overflow(shown->capital_e8, capital_e8, &shown->capital_e8))
        return base_fail(error, HEAN_E_RANGE, "line %zu: a sum does not fit", row->line);
    if (row->time_ns < shown->first_ns)
        shown->first_ns = row->time_ns;
    if (row->time_ns > shown->last_ns)
        shown->last_ns = row->time_ns;
    return HEAN_OK;
}

/* ---- wallets ---- */

/* B2, from the postings themselves and from the rows themselves. */
static hean_status prove(const statement *self, const wallet *of, const statement_row *rows,
                         size_t first_posting, hean_error *error)
{
    const statement_wallet *shown = &of->shown;
    base_int128 change = 0, posted = shown->capital_e8;
    int64_t opening_e8, closing_e8;
    bool fits = true;

    for (size_t i = 0; i < shown->rows; i++)
        fits = fits && !__builtin_add_overflow(change, rows[i].change_e20, &change);
    for (size_t i = first_posting; i < self->posting_count; i++) {
        const ledger_posting *posting = &self->postings[i];
        posted += posting->kind == LEDGER_FEE ? -(base_int128)posting->amount_e8
                                              : (base_int128)posting->amount_e8;
    }
    if (!fits || decimal_divide(shown->opening_e20, E20_PER_E8, &opening_e8) != HEAN_OK ||
        decimal_divide(shown->closing_e20, E20_PER_E8, &closing_e8) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "the wallet of %s in %s does not fit", shown->uid,
                         shown->currency);
    if (change != shown->closing_e20 - shown->opening_e20 ||
        posted != (base_int128)closing_e8 - opening_e8 ||
        (base_int128)shown->net_e8 + shown->capital_e8 != posted)
        return base_fail(
            error, HEAN_E_INVARIANT,
            "the wallet of %s in %s: what is posted is not what its balance changed by", shown->uid,
            shown->currency);
    return HEAN_OK;
}

static hean_status take_wallet(statement *self, wallet *into, statement_row *rows, size_t count,
                               const statement_options *options, hean_error *error)
{
    size_t first_posting = self->posting_count;
    hean_status status = statement_order(self->table.allocator, rows, count, error);

    if (status != HEAN_OK)
        return status;
    (void)snprintf(into->run, sizeof into->run, VENUE "%s", rows[0].uid);
    (void)snprintf(into->process, sizeof into->process, "%s",
                   options->process != NULL ? options->process : into->run);
    into->shown = (statement_wallet){.uid = rows[0].uid,
                                     .currency = rows[0].currency,
                                     .rows = count,
                                     .first_ns = rows[0].time_ns,
                                     .last_ns = rows[0].time_ns,
                                     .opening_e20 = rows[0].balance_e20 - rows[0].change_e20,
                                     .closing_e20 = rows[count - 1].balance_e20};
    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = take_row(self, into, &rows[i], options, error);
    return status != HEAN_OK ? status : prove(self, into, rows, first_posting, error);
}

static hean_status take_wallets(statement *self, const statement_options *options,
                                hean_error *error)
{
    statement_row *rows = self->table.rows;
    size_t count = self->table.count, wallets = 0, next;

    for (size_t i = 0; i < count; i++)
        wallets += i == 0 || statement_compare_wallets(&rows[i - 1], &rows[i]) != 0;
    self->wallets = base_alloc_array(self->table.allocator, wallets, sizeof *self->wallets);
    self->postings =
        base_alloc_array(self->table.allocator, count, POSTINGS_PER_ROW * sizeof *self->postings);
    self->ids =
        base_alloc_array(self->table.allocator, count, POSTINGS_PER_ROW * sizeof *self->ids);
    if (self->wallets == NULL || self->postings == NULL || self->ids == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for the postings of %zu rows", count);
    for (size_t i = 0; i < count; i = next) {
        hean_status status;
        for (next = i + 1; next < count; next++) {
            if (statement_compare_wallets(&rows[i], &rows[next]) != 0)
                break;
        }
        status = take_wallet(self, &self->wallets[self->wallet_count++], rows + i, next - i,
                             options, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status statement_read(const hean_allocator *allocator, const char *bytes, size_t length,
                           const statement_options *options, statement **out, hean_error *error)
{
    statement *self = base_alloc(allocator, sizeof *self);
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for a statement");
    self->table.allocator = allocator;
    status = check_options(options, error);
    if (status == HEAN_OK)
        status = statement_table_read(&self->table, bytes, length, error);
    if (status == HEAN_OK) {
        sort_rows(self);
        status = take_wallets(self, options, error);
    }
    if (status != HEAN_OK) {
        statement_close(self);
        return status;
    }
    *out = self;
    return HEAN_OK;
}

void statement_close(statement *self)
{
    const hean_allocator *allocator;

    if (self == NULL)
        return;
    allocator = self->table.allocator;
    base_free(allocator, self->wallets);
    base_free(allocator, self->types);
    base_free(allocator, self->postings);
    base_free(allocator, self->ids);
    statement_table_deinit(&self->table);
    base_free(allocator, self);
}

uint64_t statement_rows(const statement *self)
{
    return self->table.count;
}

uint64_t statement_repeated_rows(const statement *self)
{
    return self->repeated;
}

const statement_wallet *statement_get_wallet(const statement *self, size_t index)
{
    return index < self->wallet_count ? &self->wallets[index].shown : NULL;
}

const statement_type *statement_get_type(const statement *self, size_t index)
{
    return index < self->type_count ? &self->types[index] : NULL;
}

const ledger_posting *statement_postings(const statement *self, size_t *count)
{
    *count = self->posting_count;
    return self->postings;
}
