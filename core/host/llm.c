/*
 * llm.c: one question to a chat-completions server: budget, tries, and what may go wrong.
 *
 * Sources: the interface as OpenAI documents it; llama.cpp, Ollama and vLLM serve the same one, not
 * all with json_schema, so that a server that does not take it is asked for a json_object instead.
 */
#include "http_call.h"
#include "llm_private.h"

#include <exchange/retry.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_BYTES_MAX ((size_t)1 << 20)
#define DAY_NS           (86400 * BASE_NS_PER_S)
#define WAIT_NS_MAX      (5 * 60 * BASE_NS_PER_S) /* longer is not worth a command's time */
#define WORDS_BYTES      200                      /* of what a server says is wrong */

typedef struct asking {
    store *store;
    const llm_options *options;
    llm_exchange *out;
    http_call *http;
    base_buffer url, headers;
    /* the last response */
    wire_outcome outcome;
    int http_status;
    int64_t wait_ns; /* -1: not said */
    bool is_json, has_key;
    char why[WORDS_BYTES];
} asking;

/* ---- where to ---- */

/* "127.0.0.1", "localhost", "[::1]", with or without a port. */
static bool is_loopback(const char *host, size_t bytes)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    size_t name = bytes;

    for (size_t i = 0; i < bytes && name == bytes; i++) {
        if (host[i] == ':' && (host[0] != '[' || (i > 0 && host[i - 1] == ']')))
            name = i;
    }
    for (size_t i = name + 1; i < bytes; i++) {
        if (host[i] < '0' || host[i] > '9')
            return false;
    }
    for (size_t i = 0; i < BASE_COUNT(names); i++) {
        if (strlen(names[i]) == name && strncasecmp(names[i], host, name) == 0)
            return true;
    }
    return false;
}

static hean_status make_url(asking *self, hean_error *error)
{
    const char *url = self->options->base_url, *host;
    bool plain = strncasecmp(url, "http://", 7) == 0;
    size_t length = strlen(url), bytes;

    if (!plain && strncasecmp(url, "https://", 8) != 0)
        return base_fail(error, HEAN_E_INVALID, "OPENAI_BASE_URL: expected https://...");
    for (size_t i = 0; i < length; i++) {
        if (url[i] <= ' ' || url[i] == 0x7F || strchr("@?#\\\"<>", url[i]) != NULL)
            return base_fail(error, HEAN_E_INVALID,
                             "OPENAI_BASE_URL: expected scheme, host, port and path alone");
    }
    host = url + (plain ? 7 : 8);
    bytes = strcspn(host, "/");
    if (bytes == 0)
        return base_fail(error, HEAN_E_INVALID, "OPENAI_BASE_URL: expected a host");
    if (plain && !is_loopback(host, bytes))
        return base_fail(error, HEAN_E_GATE,
                         "OPENAI_BASE_URL: without TLS only this machine is asked: expected "
                         "https://, or http://127.0.0.1");
    if (plain) { /* a proxy would be another machine */
        (void)unsetenv("http_proxy");
        (void)unsetenv("all_proxy");
        (void)unsetenv("ALL_PROXY");
    }
    while (length > 0 && url[length - 1] == '/')
        length--;
    base_buffer_printf(&self->url, "%.*s/chat/completions", (int)length, url);
    base_buffer_printf(&self->headers,
                       "Content-Type: application/json\nAccept: application/json\n");
    if (self->options->key != NULL)
        base_buffer_printf(&self->headers, "Authorization: Bearer %s\n",
                           keys_key(self->options->key));
    return self->url.failed || self->headers.failed
               ? base_fail(error, HEAN_E_NO_MEMORY, "llm: out of memory")
               : HEAN_OK;
}

/* ---- one response ---- */

static bool contains_key(const asking *self, const char *text, size_t bytes)
{
    const char *key = self->options->key != NULL ? keys_key(self->options->key) : "";

    return key[0] != 0 && memmem(text, bytes, key, strlen(key)) != NULL;
}

