/* synth_signal: see synth_signal.h. Capture thread.
 *
 * What repeats within a second (a tone of whole hertz, the counter, silence)
 * is made once, as a table one packet longer than its period, and packets are
 * pieces of the table: they cost nothing. */
#include "source/synth_signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/convert.h"
#include "core/simd.h"

#define PI 3.14159265358979323846

enum {
    NOISE_BLOCK = 1024, /* samples that are made from one set of seeds */
    GENERATORS = 4 * SIMD_LANES,
    COUNTER_PERIOD = 65536,
    TABLE_MOST_BYTES = 64 << 20,
};

struct synth_signal {
    /* constant */
    enum synth_kind kind;
    uint32_t rate, channels;
    enum sample_type type;
    uint64_t step, cycle; /* TONE: its phase is number * step / cycle turns */
    double hertz, hertz_end, seconds; /* CHIRP */
    uint64_t chirp_frames;
    uint64_t noise_seeds[GENERATORS];
    float amplitude;
    unsigned char *table;
    uint64_t period; /* samples until the table repeats */
    unsigned char *rubbish;
    /* one packet, as it is made */
    float *floats;
    int32_t *wide;
    unsigned char *packet;
};

/* --- the signals, as floats --- */

static void fill_frame(float *out, uint32_t channels, double value)
{
    for (uint32_t c = 0; c < channels; c++) {
        out[c] = (float)value;
    }
}

/* The phase is an exact fraction, so that it never drifts. */
static void make_tone(const struct synth_signal *s, uint64_t number,
                      size_t frames, float *out)
{
    uint64_t phase = number % s->cycle * s->step % s->cycle;
    for (size_t i = 0; i < frames; i++, out += s->channels) {
        double turns = (double)phase / (double)s->cycle;
        fill_frame(out, s->channels,
                   (double)s->amplitude * sin(2.0 * PI * turns));
        phase += s->step;
        phase -= phase >= s->cycle ? s->cycle : 0;
    }
}

static void make_chirp(const struct synth_signal *s, uint64_t number,
                       size_t frames, float *out)
{
    double slope = (s->hertz_end - s->hertz) / s->seconds;
    for (size_t i = 0; i < frames; i++, out += s->channels) {
        double t = (double)((number + i) % s->chirp_frames) / s->rate;
        double turns = t * (s->hertz + 0.5 * slope * t);
        turns -= floor(turns);
        fill_frame(out, s->channels,
                   (double)s->amplitude * sin(2.0 * PI * turns));
    }
}

/* Steele, Lea, Flood's mixer: any number becomes a random-looking one. */
static uint64_t splitmix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

typedef uint32_t u32x4 __attribute__((vector_size(16)));

/* Marsaglia's xorshift32, in each lane; no lane may be 0. */
static inline u32x4 xorshift(u32x4 x)
{
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}

static inline void put_noise(float *out, u32x4 random, f32x4 scale)
{
    simd_store(out, __builtin_convertvector((i32x4)random, f32x4) * scale);
}

/* The samples of two blocks: in each four times four generators, which the
 * block's number seeds, so that any block can be made without those before it.
 * Two at a time, because a generator's steps wait for each other. */
static void make_noise_pair(const struct synth_signal *s, uint64_t pair,
                            float *out)
{
    u32x4 state[2 * GENERATORS / SIMD_LANES];
    for (uint32_t i = 0; i < 2 * GENERATORS; i++) {
        uint64_t block = pair * 2 + i / GENERATORS;
        uint64_t seed = s->noise_seeds[i % GENERATORS];
        state[i / SIMD_LANES][i % SIMD_LANES] =
            (uint32_t)(splitmix(seed ^ block) >> 32) | 1;
    }
    f32x4 scale = simd_all(s->amplitude / 2147483648.0f);
    u32x4 a = state[0], b = state[1], c = state[2], d = state[3];
    u32x4 e = state[4], f = state[5], g = state[6], h = state[7];
    for (size_t i = 0; i < NOISE_BLOCK; i += GENERATORS, out += GENERATORS) {
        put_noise(out, a = xorshift(a), scale);
        put_noise(out + SIMD_LANES, b = xorshift(b), scale);
        put_noise(out + 2 * SIMD_LANES, c = xorshift(c), scale);
        put_noise(out + 3 * SIMD_LANES, d = xorshift(d), scale);
        put_noise(out + NOISE_BLOCK, e = xorshift(e), scale);
        put_noise(out + NOISE_BLOCK + SIMD_LANES, f = xorshift(f), scale);
        put_noise(out + NOISE_BLOCK + 2 * SIMD_LANES, g = xorshift(g), scale);
        put_noise(out + NOISE_BLOCK + 3 * SIMD_LANES, h = xorshift(h), scale);
    }
}

static void make_noise(const struct synth_signal *s, uint64_t number,
                       size_t frames, float *out)
{
    enum { PAIR = 2 * NOISE_BLOCK };
    uint64_t sample = number * s->channels;
    size_t left = frames * s->channels;
    while (left > 0) {
        size_t skip = (size_t)(sample % PAIR);
        size_t take = PAIR - skip < left ? PAIR - skip : left;
        if (take == PAIR) {
            make_noise_pair(s, sample / PAIR, out);
        } else {
            float pair[PAIR];
            make_noise_pair(s, sample / PAIR, pair);
            memcpy(out, pair + skip, take * sizeof *out);
        }
        out += take;
        sample += take;
        left -= take;
    }
}

