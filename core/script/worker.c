/*
 * worker.c: the host's side of a jailed strategy: starts the process, takes turns with it, and
 * contains whatever it does.
 *
 * Invariants
 *   H1  what lies in the ring is hostile: numbers are read once and checked, intents and texts are
 *       copied out before they are looked at (W2).
 *   H2  no call waits longer than the deadline in the worker's processor time, or
 *       SCRIPT_DEADLINE_WALL_FACTOR times that on the clock.
 *   H3  a failed or closed worker leaves no process, descriptor or memory behind.
 * What an intent means is checked by the engine, the same for both sides of the jail; here it is
 * only made sure that it is one.
 */
#include "jail_child.h"
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEADLINE_NS_DEFAULT      (50 * BASE_NS_PER_MS)
#define LOAD_DEADLINE_NS_DEFAULT (5 * BASE_NS_PER_S)
/* How often a waiting host looks after its worker. */
#define LOOK_NS_MAX (5 * BASE_NS_PER_MS)
#define LOOK_NS_MIN (100 * BASE_NS_PER_US)

struct script_worker {
    const hean_allocator *allocator;
    jail_child child;
    ring_region *ring; /* NULL: ended */
    size_t ring_bytes;
    uint32_t sequence; /* of the request and reply that are under way or done */
    uint32_t queued;   /* events in the ring that no request has handed over yet */
    ring_patience patience;
    int64_t deadline_ns, load_deadline_ns;
    void (*on_round_trip)(void *context, int64_t nanoseconds);
    void *round_trip_context;
    script_worker_stats stats;
    script_info info;
    char name[SCRIPT_NAME_BYTES];
    base_buffer saved;
    hean_intent intents[ENGINE_INTENTS_MAX];
    char text[SCRIPT_TEXT_BYTES_MAX];
};

/* After a copy out of the ring: the compiler must not look at the ring again for what it copied. */
static void forget_source(void)
{
    __asm__ volatile("" ::: "memory");
}

