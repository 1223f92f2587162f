/*
 * backtest_data.c: the data of a backtest: mapped if they are in the binary form, imported first
 * otherwise.
 *
 * The imported form goes into a file without a name, so that nothing stays behind however the
 * program ends.
 */
#include "backtest_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a file without a name ---- */

static const char *temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder != NULL && folder[0] == '/' ? folder : "/var/tmp";
}

static hean_status temporary_file(int *out, hean_error *error)
{
    const char *folder = temporary_folder();
    char path[PATH_MAX];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL)) {
        if (snprintf(path, sizeof path, "%s/hean-XXXXXX", folder) >= (int)sizeof path)
            return base_fail(error, HEAN_E_LIMIT, "TMPDIR: the path is too long");
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0 && unlink(path) != 0) {
            (void)close(fd); /* nothing was written */
            return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
        }
    }
    if (fd < 0)
        return base_fail(error, HEAN_E_IO,
                         "%s: no temporary file for the imported data: %s (set TMPDIR)", folder,
                         strerror(errno));
    *out = fd;
    return HEAN_OK;
}

/* ---- import ---- */

static void on_progress(void *context, double fraction, uint64_t rows)
{
    const backtest_options *options = context;
    if (options->progress != NULL)
        options->progress(options->progress_context, "import", fraction, rows);
}

static hean_status import(const hean_allocator *allocator, const backtest_options *options,
                          backtest_data *self, hean_error *error)
{
    market_import_options given = {
        .paths = options->paths,
        .path_count = options->path_count,
        .symbol = options->symbol,
        .instrument_texts = options->instrument_texts,
        .instrument_count = options->instrument_count,
        .from_ns = options->from_ns,
        .to_ns = options->to_ns,
        .strict = options->strict,
        .progress = on_progress,
        .progress_context = (void *)(uintptr_t)options,
    };
    int64_t begin_ns = base_clock_monotonic_ns();
    int fd = -1;
    hean_status status = temporary_file(&fd, error);

    if (status != HEAN_OK)
        return status;
    status = market_import_run(allocator, &given, fd, &self->import, error);
    if (status == HEAN_OK) {
        self->imported = true;
        status = market_data_open(allocator, fd, "imported data", &self->data, error);
    } else if (status == HEAN_E_IO) {
        (void)base_fail_prefix(error, "import (temporary data are in %s; TMPDIR names another)",
                               temporary_folder());
    }
    (void)close(fd); /* the mapping keeps the file */
    if (status != HEAN_OK)
        return status;
    self->open = true;
    self->import_seconds = (double)(base_clock_monotonic_ns() - begin_ns) / BASE_NS_PER_S;
    return HEAN_OK;
}

/* ---- the binary form, as it is ---- */

