/*
 * cmd_doctor.c: is this machine fit to run HEAN? Each check does the real thing once.
 */
#include "cmd_doctor.h"

#include <script/script.h>

#include <errno.h>
#include <luajit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void doctor_report(doctor *visit, const char *check, doctor_verdict result, const char *format, ...)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    char text[600];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    visit->failed += result == DOCTOR_FAIL;
    visit->warned += result == DOCTOR_WARN;
    if (!visit->as_json) {
        printf("%-4s  %-12s %s\n", words[result], check, text);
        return;
    }
    cli_json_object(&visit->json, NULL);
    cli_json_text(&visit->json, "check", check);
    cli_json_text(&visit->json, "result", words[result]);
    cli_json_text(&visit->json, "detail", text);
    cli_json_object_end(&visit->json);
}

static void check_machine(doctor *visit)
{
    struct utsname name;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct timespec resolution = {0, 0};

    if (uname(&name) == 0)
        doctor_report(visit, "kernel", DOCTOR_OK, "%s %s %s", name.sysname, name.release,
                      name.machine);
    if (cores >= 2)
        doctor_report(visit, "cores", DOCTOR_OK, "%ld", cores);
    else
        doctor_report(
            visit, "cores", DOCTOR_WARN,
            "one core: strategies in their jails answer in tens of microseconds, not in one");
    if (clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0 &&
        resolution.tv_nsec <= 1000)
        doctor_report(visit, "clock", DOCTOR_OK, "monotonic, %ld ns", resolution.tv_nsec);
    else
        doctor_report(visit, "clock", DOCTOR_WARN, "the monotonic clock is coarser than 1 us");
}

static void check_seccomp(doctor *visit)
{
    hean_error error;
    if (script_jail_available(&error) == HEAN_OK)
        doctor_report(visit, "seccomp", DOCTOR_OK, "strategies can be jailed");
    else
        doctor_report(visit, "seccomp", DOCTOR_FAIL, "%s", error.message);
}

/* Starts a strategy in its jail, hands it an event and looks at what it did. */
static void check_worker(doctor *visit)
{
    static const char source[] = "local strategy = { name = 'doctor', subscribe = {} }\n"
                                 "function strategy.on_start(ctx) ctx:metric('alive', 1) end\n"
                                 "return strategy\n";
    hean_instrument instrument = {.symbol = "DOCTOR", .tick_size = {1, -2}, .lot_size = {1, -3}};
    hean_strategy strategy = {.file = "doctor.lua", .source = source, .capital_e8 = BASE_E8};
    hean_host_options options = hean_host_options_default();
    hean_strategy_state state = {.running = false};
    hean_host *host = NULL;
    hean_error error;
    uint16_t id;
    hean_status status = hean_host_open(&options, &host, &error);

    if (status == HEAN_OK)
        status = hean_host_add_instrument(host, &instrument, &id, &error);
    if (status == HEAN_OK)
        status = hean_host_load_strategy(host, &strategy, &id, &error);
    if (status == HEAN_OK)
        status = hean_host_start(host, base_clock_wall_ns(), &error);
    if (status == HEAN_OK)
        status = hean_host_strategy_state(host, id, &state);
    if (status == HEAN_OK && !state.running) {
        error = state.why;
        status = error.status;
    }
    if (status == HEAN_OK)
        doctor_report(visit, "worker", DOCTOR_OK, "a jailed strategy answered (%s)",
                      LUAJIT_VERSION);
    else
        doctor_report(visit, "worker", DOCTOR_FAIL, "%s", error.message);
    hean_host_close(host);
}

static void check_folder(doctor *visit, const char *check, const char *path, const char *purpose)
{
    struct stat info;

    if (stat(path, &info) != 0 && errno == ENOENT)
        doctor_report(visit, check, access(".", W_OK) == 0 ? DOCTOR_OK : DOCTOR_WARN,
                      "%s is not there yet; it is made for %s", path, purpose);
    else if (access(path, W_OK | X_OK) != 0)
        doctor_report(visit, check, DOCTOR_FAIL, "%s cannot be written: %s", path, strerror(errno));
    else if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0)
        doctor_report(visit, check, DOCTOR_WARN, "%s can be written by everybody: chmod o-w %s",
                      path, path);
    else
        doctor_report(visit, check, DOCTOR_OK, "%s can be written, for %s", path, purpose);
}

int cmd_doctor(int argc, char **argv)
{
    doctor visit = {.as_json = false};
    const char *file = NULL;
    bool venue_too = false;
    const cli_option options[] = {
        {"--venue", CLI_FLAG, &venue_too, NULL, "look at the configuration's venue as well"},
        {"--config", CLI_TEXT, &file, "FILE", "the configuration whose venue it is"},
        {"--json", CLI_FLAG, &visit.as_json, NULL, "one JSON object"}};
    const cli_command command = {
        "hean doctor [--venue --config FILE] [--json]",
        "Checks this machine: kernel, clock, seccomp, LuaJIT, worker, folders; and a venue.",
        options,
        BASE_COUNT(options),
        0,
        0};
    const char *temporary = getenv("TMPDIR");
    config settings;
    hean_error error;
    cli_list none;
    int result = cli_parse(&command, argc, argv, &none);

    if (result >= 0)
        return result;
    cli_stop_on_signals();
    if (venue_too &&
        config_load(base_allocator_default(), file, &cli_stop, &settings, &error) != HEAN_OK)
        return cli_fail(&error);
    cli_json_init(&visit.json);
    cli_json_object(&visit.json, NULL);
    cli_json_array(&visit.json, "checks");
    check_machine(&visit);
    check_seccomp(&visit);
    check_worker(&visit);
    check_folder(&visit, "state", "var", "what strategies save");
    check_folder(&visit, "temporary", temporary != NULL ? temporary : "/var/tmp",
                 "imported market data");
    if (venue_too) {
        doctor_venue(&visit, &settings);
        config_deinit(&settings);
    }
    cli_json_array_end(&visit.json);
    cli_json_bool(&visit.json, "healthy", visit.failed == 0);
    cli_json_object_end(&visit.json);
    result = visit.failed == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    if (visit.as_json) {
        int printed = cli_json_print(&visit.json);
        return printed != CLI_EXIT_DONE ? printed : result;
    }
    base_buffer_deinit(&visit.json.buffer);
    printf("%s\n", visit.failed == 0 ? "healthy" : "not fit: see the lines that say fail");
    return result;
}
