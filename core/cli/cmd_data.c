/*
 * cmd_data.c: `hean data check` reads market data and says what is in it, `hean data import` writes
 * the binary form that backtests map into memory, `hean data info` describes such a file.
 */
#include "cli.h"

#include <market/import.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef unsigned long long whole;

static const struct {
    hean_event_kind kind;
    const char *name;
} kinds[] = {{HEAN_EVENT_BOOK, "book"},
             {HEAN_EVENT_TRADE, "trade"},
             {HEAN_EVENT_BAR, "bar"},
             {HEAN_EVENT_QUOTE, "quote"},
             {HEAN_EVENT_MARK, "mark"},
             {HEAN_EVENT_FUNDING, "funding"},
             {HEAN_EVENT_CONNECTION, "connection"}};

static const char *const instrument_kinds[] = {"linear", "spot", "inverse"};

/* ---- JSON ---- */

static void info_json(cli_json *json, const market_data_info *info, bool with_hash)
{
    char hex[HASH_SHA256_HEX_BYTES];

    cli_json_whole(json, "events", (int64_t)info->events);
    cli_json_object(json, "events_by_kind");
    for (size_t i = 0; i < BASE_COUNT(kinds); i++)
        cli_json_whole(json, kinds[i].name, (int64_t)info->events_by_kind[kinds[i].kind]);
    cli_json_object_end(json);
    cli_json_time(json, "first_time", info->first_local_ns);
    cli_json_time(json, "last_time", info->last_local_ns);
    cli_json_whole(json, "first_local_ns", info->first_local_ns);
    cli_json_whole(json, "last_local_ns", info->last_local_ns);
    cli_json_whole(json, "first_exch_ns", info->first_exch_ns);
    cli_json_whole(json, "last_exch_ns", info->last_exch_ns);
    cli_json_whole(json, "feed_latency_ns_max", info->feed_latency_ns_max);
    if (!with_hash)
        return;
    hash_hex(info->sha256, sizeof info->sha256, hex);
    cli_json_text(json, "sha256", hex);
}

static void instrument_json(cli_json *json, const hean_instrument *spec)
{
    cli_json_text(json, "symbol", spec->symbol);
    cli_json_text(json, "kind", instrument_kinds[spec->kind]);
    cli_json_units(json, "tick", 1, spec->tick_size);
    cli_json_units(json, "lot", 1, spec->lot_size);
}

static void level_json(cli_json *json, const char *key, const hean_instrument *spec, int64_t ticks,
                       int64_t lots)
{
    if (lots == 0) {
        cli_json_null(json, key);
        return;
    }
    cli_json_object(json, key);
    cli_json_units(json, "price", ticks, spec->tick_size);
    cli_json_units(json, "size", lots, spec->lot_size);
    cli_json_object_end(json);
}

static void book_json(cli_json *json, const market_import_book *book)
{
    const hean_instrument *spec = &book->instrument.spec;

    cli_json_object(json, NULL);
    instrument_json(json, spec);
    cli_json_whole(json, "book_messages", (int64_t)book->messages);
    cli_json_whole(json, "book_snapshots", (int64_t)book->snapshots);
    cli_json_whole(json, "crossed_messages", (int64_t)book->crossed_messages);
    level_json(json, "best_bid", spec, book->bid_ticks, book->bid_lots);
    level_json(json, "best_ask", spec, book->ask_ticks, book->ask_lots);
    cli_json_whole(json, "bid_levels", (int64_t)book->bid_levels);
    cli_json_whole(json, "ask_levels", (int64_t)book->ask_levels);
    cli_json_whole(json, "quotes_compared", (int64_t)book->quotes_compared);
    cli_json_whole(json, "quotes_agreeing", (int64_t)book->quotes_agreeing);
    cli_json_object_end(json);
}

