/*
 * store_file_test.c: which files are opened, and what is said of the others; triggers; migrations.
 */
#include "store_fixture.h"

#include "../../core/store/store_private.h"

#include <store/records.h>

#include <sys/stat.h>
#include <unistd.h>

static void sql(const char *file, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- files ---- */

static void store_makes_its_folders(void **state)
{
    char deep[2300];
    store *self;

    (void)state;
    (void)snprintf(deep, sizeof deep, "%s/a/b/store.db", test_folder("store_folders"));
    self = open_store(deep, STORE_WRITE);
    assert_int_equal(entries_of(self), 0);
    assert_verifies(self);
    store_close(self);
    self = open_store(deep, STORE_READ);
    assert_int_equal(entries_of(self), 0);
    store_close(self);
}

static void refused(const char *file, store_access access, hean_status expected, const char *words)
{
    hean_error error = {HEAN_OK, ""};
    store *opened = NULL;

    assert_status(store_open(NULL, file, access, &opened, &error), expected, &error);
    assert_null(opened);
    if (strstr(error.message, words) == NULL)
        fail_msg("expected \"%s\" in: %s", words, error.message);
}

static void write_file(const char *file, const char *bytes, size_t count)
{
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static void a_file_that_is_no_store_is_refused_and_left_alone(void **state)
{
    char before[64] = "a,b\n1,2\n";
    base_buffer after;

    (void)state;
    refused(fresh_path("store_files"), STORE_READ, HEAN_E_NOT_FOUND, "there is no store yet");
    write_file(store_path, before, strlen(before));
    refused(store_path, STORE_READ, HEAN_E_FORMAT, "not a HEAN store");
    refused(store_path, STORE_WRITE, HEAN_E_FORMAT, "not a HEAN store");
    base_buffer_init(&after, base_allocator_default());
    assert_int_equal(base_buffer_read_file(&after, store_path, 1000, NULL), HEAN_OK);
    assert_string_equal(after.data, before);
    base_buffer_deinit(&after);
    write_file(store_path, "", 0);
    refused(store_path, STORE_READ, HEAN_E_FORMAT, "empty");
    sql(fresh_path("store_other"), "CREATE TABLE mine (x); PRAGMA user_version = 1");
    refused(store_path, STORE_READ, HEAN_E_FORMAT, "not a HEAN store");
    refused(store_path, STORE_WRITE, HEAN_E_FORMAT, "not a HEAN store");
    refused(test_folder("store_dir"), STORE_READ, HEAN_E_FORMAT, "not a file");
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    (void)state;
    store_close(open_store(fresh_path("store_newer"), STORE_WRITE));
    sql(store_path, "PRAGMA user_version = 99");
    refused(store_path, STORE_WRITE, HEAN_E_FORMAT, "schema 99");
    refused(store_path, STORE_READ, HEAN_E_FORMAT, "knows up to");
    sql(store_path, "PRAGMA user_version = 0");
    refused(store_path, STORE_READ, HEAN_E_FORMAT, "schema 0");
}

/* Back to the first migration: nothing but the ledger. */
static void make_old(void)
{
    char drop[4000] = "PRAGMA user_version = 1;";
    sqlite3_stmt *names;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(store_path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN "
                           "('account', 'entry', 'entry_id', 'balance', 'head')",
                           -1, &names, NULL),
        SQLITE_OK);
    while (sqlite3_step(names) == SQLITE_ROW) {
        size_t used = strlen(drop);
        (void)snprintf(drop + used, sizeof drop - used, "DROP TABLE %s;",
                       (const char *)sqlite3_column_text(names, 0));
    }
    assert_int_equal(sqlite3_finalize(names), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    sql(store_path, drop);
}

static void an_older_store_can_be_read_before_it_is_moved(void **state)
{
    store *self = open_store(fresh_path("store_older"), STORE_WRITE);
    hean_error error = {HEAN_OK, ""};
    char copy[2300];
    bool has;

    (void)state;
    (void)snprintf(copy, sizeof copy, "%s.copy", store_path);
    assert_status(post_numbers(self, NULL, 0, 50, NULL, &error), HEAN_OK, &error);
    store_close(self);
    make_old();
    self = open_store(store_path, STORE_READ);
    assert_int_equal(self->schema_version, 1);
    assert_verifies(self);
    assert_int_equal(entries_of(self), 50);
    assert_status(store_backup(self, copy, &error), HEAN_OK, &error);
    assert_status(store_each_process(self, NULL, NULL, NULL, &error), HEAN_E_FORMAT, &error);
    assert_non_null(strstr(error.message, "has schema 1"));
    store_close(self);
    self = open_store(store_path, STORE_WRITE); /* moves it */
    assert_status(store_has(self, "exec:0:pnl", &has, &error), HEAN_OK, &error);
    assert_true(has && self->schema_version > 1);
    assert_status(store_each_process(self, NULL, NULL, NULL, &error), HEAN_OK, &error);
    assert_verifies(self);
    store_close(self);
}

static void a_corrupt_file_is_named(void **state)
{
    hean_error error = {HEAN_OK, ""};
    ledger_filter filter = ledger_filter_all();
    char garbage[4096];
    store *self = open_store(fresh_path("store_corrupt"), STORE_WRITE);
    hean_status status;
    FILE *file;

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 2000, NULL, &error), HEAN_OK, &error);
    store_close(self);
    memset(garbage, 0xa5, sizeof garbage);
    file = fopen(store_path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    /* Behind the schema, or it could not even be opened. */
    for (long page = 40, pages = ftell(file) / 4096; page < pages; page++) {
        assert_int_equal(fseek(file, page * 4096L, SEEK_SET), 0);
        assert_int_equal(fwrite(garbage, sizeof garbage, 1, file), 1);
    }
    assert_int_equal(fclose(file), 0);
    self = open_store(store_path, STORE_READ);
    status = store_balances(self, &filter, 0, no_group, NULL, &error);
    assert_status(status, HEAN_E_CORRUPT, &error);
    assert_non_null(strstr(error.message, "backup"));
    assert_status(store_verify(self, NULL, NULL, &error), HEAN_E_CORRUPT, &error);
    store_close(self);
}

static void a_read_only_file_says_so(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(fresh_path("store_read_only"), STORE_WRITE);

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 10, NULL, &error), HEAN_OK, &error);
    store_close(self);
    if (geteuid() == 0) { /* permissions do not bind root: let SQLite refuse instead */
        self = open_store(store_path, STORE_READ);
        self->access = STORE_WRITE;
        assert_status(post_numbers(self, NULL, 10, 20, NULL, &error), HEAN_E_IO, &error);
        assert_non_null(strstr(error.message, "read-only"));
        store_close(self);
        return;
    }
    assert_int_equal(chmod(store_path, 0400), 0);
    refused(store_path, STORE_WRITE, HEAN_E_IO, "read-only");
    self = open_store(store_path, STORE_READ);
    assert_int_equal(entries_of(self), 10);
    store_close(self);
}

