/*
 * import_plan.c: keys, and the instruments they become.
 */
#include "import_plan.h"

#include <string.h>

#define TABLE_SLOTS (2 * IMPORT_KEYS_MAX)

void import_plan_init(import_plan *plan, const hean_allocator *allocator,
                      const market_import_options *options)
{
    memset(plan, 0, sizeof *plan);
    plan->allocator = allocator;
    plan->options = options;
}

void import_plan_deinit(import_plan *plan)
{
    for (size_t i = 0; i < plan->key_count; i++)
        base_free(plan->allocator, plan->keys[i]);
    for (size_t i = 0; i < plan->file_count; i++) {
        base_free(plan->allocator, plan->files[i].path);
        reader_layout_deinit(plan->allocator, &plan->files[i].layout);
    }
    base_free(plan->allocator, plan->keys);
    base_free(plan->allocator, plan->table);
    base_free(plan->allocator, plan->files);
    base_free(plan->allocator, plan->instruments);
}

/* ---- keys ---- */

static bool is_symbol(reader_field text, size_t bytes_max)
{
    if (text.bytes >= bytes_max)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.text[i] <= ' ' || text.text[i] > '~')
            return false;
    }
    return true;
}

static bool is_text(const char *text, reader_field field)
{
    return strncmp(text, field.text, field.bytes) == 0 && text[field.bytes] == 0;
}

static uint32_t hash_of(reader_field exchange, reader_field symbol)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < exchange.bytes; i++)
        hash = (hash ^ (unsigned char)exchange.text[i]) * 16777619u;
    for (size_t i = 0; i < symbol.bytes; i++)
        hash = (hash ^ (unsigned char)symbol.text[i]) * 16777619u;
    return hash;
}

/* "SYMBOL" or "exchange:SYMBOL" */
static bool is_called(const import_key *key, const char *name)
{
    size_t length = strlen(key->exchange);
    if (strcmp(name, key->symbol) == 0)
        return true;
    return length > 0 && strncmp(name, key->exchange, length) == 0 && name[length] == ':' &&
           strcmp(name + length + 1, key->symbol) == 0;
}

static import_key *add_key(import_plan *plan, reader_field exchange, reader_field symbol,
                           hean_status *status)
{
    import_key *key;

    *status = HEAN_E_LIMIT;
    if (plan->key_count == IMPORT_KEYS_MAX)
        return NULL;
    *status = HEAN_E_NO_MEMORY;
    if (!base_grow(plan->allocator, (void **)&plan->keys, &plan->key_capacity, plan->key_count + 1,
                   sizeof(import_key *)))
        return NULL;
    key = base_alloc(plan->allocator, sizeof *key);
    if (key == NULL)
        return NULL;
    memcpy(key->exchange, exchange.text, exchange.bytes);
    memcpy(key->symbol, symbol.text, symbol.bytes);
    key->id = IMPORT_NO_ID;
    key->number = plan->key_count;
    key->filtered = plan->options->symbol != NULL && !is_called(key, plan->options->symbol);
    plan->keys[plan->key_count++] = key;
    *status = HEAN_OK;
    return key;
}

import_key *import_plan_key(import_plan *plan, reader_field exchange, reader_field symbol,
                            hean_status *status)
{
    size_t slot;
    import_key *key;

    *status = HEAN_E_INVALID;
    if (symbol.bytes == 0 || !is_symbol(symbol, HEAN_SYMBOL_BYTES) ||
        !is_symbol(exchange, IMPORT_EXCHANGE_BYTES))
        return NULL;
    *status = HEAN_E_NO_MEMORY;
    if (plan->table == NULL)
        plan->table = base_alloc_array(plan->allocator, TABLE_SLOTS, sizeof *plan->table);
    if (plan->table == NULL)
        return NULL;
    for (slot = hash_of(exchange, symbol) % TABLE_SLOTS; plan->table[slot] != 0;
         slot = (slot + 1) % TABLE_SLOTS) {
        key = plan->keys[plan->table[slot] - 1];
        if (is_text(key->symbol, symbol) && is_text(key->exchange, exchange)) {
            *status = HEAN_OK;
            return key;
        }
    }
    key = add_key(plan, exchange, symbol, status);
    if (key != NULL)
        plan->table[slot] = (uint16_t)(key->number + 1);
    return key;
}

reader_number import_plan_learn(import_plan *plan, import_key *key, bool price, const char *text,
                                size_t bytes)
{
    reader_scale *scale = price ? &key->prices : &key->sizes;
    const reader_step *step = price ? &key->tick : &key->lot;
    hean_decimal value;

    plan->stale = true;
    if (decimal_parse(text, bytes, &value) != HEAN_OK)
        return READER_NUMBER_RANGE;
    /* Numbers that fitted the step were not taken into account: the step stands for them. */
    if (step->size.mantissa != 0 && reader_scale_add(scale, step->size) != READER_NUMBER_OK)
        return READER_NUMBER_RANGE;
    return reader_scale_add(scale, value);
}

