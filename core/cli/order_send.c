/*
 * order_send.c: hean order's talk with the venue, and what it prints of it.
 *
 * An outcome that is not known is asked for by the order's own name before it is reported; it is
 * never reported as a refusal.
 */
#include "cmd_order.h"

#include <string.h>
#include <time.h>

#define SYMBOLS_MAX 64
#define PAGES_MAX   20
#define LOOKS_MAX   5 /* for an order whose fate is not known, one a second */

typedef struct talk {
    const order_arguments *arguments;
    venue_call *call;
    base_buffer body;
    market_instrument instruments[SYMBOLS_MAX];
    size_t instrument_count;
    char wanted[SYMBOLS_MAX][HEAN_SYMBOL_BYTES]; /* symbols of rows, to be looked up */
    size_t wanted_count;
    bool print; /* second reading: instruments are known */
    size_t rows;
    char order_id[VENUE_EXEC_ID_BYTES]; /* of the order that was looked for */
    int64_t seen_status;
} talk;

/* ---- instruments ---- */

static int find(void *context, const char *symbol, size_t bytes)
{
    const talk *self = context;

    for (size_t i = 0; i < self->instrument_count; i++) {
        const char *known = self->instruments[i].spec.symbol;
        if (strlen(known) == bytes && memcmp(known, symbol, bytes) == 0)
            return (int)i;
    }
    return -1;
}

static const market_instrument *instrument(void *context, int index)
{
    return &((const talk *)context)->instruments[index];
}

static bybit_symbols symbols_of(talk *self)
{
    return (bybit_symbols){.find = find,
                           .instrument = instrument,
                           .context = self,
                           .category = self->arguments->venue->category};
}

static void want(talk *self, const char *symbol)
{
    for (size_t i = 0; i < self->wanted_count; i++) {
        if (strcmp(self->wanted[i], symbol) == 0)
            return;
    }
    if (self->wanted_count < SYMBOLS_MAX)
        (void)base_text_copy(self->wanted[self->wanted_count++], HEAN_SYMBOL_BYTES, symbol);
}

static hean_status take_instrument(void *context, const bybit_instrument *row, hean_error *error)
{
    talk *self = context;

    if (self->instrument_count == SYMBOLS_MAX)
        return HEAN_OK;
    return market_instrument_init(&self->instruments[self->instrument_count++], &row->spec, error);
}

static hean_status learn_instruments(talk *self, hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < self->wanted_count; i++) {
        bybit_request request;
        bybit_request_init(&request, BYBIT_INSTRUMENTS);
        status = bybit_query_add(&request, "category",
                                 bybit_category_text(self->arguments->venue->category));
        if (status == HEAN_OK)
            status = bybit_query_add(&request, "symbol", self->wanted[i]);
        if (status == HEAN_OK)
            status = venue_call_read(self->call, &request, &self->body, error);
        if (status == HEAN_OK)
            status = bybit_read_instruments(self->body.data, self->body.length, NULL,
                                            take_instrument, self, NULL, error);
    }
    return status;
}

/* ---- rows ---- */

static const char *side_text(hean_side side)
{
    return side == HEAN_SIDE_BUY ? "buy" : side == HEAN_SIDE_SELL ? "sell" : "none";
}

static const char *status_text(hean_order_status status)
{
    static const char *const names[] = {"none",          "pending_new",    "open",
                                        "partly_filled", "pending_cancel", "filled",
                                        "cancelled",     "rejected",       "unknown"};
    return (size_t)status < BASE_COUNT(names) ? names[status] : "unknown";
}

static void units(cli_json *json, const char *key, const talk *self, int index, int64_t value,
                  bool price)
{
    if (index < 0)
        cli_json_null(json, key);
    else
        cli_json_units(json, key, value,
                       price ? self->instruments[index].spec.tick_size
                             : self->instruments[index].spec.lot_size);
}

static hean_status print_row(cli_json *json, hean_error *error)
{
    cli_json_object_end(json);
    return cli_json_print(json) == CLI_EXIT_DONE
               ? HEAN_OK
               : base_fail(error, HEAN_E_IO, "standard output could not be written");
}

