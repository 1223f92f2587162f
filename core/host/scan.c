/*
 * scan.c: asks a venue part by part, and writes down what it said and what it did not.
 *
 * A part whose answer cannot be had or read is taken out again and marked UNKNOWN: a half-read list
 * would look like a short one.
 */
#include "run_private.h"

#include <base/json.h>
#include <host/scan.h>
#include <host/venue_call.h>

#include <jansson.h>
#include <string.h>

#define HOUR_NS       (3600 * BASE_NS_PER_S)
#define WEEK_NS       (7 * 24 * HOUR_NS)
#define PAGES_MAX     20
#define RECV_WINDOW   5000
#define SYMBOLS_MAX   256
#define LIQUIDITY_MAX (2 * SYMBOLS_MAX)

typedef struct traded { /* executions of a symbol and liquidity, summed */
    int index;
    bool maker;
    int64_t value_e8, fee_e8;
    int64_t count;
} traded;

typedef struct scan {
    const scan_options *options;
    const config_venue *venue;
    run_child child;
    config_venue child_venue; /* the URLs of the child */
    keys *keys;
    venue_call *call;
    bybit_symbols symbols;
    bybit_instrument instruments[SYMBOLS_MAX];
    market_instrument markets[SYMBOLS_MAX];
    size_t count;
    bool more; /* symbols than there is room for */
    traded trades[LIQUIDITY_MAX];
    size_t trade_count;
    base_buffer body;
    base_json json;
    base_json sources, reasons;
    json_t *manual;
} scan;

/* ---- symbols ---- */

static int find_symbol(void *context, const char *symbol, size_t bytes)
{
    const scan *self = context;

    for (size_t i = 0; i < self->count; i++) {
        if (strlen(self->markets[i].spec.symbol) == bytes &&
            memcmp(self->markets[i].spec.symbol, symbol, bytes) == 0)
            return (int)i;
    }
    return -1;
}

static const market_instrument *instrument_of(void *context, int index)
{
    return &((const scan *)context)->markets[index];
}

static bool wanted(const scan *self, const char *symbol)
{
    for (size_t i = 0; i < self->venue->symbols.count; i++) {
        if (strcmp(self->venue->symbols.items[i], symbol) == 0)
            return true;
    }
    return self->venue->symbols.count == 0;
}

/* ---- rows ---- */

