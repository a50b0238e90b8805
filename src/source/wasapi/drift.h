/* drift: how fast a device's clock runs against the computer's, from pairs of
 * (position, time) as IAudioClock::GetPosition gives them: one line's slope for
 * all stretches in which the device ran without a break, by least squares. Pure
 * arithmetic, no Windows header, so that it is tested everywhere. Watch
 * thread. */
#ifndef LOOPREC_SOURCE_WASAPI_DRIFT_H
#define LOOPREC_SOURCE_WASAPI_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

/* What least squares needs of a set of points, in seconds. */
struct drift_sums {
    double points;
    double tt, te, ee; /* about the means */
};

struct drift {
    /* the stretch that goes on */
    bool begun;
    int64_t first_ns, last_ns;
    uint64_t first_position;
    double last_error; /* how much the device was ahead of the clock, s */
    double mean_t, mean_e;
    struct drift_sums sums;
    /* those before, together */
    struct drift_sums before;
    double before_stretches;
    double before_span; /* s */
    /* how far two neighbours stand apart, s; what is much more is a break */
    double noise;
    unsigned noise_points;
};

/* A clock of which nothing is known. */
void drift_init(struct drift *d);

/* The device stood at POSITION, in units of 1/FREQUENCY s, at NOW_NS. One that
 * did not move, went back or jumped begins a new stretch. */
void drift_add(struct drift *d, int64_t now_ns, uint64_t position,
               uint64_t frequency);

/* The stream is another one from here on, the device the same. */
void drift_break(struct drift *d);

/* > 0: the device runs fast. False: not yet known well enough (10 s of running
 * at least, and a standard error of 3 ppm at most); *PPM is as it was. */
bool drift_ppm(const struct drift *d, double *ppm);

#endif