static uint32_t read_once(const _Atomic uint32_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

/* ---- starting ---- */

static uint64_t text_length(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

static hean_status check_options(const script_options *options, hean_error *error)
{
    if (options->file == NULL || options->source == NULL)
        return base_fail(error, HEAN_E_INVALID, "worker: expected a file name and a source");
    if (options->source_bytes > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: %zu bytes, expected at most %u", options->file,
                         options->source_bytes, SCRIPT_SOURCE_BYTES_MAX);
    if (options->saved_bytes > SCRIPT_SAVED_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: %zu saved bytes, expected at most %u",
                         options->file, options->saved_bytes, SCRIPT_SAVED_BYTES_MAX);
    if (text_length(options->params_json) > SCRIPT_SOURCE_BYTES_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: parameters of more than %u bytes", options->file,
                         SCRIPT_SOURCE_BYTES_MAX);
    if (options->instrument_count > MARKET_INSTRUMENTS_MAX)
        return base_fail(error, HEAN_E_LIMIT, "%s: %zu instruments, expected at most %u",
                         options->file, options->instrument_count, MARKET_INSTRUMENTS_MAX);
    return HEAN_OK;
}

static ring_setup make_setup(const script_options *options)
{
    ring_setup setup;

    memset(&setup, 0, sizeof setup);
    setup.magic = RING_MAGIC;
    BASE_ASSERT(base_text_copy(setup.version, sizeof setup.version, HEAN_VERSION_STRING));
    setup.host_pid = getpid();
    setup.strategy = options->strategy;
    setup.seed = options->seed;
    setup.capital_e8 = options->capital_e8;
    setup.memory_bytes_max = options->memory_bytes_max;
    setup.spin_ns_max = ring_spin_ns_max();
    setup.instrument_count = options->instrument_count;
    setup.file_bytes = text_length(options->file);
    setup.source_bytes = options->source_bytes;
    setup.params_bytes = text_length(options->params_json);
    setup.saved_bytes = options->saved != NULL ? options->saved_bytes : 0;
    setup.region_bytes = sizeof(ring_region) + setup.instrument_count * sizeof(market_instrument) +
                         setup.file_bytes + setup.source_bytes + setup.params_bytes +
                         setup.saved_bytes + 4;
    return setup;
}

static char *put(char *at, const void *data, size_t bytes)
{
    if (bytes > 0)
        memcpy(at, data, bytes);
    return at + bytes;
}

/* The memory behind a fresh mapping is zero: that ends each text. */
static void fill_tail(ring_region *ring, const script_options *options)
{
    char *at = ring->tail;

    at = put(at, options->instruments, options->instrument_count * sizeof(market_instrument));
    at = put(at, options->file, ring->setup.file_bytes) + 1;
    at = put(at, options->source, ring->setup.source_bytes) + 1;
    at = put(at, options->params_json, ring->setup.params_bytes) + 1;
    (void)put(at, options->saved, ring->setup.saved_bytes);
}

/* Makes, seals and maps the shared memory; `*fd` is for the worker. */
static hean_status open_ring(script_worker *self, const script_options *options, int *fd,
                             hean_error *error)
{
    ring_setup setup = make_setup(options);
    void *memory;

    *fd = memfd_create("hean-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: shared memory: %s", self->name, strerror(errno));
    if (ftruncate(*fd, (off_t)setup.region_bytes) != 0 ||
        fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return base_fail(error, HEAN_E_IO, "%s: shared memory: %s", self->name, strerror(errno));
    memory = mmap(NULL, setup.region_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (memory == MAP_FAILED)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: shared memory: %s", self->name,
                         strerror(errno));
    self->ring = memory;
    self->ring_bytes = setup.region_bytes;
    self->ring->setup = setup;
    fill_tail(self->ring, options);
    self->patience.spin_ns = self->patience.spin_ns_max = setup.spin_ns_max;
    return HEAN_OK;
}

static int fill_spawn(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int fd)
{
    sigset_t signals;
    int failure = posix_spawn_file_actions_adddup2(actions, fd, RING_FD);

    for (int stdio = 0; stdio <= STDERR_FILENO && failure == 0; stdio++) {
#ifdef HEAN_SANITIZE
        if (stdio == STDERR_FILENO)
            continue; /* for its reports */
#endif
        failure = posix_spawn_file_actions_addopen(actions, stdio, "/dev/null", O_RDWR, 0);
    }
    if (failure == 0)
        failure = posix_spawn_file_actions_addclosefrom_np(actions, RING_FD + 1);
    (void)sigfillset(&signals);
    if (failure == 0)
        failure = posix_spawnattr_setsigdefault(attributes, &signals);
    (void)sigemptyset(&signals);
    if (failure == 0)
        failure = posix_spawnattr_setsigmask(attributes, &signals);
    if (failure == 0)
        failure =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return failure;
}

/* Starts the program with an empty environment and the ring as its only descriptor of worth. Its
 * command line names the script, for whoever looks at the list of processes. */
static int spawn(const script_worker_options *options, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char name[] = "hean-worker";
    char file[256];
    char *arguments[] = {name, file, NULL};
    char *environment[] = {NULL};
    int failure;

    (void)base_text_copy(file, sizeof file, options->script.file);
    failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    failure = fill_spawn(&actions, &attributes, fd);
    if (failure == 0)
        failure =
            posix_spawn(pid, options->worker_path, &actions, &attributes, arguments, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static hean_status start_process(script_worker *self, const script_worker_options *options,
                                 hean_error *error)
{
    int fd = -1;
    pid_t pid = 0;
    hean_status status = open_ring(self, &options->script, &fd, error);

    if (status == HEAN_OK) {
        int failure = spawn(options, fd, &pid);
        if (failure != 0)
            status = base_fail(error, failure == ENOENT ? HEAN_E_NOT_FOUND : HEAN_E_IO,
                               "%s: the worker program %s: %s", self->name, options->worker_path,
                               strerror(failure));
        else
            status = jail_child_adopt(&self->child, pid, error);
    }
    if (fd >= 0)
        (void)close(fd); /* memory, not a file */
    if (status == HEAN_OK)
        self->stats.pid = pid;
    return status;
}

/* ---- ending ---- */

static void end_process(script_worker *self, jail_death *death)
{
    jail_child_end(&self->child, death);
    self->stats.pid = 0;
    if (self->ring != NULL)
        (void)munmap(self->ring, self->ring_bytes);
    self->ring = NULL;
}

void script_worker_close(script_worker *self)
{
    if (self == NULL)
        return;
    end_process(self, NULL);
    base_buffer_deinit(&self->saved);
    base_free(self->allocator, self);
}

/* ---- taking turns ---- */

/* What it does now, in words: a callback's name, or `otherwise`. */
static const char *doing(const script_worker *self, const char *otherwise)
{
    const script_heartbeat *heartbeat = &self->ring->heartbeat;

    if (__atomic_load_n(&heartbeat->started, __ATOMIC_ACQUIRE) % 2 == 0)
        return otherwise;
    return script_callback_name(__atomic_load_n(&heartbeat->callback, __ATOMIC_RELAXED));
}

static hean_status fail_deadline(script_worker *self, const char *activity, int64_t deadline_ns,
                                 hean_error *error)
{
    hean_status status =
        base_fail(error, HEAN_E_SCRIPT_DEADLINE, "%s: %s ran longer than %lld ms", self->name,
                  doing(self, activity), (long long)(deadline_ns / BASE_NS_PER_MS));
    end_process(self, NULL);
    return status;
}

static hean_status fail_death(script_worker *self, const char *activity, hean_error *error)
{
    const char *words = doing(self, activity);
    jail_death death;

    end_process(self, &death);
    if (death.known && death.signal == 0 && death.exit_code == RING_EXIT_MISMATCH)
        return base_fail(error, HEAN_E_WORKER, "%s: the worker program is not of this version (%s)",
                         self->name, HEAN_VERSION_STRING);
    return jail_death_fail(&death, self->name, words, error);
}

/* The rest of a wait that polling did not end: sleeps, and looks after the worker now and then.
 * Its processor time is first read here, at most RING_SPIN_NS_MAX after it began. */
static hean_status await_patiently(script_worker *self, const char *activity, int64_t deadline_ns,
                                   hean_error *error)
{
    ring_signal *signal = &self->ring->reply.signal;
    int64_t cpu_ns = jail_child_cpu_ns(&self->child);
    int64_t look_ns = deadline_ns / 8;
    int64_t looked_ns = 0;

    if (look_ns > LOOK_NS_MAX)
        look_ns = LOOK_NS_MAX;
    if (look_ns < LOOK_NS_MIN)
        look_ns = LOOK_NS_MIN;
    for (;;) {
        int64_t start_ns = base_clock_monotonic_ns(), slept_ns;

        self->stats.futex_waits++;
        if (ring_sleep(signal, self->sequence, look_ns))
            return HEAN_OK;
        if (jail_child_dead(&self->child) && !ring_arrived(signal, self->sequence))
            return fail_death(self, activity, error);
        /* A machine that was suspended, or a stopped host, does not count. */
        slept_ns = base_clock_monotonic_ns() - start_ns;
        looked_ns += slept_ns < look_ns ? slept_ns : look_ns;
        if (jail_child_cpu_ns(&self->child) - cpu_ns >= deadline_ns ||
            looked_ns / SCRIPT_DEADLINE_WALL_FACTOR >= deadline_ns)
            return fail_deadline(self, activity, deadline_ns, error);
    }
}

static hean_status await_reply(script_worker *self, const char *activity, int64_t deadline_ns,
                               hean_error *error)
{
    const ring_signal *signal = &self->ring->reply.signal;
    int64_t start_ns, waited_ns;
    hean_status status = HEAN_OK;

    if (ring_poll(signal, self->sequence, &self->patience))
        return HEAN_OK;
    start_ns = base_clock_monotonic_ns();
    if (!ring_spin(signal, self->sequence, &self->patience, start_ns))
        status = await_patiently(self, activity, deadline_ns, error);
    waited_ns = base_clock_monotonic_ns() - start_ns;
    ring_learn(&self->patience, waited_ns);
    if (waited_ns > self->stats.round_trip_ns_max)
        self->stats.round_trip_ns_max = waited_ns;
    BASE_ASSERT(status != HEAN_OK || self->ring != NULL);
    return status;
}

/* A worker that answers what its program cannot answer is not ours any more. */
static hean_status fail_malformed(script_worker *self, const char *what, hean_error *error)
{
    (void)base_fail(error, HEAN_E_WORKER, "%s: the worker's answer is malformed: %s", self->name,
                    what);
    end_process(self, NULL);
    return HEAN_E_WORKER;
}

/* The status of an answer; its words are copied, ended and cleaned. */
static hean_status take_status(script_worker *self, hean_error *error)
{
    uint32_t status = read_once(&self->ring->reply.status);
    char message[sizeof error->message];

    if (status == HEAN_OK)
        return HEAN_OK;
    if (status >= HEAN_STATUS_COUNT)
        return fail_malformed(self, "status", error);
    memcpy(message, self->ring->error_message, sizeof message);
    forget_source();
    message[sizeof message - 1] = 0;
    return base_fail(error, (hean_status)status, "%s", message);
}

/* Hands the queued events and an operation over, waits, and takes the answer's status. */
static hean_status round_trip(script_worker *self, ring_operation operation, const char *activity,
                              hean_error *error)
{
    ring_request *request = &self->ring->request;
    int64_t start_ns = self->on_round_trip != NULL ? base_clock_monotonic_ns() : 0;
    hean_status status;

    request->operation = operation;
    request->event_count = self->queued;
    self->queued = 0;
    self->sequence++;
    self->stats.round_trips++;
    ring_post(&request->signal, self->sequence);
    status = await_reply(self, activity, self->deadline_ns, error);
    if (self->on_round_trip != NULL)
        self->on_round_trip(self->round_trip_context, base_clock_monotonic_ns() - start_ns);
    return status == HEAN_OK ? take_status(self, error) : status;
}

static bool intent_is_one(const hean_intent *intent, uint32_t text_bytes)
{
    bool has_text = intent->kind == HEAN_INTENT_LOG || intent->kind == HEAN_INTENT_METRIC;

    if (intent->kind == HEAN_INTENT_NONE || intent->kind >= HEAN_INTENT_KIND_COUNT ||
        intent->order_type >= HEAN_ORDER_TYPE_COUNT || intent->time_in_force >= HEAN_TIF_COUNT)
        return false;
    if (intent->side > (intent->kind == HEAN_INTENT_LOG ? (int)HEAN_LOG_ERROR : HEAN_SIDE_SELL))
        return false;
    return !has_text || (intent->text_offset <= text_bytes &&
                         intent->text_bytes <= text_bytes - intent->text_offset);
}

static hean_status take_intents(script_worker *self, engine_intents *intents, hean_error *error)
{
    uint32_t count = read_once(&self->ring->reply.intent_count);
    uint32_t text_bytes = read_once(&self->ring->reply.text_bytes);

    if (count > ENGINE_INTENTS_MAX || text_bytes > SCRIPT_TEXT_BYTES_MAX)
        return fail_malformed(self, "number of intents", error);
    if (count > 0)
        memcpy(self->intents, self->ring->intents, count * sizeof self->intents[0]);
    if (text_bytes > 0)
        memcpy(self->text, self->ring->text, text_bytes);
    forget_source();
    for (uint32_t i = 0; i < count; i++)
        if (!intent_is_one(&self->intents[i], text_bytes))
            return fail_malformed(self, "intent", error);
    *intents = (engine_intents){self->intents, count, self->text, text_bytes};
    return HEAN_OK;
}

hean_status script_worker_on_event(void *worker, const hean_event *event, engine_intents *intents,
                                   hean_error *error)
{
    script_worker *self = worker;
    hean_status status;

    if (self->ring == NULL)
        return base_fail(error, HEAN_E_STATE, "%s: its worker has ended", self->name);
    self->ring->events[self->queued++] = *event;
    if (ring_is_for_the_book(event, self->info.kinds) && self->queued < RING_EVENTS_MAX) {
        memset(intents, 0, sizeof *intents);
        return HEAN_OK;
    }
    status = round_trip(self, RING_EVENTS, "taking an event in", error);
    return status == HEAN_OK ? take_intents(self, intents, error) : status;
}

hean_status script_worker_save(script_worker *self, const char **text, size_t *bytes,
                               hean_error *error)
{
    hean_status status;
    uint32_t count;

    if (self->ring == NULL)
        return base_fail(error, HEAN_E_STATE, "%s: its worker has ended", self->name);
    status = round_trip(self, RING_SAVE, "saving", error);
    if (status != HEAN_OK)
        return status;
    count = read_once(&self->ring->reply.saved_bytes);
    if (count > SCRIPT_SAVED_BYTES_MAX)
        return fail_malformed(self, "saved bytes", error);
    self->saved.length = 0;
    self->saved.failed = false;
    base_buffer_append(&self->saved, self->ring->saved, count);
    forget_source();
    if (self->saved.failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: no memory for what it saves", self->name);
    *text = self->saved.data;
    *bytes = count;
    return HEAN_OK;
}

/* ---- opening ---- */

static void end_text(char *text, size_t bytes)
{
    text[bytes - 1] = 0;
    base_text_clean(text, strlen(text));
}

/* Copies what the script says of itself, and makes sure of it. */
static hean_status take_info(script_worker *self, hean_error *error)
{
    script_info *info = &self->info;
    unsigned char saves;

    memcpy(info, &self->ring->info, sizeof *info);
    forget_source();
    memcpy(&saves, &info->saves, 1); /* a bool may only be looked at if it is 0 or 1 */
    info->saves = saves != 0;
    end_text(info->name, sizeof info->name);
    if (info->name[0] == 0 || info->kinds >= 1u << HEAN_EVENT_KIND_COUNT ||
        info->bar_interval_count > SCRIPT_BARS_MAX || info->param_count > SCRIPT_PARAMS_MAX)
        return fail_malformed(self, "description", error);
    for (size_t i = 0; i < info->bar_interval_count; i++)
        if (info->bar_intervals_ns[i] <= 0)
            return fail_malformed(self, "bars", error);
    for (size_t i = 0; i < info->param_count; i++) {
        end_text(info->params[i].name, sizeof info->params[i].name);
        end_text(info->params[i].text, sizeof info->params[i].text);
        end_text(info->params[i].expected, sizeof info->params[i].expected);
    }
    (void)base_text_copy(self->name, sizeof self->name, info->name);
    return HEAN_OK;
}

hean_status script_worker_open(const script_worker_options *options, script_worker **out,
                               hean_error *error)
{
    script_worker *self;
    hean_status status = check_options(&options->script, error);

    if (status != HEAN_OK)
        return status;
    self = base_alloc(options->script.allocator, sizeof *self);
    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "%s: no memory for its worker",
                         options->script.file);
    self->allocator = options->script.allocator;
    base_buffer_init(&self->saved, self->allocator);
    (void)base_text_copy(self->name, sizeof self->name, options->script.file);
    self->on_round_trip = options->on_round_trip;
    self->round_trip_context = options->round_trip_context;
    self->deadline_ns = options->deadline_ns > 0 ? options->deadline_ns : DEADLINE_NS_DEFAULT;
    self->load_deadline_ns =
        options->load_deadline_ns > 0 ? options->load_deadline_ns : LOAD_DEADLINE_NS_DEFAULT;
    self->sequence = 1; /* its first answer is to being started */
    status = start_process(self, options, error);
    if (status == HEAN_OK)
        status = await_reply(self, "loading", self->load_deadline_ns, error);
    if (status == HEAN_OK)
        status = take_status(self, error);
    if (status == HEAN_OK)
        status = take_info(self, error);
    if (status != HEAN_OK) {
        script_worker_close(self);
        return status;
    }
    *out = self;
    return HEAN_OK;
}

const script_info *script_worker_info(const script_worker *self)
{
    return &self->info;
}

void script_worker_get_stats(const script_worker *self, script_worker_stats *out)
{
    *out = self->stats;
    if (self->ring != NULL)
        out->memory_bytes =
            atomic_load_explicit(&self->ring->reply.memory_bytes, memory_order_relaxed);
}