static void on_response(void *context, const wire_response *response)
{
    asking *self = context;
    base_buffer *body = &self->out->reply;
    const char *value;
    size_t bytes;

    body->length = 0;
    self->outcome = response->outcome;
    self->http_status = response->http_status;
    self->wait_ns = -1;
    self->is_json = false;
    self->has_key = false;
    self->why[0] = 0;
    if (response->outcome != WIRE_DONE) {
        (void)base_text_copy(self->why, sizeof self->why,
                             response->why != NULL ? response->why : "no answer");
        self->has_key = contains_key(self, self->why, strlen(self->why));
        return;
    }
    if (wire_header(response->headers, "Retry-After", &value, &bytes))
        self->wait_ns = wire_retry_after_ns(value, bytes, response->received_ns);
    if (wire_header(response->headers, "Content-Type", &value, &bytes))
        self->is_json = bytes >= 16 && strncasecmp(value, "application/json", 16) == 0 &&
                        (bytes == 16 || strchr("; \t", value[16]) != NULL);
    self->has_key = contains_key(self, response->body, response->body_bytes);
    if (!self->has_key)
        base_buffer_append(body, response->body, response->body_bytes);
}

static bool format_is_refused(const asking *self)
{
    const base_buffer *body = &self->out->reply;

    return (self->http_status == 400 || self->http_status == 422 || self->http_status == 501) &&
           body->length > 0 &&
           (strstr(body->data, "response_format") != NULL ||
            strstr(body->data, "json_schema") != NULL);
}

static retry_class classify(const asking *self)
{
    if (self->outcome != WIRE_DONE || self->http_status == 408 || self->http_status >= 500)
        return RETRY_AMBIGUOUS;
    if (self->http_status == 429)
        return RETRY_RATE;
    if (self->http_status == 401 || self->http_status == 403)
        return RETRY_AUTH;
    return self->http_status == 200 ? RETRY_OK : RETRY_INVALID;
}

static hean_status tell_failure(asking *self, hean_error *error)
{
    const base_buffer *body = &self->out->reply;

    if (self->has_key)
        return base_fail(error, HEAN_E_IO, "llm: the answer contains the key; it was thrown away");
    if (self->outcome != WIRE_DONE)
        return base_fail(error, HEAN_E_IO, "llm: %s", self->why);
    if (self->http_status >= 300 && self->http_status < 400)
        return base_fail(error, HEAN_E_IO,
                         "llm: HTTP %d: redirects are not followed; set OPENAI_BASE_URL to the "
                         "server itself",
                         self->http_status);
    (void)snprintf(self->why, sizeof self->why, "%.*s",
                   (int)(body->length < WORDS_BYTES - 1 ? body->length : WORDS_BYTES - 1),
                   body->length > 0 ? body->data : "");
    base_text_clean(self->why, strlen(self->why));
    if (self->http_status == 200)
        return base_fail(error, HEAN_E_IO, "llm: expected application/json");
    return base_fail(error, HEAN_E_IO, "llm: HTTP %d: %s", self->http_status, self->why);
}

/* ---- the budget ---- */

/* Bytes are at least as many as tokens. */
static hean_status reserve(const asking *self, int64_t tokens, hean_error *error)
{
    const llm_options *options = self->options;
    int64_t day = options->now_ns / DAY_NS;
    hean_status status = store_counter_add(self->store, "llm_requests", day, 1,
                                           options->requests_a_day, NULL, error);

    if (status == HEAN_E_LIMIT)
        return base_fail(error, status, "llm: the budget of %lld requests a day is used up",
                         (long long)options->requests_a_day);
    if (status == HEAN_OK)
        status = store_counter_add(self->store, "llm_tokens", day, tokens, options->tokens_a_day,
                                   NULL, error);
    if (status == HEAN_E_LIMIT)
        return base_fail(error, status,
                         "llm: the budget of %lld tokens a day does not cover another question",
                         (long long)options->tokens_a_day);
    return status;
}

/* What was reserved becomes what was used, where that is known. */
static hean_status settle(asking *self, int64_t reserved, hean_error *error)
{
    int64_t used = reserved;
    chat_answer answer;
    hean_status status = HEAN_OK;

    if (self->outcome == WIRE_NOT_SENT) {
        used = 0;
    } else if (self->outcome == WIRE_DONE && self->http_status == 200) {
        status = chat_read(self->out->reply.allocator, self->out->reply.data,
                           self->out->reply.length, &answer);
        if (answer.tokens > 0)
            used = answer.tokens;
        if (status == HEAN_OK && contains_key(self, answer.content.data, answer.content.length))
            self->has_key = true; /* it was written with escapes */
        chat_answer_deinit(&answer);
        status =
            status == HEAN_E_NO_MEMORY ? base_fail(error, status, "llm: out of memory") : HEAN_OK;
    } else if (self->outcome == WIRE_DONE && self->http_status < 500) {
        used = 0; /* refused: nothing was generated */
    }
    if (status == HEAN_OK && used != reserved)
        status = store_counter_add(self->store, "llm_tokens", self->options->now_ns / DAY_NS,
                                   used - reserved, INT64_MAX, NULL, error);
    self->out->tokens += used;
    return status;
}

