/*
 * config_schema.c: every key of a configuration, with its type, range, default and meaning, and
 * the reader that follows the table.
 *
 * Invariant: a value is stored only after it was checked; what is not in the table is refused.
 */
#include "config_schema.h"

#include <base/decimal.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct config_key {
    const char *object; /* where it belongs: "", "venue", "strategies[]" ... */
    const char *name;
    config_type type;
    size_t offset;
    double min, max; /* numbers; texts: the least length; lists: the least count */
    int64_t scale10;
    const char *choices; /* "sim|data", in the order of the enum */
    const char *fallback;
    const char *about;
} config_key;

#define AT(struct_name, field) offsetof(struct_name, field)

/* Read in this order: "risk" comes before "strategies", which start from it. */
static const config_key keys[] = {
    {"", "mode", CONFIG_CHOICE, AT(config, mode), .choices = "paper|live", .fallback = "paper",
     .about = "live needs --live and LIVE_CONFIRM=YES as well"},
    {"", "seed", CONFIG_WHOLE, AT(config, seed), 0, 1e15, .fallback = "1",
     .about = "of math.random in the scripts"},
    {"", "state_dir", CONFIG_TEXT, AT(config, state_dir), 1, .fallback = "var/state",
     .about = "folder of what strategies save; relative to the configuration"},
    {"", "save_interval_s", CONFIG_SCALED, AT(config, save_interval_ns), 1, 86400, 9,
     .fallback = "60", .about = "how often strategies are asked to save"},
    {"", "status_interval_s", CONFIG_SCALED, AT(config, status_interval_ns), 0.1, 86400, 9,
     .fallback = "5", .about = "how often a status is given"},

    {"", "venue", CONFIG_OBJECT, 0, .about = "where the market comes from"},
    {"venue", "source", CONFIG_CHOICE, AT(config, venue.source),
     .choices = "sim|data|exchange-sim|bybit", .fallback = "sim",
     .about = "a synthetic market, recorded data, a venue on this machine, a real venue"},
    {"venue", "speed", CONFIG_REAL, AT(config, venue.speed), 0.001, 1e6, .fallback = "1",
     .about = "seconds of market time per second"},
    {"venue", "seed", CONFIG_WHOLE, AT(config, venue.seed), 0, 1e15, .fallback = "1",
     .about = "sim: the same seed gives the same market"},
    {"venue", "instruments", CONFIG_WHOLE, AT(config, venue.instruments), 1, 64, .fallback = "2",
     .about = "sim: how many"},
    {"venue", "events_per_second", CONFIG_REAL, AT(config, venue.events_per_second), 1, 1e6,
     .fallback = "200", .about = "sim: mean rate"},
    {"venue", "funding_interval_s", CONFIG_SCALED, AT(config, venue.funding_interval_ns), 1, 604800,
     9, .fallback = "28800", .about = "sim: time between funding settlements"},
    {"venue", "paths", CONFIG_TEXTS, AT(config, venue.paths), 1, .fallback = "none",
     .about = "data: files and folders; relative to the configuration"},
    {"venue", "symbol", CONFIG_TEXT, AT(config, venue.symbol), 1, .fallback = "all",
     .about = "data: only this one"},
    {"venue", "network", CONFIG_CHOICE, AT(config, venue.network),
     .choices = "mainnet|testnet|demo", .fallback = "mainnet",
     .about = "bybit: which of its worlds"},
    {"venue", "category", CONFIG_CHOICE, AT(config, venue.category),
     .choices = "linear|spot|inverse", .fallback = "linear", .about = "bybit: kind of instruments"},
    {"venue", "symbols", CONFIG_TEXTS, AT(config, venue.symbols), 1, .fallback = "none",
     .about = "bybit: what to trade, such as BTCUSDT"},
    {"venue", "book_depth", CONFIG_WHOLE, AT(config, venue.book_depth), 1, 1000, .fallback = "50",
     .about = "bybit: levels of the order book: 1, 50, 200 or 1000"},
    {"venue", "rest_url", CONFIG_TEXT, AT(config, venue.rest_url), 1, .fallback = "as network says",
     .about = "bybit: where requests go"},
    {"venue", "public_url", CONFIG_TEXT, AT(config, venue.public_url), 1,
     .fallback = "as network says", .about = "bybit: the stream of market data"},
    {"venue", "private_url", CONFIG_TEXT, AT(config, venue.private_url), 1,
     .fallback = "as network says", .about = "bybit: the stream of orders and executions"},
    {"venue", "credentials_file", CONFIG_TEXT, AT(config, venue.credentials_file), 1,
     .fallback = "the environment",
     .about = "bybit: two lines, key and secret, mode 600; relative to the configuration"},
    {"venue", "ca_file", CONFIG_TEXT, AT(config, venue.ca_file), 1, .fallback = "the system's",
     .about = "bybit: certificates to trust; relative to the configuration"},

    {"", "instruments", CONFIG_TEXTS, AT(config, instruments), 0, .fallback = "none",
     .about = "overrides such as \"symbol=ETHUSDT,tick=0.01,lot=0.001\""},

    {"", "paper", CONFIG_OBJECT, 0, .about = "the simulated broker"},
    {"paper", "latency_ms", CONFIG_SCALED, AT(config, paper.latency_ns), 0, 60000, 6,
     .fallback = "1", .about = "each way, between this host and the venue"},
    {"paper", "queue", CONFIG_CHOICE, AT(config, paper.queue),
     .choices = "risk-averse|prob|prob-log", .fallback = "risk-averse",
     .about = "how a resting order moves up in its queue"},
    {"paper", "maker_bps", CONFIG_SCALED, AT(config, paper.maker_fee_e8), -100, 1000, 4,
     .fallback = "as the instrument says", .about = "fee of resting fills; negative is a rebate"},
    {"paper", "taker_bps", CONFIG_SCALED, AT(config, paper.taker_fee_e8), -100, 1000, 4,
     .fallback = "as the instrument says", .about = "fee of taking fills"},

    {"", "script", CONFIG_OBJECT, 0, .about = "limits of every script"},
    {"script", "deadline_ms", CONFIG_SCALED, AT(config, deadline_ns), 0.1, 60000, 6,
     .fallback = "50", .about = "processor time of one callback"},
    {"script", "memory_mb", CONFIG_MEGA, AT(config, memory_bytes_max), 1, 65536, .fallback = "64",
     .about = "memory of one script"},

    {"", "risk", CONFIG_OBJECT, AT(config, risk), .about = "limits of every strategy; 0 is none"},
    {"risk", "max_position_lots", CONFIG_WHOLE, AT(hean_risk_limits, max_position_lots), 0, 9e15,
     .fallback = "0", .about = "per instrument"},
    {"risk", "max_position_usd", CONFIG_SCALED, AT(hean_risk_limits, max_position_notional_e8), 0,
     9e10, 8, .fallback = "0", .about = "value per instrument"},
    {"risk", "max_order_usd", CONFIG_SCALED, AT(hean_risk_limits, max_order_notional_e8), 0, 9e10,
     8, .fallback = "0", .about = "value of one order"},
    {"risk", "max_open_orders", CONFIG_SMALL, AT(hean_risk_limits, max_open_orders), 0, 10000,
     .fallback = "100"},
    {"risk", "max_orders_per_second", CONFIG_SMALL, AT(hean_risk_limits, max_orders_per_second), 0,
     1e6, .fallback = "1000"},
    {"risk", "price_band_pct", CONFIG_SCALED, AT(hean_risk_limits, price_band_e8), 0, 100, 6,
     .fallback = "10", .about = "largest distance of a price from the market"},
    {"risk", "soft_drawdown_pct", CONFIG_SCALED, AT(hean_risk_limits, soft_drawdown_e8), 0, 100, 6,
     .fallback = "10", .about = "from here on only orders that reduce a position"},
    {"risk", "max_drawdown_pct", CONFIG_SCALED, AT(hean_risk_limits, max_drawdown_e8), 0, 100, 6,
     .fallback = "20", .about = "from here on the strategy is stopped"},
    {"risk", "max_rejects_in_row", CONFIG_SMALL, AT(hean_risk_limits, max_rejects_in_row), 0, 1e6,
     .fallback = "100", .about = "from here on no new orders"},

    {"", "strategies", CONFIG_LIST, 0, 1, .about = "what trades, in this order"},
    {"strategies[]", "file", CONFIG_TEXT, AT(config_strategy, file), 1,
     .about = "the script; relative to the configuration"},
    {"strategies[]", "name", CONFIG_TEXT, AT(config_strategy, name), 1,
     .fallback = "the file's name", .about = "unique"},
    {"strategies[]", "params", CONFIG_FREE, AT(config_strategy, params_json), .fallback = "none",
     .about = "parameters that differ from the script's defaults"},
    {"strategies[]", "capital_usd", CONFIG_SCALED, AT(config_strategy, capital_e8), 1, 1e10, 8,
     .fallback = "10000"},
    {"strategies[]", "risk", CONFIG_OBJECT, AT(config_strategy, risk), .fallback = "as risk",
     .about = "as risk, for this one"},
};

