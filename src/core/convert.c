/* convert: samples between types; see convert.h (the stream's converter is in
 * converter.c). convert_to_float: capture thread; the rest: writer thread.
 *
 * Integers are the float times 2^15, 2^23 or 2^31: powers of two, so that
 * every 16- and 24-bit value survives the way there and back. Four samples at
 * a time; what is left over goes through the same code in a padded vector. */
#include "core/convert.h"

#include <string.h>

#include "core/simd.h"

#define ALWAYS inline __attribute__((always_inline))

#define TWO_15 32768.0f
#define TWO_23 8388608.0f
#define TWO_31 2147483648.0f

enum {
    INFINITE = 0x7f800000,    /* the bits of infinity */
    CHECKED = 4 * SIMD_LANES, /* samples that are looked at at a time */
    TURN = 2 * SIMD_LANES,    /* samples to an integer type at a time */
    BLOCK = 1024,             /* samples; one that is not plain slows it down */
};

typedef uint32_t u32x4 __attribute__((vector_size(16)));

/* --- to float --- */

/* What leaves here is a number: NaN is 0, infinity is full scale. */
static inline f32x4 defused(f32x4 x)
{
    i32x4 bits = (i32x4)x;
    i32x4 infinity = simd_all_int(INFINITE);
    i32x4 unsigned_bits = bits & simd_all_int(INT32_MAX);
    i32x4 sign = bits & simd_all_int(INT32_MIN);
    i32x4 one = (i32x4)simd_all(1.0f) | sign;
    i32x4 out = simd_pick_int(unsigned_bits == infinity, one, bits);
    return (f32x4)(out & (unsigned_bits <= infinity));
}

static inline i32x4 load_int(const void *src)
{
    return (i32x4)simd_load(src);
}

static inline f32x4 scaled(i32x4 x, float factor)
{
    return __builtin_convertvector(x, f32x4) * simd_all(factor);
}

/* The sign bit in the lanes that are no numbers: only their exponent is all
 * ones, and carries into it. */
static inline u32x4 odd(const unsigned char *src)
{
    u32x4 size = (u32x4)load_int(src) & 0x7fffffff;
    return size + 0x00800000;
}

/* One of COUNT samples, a multiple of CHECKED, is no number. */
static bool has_odd(const unsigned char *src, size_t count)
{
    u32x4 a = {0}, b = a, c = a, d = a;
    for (size_t i = 0; i < count; i += CHECKED, src += 4 * sizeof a) {
        a |= odd(src);
        b |= odd(src + sizeof a);
        c |= odd(src + 2 * sizeof a);
        d |= odd(src + 3 * sizeof a);
    }
    a |= b | c | d;
    return ((a[0] | a[1] | a[2] | a[3]) & 0x80000000) != 0;
}

/* Copied as they are; only if one is no number, once more with care. memcpy,
 * because it can write lines of the cache that it did not read before, which
 * for a packet on its way into the ring is half of the work. */
static void floats_from_f32(float *dst, const unsigned char *src, size_t count)
{
    size_t whole = count - count % CHECKED;
    bool careful = has_odd(src, whole);
    memcpy(dst, src, whole * sizeof *dst);
    if (careful) {
        for (size_t i = 0; i < whole; i += SIMD_LANES) {
            simd_store(dst + i, defused(simd_load(dst + i)));
        }
    }
    for (size_t i = whole; i < count; i++) {
        f32x4 x = simd_all(0.0f);
        memcpy(&x, src + i * sizeof *dst, sizeof *dst);
        x = defused(x);
        memcpy(dst + i, &x, sizeof *dst);
    }
}

/* 32 bits, shifted left by SHIFT first (8 where the value is the lower 24). */
static inline void floats_from_32(float *dst, const unsigned char *src,
                                  size_t count, int shift)
{
    size_t i = 0;
    for (; i + SIMD_LANES <= count; i += SIMD_LANES) {
        simd_store(dst + i,
                   scaled(load_int(src + i * 4) << shift, 1.0f / TWO_31));
    }
    for (; i < count; i++) {
        uint32_t x;
        memcpy(&x, src + i * 4, sizeof x);
        dst[i] = (float)(int32_t)(x << shift) * (1.0f / TWO_31);
    }
}

