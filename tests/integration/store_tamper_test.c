/*
 * store_tamper_test.c: every byte of every stored field is changed once, behind the store's back
 * and with its triggers taken away and put back: store_verify finds each and says where.
 */
#include "store_fixture.h"

#include <sqlite3.h>

#define ENTRIES     12
#define COLUMNS_MAX 16

typedef struct attacker {
    store *victim;
    sqlite3 *db;
    char *drop, *create; /* the triggers, as SQL */
    base_random random;
    uint64_t flips, refused;
} attacker;

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

static void learn_triggers(attacker *self)
{
    sqlite3_stmt *row =
        prepare(self->db, "SELECT group_concat('DROP TRIGGER ' || name, '; '), "
                          "group_concat(sql, '; ') FROM sqlite_schema WHERE type = 'trigger'");

    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    self->drop = strdup((const char *)sqlite3_column_text(row, 0));
    self->create = strdup((const char *)sqlite3_column_text(row, 1));
    assert_true(self->drop != NULL && self->create != NULL);
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
}

/* ---- one row, and the statement that changes one of its fields ---- */

typedef struct row {
    const char *table;
    int columns;
    char names[COLUMNS_MAX][32];
    sqlite3_value *values[COLUMNS_MAX];
} row;

static bool read_row(attacker *self, const char *table, int number, row *out)
{
    char sql[200];
    sqlite3_stmt *from;
    bool found;

    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT 1 OFFSET %d", table, number);
    from = prepare(self->db, sql);
    found = sqlite3_step(from) == SQLITE_ROW;
    *out = (row){.table = table, .columns = found ? sqlite3_column_count(from) : 0};
    for (int i = 0; i < out->columns; i++) {
        (void)base_text_copy(out->names[i], sizeof out->names[i], sqlite3_column_name(from, i));
        out->values[i] = sqlite3_value_dup(sqlite3_column_value(from, i));
        assert_non_null(out->values[i]);
    }
    assert_int_equal(sqlite3_finalize(from), SQLITE_OK);
    return found;
}

static void free_row(row *self)
{
    for (int i = 0; i < self->columns; i++)
        sqlite3_value_free(self->values[i]);
}

static int bind_bytes(sqlite3_stmt *to, int at, int type, const uint8_t *bytes, int count)
{
    int64_t whole;

    if (type == SQLITE_INTEGER) {
        memcpy(&whole, bytes, sizeof whole);
        return sqlite3_bind_int64(to, at, whole);
    }
    return type == SQLITE_TEXT
               ? sqlite3_bind_text(to, at, (const char *)bytes, count, SQLITE_TRANSIENT)
               : sqlite3_bind_blob(to, at, bytes, count, SQLITE_TRANSIENT);
}

/* The bytes of a value; returns how many. */
static int bytes_of(sqlite3_value *value, uint8_t out[512])
{
    int64_t whole = sqlite3_value_int64(value);
    int count = sqlite3_value_bytes(value);

    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
        memcpy(out, &whole, sizeof whole);
        return (int)sizeof whole;
    }
    assert_true(count <= 512);
    if (count > 0)
        memcpy(out, sqlite3_value_blob(value), (size_t)count);
    return count;
}

