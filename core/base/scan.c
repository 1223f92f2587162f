/*
 * scan.c: see scan.h. Recursion is as deep as the text is nested, so J1 bounds the stack.
 */
#include <base/scan.h>

#include <string.h>

void scan_init(json_scan *scan, const char *text, size_t bytes)
{
    *scan = (json_scan){text, text, text + bytes, HEAN_OK, NULL, 0};
}

void scan_init_value(json_scan *scan, const scan_value *value)
{
    scan_init(scan, value->text, value->bytes);
}

bool scan_fail(json_scan *scan, hean_status status, const char *expected)
{
    if (scan->status == HEAN_OK) {
        scan->status = status;
        scan->expected = expected;
    }
    return false;
}

hean_status scan_report(const json_scan *scan, hean_error *error)
{
    return base_fail(error, scan->status, "byte %zu: expected %s", (size_t)(scan->at - scan->start),
                     scan->expected);
}

static inline void skip_blanks(json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

/* The next letter that is not blank; 0 at the end. */
static inline char peek(json_scan *scan)
{
    skip_blanks(scan);
    return scan->at < scan->end ? *scan->at : 0;
}

static inline bool take(json_scan *scan, char letter, const char *expected)
{
    if (scan->status != HEAN_OK || peek(scan) != letter)
        return scan_fail(scan, HEAN_E_PARSE, expected);
    scan->at++;
    return true;
}

/* ---- texts ---- */

static int hex_digit(char letter)
{
    return letter >= '0' && letter <= '9'   ? letter - '0'
           : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
           : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                            : -1;
}

/* The four digits after \u; -1 if they are none. */
static int read_unit(const char *at, const char *end)
{
    int unit = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static size_t put_utf8(int code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 63));
    out[2] = (char)(0x80 | ((code >> 6) & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* What stands after a backslash, as UTF-8: its length, 0 if it is no escape. */
static size_t read_escape(const char **at, const char *end, char out[4])
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    int code, low;

    if (*at == end)
        return 0;
    if (**at != 'u') {
        found = memchr(names, **at, sizeof names - 1);
        if (found == NULL)
            return 0;
        (*at)++;
        out[0] = meanings[found - names];
        return 1;
    }
    code = read_unit(*at + 1, end);
    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff))
        return 0;
    *at += 5;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
            return 0;
        low = read_unit(*at + 2, end);
        if (low < 0xdc00 || low > 0xdfff)
            return 0;
        *at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_utf8(code, out);
}

/* base_utf8_length, but never beyond `end`. */
static size_t utf8_length(const char *at, const char *end)
{
    unsigned char text[5] = {0};
    size_t left = (size_t)(end - at);

    memcpy(text, at, left < 4 ? left : 4);
    return base_utf8_length(text);
}

/* ASCII that stands for itself in a text. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true};

static bool read_text(json_scan *scan, scan_value *out)
{
    const char *at = scan->at + 1, *end = scan->end;

    *out = (scan_value){at, 0, SCAN_TEXT, false};
    for (;;) {
        while (at < end && is_plain[(unsigned char)*at])
            at++;
        scan->at = at;
        if (at == end)
            return scan_fail(scan, HEAN_E_PARSE, "the end of a text");
        if (*at == '"')
            break;
        if (*at == '\\') {
            char letters[4];
            out->escaped = true;
            at++;
            if (read_escape(&at, end, letters) == 0)
                return scan_fail(scan, HEAN_E_PARSE, "an escape that JSON knows");
        } else {
            size_t length = (unsigned char)*at < 0x80 ? 0 : utf8_length(at, end);
            if (length == 0)
                return scan_fail(scan, HEAN_E_PARSE, "UTF-8 without control characters");
            at += length;
        }
    }
    out->bytes = (size_t)(at - out->text);
    scan->at = at + 1;
    return true;
}

/* Gives the meaning of a text that was checked, character by character. */
static size_t next_piece(const char **at, const char *end, char out[4])
{
    unsigned char lead = (unsigned char)**at;
    size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (lead == '\\') {
        (*at)++;
        return read_escape(at, end, out);
    }
    memcpy(out, *at, bytes);
    *at += bytes;
    return bytes;
}

