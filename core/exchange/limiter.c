/*
 * limiter.c: rolling windows, and who goes next.
 *
 * A window remembers the times of its last takes, as many as the ceiling allows: one more may go
 * when the take that many places back has left the window. What waits stands in one queue per route
 * and priority, so that a route that is shut holds nobody else up.
 *
 * Invariants: R1 to R3 of the door. Time that goes back is taken as standing still.
 * Must not know: clocks, HTTP, what the routes mean.
 */
#include <exchange/limiter.h>

#define NONE UINT32_MAX

typedef struct limit_window {
    int64_t *taken_ns; /* ring of `capacity` times */
    int32_t capacity;  /* our share of the configured limit; 0: no limit of its own */
    int32_t ceiling;   /* of what is known now; <= capacity */
    uint64_t takes;
    int64_t window_ns;
    int64_t held_until_ns;
    /* What the venue said was left: so many more before budget_until_ns. */
    int64_t budget, budget_until_ns;
} limit_window;

typedef struct limit_entry {
    uint64_t ticket;
    uint64_t number; /* of arrival */
    int64_t since_ns;
    uint32_t next;
} limit_entry;

typedef struct limit_queue {
    uint32_t first, last;
} limit_queue;

struct limiter {
    const hean_allocator *allocator;
    limit_window *routes; /* the shared one is last */
    limit_queue *queues;  /* [route * LIMITER_PRIORITY_COUNT + priority] */
    size_t route_count;
    int32_t ceiling_percent;
    limit_entry *pool;
    size_t capacity, count;
    uint32_t free;
    uint64_t arrivals;
    int64_t now_ns;
    int64_t query_ns; /* when a query last went */
};

/* ---- windows ---- */

static int32_t share(int64_t limit, int32_t percent)
{
    int64_t part = limit * percent / 100;
    return part < 1 ? 1 : (int32_t)part;
}

static hean_status window_init(limiter *self, limit_window *window, const limiter_route *route,
                               hean_error *error)
{
    if (route->per_window < 0 || route->per_window > 1000000 ||
        (route->per_window > 0 && route->window_ns <= 0))
        return base_fail(error, HEAN_E_RANGE, "limit %s: %d per %lld ns, expected 0 to 1000000",
                         route->name, route->per_window, (long long)route->window_ns);
    window->window_ns = route->window_ns;
    if (route->per_window == 0)
        return HEAN_OK;
    window->capacity = share(route->per_window, self->ceiling_percent);
    window->ceiling = window->capacity;
    window->taken_ns =
        base_alloc_array(self->allocator, (size_t)window->capacity, sizeof *window->taken_ns);
    return window->taken_ns != NULL ? HEAN_OK : HEAN_E_NO_MEMORY;
}

/* The time of the n-th take from the end; false: there were not so many. */
static bool taken_at(const limit_window *window, int32_t n, int64_t *time_ns)
{
    if (window->takes < (uint64_t)n)
        return false;
    *time_ns = window->taken_ns[(window->takes - (uint64_t)n) % (uint64_t)window->capacity];
    return true;
}

/* When one more may go. */
static int64_t window_due_ns(const limit_window *window)
{
    int64_t due_ns = window->held_until_ns;
    int64_t last_ns;
    if (window->capacity == 0)
        return due_ns;
    if (window->budget <= 0 && window->budget_until_ns > due_ns)
        due_ns = window->budget_until_ns;
    if (taken_at(window, window->ceiling, &last_ns) && last_ns + window->window_ns > due_ns)
        due_ns = last_ns + window->window_ns;
    return due_ns;
}

static void window_take(limit_window *window, int64_t now_ns)
{
    if (window->capacity == 0)
        return;
    window->taken_ns[window->takes++ % (uint64_t)window->capacity] = now_ns;
    window->budget--;
}

static int32_t window_headroom(const limit_window *window, int64_t now_ns)
{
    int32_t used = 0;
    int64_t time_ns;
    if (window->held_until_ns > now_ns)
        return 0;
    if (window->capacity == 0)
        return INT32_MAX;
    while (used < window->ceiling && taken_at(window, used + 1, &time_ns) &&
           time_ns + window->window_ns > now_ns)
        used++;
    int64_t left = window->ceiling - used;
    if (window->budget_until_ns > now_ns && window->budget < left)
        left = window->budget > 0 ? window->budget : 0;
    return (int32_t)left;
}

/* ---- open, close ---- */

static limit_window *shared_of(const limiter *self)
{
    return &self->routes[self->route_count];
}

