/*
 * sim_http.c: requests: what refuses them before they are read (faults, the limit of the address,
 * signatures, quotas), which route they take, and the envelope of the answer.
 *
 * Must not know: what routes do.
 */
#include "sim_internal.h"

#include <base/hash.h>

#include <ctype.h>
#include <openssl/crypto.h>

#define IP_REQUESTS  600
#define IP_WINDOW_NS (5 * BASE_NS_PER_S)

const sim_route sim_routes[] = {
    {"GET", "/v5/market/time", sim_on_time, {0}, false},
    {"GET", "/v5/market/instruments-info", sim_on_instruments, {0}, false},
    {"GET", "/v5/market/tickers", sim_on_tickers, {0}, false},
    {"GET", "/v5/market/orderbook", sim_on_orderbook, {0}, false},
    {"GET", "/v5/market/kline", sim_on_kline, {0}, false},
    {"GET", "/v5/market/recent-trade", sim_on_recent_trade, {0}, false},
    {"GET", "/v5/market/funding/history", sim_on_funding_history, {0}, false},
    {"GET", "/v5/market/open-interest", sim_on_open_interest, {0}, false},
    {"GET", "/v5/market/price-limit", sim_on_price_limit, {0}, false},
    {"GET", "/v5/market/risk-limit", sim_on_risk_limit, {0}, false},
    {"GET", "/v5/earn/product", sim_on_earn_product, {0}, false},
    {"GET", "/v5/account/fee-rate", sim_on_fee_rate, {5, 5, 5}, false},
    {"GET", "/v5/account/info", sim_on_account_info, {50, 50, 50}, false},
    {"GET", "/v5/account/user-setting-config", sim_on_user_setting, {50, 50, 50}, false},
    {"POST", "/v5/account/set-limit-px-action", sim_on_set_limit_action, {10, 10, 10}, false},
    {"GET", "/v5/account/wallet-balance", sim_on_wallet, {50, 50, 50}, false},
    {"GET", "/v5/account/transaction-log", sim_on_log, {25, 25, 25}, false},
    {"GET", "/v5/position/list", sim_on_positions, {50, 50, 50}, false},
    {"POST", "/v5/position/set-leverage", sim_on_set_leverage, {10, 10, 10}, false},
    {"POST", "/v5/position/switch-mode", sim_on_switch_mode, {10, 10, 10}, false},
    {"POST", "/v5/order/create", sim_on_create, {10, 20, 10}, false},
    {"POST", "/v5/order/amend", sim_on_amend, {10, 10, 10}, false},
    {"POST", "/v5/order/cancel", sim_on_cancel, {10, 20, 10}, false},
    {"POST", "/v5/order/cancel-all", sim_on_cancel_all, {10, 20, 10}, false},
    {"POST", "/v5/order/create-batch", sim_on_create_batch, {10, 20, 10}, true},
    {"POST", "/v5/order/amend-batch", sim_on_amend_batch, {10, 20, 10}, true},
    {"POST", "/v5/order/cancel-batch", sim_on_cancel_batch, {10, 20, 10}, true},
    {"GET", "/v5/order/realtime", sim_on_realtime, {50, 50, 50}, false},
    {"GET", "/v5/order/history", sim_on_history, {50, 50, 50}, false},
    {"GET", "/v5/execution/list", sim_on_executions, {50, 50, 50}, false},
    {"GET", "/v5/user/query-api", sim_on_key_info, {10, 10, 10}, false},
};
const int sim_route_count = (int)BASE_COUNT(sim_routes);
_Static_assert(BASE_COUNT(sim_routes) <= SIM_ROUTES_MAX, "more routes than buckets");

static bool is_private(int route)
{
    return sim_routes[route].quota[0] != 0;
}

/* ---- limits ---- */

