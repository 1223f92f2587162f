/*
 * ring_test.c: two sides take turns in shared memory, polling or asleep, and lose nothing.
 */
#include "../../core/script/ring.h"

#include <support.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

static void ring_keeps_the_two_directions_on_lines_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(offsetof(ring_region, request), 0);
    assert_int_equal(offsetof(ring_region, reply) % RING_LINE, 0);
    assert_true(sizeof(ring_request) <= RING_LINE && sizeof(ring_reply) <= RING_LINE);
    assert_int_equal(offsetof(ring_region, events) % RING_LINE, 0);
    assert_int_equal(offsetof(ring_region, tail) % RING_LINE, 0);
    assert_int_equal(offsetof(ring_region, tail), sizeof(ring_region));
}

typedef struct echo {
    ring_signal request, reply;
    uint32_t rounds;
    uint64_t payload; /* not atomic: the turns alone must order it */
    ring_patience patience;
    uint64_t seed;
} echo;

static void await(ring_signal *signal, uint32_t expected, ring_patience *patience)
{
    int64_t start_ns;

    if (ring_poll(signal, expected, patience))
        return;
    start_ns = base_clock_monotonic_ns();
    if (!ring_spin(signal, expected, patience, start_ns))
        while (!ring_sleep(signal, expected, 0)) {
        }
    ring_learn(patience, base_clock_monotonic_ns() - start_ns);
}

/* Now and then one side is late, so that the other one goes to sleep just then. */
static void dawdle(base_random *random)
{
    struct timespec pause = {0, (long)base_random_below(random, 120000)};

    if (base_random_below(random, 16) == 0)
        (void)nanosleep(&pause, NULL);
}

static void *answer(void *argument)
{
    echo *self = argument;
    ring_patience patience = self->patience;
    base_random random;

    base_random_init(&random, self->seed + 1);
    for (uint32_t i = 1; i <= self->rounds; i++) {
        await(&self->request, i, &patience);
        self->payload = self->payload * 3 + 1;
        dawdle(&random);
        ring_post(&self->reply, i);
    }
    return NULL;
}

static void run_echo(int64_t spin_ns_max)
{
    echo self;
    base_random random;
    pthread_t thread;
    uint64_t expected = 0;

    memset(&self, 0, sizeof self);
    self.rounds = 4000;
    self.seed = test_seed();
    self.patience.spin_ns = self.patience.spin_ns_max = spin_ns_max;
    base_random_init(&random, self.seed);
    assert_int_equal(pthread_create(&thread, NULL, answer, &self), 0);
    for (uint32_t i = 1; i <= self.rounds; i++) {
        self.payload += i;
        expected = (expected + i) * 3 + 1;
        dawdle(&random);
        ring_post(&self.request, i);
        await(&self.reply, i, &self.patience);
        assert_int_equal(self.payload, expected);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void ring_loses_no_turn_when_both_sides_poll_and_sleep(void **state)
{
    (void)state;
    run_echo(RING_SPIN_NS_MAX);
}

static void ring_loses_no_turn_on_one_processor(void **state)
{
    (void)state;
    run_echo(0);
}

static void ring_sleep_comes_back_after_its_timeout(void **state)
{
    ring_signal signal;
    int64_t start_ns = base_clock_monotonic_ns();

    (void)state;
    memset(&signal, 0, sizeof signal);
    assert_false(ring_sleep(&signal, 1, BASE_NS_PER_MS));
    assert_true(base_clock_monotonic_ns() - start_ns >= BASE_NS_PER_MS);
    assert_int_equal(signal.sleeping, 0);
}

static void ring_sleep_does_not_sleep_when_the_turn_is_there(void **state)
{
    ring_signal signal;

    (void)state;
    memset(&signal, 0, sizeof signal);
    ring_post(&signal, 1);
    assert_true(ring_sleep(&signal, 1, 0)); /* would hang */
}

static void ring_patience_follows_what_waits_lasted(void **state)
{
    ring_patience patience = {RING_SPIN_NS_MAX, RING_SPIN_NS_MAX};

    (void)state;
    ring_learn(&patience, RING_SPIN_NS_MAX + 1);
    assert_int_equal(patience.spin_ns, RING_SPIN_NS_MAX / 2);
    for (int i = 0; i < 64; i++)
        ring_learn(&patience, BASE_NS_PER_S);
    assert_int_equal(patience.spin_ns, 0);
    ring_learn(&patience, 1000);
    assert_int_equal(patience.spin_ns, RING_SPIN_NS_MAX);
}

static void ring_never_polls_on_one_processor(void **state)
{
    ring_patience patience = {0, 0};

    (void)state;
    ring_learn(&patience, 0);
    ring_learn(&patience, BASE_NS_PER_S);
    assert_int_equal(patience.spin_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_keeps_the_two_directions_on_lines_of_their_own),
        cmocka_unit_test(ring_loses_no_turn_when_both_sides_poll_and_sleep),
        cmocka_unit_test(ring_loses_no_turn_on_one_processor),
        cmocka_unit_test(ring_sleep_comes_back_after_its_timeout),
        cmocka_unit_test(ring_sleep_does_not_sleep_when_the_turn_is_there),
        cmocka_unit_test(ring_patience_follows_what_waits_lasted),
        cmocka_unit_test(ring_never_polls_on_one_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
