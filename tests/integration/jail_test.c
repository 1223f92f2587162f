/*
 * jail_test.c: what a jailed process can do, and what becomes of one that tries more.
 */
#include <script/script.h>
#include <support.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1u << 20)

/* Runs a body; the text it left is in `out`. */
static hean_status run(script_jail_call *call, base_buffer *out, hean_error *error)
{
    base_buffer_init(out, base_allocator_default());
    memset(error, 0, sizeof *error);
    if (call->memory_bytes_max == 0)
        call->memory_bytes_max = 64 * MIB;
    return script_jail_run(call, out, error);
}

/* Runs a body that must end with `expected`, its message holding `words`. */
static void expect(script_jail_call *call, hean_status expected, const char *words)
{
    base_buffer out;
    hean_error error;
    hean_status status = run(call, &out, &error);

    if (status != expected || strstr(error.message, words) == NULL)
        print_error("got: %s: %s\n", hean_status_name(status), error.message);
    assert_int_equal(status, expected);
    assert_non_null(strstr(error.message, words));
    base_buffer_deinit(&out);
}

/* ---- results ---- */

static hean_status body_hello(void *context, base_buffer *out, hean_error *error)
{
    (void)error;
    base_buffer_printf(out, "hello %s", (const char *)context);
    return HEAN_OK;
}

static void jail_brings_the_result_home(void **state)
{
    script_jail_call call = {.body = body_hello, .context = (void *)"you", .enter_jail = true};
    base_buffer out;
    hean_error error;

    (void)state;
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
    assert_string_equal(out.data, "hello you");
    assert_true(call.peak_rss_bytes > MIB / 4);
    base_buffer_deinit(&out);
}

static hean_status body_refuses(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    base_buffer_printf(out, "so far");
    return base_fail(error, HEAN_E_SCRIPT, "x.lua:3: no");
}

static void jail_gives_status_message_and_output_of_a_body_that_fails(void **state)
{
    script_jail_call call = {.body = body_refuses, .enter_jail = true};
    base_buffer out;
    hean_error error;

    (void)state;
    assert_int_equal(run(&call, &out, &error), HEAN_E_SCRIPT);
    assert_string_equal(error.message, "x.lua:3: no");
    assert_string_equal(out.data, "so far");
    base_buffer_deinit(&out);
}

static hean_status body_large(void *context, base_buffer *out, hean_error *error)
{
    size_t bytes = *(size_t *)context;
    char piece[4096];

    (void)error;
    for (size_t i = 0; i < sizeof piece; i++)
        piece[i] = (char)(i * 7);
    for (; bytes > 0; bytes -= sizeof piece)
        base_buffer_append(out, piece, sizeof piece);
    return HEAN_OK;
}

static void jail_brings_large_results_whole_and_appends_them(void **state)
{
    size_t bytes = 5 * MIB;
    script_jail_call call = {.body = body_large, .context = &bytes, .enter_jail = true};
    base_buffer out;
    hean_error error;

    (void)state;
    call.memory_bytes_max = 64 * MIB;
    base_buffer_init(&out, base_allocator_default());
    base_buffer_printf(&out, "before");
    assert_status(script_jail_run(&call, &out, &error), HEAN_OK, &error);
    assert_int_equal(out.length, 6 + bytes);
    assert_memory_equal(out.data, "before", 6);
    assert_int_equal((unsigned char)out.data[6 + 4096 + 3], 21);
    base_buffer_deinit(&out);
}

static void jail_refuses_a_result_above_its_cap(void **state)
{
    size_t bytes = (size_t)65 * MIB;
    script_jail_call call = {.body = body_large, .context = &bytes, .enter_jail = true};

    (void)state;
    expect(&call, HEAN_E_LIMIT, "67108864 bytes");
}

/* ---- children that misbehave ---- */

static hean_status body_floods(void *context, base_buffer *out, hean_error *error)
{
    char junk[65536];

    (void)context;
    (void)out;
    (void)error;
    memset(junk, 'x', sizeof junk);
    for (;;)
        if (write(1, junk, sizeof junk) < 0)
            _exit(9);
    return HEAN_OK;
}

static hean_status body_closes_the_pipe(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    (void)out;
    (void)error;
    (void)close(1);
    for (;;)
        (void)pause();
    return HEAN_OK;
}

