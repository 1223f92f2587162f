/*
 * import_fixture.h: imports of invented files, told as lines of text:
 *
 *   LOCAL EXCH SYMBOL book bid|ask|- PRICE SIZE [clear] [snapshot] [gap] [last] [#SEQUENCE]
 *   LOCAL EXCH SYMBOL trade buy|sell|- PRICE SIZE [#NUMBER]
 *   LOCAL EXCH SYMBOL bar OPEN HIGH LOW CLOSE VOLUME interval SECONDS
 *   LOCAL EXCH SYMBOL quote BID SIZE ASK SIZE
 *   LOCAL EXCH SYMBOL mark MARK INDEX LAST rate E12 next TIME
 *   LOCAL EXCH SYMBOL funding E12 interval SECONDS
 *
 * Times are microseconds after IMPORT_T0 (1,700,000,000 s). Prices and sizes are as in the data.
 */
#ifndef IMPORT_FIXTURE_H
#define IMPORT_FIXTURE_H

#include "support.h"

#include <base/decimal.h>
#include <market/import.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMPORT_T0_NS INT64_C(1700000000000000000)

typedef struct import_fixture {
    char folder[2100];
    char path[2200]; /* of the last file put */
    market_import_options options;
    const char *paths[16];
    const char *texts[4];
    const hean_allocator *allocator;
    market_import_report report;
    market_data data;
    bool imported;
    hean_error error;
    base_buffer told;
} import_fixture;

static inline void fixture_open(import_fixture *fixture, const char *name)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->allocator = base_allocator_default();
    (void)snprintf(fixture->folder, sizeof fixture->folder, "%s", test_folder(name));
    fixture->options.temp_folder = fixture->folder;
    fixture->options.paths = fixture->paths;
    fixture->options.instrument_texts = fixture->texts;
    base_buffer_init(&fixture->told, base_allocator_default());
}

static inline void fixture_reset(import_fixture *fixture)
{
    for (size_t i = 0; i < fixture->options.path_count; i++)
        free((char *)(uintptr_t)fixture->paths[i]);
    if (fixture->imported) {
        market_data_close(&fixture->data);
        market_import_report_deinit(fixture->allocator, &fixture->report);
    }
    fixture->imported = false;
    fixture->options.path_count = fixture->options.instrument_count = 0;
    fixture->options.from_ns = fixture->options.to_ns = 0;
    fixture->options.symbol = NULL;
    fixture->options.strict = false;
    fixture->told.length = 0;
}

static inline void fixture_close(import_fixture *fixture)
{
    fixture_reset(fixture);
    base_buffer_deinit(&fixture->told);
}

static inline const char *fixture_put_bytes(import_fixture *fixture, const char *name,
                                            const void *data, size_t bytes)
{
    hean_error error;
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/%s", fixture->folder, name);
    assert_status(base_file_replace(fixture->path, data, bytes, &error), HEAN_OK, &error);
    return fixture->path;
}

/* Writes a file and adds it to the next import. */
static inline void fixture_put(import_fixture *fixture, const char *name, const char *text)
{
    char *path = strdup(fixture_put_bytes(fixture, name, text, strlen(text)));
    assert_non_null(path);
    fixture->paths[fixture->options.path_count++] = path;
}

static inline void fixture_instrument(import_fixture *fixture, const char *text)
{
    fixture->texts[fixture->options.instrument_count++] = text;
}

static inline hean_status fixture_run(import_fixture *fixture)
{
    int fd = memfd_create("import_test", MFD_CLOEXEC);
    hean_status status;

    assert_true(fd >= 0);
    status = market_import_run(fixture->allocator, &fixture->options, fd, &fixture->report,
                               &fixture->error);
    if (status == HEAN_OK) {
        assert_status(
            market_data_open(fixture->allocator, fd, "test", &fixture->data, &fixture->error),
            HEAN_OK, &fixture->error);
        assert_status(market_data_verify(&fixture->data, &fixture->error), HEAN_OK,
                      &fixture->error);
        fixture->imported = true;
    }
    (void)close(fd);
    return status;
}

static inline void tell_number(base_buffer *out, int64_t units, hean_decimal step)
{
    char text[64];
    base_buffer_printf(out, " %s", decimal_format_units(units, step, text, sizeof text));
}

