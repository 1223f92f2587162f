/*
 * cmd_process.h: the commands below `hean process`, listed in cmd_process.c.
 */
#ifndef CLI_CMD_PROCESS_H
#define CLI_CMD_PROCESS_H

#include "cli.h"

int verb_add(int argc, char **argv);
int verb_approve(int argc, char **argv);
int process_attribute(int argc, char **argv);
int verb_decide(int argc, char **argv);
int verb_evaluate(int argc, char **argv);
int process_report_command(int argc, char **argv);
int verb_disable(int argc, char **argv);
int verb_done(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_plan(int argc, char **argv);
int verb_reject(int argc, char **argv);
int verb_run(int argc, char **argv);
int process_scan(int argc, char **argv);
int process_generate(int argc, char **argv);
int process_select(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_tasks(int argc, char **argv);

/* The parts of a snapshot as a table: source, rows, reason. Returns an exit code. */
int process_print_snapshot(const char *document);
int process_print_plan(const char *document);
int process_print_evaluation(const char *document);
/* One a line. */
int process_print_list(const char *lines);
int process_print_runs(const char *lines);
int process_print_tasks(const char *lines);
int process_print_decisions(const char *lines);

#endif
