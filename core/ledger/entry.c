/*
 * entry.c: the names of kinds and modes, and what makes a posting acceptable by itself.
 */
#include "entry.h"

#include <string.h>

static const char *const kind_texts[LEDGER_KIND_COUNT] = {
#define KIND_TEXT(name, text) [name] = (text),
    LEDGER_KIND_MAP(KIND_TEXT)
#undef KIND_TEXT
};

static const char *const mode_texts[LEDGER_MODE_COUNT] = {
#define MODE_TEXT(name, text) [name] = (text),
    LEDGER_MODE_MAP(MODE_TEXT)
#undef MODE_TEXT
};

const char *ledger_kind_text(ledger_kind kind)
{
    return (unsigned)kind < LEDGER_KIND_COUNT ? kind_texts[kind] : "UNKNOWN";
}

const char *ledger_mode_text(ledger_mode mode)
{
    return (unsigned)mode < LEDGER_MODE_COUNT ? mode_texts[mode] : "unknown";
}

static hean_status find_text(const char *const *texts, size_t count, const char *text, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            *out = i;
            return HEAN_OK;
        }
    }
    return HEAN_E_NOT_FOUND;
}

hean_status ledger_kind_parse(const char *text, ledger_kind *out)
{
    size_t found;
    hean_status status = find_text(kind_texts, LEDGER_KIND_COUNT, text, &found);
    if (status == HEAN_OK)
        *out = (ledger_kind)found;
    return status;
}

hean_status ledger_mode_parse(const char *text, ledger_mode *out)
{
    size_t found;
    hean_status status = find_text(mode_texts, LEDGER_MODE_COUNT, text, &found);
    if (status == HEAN_OK)
        *out = (ledger_mode)found;
    return status;
}

/* ---- one posting alone ---- */

#define CONTROL_C1_LAST 0x9f /* U+0080 to U+009F, in UTF-8 C2 80 to C2 9F */

/* True if all eight bytes are printable ASCII. A byte below 0x20 borrows from the next, so that the
 * answer may be wrong about a byte above it, but never true. */
static bool eight_are_plain(const char *text)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t bytes;

    memcpy(&bytes, text, sizeof bytes);
    return ((bytes | (bytes - each * 0x20) | ((bytes ^ each * 0x7f) - each)) & each * 0x80) == 0;
}

/* UTF-8 without control characters. */
static bool text_is_clean(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; bytes >= 8 && eight_are_plain((const char *)at); bytes -= 8)
        at += 8;
    while (*at != 0) {
        size_t length = 1;
        if (*at >= 0x80) {
            length = base_utf8_length(at);
            if (length == 0 || (at[0] == 0xc2 && at[1] <= CONTROL_C1_LAST))
                return false;
        } else if (*at < 0x20 || *at == 0x7f) {
            return false;
        }
        at += length;
    }
    return true;
}

static hean_status check_text(const char *id, const char *field, const char *text, size_t bytes_min,
                              size_t bytes_max, hean_error *error)
{
    size_t bytes;

    if (text == NULL)
        return base_fail(error, HEAN_E_INVALID, "entry %s: %s is missing", id, field);
    bytes = strnlen(text, bytes_max + 1);
    if (bytes < bytes_min)
        return base_fail(error, HEAN_E_INVALID, "entry %s: %s is empty", id, field);
    if (bytes > bytes_max)
        return base_fail(error, HEAN_E_RANGE, "entry %.60s: %s is longer than %zu bytes", id, field,
                         bytes_max);
    if (!text_is_clean(text, bytes))
        return base_fail(error, HEAN_E_INVALID,
                         "entry %s: %s: expected UTF-8 without control characters", id, field);
    return HEAN_OK;
}

hean_status entry_check_account(const char *id, const ledger_account *account, hean_error *error)
{
    const struct {
        const char *field, *text;
        size_t bytes_min;
    } texts[] = {{"run", account->run, 1},
                 {"process", account->process, 1},
                 {"strategy", account->strategy, 0},
                 {"symbol", account->symbol, 0},
                 {"currency", account->currency, 1}};

    if ((unsigned)account->mode >= LEDGER_MODE_COUNT)
        return base_fail(error, HEAN_E_INVALID, "entry %s: mode %d is unknown", id,
                         (int)account->mode);
    for (size_t i = 0; i < BASE_COUNT(texts); i++) {
        hean_status status = check_text(id, texts[i].field, texts[i].text, texts[i].bytes_min,
                                        LEDGER_NAME_BYTES, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status entry_check_rest(const ledger_posting *posting, hean_error *error)
{
    const char *id = posting->id != NULL ? posting->id : "(no id)";
    hean_status status = check_text(id, "id", posting->id, 1, LEDGER_ID_BYTES, error);

    if (status == HEAN_OK && posting->basis != NULL)
        status = check_text(id, "basis", posting->basis, 0, LEDGER_BASIS_BYTES, error);
    if (status != HEAN_OK)
        return status;
    if ((unsigned)posting->kind >= LEDGER_KIND_COUNT)
        return base_fail(error, HEAN_E_INVALID, "entry %s: kind %d is unknown", id,
                         (int)posting->kind);
    if (posting->time_ns < 0)
        return base_fail(error, HEAN_E_RANGE, "entry %s: time is before 1970", id);
    if (posting->amount_e8 == INT64_MIN) /* its counter entry would not fit */
        return base_fail(error, HEAN_E_RANGE, "entry %s: amount does not fit", id);
    return HEAN_OK;
}

hean_status ledger_check(const ledger_posting *posting, hean_error *error)
{
    hean_status status = entry_check_rest(posting, error);
    return status != HEAN_OK ? status : entry_check_account(posting->id, &posting->account, error);
}

const char *ledger_difference(const ledger_posting *a, const ledger_posting *b)
{
    const ledger_account *x = &a->account, *y = &b->account;

    if (a->amount_e8 != b->amount_e8)
        return "amount";
    if (a->kind != b->kind)
        return "kind";
    if (a->time_ns != b->time_ns)
        return "time";
    if (x->mode != y->mode)
        return "mode";
    if (strcmp(x->run, y->run) != 0)
        return "run";
    if (strcmp(x->process, y->process) != 0)
        return "process";
    if (strcmp(x->strategy, y->strategy) != 0)
        return "strategy";
    if (strcmp(x->symbol, y->symbol) != 0)
        return "symbol";
    if (strcmp(x->currency, y->currency) != 0)
        return "currency";
    if (strcmp(a->basis != NULL ? a->basis : "", b->basis != NULL ? b->basis : "") != 0)
        return "basis";
    return NULL;
}
