/*
 * ledger_import.c: `hean ledger import`: a venue's account statement into the ledger, each row
 * once.
 *
 * The statement is proved as a whole before anything is posted, and posted in one transaction.
 */
#include "cmd_ledger.h"

#include <ledger/statement.h>

#include <string.h>

#define INPUT_BYTES_MAX ((size_t)1 << 30)
#define FORMAT          "bybit-asset-change"

typedef unsigned long long whole;

typedef struct import {
    const char *path, *format, *store_path, *process;
    cli_list treat;
    bool as_json;
    ledger_result posted;
} import;

static const char *treated_as(int cash_flow)
{
    return cash_flow == STATEMENT_CAPITAL ? "CAPITAL" : ledger_kind_text((ledger_kind)cash_flow);
}

/* ---- JSON ---- */

static void wallet_json(cli_json *json, const statement_wallet *wallet)
{
    const int64_t *amounts = wallet->sums.amount_e8;

    cli_json_object(json, NULL);
    cli_json_text(json, "uid", wallet->uid);
    cli_json_text(json, "currency", wallet->currency);
    cli_json_whole(json, "rows", (int64_t)wallet->rows);
    cli_json_time(json, "first_time", wallet->first_ns);
    cli_json_time(json, "last_time", wallet->last_ns);
    cli_json_scaled(json, "opening_balance", wallet->opening_e20, STATEMENT_SCALE10);
    cli_json_scaled(json, "closing_balance", wallet->closing_e20, STATEMENT_SCALE10);
    cli_json_scaled(json, "pnl", amounts[LEDGER_PNL], 8);
    cli_json_scaled(json, "funding", amounts[LEDGER_FUNDING], 8);
    cli_json_scaled(json, "rewards", amounts[LEDGER_REWARD], 8);
    cli_json_scaled(json, "fees", amounts[LEDGER_FEE], 8);
    cli_json_scaled(json, "net", wallet->net_e8, 8);
    cli_json_scaled(json, "capital", wallet->capital_e8, 8);
    cli_json_whole(json, "entries", (int64_t)wallet->sums.entries);
    cli_json_object_end(json);
}

static int print_json(const import *self, const statement *read)
{
    const statement_wallet *wallet;
    const statement_type *type;
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "file", self->path);
    cli_json_text(&json, "format", FORMAT);
    cli_json_text(&json, "store", self->store_path);
    cli_json_whole(&json, "rows", (int64_t)statement_rows(read));
    cli_json_whole(&json, "repeated_rows", (int64_t)statement_repeated_rows(read));
    cli_json_whole(&json, "posted", (int64_t)self->posted.posted);
    cli_json_whole(&json, "repeated", (int64_t)self->posted.repeated);
    cli_json_array(&json, "wallets");
    for (size_t i = 0; (wallet = statement_get_wallet(read, i)) != NULL; i++)
        wallet_json(&json, wallet);
    cli_json_array_end(&json);
    cli_json_array(&json, "types");
    for (size_t i = 0; (type = statement_get_type(read, i)) != NULL; i++) {
        cli_json_object(&json, NULL);
        cli_json_text(&json, "type", type->type);
        cli_json_text(&json, "currency", type->currency);
        cli_json_text(&json, "cash_flow", treated_as(type->cash_flow));
        cli_json_whole(&json, "rows", (int64_t)type->rows);
        cli_json_scaled(&json, "change", type->change_e20, STATEMENT_SCALE10);
        cli_json_object_end(&json);
    }
    cli_json_array_end(&json);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

/* ---- a table for people ---- */

static void print_amount(base_int128 value, int scale10)
{
    char text[64];
    printf(" %18s", decimal_format_scaled(value, scale10, text, sizeof text));
}

