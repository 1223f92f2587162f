/*
 * worker_main.c: the inside of hean-worker: maps its ring, jails itself, then runs one script.
 *
 * Invariants
 *   K1  the script's text is not looked at before the jail is closed.
 *   K2  the process ends with its host: a timer asks every second who its parent is, also while
 *       Lua runs. (PR_SET_PDEATHSIG follows the thread that started it, which may end earlier.)
 *   K3  every request is answered exactly once.
 */
#include "jail_child.h"
#include "ring.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct inside {
    ring_region *ring;
    script_vm *vm;
    market_book *books;
    const market_book **book_pointers;
    size_t book_count;
    uint32_t sequence; /* of the next reply */
    ring_patience patience;
} inside;

/* The timer brings the host's process id along, so nothing global is needed. */
static void look_for_host(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if (getppid() != info->si_value.sival_int)
        _exit(0);
}

static bool follow_host(pid_t host_pid)
{
    struct itimerspec every = {{1, 0}, {1, 0}};
    struct sigaction action;
    struct sigevent event;
    timer_t timer;

    memset(&action, 0, sizeof action);
    memset(&event, 0, sizeof event);
    action.sa_sigaction = look_for_host;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    event.sigev_value.sival_int = host_pid;
    return sigaction(SIGALRM, &action, NULL) == 0 &&
           timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
           timer_settime(timer, 0, &every, NULL) == 0 && getppid() == host_pid;
}

/* NULL if descriptor 3 is not a ring of this very version. */
static ring_region *map_ring(void)
{
    struct stat info;
    ring_region *ring;

    if ((fcntl(RING_FD, F_GET_SEALS) & F_SEAL_SHRINK) == 0 || fstat(RING_FD, &info) != 0 ||
        info.st_size < (off_t)sizeof *ring)
        return NULL;
    ring = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, RING_FD, 0);
    if (ring == MAP_FAILED)
        return NULL;
    if (ring->setup.magic != RING_MAGIC || ring->setup.region_bytes != (uint64_t)info.st_size ||
        strncmp(ring->setup.version, HEAN_VERSION_STRING, sizeof ring->setup.version) != 0)
        return NULL;
    return ring;
}

static void reply(inside *self, hean_status status, const hean_error *error)
{
    ring_reply *out = &self->ring->reply;
    size_t used = 0, used_max = 0;

    if (status != HEAN_OK)
        memcpy(self->ring->error_message, error->message, sizeof self->ring->error_message);
    if (self->vm != NULL)
        script_vm_memory(self->vm, &used, &used_max);
    atomic_store_explicit(&out->status, (uint32_t)status, memory_order_relaxed);
    atomic_store_explicit(&out->memory_bytes, used, memory_order_relaxed);
    ring_post(&out->signal, self->sequence++);
}

static const char *next_text(const char **at, uint64_t bytes)
{
    const char *text = *at;
    *at += bytes + 1;
    return bytes > 0 ? text : NULL;
}

static script_options unpack_setup(const ring_region *ring)
{
    const ring_setup *setup = &ring->setup;
    script_options options = script_options_default();
    const char *at = ring->tail + setup->instrument_count * sizeof(market_instrument);

    options.allocator = base_allocator_default();
    options.instruments = (const market_instrument *)(const void *)ring->tail;
    options.instrument_count = setup->instrument_count;
    options.file = next_text(&at, setup->file_bytes);
    options.source = at;
    options.source_bytes = setup->source_bytes;
    at += setup->source_bytes + 1;
    options.params_json = next_text(&at, setup->params_bytes);
    options.saved = next_text(&at, setup->saved_bytes);
    options.saved_bytes = setup->saved_bytes;
    options.strategy = setup->strategy;
    options.seed = setup->seed;
    options.capital_e8 = setup->capital_e8;
    options.memory_bytes_max = setup->memory_bytes_max;
    return options;
}

static hean_status open_books(inside *self, size_t count, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();

    self->books = base_alloc_array(allocator, count, sizeof *self->books);
    self->book_pointers = base_alloc_array(allocator, count, sizeof(market_book *));
    if (self->books == NULL || self->book_pointers == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "worker: no memory for %zu books", count);
    for (; self->book_count < count; self->book_count++) {
        hean_status status = market_book_init(&self->books[self->book_count], allocator);
        if (status != HEAN_OK)
            return base_fail(error, status, "worker: no memory for %zu books", count);
        self->book_pointers[self->book_count] = &self->books[self->book_count];
    }
    return HEAN_OK;
}

/* From a fresh process to a loaded script (K1). What fails here ends the process, which gives
 * everything back. */
