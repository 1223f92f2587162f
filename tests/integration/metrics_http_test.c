/*
 * metrics_http_test.c: the server as clients see it, the well-behaved and the hostile ones.
 */
#include "../unit/metrics_fixture.h"

#include <metrics/http.h>

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

typedef struct fixture {
    metrics_hub *hub;
    metrics_http *http;
    metrics_http_options options;
} fixture;

static void start(fixture *f)
{
    hean_error error;

    f->hub = fixture_hub(base_allocator_default());
    fixture_publish(f->hub, base_clock_wall_ns());
    metrics_hub_progress(f->hub, base_clock_monotonic_ns());
    f->options.hub = f->hub;
    f->options.port = 0;
    assert_status(metrics_http_open(&f->options, &f->http, &error), HEAN_OK, &error);
}

static int open_server(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->options = metrics_http_options_default();
    f->options.deadline_ns = 60 * BASE_NS_PER_S;
    start(f);
    *state = f;
    return 0;
}

static int close_server(void **state)
{
    fixture *f = *state;

    metrics_http_close(f->http);
    metrics_hub_close(f->hub);
    free(f);
    return 0;
}

/* The same server with other options. */
static void restart(fixture *f)
{
    metrics_http_close(f->http);
    metrics_hub_close(f->hub);
    start(f);
}

