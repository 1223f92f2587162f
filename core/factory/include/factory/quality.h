/*
 * quality.h: how good a definition is, as the original system scored it: whether its result can be
 * measured, whether it is kept within limits, whether it can be stopped, and what it costs; and the
 * whole gate that a generated definition must pass.
 */
#ifndef FACTORY_QUALITY_H
#define FACTORY_QUALITY_H

#include <factory/safety.h>

#define QUALITY_ACCEPTED    0.6
#define QUALITY_REASONS_MAX 24

typedef struct factory_reason {
    int points; /* hundredths */
    const char *text;
} factory_reason;

typedef struct factory_quality {
    /* 0 to 1; the weights are 0.3, 0.3, 0.2 and 0.2 */
    double measurability, safety, testability, capital_efficiency, overall;
    bool accepted; /* overall >= QUALITY_ACCEPTED */
    factory_reason reasons[QUALITY_REASONS_MAX];
    size_t reason_count;
} factory_quality;

/* `unsafe`: the filter found something. */
void factory_quality_score(const factory_definition *definition, bool unsafe, factory_quality *out);

/* Reads, filters and scores, in this order. HEAN_E_INVALID: `problem` says why; HEAN_E_NO_MEMORY.
 * `quality` is that of what was read; free `out` with factory_definition_close. */
hean_status factory_admit(factory_safety *safety, const hean_allocator *allocator, const char *text,
                          size_t bytes, const factory_policy *policy, factory_definition **out,
                          factory_quality *quality, factory_problem *problem) HEAN_WARN_UNUSED;

#endif
