/* dither: noise that turns the error of rounding to 16 bits into a steady hiss.
 * Writer thread. */
#ifndef LOOPREC_CORE_DITHER_H
#define LOOPREC_CORE_DITHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A generator; the same noise each time. */
struct dither {
    uint32_t state[4];
};

void dither_begin(struct dither *d);

/* SAMPLES float32 samples, about to be rounded to 16 bits, to DST (which may be
 * SRC): each with noise of a triangular distribution from -1 to 1 step of 16
 * bits. What is within full scale stays there; what is beyond it is left alone.
 *
 * False, and DST is not written: each of SRC is a value of 16 bits already, and
 * loses nothing. So what a source has in 16 bits stays exact, and digital
 * silence is silent. */
bool dither_apply(struct dither *d, float *dst, const float *src,
                  size_t samples);

#endif