static hean_status load(inside *self, hean_error *error)
{
    script_options options = unpack_setup(self->ring);
    hean_status status = script_vm_open(&options, &self->vm, error);

    if (status == HEAN_OK)
        status = open_books(self, options.instrument_count, error);
    if (status != HEAN_OK)
        return status;
    script_vm_set_books(self->vm, self->book_pointers);
    script_vm_set_heartbeat(self->vm, &self->ring->heartbeat);
    if (!jail_child_close_all(NULL, 0))
        return base_fail(error, HEAN_E_UNSUPPORTED, "worker: close_range is not there");
    status = script_jail_enter(SCRIPT_JAIL_WORKER, options.memory_bytes_max, error);
    if (status == HEAN_OK)
        status = script_vm_load(self->vm, error);
    if (status == HEAN_OK)
        self->ring->info = *script_vm_info(self->vm);
    return status;
}

/* Takes one event in; `intents` are those of the event if the script sees it. */
static hean_status take_event(inside *self, const hean_event *event, engine_intents *intents,
                              hean_error *error)
{
    bool is_book = event->kind == HEAN_EVENT_BOOK || event->kind == HEAN_EVENT_QUOTE;

    if (is_book && event->instrument < self->book_count) {
        hean_status status = market_book_apply(&self->books[event->instrument], event);
        if (status != HEAN_OK)
            return base_fail(error, status, "worker: book of instrument %u: %s", event->instrument,
                             hean_status_text(status));
    }
    if (ring_is_for_the_book(event, self->ring->info.kinds))
        return HEAN_OK;
    return script_vm_on_event(self->vm, event, intents, error);
}

static hean_status take_events(inside *self, uint32_t count, hean_error *error)
{
    ring_region *ring = self->ring;
    engine_intents intents;
    hean_status status = HEAN_OK;

    memset(&intents, 0, sizeof intents);
    for (uint32_t i = 0; i < count && status == HEAN_OK; i++)
        status = take_event(self, &ring->events[i], &intents, error);
    if (status != HEAN_OK)
        return status;
    /* The VM keeps both limits. */
    BASE_ASSERT(intents.count <= ENGINE_INTENTS_MAX && intents.text_bytes <= SCRIPT_TEXT_BYTES_MAX);
    if (intents.count > 0)
        memcpy(ring->intents, intents.items, intents.count * sizeof *intents.items);
    if (intents.text_bytes > 0)
        memcpy(ring->text, intents.text, intents.text_bytes);
    atomic_store_explicit(&ring->reply.intent_count, (uint32_t)intents.count, memory_order_relaxed);
    atomic_store_explicit(&ring->reply.text_bytes, (uint32_t)intents.text_bytes,
                          memory_order_relaxed);
    return HEAN_OK;
}

static hean_status save(inside *self, hean_error *error)
{
    const char *text = NULL;
    size_t bytes = 0;
    hean_status status = script_vm_save(self->vm, &text, &bytes, error);

    if (status != HEAN_OK)
        return status;
    BASE_ASSERT(bytes <= SCRIPT_SAVED_BYTES_MAX);
    if (bytes > 0)
        memcpy(self->ring->saved, text, bytes);
    atomic_store_explicit(&self->ring->reply.saved_bytes, (uint32_t)bytes, memory_order_relaxed);
    return HEAN_OK;
}

static void await_request(inside *self)
{
    ring_signal *signal = &self->ring->request.signal;
    int64_t start_ns;

    if (ring_poll(signal, self->sequence, &self->patience))
        return;
    start_ns = base_clock_monotonic_ns();
    if (!ring_spin(signal, self->sequence, &self->patience, start_ns))
        while (!ring_sleep(signal, self->sequence, 0)) {
        }
    ring_learn(&self->patience, base_clock_monotonic_ns() - start_ns);
}

static _Noreturn void serve(inside *self)
{
    for (;;) {
        const ring_request *request = &self->ring->request;
        hean_error error;
        hean_status status;

        await_request(self);
        error.message[0] = 0;
        status = take_events(self, request->event_count, &error);
        if (status == HEAN_OK && request->operation == RING_SAVE)
            status = save(self, &error);
        reply(self, status, &error);
    }
}

int script_worker_main(int argc, char **argv)
{
    inside self;
    hean_error error;
    hean_status status;

    (void)argc;
    (void)argv;
    memset(&self, 0, sizeof self);
    memset(&error, 0, sizeof error);
    self.ring = map_ring();
    if (self.ring == NULL) {
        (void)fprintf(stderr, "hean-worker: started by hean for each strategy, not by hand\n");
        return RING_EXIT_MISMATCH;
    }
    jail_child_reset_signals();
    if (!follow_host(self.ring->setup.host_pid))
        return 0; /* the host is gone already */
    self.sequence = 1;
    self.patience.spin_ns = self.patience.spin_ns_max = self.ring->setup.spin_ns_max;
    status = load(&self, &error);
    reply(&self, status, &error);
    if (status != HEAN_OK)
        _exit(1);
    serve(&self);
}
