/*
 * cmd_doctor.h: between hean doctor (cmd_doctor.c) and its look at a venue (doctor_venue.c).
 */
#ifndef CLI_CMD_DOCTOR_H
#define CLI_CMD_DOCTOR_H

#include "cli.h"

#include <host/config.h>

typedef enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL } doctor_verdict;

typedef struct doctor {
    cli_json json;
    bool as_json;
    int failed;
    int warned;
} doctor;

void doctor_report(doctor *visit, const char *check, doctor_verdict result, const char *format, ...)
    HEAN_PRINTF(4, 5);
void doctor_venue(doctor *visit, const config *settings);

#endif
