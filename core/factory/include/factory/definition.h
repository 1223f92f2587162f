/*
 * definition.h: what a process is: a JSON object that is read strictly, checked whole, and only
 * then believed. Built-in, hand-written and generated definitions pass the same gate.
 *
 * Shape (keys; * must be given)
 *   id*               [a-z][a-z0-9_]{2,63}
 *   name*, description*
 *   type*             TRADING EARN CAMPAIGN BONUS DATA ACCESS OTHER
 *   version           "1.0.0"
 *   requirements      object of booleans, numbers and texts: {"needs_bybit": true}
 *   inputs_schema     object: JSON Schema of the inputs, kept as it is
 *   actions           steps: step_id*, kind* (API_CALL HUMAN_TASK COMPUTE WAIT), params, timeout
 *                     (s, 300), retries (0), depends_on, description
 *   expected_outputs  texts
 *   safety            max_capital_usd (1000), require_manual_approval (true), max_risk_factor (3),
 *                     allowed_timeframes, restrictions
 *   measurement*      metrics (texts, at least one), attribution_rule (direct proportional
 *                     time_weighted)
 *   kill_conditions*  at least one: metric*, threshold*, comparison (> >= < <= == !=), window_runs
 *   scale_rules       metric*, threshold*, comparison, scale_multiplier (1.5), window_runs (5),
 *                     max_allocation_usd (10000)
 * Nothing else. params by kind: API_CALL {"endpoint": "/v5/...", "query": {...}}; COMPUTE
 * {"function": "name", ...}; WAIT {"seconds": N}; HUMAN_TASK {"instructions": "..."}; a TRADING
 * process names its strategy: {"function": "trade", "strategy": "..."}.
 *
 * Refusals come in the order of FACTORY_CODE_MAP: the first that applies, with the JSON path.
 * Must not know: files, stores, scripts, the network.
 */
#ifndef FACTORY_DEFINITION_H
#define FACTORY_DEFINITION_H

#include <base/base.h>

/* X(name, text): why a definition was refused. The texts are stable. */
#define FACTORY_CODE_MAP(X)                                                                        \
    X(FACTORY_ACCEPTED, "accepted")                                                                \
    X(FACTORY_TOO_LARGE, "too_large")                                                              \
    X(FACTORY_NOT_JSON, "not_json")                                                                \
    X(FACTORY_NOT_AN_OBJECT, "not_an_object")                                                      \
    X(FACTORY_DUPLICATE_KEY, "duplicate_key")                                                      \
    X(FACTORY_TRAILING_BYTES, "trailing_bytes")                                                    \
    X(FACTORY_UNKNOWN_FIELD, "unknown_field")                                                      \
    X(FACTORY_MISSING_FIELD, "missing_field")                                                      \
    X(FACTORY_WRONG_TYPE, "wrong_type")                                                            \
    X(FACTORY_BAD_VALUE, "bad_value")                                                              \
    X(FACTORY_BAD_ID, "bad_id")                                                                    \
    X(FACTORY_NO_KILL_CONDITIONS, "no_kill_conditions")                                            \
    X(FACTORY_NO_METRICS, "no_metrics")                                                            \
    X(FACTORY_TOO_MANY_STEPS, "too_many_steps")                                                    \
    X(FACTORY_TOO_MANY_HUMAN_TASKS, "too_many_human_tasks")                                        \
    X(FACTORY_UNKNOWN_STEP_KIND, "unknown_step_kind")                                              \
    X(FACTORY_DUPLICATE_STEP, "duplicate_step")                                                    \
    X(FACTORY_UNKNOWN_DEPENDENCY, "unknown_dependency")                                            \
    X(FACTORY_DEPENDENCY_CYCLE, "dependency_cycle")                                                \
    X(FACTORY_ENDPOINT_NOT_ALLOWED, "endpoint_not_allowed")                                        \
    X(FACTORY_FUNCTION_NOT_REGISTERED, "function_not_registered")                                  \
    X(FACTORY_ABOVE_POLICY, "above_policy")                                                        \
    X(FACTORY_ID_TAKEN, "id_taken")                                                                \
    X(FACTORY_UNSAFE, "unsafe")                                                                    \
    X(FACTORY_LOW_QUALITY, "low_quality")

