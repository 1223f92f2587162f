/*
 * random.c: xoshiro256**, seeded through splitmix64 so that near seeds give far streams.
 */
#include <base/base.h>
#include <base/random.h>

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

void base_random_init(base_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t mixed = (seed += UINT64_C(0x9e3779b97f4a7c15));
        mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
        random->state[i] = mixed ^ (mixed >> 31);
    }
}

uint64_t base_random_next(base_random *random)
{
    uint64_t *state = random->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t base_random_below(base_random *random, uint64_t bound)
{
    uint64_t threshold, value;

    BASE_ASSERT(bound > 0);
    threshold = -bound % bound; /* 2^64 mod bound: below it, remainders are not equally likely */
    do
        value = base_random_next(random);
    while (value < threshold);
    return value % bound;
}

double base_random_unit(base_random *random)
{
    return (double)(base_random_next(random) >> 11) * 0x1.0p-53;
}
