/* table: see table.h. Main thread. */
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

static void print_spaces(size_t n)
{
    while (n-- > 0) {
        putchar(' ');
    }
}

/* Two spaces lie between columns; nothing follows the last one. */
static void print_cell(const struct table *t, size_t column, const char *text,
                       size_t width)
{
    size_t columns = text_columns(text);
    size_t room = width > columns ? width - columns : 0;
    bool last = column + 1 == t->column_count;

    if (t->columns[column].right) {
        print_spaces(room);
        room = 0;
    }
    fputs(text, stdout);
    if (!last) {
        print_spaces(room + 2);
    }
}

static const char *printable_cell(const struct table *t, size_t row,
                                  size_t column, char *out)
{
    char raw[TABLE_CELL_BYTES] = "";
    t->cell(t->context, row, column, raw);
    return text_printable(out, TABLE_CELL_BYTES, raw);
}

void table_print(const struct table *t)
{
    size_t widths[TABLE_COLUMNS_MAX];
    char text[TABLE_CELL_BYTES];

    for (size_t c = 0; c < t->column_count; c++) {
        widths[c] = text_columns(t->columns[c].heading);
        for (size_t r = 0; r < t->row_count; r++) {
            size_t columns = text_columns(printable_cell(t, r, c, text));
            widths[c] = columns > widths[c] ? columns : widths[c];
        }
    }
    for (size_t c = 0; c < t->column_count; c++) {
        print_cell(t, c, t->columns[c].heading, widths[c]);
    }
    putchar('\n');
    for (size_t r = 0; r < t->row_count; r++) {
        for (size_t c = 0; c < t->column_count; c++) {
            print_cell(t, c, printable_cell(t, r, c, text), widths[c]);
        }
        putchar('\n');
    }
}