typedef enum factory_code {
#define FACTORY_CODE_ENUM(name, text) name,
    FACTORY_CODE_MAP(FACTORY_CODE_ENUM)
#undef FACTORY_CODE_ENUM
        FACTORY_CODE_COUNT
} factory_code;

const char *factory_code_text(factory_code code);

typedef struct factory_problem {
    factory_code code;
    char path[200]; /* "$.actions[3].depends_on[0]" */
    char text[240]; /* what was there, what was expected */
} factory_problem;

#define FACTORY_STEPS_MAX        20
#define FACTORY_HUMAN_TASKS_MAX  5
#define FACTORY_ID_BYTES         64
#define FACTORY_DEFINITION_BYTES (256u << 10)

typedef enum factory_type {
    FACTORY_TRADING,
    FACTORY_EARN,
    FACTORY_CAMPAIGN,
    FACTORY_BONUS,
    FACTORY_DATA,
    FACTORY_ACCESS,
    FACTORY_OTHER,
    FACTORY_TYPE_COUNT
} factory_type;

typedef enum factory_step_kind {
    FACTORY_API_CALL,
    FACTORY_HUMAN_TASK,
    FACTORY_COMPUTE,
    FACTORY_WAIT,
    FACTORY_STEP_KIND_COUNT
} factory_step_kind;

const char *factory_type_text(factory_type type);
const char *factory_step_kind_text(factory_step_kind kind);

typedef struct factory_step {
    const char *step_id, *description;
    factory_step_kind kind;
    int32_t timeout_s, retries;
    uint32_t depends_on;     /* bits of the indexes of other steps */
    const char *endpoint;    /* API_CALL */
    const char *function;    /* COMPUTE */
    const char *params_json; /* all params, as compact JSON with sorted keys */
    int64_t wait_s;          /* WAIT */
} factory_step;

typedef enum factory_comparison {
    FACTORY_ABOVE,
    FACTORY_AT_LEAST,
    FACTORY_BELOW,
    FACTORY_AT_MOST,
    FACTORY_EQUAL,
    FACTORY_NOT_EQUAL,
    FACTORY_COMPARISON_COUNT
} factory_comparison;

typedef struct factory_rule { /* a kill condition or a scale rule */
    const char *metric;
    double threshold;
    factory_comparison comparison;
    int32_t window_runs;
    double scale_multiplier;   /* scale rules */
    int64_t max_allocation_e8; /* scale rules */
} factory_rule;

typedef struct factory_definition {
    const char *id, *name, *description, *version;
    factory_type type;
    factory_step steps[FACTORY_STEPS_MAX];
    size_t step_count, human_tasks;
    uint8_t order[FACTORY_STEPS_MAX]; /* the steps so that each comes after what it depends on;
                                         among equals as they are written */
    int64_t max_capital_e8;
    bool require_manual_approval;
    double max_risk_factor;
    const char *const *metrics;
    size_t metric_count;
    const char *attribution_rule;
    const factory_rule *kill_conditions, *scale_rules;
    size_t kill_count, scale_count;
    bool needs_bybit, needs_ui; /* of requirements; false where it is not said */
    const char *json;           /* the whole, canonical: compact, keys sorted */
    size_t json_bytes;
} factory_definition;

/* What this host allows. */
typedef struct factory_policy {
    const char *const *endpoints; /* read-only ones, exact paths */
    size_t endpoint_count;
    const char *const *functions; /* registered for COMPUTE */
    size_t function_count;
    int64_t max_capital_e8; /* the most a definition may ask for */
    double max_risk_factor;
    int32_t timeout_s_max, retries_max;
    bool (*id_taken)(void *context, const char *id); /* NULL: none is */
    void *context;
} factory_policy;

/* The read-only endpoints of the venue, the built-in functions, 10,000 USD, risk 5, an hour. */
factory_policy factory_policy_default(void);

/* Reads and checks. HEAN_E_INVALID: `problem` says why (it is always filled); HEAN_E_NO_MEMORY.
 * Free `out` with factory_definition_close. */
hean_status factory_definition_read(const hean_allocator *allocator, const char *text, size_t bytes,
                                    const factory_policy *policy, factory_definition **out,
                                    factory_problem *problem) HEAN_WARN_UNUSED;
void factory_definition_close(factory_definition *definition);

#endif