int sim_bucket_take(sim_venue *sim, sim_bucket *bucket, int32_t quota, int64_t window_ns,
                    int64_t now_ns)
{
    if (bucket->times == NULL) {
        bucket->times = base_alloc_array(sim->allocator, (size_t)quota, sizeof(int64_t));
        if (bucket->times == NULL)
            return -1;
        bucket->capacity = quota;
    }
    while (bucket->count > 0 && bucket->times[bucket->first] <= now_ns - window_ns) {
        bucket->first = (bucket->first + 1) % bucket->capacity;
        bucket->count--;
    }
    if (bucket->count == bucket->capacity)
        return 0;
    bucket->times[(bucket->first + bucket->count++) % bucket->capacity] = now_ns;
    return 1;
}

bool sim_limit_take(sim_call *call)
{
    sim_venue *sim = call->sim;
    sim_bucket *bucket = &sim->buckets[call->route][call->kind];
    call->quota = sim_routes[call->route].quota[call->kind] * sim->options.limit_factor;
    call->reset_ns = call->now_ns;
    if (call->quota == 0)
        return true;
    bool taken = sim_bucket_take(sim, bucket, call->quota, BASE_NS_PER_S, call->now_ns) == 1;
    call->left = call->quota - bucket->count;
    if (!taken && bucket->times != NULL)
        call->reset_ns = bucket->times[bucket->first] + BASE_NS_PER_S;
    return taken;
}

/* ---- signatures ---- */

void sim_sign(const char *secret, const char *text, size_t bytes, char out[65])
{
    uint8_t digest[HASH_SHA256_BYTES];
    const hash_part part = {text, bytes};
    hash_hmac_sha256(secret, strlen(secret), &part, 1, digest);
    hash_hex(digest, sizeof digest, out);
}

/* The value of a header, "" where it is not there or too long. */
static const char *header(const sim_request *request, const char *name, char *out, size_t bytes)
{
    size_t length = strlen(name);
    const char *at = request->headers == NULL ? "" : request->headers;
    out[0] = '\0';
    while (*at != '\0') {
        size_t line = strcspn(at, "\n");
        if (line > length && strncasecmp(at, name, length) == 0 && at[length] == ':') {
            const char *value = at + length + 1;
            const char *last = at + line;
            while (value < last && (*value == ' ' || *value == '\t'))
                value++;
            while (last > value && isspace((unsigned char)last[-1]))
                last--;
            if ((size_t)(last - value) < bytes) {
                memcpy(out, value, (size_t)(last - value));
                out[last - value] = '\0';
            }
            return out;
        }
        at += line + (at[line] == '\n' ? 1 : 0);
    }
    return out;
}

static bool read_ms(const char *text, int64_t *out)
{
    size_t length = strlen(text);
    int64_t value = 0;
    if (length == 0 || length > 15 || strspn(text, "0123456789") != length)
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (*text - '0');
    *out = value;
    return true;
}

/* 0: signed well; an HTTP status: refused with it, code and text are in the call. */
static int authenticate(sim_call *call, const sim_request *request, const char *payload,
                        size_t payload_bytes)
{
    char key[128];
    char time[32];
    char window[32];
    char given[160];
    char expected[65];
    int64_t time_ms;
    int64_t window_ms = 5000;
    int64_t server_ms = sim_ms(call->sim, call->now_ns);
    base_buffer text;
    (void)header(request, "X-BAPI-API-KEY", key, sizeof key);
    (void)header(request, "X-BAPI-TIMESTAMP", time, sizeof time);
    (void)header(request, "X-BAPI-RECV-WINDOW", window, sizeof window);
    (void)header(request, "X-BAPI-SIGN", given, sizeof given);
    if (key[0] == '\0' || given[0] == '\0') {
        (void)sim_refuse(call, 10003, "API key is invalid.");
        return 401;
    }
    if (strcmp(key, call->sim->api_key) != 0) {
        (void)sim_refuse(call, 10003, "API key is invalid.");
        return 200;
    }
    if (!read_ms(time, &time_ms) || (window[0] != '\0' && !read_ms(window, &window_ms))) {
        (void)sim_refuse(call, 10001, "params error: timestamp or recv_window invalid");
        return 200;
    }
    if (time_ms < server_ms - window_ms || time_ms >= server_ms + 1000) {
        (void)sim_refuse(call, 10002,
                         "invalid request, please check your server timestamp or recv_window "
                         "param. req_timestamp[%s],server_timestamp[%lld],recv_window[%lld]",
                         time, (long long)server_ms, (long long)window_ms);
        return 200;
    }
    base_buffer_init(&text, call->sim->allocator);
    base_buffer_printf(&text, "%s%s%s", time, key, window);
    base_buffer_append(&text, payload, payload_bytes);
    if (!text.failed)
        sim_sign(call->sim->api_secret, text.data, text.length, expected);
    bool same = !text.failed && strlen(given) == 64 && CRYPTO_memcmp(given, expected, 64) == 0;
    if (!same)
        (void)sim_refuse(call, 10004,
                         "error sign! please check your signature generation algorithm. "
                         "origin_string[%.120s]",
                         text.failed ? "" : text.data);
    base_buffer_deinit(&text);
    return same ? 0 : 200;
}

