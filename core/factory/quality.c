/*
 * quality.c: see quality.h. Points are hundredths, so that the sum that decides is exact.
 */
#include <factory/quality.h>

#include <string.h>

#define ACCEPTED_POINTS 6000 /* 0.6, in hundredths times hundredths */

static int reason(factory_quality *out, int points, const char *text)
{
    if (out->reason_count < QUALITY_REASONS_MAX)
        out->reasons[out->reason_count++] = (factory_reason){points, text};
    return points;
}

static bool has_metric(const factory_definition *definition, const char *name)
{
    for (size_t i = 0; i < definition->metric_count; i++) {
        if (strcmp(definition->metrics[i], name) == 0)
            return true;
    }
    return false;
}

static int score_measurability(const factory_definition *definition, factory_quality *out)
{
    static const char *const useful[] = {"roi", "fail_rate", "fee_drag", "volatility_exposure"};
    static const char *const counts[] = {
        "measures none of the useful metrics", "measures one of the useful metrics",
        "measures two of the useful metrics", "measures three of the useful metrics",
        "measures all of the useful metrics"};
    int points = 0, found = 0;

    points += has_metric(definition, "capital_delta") && has_metric(definition, "time_hours")
                  ? reason(out, 50, "measures capital_delta and time_hours")
                  : reason(out, 0, "measurement lacks capital_delta or time_hours");
    for (size_t i = 0; i < BASE_COUNT(useful); i++)
        found += has_metric(definition, useful[i]);
    points += reason(out, found * 25 < 30 ? found * 25 : 30, counts[found]);
    if (definition->attribution_rule != NULL)
        points += reason(out, 20, "says how results are attributed");
    return points;
}

static int score_safety(const factory_definition *definition, bool unsafe, factory_quality *out)
{
    int points = 0;

    points += definition->max_capital_e8 > 0 ? reason(out, 30, "limits its capital")
                                             : reason(out, 0, "does not limit its capital");
    points += definition->require_manual_approval
                  ? reason(out, 30, "needs approval by hand")
                  : reason(out, 0, "does not need approval by hand");
    points += definition->max_risk_factor > 0 ? reason(out, 20, "limits its risk factor")
                                              : reason(out, 0, "does not limit its risk factor");
    if (unsafe)
        return points + reason(out, -points / 2, "something unsafe was found");
    return points + reason(out, 20, "nothing unsafe was found");
}

static int score_testability(const factory_definition *definition, factory_quality *out)
{
    int points = 0;

    if (definition->kill_count == 0)
        return reason(out, 0, "nothing would stop it");
    points += definition->kill_count >= 2 ? reason(out, 50, "two or more kill conditions")
                                          : reason(out, 30, "only one kill condition");
    points += reason(out, 30, "kill conditions name metric and threshold");
    points += definition->scale_count > 0 ? reason(out, 20, "says when it may grow")
                                          : reason(out, 0, "does not say when it may grow");
    return points;
}

static int score_capital(const factory_definition *definition, factory_quality *out)
{
    size_t steps = definition->step_count, people = definition->human_tasks;
    int points = 50;

    points += steps <= 5    ? reason(out, 20, "five steps or fewer")
              : steps <= 10 ? reason(out, 10, "ten steps or fewer")
                            : reason(out, 0, "many steps");
    points += people == 0   ? reason(out, 10, "no tasks for people")
              : people <= 2 ? reason(out, 5, "few tasks for people")
                            : reason(out, 0, "many tasks for people");
    points += definition->max_risk_factor <= 2   ? reason(out, 10, "low risk factor")
              : definition->max_risk_factor <= 3 ? reason(out, 5, "moderate risk factor")
                                                 : reason(out, 0, "high risk factor");
    points += definition->max_capital_e8 <= 500 * BASE_E8    ? reason(out, 10, "little capital")
              : definition->max_capital_e8 <= 2000 * BASE_E8 ? reason(out, 5, "moderate capital")
                                                             : reason(out, 0, "much capital");
    return points;
}

void factory_quality_score(const factory_definition *definition, bool unsafe, factory_quality *out)
{
    int measurability, safety, testability, capital, overall;

    *out = (factory_quality){.accepted = false};
    measurability = score_measurability(definition, out);
    safety = score_safety(definition, unsafe, out);
    testability = score_testability(definition, out);
    capital = score_capital(definition, out);
    overall = 30 * measurability + 30 * safety + 20 * testability + 20 * capital;
    out->measurability = measurability / 100.0;
    out->safety = safety / 100.0;
    out->testability = testability / 100.0;
    out->capital_efficiency = capital / 100.0;
    out->overall = overall / 10000.0;
    out->accepted = overall >= ACCEPTED_POINTS;
}

hean_status factory_admit(factory_safety *safety, const hean_allocator *allocator, const char *text,
                          size_t bytes, const factory_policy *policy, factory_definition **out,
                          factory_quality *quality, factory_problem *problem)
{
    factory_definition *definition = NULL;
    hean_status status =
        factory_definition_read(allocator, text, bytes, policy, &definition, problem);

    if (status != HEAN_OK)
        return status;
    status = factory_safety_check(safety, definition, problem);
    factory_quality_score(definition, status == HEAN_E_INVALID, quality);
    if (status == HEAN_OK && !quality->accepted) {
        *problem = (factory_problem){.code = FACTORY_LOW_QUALITY, .path = "$"};
        (void)snprintf(problem->text, sizeof problem->text,
                       "scored %.2f, expected %.2f: measurability %.2f, safety %.2f, testability "
                       "%.2f, capital efficiency %.2f",
                       quality->overall, QUALITY_ACCEPTED, quality->measurability, quality->safety,
                       quality->testability, quality->capital_efficiency);
        status = HEAN_E_INVALID;
    }
    if (status != HEAN_OK)
        factory_definition_close(definition);
    else
        *out = definition;
    return status;
}
