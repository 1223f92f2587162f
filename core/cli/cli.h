/*
 * cli.h: what the commands share: options, JSON on stdout, exit codes.
 *
 * A command is one file, cmd_<name>.c, with one function of its name. Results go to stdout,
 * everything else to stderr; with --json stdout carries JSON and nothing else.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <base/base.h>
#include <base/json.h>
#include <host/ledger_json.h>
#include <ledger/ledger.h>

#define CLI_EXIT_DONE      0
#define CLI_EXIT_FAILED    1
#define CLI_EXIT_USAGE     2
#define CLI_EXIT_GATE      3
#define CLI_EXIT_INVARIANT 4

/* ---- options ---- */
typedef enum cli_kind {
    CLI_FLAG,     /* bool */
    CLI_TEXT,     /* const char * */
    CLI_LIST,     /* cli_list: repeated, and several values up to the next option */
    CLI_WHOLE,    /* int64_t >= 0 */
    CLI_DECIMAL,  /* hean_decimal */
    CLI_DURATION, /* int64_t ns; a bare number is seconds */
    CLI_TIME      /* int64_t ns: ISO 8601 or epoch */
} cli_kind;

typedef struct cli_list {
    const char **items;
    size_t count;
    size_t capacity;
} cli_list;

typedef struct cli_option {
    const char *name; /* "--data" */
    cli_kind kind;
    void *value;
    const char *argument; /* "PATH..."; NULL for flags */
    const char *help;
} cli_option;

typedef struct cli_command {
    const char *usage; /* "hean backtest STRATEGY --data PATH... [options]" */
    const char *about;
    const cli_option *options;
    size_t option_count;
    size_t positional_min, positional_max;
} cli_command;

/* Reads argv[1..]; on --help prints the help. Returns -1 to go on, else the exit code. A wrong
 * option is named on stderr with what was expected. Free `positional` with cli_list_deinit. */
int cli_parse(const cli_command *command, int argc, char **argv, cli_list *positional);
void cli_list_deinit(cli_list *list);

/* Appends a whole file to `buffer`, or stdin if `path` is "-"; more than `bytes_max` is
 * HEAN_E_LIMIT. */
hean_status cli_read_input(const char *path, base_buffer *buffer, size_t bytes_max,
                           hean_error *error) HEAN_WARN_UNUSED;

/* Prints "hean: message" and gives the exit code for the status. */
int cli_fail(const hean_error *error);
/* The same with a status and text of one's own. */
int cli_usage(const char *format, ...) HEAN_PRINTF(1, 2);

/* Set by SIGINT and SIGTERM once cli_stop_on_signals was called. */
extern volatile int cli_stop;
void cli_stop_on_signals(void);

/* A progress line on stderr, only on a terminal; fraction < 0 erases it. */
void cli_progress(const char *what, double fraction);

/* hean_log_sink.write: a line on stderr. */
void cli_log(void *context, hean_log_level level, int64_t time_ns, const char *source,
             const char *text);

/* ---- JSON: the writer of base/json.h ---- */
typedef base_json cli_json;
#define cli_json_object     base_json_object
#define cli_json_object_end base_json_object_end
#define cli_json_array      base_json_array
#define cli_json_array_end  base_json_array_end
#define cli_json_text       base_json_text
#define cli_json_whole      base_json_whole
#define cli_json_bool       base_json_bool
#define cli_json_null       base_json_null
#define cli_json_scaled     base_json_scaled
#define cli_json_units      base_json_units
#define cli_json_real       base_json_real
#define cli_json_time       base_json_time
void cli_json_init(cli_json *json);
/* Ends one of several lines; writes to stdout what has gathered, now and then. An exit code. */
int cli_json_line(cli_json *json);
/* Writes what there is and ends its line, and frees it. Returns an exit code. */
int cli_json_print(cli_json *json);

/* ---- tables for people: cells row by row, the first row is the heads ---- */
typedef struct cli_table {
    base_buffer cells; /* texts, each with its 0 */
    size_t columns;
    uint64_t right; /* bit of a column: numbers, to the right */
} cli_table;
void cli_table_init(cli_table *table, const char *const *heads, size_t columns, uint64_t right);
void cli_table_text(cli_table *table, const char *text);
/* value / 10^scale10 */
void cli_table_scaled(cli_table *table, int64_t value, int scale10);
/* Writes it to stdout and frees it. Returns an exit code. */
int cli_table_print(cli_table *table);

/* ---- commands below a command ---- */
typedef struct cli_subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} cli_subcommand;
/* Hands over to the one that argv[1] names; `parent` is the command's own name. */
int cli_subcommand_run(const char *parent, const cli_subcommand *rows, size_t count, int argc,
                       char **argv);

/* ---- the ledger ---- */
#define CLI_STORE_DEFAULT     "var/hean.db"
#define cli_ledger_group_json host_ledger_group_json

/* "--set lookback=20 mode=fast" as {"lookback":20,"mode":"fast"}: numbers and booleans as they
 * are, everything else as text; nothing for an empty list. Returns -1 to go on, else the exit code.
 */
int cli_params_json(const cli_list *set, base_buffer *out);

/* ---- commands ---- */
int cmd_backtest(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_exchange_sim(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_order(int argc, char **argv);
int cmd_process(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_strategy(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
