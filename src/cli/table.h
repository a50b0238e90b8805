/* table: rows and columns for people, on standard output. Cells are made
 * printable here, so names from outside can be passed in raw. Main thread. */
#ifndef LOOPREC_CLI_TABLE_H
#define LOOPREC_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    TABLE_CELL_BYTES = 320, /* the longest cell, with the NUL */
    TABLE_COLUMNS_MAX = 12,
};

struct table_column {
    const char *heading;
    bool right; /* numbers stand to the right */
};

struct table {
    const struct table_column *columns;
    size_t column_count; /* at most TABLE_COLUMNS_MAX */
    size_t row_count;
    /* Write the cell into BUFFER, of TABLE_CELL_BYTES, raw; asked for each
     * twice. */
    void (*cell)(const void *context, size_t row, size_t column, char *buffer);
    const void *context;
};

/* The headings and every row, columns as wide as their widest cell. */
void table_print(const struct table *t);

#endif
