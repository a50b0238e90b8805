/* simd: four samples at a time, in the compilers' own vector types (GCC and
 * Clang, every machine), because at -O2 the loops over samples would not
 * become vector code by themselves. Three functions that GCC expands badly have
 * a form for SSE2, which every x86-64 has; SIMD_PORTABLE leaves it out. Only
 * arithmetic; any thread. */
#ifndef LOOPREC_CORE_SIMD_H
#define LOOPREC_CORE_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SIMD_PORTABLE)
#define SIMD_SSE2 1
#include <emmintrin.h>
#endif

enum { SIMD_LANES = 4 };

typedef float f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef int16_t i16x8 __attribute__((vector_size(16)));

/* At any alignment. */
static inline f32x4 simd_load(const void *src)
{
    f32x4 v;
    memcpy(&v, src, sizeof v);
    return v;
}

static inline void simd_store(void *dst, f32x4 v)
{
    memcpy(dst, &v, sizeof v);
}

static inline f32x4 simd_all(float value)
{
    return (f32x4){value, value, value, value};
}

static inline i32x4 simd_all_int(int32_t value)
{
    return (i32x4){value, value, value, value};
}

/* MASK's lanes are all ones (A's lane) or all zeros (B's). */
static inline i32x4 simd_pick_int(i32x4 mask, i32x4 a, i32x4 b)
{
    return (a & mask) | (b & ~mask);
}

static inline f32x4 simd_pick(i32x4 mask, f32x4 a, f32x4 b)
{
    return (f32x4)simd_pick_int(mask, (i32x4)a, (i32x4)b);
}

/* X, but not above MOST; where X is NaN: MOST. */
static inline f32x4 simd_least(f32x4 x, float most)
{
#ifdef SIMD_SSE2
    return (f32x4)_mm_min_ps((__m128)x, _mm_set1_ps(most));
#else
    return simd_pick(x < simd_all(most), x, simd_all(most));
#endif
}

/* The larger of each two; A's NaN does not count. */
static inline f32x4 simd_larger(f32x4 a, f32x4 b)
{
#ifdef SIMD_SSE2
    return (f32x4)_mm_max_ps((__m128)a, (__m128)b);
#else
    return simd_pick(a > b, a, b);
#endif
}

/* X, but not outside LEAST..MOST. NaN: LEAST or MOST. */
static inline f32x4 simd_clamp(f32x4 x, float least, float most)
{
#ifdef SIMD_SSE2
    __m128 low = _mm_max_ps((__m128)x, _mm_set1_ps(least));
    return (f32x4)_mm_min_ps(low, _mm_set1_ps(most));
#else
    x = simd_pick(x > simd_all(least), x, simd_all(least));
    return simd_pick(x < simd_all(most), x, simd_all(most));
#endif
}

/* To the nearest integer, halves to even, in the default rounding mode; for
 * values from -2^31 to the largest float below 2^31. */
static inline i32x4 simd_nearest(f32x4 x)
{
#ifdef SIMD_SSE2
    return (i32x4)_mm_cvtps_epi32((__m128)x);
#else
    /* A float of 2^23 and more has no fraction: adding it rounds. */
    i32x4 sign = (i32x4)x & simd_all_int(INT32_MIN);
    f32x4 step = (f32x4)((i32x4)simd_all(8388608.0f) | sign);
    f32x4 whole = (x + step) - step;
    f32x4 size = (f32x4)((i32x4)x & simd_all_int(INT32_MAX));
    whole = simd_pick(size < simd_all(8388608.0f), whole, x);
    return __builtin_convertvector(whole, i32x4);
#endif
}

/* A's four, then B's, to 16 bits; above 32767 is 32767. Not below -32768. */
static inline i16x8 simd_narrow(i32x4 a, i32x4 b)
{
#ifdef SIMD_SSE2
    return (i16x8)_mm_packs_epi32((__m128i)a, (__m128i)b);
#else
    i16x8 out = {0};
    for (int i = 0; i < SIMD_LANES; i++) {
        out[i] = (int16_t)(a[i] < INT16_MAX ? a[i] : INT16_MAX);
        out[i + SIMD_LANES] = (int16_t)(b[i] < INT16_MAX ? b[i] : INT16_MAX);
    }
    return out;
#endif
}

#endif
