/* levels: see levels.h. Writer thread.
 *
 * Four samples are taken at a time; lane by lane they belong to channels that
 * repeat after lcm(channels, 4) samples, so that the same loop serves every
 * number of channels: with 1, 2 or 4 its accumulators stay in registers. */
#include "core/levels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/simd.h"

enum {
    WIDTH = 4 * SIMD_LANES, /* samples in a turn where registers suffice */
    /* Turns whose squares are added up in float before they go to double: the
     * rounding then stays below 1e-5. */
    TURNS = 64,
    VECTORS_MAX = FORMAT_CHANNELS_MAX * 4,
    AHEAD = 4096, /* samples: the next packet in the ring, on its way from the
                   * other processor's cache; harmless where none is */
};

/* Beyond it (infinity too) a magnitude counts as this much, so that one wild
 * sample cannot make the sums infinite. */
#define WILDEST 1e9f

void levels_init(struct levels *l, uint32_t channels)
{
    memset(l, 0, sizeof *l);
    l->channels = channels;
}

static float magnitude(float x)
{
    float a = fabsf(x);
    return a <= WILDEST ? a : isnan(a) ? 0.0f : WILDEST;
}

static void add_sample(struct levels *l, uint32_t channel, float a)
{
    l->square_sum[channel] += (double)a * (double)a;
    if (a > l->window_peak[channel]) {
        l->window_peak[channel] = a;
    }
}

/* Sample by sample: a block's rest, or a block with something wild in it.
 * Returns what levels_add does. */
static float add_slowly(struct levels *l, const float *samples, size_t count)
{
    float most = 0.0f;
    for (size_t i = 0; i < count; i++) {
        float a = magnitude(samples[i]);
        add_sample(l, (uint32_t)(i % l->channels), a);
        a = isnan(samples[i]) ? INFINITY : a;
        most = a > most ? a : most;
    }
    return most;
}

/* TURNS turns of VECTORS vectors: the sum of squares and the largest square of
 * each lane; a NaN is not among these, but makes the sum NaN. The root of a
 * float's square is that float again, so no magnitude has to be taken on the
 * way. Inlined, so that a constant VECTORS unrolls. */
static inline __attribute__((always_inline)) void sum_turns(
    const float *samples, size_t turns, size_t vectors, f32x4 *squares,
    f32x4 *peaks)
{
    for (size_t t = 0; t < turns; t++) {
        for (size_t v = 0; v < vectors; v++, samples += SIMD_LANES) {
            f32x4 x = simd_load(samples);
            f32x4 square = x * x;
            peaks[v] = simd_larger(square, peaks[v]);
            squares[v] += square;
        }
    }
}

static void sum_registers(const float *samples, size_t turns, f32x4 *squares,
                          f32x4 *peaks)
{
    f32x4 s0 = simd_all(0.0f), s1 = s0, s2 = s0, s3 = s0;
    f32x4 p0 = s0, p1 = p0, p2 = p0, p3 = p0;
    for (size_t t = 0; t < turns; t++, samples += WIDTH) {
        __builtin_prefetch(samples + AHEAD);
        sum_turns(samples, 1, 1, &s0, &p0);
        sum_turns(samples + SIMD_LANES, 1, 1, &s1, &p1);
        sum_turns(samples + 2 * SIMD_LANES, 1, 1, &s2, &p2);
        sum_turns(samples + 3 * SIMD_LANES, 1, 1, &s3, &p3);
    }
    squares[0] = s0, squares[1] = s1, squares[2] = s2, squares[3] = s3;
    peaks[0] = p0, peaks[1] = p1, peaks[2] = p2, peaks[3] = p3;
}

/* All vectors into the first, where a lane is the same channel in each. The
 * lanes that are left. */
static size_t fold(f32x4 *squares, f32x4 *peaks, size_t vectors)
{
    for (size_t v = 1; v < vectors; v++) {
        squares[0] += squares[v];
        peaks[0] = simd_larger(peaks[v], peaks[0]);
    }
    return SIMD_LANES;
}