static hean_status body_claims_more_than_it_sends(void *context, base_buffer *out,
                                                  hean_error *error)
{
    uint32_t head[6] = {0x4e414548u, 0, 1000, 0, 0, 0};

    (void)context;
    (void)out;
    (void)error;
    (void)!write(1, head, sizeof head);
    _exit(0);
    return HEAN_OK;
}

static hean_status body_sends_a_damaged_frame(void *context, base_buffer *out, hean_error *error)
{
    char frame[528];
    uint32_t head[4] = {0x4e414548u, 0, 0, 0};

    (void)context;
    (void)out;
    (void)error;
    memset(frame, 0, sizeof frame);
    memcpy(frame, head, sizeof head);
    frame[100] = 1;
    (void)!write(1, frame, sizeof frame);
    for (;;)
        (void)pause();
    return HEAN_OK;
}

static hean_status body_exits(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    (void)out;
    (void)error;
    _exit(7);
    return HEAN_OK;
}

static hean_status body_signals_itself(void *context, base_buffer *out, hean_error *error)
{
    (void)out;
    (void)error;
    (void)raise(*(int *)context);
    for (;;)
        (void)pause();
    return HEAN_OK;
}

static void jail_contains_a_child_that_breaks_the_protocol(void **state)
{
    script_jail_call call = {.body = body_floods};

    (void)state;
    expect(&call, HEAN_E_WORKER, "malformed");
    call.body = body_closes_the_pipe;
    expect(&call, HEAN_E_WORKER, "gave no result");
    call.body = body_claims_more_than_it_sends;
    expect(&call, HEAN_E_WORKER, "exited with code 0 without an answer");
    call.body = body_sends_a_damaged_frame;
    expect(&call, HEAN_E_WORKER, "damaged");
    call.body = body_exits;
    expect(&call, HEAN_E_WORKER, "exited with code 7");
}

static void jail_names_the_signal_that_killed_a_child(void **state)
{
    static const struct {
        int signal;
        const char *words;
    } rows[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGKILL, "SIGKILL"}};

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        int signal_number = rows[i].signal;
        script_jail_call call = {.body = body_signals_itself, .context = &signal_number};
        expect(&call, HEAN_E_WORKER, rows[i].words);
    }
}

/* ---- deadlines ---- */

static script_heartbeat *heartbeat;

static hean_status body_hangs_in_a_callback(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    (void)out;
    (void)error;
    heartbeat->callback = 0;
    heartbeat->started += 3;
    for (;;) {
    }
    return HEAN_OK;
}

static hean_status body_is_slow_but_lives(void *context, base_buffer *out, hean_error *error)
{
    struct timespec pause = {0, 2 * BASE_NS_PER_MS};

    (void)context;
    (void)error;
    for (int i = 0; i < 150; i++) {
        heartbeat->started++;
        (void)nanosleep(&pause, NULL);
        heartbeat->started++;
    }
    base_buffer_printf(out, "done");
    return HEAN_OK;
}

static hean_status body_sleeps_in_a_callback(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    (void)out;
    (void)error;
    heartbeat->started++;
    for (;;)
        (void)pause();
    return HEAN_OK;
}

static void jail_ends_a_callback_that_runs_too_long(void **state)
{
    script_jail_call call = {
        .body = body_hangs_in_a_callback, .enter_jail = true, .deadline_ns = 50 * BASE_NS_PER_MS};
    hean_error error;

    (void)state;
    assert_status(script_heartbeat_open(&heartbeat, &error), HEAN_OK, &error);
    call.heartbeat = heartbeat;
    expect(&call, HEAN_E_SCRIPT_DEADLINE, "ran longer than 50 ms");
    script_heartbeat_close(heartbeat);
}

static void jail_leaves_many_short_callbacks_alone(void **state)
{
    script_jail_call call = {.body = body_is_slow_but_lives, .deadline_ns = 100 * BASE_NS_PER_MS};
    base_buffer out;
    hean_error error;

    (void)state;
    assert_status(script_heartbeat_open(&heartbeat, &error), HEAN_OK, &error);
    call.heartbeat = heartbeat;
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
    assert_string_equal(out.data, "done");
    base_buffer_deinit(&out);
    script_heartbeat_close(heartbeat);
}

