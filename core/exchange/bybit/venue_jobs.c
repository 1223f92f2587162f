/*
 * venue_jobs.c: requests: queued behind the limiter, signed when they leave, tried again as the
 * policy says.
 *
 * Invariants
 *   a timestamp and a signature are made for each try, when it leaves;
 *   while the venue is not READY no create or amendment leaves (X3), after HALT nothing private,
 *   during a ban nothing at all;
 *   a create that could not leave for CREATE_AGE_NS is refused: nobody wants it any more;
 *   a request that start and reconciliation cannot do without is never given up.
 * Must not know: what orders are.
 */
#include "venue_private.h"

#include <string.h>

#define CREATE_AGE_NS    (5 * BASE_NS_PER_S)
#define WRITE_TIMEOUT_NS (5 * BASE_NS_PER_S)
#define READ_TIMEOUT_NS  (10 * BASE_NS_PER_S)
#define STUBBORN_NS      (30 * BASE_NS_PER_S)
#define RESPONSE_BYTES   ((size_t)8 << 20)
#define BAN_NS           (10 * 60 * BASE_NS_PER_S)
/* How far timestamps stay behind the venue's clock: one that is ahead is always refused. */
#define BEHIND_NS (200 * BASE_NS_PER_MS)

typedef struct job_terms {
    bool idempotent; /* a repeat cannot do it twice */
    bool persistent; /* tried until it works */
    bool waits;      /* may not leave before READY */
} job_terms;

static const job_terms terms[JOB_KIND_COUNT] = {
    [JOB_TIME] = {true, true, false},
    [JOB_KEY] = {true, false, false},
    [JOB_INSTRUMENTS] = {true, true, false},
    [JOB_FEES] = {true, true, false},
    [JOB_FUNDING] = {true, false, false},
    [JOB_CREATE] = {false, false, true},
    [JOB_AMEND] = {true, false, true},
    [JOB_CANCEL] = {true, false, false},
    [JOB_CANCEL_EARLIER] = {true, false, false},
    [JOB_FIND_OPEN] = {true, false, false},
    [JOB_FIND_HISTORY] = {true, false, false},
    [JOB_FIND_EXECUTIONS] = {true, false, false},
    [JOB_LIST_ORDERS] = {true, true, false},
    [JOB_LIST_EXECUTIONS] = {true, true, false},
    [JOB_LIST_POSITIONS] = {true, true, false},
    [JOB_LIST_WALLET] = {true, true, false},
};

static bool is_private(const venue_job *job)
{
    return bybit_route_get(job->request.route)->is_private;
}

static limiter_priority priority_of(const venue_job *job)
{
    return bybit_route_get(job->request.route)->priority;
}

bool venue_query(venue *self, bybit_request *request, const char *key, const char *value)
{
    if (bybit_query_add(request, key, value) == HEAN_OK)
        return false;
    venue_log(self, HEAN_LOG_ERROR, "%s: %s does not fit its query",
              bybit_route_get(request->route)->path, key);
    return true;
}

/* ---- the table ---- */

static void enqueue(venue *self, venue_job *job)
{
    job->state = JOB_QUEUED;
    if (limiter_enqueue(self->limiter, (uint16_t)job->request.route, priority_of(job), job->id,
                        self->now_ns) != HEAN_OK)
        venue_no_memory(self);
    venue_wake(self, self->now_ns);
}

venue_job *venue_job_make(venue *self, job_kind kind, const bybit_request *request,
                          uint64_t subject)
{
    if (self->halted && bybit_route_get(request->route)->is_private)
        return NULL;
    void *jobs = self->jobs;
    if (!base_grow(self->allocator, &jobs, &self->job_capacity, self->job_count + 1,
                   sizeof *self->jobs)) {
        venue_no_memory(self);
        return NULL;
    }
    self->jobs = jobs;
    venue_job *job = &self->jobs[self->job_count++];
    memset(job, 0, sizeof *job);
    job->id = ++self->job_number;
    job->kind = kind;
    job->request = *request;
    job->subject = subject;
    job->made_ns = self->now_ns;
    enqueue(self, job);
    return job;
}

