/*
 * answer.c: what the server answers: routes, refusals, bodies, and the same bodies as files.
 *
 * Every request passes the same gate: method, body, Host, token, path. What is answered is one of a
 * few prepared responses; nothing of the request gets into one (W4).
 */
#include "http_private.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- set-up ---- */

static hean_status open_series(metrics_http *http, hean_error *error)
{
    static const char *const handlers[] = {"metrics", "livez", "readyz", "status", "page", "other"};
#define CODE_TEXT(code) #code,
    static const char *const codes[] = {HTTP_CODE_MAP(CODE_TEXT)};
#undef CODE_TEXT
    metrics_registry *registry = metrics_hub_registry(http->hub);
    hean_status status = HEAN_OK;

    for (int i = 0; i < HTTP_HANDLER_COUNT; i++) {
        for (int j = 0; j < HTTP_CODE_COUNT && status == HEAN_OK; j++) {
            const char *const values[] = {handlers[i], codes[j]};
            status = metrics_registry_series(registry, METRICS_HTTP_REQUESTS, values,
                                             &http->requests[i][j], error);
        }
    }
    http->cut = metrics_catalogue_single(registry, METRICS_HTTP_CUT);
    http->scrape_duration = metrics_catalogue_single(registry, METRICS_SCRAPE_DURATION);
    http->export_time = metrics_catalogue_single(registry, METRICS_EXPORT_TIMESTAMP);
    http->export_failures = metrics_catalogue_single(registry, METRICS_EXPORT_FAILURES);
    return status;
}