static void jail_ends_a_callback_that_sleeps(void **state)
{
    script_jail_call call = {.body = body_sleeps_in_a_callback, .deadline_ns = 10 * BASE_NS_PER_MS};
    hean_error error;

    (void)state;
    assert_status(script_heartbeat_open(&heartbeat, &error), HEAN_OK, &error);
    call.heartbeat = heartbeat;
    expect(&call, HEAN_E_SCRIPT_DEADLINE, "ran longer than 10 ms");
    script_heartbeat_close(heartbeat);
}

static hean_status body_loops(void *context, base_buffer *out, hean_error *error)
{
    (void)context;
    (void)out;
    (void)error;
    for (;;) {
    }
    return HEAN_OK;
}

static void jail_without_a_heartbeat_limits_the_whole_call(void **state)
{
    script_jail_call call = {
        .body = body_loops, .enter_jail = true, .deadline_ns = 30 * BASE_NS_PER_MS};

    (void)state;
    expect(&call, HEAN_E_SCRIPT_DEADLINE, "ran longer than 30 ms");
}

static volatile int stop;
static int ticks;

static void count_tick(void *context)
{
    (void)context;
    if (++ticks == 2)
        stop = 1;
}

static void jail_ticks_and_stops_when_asked(void **state)
{
    script_jail_call call = {
        .body = body_loops, .enter_jail = true, .on_tick = count_tick, .stop = &stop};

    (void)state;
    stop = ticks = 0;
    expect(&call, HEAN_E_INTERRUPTED, "interrupted");
    assert_int_equal(ticks, 2);
}

/* ---- what a child inherits ---- */

static const char *secret;

