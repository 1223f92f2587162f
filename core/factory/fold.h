/*
 * fold.h: what a letter looks like, so that texts which look alike are compared alike.
 *
 * Case, accents, full width, mathematical and enclosed letters, Cyrillic, Greek and Armenian
 * lookalikes, digits and signs that stand for letters: all become one plain letter. Words to look
 * for go through the same fold, so it need not be right, only the same on both sides: "i", "l", "1"
 * are one letter here, and Cyrillic words keep the letters that no Latin one looks like.
 */
#ifndef FACTORY_FOLD_H
#define FACTORY_FOLD_H

#include <base/base.h>

enum {
    FOLD_NOTHING,   /* invisible: zero width, combining, variation */
    FOLD_SEPARATOR, /* blanks and signs between words */
    FOLD_STOP,      /* a sign that ends a sentence if a blank follows */
    FOLD_HIDDEN,    /* meant to deceive: tag characters, overrides of direction */
    FOLD_FIRST      /* from here on: a letter */
};

/* The next code point, and how many bytes it took (0 at the end); bytes that are no UTF-8 are
 * separators of one byte. */
size_t fold_next(const char *text, size_t bytes, uint32_t *code_point);
uint32_t fold_letter(uint32_t code_point);
/* For signs that are letters inside words only ("p@ss", "$ecret"); 0: this is none. */
uint32_t fold_sign(uint32_t code_point);
/* Each is a word of its own: scripts that write no blanks. */
bool fold_is_ideograph(uint32_t code_point);

#endif
