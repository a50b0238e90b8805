/* naming: what a recording's files are called. Any thread. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sink/segments.h"
#include "sink/sink.h"
#include "sys/clock.h"

enum {
    FIELD_BYTES = 24, /* the longest that a field becomes, with a NUL */
    WIDTH_MOST = 9,   /* of a number that is filled with zeros */
};

void sink_default_name(char *buffer, size_t size, enum sink_type type,
                       int64_t wall_ns)
{
    struct tm local = {0};
    char stamp[32];

    clock_local(wall_ns, &local);
    if (strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local) == 0)
        stamp[0] = '\0';
    snprintf(buffer, size, "looprec-%s.%s", stamp, sink_type_name(type));
}

/* A field of a name: a percent sign, perhaps a width, a letter. */
struct field {
    size_t length; /* in the name; 0: it is none, and stands for itself */
    char letter;   /* 'n', '%', or one of strftime's */
    int width;
};

static struct field field_at(const char *text)
{
    struct field field = {0};
    size_t digits;

    if (text[0] != '%')
        return field;
    digits = strspn(text + 1, "0123456789");
    if (digits <= 2 && text[1 + digits] == 'n') {
        int width = digits > 0 ? atoi(text + 1) : 0;
        field.width = width < WIDTH_MOST ? width : WIDTH_MOST;
        field.letter = 'n';
        field.length = 2 + digits;
    } else if (text[1] != '\0' && strchr(NAMING_FIELDS, text[1]) != NULL) {
        field.letter = text[1];
        field.length = 2;
    }
    return field;
}

/* By strftime, as far as every system's knows it. */
static void format_time(char *to, size_t size, char letter, int64_t wall_ns)
{
    struct tm local = {0};

    clock_local(wall_ns, &local);
    *to = '\0';
    switch (letter) {
#define FIELD(name, format) \
    case name: strftime(to, size, format, &local); break
        FIELD('a', "%a");
        FIELD('A', "%A");
        FIELD('b', "%b");
        FIELD('B', "%B");
        FIELD('d', "%d");
        FIELD('F', "%Y-%m-%d");
        FIELD('H', "%H");
        FIELD('I', "%I");
        FIELD('j', "%j");
        FIELD('m', "%m");
        FIELD('M', "%M");
        FIELD('p', "%p");
        FIELD('S', "%S");
        FIELD('T', "%H:%M:%S");
        FIELD('U', "%U");
        FIELD('w', "%w");
        FIELD('W', "%W");
        FIELD('Y', "%Y");
#undef FIELD
    case 'y': snprintf(to, size, "%02d", local.tm_year % 100); break;
    case 's':
        snprintf(to, size, "%lld", (long long)(wall_ns / 1000000000));
        break;
    }
}

static void format_field(char to[FIELD_BYTES], const struct field *field,
                         unsigned number, int64_t wall_ns)
{
    if (field->letter == '%')
        strcpy(to, "%");
    else if (field->letter == 'n')
        snprintf(to, FIELD_BYTES, "%0*u", field->width, number);
    else
        format_time(to, FIELD_BYTES, field->letter, wall_ns);
}

enum naming naming_of(const char *path)
{
    enum naming naming = NAMING_PLAIN;

    while (*path != '\0') {
        struct field field = field_at(path);
        if (field.letter == 'n')
            return NAMING_NUMBER;
        if (field.length > 0 && field.letter != '%')
            naming = NAMING_TIME;
        path += field.length > 0 ? field.length : 1;
    }
    return naming;
}

/* Where the name's ending begins: the last dot behind the last separator of
 * any system, but not where it begins the name; or the end. */
static const char *find_ending(const char *path)
{
    const char *end = path + strlen(path);
    const char *name = end;
    const char *dot;

    while (name > path && name[-1] != '/' && name[-1] != '\\')
        name--;
    dot = strrchr(name, '.');
    return dot != NULL && dot > name ? dot : end;
}

/* PATH with TEXT before its ending. malloc. */
static char *insert(const char *path, const char *text)
{
    const char *ending = find_ending(path);
    char *name = malloc(strlen(path) + strlen(text) + 1);

    if (name != NULL)
        sprintf(name, "%.*s%s%s", (int)(ending - path), path, text, ending);
    return name;
}

char *naming_pattern(const char *path, bool numbered)
{
    bool lacks = numbered && naming_of(path) == NAMING_PLAIN;

    return insert(path, lacks ? "-%03n" : "");
}

char *naming_in_folder(const char *folder, const char *path)
{
    const char *name = path + strlen(path);
    char *joined;
    char *to;

    /* of any system; a colon ends a drive's name */
    while (name > path && strchr("/\\:", name[-1]) == NULL)
        name--;
    joined = malloc(2 * strlen(folder) + strlen(name) + 2);
    if (joined == NULL)
        return NULL;
    to = joined;
    for (const char *from = folder; *from != '\0'; from++) {
        *to++ = *from;
        if (*from == '%')
            *to++ = '%';
    }
    if (to > joined && to[-1] != '/' && to[-1] != '\\')
        *to++ = '/';
    strcpy(to, name);
    return joined;
}

static char *expand(const char *path, unsigned number, int64_t wall_ns)
{
    size_t fields = 0;
    char *name;
    char *to;

    for (const char *p = path; *p != '\0'; p++)
        fields += *p == '%';
    name = malloc(strlen(path) + fields * FIELD_BYTES + 1);
    to = name;
    while (name != NULL && *path != '\0') {
        struct field field = field_at(path);
        if (field.length > 0) {
            format_field(to, &field, number, wall_ns);
            to += strlen(to);
            path += field.length;
        } else {
            *to++ = *path++;
        }
    }
    if (name != NULL)
        *to = '\0';
    return name;
}

char *naming_segment(const char *path, unsigned number, unsigned again,
                     int64_t wall_ns)
{
    static const unsigned none = 1;
    enum naming naming = naming_of(path);
    unsigned suffix = naming == NAMING_NUMBER ? none
                      : naming == NAMING_TIME ? again
                                              : number;
    char *name = expand(path, number, wall_ns);

    if (name != NULL && suffix > none) {
        char digits[16];
        char *longer;
        snprintf(digits, sizeof digits, "-%u", suffix);
        longer = insert(name, digits);
        free(name);
        name = longer;
    }
    return name;
}
