/*
 * bench_store.c: the store beside bare SQLite: the same rows into the same tables, batch by batch,
 * in the same run; single durable posts; verify; opening and asking a large ledger.
 *
 * HEAN_BENCH_ENTRIES=10000000 makes the large ledger as large as the figures that are promised.
 */
#include "support.h"

#include "../../core/store/store_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH   100000
#define BATCHES 10
#define SINGLES 300
#define ID_MAX  64

typedef struct rows {
    ledger_posting postings[BATCH];
    char ids[BATCH][ID_MAX];
} rows;

static char folder[2048];

static const char *path_of(const char *name)
{
    static char path[2100];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(base_clock_monotonic_ns() - start_ns) / 1e9;
}

static store *open_store(const char *name)
{
    hean_error error;
    store *opened;
    if (store_open(NULL, path_of(name), STORE_WRITE, &opened, &error) != HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return opened;
}

/* Batch `number` of a ledger: a fill is a PnL and a fee. A venue's ids are random, a backtest's
 * count up. */
static void fill_rows(rows *out, base_random *random, int number, bool counted)
{
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "XRPUSDT", "SOLUSDT", "ADAUSDT"};
    static char runs[200][16];

    for (int i = 0; i < 200; i++)
        (void)snprintf(runs[i], sizeof runs[i], "run-%03d", i);
    for (int i = 0; i < BATCH; i++) {
        ledger_posting *to = &out->postings[i];
        int entry = number * BATCH + i, fill = entry / 2;
        const char *run = runs[(entry / 1000) % 200];
        if (counted)
            (void)snprintf(out->ids[i], ID_MAX, "exec:%s:%d:%s", run, fill,
                           i % 2 == 0 ? "pnl" : "fee");
        else
            (void)snprintf(out->ids[i], ID_MAX, "exec:%016llx-%016llx:%s",
                           (unsigned long long)base_random_next(random),
                           (unsigned long long)base_random_next(random),
                           i % 2 == 0 ? "pnl" : "fee");
        *to = (ledger_posting){
            .id = out->ids[i],
            .account = {.mode = LEDGER_BACKTEST,
                        .run = run,
                        .process = run[6] % 2 ? "p1" : "p2",
                        .strategy = "maker",
                        .symbol = symbols[entry / 200000 % 5],
                        .currency = "USDT"},
            .time_ns = INT64_C(1700000000) * BASE_NS_PER_S + entry * 250 * BASE_NS_PER_MS,
            .kind = i % 2 == 0 ? LEDGER_PNL : LEDGER_FEE,
            .amount_e8 = (int64_t)base_random_below(random, 1000000000) - 300000000};
    }
}

static void must(bool condition, const char *what, store *self)
{
    if (!condition) {
        (void)fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(self->db));
        exit(1);
    }
}

/* What one would write without HEAN: the entry, its key, one commit. */
typedef struct bare {
    store *store;
    sqlite3_stmt *entry, *key;
    int64_t sequence;
} bare;

static bare open_bare(const char *name)
{
    bare self = {.store = open_store(name)};

    must(sql_prepare(self.store, "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &self.entry,
                     NULL) == HEAN_OK &&
             sql_prepare(self.store, "INSERT INTO entry_id VALUES (?, ?)", &self.key, NULL) ==
                 HEAN_OK,
         "prepare", self.store);
    return self;
}

static void close_bare(bare *self)
{
    (void)sqlite3_finalize(self->entry);
    (void)sqlite3_finalize(self->key);
    store_close(self->store);
}

