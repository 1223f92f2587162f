/*
 * status.c: the words for statuses and reasons, and how an error gets its detail.
 */
#include <base/base.h>

#include <stdlib.h>
#include <string.h>

const char *hean_status_name(hean_status status)
{
    switch (status) {
#define STATUS_CASE(name, text, retryable)                                                         \
    case name:                                                                                     \
        return #name;
        HEAN_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    case HEAN_STATUS_COUNT:
        break;
    }
    return "HEAN_E_?";
}

const char *hean_status_text(hean_status status)
{
    switch (status) {
#define STATUS_CASE(name, text, retryable)                                                         \
    case name:                                                                                     \
        return text;
        HEAN_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    case HEAN_STATUS_COUNT:
        break;
    }
    return "unknown status";
}

bool hean_status_retryable(hean_status status)
{
    switch (status) {
#define STATUS_CASE(name, text, retryable)                                                         \
    case name:                                                                                     \
        return retryable;
        HEAN_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    case HEAN_STATUS_COUNT:
        break;
    }
    return false;
}

const char *hean_reason_text(hean_reason reason)
{
    switch (reason) {
#define REASON_CASE(name, text)                                                                    \
    case name:                                                                                     \
        return text;
        HEAN_REASON_MAP(REASON_CASE)
#undef REASON_CASE
    case HEAN_REASON_COUNT:
        break;
    }
    return "unknown_reason";
}

const char *hean_version(void)
{
    return HEAN_VERSION_STRING;
}

hean_status base_fail(hean_error *error, hean_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list args;
        va_start(args, format);
        /* A longer message is cut: the array is the promise. */
        (void)vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        base_text_clean(error->message, strlen(error->message));
        error->status = status;
    }
    return status;
}

hean_status base_fail_prefix(hean_error *error, const char *format, ...)
{
    char message[sizeof error->message];
    size_t length;
    va_list args;

    BASE_ASSERT(error != NULL);
    memcpy(message, error->message, sizeof message);
    va_start(args, format);
    (void)vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    length = strlen(error->message);
    (void)snprintf(error->message + length, sizeof error->message - length, ": %s", message);
    base_text_clean(error->message, strlen(error->message));
    return error->status;
}

void base_assert_fail(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "hean: internal error: %s (%s:%d)\n", condition, file, line);
    abort();
}
