/*
 * process_evaluate.c: how the processes are, from their ledgers, and what should be done with each
 * (the formulas are in host/process.h). It recommends; deciding is the policy's and the operator's.
 */
#include "process_record.h"

#include <host/ledger_json.h>

#include <string.h>

#define FAIL_RATE_REPAIR 0.3
#define RUNS_TO_JUDGE    10
#define STATES           6

static const char *const states[STATES] = {"NEW",  "TESTING", "PROBATION",
                                           "CORE", "PAUSED",  "KILLED"};

typedef struct judged {
    char *id;
    char state[16];
    bool enabled;
    int64_t created_ns;
    factory_definition *definition;
    uint64_t runs, completed, failed, illusions;
    int64_t net_e8; /* in the currency that is judged */
    bool earned;    /* there are entries in it */
} judged;

typedef struct evaluation {
    process_records records;
    judged *items;
    size_t count, capacity;
    char currency[LEDGER_NAME_BYTES + 1]; /* that most runs have; "": none */
    uint64_t state_changes;
    base_json *json;
} evaluation;

/* ---- what there is ---- */

static hean_status add_process(void *context, const store_process *row, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    evaluation *self = context;
    judged item = {.enabled = row->enabled, .created_ns = row->created_ns};
    hean_status status = process_definition_read(row->id, row->definition, &item.definition, error);

    if (status != HEAN_OK)
        return status;
    (void)base_text_copy(item.state, sizeof item.state, row->state);
    item.id = host_text_copy(allocator, row->id);
    if (item.id == NULL || !base_grow(allocator, (void **)&self->items, &self->capacity,
                                      self->count + 1, sizeof *self->items)) {
        base_free(allocator, item.id);
        factory_definition_close(item.definition);
        return base_fail(error, HEAN_E_NO_MEMORY, "evaluate: out of memory");
    }
    self->items[self->count++] = item;
    return HEAN_OK;
}

static hean_status count_change(void *context, const store_decision *decision, hean_error *error)
{
    (void)error;
    if (strcmp(decision->from_state, decision->to_state) != 0)
        ++*(uint64_t *)context;
    return HEAN_OK;
}

/* The currency of the most runs; of equals the first in the alphabet. */
static void choose_currency(evaluation *self)
{
    size_t best = 0;

    for (size_t i = 0; i < self->records.count; i++) {
        const char *currency = self->records.items[i].currency;
        size_t same = 0;
        if (currency[0] == 0)
            continue;
        if (strcmp(currency, self->currency) == 0)
            continue;
        for (size_t j = 0; j < self->records.count; j++)
            same += strcmp(self->records.items[j].currency, currency) == 0;
        if (same > best || (same == best && strcmp(currency, self->currency) < 0)) {
            best = same;
            (void)base_text_copy(self->currency, sizeof self->currency, currency);
        }
    }
}

static bool is_illusion(const process_record *record)
{
    return ledger_profit_illusion(record->sums.amount_e8[LEDGER_PNL], record->net_e8);
}

static hean_status gather(evaluation *self, hean_error *error)
{
    choose_currency(self);
    for (size_t i = 0; i < self->records.count; i++) {
        const process_record *record = &self->records.items[i];
        for (size_t j = 0; j < self->count; j++) {
            judged *item = &self->items[j];
            if (strcmp(item->id, record->process) != 0)
                continue;
            item->runs++;
            item->completed += record->ended && !record->failed;
            item->failed += record->failed;
            item->illusions += is_illusion(record);
            if (self->currency[0] == 0 || strcmp(record->currency, self->currency) != 0)
                continue;
            item->earned = true;
            if (__builtin_add_overflow(item->net_e8, record->net_e8, &item->net_e8))
                return base_fail(error, HEAN_E_RANGE, "evaluate: the net of %s does not fit",
                                 item->id);
        }
    }
    return HEAN_OK;
}

/* ---- health ---- */

static void write_ratio(base_json *json, const char *name, double above, double below)
{
    if (below > 0)
        base_json_real(json, name, above / below);
    else
        base_json_null(json, name);
}

