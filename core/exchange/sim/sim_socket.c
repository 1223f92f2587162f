/*
 * sim_socket.c: what clients say on sockets: auth, subscribe, unsubscribe, ping, and orders on the
 * order-entry socket; answered in each product's own spelling.
 *
 * Must not know: what topics carry.
 */
#include "sim_internal.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define ARGS_BYTES_MAX 21000
#define SPOT_ARGS_MAX  10
#define SILENCE_NS     (600 * BASE_NS_PER_S) /* private sockets that nothing passes are cut */
#define OPENED_MAX     500                   /* in five minutes */
#define OPENED_NS      (300 * BASE_NS_PER_S)
#define SWEEP_NS       (30 * BASE_NS_PER_S)

static const struct {
    const char *target;
    sim_socket_kind kind;
} targets[] = {{"/v5/public/linear", SIM_SOCKET_LINEAR},
               {"/v5/public/spot", SIM_SOCKET_SPOT},
               {"/v5/public/inverse", SIM_SOCKET_INVERSE},
               {"/v5/private", SIM_SOCKET_PRIVATE},
               {"/v5/trade", SIM_SOCKET_TRADE}};

static bool is_public(const sim_socket *socket)
{
    return socket->kind < SIM_SOCKET_PRIVATE;
}

sim_socket *sim_socket_find(const sim_venue *sim, uint64_t id)
{
    for (size_t i = 0; i < sim->sockets.count; i++) {
        sim_socket *socket = *SIM_AT(&sim->sockets, sim_socket *, i);
        if (socket->id == id)
            return socket;
    }
    return NULL;
}

/* "max_active_time=30s" to "600s", or in minutes. */
static int64_t read_silence(const char *query)
{
    static const char key[] = "max_active_time=";
    const char *at = strstr(query, key);
    char text[8] = "";
    int64_t silence_ns;
    size_t bytes = at == NULL ? 0 : strcspn(at + sizeof key - 1, "&");
    if (bytes == 0 || bytes >= sizeof text)
        return SILENCE_NS;
    memcpy(text, at + sizeof key - 1, bytes);
    if (base_duration_parse(text, &silence_ns) != HEAN_OK || silence_ns < 30 * BASE_NS_PER_S ||
        silence_ns > SILENCE_NS)
        return SILENCE_NS;
    return silence_ns;
}

hean_status sim_sockets_sweep(sim_venue *sim)
{
    hean_status status = HEAN_OK;
    sim->sweep_ns = INT64_MAX;
    for (size_t i = 0; i < sim->sockets.count && status == HEAN_OK; i++) {
        sim_socket *socket = *SIM_AT(&sim->sockets, sim_socket *, i);
        if (is_public(socket) || socket->cut)
            continue;
        sim->sweep_ns = sim->now_ns + SWEEP_NS;
        if (sim->now_ns - socket->heard_ns < socket->silence_ns)
            continue;
        socket->cut = true;
        status = sim_put(
            sim, (sim_pending){.kind = SIM_SOCKET_CUT, .id = socket->id, .at_ns = sim->now_ns});
    }
    return status;
}

hean_status sim_socket_open(sim_venue *sim, uint64_t id, const char *target, int64_t now_ns)
{
    hean_status status = sim_run(sim, now_ns);
    size_t path = strcspn(target, "?");
    if (status != HEAN_OK)
        return status;
    int room = sim_bucket_take(sim, &sim->opened, OPENED_MAX * sim->options.limit_factor, OPENED_NS,
                               now_ns);
    if (room < 0)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; room == 1 && i < BASE_COUNT(targets); i++) {
        if (strlen(targets[i].target) != path || strncmp(targets[i].target, target, path) != 0)
            continue;
        sim_socket *socket = base_alloc(sim->allocator, sizeof *socket);
        if (socket == NULL)
            return HEAN_E_NO_MEMORY;
        sim_socket **place = sim_list_add(sim->allocator, &sim->sockets, sizeof *place);
        if (place == NULL) {
            base_free(sim->allocator, socket);
            return HEAN_E_NO_MEMORY;
        }
        *place = socket;
        *socket = (sim_socket){.id = id,
                               .kind = targets[i].kind,
                               .heard_ns = now_ns,
                               .silence_ns = read_silence(target + path)};
        if (!is_public(socket) && sim->sweep_ns == INT64_MAX)
            sim->sweep_ns = now_ns + SWEEP_NS;
        (void)snprintf(socket->conn_id, sizeof socket->conn_id, "sim-%llu",
                       (unsigned long long)++sim->connections);
        return HEAN_OK;
    }
    return sim_put(sim, (sim_pending){.kind = SIM_SOCKET_CUT, .id = id, .at_ns = sim->now_ns});
}