static venue_job *job_find(const venue *self, uint64_t id)
{
    for (size_t i = 0; i < self->job_count; i++)
        if (self->jobs[i].id == id)
            return &self->jobs[i];
    return NULL;
}

static void job_remove(venue *self, uint64_t id)
{
    venue_job *job = job_find(self, id);
    if (job == NULL)
        return;
    if (job->state == JOB_QUEUED)
        (void)limiter_withdraw(self->limiter, id);
    *job = self->jobs[--self->job_count];
}

bool venue_job_withdraw(venue *self, job_kind kind, uint64_t subject)
{
    for (size_t i = 0; i < self->job_count; i++) {
        const venue_job *job = &self->jobs[i];
        if (job->kind != kind || job->subject != subject || job->state == JOB_SENT)
            continue;
        job_remove(self, job->id);
        return true;
    }
    return false;
}

bool venue_jobs_any(const venue *self, job_kind kind, uint64_t subject)
{
    for (size_t i = 0; i < self->job_count; i++)
        if (self->jobs[i].kind == kind && self->jobs[i].subject == subject)
            return true;
    return false;
}

/* ---- ends ---- */

/* A request that failed for good, or never left (`result->answer` says why). */
static void job_failed(venue *self, const venue_job *job, const job_result *result)
{
    switch (job->kind) {
    case JOB_CREATE:
        venue_create_ended(self, job, result);
        break;
    case JOB_AMEND:
        venue_amend_ended(self, job, result);
        break;
    case JOB_CANCEL:
        venue_cancel_ended(self, job, result);
        break;
    case JOB_FIND_OPEN:
    case JOB_FIND_HISTORY:
    case JOB_FIND_EXECUTIONS:
        venue_find_failed(self, job);
        break;
    default:
        venue_log(self, HEAN_LOG_WARN, "%s: %s", bybit_route_get(job->request.route)->path,
                  result->answer->text);
        break;
    }
}

/* Ends one that is not on its way, as if the venue had refused it. */
static void job_drop(venue *self, uint64_t id, retry_class class, const char *why)
{
    venue_job job = *job_find(self, id);
    bybit_answer answer = {.class = class};
    job_result result = {.answer = &answer, .certain = true};
    (void)base_text_copy(answer.text, sizeof answer.text, why);
    job_remove(self, id);
    job_failed(self, &job, &result);
}

void venue_jobs_stop_orders(venue *self)
{
    for (size_t i = 0; i < self->job_count;) {
        const venue_job *job = &self->jobs[i];
        bool stops = terms[job->kind].waits || (self->halted && is_private(job));
        if (job->state == JOB_SENT || !stops) {
            i++;
            continue;
        }
        job_drop(self, job->id, RETRY_MARKET, "not ready");
        i = 0; /* what it led to may have changed the table */
    }
}

/* ---- time ---- */

/* A create that waits (for the limiter, a ban, the breaker, the next try) grows old. */
static bool is_stale(const venue *self, const venue_job *job)
{
    return job->kind == JOB_CREATE && job->state != JOB_SENT &&
           self->now_ns - job->made_ns >= CREATE_AGE_NS;
}

void venue_jobs_advance(venue *self)
{
    for (size_t i = 0; i < self->job_count;) {
        venue_job *job = &self->jobs[i];
        if (is_stale(self, job)) {
            job_drop(self, job->id, RETRY_MARKET, "could not be sent in time");
            i = 0;
            continue;
        }
        if (job->state == JOB_DELAYED && job->at_ns <= self->now_ns)
            enqueue(self, job);
        i++;
    }
}

