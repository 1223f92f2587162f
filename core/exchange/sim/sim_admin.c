/*
 * sim_admin.c: the simulator's own paths, outside of what the venue speaks: tests switch faults.
 *
 *   GET  /sim/faults   the rates that hold, and clock_skew_ns
 *   POST /sim/faults   {"http_429":0.1,"clock_skew_ns":-500000000}: those named change,
 * "reset":true puts all others to 0 Answers {"ok":true,"faults":{...}}, or HTTP 400 with
 * {"ok":false,"error":"..."}.
 */
#include "sim_internal.h"

static bool read_faults(const json_t *body, sim_faults *out, char *why, size_t why_bytes)
{
    const char *key;
    json_t *value;
    if (json_is_true(json_object_get(body, "reset")))
        *out = (sim_faults){0};
    json_object_foreach((json_t *)body, key, value)
    {
        double *rate = NULL;
#define FIND_RATE(name)                                                                            \
    if (strcmp(key, #name) == 0)                                                                   \
        rate = &out->name;
        SIM_FAULT_MAP(FIND_RATE)
#undef FIND_RATE
        double number = json_number_value(value);
        if (strcmp(key, "reset") == 0 && json_is_boolean(value))
            continue;
        if (strcmp(key, "clock_skew_ns") == 0 && json_is_integer(value) &&
            json_integer_value(value) >= -SIM_SKEW_NS_MAX &&
            json_integer_value(value) <= SIM_SKEW_NS_MAX) {
            out->clock_skew_ns = json_integer_value(value);
            continue;
        }
        if (rate == NULL || !json_is_number(value) || !(number >= 0 && number <= 1)) {
            (void)snprintf(why, why_bytes, "%.40s: expected a fault with a rate from 0 to 1", key);
            return false;
        }
        *rate = number;
    }
    return true;
}

hean_status sim_admin(sim_venue *sim, const sim_request *request, int64_t now_ns)
{
    sim_faults faults = sim->options.faults;
    char why[120] = "no such path";
    bool good = strcmp(request->target, "/sim/faults") == 0;
    base_buffer out;
    if (good && strcmp(request->method, "POST") == 0) {
        json_t *body = json_loadb(request->body, request->body_bytes, JSON_REJECT_DUPLICATES, NULL);
        (void)snprintf(why, sizeof why, "expected a JSON object");
        good = json_is_object(body) && read_faults(body, &faults, why, sizeof why);
        json_decref(body);
        if (good)
            sim_set_faults(sim, &faults);
    }
    base_buffer_init(&out, sim->allocator);
    base_buffer_printf(&out, "{\"ok\":%s,", good ? "true" : "false");
    if (good) {
        base_buffer_printf(&out, "\"faults\":{");
#define WRITE_RATE(name) base_buffer_printf(&out, "\"" #name "\":%.9g,", faults.name);
        SIM_FAULT_MAP(WRITE_RATE)
#undef WRITE_RATE
        base_buffer_printf(&out, "\"clock_skew_ns\":%lld}}", (long long)faults.clock_skew_ns);
    } else {
        base_buffer_printf(&out, "\"error\":");
        sim_write_text(&out, why);
        base_buffer_append(&out, "}", 1);
    }
    static const char type[] = "Content-Type: application/json\r\n";
    sim_pending pending = {.kind = SIM_ANSWER,
                           .id = request->id,
                           .at_ns = now_ns < sim->now_ns ? now_ns : sim->now_ns,
                           .http_status = good ? 200 : 400};
    pending.headers = sim_blob_make(sim, type, sizeof type - 1);
    pending.body = out.failed ? NULL : sim_blob_make(sim, out.data, out.length);
    base_buffer_deinit(&out);
    if (pending.headers != NULL && pending.body != NULL)
        return sim_put(sim, pending);
    sim_blob_drop(sim, pending.headers);
    sim_blob_drop(sim, pending.body);
    return HEAN_E_NO_MEMORY;
}
