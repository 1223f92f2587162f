/*
 * table.c: rows of texts, aligned, to standard output.
 */
#include "cli.h"

#include <errno.h>
#include <string.h>

#define COLUMNS_MAX 32

void cli_table_init(cli_table *table, const char *const *heads, size_t columns, uint64_t right)
{
    BASE_ASSERT(columns > 0 && columns <= COLUMNS_MAX);
    base_buffer_init(&table->cells, base_allocator_default());
    table->columns = columns;
    table->right = right;
    for (size_t i = 0; i < columns; i++)
        cli_table_text(table, heads[i]);
}

void cli_table_text(cli_table *table, const char *text)
{
    base_buffer_append(&table->cells, text, strlen(text) + 1);
}

void cli_table_scaled(cli_table *table, int64_t value, int scale10)
{
    char text[48];
    cli_table_text(table, decimal_format_scaled(value, scale10, text, sizeof text));
}

/* Characters, not bytes: continuation bytes of UTF-8 take no place. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != 0; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, int width, bool right, bool last)
{
    int blanks = width - width_of(text);

    if (right)
        printf("%*s%s%s", blanks, "", text, last ? "\n" : "  ");
    else
        printf("%s%*s", text, last ? 0 : blanks + 2, "");
    if (!right && last)
        printf("\n");
}

int cli_table_print(cli_table *table)
{
    int widths[COLUMNS_MAX] = {0};
    const char *end = table->cells.data + table->cells.length;
    bool failed = table->cells.failed;
    size_t column = 0;

    for (const char *at = table->cells.data; !failed && at < end; at += strlen(at) + 1) {
        int width = width_of(at);
        if (width > widths[column])
            widths[column] = width;
        column = (column + 1) % table->columns;
    }
    for (const char *at = table->cells.data; !failed && at < end; at += strlen(at) + 1) {
        print_cell(at, widths[column], (table->right >> column & 1) != 0,
                   column + 1 == table->columns);
        column = (column + 1) % table->columns;
    }
    base_buffer_deinit(&table->cells);
    if (failed || fflush(stdout) != 0) {
        (void)fprintf(stderr, "hean: %s\n", failed ? "out of memory" : strerror(errno));
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_DONE;
}
