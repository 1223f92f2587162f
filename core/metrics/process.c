/*
 * process.c: what this process uses, from /proc; an edge.
 */
#include <metrics/http.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The start of a file as text; false if it cannot be read. */
static bool read_text(const char *path, char *out, size_t bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return false;
    got = read(fd, out, bytes - 1);
    (void)close(fd); /* only read */
    if (got <= 0)
        return false;
    out[got] = 0;
    return true;
}

static double boot_seconds(void)
{
    char text[8192];
    const char *line;

    if (!read_text("/proc/stat", text, sizeof text))
        return NAN;
    line = strstr(text, "btime ");
    return line != NULL ? strtod(line + strlen("btime "), NULL) : NAN;
}

static double count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the folder's own */

    if (folder == NULL)
        return NAN;
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

void metrics_process_read(metrics_process *out)
{
    /* Fields of proc(5)'s stat, counted from the state, which is the third. */
    enum { UTIME = 11, STIME = 12, THREADS = 17, START = 19, VIRTUAL = 20, RESIDENT = 21 };
    double ticks = (double)sysconf(_SC_CLK_TCK), fields[RESIDENT + 1] = {0};
    char text[2048];
    const char *at = NULL;
    struct rlimit limit;

    *out = (metrics_process){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    out->open_fds = count_fds();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out->max_fds = (double)limit.rlim_cur;
    if (read_text("/proc/self/stat", text, sizeof text))
        at = strrchr(text, ')'); /* the name before it may hold anything */
    if (at == NULL || strlen(at) < 4)
        return;
    at += 3;
    for (int i = 1; i <= RESIDENT; i++) {
        char *end;
        fields[i] = strtod(at, &end);
        if (end == at)
            return;
        at = end;
    }
    out->cpu_seconds = (fields[UTIME] + fields[STIME]) / ticks;
    out->threads = fields[THREADS];
    out->start_seconds = boot_seconds() + fields[START] / ticks;
    out->virtual_bytes = fields[VIRTUAL];
    out->resident_bytes = fields[RESIDENT] * (double)sysconf(_SC_PAGESIZE);
}