static void floats_from_s16(float *dst, const unsigned char *src, size_t count)
{
    typedef int16_t i16x4 __attribute__((vector_size(8)));
    size_t i = 0;
    for (; i + SIMD_LANES <= count; i += SIMD_LANES) {
        i16x4 x;
        memcpy(&x, src + i * 2, sizeof x);
        simd_store(dst + i,
                   scaled(__builtin_convertvector(x, i32x4), 1.0f / TWO_15));
    }
    for (; i < count; i++) {
        int16_t x;
        memcpy(&x, src + i * 2, sizeof x);
        dst[i] = (float)x * (1.0f / TWO_15);
    }
}

static void floats_from_s24(float *dst, const unsigned char *src, size_t count)
{
    for (size_t i = 0; i < count; i++, src += 3) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        uint32_t x = (uint32_t)src[0] << 24 | (uint32_t)src[1] << 16 |
                     (uint32_t)src[2] << 8;
#else
        uint32_t x = (uint32_t)src[2] << 24 | (uint32_t)src[1] << 16 |
                     (uint32_t)src[0] << 8;
#endif
        dst[i] = (float)(int32_t)x * (1.0f / TWO_31);
    }
}

static void floats_from_f64(float *dst, const unsigned char *src, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double x;
        memcpy(&x, src + i * sizeof x, sizeof x);
        dst[i] = defused(simd_all((float)x))[0];
    }
}

void convert_to_float(float *dst, const void *src, enum sample_type type,
                      size_t samples)
{
    const unsigned char *bytes = src;
    switch (type) {
    case SAMPLE_U8:
        for (size_t i = 0; i < samples; i++) {
            dst[i] = (float)(bytes[i] - 128) * (1.0f / 128.0f);
        }
        break;
    case SAMPLE_S16: floats_from_s16(dst, bytes, samples); break;
    case SAMPLE_S24: floats_from_s24(dst, bytes, samples); break;
    case SAMPLE_S24LOW32: floats_from_32(dst, bytes, samples, 8); break;
    case SAMPLE_S32: floats_from_32(dst, bytes, samples, 0); break;
    case SAMPLE_F32: floats_from_f32(dst, bytes, samples); break;
    case SAMPLE_F64: floats_from_f64(dst, bytes, samples); break;
    case SAMPLE_NONE: memset(dst, 0, samples * sizeof *dst); break;
    }
}

/* --- from float --- */

size_t convert_sink_bytes(enum sample_type type)
{
    return type == SAMPLE_S16 ? 2 : type == SAMPLE_NONE ? 0 : 4;
}

/* -1 in the lanes that are numbers below full scale. */
static inline i32x4 plain(f32x4 x)
{
    return (f32x4)((i32x4)x & simd_all_int(INT32_MAX)) < simd_all(1.0f);
}

/* -1 in the lanes beyond full scale (NaN is not). */
static inline i32x4 clipped(f32x4 x)
{
    return (x > simd_all(1.0f)) | (x < simd_all(-1.0f));
}

/* X times FULL, at most MOST and at least -FULL, 0 for NaN: that is what does
 * not equal itself. */
static inline f32x4 fitted(f32x4 x, float full, float most)
{
    /* NOLINTNEXTLINE(misc-redundant-expression): see above */
    x = (f32x4)((i32x4)x & (x == x));
    return simd_clamp(x * simd_all(full), -full, most);
}

/* What EASY says of these three: all of X is plain. */

static inline i32x4 to_16(f32x4 x, bool easy)
{
    /* 32768, rounded up, is simd_narrow's to make fit. */
    return simd_nearest(easy ? x * simd_all(TWO_15)
                             : fitted(x, TWO_15, TWO_15 - 1.0f));
}

static inline i32x4 to_24(f32x4 x, bool easy)
{
    f32x4 v = easy ? simd_least(x * simd_all(TWO_23), TWO_23 - 1.0f)
                   : fitted(x, TWO_23, TWO_23 - 1.0f);
    return simd_nearest(v) << 8;
}

