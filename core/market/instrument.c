/*
 * instrument.c: checks an instrument once, and turns its prices and quantities into money.
 *
 * Invariants I1, I2 of instrument.h. Every product is taken in 128 bits; only the final division
 * rounds. Must not know books, events or venues.
 */
#include <base/decimal.h>
#include <market/event.h>
#include <market/instrument.h>

#include <string.h>

#define EXPONENT_MAX 18 /* 10^18 is the largest power of ten that fits 63 bits */

/* ---- making one ---- */

static hean_status check_symbol(const char *symbol, hean_error *error)
{
    size_t length = strnlen(symbol, HEAN_SYMBOL_BYTES);

    if (length == 0 || length == HEAN_SYMBOL_BYTES)
        return base_fail(error, HEAN_E_INVALID, "symbol: expected 1 to %d characters",
                         HEAN_SYMBOL_BYTES - 1);
    for (size_t i = 0; i < length; i++) {
        /* What would have to be quoted in CSV, JSON or a metric's label stays out. */
        if (symbol[i] <= ' ' || symbol[i] > '~' || strchr("\"\\,=", symbol[i]) != NULL)
            return base_fail(
                error, HEAN_E_INVALID,
                "symbol: character %zu is not a printable one other than \" \\ , =", i + 1);
    }
    return HEAN_OK;
}

static hean_status check_step(const char *name, hean_decimal step, hean_error *error)
{
    if (step.mantissa <= 0)
        return base_fail(error, HEAN_E_INVALID, "%s: expected a positive size", name);
    if (step.mantissa > decimal_power10(EXPONENT_MAX) || step.exponent10 < -EXPONENT_MAX ||
        step.exponent10 > EXPONENT_MAX)
        return base_fail(error, HEAN_E_RANGE, "%s: expected a size between 1e-18 and 1e18", name);
    return HEAN_OK;
}

static hean_status check_limits(const char *name, int64_t least, int64_t most, int64_t bound,
                                hean_error *error)
{
    if (least < 0 || most < 0 || least > bound || most > bound)
        return base_fail(error, HEAN_E_RANGE, "%s: limits must be between 0 (none) and %lld", name,
                         (long long)bound);
    if (most != 0 && least > most)
        return base_fail(error, HEAN_E_INVALID, "%s: the minimum is above the maximum", name);
    return HEAN_OK;
}

static hean_status check_fee(const char *name, int64_t fee_e8, hean_error *error)
{
    if (fee_e8 < -BASE_E8 || fee_e8 > BASE_E8)
        return base_fail(error, HEAN_E_RANGE, "%s: expected -10000 to 10000 basis points", name);
    return HEAN_OK;
}

static hean_status check_spec(const hean_instrument *spec, hean_error *error)
{
    hean_status status = check_symbol(spec->symbol, error);

    if (status == HEAN_OK && (unsigned)spec->kind > HEAN_INSTRUMENT_INVERSE)
        status = base_fail(error, HEAN_E_INVALID, "kind: expected linear, spot or inverse");
    if (status == HEAN_OK)
        status = check_step("tick", spec->tick_size, error);
    if (status == HEAN_OK)
        status = check_step("lot", spec->lot_size, error);
    if (status == HEAN_OK)
        status =
            check_limits("qty", spec->min_qty_lots, spec->max_qty_lots, MARKET_LOTS_MAX, error);
    if (status == HEAN_OK)
        status = check_limits("price", spec->min_price_ticks, spec->max_price_ticks,
                              MARKET_TICKS_MAX, error);
    if (status == HEAN_OK)
        status = check_limits("notional", spec->min_notional_e8, spec->max_notional_e8, INT64_MAX,
                              error);
    if (status == HEAN_OK)
        status = check_fee("maker_bps", spec->maker_fee_e8, error);
    if (status == HEAN_OK)
        status = check_fee("taker_bps", spec->taker_fee_e8, error);
    return status;
}