/* ---- messages ---- */

/* "an object", "a number from 0 to 5" ... */
static const char *expected(const config_key *key, char *out, size_t bytes)
{
    switch (key->type) {
    case CONFIG_TEXT:
        return "a text";
    case CONFIG_TEXTS:
        return "a list of texts";
    case CONFIG_FREE:
    case CONFIG_OBJECT:
        return "a table of keys";
    case CONFIG_LIST:
        return "a list of tables";
    case CONFIG_CHOICE:
        (void)snprintf(out, bytes, "one of %s", key->choices);
        return out;
    default:
        (void)snprintf(out, bytes, "a%s number from %.15g to %.15g",
                       key->type == CONFIG_SCALED || key->type == CONFIG_REAL ? "" : " whole",
                       key->min, key->max);
        return out;
    }
}

static const char *seen(const json_t *json, char *out, size_t bytes)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        (void)snprintf(out, bytes, "\"%.60s\"", json_string_value(json));
        return out;
    case JSON_INTEGER:
    case JSON_REAL:
        (void)snprintf(out, bytes, "%.15g", json_number_value(json));
        return out;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "nothing";
    default:
        return "a table";
    }
}

static hean_status fail_value(config_reader *reader, hean_status status, const config_key *key,
                              const char *path, const json_t *json)
{
    char wanted[120], got[80];
    return base_fail(reader->error, status, "%s: %s: expected %s, got %s", reader->file, path,
                     expected(key, wanted, sizeof wanted), seen(json, got, sizeof got));
}