static inline void tell_flags(base_buffer *out, const hean_event *event)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } flags[] = {{HEAN_EVENT_CLEAR, " clear"},
                 {HEAN_EVENT_SNAPSHOT, " snapshot"},
                 {HEAN_EVENT_GAP, " gap"},
                 {HEAN_EVENT_LAST, " last"}};
    for (size_t i = 0; i < BASE_COUNT(flags); i++) {
        if ((event->flags & flags[i].flag) != 0)
            base_buffer_printf(out, "%s", flags[i].name);
    }
    if (event->data.level.sequence != 0)
        base_buffer_printf(out, " #%lld", (long long)event->data.level.sequence);
}

static inline void tell_event(base_buffer *out, const market_data *data, const hean_event *event)
{
    static const char *const sides[2][3] = {{"-", "bid", "ask"}, {"-", "buy", "sell"}};
    const hean_instrument *spec = &data->instruments[event->instrument].spec;
    hean_decimal tick = spec->tick_size, lot = spec->lot_size;

    base_buffer_printf(out, "%lld %lld %s", (long long)(event->local_ns - IMPORT_T0_NS) / 1000,
                       (long long)(event->exch_ns - IMPORT_T0_NS) / 1000, spec->symbol);
    switch (event->kind) {
    case HEAN_EVENT_BOOK:
    case HEAN_EVENT_TRADE:
        base_buffer_printf(out, " %s %s", event->kind == HEAN_EVENT_BOOK ? "book" : "trade",
                           sides[event->kind == HEAN_EVENT_TRADE][event->side]);
        tell_number(out, event->data.level.price_ticks, tick);
        tell_number(out, event->data.level.qty_lots, lot);
        tell_flags(out, event);
        break;
    case HEAN_EVENT_BAR:
        base_buffer_printf(out, " bar");
        tell_number(out, event->data.bar.open_ticks, tick);
        tell_number(out, event->data.bar.high_ticks, tick);
        tell_number(out, event->data.bar.low_ticks, tick);
        tell_number(out, event->data.bar.close_ticks, tick);
        tell_number(out, event->data.bar.volume_lots, lot);
        base_buffer_printf(out, " interval %lld",
                           (long long)(event->data.bar.interval_ns / BASE_NS_PER_S));
        break;
    case HEAN_EVENT_QUOTE:
        base_buffer_printf(out, " quote");
        tell_number(out, event->data.quote.bid_ticks, tick);
        tell_number(out, event->data.quote.bid_lots, lot);
        tell_number(out, event->data.quote.ask_ticks, tick);
        tell_number(out, event->data.quote.ask_lots, lot);
        break;
    case HEAN_EVENT_MARK:
        base_buffer_printf(out, " mark");
        tell_number(out, event->data.mark.mark_ticks, tick);
        tell_number(out, event->data.mark.index_ticks, tick);
        tell_number(out, event->data.mark.last_ticks, tick);
        base_buffer_printf(out, " rate %lld next %lld", (long long)event->data.mark.next_rate_e12,
                           (long long)(event->data.mark.next_funding_ns - IMPORT_T0_NS) / 1000);
        break;
    default:
        assert_int_equal(event->kind, HEAN_EVENT_FUNDING);
        base_buffer_printf(out, " funding %lld interval %lld",
                           (long long)event->data.funding.rate_e12,
                           (long long)(event->data.funding.interval_ns / BASE_NS_PER_S));
    }
    base_buffer_printf(out, "\n");
}

static inline const char *fixture_tell(import_fixture *fixture)
{
    fixture->told.length = 0;
    base_buffer_append(&fixture->told, "", 0);
    for (uint64_t i = 0; i < fixture->data.info.events; i++)
        tell_event(&fixture->told, &fixture->data, &fixture->data.events[i]);
    assert_false(fixture->told.failed);
    return fixture->told.data;
}

/* Runs the import, which must succeed without a bad row, and compares all its events. */
static inline void fixture_expect(import_fixture *fixture, const char *expected)
{
    assert_status(fixture_run(fixture), HEAN_OK, &fixture->error);
    if (fixture->report.bad_rows > 0)
        print_error("%s\n", fixture->report.files[0].bad[0].message);
    assert_int_equal(fixture->report.bad_rows, 0);
    assert_string_equal(fixture_tell(fixture), expected);
}

/* Runs the import, which must fail so. */
static inline void fixture_expect_failure(import_fixture *fixture, hean_status status,
                                          const char *part)
{
    assert_status(fixture_run(fixture), status, &fixture->error);
    if (strstr(fixture->error.message, part) == NULL)
        print_error("\"%s\" is not in: %s\n", part, fixture->error.message);
    assert_non_null(strstr(fixture->error.message, part));
}

#endif
