/*
 * safety_words.h: the words that the safety filter knows, by language and by what they are for.
 *
 * A word is found where one begins, and may go on ("scrape" finds "scraper"); "=" before it: it
 * must also end there; "~": it may also begin inside a word. Words of a phrase may be written
 * together or apart, so "api key" finds "api_key" and "apiKey". Words are written here as people
 * write them: they go through fold.h like the texts.
 */
#ifndef FACTORY_SAFETY_WORDS_H
#define FACTORY_SAFETY_WORDS_H

#include <factory/safety.h>

/* What a word is for. The first ones refuse a text alone: as safety_kind. */
typedef enum word_use {
    WORD_CREDENTIALS = SAFETY_CREDENTIALS,
    WORD_SCRAPING = SAFETY_SCRAPING,
    WORD_BROWSER = SAFETY_BROWSER,
    WORD_EVASION = SAFETY_EVASION,
    WORD_ORDERS = SAFETY_ORDERS,
    WORD_EXFILTRATION = SAFETY_EXFILTRATION,
    WORD_ALONE_LAST = SAFETY_EXFILTRATION,
    /* these only together: see word_pairs */
    WORD_PLACE,     /* place, submit ... */
    WORD_ORDER,     /* ... an order */
    WORD_TRADE,     /* buy, sell ... */
    WORD_AMOUNT,    /* ... this much (numbers are, too), now, at the market */
    WORD_MOVE,      /* withdraw, transfer ... */
    WORD_MONEY,     /* ... funds */
    WORD_SEND,      /* send, upload ... */
    WORD_PRIVATE,   /* ... balances, account data */
    WORD_OUTSIDE,   /* ... to a stranger */
    WORD_BREAK,     /* violate, ignore, get around ... */
    WORD_RULE,      /* ... terms, limits, checks */
    WORD_ABUSE,     /* exploit ... */
    WORD_WEAKNESS,  /* ... a bug */
    WORD_HANDLE,    /* ask for, store, enter, steal ... */
    WORD_LOGIN,     /* ... login data, cookies, codes */
    WORD_AUTOMATE,  /* automate, let a bot ... */
    WORD_INTERFACE, /* ... the website, clicks */
    /* these change what others mean */
    WORD_NOT,    /* no, never, without */
    WORD_FILLER, /* any, the, your: may stand between "no" and what it denies */
    WORD_OR,     /* goes on with what "no" began */
    WORD_BE,     /* "passwords are not needed" */
    WORD_NEEDED,
    WORD_FREE,     /* "password-free" */
    WORD_BLOCKER,  /* between two words: they do not belong together */
    WORD_HARMLESS, /* a phrase in which nothing is meant: "order book" */
    WORD_USE_COUNT
} word_use;

typedef struct word_row {
    const char *language; /* ISO 639-1; "" for signs and names of programs */
    uint8_t use;          /* word_use */
    const char *words;    /* divided by | */
} word_row;
extern const word_row word_rows[];
extern const size_t word_row_count;

typedef struct word_pair {
    uint8_t first, second; /* word_use */
    uint8_t gap;           /* words that may stand between them */
    uint8_t kind;          /* safety_kind */
    bool blocked;          /* not across a WORD_BLOCKER */
    bool verb_last;        /* only in languages that put the verb last: not in English */
} word_pair;
extern const word_pair word_pairs[];
extern const size_t word_pair_count;

#endif