static void print_tables(const import *self, const statement *read)
{
    const statement_wallet *wallet;
    const statement_type *type;

    printf("%-14s %-8s %7s %18s %18s %18s %18s %18s %18s %18s\n", "uid", "currency", "rows",
           "opening", "pnl", "funding", "rewards", "fees", "capital", "closing");
    for (size_t i = 0; (wallet = statement_get_wallet(read, i)) != NULL; i++) {
        printf("%-14s %-8s %7llu", wallet->uid, wallet->currency, (whole)wallet->rows);
        print_amount(wallet->opening_e20, STATEMENT_SCALE10);
        print_amount(wallet->sums.amount_e8[LEDGER_PNL], 8);
        print_amount(wallet->sums.amount_e8[LEDGER_FUNDING], 8);
        print_amount(wallet->sums.amount_e8[LEDGER_REWARD], 8);
        print_amount(wallet->sums.amount_e8[LEDGER_FEE], 8);
        print_amount(wallet->capital_e8, 8);
        print_amount(wallet->closing_e20, STATEMENT_SCALE10);
        printf("\n");
    }
    printf("\n%-32s %-8s %-8s %7s %18s\n", "type", "currency", "is", "rows", "change");
    for (size_t i = 0; (type = statement_get_type(read, i)) != NULL; i++) {
        printf("%-32s %-8s %-8s %7llu", type->type, type->currency, treated_as(type->cash_flow),
               (whole)type->rows);
        print_amount(type->change_e20, STATEMENT_SCALE10);
        printf("\n");
    }
    printf("\n%llu rows (%llu more stand there twice): %llu entries posted to %s, %llu were there "
           "already\n",
           (whole)statement_rows(read), (whole)statement_repeated_rows(read),
           (whole)self->posted.posted, self->store_path, (whole)self->posted.repeated);
}

/* ---- the import ---- */

static hean_status post_statement(import *self, const statement *read, hean_error *error)
{
    store *into = NULL;
    size_t count;
    const ledger_posting *postings = statement_postings(read, &count);
    hean_status status = store_open(NULL, self->store_path, STORE_WRITE, &into, error);

    if (status == HEAN_OK)
        status = store_post(into, postings, count, &self->posted, error);
    store_close(into);
    return status;
}

static hean_status read_statement(const import *self, statement **out, hean_error *error)
{
    const statement_options options = {self->treat.items, self->treat.count, self->process};
    const char *name = strcmp(self->path, "-") == 0 ? "stdin" : self->path;
    base_buffer input;
    hean_status status;

    base_buffer_init(&input, base_allocator_default());
    status = cli_read_input(self->path, &input, INPUT_BYTES_MAX, error);
    if (status == HEAN_OK) {
        status = statement_read(base_allocator_default(), input.data != NULL ? input.data : "",
                                input.length, &options, out, error);
        if (status != HEAN_OK)
            (void)base_fail_prefix(error, "%s", name);
    }
    base_buffer_deinit(&input);
    return status;
}

int ledger_import(int argc, char **argv)
{
import self = {.store_path = CLI_STORE_DEFAULT };
    const cli_option options[] = {
        {"--format", CLI_TEXT, &self.format, "FORMAT", "what FILE is: " FORMAT},
        {"--store", CLI_TEXT, &self.store_path, "FILE", "the store; " CLI_STORE_DEFAULT},
        {"--process", CLI_TEXT, &self.process, "P", "whom it belongs to; bybit:UID"},
        {"--treat", CLI_LIST, &self.treat, "TYPE=KIND...",
         "what a row's type is: PNL, FEE, FUNDING, REWARD or CAPITAL"},
        {"--json", CLI_FLAG, &self.as_json, NULL, "one JSON object"}};
    const cli_command command = {
        "hean ledger import FILE --format " FORMAT " [options]",
        "Posts a venue's account statement, each row once; - is stdin. A statement whose balances "
        "do not follow\nfrom each other is refused as a whole.",
        options,
        BASE_COUNT(options),
        1,
        1};
    hean_error error = {HEAN_OK, ""};
    statement *read = NULL;
    cli_list positional;
    int result = cli_parse(&command, argc, argv, &positional);

    if (result >= 0)
        return result;
    self.path = positional.items[0];
    if (self.format == NULL || strcmp(self.format, FORMAT) != 0)
        result =
            cli_usage("hean ledger import: expected --format " FORMAT "%s%s",
                      self.format != NULL ? ", got " : "", self.format != NULL ? self.format : "");
    else if (read_statement(&self, &read, &error) != HEAN_OK ||
             post_statement(&self, read, &error) != HEAN_OK)
        result = cli_fail(&error);
    else if (self.as_json)
        result = print_json(&self, read);
    else
        print_tables(&self, read);
    statement_close(read);
    cli_list_deinit(&positional);
    cli_list_deinit(&self.treat);
    return result < 0 ? CLI_EXIT_DONE : result;
}
