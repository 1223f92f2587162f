/*
 * jail_run.c: runs a function in a forked, jailed child, and brings its result home.
 *
 * The child's descriptor 1 is the result pipe; its answer is one frame: a head with the status, the
 * message and the length of what follows, then that; a CRC covers both.
 *
 * Invariants
 *   R1  script_jail_run returns: a child that floods the pipe, closes it, stands still in a
 *       callback or dies is ended and reaped.
 *   R2  nothing the child sends is believed: lengths are capped, texts terminated, statuses known.
 *   R3  the child starts its body with no environment, no command line, no inherited signal
 *       handler and no descriptor but those it was given.
 */
#include <script/script.h>

#include "jail_child.h"

#include <base/hash.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESULT_MAGIC     0x4e414548u
#define RESULT_BYTES_MAX (UINT64_C(64) << 20)
#define TICK_NS          (100 * BASE_NS_PER_MS)
#define TICK_NS_MIN      (10 * BASE_NS_PER_MS)
/* After the end of the pipe, how long a child may take to be dead. */
#define END_MS 2000

typedef struct result_head {
    uint32_t magic;
    uint32_t status;
    uint64_t out_bytes;
    uint32_t crc; /* of the head with a crc of 0, then the bytes */
    uint32_t reserved;
    char message[sizeof(((hean_error *)0)->message)];
    char padding[4];
} result_head;

/* `head` with a crc of 0. */
static uint32_t result_crc(const result_head *head, const char *bytes)
{
    uint32_t crc = hash_crc32(0, head, sizeof *head);
    return head->out_bytes > 0 ? hash_crc32(crc, bytes, head->out_bytes) : crc;
}

/* ---- the child ---- */

/* Overwrites memory that may not be writable: the kernel answers EFAULT where a store would kill.
 */
static void wipe(int zero_fd, char *start, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = syscall(SYS_read, zero_fd, start, bytes);
        if (done <= 0)
            return;
        start += done;
        bytes -= (size_t)done;
    }
}

/* The strings that the kernel laid down for this process: fields 48 to 51 of its stat line. */
static bool kernel_strings(uintptr_t out[4])
{
    char text[2048];
    char *at;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (fd >= 0)
        (void)close(fd); /* only read */
    if (bytes <= 0)
        return false;
    text[bytes] = 0;
    at = strrchr(text, ')'); /* the end of field 2, which may hold anything */
    for (int field = 2; at != NULL && field < 48; field++)
        at = strchr(at + 1, ' ');
    for (int i = 0; i < 4; i++) {
        if (at == NULL)
            return false;
        out[i] = (uintptr_t)strtoull(at, &at, 10);
    }
    return out[0] <= out[1] && out[2] <= out[3];
}

static hean_status wipe_inheritance(hean_error *error)
{
    uintptr_t range[4];
    int zero_fd;

    if (!kernel_strings(range))
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: /proc/self/stat cannot be read");
    zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    if (zero_fd < 0)
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: /dev/zero: %s", strerror(errno));
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        wipe(zero_fd, *entry, strlen(*entry));
    (void)clearenv();
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): addresses that the kernel tells as numbers */
    wipe(zero_fd, (char *)range[0], range[1] - range[0]);
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    wipe(zero_fd, (char *)range[2], range[3] - range[2]);
    (void)close(zero_fd); /* only read */
    return HEAN_OK;
}

static bool send_all(const void *data, size_t bytes)
{
    const char *at = data;
    while (bytes > 0) {
        ssize_t done = write(JAIL_RESULT_FD, at, bytes);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        bytes -= (size_t)done;
    }
    return true;
}

static bool send_result(hean_status status, const hean_error *error, const base_buffer *out)
{
    result_head head;

    memset(&head, 0, sizeof head);
    head.magic = RESULT_MAGIC;
    head.status = (uint32_t)status;
    head.out_bytes = out->length;
    memcpy(head.message, error->message, sizeof head.message);
    head.crc = result_crc(&head, out->data);
    return send_all(&head, sizeof head) && send_all(out->data, out->length);
}

