/*
 * edge_test.c: the edge against a server that answers, is silent, cuts, lies and floods; plain and
 * over TLS. What matters most: NOT_SENT only where nothing was sent, and nothing sent twice.
 */
#include <support.h>

#include "edge_server.h"

#include <exchange/edge.h>

#define WAIT_NS (20 * BASE_NS_PER_S) /* fails after this; never the measure of success */

typedef struct told {
    wire_response response;
    char body[70000], why[300], headers[2000];
    int responses;
    wire_socket_event last_event;
    int ups, downs, messages;
    char text[70000];
    size_t text_bytes;
    /* what to do from inside a callback */
    edge *edge;
    bool close_in_message, send_in_up;
} told;

typedef struct fixture {
    edge_server server;
    edge *edge;
    told told;
} fixture;

static void on_response(void *context, const wire_response *response)
{
    told *self = context;

    self->responses++;
    self->response = *response;
    self->body[0] = self->why[0] = self->headers[0] = 0;
    if (response->outcome == WIRE_DONE) {
        (void)base_text_copy(self->body, sizeof self->body, response->body);
        (void)base_text_copy(self->headers, sizeof self->headers, response->headers);
    } else {
        (void)base_text_copy(self->why, sizeof self->why, response->why);
    }
}

static void do_socket(edge *to, wire_action_kind kind, uint64_t id, const char *text)
{
    const wire_action action = {.kind = kind,
                                .id = id,
                                .url = text,
                                .body = text,
                                .body_bytes = text != NULL ? strlen(text) : 0};
    hean_error error = {0};
    assert_status(edge_do(to, &action, &error), HEAN_OK, &error);
}

static void on_socket(void *context, uint64_t socket, wire_socket_event what, const char *text,
                      size_t bytes, int64_t now_ns)
{
    told *self = context;

    assert_true(now_ns > 0);
    self->last_event = what;
    self->ups += what == WIRE_SOCKET_UP;
    self->downs += what == WIRE_SOCKET_DOWN;
    self->messages += what == WIRE_SOCKET_MESSAGE;
    self->text_bytes = bytes;
    memcpy(self->text, text, bytes < sizeof self->text ? bytes : sizeof self->text - 1);
    self->text[bytes < sizeof self->text ? bytes : sizeof self->text - 1] = 0;
    if (what == WIRE_SOCKET_UP && self->send_in_up)
        do_socket(self->edge, WIRE_SOCKET_SEND, socket, "twice");
    if (what == WIRE_SOCKET_MESSAGE && self->close_in_message)
        do_socket(self->edge, WIRE_SOCKET_CLOSE, socket, NULL);
}

static void open_edge(fixture *self, const edge_options *options)
{
    const edge_sink sink = {&self->told, on_response, on_socket};
    hean_error error = {0};
    assert_status(edge_open(options, &sink, &self->edge, &error), HEAN_OK, &error);
    self->told.edge = self->edge;
}

static int set_up_kind(void **state, bool tls, size_t warm)
{
    fixture *self = calloc(1, sizeof *self);
    edge_options options = edge_options_default();

    edge_server_start(&self->server, tls);
    options.ca_file = tls ? self->server.ca_file : NULL;
    options.message_bytes_max = 65536;
    options.warm_connections = warm;
    open_edge(self, &options);
    *state = self;
    return 0;
}

static int set_up(void **state)
{
    return set_up_kind(state, false, 0);
}

static int set_up_tls(void **state)
{
    return set_up_kind(state, true, 0);
}

/* POST requests over warm connections. */
static int set_up_warm(void **state)
{
    return set_up_kind(state, false, 2);
}

static int set_up_warm_tls(void **state)
{
    return set_up_kind(state, true, 2);
}

static int tear_down(void **state)
{
    fixture *self = *state;
    edge_close(self->edge);
    edge_server_stop(&self->server);
    free(self);
    return 0;
}

static const char *url(const fixture *self, const char *scheme, const char *target)
{
    static char text[200];
    (void)snprintf(text, sizeof text, "%s%s://127.0.0.1:%d%s", scheme,
                   self->server.tls != NULL ? "s" : "", self->server.port, target);
    return text;
}

