/*
 * gate.h: may real orders leave, and may a process act: each only if every one of its switches is
 * open. Pure: the switches are given.
 *
 *   orders          mode = "live" in the configuration; --live on the command line;
 *                   LIVE_CONFIRM=YES in the environment; DRY_RUN not set to anything but "false"
 *   process actions PROCESS_FACTORY_ALLOW_ACTIONS=true and DRY_RUN=false in the environment
 *
 * Both are closed by default. A venue that this host started itself, with keys that it made itself,
 * is not real, and needs no gate.
 */
#ifndef HOST_GATE_H
#define HOST_GATE_H

#include <base/base.h>

typedef struct gate_switches {
    bool mode_live;            /* the configuration's mode */
    bool live_flag;            /* --live */
    const char *live_confirm;  /* $LIVE_CONFIRM; NULL: not set */
    const char *dry_run;       /* $DRY_RUN */
    const char *allow_actions; /* $PROCESS_FACTORY_ALLOW_ACTIONS */
} gate_switches;

typedef enum gate_kind { GATE_ORDERS, GATE_PROCESS_ACTIONS } gate_kind;

/* HEAN_OK: open. HEAN_E_GATE: the message names every switch that is closed. */
hean_status gate_check(gate_kind kind, const gate_switches *switches,
                       hean_error *error) HEAN_WARN_UNUSED;
/* The three that come from the environment, filled in. */
gate_switches gate_from_environment(bool mode_live, bool live_flag);

#endif