static bool same_steps(const hean_instrument *a, const hean_instrument *b)
{
    return a->tick_size.mantissa == b->tick_size.mantissa &&
           a->tick_size.exponent10 == b->tick_size.exponent10 &&
           a->lot_size.mantissa == b->lot_size.mantissa &&
           a->lot_size.exponent10 == b->lot_size.exponent10;
}

hean_status import_plan_fix(import_plan *plan, const hean_instrument *spec, import_key **out,
                            hean_error *error)
{
    reader_field symbol = {spec->symbol, strlen(spec->symbol)};
    hean_status status;
    import_key *key = import_plan_key(plan, (reader_field){"", 0}, symbol, &status);

    if (key == NULL)
        return base_fail(error, status, "too many symbols, or one that is not printable");
    if (key->fixed && !same_steps(&key->spec, spec))
        return base_fail(error, HEAN_E_INVALID,
                         "two binary sources give %s different ticks or lots", spec->symbol);
    key->fixed = key->used = true;
    key->spec = *spec;
    *out = key;
    return HEAN_OK;
}

/* ---- instruments ---- */

/* How many exchanges bring this symbol; a key without an exchange is of any. */
static size_t count_exchanges(const import_plan *plan, const char *symbol)
{
    const char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < plan->key_count; i++) {
        const import_key *key = plan->keys[i];
        if (!key->used || key->filtered || key->exchange[0] == 0 ||
            strcmp(key->symbol, symbol) != 0)
            continue;
        if (first == NULL || strcmp(first, key->exchange) != 0)
            count++;
        first = key->exchange;
    }
    return count;
}

static hean_status name_of(const import_plan *plan, const import_key *key,
                           char out[HEAN_SYMBOL_BYTES], hean_error *error)
{
    bool alone = key->exchange[0] == 0 || count_exchanges(plan, key->symbol) <= 1;
    int length = snprintf(out, HEAN_SYMBOL_BYTES, "%s%s%s", alone ? "" : key->exchange,
                          alone ? "" : ":", key->symbol);

    if (length >= HEAN_SYMBOL_BYTES)
        return base_fail(error, HEAN_E_LIMIT,
                         "%s is at several exchanges, and %s:%s is longer than %d characters",
                         key->symbol, key->exchange, key->symbol, HEAN_SYMBOL_BYTES - 1);
    return HEAN_OK;
}

/* What is known of an instrument, from one key after the other. */
typedef struct draft {
    hean_instrument spec;
    reader_scale prices, sizes;
    bool fixed, spot, guessed;
    uint32_t fields; /* that the user gave */
} draft;

static hean_status merge_key(draft *into, const import_key *key, hean_error *error)
{
    if (key->fixed) {
        char name[HEAN_SYMBOL_BYTES];
        memcpy(name, into->spec.symbol, sizeof name);
        into->spec = key->spec;
        memcpy(into->spec.symbol, name, sizeof name);
        into->fixed = true;
    }
    into->spot = into->spot || key->spot;
    into->guessed = key->guessed;
    if ((key->prices.divisor.mantissa != 0 &&
         reader_scale_add(&into->prices, key->prices.divisor) != READER_NUMBER_OK) ||
        (key->sizes.divisor.mantissa != 0 &&
         reader_scale_add(&into->sizes, key->sizes.divisor) != READER_NUMBER_OK))
        return base_fail(error, HEAN_E_RANGE, "%s: its prices or sizes have no common step",
                         key->symbol);
    into->prices.values += key->prices.values;
    into->sizes.values += key->sizes.values;
    return HEAN_OK;
}

static size_t find_draft(const draft *drafts, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(drafts[i].spec.symbol, name) != 0)
        i++;
    return i;
}

/* Gives every key in use its instrument's id. */
static hean_status assign_ids(import_plan *plan, draft *drafts, size_t *count, hean_error *error)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        import_key *key = plan->keys[i];
        char name[HEAN_SYMBOL_BYTES];
        hean_status status;
        size_t id;

        key->id = IMPORT_NO_ID;
        if (!key->used || key->filtered)
            continue;
        status = name_of(plan, key, name, error);
        if (status != HEAN_OK)
            return status;
        id = find_draft(drafts, *count, name);
        if (id == MARKET_INSTRUMENTS_MAX)
            return base_fail(error, HEAN_E_LIMIT,
                             "more than %d instruments; choose one with --symbol",
                             MARKET_INSTRUMENTS_MAX);
        if (id == *count) {
            (*count)++;
            memcpy(drafts[id].spec.symbol, name, sizeof name);
        }
        status = merge_key(&drafts[id], key, error);
        if (status != HEAN_OK)
            return status;
        key->id = (uint16_t)id;
    }
    return HEAN_OK;
}

static void list_names(const draft *drafts, size_t count, char *out, size_t bytes)
{
    size_t length = 0;

    out[0] = 0;
    for (size_t i = 0; i < count && length + HEAN_SYMBOL_BYTES + 8 < bytes; i++)
        length += (size_t)snprintf(out + length, bytes - length, "%s%s", i > 0 ? ", " : "",
                                   drafts[i].spec.symbol);
}

