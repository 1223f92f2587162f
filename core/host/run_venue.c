/*
 * run_venue.c: the session on a venue behind sockets: bytes from the edge into the venue's machine,
 * its events into the host, the host's intents back into the machine, its actions to the edge; all
 * in one pass after each frame, so that an answer to the market leaves at once.
 *
 * Orders go to the venue (EXTERNAL broker) if it is live or a venue of our own; else the built-in
 * paper broker fills them from the venue's market and nothing ever leaves (trade = false).
 *
 * Invariants
 *   N1  the host starts once the venue is ready for the first time: no intent is made that could
 *       not be sent. What the market told until then waits.
 *   N2  while trading is closed (the store failed: for good; the venue refused us: until it is
 * ready again), orders are answered by REJECTED and only cancellations leave. Must not know: what
 * requests look like.
 */
#include "run_private.h"

#include "run_ledger.h"
#include "run_metrics.h"

#include <base/decimal.h>
#include <engine/engine.h>
#include <exchange/edge.h>
#include <stdarg.h>
#include <string.h>

#define LOOK_NS         (100 * BASE_NS_PER_MS) /* how late a stop may be noticed */
#define READY_NS        (60 * BASE_NS_PER_S)   /* to connect and compare, at the start */
#define END_NS          (5 * BASE_NS_PER_S)    /* for cancellations to be answered, at the end */
#define CHILD_LOOK_NS   BASE_NS_PER_S
#define PROBLEM_NS      (30 * BASE_NS_PER_S)
#define WAITING_MAX     ((size_t)2000000) /* events before the start */
#define INTENTS_AT_ONCE 64
#define OWN_SYMBOLS_MAX 32 /* venue.instruments is at most 64 */

struct run_venue {
    const hean_allocator *allocator;
    session *session;
    run_child child;
    keys *keys;
    edge *edge;
    venue *venue;
    bool external; /* orders go to the venue */
    market_instrument *instruments;
    bool *known;
    char name[48];
    hean_event *waiting; /* market events: until the start, and within one pass */
    size_t waiting_count, waiting_capacity;
    bool started, ready;
    bool closed, halted; /* N2: by the store, by the venue */
    char problem[160];   /* of the wire, said last */
    int64_t problem_ns;
    hean_error failure; /* the first inside a callback */
    int64_t child_look_ns;
    int64_t last_ns;
};

/* The wall clock, never backwards. */
static int64_t now_of(run_venue *self)
{
    int64_t now_ns = base_clock_wall_ns();
    if (now_ns > self->last_ns)
        self->last_ns = now_ns;
    return self->last_ns;
}

static void fail(run_venue *self, hean_status status, const hean_error *detail)
{
    if (self->failure.status == HEAN_OK && status != HEAN_OK) {
        self->failure = *detail;
        self->failure.status = status;
    }
}

static void show(run_venue *self, hean_log_level level, const char *format, ...) HEAN_PRINTF(3, 4);

