/*
 * jail.c: the one-way door: after it a process can compute, and little else.
 *
 * Invariants
 *   J1  whatever is not on the lists below ends the process at once (SIGSYS); there is no list of
 *       what is forbidden.
 *   J2  no memory can be mapped from a descriptor, so an open file cannot come in as code or data.
 *   J3  a process is jailed whole or the call fails, and then the process must end.
 * PROT_EXEC stays allowed: LuaJIT writes machine code. What that code may ask of the kernel is
 * what the lists say.
 *
 * Knows nothing of scripts or rings.
 */
#include <script/script.h>

#include "jail_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Needs no look at the arguments: memory of one's own, the end, the clock where the vDSO cannot
 * tell it, the return from a signal, and getppid (a worker asks whether its host still lives). */
static const int calls_always[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),       SCMP_SYS(mremap),
    SCMP_SYS(mprotect),      SCMP_SYS(madvise),      SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getppid),
};

/* Of descriptors that are open already: data comes in, nothing is opened. getrandom seeds a Lua
 * state that is made inside the jail. */
static const int calls_backtest[] = {
    SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(getrandom),
};

#ifdef HEAN_SANITIZE
/* What the sanitizers' runtime asks for while nothing is wrong. */
static const int calls_sanitizer[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sched_yield), SCMP_SYS(gettid),       SCMP_SYS(getpid),
};
#endif

/* The kernel compares 64 bits; an int argument may arrive with either extension. */
static struct scmp_arg_cmp int_argument(unsigned number, int value)
{
    return SCMP_CMP(number, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)value);
}

static int allow_list(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int failure = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, calls[i], 0);
        if (failure != 0)
            return failure;
    }
    return 0;
}

static int allow_futex(scmp_filter_ctx filter)
{
    static const int operations[] = {FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_PRIVATE,
                                     FUTEX_WAKE_PRIVATE};
    for (size_t i = 0; i < BASE_COUNT(operations); i++) {
        int failure = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(futex), 1,
                                             int_argument(1, operations[i]));
        if (failure != 0)
            return failure;
    }
    return 0;
}

/* 0, or a negative errno of libseccomp. */
static int fill_filter(scmp_filter_ctx filter, script_jail_kind kind)
{
    int failure = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (failure == 0)
        failure = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* every thread, or none */
    if (failure == 0)
        failure = allow_list(filter, calls_always, BASE_COUNT(calls_always));
    if (failure == 0)
        failure = allow_futex(filter);
    if (failure == 0) /* J2 */
        failure = seccomp_rule_add_exact(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
            SCMP_CMP(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS), int_argument(4, -1));
    if (failure == 0 && kind == SCRIPT_JAIL_BACKTEST)
        failure = allow_list(filter, calls_backtest, BASE_COUNT(calls_backtest));
    if (failure == 0 && kind == SCRIPT_JAIL_BACKTEST)
        failure = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                                         int_argument(0, JAIL_RESULT_FD));
#ifdef HEAN_SANITIZE
    if (failure == 0)
        failure = allow_list(filter, calls_sanitizer, BASE_COUNT(calls_sanitizer));
    if (failure == 0) /* its reports */
        failure = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                                         int_argument(0, STDERR_FILENO));
#endif
    return failure;
}

static hean_status enter_seccomp(script_jail_kind kind, hean_error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failure;

    if (filter == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "jail: no memory for the seccomp filter");
    failure = fill_filter(filter, kind);
    if (failure == 0)
        failure = seccomp_load(filter);
    seccomp_release(filter);
    if (failure != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: seccomp filter refused: %s",
                         strerror(-failure));
    return HEAN_OK;
}

/* What is mapped now; the cap on address space comes on top. */
static hean_status mapped_bytes(uint64_t *out, hean_error *error)
{
    char text[128];
    char *end;
    ssize_t bytes;
    unsigned long long pages;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: /proc/self/statm: %s", strerror(errno));
    bytes = read(fd, text, sizeof text - 1);
    (void)close(fd); /* only read */
    if (bytes <= 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: /proc/self/statm cannot be read");
    text[bytes] = 0;
    pages = strtoull(text, &end, 10);
    if (end == text)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: /proc/self/statm: expected a number");
    *out = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return HEAN_OK;
}

/* Lowers both limits; one that is lower already stays. */
static hean_status lower_limit(__rlimit_resource_t resource, const char *name, rlim_t value,
                               hean_error *error)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: getrlimit %s: %s", name,
                         strerror(errno));
    if (limit.rlim_max > value)
        limit.rlim_max = value;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &limit) != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: setrlimit %s: %s", name,
                         strerror(errno));
    return HEAN_OK;
}

static hean_status lower_limits(size_t memory_bytes_max, hean_error *error)
{
    uint64_t mapped = 0;
    hean_status status = mapped_bytes(&mapped, error);

    if (status == HEAN_OK)
        status = lower_limit(RLIMIT_CORE, "RLIMIT_CORE", 0, error);
    if (status == HEAN_OK)
        status = lower_limit(RLIMIT_NPROC, "RLIMIT_NPROC", 0, error);
    if (status == HEAN_OK) /* what is open stays open, nothing more can be */
        status = lower_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", 0, error);
    if (status == HEAN_OK)
        status = lower_limit(RLIMIT_FSIZE, "RLIMIT_FSIZE", 0, error);
    if (status == HEAN_OK)
        status = lower_limit(RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", 0, error);
#ifndef HEAN_SANITIZE /* whose shadow memory is larger than any limit */
    if (status == HEAN_OK)
        status = lower_limit(RLIMIT_AS, "RLIMIT_AS",
                             mapped + memory_bytes_max + SCRIPT_JAIL_OVERHEAD_BYTES, error);
#else
    (void)memory_bytes_max;
#endif
    return status;
}

hean_status script_jail_enter(script_jail_kind kind, size_t memory_bytes_max, hean_error *error)
{
    hean_status status;

    if (memory_bytes_max > SIZE_MAX / 4)
        return base_fail(error, HEAN_E_RANGE, "jail: a memory limit of %zu bytes",
                         memory_bytes_max);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: no_new_privs: %s", strerror(errno));
    status = lower_limits(memory_bytes_max, error);
    if (status != HEAN_OK)
        return status;
    /* No other process of this user may look inside or attach. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: PR_SET_DUMPABLE: %s", strerror(errno));
    return enter_seccomp(kind, error);
}

hean_status script_jail_available(hean_error *error)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;

    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
        return base_fail(error, HEAN_E_UNSUPPORTED,
                         "jail: seccomp filters that end a process: %s (Linux 4.14 or later, "
                         "with CONFIG_SECCOMP_FILTER)",
                         strerror(errno));
    return HEAN_OK;
}
