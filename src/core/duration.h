/* duration: lengths of time as people type them. Pure; any thread. */
#ifndef LOOPREC_CORE_DURATION_H
#define LOOPREC_CORE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A length given in frames or in time: exactly one is set. */
struct duration {
    bool is_frames;
    uint64_t frames;
    int64_t ns;
};

/* 90, 90s, 1.5s, 100ms, 1h30m, 1m30.5s, 2d, 01:30:00, 01:30.250, 48000f.
 * Decimal fractions are exact to the nanosecond. False: not a length,
 * negative, zero where ALLOW_ZERO is false, or beyond 100 years. */
bool duration_parse(const char *text, bool allow_zero, struct duration *out);

/* Is TEXT a length as above, but beyond 100 years? */
bool duration_is_too_long(const char *text);

/* The length in frames at RATE, rounded to nearest; of no length but 0 none. */
uint64_t duration_frames(const struct duration *d, uint32_t rate);

/* Nanoseconds as "00:01:02.345" (hours grow as needed). */
void duration_format(char *buffer, size_t size, int64_t ns);

#endif