static void file_json(cli_json *json, const market_import_file *file)
{
    cli_json_object(json, NULL);
    cli_json_text(json, "path", file->path);
    cli_json_text(json, "format", file->format);
    cli_json_text(json, "note", file->note);
    cli_json_whole(json, "rows", (int64_t)file->rows);
    cli_json_whole(json, "events", (int64_t)file->events);
    cli_json_whole(json, "bad_rows", (int64_t)file->bad_rows);
    cli_json_whole(json, "out_of_order_rows", (int64_t)file->out_of_order_rows);
    cli_json_whole(json, "clamped_rows", (int64_t)file->clamped_rows);
    cli_json_whole(json, "rounded_rows", (int64_t)file->rounded_rows);
    cli_json_whole(json, "sequence_gaps", (int64_t)file->sequence_gaps);
    cli_json_whole(json, "first_local_ns", file->first_local_ns);
    cli_json_whole(json, "last_local_ns", file->last_local_ns);
    cli_json_whole(json, "longest_gap_ns", file->longest_gap_ns);
    cli_json_whole(json, "longest_gap_at_ns", file->longest_gap_at_ns);
    cli_json_array(json, "bad");
    for (size_t i = 0; i < file->bad_count; i++) {
        cli_json_object(json, NULL);
        cli_json_whole(json, "line", (int64_t)file->bad[i].line);
        cli_json_text(json, "message", file->bad[i].message);
        cli_json_object_end(json);
    }
    cli_json_array_end(json);
    cli_json_object_end(json);
}