/* The instrument that a text of the user is about. */
static hean_status find_target(const draft *drafts, size_t count, const char *text, size_t *out,
                               hean_error *error)
{
    const char *given = text;
    char symbol[HEAN_SYMBOL_BYTES];
    char names[300];

    list_names(drafts, count, names, sizeof names);
    while (given != NULL && strncmp(given, "symbol=", 7) != 0)
        given = (given = strchr(given, ',')) != NULL ? given + 1 : NULL;
    if (given == NULL) {
        if (count > 1)
            return base_fail(error, HEAN_E_INVALID,
                             "instrument: there are several (%s): say which with symbol=", names);
        *out = 0;
        return HEAN_OK;
    }
    (void)snprintf(symbol, sizeof symbol, "%.*s", (int)strcspn(given + 7, ","), given + 7);
    *out = find_draft(drafts, count, symbol);
    if (*out == count && count == 1 && drafts[0].guessed)
        *out = 0; /* the file's name was only a guess: the user names it */
    if (*out == count)
        return base_fail(error, HEAN_E_NOT_FOUND,
                         "instrument: %s is not in the data; there are: %s", symbol, names);
    return HEAN_OK;
}

static hean_status apply_text(draft *into, const char *text, hean_error *error)
{
    uint32_t fields = 0;
    hean_instrument spec = into->spec;
    hean_status status = market_instrument_parse(text, &spec, &fields, error);

    if (status != HEAN_OK)
        return status;
    if (into->fixed && !same_steps(&spec, &into->spec))
        return base_fail(error, HEAN_E_INVALID,
                         "instrument: tick and lot of %s are those of its binary data",
                         spec.symbol);
    into->spec = spec;
    into->fields |= fields;
    return HEAN_OK;
}

static hean_status apply_texts(import_plan *plan, draft *drafts, size_t count, hean_error *error)
{
    plan->unmatched.status = HEAN_OK;
    for (size_t i = 0; i < plan->options->instrument_count && count > 0; i++) {
        const char *text = plan->options->instrument_texts[i];
        size_t target = 0;
        hean_status status = HEAN_OK;
        /* An instrument that is not there yet may still come: judged when all was read. */
        if (find_target(drafts, count, text, &target, &plan->unmatched) == HEAN_OK)
            status = apply_text(&drafts[target], text, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

static hean_status finish(import_plan *plan, draft *drafts, size_t count, hean_error *error)
{
    const hean_decimal smallest = {1, -8};
    hean_status status;

    for (size_t i = 0; i < count; i++) {
        draft *from = &drafts[i];
        if (!from->fixed) {
            from->spec.tick_size = reader_scale_step(&from->prices, smallest);
            from->spec.lot_size = reader_scale_step(&from->sizes, smallest);
            from->spec.kind = from->spot ? HEAN_INSTRUMENT_SPOT : HEAN_INSTRUMENT_LINEAR;
        }
    }
    status = apply_texts(plan, drafts, count, error);
    if (status != HEAN_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (market_instrument_init(&plan->instruments[i], &drafts[i].spec, error) != HEAN_OK)
            return base_fail_prefix(error, "%s (tick and lot can be given with --instrument)",
                                    drafts[i].spec.symbol);
    }
    for (size_t i = 0; i < plan->key_count; i++) {
        import_key *key = plan->keys[i];
        if (key->id == IMPORT_NO_ID)
            continue;
        const draft *from = &drafts[key->id];
        key->tick = reader_step_of(from->spec.tick_size);
        key->lot = reader_step_of(from->spec.lot_size);
        key->tick_given = from->fixed || (from->fields & MARKET_FIELD_TICK) != 0;
        key->lot_given = from->fixed || (from->fields & MARKET_FIELD_LOT) != 0;
    }
    plan->instrument_count = count;
    plan->stale = false;
    return HEAN_OK;
}

hean_status import_plan_nothing_chosen(const import_plan *plan, hean_error *error)
{
    char names[300] = "";
    size_t length = 0;

    for (size_t i = 0; i < plan->key_count && length + HEAN_SYMBOL_BYTES + 8 < sizeof names; i++) {
        if (plan->keys[i]->filtered)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                       length > 0 ? ", " : "", plan->keys[i]->symbol);
    }
    return base_fail(error, HEAN_E_NOT_FOUND, "symbol %s is not in the data; there are: %s",
                     plan->options->symbol, names);
}

hean_status import_plan_settle(import_plan *plan, hean_error *error)
{
    draft *drafts = base_alloc_array(plan->allocator, MARKET_INSTRUMENTS_MAX, sizeof *drafts);
    size_t count = 0;
    hean_status status;

    if (plan->instruments == NULL)
        plan->instruments =
            base_alloc_array(plan->allocator, MARKET_INSTRUMENTS_MAX, sizeof *plan->instruments);
    if (drafts == NULL || plan->instruments == NULL) {
        base_free(plan->allocator, drafts);
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    }
    status = assign_ids(plan, drafts, &count, error);
    if (status == HEAN_OK)
        status = finish(plan, drafts, count, error);
    base_free(plan->allocator, drafts);
    return status;
}
