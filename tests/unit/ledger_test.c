/*
 * ledger_test.c: what a posting must be, the bytes of the chain, L1 to L5 of the ledger in memory
 * under random postings, repetitions, conflicts, failures and damage.
 */
#include "../../core/ledger/memory.h"

#include <support.h>

#include <string.h>

static ledger_posting posting(const char *id, ledger_kind kind, int64_t amount_e8)
{
    ledger_posting made = {.id = id,
                           .account = {LEDGER_LIVE, "r1", "p1", "", "BTCUSDT", "USDT"},
                           .time_ns = INT64_C(1700000000000000000),
                           .kind = kind,
                           .amount_e8 = amount_e8};
    return made;
}

static ledger *open_ledger(void)
{
    ledger *self = NULL;
    hean_error error = {0};
    assert_status(ledger_open(NULL, &self, &error), HEAN_OK, &error);
    return self;
}

/* ---- one posting alone ---- */

static void ledger_names_kinds_and_modes(void **state)
{
    (void)state;
    for (int i = 0; i < LEDGER_KIND_COUNT; i++) {
        ledger_kind kind = LEDGER_KIND_COUNT;
        assert_int_equal(ledger_kind_parse(ledger_kind_text((ledger_kind)i), &kind), HEAN_OK);
        assert_int_equal(kind, i);
    }
    for (int i = 0; i < LEDGER_MODE_COUNT; i++) {
        ledger_mode mode = LEDGER_MODE_COUNT;
        assert_int_equal(ledger_mode_parse(ledger_mode_text((ledger_mode)i), &mode), HEAN_OK);
        assert_int_equal(mode, i);
    }
    assert_string_equal(ledger_kind_text((ledger_kind)99), "UNKNOWN");
    assert_string_equal(ledger_mode_text((ledger_mode)-1), "unknown");
    assert_int_equal(ledger_kind_parse("pnl", &(ledger_kind){0}), HEAN_E_NOT_FOUND);
    assert_int_equal(ledger_mode_parse("", &(ledger_mode){0}), HEAN_E_NOT_FOUND);
}

static void ledger_check_names_the_field_that_is_wrong(void **state)
{
    char long_name[LEDGER_NAME_BYTES + 2], long_basis[LEDGER_BASIS_BYTES + 2];
    hean_error error = {0};
    (void)state;
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    memset(long_basis, 'x', sizeof long_basis);
    long_basis[sizeof long_basis - 1] = 0;

#define REFUSED(field, value, expected, word)                                                      \
    do {                                                                                           \
        ledger_posting bad = posting("a", LEDGER_PNL, 1);                                          \
        bad.field = (value);                                                                       \
        assert_status(ledger_check(&bad, &error), expected, &error);                               \
        assert_non_null(strstr(error.message, word));                                              \
    } while (0)
    REFUSED(id, NULL, HEAN_E_INVALID, "id");
    REFUSED(id, "", HEAN_E_INVALID, "id");
    REFUSED(id, long_name, HEAN_E_RANGE, "id");
    REFUSED(id, "12345678\x1b[0m", HEAN_E_INVALID, "UTF-8");
    REFUSED(id, "a\x7f", HEAN_E_INVALID, "UTF-8");
    REFUSED(id, "abcdefg\x7f", HEAN_E_INVALID, "UTF-8");
    REFUSED(id, "\xc2\x85", HEAN_E_INVALID, "UTF-8");
    REFUSED(id, "\xed\xa0\x80", HEAN_E_INVALID, "UTF-8");
    REFUSED(account.mode, (ledger_mode)LEDGER_MODE_COUNT, HEAN_E_INVALID, "mode");
    REFUSED(account.run, "", HEAN_E_INVALID, "run");
    REFUSED(account.process, NULL, HEAN_E_INVALID, "process");
    REFUSED(account.strategy, NULL, HEAN_E_INVALID, "strategy");
    REFUSED(account.symbol, "\xff", HEAN_E_INVALID, "symbol");
    REFUSED(account.symbol, long_name, HEAN_E_RANGE, "symbol");
    REFUSED(account.currency, "", HEAN_E_INVALID, "currency");
    REFUSED(basis, "tab\t", HEAN_E_INVALID, "basis");
    REFUSED(basis, long_basis, HEAN_E_RANGE, "basis");
    REFUSED(kind, (ledger_kind)LEDGER_KIND_COUNT, HEAN_E_INVALID, "kind");
    REFUSED(time_ns, -1, HEAN_E_RANGE, "time");
    REFUSED(amount_e8, INT64_MIN, HEAN_E_RANGE, "amount");
#undef REFUSED
    long_name[LEDGER_NAME_BYTES] = 0;
    long_basis[LEDGER_BASIS_BYTES] = 0;
    {
        ledger_posting good = posting(long_name, LEDGER_FEE, -INT64_MAX);
        good.account = (ledger_account){LEDGER_BACKTEST, long_name, long_name,
                                        long_name,       long_name, long_name};
        good.basis = long_basis;
        assert_status(ledger_check(&good, &error), HEAN_OK, &error);
        good.id = "пример 例 🙂";
        assert_status(ledger_check(&good, &error), HEAN_OK, &error);
    }
}