static void write_counts(const evaluation *self, base_json *json)
{
    uint64_t completed = 0, failed = 0, enabled = 0;

    for (size_t i = 0; i < self->records.count; i++) {
        completed += self->records.items[i].ended && !self->records.items[i].failed;
        failed += self->records.items[i].failed;
    }
    for (size_t i = 0; i < self->count; i++)
        enabled += self->items[i].enabled;
    base_json_object(json, "counts");
    base_json_whole(json, "processes", (int64_t)self->count);
    base_json_whole(json, "enabled", (int64_t)enabled);
    for (size_t i = 0; i < STATES; i++) {
        int64_t count = 0;
        for (size_t j = 0; j < self->count; j++)
            count += strcmp(self->items[j].state, states[i]) == 0;
        base_json_whole(json, states[i], count);
    }
    base_json_whole(json, "runs", (int64_t)self->records.count);
    base_json_whole(json, "completed", (int64_t)completed);
    base_json_whole(json, "failed", (int64_t)failed);
    base_json_whole(json, "open", (int64_t)(self->records.count - completed - failed));
    base_json_object_end(json);
}

static void write_health(const evaluation *self, int64_t now_ns, base_json *json)
{
    double completed = 0, ended = 0, positive = 0, squares = 0, killed = 0, age_ns = 0, alive = 0;
    int64_t illusions = 0;

    for (size_t i = 0; i < self->count; i++) {
        const judged *item = &self->items[i];
        double net = item->net_e8 > 0 ? (double)item->net_e8 : 0;
        completed += (double)item->completed;
        ended += (double)(item->completed + item->failed);
        positive += net;
        squares += net * net;
        illusions += (int64_t)item->illusions;
        if (strcmp(item->state, "KILLED") == 0) {
            killed++;
        } else {
            alive++;
            age_ns += (double)(now_ns - item->created_ns);
        }
    }
    base_json_object(json, "health");
    write_ratio(json, "stability", completed, ended);
    write_ratio(json, "concentration", squares, positive * positive);
    write_ratio(json, "churn", killed, (double)self->count);
    base_json_whole(json, "state_changes", (int64_t)self->state_changes);
    write_ratio(json, "age_days", age_ns / (double)PROCESS_DAY_NS, alive);
    base_json_whole(json, "illusions", illusions);
    base_json_object_end(json);
}

/* ---- net contribution: exact, by process, mode and currency ---- */

static hean_status write_contribution(void *context, const ledger_group *group, hean_error *error)
{
    evaluation *self = context;

    (void)error;
    base_json_object(self->json, NULL);
    host_ledger_group_json(self->json, group);
    base_json_object_end(self->json);
    return HEAN_OK;
}

/* ---- rules of a definition ---- */

typedef struct window {
    double value;
    int32_t runs;
} window;

/* fail_rate, pnl_sum (net, by the ledger), else the mean of a metric: of the last runs. */
static window measure(const evaluation *self, const char *id, const factory_rule *rule)
{
    window seen = {0, 0};
    bool sums = strcmp(rule->metric, "pnl_sum") == 0,
         fails = strcmp(rule->metric, "fail_rate") == 0;

    for (size_t i = self->records.count; i > 0 && seen.runs < rule->window_runs; i--) {
        const process_record *record = &self->records.items[i - 1];
        double value = record->failed;
        if (!record->ended || strcmp(record->process, id) != 0)
            continue;
        if (sums)
            value = (double)record->net_e8 / (double)BASE_E8;
        else if (!fails && !process_record_metric(record, rule->metric, &value))
            continue;
        seen.value += value;
        seen.runs++;
    }
    if (!sums && seen.runs > 0)
        seen.value /= seen.runs;
    return seen;
}

static bool applies(const factory_rule *rule, double value)
{
    switch (rule->comparison) {
    case FACTORY_ABOVE:
        return value > rule->threshold;
    case FACTORY_AT_LEAST:
        return value >= rule->threshold;
    case FACTORY_BELOW:
        return value < rule->threshold;
    case FACTORY_AT_MOST:
        return value <= rule->threshold;
    case FACTORY_EQUAL:
        return value == rule->threshold;
    case FACTORY_NOT_EQUAL:
        return value != rule->threshold;
    case FACTORY_COMPARISON_COUNT:
    default:
        return false;
    }
}

