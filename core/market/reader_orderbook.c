/*
 * reader_orderbook.c: a quick way for frames as the venue writes them, and a careful way for all
 * others.
 *
 * The quick way takes known keys, plain strings and plain whole numbers only, so it accepts nothing
 * that is not strict JSON. Whatever it does not take is parsed by jansson, with duplicate keys
 * refused; what jansson accepts is cut to the known keys, written again and given to the quick way
 * once more. So there is one reading of the meaning, and one authority on what is JSON.
 */
#include "reader_orderbook.h"

#include <jansson.h>
#include <string.h>

typedef struct scanner {
    const char *at, *end;
    const char *expected; /* what was missing, in words */
} scanner;

static bool expect(scanner *scan, const char *expected)
{
    if (scan->expected == NULL)
        scan->expected = expected;
    return false;
}

static bool take(scanner *scan, char letter)
{
    if (scan->at == scan->end || *scan->at != letter)
        return false;
    scan->at++;
    return true;
}

/* A string of printable ASCII without escapes. */
static bool read_string(scanner *scan, reader_field *out)
{
    const char *at = scan->at;

    if (at == scan->end || *at != '"')
        return false;
    for (at++; at < scan->end && *at != '"'; at++) {
        if (*at < ' ' || *at > '~' || *at == '\\')
            return false;
    }
    if (at == scan->end)
        return false;
    out->text = scan->at + 1;
    out->bytes = (size_t)(at - scan->at - 1);
    scan->at = at + 1;
    return true;
}

/* A whole number from 0 to 18 digits, also in quotes: some streams write times so. */
static bool read_whole(scanner *scan, int64_t *out)
{
    bool quoted = take(scan, '"');
    const char *start = scan->at;
    int64_t value = 0;

    while (scan->at < scan->end && (unsigned char)(*scan->at - '0') <= 9 && scan->at - start < 18) {
        value = value * 10 + (*scan->at - '0');
        scan->at++;
    }
    if (scan->at == start || (*start == '0' && scan->at - start > 1))
        return false;
    if (quoted && !take(scan, '"'))
        return false;
    /* A fraction or an exponent would follow here: no whole number. */
    if (scan->at == scan->end || (*scan->at != ',' && *scan->at != '}'))
        return false;
    *out = value;
    return true;
}

/* [["1.5","10"],...] */
static bool read_levels(scanner *scan, reader_orderbook *book, size_t *count)
{
    if (!take(scan, '['))
        return expect(scan, "b and a to be lists of [price, size]");
    if (take(scan, ']'))
        return true;
    do {
        size_t used = book->bid_count + book->ask_count;
        if (!base_grow(book->allocator, (void **)&book->levels, &book->capacity, used + 1,
                       sizeof *book->levels))
            return expect(scan, NULL);
        reader_orderbook_level *level = &book->levels[used];
        if (!take(scan, '[') || !read_string(scan, &level->price) || !take(scan, ',') ||
            !read_string(scan, &level->qty) || !take(scan, ']'))
            return expect(scan, "each level to be [\"price\",\"size\"]");
        (*count)++;
    } while (take(scan, ','));
    return take(scan, ']') || expect(scan, "a list of levels to end with ]");
}

enum {
    KEY_TOPIC = 1,
    KEY_TYPE = 2,
    KEY_TS = 4,
    KEY_DATA = 8,
    KEY_CTS = 16,
    KEY_S = 32,
    KEY_B = 64,
    KEY_A = 128,
    KEY_U = 256,
    KEY_SEQ = 512
};

static const struct {
    const char *name;
    unsigned bit;
    bool inner;
} keys[] = {{"topic", KEY_TOPIC, false}, {"type", KEY_TYPE, false}, {"ts", KEY_TS, false},
            {"data", KEY_DATA, false},   {"cts", KEY_CTS, false},   {"s", KEY_S, true},
            {"b", KEY_B, true},          {"a", KEY_A, true},        {"u", KEY_U, true},
            {"seq", KEY_SEQ, true}};

static unsigned find_key(const char *name, size_t bytes, bool inner)
{
    for (size_t i = 0; i < BASE_COUNT(keys); i++) {
        if (keys[i].inner == inner && strlen(keys[i].name) == bytes &&
            memcmp(keys[i].name, name, bytes) == 0)
            return keys[i].bit;
    }
    return 0;
}

/* Reads `"key":` and gives its bit; a key that was seen before or is not known is refused. */
static bool read_key(scanner *scan, bool inner, unsigned *seen, unsigned *bit)
{
    reader_field name;

    if (!read_string(scan, &name) || !take(scan, ':'))
        return expect(scan, "a key and a colon");
    *bit = find_key(name.text, name.bytes, inner);
    if (*bit == 0 || (*seen & *bit) != 0)
        return expect(scan, "known keys, each once");
    *seen |= *bit;
    return true;
}

