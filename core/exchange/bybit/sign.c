/*
 * sign.c: what proves to the venue that a request is ours.
 *
 * The signature covers the payload byte for byte as it is sent; whoever builds a payload must sign
 * and send the same bytes. Knows no clock: the timestamp is given.
 */
#include <exchange/bybit.h>

#include <string.h>

static void sign(const char *api_secret, const hash_part *parts, size_t count,
                 char out[BYBIT_SIGNATURE_BYTES])
{
    uint8_t digest[HASH_SHA256_BYTES];

    hash_hmac_sha256(api_secret, strlen(api_secret), parts, count, digest);
    hash_hex(digest, sizeof digest, out);
}

/* Decimal digits into `out` (24 bytes), as a part of what is signed. */
static hash_part number_part(int64_t value, char out[24])
{
    int length = snprintf(out, 24, "%lld", (long long)value);
    return (hash_part){out, (size_t)length};
}

void bybit_sign(const char *api_key, const char *api_secret, int64_t timestamp_ms,
                int64_t recv_window_ms, const char *payload, size_t payload_bytes,
                char out[BYBIT_SIGNATURE_BYTES])
{
    char timestamp[24], window[24];
    const hash_part parts[] = {number_part(timestamp_ms, timestamp),
                               {api_key, strlen(api_key)},
                               number_part(recv_window_ms, window),
                               {payload, payload_bytes}};

    sign(api_secret, parts, BASE_COUNT(parts), out);
}

void bybit_sign_socket(const char *api_secret, int64_t expires_ms, char out[BYBIT_SIGNATURE_BYTES])
{
    static const char path[] = "GET/realtime";
    char expires[24];
    const hash_part parts[] = {{path, sizeof path - 1}, number_part(expires_ms, expires)};

    sign(api_secret, parts, BASE_COUNT(parts), out);
}
