/*
 * statement_test.c: account statements in any order become postings that add up; what does not
 * follow, is unknown or cannot be read is refused by line.
 */
#include <support.h>

#include <base/decimal.h>
#include <ledger/statement.h>

#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                     \
    "Uid,Time,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,"   \
    "Cash Flow,Change,Wallet Balance,Fee Rate,Trade ID,Order ID\n"
#define PREAMBLE "UID: 7,Company Name: ,Country: \n"

static hean_status read_text(const char *text, const statement_options *options, statement **out,
                             hean_error *error)
{
    static const statement_options none;
    return statement_read(base_allocator_default(), text, strlen(text),
                          options != NULL ? options : &none, out, error);
}

static statement *must_read(const char *text)
{
    statement *self = NULL;
    hean_error error = {0};
    assert_status(read_text(text, NULL, &self, &error), HEAN_OK, &error);
    return self;
}

static void assert_refused(const char *text, hean_status expected, const char *message)
{
    statement *self = NULL;
    hean_error error = {0};
    assert_status(read_text(text, NULL, &self, &error), expected, &error);
    if (strstr(error.message, message) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", message, error.message);
    assert_null(self);
}

static const char *scaled(base_int128 value, int scale10)
{
    static char text[64];
    return decimal_format_scaled(value, scale10, text, sizeof text);
}

/* Newest first, as the page exports it; three rows share a second and stand in a wrong order. */
static const char example[] = PREAMBLE HEADER
    "7,2024-12-02 00:00:00,USDT,,TRANSFER_OUT,,0E-8,0E-8,0E-8,0E-8,0E-8,-100,-100,902.61,,,\n"
    "7,2024-12-01 16:00:00,USDT,BTCUSDT,SETTLEMENT,BUY,0.1,0.1,95000,-0.19,0E-8,0E-8,-0.19,"
    "1002.61,0.0001,,\n"
    "7,2024-12-01 10:00:00,USDT,BTCUSDT,TRADE,SELL,0.05,0.1,96000,0E-8,2.64,0E-8,-2.64,1007.52,"
    "0.00055,t2,o2\n"
    "7,2024-12-01 10:00:00,USDT,BTCUSDT,TRADE,BUY,0.1,0.15,95000,0E-8,-0.16,10,10.16,1010.16,"
    "-0.00002,t1,o1\n"
    "7,2024-12-01 10:00:00,USDT,BTCUSDT,TRADE,SELL,0.05,0.1,96000,0E-8,4.72,0E-8,-4.72,1002.80,"
    "0.00055,t2,o2\n"
    "7,2024-11-30 00:00:00,USDT,,TRANSFER_IN,,,,,,,1000,1000,1000,,,\n";

static void statement_orders_rows_by_the_balances_and_splits_them(void **state)
{
    statement *self = must_read(example);
    const statement_wallet *wallet = statement_get_wallet(self, 0);
    size_t count;
    const ledger_posting *postings = statement_postings(self, &count);
    (void)state;
    assert_int_equal(statement_rows(self), 6);
    assert_int_equal(statement_repeated_rows(self), 0);
    assert_null(statement_get_wallet(self, 1));
    assert_string_equal(wallet->uid, "7");
    assert_string_equal(wallet->currency, "USDT");
    assert_true(wallet->opening_e20 == 0);
    assert_string_equal(scaled(wallet->closing_e20, STATEMENT_SCALE10), "902.61");
    assert_int_equal(wallet->sums.amount_e8[LEDGER_PNL], 10 * BASE_E8);
    assert_int_equal(wallet->sums.amount_e8[LEDGER_FEE], 720000000);
    assert_int_equal(wallet->sums.amount_e8[LEDGER_FUNDING], -19000000);
    assert_int_equal(wallet->net_e8, 261000000);
    assert_int_equal(wallet->capital_e8, 900 * BASE_E8);
    assert_int_equal(count, 5);
    /* The rebate came first, whatever the order in the file. */
    assert_string_equal(postings[0].account.run, "bybit:7");
    assert_string_equal(postings[0].account.symbol, "BTCUSDT");
    assert_int_equal(postings[0].kind, LEDGER_PNL);
    assert_int_equal(postings[1].amount_e8, -16000000);
    assert_int_equal(postings[2].amount_e8, 264000000);
    assert_int_equal(postings[3].amount_e8, 472000000);
    assert_string_not_equal(postings[2].id, postings[3].id); /* they share a trade id */
    assert_memory_equal(postings[2].id, "bybit:t2:", 9);
    assert_memory_equal(postings[4].id, "bybit:-:", 8);
    for (size_t i = 0; i < count; i++) {
        hean_error error = {0};
        assert_status(ledger_check(&postings[i], &error), HEAN_OK, &error);
    }
    statement_close(self);
}

static void statement_counts_its_types(void **state)
{
    statement *self = must_read(example);
    uint64_t rows = 0;
    (void)state;
    for (size_t i = 0;; i++) {
        const statement_type *type = statement_get_type(self, i);
        if (type == NULL)
            break;
        rows += type->rows;
        if (strcmp(type->type, "TRADE") == 0) {
            assert_int_equal(type->cash_flow, LEDGER_PNL);
            assert_int_equal(type->rows, 3);
            assert_string_equal(scaled(type->change_e20, STATEMENT_SCALE10), "2.8");
        }
        if (strcmp(type->type, "TRANSFER_OUT") == 0)
            assert_int_equal(type->cash_flow, STATEMENT_CAPITAL);
    }
    assert_int_equal(rows, 6);
    statement_close(self);
}

#define ROW(type, funding, fee, flow, change, balance)                                             \
    "7,2024-12-01 10:00:00,USDT,BTCUSDT," type ",,,,," funding "," fee "," flow "," change         \
    "," balance ",,,\n"

typedef struct kind_row {
    const char *row;
    int64_t pnl, fee, funding, reward, capital; /* e8 */
} kind_row;

static void statement_knows_what_each_type_is(void **state)
{
    static const kind_row rows[] = {
        {ROW("TRADE", "0", "1", "5", "4", "4"), 500000000, 100000000, 0, 0, 0},
        {ROW("LIQUIDATION", "0", "1", "-5", "-6", "4"), -500000000, 100000000, 0, 0, 0},
        {ROW("SETTLEMENT", "2", "0", "3", "5", "5"), 300000000, 0, 200000000, 0, 0},
        {ROW("BONUS", "0", "0", "5", "5", "5"), 0, 0, 0, 500000000, 0},
        {ROW("BONUS_RECOLLECT", "0", "0", "-5", "-5", "5"), 0, 0, 0, -500000000, 0},
        {ROW("FEE_REFUND", "0", "0", "5", "5", "5"), 0, -500000000, 0, 0, 0},
        {ROW("INTEREST", "0", "0", "-5", "-5", "5"), 0, 0, -500000000, 0, 0},
        {ROW("TRANSFER_IN", "0", "0", "5", "5", "5"), 0, 0, 0, 0, 500000000},
        {ROW("transfer_in", "", "", "--", "5", "5"), 0, 0, 0, 0, 500000000},
        {ROW("CURRENCY_SELL", "0", "0.2", "-9.8", "-10", "0"), 0, 20000000, 0, 0, -980000000},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        char text[1024];
        statement *self;
        const statement_wallet *wallet;
        (void)snprintf(text, sizeof text, PREAMBLE HEADER "%s", rows[i].row);
        self = must_read(text);
        wallet = statement_get_wallet(self, 0);
        assert_int_equal(wallet->sums.amount_e8[LEDGER_PNL], rows[i].pnl);
        assert_int_equal(wallet->sums.amount_e8[LEDGER_FEE], rows[i].fee);
        assert_int_equal(wallet->sums.amount_e8[LEDGER_FUNDING], rows[i].funding);
        assert_int_equal(wallet->sums.amount_e8[LEDGER_REWARD], rows[i].reward);
        assert_int_equal(wallet->capital_e8, rows[i].capital);
        statement_close(self);
    }
}

static void statement_lets_the_caller_say_what_a_type_is(void **state)
{
    const char *text = PREAMBLE HEADER ROW("NOVELTY", "0", "0", "5", "5", "5");
    const char *treat[] = {"NOVELTY_TOO=PNL", "NOVELTY=REWARD"};
    const char *wrong[] = {"NOVELTY", "=PNL", "NOVELTY=OPPORTUNITY_COST"};
    statement_options options = {treat, 2, "desk"};
    statement *self = NULL;
    hean_error error = {0};
    size_t count;
    (void)state;
    assert_refused(text, HEAN_E_INVALID, "line 3: the type NOVELTY is unknown");
    assert_status(read_text(text, &options, &self, &error), HEAN_OK, &error);
    assert_int_equal(statement_get_wallet(self, 0)->sums.amount_e8[LEDGER_REWARD], 500000000);
    assert_string_equal(statement_postings(self, &count)->account.process, "desk");
    statement_close(self);
    for (size_t i = 0; i < BASE_COUNT(wrong); i++) {
        options = (statement_options){&wrong[i], 1, NULL};
        assert_status(read_text(text, &options, &self, &error), HEAN_E_INVALID, &error);
    }
}

static void statement_reads_what_spreadsheets_make_of_it(void **state)
{
    statement *plain = must_read(example);
    char quoted[4 * sizeof example];
    size_t length = 0, count, other_count;
    statement *self;
    const ledger_posting *postings, *other;
    (void)state;
    /* A byte order mark, quotes around every field, CRLF, a blank line at the end. */
    length += (size_t)snprintf(quoted, sizeof quoted, "\xef\xbb\xbf\"");
    for (const char *at = example; *at != 0; at++) {
        if (*at == ',')
            length += (size_t)snprintf(quoted + length, sizeof quoted - length, "\",\"");
        else if (*at == '\n')
            length += (size_t)snprintf(quoted + length, sizeof quoted - length, "\"\r\n%s",
                                       at[1] != 0 ? "\"" : "\r\n");
        else
            quoted[length++] = *at;
    }
    quoted[length] = 0;
    self = must_read(quoted);
    postings = statement_postings(plain, &count);
    other = statement_postings(self, &other_count);
    assert_int_equal(count, other_count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(postings[i].id, other[i].id);
        assert_null(ledger_difference(&postings[i], &other[i]));
    }
    statement_close(plain);
    statement_close(self);
}

/* An export of another year: other columns, 20 decimals, fees with the sign of the cash. */
static void statement_reads_fees_that_are_written_as_cash(void **state)
{
    statement *self = must_read(
        "UID: 5,Company Name: ,Country: \n"
        "Uid,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,"
        "Cash Flow,Change,Wallet Balance,Action,Time(UTC)\n"
        "5,USDT,XUSDT,TRADE,SELL,0.02,0.02,4356.00000000000000000000,0.00000000000000000000,"
        "-0.08712000000000000000,1.03750000000000000000,0.95038000000000000000,"
        "306.66408947000000000000,CLOSE,2026-09-22 19:11:48\n"
        "5,USDT,XUSDT,SETTLEMENT,BUY,--,0.02,--,-0.00436130000000000000,0.00000000000000000000,"
        "0.00000000000000000000,-0.00436130000000000000,306.65972817000000000000,SETTLEMENT,"
        "2026-09-22 20:00:00\n");
    const statement_wallet *wallet = statement_get_wallet(self, 0);
    (void)state;
    assert_int_equal(wallet->sums.amount_e8[LEDGER_FEE], 8712000);
    assert_int_equal(wallet->sums.amount_e8[LEDGER_PNL], 103750000);
    assert_int_equal(wallet->sums.amount_e8[LEDGER_FUNDING], -436130);
    statement_close(self);
}

static void statement_loses_nothing_by_rounding(void **state)
{
    /* Thirds of 1e-8: each row alone would round to nothing. */
    statement *self =
        must_read(PREAMBLE HEADER "7,2024-12-01 10:00:01,USDT,,BONUS,,,,,0,0,0.0000000033,"
                                  "0.0000000033,0.0000000033,,,\n"
                                  "7,2024-12-01 10:00:02,USDT,,BONUS,,,,,0,0,0.0000000033,"
                                  "0.0000000033,0.0000000066,,,\n"
                                  "7,2024-12-01 10:00:03,USDT,,BONUS,,,,,0,0,0.0000000034,"
                                  "0.0000000034,0.00000001,,,\n");
    (void)state;
    assert_int_equal(statement_get_wallet(self, 0)->sums.amount_e8[LEDGER_REWARD], 1);
    statement_close(self);
}

static void statement_counts_a_row_once_however_often_it_stands_there(void **state)
{
    char text[2 * sizeof example];
    statement *self;
    size_t count;
    (void)state;
    (void)snprintf(text, sizeof text, "%s%s", example, strchr(strchr(example, '\n') + 1, '\n') + 1);
    self = must_read(text);
    (void)statement_postings(self, &count);
    assert_int_equal(count, 5);
    assert_int_equal(statement_rows(self), 6);
    assert_int_equal(statement_repeated_rows(self), 6);
    statement_close(self);
}

static void statement_finds_the_start_of_a_circle(void **state)
{
    /* The wallet ends where it began, and its first two rows share a second. */
    statement *self = must_read(PREAMBLE HEADER
                                "7,2024-12-01 10:00:00,USDT,,TRANSFER_OUT,,,,,0,0,-5,-5,95,,,\n"
                                "7,2024-12-01 10:00:00,USDT,,TRANSFER_IN,,,,,0,0,7,7,102,,,\n"
                                "7,2024-12-01 10:00:09,USDT,,TRANSFER_OUT,,,,,0,0,-2,-2,100,,,\n");
    (void)state;
    assert_string_equal(scaled(statement_get_wallet(self, 0)->opening_e20, STATEMENT_SCALE10),
                        "100");
    statement_close(self);
    /* The first row in the file is not the first that happened. */
    self = must_read(PREAMBLE HEADER
                     "7,2024-12-01 10:00:00,USDT,,TRANSFER_OUT,,,,,0,0,-9,-9,91,,,\n"
                     "7,2024-12-01 10:00:00,USDT,,TRANSFER_IN,,,,,0,0,20,20,100,,,\n"
                     "7,2024-12-01 10:00:09,USDT,,TRANSFER_OUT,,,,,0,0,-11,-11,80,,,\n");
    assert_string_equal(scaled(statement_get_wallet(self, 0)->opening_e20, STATEMENT_SCALE10),
                        "80");
    statement_close(self);
}

static void statement_follows_the_balances_where_times_are_late(void **state)
{
    statement *self =
        must_read(PREAMBLE HEADER "7,2024-12-01 10:00:03,USDT,,BONUS,,,,,0,0,1,1,1,,,\n"
                                  "7,2024-12-01 10:00:02,USDT,,BONUS,,,,,0,0,2,2,3,,,\n"
                                  "7,2024-12-01 10:00:01,USDT,,BONUS,,,,,0,0,4,4,7,,,\n"
                                  "7,2024-12-01 10:00:09,USDT,,BONUS,,,,,0,0,8,8,15,,,\n");
    (void)state;
    assert_true(statement_get_wallet(self, 0)->opening_e20 == 0);
    assert_int_equal(statement_get_wallet(self, 0)->net_e8, 15 * BASE_E8);
    statement_close(self);
}

typedef struct refused_row {
    const char *text;
    hean_status status;
    const char *message;
} refused_row;

static void statement_names_the_line_that_is_wrong(void **state)
{
    static const refused_row rows[] = {
        {"", HEAN_E_FORMAT, "the statement is empty"},
        {PREAMBLE, HEAN_E_FORMAT, "the statement is empty"},
        {"a,b\n1,2\n", HEAN_E_FORMAT, "line 1: no column Time"},
        {PREAMBLE "Time,Time\n", HEAN_E_FORMAT, "line 2: the column Time stands twice"},
        {PREAMBLE HEADER "7,2024\n", HEAN_E_PARSE, "line 3: expected 17 fields, got 2"},
        {PREAMBLE HEADER "\"7\n", HEAN_E_PARSE, "line 3: a quote is not closed"},
        {PREAMBLE HEADER "\"7\"x\n", HEAN_E_PARSE, "line 3: text follows a closing quote"},
        {PREAMBLE HEADER ROW("TRADE", "x", "0", "5", "5", "5"), HEAN_E_PARSE,
         "line 3: Funding: expected a number, got \"x\""},
        {PREAMBLE HEADER ROW("TRADE", "0", "0", "5", "", "5"), HEAN_E_PARSE,
         "line 3: Change: expected a number"},
        {PREAMBLE HEADER ROW("TRADE", "0", "0", "5", "5", "--"), HEAN_E_PARSE,
         "line 3: Wallet Balance: expected a number"},
        {PREAMBLE HEADER ROW("TRADE", "0", "0", "5", "5", "1e17"), HEAN_E_RANGE,
         "line 3: Wallet Balance"},
        {PREAMBLE HEADER ROW("TRADE", "0", "0", "5", "5", "1e11"), HEAN_E_RANGE,
         "line 3: an amount does not fit"},
        {PREAMBLE HEADER ROW("TRADE", "0", "0", "5", "5", "0.000000000000000000001"), HEAN_E_RANGE,
         "line 3: Wallet Balance"},
        {PREAMBLE HEADER ROW("", "0", "0", "5", "5", "5"), HEAN_E_PARSE, "line 3: Type is empty"},
        {PREAMBLE HEADER ROW("TR\xc3\xa9", "0", "0", "5", "5", "5"), HEAN_E_PARSE,
         "line 3: Type: expected ASCII"},
        {PREAMBLE HEADER ROW("TRADE", "0", "1", "5", "5", "5"), HEAN_E_CORRUPT,
         "line 3: Change is 5, but Cash Flow + Funding - Fee Paid is 4"},
        /* The sign of fees is the same in a whole file. */
        {PREAMBLE HEADER ROW("TRADE", "0", "1", "5", "4", "4")
             ROW("TRADE", "0", "-1", "5", "4", "8"),
         HEAN_E_CORRUPT, "line 4: Change is 4, but Cash Flow + Funding - Fee Paid is 6"},
        {PREAMBLE HEADER "7,soon,USDT,,TRADE,,,,,0,0,5,5,5,,,\n", HEAN_E_PARSE,
         "line 3: Time: expected a time"},
        {PREAMBLE HEADER "7,2024-12-01 10:00:01,USDT,,BONUS,,,,,0,0,1,1,1,,,\n"
                         "7,2024-12-01 10:00:02,USDT,,BONUS,,,,,0,0,1,1,2,,,\n"
                         "7,2024-12-01 10:00:03,USDT,,BONUS,,,,,0,0,1,1,4,,,\n",
         HEAN_E_CORRUPT,
         "line 5: the wallet of 7 in USDT had 3 before this row, but the row before it, line 4, "
         "left 2"},
        {PREAMBLE HEADER "7,2024-12-01 10:00:01,USDT,,BONUS,,,,,0,0,1,1,1,,,\n"
                         "7,2024-12-01 10:00:01,USDT,,BONUS,,,,,0,0,1,1,9,,,\n",
         HEAN_E_CORRUPT, "the wallet of 7 in USDT had"},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        assert_refused(rows[i].text, rows[i].status, rows[i].message);
    assert_int_equal(statement_read(base_allocator_default(), "a\0b", 3, &(statement_options){0},
                                    &(statement *){NULL}, NULL),
                     HEAN_E_FORMAT);
}

/* ---- random wallets ---- */

#define RANDOM_ROWS    120
#define RANDOM_WALLETS 4

typedef struct random_row {
    char text[400];
    size_t wallet;
} random_row;

typedef struct random_statement {
    random_row rows[RANDOM_ROWS];
    int64_t pnl[RANDOM_WALLETS], fee[RANDOM_WALLETS], funding[RANDOM_WALLETS],
        capital[RANDOM_WALLETS];
} random_statement;

static const char *const wallet_names[RANDOM_WALLETS][2] = {
    {"100", "BTC"}, {"100", "USDT"}, {"200", "USDC"}, {"200", "USDT"}};

static int64_t random_amount(base_random *random)
{
    int64_t amount = (int64_t)base_random_below(random, 2000000000) - 1000000000;
    return amount != 0 ? amount : 1;
}

static void make_random_row(random_statement *self, size_t index, int64_t *balances,
                            int64_t *time_s, base_random *random)
{
    random_row *row = &self->rows[index];
    size_t w = base_random_below(random, RANDOM_WALLETS);
    int64_t fee = 0, funding = 0, flow = 0, change;
    char time[40], texts[5][48];
    const char *type = "TRADE";

    row->wallet = w;
    switch (base_random_below(random, 4)) {
    case 0:
        type = "SETTLEMENT";
        funding = random_amount(random);
        self->funding[w] += funding;
        break;
    case 1:
        type = base_random_below(random, 2) != 0 ? "TRANSFER_IN" : "TRANSFER_OUT";
        flow = random_amount(random);
        self->capital[w] += flow;
        break;
    default:
        fee = (int64_t)base_random_below(random, 10000) - 1000;
        flow = random_amount(random);
        self->pnl[w] += flow;
        self->fee[w] += fee;
    }
    change = flow + funding - fee;
    balances[w] += change;
    *time_s += (int64_t)base_random_below(random, 3) / 2; /* mostly the same second */
    base_time_format(*time_s * BASE_NS_PER_S, time, sizeof time);
    const int64_t numbers[5] = {funding, fee, flow, change, balances[w]};
    for (int i = 0; i < 5; i++) {
        decimal_format_scaled(numbers[i], 8, texts[i], sizeof texts[i]);
        if (numbers[i] == 0)
            (void)snprintf(texts[i], sizeof texts[i], "0E-8");
    }
    (void)snprintf(row->text, sizeof row->text,
                   "%s,%s,%s,BTCUSDT,%s,BUY,,,,%s,%s,%s,%s,%s,,t%zu,\n", wallet_names[w][0], time,
                   wallet_names[w][1], type, texts[0], texts[1], texts[2], texts[3], texts[4],
                   index / 2);
}

static void make_random(random_statement *self, base_random *random)
{
    int64_t balances[RANDOM_WALLETS];
    int64_t time_s = 1733011200;

    memset(self, 0, sizeof *self);
    for (size_t i = 0; i < RANDOM_WALLETS; i++)
        balances[i] = random_amount(random);
    for (size_t i = 0; i < RANDOM_ROWS; i++)
        make_random_row(self, i, balances, &time_s, random);
}

/* All rows but `without` in a random order. */
static char *shuffled(const random_statement *self, size_t without, base_random *random)
{
    static char text[RANDOM_ROWS * 400 + 400];
    size_t order[RANDOM_ROWS], length;

    for (size_t i = 0; i < RANDOM_ROWS; i++)
        order[i] = i;
    for (size_t i = RANDOM_ROWS; i > 1; i--) {
        size_t other = base_random_below(random, i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
    length = (size_t)snprintf(text, sizeof text, "UID: 100\n%s", HEADER);
    for (size_t i = 0; i < RANDOM_ROWS; i++) {
        if (order[i] != without)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s",
                                       self->rows[order[i]].text);
    }
    return text;
}

static bool is_inside(const random_statement *self, size_t index)
{
    bool before = false, after = false;
    for (size_t i = 0; i < RANDOM_ROWS; i++) {
        if (self->rows[i].wallet == self->rows[index].wallet) {
            before = before || i < index;
            after = after || i > index;
        }
    }
    return before && after;
}

static void statement_proves_random_wallets_in_any_order(void **state)
{
    static random_statement made;
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int round = 0; round < 30; round++) {
        statement *self, *again;
        const ledger_posting *postings, *other;
        size_t count, other_count;
        hean_error error = {0};
        make_random(&made, &random);
        self = must_read(shuffled(&made, SIZE_MAX, &random));
        for (size_t w = 0, shown = 0; w < RANDOM_WALLETS; w++) {
            const statement_wallet *wallet = statement_get_wallet(self, shown++);
            assert_string_equal(wallet->currency, wallet_names[w][1]);
            assert_int_equal(wallet->sums.amount_e8[LEDGER_PNL], made.pnl[w]);
            assert_int_equal(wallet->sums.amount_e8[LEDGER_FEE], made.fee[w]);
            assert_int_equal(wallet->sums.amount_e8[LEDGER_FUNDING], made.funding[w]);
            assert_int_equal(wallet->capital_e8, made.capital[w]);
        }
        /* Another order gives the same postings in the same order. */
        again = must_read(shuffled(&made, SIZE_MAX, &random));
        postings = statement_postings(self, &count);
        other = statement_postings(again, &other_count);
        assert_int_equal(count, other_count);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(postings[i].id, other[i].id);
        statement_close(again);
        statement_close(self);
        for (size_t i = 0; i < 10; i++) {
            size_t without = base_random_below(&random, RANDOM_ROWS);
            if (!is_inside(&made, without))
                continue;
            assert_status(read_text(shuffled(&made, without, &random), NULL, &self, &error),
                          HEAN_E_CORRUPT, &error);
            assert_non_null(strstr(error.message, "before this row"));
        }
    }
}

static void statement_survives_allocation_failures(void **state)
{
    statement_options options = {0};
    (void)state;
    for (uint64_t fail_at = 1;; fail_at++) {
        test_allocator memory;
        statement *self = NULL;
        hean_status status;
        test_allocator_init(&memory, fail_at);
        status = statement_read(&memory.allocator, example, strlen(example), &options, &self, NULL);
        statement_close(self);
        assert_int_equal(memory.live, 0);
        if (memory.calls < fail_at) {
            assert_int_equal(status, HEAN_OK);
            assert_true(fail_at > 5);
            return;
        }
        assert_int_equal(status, HEAN_E_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_orders_rows_by_the_balances_and_splits_them),
        cmocka_unit_test(statement_counts_its_types),
        cmocka_unit_test(statement_knows_what_each_type_is),
        cmocka_unit_test(statement_lets_the_caller_say_what_a_type_is),
        cmocka_unit_test(statement_reads_what_spreadsheets_make_of_it),
        cmocka_unit_test(statement_reads_fees_that_are_written_as_cash),
        cmocka_unit_test(statement_loses_nothing_by_rounding),
        cmocka_unit_test(statement_counts_a_row_once_however_often_it_stands_there),
        cmocka_unit_test(statement_finds_the_start_of_a_circle),
        cmocka_unit_test(statement_follows_the_balances_where_times_are_late),
        cmocka_unit_test(statement_names_the_line_that_is_wrong),
        cmocka_unit_test(statement_proves_random_wallets_in_any_order),
        cmocka_unit_test(statement_survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