static void a_program_that_keeps_its_turn_is_named(void **state)
{
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(fresh_path("store_turn"), STORE_WRITE);
    char pid[32];
    sqlite3 *other;

    (void)state;
    assert_int_equal(sqlite3_open(store_path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(self->db, 10), SQLITE_OK); /* not five seconds */
    assert_status(post_numbers(self, NULL, 0, 1, NULL, &error), HEAN_E_STATE, &error);
    (void)snprintf(pid, sizeof pid, "pid %d", (int)getpid());
    if (access("/proc/locks", R_OK) == 0 && strstr(error.message, pid) == NULL)
        fail_msg("expected %s in: %s", pid, error.message);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_status(post_numbers(self, NULL, 0, 1, NULL, &error), HEAN_OK, &error);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    store_close(self);
}

static void the_database_refuses_changes_of_entries(void **state)
{
    static const char *const refused_sql[] = {
        "UPDATE entry SET amount_e8 = 1",
        "DELETE FROM entry",
        "UPDATE account SET run = 'x'",
        "DELETE FROM account",
        "DELETE FROM entry_id",
        "UPDATE entry_id SET sequence = 1",
        "DELETE FROM head",
        "DELETE FROM balance",
        "INSERT INTO head VALUES (2, 0, x'')",
        "INSERT INTO entry VALUES (1, 1, 0, 0, 0, 'again', '', x'')",
        "INSERT INTO entry_id SELECT key, sequence FROM entry_id"};
    hean_error error = {HEAN_OK, ""};
    store *self = open_store(fresh_path("store_triggers"), STORE_WRITE);

    (void)state;
    assert_status(post_numbers(self, NULL, 0, 10, NULL, &error), HEAN_OK, &error);
    for (size_t i = 0; i < BASE_COUNT(refused_sql); i++) {
        assert_status(sql_exec(self, refused_sql[i], &error), HEAN_E_INVARIANT, &error);
    }
    assert_verifies(self);
    store_close(self);
}

/* ---- migrations ---- */

static store *migrated(const char *const *texts, int count, hean_status expected)
{
    hean_error error = {HEAN_OK, ""};
    store *self = base_alloc(base_allocator_default(), sizeof *self);

    assert_non_null(self);
    self->allocator = base_allocator_default();
    self->access = STORE_WRITE;
    self->path = strdup(store_path);
    assert_int_equal(sqlite3_open(store_path, &self->db), SQLITE_OK);
    (void)sqlite3_extended_result_codes(self->db, 1);
    assert_status(schema_migrate(self, texts, count, &error), expected, &error);
    return self;
}

static void migrations_run_once_and_in_order(void **state)
{
    static const char *const texts[] = {"CREATE TABLE a (x); INSERT INTO a VALUES (1)",
                                        "INSERT INTO a SELECT x + 1 FROM a; CREATE TABLE b (y)",
                                        "INSERT INTO b SELECT sum(x) FROM a"};
    int64_t value;
    store *self;

    (void)state;
    (void)fresh_path("store_migrations");
    store_close(migrated(texts, 1, HEAN_OK));
    self = migrated(texts, 1, HEAN_OK);
    assert_int_equal(self->schema_version, 1);
    store_close(self);
    self = migrated(texts, 3, HEAN_OK);
    assert_int_equal(self->schema_version, 3);
    assert_int_equal(sql_whole(self, "SELECT y FROM b", &value, NULL), HEAN_OK);
    assert_int_equal(value, 3);
    store_close(self);
    store_close(migrated(texts, 2, HEAN_E_FORMAT));
}

static void a_migration_that_fails_leaves_the_old_schema(void **state)
{
    static const char *const texts[] = {"CREATE TABLE a (x)", "CREATE TABLE b (y)",
                                        "CREATE TABLE c (z); CREATE TABLE a (x)"};
    int64_t value;
    store *self;

    (void)state;
    (void)fresh_path("store_bad_migration");
    store_close(migrated(texts, 1, HEAN_OK));
    store_close(migrated(texts, 3, HEAN_E_CORRUPT));
    self = migrated(texts, 1, HEAN_OK);
    assert_int_equal(sql_whole(self, "SELECT count(*) FROM sqlite_schema", &value, NULL), HEAN_OK);
    assert_int_equal(value, 1);
    store_close(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_makes_its_folders),
        cmocka_unit_test(a_file_that_is_no_store_is_refused_and_left_alone),
        cmocka_unit_test(a_newer_schema_is_refused_and_left_alone),
        cmocka_unit_test(an_older_store_can_be_read_before_it_is_moved),
        cmocka_unit_test(a_corrupt_file_is_named),
        cmocka_unit_test(a_read_only_file_says_so),
        cmocka_unit_test(a_program_that_keeps_its_turn_is_named),
        cmocka_unit_test(the_database_refuses_changes_of_entries),
        cmocka_unit_test(migrations_run_once_and_in_order),
        cmocka_unit_test(a_migration_that_fails_leaves_the_old_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