/* ---- answers ---- */

static hean_status put_answer(sim_venue *sim, uint64_t id, int http_status, const char *type,
                              const base_buffer *headers, const char *body, size_t bytes,
                              bool acted)
{
    const sim_faults *faults = &sim->options.faults;
    sim_pending pending = {
        .kind = SIM_ANSWER, .id = id, .http_status = http_status, .at_ns = sim->now_ns};
    base_buffer all;
    if (acted && sim_chance(sim, faults->slow_answer))
        pending.at_ns +=
            (200 + (int64_t)base_random_below(&sim->faults_random, 2800)) * BASE_NS_PER_MS;
    if (acted && sim_chance(sim, faults->accepted_no_answer)) {
        pending.kind = SIM_NO_ANSWER;
        bytes = 0;
    } else if (acted && sim_chance(sim, faults->cut_answer)) {
        pending.kind = SIM_CUT_ANSWER;
        bytes = bytes / 2;
    } else if (acted && sim_chance(sim, faults->garbage_answer)) {
        static const char *const garbage[] = {"<html><body>Bad Gateway</body></html>",
                                              "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{",
                                              "{\"retCode\":\"zero\",\"result\":[]}", ""};
        body = garbage[base_random_below(&sim->faults_random, BASE_COUNT(garbage))];
        bytes = strlen(body);
    }
    base_buffer_init(&all, sim->allocator);
    base_buffer_printf(&all, "Content-Type: %s\r\n", type);
    if (headers->length > 0)
        base_buffer_append(&all, headers->data, headers->length);
    pending.headers = all.failed ? NULL : sim_blob_make(sim, all.data, all.length);
    pending.body = sim_blob_make(sim, body, bytes);
    base_buffer_deinit(&all);
    if (pending.headers != NULL && pending.body != NULL)
        return sim_put(sim, pending);
    sim_blob_drop(sim, pending.headers);
    sim_blob_drop(sim, pending.body);
    return HEAN_E_NO_MEMORY;
}

static hean_status put_page(sim_venue *sim, uint64_t id, int http_status, const char *text)
{
    base_buffer headers;
    base_buffer body;
    base_buffer_init(&headers, sim->allocator);
    if (http_status == 429)
        base_buffer_printf(&headers, "Retry-After: 1\r\n");
    base_buffer_init(&body, sim->allocator);
    base_buffer_printf(&body, "<html><head><title>%d</title></head><body><h1>%s</h1></body></html>",
                       http_status, text);
    hean_status status = body.failed ? HEAN_E_NO_MEMORY
                                     : put_answer(sim, id, http_status, "text/html", &headers,
                                                  body.data, body.length, false);
    base_buffer_deinit(&headers);
    base_buffer_deinit(&body);
    return status;
}