/* Computed once by another program from the description in chain.c: these bytes never change. */
static void ledger_chain_hashes_the_bytes_that_are_documented(void **state)
{
    ledger_posting fee = posting("exec:1:fee", LEDGER_FEE, -150000000);
    ledger_posting cost = posting("run:1:opp", LEDGER_OPPORTUNITY_COST, 5);
    uint8_t digest[HASH_SHA256_BYTES], hash[HASH_SHA256_BYTES] = {0};
    char hex[HASH_SHA256_HEX_BYTES];
    (void)state;
    cost.time_ns++;
    cost.basis = "5 % a year, \xc3\xa9";
    ledger_account_digest(&fee.account, digest);
    hash_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "0e7cdd5183ea7a38a06cc1a61b43d26de2abea6998f9eead4ff760e5898ded56");
    ledger_chain(hash, digest, &fee, hash);
    hash_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "4e87cf4ff761c878d2ed2e2e2746477e76d8ee7afab8b3897e4e9debd32b5f4a");
    ledger_chain(hash, digest, &cost, hash);
    hash_hex(hash, sizeof hash, hex);
    assert_string_equal(hex, "9c32bb31c60ec6a74301b244dd0782fbe964f0e64ad5de99fd17626ff86f4c04");
    fee.basis = "";
    {
        uint8_t with[HASH_SHA256_BYTES], without[HASH_SHA256_BYTES];
        ledger_chain(digest, digest, &fee, with);
        fee.basis = NULL;
        ledger_chain(digest, digest, &fee, without);
        assert_memory_equal(with, without, sizeof with);
    }
}

static void ledger_net_is_exact_or_refused(void **state)
{
    ledger_sums sums = {.amount_e8 = {INT64_MAX, INT64_MAX, 0, 0, 0}};
    ledger_sums more = {.amount_e8 = {1, 0, 0, 0, 0}, .entries = 1};
    ledger_sums before = sums;
    int64_t net_e8 = 7;
    (void)state;
    assert_int_equal(ledger_net(&sums, &net_e8), HEAN_OK);
    assert_int_equal(net_e8, 0);
    sums.amount_e8[LEDGER_FEE] = -1;
    assert_int_equal(ledger_net(&sums, &net_e8), HEAN_E_RANGE);
    assert_int_equal(net_e8, 0);
    sums.amount_e8[LEDGER_FEE] = INT64_MAX;
    assert_int_equal(ledger_sums_add(&sums, &more), HEAN_E_RANGE);
    assert_memory_equal(&sums, &before, sizeof sums);
    assert_true(ledger_profit_illusion(1, -1));
    assert_false(ledger_profit_illusion(0, -1));
    assert_false(ledger_profit_illusion(1, 0));
}

/* ---- posting ---- */