static int dial(const fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(metrics_http_port(f->http)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_all(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t sent = send(fd, text, bytes, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* it hung up: the answer, if there is one, says why */
        text += sent;
        bytes -= (size_t)sent;
    }
}

/* Everything until the other side closes, at most 20 s. */
static base_buffer receive_all(int fd)
{
    base_buffer out;
    struct pollfd waiting = {fd, POLLIN, 0};

    base_buffer_init(&out, base_allocator_default());
    while (poll(&waiting, 1, 20000) == 1) {
        char chunk[65536];
        ssize_t bytes = recv(fd, chunk, sizeof chunk, 0);
        if (bytes <= 0)
            break;
        base_buffer_append(&out, chunk, (size_t)bytes);
    }
    base_buffer_append(&out, "", 0);
    assert_false(out.failed);
    return out;
}

/* One request on a connection of its own. `headers` are whole lines. */
static base_buffer ask(const fixture *f, const char *method, const char *path, const char *headers)
{
    base_buffer request, answer;
    int fd = dial(f);

    base_buffer_init(&request, base_allocator_default());
    base_buffer_printf(&request, "%s %s HTTP/1.1\r\n%s%sConnection: close\r\n\r\n", method, path,
                       strstr(headers, "Host:") != NULL ? "" : "Host: 127.0.0.1\r\n", headers);
    send_all(fd, request.data, request.length);
    answer = receive_all(fd);
    base_buffer_deinit(&request);
    assert_int_equal(close(fd), 0);
    return answer;
}

static int code_of(const base_buffer *answer)
{
    return answer->length > 12 && strncmp(answer->data, "HTTP/1.1 ", 9) == 0
               ? atoi(answer->data + 9)
               : 0;
}

static const char *body_of(const base_buffer *answer)
{
    const char *body = strstr(answer->data, "\r\n\r\n");
    return body != NULL ? body + 4 : "";
}

static void assert_code(const fixture *f, const char *method, const char *path, const char *headers,
                        int code)
{
    base_buffer answer = ask(f, method, path, headers);

    if (code_of(&answer) != code)
        fail_msg("%s %s: %d, expected %d: %s", method, path, code_of(&answer), code, answer.data);
    base_buffer_deinit(&answer);
}

static void assert_answer_has(const fixture *f, const char *path, const char *headers,
                              const char *part)
{
    base_buffer answer = ask(f, "GET", path, headers);

    if (strstr(answer.data, part) == NULL)
        fail_msg("%s lacks %s: %.1500s", path, part, answer.data);
    base_buffer_deinit(&answer);
}

/* ---- answers ---- */

static void every_path_says_what_it_is(void **state)
{
    fixture *f = *state;
    assert_answer_has(f, "/metrics", "", "Content-Type: text/plain; version=0.0.4; charset=utf-8");
    assert_answer_has(f, "/metrics", "", "\nhean_equity 10000123456.78901234\n");
    assert_answer_has(f, "/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n",
                      "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_answer_has(f, "/metrics", "Accept: application/openmetrics-text\r\n", "\n# EOF\n");
    assert_answer_has(f, "/metrics", "", "Vary: Accept, Accept-Encoding");
    assert_answer_has(f, "/api/v1/status", "", "Content-Type: application/json; charset=utf-8");
    assert_answer_has(f, "/api/v1/status", "", "\"equity\":\"10000123456.78901234\"");
    assert_answer_has(f, "/", "", "Content-Type: text/html; charset=utf-8");
    assert_answer_has(f, "/", "", "default-src 'none'; script-src 'sha256-");
    assert_answer_has(f, "/", "", "Cache-Control: no-store");
    assert_answer_has(f, "/livez", "", "[+] loop ok\n");
    assert_answer_has(f, "/metrics", "",
                      "hean_http_requests_total{handler=\"livez\",code=\"200\"} ");
}

static void only_get_and_head_of_known_paths_are_answered(void **state)
{
    static const char *const strange[] = {
        "/metrics/",       "//metrics", "/metrics/..",        "/../metrics",
        "/./metrics",      "/METRICS",  "/%2e%2e/etc/passwd", "/../../../../etc/passwd",
        "/api/v1/status/", "/api/v1",   "/metrics%00",        "/favicon.ico",
        "/metrics;a=b",    "/%"};
    fixture *f = *state;
    for (size_t i = 0; i < BASE_COUNT(strange); i++)
        assert_code(f, "GET", strange[i], "", 404);
    assert_code(f, "GET", "/metrics?x=1&y=%00", "", 200); /* a question is ignored */
    assert_code(f, "POST", "/metrics", "", 405);
    assert_code(f, "DELETE", "/", "", 405);
    assert_code(f, "TRACE", "/metrics", "X-Secret: a\r\n", 405);
    assert_code(f, "OPTIONS", "*", "", 405);
    assert_code(f, "CONNECT", "evil.example:443", "", 405);
    assert_code(f, "POST", "/metrics", "Content-Length: 1000000000\r\n", 413);
    assert_code(f, "GET", "/metrics", "Transfer-Encoding: chunked\r\n", 413);
    assert_code(f, "HEAD", "/metrics", "", 200);
}

static void head_has_the_headers_and_no_body(void **state)
{
    fixture *f = *state;
    base_buffer answer = ask(f, "HEAD", "/api/v1/status", "");
    assert_int_equal(code_of(&answer), 200);
    assert_non_null(strstr(answer.data, "Content-Length: "));
    assert_string_equal(body_of(&answer), "");
    base_buffer_deinit(&answer);
}

static void gzip_holds_the_same_exposition(void **state)
{
    fixture *f = *state;
    base_buffer answer = ask(f, "GET", "/metrics", "Accept-Encoding: gzip\r\n");
    z_stream stream = {0};
    char *text = calloc(1, 1 << 20);
    const char *body = body_of(&answer);
    assert_non_null(strstr(answer.data, "Content-Encoding: gzip"));
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)body;
    stream.avail_in = (uInt)(answer.data + answer.length - body);
    stream.next_out = (Bytef *)text;
    stream.avail_out = (1 << 20) - 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_non_null(strstr(text, "\nhean_equity 10000123456.78901234\n"));
    assert_int_equal(inflateEnd(&stream), Z_OK);
    free(text);
    base_buffer_deinit(&answer);
}

static void one_connection_serves_many_requests(void **state)
{
    static const char twice[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                "GET /livez HTTP/1.1\r\nHost: localhost\r\n"
                                "Connection: close\r\n\r\n";
    fixture *f = *state;
    base_buffer answer;
    const char *second;
    int fd = dial(f);
    send_all(fd, twice, sizeof twice - 1);
    answer = receive_all(fd);
    second = strstr(answer.data + 1, "HTTP/1.1 200");
    assert_int_equal(code_of(&answer), 200);
    assert_non_null(second);
    base_buffer_deinit(&answer);
    assert_int_equal(close(fd), 0);
}

static void nothing_that_a_client_sends_comes_back(void **state)
{
    fixture *f = *state;
    base_buffer answer = ask(f, "GET", "/xyzzy<script>", "X-Thing: xyzzy\r\nAccept: xyzzy\r\n");
    assert_int_equal(code_of(&answer), 404);
    assert_null(strstr(answer.data, "xyzzy"));
    base_buffer_deinit(&answer);
}

static void readiness_follows_the_checks(void **state)
{
    fixture *f = *state;
    metrics_status *status;
    assert_code(f, "GET", "/readyz", "", 200);
    status = metrics_hub_begin(f->hub);
    fixture_fill(status, base_clock_wall_ns());
    status->venues[0].up = false;
    status->kill[METRICS_KILL_OPERATOR] = true; /* is no reason to restart a host */
    metrics_hub_publish(f->hub);
    (void)poll(NULL, 0, 2 * METRICS_BODY_AGE_MS);
    assert_code(f, "GET", "/readyz", "", 503);
    assert_answer_has(f, "/healthz", "", "[-] venues failed\n");
    assert_code(f, "GET", "/livez", "", 200);
    metrics_hub_progress(f->hub, base_clock_monotonic_ns() - 60 * BASE_NS_PER_S);
    assert_code(f, "GET", "/livez", "", 503);
}

/* ---- who may ask ---- */

static void a_token_guards_the_figures_and_not_the_health(void **state)
{
    fixture *f = *state;
    f->options.token = "0123456789abcdef";
    restart(f);
    assert_code(f, "GET", "/metrics", "", 401);
    assert_answer_has(f, "/metrics", "", "WWW-Authenticate: Bearer");
    assert_code(f, "GET", "/api/v1/status", "Authorization: Bearer 0123456789abcdeX\r\n", 401);
    assert_code(f, "GET", "/api/v1/status", "Authorization: Bearer 0123456789abcdef0\r\n", 401);
    assert_code(f, "GET", "/api/v1/status", "Authorization: Bearer\r\n", 401);
    assert_code(f, "GET", "/api/v1/status", "Authorization: bearer 0123456789abcdef\r\n", 200);
    assert_code(f, "GET", "/metrics", "Authorization: Bearer 0123456789abcdef\r\n", 200);
    assert_code(f, "GET", "/livez", "", 200);
    assert_code(f, "GET", "/", "", 200);
    assert_code(f, "GET", "/", "Host: hean.example.com\r\n", 200);
}

static void a_strangers_name_for_this_address_is_refused(void **state)
{
    fixture *f = *state;
    assert_code(f, "GET", "/api/v1/status", "Host: evil.example.com:9090\r\n", 421);
    assert_code(f, "GET", "/", "Host: evil.example.com\r\n", 421);
    assert_code(f, "GET", "/metrics", "Host: localhost:9090\r\n", 200);
    assert_code(f, "GET", "/metrics", "Host: hean:9090\r\n", 200);
    assert_code(f, "GET", "/metrics", "Host: [::1]:9090\r\n", 200);
    assert_code(f, "GET", "/metrics", "Host: host.docker.internal:9090\r\n", 200);
}

static void a_public_address_needs_a_token_or_the_explicit_wish(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *address, *token;
        bool wish;
        hean_status status;
    } rows[] = {
        {"0.0.0.0", NULL, false, HEAN_E_GATE},      {"::", NULL, false, HEAN_E_GATE},
        {"192.0.2.1", NULL, false, HEAN_E_GATE},    {"0.0.0.0", "short", false, HEAN_E_INVALID},
        {"localhost", NULL, false, HEAN_E_INVALID}, {"", NULL, true, HEAN_E_INVALID},
        {"127.0.0.2", NULL, false, HEAN_OK},
    };
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        metrics_http_options options = f->options;
        metrics_http *http = NULL;
        hean_error error;
        options.address = rows[i].address;
        options.token = rows[i].token;
        options.public_without_token = rows[i].wish;
        assert_status(metrics_http_open(&options, &http, &error), rows[i].status, &error);
        metrics_http_close(http);
    }
}

static void an_address_in_use_is_told(void **state)
{
    fixture *f = *state;
    metrics_http_options options = f->options;
    metrics_http *http = NULL;
    hean_error error;
    options.port = metrics_http_port(f->http);
    assert_status(metrics_http_open(&options, &http, &error), HEAN_E_IO, &error);
    assert_non_null(strstr(error.message, "127.0.0.1:"));
    assert_null(http);
}

/* ---- hostile clients ---- */

static void requests_that_are_no_http_end_quickly(void **state)
{
    static const char *const rows[] = {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                       "\r\n\r\n\r\n",
                                       "GET\r\n\r\n",
                                       "GET /metrics\r\n\r\n",
                                       "GET /metrics HTTP/9.9\r\n\r\n",
                                       "GET /metrics HTTP/1.1\r\n\r\n", /* no Host */
                                       "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n"
                                       " folded: x\r\nConnection: close\r\n\r\n"};
    fixture *f = *state;
    f->options.deadline_ns = BASE_NS_PER_S; /* for those that look like a beginning */
    restart(f);
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        int fd = dial(f);
        base_buffer answer;
        send_all(fd, rows[i], strlen(rows[i]));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        answer = receive_all(fd);
        if (code_of(&answer) >= 500 && code_of(&answer) != 505)
            fail_msg("row %zu: %s", i, answer.data);
        base_buffer_deinit(&answer);
        assert_int_equal(close(fd), 0);
    }
    assert_code(f, "GET", "/livez", "", 200);
}