static void write_limits(const sim_call *call, base_buffer *headers)
{
    base_buffer_init(headers, call->sim->allocator);
    base_buffer_printf(headers, "Timenow: %lld\r\n", (long long)sim_ms(call->sim, call->now_ns));
    if (call->quota > 0)
        base_buffer_printf(headers,
                           "X-Bapi-Limit: %d\r\nX-Bapi-Limit-Status: %d\r\n"
                           "X-Bapi-Limit-Reset-Timestamp: %lld\r\n",
                           call->quota, call->left, (long long)sim_ms(call->sim, call->reset_ns));
}

static hean_status answer(sim_call *call, uint64_t id, int http_status)
{
    sim_venue *sim = call->sim;
    base_buffer headers;
    base_buffer body;
    bool good = call->code == 0;
    write_limits(call, &headers);
    base_buffer_init(&body, sim->allocator);
    base_buffer_printf(&body, "{\"retCode\":%d,\"retMsg\":", call->code);
    sim_write_text(&body, good ? "OK" : call->message);
    base_buffer_printf(&body, ",\"result\":");
    if (good && call->result.length > 0)
        base_buffer_append(&body, call->result.data, call->result.length);
    else
        base_buffer_printf(&body, "{}");
    base_buffer_printf(&body, ",\"retExtInfo\":");
    if (good && call->extra.length > 0)
        base_buffer_append(&body, call->extra.data, call->extra.length);
    else
        base_buffer_printf(&body, "{}");
    base_buffer_printf(&body, ",\"time\":%lld}", (long long)sim_ms(sim, sim->now_ns));
    bool failed = body.failed || headers.failed || call->result.failed || call->extra.failed;
    hean_status status = failed
                             ? HEAN_E_NO_MEMORY
                             : put_answer(sim, id, http_status, "application/json; charset=utf-8",
                                          &headers, body.data, body.length, true);
    base_buffer_deinit(&body);
    base_buffer_deinit(&headers);
    return status;
}

/* ---- the way of a request ---- */

void sim_call_init(sim_call *call, sim_venue *sim, int64_t now_ns)
{
    memset(call, 0, sizeof *call);
    call->sim = sim;
    call->now_ns = now_ns;
    base_buffer_init(&call->result, sim->allocator);
    base_buffer_init(&call->extra, sim->allocator);
}

void sim_call_deinit(sim_call *call)
{
    base_buffer_deinit(&call->result);
    base_buffer_deinit(&call->extra);
    base_free(call->sim->allocator, call->query);
}

hean_status sim_dispatch(sim_call *call)
{
    const char *category = sim_arg(call, "category");
    for (int kind = 0; kind < 3; kind++)
        if (strcmp(category, sim_kind_text((hean_instrument_kind)kind)) == 0)
            call->kind = (hean_instrument_kind)kind;
    bool faulty =
        is_private(call->route) && sim_chance(call->sim, call->sim->options.faults.rate_10006);
    if (!sim_routes[call->route].batch || faulty) {
        bool taken = sim_limit_take(call);
        if (faulty && taken) { /* as if others of the account had used it up */
            call->left = 0;
            call->reset_ns = call->now_ns + 300 * BASE_NS_PER_MS;
        }
        if (faulty || !taken) {
            (void)sim_refuse(call, 10006, "Too many visits. Exceeded the API Rate Limit.");
            return HEAN_OK;
        }
    }
    return sim_routes[call->route].run(call);
}

/* Parameters out of the query or the body, checked for types; false: refused. */
static bool read_parameters(sim_call *call, const sim_request *request, const char *query,
                            json_t **body)
{
    size_t bytes = strlen(query) + 1;
    json_error_t error;
    if (strcmp(request->method, "GET") == 0) {
        call->query = base_alloc(call->sim->allocator, bytes);
        if (call->query == NULL)
            return sim_refuse(call, 10016, "Server error.");
        memcpy(call->query, query, bytes);
        return sim_query_split(call);
    }
    *body = request->body_bytes == 0
                ? json_object()
                : json_loadb(request->body, request->body_bytes, JSON_REJECT_DUPLICATES, &error);
    call->body = *body;
    if (*body == NULL)
        return sim_refuse(call, 10001, "params error: the body is not valid JSON");
    return sim_body_check(call, *body);
}

