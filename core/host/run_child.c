/*
 * run_child.c: starts `hean exchange-sim` on a port of its choice and learns which.
 *
 * The child gets its keys in its environment, prints one JSON object when it listens, and ends when
 * its standard input does, however we end; the kernel's parent-death signal is the second string.
 */
#include "run_private.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_NS   (20 * BASE_NS_PER_S)
#define LINE_BYTES 2048

typedef struct child_plan {
    char program[4096], market[200], key[200], secret[200];
    int in[2], out[2];
} child_plan;

/* In the child, after fork: only calls that are safe there. */
static _Noreturn void become(child_plan *plan, pid_t parent)
{
    char words[][16] = {"hean", "exchange-sim", "--market", "--json", "--until-eof"};
    char *const arguments[] = {words[0], words[1], words[2], plan->market,
                               words[3], words[4], NULL};
    char *const environment[] = {plan->key, plan->secret, NULL};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(plan->in[0], 0) < 0 || dup2(plan->out[1], 1) < 0)
        _exit(127);
    (void)execve(plan->program, arguments, environment);
    _exit(127);
}

static hean_status make_plan(const config *settings, const char *program, const keys *held,
                             child_plan *plan, hean_error *error)
{
    const config_venue *wanted = &settings->venue;
    ssize_t bytes = 0;

    if (program == NULL)
        bytes = readlink("/proc/self/exe", plan->program, sizeof plan->program - 1);
    else if (!base_text_copy(plan->program, sizeof plan->program, program))
        bytes = -1;
    if (bytes < 0)
        return base_fail(error, HEAN_E_LIMIT, "exchange-sim: the program's path cannot be had");
    if (program == NULL)
        plan->program[bytes] = 0;
    (void)snprintf(plan->market, sizeof plan->market,
                   "sim:%lld,instruments=%lld,rate=%.15g,"
                   "funding=%llds",
                   (long long)wanted->seed, (long long)wanted->instruments,
                   wanted->events_per_second,
                   (long long)(wanted->funding_interval_ns / BASE_NS_PER_S));
    (void)snprintf(plan->key, sizeof plan->key, "BYBIT_API_KEY=%s", keys_key(held));
    (void)snprintf(plan->secret, sizeof plan->secret, "BYBIT_API_SECRET=%s", keys_secret(held));
    if (pipe2(plan->in, O_CLOEXEC) != 0)
        return base_fail(error, HEAN_E_IO, "exchange-sim: %s", strerror(errno));
    if (pipe2(plan->out, O_CLOEXEC) != 0) {
        int reason = errno;
        (void)close(plan->in[0]);
        (void)close(plan->in[1]);
        return base_fail(error, HEAN_E_IO, "exchange-sim: %s", strerror(reason));
    }
    return HEAN_OK;
}

/* The first line of its output. */
static hean_status read_line(int fd, char line[LINE_BYTES], hean_error *error)
{
    int64_t deadline_ns = base_clock_monotonic_ns() + START_NS;
    size_t length = 0;

    while (length < LINE_BYTES - 1) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        int64_t left_ns = deadline_ns - base_clock_monotonic_ns();
        ssize_t got;
        if (left_ns <= 0)
            return base_fail(error, HEAN_E_IO, "exchange-sim: did not start within %d s",
                             (int)(START_NS / BASE_NS_PER_S));
        if (poll(&wanted, 1, (int)(left_ns / BASE_NS_PER_MS) + 1) <= 0)
            continue;
        got = read(fd, line + length, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return base_fail(error, HEAN_E_IO, "exchange-sim: it ended before it listened");
        if (line[length] == '\n') {
            line[length] = 0;
            return HEAN_OK;
        }
        length++;
    }
    return base_fail(error, HEAN_E_PARSE, "exchange-sim: its first line is too long");
}

static hean_status parse_line(const char *line, run_child *out, hean_error *error)
{
    json_error_t problem;
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &problem);
    const char *rest = json_string_value(json_object_get(json, "rest"));
    const char *public = json_string_value(json_object_get(json, "public"));
    const char *private = json_string_value(json_object_get(json, "private"));
    bool fits = rest != NULL && public != NULL && private != NULL &&
                base_text_copy(out->rest_url, sizeof out->rest_url, rest) &&
                base_text_copy(out->public_url, sizeof out->public_url, public) &&
                base_text_copy(out->private_url, sizeof out->private_url, private);

    json_decref(json);
    return fits ? HEAN_OK
                : base_fail(error, HEAN_E_PARSE, "exchange-sim: expected its URLs, got %.100s",
                            line);
}

hean_status run_child_start(const config *settings, const char *program, const keys *held,
                            run_child *out, hean_error *error)
{
    child_plan plan;
    char line[LINE_BYTES];
    pid_t parent = getpid();
    hean_status status = make_plan(settings, program, held, &plan, error);

    if (status != HEAN_OK)
        return status;
    out->pid = fork();
    if (out->pid == 0)
        become(&plan, parent);
    explicit_bzero(plan.secret, sizeof plan.secret);
    (void)close(plan.in[0]);
    (void)close(plan.out[1]);
    out->stdin_fd = plan.in[1];
    if (out->pid < 0) {
        out->pid = 0;
        (void)close(out->stdin_fd);
        status = base_fail(error, HEAN_E_IO, "exchange-sim: %s", strerror(errno));
    } else {
        status = read_line(plan.out[0], line, error);
        if (status == HEAN_OK)
            status = parse_line(line, out, error);
        if (status != HEAN_OK)
            run_child_stop(out);
    }
    (void)close(plan.out[0]);
    return status;
}

bool run_child_alive(run_child *child, char *why, size_t bytes)
{
    int status = 0;

    if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) == 0)
        return true;
    child->pid = 0;
    (void)close(child->stdin_fd);
    if (WIFSIGNALED(status))
        (void)snprintf(why, bytes, "exchange-sim was ended by signal %d", WTERMSIG(status));
    else
        (void)snprintf(why, bytes, "exchange-sim ended with code %d", WEXITSTATUS(status));
    return false;
}

void run_child_stop(run_child *child)
{
    if (child->pid == 0)
        return;
    (void)close(child->stdin_fd);
    (void)kill(child->pid, SIGTERM);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
}