void config_index(char *out, size_t bytes, const char *path, size_t index)
{
    (void)snprintf(out, bytes, "%.150s[%zu]", path, index + 1); /* as Lua counts */
}

/* ---- values ---- */

static hean_status copy_text(config_reader *reader, const char *text, char **out)
{
    size_t bytes = strlen(text) + 1;
    char *copy = base_alloc(reader->allocator, bytes);

    if (copy == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    memcpy(copy, text, bytes);
    base_free(reader->allocator, *out);
    *out = copy;
    return HEAN_OK;
}

static hean_status read_text(config_reader *reader, const config_key *key, const json_t *json,
                             const char *path, char **out)
{
    /* A text with a zero byte would be cut. */
    if (!json_is_string(json) || json_string_length(json) != strlen(json_string_value(json)) ||
        json_string_length(json) < (size_t)key->min)
        return fail_value(reader, HEAN_E_INVALID, key, path, json);
    return copy_text(reader, json_string_value(json), out);
}

static hean_status read_texts(config_reader *reader, const config_key *key, const json_t *json,
                              const char *path, config_texts *out)
{
    size_t count = json_array_size(json);

    if (!json_is_array(json) || count < (size_t)key->min)
        return fail_value(reader, HEAN_E_INVALID, key, path, json);
    out->items = base_alloc_array(reader->allocator, count, sizeof *out->items);
    if (out->items == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    for (size_t i = 0; i < count; i++) {
        static const config_key item = {.type = CONFIG_TEXT, .min = 1};
        char place[200];
        hean_status status;
        config_index(place, sizeof place, path, i);
        status = read_text(reader, &item, json_array_get(json, i), place, &out->items[i]);
        if (status != HEAN_OK)
            return status;
        out->count++;
    }
    return HEAN_OK;
}

static hean_status read_choice(config_reader *reader, const config_key *key, const json_t *json,
                               const char *path, int *out)
{
    const char *text = json_string_value(json);
    const char *at = key->choices;
    size_t length = text != NULL ? strlen(text) : 0;

    for (int number = 0; text != NULL && at != NULL; number++) {
        size_t bytes = strcspn(at, "|");
        if (bytes == length && memcmp(at, text, bytes) == 0) {
            *out = number;
            return HEAN_OK;
        }
        at = at[bytes] == '|' ? at + bytes + 1 : NULL;
    }
    return fail_value(reader, HEAN_E_INVALID, key, path, json);
}

/* Lua's numbers are doubles; their shortest decimal form is what the file said. */
static hean_status scale(double value, int scale10, int64_t *out)
{
    char text[40];
    int bytes = snprintf(text, sizeof text, "%.15g", value);
    return decimal_parse_scaled(text, (size_t)bytes, scale10, out);
}

static hean_status read_number(config_reader *reader, const config_key *key, const json_t *json,
                               const char *path, void *out)
{
    double value = json_number_value(json);
    int64_t whole = 0;

    if (!json_is_number(json))
        return fail_value(reader, HEAN_E_INVALID, key, path, json);
    if (!(value >= key->min && value <= key->max))
        return fail_value(reader, HEAN_E_RANGE, key, path, json);
    if (key->type == CONFIG_REAL) {
        *(double *)out = value;
        return HEAN_OK;
    }
    if (key->type != CONFIG_SCALED && value != floor(value))
        return fail_value(reader, HEAN_E_INVALID, key, path, json);
    if (scale(value, (int)key->scale10, &whole) != HEAN_OK)
        return fail_value(reader, HEAN_E_RANGE, key, path, json);
    if (key->type == CONFIG_SMALL)
        *(int32_t *)out = (int32_t)whole;
    else if (key->type == CONFIG_MEGA)
        *(size_t *)out = (size_t)whole << 20;
    else
        *(int64_t *)out = whole;
    return HEAN_OK;
}

static hean_status read_free(config_reader *reader, const config_key *key, const json_t *json,
                             const char *path, char **out)
{
    char *text;
    hean_status status;

    if (json_is_array(json) && json_array_size(json) == 0)
        return copy_text(reader, "{}", out); /* Lua's {} is both */
    if (!json_is_object(json))
        return fail_value(reader, HEAN_E_INVALID, key, path, json);
    text = json_dumps(json, JSON_COMPACT);
    if (text == NULL)
        return base_fail(reader->error, HEAN_E_NO_MEMORY, "%s: out of memory", reader->file);
    status = copy_text(reader, text, out);
    free(text);
    return status;
}

static hean_status read_value(config_reader *reader, const config_key *key, const json_t *json,
                              const char *path, void *base)
{
    void *place = (char *)base + key->offset;

    switch (key->type) {
    case CONFIG_TEXT:
        return read_text(reader, key, json, path, place);
    case CONFIG_TEXTS:
        return read_texts(reader, key, json, path, place);
    case CONFIG_CHOICE:
        return read_choice(reader, key, json, path, place);
    case CONFIG_FREE:
        return read_free(reader, key, json, path, place);
    case CONFIG_OBJECT:
        return config_read_object(reader, json, key->name, path, place);
    case CONFIG_LIST:
        if (!json_is_array(json) || json_array_size(json) == 0)
            return fail_value(reader, HEAN_E_INVALID, key, path, json);
        return config_read_strategies(reader, json, path);
    default:
        return read_number(reader, key, json, path, place);
    }
}

/* ---- objects ---- */

static const config_key *find_key(const char *object, const char *name)
{
    for (size_t i = 0; i < BASE_COUNT(keys); i++) {
        if (strcmp(keys[i].object, object) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

static hean_status fail_unknown(config_reader *reader, const char *object, const char *path,
                                const char *name)
{
    const char *names[BASE_COUNT(keys)] = {NULL};
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < BASE_COUNT(keys); i++) {
        if (strcmp(keys[i].object, object) == 0)
            names[count++] = keys[i].name;
    }
    nearest = base_text_nearest(name, names, count);
    if (nearest != NULL)
        return base_fail(reader->error, HEAN_E_INVALID, "%s: %s: unknown key, did you mean \"%s\"?",
                         reader->file, path, nearest);
    return base_fail(reader->error, HEAN_E_INVALID, "%s: %s: unknown key", reader->file, path);
}

static void join(char *out, size_t bytes, const char *path, const char *name)
{
    (void)snprintf(out, bytes, "%.100s%s%.60s", path, path[0] != 0 ? "." : "", name);
}

hean_status config_read_object(config_reader *reader, const json_t *json, const char *object,
                               const char *path, void *base)
{
    json_t *members = (json_t *)(uintptr_t)json; /* jansson iterates over non-const only */
    const char *name;
    json_t *value;
    char place[200];

    if (json_is_array(json) && json_array_size(json) == 0)
        return HEAN_OK; /* Lua's {} is both */
    if (!json_is_object(json)) {
        static const config_key table = {.type = CONFIG_OBJECT};
        return fail_value(reader, HEAN_E_INVALID, &table, path[0] != 0 ? path : "the result", json);
    }
    json_object_foreach(members, name, value)
    {
        join(place, sizeof place, path, name);
        if (find_key(object, name) == NULL)
            return fail_unknown(reader, object, place, name);
    }
    for (size_t i = 0; i < BASE_COUNT(keys); i++) {
        hean_status status;
        if (strcmp(keys[i].object, object) != 0)
            continue;
        value = json_object_get(json, keys[i].name);
        if (value == NULL)
            continue;
        join(place, sizeof place, path, keys[i].name);
        status = read_value(reader, &keys[i], value, place, base);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- secrets ---- */

static bool looks_secret(const char *name)
{
    static const char *const words[] = {"api_key",    "apikey",      "secret",     "password",
                                        "passphrase", "private_key", "auth_token", "access_token"};
    for (size_t i = 0; i < BASE_COUNT(words); i++) {
        if (strcasestr(name, words[i]) != NULL)
            return true;
    }
    return false;
}

hean_status config_refuse_secrets(config_reader *reader, const json_t *json, const char *path)
{
    json_t *members = (json_t *)(uintptr_t)json;
    hean_status status = HEAN_OK;
    const char *name;
    json_t *value;
    char place[200];
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach(members, i, value)
        {
            config_index(place, sizeof place, path, i);
            status = config_refuse_secrets(reader, value, place);
            if (status != HEAN_OK)
                return status;
        }
    }
    if (!json_is_object(json))
        return HEAN_OK;
    json_object_foreach(members, name, value)
    {
        join(place, sizeof place, path, name);
        if (looks_secret(name))
            return base_fail(reader->error, HEAN_E_INVALID,
                             "%s: %s: a secret does not belong in a configuration: put it into "
                             "the environment",
                             reader->file, place);
        status = config_refuse_secrets(reader, value, place);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

/* ---- for people ---- */

void config_describe(base_buffer *out)
{
    for (size_t i = 0; i < BASE_COUNT(keys); i++) {
        const config_key *key = &keys[i];
        char wanted[120], path[200];
        join(path, sizeof path, key->object, key->name);
        base_buffer_printf(out, "%-30s %s", path, expected(key, wanted, sizeof wanted));
        if (key->fallback != NULL)
            base_buffer_printf(out, "; default %s", key->fallback);
        if (key->about != NULL)
            base_buffer_printf(out, ". %s", key->about);
        base_buffer_append(out, "\n", 1);
    }
}
