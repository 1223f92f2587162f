/*
 * cmd_ledger.h: the commands below `hean ledger`, listed in cmd_ledger.c, and what they share.
 */
#ifndef CLI_CMD_LEDGER_H
#define CLI_CMD_LEDGER_H

#include "cli.h"

#include <store/store.h>

int ledger_show_balances(int argc, char **argv);
int ledger_show_entries(int argc, char **argv);
int ledger_export(int argc, char **argv);
int ledger_import(int argc, char **argv);
int ledger_verify_store(int argc, char **argv);
int ledger_backup(int argc, char **argv);

/* What most of them take: a store and which of its entries count. */
typedef struct ledger_arguments {
    const char *store, *mode, *kind;
    int64_t from_ns, to_ns;
    ledger_filter filter; /* made of the above */
    bool as_json;
} ledger_arguments;

/* Reads argv by the common options and `count` more, without positional arguments, and opens the
 * store for reading. Returns -1 to go on, else the exit code. */
int ledger_start(ledger_arguments *out, const char *usage, const char *about,
                 const cli_option *more, size_t count, int argc, char **argv, store **opened);

/* "2024-08-08" into out (at least 40 bytes). */
char *ledger_day_text(int64_t day, char *out, size_t bytes);

#endif
