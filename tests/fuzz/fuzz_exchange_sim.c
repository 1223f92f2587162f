/*
 * fuzz_exchange_sim.c: no request, body or frame may crash the simulated venue or make it lose
 * count: afterwards the wallet is still what its log says.
 *
 * The input is a list of lines: "GET TARGET", "POST PATH BODY", "WS PATH" (opens a socket), ">
 * TEXT" (a frame to the latest), "X" (closes it), "+ MS" (time passes). Requests are signed, so
 * that they get past the door.
 */
#include <exchange/bybit.h>
#include <exchange/sim.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define START_NS  (INT64_C(1790000000) * BASE_NS_PER_S)
#define LINES_MAX 200

typedef struct run {
    sim_venue *sim;
    int64_t now_ns;
    uint64_t requests, sockets;
} run;

static void take(run *self)
{
    sim_output output;
    while (sim_take_output(self->sim, self->now_ns, &output))
        BASE_ASSERT(output.body != NULL && output.headers != NULL);
}

static void ask(run *self, const char *method, const char *target, const char *body)
{
    char headers[400];
    char signature[BYBIT_SIGNATURE_BYTES];
    long long now_ms = self->now_ns / BASE_NS_PER_MS;
    const char *query = strchr(target, '?');
    const char *payload = method[0] == 'P' ? body : query == NULL ? "" : query + 1;
    bybit_sign("sim-key", "sim-secret", now_ms, 5000, payload, strlen(payload), signature);
    (void)snprintf(headers, sizeof headers,
                   "X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: %lld\nX-BAPI-RECV-WINDOW: 5000\n"
                   "X-BAPI-SIGN: %s\n",
                   now_ms, signature);
    sim_request request = {++self->requests, method, target, headers, body, strlen(body)};
    BASE_ASSERT(sim_http(self->sim, &request, self->now_ns) == HEAN_OK);
}

static void auth(run *self)
{
    char text[200];
    char signature[BYBIT_SIGNATURE_BYTES];
    int64_t expires_ms = self->now_ns / BASE_NS_PER_MS + 5000;
    bybit_sign_socket("sim-secret", expires_ms, signature);
    int length = snprintf(text, sizeof text, "{\"op\":\"auth\",\"args\":[\"sim-key\",%lld,\"%s\"]}",
                          (long long)expires_ms, signature);
    BASE_ASSERT(sim_socket_message(self->sim, self->sockets, text, (size_t)length, self->now_ns) ==
                HEAN_OK);
}

static void do_line(run *self, char *line)
{
    char *space = strchr(line, ' ');
    char *rest = space == NULL ? line + strlen(line) : space + 1;
    hean_status status = HEAN_OK;
    if (space != NULL)
        *space = '\0';
    if (strcmp(line, "GET") == 0) {
        ask(self, "GET", rest, "");
    } else if (strcmp(line, "POST") == 0) {
        char *body = strchr(rest, ' ');
        if (body != NULL)
            *body++ = '\0';
        ask(self, "POST", rest, body == NULL ? "" : body);
    } else if (strcmp(line, "WS") == 0) {
        status = sim_socket_open(self->sim, ++self->sockets, rest, self->now_ns);
        auth(self);
    } else if (strcmp(line, ">") == 0) {
        status = sim_socket_message(self->sim, self->sockets, rest, strlen(rest), self->now_ns);
    } else if (strcmp(line, "X") == 0) {
        sim_socket_closed(self->sim, self->sockets);
    } else if (strcmp(line, "+") == 0) {
        self->now_ns += (int64_t)(strtoul(rest, NULL, 10) % 20000) * BASE_NS_PER_MS;
        status = sim_advance(self->sim, self->now_ns);
    }
    BASE_ASSERT(status == HEAN_OK);
    take(self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    sim_options options = sim_options_default();
    run self = {.now_ns = START_NS};
    char *text = malloc(bytes + 1);
    size_t lines = 0;

    if (text == NULL)
        return 0;
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    options.market = "sim:1,rate=50,funding=10s";
    options.limit_factor = 10;
    options.seed = bytes;
    if (bytes > 0 && data[bytes - 1] % 4 == 0)
        options.faults = (sim_faults){.garbage_answer = 0.2,
                                      .cut_answer = 0.2,
                                      .slow_answer = 0.2,
                                      .duplicate_frame = 0.2,
                                      .reordered_frame = 0.2,
                                      .late_execution = 0.5,
                                      .drop_connection = 0.01};
    BASE_ASSERT(sim_open(&options, &self.sim, NULL) == HEAN_OK);
    for (char *line = text; line != NULL && lines++ < LINES_MAX;) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        do_line(&self, line);
        line = next;
    }
    BASE_ASSERT(sim_wallet_e8(self.sim, "SIM") >= 0);
    sim_close(self.sim);
    free(text);
    return 0;
}
