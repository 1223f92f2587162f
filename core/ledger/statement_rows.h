/*
 * statement_rows.h: the parts of reading a statement: statement_csv.c makes rows, statement_chain.c
 * orders them, statement.c makes postings.
 */
#ifndef LEDGER_STATEMENT_ROWS_H
#define LEDGER_STATEMENT_ROWS_H

#include <ledger/statement.h>

/* One row. Texts are in statement_table.texts, "" where there is none. */
typedef struct statement_row {
    size_t line;
    int64_t time_ns;
    const char *uid, *currency, *contract, *type, *trade, *order;
    base_int128 funding_e20, fee_e20; /* received, paid */
    base_int128 cash_flow_e20;
    base_int128 change_e20, balance_e20;
} statement_row;

typedef struct statement_table {
    const hean_allocator *allocator;
    char *texts;
    statement_row *rows;
    size_t count, capacity;
} statement_table;

void statement_table_deinit(statement_table *table);
hean_status statement_table_read(statement_table *table, const char *bytes, size_t length,
                                 hean_error *error) HEAN_WARN_UNUSED;
/* -1, 0 or 1: by UID and currency. */
int statement_compare_wallets(const statement_row *a, const statement_row *b);
/* Puts the rows of one wallet, sorted by time, in the order in which they changed it (B1). */
hean_status statement_order(const hean_allocator *allocator, statement_row *rows, size_t count,
                            hean_error *error) HEAN_WARN_UNUSED;

#endif