/* `output` is NULL for a check. */
static int report_json(const market_import_report *report, const char *output, double seconds)
{
    struct rusage usage;
    cli_json json;

    cli_json_init(&json);
    cli_json_object(&json, NULL);
    if (output != NULL)
        cli_json_text(&json, "output", output);
    cli_json_whole(&json, "rows", (int64_t)report->rows);
    cli_json_whole(&json, "bad_rows", (int64_t)report->bad_rows);
    cli_json_whole(&json, "out_of_order_rows", (int64_t)report->out_of_order_rows);
    cli_json_whole(&json, "rounded_rows", (int64_t)report->rounded_rows);
    info_json(&json, &report->data, output != NULL);
    cli_json_array(&json, "instruments");
    for (size_t i = 0; i < report->book_count; i++)
        book_json(&json, &report->books[i]);
    cli_json_array_end(&json);
    cli_json_array(&json, "files");
    for (size_t i = 0; i < report->file_count; i++)
        file_json(&json, &report->files[i]);
    cli_json_array_end(&json);
    cli_json_array(&json, "notes");
    for (size_t i = 0; i < report->note_count; i++)
        cli_json_text(&json, NULL, report->notes[i]);
    cli_json_array_end(&json);
    cli_json_real(&json, "wall_seconds", seconds);
    cli_json_real(&json, "rows_per_second", (double)report->rows / (seconds > 0 ? seconds : 1));
    BASE_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    cli_json_whole(&json, "peak_rss_bytes", (int64_t)usage.ru_maxrss * 1024);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

/* ---- for people ---- */

static void print_count(const char *label, uint64_t count)
{
    if (count > 0)
        printf("  %-18s %14llu\n", label, (whole)count);
}

static void print_span(int64_t first_ns, int64_t last_ns)
{
    char first[40], last[40];
    printf("  %-18s %s to %s\n", "time", base_time_format(first_ns, first, sizeof first),
           base_time_format(last_ns, last, sizeof last));
}

static void print_file(const market_import_file *file)
{
    char when[40], gap[48];

    printf("%s: %s\n", file->path, file->format);
    if (file->note[0] != 0)
        printf("  %s\n", file->note);
    printf("  %-18s %14llu\n", "rows", (whole)file->rows);
    print_count("events", file->events);
    if (file->events > 0) {
        print_span(file->first_local_ns, file->last_local_ns);
        printf("  %-18s %14s s, from %s\n", "longest gap",
               decimal_format_scaled(file->longest_gap_ns, 9, gap, sizeof gap),
               base_time_format(file->longest_gap_at_ns, when, sizeof when));
    }
    print_count("sequence gaps", file->sequence_gaps);
    print_count("out of order", file->out_of_order_rows);
    print_count("clamped times", file->clamped_rows);
    print_count("rounded", file->rounded_rows);
    print_count("bad rows", file->bad_rows);
    for (size_t i = 0; i < file->bad_count; i++)
        printf("    line %llu: %s\n", (whole)file->bad[i].line, file->bad[i].message);
    if (file->bad_rows > file->bad_count)
        printf("    and %llu more\n", (whole)(file->bad_rows - file->bad_count));
}

static void print_instrument(const hean_instrument *spec)
{
    char tick[48], lot[48];
    printf("%s: %s, tick %s, lot %s\n", spec->symbol, instrument_kinds[spec->kind],
           decimal_format_units(1, spec->tick_size, tick, sizeof tick),
           decimal_format_units(1, spec->lot_size, lot, sizeof lot));
}

static void print_level(const char *label, const hean_instrument *spec, int64_t ticks, int64_t lots,
                        size_t levels)
{
    char price[48], size[48];
    if (lots > 0)
        printf("  %-18s %14s  size %s, %zu levels\n", label,
               decimal_format_units(ticks, spec->tick_size, price, sizeof price),
               decimal_format_units(lots, spec->lot_size, size, sizeof size), levels);
}

static void print_book(const market_import_book *book)
{
    const hean_instrument *spec = &book->instrument.spec;

    print_instrument(spec);
    if (book->messages > 0) {
        print_count("book messages", book->messages);
        print_count("snapshots", book->snapshots);
        printf("  %-18s %14llu\n", "crossed", (whole)book->crossed_messages);
    }
    print_level("last best bid", spec, book->bid_ticks, book->bid_lots, book->bid_levels);
    print_level("last best ask", spec, book->ask_ticks, book->ask_lots, book->ask_levels);
    if (book->quotes_compared > 0)
        printf("  %-18s %14llu  of %llu instants agree with the book\n", "quotes",
               (whole)book->quotes_agreeing, (whole)book->quotes_compared);
}

static void print_info(const market_data_info *info, bool with_hash)
{
    char hex[HASH_SHA256_HEX_BYTES];

    printf("  %-18s %14llu\n", "events", (whole)info->events);
    for (size_t i = 0; i < BASE_COUNT(kinds); i++)
        print_count(kinds[i].name, info->events_by_kind[kinds[i].kind]);
    print_span(info->first_local_ns, info->last_local_ns);
    if (!with_hash)
        return;
    hash_hex(info->sha256, sizeof info->sha256, hex);
    printf("  %-18s %s\n", "sha256", hex);
}

static int print_report(const market_import_report *report, const char *output, double seconds)
{
    for (size_t i = 0; i < report->file_count; i++)
        print_file(&report->files[i]);
    for (size_t i = 0; i < report->book_count; i++)
        print_book(&report->books[i]);
    for (size_t i = 0; i < report->note_count; i++)
        printf("%s\n", report->notes[i]);
    printf("%s: %llu rows, %llu bad, %llu out of order; %.2f s\n", output != NULL ? output : "all",
           (whole)report->rows, (whole)report->bad_rows, (whole)report->out_of_order_rows, seconds);
    print_info(&report->data, output != NULL);
    return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}

/* ---- the output file: whole or not at all ---- */

typedef struct output_file {
    const char *path;
    char temporary[4200];
    int fd;
} output_file;

static hean_status output_open(output_file *file, hean_error *error)
{
    if (snprintf(file->temporary, sizeof file->temporary, "%s.%ld.tmp", file->path,
                 (long)getpid()) >= (int)sizeof file->temporary)
        return base_fail(error, HEAN_E_INVALID, "%.100s...: the path is too long", file->path);
    file->fd = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", file->temporary, strerror(errno));
    return HEAN_OK;
}

/* The new name is only safe once the folder that holds it is on disk as well. */
static hean_status sync_folder(const char *path, hean_error *error)
{
    char copy[4200];
    hean_status status = HEAN_OK;
    int fd;

    (void)base_text_copy(copy, sizeof copy, path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        status = base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static hean_status output_keep(output_file *file, hean_error *error)
{
    bool synced = fsync(file->fd) == 0;
    bool closed = close(file->fd) == 0;

    file->fd = -1;
    if (!synced || !closed || rename(file->temporary, file->path) != 0) {
        (void)base_fail(error, HEAN_E_IO, "%s: %s", file->path, strerror(errno));
        (void)unlink(file->temporary);
        return HEAN_E_IO;
    }
    return sync_folder(file->path, error);
}

static void output_drop(output_file *file)
{
    if (file->fd < 0)
        return;
    (void)close(file->fd);
    (void)unlink(file->temporary);
    file->fd = -1;
}

/* ---- check and import ---- */

static void on_progress(void *context, double fraction, uint64_t rows)
{
    (void)rows;
    cli_progress(context, fraction);
}

typedef struct data_arguments {
    cli_list paths, instruments;
    const char *symbol, *output;
    int64_t from_ns, to_ns;
    bool strict, as_json;
} data_arguments;

static int run(const data_arguments *arguments)
{
    char verb[] = "reading";
    market_import_options options = {.paths = arguments->paths.items,
                                     .path_count = arguments->paths.count,
                                     .symbol = arguments->symbol,
                                     .instrument_texts = arguments->instruments.items,
                                     .instrument_count = arguments->instruments.count,
                                     .from_ns = arguments->from_ns,
                                     .to_ns = arguments->to_ns,
                                     .strict = arguments->strict && arguments->output != NULL,
                                     .progress = on_progress,
                                     .progress_context = verb,
                                     .stop = &cli_stop};
    output_file file = {.path = arguments->output, .fd = -1};
    market_import_report report;
    hean_error error = {HEAN_OK, ""};
    hean_status status = HEAN_OK;
    int64_t start_ns = base_clock_monotonic_ns();
    double seconds;
    int code;

    cli_stop_on_signals();
    if (file.path != NULL)
        status = output_open(&file, &error);
    if (status == HEAN_OK)
        status = market_import_run(base_allocator_default(), &options, file.fd, &report, &error);
    cli_progress("", -1);
    if (status != HEAN_OK) {
        output_drop(&file);
        return cli_fail(&error);
    }
    seconds = (double)(base_clock_monotonic_ns() - start_ns) / (double)BASE_NS_PER_S;
    if (file.path != NULL && output_keep(&file, &error) != HEAN_OK)
        code = cli_fail(&error);
    else if (arguments->as_json)
        code = report_json(&report, arguments->output, seconds);
    else
        code = print_report(&report, arguments->output, seconds);
    if (code == CLI_EXIT_DONE && arguments->strict && report.bad_rows > 0) {
        (void)fprintf(stderr, "hean: %llu bad rows\n", (whole)report.bad_rows);
        code = CLI_EXIT_FAILED;
    }
    market_import_report_deinit(base_allocator_default(), &report);
    return code;
}

static int data_read(int argc, char **argv, bool import)
{
    data_arguments a = {0};
    const cli_option options[] = {
        {"--symbol", CLI_TEXT, &a.symbol, "S", "only this instrument of the data"},
        {"--instrument", CLI_LIST, &a.instruments, "K=V,...",
         "tick=0.01,lot=0.001[,symbol=S][,kind=inverse]..."},
        {"--from", CLI_TIME, &a.from_ns, "TIME", "first local time"},
        {"--to", CLI_TIME, &a.to_ns, "TIME", "end, not included"},
        {"--strict", CLI_FLAG, &a.strict, NULL,
         import ? "a bad row ends it" : "exit code 1 if there is a bad row"},
        {"--json", CLI_FLAG, &a.as_json, NULL, "one JSON object"},
        {"--output", CLI_TEXT, &a.output, "FILE", "the binary file to write"}};
    const cli_command command = {
        import ? "hean data import PATH... --output FILE [options]"
               : "hean data check PATH... [options]",
        import ? "Writes the binary form that backtests map into memory. PATH: files, folders or "
                 "sim:SEED."
               : "Reads market data and says what is in it. PATH: files, folders or sim:SEED.",
        options,
        BASE_COUNT(options) - (import ? 0 : 1),
        1,
        4096};
    int code = cli_parse(&command, argc, argv, &a.paths);

    if (code < 0)
        code = import && a.output == NULL ? cli_usage("--output is missing: the file to write")
                                          : run(&a);
    cli_list_deinit(&a.paths);
    cli_list_deinit(&a.instruments);
    return code;
}

/* ---- info ---- */

static int print_data(const market_data *data, const char *path, bool verified, bool as_json)
{
    cli_json json;

    if (!as_json) {
        printf("%s: %s\n", path, verified ? "verified" : "well formed");
        print_info(&data->info, true);
        for (size_t i = 0; i < data->info.instruments; i++)
            print_instrument(&data->instruments[i].spec);
        return fflush(stdout) == 0 ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
    }
    cli_json_init(&json);
    cli_json_object(&json, NULL);
    cli_json_text(&json, "path", path);
    cli_json_bool(&json, "verified", verified);
    info_json(&json, &data->info, true);
    cli_json_array(&json, "instruments");
    for (size_t i = 0; i < data->info.instruments; i++) {
        cli_json_object(&json, NULL);
        instrument_json(&json, &data->instruments[i].spec);
        cli_json_object_end(&json);
    }
    cli_json_array_end(&json);
    cli_json_object_end(&json);
    return cli_json_print(&json);
}

static int info(const char *path, bool verify, bool as_json)
{
    market_data data;
    hean_error error = {HEAN_OK, ""};
    hean_status status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code;

    if (fd < 0) {
        (void)base_fail(&error, HEAN_E_IO, "%s: %s", path, strerror(errno));
        return cli_fail(&error);
    }
    status = market_data_open(base_allocator_default(), fd, path, &data, &error);
    (void)close(fd);
    if (status != HEAN_OK)
        return cli_fail(&error);
    if (verify && market_data_verify(&data, &error) != HEAN_OK) {
        (void)base_fail_prefix(&error, "%s", path);
        code = cli_fail(&error);
    } else {
        code = print_data(&data, path, verify, as_json);
    }
    market_data_close(&data);
    return code;
}

static int data_info(int argc, char **argv)
{
    bool verify = false, as_json = false;
    const cli_option options[] = {
        {"--verify", CLI_FLAG, &verify, NULL, "recompute the SHA-256 and everything else"},
        {"--json", CLI_FLAG, &as_json, NULL, "one JSON object"}};
    const cli_command command = {"hean data info FILE [--verify] [--json]",
                                 "Describes a binary data file.",
                                 options,
                                 BASE_COUNT(options),
                                 1,
                                 1};
    cli_list positional;
    int code = cli_parse(&command, argc, argv, &positional);

    if (code >= 0)
        return code;
    code = info(positional.items[0], verify, as_json);
    cli_list_deinit(&positional);
    return code;
}

int cmd_data(int argc, char **argv)
{
    static const char usage[] = "usage: hean data check|import|info ...; `hean data check --help` "
                                "tells more";

    if (argc < 2)
        return cli_usage("%s", usage);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        printf("%s\n", usage);
        return CLI_EXIT_DONE;
    }
    if (strcmp(argv[1], "check") == 0)
        return data_read(argc - 1, argv + 1, false);
    if (strcmp(argv[1], "import") == 0)
        return data_read(argc - 1, argv + 1, true);
    if (strcmp(argv[1], "info") == 0)
        return data_info(argc - 1, argv + 1);
    return cli_usage("unknown subcommand %s; %s", argv[1], usage);
}
