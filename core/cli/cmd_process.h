/*
 * cmd_process.h: the commands below `hean process`, listed in cmd_process.c.
 */
#ifndef CLI_CMD_PROCESS_H
#define CLI_CMD_PROCESS_H

#include "cli.h"

int process_attribute(int argc, char **argv);
int process_scan(int argc, char **argv);
int process_select(int argc, char **argv);

/* The parts of a snapshot as a table: source, rows, reason. Returns an exit code. */
int process_print_snapshot(const char *document);

#endif