hean_status http_answers_open(metrics_http *http, hean_error *error)
{
    hean_status status = open_series(http, error);

    if (status != HEAN_OK)
        return status;
    for (int i = 0; i < HTTP_BODY_COUNT; i++) {
        base_buffer_init(&http->bodies[i].text, http->options.allocator);
        http->bodies[i].content_type = i == HTTP_BODY_STATUS
                                           ? "application/json; charset=utf-8"
                                           : metrics_text_content_type((metrics_format)i);
    }
    /* 16 more than the window's bits asks for gzip's header. */
    if (deflateInit2(&http->gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    http->gzip_ready = true;
    http->page = http_page_response(http->options.allocator);
    if (http->page == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "metrics: out of memory");
    return HEAN_OK;
}

static void drop_responses(http_body *body)
{
    if (body->plain != NULL)
        MHD_destroy_response(body->plain);
    if (body->gzip != NULL)
        MHD_destroy_response(body->gzip);
    body->plain = body->gzip = NULL;
}

void http_answers_close(metrics_http *http)
{
    for (int i = 0; i < HTTP_BODY_COUNT; i++) {
        drop_responses(&http->bodies[i]);
        base_free(http->options.allocator, http->bodies[i].text.data);
    }
    if (http->gzip_ready)
        (void)deflateEnd(&http->gzip);
    if (http->page != NULL)
        MHD_destroy_response(http->page);
}

/* ---- bodies ---- */

void http_collect(metrics_http *http)
{
    int64_t now_ns = base_clock_monotonic_ns();
    metrics_process process;

    if (http->collected_ns > 0 &&
        now_ns - http->collected_ns < METRICS_BODY_AGE_MS * BASE_NS_PER_MS)
        return;
    http->collected_ns = now_ns;
    metrics_process_read(&process);
    metrics_hub_collect(http->hub, base_clock_wall_ns(), &process);
}

static struct MHD_Response *make_response(const http_body *body, const void *data, size_t bytes,
                                          bool gzip)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(bytes, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return NULL;
    http_security_headers(response);
    if (MHD_add_response_header(response, "Content-Type", body->content_type) != MHD_YES ||
        MHD_add_response_header(response, "Vary", "Accept, Accept-Encoding") != MHD_YES ||
        (gzip && MHD_add_response_header(response, "Content-Encoding", "gzip") != MHD_YES)) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

static void write_body(metrics_http *http, http_body_kind kind, base_buffer *out)
{
    int64_t start_ns = base_clock_monotonic_ns();

    out->length = 0;
    out->failed = false;
    if (kind == HTTP_BODY_STATUS) {
        base_json json = {*out, false};
        metrics_hub_write_status(http->hub, base_clock_wall_ns(), &json);
        *out = json.buffer;
        return;
    }
    metrics_text_render(metrics_hub_registry(http->hub), (metrics_format)kind, out);
    metrics_set(http->scrape_duration, (double)(base_clock_monotonic_ns() - start_ns) / 1e9);
}

static void make_gzip(metrics_http *http, http_body *body)
{
    size_t bytes = deflateBound(&http->gzip, body->text.length);
    uint8_t *packed = base_alloc(http->options.allocator, bytes);

    if (packed == NULL)
        return;
    http->gzip.next_in = (Bytef *)body->text.data;
    http->gzip.avail_in = (uInt)body->text.length;
    http->gzip.next_out = packed;
    http->gzip.avail_out = (uInt)bytes;
    if (deflate(&http->gzip, Z_FINISH) == Z_STREAM_END)
        body->gzip = make_response(body, packed, http->gzip.total_out, true);
    (void)deflateReset(&http->gzip);
    base_free(http->options.allocator, packed);
}

/* The newest body of this kind; NULL: out of memory. */
static struct MHD_Response *body_of(metrics_http *http, http_body_kind kind, bool gzip)
{
    http_body *body = &http->bodies[kind];
    int64_t now_ns = base_clock_monotonic_ns();

    if (body->plain == NULL || now_ns - body->made_ns >= METRICS_BODY_AGE_MS * BASE_NS_PER_MS) {
        drop_responses(body);
        http_collect(http);
        write_body(http, kind, &body->text);
        if (body->text.failed)
            return NULL;
        body->plain = make_response(body, body->text.data, body->text.length, false);
        body->made_ns = now_ns;
    }
    if (gzip && body->gzip == NULL && body->plain != NULL)
        make_gzip(http, body);
    return gzip && body->gzip != NULL ? body->gzip : body->plain;
}

/* ---- requests ---- */

static enum MHD_Result answer(metrics_http *http, struct MHD_Connection *connection,
                              http_handler handler, int code_index, struct MHD_Response *response)
{
#define CODE_NUMBER(code) code,
    static const unsigned codes[] = {HTTP_CODE_MAP(CODE_NUMBER)};
#undef CODE_NUMBER

    metrics_count(http->writer, http->requests[handler][code_index], 1);
    return MHD_queue_response(connection, codes[code_index], response);
}

/* A few words, and at most one more header. */
static enum MHD_Result say(metrics_http *http, struct MHD_Connection *connection,
                           http_handler handler, int code_index, const char *text,
                           const char *header, const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    http_security_headers(response);
    if (MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8") == MHD_YES &&
        (header == NULL || MHD_add_response_header(response, header, value) == MHD_YES))
        result = answer(http, connection, handler, code_index, response);
    MHD_destroy_response(response);
    return result;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Takes as long whatever the difference is. */
static bool token_given(const metrics_http *http, struct MHD_Connection *connection)
{
    const char *given = header_of(connection, "Authorization");
    size_t bytes = strlen(http->options.token);
    unsigned char difference = 0;

    if (given == NULL || strncasecmp(given, "Bearer ", 7) != 0 || strlen(given + 7) != bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        difference |= (unsigned char)(given[7 + i] ^ http->options.token[i]);
    return difference == 0;
}

/* A page of a stranger can let its own name point here and then read what we answer: such a name
 * has a dot and is no address. */
static bool host_allowed(const char *host)
{
    size_t bytes;

    if (host == NULL || host[0] == '[')
        return true; /* HTTP/1.0, or an IPv6 address */
    bytes = strcspn(host, ":");
    if (strspn(host, "0123456789.") == bytes || memchr(host, '.', bytes) == NULL)
        return true;
    return bytes > 9 && strncasecmp(host + bytes - 9, ".internal", 9) == 0;
}

static enum MHD_Result answer_checks(metrics_http *http, struct MHD_Connection *connection,
                                     http_handler handler)
{
    int count = handler == HTTP_LIVEZ ? 1 : METRICS_CHECK_COUNT; /* the loop is the first */
    bool checks[METRICS_CHECK_COUNT], well = true;
    char text[200] = "";
    size_t bytes = 0;

    http_collect(http);
    metrics_hub_check(http->hub, base_clock_wall_ns(), base_clock_monotonic_ns(),
                      http->options.loop_limit_ns, checks);
    for (int i = 0; i < count; i++) {
        bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "[%c] %s %s\n",
                                  checks[i] ? '+' : '-', metrics_check_text((metrics_check)i),
                                  checks[i] ? "ok" : "failed");
        well &= checks[i];
    }
    return say(http, connection, handler, well ? HTTP_CODE_200 : HTTP_CODE_503, text, NULL, NULL);
}

static enum MHD_Result answer_body(metrics_http *http, struct MHD_Connection *connection,
                                   http_handler handler)
{
    bool gzip = metrics_text_wants_gzip(header_of(connection, "Accept-Encoding"));
    http_body_kind kind = HTTP_BODY_STATUS;
    struct MHD_Response *response;

    if (handler == HTTP_METRICS)
        kind = (http_body_kind)metrics_text_negotiate(header_of(connection, "Accept"));
    response = body_of(http, kind, gzip);
    if (response == NULL)
        return say(http, connection, handler, HTTP_CODE_500, "out of memory\n", NULL, NULL);
    return answer(http, connection, handler, HTTP_CODE_200, response);
}

static http_handler handler_of(const char *url)
{
    static const struct {
        const char *path;
        http_handler handler;
    } routes[] = {{"/metrics", HTTP_METRICS},      {"/livez", HTTP_LIVEZ},
                  {"/readyz", HTTP_READYZ},        {"/healthz", HTTP_READYZ},
                  {"/api/v1/status", HTTP_STATUS}, {"/", HTTP_PAGE}};

    for (size_t i = 0; i < BASE_COUNT(routes); i++) {
        if (strcmp(url, routes[i].path) == 0)
            return routes[i].handler;
    }
    return HTTP_OTHER;
}

static bool has_body(struct MHD_Connection *connection)
{
    const char *length = header_of(connection, "Content-Length");
    return (length != NULL && strcmp(length, "0") != 0) ||
           header_of(connection, "Transfer-Encoding") != NULL;
}

enum MHD_Result http_answer(void *context, struct MHD_Connection *connection, const char *url,
                            const char *method, const char *version, const char *upload,
                            size_t *upload_bytes, void **request)
{
    metrics_http *http = context;
    http_handler handler = handler_of(url);

    (void)version;
    (void)upload;
    (void)upload_bytes;
    if (has_body(connection)) /* answered at once: the connection is closed and nothing is read */
        return say(http, connection, handler, HTTP_CODE_413, "no body is taken\n", NULL, NULL);
    if (*request == NULL) { /* an answer to the first call would end a connection that is kept */
        *request = http;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return say(http, connection, handler, HTTP_CODE_405, "only GET and HEAD\n", "Allow",
                   "GET, HEAD");
    if (http->options.token == NULL && !host_allowed(header_of(connection, "Host")))
        return say(http, connection, handler, HTTP_CODE_421,
                   "this name is not expected: use an address, or set a token\n", NULL, NULL);
    switch (handler) {
    case HTTP_LIVEZ:
    case HTTP_READYZ:
        return answer_checks(http, connection, handler);
    case HTTP_PAGE:
        return answer(http, connection, handler, HTTP_CODE_200, http->page);
    case HTTP_METRICS:
    case HTTP_STATUS:
        if (http->options.token != NULL && !token_given(http, connection))
            return say(http, connection, handler, HTTP_CODE_401, "a token is needed\n",
                       "WWW-Authenticate", "Bearer");
        return answer_body(http, connection, handler);
    default:
        return say(http, connection, handler, HTTP_CODE_404, "there is nothing here\n", NULL, NULL);
    }
}

/* ---- files ---- */

static void export_one(metrics_http *http, const char *path, bool json, int64_t now_ns)
{
    base_buffer text;
    hean_status status = HEAN_E_NO_MEMORY;

    if (path == NULL)
        return;
    base_buffer_init(&text, http->options.allocator);
    if (json) {
        base_json writer;
        base_json_init(&writer, http->options.allocator);
        metrics_hub_write_samples(http->hub, now_ns, &writer);
        text = writer.buffer;
        base_buffer_append(&text, "\n", 1);
    } else {
        metrics_text_render(metrics_hub_registry(http->hub), METRICS_TEXT, &text);
    }
    if (!text.failed)
        status = base_file_replace_shared(path, text.data, text.length, NULL);
    if (status != HEAN_OK)
        metrics_count(http->writer, http->export_failures, 1);
    base_buffer_deinit(&text);
}

void http_export(metrics_http *http)
{
    int64_t now_ns = base_clock_wall_ns();

    http_collect(http);
    metrics_set(http->export_time, (double)now_ns / 1e9);
    export_one(http, http->options.json_path, true, now_ns);
    export_one(http, http->options.prom_path, false, now_ns);
}