static hean_status take_instrument(void *context, const bybit_instrument *row, hean_error *error)
{
    scan *self = context;
    hean_status status;

    if (!wanted(self, row->spec.symbol))
        return HEAN_OK;
    if (self->count == SYMBOLS_MAX) {
        self->more = true;
        return HEAN_OK;
    }
    status = market_instrument_init(&self->markets[self->count], &row->spec, error);
    if (status != HEAN_OK)
        return status;
    self->instruments[self->count++] = *row;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", row->spec.symbol);
    base_json_units(&self->json, "tick", 1, row->spec.tick_size);
    base_json_units(&self->json, "lot", 1, row->spec.lot_size);
    base_json_units(&self->json, "min_qty", row->spec.min_qty_lots, row->spec.lot_size);
    base_json_scaled(&self->json, "min_notional", row->spec.min_notional_e8, 8);
    base_json_text(&self->json, "settle_coin", row->settle_coin);
    base_json_real(&self->json, "funding_interval_hours",
                   (double)row->funding_interval_ns / (double)HOUR_NS);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_ticker(void *context, const bybit_ticker *row, hean_error *error)
{
    scan *self = context;
    const hean_instrument *spec;

    (void)error;
    if (row->index < 0)
        return HEAN_OK;
    spec = &self->markets[row->index].spec;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", spec->symbol);
    base_json_units(&self->json, "last", row->last_ticks, spec->tick_size);
    base_json_scaled(&self->json, "mark", row->mark_e8, 8);
    base_json_units(&self->json, "bid", row->bid_ticks, spec->tick_size);
    base_json_units(&self->json, "ask", row->ask_ticks, spec->tick_size);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_funding(void *context, const bybit_ticker *row, hean_error *error)
{
    scan *self = context;
    int64_t interval_ns;

    (void)error;
    if (row->index < 0 || row->next_funding_ns == 0)
        return HEAN_OK;
    interval_ns = row->funding_interval_ns != 0 ? row->funding_interval_ns
                                                : self->instruments[row->index].funding_interval_ns;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", self->markets[row->index].spec.symbol);
    base_json_scaled(&self->json, "rate", row->funding_rate_e12, 12);
    base_json_real(&self->json, "interval_hours", (double)interval_ns / (double)HOUR_NS);
    base_json_time(&self->json, "next_at", row->next_funding_ns);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_fee(void *context, const bybit_fee *row, hean_error *error)
{
    scan *self = context;

    (void)error;
    if (find_symbol(self, row->symbol, strlen(row->symbol)) < 0)
        return HEAN_OK;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", row->symbol);
    base_json_scaled(&self->json, "maker", row->maker_fee_e8, 8);
    base_json_scaled(&self->json, "taker", row->taker_fee_e8, 8);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_coin(void *context, const bybit_coin *row, hean_error *error)
{
    scan *self = context;

    (void)error;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "coin", row->coin);
    base_json_scaled(&self->json, "wallet", row->wallet_e8, 8);
    base_json_scaled(&self->json, "equity", row->equity_e8, 8);
    base_json_scaled(&self->json, "locked", row->locked_e8, 8);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_position(void *context, const bybit_position *row, hean_error *error)
{
    scan *self = context;
    int64_t lots = row->qty_lots < 0 ? -row->qty_lots : row->qty_lots;

    (void)error;
    if (row->index < 0 || lots == 0)
        return HEAN_OK;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", row->symbol);
    base_json_text(&self->json, "side", row->qty_lots > 0 ? "Buy" : "Sell");
    base_json_units(&self->json, "qty", lots, self->markets[row->index].spec.lot_size);
    base_json_scaled(&self->json, "value", row->value_e8, 8);
    base_json_scaled(&self->json, "unrealized", row->unrealized_e8, 8);
    base_json_text(&self->json, "settle_coin", self->instruments[row->index].settle_coin);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_order(void *context, const bybit_order *row, hean_error *error)
{
    scan *self = context;
    const hean_instrument *spec;

    (void)error;
    if (row->index < 0)
        return HEAN_OK;
    spec = &self->markets[row->index].spec;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "symbol", row->symbol);
    base_json_text(&self->json, "side", row->side == HEAN_SIDE_BUY ? "Buy" : "Sell");
    base_json_units(&self->json, "qty", row->qty_lots, spec->lot_size);
    base_json_units(&self->json, "filled", row->filled_lots, spec->lot_size);
    base_json_units(&self->json, "price", row->price_ticks, spec->tick_size);
    base_json_text(&self->json, "client_id", row->client_id);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static hean_status take_execution(void *context, const bybit_execution *row, hean_error *error)
{
    scan *self = context;
    traded *sum = self->trades;

    if (row->index < 0 || row->kind != BYBIT_EXEC_TRADE)
        return HEAN_OK;
    while (sum < self->trades + self->trade_count &&
           (sum->index != row->index || sum->maker != row->maker))
        sum++;
    if (sum == self->trades + self->trade_count) {
        BASE_ASSERT(self->trade_count < LIQUIDITY_MAX); /* two for each symbol */
        *sum = (traded){.index = row->index, .maker = row->maker};
        self->trade_count++;
    }
    sum->count++;
    if (__builtin_add_overflow(sum->value_e8, row->value_e8, &sum->value_e8) ||
        __builtin_add_overflow(sum->fee_e8, row->fee_e8, &sum->fee_e8))
        return base_fail(error, HEAN_E_RANGE, "executions: their sum does not fit");
    return HEAN_OK;
}

static hean_status take_earn_product(void *context, const bybit_earn_product *row,
                                     hean_error *error)
{
    scan *self = context;

    (void)error;
    base_json_object(&self->json, NULL);
    base_json_text(&self->json, "product_id", row->product_id);
    base_json_text(&self->json, "coin", row->coin);
    base_json_scaled(&self->json, "apr", row->apr_e12, 12);
    base_json_scaled(&self->json, "min_stake", row->min_stake_e8, 8);
    base_json_scaled(&self->json, "max_stake", row->max_stake_e8, 8);
    base_json_whole(&self->json, "term_days", row->term_days);
    base_json_text(&self->json, "status", row->status);
    base_json_object_end(&self->json);
    return HEAN_OK;
}

static void write_executions(scan *self)
{
    for (size_t i = 0; i < self->trade_count; i++) {
        const traded *sum = &self->trades[i];
        base_json_object(&self->json, NULL);
        base_json_text(&self->json, "symbol", self->markets[sum->index].spec.symbol);
        base_json_bool(&self->json, "maker", sum->maker);
        base_json_scaled(&self->json, "value", sum->value_e8, 8);
        base_json_scaled(&self->json, "fee", sum->fee_e8, 8);
        base_json_whole(&self->json, "count", sum->count);
        base_json_object_end(&self->json);
    }
}

/* ---- one part ---- */

/* Each reads the rows of one page. */
#define READER(name, reader, each)                                                                 \
    static hean_status name(scan *self, char cursor[BYBIT_CURSOR_BYTES], hean_error *error)        \
    {                                                                                              \
        return reader(self->body.data, self->body.length, &self->symbols, each, self, cursor,      \
                      error);                                                                      \
    }
READER(read_instruments, bybit_read_instruments, take_instrument)
READER(read_tickers, bybit_read_tickers, take_ticker)
READER(read_funding, bybit_read_tickers, take_funding)
READER(read_fees, bybit_read_fees, take_fee)
READER(read_coins, bybit_read_coins, take_coin)
READER(read_positions, bybit_read_positions, take_position)
READER(read_orders, bybit_read_orders, take_order)
READER(read_executions, bybit_read_executions, take_execution)
READER(read_earn_products, bybit_read_earn_products, take_earn_product)

typedef struct part {
    const char *name;
    bybit_route route;
    hean_status (*read)(scan *self, char cursor[BYBIT_CURSOR_BYTES], hean_error *error);
    bool is_private, by_settle_coin, paged, summed;
    const char *category; /* NULL: the venue's */
} part;

static const part parts[] = {
    {"instruments", BYBIT_INSTRUMENTS, read_instruments, false, false, true, false, NULL},
    {"tickers", BYBIT_TICKERS, read_tickers, false, false, false, false, NULL},
    {"funding", BYBIT_TICKERS, read_funding, false, false, false, false, NULL},
    {"fees", BYBIT_FEE_RATE, read_fees, true, false, false, false, NULL},
    {"balances", BYBIT_WALLET, read_coins, true, false, false, false, NULL},
    {"positions", BYBIT_POSITIONS, read_positions, true, true, true, false, NULL},
    {"open_orders", BYBIT_ORDERS_OPEN, read_orders, true, true, true, false, NULL},
    {"executions", BYBIT_EXECUTIONS, read_executions, true, false, true, true, NULL},
    {"earn_products", BYBIT_EARN_PRODUCTS, read_earn_products, false, false, false, false,
     "FlexibleSaving"},
};

static hean_status add_number(bybit_request *request, const char *key, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    return bybit_query_add(request, key, text);
}

static hean_status build(const scan *self, const part *what, const char *cursor,
                         bybit_request *request)
{
    const char *category =
        what->category != NULL ? what->category : bybit_category_text(self->venue->category);
    hean_status status;

    bybit_request_init(request, what->route);
    status = what->route == BYBIT_WALLET ? bybit_query_add(request, "accountType", "UNIFIED")
                                         : bybit_query_add(request, "category", category);
    /* The linear lists want a symbol or a settlement coin. */
    if (status == HEAN_OK && what->by_settle_coin && self->venue->category == VENUE_LINEAR)
        status = bybit_query_add(request, "settleCoin", "USDT");
    if (status == HEAN_OK && what->summed)
        status = add_number(request, "startTime",
                            (self->options->now_ns - WEEK_NS) / BASE_NS_PER_MS + 1000);
    if (status == HEAN_OK && what->paged && cursor[0] != 0)
        status = bybit_query_add(request, "cursor", cursor);
    return status;
}

static hean_status read_pages(scan *self, const part *what, hean_error *error)
{
    char cursor[BYBIT_CURSOR_BYTES] = "", last[BYBIT_CURSOR_BYTES] = "";
    hean_status status = HEAN_OK;

    for (int page = 0; status == HEAN_OK && page < PAGES_MAX; page++) {
        bybit_request request;
        memcpy(last, cursor, sizeof last);
        status = build(self, what, cursor, &request);
        if (status != HEAN_OK)
            return base_fail(error, status, "the question is too long");
        self->body.length = 0;
        status = venue_call_read(self->call, &request, &self->body, error);
        cursor[0] = 0;
        if (status == HEAN_OK)
            status = what->read(self, cursor, error);
        if (!what->paged || cursor[0] == 0 || strcmp(cursor, last) == 0)
            break;
    }
    return status;
}

static void tell_unknown(scan *self, const char *name, const char *why)
{
    base_json_text(&self->sources, name, "UNKNOWN");
    base_json_text(&self->reasons, name, why);
}

/* A part told by hand, as it was given. False: there is none. */
static bool write_manual(scan *self, const char *name)
{
    const json_t *value = json_object_get(self->manual, name);
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (text == NULL)
        return false;
    base_buffer_printf(&self->json.buffer, ",\"%s\":%s", name, text);
    self->json.comma = true;
    free(text);
    base_json_text(&self->sources, name, "MANUAL");
    return true;
}

static hean_status scan_part(scan *self, const part *what, hean_error *error)
{
    size_t mark = self->json.buffer.length;
    bool comma = self->json.comma;
    hean_error why = {HEAN_OK, "the venue was not reached"};
    hean_status status = self->call != NULL ? HEAN_OK : HEAN_E_IO;

    if (status == HEAN_OK && what->is_private && self->keys == NULL)
        status = base_fail(&why, HEAN_E_GATE, "no keys were given");
    base_json_array(&self->json, what->name);
    if (status == HEAN_OK)
        status = read_pages(self, what, &why);
    if (status == HEAN_OK) {
        if (what->summed)
            write_executions(self);
        base_json_array_end(&self->json);
        base_json_text(&self->sources, what->name, "API");
        return HEAN_OK;
    }
    if (status == HEAN_E_INTERRUPTED || status == HEAN_E_NO_MEMORY)
        return base_fail(error, status, "%s: %.400s", what->name, why.message);
    self->json.buffer.length = mark;
    self->json.comma = comma;
    if (!write_manual(self, what->name))
        tell_unknown(self, what->name, why.message);
    return HEAN_OK;
}

/* ---- the whole ---- */

static hean_status parse_manual(scan *self, hean_error *error)
{
    json_error_t where;

    if (self->options->manual == NULL)
        return HEAN_OK;
    self->manual = json_loads(self->options->manual, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(self->manual))
        return HEAN_OK;
    return base_fail(error, HEAN_E_PARSE, "what was told by hand: line %d: %s", where.line,
                     self->manual == NULL ? where.text : "expected an object");
}

/* Opens the way to the venue; what fails here makes parts UNKNOWN, but for memory and stop. */
static hean_status reach(scan *self, hean_error *error)
{
    const config *settings = self->options->config;
    venue_call_options call = {.allocator = self->options->allocator,
                               .recv_window_ms = RECV_WINDOW,
                               .stop = self->options->stop};
    int64_t offset_ns, round_trip_ns;
    hean_status status = HEAN_OK;

    self->venue = &settings->venue;
    if (settings->venue.source == CONFIG_SOURCE_EXCHANGE_SIM) {
        status = keys_make(&self->keys, error);
        if (status == HEAN_OK)
            status = run_child_start(settings, self->options->program_path, self->keys,
                                     &self->child, error);
        self->child_venue = settings->venue;
        self->child_venue.rest_url = self->child.rest_url;
        self->venue = &self->child_venue;
    } else if (settings->venue.source == CONFIG_SOURCE_BYBIT) {
        if (keys_load(settings->venue.credentials_file, &self->keys, NULL) != HEAN_OK)
            self->keys = NULL; /* public parts only */
    } else {
        return base_fail(error, HEAN_E_INVALID,
                         "scan: venue.source: expected exchange-sim or bybit, which can be asked");
    }
    if (status != HEAN_OK)
        return status;
    call.venue = self->venue;
    call.keys = self->keys;
    status = venue_call_open(&call, &self->call, error);
    if (status == HEAN_OK &&
        venue_call_clock(self->call, &offset_ns, &round_trip_ns, error) == HEAN_E_INTERRUPTED)
        status = HEAN_E_INTERRUPTED; /* without a clock private parts fail by themselves */
    return status;
}

static hean_status write_document(scan *self, base_buffer *out, hean_error *error)
{
    hean_status status = HEAN_OK;

    base_json_object(&self->json, NULL);
    base_json_time(&self->json, "taken_at", self->options->now_ns);
    base_json_text(&self->json, "venue",
                   self->venue == &self->child_venue ? "exchange-sim" : self->venue->rest_url);
    base_json_text(&self->json, "category", bybit_category_text(self->venue->category));
    base_json_object(&self->sources, NULL);
    base_json_object(&self->reasons, NULL);
    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(parts); i++)
        status = scan_part(self, &parts[i], error);
    if (status != HEAN_OK)
        return status;
    if (!write_manual(self, "campaigns"))
        tell_unknown(self, "campaigns", "no interface tells them");
    if (self->more)
        base_json_text(&self->reasons, "instruments", "only the first 256 symbols");
    base_json_object_end(&self->sources);
    base_json_object_end(&self->reasons);
    base_buffer_printf(&self->json.buffer, ",\"sources\":%s,\"reasons\":%s}",
                       self->sources.buffer.data, self->reasons.buffer.data);
    base_buffer_append(out, self->json.buffer.data, self->json.buffer.length);
    if (self->json.buffer.failed || self->sources.buffer.failed || self->reasons.buffer.failed ||
        out->failed)
        return base_fail(error, HEAN_E_NO_MEMORY, "scan: out of memory");
    return HEAN_OK;
}

hean_status scan_environment(const scan_options *options, base_buffer *out, hean_error *error)
{
    const hean_allocator *allocator =
        options->allocator != NULL ? options->allocator : base_allocator_default();
    scan *self = base_alloc(allocator, sizeof *self);
    hean_status status;

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "scan: out of memory");
    self->options = options;
    base_buffer_init(&self->body, allocator);
    base_json_init(&self->json, allocator);
    base_json_init(&self->sources, allocator);
    base_json_init(&self->reasons, allocator);
    self->symbols = (bybit_symbols){.find = find_symbol,
                                    .instrument = instrument_of,
                                    .context = self,
                                    .category = options->config->venue.category};
    status = parse_manual(self, error);
    if (status == HEAN_OK)
        status = reach(self, error);
    if (status == HEAN_OK)
        status = write_document(self, out, error);
    venue_call_close(self->call);
    run_child_stop(&self->child);
    keys_close(self->keys);
    json_decref(self->manual);
    base_buffer_deinit(&self->reasons.buffer);
    base_buffer_deinit(&self->sources.buffer);
    base_buffer_deinit(&self->json.buffer);
    base_buffer_deinit(&self->body);
    base_free(allocator, self);
    return status;
}