/* An open descriptor if there is one path, and it is a file in the binary form; else -1. */
static int open_binary(const backtest_options *options)
{
    char head[64];
    struct stat about;
    ssize_t bytes;
    int fd;

    if (options->path_count != 1 || strncmp(options->paths[0], "sim:", 4) == 0)
        return -1;
    fd = open(options->paths[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1; /* the importer says what is wrong with it */
    bytes = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? pread(fd, head, sizeof head, 0) : -1;
    if (bytes > 0 && market_data_is(head, (size_t)bytes))
        return fd;
    (void)close(fd); /* only read */
    return -1;
}

/* Lays an instrument text over the mapped instruments. `*fits` is false if it would change what
 * the events mean (or concerns another symbol): then the importer must read them. */
static hean_status apply_text(market_data *data, const char *text, bool *fits, hean_error *error)
{
    for (size_t i = 0; i < data->info.instruments; i++) {
        const hean_instrument *old = &data->instruments[i].spec;
        hean_instrument spec = *old;
        market_instrument changed;
        uint32_t fields = 0;
        hean_status status = market_instrument_parse(text, &spec, &fields, error);
        bool concerns = (fields & MARKET_FIELD_SYMBOL) != 0 ? strcmp(spec.symbol, old->symbol) == 0
                                                            : data->info.instruments == 1;
        if (status != HEAN_OK)
            return status;
        if (!concerns)
            continue;
        status = market_instrument_init(&changed, &spec, error);
        if (status != HEAN_OK)
            return status;
        *fits = spec.kind == old->kind &&
                memcmp(&spec.tick_size, &old->tick_size, sizeof spec.tick_size) == 0 &&
                memcmp(&spec.lot_size, &old->lot_size, sizeof spec.lot_size) == 0;
        if (*fits)
            data->instruments[i] = changed;
        return HEAN_OK;
    }
    *fits = false;
    return HEAN_OK;
}

/* Can the whole file be replayed as it is? */
static hean_status fits_options(market_data *data, const backtest_options *options, bool *fits,
                                hean_error *error)
{
    hean_status status = HEAN_OK;

    *fits = (options->from_ns == 0 || options->from_ns <= data->info.first_local_ns) &&
            (options->to_ns == 0 || options->to_ns > data->info.last_local_ns) &&
            (options->symbol == NULL ||
             (data->info.instruments == 1 &&
              strcmp(options->symbol, data->instruments[0].spec.symbol) == 0));
    for (size_t i = 0; status == HEAN_OK && *fits && i < options->instrument_count; i++)
        status = apply_text(data, options->instrument_texts[i], fits, error);
    return status;
}

static hean_status map_binary(const hean_allocator *allocator, const backtest_options *options,
                              int fd, backtest_data *self, hean_error *error)
{
    bool fits = false;
    hean_status status = market_data_open(allocator, fd, options->paths[0], &self->data, error);

    if (status != HEAN_OK)
        return status;
    self->open = true;
    status = market_data_verify(&self->data, error);
    if (status != HEAN_OK)
        return base_fail_prefix(error, "%s", options->paths[0]);
    market_data_release(&self->data, self->data.info.events);
    status = fits_options(&self->data, options, &fits, error);
    if (status == HEAN_OK && !fits) {
        market_data_close(&self->data);
        self->open = false;
    }
    return status;
}

/* ---- both ---- */

static hean_status set_fees(market_data *data, const backtest_options *options, hean_error *error)
{
    for (size_t i = 0; i < data->info.instruments; i++) {
        hean_instrument spec = data->instruments[i].spec;
        hean_status status;
        bool unknown = spec.maker_fee_e8 == 0 && spec.taker_fee_e8 == 0;

        for (size_t j = 0; unknown && j < options->instrument_count; j++) {
            hean_instrument scratch = spec;
            uint32_t fields = 0;
            if (market_instrument_parse(options->instrument_texts[j], &scratch, &fields, NULL) ==
                HEAN_OK)
                unknown = (fields & (MARKET_FIELD_MAKER | MARKET_FIELD_TAKER)) == 0;
        }
        if (options->maker_fee_e8 != BACKTEST_FEE_UNSET)
            spec.maker_fee_e8 = options->maker_fee_e8;
        else if (unknown)
            spec.maker_fee_e8 = BACKTEST_MAKER_FEE_E8;
        if (options->taker_fee_e8 != BACKTEST_FEE_UNSET)
            spec.taker_fee_e8 = options->taker_fee_e8;
        else if (unknown)
            spec.taker_fee_e8 = BACKTEST_TAKER_FEE_E8;
        status = market_instrument_init(&data->instruments[i], &spec, error);
        if (status != HEAN_OK)
            return status;
    }
    return HEAN_OK;
}

hean_status backtest_data_open(const hean_allocator *allocator, const backtest_options *options,
                               backtest_data *out, hean_error *error)
{
    backtest_data self = {0};
    hean_status status = HEAN_OK;
    int fd = open_binary(options);

    if (fd >= 0) {
        status = map_binary(allocator, options, fd, &self, error);
        (void)close(fd); /* only read; the mapping keeps the file */
    }
    if (status == HEAN_OK && !self.open)
        status = import(allocator, options, &self, error);
    if (status == HEAN_OK && self.data.info.events == 0)
        status =
            base_fail(error, HEAN_E_NOT_FOUND, "data: no events for this symbol and span of time");
    if (status == HEAN_OK)
        status = set_fees(&self.data, options, error);
    if (status != HEAN_OK) {
        backtest_data_close(allocator, &self);
        return status;
    }
    *out = self;
    return HEAN_OK;
}

void backtest_data_close(const hean_allocator *allocator, backtest_data *data)
{
    if (data->open)
        market_data_close(&data->data);
    if (data->imported)
        market_import_report_deinit(allocator, &data->import);
    memset(data, 0, sizeof *data);
}
