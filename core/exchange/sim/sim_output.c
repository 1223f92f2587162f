/*
 * sim_output.c: what leaves the venue, in order, and what chance does to frames on their way.
 *
 * One text that goes to many sockets is kept once. Frames to one socket leave in the order they
 * were made, but for those that a fault delays.
 */
#include "sim_internal.h"

bool sim_chance(sim_venue *sim, double rate)
{
    /* No draw where there is no fault: switching one on does not change the others' draws. */
    return rate > 0 && base_random_unit(&sim->faults_random) < rate;
}

sim_blob *sim_blob_make(sim_venue *sim, const char *text, size_t bytes)
{
    sim_blob *blob = base_alloc(sim->allocator, sizeof *blob + bytes + 1);
    if (blob == NULL)
        return NULL;
    blob->references = 1;
    blob->bytes = bytes;
    if (bytes > 0)
        memcpy(blob->data, text, bytes);
    return blob;
}

void sim_blob_drop(sim_venue *sim, sim_blob *blob)
{
    if (blob != NULL && --blob->references == 0)
        base_free(sim->allocator, blob);
}

static void drop_pending(sim_venue *sim, sim_pending *pending)
{
    sim_blob_drop(sim, pending->headers);
    sim_blob_drop(sim, pending->body);
}

static bool put_ready(sim_venue *sim, const sim_pending *pending)
{
    if (sim->ready_count == sim->ready_capacity) {
        size_t capacity = sim->ready_capacity == 0 ? 64 : sim->ready_capacity * 2;
        sim_pending *bigger = base_alloc_array(sim->allocator, capacity, sizeof *bigger);
        if (bigger == NULL)
            return false;
        for (size_t i = 0; i < sim->ready_count; i++)
            bigger[i] = sim->ready[(sim->ready_first + i) % sim->ready_capacity];
        base_free(sim->allocator, sim->ready);
        sim->ready = bigger;
        sim->ready_first = 0;
        sim->ready_capacity = capacity;
    }
    sim->ready[(sim->ready_first + sim->ready_count++) % sim->ready_capacity] = *pending;
    return true;
}

static bool put_delayed(sim_venue *sim, const sim_pending *pending)
{
    if (sim_list_add(sim->allocator, &sim->delayed, sizeof *pending) == NULL)
        return false;
    size_t at = sim->delayed.count - 1;
    for (; at > 0 && SIM_AT(&sim->delayed, sim_pending, at - 1)->at_ns > pending->at_ns; at--)
        *SIM_AT(&sim->delayed, sim_pending, at) = *SIM_AT(&sim->delayed, sim_pending, at - 1);
    *SIM_AT(&sim->delayed, sim_pending, at) = *pending;
    return true;
}

hean_status sim_put(sim_venue *sim, sim_pending pending)
{
    bool done = pending.at_ns > sim->now_ns ? put_delayed(sim, &pending) : put_ready(sim, &pending);
    if (done)
        return HEAN_OK;
    drop_pending(sim, &pending);
    return HEAN_E_NO_MEMORY;
}

static hean_status put_frame(sim_venue *sim, sim_socket *socket, sim_blob *blob, int64_t delay_ns)
{
    socket->heard_ns = sim->now_ns;
    blob->references++;
    return sim_put(sim, (sim_pending){.kind = SIM_FRAME,
                                      .id = socket->id,
                                      .at_ns = sim->now_ns + delay_ns,
                                      .body = blob});
}

static hean_status send_blob(sim_venue *sim, sim_socket *socket, sim_blob *blob, int64_t delay_ns)
{
    const sim_faults *faults = &sim->options.faults;
    if (socket->cut)
        return HEAN_OK;
    if (sim_chance(sim, faults->drop_connection)) {
        socket->cut = true;
        return sim_put(
            sim, (sim_pending){.kind = SIM_SOCKET_CUT, .id = socket->id, .at_ns = sim->now_ns});
    }
    if (sim_chance(sim, faults->lost_frame))
        return HEAN_OK;
    if (socket->held == NULL && sim_chance(sim, faults->reordered_frame)) {
        socket->held = blob;
        blob->references++;
        return HEAN_OK;
    }
    hean_status status = put_frame(sim, socket, blob, delay_ns);
    if (status == HEAN_OK && sim_chance(sim, faults->duplicate_frame))
        status = put_frame(sim, socket, blob, delay_ns);
    if (status == HEAN_OK && socket->held != NULL) {
        sim_blob *held = socket->held;
        socket->held = NULL;
        status = put_frame(sim, socket, held, delay_ns);
        sim_blob_drop(sim, held);
    }
    return status;
}

hean_status sim_frame(sim_venue *sim, sim_socket *socket, const base_buffer *text, int64_t delay_ns)
{
    sim_blob *blob = text->failed ? NULL : sim_blob_make(sim, text->data, text->length);
    if (blob == NULL)
        return HEAN_E_NO_MEMORY;
    hean_status status = send_blob(sim, socket, blob, delay_ns);
    sim_blob_drop(sim, blob);
    return status;
}

hean_status sim_broadcast(sim_venue *sim, const sim_topic *topic, const base_buffer *text,
                          int64_t delay_ns)
{
    sim_blob *blob = text->failed ? NULL : sim_blob_make(sim, text->data, text->length);
    hean_status status = HEAN_OK;
    if (blob == NULL)
        return HEAN_E_NO_MEMORY;
    for (size_t i = 0; i < topic->sockets.count && status == HEAN_OK; i++)
        status = send_blob(sim, *SIM_AT(&topic->sockets, sim_socket *, i), blob, delay_ns);
    sim_blob_drop(sim, blob);
    return status;
}

bool sim_take_output(sim_venue *sim, int64_t now_ns, sim_output *out)
{
    if (sim->has_taken)
        drop_pending(sim, &sim->taken);
    sim->has_taken = false;
    if (sim->delayed.count > 0 && SIM_AT(&sim->delayed, sim_pending, 0)->at_ns <= now_ns) {
        sim->taken = *SIM_AT(&sim->delayed, sim_pending, 0);
        sim->delayed.count--;
        memmove(sim->delayed.items, SIM_AT(&sim->delayed, sim_pending, 1),
                sim->delayed.count * sizeof(sim_pending));
    } else if (sim->ready_count > 0) {
        sim->taken = sim->ready[sim->ready_first];
        sim->ready_first = (sim->ready_first + 1) % sim->ready_capacity;
        sim->ready_count--;
    } else {
        return false;
    }
    sim->has_taken = true;
    const sim_pending *taken = &sim->taken;
    *out = (sim_output){.kind = taken->kind,
                        .id = taken->id,
                        .at_ns = taken->at_ns,
                        .http_status = taken->http_status,
                        .headers = taken->headers != NULL ? taken->headers->data : "",
                        .body = taken->body != NULL ? taken->body->data : "",
                        .bytes = taken->body != NULL ? taken->body->bytes : 0};
    return true;
}

void sim_output_deinit(sim_venue *sim)
{
    if (sim->has_taken)
        drop_pending(sim, &sim->taken);
    for (size_t i = 0; i < sim->ready_count; i++)
        drop_pending(sim, &sim->ready[(sim->ready_first + i) % sim->ready_capacity]);
    for (size_t i = 0; i < sim->delayed.count; i++)
        drop_pending(sim, SIM_AT(&sim->delayed, sim_pending, i));
    base_free(sim->allocator, sim->ready);
    base_free(sim->allocator, sim->delayed.items);
}
