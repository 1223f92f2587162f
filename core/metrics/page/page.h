/*
 * page.h: the status page as CMake compiled it in (embed.cmake): one HTML file with its style, its
 * script and dygraphs inside.
 */
#ifndef METRICS_PAGE_PAGE_H
#define METRICS_PAGE_PAGE_H

#include <stddef.h>

extern const char *const metrics_page_text; /* ends with a 0 that is not counted */
extern const size_t metrics_page_bytes;

#endif
