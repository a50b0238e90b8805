/* chirp: a short sound that is found again in a recording, by its correlation
 * with what was recorded: a sine whose pitch rises evenly. Pure arithmetic, but
 * for the memory that finding takes. Any thread. */
#ifndef LOOPREC_CORE_CHIRP_H
#define LOOPREC_CORE_CHIRP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/format.h"

/* Full scale is 1. */
#define CHIRP_AMPLITUDE 0.05
#define CHIRP_NS        INT64_C(500000000)

struct chirp_found {
    bool found;
    /* The rest is meaningful if it was found. */
    double at_frames; /* of the chirp's first frame; within a tenth of 1 ms */
    double gain;      /* its amplitude by what it was made with; below 0: it is
                       * upside down */
    /* How much the recording is like a chirp at the best place: 1 is nothing
     * else, 0 nothing alike. */
    double likeness;
};

/* Its length in frames at RATE. */
size_t chirp_frames(uint32_t rate);

/* Frame I of it at RATE (at least 7000), from I = 0; 0 behind its end. */
float chirp_sample(uint32_t rate, size_t i);

/* Look for one whole chirp in COUNT samples at RATE, STRIDE floats apart. In
 * white noise of 100 times its power it is still found; where there is none, a
 * likeness of 7 standard deviations would be needed for an error. False: out of
 * memory, or the rate is too low. */
bool chirp_find(const float *samples, size_t stride, size_t count,
                uint32_t rate, struct chirp_found *out);

#endif
