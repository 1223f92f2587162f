/*
 * gate_test.c: every combination of the switches, and the keys behind them.
 */
#include <support.h>

#include <fcntl.h>
#include <host/gate.h>
#include <host/keys.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the gate ---- */

static void expect(gate_kind kind, const gate_switches *switches, bool open,
                   const char *const *words, size_t count, const bool *closed)
{
    hean_error error = {0};

    assert_status(gate_check(kind, switches, &error), open ? HEAN_OK : HEAN_E_GATE, &error);
    for (size_t i = 0; !open && i < count; i++) {
        if ((strstr(error.message, words[i]) != NULL) != closed[i])
            fail_msg("\"%s\" is wrong about %s", error.message, words[i]);
    }
}

static void orders_need_every_switch_and_the_closed_ones_are_named(void **state)
{
    static const char *const words[] = {"mode = \"live\"", "--live", "LIVE_CONFIRM=YES",
                                        "DRY_RUN=false"};
    static const char *const confirms[] = {NULL, "", "yes", "YES ", "1", "YES"};
    static const char *const dry_runs[] = {"", "true", "0", "False", "false", NULL};

    (void)state;
    for (unsigned i = 0; i < 4 * BASE_COUNT(confirms) * BASE_COUNT(dry_runs); i++) {
        size_t confirm = i / 4 % BASE_COUNT(confirms), dry = i / 4 / BASE_COUNT(confirms);
        const gate_switches switches = {.mode_live = (i & 1) != 0,
                                        .live_flag = (i & 2) != 0,
                                        .live_confirm = confirms[confirm],
                                        .dry_run = dry_runs[dry]};
        const bool closed[] = {!switches.mode_live, !switches.live_flag, confirm != 5, dry < 4};
        expect(GATE_ORDERS, &switches, !closed[0] && !closed[1] && !closed[2] && !closed[3], words,
               4, closed);
    }
}

static void process_actions_need_their_own_two(void **state)
{
    static const char *const words[] = {"PROCESS_FACTORY_ALLOW_ACTIONS=true", "DRY_RUN=false"};
    static const char *const values[] = {NULL, "", "YES", "1", "false", "true"};

    (void)state;
    for (size_t i = 0; i < BASE_COUNT(values); i++) {
        for (size_t j = 0; j < BASE_COUNT(values); j++) {
            const gate_switches switches = {.mode_live = true,
                                            .live_flag = true,
                                            .live_confirm = "YES",
                                            .allow_actions = values[i],
                                            .dry_run = values[j]};
            const bool closed[] = {i != 5, j != 4};
            expect(GATE_PROCESS_ACTIONS, &switches, !closed[0] && !closed[1], words, 2, closed);
        }
    }
}

/* ---- keys ---- */

#define KEY    "HostDemoKey0001"
#define SECRET "HostDemoSecret-AbCdEf0123456789XYZ"

static void set_environment(const char *key, const char *secret)
{
    assert_int_equal(key != NULL ? setenv("BYBIT_API_KEY", key, 1) : unsetenv("BYBIT_API_KEY"), 0);
    assert_int_equal(
        secret != NULL ? setenv("BYBIT_API_SECRET", secret, 1) : unsetenv("BYBIT_API_SECRET"), 0);
}

static hean_status load(const char *file, keys **out, hean_error *error)
{
    hean_status status;

    memset(error, 0, sizeof *error);
    status = keys_load(file, out, error);
    /* Leak checkers need to look into this process. */
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    assert_null(strstr(error->message, SECRET));
    assert_null(strstr(error->message, KEY));
    return status;
}

static void keys_of_the_environment_are_taken_out_of_it(void **state)
{
    const char *left;
    hean_error error;
    keys *loaded;

    (void)state;
    set_environment(KEY, SECRET);
    left = getenv("BYBIT_API_SECRET");
    assert_status(load(NULL, &loaded, &error), HEAN_OK, &error);
    assert_string_equal(keys_key(loaded), KEY);
    assert_string_equal(keys_secret(loaded), SECRET);
    assert_null(getenv("BYBIT_API_KEY"));
    assert_null(getenv("BYBIT_API_SECRET"));
    assert_true(left[0] == 0); /* the bytes too, not only the name */
    keys_close(loaded);
}

static void missing_and_malformed_keys_are_refused(void **state)
{
    char long_one[200];
    const struct {
        const char *key, *secret;
        hean_status status;
    } cases[] = {
        {NULL, NULL, HEAN_E_NOT_FOUND},     {KEY, NULL, HEAN_E_INVALID},
        {NULL, SECRET, HEAN_E_INVALID},     {"", SECRET, HEAN_E_INVALID},
        {KEY, "", HEAN_E_INVALID},          {KEY "\r\nX: 1", SECRET, HEAN_E_INVALID},
        {KEY, SECRET "\"", HEAN_E_INVALID}, {KEY, "\xc3\xa9", HEAN_E_INVALID},
        {long_one, SECRET, HEAN_E_INVALID},
    };
    hean_error error;
    keys *loaded;

    (void)state;
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = 0;
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        set_environment(cases[i].key, cases[i].secret);
        assert_status(load(NULL, &loaded, &error), cases[i].status, &error);
        assert_null(getenv("BYBIT_API_SECRET")); /* gone in any case */
    }
}