static hean_status take_order(void *context, const bybit_order *row, hean_error *error)
{
    talk *self = context;
    cli_json json;

    if (!self->print) {
        want(self, row->symbol);
        return HEAN_OK;
    }
    self->rows++;
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "symbol", row->symbol);
    cli_json_text(&json, "client_id", row->client_id);
    cli_json_text(&json, "order_id", row->order_id);
    cli_json_text(&json, "side", side_text(row->side));
    cli_json_text(&json, "status", status_text(row->status));
    units(&json, "price", self, row->index, row->price_ticks, true);
    units(&json, "trigger", self, row->index, row->trigger_ticks, true);
    units(&json, "qty", self, row->index, row->qty_lots, false);
    units(&json, "filled", self, row->index, row->filled_lots, false);
    cli_json_bool(&json, "reduce_only", row->reduce_only);
    cli_json_time(&json, "created", row->created_ns);
    return print_row(&json, error);
}

static hean_status take_position(void *context, const bybit_position *row, hean_error *error)
{
    talk *self = context;
    cli_json json;

    if (!self->print) {
        want(self, row->symbol);
        return HEAN_OK;
    }
    self->rows++;
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "symbol", row->symbol);
    units(&json, "qty", self, row->index, row->qty_lots, false);
    cli_json_scaled(&json, "entry_price", row->entry_price_e8, 8);
    cli_json_scaled(&json, "value", row->value_e8, 8);
    cli_json_scaled(&json, "unrealized", row->unrealized_e8, 8);
    cli_json_scaled(&json, "leverage", row->leverage_e8, 8);
    return print_row(&json, error);
}

static hean_status take_coin(void *context, const bybit_coin *row, hean_error *error)
{
    talk *self = context;
    cli_json json;

    if (!self->print)
        return HEAN_OK;
    self->rows++;
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "coin", row->coin);
    cli_json_scaled(&json, "wallet", row->wallet_e8, 8);
    cli_json_scaled(&json, "equity", row->equity_e8, 8);
    cli_json_scaled(&json, "unrealized", row->unrealized_e8, 8);
    cli_json_scaled(&json, "locked", row->locked_e8, 8);
    return print_row(&json, error);
}

static hean_status read_rows(talk *self, char cursor[BYBIT_CURSOR_BYTES], hean_error *error)
{
    const bybit_symbols symbols = symbols_of(self);
    const char *body = self->body.data;
    size_t bytes = self->body.length;

    switch (self->arguments->route) {
    case BYBIT_ORDERS_OPEN:
        return bybit_read_orders(body, bytes, &symbols, take_order, self, cursor, error);
    case BYBIT_POSITIONS:
        return bybit_read_positions(body, bytes, &symbols, take_position, self, cursor, error);
    default:
        return bybit_read_coins(body, bytes, NULL, take_coin, self, cursor, error);
    }
}

/* One reading of all pages. */
static hean_status read_pages(talk *self, const bybit_request *first, hean_error *error)
{
    char cursor[BYBIT_CURSOR_BYTES] = "";
    bybit_request request = *first;
    hean_status status = HEAN_OK;

    for (int page = 0; status == HEAN_OK && page < PAGES_MAX; page++) {
        char next[BYBIT_CURSOR_BYTES] = "";
        status = venue_call_read(self->call, &request, &self->body, error);
        if (status == HEAN_OK)
            status = read_rows(self, next, error);
        if (status != HEAN_OK || next[0] == 0 || strcmp(next, cursor) == 0)
            break;
        memcpy(cursor, next, sizeof cursor);
        request = *first;
        status = bybit_query_add(&request, "cursor", cursor);
    }
    return status;
}

static hean_status list(talk *self, const bybit_request *request, hean_error *error)
{
    hean_status status = HEAN_OK;

    if (self->arguments->route != BYBIT_WALLET) {
        status = read_pages(self, request, error);
        if (status == HEAN_OK)
            status = learn_instruments(self, error);
    }
    self->print = true;
    if (status == HEAN_OK)
        status = read_pages(self, request, error);
    if (status == HEAN_OK && self->rows == 0 && !self->arguments->as_json)
        (void)fprintf(stderr, "none\n");
    return status;
}

/* ---- what changes something ---- */