static void show(run_venue *self, hean_log_level level, const char *format, ...)
{
    const hean_log_sink *log = &self->session->options->log;
    char text[400];
    va_list args;

    if (log->write == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    base_text_clean(text, strlen(text));
    log->write(log->context, level, now_of(self), "venue", text);
}

/* N2 */
static void close_trading(run_venue *self, bool *how, const char *why)
{
    hean_error error = {0};

    if (*how)
        return;
    *how = true;
    show(self, HEAN_LOG_ERROR, "trading stops: %s", why);
    fail(self, venue_cancel_all(self->venue, now_of(self), &error), &error);
}

/* Why nothing comes through: told when it changes, and now and then. */
static void note_problem(run_venue *self, const char *what, const char *why)
{
    char text[sizeof self->problem];
    int64_t now_ns = base_clock_monotonic_ns();

    (void)snprintf(text, sizeof text, "%s: %s", what, why);
    if (strcmp(text, self->problem) == 0 && now_ns < self->problem_ns + PROBLEM_NS)
        return;
    memcpy(self->problem, text, sizeof text);
    self->problem_ns = now_ns;
    show(self, HEAN_LOG_WARN, "%s", text);
}

/* ---- events: from the venue to the host ---- */

/* Market events that wait go to the host in one push. */
static void push_waiting(run_venue *self)
{
    hean_error error = {0};
    hean_status status;

    if (!self->started || self->waiting_count == 0)
        return;
    status = hean_host_push(self->session->host, self->waiting, self->waiting_count, &error);
    self->waiting_count = 0;
    if (status == HEAN_E_INVALID) /* refused whole; the venue's machine lets nothing such through */
        show(self, HEAN_LOG_ERROR, "market events were refused: %s", error.message);
    else
        fail(self, status, &error);
}

/* In order with what the engine has seen. */
static hean_event timed(run_venue *self, const hean_event *event)
{
    hean_event own = *event;
    own.local_ns = now_of(self);
    if (own.exch_ns <= 0 || own.exch_ns > own.local_ns)
        own.exch_ns = own.local_ns;
    return own;
}

static void take_market(run_venue *self, const hean_event *event)
{
    void *waiting = self->waiting;

    /* What was paid for a holding comes as its own event, with the venue's amount. */
    if (event->kind == HEAN_EVENT_FUNDING && self->external)
        return;
    if (self->waiting_count >= WAITING_MAX ||
        !base_grow(self->allocator, &waiting, &self->waiting_capacity, self->waiting_count + 1,
                   sizeof *self->waiting)) {
        hean_error error = {0};
        (void)base_fail(&error, HEAN_E_NO_MEMORY, "venue: no memory for its events");
        fail(self, HEAN_E_NO_MEMORY, &error);
        return;
    }
    self->waiting = waiting;
    self->waiting[self->waiting_count++] = timed(self, event);
}

/* For the venue's comparison with its own positions. */
static void tell_held(run_venue *self, uint16_t instrument)
{
    venue_set_held(self->venue, instrument, run_ledger_held(self->session->ledger, instrument));
}

/* A spot purchase pays its fee in what was bought: at the fill's price, in the currency that all of
 * the strategy's money is in. A fee in a third coin has no price here. */
static void settle_fee(run_venue *self, const venue_event *fill, hean_event *event)
{
    const hean_instrument *spec = &self->instruments[fill->instrument].spec;
    char currency[MARKET_CURRENCY_BYTES];
    base_int128 numerator, denominator = 1;

    market_settlement(spec, currency);
    if (fill->coin[0] == 0 || event->data.fill.fee_e8 == 0 || strcmp(fill->coin, currency) == 0)
        return;
    numerator = (base_int128)event->data.fill.fee_e8 * event->data.fill.price_ticks *
                spec->tick_size.mantissa;
    for (int32_t i = spec->tick_size.exponent10; i < 0; i++)
        denominator *= 10;
    for (int32_t i = 0; i < spec->tick_size.exponent10; i++)
        numerator *= 10;
    if (spec->kind != HEAN_INSTRUMENT_SPOT ||
        strncmp(spec->symbol, fill->coin, strlen(fill->coin)) != 0 ||
        decimal_divide(numerator, denominator, &event->data.fill.fee_e8) != HEAN_OK) {
        show(self, HEAN_LOG_ERROR, "%s: its fee is in %s and is left out of the account",
             fill->exec_id, fill->coin);
        event->data.fill.fee_e8 = 0;
    }
}

static void push_report(run_venue *self, const venue_event *report)
{
    hean_event event = timed(self, &report->event);
    hean_error error = {0};
    hean_status status;

    if (!self->external || !self->started)
        return;
    if (report->kind == VENUE_FILL)
        settle_fee(self, report, &event);
    push_waiting(self);
    run_ledger_execution(self->session->ledger, report->exec_id, report->time_ns);
    status = hean_host_push(self->session->host, &event, 1, &error);
    run_ledger_execution(self->session->ledger, NULL, 0);
    if (status == HEAN_E_INVALID || status == HEAN_E_NOT_FOUND)
        show(self, HEAN_LOG_ERROR, "%s %s: %s", report->client_id, report->exec_id, error.message);
    else
        fail(self, status, &error);
    if (report->kind == VENUE_FILL)
        tell_held(self, report->instrument);
}

/* A fill of an earlier session's order, or of one that has ended here. */
static void take_late_fill(run_venue *self, const venue_event *fill)
{
    hean_event event = timed(self, &fill->event);
    hean_error error = {0};
    bool applied = false;

    settle_fee(self, fill, &event);
    push_waiting(self);
    fail(self, run_ledger_late_fill(self->session->ledger, fill, &event, &applied, &error), &error);
    if (!applied)
        return;
    show(self, HEAN_LOG_WARN, "%s: %s %lld lots at %lld ticks came late (%s)", fill->client_id,
         event.side == HEAN_SIDE_BUY ? "bought" : "sold", (long long)event.data.fill.qty_lots,
         (long long)event.data.fill.price_ticks, fill->exec_id);
    tell_held(self, fill->instrument);
}

/* The account's payment, split over those who hold the instrument; all are told the rate. */
static void take_funding(run_venue *self, const venue_event *paid)
{
    const session *owner = self->session;
    size_t count = owner->config->strategy_count;
    int64_t lots[HOST_STRATEGIES_MAX], shares[HOST_STRATEGIES_MAX];
    hean_event event = timed(self, &paid->event);

    if (!self->external || !self->started) {
        show(self, HEAN_LOG_WARN, "%s: funding from before the start stays with the account",
             paid->exec_id);
        return;
    }
    push_waiting(self);
    for (size_t i = 0; i < count; i++) {
        hean_position held = {0};
        (void)!hean_host_position(owner->host, (uint16_t)i, paid->instrument, &held);
        lots[i] = held.qty_lots;
    }
    run_funding_split(lots, count, paid->amount_e8, shares);
    run_ledger_execution(self->session->ledger, paid->exec_id, paid->time_ns);
    for (size_t i = 0; i < count && self->failure.status == HEAN_OK; i++) {
        hean_error error = {0};
        event.data.funding.paid_e8 = shares[i];
        event.instrument = paid->instrument;
        fail(self, host_settle(owner->host, (uint16_t)i, &event, &error), &error);
    }
    run_ledger_execution(self->session->ledger, NULL, 0);
}

static void take_instrument(run_venue *self, const venue_event *event)
{
    const config_paper *paper = &self->session->config->paper;
    hean_instrument *spec;

    if (self->started || event->instrument >= self->session->instrument_count)
        return;
    self->instruments[event->instrument] = *event->spec;
    self->known[event->instrument] = true;
    spec = &self->instruments[event->instrument].spec;
    if (!self->external && paper->maker_fee_e8 != CONFIG_FEE_UNSET)
        spec->maker_fee_e8 = paper->maker_fee_e8;
    if (!self->external && paper->taker_fee_e8 != CONFIG_FEE_UNSET)
        spec->taker_fee_e8 = paper->taker_fee_e8;
}

static const char *symbol_of(const run_venue *self, uint16_t instrument)
{
    return instrument < self->session->instrument_count ? self->instruments[instrument].spec.symbol
                                                        : "?";
}

static void take_event(run_venue *self, const venue_event *event)
{
    switch (event->kind) {
    case VENUE_INSTRUMENT:
        take_instrument(self, event);
        break;
    case VENUE_MARKET:
        take_market(self, &event->event);
        break;
    case VENUE_ORDER:
    case VENUE_FILL:
        push_report(self, event);
        break;
    case VENUE_LATE_FILL:
        if (self->external)
            take_late_fill(self, event);
        break;
    case VENUE_FUNDING:
        take_funding(self, event);
        break;
    case VENUE_FOREIGN_FILL:
        show(self, HEAN_LOG_INFO, "%s: execution %s of an order that is not ours",
             symbol_of(self, event->instrument), event->exec_id);
        break;
    case VENUE_FOREIGN_ORDER:
        show(self, HEAN_LOG_INFO, "%s: order %s is not ours and is left alone",
             symbol_of(self, event->instrument), event->venue_order_id);
        break;
    case VENUE_POSITION: /* where it is not what strategies hold, a difference is told */
    case VENUE_WALLET:
    case VENUE_LIQUIDATION:
        break;
    case VENUE_READY:
        self->ready = true;
        self->halted = false;
        show(self, HEAN_LOG_INFO, "ready");
        break;
    case VENUE_NOT_READY:
        self->ready = false;
        show(self, HEAN_LOG_WARN, "not ready: %s", event->text);
        break;
    case VENUE_DIFFERENCE:
        show(self, HEAN_LOG_WARN, "difference: %s", event->text);
        break;
    case VENUE_LOG:
        show(self, event->level, "%s", event->text);
        break;
    case VENUE_HALT:
        close_trading(self, &self->halted, event->text);
        break;
    }
}

/* ---- intents: from the host to the venue ---- */

/* N2: answered here, as the venue would. */
static void reject(run_venue *self, const hean_order_intent *wanted)
{
    const hean_intent *intent = &wanted->intent;
    venue_event report = {.kind = VENUE_ORDER};

    report.event.kind = HEAN_EVENT_ORDER;
    report.event.strategy = wanted->strategy;
    report.event.instrument = intent->instrument;
    report.event.side = intent->side;
    report.event.reason = HEAN_REASON_VENUE;
    report.event.data.order.order_id = intent->order_id;
    report.event.data.order.price_ticks = intent->price_ticks;
    report.event.data.order.qty_lots = intent->qty_lots;
    report.event.data.order.status = HEAN_ORDER_REJECTED;
    push_report(self, &report);
}

static bool send_intents(run_venue *self)
{
    hean_order_intent wanted[INTENTS_AT_ONCE];
    size_t count;

    if (!self->started || !self->external)
        return false;
    count = hean_host_take_intents(self->session->host, wanted, INTENTS_AT_ONCE);
    for (size_t i = 0; i < count && self->failure.status == HEAN_OK; i++) {
        hean_error error = {0};
        bool open = !self->closed && !self->halted;
        if (!open && wanted[i].intent.kind == HEAN_INTENT_PLACE)
            reject(self, &wanted[i]);
        else if (open || wanted[i].intent.kind == HEAN_INTENT_CANCEL)
            fail(self,
                 venue_intent(self->venue, wanted[i].strategy, &wanted[i].intent, now_of(self),
                              &error),
                 &error);
    }
    return count > 0;
}

/* Everything that one thing caused: events in, intents out, actions to the wire. */
static void pump(run_venue *self)
{
    bool more = true;

    while (more && self->failure.status == HEAN_OK) {
        venue_event event;
        wire_action action;
        hean_error error = {0};

        more = false;
        while (self->failure.status == HEAN_OK && venue_take_event(self->venue, &event)) {
            take_event(self, &event);
            more = true;
        }
        push_waiting(self);
        more |= send_intents(self);
        while (self->failure.status == HEAN_OK && venue_take_action(self->venue, &action)) {
            if (action.kind == WIRE_HTTP)
                run_metrics_request(self->session->metrics, action.id, action.url);
            fail(self, edge_do(self->edge, &action, &error), &error);
        }
    }
}

/* ---- from the edge ---- */

static void on_response(void *context, const wire_response *response)
{
    run_venue *self = context;
    hean_error error = {0};

    run_metrics_response(self->session->metrics, response);
    if (response->outcome != WIRE_DONE)
        note_problem(self, "a request failed", response->why);
    fail(self, venue_response(self->venue, response, now_of(self), &error), &error);
    pump(self);
}

static void on_socket(void *context, uint64_t socket, wire_socket_event what, const char *text,
                      size_t bytes, int64_t now_ns)
{
    run_venue *self = context;
    hean_error error = {0};

    (void)now_ns; /* of the bytes' arrival; the machine's time must not go back */
    if (what == WIRE_SOCKET_DOWN)
        note_problem(self, "a stream ended", text);
    fail(self, venue_socket(self->venue, socket, what, text, bytes, now_of(self), &error), &error);
    pump(self);
}

/* ---- the loop ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One turn: what is due by the clock, then the wire until something happens. */
static hean_status turn(run_venue *self, hean_error *error)
{
    session *owner = self->session;
    int64_t now_ns = now_of(self), due_ns, wait_ns;
    hean_error detail = {0};
    hean_status status;

    fail(self, venue_advance(self->venue, now_ns, &detail), &detail);
    if (self->started && self->failure.status == HEAN_OK)
        fail(self, hean_host_advance(owner->host, now_ns, &detail), &detail);
    pump(self);
    due_ns = venue_due_ns(self->venue);
    if (self->started)
        due_ns = earlier(due_ns, hean_host_next_due_ns(owner->host));
    wait_ns = earlier(due_ns == INT64_MAX ? LOOK_NS : due_ns - now_of(self), LOOK_NS);
    /* What is due already was due while the turn before this one was at work. */
    run_metrics_turn(self->session->metrics, due_ns != INT64_MAX && wait_ns < 0 ? -wait_ns : 0);
    if (self->failure.status == HEAN_OK) {
        status = edge_run(self->edge, base_clock_monotonic_ns() + wait_ns, &detail);
        fail(self, status, &detail);
    }
    if (self->failure.status != HEAN_OK && error != NULL)
        *error = self->failure;
    return self->failure.status;
}

/* The venue of our own, and the ledger. */
static void look_around(run_venue *self)
{
    int64_t now_ns = base_clock_monotonic_ns();
    hean_error error = {0};
    char why[100];

    if (run_ledger_check(self->session->ledger, now_of(self), &error) != HEAN_OK)
        close_trading(self, &self->closed, error.message);
    if (now_ns < self->child_look_ns)
        return;
    self->child_look_ns = now_ns + CHILD_LOOK_NS;
    if (!run_child_alive(&self->child, why, sizeof why)) {
        (void)base_fail(&error, HEAN_E_IO, "%s", why);
        fail(self, HEAN_E_IO, &error);
    }
}

hean_status run_venue_loop(session *owner, hean_error *error)
{
    run_venue *self = owner->venue;
    int64_t end_ns;
    hean_status status = HEAN_OK;

    while (status == HEAN_OK && !session_over(owner)) {
        status = turn(self, error);
        if (status == HEAN_OK)
            status = session_housekeep(owner, error);
        look_around(self);
    }
    if (status == HEAN_OK && self->external)
        status = venue_cancel_all(self->venue, now_of(self), error);
    end_ns = base_clock_monotonic_ns() + END_NS;
    while (status == HEAN_OK && venue_open_orders(self->venue) > 0 &&
           base_clock_monotonic_ns() < end_ns)
        status = turn(self, error);
    if (status == HEAN_OK && venue_open_orders(self->venue) > 0)
        show(self, HEAN_LOG_ERROR, "%zu orders are still open, or not known to be closed",
             venue_open_orders(self->venue));
    if (status == HEAN_OK)
        status = run_ledger_end(self->session->ledger, now_of(self), error);
    return status;
}

/* ---- opening ---- */

static hean_status open_keys(run_venue *self, hean_error *error)
{
    const config *settings = self->session->config;

    if (settings->venue.source == CONFIG_SOURCE_EXCHANGE_SIM)
        return keys_make(&self->keys, error);
    if (!self->external)
        return HEAN_OK;
    return keys_load(settings->venue.credentials_file, &self->keys, error);
}

/* Eight letters that no other session has: they are part of every order's name. */
static hean_status open_machine(run_venue *self, const char *const *symbols, hean_error *error)
{
    const config *settings = self->session->config;
    const config_venue *wanted = &settings->venue;
    bool own = wanted->source == CONFIG_SOURCE_EXCHANGE_SIM;
    venue_strategy *strategies =
        base_alloc_array(self->allocator, settings->strategy_count, sizeof *strategies);
    venue_options options = {
        .allocator = self->allocator,
        .category = wanted->category,
        .rest_url = own ? self->child.rest_url : wanted->rest_url,
        .public_socket_url = own ? self->child.public_url : wanted->public_url,
        .trade = self->external,
        .recv_window_ms = 5000,
        .symbols = symbols,
        .symbol_count = self->session->instrument_count,
        .book_depth = (int32_t)wanted->book_depth,
        .run = run_ledger_name(self->session->ledger),
        .strategies = strategies,
        .strategy_count = settings->strategy_count,
        .ceiling_percent = 80,
        .known_execution_ns = run_ledger_known_ns(self->session->ledger),
        .seed = (uint64_t)base_clock_wall_ns(),
    };
    hean_status status;

    if (strategies == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue: out of memory");
    for (size_t i = 0; i < settings->strategy_count; i++)
        strategies[i].name = settings->strategies[i].name;
    if (self->external) {
        options.private_socket_url = own ? self->child.private_url : wanted->private_url;
        options.api_key = keys_key(self->keys);
        options.api_secret = keys_secret(self->keys);
    }
    status = venue_open(&options, &self->venue, error);
    base_free(self->allocator, strategies);
    keys_close(self->keys); /* the machine has its own copy */
    self->keys = NULL;
    return status;
}

static bool all_known(const run_venue *self)
{
    for (size_t i = 0; i < self->session->instrument_count; i++) {
        if (!self->known[i])
            return false;
    }
    return true;
}

/* Runs until the instruments are known (`ready`: until intents may come), or the patience ends. */
static hean_status run_until(run_venue *self, bool ready, hean_error *error)
{
    int64_t end_ns = base_clock_monotonic_ns() + READY_NS;
    const volatile int *stop = self->session->options->stop;
    hean_status status = HEAN_OK;

    while (status == HEAN_OK && !self->closed && !self->halted &&
           !(all_known(self) && (!ready || self->ready))) {
        if (stop != NULL && *stop != 0)
            return base_fail(error, HEAN_E_INTERRUPTED, "interrupted before the venue was ready");
        if (base_clock_monotonic_ns() >= end_ns)
            return base_fail(error, HEAN_E_IO, "the venue was not ready within %d s%s%s",
                             (int)(READY_NS / BASE_NS_PER_S), self->problem[0] != 0 ? "; " : "",
                             self->problem);
        status = turn(self, error);
        look_around(self);
    }
    if (status == HEAN_OK && (self->closed || self->halted))
        status = base_fail(error, HEAN_E_IO, "the venue refused to let us trade: see the log");
    return status;
}

static hean_status open_wire(run_venue *self, hean_error *error)
{
    const edge_sink sink = {self, on_response, on_socket};
    edge_options options = edge_options_default();

    options.allocator = self->allocator;
    options.ca_file = self->session->config->venue.ca_file;
    return edge_open(&options, &sink, &self->edge, error);
}

static hean_status start_host(run_venue *self, hean_error *error)
{
    session *owner = self->session;
    hean_status status =
        session_open_host(owner, self->external ? HEAN_BROKER_EXTERNAL : HEAN_BROKER_PAPER, error);

    if (status == HEAN_OK)
        status = run_ledger_attach(self->session->ledger, error);
    for (size_t i = 0; status == HEAN_OK && i < owner->instrument_count; i++)
        tell_held(self, (uint16_t)i);
    if (status == HEAN_OK)
        status = run_until(self, true, error);
    if (status == HEAN_OK)
        status = run_ledger_restore(self->session->ledger, error);
    if (status == HEAN_OK)
        status = run_metrics_open(owner, &owner->metrics, error);
    if (status != HEAN_OK)
        return status;
    session_begin(owner);
    status = hean_host_start(owner->host, now_of(self), error);
    self->started = status == HEAN_OK;
    /* What waited is older than the start, and still what the market is. */
    for (size_t i = 0; i < self->waiting_count; i++)
        self->waiting[i].local_ns = self->waiting[i].exch_ns = now_of(self);
    pump(self);
    return status;
}

/* The perpetuals of a venue of our own: every second of its instruments. */
static size_t name_own(const config_venue *wanted, char names[][HEAN_SYMBOL_BYTES],
                       const char **symbols)
{
    size_t count = ((size_t)wanted->instruments + 1) / 2;

    for (size_t i = 0; i < count; i++) {
        char number[24] = "";
        if (i > 0)
            (void)snprintf(number, sizeof number, "%zu", i + 1);
        (void)snprintf(names[i], HEAN_SYMBOL_BYTES, "SIM%sUSDT", number);
        symbols[i] = names[i];
    }
    return count;
}

static hean_status open_all(run_venue *self, hean_error *error)
{
    session *owner = self->session;
    const config_venue *wanted = &owner->config->venue;
    bool own = wanted->source == CONFIG_SOURCE_EXCHANGE_SIM;
    char names[OWN_SYMBOLS_MAX][HEAN_SYMBOL_BYTES];
    const char *own_symbols[OWN_SYMBOLS_MAX];
    const char *const *symbols = own ? own_symbols : (const char *const *)wanted->symbols.items;
    hean_status status = HEAN_OK;

    owner->instrument_count = own ? name_own(wanted, names, own_symbols) : wanted->symbols.count;
    self->instruments =
        base_alloc_array(self->allocator, owner->instrument_count, sizeof *self->instruments);
    self->known = base_alloc_array(self->allocator, owner->instrument_count, sizeof *self->known);
    if (self->instruments == NULL || self->known == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue: out of memory");
    owner->instruments = self->instruments;
    status = open_keys(self, error);
    if (status == HEAN_OK && own)
        status = run_child_start(owner->config, owner->options->program_path, self->keys,
                                 &self->child, error);
    if (status == HEAN_OK)
        status = run_ledger_open(owner, &owner->ledger, error);
    if (status == HEAN_OK)
        status = open_wire(self, error);
    if (status == HEAN_OK)
        status = open_machine(self, symbols, error);
    if (status == HEAN_OK)
        status = venue_start(self->venue, now_of(self), error);
    if (status == HEAN_OK)
        status = run_until(self, false, error);
    return status == HEAN_OK ? start_host(self, error) : status;
}

hean_status run_venue_open(session *owner, hean_error *error)
{
    const config *settings = owner->config;
    bool own = settings->venue.source == CONFIG_SOURCE_EXCHANGE_SIM;
    run_venue *self = base_alloc(owner->allocator, sizeof *self);

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "venue: out of memory");
    self->allocator = owner->allocator;
    self->session = owner;
    self->external = own || settings->mode == CONFIG_MODE_LIVE;
    (void)snprintf(self->name, sizeof self->name, own ? "exchange-sim" : "bybit %s",
                   settings->venue.rest_url);
    owner->venue = self;
    owner->mode = own ? "sim" : self->external ? "live" : "paper";
    owner->market_name = self->name;
    return open_all(self, error);
}

void run_venue_counters(const run_venue *self, venue_counters *out, bool *ready)
{
    venue_get_counters(self->venue, out);
    *ready = self->ready;
}

void run_venue_close(run_venue *self)
{
    if (self == NULL)
        return;
    edge_close(self->edge);
    venue_close(self->venue);
    run_child_stop(&self->child);
    keys_close(self->keys);
    base_free(self->allocator, self->instruments);
    base_free(self->allocator, self->known);
    base_free(self->allocator, self->waiting);
    base_free(self->allocator, self);
}
