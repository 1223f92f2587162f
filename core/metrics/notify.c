/*
 * notify.c: tells systemd how the host is: its protocol is one datagram, so no library is needed.
 */
#include <metrics/http.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

hean_status metrics_notify(const char *state, hean_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    hean_status status = HEAN_OK;
    socklen_t bytes;
    int fd;

    if (path == NULL || path[0] == 0)
        return HEAN_OK;
    if ((path[0] != '/' && path[0] != '@') ||
        !base_text_copy(address.sun_path, sizeof address.sun_path, path))
        return base_fail(error, HEAN_E_INVALID, "NOTIFY_SOCKET: expected a path or @name");
    bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = 0; /* a name that is no file */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return base_fail(error, HEAN_E_IO, "NOTIFY_SOCKET: %s", strerror(errno));
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, bytes) < 0)
        status = base_fail(error, HEAN_E_IO, "NOTIFY_SOCKET %s: %s", path, strerror(errno));
    (void)close(fd); /* what was sent is sent */
    return status;
}

int64_t metrics_notify_watchdog_ns(void)
{
    const char *limit = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    char *end;
    long long us;

    if (limit == NULL || (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    us = strtoll(limit, &end, 10);
    if (end == limit || *end != 0 || us <= 0 || us > INT64_MAX / BASE_NS_PER_US)
        return 0;
    return us * BASE_NS_PER_US / 2;
}