static void make_counter(const struct synth_signal *s, uint64_t number,
                         size_t frames, float *out)
{
    uint32_t sample = (uint32_t)(number * s->channels);
    for (size_t i = 0; i < frames * s->channels; i++, sample++) {
        out[i] = (float)(int16_t)(uint16_t)sample / 32768.0f;
    }
}

static void make(const struct synth_signal *s, uint64_t number, size_t frames,
                 float *out)
{
    switch (s->kind) {
    case SYNTH_TONE: make_tone(s, number, frames, out); break;
    case SYNTH_CHIRP: make_chirp(s, number, frames, out); break;
    case SYNTH_NOISE: make_noise(s, number, frames, out); break;
    case SYNTH_COUNTER: make_counter(s, number, frames, out); break;
    case SYNTH_SILENCE:
        memset(out, 0, frames * s->channels * sizeof *out);
        break;
    }
}

/* --- as the source's type --- */

/* WIDE is room for as many 32-bit samples; S24 only. */
static void pack(unsigned char *dst, const float *src, enum sample_type type,
                 size_t samples, int32_t *wide)
{
    if (type != SAMPLE_S24) {
        convert_from_float(dst, src, type, samples);
        return;
    }
    convert_from_float(wide, src, SAMPLE_S24, samples);
    for (size_t i = 0; i < samples; i++, dst += 3) {
        uint32_t x = (uint32_t)wide[i];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        x = x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000);
#else
        x >>= 8;
#endif
        dst[0] = (unsigned char)x;
        dst[1] = (unsigned char)(x >> 8);
        dst[2] = (unsigned char)(x >> 16);
    }
}

/* --- making and destroying --- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Frames after which the signal repeats; 0: it is not worth a table. */
static uint64_t find_period(const struct synth_signal *s)
{
    switch (s->kind) {
    case SYNTH_TONE: {
        uint64_t frames = s->cycle / common_divisor(s->cycle, s->step);
        return frames <= s->rate ? frames : 0;
    }
    case SYNTH_COUNTER: return COUNTER_PERIOD; /* or less */
    case SYNTH_SILENCE: return 1;
    case SYNTH_CHIRP:
    case SYNTH_NOISE: break;
    }
    return 0;
}

/* False only where memory is short. */
static bool make_table(struct synth_signal *s, uint32_t most)
{
    uint64_t frames = find_period(s);
    uint64_t samples = (frames + most) * s->channels;
    size_t bytes = sample_bytes(s->type);
    if (frames == 0 || samples * bytes > TABLE_MOST_BYTES) {
        return true;
    }
    s->table = malloc((size_t)samples * bytes);
    if (!s->table) {
        return false;
    }
    s->period = frames * s->channels;
    for (uint64_t at = 0; at < frames + most; at += most) {
        size_t now =
            frames + most - at < most ? (size_t)(frames + most - at) : most;
        make(s, at, now, s->floats);
        pack(s->table + (size_t)at * s->channels * bytes, s->floats, s->type,
             now * s->channels, s->wide);
    }
    return true;
}

struct synth_signal *synth_signal_create(const struct synth_spec *spec,
                                         uint32_t rate, uint32_t channels,
                                         uint32_t most)
{
    struct synth_signal *s = calloc(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    s->kind = spec->kind;
    s->rate = rate;
    s->channels = channels;
    s->type = spec->type;
    s->cycle = (uint64_t)rate * 1000;
    s->step = spec->millihertz % s->cycle;
    s->hertz = (double)spec->millihertz / 1000.0;
    s->hertz_end = (double)spec->chirp_millihertz / 1000.0;
    s->seconds = (double)spec->chirp_ns / 1e9;
    int64_t chirp = frames_from_ns(spec->chirp_ns, rate);
    s->chirp_frames = chirp > 0 ? (uint64_t)chirp : 1;
    for (uint32_t i = 0; i < GENERATORS; i++) {
        s->noise_seeds[i] = splitmix((uint64_t)spec->seed << 32 | (i + 1));
    }
    s->amplitude = (float)spec->amplitude;
    size_t samples = (size_t)most * channels;
    s->floats = malloc(samples * sizeof *s->floats);
    s->wide = malloc(samples * sizeof *s->wide);
    s->packet = malloc(samples * sample_bytes(s->type));
    s->rubbish = malloc(samples * sample_bytes(s->type));
    if (!s->floats || !s->wide || !s->packet || !s->rubbish ||
        !make_table(s, most)) {
        synth_signal_destroy(s);
        return NULL;
    }
    memset(s->rubbish, 0xbe, samples * sample_bytes(s->type));
    return s;
}

void synth_signal_destroy(struct synth_signal *s)
{
    if (s) {
        free(s->floats);
        free(s->wide);
        free(s->packet);
        free(s->rubbish);
        free(s->table);
        free(s);
    }
}

const void *synth_signal_at(struct synth_signal *s, uint64_t number,
                            uint32_t frames)
{
    if (s->table) {
        uint64_t sample = number * s->channels % s->period;
        return s->table + (size_t)sample * sample_bytes(s->type);
    }
    make(s, number, frames, s->floats);
    if (s->type == SAMPLE_F32) {
        return s->floats;
    }
    pack(s->packet, s->floats, s->type, (size_t)frames * s->channels, s->wide);
    return s->packet;
}

const void *synth_signal_rubbish(const struct synth_signal *s)
{
    return s->rubbish;
}
