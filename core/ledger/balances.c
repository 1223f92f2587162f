/*
 * balances.c: sums of the ledger in memory, filtered and split.
 *
 * Whatever can be answered from the sums that accounts keep is; a question about days or one kind
 * walks the entries. Both make the same items, one an account and day at least, which are sorted
 * and then added up where they belong to one group.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_DAY (86400 * BASE_NS_PER_S)
#define NO_DAY     INT64_MIN

typedef struct item {
    uint32_t account;
    int64_t day;
    ledger_sums sums;
} item;

typedef struct question {
    const ledger *self;
    const ledger_filter *filter;
    unsigned by;
    item *items;
    size_t count, capacity;
    size_t *open; /* of each account: its item that was added to last, from 1 */
} question;

static bool wants(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool takes_account(const ledger_filter *filter, const ledger_account *names)
{
    return (filter->mode == LEDGER_ANY || filter->mode == (int)names->mode) &&
           wants(filter->run, names->run) && wants(filter->process, names->process) &&
           wants(filter->strategy, names->strategy) && wants(filter->symbol, names->symbol) &&
           wants(filter->currency, names->currency);
}

/* Adds to the account's item of that day, the last one if it fits. */
static hean_status add_item(question *q, uint32_t index, int64_t day, const ledger_sums *sums)
{
    size_t last = q->open[index];

    BASE_ASSERT(last <= q->count);
    if (last == 0 || q->items[last - 1].day != day) {
        if (!base_grow(q->self->allocator, (void **)&q->items, &q->capacity, q->count + 1,
                       sizeof *q->items))
            return HEAN_E_NO_MEMORY;
        q->items[q->count] = (item){.account = index, .day = day};
        last = ++q->count;
        q->open[index] = last;
    }
    return ledger_sums_add(&q->items[last - 1].sums, sums);
}

static hean_status collect_accounts(question *q)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < q->self->account_count && status == HEAN_OK; i++) {
        const account *from = &q->self->accounts[i];
        if (takes_account(q->filter, &from->names) && from->sums.entries > 0)
            status = add_item(q, (uint32_t)i, NO_DAY, &from->sums);
    }
    return status;
}

static hean_status collect_entries(question *q)
{
    const ledger_filter *filter = q->filter;
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < q->self->count && status == HEAN_OK; i++) {
        const entry *from = memory_entry(q->self, i);
        int64_t day = from->time_ns / NS_PER_DAY;
        ledger_sums sums = {.entries = 1, .estimated = from->estimated};

        if ((filter->kind != LEDGER_ANY && filter->kind != (int)from->kind) ||
            day < filter->from_day || day >= filter->to_day ||
            !takes_account(filter, &q->self->accounts[from->account].names))
            continue;
        sums.amount_e8[from->kind] = from->amount_e8;
        status = add_item(q, from->account, (q->by & LEDGER_BY_DAY) != 0 ? day : NO_DAY, &sums);
    }
    return status;
}

/* ---- groups ---- */

static int compare_items(const void *a, const void *b, void *context)
{
    const question *q = context;
    const item *x = a, *y = b;
    const ledger_account *m = &q->self->accounts[x->account].names;
    const ledger_account *n = &q->self->accounts[y->account].names;
    int order = (q->by & LEDGER_BY_MODE) != 0 ? (int)m->mode - (int)n->mode : 0;

    if (order == 0 && (q->by & LEDGER_BY_RUN) != 0)
        order = strcmp(m->run, n->run);
    if (order == 0 && (q->by & LEDGER_BY_PROCESS) != 0)
        order = strcmp(m->process, n->process);
    if (order == 0 && (q->by & LEDGER_BY_STRATEGY) != 0)
        order = strcmp(m->strategy, n->strategy);
    if (order == 0 && (q->by & LEDGER_BY_SYMBOL) != 0)
        order = strcmp(m->symbol, n->symbol);
    if (order == 0)
        order = strcmp(m->currency, n->currency);
    if (order == 0 && x->day != y->day)
        order = x->day < y->day ? -1 : 1;
    return order;
}

static hean_status hand_over(const question *q, const item *merged, ledger_group_fn each,
                             void *context, hean_error *error)
{
    const ledger_account *names = &q->self->accounts[merged->account].names;
    ledger_group group = {
        .mode = (q->by & LEDGER_BY_MODE) != 0 ? (int)names->mode : LEDGER_ANY,
        .run = (q->by & LEDGER_BY_RUN) != 0 ? names->run : NULL,
        .process = (q->by & LEDGER_BY_PROCESS) != 0 ? names->process : NULL,
        .strategy = (q->by & LEDGER_BY_STRATEGY) != 0 ? names->strategy : NULL,
        .symbol = (q->by & LEDGER_BY_SYMBOL) != 0 ? names->symbol : NULL,
        .currency = names->currency,
        .day = merged->day,
        .sums = merged->sums,
    };

    if (ledger_net(&group.sums, &group.net_e8) != HEAN_OK)
        return base_fail(error, HEAN_E_RANGE, "the net in %s does not fit", names->currency);
    return each(context, &group, error);
}

static hean_status hand_over_all(question *q, ledger_group_fn each, void *context,
                                 hean_error *error)
{
    hean_status status = HEAN_OK;
    size_t next;

    if (q->count > 0)
        qsort_r(q->items, q->count, sizeof *q->items, compare_items, q);
    for (size_t i = 0; i < q->count && status == HEAN_OK; i = next) {
        item merged = q->items[i];
        for (next = i + 1; next < q->count; next++) {
            if (compare_items(&merged, &q->items[next], q) != 0)
                break;
            if (ledger_sums_add(&merged.sums, &q->items[next].sums) != HEAN_OK)
                return base_fail(error, HEAN_E_RANGE, "a sum does not fit; split it further");
        }
        status = hand_over(q, &merged, each, context, error);
    }
    return status;
}

hean_status ledger_balances(const ledger *self, const ledger_filter *filter, unsigned by,
                            ledger_group_fn each, void *context, hean_error *error)
{
    question q = {.self = self, .filter = filter, .by = by};
    bool all_days = filter->from_day == INT64_MIN && filter->to_day == INT64_MAX;
    hean_status status;

    q.open = base_alloc_array(self->allocator, self->account_count + 1, sizeof *q.open);
    if (q.open == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for balances");
    if (all_days && filter->kind == LEDGER_ANY && (by & LEDGER_BY_DAY) == 0)
        status = collect_accounts(&q);
    else
        status = collect_entries(&q);
    if (status != HEAN_OK)
        status = base_fail(error, status, "the balances do not fit (%s)", hean_status_text(status));
    else
        status = hand_over_all(&q, each, context, error);
    base_free(self->allocator, q.items);
    base_free(self->allocator, q.open);
    return status;
}
