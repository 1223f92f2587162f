/*
 * http1_test.c: HTTP/1.1 requests out of bytes: what is read, what is refused, and that the pieces
 * in which bytes come do not matter.
 */
#include "../../core/exchange/sim/http1.h"

#include <support.h>

#include <string.h>

static http1_result feed(http1 *parser, const char *text)
{
    assert_int_equal(http1_feed(parser, text, strlen(text)), HEAN_OK);
    return http1_next(parser);
}

static void a_request_is_read_with_its_body(void **state)
{
    http1 parser;
    (void)state;
    http1_init(&parser, base_allocator_default());
    assert_int_equal(feed(&parser, "POST /v5/x?a=b HTTP/1.1\r\nHost: h\r\nX-Key:  v 1 \r\n"
                                   "Content-Length: 4\r\n\r\nab\r\n"),
                     HTTP1_REQUEST);
    assert_string_equal(parser.request.method, "POST");
    assert_string_equal(parser.request.target, "/v5/x?a=b");
    assert_string_equal(parser.request.headers, "Host: h\nX-Key: v 1\nContent-Length: 4\n");
    assert_int_equal(parser.request.body_bytes, 4);
    assert_memory_equal(parser.request.body, "ab\r\n", 4);
    assert_true(parser.request.keep_alive);
    assert_int_equal(http1_next(&parser), HTTP1_MORE);
    http1_deinit(&parser);
}

static void requests_in_one_piece_come_one_by_one(void **state)
{
    http1 parser;
    size_t bytes;
    (void)state;
    http1_init(&parser, base_allocator_default());
    assert_int_equal(feed(&parser,
                          "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 1\r\n"
                          "\r\nxGET /3 HTTP/1.0\r\n\r\nrest"),
                     HTTP1_REQUEST);
    assert_string_equal(parser.request.target, "/1");
    assert_int_equal(http1_next(&parser), HTTP1_REQUEST);
    assert_string_equal(parser.request.target, "/2");
    assert_int_equal(http1_next(&parser), HTTP1_REQUEST);
    assert_string_equal(parser.request.target, "/3");
    assert_false(parser.request.keep_alive);
    assert_memory_equal(http1_rest(&parser, &bytes), "rest", 4);
    assert_int_equal(bytes, 4);
    http1_deinit(&parser);
}

static void the_pieces_do_not_matter(void **state)
{
    static const char text[] =
        "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n\r\n\rGET /b HTTP/1.1\r\n"
        "Connection: close\r\n\r\n";
    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++) {
        http1 parser;
        size_t found = 0;
        http1_init(&parser, base_allocator_default());
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t bytes = sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece;
            assert_int_equal(http1_feed(&parser, text + at, bytes), HEAN_OK);
            while (http1_next(&parser) == HTTP1_REQUEST)
                assert_string_equal(parser.request.target, found++ == 0 ? "/a" : "/b");
        }
        assert_int_equal(found, 2);
        assert_false(parser.request.keep_alive);
        http1_deinit(&parser);
    }
}

static void wrong_requests_are_refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        {"\r\n\r\n", 400},
        {" GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\n\r\n", 400},
        {"GET / HTTP/1.2\r\n\r\n", 505},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {"GET x HTTP/1.1\r\n\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: empty\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: \x02\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        http1 parser;
        http1_init(&parser, base_allocator_default());
        assert_int_equal(feed(&parser, rows[i].text), HTTP1_REFUSED);
        assert_int_equal(parser.status, rows[i].status);
        assert_int_equal(feed(&parser, "GET / HTTP/1.1\r\n\r\n"), HTTP1_REFUSED);
        http1_deinit(&parser);
    }
}

static void an_endless_head_is_refused(void **state)
{
    http1 parser;
    http1_result result = HTTP1_MORE;
    size_t fed = 0;
    (void)state;
    http1_init(&parser, base_allocator_default());
    assert_int_equal(feed(&parser, "GET / HTTP/1.1\r\n"), HTTP1_MORE);
    for (; result == HTTP1_MORE; fed += 10)
        result = feed(&parser, "A: 567890\r");
    assert_int_equal(result, HTTP1_REFUSED);
    assert_int_equal(parser.status, 431);
    assert_true(fed < HTTP1_HEAD_BYTES_MAX + 100);
    http1_deinit(&parser);
}

static void a_client_that_waits_to_be_asked_is_asked_once(void **state)
{
    http1 parser;
    (void)state;
    http1_init(&parser, base_allocator_default());
    assert_int_equal(
        feed(&parser, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
        HTTP1_CONTINUE);
    assert_int_equal(http1_next(&parser), HTTP1_MORE);
    assert_int_equal(feed(&parser, "ok"), HTTP1_REQUEST);
    http1_deinit(&parser);
}

static void an_upgrade_needs_all_its_headers(void **state)
{
    static const struct {
        const char *headers;
        bool upgrade;
    } rows[] = {
        {"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         true},
        {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
         false},
        {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", false},
        {"Upgrade: h2c\r\nConnection: Upgrade\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < BASE_COUNT(rows); i++) {
        char text[512];
        http1 parser;
        http1_init(&parser, base_allocator_default());
        (void)snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", rows[i].headers);
        assert_int_equal(feed(&parser, text), HTTP1_REQUEST);
        assert_int_equal(parser.request.upgrade, rows[i].upgrade);
        http1_deinit(&parser);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_with_its_body),
        cmocka_unit_test(requests_in_one_piece_come_one_by_one),
        cmocka_unit_test(the_pieces_do_not_matter),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(an_endless_head_is_refused),
        cmocka_unit_test(a_client_that_waits_to_be_asked_is_asked_once),
        cmocka_unit_test(an_upgrade_needs_all_its_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
