/*
 * keys.c: see keys.h. Nothing here prints, and no message quotes what it read.
 */
#include <base/hash.h>
#include <host/keys.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES  192 /* the longest, with the final 0 */
#define FILE_BYTES 1024

const keys_source keys_bybit = {"BYBIT_API_KEY", "BYBIT_API_SECRET",
                                "venue.credentials_file in the configuration"};
const keys_source keys_openai = {"OPENAI_API_KEY", NULL, "--key-file"};

struct keys { /* one page of its own */
    char key[KEY_BYTES], secret[KEY_BYTES];
    char file[FILE_BYTES]; /* while it is read */
};

static hean_status open_page(keys **out, hean_error *error)
{
    keys *self =
        mmap(NULL, sizeof *self, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (self == MAP_FAILED)
        return base_fail(error, HEAN_E_NO_MEMORY, "keys: out of memory");
    /* DONTFORK: not even a child that is about to become a worker has it. */
    if (mlock(self, sizeof *self) != 0 || madvise(self, sizeof *self, MADV_DONTDUMP) != 0 ||
        madvise(self, sizeof *self, MADV_DONTFORK) != 0) {
        int reason = errno;
        (void)munmap(self, sizeof *self);
        return base_fail(error, HEAN_E_UNSUPPORTED,
                         "keys: their memory cannot be kept from swap and core files: %s",
                         strerror(reason));
    }
    *out = self;
    return HEAN_OK;
}

void keys_close(keys *self)
{
    if (self == NULL)
        return;
    explicit_bzero(self, sizeof *self);
    (void)munmap(self, sizeof *self);
}

/* Letters, digits and what base 64 has: no blank, quote or line end can hide in one. */
static hean_status store(char out[KEY_BYTES], const char *text, size_t bytes, const char *where,
                         const char *what, hean_error *error)
{
    if (bytes == 0 || bytes >= KEY_BYTES)
        return base_fail(error, HEAN_E_INVALID, "%s: expected a %s of 1 to %d characters", where,
                         what, KEY_BYTES - 1);
    for (size_t i = 0; i < bytes; i++) {
        char letter = text[i];
        if (!((letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
              (letter >= 'A' && letter <= 'Z') || strchr("-_.+/=", letter) != NULL) ||
            letter == 0)
            return base_fail(error, HEAN_E_INVALID,
                             "%s: the %s has a character that keys do not have", where, what);
    }
    memcpy(out, text, bytes);
    out[bytes] = 0;
    return HEAN_OK;
}

/* ---- from the environment ---- */

/* K2: the text itself is overwritten, which /proc/PID/environ shows, then the name is removed. */
static void forget_variable(const char *name)
{
    char *text = getenv(name);

    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    (void)unsetenv(name);
}

static hean_status from_environment(keys *self, const keys_source *source, hean_error *error)
{
    const char *key = getenv(source->key), *join = source->secret != NULL ? " and " : "";
    const char *second = source->secret != NULL ? source->secret : "";
    const char *secret = source->secret != NULL ? getenv(source->secret) : NULL;
    hean_status status;

    if (key == NULL && secret == NULL)
        return base_fail(error, HEAN_E_NOT_FOUND, "keys: expected %s%s%s in the environment, or %s",
                         source->key, join, second, source->file);
    if (key == NULL || (secret == NULL && source->secret != NULL))
        return base_fail(error, HEAN_E_INVALID, "keys: expected both %s%s%s, got one", source->key,
                         join, second);
    status = store(self->key, key, strlen(key), source->key, "key", error);
    if (status == HEAN_OK && secret != NULL)
        status = store(self->secret, secret, strlen(secret), source->secret, "secret", error);
    return status;
}

/* ---- from a file ---- */

static hean_status check_file(int fd, const char *path, hean_error *error)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return base_fail(error, HEAN_E_INVALID, "%s: expected an ordinary file", path);
    if (info.st_uid != geteuid())
        return base_fail(error, HEAN_E_INVALID, "%s: expected a file that you own", path);
    if ((info.st_mode & 077) != 0)
        return base_fail(error, HEAN_E_INVALID, "%s: others may read it: chmod 600 %s", path, path);
    if (info.st_size >= FILE_BYTES)
        return base_fail(error, HEAN_E_INVALID, "%s: too long for a file of keys", path);
    return HEAN_OK;
}

/* One line, or two. */
static hean_status parse_key_file(keys *self, size_t bytes, const char *path, hean_error *error)
{
    const char *end = memchr(self->file, '\n', bytes);

    if (end != NULL && end + 1 != self->file + bytes)
        return base_fail(error, HEAN_E_INVALID, "%s: expected one line, the key", path);
    return store(self->key, self->file, end != NULL ? (size_t)(end - self->file) : bytes, path,
                 "key", error);
}

static hean_status parse_file(keys *self, size_t bytes, const char *path, hean_error *error)
{
    const char *line = self->file, *end = self->file + bytes;
    const char *first = memchr(line, '\n', bytes);
    const char *second = first != NULL ? memchr(first + 1, '\n', (size_t)(end - first - 1)) : NULL;
    hean_status status;

    if (second == NULL)
        second = end;
    if (first == NULL || end - second > 1)
        return base_fail(error, HEAN_E_INVALID, "%s: expected two lines, key and secret", path);
    status = store(self->key, line, (size_t)(first - line), path, "key", error);
    if (status == HEAN_OK)
        status =
            store(self->secret, first + 1, (size_t)(second - first - 1), path, "secret", error);
    return status;
}

static hean_status from_file(keys *self, bool pair, const char *path, hean_error *error)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    size_t bytes = 0;
    ssize_t got = 0;
    hean_status status;

    if (fd < 0 && errno == ENOENT)
        return base_fail(error, HEAN_E_NOT_FOUND, "%s: expected a file with %s", path,
                         pair ? "key and secret" : "the key");
    if (fd < 0)
        return base_fail(error, errno == ELOOP ? HEAN_E_INVALID : HEAN_E_IO, "%s: %s", path,
                         errno == ELOOP ? "expected a file, got a link" : strerror(errno));
    status = check_file(fd, path, error);
    while (status == HEAN_OK && bytes < sizeof self->file &&
           (got = read(fd, self->file + bytes, sizeof self->file - bytes)) > 0)
        bytes += (size_t)got;
    if (status == HEAN_OK && got < 0)
        status = base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    if (status == HEAN_OK)
        status =
            pair ? parse_file(self, bytes, path, error) : parse_key_file(self, bytes, path, error);
    explicit_bzero(self->file, sizeof self->file);
    (void)close(fd);
    return status;
}

