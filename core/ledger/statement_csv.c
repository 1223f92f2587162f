/*
 * statement_csv.c: from the bytes of a statement to rows whose numbers agree with each other.
 *
 * The bytes are copied once, and fields are unquoted and terminated where they stand. Invariant: a
 * row that is not understood whole stops the reading; nothing is skipped.
 */
#include "statement_rows.h"

#include <base/decimal.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FIELDS_MAX     64
#define TEXT_BYTES_MAX 64

typedef struct csv {
    char *at, *end; /* a byte may be written at `end` */
    size_t line;
} csv;

typedef struct record {
    char *fields[FIELDS_MAX];
    size_t count, line;
} record;

void statement_table_deinit(statement_table *table)
{
    base_free(table->allocator, table->texts);
    base_free(table->allocator, table->rows);
}

/* ---- records ---- */

/* Unquotes in place; `in->at` is left behind the closing quote. NULL if there is none. */
static char *read_quoted(csv *in)
{
    char *text = ++in->at, *to = text;

    for (; in->at < in->end; in->at++) {
        if (*in->at == '"') {
            if (in->at + 1 == in->end || in->at[1] != '"')
                break;
            in->at++;
        }
        in->line += *in->at == '\n';
        *to++ = *in->at;
    }
    if (in->at == in->end)
        return NULL;
    in->at++;
    *to = 0;
    return text;
}

static char *read_plain(csv *in)
{
    char *text = in->at;

    while (in->at < in->end && *in->at != ',' && *in->at != '\n')
        in->at++;
    return text;
}

