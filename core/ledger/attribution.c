/*
 * attribution.c: from what a run reported to what it earned. Invariant: no figure is rounded twice.
 */
#include <ledger/attribution.h>

#include <string.h>

#define HOURS_PER_YEAR 8760
#define RUN_BYTES_MAX  (LEDGER_ID_BYTES - sizeof "run::OPPORTUNITY_COST" + 1)

static const hean_decimal one = {1, 0};

attribution_rates attribution_rates_default(void)
{
    const int64_t bp_e12 = BASE_E12 / 10000;
    attribution_rates rates = {.maker_e12 = bp_e12 / 2,
                               .taker_e12 = 3 * bp_e12,
                               .allocated_e12 = bp_e12,
                               .opportunity_per_year_e12 = BASE_E12 / 20};
    return rates;
}

/* ---- one run ---- */

typedef enum fee_source {
    FEE_REPORTED,
    FEE_OF_VOLUME,
    FEE_OF_CAPITAL,
    FEE_NONE,
} fee_source;

static fee_source fee_source_of(const attribution_run *run)
{
    if (run->fee_drag.given)
        return FEE_REPORTED;
    if (run->volume.given)
        return FEE_OF_VOLUME;
    return run->capital.value.mantissa > 0 ? FEE_OF_CAPITAL : FEE_NONE;
}

static hean_status check_rates(const attribution_rates *rates, hean_error *error)
{
    const int64_t all[] = {rates->maker_e12, rates->taker_e12, rates->allocated_e12,
                           rates->opportunity_per_year_e12};

    for (size_t i = 0; i < BASE_COUNT(all); i++) {
        if (all[i] < 0 || all[i] > ATTRIBUTION_RATE_MAX_E12)
            return base_fail(error, HEAN_E_RANGE, "a rate is out of range: expected 0 to 100");
    }
    return HEAN_OK;
}

static hean_status check_run(const attribution_run *run, hean_error *error)
{
    size_t bytes = strnlen(run->run, RUN_BYTES_MAX + 1);

    if (bytes == 0 || bytes > RUN_BYTES_MAX)
        return base_fail(error, HEAN_E_INVALID, "run_id: expected 1 to %zu bytes",
                         (size_t)RUN_BYTES_MAX);
    bytes = strnlen(run->process, LEDGER_NAME_BYTES + 1);
    if (bytes == 0 || bytes > LEDGER_NAME_BYTES)
        return base_fail(error, HEAN_E_INVALID, "process_id: expected 1 to %d bytes",
                         LEDGER_NAME_BYTES);
    if (run->capital.value.mantissa < 0)
        return base_fail(error, HEAN_E_INVALID, "capital_allocated_usd: expected at least 0");
    if (run->hours.value.mantissa < 0)
        return base_fail(error, HEAN_E_INVALID, "metrics.time_hours: expected at least 0");
    return HEAN_OK;
}

/* As decimal_product, of money in 1e-8. */
static hean_status money_product(hean_decimal a, hean_decimal b, int64_t numerator,
                                 int64_t denominator, int64_t *out)
{
    base_int128 product;
    hean_status status = decimal_product(a, b, numerator, denominator, 8, &product);

    if (status != HEAN_OK)
        return status;
    if (product > INT64_MAX || product < INT64_MIN)
        return HEAN_E_RANGE;
    *out = (int64_t)product;
    return HEAN_OK;
}

static hean_status fees_of(const attribution_run *run, const attribution_rates *rates, int64_t *out)
{
    switch (fee_source_of(run)) {
    case FEE_REPORTED: {
        hean_decimal size = run->fee_drag.value;
        if (size.mantissa < 0)
            size.mantissa = -size.mantissa;
        return decimal_to_scaled(size, 8, out);
    }
    case FEE_OF_VOLUME:
        return money_product(run->volume.value, one, rates->maker_e12 + rates->taker_e12,
                             2 * BASE_E12, out);
    case FEE_OF_CAPITAL:
        return money_product(run->capital.value, one, rates->allocated_e12, BASE_E12, out);
    case FEE_NONE:
        break;
    }
    *out = 0;
    return HEAN_OK;
}