static base_int128 greatest_common_divisor(base_int128 a, base_int128 b)
{
    while (b != 0) {
        base_int128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* numerator * 10^exponent / denominator in lowest terms, if both fit 63 bits. */
static bool reduce(base_int128 numerator, base_int128 denominator, int exponent,
                   market_instrument *out)
{
    base_int128 common = greatest_common_divisor(numerator, denominator);

    numerator /= common;
    denominator /= common;
    for (; exponent > 0; exponent--) {
        if (denominator % 10 == 0) {
            denominator /= 10;
        } else if (denominator % 5 == 0) {
            denominator /= 5;
            numerator *= 2;
        } else if (denominator % 2 == 0) {
            denominator /= 2;
            numerator *= 5;
        } else {
            numerator *= 10;
        }
        if (numerator > INT64_MAX)
            return false;
    }
    for (; exponent < 0; exponent++) {
        if (numerator % 10 == 0) {
            numerator /= 10;
        } else if (numerator % 5 == 0) {
            numerator /= 5;
            denominator *= 2;
        } else if (numerator % 2 == 0) {
            numerator /= 2;
            denominator *= 5;
        } else {
            denominator *= 10;
        }
        if (denominator > INT64_MAX)
            return false;
    }
    if (numerator > INT64_MAX || denominator > INT64_MAX)
        return false;
    out->value_numerator = (int64_t)numerator;
    out->value_denominator = (int64_t)denominator;
    return true;
}

hean_status market_instrument_init(market_instrument *instrument, const hean_instrument *spec,
                                   hean_error *error)
{
    market_instrument made = {.spec = *spec};
    hean_decimal tick = spec->tick_size, lot = spec->lot_size;
    hean_status status = check_spec(spec, error);
    bool fits;

    if (status != HEAN_OK)
        return status;
    if (spec->kind == HEAN_INSTRUMENT_INVERSE)
        fits = reduce(lot.mantissa, tick.mantissa, lot.exponent10 - tick.exponent10 + 8, &made);
    else
        fits = reduce((base_int128)tick.mantissa * lot.mantissa, 1,
                      tick.exponent10 + lot.exponent10 + 8, &made);
    if (!fits)
        return base_fail(error, HEAN_E_RANGE,
                         "tick and lot: one lot at one tick is worth too little or too much to be "
                         "counted in units of 1e-8");
    *instrument = made;
    return HEAN_OK;
}

/* ---- money ---- */

hean_status market_value_e8(const market_instrument *instrument, int64_t price_ticks,
                            int64_t qty_lots, int64_t *out)
{
    base_int128 qty = qty_lots < 0 ? -(base_int128)qty_lots : qty_lots;
    base_int128 value;

    if (price_ticks <= 0)
        return HEAN_E_INVALID;
    if (instrument->spec.kind == HEAN_INSTRUMENT_INVERSE)
        return decimal_divide(qty * instrument->value_numerator,
                              (base_int128)price_ticks * instrument->value_denominator, out);
    /* What overflows 127 bits here is above 2^63 after the division too: the denominator has at
     * most 63 bits, and price * qty * numerator >= 2^127. */
    if (__builtin_mul_overflow(qty * price_ticks, (base_int128)instrument->value_numerator, &value))
        return HEAN_E_RANGE;
    if (instrument->value_denominator == 1) {
        if (value > INT64_MAX)
            return HEAN_E_RANGE;
        *out = (int64_t)value;
        return HEAN_OK;
    }
    return decimal_divide(value, instrument->value_denominator, out);
}

hean_status market_fee_e8(int64_t value_e8, int64_t rate_e8, int64_t *out)
{
    return decimal_divide((base_int128)value_e8 * rate_e8, BASE_E8, out);
}

/* ---- the settlement currency ---- */

static const char *const quote_currencies[] = {"USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI",
                                               "USDE", "USD",  "EUR",   "GBP",  "TRY",  "BRL",
                                               "JPY",  "BTC",  "ETH",   "BNB",  "MNT"};

/* Up to the '-' of "BTCUSDT-21FEB25"; of an inverse contract up to its "USD": the base coin. */
static size_t settlement_stem(const hean_instrument *spec)
{
    size_t stem = strcspn(spec->symbol, "-");
    const char *usd = strstr(spec->symbol, "USD");

    if (spec->kind == HEAN_INSTRUMENT_INVERSE)
        return usd != NULL ? (size_t)(usd - spec->symbol) : 0;
    return stem;
}

static void settlement_set(char out[MARKET_CURRENCY_BYTES], const char *text, size_t bytes)
{
    memcpy(out, text, bytes);
    out[bytes] = 0;
}

void market_settlement(const hean_instrument *spec, char out[MARKET_CURRENCY_BYTES])
{
    size_t stem = settlement_stem(spec);

    if (spec->kind == HEAN_INSTRUMENT_INVERSE) {
        if (stem > 0 && stem < MARKET_CURRENCY_BYTES)
            settlement_set(out, spec->symbol, stem);
        else
            settlement_set(out, "COIN", 4);
        return;
    }
    for (size_t i = 0; i < BASE_COUNT(quote_currencies); i++) {
        size_t bytes = strlen(quote_currencies[i]);
        if (stem > bytes && memcmp(spec->symbol + stem - bytes, quote_currencies[i], bytes) == 0) {
            settlement_set(out, quote_currencies[i], bytes);
            return;
        }
    }
    if (stem > 4 && memcmp(spec->symbol + stem - 4, "PERP", 4) == 0)
        settlement_set(out, "USDC", 4);
    else
        settlement_set(out, "QUOTE", 5);
}

/* ---- reading one from text ---- */

enum {
    KEY_SYMBOL,
    KEY_KIND,
    KEY_TICK,
    KEY_LOT,
    KEY_MIN_QTY,
    KEY_MAX_QTY,
    KEY_MIN_PRICE,
    KEY_MAX_PRICE,
    KEY_MIN_NOTIONAL,
    KEY_MAX_NOTIONAL,
    KEY_MAKER,
    KEY_TAKER,
    KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
    "symbol",    "kind",      "tick",         "lot",          "min_qty",   "max_qty",
    "min_price", "max_price", "min_notional", "max_notional", "maker_bps", "taker_bps"};

static const uint32_t key_fields[KEY_COUNT] = {
    MARKET_FIELD_SYMBOL, MARKET_FIELD_KIND,   MARKET_FIELD_TICK,   MARKET_FIELD_LOT,
    MARKET_FIELD_LIMITS, MARKET_FIELD_LIMITS, MARKET_FIELD_LIMITS, MARKET_FIELD_LIMITS,
    MARKET_FIELD_LIMITS, MARKET_FIELD_LIMITS, MARKET_FIELD_MAKER,  MARKET_FIELD_TAKER};

#define VALUE_BYTES 48

/* The text of each key, in the order of the list above; empty: not given. */
typedef struct key_values {
    char text[KEY_COUNT][VALUE_BYTES];
} key_values;

/* Copies [at, end), which must not be empty. */
static bool copy_part(const char *at, const char *end, char *out, size_t out_bytes)
{
    size_t length = (size_t)(end - at);

    if (length == 0 || length >= out_bytes)
        return false;
    memcpy(out, at, length);
    out[length] = 0;
    base_text_clean(out, length);
    return true;
}

static hean_status take_pair(const char *at, const char *end, key_values *values, hean_error *error)
{
    const char *equals = memchr(at, '=', (size_t)(end - at));
    char key[VALUE_BYTES];
    const char *nearest;
    int index = 0;

    if (equals == NULL || !copy_part(at, equals, key, sizeof key))
        return base_fail(error, HEAN_E_PARSE, "instrument: expected key=value, got \"%.*s\"",
                         (int)(end - at > 60 ? 60 : end - at), at);
    while (index < KEY_COUNT && strcmp(key, key_names[index]) != 0)
        index++;
    if (index == KEY_COUNT) {
        nearest = base_text_nearest(key, key_names, KEY_COUNT);
        if (nearest != NULL)
            return base_fail(error, HEAN_E_NOT_FOUND,
                             "instrument: unknown key \"%s\"; did you mean \"%s\"?", key, nearest);
        return base_fail(error, HEAN_E_NOT_FOUND,
                         "instrument: unknown key \"%s\"; expected symbol, kind, tick, lot, "
                         "min_qty, max_qty, min_price, max_price, min_notional, max_notional, "
                         "maker_bps or taker_bps",
                         key);
    }
    if (values->text[index][0] != 0)
        return base_fail(error, HEAN_E_PARSE, "instrument: %s is given twice", key);
    if (!copy_part(equals + 1, end, values->text[index], VALUE_BYTES))
        return base_fail(error, HEAN_E_PARSE, "instrument: %s: expected 1 to %d characters", key,
                         VALUE_BYTES - 1);
    return HEAN_OK;
}

static hean_status fail_number(int key, const char *text, hean_status why, const char *expected,
                               hean_error *error)
{
    return base_fail(error, why, "instrument: %s=%s: expected %s", key_names[key], text, expected);
}

static hean_status read_step(const key_values *values, int key, hean_decimal *out,
                             hean_error *error)
{
    const char *text = values->text[key];
    hean_decimal value;
    hean_status status;

    if (text[0] == 0)
        return HEAN_OK;
    status = decimal_parse(text, strlen(text), &value);
    if (status != HEAN_OK || value.mantissa <= 0)
        return fail_number(key, text, status != HEAN_OK ? status : HEAN_E_RANGE,
                           "a positive number such as 0.01", error);
    status = check_step(key_names[key], value, error);
    if (status != HEAN_OK)
        return base_fail_prefix(error, "instrument");
    *out = value;
    return HEAN_OK;
}

/* A limit as a whole number of steps. */
static hean_status read_limit(const key_values *values, int key, hean_decimal step,
                              const char *step_name, int64_t *out, hean_error *error)
{
    const char *text = values->text[key];
    hean_decimal value;
    hean_status status;

    if (text[0] == 0)
        return HEAN_OK;
    if (step.mantissa <= 0)
        return base_fail(error, HEAN_E_INVALID, "instrument: %s needs %s as well", key_names[key],
                         step_name);
    status = decimal_parse(text, strlen(text), &value);
    if (status != HEAN_OK || value.mantissa < 0)
        return fail_number(key, text, status != HEAN_OK ? status : HEAN_E_RANGE,
                           "a number that is not negative", error);
    status = decimal_to_units(value, step, out);
    if (status != HEAN_OK)
        return base_fail(error, status, "instrument: %s=%s: expected a multiple of %s",
                         key_names[key], text, step_name);
    return HEAN_OK;
}

static hean_status read_scaled(const key_values *values, int key, int scale10, int64_t least,
                               int64_t most, const char *expected, int64_t *out, hean_error *error)
{
    const char *text = values->text[key];
    hean_status status;
    int64_t value;

    if (text[0] == 0)
        return HEAN_OK;
    status = decimal_parse_scaled(text, strlen(text), scale10, &value);
    if (status != HEAN_OK)
        return fail_number(key, text, status, expected, error);
    if (value < least || value > most)
        return fail_number(key, text, HEAN_E_RANGE, expected, error);
    *out = value;
    return HEAN_OK;
}

static hean_status read_names(const key_values *values, hean_instrument *spec, hean_error *error)
{
    static const char *const kinds[] = {"linear", "spot", "inverse"};
    const char *kind = values->text[KEY_KIND];
    hean_status status;
    size_t index = 0;

    if (values->text[KEY_SYMBOL][0] != 0) {
        if (!base_text_copy(spec->symbol, sizeof spec->symbol, values->text[KEY_SYMBOL]))
            return base_fail(error, HEAN_E_RANGE,
                             "instrument: symbol: expected at most %d characters",
                             HEAN_SYMBOL_BYTES - 1);
        status = check_symbol(spec->symbol, error);
        if (status != HEAN_OK)
            return base_fail_prefix(error, "instrument");
    }
    if (kind[0] == 0)
        return HEAN_OK;
    while (index < BASE_COUNT(kinds) && strcmp(kind, kinds[index]) != 0)
        index++;
    if (index == BASE_COUNT(kinds))
        return base_fail(error, HEAN_E_PARSE,
                         "instrument: kind=%s: expected linear, spot or inverse", kind);
    spec->kind = (hean_instrument_kind)index;
    return HEAN_OK;
}

static hean_status read_limits(const key_values *values, hean_instrument *spec, hean_error *error)
{
    static const char money[] = "an amount of money that is not negative";
    static const char fee[] = "basis points from -10000 to 10000";
    const struct {
        int key;
        hean_decimal step;
        const char *step_name;
        int64_t *out;
    } limits[] = {{KEY_MIN_QTY, spec->lot_size, "lot", &spec->min_qty_lots},
                  {KEY_MAX_QTY, spec->lot_size, "lot", &spec->max_qty_lots},
                  {KEY_MIN_PRICE, spec->tick_size, "tick", &spec->min_price_ticks},
                  {KEY_MAX_PRICE, spec->tick_size, "tick", &spec->max_price_ticks}};
    hean_status status = HEAN_OK;

    for (size_t i = 0; i < BASE_COUNT(limits) && status == HEAN_OK; i++)
        status = read_limit(values, limits[i].key, limits[i].step, limits[i].step_name,
                            limits[i].out, error);
    if (status == HEAN_OK)
        status = read_scaled(values, KEY_MIN_NOTIONAL, 8, 0, INT64_MAX, money,
                             &spec->min_notional_e8, error);
    if (status == HEAN_OK)
        status = read_scaled(values, KEY_MAX_NOTIONAL, 8, 0, INT64_MAX, money,
                             &spec->max_notional_e8, error);
    /* 1 basis point is 10^4 e8. */
    if (status == HEAN_OK)
        status =
            read_scaled(values, KEY_MAKER, 4, -BASE_E8, BASE_E8, fee, &spec->maker_fee_e8, error);
    if (status == HEAN_OK)
        status =
            read_scaled(values, KEY_TAKER, 4, -BASE_E8, BASE_E8, fee, &spec->taker_fee_e8, error);
    return status;
}

/* A new tick or lot gives the limits that are already there another meaning. */
static hean_status check_units(const key_values *values, const hean_instrument *spec,
                               hean_error *error)
{
    if (values->text[KEY_LOT][0] != 0 &&
        ((spec->min_qty_lots != 0 && values->text[KEY_MIN_QTY][0] == 0) ||
         (spec->max_qty_lots != 0 && values->text[KEY_MAX_QTY][0] == 0)))
        return base_fail(error, HEAN_E_INVALID,
                         "instrument: with a new lot give min_qty and max_qty as well");
    if (values->text[KEY_TICK][0] != 0 &&
        ((spec->min_price_ticks != 0 && values->text[KEY_MIN_PRICE][0] == 0) ||
         (spec->max_price_ticks != 0 && values->text[KEY_MAX_PRICE][0] == 0)))
        return base_fail(error, HEAN_E_INVALID,
                         "instrument: with a new tick give min_price and max_price as well");
    return HEAN_OK;
}

hean_status market_instrument_parse(const char *text, hean_instrument *spec, uint32_t *fields,
                                    hean_error *error)
{
    key_values values = {0};
    hean_instrument made = *spec;
    const char *at = text;
    uint32_t given = 0;
    hean_status status = HEAN_OK;

    for (;;) {
        const char *end = strchrnul(at, ',');
        status = take_pair(at, end, &values, error);
        if (status != HEAN_OK)
            return status;
        if (*end == 0)
            break;
        at = end + 1;
    }
    for (int key = 0; key < KEY_COUNT; key++)
        given |= values.text[key][0] != 0 ? key_fields[key] : 0;
    status = check_units(&values, spec, error);
    if (status == HEAN_OK)
        status = read_names(&values, &made, error);
    if (status == HEAN_OK)
        status = read_step(&values, KEY_TICK, &made.tick_size, error);
    if (status == HEAN_OK)
        status = read_step(&values, KEY_LOT, &made.lot_size, error);
    if (status == HEAN_OK)
        status = read_limits(&values, &made, error);
    if (status != HEAN_OK)
        return status;
    *spec = made;
    *fields = given;
    return HEAN_OK;
}
