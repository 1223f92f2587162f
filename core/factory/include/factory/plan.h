/*
 * plan.h: how a day's capital is divided: a reserve that nothing touches, an active part for proven
 * processes, and a small experimental part that bounds what all unproven ones can lose together.
 *
 * Invariants
 *   C1  reserve + active + experimental = total, and in each part allocated + left = the part, to
 *       the last digit.
 *   C2  CORE processes share the active part by weight; NEW, TESTING and PROBATION share the
 *       experimental part and never get more of anything. PAUSED and KILLED get nothing.
 *   C3  no process gets more than its own limit; what it cannot take goes to the others of its part
 *       by their weights, and what nobody can take is left.
 *   C4  the order in which processes are given does not matter (shares that are equal are rounded
 *       in the order of ids).
 * Pure: no clock, no store.
 */
#ifndef FACTORY_PLAN_H
#define FACTORY_PLAN_H

#include <base/base.h>

typedef enum plan_part { PLAN_NONE, PLAN_ACTIVE, PLAN_EXPERIMENTAL } plan_part;

typedef struct plan_rules {
    int32_t active_percent, experimental_percent; /* 50 and 10; the rest is the reserve */
} plan_rules;

plan_rules plan_rules_default(void);

typedef struct plan_process {
    const char *id;
    plan_part part;         /* by its state: plan_part_of */
    double weight;          /* 0 to 1, as the policy decided */
    int64_t max_capital_e8; /* of its safety policy; 0: no limit */
    int64_t allocated_e8;   /* out */
} plan_process;

typedef struct plan_totals {
    int64_t total_e8, reserve_e8, active_e8, experimental_e8;
    int64_t active_left_e8, experimental_left_e8;
} plan_totals;

/* "CORE": ACTIVE. "NEW", "TESTING", "PROBATION": EXPERIMENTAL. Everything else: NONE. */
plan_part plan_part_of(const char *state);
/* Fills `allocated_e8` of each process, and the totals. HEAN_E_RANGE: a total below 0, percents
 * that are negative or over 100 together, a weight that is no number from 0 to 1. */
hean_status plan_divide(const plan_rules *rules, int64_t total_e8, plan_process *processes,
                        size_t count, plan_totals *out, hean_error *error) HEAN_WARN_UNUSED;

#endif
