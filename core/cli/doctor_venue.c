/*
 * doctor_venue.c: is the venue of a configuration fit to be traded on: reachable, its clock near,
 * the keys good for trading and for nothing worse, its rate limits as expected. Asks, changes
 * nothing.
 */
#include "cmd_doctor.h"

#include <host/venue_call.h>

#include <stdlib.h>
#include <string.h>

#define OFFSET_WARN_NS (500 * BASE_NS_PER_MS)
#define OFFSET_FAIL_NS (5 * BASE_NS_PER_S)
#define EXPIRY_WARN_NS (INT64_C(14) * 86400 * BASE_NS_PER_S)

static bool has_keys(const config_venue *wanted)
{
    return wanted->credentials_file != NULL ||
           (getenv("BYBIT_API_KEY") != NULL && getenv("BYBIT_API_SECRET") != NULL);
}

static bool check_clock(doctor *visit, venue_call *call, const config_venue *wanted)
{
    int64_t offset_ns, round_trip_ns, distance_ns;
    hean_error error = {0};
    doctor_verdict verdict = DOCTOR_OK;

    if (venue_call_clock(call, &offset_ns, &round_trip_ns, &error) != HEAN_OK) {
        doctor_report(visit, "venue", DOCTOR_FAIL, "%s: %s", wanted->rest_url, error.message);
        return false;
    }
    doctor_report(visit, "venue", DOCTOR_OK, "%s answers within %.1f ms", wanted->rest_url,
                  (double)round_trip_ns / 1e6);
    distance_ns = offset_ns < 0 ? -offset_ns : offset_ns;
    if (distance_ns > OFFSET_FAIL_NS)
        verdict = DOCTOR_FAIL;
    else if (distance_ns > OFFSET_WARN_NS)
        verdict = DOCTOR_WARN;
    doctor_report(visit, "venue clock", verdict, "it is %.1f ms %s of ours%s",
                  (double)distance_ns / 1e6, offset_ns < 0 ? "behind" : "ahead",
                  verdict == DOCTOR_OK ? "" : ": keep this machine's clock by NTP");
    return true;
}

/* Keys that could take money away have no place in a machine that trades. */
static void check_permissions(doctor *visit, const bybit_key_info *info)
{
    int64_t left_ns = info->expires_ns - base_clock_wall_ns();
    char expires[40] = "never";
    bool bound = info->ips[0] != 0 && strcmp(info->ips, "*") != 0;

    if (info->expires_ns > 0)
        (void)base_time_format(info->expires_ns, expires, sizeof expires);
    if (info->can_withdraw)
        doctor_report(visit, "keys", DOCTOR_FAIL,
                      "they may withdraw: make keys without that permission");
    else if (info->read_only || !info->can_trade)
        doctor_report(visit, "keys", DOCTOR_WARN, "they may read, not trade (%s)",
                      info->permissions);
    else
        doctor_report(visit, "keys", DOCTOR_OK, "they may trade, not withdraw (%s)",
                      info->permissions);
    doctor_report(visit, "key expiry",
                  info->expires_ns > 0 && left_ns < EXPIRY_WARN_NS ? DOCTOR_WARN : DOCTOR_OK,
                  "expires: %s; bound to addresses: %s", expires,
                  bound ? info->ips : "none, any may use them");
}

static void check_keys(doctor *visit, venue_call *call)
{
    bybit_request request;
    bybit_key_info info;
    bybit_answer answer = {0};
    base_buffer body;
    hean_error error = {0};
    hean_status status;

    base_buffer_init(&body, base_allocator_default());
    bybit_request_init(&request, BYBIT_API_KEY_INFO);
    status = venue_call_ask(call, &request, &answer, &body, NULL, &error);
    if (status == HEAN_OK && answer.class != RETRY_OK)
        status = base_fail(&error, HEAN_E_IO, "%s", answer.text);
    if (status == HEAN_OK)
        status = bybit_read_key_info(body.data, body.length, &info, &error);
    if (status == HEAN_OK)
        check_permissions(visit, &info);
    else
        doctor_report(visit, "keys", DOCTOR_FAIL, "%s", error.message);
    base_buffer_deinit(&body);
}

/* What the venue's own headers say of a route that a session uses all the time. */
static void check_limits(doctor *visit, venue_call *call)
{
    const int32_t expected = bybit_route_get(BYBIT_WALLET)->per_second[VENUE_LINEAR];
    bybit_request request;
    bybit_answer answer = {0};
    base_buffer body;
    hean_error error = {0};

    base_buffer_init(&body, base_allocator_default());
    bybit_request_init(&request, BYBIT_WALLET);
    if (bybit_query_add(&request, "accountType", "UNIFIED") != HEAN_OK ||
        venue_call_ask(call, &request, &answer, &body, NULL, &error) != HEAN_OK)
        doctor_report(visit, "limits", DOCTOR_FAIL, "%s", error.message);
    else if (answer.class != RETRY_OK)
        doctor_report(visit, "account", DOCTOR_FAIL, "%s", answer.text);
    else if (answer.limit < 0)
        doctor_report(visit, "limits", DOCTOR_WARN, "the venue's headers do not say them");
    else
        doctor_report(visit, "limits", answer.limit < expected ? DOCTOR_WARN : DOCTOR_OK,
                      "wallet: %lld a second, %lld left; %d are expected", (long long)answer.limit,
                      (long long)answer.remaining, expected);
    base_buffer_deinit(&body);
}

void doctor_venue(doctor *visit, const config *settings)
{
    const config_venue *wanted = &settings->venue;
    venue_call_options options = {
        .venue = wanted, .recv_window_ms = 5000, .stop = &cli_stop, .keys = NULL};
    hean_error error = {0};
    venue_call *call = NULL;
    keys *held = NULL;

    if (has_keys(wanted) && keys_load(wanted->credentials_file, &held, &error) != HEAN_OK) {
        doctor_report(visit, "keys", DOCTOR_FAIL, "%s", error.message);
        return;
    }
    options.keys = held;
    if (venue_call_open(&options, &call, &error) != HEAN_OK)
        doctor_report(visit, "venue", DOCTOR_FAIL, "%s", error.message);
    else if (check_clock(visit, call, wanted) && held != NULL) {
        check_keys(visit, call);
        check_limits(visit, call);
    } else if (held == NULL) {
        doctor_report(visit, "keys", DOCTOR_WARN,
                      "none: BYBIT_API_KEY and BYBIT_API_SECRET, or venue.credentials_file");
    }
    venue_call_close(call);
    keys_close(held);
}
