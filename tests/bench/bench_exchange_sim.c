/*
 * bench_exchange_sim.c: what the simulated venue costs, so that it never is what another benchmark
 * measures: a signed order from request to answer, and a frame of a book.
 */
#include <exchange/bybit.h>
#include <exchange/sim.h>
#include <support.h>

#include <string.h>

#define ORDERS 4000
#define ROUNDS 20

static size_t take(sim_venue *sim, int64_t now_ns, sim_output_kind kind)
{
    sim_output output;
    size_t count = 0;
    while (sim_take_output(sim, now_ns, &output))
        count += output.kind == kind ? 1 : 0;
    return count;
}

static sim_venue *open_venue(const char *market, int64_t now_ns)
{
    sim_options options = sim_options_default();
    sim_venue *sim = NULL;
    hean_error error;
    options.market = market;
    options.limit_factor = 1000;
    options.book_push_ns = 0;
    assert_status(sim_open(&options, &sim, &error), HEAN_OK, &error);
    assert_int_equal(sim_advance(sim, now_ns), HEAN_OK);
    return sim;
}

static void bench_orders(void)
{
    static double samples[ORDERS];
    static const char body[] = "{\"category\":\"linear\",\"symbol\":\"SIMUSDT\",\"side\":\"Buy\","
                               "\"orderType\":\"Limit\",\"qty\":\"0.01\",\"price\":\"1100\","
                               "\"timeInForce\":\"IOC\"}";
    int64_t now_ns = INT64_C(1790000000) * BASE_NS_PER_S;
    sim_venue *sim = open_venue("sim:1,rate=1", now_ns);
    for (uint64_t i = 0; i < ORDERS; i++) {
        char signature[BYBIT_SIGNATURE_BYTES];
        char headers[400];
        now_ns += BASE_NS_PER_MS;
        bybit_sign("sim-key", "sim-secret", now_ns / BASE_NS_PER_MS, 5000, body, strlen(body),
                   signature);
        (void)snprintf(headers, sizeof headers,
                       "X-BAPI-API-KEY: sim-key\nX-BAPI-TIMESTAMP: %lld\n"
                       "X-BAPI-RECV-WINDOW: 5000\nX-BAPI-SIGN: %s\n",
                       (long long)(now_ns / BASE_NS_PER_MS), signature);
        sim_request request = {i + 1, "POST", "/v5/order/create", headers, body, strlen(body)};
        int64_t begin_ns = base_clock_monotonic_ns();
        assert_int_equal(sim_http(sim, &request, now_ns), HEAN_OK);
        assert_int_equal(take(sim, now_ns, SIM_ANSWER), 1);
        samples[i] = (double)(base_clock_monotonic_ns() - begin_ns) / 1e3;
    }
    assert_int_equal(sim_orders_made(sim), ORDERS);
    test_print_percentiles("order, request to answer", samples, ORDERS, "us");
    sim_close(sim);
}

static void bench_frames(void)
{
    double samples[ROUNDS];
    int64_t now_ns = INT64_C(1790000000) * BASE_NS_PER_S;
    static const char text[] = "{\"op\":\"subscribe\",\"args\":[\"orderbook.50.SIMUSDT\"]}";
    sim_venue *sim = open_venue("sim:1,rate=20000,instruments=2", now_ns);
    assert_int_equal(sim_socket_open(sim, 1, "/v5/public/linear", now_ns), HEAN_OK);
    assert_int_equal(sim_socket_message(sim, 1, text, sizeof text - 1, now_ns), HEAN_OK);
    for (size_t i = 0; i < ROUNDS; i++) {
        now_ns += BASE_NS_PER_S;
        int64_t begin_ns = base_clock_monotonic_ns();
        assert_int_equal(sim_advance(sim, now_ns), HEAN_OK);
        size_t frames = take(sim, now_ns, SIM_FRAME);
        assert_true(frames > 100);
        samples[i] = (double)(base_clock_monotonic_ns() - begin_ns) / 1e3 / (double)frames;
    }
    test_print_percentiles("market, matching and frame of a 50-level book", samples, ROUNDS, "us");
    sim_close(sim);
}

int main(void)
{
    bench_orders();
    bench_frames();
    return 0;
}
