/*
 * sim_param.c: parameters of requests: queries taken apart, bodies checked for types, texts turned
 * into what they mean. Every byte comes from a stranger.
 */
#include "sim_internal.h"

bool sim_refuse(sim_call *call, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(call->message, sizeof call->message, format, arguments);
    va_end(arguments);
    call->code = code;
    return false;
}

/* ---- queries ---- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = (char)(byte | 0x20);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* In place; false: a broken escape or a zero byte. */
static bool decode(char *text)
{
    char *out = text;
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '%') {
            int high = hex_digit(at[1]);
            int low = high < 0 ? -1 : hex_digit(at[2]);
            if (low < 0 || high * 16 + low == 0)
                return false;
            *out++ = (char)(high * 16 + low);
            at += 2;
        } else {
            *out++ = *at == '+' ? ' ' : *at;
        }
    }
    *out = '\0';
    return true;
}

bool sim_query_split(sim_call *call)
{
    char *at = call->query;
    while (at != NULL && *at != '\0') {
        char *next = strchr(at, '&');
        if (next != NULL)
            *next++ = '\0';
        char *equals = strchr(at, '=');
        if (equals != NULL)
            *equals++ = '\0';
        if (call->pair_count == SIM_PAIRS_MAX || !decode(at) || (equals != NULL && !decode(equals)))
            return sim_refuse(call, 10001, "params error: the query cannot be read");
        if (*at != '\0')
            call->pairs[call->pair_count++] =
                (sim_pair){at, equals == NULL ? at + strlen(at) : equals};
        at = next;
    }
    return true;
}

/* ---- bodies ---- */

/* Whatever is not named here is a text. */
static json_type expected_type(const char *key)
{
    static const char *const flags[] = {"reduceOnly", "closeOnTrigger", "modifyEnable", "mmp",
                                        "rpiTakerAccess"};
    static const char *const numbers[] = {"positionIdx", "triggerDirection", "isLeverage", "mode"};
    for (size_t i = 0; i < BASE_COUNT(flags); i++)
        if (strcmp(key, flags[i]) == 0)
            return JSON_TRUE;
    for (size_t i = 0; i < BASE_COUNT(numbers); i++)
        if (strcmp(key, numbers[i]) == 0)
            return JSON_INTEGER;
    return strcmp(key, "request") == 0 ? JSON_ARRAY : JSON_STRING;
}

bool sim_body_check(sim_call *call, const json_t *object)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return sim_refuse(call, 10001, "params error: expected an object");
    json_object_foreach((json_t *)object, key, value)
    {
        json_type expected = expected_type(key);
        json_type actual = json_typeof(value);
        if (actual == JSON_NULL || actual == expected ||
            (expected == JSON_TRUE && actual == JSON_FALSE))
            continue;
        return sim_refuse(call, 10001, "params error: %.40s has a wrong type", key);
    }
    return true;
}

const char *sim_arg(const sim_call *call, const char *key)
{
    if (call->body != NULL) {
        const char *text = json_string_value(json_object_get(call->body, key));
        return text == NULL ? "" : text;
    }
    for (size_t i = 0; i < call->pair_count; i++)
        if (strcmp(call->pairs[i].key, key) == 0)
            return call->pairs[i].value;
    return "";
}

bool sim_flag(const sim_call *call, const char *key)
{
    return json_is_true(json_object_get(call->body, key));
}

int64_t sim_number(const sim_call *call, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(call->body, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* ---- meanings ---- */

bool sim_arg_kind(sim_call *call, bool optional)
{
    const char *text = sim_arg(call, "category");
    call->has_kind = true;
    call->kind = HEAN_INSTRUMENT_LINEAR;
    if (text[0] == '\0' && optional)
        return true;
    for (int kind = 0; kind < 3; kind++)
        if (strcmp(text, sim_kind_text((hean_instrument_kind)kind)) == 0) {
            call->kind = (hean_instrument_kind)kind;
            return true;
        }
    call->has_kind = false;
    if (strcmp(text, "option") == 0) /* known, and nothing of it is traded here */
        return true;
    return sim_refuse(call, 10001, "Illegal category");
}

sim_symbol *sim_arg_symbol(sim_call *call, bool required)
{
    const char *text = sim_arg(call, "symbol");
    if (text[0] == '\0') {
        if (required)
            (void)sim_refuse(call, 10001, "params error: symbol is required");
        return NULL;
    }
    sim_symbol *symbol = call->has_kind ? sim_find_symbol(call->sim, call->kind, text) : NULL;
    if (symbol == NULL)
        (void)sim_refuse(call, 10001, "params error: symbol invalid %.40s", text);
    return symbol;
}

static bool parse_whole(const char *text, int64_t *out)
{
    int64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *text - '0', &value))
            return false;
    *out = value;
    return true;
}

/* Too large a limit is brought down, as the venue does. */
bool sim_arg_limit(sim_call *call, int64_t otherwise, int64_t most, int64_t *out)
{
    const char *text = sim_arg(call, "limit");
    int64_t value = otherwise;
    if (text[0] != '\0' && (!parse_whole(text, &value) || value < 1))
        return sim_refuse(call, 10001, "params error: limit invalid");
    *out = value > most ? most : value;
    return true;
}

bool sim_arg_time(sim_call *call, const char *key, int64_t otherwise_ns, int64_t *out_ns)
{
    const char *text = sim_arg(call, key);
    int64_t value_ms;
    *out_ns = otherwise_ns;
    if (text[0] == '\0')
        return true;
    if (!parse_whole(text, &value_ms) || value_ms > (INT64_C(1) << 62) / BASE_NS_PER_MS)
        return sim_refuse(call, 10001, "params error: %s invalid", key);
    *out_ns = value_ms * BASE_NS_PER_MS - call->sim->options.faults.clock_skew_ns;
    return true;
}

bool sim_arg_cursor(sim_call *call, size_t otherwise, size_t *out)
{
    const char *given = sim_arg(call, "cursor");
    char text[64];
    int64_t at;
    int64_t again;
    *out = otherwise;
    if (given[0] == '\0')
        return true;
    /* Some clients encode once more what came encoded; both are in use. */
    if (!base_text_copy(text, sizeof text, given) || !decode(text))
        return sim_refuse(call, 10001, "params error: cursor invalid");
    char *comma = strchr(text, ',');
    char *colon = strchr(text, ':');
    if (comma == NULL || colon == NULL || colon > comma || strcmp(colon, ":0") == 0)
        return sim_refuse(call, 10001, "params error: cursor invalid");
    *comma = '\0';
    *colon = '\0';
    char *second = strchr(comma + 1, ':');
    if (second != NULL)
        *second = '\0';
    if (!parse_whole(text, &at) || !parse_whole(comma + 1, &again) || at != again ||
        (size_t)at > otherwise)
        return sim_refuse(call, 10001, "params error: cursor invalid");
    *out = (size_t)at;
    return true;
}

void sim_write_cursor(sim_call *call, size_t at, bool more)
{
    base_buffer_printf(&call->result, "\"nextPageCursor\":\"");
    if (more)
        base_buffer_printf(&call->result, "%zu%%3A7%%2C%zu%%3A7", at, at);
    base_buffer_append(&call->result, "\"", 1);
}
