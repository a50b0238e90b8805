/* levels: peak and RMS of each channel. Pure arithmetic over float32; writer
 * thread. */
#ifndef LOOPREC_CORE_LEVELS_H
#define LOOPREC_CORE_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include "core/format.h"

/* What "digital silence" reads as, in dBFS. */
#define LEVELS_FLOOR_DBFS (-INFINITY)

struct levels {
    uint32_t channels;
    float peak[FORMAT_CHANNELS_MAX];        /* linear, whole recording */
    float window_peak[FORMAT_CHANNELS_MAX]; /* since levels_window() */
    double square_sum[FORMAT_CHANNELS_MAX];
    uint64_t frames;
};

void levels_init(struct levels *l, uint32_t channels);

/* Count FRAMES interleaved frames; NULL: zeros. Fast: mono and stereo paths
 * vectorise. NaN counts as 0, and what is beyond 1e9 as that. Returns the
 * largest magnitude in this block; INFINITY where there is a NaN. */
float levels_add(struct levels *l, const float *frames, size_t count);

/* Copy the window's peaks (linear) out and begin a new window. */
void levels_window(struct levels *l, float peaks[FORMAT_CHANNELS_MAX]);

/* Over all channels, whole recording, dBFS; -INFINITY where all was zero.
 * RMS: a full-scale square wave is 0, a full-scale sine -3.01. */
double levels_peak_dbfs(const struct levels *l);
double levels_rms_dbfs(const struct levels *l);

/* Linear to dBFS; -INFINITY for 0. */
double level_dbfs(double linear);

/* DB, or 0 where one decimal would show it as -0.0. */
double level_shown(double db);

#endif
