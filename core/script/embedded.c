/*
 * embedded.c: finds a Lua file that is compiled in. The table itself is generated (embed.cmake).
 */
#include <script/embedded.h>

#include <string.h>

const script_embedded *script_embedded_find(const char *name)
{
    for (const script_embedded *file = script_embedded_files; file->name != NULL; file++) {
        if (strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}
