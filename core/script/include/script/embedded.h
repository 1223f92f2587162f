/*
 * embedded.h: the Lua files that are compiled in: "lua/hean/strategy.lua", "strategies/hello.lua".
 */
#ifndef SCRIPT_EMBEDDED_H
#define SCRIPT_EMBEDDED_H

#include <stddef.h>

typedef struct script_embedded {
    const char *name; /* path in the source tree */
    const char *text; /* terminated */
    size_t bytes;
} script_embedded;

/* Ends with a row whose name is NULL. */
extern const script_embedded script_embedded_files[];
/* NULL if there is no such file. */
const script_embedded *script_embedded_find(const char *name);

#endif
