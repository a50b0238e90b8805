/* size: see size.h. Any thread; nothing here is shared. */
#include "core/size.h"

#include <stddef.h>
#include <string.h>

#define SIZE_MOST (UINT64_C(1) << 62)

static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    {"B", 1},
    {"k", 1000},
    {"K", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"T", UINT64_C(1000000000000)},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", UINT64_C(1000000000000)},
    {"KiB", 1024},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint64_t find_unit(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i].name) == 0) {
            return units[i].bytes;
        }
    }
    return 0;
}

bool size_parse(const char *text, uint64_t *bytes)
{
    size_t whole = strspn(text, "0123456789");
    const char *behind = text + whole;
    const char *first = NULL; /* digit of the fraction */
    if (whole == 0) {
        return false;
    }
    if (*behind == '.') {
        first = ++behind;
        behind += strspn(behind, "0123456789");
        if (behind == first) {
            return false;
        }
    }
    uint64_t unit = find_unit(behind);
    if (unit == 0) {
        return false;
    }
    uint64_t number = 0;
    for (const char *digit = text; is_digit(*digit); digit++) {
        if (number > SIZE_MOST / unit / 10) {
            return false;
        }
        number = number * 10 + (uint64_t)(*digit - '0');
    }
    /* from its last digit to its first: exact, rounded down */
    uint64_t part = 0;
    for (const char *digit = behind; first && digit > first; digit--) {
        part = ((uint64_t)(digit[-1] - '0') * unit + part) / 10;
    }
    if (number > (SIZE_MOST - part) / unit || number * unit + part == 0) {
        return false;
    }
    *bytes = number * unit + part;
    return true;
}
