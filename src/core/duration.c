/* duration: see duration.h. Any thread; nothing here is shared.
 *
 * All arithmetic is on integers: a fraction is read from its last digit to its
 * first, which gives the exact value rounded down to the nanosecond. */
#include "core/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/format.h"

#define NS_PER_S    INT64_C(1000000000)
#define YEARS_100_S (INT64_C(100) * 36525 * 864)
#define MOST_NS     (YEARS_100_S * NS_PER_S)
#define MOST_FRAMES ((uint64_t)YEARS_100_S * FORMAT_RATE_MAX)

/* The largest first: in "1h30m" they must descend. */
static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    {"d", 86400 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S},
    {"s", NS_PER_S},         {"ms", 1000000},
};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at *TEXT, at least one, to *VALUE, stepping over them; INT64_MAX
 * where it is that or more. */
static bool whole_number(const char **text, uint64_t *value)
{
    const uint64_t most = INT64_MAX;
    const char *start = *text;
    *value = 0;
    for (; is_digit(**text); (*text)++) {
        uint64_t digit = (uint64_t)(**text - '0');
        *value = *value > (most - digit) / 10 ? most : *value * 10 + digit;
    }
    return *text > start;
}

/* What stands behind a '.', as a part of UNIT_NS; 0 where there is none. */
static bool fraction(const char **text, int64_t unit_ns, int64_t *ns)
{
    *ns = 0;
    if (**text != '.') {
        return true;
    }
    const char *first = ++*text;
    while (is_digit(**text)) {
        (*text)++;
    }
    for (const char *digit = *text; digit > first; digit--) {
        *ns = ((digit[-1] - '0') * unit_ns + *ns) / 10;
    }
    return *text > first;
}

/* Adds WHOLE units and NS to *SUM, which stays just beyond the longest length
 * once it exceeds that. */
static void add(int64_t *sum, uint64_t whole, int64_t unit_ns, int64_t ns)
{
    int64_t most = MOST_NS - *sum;
    if (ns > most || whole > (uint64_t)((most - ns) / unit_ns)) {
        *sum = MOST_NS + 1;
        return;
    }
    *sum += (int64_t)whole * unit_ns + ns;
}

/* 01:30:00, 01:30.250: two or three fields, all but the first of two digits
 * and below 60. */
static bool parse_clock(const char *text, int64_t *sum)
{
    unsigned colons = 0;
    for (const char *c = text; *c; c++) {
        colons += *c == ':';
    }
    if (colons > 2) {
        return false;
    }
    int64_t unit_ns = colons == 2 ? 3600 * NS_PER_S : 60 * NS_PER_S;
    for (unsigned field = 0; field <= colons; field++, unit_ns /= 60) {
        const char *start = text;
        uint64_t whole;
        int64_t part = 0;
        if (!whole_number(&text, &whole)) {
            return false;
        }
        if (field > 0 && (text - start != 2 || whole >= 60)) {
            return false;
        }
        if (field == colons && !fraction(&text, unit_ns, &part)) {
            return false;
        }
        add(sum, whole, unit_ns, part);
        if (field < colons && *text++ != ':') {
            return false;
        }
    }
    return *text == '\0';
}

/* The unit whose name stands at TEXT, up to a digit or the end. */
static int find_unit(const char *text)
{
    for (int i = 0; i < UNIT_COUNT; i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(text, units[i].name, length) == 0 &&
            (text[length] == '\0' || is_digit(text[length]))) {
            return i;
        }
    }
    return -1;
}

/* 90, 1.5s, 1h30m, 1m30.5s: only the last may have a fraction, and a number
 * without a unit stands alone ("1h30" could mean two things). */
static bool parse_units(const char *text, int64_t *sum)
{
    int least = -1; /* the unit before */
    do {
        uint64_t whole = 0;
        int64_t part;
        if (*text != '.' && !whole_number(&text, &whole)) {
            return false;
        }
        const char *after = text;
        if (!fraction(&after, NS_PER_S, &part)) {
            return false;
        }
        if (*after == '\0' && least < 0) {
            add(sum, whole, NS_PER_S, part);
            return true;
        }
        int unit = find_unit(after);
        if (unit <= least) {
            return false;
        }
        bool has_fraction = after > text;
        fraction(&text, units[unit].ns, &part);
        add(sum, whole, units[unit].ns, part);
        text += strlen(units[unit].name);
        least = unit;
        if (has_fraction && *text) {
            return false;
        }
    } while (*text);
    return true;
}

/* A length, however long; beyond the longest it is more than that. */
static bool read_length(const char *text, struct duration *d)
{
    size_t length = strlen(text);
    *d = (struct duration){0};
    if (length > 0 && text[length - 1] == 'f') {
        d->is_frames = true;
        return whole_number(&text, &d->frames) && strcmp(text, "f") == 0;
    }
    return strchr(text, ':') ? parse_clock(text, &d->ns)
                             : parse_units(text, &d->ns);
}

static bool is_beyond(const struct duration *d)
{
    return d->frames > MOST_FRAMES || d->ns > MOST_NS;
}

bool duration_parse(const char *text, bool allow_zero, struct duration *out)
{
    struct duration d;
    if (!read_length(text, &d) || is_beyond(&d) ||
        (d.frames == 0 && d.ns == 0 && !allow_zero)) {
        return false;
    }
    *out = d;
    return true;
}

bool duration_is_too_long(const char *text)
{
    struct duration d;
    return read_length(text, &d) && is_beyond(&d);
}

uint64_t duration_frames(const struct duration *d, uint32_t rate)
{
    if (d->is_frames) {
        return d->frames;
    }
    uint64_t frames = (uint64_t)frames_from_ns(d->ns, rate);
    return frames == 0 && d->ns > 0 ? 1 : frames;
}

void duration_format(char *buffer, size_t size, int64_t ns)
{
    const char *sign = ns < 0 ? "-" : "";
    int64_t ms = ns / 1000000;
    ms = ms < 0 ? -ms : ms;
    snprintf(buffer, size, "%s%02" PRId64 ":%02d:%02d.%03d", sign, ms / 3600000,
             (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}
