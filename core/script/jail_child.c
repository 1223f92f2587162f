/*
 * jail_child.c: see jail_child.h.
 */
#include "jail_child.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

hean_status jail_child_adopt(jail_child *child, pid_t pid, hean_error *error)
{
    memset(child, 0, sizeof *child);
    child->pid = pid;
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (child->pidfd < 0) {
        hean_status status = base_fail(error, errno == ENOSYS ? HEAN_E_UNSUPPORTED : HEAN_E_IO,
                                       "a pidfd for the child process: %s", strerror(errno));
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        child->pid = 0;
        return status;
    }
    child->cpu_clock_known = clock_getcpuclockid(pid, &child->cpu_clock) == 0;
    return HEAN_OK;
}

static bool wait_child(const jail_child *child, int options, siginfo_t *info, struct rusage *usage)
{
    long result;

    memset(info, 0, sizeof *info);
    do /* the system call gives the usage too, the library's waitid does not */
        result = syscall(SYS_waitid, P_PIDFD, child->pidfd, info, WEXITED | options, usage);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

bool jail_child_dead(const jail_child *child)
{
    siginfo_t info;

    if (!wait_child(child, WNOHANG | WNOWAIT, &info, NULL))
        return true; /* reaped by somebody else */
    return info.si_pid != 0;
}

int64_t jail_child_cpu_ns(const jail_child *child)
{
    struct timespec time;

    if (!child->cpu_clock_known || clock_gettime(child->cpu_clock, &time) != 0)
        return 0;
    return time.tv_sec * BASE_NS_PER_S + time.tv_nsec;
}

void jail_child_end(jail_child *child, jail_death *death)
{
    jail_death told;
    siginfo_t info;
    struct rusage usage;

    memset(&told, 0, sizeof told);
    memset(&usage, 0, sizeof usage);
    if (child->pid != 0) {
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
        if (wait_child(child, 0, &info, &usage)) {
            told.known = true;
            if (info.si_code == CLD_EXITED)
                told.exit_code = info.si_status;
            else
                told.signal = info.si_status;
            told.peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
        }
        (void)close(child->pidfd); /* nothing is written through it */
        child->pid = 0;
        child->pidfd = -1;
    }
    if (death != NULL)
        *death = told;
}

hean_status jail_death_fail(const jail_death *death, const char *who, const char *doing,
                            hean_error *error)
{
    if (!death->known)
        return base_fail(error, HEAN_E_WORKER,
                         "%s: %s: the process ended (its status went to another part of this "
                         "program)",
                         who, doing);
    if (death->signal == SIGSYS)
        return base_fail(error, HEAN_E_SCRIPT_JAILED,
                         "%s: %s: asked the kernel for something that the jail forbids", who,
                         doing);
    if (death->signal == SIGKILL)
        return base_fail(error, HEAN_E_WORKER,
                         "%s: %s: SIGKILL (the machine ran out of memory, or somebody else "
                         "killed it)",
                         who, doing);
    if (death->signal == SIGSEGV)
        return base_fail(error, HEAN_E_WORKER,
                         "%s: %s: SIGSEGV (too deep a recursion through C functions, or a fault "
                         "of the worker)",
                         who, doing);
    if (death->signal != 0)
        return base_fail(error, HEAN_E_WORKER, "%s: %s: SIG%s", who, doing,
                         sigabbrev_np(death->signal) != NULL ? sigabbrev_np(death->signal) : "?");
    return base_fail(error, HEAN_E_WORKER, "%s: %s: exited with code %d without an answer", who,
                     doing, death->exit_code);
}

void jail_child_reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &action, NULL); /* SIGKILL and SIGSTOP refuse, and may */
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < BASE_COUNT(ignored); i++)
        (void)sigaction(ignored[i], &action, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

bool jail_child_close_all(const int *keep, size_t keep_count)
{
    unsigned from = 0;

    for (;;) {
        unsigned next = UINT_MAX;
        for (size_t i = 0; i < keep_count; i++)
            if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
                next = (unsigned)keep[i];
        if (next > from &&
            syscall(SYS_close_range, from, next == UINT_MAX ? UINT_MAX : next - 1, 0) != 0)
            return false;
        if (next == UINT_MAX)
            return true;
        from = next + 1;
    }
}