/* ---- both ---- */

hean_status keys_load_from(const keys_source *source, const char *file, keys **out,
                           hean_error *error)
{
    keys *self = NULL;
    hean_status status = open_page(&self, error);

    if (self == NULL)
        return status;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) /* K3 */
        status = base_fail(error, HEAN_E_UNSUPPORTED, "keys: core files cannot be turned off");
    else
        status = file != NULL ? from_file(self, source->secret != NULL, file, error)
                              : from_environment(self, source, error);
    forget_variable(source->key);
    if (source->secret != NULL)
        forget_variable(source->secret);
    if (status != HEAN_OK)
        keys_close(self);
    else
        *out = self;
    return status;
}

hean_status keys_load(const char *file, keys **out, hean_error *error)
{
    return keys_load_from(&keys_bybit, file, out, error);
}

hean_status keys_make(keys **out, hean_error *error)
{
    uint8_t bytes[48];
    keys *self = NULL;
    hean_status status;

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return base_fail(error, HEAN_E_IO, "keys: no random bytes: %s", strerror(errno));
    status = open_page(&self, error);
    if (status == HEAN_OK && self != NULL) {
        hash_hex(bytes, 16, self->key);
        hash_hex(bytes + 16, 32, self->secret);
        *out = self;
    }
    explicit_bzero(bytes, sizeof bytes);
    return status;
}

const char *keys_key(const keys *self)
{
    return self->key;
}

const char *keys_secret(const keys *self)
{
    return self->secret;
}