static hean_status note_order(void *context, const bybit_order *row, hean_error *error)
{
    talk *self = context;

    (void)error;
    if (strcmp(row->client_id, self->arguments->client_id) == 0) {
        memcpy(self->order_id, row->order_id, sizeof self->order_id);
        self->seen_status = row->status;
    }
    return HEAN_OK;
}

/* Asks for the order by its name until the venue knows it, some seconds long. */
static hean_status look_for(talk *self, hean_error *error)
{
    const order_arguments *a = self->arguments;
    const struct timespec pause = {.tv_sec = 1};
    const bybit_symbols symbols = symbols_of(self);
    bybit_request request;
    hean_status status;

    bybit_request_init(&request, BYBIT_ORDERS_OPEN);
    status = bybit_query_add(&request, "category", bybit_category_text(a->venue->category));
    if (status == HEAN_OK)
        status = bybit_query_add(&request, "symbol", a->symbol);
    if (status == HEAN_OK)
        status = bybit_query_add(&request, "orderLinkId", a->client_id);
    for (int i = 0; status == HEAN_OK && i < LOOKS_MAX && self->order_id[0] == 0; i++) {
        (void)nanosleep(&pause, NULL);
        status = venue_call_read(self->call, &request, &self->body, error);
        if (status == HEAN_OK)
            status = bybit_read_orders(self->body.data, self->body.length, &symbols, note_order,
                                       self, NULL, error);
    }
    return status;
}

static int print_outcome(const talk *self, const char *outcome, const bybit_answer *answer)
{
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "outcome", outcome);
    cli_json_text(&json, "client_id", self->arguments->client_id);
    cli_json_text(&json, "order_id", self->order_id);
    cli_json_text(&json, "status",
                  self->seen_status != 0 ? status_text((hean_order_status)self->seen_status) : "");
    cli_json_whole(&json, "code", answer->code);
    cli_json_text(&json, "text", answer->text);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

/* Returns the exit code. */
static int change(talk *self, const bybit_request *request)
{
    char client_id[VENUE_EXEC_ID_BYTES];
    const char *outcome = "refused";
    hean_error error = {0};
    bybit_answer answer;
    bool sent = false;
    int printed;

    if (venue_call_ask(self->call, request, &answer, &self->body, &sent, &error) != HEAN_OK)
        return cli_fail(&error);
    if (answer.class == RETRY_OK) {
        outcome = "accepted";
        (void)!bybit_read_order_ack(self->body.data, self->body.length, self->order_id, client_id,
                                    &error);
    } else if (answer.class == RETRY_DONE) {
        outcome = "done_before";
    } else if (answer.class == RETRY_AMBIGUOUS && !sent) {
        outcome = "not_sent";
    } else if (answer.class == RETRY_AMBIGUOUS) {
        outcome = "unknown";
        if (look_for(self, &error) == HEAN_OK && self->order_id[0] != 0 &&
            request->route == BYBIT_ORDER_CREATE)
            outcome = "accepted";
    }
    printed = print_outcome(self, outcome, &answer);
    if (printed != CLI_EXIT_DONE)
        return printed;
    return strcmp(outcome, "accepted") == 0 || strcmp(outcome, "done_before") == 0
               ? CLI_EXIT_DONE
               : CLI_EXIT_FAILED;
}

int order_send(const order_arguments *a, const bybit_request *request, const keys *held)
{
    const venue_call_options options = {
        .venue = a->venue, .keys = held, .recv_window_ms = a->recv_window_ms, .stop = &cli_stop};
    int64_t offset_ns, round_trip_ns;
    talk *self = base_alloc(base_allocator_default(), sizeof *self);
    hean_error error = {0};
    int result = CLI_EXIT_DONE;

    if (self == NULL)
        return cli_usage("out of memory");
    self->arguments = a;
    base_buffer_init(&self->body, base_allocator_default());
    if (venue_call_open(&options, &self->call, &error) != HEAN_OK ||
        venue_call_clock(self->call, &offset_ns, &round_trip_ns, &error) != HEAN_OK)
        result = cli_fail(&error);
    else if (strcmp(bybit_route_get(request->route)->method, "POST") == 0)
        result = change(self, request);
    else if (list(self, request, &error) != HEAN_OK)
        result = cli_fail(&error);
    venue_call_close(self->call);
    base_buffer_deinit(&self->body);
    base_free(base_allocator_default(), self);
    return result;
}
