/*
 * text.c: cleaning, copying and comparing short texts.
 */
#include <base/base.h>

#include <string.h>

void base_text_clean(char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            text[i] = '?';
    }
}

size_t base_utf8_length(const unsigned char *text)
{
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    if (length == 2 && text[0] < 0xc2)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || text[0] > 0xf4 ||
        (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

bool base_text_copy(char *out, size_t out_bytes, const char *text)
{
    size_t length = strlen(text);
    bool fits = length < out_bytes;

    BASE_ASSERT(out_bytes > 0);
    if (!fits)
        length = out_bytes - 1;
    memcpy(out, text, length);
    out[length] = 0;
    return fits;
}

#define NEAREST_BYTES_MAX 40

/* Levenshtein's distance of two short words. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[NEAREST_BYTES_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

const char *base_text_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word);
    size_t nearest = length / 3 + 2; /* one slip in a short word, a few in a long one */
    const char *found = NULL;

    if (length > NEAREST_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_length = strlen(names[i]);
        size_t distance;
        if (name_length > NEAREST_BYTES_MAX)
            continue;
        distance = edit_distance(word, length, names[i], name_length);
        if (distance < nearest && distance < name_length) {
            nearest = distance;
            found = names[i];
        }
    }
    return found;
}
