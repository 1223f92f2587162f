/*
 * options.c: one table-driven reader for the options of every command.
 *
 * "--name value" and "--name=value" mean the same; "--" ends the options.
 */
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile int cli_stop;

static void on_signal(int number)
{
    (void)number;
    cli_stop = 1;
}

void cli_stop_on_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    /* No SA_RESTART: a sleep must end at once. A second signal ends the program the hard way. */
    action.sa_flags = (int)SA_RESETHAND;
    BASE_ASSERT(sigaction(SIGINT, &action, NULL) == 0);
    BASE_ASSERT(sigaction(SIGTERM, &action, NULL) == 0);
}

int cli_fail(const hean_error *error)
{
    (void)fprintf(stderr, "hean: %s\n", error->message);
    switch (error->status) {
    case HEAN_E_GATE:
        return CLI_EXIT_GATE;
    case HEAN_E_INVARIANT:
        return CLI_EXIT_INVARIANT;
    default:
        return CLI_EXIT_FAILED;
    }
}

int cli_usage(const char *format, ...)
{
    va_list args;
    (void)fputs("hean: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return CLI_EXIT_USAGE;
}

void cli_progress(const char *what, double fraction)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (fraction < 0)
        (void)fputs("\r\033[K", stderr);
    else
        (void)fprintf(stderr, "\r\033[K%s %3.0f%%", what, fraction * 100);
    (void)fflush(stderr);
}

void cli_log(void *context, hean_log_level level, int64_t time_ns, const char *source,
             const char *text)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char when[40];

    (void)context;
    if (time_ns == 0) /* before the session's first event there is no event time */
        time_ns = base_clock_wall_ns();
    cli_progress("", -1);
    (void)fprintf(stderr, "%s %-5s %s: %s\n", base_time_format(time_ns, when, sizeof when),
                  (size_t)level < BASE_COUNT(levels) ? levels[level] : "?", source, text);
}

void cli_list_deinit(cli_list *list)
{
    base_free(base_allocator_default(), list->items);
    memset(list, 0, sizeof *list);
}

static int list_add(cli_list *list, const char *item)
{
    if (!base_grow(base_allocator_default(), (void **)&list->items, &list->capacity,
                   list->count + 1, sizeof *list->items)) {
        (void)fprintf(stderr, "hean: out of memory\n");
        return CLI_EXIT_FAILED;
    }
    list->items[list->count++] = item;
    return -1;
}

static void print_help(const cli_command *command)
{
    printf("usage: %s\n\n%s\n", command->usage, command->about);
    if (command->option_count > 0)
        printf("\noptions:\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", option->name,
                       option->argument != NULL ? option->argument : "");
        printf("  %-26s %s\n", left, option->help);
    }
}

static const cli_option *find_option(const cli_command *command, const char *word, size_t length)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        if (strlen(option->name) == length && memcmp(option->name, word, length) == 0)
            return option;
    }
    return NULL;
}

static int unknown_option(const cli_command *command, const char *word)
{
    const char *names[64];
    const char *near;
    size_t count = 0;

    for (size_t i = 0; i < command->option_count && count < BASE_COUNT(names); i++)
        names[count++] = command->options[i].name;
    near = base_text_nearest(word, names, count);
    return cli_usage("unknown option %s%s%s%s\nusage: %s", word, near ? " (did you mean " : "",
                     near ? near : "", near ? "?)" : "", command->usage);
}

/* Reads one value into the option's place. */
static int read_value(const cli_option *option, const char *text)
{
    hean_status status = HEAN_OK;
    const char *expected = "";

    switch (option->kind) {
    case CLI_TEXT:
        *(const char **)option->value = text;
        break;
    case CLI_LIST:
        return list_add(option->value, text);
    case CLI_WHOLE: {
        int64_t value;
        expected = "a whole number";
        status = decimal_parse_scaled(text, strlen(text), 0, &value);
        if (status == HEAN_OK && (value < 0 || strspn(text, "0123456789") != strlen(text)))
            status = HEAN_E_PARSE;
        if (status == HEAN_OK)
            *(int64_t *)option->value = value;
        break;
    }
    case CLI_DECIMAL:
        expected = "a decimal number";
        status = decimal_parse(text, strlen(text), option->value);
        break;
    case CLI_DURATION:
        expected = "a duration such as 500ms, 30s, 5m, 2h";
        status = base_duration_parse(text, option->value);
        break;
    case CLI_TIME:
        expected = "a time such as 2024-08-08T23:54:00Z, or an epoch in s, ms, us or ns";
        status = base_time_parse(text, strlen(text), option->value);
        break;
    case CLI_FLAG:
        break;
    }
    if (status != HEAN_OK)
        return cli_usage("%s %s: %s, expected %s", option->name, text, hean_status_text(status),
                         expected);
    return -1;
}

/* Reads the option at argv[*at] and its values; moves *at to the last word it used. */
static int read_option(const cli_command *command, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const char *equals = strchr(word, '=');
    const cli_option *option =
        find_option(command, word, equals ? (size_t)(equals - word) : strlen(word));
    int result;

    if (option == NULL)
        return unknown_option(command, word);
    if (option->kind == CLI_FLAG) {
        if (equals != NULL)
            return cli_usage("%s takes no value", option->name);
        *(bool *)option->value = true;
        return -1;
    }
    if (equals != NULL)
        return read_value(option, equals + 1);
    if (*at + 1 >= argc)
        return cli_usage("%s needs a value: %s", option->name, option->argument);
    result = read_value(option, argv[++*at]);
    while (result < 0 && option->kind == CLI_LIST && *at + 1 < argc &&
           strncmp(argv[*at + 1], "--", 2) != 0)
        result = read_value(option, argv[++*at]);
    return result;
}

int cli_parse(const cli_command *command, int argc, char **argv, cli_list *positional)
{
    bool options = true;
    int result = -1;

    memset(positional, 0, sizeof *positional);
    for (int i = 1; i < argc && result < 0; i++) {
        if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(command);
            result = CLI_EXIT_DONE;
        } else if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            result = read_option(command, argc, argv, &i);
        } else {
            result = list_add(positional, argv[i]);
        }
    }
    if (result < 0 && positional->count < command->positional_min)
        result = cli_usage("something is missing\nusage: %s", command->usage);
    if (result < 0 && positional->count > command->positional_max)
        result = cli_usage("%s is one argument too many\nusage: %s",
                           positional->items[command->positional_max], command->usage);
    if (result >= 0)
        cli_list_deinit(positional);
    return result;
}