static void ask_url(fixture *self, const char *method, const char *where, const char *body)
{
    static uint64_t id;
    const wire_action action = {.kind = WIRE_HTTP,
                                .id = ++id,
                                .method = method,
                                .url = where,
                                .headers = "X-One: 1\nX-Two: zwei\n",
                                .body = body,
                                .body_bytes = body != NULL ? strlen(body) : 0,
                                .timeout_ns = BASE_NS_PER_S,
                                .response_bytes_max = 65536};
    int64_t deadline = base_clock_monotonic_ns() + WAIT_NS;
    int before = self->told.responses;
    hean_error error = {0};

    assert_status(edge_do(self->edge, &action, &error), HEAN_OK, &error);
    assert_int_equal(self->told.responses, before); /* never from inside edge_do */
    while (self->told.responses == before && base_clock_monotonic_ns() < deadline)
        assert_status(edge_run(self->edge, deadline, &error), HEAN_OK, &error);
    assert_int_equal(self->told.responses, before + 1);
    assert_int_equal(self->told.response.id, id);
}

static void ask(fixture *self, const char *method, const char *target, const char *body)
{
    ask_url(self, method, url(self, "http", target), body);
}

static void run_until(fixture *self, const int *counter, int value)
{
    int64_t deadline = base_clock_monotonic_ns() + WAIT_NS;
    hean_error error = {0};

    while (*counter < value && base_clock_monotonic_ns() < deadline)
        assert_status(edge_run(self->edge, base_clock_monotonic_ns() + 20 * BASE_NS_PER_MS, &error),
                      HEAN_OK, &error);
    assert_int_equal(*counter, value);
}

static void open_socket(fixture *self, const char *target)
{
    do_socket(self->edge, WIRE_SOCKET_OPEN, 7, url(self, "ws", target));
}

/* ---- HTTP ---- */

static void request_and_answer_arrive_as_they_are(void **state)
{
    fixture *self = *state;

    ask(self, "POST", "/echo?a=1%2C2", "{\"qty\":\"0.10\"}");
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
    assert_int_equal(self->told.response.http_status, 200);
    assert_non_null(strstr(self->told.headers, "X-Test: yes"));
    assert_non_null(strstr(self->told.body, "POST /echo?a=1%2C2 HTTP/1.1"));
    assert_non_null(strstr(self->told.body, "X-One: 1\r\n"));
    assert_non_null(strstr(self->told.body, "X-Two: zwei\r\n"));
    assert_non_null(strstr(self->told.body, "\r\n\r\n{\"qty\":\"0.10\"}"));
    assert_true(self->told.response.sent_ns > 0);
    assert_true(self->told.response.received_ns >= self->told.response.sent_ns);
    ask(self, "GET", "/echo", NULL);
    assert_non_null(strstr(self->told.body, "GET /echo HTTP/1.1"));
    assert_null(strcasestr(self->told.body, "content-length"));
    assert_int_equal(self->server.connections, 1); /* kept */
}

static void refused_connection_is_not_sent(void **state)
{
    fixture *self = *state;
    char where[100];
    int port, fd = edge_listen(&port);

    (void)close(fd);
    (void)snprintf(where, sizeof where, "http://127.0.0.1:%d/", port);
    ask_url(self, "POST", where, "{}");
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
    assert_true(self->told.why[0] != 0);
}