static const char *write_keys(const char *text, mode_t mode)
{
    static char path[300];
    int fd;

    (void)snprintf(path, sizeof path, "%s/keys", test_folder("keys"));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static void file_of_keys_must_be_the_owners_alone(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        hean_status status;
        const char *word;
    } cases[] = {
        {KEY "\n" SECRET "\n", 0600, HEAN_OK, ""},
        {KEY "\n" SECRET, 0400, HEAN_OK, ""},
        {KEY "\n" SECRET "\n", 0640, HEAN_E_INVALID, "chmod 600"},
        {KEY "\n" SECRET "\n", 0604, HEAN_E_INVALID, "chmod 600"},
        {KEY "\n" SECRET "\n", 0620, HEAN_E_INVALID, "chmod 600"},
        {KEY, 0600, HEAN_E_INVALID, "two lines"},
        {KEY "\n" SECRET "\nmore\n", 0600, HEAN_E_INVALID, "two lines"},
        {KEY "\n\n", 0600, HEAN_E_INVALID, "secret"},
        {"\n" SECRET, 0600, HEAN_E_INVALID, "key"},
        {"", 0600, HEAN_E_INVALID, "two lines"},
        {KEY " \n" SECRET, 0600, HEAN_E_INVALID, "character"},
    };
    char link_path[310];
    const char *path;
    hean_error error;
    keys *loaded;

    (void)state;
    set_environment(NULL, NULL);
    for (size_t i = 0; i < BASE_COUNT(cases); i++) {
        path = write_keys(cases[i].text, cases[i].mode);
        assert_status(load(path, &loaded, &error), cases[i].status, &error);
        if (cases[i].status != HEAN_OK) {
            assert_non_null(strstr(error.message, cases[i].word));
            continue;
        }
        assert_string_equal(keys_key(loaded), KEY);
        assert_string_equal(keys_secret(loaded), SECRET);
        keys_close(loaded);
    }
    path = write_keys(KEY "\n" SECRET, 0600);
    (void)snprintf(link_path, sizeof link_path, "%s.link", path);
    assert_int_equal(symlink(path, link_path), 0);
    assert_status(load(link_path, &loaded, &error), HEAN_E_INVALID, &error);
    assert_status(load("/nowhere/keys", &loaded, &error), HEAN_E_NOT_FOUND, &error);
    assert_status(load(test_folder("keys_folder"), &loaded, &error), HEAN_E_INVALID, &error);
}

/* "dd": not in core files; "dc": not in children; and locked. */
static void memory_of_keys_is_locked_and_kept_from_core_files_and_children(void **state)
{
    char line[300], place[40];
    bool found = false, inside = false;
    hean_error error;
    keys *loaded;
    FILE *maps;

    (void)state;
    set_environment(KEY, SECRET);
    assert_status(load(NULL, &loaded, &error), HEAN_OK, &error);
    (void)snprintf(place, sizeof place, "%lx-", (unsigned long)(uintptr_t)loaded);
    maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, " rw-p ") != NULL)
            inside = strncmp(line, place, strlen(place)) == 0;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = true;
#ifndef HEAN_SANITIZE /* there mlock does nothing */
            assert_non_null(strstr(line, " lo"));
#endif
            assert_non_null(strstr(line, " dd"));
            assert_non_null(strstr(line, " dc"));
        }
    }
    assert_int_equal(fclose(maps), 0);
    assert_true(found);
    keys_close(loaded);
}

static void keys_that_are_made_differ(void **state)
{
    hean_error error;
    keys *one, *other;

    (void)state;
    assert_status(keys_make(&one, &error), HEAN_OK, &error);
    assert_status(keys_make(&other, &error), HEAN_OK, &error);
    assert_int_equal(strlen(keys_secret(one)), 64);
    assert_string_not_equal(keys_secret(one), keys_secret(other));
    keys_close(one);
    keys_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_need_every_switch_and_the_closed_ones_are_named),
        cmocka_unit_test(process_actions_need_their_own_two),
        cmocka_unit_test(keys_of_the_environment_are_taken_out_of_it),
        cmocka_unit_test(missing_and_malformed_keys_are_refused),
        cmocka_unit_test(file_of_keys_must_be_the_owners_alone),
        cmocka_unit_test(memory_of_keys_is_locked_and_kept_from_core_files_and_children),
        cmocka_unit_test(keys_that_are_made_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
