/*
 * wire.c: what HTTP headers say, for whoever reads answers. See wire.h.
 */
#include <exchange/wire.h>

#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_AFTER_S_MAX (7 * 24 * 3600)

int64_t wire_retry_after_ns(const char *value, size_t bytes, int64_t now_ns)
{
    int64_t seconds = 0;
    char text[40];
    struct tm date = {0};
    const char *end;

    if (bytes == 0 || bytes >= sizeof text)
        return -1;
    memcpy(text, value, bytes);
    text[bytes] = 0;
    if (strspn(text, "0123456789") == bytes) {
        for (size_t i = 0; i < bytes && seconds <= RETRY_AFTER_S_MAX; i++)
            seconds = seconds * 10 + (text[i] - '0');
    } else {
        end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date);
        if (end == NULL || *end != 0)
            return -1;
        seconds = timegm(&date) - now_ns / BASE_NS_PER_S;
        if (seconds < 0)
            seconds = 0;
    }
    return (seconds < RETRY_AFTER_S_MAX ? seconds : RETRY_AFTER_S_MAX) * BASE_NS_PER_S;
}

bool wire_header(const char *headers, const char *name, const char **value, size_t *bytes)
{
    size_t length = strlen(name);

    for (const char *at = headers; at != NULL && *at != 0;) {
        size_t line = strcspn(at, "\r\n");
        if (line > length && at[length] == ':' && strncasecmp(at, name, length) == 0) {
            const char *from = at + length + 1, *end = at + line;
            from += strspn(from, " \t");
            while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            *value = from;
            *bytes = end > from ? (size_t)(end - from) : 0;
            return true;
        }
        at += line + strspn(at + line, "\r\n");
    }
    return false;
}
