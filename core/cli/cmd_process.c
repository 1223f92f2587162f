/*
 * cmd_process.c: the commands about processes; each is a file process_<name>.c.
 */
#include "cmd_process.h"

static const cli_subcommand subcommands[] = {
    {"scan", process_scan, "take a snapshot of the environment"},
    {"plan", verb_plan, "divide the day's capital and rank opportunities"},
    {"run", verb_run, "run processes, each once a day"},
    {"tasks", verb_tasks, "list what waits for a person"},
    {"done", verb_done, "answer a task"},
    {"decide", verb_decide, "let a policy decide about all processes"},
    {"report", process_report_command, "write the day's report"},
    {"evaluate", verb_evaluate, "say how the processes are, and what to do"},
    {"generate", process_generate, "ask a language model for a new process"},
    {"list", verb_list, "list the processes"},
    {"show", verb_show, "show one with its definition"},
    {"add", verb_add, "add definitions from files"},
    {"approve", verb_approve, "let processes run"},
    {"disable", verb_disable, "stop processes from running"},
    {"reject", verb_reject, "kill processes, for good"},
    {"attribute", process_attribute, "tell what runs really earned"},
    {"select", process_select, "let a policy decide about runs in a file"},
};

int cmd_process(int argc, char **argv)
{
    return cli_subcommand_run("process", subcommands, BASE_COUNT(subcommands), argc, argv);
}