static hean_status prepare_child(const script_jail_call *call, pid_t parent, int pipe_fd,
                                 hean_error *error)
{
    int keep[64 + 2];
    size_t count = 0;
    hean_status status;

    jail_child_reset_signals();
    /* The thread that forked waits for us in script_jail_run, so its end is the program's end. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
        _exit(1);
    if (dup2(pipe_fd, JAIL_RESULT_FD) < 0)
        _exit(1);
    status = wipe_inheritance(error);
    if (status != HEAN_OK)
        return status;
    keep[count++] = JAIL_RESULT_FD;
#ifdef HEAN_SANITIZE
    keep[count++] = STDERR_FILENO; /* for its reports */
#endif
    for (size_t i = 0; i < call->keep_fd_count; i++)
        keep[count++] = call->keep_fds[i];
    if (!jail_child_close_all(keep, count))
        return base_fail(error, HEAN_E_UNSUPPORTED, "jail: close_range: %s", strerror(errno));
    if (call->enter_jail)
        return script_jail_enter(SCRIPT_JAIL_BACKTEST, call->memory_bytes_max, error);
    return HEAN_OK;
}

static _Noreturn void run_child(const script_jail_call *call, pid_t parent, int pipe_fd)
{
    hean_error error;
    base_buffer out;
    hean_status status;

    memset(&error, 0, sizeof error);
    base_buffer_init(&out, base_allocator_default());
    status = prepare_child(call, parent, pipe_fd, &error);
    if (status == HEAN_OK)
        status = call->body(call->context, &out, &error);
    if (out.failed)
        status = base_fail(&error, HEAN_E_NO_MEMORY, "jailed process: no memory for its result");
    if (out.length > RESULT_BYTES_MAX) {
        base_buffer_deinit(&out);
        status = base_fail(&error, HEAN_E_LIMIT, "jailed process: a result of more than %llu bytes",
                           (unsigned long long)RESULT_BYTES_MAX);
    }
    _exit(send_result(status, &error, &out) ? 0 : 1);
}

/* ---- the parent ---- */

typedef struct collector {
    script_jail_call *call;
    base_buffer *out;
    jail_child child;
    int fd;
    size_t head_bytes; /* received so far */
    result_head head;
    size_t out_mark; /* where the child's bytes start in out */
    bool accepted;   /* the frame is whole and undamaged */
    int64_t tick_ns;
    int64_t last_tick_ns, last_call_ns;
    /* the watch on the heartbeat */
    uint64_t started;
    int64_t started_cpu_ns; /* the child's processor time when `started` was first seen */
    int64_t waited_ns;      /* wall time since then, a suspended machine left out */
} collector;

static uint64_t heartbeat_started(const script_jail_call *call)
{
    /* Without a heartbeat the whole call counts as one callback. */
    return call->heartbeat != NULL ? __atomic_load_n(&call->heartbeat->started, __ATOMIC_ACQUIRE)
                                   : 1;
}

static const char *doing(const script_jail_call *call)
{
    if (call->heartbeat == NULL || heartbeat_started(call) % 2 == 0)
        return "outside any callback";
    return script_callback_name(__atomic_load_n(&call->heartbeat->callback, __ATOMIC_RELAXED));
}

static hean_status fail_deadline(const script_jail_call *call, hean_error *error)
{
    if (call->heartbeat == NULL)
        return base_fail(error, HEAN_E_SCRIPT_DEADLINE, "ran longer than %lld ms",
                         (long long)(call->deadline_ns / BASE_NS_PER_MS));
    return base_fail(error, HEAN_E_SCRIPT_DEADLINE, "%s ran longer than %lld ms", doing(call),
                     (long long)(call->deadline_ns / BASE_NS_PER_MS));
}