hean_status scan_text(const scan_value *value, char *out, size_t out_bytes)
{
    const char *at = value->text, *end = value->text + value->bytes;
    size_t used = 0;

    if (!value->escaped && value->bytes < out_bytes) {
        memcpy(out, value->text, value->bytes);
        out[value->bytes] = 0;
        return HEAN_OK;
    }
    while (at < end) {
        char piece[4];
        size_t bytes = next_piece(&at, end, piece);
        if (bytes >= out_bytes - used) {
            out[used] = 0;
            return HEAN_E_LIMIT;
        }
        memcpy(out + used, piece, bytes);
        used += bytes;
    }
    out[used] = 0;
    return HEAN_OK;
}

bool scan_text_is(const scan_value *value, const char *text)
{
    char plain[64];

    if (value->kind != SCAN_TEXT)
        return false;
    if (!value->escaped)
        return strlen(text) == value->bytes && memcmp(text, value->text, value->bytes) == 0;
    return scan_text(value, plain, sizeof plain) == HEAN_OK && strcmp(plain, text) == 0;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool read_number(json_scan *scan, scan_value *out)
{
    const char *at = scan->at, *end = scan->end, *digits;

    *out = (scan_value){at, 0, SCAN_NUMBER, false};
    if (at < end && *at == '-')
        at++;
    digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return scan_fail(scan, HEAN_E_PARSE, "a value");
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits)
            return scan_fail(scan, HEAN_E_PARSE, "a digit after the point");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '-' || *at == '+'))
            at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return scan_fail(scan, HEAN_E_PARSE, "a digit of the exponent");
    }
    out->bytes = (size_t)(at - out->text);
    scan->at = at;
    return true;
}

static bool read_word(json_scan *scan, const char *word, scan_kind kind, scan_value *out)
{
    size_t bytes = strlen(word);

    if ((size_t)(scan->end - scan->at) < bytes || memcmp(scan->at, word, bytes) != 0)
        return scan_fail(scan, HEAN_E_PARSE, "a value");
    *out = (scan_value){scan->at, bytes, kind, false};
    scan->at += bytes;
    return true;
}

/* ---- objects ---- */

