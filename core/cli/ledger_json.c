/*
 * ledger_json.c: sums of the ledger as JSON, with the same keys wherever they are shown.
 */
#include "cli.h"

#define DAY_NS (86400 * BASE_NS_PER_S)

static void print_text(cli_json *json, const char *key, const char *text)
{
    if (text != NULL)
        cli_json_text(json, key, text);
}

void cli_ledger_group_json(cli_json *json, const ledger_group *group)
{
    const int64_t *amounts = group->sums.amount_e8;
    char day[40];

    if (group->mode != LEDGER_ANY)
        cli_json_text(json, "mode", ledger_mode_text((ledger_mode)group->mode));
    print_text(json, "run", group->run);
    print_text(json, "process", group->process);
    print_text(json, "strategy", group->strategy);
    print_text(json, "symbol", group->symbol);
    if (group->day != INT64_MIN) {
        base_time_format(group->day * DAY_NS, day, sizeof day);
        day[10] = 0; /* "2024-08-08" */
        cli_json_text(json, "day", day);
    }
    cli_json_text(json, "currency", group->currency);
    cli_json_scaled(json, "pnl", amounts[LEDGER_PNL], 8);
    cli_json_scaled(json, "funding", amounts[LEDGER_FUNDING], 8);
    cli_json_scaled(json, "rewards", amounts[LEDGER_REWARD], 8);
    cli_json_scaled(json, "fees", amounts[LEDGER_FEE], 8);
    cli_json_scaled(json, "opportunity_cost", amounts[LEDGER_OPPORTUNITY_COST], 8);
    cli_json_scaled(json, "net", group->net_e8, 8);
    cli_json_bool(json, "profit_illusion",
                  ledger_profit_illusion(amounts[LEDGER_PNL], group->net_e8));
    cli_json_whole(json, "entries", (int64_t)group->sums.entries);
    cli_json_whole(json, "estimated", (int64_t)group->sums.estimated);
}