void sim_socket_closed(sim_venue *sim, uint64_t id)
{
    sim_socket **sockets = sim->sockets.items;
    for (size_t i = 0; i < sim->sockets.count; i++) {
        sim_socket *socket = sockets[i];
        if (socket->id != id)
            continue;
        for (size_t k = 0; k < sim->topics.count; k++)
            (void)sim_topic_leave(*SIM_AT(&sim->topics, sim_topic *, k), socket);
        sim_blob_drop(sim, socket->held);
        base_free(sim->allocator, socket);
        sockets[i] = sockets[--sim->sockets.count];
        return;
    }
}

/* ---- answers ---- */

/* Control frames are never lost, doubled or late: faults are of data. */
static hean_status reply(sim_venue *sim, const sim_socket *socket, base_buffer *out)
{
    sim_blob *blob = out->failed ? NULL : sim_blob_make(sim, out->data, out->length);
    base_buffer_deinit(out);
    if (blob == NULL)
        return HEAN_E_NO_MEMORY;
    return sim_put(
        sim,
        (sim_pending){.kind = SIM_FRAME, .id = socket->id, .at_ns = sim->now_ns, .body = blob});
}

static void write_request_id(base_buffer *out, const char *key, const json_t *frame)
{
    const char *id = json_string_value(json_object_get(frame, key));
    if (id == NULL)
        return;
    base_buffer_printf(out, "\"%s\":", key);
    sim_write_text(out, id);
    base_buffer_append(out, ",", 1);
}

/* {"success":..} of public and private sockets. */
static hean_status reply_success(sim_venue *sim, const sim_socket *socket, const json_t *frame,
                                 const char *op, bool success, const char *text)
{
    base_buffer out;
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"success\":%s,\"ret_msg\":", success ? "true" : "false");
    sim_write_text(&out, text);
    base_buffer_printf(&out, ",\"conn_id\":\"%s\",", socket->conn_id);
    write_request_id(&out, "req_id", frame);
    base_buffer_printf(&out, "\"op\":\"%s\"}", op);
    return reply(sim, socket, &out);
}

/* {"retCode":..} of the order-entry socket. */
static hean_status reply_code(sim_venue *sim, const sim_socket *socket, const json_t *frame,
                              const char *op, int code, const char *text)
{
    base_buffer out;
    base_buffer_init(&out, sim->allocator);
    base_buffer_append(&out, "{", 1);
    write_request_id(&out, "reqId", frame);
    base_buffer_printf(&out, "\"retCode\":%d,\"retMsg\":", code);
    sim_write_text(&out, text);
    base_buffer_printf(&out, ",\"op\":");
    sim_write_text(&out, op);
    base_buffer_printf(&out, ",\"connId\":\"%s\"}", socket->conn_id);
    return reply(sim, socket, &out);
}

static hean_status on_ping(sim_venue *sim, const sim_socket *socket, const json_t *frame)
{
    base_buffer out;
    long long now_ms = (long long)sim_ms(sim, sim->now_ns);
    if (is_public(socket))
        return reply_success(sim, socket, frame, "ping", true, "pong");
    base_buffer_init(&out, sim->allocator);
    base_buffer_append(&out, "{", 1);
    if (socket->kind == SIM_SOCKET_TRADE) {
        write_request_id(&out, "reqId", frame);
        base_buffer_printf(&out,
                           "\"retCode\":0,\"retMsg\":\"OK\",\"op\":\"pong\",\"data\":[\"%lld\"],"
                           "\"connId\":\"%s\"}",
                           now_ms, socket->conn_id);
    } else {
        write_request_id(&out, "req_id", frame);
        base_buffer_printf(&out, "\"op\":\"pong\",\"args\":[\"%lld\"],\"conn_id\":\"%s\"}", now_ms,
                           socket->conn_id);
    }
    return reply(sim, socket, &out);
}

/* ---- auth ---- */