static void name_that_does_not_exist_is_not_sent(void **state)
{
    fixture *self = *state;
    ask_url(self, "POST", "http://venue.invalid/", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
}

static void other_protocol_is_not_sent(void **state)
{
    fixture *self = *state;
    ask_url(self, "GET", "file:///etc/passwd", NULL);
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
}

static void silence_is_unknown(void **state)
{
    fixture *self = *state;
    ask(self, "POST", "/silent", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_UNKNOWN);
    assert_int_equal(self->server.requests, 1);
}

static void cut_answer_is_unknown(void **state)
{
    fixture *self = *state;

    ask(self, "POST", "/cut", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_UNKNOWN);
    ask(self, "POST", "/half", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_UNKNOWN);
    assert_int_equal(self->server.requests, 2);
}

static void endless_answer_is_cut_off(void **state)
{
    fixture *self = *state;
    ask(self, "GET", "/endless", NULL);
    assert_int_equal(self->told.response.outcome, WIRE_UNKNOWN);
    assert_string_equal(self->told.why, "the answer is too long");
}

static void redirect_is_an_answer_and_not_followed(void **state)
{
    fixture *self = *state;
    ask(self, "GET", "/redirect", NULL);
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
    assert_int_equal(self->told.response.http_status, 302);
    assert_int_equal(self->server.requests, 1);
}

/* curl repeats a request by itself when a kept connection dies before the answer. */
static void order_is_not_sent_again_when_a_kept_connection_dies(void **state)
{
    fixture *self = *state;

    ask(self, "POST", "/once", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
    ask(self, "POST", "/once", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_UNKNOWN);
    assert_int_equal(self->server.requests, 2);
    ask(self, "POST", "/once", "{}"); /* the next one finds its way */
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
}

static void question_may_be_asked_again(void **state)
{
    fixture *self = *state;

    ask(self, "GET", "/once", NULL);
    ask(self, "GET", "/once", NULL);
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
    assert_int_equal(self->server.requests, 3);
}

static void proxy_of_the_environment_is_not_used_for_this_machine(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();

    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    edge_close(self->edge);
    open_edge(self, &options);
    ask(self, "GET", "/echo", NULL);
    assert_int_equal(self->told.response.outcome, WIRE_DONE);
    ask_url(self, "GET", "http://venue.invalid/", NULL); /* through the proxy, which is not there */
    assert_non_null(strstr(self->told.why, "127.0.0.1 port 1"));
    assert_int_equal(unsetenv("http_proxy"), 0);
}

static void a_get_with_a_body_is_refused(void **state)
{
    fixture *self = *state;
    const wire_action action = {.kind = WIRE_HTTP,
                                .method = "GET",
                                .url = "http://127.0.0.1",
                                .body = "x",
                                .body_bytes = 1};
    hean_error error = {0};
    assert_status(edge_do(self->edge, &action, &error), HEAN_E_INVALID, &error);
}

/* ---- warm connections ---- */

/* The first goes by curl; afterwards one is warm. */
static void warm_up(fixture *self)
{
    hean_error error = {0};

    ask(self, "POST", "/echo", "{}");
    for (int i = 0; i < 50 && self->server.connections < 2; i++)
        assert_status(edge_run(self->edge, base_clock_monotonic_ns() + 20 * BASE_NS_PER_MS, &error),
                      HEAN_OK, &error);
    for (int i = 0; i < 5; i++) /* TLS */
        assert_status(edge_run(self->edge, base_clock_monotonic_ns() + 20 * BASE_NS_PER_MS, &error),
                      HEAN_OK, &error);
    assert_int_equal(self->server.connections, 2);
}

static void warm_connection_carries_orders_as_they_are(void **state)
{
    fixture *self = *state;

    warm_up(self);
    for (int i = 0; i < 3; i++) {
        ask(self, "POST", "/echo?n=1", "{\"qty\":\"0.10\"}");
        assert_int_equal(self->told.response.outcome, WIRE_DONE);
        assert_int_equal(self->told.response.http_status, 200);
        assert_non_null(strstr(self->told.headers, "X-Test: yes"));
        assert_non_null(strstr(self->told.body, "POST /echo?n=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
        assert_non_null(strstr(self->told.body, "X-One: 1\r\n"));
        assert_non_null(strstr(self->told.body, "\r\n\r\n{\"qty\":\"0.10\"}"));
        assert_true(self->told.response.received_ns >= self->told.response.sent_ns);
    }
    assert_int_equal(self->server.connections, 2);
    assert_int_equal(self->server.requests, 4);
}

static void order_on_a_warm_connection_that_dies_is_unknown_and_sent_once(void **state)
{
    static const char *const targets[] = {"/cut", "/half", "/silent", "/wrong", "/endless"};
    fixture *self = *state;

    for (size_t i = 0; i < BASE_COUNT(targets); i++) {
        int before;
        if (i == 0)
            warm_up(self);
        else /* by curl, and warm again */
            ask(self, "POST", "/echo", "{}");
        ask(self, "POST", "/echo", "{}");
        before = self->server.requests;
        ask(self, "POST", targets[i], "{}");
        if (self->told.response.outcome != WIRE_UNKNOWN || self->told.why[0] == 0)
            fail_msg("%s: outcome %d", targets[i], (int)self->told.response.outcome);
        assert_int_equal(self->server.requests, before + 1);
    }
}

static void answers_of_every_form_are_read(void **state)
{
    static const char *const targets[][2] = {{"/chunked", "{\"retCode\":0}"},
                                             {"/until-end", "{\"retCode\":1}"},
                                             {"/interim", "{\"retCode\":2}"},
                                             {"/closing", "{\"retCode\":3}"}};
    fixture *self = *state;

    warm_up(self);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < BASE_COUNT(targets); i++) {
            ask(self, "POST", targets[i][0], "{}");
            if (self->told.response.outcome != WIRE_DONE)
                fail_msg("%s: %s", targets[i][0], self->told.why);
            assert_string_equal(self->told.body, targets[i][1]);
        }
    }
}

/* ---- TLS ---- */

static void certificate_of_a_stranger_is_refused_before_anything_is_sent(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();

    edge_close(self->edge); /* opened again without the certificate */
    open_edge(self, &options);
    ask(self, "POST", "/echo", "{}");
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
    assert_int_equal(self->server.requests, 0);
    open_socket(self, "/ws");
    run_until(self, &self->told.downs, 1);
    assert_int_equal(self->told.ups, 0);
}

static void wrong_name_in_the_certificate_is_refused(void **state)
{
    fixture *self = *state;
    char where[100];

    (void)snprintf(where, sizeof where, "https://localhost:%d/echo", self->server.port);
    ask_url(self, "POST", where, "{}");
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
    assert_int_equal(self->server.requests, 0);
}

static void tls_that_never_comes_is_not_sent(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();
    char where[100];
    int port, fd = edge_listen(&port); /* never accepted: the handshake is not answered */

    edge_close(self->edge);
    options.connect_timeout_ns = 300 * BASE_NS_PER_MS;
    open_edge(self, &options);
    (void)snprintf(where, sizeof where, "https://127.0.0.1:%d/", port);
    ask_url(self, "POST", where, "{}");
    assert_int_equal(self->told.response.outcome, WIRE_NOT_SENT);
    (void)snprintf(where, sizeof where, "wss://127.0.0.1:%d/", port);
    do_socket(self->edge, WIRE_SOCKET_OPEN, 7, where);
    run_until(self, &self->told.downs, 1);
    (void)close(fd);
}

/* ---- WebSocket ---- */

static void messages_go_both_ways(void **state)
{
    fixture *self = *state;

    open_socket(self, "/ws");
    run_until(self, &self->told.ups, 1);
    do_socket(self->edge, WIRE_SOCKET_SEND, 7, "{\"op\":\"ping\"}");
    run_until(self, &self->told.messages, 1);
    assert_string_equal(self->told.text, "{\"op\":\"ping\"}");
    do_socket(self->edge, WIRE_SOCKET_SEND, 7, "long 60000");
    run_until(self, &self->told.messages, 2);
    assert_int_equal(self->told.text_bytes, 60000);
}

static void message_sent_with_the_upgrade_is_not_lost(void **state)
{
    fixture *self = *state;
    open_socket(self, "/ws/hello");
    run_until(self, &self->told.messages, 1);
    assert_string_equal(self->told.text, "hello");
}

static void server_ping_is_answered(void **state)
{
    fixture *self = *state;

    open_socket(self, "/ws");
    run_until(self, &self->told.ups, 1);
    do_socket(self->edge, WIRE_SOCKET_SEND, 7, "ping");
    run_until(self, (const int *)&self->server.pongs, 1);
}

static void socket_ends_with_a_reason(void **state)
{
    static const char *const ways[][2] = {{"cut", ""},
                                          {"close", "1001"},
                                          {"garbage", "not a WebSocket frame"},
                                          {"long 70000", "too long"}};
    fixture *self = *state;

    for (size_t i = 0; i < BASE_COUNT(ways); i++) {
        open_socket(self, "/ws");
        run_until(self, &self->told.ups, (int)i + 1);
        do_socket(self->edge, WIRE_SOCKET_SEND, 7, ways[i][0]);
        run_until(self, &self->told.downs, (int)i + 1);
        if (strstr(self->told.text, ways[i][1]) == NULL)
            fail_msg("%s: %s", ways[i][0], self->told.text);
        do_socket(self->edge, WIRE_SOCKET_SEND, 7, "into the void");
    }
    assert_int_equal(self->told.messages, 0);
}

static void answer_to_the_upgrade_is_checked(void **state)
{
    static const char *const targets[][2] = {{"/ws/wrong-key", "Sec-WebSocket-Accept"},
                                             {"/echo", "did not switch"},
                                             {"/half", "did not switch"},
                                             {"/cut", "closed"}};
    fixture *self = *state;

    for (size_t i = 0; i < BASE_COUNT(targets); i++) {
        open_socket(self, targets[i][0]);
        run_until(self, &self->told.downs, (int)i + 1);
        if (strstr(self->told.text, targets[i][1]) == NULL)
            fail_msg("%s: %s", targets[i][0], self->told.text);
    }
    assert_int_equal(self->told.ups, 0);
}

static void upgrade_that_is_never_answered_goes_down(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();

    edge_close(self->edge);
    options.connect_timeout_ns = 300 * BASE_NS_PER_MS;
    open_edge(self, &options);
    open_socket(self, "/silent");
    run_until(self, &self->told.downs, 1);
    assert_string_equal(self->told.text, "no connection within the time allowed");
}

static void idle_socket_goes_down(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();

    edge_close(self->edge);
    options.idle_timeout_ns = 300 * BASE_NS_PER_MS;
    open_edge(self, &options);
    open_socket(self, "/ws");
    run_until(self, &self->told.downs, 1);
    assert_string_equal(self->told.text, "nothing was received for too long");
}

static void nothing_is_told_of_a_socket_after_it_was_closed(void **state)
{
    fixture *self = *state;

    self->told.send_in_up = self->told.close_in_message = true; /* two messages come back */
    open_socket(self, "/ws");
    run_until(self, &self->told.messages, 1);
    for (int i = 0; i < 20; i++) {
        hean_error error = {0};
        assert_status(edge_run(self->edge, base_clock_monotonic_ns() + 5 * BASE_NS_PER_MS, &error),
                      HEAN_OK, &error);
    }
    assert_int_equal(self->told.messages, 1);
    assert_int_equal(self->told.downs, 0);
    open_socket(self, "/ws"); /* the number is free again */
    run_until(self, &self->told.ups, 2);
}

/* ---- the loop ---- */

static void *wake(void *context)
{
    edge_wake(context);
    return NULL;
}

static void a_wake_from_another_thread_ends_the_waiting(void **state)
{
    fixture *self = *state;
    hean_error error = {0};
    pthread_t thread;
    int64_t begin = base_clock_monotonic_ns();

    assert_int_equal(pthread_create(&thread, NULL, wake, self->edge), 0);
    assert_status(edge_run(self->edge, begin + 60 * BASE_NS_PER_S, &error), HEAN_OK, &error);
    assert_true(base_clock_monotonic_ns() - begin < 60 * BASE_NS_PER_S);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Some of each under way; what is answered meanwhile does not matter. */
static void do_some_of_each(fixture *self)
{
    char silent[200], echo[200], stream[200];
    const wire_action question = {.kind = WIRE_HTTP,
                                  .id = 1,
                                  .method = "GET",
                                  .url = silent,
                                  .timeout_ns = BASE_NS_PER_S,
                                  .response_bytes_max = 100};
    const wire_action order = {.kind = WIRE_HTTP,
                               .id = 2,
                               .method = "POST",
                               .url = echo,
                               .body = "{}",
                               .body_bytes = 2,
                               .timeout_ns = BASE_NS_PER_S,
                               .response_bytes_max = 10000};
    const wire_action open = {.kind = WIRE_SOCKET_OPEN, .id = 7, .url = stream};
    hean_error error = {0};

    (void)base_text_copy(silent, sizeof silent, url(self, "http", "/silent"));
    (void)base_text_copy(echo, sizeof echo, url(self, "http", "/echo"));
    (void)base_text_copy(stream, sizeof stream, url(self, "ws", "/ws"));
    (void)!edge_do(self->edge, &question, &error);
    (void)!edge_do(self->edge, &open, &error);
    for (int i = 0; i < 5; i++) {
        (void)!edge_do(self->edge, &order, &error);
        (void)!edge_run(self->edge, base_clock_monotonic_ns() + 2 * BASE_NS_PER_MS, &error);
    }
}

static void closing_with_everything_under_way_frees_everything(void **state)
{
    fixture *self = *state;
    edge_options options = edge_options_default();
    test_allocator allocator;
    hean_error error = {0};

    edge_close(self->edge);
    test_allocator_init(&allocator, 0);
    options.warm_connections = 1;
    options.allocator = &allocator.allocator;
    open_edge(self, &options);
    do_some_of_each(self);
    edge_close(self->edge);
    assert_int_equal(allocator.live, 0);
    for (uint64_t fail_at = 1; fail_at <= allocator.calls; fail_at++) {
        test_allocator failing;
        const edge_sink sink = {&self->told, on_response, on_socket};
        test_allocator_init(&failing, fail_at);
        options.allocator = &failing.allocator;
        self->edge = NULL;
        if (edge_open(&options, &sink, &self->edge, &error) == HEAN_OK)
            do_some_of_each(self);
        edge_close(self->edge);
        assert_int_equal(failing.live, 0);
    }
    options.allocator = NULL;
    open_edge(self, &options);
}

#define BOTH(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down),                                      \
    {                                                                                              \
#test " over TLS", test, set_up_tls, tear_down, NULL                                       \
    }
#define WARM(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, set_up_warm, tear_down),                                 \
    {                                                                                              \
#test " over TLS", test, set_up_warm_tls, tear_down, NULL                                  \
    }
#define PLAIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define TLS(test)   cmocka_unit_test_setup_teardown(test, set_up_tls, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(request_and_answer_arrive_as_they_are),
        PLAIN(refused_connection_is_not_sent),
        PLAIN(name_that_does_not_exist_is_not_sent),
        PLAIN(other_protocol_is_not_sent),
        BOTH(silence_is_unknown),
        BOTH(cut_answer_is_unknown),
        BOTH(endless_answer_is_cut_off),
        PLAIN(redirect_is_an_answer_and_not_followed),
        BOTH(order_is_not_sent_again_when_a_kept_connection_dies),
        PLAIN(question_may_be_asked_again),
        WARM(warm_connection_carries_orders_as_they_are),
        WARM(order_on_a_warm_connection_that_dies_is_unknown_and_sent_once),
        WARM(answers_of_every_form_are_read),
        PLAIN(proxy_of_the_environment_is_not_used_for_this_machine),
        PLAIN(a_get_with_a_body_is_refused),
        TLS(certificate_of_a_stranger_is_refused_before_anything_is_sent),
        TLS(wrong_name_in_the_certificate_is_refused),
        TLS(tls_that_never_comes_is_not_sent),
        BOTH(messages_go_both_ways),
        BOTH(message_sent_with_the_upgrade_is_not_lost),
        BOTH(server_ping_is_answered),
        BOTH(socket_ends_with_a_reason),
        BOTH(answer_to_the_upgrade_is_checked),
        PLAIN(upgrade_that_is_never_answered_goes_down),
        PLAIN(idle_socket_goes_down),
        BOTH(nothing_is_told_of_a_socket_after_it_was_closed),
        PLAIN(a_wake_from_another_thread_ends_the_waiting),
        PLAIN(closing_with_everything_under_way_frees_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