static hean_status rewards_of(const attribution_run *run, int64_t *out)
{
    int64_t reward_e8, output_e8;
    hean_status status = decimal_to_scaled(run->reward.value, 8, &reward_e8);

    if (status == HEAN_OK)
        status = decimal_to_scaled(run->reward_output.value, 8, &output_e8);
    if (status == HEAN_OK && __builtin_add_overflow(reward_e8, output_e8, out))
        status = HEAN_E_RANGE;
    return status;
}

static hean_status net_of(const attribution *figures, int64_t *net_e8)
{
    ledger_sums sums = {.amount_e8 = {[LEDGER_PNL] = figures->gross_e8,
                                      [LEDGER_FEE] = figures->fees_e8,
                                      [LEDGER_FUNDING] = figures->funding_e8,
                                      [LEDGER_REWARD] = figures->rewards_e8,
                                      [LEDGER_OPPORTUNITY_COST] = figures->opportunity_cost_e8}};
    return ledger_net(&sums, net_e8);
}

hean_status attribution_of_run(const attribution_run *run, const attribution_rates *rates,
                               attribution *out, hean_error *error)
{
    hean_decimal capital = run->capital.value, hours = run->hours.value;
    attribution made = {.runs = 1};
    const char *what = "metrics.capital_delta";
    hean_status status = check_run(run, error);

    if (status == HEAN_OK)
        status = check_rates(rates, error);
    if (status != HEAN_OK)
        return status;
    status = decimal_to_scaled(run->capital_delta.value, 8, &made.gross_e8);
#define FIGURE(name, calculation)                                                                  \
    do {                                                                                           \
        if (status == HEAN_OK) {                                                                   \
            what = (name);                                                                         \
            status = (calculation);                                                                \
        }                                                                                          \
    } while (0)
    FIGURE("fees", fees_of(run, rates, &made.fees_e8));
    FIGURE("metrics.funding_payment_usd",
           decimal_to_scaled(run->funding_payment.value, 8, &made.funding_e8));
    FIGURE("rewards", rewards_of(run, &made.rewards_e8));
    FIGURE("metrics.time_hours", decimal_to_scaled(hours, 8, &made.hours_e8));
    FIGURE("capital * hours",
           decimal_product(capital, hours, 1, 1, 8, &made.time_weighted_capital_e8));
    FIGURE("opportunity cost", money_product(capital, hours, rates->opportunity_per_year_e12,
                                             HOURS_PER_YEAR * BASE_E12, &made.opportunity_cost_e8));
    FIGURE("net", net_of(&made, &made.net_e8));
#undef FIGURE
    if (status != HEAN_OK)
        return base_fail(error, status, "%s: does not fit (64 bits of 1e-8 USD)", what);
    if (!run->counts) {
        *out = (attribution){0};
        return HEAN_OK;
    }
    made.estimated_runs =
        fee_source_of(run) == FEE_OF_VOLUME || fee_source_of(run) == FEE_OF_CAPITAL;
    made.run_illusion = ledger_profit_illusion(made.gross_e8, made.net_e8);
    made.profit_illusion = made.run_illusion;
    *out = made;
    return HEAN_OK;
}

