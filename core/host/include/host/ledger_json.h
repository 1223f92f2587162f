/*
 * ledger_json.h: sums of the ledger as members of a JSON object, with the same keys wherever they
 * are shown: mode, run, process, strategy, symbol, day (as far as the group is split by them),
 * currency, pnl, funding, rewards, fees, opportunity_cost, net, profit_illusion, entries,
 * estimated.
 */
#ifndef HOST_LEDGER_JSON_H
#define HOST_LEDGER_JSON_H

#include <base/json.h>
#include <ledger/ledger.h>

void host_ledger_group_json(base_json *json, const ledger_group *group);

#endif
