/*
 * latency.c: see latency.h. Must not know the engine.
 */
#include <base/decimal.h>
#include <host/latency.h>

#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 20)
#define LATENCY_NS_MAX (60 * BASE_NS_PER_S)

static const char header[] = "time,entry_ms,response_ms";

/* Reads "12.5" as nanoseconds. */
static hean_status parse_ms(const char *text, size_t bytes, int64_t *out)
{
    int64_t latency_ns;
    hean_status status = decimal_parse_scaled(text, bytes, 6, &latency_ns);

    if (status == HEAN_OK && (latency_ns < 0 || latency_ns > LATENCY_NS_MAX))
        status = HEAN_E_RANGE;
    if (status == HEAN_OK)
        *out = latency_ns;
    return status;
}

static hean_status parse_line(const char *line, size_t bytes, hean_latency_sample *out)
{
    const char *end = line + bytes;
    const char *first = memchr(line, ',', bytes);
    const char *second = first != NULL ? memchr(first + 1, ',', (size_t)(end - first - 1)) : NULL;
    hean_status status;

    if (second == NULL || memchr(second + 1, ',', (size_t)(end - second - 1)) != NULL)
        return HEAN_E_PARSE;
    status = base_time_parse(line, (size_t)(first - line), &out->time_ns);
    if (status == HEAN_OK)
        status = parse_ms(first + 1, (size_t)(second - first - 1), &out->entry_ns);
    if (status == HEAN_OK)
        status = parse_ms(second + 1, (size_t)(end - second - 1), &out->response_ns);
    return status;
}

/* The next line without its end; false at the end of the text. */
static bool next_line(const char **at, const char *end, const char **line, size_t *bytes)
{
    const char *stop;

    if (*at == end)
        return false;
    stop = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *bytes = (size_t)((stop != NULL ? stop : end) - *at);
    *at = stop != NULL ? stop + 1 : end;
    if (*bytes > 0 && (*line)[*bytes - 1] == '\r')
        (*bytes)--;
    return true;
}

hean_status latency_parse(const hean_allocator *allocator, const char *file, const char *text,
                          size_t bytes, hean_latency_sample **out, size_t *count, hean_error *error)
{
    const char *at = text, *end = text + bytes, *line = text;
    size_t line_bytes = 0, number = 1, used = 0, capacity = 0;
    void *samples = NULL;
    hean_status status = HEAN_OK;

    if (!next_line(&at, end, &line, &line_bytes) || line_bytes != strlen(header) ||
        memcmp(line, header, line_bytes) != 0)
        return base_fail(error, HEAN_E_FORMAT, "%s:1: expected the header %s", file, header);
    while (status == HEAN_OK && next_line(&at, end, &line, &line_bytes)) {
        hean_latency_sample sample = {0, 0, 0};
        number++;
        status = parse_line(line, line_bytes, &sample);
        if (status == HEAN_OK && used > 0 &&
            sample.time_ns < ((const hean_latency_sample *)samples)[used - 1].time_ns)
            status = HEAN_E_TIME_ORDER;
        if (status == HEAN_OK &&
            !base_grow(allocator, &samples, &capacity, used + 1, sizeof sample))
            status = HEAN_E_NO_MEMORY;
        if (status == HEAN_OK)
            ((hean_latency_sample *)samples)[used++] = sample;
    }
    if (status != HEAN_OK)
        (void)base_fail(error, status,
                        "%s:%zu: %.*s: %s, expected a time, then two latencies from 0 to 60000 ms",
                        file, number, line_bytes < 80 ? (int)line_bytes : 80, line,
                        hean_status_text(status));
    else if (used == 0)
        status = base_fail(error, HEAN_E_TRUNCATED, "%s: expected at least one sample", file);
    if (status != HEAN_OK) {
        base_free(allocator, samples);
        return status;
    }
    *out = samples;
    *count = used;
    return HEAN_OK;
}

hean_status latency_read_file(const hean_allocator *allocator, const char *path,
                              hean_latency_sample **out, size_t *count, hean_error *error)
{
    base_buffer text;
    hean_status status;

    base_buffer_init(&text, allocator);
    status = base_buffer_read_file(&text, path, FILE_BYTES_MAX, error);
    if (status == HEAN_OK)
        status = latency_parse(allocator, path, text.length > 0 ? text.data : "", text.length, out,
                               count, error);
    base_buffer_deinit(&text);
    return status;
}