static bool rule_met(const evaluation *self, const char *id, const factory_rule *rules,
                     size_t count, const char *code, char *why, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        window seen = measure(self, id, &rules[i]);
        if (seen.runs < rules[i].window_runs || !applies(&rules[i], seen.value))
            continue;
        (void)snprintf(why, bytes, "%s: %s is %.6g over %d runs, threshold %.6g", code,
                       rules[i].metric, seen.value, (int)seen.runs, rules[i].threshold);
        return true;
    }
    return false;
}

/* ---- recommendations ---- */

/* The first row that applies, in the order of host/process.h; `why` gets CODE: numbers. */
static const char *recommend(const evaluation *self, const judged *item, int64_t days, char *why,
                             size_t bytes)
{
    const factory_definition *definition = item->definition;
    uint64_t ended = item->completed + item->failed;
    char net[48];

    decimal_format_scaled(item->net_e8, 8, net, sizeof net);
    if (strcmp(item->state, "KILLED") == 0)
        return (void)snprintf(why, bytes, "STATE_FROZEN: KILLED is final"), "none";
    if (!item->enabled)
        return (void)snprintf(why, bytes, "NOT_APPROVED: it does not run"), "approve_or_reject";
    if (strcmp(item->state, "PAUSED") == 0)
        return (void)snprintf(why, bytes, "STATE_FROZEN: PAUSED until it is looked at"), "review";
    if (rule_met(self, item->id, definition->kill_conditions, definition->kill_count,
                 "KILL_CONDITION", why, bytes))
        return "kill";
    if (item->runs == 0)
        return (void)snprintf(why, bytes, "NO_RUNS: none in %lld days", (long long)days), "run";
    if (ended == 0) {
        (void)snprintf(why, bytes, "WAITING: %llu runs began, none ended",
                       (unsigned long long)item->runs);
        return "answer_tasks";
    }
    if ((double)item->failed > FAIL_RATE_REPAIR * (double)ended) {
        (void)snprintf(why, bytes, "FAILURES: %llu of %llu runs failed",
                       (unsigned long long)item->failed, (unsigned long long)ended);
        return "repair";
    }
    if (item->illusions > 0 && item->net_e8 < 0) {
        (void)snprintf(why, bytes, "PROFIT_ILLUSION: %llu runs gained before costs, net %s %s",
                       (unsigned long long)item->illusions, net, self->currency);
        return "cut_costs";
    }
    if (item->net_e8 < 0 && ended >= RUNS_TO_JUDGE) {
        (void)snprintf(why, bytes, "LOSING: net %s %s over %llu runs", net, self->currency,
                       (unsigned long long)ended);
        return "review";
    }
    if (rule_met(self, item->id, definition->scale_rules, definition->scale_count, "SCALE_RULE",
                 why, bytes))
        return strcmp(item->state, "CORE") == 0 ? "scale" : "keep_testing";
    (void)snprintf(why, bytes, "IN_ORDER: %llu runs ended, net %s %s", (unsigned long long)ended,
                   net, self->currency);
    return strcmp(item->state, "CORE") == 0 ? "keep" : "keep_testing";
}

static void write_processes(const evaluation *self, int64_t days, int64_t now_ns, base_json *json)
{
    char why[300];

    base_json_array(json, "processes");
    for (size_t i = 0; i < self->count; i++) {
        const judged *item = &self->items[i];
        const char *action = recommend(self, item, days, why, sizeof why);
        base_json_object(json, NULL);
        base_json_text(json, "process_id", item->id);
        base_json_text(json, "state", item->state);
        base_json_bool(json, "enabled", item->enabled);
        base_json_real(json, "age_days",
                       (double)(now_ns - item->created_ns) / (double)PROCESS_DAY_NS);
        base_json_whole(json, "runs", (int64_t)item->runs);
        base_json_whole(json, "completed", (int64_t)item->completed);
        base_json_whole(json, "failed", (int64_t)item->failed);
        base_json_whole(json, "illusions", (int64_t)item->illusions);
        base_json_scaled(json, "net", item->net_e8, 8);
        base_json_text(json, "recommendation", action);
        base_json_array(json, "reasons");
        base_json_text(json, NULL, why);
        base_json_array_end(json);
        base_json_object_end(json);
    }
    base_json_array_end(json);
}