static void headers_and_paths_beyond_the_limit_are_refused(void **state)
{
    fixture *f = *state;
    char *large = malloc(200000);
    base_buffer answer;
    assert_non_null(large);
    memset(large, 'a', 200000);
    memcpy(large, "X-Large: ", 9);
    memcpy(large + 199997, "\r\n", 3);
    answer = ask(f, "GET", "/metrics", large);
    assert_true(code_of(&answer) == 431 || code_of(&answer) == 0);
    base_buffer_deinit(&answer);
    large[0] = '/';
    large[100000] = 0;
    answer = ask(f, "GET", large, "");
    assert_true(code_of(&answer) == 414 || code_of(&answer) == 0);
    base_buffer_deinit(&answer);
    free(large);
    assert_code(f, "GET", "/livez", "", 200);
}

static void a_client_that_dawdles_is_cut_at_the_deadline(void **state)
{
    static const char request[] = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
    fixture *f = *state;
    int64_t start_ns;
    int slow, silent, idle;
    base_buffer answer;
    f->options.deadline_ns = BASE_NS_PER_S / 2;
    restart(f);
    start_ns = base_clock_monotonic_ns();
    slow = dial(f);
    silent = dial(f);
    idle = dial(f); /* was answered, then says nothing more */
    send_all(idle, request, sizeof request - 1);
    for (int i = 0; i < 400; i++) { /* a byte now and then: never inactive */
        struct pollfd gone = {slow, POLLIN, 0};
        if (poll(&gone, 1, 50) == 1)
            break;
        (void)send(slow, "GET /metrics HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + i % 40, 1,
                   MSG_NOSIGNAL);
    }
    answer = receive_all(slow);
    assert_string_equal(answer.data, "");
    base_buffer_deinit(&answer);
    answer = receive_all(silent);
    assert_string_equal(answer.data, "");
    base_buffer_deinit(&answer);
    answer = receive_all(idle);
    assert_int_equal(code_of(&answer), 200);
    base_buffer_deinit(&answer);
    assert_true(base_clock_monotonic_ns() - start_ns >= BASE_NS_PER_S / 2);
    assert_int_equal(close(slow) | close(silent) | close(idle), 0);
    assert_answer_has(f, "/metrics", "", "\nhean_http_connections_cut_total 3\n");
}