/* Whole milliseconds, as a number or a text: clients send both. */
static int64_t read_ms(const json_t *value, int64_t otherwise)
{
    if (json_is_string(value))
        return strtoll(json_string_value(value), NULL, 10);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static hean_status on_auth(sim_venue *sim, sim_socket *socket, const json_t *frame)
{
    const json_t *arguments = json_object_get(frame, "args");
    const char *key = json_string_value(json_array_get(arguments, 0));
    const char *given = json_string_value(json_array_get(arguments, 2));
    bool trade = socket->kind == SIM_SOCKET_TRADE;
    char text[48];
    char expected[65];
    int code = 0;
    const char *words = "";
    int64_t expires_ms = read_ms(json_array_get(arguments, 1), 0);
    (void)snprintf(text, sizeof text, "GET/realtime%lld", (long long)expires_ms);
    sim_sign(sim->api_secret, text, strlen(text), expected);
    if (socket->authenticated) {
        code = 20001;
        words = "Repeat auth";
    } else if (key == NULL || given == NULL || expires_ms <= sim_ms(sim, sim->now_ns)) {
        code = 10001;
        words = "Params Error";
    } else if (strcmp(key, sim->api_key) != 0) {
        code = 10003;
        words = "API key is invalid.";
    } else if (strlen(given) != 64 || CRYPTO_memcmp(given, expected, 64) != 0) {
        code = 10004;
        words = "error sign! please check your signature generation algorithm.";
    }
    socket->authenticated = socket->authenticated || code == 0;
    if (trade)
        return reply_code(sim, socket, frame, "auth", code, code == 0 ? "OK" : words);
    return reply_success(sim, socket, frame, "auth", code == 0, words);
}

/* ---- topics ---- */

/* All of it or nothing; the reason in the venue's words. */
static bool check_topics(sim_venue *sim, const sim_socket *socket, const json_t *arguments,
                         bool subscribe, hean_error *why, hean_status *status)
{
    size_t count = json_array_size(arguments);
    size_t bytes = socket->args_bytes;
    bool whole_form = false;
    bool categorised = false;
    *status = HEAN_OK;
    if (count == 0) {
        (void)base_fail(why, HEAN_E_INVALID, "error:args is empty");
        return false;
    }
    if (socket->kind == SIM_SOCKET_SPOT && count > SPOT_ARGS_MAX) {
        (void)base_fail(why, HEAN_E_LIMIT, "args size >10");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(arguments, i));
        sim_topic *topic;
        if (name == NULL) {
            (void)base_fail(why, HEAN_E_INVALID, "error:args are not texts");
            return false;
        }
        hean_status got = sim_topic_get(sim, socket->kind, name, &topic, why);
        if (got == HEAN_E_NO_MEMORY)
            *status = got;
        if (got != HEAN_OK)
            return false;
        bytes += strlen(name);
        whole_form = whole_form || (topic->symbol == NULL && topic->category < 0);
        categorised = categorised || (topic->symbol == NULL && topic->category >= 0);
        bool joined = false;
        for (size_t k = 0; k < topic->sockets.count; k++)
            joined = joined || *SIM_AT(&topic->sockets, sim_socket *, k) == socket;
        if (subscribe && joined) {
            (void)base_fail(why, HEAN_E_EXISTS, "error:already subscribed,topic:%.64s", name);
            return false;
        }
    }
    if (subscribe && bytes > ARGS_BYTES_MAX) {
        (void)base_fail(why, HEAN_E_LIMIT, "error:args are longer than 21000 characters");
        return false;
    }
    if (whole_form && categorised) {
        (void)base_fail(why, HEAN_E_INVALID, "error:all-in-one and categorised topics are mixed");
        return false;
    }
    return true;
}

static hean_status on_topics(sim_venue *sim, sim_socket *socket, const json_t *frame,
                             bool subscribe)
{
    const json_t *arguments = json_object_get(frame, "args");
    const char *op = subscribe ? "subscribe" : "unsubscribe";
    hean_error why;
    hean_status status;
    if (socket->kind == SIM_SOCKET_PRIVATE && !socket->authenticated)
        return reply_success(sim, socket, frame, op, false, "Request not authorized");
    if (!check_topics(sim, socket, arguments, subscribe, &why, &status))
        return status != HEAN_OK ? status
                                 : reply_success(sim, socket, frame, op, false, why.message);
    status = reply_success(sim, socket, frame, op, true, socket->kind == SIM_SOCKET_SPOT ? op : "");
    for (size_t i = 0; i < json_array_size(arguments) && status == HEAN_OK; i++) {
        const char *name = json_string_value(json_array_get(arguments, i));
        sim_topic *topic = sim_topic_find(sim, socket->kind, name);
        bool left = sim_topic_leave(topic, socket); /* also one named twice joins once */
        if (left)
            socket->args_bytes -= strlen(name);
        if (!subscribe)
            continue;
        status = sim_topic_join(sim, topic, socket);
        socket->args_bytes += strlen(name);
    }
    return status;
}

/* ---- order entry ---- */

static bool check_header(sim_call *call, const json_t *frame)
{
    const json_t *header = json_object_get(frame, "header");
    int64_t server_ms = sim_ms(call->sim, call->now_ns);
    int64_t time_ms = read_ms(json_object_get(header, "X-BAPI-TIMESTAMP"), 0);
    int64_t window_ms = read_ms(json_object_get(header, "X-BAPI-RECV-WINDOW"), 5000);
    if (window_ms < 0 || window_ms > 60000)
        window_ms = 60000;
    if (time_ms >= server_ms - window_ms && time_ms < server_ms + 1000)
        return true;
    return sim_refuse(call, 10002,
                      "invalid request, please check your server timestamp or recv_window param. "
                      "req_timestamp[%lld],server_timestamp[%lld],recv_window[%lld]",
                      (long long)time_ms, (long long)server_ms, (long long)window_ms);
}