hean_status attribution_add(attribution *total, const attribution *run)
{
    attribution sum = *total;

    if (__builtin_add_overflow(sum.gross_e8, run->gross_e8, &sum.gross_e8) ||
        __builtin_add_overflow(sum.fees_e8, run->fees_e8, &sum.fees_e8) ||
        __builtin_add_overflow(sum.funding_e8, run->funding_e8, &sum.funding_e8) ||
        __builtin_add_overflow(sum.rewards_e8, run->rewards_e8, &sum.rewards_e8) ||
        __builtin_add_overflow(sum.opportunity_cost_e8, run->opportunity_cost_e8,
                               &sum.opportunity_cost_e8) ||
        __builtin_add_overflow(sum.hours_e8, run->hours_e8, &sum.hours_e8) ||
        __builtin_add_overflow(sum.time_weighted_capital_e8, run->time_weighted_capital_e8,
                               &sum.time_weighted_capital_e8) ||
        net_of(&sum, &sum.net_e8) != HEAN_OK)
        return HEAN_E_RANGE;
    sum.runs += run->runs;
    sum.estimated_runs += run->estimated_runs;
    sum.run_illusion = sum.run_illusion || run->run_illusion;
    sum.profit_illusion = sum.run_illusion || ledger_profit_illusion(sum.gross_e8, sum.net_e8);
    *total = sum;
    return HEAN_OK;
}

/* ---- the postings of a run ---- */

/* A decimal as people write it, if 18 digits and a point can do it; else with an exponent. */
static char *put_decimal(hean_decimal value, char *out, size_t bytes)
{
    if (value.exponent10 >= -18 && value.exponent10 <= 18)
        return decimal_format_units(1, value, out, bytes);
    (void)snprintf(out, bytes, "%llde%d", (long long)value.mantissa, (int)value.exponent10);
    return out;
}

const char *attribution_basis(const attribution_run *run, const attribution_rates *rates,
                              ledger_kind kind, char out[LEDGER_BASIS_BYTES + 1])
{
    const size_t bytes = LEDGER_BASIS_BYTES + 1;
    char amount[48], hours[48], rate[48], other[48];

    out[0] = 0;
    if (kind == LEDGER_OPPORTUNITY_COST && run->capital.given && run->hours.given) {
        (void)snprintf(
            out, bytes, "%s USD for %s hours at %s %% a year",
            put_decimal(run->capital.value, amount, sizeof amount),
            put_decimal(run->hours.value, hours, sizeof hours),
            decimal_format_scaled(rates->opportunity_per_year_e12, 10, rate, sizeof rate));
    } else if (kind == LEDGER_FEE && fee_source_of(run) == FEE_OF_VOLUME) {
        (void)snprintf(out, bytes, "%s USD traded at the mean of %s and %s bp",
                       put_decimal(run->volume.value, amount, sizeof amount),
                       decimal_format_scaled(rates->maker_e12, 8, rate, sizeof rate),
                       decimal_format_scaled(rates->taker_e12, 8, other, sizeof other));
    } else if (kind == LEDGER_FEE && fee_source_of(run) == FEE_OF_CAPITAL) {
        (void)snprintf(out, bytes, "%s USD allocated at %s bp",
                       put_decimal(run->capital.value, amount, sizeof amount),
                       decimal_format_scaled(rates->allocated_e12, 8, rate, sizeof rate));
    }
    return out;
}

size_t attribution_postings(const attribution_run *run, const attribution_rates *rates,
                            const attribution *figures, attribution_texts *texts,
                            ledger_posting out[LEDGER_KIND_COUNT])
{
    const int64_t amounts[LEDGER_KIND_COUNT] = {
        [LEDGER_PNL] = figures->gross_e8,
        [LEDGER_FEE] = figures->fees_e8,
        [LEDGER_FUNDING] = figures->funding_e8,
        [LEDGER_REWARD] = figures->rewards_e8,
        [LEDGER_OPPORTUNITY_COST] = figures->opportunity_cost_e8,
    };
    size_t count = 0;

    for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
        ledger_kind kind = (ledger_kind)i;
        if (amounts[i] == 0)
            continue;
        (void)snprintf(texts->ids[count], sizeof texts->ids[count], "run:%s:%s", run->run,
                       ledger_kind_text(kind));
        out[count] =
            (ledger_posting){.id = texts->ids[count],
                             .account = {LEDGER_IMPORTED, run->run, run->process, "", "", "USD"},
                             .time_ns = run->started_ns,
                             .kind = kind,
                             .amount_e8 = amounts[i],
                             .basis = attribution_basis(run, rates, kind, texts->bases[count])};
        count++;
    }
    return count;
}