hean_status limiter_open(const hean_allocator *allocator, const limiter_route *routes,
                         size_t route_count, const limiter_route *shared, int32_t ceiling_percent,
                         limiter **out, hean_error *error)
{
    if (route_count >= UINT16_MAX || ceiling_percent < 1 || ceiling_percent > 100)
        return base_fail(error, HEAN_E_RANGE,
                         "%zu routes at %d %% of their limits, expected 1 to 100 %%", route_count,
                         ceiling_percent);
    limiter *self = base_alloc(allocator, sizeof *self);
    hean_status status = HEAN_E_NO_MEMORY;
    if (self == NULL)
        goto cleanup;
    self->allocator = allocator;
    self->ceiling_percent = ceiling_percent;
    self->route_count = route_count;
    self->free = NONE;
    self->query_ns = INT64_MIN / 2;
    self->routes = base_alloc_array(allocator, route_count + 1, sizeof *self->routes);
    self->queues =
        base_alloc_array(allocator, route_count * LIMITER_PRIORITY_COUNT + 1, sizeof *self->queues);
    if (self->routes == NULL || self->queues == NULL)
        goto cleanup;
    for (size_t i = 0; i < route_count * LIMITER_PRIORITY_COUNT; i++)
        self->queues[i] = (limit_queue){NONE, NONE};
    status = HEAN_OK;
    for (size_t i = 0; i < route_count && status == HEAN_OK; i++)
        status = window_init(self, &self->routes[i], &routes[i], error);
    if (status == HEAN_OK)
        status = window_init(self, shared_of(self), shared, error);
cleanup:
    if (status == HEAN_OK) {
        *out = self;
        return HEAN_OK;
    }
    limiter_close(self);
    if (status == HEAN_E_NO_MEMORY)
        return base_fail(error, status, "limiter of %zu routes", route_count);
    return status;
}

void limiter_close(limiter *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; self->routes != NULL && i <= self->route_count; i++)
        base_free(self->allocator, self->routes[i].taken_ns);
    base_free(self->allocator, self->routes);
    base_free(self->allocator, self->queues);
    base_free(self->allocator, self->pool);
    base_free(self->allocator, self);
}

/* ---- the queues ---- */

static int64_t pass_time(limiter *self, int64_t now_ns)
{
    if (now_ns > self->now_ns)
        self->now_ns = now_ns;
    return self->now_ns;
}

hean_status limiter_enqueue(limiter *self, uint16_t route, limiter_priority priority,
                            uint64_t ticket, int64_t now_ns)
{
    BASE_ASSERT(route < self->route_count && priority < LIMITER_PRIORITY_COUNT);
    uint32_t slot = self->free;
    if (slot != NONE) {
        self->free = self->pool[slot].next;
    } else {
        void *pool = self->pool;
        size_t used = self->count; /* without free slots, all below are in use */
        if (used >= NONE - 1 ||
            !base_grow(self->allocator, &pool, &self->capacity, used + 1, sizeof *self->pool))
            return HEAN_E_NO_MEMORY;
        self->pool = pool;
        slot = (uint32_t)used;
    }
    self->pool[slot] = (limit_entry){.ticket = ticket,
                                     .number = self->arrivals++,
                                     .since_ns = pass_time(self, now_ns),
                                     .next = NONE};
    limit_queue *queue = &self->queues[route * LIMITER_PRIORITY_COUNT + priority];
    if (queue->last == NONE)
        queue->first = slot;
    else
        self->pool[queue->last].next = slot;
    queue->last = slot;
    self->count++;
    return HEAN_OK;
}

static void unlink(limiter *self, limit_queue *queue, uint32_t previous, uint32_t slot)
{
    uint32_t next = self->pool[slot].next;
    if (previous == NONE)
        queue->first = next;
    else
        self->pool[previous].next = next;
    if (queue->last == slot)
        queue->last = previous;
    self->pool[slot].next = self->free;
    self->free = slot;
    self->count--;
}

/* The route whose queue of this priority has the oldest that may go; route_count: none. */
static size_t oldest_that_may_go(const limiter *self, limiter_priority priority, int64_t now_ns)
{
    size_t best = self->route_count;
    uint64_t number = UINT64_MAX;
    for (size_t i = 0; i < self->route_count; i++) {
        uint32_t first = self->queues[i * LIMITER_PRIORITY_COUNT + priority].first;
        if (first == NONE || self->pool[first].number >= number ||
            window_due_ns(&self->routes[i]) > now_ns)
            continue;
        best = i;
        number = self->pool[first].number;
    }
    return best;
}

