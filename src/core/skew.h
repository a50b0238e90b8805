/* skew: how a device's clock parts from the computer's while an unbroken stream
 * runs. A packet's *error* is its stamp minus the moment that the file gives
 * it; the skew is its least value, followed no faster than a crystal goes.
 * Pure arithmetic; writer thread. */
#ifndef LOOPREC_CORE_SKEW_H
#define LOOPREC_CORE_SKEW_H

#include <stdint.h>

/* What a crystal can do: 500 ppm is ten times what sound devices are sold
 * with. What goes beyond is loss, or a device that repeats itself. */
#define SKEW_PER_MILLION 500

struct skew {
    int64_t ns; /* how much earlier (+) the file has the source's frames than
                 * their stamps say */
    int64_t window_start_ns; /* of the present window; NO_TIME: none */
    int64_t window_min_ns;   /* the least error in it */
    int64_t drift_first_ns;  /* of the present stretch; NO_TIME: none yet */
    int64_t drift_first_error_ns;
    int64_t drift_span_ns; /* of the longest stretch so far */
    double drift_ppm;      /* of that stretch: > 0, the device runs fast */
};

/* The stream is broken (or begins): the drift's slope is not drawn across. */
void skew_end_stretch(struct skew *s);

/* A packet stamped NOW_NS has the error ERROR_NS. The least of each second is
 * followed: down all the way (nothing is read before it is played), up no
 * faster than a crystal goes. */
void skew_learn(struct skew *s, int64_t now_ns, int64_t error_ns);

/* The file moved against the stamps by NS of silence put in (+) or frames left
 * out (-) on purpose: what was learnt moves along. */
void skew_shift(struct skew *s, int64_t ns);

#endif