/* One block of whole turns, at most TURNS. */
static float add_block(struct levels *l, const float *samples, size_t turns,
                       size_t vectors)
{
    f32x4 squares[VECTORS_MAX];
    f32x4 peaks[VECTORS_MAX];
    if (vectors * SIMD_LANES == WIDTH) {
        sum_registers(samples, turns, squares, peaks);
    } else {
        memset(squares, 0, vectors * sizeof squares[0]);
        memset(peaks, 0, vectors * sizeof peaks[0]);
        sum_turns(samples, turns, vectors, squares, peaks);
    }
    size_t lanes = vectors * SIMD_LANES;
    if (SIMD_LANES % l->channels == 0) {
        lanes = fold(squares, peaks, vectors);
    }
    float most = 0.0f;
    bool numbers = true;
    for (size_t i = 0; i < lanes; i++) {
        float peak = sqrtf(peaks[i / SIMD_LANES][i % SIMD_LANES]);
        most = peak > most ? peak : most;
        numbers = numbers && !isnan(squares[i / SIMD_LANES][i % SIMD_LANES]);
    }
    if (!numbers || most > WILDEST) {
        return add_slowly(l, samples, turns * vectors * SIMD_LANES);
    }
    for (size_t i = 0; i < lanes; i++) {
        uint32_t channel = (uint32_t)(i % l->channels);
        float peak = sqrtf(peaks[i / SIMD_LANES][i % SIMD_LANES]);
        l->square_sum[channel] +=
            (double)squares[i / SIMD_LANES][i % SIMD_LANES];
        if (peak > l->window_peak[channel]) {
            l->window_peak[channel] = peak;
        }
    }
    return most;
}

float levels_add(struct levels *l, const float *frames, size_t count)
{
    l->frames += count;
    if (!frames || l->channels == 0) {
        return 0.0f;
    }
    uint32_t odd = l->channels; /* channels without their factors of two */
    while (odd % 2 == 0) {
        odd /= 2;
    }
    /* lcm(channels, WIDTH) samples are a turn: whole frames, whole vectors. */
    size_t turn = l->channels > WIDTH && l->channels % WIDTH == 0
                      ? l->channels
                      : (size_t)odd * WIDTH;
    size_t left = count * l->channels;
    float most = 0.0f;
    while (left >= turn) {
        size_t turns = left / turn < TURNS ? left / turn : TURNS;
        float peak = add_block(l, frames, turns, turn / SIMD_LANES);
        most = peak > most ? peak : most;
        frames += turns * turn;
        left -= turns * turn;
    }
    float rest = add_slowly(l, frames, left);
    most = rest > most ? rest : most;
    for (uint32_t c = 0; c < l->channels; c++) {
        if (l->window_peak[c] > l->peak[c]) {
            l->peak[c] = l->window_peak[c];
        }
    }
    return most;
}

void levels_window(struct levels *l, float peaks[FORMAT_CHANNELS_MAX])
{
    memcpy(peaks, l->window_peak, sizeof l->window_peak);
    memset(l->window_peak, 0, sizeof l->window_peak);
}

double levels_peak_dbfs(const struct levels *l)
{
    float most = 0.0f;
    for (uint32_t c = 0; c < l->channels; c++) {
        most = l->peak[c] > most ? l->peak[c] : most;
    }
    return level_dbfs((double)most);
}

double levels_rms_dbfs(const struct levels *l)
{
    double sum = 0.0;
    for (uint32_t c = 0; c < l->channels; c++) {
        sum += l->square_sum[c];
    }
    double samples = (double)l->frames * (double)l->channels;
    return samples > 0.0 ? level_dbfs(sqrt(sum / samples)) : level_dbfs(0.0);
}

double level_dbfs(double linear)
{
    return linear > 0.0 ? 20.0 * log10(linear) : (double)LEVELS_FLOOR_DBFS;
}

double level_shown(double db)
{
    return fabs(db) < 0.05 ? 0.0 : db;
}