/* Before the jail is closed, as a body that reads files first would be. */
static hean_status body_looks_around(void *context, base_buffer *out, hean_error *error)
{
    char text[256];
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t bytes = read(fd, text, sizeof text);

    (void)context;
    (void)error;
    (void)close(fd);
    for (ssize_t i = 0; i < bytes; i++)
        if (text[i] != 0)
            base_buffer_printf(out, "command line;");
    if (environ != NULL && *environ != NULL)
        base_buffer_printf(out, "environment;");
    if (secret[0] != 0)
        base_buffer_printf(out, "secret;");
    for (fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            base_buffer_printf(out, "%d;", fd);
    return HEAN_OK;
}

static void jail_child_inherits_nothing_it_was_not_given(void **state)
{
    int kept = open("/dev/null", O_RDONLY);
    int other = open("/dev/null", O_RDONLY);
    script_jail_call call = {.body = body_looks_around, .keep_fds = &kept, .keep_fd_count = 1};
    base_buffer out;
    hean_error error;
    char expected[64];

    (void)state;
    assert_true(kept > 2 && other > 2);
    assert_int_equal(setenv("HEAN_TEST_SECRET", "key", 1), 0);
    assert_int_equal(putenv((char *)"HEAN_TEST_CONSTANT=1"), 0); /* memory that cannot be written */
    secret = getenv("HEAN_TEST_SECRET");
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
#ifdef HEAN_SANITIZE
    (void)snprintf(expected, sizeof expected, "1;2;%d;", kept);
#else
    (void)snprintf(expected, sizeof expected, "1;%d;", kept);
#endif
    assert_string_equal(out.data, expected);
    assert_string_equal(secret, "key"); /* here it is untouched */
    assert_int_equal(unsetenv("HEAN_TEST_CONSTANT"), 0);
    base_buffer_deinit(&out);
    (void)close(kept);
    (void)close(other);
}

static void jail_refuses_to_keep_the_standard_descriptors(void **state)
{
    int kept = 1;
    script_jail_call call = {.body = body_hello, .keep_fds = &kept, .keep_fd_count = 1};

    (void)state;
    expect(&call, HEAN_E_INVALID, "above 2");
}

static hean_status body_reads_what_it_was_given(void *context, base_buffer *out, hean_error *error)
{
    int fd = *(int *)context;
    char text[16];
    ssize_t bytes = read(fd, text, sizeof text);

    (void)error;
    base_buffer_append(out, text, bytes > 0 ? (size_t)bytes : 0);
    if (lseek(fd, 1, SEEK_SET) == 1 && pread(fd, text, 2, 2) == 2)
        base_buffer_append(out, text, 2);
    (void)close(fd);
    return HEAN_OK;
}

static void jail_lets_a_backtest_read_its_open_data(void **state)
{
    int fd = memfd_create("data", MFD_CLOEXEC);
    script_jail_call call = {.body = body_reads_what_it_was_given,
                             .context = &fd,
                             .keep_fds = &fd,
                             .keep_fd_count = 1,
                             .enter_jail = true};
    base_buffer out;
    hean_error error;

    (void)state;
    assert_int_equal(pwrite(fd, "data", 4, 0), 4);
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
    assert_string_equal(out.data, "datata");
    base_buffer_deinit(&out);
    (void)close(fd);
}

/* ---- system calls ---- */

typedef struct attempt {
    script_jail_kind kind;
    hean_status (*act)(const struct attempt *attempt);
    long number;
    long arguments[6];
} attempt;

#define SURVIVED 77

static hean_status body_attempts(void *context, base_buffer *out, hean_error *error)
{
    const attempt *self = context;
    hean_status status = script_jail_enter(self->kind, 64 * MIB, error);

    (void)out;
    if (status != HEAN_OK)
        return status;
    if (self->act != NULL)
        (void)self->act(self);
    else
        (void)syscall(self->number, self->arguments[0], self->arguments[1], self->arguments[2],
                      self->arguments[3], self->arguments[4], self->arguments[5]);
    _exit(SURVIVED);
}

static bool survives(attempt *self, hean_error *error)
{
    script_jail_call call = {.body = body_attempts, .context = self};
    base_buffer out;
    hean_status status = run(&call, &out, error);

    base_buffer_deinit(&out);
    if (status == HEAN_E_WORKER && strstr(error->message, "code 77") != NULL)
        return true;
    if (status != HEAN_E_SCRIPT_JAILED)
        print_error("system call %ld: %s: %s\n", self->number, hean_status_name(status),
                    error->message);
    assert_int_equal(status, HEAN_E_SCRIPT_JAILED);
    return false;
}

static bool listed(long number, const long *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

/* Calls that may be made with every argument 0 (mmap and write may not, futex with 0 is WAIT). */
static const long open_to_all[] = {
    SYS_brk,          SYS_munmap,     SYS_mremap,       SYS_mprotect,        SYS_madvise,
    SYS_exit,         SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_clock_gettime,
    SYS_gettimeofday, SYS_getppid,    SYS_futex};
static const long open_to_backtests[] = {SYS_read, SYS_pread64, SYS_lseek, SYS_close,
                                         SYS_getrandom};
static const long open_to_sanitizers[] = {SYS_sigaltstack, SYS_rt_sigaction, SYS_rt_sigprocmask,
                                          SYS_sched_yield, SYS_gettid,       SYS_getpid};

#define SYSTEM_CALLS_MAX 600

static void check_every_system_call(script_jail_kind kind)
{
    int killed = 0;

    for (long number = 0; number < SYSTEM_CALLS_MAX; number++) {
        attempt self = {.kind = kind, .number = number};
        hean_error error;
        bool allowed = listed(number, open_to_all, BASE_COUNT(open_to_all));
        if (kind == SCRIPT_JAIL_BACKTEST)
            allowed = allowed || listed(number, open_to_backtests, BASE_COUNT(open_to_backtests));
#ifdef HEAN_SANITIZE
        allowed = allowed || listed(number, open_to_sanitizers, BASE_COUNT(open_to_sanitizers));
#endif
#ifdef __x86_64__
        /* uretprobe and uprobe: the kernel's own entries for its probes pass every filter on
         * purpose, and do nothing (ENXIO, SIGILL) where no probe was set from outside. */
        allowed = allowed || number == 335 || number == 336;
#endif
        if (allowed)
            continue;
        if (survives(&self, &error)) {
            print_error("system call %ld is open\n", number);
            fail();
        }
        killed++;
    }
    (void)open_to_sanitizers;
    assert_true(killed > SYSTEM_CALLS_MAX - 30);
}

static void jail_kills_on_every_system_call_that_a_worker_does_not_need(void **state)
{
    (void)state;
    check_every_system_call(SCRIPT_JAIL_WORKER);
}

static void jail_kills_on_every_system_call_that_a_backtest_does_not_need(void **state)
{
    (void)state;
    check_every_system_call(SCRIPT_JAIL_BACKTEST);
}

static void jail_looks_at_the_arguments_that_matter(void **state)
{
    static const struct {
        attempt attempt;
        bool survives;
    } rows[] = {
        {{.number = SYS_mmap,
          .arguments = {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
         true},
        {{.number = SYS_mmap, /* the other extension of an int */
          .arguments = {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, 0xffffffffl, 0}},
         true},
        {{.number = SYS_mmap, .arguments = {0, 4096, PROT_READ, MAP_PRIVATE, 1, 0}}, false},
        {{.number = SYS_mmap, .arguments = {0, 4096, PROT_READ, MAP_PRIVATE, -1, 0}}, false},
        {{.number = SYS_mmap, .arguments = {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 1, 0}},
         false},
        {{.number = SYS_futex, .arguments = {0, FUTEX_WAKE, 1}}, true},
        {{.number = SYS_futex, .arguments = {0, FUTEX_REQUEUE, 1}}, false},
        {{.number = SYS_futex, .arguments = {0, FUTEX_LOCK_PI, 1}}, false},
        {{.kind = SCRIPT_JAIL_BACKTEST, .number = SYS_write, .arguments = {1, 0, 0}}, true},
        {{.kind = SCRIPT_JAIL_BACKTEST, .number = SYS_write, .arguments = {0, 0, 0}}, false},
        {{.kind = SCRIPT_JAIL_BACKTEST, .number = SYS_write, .arguments = {5, 0, 0}}, false},
        {{.number = SYS_write, .arguments = {1, 0, 0}}, false},
        {{.number = SYS_read, .arguments = {1, 0, 0}}, false},
    };

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        attempt self = rows[i].attempt;
        hean_error error;
        if (survives(&self, &error) != rows[i].survives) {
            print_error("row %zu\n", i);
            fail();
        }
    }
}

#ifdef __x86_64__
static hean_status act_int80(const attempt *self)
{
    long result = 20; /* getpid of the 32-bit interface */

    (void)self;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return HEAN_OK;
}

static void jail_kills_on_other_system_call_interfaces(void **state)
{
    attempt x32 = {.number = 0x40000000 + SYS_getppid};
    attempt old = {.act = act_int80};
    script_jail_call call = {.body = body_attempts, .context = &old};
    base_buffer out;
    hean_error error;
    hean_status status;

    (void)state;
    assert_false(survives(&x32, &error));
    status = run(&call, &out, &error); /* SIGSEGV where the kernel has no 32-bit interface */
    assert_true(status == HEAN_E_SCRIPT_JAILED ||
                (status == HEAN_E_WORKER && strstr(error.message, "SIGSEGV") != NULL));
    base_buffer_deinit(&out);
}
#endif

static hean_status body_looks_at_its_limits(void *context, base_buffer *out, hean_error *error)
{
    /* Of the limits it can only see the effect: asking for them is not allowed either. */
    size_t bytes = 0;
    void *volatile memory; /* or the compiler sees that nobody wants it */

    (void)context;
    (void)error;
    while (bytes < (size_t)4096 * MIB && (memory = malloc(MIB)) != NULL)
        bytes += MIB;
    base_buffer_printf(out, "%zu", bytes / MIB);
    return HEAN_OK;
}

static void jail_caps_the_memory_of_the_process(void **state)
{
    script_jail_call call = {
        .body = body_looks_at_its_limits, .enter_jail = true, .memory_bytes_max = 32 * MIB};
    base_buffer out;
    hean_error error;

    (void)state;
#ifdef HEAN_SANITIZE
    (void)call, (void)out, (void)error;
    skip(); /* the sanitizers' shadow memory is larger than any limit */
#else
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
    assert_true(strtoull(out.data, NULL, 10) <= 32 + SCRIPT_JAIL_OVERHEAD_BYTES / MIB);
    assert_true(strtoull(out.data, NULL, 10) >= 32);
    base_buffer_deinit(&out);
#endif
}

/* ---- the program around it ---- */

static int count_open_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void jail_leaves_no_zombie_and_no_descriptor_behind(void **state)
{
    int before = count_open_fds();
    script_jail_call calls[] = {{.body = body_hello, .context = (void *)"x"},
                                {.body = body_exits},
                                {.body = body_floods},
                                {.body = body_loops, .deadline_ns = 10 * BASE_NS_PER_MS}};

    (void)state;
    for (int i = 0; i < 40; i++) {
        base_buffer out;
        hean_error error;
        (void)run(&calls[i % 4], &out, &error);
        base_buffer_deinit(&out);
    }
    assert_int_equal(count_open_fds(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void jail_works_in_a_program_that_ignores_its_children(void **state)
{
    script_jail_call call = {.body = body_hello, .context = (void *)"x", .enter_jail = true};
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    base_buffer out;
    hean_error error;

    (void)state;
    assert_status(run(&call, &out, &error), HEAN_OK, &error);
    assert_string_equal(out.data, "hello x");
    base_buffer_deinit(&out);
    call.body = body_exits;
    expect(&call, HEAN_E_WORKER, "ended");
    assert_true(signal(SIGCHLD, before) == SIG_IGN);
}

static void *run_many(void *argument)
{
    for (int i = 0; i < 20; i++) {
        script_jail_call call = {.body = body_hello, .context = argument, .enter_jail = true};
        base_buffer out;
        hean_error error;
        if (run(&call, &out, &error) != HEAN_OK || strstr(out.data, argument) == NULL)
            return (void *)1;
        base_buffer_deinit(&out);
    }
    return NULL;
}

static void jail_runs_in_several_threads_at_once(void **state)
{
    pthread_t threads[3];
    char names[3][2] = {"a", "b", "c"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, names[i]), 0);
    for (size_t i = 0; i < 3; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void jail_survives_allocation_failures(void **state)
{
    size_t bytes = MIB;
    bool done = false;

    (void)state;
    for (uint64_t fail_at = 1; !done; fail_at++) {
        script_jail_call call = {.body = body_large, .context = &bytes, .enter_jail = true};
        test_allocator allocator;
        base_buffer out;
        hean_error error;
        hean_status status;

        call.memory_bytes_max = 64 * MIB;
        test_allocator_init(&allocator, fail_at);
        base_buffer_init(&out, &allocator.allocator);
        status = script_jail_run(&call, &out, &error);
        done = status == HEAN_OK;
        if (!done) {
            assert_int_equal(status, HEAN_E_NO_MEMORY);
            assert_int_equal(out.length, 0);
            assert_false(out.failed);
        }
        base_buffer_deinit(&out);
        assert_int_equal(allocator.live, 0);
    }
}

static void jail_is_available_here(void **state)
{
    hean_error error;

    (void)state;
    assert_status(script_jail_available(&error), HEAN_OK, &error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jail_is_available_here),
        cmocka_unit_test(jail_brings_the_result_home),
        cmocka_unit_test(jail_gives_status_message_and_output_of_a_body_that_fails),
        cmocka_unit_test(jail_brings_large_results_whole_and_appends_them),
        cmocka_unit_test(jail_refuses_a_result_above_its_cap),
        cmocka_unit_test(jail_contains_a_child_that_breaks_the_protocol),
        cmocka_unit_test(jail_names_the_signal_that_killed_a_child),
        cmocka_unit_test(jail_ends_a_callback_that_runs_too_long),
        cmocka_unit_test(jail_leaves_many_short_callbacks_alone),
        cmocka_unit_test(jail_ends_a_callback_that_sleeps),
        cmocka_unit_test(jail_without_a_heartbeat_limits_the_whole_call),
        cmocka_unit_test(jail_ticks_and_stops_when_asked),
        cmocka_unit_test(jail_child_inherits_nothing_it_was_not_given),
        cmocka_unit_test(jail_refuses_to_keep_the_standard_descriptors),
        cmocka_unit_test(jail_lets_a_backtest_read_its_open_data),
        cmocka_unit_test(jail_kills_on_every_system_call_that_a_worker_does_not_need),
        cmocka_unit_test(jail_kills_on_every_system_call_that_a_backtest_does_not_need),
        cmocka_unit_test(jail_looks_at_the_arguments_that_matter),
#ifdef __x86_64__
        cmocka_unit_test(jail_kills_on_other_system_call_interfaces),
#endif
        cmocka_unit_test(jail_caps_the_memory_of_the_process),
        cmocka_unit_test(jail_leaves_no_zombie_and_no_descriptor_behind),
        cmocka_unit_test(jail_works_in_a_program_that_ignores_its_children),
        cmocka_unit_test(jail_runs_in_several_threads_at_once),
        cmocka_unit_test(jail_survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
