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
        .stop = options->stop,
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

static bool same_decimal(hean_decimal a, hean_decimal b)
{
    return a.mantissa == b.mantissa && a.exponent10 == b.exponent10;
}

static hean_status apply_text(market_instrument *instruments, size_t count, const char *text,
                              bool *fits, hean_error *error)
{
    *fits = false;
    for (size_t i = 0; i < count; i++) {
        const hean_instrument *old = &instruments[i].spec;
        hean_instrument spec = *old;
        market_instrument changed;
        uint32_t fields = 0;
        hean_status status = market_instrument_parse(text, &spec, &fields, error);

        if (status != HEAN_OK)
            return status;
        if ((fields & MARKET_FIELD_SYMBOL) != 0 ? strcmp(spec.symbol, old->symbol) != 0
                                                : count != 1)
            continue; /* about another one */
        status = market_instrument_init(&changed, &spec, error);
        if (status != HEAN_OK)
            return status;
        *fits = spec.kind == old->kind && same_decimal(spec.tick_size, old->tick_size) &&
                same_decimal(spec.lot_size, old->lot_size);
        if (*fits)
            instruments[i] = changed;
        return HEAN_OK;
    }
    return HEAN_OK;
}

hean_status data_apply_texts(market_instrument *instruments, size_t count,
                             const data_wishes *wishes, bool *fits, hean_error *error)
{
    hean_status status = HEAN_OK;

    *fits = true;
    for (size_t i = 0; status == HEAN_OK && *fits && i < wishes->text_count; i++)
        status = apply_text(instruments, count, wishes->texts[i], fits, error);
    return status;
}

static data_wishes wishes_of(const backtest_options *options)
{
    return (data_wishes){options->instrument_texts, options->instrument_count,
                         options->maker_fee_e8, options->taker_fee_e8};
}

/* Can the whole file be replayed as it is? */
static hean_status fits_options(market_data *data, const backtest_options *options, bool *fits,
                                hean_error *error)
{
    data_wishes wishes = wishes_of(options);

    *fits = (options->from_ns == 0 || options->from_ns <= data->info.first_local_ns) &&
            (options->to_ns == 0 || options->to_ns > data->info.last_local_ns) &&
            (options->symbol == NULL ||
             (data->info.instruments == 1 &&
              strcmp(options->symbol, data->instruments[0].spec.symbol) == 0));
    if (!*fits)
        return HEAN_OK;
    return data_apply_texts(data->instruments, data->info.instruments, &wishes, fits, error);
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

static bool text_gives_fees(const data_wishes *wishes, const hean_instrument *spec)
{
    for (size_t i = 0; i < wishes->text_count; i++) {
        hean_instrument scratch = *spec;
        uint32_t fields = 0;
        if (market_instrument_parse(wishes->texts[i], &scratch, &fields, NULL) == HEAN_OK &&
            (fields & (MARKET_FIELD_MAKER | MARKET_FIELD_TAKER)) != 0)
            return true;
    }
    return false;
}

hean_status data_set_fees(market_instrument *instruments, size_t count, const data_wishes *wishes,
                          hean_error *error)
{
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < count; i++) {
        hean_instrument spec = instruments[i].spec;
        bool unknown =
            spec.maker_fee_e8 == 0 && spec.taker_fee_e8 == 0 && !text_gives_fees(wishes, &spec);

        if (unknown) {
            spec.maker_fee_e8 = BACKTEST_MAKER_FEE_E8;
            spec.taker_fee_e8 = BACKTEST_TAKER_FEE_E8;
        }
        if (wishes->maker_fee_e8 != BACKTEST_FEE_UNSET)
            spec.maker_fee_e8 = wishes->maker_fee_e8;
        if (wishes->taker_fee_e8 != BACKTEST_FEE_UNSET)
            spec.taker_fee_e8 = wishes->taker_fee_e8;
        status = market_instrument_init(&instruments[i], &spec, error);
    }
    return status;
}

hean_status backtest_data_open(const hean_allocator *allocator, const backtest_options *options,
                               backtest_data *out, hean_error *error)
{
    data_wishes wishes = wishes_of(options);
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
        status = data_set_fees(self.data.instruments, self.data.info.instruments, &wishes, error);
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