static inline i32x4 to_32(f32x4 x, bool easy)
{
    if (easy) {
        return simd_nearest(x * simd_all(TWO_31));
    }
    /* No float lies between the largest below 2^31 and 2^31 itself. */
    f32x4 v = fitted(x, TWO_31, TWO_31 - 128.0f);
    i32x4 above = x >= simd_all(1.0f);
    return simd_pick_int(above, simd_all_int(INT32_MAX), simd_nearest(v));
}

/* TURN samples to TYPE. Returns, added up, -1 in the clipped lanes; EASY: the
 * lanes where that was right. Inlined, so that constants leave one case. */
static ALWAYS i32x4 put(unsigned char *dst, const float *src,
                        enum sample_type type, bool easy)
{
    f32x4 a = simd_load(src);
    f32x4 b = simd_load(src + SIMD_LANES);
    if (type == SAMPLE_S16) {
        simd_store(dst, (f32x4)simd_narrow(to_16(a, easy), to_16(b, easy)));
    } else if (type == SAMPLE_S24) {
        simd_store(dst, (f32x4)to_24(a, easy));
        simd_store(dst + sizeof a, (f32x4)to_24(b, easy));
    } else {
        simd_store(dst, (f32x4)to_32(a, easy));
        simd_store(dst + sizeof a, (f32x4)to_32(b, easy));
    }
    return easy ? plain(a) & plain(b) : clipped(a) + clipped(b);
}

/* COUNT samples, a multiple of TURN, as if each were plain. False: some are
 * not, and DST holds rubbish. */
static ALWAYS bool put_turns(unsigned char *dst, const float *src,
                             enum sample_type type, size_t count)
{
    size_t bytes = convert_sink_bytes(type);
    i32x4 good = simd_all_int(-1);
    for (size_t i = 0; i < count; i += TURN) {
        good &= put(dst + i * bytes, src + i, type, true);
    }
    return (good[0] & good[1] & good[2] & good[3]) != 0;
}

/* At most BLOCK samples; returns how many were clipped. */
static ALWAYS size_t put_block(unsigned char *dst, const float *src,
                               enum sample_type type, size_t count)
{
    if (count % TURN == 0 && put_turns(dst, src, type, count)) {
        return 0;
    }
    size_t bytes = convert_sink_bytes(type);
    i32x4 clips = simd_all_int(0);
    size_t i = 0;
    for (; i + TURN <= count; i += TURN) {
        clips -= put(dst + i * bytes, src + i, type, false);
    }
    if (i < count) {
        float rest[TURN] = {0.0f};
        unsigned char out[sizeof rest];
        memcpy(rest, src + i, (count - i) * sizeof rest[0]);
        clips -= put(out, rest, type, false);
        memcpy(dst + i * bytes, out, (count - i) * bytes);
    }
    return (size_t)clips[0] + (size_t)clips[1] + (size_t)clips[2] +
           (size_t)clips[3];
}

size_t convert_from_float(void *dst, const float *src, enum sample_type type,
                          size_t samples)
{
    unsigned char *to = dst;
    size_t clips = 0;
    if (type == SAMPLE_F32) {
        floats_from_f32(dst, (const unsigned char *)src, samples);
        return 0;
    }
    while (samples > 0) {
        size_t block = samples < BLOCK ? samples : BLOCK;
        switch (type) {
        case SAMPLE_S16: clips += put_block(to, src, SAMPLE_S16, block); break;
        case SAMPLE_S24: clips += put_block(to, src, SAMPLE_S24, block); break;
        case SAMPLE_S32: clips += put_block(to, src, SAMPLE_S32, block); break;
        default: return 0; /* no sink takes it */
        }
        to += block * convert_sink_bytes(type);
        src += block;
        samples -= block;
    }
    return clips;
}

void convert_plain(void *dst, const float *src, enum sample_type type,
                   size_t samples)
{
    unsigned char *to = dst;
    size_t turns = samples - samples % TURN;
    switch (type) {
    case SAMPLE_S16: put_turns(to, src, SAMPLE_S16, turns); break;
    case SAMPLE_S24: put_turns(to, src, SAMPLE_S24, turns); break;
    case SAMPLE_S32: put_turns(to, src, SAMPLE_S32, turns); break;
    default: turns = 0;
    }
    convert_from_float(to + turns * convert_sink_bytes(type), src + turns, type,
                       samples - turns);
}
