/*
 * jail_child.h: one child process, from its start to its last trace.
 *
 * Invariants
 *   C1  a child is ended and reaped by jail_child_end, in every case; no zombie stays.
 *   C2  signals go through a pidfd, so they cannot hit another process that got the same id.
 *   C3  no signal handler is needed and none is set: those belong to the program around us. A
 *       program that ignores SIGCHLD, or reaps every child itself, costs only the cause of death.
 */
#ifndef SCRIPT_JAIL_CHILD_H
#define SCRIPT_JAIL_CHILD_H

#include <base/base.h>

#include <sys/types.h>
#include <time.h>

/* The only descriptor that a jailed backtest may write to: the pipe for its result. */
#define JAIL_RESULT_FD 1

typedef struct jail_child {
    pid_t pid; /* 0: there is none */
    int pidfd;
    clockid_t cpu_clock; /* the processor time it used */
    bool cpu_clock_known;
} jail_child;

/* How it ended. */
typedef struct jail_death {
    bool known; /* false: another part of the program reaped it */
    int signal; /* that killed it; 0: it exited */
    int exit_code;
    uint64_t peak_rss_bytes;
} jail_death;

/* Takes over a child that was just started. On failure it is ended. */
hean_status jail_child_adopt(jail_child *child, pid_t pid, hean_error *error) HEAN_WARN_UNUSED;
/* Is it dead? Does not reap. */
bool jail_child_dead(const jail_child *child);
/* Processor time used so far, in ns; 0 if it cannot be told any more. */
int64_t jail_child_cpu_ns(const jail_child *child);
/* Kills it (unless it is dead), reaps it, gives its descriptor back. `death` may be NULL. */
void jail_child_end(jail_child *child, jail_death *death);
/* The error for a death that was not asked for: "WHO: DOING: ...". */
hean_status jail_death_fail(const jail_death *death, const char *who, const char *doing,
                            hean_error *error) HEAN_WARN_UNUSED;
/* In the child: every signal at its default but those a terminal or a service manager sends to
 * whole groups, which are the parent's to answer. */
void jail_child_reset_signals(void);
/* In the child: closes every descriptor but `keep`; false if it cannot. */
HEAN_WARN_UNUSED bool jail_child_close_all(const int *keep, size_t keep_count);

#endif
