/*
 * request.c: queries, bodies and frames to send.
 *
 * Invariants
 *   - a payload is written once, and the same bytes are signed and sent;
 *   - numbers leave as exact decimals of whole ticks and lots, never with an exponent;
 *   - no text can end the place it stands in: bytes that could are refused.
 */
#include <base/decimal.h>
#include <exchange/bybit.h>

#include <string.h>

void bybit_request_init(bybit_request *request, bybit_route route)
{
    request->route = route;
    request->payload_bytes = 0;
    request->payload[0] = 0;
}

static hean_status append(bybit_request *request, const char *text, size_t bytes)
{
    if (bytes >= sizeof request->payload - request->payload_bytes)
        return HEAN_E_LIMIT;
    memcpy(request->payload + request->payload_bytes, text, bytes);
    request->payload_bytes += bytes;
    request->payload[request->payload_bytes] = 0;
    return HEAN_OK;
}

/* ---- queries ---- */

static bool is_unreserved(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || strchr("-._~", letter) != NULL;
}

/* Percent-encodes into `out`, which has room for three bytes per letter. */
static size_t encode(const char *text, char *out)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t length = 0;

    for (; *text != 0; text++) {
        if (is_unreserved(*text)) {
            out[length++] = *text;
            continue;
        }
        out[length++] = '%';
        out[length++] = hex[(unsigned char)*text >> 4];
        out[length++] = hex[(unsigned char)*text & 15];
    }
    return length;
}

hean_status bybit_query_add(bybit_request *request, const char *key, const char *value)
{
    char text[3 * sizeof request->payload];
    size_t bytes = strlen(value), before = request->payload_bytes;
    const char *encoded = text;
    hean_status status;

    if (bytes >= sizeof request->payload)
        return HEAN_E_LIMIT;
    if (strcmp(key, "cursor") == 0) {
        for (size_t i = 0; i < bytes; i++) {
            if (!is_unreserved(value[i]) && strchr("%:,=+/!$'()*;@?", value[i]) == NULL)
                return HEAN_E_INVALID;
        }
        encoded = value;
    } else {
        bytes = encode(value, text);
    }
    status = before > 0 ? append(request, "&", 1) : HEAN_OK;
    if (status == HEAN_OK)
        status = append(request, key, strlen(key));
    if (status == HEAN_OK)
        status = append(request, "=", 1);
    if (status == HEAN_OK)
        status = append(request, encoded, bytes);
    if (status != HEAN_OK) {
        request->payload_bytes = before;
        request->payload[before] = 0;
    }
    return status;
}

/* ---- bodies ---- */

/* A body being written into `request`; the first failure stays. */
typedef struct request_body {
    bybit_request request;
    hean_status status;
    const char *field; /* that failed */
} request_body;

static void fail_field(request_body *body, hean_status status, const char *field)
{
    if (body->status != HEAN_OK)
        return;
    body->status = status;
    body->field = field;
}

static void put(request_body *body, const char *text)
{
    hean_status status = append(&body->request, text, strlen(text));
    if (status != HEAN_OK)
        fail_field(body, status, "body");
}

/* A bare value: a number, true or false. */
static void put_bare(request_body *body, const char *key, const char *value)
{
    put(body, body->request.payload_bytes == 0 ? "{\"" : ",\"");
    put(body, key);
    put(body, "\":");
    put(body, value);
}

static void put_text(request_body *body, const char *key, const char *value)
{
    put_bare(body, key, "\"");
    for (const char *at = value; *at != 0; at++) {
        if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
            fail_field(body, HEAN_E_INVALID, key);
    }
    if (*value == 0)
        fail_field(body, HEAN_E_INVALID, key);
    put(body, value);
    put(body, "\"");
}

static void put_units(request_body *body, const char *key, int64_t units, hean_decimal step)
{
    char text[64];

    if (units <= 0) {
        fail_field(body, HEAN_E_INVALID, key);
        return;
    }
    put_text(body, key, decimal_format_units(units, step, text, sizeof text));
}

/* The venue takes letters, digits, '-' and '_', up to 36. */
static void put_client_id(request_body *body, const char *client_id)
{
    if (strlen(client_id) >= VENUE_CLIENT_ID_BYTES)
        fail_field(body, HEAN_E_INVALID, "orderLinkId");
    for (const char *at = client_id; *at != 0; at++) {
        if (!is_unreserved(*at) || *at == '.' || *at == '~')
            fail_field(body, HEAN_E_INVALID, "orderLinkId");
    }
    put_text(body, "orderLinkId", client_id);
}