int64_t venue_jobs_due_ns(const venue *self)
{
    int64_t due_ns = limiter_due_ns(self->limiter);
    if (self->breaker.state != BREAKER_CLOSED && due_ns != VENUE_NEVER &&
        due_ns < self->breaker.open_until_ns)
        due_ns = self->breaker.open_until_ns;
    /* Half open: what comes of the one that went decides; its response wakes us. */
    if (self->breaker.state == BREAKER_HALF_OPEN)
        due_ns = VENUE_NEVER;
    for (size_t i = 0; i < self->job_count; i++) {
        const venue_job *job = &self->jobs[i];
        int64_t at_ns = job->state == JOB_DELAYED ? job->at_ns : VENUE_NEVER;
        if (job->kind == JOB_CREATE && job->state != JOB_SENT &&
            job->made_ns + CREATE_AGE_NS < at_ns)
            at_ns = job->made_ns + CREATE_AGE_NS;
        due_ns = at_ns < due_ns ? at_ns : due_ns;
    }
    return due_ns;
}

void venue_jobs_clock_known(venue *self)
{
    for (size_t i = 0; i < self->job_count; i++)
        if (self->jobs[i].state == JOB_WAITS_FOR_CLOCK)
            enqueue(self, &self->jobs[i]);
}

/* ---- out ---- */

static void note_sent(venue *self, const venue_job *job, int64_t timestamp_ms)
{
    venue_order *order = NULL;
    if (job->kind == JOB_CREATE || job->kind == JOB_FIND_OPEN || job->kind == JOB_AMEND)
        order = venue_order_find(self, job->subject);
    if (order == NULL)
        return;
    if (job->kind == JOB_CREATE)
        order->create_ms = timestamp_ms;
    else if (job->kind == JOB_AMEND)
        order->amends[0].sent = true;
    else
        order->find_sent_ns = self->now_ns;
}

static void job_send(venue *self, venue_job *job)
{
    const bybit_route_info *route = bybit_route_get(job->request.route);
    bool post = strcmp(route->method, "POST") == 0;
    int64_t timestamp_ms = (venue_server_ns(self) - BEHIND_NS) / BASE_NS_PER_MS;
    const venue_secret *secret = route->is_private ? self->secret : NULL;
    queued_action *action = venue_act(self, WIRE_HTTP, job->id);
    if (action == NULL)
        return;
    action->method = route->method;
    action->timeout_ns = post ? WRITE_TIMEOUT_NS : READ_TIMEOUT_NS;
    action->response_bytes_max = RESPONSE_BYTES;
    if (bybit_seal(&job->request, self->rest_url, secret != NULL ? secret->key : NULL,
                   secret != NULL ? secret->secret : NULL, timestamp_ms, self->recv_window_ms,
                   &action->url, &action->headers) != HEAN_OK)
        venue_no_memory(self); /* the key was checked when it was given */
    if (post)
        base_buffer_append(&action->body, job->request.payload, job->request.payload_bytes);
    if (action->url.failed || action->headers.failed || action->body.failed)
        venue_no_memory(self);
    self->counters.requests++;
    self->counters.retries += job->tries > 0;
    job->state = JOB_SENT;
    job->tries++;
    job->sent_ns = self->now_ns;
    note_sent(self, job, timestamp_ms);
}

void venue_jobs_pump(venue *self)
{
    uint64_t id;
    while (limiter_due_ns(self->limiter) <= self->now_ns &&
           breaker_allow(&self->breaker, self->now_ns)) {
        venue_job *job = NULL;
        if (limiter_take(self->limiter, self->now_ns, &id))
            job = job_find(self, id);
        if (job != NULL)
            job_send(self, job);
        else if (self->breaker.state == BREAKER_HALF_OPEN)
            self->breaker.state = BREAKER_OPEN; /* its one request did not go after all */
        if (job == NULL)
            break;
    }
}

/* ---- in ---- */

void venue_ban(venue *self, int64_t until_ns, const char *text)
{
    int64_t least_ns = self->now_ns + BAN_NS * (self->bans > 0 ? 3 : 1);
    if (self->banned_until_ns > self->now_ns)
        return; /* a straggler of the same ban */
    self->bans++;
    self->banned_until_ns = until_ns > least_ns ? until_ns : least_ns;
    limiter_hold(self->limiter, UINT16_MAX, self->banned_until_ns);
    self->reconciled = false;
    venue_round_abort(self);
    venue_event *event = venue_emit(self, VENUE_HALT);
    event->level = HEAN_LOG_ERROR;
    (void)snprintf(event->text, sizeof event->text, "shut out for %lld s: %s",
                   (long long)((self->banned_until_ns - self->now_ns) / BASE_NS_PER_S), text);
    venue_judge(self, "shut out");
    venue_wake(self, self->banned_until_ns);
}

