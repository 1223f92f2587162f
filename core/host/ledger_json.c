/*
 * ledger_json.c: sums of the ledger as JSON, with the same keys wherever they are shown.
 */
#include <host/ledger_json.h>

#define DAY_NS (86400 * BASE_NS_PER_S)

static void print_text(base_json *json, const char *key, const char *text)
{
    if (text != NULL)
        base_json_text(json, key, text);
}

void host_ledger_group_json(base_json *json, const ledger_group *group)
{
    const int64_t *amounts = group->sums.amount_e8;
    char day[40];

    if (group->mode != LEDGER_ANY)
        base_json_text(json, "mode", ledger_mode_text((ledger_mode)group->mode));
    print_text(json, "run", group->run);
    print_text(json, "process", group->process);
    print_text(json, "strategy", group->strategy);
    print_text(json, "symbol", group->symbol);
    if (group->day != INT64_MIN) {
        base_time_format(group->day * DAY_NS, day, sizeof day);
        day[10] = 0; /* "2024-08-08" */
        base_json_text(json, "day", day);
    }
    base_json_text(json, "currency", group->currency);
    base_json_scaled(json, "pnl", amounts[LEDGER_PNL], 8);
    base_json_scaled(json, "funding", amounts[LEDGER_FUNDING], 8);
    base_json_scaled(json, "rewards", amounts[LEDGER_REWARD], 8);
    base_json_scaled(json, "fees", amounts[LEDGER_FEE], 8);
    base_json_scaled(json, "opportunity_cost", amounts[LEDGER_OPPORTUNITY_COST], 8);
    base_json_scaled(json, "net", group->net_e8, 8);
    base_json_bool(json, "profit_illusion",
                   ledger_profit_illusion(amounts[LEDGER_PNL], group->net_e8));
    base_json_whole(json, "entries", (int64_t)group->sums.entries);
    base_json_whole(json, "estimated", (int64_t)group->sums.estimated);
}
