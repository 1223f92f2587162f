/*
 * holding.c: what strategies hold, so that a session that was killed goes on where it was.
 */
#include "store_private.h"

#include <string.h>

hean_status store_has(store *self, const char *id, bool *out, hean_error *error)
{
    int64_t key = store_key(id, strlen(id));
    sqlite3_stmt *statement = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_HAS, &statement, &row, error, "iit", key,
                                   key + STORE_KEY_PROBES - 1, id);

    if (status != HEAN_OK)
        return status;
    if (row)
        (void)sqlite3_reset(statement);
    *out = row;
    return HEAN_OK;
}

hean_status store_set_holding(store *self, const store_holding *holding, hean_error *error)
{
    const hean_position *position = &holding->position;

    return sql_run(self, SQL_HOLDING_SET, error, "ttttiiiiii", holding->scope, holding->strategy,
                   holding->symbol, holding->lot, position->qty_lots, position->cost_e8,
                   position->realized_e8, position->fees_e8, position->funding_e8,
                   holding->execution_ns);
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text != NULL ? text : "";
}

hean_status store_each_holding(store *self, const char *scope, store_holding_fn each, void *context,
                               hean_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    hean_status status = sql_first(self, SQL_HOLDINGS, &statement, &row, error, "t", scope);

    while (status == HEAN_OK && row) {
        const store_holding holding = {
            .scope = scope,
            .strategy = text_of(statement, 0),
            .symbol = text_of(statement, 1),
            .lot = text_of(statement, 2),
            .position = {.qty_lots = sqlite3_column_int64(statement, 3),
                         .cost_e8 = sqlite3_column_int64(statement, 4),
                         .realized_e8 = sqlite3_column_int64(statement, 5),
                         .fees_e8 = sqlite3_column_int64(statement, 6),
                         .funding_e8 = sqlite3_column_int64(statement, 7)},
            .execution_ns = sqlite3_column_int64(statement, 8),
        };
        status = each(context, &holding, error);
        if (status == HEAN_OK)
            status = sql_step(self, statement, &row, error);
        else
            (void)sqlite3_reset(statement);
    }
    return status;
}