/* FNV-1a of what the name means. */
static uint64_t hash_name(const scan_value *name)
{
    const char *at = name->text, *end = name->text + name->bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    while (at < end) {
        char piece[4];
        size_t bytes = next_piece(&at, end, piece);
        for (size_t i = 0; i < bytes; i++)
            hash = (hash ^ (unsigned char)piece[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* The index of a known key, or -1; begins where the last one left off. */
static int find_key(const scan_object *object, const scan_value *name)
{
    char plain[64];
    const char *text = name->text;
    size_t bytes = name->bytes;

    if (name->escaped) {
        if (scan_text(name, plain, sizeof plain) != HEAN_OK)
            return -1;
        text = plain;
        bytes = strlen(plain);
    }
    for (size_t i = 0, at = object->expected; i < object->count; i++, at++) {
        if (at >= object->count)
            at = 0;
        if (object->keys[at].bytes == bytes && object->keys[at].name[0] == *text &&
            memcmp(object->keys[at].name, text, bytes) == 0)
            return (int)at;
    }
    return -1;
}

static bool skip_unknown(json_scan *scan, scan_object *object, const scan_value *name)
{
    uint64_t hash = hash_name(name);
    scan_value value;

    for (size_t i = 0; i < object->unknown_count; i++) {
        if (object->unknown[i] == hash)
            return scan_fail(scan, HEAN_E_PARSE, "each key once");
    }
    if (object->unknown_count == SCAN_UNKNOWN_MAX)
        return scan_fail(scan, HEAN_E_LIMIT, "an object with fewer keys");
    object->unknown[object->unknown_count++] = hash;
    return scan_read(scan, &value);
}

bool scan_object_begin(json_scan *scan, scan_object *object, const scan_key *keys, size_t count)
{
    object->keys = keys;
    object->count = count;
    object->expected = object->unknown_count = 0;
    object->seen = 0;
    object->open = false;
    if (scan->depth == SCAN_DEPTH_MAX)
        return scan_fail(scan, HEAN_E_LIMIT, "a value that is nested less deeply");
    scan->depth++;
    return take(scan, '{', "an object");
}

int scan_object_next(json_scan *scan, scan_object *object)
{
    while (scan->status == HEAN_OK) {
        scan_value name;
        char letter = peek(scan);
        int key;
        if (letter == '}') {
            scan->at++;
            scan->depth--;
            return SCAN_END;
        }
        if (object->open && !take(scan, ',', "a comma or the end of an object"))
            return SCAN_END;
        object->open = true;
        if (peek(scan) != '"') {
            (void)scan_fail(scan, HEAN_E_PARSE, "a key");
            return SCAN_END;
        }
        if (!read_text(scan, &name) || !take(scan, ':', "a colon"))
            return SCAN_END;
        key = find_key(object, &name);
        if (key < 0) {
            (void)skip_unknown(scan, object, &name);
            continue;
        }
        if ((object->seen >> key & 1) != 0) {
            (void)scan_fail(scan, HEAN_E_PARSE, "each key once");
            return SCAN_END;
        }
        object->seen |= UINT64_C(1) << key;
        object->expected = (size_t)key + 1;
        return key;
    }
    return SCAN_END;
}

bool scan_object_read(json_scan *scan, const scan_key *keys, size_t count, scan_value *values)
{
    scan_object object;
    int key;

    BASE_ASSERT(count <= 64);
    for (size_t i = 0; i < count; i++)
        values[i] = (scan_value){"", 0, SCAN_ABSENT, false};
    if (!scan_object_begin(scan, &object, keys, count))
        return false;
    while ((key = scan_object_next(scan, &object)) != SCAN_END)
        (void)scan_read(scan, &values[key]);
    return scan->status == HEAN_OK;
}

/* ---- lists and values ---- */

bool scan_list_begin(json_scan *scan)
{
    if (scan->depth == SCAN_DEPTH_MAX)
        return scan_fail(scan, HEAN_E_LIMIT, "a value that is nested less deeply");
    scan->depth++;
    return take(scan, '[', "a list");
}

bool scan_list_next(json_scan *scan, bool *first)
{
    if (scan->status != HEAN_OK)
        return false;
    if (peek(scan) == ']') {
        scan->at++;
        scan->depth--;
        return false;
    }
    if (!*first && !take(scan, ',', "a comma or the end of a list"))
        return false;
    *first = false;
    return true;
}

static bool read_container(json_scan *scan, scan_value *out, scan_kind kind)
{
    const char *start = scan->at;

    if (kind == SCAN_OBJECT) {
        scan_object object;
        if (!scan_object_begin(scan, &object, NULL, 0) ||
            scan_object_next(scan, &object) != SCAN_END)
            return false;
    } else {
        bool first = true;
        scan_value value;
        if (!scan_list_begin(scan))
            return false;
        while (scan_list_next(scan, &first))
            (void)scan_read(scan, &value);
    }
    *out = (scan_value){start, (size_t)(scan->at - start), kind, false};
    return scan->status == HEAN_OK;
}

bool scan_read(json_scan *scan, scan_value *out)
{
    if (scan->status != HEAN_OK)
        return false;
    switch (peek(scan)) {
    case '"':
        return read_text(scan, out);
    case '{':
        return read_container(scan, out, SCAN_OBJECT);
    case '[':
        return read_container(scan, out, SCAN_LIST);
    case 't':
        return read_word(scan, "true", SCAN_BOOL, out);
    case 'f':
        return read_word(scan, "false", SCAN_BOOL, out);
    case 'n':
        return read_word(scan, "null", SCAN_NULL, out);
    default:
        return read_number(scan, out);
    }
}

bool scan_finish(json_scan *scan)
{
    if (scan->status == HEAN_OK && peek(scan) != 0)
        return scan_fail(scan, HEAN_E_PARSE, "nothing after the value");
    if (scan->status == HEAN_OK && scan->at != scan->end)
        return scan_fail(scan, HEAN_E_PARSE, "nothing after the value");
    return scan->status == HEAN_OK;
}
