/*
 * process_text.c: documents about processes as tables for people.
 */
#include "cmd_process.h"

#include <jansson.h>
#include <string.h>

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

static void add_number(cli_table *table, const json_t *value)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%.2f", json_number_value(value));
    cli_table_text(table, text);
}

int process_print_plan(const char *document)
{
    static const char *const heads[] = {"process", "state", "amount"};
    static const char *const found_heads[] = {"opportunity", "score", "profit", "confidence"};
    static const char *const parts[] = {"total", "reserve", "active", "experimental"};
    json_t *whole = json_loads(document, 0, NULL), *row;
    cli_table table;
    size_t i;
    int code;

    for (i = 0; i < BASE_COUNT(parts); i++)
        printf("%-14s %14.2f\n", parts[i], json_number_value(json_object_get(whole, parts[i])));
    printf("\n");
    cli_table_init(&table, heads, BASE_COUNT(heads), 1u << 2);
    json_array_foreach(json_object_get(whole, "allocations"), i, row)
    {
        cli_table_text(&table, json_string_value(json_object_get(row, "process_id")));
        cli_table_text(&table, json_string_value(json_object_get(row, "state")));
        add_number(&table, json_object_get(row, "amount"));
    }
    code = cli_table_print(&table);
    printf("\n");
    cli_table_init(&table, found_heads, BASE_COUNT(found_heads), 0xE);
    json_array_foreach(json_object_get(whole, "opportunities"), i, row)
    {
        const char *id = json_string_value(json_object_get(row, "id"));
        cli_table_text(&table, id != NULL ? id : "");
        add_number(&table, json_object_get(row, "score"));
        add_number(&table, json_object_get(row, "expected_profit_usd"));
        add_number(&table, json_object_get(row, "confidence"));
    }
    json_decref(whole);
    return cli_table_print(&table) == CLI_EXIT_DONE ? code : CLI_EXIT_FAILED;
}

/* The next of several JSON lines; NULL at their end. */
static json_t *next_line(const char **lines)
{
    const char *end = strchr(*lines, '\n');
    size_t bytes = end != NULL ? (size_t)(end - *lines) : strlen(*lines);
    json_t *row = bytes > 0 ? json_loadb(*lines, bytes, 0, NULL) : NULL;

    *lines += bytes + (end != NULL);
    return row;
}

static void add_text(cli_table *table, const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    cli_table_text(table, text != NULL ? text : "");
}

int process_print_list(const char *lines)
{
    static const char *const heads[] = {"process", "state", "enabled", "weight", "source"};
    cli_table table;

    cli_table_init(&table, heads, BASE_COUNT(heads), 1u << 3);
    for (json_t *row; (row = next_line(&lines)) != NULL; json_decref(row)) {
        add_text(&table, row, "process_id");
        add_text(&table, row, "state");
        cli_table_text(&table, json_is_true(json_object_get(row, "enabled")) ? "yes" : "no");
        add_number(&table, json_object_get(row, "weight"));
        add_text(&table, row, "source");
    }
    return cli_table_print(&table);
}

int process_print_runs(const char *lines)
{
    static const char *const heads[] = {"run", "status", "again", "capital", "net", "why"};
    cli_table table;

    cli_table_init(&table, heads, BASE_COUNT(heads), 3u << 3);
    for (json_t *row; (row = next_line(&lines)) != NULL; json_decref(row)) {
        const json_t *net = json_object_get(json_object_get(row, "metrics"), "net_usd");
        add_text(&table, row, "run_id");
        add_text(&table, row, "status");
        cli_table_text(&table, json_is_true(json_object_get(row, "repeated")) ? "yes" : "");
        add_number(&table, json_object_get(row, "capital_allocated_usd"));
        if (net != NULL)
            add_number(&table, net);
        else
            cli_table_text(&table, "");
        add_text(&table, row, "error");
    }
    return cli_table_print(&table);
}

int process_print_tasks(const char *lines)
{
    static const char *const heads[] = {"task", "process", "step", "what to do"};
    cli_table table;

    cli_table_init(&table, heads, BASE_COUNT(heads), 1);
    for (json_t *row; (row = next_line(&lines)) != NULL; json_decref(row)) {
        cli_table_scaled(&table, json_integer_value(json_object_get(row, "task")), 0);
        add_text(&table, row, "process_id");
        add_text(&table, row, "step_id");
        add_text(&table, row, "instructions");
    }
    return cli_table_print(&table);
}

int process_print_decisions(const char *lines)
{
    static const char *const heads[] = {"process", "state", "weight", "why"};
    cli_table table;

    cli_table_init(&table, heads, BASE_COUNT(heads), 1u << 2);
    for (json_t *row; (row = next_line(&lines)) != NULL; json_decref(row)) {
        const char *why = json_string_value(json_array_get(json_object_get(row, "reasons"), 0));
        add_text(&table, row, "process_id");
        add_text(&table, row, "state");
        add_number(&table, json_object_get(row, "weight"));
        cli_table_text(&table, why != NULL ? why : "");
    }
    return cli_table_print(&table);
}

int process_print_evaluation(const char *document)
{
    static const char *const heads[] = {"process", "state", "runs", "net", "recommendation", "why"};
    json_t *whole = json_loads(document, 0, NULL), *row, *value;
    const char *key;
    cli_table table;
    size_t i;

    json_object_foreach(json_object_get(whole, "health"), key, value)
    {
        if (json_is_number(value))
            printf("%-14s %14.6g\n", key, json_number_value(value));
        else
            printf("%-14s %14s\n", key, "not defined");
    }
    printf("\n");
    cli_table_init(&table, heads, BASE_COUNT(heads), 3u << 2);
    json_array_foreach(json_object_get(whole, "processes"), i, row)
    {
        const char *why = json_string_value(json_array_get(json_object_get(row, "reasons"), 0));
        add_text(&table, row, "process_id");
        add_text(&table, row, "state");
        cli_table_scaled(&table, json_integer_value(json_object_get(row, "runs")), 0);
        add_number(&table, json_object_get(row, "net"));
        add_text(&table, row, "recommendation");
        cli_table_text(&table, why != NULL ? why : "");
    }
    json_decref(whole);
    return cli_table_print(&table);
}
