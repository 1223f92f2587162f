/*
 * page.c: the status page that is compiled in, and the policy under which browsers run it.
 *
 * The policy names the hash of every script and style of the page: nothing else runs, and nothing
 * is loaded from anywhere but /api/v1/status of the same origin. The hashes are taken from the page
 * as it is, so that they cannot be of another version.
 */
#include "http_private.h"

#include "page/page.h"

#include <base/hash.h>

#include <string.h>

static void base64(const uint8_t *data, size_t bytes, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t word = (uint32_t)data[i] << 16;
        if (i + 1 < bytes)
            word |= (uint32_t)data[i + 1] << 8;
        if (i + 2 < bytes)
            word |= data[i + 2];
        *out++ = digits[word >> 18];
        *out++ = digits[word >> 12 & 63];
        *out++ = i + 1 < bytes ? digits[word >> 6 & 63] : '=';
        *out++ = i + 2 < bytes ? digits[word & 63] : '=';
    }
    *out = 0;
}

/* " 'sha256-...'" of every element of this kind. */
static void append_hashes(base_buffer *out, const char *open, const char *close)
{
    const char *at = metrics_page_text;

    while ((at = strstr(at, open)) != NULL) {
        uint8_t digest[HASH_SHA256_BYTES];
        char text[(HASH_SHA256_BYTES + 2) / 3 * 4 + 1];
        const char *end;

        at += strlen(open);
        end = strstr(at, close);
        BASE_ASSERT(end != NULL); /* the page is ours */
        hash_sha256_of(at, (size_t)(end - at), digest);
        base64(digest, sizeof digest, text);
        base_buffer_printf(out, " 'sha256-%s'", text);
        at = end;
    }
}

void http_security_headers(struct MHD_Response *response)
{
    static const char *const headers[][2] = {{"X-Content-Type-Options", "nosniff"},
                                             {"Referrer-Policy", "no-referrer"},
                                             {"Cross-Origin-Resource-Policy", "same-origin"},
                                             {"Cache-Control", "no-store"}};

    /* A header that memory does not suffice for is missing: the answer is still right. */
    for (size_t i = 0; i < BASE_COUNT(headers); i++)
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

struct MHD_Response *http_page_response(const hean_allocator *allocator)
{
    struct MHD_Response *response = NULL;
    base_buffer policy;

    base_buffer_init(&policy, allocator);
    base_buffer_printf(&policy, "default-src 'none'; script-src");
    append_hashes(&policy, "<script>", "</script>");
    base_buffer_printf(&policy, "; style-src");
    append_hashes(&policy, "<style>", "</style>");
    base_buffer_printf(&policy, "; connect-src 'self'; img-src data:; base-uri 'none'; "
                                "form-action 'none'; frame-ancestors 'none'");
    if (!policy.failed)
        response = MHD_create_response_from_buffer(
            metrics_page_bytes, (void *)(uintptr_t)metrics_page_text, MHD_RESPMEM_PERSISTENT);
    if (response != NULL) {
        http_security_headers(response);
        if (MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8") !=
                MHD_YES ||
            MHD_add_response_header(response, "Content-Security-Policy", policy.data) != MHD_YES) {
            MHD_destroy_response(response);
            response = NULL;
        }
    }
    base_buffer_deinit(&policy);
    return response;
}
