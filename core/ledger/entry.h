/*
 * entry.h: ledger_check in two halves, for a ledger that has checked the account before.
 */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include <ledger/ledger.h>

hean_status entry_check_account(const char *id, const ledger_account *account,
                                hean_error *error) HEAN_WARN_UNUSED;
/* Everything but the account. */
hean_status entry_check_rest(const ledger_posting *posting, hean_error *error) HEAN_WARN_UNUSED;

#endif