/* HEAN_OK while the child makes progress. */
static hean_status watch_heartbeat(collector *self, int64_t elapsed_ns, hean_error *error)
{
    uint64_t started = heartbeat_started(self->call);
    int64_t cpu_ns = jail_child_cpu_ns(&self->child);

    if (self->call->deadline_ns <= 0)
        return HEAN_OK;
    if (started != self->started) {
        self->started = started;
        self->started_cpu_ns = cpu_ns;
        self->waited_ns = 0;
        return HEAN_OK;
    }
    if (started % 2 == 0)
        return HEAN_OK;
    self->waited_ns += elapsed_ns < self->tick_ns ? elapsed_ns : self->tick_ns;
    if (cpu_ns - self->started_cpu_ns < self->call->deadline_ns &&
        self->waited_ns / SCRIPT_DEADLINE_WALL_FACTOR < self->call->deadline_ns)
        return HEAN_OK;
    return fail_deadline(self->call, error);
}

static hean_status tick(collector *self, hean_error *error)
{
    int64_t now_ns = base_clock_monotonic_ns();
    int64_t elapsed_ns = now_ns - self->last_tick_ns;

    if (elapsed_ns < self->tick_ns)
        return HEAN_OK;
    self->last_tick_ns = now_ns;
    if (self->call->on_tick != NULL && now_ns - self->last_call_ns >= TICK_NS) {
        self->last_call_ns = now_ns;
        self->call->on_tick(self->call->context);
    }
    return watch_heartbeat(self, elapsed_ns, error);
}

static hean_status check_head(const result_head *head, hean_error *error)
{
    if (head->magic != RESULT_MAGIC || head->status >= HEAN_STATUS_COUNT ||
        memchr(head->message, 0, sizeof head->message) == NULL)
        return base_fail(error, HEAN_E_WORKER, "jailed process: its result is malformed");
    if (head->out_bytes > RESULT_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "jailed process: a result of more than %llu bytes",
                         (unsigned long long)RESULT_BYTES_MAX);
    return HEAN_OK;
}

static bool complete(const collector *self)
{
    return self->head_bytes == sizeof self->head &&
           self->out->length - self->out_mark == self->head.out_bytes;
}

/* Reads what is there, at most one piece. `*ended` is set at the end of the pipe. */
static hean_status receive(collector *self, bool *ended, hean_error *error)
{
    char piece[65536];
    size_t wanted = sizeof piece;
    ssize_t bytes;

    if (self->head_bytes < sizeof self->head)
        wanted = sizeof self->head - self->head_bytes;
    else if (self->head.out_bytes - (self->out->length - self->out_mark) < wanted)
        wanted = (size_t)(self->head.out_bytes - (self->out->length - self->out_mark));
    bytes = read(self->fd, piece, wanted);
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN))
        return HEAN_OK;
    if (bytes < 0)
        return base_fail(error, HEAN_E_IO, "jailed process: its result: %s", strerror(errno));
    *ended = bytes == 0;
    if (self->head_bytes < sizeof self->head) {
        memcpy((char *)&self->head + self->head_bytes, piece, (size_t)bytes);
        self->head_bytes += (size_t)bytes;
        return self->head_bytes == sizeof self->head ? check_head(&self->head, error) : HEAN_OK;
    }
    base_buffer_append(self->out, piece, (size_t)bytes);
    if (self->out->failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "jailed process: no memory for its result");
    return HEAN_OK;
}

/* Until the frame is complete or the child is gone. */
static hean_status collect(collector *self, hean_error *error)
{
    bool dead = false;

    for (;;) {
        struct pollfd wait[2] = {{self->fd, POLLIN, 0}, {self->child.pidfd, POLLIN, 0}};
        bool ended = false;
        hean_status status = HEAN_OK;

        if (self->call->stop != NULL && *self->call->stop != 0)
            return base_fail(error, HEAN_E_INTERRUPTED, "interrupted");
        if (poll(wait, 2, (int)(self->tick_ns / BASE_NS_PER_MS)) < 0 && errno != EINTR)
            return base_fail(error, HEAN_E_IO, "jailed process: poll: %s", strerror(errno));
        if (wait[0].revents != 0)
            status = receive(self, &ended, error);
        else if (dead)
            ended = true; /* and nothing is left in the pipe */
        if (status == HEAN_OK && !complete(self) && !ended)
            status = tick(self, error);
        if (status != HEAN_OK || ended || complete(self))
            return status;
        dead = wait[1].revents != 0;
    }
}