bool limiter_take(limiter *self, int64_t now_ns, uint64_t *ticket)
{
    now_ns = pass_time(self, now_ns);
    if (self->count == 0 || window_due_ns(shared_of(self)) > now_ns)
        return false;
    limiter_priority priority = LIMITER_QUERY;
    size_t route = oldest_that_may_go(self, LIMITER_QUERY, now_ns);
    size_t query = route;
    bool starved = false;
    if (query < self->route_count) {
        uint32_t first = self->queues[query * LIMITER_PRIORITY_COUNT + LIMITER_QUERY].first;
        int64_t since_ns = self->pool[first].since_ns;
        since_ns = self->query_ns > since_ns ? self->query_ns : since_ns;
        starved = now_ns - since_ns >= LIMITER_STARVE_NS;
    }
    for (int p = LIMITER_CANCEL; p < LIMITER_QUERY && !starved; p++) {
        size_t found = oldest_that_may_go(self, (limiter_priority)p, now_ns);
        if (found == self->route_count)
            continue;
        route = found;
        priority = (limiter_priority)p;
        break;
    }
    if (route == self->route_count)
        return false;
    limit_queue *queue = &self->queues[route * LIMITER_PRIORITY_COUNT + priority];
    *ticket = self->pool[queue->first].ticket;
    unlink(self, queue, NONE, queue->first);
    window_take(&self->routes[route], now_ns);
    window_take(shared_of(self), now_ns);
    if (priority == LIMITER_QUERY)
        self->query_ns = now_ns;
    return true;
}

bool limiter_withdraw(limiter *self, uint64_t ticket)
{
    for (size_t i = 0; i < self->route_count * LIMITER_PRIORITY_COUNT; i++) {
        uint32_t previous = NONE;
        for (uint32_t slot = self->queues[i].first; slot != NONE; slot = self->pool[slot].next) {
            if (self->pool[slot].ticket == ticket) {
                unlink(self, &self->queues[i], previous, slot);
                return true;
            }
            previous = slot;
        }
    }
    return false;
}

int64_t limiter_due_ns(const limiter *self)
{
    int64_t due_ns = INT64_MAX;
    int64_t shared_ns = window_due_ns(shared_of(self));
    for (size_t i = 0; i < self->route_count && self->count > 0; i++) {
        const limit_queue *queues = &self->queues[i * LIMITER_PRIORITY_COUNT];
        bool waits = false;
        for (int p = 0; p < LIMITER_PRIORITY_COUNT; p++)
            waits = waits || queues[p].first != NONE;
        int64_t route_ns = waits ? window_due_ns(&self->routes[i]) : INT64_MAX;
        if (route_ns < due_ns)
            due_ns = route_ns;
    }
    return due_ns != INT64_MAX && due_ns < shared_ns ? shared_ns : due_ns;
}

/* ---- what the venue says ---- */

void limiter_learn(limiter *self, uint16_t route, int64_t limit, int64_t remaining,
                   int64_t reset_ns, int64_t now_ns)
{
    BASE_ASSERT(route < self->route_count);
    limit_window *window = &self->routes[route];
    now_ns = pass_time(self, now_ns);
    if (window->capacity == 0)
        return;
    if (limit > 0) {
        int64_t known = limit < INT32_MAX ? limit : INT32_MAX;
        int32_t ceiling = share(known, self->ceiling_percent);
        window->ceiling = ceiling < window->capacity ? ceiling : window->capacity;
    }
    if (remaining >= 0) {
        window->budget = remaining;
        window->budget_until_ns = now_ns + window->window_ns;
        if (remaining == 0 && reset_ns > window->budget_until_ns)
            window->budget_until_ns = reset_ns;
    }
}

void limiter_hold(limiter *self, uint16_t route, int64_t until_ns)
{
    BASE_ASSERT(route < self->route_count || route == UINT16_MAX);
    limit_window *window = route == UINT16_MAX ? shared_of(self) : &self->routes[route];
    if (until_ns > window->held_until_ns)
        window->held_until_ns = until_ns;
    /* While nothing flows nobody starves: after a ban the urgent still go first. */
    if (route == UINT16_MAX && until_ns > self->query_ns)
        self->query_ns = until_ns;
}

int32_t limiter_headroom(limiter *self, uint16_t route, int64_t now_ns)
{
    BASE_ASSERT(route < self->route_count);
    now_ns = pass_time(self, now_ns);
    int32_t own = window_headroom(&self->routes[route], now_ns);
    int32_t shared = window_headroom(shared_of(self), now_ns);
    return own < shared ? own : shared;
}

size_t limiter_waiting(const limiter *self)
{
    return self->count;
}