static bool read_data(scanner *scan, reader_orderbook *book)
{
    const unsigned needed = KEY_S | KEY_B | KEY_A | KEY_U;
    unsigned seen = 0, bit;
    int64_t sequence;

    if (!take(scan, '{'))
        return expect(scan, "data to be an object");
    do {
        bool good;
        if (!read_key(scan, true, &seen, &bit))
            return false;
        if (bit == KEY_S)
            good = read_string(scan, &book->symbol) || expect(scan, "s to be a string");
        else if (bit == KEY_B || bit == KEY_A)
            good = read_levels(scan, book, bit == KEY_B ? &book->bid_count : &book->ask_count);
        else
            good = read_whole(scan, bit == KEY_U ? &book->update : &sequence) ||
                   expect(scan, "u and seq to be whole numbers");
        if (!good)
            return false;
        /* Levels are kept in one list, bids first: the quick way needs b before a. */
        if (bit == KEY_A && (seen & KEY_B) == 0)
            return expect(scan, "b before a");
    } while (take(scan, ','));
    if (!take(scan, '}'))
        return expect(scan, "data to end with }");
    return (seen & needed) == needed || expect(scan, "data with s, b, a and u");
}

static bool read_frame(scanner *scan, reader_orderbook *book)
{
    const unsigned needed = KEY_TOPIC | KEY_TYPE | KEY_TS | KEY_DATA;
    reader_field topic = {"", 0}, type = {"", 0};
    unsigned seen = 0, bit;

    if (!take(scan, '{'))
        return expect(scan, "an object");
    do {
        bool good;
        if (!read_key(scan, false, &seen, &bit))
            return false;
        if (bit == KEY_DATA)
            good = read_data(scan, book);
        else if (bit == KEY_TOPIC || bit == KEY_TYPE)
            good = read_string(scan, bit == KEY_TOPIC ? &topic : &type) ||
                   expect(scan, "topic and type to be strings");
        else
            good = read_whole(scan, bit == KEY_TS ? &book->sent_ms : &book->matched_ms) ||
                   expect(scan, "ts and cts to be whole numbers of ms");
        if (!good)
            return false;
    } while (take(scan, ','));
    if (!take(scan, '}'))
        return expect(scan, "a frame to end with }");
    if (scan->at != scan->end)
        return expect(scan, "one object in a line");
    if ((seen & needed) != needed)
        return expect(scan, "topic, type, ts and data");
    if (topic.bytes < 10 || memcmp(topic.text, "orderbook.", 10) != 0)
        return expect(scan, "the topic orderbook.DEPTH.SYMBOL");
    book->snapshot = type.bytes == 8 && memcmp(type.text, "snapshot", 8) == 0;
    return book->snapshot || (type.bytes == 5 && memcmp(type.text, "delta", 5) == 0) ||
           expect(scan, "the type snapshot or delta");
}

static bool read_quickly(reader_orderbook *book, const char *line, size_t bytes, scanner *scan)
{
    *scan = (scanner){line, line + bytes, NULL};
    book->bid_count = book->ask_count = 0;
    book->matched_ms = 0;
    return read_frame(scan, book);
}

/* Leaves only the known keys, in an order that the quick way takes. */
static json_t *cut_object(json_t *object, bool inner)
{
    json_t *kept = json_object();

    for (size_t i = 0; kept != NULL && i < BASE_COUNT(keys); i++) {
        json_t *value = keys[i].inner == inner ? json_object_get(object, keys[i].name) : NULL;
        if (value == NULL)
            continue;
        if (keys[i].bit == KEY_DATA && json_is_object(value))
            value = cut_object(value, true);
        else
            json_incref(value);
        if (value == NULL || json_object_set_new(kept, keys[i].name, value) != 0) {
            json_decref(kept);
            return NULL;
        }
    }
    return kept;
}

static hean_status canonicalise(reader_orderbook *book, const char *line, size_t bytes,
                                hean_error *error)
{
    json_error_t why;
    json_t *frame = json_loadb(line, bytes, JSON_REJECT_DUPLICATES, &why);
    json_t *kept = NULL;
    hean_status status = HEAN_OK;
    size_t length = 0;

    if (frame == NULL)
        return base_fail(error, HEAN_E_PARSE, "expected JSON: %s", why.text);
    if (!json_is_object(frame))
        status = base_fail(error, HEAN_E_PARSE, "expected a JSON object");
    else
        kept = cut_object(frame, false);
    if (kept != NULL)
        length = json_dumpb(kept, NULL, 0, JSON_COMPACT);
    if (length > 0) {
        char *grown = base_resize(book->allocator, book->canonical, length);
        if (grown != NULL) {
            book->canonical = grown;
            (void)json_dumpb(kept, grown, length, JSON_COMPACT);
            status = HEAN_OK;
        } else {
            length = 0;
        }
    }
    json_decref(frame);
    json_decref(kept);
    if (status == HEAN_OK && length == 0)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    if (status == HEAN_OK) {
        scanner scan;
        if (!read_quickly(book, book->canonical, length, &scan))
            return scan.expected != NULL
                       ? base_fail(error, HEAN_E_PARSE, "expected %s", scan.expected)
                       : base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    }
    return status;
}

void reader_orderbook_init(reader_orderbook *book, const hean_allocator *allocator)
{
    memset(book, 0, sizeof *book);
    book->allocator = allocator;
}

void reader_orderbook_deinit(reader_orderbook *book)
{
    base_free(book->allocator, book->levels);
    base_free(book->allocator, book->canonical);
    memset(book, 0, sizeof *book);
}

hean_status reader_orderbook_parse(reader_orderbook *book, const char *line, size_t bytes,
                                   hean_error *error)
{
    scanner scan;

    if (read_quickly(book, line, bytes, &scan))
        return HEAN_OK;
    return canonicalise(book, line, bytes, error);
}