/* The child went without a whole result: why? */
static hean_status fail_death(collector *self, hean_error *error)
{
    char activity[SCRIPT_NAME_BYTES];
    struct pollfd wait = {self->child.pidfd, POLLIN, 0};
    jail_death death;

    (void)base_text_copy(activity, sizeof activity, doing(self->call));
    if (poll(&wait, 1, END_MS) == 0) /* it lives on with a closed pipe: ended by our caller */
        return base_fail(error, HEAN_E_WORKER, "jailed process: %s: gave no result", activity);
    jail_child_end(&self->child, &death);
    self->call->peak_rss_bytes = death.peak_rss_bytes;
    return jail_death_fail(&death, "jailed process", activity, error);
}

static hean_status finish(collector *self, hean_error *error)
{
    uint32_t crc = self->head.crc;

    if (!complete(self))
        return fail_death(self, error);
    self->head.crc = 0;
    if (crc != result_crc(&self->head, self->out->data + self->out_mark))
        return base_fail(error, HEAN_E_WORKER, "jailed process: its result is damaged");
    self->accepted = true;
    if (self->head.status == HEAN_OK)
        return HEAN_OK;
    return base_fail(error, (hean_status)self->head.status, "%s", self->head.message);
}

static hean_status start_child(collector *self, hean_error *error)
{
    int ends[2];
    pid_t parent = getpid(), pid;
    sigset_t all, before;
    hean_status status;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return base_fail(error, HEAN_E_IO, "jailed process: pipe: %s", strerror(errno));
    /* No handler of the program around us may run in the child. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        run_child(self->call, parent, ends[1]);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]); /* only the child writes */
    self->fd = ends[0];
    if (pid < 0)
        return base_fail(error, HEAN_E_IO, "jailed process: fork: %s", strerror(errno));
    status = jail_child_adopt(&self->child, pid, error);
    if (status == HEAN_OK && fcntl(self->fd, F_SETFL, O_NONBLOCK) != 0)
        status = base_fail(error, HEAN_E_IO, "jailed process: fcntl: %s", strerror(errno));
    return status;
}

static int64_t tick_length(int64_t deadline_ns)
{
    if (deadline_ns <= 0 || deadline_ns / 2 > TICK_NS)
        return TICK_NS;
    return deadline_ns / 2 > TICK_NS_MIN ? deadline_ns / 2 : TICK_NS_MIN;
}

hean_status script_jail_run(script_jail_call *call, base_buffer *out, hean_error *error)
{
    collector self;
    jail_death death;
    bool had_failed = out->failed;
    hean_status status;

    if (call->keep_fd_count > 64)
        return base_fail(error, HEAN_E_LIMIT, "jail: %zu descriptors to keep, expected at most 64",
                         call->keep_fd_count);
    for (size_t i = 0; i < call->keep_fd_count; i++)
        if (call->keep_fds[i] <= STDERR_FILENO)
            return base_fail(error, HEAN_E_INVALID,
                             "jail: descriptor %d cannot be kept, expected one above 2",
                             call->keep_fds[i]);
    memset(&self, 0, sizeof self);
    self.call = call;
    self.out = out;
    self.fd = -1;
    self.out_mark = out->length;
    self.tick_ns = tick_length(call->deadline_ns);
    self.last_tick_ns = self.last_call_ns = base_clock_monotonic_ns();
    call->peak_rss_bytes = 0;
    status = start_child(&self, error);
    if (status == HEAN_OK)
        status = collect(&self, error);
    if (status == HEAN_OK)
        status = finish(&self, error);
    if (self.child.pid != 0) {
        jail_child_end(&self.child, &death);
        call->peak_rss_bytes = death.peak_rss_bytes;
    }
    if (self.fd >= 0)
        (void)close(self.fd); /* only read */
    if (!self.accepted) {     /* nothing half */
        out->length = self.out_mark;
        if (out->data != NULL)
            out->data[out->length] = 0;
        out->failed = had_failed;
    }
    return status;
}
