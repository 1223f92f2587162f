/*
 * sums.c: adding amounts up (L2, L4). Memory and disk share these functions.
 */
#include <ledger/ledger.h>

hean_status ledger_net(const ledger_sums *sums, int64_t *net_e8)
{
    const int64_t *amount = sums->amount_e8;
    base_int128 net = (base_int128)amount[LEDGER_PNL] + amount[LEDGER_FUNDING] +
                      amount[LEDGER_REWARD] - amount[LEDGER_FEE] - amount[LEDGER_OPPORTUNITY_COST];

    if (net > INT64_MAX || net < INT64_MIN)
        return HEAN_E_RANGE;
    *net_e8 = (int64_t)net;
    return HEAN_OK;
}

hean_status ledger_sums_add(ledger_sums *into, const ledger_sums *more)
{
    ledger_sums sums;

    for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
        if (__builtin_add_overflow(into->amount_e8[i], more->amount_e8[i], &sums.amount_e8[i]))
            return HEAN_E_RANGE;
    }
    if (__builtin_add_overflow(into->entries, more->entries, &sums.entries) ||
        __builtin_add_overflow(into->estimated, more->estimated, &sums.estimated))
        return HEAN_E_RANGE;
    *into = sums;
    return HEAN_OK;
}

bool ledger_profit_illusion(int64_t gross_e8, int64_t net_e8)
{
    return gross_e8 > 0 && net_e8 < 0;
}

ledger_filter ledger_filter_all(void)
{
    ledger_filter filter = {
        .mode = LEDGER_ANY, .kind = LEDGER_ANY, .from_day = INT64_MIN, .to_day = INT64_MAX};
    return filter;
}
