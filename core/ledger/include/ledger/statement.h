/*
 * statement.h: a venue's account statement as postings: each row once, in the order in which the
 * wallet changed, and every total proved from the wallet's own balances.
 *
 * The format is "bybit-asset-change", the asset changes that Bybit's web page exports: a line
 * "UID: ...", then CSV with the columns Uid, Time, Currency, Contract, Type, Direction, Quantity,
 * Position, Filled Price, Funding, Fee Paid, Cash Flow, Change, Wallet Balance, Fee Rate, Trade ID,
 * Order ID. Columns are found by their names; those that say nothing about money may be missing.
 *
 * What becomes of a row, Change = Cash Flow + Funding - Fee Paid
 *   Fee Paid    FEE, whatever the row's type; a file that writes paid fees as negative amounts and
 *               adds them is read as it means it, if all of it does
 *   Funding     FUNDING
 *   Cash Flow   by the row's type:
 *     PNL       TRADE DELIVERY LIQUIDATION ADL SETTLEMENT (a session's profit): what a position
 *               brought. A spot trade is two rows in two currencies, and each is the PNL of its own
 *               currency only
 *     REWARD    BONUS AIRDROP and their like
 *     FEE       FEE_REFUND and their like, as negative fees
 *     FUNDING   INTEREST: what borrowed money cost
 *     capital   transfers, conversions, loans, stakes: counted and shown, never posted
 *   A type that is not listed is refused by its name, unless the caller says what it is.
 *
 * Invariants
 *   B1  per UID and currency, rows follow each other: each wallet balance is the one before it plus
 *       the row's change, exactly. A statement with a gap is refused as a whole.
 *   B2  what is posted and the capital add up to the last balance minus the first, to the last
 * 1e-8. Statements may have more decimals than a ledger: then balances are rounded half-even, a
 *       row's cash flow is what is left of the step between two rounded balances, and so no
 *       rounding is lost.
 *   B3  a row's postings have the same ids and content in whatever file, order or company it
 * stands.
 *
 * Must not know: files, clocks, stores.
 */
#ifndef LEDGER_STATEMENT_H
#define LEDGER_STATEMENT_H

#include <ledger/ledger.h>

/* What the cash flow of a type of rows is: a ledger_kind, or this. */
#define STATEMENT_CAPITAL LEDGER_KIND_COUNT

#define STATEMENT_SCALE10 20 /* statements are read in units of 1e-20 */

/* "TYPE=KIND", KIND one of PNL, FEE, FUNDING, REWARD and CAPITAL: what a type is, listed or not. */
typedef struct statement_options {
    const char *const *treat;
    size_t treat_count;
    const char *process; /* that the postings belong to; NULL: "bybit:UID" */
} statement_options;

typedef struct statement statement;

/* The wallet of one UID in one currency. */
typedef struct statement_wallet {
    const char *uid, *currency;
    uint64_t rows;
    int64_t first_ns, last_ns;
    base_int128 opening_e20, closing_e20;
    ledger_sums sums;   /* of its postings */
    int64_t net_e8;     /* of them */
    int64_t capital_e8; /* closing - opening - net, rounded as in B2 */
} statement_wallet;

/* The rows of one type in one currency. */
typedef struct statement_type {
    const char *type, *currency;
    int cash_flow; /* ledger_kind or STATEMENT_CAPITAL */
    uint64_t rows;
    base_int128 change_e20;
} statement_type;

/* Reads and proves a whole statement.
 * Errors    HEAN_E_FORMAT (no such statement), HEAN_E_PARSE, HEAN_E_RANGE (a row cannot be read),
 *           HEAN_E_CORRUPT (numbers disagree or a balance does not follow: the row and both are
 * named), HEAN_E_INVALID (an unknown type, a bad option). Messages begin with "line N" where one
 *           row is to blame.
 * Lifetime  Nothing of `bytes` and `options` is kept. */
hean_status statement_read(const hean_allocator *allocator, const char *bytes, size_t length,
                           const statement_options *options, statement **out,
                           hean_error *error) HEAN_WARN_UNUSED;
void statement_close(statement *self);

uint64_t statement_rows(const statement *self);
/* Rows that stand in the statement more than once, whole. They count once. */
uint64_t statement_repeated_rows(const statement *self);

/* NULL from `index` on that there are none. */
const statement_wallet *statement_get_wallet(const statement *self, size_t index);
const statement_type *statement_get_type(const statement *self, size_t index);

/* All postings, wallet by wallet, in the order in which the wallet changed. */
const ledger_posting *statement_postings(const statement *self, size_t *count);

#endif