static int route_of(const char *op)
{
    static const struct {
        const char *op, *path;
    } rows[] = {{"order.create", "/v5/order/create"},
                {"order.amend", "/v5/order/amend"},
                {"order.cancel", "/v5/order/cancel"},
                {"order.create-batch", "/v5/order/create-batch"},
                {"order.amend-batch", "/v5/order/amend-batch"},
                {"order.cancel-batch", "/v5/order/cancel-batch"}};
    for (size_t i = 0; i < BASE_COUNT(rows); i++)
        for (int route = 0; strcmp(op, rows[i].op) == 0 && route < sim_route_count; route++)
            if (strcmp(sim_routes[route].path, rows[i].path) == 0)
                return route;
    return -1;
}

static hean_status on_order(sim_venue *sim, const sim_socket *socket, const json_t *frame,
                            const char *op)
{
    sim_call call;
    base_buffer out;
    hean_status status = HEAN_OK;
    sim_call_init(&call, sim, sim->now_ns);
    call.route = route_of(op);
    const json_t *body = json_array_get(json_object_get(frame, "args"), 0);
    if (check_header(&call, frame) && sim_body_check(&call, body)) {
        call.body = body;
        status = sim_dispatch(&call);
    }
    base_buffer_init(&out, sim->allocator);
    base_buffer_append(&out, "{", 1);
    write_request_id(&out, "reqId", frame);
    base_buffer_printf(&out, "\"retCode\":%d,\"retMsg\":", call.code);
    sim_write_text(&out, call.code == 0 ? "OK" : call.message);
    base_buffer_printf(&out, ",\"op\":\"%s\",\"data\":%s,\"retExtInfo\":%s", op,
                       call.code == 0 && call.result.length > 0 ? call.result.data : "{}",
                       call.code == 0 && call.extra.length > 0 ? call.extra.data : "{}");
    base_buffer_printf(&out,
                       ",\"header\":{\"X-Bapi-Limit\":\"%d\",\"X-Bapi-Limit-Status\":\"%d\","
                       "\"X-Bapi-Limit-Reset-Timestamp\":\"%lld\",\"Traceid\":\"\","
                       "\"Timenow\":\"%lld\"},\"connId\":\"%s\"}",
                       call.quota, call.left, (long long)sim_ms(sim, call.reset_ns),
                       (long long)sim_ms(sim, sim->now_ns), socket->conn_id);
    bool failed = call.result.failed || call.extra.failed;
    sim_call_deinit(&call);
    if (status != HEAN_OK || failed) {
        base_buffer_deinit(&out);
        return failed ? HEAN_E_NO_MEMORY : status;
    }
    return reply(sim, socket, &out);
}

/* ---- frames ---- */

static hean_status on_frame(sim_venue *sim, sim_socket *socket, const json_t *frame)
{
    const char *op = json_string_value(json_object_get(frame, "op"));
    bool trade = socket->kind == SIM_SOCKET_TRADE;
    if (op == NULL)
        op = "";
    if (strcmp(op, "ping") == 0)
        return on_ping(sim, socket, frame);
    if (strcmp(op, "auth") == 0 && !is_public(socket))
        return on_auth(sim, socket, frame);
    if (!trade && strcmp(op, "subscribe") == 0)
        return on_topics(sim, socket, frame, true);
    if (!trade && strcmp(op, "unsubscribe") == 0)
        return on_topics(sim, socket, frame, false);
    if (!trade)
        return reply_success(sim, socket, frame, "", false, "error:invalid op");
    if (route_of(op) < 0)
        return reply_code(sim, socket, frame, op, 10404, "op type is not found");
    if (!socket->authenticated)
        return reply_code(sim, socket, frame, op, 10003, "the connection is not authenticated");
    return on_order(sim, socket, frame, op);
}

hean_status sim_socket_message(sim_venue *sim, uint64_t id, const char *text, size_t bytes,
                               int64_t now_ns)
{
    hean_status status = sim_run(sim, now_ns);
    sim_socket *socket = sim_socket_find(sim, id);
    if (status != HEAN_OK || socket == NULL || socket->cut)
        return status;
    socket->heard_ns = now_ns;
    json_t *frame = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(frame))
        status = on_frame(sim, socket, frame);
    else if (socket->kind == SIM_SOCKET_TRADE)
        status = reply_code(sim, socket, frame, "", 10001, "Failed to decode incoming data");
    else
        status = reply_success(sim, socket, frame, "", false, "Failed to decode incoming data");
    json_decref(frame);
    if (status == HEAN_OK)
        status = sim_run(sim, now_ns);
    sim->broken = status;
    return status;
}
