/* numbers: small sums for the measuring tools. */
#ifndef LOOPREC_TOOLS_NUMBERS_H
#define LOOPREC_TOOLS_NUMBERS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio.h"

static const double PI = 3.14159265358979323846;

static inline double decibels(double value)
{
    return value > 0 ? 20 * log10(value) : -INFINITY;
}

static inline double wrap(double angle)
{
    return angle - 2 * PI * round(angle / (2 * PI));
}

static inline int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static inline double median(const double *values, int64_t count)
{
    double *sorted = malloc((size_t)count * sizeof(*sorted));
    if (!sorted) {
        die("out of memory");
    }
    memcpy(sorted, values, (size_t)count * sizeof(*sorted));
    qsort(sorted, (size_t)count, sizeof(*sorted), compare_doubles);
    double middle = sorted[count / 2];
    free(sorted);
    return middle;
}

/* The amplitude of one frequency in a stretch. The window sin^8 falls so fast
 * that a full-scale tone ten periods of the stretch away counts for less than
 * -140 dB. */
static inline double tone_amplitude(const struct audio *a, int channel,
                                    int64_t from, int64_t to, double hz)
{
    const double window_mean = 35.0 / 128;
    double frames = (double)(to - from), re = 0, im = 0;
    for (int64_t i = from; i < to; i++) {
        double at = (double)(i - from);
        double weight = pow(sin(PI * (at + 0.5) / frames), 8);
        double angle = 2 * PI * hz * at / a->rate;
        double x = weight * sample_at(a, i, channel);
        re += x * cos(angle);
        im += x * sin(angle);
    }
    return 2 * hypot(re, im) / (frames * window_mean);
}

#endif