static void ledger_posts_an_id_once_and_refuses_it_with_other_content(void **state)
{
    ledger *self = open_ledger();
    ledger_posting first = posting("a", LEDGER_PNL, 100);
    ledger_result result = {0};
    hean_error error = {0};
    uint8_t head[HASH_SHA256_BYTES], now[HASH_SHA256_BYTES];
    (void)state;
    assert_status(ledger_post(self, &first, 1, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 1);
    ledger_head(self, head);
    assert_status(ledger_post(self, &first, 1, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 0);
    assert_int_equal(result.repeated, 1);

#define CONFLICT(field, value, word)                                                               \
    do {                                                                                           \
        ledger_posting other = first;                                                              \
        other.field = (value);                                                                     \
        assert_status(ledger_post(self, &other, 1, &result, &error), HEAN_E_EXISTS, &error);       \
        assert_non_null(strstr(error.message, "another " word));                                   \
    } while (0)
    CONFLICT(amount_e8, 101, "amount");
    CONFLICT(kind, LEDGER_FEE, "kind");
    CONFLICT(time_ns, first.time_ns + 1, "time");
    CONFLICT(account.mode, LEDGER_PAPER, "mode");
    CONFLICT(account.run, "r2", "run");
    CONFLICT(account.process, "p2", "process");
    CONFLICT(account.strategy, "s", "strategy");
    CONFLICT(account.symbol, "ETHUSDT", "symbol");
    CONFLICT(account.currency, "USDC", "currency");
    CONFLICT(basis, "a guess", "basis");
#undef CONFLICT
    ledger_head(self, now);
    assert_memory_equal(head, now, sizeof head);
    assert_int_equal(ledger_entries(self), 1);
    assert_int_equal(self->account_count, 1);
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    ledger_close(self);
}

static void ledger_posts_a_batch_whole_or_not_at_all(void **state)
{
    ledger *self = open_ledger();
    ledger_posting batch[40];
    char ids[40][8];
    ledger_result result = {9, 9};
    hean_error error = {0};
    (void)state;
    for (int i = 0; i < 40; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "id%d", i);
        batch[i] = posting(ids[i], LEDGER_PNL, i);
        batch[i].account.run = ids[i]; /* an account each */
    }
    batch[39].id = "id0";
    assert_status(ledger_post(self, batch, 40, &result, &error), HEAN_E_EXISTS, &error);
    assert_int_equal(result.posted, 9);
    assert_int_equal(ledger_entries(self), 0);
    assert_int_equal(self->account_count, 0);
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    batch[39].id = "";
    assert_status(ledger_post(self, batch, 40, &result, &error), HEAN_E_INVALID, &error);
    batch[39] = batch[38]; /* the same again within a batch is a repetition */
    assert_status(ledger_post(self, batch, 40, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 39);
    assert_int_equal(result.repeated, 1);
    assert_status(ledger_post(self, batch, 0, &result, &error), HEAN_OK, &error);
    assert_int_equal(result.posted, 0);
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    ledger_close(self);
}

static void ledger_refuses_what_would_overflow_a_balance(void **state)
{
    ledger *self = open_ledger();
    ledger_posting fits[] = {posting("a", LEDGER_PNL, INT64_MAX), posting("b", LEDGER_PNL, 0)};
    ledger_posting sum_over = posting("c", LEDGER_PNL, 1);
    ledger_posting net_over = posting("d", LEDGER_FEE, -1);
    ledger_posting net_back[] = {posting("e", LEDGER_FEE, INT64_MAX),
                                 posting("f", LEDGER_OPPORTUNITY_COST, INT64_MAX)};
    ledger_posting under = posting("g", LEDGER_REWARD, -2);
    hean_error error = {0};
    (void)state;
    assert_status(ledger_post(self, fits, 2, NULL, &error), HEAN_OK, &error);
    assert_status(ledger_post(self, &sum_over, 1, NULL, &error), HEAN_E_RANGE, &error);
    assert_status(ledger_post(self, &net_over, 1, NULL, &error), HEAN_E_RANGE, &error);
    assert_status(ledger_post(self, net_back, 2, NULL, &error), HEAN_OK, &error);
    assert_status(ledger_post(self, &under, 1, NULL, &error), HEAN_E_RANGE, &error);
    assert_int_equal(ledger_entries(self), 4);
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    ledger_close(self);
}

static void ledger_gives_its_entries_back(void **state)
{
    ledger *self = open_ledger();
    ledger_posting first = posting("a", LEDGER_REWARD, -5), back;
    (void)state;
    first.basis = "why";
    assert_int_equal(ledger_post(self, &first, 1, NULL, NULL), HEAN_OK);
    assert_int_equal(ledger_entry(self, 0, &back), HEAN_OK);
    assert_string_equal(back.id, "a");
    assert_null(ledger_difference(&first, &back));
    assert_int_equal(ledger_entry(self, 1, &back), HEAN_E_NOT_FOUND);
    ledger_close(self);
}

/* False if memory did not run out before the 300 postings were done. */
static bool post_with_failure_at(uint64_t fail_at)
{
    test_allocator memory;
    ledger *self = NULL;
    hean_error error = {0};
    bool failed = false;

    test_allocator_init(&memory, fail_at);
    if (ledger_open(&memory.allocator, &self, &error) != HEAN_OK) {
        assert_int_equal(error.status, HEAN_E_NO_MEMORY);
        assert_int_equal(memory.live, 0);
        return true;
    }
    for (int i = 0; i < 300; i++) {
        char id[16];
        ledger_posting next;
        hean_status status;
        (void)snprintf(id, sizeof id, "id%d", i);
        next = posting(id, LEDGER_PNL, i);
        next.account.run = i % 7 == 0 ? id : "r";
        status = ledger_post(self, &next, 1, NULL, &error);
        if (status != HEAN_OK) {
            assert_status(status, HEAN_E_NO_MEMORY, &error);
            assert_int_equal(ledger_entries(self), i);
            failed = true;
            memory.fail_at = 0; /* memory is there again */
            assert_status(ledger_verify(self, &error), HEAN_OK, &error);
            assert_status(ledger_post(self, &next, 1, NULL, &error), HEAN_OK, &error);
        }
    }
    memory.fail_at = 0;
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    ledger_close(self);
    assert_int_equal(memory.live, 0);
    return failed;
}

static void ledger_survives_every_allocation_failure(void **state)
{
    uint64_t fail_at = 1;
    (void)state;
    while (post_with_failure_at(fail_at))
        fail_at++;
    assert_true(fail_at > 10);
}

/* ---- random postings against a plain model ---- */

#define MODEL_MAX 600

typedef struct model {
    ledger_posting items[MODEL_MAX];
    char ids[MODEL_MAX][16];
    size_t count;
} model;

static const char *const model_names[] = {"a", "b", "c"};
static const char *const model_symbols[] = {"", "BTCUSDT", "ETHUSDT"};
static const char *const model_currencies[] = {"USDT", "BTC"};

static ledger_posting random_posting(base_random *random, const char *id)
{
    ledger_posting made = {.id = id};
    made.account.mode = (ledger_mode)base_random_below(random, LEDGER_MODE_COUNT);
    made.account.run = model_names[base_random_below(random, 3)];
    made.account.process = model_names[base_random_below(random, 2)];
    made.account.strategy = model_names[base_random_below(random, 2)];
    made.account.symbol = model_symbols[base_random_below(random, 3)];
    made.account.currency = model_currencies[base_random_below(random, 2)];
    made.time_ns = (int64_t)base_random_below(random, 4) * 86400 * BASE_NS_PER_S +
                   (int64_t)base_random_below(random, 86400) * BASE_NS_PER_S;
    made.kind = (ledger_kind)base_random_below(random, LEDGER_KIND_COUNT);
    made.amount_e8 = (int64_t)base_random_below(random, 2000001) - 1000000;
    made.basis = base_random_below(random, 4) == 0 ? "estimate" : NULL;
    return made;
}

static bool same_or_any(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool model_takes(const ledger_filter *filter, const ledger_posting *item, int64_t day)
{
    const ledger_account *of = &item->account;
    return (filter->mode == LEDGER_ANY || filter->mode == (int)of->mode) &&
           (filter->kind == LEDGER_ANY || filter->kind == (int)item->kind) &&
           same_or_any(filter->run, of->run) && same_or_any(filter->process, of->process) &&
           same_or_any(filter->strategy, of->strategy) && same_or_any(filter->symbol, of->symbol) &&
           same_or_any(filter->currency, of->currency) && day >= filter->from_day &&
           day < filter->to_day;
}

typedef struct comparison {
    const model *expected;
    const ledger_filter *filter;
    unsigned by;
    uint64_t entries; /* of all groups */
    size_t groups;
    ledger_group before; /* texts live in the ledger */
} comparison;

static int text_order(const char *a, const char *b)
{
    return a == NULL ? 0 : strcmp(a, b);
}

static int group_order(const ledger_group *a, const ledger_group *b)
{
    int order = a->mode - b->mode;
    order = order != 0 ? order : text_order(a->run, b->run);
    order = order != 0 ? order : text_order(a->process, b->process);
    order = order != 0 ? order : text_order(a->strategy, b->strategy);
    order = order != 0 ? order : text_order(a->symbol, b->symbol);
    order = order != 0 ? order : text_order(a->currency, b->currency);
    return order != 0 ? order : (a->day > b->day) - (a->day < b->day);
}

static hean_status compare_group(void *context, const ledger_group *group, hean_error *error)
{
    comparison *with = context;
    ledger_filter narrow = *with->filter;
    int64_t sums[LEDGER_KIND_COUNT] = {0};
    uint64_t entries = 0, estimated = 0;
    (void)error;
    if (with->groups++ > 0)
        assert_true(group_order(&with->before, group) < 0);
    with->before = *group;
    if ((with->by & LEDGER_BY_MODE) != 0)
        narrow.mode = group->mode;
    narrow.run = group->run != NULL ? group->run : narrow.run;
    narrow.process = group->process != NULL ? group->process : narrow.process;
    narrow.strategy = group->strategy != NULL ? group->strategy : narrow.strategy;
    narrow.symbol = group->symbol != NULL ? group->symbol : narrow.symbol;
    narrow.currency = group->currency;
    for (size_t i = 0; i < with->expected->count; i++) {
        const ledger_posting *item = &with->expected->items[i];
        int64_t day = item->time_ns / (86400 * BASE_NS_PER_S);
        if (!model_takes(&narrow, item, day) || (group->day != INT64_MIN && group->day != day))
            continue;
        sums[item->kind] += item->amount_e8;
        entries++;
        estimated += item->basis != NULL;
    }
    assert_memory_equal(sums, group->sums.amount_e8, sizeof sums);
    assert_int_equal(entries, group->sums.entries);
    assert_int_equal(estimated, group->sums.estimated);
    assert_true(entries > 0);
    assert_int_equal(group->net_e8, sums[LEDGER_PNL] + sums[LEDGER_FUNDING] + sums[LEDGER_REWARD] -
                                        sums[LEDGER_FEE] - sums[LEDGER_OPPORTUNITY_COST]);
    with->entries += entries;
    return HEAN_OK;
}

static void compare_balances(const ledger *self, const model *expected, base_random *random)
{
    ledger_filter filter = ledger_filter_all();
    comparison with = {.expected = expected, .filter = &filter};
    hean_error error = {0};
    uint64_t entries = 0;

    with.by = (unsigned)base_random_below(random, 64);
    if (base_random_below(random, 3) == 0)
        filter.mode = (int)base_random_below(random, LEDGER_MODE_COUNT);
    if (base_random_below(random, 4) == 0)
        filter.kind = (int)base_random_below(random, LEDGER_KIND_COUNT);
    if (base_random_below(random, 3) == 0)
        filter.run = model_names[base_random_below(random, 3)];
    if (base_random_below(random, 3) == 0)
        filter.symbol = model_symbols[base_random_below(random, 3)];
    if (base_random_below(random, 3) == 0)
        filter.currency = model_currencies[base_random_below(random, 2)];
    if (base_random_below(random, 3) == 0)
        filter.from_day = (int64_t)base_random_below(random, 4);
    if (base_random_below(random, 3) == 0)
        filter.to_day = (int64_t)base_random_below(random, 5);
    assert_status(ledger_balances(self, &filter, with.by, compare_group, &with, &error), HEAN_OK,
                  &error);
    for (size_t i = 0; i < expected->count; i++)
        entries += model_takes(&filter, &expected->items[i],
                               expected->items[i].time_ns / (86400 * BASE_NS_PER_S));
    assert_int_equal(entries, with.entries);
}

/* One random batch: new ids, repetitions, and now and then a conflict that must undo it all. */
static void random_batch(ledger *self, model *expected, base_random *random)
{
    ledger_posting batch[24];
    size_t count = base_random_below(random, 24), fresh = 0, repeated = 0;
    bool conflict = false;
    ledger_result result = {0};
    hean_error error = {0};
    hean_status status;

    for (size_t i = 0; i < count; i++) {
        size_t there = expected->count + fresh;
        if (there > 0 && base_random_below(random, 3) == 0) {
            batch[i] = expected->items[base_random_below(random, there)];
            repeated++;
            if (base_random_below(random, 20) == 0) {
                batch[i].amount_e8++;
                conflict = true;
            }
            continue;
        }
        (void)snprintf(expected->ids[there], sizeof expected->ids[there], "id:%zu", there);
        batch[i] = random_posting(random, expected->ids[there]);
        expected->items[there] = batch[i];
        fresh++;
    }
    status = ledger_post(self, batch, count, &result, &error);
    assert_status(status, conflict ? HEAN_E_EXISTS : HEAN_OK, &error);
    if (!conflict) {
        assert_int_equal(result.posted, fresh);
        assert_int_equal(result.repeated, repeated);
        expected->count += fresh;
    }
}

static void ledger_keeps_every_invariant_under_random_batches(void **state)
{
    static model expected;
    base_random random;
    (void)state;
    base_random_init(&random, test_seed());
    for (int round = 0; round < 8; round++) {
        ledger *self = open_ledger();
        expected.count = 0;
        while (expected.count < MODEL_MAX - 24) {
            hean_error error = {0};
            random_batch(self, &expected, &random);
            assert_int_equal(ledger_entries(self), expected.count);
            assert_status(ledger_verify(self, &error), HEAN_OK, &error);
            compare_balances(self, &expected, &random);
        }
        ledger_close(self);
    }
}

static void ledger_hash_does_not_depend_on_batches(void **state)
{
    static model expected;
    base_random random;
    uint8_t one[HASH_SHA256_BYTES], many[HASH_SHA256_BYTES];
    ledger *self = open_ledger(), *other = open_ledger();
    (void)state;
    base_random_init(&random, test_seed());
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(expected.ids[i], sizeof expected.ids[i], "id:%zu", i);
        expected.items[i] = random_posting(&random, expected.ids[i]);
        assert_int_equal(ledger_post(other, &expected.items[i], 1, NULL, NULL), HEAN_OK);
    }
    assert_int_equal(ledger_post(self, expected.items, 100, NULL, NULL), HEAN_OK);
    ledger_head(self, one);
    ledger_head(other, many);
    assert_memory_equal(one, many, sizeof one);
    ledger_close(self);
    ledger_close(other);
}

/* ---- damage ---- */

static void assert_broken(const ledger *self, const char *where)
{
    hean_error error = {0};
    assert_status(ledger_verify(self, &error), HEAN_E_INVARIANT, &error);
    if (strstr(error.message, where) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", where, error.message);
}

static void ledger_verify_names_the_first_entry_that_is_wrong(void **state)
{
    ledger *self = open_ledger();
    ledger_posting items[3] = {posting("a", LEDGER_PNL, 1), posting("b", LEDGER_FEE, 2),
                               posting("c", LEDGER_PNL, 3)};
    hean_error error = {0};
    entry kept;
    account kept_account;
    (void)state;
    items[1].basis = "guess";
    assert_int_equal(ledger_post(self, items, 3, NULL, NULL), HEAN_OK);
    kept = self->blocks[0][1];
    kept_account = self->accounts[0];

#define DAMAGED(change, where)                                                                     \
    do {                                                                                           \
        change;                                                                                    \
        assert_broken(self, where);                                                                \
        self->blocks[0][1] = kept;                                                                 \
        self->accounts[0] = kept_account;                                                          \
    } while (0)
    DAMAGED(self->blocks[0][1].amount_e8 ^= 1, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].time_ns++, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].kind = LEDGER_PNL, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].kind = 200, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].account = 9, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].id = "b\0other", "entry 2 (b)");
    DAMAGED(self->blocks[0][1].id = self->blocks[0][2].id, "entry 2 (c)");
    DAMAGED(self->blocks[0][1].id_bytes = 0, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].estimated = false, "entry 2 (b)");
    DAMAGED(self->blocks[0][1].hash[31] ^= 1, "entry 2 (b)");
    DAMAGED(self->accounts[0].names.symbol = "ETHUSDT", "entry 1 (a)");
    DAMAGED(self->accounts[0].digest[0] ^= 1, "digest");
    DAMAGED(self->accounts[0].sums.amount_e8[LEDGER_PNL]++, "sums");
    DAMAGED(self->accounts[0].sums.entries++, "sums");
    DAMAGED(self->accounts[0].cash_e8++, "counter");
    DAMAGED(self->accounts[0].imputed_e8++, "counter");
    DAMAGED(self->count = 2, "sums");
    self->count = 3;
#undef DAMAGED
    assert_status(ledger_verify(self, &error), HEAN_OK, &error);
    ledger_close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_names_kinds_and_modes),
        cmocka_unit_test(ledger_check_names_the_field_that_is_wrong),
        cmocka_unit_test(ledger_chain_hashes_the_bytes_that_are_documented),
        cmocka_unit_test(ledger_net_is_exact_or_refused),
        cmocka_unit_test(ledger_posts_an_id_once_and_refuses_it_with_other_content),
        cmocka_unit_test(ledger_posts_a_batch_whole_or_not_at_all),
        cmocka_unit_test(ledger_refuses_what_would_overflow_a_balance),
        cmocka_unit_test(ledger_gives_its_entries_back),
        cmocka_unit_test(ledger_survives_every_allocation_failure),
        cmocka_unit_test(ledger_keeps_every_invariant_under_random_batches),
        cmocka_unit_test(ledger_hash_does_not_depend_on_batches),
        cmocka_unit_test(ledger_verify_names_the_first_entry_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
