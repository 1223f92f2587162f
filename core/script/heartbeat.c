/*
 * heartbeat.c: one page that a child process writes and its watchdog reads.
 */
#include <script/script.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

hean_status script_heartbeat_open(script_heartbeat **out, hean_error *error)
{
    void *page = mmap(NULL, sizeof(script_heartbeat), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return base_fail(error, HEAN_E_NO_MEMORY, "heartbeat: %s", strerror(errno));
    *out = page;
    return HEAN_OK;
}

void script_heartbeat_close(script_heartbeat *heartbeat)
{
    if (heartbeat != NULL)
        (void)munmap(heartbeat, sizeof *heartbeat);
}