static void ten_thousand_connections_do_not_keep_a_reader_out(void **state)
{
    fixture *f = *state;
    static const char request[] = "GET /metrics HTTP/1.1\r\nX-Slow: ";
    struct rlimit limit, before;
    int wanted = 10000, opened = 0;
    int *fds;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = before.rlim_max < 11000 ? before.rlim_max : 11000;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 11000)
        wanted = (int)limit.rlim_cur - 400;
    fds = malloc((size_t)wanted * sizeof *fds);
    assert_non_null(fds);
    for (; opened < wanted; opened++) {
        fds[opened] = dial(f);
        if (opened % 3 == 0) /* some begin a request and never end it */
            send_all(fds[opened], request, sizeof request - 1);
        if (opened % 1000 == 999)
            assert_code(f, "GET", "/metrics", "", 200);
    }
    print_message("%d connections\n", opened);
    assert_code(f, "GET", "/metrics", "", 200);
    assert_code(f, "GET", "/", "", 200);
    for (int i = 0; i < opened; i++)
        (void)close(fds[i]);
    free(fds);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_code(f, "GET", "/metrics", "", 200);
}

static void clients_that_hang_up_in_the_middle_leave_nothing_behind(void **state)
{
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    struct linger abrupt = {1, 0}; /* a reset in place of an orderly end */
    fixture *f = *state;
    for (int i = 0; i < 500; i++) {
        int fd = dial(f);
        send_all(fd, request, (size_t)(i % (int)sizeof request));
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt), 0);
        assert_int_equal(close(fd), 0);
    }
    assert_code(f, "GET", "/metrics", "", 200);
}

/* ---- files and notifications ---- */

