/* dither: see dither.h. Writer thread.
 *
 * The sum of two uniform random numbers, each one step wide: with it the mean
 * and the power of the error do not depend on the sound (Lipshitz, Wannamaker,
 * Vanderkooy: Quantization and Dither, J. Audio Eng. Soc. 40, 1992). The
 * numbers are Marsaglia's xorshift32 (J. Stat. Software 8, 2003), one in each
 * lane. */
#include "core/dither.h"

#include <string.h>

#include "core/simd.h"

#define STEPS 32768.0f /* from 0 to full scale */

typedef uint32_t u32x4 __attribute__((vector_size(16)));

void dither_begin(struct dither *d)
{
    /* anything but 0 */
    static const uint32_t seeds[SIMD_LANES] = {0x9e3779b9, 0x7f4a7c15,
                                               0xf39cc060, 0x106aa070};
    memcpy(d->state, seeds, sizeof seeds);
}

/* -1 in the lanes that hold a value of 16 bits, or none that is in range. */
static inline i32x4 exact(f32x4 x)
{
    f32x4 scaled = simd_clamp(x * simd_all(STEPS), -STEPS, STEPS);
    f32x4 whole = __builtin_convertvector(simd_nearest(scaled), f32x4);
    return whole == scaled;
}

static bool all_exact(const float *src, size_t samples)
{
    i32x4 good = simd_all_int(-1);
    size_t i = 0;
    for (; i + SIMD_LANES <= samples; i += SIMD_LANES) {
        good &= exact(simd_load(src + i));
    }
    if (i < samples) {
        f32x4 rest = simd_all(0.0f);
        memcpy(&rest, src + i, (samples - i) * sizeof *src);
        good &= exact(rest);
    }
    return (good[0] & good[1] & good[2] & good[3]) != 0;
}

/* From -0.5 to 0.5. */
static inline f32x4 uniform(u32x4 *state)
{
    u32x4 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return __builtin_convertvector((i32x4)x, f32x4) *
           simd_all(1.0f / 4294967296.0f);
}

static inline f32x4 dithered(f32x4 x, u32x4 *state)
{
    f32x4 one = uniform(state);
    f32x4 noise = (one + uniform(state)) * simd_all(1.0f / STEPS);
    i32x4 within = (x >= simd_all(-1.0f)) & (x <= simd_all(1.0f));
    return simd_pick(within, simd_clamp(x + noise, -1.0f, 1.0f), x);
}

bool dither_apply(struct dither *d, float *dst, const float *src,
                  size_t samples)
{
    if (all_exact(src, samples)) {
        return false;
    }
    u32x4 state;
    memcpy(&state, d->state, sizeof state);
    size_t i = 0;
    for (; i + SIMD_LANES <= samples; i += SIMD_LANES) {
        simd_store(dst + i, dithered(simd_load(src + i), &state));
    }
    if (i < samples) {
        f32x4 rest = simd_all(0.0f);
        memcpy(&rest, src + i, (samples - i) * sizeof *src);
        rest = dithered(rest, &state);
        memcpy(dst + i, &rest, (samples - i) * sizeof *src);
    }
    memcpy(d->state, &state, sizeof state);
    return true;
}