/* ---- tries ---- */

static hean_status send_once(asking *self, hean_error *error)
{
    llm_exchange *out = self->out;
    int64_t reserved = (int64_t)out->request.length + CHAT_ANSWER_TOKENS;
    wire_action action = {.method = "POST",
                          .url = self->url.data,
                          .headers = self->headers.data,
                          .body = out->request.data,
                          .body_bytes = out->request.length,
                          .timeout_ns = self->options->timeout_ns,
                          .response_bytes_max = ANSWER_BYTES_MAX};
    hean_status status = reserve(self, reserved, error);

    if (status != HEAN_OK)
        return status;
    out->requests++;
    status = http_call_do(self->http, &action, error);
    if (status == HEAN_OK && out->reply.failed)
        status = base_fail(error, HEAN_E_NO_MEMORY, "llm: out of memory");
    return status == HEAN_OK ? settle(self, reserved, error) : status;
}

static hean_status send_until_answered(asking *self, hean_error *error)
{
    const retry_policy policy = {.base_ns = BASE_NS_PER_S / 2,
                                 .cap_ns = 30 * BASE_NS_PER_S,
                                 .tries_max = 4,
                                 .jitter_percent = 50};
    hean_status status = HEAN_OK;

    for (int32_t tries = 1; status == HEAN_OK; tries++) {
        int64_t now_ns, at_ns = 0;
        status = send_once(self, error);
        if (status != HEAN_OK)
            break;
        if (self->has_key || (classify(self) == RETRY_OK && !self->is_json))
            return tell_failure(self, error);
        if (classify(self) == RETRY_OK || format_is_refused(self))
            return HEAN_OK;
        now_ns = base_clock_wall_ns();
        if (!retry_again(&policy, classify(self), true, tries,
                         self->wait_ns >= 0 ? now_ns + self->wait_ns : 0, (uint64_t)now_ns, now_ns,
                         &at_ns))
            return tell_failure(self, error);
        if (at_ns - now_ns > WAIT_NS_MAX)
            return base_fail(error, HEAN_E_IO, "llm: HTTP %d: the server asks to wait for %lld s",
                             self->http_status, (long long)((at_ns - now_ns) / BASE_NS_PER_S));
        status = http_call_wait(self->http, base_clock_monotonic_ns() + at_ns - now_ns, error);
    }
    return status;
}

static hean_status ask_in_formats(asking *self, const chat_question *question, hean_error *error)
{
    static const chat_format formats[] = {CHAT_JSON_SCHEMA, CHAT_JSON_OBJECT};
    hean_status status = HEAN_OK;

    for (size_t i = 0; status == HEAN_OK && i < BASE_COUNT(formats); i++) {
        self->out->format = formats[i];
        self->out->request.length = 0;
        status = chat_request(question, formats[i], &self->out->request, error);
        if (status == HEAN_OK)
            status = send_until_answered(self, error);
        if (status == HEAN_OK && classify(self) == RETRY_OK)
            return HEAN_OK;
    }
    return status == HEAN_OK ? tell_failure(self, error) : status;
}

hean_status llm_ask(store *kept, const llm_options *options, const chat_question *question,
                    llm_exchange *out, hean_error *error)
{
    const hean_allocator *allocator = base_allocator_default();
    asking self = {.store = kept, .options = options, .out = out};
    const http_call_options http = {.allocator = allocator,
                                    .name = "llm",
                                    .stop = options->stop,
                                    .response = on_response,
                                    .context = &self};
    hean_status status;

    base_buffer_init(&self.url, allocator);
    base_buffer_init(&self.headers, allocator);
    status = make_url(&self, error);
    if (status == HEAN_OK)
        status = http_call_open(&http, &self.http, error);
    if (status == HEAN_OK)
        status = ask_in_formats(&self, question, error);
    http_call_close(self.http);
    if (self.headers.data != NULL)
        explicit_bzero(self.headers.data, self.headers.length);
    base_buffer_deinit(&self.headers);
    base_buffer_deinit(&self.url);
    return status;
}