/* Not before then, by the venue's words; 0: it did not say. */
static int64_t asked_until_ns(const venue *self, const bybit_answer *answer)
{
    int64_t until_ns = 0;
    if (answer->class != RETRY_RATE && answer->class != RETRY_BAN &&
        answer->class != RETRY_AMBIGUOUS)
        return 0;
    if (answer->class == RETRY_RATE && answer->reset_ms > 0 &&
        answer->reset_ms < INT64_MAX / BASE_NS_PER_MS)
        until_ns = answer->reset_ms * BASE_NS_PER_MS - self->clock.offset_ns;
    if (answer->retry_after_ns > 0 && self->now_ns + answer->retry_after_ns > until_ns)
        until_ns = self->now_ns + answer->retry_after_ns;
    return until_ns;
}

static void learn(venue *self, const venue_job *job, const bybit_answer *answer, int64_t until_ns)
{
    int64_t reset_ns = answer->reset_ms > 0 && answer->reset_ms < INT64_MAX / BASE_NS_PER_MS
                           ? answer->reset_ms * BASE_NS_PER_MS - self->clock.offset_ns
                           : -1;
    uint16_t route = (uint16_t)job->request.route;
    breaker_outcome(&self->breaker, answer->class, self->now_ns);
    limiter_learn(self->limiter, route, answer->limit, answer->remaining, reset_ns, self->now_ns);
    if (answer->class == RETRY_RATE) {
        self->counters.rate_refusals++;
        limiter_hold(self->limiter, route,
                     until_ns > self->now_ns ? until_ns : self->now_ns + BASE_NS_PER_S);
    } else if (answer->class == RETRY_BAN) {
        venue_ban(self, until_ns, answer->text);
    } else if (answer->class == RETRY_CLOCK) {
        venue_clock_sample(self);
    } else if (answer->class == RETRY_AUTH && is_private(job)) {
        venue_halt(self, answer->text);
    }
}

/* True: it goes again. */
static bool try_again(venue *self, venue_job *job, const job_result *result, int64_t until_ns)
{
    retry_class class = result->answer->class;
    int64_t at_ns;
    /* Of ambiguous ones, only what certainly did not leave is certain. */
    bool idempotent = terms[job->kind].idempotent || (class == RETRY_AMBIGUOUS && result->certain);
    if (self->halted && is_private(job))
        return false;
    if (job->kind >= JOB_LIST_ORDERS && job->subject != self->round.number)
        return false; /* of a round that is over */
    if (class == RETRY_CLOCK && !job->clocked && is_private(job)) {
        job->state = JOB_WAITS_FOR_CLOCK;
        job->clocked = true;
        return true;
    }
    bool again =
        class != RETRY_CLOCK && retry_again(&self->policy, class, idempotent, job->tries, until_ns,
                                            base_random_next(&self->random), self->now_ns, &at_ns);
    if (!again && terms[job->kind].persistent) {
        bool wrong = class == RETRY_INVALID || class == RETRY_FUNDS || class == RETRY_MARKET ||
                     class == RETRY_AUTH || class == RETRY_DONE;
        if (wrong)
            venue_log(self, HEAN_LOG_ERROR, "%s: %s", bybit_route_get(job->request.route)->path,
                      result->answer->text);
        at_ns = self->now_ns + (wrong ? STUBBORN_NS
                                      : retry_backoff_ns(&self->policy, job->tries,
                                                         base_random_next(&self->random)));
        at_ns = until_ns > at_ns ? until_ns : at_ns;
        again = true;
    }
    if (!again)
        return false;
    job->state = JOB_DELAYED;
    job->at_ns = at_ns;
    venue_wake(self, at_ns);
    return true;
}