static void the_export_files_agree_with_the_exposition(void **state)
{
    fixture *f = *state;
    static char json_path[1100], prom_path[1100];
    const char *folder = test_folder("metrics_export");
    base_buffer text;
    json_error_t problem;
    struct stat info;
    hean_error error;
    json_t *json;
    (void)snprintf(json_path, sizeof json_path, "%s/metrics.json", folder);
    (void)snprintf(prom_path, sizeof prom_path, "%s/hean.prom", folder);
    f->options.json_path = json_path;
    f->options.prom_path = prom_path;
    f->options.export_interval_ns = BASE_NS_PER_MS * 50;
    restart(f);
    for (int i = 0; i < 200 && access(prom_path, R_OK) != 0; i++)
        (void)poll(NULL, 0, 20);
    for (int i = 0; i < 20; i++) { /* never half a file, however often it is replaced */
        json = json_load_file(json_path, JSON_REJECT_DUPLICATES, &problem);
        if (json == NULL)
            fail_msg("%s at line %d", problem.text, problem.line);
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(json, "metrics"), "hean_equity")),
            "10000123456.78901234");
        json_decref(json);
        base_buffer_init(&text, base_allocator_default());
        assert_status(base_buffer_read_file(&text, prom_path, 1 << 20, &error), HEAN_OK, &error);
        assert_non_null(strstr(text.data, "\nhean_equity 10000123456.78901234\n"));
        assert_int_equal(text.data[text.length - 1], '\n');
        assert_int_equal(stat(prom_path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0644); /* node_exporter is another user */
        base_buffer_deinit(&text);
        (void)poll(NULL, 0, 10);
    }
    f->options.json_path = "/nowhere/metrics.json";
    f->options.prom_path = NULL;
    restart(f);
    for (int i = 0; i < 200; i++) {
        base_buffer answer = ask(f, "GET", "/metrics", "");
        bool counted = strstr(answer.data, "\nhean_export_failures_total 0\n") == NULL;
        base_buffer_deinit(&answer);
        if (counted)
            return;
        (void)poll(NULL, 0, 20);
    }
    fail_msg("a failed export is not counted");
}

static void the_service_manager_hears_a_datagram(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[64] = {0};
    hean_error error;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    (void)state;
    assert_status(metrics_notify("READY=1", &error), HEAN_OK, &error); /* nobody listens: fine */
    (void)snprintf(address.sun_path, sizeof address.sun_path, "@hean-notify-%d", (int)getpid());
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    assert_status(metrics_notify("READY=1", &error), HEAN_E_IO, &error);
    address.sun_path[0] = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                                      strlen(address.sun_path + 1))),
                     0);
    assert_status(metrics_notify("READY=1\nSTATUS=trading", &error), HEAN_OK, &error);
    assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
    assert_string_equal(text, "READY=1\nSTATUS=trading");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    assert_status(metrics_notify("READY=1", &error), HEAN_E_INVALID, &error);
    assert_int_equal(close(fd), 0);
    assert_int_equal(metrics_notify_watchdog_ns(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "3000000", 1), 0);
    assert_int_equal(metrics_notify_watchdog_ns(), 1500 * BASE_NS_PER_MS);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* is meant for another process */
    assert_int_equal(metrics_notify_watchdog_ns(), 0);
    assert_int_equal(
        unsetenv("WATCHDOG_PID") | unsetenv("WATCHDOG_USEC") | unsetenv("NOTIFY_SOCKET"), 0);
}

static void proc_tells_what_the_process_uses(void **state)
{
    metrics_process process;
    (void)state;
    metrics_process_read(&process);
    assert_true(process.cpu_seconds >= 0 && process.threads >= 1);
    assert_true(process.open_fds >= 3 && process.open_fds < process.max_fds);
    assert_true(process.resident_bytes > 100000 && process.resident_bytes < process.virtual_bytes);
    assert_true(process.start_seconds > 1.6e9 &&
                process.start_seconds <= (double)base_clock_wall_ns() / 1e9 + 2);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(every_path_says_what_it_is),
        SERVED(only_get_and_head_of_known_paths_are_answered),
        SERVED(head_has_the_headers_and_no_body),
        SERVED(gzip_holds_the_same_exposition),
        SERVED(one_connection_serves_many_requests),
        SERVED(nothing_that_a_client_sends_comes_back),
        SERVED(readiness_follows_the_checks),
        SERVED(a_token_guards_the_figures_and_not_the_health),
        SERVED(a_strangers_name_for_this_address_is_refused),
        SERVED(a_public_address_needs_a_token_or_the_explicit_wish),
        SERVED(an_address_in_use_is_told),
        SERVED(requests_that_are_no_http_end_quickly),
        SERVED(headers_and_paths_beyond_the_limit_are_refused),
        SERVED(a_client_that_dawdles_is_cut_at_the_deadline),
        SERVED(ten_thousand_connections_do_not_keep_a_reader_out),
        SERVED(clients_that_hang_up_in_the_middle_leave_nothing_behind),
        SERVED(the_export_files_agree_with_the_exposition),
        cmocka_unit_test(the_service_manager_hears_a_datagram),
        cmocka_unit_test(proc_tells_what_the_process_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
