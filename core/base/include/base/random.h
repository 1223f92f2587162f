/*
 * random.h: a seeded generator (xoshiro256**), the same on every machine.
 *
 * For simulation and tests; never for keys. State is the caller's, so a run is a function of its
 * seed. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

typedef struct base_random {
    uint64_t state[4];
} base_random;

void base_random_init(base_random *random, uint64_t seed);
uint64_t base_random_next(base_random *random);
/* 0 <= result < bound; bound > 0; without bias. */
uint64_t base_random_below(base_random *random, uint64_t bound);
/* 0 <= result < 1. */
double base_random_unit(base_random *random);

#endif