/* The body of a good answer; a failure: it could not be understood. */
static hean_status read_body(venue *self, const venue_job *job, const job_result *result,
                             hean_error *error)
{
    switch (job->kind) {
    case JOB_KEY:
        return venue_key_answered(self, result, error);
    case JOB_INSTRUMENTS:
        return venue_instruments_answered(self, result, error);
    case JOB_FEES:
        return venue_fees_answered(self, result, error);
    case JOB_FUNDING:
        return venue_funding_answered(self, job, result, error);
    case JOB_FIND_OPEN:
    case JOB_FIND_HISTORY:
    case JOB_FIND_EXECUTIONS:
        return venue_find_answered(self, job, result, error);
    case JOB_LIST_ORDERS:
    case JOB_LIST_EXECUTIONS:
    case JOB_LIST_POSITIONS:
    case JOB_LIST_WALLET:
        return venue_list_answered(self, job, result, error);
    case JOB_TIME:
        venue_time_answered(self, result);
        return HEAN_OK;
    case JOB_CREATE:
        venue_create_ended(self, job, result);
        return HEAN_OK;
    case JOB_AMEND:
        venue_amend_ended(self, job, result);
        return HEAN_OK;
    case JOB_CANCEL:
        venue_cancel_ended(self, job, result);
        return HEAN_OK;
    default:
        return HEAN_OK;
    }
}

static bool is_write(job_kind kind)
{
    return kind == JOB_CREATE || kind == JOB_AMEND || kind == JOB_CANCEL ||
           kind == JOB_CANCEL_EARLIER;
}

void venue_jobs_answer(venue *self, const wire_response *response)
{
    venue_job *found = job_find(self, response->id);
    bybit_answer answer;
    hean_error error;
    if (found == NULL || found->state != JOB_SENT) {
        venue_bad_message(self, 63, "a response that nobody waits for", NULL);
        return;
    }
    venue_job job = *found;
    bybit_read_answer(job.request.route, response, &answer);
    self->counters.responses++;
    bool good = answer.class == RETRY_OK || (answer.class == RETRY_DONE && is_write(job.kind));
    if (good) {
        job_result result = {.answer = &answer, .response = response, .certain = true};
        /* It is over before it is acted upon: what follows may queue the next of its kind. */
        found->state = JOB_DELAYED;
        job_remove(self, job.id);
        learn(self, &job, &answer, 0);
        error.message[0] = 0;
        hean_status status = read_body(self, &job, &result, &error);
        if (status == HEAN_OK)
            return;
        if (status == HEAN_E_NO_MEMORY)
            venue_no_memory(self);
        if (status != HEAN_E_NOT_FOUND) /* understood, but what was asked for is not there yet */
            venue_bad_message(self, job.request.route, bybit_route_get(job.request.route)->path,
                              &error);
        /* Asked again, as if it had not been answered. */
        answer.class = RETRY_AMBIGUOUS;
        (void)base_text_copy(answer.text, sizeof answer.text, error.message);
        venue_job *again = venue_job_make(self, job.kind, &job.request, job.subject);
        if (again == NULL)
            return;
        (void)limiter_withdraw(self->limiter, again->id);
        again->tries = job.tries;
        again->made_ns = job.made_ns;
        found = again;
        job = *again;
    } else {
        learn(self, &job, &answer, asked_until_ns(self, &answer));
        /* The venue's protection against overload says "not now", not "not done". */
        if (job.kind == JOB_CREATE && answer.class == RETRY_RATE &&
            (response->http_status == 429 || answer.code == 429))
            venue_create_doubted(self, &job);
        found = job_find(self, job.id); /* a halt may have changed the table */
    }
    job_result result = {.answer = &answer,
                         .response = response,
                         .certain =
                             answer.class != RETRY_AMBIGUOUS || response->outcome == WIRE_NOT_SENT};
    if (found != NULL && try_again(self, found, &result, asked_until_ns(self, &answer)))
        return;
    if (found != NULL) {
        found->state = JOB_DELAYED;
        job_remove(self, job.id);
    }
    job_failed(self, &job, &result);
}
