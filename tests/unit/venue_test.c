/*
 * venue_test.c: the venue machine's way to READY, its streams and market data.
 */
#include "venue_fixture.h"

static void venue_becomes_ready_once_all_is_known(void **state)
{
    (void)state;
    venue_options options = fixture_options(base_allocator_default());
    fixture *f = fixture_open(&options);
    assert_false(venue_ready(f->venue));
    run_on(f, 3 * S);
    assert_true(venue_ready(f->venue));
    assert_int_equal(f->ready_count, 1);
    assert_int_equal(f->instruments, 1);
    venue_counters counters;
    venue_get_counters(f->venue, &counters);
    assert_int_equal(counters.clock_offset_ns, SKEW_NS);
    assert_int_equal(counters.bad_messages, 0);
    assert_int_equal(f->differences, 0);
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(venue_becomes_ready_once_all_is_known),
    };
    return cmocka_run_group_tests_name("venue", tests, NULL, NULL);
}