static hean_status serve(sim_call *call, const sim_request *request, const char *query)
{
    bool get = strcmp(request->method, "GET") == 0;
    json_t *body = NULL;
    int http_status = 200;
    const char *payload = get ? query : request->body_bytes == 0 ? "" : request->body;
    if (is_private(call->route))
        http_status =
            authenticate(call, request, payload, get ? strlen(query) : request->body_bytes);
    hean_status status = HEAN_OK;
    if (call->code == 0 && read_parameters(call, request, query, &body))
        status = sim_dispatch(call);
    call->body = NULL;
    json_decref(body);
    if (status == HEAN_OK)
        status = answer(call, request->id, http_status == 0 ? 200 : http_status);
    return status;
}

static int find_route(const char *method, const char *path, size_t bytes, bool *path_known)
{
    *path_known = false;
    for (int i = 0; i < sim_route_count; i++) {
        if (strlen(sim_routes[i].path) != bytes || strncmp(sim_routes[i].path, path, bytes) != 0)
            continue;
        *path_known = true;
        if (strcmp(sim_routes[i].method, method) == 0)
            return i;
    }
    return -1;
}

/* Faults and limits that refuse a request unread; true: that is what became of it. */
static bool refuse_unread(sim_venue *sim, const sim_request *request, hean_status *status)
{
    const sim_faults *faults = &sim->options.faults;
    if (sim->now_ns < sim->banned_until_ns) {
        *status = put_page(sim, request->id, 403, "access too frequent");
        return true;
    }
    int room = sim_bucket_take(sim, &sim->ip, IP_REQUESTS * sim->options.limit_factor, IP_WINDOW_NS,
                               sim->now_ns);
    if (room != 1) {
        sim->banned_until_ns = sim->now_ns + sim->options.ip_ban_ns;
        *status =
            room < 0 ? HEAN_E_NO_MEMORY : put_page(sim, request->id, 403, "access too frequent");
    } else if (sim_chance(sim, faults->http_403)) {
        *status = put_page(sim, request->id, 403, "access too frequent");
    } else if (sim_chance(sim, faults->http_429)) {
        *status = put_page(sim, request->id, 429, "Too Many Requests");
    } else if (sim_chance(sim, faults->http_5xx)) {
        *status = put_page(sim, request->id, 503, "Service Unavailable");
    } else if (sim_chance(sim, faults->refused_no_answer)) {
        *status = sim_put(
            sim, (sim_pending){.kind = SIM_NO_ANSWER, .id = request->id, .at_ns = sim->now_ns});
    } else if (strcmp(request->method, "GET") == 0 && request->body_bytes > 0) {
        *status = put_page(sim, request->id, 403, "a GET has no body");
    } else {
        return false;
    }
    return true;
}

hean_status sim_http(sim_venue *sim, const sim_request *request, int64_t now_ns)
{
    hean_status status = sim_run(sim, now_ns);
    bool path_known;
    sim_call call;
    if (status != HEAN_OK)
        return status;
    if (strncmp(request->target, "/sim/", 5) == 0)
        return sim_admin(sim, request, now_ns);
    if (refuse_unread(sim, request, &status))
        return status;
    size_t path = strcspn(request->target, "?");
    const char *query = request->target + path + (request->target[path] == '?' ? 1 : 0);
    sim_call_init(&call, sim, now_ns);
    call.route = find_route(request->method, request->target, path, &path_known);
    if (call.route < 0) {
        (void)sim_refuse(&call, 10017, "Route not found.");
        status = answer(&call, request->id, path_known ? 400 : 404);
    } else {
        status = serve(&call, request, query);
    }
    sim_call_deinit(&call);
    if (status == HEAN_OK)
        status = sim_run(sim, now_ns); /* what arrives at once, after the answer */
    sim->broken = status;
    return status;
}