/* Adds a group to that of its mode and currency. */
typedef struct net_sum {
    int mode;
    char currency[LEDGER_NAME_BYTES + 1];
    ledger_sums sums;
} net_sum;
#define NET_SUMS_MAX 64

static hean_status write_net(const evaluation *self, base_json *json, hean_error *error)
{
    net_sum sums[NET_SUMS_MAX];
    size_t count = 0;
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < self->records.count; i++) {
        const process_record *record = &self->records.items[i];
        size_t at = 0;
        if (record->mode == LEDGER_ANY)
            continue;
        while (at < count &&
               (sums[at].mode != record->mode || strcmp(sums[at].currency, record->currency) != 0))
            at++;
        if (at == NET_SUMS_MAX)
            return base_fail(error, HEAN_E_LIMIT, "evaluate: more than %d currencies",
                             NET_SUMS_MAX);
        if (at == count) {
            sums[count] = (net_sum){.mode = record->mode};
            memcpy(sums[count++].currency, record->currency, sizeof record->currency);
        }
        status = ledger_sums_add(&sums[at].sums, &record->sums);
    }
    base_json_array(json, "net_contribution");
    for (size_t i = 0; status == HEAN_OK && i < count; i++) {
        ledger_group group = {.mode = sums[i].mode,
                              .currency = sums[i].currency,
                              .day = INT64_MIN,
                              .sums = sums[i].sums};
        status = ledger_net(&sums[i].sums, &group.net_e8);
        base_json_object(json, NULL);
        host_ledger_group_json(json, &group);
        base_json_object_end(json);
    }
    base_json_array_end(json);
    return status == HEAN_OK ? HEAN_OK : base_fail(error, status, "evaluate: the sums do not fit");
}

static hean_status write_all(evaluation *self, store *from, int64_t days, int64_t now_ns,
                             base_json *json, hean_error *error)
{
    ledger_filter all = ledger_filter_all();
    hean_status status;

    self->json = json;
    base_json_object(json, NULL);
    base_json_time(json, "evaluated_at", now_ns);
    base_json_whole(json, "days", days);
    base_json_text(json, "currency", self->currency);
    write_counts(self, json);
    write_health(self, now_ns, json);
    status = write_net(self, json, error);
    base_json_array(json, "ledger");
    if (status == HEAN_OK)
        status = store_balances(from, &all, LEDGER_BY_MODE | LEDGER_BY_PROCESS, write_contribution,
                                self, error);
    base_json_array_end(json);
    write_processes(self, days, now_ns, json);
    base_json_object_end(json);
    return status;
}

hean_status process_evaluate(store *from, int64_t days, int64_t now_ns, base_buffer *out,
                             hean_error *error)
{
    evaluation self = {0};
    base_json json;
    int64_t from_ns;
    hean_status status;

    if (days < 1 || days > PROCESS_EVALUATE_DAYS_MAX)
        return base_fail(error, HEAN_E_RANGE, "--days: expected 1 to %d",
                         PROCESS_EVALUATE_DAYS_MAX);
    from_ns = now_ns - days * PROCESS_DAY_NS;
    base_json_init(&json, base_allocator_default());
    status = process_records_read(from, from_ns, now_ns, &self.records, error);
    if (status == HEAN_OK)
        status = store_each_process(from, NULL, add_process, &self, error);
    if (status == HEAN_OK)
        status = store_each_decision(from, NULL, from_ns, count_change, &self.state_changes, error);
    if (status == HEAN_OK)
        status = gather(&self, error);
    if (status == HEAN_OK)
        status = write_all(&self, from, days, now_ns, &json, error);
    if (status == HEAN_OK) {
        base_buffer_append(out, json.buffer.data, json.buffer.length);
        if (json.buffer.failed || out->failed)
            status = base_fail(error, HEAN_E_NO_MEMORY, "evaluate: out of memory");
    }
    base_buffer_deinit(&json.buffer);
    for (size_t i = 0; i < self.count; i++) {
        base_free(base_allocator_default(), self.items[i].id);
        factory_definition_close(self.items[i].definition);
    }
    base_free(base_allocator_default(), self.items);
    process_records_deinit(&self.records);
    return status;
}