static void bare_batch(bare *to, const ledger_posting *from, size_t count)
{
    static const uint8_t hash[HASH_SHA256_BYTES] = {1};
    sqlite3_stmt *entry = to->entry, *key = to->key;
    store *self = to->store;

    must(sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK, "begin", self);
    for (size_t i = 0; i < count; i++) {
        const ledger_posting *posting = &from[i];
        to->sequence++;
        must((sqlite3_bind_int64(entry, 1, to->sequence) |
              sqlite3_bind_int64(entry, 2, 1 + (int)(i & 7)) |
              sqlite3_bind_int64(entry, 3, posting->time_ns) |
              sqlite3_bind_int64(entry, 4, posting->kind) |
              sqlite3_bind_int64(entry, 5, posting->amount_e8) |
              sqlite3_bind_text(entry, 6, posting->id, -1, SQLITE_STATIC) |
              sqlite3_bind_text(entry, 7, "", -1, SQLITE_STATIC) |
              sqlite3_bind_blob(entry, 8, hash, sizeof hash, SQLITE_STATIC)) == SQLITE_OK,
             "bind", self);
        must(sqlite3_step(entry) == SQLITE_DONE, "entry", self);
        (void)sqlite3_reset(entry);
        must((sqlite3_bind_int64(key, 1, store_key(posting->id, strlen(posting->id))) |
              sqlite3_bind_int64(key, 2, to->sequence)) == SQLITE_OK,
             "bind", self);
        must(sqlite3_step(key) == SQLITE_DONE, "key", self);
        (void)sqlite3_reset(key);
    }
    must(sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit", self);
}

static void bench_batches(rows *data, bool counted)
{
    store *ours = open_store(counted ? "counted.db" : "random.db");
    bare beside = open_bare(counted ? "counted-bare.db" : "random-bare.db");
    base_random random;
    double our_seconds[BATCHES], bare_seconds[BATCHES], our_sum = 0, bare_sum = 0;
    hean_error error;

    base_random_init(&random, 1);
    for (int i = 0; i < BATCHES; i++) {
        int64_t start;
        fill_rows(data, &random, i, counted);
        start = base_clock_monotonic_ns();
        bare_batch(&beside, data->postings, BATCH);
        bare_seconds[i] = seconds_since(start);
        start = base_clock_monotonic_ns();
        if (store_post(ours, data->postings, BATCH, NULL, &error) != HEAN_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            exit(1);
        }
        our_seconds[i] = seconds_since(start);
        our_sum += our_seconds[i];
        bare_sum += bare_seconds[i];
    }
    printf("%s ids, batches of %d:\n", counted ? "counted" : "random", BATCH);
    printf("  store: %.0f entries/s; bare SQLite: %.0f; ratio %.2f\n", BATCHES * BATCH / our_sum,
           BATCHES * BATCH / bare_sum, bare_sum / our_sum);
    test_print_percentiles("  store, a batch", our_seconds, BATCHES, "s");
    test_print_percentiles("  bare SQLite, a batch", bare_seconds, BATCHES, "s");
    store_close(ours);
    close_bare(&beside);
}

static void bench_singles(rows *data)
{
    store *ours = open_store("single.db");
    bare beside = open_bare("single-bare.db");
    double our_us[SINGLES], bare_us[SINGLES];
    base_random random;
    hean_error error;

    base_random_init(&random, 2);
    fill_rows(data, &random, 0, false);
    for (int i = 0; i < SINGLES; i++) {
        int64_t start = base_clock_monotonic_ns();
        bare_batch(&beside, &data->postings[i], 1);
        bare_us[i] = seconds_since(start) * 1e6;
        start = base_clock_monotonic_ns();
        if (store_post(ours, &data->postings[i], 1, NULL, &error) != HEAN_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            exit(1);
        }
        our_us[i] = seconds_since(start) * 1e6;
    }
    test_print_percentiles("single durable post", our_us, SINGLES, "us");
    test_print_percentiles("one bare commit", bare_us, SINGLES, "us");
    printf("  ratio of medians %.2f\n", our_us[SINGLES / 2] / bare_us[SINGLES / 2]);
    store_close(ours);
    close_bare(&beside);
}

/* Each posting queued alone, as fills come; the thread makes groups of them. */
static void bench_writer(rows *data)
{
    store_writer *writer;
    base_random random;
    uint64_t ticket = 0;
    hean_error error;
    int64_t start;
    double queued;

    base_random_init(&random, 4);
    fill_rows(data, &random, 0, false);
    if (store_writer_open(NULL, open_store("writer.db"), &writer, &error) != HEAN_OK)
        exit(1);
    start = base_clock_monotonic_ns();
    for (int i = 0; i < BATCH; i++) {
        if (store_writer_submit(writer, &data->postings[i], 1, &ticket, &error) != HEAN_OK)
            exit(1);
    }
    queued = seconds_since(start);
    if (store_writer_close(writer, &error) != HEAN_OK)
        exit(1);
    printf("writer: %d postings queued one by one at %.2f us each, durable at %.0f entries/s\n",
           BATCH, queued * 1e6 / BATCH, BATCH / seconds_since(start));
}

static hean_status count_group(void *context, const ledger_group *group, hean_error *error)
{
    (void)group;
    (void)error;
    ++*(size_t *)context;
    return HEAN_OK;
}

static void ask(store *from, const char *name, const ledger_filter *filter, unsigned by)
{
    double ms[20];
    size_t groups = 0;
    hean_error error;

    for (size_t i = 0; i < BASE_COUNT(ms); i++) {
        int64_t start = base_clock_monotonic_ns();
        groups = 0;
        if (store_balances(from, filter, by, count_group, &groups, &error) != HEAN_OK) {
            (void)fprintf(stderr, "%s\n", error.message);
            exit(1);
        }
        ms[i] = seconds_since(start) * 1e3;
    }
    printf("  %6zu groups ", groups);
    test_print_percentiles(name, ms, BASE_COUNT(ms), "ms");
}

static void bench_questions(const char *name)
{
    ledger_filter filter = ledger_filter_all();
    hean_error error;
    store *from;
    int64_t start = base_clock_monotonic_ns();

    if (store_open(NULL, path_of(name), STORE_READ, &from, &error) != HEAN_OK)
        exit(1);
    ask(from, "total", &filter, 0);
    printf("  opened and answered 20 times in %.1f ms\n", seconds_since(start) * 1e3);
    ask(from, "by mode, process, strategy, symbol", &filter,
        LEDGER_BY_MODE | LEDGER_BY_PROCESS | LEDGER_BY_STRATEGY | LEDGER_BY_SYMBOL);
    ask(from, "by run", &filter, LEDGER_BY_RUN);
    ask(from, "by day", &filter, LEDGER_BY_DAY);
    ask(from, "by process and day", &filter, LEDGER_BY_DAY | LEDGER_BY_PROCESS);
    filter.symbol = "ETHUSDT";
    ask(from, "of a symbol, by run", &filter, LEDGER_BY_RUN);
    filter.run = "run-017";
    ask(from, "of a run and symbol, by day", &filter, LEDGER_BY_DAY);
    filter = ledger_filter_all();
    filter.kind = LEDGER_FEE;
    filter.from_day = 19680;
    filter.to_day = 19687;
    ask(from, "fees of a week, by run", &filter, LEDGER_BY_RUN);
    store_close(from);
}

/* Posts batch `number`; the seconds that it took. */
static double post_batch(store *to, rows *data, base_random *random, int number, bool counted)
{
    hean_error error;
    int64_t start;

    fill_rows(data, random, number, counted);
    start = base_clock_monotonic_ns();
    if (store_post(to, data->postings, BATCH, NULL, &error) != HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return seconds_since(start);
}

/* Of counted ids, as sessions and backtests have them; random ones on top of it. */
static void bench_large(rows *data)
{
    const char *text = getenv("HEAN_BENCH_ENTRIES");
    int batches = (text != NULL ? atoi(text) : 1000000) / BATCH;
    store *large = open_store("large.db");
    base_random random;
    hean_error error;
    double seconds = 0;
    int64_t start;

    base_random_init(&random, 3);
    for (int i = 0; i < batches; i++)
        seconds += post_batch(large, data, &random, i, true);
    printf("a ledger of %d entries with counted ids, posted at %.0f entries/s:\n", batches * BATCH,
           batches * BATCH / seconds);
    store_close(large);
    bench_questions("large.db");
    large = open_store("large.db");
    start = base_clock_monotonic_ns();
    if (store_verify(large, NULL, NULL, &error) != HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    printf("  verify: %.0f entries/s\n", batches * BATCH / seconds_since(start));
    seconds = post_batch(large, data, &random, batches, false);
    seconds += post_batch(large, data, &random, batches + 1, false);
    printf("  two more batches with random ids: %.0f entries/s\n", 2 * BATCH / seconds);
    store_close(large);
}

int main(void)
{
    rows *data = calloc(1, sizeof *data);

    (void)snprintf(folder, sizeof folder, "%s", test_folder("bench_store"));
    if (data == NULL)
        return 1;
    bench_batches(data, false);
    bench_batches(data, true);
    bench_singles(data);
    bench_writer(data);
    bench_large(data);
    free(data);
    (void)test_folder("bench_store"); /* empties it */
    return 0;
}
