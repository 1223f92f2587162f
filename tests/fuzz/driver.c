/*
 * driver.c: runs a fuzz target without libFuzzer: every seed file as it is, then random mutations
 * and splices of the seeds until the time is over. The seed of the generator is printed, and the
 * input of a crash is in the file it names.
 *
 *     fuzz_NAME [--seconds N] [--seed N] [FILE|FOLDER]...
 */
#include <base/base.h>
#include <base/random.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define INPUTS_MAX      1000
#define INPUT_BYTES_MAX (1u << 16)

typedef struct corpus {
    base_buffer inputs[INPUTS_MAX];
    size_t count;
} corpus;

static void add_path(corpus *seeds, const char *path)
{
    struct stat info;
    hean_error error;

    if (stat(path, &info) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    if (S_ISDIR(info.st_mode)) {
        struct dirent **entries;
        int count = scandir(path, &entries, NULL, alphasort);
        for (int i = 0; i < count; i++) {
            char child[4096];
            (void)snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
            if (entries[i]->d_name[0] != '.')
                add_path(seeds, child);
            free(entries[i]);
        }
        if (count >= 0)
            free(entries);
        return;
    }
    if (seeds->count == INPUTS_MAX)
        return;
    base_buffer_init(&seeds->inputs[seeds->count], base_allocator_default());
    if (base_buffer_read_file(&seeds->inputs[seeds->count], path, INPUT_BYTES_MAX, &error) !=
        HEAN_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        exit(2);
    }
    seeds->count++;
}

/* A seed with a few bytes changed, removed, doubled, or cut and joined with another seed. */
static size_t mutate(const corpus *seeds, base_random *random, uint8_t *out)
{
    size_t bytes = 0;

    if (seeds->count > 0) {
        const base_buffer *seed = &seeds->inputs[base_random_below(random, seeds->count)];
        bytes = seed->length;
        if (bytes > 0)
            memcpy(out, seed->data, bytes);
    }
    for (uint64_t i = base_random_below(random, 8) + 1; i > 0; i--) {
        size_t at = bytes > 0 ? (size_t)base_random_below(random, bytes) : 0;
        switch (base_random_below(random, 6)) {
        case 0: /* change */
            if (bytes > 0)
                out[at] = (uint8_t)base_random_next(random);
            break;
        case 1: /* flip a bit */
            if (bytes > 0)
                out[at] ^= (uint8_t)(1u << base_random_below(random, 8));
            break;
        case 2: /* cut */
            bytes = at;
            break;
        case 3: /* remove */
            if (bytes > 0) {
                memmove(out + at, out + at + 1, bytes - at - 1);
                bytes--;
            }
            break;
        case 4: /* put a telling byte in */
            if (bytes < INPUT_BYTES_MAX) {
                memmove(out + at + 1, out + at, bytes - at);
                out[at] = (uint8_t) ",.-+eE\"{}[]:0189\n\r\0 \xff"[base_random_below(random, 22)];
                bytes++;
            }
            break;
        default: /* join */
            if (seeds->count > 0) {
                const base_buffer *seed = &seeds->inputs[base_random_below(random, seeds->count)];
                size_t from =
                    seed->length > 0 ? (size_t)base_random_below(random, seed->length) : 0;
                size_t part = seed->length - from;
                if (part > INPUT_BYTES_MAX - at)
                    part = INPUT_BYTES_MAX - at;
                if (part > 0)
                    memcpy(out + at, seed->data + from, part);
                bytes = at + part;
            }
        }
    }
    return bytes;
}

int main(int argc, char **argv)
{
    static corpus seeds;
    static uint8_t input[INPUT_BYTES_MAX + 8];
    base_random random;
    double seconds = 10;
    uint64_t seed = 0, runs = 0;
    int64_t end_ns;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
        else
            add_path(&seeds, argv[i]);
    }
    printf("seed %llu, %zu inputs\n", (unsigned long long)seed, seeds.count);
    (void)fflush(stdout);
    for (size_t i = 0; i < seeds.count; i++)
        (void)LLVMFuzzerTestOneInput((const uint8_t *)seeds.inputs[i].data, seeds.inputs[i].length);
    base_random_init(&random, seed);
    end_ns = base_clock_monotonic_ns() + (int64_t)(seconds * 1e9);
    while (base_clock_monotonic_ns() < end_ns) {
        size_t bytes = mutate(&seeds, &random, input);
        /* An exact copy on the heap, so that a sanitizer sees one byte too far. */
        uint8_t *copy = malloc(bytes > 0 ? bytes : 1);
        if (copy == NULL)
            return 2;
        memcpy(copy, input, bytes);
        (void)LLVMFuzzerTestOneInput(copy, bytes);
        free(copy);
        runs++;
    }
    printf("%llu runs\n", (unsigned long long)runs);
    return 0;
}
