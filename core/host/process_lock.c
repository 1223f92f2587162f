/*
 * process_lock.c: who is working on a run right now. A lock of the kernel, on a byte of the file
 * beside the store: it goes with the process that holds it, however that ends, so a run that was
 * killed can be taken up at once and one that still goes on cannot. Of the open file (OFD), not of
 * the process: two hosts in one program exclude each other as well.
 */
#include "process_private.h"

#include <base/hash.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

hean_status process_lock_take(store *of, const char *run, int *out, hean_error *error)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    uint8_t digest[HASH_SHA256_BYTES];
    char path[1100];
    int fd;

    hash_sha256_of(run, strlen(run), digest);
    memcpy(&range.l_start, digest, sizeof range.l_start);
    range.l_start = (off_t)((uint64_t)range.l_start >> 2);
    if (snprintf(path, sizeof path, "%s-runs", store_file(of)) >= (int)sizeof path)
        return base_fail(error, HEAN_E_RANGE, "%.200s...: the path is too long", store_file(of));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(errno));
    if (fcntl(fd, F_OFD_SETLK, &range) == 0) {
        *out = fd;
        return HEAN_OK;
    }
    int why = errno;
    (void)close(fd);
    if (why == EAGAIN || why == EACCES) {
        *out = -1;
        return HEAN_OK;
    }
    return base_fail(error, HEAN_E_IO, "%s: %s", path, strerror(why));
}

void process_lock_release(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}