/* Drops blanks and carriage returns around the text up to `stop`. */
static char *trim(char *text, char *stop)
{
    while (stop > text && strchr(" \t\r", stop[-1]) != NULL)
        stop--;
    *stop = 0;
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

static hean_status read_record(csv *in, record *out, hean_error *error)
{
    char separator = ',';

    out->count = 0;
    out->line = in->line;
    while (separator == ',') {
        bool quoted = in->at < in->end && *in->at == '"';
        char *text = quoted ? read_quoted(in) : read_plain(in);
        if (text == NULL)
            return base_fail(error, HEAN_E_PARSE, "line %zu: a quote is not closed", out->line);
        if (quoted && in->at < in->end && *in->at == '\r')
            in->at++;
        if (in->at < in->end && *in->at != ',' && *in->at != '\n')
            return base_fail(error, HEAN_E_PARSE, "line %zu: text follows a closing quote",
                             out->line);
        if (out->count == FIELDS_MAX)
            return base_fail(error, HEAN_E_PARSE, "line %zu: more than %d fields", out->line,
                             FIELDS_MAX);
        separator = in->at < in->end ? *in->at : '\n';
        out->fields[out->count++] = quoted ? text : trim(text, in->at);
        in->line += separator == '\n';
        in->at += in->at < in->end;
    }
    return HEAN_OK;
}

static bool is_blank(const record *row)
{
    return row->count == 1 && row->fields[0][0] == 0;
}

/* ---- columns ---- */

typedef enum column {
    COLUMN_UID,
    COLUMN_TIME,
    COLUMN_CURRENCY,
    COLUMN_CONTRACT,
    COLUMN_TYPE,
    COLUMN_FUNDING,
    COLUMN_FEE,
    COLUMN_CASH_FLOW,
    COLUMN_CHANGE,
    COLUMN_BALANCE,
    COLUMN_TRADE,
    COLUMN_ORDER,
    COLUMN_COUNT
} column;

static const struct {
    const char *name;
    const char *key; /* letters alone, in lower case */
    bool needed;
} columns[COLUMN_COUNT] = {
    [COLUMN_UID] = {"Uid", "uid", false},
    [COLUMN_TIME] = {"Time", "time", true}, /* also "Time(UTC)" */
    [COLUMN_CURRENCY] = {"Currency", "currency", true},
    [COLUMN_CONTRACT] = {"Contract", "contract", false},
    [COLUMN_TYPE] = {"Type", "type", true},
    [COLUMN_FUNDING] = {"Funding", "funding", true},
    [COLUMN_FEE] = {"Fee Paid", "feepaid", true},
    [COLUMN_CASH_FLOW] = {"Cash Flow", "cashflow", true},
    [COLUMN_CHANGE] = {"Change", "change", true},
    [COLUMN_BALANCE] = {"Wallet Balance", "walletbalance", true},
    [COLUMN_TRADE] = {"Trade ID", "tradeid", false},
    [COLUMN_ORDER] = {"Order ID", "orderid", false},
};

typedef struct header {
    size_t at[COLUMN_COUNT]; /* of its field, from 1; 0: not there */
    size_t count;            /* of fields in a row */
    const char *uid;         /* of the line before it; "" */
} header;

static bool is_column(const char *text, const char *key)
{
    for (; *text != 0; text++) {
        if (!isalpha((unsigned char)*text))
            continue;
        if (tolower((unsigned char)*text) != *key)
            return *key == 0 && strcasecmp(text, "UTC)") == 0;
        key++;
    }
    return *key == 0;
}

static hean_status read_header(const record *row, header *out, hean_error *error)
{
    out->count = row->count;
    for (size_t i = 0; i < row->count; i++) {
        for (size_t c = 0; c < COLUMN_COUNT; c++) {
            if (!is_column(row->fields[i], columns[c].key))
                continue;
            if (out->at[c] != 0)
                return base_fail(error, HEAN_E_FORMAT, "line %zu: the column %s stands twice",
                                 row->line, columns[c].name);
            out->at[c] = i + 1;
        }
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (columns[c].needed && out->at[c] == 0)
            return base_fail(error, HEAN_E_FORMAT,
                             "line %zu: no column %s; expected a bybit-asset-change statement: a "
                             "line \"UID: ...\", then Uid,Time,Currency,Contract,Type,...",
                             row->line, columns[c].name);
    }
    return HEAN_OK;
}

/* "UID: 123456,Company Name: ,Country: " */
static const char *read_preamble(const record *row)
{
    const char *text = row->fields[0];

    if (strncasecmp(text, "uid:", 4) != 0)
        return NULL;
    text += 4;
    return text + strspn(text, " \t");
}

static hean_status read_start(csv *in, header *out, hean_error *error)
{
    record row = {.count = 0};
    hean_status status;
    const char *uid;

    do {
        if (in->at == in->end)
            return base_fail(error, HEAN_E_FORMAT, "the statement is empty");
        status = read_record(in, &row, error);
        if (status != HEAN_OK)
            return status;
        BASE_ASSERT(row.count > 0);
        uid = read_preamble(&row);
        if (uid != NULL)
            out->uid = uid;
    } while (uid != NULL || is_blank(&row));
    return read_header(&row, out, error);
}

/* ---- rows ---- */

static char *field(const header *head, const record *row, column which)
{
    static char none[1];
    char *text = head->at[which] != 0 ? row->fields[head->at[which] - 1] : none;
    return strcmp(text, "--") == 0 || strcmp(text, "-") == 0 ? none : text;
}

static hean_status read_text(const header *head, const record *row, column which, const char **out,
                             hean_error *error)
{
    const char *text = field(head, row, which);

    if (which == COLUMN_UID && text[0] == 0)
        text = head->uid;
    if (strlen(text) > TEXT_BYTES_MAX)
        return base_fail(error, HEAN_E_RANGE, "line %zu: %s: longer than %d bytes", row->line,
                         columns[which].name, TEXT_BYTES_MAX);
    for (const char *at = text; *at != 0; at++) {
        if (*at < 0x20 || *at > 0x7e)
            return base_fail(error, HEAN_E_PARSE, "line %zu: %s: expected ASCII, got \"%s\"",
                             row->line, columns[which].name, text);
    }
    *out = text;
    return HEAN_OK;
}

/* `*given` may be NULL: then the number must be there. */
static hean_status read_number(const header *head, const record *row, column which,
                               base_int128 *out, bool *given, hean_error *error)
{
    const char *text = field(head, row, which);
    hean_status status = HEAN_OK;

    if (given != NULL)
        *given = text[0] != 0;
    if (text[0] != 0 || given == NULL)
        status = decimal_parse_wide(text, strlen(text), STATEMENT_SCALE10, out);
    if (status == HEAN_E_RANGE)
        return base_fail(error, status,
                         "line %zu: %s: %.80s has more than %d decimals or 16 digits", row->line,
                         columns[which].name, text, STATEMENT_SCALE10);
    if (status != HEAN_OK)
        return base_fail(error, status, "line %zu: %s: expected a number, got \"%.80s\"", row->line,
                         columns[which].name, text);
    return HEAN_OK;
}

static hean_status read_texts(const header *head, const record *row, statement_row *out,
                              hean_error *error)
{
    const struct {
        column which;
        const char **into;
    } texts[] = {{COLUMN_UID, &out->uid},           {COLUMN_CURRENCY, &out->currency},
                 {COLUMN_CONTRACT, &out->contract}, {COLUMN_TYPE, &out->type},
                 {COLUMN_TRADE, &out->trade},       {COLUMN_ORDER, &out->order}};

    for (size_t i = 0; i < BASE_COUNT(texts); i++) {
        hean_status status = read_text(head, row, texts[i].which, texts[i].into, error);
        if (status != HEAN_OK)
            return status;
    }
    if (out->uid[0] == 0 || out->currency[0] == 0 || out->type[0] == 0)
        return base_fail(error, HEAN_E_PARSE, "line %zu: %s is empty", row->line,
                         out->uid[0] == 0        ? "Uid"
                         : out->currency[0] == 0 ? "Currency"
                                                 : "Type");
    for (char *at = field(head, row, COLUMN_TYPE); *at != 0; at++)
        *at = (char)toupper((unsigned char)*at);
    return HEAN_OK;
}

static hean_status read_numbers(const header *head, const record *row, statement_row *out,
                                bool *has_cash_flow, hean_error *error)
{
    bool given;
    hean_status status = read_number(head, row, COLUMN_FUNDING, &out->funding_e20, &given, error);

    if (status == HEAN_OK)
        status = read_number(head, row, COLUMN_FEE, &out->fee_e20, &given, error);
    if (status == HEAN_OK)
        status =
            read_number(head, row, COLUMN_CASH_FLOW, &out->cash_flow_e20, has_cash_flow, error);
    if (status == HEAN_OK)
        status = read_number(head, row, COLUMN_CHANGE, &out->change_e20, NULL, error);
    if (status == HEAN_OK)
        status = read_number(head, row, COLUMN_BALANCE, &out->balance_e20, NULL, error);
    return status;
}

/* How a file writes fees that were paid. */
typedef enum fee_sign {
    FEE_UNKNOWN,
    FEE_POSITIVE, /* Change = Cash Flow + Funding - Fee Paid */
    FEE_NEGATIVE  /* Change = Cash Flow + Funding + Fee Paid */
} fee_sign;

/* The row's four numbers must agree; what fee there is tells the file's sign. */
static hean_status check_change(const statement_row *row, fee_sign *sign, hean_error *error)
{
    base_int128 rest = row->change_e20 - row->cash_flow_e20 - row->funding_e20;
    bool positive = rest == -row->fee_e20, negative = rest == row->fee_e20;
    char change[64], sum[64];

    if (row->fee_e20 != 0 && *sign == FEE_UNKNOWN && (positive || negative))
        *sign = positive ? FEE_POSITIVE : FEE_NEGATIVE;
    if (*sign == FEE_NEGATIVE ? negative : positive)
        return HEAN_OK;
    return base_fail(
        error, HEAN_E_CORRUPT, "line %zu: Change is %s, but Cash Flow + Funding - Fee Paid is %s",
        row->line, decimal_format_scaled(row->change_e20, STATEMENT_SCALE10, change, sizeof change),
        decimal_format_scaled(row->change_e20 - rest +
                                  (*sign == FEE_NEGATIVE ? row->fee_e20 : -row->fee_e20),
                              STATEMENT_SCALE10, sum, sizeof sum));
}

static hean_status read_row(const header *head, const record *row, statement_row *out,
                            bool *has_cash_flow, hean_error *error)
{
    const char *time;
    hean_status status;

    memset(out, 0, sizeof *out);
    out->line = row->line;
    if (row->count != head->count)
        return base_fail(error, HEAN_E_PARSE, "line %zu: expected %zu fields, got %zu", row->line,
                         head->count, row->count);
    status = read_texts(head, row, out, error);
    if (status == HEAN_OK)
        status = read_numbers(head, row, out, has_cash_flow, error);
    if (status != HEAN_OK)
        return status;
    time = field(head, row, COLUMN_TIME);
    if (base_time_parse(time, strlen(time), &out->time_ns) != HEAN_OK || out->time_ns < 0)
        return base_fail(
            error, HEAN_E_PARSE,
            "line %zu: Time: expected a time such as 2024-08-08 23:54:16, got \"%.40s\"", row->line,
            time);
    return HEAN_OK;
}

/* Paid fees become positive, and a cash flow that is not told is what the others leave of the
 * change. `missing` is a flag for each row. */
static void settle_fees(statement_table *table, const bool *missing, fee_sign sign)
{
    BASE_ASSERT(table->count == 0 || missing != NULL);
    for (size_t i = 0; i < table->count; i++) {
        statement_row *row = &table->rows[i];
        if (sign == FEE_NEGATIVE)
            row->fee_e20 = -row->fee_e20;
        if (missing[i])
            row->cash_flow_e20 = row->change_e20 - row->funding_e20 + row->fee_e20;
    }
}

static hean_status read_rows(statement_table *table, csv *in, const header *head, bool **missing,
                             fee_sign *sign, hean_error *error)
{
    size_t flags = 0;
    record row;

    while (in->at < in->end) {
        statement_row *made;
        bool has_cash_flow = false;
        hean_status status = read_record(in, &row, error);
        if (status != HEAN_OK)
            return status;
        if (is_blank(&row))
            continue;
        if (!base_grow(table->allocator, (void **)&table->rows, &table->capacity, table->count + 1,
                       sizeof *table->rows) ||
            !base_grow(table->allocator, (void **)missing, &flags, table->count + 1,
                       sizeof **missing))
            return base_fail(error, HEAN_E_NO_MEMORY, "no memory for %zu rows", table->count + 1);
        BASE_ASSERT(*missing != NULL);
        made = &table->rows[table->count];
        status = read_row(head, &row, made, &has_cash_flow, error);
        if (status == HEAN_OK && has_cash_flow)
            status = check_change(made, sign, error);
        if (status != HEAN_OK)
            return status;
        (*missing)[table->count++] = !has_cash_flow;
    }
    return HEAN_OK;
}

hean_status statement_table_read(statement_table *table, const char *bytes, size_t length,
                                 hean_error *error)
{
    header head = {.uid = ""};
    fee_sign sign = FEE_UNKNOWN;
    bool *missing = NULL; /* of each row: has it no cash flow? */
    csv in = {.line = 1};
    hean_status status;

    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (memchr(bytes, 0, length) != NULL)
        return base_fail(error, HEAN_E_FORMAT, "a statement is text, but this holds a 0 byte");
    table->texts = base_alloc(table->allocator, length + 1);
    if (table->texts == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "no memory for %zu bytes", length);
    memcpy(table->texts, bytes, length);
    in.at = table->texts;
    in.end = table->texts + length;
    status = read_start(&in, &head, error);
    if (status == HEAN_OK)
        status = read_rows(table, &in, &head, &missing, &sign, error);
    if (status == HEAN_OK)
        settle_fees(table, missing, sign);
    base_free(table->allocator, missing);
    return status;
}
