/*
 * plan.c: divides capital by weights, exactly (C1 to C4 of factory/plan.h).
 *
 * Weights become whole billionths once; from there on everything is integer.
 */
#include <factory/plan.h>

#include <string.h>

#define WEIGHT_UNITS 1e9

plan_rules plan_rules_default(void)
{
    return (plan_rules){.active_percent = 50, .experimental_percent = 10};
}

plan_part plan_part_of(const char *state)
{
    if (strcmp(state, "CORE") == 0)
        return PLAN_ACTIVE;
    if (strcmp(state, "NEW") == 0 || strcmp(state, "TESTING") == 0 ||
        strcmp(state, "PROBATION") == 0)
        return PLAN_EXPERIMENTAL;
    return PLAN_NONE;
}

static int64_t weight_units(const plan_process *process)
{
    return (int64_t)(process->weight * WEIGHT_UNITS + 0.5);
}

static int64_t room_of(const plan_process *process)
{
    return process->max_capital_e8 == 0 ? INT64_MAX
                                        : process->max_capital_e8 - process->allocated_e8;
}

static bool takes_part(const plan_process *process, plan_part part)
{
    return process->part == part && weight_units(process) > 0 && room_of(process) > 0;
}

static int64_t sum_weights(const plan_process *processes, size_t count, plan_part part)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (takes_part(&processes[i], part))
            sum += weight_units(&processes[i]);
    }
    return sum;
}

/* One unit to each in the order of ids, until nothing is left: the rounding of equal shares. */
static int64_t give_rest(plan_process *processes, size_t count, plan_part part, int64_t rest)
{
    const char *after = "";

    while (rest > 0) {
        plan_process *next = NULL;
        for (size_t i = 0; i < count; i++) {
            if (takes_part(&processes[i], part) && strcmp(processes[i].id, after) > 0 &&
                (next == NULL || strcmp(processes[i].id, next->id) < 0))
                next = &processes[i];
        }
        if (next == NULL)
            break;
        next->allocated_e8++;
        rest--;
        after = next->id;
    }
    return rest;
}

/* Gives `amount` to the processes of a part by weight; a round in which somebody reaches its limit
 * is followed by another among the rest. Returns what nobody could take. */
static int64_t divide_part(plan_process *processes, size_t count, plan_part part, int64_t amount)
{
    int64_t weights = sum_weights(processes, count, part);

    while (amount > 0 && weights > 0) {
        int64_t given = 0;
        for (size_t i = 0; i < count; i++) {
            plan_process *process = &processes[i];
            int64_t share, room = room_of(process);
            if (!takes_part(process, part))
                continue;
            share = (int64_t)((base_int128)amount * weight_units(process) / weights);
            share = share < room ? share : room;
            process->allocated_e8 += share;
            given += share;
        }
        amount -= given;
        if (given == 0)
            return give_rest(processes, count, part, amount);
        weights = sum_weights(processes, count, part);
    }
    return amount;
}

static hean_status check(const plan_rules *rules, int64_t total_e8, const plan_process *processes,
                         size_t count, hean_error *error)
{
    if (total_e8 < 0)
        return base_fail(error, HEAN_E_RANGE, "plan: expected a capital that is not negative");
    if (rules->active_percent < 0 || rules->experimental_percent < 0 ||
        rules->active_percent > 100 || rules->experimental_percent > 100 - rules->active_percent)
        return base_fail(error, HEAN_E_RANGE,
                         "plan: expected active and experimental of 0 to 100 %% together");
    for (size_t i = 0; i < count; i++) {
        if (!(processes[i].weight >= 0 && processes[i].weight <= 1))
            return base_fail(error, HEAN_E_RANGE, "plan: %s: expected a weight from 0 to 1",
                             processes[i].id);
        if (processes[i].max_capital_e8 < 0)
            return base_fail(error, HEAN_E_RANGE, "plan: %s: expected a limit over 0",
                             processes[i].id);
    }
    return HEAN_OK;
}

hean_status plan_divide(const plan_rules *rules, int64_t total_e8, plan_process *processes,
                        size_t count, plan_totals *out, hean_error *error)
{
    plan_totals totals = {.total_e8 = total_e8};
    hean_status status = check(rules, total_e8, processes, count, error);

    if (status != HEAN_OK)
        return status;
    totals.active_e8 = (int64_t)((base_int128)total_e8 * rules->active_percent / 100);
    totals.experimental_e8 = (int64_t)((base_int128)total_e8 * rules->experimental_percent / 100);
    totals.reserve_e8 = total_e8 - totals.active_e8 - totals.experimental_e8;
    for (size_t i = 0; i < count; i++)
        processes[i].allocated_e8 = 0;
    totals.active_left_e8 = divide_part(processes, count, PLAN_ACTIVE, totals.active_e8);
    totals.experimental_left_e8 =
        divide_part(processes, count, PLAN_EXPERIMENTAL, totals.experimental_e8);
    *out = totals;
    return HEAN_OK;
}