static void begin(request_body *body, bybit_route route, venue_category category,
                  const char *symbol)
{
    bybit_request_init(&body->request, route);
    body->status = HEAN_OK;
    body->field = NULL;
    put_text(body, "category", bybit_category_text(category));
    put_text(body, "symbol", symbol);
}

static hean_status finish(request_body *body, bybit_request *out, hean_error *error)
{
    put(body, "}");
    if (body->status != HEAN_OK)
        return base_fail(error, body->status, "%s: %s cannot be sent to the venue",
                         bybit_route_get(body->request.route)->path, body->field);
    *out = body->request;
    return HEAN_OK;
}

static bool is_stop(const hean_intent *intent)
{
    return intent->order_type == HEAN_ORDER_STOP || intent->order_type == HEAN_ORDER_STOP_LIMIT;
}

/* A stop buys above the market and sells below it. */
static void put_trigger(request_body *body, venue_category category,
                        const market_instrument *instrument, const hean_intent *intent)
{
    put_units(body, "triggerPrice", intent->trigger_ticks, instrument->spec.tick_size);
    if (category == VENUE_SPOT) {
        put_text(body, "orderFilter", "StopOrder");
        return;
    }
    put_bare(body, "triggerDirection", intent->side == HEAN_SIDE_BUY ? "1" : "2");
    put_text(body, "triggerBy", "LastPrice");
}

hean_status bybit_order_create(venue_category category, const market_instrument *instrument,
                               const char *client_id, const hean_intent *intent, bybit_request *out,
                               hean_error *error)
{
    static const char *const tifs[HEAN_TIF_COUNT] = {"GTC", "IOC", "FOK", "PostOnly"};
    const hean_instrument *spec = &instrument->spec;
    bool market = intent->order_type == HEAN_ORDER_MARKET || intent->order_type == HEAN_ORDER_STOP;
    request_body body;

    begin(&body, BYBIT_ORDER_CREATE, category, spec->symbol);
    if (intent->side != HEAN_SIDE_BUY && intent->side != HEAN_SIDE_SELL)
        fail_field(&body, HEAN_E_INVALID, "side");
    if (intent->order_type >= HEAN_ORDER_TYPE_COUNT)
        fail_field(&body, HEAN_E_INVALID, "orderType");
    if (intent->time_in_force >= HEAN_TIF_COUNT)
        fail_field(&body, HEAN_E_INVALID, "timeInForce");
    if (body.status != HEAN_OK)
        return finish(&body, out, error);
    put_text(&body, "side", intent->side == HEAN_SIDE_BUY ? "Buy" : "Sell");
    put_text(&body, "orderType", market ? "Market" : "Limit");
    put_units(&body, "qty", intent->qty_lots, spec->lot_size);
    if (!market)
        put_units(&body, "price", intent->price_ticks, spec->tick_size);
    put_text(&body, "timeInForce", market ? "IOC" : tifs[intent->time_in_force]);
    if (is_stop(intent))
        put_trigger(&body, category, instrument, intent);
    if (category == VENUE_SPOT) {
        /* Without it the quantity of a market buy would be taken as an amount of money. */
        if (market)
            put_text(&body, "marketUnit", "baseCoin");
    } else {
        put_bare(&body, "positionIdx", "0");
        put_bare(&body, "reduceOnly",
                 (intent->flags & HEAN_INTENT_REDUCE_ONLY) != 0 ? "true" : "false");
    }
    put_client_id(&body, client_id);
    return finish(&body, out, error);
}

hean_status bybit_order_amend(venue_category category, const market_instrument *instrument,
                              const char *client_id, const hean_intent *intent, bybit_request *out,
                              hean_error *error)
{
    const hean_instrument *spec = &instrument->spec;
    request_body body;

    begin(&body, BYBIT_ORDER_AMEND, category, spec->symbol);
    put_client_id(&body, client_id);
    if (intent->qty_lots != 0)
        put_units(&body, "qty", intent->qty_lots, spec->lot_size);
    if (intent->price_ticks != 0)
        put_units(&body, "price", intent->price_ticks, spec->tick_size);
    if (intent->trigger_ticks != 0)
        put_units(&body, "triggerPrice", intent->trigger_ticks, spec->tick_size);
    if (intent->qty_lots == 0 && intent->price_ticks == 0 && intent->trigger_ticks == 0)
        fail_field(&body, HEAN_E_INVALID, "an amendment of nothing");
    return finish(&body, out, error);
}

