/*
 * process_text.c: documents about processes as tables for people.
 */
#include "cmd_process.h"

#include <jansson.h>

int process_print_snapshot(const char *document)
{
    static const char *const heads[] = {"part", "source", "rows", "why"};
    json_t *whole = json_loads(document, 0, NULL);
    const json_t *sources = json_object_get(whole, "sources");
    const json_t *reasons = json_object_get(whole, "reasons");
    cli_table table;
    const char *name;
    json_t *source;
    char rows[24];

    cli_table_init(&table, heads, BASE_COUNT(heads), 1u << 2);
    json_object_foreach((json_t *)sources, name, source)
    {
        const char *why = json_string_value(json_object_get(reasons, name));
        (void)snprintf(rows, sizeof rows, "%zu", json_array_size(json_object_get(whole, name)));
        cli_table_text(&table, name);
        cli_table_text(&table, json_string_value(source));
        cli_table_text(&table, rows);
        cli_table_text(&table, why != NULL ? why : "");
    }
    json_decref(whole);
    return cli_table_print(&table);
}