/* Sets a field from `from` to `to`, the triggers away meanwhile. False: a constraint refused it. */
static bool set_field(attacker *self, const row *of, int column, const uint8_t *from,
                      const uint8_t *to, int count)
{
    int type = sqlite3_value_type(of->values[column]);
    base_buffer sql;
    sqlite3_stmt *update;
    int code;

    base_buffer_init(&sql, base_allocator_default());
    base_buffer_printf(&sql, "UPDATE %s SET %s = ?%d WHERE 1", of->table, of->names[column],
                       COLUMNS_MAX + 1);
    for (int i = 0; i < of->columns; i++)
        base_buffer_printf(&sql, " AND %s IS ?%d", of->names[i], i + 1);
    run(self->db, "BEGIN");
    run(self->db, self->drop);
    update = prepare(self->db, sql.data);
    base_buffer_deinit(&sql);
    for (int i = 0; i < of->columns; i++)
        assert_int_equal(sqlite3_bind_value(update, i + 1, of->values[i]), SQLITE_OK);
    assert_int_equal(bind_bytes(update, column + 1, type, from, count), SQLITE_OK);
    assert_int_equal(bind_bytes(update, COLUMNS_MAX + 1, type, to, count), SQLITE_OK);
    code = sqlite3_step(update);
    (void)sqlite3_finalize(update);
    if (code != SQLITE_DONE) {
        run(self->db, "ROLLBACK");
        return false;
    }
    assert_int_equal(sqlite3_changes(self->db), 1);
    run(self->db, self->create);
    run(self->db, "COMMIT");
    return true;
}

/* ---- every byte ---- */

static void expect_found(attacker *self, const row *of, int column, int byte)
{
    hean_error error = {HEAN_OK, ""};
    char place[64];
    hean_status status = store_verify(self->victim, NULL, NULL, &error);

    if (status != HEAN_E_INVARIANT && status != HEAN_E_CORRUPT)
        fail_msg("byte %d of %s.%s was changed, verify says %s: %s", byte, of->table,
                 of->names[column], hean_status_name(status), error.message);
    if (strcmp(of->table, "entry") == 0 && column != 0)
        (void)snprintf(place, sizeof place, "entry %lld ",
                       (long long)sqlite3_value_int64(of->values[0]));
    else
        (void)snprintf(place, sizeof place, "%s", of->table);
    if (strstr(error.message, place) == NULL)
        fail_msg("byte %d of %s.%s was changed, but verify does not say \"%s\": %s", byte,
                 of->table, of->names[column], place, error.message);
}

static void flip_field(attacker *self, const row *of, int column)
{
    uint8_t before[512], after[512];
    int count = bytes_of(of->values[column], before);

    for (int byte = 0; byte < count; byte++) {
        memcpy(after, before, sizeof after);
        after[byte] ^= (uint8_t)(1u << base_random_below(&self->random, 8));
        if (!set_field(self, of, column, before, after, count)) {
            self->refused++;
            continue;
        }
        self->flips++;
        expect_found(self, of, column, byte);
        assert_true(set_field(self, of, column, after, before, count));
    }
}

static void flip_table(attacker *self, const char *table, int step)
{
    row of;

    for (int number = 0; read_row(self, table, number, &of); number += step) {
        for (int column = 0; column < of.columns; column++)
            flip_field(self, &of, column);
        free_row(&of);
    }
    assert_verifies(self->victim); /* it is as it was: what was found was the change */
}

static void every_byte_of_every_field_is_guarded(void **state)
{
    attacker self = {0};
    hean_error error = {HEAN_OK, ""};
    char path[2200];

    (void)state;
    base_random_init(&self.random, test_seed());
    (void)snprintf(path, sizeof path, "%s/store.db", test_folder("store_tamper"));
    self.victim = open_store(path, STORE_WRITE);
    assert_status(post_numbers(self.victim, NULL, 0, ENTRIES, NULL, &error), HEAN_OK, &error);
    assert_int_equal(sqlite3_open(path, &self.db), SQLITE_OK);
    run(self.db, "PRAGMA synchronous = OFF");
    learn_triggers(&self);
    flip_table(&self, "entry", 1);
    flip_table(&self, "entry_id", 2);
    flip_table(&self, "account", 4);
    flip_table(&self, "balance", 23);
    flip_table(&self, "head", 1);
    print_message("%llu changes found, %llu refused by the database\n",
                  (unsigned long long)self.flips, (unsigned long long)self.refused);
    assert_true(self.flips > 1500);
    free(self.drop);
    free(self.create);
    assert_int_equal(sqlite3_close(self.db), SQLITE_OK);
    store_close(self.victim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_every_field_is_guarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