hean_status bybit_order_cancel(venue_category category, const market_instrument *instrument,
                               const char *client_id, bybit_request *out, hean_error *error)
{
    request_body body;

    begin(&body, BYBIT_ORDER_CANCEL, category, instrument->spec.symbol);
    put_client_id(&body, client_id);
    return finish(&body, out, error);
}

hean_status bybit_order_cancel_all(venue_category category, const char *symbol, bybit_request *out,
                                   hean_error *error)
{
    request_body body;

    begin(&body, BYBIT_ORDER_CANCEL_ALL, category, symbol);
    put_text(&body, "orderFilter", "Order");
    return finish(&body, out, error);
}

hean_status bybit_leverage_set(venue_category category, const char *symbol, int64_t leverage_e8,
                               bybit_request *out, hean_error *error)
{
    const hean_decimal e8 = {1, -8};
    request_body body;

    begin(&body, BYBIT_SET_LEVERAGE, category, symbol);
    put_units(&body, "buyLeverage", leverage_e8, e8);
    put_units(&body, "sellLeverage", leverage_e8, e8);
    return finish(&body, out, error);
}

/* ---- sealing ---- */

/* Can `text` stand in a header or a JSON text as it is? */
static bool is_plain(const char *text)
{
    size_t bytes = strlen(text);

    for (size_t i = 0; i < bytes; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return bytes > 0 && bytes <= BYBIT_KEY_BYTES_MAX;
}

hean_status bybit_seal(const bybit_request *request, const char *rest_url, const char *api_key,
                       const char *api_secret, int64_t timestamp_ms, int64_t recv_window_ms,
                       base_buffer *url, base_buffer *headers)
{
    const bybit_route_info *route = bybit_route_get(request->route);
    bool get = strcmp(route->method, "GET") == 0;
    char signature[BYBIT_SIGNATURE_BYTES];

    if (api_key != NULL && !is_plain(api_key))
        return HEAN_E_INVALID;
    base_buffer_printf(url, "%s%s%s%s", rest_url, route->path,
                       get && request->payload_bytes > 0 ? "?" : "", get ? request->payload : "");
    if (!get)
        base_buffer_printf(headers, "Content-Type: application/json\n");
    if (route->is_private && api_key != NULL) {
        bybit_sign(api_key, api_secret, timestamp_ms, recv_window_ms, request->payload,
                   request->payload_bytes, signature);
        base_buffer_printf(headers,
                           "X-BAPI-API-KEY: %s\nX-BAPI-TIMESTAMP: %lld\nX-BAPI-SIGN: %s\n"
                           "X-BAPI-RECV-WINDOW: %lld\n",
                           api_key, (long long)timestamp_ms, signature, (long long)recv_window_ms);
    }
    return url->failed || headers->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

/* ---- frames ---- */

hean_status bybit_frame_auth(const char *api_key, const char *api_secret, int64_t expires_ms,
                             base_buffer *out)
{
    char signature[BYBIT_SIGNATURE_BYTES];

    if (!is_plain(api_key))
        return HEAN_E_INVALID;
    bybit_sign_socket(api_secret, expires_ms, signature);
    base_buffer_printf(out, "{\"req_id\":\"auth\",\"op\":\"auth\",\"args\":[\"%s\",%lld,\"%s\"]}",
                       api_key, (long long)expires_ms, signature);
    return out->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

hean_status bybit_frame_subscribe(const char *request_id, bool subscribe, const char *const *topics,
                                  size_t count, base_buffer *out)
{
    if (!is_plain(request_id))
        return HEAN_E_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (!is_plain(topics[i]))
            return HEAN_E_INVALID;
    }
    base_buffer_printf(out, "{\"req_id\":\"%s\",\"op\":\"%s\",\"args\":[", request_id,
                       subscribe ? "subscribe" : "unsubscribe");
    for (size_t i = 0; i < count; i++)
        base_buffer_printf(out, "%s\"%s\"", i > 0 ? "," : "", topics[i]);
    base_buffer_printf(out, "]}");
    return out->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}

hean_status bybit_frame_ping(const char *request_id, base_buffer *out)
{
    if (!is_plain(request_id))
        return HEAN_E_INVALID;
    base_buffer_printf(out, "{\"req_id\":\"%s\",\"op\":\"ping\"}", request_id);
    return out->failed ? HEAN_E_NO_MEMORY : HEAN_OK;
}
