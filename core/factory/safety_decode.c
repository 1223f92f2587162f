/*
 * safety_decode.c: base64, hexadecimal, percent and character escapes in a text.
 *
 * A run counts only if all of it decodes to text; that keeps ordinary words out.
 */
#include "safety_private.h"

#include <string.h>

#define RUN_BYTES_MIN 4 /* decoded */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#define NO      (-1)
#define NONE_16 NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO

static int base64_value(char c)
{
    /* clang-format off */
    static const signed char values[256] = {
        NONE_16, NONE_16,
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, 62, NO, 63,
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
        NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
        NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
        NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16,
    };
    /* clang-format on */
    return values[(unsigned char)c];
}

/* Letters and signs of ASCII, or a byte of a longer sequence. */
static bool plausible(unsigned char c)
{
    return (c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t' || c == '\r';
}

/* Keeps the bytes after `mark` if they are well-formed text, else takes them back. */
static void keep_run(base_buffer *out, size_t mark)
{
    const unsigned char *at;

    if (out->length == mark)
        return;
    base_buffer_append(out, "\n", 1);
    if (out->failed)
        return;
    at = (const unsigned char *)out->data + mark;
    if (out->length - mark - 1 >= RUN_BYTES_MIN) {
        while (*at != 0) {
            size_t length = base_utf8_length(at);
            if (length == 0)
                break;
            at += length;
        }
        if (at == (const unsigned char *)out->data + out->length)
            return;
    }
    out->length = mark;
    out->data[mark] = 0;
}

static void decode_base64(const char *text, size_t bytes, base_buffer *out)
{
    size_t mark = out->length;

    for (int pass = 0; pass < 2; pass++) { /* ordinary words end in the first bytes */
        uint32_t bits = 0;
        int have = 0;
        for (size_t i = 0; i < bytes; i++) {
            bits = bits << 6 | (uint32_t)base64_value(text[i]);
            have += 6;
            if (have < 8)
                continue;
            have -= 8;
            char byte = (char)(bits >> have & 0xFF);
            if (!plausible((unsigned char)byte))
                return;
            if (pass == 1)
                base_buffer_append(out, &byte, 1);
        }
    }
    keep_run(out, mark);
}

static void find_base64(const char *text, size_t bytes, base_buffer *out)
{
    for (size_t i = 0; i < bytes;) {
        size_t end = i, part = i;
        while (end < bytes && base64_value(text[end]) >= 0)
            end++;
        if (end - i >= 6)
            decode_base64(text + i, end - i, out);
        /* The signs of the alphabet may also be what divides runs. */
        for (size_t at = i; at <= end && end - i >= 6; at++) {
            if (at < end && base64_value(text[at]) < 62)
                continue;
            if (at - part >= 6 && at - part < end - i)
                decode_base64(text + part, at - part, out);
            part = at + 1;
        }
        i = end + 1;
    }
}

/* "70617373", "70 61 73 73", "0x70,0x61" */
static size_t decode_hex(const char *text, size_t bytes, base_buffer *out)
{
    size_t mark = out->length, at = 0;

    if (hex_value(text[1]) < 0 && text[1] != 'x' && text[1] != 'X')
        return 0; /* nearly every word ends here */
    while (at + 2 <= bytes) {
        char byte;
        size_t next = at;
        if (next + 4 <= bytes && text[next] == '0' && (text[next + 1] | 0x20) == 'x')
            next += 2;
        if (hex_value(text[next]) < 0 || hex_value(text[next + 1]) < 0)
            break;
        byte = (char)(hex_value(text[next]) << 4 | hex_value(text[next + 1]));
        if (!plausible((unsigned char)byte))
            break;
        base_buffer_append(out, &byte, 1);
        at = next + 2;
        while (at < bytes && text[at] != 0 && strchr(" :,-", text[at]) != NULL)
            at++;
    }
    keep_run(out, mark);
    return at;
}

static bool is_alphanumeric(char c)
{
    return hex_value(c) >= 0 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void find_hex(const char *text, size_t bytes, base_buffer *out)
{
    for (size_t i = 0; i + 8 <= bytes; i++) {
        if (hex_value(text[i]) >= 0 && hex_value(text[i]) < 8 &&
            (i == 0 || !is_alphanumeric(text[i - 1]))) {
            size_t used = decode_hex(text + i, bytes - i, out);
            i += used > 0 ? used - 1 : 0;
        }
    }
}

static void append_code_point(base_buffer *out, uint32_t c)
{
    char bytes[4];
    size_t length = 0;

    if (c < 0x80) {
        bytes[length++] = (char)(c != 0 ? c : ' ');
    } else if (c < 0x800) {
        bytes[length++] = (char)(0xC0 | c >> 6);
        bytes[length++] = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        bytes[length++] = (char)(0xE0 | c >> 12);
        bytes[length++] = (char)(0x80 | (c >> 6 & 0x3F));
        bytes[length++] = (char)(0x80 | (c & 0x3F));
    } else {
        bytes[length++] = (char)(0xF0 | (c >> 18 & 7));
        bytes[length++] = (char)(0x80 | (c >> 12 & 0x3F));
        bytes[length++] = (char)(0x80 | (c >> 6 & 0x3F));
        bytes[length++] = (char)(0x80 | (c & 0x3F));
    }
    base_buffer_append(out, bytes, length);
}

/* How many digits of the base follow, and their value. */
static size_t read_digits(const char *text, size_t bytes, unsigned base, size_t most,
                          uint32_t *value)
{
    size_t count = 0;

    *value = 0;
    while (count < bytes && count < most && hex_value(text[count]) >= 0 &&
           (unsigned)hex_value(text[count]) < base)
        *value = *value * base + (uint32_t)hex_value(text[count++]);
    return count;
}

/* "%70", "\x70", "\u0070", "&#112;", "&#x70;": the bytes it took, or 0. */
static size_t read_escape(const char *text, size_t bytes, base_buffer *out)
{
    bool mark = bytes > 3 && text[0] == '&' && text[1] == '#';
    bool hex = mark && (text[2] | 0x20) == 'x';
    size_t head = 0, digits, most = 2;
    uint32_t value;

    if (bytes < 3)
        return 0;
    if (text[0] == '%')
        head = 1;
    else if (text[0] == '\\' && (text[1] | 0x20) == 'x')
        head = 2;
    else if (text[0] == '\\' && (text[1] | 0x20) == 'u')
        head = 2, most = 4;
    else if (mark)
        head = hex ? 3 : 2, most = 7;
    if (head == 0)
        return 0;
    digits = read_digits(text + head, bytes - head, mark && !hex ? 10 : 16, most, &value);
    if (digits == 0 || (!mark && digits != most) || value > 0x10FFFF)
        return 0;
    if (!mark && most == 2) { /* bytes of UTF-8, one by one */
        char byte = (char)(value != 0 ? value : ' ');
        base_buffer_append(out, &byte, 1);
    } else {
        append_code_point(out, value);
    }
    digits += head;
    return mark && digits < bytes && text[digits] == ';' ? digits + 1 : digits;
}

static void unescape(const char *text, size_t bytes, base_buffer *out)
{
    size_t mark = out->length;
    bool found = false;

    for (size_t i = 0; i < bytes;) {
        size_t used = strchr("%\\&", text[i]) != NULL && text[i] != 0
                          ? read_escape(text + i, bytes - i, out)
                          : 0;
        found = found || used > 0;
        if (used == 0)
            base_buffer_append(out, &text[i], 1);
        i += used > 0 ? used : 1;
    }
    if (found)
        base_buffer_append(out, "\n", 1);
    else
        out->length = mark;
}

void safety_decode(const char *text, size_t bytes, base_buffer *out)
{
    if (bytes < 6)
        return;
    if (memchr(text, '%', bytes) != NULL || memchr(text, '\\', bytes) != NULL ||
        memchr(text, '&', bytes) != NULL)
        unescape(text, bytes, out);
    find_hex(text, bytes, out);
    find_base64(text, bytes, out);
}
