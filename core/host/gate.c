/*
 * gate.c: the one place that says whether something real may happen. A switch that is not clearly
 * open is closed.
 */
#include <host/gate.h>

#include <stdlib.h>
#include <string.h>

static bool is(const char *text, const char *expected)
{
    return text != NULL && strcmp(text, expected) == 0;
}

static hean_status fail_closed(const char *what, const char *const *closed, size_t count,
                               hean_error *error)
{
    char list[300] = "";

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list);
        if (closed[i] != NULL)
            (void)snprintf(list + length, sizeof list - length, " [%s]", closed[i]);
    }
    if (list[0] == 0)
        return HEAN_OK;
    return base_fail(error, HEAN_E_GATE, "%s; closed switches:%s", what, list);
}

hean_status gate_check(gate_kind kind, const gate_switches *switches, hean_error *error)
{
    bool wet = is(switches->dry_run, "false");
    const char *const orders[] = {
        switches->mode_live ? NULL : "mode = \"live\" in the configuration",
        switches->live_flag ? NULL : "--live on the command line",
        is(switches->live_confirm, "YES") ? NULL : "LIVE_CONFIRM=YES in the environment",
        switches->dry_run == NULL || wet ? NULL : "DRY_RUN=false in the environment",
    };
    const char *const actions[] = {
        is(switches->allow_actions, "true") ? NULL
                                            : "PROCESS_FACTORY_ALLOW_ACTIONS=true in the "
                                              "environment",
        wet ? NULL : "DRY_RUN=false in the environment",
    };

    if (kind == GATE_ORDERS)
        return fail_closed("live trading is off", orders, BASE_COUNT(orders), error);
    return fail_closed("process actions are off", actions, BASE_COUNT(actions), error);
}

gate_switches gate_from_environment(bool mode_live, bool live_flag)
{
    return (gate_switches){
        .mode_live = mode_live,
        .live_flag = live_flag,
        .live_confirm = getenv("LIVE_CONFIRM"),
        .dry_run = getenv("DRY_RUN"),
        .allow_actions = getenv("PROCESS_FACTORY_ALLOW_ACTIONS"),
    };
}
